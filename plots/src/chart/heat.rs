//! A map: one figure over two settings, its values written in the fields where there is room.

use super::{Frame, Setting, colours};
use crate::axis::number;
use crate::font;
use crate::pen::{Align, Pen};
use crate::theme::*;

type Done = Result<(), crate::Error>;

pub(crate) fn map(
    pen: &Pen<'_, '_>,
    room: Frame,
    x: &Setting,
    y: &Setting,
    value: &str,
    rows: &[Vec<Option<f64>>],
    more_is_better: bool,
) -> Done {
    let widest = y.values.iter().map(|text| font::width(text, LABEL, false)).fold(0.0, f64::max).min(260.0);
    let frame = Frame {
        left: room.left + widest + 60.0,
        right: room.right - 190.0,
        top: room.top + 10.0,
        bottom: room.bottom - 80.0,
    };
    let found = || rows.iter().flatten().flatten().copied().filter(|x| x.is_finite());
    let (low, high) = found().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let share = |v: f64| {
        let share = if high > low { (v - low) / (high - low) } else { 0.5 };
        if more_is_better { share } else { 1.0 - share }
    };
    let (columns, lines) = (x.values.len().max(1) as f64, y.values.len().max(1) as f64);
    let (w, h) = ((frame.right - frame.left) / columns, (frame.bottom - frame.top) / lines);
    let step = (high - low) / 50.0;
    for (row, values) in rows.iter().enumerate() {
        let bottom = frame.bottom - row as f64 * h;
        for (column, found) in values.iter().enumerate() {
            let left = frame.left + column as f64 * w;
            let Some(v) = found.filter(|v| v.is_finite()) else {
                pen.rect((left + 1.0, bottom - h + 1.0), (left + w - 1.0, bottom - 1.0), GRID, 1.0)?;
                continue;
            };
            let colour = colours::at(share(v));
            pen.rect((left + 1.0, bottom - h + 1.0), (left + w - 1.0, bottom - 1.0), colour, 1.0)?;
            let text = number(v, step);
            if font::width(&text, SMALL, false) + 10.0 <= w && h >= SMALL + 6.0 {
                let ink = if colours::is_light(colour) { INK } else { WHITE };
                pen.text(&text, left + w / 2.0, bottom - h / 2.0 + 6.0, SMALL, false, ink, Align::Middle)?;
            }
        }
    }
    for (column, text) in x.values.iter().enumerate() {
        // Where they would touch, only some of the names are written.
        let every = (columns * 70.0 / (frame.right - frame.left)).ceil().max(1.0) as usize;
        if column % every == 0 {
            let at = frame.left + (column as f64 + 0.5) * w;
            let text = font::fit(text, LABEL, false, w * every as f64 - 6.0);
            pen.text(&text, at, frame.bottom + 27.0, LABEL, false, INK, Align::Middle)?;
        }
    }
    for (row, text) in y.values.iter().enumerate() {
        let every = (lines * 26.0 / (frame.bottom - frame.top)).ceil().max(1.0) as usize;
        if row % every == 0 {
            let at = frame.bottom - (row as f64 + 0.5) * h + 6.5;
            let text = font::fit(text, LABEL, false, 260.0);
            pen.text(&text, frame.left - 12.0, at, LABEL, false, INK, Align::Right)?;
        }
    }
    let middle = (frame.left + frame.right) / 2.0;
    pen.text(&x.name, middle, frame.bottom + 62.0, LABEL, false, MUTED, Align::Middle)?;
    pen.upwards(&y.name, room.left + 12.0, (frame.top + frame.bottom) / 2.0, LABEL, MUTED)?;
    key(pen, frame, room.right, value, (low, high), &share)
}

/// What the colours mean.
fn key(
    pen: &Pen<'_, '_>,
    frame: Frame,
    right: f64,
    value: &str,
    (low, high): (f64, f64),
    share: &dyn Fn(f64) -> f64,
) -> Done {
    let (left, to) = (frame.right + 36.0, frame.right + 66.0);
    let steps = 60;
    let height = frame.bottom - frame.top;
    for i in 0..steps {
        let part = (f64::from(i) + 0.5) / f64::from(steps);
        let bottom = frame.bottom - height * f64::from(i) / f64::from(steps);
        let v = low + (high - low) * part;
        pen.rect((left, bottom - height / f64::from(steps) - 0.5), (to, bottom), colours::at(share(v)), 1.0)?;
    }
    for i in 0..=4 {
        let part = f64::from(i) / 4.0;
        let at = frame.bottom - height * part;
        let v = low + (high - low) * part;
        pen.line(&[(to, at), (to + 6.0, at)], 1.4, FRAME, false)?;
        let text = font::fit(&number(v, (high - low) / 50.0), SMALL, false, right - to - 12.0);
        pen.text(&text, to + 12.0, at + 6.0, SMALL, false, INK, Align::Left)?;
        if high <= low {
            break;
        }
    }
    pen.upwards(value, left - 12.0, (frame.top + frame.bottom) / 2.0, SMALL, MUTED)
}
