//! The summary: figures of a run, computed once at its end.
//!
//! ```text
//!  RunEnds ─close─► levels, cost, states ──┐
//!  (requests in flight drain)              ├─► Summary, with incidents and expectations
//!  engine: digest, events ─────────────────┘
//! ```

use crate::Outcome;
use crate::architecture::Architecture;
use crate::expectation;
use crate::incident;
use crate::observe::{Cell, OUTCOMES};
use crate::plan::{EndpointId, Plan, PopulationId};
use crate::result::*;
use crate::run::Progress;
use crate::world::World;
use sim_core::{Histogram, Time};
use std::collections::BTreeMap;

/// Figures closed at the end of the run, before requests in flight drain.
#[derive(Debug)]
pub struct Closed {
    queueing: BTreeMap<String, Queueing>,
    groups: BTreeMap<String, Group>,
    load_balancers: BTreeMap<String, BalancerFigures>,
    databases: BTreeMap<String, Database>,
    cost: Cost,
}

impl World<'_> {
    /// Closes levels, cost and states.
    #[cold]
    pub(crate) fn close(&mut self, now: Time) -> Closed {
        let plan = self.shared.plan;
        let mut queueing = BTreeMap::new();
        for (id, service) in plan.services.iter() {
            let worked = self.work_of(id, now);
            let station = self.shared.observe.service(id);
            let vcpu_ns = station.vcpus.integral_s(now) * 1e9;
            let workers = station.workers.integral_s(now);
            let figures = Queueing {
                wait: latency(&station.wait),
                probability_of_wait: ratio(station.waited as f64, station.served as f64),
                utilisation: ratio(worked - station.worked_before, vcpu_ns),
                occupancy: ratio(station.busy.integral_s(now), workers),
                served: station.served,
                refused: station.refused,
                mean_waiting: station.waiting.mean(now),
                mean_present: station.present.mean(now),
            };
            queueing.insert(service.name.clone(), figures);
        }
        for (id, store) in plan.stores.iter() {
            let cpu = self.stores.cpu(id, now);
            let station = self.shared.observe.store(id);
            let occupancy = station.busy.mean(now) / f64::from(store.connections);
            let seconds = (now - (Time::ZERO + plan.warm_up)).as_secs_f64();
            let utilisation = match cpu {
                Some((work, vcpus)) => ratio(work - station.worked_before, f64::from(vcpus) * seconds * 1e9),
                None => occupancy,
            };
            let figures = Queueing {
                wait: latency(&station.wait),
                probability_of_wait: ratio(station.waited as f64, station.served as f64),
                utilisation,
                occupancy,
                served: station.served,
                refused: station.refused,
                mean_waiting: station.waiting.mean(now),
                mean_present: station.present.mean(now),
            };
            // A store may bear the name of a service.
            let name = if queueing.contains_key(&store.name) {
                format!("database.{}", store.name)
            } else {
                store.name.clone()
            };
            queueing.insert(name, figures);
        }
        let mut groups = BTreeMap::new();
        for (id, fleet) in plan.fleets.iter() {
            let figures = self.groups.figures(id, plan, now);
            let credits = self.instances.credit_figures(id, now, &self.shared);
            let memory = self.instances.memory_figures(id, now, &self.shared);
            let volumes = self.instances.volume_figures(id, now, &self.shared);
            groups.insert(fleet.name.clone(), Group { credits, memory, volumes, ..figures });
        }
        let mut load_balancers = BTreeMap::new();
        for (id, balancer) in plan.balancers.iter() {
            let lcu_hours = self.lcu_hours(id, now);
            let starved = balancer
                .groups()
                .into_iter()
                .map(|group| self.shared.observe.target_group(group).starved.integral_s(now));
            let no_healthy_target_s = starved.fold(0.0, f64::max);
            let groups = balancer.groups().into_iter();
            let not_sticky = groups.map(|group| self.shared.observe.target_group(group).all_not_sticky).sum();
            let edge = self.shared.observe.edge(id).run;
            let counts = self.shared.observe.balancer(id);
            let figures = BalancerFigures {
                requests: counts.requests,
                elb_5xx: counts.elb_5xx,
                target_5xx: counts.target_5xx,
                fail_open: counts.fail_open,
                no_healthy_target_s,
                lcu_hours,
                elb_460: counts.codes.elb_460,
                elb_4xx: counts.codes.elb_4xx - counts.codes.elb_460,
                redirects: counts.codes.redirects,
                rejected: counts.codes.rejected,
                not_sticky,
                edge,
            };
            load_balancers.insert(balancer.name.clone(), figures);
        }
        let databases =
            plan.stores.iter().map(|(id, store)| (store.name.clone(), self.stores.figures(id, now, plan))).collect();
        Closed { queueing, groups, load_balancers, databases, cost: self.cost(now, true) }
    }

    /// The result of the run.
    #[cold]
    pub(crate) fn finish(mut self, digest: String, progress: Progress) -> RunResult {
        let plan = self.shared.plan;
        let closed = match self.closed.take() {
            Some(closed) => closed,
            None => self.close(progress.now),
        };
        let observed_s = (plan.duration - plan.warm_up).as_secs_f64();
        let pairs = || plan.populations.ids().flat_map(|p| plan.endpoints.ids().map(move |e| (p, e)));
        let all = self.traffic(pairs());
        let endpoints = plan.endpoints.iter().filter_map(|(id, endpoint)| {
            let traffic = self.traffic(plan.populations.ids().map(|population| (population, id)));
            let name = format!("{}.{}", plan.services[endpoint.service].name, endpoint.name);
            (traffic.requests.offered > 0).then_some((name, traffic))
        });
        let clients = plan.populations.iter().map(|(id, population)| {
            (population.name.clone(), self.traffic(plan.endpoints.ids().map(|endpoint| (id, endpoint))))
        });
        let mut summary = Summary {
            schema: SCHEMA,
            scenario: plan.name.clone(),
            description: plan.description.clone(),
            seed: self.shared.seed,
            replication: self.shared.replication,
            version: env!("CARGO_PKG_VERSION").to_string(),
            digest,
            duration_s: plan.duration.as_secs_f64(),
            warm_up_s: plan.warm_up.as_secs_f64(),
            requests: all.requests,
            outcomes: all.outcomes.clone(),
            attempts: named(self.shared.observe.attempts()),
            availability: all.availability,
            goodput_per_s: ratio(all.requests.succeeded as f64, observed_s),
            latency_ms: all.latency_ms,
            endpoints: endpoints.collect(),
            clients: clients.collect(),
            queueing_ms: closed.queueing,
            groups: closed.groups,
            load_balancers: closed.load_balancers,
            alarms: plan
                .alarms
                .iter()
                .map(|(id, alarm)| (alarm.name.clone(), self.alarms.changes(id).to_vec()))
                .chain(
                    plan.composite_alarms
                        .iter()
                        .map(|(id, alarm)| (alarm.name.clone(), self.alarms.composite_changes_of(id).to_vec())),
                )
                .collect(),
            incidents: Vec::new(),
            databases: closed.databases,
            sessions_lost: self.shared.observe.lost_sessions(),
            cost_usd: closed.cost,
            expectations: Vec::new(),
            warnings: Vec::new(),
            run: RunFigures { events: progress.events, ..RunFigures::default() },
        };
        summary.incidents = incident::incidents(&self);
        summary.expectations = expectation::judge(plan, &summary, &self);
        summary.warnings = warnings(plan, &summary);
        let end_s = plan.duration.as_secs_f64();
        let timeline = std::mem::take(&mut self.shared.timeline)
            .into_entries()
            .into_iter()
            .filter(|entry| entry.t_s <= end_s)
            .collect();
        let architecture = Architecture::lived(&self.shared);
        let (series, latency_map) = self.series.finish();
        RunResult { summary, timeline, series, latency_map, architecture }
    }

    /// Traffic over some populations and endpoints.
    fn traffic(&self, cells: impl Iterator<Item = (PopulationId, EndpointId)>) -> Traffic {
        let mut latency_of = Histogram::new(8);
        let (mut offered, mut ended) = (0, [0u64; OUTCOMES]);
        for (population, endpoint) in cells {
            let cell: &Cell = self.shared.observe.cell(population, endpoint);
            offered += cell.offered;
            ended.iter_mut().zip(&cell.ended).for_each(|(sum, count)| *sum += count);
            latency_of.merge(&cell.latency);
        }
        let all: u64 = ended.iter().sum();
        let succeeded = ended[Outcome::Ok as usize];
        Traffic {
            requests: Requests { offered, succeeded, failed: all - succeeded, in_flight: offered - all },
            outcomes: named(&ended),
            availability: if all == 0 { 1.0 } else { succeeded as f64 / all as f64 },
            latency_ms: latency(&latency_of),
        }
    }
}

/// Counts by the names of the outcomes, zeros left out.
fn named(counts: &[u64; OUTCOMES]) -> BTreeMap<String, u64> {
    let some = Outcome::ALL.iter().zip(counts).filter(|(_, count)| **count > 0);
    some.map(|(outcome, count)| (outcome.name().to_string(), *count)).collect()
}

/// A histogram of nanoseconds, in milliseconds.
pub(crate) fn latency(histogram: &Histogram) -> Latency {
    let ms = |q: f64| histogram.quantile(q).map_or(0.0, |ns| ns as f64 / 1e6);
    Latency {
        mean: histogram.mean().map_or(0.0, |ns| ns / 1e6),
        p50: ms(0.5),
        p90: ms(0.9),
        p95: ms(0.95),
        p99: ms(0.99),
        p999: ms(0.999),
        max: histogram.max().map_or(0.0, |ns| ns as f64 / 1e6),
    }
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// Cautions about the figures.
fn warnings(plan: &Plan, summary: &Summary) -> Vec<String> {
    let mut warnings = Vec::new();
    let requests = &summary.requests;
    if requests.in_flight > 0 {
        warnings.push(format!(
            "{} requests had not ended when the run did: the slowest are missing from the latencies; a longer `drain` \
             helps",
            requests.in_flight
        ));
    }
    let succeeded = requests.succeeded as f64;
    if succeeded > 0.0 && succeeded * 0.001 < 10.0 {
        warnings.push(format!("p99.9 rests on {succeeded:.0} requests: fewer than ten lie beyond it"));
    }
    if plan.warm_up.is_zero()
        && plan.fleets.iter().all(|(_, fleet)| matches!(fleet.sizing, crate::plan::Sizing::Fixed(_)))
        && plan.fleets.values().all(|fleet| fleet.template.machine.credits.is_none())
        && plan.faults.is_empty()
    {
        warnings.push("a steady state without `warm_up`: the empty start is in the figures".to_string());
    }
    for (name, queue) in &summary.queueing_ms {
        if queue.utilisation > 0.999 {
            warnings.push(format!("`{name}` was busy all the time: its queue has no steady state"));
        }
    }
    warnings
}
