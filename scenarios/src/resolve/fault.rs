//! Faults.

use super::context::{Cx, FleetKind};
use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use crate::schema::{self, Database, MultiAz, Which};
use crate::units::Dur;
use models::plan::{
    Fault, FaultAction, FaultId, NatId, Occurrence, Selection, SelectionMode, ServiceId, Sizing, StoreId,
};
use models::plan::{Fleet, FleetId};
use sim_core::{Duration, Table};

pub(crate) fn resolve(cx: &mut Cx<'_>, fleets: &Table<FleetId, Fleet>) -> Table<FaultId, Fault> {
    let list = cx.root.field("faults");
    let whole = list.node().items().len() == cx.scenario.faults.len();
    let mut faults = Table::default();
    for (index, written) in cx.scenario.faults.iter().enumerate().take(10_000) {
        let place = if whole { list.item(index) } else { list };
        let (when, action, at) = match written {
            schema::Fault::At { time, action } => {
                let at = place.part("time", 0);
                if cx.horizon > 0.0 && time.0 > cx.horizon {
                    let help = format!("the scenario ends at {}", super::context::show(cx.horizon));
                    let diagnostic = Diagnostic::warning(at.span(), "a fault after the end of the run");
                    cx.say(diagnostic.label("never strikes").help(help));
                }
                (Occurrence::At(Duration::from_secs_f64(time.0)), action, place.part("action", 1))
            }
            schema::Fault::Random { mttf, mttr, action } => {
                let positional = place.node().items().len();
                let time_to_failure = cx.needed_dist(place.part("mttf", 0), mttf);
                if time_to_failure.mean() <= 0.0 {
                    cx.error(place.part("mttf", 0), "fails all the time", "zero", "give a time to failure above 0");
                }
                let time_to_repair = mttr.as_ref().map(|mttr| cx.needed_dist(place.part("mttr", 1), mttr));
                let at = place.part("action", positional.saturating_sub(1));
                (Occurrence::Random { time_to_failure, time_to_repair }, action, at)
            }
        };
        let name = cx.spelling(at);
        if let Some(action) = self::action(cx, action, at, fleets) {
            faults.push(Fault { name, when, action });
        }
    }
    faults
}

fn lasting(duration: Option<Dur>) -> Duration {
    duration.map_or(Duration::MAX, |duration| Duration::from_secs_f64(duration.0))
}

pub(crate) fn action<'a>(
    cx: &mut Cx<'a>,
    written: &'a schema::FaultAction,
    place: Place<'a>,
    fleets: &Table<FleetId, Fleet>,
) -> Option<FaultAction> {
    use schema::FaultAction as Written;
    let first = |field| place.part(field, 0);
    Some(match written {
        Written::TerminateInstances { which } => {
            FaultAction::TerminateInstances(selection(cx, which, first("which"), fleets)?)
        }
        Written::StopInstances { which, duration } => {
            FaultAction::StopInstances(selection(cx, which, first("which"), fleets)?, lasting(*duration))
        }
        Written::HangInstances { which, duration } => {
            FaultAction::HangInstances(selection(cx, which, first("which"), fleets)?, lasting(*duration))
        }
        Written::FreezeInstances { which, duration } => {
            FaultAction::FreezeInstances(selection(cx, which, first("which"), fleets)?, lasting(*duration))
        }
        Written::SlowInstances { which, speed, duration } => {
            if speed.0 <= 0.0 {
                cx.error(place.part("speed", 1), "a speed of zero", "stands still", "use FreezeInstances for that");
            }
            FaultAction::SlowInstances(selection(cx, which, first("which"), fleets)?, speed.0, lasting(*duration))
        }
        Written::CpuStress { which, load, duration } => {
            FaultAction::CpuStress(selection(cx, which, first("which"), fleets)?, load.0 * 100.0, lasting(*duration))
        }
        Written::FailHost { which } => FaultAction::FailHost(selection(cx, which, first("which"), fleets)?),
        Written::ImpairSystem { which, duration } => {
            FaultAction::ImpairSystem(selection(cx, which, first("which"), fleets)?, lasting(*duration))
        }
        Written::CutOffInstances { which, duration } => {
            FaultAction::CutOffInstances(selection(cx, which, first("which"), fleets)?, lasting(*duration))
        }
        Written::EndpointErrors { service, endpoint, share, duration } => {
            let services = &cx.scenario.services;
            let service = cx.find("service", "services", services, service, first("service"))?;
            let endpoint = cx.endpoint(&[ServiceId::new(service)], endpoint, place.part("endpoint", 1))?;
            FaultAction::EndpointErrors(endpoint, share.0, lasting(*duration))
        }
        Written::ZonePowerLoss { zone, duration } => {
            FaultAction::ZonePowerLoss(cx.zone(zone, first("zone"))?, lasting(*duration))
        }
        Written::ZonePartition { zone, duration } => {
            FaultAction::ZonePartition(cx.zone(zone, first("zone"))?, lasting(*duration))
        }
        Written::ZoneGrey { zone, loss, latency, duration } => FaultAction::ZoneGrey {
            zone: cx.zone(zone, first("zone"))?,
            loss: loss.map_or(0.0, |share| share.0),
            latency: cx.time(place.part("latency", 2), *latency, 0.0, 0.0, 3600.0),
            duration: lasting(*duration),
        },
        Written::FailPrimary { database } => FaultAction::FailPrimary(rds(cx, database, first("database"), false)?),
        Written::FailStandby { database } => FaultAction::FailStandby(rds(cx, database, first("database"), true)?),
        Written::RebootWithFailover { database } => {
            FaultAction::RebootWithFailover(rds(cx, database, first("database"), true)?)
        }
        Written::FailNat { nat_gateway, duration } => {
            let gateways = &cx.scenario.nat_gateways;
            let id = cx.find("NAT gateway", "nat_gateways", gateways, nat_gateway, first("nat_gateway"))?;
            FaultAction::FailNat(NatId::new(id), lasting(*duration))
        }
        Written::FailLaunches { group, share, duration } => FaultAction::FailLaunches(
            cx.group(group, first("group"))?,
            share.map_or(1.0, |share| share.0),
            lasting(*duration),
        ),
        Written::InsufficientCapacity { zone, duration, instance_type: None, spot: None } => {
            FaultAction::InsufficientCapacity(cx.zone(zone, first("zone"))?, lasting(*duration))
        }
        Written::InsufficientCapacity { zone, duration, instance_type, spot } => {
            if let Some(name) = instance_type.as_ref().filter(|name| !is_used(fleets, name)) {
                let message = format!("no Auto Scaling group has instance type `{name}`");
                cx.error(
                    place.part("instance_type", 2),
                    message,
                    "nobody asks for it",
                    "name a type that some group has",
                );
            }
            let (zone, duration) = (cx.zone(zone, first("zone"))?, lasting(*duration));
            FaultAction::PoolShortage { zone, instance_type: instance_type.clone(), spot: *spot, duration }
        }
        Written::InterruptSpot { which, duration_before_interruption } => {
            let at = place.part("duration_before_interruption", 1);
            let before = cx.time(at, *duration_before_interruption, 120.0, 120.0, 900.0);
            let selection = selection(cx, which, first("which"), fleets)?;
            let fleet = &fleets[selection.fleet];
            if fleet.mixed().is_none_or(|mixed| mixed.on_demand_percentage_above_base_capacity == 100) {
                let help =
                    "give it a `mixed_instances_policy` with an `on_demand_percentage_above_base_capacity` below 100";
                cx.error(first("which"), format!("`{}` has no Spot Instances", fleet.name), "On-Demand alone", help);
            }
            FaultAction::InterruptSpot(selection, before)
        }
        Written::DelayMetrics { by, duration } => {
            FaultAction::DelayMetrics(cx.time(first("by"), Some(*by), 0.0, 0.0, 86400.0), lasting(*duration))
        }
        Written::LoseMetrics { duration } => FaultAction::LoseMetrics(lasting(*duration)),
    })
}

/// Whether some Auto Scaling group launches instances of a type.
fn is_used(fleets: &Table<FleetId, Fleet>, name: &str) -> bool {
    fleets.values().any(|fleet| match fleet.mixed() {
        Some(mixed) => mixed.overrides.iter().any(|own| own.instance_type == name),
        None => fleet.template.instance_type == name,
    })
}

fn rds<'a>(cx: &mut Cx<'a>, name: &str, place: Place<'a>, needs_standby: bool) -> Option<StoreId> {
    let id = StoreId::new(cx.find("database", "databases", &cx.scenario.databases, name, place)?);
    match cx.scenario.databases.get(name) {
        Some(Database::Plain(_)) => {
            cx.error(
                place,
                format!("database `{name}` is a plain one and never fails"),
                "not an RDS instance",
                "make it `Rds(..)`",
            );
        }
        Some(Database::Rds(rds)) if needs_standby && rds.multi_az == MultiAz::None => {
            cx.error(place, format!("database `{name}` has no standby"), "Single-AZ", "add `multi_az: Standby`");
        }
        _ => {}
    }
    Some(id)
}

pub(crate) fn selection<'a>(
    cx: &mut Cx<'a>,
    which: &'a Which,
    place: Place<'a>,
    fleets: &Table<FleetId, Fleet>,
) -> Option<Selection> {
    let (group, zone, zone_at, mode) = match which {
        Which::All { group, in_zone } => (group, in_zone.as_ref(), place.part("in_zone", 1), SelectionMode::All),
        Which::AnyOf { group, count, in_zone } => {
            let count = cx.count(place.part("count", 1), *count, 1, 1, 100_000);
            (group, in_zone.as_ref(), place.part("in_zone", 2), SelectionMode::Count(count))
        }
        Which::Share { group, share, in_zone } => {
            if share.0 <= 0.0 {
                cx.error(place.part("share", 1), "a share of nothing", "zero", "choose a share above 0 %");
            }
            (group, in_zone.as_ref(), place.part("in_zone", 2), SelectionMode::Percent(share.0 * 100.0))
        }
        Which::Instance { group, number } => (group, None, place, SelectionMode::Nth(*number)),
    };
    let fleet = cx.fleet(group, place.part("group", 0));
    let zone = match zone {
        Some(zone) => Some(cx.zone(zone, zone_at)?),
        None => None,
    };
    let fleet = fleet?;
    if let SelectionMode::Nth(number) = mode
        && cx.fleets[fleet.index()].1 != FleetKind::Group
        && let Some(Sizing::Fixed(count)) = fleets.get(fleet).map(|fleet| &fleet.sizing)
        && number >= *count
    {
        let help = format!("instances are numbered from 0 to {}", count.saturating_sub(1));
        cx.error(place.part("number", 1), format!("`{group}` has no instance {number}"), "beyond the last", &help);
    }
    Some(Selection { fleet, zone, mode })
}
