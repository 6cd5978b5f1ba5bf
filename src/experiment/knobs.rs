//! Knobs: what each setting on an incident's chain would save, found by running the scenario again with that one changed.
//!
//! ```text
//!  chain ─links─► settings that they hang on ─next sensible value─► the scenario again, same seed ─► the same incident
//! ```
//! Each setting goes one step, to the next value of its row that AWS allows (`aws/network.md` §3, `aws/scaling.md` §3, §5):
//!
//! | on the chain | setting | steps |
//! |---|---|---|
//! | a check failed, a verdict | `health_check.interval` of the target group | 300, 120, 60, 30, 10, 5 s (AWS: 5 to 300 s) |
//! | the verdict | `health_check.unhealthy_threshold` | one less, to 2 (AWS: 2 to 10) |
//! | a passing check, serving | the interval, and `health_check.healthy_threshold` | one less, to 2 |
//! | alarm | `period` | 3600, 900, 300, 60 s |
//! | alarm | `evaluation_periods`, with `datapoints_to_alarm` | half of it, rounded up |
//! | alarm on the CPU | `monitoring` of the launch template | Basic to Detailed |
//! | decided after a cooldown | `cooldown` of the policy | 600, 300, 120, 60, 0 s |
//! | the group noticed late | `health_check_grace_period` | 600, 300, 120, 60, 30, 0 s |
//! | boot, bootstrap, smoke test | the same of the launch template | half as long (a baked image, say) |
//! | anything of a launch | `warm_pool` of the group | none to one that holds as many as are desired |
//! | anything of a launch | `min_size`, with `desired_capacity` | one more |
//! | users back late | `deregistration_delay`, `dns_ttl` of the clients | 300, 120, 60, 30, 10, 0 s; 300, 60, 30, 10, 5, 1 s |
//!
//! # Models      common random numbers: both runs meet the same arrivals, demands and boot times
//! # Leaves out  two settings at once, and whether the step is worth its price: that is `sim tune`

use super::{Bar, Onlookers, Settings, replicate};
use crate::Failure;
use crate::output::explain::moment;
use crate::output::table::{BOLD, Cell, DIM, GOOD, Table, paint};
use crate::output::{incidents, units};
use models::plan::{FleetId, Metric, Monitoring, Plan, PolicyKind, Sizing, TargetGroup};
use models::result::{Incident, LinkKind, RunResult, Summary};
use rayon::prelude::*;
use scenarios::Source;
use serde::Serialize;
use sim_core::Duration;
use std::io::{self, Write};
use std::sync::atomic::AtomicBool;

/// A wait of the group shorter than this is its usual look around, in seconds.
const LOOK_S: f64 = 35.0;
/// How far from where it was a degradation may be, to be taken for the same one, in seconds.
const NEAR_S: f64 = 900.0;

/// What knobs are turned on.
#[derive(Clone, Copy, Debug)]
pub struct Knobs<'a> {
    /// The scenario.
    pub source: &'a Source,
    /// Changes that the run had already, its seed among them.
    pub assignments: &'a [(String, String)],
    /// The scenario compiled.
    pub plan: &'a Plan,
    /// What the run came to.
    pub result: &'a RunResult,
}

/// A setting and its next value.
#[derive(Clone, Debug, PartialEq)]
struct Knob {
    path: String,
    from: String,
    to: String,
    sets: Vec<(String, String)>,
}

/// What turning the knobs of an incident came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tried {
    /// Number of the incident, from 1.
    pub incident: usize,
    /// What it was.
    pub title: String,
    /// When it began.
    pub t_s: f64,
    /// Until users were back, or all was done, as it was.
    pub recovery_s: Option<f64>,
    /// Requests that failed, as it was.
    pub failed_requests: u64,
    /// Cost of the run, as it was, USD.
    pub cost_usd: f64,
    /// The knobs, those that save most first.
    pub knobs: Vec<Turned>,
    /// Settings on the chain that could not be changed, and why.
    pub not_tried: Vec<String>,
}

/// What turning one knob came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Turned {
    /// Path of the setting, as `--set` has it.
    pub knob: String,
    /// Its value as it was.
    pub from: String,
    /// The next one.
    pub to: String,
    /// Whether the incident did not happen at all.
    pub averted: bool,
    /// Until users were back, or all was done.
    pub recovery_s: Option<f64>,
    /// Seconds saved; below zero it takes longer.
    pub saves_s: Option<f64>,
    /// Requests that failed.
    pub failed_requests: u64,
    /// How many fewer failed; below zero more.
    pub saves_requests: i64,
    /// What the run costs more, USD.
    pub costs_usd: f64,
}

impl Knobs<'_> {
    /// Turns all knobs on the chain of an incident (from 1), or of all incidents.
    ///
    /// # Errors
    /// If there is no such incident, or it was broken off.
    pub fn try_all(&self, incident: Option<usize>, stop: &AtomicBool, silent: bool) -> Result<Vec<Tried>, Failure> {
        let summary = &self.result.summary;
        let count = summary.incidents.len();
        let wanted: Vec<usize> = match incident {
            Some(number) if number == 0 || number > count => {
                let failure = Failure::new(format!("there is no incident {number}"));
                return Err(failure.help(format!("there are {count} in this run")));
            }
            Some(number) => vec![number - 1],
            None => (0..count).collect(),
        };
        let on: Vec<Vec<Knob>> = wanted.iter().map(|&at| self.knobs_on(&summary.incidents[at])).collect();
        let mut each: Vec<&Knob> = Vec::new();
        for knob in on.iter().flatten() {
            if !each.contains(&knob) {
                each.push(knob);
            }
        }
        let bar = Bar::new(self.plan.duration.as_secs_f64() * each.len() as f64, silent);
        // Reading a scenario takes more stack than a worker thread is sure to have.
        let plans: Vec<Result<Plan, String>> = each.iter().map(|knob| self.changed(knob)).collect();
        let outcomes: Result<Vec<Result<Summary, String>>, Failure> = plans
            .par_iter()
            .map(|plan| match plan {
                Ok(plan) => self.again(plan, stop, &bar).map(Ok),
                Err(why) => Ok(Err(why.clone())),
            })
            .collect();
        bar.clear();
        let outcomes = outcomes?;
        let outcome = |knob: &Knob| each.iter().position(|one| *one == knob).map(|at| &outcomes[at]);
        let tried = wanted.iter().zip(&on).map(|(&at, knobs)| {
            let was = &summary.incidents[at];
            let mut tried = Tried {
                incident: at + 1,
                title: incidents::title(was),
                t_s: was.t_s,
                recovery_s: incidents::recovery_s(was),
                failed_requests: was.failed_requests,
                cost_usd: summary.cost_usd.total,
                knobs: Vec::new(),
                not_tried: Vec::new(),
            };
            for knob in knobs {
                match outcome(knob) {
                    Some(Ok(found)) => tried.knobs.push(turned(knob, summary, at, found)),
                    Some(Err(why)) => tried.not_tried.push(format!("{} → {}: {why}", knob.path, knob.to)),
                    None => {}
                }
            }
            let worth = |one: &Turned| (one.saves_requests, one.saves_s.unwrap_or(0.0));
            tried.knobs.sort_by(|a, b| {
                let ((a, a_s), (b, b_s)) = (worth(a), worth(b));
                b.cmp(&a).then(b_s.total_cmp(&a_s))
            });
            tried
        });
        Ok(tried.collect())
    }

    /// The scenario with a setting changed; in words why not, if it cannot be.
    fn changed(&self, knob: &Knob) -> Result<Plan, String> {
        let sets: Vec<_> = self.assignments.iter().chain(&knob.sets).cloned().collect();
        let first = |report: scenarios::Report| report.diagnostics.into_iter().next().map(|first| first.message);
        let compiled = scenarios::compile(self.source, &sets);
        compiled.map(|compiled| compiled.plan).map_err(|report| first(report).unwrap_or_else(|| "not possible".into()))
    }

    /// Runs it once more, under the same chance.
    fn again(&self, plan: &Plan, stop: &AtomicBool, bar: &Bar) -> Result<Summary, Failure> {
        let seed = self.result.summary.seed;
        let settings = Settings { seed, replications: 1, precision: None, threads: Some(1), stop, bar };
        Ok(replicate(plan, &settings, Onlookers::default())?.first.summary)
    }

    /// The settings that an incident's chain hangs on, in the order of its links.
    fn knobs_on(&self, incident: &Incident) -> Vec<Knob> {
        let mut found: Vec<Knob> = Vec::new();
        for link in incident.links.iter().filter(|link| !link.beside) {
            let knobs = match link.what {
                LinkKind::FirstFailedCheck | LinkKind::Verdict => self.checks(&link.subject, false),
                LinkKind::FirstPassingCheck | LinkKind::Serving => self.checks(&link.subject, true),
                LinkKind::FirstBreachingSample | LinkKind::Published | LinkKind::Alarm => self.alarm(&link.subject),
                LinkKind::Noticed if link.seconds() > LOOK_S => self.grace(&link.subject),
                LinkKind::Decision => self.cooldown(&link.subject, link.from_s, link.to_s),
                LinkKind::Launch | LinkKind::Running => self.spare(&link.subject),
                LinkKind::Booted => self.phase(&link.subject, "boot"),
                LinkKind::Bootstrapped => self.phase(&link.subject, "bootstrap"),
                LinkKind::SmokeTested => self.phase(&link.subject, "smoke_test"),
                LinkKind::UsersBack => self.farewell(incident),
                _ => Vec::new(),
            };
            found.extend(knobs);
        }
        if incident.links.iter().any(|link| link.beside && link.what == LinkKind::UsersBack) {
            found.extend(self.farewell(incident));
        }
        let mut each = Vec::new();
        for knob in found {
            if !each.contains(&knob) {
                each.push(knob);
            }
        }
        each
    }

    /// The fleet that a subject (`web/i-3`, `web`) is of.
    fn fleet(&self, subject: &str) -> Option<FleetId> {
        let name = subject.split('/').next().unwrap_or_default();
        self.plan.fleets.iter().find(|(_, fleet)| fleet.name == name).map(|(id, _)| id)
    }

    fn target_groups(&self, subject: &str) -> Vec<&TargetGroup> {
        let fleet = self.fleet(subject).map(|id| &self.plan.fleets[id]);
        fleet
            .map_or_else(Vec::new, |fleet| fleet.target_groups.iter().map(|&id| &self.plan.target_groups[id]).collect())
    }

    fn checks(&self, subject: &str, passing: bool) -> Vec<Knob> {
        let mut knobs = Vec::new();
        for group in self.target_groups(subject) {
            let check = &group.health_check;
            let path = format!("target_groups.{}.health_check", group.name);
            if let Some(to) = lower(check.interval, &[300, 120, 60, 30, 10, 5]) {
                let mut knob = shorter(format!("{path}.interval"), check.interval, to);
                // A check must be over before the next is due.
                if check.timeout.as_secs_f64() >= to as f64 {
                    knob.sets.insert(0, (format!("{path}.timeout"), format!("\"{}s\"", (to / 2).max(2))));
                }
                knobs.push(knob);
            }
            let (name, threshold) = match passing {
                true => ("healthy_threshold", check.healthy_threshold),
                false => ("unhealthy_threshold", check.unhealthy_threshold),
            };
            if threshold > 2 {
                knobs.push(count(format!("{path}.{name}"), threshold, threshold - 1));
            }
        }
        knobs
    }

    fn alarm(&self, name: &str) -> Vec<Knob> {
        let Some(alarm) = self.plan.alarms.values().find(|alarm| alarm.name == name) else { return Vec::new() };
        let path = format!("alarms.{name}");
        let mut knobs = Vec::new();
        if let Some(to) = lower(alarm.period, &[3600, 900, 300, 60]) {
            knobs.push(shorter(format!("{path}.period"), alarm.period, to));
        }
        let (n, m) = (alarm.evaluation_periods, alarm.datapoints_to_alarm);
        if n > 1 {
            let to = n.div_ceil(2);
            let mut knob = count(format!("{path}.evaluation_periods"), n, to);
            if m < n {
                knob.sets.push((format!("{path}.datapoints_to_alarm"), m.min(to).to_string()));
            }
            knobs.push(knob);
        }
        if let Metric::Cpu(fleet) = alarm.metric {
            let template = &self.plan.fleets[fleet].template;
            if template.monitoring == Monitoring::Basic {
                let path = format!("launch_templates.{}.monitoring", template.name);
                knobs.push(word(path, "Basic", "Detailed"));
            }
        }
        knobs
    }

    fn cooldown(&self, subject: &str, from_s: f64, to_s: f64) -> Vec<Knob> {
        let Some(fleet) = self.fleet(subject) else { return Vec::new() };
        let cooled = self.result.timeline.iter().any(|event| {
            event.subject == subject
                && event.t_s >= from_s
                && event.t_s <= to_s
                && event.detail.contains("cooldown until")
        });
        let (true, Sizing::AutoScaling(group)) = (cooled, &self.plan.fleets[fleet].sizing) else { return Vec::new() };
        let knob = |policy: &models::plan::Policy| {
            let PolicyKind::Simple { cooldown, .. } = policy.kind else { return None };
            let from = cooldown.unwrap_or(group.default_cooldown);
            let path = format!("auto_scaling_groups.{subject}.policies.{}.cooldown", policy.name);
            Some(shorter(path, from, lower(from, &[600, 300, 120, 60, 0])?))
        };
        group.policies.iter().filter_map(knob).collect()
    }

    fn grace(&self, subject: &str) -> Vec<Knob> {
        let Some(fleet) = self.fleet(subject).map(|id| &self.plan.fleets[id]) else { return Vec::new() };
        let Sizing::AutoScaling(group) = &fleet.sizing else { return Vec::new() };
        let path = format!("auto_scaling_groups.{}.health_check_grace_period", fleet.name);
        let from = group.health_check_grace_period;
        lower(from, &[600, 300, 120, 60, 30, 0]).map(|to| shorter(path, from, to)).into_iter().collect()
    }

    /// Somebody ready before it happens: a warm pool, or one instance more.
    fn spare(&self, subject: &str) -> Vec<Knob> {
        let Some(fleet) = self.fleet(subject).map(|id| &self.plan.fleets[id]) else { return Vec::new() };
        let Sizing::AutoScaling(group) = &fleet.sizing else { return Vec::new() };
        let path = format!("auto_scaling_groups.{}", fleet.name);
        let mut knobs = Vec::new();
        if group.warm_pool.is_none() && group.mixed.is_none() {
            let to = format!("(min_size: {})", group.desired_capacity.max(1));
            knobs.push(word(format!("{path}.warm_pool"), "none", &to));
        }
        let desired = group.desired_capacity.max(group.min_size + 1);
        if desired <= group.max_size {
            let mut knob = count(format!("{path}.min_size"), group.min_size, group.min_size + 1);
            if desired != group.desired_capacity {
                knob.sets.push((format!("{path}.desired_capacity"), desired.to_string()));
            }
            knobs.push(knob);
        }
        knobs
    }

    /// A part of coming up, half as long.
    fn phase(&self, subject: &str, part: &str) -> Vec<Knob> {
        let Some(fleet) = self.fleet(subject).map(|id| &self.plan.fleets[id]) else { return Vec::new() };
        let path = format!("launch_templates.{}.{part}", fleet.template.name);
        let written = scenarios::settings(self.source, self.assignments).unwrap_or_default();
        let from = written.into_iter().find(|setting| setting.0 == path).map(|setting| setting.1);
        let knob = from.and_then(|from| Some((halved(&from)?, from)));
        knob.map(|(to, from)| word(path, &from, &to)).into_iter().collect()
    }

    /// What keeps users on what is gone: draining, and answers of DNS where a node left it.
    fn farewell(&self, incident: &Incident) -> Vec<Knob> {
        let end_s = incident.restored_s.unwrap_or(f64::INFINITY);
        let during = |name: &str| {
            self.result.timeline.iter().find(|event| {
                let kind = serde_json::to_value(event.kind).unwrap_or_default();
                event.t_s >= incident.t_s && event.t_s <= end_s && kind == name
            })
        };
        let mut knobs = Vec::new();
        if let Some(draining) = during("target_draining") {
            for group in self.target_groups(&draining.subject) {
                let from = group.deregistration_delay;
                let path = format!("target_groups.{}.deregistration_delay", group.name);
                knobs.extend(lower(from, &[300, 120, 60, 30, 10, 0]).map(|to| shorter(path, from, to)));
            }
        }
        if during("node_out_of_dns").is_some() {
            for population in self.plan.populations.values() {
                let from = self.plan.sites[population.site].dns_ttl;
                let path = format!("clients.{}.dns_ttl", population.name);
                knobs.extend(lower(from, &[300, 60, 30, 10, 5, 1]).map(|to| shorter(path, from, to)));
            }
        }
        knobs
    }
}

/// The next lower step.
fn lower(from: Duration, steps: &[u64]) -> Option<u64> {
    steps.iter().copied().find(|step| Duration::from_secs(*step) < from)
}

fn shorter(path: String, from: Duration, to: u64) -> Knob {
    let sets = vec![(path.clone(), format!("\"{to}s\""))];
    Knob { path, from: units::seconds(from.as_secs_f64()), to: units::seconds(to as f64), sets }
}

fn count(path: String, from: u32, to: u32) -> Knob {
    word(path, &from.to_string(), &to.to_string())
}

fn word(path: String, from: &str, to: &str) -> Knob {
    Knob { sets: vec![(path.clone(), to.to_string())], path, from: from.to_string(), to: to.to_string() }
}

/// A value with each of its times half as long: `Lognormal(median: "20s", p95: "60s")` with 10 s and 30 s.
fn halved(text: &str) -> Option<String> {
    let mut parts: Vec<String> = text.split('"').map(String::from).collect();
    // Between each pair of quotes stands a time.
    for part in parts.iter_mut().skip(1).step_by(2) {
        let digits = part.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit) = part.split_at(digits);
        let number: f64 = number.parse().ok()?;
        let known = matches!(unit, "ms" | "s" | "m" | "min" | "h");
        *part = known.then(|| format!("{}{unit}", number / 2.0))?;
    }
    let halved = parts.join("\"");
    (halved != text).then_some(halved)
}

/// What a knob came to for an incident.
fn turned(knob: &Knob, before: &Summary, at: usize, found: &Summary) -> Turned {
    let was = &before.incidents[at];
    let is = same(before, at, found);
    let recovery_s = is.map_or(Some(0.0), incidents::recovery_s);
    let failed_requests = is.map_or(0, |incident| incident.failed_requests);
    let saves_s = incidents::recovery_s(was).zip(recovery_s).map(|(was, is)| was - is);
    Turned {
        knob: knob.path.clone(),
        from: knob.from.clone(),
        to: knob.to.clone(),
        averted: is.is_none(),
        recovery_s,
        saves_s,
        failed_requests,
        saves_requests: was.failed_requests as i64 - failed_requests as i64,
        costs_usd: found.cost_usd.total - before.cost_usd.total,
    }
}

/// The same incident in another run: the same fault at the same time; of degradations the worst of those near it.
fn same<'a>(before: &Summary, at: usize, found: &'a Summary) -> Option<&'a Incident> {
    let was = &before.incidents[at];
    let alike = |other: &&Incident| other.fault == was.fault && other.t_s == was.t_s;
    if found.incidents.iter().any(|other| alike(&other)) {
        // Several of the same fault at once are told apart by their order.
        let nth = before.incidents[..at].iter().filter(alike).count();
        return found.incidents.iter().filter(alike).nth(nth);
    }
    let near = |other: &&Incident| other.fault == was.fault && (other.t_s - was.t_s).abs() <= NEAR_S;
    found.incidents.iter().filter(near).max_by_key(|other| other.failed_requests)
}

/// Writes what the knobs came to for people.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, tried: &[Tried]) -> io::Result<()> {
    if tried.is_empty() {
        return writeln!(out, "There was no incident, so there is nothing that a setting could save.");
    }
    for one in tried {
        let recovery = one.recovery_s.map_or("never over".to_string(), |s| format!("over after {}", units::seconds(s)));
        let lost = units::plural(one.failed_requests, "request");
        let head = format!("Incident {} at {}: {}", one.incident, moment(one.t_s), one.title);
        writeln!(out, "{}", paint(&head, BOLD))?;
        writeln!(out, "{recovery}, {lost} lost; the run costs {}", units::usd(one.cost_usd))?;
        if one.knobs.is_empty() {
            writeln!(out, "{}\n", paint("nothing on its chain is a setting that could be turned", DIM))?;
            continue;
        }
        let mut table = Table::new(3);
        table.head(&["one setting changed", "from", "to", "over after", "saves", "lost", "fewer lost", "cost"]);
        for knob in &one.knobs {
            table.row(row(knob));
        }
        for line in table.lines() {
            writeln!(out, "{line}")?;
        }
        for not in &one.not_tried {
            writeln!(out, "  {}", paint(&format!("not possible: {}", units::plain(not)), DIM))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{}", paint("each run again with the same seed and that one setting changed", DIM))
}

/// A path as people say it: `health_check.interval of web` for `target_groups.web.health_check.interval`.
fn short(path: &str) -> String {
    let mut parts = path.splitn(3, '.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(_), Some(name), Some(setting)) => format!("{setting} of {name}"),
        _ => path.to_string(),
    }
}

fn row(knob: &Turned) -> Vec<Cell> {
    let seconds = |s: Option<f64>| s.map_or("–".to_string(), units::seconds);
    let saved = |gain: bool, text: String| if gain { Cell::new(text, GOOD) } else { text.into() };
    let over = if knob.averted { "averted".to_string() } else { seconds(knob.recovery_s) };
    let fewer = units::count(knob.saves_requests.unsigned_abs());
    let fewer = if knob.saves_requests < 0 { format!("−{fewer}") } else { fewer };
    let cost = match knob.costs_usd {
        // Less than what is told is luck.
        costs if costs.abs() < 0.000_05 => "the same".to_string(),
        costs if costs > 0.0 => format!("+{}", units::usd(costs)),
        costs => units::usd(costs),
    };
    let value = |text: &str| units::plain(text).replace('"', "");
    vec![
        units::plain(&short(&knob.knob)).into(),
        value(&knob.from).into(),
        value(&knob.to).into(),
        over.into(),
        saved(knob.saves_s.is_some_and(|s| s >= 1.0), seconds(knob.saves_s)),
        units::count(knob.failed_requests).into(),
        saved(knob.saves_requests > 0, fewer),
        cost.into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_halved_wherever_they_stand() {
        assert_eq!(halved("\"90s\"").unwrap(), "\"45s\"");
        let boot = halved("Lognormal(median: \"20s\", p95: \"60s\")").unwrap();
        assert_eq!(boot, "Lognormal(median: \"10s\", p95: \"30s\")");
        assert_eq!(halved("\"500ms\"").unwrap(), "\"250ms\"");
        assert_eq!((halved("\"soon\""), halved("\"1m30s\""), halved("None")), (None, None, None));
    }

    #[test]
    fn paths_are_told_by_what_they_set() {
        assert_eq!(short("target_groups.web.health_check.interval"), "health_check.interval of web");
        assert_eq!(short("duration"), "duration");
    }

    #[test]
    fn steps_go_down_and_end() {
        let down = |s| lower(Duration::from_secs(s), &[300, 120, 60, 30, 10, 5]);
        assert_eq!([30, 31, 10, 5, 300, 301].map(down), [Some(10), Some(30), Some(5), None, Some(120), Some(300)]);
    }
}
