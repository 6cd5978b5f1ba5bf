//! Faults, named after AWS FIS actions where one exists (data-and-resilience.md §21).

use super::Dist;
use crate::units::{Dur, Share};
use schemars::JsonSchema;
use serde::Deserialize;

/// When a fault strikes, and what it does.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Fault {
    /// Once: `At("50m", FailPrimary("orders"))`.
    At {
        /// When.
        time: Dur,
        /// What.
        action: FaultAction,
    },
    /// Again and again.
    Random {
        /// Time to failure, from the start or from the last repair.
        mttf: Dist,
        /// Time to repair. Default: the action's own duration.
        mttr: Option<Dist>,
        /// What.
        action: FaultAction,
    },
}

/// Which instances: FIS selection modes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Which {
    /// ALL: `All("web")`.
    All {
        /// Group or set.
        group: String,
        /// In this zone only. Default: all.
        in_zone: Option<String>,
    },
    /// COUNT(n), at random: `AnyOf("web", 2)`.
    AnyOf {
        /// Group or set.
        group: String,
        /// How many. Default 1.
        count: Option<u32>,
        /// In this zone only. Default: all.
        in_zone: Option<String>,
    },
    /// PERCENT(n), at random, rounded up: `Share("web", "30%")`.
    Share {
        /// Group or set.
        group: String,
        /// How many.
        share: Share,
        /// In this zone only. Default: all.
        in_zone: Option<String>,
    },
    /// The n-th instance ever launched, from 0: `Instance("web", 2)`.
    Instance {
        /// Group or set.
        group: String,
        /// Which.
        number: u32,
    },
}

/// What a fault does. A `duration` left out lasts to the end of the run.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum FaultAction {
    /// FIS aws:ec2:terminate-instances.
    TerminateInstances {
        /// Which instances.
        which: Which,
    },
    /// FIS aws:ec2:stop-instances: started again after `duration`, unless replaced by then.
    StopInstances {
        /// Which instances.
        which: Which,
        /// How long.
        duration: Option<Dur>,
    },
    /// The process accepts and never answers.
    HangInstances {
        /// Which instances.
        which: Which,
        /// How long.
        duration: Option<Dur>,
    },
    /// Everything stands still, then goes on where it was.
    FreezeInstances {
        /// Which instances.
        which: Which,
        /// How long.
        duration: Option<Dur>,
    },
    /// CPU at this share of its speed.
    SlowInstances {
        /// Which instances.
        which: Which,
        /// Speed left, above 0.
        speed: Share,
        /// How long.
        duration: Option<Dur>,
    },
    /// FIS aws:ssm:send-command AWSFIS-Run-CPU-Stress: background load on all vCPUs.
    CpuStress {
        /// Which instances.
        which: Which,
        /// Share of all vCPUs taken.
        load: Share,
        /// How long.
        duration: Option<Dur>,
    },
    /// Requests of an endpoint that end in a 500: `EndpointErrors("web", "page", "20%", "10m")`.
    EndpointErrors {
        /// Service.
        service: String,
        /// Endpoint.
        endpoint: String,
        /// Share of its requests.
        share: Share,
        /// How long.
        duration: Option<Dur>,
    },
    /// FIS scenario "AZ Availability: Power Interruption": all in the zone is gone.
    ZonePowerLoss {
        /// Zone.
        zone: String,
        /// How long.
        duration: Option<Dur>,
    },
    /// FIS aws:network:disrupt-connectivity, scope all: nothing gets in or out.
    ZonePartition {
        /// Zone.
        zone: String,
        /// How long.
        duration: Option<Dur>,
    },
    /// Loss and delay on everything that enters or leaves the zone.
    ZoneGrey {
        /// Zone.
        zone: String,
        /// Share of transmissions lost. Default 0.
        loss: Option<Share>,
        /// Added to each one-way delay. Default 0.
        latency: Option<Dur>,
        /// How long.
        duration: Option<Dur>,
    },
    /// The primary's host fails.
    FailPrimary {
        /// Database.
        database: String,
    },
    /// The standby's host fails; a new one is built.
    FailStandby {
        /// Database.
        database: String,
    },
    /// FIS aws:rds:reboot-db-instances with forceFailover.
    RebootWithFailover {
        /// Database.
        database: String,
    },
    /// The NAT gateway drops everything.
    FailNat {
        /// NAT gateway.
        nat_gateway: String,
        /// How long.
        duration: Option<Dur>,
    },
    /// Launches of a group fail.
    FailLaunches {
        /// Auto Scaling group.
        group: String,
        /// Share of launches that fail. Default 100 %.
        share: Option<Share>,
        /// How long.
        duration: Option<Dur>,
    },
    /// FIS aws:ec2:asg-insufficient-instance-capacity-error: `InsufficientCapacity("use1-az1", "20m")`, or of some pools alone:
    /// `InsufficientCapacity(zone: "use1-az1", duration: "20m", instance_type: "m5.large", spot: true)`.
    InsufficientCapacity {
        /// Zone.
        zone: String,
        /// How long.
        duration: Option<Dur>,
        /// Of this instance type alone. Default: of all.
        instance_type: Option<String>,
        /// Spot capacity alone (true), or On-Demand capacity alone (false). Default: both.
        spot: Option<bool>,
    },
    /// FIS aws:ec2:send-spot-instance-interruptions: `InterruptSpot(Share("web", "50%"))`. A rebalance recommendation at once,
    /// the interruption notice two minutes before the end, and then EC2 takes the instances back. Of the instances, only
    /// Spot ones are struck.
    InterruptSpot {
        /// Which instances.
        which: Which,
        /// `durationBeforeInterruption`, 2 to 15 min. Default 2 min.
        duration_before_interruption: Option<Dur>,
    },
    /// Every metric is published later.
    DelayMetrics {
        /// By so much.
        by: Dur,
        /// How long.
        duration: Option<Dur>,
    },
    /// Nothing is published.
    LoseMetrics {
        /// How long.
        duration: Option<Dur>,
    },
    /// The host under instances fails: gone from the network at once, and for EC2 running until the system status check
    /// says otherwise. An instance of no group is recovered on another host; a group replaces its members.
    FailHost {
        /// Which instances.
        which: Which,
    },
    /// The system status check fails, and nothing else does.
    ImpairSystem {
        /// Which instances.
        which: Which,
        /// How long.
        duration: Option<Dur>,
    },
    /// Nothing gets in or out, as with a broken network configuration: the instance status check fails.
    CutOffInstances {
        /// Which instances.
        which: Which,
        /// How long.
        duration: Option<Dur>,
    },
    /// FIS aws:ebs:pause-volume-io: `Disk` steps wait until it is over, and the attached EBS status check fails.
    PauseVolumeIo {
        /// Which instances.
        which: Which,
        /// How long.
        duration: Option<Dur>,
    },
    /// The agents of configuration management send no keep-alives, and nothing else is wrong: see `auto_healing`.
    SilenceAgents {
        /// Which instances.
        which: Which,
        /// How long.
        duration: Option<Dur>,
    },
}
