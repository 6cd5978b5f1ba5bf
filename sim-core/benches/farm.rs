//! A farm of stations on the bare engine: what a request costs before any model of the real thing is put on top.
//!
//! ```text
//!  slot ─Arrive─► instance (2 workers, 6 ms) ─Computed─► store (32 connections, 4 ms) ─Queried─► histogram
//! ```
//! Poisson arrivals of 2,000 a second, round robin over eight instances, everything first come first served. The figure
//! to read is items per second: requests. Theory for the mean sojourn: 13.437 ms.

use divan::Bencher;
use divan::counter::ItemsCount;
use sim_core::{Dist, Duration, Engine, EventList, Fingerprint, Histogram, Model, Pool, Sampler, Slot, Stream, Time};
use std::collections::VecDeque;

fn main() {
    divan::main();
}

sim_core::id_type! {
    /// A request under way.
    struct RequestId(u32);
}

#[derive(Clone, Copy)]
enum Event {
    Arrive,
    Computed { request: RequestId, instance: u16 },
    Queried { request: RequestId },
}

impl Fingerprint for Event {
    fn fingerprint(&self) -> (u64, u64) {
        match *self {
            Event::Arrive => (0, 0),
            Event::Computed { request, instance } => (1, (request.index() as u64) << 16 | u64::from(instance)),
            Event::Queried { request } => (2, request.index() as u64),
        }
    }
}

struct Station {
    free: u32,
    waiting: VecDeque<RequestId>,
}

struct Farm {
    list: EventList<Event>,
    arrivals: (Sampler, Stream),
    computing: (Sampler, Stream),
    querying: (Sampler, Stream),
    source: Slot,
    next: usize,
    instances: Vec<Station>,
    store: Station,
    requests: Pool<RequestId, Time>,
    latency: Histogram,
}

fn draws(mean: f64, purpose: &str) -> (Sampler, Stream) {
    (Dist::Exponential { mean }.sampler(), Stream::new(1, 0, "farm", purpose))
}

impl Farm {
    fn build() -> Farm {
        let mut list = EventList::new();
        let station = |free| Station { free, waiting: VecDeque::new() };
        let source = list.slot();
        list.set(source, Time::ZERO, Event::Arrive);
        Farm {
            list,
            arrivals: draws(0.000_5, "arrivals"),
            computing: draws(0.006, "computing"),
            querying: draws(0.004, "querying"),
            source,
            next: 0,
            instances: (0..8).map(|_| station(2)).collect(),
            store: station(32),
            requests: Pool::new(),
            latency: Histogram::new(7),
        }
    }

    #[inline]
    fn compute(&mut self, request: RequestId, instance: u16) {
        let (sampler, stream) = &mut self.computing;
        self.list.after(sampler.duration(stream), Event::Computed { request, instance });
    }

    #[inline]
    fn query(&mut self, request: RequestId) {
        let (sampler, stream) = &mut self.querying;
        self.list.after(sampler.duration(stream), Event::Queried { request });
    }
}

impl Model for Farm {
    type Event = Event;

    #[inline]
    fn list(&mut self) -> &mut EventList<Event> {
        &mut self.list
    }

    #[inline]
    fn handle(&mut self, event: Event) {
        match event {
            Event::Arrive => {
                let (sampler, stream) = &mut self.arrivals;
                self.list.set(self.source, self.list.now() + sampler.duration(stream), Event::Arrive);
                let request = self.requests.insert(self.list.now());
                self.next = (self.next + 1) % self.instances.len();
                let station = &mut self.instances[self.next];
                if station.free == 0 {
                    station.waiting.push_back(request);
                } else {
                    station.free -= 1;
                    self.compute(request, self.next as u16);
                }
            }
            Event::Computed { request, instance } => {
                let station = &mut self.instances[usize::from(instance)];
                match station.waiting.pop_front() {
                    Some(next) => self.compute(next, instance),
                    None => station.free += 1,
                }
                if self.store.free == 0 {
                    self.store.waiting.push_back(request);
                } else {
                    self.store.free -= 1;
                    self.query(request);
                }
            }
            Event::Queried { request } => {
                match self.store.waiting.pop_front() {
                    Some(next) => self.query(next),
                    None => self.store.free += 1,
                }
                self.latency.record((self.list.now() - self.requests.remove(request)).nanos());
            }
        }
    }
}

/// Ten simulated minutes: 1.2 million requests.
#[divan::bench(sample_count = 9, sample_size = 1)]
fn farm(bencher: Bencher) {
    bencher.counter(ItemsCount::new(1_200_000_u32)).bench_local(|| {
        let mut engine = Engine::new();
        let mut farm = Farm::build();
        engine.run_until(&mut farm, Time::ZERO + Duration::from_secs(600), u64::MAX, &mut ());
        let mean = farm.latency.mean().unwrap_or(0.0) / 1e6;
        assert!((mean - 13.437).abs() < 0.1, "the mean sojourn is {mean} ms, which is not that of theory");
        engine.digest.value()
    });
}
