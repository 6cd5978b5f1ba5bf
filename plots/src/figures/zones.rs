//! Small multiples: a panel per zone with the same axis, so that a zone that fares otherwise stands out.

use crate::figures::names;
use crate::sheet::{Curve, Panel};
use crate::theme::series;
use models::result::RunResult;

/// CPU of every group in each zone; nothing unless there are two zones to compare.
pub(crate) fn panels(result: &RunResult) -> Vec<Panel<'_>> {
    // `zone_cpu_percent.<group>.<zone>`
    let columns: Vec<(&str, &str)> =
        result.series.with_prefix("zone_cpu_percent.").filter_map(|(rest, _)| rest.rsplit_once('.')).collect();
    let mut zones: Vec<&str> = Vec::new();
    for (_, zone) in &columns {
        if !zones.contains(zone) {
            zones.push(zone);
        }
    }
    if zones.len() < 2 {
        return Vec::new();
    }
    let groups = names(result, "zone_cpu_percent.");
    let panel = |zone: &&str| {
        let mut panel = Panel { reach: 100.0, ..Panel::new(*zone, "CPU utilisation (%)") };
        for (i, group) in groups.iter().enumerate() {
            if let Some(column) = result.series.get(&format!("zone_cpu_percent.{group}.{zone}")) {
                panel.curves.push(Curve::new(*group, series(i), &column.values));
            }
        }
        panel
    };
    zones.iter().map(panel).collect()
}
