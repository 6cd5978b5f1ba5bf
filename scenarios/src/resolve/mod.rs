//! Resolution: names become ids, defaults become values, and what cannot be is said with its place.
//!
//! ```text
//!  Scenario + outline ──► geography ─► stores ─► target groups ─► fleets ─► services ─► balancers ─► endpoints, sites
//!                                                    ─► alarms ─► faults ─► operations ─► prices ─► expectations ──► Plan
//! ```
//! # Models      checks across settings: bounds of AWS, references, circles of calls, sizes no machine could run
//! # Leaves out  advice about what is legal but unwise (`advice`)

mod alarm;
mod balancer;
mod composite;
pub(crate) mod context;
mod dist;
mod edge;
mod expect;
mod failure;
mod fault;
mod fleet;
mod geography;
mod lifecycle;
mod listener;
mod machine;
mod math;
mod metric;
mod mixed;
mod operation;
mod policy;
mod price;
pub(crate) mod profile;
mod refresh;
mod route;
mod schedule;
mod series;
mod service;
mod site;
mod store;
mod target_tracking;
mod warm_pool;

use crate::diagnostic::Diagnostic;
use crate::outline::{Node, Place};
use crate::schema::Scenario;
use context::Cx;
use models::plan::Plan;
use sim_core::Duration;
use std::path::Path;

/// The version of the language this crate reads.
pub const SCHEMA: u32 = 1;

/// Ten years, in seconds.
const LONGEST: f64 = 10.0 * 365.25 * 86400.0;

/// The plan, if nothing is wrong; and what is.
pub(crate) fn resolve(
    scenario: &Scenario,
    root: &Node,
    text: &str,
    dir: Option<&Path>,
) -> (Option<Plan>, Vec<Diagnostic>) {
    let place = Place::root(root);
    let mut cx = Cx::new(scenario, place, text, dir);
    cx.check_rows();
    head(&mut cx);
    schedule::check_start(&mut cx);
    let geography = geography::resolve(&mut cx);
    let stores = store::resolve(&mut cx);
    let mut target_groups = balancer::target_groups(&mut cx);
    let mut fleets = fleet::resolve(&mut cx);
    edge::register(&mut cx, target_groups.len(), &mut fleets);
    let mut services = service::services(&mut cx, stores.len());
    machine::limits(&mut cx, &mut services, &fleets);
    let balancers = balancer::balancers(&mut cx, &fleets, &services, &target_groups);
    if fleets.is_empty() && !services.is_empty() {
        // Every service lacks the instances to run on, and that has been said.
        return (None, cx.out);
    }
    let behind = site::Behind::new(&cx, &balancers, &fleets, &services);
    let endpoints = service::endpoints(&mut cx, &behind, &services);
    machine::disks(&mut cx, &endpoints, &services, &fleets);
    let populations = site::populations(&mut cx, &behind, &endpoints, &services);
    if endpoints.len() == cx.endpoints.len() {
        service::circles(&mut cx, &endpoints, &services);
    }
    let custom_metrics = metric::custom_metrics(&mut cx);
    let cloudwatch = alarm::cloudwatch(&mut cx);
    let mut alarms = alarm::alarms(&mut cx, &stores, &custom_metrics);
    target_tracking::alarms(&mut cx, &fleets, &mut alarms, &stores, &custom_metrics);
    listener::watch_targets(&cx, &mut target_groups);
    let composite_alarms = composite::resolve(&mut cx);
    machine::metrics(&mut cx, &alarms, &fleets, &services);
    let faults = fault::resolve(&mut cx, &fleets);
    let operations = operation::resolve(&mut cx, &fleets, &balancers);
    let prices = price::resolve(&mut cx);
    let spot = mixed::market(&mut cx);
    let expectations = expect::resolve(&mut cx);
    let parts = failure::Parts {
        regions: &geography.regions,
        zones: &geography.zones,
        nat_gateways: &geography.nat_gateways,
        balancers: &balancers,
        fleets: &fleets,
        services: &services,
        stores: &stores,
    };
    let failures = failure::resolve(&mut cx, &parts);
    if cx.failed() {
        return (None, cx.out);
    }
    let duration = Duration::from_secs_f64(cx.horizon);
    let usual_interval = usual_interval(cx.horizon);
    let plan = Plan {
        name: scenario.name.clone().unwrap_or_default(),
        description: scenario.description.clone().unwrap_or_default(),
        seed: scenario.seed.unwrap_or(1),
        duration,
        starts_at: schedule::starts_at(scenario),
        warm_up: cx.any_time(scenario.warm_up, 0.0),
        drain: cx.any_time(scenario.drain, 60.0),
        series_interval: cx.any_time(scenario.series_interval, usual_interval),
        regions: geography.regions,
        zones: geography.zones,
        network: geography.network,
        nat_gateways: geography.nat_gateways,
        populations,
        sites: std::mem::take(&mut cx.sites),
        balancers,
        target_groups,
        services,
        endpoints,
        stores,
        fleets,
        alarms,
        composite_alarms,
        custom_metrics,
        cloudwatch,
        faults,
        operations,
        prices,
        spot,
        expectations,
        failures,
    };
    (Some(plan), cx.out)
}

fn head(cx: &mut Cx<'_>) {
    let (scenario, root) = (cx.scenario, cx.root);
    // The name at the very beginning stands for the whole, lest the first line be marked from end to end.
    let mut missing = |field: &str, help: &str| {
        if !root.field(field).is_written() {
            let start = root.span().start;
            let span = start..start + root.node().name().map_or(1, str::len);
            cx.out
                .push(Diagnostic::error(span, format!("missing field `{field}`")).label("in this scenario").help(help));
        }
    };
    missing("schema", "add `schema: 1`, the version of the language");
    missing("name", "add a name, such as `name: \"my-service\"`");
    missing("duration", "add the time to simulate, such as `duration: \"1h\"`");
    if let Some(version) = scenario.schema.filter(|version| *version != SCHEMA) {
        let message = format!("schema version {version} is not known");
        cx.error(root.field("schema"), message, "unknown version", &format!("this program reads version {SCHEMA}"));
    }
    if let Some(name) = &scenario.name {
        let sound = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if name.is_empty() || name.len() > 100 || !sound || name.starts_with('.') {
            let help = "use letters, digits, `-`, `_` and `.`: the name becomes that of a folder";
            cx.error(root.field("name"), format!("`{name}` cannot name a folder"), "not a plain name", help);
        }
    }
    if let Some(duration) = scenario.duration {
        let at = root.field("duration");
        cx.time(at, Some(duration), 0.0, 0.001, LONGEST);
        if let Some(warm_up) = scenario.warm_up.filter(|warm_up| warm_up.0 >= duration.0) {
            let message = format!("`warm_up` of {} leaves nothing of the run", context::show(warm_up.0));
            cx.error(root.field("warm_up"), message, "not shorter than `duration`", "shorten it");
        }
    }
    cx.time(root.field("drain"), scenario.drain, 60.0, 0.0, 86400.0);
    if let Some(interval) = scenario.series_interval {
        let at = root.field("series_interval");
        if interval.0 < 1.0 || interval.0.fract() != 0.0 {
            cx.error(at, "`series_interval` must be whole seconds", "not whole seconds", "choose `\"1s\"` or more");
        }
    }
    let rows = cx.horizon / scenario.series_interval.map_or(f64::INFINITY, |interval| interval.0.max(1.0));
    if rows > 1e6 {
        cx.error(
            root.field("series_interval"),
            format!("{rows:.0} rows of series"),
            "too many",
            "choose a longer `series_interval`",
        );
    }
}
/// The finest usual width of a row, in seconds, that gives at most so many rows: runs of any length stay small.
fn usual_interval(horizon: f64) -> f64 {
    const ROWS: f64 = 1800.0;
    let usual = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0];
    usual.into_iter().find(|width| horizon / width <= ROWS).unwrap_or_else(|| (horizon / ROWS / 3600.0).ceil() * 3600.0)
}
