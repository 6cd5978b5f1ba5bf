//! Datapoints: what can be read from CloudWatch, and from when on.
//!
//! ```text
//!  cloudwatch ──publish──► Datapoints (per watched metric) ──slots of an alarm──► alarm
//!                                                └─ value of the last notification ──► group (step scaling)
//! ```
//! # Models      datapoints that can be read only after their publication; windows that slide by the minute (rule E2);
//!   Average, Sum, Minimum, Maximum, SampleCount and percentiles over windows of several base periods
//! # Leaves out  retention, roll-up, high resolution; metrics that nobody watches
//! # Source      CloudWatch user guide, "Metrics concepts" and "Evaluating an alarm"; `aws/scaling.md` §5.1 to §5.4

use crate::alarm::State;
use crate::archive::Archive;
use crate::plan::{Alarm, AlarmId, Metric, Monitoring, Plan, Statistic};
use sim_core::dist::Dist;
use sim_core::{Histogram, Table, Time};
use std::collections::VecDeque;

/// Nanoseconds in a minute, the base of all periods.
const MINUTE: u64 = 60_000_000_000;

/// The number of the minute that ends at `time` (or before it, the last whole one).
pub fn minute(time: Time) -> u32 {
    (time.nanos() / MINUTE) as u32
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
    /// Minutes that the longest window of any of its alarms looks back.
    reach: u32,
    /// Whether single values are kept, for a percentile.
    raw: bool,
}

/// What an alarm reads.
#[derive(Clone, Copy, Debug)]
struct Watch {
    series: usize,
    /// Period in minutes.
    period: u32,
    statistic: Statistic,
    /// Trailing minutes whose datapoint may still be on its way.
    patience: u32,
    /// The value that went with its last notification.
    notified: f64,
    /// Its state, as the API shows it.
    state: State,
}

/// A statistic set, as CloudWatch stores one per metric and base period.
#[derive(Clone, Debug)]
pub struct Datapoint {
    /// Number of the minute that ended with its period.
    end: u32,
    /// It can be read from here on.
    visible: Time,
    count: f64,
    sum: f64,
    min: f64,
    max: f64,
    values: Values,
}

/// Single values, where a percentile asks for them.
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
}

impl Datapoints {
    /// Room for the metrics that the plan's alarms watch and its forecasts are made from.
    pub fn new(plan: &Plan) -> Self {
        let mut series: Vec<Series> = Vec::new();
        let watches = plan.alarms.values().map(|alarm| {
            let at = series.iter().position(|one| one.metric == alarm.metric).unwrap_or(series.len());
            if at == series.len() {
                series.push(Series { metric: alarm.metric, points: VecDeque::new(), reach: 0, raw: false });
            }
            let period = ((alarm.period.nanos() / MINUTE) as u32).max(1);
            let patience = patience(alarm, plan);
            let slots = retrieved(alarm.evaluation_periods);
            series[at].reach = series[at].reach.max(patience + period * slots + 1);
            series[at].raw |= matches!(alarm.statistic, Statistic::Percentile(_));
            Watch {
                series: at,
                period,
                statistic: alarm.statistic,
                patience,
                notified: f64::NAN,
                state: State::InsufficientData,
            }
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

    /// Takes in the datapoint of the period that ends now; it can be read from `visible` on.
    pub fn publish(&mut self, index: usize, mut point: Datapoint, now: Time, visible: Time) {
        let Some(series) = self.series.get_mut(index) else { return };
        point.end = minute(now);
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

    /// What an alarm reads now: one value per period, newest first, none where no datapoint can be read.
    ///
    /// A modelling choice: trailing minutes whose datapoint may still be on its way (within the publication delay usual
    /// for the metric) are not yet taken for missing; the newest period is then the newest one published. Without it
    /// every alarm on a late metric would see holes at each look, which AWS's do not.
    pub fn slots(&self, alarm: AlarmId, slots: u32, now: Time) -> Vec<Option<f64>> {
        let watch = self.watches[alarm];
        let points = &self.series[watch.series].points;
        let last = minute(now);
        let seen = |end: u32| points.iter().any(|point| point.end == end && point.visible <= now);
        let trailing = (0..=watch.patience.min(last)).find(|&late| seen(last - late)).unwrap_or(watch.patience);
        (0..slots)
            .map(|slot| {
                let end = last.checked_sub(trailing + slot * watch.period)?;
                let start = end.checked_sub(watch.period)?;
                let window = points.iter().filter(|p| p.end > start && p.end <= end && p.visible <= now);
                aggregate(window, watch.statistic)
            })
            .collect()
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
        Metric::Cpu(_) | Metric::Machine(..) => &cloudwatch.ec2_delay,
        Metric::InServiceInstances(_) | Metric::DesiredCapacity(_) => &cloudwatch.group_delay,
        Metric::RequestCount(_)
        | Metric::Elb5xx(_)
        | Metric::RequestCountPerTarget(_)
        | Metric::TargetResponseTime(_)
        | Metric::Target5xx(_)
        | Metric::HealthyHostCount(_)
        | Metric::UnHealthyHostCount(_) => &cloudwatch.elb_delay,
        Metric::DatabaseConnections(_) | Metric::DatabaseCpu(_) => &cloudwatch.rds_delay,
        Metric::QueueDepth(_) | Metric::Custom(_) => &cloudwatch.custom_delay,
    }
}

/// Minutes from the end of a period to when its datapoint can be read at the latest, as usual; a metric of 300 s comes
/// up to four minutes later still, counted from any minute.
fn patience(alarm: &Alarm, plan: &Plan) -> u32 {
    let usual = (delay_of(alarm.metric, plan).quantile(0.999) / 60.0).ceil().clamp(0.0, 30.0) as u32;
    let basic = match alarm.metric {
        Metric::Cpu(fleet) => plan.fleets[fleet].template.monitoring == Monitoring::Basic,
        _ => false,
    };
    // A finer alarm sees such a datapoint in one period of five and misses it in the others, as on AWS.
    if basic && alarm.period.nanos() >= 5 * MINUTE { usual + 4 } else { usual }
}

/// The statistic over the datapoints of one window; none without any.
fn aggregate<'a>(window: impl Iterator<Item = &'a Datapoint> + Clone, statistic: Statistic) -> Option<f64> {
    let count: f64 = window.clone().map(|point| point.count).sum();
    window.clone().next()?;
    let sum = window.clone().map(|point| point.sum).sum::<f64>();
    Some(match statistic {
        Statistic::Average => sum / count,
        Statistic::Sum => sum,
        Statistic::SampleCount => count,
        Statistic::Minimum => window.map(|point| point.min).fold(f64::INFINITY, f64::min),
        Statistic::Maximum => window.map(|point| point.max).fold(f64::NEG_INFINITY, f64::max),
        Statistic::Percentile(percent) => percentile(window, percent / 100.0)?,
    })
}

/// The smallest value with at least that share of all values at or below it.
fn percentile<'a>(window: impl Iterator<Item = &'a Datapoint>, share: f64) -> Option<f64> {
    let mut samples: Vec<f64> = Vec::new();
    let mut merged: Option<(Histogram, f64)> = None;
    for point in window {
        match (&point.values, &mut merged) {
            (Values::Samples(values), _) => samples.extend(values),
            (Values::Histogram(histogram, _), Some((all, _))) => all.merge(histogram),
            (Values::Histogram(histogram, scale), none) => *none = Some((histogram.clone(), *scale)),
            (Values::Dropped, _) => {}
        }
    }
    if let Some((histogram, scale)) = merged {
        return Some(histogram.quantile(share)? as f64 * scale);
    }
    samples.sort_unstable_by(f64::total_cmp);
    let rank = ((share.clamp(0.0, 1.0) * samples.len() as f64).ceil() as usize).max(1);
    samples.get(rank - 1).copied()
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
        let series = Series { metric, points: VecDeque::new(), reach: 60, raw: true };
        let watch =
            Watch { series: 0, period, statistic, patience, notified: f64::NAN, state: State::InsufficientData };
        Datapoints { series: vec![series], watches: [watch].into_iter().collect() }
    }

    fn put(store: &mut Datapoints, samples: &[f64], end: u64, visible: u64) {
        store.publish(0, Datapoint::of_samples(samples).unwrap(), at(end), at(visible));
    }

    fn read(store: &Datapoints, slots: u32, now: u64) -> Vec<Option<f64>> {
        store.slots(AlarmId::new(0), slots, at(now))
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
        store.series[0].reach = 5;
        (1..=1_000).for_each(|minute| put(&mut store, &[0.0], minute * 60, minute * 60));
        assert_eq!(store.series[0].points.len(), 6);
    }

    #[test]
    fn the_evaluation_range_of_the_doc_tables_is_five_for_three() {
        let ranges = [1, 2, 3, 5, 9, 10, 15].map(retrieved);
        assert_eq!(ranges, [3, 4, 5, 7, 12, 13, 20]);
    }
}
