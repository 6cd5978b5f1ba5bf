//! Small scenarios run in memory, several replications at once, and what theory says held against their intervals.

use models::plan::Plan;
use models::result::{EventKind, RunResult, Summary, TimelineEvent};
use rayon::prelude::*;
use sim_core::stats::Interval;

/// Level of every interval. There are about a hundred of them with fixed seeds: at 99 % one would be expected to miss.
const LEVEL: f64 = 0.999;

/// The plan of a scenario, given by everything but its head.
pub fn plan(body: &str) -> Plan {
    let text = format!("Scenario(schema: 1, name: \"lab\", {body})");
    let source = scenarios::Source { name: "lab.ron".into(), text, dir: None };
    match scenarios::compile(&source, &[]) {
        Ok(compiled) => compiled.plan,
        Err(report) => panic!("{report}\n{}", source.text),
    }
}

/// One run under a seed.
pub fn run(plan: &Plan, seed: u64, replication: u32) -> RunResult {
    models::simulate(plan, seed, replication, &mut ()).expect("nobody interrupts")
}

/// Replications of a scenario, in order.
pub fn runs(body: &str, replications: u32) -> Vec<RunResult> {
    let plan = plan(body);
    (0..replications).into_par_iter().map(|replication| run(&plan, 1, replication)).collect()
}

/// Theory lies in the interval of the replications' means, and the interval is no wider than `width` of it each way.
pub fn agrees_within(width: f64, what: &str, theory: f64, samples: &[f64]) {
    let interval = Interval::from_samples(samples, LEVEL).expect("several replications");
    assert!(interval.contains(theory), "{what}: theory says {theory}, the simulation {interval}");
    let half = (interval.high() - interval.low()) / 2.0;
    assert!(half <= width * theory.abs(), "{what}: {interval} is too wide to say anything about {theory}");
}

/// The same for a figure of the summary, to 6 %.
pub fn agrees(runs: &[RunResult], what: &str, theory: f64, figure: impl Fn(&Summary) -> f64) {
    let samples: Vec<f64> = runs.iter().map(|run| figure(&run.summary)).collect();
    agrees_within(0.06, what, theory, &samples);
}

/// Exactly so, up to rounding.
pub fn is(what: &str, expected: f64, found: f64) {
    let close = (expected - found).abs() <= 1e-9 * expected.abs().max(1.0);
    assert!(close, "{what}: {found} instead of {expected}");
}

/// Entries of a kind, in order.
pub fn entries(run: &RunResult, kind: EventKind) -> Vec<&TimelineEvent> {
    run.timeline.iter().filter(|entry| entry.kind == kind).collect()
}

/// The time of the first entry of a kind from `after` on.
pub fn first(run: &RunResult, kind: EventKind, after: f64) -> f64 {
    let found = run.timeline.iter().find(|entry| entry.kind == kind && entry.t_s >= after);
    found.unwrap_or_else(|| panic!("no {kind:?} from {after} on in {:#?}", run.timeline)).t_s
}

/// The share of requests with an outcome among those that ended.
pub fn share(summary: &Summary, outcome: &str) -> f64 {
    let requests = &summary.requests;
    summary.outcomes.get(outcome).copied().unwrap_or(0) as f64 / (requests.succeeded + requests.failed) as f64
}

/// A column of the series.
pub fn column<'a>(run: &'a RunResult, name: &str) -> &'a [f64] {
    &run.series.get(name).unwrap_or_else(|| panic!("no column {name}")).values
}
