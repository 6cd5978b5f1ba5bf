//! Faults: what breaks, when, for how long; named after AWS FIS actions where one exists (data-and-resilience.md §21).

use super::{EndpointId, FleetId, NatId, StoreId, ZoneId};
use sim_core::Duration;
use sim_core::dist::Dist;

/// A fault of the scenario.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Readable name, such as `FailPrimary("orders")`; its own spelling in the scenario.
    pub name: String,
    /// When it strikes.
    pub when: Occurrence,
    /// What it does.
    pub action: FaultAction,
}

/// When a fault strikes.
#[derive(Clone, Debug)]
pub enum Occurrence {
    /// Once, at this time.
    At(Duration),
    /// Again and again: after a time to failure (seconds), repaired after a time to repair (seconds), and so on.
    /// The time to repair takes the place of the action's own duration.
    Random {
        /// Time to failure, from the start or from the last repair.
        time_to_failure: Dist,
        /// Time to repair; none: the action's own duration (or none, if it has no end).
        time_to_repair: Option<Dist>,
    },
    /// Whenever whoever drives the world says so.
    Driven {
        /// Time to repair, in seconds; none: the action's own duration (or none, if it has no end).
        time_to_repair: Option<Dist>,
    },
}

/// Which instances.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// Of which fleet.
    pub fleet: FleetId,
    /// In this zone only.
    pub zone: Option<ZoneId>,
    /// How many.
    pub mode: SelectionMode,
}

/// FIS selection mode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SelectionMode {
    /// ALL.
    All,
    /// COUNT(n), at random.
    Count(u32),
    /// PERCENT(n), at random, rounded up.
    Percent(f64),
    /// The n-th instance ever launched in the fleet, from 0.
    Nth(u32),
}

/// What a fault does. A `Duration::MAX` lasts to the end of the run.
#[derive(Clone, Debug)]
pub enum FaultAction {
    /// aws:ec2:terminate-instances.
    TerminateInstances(Selection),
    /// aws:ec2:stop-instances: stopped for `duration`, then started again (unless its group has replaced it).
    StopInstances(Selection, Duration),
    /// The process accepts and never answers.
    HangInstances(Selection, Duration),
    /// Everything on it stands still, then goes on where it was.
    FreezeInstances(Selection, Duration),
    /// CPU at this share of its speed.
    SlowInstances(Selection, f64, Duration),
    /// AWSFIS-Run-CPU-Stress: background load, in percent of all vCPUs.
    CpuStress(Selection, f64, Duration),
    /// Share of an endpoint's requests that end in a 500.
    EndpointErrors(EndpointId, f64, Duration),
    /// AZ Availability: Power Interruption. Instances, balancer node, NAT gateway and database host of the zone are gone.
    ZonePowerLoss(ZoneId, Duration),
    /// aws:network:disrupt-connectivity, scope all: nothing gets in or out.
    ZonePartition(ZoneId, Duration),
    /// Loss probability per message and added one-way latency on everything that enters or leaves the zone.
    ZoneGrey {
        /// Which zone.
        zone: ZoneId,
        /// Loss probability per transmission, 0 to 1.
        loss: f64,
        /// Added to each one-way delay.
        latency: Duration,
        /// How long.
        duration: Duration,
    },
    /// The primary's host fails.
    FailPrimary(StoreId),
    /// The standby's host fails; a new one is built.
    FailStandby(StoreId),
    /// aws:rds:reboot-db-instances with forceFailover.
    RebootWithFailover(StoreId),
    /// The NAT gateway drops everything.
    FailNat(NatId, Duration),
    /// Launches of this fleet fail with this probability.
    FailLaunches(FleetId, f64, Duration),
    /// aws:ec2:asg-insufficient-instance-capacity-error in a zone.
    InsufficientCapacity(ZoneId, Duration),
    /// The same for some of a zone's pools.
    PoolShortage {
        /// Which zone.
        zone: ZoneId,
        /// Of this instance type alone; none: of all.
        instance_type: Option<String>,
        /// Spot capacity alone (true), On-Demand capacity alone (false); none: both.
        spot: Option<bool>,
        /// How long.
        duration: Duration,
    },
    /// aws:ec2:send-spot-instance-interruptions: a rebalance recommendation at once, the interruption notice two minutes
    /// before the end of this time, and then EC2 takes the instances back. Strikes Spot Instances alone.
    InterruptSpot(Selection, Duration),
    /// Every metric is published this much later.
    DelayMetrics(Duration, Duration),
    /// Nothing is published.
    LoseMetrics(Duration),
    /// The host under the instances fails: gone from the network, running for EC2 until its system check says otherwise.
    FailHost(Selection),
    /// The system status check fails, and nothing else does.
    ImpairSystem(Selection, Duration),
    /// Nothing gets in or out of the instances, as with a broken network configuration.
    CutOffInstances(Selection, Duration),
}

/// How long an action lasts; none if it is over at once.
pub fn lasts(action: &FaultAction) -> Option<Duration> {
    match action {
        FaultAction::TerminateInstances(_)
        | FaultAction::InterruptSpot(..)
        | FaultAction::FailHost(_)
        | FaultAction::FailPrimary(_)
        | FaultAction::FailStandby(_)
        | FaultAction::RebootWithFailover(_) => None,
        FaultAction::StopInstances(_, lasts)
        | FaultAction::ImpairSystem(_, lasts)
        | FaultAction::CutOffInstances(_, lasts)
        | FaultAction::HangInstances(_, lasts)
        | FaultAction::FreezeInstances(_, lasts)
        | FaultAction::SlowInstances(_, _, lasts)
        | FaultAction::CpuStress(_, _, lasts)
        | FaultAction::EndpointErrors(_, _, lasts)
        | FaultAction::ZonePowerLoss(_, lasts)
        | FaultAction::ZonePartition(_, lasts)
        | FaultAction::ZoneGrey { duration: lasts, .. }
        | FaultAction::PoolShortage { duration: lasts, .. }
        | FaultAction::FailNat(_, lasts)
        | FaultAction::FailLaunches(_, _, lasts)
        | FaultAction::InsufficientCapacity(_, lasts)
        | FaultAction::DelayMetrics(_, lasts)
        | FaultAction::LoseMetrics(lasts) => Some(*lasts),
    }
}
