//! The quiet plan: a scenario as it is all those years in which nothing is broken.
//!
//! ```text
//!  Plan ──arrivals off, faults replaced by failure modes, scaling and the day's events off──► Quiet
//! ```
//! # Leaves out  everything that moves a group away from the capacity it begins with

use super::Harm;
use super::flow::Flow;
use crate::plan::*;
use sim_core::dist::{Dist, Sampler};
use sim_core::{Duration, Table};

/// Longer than any disturbance.
const LONG: Duration = Duration::from_secs(10 * 365 * 86_400);

/// A plan ready for long horizons.
#[derive(Debug)]
pub struct Quiet {
    pub(super) plan: Plan,
    pub(super) modes: Vec<FailureMode>,
    /// What a strike of each mode does.
    pub(super) struck: Vec<Struck>,
    /// How long a harm beyond the world lasts.
    pub(super) lengths: Vec<Option<Sampler>>,
    pub(super) flow: Flow,
    pub(super) restored_by_hand: Duration,
}

/// What a strike does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Struck {
    /// A fault of the quiet plan.
    Fault(FaultId),
    /// Something beyond the world.
    Harm(Harm),
}

/// Why a scenario cannot be looked at over years.
#[derive(Clone, Debug, PartialEq)]
pub enum Unfit {
    /// Nobody asks for anything.
    NoTraffic,
    /// Nothing can fail.
    NothingFails,
    /// With nothing broken, this share of the requests does not fit.
    Overloaded(f64),
}

impl Quiet {
    /// Prepares a plan.
    ///
    /// # Errors
    /// If there is no traffic, if nothing can fail, or if the capacity at the beginning does not carry the load.
    pub fn new(plan: &Plan) -> Result<Quiet, Unfit> {
        let flow = Flow::new(plan);
        if flow.rate() <= 0.0 {
            return Err(Unfit::NoTraffic);
        }
        let modes: Vec<FailureMode> =
            plan.failures.modes.iter().filter(|mode| mode.mtbf_s.is_finite()).cloned().collect();
        if modes.is_empty() {
            return Err(Unfit::NothingFails);
        }
        let mut faults = Table::default();
        let struck = modes.iter().map(|mode| struck(mode, &mut faults)).collect();
        let harms = |part: &Failing| matches!(part, Failing::Region(_) | Failing::Balancer(_) | Failing::Change(..));
        let lengths =
            modes.iter().map(|mode| mode.mttr.as_ref().filter(|_| harms(&mode.part)).map(Dist::sampler)).collect();
        let restored_by_hand = plan.failures.restored_by_hand;
        let quiet = Quiet { plan: silenced(plan, faults), modes, struck, lengths, flow, restored_by_hand };
        let lost = super::Disturbance::begin(&quiet, plan.seed, 0).lost();
        if lost > 1e-9 {
            return Err(Unfit::Overloaded(lost));
        }
        Ok(quiet)
    }

    /// Ways to fail that ever happen.
    pub fn modes(&self) -> &[FailureMode] {
        &self.modes
    }

    /// Requests per second of all populations together.
    pub fn rate(&self) -> f64 {
        self.flow.rate()
    }

    /// Busiest share of the CPUs or workers of a fleet's instances while nothing is broken.
    pub fn utilisation(&self, fleet: FleetId) -> f64 {
        self.flow.utilisation(fleet, &self.plan)
    }
}

/// What a failure of a mode does, its fault entered where it has one.
fn struck(mode: &FailureMode, faults: &mut Table<FaultId, Fault>) -> Struck {
    let one = |fleet: FleetId| Selection { fleet, zone: None, mode: SelectionMode::Count(1) };
    let action = match &mode.part {
        Failing::Region(region) => return Struck::Harm(Harm::Region(*region)),
        Failing::Balancer(balancer) => return Struck::Harm(Harm::Balancer(*balancer)),
        Failing::Change(service, share) => return Struck::Harm(Harm::Service(*service, *share)),
        Failing::Host(fleet) => FaultAction::FailHost(one(*fleet)),
        Failing::Process(fleet) => FaultAction::HangInstances(one(*fleet), Duration::MAX),
        Failing::Zone(zone) => FaultAction::ZonePowerLoss(*zone, Duration::MAX),
        Failing::Nat(nat) => FaultAction::FailNat(*nat, Duration::MAX),
        Failing::Primary(store) => FaultAction::FailPrimary(*store),
        Failing::Standby(store) => FaultAction::FailStandby(*store),
        Failing::Other(action) => action.clone(),
    };
    let when = Occurrence::Driven { time_to_repair: mode.mttr.clone() };
    Struck::Fault(faults.push(Fault { name: mode.name.clone(), when, action }))
}

/// The plan with nothing in it that moves while nothing is broken.
fn silenced(plan: &Plan, faults: Table<FaultId, Fault>) -> Plan {
    let mut quiet = plan.clone();
    for population in quiet.populations.values_mut() {
        population.arrivals = Arrivals::Open { rate: RateProfile::constant(0.0), process: Process::Even };
    }
    for alarm in quiet.alarms.values_mut() {
        let stays = |action: &Action| !matches!(action, Action::Scale { .. });
        alarm.alarm_actions.retain(stays);
        alarm.ok_actions.retain(stays);
        alarm.insufficient_data_actions.retain(stays);
    }
    for fleet in quiet.fleets.values_mut() {
        if let Sizing::AutoScaling(group) = &mut fleet.sizing {
            group.policies.iter_mut().for_each(|policy| policy.enabled = false);
            group.schedule = Schedule::default();
            group.lifecycle.max_instance_lifetime = None;
        }
    }
    quiet.spot.interruptions_per_month = 0.0;
    quiet.spot.pools.iter_mut().for_each(|pool| pool.interruptions_per_month = None);
    quiet.faults = faults;
    quiet.operations = Table::default();
    quiet.expectations = Vec::new();
    quiet.warm_up = Duration::ZERO;
    quiet.duration = LONG;
    quiet.series_interval = LONG;
    quiet
}
