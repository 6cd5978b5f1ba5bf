//! What it cost: so far, and per hour.

use crate::sheet::{Curve, Panel};
use crate::theme::{BLUE, GREEN};
use models::result::RunResult;

/// Up to two panels.
pub(crate) fn panels(result: &RunResult) -> Vec<Panel<'_>> {
    let total = result.summary.cost_usd.total;
    let mut panels = Vec::new();
    // Where nothing has a price there is nothing to draw.
    if total <= 0.0 {
        return panels;
    }
    if let Some(column) = result.series.get("cost_usd") {
        let mut panel = Panel::new(format!("So far ({total:.2} USD at the end)"), "cost (USD)");
        panel.curves.push(Curve::new("", BLUE, &column.values));
        panels.push(panel);
    }
    if let Some(column) = result.series.get("cost_usd_per_h") {
        let mut panel = Panel { steps: true, ..Panel::new("Per hour", "cost per hour (USD/h)") };
        panel.curves.push(Curve::new("", GREEN, &column.values));
        panels.push(panel);
    }
    panels
}
