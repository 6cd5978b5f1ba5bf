//! Faults on the time axis: which there were, what they are called, and where their labels find room.
//!
//! ```text
//! lane 1   FailPrimary orders
//! lane 0   │      ZoneOutage use1-az1
//!          │      │
//! ─────────┴──────┴──────────────── plot
//! ```
//! Labels are placed from the right to the left, each in the lowest lane that is free and that its line can be drawn down
//! from without crossing another label. Leaves out: more than [`LANES`] lanes; a label without room is left away, its line stays.

use crate::font;
use crate::theme::SMALL;
use models::result::{EventKind, Incident, RunResult};

/// Most lanes of labels above a plot.
pub(crate) const LANES: usize = 4;

/// Widest label.
const LIMIT: f64 = 460.0;

/// A fault.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Marker {
    /// When it struck, in seconds.
    pub at: f64,
    /// When users were served again, or the fault was over.
    pub until: Option<f64>,
    /// What it is called.
    pub label: String,
}

/// Where a label stands, in the unit of the layout.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Placed {
    /// Counted from the plot upwards.
    pub lane: usize,
    /// The left edge of the text.
    pub x: f64,
    pub width: f64,
    pub text: String,
}

/// All faults of a run, in order of time. A degradation without a fault counts, too.
pub(crate) fn of_run(result: &RunResult) -> Vec<Marker> {
    let mut markers: Vec<Marker> = Vec::new();
    for incident in result.summary.incidents.iter().filter(|incident| incident.t_s.is_finite()) {
        let until = incident.restored_s.filter(|t| t.is_finite());
        markers.push(Marker { at: incident.t_s, until, label: name(incident) });
    }
    for event in result.timeline.iter().filter(|event| event.kind == EventKind::FaultStarted && event.t_s.is_finite()) {
        let known = result.summary.incidents.iter().any(|i| i.event == event.id);
        if !known {
            let over = |e: &&models::result::TimelineEvent| {
                e.kind == EventKind::FaultEnded
                    && e.t_s >= event.t_s
                    && (e.cause == Some(event.id) || e.subject == event.subject)
            };
            let until = result.timeline.iter().find(over).map(|e| e.t_s);
            let detail = plain(&event.detail);
            let label = if detail.is_empty() || font::width(&detail, SMALL, false) > LIMIT {
                format!("fault {}", plain(&event.subject))
            } else {
                detail
            };
            markers.push(Marker { at: event.t_s, until, label });
        }
    }
    markers.sort_by(|a, b| a.at.total_cmp(&b.at));
    // Faults that strike together share a line, and a label if it has room for both.
    markers.dedup_by(|b, a| {
        if b.at - a.at >= 1.0 {
            return false;
        }
        if !a.label.split(" + ").any(|label| label == b.label) {
            a.label = format!("{} + {}", a.label, b.label);
        }
        a.until = match (a.until, b.until) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        true
    });
    markers
}

/// What an incident is called: what broke, and what it struck instead of the arguments as written.
pub(crate) fn name(incident: &Incident) -> String {
    let (subject, fault) = (plain(&incident.subject), plain(&incident.fault));
    // What no fault explains has no subject but the whole run.
    if subject.is_empty() || fault.ends_with(&subject) || fault == "degradation" {
        return fault;
    }
    let what = incident.fault.split('(').next().map(plain).unwrap_or_default();
    format!("{what} {subject}")
}

/// `FailPrimary("orders")` as `FailPrimary orders`.
fn plain(text: &str) -> String {
    let spaced: String = text.chars().filter(|c| *c != '"').map(|c| if "(),".contains(c) { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Finds room for the labels of markers at `xs` between `left` and `right`; in the order of the markers.
pub(crate) fn place(markers: &[Marker], xs: &[f64], left: f64, right: f64) -> Vec<Option<Placed>> {
    const GAP: f64 = 14.0;
    const LEAD: f64 = 6.0;
    let texts: Vec<String> =
        markers.iter().map(|marker| font::fit(&marker.label, SMALL, false, LIMIT.min(right - left))).collect();
    let widths: Vec<f64> = texts.iter().map(|text| font::width(text, SMALL, false)).collect();
    // Near the right edge the text stands left of its line. Those are placed last, from the left to the right, each
    // above the ones it reaches over.
    let turned = |i: &usize| xs[*i] + LEAD + widths[*i] > right;
    let known = (0..markers.len().min(xs.len())).filter(|&i| xs[i].is_finite() && !texts[i].is_empty());
    let (last, first): (Vec<usize>, Vec<usize>) = known.partition(turned);
    let mut taken: [Vec<(f64, f64)>; LANES] = Default::default();
    let mut placed = vec![None; markers.len()];
    for i in first.into_iter().rev().chain(last) {
        let (x, width) = (xs[i], widths[i]);
        let start = if turned(&i) { (x - LEAD - width).max(left) } else { x + LEAD };
        let text = (start.min(x) - GAP / 2.0, (start + width).max(x) + GAP / 2.0);
        let line = (x - 2.0, x + 2.0);
        let free = |lane: usize, (from, to): (f64, f64)| taken[lane].iter().all(|&(a, b)| to <= a || b <= from);
        let fits = |&lane: &usize| free(lane, text) && (0..lane).all(|below| free(below, line));
        if let Some(lane) = (0..LANES).find(fits) {
            // The line comes down through the lanes below, which must stay clear of it from now on.
            taken[..lane].iter_mut().for_each(|below| below.push(line));
            taken[lane].push(text);
            placed[i] = Some(Placed { lane, x: start, width, text: texts[i].clone() });
        }
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker(at: f64, label: &str) -> Marker {
        Marker { at, until: None, label: label.to_owned() }
    }

    #[test]
    fn labels_never_overlap_however_many_there_are() {
        let markers: Vec<Marker> = (0..60).map(|i| marker(f64::from(i * i % 997), "FailPrimary orders")).collect();
        let mut sorted = markers;
        sorted.sort_by(|a, b| a.at.total_cmp(&b.at));
        let xs: Vec<f64> = sorted.iter().map(|m| 100.0 + m.at * 1.4).collect();
        let placed = place(&sorted, &xs, 100.0, 1560.0);
        let placed: Vec<(Placed, f64)> = placed.into_iter().zip(xs).filter_map(|(p, x)| Some((p?, x))).collect();
        assert!(placed.len() >= 8, "{}", placed.len());
        let crosses = |line: &(Placed, f64), label: &(Placed, f64)| {
            line.0.lane > label.0.lane && line.1 > label.0.x && line.1 < label.0.x + label.0.width
        };
        for (i, a) in placed.iter().enumerate() {
            assert!(a.0.x >= 100.0 && a.0.x + a.0.width <= 1560.0);
            for b in &placed[i + 1..] {
                let beside = a.0.x + a.0.width < b.0.x || b.0.x + b.0.width < a.0.x;
                assert!(a.0.lane != b.0.lane || beside, "{a:?} {b:?}");
                assert!(!crosses(a, b) && !crosses(b, a), "a line through a label: {a:?} {b:?}");
            }
        }
    }

    #[test]
    fn names_are_shown_as_people_write_them() {
        assert_eq!(plain("FailPrimary(\"orders\")"), "FailPrimary orders");
        let incident = |fault: &str, subject: &str| {
            name(&Incident { fault: fault.into(), subject: subject.into(), ..Incident::default() })
        };
        assert_eq!(incident("KillInstance(\"web\")", "web/i-3"), "KillInstance web/i-3");
        assert_eq!(incident("FailPrimary(\"orders\")", "orders"), "FailPrimary orders");
        assert_eq!(incident("degradation", "twitter-spike"), "degradation");
        assert_eq!(plain("ZoneOutage( zone: \"a\", for: \"5m\" )"), "ZoneOutage zone: a for: 5m");
    }

    #[test]
    fn the_later_of_two_close_faults_stands_below() {
        let markers = [marker(10.0, "first fault"), marker(12.0, "second fault")];
        let placed = place(&markers, &[110.0, 120.0], 100.0, 1500.0);
        assert_eq!(placed[0].as_ref().map(|p| p.lane), Some(1));
        assert_eq!(placed[1].as_ref().map(|p| p.lane), Some(0));
    }
}
