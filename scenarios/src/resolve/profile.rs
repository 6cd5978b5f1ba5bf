//! Rate profiles as straight lines between knots.

use super::context::Cx;
use super::series;
use crate::outline::{Kind, Place};
use crate::schema::{Level, Profile};
use crate::units::Dur;
use models::plan::RateProfile;
use sim_core::{Duration, Time, math};
use std::f64::consts::TAU;

/// Knots per wave: straight lines between them are off by at most 3.1e-4 of the amplitude.
const PER_WAVE: f64 = 128.0;

/// More knots than this are a wave far shorter than the run needs.
const MOST_KNOTS: f64 = 2e6;

/// What the values of a profile mean.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Requests per second.
    Rate,
    /// A metric, in its own unit; may be negative.
    Metric,
}

/// Knots of a profile.
pub(crate) fn resolve<'a>(cx: &mut Cx<'a>, profile: &'a Profile, place: Place<'a>, meaning: Meaning) -> RateProfile {
    let profile = RateProfile { knots: knots(cx, profile, place, meaning) };
    let rates = profile.knots.iter().map(|knot| knot.1);
    let (least, most) = rates.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), rate| (a.min(rate), b.max(rate)));
    if meaning == Meaning::Rate {
        if least < -1e-9 {
            cx.error(
                place,
                format!("the rate falls to {least:.3} per second"),
                "negative",
                "a rate cannot be negative; lower the amplitude or raise the mean",
            );
        }
        if most > 1e7 {
            cx.error(
                place,
                format!("the rate rises to {most:e} per second"),
                "too high",
                "at most 10,000,000 per second can be simulated",
            );
        } else if mean(&profile, cx.horizon) * cx.horizon > 1e12 {
            let total = mean(&profile, cx.horizon) * cx.horizon;
            cx.error(
                place,
                format!("{total:.1e} requests in all"),
                "too many",
                "shorten `duration` or lower the rate to at most 1e12 requests",
            );
        }
    }
    profile
}

/// Mean of a profile from 0 to `end` seconds.
pub(crate) fn mean(profile: &RateProfile, end: f64) -> f64 {
    let knots = &profile.knots;
    let (Some(first), Some(last)) = (knots.first(), knots.last()) else { return 0.0 };
    if end <= 0.0 {
        return first.1;
    }
    let mut area = first.1 * first.0.as_secs_f64().min(end);
    for pair in knots.windows(2) {
        let (a, b) = (pair[0].0.as_secs_f64(), pair[1].0.as_secs_f64());
        let (from, to) = (a.min(end), b.min(end));
        if to > from {
            let slope = (pair[1].1 - pair[0].1) / (b - a);
            let at = |t: f64| pair[0].1 + slope * (t - a);
            area += (at(from) + at(to)) / 2.0 * (to - from);
        }
    }
    area += last.1 * (end - last.0.as_secs_f64()).max(0.0);
    area / end
}

fn at(seconds: f64) -> Time {
    Time::ZERO + Duration::from_secs_f64(seconds)
}

fn knots<'a>(cx: &mut Cx<'a>, profile: &'a Profile, place: Place<'a>, meaning: Meaning) -> Vec<(Time, f64)> {
    let seconds = |time: &Option<Dur>, default: f64| time.map_or(default, |time| time.0);
    match profile {
        Profile::Text(rate) => vec![(Time::ZERO, rate.0)],
        Profile::Number(value) => vec![(Time::ZERO, level(cx, &Level::Number(*value), place, meaning))],
        Profile::Constant { rate } => vec![(Time::ZERO, level(cx, rate, place.part("rate", 0), meaning))],
        Profile::Steps { steps } => {
            let list = place.part("steps", 0);
            let points = points(cx, steps, list, meaning);
            let mut knots: Vec<(Time, f64)> = Vec::with_capacity(points.len() * 2);
            for (time, rate) in points {
                let before = knots.last().map_or(0.0, |knot| knot.1);
                if time > Time::ZERO {
                    knots.push((time, before));
                }
                knots.push((time, rate));
            }
            knots
        }
        Profile::Ramp { from, to, at: start, over } => {
            let (from, to) =
                (level(cx, from, place.part("from", 0), meaning), level(cx, to, place.part("to", 1), meaning));
            let start = seconds(start, 0.0);
            vec![(at(start), from), (at(start + over.0), to)]
        }
        Profile::Spike { base, peak, at: start, rise, hold, decay } => {
            let (base, peak) =
                (level(cx, base, place.part("base", 0), meaning), level(cx, peak, place.part("peak", 1), meaning));
            let up = start.0 + seconds(rise, 0.0);
            let down = up + seconds(hold, 0.0);
            vec![(at(start.0), base), (at(up), peak), (at(down), peak), (at(down + seconds(decay, 0.0)), base)]
        }
        Profile::Sine { mean, amplitude, period, peak_at } => {
            let values = (
                level(cx, mean, place.part("mean", 0), meaning),
                level(cx, amplitude, place.part("amplitude", 1), meaning),
            );
            wave(cx, place, values, period.0, seconds(peak_at, period.0 / 4.0))
        }
        Profile::Diurnal { mean, amplitude, period, peak_at } => {
            let values = (
                level(cx, mean, place.part("mean", 0), meaning),
                level(cx, amplitude, place.part("amplitude", 1), meaning),
            );
            let period = seconds(period, 86400.0);
            wave(cx, place, values, period, seconds(peak_at, period / 2.0))
        }
        Profile::Sum { of } => {
            let list = place.part("of", 0);
            if of.is_empty() {
                cx.error(place, "a sum of nothing", "no part", "name at least one profile");
            }
            let mut sum: Option<RateProfile> = None;
            for (index, part) in of.iter().enumerate() {
                let part = RateProfile { knots: knots(cx, part, list.item(index), meaning) };
                sum = Some(sum.map_or(part.clone(), |sum| sum.plus(&part)));
            }
            sum.unwrap_or_default().knots
        }
        Profile::Series { points: series } => points(cx, series, place.part("points", 0), meaning),
        Profile::Csv { path, time, value, kind, scale, stretch } => {
            let scale = cx.number(place.field("scale"), scale.unwrap_or(1.0), f64::MIN, f64::MAX);
            let stretch = cx.number(place.field("stretch"), stretch.unwrap_or(1.0), 1e-9, 1e9);
            let columns = (time.as_deref().unwrap_or("timestamp"), value.as_deref().unwrap_or("value"));
            let profile = series::read(cx, place, path, columns, *kind, stretch);
            profile.scaled(scale).knots
        }
    }
}

fn level<'a>(cx: &mut Cx<'a>, level: &Level, place: Place<'a>, meaning: Meaning) -> f64 {
    match level {
        Level::Text(rate) => rate.0,
        Level::Number(value) if meaning == Meaning::Metric || *value == 0.0 => *value,
        Level::Number(value) => {
            cx.error(
                place,
                format!("a rate without a unit: `{value}`"),
                "needs a unit",
                &format!("write `\"{value}/s\"` for so many per second"),
            );
            0.0
        }
    }
}

fn points<'a>(cx: &mut Cx<'a>, points: &[(Dur, Level)], list: Place<'a>, meaning: Meaning) -> Vec<(Time, f64)> {
    if points.is_empty() && list.node().items().is_empty() {
        cx.error(list, "a profile without points", "empty", "name at least one, such as `(\"0s\", \"100/s\")`");
    }
    // Where elements were left out for mistakes, positions no longer match the text; the list stands for them.
    let whole = matches!(&list.node().kind, Kind::List(items) if items.len() == points.len());
    let mut knots: Vec<(Time, f64)> = Vec::with_capacity(points.len());
    for (index, (time, value)) in points.iter().enumerate() {
        let place = if whole { list.item(index) } else { list };
        let time = at(time.0);
        if knots.last().is_some_and(|last| last.0 > time) {
            cx.error(place, "times must ascend", "earlier than the one before", "order the points by time");
            continue;
        }
        let value = level(cx, value, place.item(1), meaning);
        knots.push((time, value));
    }
    knots
}

fn wave<'a>(
    cx: &mut Cx<'a>,
    place: Place<'a>,
    (mean, amplitude): (f64, f64),
    period: f64,
    peak_at: f64,
) -> Vec<(Time, f64)> {
    if period <= 0.0 {
        cx.error(place, "a wave needs a period", "period is zero", "");
        return Vec::new();
    }
    let end = cx.horizon + period;
    let step = period / PER_WAVE;
    if end / step > MOST_KNOTS {
        cx.error(
            place,
            format!("{:.0} waves in the run", end / period),
            "too many",
            "lengthen `period` or shorten `duration`",
        );
        return Vec::new();
    }
    // Knots fall on the peaks, so that the largest rate is met exactly.
    let first = peak_at - (peak_at / step).ceil() * step;
    let count = ((end - first) / step).ceil() as usize;
    let rate = |time: f64| mean + amplitude * math::cos(TAU * (time - peak_at) / period);
    let mut knots: Vec<(Time, f64)> = vec![(Time::ZERO, rate(0.0))];
    knots.extend(
        (1..=count).map(|i| first + step * i as f64).filter(|time| *time > 0.0).map(|time| (at(time), rate(time))),
    );
    knots
}
