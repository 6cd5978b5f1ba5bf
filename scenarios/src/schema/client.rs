//! Client populations, and the care they take.

use super::{Connections, Dist, DnsCache, Named, Profile, SdkMode, TtlViolators};
use crate::units::{Dur, Size};
use schemars::JsonSchema;
use serde::Deserialize;

/// People or machines outside the cloud that make requests.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Name of the load balancer or of the service asked.
    pub to: String,
    /// When requests come. A profile alone means a Poisson process.
    pub arrivals: Arrivals,
    /// Endpoints asked, with weights: `{"page": 9, "order": 1}`. Default: the weights of the endpoints themselves.
    pub mix: Option<Named<f64>>,
    /// From sending an attempt to giving it up: a duration or `Never`. Default 10 s (a modelling choice; network.md §10.2).
    pub timeout: Option<Timeout>,
    /// From sending an attempt to giving up on the connection: a duration, or `Never` (the kernel gives up after its last
    /// SYN). Default 3 s (a modelling choice).
    pub connect_timeout: Option<Timeout>,
    /// What happens after a failed attempt. Default None.
    #[serde(default)]
    pub retry: Retry,
    /// What the server does with work whose caller has gone. Default Continues.
    pub abandoned_work: Option<AbandonedWork>,
    /// Leave the queue unserved if service has not begun by then. Default: never.
    pub patience: Option<Dist>,
    /// Number of user sessions the requests belong to, 0 to 1,000,000. Default 0: strangers to each other.
    pub sessions: Option<u32>,
    /// Round trip to whatever it talks to. Default 20 ms with `regions`, else 0 (a modelling choice).
    pub round_trip: Option<Dist>,
    /// Caches of the balancer's DNS answer among the clients. Default 100 (a modelling choice).
    pub resolvers: Option<u32>,
    /// How long such a cache keeps an answer. Default 60 s: the TTL of every load balancer name.
    pub dns_ttl: Option<Dur>,
    /// How such caches keep answers. Default Resolver.
    pub dns_cache: Option<DnsCache>,
    /// Caches that keep answers beyond their time: `(share: "2%", hold: "1h")`. Default: none.
    pub ttl_violators: Option<TtlViolators>,
    /// How connections are used: `KeepAlive(..)`, `PerRequest(..)`. Default: one per request that takes no time to open.
    pub connections: Option<Connections>,
    /// Size of a request. Default `"1KiB"` (a modelling choice).
    pub request_size: Option<Size>,
    /// Size of an answer. Default `"8KiB"` (a modelling choice).
    pub response_size: Option<Size>,
}

/// When requests come. A rate or a profile alone means a Poisson process.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Arrivals {
    /// A Poisson process of that rate or profile.
    Poisson(Profile),
    /// The n-th request when the profile's integral reaches n: `Even("10/s")` is one each 100 ms.
    Even(Profile),
    /// A closed loop: each user waits for the answer, thinks, asks again.
    Closed {
        /// How many users, 1 to 1,000,000.
        users: u32,
        /// From an answer to the next request. Default 0.
        think: Option<Dist>,
    },
    /// A Poisson process of that profile.
    Other(Profile),
}

/// A time limit.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Timeout {
    /// A duration.
    Text(Dur),
    /// Waits for ever.
    Never,
}

/// What happens after a failed attempt (network.md §10.4).
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Retry {
    /// No second attempt.
    #[default]
    None,
    /// At once.
    Immediate {
        /// Attempts in all, the first included, 1 to 100.
        attempts: u32,
    },
    /// After the same wait each time.
    Fixed {
        /// Attempts in all, the first included, 1 to 100.
        attempts: u32,
        /// Wait before each further one.
        delay: Dur,
    },
    /// After a wait that doubles each time.
    Backoff {
        /// Attempts in all, the first included, 1 to 100.
        attempts: u32,
        /// Wait before the first retry.
        base: Dur,
        /// Longest wait. Default 20 s (AWS SDKs).
        cap: Option<Dur>,
        /// How it is spread. Default Full.
        #[serde(default)]
        jitter: Jitter,
    },
    /// As an AWS SDK does: `Sdk(mode: Standard)` (network.md §10.3). Each of the `resolvers` is a client with a quota of its own.
    Sdk {
        /// Retry mode. Default Standard; before 2026, Legacy.
        mode: Option<SdkMode>,
        /// Year whose constants hold: before 2026 the old ones. Default 2026.
        era: Option<u32>,
        /// Attempts in all, 1 to 100. Default 3; Legacy 5; DynamoDB from 2026 on 4.
        max_attempts: Option<u32>,
        /// Whether DynamoDB is what is called: from 2026 on its waits are shorter. Default false.
        dynamodb: Option<bool>,
    },
}

/// How a backoff is spread. Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Jitter {
    /// Not at all.
    None,
    /// Uniform from 0 to the wait.
    #[default]
    Full,
    /// Half the wait, and the other half uniform.
    Equal,
    /// Uniform from the base to three times the previous wait.
    Decorrelated,
}

/// What the server does with work whose caller has gone.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum AbandonedWork {
    /// It is done all the same: the server cannot know.
    Continues,
    /// It is dropped as soon as the caller goes.
    IsCancelled,
}
