//! Connections: who closes one at rest, the load balancer or the server behind it.

use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use crate::resolve::context::show;
use models::plan::{Balancer, BalancerKind, Plan, Service};

/// Servers that close connections before their Application Load Balancer does: it sends requests by them until it knows.
pub(super) fn keep_alive(plan: &Plan, root: Place<'_>, out: &mut Vec<Diagnostic>) {
    for service in plan.services.values() {
        let Some(keep_alive) = service.keep_alive else { continue };
        let keeps = |balancer: &&Balancer| {
            matches!(balancer.kind, BalancerKind::Application)
                && balancer.idle_timeout >= keep_alive.timeout
                && balancer.groups().iter().any(|group| plan.fleets[service.fleet].target_groups.contains(group))
        };
        let Some(balancer) = plan.balancers.values().filter(keeps).max_by_key(|balancer| balancer.idle_timeout) else {
            continue;
        };
        let (closes, idle) = (show(keep_alive.timeout.as_secs_f64()), show(balancer.idle_timeout.as_secs_f64()));
        let message = format!(
            "`{}` closes connections at rest after {closes}, and `{}` keeps them for {idle}",
            service.name, balancer.name
        );
        let window = longest_round_trip(plan, service, balancer) + keep_alive.lag.as_secs_f64();
        let label = format!("a request within about {} of that is a 502", show((window * 1e4).round() / 1e4));
        let place = root.field("services").entry(&service.name).field("keep_alive");
        let help = format!("keep connections for longer than {idle}, or lower `idle_timeout` of `{}`", balancer.name);
        out.push(Diagnostic::warning(place.span(), message).label(label).help(help));
    }
}

/// Mean round trip from the node that is farthest from an instance of the service, in seconds.
fn longest_round_trip(plan: &Plan, service: &Service, balancer: &Balancer) -> f64 {
    let targets = &plan.fleets[service.fleet].zones;
    let pairs = balancer.zones.iter().flat_map(|&from| targets.iter().map(move |&to| (from, to)));
    pairs.map(|(from, to)| plan.network.round_trip[from][to].mean()).fold(0.0, f64::max)
}
