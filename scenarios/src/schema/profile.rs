//! Rate profiles: how a rate goes over time.

use crate::units::{Dur, Rate};
use schemars::JsonSchema;
use serde::Deserialize;

/// A rate over time: a rate alone (`"250/s"`) is constant; else one of these. Metrics take plain numbers for rates.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Profile {
    /// A rate in quotes: always the same.
    Text(Rate),
    /// A number: always the same; for metrics, which have no unit of time.
    Number(f64),
    /// Always the same.
    Constant {
        /// That rate.
        rate: Level,
    },
    /// Jumps from one rate to the next.
    Steps {
        /// `[("0s", "100/s"), ("30m", "400/s")]`: from that time on that rate; 0 before the first.
        steps: Vec<(Dur, Level)>,
    },
    /// A straight line from one rate to another.
    Ramp {
        /// Rate before.
        from: Level,
        /// Rate after.
        to: Level,
        /// When it begins. Default 0.
        at: Option<Dur>,
        /// How long it takes.
        over: Dur,
    },
    /// Up in a straight line, a while at the peak, down in a straight line.
    Spike {
        /// Rate before and after.
        base: Level,
        /// Rate at the peak.
        peak: Level,
        /// When it begins to rise.
        at: Dur,
        /// How long it rises. Default 0.
        rise: Option<Dur>,
        /// How long the peak holds. Default 0.
        hold: Option<Dur>,
        /// How long it falls. Default 0.
        decay: Option<Dur>,
    },
    /// A sine wave.
    Sine {
        /// Middle.
        mean: Level,
        /// From the middle to the peak; at most the mean, for a rate.
        amplitude: Level,
        /// One wave.
        period: Dur,
        /// When it peaks first. Default a quarter period.
        peak_at: Option<Dur>,
    },
    /// A sine wave of one day.
    Diurnal {
        /// Middle.
        mean: Level,
        /// From the middle to the peak; at most the mean, for a rate.
        amplitude: Level,
        /// One wave. Default 24 h.
        period: Option<Dur>,
        /// When it peaks first. Default half a period.
        peak_at: Option<Dur>,
    },
    /// Several added up.
    Sum {
        /// The parts.
        of: Vec<Profile>,
    },
    /// Straight lines between points.
    Series {
        /// `[("0s", "100/s"), ("1h", "300/s")]`, times ascending.
        points: Vec<(Dur, Level)>,
    },
    /// A series in a CSV file with a head line.
    Csv {
        /// Path, from the folder of the scenario.
        path: String,
        /// Column with times: seconds, or dates such as `2014-04-10 00:04:00`; the first one is time 0. Default
        /// `timestamp`.
        time: Option<String>,
        /// Column with values. Default `value`.
        value: Option<String>,
        /// What a value is. Default `Rate`.
        kind: Option<SeriesKind>,
        /// Factor on the values. Default 1.
        scale: Option<f64>,
        /// Factor on the times; rates stay as they are. Default 1.
        stretch: Option<f64>,
    },
}

/// What the values of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum SeriesKind {
    /// Per second at that time; a straight line to the next.
    Rate,
    /// How many came from that time to the next.
    CountPerInterval,
}

/// A level: a rate such as `"250/s"`, or a plain number for a metric.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Level {
    /// A rate.
    Text(Rate),
    /// A metric's value.
    Number(f64),
}
