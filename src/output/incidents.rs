//! Incidents as chains: struck → detected → decided → acted → restored → full strength, with the seconds of each link.
//!
//! # Models      links in the order in which they came (users may be served again before the machinery has finished); a
//!   link's seconds are those since the one before; the sum stands beside the last two
//!   Where the time went: the links of the reaction chain until users were back, like ones together
//! # Leaves out  the causes one by one, which the timeline has

use super::units;
use models::result::{Incident, LinkKind};

/// Shares of the time below this are not worth a word.
const LEAST_SHARE: f64 = 0.03;
/// Most parts of the time that are told.
const MOST_PARTS: usize = 4;
/// Most of those it struck that are named; of more, how many there were.
const MOST_NAMED: usize = 3;

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
    let (fault, subject) = (units::plain(&incident.fault), several(&units::plain(&incident.subject)));
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

/// Several names of one fleet, told so that the line can hold them: `web/i-2, i-3, i-5 and 3 more`.
fn several(subject: &str) -> String {
    let names: Vec<&str> = subject.split(", ").collect();
    let Some((fleet, _)) = names[0].split_once('/').filter(|_| names.len() > 1) else { return subject.to_string() };
    let own = |name: &&str| name.strip_prefix(fleet).and_then(|rest| rest.strip_prefix('/')).map(String::from);
    let Some(short) = names.iter().map(own).collect::<Option<Vec<String>>>() else { return subject.to_string() };
    let named = short[..short.len().min(MOST_NAMED)].join(", ");
    match short.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        Some(more) => format!("{fleet}/{named} and {more} more"),
        None => format!("{fleet}/{named}"),
    }
}

/// What a link ends with, in a few words.
pub fn reached(what: LinkKind) -> &'static str {
    match what {
        LinkKind::FirstFailedCheck => "first failed check",
        LinkKind::FirstBreachingSample => "first sample beyond",
        LinkKind::Published => "published",
        LinkKind::Alarm => "alarm",
        LinkKind::Verdict => "found unhealthy",
        LinkKind::Notice => "notice",
        LinkKind::Lost => "taken back",
        LinkKind::Noticed => "group notices",
        LinkKind::Decision => "decided",
        LinkKind::Launch => "launch",
        LinkKind::FailedTry => "a try failed",
        LinkKind::Running => "running",
        LinkKind::Booted => "booted",
        LinkKind::Bootstrapped => "bootstrapped",
        LinkKind::SmokeTested => "smoke test passed",
        LinkKind::HookCompleted => "hook completed",
        LinkKind::Registered => "registered",
        LinkKind::FirstPassingCheck => "first passing check",
        LinkKind::Serving => "serving",
        LinkKind::Promoted => "standby promoted",
        LinkKind::StoreServing => "takes queries again",
        LinkKind::Restarted => "started again",
        LinkKind::FaultOver => "fault over",
        LinkKind::UsersBack => "users back",
        LinkKind::RedundancyBack => "full strength",
        LinkKind::Step => "step",
    }
}

/// What the time of a link was spent on.
fn spent_on(what: LinkKind) -> &'static str {
    match what {
        LinkKind::FirstBreachingSample | LinkKind::Published | LinkKind::Alarm => "alarm",
        LinkKind::FirstFailedCheck | LinkKind::Verdict | LinkKind::FirstPassingCheck | LinkKind::Serving => {
            "health checks"
        }
        LinkKind::Notice | LinkKind::Lost => "waiting for what was announced",
        LinkKind::Noticed => "until the group noticed",
        LinkKind::Decision => "until it was decided",
        LinkKind::Launch | LinkKind::Running => "launch",
        LinkKind::FailedTry => "tries that failed",
        LinkKind::Booted => "boot",
        LinkKind::Bootstrapped => "bootstrap",
        LinkKind::SmokeTested => "smoke test",
        LinkKind::HookCompleted => "lifecycle hook",
        LinkKind::Registered => "registration",
        LinkKind::Promoted | LinkKind::StoreServing => "failover",
        LinkKind::Restarted => "restart",
        LinkKind::FaultOver => "until the fault was over by itself",
        LinkKind::UsersBack => "until users were back after that",
        LinkKind::RedundancyBack => "until strength was full after that",
        LinkKind::Step => "other steps",
    }
}

/// How long it took to recover: until users were back, or, if they noticed nothing, until the chain was through.
pub fn recovery_s(incident: &Incident) -> Option<f64> {
    let back = incident.restored_s.filter(|at| *at > incident.t_s);
    back.or_else(|| incident.links.last().map(|link| link.to_s)).map(|at| at - incident.t_s)
}

/// Where the time went: `Of the 5 m 52 s until users were back, 3 m 14 s were alarm, 1 m 30 s bootstrap and 18 s boot.`
pub fn where_time_went(incident: &Incident) -> Option<String> {
    let all = recovery_s(incident).filter(|all| *all > 0.0)?;
    let back = incident.links.iter().find(|link| link.what == LinkKind::UsersBack && link.beside);
    // What users came back beside is not what they had waited for.
    let end_s = back.map_or(incident.t_s + all, |back| back.from_s);
    let mut parts: Vec<(&'static str, f64)> = Vec::new();
    for link in incident.links.iter().filter(|link| !link.beside && link.from_s < end_s) {
        let (on, seconds) = (spent_on(link.what), link.to_s.min(end_s) - link.from_s);
        match parts.iter_mut().find(|part| part.0 == on) {
            Some(part) => part.1 += seconds,
            None => parts.push((on, seconds)),
        }
    }
    parts.extend(back.map(|back| (spent_on(back.what), back.seconds())));
    parts.retain(|part| part.1 >= LEAST_SHARE * all);
    // Stable: parts of the same length stay in the order of the chain.
    parts.sort_by(|a, b| b.1.total_cmp(&a.1));
    parts.truncate(MOST_PARTS);
    let told = |(i, (on, seconds)): (usize, &(&str, f64))| {
        let were = if i == 0 { " were" } else { "" };
        format!("{}{were} {on}", units::seconds(*seconds))
    };
    let told: Vec<String> = parts.iter().enumerate().map(told).collect();
    let told = match told.as_slice() {
        [] => return None,
        [one] => one.clone(),
        [some @ .., last] => format!("{} and {last}", some.join(", ")),
    };
    let until = if unnoticed(incident) { "until all was done" } else { "until users were back" };
    Some(format!("Of the {} {until}, {told}.", units::seconds(all)))
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
    use models::result::{Link, PhaseKind};

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
    fn where_the_time_went_adds_like_links_up_and_leaves_out_what_was_beside() {
        let link = |what, from_s: f64, to_s: f64, beside| Link {
            what,
            phase: PhaseKind::Act,
            from_s,
            to_s,
            already: false,
            beside,
            subject: String::new(),
            event: None,
            failed_requests: 0,
        };
        let links = vec![
            link(LinkKind::FirstBreachingSample, 0.0, 60.0, false),
            link(LinkKind::Published, 60.0, 120.0, false),
            link(LinkKind::Alarm, 120.0, 180.0, false),
            link(LinkKind::Decision, 180.0, 181.0, false),
            link(LinkKind::FaultOver, 181.0, 200.0, true),
            link(LinkKind::Booted, 181.0, 276.0, false),
            link(LinkKind::FirstPassingCheck, 276.0, 336.0, false),
            link(LinkKind::UsersBack, 336.0, 412.0, false),
            link(LinkKind::RedundancyBack, 412.0, 900.0, false),
        ];
        let incident = Incident { restored_s: Some(412.0), failed_requests: 1, links, ..Incident::default() };
        assert_eq!(
            where_time_went(&incident).unwrap(),
            "Of the 6 m 52 s until users were back, 3 m were alarm, 1 m 35 s boot, 1 m 16 s until users were back after \
             that and 1 m health checks."
        );
        assert_eq!(where_time_went(&Incident::default()), None);
    }

    #[test]
    fn many_who_were_struck_are_counted() {
        let subject = (2..9).map(|i| format!("web/i-{i}")).collect::<Vec<_>>().join(", ");
        assert_eq!(several(&subject), "web/i-2, i-3, i-4 and 4 more");
        assert_eq!(several("web/i-2, web/i-3"), "web/i-2, i-3");
        assert_eq!(several("web/i-2, api/i-3"), "web/i-2, api/i-3");
        assert_eq!(several("use1-az1"), "use1-az1");
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
