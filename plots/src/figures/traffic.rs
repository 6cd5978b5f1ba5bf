//! Requests per second: offered, succeeded, and failed by cause.

use crate::sheet::{Curve, Layer, Panel};
use crate::theme::{BLUE, GREEN, INK, RED, failure};
use models::result::{Column, RunResult};

/// Causes that get a colour of their own; the rest are drawn together.
const CAUSES: usize = 6;

/// One panel, or none without traffic.
pub(crate) fn panels(result: &RunResult) -> Vec<Panel<'_>> {
    let series = &result.series;
    let mut panel = Panel::new("", "requests per second (1/s)");
    if let Some(column) = series.get("offered_per_s") {
        panel.curves.push(Curve { width: 2.2, ..Curve::new("offered", INK, &column.values) });
    }
    if let Some(column) = series.get("succeeded_per_s") {
        let colour = if panel.curves.is_empty() { BLUE } else { GREEN };
        panel.curves.push(Curve::new("succeeded", colour, &column.values));
    }
    let sum = |column: &Column| column.values.iter().filter(|v| v.is_finite()).sum::<f64>();
    let mut causes: Vec<(&str, &Column, f64)> = series
        .with_prefix("failed_per_s.")
        .map(|(name, column)| (name, column, sum(column)))
        .filter(|(_, _, total)| *total > 0.0)
        .collect();
    causes.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(b.0)));
    if causes.is_empty()
        && let Some(column) = series.get("failed_per_s").filter(|column| sum(column) > 0.0)
    {
        let values = (&column.values[..]).into();
        panel.layers.push(Layer { label: "failed".into(), colour: RED, values });
    }
    let own = if causes.len() > CAUSES + 1 { CAUSES } else { causes.len() };
    for (i, (name, column, _)) in causes[..own].iter().enumerate() {
        let label = format!("failed: {}", name.replace('_', " ").replace("elb ", "balancer's ").replace("dns", "DNS"));
        panel.layers.push(Layer { label, colour: failure(i), values: (&column.values[..]).into() });
    }
    if own < causes.len() {
        let mut rest = vec![f64::NAN; series.rows()];
        for (_, column, _) in &causes[own..] {
            for (total, &value) in rest.iter_mut().zip(&column.values).filter(|(_, value)| value.is_finite()) {
                *total = if total.is_finite() { *total + value } else { value };
            }
        }
        panel.layers.push(Layer { label: "failed: other".into(), colour: failure(CAUSES), values: rest.into() });
    }
    if panel.curves.is_empty() && panel.layers.is_empty() { Vec::new() } else { vec![panel] }
}
