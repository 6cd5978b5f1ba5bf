//! Services, their endpoints, and the step programs these run.

use super::{EndpointId, FleetId, ServiceId, SiteId, StoreId};
use sim_core::dist::Dist;
use sim_core::{Duration, Table};

/// A service: a server process on every instance of a fleet.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name in the scenario.
    pub name: String,
    /// The instances it runs on.
    pub fleet: FleetId,
    /// Requests served at once by one instance (threads, processes). At least 1.
    pub workers: u32,
    /// Requests that may wait for a worker of one instance; the next one is refused. `u32::MAX`: unbounded.
    pub backlog: u32,
    /// What becomes of a request that finds the backlog full.
    pub when_full: WhenFull,
    /// How it keeps connections. None: for longer than whoever calls it.
    pub keep_alive: Option<super::ServerKeepAlive>,
    /// Whether a worker is held while its request waits for a query, a call or a sleep. Default true.
    pub holds_worker: bool,
    /// How requests that do not come through a balancer pick an instance.
    pub discovery: Discovery,
    /// Connections that one instance may have to each store; the next query waits for one. `u32::MAX`: unbounded.
    pub pools: Table<StoreId, u32>,
    /// Whether sessions live in the instance's memory (and die with it).
    pub sessions_on_instance: bool,
    /// What its process takes of the instance's memory; none: nobody looks.
    pub memory: Option<super::Memory>,
    /// Endpoints.
    pub endpoints: Vec<EndpointId>,
}

/// What becomes of a request that finds the backlog full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum WhenFull {
    /// Its connection is refused.
    #[default]
    Refuse,
    /// It is answered with a 429 at once (load shedding; network.md §10.4).
    Throttle {
        /// `x-amz-retry-after`: how long the caller is told to wait. None: not told.
        retry_after: Option<Duration>,
    },
}

/// How requests that do not come through a balancer pick an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Discovery {
    /// In turn.
    #[default]
    RoundRobin,
    /// Uniformly at random.
    Random,
}

/// An endpoint: a short program.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its name in the scenario.
    pub name: String,
    /// Its service.
    pub service: ServiceId,
    /// Weight in the mix of a population that names no mix of its own.
    pub weight: f64,
    /// What one request does, in order.
    pub steps: Vec<Step>,
    /// Share of requests that end in a 500 after their first step. 0 to 1.
    pub error_rate: f64,
}

/// One step of an endpoint's program.
#[derive(Clone, Debug)]
pub enum Step {
    /// CPU work: vCPU-seconds.
    Compute(Dist),
    /// Ask a store; the demand in seconds of the store's service.
    Query {
        /// Which store.
        store: StoreId,
        /// Read or write.
        kind: QueryKind,
        /// Service demand in seconds.
        demand: Dist,
    },
    /// Ask another service and wait for the answer.
    Call {
        /// How, and whom.
        site: SiteId,
        /// What.
        endpoint: EndpointId,
    },
    /// Wait without using CPU. In seconds.
    Sleep(Dist),
    /// Use the instance's EBS volume, and wait for it.
    Disk {
        /// Operations, at least 1.
        operations: u32,
        /// Bytes in all.
        bytes: f64,
    },
    /// Run these at once; go on when the last has ended. The first failure fails the whole.
    Parallel(Vec<Vec<Step>>),
}

/// Read or write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryKind {
    /// Served by the primary alone.
    Read,
    /// Commits only when a synchronous standby has it.
    Write,
}
