//! The machine under an instance: CPU credits, memory, volume (scaling.md §4, §6).

use super::Dist;
use crate::units::{Dur, Money, Share, Size};
use schemars::JsonSchema;
use serde::Deserialize;

/// CPU credits of a burstable type (T2, T3, T3a, T4g; scaling.md §6.2).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditSpecification {
    /// `CpuCredits`: whether more may be spent than was earned, for money. Default Standard for T2, Unlimited for the later
    /// families.
    pub cpu_credits: Option<CpuCredits>,
    /// Earned credits of each instance that is there from the start of the run, 0 to a day's earning. Default 0, as of an
    /// instance just launched.
    pub initial_credits: Option<f64>,
    /// From full speed down to the baseline, for a busy instance whose credits run out. Default 15 min, as AWS says; how the
    /// speed falls meanwhile is a modelling choice. 0: at once, when none is left.
    pub slide: Option<Dur>,
    /// Credits at which an instance at its baseline may exceed it again, 0.01 to 1000. Default 0.1 (a modelling choice).
    pub resume: Option<f64>,
    /// Baseline of one vCPU. Default: the type's.
    pub baseline: Option<Share>,
    /// USD per vCPU-hour of surplus credits. Default 0.05, for T4g 0.04 (the latter unverified); Windows has 0.096.
    pub surplus_price: Option<Money>,
}

/// `CpuCredits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum CpuCredits {
    /// Down to the baseline when credits run out.
    Standard,
    /// On, with surplus credits: paid back by idling, or charged.
    Unlimited,
}

/// What the server process takes of its instance's memory. Memory is no metric of EC2: an agent sends `MemoryUsed`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Of the process when it starts.
    pub base: Size,
    /// Of each request in flight, waiting or served. Default 0.
    pub per_request: Option<Size>,
    /// That each request leaves behind. Default 0.
    pub leak_per_request: Option<Size>,
    /// That is lost per hour, whatever it does. Default 0.
    pub leak_per_hour: Option<Size>,
    /// What it may take. Default: 90 % of the instance's memory (a modelling choice: the rest is the system's).
    pub limit: Option<Size>,
    /// What becomes of it at the limit. Default Killed.
    pub at_limit: Option<AtLimit>,
    /// Killed to serving again, 0 to 1 h. Default 10 s (a modelling choice: a supervisor restarts it).
    pub restart: Option<Dur>,
    /// Share of the limit beyond which pages are swapped. Default 100 %: never.
    pub swap_from: Option<Share>,
    /// Speed of its CPUs meanwhile, above 0. Default 50 % (a modelling choice).
    pub swap_speed: Option<Share>,
}

/// What becomes of a process that needs more memory than there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum AtLimit {
    /// The out-of-memory killer ends it, and a supervisor starts it again.
    Killed,
    /// The machine stands still until somebody reboots or replaces it: its instance status check fails.
    Hangs,
}

/// The EBS volume of an instance (scaling.md §6.4), for `Disk` steps.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Volume {
    /// gp3: IOPS and throughput as provisioned.
    Gp3 {
        /// 1 GiB to 64 TiB.
        size: Size,
        /// Operations per second, 3000 to 80,000 and at most 500 per GiB above 3000. Default 3000.
        iops: Option<f64>,
        /// Bytes per second, 125 MiB to 2000 MiB and at most 0.25 MiB per operation. Default `"125MiB"`.
        throughput: Option<Size>,
        /// Of each step, its turn aside, 0 to 1 s. Default 0.7 ms (a modelling choice: "single-digit milliseconds").
        latency: Option<Dur>,
        /// USD per GiB-month. Default 0.08; operations above 3000 and throughput above 125 MiB/s are not billed.
        price: Option<Money>,
    },
    /// gp2: three operations per second and GiB; one below 1000 GiB bursts to 3000 while its bucket lasts.
    Gp2 {
        /// 1 GiB to 16 TiB.
        size: Size,
        /// Of each step, its turn aside, 0 to 1 s. Default 0.7 ms (a modelling choice: "single-digit milliseconds").
        latency: Option<Dur>,
        /// USD per GiB-month. Default 0.10.
        price: Option<Money>,
    },
}

/// Configuration management on machines in service: Chef, Puppet, Ansible, OpsWorks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Converge {
    /// From the beginning of one run to that of the next, at least 60 s; each machine has a phase of its own. Default 30 min, as
    /// Chef and Puppet have it. `"0s"`: never by the clock.
    pub every: Option<Dur>,
    /// Length of a run. Default Lognormal(median: "30s", p95: "90s") (a modelling choice).
    pub duration: Option<Dist>,
    /// CPU that a run takes, of all the machine has. Default 20 % (a modelling choice).
    pub cpu: Option<Share>,
    /// Share of runs that fail; the machine stays as it was. Default 0.
    pub failure: Option<Share>,
    /// Whether all machines of the group or set run when one joins or leaves: the Configure event of OpsWorks. Default false.
    pub on_change: Option<bool>,
    /// OpsWorks' auto-healing: a machine whose agent sends no keep-alive is stopped and started. Default: none; the layers of
    /// OpsWorks have it, `auto_healing: ()`. Not for Auto Scaling groups, which replace.
    pub auto_healing: Option<AutoHealing>,
}

/// OpsWorks' auto-healing. It looks at the agent alone, not at the application.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AutoHealing {
    /// Without a keep-alive for so long, the machine has failed; 1 min to a day. Default 5 min.
    pub after: Option<Dur>,
    /// What stopping it takes before it starts again. Default Uniform(low: "30s", high: "90s") (a modelling choice).
    pub stop: Option<Dist>,
}

/// EC2's application status check (scaling.md §1.4).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicationStatusCheck {
    /// Between two requests, 5 s to 1 h. Default 60 s.
    pub interval: Option<Dur>,
    /// Without an answer for so long a request has failed, less than the interval. Default 6 s.
    pub timeout: Option<Dur>,
    /// Consecutive failures that make it impaired, 1 to 100. Default 2.
    pub failures: Option<u32>,
    /// Consecutive answers that make it ok again, 1 to 100. Default 2 (one copy of AWS's documentation says 5).
    pub successes: Option<u32>,
    /// From the start of the operating system: failures do not count yet, 0 to a day. Default 300 s.
    pub grace_period: Option<Dur>,
    /// CPU that answering takes. Default 1 ms (a modelling choice).
    pub compute: Option<Dist>,
}
