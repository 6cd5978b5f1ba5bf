//! The plots of a sweep: figures against settings, and against cost.
//!
//! ```text
//!  one axis ──► a line with its interval      two ──► a map      drawn ──► points
//!  more ──► the effect of each, the strongest interactions of pairs, and parallel coordinates of all cells
//!  every figure but the cost ──► against the cost, the front marked
//! ```
//! # Models      means with 95 % intervals; effects average over the other axes
//! # Leaves out  interactions of three settings and more at once

use super::{name, values};
use crate::experiment::objective::Objective;
use crate::experiment::sweep::found::{COST, CellFound, Found, wanted};
use crate::experiment::{Unit, more_is_better, unit};
use crate::output::units;
use plots::{Body, Chart, Course, Format, Measured, Pair, Point, Setting, render_chart};
use std::collections::BTreeSet;

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
    let means = caption.replace("bands and bars are 95 % intervals", "means");
    let mut charts = Vec::new();
    for metric in metrics.iter().filter(|metric| found.cells.iter().any(|cell| cell.estimates.contains_key(*metric))) {
        let stem = metric.replace(|c: char| !c.is_ascii_alphanumeric() && c != '_', "-");
        let over = |what: &str| format!("{}: {} {what}", manifest.scenario, words(metric));
        if let Some((what, body)) = against_settings(found, metric) {
            charts.push((format!("sweep-{stem}"), Chart { title: over(&what), caption: caption.clone(), body }));
        }
        for (kind, body) in of_many(found, metric) {
            let title = over(if kind == "parallel" { "by all settings at once" } else { "by pairs of settings" });
            charts.push((format!("{kind}-{stem}"), Chart { title, caption: means.clone(), body }));
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
    let values = values(found, axis);
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
                (Setting { name: name(&setting.name).to_string(), ..setting }, values)
            });
            Some(("by each setting, the others averaged".into(), Body::Effects { y, settings: settings.collect() }))
        }
    }
}

/// Pairs of settings that are shown at most.
const PAIRS: usize = 6;

/// Values of a setting that are told apart by their colours.
const COLOURS: usize = 6;

/// Three settings and more: how they act on each other, and each cell with all of them.
fn of_many(found: &Found, metric: &str) -> Vec<(&'static str, Body)> {
    let axes = found.manifest.axes.len();
    if axes < 3 || (0..axes).any(|axis| is_drawn(found, axis)) {
        return Vec::new();
    }
    let settings: Vec<Setting> = (0..axes).map(|axis| setting(found, axis)).collect();
    let pairs = (0..axes).flat_map(|one| (one + 1..axes).map(move |other| (one, other)));
    let mut pairs: Vec<(f64, Pair)> = pairs
        .filter_map(|(one, other)| interaction(found, metric, (one, &settings[one]), (other, &settings[other])))
        .collect();
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let pairs: Vec<Pair> = pairs.into_iter().take(PAIRS).map(|(_, pair)| pair).collect();
    let objectives = match found.wishes.objectives.is_empty() {
        true => vec![wanted(metric), Objective::minimize(COST)],
        false => found.wishes.objectives.clone(),
    };
    let front = found.front(&objectives);
    let course = |cell: &CellFound| {
        let at = |(axis, value): (usize, &String)| settings[axis].values.iter().position(|other| other == value);
        let values = cell.record.values.iter().enumerate().map(at).collect::<Option<Vec<_>>>()?;
        Some(Course { values, value: measured(cell, metric)?.mean, front: front.contains(&cell.record.cell) })
    };
    let courses = found.cells.iter().filter_map(course).collect();
    let short = |setting: &Setting| Setting { name: name(&setting.name).to_string(), ..setting.clone() };
    let settings = settings.iter().map(short).collect();
    let more_is_better = more_is_better(metric);
    vec![
        ("interactions", Body::Interactions { y: words(metric), pairs }),
        ("parallel", Body::Parallel { settings, value: words(metric), courses, more_is_better }),
    ]
}

/// A figure over two settings, the others averaged, and how far it is from a mere sum of the effects of both.
fn interaction(
    found: &Found,
    metric: &str,
    (one, x): (usize, &Setting),
    (other, by): (usize, &Setting),
) -> Option<(f64, Pair)> {
    let mean = |a: &String, b: &String| {
        let with =
            |cell: &&CellFound| cell.record.values.get(one) == Some(a) && cell.record.values.get(other) == Some(b);
        let means: Vec<f64> =
            found.cells.iter().filter(with).filter_map(|cell| Some(measured(cell, metric)?.mean)).collect();
        (!means.is_empty()).then(|| means.iter().sum::<f64>() / means.len() as f64)
    };
    // Of many values some, evenly, with both ends.
    let n = by.values.len();
    let every = |i: usize| if n <= COLOURS { i } else { i * (n - 1) / (COLOURS - 1) };
    let lines: Vec<(String, Vec<Option<f64>>)> = (0..n.min(COLOURS))
        .map(|i| &by.values[every(i)])
        .map(|b| (b.clone(), x.values.iter().map(|a| mean(a, b)).collect()))
        .collect();
    let average = |values: &mut dyn Iterator<Item = f64>| {
        let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
        if count > 0.0 { sum / count } else { 0.0 }
    };
    let all = average(&mut lines.iter().flat_map(|line| line.1.iter().flatten().copied()));
    let of_line = |line: &[Option<f64>]| average(&mut line.iter().flatten().copied());
    let of_value = |at: usize| average(&mut lines.iter().filter_map(|line| line.1[at]));
    let mut strength = 0.0;
    for (_, line) in &lines {
        for (at, value) in line.iter().enumerate() {
            let Some(value) = value else { continue };
            let rest = value - of_line(line) - of_value(at) + all;
            strength += rest * rest;
        }
    }
    let short = |setting: &Setting| Setting { name: name(&setting.name).to_string(), ..setting.clone() };
    let measured = |mean: Option<f64>| mean.map(|mean| Measured { mean, half: None });
    let lines = lines.into_iter().map(|(b, line)| (b, line.into_iter().map(measured).collect())).collect();
    (x.values.len() > 1 && n > 1).then(|| (strength, Pair { x: short(x), by: name(&by.name).to_string(), lines }))
}

/// The figure against the cost.
fn against_cost(found: &Found, metric: &str) -> Option<Body> {
    let front = found.front(&[wanted(metric), Objective::minimize(COST)]);
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
    match (metric, unit(metric)) {
        ("availability", _) => "availability (share of requests)".into(),
        ("cost_usd.total", _) => "cost (USD)".into(),
        ("requests.failed", _) => "failed requests".into(),
        (_, Unit::Milliseconds) => match metric.strip_prefix("latency_ms.") {
            Some(which) => format!("latency {which} (ms)"),
            None => format!("{metric} (ms)"),
        },
        (_, Unit::Seconds) => format!("{metric} (s)"),
        (_, Unit::Dollars) => format!("{metric} (USD)"),
        (_, Unit::Share) => format!("{metric} (share)"),
        (_, Unit::Number) => metric.into(),
    }
}
