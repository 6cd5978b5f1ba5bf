//! The plots of a sweep: figures against settings, and against cost.
//!
//! ```text
//!  one axis ──► a line with its interval      two ──► a map      more ──► the effect of each      drawn ──► points
//!  every figure but the cost ──► against the cost, the front marked
//! ```
//! # Models      means with 95 % intervals; effects average over the other axes
//! # Leaves out  interactions of three settings and more

use super::page::{more_is_better, name};
use crate::experiment::sweep::found::{CellFound, Found};
use crate::output::units;
use plots::{Body, Chart, Format, Measured, Point, Setting, render_chart};
use std::collections::BTreeSet;

/// Figure that the others are weighed against.
const COST: &str = "cost_usd.total";

/// Pictures of the wanted figures: file names and contents, and a word on those that could not be drawn.
pub fn draw(found: &Found, metrics: &[String]) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
    let (mut files, mut undrawn) = (Vec::new(), Vec::new());
    for (stem, chart) in charts(found, metrics) {
        for format in [Format::Png, Format::Svg] {
            match render_chart(&chart, format, None) {
                Ok(bytes) => files.push((format!("{stem}.{}", format.extension()), bytes)),
                Err(error) => undrawn.push(format!("{stem}: {error}")),
            }
        }
    }
    (files, undrawn)
}

fn charts(found: &Found, metrics: &[String]) -> Vec<(String, Chart)> {
    let manifest = &found.manifest;
    let caption = format!(
        "{} × {} · seed {} · sim {} · bands and bars are 95 % intervals",
        units::plural(found.cells.len() as u64, "cell"),
        units::plural(u64::from(manifest.replications), "replication"),
        manifest.seed,
        manifest.version
    );
    let mut charts = Vec::new();
    for metric in metrics.iter().filter(|metric| found.cells.iter().any(|cell| cell.estimates.contains_key(*metric))) {
        let stem = metric.replace(|c: char| !c.is_ascii_alphanumeric() && c != '_', "-");
        let over = |what: &str| format!("{}: {} {what}", manifest.scenario, words(metric));
        if let Some((what, body)) = against_settings(found, metric) {
            charts.push((format!("sweep-{stem}"), Chart { title: over(&what), caption: caption.clone(), body }));
        }
        if metric != COST
            && let Some(body) = against_cost(found, metric)
        {
            charts
                .push((format!("cost-{stem}"), Chart { title: over("against cost"), caption: caption.clone(), body }));
        }
    }
    charts
}

/// One axis of a sweep, with the values that its cells have.
fn setting(found: &Found, axis: usize) -> Setting {
    let mut values: Vec<String> = Vec::new();
    for cell in &found.cells {
        if let Some(value) = cell.record.values.get(axis)
            && !values.contains(value)
        {
            values.push(value.clone());
        }
    }
    let path = &found.manifest.axes[axis].path;
    let numbers: Option<Vec<f64>> = values.iter().map(|value| leading_number(value)).collect();
    let alike = values.iter().map(|value| value.trim_start_matches(is_of_number)).collect::<BTreeSet<_>>().len() == 1;
    Setting { name: path.clone(), values, at: numbers.filter(|_| alike) }
}

fn is_of_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | '-')
}

fn leading_number(text: &str) -> Option<f64> {
    let end = text.len() - text.trim_start_matches(is_of_number).len();
    text[..end].parse().ok()
}

/// Whether an axis was drawn, so that each of its values stands alone.
fn is_drawn(found: &Found, axis: usize) -> bool {
    found.manifest.axes[axis].values.first().is_some_and(|value| value.starts_with('~'))
}

fn measured(cell: &CellFound, metric: &str) -> Option<Measured> {
    let estimate = cell.estimates.get(metric)?;
    Some(Measured { mean: estimate.mean, half: estimate.half_width })
}

/// The figure against what was varied, and in words against what.
fn against_settings(found: &Found, metric: &str) -> Option<(String, Body)> {
    let axes = &found.manifest.axes;
    let cell = |wanted: &[&String]| {
        let found = found.cells.iter().find(|cell| cell.record.values.iter().zip(wanted).all(|(a, b)| a == *b));
        found.and_then(|cell| measured(cell, metric))
    };
    let y = words(metric);
    if (0..axes.len()).any(|axis| is_drawn(found, axis)) {
        // Of drawn axes the first is shown; the tables have the others.
        let axis = (0..axes.len()).find(|axis| is_drawn(found, *axis))?;
        let points = found.cells.iter().filter_map(|cell| {
            let x = Measured { mean: leading_number(cell.record.values.get(axis)?)?, half: None };
            Some(Point { x, y: measured(cell, metric)?, front: false, label: String::new() })
        });
        let body = Body::Scatter { x: axes[axis].path.clone(), y, points: points.collect() };
        return Some((format!("by {}", name(&axes[axis].path)), body));
    }
    match axes.len() {
        1 => {
            let x = setting(found, 0);
            let values = x.values.iter().map(|value| cell(&[value])).collect();
            Some((format!("by {}", name(&axes[0].path)), Body::Lines { x, y, lines: vec![(String::new(), values)] }))
        }
        2 => {
            let (x, y_axis) = (setting(found, 0), setting(found, 1));
            let row = |b: &String| x.values.iter().map(|a| cell(&[a, b]).map(|m| m.mean)).collect();
            let rows = y_axis.values.iter().map(row).collect();
            let what = format!("by {} and {}", name(&axes[0].path), name(&axes[1].path));
            Some((what, Body::Heat { x, y: y_axis, value: y, rows, more_is_better: more_is_better(metric) }))
        }
        _ => {
            let settings = (0..axes.len()).map(|axis| {
                let setting = setting(found, axis);
                let effect = |value: &String| {
                    let with = found.cells.iter().filter(|cell| cell.record.values.get(axis) == Some(value));
                    let means: Vec<f64> = with.filter_map(|cell| Some(measured(cell, metric)?.mean)).collect();
                    let mean = means.iter().sum::<f64>() / means.len().max(1) as f64;
                    (!means.is_empty()).then_some(Measured { mean, half: None })
                };
                let values = setting.values.iter().map(effect).collect();
                (setting, values)
            });
            Some(("by each setting, the others averaged".into(), Body::Effects { y, settings: settings.collect() }))
        }
    }
}

/// The figure against the cost.
fn against_cost(found: &Found, metric: &str) -> Option<Body> {
    let front = found.front(metric, more_is_better(metric), COST);
    let points: Vec<Point> = found
        .cells
        .iter()
        .filter_map(|cell| {
            let (x, y) = (measured(cell, COST)?, measured(cell, metric)?);
            let label = cell.record.values.join(" · ");
            Some(Point { x, y, front: front.contains(&cell.record.cell), label })
        })
        .collect();
    (points.len() > 1 && found.has_cost(COST)).then(|| Body::Scatter { x: words(COST), y: words(metric), points })
}

/// A figure with its unit, as an axis has it.
pub fn words(metric: &str) -> String {
    match metric {
        "availability" => "availability (share of requests)".into(),
        "cost_usd.total" => "cost (USD)".into(),
        "requests.failed" => "failed requests".into(),
        _ => match metric.strip_prefix("latency_ms.") {
            Some(which) => format!("latency {which} (ms)"),
            None => metric.into(),
        },
    }
}
