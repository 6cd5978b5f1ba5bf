//! The figures of a summary as a flat list of named numbers, which is what estimates, sweeps and comparisons work on.
//!
//! # Models      a number of `summary.json` is named by its path there: `latency_ms.p99`, `groups.web.launches`. Lists have
//!   no such path and are reckoned up: `alarms.<name>.raised` and `.first_s`, `incidents.count` and, for each
//!   fault and what it struck, `incidents.<fault>.<subject>.detected_after_s`, `.restored_after_s` and
//!   `.redundancy_after_s` (the longest, if it struck more than once), and `expectations.held`
//! # Leaves out  what is about the run and not about the simulated world: its seed, number and speed

use models::result::{Incident, Summary};
use serde_json::Value;
use std::collections::BTreeMap;

/// Fields that say which run it was or how fast, or are lists dealt with here one by one.
const NOT_FIGURES: [&str; 8] =
    ["schema", "seed", "replication", "run", "alarms", "incidents", "expectations", "warnings"];

/// All figures by their names, in the order of these.
pub fn metrics(summary: &Summary) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    if let Ok(Value::Object(fields)) = serde_json::to_value(summary) {
        for (name, value) in fields.iter().filter(|(name, _)| !NOT_FIGURES.contains(&name.as_str())) {
            numbers(name, value, &mut found);
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

/// The numbers at and below `path`.
fn numbers(path: &str, value: &Value, found: &mut BTreeMap<String, f64>) {
    match value {
        Value::Number(number) => {
            if let Some(number) = number.as_f64() {
                found.insert(path.into(), number);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                numbers(&format!("{path}.{name}"), value, found);
            }
        }
        _ => {}
    }
}

/// The seconds from an incident's beginning to its links.
fn links(incident: &Incident, found: &mut BTreeMap<String, f64>) {
    let ends = [
        ("detected_after_s", incident.detected_s),
        ("restored_after_s", incident.restored_s),
        ("redundancy_after_s", incident.redundancy_restored_s),
    ];
    for (link, end) in ends {
        let Some(end) = end else { continue };
        let after = end - incident.t_s;
        found
            .entry(format!("incidents.{}.{}.{link}", incident.fault, incident.subject))
            .and_modify(|longest| *longest = longest.max(after))
            .or_insert(after);
    }
}

/// Whether a figure that is missing from one replication was nought there, instead of unknown: the counts of a map that
/// leaves out its zeros.
pub fn is_zero_when_missing(name: &str) -> bool {
    name.starts_with("outcomes.")
        || name.starts_with("attempts.")
        || name.contains(".outcomes.")
        || name.starts_with("cost_usd.by_part.")
}

/// Whether people wish for more of a figure rather than less.
pub fn more_is_better(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    matches!(last, "availability" | "goodput_per_s" | "succeeded" | "held")
}

/// What a figure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Thousandths of a second.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// US dollars.
    Dollars,
    /// A share of a whole, from 0 to 1.
    Share,
    /// Anything else.
    Number,
}

/// The unit of a figure, which its name tells.
pub fn unit(name: &str) -> Unit {
    let last = name.rsplit('.').next().unwrap_or(name);
    match last {
        "availability" | "utilisation" | "probability_of_wait" => return Unit::Share,
        // Beside the waiting times of a queue stand its lengths and counts.
        "mean_waiting" | "mean_present" | "occupancy" | "served" | "refused" => return Unit::Number,
        _ => {}
    }
    let has = |part: &str| name.split('.').any(|name| name == part);
    if has("latency_ms") || has("queueing_ms") || last.ends_with("_ms") {
        Unit::Milliseconds
    } else if last.ends_with("_s") && !last.ends_with("_per_s") {
        Unit::Seconds
    } else if has("cost_usd") || last.ends_with("_usd") {
        Unit::Dollars
    } else {
        Unit::Number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::sample;

    #[test]
    fn a_figure_is_named_by_its_path() {
        let found = metrics(&sample::result().summary);
        assert_eq!(found["latency_ms.p99"], 240.0);
        assert_eq!(found["endpoints.web.page.requests.offered"], 900_000.0);
        assert_eq!(found["alarms.cpu-high.raised"], 1.0);
        assert_eq!(found["alarms.cpu-high.first_s"], 2340.0);
        assert_eq!(found["incidents.fail_primary.orders.restored_after_s"], 47.0);
        assert!(found.keys().all(|name| !name.starts_with("run.") && name != "seed"));
    }

    #[test]
    fn a_name_tells_its_unit() {
        for (name, expected) in [
            ("clients.visitors.latency_ms.p99", Unit::Milliseconds),
            ("queueing_ms.orders.p99", Unit::Milliseconds),
            ("queueing_ms.orders.mean_waiting", Unit::Number),
            ("queueing_ms.orders.utilisation", Unit::Share),
            ("databases.orders.longest_outage_s", Unit::Seconds),
            ("goodput_per_s", Unit::Number),
            ("cost_usd.by_part.alarms", Unit::Dollars),
            ("endpoints.web.page.availability", Unit::Share),
            ("requests.failed", Unit::Number),
        ] {
            assert_eq!(unit(name), expected, "{name}");
        }
    }
}
