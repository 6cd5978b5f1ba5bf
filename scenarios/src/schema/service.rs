//! Services, endpoints, and the steps these run.

use super::{AbandonedWork, Connections, Dist, DnsCache, Memory, Named, Release, Retry, Timeout, WhenFull};
use crate::units::{Dur, Share, Size};
use schemars::JsonSchema;
use serde::Deserialize;

/// A service: a server process on every instance of a group or set.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Name of the `auto_scaling_groups` or `instances` entry it runs on. Default: `instances` below.
    pub runs_on: Option<String>,
    /// Instances of its own, a fixed set named like the service. Needed unless `runs_on` is given; 1 to 100,000.
    pub instances: Option<u32>,
    /// vCPUs of its own instances. Default: those of `instance_type`, else 1.
    pub vcpus: Option<u32>,
    /// Type of its own instances, such as `m5.large`. Default: none, free of charge.
    pub instance_type: Option<String>,
    /// Zones of its own instances. Default: all.
    pub zones: Option<Vec<String>>,
    /// Target groups of its own instances. Default: none.
    #[serde(default)]
    pub target_groups: Vec<String>,
    /// Requests served at once by one instance, 1 to 1,000,000. Default 200 (Tomcat's `maxThreads`; a modelling choice).
    pub workers: Option<u32>,
    /// Requests that may wait for a worker of one instance, or `Unbounded`; the next is refused. Default 4096
    /// (Linux' `somaxconn`; a modelling choice).
    pub backlog: Option<Limit>,
    /// What becomes of a request that finds the backlog full. Default Refuse.
    pub when_full: Option<WhenFull>,
    /// Its server closes a connection that is at rest for so long (Apache's and Node.js' own default is 5 s, nginx' 75 s), 1 ms to
    /// 1 d. Shorter than the idle timeout of its load balancer, some requests meet a connection being closed: 502. Default: longer.
    pub keep_alive: Option<Dur>,
    /// With `keep_alive`: from the server's decision to close to its peer's taking note, beyond the way between them. Default 1 ms
    /// (a modelling choice), shorter than `keep_alive`.
    pub keep_alive_lag: Option<Dur>,
    /// Whether a worker is held while its request waits for a query, a call or a sleep. Default true.
    pub holds_worker: Option<bool>,
    /// How requests that do not come through a balancer pick an instance. Default RoundRobin.
    pub discovery: Option<Discovery>,
    /// Connections one instance may have to a store: `{"orders": 20}`; the next query waits for one. Default Unbounded.
    #[serde(default)]
    pub pools: Named<Limit>,
    /// Whether sessions live in the instance's memory and die with it. Default false.
    pub sessions_on_instance: Option<bool>,
    /// What its process takes of the instance's memory. Default: nobody looks.
    pub memory: Option<Memory>,
    /// Endpoints.
    pub endpoints: Named<Endpoint>,
    /// Other releases of its software, which launch templates bring by name.
    #[serde(default)]
    pub releases: Named<Release>,
}

/// A number, or no limit.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Limit {
    /// So many.
    Number(u32),
    /// No limit.
    Unbounded,
}

/// How requests that do not come through a balancer pick an instance.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Discovery {
    /// In turn.
    RoundRobin,
    /// Uniformly at random.
    Random,
}

/// An endpoint: a short program.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Weight in the mix of clients that name none of their own; not negative. Default 1.
    pub weight: Option<f64>,
    /// What one request does, in order.
    pub steps: Vec<Step>,
    /// Share of requests that end in a 500 after their first step. Default 0.
    pub error_rate: Option<Share>,
}

/// One step of an endpoint.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Step {
    /// CPU work of one vCPU: `Compute(Exp(mean: "6ms"))`.
    Compute {
        /// How much.
        demand: Dist,
    },
    /// Ask a store: `Query("orders", Read, Exp(mean: "4ms"))`.
    Query {
        /// Which store.
        store: String,
        /// Read or write.
        kind: QueryKind,
        /// How long the store works on it.
        demand: Dist,
    },
    /// Ask another service and wait for the answer: `Call(to: "catalog", endpoint: "item")`.
    Call(Box<Call>),
    /// Wait without using CPU.
    Sleep {
        /// How long.
        time: Dist,
    },
    /// Use the instance's EBS volume, and wait for it: `Disk(ops: 2, size: "16KiB")`. Its launch template needs `volume`.
    Disk {
        /// Operations, 1 to 1,000,000. One of more than 256 KiB counts as several.
        ops: u32,
        /// Bytes in all. Default 4 KiB each.
        size: Option<Size>,
    },
    /// Run these at once and go on when the last has ended: `Parallel([[..], [..]])`. The first failure fails the whole.
    Parallel {
        /// The branches.
        branches: Vec<Vec<Step>>,
    },
}

/// A call to another service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Name of the load balancer or of the service asked.
    pub to: String,
    /// Name of the endpoint asked. Default: the only one.
    pub endpoint: Option<String>,
    /// From sending an attempt to giving it up: a duration or `Never`. Default 10 s (a modelling choice).
    pub timeout: Option<Timeout>,
    /// From sending an attempt to giving up on the connection. Default 3 s (a modelling choice).
    pub connect_timeout: Option<Timeout>,
    /// What happens after a failed attempt. Default None.
    #[serde(default)]
    pub retry: Retry,
    /// What the called side does with work whose caller has gone. Default Continues.
    pub abandoned_work: Option<AbandonedWork>,
    /// Caches of a balancer's DNS answer among the callers. Default 16 (a modelling choice).
    pub resolvers: Option<u32>,
    /// How long such a cache keeps an answer. Default 60 s.
    pub dns_ttl: Option<Dur>,
    /// How such caches keep answers. Default Resolver.
    pub dns_cache: Option<DnsCache>,
    /// How connections are used: `KeepAlive(..)`, `PerRequest(..)`. Default: one per call that takes no time to open.
    pub connections: Option<Connections>,
    /// Size of a request. Default `"1KiB"`.
    pub request_size: Option<Size>,
    /// Size of an answer. Default `"8KiB"`.
    pub response_size: Option<Size>,
}

/// Read or write.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum QueryKind {
    /// Served by the primary alone.
    Read,
    /// Commits only when a synchronous standby has it.
    Write,
}
