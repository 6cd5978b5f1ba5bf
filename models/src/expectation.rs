//! Expectations: each a figure of the summary and the bounds it must keep, or a rule about the course of the run.

use crate::incident;
use crate::plan::{AlarmRef, Limits, Plan, Quantity, RecoveryOf, Requirement, TemporalRule};
use crate::result::{ExpectationResult, Latency, Summary, Unit};
use crate::temporal;
use crate::world::World;

/// Looks up every figure, follows every rule, and says whether it holds in this run.
pub fn judge(plan: &Plan, summary: &Summary, world: &World) -> Vec<ExpectationResult> {
    let judged = plan.expectations.iter().map(|expectation| {
        let (text, over) = (expectation.text.clone(), expectation.over);
        match &expectation.requirement {
            Requirement::Limits(limits) => {
                let value = value(plan, summary, world, &limits.quantity);
                let held = value.is_some_and(|value| limits.hold(value));
                let (value, unit) = (value.filter(|value| value.is_finite()), limits.quantity.unit());
                ExpectationResult { text, held, value, unit, over, ..ExpectationResult::default() }
            }
            Requirement::Temporal(rule) => {
                let temporal::Finding { held, value, breach, note } = temporal::judge(world, rule);
                let unit = if matches!(rule.rule, TemporalRule::Turns { .. }) { Unit::Number } else { Unit::S };
                ExpectationResult { text, held, value, unit, over, breach, note }
            }
        }
    });
    judged.collect()
}

impl Limits {
    /// Whether a value lies within them; they are part of what holds.
    fn hold(&self, value: f64) -> bool {
        self.at_least.is_none_or(|least| value >= least) && self.at_most.is_none_or(|most| value <= most)
    }
}

/// The figure; none if there is nothing of that name.
fn value(plan: &Plan, summary: &Summary, world: &World, quantity: &Quantity) -> Option<f64> {
    let group = |fleet: &crate::plan::FleetId| summary.groups.get(&plan.fleets[*fleet].name);
    let database = |store: &crate::plan::StoreId| summary.databases.get(&plan.stores[*store].name);
    let alarm = |alarm: &AlarmRef| {
        let name = match *alarm {
            AlarmRef::Metric(id) => &plan.alarms[id].name,
            AlarmRef::Composite(id) => &plan.composite_alarms[id].name,
        };
        let changes = summary.alarms.get(name);
        changes.into_iter().flatten().filter(|change| change.to == "ALARM").map(|change| change.t_s)
    };
    Some(match quantity {
        Quantity::Availability(None) => summary.availability,
        Quantity::Availability(Some(population)) => {
            summary.clients.get(&plan.populations[*population].name)?.availability
        }
        Quantity::LatencyMs(q) => quantile(&summary.latency_ms, *q)?,
        Quantity::LatencyMeanMs => summary.latency_ms.mean,
        Quantity::GoodputPerS => summary.goodput_per_s,
        Quantity::CommittedWritesLost(None) => {
            summary.databases.values().map(|database| database.lost_writes).sum::<u64>() as f64
        }
        Quantity::CommittedWritesLost(Some(store)) => database(store)?.lost_writes as f64,
        Quantity::Failovers(store) => f64::from(database(store)?.failovers),
        Quantity::UnavailableS(store) => database(store)?.unavailable_s,
        Quantity::RecoveryS(RecoveryOf::Store(store)) => incident::store_recovery(world, *store),
        Quantity::RecoveryS(RecoveryOf::Fleet(fleet)) => incident::fleet_recovery(world, *fleet),
        Quantity::RecoveryS(RecoveryOf::Users) => summary
            .incidents
            .iter()
            .map(|incident| incident.restored_s.map_or(f64::INFINITY, |restored| restored - incident.t_s))
            .fold(0.0, f64::max),
        Quantity::MaxInService(fleet) => f64::from(group(fleet)?.max_in_service),
        Quantity::MinInService(fleet) => f64::from(group(fleet)?.min_in_service),
        Quantity::FinalInService(fleet) => f64::from(group(fleet)?.final_in_service),
        Quantity::Launches(fleet) => f64::from(group(fleet)?.launches),
        Quantity::Terminations(fleet) => f64::from(group(fleet)?.terminations),
        Quantity::TakenFromPool(fleet) => f64::from(group(fleet)?.warm_pool?.taken),
        Quantity::Refreshes(fleet, ended) => {
            group(fleet)?.refreshes.iter().filter(|refresh| refresh.status == *ended).count() as f64
        }
        Quantity::AlarmsRaised(id) => alarm(id).count() as f64,
        Quantity::FirstAlarmS(id) => alarm(id).next().unwrap_or(f64::INFINITY),
        Quantity::CostUsd => summary.cost_usd.total,
        Quantity::OutcomeShare(name) => {
            let ended = summary.requests.succeeded + summary.requests.failed;
            let count = summary.outcomes.get(name).copied().unwrap_or(0);
            if ended == 0 { 0.0 } else { count as f64 / ended as f64 }
        }
        Quantity::ProbabilityOfWait(name) => summary.queueing_ms.get(name)?.probability_of_wait,
        Quantity::Utilisation(name) => summary.queueing_ms.get(name)?.utilisation,
        Quantity::QueueingMeanMs(name) => summary.queueing_ms.get(name)?.wait.mean,
        Quantity::Figure(name) => crate::figure::figure(plan, summary, name)?,
    })
}

/// One of the quantiles that the summary holds.
fn quantile(latency: &Latency, q: f64) -> Option<f64> {
    let known = [
        (0.5, latency.p50),
        (0.9, latency.p90),
        (0.95, latency.p95),
        (0.99, latency.p99),
        (0.999, latency.p999),
        (1.0, latency.max),
    ];
    known.iter().find(|entry| (entry.0 - q).abs() < 1e-9).map(|entry| entry.1)
}
