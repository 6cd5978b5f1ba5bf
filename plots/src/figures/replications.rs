//! One figure over several replications: its mean, how sure that mean is, and how far single runs were from it.
//!
//! Models: per row the mean, its 95 % confidence interval by Student's t, and the range of the runs. Runs that have no
//! value in a row are left out of that row.
//! Source: A. M. Law, *Simulation Modeling and Analysis*, 5th ed., § 9.4.1 (terminating runs).

use crate::sheet::{Curve, Panel, Ribbon};
use crate::theme::BLUE;
use models::result::Series;
use plotters::style::RGBColor;
use sim_core::math::student_t_quantile;

/// The panel of a column, or `None` if no series has it.
pub(crate) fn panel(series: &[Series], column: &str) -> Option<Panel<'static>> {
    let columns: Vec<_> = series.iter().filter_map(|one| one.get(column)).collect();
    let unit = &columns.first()?.unit;
    let rows = columns.iter().map(|column| column.values.len()).max()?;
    let mut figures = [const { Vec::new() }; 5];
    // Finding a quantile takes longer than all else, and most rows have as many values as the last one.
    let quantiles: Vec<f64> = (0..=columns.len()).map(quantile).collect();
    for row in 0..rows {
        let values = columns.iter().filter_map(|column| column.values.get(row).copied()).filter(|v| v.is_finite());
        for (list, value) in figures.iter_mut().zip(row_figures(&values.collect::<Vec<_>>(), &quantiles)) {
            list.push(value);
        }
    }
    let [mean, low, high, least, most] = figures;
    let mut panel = Panel::new("", format!("{} ({unit})", name(column)));
    let n = columns.len();
    let light = |label: &str, colour, low: Vec<f64>, high: Vec<f64>| Ribbon {
        label: label.to_owned(),
        colour,
        low: low.into(),
        high: high.into(),
    };
    panel.ribbons.push(light("range of the runs", RGBColor(0xe2, 0xee, 0xf6), least, most));
    panel.ribbons.push(light("95 % interval of the mean", RGBColor(0x9c, 0xc9, 0xe6), low, high));
    panel.curves.push(Curve {
        label: format!("mean of {n} replication{}", if n == 1 { "" } else { "s" }),
        colour: BLUE,
        width: 2.6,
        dashed: false,
        values: mean.into(),
    });
    Some(panel)
}

/// A column's name as people say it: `latency_ms.p99` as `p99 latency`.
pub(crate) fn name(column: &str) -> String {
    match column.split_once('.') {
        Some(("latency_ms", which)) => format!("{which} latency"),
        Some(("cpu_percent", group)) => format!("CPU of {group}"),
        _ => column.replace("_per_s", " per second").replace(['_', '.'], " "),
    }
}

/// Of Student's t for the mean of `n` values, two-sided 95 %.
fn quantile(n: usize) -> f64 {
    if n < 2 { f64::NAN } else { student_t_quantile((n - 1) as f64, 0.975) }
}

/// Mean, both ends of its interval, least and greatest; NaN where there is none.
fn row_figures(values: &[f64], quantiles: &[f64]) -> [f64; 5] {
    let n = values.len() as f64;
    if values.is_empty() {
        return [f64::NAN; 5];
    }
    let mean = values.iter().sum::<f64>() / n;
    let (least, most) = values.iter().fold((f64::MAX, f64::MIN), |(a, b), &v| (a.min(v), b.max(v)));
    if values.len() < 2 {
        return [mean, f64::NAN, f64::NAN, least, most];
    }
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    let half = quantiles[values.len()] * (variance / n).sqrt();
    [mean, mean - half, mean + half, least, most]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_students() {
        let quantiles: Vec<f64> = (0..4).map(quantile).collect();
        let [mean, low, high, least, most] = row_figures(&[1.0, 2.0, 3.0], &quantiles);
        // s = 1, n = 3: half width 4.303 / √3.
        assert!((mean - 2.0).abs() < 1e-12 && (high - 2.0 - 2.4843).abs() < 1e-3 && (2.0 - low - 2.4843).abs() < 1e-3);
        assert_eq!((least, most), (1.0, 3.0));
        assert!(row_figures(&[5.0], &quantiles)[1].is_nan() && row_figures(&[], &quantiles)[0].is_nan());
    }
}
