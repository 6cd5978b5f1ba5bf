//! Metrics of CloudWatch: what can be watched, and the scenario's own (scaling.md §1.14, §4, §5.1; network.md §3.13).

use super::{Named, Profile};
use crate::units::Dur;
use schemars::JsonSchema;
use serde::Deserialize;

/// What can be watched.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Metric {
    /// CPUUtilization averaged over the instances, percent.
    Cpu {
        /// Auto Scaling group or set of instances.
        group: String,
        /// Of its n-th instance ever launched alone, from 0.
        instance: Option<u16>,
    },
    /// GroupInServiceInstances.
    InServiceInstances {
        /// Auto Scaling group.
        group: String,
    },
    /// GroupDesiredCapacity.
    DesiredCapacity {
        /// Auto Scaling group.
        group: String,
    },
    /// RequestCount: requests for which a target was chosen. Absent without traffic.
    RequestCount {
        /// Load balancer.
        load_balancer: String,
    },
    /// HTTPCode_ELB_5XX_Count. Absent when zero.
    Elb5xx {
        /// Load balancer.
        load_balancer: String,
    },
    /// RequestCountPerTarget, per minute.
    RequestCountPerTarget {
        /// Target group.
        target_group: String,
    },
    /// TargetResponseTime, seconds. Absent without traffic.
    TargetResponseTime {
        /// Target group.
        target_group: String,
    },
    /// HTTPCode_Target_5XX_Count. Absent when zero.
    Target5xx {
        /// Target group.
        target_group: String,
    },
    /// HealthyHostCount: one sample per zone's node.
    HealthyHostCount {
        /// Target group.
        target_group: String,
    },
    /// UnHealthyHostCount: one sample per zone's node. Its Minimum is what all nodes agree on.
    UnHealthyHostCount {
        /// Target group.
        target_group: String,
    },
    /// Requests waiting for a worker, averaged over the service's instances; a custom metric.
    QueueDepth {
        /// Service.
        service: String,
    },
    /// DatabaseConnections.
    DatabaseConnections {
        /// Database.
        database: String,
    },
    /// CPUUtilization of a database with `vcpus`, percent.
    DatabaseCpu {
        /// Database.
        database: String,
    },
    /// CPUCreditUsage of burstable instances, on average: credits spent in 300 s.
    CpuCreditUsage {
        /// Auto Scaling group or set of instances.
        group: String,
    },
    /// CPUCreditBalance of burstable instances, on average, each 300 s.
    CpuCreditBalance {
        /// Auto Scaling group or set of instances.
        group: String,
    },
    /// CPUSurplusCreditBalance of unlimited instances, on average, each 300 s.
    CpuSurplusCreditBalance {
        /// Auto Scaling group or set of instances.
        group: String,
    },
    /// CPUSurplusCreditsCharged of unlimited instances, on average: credits charged in 300 s.
    CpuSurplusCreditsCharged {
        /// Auto Scaling group or set of instances.
        group: String,
    },
    /// mem_used_percent of the CloudWatch agent, percent of the instance's memory, each 60 s. The service needs `memory`.
    MemoryUsed {
        /// Auto Scaling group or set of instances.
        group: String,
    },
    /// BurstBalance of the instances' gp2 volumes, percent, on average, each 60 s.
    BurstBalance {
        /// Auto Scaling group or set of instances.
        group: String,
    },
    /// NetworkIn averaged over the instances: bytes received in 300 s (Basic monitoring) or 60 s (Detailed). Of requests by the
    /// `request_size` of who asks, of the answers to queries and calls.
    NetworkIn {
        /// Auto Scaling group or set of instances.
        group: String,
        /// Of its n-th instance ever launched alone, from 0.
        instance: Option<u16>,
    },
    /// NetworkOut averaged over the instances: bytes sent in 300 s or 60 s. Of answers by the `response_size` of who asks, of
    /// writes and calls.
    NetworkOut {
        /// Auto Scaling group or set of instances.
        group: String,
        /// Of its n-th instance ever launched alone, from 0.
        instance: Option<u16>,
    },
    /// A metric of the scenario's own, from `metrics`.
    Custom {
        /// Its name.
        name: String,
    },
    /// GroupMinSize.
    GroupMinSize {
        /// Auto Scaling group.
        group: String,
    },
    /// GroupMaxSize.
    GroupMaxSize {
        /// Auto Scaling group.
        group: String,
    },
    /// GroupPendingInstances. Those that a launch hook holds are not among them.
    GroupPendingInstances {
        /// Auto Scaling group.
        group: String,
    },
    /// GroupStandbyInstances.
    GroupStandbyInstances {
        /// Auto Scaling group.
        group: String,
    },
    /// GroupTerminatingInstances.
    GroupTerminatingInstances {
        /// Auto Scaling group.
        group: String,
    },
    /// WarmPoolMinSize. Absent without a warm pool.
    WarmPoolMinSize {
        /// Auto Scaling group.
        group: String,
    },
    /// WarmPoolDesiredCapacity. Absent without a warm pool.
    WarmPoolDesiredCapacity {
        /// Auto Scaling group.
        group: String,
    },
    /// WarmPoolPendingCapacity. Absent without a warm pool.
    WarmPoolPendingCapacity {
        /// Auto Scaling group.
        group: String,
    },
    /// WarmPoolTerminatingCapacity. Absent without a warm pool.
    WarmPoolTerminatingCapacity {
        /// Auto Scaling group.
        group: String,
    },
    /// WarmPoolWarmedCapacity. Absent without a warm pool.
    WarmPoolWarmedCapacity {
        /// Auto Scaling group.
        group: String,
    },
    /// WarmPoolTotalCapacity. Absent without a warm pool.
    WarmPoolTotalCapacity {
        /// Auto Scaling group.
        group: String,
    },
    /// GroupAndWarmPoolDesiredCapacity. Absent without a warm pool.
    GroupAndWarmPoolDesiredCapacity {
        /// Auto Scaling group.
        group: String,
    },
    /// GroupAndWarmPoolTotalCapacity. Absent without a warm pool.
    GroupAndWarmPoolTotalCapacity {
        /// Auto Scaling group.
        group: String,
    },
    /// GroupTotalInstances: in service, pending and terminating.
    GroupTotalInstances {
        /// Auto Scaling group.
        group: String,
    },
    /// HTTPCode_ELB_502_Count. Absent when zero.
    #[serde(rename = "HTTPCode_ELB_502_Count")]
    HttpCodeElb502Count {
        /// Load balancer.
        load_balancer: String,
    },
    /// HTTPCode_ELB_503_Count. Absent when zero.
    #[serde(rename = "HTTPCode_ELB_503_Count")]
    HttpCodeElb503Count {
        /// Load balancer.
        load_balancer: String,
    },
    /// HTTPCode_ELB_504_Count. Absent when zero.
    #[serde(rename = "HTTPCode_ELB_504_Count")]
    HttpCodeElb504Count {
        /// Load balancer.
        load_balancer: String,
    },
    /// HTTPCode_Target_5XX_Count over all target groups of a load balancer. Absent when zero.
    LoadBalancerTarget5xx {
        /// Load balancer.
        load_balancer: String,
    },
    /// ProcessedBytes. Absent without traffic.
    ProcessedBytes {
        /// Load balancer.
        load_balancer: String,
    },
    /// ConsumedLCUs, at the rate of the minute. Absent without traffic.
    #[serde(rename = "ConsumedLCUs")]
    ConsumedLcus {
        /// Load balancer.
        load_balancer: String,
    },
    /// SurgeQueueLength of a Classic Load Balancer: the most that waited at one node; use `Maximum`. Absent when zero.
    SurgeQueueLength {
        /// Load balancer.
        load_balancer: String,
    },
    /// SpilloverCount of a Classic Load Balancer: requests turned away by a full surge queue. Absent when zero.
    SpilloverCount {
        /// Load balancer.
        load_balancer: String,
    },
    /// BackendConnectionErrors of a Classic Load Balancer. Absent when zero.
    BackendConnectionErrors {
        /// Load balancer.
        load_balancer: String,
    },
    /// NewFlowCount of a Network Load Balancer.
    NewFlowCount {
        /// Load balancer.
        load_balancer: String,
    },
    /// ActiveFlowCount of a Network Load Balancer, at the end of the minute.
    ActiveFlowCount {
        /// Load balancer.
        load_balancer: String,
    },
    /// TCP_ELB_Reset_Count of a Network Load Balancer.
    #[serde(rename = "TCP_ELB_Reset_Count")]
    TcpElbResetCount {
        /// Load balancer.
        load_balancer: String,
    },
    /// TCP_Target_Reset_Count of a Network Load Balancer.
    #[serde(rename = "TCP_Target_Reset_Count")]
    TcpTargetResetCount {
        /// Load balancer.
        load_balancer: String,
    },
    /// PortAllocationErrorCount of a Network Load Balancer.
    PortAllocationErrorCount {
        /// Load balancer.
        load_balancer: String,
    },
    /// RequestCount of one target group. Absent without traffic.
    TargetGroupRequestCount {
        /// Target group.
        target_group: String,
    },
    /// HTTPCode_Target_2XX_Count. Absent when zero.
    #[serde(rename = "HTTPCode_Target_2XX_Count")]
    HttpCodeTarget2xxCount {
        /// Target group.
        target_group: String,
    },
    /// TargetConnectionErrorCount: connections to targets that were refused or not answered. Absent when zero.
    TargetConnectionErrorCount {
        /// Target group.
        target_group: String,
    },
    /// UnhealthyRoutingRequestCount: requests routed while failing open. Absent when zero.
    UnhealthyRoutingRequestCount {
        /// Target group.
        target_group: String,
    },
    /// HealthyStateRouting: zones that route to healthy targets alone.
    HealthyStateRouting {
        /// Target group.
        target_group: String,
    },
    /// UnhealthyStateRouting: zones that fail open.
    UnhealthyStateRouting {
        /// Target group.
        target_group: String,
    },
    /// HealthyStateDNS: zones whose node is in DNS.
    #[serde(rename = "HealthyStateDNS")]
    HealthyStateDns {
        /// Target group.
        target_group: String,
    },
    /// UnhealthyStateDNS: zones whose node is not.
    #[serde(rename = "UnhealthyStateDNS")]
    UnhealthyStateDns {
        /// Target group.
        target_group: String,
    },
    /// HTTPCode_ELB_3XX_Count: redirects. Absent when zero.
    #[serde(rename = "HTTPCode_ELB_3XX_Count")]
    HttpCodeElb3xxCount {
        /// Load balancer.
        load_balancer: String,
    },
    /// HTTPCode_ELB_4XX_Count: fixed responses, and clients that left before an answer (460). Absent when zero.
    #[serde(rename = "HTTPCode_ELB_4XX_Count")]
    HttpCodeElb4xxCount {
        /// Load balancer.
        load_balancer: String,
    },
    /// RejectedConnectionCount: requests beyond the capacity of a load balancer. Absent when zero.
    RejectedConnectionCount {
        /// Load balancer.
        load_balancer: String,
    },
    /// RuleEvaluations of a load balancer. Absent when zero.
    RuleEvaluations {
        /// Load balancer.
        load_balancer: String,
    },
    /// AnomalousHostCount: targets that fail clearly more than their peers; three healthy ones are needed to compare.
    AnomalousHostCount {
        /// Target group.
        target_group: String,
    },
    /// MitigatedHostCount: targets that get less traffic for it.
    MitigatedHostCount {
        /// Target group.
        target_group: String,
    },
    /// NonStickyRequestCount: requests of sessions for which a new target was chosen. Absent when zero.
    NonStickyRequestCount {
        /// Target group.
        target_group: String,
    },
    /// ActiveZonalShiftHostCount: targets in a zone that is shifted away from.
    ActiveZonalShiftHostCount {
        /// Target group.
        target_group: String,
    },
    /// StatusCheckFailed: 1 while either status check of an instance fails.
    StatusCheckFailed {
        /// Auto Scaling group or set of instances.
        group: String,
        /// Of its n-th instance ever launched alone, from 0. Default: a sample of each.
        instance: Option<u16>,
    },
    /// StatusCheckFailed_System: the host.
    #[serde(rename = "StatusCheckFailed_System")]
    StatusCheckFailedSystem {
        /// Auto Scaling group or set of instances.
        group: String,
        /// Of its n-th instance ever launched alone, from 0. Default: a sample of each.
        instance: Option<u16>,
    },
    /// StatusCheckFailed_Instance: the operating system.
    #[serde(rename = "StatusCheckFailed_Instance")]
    StatusCheckFailedInstance {
        /// Auto Scaling group or set of instances.
        group: String,
        /// Of its n-th instance ever launched alone, from 0. Default: a sample of each.
        instance: Option<u16>,
    },
    /// Metric math: `Math("100 * errors / requests", {"errors": (metric: .., statistic: Sum), ..})`.
    Math {
        /// `+ - * / ^`, parentheses, `< <= > >= == !=`, `AND`, `OR`, `ABS`, `CEIL`, `FLOOR`, `SUM`, `AVG`, `MIN`, `MAX` over lists
        /// such as `[m1, m2]` or `METRICS()`, `IF(condition, then, else)`, `FILL(m, 0)`, `FILL(m, REPEAT)`.
        expression: String,
        /// What its names stand for: at most 10, all of the alarm's period.
        metrics: Named<MathTerm>,
    },
}

/// A metric in an expression.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MathTerm {
    /// What it is.
    pub metric: Box<Metric>,
    /// How the samples of a period become one value. Default Average.
    pub statistic: Option<Statistic>,
}

/// A metric of the scenario's own: it follows a profile, has points of its own or of a file, or is emitted by a service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomMetric {
    /// Its value over time: one sample per base period.
    pub values: Option<Profile>,
    /// Samples with their times: `[("0s", 94), ("5m", 56)]`, ascending. A base period without one has no datapoint: missing data.
    pub points: Option<Vec<(Dur, f64)>>,
    /// Samples from a CSV file with a head line, such as a CloudWatch export, in place of `points`. Path from the folder of the
    /// scenario; the earliest time of the file is time 0. An empty value is no sample.
    pub csv: Option<String>,
    /// Column with times: seconds, or dates such as `2014-04-10 00:04:00` or `2014-04-10T00:04:00+00:00`. Default `timestamp`,
    /// or without that the first.
    pub time_column: Option<String>,
    /// Column with values. Default `value`, or without that the second.
    pub value_column: Option<String>,
    /// Where in the series (as the file has it) the run begins. Default 0.
    pub start: Option<Dur>,
    /// Factor on the times of points, after `start`. Default 1; 0.2 makes five minutes one.
    pub stretch: Option<f64>,
    /// Factor on the values of points. Default 1.
    pub scale: Option<f64>,
    /// Added to the values of points, after `scale`. Default 0.
    pub offset: Option<f64>,
    /// Measured on a service.
    pub emitted: Option<Emission>,
    /// Width of its base period: 60 s (standard resolution), or 1 s, 5 s, 10 s, 20 s, 30 s (high). Default 60 s.
    pub resolution: Option<Dur>,
    /// Its unit, for plots. Default none.
    pub unit: Option<String>,
}

/// What a service says of itself, at the end of each base period.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Emission {
    /// Service.
    pub service: String,
    /// What is measured.
    pub value: Emitted,
    /// Who sends a sample. Default Instance for gauges (their Average is the backlog per instance), Service for counters.
    pub per: Option<Per>,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Emitted {
    /// Gauge: requests that wait for a worker or have one.
    InFlight,
    /// Gauge: requests that wait for a worker.
    QueueDepth,
    /// Gauge: workers that are busy, percent.
    BusyWorkers,
    /// Gauge: sessions whose state is there.
    Sessions,
    /// Counter: requests that began service in the base period, health checks among them.
    Started,
    /// Counter: requests turned away in the base period.
    Refused,
}

/// Who sends a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Per {
    /// Each running instance its own.
    Instance,
    /// One for the whole service.
    Service,
}

/// How the samples of a period become one value.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Statistic {
    /// Sum over SampleCount.
    Average,
    /// Sum.
    Sum,
    /// Smallest.
    Minimum,
    /// Largest.
    Maximum,
    /// Number of samples.
    SampleCount,
    /// A percentile, 0 to 100: `P(99.9)` or `P("99.9")`.
    P(Percentile),
    /// Trimmed mean: of the samples within bounds, in percent of all or in values: `TM("10%:90%")`, `TM(":95%")`, `TM("150:1000")`;
    /// `TM("90")` is CloudWatch's `tm90`, up to the 90th percentile.
    TM {
        /// Bounds.
        bounds: String,
    },
    /// Winsorized mean: samples outside the bounds count as the nearest one inside.
    WM {
        /// Bounds.
        bounds: String,
    },
    /// Trimmed count: how many samples lie within the bounds.
    TC {
        /// Bounds.
        bounds: String,
    },
    /// Trimmed sum: of the samples within the bounds.
    TS {
        /// Bounds.
        bounds: String,
    },
    /// Percentile rank: percent of the samples within bounds in values, `PR("100:2000")`, `PR(":300")`.
    PR {
        /// Bounds.
        bounds: String,
    },
    /// Interquartile mean: `TM("25%:75%")`.
    IQM,
}

/// A percentile: a number or a text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Percentile {
    /// Such as `99.9`.
    Number(f64),
    /// Such as `"99.9"` or `"p99.9"`.
    Text(String),
}
