//! The arithmetic of series and parallel parts, and what the providers promise: to hold beside what was simulated.
//!
//! ```text
//!  MTBF / (MTBF + MTTR) of each part ─► k of n of them, as if independent ─► product over all that is needed
//! ```
//! # Models      what a spreadsheet does: parts fail independently, and are down as long as their replacement or repair takes
//! # Leaves out  on purpose, since it is the point of comparison: detection, failover and DNS, health checks that lag behind,
//!   a zone that takes several parts with it, partial loss
//! # Source      AWS whitepaper "Availability and Beyond"; the pages `aws.amazon.com/…/sla` of the services; `aws/data-and-resilience.md` §19

use super::figures::YEAR_MIN;
use models::plan::{Failing, FailureMode, Fleet, FleetId, Plan, Sizing};
use models::years::Quiet;
use serde::Serialize;

/// The sums of a spreadsheet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Arithmetic {
    /// Links of the chain: each must be there.
    pub links: Vec<Link>,
    /// Product of their availabilities.
    pub availability: f64,
    /// Minutes a year.
    pub downtime_min_per_year: f64,
    /// What the providers promise of the services that are used.
    pub promises: Vec<Promise>,
    /// Product of those.
    pub promised: f64,
    /// Minutes a year.
    pub promised_min_per_year: f64,
}

/// A link: so many of so many parts are needed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Link {
    /// What it is.
    pub name: String,
    /// Parts there are.
    pub parts: u32,
    /// Parts that are needed.
    pub needed: u32,
    /// Mean time between failures of one, in seconds.
    pub mtbf_s: f64,
    /// Mean time until it is repaired or replaced, in seconds.
    pub mttr_s: f64,
    /// Availability of one: MTBF / (MTBF + MTTR).
    pub one: f64,
    /// Availability of the link.
    pub availability: f64,
}

/// A service level agreement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Promise {
    /// Service.
    pub service: String,
    /// Monthly uptime below which there are credits.
    pub monthly: f64,
}

/// Probability that at least `needed` of `parts` independent parts are there, each with probability `one`.
pub fn k_of_n(needed: u32, parts: u32, one: f64) -> f64 {
    if needed == 0 {
        return 1.0;
    }
    if needed > parts {
        return 0.0;
    }
    // The sum over the few that are missing: it keeps the digits that a sum from the other side would lose.
    let missing = 1.0 - one;
    let mut term = (0..parts).fold(1.0, |product, _| product * one);
    let mut sum = term;
    for down in 1..=(parts - needed) {
        if one <= 0.0 {
            return 0.0;
        }
        term *= f64::from(parts - down + 1) / f64::from(down) * missing / one;
        sum += term;
    }
    sum.min(1.0)
}

impl Link {
    fn new(name: String, (needed, parts): (u32, u32), mtbf_s: f64, mttr_s: f64) -> Link {
        let one = mtbf_s / (mtbf_s + mttr_s);
        Link { name, parts, needed, mtbf_s, mttr_s, one, availability: k_of_n(needed, parts, one) }
    }
}

/// The sums for a plan.
pub fn arithmetic(plan: &Plan, quiet: &Quiet) -> Arithmetic {
    let mut links = Vec::new();
    for mode in quiet.modes() {
        links.extend(link(plan, quiet, mode));
    }
    links.extend(zones(plan, quiet));
    let availability: f64 = links.iter().map(|link| link.availability).product();
    let promises = promises(plan);
    let promised: f64 = promises.iter().map(|promise| promise.monthly).product();
    let minutes = |share: f64| (1.0 - share) * YEAR_MIN;
    let (downtime_min_per_year, promised_min_per_year) = (minutes(availability), minutes(promised));
    Arithmetic { links, availability, downtime_min_per_year, promises, promised, promised_min_per_year }
}

/// The link that a mode stands for; none for zones, which are taken together, and for what is not on the way of a request.
fn link(plan: &Plan, quiet: &Quiet, mode: &FailureMode) -> Option<Link> {
    let mttr_s = mode.mttr.as_ref().map_or(0.0, |mttr| mttr.mean());
    let (counts, mttr_s) = match &mode.part {
        Failing::Host(fleet) => (needed(plan, quiet, *fleet), replaced_s(&plan.fleets[*fleet])),
        Failing::Process(fleet) => (needed(plan, quiet, *fleet), mttr_s),
        Failing::Primary(store) => {
            let rds = plan.stores[*store].rds.as_ref()?;
            match rds.standby {
                Some(_) => ((1, 2), rds.standby_rebuild.mean()),
                None => ((1, 1), rds.recovery.mean()),
            }
        }
        Failing::Balancer(_) | Failing::Region(_) | Failing::Change(..) => ((1, 1), mttr_s),
        Failing::Standby(_) | Failing::Zone(_) | Failing::Nat(_) | Failing::Other(_) => return None,
    };
    let name = match &mode.part {
        Failing::Primary(store) if counts.1 == 2 => format!("hosts of {}", plan.stores[*store].name),
        _ => mode.name.clone(),
    };
    Some(Link::new(name, counts, mode.mtbf_s, mttr_s))
}

/// Zones in which instances lie, and how many of them can carry the load.
fn zones(plan: &Plan, quiet: &Quiet) -> Option<Link> {
    let mode = quiet.modes().iter().find(|mode| matches!(mode.part, Failing::Zone(_)))?;
    let used = |fleet: &Fleet| fleet.zones.len() as u32;
    let parts = plan.fleets.values().map(used).max().filter(|parts| *parts > 0)?;
    let carried = |(id, fleet): (FleetId, &Fleet)| (quiet.utilisation(id) * f64::from(used(fleet))).ceil() as u32;
    let needed = plan.fleets.iter().map(carried).max().unwrap_or(1).clamp(1, parts);
    let mttr_s = mode.mttr.as_ref().map_or(0.0, |mttr| mttr.mean());
    Some(Link::new("zones".to_owned(), (needed, parts), mode.mtbf_s, mttr_s))
}

/// Instances that carry the load, of those there are.
fn needed(plan: &Plan, quiet: &Quiet, fleet: FleetId) -> (u32, u32) {
    let parts = match &plan.fleets[fleet].sizing {
        Sizing::Fixed(count) => *count,
        Sizing::AutoScaling(group) => group.desired_capacity,
    };
    let needed = (quiet.utilisation(fleet) * f64::from(parts)).ceil() as u32;
    (needed.clamp(1, parts.max(1)), parts)
}

/// How long a new instance takes to serve, without the time it takes to notice that one is gone.
fn replaced_s(fleet: &Fleet) -> f64 {
    let template = &fleet.template;
    let phases =
        [Some(&template.pending), Some(&template.boot), Some(&template.bootstrap), template.smoke_test.as_ref()];
    let launch_s: f64 = phases.into_iter().flatten().map(|phase| phase.duration.mean()).sum();
    match fleet.sizing {
        Sizing::AutoScaling(_) => launch_s,
        // Moved to another host and booted there; nothing is configured anew.
        Sizing::Fixed(_) => {
            template.machine.recovery_delay.mean() + template.pending.duration.mean() + template.boot.duration.mean()
        }
    }
}

/// Service level agreements of what is used (data-and-resilience.md §19).
fn promises(plan: &Plan) -> Vec<Promise> {
    let mut promises = Vec::new();
    if !plan.balancers.is_empty() {
        promises.push(Promise { service: "Elastic Load Balancing".to_owned(), monthly: 0.9999 });
    }
    let zones = plan.fleets.values().map(|fleet| fleet.zones.len()).max().unwrap_or(0);
    if !plan.fleets.is_empty() {
        promises.push(match zones {
            // The promise of a region is for those who run in two zones or more.
            2.. => Promise { service: "EC2, Region level".to_owned(), monthly: 0.9999 },
            _ => Promise { service: "EC2, single instance".to_owned(), monthly: 0.995 },
        });
    }
    for store in plan.stores.values() {
        let Some(rds) = &store.rds else { continue };
        promises.push(match rds.standby {
            Some(_) => Promise { service: format!("RDS Multi-AZ ({})", store.name), monthly: 0.9995 },
            None => Promise { service: format!("RDS Single-AZ ({})", store.name), monthly: 0.995 },
        });
    }
    promises
}

#[cfg(test)]
mod tests {
    use super::k_of_n;

    #[test]
    fn k_of_n_is_the_tail_of_the_binomial() {
        for (needed, parts, one, expected) in [
            (1, 1, 0.9, 0.9),
            (2, 2, 0.9, 0.81),
            (1, 2, 0.9, 0.99),
            (2, 3, 0.9, 0.972),
            (3, 5, 0.5, 0.5),
            (0, 3, 0.1, 1.0),
            (4, 3, 0.9, 0.0),
            (1, 3, 0.0, 0.0),
            (1, 3, 1.0, 1.0),
        ] {
            let found = k_of_n(needed, parts, one);
            assert!((found - expected).abs() < 1e-12, "{needed} of {parts} at {one}: {found}");
        }
    }
}
