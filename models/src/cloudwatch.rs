//! CloudWatch metrics: the samples of a period become one datapoint, which can be read some time later.
//!
//! ```text
//!  world (each minute: CPU, counts, latencies) ──record──┐
//!  Collect (each minute: custom metrics) ────────────────┴─► delay of the namespace ─► datapoints (shared)
//! ```
//! # Models      base periods of 60 s and 300 s; a publication delay per datapoint, in order within a metric; late and
//!   lost metrics (faults); metrics fed from a series
//! # Leaves out  metrics that no alarm watches; high resolution; metric math
//! # Source      CloudWatch user guide, "Metrics concepts"; `aws/scaling.md` §5.1, delays §0 (AWS publishes none)

use crate::datapoints::{Datapoint, delay_of};
use crate::event::{self, events};
use crate::plan::{Metric, Plan};
use crate::shared::Cx;
use sim_core::dist::Sampler;
use sim_core::{Duration, Histogram, Stream, Time};

events! {
    /// What happens to metrics.
    pub enum Event {
        /// A minute is over: metrics are collected, the scenario's own among them.
        Collect,
    }
}

/// Everything that is published.
pub struct CloudWatch {
    watched: Vec<Metric>,
    feeds: Vec<Feed>,
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
        CloudWatch { watched, feeds }
    }

    /// Collects from the first minute on.
    pub fn start(&mut self, cx: &mut Cx) {
        cx.list.after(MINUTE, event::Event::CloudWatch(Event::Collect));
    }

    /// Metrics that some alarm watches: the others need not be recorded.
    pub fn watched(&self) -> &[Metric] {
        &self.watched
    }

    /// Handles one event.
    pub fn handle(&mut self, event: Event, cx: &mut Cx) {
        match event {
            Event::Collect => self.collect(cx),
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

    /// A custom metric's sample carries the value at the start of its period, which is its timestamp.
    fn collect(&mut self, cx: &mut Cx) {
        let start = Time::ZERO + (cx.now() - (Time::ZERO + MINUTE));
        for index in 0..self.watched.len() {
            let metric = self.watched[index];
            if let Metric::Custom(custom) = metric {
                let value = cx.plan.custom_metrics[custom].value.at(start);
                self.publish(metric, Datapoint::of_samples(&[value]), cx);
            }
        }
        cx.list.after(MINUTE, event::Event::CloudWatch(Event::Collect));
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
        Metric::Machine(id, metric) => (metric.name(), &plan.fleets[id].name),
    };
    format!("{name} {of}")
}
