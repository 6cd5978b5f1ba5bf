//! Whether all is well again: the world as it was before anything broke, as far as anybody could tell.
//!
//! # Models      instances of each fleet by state, and how evenly they lie over the zones; what each node sees of each target
//!   group; stores with all they need; zones, gateways and launches undisturbed

use crate::alb::Hosts;
use crate::plan::*;
use crate::world::World;
use sim_core::Table;

/// What is compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rest {
    /// Instances by state: healthy, pending, booting, unhealthy, terminating, standby.
    fleets: Vec<[u32; 6]>,
    /// Running instances per zone, the fewest first; empty where nobody sees to the balance.
    balance: Vec<Vec<usize>>,
    hosts: Vec<Vec<Hosts>>,
    stores: Vec<bool>,
}

impl Rest {
    /// The world as it is.
    pub fn of(world: &World<'_>) -> Rest {
        let plan = world.shared.plan;
        let environment = &world.shared.environment;
        Rest {
            fleets: plan.fleets.ids().map(|fleet| states(world, fleet)).collect(),
            balance: plan.fleets.ids().map(|fleet| balance(world, fleet)).collect(),
            hosts: plan.target_groups.ids().map(|group| world.albs.hosts(group, environment).collect()).collect(),
            stores: plan.stores.ids().map(|store| world.stores.full_strength(store)).collect(),
        }
    }

    /// Whether the world is as it was.
    pub fn is_back(&self, world: &World<'_>) -> bool {
        let plan = world.shared.plan;
        let environment = &world.shared.environment;
        let sound = |condition: &crate::environment::ZoneCondition| {
            condition.reachable() && condition.no_capacity == 0 && condition.loss == 0.0 && condition.latency.is_zero()
        };
        // The cheapest first: most of the time one of them says no.
        environment.zones.values().all(sound)
            && plan.stores.ids().zip(&self.stores).all(|(id, full)| world.stores.full_strength(id) == *full)
            && plan.fleets.ids().zip(&self.fleets).all(|(id, before)| states(world, id) == *before)
            && *self == Rest::of(world)
    }
}

fn states(world: &World<'_>, fleet: FleetId) -> [u32; 6] {
    let counts = world.groups.counts(fleet);
    let able = world.groups.running(fleet).into_iter().filter(|&one| world.instances.answers(one)).count() as u32;
    [able, counts.pending, counts.booting, counts.unhealthy, counts.terminating, counts.standby]
}

fn balance(world: &World<'_>, fleet: FleetId) -> Vec<usize> {
    let plan = world.shared.plan;
    match &plan.fleets[fleet].sizing {
        Sizing::AutoScaling(group) if !group.lifecycle.suspended.contains(ScalingProcess::AzRebalance) => {}
        _ => return Vec::new(),
    }
    let mut counts: Table<ZoneId, usize> = plan.zones.iter().map(|_| 0).collect();
    for instance in world.groups.running(fleet) {
        if let Some(zone) = world.shared.directory.facts(instance).zone {
            counts[zone] += 1;
        }
    }
    let mut counts: Vec<usize> = counts.values().copied().collect();
    counts.sort_unstable();
    counts
}
