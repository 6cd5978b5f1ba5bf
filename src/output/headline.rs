//! The run in one sentence, and the causes of failure in words.

use super::{incidents, units};
use models::result::{Incident, Summary};

/// What a reader should know if they read nothing else.
pub fn sentence(summary: &Summary) -> String {
    let requests = &summary.requests;
    let ended = requests.succeeded + requests.failed;
    let mut text = if summary.clients.is_empty() {
        quiet(summary)
    } else if requests.offered == 0 {
        format!("No request was made in {}", units::seconds(summary.duration_s))
    } else if requests.failed == 0 {
        format!(
            "All {}{} succeeded over {}",
            units::plural(ended, "request"),
            if requests.in_flight > 0 { " that ended" } else { "" },
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
            let share = match requests.failed {
                1 => String::new(),
                failed if failed == *n => ", all of them".into(),
                failed => format!(", {} of them", units::percent(*n as f64 / failed as f64)),
            };
            text.push_str(&format!("{share}: {}", meaning(cause)));
        }
        text
    };
    text.push_str(". ");
    // Without users there is nobody to feel an incident.
    if !summary.clients.is_empty() || !summary.incidents.is_empty() {
        text.push_str(&told(&summary.incidents));
    }
    text.truncate(text.trim_end().len());
    // A figure and its unit stay on one line.
    let mut tied = String::with_capacity(text.len());
    let mut last = ' ';
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        let unit = letters.peek().is_some_and(|next| "%smh".contains(*next) || next.is_ascii_digit());
        tied.push(if c == ' ' && unit && (last.is_ascii_digit() || tied.ends_with("\u{a0}m")) { '\u{a0}' } else { c });
        last = c;
    }
    tied
}

/// A run without clients: what the alarms and the groups did.
fn quiet(summary: &Summary) -> String {
    let raised = summary.alarms.values().flatten().filter(|change| change.to == "ALARM").count() as u64;
    let mut text = format!("Without clients, {}", units::seconds(summary.duration_s));
    text.push_str(&match (summary.alarms.len(), raised) {
        (0, _) => " and no alarm".into(),
        (_, 0) => ": no alarm was raised".to_string(),
        (alarms, raised) => format!(
            ": {} raised {}",
            units::plural(alarms as u64, "alarm"),
            if raised == 1 { "once".into() } else { format!("{} times in all", units::count(raised)) }
        ),
    });
    for (name, group) in summary.groups.iter().take(3) {
        text.push_str(&match (group.min_in_service, group.max_in_service) {
            (least, most) if least == most => format!("; {name} stayed at {most} in service"),
            (least, most) => format!("; {name} went between {least} and {most} in service"),
        });
    }
    text
}

/// Incidents in a few words.
fn told(all: &[Incident]) -> String {
    let count = units::plural(all.len() as u64, "incident");
    let open = all.iter().filter(|incident| incident.restored_s.is_none()).count();
    let noticed: Vec<&Incident> = all.iter().filter(|incident| !incidents::unnoticed(incident)).collect();
    let longest = noticed
        .iter()
        .filter_map(|incident| Some((incident.restored_s? - incident.t_s, incidents::title(incident))))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match (all, longest) {
        ([], _) => "There was no incident.".into(),
        ([_], _) if open > 0 => "One incident, and users were not served again by the end.".into(),
        (_, _) if open > 0 => {
            format!("Of {count} {open} {} not over by the end.", if open == 1 { "was" } else { "were" })
        }
        ([one], None) => format!("Users did not notice the one incident, {}.", incidents::title(one)),
        (_, None) => format!("Users felt none of {count}."),
        ([_], Some((s, what))) => format!("Users felt the one incident, {what}, for {}.", units::seconds(s)),
        (_, Some((s, what))) => format!(
            "Users felt {} of {count}; the longest, {what}, for {}.",
            if noticed.len() == all.len() { "each".into() } else { units::count(noticed.len() as u64) },
            units::seconds(s)
        ),
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
        "elb_502" => "502 of the balancer (refused, reset or cut)",
        "elb_503" => "503 of the balancer (no target registered)",
        "elb_504" => "504 of the balancer (no answer in time)",
        "refused" => "refused (instance gone or backlog full)",
        "timed_out" => "given up by the client",
        "stale_dns" => "sent to a node that had left DNS",
        "connect_timeout" => "no connection in time",
        "abandoned" => "left the queue before service",
        "connection_reset" => "the connection was reset",
        "throttled" => "429: told to come later",
        "surge_queue_full" => "503 of the balancer (surge queue full)",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::sample;

    #[test]
    fn the_sentence_names_the_commonest_cause_and_the_longest_incident() {
        let text = sentence(&sample::result().summary).replace('\u{a0}', " ");
        assert!(
            text.starts_with("99.0 % of 1,000,000 requests succeeded over 3 h; 10,000 failed, 70.0 % of them"),
            "{text}"
        );
        assert!(
            text.contains("Users felt each of 2 incidents; the longest, degradation without a fault, for 8 m 12 s."),
            "{text}"
        );
    }

    #[test]
    fn nothing_happening_is_said_plainly() {
        let text = sentence(&Summary { incidents: vec![], ..sample::quiet() });
        assert_eq!(text, "Without clients, 1\u{a0}h and no alarm.");
    }
}
