//! Groups of several instance types and both purchase options: how many units there are, and where the next launch goes.
//!
//! ```text
//!  reconcile ─► units missing ─ S3 ─► On-Demand │ Spot ─► zone (A1) ─► pools by strategy ─► first that has any
//!                                                                           └─ none: next zone (A2, F3) ─► tried again later
//! ```
//! # Models      capacity in units, with the overshoot of rule S5; pools of a zone before other zones; a Spot launch that
//!   finds nothing waits for Spot capacity and never takes On-Demand instead; what each pool cost
//! # Leaves out  attribute-based choice of types; launch templates per override; Capacity Reservations; that an interruption
//!   in the first hour is not billed
//! # Source      Amazon EC2 Auto Scaling user guide, "Auto Scaling groups with multiple instance types and purchase options";
//!   `aws/scaling.md` §1.7, §1.13

use super::allocation::{self, Pool};
use super::lifecycle::Purpose;
use super::report::LEAST_BILLED;
use super::row::{Row, State};
use super::{Event, Groups, placement, seconds, sent, settings};
use crate::directory::Bought;
use crate::plan::{Distribution, FleetId, MixedInstances, Plan, ScalingProcess, ZoneId};
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{event, launch};
use sim_core::{Duration, Time, Words};
use std::collections::BTreeMap;

/// What a group with a mixed instances policy keeps besides.
#[derive(Default)]
pub(super) struct Mixed {
    /// Units of failed On-Demand launches that wait to be tried again; the others of `retrying` are Spot.
    retrying_on_demand: u32,
    /// Spot Instances at risk, under Capacity Rebalancing, in the order in which that became known.
    pub(super) risks: Vec<InstanceId>,
    /// By override and purchase option.
    pub(super) pools: BTreeMap<(u16, bool), crate::result::Bought>,
}

/// What an instance counts for, costs, and stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purchase {
    /// Override and purchase option.
    pub(super) bought: Bought,
    /// Units of capacity.
    pub(super) weight: u32,
    /// USD per hour.
    price: f64,
    /// A Spot Instance that EC2 may take back soon.
    pub(super) risk: Option<super::spot::Risk>,
}

impl Default for Purchase {
    fn default() -> Self {
        Purchase { bought: Bought::default(), weight: 1, price: 0.0, risk: None }
    }
}

/// Where a launch goes.
struct Choice {
    zone: Option<ZoneId>,
    kind: usize,
    price: f64,
    /// What was asked before and had none, in words.
    passed: Vec<String>,
}

/// USD per hour of an instance in a purchase option.
pub(super) fn price(plan: &Plan, instance_type: &str, zone: Option<ZoneId>, spot: bool) -> f64 {
    let on_demand = plan.prices.instances.get(instance_type).copied().unwrap_or(0.0);
    if !spot {
        return on_demand * plan.prices.on_demand_ratio;
    }
    let own = plan.spot.pool(instance_type, zone).and_then(|pool| pool.price_ratio);
    on_demand * own.unwrap_or(plan.prices.spot_ratio)
}

/// The words for a pool: `m5.large spot in use1-az1`.
fn words(plan: &Plan, instance_type: &str, zone: Option<ZoneId>, spot: bool) -> String {
    let option = if spot { "Spot" } else { "On-Demand" };
    match zone {
        Some(zone) => format!("{instance_type} {option} in {}", plan.zones[zone].name),
        None => format!("{instance_type} {option}"),
    }
}

impl Groups {
    /// The policy of a group that has one.
    pub(super) fn mixed(id: FleetId, plan: &Plan) -> Option<&MixedInstances> {
        plan.fleets[id].mixed()
    }

    /// Units of instances that count towards the desired capacity, those beyond it left out, and of failed launches that
    /// wait: On-Demand, Spot.
    fn options(&self, id: FleetId) -> (u32, u32) {
        let units = |spot: bool| {
            let those = self.members(id).filter(|row| row.counts() && !row.extra && row.purchase.bought.spot == spot);
            those.map(|row| row.purchase.weight).sum::<u32>()
        };
        let fleet = &self.fleets[id];
        let waiting = fleet.mixed.retrying_on_demand;
        (units(false) + waiting, units(true) + fleet.retrying.saturating_sub(waiting))
    }

    /// Units of a capacity that are to be On-Demand, and Spot: rule S3.
    fn shares(mixed: &MixedInstances, total: u32) -> (u32, u32) {
        let MixedInstances { on_demand_base_capacity, on_demand_percentage_above_base_capacity, .. } = mixed;
        let fixed = allocation::on_demand(total, *on_demand_base_capacity, *on_demand_percentage_above_base_capacity);
        (fixed, total - fixed)
    }

    /// Launches the units that are missing, and terminates those that are too many.
    pub(super) fn reconcile_mixed(&mut self, id: FleetId, mixed: &MixedInstances, cause: EntryId, cx: &mut Cx) {
        let mut missing = false;
        loop {
            let there = self.options(id);
            if there.0 + there.1 >= self.fleets[id].desired {
                break;
            }
            if self.suspended(id, ScalingProcess::Launch) {
                // Perhaps by the failure of the one before.
                return;
            }
            missing = true;
            self.launch_mixed(id, mixed, Purpose::Missing, cause, cx);
        }
        if missing || self.suspended(id, ScalingProcess::Terminate) {
            return;
        }
        // Those still coming up are left to come up; the next look is when they are in service.
        while self.surplus(id) > 0 && self.scale_in(id, cause, cx) {}
    }

    /// The purchase option of the next launch (true: Spot): what is missing, On-Demand first (rule S3); what the larger zone has
    /// most of, of a rebalance; that of the instance to be replaced.
    fn option(&self, id: FleetId, mixed: &MixedInstances, purpose: Purpose, plan: &Plan) -> bool {
        let wanted = Self::shares(mixed, self.fleets[id].desired);
        let there = self.options(id);
        match purpose {
            Purpose::Missing => there.0 >= wanted.0,
            Purpose::Rebalance(_) => {
                let counts = self.zone_counts(id, plan);
                let largest = counts.iter().rev().max_by_key(|zone| zone.1).map(|zone| zone.0);
                let of = |spot: bool| {
                    let there = self.members(id).filter(|row| row.counts() && row.zone == largest);
                    there.filter(|row| row.purchase.bought.spot == spot).count()
                };
                there.0 >= wanted.0 && (there.1 < wanted.1 || of(true) > of(false))
            }
            Purpose::Ahead(old) => self.rows[old].purchase.bought.spot,
        }
    }

    /// Units in service beyond the desired capacity, those left out that are there to take another's place.
    pub(super) fn surplus(&self, id: FleetId) -> u32 {
        let there = self.members(id).filter(|row| row.state == State::InService && !row.extra);
        there.map(|row| row.purchase.weight).sum::<u32>().saturating_sub(self.fleets[id].desired)
    }

    /// The purchase option that must shrink, of those in service.
    pub(super) fn must_shrink(&self, id: FleetId, plan: &Plan) -> Option<bool> {
        let wanted = Self::shares(Self::mixed(id, plan)?, self.fleets[id].desired);
        let there = self.options(id);
        allocation::surplus(there.0, there.1, wanted.0, wanted.1)
    }

    /// How badly a pool fits the allocation strategy: its place in the order of tries.
    pub(super) fn misfit(&self, id: FleetId, row: &Row, cx: &Cx) -> u32 {
        let Some(mixed) = Self::mixed(id, cx.plan) else { return 0 };
        let order = self.order(id, mixed, row.zone, row.purchase.bought.spot, cx).1;
        order.iter().position(|&kind| kind == row.purchase.bought.kind as usize).unwrap_or(0) as u32
    }

    /// The pools of a zone, and the order in which a launch tries them.
    fn order(
        &self,
        id: FleetId,
        mixed: &MixedInstances,
        zone: Option<ZoneId>,
        spot: bool,
        cx: &Cx,
    ) -> (Vec<Pool>, Vec<usize>) {
        let plan = cx.plan;
        let pools: Vec<Pool> = (0u16..)
            .zip(&mixed.overrides)
            .map(|(kind, own)| {
                let there = self
                    .members(id)
                    .filter(|row| row.counts() && row.zone == zone && row.purchase.bought == Bought { kind, spot });
                Pool {
                    price: price(plan, &own.instance_type, zone, spot),
                    weight: own.weighted_capacity,
                    interruptions: plan.spot.interruptions(&own.instance_type, zone),
                    spare: if spot { self.spare(&own.instance_type, zone, cx) } else { f64::INFINITY },
                    there: there.count() as u32,
                }
            })
            .collect();
        let order = match spot {
            true => allocation::spot_order(&pools, mixed.spot_allocation, mixed.spot_instance_pools),
            false => allocation::on_demand_order(&pools, mixed.on_demand_allocation),
        };
        (pools, order)
    }

    /// Spot Instances that EC2 can still give out of a pool, over all groups.
    fn spare(&self, instance_type: &str, zone: Option<ZoneId>, cx: &Cx) -> f64 {
        let named = cx.plan.spot.pool(instance_type, zone);
        match named.and_then(|pool| pool.capacity.as_ref()) {
            Some(capacity) => capacity.at(cx.now()).floor() - self.taken(instance_type, zone, cx).len() as f64,
            None => f64::INFINITY,
        }
    }

    /// The Spot Instances of a pool over all groups that run or come up, in order of their launch.
    pub(super) fn taken(&self, instance_type: &str, zone: Option<ZoneId>, cx: &Cx) -> Vec<InstanceId> {
        let mut taken: Vec<InstanceId> = self
            .fleets
            .values()
            .flat_map(|fleet| &fleet.members)
            .copied()
            .filter(|&member| {
                let row = &self.rows[member];
                row.purchase.bought.spot
                    && row.zone == zone
                    && !row.lost
                    && cx.directory.instance_type(cx.plan, member) == instance_type
            })
            .collect();
        taken.sort_unstable();
        taken
    }

    /// Where a launch goes; else what was asked in vain, in words. `worst`: the worst band of interruptions that will do.
    fn pick(
        &self,
        id: FleetId,
        mixed: &MixedInstances,
        zones: &[Option<ZoneId>],
        spot: bool,
        worst: Option<u8>,
        cx: &Cx,
    ) -> Result<Choice, Vec<String>> {
        let plan = cx.plan;
        let mut passed = Vec::new();
        for &zone in zones {
            let (pools, order) = self.order(id, mixed, zone, spot, cx);
            for kind in order {
                let (pool, name) = (&pools[kind], mixed.overrides[kind].instance_type.as_str());
                // No Spot price is above that of On-Demand, which is the limit without one.
                let dear = spot && mixed.spot_max_price.is_some_and(|most| pool.price > most);
                let there = zone.is_none_or(|zone| cx.environment.has_capacity(zone, name, spot)) && pool.spare >= 1.0;
                let pool_words = || words(plan, name, zone, spot);
                if dear {
                    passed.push(format!("{} is above the maximum price", pool_words()));
                } else if !there {
                    passed.push(format!("no {}", pool_words()));
                } else if worst.is_some_and(|worst| allocation::band(pool.interruptions) > worst) {
                    passed.push(format!("{} is interrupted more often", pool_words()));
                } else {
                    return Ok(Choice { zone, kind, price: pool.price, passed });
                }
            }
        }
        Err(passed)
    }

    /// Zones in the order in which a launch tries them.
    fn zones_for(&self, id: FleetId, purpose: Purpose, plan: &Plan) -> Vec<Option<ZoneId>> {
        if let Purpose::Rebalance(only) = purpose {
            return vec![Some(only)];
        }
        let mut counts = self.zone_counts(id, plan);
        if counts.is_empty() {
            return vec![None];
        }
        for (zone, count) in &mut counts {
            // As if those were gone already that go when their replacement is there.
            let goes = |one: &&InstanceId| {
                let row = &self.rows[**one];
                let replaced = matches!(purpose, Purpose::Ahead(old) if old == **one || row.purchase.risk.is_some());
                replaced && row.counts() && row.zone == Some(*zone)
            };
            *count -= self.fleets[id].members.iter().filter(goes).count() as u32;
        }
        let shifted = self.fleets[id].shift.map(|shift| shift.zone);
        counts.retain(|count| Some(count.0) != shifted);
        let distribution = settings(plan, id).map_or(Distribution::default(), |group| group.distribution);
        placement::order(&counts, distribution).into_iter().map(Some).collect()
    }

    /// One launch activity: an instance, or a failure that is tried again.
    pub(super) fn launch_mixed(
        &mut self,
        id: FleetId,
        mixed: &MixedInstances,
        purpose: Purpose,
        cause: EntryId,
        cx: &mut Cx,
    ) -> Option<InstanceId> {
        let plan = cx.plan;
        let group = settings(plan, id)?;
        let spot = self.option(id, mixed, purpose, plan);
        let mut zones = self.zones_for(id, purpose, plan);
        let first = zones.first().and_then(|&zone| self.order(id, mixed, zone, spot, cx).1.first().copied());
        // Rule S2: ahead of an interruption only a pool with the same or better availability will do.
        let worst = match purpose {
            Purpose::Ahead(old) if self.rows[old].purchase.risk.is_some() => {
                let interruptions = plan.spot.interruptions(cx.directory.instance_type(plan, old), self.rows[old].zone);
                Some(allocation::band(interruptions))
            }
            _ => None,
        };
        let fleet = &mut self.fleets[id];
        fleet.counters.launches += 1;
        // Drawn for each activity, so that the n-th of a group has the same luck whatever happened before it.
        let failing = cx.environment.launch_failure[id];
        let mut refused = fleet.draws.launch_failure.chance(failing);
        if refused && group.distribution == Distribution::BalancedBestEffort {
            // Rule A2: the other zones are tried before the activity counts as failed.
            if let Some(index) = (1..zones.len()).find(|_| !fleet.draws.other_zones.chance(failing)) {
                zones.drain(..index);
                refused = false;
            }
        }
        let choice = match refused {
            true => Err(vec!["the launch request failed".to_string()]),
            false if zones.is_empty() => Err(vec!["shifted away from its only zone".to_string()]),
            false => self.pick(id, mixed, &zones, spot, worst, cx),
        };
        let now = cx.now();
        let choice = match choice {
            Ok(choice) => choice,
            Err(passed) => {
                let kind = first.unwrap_or(0);
                let figures = self.fleets[id].mixed.pools.entry((kind as u16, spot)).or_default();
                figures.launches += 1;
                figures.failed_launches += 1;
                let of_zone = || zones.iter().flatten().map(|&zone| cx.blame.of_zone(zone));
                let blamed = match refused {
                    true => Some(cx.blame.of_launches(id)).filter(|entry| entry.known().is_some()),
                    false => of_zone().find(|entry| entry.known().is_some()),
                };
                let units = mixed.overrides[kind].weighted_capacity;
                let again = (purpose == Purpose::Missing).then_some((units, spot));
                let name = plan.fleets[id].name.as_str();
                self.launch_failed(id, name, &listed(&passed), again, blamed.unwrap_or(cause), cx);
                return None;
            }
        };
        let instance = self.enter_bought(id, mixed, &choice, spot, cx);
        let figures = self.fleets[id].mixed.pools.entry((choice.kind as u16, spot)).or_default();
        figures.launches += 1;
        let own = &mixed.overrides[choice.kind];
        let mut detail = words(plan, &own.instance_type, choice.zone, spot);
        if own.weighted_capacity > 1 {
            detail += &format!(", {} units", own.weighted_capacity);
        }
        detail += &format!("; desired capacity {}, {}", self.fleets[id].desired, self.summary(id));
        if !choice.passed.is_empty() {
            detail += &format!("; {}", listed(&choice.passed));
        }
        let entry = cx.timeline.record(now, EventKind::LaunchStarted, cx.name_of(instance), detail, cause);
        let row = &mut self.rows[instance];
        row.entry = entry;
        row.extra = purpose != Purpose::Missing;
        if let Purpose::Ahead(old) = purpose {
            row.replaces = Some(old);
        }
        cx.blame.instance(instance, entry);
        cx.list.soon(event::Event::Launch(launch::Event::Begin(instance)));
        Some(instance)
    }

    /// The first instances of a group: as many as it takes, in the zones and pools that a launch would choose.
    pub(super) fn first_mixed(&mut self, id: FleetId, mixed: &MixedInstances, cx: &mut Cx) -> Option<InstanceId> {
        let there = self.options(id);
        if there.0 + there.1 >= self.fleets[id].desired {
            return None;
        }
        let spot = self.option(id, mixed, Purpose::Missing, cx.plan);
        let zones = self.zones_for(id, Purpose::Missing, cx.plan);
        let choice = self.pick(id, mixed, &zones, spot, None, cx).ok()?;
        Some(self.enter_bought(id, mixed, &choice, spot, cx))
    }

    fn enter_bought(
        &mut self,
        id: FleetId,
        mixed: &MixedInstances,
        choice: &Choice,
        spot: bool,
        cx: &mut Cx,
    ) -> InstanceId {
        let instance = self.enter(id, choice.zone, cx);
        let bought = Bought { kind: choice.kind as u16, spot };
        cx.directory.buy(instance, bought);
        let weight = mixed.overrides[choice.kind].weighted_capacity;
        self.rows[instance].purchase = Purchase { bought, weight, price: choice.price, ..Purchase::default() };
        self.fleets[id].mixed.pools.entry((bought.kind, spot)).or_default();
        if spot {
            self.draw_interruption(instance, cx);
        }
        instance
    }

    /// Whether a rebalance could launch in a zone.
    pub(super) fn can_move_to(&self, id: FleetId, mixed: &MixedInstances, to: ZoneId, cx: &Cx) -> bool {
        let spot = self.option(id, mixed, Purpose::Rebalance(to), cx.plan);
        self.pick(id, mixed, &[Some(to)], spot, None, cx).is_ok()
    }

    /// Has a failed launch tried again after a while: so many units of a purchase option.
    pub(super) fn retry_pool(&mut self, id: FleetId, delay: Duration, again: (u32, bool), cause: EntryId, cx: &mut Cx) {
        let (units, spot) = again;
        let fleet = &mut self.fleets[id];
        fleet.retrying += units;
        if !spot {
            fleet.mixed.retrying_on_demand += units;
        }
        cx.list.after(delay, sent(Event::RetryPool { fleet: id, cause, units, spot }));
    }

    /// The while is over.
    pub(super) fn pool_retried(&mut self, id: FleetId, units: u32, spot: bool) {
        let fleet = &mut self.fleets[id];
        fleet.retrying = fleet.retrying.saturating_sub(units);
        if !spot {
            fleet.mixed.retrying_on_demand = fleet.mixed.retrying_on_demand.saturating_sub(units);
        }
    }

    /// Bills what an instance ran.
    pub(super) fn bill(&mut self, instance: InstanceId, ran_s: f64) {
        let row = &self.rows[instance];
        let Purchase { bought, price, .. } = row.purchase;
        // Only those of a mixed instances policy have a pool.
        if let Some(figures) = self.fleets[row.fleet].mixed.pools.get_mut(&(bought.kind, bought.spot)) {
            add(figures, ran_s, price);
        }
    }

    /// What a group has had of each pool up to `now`, with what still runs.
    pub fn bought(&self, id: FleetId, now: Time) -> BTreeMap<(u16, bool), crate::result::Bought> {
        let mut pools = self.fleets[id].mixed.pools.clone();
        for row in self.members(id) {
            if let Some(since) = row.running.filter(|_| !row.lost) {
                let Purchase { bought, price, .. } = row.purchase;
                add(pools.entry((bought.kind, bought.spot)).or_default(), (now - since).as_secs_f64(), price);
            }
        }
        pools
    }
}

/// A running time more.
fn add(figures: &mut crate::result::Bought, ran_s: f64, price: f64) {
    figures.instance_hours += ran_s / 3600.0;
    figures.cost_usd += ran_s.max(LEAST_BILLED) / 3600.0 * price;
}

/// Reasons as one sentence, the first few of them.
fn listed(passed: &[String]) -> String {
    const MOST: usize = 3;
    let mut text = passed.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    if passed.len() > MOST {
        text += &format!(" and {} pools more", passed.len() - MOST);
    }
    text
}

/// A length as read by people, of what is left until EC2 takes an instance back.
pub(super) fn left(now: Time, until: Time) -> String {
    seconds(if until > now { until - now } else { Duration::ZERO })
}
