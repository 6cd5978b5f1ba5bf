//! Metrics of the scenario's own: what they were in each base period, gaps left open.

use crate::sheet::{Curve, Panel};
use crate::theme::series;
use models::result::RunResult;

/// One panel for each.
pub(crate) fn panels(result: &RunResult) -> Vec<Panel<'_>> {
    let columns = result.series.with_prefix("metric.").enumerate();
    let panels = columns.map(|(i, (name, column))| {
        let axis = if column.unit.is_empty() { name.to_string() } else { format!("{name} ({})", column.unit) };
        let mut panel = Panel::new(name, axis);
        panel.curves.push(Curve::new("", series(i), &column.values));
        panel
    });
    panels.collect()
}
