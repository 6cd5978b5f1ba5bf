//! The physical environment: which zones have power, which links work, what AWS has capacity for.
//!
//! Faults write it, the parts that stand in it read it. Overlapping faults of one kind add up (each counts), so the
//! end of one does not end the other. What is written here is what is true, not what the control plane knows.

use crate::plan::{EndpointId, Fleet, FleetId, NatId, Plan, ZoneId};
use sim_core::{Duration, Table};

/// What holds now, beyond normal.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Zones.
    pub zones: Table<ZoneId, ZoneCondition>,
    /// NAT gateways down, by the number of faults that say so.
    pub nat_down: Table<NatId, u32>,
    /// Probability that a launch of the fleet fails.
    pub launch_failure: Table<FleetId, f64>,
    /// Share of an endpoint's requests that fail, the endpoint's own rate included.
    pub error_rate: Table<EndpointId, f64>,
    /// Whether any request of an endpoint may fail so, by that share or by an instance's release: the request path looks
    /// closer only then.
    pub may_err: Table<EndpointId, bool>,
    /// Added to every publication delay.
    pub metrics_delay: Duration,
    /// Nothing is published while positive.
    pub metrics_lost: u32,
    /// Pools without capacity, with the number of the strike that says so.
    pub shortages: Vec<Shortage>,
    /// Whether any zone is other than normal: the request path looks closer only then.
    pub disturbed: bool,
}

/// The condition of a zone.
#[derive(Clone, Copy, Debug, Default)]
pub struct ZoneCondition {
    /// Faults that took its power.
    pub dark: u32,
    /// Faults that cut it off.
    pub cut_off: u32,
    /// Faults that took EC2 capacity.
    pub no_capacity: u32,
    /// Loss probability per transmission.
    pub loss: f64,
    /// Added one-way latency.
    pub latency: Duration,
}

/// Pools of a zone of which EC2 has none left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// Zone.
    pub zone: ZoneId,
    /// Of this instance type alone; none: of all.
    pub instance_type: Option<String>,
    /// Spot alone, On-Demand alone, or both.
    pub spot: Option<bool>,
}

impl ZoneCondition {
    /// Whether anything gets in or out.
    pub fn reachable(&self) -> bool {
        self.dark == 0 && self.cut_off == 0
    }
}

impl Environment {
    /// All well.
    pub fn new(plan: &Plan) -> Self {
        Environment {
            zones: plan.zones.iter().map(|_| ZoneCondition::default()).collect(),
            nat_down: plan.nat_gateways.iter().map(|_| 0).collect(),
            launch_failure: plan.fleets.iter().map(|_| 0.0).collect(),
            error_rate: plan.endpoints.iter().map(|(_, endpoint)| endpoint.error_rate).collect(),
            may_err: plan.endpoints.iter().map(|(id, one)| one.error_rate > 0.0 || released(plan, id)).collect(),
            metrics_delay: Duration::ZERO,
            metrics_lost: 0,
            shortages: Vec::new(),
            disturbed: false,
        }
    }

    /// Sets the share of an endpoint's requests that fail, crumbs of rounding taken for none.
    pub fn set_error_rate(&mut self, endpoint: EndpointId, rate: f64, plan: &Plan) {
        self.error_rate[endpoint] = if rate < 1e-12 { 0.0 } else { rate };
        self.may_err[endpoint] = self.error_rate[endpoint] > 0.0 || released(plan, endpoint);
    }

    /// Whether a zone has power.
    pub fn powered(&self, zone: ZoneId) -> bool {
        self.zones[zone].dark == 0
    }

    /// Whether EC2 has capacity of an instance type in a zone, in one purchase option.
    pub fn has_capacity(&self, zone: ZoneId, instance_type: &str, spot: bool) -> bool {
        let short = |shortage: &Shortage| {
            shortage.zone == zone
                && shortage.instance_type.as_deref().is_none_or(|one| one == instance_type)
                && shortage.spot.is_none_or(|one| one == spot)
        };
        self.powered(zone) && self.zones[zone].no_capacity == 0 && !self.shortages.iter().any(short)
    }

    /// Whether a NAT gateway forwards: it does not if it failed or its zone is dark or cut off.
    pub fn nat_works(&self, plan: &Plan, nat: NatId) -> bool {
        self.nat_down[nat] == 0 && self.zones[plan.nat_gateways[nat].zone].reachable()
    }

    /// Sets `disturbed` from the zones.
    pub fn refresh(&mut self) {
        self.disturbed =
            self.zones.values().any(|zone| !zone.reachable() || zone.loss > 0.0 || !zone.latency.is_zero());
    }
}

/// Whether some release has a share of failures of its own for an endpoint.
fn released(plan: &Plan, endpoint: EndpointId) -> bool {
    let templates = plan.fleets.values().flat_map(Fleet::templates);
    templates.flat_map(|template| &template.release.error_rate).any(|rate| rate.0 == endpoint)
}
