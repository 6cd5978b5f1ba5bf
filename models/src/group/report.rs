//! What may be read of fleets: by observation, by metrics, by faults that choose whom to strike.

use super::scaling::warmup;
use super::{Groups, Row, State, settings};
use crate::plan::{FleetId, Plan, Policy, PolicyKind};
use crate::request::InstanceId;
use crate::result::Group;
use sim_core::{Duration, Time};

/// Seconds billed at least for each start of an instance.
pub(super) const LEAST_BILLED: f64 = 60.0;

/// Instances of a fleet by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Desired capacity; of a fixed fleet, its size.
    pub desired: u32,
    /// In service, as the group sees it: lost ones it has yet to notice are among them.
    pub in_service: u32,
    /// In service, their application up, and passed by every target group: those that can serve.
    pub healthy: u32,
    /// Launched, and not yet running.
    pub pending: u32,
    /// Running, and their application not up or not yet passed; those that no hook holds back are in service too.
    pub booting: u32,
    /// In service with their application up once, but marked unhealthy, unhealthy in a target group, or lost.
    pub unhealthy: u32,
    /// Being terminated.
    pub terminating: u32,
    /// In standby, or on the way there.
    pub standby: u32,
    /// Launch activities so far.
    pub launches: u32,
}

/// The metrics of a group in the namespace AWS/AutoScaling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// GroupMinSize, as scheduled actions have it now.
    pub min: u32,
    /// GroupMaxSize, likewise.
    pub max: u32,
    /// GroupDesiredCapacity.
    pub desired: u32,
    /// GroupInServiceInstances.
    pub in_service: u32,
    /// GroupPendingInstances.
    pub pending: u32,
    /// GroupStandbyInstances.
    pub standby: u32,
    /// GroupTerminatingInstances.
    pub terminating: u32,
    /// GroupTotalInstances: in service, pending and terminating.
    pub total: u32,
}

/// What a fleet has done since the start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counters {
    /// Launch activities begun, successful or not.
    pub launches: u32,
    /// Launch activities that failed.
    pub failed_launches: u32,
    /// Terminations begun; losses among them.
    pub terminations: u32,
    /// Of these, replacements of instances found unhealthy or lost.
    pub replacements: u32,
    /// Instances put into standby.
    pub standby: u32,
    /// Waits of instances for lifecycle hooks.
    pub hook_waits: u32,
    /// Launches that a hook gave up.
    pub hooks_abandoned: u32,
    /// Seconds that instances waited for hooks.
    pub hook_wait_s: f64,
}

impl Groups {
    /// Instances of a fleet by state.
    pub fn counts(&self, fleet: FleetId) -> Counts {
        self.tally(fleet, |_| 1)
    }

    /// Units of capacity of a fleet by state: instances, but under weights.
    pub fn units(&self, fleet: FleetId) -> Counts {
        self.tally(fleet, |row| row.purchase.weight)
    }

    fn tally(&self, fleet: FleetId, weight: fn(&Row) -> u32) -> Counts {
        let fleet_row = &self.fleets[fleet];
        let (desired, launches) = (fleet_row.desired, fleet_row.counters.launches);
        let mut counts = Counts { desired, launches, ..Counts::default() };
        for row in self.members(fleet) {
            let n = weight(row);
            counts.in_service += u32::from(row.state == State::InService) * n;
            let passed = row.has_passed(&fleet_row.checked);
            match row.state {
                State::Pending | State::Waiting if row.running.is_none() => counts.pending += n,
                State::Pending | State::Waiting => counts.booting += n,
                State::InService if row.lost || (row.ready && passed && row.ill()) => counts.unhealthy += n,
                State::InService if row.ready && passed => counts.healthy += n,
                State::InService => counts.booting += n,
                State::Terminating | State::TerminatingWait => counts.terminating += n,
                State::EnteringStandby | State::Standby => counts.standby += n,
                _ => {}
            }
        }
        counts
    }

    /// The group's own metrics, as AWS/AutoScaling counts them (§1.14): instances.
    pub fn metrics(&self, fleet: FleetId) -> Metrics {
        self.metrics_by(fleet, |_| 1)
    }

    /// Those that count units of weight.
    pub fn capacity_metrics(&self, fleet: FleetId) -> Metrics {
        self.metrics_by(fleet, Row::units)
    }

    fn metrics_by(&self, fleet: FleetId, weight: fn(&Row) -> u32) -> Metrics {
        let of = |wanted: fn(&Row) -> bool| self.members(fleet).filter(|row| wanted(row)).map(weight).sum::<u32>();
        let in_service = of(|row| row.state == State::InService);
        // An instance in Pending:Wait is in none of them (§1.3).
        let pending = of(|row| row.state == State::Pending);
        let terminating = of(Row::leaving);
        let standby = of(|row| row.state == State::Standby);
        let total = in_service + pending + terminating;
        let super::fleet::Fleet { min, max, desired, .. } = self.fleets[fleet];
        Metrics { min, max, desired, in_service, pending, standby, terminating, total }
    }

    /// Instances whose metrics count for the group's: in service, not lost, and not warming up (rules C3, C6).
    pub fn measured(&self, fleet: FleetId, now: Time) -> Vec<InstanceId> {
        let warmup = self.fleets[fleet].metric_warmup;
        self.those(fleet, |row| row.warm(warmup, now) && !row.lost)
    }

    /// Instances that run, whatever their state in the group: those that a fault can strike.
    pub fn running(&self, fleet: FleetId) -> Vec<InstanceId> {
        self.those(fleet, |row| row.running.is_some() && !row.lost)
    }

    /// Whether EC2's status checks of an instance fail.
    pub fn is_impaired(&self, instance: InstanceId) -> bool {
        self.rows[instance].impaired.is_some()
    }

    fn those(&self, fleet: FleetId, chosen: impl Fn(&Row) -> bool) -> Vec<InstanceId> {
        self.fleets[fleet].members.iter().copied().filter(|&instance| chosen(&self.rows[instance])).collect()
    }

    /// Seconds billed up to `now` for instances of the launch template of that number: every start for at least 60 s.
    pub fn billed_seconds(&self, fleet: FleetId, template: u16, now: Time) -> f64 {
        let ended = self.fleets[fleet].billed_s[template as usize];
        let open = self.billed(fleet).filter(|row| row.template == template).filter_map(|row| row.open(now));
        ended + open.map(|ran| ran.max(LEAST_BILLED)).sum::<f64>()
    }

    /// The fleet's figures up to `now`.
    pub fn figures(&self, id: FleetId, plan: &Plan, now: Time) -> Group {
        let fleet = &self.fleets[id];
        let bought = plan.fleets[id].mixed().map_or_else(Vec::new, |mixed| {
            let name = |kind: u16, spot| {
                let option = if spot { "spot" } else { "on_demand" };
                mixed.overrides.get(kind as usize).map(|own| format!("{} {option}", own.instance_type))
            };
            let pools = self.bought(id, now).into_iter();
            pools.filter_map(|((kind, spot), figures)| Some((name(kind, spot)?, figures))).collect()
        });
        let Counters { launches, failed_launches, terminations, replacements, .. } = fleet.counters;
        let Counters { standby, hook_waits, hooks_abandoned, hook_wait_s, .. } = fleet.counters;
        Group {
            min_in_service: fleet.in_service_min,
            max_in_service: fleet.in_service.max() as u32,
            mean_in_service: fleet.in_service.mean(now),
            final_in_service: self.counts(id).in_service,
            launches,
            failed_launches,
            terminations,
            replacements,
            standby,
            hook_waits,
            hooks_abandoned,
            hook_wait_s,
            instance_hours: (fleet.ran_s + self.open(id, now).sum::<f64>()) / 3_600.0,
            warm_pool: self.pool_figures(id, plan, now),
            refreshes: self.refresh_figures(id, plan),
            volumes: None,
            bought: bought.into_iter().collect(),
            memory: None,
            credits: None,
        }
    }

    /// Running times that have not ended, in seconds.
    fn open(&self, fleet: FleetId, now: Time) -> impl Iterator<Item = f64> + '_ {
        self.billed(fleet).filter_map(move |row| row.open(now))
    }

    /// Instances that are paid for: those of the fleet, and those that were detached from it.
    fn billed(&self, fleet: FleetId) -> impl Iterator<Item = &Row> + '_ {
        self.members(fleet).chain(self.fleets[fleet].detached.iter().map(|&instance| &self.rows[instance]))
    }

    /// How many there are, in words.
    pub(super) fn summary(&self, fleet: FleetId) -> String {
        let counts = self.counts(fleet);
        let coming = self.members(fleet).filter(|row| matches!(row.state, State::Pending | State::Waiting)).count();
        format!("{} in service, {coming} coming up", counts.in_service)
    }
}

impl Row {
    /// Its running time, if that has not ended, in seconds.
    fn open(&self, now: Time) -> Option<f64> {
        self.running.filter(|_| !self.lost).map(|since| (now - since).as_secs_f64())
    }

    fn ill(&self) -> bool {
        self.marked.is_some() || self.lost || self.impaired.is_some() || !self.unhealthy.is_empty()
    }
}

/// How long a new instance is kept out of its group's metrics: the group's warm-up, else the longest that a step or target
/// tracking policy asks for; a group of simple policies alone keeps nobody out.
pub(super) fn metric_warmup(fleet: FleetId, plan: &Plan) -> Duration {
    let Some(group) = settings(plan, fleet) else { return Duration::ZERO };
    let warming = |policy: &&Policy| matches!(policy.kind, PolicyKind::Step { .. } | PolicyKind::TargetTracking(_));
    let longest = group.policies.iter().filter(warming).map(|policy| warmup(policy, group)).max();
    group.default_instance_warmup.or(longest).unwrap_or(Duration::ZERO)
}
