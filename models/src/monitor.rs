//! The monitor: follows what rules about the course of a run ask for, and only then exists.
//!
//! ```text
//!  each second ──► the counts of the row of the series, less those a second ago ──► the last seconds of users ──► Truth
//!  what the control plane does ──► levels as they are then ──► steps
//! ```
//! # Models      figures of users once a second, over as many of the last seconds as is asked; latencies within 0.8 %; a
//!   stretch in which nothing ended leaves what was known as it was, one in which all failed is infinitely slow. Levels
//!   at every moment at which the control plane does something, and once a second
//! # Leaves out  anything on the path of a request: what is counted there anyway is read

use crate::Outcome;
use crate::observe::Interval;
use crate::plan::{Condition, Measure, Order, Plan, Requirement, TemporalRule, UserFigure};
use crate::truth::Truth;
use crate::world::World;
use sim_core::{Duration, Time};
use std::collections::{BTreeMap, VecDeque};

/// What a run is followed for.
#[derive(Clone, Debug, Default)]
pub struct Monitor {
    levels: Vec<Level>,
    users: Vec<Followed>,
    windows: Vec<Window>,
    /// What the row of the series counted up to the last second, and what an earlier row did since.
    seen: Counts,
    pending: Counts,
    /// Entries of the timeline when the levels were last looked at.
    entries: usize,
}

/// A level and its steps.
#[derive(Clone, Debug)]
struct Level {
    measure: Measure,
    steps: Vec<(Time, f64)>,
}

/// A figure of users against a limit.
#[derive(Clone, Debug)]
struct Followed {
    figure: UserFigure,
    window: usize,
    order: Order,
    limit: f64,
    /// What it was when something last ended.
    value: f64,
    truth: Truth,
}

/// What was counted in a stretch of time.
#[derive(Clone, Debug, Default)]
struct Counts {
    offered: u64,
    ok: u64,
    failed: u64,
    /// Sum of the latencies of the succeeded, nanoseconds.
    latency: u128,
    /// How many of them by the middle of their bucket.
    buckets: BTreeMap<u64, u64>,
}

/// The last seconds.
#[derive(Clone, Debug, Default)]
struct Window {
    seconds: usize,
    kept: VecDeque<Counts>,
    sum: Counts,
}

impl Counts {
    fn of(interval: &Interval) -> Counts {
        let ok = interval.ended[Outcome::Ok as usize];
        let middle = |(low, high, count): (u64, u64, u64)| (low + (high - low) / 2, count);
        Counts {
            offered: interval.offered,
            ok,
            failed: interval.ended.iter().sum::<u64>() - ok,
            latency: interval.latency.sum(),
            buckets: interval.latency.iter().map(middle).collect(),
        }
    }

    fn add(&mut self, other: &Counts) {
        self.offered += other.offered;
        self.ok += other.ok;
        self.failed += other.failed;
        self.latency += other.latency;
        for (&middle, &count) in &other.buckets {
            *self.buckets.entry(middle).or_insert(0) += count;
        }
    }

    /// Takes away what is a part of it.
    fn take(&mut self, part: &Counts) {
        self.offered -= part.offered;
        self.ok -= part.ok;
        self.failed -= part.failed;
        self.latency -= part.latency;
        for (middle, count) in &part.buckets {
            if let Some(all) = self.buckets.get_mut(middle) {
                *all -= count;
            }
        }
        self.buckets.retain(|_, count| *count > 0);
    }

    /// The smallest latency with at least the share `q` at or below it, milliseconds.
    fn quantile_ms(&self, q: f64) -> f64 {
        let rank = ((q * self.ok as f64).ceil() as u64).clamp(1, self.ok.max(1));
        let mut passed = 0;
        let found = self.buckets.iter().find(|(_, count)| {
            passed += **count;
            passed >= rank
        });
        found.map_or(f64::INFINITY, |(middle, _)| *middle as f64 / 1e6)
    }

    /// The figure; none if nothing ended that could tell.
    fn figure(&self, figure: UserFigure, seconds: f64) -> Option<f64> {
        let ended = self.ok + self.failed;
        match figure {
            UserFigure::GoodputPerS => Some(self.ok as f64 / seconds),
            UserFigure::OfferedPerS => Some(self.offered as f64 / seconds),
            _ if ended == 0 => None,
            UserFigure::Availability => Some(self.ok as f64 / ended as f64),
            _ if self.ok == 0 => Some(f64::INFINITY),
            UserFigure::LatencyMs(q) => Some(self.quantile_ms(q)),
            UserFigure::LatencyMeanMs => Some(self.latency as f64 / self.ok as f64 / 1e6),
        }
    }
}

impl Window {
    fn push(&mut self, second: &Counts) {
        self.sum.add(second);
        self.kept.push_back(second.clone());
        if self.kept.len() > self.seconds
            && let Some(oldest) = self.kept.pop_front()
        {
            self.sum.take(&oldest);
        }
    }
}

impl Monitor {
    /// What a plan's rules ask for; none if it has none.
    pub fn new(plan: &Plan) -> Option<Box<Monitor>> {
        let mut monitor = Monitor::default();
        let mut any = false;
        for expectation in &plan.expectations {
            let Requirement::Temporal(temporal) = &expectation.requirement else { continue };
            any = true;
            match &temporal.rule {
                TemporalRule::Always(that) | TemporalRule::Never(that, _) | TemporalRule::Eventually(that) => {
                    monitor.follow(that)
                }
                TemporalRule::BackWithin { to, .. } => monitor.follow(to),
                TemporalRule::Turns { of, .. } => monitor.level(*of),
            }
        }
        any.then(|| Box::new(monitor))
    }

    fn follow(&mut self, condition: &Condition) {
        match condition {
            Condition::Compare(Measure::Users(figure, over), order, limit) => {
                self.user(*figure, *over, *order, *limit);
            }
            Condition::Compare(measure, ..) => self.level(*measure),
            Condition::InAlarm(_) => {}
            Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| self.follow(part)),
            Condition::Not(part) => self.follow(part),
        }
    }

    fn level(&mut self, measure: Measure) {
        if !self.levels.iter().any(|level| level.measure == measure) {
            self.levels.push(Level { measure, steps: Vec::new() });
        }
    }

    fn user(&mut self, figure: UserFigure, over: Duration, order: Order, limit: f64) {
        let seconds = over.as_secs_f64().max(1.0) as usize;
        let window = self.windows.iter().position(|window| window.seconds == seconds).unwrap_or_else(|| {
            self.windows.push(Window { seconds, ..Window::default() });
            self.windows.len() - 1
        });
        // Nobody has been kept waiting or let down so far.
        let value = if figure == UserFigure::Availability { 1.0 } else { 0.0 };
        self.users.push(Followed { figure, window, order, limit, value, truth: Truth::default() });
    }

    /// The row of the series is about to be cleared.
    pub fn row_ends(&mut self, interval: &Interval) {
        let mut counts = Counts::of(interval);
        counts.take(&self.seen);
        self.pending.add(&counts);
        self.seen = Counts::default();
    }

    /// A second is over.
    fn second(&mut self, now: Time, interval: &Interval) {
        if self.windows.is_empty() {
            return;
        }
        let seen = Counts::of(interval);
        let mut second = std::mem::take(&mut self.pending);
        second.add(&seen);
        second.take(&self.seen);
        self.seen = seen;
        self.windows.iter_mut().for_each(|window| window.push(&second));
        for followed in &mut self.users {
            let window = &self.windows[followed.window];
            if let Some(value) = window.sum.figure(followed.figure, window.kept.len() as f64) {
                followed.value = value;
            }
            followed.truth.note(now, followed.order.holds(followed.value, followed.limit));
        }
    }

    /// When a measure was where it should be.
    pub fn truth(&self, measure: Measure, order: Order, limit: f64) -> Truth {
        if let Measure::Users(figure, over) = measure {
            let seconds = over.as_secs_f64().max(1.0) as usize;
            let same = |one: &&Followed| {
                (one.figure, one.order, one.limit) == (figure, order, limit)
                    && self.windows[one.window].seconds == seconds
            };
            return self.users.iter().find(same).map(|one| one.truth.clone()).unwrap_or_default();
        }
        let mut truth = Truth::default();
        self.steps(measure).iter().for_each(|&(at, value)| truth.note(at, order.holds(value, limit)));
        truth
    }

    /// The steps of a level: from when on which value.
    pub fn steps(&self, measure: Measure) -> &[(Time, f64)] {
        self.levels.iter().find(|level| level.measure == measure).map_or(&[], |level| &level.steps)
    }
}

impl World<'_> {
    /// A second is over: how do users fare, and what has escaped the looks at the levels?
    #[cold]
    #[inline(never)]
    pub(crate) fn monitor_second(&mut self, now: Time) {
        if let Some(mut monitor) = self.monitor.take() {
            // What is left of a second at the end is too short to judge users by.
            if now.nanos().is_multiple_of(Duration::from_secs(1).nanos()) {
                monitor.second(now, &self.shared.observe.interval);
            }
            self.monitor = Some(monitor);
            self.look_at_levels(now);
        }
    }

    /// Something has happened that is not the way of a request: a level may have changed.
    #[cold]
    #[inline(never)]
    pub(crate) fn monitor_levels(&mut self, is_rare: bool) {
        let entries = self.shared.timeline.entries().len();
        let Some(monitor) = &self.monitor else { return };
        if !monitor.levels.is_empty() && (is_rare || monitor.entries != entries) {
            self.look_at_levels(self.shared.now());
        }
    }

    fn look_at_levels(&mut self, now: Time) {
        let Some(mut monitor) = self.monitor.take() else { return };
        monitor.entries = self.shared.timeline.entries().len();
        for level in &mut monitor.levels {
            let value = self.level(level.measure);
            // Of several values of one moment the last counts.
            if level.steps.last().is_some_and(|last| last.0 == now) {
                level.steps.pop();
            }
            if level.steps.last().is_none_or(|last| last.1 != value) {
                level.steps.push((now, value));
            }
        }
        self.monitor = Some(monitor);
    }

    fn level(&self, measure: Measure) -> f64 {
        match measure {
            Measure::Users(..) => f64::NAN,
            Measure::InFlight => self.shared.observe.in_flight as f64,
            Measure::Desired(fleet) => f64::from(self.groups.units(fleet).desired),
            Measure::InService(fleet) => f64::from(self.groups.units(fleet).healthy),
            Measure::HealthyTargets(group) => self.albs.targets(group).filter(|target| target.1).count() as f64,
            Measure::RegisteredTargets(group) => self.albs.targets(group).count() as f64,
            Measure::Available(store) => f64::from(u8::from(self.stores.available(store))),
        }
    }
}
