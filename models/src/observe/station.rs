//! Stations: waiting, occupancy and utilisation of a service's workers or a store's connections.

use sim_core::{Duration, Histogram, Time};

/// An integer level and its exact integral over time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Level {
    level: i64,
    /// Level × nanoseconds.
    integral: i128,
    since: Time,
    start: Time,
}

impl Level {
    /// Changes the level.
    #[inline]
    pub fn add(&mut self, change: i64, now: Time) {
        self.integral += i128::from(self.level) * i128::from((now - self.since).nanos());
        self.since = now;
        self.level += change;
    }

    /// The level now.
    pub fn now(&self) -> i64 {
        self.level
    }

    /// Level × seconds from the last reset to `now`.
    pub fn integral_s(&self, now: Time) -> f64 {
        (self.integral + i128::from(self.level) * i128::from((now - self.since).nanos())) as f64 / 1e9
    }

    /// Time average from the last reset to `now`.
    pub fn mean(&self, now: Time) -> f64 {
        let elapsed = (now - self.start).as_secs_f64();
        if elapsed > 0.0 { self.integral_s(now) / elapsed } else { 0.0 }
    }

    /// Forgets the past, keeps the level.
    pub fn reset(&mut self, now: Time) {
        *self = Level { level: self.level, integral: 0, since: now, start: now };
    }
}

/// What is observed of one station, over all its instances.
pub struct Station {
    /// Wait before first service of all that were served, nanoseconds.
    pub wait: Histogram,
    /// Began service.
    pub served: u64,
    /// Of these, had to wait.
    pub waited: u64,
    /// Turned away.
    pub refused: u64,
    /// Waiting.
    pub waiting: Level,
    /// Workers or connections occupied.
    pub busy: Level,
    /// Waiting or in service.
    pub present: Level,
    /// Workers of running instances.
    pub workers: Level,
    /// vCPUs of running instances.
    pub vcpus: Level,
    /// vCPU-nanoseconds worked by instances that are gone.
    pub worked: f64,
    /// Work done before the last reset, to be taken off.
    pub worked_before: f64,
    /// Served and refused before the last reset.
    before: (u64, u64),
}

impl Station {
    pub(super) fn new(bits: u32) -> Self {
        Station {
            wait: Histogram::new(bits),
            served: 0,
            waited: 0,
            refused: 0,
            waiting: Level::default(),
            busy: Level::default(),
            present: Level::default(),
            workers: Level::default(),
            vcpus: Level::default(),
            worked: 0.0,
            worked_before: 0.0,
            before: (0, 0),
        }
    }

    pub(super) fn reset(&mut self, now: Time) {
        self.wait.clear();
        self.before = (self.all_served(), self.all_refused());
        (self.served, self.waited, self.refused) = (0, 0, 0);
        for level in [&mut self.waiting, &mut self.busy, &mut self.present, &mut self.workers, &mut self.vcpus] {
            level.reset(now);
        }
    }

    /// Began service since the start, warm-up included.
    pub fn all_served(&self) -> u64 {
        self.before.0 + self.served
    }

    /// Turned away since the start, warm-up included.
    pub fn all_refused(&self) -> u64 {
        self.before.1 + self.refused
    }

    /// Arrives and finds a worker free.
    #[inline]
    pub fn arrived_and_started(&mut self, now: Time) {
        self.present.add(1, now);
        self.busy.add(1, now);
        self.served += 1;
        self.wait.record(0);
    }

    /// Arrives and has to wait.
    #[inline]
    pub fn arrived_and_waits(&mut self, now: Time) {
        self.present.add(1, now);
        self.waiting.add(1, now);
    }

    /// Has a worker after waiting. `first`: for the first time.
    #[inline]
    pub fn started_after(&mut self, now: Time, wait: Duration, first: bool) {
        self.waiting.add(-1, now);
        self.busy.add(1, now);
        if first {
            self.served += 1;
            self.waited += 1;
            self.wait.record(wait.nanos());
        }
    }

    /// One is done and the next takes its place, after waiting.
    #[inline]
    pub fn handed_over(&mut self, now: Time, wait: Duration) {
        self.present.add(-1, now);
        self.waiting.add(-1, now);
        self.served += 1;
        self.waited += 1;
        self.wait.record(wait.nanos());
    }

    /// Gives its worker up, and stays.
    #[inline]
    pub fn released(&mut self, now: Time) {
        self.busy.add(-1, now);
    }

    /// Waits for a worker again.
    #[inline]
    pub fn waits_again(&mut self, now: Time) {
        self.waiting.add(1, now);
    }

    /// Is done with, holding a worker or not.
    #[inline]
    pub fn finished(&mut self, now: Time, held: bool) {
        self.present.add(-1, now);
        if held {
            self.busy.add(-1, now);
        }
    }

    /// Stops waiting, and stays.
    pub fn left(&mut self, now: Time) {
        self.waiting.add(-1, now);
    }

    /// Leaves the queue and the station.
    pub fn left_for_good(&mut self, now: Time) {
        self.waiting.add(-1, now);
        self.present.add(-1, now);
    }

    /// Turned away.
    pub fn refused(&mut self) {
        self.refused += 1;
    }

    /// Workers and vCPUs come or go.
    pub fn capacity(&mut self, now: Time, workers: i64, vcpus: i64) {
        self.workers.add(workers, now);
        self.vcpus.add(vcpus, now);
    }

    /// An instance is gone that did so much work.
    pub fn worked(&mut self, vcpu_ns: f64) {
        self.worked += vcpu_ns;
    }

    /// All that waited, occupied and were present somewhere are gone.
    pub fn lost(&mut self, now: Time, waiting: u32, busy: u32, present: u32) {
        self.waiting.add(-i64::from(waiting), now);
        self.busy.add(-i64::from(busy), now);
        self.present.add(-i64::from(present), now);
    }
}
