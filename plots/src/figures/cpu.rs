//! CPU utilisation against the thresholds of the alarms, and what state the alarms were in.

use crate::figures::names;
use crate::sheet::{Band, Curve, Glyph, Panel, spans};
use crate::theme::{INK, QUIET, RED, WELL, series};
use models::result::RunResult;
use plotters::style::RGBColor;

/// A panel for CPU with all alarms on a percentage, then one for each alarm on something else.
pub(crate) fn panels(result: &RunResult) -> Vec<Panel<'_>> {
    let alarms = names(result, "alarm.");
    let percent = |alarm: &&str| {
        ["value", "threshold"]
            .iter()
            .find_map(|figure| result.series.get(&format!("alarm.{alarm}.{figure}")))
            .is_none_or(|column| column.unit == "%")
    };
    let mut panel = Panel { reach: 100.0, ..Panel::new("", "CPU utilisation (%)") };
    for (i, (group, column)) in result.series.with_prefix("cpu_percent.").enumerate() {
        panel.curves.push(Curve::new(group, series(i), &column.values));
    }
    let mut panels = Vec::new();
    let (on_percent, others): (Vec<&str>, Vec<&str>) = alarms.into_iter().partition(percent);
    if !panel.curves.is_empty() {
        for (i, alarm) in on_percent.iter().enumerate() {
            threshold(result, &mut panel, alarm, i);
            state(result, &mut panel, alarm);
        }
        panels.push(panel);
    }
    let left = if panels.is_empty() { [on_percent, others].concat() } else { others };
    for alarm in left {
        let value = result.series.get(&format!("alarm.{alarm}.value"));
        let unit = value.map_or("1", |column| column.unit.as_str());
        let axis = if unit.is_empty() { "newest datapoint".into() } else { format!("newest datapoint ({unit})") };
        let mut panel = Panel::new(format!("alarm {alarm}"), axis);
        if let Some(column) = value {
            panel.curves.push(Curve::new("newest datapoint", series(0), &column.values));
        }
        threshold(result, &mut panel, alarm, 0);
        state(result, &mut panel, alarm);
        if panel.curves.is_empty() {
            panel.weight = 0.0;
        }
        panels.push(panel);
    }
    if let [only] = panels.as_mut_slice() {
        only.title.clear();
    } else if let Some(first) = panels.first_mut().filter(|panel| panel.title.is_empty()) {
        first.title = "CPU".into();
    }
    panels
}

fn threshold<'a>(result: &'a RunResult, panel: &mut Panel<'a>, alarm: &str, i: usize) {
    let tones: [RGBColor; 3] = [RED, INK, RGBColor(0x7a, 0x4f, 0x9a)];
    for (bound, tone) in [("lower", tones[2]), ("upper", tones[i % 3])] {
        if let Some(column) = result.series.get(&format!("alarm.{alarm}.{bound}")) {
            panel.curves.push(Curve::dashed(format!("{alarm}: {bound} bound"), tone, &column.values));
        }
    }
    if let Some(column) = result.series.get(&format!("alarm.{alarm}.threshold")) {
        let value = column.values.iter().rev().find(|v| v.is_finite());
        let unit = if matches!(column.unit.as_str(), "" | "1") { String::new() } else { format!(" {}", column.unit) };
        let at = value.map_or(String::new(), |v| {
            format!(" {}{unit}", crate::axis::number(*v, if v.fract() == 0.0 { 1.0 } else { 0.01 }))
        });
        panel.curves.push(Curve::dashed(format!("{alarm}{at}"), tones[i % 3], &column.values));
    }
}

fn state(result: &RunResult, panel: &mut Panel<'_>, alarm: &str) {
    let Some(column) = result.series.get(&format!("alarm.{alarm}.state")) else { return };
    let look = |state: i64| {
        Some(match state {
            0 => (WELL, "OK".to_owned()),
            1 => (RED, "ALARM".to_owned()),
            _ => (QUIET, "insufficient data".to_owned()),
        })
    };
    let spans = spans(&column.values, result.series.interval_s, look);
    for (name, colour) in [("OK", WELL), ("ALARM", RED), ("insufficient data", QUIET)] {
        if spans.iter().any(|span| span.text == name) {
            panel.key(name, Glyph::Box, colour);
        }
    }
    panel.bands.push(Band { label: alarm.to_owned(), spans, dots: Vec::new() });
}
