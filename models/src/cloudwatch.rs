//! CloudWatch metrics: the samples of a period become one datapoint, which can be read some time later.
//!
//! ```text
//!  world (each minute: CPU, counts, latencies) ──record──┐
//!  Collect, Sample (custom metrics) ─────────────────────┴─► delay of the namespace ─► datapoints (shared)
//! ```
//! # Models      base periods of 60 s and 300 s, of custom metrics down to 1 s; a publication delay per datapoint, in order
//!   within a metric; late and lost metrics (faults); metrics that follow a profile or are fed from a series with its gaps
//! # Leaves out  metrics of AWS that no alarm watches; datapoints of a minute that is not over yet
//! # Source      CloudWatch user guide, "Metrics concepts"; `aws/scaling.md` §5.1, delays §0 (AWS publishes none)

use crate::datapoints::{Datapoint, delay_of};
use crate::event::{self, events};
use crate::plan::{BalancerMetric, CustomMetricId, GroupMetric, InstanceMetric, Metric, Plan, Source, TargetsMetric};
use crate::shared::Cx;
use sim_core::dist::Sampler;
use sim_core::{Duration, Histogram, Stream, Table, Time};

events! {
    /// What happens to metrics.
    pub enum Event {
        /// A minute is over: metrics are collected, the scenario's own among them.
        Collect,
        /// So many seconds are over: custom metrics of that resolution are collected.
        Sample(u8),
    }
}

/// Everything that is published.
pub struct CloudWatch {
    watched: Vec<Metric>,
    feeds: Vec<Feed>,
    customs: Table<CustomMetricId, Custom>,
}

/// How far a custom metric has got.
struct Custom {
    /// Points passed.
    passed: usize,
    /// Mean of the last base period that has a datapoint; NaN if there is none.
    latest: f64,
    /// When that period ended.
    seen: Time,
    /// For so long it is the latest: the usual distance of a series' points, or one base period.
    holds: Duration,
}

/// The way of one metric's datapoints.
struct Feed {
    delay: Sampler,
    delays: Stream,
    /// When the last datapoint could be read, faults aside: none overtakes the one before it.
    last: Time,
}

impl CloudWatch {
    /// The metrics that the plan's alarms watch.
    pub fn new(cx: &Cx) -> Self {
        let watched: Vec<Metric> = cx.datapoints.watched().collect();
        let feeds = watched.iter().map(|&metric| Feed {
            delay: delay_of(metric, cx.plan).sampler(),
            delays: cx.stream(&name_of(metric, cx.plan), "publication"),
            last: Time::ZERO,
        });
        let feeds = feeds.collect();
        let customs = cx.plan.custom_metrics.values().map(|metric| {
            let holds = spacing(&metric.source).max(metric.resolution);
            Custom { passed: 0, latest: f64::NAN, seen: Time::ZERO, holds }
        });
        CloudWatch { watched, feeds, customs: customs.collect() }
    }

    /// Collects from the first minute on; of high resolution, from the first base period on.
    pub fn start(&mut self, cx: &mut Cx) {
        cx.list.after(MINUTE, event::Event::CloudWatch(Event::Collect));
        let mut fine: Vec<Duration> = cx.plan.custom_metrics.values().map(|metric| metric.resolution).collect();
        fine.retain(|resolution| *resolution < MINUTE && *resolution >= Duration::from_secs(1));
        fine.sort_unstable();
        fine.dedup();
        for resolution in fine {
            let seconds = (resolution.nanos() / 1_000_000_000) as u8;
            cx.list.after(resolution, event::Event::CloudWatch(Event::Sample(seconds)));
        }
    }

    /// Metrics that some alarm watches: the others need not be recorded.
    pub fn watched(&self) -> &[Metric] {
        &self.watched
    }

    /// Handles one event.
    pub fn handle(&mut self, event: Event, cx: &mut Cx) {
        match event {
            Event::Collect => {
                self.collect(MINUTE, cx);
                cx.list.after(MINUTE, event::Event::CloudWatch(Event::Collect));
            }
            Event::Sample(seconds) => {
                let resolution = Duration::from_secs(u64::from(seconds));
                self.collect(resolution, cx);
                cx.list.after(resolution, event::Event::CloudWatch(Event::Sample(seconds)));
            }
        }
    }

    /// Takes in the samples of the period that ends now: one per instance, or one sum.
    pub fn record(&mut self, metric: Metric, samples: &[f64], cx: &mut Cx) {
        self.publish(metric, Datapoint::of_samples(samples), cx);
    }

    /// Takes in a histogram over the period that ends now; its values times `scale` are in the metric's unit.
    pub fn record_histogram(&mut self, metric: Metric, histogram: &Histogram, scale: f64, cx: &mut Cx) {
        self.publish(metric, Datapoint::of_histogram(histogram, scale), cx);
    }

    /// Takes in the samples of a custom metric's base period that ends now.
    pub fn record_custom(&mut self, custom: CustomMetricId, samples: &[f64], cx: &mut Cx) {
        let point = Datapoint::of_samples(samples);
        if let Some(point) = &point {
            let row = &mut self.customs[custom];
            (row.latest, row.seen) = (point.mean(), cx.now());
        }
        self.publish(Metric::Custom(custom), point, cx);
    }

    /// The custom metric in its last base period, of a sparse series at its last point; none in a gap.
    pub fn latest(&self, custom: CustomMetricId, now: Time) -> Option<f64> {
        let row = &self.customs[custom];
        Some(row.latest).filter(|latest| latest.is_finite() && now <= row.seen.saturating_add(row.holds))
    }

    /// Custom metrics of one resolution that nobody measures: a sample carries the value at the start of its period, which
    /// is its timestamp; a series has the samples it has.
    fn collect(&mut self, resolution: Duration, cx: &mut Cx) {
        let now = cx.now();
        let start = Time::ZERO + (now - (Time::ZERO + resolution));
        for (id, metric) in cx.plan.custom_metrics.iter() {
            if metric.resolution != resolution {
                continue;
            }
            match &metric.source {
                Source::Profile(profile) => self.record_custom(id, &[profile.at(start)], cx),
                Source::Points(points) => {
                    let from = self.customs[id].passed;
                    let samples: Vec<f64> =
                        points[from..].iter().take_while(|point| point.0 < now).map(|point| point.1).collect();
                    self.customs[id].passed += samples.len();
                    self.record_custom(id, &samples, cx);
                }
                Source::Emitted { .. } => {}
            }
        }
    }

    fn publish(&mut self, metric: Metric, point: Option<Datapoint>, cx: &mut Cx) {
        let now = cx.now();
        let Some(index) = self.watched.iter().position(|&watched| watched == metric) else { return };
        let Some(point) = point else { return };
        // Drawn even when the datapoint is lost, so that a fault shifts nobody's delays.
        let feed = &mut self.feeds[index];
        let ready = now.saturating_add(feed.delay.duration(&mut feed.delays));
        feed.last = feed.last.max(ready);
        if cx.environment.metrics_lost > 0 {
            return;
        }
        let visible = feed.last.saturating_add(cx.environment.metrics_delay);
        cx.archive.note(metric, point.sum(), now, visible);
        cx.datapoints.publish(index, point, now, visible);
    }
}

/// The usual distance between two points of a series: the median.
fn spacing(source: &Source) -> Duration {
    let Source::Points(points) = source else { return Duration::ZERO };
    let mut distances: Vec<Duration> = points.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    distances.sort_unstable();
    distances.get(distances.len() / 2).copied().unwrap_or(Duration::ZERO)
}

const MINUTE: Duration = Duration::from_secs(60);

/// The metric in CloudWatch's words: `CPUUtilization web`.
pub fn name_of(metric: Metric, plan: &Plan) -> String {
    let (name, of) = match metric {
        Metric::Cpu(id) => ("CPUUtilization", &plan.fleets[id].name),
        Metric::InServiceInstances(id) => ("GroupInServiceInstances", &plan.fleets[id].name),
        Metric::DesiredCapacity(id) => ("GroupDesiredCapacity", &plan.fleets[id].name),
        Metric::RequestCount(id) => ("RequestCount", &plan.balancers[id].name),
        Metric::Elb5xx(id) => ("HTTPCode_ELB_5XX_Count", &plan.balancers[id].name),
        Metric::RequestCountPerTarget(id) => ("RequestCountPerTarget", &plan.target_groups[id].name),
        Metric::TargetResponseTime(id) => ("TargetResponseTime", &plan.target_groups[id].name),
        Metric::Target5xx(id) => ("HTTPCode_Target_5XX_Count", &plan.target_groups[id].name),
        Metric::HealthyHostCount(id) => ("HealthyHostCount", &plan.target_groups[id].name),
        Metric::UnHealthyHostCount(id) => ("UnHealthyHostCount", &plan.target_groups[id].name),
        Metric::QueueDepth(id) => ("QueueDepth", &plan.services[id].name),
        Metric::DatabaseConnections(id) => ("DatabaseConnections", &plan.stores[id].name),
        Metric::DatabaseCpu(id) => ("database CPUUtilization", &plan.stores[id].name),
        Metric::Custom(id) => ("custom", &plan.custom_metrics[id].name),
        Metric::Group(id, metric) => (metric.name(), &plan.fleets[id].name),
        Metric::Balancer(id, metric) => (metric.name(), &plan.balancers[id].name),
        Metric::Targets(id, metric) => (metric.name(), &plan.target_groups[id].name),
        Metric::Instance(id, None, metric) => (metric.name(), &plan.fleets[id].name),
        Metric::Instance(id, Some(nth), metric) => {
            return format!("{} {}/i-{nth}", metric.name(), plan.fleets[id].name);
        }
        Metric::Machine(id, metric) => (metric.name(), &plan.fleets[id].name),
    };
    format!("{name} {of}")
}

impl GroupMetric {
    fn name(self) -> &'static str {
        match self {
            GroupMetric::MinSize => "GroupMinSize",
            GroupMetric::MaxSize => "GroupMaxSize",
            GroupMetric::Pending => "GroupPendingInstances",
            GroupMetric::Standby => "GroupStandbyInstances",
            GroupMetric::Terminating => "GroupTerminatingInstances",
            GroupMetric::Total => "GroupTotalInstances",
            GroupMetric::PoolMinSize => "WarmPoolMinSize",
            GroupMetric::PoolDesired => "WarmPoolDesiredCapacity",
            GroupMetric::PoolPending => "WarmPoolPendingCapacity",
            GroupMetric::PoolTerminating => "WarmPoolTerminatingCapacity",
            GroupMetric::PoolWarmed => "WarmPoolWarmedCapacity",
            GroupMetric::PoolTotal => "WarmPoolTotalCapacity",
            GroupMetric::WithPoolDesired => "GroupAndWarmPoolDesiredCapacity",
            GroupMetric::WithPoolTotal => "GroupAndWarmPoolTotalCapacity",
        }
    }
}

impl BalancerMetric {
    fn name(self) -> &'static str {
        match self {
            BalancerMetric::Elb502 => "HTTPCode_ELB_502_Count",
            BalancerMetric::Elb503 => "HTTPCode_ELB_503_Count",
            BalancerMetric::Elb504 => "HTTPCode_ELB_504_Count",
            BalancerMetric::Target5xx => "HTTPCode_Target_5XX_Count of all",
            BalancerMetric::ProcessedBytes => "ProcessedBytes",
            BalancerMetric::ConsumedLcus => "ConsumedLCUs",
            BalancerMetric::Elb3xx => "HTTPCode_ELB_3XX_Count",
            BalancerMetric::Elb4xx => "HTTPCode_ELB_4XX_Count",
            BalancerMetric::Rejected => "RejectedConnectionCount",
            BalancerMetric::RuleEvaluations => "RuleEvaluations",
            BalancerMetric::SurgeQueueLength => "SurgeQueueLength",
            BalancerMetric::Spillover => "SpilloverCount",
            BalancerMetric::BackendConnectionErrors => "BackendConnectionErrors",
            BalancerMetric::NewFlows => "NewFlowCount",
            BalancerMetric::ActiveFlows => "ActiveFlowCount",
            BalancerMetric::ElbResets => "TCP_ELB_Reset_Count",
            BalancerMetric::TargetResets => "TCP_Target_Reset_Count",
            BalancerMetric::PortAllocationErrors => "PortAllocationErrorCount",
        }
    }
}

impl TargetsMetric {
    fn name(self) -> &'static str {
        match self {
            TargetsMetric::RequestCount => "RequestCount of targets",
            TargetsMetric::Target2xx => "HTTPCode_Target_2XX_Count",
            TargetsMetric::ConnectionErrors => "TargetConnectionErrorCount",
            TargetsMetric::UnhealthyRouting => "UnhealthyRoutingRequestCount",
            TargetsMetric::HealthyStateRouting => "HealthyStateRouting",
            TargetsMetric::UnhealthyStateRouting => "UnhealthyStateRouting",
            TargetsMetric::HealthyStateDns => "HealthyStateDNS",
            TargetsMetric::UnhealthyStateDns => "UnhealthyStateDNS",
            TargetsMetric::Anomalous => "AnomalousHostCount",
            TargetsMetric::Mitigated => "MitigatedHostCount",
            TargetsMetric::NonSticky => "NonStickyRequestCount",
            TargetsMetric::ZonalShift => "ActiveZonalShiftHostCount",
        }
    }
}

impl InstanceMetric {
    fn name(self) -> &'static str {
        match self {
            InstanceMetric::Cpu => "CPUUtilization of instance",
            InstanceMetric::StatusCheckFailed => "StatusCheckFailed",
            InstanceMetric::StatusCheckFailedSystem => "StatusCheckFailed_System",
            InstanceMetric::StatusCheckFailedInstance => "StatusCheckFailed_Instance",
            InstanceMetric::NetworkIn => "NetworkIn",
            InstanceMetric::NetworkOut => "NetworkOut",
        }
    }
}
