//! Client populations and call sites: who makes requests, how often, and how patiently.

use super::{BalancerId, Connections, EndpointId, RateProfile, Sdk, ServiceId, SiteId, TtlViolators, ZoneId};
use sim_core::Duration;
use sim_core::dist::Dist;

/// People or machines outside the cloud that make requests.
#[derive(Clone, Debug)]
pub struct Population {
    /// Its name in the scenario.
    pub name: String,
    /// When requests come.
    pub arrivals: Arrivals,
    /// How each is made.
    pub site: SiteId,
    /// Which endpoint, with its weight (positive, not normalised).
    pub mix: Vec<(EndpointId, f64)>,
    /// Give up if service has not begun by then: the request leaves the queue unserved. In seconds.
    pub patience: Option<Dist>,
    /// Number of distinct user sessions the requests belong to; 0 if requests are strangers to each other.
    pub sessions: u32,
    /// Round trip to whatever it talks to. In seconds.
    pub round_trip: Dist,
}

/// When requests come.
#[derive(Clone, Debug)]
pub enum Arrivals {
    /// An open stream: comes whether or not earlier ones were answered.
    Open {
        /// Rate over time.
        rate: RateProfile,
        /// How the instants fall.
        process: Process,
    },
    /// A closed loop: each user waits for the answer, thinks, and asks again.
    Closed {
        /// How many users.
        users: u32,
        /// Time from an answer to the next request. In seconds.
        think: Dist,
    },
}

/// How the instants of an open stream fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// A Poisson process of that rate.
    Poisson,
    /// The n-th request when the integral of the rate reaches n.
    Even,
}

/// Whom a request is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Through a load balancer, found by its DNS name.
    Balancer(BalancerId),
    /// Straight to an instance of the service (client-side discovery, no health checks).
    Service(ServiceId),
}

/// A place from which requests are made, with the care taken there.
#[derive(Clone, Debug)]
pub struct Site {
    /// For messages and results: the population's name, or `service.endpoint step n`.
    pub name: String,
    /// Whom it asks.
    pub to: Destination,
    /// From sending an attempt to giving it up. `Duration::MAX` if it waits for ever. Clients: 10 s.
    pub timeout: Duration,
    /// From sending an attempt to giving up on the connection. 3 s.
    pub connect_timeout: Duration,
    /// What happens after a failed attempt.
    pub retry: Retry,
    /// What the server does with work whose caller has gone.
    pub abandoned_work: AbandonedWork,
    /// Caches of the balancer's DNS answer among the callers; each request belongs to one. Phases are spread.
    pub resolvers: u32,
    /// How long such a cache keeps an answer. The TTL of every load balancer name is 60 s. `Duration::MAX`: for ever.
    pub dns_ttl: Duration,
    /// Caches that keep answers longer; none: all honour the time above.
    pub ttl_violators: Option<TtlViolators>,
    /// How it uses connections; none: each request has one that takes no time to open.
    pub connections: Option<Connections>,
    /// Bytes of a request, for capacity units, NetworkIn and cross-zone cost.
    pub request_bytes: u32,
    /// Bytes of an answer.
    pub response_bytes: u32,
}

impl Site {
    /// Bytes of a request and its answer.
    #[inline]
    pub fn bytes(&self) -> u32 {
        self.request_bytes.saturating_add(self.response_bytes)
    }
}

/// What the server does with work whose caller has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AbandonedWork {
    /// It is done all the same: the server cannot know.
    #[default]
    Continues,
    /// It is dropped as soon as the caller goes.
    IsCancelled,
}

/// What happens after a failed attempt (network.md §10.4).
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// Attempts in all, the first included; 1 is no retry.
    pub attempts: u32,
    /// Wait before the next attempt.
    pub backoff: Backoff,
}

/// Wait before the next attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Backoff {
    /// None.
    Immediate,
    /// As the AWS SDKs wait, with their quota.
    Sdk(Sdk),
    /// Always the same.
    Fixed(Duration),
    /// `min(cap, base × 2^n)`, jittered.
    Exponential {
        /// Before the first retry.
        base: Duration,
        /// Never longer than this.
        cap: Duration,
        /// How it is spread.
        jitter: Jitter,
    },
}

/// How a backoff is spread. Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// Not at all.
    None,
    /// Uniform from 0 to it.
    Full,
    /// Half of it, and the other half uniform.
    Equal,
    /// `min(cap, U(base, 3 × previous))`.
    Decorrelated,
}

/// Where a caller sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Outside the cloud, as a member of this population.
    Outside(super::PopulationId),
    /// In this zone.
    Zone(ZoneId),
}
