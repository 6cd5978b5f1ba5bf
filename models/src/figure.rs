//! The figures of a summary as a flat list of named numbers: what estimates, sweeps, comparisons and expectations work on.
//!
//! ```text
//!  Summary ──as JSON──► paths of its numbers, and lists reckoned up ──► latency_ms.p99, groups.web.launches, …
//!  Plan ──known──► every path that a run of it may have
//! ```
//! # Models      a number of `summary.json` is named by its path there: `latency_ms.p99`, `groups.web.launches`. Lists have
//!   no such path and are reckoned up: `alarms.<name>.raised` and `.first_s`, `incidents.count` and, for each
//!   fault and what it struck, `incidents.<fault>.<subject>.detected_after_s`, `.restored_after_s` and
//!   `.redundancy_after_s` (the longest, if it struck more than once), and `expectations.held`
//! # Leaves out  what is about the run and not about the simulated world: its seed, number and speed

use crate::Outcome;
use crate::plan::Plan;
use crate::result::{
    BalancerFigures, ConnectionFigures, EdgeFigures, Group, Incident, Requests, Summary, Traffic, Unit,
};
use crate::run::Progress;
use crate::world::World;
use serde::Serialize;
use serde_json::Value;
use sim_core::Time;
use std::collections::{BTreeMap, BTreeSet};

/// Fields that say which run it was or how fast, or are lists dealt with here one by one.
const NOT_FIGURES: [&str; 8] =
    ["schema", "seed", "replication", "run", "alarms", "incidents", "expectations", "warnings"];

/// The ends of an incident's path.
const LINKS: [&str; 3] = ["detected_after_s", "restored_after_s", "redundancy_after_s"];

/// All figures by their names, in the order of these.
pub fn figures(summary: &Summary) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    if let Ok(Value::Object(fields)) = serde_json::to_value(summary) {
        for (name, value) in fields.iter().filter(|(name, _)| !NOT_FIGURES.contains(&name.as_str())) {
            leaves(name, value, &mut |path, value| {
                if let Some(number) = value.as_f64() {
                    found.insert(path.to_owned(), number);
                }
            });
        }
    }
    for (name, changes) in &summary.alarms {
        let mut raised = changes.iter().filter(|change| change.to == "ALARM").map(|change| change.t_s).peekable();
        if let Some(first) = raised.peek() {
            found.insert(format!("alarms.{name}.first_s"), *first);
        }
        found.insert(format!("alarms.{name}.raised"), raised.count() as f64);
    }
    found.insert("incidents.count".into(), summary.incidents.len() as f64);
    for incident in &summary.incidents {
        links(incident, &mut found);
    }
    let held = summary.expectations.iter().filter(|expectation| expectation.held).count();
    found.insert("expectations.held".into(), held as f64);
    found
}

/// The numbers at and below `path`, and what stands in place of one that there is none of.
fn leaves(path: &str, value: &Value, found: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Number(_) | Value::Null => found(path, value),
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves(&format!("{path}.{name}"), value, found);
            }
        }
        _ => {}
    }
}

/// The seconds from an incident's beginning to its links.
fn links(incident: &Incident, found: &mut BTreeMap<String, f64>) {
    let ends = [incident.detected_s, incident.restored_s, incident.redundancy_restored_s];
    for (link, end) in LINKS.iter().zip(ends) {
        let Some(end) = end else { continue };
        let after = end - incident.t_s;
        found
            .entry(format!("incidents.{}.{}.{link}", incident.fault, incident.subject))
            .and_modify(|longest| *longest = longest.max(after))
            .or_insert(after);
    }
}

/// Whether a figure that is missing from one run was nought there, instead of unknown: the counts of a map that leaves out
/// its zeros.
pub fn is_zero_when_missing(name: &str) -> bool {
    name.starts_with("outcomes.")
        || name.starts_with("attempts.")
        || name.contains(".outcomes.")
        || name.starts_with("cost_usd.by_part.")
}

/// A figure of a run by its name. One that is left out of the results because it is zero is zero.
pub fn figure(plan: &Plan, summary: &Summary, name: &str) -> Option<f64> {
    let found = figures(summary).get(name).copied();
    found.or_else(|| (is_zero_when_missing(name) || left_out(plan).contains(name)).then_some(0.0))
}

/// The unit of a figure, as its name says.
pub fn unit(name: &str) -> Unit {
    let leaf = name.rsplit('.').next().unwrap_or_default();
    let is_latency = matches!(leaf, "mean" | "max") || leaf.starts_with('p') && leaf[1..].parse::<u32>().is_ok();
    match leaf {
        _ if is_latency && (name.contains("latency_ms.") || name.starts_with("queueing_ms.")) => Unit::Ms,
        "availability" | "probability_of_wait" | "utilisation" | "occupancy" => Unit::Share,
        "goodput_per_s" => Unit::PerS,
        _ if name.starts_with("cost_usd.") || leaf.ends_with("_usd") => Unit::Usd,
        _ if leaf.ends_with("_ms") => Unit::Ms,
        _ if leaf.ends_with("_s") => Unit::S,
        _ => Unit::Number,
    }
}

/// Every figure that a run of the plan may have.
#[derive(Clone, Debug)]
pub struct Known {
    /// Their names.
    pub names: BTreeSet<String>,
    /// What names may begin with whose rest is not known before a run.
    prefixes: Vec<String>,
}

impl Known {
    /// Whether a run may have a figure of that name.
    pub fn has(&self, name: &str) -> bool {
        let begins = |prefix: &String| name.strip_prefix(prefix.as_str()).is_some_and(|rest| !rest.is_empty());
        let is_link = |name: &str| LINKS.iter().any(|link| name.ends_with(&format!(".{link}")));
        self.names.contains(name)
            || self.prefixes.iter().any(begins) && (!name.starts_with("incidents.") || is_link(name))
    }
}

/// Every figure that a run of the plan may have: those of a run that ends as it begins, and those that come up later.
pub fn known(plan: &Plan) -> Known {
    let bare = Plan { expectations: Vec::new(), ..plan.clone() };
    let progress = Progress { now: Time::ZERO, end: Time::ZERO, events: 0, requests: 0 };
    let result = World::build(&bare, 0, 0, false).finish(String::new(), progress);
    let mut names: BTreeSet<String> = figures(&result.summary).into_keys().collect();
    if let Ok(Value::Object(fields)) = serde_json::to_value(&result.summary) {
        for (name, value) in fields.iter().filter(|(name, _)| !NOT_FIGURES.contains(&name.as_str())) {
            leaves(name, value, &mut |path, _| {
                names.insert(path.to_owned());
            });
        }
    }
    names.extend(left_out(plan));
    names.extend(plan.alarms.values().map(|alarm| format!("alarms.{}.first_s", alarm.name)));
    names.extend(plan.composite_alarms.values().map(|alarm| format!("alarms.{}.first_s", alarm.name)));
    for endpoint in plan.endpoints.values() {
        let traffic = Traffic { requests: Requests::default(), ..Traffic::default() };
        let name = format!("endpoints.{}.{}", plan.services[endpoint.service].name, endpoint.name);
        insert(&name, &traffic, &mut names);
        names.extend(Outcome::ALL.iter().map(|outcome| format!("{name}.outcomes.{}", outcome.name())));
    }
    let mut prefixes: Vec<String> = plan.faults.values().map(|fault| format!("incidents.{}.", fault.name)).collect();
    // Where no fault is to blame, it is a degradation, or a release that was stopped.
    let unexplained = ["incidents.degradation.", "incidents.instance refresh to ", "cost_usd.by_part."];
    prefixes.extend(unexplained.map(str::to_owned));
    prefixes.extend(plan.fleets.values().map(|fleet| format!("groups.{}.bought.", fleet.name)));
    Known { names, prefixes }
}

/// Figures that are left out of the results where they are zero.
fn left_out(plan: &Plan) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let clients = plan.populations.values().map(|population| format!("clients.{}.outcomes", population.name));
    for map in ["outcomes".to_owned(), "attempts".to_owned()].into_iter().chain(clients) {
        names.extend(Outcome::ALL.iter().map(|outcome| format!("{map}.{}", outcome.name())));
    }
    let group = Group { standby: 1, hook_waits: 1, hooks_abandoned: 1, hook_wait_s: 1.0, ..Group::default() };
    let edge = EdgeFigures {
        new_flows: 1,
        most_flows: 1,
        elb_resets: 1,
        target_resets: 1,
        client_resets: 1,
        port_allocation_errors: 1,
        surge_queue_length: 1,
        spillover: 1,
        backend_connection_errors: 1,
    };
    let balancer = BalancerFigures {
        elb_460: 1,
        elb_4xx: 1,
        redirects: 1,
        rejected: 1,
        not_sticky: 1,
        connections: ConnectionFigures {
            new_client_connections: 1,
            new_target_connections: 1,
            most_active_connections: 1,
            met_closed_connections: 1,
        },
        edge,
        ..BalancerFigures::default()
    };
    plan.fleets.values().for_each(|fleet| insert(&format!("groups.{}", fleet.name), &group, &mut names));
    plan.balancers.values().for_each(|one| insert(&format!("load_balancers.{}", one.name), &balancer, &mut names));
    names
}

/// The names of the numbers of a part of the summary.
fn insert(path: &str, part: &impl Serialize, names: &mut BTreeSet<String>) {
    if let Ok(value) = serde_json::to_value(part) {
        leaves(path, &value, &mut |path, _| {
            names.insert(path.to_owned());
        });
    }
}
