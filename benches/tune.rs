//! `sim tune` against random search at equal budget, on the shipped scenario, over several seeds.
//!
//! ```text
//!  seed ──race, random──► winners ──fresh replications, the same for both──► cost, if the limits are kept ──► table, medians
//! ```
//! What is printed is the cost of the winner by replications that neither search has seen; a winner that breaks a limit there
//! has not done what was asked. `cargo bench --bench tune`, or with a budget and a number of seeds:
//! `cargo bench --bench tune -- 200 5`.

use std::io::Write;
use std::process::{Command, Stdio};

/// Runs of each search, and seeds.
const BUDGET: u64 = 400;
const SEEDS: u64 = 10;

/// What came of one search.
struct Found {
    cost: f64,
    kept: bool,
}

fn main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|text| text.parse().ok()).collect();
    // `--test`: only whether it works.
    let (most, many) = if std::env::args().any(|text| text == "--test") { (100, 1) } else { (BUDGET, SEEDS) };
    let (budget, seeds) = (numbers.first().copied().unwrap_or(most), numbers.get(1).copied().unwrap_or(many));
    let mut out = std::io::stdout();
    let mut say = |text: String| {
        let _ = writeln!(out, "{text}");
    };
    say(format!("scenario tuning, {budget} runs each: cost of the winner by fresh replications\n"));
    say(format!("{:>5}  {:>10}  {:>10}", "seed", "race", "random"));
    let (mut race, mut random, mut won) = (Vec::new(), Vec::new(), 0);
    for seed in 1..=seeds {
        let [one, other] = ["race", "random"].map(|method| search(method, budget, seed));
        let shown = |found: &Found| format!("{:.4}{}", found.cost, if found.kept { "" } else { " ✗" });
        say(format!("{seed:>5}  {:>10}  {:>10}", shown(&one), shown(&other)));
        won += u64::from(one.kept && (!other.kept || one.cost < other.cost));
        race.push(one);
        random.push(other);
    }
    say(format!(
        "\nmedian {:>9.4}  {:>10.4}   (✗: a limit is broken, counts as worst)",
        median(&race),
        median(&random)
    ));
    say(format!("racing is better for {won} of {seeds} seeds"));
}

/// The middle cost; what breaks a limit is dearer than anything.
fn median(all: &[Found]) -> f64 {
    let mut costs: Vec<f64> = all.iter().map(|found| if found.kept { found.cost } else { f64::INFINITY }).collect();
    costs.sort_by(f64::total_cmp);
    costs[costs.len() / 2]
}

/// One search as a whole process.
fn search(method: &str, budget: u64, seed: u64) -> Found {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    let args = format!("tune tuning --method {method} --budget {budget}runs --seed {seed} --format json --no-plots");
    command.args(args.split(' ')).current_dir(&folder).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().unwrap_or_else(|error| panic!("cannot start it: {error}"));
    assert!(matches!(output.status.code(), Some(0 | 1)), "sim {args} ended with {}", output.status);
    let found: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("sim {args}: {error}"));
    let cost = found["winner"]["fresh"]["cost_usd.total"]["mean"].as_f64();
    Found { cost: cost.unwrap_or(f64::INFINITY), kept: found["verdict"] != "none" }
}
