//! The reaction chain of each incident: how long it took to detect, decide, act, restore, and regain full strength.
//!
//! Its time axis starts at the fault and ends a little after the last restoration; what takes longer is cut there, and told
//! by the legend.

use crate::markers;
use crate::sheet::{Band, Glyph, Panel, Span};
use crate::theme::{BLUE, ORANGE, RED, WELL, YELLOW};
use models::result::{Incident, RunResult};
use plotters::style::RGBColor;

/// Most incidents on a sheet; those with the most failed requests are shown.
const MOST: usize = 12;

/// One band per incident, in order of time.
pub(crate) fn panels(result: &RunResult) -> Vec<Panel<'_>> {
    let mut incidents: Vec<&Incident> = result.summary.incidents.iter().filter(|i| !links(i).is_empty()).collect();
    incidents.sort_by_key(|incident| std::cmp::Reverse(incident.failed_requests));
    incidents.truncate(MOST);
    incidents.sort_by(|a, b| a.t_s.total_cmp(&b.t_s));
    let end = end_s(result);
    incidents.into_iter().map(|incident| panel(incident, end)).collect()
}

/// What the caption must say if there are more incidents than shown.
pub(crate) fn note(result: &RunResult) -> String {
    match result.summary.incidents.iter().filter(|i| !links(i).is_empty()).count() {
        n if n > MOST => format!(" · {MOST} of {n} incidents, those with the most failed requests"),
        _ => String::new(),
    }
}

/// Where the time axis ends, in seconds since the fault.
pub(crate) fn end_s(result: &RunResult) -> f64 {
    // Of what users did not notice, the machinery's last link counts.
    let lasted = |i: &Incident| {
        let links = links(i);
        links.iter().find(|link| link.0 == "restored").or(links.last()).map(|link| link.2)
    };
    let longest = result.summary.incidents.iter().filter_map(lasted).filter(|t| t.is_finite()).fold(0.0, f64::max);
    if longest > 0.0 { longest * 1.15 } else { 60.0 }
}

/// What was reached, its colour until then, and when, in seconds since the fault; in order of time, since users may be
/// served again before the machinery is done.
fn links(incident: &Incident) -> Vec<(&'static str, RGBColor, f64)> {
    let all = [
        ("detected", RED, incident.detected_s),
        ("decided", ORANGE, incident.decided_s),
        ("acted", YELLOW, incident.acted_s),
        ("restored", BLUE, incident.restored_s),
        ("full strength", WELL, incident.redundancy_restored_s),
    ];
    let unnoticed = incident.failed_requests == 0 && incident.restored_s.is_some_and(|at| at <= incident.t_s);
    let mut links: Vec<_> = all
        .into_iter()
        .filter(|(name, ..)| *name != "restored" || !unnoticed)
        // What was known before it struck took no time.
        .filter_map(|(name, colour, at)| Some((name, colour, (at? - incident.t_s).max(0.0))))
        .filter(|(.., since)| since.is_finite())
        .collect();
    // Stable: of links at the same moment, the order above is that of causes.
    links.sort_by(|a, b| a.2.total_cmp(&b.2));
    links
}

fn panel<'a>(incident: &Incident, end: f64) -> Panel<'a> {
    let title = format!("{} at {}", markers::name(incident), clock(incident.t_s));
    let mut panel = Panel { weight: 0.0, ..Panel::new(title, "") };
    let mut band = Band::default();
    let mut from = 0.0;
    for (name, colour, to) in links(incident) {
        panel.key(&format!("{name} after {}", lasted(to)), Glyph::Box, colour);
        if to > from && from < end {
            let on = if to > end { " …" } else { "" };
            band.spans.push(Span { from, to: to.min(end), colour, text: format!("{}{on}", lasted(to - from)) });
        }
        from = to;
    }
    panel.bands.push(band);
    panel
}

fn clock(t: f64) -> String {
    let s = t.max(0.0) as u64;
    format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}

/// A duration as people say it: `0.4 s`, `46 s`, `3 min 20 s`.
fn lasted(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..10 => format!("{} s", format!("{seconds:.1}").trim_end_matches(".0")),
        10..120 => format!("{whole} s"),
        120..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_without_some_links_stays_in_order() {
        let incident = Incident {
            t_s: 100.0,
            detected_s: Some(112.0),
            decided_s: None,
            acted_s: Some(111.0),
            restored_s: Some(160.0),
            ..Incident::default()
        };
        let told: Vec<_> = links(&incident).into_iter().map(|(name, _, at)| (name, at)).collect();
        assert_eq!(told, [("acted", 11.0), ("detected", 12.0), ("restored", 60.0)]);
    }

    #[test]
    fn durations_are_told_as_people_say_them() {
        let told = [0.0, 0.42, 46.2, 200.0, 4000.0].map(lasted);
        assert_eq!(told, ["0 s", "0.4 s", "46 s", "3 min 20 s", "1 h 6 min"]);
    }
}
