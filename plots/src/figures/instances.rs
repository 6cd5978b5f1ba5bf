//! Instances by state, against the desired capacity; one panel per group.

use crate::figures::names;
use crate::sheet::{Curve, Layer, Panel};
use crate::theme::{CALM_GREEN, INK, ORANGE, QUIET, RED, YELLOW};
use models::result::RunResult;

/// States from the bottom of the stack up.
const STATES: [(&str, &str, plotters::style::RGBColor); 5] = [
    ("in_service", "in service", CALM_GREEN),
    ("unhealthy", "unhealthy", RED),
    // Boots, or is up and has not passed its first checks.
    ("booting", "coming up", ORANGE),
    ("pending", "pending", YELLOW),
    ("terminating", "terminating", QUIET),
];

/// One panel per group.
pub(crate) fn panels(result: &RunResult) -> Vec<Panel<'_>> {
    let groups = names(result, "group.");
    let title = |name: &str| if groups.len() > 1 { name.to_owned() } else { String::new() };
    groups.iter().map(|name| panel(result, name, title(name))).collect()
}

fn panel<'a>(result: &'a RunResult, group: &str, title: String) -> Panel<'a> {
    let get = |figure: &str| result.series.get(&format!("group.{group}.{figure}"));
    let mut panel = Panel { integer: true, steps: true, reach: 1.0, ..Panel::new(title, "instances (count)") };
    if let Some(column) = get("desired") {
        panel.curves.push(Curve { width: 2.4, ..Curve::dashed("desired", INK, &column.values) });
    }
    for (state, label, colour) in STATES {
        // A state that never occurred needs no place in the legend.
        if let Some(column) = get(state).filter(|c| state == "in_service" || c.values.iter().any(|&v| v > 0.0)) {
            panel.layers.push(Layer { label: label.into(), colour, values: (&column.values[..]).into() });
        }
    }
    panel
}
