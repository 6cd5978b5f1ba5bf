//! The picture of a run: what users felt, what there was to serve them, and what the healing machinery did, on one axis.

use crate::figures::{cpu, database, instances, latency, metric, traffic};
use crate::sheet::{Band, Dot, Glyph, Panel, Span};
use crate::theme::{BLUE, GREEN, MUTED, ORANGE, RED};
use models::result::{EventKind, RunResult};
use plotters::style::RGBColor;

/// Most groups, alarms' panels or stores shown here; their own figures show all.
const MOST: usize = 2;
/// Most alarms.
const BANDS: usize = 6;

/// All there is to show, from the users down to the stores.
pub(crate) fn panels(result: &RunResult) -> Vec<Panel<'_>> {
    let mut panels = Vec::new();
    for (title, weight, part) in [
        ("Requests", 1.25, traffic::panels(result)),
        ("Latency", 1.0, latency::panels(result)),
        ("Metric", 1.0, metric::panels(result)),
        ("Instances", 1.0, instances::panels(result).into_iter().filter(|panel| !is_still(panel)).collect()),
        ("CPU and alarms", 1.0, alarms(result).into_iter().collect()),
        ("Database", 0.8, database::panels(result)),
    ] {
        for mut panel in part.into_iter().take(MOST) {
            panel.title = if panel.title == "CPU" {
                panel.title
            } else if panel.title.is_empty() {
                title.into()
            } else {
                format!("{title}: {}", panel.title)
            };
            panel.weight *= weight;
            panels.push(panel);
        }
    }
    panels.extend(events(result));
    panels
}

/// The panel of the CPU, with the bands of all alarms; without CPU, that of the first alarm.
fn alarms(result: &RunResult) -> Option<Panel<'_>> {
    let mut parts = cpu::panels(result).into_iter();
    let mut panel = parts.next()?;
    if panel.title == "CPU" || panel.curves.is_empty() {
        panel.title.clear();
    }
    let still = panel.bands.is_empty() && parts.len() == 0;
    for other in parts {
        panel.bands.extend(other.bands);
        for key in other.keys {
            panel.key(&key.label, key.glyph, key.colour);
        }
    }
    panel.bands.truncate(BANDS);
    if still {
        panel.title = "CPU".into();
    }
    Some(panel)
}

/// A fleet that never changed is a bar without a story.
fn is_still(panel: &Panel<'_>) -> bool {
    matches!(panel.layers.as_slice(), [only] if only.values.iter().all(|value| *value == only.values[0]))
}

/// The strip of events: one band per kind of machinery.
fn events(result: &RunResult) -> Option<Panel<'_>> {
    use EventKind::*;
    type Look = fn(EventKind) -> Option<RGBColor>;
    let rows: [(&str, Look); 4] = [
        ("instances", |kind| match kind {
            InstanceInService => Some(GREEN),
            InstanceLost | InstanceMarkedUnhealthy | LaunchFailed | BootstrapFailed | SmokeTestFailed => Some(RED),
            LaunchStarted => Some(ORANGE),
            InstanceTerminating => Some(MUTED),
            _ => None,
        }),
        ("targets", |kind| match kind {
            TargetHealthy | FailOpenEnded | NodeBackInDns | SurgeQueueEmpty | MitigationEnded | SlowStartEnded => {
                Some(GREEN)
            }
            TargetUnhealthy | FailOpen | NodeOutOfDns | SurgeQueueFull | ConnectionsReset | TargetAnomalous => {
                Some(RED)
            }
            SlowStartBegan | MitigationBegan | ZonalShiftStarted => Some(ORANGE),
            TargetDraining => Some(MUTED),
            _ => None,
        }),
        ("scaling", |kind| match kind {
            DesiredCapacityChanged | ReplacementStarted | RebalanceStarted => Some(BLUE),
            _ => None,
        }),
        ("stores", |kind| match kind {
            PrimaryFailed | StandbyFailed => Some(RED),
            FailoverStarted => Some(ORANGE),
            StandbyPromoted | FailoverCompleted | StandbyInSync | StoreRecovered => Some(GREEN),
            _ => None,
        }),
    ];
    let mut panel = Panel { weight: 0.0, ..Panel::new("Events", "") };
    panel.bands.extend(degradations(result));
    for (label, look) in rows {
        let dots: Vec<Dot> = result
            .timeline
            .iter()
            // What happens before the first second is the setting up, not the story.
            .filter(|event| event.t_s.is_finite() && event.t_s > 0.0)
            .filter_map(|event| Some(Dot { at: event.t_s, colour: look(event.kind)? }))
            .collect();
        if !dots.is_empty() {
            panel.bands.push(Band { label: label.into(), spans: Vec::new(), dots });
        }
    }
    for (label, colour) in [
        ("lost or failed", RED),
        ("launched, failing over", ORANGE),
        ("capacity changed", BLUE),
        ("serving, restored", GREEN),
        ("retired", MUTED),
    ] {
        if panel.bands.iter().any(|band| band.dots.iter().any(|dot| dot.colour == colour)) {
            panel.key(label, Glyph::Dot, colour);
        }
    }
    (!panel.bands.is_empty()).then_some(panel)
}

/// When users felt something.
fn degradations(result: &RunResult) -> Option<Band> {
    let end = result.summary.duration_s;
    let mut spans: Vec<Span> = Vec::new();
    let mut since = None;
    let mut close = |from: f64, to: f64| spans.push(Span { from, to, colour: RED, text: "degraded".into() });
    for event in &result.timeline {
        match event.kind {
            EventKind::DegradationStarted => since = since.or(Some(event.t_s)),
            EventKind::DegradationEnded => {
                if let Some(from) = since.take() {
                    close(from, event.t_s);
                }
            }
            _ => {}
        }
    }
    if let Some(from) = since {
        close(from, end);
    }
    (!spans.is_empty()).then(|| Band { label: "users".into(), spans, dots: Vec::new() })
}
