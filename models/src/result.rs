//! What a run yields: plain data, read by the page, the files and the plots; nothing here can reach back into a world.
//!
//! `summary.json` is [`Summary`] as it stands, `timeline.jsonl` one [`TimelineEvent`] a line, `series.csv` the
//! [`Series`], `latency_map.csv` the [`LatencyMap`], `architecture.json` the [`Architecture`]. The shapes are versioned by [`Summary::schema`]; a field is added freely, and removed or renamed only
//! with a new version.

pub use crate::architecture::Architecture;
pub use crate::incident::{Link, LinkKind, Phase, PhaseKind};
pub use crate::latency_map::LatencyMap;
pub use crate::observe::{ConnectionFigures, EdgeFigures};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the shapes in this file.
pub const SCHEMA: u32 = 1;

/// All of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// The figures.
    pub summary: Summary,
    /// What happened, in order.
    pub timeline: Vec<TimelineEvent>,
    /// Figures over time.
    pub series: Series,
    /// How many requests were how slow, over time.
    #[serde(default)]
    pub latency_map: LatencyMap,
    /// What there was, for a diagram.
    #[serde(default)]
    pub architecture: Architecture,
}

/// The figures of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Version of this shape.
    pub schema: u32,
    /// Name of the scenario.
    pub scenario: String,
    /// What it shows.
    pub description: String,
    /// Seed of the run.
    pub seed: u64,
    /// Replication number, from 0.
    pub replication: u32,
    /// Version of `sim`.
    pub version: String,
    /// Digest over the ordered event record, 16 hex digits.
    pub digest: String,
    /// Simulated seconds.
    pub duration_s: f64,
    /// Seconds deleted at the start.
    pub warm_up_s: f64,
    /// Requests by fate.
    pub requests: Requests,
    /// Ended requests by outcome, zero counts left out; `ok` among them.
    pub outcomes: BTreeMap<String, u64>,
    /// Attempts by outcome (a request has several when it retries).
    pub attempts: BTreeMap<String, u64>,
    /// Succeeded over ended requests; 1 if none ended.
    pub availability: f64,
    /// Succeeded requests per second of observed time.
    pub goodput_per_s: f64,
    /// Latency of succeeded requests, from the first attempt's sending to the answer, retries and waits included.
    pub latency_ms: Latency,
    /// The same per endpoint, named `service.endpoint`.
    pub endpoints: BTreeMap<String, Traffic>,
    /// The same per client population.
    pub clients: BTreeMap<String, Traffic>,
    /// Time before first service, per service and store.
    pub queueing_ms: BTreeMap<String, Queueing>,
    /// Groups and fixed fleets.
    pub groups: BTreeMap<String, Group>,
    /// Load balancers.
    pub load_balancers: BTreeMap<String, BalancerFigures>,
    /// Changes of state of every alarm.
    pub alarms: BTreeMap<String, Vec<AlarmChange>>,
    /// What went wrong and how long it took to put right.
    pub incidents: Vec<Incident>,
    /// Stores.
    pub databases: BTreeMap<String, Database>,
    /// Sessions that were lost with their instance.
    pub sessions_lost: u64,
    /// Cost.
    pub cost_usd: Cost,
    /// What was required, and whether it held.
    pub expectations: Vec<ExpectationResult>,
    /// Cautions about the figures above.
    pub warnings: Vec<String>,
    /// About the run itself. Not part of the digest, and different each time.
    pub run: RunFigures,
}

/// Requests by fate. `offered = succeeded + failed + in_flight`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// Born in the observed time.
    pub offered: u64,
    /// Ended with an answer that counts as good.
    pub succeeded: u64,
    /// Ended in any other way.
    pub failed: u64,
    /// Not ended when the run was.
    pub in_flight: u64,
}

/// A latency distribution, in milliseconds. All zero if there was nothing to measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Latency {
    pub mean: f64,
    pub p50: f64,
    pub p90: f64,
    pub p95: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
}

/// The traffic of an endpoint or of a population.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// Requests by fate.
    pub requests: Requests,
    /// Ended requests by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Succeeded over ended.
    pub availability: f64,
    /// Of succeeded requests.
    pub latency_ms: Latency,
}

/// Waiting at a service's workers or a store's connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Queueing {
    /// Wait before first service, of those that were served, waiting or not. In JSON its figures stand beside the others.
    #[serde(flatten)]
    pub wait: Latency,
    /// Share of served requests that had to wait.
    pub probability_of_wait: f64,
    /// Busy vCPU time over vCPU time of the running instances (a store without vCPUs: connections).
    pub utilisation: f64,
    /// Workers (connections) occupied, on average, over those there were.
    pub occupancy: f64,
    /// Requests that began service.
    pub served: u64,
    /// Requests turned away because the backlog was full.
    pub refused: u64,
    /// Time-average number waiting, over all instances.
    pub mean_waiting: f64,
    /// Time-average number waiting or in service, over all instances.
    pub mean_present: f64,
}

/// An Auto Scaling group or a fixed fleet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Fewest in service at any time.
    pub min_in_service: u32,
    /// Most in service at any time.
    pub max_in_service: u32,
    /// Time average.
    pub mean_in_service: f64,
    /// At the end.
    pub final_in_service: u32,
    /// Launch activities begun after the start, successful or not.
    pub launches: u32,
    /// Launch activities that failed.
    pub failed_launches: u32,
    /// Terminations begun.
    pub terminations: u32,
    /// Of these, replacements of instances found unhealthy or lost.
    pub replacements: u32,
    /// Instances put into standby.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub standby: u32,
    /// Waits of instances for lifecycle hooks.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hook_waits: u32,
    /// Launches that a lifecycle hook gave up.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hooks_abandoned: u32,
    /// Seconds that instances waited for lifecycle hooks, together.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub hook_wait_s: f64,
    /// Hours of running instances.
    pub instance_hours: f64,
    /// Its warm pool; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_pool: Option<PoolFigures>,
    /// Instance refreshes; absent if there were none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refreshes: Vec<RefreshFigures>,
    /// EBS volumes, if the launch template has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volumes: Option<VolumeFigures>,
    /// Memory of the server process, if the scenario says what it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryFigures>,
    /// CPU credits, of a burstable type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits: Option<CreditFigures>,
    /// Under a mixed instances policy, per instance type and purchase option: `m5.large spot`, `m5.large on_demand`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bought: BTreeMap<String, Bought>,
}

/// What a group had of an instance type in one purchase option.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bought {
    /// Launch activities begun after the start that asked for it first or got it.
    pub launches: u32,
    /// Of these, those that got nothing.
    pub failed_launches: u32,
    /// Spot interruption notices.
    pub interruptions: u32,
    /// Hours of running instances.
    pub instance_hours: f64,
    /// What these were billed, USD.
    pub cost_usd: f64,
}

/// The warm pool of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PoolFigures {
    /// Instances in it, whatever their state there: time average.
    pub mean_size: f64,
    /// At the end.
    pub final_size: u32,
    /// Of these, ready to be taken.
    pub final_warmed: u32,
    /// Launches into it after the start.
    pub launches: u32,
    /// Launches of the group that came from it.
    pub taken: u32,
    /// Launches of the group that found nobody ready in it, and were cold ones.
    pub cold: u32,
    /// Instances put back into it by scale-in.
    pub returned: u32,
    /// Hours that instances ran in it, as billed: all for `Running`, until they stop for the others.
    pub billed_instance_hours: f64,
}

/// An instance refresh.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RefreshFigures {
    /// The launch template wanted.
    pub launch_template: String,
    /// When it was started.
    pub started_s: f64,
    /// When it ended; absent if it had not.
    pub ended_s: Option<f64>,
    /// As AWS spells it: `InProgress`, `Baking`, `Successful`, `Failed`, `Cancelled`, `RollbackInProgress`,
    /// `RollbackSuccessful`, `RollbackFailed`.
    pub status: String,
    /// `PercentageComplete`; of the way back for one that is rolled back.
    pub percentage_complete: u32,
    /// Instances replaced.
    pub replaced: u32,
    /// Instances to replace.
    pub instances: u32,
    /// Why it failed, was rolled back or cancelled; empty otherwise.
    pub why: String,
}

/// The EBS volumes of a fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VolumeFigures {
    /// Operations served, those above 256 KiB counted as several.
    pub operations: f64,
    /// Seconds of work, over all volumes.
    pub busy_s: f64,
    /// Least that was left in the burst bucket of any, percent; none where no volume has one.
    pub least_burst_percent: Option<f64>,
}

/// The memory of the server processes of a fleet, in MiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MemoryFigures {
    /// Times a process needed more than its limit.
    pub oom_kills: u32,
    /// Requests in flight that were lost by it.
    pub requests_lost: u64,
    /// Most that any process used.
    pub peak_mib: f64,
    /// Used at the end, on average per instance.
    pub final_mib: f64,
    /// What one may use.
    pub limit_mib: f64,
}

/// What the CPU credits of a burstable fleet have come to. One credit is a vCPU at 100 % for a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CreditFigures {
    /// Spent, by all instances there ever were.
    pub spent: f64,
    /// Left at the end, on average per instance.
    pub balance: f64,
    /// Surplus credits owed at the end, in all: not yet charged, for a day of earning may still pay them back.
    pub surplus: f64,
    /// Surplus credits charged, in all.
    pub charged: f64,
    /// Times an instance ran out of credits and was held at its baseline.
    pub exhausted: u32,
    /// Instance-seconds below full speed for want of credits.
    pub limited_s: f64,
}

/// Figures of what was not used are left out of the files.
fn is_zero(count: &u32) -> bool {
    *count == 0
}

fn is_nothing(figure: &f64) -> bool {
    *figure == 0.0
}

fn is_false(said: &bool) -> bool {
    !said
}

/// A load balancer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BalancerFigures {
    /// Requests for which a target was chosen.
    pub requests: u64,
    /// 5xx made by the balancer itself.
    pub elb_5xx: u64,
    /// 5xx made by targets.
    pub target_5xx: u64,
    /// Requests routed while failing open.
    pub fail_open: u64,
    /// Seconds during which some node had no healthy target.
    pub no_healthy_target_s: f64,
    /// LCU-hours billed.
    pub lcu_hours: f64,
    /// 460: clients that closed their connection before there was an answer. This and what follows is left out if zero.
    #[serde(default, skip_serializing_if = "never")]
    pub elb_460: u64,
    /// Other 4xx of its own making.
    #[serde(default, skip_serializing_if = "never")]
    pub elb_4xx: u64,
    /// Redirects.
    #[serde(default, skip_serializing_if = "never")]
    pub redirects: u64,
    /// Requests turned away beyond its capacity.
    #[serde(default, skip_serializing_if = "never")]
    pub rejected: u64,
    /// Requests of sessions whose cookie was missing, too old, or named a target that could not be used.
    #[serde(default, skip_serializing_if = "never")]
    pub not_sticky: u64,
    /// The dimension of the capacity units that most of them come from; none where nothing is billed by use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billed_by: Option<Dimension>,
    /// Application Load Balancers: connections. The figures that are zero are left out.
    #[serde(flatten)]
    pub connections: ConnectionFigures,
    /// Network and Classic Load Balancers: what they count beyond that. The figures that are zero are left out.
    #[serde(flatten)]
    pub edge: EdgeFigures,
}

/// A dimension of capacity units. The largest of an hour is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// New connections, or flows.
    NewConnections,
    /// Active connections, or flows.
    ActiveConnections,
    /// Bytes.
    ProcessedBytes,
    /// Rules evaluated.
    RuleEvaluations,
    /// What was reserved.
    Reservation,
}

impl Dimension {
    /// All, in the order in which they are reckoned.
    pub const ALL: [Dimension; 5] = [
        Dimension::NewConnections,
        Dimension::ActiveConnections,
        Dimension::ProcessedBytes,
        Dimension::RuleEvaluations,
        Dimension::Reservation,
    ];
}

/// Whether a thing never happened, and its count is left out.
fn never(count: &u64) -> bool {
    *count == 0
}

/// One change of an alarm's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmChange {
    /// When.
    pub t_s: f64,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub from: String,
    /// The same.
    pub to: String,
}

/// A fault or a degradation that users felt, and the chain that ended it. Times are seconds since the start of the run;
/// absent if that link never came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// What broke, as written in the scenario; `degradation` if users felt something that no fault explains.
    pub fault: String,
    /// What it struck, such as `use1-az1`, `orders`, `web/3`.
    pub subject: String,
    /// Id of the timeline event that opened it.
    pub event: u32,
    /// When it struck.
    pub t_s: f64,
    /// The system knew: first failed check that changed a verdict, first alarm, first notice.
    pub detected_s: Option<f64>,
    /// The system had decided: a replacement, a failover, a change of capacity.
    pub decided_s: Option<f64>,
    /// The system had done it: instance in service, standby promoted.
    pub acted_s: Option<f64>,
    /// Users were served again (if they had noticed), and the thing that broke serves again or has been replaced.
    pub restored_s: Option<f64>,
    /// Full strength again: desired capacity healthy, standby in sync, zone back.
    pub redundancy_restored_s: Option<f64>,
    /// Requests that failed between its start and its restoration.
    pub failed_requests: u64,
    /// The reaction chain: what had to happen, one after the other, until users were back and strength was full. In the
    /// order of their ends; each that is not `beside` begins where the one before it ended, the first at `t_s`. Of several chains at once (several replaced instances) it
    /// is the one that users had to wait for; if they did not, the one that full strength had to wait for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// The links summed up by what they are part of, in the order of `PhaseKind`; those without links left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<Phase>,
    /// Other chains that came of it and ended with something in service; not in `links`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub other_chains: u32,
}

/// A store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Database {
    /// Completed failovers.
    pub failovers: u32,
    /// Seconds during which no write could commit, for want of a primary.
    pub unavailable_s: f64,
    /// The longest single such time.
    pub longest_outage_s: f64,
    /// Writes acknowledged.
    pub committed_writes: u64,
    /// Acknowledged writes that are gone.
    pub lost_writes: u64,
    /// Queries that failed.
    pub failed_queries: u64,
    /// Zone of the primary at the end.
    pub primary_zone: String,
}

/// Cost in USD, on demand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Sum of the parts.
    pub total: f64,
    /// `instances.web`, `load_balancer.www`, `nat`, `database.orders`, `cross_zone_data`, …
    pub by_part: BTreeMap<String, f64>,
    /// Total over simulated hours.
    pub per_hour: f64,
}

/// An expectation, and whether it held.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExpectationResult {
    /// As written.
    pub text: String,
    /// Whether it held.
    pub held: bool,
    /// The value found; `null` in JSON if it is not finite (never happened).
    pub value: Option<f64>,
    /// Unit of the value.
    #[serde(default, skip_serializing_if = "Unit::is_number")]
    pub unit: Unit,
    /// Of which runs it is required.
    #[serde(default, skip_serializing_if = "Over::is_each")]
    pub over: Over,
    /// When it was first broken, if it is about the course of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breach: Option<Breach>,
    /// What else is to be known, such as that there was nothing to judge; empty mostly.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Unit of a figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Unit {
    #[default]
    Number,
    Share,
    Ms,
    S,
    PerS,
    Usd,
}

impl Unit {
    /// Whether it is a plain number.
    pub fn is_number(&self) -> bool {
        *self == Unit::Number
    }
}

/// Of which runs something is required.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// Of every one.
    #[default]
    Each,
    /// Of at least this share of all runs there could be, which is to be proven at a confidence.
    InRuns {
        /// Share, 0 to 1.
        share: f64,
        /// Confidence, 0 to 1.
        confidence: f64,
    },
    /// Of the mean over all runs there could be: these are its limits, to be proven at a confidence.
    Mean {
        /// Smallest value that holds, if any.
        at_least: Option<f64>,
        /// Largest value that holds, if any.
        at_most: Option<f64>,
        /// Confidence, 0 to 1.
        confidence: f64,
    },
}

impl Over {
    /// Whether it is required of every run.
    pub fn is_each(&self) -> bool {
        *self == Over::Each
    }
}

/// In what way a rule about the course of a run was broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreachKind {
    /// What may not be, or not for so long, was.
    #[default]
    Lasted,
    /// What was to be at some time never was.
    Missed,
    /// What was to be back was not, when it was due.
    Late,
    /// It was back in time, and did not stay for as long as it should.
    Relapsed,
    /// A level turned too often.
    Turned,
}

/// A moment from which a rule counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Struck {
    /// What it was; empty for a mere time.
    pub what: String,
    /// When, in seconds since the start.
    pub t_s: f64,
}

/// The first time at which a rule about the course of a run was broken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Breach {
    /// In what way.
    pub kind: BreachKind,
    /// From here, in seconds since the start.
    pub from_s: f64,
    /// Until here.
    pub until_s: f64,
    /// It was so still when the run, or the time that is judged, ended.
    #[serde(default, skip_serializing_if = "is_false")]
    pub at_end: bool,
    /// What it is counted from, if from anything, such as `FailPrimary("orders")`, and since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Struck>,
    /// How often it was broken, this time included.
    pub times: u32,
}

/// About the run itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunFigures {
    /// Events handled.
    pub events: u64,
    /// Requests ended per second of wall time.
    pub requests_per_wall_s: f64,
    /// Wall time of the simulation.
    pub wall_s: f64,
    /// Peak resident memory of the process, MiB; 0 where unknown.
    pub peak_rss_mb: f64,
}

/// Something the control plane, a fault or the run itself did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimelineEvent {
    /// Ascending from 1, in order of time.
    pub id: u32,
    /// When.
    pub t_s: f64,
    /// What sort of thing.
    pub kind: EventKind,
    /// To whom: `web`, `web/i-3`, `www`, `cpu-high`, `use1-az1`.
    pub subject: String,
    /// In words, with the numbers.
    pub detail: String,
    /// Id of what caused it.
    pub cause: Option<u32>,
    /// When what it tells of began, where that was before: of a target's verdict the first failed (or passing) check of the
    /// row, of an alarm the end of the first period beyond its threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_s: Option<f64>,
    /// Of an alarm: when the datapoint of that period could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_s: Option<f64>,
    /// How often it came: a decision refused again each minute is one entry.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub times: u32,
    /// When it came last, if more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_s: Option<f64>,
}

fn once() -> u32 {
    1
}

fn is_once(times: &u32) -> bool {
    *times == 1
}

/// Kinds of timeline events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum EventKind {
    // The run.
    RunStarted,
    RunEnded,
    // Environment.
    FaultStarted,
    FaultEnded,
    // Calls of the API.
    OperationCalled,
    OperationRefused,
    // Instances.
    LaunchStarted,
    LaunchFailed,
    InstanceRunning,
    InstanceBooted,
    BootstrapDone,
    BootstrapFailed,
    SmokeTestPassed,
    SmokeTestFailed,
    InstanceInService,
    InstanceLost,
    InstanceTerminating,
    InstanceTerminated,
    InstanceMarkedUnhealthy,
    // Balancer.
    TargetRegistered,
    TargetHealthy,
    TargetUnhealthy,
    TargetDraining,
    TargetDeregistered,
    FailOpen,
    FailOpenEnded,
    NodeOutOfDns,
    NodeBackInDns,
    SlowStartBegan,
    SlowStartEnded,
    TargetAnomalous,
    TargetNormal,
    MitigationBegan,
    MitigationEnded,
    BalancerOverloaded,
    // CloudWatch and groups.
    AlarmState,
    AlarmActions,
    PolicyInvoked,
    PolicyIgnored,
    DesiredCapacityChanged,
    CooldownStarted,
    ReplacementStarted,
    RebalanceStarted,
    ScheduledAction,
    ForecastMade,
    // Stores.
    PrimaryFailed,
    FailoverStarted,
    StandbyPromoted,
    FailoverCompleted,
    StandbyFailed,
    StandbyInSync,
    StoreRecovered,
    // The life of an instance in its group.
    HookStarted,
    HookCompleted,
    HookTimedOut,
    StandbyEntered,
    StandbyLeft,
    InstanceDetached,
    InstanceAttached,
    InstanceMarkedHealthy,
    ProtectionChanged,
    ScaleInBlocked,
    ProcessesSuspended,
    ProcessesResumed,
    ZonalShiftStarted,
    ZonalShiftEnded,
    // Machines.
    CreditsLow,
    CreditsExhausted,
    CreditsRestored,
    OutOfMemory,
    ProcessRestarted,
    InstanceRebooted,
    InstanceRecovered,
    StatusImpaired,
    StatusOk,
    // Warm pools and instance refreshes.
    WarmPoolLaunch,
    InstanceWarmed,
    WarmPoolReturn,
    RefreshStarted,
    RefreshBatch,
    RefreshCheckpoint,
    RefreshWaiting,
    RefreshBaking,
    RefreshRollback,
    RefreshSucceeded,
    RefreshFailed,
    RefreshCancelled,
    // Users.
    DegradationStarted,
    DegradationEnded,
    // Spot.
    SpotRebalanceRecommended,
    SpotInterruptionNotice,
    // Network Load Balancers.
    ConnectionsReset,
    // Classic Load Balancers.
    SurgeQueueFull,
    SurgeQueueEmpty,
    // Configuration management.
    ConvergeFailed,
    // Machines that stay as they are.
    RecoveryRefused,
    // Custom termination policies.
    TerminationAsked,
    TerminationRefused,
    // Decisions that were considered and not taken: an alarm short of its datapoints, a replacement that has to wait.
    HeldBack,
}

/// Figures over time: one row per interval, one column per figure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Width of a row in seconds. Row `i` covers `[i, i + 1) × interval_s`.
    pub interval_s: f64,
    /// Columns, all of the same length.
    pub columns: Vec<Column>,
}

/// One figure over time.
///
/// Names are dotted: `offered_per_s`, `succeeded_per_s`, `failed_per_s`, `failed_per_s.<outcome>`, `latency_ms.p50`
/// (`.p95`, `.p99`, `.mean`), `in_flight`, `group.<g>.desired` (`.in_service`: able to serve, `.pending`, `.booting`,
/// `.unhealthy`, `.terminating`: each instance in one of them; `.forecast`: of predictive scaling), `cpu_percent.<g>`,
/// `cpu_credits.<g>` (mean balance of burstable instances), `memory_mib.<g>` (mean over the server processes), `waiting.<service>`, `targets.<tg>.<zone>.healthy` (`.registered`),
/// `routed_per_s.<lb>`, `started_per_s.<service>`, `queries_per_s.<d>`, `offered_per_s.<population>` (of several),
/// `zone_cpu_percent.<g>.<zone>`, `surge_queue.<lb>` (longest of a Classic Load Balancer's nodes), `active_flows.<lb>` (Network),
/// `database.<d>.available` (1 or 0), `database.<d>.primary_zone` (index of the zone), `database.<d>.standby`
/// (1 in sync, 0 not), `database.<d>.connections`, `alarm.<a>.state` (0 OK, 1 ALARM, −1 insufficient),
/// `alarm.<a>.value` (the newest datapoint it saw), `alarm.<a>.threshold` (of an anomaly band `.lower` and `.upper`),
/// `metric.<m>` (a metric of the scenario's own in its last base period), `cost_usd` (cumulated), `cost_usd_per_h`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// See above.
    pub name: String,
    /// `1/s`, `ms`, `1`, `%`, `USD`, …
    pub unit: String,
    /// One value per row; NaN where there is none (an empty field in CSV).
    pub values: Vec<f64>,
}

impl Series {
    /// The column of that name.
    pub fn get(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Columns whose name starts with `prefix`, with the rest of the name.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a Column)> {
        self.columns.iter().filter_map(move |column| Some((column.name.strip_prefix(prefix)?, column)))
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }
}
