//! Mixed instances policies, Spot capacity and termination policies.

use super::context::Cx;
use super::dist::uniform;
use super::price;
use super::profile::{self, Meaning};
use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use crate::schema::{self, AutoScalingGroup};
use models::plan::{
    AutoScaling, InstanceOverride, LaunchTemplate, MixedInstances, OnDemandAllocation, Ready, SpotAllocation,
    SpotMarket, SpotPool, TerminationFunction, TerminationPolicy,
};
use sim_core::Dist;

/// Overrides of one group: AWS's quota.
const MOST_OVERRIDES: usize = 40;

/// What the settings of a group say of instance types, purchase options and terminations.
pub(super) fn settle<'a>(
    cx: &mut Cx<'a>,
    written: &'a AutoScalingGroup,
    template: &LaunchTemplate,
    place: Place<'a>,
    group: &mut AutoScaling,
) {
    let at = place.field("mixed_instances_policy");
    group.mixed = written.mixed_instances_policy.as_ref().map(|mixed| Box::new(policy(cx, mixed, template, at)));
    group.capacity_rebalance = written.capacity_rebalance.unwrap_or(false);
    let policies = place.field("termination_policies");
    group.termination_policies = termination(cx, written, policies);
    group.lifecycle.termination_function = function(cx, written, policies);
    let spot = group.mixed.as_ref().is_some_and(|mixed| mixed.on_demand_percentage_above_base_capacity < 100);
    if group.capacity_rebalance && !spot {
        let at = place.field("capacity_rebalance");
        let diagnostic = Diagnostic::warning(at.span(), "`capacity_rebalance` in a group without Spot Instances");
        let help = "give it a `mixed_instances_policy` with an `on_demand_percentage_above_base_capacity` below 100";
        cx.say(diagnostic.label("nothing to replace ahead").help(help));
    }
}

fn policy<'a>(
    cx: &mut Cx<'a>,
    written: &'a schema::MixedInstancesPolicy,
    template: &LaunchTemplate,
    place: Place<'a>,
) -> MixedInstances {
    let list = place.field("overrides");
    let overrides = overrides(cx, &written.overrides, template, list);
    let (own, place) = (&written.instances_distribution, place.field("instances_distribution"));
    let spot_allocation = match own.spot_allocation_strategy {
        Some(schema::SpotAllocation::CapacityOptimized) => SpotAllocation::CapacityOptimized,
        Some(schema::SpotAllocation::CapacityOptimizedPrioritized) => SpotAllocation::CapacityOptimizedPrioritized,
        Some(schema::SpotAllocation::PriceCapacityOptimized) => SpotAllocation::PriceCapacityOptimized,
        Some(schema::SpotAllocation::LowestPrice) | None => SpotAllocation::LowestPrice,
    };
    if own.spot_instance_pools.is_some() && spot_allocation != SpotAllocation::LowestPrice {
        let help = "leave it out, or use `spot_allocation_strategy: LowestPrice`";
        cx.error(
            place.field("spot_instance_pools"),
            "`spot_instance_pools` without the strategy LowestPrice",
            "only LowestPrice spreads over so many pools",
            help,
        );
    }
    if let Some(price) = own.spot_max_price.filter(|price| price.0 <= 0.0) {
        let message = format!("a `spot_max_price` of {} buys nothing", price.0);
        cx.error(place.field("spot_max_price"), message, "not above 0", "leave it out for the On-Demand price");
    }
    let percentage = place.field("on_demand_percentage_above_base_capacity");
    MixedInstances {
        overrides,
        on_demand_base_capacity: cx.count(
            place.field("on_demand_base_capacity"),
            own.on_demand_base_capacity,
            0,
            0,
            super::fleet::MOST,
        ),
        on_demand_percentage_above_base_capacity: cx.count(
            percentage,
            own.on_demand_percentage_above_base_capacity,
            100,
            0,
            100,
        ),
        on_demand_allocation: match own.on_demand_allocation_strategy {
            Some(schema::OnDemandAllocation::LowestPrice) => OnDemandAllocation::LowestPrice,
            Some(schema::OnDemandAllocation::Prioritized) | None => OnDemandAllocation::Prioritized,
        },
        spot_allocation,
        spot_instance_pools: cx.count(place.field("spot_instance_pools"), own.spot_instance_pools, 2, 1, 20),
        spot_max_price: own.spot_max_price.map(|price| price.0),
    }
}

fn overrides<'a>(
    cx: &mut Cx<'a>,
    written: &'a [schema::InstanceOverride],
    template: &LaunchTemplate,
    list: Place<'a>,
) -> Vec<InstanceOverride> {
    if written.len() > MOST_OVERRIDES {
        cx.error(list, format!("{} overrides", written.len()), "too many", "a policy has at most 40");
    }
    let written_template = cx.scenario.launch_templates.get(&template.name);
    let specification = written_template.and_then(|template| template.credit_specification.as_ref());
    let whole = list.node().items().len() == written.len();
    let mut overrides: Vec<InstanceOverride> = Vec::new();
    for (index, own) in written.iter().enumerate().take(MOST_OVERRIDES) {
        let at = if whole { list.item(index) } else { list };
        let name = &own.instance_type;
        if overrides.iter().any(|earlier| earlier.instance_type == *name) {
            cx.error(at, format!("instance type `{name}` is listed twice"), "second time", "");
            continue;
        }
        if own.weighted_capacity.is_some() != written[0].weighted_capacity.is_some() {
            let help = "give every override a `weighted_capacity`, or none";
            cx.error(
                at,
                "some overrides have a `weighted_capacity`, and some have none",
                "differs from the first",
                help,
            );
        }
        let vcpus = vcpus(cx, own, at);
        let credits = match *name == template.instance_type {
            true => template.machine.credits,
            false => super::machine::of_override(specification, template.machine.credits, name, vcpus),
        };
        overrides.push(InstanceOverride {
            instance_type: name.clone(),
            vcpus,
            credits,
            weighted_capacity: cx.count(at.field("weighted_capacity"), own.weighted_capacity, 1, 1, 999),
        });
    }
    if overrides.is_empty() {
        overrides.push(InstanceOverride {
            instance_type: template.instance_type.clone(),
            vcpus: template.vcpus,
            credits: template.machine.credits,
            weighted_capacity: 1,
        });
    }
    overrides
}

fn vcpus<'a>(cx: &mut Cx<'a>, own: &schema::InstanceOverride, place: Place<'a>) -> u32 {
    let name = &own.instance_type;
    let known = price::vcpus(name);
    let priced = cx.scenario.prices.instances.get(name).is_some();
    if known.is_none() && !(priced && own.vcpus.is_some()) {
        let at = place.field("instance_type");
        let diagnostic =
            Diagnostic::error(at.span(), format!("unknown instance type `{name}`")).label("not in the table");
        let diagnostic = diagnostic.help_names("type", name, &price::instance_types());
        cx.say(diagnostic.help("for another one, give `vcpus`, and its price in `prices: (instances: {..})`"));
    }
    cx.count(place.field("vcpus"), own.vcpus, known.unwrap_or(1), 1, 448)
}

fn termination<'a>(cx: &mut Cx<'a>, written: &'a AutoScalingGroup, list: Place<'a>) -> Vec<TerminationPolicy> {
    use schema::TerminationPolicy as Written;
    let Some(written) = &written.termination_policies else { return Vec::new() };
    if written.is_empty() && list.node().items().is_empty() {
        cx.error(list, "an empty list of termination policies", "no policy", "leave it out for the default policy");
    }
    let whole = list.node().items().len() == written.len();
    for (index, policy) in written.iter().enumerate() {
        let at = if whole { list.item(index) } else { list };
        if written[..index].contains(policy) {
            cx.error(at, format!("termination policy {policy:?} is listed twice"), "second time", "");
        }
        if matches!(policy, Written::Lambda { .. }) && index > 0 {
            let help = "move it to the front: of those that it lets go, the others choose";
            cx.error(at, "`Lambda` is not the first termination policy", "must be the first", help);
        }
        if *policy == Written::Default && index + 1 < written.len() {
            cx.error(at, "`Default` is not the last termination policy", "decides to the end", "move it to the end");
        }
    }
    let meant = |policy: &Written| {
        Some(match policy {
            Written::Lambda { .. } => return None,
            Written::Default => TerminationPolicy::Default,
            Written::AllocationStrategy => TerminationPolicy::AllocationStrategy,
            Written::OldestLaunchTemplate => TerminationPolicy::OldestLaunchTemplate,
            Written::OldestLaunchConfiguration => TerminationPolicy::OldestLaunchConfiguration,
            Written::ClosestToNextInstanceHour => TerminationPolicy::ClosestToNextInstanceHour,
            Written::NewestInstance => TerminationPolicy::NewestInstance,
            Written::OldestInstance => TerminationPolicy::OldestInstance,
        })
    };
    written.iter().filter_map(meant).collect()
}

/// The function of a custom termination policy, if there is one.
fn function<'a>(cx: &mut Cx<'a>, written: &'a AutoScalingGroup, list: Place<'a>) -> Option<TerminationFunction> {
    let policies = written.termination_policies.iter().flatten();
    let found = policies.enumerate().find(|one| matches!(one.1, schema::TerminationPolicy::Lambda { .. }));
    let (index, schema::TerminationPolicy::Lambda { ready, duration, failure, retry }) = found? else { return None };
    let at = list.item(index);
    let ready = match ready {
        None | Some(schema::ReadyToTerminate::All) => Ready::All,
        Some(schema::ReadyToTerminate::Idle { at_most }) => Ready::Idle { at_most: at_most.unwrap_or(0) },
        Some(schema::ReadyToTerminate::Running { at_least }) => {
            Ready::Running { at_least: cx.time(at.field("ready"), Some(*at_least), 0.0, 0.0, 31_536_000.0) }
        }
        Some(schema::ReadyToTerminate::Nobody) => Ready::Nobody,
    };
    Some(TerminationFunction {
        ready,
        length: cx.dist(at.field("duration"), duration.as_ref(), uniform(0.1, 2.0)),
        failure: failure.map_or(0.0, |share| share.0),
        retry: cx.time(at.field("retry"), *retry, 60.0, 1.0, 86_400.0),
    })
}

/// Spot capacity.
pub(super) fn market(cx: &mut Cx<'_>) -> SpotMarket {
    let usual = SpotMarket::default();
    let (written, place) = (&cx.scenario.spot, cx.root.field("spot"));
    let interruptions_per_month = match written.interruptions_per_month {
        Some(rate) => rate_of(cx, place.field("interruptions_per_month"), rate),
        None => usual.interruptions_per_month,
    };
    let lead: Dist = usual.recommendation_lead;
    let recommendation_lead = cx.dist(place.field("recommendation_lead"), written.recommendation_lead.as_ref(), lead);
    let list = place.field("pools");
    let whole = list.node().items().len() == written.pools.len();
    let mut pools: Vec<SpotPool> = Vec::new();
    for (index, own) in written.pools.iter().enumerate().take(10_000) {
        let at = if whole { list.item(index) } else { list };
        let zone = match &own.zone {
            Some(zone) => match cx.zone(zone, at.field("zone")) {
                Some(zone) => Some(zone),
                None => continue,
            },
            None => None,
        };
        let used =
            cx.scenario.auto_scaling_groups.iter().any(|(_, group)| offers(cx.scenario, group, &own.instance_type));
        if !used {
            let message = format!("no mixed instances policy has instance type `{}`", own.instance_type);
            let help = "name a type that some `overrides` name";
            cx.error(at.field("instance_type"), message, "a pool that nobody asks", help);
        }
        if pools.iter().any(|earlier| earlier.instance_type == own.instance_type && earlier.zone == zone) {
            cx.error(at, "this pool is listed twice", "second time", "");
        }
        let rate = own.interruptions_per_month.map(|rate| rate_of(cx, at.field("interruptions_per_month"), rate));
        let capacity = own.capacity.as_ref().map(|capacity| {
            let place = at.field("capacity");
            let capacity = profile::resolve(cx, capacity, place, Meaning::Metric);
            if capacity.knots.iter().any(|knot| knot.1 < 0.0) {
                cx.error(place, "a capacity below 0", "negative", "instances that EC2 can give out: 0 or more");
            }
            capacity
        });
        pools.push(SpotPool {
            instance_type: own.instance_type.clone(),
            zone,
            price_ratio: own.price_ratio.map(|share| share.0),
            interruptions_per_month: rate,
            capacity,
        });
    }
    SpotMarket { interruptions_per_month, recommendation_lead, pools }
}

/// Whether a group may buy Spot Instances of a type.
fn offers(scenario: &schema::Scenario, group: &AutoScalingGroup, instance_type: &str) -> bool {
    let Some(mixed) = &group.mixed_instances_policy else { return false };
    if mixed.overrides.is_empty() {
        let template = scenario.launch_templates.get(&group.launch_template);
        return template.is_some_and(|template| template.instance_type.as_deref() == Some(instance_type));
    }
    mixed.overrides.iter().any(|own| own.instance_type == instance_type)
}

fn rate_of<'a>(cx: &mut Cx<'a>, place: Place<'a>, rate: f64) -> f64 {
    cx.number(place, rate, 0.0, 100_000.0)
}
