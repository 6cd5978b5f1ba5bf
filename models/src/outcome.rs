//! Outcomes: how a request ends. The list is closed, and every request ends in exactly one.

/// How an attempt, a call or a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// Answered.
    Ok,
    /// The target answered with a 500 of its own (injected error, failed dependency call).
    Target5xx,
    /// The store was there but had no connection left for it.
    ConnectionsExhausted,
    /// The store had no primary, or the connection was cut by a failover.
    DatabaseUnavailable,
    /// 502: connection refused, reset, or cut at the end of draining.
    BadGateway,
    /// 503: no target registered.
    ServiceUnavailable,
    /// 504: no connection within 10 s, or no answer within the idle timeout.
    GatewayTimeout,
    /// Straight to an instance that was not there, or whose backlog was full.
    Refused,
    /// The caller's own timeout.
    TimedOut,
    /// No connection to a balancer node that is still in the caller's DNS cache.
    StaleDns,
    /// No connection at all within the caller's connect timeout.
    ConnectTimeout,
    /// Left the queue before service began.
    Abandoned,
    /// The connection was reset: by a Network Load Balancer, by the server, or given up by the kernel.
    ConnectionReset,
    /// 429: the service sheds load.
    Throttled,
    /// 503 of a Classic Load Balancer: its surge queue is full.
    SurgeQueueFull,
    /// 4XX: a fixed response of the balancer. Nobody tries again.
    ClientError,
}

impl Outcome {
    /// All, in the order of their codes.
    pub const ALL: [Outcome; 16] = [
        Outcome::Ok,
        Outcome::Target5xx,
        Outcome::ConnectionsExhausted,
        Outcome::DatabaseUnavailable,
        Outcome::BadGateway,
        Outcome::ServiceUnavailable,
        Outcome::GatewayTimeout,
        Outcome::Refused,
        Outcome::TimedOut,
        Outcome::StaleDns,
        Outcome::ConnectTimeout,
        Outcome::Abandoned,
        Outcome::ConnectionReset,
        Outcome::Throttled,
        Outcome::SurgeQueueFull,
        Outcome::ClientError,
    ];

    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Target5xx => "target_5xx",
            Outcome::ConnectionsExhausted => "connections_exhausted",
            Outcome::DatabaseUnavailable => "database_unavailable",
            Outcome::BadGateway => "elb_502",
            Outcome::ServiceUnavailable => "elb_503",
            Outcome::GatewayTimeout => "elb_504",
            Outcome::Refused => "refused",
            Outcome::TimedOut => "timed_out",
            Outcome::StaleDns => "stale_dns",
            Outcome::ConnectTimeout => "connect_timeout",
            Outcome::Abandoned => "abandoned",
            Outcome::ConnectionReset => "connection_reset",
            Outcome::Throttled => "throttled",
            Outcome::SurgeQueueFull => "surge_queue_full",
            Outcome::ClientError => "elb_4xx",
        }
    }

    /// Whether it counts as success.
    pub fn is_ok(self) -> bool {
        self == Outcome::Ok
    }
}
