//! Services, endpoints and their steps.

use super::context::Cx;
use super::edge;
use super::site;
use crate::outline::{Kind, Place};
use crate::schema::{self, Limit, Named};
use models::plan::{Discovery, Endpoint, EndpointId, FleetId, QueryKind, Service, ServiceId, Step, StoreId};
use sim_core::{Dist, Table};

/// Steps of one endpoint, those of its branches included; more than this is no request.
const MOST_STEPS: usize = 1000;

/// Services without endpoints; these come when the balancers are known.
pub(crate) fn services(cx: &mut Cx<'_>, stores: usize) -> Table<ServiceId, Service> {
    let mut services = Table::default();
    for (name, written) in cx.scenario.services.iter().take(10_000) {
        let place = cx.root.field("services").entry(name);
        let id = ServiceId::new(services.len());
        let endpoints: Vec<EndpointId> =
            (0..cx.endpoints.len()).filter(|index| cx.endpoints[*index].0 == id).map(EndpointId::new).collect();
        if written.endpoints.is_empty() && place.field("endpoints").node().entries().is_empty() {
            cx.error(
                place.field("endpoints"),
                format!("service `{name}` has no endpoint"),
                "empty",
                "add one, such as `\"page\": (steps: [Compute(\"5ms\")])`",
            );
        }
        super::refresh::check_releases(cx, id, written, place);
        services.push(Service {
            name: name.to_owned(),
            fleet: fleet(cx, name, written, place),
            workers: cx.count(place.field("workers"), written.workers, 200, 1, 1_000_000),
            backlog: limit(cx, place.field("backlog"), written.backlog.unwrap_or(Limit::Number(4096)), 0),
            when_full: edge::when_full(cx, written.when_full, place.field("when_full")),
            keep_alive: edge::server_keep_alive(cx, written, place),
            holds_worker: written.holds_worker.unwrap_or(true),
            discovery: match written.discovery {
                Some(schema::Discovery::Random) => Discovery::Random,
                _ => Discovery::RoundRobin,
            },
            pools: pools(cx, &written.pools, place.field("pools"), stores),
            sessions_on_instance: written.sessions_on_instance.unwrap_or(false),
            memory: written.memory.as_ref().map(|memory| super::machine::memory(cx, memory, place.field("memory"))),
            endpoints,
        });
    }
    services
}

fn fleet<'a>(cx: &mut Cx<'a>, name: &str, written: &'a schema::Service, place: Place<'a>) -> FleetId {
    let own = ["instances", "vcpus", "instance_type", "zones", "target_groups"];
    match (&written.runs_on, written.instances) {
        (Some(fleet), _) => {
            if let Some(field) = own.iter().find(|field| place.field(field).is_written()) {
                let help = "keep `runs_on`, or leave it out for instances of the service's own";
                cx.error(
                    place.field(field),
                    format!("both `runs_on` and `{field}`"),
                    "belongs to instances of its own",
                    help,
                );
            }
            cx.fleet(fleet, place.field("runs_on")).unwrap_or(FleetId::new(0))
        }
        (None, Some(_)) => cx.fleet(name, place).unwrap_or(FleetId::new(0)),
        (None, None) => {
            if !place.field("runs_on").is_written() && !place.field("instances").is_written() {
                let at = cx.root.field("services").key(name);
                cx.error(
                    at,
                    format!("service `{name}` runs on nothing"),
                    "where does it run?",
                    "add `runs_on: \"group\"`, or `instances: 1`",
                );
            }
            FleetId::new(0)
        }
    }
}

fn limit<'a>(cx: &mut Cx<'a>, place: Place<'a>, limit: Limit, low: u32) -> u32 {
    match limit {
        Limit::Number(number) => cx.count(place, Some(number), 0, low, 1_000_000_000),
        Limit::Unbounded => u32::MAX,
    }
}

fn pools<'a>(cx: &mut Cx<'a>, written: &'a Named<Limit>, place: Place<'a>, stores: usize) -> Table<StoreId, u32> {
    let mut pools = Table::from_fn(stores, |_| u32::MAX);
    for (name, pool) in written.iter() {
        let found = cx.find("database", "databases", &cx.scenario.databases, name, place.key(name)).map(StoreId::new);
        let size = limit(cx, place.entry(name), *pool, 1);
        if let Some(store) = found.filter(|store| store.index() < stores) {
            pools[store] = size;
        }
    }
    pools
}

/// Endpoints with their steps, in order of their ids.
pub(crate) fn endpoints(
    cx: &mut Cx<'_>,
    balancers: &site::Behind,
    services: &Table<ServiceId, Service>,
) -> Table<EndpointId, Endpoint> {
    let mut endpoints = Table::default();
    for (service, name) in cx.endpoints.clone() {
        let scenario = cx.scenario;
        let Some((service_name, written)) = scenario.services.0.get(service.index()) else { continue };
        let Some(written) = written.endpoints.get(&name) else { continue };
        let place = cx.root.field("services").entry(service_name).field("endpoints").entry(&name);
        let weight = cx.number(place.field("weight"), written.weight.unwrap_or(1.0), 0.0, 1e9);
        let mut walk = Walk { behind: balancers, services, who: format!("{service_name}.{name}"), count: 0 };
        let list = place.field("steps");
        if written.steps.is_empty() && list.node().items().is_empty() {
            cx.error(
                list,
                format!("endpoint `{name}` does nothing"),
                "empty",
                "add a step, such as `Compute(\"5ms\")`",
            );
        }
        let steps = walk.steps(cx, &written.steps, list);
        let error_rate = written.error_rate.map_or(0.0, |share| share.0);
        endpoints.push(Endpoint { name, service, weight, steps, error_rate });
    }
    endpoints
}

struct Walk<'b> {
    behind: &'b site::Behind,
    services: &'b Table<ServiceId, Service>,
    who: String,
    count: usize,
}

impl Walk<'_> {
    fn steps<'a>(&mut self, cx: &mut Cx<'a>, written: &'a [schema::Step], list: Place<'a>) -> Vec<Step> {
        // Where elements were left out for mistakes, positions no longer match the text; the list stands for them.
        let whole = matches!(&list.node().kind, Kind::List(items) if items.len() == written.len());
        let mut steps = Vec::new();
        for (index, step) in written.iter().enumerate() {
            self.count += 1;
            if self.count > MOST_STEPS {
                cx.error(list, format!("more than {MOST_STEPS} steps"), "too many", "");
                break;
            }
            let place = if whole { list.item(index) } else { list };
            steps.extend(self.step(cx, step, place));
        }
        steps
    }

    fn step<'a>(&mut self, cx: &mut Cx<'a>, step: &'a schema::Step, place: Place<'a>) -> Option<Step> {
        Some(match step {
            schema::Step::Compute { demand } => Step::Compute(cx.needed_dist(place.part("demand", 0), demand)),
            schema::Step::Sleep { time } => Step::Sleep(cx.needed_dist(place.part("time", 0), time)),
            schema::Step::Disk { ops, size } => {
                let operations = cx.count(place.part("ops", 0), Some(*ops), 1, 1, 1_000_000);
                let bytes = size.map_or(4096.0 * f64::from(operations), |size| size.0);
                Step::Disk { operations: operations.max(1), bytes }
            }
            schema::Step::Query { store, kind, demand } => {
                let store = cx.find("database", "databases", &cx.scenario.databases, store, place.part("store", 0));
                let demand: Dist = cx.needed_dist(place.part("demand", 2), demand);
                let kind = match kind {
                    schema::QueryKind::Read => QueryKind::Read,
                    schema::QueryKind::Write => QueryKind::Write,
                };
                Step::Query { store: StoreId::new(store?), kind, demand }
            }
            schema::Step::Call(call) => {
                let (site, endpoint) = site::call(
                    cx,
                    call,
                    place,
                    (self.behind, self.services),
                    format!("{} step {}", self.who, self.count),
                )?;
                Step::Call { site, endpoint }
            }
            schema::Step::Parallel { branches } => {
                let list = place.part("branches", 0);
                if branches.is_empty() && list.node().items().is_empty() {
                    cx.error(place, "nothing to run in parallel", "empty", "");
                }
                let whole = list.node().items().len() == branches.len();
                let branch = |(index, branch)| self.steps(cx, branch, if whole { list.item(index) } else { list });
                Step::Parallel(branches.iter().map(Vec::as_slice).enumerate().map(branch).collect())
            }
        })
    }
}

/// Circles of calls, each waiting for the next: such a request would never end.
pub(crate) fn circles(cx: &mut Cx<'_>, endpoints: &Table<EndpointId, Endpoint>, services: &Table<ServiceId, Service>) {
    let mut done = vec![false; endpoints.len()];
    for start in endpoints.ids() {
        let mut path = Vec::new();
        if let Some(circle) = circle(start, endpoints, &mut done, &mut path) {
            let name = |id: &EndpointId| format!("{}.{}", services[endpoints[*id].service].name, endpoints[*id].name);
            let mut names: Vec<String> = circle.iter().map(name).collect();
            names.push(names[0].clone());
            let first = &endpoints[circle[0]];
            let place = cx.root.field("services").entry(&services[first.service].name).field("endpoints");
            let message = format!("calls go round in a circle: {}", names.join(" → "));
            cx.error(
                place.key(&first.name),
                message,
                "waits for itself",
                "break the circle: a request there would never end",
            );
        }
    }
}

fn calls(steps: &[Step], out: &mut Vec<EndpointId>) {
    for step in steps {
        match step {
            Step::Call { endpoint, .. } => out.push(*endpoint),
            Step::Parallel(branches) => branches.iter().for_each(|branch| calls(branch, out)),
            Step::Compute(_) | Step::Query { .. } | Step::Sleep(_) | Step::Disk { .. } => {}
        }
    }
}

/// Depth first with a stack of its own, so that long chains of calls cannot exhaust the machine's.
fn circle(
    start: EndpointId,
    endpoints: &Table<EndpointId, Endpoint>,
    done: &mut [bool],
    path: &mut Vec<EndpointId>,
) -> Option<Vec<EndpointId>> {
    let next = |id: EndpointId| {
        let mut out = Vec::new();
        calls(&endpoints[id].steps, &mut out);
        out
    };
    if done[start.index()] {
        return None;
    }
    let mut stack = vec![next(start)];
    path.push(start);
    while let Some(left) = stack.last_mut() {
        match left.pop() {
            Some(id) if path.contains(&id) => {
                let from = path.iter().position(|p| *p == id).unwrap_or(0);
                let circle = path[from..].to_vec();
                path.iter().for_each(|id| done[id.index()] = true);
                return Some(circle);
            }
            Some(id) if done[id.index()] => {}
            Some(id) => {
                path.push(id);
                stack.push(next(id));
            }
            None => {
                stack.pop();
                if let Some(id) = path.pop() {
                    done[id.index()] = true;
                }
            }
        }
    }
    None
}
