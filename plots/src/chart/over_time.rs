//! The same figures of several runs over time: a column for each run, a row for each figure, the same axes all along a row.

use super::plane::tight;
use super::{Frame, TimePanel};
use crate::axis::{self, Scale};
use crate::font;
use crate::pen::{Align, Pen};
use crate::theme::*;
use plotters::style::RGBColor;

type Done = Result<(), crate::Error>;

pub(crate) fn over_time(
    pen: &Pen<'_, '_>,
    room: Frame,
    runs: &[String],
    interval_s: f64,
    panels: &[TimePanel],
) -> Done {
    let rows = panels.iter().flat_map(|panel| &panel.runs).map(Vec::len).max().unwrap_or(0);
    let end = (rows as f64 * interval_s).max(interval_s);
    let scales: Vec<Scale> = panels.iter().map(scale).collect();
    let widest = scales.iter().flat_map(|scale| &scale.ticks).map(|tick| font::width(&tick.text, SMALL, false));
    let left = room.left + 40.0 + widest.fold(0.0, f64::max);
    let (gap, columns) = (44.0, runs.len().max(1) as f64);
    let width = (room.right - left - gap * (columns - 1.0)) / columns;
    let (top, height) = (room.top + ROW, (room.bottom - 66.0 - room.top - ROW) / panels.len().max(1) as f64);
    let (ticks, format) = axis::time(end, 7);
    for (column, run) in runs.iter().enumerate() {
        let from = left + column as f64 * (width + gap);
        let name = font::fit(run, PANEL_TITLE, true, width);
        pen.text(&name, from, room.top + 20.0, PANEL_TITLE, true, series(column), Align::Left)?;
        for (row, (panel, scale)) in panels.iter().zip(&scales).enumerate() {
            let bottom = top + (row as f64 + 1.0) * height;
            let frame = Frame { left: from, right: from + width, top: bottom - height + 16.0, bottom };
            ground(pen, frame, scale, (column == 0).then_some(panel.y.as_str()), room.left)?;
            for tick in ticks.iter().filter(|tick| tick.at <= end) {
                let x = frame.left + tick.at / end * width;
                pen.line(&[(x, frame.top), (x, frame.bottom)], 1.0, GRID, false)?;
            }
            // The others lie behind, so that a difference shows.
            for (_, values) in panel.runs.iter().enumerate().filter(|(other, _)| *other != column) {
                trace(pen, frame, scale, values, end / interval_s, (2.0, QUIET))?;
            }
            if let Some(values) = panel.runs.get(column) {
                trace(pen, frame, scale, values, end / interval_s, (2.6, series(column)))?;
            }
        }
        let mut free = f64::NEG_INFINITY;
        for tick in ticks.iter().filter(|tick| tick.at <= end) {
            let x = from + tick.at / end * width;
            let text_width = font::width(&tick.text, SMALL, false);
            // The last of one column would meet the first of the next.
            let in_the_way = column + 1 < runs.len() && x + text_width / 2.0 > from + width + 8.0;
            if x - text_width / 2.0 > free && !in_the_way {
                pen.text(&tick.text, x, room.bottom - 40.0, SMALL, false, INK, Align::Middle)?;
                free = x + text_width / 2.0 + 10.0;
            }
        }
        let what = format!("simulated time ({format}); grey: the other side");
        pen.text(&what, from + width / 2.0, room.bottom - 12.0, SMALL, false, MUTED, Align::Middle)?;
    }
    Ok(())
}

fn scale(panel: &TimePanel) -> Scale {
    let found = || panel.runs.iter().flatten().copied().filter(|value| value.is_finite());
    let (low, high) = found().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    // A figure that is zero all the time has an axis all the same.
    if high <= 0.0 || !high.is_finite() { Scale::linear(0.0, 1.0, 4.0, false) } else { tight(low.min(0.0), high) }
}

/// Grid and value axis of one field; its name stands left of the first column.
fn ground(pen: &Pen<'_, '_>, frame: Frame, scale: &Scale, name: Option<&str>, left: f64) -> Done {
    for tick in &scale.ticks {
        let y = frame.bottom - scale.place(tick.at) * (frame.bottom - frame.top);
        pen.line(&[(frame.left, y), (frame.right, y)], 1.0, GRID, false)?;
        if name.is_some() {
            pen.text(&tick.text, frame.left - 9.0, y + 6.0, SMALL, false, INK, Align::Right)?;
        }
    }
    pen.line(&[(frame.left, frame.bottom), (frame.right, frame.bottom)], 1.6, FRAME, false)?;
    match name {
        Some(name) => {
            let name = font::fit(name, SMALL, false, frame.bottom - frame.top + 10.0);
            pen.upwards(&name, left + 10.0, (frame.top + frame.bottom) / 2.0, SMALL, MUTED)
        }
        None => Ok(()),
    }
}

/// A line through the middles of the intervals, with gaps where there is nothing.
fn trace(
    pen: &Pen<'_, '_>,
    frame: Frame,
    scale: &Scale,
    values: &[f64],
    rows: f64,
    (width, colour): (f64, RGBColor),
) -> Done {
    let at = |row: usize, value: f64| {
        let x = frame.left + (row as f64 + 0.5) / rows * (frame.right - frame.left);
        (x, frame.bottom - scale.place(value) * (frame.bottom - frame.top))
    };
    let mut line: Vec<(f64, f64)> = Vec::new();
    for (row, value) in values.iter().enumerate().chain([(0, &f64::NAN)]) {
        if value.is_finite() {
            line.push(at(row, *value));
            continue;
        }
        match line[..] {
            [] => {}
            [one] => pen.dot(one, width, colour)?,
            _ => pen.line(&line, width, colour, false)?,
        }
        line.clear();
    }
    Ok(())
}
