//! The plots of a search: the objective against each figure with a limit, the front marked, and what each parameter does.
//!
//! # Models      a point for each setting that was tried, with the intervals of those on the front
//! # Leaves out  settings of which a figure is missing

use super::effects;
use super::told::Told;
use crate::experiment::tune::{Candidate, Origin};
use crate::output::sweep::plots::words;
use crate::output::units;
use plots::{Body, Chart, Format, Measured, Point, Setting, render_chart};

/// Pictures: file names and contents, and a word on those that could not be drawn.
pub fn draw(told: &Told<'_>) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
    let (mut files, mut undrawn) = (Vec::new(), Vec::new());
    for (stem, chart) in charts(told) {
        for format in [Format::Png, Format::Svg] {
            match render_chart(&chart, format, None) {
                Ok(bytes) => files.push((format!("{stem}.{}", format.extension()), bytes)),
                Err(error) => undrawn.push(format!("{stem}: {error}")),
            }
        }
    }
    (files, undrawn)
}

fn stem(metric: &str) -> String {
    metric.replace(|c: char| !c.is_ascii_alphanumeric() && c != '_', "-")
}

fn charts(told: &Told<'_>) -> Vec<(String, Chart)> {
    let mut charts = Vec::new();
    let objective = words(told.goal.objective());
    let caption = |what: &str| format!("{what} · seed {} · sim {}", told.seeds[0], env!("CARGO_PKG_VERSION"));
    let mut seen = vec![0];
    for limit in &told.goal.constraints {
        let figure = told.goal.position(&limit.metric);
        if seen.contains(&figure) {
            continue;
        }
        seen.push(figure);
        let tried = told.tuned.candidates.iter().filter(|one| !matches!(one.origin, Origin::Aside(_))).count();
        charts.push((
            format!("front-{}", stem(&limit.metric)),
            Chart {
                title: format!("{}: {objective} against {}", told.scenario, words(&limit.metric)),
                caption: caption(&format!(
                    "{}, the front in blue · wanted: {} · bars are 95 % intervals",
                    units::plural(tried as u64, "setting"),
                    limit.text
                )),
                body: Body::Scatter { x: objective.clone(), y: words(&limit.metric), points: points(told, figure) },
            },
        ));
    }
    let settings: Vec<(Setting, Vec<Option<Measured>>)> =
        (0..told.axes.len()).filter_map(|axis| effect(told, axis)).collect();
    if !settings.is_empty() {
        let chart = Chart {
            title: format!("{}: {objective} by each setting, the others as found", told.scenario),
            caption: caption("bars are 95 % intervals"),
            body: Body::Effects { y: objective, settings },
        };
        charts.push(("sensitivity".into(), chart));
    }
    charts
}

/// Every setting that was tried; of those not on the front the mean alone, lest the plot be all bars. A setting far off would
/// leave no room for the others and is left out.
fn points(told: &Told<'_>, figure: usize) -> Vec<Point> {
    let tried = told.tuned.candidates.iter().filter(|one| !matches!(one.origin, Origin::Aside(_)));
    let point = |one: &Candidate| {
        let front = told.tuned.front.contains(&one.id);
        let measured = |at: usize| {
            let estimate = told.estimate(&one.runs, at)?;
            Some(Measured { mean: estimate.mean, half: estimate.half_width.filter(|_| front) })
        };
        let label = match one.id {
            id if id == told.tuned.winner => "found",
            0 => "as it is",
            _ => "",
        };
        let x = measured(0)?;
        Some(Point { x, y: measured(figure)?, front, label: label.to_string() })
    };
    tried.filter_map(point).collect()
}

/// The objective by one setting.
fn effect(told: &Told<'_>, axis: usize) -> Option<(Setting, Vec<Option<Measured>>)> {
    let levels = effects::levels(told, axis);
    let values = levels.iter().map(|level| {
        let estimate = told.estimate(&told.tuned.candidates[level.id].fresh, 0)?;
        // The difference to the winner is known better than either figure.
        Some(Measured { mean: estimate.mean, half: level.gap.and_then(|gap| gap.half) })
    });
    let at: Option<Vec<f64>> = levels.iter().map(|level| level.number).collect();
    let setting =
        Setting { name: told.name(axis), values: levels.iter().map(|level| level.value.clone()).collect(), at };
    (levels.len() > 1).then(|| (setting, values.collect()))
}
