//! The machine under an instance: memory, CPU credits, its volume, its status checks (scaling.md §4, §6.2, §6.4).

use sim_core::Duration;
use sim_core::dist::Dist;

/// What EC2 gives an instance besides vCPUs.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Memory in MiB; 0 where the type does not say.
    pub memory_mib: f64,
    /// CPU credits, of burstable types.
    pub credits: Option<Credits>,
    /// Its EBS volume, if some service uses one.
    pub volume: Option<Volume>,
    /// An impaired status check to the group's knowing of it, in seconds (scaling.md §1.4: "a few minutes"). U(180, 300).
    pub status_notice: Dist,
    /// MaintenanceOptions.AutoRecovery: whether an instance of no group is recovered when its host fails (rule M5). Default true.
    pub auto_recovery: bool,
    /// A failed system check to the recovery's beginning, in seconds. Not documented; U(60, 180), a modelling choice.
    pub recovery_delay: Dist,
    /// Configuration management that converges again and again; none: configured once, by the image or by user data.
    pub converge: Option<Converge>,
    /// Recoveries of one instance within 24 h, by EC2 itself or by alarms (rule M4: "limited attempts per day"). AWS's number
    /// is UNVERIFIED; 3.
    pub recoveries_per_day: u32,
    /// The application status check; none: EC2 does not look at the application.
    pub application_check: Option<ApplicationCheck>,
}

/// EC2's application status check (scaling.md §1.4): HTTP requests to the application from beside the instance.
#[derive(Clone, Debug, PartialEq)]
pub struct ApplicationCheck {
    /// Between two requests. 60 s.
    pub interval: Duration,
    /// Without an answer for so long, a request has failed. 6 s.
    pub timeout: Duration,
    /// Consecutive failures that make it impaired. 2.
    pub failures: u32,
    /// Consecutive answers that make it ok again. 2 (one copy of the documentation says 5).
    pub successes: u32,
    /// From the start of the operating system: failures do not count yet. 300 s.
    pub grace: Duration,
    /// CPU that answering takes, in seconds. A modelling choice; 1 ms.
    pub compute: Dist,
}

/// OpsWorks' auto-healing: a machine whose agent falls silent is stopped and started (scaling.md §7.2).
#[derive(Clone, Debug, PartialEq)]
pub struct AutoHealing {
    /// Without a keep-alive for so long, the machine has failed. About 5 min.
    pub after: Duration,
    /// What stopping it takes before it starts again, in seconds. A modelling choice; U(30, 90).
    pub stop: Dist,
}

/// Configuration management at work on a machine in service: Chef, Puppet, Ansible, OpsWorks (scaling.md §7.2).
#[derive(Clone, Debug, PartialEq)]
pub struct Converge {
    /// From the beginning of one run to that of the next; each machine has a phase of its own. `Duration::MAX`: never by the clock.
    pub every: Duration,
    /// Length of a run, in seconds.
    pub duration: Dist,
    /// CPU that a run takes, as a share of the machine's, 0 to 1.
    pub cpu: f64,
    /// Probability that a run fails at its end. The machine stays as it was.
    pub failure: f64,
    /// Whether all machines of the fleet run when one joins or leaves: the Configure event of OpsWorks.
    pub on_change: bool,
    /// What becomes of a machine whose agent falls silent; none: nobody looks.
    pub auto_healing: Option<AutoHealing>,
}

impl Default for Machine {
    /// Of a type that says nothing, with AWS's defaults.
    fn default() -> Self {
        Machine {
            memory_mib: 0.0,
            credits: None,
            volume: None,
            status_notice: Dist::Uniform { low: 180.0, high: 300.0 },
            auto_recovery: true,
            recovery_delay: Dist::Uniform { low: 60.0, high: 180.0 },
            converge: None,
            recoveries_per_day: 3,
            application_check: None,
        }
    }
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
    /// mem_used_percent of the CloudWatch agent: of the instance's memory, or of the limit where that is unknown.
    MemoryUsed,
    /// BurstBalance of the EBS volume, percent, each 60 s; gp2 volumes that can burst only.
    BurstBalance,
}

impl MachineMetric {
    /// CloudWatch's name.
    pub fn name(self) -> &'static str {
        match self {
            MachineMetric::CreditUsage => "CPUCreditUsage",
            MachineMetric::CreditBalance => "CPUCreditBalance",
            MachineMetric::SurplusCreditBalance => "CPUSurplusCreditBalance",
            MachineMetric::SurplusCreditsCharged => "CPUSurplusCreditsCharged",
            MachineMetric::MemoryUsed => "mem_used_percent",
            MachineMetric::BurstBalance => "BurstBalance",
        }
    }

    /// Its period: credits are reported each 300 s whatever the monitoring, an agent's metrics each 60 s.
    pub fn period(self) -> Duration {
        let each_minute = matches!(self, MachineMetric::MemoryUsed | MachineMetric::BurstBalance);
        Duration::from_secs(if each_minute { 60 } else { 300 })
    }

    /// Whether an agent on the instance sends it, as a custom metric.
    pub fn of_agent(self) -> bool {
        self == MachineMetric::MemoryUsed
    }
}

/// What the server process of a service takes of its instance's memory. All in MiB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    /// Of the process when it starts.
    pub base: f64,
    /// Of each request in flight, waiting or served.
    pub per_request: f64,
    /// That a request leaves behind.
    pub leak_per_request: f64,
    /// That is lost per hour, whatever it does.
    pub leak_per_hour: f64,
    /// What it may take. Default: 90 % of the instance's memory (a modelling choice: the rest is the system's).
    pub limit: f64,
    /// What becomes of it at the limit.
    pub at_limit: AtLimit,
    /// Killed to serving again. 10 s; a modelling choice.
    pub restart: Duration,
    /// Share of the limit beyond which pages are swapped. 1: never.
    pub swap_from: f64,
    /// Speed while pages are swapped, 0 to 1.
    pub swap_speed: f64,
}

/// What becomes of a process that needs more memory than there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtLimit {
    /// The out-of-memory killer ends it; its supervisor starts it again.
    Killed,
    /// The whole machine stands still until it is rebooted or replaced: its instance status check fails (rule M2).
    Hangs,
}

/// A status check of EC2 (rule M2), or the keep-alive of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusCheck {
    /// Host, power, network.
    System,
    /// Operating system: boot, kernel, memory, network settings.
    Instance,
    /// Whether its EBS volumes can be reached and complete I/O.
    AttachedEbs,
    /// Whether the application answers, where that is asked for.
    Application,
    /// No check of EC2's: whether the agent of configuration management sends its keep-alives.
    Agent,
}

impl StatusCheck {
    /// All, in the order of their codes.
    pub const ALL: [StatusCheck; 5] = [
        StatusCheck::System,
        StatusCheck::Instance,
        StatusCheck::AttachedEbs,
        StatusCheck::Application,
        StatusCheck::Agent,
    ];
    /// Those of EC2: what StatusCheckFailed is about.
    pub const EC2: [StatusCheck; 4] =
        [StatusCheck::System, StatusCheck::Instance, StatusCheck::AttachedEbs, StatusCheck::Application];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            StatusCheck::System => "system",
            StatusCheck::Instance => "instance",
            StatusCheck::AttachedEbs => "attached EBS",
            StatusCheck::Application => "application",
            StatusCheck::Agent => "agent",
        }
    }
}

/// An EBS volume (scaling.md §6.4).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Volume {
    /// Size in GiB.
    pub gib: f64,
    /// Operations per second: provisioned (gp3), or the baseline (gp2).
    pub iops: f64,
    /// Bytes per second.
    pub bytes_per_s: f64,
    /// Of a gp2 volume below 1000 GiB.
    pub burst: Option<Burst>,
    /// Of each step, its turn aside. "Single-digit milliseconds"; 0.7 ms, a modelling choice.
    pub latency: Duration,
    /// USD per month.
    pub month: f64,
}

/// The burst bucket of a gp2 volume.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// Operations per second while it lasts: 3000.
    pub iops: f64,
    /// What it holds, in operations: 5.4 million. Full at creation; fills at the baseline.
    pub bucket: f64,
}

/// Most bytes that count as one operation.
pub const DISK_OPERATION_BYTES: f64 = 262_144.0;
