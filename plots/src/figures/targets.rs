//! Healthy targets by zone, against those registered; one panel per target group.

use crate::figures::names;
use crate::sheet::{Curve, Layer, Panel};
use crate::theme::{INK, area};
use models::result::RunResult;

/// One panel per target group.
pub(crate) fn panels(result: &RunResult) -> Vec<Panel<'_>> {
    // `targets.<group>.<zone>.<figure>`
    let pairs: Vec<(&str, &str)> = names(result, "targets.").iter().filter_map(|name| name.rsplit_once('.')).collect();
    let mut groups: Vec<&str> = Vec::new();
    for (group, _) in &pairs {
        if !groups.contains(group) {
            groups.push(group);
        }
    }
    let mut panels = Vec::new();
    for &group in &groups {
        let title = if groups.len() > 1 { group } else { "" };
        let mut panel = Panel { integer: true, steps: true, reach: 1.0, ..Panel::new(title, "targets (count)") };
        let mut registered = vec![f64::NAN; result.series.rows()];
        for (i, (_, zone)) in pairs.iter().filter(|(of, _)| *of == group).enumerate() {
            let get = |figure: &str| result.series.get(&format!("targets.{group}.{zone}.{figure}"));
            if let Some(column) = get("healthy") {
                let values = (&column.values[..]).into();
                panel.layers.push(Layer { label: format!("healthy in {zone}"), colour: area(i), values });
            }
            for (sum, &value) in registered.iter_mut().zip(get("registered").map_or(&[][..], |c| &c.values)) {
                if value.is_finite() {
                    *sum = if sum.is_finite() { *sum + value } else { value };
                }
            }
        }
        if registered.iter().any(|v| v.is_finite()) {
            let colour = INK;
            panel.curves.push(Curve {
                label: "registered in all".into(),
                colour,
                width: 2.4,
                dashed: true,
                values: registered.into(),
            });
        }
        panels.push(panel);
    }
    panels
}
