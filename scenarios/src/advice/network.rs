//! The network: single points of failure, and names that are remembered for too long.

use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use crate::resolve::context::show;
use models::plan::{Destination, Egress, Plan, Quantity, Reconnect, RecoveryOf};

pub(super) fn egress(plan: &Plan, root: Place<'_>, out: &mut Vec<Diagnostic>) {
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

/// DNS answers that are kept for longer than recovery is expected to take.
pub(super) fn names(plan: &Plan, root: Place<'_>, out: &mut Vec<Diagnostic>) {
    let goals = plan.expectations.iter().filter_map(|expectation| match expectation.at_most()? {
        (Quantity::RecoveryS(of), within) => Some((*of, within)),
        _ => None,
    });
    for (of, within) in goals {
        let kept = |ttl: f64| ttl > within;
        if let RecoveryOf::Store(store) = of {
            let store = &plan.stores[store];
            let place = root.field("databases").entry(&store.name).field("reconnect");
            match store.rds.as_ref().map(|rds| rds.reconnect) {
                Some(Reconnect::AfterDnsCache(ttl)) if kept(ttl.as_secs_f64()) => {
                    let message = format!(
                        "clients of `{}` keep its old address for {}, and it is to recover within {}",
                        store.name,
                        show(ttl.as_secs_f64()),
                        show(within)
                    );
                    let help = format!("cache it for less than {}", show(within));
                    out.push(Diagnostic::warning(place.span(), message).label("longer than the goal").help(help));
                }
                _ => {}
            }
            continue;
        }
        for population in plan.populations.values() {
            let site = &plan.sites[population.site];
            let Destination::Balancer(balancer) = site.to else { continue };
            let ttl = site.dns_ttl.as_secs_f64();
            if plan.balancers[balancer].zones.len() < 2 || !kept(ttl) {
                continue;
            }
            let message = format!(
                "`{}` keep a DNS answer of `{}` for {}, and recovery is expected within {}",
                population.name,
                plan.balancers[balancer].name,
                show(ttl),
                show(within)
            );
            let place = root.field("clients").entry(&population.name).field("dns_ttl");
            let diagnostic = Diagnostic::warning(place.span(), message).label("longer than the goal");
            out.push(
                diagnostic.help("callers of a node that is out find the other one only when their answer has expired"),
            );
        }
    }
}
