//! Planes: figures against settings with their intervals, and figures against each other.

use super::{Frame, Measured, Pair, Point, Setting};
use crate::axis::Scale;
use crate::font;
use crate::pen::{Align, Pen};
use crate::theme::*;
use plotters::style::RGBColor;

type Done = Result<(), crate::Error>;

/// A scale that holds all values with their intervals, and shows no more than it must.
fn scale<'m>(values: impl Iterator<Item = &'m Measured>) -> Scale {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for m in values.filter(|m| m.mean.is_finite()) {
        let half = m.half.filter(|half| half.is_finite()).unwrap_or(0.0);
        (low, high) = (low.min(m.mean - half), high.max(m.mean + half));
    }
    tight(low, high)
}

/// From a round number below `low` to one above `high`; from zero if that is near.
pub(super) fn tight(low: f64, high: f64) -> Scale {
    if !low.is_finite() || !high.is_finite() || (low >= 0.0 && low <= 0.4 * high) {
        return Scale::linear(low.min(0.0), high, 6.0, false);
    }
    let span = if high > low { high - low } else { high.abs().max(1e-9) * 0.1 };
    // Laid out from the lower end as if that were zero, then moved back.
    let grid = Scale::linear(0.0, span * 1.02, 6.0, false);
    let step = grid.ticks.get(1).map_or(span, |tick| tick.at);
    let first = ((low - span * 0.02) / step).floor();
    // A share of all has no place above it.
    let last = if high == 1.0 { (high / step - 1e-9).ceil() } else { ((high + span * 0.02) / step).ceil() };
    let ticks = (0..=(last - first) as i64)
        .map(|i| (first + i as f64) * step)
        .map(|at| crate::axis::Tick { at, text: crate::axis::number(at, step) })
        .collect();
    Scale { low: first * step, high: last * step, log: false, ticks }
}

/// The value axis with its grid; returns the frame of the plot.
fn ground(pen: &Pen<'_, '_>, room: Frame, scale: &Scale, y: &str) -> Result<Frame, crate::Error> {
    let widest = scale.ticks.iter().map(|tick| font::width(&tick.text, LABEL, false)).fold(0.0, f64::max);
    let frame = Frame {
        left: room.left + 40.0 + widest,
        right: room.right - 10.0,
        top: room.top + 10.0,
        bottom: room.bottom - 80.0,
    };
    for tick in &scale.ticks {
        let at = frame.bottom - scale.place(tick.at) * (frame.bottom - frame.top);
        pen.line(&[(frame.left, at), (frame.right, at)], 1.0, GRID, false)?;
        pen.text(&tick.text, frame.left - 10.0, at + 6.5, LABEL, false, INK, Align::Right)?;
    }
    pen.line(&[(frame.left, frame.bottom), (frame.right, frame.bottom)], 1.6, FRAME, false)?;
    let fitted = font::fit(y, LABEL, false, frame.bottom - frame.top);
    pen.upwards(&fitted, room.left + 10.0, (frame.top + frame.bottom) / 2.0, LABEL, MUTED)?;
    Ok(frame)
}

/// The names of a setting's values below the plot, those that would touch left out.
fn below(pen: &Pen<'_, '_>, frame: Frame, setting: &Setting, size: f64) -> Done {
    let mut free = f64::NEG_INFINITY;
    let mut marks: Vec<(f64, &String)> = setting.places().into_iter().zip(&setting.values).collect();
    marks.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (place, text) in marks {
        let at = frame.left + place * (frame.right - frame.left);
        pen.line(&[(at, frame.bottom), (at, frame.bottom + 7.0)], 1.4, FRAME, false)?;
        let text = font::fit(text, size, false, (frame.right - frame.left) / 2.0);
        let width = font::width(&text, size, false);
        if at - width / 2.0 > free {
            pen.text(&text, at, frame.bottom + 28.0, size, false, INK, Align::Middle)?;
            free = at + width / 2.0 + 8.0;
        }
    }
    let name = font::fit(&setting.name, size, false, frame.right - frame.left);
    pen.text(&name, (frame.left + frame.right) / 2.0, frame.bottom + 62.0, size, false, MUTED, Align::Middle)
}

/// A line with its interval as a band.
fn curve(
    pen: &Pen<'_, '_>,
    frame: Frame,
    scale: &Scale,
    places: &[f64],
    values: &[Option<Measured>],
    (colour, width): (RGBColor, f64),
) -> Done {
    let x = |place: f64| frame.left + place * (frame.right - frame.left);
    let y = |value: f64| frame.bottom - scale.place(value) * (frame.bottom - frame.top);
    let mut points: Vec<(f64, Measured)> = places
        .iter()
        .zip(values)
        .filter_map(|(place, m)| Some((x(*place), (*m)?)))
        .filter(|p| p.1.mean.is_finite())
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = |m: &Measured| m.half.filter(|half| half.is_finite()).unwrap_or(0.0);
    let unit = |(px, py): (f64, f64)| (pen.unit(px), pen.unit(py));
    let upper = points.iter().map(|(px, m)| unit((*px, y(m.mean + half(m)))));
    let lower = points.iter().rev().map(|(px, m)| unit((*px, y(m.mean - half(m)))));
    if points.len() > 1 {
        pen.polygon(upper.chain(lower).collect(), colour, 0.18)?;
        let line: Vec<(f64, f64)> = points.iter().map(|(px, m)| (*px, y(m.mean))).collect();
        pen.line(&line, width, colour, false)?;
    }
    for (px, m) in &points {
        let (top, bottom) = (y(m.mean + half(m)), y(m.mean - half(m)));
        if bottom - top > 3.0 {
            pen.line(&[(*px, top), (*px, bottom)], 2.0, colour, false)?;
        }
        pen.dot((*px, y(m.mean)), width + 3.0, colour)?;
    }
    Ok(())
}

pub(crate) fn lines(
    pen: &Pen<'_, '_>,
    room: Frame,
    x: &Setting,
    y: &str,
    lines: &[(String, Vec<Option<Measured>>)],
) -> Done {
    let named: Vec<&str> = lines.iter().map(|line| line.0.as_str()).filter(|name| !name.is_empty()).collect();
    let mut top = room.top;
    if named.len() > 1 {
        let mut at = room.left + 60.0;
        for (i, name) in named.iter().enumerate() {
            let name = font::fit(name, SMALL, false, 300.0);
            let width = 46.0 + font::width(&name, SMALL, false) + 26.0;
            if at + width > room.right {
                at = room.left + 60.0;
                top += ROW;
            }
            pen.line(&[(at, top + 14.0), (at + 28.0, top + 14.0)], 4.0, series(i), false)?;
            pen.text(&name, at + 36.0, top + 20.0, SMALL, false, INK, Align::Left)?;
            at += width;
        }
        top += ROW;
    }
    let scale = scale(lines.iter().flat_map(|line| line.1.iter().flatten()));
    let frame = ground(pen, Frame { top, ..room }, &scale, y)?;
    below(pen, frame, x, LABEL)?;
    let places = x.places();
    for (i, (_, values)) in lines.iter().enumerate() {
        curve(pen, frame, &scale, &places, values, (series(i), 3.0))?;
    }
    Ok(())
}

pub(crate) fn effects(pen: &Pen<'_, '_>, room: Frame, y: &str, settings: &[(Setting, Vec<Option<Measured>>)]) -> Done {
    let columns = settings.len().clamp(1, 3);
    let rows = settings.len().div_ceil(columns).max(1);
    let scale = scale(settings.iter().flat_map(|setting| setting.1.iter().flatten()));
    let (w, h) = ((room.right - room.left) / columns as f64, (room.bottom - room.top) / rows as f64);
    for (i, (setting, values)) in settings.iter().enumerate() {
        let (column, row) = ((i % columns) as f64, (i / columns) as f64);
        let part = Frame {
            left: room.left + column * w,
            right: room.left + (column + 1.0) * w - 14.0,
            top: room.top + row * h,
            bottom: room.top + (row + 1.0) * h,
        };
        let frame = ground(pen, part, &scale, if i % columns == 0 { y } else { "" })?;
        below(pen, frame, setting, SMALL)?;
        curve(pen, frame, &scale, &setting.places(), values, (series(0), 3.0))?;
    }
    Ok(())
}

/// One figure against a setting, a line for each value of another, for several pairs.
pub(crate) fn interactions(pen: &Pen<'_, '_>, room: Frame, y: &str, pairs: &[Pair]) -> Done {
    let columns = pairs.len().clamp(1, 3);
    let rows = pairs.len().div_ceil(columns).max(1);
    let all = pairs.iter().flat_map(|pair| &pair.lines).flat_map(|line| line.1.iter().flatten());
    let scale = scale(all);
    let (w, h) = ((room.right - room.left) / columns as f64, (room.bottom - room.top) / rows as f64);
    for (i, pair) in pairs.iter().enumerate() {
        let (column, row) = ((i % columns) as f64, (i / columns) as f64);
        let part = Frame {
            left: room.left + column * w,
            right: room.left + (column + 1.0) * w - 14.0,
            top: room.top + row * h + ROW,
            bottom: room.top + (row + 1.0) * h,
        };
        let frame = ground(pen, part, &scale, if i % columns == 0 { y } else { "" })?;
        below(pen, frame, &pair.x, SMALL)?;
        // The other setting by its name, and its values in the colours of their lines.
        let name = font::fit(&format!("{}:", pair.by), SMALL, false, (frame.right - frame.left) * 0.6);
        pen.text(&name, frame.left, part.top - 8.0, SMALL, false, MUTED, Align::Left)?;
        let mut at = frame.left + font::width(&name, SMALL, false) + 12.0;
        for (number, (value, _)) in pair.lines.iter().enumerate() {
            let value = font::fit(value, SMALL, true, 110.0);
            let width = font::width(&value, SMALL, true);
            if at + width > part.right {
                break;
            }
            pen.text(&value, at, part.top - 8.0, SMALL, true, series(number), Align::Left)?;
            at += width + 12.0;
        }
        let places = pair.x.places();
        for (number, (_, values)) in pair.lines.iter().enumerate() {
            // The lower ones are wider, so that of two that coincide both are seen.
            let width = 2.5 + 2.0 * (pair.lines.len() - 1 - number) as f64;
            curve(pen, frame, &scale, &places, values, (series(number), width))?;
        }
    }
    Ok(())
}

pub(crate) fn scatter(pen: &Pen<'_, '_>, room: Frame, x: &str, y: &str, points: &[Point]) -> Done {
    let (ys, xs) = (scale(points.iter().map(|point| &point.y)), scale(points.iter().map(|point| &point.x)));
    let frame = ground(pen, room, &ys, y)?;
    let px = |value: f64| frame.left + xs.place(value) * (frame.right - frame.left);
    let py = |value: f64| frame.bottom - ys.place(value) * (frame.bottom - frame.top);
    let mut free = f64::NEG_INFINITY;
    for tick in &xs.ticks {
        let at = px(tick.at);
        pen.line(&[(at, frame.top), (at, frame.bottom)], 1.0, GRID, false)?;
        let width = font::width(&tick.text, LABEL, false);
        if at - width / 2.0 > free {
            pen.text(&tick.text, at, frame.bottom + 28.0, LABEL, false, INK, Align::Middle)?;
            free = at + width / 2.0 + 8.0;
        }
    }
    pen.text(x, (frame.left + frame.right) / 2.0, frame.bottom + 62.0, LABEL, false, MUTED, Align::Middle)?;
    let mut front: Vec<&Point> = points.iter().filter(|point| point.front).collect();
    front.sort_by(|a, b| a.x.mean.total_cmp(&b.x.mean));
    let line: Vec<(f64, f64)> = front.iter().map(|point| (px(point.x.mean), py(point.y.mean))).collect();
    if line.len() > 1 {
        pen.line(&line, 2.0, BLUE, true)?;
    }
    // Those on the front lie above the others.
    let mut order: Vec<&Point> = points.iter().collect();
    order.sort_by_key(|point| point.front);
    for point in order {
        let colour = if point.front { BLUE } else { FRAME };
        let (cx, cy) = (px(point.x.mean), py(point.y.mean));
        if let Some(half) = point.y.half.filter(|half| half.is_finite() && *half > 0.0) {
            pen.line(&[(cx, py(point.y.mean - half)), (cx, py(point.y.mean + half))], 1.4, colour, false)?;
        }
        if let Some(half) = point.x.half.filter(|half| half.is_finite() && *half > 0.0) {
            pen.line(&[(px(point.x.mean - half), cy), (px(point.x.mean + half), cy)], 1.4, colour, false)?;
        }
        pen.dot((cx, cy), if point.front { 7.0 } else { 5.0 }, colour)?;
    }
    // Names of those on the front, where none is in the way of another.
    let mut taken: Vec<(f64, f64, f64)> = Vec::new();
    for point in front {
        let (cx, cy) = (px(point.x.mean), py(point.y.mean));
        let width = font::width(&point.label, SMALL, false);
        let (left, at) =
            if cx + 14.0 + width < frame.right { (cx + 12.0, cy + 24.0) } else { (cx - 12.0 - width, cy + 24.0) };
        let clear =
            taken.iter().all(|&(l, r, b)| left > r + 10.0 || left + width < l - 10.0 || (at - b).abs() > SMALL + 4.0);
        if clear && at < frame.bottom - 4.0 {
            // Bars of others may pass below it.
            pen.rect((left - 3.0, at - SMALL), (left + width + 3.0, at + 5.0), WHITE, 0.8)?;
            pen.text(&point.label, left, at, SMALL, false, INK, Align::Left)?;
            taken.push((left, left + width, at));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_shows_what_there_is_and_not_zero_far_away() {
        let near_one = tight(0.9985, 0.9991);
        assert!(near_one.low >= 0.9980 && near_one.high <= 0.9996, "{near_one:?}");
        assert!(near_one.ticks.len() >= 4 && near_one.ticks.len() <= 9, "{near_one:?}");
        assert_eq!(tight(2.0, 9.0).low, 0.0, "zero is near");
        let one_value = tight(5.0, 5.0);
        assert!(one_value.low < 5.0 && one_value.high > 5.0);
        assert!(tight(f64::INFINITY, f64::NEG_INFINITY).high > 0.0);
        let share = tight(0.98, 1.0);
        assert!((share.high - 1.0).abs() < 1e-12 && share.low < 0.98, "nothing above all: {share:?}");
    }
}
