//! A run as Markdown, for a pull request: what users felt, what happened, what it cost, and whether it was as expected.
//!
//! # Models      the words and figures of the page; intervals where there are replications
//! # Leaves out  machinery, timeline and plots: the report has them

use super::markdown::{escape, table};
use super::{headline, incidents, units, verdicts};
use crate::experiment::{Experiment, Verdict};
use models::result::Summary;
use std::fmt::Write;

/// How a figure is written.
type Show = fn(f64) -> String;

/// The whole of it.
pub fn markdown(experiment: &Experiment) -> String {
    let summary = &experiment.first.summary;
    let mut out = String::new();
    let _ = writeln!(out, "## {}\n\n{}\n", escape(&summary.scenario), escape(&headline::sentence(summary)));
    let replications = match &experiment.aggregate {
        Some(aggregate) => format!(", {} replications, of which this is 0", aggregate.replications),
        None => String::new(),
    };
    let _ = writeln!(
        out,
        "seed {}{replications}, {} simulated, digest `{}`, sim {}",
        summary.seed,
        units::seconds(summary.duration_s),
        escape(&summary.digest),
        escape(&summary.version)
    );
    expectations(&mut out, experiment);
    figures(&mut out, experiment);
    causes(&mut out, summary);
    reactions(&mut out, summary);
    for (at, warning) in summary.warnings.iter().enumerate() {
        let _ = writeln!(out, "{}- {}", if at == 0 { "\n### Cautions\n\n" } else { "" }, escape(warning));
    }
    out
}

fn expectations(out: &mut String, experiment: &Experiment) {
    let verdicts = experiment.verdicts();
    let row = |verdict: &Verdict| {
        let sign = verdicts::sign(verdict.standing).0.to_string();
        vec![sign, verdict.shown.text.clone(), verdicts::line(verdict)]
    };
    let rows: Vec<Vec<String>> = verdicts.iter().map(row).collect();
    table(out, "Expected", &["", "", "found"].map(String::from), 3, &rows);
}

fn figures(out: &mut String, experiment: &Experiment) {
    let summary = &experiment.first.summary;
    let (requests, l) = (&summary.requests, &summary.latency_ms);
    let figures: [(&str, &str, f64, Show); 8] = [
        ("availability", "availability", summary.availability, units::percent),
        ("requests", "requests.offered", requests.offered as f64, units::figure),
        ("failed", "requests.failed", requests.failed as f64, units::figure),
        ("goodput per second", "goodput_per_s", summary.goodput_per_s, units::figure),
        ("latency, median", "latency_ms.p50", l.p50, units::ms),
        ("latency, 99 % below", "latency_ms.p99", l.p99, units::ms),
        ("cost per hour", "cost_usd.per_hour", summary.cost_usd.per_hour, units::usd),
        ("cost", "cost_usd.total", summary.cost_usd.total, units::usd),
    ];
    let row = |(label, name, value, show): &(&str, &str, f64, Show)| match &experiment.aggregate {
        None => vec![(*label).to_string(), show(*value)],
        Some(aggregate) => {
            let estimate = aggregate.get(name);
            let half = estimate.and_then(|estimate| estimate.half_width);
            vec![
                (*label).to_string(),
                estimate.map_or("–".into(), |estimate| show(estimate.mean)),
                half.map_or("–".into(), show),
            ]
        }
    };
    let rows: Vec<Vec<String>> = figures.iter().map(row).collect();
    match &experiment.aggregate {
        None => table(out, "Figures", &["", ""].map(String::from), 1, &rows),
        Some(_) => table(out, "Figures", &["", "mean", "± (95 %)"].map(String::from), 1, &rows),
    }
}

fn causes(out: &mut String, summary: &Summary) {
    let row = |(cause, n): (&str, u64)| vec![headline::meaning(cause).to_string(), units::count(n)];
    let rows: Vec<Vec<String>> = headline::causes(summary).into_iter().map(row).collect();
    table(out, "Errors by cause", &["", "requests"].map(String::from), 1, &rows);
}

fn reactions(out: &mut String, summary: &Summary) {
    let row = |incident| {
        let told = [incidents::line(incident)].into_iter().chain(incidents::missing(incident));
        let told: Vec<String> = told.filter(|text| !text.is_empty()).collect();
        vec![units::clock(incident.t_s), incidents::title(incident), incidents::felt(incident), told.join("; ")]
    };
    let rows: Vec<Vec<String>> = summary.incidents.iter().map(row).collect();
    table(out, "Incidents", &["at", "what", "felt", "reaction"].map(String::from), 4, &rows);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::sample;

    #[test]
    fn the_brief_tells_what_was_felt_and_nothing_becomes_markup() {
        let mut first = sample::result();
        first.summary.incidents[0].subject = "<img>|x".into();
        let experiment = Experiment { first, replications: vec![], aggregate: None, requests: 1, wall_s: 1.0 };
        let text = markdown(&experiment);
        for part in ["## sample", "| availability |", "### Errors by cause", "### Incidents", "### Expected"] {
            assert!(text.contains(part), "no {part} in\n{text}");
        }
        assert!(!text.contains("<img>"), "{text}");
        // Every table is one: as many cells in a row as heads.
        let cells = |line: &str| line.replace("\\|", "").matches('|').count();
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.windows(2).filter(|pair| pair.iter().all(|line| line.starts_with('|'))) {
            assert_eq!(cells(pair[0]), cells(pair[1]), "{pair:?}");
        }
    }
}
