//! Databases, and anything else that is queried (data-and-resilience.md §1).

use super::Dist;
use crate::units::{Dur, Size};
use schemars::JsonSchema;
use serde::Deserialize;

/// A database.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Database {
    /// A plain station: so many connections, queries wait first come first served. Never fails by itself.
    Plain(PlainStore),
    /// An Amazon RDS DB instance.
    Rds(Box<Rds>),
}

/// A plain station.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlainStore {
    /// Queries served at once, 1 to 1,000,000; further ones wait.
    pub connections: u32,
    /// CPUs shared by the running queries, each at most one. Default: every connection at full speed.
    pub vcpus: Option<u32>,
    /// Its zone. Default: none, and no network delay.
    pub zone: Option<String>,
    /// A query whose address does not answer fails after so long. Default 3 s (a modelling choice).
    pub connect_timeout: Option<Dur>,
    /// Bytes of a query and its answer, for the cost of data between zones. Default `"4KiB"` (a modelling choice).
    pub query_bytes: Option<Size>,
}

/// An Amazon RDS DB instance.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rds {
    /// `DBInstanceClass`, such as `db.m5.xlarge`; gives memory, connections and price.
    pub instance_class: String,
    /// A synchronous standby in another zone. Default None.
    #[serde(default)]
    pub multi_az: MultiAz,
    /// Zone of the primary at the start. Default: the first zone.
    pub zone: Option<String>,
    /// Zone of the standby. Default: the next zone after the primary's.
    pub standby_zone: Option<String>,
    /// Connections served at once; the next one is refused. Default LEAST(memory / 9531392, 5000), PostgreSQL's, with 0.93 of
    /// the nominal memory (data-and-resilience.md §1.5).
    pub max_connections: Option<u32>,
    /// CPUs shared by the running queries. Default: every connection at full speed.
    pub vcpus: Option<u32>,
    /// How long a failover takes: one distribution for the whole (all of it counted as promotion), `Doc` (60 s to 120 s, as
    /// AWS documents), `Field` (median 35 s, p95 75 s, as measured), or the three parts. Default Doc.
    pub failover: Option<Failover>,
    /// How the application finds the new primary. Default AfterDnsCache("5s").
    pub reconnect: Option<Reconnect>,
    /// How the standby follows. Default Synchronous.
    pub replication: Option<Replication>,
    /// Time the standby takes to make a write durable. Default Lognormal(median: "2ms", p95: "5ms") (a modelling choice).
    pub standby_write: Option<Dist>,
    /// Failover to a new standby in sync. Default Uniform(low: "5m", high: "60m") (a modelling choice).
    pub standby_rebuild: Option<Dist>,
    /// Recovery of the host when nothing can take over. Default Uniform(low: "300s", high: "900s") (a modelling choice).
    pub recovery: Option<Dist>,
    /// A query whose address does not answer fails after so long. Default 3 s (a modelling choice).
    pub connect_timeout: Option<Dur>,
    /// Bytes of a query and its answer, for the cost of data between zones. Default `"4KiB"` (a modelling choice).
    pub query_bytes: Option<Size>,
    /// `AllocatedStorage`, for the price. Default `"100GiB"`, 20 GiB to 64 TiB.
    pub allocated_storage: Option<Size>,
}

/// Whether there is a standby.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum MultiAz {
    /// Single-AZ.
    #[default]
    None,
    /// One standby in another zone.
    Standby,
}

/// How long a failover takes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Failover {
    /// As AWS documents it: detection U(5 s, 30 s), promotion U(54 s, 86 s), DNS change U(1 s, 4 s): 60 s to 120 s in all.
    Doc,
    /// As measured in the field: median 35 s, p95 75 s in all.
    Field,
    /// The three parts.
    Split {
        /// Failure to the decision to fail over; a forced failover skips it.
        detection: Dist,
        /// Decision to the standby's being promoted and recovered.
        promotion: Dist,
        /// Promotion to the endpoint's DNS record pointing there.
        dns_flip: Dist,
    },
    /// One distribution for the whole: detection and DNS change take no time, promotion takes it all.
    Other(Dist),
}

/// How the standby follows.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Replication {
    /// A commit is acknowledged when durable on both sides (AWS Multi-AZ).
    Synchronous,
    /// Acknowledged by the primary alone; what the standby lacks at a failover is lost.
    Asynchronous {
        /// How far the standby is behind.
        lag: Dist,
    },
}

/// How the application finds the new primary after a failover.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Reconnect {
    /// When its DNS answer has expired: endpoint TTL (5 s) plus the application's own cache.
    AfterDnsCache {
        /// How long an answer is kept. Default 5 s.
        ttl: Option<Dur>,
    },
    /// Never: the old address is held until the process is restarted.
    Never,
}
