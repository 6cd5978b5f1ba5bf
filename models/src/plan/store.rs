//! Stores: databases and anything else that is queried (data-and-resilience.md §1).

use super::ZoneId;
use sim_core::Duration;
use sim_core::dist::Dist;

/// A store.
#[derive(Clone, Debug)]
pub struct Store {
    /// Its name in the scenario.
    pub name: String,
    /// Zone of the primary at the start; none: no network delay and no zone that could take it down.
    pub zone: Option<ZoneId>,
    /// Connections it serves at once: `max_connections`. The next one is refused, unless `queue` says that it waits.
    pub connections: u32,
    /// Whether a query waits (first come first served) when all connections are busy. True for a plain store.
    pub queue: bool,
    /// A query whose address does not answer (zone dark or cut off) fails after this long. A modelling choice; 3 s.
    pub connect_timeout: Duration,
    /// CPUs shared by the running queries, each at most one; none: every connection is served at full speed.
    pub vcpus: Option<u32>,
    /// What makes it an Amazon RDS DB instance; none: a plain store.
    pub rds: Option<Rds>,
    /// Class for the price, such as `db.m5.large`; empty if free of charge.
    pub instance_class: String,
    /// Bytes of a query and its answer, for the cost of data between zones. A modelling choice; 4 KiB.
    pub query_bytes: u32,
    /// Allocated storage in GiB, for the price.
    pub allocated_storage: f64,
}

/// What makes a store an Amazon RDS DB instance.
#[derive(Clone, Debug)]
pub struct Rds {
    /// Zone of the standby; none is a Single-AZ instance.
    pub standby: Option<ZoneId>,
    /// Whether a write waits for the standby.
    pub replication: Replication,
    /// Time the standby takes to make a write durable, in seconds. LN(2 ms, 5 ms).
    pub standby_write: Dist,
    /// Failure of the primary to the decision to fail over, in seconds. A forced failover skips it.
    pub detection: Dist,
    /// Decision to the standby's being promoted and recovered, in seconds.
    pub promotion: Dist,
    /// Promotion to the endpoint's DNS record pointing there, in seconds.
    pub dns_flip: Dist,
    /// Failover to a new standby in sync, in seconds.
    pub standby_rebuild: Dist,
    /// Recovery of the host when nothing can take over, in seconds. U[300, 900).
    pub recovery: Dist,
    /// How clients find the new primary.
    pub reconnect: Reconnect,
}

/// How the standby follows.
#[derive(Clone, Debug)]
pub enum Replication {
    /// A commit is acknowledged when durable on both sides (AWS Multi-AZ).
    Synchronous,
    /// Acknowledged by the primary alone; the standby has it after this lag, in seconds. What it lacks at a failover is lost.
    Asynchronous {
        /// Lag in seconds.
        lag: Dist,
    },
}

/// How clients find the new primary after a failover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconnect {
    /// When their cached DNS answer has expired: endpoint TTL plus the application's own cache, phases spread over instances.
    AfterDnsCache(Duration),
    /// Never: the application holds the old address until the process is restarted.
    Never,
}
