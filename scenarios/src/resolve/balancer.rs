//! Load balancers and target groups.

use super::context::Cx;
use super::edge::{self, UsualCheck};
use super::listener;
use crate::outline::Place;
use crate::schema::{self, Depth, ForwardTo, LoadBalancer};
use models::plan::{
    Algorithm, Balancer, BalancerId, BalancerKind, Fleet, FleetId, HealthCheck, Service, ServiceId, StoreId,
    TargetGroup, TargetGroupId,
};
use sim_core::{Dist, Table};

pub(crate) fn target_groups(cx: &mut Cx<'_>) -> Table<TargetGroupId, TargetGroup> {
    let mut groups = Table::default();
    for (name, written) in cx.scenario.target_groups.iter().take(10_000) {
        let place = cx.root.field("target_groups").entry(name);
        let behind = edge::forwarders(cx, name);
        let usual = if behind.network.is_some() { edge::NETWORK } else { edge::APPLICATION };
        let network = edge::network_group(cx, written, &behind, place, name);
        groups.push(TargetGroup {
            network,
            name: name.to_owned(),
            algorithm: match written.algorithm {
                None | Some(schema::Algorithm::RoundRobin) => Algorithm::RoundRobin,
                Some(schema::Algorithm::LeastOutstandingRequests) => Algorithm::LeastOutstandingRequests,
                Some(schema::Algorithm::WeightedRandom) => Algorithm::WeightedRandom,
            },
            deregistration_delay: cx.time(
                place.field("deregistration_delay"),
                written.deregistration_delay,
                300.0,
                0.0,
                3600.0,
            ),
            cross_zone: written.cross_zone.unwrap_or(behind.network.is_none_or(|network| network.1)),
            stickiness: listener::stickiness(cx, written, place),
            slow_start: listener::slow_start(cx, written, place),
            target_weights: listener::target_weights(cx, written, place),
            health: listener::health(cx, &written.target_group_health, place.field("target_group_health")),
            health_check: health_check(cx, &written.health_check, place.field("health_check"), usual),
        });
    }
    edge::classic_groups(cx, &mut groups);
    groups
}

pub(crate) fn health_check<'a>(
    cx: &mut Cx<'a>,
    written: &'a schema::HealthCheck,
    place: Place<'a>,
    usual: UsualCheck,
) -> HealthCheck {
    let interval = cx.time(place.field("interval"), written.interval, 30.0, 5.0, 300.0);
    let timeout =
        cx.time(place.field("timeout"), written.timeout, usual.timeout_of(written), 2.0, usual.longest_timeout);
    let mut dependencies = Vec::new();
    if let Some(Depth::Deep { stores }) = &written.depth {
        let list = place.field("depth").part("stores", 0);
        for (index, name) in stores.iter().enumerate() {
            let found = cx.find("database", "databases", &cx.scenario.databases, name, list.item(index));
            dependencies.extend(found.map(StoreId::new));
        }
    }
    HealthCheck {
        protocol: usual.protocol_of(written),
        interval,
        timeout,
        healthy_threshold: cx.count(
            place.field("healthy_threshold"),
            written.healthy_threshold,
            usual.healthy_threshold,
            2,
            10,
        ),
        unhealthy_threshold: cx.count(place.field("unhealthy_threshold"), written.unhealthy_threshold, 2, 2, 10),
        dependencies,
        compute: cx.dist(place.field("compute"), written.compute.as_ref(), Dist::Constant(0.001)),
        registration_delay: cx.time(
            place.field("registration_delay"),
            written.registration_delay,
            usual.registration_delay,
            0.0,
            600.0,
        ),
    }
}

pub(crate) fn balancers(
    cx: &mut Cx<'_>,
    fleets: &Table<FleetId, Fleet>,
    services: &Table<ServiceId, Service>,
    groups: &Table<TargetGroupId, TargetGroup>,
) -> Table<BalancerId, Balancer> {
    let mut balancers = Table::default();
    for (name, written) in cx.scenario.load_balancers.iter().take(10_000) {
        let place = cx.root.field("load_balancers").entry(name);
        let (forward_to, zones, idle_timeout, connect_timeout, dns_failover_delay, client_keep_alive, reserved_lcu) =
            match written {
                LoadBalancer::Application {
                    forward_to,
                    zones,
                    idle_timeout,
                    connect_timeout,
                    dns_failover_delay,
                    client_keep_alive,
                    reserved_lcu,
                    ..
                } => (
                    forward_to,
                    zones,
                    idle_timeout,
                    connect_timeout,
                    dns_failover_delay,
                    client_keep_alive,
                    reserved_lcu,
                ),
                LoadBalancer::Network(network) => {
                    balancers.push(edge::network(cx, name, network, place, groups));
                    continue;
                }
                LoadBalancer::Classic(classic) => {
                    balancers.push(edge::classic(cx, name, classic, place, fleets, services, groups));
                    continue;
                }
            };
        let zones_at = if zones.is_some() { place.field("zones") } else { cx.root.field("load_balancers").key(name) };
        let zones = cx.zones_or_all(zones.as_ref(), place.field("zones"));
        if zones.len() < 2 && !cx.scenario.regions.is_empty() {
            let help = "enable a second zone; or leave `regions` out, for a model without geography";
            cx.error(zones_at, format!("load balancer `{name}` has fewer than two zones"), "AWS demands two", help);
        }
        balancers.push(Balancer {
            name: name.to_owned(),
            zones,
            forward: forward_to.as_ref().map_or(Vec::new(), |to| forward(cx, to, place.part("forward_to", 0))),
            idle_timeout: cx.time(place.field("idle_timeout"), *idle_timeout, 60.0, 1.0, 4000.0),
            connect_timeout: cx.time(place.field("connect_timeout"), *connect_timeout, 10.0, 0.1, 600.0),
            kind: BalancerKind::Application,
            dns_failover_delay: cx.time(place.field("dns_failover_delay"), *dns_failover_delay, 10.0, 0.0, 3600.0),
            dns_needs: listener::dns_needs(written),
            client_keep_alive: cx.time(place.field("client_keep_alive"), *client_keep_alive, 3600.0, 60.0, 604_800.0),
            listener: listener::listener(cx, written, place, cx.root.field("load_balancers").key(name)),
            zonal_shift: listener::zonal_shift(cx, written, place),
            capacity: listener::capacity(cx, written, place),
            reserved_lcu: reserved_lcu
                .map_or(0, |lcu| cx.count(place.field("reserved_lcu"), Some(lcu), 0, 100, 1_000_000)),
        });
    }
    balancers
}

/// Whether a target group is among those that a balancer forwards to.
pub(crate) fn names(forward_to: &ForwardTo, group: &str) -> bool {
    match forward_to {
        ForwardTo::Text(name) => name == group,
        ForwardTo::Map(weights) => weights.get(group).is_some(),
    }
}

pub(crate) fn forward<'a>(cx: &mut Cx<'a>, forward_to: &'a ForwardTo, place: Place<'a>) -> Vec<(TargetGroupId, u32)> {
    let groups = &cx.scenario.target_groups;
    match forward_to {
        ForwardTo::Text(name) => cx
            .find("target group", "target_groups", groups, name, place)
            .map(|id| (TargetGroupId::new(id), 1))
            .into_iter()
            .collect(),
        ForwardTo::Map(weights) => {
            let mut forward = Vec::new();
            for (name, weight) in weights.iter() {
                let weight = cx.count(place.entry(name), Some(*weight), 0, 0, 999);
                let found = cx.find("target group", "target_groups", groups, name, place.key(name));
                forward.extend(found.map(|id| (TargetGroupId::new(id), weight)));
            }
            if weights.iter().all(|(_, weight)| *weight == 0) && place.node().entries().len() == weights.0.len() {
                cx.error(
                    place,
                    "no weight is above zero",
                    "nothing to choose from",
                    "give at least one target group a weight from 1 to 999",
                );
            }
            if weights.0.len() > 5 {
                cx.error(
                    place,
                    format!("{} target groups", weights.0.len()),
                    "too many",
                    "a forward action has at most 5",
                );
            }
            forward
        }
    }
}

/// Services behind a balancer: those on fleets that are registered with one of its target groups.
pub(crate) fn services_behind(
    balancer: &Balancer,
    fleets: &Table<FleetId, Fleet>,
    services: &Table<ServiceId, Service>,
) -> Vec<ServiceId> {
    let groups = balancer.groups();
    let forwards = |fleet: &Fleet| groups.iter().any(|group| fleet.target_groups.contains(group));
    services.iter().filter(|(_, service)| fleets.get(service.fleet).is_some_and(forwards)).map(|(id, _)| id).collect()
}
