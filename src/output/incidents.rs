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
    /// Seconds since the link before.
    pub after_s: f64,
    /// Seconds since it struck.
    pub in_all_s: f64,
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
    let mut came: Vec<(&'static str, f64)> = links.iter().filter_map(|(name, at)| Some((*name, (*at)?))).collect();
    // A stable sort: of links at the same moment, the order above is the order of causes.
    came.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut before = incident.t_s;
    let came = came
        .into_iter()
        .map(|(name, at)| {
            let link = Link { name, after_s: at - before, in_all_s: at - incident.t_s };
            before = at;
            link
        })
        .collect();
    (came, links.iter().filter(|(_, at)| at.is_none()).map(|(name, _)| *name).collect())
}

/// The chain in one line: `struck → detected +12 s → decided +0 s → …`.
pub fn line(incident: &Incident) -> String {
    let (came, _) = chain(incident);
    let mut text = String::from("struck");
    for (i, link) in came.iter().enumerate() {
        if link.after_s < 0.0 {
            // An alarm that was up already, say, when this began.
            text.push_str(&format!(" → {} {} before", link.name, units::seconds(-link.after_s)));
        } else {
            text.push_str(&format!(" → {} +{}", link.name, units::seconds(link.after_s)));
        }
        let tells = matches!(link.name, "restored" | "full strength") && i > 0;
        if tells && link.in_all_s != link.after_s {
            text.push_str(&format!(" ({} in all)", units::seconds(link.in_all_s)));
        }
    }
    text
}

/// What never came, in words; `None` if all did.
pub fn missing(incident: &Incident) -> Option<String> {
    let (_, missing) = chain(incident);
    match missing.as_slice() {
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
            "struck → detected +12 s → decided +0 s → restored +18 s (30 s in all) → acted +17 s → full strength +17 m 13 s (18 m in all)"
        );
        assert_eq!(missing(&incident), None);
    }

    #[test]
    fn what_was_known_before_it_struck_is_said_so() {
        let incident = Incident { t_s: 100.0, detected_s: Some(58.0), restored_s: Some(215.0), ..Incident::default() };
        let text = "struck → detected 42 s before → restored +2 m 37 s (1 m 55 s in all)";
        assert_eq!(line(&incident), text);
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
        assert_eq!(missing(&incident).unwrap(), "never restored nor full strength");
    }
}
