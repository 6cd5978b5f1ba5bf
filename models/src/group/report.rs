//! What may be read of fleets: by observation, by metrics, by faults that choose whom to strike.

use super::scaling::warmup;
use super::{Groups, Row, State, settings};
use crate::plan::{FleetId, Plan, PolicyKind, ZoneId};
use crate::request::InstanceId;
use sim_core::{Duration, Time};

/// Seconds billed at least for each start of an instance.
pub(super) const LEAST_BILLED: f64 = 60.0;

/// Instances of a fleet by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Desired capacity; of a fixed fleet, its size.
    pub desired: u32,
    /// In service, as the group sees it: lost ones it has yet to notice are among them.
    pub in_service: u32,
    /// Launched, and not yet running.
    pub pending: u32,
    /// Running without their application up; those that no hook holds back are in service too.
    pub booting: u32,
    /// In service, but marked unhealthy, unhealthy in a target group, or lost.
    pub unhealthy: u32,
    /// Being terminated.
    pub terminating: u32,
}

/// What a fleet has done since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Launch activities begun, successful or not.
    pub launches: u32,
    /// Launch activities that failed.
    pub failed_launches: u32,
    /// Terminations begun; losses among them.
    pub terminations: u32,
    /// Of these, replacements of instances found unhealthy or lost.
    pub replacements: u32,
}

/// An instance in service.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The instance.
    pub instance: InstanceId,
    /// Its zone.
    pub zone: Option<ZoneId>,
    /// In service since.
    pub since: Time,
    /// Whether it warms up, and so is left out of the group's metrics (rules C3, C6).
    pub warming: bool,
}

impl Groups {
    /// Instances of a fleet by state.
    pub fn metrics(&self, fleet: FleetId) -> Metrics {
        let mut metrics = Metrics { desired: self.fleets[fleet].desired, ..Metrics::default() };
        for row in self.members(fleet) {
            let coming = matches!(row.state, State::Pending | State::Waiting);
            metrics.in_service += u32::from(row.state == State::InService);
            metrics.pending += u32::from(coming && row.running.is_none());
            metrics.booting +=
                u32::from((coming || row.state == State::InService) && row.running.is_some() && !row.ready && !row.lost);
            metrics.unhealthy += u32::from(row.state == State::InService && row.ill());
            metrics.terminating += u32::from(row.state == State::Terminating);
        }
        metrics
    }

    /// What a fleet has done since the start.
    pub fn counters(&self, fleet: FleetId) -> Counters {
        self.fleets[fleet].counters
    }

    /// Instances in service, in order of their launch; lost ones are left out, for they send no metrics.
    pub fn in_service(&self, fleet: FleetId, plan: &Plan, now: Time) -> impl Iterator<Item = Member> + '_ {
        let warmup = metric_warmup(fleet, plan);
        let members = self.fleets[fleet].members.iter().map(|&instance| (instance, &self.rows[instance]));
        members.filter(|(_, row)| row.state == State::InService && !row.lost).map(move |(instance, row)| Member {
            instance,
            zone: row.zone,
            since: row.entered.or(row.running).unwrap_or(Time::ZERO),
            warming: !row.warm(warmup, now),
        })
    }

    /// Instances that run, whatever their state in the group: those that a fault can strike.
    pub fn running_instances(&self, fleet: FleetId) -> Vec<InstanceId> {
        let runs = |row: &Row| row.running.is_some() && !row.lost;
        self.fleets[fleet].members.iter().copied().filter(|&instance| runs(&self.rows[instance])).collect()
    }

    /// Whether as many instances as desired are in service and none of these is known to be ill.
    pub fn is_full_strength(&self, fleet: FleetId) -> bool {
        let metrics = self.metrics(fleet);
        metrics.in_service - metrics.unhealthy >= metrics.desired
    }

    /// Seconds billed up to `now`: every start for at least 60 s.
    pub fn running_seconds(&self, fleet: FleetId, now: Time) -> f64 {
        self.fleets[fleet].billed_s + self.open(fleet, now).map(|ran| ran.max(LEAST_BILLED)).sum::<f64>()
    }

    /// Hours that instances have run up to `now`.
    pub fn instance_hours(&self, fleet: FleetId, now: Time) -> f64 {
        (self.fleets[fleet].ran_s + self.open(fleet, now).sum::<f64>()) / 3_600.0
    }

    /// Fewest, most and time-average number in service up to `now`.
    pub fn presence(&self, fleet: FleetId, now: Time) -> (u32, u32, f64) {
        let fleet = &self.fleets[fleet];
        (fleet.in_service_min, fleet.in_service.max() as u32, fleet.in_service.mean(now))
    }

    /// Running times that have not ended, in seconds.
    fn open(&self, fleet: FleetId, now: Time) -> impl Iterator<Item = f64> + '_ {
        let since = |row: &Row| row.running.filter(|_| !row.lost);
        self.members(fleet).filter_map(since).map(move |since| (now - since).as_secs_f64())
    }

    /// How many there are, in words.
    pub(super) fn summary(&self, fleet: FleetId) -> String {
        let metrics = self.metrics(fleet);
        let coming = self.members(fleet).filter(|row| matches!(row.state, State::Pending | State::Waiting)).count();
        format!("{} in service, {coming} coming up", metrics.in_service)
    }
}

impl Row {
    fn ill(&self) -> bool {
        self.marked.is_some() || self.lost || self.impaired.is_some() || !self.unhealthy.is_empty()
    }
}

/// How long a new instance is kept out of its group's metrics: the group's warm-up, else the longest that a step policy
/// asks for; a group of simple policies alone keeps nobody out.
fn metric_warmup(fleet: FleetId, plan: &Plan) -> Duration {
    let Some(group) = settings(plan, fleet) else { return Duration::ZERO };
    let steps = group.policies.iter().filter(|policy| matches!(policy.kind, PolicyKind::Step { .. }));
    let longest = steps.map(|policy| warmup(policy, group)).max();
    group.default_instance_warmup.or(longest).unwrap_or(Duration::ZERO)
}
