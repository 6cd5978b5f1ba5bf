//! Advice: settings that are legal but probably not meant, with the scenario's own numbers.
//!
//! ```text
//!  Plan (values) + places ──► warnings, each with the figures it compares
//! ```
//! # Models      what the plan alone can tell: times of coming up against grace periods and cooldowns, periods of metrics and
//!   alarms, single points of failure, offered load against capacity
//! # Leaves out  what only a run can tell (retries, queues, failures on top of each other)
//! # Source      scaling.md §1.4 H6 and §3.3, network.md §9, data-and-resilience.md §16.7

use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use crate::resolve::context::show;
use models::plan::{
    Action, AdjustmentType, Arrivals, AutoScaling, Egress, EndpointId, Fleet, FleetId, LaunchTemplate, Metric,
    Monitoring, Plan, PolicyKind, ServiceId, Sizing, Step,
};
use sim_core::{Dist, Time};

pub(crate) fn advise(plan: &Plan, root: Place<'_>) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for (id, fleet) in plan.fleets.iter() {
        if let Sizing::AutoScaling(group) = &fleet.sizing {
            coming_up(plan, fleet, group, root, &mut out);
        }
        capacity(plan, id, fleet, root, &mut out);
    }
    alarms(plan, root, &mut out);
    egress(plan, root, &mut out);
    target_groups(plan, root, &mut out);
    out
}

/// From `running` to answering: the 95th percentile of the sum, as if it were normal.
fn time_to_answer(template: &LaunchTemplate) -> f64 {
    let phases = [Some(&template.boot), Some(&template.bootstrap), template.smoke_test.as_ref()];
    let phases = || phases.iter().flatten().map(|phase| &phase.duration);
    let mean: f64 = phases().map(Dist::mean).sum();
    let variance: f64 = phases().map(Dist::variance).sum();
    mean + 1.645 * variance.max(0.0).sqrt()
}

fn coming_up(plan: &Plan, fleet: &Fleet, group: &AutoScaling, root: Place<'_>, out: &mut Vec<Diagnostic>) {
    let place = root.field("auto_scaling_groups").entry(&fleet.name);
    let needed = time_to_answer(&fleet.template);
    let first_check = fleet.target_groups.iter().map(|group| {
        let check = &plan.target_groups[*group].health_check;
        check.registration_delay.as_secs_f64() + check.interval.as_secs_f64()
    });
    let first_check = first_check.fold(0.0, f64::max);
    let hook = fleet.template.lifecycle_hook;
    // With a hook the instance goes into service only when it answers; without one, as soon as it runs.
    let until_healthy = if hook.is_some() { first_check } else { needed + first_check };
    let grace = group.health_check_grace_period.as_secs_f64();
    if group.elb_health_check && grace < until_healthy {
        let message = format!(
            "health check grace period of {} is shorter than it takes to answer: {} in 95 of 100 launches",
            show(grace),
            show(until_healthy.round())
        );
        let diagnostic = Diagnostic::warning(place.field("health_check_grace_period").span(), message);
        let diagnostic = diagnostic.label("instances are replaced before they are up");
        out.push(diagnostic.help(format!("raise it to at least {}", show((until_healthy / 30.0).ceil() * 30.0))));
    }
    let alone = hook.filter(|hook| hook.heartbeat_interval.is_none());
    if let Some(hook) = alone.filter(|hook| hook.heartbeat_timeout.as_secs_f64() < needed) {
        let timeout = show(hook.heartbeat_timeout.as_secs_f64());
        let message = format!(
            "lifecycle hook ends after {timeout}, before bootstrap and test do: {} in 95 of 100 launches",
            show(needed.round())
        );
        let diagnostic =
            Diagnostic::warning(place.field("launch_template").span(), message).label("this template's hook");
        out.push(diagnostic.help("raise `heartbeat_timeout`"));
    }
    for policy in &group.policies {
        let PolicyKind::Simple { adjustment, cooldown } = policy.kind else { continue };
        let cooldown = cooldown.unwrap_or(group.default_cooldown).as_secs_f64();
        let grows = adjustment > 0.0 && policy.adjustment_type != AdjustmentType::ExactCapacity;
        // The cooldown starts when the launch is over, which without a hook is when the instance runs.
        let unfinished = if hook.is_some() { first_check } else { needed };
        if grows && cooldown < unfinished {
            let at = place.field("policies").entry(&policy.name);
            let message = format!(
                "cooldown of {} is over before a new instance answers: {} in 95 of 100 launches",
                show(cooldown),
                show(unfinished.round())
            );
            let diagnostic =
                Diagnostic::warning(at.field("cooldown").span(), message).label("may scale out again too early");
            out.push(diagnostic.help(format!("raise it to at least {}", show((unfinished / 30.0).ceil() * 30.0))));
        }
    }
}

/// CPU time in seconds that one request of an endpoint takes on a fleet, and time it holds a worker of a service there.
fn demand(plan: &Plan, endpoint: EndpointId, fleet: FleetId, depth: usize) -> f64 {
    let endpoint = &plan.endpoints[endpoint];
    let here = plan.services[endpoint.service].fleet == fleet;
    of_steps(plan, &endpoint.steps, fleet, here, depth)
}

fn of_steps(plan: &Plan, steps: &[Step], fleet: FleetId, here: bool, depth: usize) -> f64 {
    let step = |step: &Step| match step {
        Step::Compute(work) if here => work.mean(),
        // Circles of calls have been refused; the depth only bounds the work of long chains that branch.
        Step::Call { endpoint, .. } if depth < 12 => demand(plan, *endpoint, fleet, depth + 1),
        Step::Parallel(branches) => branches.iter().map(|branch| of_steps(plan, branch, fleet, here, depth)).sum(),
        Step::Compute(_) | Step::Query { .. } | Step::Sleep(_) | Step::Call { .. } => 0.0,
    };
    steps.iter().map(step).sum()
}

/// Time one request holds a worker, its own steps alone.
fn residence(steps: &[Step]) -> f64 {
    let step = |step: &Step| match step {
        Step::Compute(time) | Step::Sleep(time) | Step::Query { demand: time, .. } => time.mean(),
        Step::Parallel(branches) => branches.iter().map(|branch| residence(branch)).fold(0.0, f64::max),
        Step::Call { .. } => 0.0,
    };
    steps.iter().map(step).sum()
}

fn capacity(plan: &Plan, id: FleetId, fleet: &Fleet, root: Place<'_>, out: &mut Vec<Diagnostic>) {
    let end = Time::ZERO + plan.duration;
    let (most, place) = match &fleet.sizing {
        Sizing::Fixed(count) => {
            let set = root.field("instances").entry(&fleet.name);
            let own = root.field("services").entry(&fleet.name);
            let place = if set.is_written() { set.field("count") } else { own.field("instances") };
            (*count, place)
        }
        Sizing::AutoScaling(group) => {
            (group.max_size, root.field("auto_scaling_groups").entry(&fleet.name).field("max_size"))
        }
    };
    // Streams peak together in the worst case.
    let mut load = 0.0;
    let mut held = vec![0.0; plan.services.len()];
    for population in plan.populations.values() {
        let Arrivals::Open { rate, .. } = &population.arrivals else { continue };
        let peak = rate.peak(end);
        let total: f64 = population.mix.iter().map(|entry| entry.1).sum();
        for (endpoint, weight) in &population.mix {
            let rate = peak * weight / total;
            load += rate * demand(plan, *endpoint, id, 0);
            let service = plan.endpoints[*endpoint].service;
            held[service.index()] += rate * residence(&plan.endpoints[*endpoint].steps);
        }
    }
    let vcpus = f64::from(most) * f64::from(fleet.template.vcpus);
    if load > vcpus {
        let message = format!("the peak asks for {load:.1} vCPUs, and {most} instances have {vcpus}");
        let diagnostic = Diagnostic::warning(place.span(), message).label("cannot hold the peak");
        let needed = (load / f64::from(fleet.template.vcpus)).ceil();
        out.push(diagnostic.help(format!("at least {needed} instances are needed, more to keep queues short")));
    }
    for (index, held) in held.into_iter().enumerate() {
        let service = &plan.services[ServiceId::new(index)];
        let workers = f64::from(most) * f64::from(service.workers);
        if service.fleet == id && service.holds_worker && held > workers {
            let message = format!(
                "the peak keeps {held:.0} workers of service `{}` busy, and {most} instances have {workers}",
                service.name
            );
            let at = root.field("services").entry(&service.name).field("workers");
            out.push(
                Diagnostic::warning(at.span(), message)
                    .label("too few workers")
                    .help("raise `workers`, or the number of instances"),
            );
        }
    }
}

fn alarms(plan: &Plan, root: Place<'_>, out: &mut Vec<Diagnostic>) {
    for alarm in plan.alarms.values() {
        let place = root.field("alarms").entry(&alarm.name);
        let Metric::Cpu(fleet) = alarm.metric else { continue };
        let fleet = &plan.fleets[fleet];
        if fleet.template.monitoring == Monitoring::Basic && alarm.period.as_secs_f64() < 300.0 {
            let message = format!(
                "alarm `{}` looks each {} at a metric that comes each 5 min",
                alarm.name,
                show(alarm.period.as_secs_f64())
            );
            let diagnostic =
                Diagnostic::warning(place.field("period").span(), message).label("four of five periods are empty");
            let help =
                format!("set `monitoring: Detailed` in the launch template of `{}`, or `period: \"300s\"`", fleet.name);
            out.push(diagnostic.help(help));
        }
        let scales = alarm.alarm_actions.iter().any(
            |action| matches!(action, Action::Scale { fleet: other, .. } if plan.fleets[*other].name != fleet.name),
        );
        if scales {
            let message = format!("alarm `{}` watches `{}` but scales another group", alarm.name, fleet.name);
            out.push(Diagnostic::warning(place.field("actions").span(), message).label("another group"));
        }
    }
}

fn egress(plan: &Plan, root: Place<'_>, out: &mut Vec<Diagnostic>) {
    for (id, gateway) in plan.nat_gateways.iter() {
        let served: Vec<&str> =
            plan.zones.values().filter(|zone| zone.egress == Egress::Nat(id)).map(|zone| zone.name.as_str()).collect();
        if served.len() > 1 {
            let home = &plan.zones[gateway.zone].name;
            let message = format!("NAT gateway `{}` alone serves {} zones", gateway.name, served.len());
            let place = root.field("nat_gateways").entry(&gateway.name).field("serves");
            let diagnostic = Diagnostic::warning(place.span(), message).label(format!("all lose egress with {home}"));
            out.push(diagnostic.help("give each zone a NAT gateway of its own"));
        }
    }
}

fn target_groups(plan: &Plan, root: Place<'_>, out: &mut Vec<Diagnostic>) {
    for (id, group) in plan.target_groups.iter() {
        let place = root.field("target_groups");
        let forwarded =
            plan.balancers.values().any(|balancer| balancer.forward.iter().any(|(target, _)| *target == id));
        if forwarded && !plan.fleets.values().any(|fleet| fleet.target_groups.contains(&id)) {
            let message = format!("nothing is registered with target group `{}`", group.name);
            let diagnostic =
                Diagnostic::warning(place.key(&group.name).span(), message).label("every request there is a 503");
            out.push(diagnostic.help("name it in the `target_groups` of a group or set of instances"));
        }
        for store in &group.health_check.dependencies {
            let store = &plan.stores[*store];
            let at = place.entry(&group.name).field("health_check").field("depth");
            let message = format!("every target of `{}` fails its health check when `{}` does", group.name, store.name);
            let diagnostic = Diagnostic::warning(at.span(), message).label("one store decides over all");
            out.push(
                diagnostic.help("use `Shallow`, or expect healthy servers to be replaced while the store is away"),
            );
        }
    }
}
