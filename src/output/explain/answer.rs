//! Answers: the chain of causes behind an event, what an incident consisted of, what was going on at a moment, and what a
//! thing went through.

use super::{Explanation, Question, Section, Step, moment};
use crate::Failure;
use crate::output::{incidents, story, units};
use models::result::{EventKind, Incident, Link, RunResult, TimelineEvent};

/// Most steps of what followed, or of a life: more are counted.
const MOST: usize = 24;
/// A refusal without an end of its own is taken to hold for so long after it was last told, in seconds.
const HOLDS_S: f64 = 90.0;
/// How far around a moment events are shown, in seconds.
const AROUND_S: f64 = 60.0;

/// What an answer is made from.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The results.
    pub result: &'a RunResult,
    /// What to write behind `sim explain` to ask on: the folder, or the scenario.
    pub name: &'a str,
}

/// Answers a question.
///
/// # Errors
/// If there is no such event, incident, moment or thing.
pub fn answer(told: &Told<'_>, question: &Question) -> Result<Explanation, Failure> {
    match question {
        Question::Overview => Ok(told.overview()),
        Question::Event(id) => told.event(*id),
        Question::At(t_s) => told.between(*t_s, *t_s),
        Question::Between(from_s, to_s) => told.between(*from_s, *to_s),
        Question::Incident(number) => told.incident(*number),
        Question::Name(name) => told.name(name),
    }
}

impl<'a> Told<'a> {
    fn events(&self) -> &'a [TimelineEvent] {
        &self.result.timeline
    }

    fn get(&self, id: u32) -> Option<&'a TimelineEvent> {
        let events = self.events();
        events.binary_search_by_key(&id, |event| event.id).ok().map(|at| &events[at])
    }

    /// From the first cause to the event itself.
    fn path(&self, event: &'a TimelineEvent) -> Vec<&'a TimelineEvent> {
        let mut path: Vec<_> = std::iter::successors(Some(event), |event| self.get(event.cause?)).collect();
        path.reverse();
        path
    }

    /// What there is to ask about.
    fn overview(&self) -> Explanation {
        let summary = &self.result.summary;
        let count = summary.incidents.len() as u64;
        let step = |(at, incident): (usize, &Incident)| Step {
            t_s: incident.t_s,
            what: format!("incident {}", at + 1),
            words: format!("{}: {}", incidents::title(incident), incidents::felt(incident)),
            ..Step::default()
        };
        let refused = self.refusals(|_| true);
        let name = self.name;
        let mut says = vec![format!(
            "{}: {}, {} in the timeline, {} not taken.",
            units::plain(&summary.scenario),
            units::plural(count, "incident"),
            units::plural(self.events().len() as u64, "event"),
            units::plural(refused.len() as u64, "decision"),
        )];
        says.push(format!(
            "Ask with `sim explain {name} incident 1`, a time (`41:20`, `50:03-50:47`), an event (`#12`) or a name \
             (an instance, a group, an alarm, a database)."
        ));
        let steps: Vec<Step> = summary.incidents.iter().enumerate().map(step).collect();
        let sections = match steps.is_empty() {
            true => Vec::new(),
            false => vec![Section { title: "Incidents".into(), steps }],
        };
        Explanation { asked: "what there is".into(), says, sections }
    }

    /// Why an event happened, and what it led to.
    fn event(&self, id: u32) -> Result<Explanation, Failure> {
        let Some(event) = self.get(id) else {
            let last = self.events().last().map_or(0, |event| event.id);
            return Err(Failure::new(format!("there is no event #{id}")).help(format!("they go from #1 to #{last}")));
        };
        let path = self.path(event);
        let mut says = vec![format!(
            "#{id} at {}: {} {}: {}.",
            moment(event.t_s),
            story::words(event.kind),
            units::plain(&event.subject),
            words(event)
        )];
        says.push(self.because(&path));
        let mut sections = vec![Section { title: "Why".into(), steps: steps(&path) }];
        let refused = self.refusals(|refused| {
            // Of the same alarm or cause, before this was decided upon.
            path.iter().any(|on| refused.cause == Some(on.id)) && refused.t_s <= event.t_s && refused.id != id
        });
        sections.extend(section("Considered before, and refused", steps(&refused)));
        let effects: Vec<&TimelineEvent> = self.events().iter().filter(|other| other.cause == Some(id)).collect();
        sections.extend(section("Then", self.few(&effects)));
        sections.extend(self.belongs_to(event.t_s, event.t_s));
        Ok(Explanation { asked: format!("event #{id}"), says, sections })
    }

    /// The chain in one sentence, its seconds beside its links.
    fn because(&self, path: &[&TimelineEvent]) -> String {
        match path {
            [] | [_] => "The timeline knows no cause: it is where a chain begins.".into(),
            [first, .., last] => {
                let all = units::seconds(last.t_s - first.t_s);
                let begins = format!("{} {}", story::words(first.kind), units::plain(&first.subject));
                let since = first.since_s.map_or(String::new(), |at| format!(", which began at {}", moment(at)));
                format!("It goes back to #{} at {} ({begins}{since}), {all} before.", first.id, moment(first.t_s))
            }
        }
    }

    /// What was going on: events, what failed and why, decisions that were held back.
    fn between(&self, from_s: f64, to_s: f64) -> Result<Explanation, Failure> {
        let end_s = self.result.summary.duration_s;
        if from_s > end_s {
            let what = format!("the run ends at {}, before {}", moment(end_s), moment(from_s));
            return Err(Failure::new(what).help("times are minutes and seconds, or hours, minutes and seconds"));
        }
        let asked = match to_s > from_s {
            true => format!("{} to {}", moment(from_s), moment(to_s)),
            false => moment(from_s),
        };
        let mut says = vec![self.failed_between(from_s, to_s, &asked)];
        let mut sections = Vec::new();
        sections.extend(self.belongs_to(from_s, to_s));
        for incident in &self.result.summary.incidents {
            let waited = |link: &&Link| link.from_s <= to_s && link.to_s >= from_s && link.to_s > link.from_s;
            let links: Vec<Step> = incident.links.iter().filter(waited).map(|link| self.link(link)).collect();
            let title = format!("Waited for meanwhile: {}", incidents::title(incident));
            sections.extend(section(&title, links));
        }
        let held = self.refusals(|refused| self.holds(refused, from_s, to_s));
        if let Some(refused) = held.last() {
            says.push(format!("Held back: {} ({}).", units::plain(&refused.detail), units::plain(&refused.subject)));
        }
        sections.extend(section("Held back", steps(&held)));
        let around = if to_s > from_s { 0.0 } else { AROUND_S };
        let near = |event: &&TimelineEvent| event.t_s >= from_s - around && event.t_s <= to_s + around;
        let near: Vec<&TimelineEvent> = self.events().iter().filter(near).collect();
        sections.extend(section("Events", self.few(&near)));
        let latest = self.events().iter().rev().filter(|event| event.t_s < from_s - around);
        let mut latest: Vec<&TimelineEvent> = latest.filter(|event| story::is_told(event)).take(3).collect();
        latest.reverse();
        sections.extend(section("Last before that", steps(&latest)));
        Ok(Explanation { asked, says, sections })
    }

    /// Whether a refusal was in force in a stretch of time.
    fn holds(&self, refused: &TimelineEvent, from_s: f64, to_s: f64) -> bool {
        let cooldown = refused.detail.split_once("cooldown until ").map(|(_, rest)| rest);
        let until = cooldown.and_then(|rest| clock(rest.split_whitespace().next()?));
        // It is told once for as long as it goes on.
        let until = until.unwrap_or(refused.until_s.unwrap_or(refused.t_s) + HOLDS_S);
        refused.t_s <= to_s && until >= from_s
    }

    /// What failed in a stretch of time, by the series.
    fn failed_between(&self, from_s: f64, to_s: f64, asked: &str) -> String {
        let series = &self.result.series;
        let width = series.interval_s;
        let rows = (from_s / width) as usize..((to_s / width).floor() as usize + 1).min(series.rows());
        let sum = |values: &[f64]| -> f64 {
            let rows = rows.start.min(values.len())..rows.end.min(values.len()).max(rows.start.min(values.len()));
            values[rows].iter().filter(|value| value.is_finite()).sum::<f64>() * width
        };
        let mut failed: Vec<(&str, f64)> =
            series.with_prefix("failed_per_s.").map(|(name, column)| (name, sum(&column.values))).collect();
        failed.retain(|one| one.1 >= 0.5);
        failed.sort_by(|a, b| b.1.total_cmp(&a.1));
        let rows = format!("between {} and {}", moment(rows.start as f64 * width), moment(rows.end as f64 * width));
        if failed.is_empty() {
            return format!("{asked}: no request failed {rows}.");
        }
        let all: f64 = failed.iter().map(|one| one.1).sum();
        let causes: Vec<String> =
            failed.iter().take(3).map(|(name, n)| format!("{} {name}", units::count(n.round() as u64))).collect();
        format!("{asked}: {} requests failed {rows}: {}.", units::count(all.round() as u64), causes.join(", "))
    }

    /// Incidents that were under way.
    fn belongs_to(&self, from_s: f64, to_s: f64) -> Option<Section> {
        let lasts = |incident: &Incident| {
            let chain = incident.links.last().map_or(incident.t_s, |link| link.to_s);
            incident.t_s <= to_s && chain.max(incident.restored_s.unwrap_or(f64::INFINITY)) >= from_s
        };
        let all = self.result.summary.incidents.iter().enumerate();
        let steps = all.filter(|(_, incident)| lasts(incident)).map(|(at, incident)| Step {
            t_s: incident.t_s,
            what: format!("incident {}", at + 1),
            words: format!("{}: {}", incidents::title(incident), incidents::felt(incident)),
            ..Step::default()
        });
        section("Part of", steps.collect())
    }

    /// An incident: its chain with seconds, what was lost in each, where the time went, what was not done.
    fn incident(&self, number: usize) -> Result<Explanation, Failure> {
        let all = &self.result.summary.incidents;
        let Some(incident) = number.checked_sub(1).and_then(|at| all.get(at)) else {
            let help = match all.len() {
                0 => "there was none in this run".to_string(),
                n => format!("they go from 1 to {n}"),
            };
            return Err(Failure::new(format!("there is no incident {number}")).help(help));
        };
        let mut says = vec![format!(
            "Incident {number} at {}: {}; {}.",
            moment(incident.t_s),
            incidents::title(incident),
            incidents::felt(incident)
        )];
        says.extend(incidents::where_time_went(incident));
        if incident.other_chains > 0 {
            let others = units::plural(u64::from(incident.other_chains), "other chain");
            says.push(format!(
                "The chain is the one that had to be waited for; {others} of the same kind ran beside it."
            ));
        }
        says.extend(incidents::missing(incident).map(|missing| format!("It was {missing}.")));
        let mut sections = Vec::new();
        let links = incident.links.iter().map(|link| self.link(link)).collect();
        sections.extend(section("Chain", links));
        let end_s = incident.links.last().map_or(incident.t_s, |link| link.to_s);
        let refused = self.refusals(|refused| refused.t_s >= incident.t_s && refused.t_s <= end_s);
        sections.extend(section("Considered meanwhile, and refused", steps(&refused)));
        says.push(format!(
            "What each setting on it would save: `sim explain {} incident {number} --knobs`.",
            self.name
        ));
        Ok(Explanation { asked: format!("incident {number}"), says, sections })
    }

    fn link(&self, link: &Link) -> Step {
        let event = link.event.and_then(|id| self.get(id));
        let mut words = event.map_or_else(String::new, words);
        if link.already {
            words = format!("already{}{words}", if words.is_empty() { "" } else { ": " });
        }
        if link.beside {
            words = "meanwhile".into();
        }
        Step {
            t_s: link.to_s,
            took_s: (!link.already).then_some(link.seconds()),
            event: link.event,
            what: incidents::reached(link.what).into(),
            whom: units::plain(&link.subject),
            words,
            lost: link.failed_requests,
        }
    }

    /// What a thing went through, and why it came and went.
    fn name(&self, name: &str) -> Result<Explanation, Failure> {
        let is_meant = |subject: &str| {
            subject.split(", ").any(|one| one == name || one.rsplit_once('/').is_some_and(|(_, last)| last == name))
        };
        let life: Vec<&TimelineEvent> = self.events().iter().filter(|event| is_meant(&event.subject)).collect();
        // A fault may name many at once.
        let Some(own) = life.iter().min_by_key(|event| event.subject.len()) else {
            let mut names: Vec<&str> = self.events().iter().map(|event| event.subject.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            let failure = Failure::new(format!("nothing in the timeline is called `{name}`"));
            return Err(match scenarios::diagnostic::nearest(name, &names) {
                Some(near) => failure.help(format!("there is `{near}`")),
                None => failure.help(format!("`sim explain {}` says what there is to ask about", self.name)),
            });
        };
        let subject = units::plain(&own.subject);
        let mut says = vec![format!("{subject}: {}.", units::plural(life.len() as u64, "event"))];
        let mut sections = Vec::new();
        let came = life.iter().find(|event| event.kind == EventKind::LaunchStarted);
        let went = life.iter().rfind(|event| {
            matches!(event.kind, EventKind::InstanceTerminating | EventKind::InstanceLost | EventKind::PrimaryFailed)
        });
        for (what, event) in [("launched", came), ("gone", went)] {
            let Some(event) = event else { continue };
            let path = self.path(event);
            says.push(format!("It was {what} at {}: {}. {}", moment(event.t_s), words(event), self.because(&path)));
            sections.extend(section(&format!("Why {what}"), steps(&path)));
        }
        sections.extend(section("What it went through", self.few(&life)));
        Ok(Explanation { asked: name.to_string(), says, sections })
    }

    /// Decisions that were not taken.
    fn refusals(&self, wanted: impl Fn(&TimelineEvent) -> bool) -> Vec<&'a TimelineEvent> {
        self.events().iter().filter(|event| is_refusal(event.kind) && wanted(event)).collect()
    }

    /// So many events as one wants to read, and how many more there are.
    fn few(&self, events: &[&TimelineEvent]) -> Vec<Step> {
        let mut shown = steps(&events[..events.len().min(MOST)]);
        if let Some(more) = events.len().checked_sub(MOST).filter(|more| *more > 0) {
            let t_s = events.last().map_or(0.0, |event| event.t_s);
            let words = format!("{} more, until then", units::count(more as u64));
            shown.push(Step { t_s, what: "…".into(), words, ..Step::default() });
        }
        shown
    }
}

/// A decision that was considered and not taken.
pub fn is_refusal(kind: EventKind) -> bool {
    use EventKind::{HeldBack, OperationRefused, PolicyIgnored, RefreshWaiting, ScaleInBlocked};
    matches!(kind, PolicyIgnored | ScaleInBlocked | OperationRefused | RefreshWaiting | HeldBack)
}

fn section(title: &str, steps: Vec<Step>) -> Option<Section> {
    (!steps.is_empty()).then(|| Section { title: title.into(), steps })
}

/// Events as steps, each with the seconds since the one before.
fn steps(events: &[&TimelineEvent]) -> Vec<Step> {
    let before = std::iter::once(None).chain(events.iter().map(|event| Some(event.t_s)));
    let step = |(event, before): (&&TimelineEvent, Option<f64>)| Step {
        t_s: event.t_s,
        took_s: before.map(|before| event.t_s - before),
        event: Some(event.id),
        what: story::words(event.kind),
        whom: units::plain(&event.subject),
        words: words(event),
        lost: 0,
    };
    events.iter().zip(before).map(step).collect()
}

/// What an event says, with when it began, when it could be read, and how often it came again.
fn words(event: &TimelineEvent) -> String {
    let mut words = story::detail(event);
    // What the first check was enough for began when it was told.
    if let Some(since) = event.since_s.filter(|since| event.t_s - since >= 0.001) {
        let first = match event.kind {
            EventKind::AlarmState => "first period beyond it ended",
            EventKind::TargetHealthy => "first passing check",
            _ => "first failed check",
        };
        words.push_str(&format!("; {first} at {}", moment(since)));
    }
    if let Some(published) = event.published_s {
        words.push_str(&format!(", published at {}", moment(published)));
    }
    if event.times > 1 {
        let until = event.until_s.map_or(String::new(), |until| format!(", until {}", moment(until)));
        words.push_str(&format!(" (said {} times{until})", units::count(u64::from(event.times))));
    }
    words
}

/// A moment as the timeline writes it: `0:48:22.672`.
fn clock(text: &str) -> Option<f64> {
    text.split(':').try_fold(0.0, |sum, part| Some(sum * 60.0 + part.parse::<f64>().ok()?))
}
