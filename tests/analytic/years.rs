//! Availability over years, held against exact results: of Markov chains, of renewal theory, of independent parts.

use crate::lab::plan;
use crate::markov::TwoKinds;
use models::years::{Quiet, Stretch};
use sim::experiment::availability::figures::{Availability, ModeFigures, Setting, figures};
use sim::experiment::availability::{
    Architecture, Disturbed, History, Horizon, Rare, YEAR_S, history, rare, rates_at_rest,
};
use sim_core::{Dist, Sampler, Stream};
use std::sync::atomic::AtomicBool;

const HOUR: f64 = 3600.0;

/// Machines of several kinds; failed ones are repaired each by itself, or by a crew of one that prefers the first kind.
struct Farm {
    /// Machines of each kind, and failures of one per hour.
    kinds: Vec<(usize, f64)>,
    /// Time to repair one, in seconds.
    repair: Dist,
    /// A crew of one; else each is repaired by itself.
    crew: bool,
    /// Share lost when so many of each kind have failed.
    lost: fn(&[usize]) -> f64,
}

struct Floor<'a> {
    farm: &'a Farm,
    failed: Vec<usize>,
    now_s: f64,
    /// Ends of repairs under way, and of which kind.
    repairs: Vec<(f64, usize)>,
    sampler: Sampler,
    lengths: Stream,
}

impl Floor<'_> {
    /// A crew of one drops what it does for a machine of an earlier kind; with exponential repairs nothing is lost by that.
    fn assign(&mut self) {
        if self.farm.crew {
            self.repairs.clear();
            if let Some(kind) = self.failed.iter().position(|&count| count > 0) {
                self.begin(kind);
            }
        }
    }

    fn begin(&mut self, kind: usize) {
        let length = self.sampler.duration(&mut self.lengths).as_secs_f64();
        self.repairs.push((self.now_s + length, kind));
    }
}

impl Architecture for Farm {
    type World<'a> = Floor<'a>;

    fn modes(&self) -> usize {
        self.kinds.len()
    }

    fn rate(&self, mode: usize) -> f64 {
        self.kinds[mode].1 / HOUR
    }

    fn begin(&self, seed: u64, replication: u32) -> Floor<'_> {
        let lengths = Stream::new(seed, replication, "farm", "repairs");
        let failed = vec![0; self.kinds.len()];
        Floor { farm: self, failed, now_s: 0.0, repairs: Vec::new(), sampler: self.repair.sampler(), lengths }
    }
}

impl Disturbed for Floor<'_> {
    fn exposed(&self, mode: usize) -> f64 {
        (self.farm.kinds[mode].0 - self.failed[mode]) as f64
    }

    fn strike(&mut self, mode: usize) {
        self.failed[mode] += 1;
        if self.farm.crew { self.assign() } else { self.begin(mode) }
    }

    fn advance(&mut self, most_s: f64) -> Stretch {
        let lost = (self.farm.lost)(&self.failed);
        let first = self.repairs.iter().copied().reduce(|a, b| if b.0 < a.0 { b } else { a });
        let Some((end, kind)) = first.filter(|first| first.0 - self.now_s <= most_s) else {
            self.now_s += most_s;
            return Stretch { seconds: most_s, lost };
        };
        let seconds = end - self.now_s;
        self.now_s = end;
        self.failed[kind] -= 1;
        self.repairs.retain(|one| *one != (end, kind));
        self.assign();
        Stretch { seconds, lost }
    }

    fn at_rest(&self) -> bool {
        self.failed.iter().all(|&count| count == 0)
    }

    fn restored_by_hand(&self) -> bool {
        false
    }
}

fn horizon(years: u32, stop: &AtomicBool) -> Horizon<'_> {
    Horizon { years, seed: 1, least_share: 0.05, stop }
}

fn lived<A: Architecture>(architecture: &A, years: u32) -> History {
    let stop = AtomicBool::new(false);
    history(architecture, &rates_at_rest(architecture, 1), &horizon(years, &stop), &|_| {}).unwrap()
}

fn forced<A: Architecture>(architecture: &A, cycles: u32) -> Rare {
    let stop = AtomicBool::new(false);
    rare(architecture, &rates_at_rest(architecture, 1), cycles, &horizon(1, &stop), &|| {}).unwrap()
}

fn told(history: &History, rare: Option<&Rare>, modes: usize) -> Availability {
    let mode = |n| ModeFigures { name: format!("kind {n}"), parts: 1.0, mtbf_years: 1.0, mttr_s: None, assumed: false };
    let modes = (0..modes).map(mode).collect();
    figures(Setting { scenario: "farm", seed: 1, requests_per_s: 1.0, least_share: 0.05, modes }, history, rare)
}

/// The share that forced cycles say is lost while several machines have failed, and its standard error over itself.
fn share(rare: &Rare) -> (f64, f64) {
    (rare.lost_s.mean().unwrap() * rare.per_year / YEAR_S, rare.relative_error().expect("something was lost"))
}

/// The exact share lies in the interval of the simulated one, and that is no wider than `width` of it each way.
fn agrees(what: &str, exact: f64, found: &Availability, width: f64) {
    let interval = found.availability;
    let (low, high) = (1.0 - interval.high, 1.0 - interval.low);
    assert!((low..=high).contains(&exact), "{what}: exactly {exact}, simulated {low} to {high}");
    assert!((high - low) / 2.0 <= width * exact, "{what}: {low} to {high} says too little of {exact}");
}

/// Two of three machines are needed, each repaired by itself: the machine-repair chain. Source: Barlow and Proschan,
/// "Statistical Theory of Reliability" (1975), section 7.3.
#[test]
fn two_of_three_machines() {
    let lost = |failed: &[usize]| f64::from(failed[0] >= 2);
    let farm = Farm { kinds: vec![(3, 0.01)], repair: Dist::Exponential { mean: 5.0 * HOUR }, crew: false, lost };
    let chain = TwoKinds { machines: (3, 0), fail: (0.01, 0.0), repair: |a, _| (a as f64 / 5.0, 0.0) };
    let exact = chain.share(|a, _| a >= 2);
    agrees("2 of 3", exact, &told(&lived(&farm, 1000), None, 1), 0.05);
}

/// The same with a crew of one, where what is lost is the share that has failed.
#[test]
fn a_crew_of_one_and_a_share_lost() {
    let lost = |failed: &[usize]| failed[0] as f64 / 4.0;
    let farm = Farm { kinds: vec![(4, 0.02)], repair: Dist::Exponential { mean: 4.0 * HOUR }, crew: true, lost };
    let chain = TwoKinds { machines: (4, 0), fail: (0.02, 0.0), repair: |_, _| (0.25, 0.0) };
    let exact: f64 = (1..=4).map(|failed| failed as f64 / 4.0 * chain.share(|a, _| a == failed)).sum();
    agrees("crew", exact, &told(&lived(&farm, 300), None, 1), 0.05);
}

/// Machines of two kinds and a crew of one: all of a kind are down once in a thousand million years and more. A history sees
/// nothing, forced failures give the chain's result to a few percent. Source of the example's shape: Shahabuddin (1994).
#[test]
fn highly_reliable_machines_that_no_history_sees_fail() {
    let lost = |failed: &[usize]| f64::from(failed[0] >= 3 || failed[1] >= 2);
    let farm = Farm { kinds: vec![(3, 1e-5), (2, 1e-7)], repair: Dist::Exponential { mean: HOUR }, crew: true, lost };
    let repair = |a: usize, _: usize| if a > 0 { (1.0, 0.0) } else { (0.0, 1.0) };
    let chain = TwoKinds { machines: (3, 2), fail: (1e-5, 1e-7), repair };
    let exact = chain.share(|a, b| a >= 3 || b >= 2);
    assert!(exact < 1e-13, "{exact}");
    let seen = lived(&farm, 1000);
    assert!(seen.years.iter().all(|year| year.several_s == 0.0), "a history of a thousand years sees nothing");
    let rare = forced(&farm, 80_000);
    let (found, error) = share(&rare);
    assert!(error < 0.05, "relative error {error}");
    assert!((found / exact - 1.0).abs() < 4.0 * error, "{found} instead of {exact}, relative error {error}");
    let told = told(&seen, Some(&rare), 2);
    agrees("all together", exact, &told, 0.1);
}

/// Three kinds of ever rarer machines, one of each needed out of two: every kind contributes, and balanced biasing finds the
/// rarest too. Independent repairs make the exact result a product.
#[test]
fn balanced_biasing_finds_every_kind() {
    let lost = |failed: &[usize]| f64::from(failed.contains(&2));
    let rates = [1e-4, 3e-5, 1e-5];
    let farm = Farm {
        kinds: rates.iter().map(|&rate| (2, rate)).collect(),
        repair: Dist::Exponential { mean: 2.0 * HOUR },
        crew: false,
        lost,
    };
    let down = |rate: f64| {
        let one = 2.0 * rate / (1.0 + 2.0 * rate);
        one * one
    };
    let exact = 1.0 - rates.iter().map(|&rate| 1.0 - down(rate)).product::<f64>();
    let rare = forced(&farm, 40_000);
    let (found, error) = share(&rare);
    assert!(error < 0.05 && (found / exact - 1.0).abs() < 4.0 * error, "{found} instead of {exact}, {error}");
    for (kind, rate) in (0u16..).zip(rates) {
        let own = rare.combinations.get(&vec![kind, kind]).map_or(0.0, |sums| sums.lost_s) * rare.per_year / YEAR_S;
        assert!((own / down(rate) - 1.0).abs() < 0.2, "kind {kind}: {own} instead of {}", down(rate));
    }
}

/// Two parts of which one is needed, repair times of any law: each is down MTTR/(MTBF+MTTR) of the time, both that squared.
/// A heavy tail is what a weight without a bound would not survive. Source: Barlow and Proschan (1975), section 7.2.
#[test]
fn repairs_of_any_law() {
    let lost = |failed: &[usize]| f64::from(failed[0] >= 2);
    for repair in [Dist::Constant(2.0 * HOUR), Dist::Lognormal { mean: 2.0 * HOUR, cv: 2.0 }] {
        let farm = Farm { kinds: vec![(2, 1e-4)], repair: repair.clone(), crew: false, lost };
        let one = 2.0e-4 / (1.0 + 2.0e-4);
        let (found, error) = share(&forced(&farm, 40_000));
        let exact = one * one;
        assert!(error < 0.15 && (found / exact - 1.0).abs() < 4.0 * error, "{repair:?}: {found} of {exact}, {error}");
    }
}

/// Nothing depends on the number of threads.
#[test]
fn the_number_of_threads_changes_no_year() {
    let lost = |failed: &[usize]| failed[0] as f64 / 2.0;
    let farm = Farm { kinds: vec![(2, 1e-3)], repair: Dist::Exponential { mean: HOUR }, crew: false, lost };
    let on = |threads: usize| {
        sim::experiment::availability::on_threads(Some(threads), || {
            let (history, rare) = (lived(&farm, 20), forced(&farm, 200));
            Ok(format!("{:?} {:?}", told(&history, Some(&rare), 1), history.years))
        })
    };
    assert_eq!(on(1).unwrap(), on(4).unwrap());
}

const SERVER: &str = "duration: \"1h\",
    clients: { \"c\": (to: \"web\", arrivals: Poisson(\"90/s\"), retry: Fixed(attempts: RETRIES, delay: \"10ms\")) },
    launch_templates: { \"t\": (vcpus: 1) },
    instances: { \"web\": (count: 3, launch_template: \"t\") },
    services: { \"web\": (runs_on: \"web\", workers: 64, endpoints: { \"page\": (steps: [Compute(\"DEMANDms\")]) }) },
    failures: (hosts: (mtbf: \"never\"), processes: (mtbf: \"8h\", mttr: Exp(mean: \"5m\")))";

/// The world itself, with a chain to compare with: three servers without a balancer hang now and then, a third of the requests
/// meets each. Hangs of one server overlap as they come (M/G/∞), so it is well with probability e^(−MTTR/MTBF).
#[test]
fn servers_that_hang_in_the_world_itself() {
    let quiet = Quiet::new(&plan(&SERVER.replace("RETRIES", "1").replace("DEMAND", "1"))).unwrap();
    let exact = 1.0 - (-5.0_f64 / 480.0).exp();
    agrees("hangs", exact, &told(&lived(&quiet, 4), None, 1), 0.06);
}

/// The same servers for callers that try again until they meet one that works, loaded so that two carry 2/2.7 of it and one
/// 1/2.7: the binomial distribution.
#[test]
fn what_does_not_fit_is_lost() {
    let quiet = Quiet::new(&plan(&SERVER.replace("RETRIES", "50").replace("DEMAND", "30"))).unwrap();
    let well = (-5.0_f64 / 480.0).exp();
    let ill = 1.0 - well;
    let exact = 3.0 * well * well * ill * (1.0 - 2.0 / 2.7) + 3.0 * well * ill * ill * (1.0 - 1.0 / 2.7) + ill.powi(3);
    agrees("fits", exact, &told(&lived(&quiet, 4), None, 1), 0.08);
}
