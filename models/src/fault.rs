//! Faults: what breaks, when, for how long.
//!
//! ```text
//!  Strike ─► environment (zones, capacity, metrics) │ instance::Disturb, Gone │ store::Fail… ─► End ─► undone
//!     └ random: again after a time to failure from the repair
//! ```
//! # Models      overlays that add up, so that overlapping faults of one kind compose; selections ALL, COUNT, PERCENT
//! # Leaves out  stop conditions; control-plane API errors other than failing launches
//! # Source      AWS Fault Injection Service user guide, "Actions reference"; `aws/data-and-resilience.md` §21

use crate::environment::Shortage;
use crate::event::{self, events};
use crate::plan::*;
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{alb, group, instance, launch, store};
use sim_core::dist::{Dist, Sampler};
use sim_core::{Duration, Stream, Table, Words};

events! {
    /// What happens to faults.
    pub enum Event {
        /// A fault strikes.
        Strike(FaultId),
        /// One strike of it ends.
        End(u32),
    }
}

/// All faults of the scenario.
pub struct Faults {
    occurrences: Table<FaultId, Occurs>,
    strikes: Vec<Strike>,
    /// Strikes whose end is still to come.
    open: u32,
}

struct Occurs {
    to_failure: Option<Sampler>,
    to_repair: Option<Sampler>,
    times: Stream,
    choice: Stream,
}

/// One strike, with what it needs to be undone.
struct Strike {
    fault: FaultId,
    entry: EntryId,
    instances: Vec<InstanceId>,
}

impl Faults {
    /// Faults of the plan.
    pub fn new(cx: &Cx) -> Self {
        let occurrences = cx.plan.faults.iter().map(|(id, fault)| {
            let component = format!("fault {} {}", id.index(), fault.name);
            let (to_failure, to_repair) = match &fault.when {
                Occurrence::At(_) => (None, None),
                Occurrence::Random { time_to_failure, time_to_repair } => {
                    (Some(time_to_failure), time_to_repair.as_ref())
                }
                Occurrence::Driven { time_to_repair } => (None, time_to_repair.as_ref()),
            };
            Occurs {
                to_failure: to_failure.map(Dist::sampler),
                to_repair: to_repair.map(Dist::sampler),
                times: cx.stream(&component, "times"),
                choice: cx.stream(&component, "choice"),
            }
        });
        Faults { occurrences: occurrences.collect(), strikes: Vec::new(), open: 0 }
    }

    /// Schedules the first strike of each.
    pub fn start(&mut self, cx: &mut Cx) {
        for (id, occurs) in self.occurrences.iter_mut() {
            let first = match (&cx.plan.faults[id].when, &occurs.to_failure) {
                (Occurrence::At(time), _) => *time,
                (_, Some(time_to_failure)) => time_to_failure.duration(&mut occurs.times),
                _ => continue,
            };
            cx.list.after(first, event::Event::Fault(Event::Strike(id)));
        }
    }

    /// Handles one event. `running` gives the instances of a fleet that a fault can strike.
    pub fn handle(&mut self, event: Event, running: &dyn Fn(FleetId) -> Vec<InstanceId>, cx: &mut Cx) {
        match event {
            Event::Strike(fault) => self.strike(fault, running, cx),
            Event::End(strike) => self.end(strike, cx),
        }
    }

    fn strike(&mut self, id: FaultId, running: &dyn Fn(FleetId) -> Vec<InstanceId>, cx: &mut Cx) {
        let now = cx.now();
        let plan = cx.plan;
        let fault = &plan.faults[id];
        let occurs = &mut self.occurrences[id];
        let instances = match (selection(&fault.action), &fault.action) {
            (Some(selection), action) => {
                let spot = matches!(action, FaultAction::InterruptSpot(..));
                let fits = |instance: &InstanceId| !spot || cx.directory.bought(*instance).spot;
                let able = |fleet: FleetId| running(fleet).into_iter().filter(fits).collect::<Vec<_>>();
                let mut chosen = select(selection, &able, &mut occurs.choice, cx);
                chosen.retain(fits);
                chosen
            }
            (None, FaultAction::ZonePowerLoss(zone, _)) => {
                let all = plan.fleets.ids().flat_map(running);
                all.filter(|&instance| cx.directory.facts(instance).zone == Some(*zone)).collect()
            }
            (None, _) => Vec::new(),
        };
        let subject = match selection(&fault.action) {
            Some(selection) if instances.is_empty() => plan.fleets[selection.fleet].name.clone(),
            Some(_) => instances.iter().map(|&instance| cx.name_of(instance)).collect::<Vec<_>>().join(", "),
            None => subject(&fault.action, plan),
        };
        let nobody = selection(&fault.action).is_some() && instances.is_empty();
        let mut lasts = lasts(&fault.action);
        if let Some(time_to_repair) = &occurs.to_repair {
            lasts = Some(time_to_repair.duration(&mut occurs.times));
        }
        let detail = match (nobody, lasts) {
            (true, _) => format!("{}: no instance to strike", fault.name),
            (_, Some(lasts)) if lasts != Duration::MAX => format!("{} for {lasts}", fault.name),
            _ => fault.name.clone(),
        };
        let entry = cx.timeline.record(now, EventKind::FaultStarted, subject, detail, EntryId::NONE);
        for &instance in &instances {
            cx.blame.instance(instance, entry);
        }
        if let Some(fleet) = slowed(&fault.action, plan) {
            // Ten minutes after its end, the metrics that a fault moved have been published and evaluated.
            let until = now + lasts.unwrap_or(Duration::ZERO) + Duration::from_secs(600);
            cx.blame.fleet(fleet, entry, until);
        }
        self.apply(id, &instances, entry, cx);
        let number = self.strikes.len() as u32;
        self.strikes.push(Strike { fault: id, entry, instances });
        match lasts {
            Some(Duration::MAX) => {}
            Some(lasts) => {
                self.open += 1;
                cx.list.after(lasts, event::Event::Fault(Event::End(number)));
            }
            None => self.again(id, cx),
        }
    }

    /// A random fault comes again.
    fn again(&mut self, id: FaultId, cx: &mut Cx) {
        let occurs = &mut self.occurrences[id];
        if let Some(time_to_failure) = &occurs.to_failure {
            let wait = time_to_failure.duration(&mut occurs.times);
            cx.list.after(wait, event::Event::Fault(Event::Strike(id)));
        }
    }

    fn apply(&mut self, id: FaultId, instances: &[InstanceId], entry: EntryId, cx: &mut Cx) {
        let plan = cx.plan;
        match &plan.faults[id].action {
            FaultAction::TerminateInstances(_) | FaultAction::StopInstances(..) => {
                for &instance in instances {
                    lose(instance, false, entry, cx);
                }
            }
            FaultAction::HangInstances(..)
            | FaultAction::FreezeInstances(..)
            | FaultAction::SlowInstances(..)
            | FaultAction::FailHost(_)
            | FaultAction::ImpairSystem(..)
            | FaultAction::CutOffInstances(..)
            | FaultAction::CpuStress(..) => {
                for &instance in instances {
                    let disturb = instance::Event::Disturb { instance, fault: id, on: true };
                    cx.list.soon(event::Event::Instance(disturb));
                }
            }
            FaultAction::EndpointErrors(endpoint, rate, _) => {
                let now = cx.environment.error_rate[*endpoint] + rate;
                cx.environment.set_error_rate(*endpoint, now, plan);
            }
            FaultAction::ZonePowerLoss(zone, _) => {
                cx.environment.zones[*zone].dark += 1;
                cx.blame.zone(*zone, entry);
                cx.environment.refresh();
                for index in 0..cx.directory.len() {
                    let instance = InstanceId::new(index);
                    if cx.directory.facts(instance).zone == Some(*zone) {
                        cx.blame.instance(instance, entry);
                        lose(instance, true, entry, cx);
                    }
                }
                fail_stores(*zone, entry, cx);
                cx.list.soon(event::Event::Alb(alb::Event::ZoneChanged(*zone)));
            }
            FaultAction::ZonePartition(zone, _) => {
                cx.environment.zones[*zone].cut_off += 1;
                cx.blame.zone(*zone, entry);
                cx.environment.refresh();
                blame_all(*zone, entry, cx);
                fail_stores(*zone, entry, cx);
                cx.list.soon(event::Event::Alb(alb::Event::ZoneChanged(*zone)));
            }
            FaultAction::ZoneGrey { zone, loss, latency, .. } => {
                let condition = &mut cx.environment.zones[*zone];
                condition.loss = 1.0 - (1.0 - condition.loss) * (1.0 - loss);
                condition.latency += *latency;
                cx.blame.zone(*zone, entry);
                cx.environment.refresh();
                blame_all(*zone, entry, cx);
                // Only who watches the zone for a shift learns of it; to nodes it looks as it did.
                if cx.plan.balancers.values().any(|balancer| balancer.zonal_shift.autoshift) {
                    cx.list.soon(event::Event::Alb(alb::Event::ZoneChanged(*zone)));
                }
            }
            FaultAction::FailPrimary(store) => {
                let event = store::Event::FailPrimary { store: *store, forced: false, cause: entry };
                cx.list.soon(event::Event::Store(event));
            }
            FaultAction::FailStandby(store) => {
                let event = store::Event::FailStandby { store: *store, cause: entry };
                cx.list.soon(event::Event::Store(event));
            }
            FaultAction::RebootWithFailover(store) => {
                let event = store::Event::FailPrimary { store: *store, forced: true, cause: entry };
                cx.list.soon(event::Event::Store(event));
            }
            FaultAction::FailNat(nat, _) => {
                cx.environment.nat_down[*nat] += 1;
                for (zone, settings) in plan.zones.iter() {
                    if settings.egress == Egress::Nat(*nat) {
                        cx.blame.zone(zone, entry);
                    }
                }
            }
            FaultAction::FailLaunches(fleet, probability, _) => {
                cx.environment.launch_failure[*fleet] += probability;
                cx.blame.launches(*fleet, entry);
            }
            FaultAction::InsufficientCapacity(zone, _) => {
                cx.environment.zones[*zone].no_capacity += 1;
                cx.blame.zone(*zone, entry);
            }
            FaultAction::PoolShortage { zone, instance_type, spot, .. } => {
                let shortage = Shortage { zone: *zone, instance_type: instance_type.clone(), spot: *spot };
                cx.environment.shortages.push(shortage);
                cx.blame.zone(*zone, entry);
            }
            FaultAction::InterruptSpot(_, before) => {
                for &instance in instances {
                    let lead = *before - group::SPOT_NOTICE;
                    let recommended = group::Event::SpotRecommended { instance, cause: entry };
                    cx.list.soon(event::Event::Group(recommended));
                    let notice = group::Event::SpotNotice { instance, cause: entry };
                    cx.list.after(lead, event::Event::Group(notice));
                }
            }
            FaultAction::DelayMetrics(delay, _) => {
                cx.environment.metrics_delay += *delay;
            }
            FaultAction::LoseMetrics(_) => cx.environment.metrics_lost += 1,
        }
    }

    /// Whether some strike is still to end.
    pub fn some_open(&self) -> bool {
        self.open > 0
    }

    fn end(&mut self, number: u32, cx: &mut Cx) {
        self.open -= 1;
        let now = cx.now();
        let plan = cx.plan;
        let Strike { fault: id, entry, instances } = &self.strikes[number as usize];
        let (id, entry) = (*id, *entry);
        let subject = cx.timeline.get(entry).map_or(String::new(), |started| started.subject.clone());
        let ended =
            cx.timeline.record(now, EventKind::FaultEnded, subject, format!("{} is over", plan.faults[id].name), entry);
        match &plan.faults[id].action {
            FaultAction::TerminateInstances(_)
            | FaultAction::InterruptSpot(..)
            | FaultAction::FailHost(_)
            | FaultAction::FailPrimary(_)
            | FaultAction::FailStandby(_)
            | FaultAction::RebootWithFailover(_) => {}
            FaultAction::StopInstances(..) => {
                for &instance in instances {
                    restart(instance, cx);
                }
            }
            FaultAction::HangInstances(..)
            | FaultAction::FreezeInstances(..)
            | FaultAction::SlowInstances(..)
            | FaultAction::ImpairSystem(..)
            | FaultAction::CutOffInstances(..)
            | FaultAction::CpuStress(..) => {
                for &instance in instances {
                    let disturb = instance::Event::Disturb { instance, fault: id, on: false };
                    cx.list.soon(event::Event::Instance(disturb));
                    cx.blame.instance(instance, ended);
                }
            }
            FaultAction::EndpointErrors(endpoint, rate, _) => {
                let left = cx.environment.error_rate[*endpoint] - rate;
                cx.environment.set_error_rate(*endpoint, left, plan);
            }
            FaultAction::ZonePowerLoss(zone, _) => {
                cx.environment.zones[*zone].dark -= 1;
                if cx.environment.powered(*zone) {
                    for &instance in instances {
                        restart(instance, cx);
                    }
                }
                back(*zone, ended, cx);
            }
            FaultAction::ZonePartition(zone, _) => {
                cx.environment.zones[*zone].cut_off -= 1;
                back(*zone, ended, cx);
            }
            FaultAction::ZoneGrey { zone, loss, latency, .. } => {
                let condition = &mut cx.environment.zones[*zone];
                let passes = (1.0 - condition.loss) / (1.0 - loss).max(1e-12);
                condition.loss = if passes > 1.0 - 1e-9 { 0.0 } else { 1.0 - passes };
                condition.latency -= *latency;
                back(*zone, ended, cx);
            }
            FaultAction::FailNat(nat, _) => cx.environment.nat_down[*nat] -= 1,
            FaultAction::FailLaunches(fleet, probability, _) => {
                let left = cx.environment.launch_failure[*fleet] - probability;
                cx.environment.launch_failure[*fleet] = if left < 1e-12 { 0.0 } else { left };
            }
            FaultAction::InsufficientCapacity(zone, _) => cx.environment.zones[*zone].no_capacity -= 1,
            FaultAction::PoolShortage { zone, instance_type, spot, .. } => {
                let shortage = Shortage { zone: *zone, instance_type: instance_type.clone(), spot: *spot };
                let shortages = &mut cx.environment.shortages;
                if let Some(index) = shortages.iter().position(|one| *one == shortage) {
                    shortages.remove(index);
                }
            }
            FaultAction::DelayMetrics(delay, _) => {
                cx.environment.metrics_delay -= *delay;
            }
            FaultAction::LoseMetrics(_) => cx.environment.metrics_lost -= 1,
        }
        self.again(id, cx);
    }
}

/// An instance and all on it is gone; its fleet has yet to notice.
fn lose(instance: InstanceId, silent: bool, cause: EntryId, cx: &mut Cx) {
    cx.list.soon(event::Event::Instance(instance::Event::Gone { instance, silent }));
    cx.list.soon(event::Event::Group(group::Event::Lost { instance, cause }));
}

/// A fixed fleet's instance starts again; an Auto Scaling group has seen to a replacement.
fn restart(instance: InstanceId, cx: &mut Cx) {
    let fleet = cx.directory.facts(instance).fleet;
    if matches!(cx.plan.fleets[fleet].sizing, Sizing::Fixed(_)) {
        cx.list.soon(event::Event::Launch(launch::Event::Begin(instance)));
    }
}

fn blame_all(zone: ZoneId, entry: EntryId, cx: &mut Cx) {
    for index in 0..cx.directory.len() {
        let instance = InstanceId::new(index);
        if cx.directory.facts(instance).zone == Some(zone) {
            cx.blame.instance(instance, entry);
        }
    }
}

/// Hosts of databases in a zone that is out are out too. Where each is, the stores themselves know.
fn fail_stores(zone: ZoneId, entry: EntryId, cx: &mut Cx) {
    cx.list.soon(event::Event::Store(store::Event::ZoneLost { zone, cause: entry }));
}

/// A zone is in order again: what waited for it goes on.
fn back(zone: ZoneId, entry: EntryId, cx: &mut Cx) {
    cx.environment.refresh();
    cx.blame.zone(zone, entry);
    let shared = &mut *cx;
    shared.network.release(&shared.environment, &mut shared.list);
    cx.list.soon(event::Event::Alb(alb::Event::ZoneChanged(zone)));
}

/// The instances of a selection, in order, from those that `running` gives.
pub(crate) fn select(
    selection: &Selection,
    running: &dyn Fn(FleetId) -> Vec<InstanceId>,
    choice: &mut Stream,
    cx: &Cx,
) -> Vec<InstanceId> {
    if let SelectionMode::Nth(ordinal) = selection.mode {
        return cx.directory.find(selection.fleet, ordinal).into_iter().collect();
    }
    let mut candidates = running(selection.fleet);
    candidates.retain(|&instance| selection.zone.is_none_or(|zone| cx.directory.facts(instance).zone == Some(zone)));
    let count = match selection.mode {
        SelectionMode::All | SelectionMode::Nth(_) => candidates.len(),
        SelectionMode::Count(count) => (count as usize).min(candidates.len()),
        SelectionMode::Percent(percent) => {
            ((candidates.len() as f64 * percent / 100.0 - 1e-9).ceil().max(0.0) as usize).min(candidates.len())
        }
    };
    // The first `count` of a Fisher–Yates shuffle.
    for index in 0..count {
        let other = index + choice.below((candidates.len() - index) as u32) as usize;
        candidates.swap(index, other);
    }
    candidates.truncate(count);
    candidates.sort_unstable();
    candidates
}

/// The instances an action asks for, if it strikes instances.
pub fn selection(action: &FaultAction) -> Option<&Selection> {
    match action {
        FaultAction::TerminateInstances(selection)
        | FaultAction::FailHost(selection)
        | FaultAction::ImpairSystem(selection, _)
        | FaultAction::CutOffInstances(selection, _)
        | FaultAction::StopInstances(selection, _)
        | FaultAction::HangInstances(selection, _)
        | FaultAction::FreezeInstances(selection, _)
        | FaultAction::SlowInstances(selection, ..)
        | FaultAction::CpuStress(selection, ..)
        | FaultAction::InterruptSpot(selection, _) => Some(selection),
        _ => None,
    }
}

/// The fleet that an action slows without taking anything away, so that only its metrics show it.
fn slowed(action: &FaultAction, plan: &Plan) -> Option<FleetId> {
    match action {
        FaultAction::HangInstances(selection, _)
        | FaultAction::FreezeInstances(selection, _)
        | FaultAction::SlowInstances(selection, ..)
        | FaultAction::CpuStress(selection, ..) => Some(selection.fleet),
        FaultAction::EndpointErrors(endpoint, ..) => Some(plan.services[plan.endpoints[*endpoint].service].fleet),
        _ => None,
    }
}

fn subject(action: &FaultAction, plan: &Plan) -> String {
    match action {
        FaultAction::EndpointErrors(endpoint, ..) => {
            let endpoint = &plan.endpoints[*endpoint];
            format!("{}.{}", plan.services[endpoint.service].name, endpoint.name)
        }
        FaultAction::ZonePowerLoss(zone, _)
        | FaultAction::ZonePartition(zone, _)
        | FaultAction::ZoneGrey { zone, .. }
        | FaultAction::PoolShortage { zone, .. }
        | FaultAction::InsufficientCapacity(zone, _) => plan.zones[*zone].name.clone(),
        FaultAction::FailPrimary(store) | FaultAction::FailStandby(store) | FaultAction::RebootWithFailover(store) => {
            plan.stores[*store].name.clone()
        }
        FaultAction::FailNat(nat, _) => plan.nat_gateways[*nat].name.clone(),
        FaultAction::FailLaunches(fleet, ..) => plan.fleets[*fleet].name.clone(),
        FaultAction::DelayMetrics(..) | FaultAction::LoseMetrics(_) => "cloudwatch".to_string(),
        _ => String::new(),
    }
}
