//! The whole world: what a simulated request costs, with everything a run has by default.
//!
//! ```text
//!  built-in scenario ──settings changed──► Plan ──simulate──► requests ended, per second of this machine
//! ```
//! The figure to read is items per second: requests. A plan is compiled once and simulated in every sample, without the
//! output files. A sample must end as many requests as the arrivals promise, so that a bench of nothing is noticed.

use divan::Bencher;
use divan::counter::ItemsCount;
use models::plan::Plan;

fn main() {
    divan::main();
}

/// Every part on: hops, client timeouts, health checks, metrics, alarms; eight instances.
#[divan::bench(sample_count = 9, sample_size = 1)]
fn web_farm(bencher: Bencher) {
    requests(bencher, "web-farm", 2_000, 300, &[]);
}

/// The stations alone, to be held against a loop written by hand.
#[divan::bench(sample_count = 9, sample_size = 1)]
fn bare_farm(bencher: Bencher) {
    requests(bencher, "bare-farm", 2_000, 300, &[]);
}

/// The web farm with 1,000 instances, arrivals and connections scaled alike: a request must not cost more for it.
#[divan::bench(sample_count = 9, sample_size = 1)]
fn wide_farm(bencher: Bencher) {
    let wide = [
        ("clients.visitors.arrivals", "Poisson(\"250000/s\")"),
        ("instances.web.count", "1000"),
        ("databases.store.connections", "4000"),
    ];
    requests(bencher, "web-farm", 250_000, 4, &wide);
}

/// Simulates so many seconds in which `rate` requests a second arrive.
fn requests(bencher: Bencher, scenario: &str, rate: u64, seconds: u64, changes: &[(&str, &str)]) {
    let (plan, expected) = (plan(scenario, seconds, changes), rate * seconds);
    bencher.counter(ItemsCount::new(expected)).bench_local(|| {
        let Ok(result) = models::simulate(&plan, 1, 0, &mut ()) else {
            unreachable!("nobody interrupts it");
        };
        let ended = result.summary.requests.succeeded + result.summary.requests.failed;
        assert!(ended.abs_diff(expected) * 100 < expected, "{ended} requests ended, not about {expected}");
        result.summary.digest
    });
}

/// A built-in scenario, for so many seconds and from the first on, with further settings changed as `--set` changes them.
fn plan(scenario: &str, seconds: u64, changes: &[(&str, &str)]) -> Plan {
    let horizon = [("duration", format!("{seconds}s")), ("warm_up", "0s".to_owned())];
    let changes = changes.iter().map(|(path, value)| (*path, (*value).to_owned()));
    let sets: Vec<(String, String)> =
        horizon.into_iter().chain(changes).map(|(path, value)| (path.to_owned(), value)).collect();
    let compiled = scenarios::load(scenario).and_then(|source| scenarios::compile(&source, &sets));
    compiled.unwrap_or_else(|report| panic!("{scenario}: {report:?}")).plan
}
