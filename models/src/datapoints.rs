//! Datapoints: what can be read from CloudWatch, and from when on.
//!
//! ```text
//!  cloudwatch ──publish──► Datapoints (per watched metric) ──slots of an alarm──► alarm
//!                                                └─ value of the last notification ──► group (step scaling)
//! ```
//! # Models      datapoints that can be read only after their publication; windows that slide by the minute, those of high
//!   resolution by ten seconds (rule E2); every statistic over windows of several base periods; metric math
//! # Leaves out  retention and roll-up (no window is longer than the finest data is kept); metrics that nobody watches;
//!   alignment to the wall clock (an option of 2026)
//! # Source      CloudWatch user guide, "Metrics concepts" and "Evaluating an alarm"; `aws/scaling.md` §5.1 to §5.4

mod math;
mod statistic;

pub use statistic::enough_samples;

use crate::alarm::State;
use crate::archive::Archive;
use crate::plan::{Alarm, AlarmId, Expression, FleetId, Metric, Monitoring, Plan, Statistic};
use sim_core::dist::Dist;
use sim_core::{Histogram, Table, Time};
use statistic::aggregate;
use std::collections::VecDeque;

/// Nanoseconds in a second, the base of all periods.
const SECOND: u64 = 1_000_000_000;
/// Seconds in a minute.
const MINUTE: u32 = 60;

/// Whole seconds at `time`.
pub fn second(time: Time) -> u32 {
    (time.nanos() / SECOND) as u32
}

/// What can be read from CloudWatch. Shared, for it is public: whoever may read metrics reads these.
#[derive(Clone, Debug, Default)]
pub struct Datapoints {
    series: Vec<Series>,
    watches: Table<AlarmId, Watch>,
}

/// The datapoints of one metric, oldest first.
#[derive(Clone, Debug)]
struct Series {
    metric: Metric,
    points: VecDeque<Datapoint>,
    /// Seconds that the longest window of any of its alarms looks back.
    reach: u32,
    /// Whether single values are kept, for a percentile and its like.
    raw: bool,
}

/// What an alarm reads.
#[derive(Clone, Debug)]
struct Watch {
    inputs: Vec<Input>,
    math: Option<Expression>,
    /// Period in seconds.
    period: u32,
    /// Seconds by which its windows slide: 60, of high resolution 10.
    grain: u32,
    /// The value that went with its last notification.
    notified: f64,
    /// Its state, as the API shows it.
    state: State,
}

/// One metric that an alarm reads.
#[derive(Clone, Copy, Debug)]
struct Input {
    series: usize,
    statistic: Statistic,
    /// Trailing steps of the grain whose datapoint may still be on its way.
    patience: u32,
}

/// What an alarm sees when it looks.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// One value per period, newest first; none where no datapoint can be read.
    pub values: Vec<Option<f64>>,
    /// The second at which the newest period ended.
    pub end: u32,
    /// Samples in the newest period that has any.
    pub samples: f64,
}

/// A statistic set, as CloudWatch stores one per metric and base period.
#[derive(Clone, Debug)]
pub struct Datapoint {
    /// The second at which its period ended. AWS stamps it with the start of the period.
    end: u32,
    /// It can be read from here on.
    visible: Time,
    count: f64,
    sum: f64,
    min: f64,
    max: f64,
    values: Values,
}

/// Single values, where a statistic asks for them.
#[derive(Clone, Debug)]
enum Values {
    Dropped,
    Samples(Vec<f64>),
    /// With the factor that brings its whole numbers into the metric's unit.
    Histogram(Histogram, f64),
}

impl Datapoint {
    /// Sum of its samples.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The datapoint of raw samples; none without any, for an absent sample is no datapoint.
    pub fn of_samples(samples: &[f64]) -> Option<Datapoint> {
        let first = *samples.first()?;
        Some(Datapoint {
            end: 0,
            visible: Time::ZERO,
            count: samples.len() as f64,
            sum: samples.iter().sum(),
            min: samples.iter().copied().fold(first, f64::min),
            max: samples.iter().copied().fold(first, f64::max),
            values: Values::Samples(samples.to_vec()),
        })
    }

    /// The datapoint of a histogram whose values times `scale` are in the metric's unit.
    pub fn of_histogram(histogram: &Histogram, scale: f64) -> Option<Datapoint> {
        Some(Datapoint {
            end: 0,
            visible: Time::ZERO,
            count: histogram.count() as f64,
            sum: histogram.sum() as f64 * scale,
            min: histogram.min()? as f64 * scale,
            max: histogram.max()? as f64 * scale,
            values: Values::Histogram(histogram.clone(), scale),
        })
    }

    /// The mean of its samples.
    pub fn mean(&self) -> f64 {
        self.sum / self.count
    }
}

impl Datapoints {
    /// Room for the metrics that the plan's alarms watch and its forecasts are made from.
    pub fn new(plan: &Plan) -> Self {
        let mut series: Vec<Series> = Vec::new();
        let watches = plan.alarms.values().map(|alarm| {
            let grain = if alarm.is_high_resolution() { 10 } else { MINUTE };
            let period = ((alarm.period.nanos() / SECOND) as u32).max(1);
            let slots = retrieved(alarm.evaluation_periods);
            let inputs = alarm.inputs().into_iter().map(|(metric, statistic)| {
                let at = series.iter().position(|one| one.metric == metric).unwrap_or(series.len());
                if at == series.len() {
                    series.push(Series { metric, points: VecDeque::new(), reach: 0, raw: false });
                }
                let patience = patience(alarm, metric, grain, plan);
                series[at].reach = series[at].reach.max(patience * grain + period * slots + MINUTE);
                series[at].raw |= statistic.is_extended();
                Input { series: at, statistic, patience }
            });
            let inputs = inputs.collect();
            let math = alarm.math.as_ref().map(|math| math.expression.clone());
            Watch { inputs, math, period, grain, notified: f64::NAN, state: State::InsufficientData }
        });
        let watches = watches.collect();
        for metric in Archive::new(plan).metrics() {
            if series.iter().all(|one| one.metric != metric) {
                series.push(Series { metric, points: VecDeque::new(), reach: 0, raw: false });
            }
        }
        Datapoints { series, watches }
    }

    /// Metrics that some alarm watches, each once.
    pub fn watched(&self) -> impl Iterator<Item = Metric> + '_ {
        self.series.iter().map(|series| series.metric)
    }

    /// Whether somebody watches the bytes of a fleet's instances.
    pub fn counts_bytes(&self, fleet: FleetId) -> bool {
        self.watched()
            .any(|metric| matches!(metric, Metric::Instance(of, _, metric) if of == fleet && metric.is_of_network()))
    }

    /// Takes in the datapoint of the period that ends now; it can be read from `visible` on.
    pub fn publish(&mut self, index: usize, mut point: Datapoint, now: Time, visible: Time) {
        let Some(series) = self.series.get_mut(index) else { return };
        point.end = second(now);
        point.visible = visible;
        if !series.raw {
            point.values = Values::Dropped;
        }
        // A datapoint that comes late is read as of its own period, so what is old is told by its end alone.
        let oldest = point.end.saturating_sub(series.reach);
        while series.points.front().is_some_and(|first| first.end < oldest) {
            series.points.pop_front();
        }
        series.points.push_back(point);
    }

    /// What an alarm reads now.
    ///
    /// A modelling choice: trailing minutes whose datapoint may still be on its way (within the publication delay usual
    /// for the metric) are not yet taken for missing; the newest period is then the newest one published, of several
    /// metrics the newest one of all of them. Without it every alarm on a late metric would see holes at each look, which
    /// AWS's do not.
    pub fn read(&self, alarm: AlarmId, slots: u32, now: Time) -> Reading {
        let watch = &self.watches[alarm];
        let last = second(now) / watch.grain * watch.grain;
        let trailing = watch.inputs.iter().map(|input| self.trailing(input, watch.grain, last, now)).max();
        let newest = last.checked_sub(trailing.unwrap_or(0) * watch.grain);
        let mut samples = 0.0;
        let mut read = |input: &Input| {
            let slot = |slot: u32| {
                let end = newest?.checked_sub(slot * watch.period)?;
                let start = end.checked_sub(watch.period)?;
                let points = &self.series[input.series].points;
                let first = points.partition_point(|point| point.end <= start);
                let window = points.range(first..).take_while(|point| point.end <= end).filter(|p| p.visible <= now);
                let value = aggregate(window.clone(), input.statistic)?;
                if samples == 0.0 {
                    samples = window.map(|point| point.count).sum();
                }
                Some(value)
            };
            (0..slots).map(slot).collect::<Vec<_>>()
        };
        let values = match (&watch.math, &watch.inputs[..]) {
            (None, [only]) => read(only),
            (None, _) => vec![None; slots as usize],
            (Some(expression), inputs) => {
                let terms: Vec<_> = inputs.iter().map(read).collect();
                let mut values = math::evaluate(expression, &terms);
                // Nothing is filled in before there was anything.
                let known = newest.map_or(0, |end| end / watch.period) as usize;
                values.iter_mut().skip(known).for_each(|value| *value = None);
                values
            }
        };
        Reading { values, end: newest.unwrap_or(0), samples }
    }

    /// When the datapoints of the period that ended at `end` could be read, as far as they can be by now.
    pub fn published(&self, alarm: AlarmId, end: Time, now: Time) -> Option<Time> {
        let watch = &self.watches[alarm];
        let end = second(end);
        let start = end.checked_sub(watch.period)?;
        let points = watch.inputs.iter().flat_map(|input| &self.series[input.series].points);
        let inside = points.filter(|point| point.end > start && point.end <= end && point.visible <= now);
        inside.map(|point| point.visible).max()
    }

    /// Trailing steps for which no datapoint can be read yet, as far as it may still be on its way.
    fn trailing(&self, input: &Input, grain: u32, last: u32, now: Time) -> u32 {
        let points = &self.series[input.series].points;
        let seen = |end: u32| {
            let first = points.partition_point(|point| point.end < end);
            points.range(first..).take_while(|point| point.end == end).any(|point| point.visible <= now)
        };
        let most = input.patience.min(last / grain);
        (0..=most).find(|late| seen(last - late * grain)).unwrap_or(input.patience)
    }

    /// Notes the value that goes with an alarm's notification.
    pub fn notify(&mut self, alarm: AlarmId, value: f64) {
        self.watches[alarm].notified = value;
    }

    /// Notes the state of an alarm.
    pub fn note_state(&mut self, alarm: AlarmId, state: State) {
        self.watches[alarm].state = state;
    }

    /// The state of an alarm, as the API shows it (DescribeAlarms).
    pub fn state(&self, alarm: AlarmId) -> State {
        self.watches[alarm].state
    }

    /// The value that went with an alarm's last notification; NaN if there was none.
    pub fn notified(&self, alarm: AlarmId) -> f64 {
        self.watches[alarm].notified
    }
}

/// How many periods an alarm retrieves: R of §5.4, for which AWS gives no figure but in the tables, N = 3 and R = 5.
pub fn retrieved(evaluation_periods: u32) -> u32 {
    evaluation_periods.saturating_add((evaluation_periods / 3).max(2))
}

/// The delay of a metric's namespace.
pub fn delay_of(metric: Metric, plan: &Plan) -> &Dist {
    let cloudwatch = &plan.cloudwatch;
    match metric {
        Metric::Machine(_, metric) if metric.of_agent() => &cloudwatch.custom_delay,
        Metric::Cpu(_) | Metric::Instance(..) | Metric::Machine(..) => &cloudwatch.ec2_delay,
        Metric::InServiceInstances(_) | Metric::DesiredCapacity(_) | Metric::Group(..) => &cloudwatch.group_delay,
        Metric::RequestCount(_)
        | Metric::Elb5xx(_)
        | Metric::RequestCountPerTarget(_)
        | Metric::TargetResponseTime(_)
        | Metric::Target5xx(_)
        | Metric::HealthyHostCount(_)
        | Metric::UnHealthyHostCount(_)
        | Metric::Balancer(..)
        | Metric::Targets(..) => &cloudwatch.elb_delay,
        Metric::DatabaseConnections(_) | Metric::DatabaseCpu(_) => &cloudwatch.rds_delay,
        Metric::QueueDepth(_) | Metric::Custom(_) => &cloudwatch.custom_delay,
    }
}

/// Seconds between two datapoints of a metric (rule M1; a custom metric's own resolution).
pub fn cadence(metric: Metric, plan: &Plan) -> u32 {
    let monitoring = |fleet| match plan.fleets[fleet].template.monitoring {
        Monitoring::Basic => 300,
        Monitoring::Detailed => 60,
    };
    match metric {
        Metric::Cpu(fleet) => monitoring(fleet),
        Metric::Instance(fleet, _, metric) if metric.is_monitored() => monitoring(fleet),
        Metric::Custom(custom) => {
            plan.custom_metrics.get(custom).map_or(60, |metric| (metric.resolution.nanos() / SECOND) as u32)
        }
        _ => 60,
    }
}

/// Steps of the grain from the end of a period to when its datapoint can be read at the latest, as usual; a metric of
/// 300 s comes up to four minutes later still, counted from any minute.
fn patience(alarm: &Alarm, metric: Metric, grain: u32, plan: &Plan) -> u32 {
    let usual = (delay_of(metric, plan).quantile(0.999) / f64::from(grain)).ceil();
    let usual = usual.clamp(0.0, f64::from(30 * MINUTE / grain)) as u32;
    // A finer alarm sees such a datapoint in one period of five and misses it in the others, as on AWS.
    let basic = cadence(metric, plan) > 60 && alarm.period.nanos() >= 300 * SECOND;
    if basic { usual + 4 } else { usual }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::Duration;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    fn watched(period: u32, statistic: Statistic, patience: u32) -> Datapoints {
        let metric = Metric::Custom(crate::plan::CustomMetricId::new(0));
        let series = Series { metric, points: VecDeque::new(), reach: 3600, raw: true };
        let inputs = vec![Input { series: 0, statistic, patience }];
        let watch = Watch {
            inputs,
            math: None,
            period: period * 60,
            grain: 60,
            notified: f64::NAN,
            state: State::InsufficientData,
        };
        Datapoints { series: vec![series], watches: [watch].into_iter().collect() }
    }

    fn put(store: &mut Datapoints, samples: &[f64], end: u64, visible: u64) {
        store.publish(0, Datapoint::of_samples(samples).unwrap(), at(end), at(visible));
    }

    fn read(store: &Datapoints, slots: u32, now: u64) -> Vec<Option<f64>> {
        store.read(AlarmId::new(0), slots, at(now)).values
    }

    #[test]
    fn a_datapoint_cannot_be_read_before_its_publication() {
        let mut store = watched(1, Statistic::Average, 0);
        put(&mut store, &[1.0, 3.0], 60, 95);
        assert_eq!(read(&store, 1, 94), [None]);
        assert_eq!(read(&store, 1, 95), [Some(2.0)]);
        // At 120 a new period has ended, of which nothing is known: the old one is now the second.
        assert_eq!(read(&store, 2, 120), [None, Some(2.0)]);
    }

    #[test]
    fn a_period_whose_datapoint_may_be_on_its_way_is_not_missing_yet() {
        let mut store = watched(1, Statistic::Average, 2);
        put(&mut store, &[7.0], 60, 150);
        assert_eq!(read(&store, 3, 179), [Some(7.0), None, None], "one period late");
        assert_eq!(read(&store, 3, 180), [Some(7.0), None, None], "two periods late");
        assert_eq!(read(&store, 3, 240), [None, Some(7.0), None], "later than usual: missing");
    }

    #[test]
    fn windows_slide_by_the_minute_and_merge_their_base_periods() {
        let mut store = watched(5, Statistic::Sum, 0);
        for minute in 1..=10 {
            put(&mut store, &[minute as f64], minute * 60, minute * 60);
        }
        assert_eq!(read(&store, 2, 600), [Some(40.0), Some(15.0)]);
        assert_eq!(read(&store, 2, 540), [Some(35.0), None], "a window that begins before the run is none");
    }

    #[test]
    fn every_statistic_over_two_base_periods() {
        let table = [
            (Statistic::Average, 3.0),
            (Statistic::Sum, 12.0),
            (Statistic::Minimum, -2.0),
            (Statistic::Maximum, 9.0),
            (Statistic::SampleCount, 4.0),
            (Statistic::Percentile(50.0), 1.0),
            (Statistic::Percentile(75.0), 4.0),
            (Statistic::Percentile(75.1), 9.0),
            (Statistic::Percentile(100.0), 9.0),
            (Statistic::Percentile(0.0), -2.0),
        ];
        for (statistic, expected) in table {
            let mut store = watched(2, statistic, 0);
            put(&mut store, &[4.0, -2.0], 60, 60);
            put(&mut store, &[9.0, 1.0], 120, 120);
            assert_eq!(read(&store, 1, 120), [Some(expected)], "{statistic:?}");
        }
    }

    #[test]
    fn a_percentile_of_histograms_is_that_of_all_their_values() {
        let mut store = watched(2, Statistic::Percentile(90.0), 0);
        for (end, base) in [(60, 0_u64), (120, 5)] {
            let mut histogram = Histogram::new(7);
            (1..=5).for_each(|value| histogram.record((base + value) * 1_000_000_000));
            store.publish(0, Datapoint::of_histogram(&histogram, 1e-9).unwrap(), at(end), at(end));
        }
        let [Some(value)] = read(&store, 1, 120)[..] else { panic!("one value") };
        assert!((value - 9.0).abs() < 9.0 / 256.0, "{value}");
    }

    #[test]
    fn no_samples_are_no_datapoint() {
        assert!(Datapoint::of_samples(&[]).is_none());
        assert!(Datapoint::of_histogram(&Histogram::new(7), 1.0).is_none());
    }

    #[test]
    fn what_no_alarm_reaches_any_more_is_dropped() {
        let mut store = watched(1, Statistic::Average, 0);
        store.series[0].reach = 300;
        (1..=1_000).for_each(|minute| put(&mut store, &[0.0], minute * 60, minute * 60));
        assert_eq!(store.series[0].points.len(), 6);
    }

    #[test]
    fn the_evaluation_range_of_the_doc_tables_is_five_for_three() {
        let ranges = [1, 2, 3, 5, 9, 10, 15].map(retrieved);
        assert_eq!(ranges, [3, 4, 5, 7, 12, 13, 20]);
    }

    #[test]
    fn e1_windows_of_high_resolution_slide_by_ten_seconds_over_data_of_one_second() {
        let mut store = watched(1, Statistic::Sum, 1);
        let watch = &mut store.watches[AlarmId::new(0)];
        (watch.period, watch.grain) = (30, 10);
        (1..=70).for_each(|second| put(&mut store, &[1.0], second, second + 5));
        assert_eq!(read(&store, 2, 65), [Some(30.0), Some(30.0)], "all up to 60 can be read");
        assert_eq!(read(&store, 2, 64), [Some(30.0), None], "the one of 60 cannot: up to 50");
        let reading = store.read(AlarmId::new(0), 1, at(69));
        assert_eq!((reading.end, reading.samples), (60, 30.0));
    }

    #[test]
    fn of_several_metrics_the_latest_decides_how_far_back_the_newest_period_is() {
        let mut store = watched(1, Statistic::Average, 3);
        let other = Metric::Custom(crate::plan::CustomMetricId::new(1));
        store.series.push(Series { metric: other, ..store.series[0].clone() });
        let watch = &mut store.watches[AlarmId::new(0)];
        watch.inputs.push(Input { series: 1, ..watch.inputs[0] });
        watch.math = Some(Expression::Fold(
            crate::plan::Fold::Sum,
            vec![Expression::Term(0), Expression::Fill(Box::new(Expression::Term(1)), Some(0.5))],
        ));
        for end in [60, 120, 180] {
            put(&mut store, &[4.0], end, end);
        }
        store.publish(1, Datapoint::of_samples(&[1.0]).unwrap(), at(60), at(170));
        assert_eq!(read(&store, 2, 180), [Some(5.0), None], "the second metric is known up to 60");
        let late = [Some(4.5), Some(5.0)];
        assert_eq!(read(&store, 2, 300), late, "beyond its patience the period of 120 counts as missing");
    }
}
