//! The run in one sentence, and the causes of failure in words.

use super::units;
use models::result::{Incident, Summary};

/// What a reader should know if they read nothing else.
pub fn sentence(summary: &Summary) -> String {
    let requests = &summary.requests;
    let ended = requests.succeeded + requests.failed;
    let mut text = if requests.offered == 0 {
        format!("No request was made in {}", units::seconds(summary.duration_s))
    } else if requests.failed == 0 {
        format!(
            "All {} that ended succeeded over {}",
            units::plural(ended, "request"),
            units::seconds(summary.duration_s)
        )
    } else {
        let mut text = format!(
            "{} of {} succeeded over {}; {} failed",
            units::percent(summary.availability),
            units::plural(ended, "request"),
            units::seconds(summary.duration_s),
            units::count(requests.failed),
        );
        if let Some((cause, n)) = causes(summary).first() {
            let share = units::percent(*n as f64 / requests.failed as f64);
            text.push_str(&format!(", {share} of them {}", meaning(cause)));
        }
        text
    };
    text.push_str(". ");
    text.push_str(&incidents(&summary.incidents));
    text
}

/// Incidents in a few words.
fn incidents(incidents: &[Incident]) -> String {
    if incidents.is_empty() {
        return "There was no incident.".into();
    }
    let count = units::plural(incidents.len() as u64, "incident");
    let open = incidents.iter().filter(|incident| incident.restored_s.is_none()).count();
    if open > 0 && incidents.len() == 1 {
        return "One incident, not put right by the end.".into();
    }
    if open > 0 {
        return format!("Of {count} {open} {} not put right by the end.", if open == 1 { "was" } else { "were" });
    }
    let longest = incidents
        .iter()
        .filter_map(|incident| Some((incident.restored_s? - incident.t_s, incident)))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match longest {
        Some((seconds, incident)) if incidents.len() == 1 => {
            format!(
                "One incident ({} {}) was put right after {}.",
                incident.fault,
                incident.subject,
                units::seconds(seconds)
            )
        }
        Some((seconds, incident)) => format!(
            "Of {count} the longest ({} {}) was put right after {}.",
            incident.fault,
            incident.subject,
            units::seconds(seconds)
        ),
        None => format!("There were {count}."),
    }
}

/// Failed requests by cause, most frequent first; of equals, in the order of their names.
pub fn causes(summary: &Summary) -> Vec<(&str, u64)> {
    let mut causes: Vec<(&str, u64)> =
        summary.outcomes.iter().filter(|(name, _)| *name != "ok").map(|(name, n)| (name.as_str(), *n)).collect();
    causes.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    causes
}

/// An outcome in words.
pub fn meaning(outcome: &str) -> &str {
    match outcome {
        "ok" => "answered",
        "target_5xx" => "an error of the target's own",
        "connections_exhausted" => "no connection left at the store",
        "database_unavailable" => "no primary, or cut off by a failover",
        "elb_502" => "502 of the balancer: refused, reset or cut",
        "elb_503" => "503 of the balancer: no target registered",
        "elb_504" => "504 of the balancer: no answer in time",
        "refused" => "refused: instance gone or backlog full",
        "timed_out" => "given up by the client",
        "stale_dns" => "sent to a node that had left DNS",
        "connect_timeout" => "no connection in time",
        "abandoned" => "left the queue before service",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::sample;

    #[test]
    fn the_sentence_names_the_commonest_cause_and_the_longest_incident() {
        let text = sentence(&sample::result().summary);
        assert!(
            text.starts_with("99.0 % of 1,000,000 requests succeeded over 3 h; 10,000 failed, 70.0 % of them"),
            "{text}"
        );
        assert!(
            text.contains("Of 2 incidents the longest (degradation users) was put right after 8 m 12 s."),
            "{text}"
        );
    }

    #[test]
    fn nothing_happening_is_said_plainly() {
        let text = sentence(&Summary { incidents: vec![], ..sample::quiet() });
        assert_eq!(text, "No request was made in 1 h. There was no incident.");
    }
}
