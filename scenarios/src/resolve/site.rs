//! Sites: whom a client or a call asks, and with which care.

use super::balancer::services_behind;
use super::context::Cx;
use super::edge;
use super::geography;
use super::profile::{self, Meaning};
use super::route::{self, Asks};
use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use crate::schema::{self, Jitter, Retry, Timeout};
use models::plan::{
    self, AbandonedWork, Arrivals, Backoff, Balancer, BalancerId, Destination, Endpoint, EndpointId, Fleet, FleetId,
    Population, PopulationId, Process, Service, ServiceId, Site, SiteId,
};
use sim_core::{Dist, Duration, Table};

/// Which services stand behind each balancer.
pub(crate) struct Behind {
    services: Table<BalancerId, Vec<ServiceId>>,
    /// What can be asked of those with rules.
    asks: Table<BalancerId, Option<Asks>>,
}

impl Behind {
    pub fn new(
        cx: &Cx<'_>,
        balancers: &Table<BalancerId, Balancer>,
        fleets: &Table<FleetId, Fleet>,
        services: &Table<ServiceId, Service>,
    ) -> Self {
        Behind {
            services: balancers.values().map(|balancer| services_behind(balancer, fleets, services)).collect(),
            asks: balancers.values().map(|balancer| route::asks(cx, balancer, fleets, services)).collect(),
        }
    }

    /// What can be asked of a destination whose listener has rules.
    fn asks(&self, to: Option<Destination>) -> Option<&Asks> {
        match to? {
            Destination::Balancer(id) => self.asks.get(id)?.as_ref(),
            Destination::Service(_) => None,
        }
    }

    /// Services that answer behind a destination.
    pub fn services(&self, to: Destination) -> Vec<ServiceId> {
        match to {
            Destination::Balancer(id) => self.services.get(id).cloned().unwrap_or_default(),
            Destination::Service(id) => vec![id],
        }
    }
}

/// A load balancer or a service by name.
fn destination<'a>(cx: &mut Cx<'a>, name: &str, place: Place<'a>) -> Option<Destination> {
    let scenario = cx.scenario;
    let balancer = scenario.load_balancers.iter().position(|entry| entry.0 == name);
    let service = scenario.services.iter().position(|entry| entry.0 == name);
    match (balancer, service) {
        (Some(_), Some(_)) => {
            let message = format!("`{name}` is both a load balancer and a service");
            cx.error(place, message, "which one?", "give one of them another name");
            None
        }
        (Some(index), None) => Some(Destination::Balancer(BalancerId::new(index))),
        (None, Some(index)) => Some(Destination::Service(ServiceId::new(index))),
        (None, None) => {
            let mut known: Vec<&str> = Vec::new();
            for block in ["load_balancers", "services"] {
                if cx.root.field(block).is_written() {
                    known.extend(cx.root.field(block).node().keys());
                }
            }
            if !known.contains(&name) {
                let diagnostic = Diagnostic::error(place.span(), format!("no load balancer or service named `{name}`"));
                let diagnostic = diagnostic.label("not declared in `load_balancers` or `services`");
                cx.say(diagnostic.help_names("destination", name, &known));
            }
            None
        }
    }
}

/// Settings that clients and calls share.
struct Care<'s> {
    timeout: Option<Timeout>,
    connect_timeout: Option<Timeout>,
    dns_cache: Option<schema::DnsCache>,
    ttl_violators: Option<&'s schema::TtlViolators>,
    connections: Option<&'s schema::Connections>,
    /// Sessions or users; 0 if there are none.
    members: u32,
    retry: &'s Retry,
    abandoned_work: Option<schema::AbandonedWork>,
    resolvers: Option<u32>,
    usual_resolvers: u32,
    dns_ttl: Option<crate::units::Dur>,
    request_size: Option<crate::units::Size>,
    response_size: Option<crate::units::Size>,
}

fn site<'a>(cx: &mut Cx<'a>, name: String, to: Destination, care: &Care<'_>, place: Place<'a>) -> SiteId {
    let timeout = match care.timeout {
        Some(Timeout::Never) => Duration::MAX,
        Some(Timeout::Text(time)) => cx.time(place.field("timeout"), Some(time), 10.0, 0.001, 86400.0),
        None => Duration::from_secs(10),
    };
    let bytes = |cx: &mut Cx<'a>, field: &str, size: Option<crate::units::Size>, default: f64| {
        cx.number(place.field(field), size.map_or(default, |size| size.0), 0.0, 4e9) as u32
    };
    let resolvers = cx.count(place.field("resolvers"), care.resolvers, care.usual_resolvers, 1, 1_000_000);
    let pools = if care.members > 0 { care.members } else { resolvers };
    let connections = edge::connections(cx, care.connections, pools, place.field("connections"));
    let dns_ttl = cx.time(place.field("dns_ttl"), care.dns_ttl, 60.0, 0.0, 86400.0 * 7.0);
    let site = Site {
        name,
        to,
        timeout,
        connect_timeout: match care.connect_timeout {
            // The kernel's last SYN decides.
            Some(Timeout::Never) if connections.is_some() => Duration::MAX,
            Some(Timeout::Never) => Duration::from_secs(127),
            Some(Timeout::Text(time)) => cx.time(place.field("connect_timeout"), Some(time), 3.0, 0.001, 86400.0),
            None => Duration::from_secs(3),
        },
        connections,
        ttl_violators: edge::ttl_violators(cx, care.ttl_violators, place.field("ttl_violators")),
        retry: retry(cx, care.retry, place.field("retry")),
        abandoned_work: match care.abandoned_work {
            Some(schema::AbandonedWork::IsCancelled) => AbandonedWork::IsCancelled,
            _ => AbandonedWork::Continues,
        },
        resolvers,
        dns_ttl: edge::dns_hold(care.dns_cache, dns_ttl),
        request_bytes: bytes(cx, "request_size", care.request_size, 1024.0),
        response_bytes: bytes(cx, "response_size", care.response_size, 8192.0),
    };
    cx.sites.push(site)
}

fn retry<'a>(cx: &mut Cx<'a>, written: &Retry, place: Place<'a>) -> plan::Retry {
    let tries = |cx: &mut Cx<'a>, attempts: u32| cx.count(place.part("attempts", 0), Some(attempts), 1, 1, 100);
    match *written {
        Retry::None => plan::Retry { attempts: 1, backoff: Backoff::Immediate },
        Retry::Immediate { attempts } => plan::Retry { attempts: tries(cx, attempts), backoff: Backoff::Immediate },
        Retry::Fixed { attempts, delay } => {
            plan::Retry { attempts: tries(cx, attempts), backoff: Backoff::Fixed(cx.any_time(Some(delay), 0.0)) }
        }
        Retry::Sdk { mode, era, max_attempts, dynamodb } => edge::sdk(cx, mode, era, max_attempts, dynamodb, place),
        Retry::Backoff { attempts, base, cap, jitter } => {
            if cap.is_some_and(|cap| cap < base) {
                cx.error(
                    place.part("cap", 2),
                    "`cap` is shorter than `base`",
                    "longest wait",
                    "raise `cap` or lower `base`",
                );
            }
            let backoff = Backoff::Exponential {
                base: cx.any_time(Some(base), 0.0),
                cap: cx.any_time(cap, 20.0_f64.max(base.0)),
                jitter: match jitter {
                    Jitter::None => plan::Jitter::None,
                    Jitter::Full => plan::Jitter::Full,
                    Jitter::Equal => plan::Jitter::Equal,
                    Jitter::Decorrelated => plan::Jitter::Decorrelated,
                },
            };
            plan::Retry { attempts: tries(cx, attempts), backoff }
        }
    }
}

/// The site of a `Call` step, and the endpoint it asks.
pub(crate) fn call<'a>(
    cx: &mut Cx<'a>,
    call: &'a schema::Call,
    place: Place<'a>,
    (behind, known): (&Behind, &Table<ServiceId, Service>),
    name: String,
) -> Option<(SiteId, EndpointId)> {
    let to = destination(cx, &call.to, place.part("to", 0))?;
    let services = behind.services(to);
    let endpoint = match (&call.endpoint, behind.asks(Some(to))) {
        (Some(endpoint), Some(asks)) => route::ask(cx, asks, known, endpoint, place.part("endpoint", 1)),
        (Some(endpoint), None) => cx.endpoint(&services, endpoint, place.part("endpoint", 1)),
        (None, _) => {
            let theirs: Vec<usize> =
                (0..cx.endpoints.len()).filter(|i| services.contains(&cx.endpoints[*i].0)).collect();
            if theirs.len() > 1 {
                let names: Vec<String> = theirs.iter().map(|i| format!("`{}`", cx.endpoints[*i].1)).collect();
                cx.error(
                    place,
                    format!("which endpoint of `{}`?", call.to),
                    "needs `endpoint`",
                    &format!("choose one of {}", names.join(", ")),
                );
            }
            theirs.first().map(|index| EndpointId::new(*index))
        }
    };
    let care = Care {
        timeout: call.timeout,
        connect_timeout: call.connect_timeout,
        dns_cache: call.dns_cache,
        ttl_violators: None,
        connections: call.connections.as_ref(),
        members: 0,
        retry: &call.retry,
        abandoned_work: call.abandoned_work,
        resolvers: call.resolvers,
        usual_resolvers: 16,
        dns_ttl: call.dns_ttl,
        request_size: call.request_size,
        response_size: call.response_size,
    };
    let site = site(cx, name, to, &care, place);
    Some((site, endpoint?))
}

/// Client populations.
pub(crate) fn populations(
    cx: &mut Cx<'_>,
    behind: &Behind,
    endpoints: &Table<EndpointId, Endpoint>,
    services: &Table<ServiceId, Service>,
) -> Table<PopulationId, Population> {
    let mut populations = Table::default();
    for (name, client) in cx.scenario.clients.iter().take(10_000) {
        let place = cx.root.field("clients").entry(name);
        let arrivals = arrivals(cx, &client.arrivals, place.field("arrivals"));
        let to = destination(cx, &client.to, place.field("to"));
        let answering = to.map(|to| behind.services(to)).unwrap_or_default();
        let asks = behind.asks(to);
        if let (Some(Destination::Balancer(_)), true, None) = (to, answering.is_empty(), asks) {
            let place = place.field("to");
            let message = format!("no service answers behind load balancer `{}`", client.to);
            let help = "register a group in one of its target groups, and let a service run on that group";
            if !cx.failed() {
                cx.error(place, message, "leads nowhere", help);
            }
        }
        // Behind weighted target groups stand versions of one service: each has to answer what the first does.
        let (first, versions) = answering.split_first().map_or((None, &[][..]), |(first, rest)| (Some(*first), rest));
        for version in versions.iter().filter(|_| asks.is_none()) {
            let lacks = |name: &str| {
                services[*version].endpoints.iter().all(|id| endpoints.get(*id).is_none_or(|e| e.name != name))
            };
            let of_first = endpoints.values().filter(|endpoint| Some(endpoint.service) == first);
            let missing: Vec<String> =
                of_first.filter(|e| lacks(&e.name)).map(|endpoint| format!("`{}`", endpoint.name)).collect();
            if let (Some(first), false) = (first, missing.is_empty()) {
                let (one, other) = (&services[first].name, &services[*version].name);
                let message =
                    format!("behind `{}`, service `{other}` has no endpoint {}", client.to, missing.join(", "));
                let label = format!("leads to `{one}` and to `{other}`");
                let help = "versions behind one load balancer need endpoints of the same names; other services need \
                            `rules` that send each endpoint to its own";
                cx.error(place.field("to"), message, &label, help);
            }
        }
        let answering: Vec<ServiceId> = first.into_iter().collect();
        let mix = match asks {
            Some(asks) => route::mix(cx, client.mix.as_ref(), asks, endpoints, services, client, place),
            None => mix(cx, client, &answering, endpoints, place),
        };
        let round_trip =
            cx.dist(place.field("round_trip"), client.round_trip.as_ref(), geography::client_round_trip(cx));
        let care = Care {
            timeout: client.timeout,
            connect_timeout: client.connect_timeout,
            dns_cache: client.dns_cache,
            ttl_violators: client.ttl_violators.as_ref(),
            connections: client.connections.as_ref(),
            members: match arrivals {
                Arrivals::Closed { users, .. } => users,
                Arrivals::Open { .. } => client.sessions.unwrap_or(0),
            },
            retry: &client.retry,
            abandoned_work: client.abandoned_work,
            resolvers: client.resolvers,
            usual_resolvers: 100,
            dns_ttl: client.dns_ttl,
            request_size: client.request_size,
            response_size: client.response_size,
        };
        let site = site(cx, name.to_owned(), to.unwrap_or(Destination::Service(ServiceId::new(0))), &care, place);
        let patience = client.patience.as_ref().map(|patience| cx.needed_dist(place.field("patience"), patience));
        let sessions = cx.count(place.field("sessions"), client.sessions, 0, 0, 1_000_000);
        populations.push(Population { name: name.to_owned(), arrivals, site, mix, patience, sessions, round_trip });
    }
    populations
}

fn mix<'a>(
    cx: &mut Cx<'a>,
    client: &'a schema::Client,
    answering: &[ServiceId],
    endpoints: &Table<EndpointId, Endpoint>,
    place: Place<'a>,
) -> Vec<(EndpointId, f64)> {
    let mut mix = Vec::new();
    match &client.mix {
        Some(weights) => {
            let list = place.field("mix");
            for (name, weight) in weights.iter() {
                let weight = cx.number(list.entry(name), *weight, 0.0, 1e9);
                let found = cx.endpoint(answering, name, list.key(name));
                mix.extend(found.filter(|_| weight > 0.0).map(|id| (id, weight)));
            }
            if weights.iter().all(|(_, weight)| *weight == 0.0) {
                cx.error(
                    list,
                    "no weight is above zero",
                    "nothing to ask for",
                    "give at least one endpoint a weight above 0",
                );
            }
        }
        None => {
            let theirs = endpoints.iter().filter(|(_, endpoint)| answering.contains(&endpoint.service));
            mix.extend(theirs.filter(|(_, e)| e.weight > 0.0).map(|(id, e)| (id, e.weight)));
            if mix.is_empty() && !answering.is_empty() && !cx.failed() {
                let help = "give one of its endpoints a `weight` above 0, or name a `mix`";
                cx.error(
                    place.field("to"),
                    format!("no endpoint of `{}` has a weight above zero", client.to),
                    "nothing to ask for",
                    help,
                );
            }
        }
    }
    mix
}

fn arrivals<'a>(cx: &mut Cx<'a>, written: &'a schema::Arrivals, place: Place<'a>) -> Arrivals {
    use schema::Arrivals as Written;
    match written {
        Written::Poisson(profile) => Arrivals::Open {
            rate: profile::resolve(cx, profile, place.item(0), Meaning::Rate),
            process: Process::Poisson,
        },
        Written::Even(profile) => {
            Arrivals::Open { rate: profile::resolve(cx, profile, place.item(0), Meaning::Rate), process: Process::Even }
        }
        Written::Other(profile) => {
            Arrivals::Open { rate: profile::resolve(cx, profile, place, Meaning::Rate), process: Process::Poisson }
        }
        Written::Closed { users, think } => {
            let users = cx.count(place.part("users", 0), Some(*users), 1, 1, 1_000_000);
            let think = cx.dist(place.part("think", 1), think.as_ref(), Dist::Constant(0.0));
            Arrivals::Closed { users, think }
        }
    }
}
