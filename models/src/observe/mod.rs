//! Observation: what is counted while a run goes, without disturbing it.
//!
//! ```text
//!  client ─ offered, attempted, ended ─► traffic cells (population × endpoint)   instance, store ─► stations
//!  alb ─ routed, responded, 5xx ───────► balancers, target groups                world ─ each interval ─► series
//! ```
//! # Models      tallies per entity and time-weighted levels per state; deletion of the warm-up
//! # Leaves out  anything kept per request: memory is independent of the number of requests

mod balancer;
mod edge;
mod sessions;
mod station;
mod users;

pub use balancer::{BalancerCounts, GroupCounts, Minute};
pub use edge::{EdgeCounts, EdgeFigures};
pub use station::{Level, Station};
pub use users::{BadSpan, Losses, Users};

use crate::Outcome;
use crate::event::events;
use crate::plan::*;
use crate::request::{InstanceId, Request};
use crate::run::RequestRecord;
use sessions::Sessions;
use sim_core::{Histogram, Table, Time};

/// Bits of the histograms that last for the run: relative error below 0.2 %.
const FINE: u32 = 8;
/// Bits of the histograms of one interval: relative error below 0.8 %.
const COARSE: u32 = 6;

events! {
    /// What happens to observation.
    pub enum Event {
        /// A row of the series is full.
        Interval,
        /// A second is over: how do users fare?
        Second,
        /// The warm-up ends: what was counted so far is deleted.
        WarmUpEnds,
        /// The run ends: levels and cost are closed; requests in flight may still end.
        RunEnds,
    }
}

/// Number of outcomes.
pub const OUTCOMES: usize = Outcome::ALL.len();

/// All counts of a run.
pub struct Observe {
    /// Population × endpoint, row by row.
    cells: Vec<Cell>,
    endpoints: usize,
    attempts: [u64; OUTCOMES],
    services: Table<ServiceId, Station>,
    stores: Table<StoreId, Station>,
    balancers: Table<BalancerId, BalancerCounts>,
    edges: Table<BalancerId, EdgeCounts>,
    groups: Table<TargetGroupId, GroupCounts>,
    /// The row of the series that is being filled.
    pub interval: Interval,
    /// How users fare, second by second.
    pub users: Users,
    sessions: Sessions,
    /// Requests ended, warm-up included.
    pub ended: u64,
    /// Requests born and not ended, warm-up included.
    pub in_flight: u64,
    records: Option<Vec<RequestRecord>>,
}

/// Traffic of one population at one endpoint.
pub struct Cell {
    /// Born in the observed time.
    pub offered: u64,
    /// Ended, by outcome.
    pub ended: [u64; OUTCOMES],
    /// Latency of the succeeded, nanoseconds.
    pub latency: Histogram,
}

/// Counts since the last row of the series.
pub struct Interval {
    /// Born.
    pub offered: u64,
    /// Ended by outcome.
    pub ended: [u64; OUTCOMES],
    /// Latency of the succeeded, nanoseconds.
    pub latency: Histogram,
}

impl Interval {
    /// Starts the next row.
    pub fn clear(&mut self) {
        self.offered = 0;
        self.ended = [0; OUTCOMES];
        self.latency.clear();
    }
}

impl Observe {
    /// Nothing counted yet.
    pub fn new(plan: &Plan, wants_requests: bool) -> Self {
        let endpoints = plan.endpoints.len();
        let cell = |_| Cell { offered: 0, ended: [0; OUTCOMES], latency: Histogram::new(FINE) };
        Observe {
            cells: (0..plan.populations.len() * endpoints).map(cell).collect(),
            endpoints,
            attempts: [0; OUTCOMES],
            services: plan.services.iter().map(|_| Station::new(FINE)).collect(),
            stores: plan.stores.iter().map(|_| Station::new(FINE)).collect(),
            balancers: plan.balancers.iter().map(|_| BalancerCounts::default()).collect(),
            edges: plan.balancers.iter().map(|_| EdgeCounts::default()).collect(),
            groups: plan.target_groups.iter().map(|_| GroupCounts::new(COARSE)).collect(),
            interval: Interval { offered: 0, ended: [0; OUTCOMES], latency: Histogram::new(COARSE) },
            users: Users::default(),
            sessions: Sessions::default(),
            ended: 0,
            in_flight: 0,
            records: wants_requests.then(Vec::new),
        }
    }

    /// A request is born.
    #[inline]
    pub fn offered(&mut self, population: PopulationId, endpoint: EndpointId, counted: bool) {
        self.in_flight += 1;
        self.interval.offered += 1;
        self.cells[population.index() * self.endpoints + endpoint.index()].offered += u64::from(counted);
    }

    /// An attempt has ended.
    #[inline]
    pub fn attempted(&mut self, outcome: Outcome) {
        self.attempts[outcome as usize] += 1;
    }

    /// A request has ended.
    // Inlined wherever it is called: a call would cost more than what it does.
    #[inline(always)]
    pub fn ended(&mut self, population: PopulationId, request: &Request, outcome: Outcome, now: Time) {
        self.ended += 1;
        self.in_flight -= 1;
        let latency = (now - request.born).nanos();
        self.interval.ended[outcome as usize] += 1;
        self.users.ended(outcome);
        if outcome.is_ok() {
            self.interval.latency.record(latency);
        }
        if !request.uncounted {
            let cell = &mut self.cells[population.index() * self.endpoints + request.endpoint.index()];
            cell.ended[outcome as usize] += 1;
            if outcome.is_ok() {
                cell.latency.record(latency);
            }
        }
        if let Some(records) = &mut self.records {
            records.push(RequestRecord {
                born: request.born,
                ended: now,
                population: population.index() as u16,
                endpoint: request.endpoint.index() as u16,
                attempts: request.attempt,
                outcome,
                instance: request.instance,
            });
        }
    }

    /// Requests that ended since the last call, if anybody wants them.
    pub fn take_records(&mut self) -> Vec<RequestRecord> {
        self.records.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The station of a service.
    #[inline]
    pub fn service(&mut self, service: ServiceId) -> &mut Station {
        &mut self.services[service]
    }

    /// The station of a store.
    #[inline]
    pub fn store(&mut self, store: StoreId) -> &mut Station {
        &mut self.stores[store]
    }

    /// Whether some node has no healthy target of the group.
    pub fn starved(&mut self, group: TargetGroupId, starved: bool, now: Time) {
        let level = &mut self.groups[group].starved;
        level.add(i64::from(starved) - level.now(), now);
    }

    /// What a balancer did.
    pub fn balancer(&mut self, balancer: BalancerId) -> &mut BalancerCounts {
        &mut self.balancers[balancer]
    }

    /// What a Network or Classic Load Balancer counts beyond that.
    pub fn edge(&mut self, balancer: BalancerId) -> &mut EdgeCounts {
        &mut self.edges[balancer]
    }

    /// What a target group did.
    pub fn target_group(&mut self, group: TargetGroupId) -> &mut GroupCounts {
        &mut self.groups[group]
    }

    /// A request of a session has reached an instance: its state is there from now on.
    #[cold]
    pub fn session_at(&mut self, request: &Request, service: ServiceId, instance: InstanceId) {
        self.sessions.reached(request, service, instance);
    }

    /// An instance is gone, and the sessions that live there with it.
    pub fn sessions_gone(&mut self, instance: InstanceId) {
        self.sessions.gone(instance);
    }

    /// Sessions whose state is on instances of a service, or on one of them.
    pub fn sessions(&self, service: ServiceId, instance: Option<InstanceId>) -> usize {
        self.sessions.count(service, instance)
    }

    /// Sessions lost so far.
    pub fn lost_sessions(&self) -> u64 {
        self.sessions.lost
    }

    /// Traffic of a population at an endpoint.
    pub fn cell(&self, population: PopulationId, endpoint: EndpointId) -> &Cell {
        &self.cells[population.index() * self.endpoints + endpoint.index()]
    }

    /// Attempts by outcome.
    pub fn attempts(&self) -> &[u64; OUTCOMES] {
        &self.attempts
    }

    /// Deletes what was observed so far. Requests born before are marked and stay uncounted.
    pub fn delete_warm_up(&mut self, now: Time) {
        self.services.values_mut().chain(self.stores.values_mut()).for_each(|station| station.reset(now));
        for counts in self.balancers.values_mut() {
            counts.delete_warm_up();
        }
        self.groups.values_mut().for_each(|group| group.delete_warm_up(now));
        self.edges.values_mut().for_each(|edge| edge.run = EdgeFigures::default());
        self.sessions.lost = 0;
    }
}
