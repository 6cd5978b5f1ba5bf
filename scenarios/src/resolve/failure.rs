//! Failure processes: one mode for each kind of part there is, with what the scenario says of it or the default.

use super::context::Cx;
use super::dist::lognormal;
use super::fault;
use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use crate::schema::{self, Breaking, Losing};
use crate::units::Mtbf;
use models::plan::{
    Balancer, BalancerId, Failing, FailureMode, Failures, Fleet, FleetId, NatGateway, NatId, Region, RegionId, Service,
    ServiceId, Store, StoreId, Traffic, Zone, ZoneId,
};
use sim_core::{Dist, Duration, Table};

/// A year, in seconds: 365.25 days.
const YEAR: f64 = 365.25 * 86_400.0;

/// The parts that can fail.
pub(crate) struct Parts<'p> {
    pub regions: &'p Table<RegionId, Region>,
    pub zones: &'p Table<ZoneId, Zone>,
    pub nat_gateways: &'p Table<NatId, NatGateway>,
    pub balancers: &'p Table<BalancerId, Balancer>,
    pub fleets: &'p Table<FleetId, Fleet>,
    pub services: &'p Table<ServiceId, Service>,
    pub stores: &'p Table<StoreId, Store>,
}

pub(crate) fn resolve<'a>(cx: &mut Cx<'a>, parts: &Parts<'_>) -> Failures {
    let written = &cx.scenario.failures;
    let place = cx.root.field("failures");
    let mut modes = Vec::new();
    // Without a geography, zones are a matter of form.
    let placed = !cx.scenario.regions.is_empty();
    let at_work = |fleet: &FleetId| parts.services.values().any(|service| service.fleet == *fleet);
    let fleets: Vec<FleetId> = parts.fleets.ids().filter(at_work).collect();

    let hosts = Lasting::lost(written.hosts.as_ref(), 25.0);
    hosts.of(
        cx,
        place,
        "hosts",
        fleets.iter().map(|&id| (format!("host of {}", parts.fleets[id].name), Failing::Host(id))),
        &mut modes,
    );
    let processes = Lasting::breaking(written.processes.as_ref(), f64::INFINITY, (1800.0, 14_400.0));
    processes.of(
        cx,
        place,
        "processes",
        fleets.iter().map(|&id| (format!("process of {}", parts.fleets[id].name), Failing::Process(id))),
        &mut modes,
    );
    let zones = Lasting::breaking(written.zones.as_ref(), 10.0, (3600.0, 28_800.0));
    zones.of(
        cx,
        place,
        "zones",
        parts.zones.iter().filter(|_| placed).map(|(id, zone)| (format!("zone {}", zone.name), Failing::Zone(id))),
        &mut modes,
    );
    let gateways = Lasting::breaking(written.nat_gateways.as_ref(), 20.0, (900.0, 7200.0));
    gateways.of(
        cx,
        place,
        "nat_gateways",
        parts.nat_gateways.iter().map(|(id, nat)| (format!("NAT gateway {}", nat.name), Failing::Nat(id))),
        &mut modes,
    );
    let balancers = Lasting::breaking(written.load_balancers.as_ref(), 20.0, (1800.0, 10_800.0));
    balancers.of(
        cx,
        place,
        "load_balancers",
        parts.balancers.iter().map(|(id, one)| (format!("load balancer {}", one.name), Failing::Balancer(id))),
        &mut modes,
    );
    let databases = Lasting::lost(written.databases.as_ref(), 25.0);
    databases.of(cx, place, "databases", parts.stores.iter().flat_map(|(id, store)| database(id, store)), &mut modes);
    let regions = Lasting::breaking(written.regions.as_ref(), 30.0, (7200.0, 36_000.0));
    regions.of(
        cx,
        place,
        "regions",
        parts
            .regions
            .iter()
            .filter(|_| placed)
            .map(|(id, region)| (format!("region {}", region.name), Failing::Region(id))),
        &mut modes,
    );
    changes(cx, place, parts, &mut modes);
    others(cx, place, parts, &mut modes);

    let by_hand =
        cx.time(place.field("restored_by_hand"), written.restored_by_hand, 4.0 * 3600.0, 60.0, 30.0 * 86_400.0);
    Failures {
        modes,
        traffic: match written.traffic {
            None | Some(schema::Traffic::Mean) => Traffic::Mean,
            Some(schema::Traffic::Peak) => Traffic::Peak,
        },
        restored_by_hand: by_hand,
        written: place.is_written(),
    }
}

/// Primary and standby of a database that can fail.
fn database(id: StoreId, store: &Store) -> Vec<(String, Failing)> {
    let Some(rds) = &store.rds else { return Vec::new() };
    let standby = rds.standby.map(|_| (format!("standby of {}", store.name), Failing::Standby(id)));
    let primary = (format!("primary of {}", store.name), Failing::Primary(id));
    std::iter::once(primary).chain(standby).collect()
}

/// What is said of one kind of part, over its default.
struct Lasting<'s> {
    mtbf: Option<Mtbf>,
    /// Default, in years.
    years: f64,
    mttr: Option<&'s schema::Dist>,
    /// Default, if it is repaired: median and 95th percentile in seconds.
    repair: Option<(f64, f64)>,
    written: bool,
}

impl<'s> Lasting<'s> {
    fn lost(written: Option<&'s Losing>, years: f64) -> Self {
        let mtbf = written.and_then(|one| one.mtbf);
        Lasting { mtbf, years, mttr: None, repair: None, written: written.is_some() }
    }

    fn breaking(written: Option<&'s Breaking>, years: f64, repair: (f64, f64)) -> Self {
        let mtbf = written.and_then(|one| one.mtbf);
        let mttr = written.and_then(|one| one.mttr.as_ref());
        Lasting { mtbf, years, mttr, repair: Some(repair), written: written.is_some() }
    }

    /// A mode for each part of the kind.
    fn of<'a>(
        self,
        cx: &mut Cx<'a>,
        block: Place<'a>,
        field: &str,
        parts: impl Iterator<Item = (String, Failing)>,
        modes: &mut Vec<FailureMode>,
    ) where
        's: 'a,
    {
        let place = block.field(field);
        let mtbf_s = mtbf(cx, place.field("mtbf"), self.mtbf, self.years);
        let mttr = self.repair.map(|(median, p95)| {
            let mttr = cx.dist(place.field("mttr"), self.mttr, lognormal(median, p95));
            repairable(cx, place.field("mttr"), &mttr, mtbf_s);
            mttr
        });
        if self.written && self.mtbf.is_none() && self.years.is_infinite() {
            let diagnostic = Diagnostic::warning(place.span(), format!("`{field}` never fail: no `mtbf` is given"));
            cx.say(diagnostic.label("no rate").help("add one, such as `mtbf: \"2y\"`"));
        }
        let before = modes.len();
        let assumed = self.mtbf.is_none();
        modes.extend(parts.map(|(name, part)| FailureMode { name, part, mtbf_s, mttr: mttr.clone(), assumed }));
        if self.written && modes.len() == before {
            let message = format!("nothing that `{field}` could be about");
            cx.say(Diagnostic::warning(place.span(), message).label("the scenario has no such part"));
        }
    }
}

/// Seconds between failures: as written, or the default in years.
fn mtbf<'a>(cx: &mut Cx<'a>, place: Place<'a>, written: Option<Mtbf>, years: f64) -> f64 {
    let seconds = written.map_or(years * YEAR, |mtbf| mtbf.0);
    if seconds < 3600.0 {
        let help =
            "choose an hour or more; what breaks more often is watched better by `sim run` with a `Random` fault";
        cx.error(place, "breaks more than once an hour", "too often for years", help);
    }
    seconds
}

/// A part that is repaired no faster than it breaks is down most of its life, which no rate of failures is about.
fn repairable<'a>(cx: &mut Cx<'a>, place: Place<'a>, mttr: &Dist, mtbf_s: f64) {
    let mean = mttr.mean();
    if mean <= 0.0 {
        cx.error(place, "a repair that takes no time", "zero", "give a time above 0");
    } else if mean >= 0.1 * mtbf_s {
        let show = super::context::show;
        let message =
            format!("a repair takes {} on average, and the next failure comes after {}", show(mean), show(mtbf_s));
        cx.error(
            place,
            message,
            "too long for how often it fails",
            "make the repair shorter, or `mtbf` more than ten times as long",
        );
    }
}

/// Bad changes, one mode per service.
fn changes<'a>(cx: &mut Cx<'a>, block: Place<'a>, parts: &Parts<'_>, modes: &mut Vec<FailureMode>) {
    let Some(written) = &cx.scenario.failures.changes else { return };
    let place = block.field("changes");
    let share = written.share.map_or(1.0, |share| share.0);
    if share <= 0.0 {
        cx.error(place.field("share"), "a bad change that breaks nothing", "zero", "choose a share above 0 %");
    }
    let lasting = Lasting {
        mtbf: written.mtbf,
        years: f64::INFINITY,
        mttr: written.mttr.as_ref(),
        repair: Some((1200.0, 7200.0)),
        written: true,
    };
    let services =
        parts.services.iter().map(|(id, one)| (format!("change of {}", one.name), Failing::Change(id, share)));
    lasting.of(cx, block, "changes", services, modes);
}

/// Faults of the scenario's own.
fn others<'a>(cx: &mut Cx<'a>, block: Place<'a>, parts: &Parts<'_>, modes: &mut Vec<FailureMode>) {
    for (name, other) in cx.scenario.failures.others.iter().take(1000) {
        let place = block.field("others").entry(name);
        let mtbf_s = mtbf(cx, place.part("mtbf", 0), Some(other.mtbf), f64::INFINITY);
        let at = place.field("action");
        let mttr_at = place.field("mttr");
        let mttr = other.mttr.as_ref().map(|mttr| cx.needed_dist(mttr_at, mttr));
        if let Some(mttr) = &mttr {
            repairable(cx, mttr_at, mttr, mtbf_s);
        }
        let Some(action) = fault::action(cx, &other.action, at, parts.fleets) else { continue };
        let own = models::plan::lasts(&action);
        match (own, &mttr) {
            (None, Some(_)) => {
                let help = "leave `mttr` out: the control plane brings back what is lost";
                cx.error(mttr_at, "a repair of what is over at once", "nothing to repair", help);
            }
            (Some(Duration::MAX), None) => {
                cx.error(at, "a failure that is never repaired", "no end", "add `mttr`, or a duration of the action");
            }
            (Some(length), Some(_)) if length != Duration::MAX => {
                cx.error(mttr_at, "both a duration and a time to repair", "two lengths", "leave one of them out");
            }
            (Some(length), None) => repairable(cx, at, &Dist::Constant(length.as_secs_f64()), mtbf_s),
            _ => {}
        }
        modes.push(FailureMode { name: name.to_owned(), part: Failing::Other(action), mtbf_s, mttr, assumed: false });
    }
}
