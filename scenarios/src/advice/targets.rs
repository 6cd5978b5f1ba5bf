//! Target groups: what is checked, by what, and how long a leaving target is waited for.

use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use crate::resolve::context::show;
use models::plan::{EndpointId, Plan, Step, TargetGroupId};

pub(super) fn target_groups(plan: &Plan, root: Place<'_>, out: &mut Vec<Diagnostic>) {
    for (id, group) in plan.target_groups.iter() {
        let place = root.field("target_groups");
        let forwarded = plan.balancers.values().any(|balancer| balancer.forwards_to(id));
        if forwarded && !plan.fleets.values().any(|fleet| fleet.target_groups.contains(&id)) {
            let message = format!("nothing is registered with target group `{}`", group.name);
            let diagnostic =
                Diagnostic::warning(place.key(&group.name).span(), message).label("every request there is a 503");
            out.push(diagnostic.help("name it in the `target_groups` of a group or set of instances"));
        }
        let check = &group.health_check;
        if check.timeout >= check.interval {
            let written = place.entry(&group.name).field("health_check");
            let at = written.field(if written.field("timeout").is_written() { "timeout" } else { "interval" });
            let (timeout, interval) = (check.timeout.as_secs_f64(), check.interval.as_secs_f64());
            let message =
                format!("health check timeout of {} is not below the interval of {}", show(timeout), show(interval));
            let diagnostic = Diagnostic::warning(at.span(), message).label("AWS may refuse it");
            out.push(
                diagnostic.help("a check that is still out when the next one is due counts as failed; lower `timeout`"),
            );
        }
        leaving(plan, id, root, out);
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

/// A deregistration delay that cuts requests which are merely long.
fn leaving(plan: &Plan, id: TargetGroupId, root: Place<'_>, out: &mut Vec<Diagnostic>) {
    let group = &plan.target_groups[id];
    let delay = group.deregistration_delay.as_secs_f64();
    let behind = |endpoint: &EndpointId| {
        let service = &plan.services[plan.endpoints[*endpoint].service];
        plan.fleets[service.fleet].target_groups.contains(&id)
    };
    let longest = plan.endpoints.ids().filter(behind).map(|endpoint| (endpoint, long(plan, endpoint)));
    let Some((endpoint, long)) = longest.max_by(|a, b| a.1.total_cmp(&b.1)) else { return };
    if delay >= long {
        return;
    }
    let endpoint = &plan.endpoints[endpoint];
    let name = format!("{}.{}", plan.services[endpoint.service].name, endpoint.name);
    let message = format!(
        "one request in 1000 of `{name}` takes more than {}, and a target that leaves cuts it after {}",
        show((long * 10.0).round() / 10.0),
        show(delay)
    );
    let place = root.field("target_groups").entry(&group.name).field("deregistration_delay");
    let help = format!("raise it to at least {}, or make the longest requests shorter", show(long.ceil()));
    out.push(Diagnostic::warning(place.span(), message).label("requests are lost at every scale-in").help(help));
}

/// The time that one request of an endpoint in a thousand exceeds, queues aside: as if the sum were normal.
fn long(plan: &Plan, endpoint: EndpointId) -> f64 {
    let (mean, variance) = moments(plan, &plan.endpoints[endpoint].steps, 0);
    mean + 3.09 * variance.max(0.0).sqrt()
}

/// Mean and variance of the time that steps take.
fn moments(plan: &Plan, steps: &[Step], depth: usize) -> (f64, f64) {
    let of = |step: &Step| match step {
        Step::Compute(time) | Step::Sleep(time) | Step::Query { demand: time, .. } => (time.mean(), time.variance()),
        // Circles of calls have been refused; the depth only bounds the work of long chains that branch.
        Step::Call { endpoint, .. } if depth < 12 => moments(plan, &plan.endpoints[*endpoint].steps, depth + 1),
        Step::Call { .. } | Step::Disk { .. } => (0.0, 0.0),
        Step::Parallel(branches) => {
            let all = branches.iter().map(|branch| moments(plan, branch, depth));
            all.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 0.0))
        }
    };
    steps.iter().map(of).fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}
