//! Network and Classic Load Balancers, and connections of those who call.

use super::balancer;
use super::context::{Cx, show};
use super::listener;
use crate::outline::Place;
use crate::schema::{self, ClassicLoadBalancer, LoadBalancer, NetworkLoadBalancer, Timeout};
use models::plan::{
    self, Algorithm, Balancer, BalancerKind, BalancerMetric, CheckProtocol, ClassicBalancer, Connections, DnsNeeds,
    Fleet, FleetId, FlowListener, GroupHealth, KeepAlive, Listener, ListenerRules, NetworkBalancer, NetworkGroup, Sdk,
    SdkEra, SdkMode, ServerKeepAlive, Service, ServiceId, ShiftSettings, Stickiness, SynRetries, TargetGroup,
    TargetGroupId, TtlViolators, WhenFull,
};
use sim_core::{Dist, Duration, Table};

/// The kinds of balancer that forward to a target group: (application, network with its name and cross-zone setting).
pub(crate) struct Forwarders<'a> {
    pub application: bool,
    pub network: Option<(&'a str, bool)>,
}

/// Which kinds of balancer forward to a target group.
pub(crate) fn forwarders<'a>(cx: &Cx<'a>, group: &str) -> Forwarders<'a> {
    let mut found = Forwarders { application: false, network: None };
    for (name, balancer) in cx.scenario.load_balancers.iter() {
        match balancer {
            LoadBalancer::Application { forward_to, rules, .. } => {
                found.application |= forward_to.as_ref().is_some_and(|to| balancer::names(to, group));
                found.application |= rules.iter().any(|rule| match &rule.action {
                    schema::ListenerAction::Forward { to, .. } => balancer::names(to, group),
                    _ => false,
                });
            }
            LoadBalancer::Network(network) if balancer::names(&network.forward_to, group) => {
                found.network = Some((name, network.cross_zone.unwrap_or(false)));
            }
            LoadBalancer::Network(_) | LoadBalancer::Classic(_) => {}
        }
    }
    found
}

/// Attributes of a target group that stands behind a Network Load Balancer.
pub(crate) fn network_group<'a>(
    cx: &mut Cx<'a>,
    written: &schema::TargetGroup,
    behind: &Forwarders<'a>,
    place: Place<'a>,
    name: &str,
) -> Option<NetworkGroup> {
    if let (Some((balancer, _)), true) = (behind.network, behind.application) {
        let message =
            format!("target group `{name}` stands behind `{balancer}` and behind an Application Load Balancer");
        let help = "a target group has one protocol: give each load balancer one of its own";
        cx.error(cx.root.field("target_groups").key(name), message, "HTTP or TCP?", help);
    }
    if behind.network.is_none() {
        for field in ["connection_termination", "unhealthy_connection_termination", "preserve_client_ip"] {
            if place.field(field).is_written() {
                let message = format!("`{field}` is for target groups behind a Network Load Balancer");
                cx.error(place.field(field), message, "has no effect here", "take it away");
            }
        }
        return None;
    }
    let not_for_it = ["stickiness", "algorithm", "slow_start", "target_weights"];
    if let Some(field) = not_for_it.into_iter().find(|field| place.field(field).is_written()) {
        let message = format!("`{field}` is not for target groups behind a Network Load Balancer");
        let help = "flows are bound by a hash: take it away";
        cx.error(place.field(field), message, "has no effect here", help);
    }
    Some(NetworkGroup {
        unhealthy_termination: written.unhealthy_connection_termination.unwrap_or(true),
        connection_termination: written.connection_termination.unwrap_or(false),
        preserve_client_ip: written.preserve_client_ip.unwrap_or(true),
    })
}

/// What health checks are unless written, by the kind of load balancer.
#[derive(Clone, Copy)]
pub(crate) struct UsualCheck {
    pub protocol: CheckProtocol,
    pub longest_timeout: f64,
    pub healthy_threshold: u32,
    pub registration_delay: f64,
}

/// Behind an Application Load Balancer.
pub(crate) const APPLICATION: UsualCheck =
    UsualCheck { protocol: CheckProtocol::Http, longest_timeout: 120.0, healthy_threshold: 5, registration_delay: 5.0 };
/// Behind a Network Load Balancer. Registration takes 60 to 120 s until the first check.
pub(crate) const NETWORK: UsualCheck =
    UsualCheck { protocol: CheckProtocol::Tcp, longest_timeout: 120.0, healthy_threshold: 5, registration_delay: 90.0 };
/// Of a Classic Load Balancer.
pub(crate) const CLASSIC: UsualCheck =
    UsualCheck { protocol: CheckProtocol::Http, longest_timeout: 60.0, healthy_threshold: 10, registration_delay: 5.0 };

impl UsualCheck {
    pub(crate) fn protocol_of(self, written: &schema::HealthCheck) -> CheckProtocol {
        match written.protocol {
            None => self.protocol,
            Some(schema::CheckProtocol::Http) => CheckProtocol::Http,
            Some(schema::CheckProtocol::Tcp) => CheckProtocol::Tcp,
        }
    }

    /// Seconds: 5 of Application and Classic; of Network 6 for HTTP and 10 for TCP.
    pub(crate) fn timeout_of(self, written: &schema::HealthCheck) -> f64 {
        match (self.protocol, self.protocol_of(written)) {
            (CheckProtocol::Http, _) => 5.0,
            (CheckProtocol::Tcp, CheckProtocol::Http) => 6.0,
            (CheckProtocol::Tcp, CheckProtocol::Tcp) => 10.0,
        }
    }
}

/// Classic Load Balancers of the scenario, in order.
fn classics<'a>(cx: &Cx<'a>) -> Vec<(&'a str, &'a ClassicLoadBalancer)> {
    let classic = |(name, balancer): (&'a str, &'a LoadBalancer)| match balancer {
        LoadBalancer::Classic(classic) => Some((name, &**classic)),
        _ => None,
    };
    cx.scenario.load_balancers.iter().take(10_000).filter_map(classic).collect()
}

/// A group of targets for each Classic Load Balancer, after those that are written.
pub(crate) fn classic_groups(cx: &mut Cx<'_>, groups: &mut Table<TargetGroupId, TargetGroup>) {
    for (name, written) in classics(cx) {
        let place = cx.root.field("load_balancers").entry(name);
        if groups.values().any(|group| group.name == name) {
            let message = format!("`{name}` is a target group and a Classic Load Balancer");
            let at = cx.root.field("load_balancers").key(name);
            cx.error(at, message, "which one?", "give one of them another name");
        }
        let health_check = balancer::health_check(cx, &written.health_check, place.field("health_check"), CLASSIC);
        if health_check.timeout >= health_check.interval {
            let (timeout, interval) = (health_check.timeout.as_secs_f64(), health_check.interval.as_secs_f64());
            let message = format!("health check `timeout` {timeout} s is not below `interval` {interval} s");
            let written = place.field("health_check");
            let at = if written.field("timeout").is_written() { "timeout" } else { "interval" };
            let help = "lower `timeout` or raise `interval`";
            cx.error(written.field(at), message, "a Classic Load Balancer demands a shorter one", help);
        }
        let draining = written.connection_draining;
        groups.push(TargetGroup {
            name: name.to_owned(),
            algorithm: Algorithm::RoundRobin,
            deregistration_delay: match draining {
                Some(_) => cx.time(place.field("connection_draining"), draining, 300.0, 1.0, 3600.0),
                None => Duration::ZERO,
            },
            cross_zone: written.cross_zone.unwrap_or(false),
            stickiness: written
                .stickiness
                .map(|time| Stickiness::LbCookie(cx.time(place.field("stickiness"), Some(time), 0.0, 1.0, 604_800.0))),
            slow_start: None,
            target_weights: None,
            health: GroupHealth::default(),
            network: None,
            health_check,
        });
    }
}

/// Registers the groups and sets that Classic Load Balancers name.
pub(crate) fn register(cx: &mut Cx<'_>, groups: usize, fleets: &mut Table<FleetId, Fleet>) {
    let classics = classics(cx);
    let first = groups - classics.len();
    for (number, (name, written)) in classics.into_iter().enumerate() {
        let list = cx.root.field("load_balancers").entry(name).field("instances");
        if written.instances.is_empty() {
            let message = format!("load balancer `{name}` names no instances");
            cx.error(list, message, "every request there is a 503", "name a group or a set of instances");
        }
        for (index, fleet) in written.instances.iter().enumerate() {
            let Some(id) = cx.fleet(fleet, list.item(index)) else { continue };
            let group = TargetGroupId::new(first + number);
            let Some(fleet) = fleets.get_mut(id) else { continue };
            if fleet.target_groups.contains(&group) {
                cx.error(list.item(index), "listed twice", "second time", "");
            } else {
                fleet.target_groups.push(group);
            }
        }
    }
}

/// Whether some Classic Load Balancer has a group among its instances.
pub(crate) fn is_behind_classic(cx: &Cx<'_>, fleet: &str) -> bool {
    classics(cx).iter().any(|(_, classic)| classic.instances.iter().any(|name| name == fleet))
}

pub(crate) fn network<'a>(
    cx: &mut Cx<'a>,
    name: &str,
    written: &'a NetworkLoadBalancer,
    place: Place<'a>,
    groups: &Table<TargetGroupId, TargetGroup>,
) -> Balancer {
    use schema::ClientRoutingPolicy::*;
    let listener = match written.listener {
        None | Some(schema::FlowListener::Tcp) => FlowListener::Tcp,
        Some(schema::FlowListener::Tls) => FlowListener::Tls,
    };
    if listener == FlowListener::Tls && written.idle_timeout.is_some() {
        let message = "the idle timeout of a TLS listener is 350 s";
        cx.error(place.field("idle_timeout"), message, "cannot be changed", "take it away");
    }
    let kind = NetworkBalancer {
        listener,
        zonal_affinity: match written.client_routing_policy {
            None | Some(AnyAvailabilityZone) => 0.0,
            Some(PartialAvailabilityZoneAffinity) => 0.85,
            Some(AvailabilityZoneAffinity) => 1.0,
        },
        secondary_ips: cx.count(place.field("secondary_ips"), written.secondary_ips, 0, 0, 7),
        ports: cx.count(place.field("ports"), written.ports, 55_000, 1, 1_000_000),
    };
    let forward = balancer::forward(cx, &written.forward_to, place.field("forward_to"));
    let zonal_shift = listener::shift_settings(
        cx,
        (written.zonal_shift, written.autoshift),
        (written.autoshift_detection, written.zonal_shift_propagation),
        place,
    );
    let terminates =
        |group: &&TargetGroup| group.cross_zone && group.network.is_some_and(|it| it.unhealthy_termination);
    let group = forward.iter().filter_map(|entry| groups.get(entry.0)).find(terminates).filter(|_| zonal_shift.enabled);
    if let Some(group) = group {
        let message = format!("`{name}` is cross-zone and resets connections to unhealthy targets of `{}`", group.name);
        let help = format!("add `unhealthy_connection_termination: false` to target group `{}`", group.name);
        cx.error(place.field("zonal_shift"), message, "cannot be shifted like that", &help);
    }
    Balancer {
        name: name.to_owned(),
        zones: cx.zones_or_all(written.zones.as_ref(), place.field("zones")),
        forward,
        idle_timeout: cx.time(place.field("idle_timeout"), written.idle_timeout, 350.0, 60.0, 6000.0),
        connect_timeout: Duration::from_secs(10),
        client_keep_alive: Duration::MAX,
        kind: BalancerKind::Network(kind),
        dns_needs: DnsNeeds::AnyGroup,
        listener: ListenerRules::default(),
        zonal_shift,
        capacity: None,
        reserved_lcu: 0,
        dns_failover_delay: dns_failover_delay(cx, written.dns_failover_delay, place),
    }
}

pub(crate) fn classic<'a>(
    cx: &mut Cx<'a>,
    name: &str,
    written: &'a ClassicLoadBalancer,
    place: Place<'a>,
    fleets: &Table<FleetId, Fleet>,
    services: &Table<ServiceId, Service>,
    groups: &Table<TargetGroupId, TargetGroup>,
) -> Balancer {
    let first = groups.len() - classics(cx).len();
    let group = groups.iter().find(|(id, group)| id.index() >= first && group.name == name).map(|(id, _)| id);
    let behind = |service: &&Service| {
        fleets.get(service.fleet).is_some_and(|fleet| group.is_some_and(|group| fleet.target_groups.contains(&group)))
    };
    let room = |service: &Service| service.workers.saturating_add(service.backlog);
    let usual = services.values().filter(behind).map(room).max().unwrap_or(u32::MAX);
    let kind = ClassicBalancer {
        listener: match written.listener {
            None | Some(schema::Listener::Http) => Listener::Http,
            Some(schema::Listener::Tcp) => Listener::Tcp,
        },
        surge_queue: cx.count(place.field("surge_queue"), written.surge_queue, 1024, 0, 1_000_000),
        instance_capacity: cx.count(
            place.field("instance_capacity"),
            written.instance_capacity,
            usual.max(1),
            1,
            u32::MAX,
        ),
        connect_retry: cx.time(place.field("connect_retry"), written.connect_retry, 1.0, 0.001, 600.0),
    };
    if written.stickiness.is_some() && kind.listener == Listener::Tcp {
        let message = "the cookie `AWSELB` needs an HTTP listener";
        cx.error(place.field("stickiness"), message, "no cookies in TCP", "take it away, or use `listener: Http`");
    }
    Balancer {
        name: name.to_owned(),
        zones: cx.zones_or_all(written.zones.as_ref(), place.field("zones")),
        forward: group.map(|group| (group, 1)).into_iter().collect(),
        idle_timeout: cx.time(place.field("idle_timeout"), written.idle_timeout, 60.0, 1.0, 3600.0),
        connect_timeout: cx.time(place.field("connect_timeout"), written.connect_timeout, 10.0, 0.1, 600.0),
        client_keep_alive: Duration::MAX,
        kind: BalancerKind::Classic(kind),
        dns_needs: DnsNeeds::AnyGroup,
        listener: ListenerRules::default(),
        zonal_shift: ShiftSettings::default(),
        capacity: None,
        reserved_lcu: 0,
        dns_failover_delay: dns_failover_delay(cx, written.dns_failover_delay, place),
    }
}

fn dns_failover_delay<'a>(cx: &mut Cx<'a>, written: Option<crate::units::Dur>, place: Place<'a>) -> Duration {
    cx.time(place.field("dns_failover_delay"), written, 10.0, 0.0, 3600.0)
}

/// Says so when a load balancer is not of the kind that counts such a thing.
pub(crate) fn counts<'a>(cx: &mut Cx<'a>, name: &str, metric: BalancerMetric, place: Place<'a>) {
    use BalancerMetric::*;
    let balancer = cx.scenario.load_balancers.get(name);
    let (fits, kind) = match metric {
        SurgeQueueLength | Spillover | BackendConnectionErrors => {
            (matches!(balancer, Some(LoadBalancer::Classic(_))), "a Classic")
        }
        NewFlows | ActiveFlows | ElbResets | TargetResets | ClientResets | PortAllocationErrors | ZonalHealth => {
            (matches!(balancer, Some(LoadBalancer::Network(_))), "a Network")
        }
        Elb502 | Elb503 | Elb504 | Target5xx | ConsumedLcus => {
            (!matches!(balancer, Some(LoadBalancer::Network(_))), "an Application or Classic")
        }
        Elb3xx | Elb4xx | Rejected | RuleEvaluations | NewConnections | ActiveConnections => {
            (matches!(balancer, Some(LoadBalancer::Application { .. })), "an Application")
        }
        ProcessedBytes => (true, ""),
    };
    if !fits {
        let message = format!("`{name}` is not {kind} Load Balancer");
        cx.error(place, message, "does not count that", "watch another metric");
    }
}

/// How callers use connections; `pools` is the usual number of pools.
pub(crate) fn connections<'a>(
    cx: &mut Cx<'a>,
    written: Option<&schema::Connections>,
    pools: u32,
    place: Place<'a>,
) -> Option<Connections> {
    let (tls, syn, limit, keep_alive) = match written? {
        schema::Connections::PerRequest { tls, syn, retransmission_limit } => (tls, syn, retransmission_limit, None),
        schema::Connections::KeepAlive { pools: wished, idle_timeout, tls, resend, syn, retransmission_limit } => {
            let keep_alive = KeepAlive {
                pools: cx.count(place.part("pools", 0), *wished, pools.max(1), 1, 1_000_000),
                idle_timeout: match idle_timeout {
                    None | Some(Timeout::Never) => Duration::MAX,
                    Some(Timeout::Text(time)) => {
                        cx.time(place.part("idle_timeout", 1), Some(*time), 0.0, 0.001, 86400.0 * 7.0)
                    }
                },
                resend: resend.unwrap_or(false),
            };
            (tls, syn, retransmission_limit, Some(keep_alive))
        }
    };
    Some(Connections {
        round_trips: match tls {
            None | Some(schema::Tls::None) => 1,
            Some(schema::Tls::Tls13) => 2,
            Some(schema::Tls::Tls12) => 3,
        },
        syn: match syn {
            None | Some(schema::Syn::Exponential) => SynRetries::Exponential,
            Some(schema::Syn::LinearFirst) => SynRetries::LinearFirst,
        },
        retransmission_limit: cx.time(place.part("retransmission_limit", 5), *limit, 924.6, 0.001, 86400.0),
        keep_alive,
    })
}

/// How long callers keep a DNS answer.
pub(crate) fn dns_hold(style: Option<schema::DnsCache>, ttl: Duration) -> Duration {
    match style {
        None | Some(schema::DnsCache::Resolver) => ttl,
        Some(schema::DnsCache::Browser) => ttl.max(Duration::from_secs(60)),
        Some(schema::DnsCache::Jvm { ttl }) => Duration::from_secs_f64(ttl.map_or(30.0, |ttl| ttl.0)),
        Some(schema::DnsCache::Forever) => Duration::MAX,
    }
}

pub(crate) fn ttl_violators<'a>(
    cx: &mut Cx<'a>,
    written: Option<&schema::TtlViolators>,
    place: Place<'a>,
) -> Option<TtlViolators> {
    let written = written?;
    let usual = Dist::Uniform { low: 300.0, high: 86400.0 };
    let share = cx.number(place.field("share"), written.share.0, 0.0, 1.0);
    let hold = cx.dist(place.field("hold"), written.hold.as_ref(), usual);
    (share > 0.0).then_some(TtlViolators { share, hold })
}

/// Retries as an AWS SDK makes them.
pub(crate) fn sdk<'a>(
    cx: &mut Cx<'a>,
    mode: Option<schema::SdkMode>,
    era: Option<u32>,
    max_attempts: Option<u32>,
    dynamodb: Option<bool>,
    place: Place<'a>,
) -> plan::Retry {
    let era = match cx.count(place.part("era", 1), era, 2026, 2020, 2099) {
        ..2026 => SdkEra::Before2026,
        _ => SdkEra::From2026,
    };
    let mode = match (mode, era) {
        (Some(schema::SdkMode::Legacy), _) | (None, SdkEra::Before2026) => SdkMode::Legacy,
        (Some(schema::SdkMode::Standard), _) | (None, SdkEra::From2026) => SdkMode::Standard,
        (Some(schema::SdkMode::Adaptive), _) => SdkMode::Adaptive,
    };
    let dynamodb = dynamodb.unwrap_or(false);
    let usual = match (mode, era) {
        (SdkMode::Legacy, _) => 5,
        (_, SdkEra::From2026) if dynamodb => 4,
        _ => 3,
    };
    let attempts = cx.count(place.part("max_attempts", 2), max_attempts, usual, 1, 100);
    plan::Retry { attempts, backoff: plan::Backoff::Sdk(Sdk { mode, era, dynamodb }) }
}

/// What becomes of a request that finds the backlog full.
pub(crate) fn when_full<'a>(cx: &mut Cx<'a>, written: Option<schema::WhenFull>, place: Place<'a>) -> WhenFull {
    match written {
        None | Some(schema::WhenFull::Refuse) => WhenFull::Refuse,
        Some(schema::WhenFull::Throttle { retry_after }) => WhenFull::Throttle {
            retry_after: retry_after.map(|time| cx.time(place.part("retry_after", 0), Some(time), 0.0, 0.0, 3600.0)),
        },
    }
}

/// How a service's server keeps connections, if that is written.
pub(crate) fn server_keep_alive<'a>(
    cx: &mut Cx<'a>,
    written: &schema::Service,
    place: Place<'a>,
) -> Option<ServerKeepAlive> {
    let lag_at = place.field("keep_alive_lag");
    if written.keep_alive.is_none() {
        if lag_at.is_written() {
            let help = "add `keep_alive`, such as `keep_alive: \"5s\"`";
            cx.error(lag_at, "`keep_alive_lag` without `keep_alive`", "nothing is closed", help);
        }
        return None;
    }
    let timeout = cx.time(place.field("keep_alive"), written.keep_alive, 5.0, 0.001, 86_400.0);
    let lag = cx.time(lag_at, written.keep_alive_lag, 0.001_f64.min(timeout.as_secs_f64() / 2.0), 0.0, 60.0);
    if lag >= timeout {
        let message = format!("`keep_alive_lag` of {} is not shorter than `keep_alive`", show(lag.as_secs_f64()));
        cx.error(lag_at, message, "longer than the connection lasts", "lower it");
    }
    Some(ServerKeepAlive { timeout, lag })
}
