//! The plots of a comparison: each figure on both sides, and both sides over time.
//!
//! # Models      means with the 95 % interval of each side; over time one run of each, the same arrivals for both
//! # Leaves out  bands over time: of differences the table tells

use super::{Page, sentence};
use crate::experiment::Estimate;
use models::result::Series;
use plots::{Body, Chart, Format, Measured, Setting, TimePanel, render_chart};

/// All of them; a plot that cannot be drawn is left out.
pub fn draw(page: &Page<'_>) -> Vec<(String, Vec<u8>)> {
    let over_time = over_time(page).map(|chart| ("over-time".to_string(), chart, (1600, 1100)));
    let figures = page.shown().map(|difference| {
        let stem = difference.metric.replace(|c: char| !c.is_ascii_alphanumeric() && c != '_', "-");
        let setting = Setting {
            name: format!("{} replications each, paired", page.replications),
            values: sides(page).to_vec(),
            at: None,
        };
        let measured = |e: &Estimate| Some(Measured { mean: e.mean, half: e.half_width });
        let lines = vec![(String::new(), vec![measured(&difference.a), measured(&difference.b)])];
        let chart = Chart {
            title: sentence(difference),
            caption: caption(page, "bars are 95 % intervals of each side"),
            body: Body::Lines { x: setting, y: difference.metric.clone(), lines },
        };
        (format!("compare-{stem}"), chart, (1200, 750))
    });
    let mut files = Vec::new();
    for (stem, chart, size) in over_time.into_iter().chain(figures) {
        for format in [Format::Png, Format::Svg] {
            if let Ok(bytes) = render_chart(&chart, format, Some(size)) {
                files.push((format!("{stem}.{}", format.extension()), bytes));
            }
        }
    }
    files
}

fn sides(page: &Page<'_>) -> [String; 2] {
    [format!("A: {}", page.names.0), format!("B: {}", page.names.1)]
}

fn caption(page: &Page<'_>, what: &str) -> String {
    format!("seed {} · sim {} · {what}", page.seed, env!("CARGO_PKG_VERSION"))
}

/// Latency, failures and capacity of both sides.
fn over_time(page: &Page<'_>) -> Option<Chart> {
    let [a, b] = page.series;
    // Of scenarios whose rows are of other lengths nothing stands side by side.
    if (a.interval_s - b.interval_s).abs() > 1e-9 {
        return None;
    }
    let column = |series: &Series, name: &str| series.get(name).map(|column| column.values.clone()).unwrap_or_default();
    let of =
        |y: &str, values: &dyn Fn(&Series) -> Vec<f64>| TimePanel { y: y.into(), runs: vec![values(a), values(b)] };
    let mut panels = vec![
        of("latency p99 (ms)", &|series| column(series, "latency_ms.p99")),
        of("failed (1/s)", &|series| column(series, "failed_per_s")),
        of("succeeded (1/s)", &|series| column(series, "succeeded_per_s")),
        of("instances in service", &in_service),
    ];
    panels.retain(|panel| panel.runs.iter().flatten().any(|value| value.is_finite()));
    Some(Chart {
        title: "A and B over time".into(),
        caption: caption(page, "replication 0 of each side, which met the same arrivals"),
        body: Body::OverTime { runs: sides(page).to_vec(), interval_s: a.interval_s, panels },
    })
}

/// Instances in service in all groups together.
fn in_service(series: &Series) -> Vec<f64> {
    let groups: Vec<&Vec<f64>> = series
        .columns
        .iter()
        .filter(|column| column.name.starts_with("group.") && column.name.ends_with(".in_service"))
        .map(|column| &column.values)
        .collect();
    let rows = groups.iter().map(|values| values.len()).max().unwrap_or(0);
    (0..rows).map(|row| groups.iter().filter_map(|values| values.get(row)).sum()).collect()
}
