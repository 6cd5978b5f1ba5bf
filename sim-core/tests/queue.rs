//! A queue with several workers, written as a model is: the engine against theory, and against itself.
//!
//! ```text
//!  slot ─Arrive─► queue ─free worker─► heap ─Done─► lane ─Answered─► tally
//! ```
//! # Models      M/M/c, first come first served, a constant way back
//! # Source      Erlang's C formula: Cooper, "Introduction to Queueing Theory", 2nd ed., section 3.5

use sim_core::{
    Dist, Duration, Engine, EventList, Fingerprint, Histogram, Interval, Lane, Model, Pool, Probe, Progress, Sampler,
    Slot, Stream, Tally, Time, TimeWeighted,
};
use std::collections::VecDeque;

sim_core::id_type! {
    /// One customer in the house.
    struct CustomerId(u32);
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    Arrive,
    Done { customer: CustomerId },
    Answered { customer: CustomerId, generation: u32 },
}

const _: () = assert!(size_of::<Event>() <= 16);

impl Fingerprint for Event {
    fn fingerprint(&self) -> (u64, u64) {
        match *self {
            Event::Arrive => (0, 0),
            Event::Done { customer } => (1, customer.index() as u64),
            Event::Answered { customer, generation } => (2, (customer.index() as u64) << 32 | u64::from(generation)),
        }
    }
}

#[derive(Clone, Copy)]
struct Customer {
    born: Time,
}

struct Queue {
    list: EventList<Event>,
    arrivals: Stream,
    services: Stream,
    between: Sampler,
    service: Sampler,
    source: Slot,
    way_back: Lane,
    workers: u32,
    waiting: VecDeque<CustomerId>,
    customers: Pool<CustomerId, Customer>,
    busy: TimeWeighted,
    sojourn: Tally,
    latency: Histogram,
}

const WAY_BACK: Duration = Duration::from_millis(1);
const WORKERS: u32 = 4;
const MEAN_BETWEEN: f64 = 0.01;
const MEAN_SERVICE: f64 = 0.03;

impl Queue {
    fn build(seed: u64, replication: u32) -> Queue {
        let mut list = EventList::new();
        let mut queue = Queue {
            arrivals: Stream::new(seed, replication, "queue", "arrivals"),
            services: Stream::new(seed, replication, "queue", "services"),
            between: Dist::Exponential { mean: MEAN_BETWEEN }.sampler(),
            service: Dist::Exponential { mean: MEAN_SERVICE }.sampler(),
            source: list.slot(),
            way_back: list.lane(WAY_BACK),
            list,
            workers: WORKERS,
            waiting: VecDeque::new(),
            customers: Pool::new(),
            busy: TimeWeighted::new(0.0, Time::ZERO),
            sojourn: Tally::new(),
            latency: Histogram::new(7),
        };
        let first = queue.between.duration(&mut queue.arrivals);
        queue.list.set(queue.source, Time::ZERO + first, Event::Arrive);
        queue
    }

    fn serve(&mut self, customer: CustomerId) {
        self.workers -= 1;
        self.busy.add(1.0, self.list.now());
        self.list.after(self.service.duration(&mut self.services), Event::Done { customer });
    }

    fn forget(&mut self, now: Time) {
        self.busy.reset(now);
        self.sojourn = Tally::new();
        self.latency.clear();
    }
}

impl Model for Queue {
    type Event = Event;

    fn list(&mut self) -> &mut EventList<Event> {
        &mut self.list
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Arrive => {
                let next = self.list.now() + self.between.duration(&mut self.arrivals);
                self.list.set(self.source, next, Event::Arrive);
                let customer = self.customers.insert(Customer { born: self.list.now() });
                match self.workers {
                    0 => self.waiting.push_back(customer),
                    _ => self.serve(customer),
                }
            }
            Event::Done { customer } => {
                self.workers += 1;
                self.busy.add(-1.0, self.list.now());
                let generation = self.customers.generation(customer);
                self.list.via(self.way_back, Event::Answered { customer, generation });
                if let Some(next) = self.waiting.pop_front() {
                    self.serve(next);
                }
            }
            Event::Answered { customer, generation } => {
                if self.customers.get(customer, generation).is_some() {
                    let sojourn = self.list.now() - self.customers.remove(customer).born;
                    self.sojourn.record(sojourn.as_secs_f64());
                    self.latency.record(sojourn.nanos());
                }
            }
        }
    }
}

#[derive(Default)]
struct Record {
    times: Vec<(Time, Event)>,
}

impl Probe<Queue> for Record {
    fn event(&mut self, time: Time, event: &Event, _: &Queue) {
        self.times.push((time, *event));
    }
}

fn start(seed: u64, replication: u32) -> (Engine, Queue) {
    (Engine::new(), Queue::build(seed, replication))
}

fn seconds(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

/// The mean sojourn of M/M/c, by Erlang's C.
fn erlang_c_sojourn(rate: f64, service: f64, workers: u32) -> f64 {
    let load = rate * service;
    // The blocking of Erlang's B, by its recursion, and C from it.
    let b = (1..=workers).fold(1.0, |b, n| load * b / (f64::from(n) + load * b));
    let c = f64::from(workers);
    let waits = c * b / (c - load * (1.0 - b));
    service + waits * service / (c - load)
}

#[test]
fn sojourn_and_utilisation_agree_with_theory() {
    let (mut sojourns, mut loads) = (Vec::new(), Vec::new());
    for replication in 0..20 {
        let (mut engine, mut queue) = start(11, replication);
        engine.run_until(&mut queue, seconds(20), u64::MAX, &mut ());
        queue.forget(queue.list.now());
        assert_eq!(engine.run_until(&mut queue, seconds(1_020), u64::MAX, &mut ()), Progress::ReachedEnd);
        sojourns.extend(queue.sojourn.mean());
        loads.push(queue.busy.mean(queue.list.now()));
        let (mean, exact) = (queue.sojourn.mean().expect("customers"), queue.latency.mean().expect("customers"));
        assert!((mean * 1e9 / exact - 1.0).abs() < 1e-9, "both count the same customers");
    }
    let sojourn = Interval::from_samples(&sojourns, 0.99).expect("replications");
    let theory = erlang_c_sojourn(1.0 / MEAN_BETWEEN, MEAN_SERVICE, WORKERS) + WAY_BACK.as_secs_f64();
    assert!(sojourn.contains(theory), "{sojourn:.5} does not hold {theory:.5}");
    assert!(sojourn.relative().is_some_and(|width| width < 0.03), "{sojourn:.5} is too wide to say anything");
    let load = Interval::from_samples(&loads, 0.99).expect("replications");
    assert!(load.contains(MEAN_SERVICE / MEAN_BETWEEN), "{load:.4}");
}

#[test]
fn probes_and_pieces_leave_the_digest_alone() {
    let (mut engine, mut queue) = start(5, 0);
    engine.run_until(&mut queue, seconds(60), u64::MAX, &mut ());
    let (mut watched, mut again) = start(5, 0);
    let mut probes = (Record::default(), Some(Record::default()));
    while watched.run_until(&mut again, seconds(60), 1_000, &mut probes) == Progress::Limit {}
    assert_eq!((engine.digest, engine.events), (watched.digest, watched.events));
    let Record { times } = probes.0;
    assert_eq!(times.len() as u64, engine.events);
    assert!(times.is_sorted_by_key(|(time, _)| *time));
    let (mut other, mut queue) = start(6, 0);
    other.run_until(&mut queue, seconds(60), u64::MAX, &mut ());
    assert_ne!(engine.digest, other.digest);
}

/// The same on every machine and in every build: a change here changes every run.
#[test]
fn the_digest_of_a_run_is_stored() {
    let (mut engine, mut queue) = start(1, 0);
    engine.run_until(&mut queue, seconds(100), u64::MAX, &mut ());
    assert_eq!((engine.events, engine.digest.to_string().as_str()), (29_921, "ce457f6b49095b45"));
}

#[test]
fn rows_are_used_again() {
    let (mut engine, mut queue) = start(1, 0);
    engine.run_until(&mut queue, seconds(1_000), u64::MAX, &mut ());
    assert!(queue.sojourn.count() > 99_000 && queue.customers.peak() < 100, "{}", queue.customers.peak());
}
