//! The architecture as a diagram shows it: what there is, where it lies, and who asks whom.
//!
//! ```text
//!  Plan ─► regions · zones · clients · balancers · fleets · stores · NAT gateways · arrows ─┐
//!  directory of instances, at the end of the run ─► who ever lived, in which zone ──────────┴─► architecture.json
//! ```
//! # Models      parts by their names; arrows for every way that a request, a call or a query can take
//! # Leaves out  settings (the scenario has them); what happened to whom and when (the timeline and the series have it)

use crate::plan::*;
use crate::shared::Shared;
use serde::{Deserialize, Serialize};
use sim_core::dist::Dist;
use std::collections::BTreeMap;

/// Parts by name, and the arrows between them. Zones, regions and fleets are named by their index in the lists here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Architecture {
    /// Regions.
    pub regions: Vec<String>,
    /// Zones of all regions.
    pub zones: Vec<ZonePart>,
    /// Client populations.
    pub clients: Vec<String>,
    /// Load balancers.
    pub load_balancers: Vec<BalancerPart>,
    /// Auto Scaling groups and fixed sets of instances.
    pub fleets: Vec<FleetPart>,
    /// Stores.
    pub stores: Vec<StorePart>,
    /// NAT gateways.
    pub nat_gateways: Vec<NatPart>,
    /// Who asks whom.
    pub arrows: Vec<Arrow>,
    /// Every instance that ever lived, in order of launch.
    pub instances: Vec<InstancePart>,
}

/// A zone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ZonePart {
    /// Its id, such as `use1-az1`.
    pub name: String,
    /// Its region.
    pub region: usize,
}

/// A load balancer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BalancerPart {
    /// Its name in the scenario.
    pub name: String,
    /// `Application`, `Network` or `Classic`.
    pub kind: String,
    /// Zones in which it has a node.
    pub zones: Vec<usize>,
}

/// A fleet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FleetPart {
    /// Its name in the scenario.
    pub name: String,
    /// Whether an Auto Scaling group looks after it.
    pub auto_scaling: bool,
    /// Zones it is spread over; empty: nowhere in particular.
    pub zones: Vec<usize>,
    /// Such as `m5.large`.
    pub instance_type: String,
    /// Fewest, at the start: MinSize.
    pub min_size: u32,
    /// Most, at the start: MaxSize.
    pub max_size: u32,
    /// Whether its instances have more to do after boot: to be configured, or tested.
    #[serde(default)]
    pub configured: bool,
    /// Services that run on it.
    pub services: Vec<String>,
    /// Target groups it is registered with.
    pub target_groups: Vec<String>,
}

/// A store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StorePart {
    /// Its name in the scenario.
    pub name: String,
    /// Whether it is an Amazon RDS DB instance, with a primary that can fail over.
    pub managed: bool,
    /// Such as `db.m5.large`; empty for a plain store.
    pub instance_class: String,
    /// Zone of the primary at the start; absent for a store that lies nowhere in particular.
    pub primary: Option<usize>,
    /// Zone of the standby at the start; absent without one.
    pub standby: Option<usize>,
}

/// A NAT gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NatPart {
    /// Its name in the scenario.
    pub name: String,
    /// Its zone.
    pub zone: usize,
    /// Zones that route to it.
    pub serves: Vec<usize>,
}

/// A way that requests, calls or queries take. Its ends are named `clients.visitors`, `load_balancers.www`, `fleets.web`,
/// `databases.orders`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Arrow {
    /// Who asks.
    pub from: String,
    /// Who is asked.
    pub to: String,
    /// Questions per request of the asker's, on average over its endpoints by their weights; 1 where it is a matter of course.
    pub per_request: f64,
}

/// An instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InstancePart {
    /// Its name in results: `web/i-3`.
    pub name: String,
    /// Its fleet.
    pub fleet: usize,
    /// Its zone; absent where there are none.
    pub zone: Option<usize>,
    /// Its type, if that is not its fleet's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instance_type: String,
    /// A Spot Instance.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub spot: bool,
    /// Whether it served from the start.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub initial: bool,
}

impl Architecture {
    /// Of a plan; nobody lives yet.
    pub fn of(plan: &Plan) -> Self {
        let zones = |zones: &[ZoneId]| zones.iter().map(|zone| zone.index()).collect();
        let nat = |(id, nat): (NatId, &NatGateway)| NatPart {
            name: nat.name.clone(),
            zone: nat.zone.index(),
            serves: plan.zones.iter().filter(|(_, z)| z.egress == Egress::Nat(id)).map(|(z, _)| z.index()).collect(),
        };
        Architecture {
            regions: plan.regions.values().map(|region| region.name.clone()).collect(),
            zones: plan.zones.values().map(|z| ZonePart { name: z.name.clone(), region: z.region.index() }).collect(),
            clients: plan.populations.values().map(|population| population.name.clone()).collect(),
            load_balancers: plan
                .balancers
                .values()
                .map(|balancer| BalancerPart {
                    name: balancer.name.clone(),
                    kind: kind(&balancer.kind).into(),
                    zones: zones(&balancer.zones),
                })
                .collect(),
            fleets: plan.fleets.iter().map(|(id, fleet)| fleet_part(id, fleet, plan)).collect(),
            stores: plan
                .stores
                .values()
                .map(|store| StorePart {
                    name: store.name.clone(),
                    managed: store.rds.is_some(),
                    instance_class: store.instance_class.clone(),
                    primary: store.zone.map(|zone| zone.index()),
                    standby: store.rds.as_ref().and_then(|rds| rds.standby).map(|zone| zone.index()),
                })
                .collect(),
            nat_gateways: plan.nat_gateways.iter().map(nat).collect(),
            arrows: arrows(plan),
            instances: Vec::new(),
        }
    }

    /// Of a plan, with everybody who lived. The first of each fleet, as many as it began with, were there from the start.
    pub(crate) fn lived(shared: &Shared) -> Self {
        let plan = shared.plan;
        let instances = shared.directory.iter().map(|(id, facts)| {
            let own = shared.directory.instance_type(plan, id);
            let fleet = &plan.fleets[facts.fleet];
            InstancePart {
                name: shared.name_of(id),
                fleet: facts.fleet.index(),
                zone: facts.zone.map(|zone| zone.index()),
                instance_type: if own == fleet.template.instance_type { String::new() } else { own.into() },
                spot: shared.directory.bought(id).spot,
                initial: facts.ordinal < begins_with(fleet),
            }
        });
        Architecture { instances: instances.collect(), ..Architecture::of(plan) }
    }
}

fn kind(kind: &BalancerKind) -> &'static str {
    match kind {
        BalancerKind::Application => "Application",
        BalancerKind::Network(_) => "Network",
        BalancerKind::Classic(_) => "Classic",
    }
}

fn begins_with(fleet: &Fleet) -> u32 {
    match &fleet.sizing {
        Sizing::Fixed(count) => *count,
        Sizing::AutoScaling(group) => group.desired_capacity,
    }
}

fn fleet_part(id: FleetId, fleet: &Fleet, plan: &Plan) -> FleetPart {
    let (min_size, max_size) = match &fleet.sizing {
        Sizing::Fixed(count) => (*count, *count),
        Sizing::AutoScaling(group) => (group.min_size, group.max_size),
    };
    FleetPart {
        name: fleet.name.clone(),
        auto_scaling: matches!(fleet.sizing, Sizing::AutoScaling(_)),
        zones: fleet.zones.iter().map(|zone| zone.index()).collect(),
        instance_type: fleet.template.instance_type.clone(),
        min_size,
        max_size,
        configured: fleet.template.bootstrap.duration != Dist::Constant(0.0) || fleet.template.smoke_test.is_some(),
        services: plan.services.values().filter(|service| service.fleet == id).map(|s| s.name.clone()).collect(),
        target_groups: fleet.target_groups.iter().map(|&group| plan.target_groups[group].name.clone()).collect(),
    }
}

/// Every way, once, in the order in which a request meets them.
fn arrows(plan: &Plan) -> Vec<Arrow> {
    let mut arrows = Vec::new();
    let mut add = |from: String, to: String, per_request: f64| arrows.push(Arrow { from, to, per_request });
    for population in plan.populations.values() {
        add(format!("clients.{}", population.name), destination(plan.sites[population.site].to, plan), 1.0);
    }
    for balancer in plan.balancers.values() {
        let groups = balancer.groups();
        for fleet in plan.fleets.values().filter(|fleet| fleet.target_groups.iter().any(|g| groups.contains(g))) {
            add(format!("load_balancers.{}", balancer.name), format!("fleets.{}", fleet.name), 1.0);
        }
    }
    for service in plan.services.values() {
        let mut asked = BTreeMap::new();
        let weight: f64 = service.endpoints.iter().map(|&endpoint| plan.endpoints[endpoint].weight).sum();
        for &endpoint in &service.endpoints {
            let endpoint = &plan.endpoints[endpoint];
            // Endpoints that no mix names are asked by calls; then all count alike.
            let share = if weight > 0.0 { endpoint.weight / weight } else { 1.0 / service.endpoints.len() as f64 };
            ask(&endpoint.steps, share, &mut asked, plan);
        }
        for (to, count) in asked {
            add(format!("fleets.{}", plan.fleets[service.fleet].name), to, count);
        }
    }
    arrows
}

/// Adds what steps ask for, so many times.
fn ask(steps: &[Step], times: f64, asked: &mut BTreeMap<String, f64>, plan: &Plan) {
    for step in steps {
        let to = match step {
            Step::Query { store, .. } => format!("databases.{}", plan.stores[*store].name),
            Step::Call { site, .. } => destination(plan.sites[*site].to, plan),
            Step::Parallel(branches) => {
                branches.iter().for_each(|branch| ask(branch, times, asked, plan));
                continue;
            }
            Step::Compute(_) | Step::Sleep(_) | Step::Disk { .. } => continue,
        };
        *asked.entry(to).or_insert(0.0) += times;
    }
}

fn destination(to: Destination, plan: &Plan) -> String {
    match to {
        Destination::Balancer(balancer) => format!("load_balancers.{}", plan.balancers[balancer].name),
        Destination::Service(service) => format!("fleets.{}", plan.fleets[plan.services[service].fleet].name),
    }
}
