//! Where the ticks of an axis stand and what they say.
//!
//! Models: round steps of 1, 2, 5 for values, of the clock for time, of decades for latencies that span them.

use sim_core::math::{ln, log10, pow};

/// A tick: where it stands and what it says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub at: f64,
    pub text: String,
}

/// A value axis.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    pub low: f64,
    pub high: f64,
    pub log: bool,
    pub ticks: Vec<Tick>,
}

impl Scale {
    /// From zero (or a round number below) to `max` or a little more, with about `count` steps.
    pub(crate) fn linear(min: f64, max: f64, count: f64, integer: bool) -> Self {
        let low = if min.is_finite() { min.min(0.0) } else { 0.0 };
        let high = if max.is_finite() && max > low { max } else { low + 1.0 };
        let mut step = round_step((high - low) / count.max(1.0));
        if integer {
            step = step.max(1.0);
        }
        let first = (low / step).floor() as i64;
        // The axis ends on a tick if one is near, else a little above the data: no empty quarter on top.
        let above = (high / step - 1e-9).ceil() * step;
        let high = if above <= high * 1.08 { above } else { high + (high - low) * 0.05 };
        let last = (high / step + 1e-9).floor() as i64;
        let ticks = (first..=last).map(|i| i as f64 * step).map(|at| Tick { at, text: number(at, step) }).collect();
        Self { low: first as f64 * step, high, log: false, ticks }
    }

    /// Whole decades around the range, cut to 1, 2 or 5; `min` is above zero.
    pub(crate) fn log(min: f64, max: f64) -> Self {
        let grid: Vec<f64> = (-9..12).flat_map(|e| [1.0, 2.0, 5.0].map(|m| m * pow(10.0, f64::from(e)))).collect();
        let low = grid.iter().copied().rfind(|&v| v <= min * 1.000_001).unwrap_or(grid[0]);
        let high = grid.iter().copied().find(|&v| v >= max * 0.999_999).unwrap_or(grid[grid.len() - 1]);
        let wide = high / low > 300.0;
        let decade = |v: f64| (log10(v) - log10(v).round()).abs() < 1e-6;
        let ticks = grid
            .into_iter()
            .filter(|&v| v >= low && v <= high && (!wide || decade(v)))
            .map(|at| Tick { at, text: number(at, at) })
            .collect();
        Self { low, high, log: true, ticks }
    }

    /// The position of a value between 0 (bottom) and 1 (top), cut at both ends.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let share = if self.log {
            ln(value.max(self.low) / self.low) / ln(self.high / self.low)
        } else {
            (value - self.low) / (self.high - self.low)
        };
        share.clamp(0.0, 1.0)
    }
}

/// The least of 1, 2, 5 × 10ⁿ that is not below `raw`.
fn round_step(raw: f64) -> f64 {
    let power = pow(10.0, log10(raw).floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|&s| s >= raw * 0.999_999).unwrap_or(10.0 * power)
}

/// A number with as many decimals as the step needs, and commas between thousands.
pub(crate) fn number(value: f64, step: f64) -> String {
    if value.abs() >= 1e9 {
        return format!("{value:.0e}");
    }
    let decimals = if step >= 1.0 || step <= 0.0 { 0 } else { (-log10(step) - 1e-9).ceil().clamp(0.0, 9.0) as usize };
    let text = format!("{:.*}", decimals, value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut out = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    let sign = if value < 0.0 && text.contains(|c: char| ('1'..='9').contains(&c)) { "−" } else { "" };
    format!("{sign}{out}{rest}")
}

/// Ticks of a time axis from 0 to `end` seconds, no more than `most`, and the name of its format.
pub(crate) fn time(end: f64, most: usize) -> (Vec<Tick>, &'static str) {
    const STEPS: [f64; 25] = [
        0.1,
        0.2,
        0.5,
        1.0,
        2.0,
        5.0,
        10.0,
        15.0,
        30.0,
        60.0,
        120.0,
        300.0,
        600.0,
        900.0,
        1800.0,
        3600.0,
        7200.0,
        10800.0,
        21600.0,
        43200.0,
        86400.0,
        172_800.0,
        604_800.0,
        1_209_600.0,
        2_592_000.0,
    ];
    let most = most.max(2) as f64;
    let step = STEPS.into_iter().find(|s| end / s <= most).unwrap_or_else(|| (end / most / 86400.0).ceil() * 86400.0);
    let (format, write): (_, fn(f64) -> String) = match (step, end) {
        (s, _) if s >= 86400.0 => ("days", |t| number(t / 86400.0, 1.0)),
        (s, _) if s < 1.0 => ("s", |t| number(t, 0.1)),
        (_, e) if e < 3600.0 => ("m:ss", |t| format!("{}:{:02}", t as u64 / 60, t as u64 % 60)),
        (s, _) if s < 60.0 => {
            ("h:mm:ss", |t| format!("{}:{:02}:{:02}", t as u64 / 3600, t as u64 / 60 % 60, t as u64 % 60))
        }
        _ => ("h:mm", |t| format!("{}:{:02}", t as u64 / 3600, t as u64 / 60 % 60)),
    };
    let ticks = (0..).map(|i| f64::from(i) * step).take_while(|&at| at <= end * 1.000_001);
    (ticks.take(200).map(|at| Tick { at, text: write(at) }).collect(), format)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.text.as_str()).collect()
    }

    #[test]
    fn time_is_told_as_on_a_clock() {
        let (ticks, format) = time(10_800.0, 12);
        assert_eq!(format, "h:mm");
        assert_eq!(texts(&ticks)[..4], ["0:00", "0:15", "0:30", "0:45"]);
        assert_eq!(ticks.last().unwrap().text, "3:00");
        assert_eq!(texts(&time(600.0, 10).0)[..3], ["0:00", "1:00", "2:00"]);
        assert_eq!(time(30.0 * 86400.0, 10).1, "days");
        assert!(time(1e9, 10).0.len() <= 11);
        assert_eq!(texts(&time(0.5, 10).0)[..2], ["0.0", "0.1"]);
    }

    #[test]
    fn values_have_round_steps() {
        let scale = Scale::linear(0.0, 1873.0, 5.0, false);
        assert_eq!(texts(&scale.ticks), ["0", "500", "1,000", "1,500", "2,000"]);
        assert_eq!(scale.high, 2000.0);
        let between = Scale::linear(0.0, 2060.0, 5.0, false);
        assert_eq!(texts(&between.ticks).last(), Some(&"2,000"));
        assert!(between.high > 2060.0 && between.high < 2200.0);
        let whole = Scale::linear(0.0, 2.0, 6.0, true);
        assert_eq!(texts(&whole.ticks), ["0", "1", "2"]);
        let small = Scale::linear(0.0, 0.37, 4.0, false);
        assert_eq!(texts(&small.ticks), ["0.0", "0.1", "0.2", "0.3"]);
        let nothing = Scale::linear(f64::INFINITY, f64::NEG_INFINITY, 5.0, false);
        assert!(nothing.high > nothing.low);
        assert_eq!(number(-12.5, 0.5), "−12.5");
    }

    #[test]
    fn decades_hold_the_range() {
        let scale = Scale::log(11.0, 9_800.0);
        assert_eq!((scale.low, scale.high), (10.0, 10_000.0));
        assert_eq!(texts(&scale.ticks), ["10", "100", "1,000", "10,000"]);
        assert_eq!(texts(&Scale::log(3.0, 90.0).ticks), ["2", "5", "10", "20", "50", "100"]);
        assert!((scale.place(316.2) - 0.5).abs() < 1e-3);
    }
}
