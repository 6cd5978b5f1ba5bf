use super::super::goal::Constraint;
use super::super::problem::Stopped;
use super::*;
use crate::experiment::sweep::axis::Axis;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// A formula with noise in the place of the simulator.
struct Formula<F> {
    /// Objective and one figure with a limit, of the values as numbers or names.
    of: F,
    /// Values of the scenario as it is.
    base: Vec<&'static str>,
    /// Standard deviation of the noise that all settings share, and of their own.
    noise: (f64, f64),
    runs: AtomicU64,
}

impl<F: Fn(&[&str]) -> Result<(f64, f64), String> + Sync> Problem for Formula<F> {
    type Ready = (Vec<String>, f64, f64);

    fn prepare(&self, values: Option<&[Value]>) -> Result<Self::Ready, String> {
        let texts: Vec<String> = match values {
            Some(values) => values.iter().map(|value| value.text.clone()).collect(),
            None => self.base.iter().map(ToString::to_string).collect(),
        };
        let (objective, figure) = (self.of)(&texts.iter().map(String::as_str).collect::<Vec<_>>())?;
        Ok((texts, objective, figure))
    }

    fn run(
        &self,
        (texts, objective, figure): &Self::Ready,
        chance: Chance,
        replication: u32,
    ) -> Result<Vec<f64>, Stopped> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        let seed = if chance == Chance::Search { 5 } else { 6 };
        let draw = |name: &str| sim_core::math::normal_quantile(Stream::new(seed, replication, "noise", name).unit());
        let noise = self.noise.0 * draw("all") + self.noise.1 * draw(&texts.join("|"));
        Ok(vec![objective + noise, figure + 0.1 * self.noise.1 * draw(&format!("figure {}", texts.join("|")))])
    }
}

fn axes(texts: &[(&str, &str)]) -> Vec<Axis> {
    texts.iter().map(|(path, values)| Axis::searched(path, values, Path::new(".")).unwrap()).collect()
}

/// Cost of two numbers and a name; a valley in the second, and a limit that the first must be at least 0.6 for. The least cost
/// that keeps it is 1.6, at (0.6, 0.3, y).
fn valley(values: &[&str]) -> Result<(f64, f64), String> {
    let number = |at: usize| values[at].parse::<f64>().map_err(|error| error.to_string());
    let (a, b) = (number(0)?, number(1)?);
    let name = if values[2] == "y" { 0.0 } else { 0.4 };
    Ok((1.0 + a + 4.0 * (b - 0.3) * (b - 0.3) + name, a))
}

const VALLEY: [(&str, &str); 3] = [("a", "0.0..1.0"), ("b", "0.0..1.0"), ("c", "x,y,z")];

fn goal() -> Goal {
    Goal::new("cost", true, vec![Constraint::parse("availability >= 0.6").unwrap()], &[])
}

fn settings(runs: u64, seed: u64, method: Method) -> Settings {
    let written = ["1.0", "0.9", "z"].map(|text| Some(text.to_string())).to_vec();
    Settings { budget: Budget::Runs(runs), seed, threads: Some(2), method, fresh: None, written }
}

/// The valley, searched, and what its winner costs in truth.
fn searched(settings: &Settings, noise: (f64, f64)) -> (Tuned, f64, f64) {
    let problem = Formula { of: valley, base: vec!["1.0", "0.9", "z"], noise, runs: AtomicU64::new(0) };
    let axes = axes(&VALLEY);
    let tuned = tune(&problem, &goal(), Space { axes: &axes }, settings).unwrap();
    assert_eq!(problem.runs.load(Ordering::Relaxed), tuned.spent.total(), "every run is accounted for");
    let values = tuned.candidates[tuned.winner].values.clone().unwrap_or_default();
    let texts: Vec<&str> = values.iter().map(|value| value.text.as_str()).collect();
    let (cost, figure) = if texts.is_empty() { valley(&problem.base).unwrap() } else { valley(&texts).unwrap() };
    (tuned, cost, figure)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
fn without_noise_the_optimum_is_found() {
    let (tuned, cost, figure) = searched(&settings(300, 1, Method::Race), (0.0, 0.0));
    assert_eq!(tuned.verdict, Verdict::Sure);
    assert!(figure >= 0.6 && cost < 1.66, "{figure} {cost}");
}

#[test]
fn with_noise_it_is_nearly_found_and_the_limit_is_kept() {
    let found: Vec<(f64, f64)> = (0..7)
        .map(|seed| {
            let (_, cost, figure) = searched(&settings(400, seed, Method::Race), (0.5, 0.1));
            (cost, figure)
        })
        .collect();
    assert!(found.iter().all(|(_, figure)| *figure >= 0.59), "{found:?}");
    assert!(median(found.iter().map(|found| found.0).collect()) < 1.75, "{found:?}");
}

#[test]
fn at_equal_budget_random_search_does_worse() {
    let cost = |method| -> Vec<f64> {
        (0..9)
            .map(|seed| {
                let (_, cost, figure) = searched(&settings(300, seed, method), (0.5, 0.1));
                // Whoever breaks the limit has not done what was asked.
                if figure >= 0.59 { cost } else { 9.0 }
            })
            .collect()
    };
    let (race, random) = (cost(Method::Race), cost(Method::Random));
    assert!(median(race.clone()) < median(random.clone()) - 0.05, "{race:?} {random:?}");
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let with = |threads| searched(&Settings { threads: Some(threads), ..settings(200, 3, Method::Race) }, (0.5, 0.1)).0;
    assert_eq!(with(1), with(4));
}

#[test]
fn the_hopeless_are_stopped_early_and_the_good_are_looked_at_longest() {
    let (tuned, ..) = searched(&settings(400, 1, Method::Race), (0.5, 0.1));
    let worth = |one: &&Candidate| -> f64 {
        let texts: Vec<&str> = one.values.iter().flatten().map(|value| value.text.as_str()).collect();
        let (cost, figure) = valley(&texts).unwrap();
        if figure < 0.6 { 3.0 + (0.6 - figure) } else { cost }
    };
    let mut tried: Vec<&Candidate> =
        tuned.candidates.iter().filter(|one| one.id > 0 && !matches!(one.origin, Origin::Aside(_))).collect();
    tried.sort_by(|a, b| worth(a).total_cmp(&worth(b)));
    let runs = |some: &[&Candidate]| some.iter().map(|one| one.runs.len()).sum::<usize>() as f64 / some.len() as f64;
    let quarter = tried.len() / 4;
    let (best, worst) = (runs(&tried[..quarter]), runs(&tried[tried.len() - quarter..]));
    assert!(worst < 3.0 && best > 2.0 * worst, "{best} {worst}");
}

#[test]
fn what_cannot_be_is_passed_over_at_no_cost() {
    let of = |values: &[&str]| match valley(values)? {
        (_, a) if a > 0.8 => Err("too much".to_string()),
        found => Ok(found),
    };
    let problem = Formula { of, base: vec!["0.7", "0.9", "z"], noise: (0.0, 0.0), runs: AtomicU64::new(0) };
    let axes = axes(&VALLEY);
    let tuned = tune(&problem, &goal(), Space { axes: &axes }, &settings(200, 1, Method::Race)).unwrap();
    let impossible: Vec<&Candidate> = tuned.candidates.iter().filter(|one| !one.is_possible()).collect();
    assert!(!impossible.is_empty() && impossible.iter().all(|one| one.runs.is_empty()));
    assert!(impossible.iter().all(|one| one.fate == Fate::Impossible("too much".into())));
    assert_eq!(tuned.verdict, Verdict::Sure);
}

#[test]
fn where_nothing_keeps_the_limit_the_nearest_is_shown_and_called_so() {
    let out_of_reach = Goal::new("cost", true, vec![Constraint::parse("availability >= 1.5").unwrap()], &[]);
    let problem = Formula { of: valley, base: vec!["0.1", "0.9", "z"], noise: (0.1, 0.01), runs: AtomicU64::new(0) };
    let axes = axes(&VALLEY);
    let tuned = tune(&problem, &out_of_reach, Space { axes: &axes }, &settings(300, 1, Method::Race)).unwrap();
    assert_eq!(tuned.verdict, Verdict::None);
    let nearest: f64 = tuned.candidates[tuned.winner].values.as_ref().unwrap()[0].text.parse().unwrap();
    assert!(nearest > 0.95, "{nearest}");
}

#[test]
fn a_space_of_few_settings_is_exhausted_and_no_more() {
    let of = |values: &[&str]| Ok((if values[0] == "b" { 1.0 } else { 2.0 }, 1.0));
    let problem = Formula { of, base: vec!["a"], noise: (0.0, 0.0), runs: AtomicU64::new(0) };
    let axes = axes(&[("x", "a,b,c")]);
    let written = vec![Some("a".to_string())];
    let settings = Settings { written, ..settings(200, 1, Method::Race) };
    let tuned = tune(&problem, &goal(), Space { axes: &axes }, &settings).unwrap();
    let tried = tuned.candidates.iter().filter(|one| one.id > 0 && !matches!(one.origin, Origin::Aside(_))).count();
    assert_eq!((tried, tuned.candidates[tuned.winner].values.as_ref().unwrap()[0].text.as_str()), (3, "b"));
}

#[test]
fn what_is_reported_of_the_winner_is_not_the_luck_it_won_by() {
    // All settings are alike: whatever wins is lucky.
    let of = |_: &[&str]| Ok((10.0, 1.0));
    let mean = |runs: &[Vec<f64>]| runs.iter().map(|run| run[0]).sum::<f64>() / runs.len() as f64;
    let (mut by_search, mut fresh) = (0.0, 0.0);
    for seed in 0..10 {
        let problem = Formula { of, base: vec!["1.0", "0.9", "z"], noise: (0.0, 1.0), runs: AtomicU64::new(0) };
        let axes = axes(&VALLEY);
        let tuned = tune(&problem, &goal(), Space { axes: &axes }, &settings(300, seed, Method::Race)).unwrap();
        let winner = &tuned.candidates[tuned.winner];
        by_search += mean(&winner.runs) / 10.0;
        fresh += mean(&winner.fresh) / 10.0;
    }
    assert!(by_search < 9.9, "a winner looks better than it is by the runs it won with: {by_search}");
    assert!((fresh - 10.0).abs() < 0.25, "{fresh}");
}

#[test]
fn each_parameter_is_moved_by_itself() {
    let (tuned, ..) = searched(&settings(400, 1, Method::Race), (0.5, 0.1));
    let winner = tuned.candidates[tuned.winner].values.clone().unwrap();
    for axis in 0..3 {
        assert!(tuned.effects.iter().any(|effect| effect.axis == axis));
    }
    for effect in &tuned.effects {
        let values = tuned.candidates[effect.id].values.as_ref().unwrap();
        let moved: Vec<usize> = (0..3).filter(|axis| values[*axis].text != winner[*axis].text).collect();
        assert_eq!(moved, [effect.axis]);
        let runs = &tuned.candidates[effect.id].fresh;
        assert!(
            runs.len() >= 2 && runs.len() <= tuned.candidates[tuned.winner].fresh.len(),
            "paired with the winner's"
        );
    }
    assert!(tuned.spent.total() <= 400, "{:?}", tuned.spent);
}
