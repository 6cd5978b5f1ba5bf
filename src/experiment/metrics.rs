//! The figures of a summary as a flat list of named numbers, which is what estimates, sweeps and comparisons work on.
//!
//! # Models      see [`models::figure`], which names them
//! # Leaves out  what is about the run and not about the simulated world: its seed, number and speed

pub use models::figure::{figures as metrics, is_zero_when_missing};

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
