//! Network and Classic Load Balancers, and connections of those who call (network.md §4, §5, §10).

use super::{Dist, ForwardTo, HealthCheck, Timeout};
use crate::units::{Dur, Share};
use schemars::JsonSchema;
use serde::Deserialize;

/// A Network Load Balancer.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkLoadBalancer {
    /// Target group, or several with weights 0 to 999. Each connection is bound to one target.
    pub forward_to: ForwardTo,
    /// Enabled zones. Default: all.
    pub zones: Option<Vec<String>>,
    /// `load_balancing.cross_zone.enabled`, for target groups that do not say. Default false.
    pub cross_zone: Option<bool>,
    /// Listener protocol. Default Tcp.
    pub listener: Option<FlowListener>,
    /// `tcp.idle_timeout.seconds`: a connection idle for longer is forgotten; what comes by it later is reset. Default
    /// 350 s, 60 s to 6000 s; of a Tls listener it cannot be changed.
    pub idle_timeout: Option<Dur>,
    /// `dns_record.client_routing_policy`, for callers inside a zone. Default AnyAvailabilityZone.
    pub client_routing_policy: Option<ClientRoutingPolicy>,
    /// `secondary_ips.auto_assigned.per_subnet`: each adds as many ports towards a target again. Default 0, at most 7.
    pub secondary_ips: Option<u32>,
    /// Connections from one address of a node to one target, at once or within a minute, where client addresses are not
    /// preserved. Default 55,000 (AWS: about so many).
    pub ports: Option<u32>,
    /// From the loss of a node, or of its last healthy target, to its leaving DNS. Default 10 s (undocumented; a
    /// modelling choice).
    pub dns_failover_delay: Option<Dur>,
    /// `zonal_shift.config.enabled`. With cross-zone, `unhealthy_connection_termination` of its target groups has to be false.
    /// Default false.
    pub zonal_shift: Option<bool>,
    /// Zonal autoshift: AWS itself shifts away from a zone that is ill. Default false.
    pub autoshift: Option<bool>,
    /// From a zone's trouble, or its end, to AWS acting on it. Default 5 min (undocumented; a modelling choice).
    pub autoshift_detection: Option<Dur>,
    /// From a zonal shift to its effect. Default 10 s (undocumented; a modelling choice).
    pub zonal_shift_propagation: Option<Dur>,
}

/// Listener protocol of a Network Load Balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum FlowListener {
    /// Passes on: a capacity unit for 800 new connections a second, or 100,000 active ones.
    Tcp,
    /// Ends TLS: a capacity unit for 50 new connections a second, or 3,000 active ones. What a handshake takes is up to the
    /// clients' `connections`.
    Tls,
}

/// Which node a lookup from inside a zone is answered with.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum ClientRoutingPolicy {
    /// Any.
    AnyAvailabilityZone,
    /// That of the caller's own zone in 85 of 100 lookups.
    PartialAvailabilityZoneAffinity,
    /// That of the caller's own zone, while it is in DNS.
    AvailabilityZoneAffinity,
}

/// A Classic Load Balancer.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassicLoadBalancer {
    /// Names of the groups or sets whose instances are registered.
    pub instances: Vec<String>,
    /// Enabled zones. Default: all.
    pub zones: Option<Vec<String>>,
    /// Whether a node sends to instances of all zones. Default false (API; the console proposes true).
    pub cross_zone: Option<bool>,
    /// Listener protocol. Default Http.
    pub listener: Option<Listener>,
    /// `ConnectionSettings.IdleTimeout`: no answer for so long is a 504. Default 60 s, 1 s to 3600 s.
    pub idle_timeout: Option<Dur>,
    /// `ConnectionDraining.Timeout`, 1 s to 3600 s. Default: off, deregistration cuts what runs.
    pub connection_draining: Option<Dur>,
    /// Duration of the cookie `AWSELB`. Default: no stickiness.
    pub stickiness: Option<Dur>,
    /// Health check: interval 30 s, timeout 5 s (2 s to 60 s), 10 passes, 2 failures unless written.
    #[serde(default)]
    pub health_check: HealthCheck,
    /// Connections that a node opens to one instance; beyond them, requests wait in the surge queue. Default: workers and
    /// backlog of the service on it (a modelling choice).
    pub instance_capacity: Option<u32>,
    /// Requests that may wait at a node. Default 1024, fixed by AWS.
    pub surge_queue: Option<u32>,
    /// TCP connect to an instance that does not answer. Default 10 s (a modelling choice).
    pub connect_timeout: Option<Dur>,
    /// After a refused connection an instance is left alone for so long, or until it answers something. Default 1 s (a
    /// modelling choice).
    pub connect_retry: Option<Dur>,
    /// From the loss of a node, or of its last healthy instance, to its leaving DNS. Default 10 s (undocumented; a
    /// modelling choice).
    pub dns_failover_delay: Option<Dur>,
}

/// Listener protocol of a Classic Load Balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Listener {
    /// Least outstanding requests; overflow of the surge queue is a 503.
    Http,
    /// Round robin; overflow closes the connection.
    Tcp,
}

/// How a health check asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum CheckProtocol {
    /// A request, which takes a worker of the service.
    Http,
    /// A connection, which the operating system accepts for a process that hangs.
    Tcp,
}

/// How callers use connections. Left out, each request has a connection that takes no time to open.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Connections {
    /// Kept open and used again, one request at a time; established ones ignore DNS.
    KeepAlive {
        /// Pools of connections among the callers, 1 to 1,000,000. Default: the users or sessions there are, else `resolvers`.
        pools: Option<u32>,
        /// The caller closes a connection idle for so long: a duration or `Never`. Default Never.
        idle_timeout: Option<Timeout>,
        /// Round trips of TLS on top of TCP's one. Default None.
        tls: Option<Tls>,
        /// Whether a request that finds its kept connection reset is sent again at once by a new one, as browsers do.
        /// Default false (not documented as a rule).
        resend: Option<bool>,
        /// How the kernel repeats a SYN that nobody answers. Default Exponential.
        syn: Option<Syn>,
        /// After so long the kernel gives up on a request that nobody acknowledges. Default 924.6 s (Linux,
        /// `tcp_retries2` 15).
        retransmission_limit: Option<Dur>,
    },
    /// A new one for each request.
    PerRequest {
        /// Round trips of TLS on top of TCP's one. Default None.
        tls: Option<Tls>,
        /// How the kernel repeats a SYN that nobody answers. Default Exponential.
        syn: Option<Syn>,
        /// After so long the kernel gives up on a request that nobody acknowledges. Default 924.6 s.
        retransmission_limit: Option<Dur>,
    },
}

/// TLS on top of TCP.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Tls {
    /// None: TCP's one round trip alone.
    None,
    /// TLS 1.3: one more.
    Tls13,
    /// TLS 1.2: two more.
    Tls12,
}

/// How the kernel repeats a SYN that nobody answers.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Syn {
    /// After 1, 2, 4, 8, 16, 32 s more; gives up at 127 s.
    Exponential,
    /// Four steps of 1 s first (newer kernels): the last at 67 s; gives up at 131 s.
    LinearFirst,
}

/// How callers keep a DNS answer.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum DnsCache {
    /// For `dns_ttl`.
    Resolver,
    /// For `dns_ttl`, at least 60 s (Chromium).
    Browser,
    /// For `networkaddress.cache.ttl`, whatever the record says.
    Jvm {
        /// That time. Default 30 s (usual, not verified; AWS recommends 5 s).
        ttl: Option<Dur>,
    },
    /// For ever (a JVM with a security manager, `networkaddress.cache.ttl=-1`).
    Forever,
}

/// Caches that keep answers beyond their time to live.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TtlViolators {
    /// Share of the caches. 0 to 5 % is usual (a modelling choice).
    pub share: Share,
    /// How long they keep an answer. Default: uniform from 5 min to 24 h (a modelling choice).
    pub hold: Option<Dist>,
}

/// Retry mode of an AWS SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum SdkMode {
    /// Five attempts (Python), no cap on the wait, no quota.
    Legacy,
    /// Three attempts, a retry quota of 500 tokens.
    Standard,
    /// Standard, and a client-side rate limiter.
    Adaptive,
}

/// What becomes of a request that finds the backlog of a service full.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum WhenFull {
    /// Its connection is refused.
    Refuse,
    /// It is answered with a 429 at once: `Throttle(retry_after: "2s")`.
    Throttle {
        /// `x-amz-retry-after`: how long callers are told to wait; SDKs of 2026 heed it. Default: not told.
        retry_after: Option<Dur>,
    },
}
