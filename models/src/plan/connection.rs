//! Connections of callers, and the load balancers that work by connection: Network and Classic.

use sim_core::Duration;
use sim_core::dist::Dist;

/// How a caller uses TCP connections; a site without this opens one per request that takes no time (network.md §10.2).
#[derive(Clone, Debug)]
pub struct Connections {
    /// Round trips before the first request on a new connection: TCP one, TLS 1.3 one more, TLS 1.2 two more.
    pub round_trips: u8,
    /// How the kernel repeats a SYN that nobody answers.
    pub syn: SynRetries,
    /// After so long the kernel gives up on data that nobody acknowledges. 924.6 s (Linux, `tcp_retries2` 15).
    pub retransmission_limit: Duration,
    /// Keep-alive; none: a new connection for each request.
    pub keep_alive: Option<KeepAlive>,
}

/// Connections that are used again.
#[derive(Clone, Copy, Debug)]
pub struct KeepAlive {
    /// Pools among the callers (browsers, processes); a request takes the connection of its pool that was used last.
    pub pools: u32,
    /// The caller closes a connection that was idle for so long. `Duration::MAX`: never.
    pub idle_timeout: Duration,
    /// Whether a request that finds its kept connection reset is sent again at once on a new one (browsers do;
    /// not documented as a rule).
    pub resend: bool,
}

/// A server that closes connections at rest (network.md §3.12): before its load balancer does, if this is shorter than the
/// balancer's idle timeout.
#[derive(Clone, Copy, Debug)]
pub struct ServerKeepAlive {
    /// A connection without a request for so long is closed (`KeepAliveTimeout` of Apache, `keepAliveTimeout` of Node.js:
    /// 5 s; `keepalive_timeout` of nginx: 75 s).
    pub timeout: Duration,
    /// From the server's decision to its peer's taking note of it, beyond the way between them: a request sent meanwhile meets
    /// a closed connection. A modelling choice; 1 ms.
    pub lag: Duration,
}

/// How the kernel repeats a SYN that nobody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SynRetries {
    /// After 1, 2, 4, 8, 16, 32 s more (`tcp_syn_retries` 6); gives up at 127 s.
    #[default]
    Exponential,
    /// Four steps of 1 s first (`tcp_syn_linear_timeouts` 4): the last at 67 s; gives up at 131 s.
    LinearFirst,
}

impl SynRetries {
    /// Seconds from each SYN to the next; after the last of them the kernel gives up.
    pub fn waits_s(self) -> &'static [u64] {
        match self {
            SynRetries::Exponential => &[1, 2, 4, 8, 16, 32, 64],
            SynRetries::LinearFirst => &[1, 1, 1, 1, 1, 2, 4, 8, 16, 32, 64],
        }
    }
}

/// Callers that keep a DNS answer beyond its time to live (network.md §10.1).
#[derive(Clone, Debug)]
pub struct TtlViolators {
    /// Share of the caches that do so. A modelling choice; 0 to 5 % is usual.
    pub share: f64,
    /// For how long they keep an answer, in seconds. A modelling choice; 5 min to 24 h.
    pub hold: Dist,
}

/// What kind of load balancer it is.
#[derive(Clone, Debug, Default)]
pub enum BalancerKind {
    /// HTTP, request by request.
    #[default]
    Application,
    /// TCP, connection by connection (network.md §4).
    Network(NetworkBalancer),
    /// The previous generation, which queues (network.md §5).
    Classic(ClassicBalancer),
}

/// Settings of a Network Load Balancer.
#[derive(Clone, Debug)]
pub struct NetworkBalancer {
    /// Listener protocol.
    pub listener: FlowListener,
    /// `dns_record.client_routing_policy`: share of lookups from inside a zone that are answered with the node of that
    /// zone, while it is in DNS. 0 (any zone, the default), 0.85 or 1.
    pub zonal_affinity: f64,
    /// `secondary_ips.auto_assigned.per_subnet`: each adds as many ports again. Default 0, at most 7.
    pub secondary_ips: u32,
    /// Connections, at once or within a minute, from one address of a node to one target, where client addresses are
    /// not preserved. About 55,000.
    pub ports: u32,
}

/// Listener protocol of a Network Load Balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FlowListener {
    /// Passes on.
    #[default]
    Tcp,
    /// Ends TLS: sixteen times the capacity units for new connections, and an idle timeout of 350 s for good.
    Tls,
}

/// Attributes of a target group behind a Network Load Balancer.
#[derive(Clone, Copy, Debug)]
pub struct NetworkGroup {
    /// `target_health_state.unhealthy.connection_termination.enabled`. Default true.
    pub unhealthy_termination: bool,
    /// `deregistration_delay.connection_termination.enabled`. Default false: old connections may outlive the delay.
    pub connection_termination: bool,
    /// `preserve_client_ip.enabled`. Where it is, targets see the clients' own addresses and ports do not run out.
    /// Default true for instances.
    pub preserve_client_ip: bool,
}

/// Settings of a Classic Load Balancer.
#[derive(Clone, Copy, Debug)]
pub struct ClassicBalancer {
    /// Listener protocol.
    pub listener: Listener,
    /// Requests (HTTP) or connections (TCP) that may wait at a node while no instance has room. Fixed at 1,024 by AWS.
    pub surge_queue: u32,
    /// Connections that one instance takes. A modelling choice; the workers and the backlog of the service behind.
    pub instance_capacity: u32,
    /// After a refused connection an instance is left alone for so long, or until it answers something. A modelling
    /// choice; 1 s.
    pub connect_retry: Duration,
}

/// Listener protocol of a Classic Load Balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Listener {
    /// Least outstanding requests; overflow is a 503.
    #[default]
    Http,
    /// Round robin; overflow closes the connection.
    Tcp,
}

/// How a health check asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CheckProtocol {
    /// A request that takes a worker.
    #[default]
    Http,
    /// A connection that the operating system accepts, whatever the process does.
    Tcp,
}

/// Retries as the AWS SDKs make them (network.md §10.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sdk {
    /// Retry mode.
    pub mode: SdkMode,
    /// Whose constants hold.
    pub era: SdkEra,
    /// Whether the client is one for DynamoDB, whose waits are shorter from 2026 on.
    pub dynamodb: bool,
}

/// Retry mode of an AWS SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SdkMode {
    /// Five attempts (Python), no cap, no quota.
    Legacy,
    /// Three attempts and a retry quota.
    Standard,
    /// Standard, and a client-side rate limiter.
    Adaptive,
}

/// Which generation of constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SdkEra {
    /// Before the change of 2026.
    Before2026,
    /// From `AWS_NEW_RETRIES_2026=true` on, the default from November 2026.
    From2026,
}
