//! Parallel coordinates: every cell of a design a line from setting to setting, and to the figure it led to.

use super::{Course, Frame, Setting, colours};
use crate::axis::{Scale, number};
use crate::font;
use crate::pen::{Align, Pen};
use crate::theme::*;

type Done = Result<(), crate::Error>;

pub(crate) fn parallel(
    pen: &Pen<'_, '_>,
    room: Frame,
    settings: &[Setting],
    value: &str,
    courses: &[Course],
    more_is_better: bool,
) -> Done {
    let found = || courses.iter().map(|course| course.value).filter(|value| value.is_finite());
    let (low, high) = found().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let scale: Scale = super::plane::tight(low, high);
    let widest = scale.ticks.iter().map(|tick| font::width(&tick.text, LABEL, false)).fold(0.0, f64::max);
    let frame = Frame {
        left: room.left + 120.0,
        right: room.right - widest - 60.0,
        top: room.top + 64.0,
        bottom: room.bottom - 48.0,
    };
    let x = |axis: usize| frame.left + axis as f64 / settings.len().max(1) as f64 * (frame.right - frame.left);
    let y = |place: f64| frame.bottom - place * (frame.bottom - frame.top);
    let share = |v: f64| {
        let share = if high > low { (v - low) / (high - low) } else { 0.5 };
        if more_is_better { share } else { 1.0 - share }
    };
    let places: Vec<Vec<f64>> = settings.iter().map(Setting::places).collect();
    // The better ones lie above the others. Lines through one value are a little apart, the better higher.
    let mut order: Vec<&Course> = courses.iter().filter(|course| course.value.is_finite()).collect();
    order.sort_by(|a, b| share(a.value).total_cmp(&share(b.value)));
    for course in order {
        let at = |(axis, value): (usize, &usize)| {
            let place = places.get(axis).and_then(|places| places.get(*value)).copied().unwrap_or(0.0);
            (x(axis), y(place) - 10.0 * (share(course.value) - 0.5))
        };
        let ends = [(x(settings.len()), y(scale.place(course.value)))];
        let line: Vec<(f64, f64)> = course.values.iter().enumerate().map(at).chain(ends).collect();
        let (width, colour) =
            if course.front { (4.6, RED) } else { (1.8, colours::at(0.15 + 0.75 * share(course.value))) };
        pen.line(&line, width, colour, false)?;
    }
    for (axis, setting) in settings.iter().enumerate() {
        rail(pen, x(axis), frame)?;
        let mut free = f64::INFINITY;
        let mut marks: Vec<(f64, &String)> = places[axis].iter().copied().zip(&setting.values).collect();
        marks.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (place, text) in marks {
            if y(place) + LABEL / 2.0 < free {
                let text = font::fit(text, LABEL, false, if axis == 0 { 116.0 } else { 170.0 });
                tag(pen, &text, x(axis) - 12.0, y(place))?;
                free = y(place) - LABEL / 2.0 - 4.0;
            }
        }
        // The names of neighbours stand at two heights, so that long ones have room.
        let room_for = (frame.right - frame.left) / settings.len().max(1) as f64 * 1.9;
        let name = font::fit(&setting.name, LABEL, false, room_for);
        let (at, align) = if axis == 0 { (room.left, Align::Left) } else { (x(axis), Align::Middle) };
        pen.text(&name, at, frame.top - if axis % 2 == 0 { 42.0 } else { 18.0 }, LABEL, false, MUTED, align)?;
    }
    let end = x(settings.len());
    rail(pen, end, frame)?;
    for tick in &scale.ticks {
        let at = y(scale.place(tick.at));
        pen.line(&[(end, at), (end + 8.0, at)], 1.4, FRAME, false)?;
        pen.text(&tick.text, end + 14.0, at + 6.5, LABEL, false, INK, Align::Left)?;
    }
    let high_side = if settings.len().is_multiple_of(2) { 42.0 } else { 18.0 };
    pen.text(value, room.right, frame.top - high_side, LABEL, false, INK, Align::Right)?;
    let (bad, good) = if more_is_better { (low, high) } else { (high, low) };
    let step = (high - low).abs() / 50.0;
    let mut words = format!("light: {} … dark: {}", number(good, step), number(bad, step));
    if courses.iter().any(|course| course.front) {
        words.push_str(" · thick: the front");
    }
    pen.text(&words, (frame.left + frame.right) / 2.0, room.bottom - 8.0, SMALL, false, MUTED, Align::Middle)
}

fn rail(pen: &Pen<'_, '_>, x: f64, frame: Frame) -> Done {
    pen.line(&[(x, frame.top), (x, frame.bottom)], 2.0, INK, false)
}

/// A value's name on a light ground, since lines pass below it.
fn tag(pen: &Pen<'_, '_>, text: &str, right: f64, y: f64) -> Done {
    let width = font::width(text, LABEL, false);
    pen.rect((right - width - 5.0, y - LABEL / 2.0 - 3.0), (right + 4.0, y + LABEL / 2.0 + 3.0), WHITE, 0.85)?;
    pen.text(text, right, y + 6.5, LABEL, false, INK, Align::Right)
}
