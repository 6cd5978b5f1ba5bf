//! The archive: hourly sums of the metrics that forecasts are made from.
//!
//! ```text
//!  cloudwatch ──note (each datapoint)──► Archive ──load of an hour──► group::predictive
//! ```
//! # Models      one row per hour of the clock; an hour can be read when its last datapoint can
//! # Leaves out  statistics other than the sum; metrics that no forecast is made from
//! # Source      `aws/scaling.md` §3.7

use crate::plan::{Metric, Plan, PolicyKind, Sizing};
use sim_core::{Duration, Time};

/// Seconds of an hour.
pub const HOUR: i64 = 3_600;

/// The hours of the clock on the wall, numbered from the one in which the run starts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hours {
    /// Seconds of that hour that were over at the start.
    offset: i64,
}

impl Hours {
    /// Of a run that starts at this many seconds since 1970.
    pub fn of(starts_at: i64) -> Hours {
        Hours { offset: starts_at.rem_euclid(HOUR) }
    }

    /// The number of the hour that `time` is in.
    pub fn at(self, time: Time) -> i64 {
        ((time.nanos() / 1_000_000_000) as i64 + self.offset) / HOUR
    }

    /// When that hour begins, or began: seconds of the run, negative before its start.
    pub fn begins(self, hour: i64) -> i64 {
        hour * HOUR - self.offset
    }
}

/// Hourly sums of some metrics.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    hours: Hours,
    rows: Vec<(Metric, Vec<Hour>)>,
}

/// The datapoints of an hour.
#[derive(Clone, Copy, Debug, Default)]
struct Hour {
    sum: f64,
    datapoints: u32,
    visible: Time,
}

impl Archive {
    /// An empty archive of the metrics that the plan's forecasts need.
    pub fn new(plan: &Plan) -> Self {
        let mut rows: Vec<(Metric, Vec<Hour>)> = Vec::new();
        for fleet in plan.fleets.values() {
            let Sizing::AutoScaling(group) = &fleet.sizing else { continue };
            for policy in &group.policies {
                let PolicyKind::Predictive(predictive) = &policy.kind else { continue };
                if rows.iter().all(|row| row.0 != predictive.load) {
                    rows.push((predictive.load, Vec::new()));
                }
            }
        }
        Archive { hours: Hours::of(plan.starts_at), rows }
    }

    /// The metrics kept here.
    pub fn metrics(&self) -> impl Iterator<Item = Metric> + '_ {
        self.rows.iter().map(|row| row.0)
    }

    /// Takes in the sum of a datapoint whose period ends now.
    pub fn note(&mut self, metric: Metric, sum: f64, now: Time, visible: Time) {
        // What ends with the hour belongs to it.
        let within = Time::from_nanos(now.nanos().saturating_sub(Duration::from_secs(1).nanos()));
        let hour = self.hours.at(within) as usize;
        let Some((_, hours)) = self.rows.iter_mut().find(|row| row.0 == metric) else { return };
        if hours.len() <= hour {
            hours.resize(hour + 1, Hour::default());
        }
        let row = &mut hours[hour];
        row.sum += sum;
        row.datapoints += 1;
        row.visible = row.visible.max(visible);
    }

    /// Sum and number of the datapoints of an hour that is over and can be read.
    pub fn read(&self, metric: Metric, hour: i64, now: Time) -> Option<(f64, u32)> {
        let (_, hours) = self.rows.iter().find(|row| row.0 == metric)?;
        let row = hours.get(usize::try_from(hour).ok()?)?;
        (hour < self.hours.at(now) && row.datapoints > 0 && row.visible <= now).then_some((row.sum, row.datapoints))
    }
}
