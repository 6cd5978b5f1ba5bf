//! The machine under an instance: memory, CPU credits, its volume, its status checks (scaling.md §4, §6.2, §6.4).

use super::FleetId;
use sim_core::Duration;

/// What EC2 gives an instance besides vCPUs.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// Memory in MiB; 0 where the type does not say.
    pub memory_mib: f64,
    /// CPU credits, of burstable types.
    pub credits: Option<Credits>,
}

/// CPU credits of a burstable type: one is a vCPU at 100 % for a minute (scaling.md §6.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Credits {
    /// Baseline of one vCPU, 0 to 1. Of the type: 0.05 to 0.4.
    pub baseline: f64,
    /// Whether surplus credits may be spent (rule B2). Default: T2 no, T3, T3a and T4g yes.
    pub unlimited: bool,
    /// Launch credits of each start (rule B4). T2: 30 per vCPU; later families: none.
    pub launch: f64,
    /// Whether a stopped instance keeps its balance, for seven days (rule B5). T2 no, later families yes.
    pub survives_stop: bool,
    /// Earned credits of an instance that is there from the start of the run. Default: as of a fresh one, 0.
    pub initial: f64,
    /// USD per vCPU-hour of surplus (rule B6). 0.05 (Linux); T4g 0.04, UNVERIFIED.
    pub surplus_price: f64,
    /// How long a busy instance takes from full speed down to its baseline as its credits run out (rule B3). AWS says
    /// "gradually, over a 15-minute interval"; the law is a modelling choice. Zero: at once, when the balance is zero.
    pub slide: Duration,
    /// Credits at which an instance at its baseline may exceed it again. A modelling choice; 0.1.
    pub resume: f64,
}

impl Credits {
    /// Hours of earning that the balance holds.
    pub const CAP_HOURS: f64 = 24.0;

    /// Credits earned per hour by `vcpus`.
    pub fn per_hour(&self, vcpus: u32) -> f64 {
        self.baseline * f64::from(vcpus) * 60.0
    }
}

/// Metrics of single instances, each averaged over those of a fleet (scaling.md §4, B8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineMetric {
    /// CPUCreditUsage: credits spent in 300 s.
    CreditUsage,
    /// CPUCreditBalance: credits earned and not spent, each 300 s.
    CreditBalance,
    /// CPUSurplusCreditBalance: credits spent and not earned, each 300 s; unlimited only.
    SurplusCreditBalance,
    /// CPUSurplusCreditsCharged: in 300 s, credits that are charged for; unlimited only.
    SurplusCreditsCharged,
}

impl MachineMetric {
    /// CloudWatch's name.
    pub fn name(self) -> &'static str {
        match self {
            MachineMetric::CreditUsage => "CPUCreditUsage",
            MachineMetric::CreditBalance => "CPUCreditBalance",
            MachineMetric::SurplusCreditBalance => "CPUSurplusCreditBalance",
            MachineMetric::SurplusCreditsCharged => "CPUSurplusCreditsCharged",
        }
    }

    /// Its period: credits are reported each 300 s whatever the monitoring.
    pub fn period(self) -> Duration {
        Duration::from_secs(300)
    }

    /// The metric of this fleet.
    pub fn of(self, fleet: FleetId) -> super::Metric {
        super::Metric::Machine(fleet, self)
    }
}
