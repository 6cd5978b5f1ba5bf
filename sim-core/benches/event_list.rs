//! The event list alone: the hold model, with short random delays and with a sea of timers.
//!
//! A hold takes the earliest event and schedules one again, so that the number pending stays. Each sample is a million
//! holds: the figure shown is milliseconds a sample, which is nanoseconds a hold.
//!
//! Source: the hold model, Vaucher and Duval, "A comparison of simulation event list algorithms" (1975); the sea of
//! timers after ns-3's `utils/bench-scheduler.cc`.

use divan::{Bencher, black_box};
use sim_core::{Dist, Duration, EventList, Stream, Time, Words};

fn main() {
    divan::main();
}

const HOLDS: u32 = 1_000_000;

/// Exponential delays of mean one second, drawn beforehand.
struct Delays {
    table: Vec<Duration>,
    next: usize,
}

impl Delays {
    fn new() -> Delays {
        let (mut words, sampler) = (Stream::new(7, 0, "bench", "delays"), Dist::Exponential { mean: 1.0 }.sampler());
        Delays { table: (0..1 << 14).map(|_| sampler.duration(&mut words)).collect(), next: 0 }
    }

    #[inline]
    fn next(&mut self) -> Duration {
        self.next = (self.next + 1) % (1 << 14);
        self.table[self.next]
    }
}

/// A heap of so many pending events.
#[divan::bench(args = [10, 100, 1_000, 100_000], sample_count = 9, sample_size = 1)]
fn hold(bencher: Bencher, pending: u64) {
    let (mut list, mut delays) = (EventList::new(), Delays::new());
    (0..pending).for_each(|event| list.after(delays.next(), event));
    let mut hold = move |holds: u32| {
        for _ in 0..holds {
            if let Some((_, event)) = list.pop_before(black_box(Time::MAX)) {
                list.after(delays.next(), event);
            }
        }
    };
    hold(400_000.max(2 * pending as u32));
    bencher.bench_local(move || hold(HOLDS));
}

/// Nine of ten events at one of four constant delays, among 40,000 pending timers of 10 seconds; lanes or the heap.
#[divan::bench(args = [true, false], sample_count = 9, sample_size = 1)]
fn timers(bencher: Bencher, lanes: bool) {
    let (mut list, mut delays, mut words) = (EventList::new(), Delays::new(), Stream::new(7, 0, "bench", "kinds"));
    let constants =
        [Duration::from_micros(250), Duration::from_millis(1), Duration::from_millis(2), Duration::from_secs(10)];
    let through = constants.map(|delay| list.lane(delay));
    // 4,000 timers a second, each of 10 seconds, and beside them a few that go round quickly.
    let schedule = move |list: &mut EventList<u64>, kind: usize, event: u64| {
        if lanes { list.via(through[kind], event) } else { list.after(constants[kind], event) }
    };
    (0..40_000).for_each(|event| list.at(Time::from_nanos(250_000 * (event + 1)), event));
    (40_000..40_016).for_each(|event| list.after(Duration::from_micros(event), event));
    let mut hold = move |holds: u32| {
        for _ in 0..holds {
            if let Some((_, event)) = list.pop_before(black_box(Time::MAX)) {
                match event {
                    ..40_000 => schedule(&mut list, 3, event),
                    _ if words.below(10) == 0 => list.after(Duration::from_nanos(delays.next().nanos() / 1_000), event),
                    _ => schedule(&mut list, words.below(3) as usize, event),
                }
            }
        }
    };
    hold(2 * HOLDS);
    bencher.bench_local(move || hold(HOLDS));
}

/// The next arrival of each of so many sources in a slot of its own.
#[divan::bench(args = [1, 8, 100], sample_count = 9, sample_size = 1)]
fn slots(bencher: Bencher, sources: u64) {
    let (mut list, mut delays) = (EventList::new(), Delays::new());
    let slots: Vec<_> = (0..sources).map(|_| list.slot()).collect();
    (0..sources).for_each(|event| list.set(slots[event as usize], Time::ZERO + delays.next(), event));
    let mut hold = move |holds: u32| {
        for _ in 0..holds {
            if let Some((time, event)) = list.pop_before(black_box(Time::MAX)) {
                list.set(slots[event as usize], time + delays.next(), event);
            }
        }
    };
    bencher.bench_local(move || hold(HOLDS));
}

/// A million exponential delays of one stream.
#[divan::bench(sample_count = 9, sample_size = 1)]
fn exponential(bencher: Bencher) {
    let (mut words, sampler) = (Stream::new(7, 0, "bench", "draws"), Dist::Exponential { mean: 0.006 }.sampler());
    bencher.bench_local(move || (0..HOLDS).map(|_| sampler.duration(&mut words).nanos()).fold(0, u64::wrapping_add));
}

/// A million words of one stream.
#[divan::bench(sample_count = 9, sample_size = 1)]
fn words(bencher: Bencher) {
    let mut words = Stream::new(7, 0, "bench", "words");
    bencher.bench_local(move || (0..HOLDS).map(|_| words.word()).fold(0, u64::wrapping_add));
}

/// A million lognormal delays of one stream.
#[divan::bench(sample_count = 9, sample_size = 1)]
fn lognormal(bencher: Bencher) {
    let sampler = Dist::Lognormal { mean: 0.006, cv: 0.8 }.sampler();
    let mut words = Stream::new(7, 0, "bench", "draws");
    bencher.bench_local(move || (0..HOLDS).map(|_| sampler.duration(&mut words).nanos()).fold(0, u64::wrapping_add));
}

/// A million latencies counted.
#[divan::bench(sample_count = 9, sample_size = 1)]
fn histogram(bencher: Bencher) {
    let (mut counts, mut delays) = (sim_core::Histogram::new(7), Delays::new());
    bencher.bench_local(move || (0..HOLDS).for_each(|_| counts.record(black_box(delays.next()).nanos())));
}

/// A million events written to the digest.
#[divan::bench(sample_count = 9, sample_size = 1)]
fn digest(bencher: Bencher) {
    let (mut digest, mut delays) = (sim_core::Digest::new(), Delays::new());
    bencher.bench_local(move || {
        (0..HOLDS).for_each(|at| digest.record(Time::ZERO + delays.next(), (u64::from(at), 3)));
        digest.value()
    });
}
