//! Traffic as a rate: what share of it the world, as it is now, would serve.
//!
//! ```text
//!  populations ─rate─► DNS caches ─► nodes ─► candidates ─► instances ─steps─► stores, calls to other services
//!      pass 1, callers first: how much comes to each instance   ─►  what fits into its CPUs and workers
//!      pass 2, callees first: what share of an endpoint's requests on an instance succeeds
//! ```
//! # Models      a node's targets share alike; a request that meets a dead target is tried again as often as its caller tries;
//!   an instance with more than it can do serves what fits; a failed query or call fails the request
//! # Leaves out  queues; what retries add to the load; loss and delay of grey zones
//! # Source      fluid limits: Kleinrock, "Queueing Systems" II (1976), section 2.7

use super::Harm;
use super::caches::{Caches, longest_s};
use crate::plan::*;
use crate::request::InstanceId;
use crate::world::World;
use sim_core::{Table, Time};

/// What can be said of the traffic before anything happens.
#[derive(Debug)]
pub(super) struct Flow {
    sources: Vec<Source>,
    work: Table<EndpointId, Work>,
    /// Callers before those that they call.
    order: Vec<EndpointId>,
    /// The longest that anybody usually keeps a DNS answer.
    pub longest_cache_s: f64,
}

#[derive(Debug)]
struct Source {
    site: SiteId,
    rate: f64,
    /// Endpoints, with shares that add up to 1.
    mix: Vec<(EndpointId, f64)>,
}

/// What one request of an endpoint takes where it runs, and whom it asks.
#[derive(Debug, Default)]
struct Work {
    cpu_s: f64,
    worker_s: f64,
    stores: Vec<StoreId>,
    calls: Vec<(SiteId, EndpointId)>,
    /// Share that fails even when nothing is broken.
    errors: f64,
}

impl Work {
    fn add(&mut self, steps: &[Step], holds: bool) {
        for step in steps {
            let waits = match step {
                Step::Compute(work) => {
                    self.cpu_s += work.mean();
                    self.worker_s += work.mean();
                    continue;
                }
                Step::Query { store, demand, .. } => {
                    self.stores.push(*store);
                    demand.mean()
                }
                Step::Sleep(time) => time.mean(),
                Step::Call { site, endpoint } => {
                    self.calls.push((*site, *endpoint));
                    0.0
                }
                Step::Disk { .. } => 0.0,
                Step::Parallel(branches) => {
                    branches.iter().for_each(|branch| self.add(branch, false));
                    0.0
                }
            };
            self.worker_s += if holds { waits } else { 0.0 };
        }
    }
}

impl Flow {
    /// The traffic of a plan, at the rate that it says.
    pub fn new(plan: &Plan) -> Flow {
        let work: Table<EndpointId, Work> = plan
            .endpoints
            .values()
            .map(|endpoint| {
                let mut work = Work { errors: endpoint.error_rate, ..Work::default() };
                work.add(&endpoint.steps, plan.services[endpoint.service].holds_worker);
                work
            })
            .collect();
        let source = |population: &Population| {
            let total: f64 = population.mix.iter().map(|entry| entry.1).sum();
            let mix: Vec<_> = population.mix.iter().map(|&(endpoint, weight)| (endpoint, weight / total)).collect();
            Source { site: population.site, rate: rate(population, &mix, &work, plan), mix }
        };
        let sources = plan.populations.values().map(source).collect();
        let reconnect = plan.stores.values().filter_map(|store| match store.rds.as_ref()?.reconnect {
            Reconnect::AfterDnsCache(cache) => Some(cache.as_secs_f64()),
            Reconnect::Never => None,
        });
        let longest_cache_s = plan.sites.values().map(longest_s).chain(reconnect).fold(0.0, f64::max);
        Flow { sources, order: order(&work, plan), work, longest_cache_s }
    }

    /// Requests per second of all populations.
    pub fn rate(&self) -> f64 {
        self.sources.iter().map(|source| source.rate).sum()
    }

    /// Requests per second of each endpoint while nothing is broken.
    fn usual(&self) -> Table<EndpointId, f64> {
        let mut rates: Table<EndpointId, f64> = self.work.values().map(|_| 0.0).collect();
        for source in &self.sources {
            source.mix.iter().for_each(|&(endpoint, share)| rates[endpoint] += source.rate * share);
        }
        for &endpoint in &self.order {
            let rate = rates[endpoint];
            self.work[endpoint].calls.iter().for_each(|call| rates[call.1] += rate);
        }
        rates
    }

    /// Busiest share of CPUs or workers of a fleet at its usual size and load.
    pub fn utilisation(&self, fleet: FleetId, plan: &Plan) -> f64 {
        let settings = &plan.fleets[fleet];
        let count = match &settings.sizing {
            Sizing::Fixed(count) => *count,
            Sizing::AutoScaling(group) => group.desired_capacity,
        };
        let rates = self.usual();
        let mut busiest: f64 = 0.0;
        for service in plan.services.values().filter(|service| service.fleet == fleet) {
            let sum = |of: fn(&Work) -> f64| -> f64 {
                service.endpoints.iter().map(|&endpoint| rates[endpoint] * of(&self.work[endpoint])).sum()
            };
            let cpus = f64::from(count) * settings.vcpus_per_unit();
            let workers = f64::from(count) * f64::from(service.workers);
            busiest = busiest.max(sum(|work| work.cpu_s) / cpus).max(sum(|work| work.worker_s) / workers);
        }
        busiest
    }
}

/// Requests per second of a population all year.
fn rate(population: &Population, mix: &[(EndpointId, f64)], work: &Table<EndpointId, Work>, plan: &Plan) -> f64 {
    let end = Time::ZERO + plan.duration;
    match (&population.arrivals, plan.failures.traffic) {
        (Arrivals::Open { rate, .. }, Traffic::Mean) => rate.mean(end),
        (Arrivals::Open { rate, .. }, Traffic::Peak) => rate.peak(end),
        // Each user has at most one request at a time: thinking, and what one request takes alone.
        (Arrivals::Closed { users, think }, _) => {
            let alone: f64 = mix.iter().map(|&(endpoint, share)| share * work[endpoint].worker_s).sum();
            f64::from(*users) / (think.mean() + alone).max(1e-3)
        }
    }
}

/// Callers before those that they call.
fn order(work: &Table<EndpointId, Work>, plan: &Plan) -> Vec<EndpointId> {
    fn visit(
        at: EndpointId,
        work: &Table<EndpointId, Work>,
        plan: &Plan,
        seen: &mut [bool],
        out: &mut Vec<EndpointId>,
    ) {
        if std::mem::replace(&mut seen[at.index()], true) {
            return;
        }
        for call in &work[at].calls {
            // Whoever answers for an endpoint runs the one of that name.
            let name = &plan.endpoints[call.1].name;
            for (twin, endpoint) in plan.endpoints.iter() {
                if endpoint.name == *name {
                    visit(twin, work, plan, seen, out);
                }
            }
        }
        out.push(at);
    }
    let (mut seen, mut out) = (vec![false; work.len()], Vec::new());
    work.ids().for_each(|endpoint| visit(endpoint, work, plan, &mut seen, &mut out));
    out.reverse();
    out
}

/// The traffic in a world: what callers hold of DNS, and where it all goes.
#[derive(Debug)]
pub(super) struct Tide {
    /// By site; none where no balancer is asked.
    caches: Table<SiteId, Option<Caches>>,
    /// Nodes that the traffic of each site goes to now.
    shares: Table<SiteId, Vec<(u16, f64)>>,
}

/// Where requests of a site for an endpoint go.
#[derive(Debug, Default)]
struct Route {
    /// What runs where, with its share of the requests.
    to: Vec<(EndpointId, InstanceId, f64)>,
    /// Share that needs no instance.
    answered: f64,
}

/// The world as the traffic meets it.
struct Now<'a, 'w, 'p> {
    world: &'a mut World<'w>,
    harms: &'a [(f64, Harm)],
    plan: &'p Plan,
}

impl Now<'_, '_, '_> {
    fn is_harmed(&self, harm: Harm) -> bool {
        self.harms.iter().any(|one| one.1 == harm)
    }

    fn reaches(&self, zone: Option<ZoneId>) -> bool {
        zone.is_none_or(|zone| {
            let region = self.plan.zones[zone].region;
            self.world.shared.environment.zones[zone].reachable() && !self.is_harmed(Harm::Region(region))
        })
    }

    fn serves(&self, instance: InstanceId) -> bool {
        self.world.instances.answers(instance) && self.reaches(self.world.shared.directory.facts(instance).zone)
    }

    /// Share of a service's work that is not broken by a change.
    fn sound(&self, service: ServiceId) -> f64 {
        let hurt = |harm: &(f64, Harm)| match harm.1 {
            Harm::Service(of, share) if of == service => 1.0 - share,
            _ => 1.0,
        };
        self.harms.iter().map(hurt).product()
    }
}

impl Tide {
    /// At the beginning: everybody holds the answer of the beginning.
    pub fn new(world: &World<'_>) -> Tide {
        let plan = world.shared.plan;
        let caches = |site: &Site| match site.to {
            Destination::Balancer(balancer) => Some(Caches::new(site, balancer, &world.shared.dns[balancer])),
            Destination::Service(_) => None,
        };
        Tide {
            caches: plan.sites.values().map(caches).collect(),
            shares: plan.sites.iter().map(|_| Vec::new()).collect(),
        }
    }

    /// Share of all requests that is lost now.
    pub fn lost(&mut self, flow: &Flow, world: &mut World<'_>, harms: &[(f64, Harm)]) -> f64 {
        let plan = world.shared.plan;
        let now = world.shared.now();
        for (site, caches) in self.caches.iter_mut() {
            if let Some(caches) = caches {
                self.shares[site] = caches.shares(now.as_secs_f64(), &world.shared.dns[caches.balancer]);
            }
        }
        let at = Now { world, harms, plan };
        let count = at.world.shared.directory.len();
        let cell = |endpoint: EndpointId, instance: InstanceId| endpoint.index() * count + instance.index();
        let mut rates = vec![0.0; flow.work.len() * count];
        for source in &flow.sources {
            for &(endpoint, share) in &source.mix {
                for (runs, instance, part) in self.route(source.site, endpoint, &at).to {
                    rates[cell(runs, instance)] += source.rate * share * part;
                }
            }
        }
        let of = |rates: &[f64], endpoint: EndpointId| -> f64 {
            rates[endpoint.index() * count..(endpoint.index() + 1) * count].iter().sum()
        };
        for &endpoint in &flow.order {
            let rate = of(&rates, endpoint);
            for &(site, asked) in flow.work[endpoint].calls.iter().filter(|_| rate > 0.0) {
                for (runs, instance, part) in self.route(site, asked, &at).to {
                    rates[cell(runs, instance)] += rate * part;
                }
            }
        }
        let fits = fits(flow, &rates, count, &at);
        let mut succeeds = vec![0.0; rates.len()];
        for &endpoint in flow.order.iter().rev() {
            let work = &flow.work[endpoint];
            let service = plan.endpoints[endpoint].service;
            let called: f64 =
                work.calls.iter().map(|&(site, asked)| self.served(site, asked, &at, &succeeds, &cell)).product();
            let errors = (1.0 - at.world.shared.environment.error_rate[endpoint]) / (1.0 - work.errors).max(1e-9);
            let common = called * at.sound(service) * errors.min(1.0);
            for (index, fit) in fits.iter().enumerate() {
                let instance = InstanceId::new(index);
                if at.world.shared.directory.facts(instance).service != Some(service) || !at.serves(instance) {
                    continue;
                }
                let stored = work.stores.iter().all(|&store| {
                    let (home, _) = at.world.stores.zones(store);
                    at.reaches(home) && at.world.stores.answers(store, instance, now)
                });
                succeeds[cell(endpoint, instance)] = if stored { common * fit } else { 0.0 };
            }
        }
        let mut served = 0.0;
        for source in &flow.sources {
            for &(endpoint, share) in &source.mix {
                served += source.rate * share * self.served(source.site, endpoint, &at, &succeeds, &cell);
            }
        }
        let lost = 1.0 - served / flow.rate();
        // What is left by rounding is nothing.
        if lost < 1e-9 { 0.0 } else { lost.min(1.0) }
    }

    /// Share of a site's requests for an endpoint that are served.
    fn served(
        &self,
        site: SiteId,
        endpoint: EndpointId,
        at: &Now<'_, '_, '_>,
        succeeds: &[f64],
        cell: &dyn Fn(EndpointId, InstanceId) -> usize,
    ) -> f64 {
        let route = self.route(site, endpoint, at);
        route.answered + route.to.iter().map(|&(runs, to, share)| share * succeeds[cell(runs, to)]).sum::<f64>()
    }

    /// Where requests of a site for an endpoint go, those that meet somebody alive.
    fn route(&self, site: SiteId, endpoint: EndpointId, at: &Now<'_, '_, '_>) -> Route {
        let settings = &at.plan.sites[site];
        let mut route = Route::default();
        let balancer = match settings.to {
            Destination::Balancer(balancer) => balancer,
            Destination::Service(service) => {
                let listening: Vec<InstanceId> = (0..at.world.shared.directory.len())
                    .map(InstanceId::new)
                    .filter(|&one| at.world.shared.directory.facts(one).service == Some(service))
                    .filter(|&one| at.world.instances.listens(one))
                    .collect();
                spread(&listening, 1.0, settings.retry.attempts, at, &mut |one, part| {
                    route.to.push((endpoint, one, part))
                });
                return route;
            }
        };
        if at.is_harmed(Harm::Balancer(balancer)) {
            return route;
        }
        let (endpoint, split) = at.world.albs.split(balancer, endpoint, at.plan);
        for &(node, share) in &self.shares[site] {
            if !at.reaches(Some(at.world.shared.nodes[node as usize].zone)) {
                continue;
            }
            route.answered += share * split.answered;
            for &(group, part) in &split.forwarded {
                let candidates = at.world.albs.candidates(node, group);
                spread(candidates, share * part, settings.retry.attempts, at, &mut |one, part| {
                    route.to.push((at.world.albs.endpoint_at(group, one, endpoint, &at.world.shared), one, part));
                });
            }
        }
        route
    }
}

/// Spreads a share over targets in turn: what meets a dead one is tried again.
fn spread(
    targets: &[InstanceId],
    share: f64,
    attempts: u32,
    at: &Now<'_, '_, '_>,
    put: &mut dyn FnMut(InstanceId, f64),
) {
    let alive = targets.iter().filter(|&&one| at.serves(one)).count();
    if alive == 0 {
        return;
    }
    let dead = 1.0 - alive as f64 / targets.len() as f64;
    let met = share * (1.0 - sim_core::math::pow(dead, f64::from(attempts.max(1))));
    for &one in targets.iter().filter(|&&one| at.serves(one)) {
        put(one, met / alive as f64);
    }
}

/// Of what comes to each instance, the share that its CPUs and workers can do.
fn fits(flow: &Flow, rates: &[f64], count: usize, at: &Now<'_, '_, '_>) -> Vec<f64> {
    let fit = |index: usize| {
        let (cpus, workers) = at.world.instances.strength(InstanceId::new(index));
        let sum = |of: fn(&Work) -> f64| -> f64 {
            flow.work.iter().map(|(endpoint, work)| rates[endpoint.index() * count + index] * of(work)).sum()
        };
        let (cpu, worker) = (sum(|work| work.cpu_s), sum(|work| work.worker_s));
        let share = |load: f64, capacity: f64| if load <= capacity { 1.0 } else { capacity / load };
        share(cpu, cpus).min(share(worker, f64::from(workers)))
    };
    (0..count).map(fit).collect()
}
