//! Incidents as chains: struck → detected → decided → acted → restored → full strength, with the seconds of each link.
//!
//! # Models      links in the order in which they came (users may be served again before the machinery has finished); a
//!   link's seconds are those since the one before; the sum stands beside the last two
//! # Leaves out  the causes one by one, which the timeline has

use super::units;
use models::result::Incident;

/// One link of a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// What was reached.
    pub name: &'static str,
    /// Seconds since the link before; `None` if it was so already when the incident began.
    pub after_s: Option<f64>,
    /// Seconds since it struck.
    pub in_all_s: f64,
}

/// What happened, and to whom if that is not said already: `FailPrimary("orders")`, `Kill(AnyOf("web", 1)): web/i-2`; of
/// several, to the first and how many more.
pub fn title(incident: &Incident) -> String {
    let (fault, subject) = (units::plain(&incident.fault), units::plain(&incident.subject));
    if is_degradation(incident) {
        "degradation without a fault".into()
    } else if subject.is_empty() || fault.contains(&format!("\"{subject}\"")) {
        fault
    } else if let [first, _, rest @ ..] = subject.split(", ").collect::<Vec<_>>().as_slice() {
        format!("{fault}: {first} and {} more", rest.len() + 1)
    } else {
        format!("{fault}: {subject}")
    }
}

/// Whether users had a bad time without any fault.
fn is_degradation(incident: &Incident) -> bool {
    incident.fault == "degradation"
}

/// Whether users had nothing of it: no bad second between its beginning and its end.
pub fn unnoticed(incident: &Incident) -> bool {
    incident.failed_requests == 0 && incident.restored_s.is_some_and(|at| at <= incident.t_s)
}

/// What users had of it.
pub fn felt(incident: &Incident) -> String {
    if unnoticed(incident) {
        return "users did not notice".into();
    }
    format!("{} failed", units::plural(incident.failed_requests, "request"))
}

/// The links that came, in order of time, and the names of those that never did.
pub fn chain(incident: &Incident) -> (Vec<Link>, Vec<&'static str>) {
    let links = [
        ("detected", incident.detected_s),
        ("decided", incident.decided_s),
        ("acted", incident.acted_s),
        ("restored", incident.restored_s),
        ("full strength", incident.redundancy_restored_s),
    ];
    // What no fault struck has nothing to be at full strength again.
    let links = &links[..if is_degradation(incident) { 4 } else { 5 }];
    let mut came: Vec<(&'static str, f64)> = links
        .iter()
        .filter(|(name, _)| *name != "restored" || !unnoticed(incident))
        .filter_map(|(name, at)| Some((*name, (*at)?)))
        // What was never weakened did not come back to strength.
        .filter(|(name, at)| *name != "full strength" || *at > incident.t_s)
        .collect();
    // A stable sort: of links at the same moment, the order above is the order of causes.
    came.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut before = incident.t_s;
    let came = came
        .into_iter()
        .map(|(name, at)| {
            // An alarm that was up already, say, when this began.
            let after_s = (at >= incident.t_s).then_some(at - before);
            before = before.max(at);
            Link { name, after_s, in_all_s: (at - incident.t_s).max(0.0) }
        })
        .collect();
    (came, links.iter().filter(|(_, at)| at.is_none()).map(|(name, _)| *name).collect())
}

/// The chain in one line: `struck → detected +12 s → decided at once → …`.
pub fn line(incident: &Incident) -> String {
    let (came, _) = chain(incident);
    let mut text = String::from("struck");
    for (i, link) in came.iter().enumerate() {
        // What is done after all is well again is only the end of the clearing up.
        let late = link.name == "acted" && came[..i].iter().any(|before| before.name == "full strength");
        let name = if late { "last action" } else { link.name };
        match link.after_s {
            None => text.push_str(&format!(" → {name} already")),
            // Less than a millisecond is the order of events, and not a wait.
            Some(after) if after < 0.001 => text.push_str(&format!(" → {name} at once")),
            Some(after) => text.push_str(&format!(" → {name} +{}", units::seconds(after))),
        }
        let tells = matches!(link.name, "restored" | "full strength") && i > 0;
        let in_all = units::seconds(link.in_all_s);
        if tells && link.after_s.map(units::seconds).as_deref() != Some(&in_all) {
            text.push_str(&format!(" ({in_all} in all)"));
        }
    }
    text
}

/// What never came, in words; `None` if all did.
pub fn missing(incident: &Incident) -> Option<String> {
    let (_, missing) = chain(incident);
    let words: Vec<&str> = missing
        .into_iter()
        .map(|name| match name {
            "decided" => "decided upon",
            "acted" => "acted upon",
            "full strength" => "at full strength again",
            other => other,
        })
        .collect();
    match words.as_slice() {
        [] => None,
        [one] => Some(format!("never {one}")),
        [some @ .., last] => Some(format!("never {} nor {last}", some.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_told_in_the_order_in_which_they_came() {
        let incident = Incident {
            t_s: 3000.0,
            detected_s: Some(3012.0),
            decided_s: Some(3012.0),
            acted_s: Some(3047.0),
            restored_s: Some(3030.0),
            redundancy_restored_s: Some(4080.0),
            ..Incident::default()
        };
        assert_eq!(
            line(&incident),
            "struck → detected +12 s → decided at once → restored +18 s (30 s in all) → acted +17 s → full strength +17 m 13 s (18 m in all)"
        );
        assert_eq!(missing(&incident), None);
    }

    #[test]
    fn what_was_known_before_it_struck_is_said_so_without_a_negative_wait() {
        let incident = Incident {
            t_s: 100.0,
            detected_s: Some(58.0),
            restored_s: Some(215.0),
            failed_requests: 3,
            ..Incident::default()
        };
        assert_eq!(line(&incident), "struck → detected already → restored +1 m 55 s");
    }

    #[test]
    fn what_users_did_not_notice_was_not_restored_to_them() {
        let incident = Incident {
            t_s: 10.0,
            detected_s: Some(12.0),
            restored_s: Some(10.0),
            redundancy_restored_s: Some(20.0),
            acted_s: Some(31.0),
            ..Incident::default()
        };
        assert_eq!(felt(&incident), "users did not notice");
        assert_eq!(line(&incident), "struck → detected +2 s → full strength +8 s (10 s in all) → last action +11 s");
        assert_eq!(missing(&incident).unwrap(), "never decided upon");
    }

    #[test]
    fn what_never_came_is_said() {
        let incident = Incident {
            t_s: 10.0,
            detected_s: Some(12.0),
            acted_s: Some(13.0),
            decided_s: Some(12.0),
            ..Incident::default()
        };
        assert_eq!(missing(&incident).unwrap(), "never restored nor at full strength again");
    }

    #[test]
    fn a_title_says_whom_it_struck_once() {
        let titled = |fault: &str, subject: &str| {
            title(&Incident { fault: fault.into(), subject: subject.into(), ..Incident::default() })
        };
        assert_eq!(titled("FailPrimary(\"orders\")", "orders"), "FailPrimary(\"orders\")");
        assert_eq!(titled("Kill(AnyOf(\"web\", 1))", "web/i-2"), "Kill(AnyOf(\"web\", 1)): web/i-2");
        assert_eq!(titled("Kill(All(\"web\"))", "web/i-2, web/i-4, web/i-5"), "Kill(All(\"web\")): web/i-2 and 2 more");
        assert_eq!(titled("degradation", "twitter-spike"), "degradation without a fault");
    }
}
