//! Load against capacity: at the peak, and after the loss of a zone.

use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use models::plan::{Arrivals, AutoScaling, EndpointId, Fleet, FleetId, Plan, RateProfile, ServiceId, Sizing, Step};
use sim_core::Time;

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
        Step::Compute(_) | Step::Query { .. } | Step::Sleep(_) | Step::Disk { .. } | Step::Call { .. } => 0.0,
    };
    steps.iter().map(step).sum()
}

/// Time one request holds a worker, its own steps alone.
fn residence(steps: &[Step]) -> f64 {
    let step = |step: &Step| match step {
        Step::Compute(time) | Step::Sleep(time) | Step::Query { demand: time, .. } => time.mean(),
        Step::Parallel(branches) => branches.iter().map(|branch| residence(branch)).fold(0.0, f64::max),
        Step::Call { .. } | Step::Disk { .. } => 0.0,
    };
    steps.iter().map(step).sum()
}

/// Requests per second of each endpoint that clients ask for, with the rate that `of` reads off each profile.
fn offered(plan: &Plan, of: impl Fn(&RateProfile) -> f64) -> Vec<(EndpointId, f64)> {
    let mut offered = Vec::new();
    for population in plan.populations.values() {
        let Arrivals::Open { rate, .. } = &population.arrivals else { continue };
        let total: f64 = population.mix.iter().map(|entry| entry.1).sum();
        offered.extend(population.mix.iter().map(|(endpoint, weight)| (*endpoint, of(rate) * weight / total)));
    }
    offered
}

/// vCPUs of a fleet that the offered load keeps busy.
fn load(plan: &Plan, id: FleetId, of: impl Fn(&RateProfile) -> f64) -> f64 {
    offered(plan, of).into_iter().map(|(endpoint, rate)| rate * demand(plan, endpoint, id, 0)).sum()
}

/// Whether the smallest group still carries the smallest load when it loses the zone that holds most of it.
pub(super) fn loss_of_a_zone(
    plan: &Plan,
    id: FleetId,
    group: &AutoScaling,
    root: Place<'_>,
    out: &mut Vec<Diagnostic>,
) {
    let fleet = &plan.fleets[id];
    let zones = fleet.zones.len() as u32;
    let end = Time::ZERO + plan.duration;
    let least = load(plan, id, |rate| {
        let inside = rate.knots.iter().filter(|knot| knot.0 <= end).map(|knot| knot.1);
        inside.fold(rate.at(Time::ZERO).min(rate.at(end)), f64::min)
    });
    if zones == 0 || least <= 0.0 || group.min_size == 0 {
        return;
    }
    let left = group.min_size - group.min_size.div_ceil(zones);
    let (before, after) =
        (f64::from(group.min_size) * fleet.vcpus_per_unit(), f64::from(left) * fleet.vcpus_per_unit());
    if after >= least || before < least {
        return;
    }
    let place = root.field("auto_scaling_groups").entry(&fleet.name);
    let over = if zones == 1 { "one zone".into() } else { format!("{zones} zones") };
    let message = match left {
        0 => format!("a minimum of {} over {over} leaves nothing when a zone is lost", group.min_size),
        _ => format!(
            "a minimum of {} over {over} leaves {left} when a zone is lost: {after} vCPUs for a load of {least:.1} at its lowest",
            group.min_size
        ),
    };
    // Enough that what the other zones keep carries the load.
    let needed = (least / fleet.vcpus_per_unit()).ceil().max(1.0);
    let help = match zones {
        1 => "spread the group over two or more zones".to_string(),
        _ => format!("a minimum of {} survives it", (needed * f64::from(zones) / f64::from(zones - 1)).ceil()),
    };
    let at = place.field(if zones == 1 && place.field("zones").is_written() { "zones" } else { "min_size" });
    out.push(Diagnostic::warning(at.span(), message).label("does not survive the loss of a zone").help(help));
}

pub(super) fn capacity(plan: &Plan, id: FleetId, fleet: &Fleet, root: Place<'_>, out: &mut Vec<Diagnostic>) {
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
    let load = load(plan, id, |rate| rate.peak(end));
    let mut held = vec![0.0; plan.services.len()];
    for (endpoint, rate) in offered(plan, |rate| rate.peak(end)) {
        held[plan.endpoints[endpoint].service.index()] += rate * residence(&plan.endpoints[endpoint].steps);
    }
    let vcpus = f64::from(most) * fleet.vcpus_per_unit();
    if load > vcpus {
        let message = format!("the peak asks for {load:.1} vCPUs, and {most} instances have {vcpus}");
        let diagnostic = Diagnostic::warning(place.span(), message).label("cannot hold the peak");
        let needed = (load / fleet.vcpus_per_unit()).ceil();
        out.push(diagnostic.help(format!("at least {needed} instances are needed, more to keep queues short")));
    }
    for (index, held) in held.into_iter().enumerate() {
        let service = &plan.services[ServiceId::new(index)];
        let sized = fleet.vcpus_per_unit() / f64::from(fleet.template.vcpus.max(1));
        let workers = f64::from(most) * f64::from(service.workers) * sized;
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
