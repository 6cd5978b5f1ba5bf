//! Lays a sheet out and draws it.
//!
//! ```text
//! title                     ┐ header
//! caption                   ┘
//! panel title   ── legend   ┐
//! fault labels              │ once per panel (labels only above the first)
//! ┌ plot ────────────────┐  │
//! └──────────────────────┘  │
//! ▬▬▬▬ bands ▬▬▬▬           ┘
//! 0:00   0:30   1:00        time axis, once
//! ```
//! Models: lengths are pixels of a sheet 1600 wide, grow with it and shrink with it until letters would be hard to read; whatever height the fixed parts leave is shared by the
//! plots by weight. The legend has a row of its own, so it never covers data.

use crate::axis::{self, Scale};
use crate::font;
use crate::markers::{self, Placed};
use crate::pen::{Align, Pen};
use crate::sample;
use crate::sheet::{Band, Glyph, Key, Panel, Sheet};
use crate::surface::{Ink, Surface};
use crate::theme::*;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{DrawingArea, IntoDrawingArea};

/// Width that all lengths refer to.
pub(crate) const WIDTH: f64 = 1600.0;
/// Letters do not shrink below this part of their size on a narrower sheet: in the column of a paper they are still read.
const LEAST_SCALE: f64 = 0.7;
const HEADER: f64 = 100.0;
const FOOTER: f64 = 92.0;
const PANEL_GAP: f64 = 30.0;
/// Room between labels and plot.
const PAD: f64 = 8.0;

/// The plot's coordinates: seconds, and the share of its height.
type Plot<'a> = DrawingArea<Surface<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Widths and rows that depend on the content.
struct Layout {
    left: f64,
    right: f64,
    legends: Vec<Vec<Vec<(Key, f64)>>>,
    labels: Vec<Option<Placed>>,
    lanes: usize,
}

/// The height that suits the sheet, for a width of [`WIDTH`].
pub(crate) fn natural_height(sheet: &Sheet<'_>) -> f64 {
    let layout = layout(sheet, WIDTH);
    let each = match plots(sheet) {
        0 | 1 => 500.0,
        2 => 320.0,
        3 => 260.0,
        _ => 205.0,
    };
    (fixed(sheet, &layout) + each * sheet.panels.iter().map(|panel| panel.weight).sum::<f64>()).min(12_000.0)
}

/// Draws the sheet, `w × h` pixels.
pub(crate) fn draw(sheet: &Sheet<'_>, ink: &mut Ink, (w, h): (u32, u32), tone: Tone) -> Result<(), crate::Error> {
    let root = Surface { ink, size: (w, h), tone }.into_drawing_area();
    let pen = Pen::new(&root, (f64::from(w) / WIDTH).max(LEAST_SCALE));
    let width = f64::from(w) / pen.scale();
    let layout = layout(sheet, width);
    let height = f64::from(h) / pen.scale();
    let weights: f64 = sheet.panels.iter().map(|panel| panel.weight).sum();
    let unit = ((height - fixed(sheet, &layout)) / weights.max(1e-9)).max(24.0);

    pen.text(&font::fit(&sheet.title, TITLE, true, width - 2.0 * SIDE), SIDE, 50.0, TITLE, true, INK, Align::Left)?;
    let caption = font::fit(&sheet.caption, CAPTION, false, width - 2.0 * SIDE);
    pen.text(&caption, SIDE, 80.0, CAPTION, false, MUTED, Align::Left)?;

    let xs = axis::time(sheet.end_s, ((layout.right - layout.left) / 90.0) as usize);
    let mut y = HEADER;
    for (i, panel) in sheet.panels.iter().enumerate() {
        if i > 0 {
            y += PANEL_GAP;
        }
        head(&pen, panel, &layout, &layout.legends[i], y)?;
        y += head_height(panel, &layout.legends[i]);
        if i == 0 {
            y += lanes_height(layout.lanes);
        }
        let top = y;
        let bottom = y + panel.weight * unit;
        let plot = root.clone().apply_coord_spec(Cartesian2d::<RangedCoordf64, RangedCoordf64>::new(
            0.0..sheet.end_s,
            0.0..1.0,
            (pen.unit(layout.left)..pen.unit(layout.right), pen.unit(bottom)..pen.unit(top)),
        ));
        let below = bottom + panel.bands.len() as f64 * (BAND + BAND_GAP);
        if panel.weight > 0.0 {
            plot_panel(&pen, &plot, sheet, panel, &layout, &xs.0, (top, bottom))?;
        }
        for (row, band) in panel.bands.iter().enumerate() {
            let from = bottom + BAND_GAP + row as f64 * (BAND + BAND_GAP);
            draw_band(&pen, band, sheet, &layout, from)?;
        }
        // The lines of the faults run behind the words in the bands.
        for marker in &sheet.markers {
            let x = x_of(sheet, &layout, marker.at);
            let start = if i == 0 { top } else { top - 4.0 };
            pen.line(&[(x, start), (x, below)], 1.4, INK, true)?;
        }
        for (row, band) in panel.bands.iter().enumerate() {
            let middle = bottom + BAND_GAP + row as f64 * (BAND + BAND_GAP) + BAND / 2.0;
            words_in_band(&pen, band, sheet, &layout, middle, tone)?;
            for dot in &band.dots {
                pen.dot((x_of(sheet, &layout, dot.at), middle), 6.0, dot.colour)?;
            }
        }
        if i == 0 {
            labels(&pen, sheet, &layout, top)?;
        }
        y = below;
    }
    for tick in &xs.0 {
        let x = x_of(sheet, &layout, tick.at);
        pen.line(&[(x, y), (x, y + 7.0)], 1.4, FRAME, false)?;
        pen.text(&tick.text, x, y + 27.0, LABEL, false, INK, Align::Middle)?;
    }
    let title = format!("{} ({})", sheet.axis, xs.1);
    pen.text(&title, (layout.left + layout.right) / 2.0, y + 58.0, LABEL, false, MUTED, Align::Middle)?;
    root.present().map_err(crate::Error::from)
}

/// Everything but the plots.
fn fixed(sheet: &Sheet<'_>, layout: &Layout) -> f64 {
    let bands: usize = sheet.panels.iter().map(|panel| panel.bands.len()).sum();
    let heads: f64 = sheet.panels.iter().zip(&layout.legends).map(|(panel, legend)| head_height(panel, legend)).sum();
    let gaps = PANEL_GAP * sheet.panels.len().saturating_sub(1) as f64;
    HEADER + FOOTER + heads + gaps + bands as f64 * (BAND + BAND_GAP) + lanes_height(layout.lanes)
}

/// Number of panels that have a plot.
fn plots(sheet: &Sheet<'_>) -> usize {
    sheet.panels.iter().filter(|panel| panel.weight > 0.0).count()
}

fn lanes_height(lanes: usize) -> f64 {
    if lanes == 0 { 0.0 } else { lanes as f64 * LANE + 8.0 }
}

fn head_height(panel: &Panel<'_>, legend: &[Vec<(Key, f64)>]) -> f64 {
    let rows = legend.len().max(usize::from(!panel.title.is_empty()));
    if rows == 0 { 0.0 } else { rows as f64 * ROW + PAD }
}

fn scale_of(sheet: &Sheet<'_>, panel: &Panel<'_>) -> Scale {
    let (least_positive, least, most) = panel.range();
    // Below a factor of 20 a linear axis shows all there is, and people read it more surely.
    if panel.may_be_log && least_positive.is_finite() && most > 20.0 * least_positive {
        Scale::log(least_positive, most)
    } else {
        Scale::linear(least, most, if plots(sheet) == 1 { 7.0 } else { 4.0 }, panel.integer)
    }
}

fn layout(sheet: &Sheet<'_>, width: f64) -> Layout {
    let mut left: f64 = 90.0;
    for panel in &sheet.panels {
        let bands = panel.bands.iter().map(|band| font::width(&band.label, SMALL, false) + SIDE + 12.0);
        left = bands.fold(left, f64::max);
        if panel.weight > 0.0 {
            let ticks = scale_of(sheet, panel).ticks;
            let ticks = ticks.iter().map(|tick| font::width(&tick.text, LABEL, false) + SIDE + 46.0);
            left = ticks.fold(left, f64::max);
        }
    }
    let left = left.min(300.0);
    let right = width - SIDE - 14.0;
    let xs: Vec<f64> = sheet.markers.iter().map(|m| left + m.at / sheet.end_s * (right - left)).collect();
    let labels = markers::place(&sheet.markers, &xs, left, right);
    let lanes = labels.iter().flatten().map(|placed| placed.lane + 1).max().unwrap_or(0);
    let legends = sheet.panels.iter().map(|panel| legend_rows(panel, left, right)).collect();
    Layout { left, right, legends, labels, lanes }
}

/// The entries of a legend with the places of their left edges, row by row; the first row stands beside the title.
fn legend_rows(panel: &Panel<'_>, left: f64, right: f64) -> Vec<Vec<(Key, f64)>> {
    let title = font::width(&panel.title, PANEL_TITLE, true);
    let mut x = if panel.title.is_empty() { left } else { left + title + 32.0 };
    let mut rows: Vec<Vec<(Key, f64)>> = Vec::new();
    for mut key in panel.legend() {
        key.label = font::fit(&key.label, SMALL, false, right - left - 60.0);
        let width = 38.0 + font::width(&key.label, SMALL, false);
        let fits = x + width <= right;
        if rows.is_empty() || !fits {
            if !fits {
                // Without room beside a long title, the whole legend goes below it.
                if rows.is_empty() && !panel.title.is_empty() {
                    rows.push(Vec::new());
                }
                x = left;
            }
            rows.push(Vec::new());
        }
        if let Some(row) = rows.last_mut() {
            row.push((key, x));
        }
        x += width + 26.0;
    }
    rows
}

fn x_of(sheet: &Sheet<'_>, layout: &Layout, t: f64) -> f64 {
    layout.left + (t / sheet.end_s).clamp(0.0, 1.0) * (layout.right - layout.left)
}

/// Title and legend of a panel.
fn head(
    pen: &Pen<'_, '_>,
    panel: &Panel<'_>,
    layout: &Layout,
    legend: &[Vec<(Key, f64)>],
    y: f64,
) -> Result<(), crate::Error> {
    let title = font::fit(&panel.title, PANEL_TITLE, true, layout.right - layout.left);
    pen.text(&title, layout.left, y + 22.0, PANEL_TITLE, true, INK, Align::Left)?;
    for (i, row) in legend.iter().enumerate() {
        let middle = y + 15.0 + i as f64 * ROW;
        for (key, x) in row {
            match key.glyph {
                Glyph::Line => pen.line(&[(*x, middle), (x + 28.0, middle)], 4.0, key.colour, false)?,
                Glyph::Dashes => pen.line(&[(*x, middle), (x + 28.0, middle)], 3.0, key.colour, true)?,
                Glyph::Box => pen.rect((x + 6.0, middle - 8.0), (x + 24.0, middle + 8.0), key.colour, 1.0)?,
                Glyph::Dot => pen.dot((x + 17.0, middle), 6.0, key.colour)?,
            }
            pen.text(&key.label, x + 36.0, middle + 6.0, SMALL, false, INK, Align::Left)?;
        }
    }
    Ok(())
}

/// The plot itself, with its value axis.
fn plot_panel(
    pen: &Pen<'_, '_>,
    plot: &Plot<'_>,
    sheet: &Sheet<'_>,
    panel: &Panel<'_>,
    layout: &Layout,
    times: &[axis::Tick],
    (top, bottom): (f64, f64),
) -> Result<(), crate::Error> {
    let (left, right) = (layout.left, layout.right);
    let scale = scale_of(sheet, panel);
    for marker in &sheet.markers {
        if let Some(until) = marker.until.filter(|&until| until > marker.at) {
            let (from, to) = (x_of(sheet, layout, marker.at), x_of(sheet, layout, until));
            pen.rect((from, top), (to, bottom), INK, 0.07)?;
        }
    }
    for tick in times {
        let x = x_of(sheet, layout, tick.at);
        pen.line(&[(x, top), (x, bottom)], 1.0, GRID, false)?;
    }
    let mut lowest_free = f64::INFINITY;
    for tick in &scale.ticks {
        let y = bottom - scale.place(tick.at) * (bottom - top);
        pen.line(&[(left, y), (right, y)], 1.0, GRID, false)?;
        // On a low plot, ticks that would touch the one below stay silent.
        if y <= lowest_free {
            pen.text(&tick.text, left - PAD - 2.0, y + 6.5, LABEL, false, INK, Align::Right)?;
            lowest_free = y - LABEL - 3.0;
        }
    }
    let fitted = font::fit(&panel.axis, SMALL, false, (bottom - top).max(60.0) + 30.0);
    pen.upwards(&fitted, SIDE + 8.0, (top + bottom) / 2.0, SMALL, MUTED)?;

    let pixels = ((right - left) * pen.scale()) as usize;
    let shift = if panel.steps { 0.0 } else { 0.5 };
    // A row's place in time, and a value's on the axis; plotters turns them into units of the sheet.
    let at = |row: f64, value: f64| plot.map_coordinate(&(row * sheet.interval_s, scale.place(value)));
    let outline = |run: &[(f64, f64)]| -> Vec<(i32, i32)> {
        let mut points = Vec::with_capacity(run.len() * 2 + 1);
        for (i, &(row, value)) in run.iter().enumerate() {
            points.push(at(row + shift, value));
            let next = run.get(i + 1).map_or(row + 1.0, |next| next.0);
            if panel.steps || run.len() == 1 {
                points.push(at(next, value));
            }
        }
        // A level stretch needs its ends only.
        let mut kept: Vec<(i32, i32)> = Vec::with_capacity(points.len());
        for point in points {
            if let [.., before, last] = kept[..]
                && before.1 == last.1
                && last.1 == point.1
            {
                kept.pop();
            }
            kept.push(point);
        }
        kept
    };
    for (layer, mut edge) in panel.layers.iter().zip(panel.cumulated()).rev() {
        // A layer of no height would still show as a fringe along the one below.
        let thick = |row: usize| layer.values.get(row).is_some_and(|&v| v > 0.0);
        for (row, value) in edge.iter_mut().enumerate() {
            let beside = !panel.steps && (thick(row.wrapping_sub(1)) || thick(row + 1));
            if !thick(row) && !beside {
                *value = f64::NAN;
            }
        }
        for run in sample::runs(&edge, pixels) {
            let mut points = outline(&run);
            if let (Some(&first), Some(&last)) = (points.first(), points.last()) {
                let floor = pen.unit(bottom);
                points.extend([(last.0, floor), (first.0, floor)]);
                pen.polygon(points, layer.colour, 1.0)?;
            }
        }
    }
    for ribbon in &panel.ribbons {
        let low: Vec<f64> = pair(&ribbon.low, &ribbon.high);
        let high: Vec<f64> = pair(&ribbon.high, &ribbon.low);
        for (low, high) in sample::runs(&low, pixels).iter().zip(sample::runs(&high, pixels)) {
            let mut points = outline(&high);
            points.extend(outline(low).into_iter().rev());
            pen.polygon(points, ribbon.colour, 1.0)?;
        }
    }
    for curve in &panel.curves {
        for run in sample::runs(&curve.values, pixels) {
            let points = outline(&run);
            pen.path(points, curve.width, curve.colour, curve.dashed)?;
        }
    }
    pen.line(&[(left, bottom), (right, bottom)], 1.6, FRAME, false)?;
    if panel.range().1.is_infinite() {
        pen.text("no data", (left + right) / 2.0, (top + bottom) / 2.0, LABEL, false, MUTED, Align::Middle)?;
    }
    Ok(())
}

/// `values` where both have one.
fn pair(values: &[f64], other: &[f64]) -> Vec<f64> {
    values.iter().zip(other).map(|(&v, &o)| if o.is_finite() { v } else { f64::NAN }).collect()
}

/// The labels of the faults, each with its line down to the plot.
fn labels(pen: &Pen<'_, '_>, sheet: &Sheet<'_>, layout: &Layout, top: f64) -> Result<(), crate::Error> {
    for (marker, placed) in sheet.markers.iter().zip(&layout.labels) {
        if let Some(placed) = placed {
            let x = x_of(sheet, layout, marker.at);
            let y = top - 8.0 - placed.lane as f64 * LANE;
            pen.line(&[(x, y - LANE + 8.0), (x, top)], 1.4, INK, true)?;
            pen.text(&placed.text, placed.x, y - 4.0, SMALL, false, INK, Align::Left)?;
        }
    }
    Ok(())
}

/// A strip of states or events.
fn draw_band(pen: &Pen<'_, '_>, band: &Band, sheet: &Sheet<'_>, layout: &Layout, top: f64) -> Result<(), crate::Error> {
    let (bottom, middle) = (top + BAND, top + BAND / 2.0);
    pen.rect((layout.left, top), (layout.right, bottom), GRID, 0.6)?;
    let label = font::fit(&band.label, SMALL, false, layout.left - SIDE - 10.0);
    pen.text(&label, layout.left - PAD - 2.0, middle + 6.0, SMALL, false, INK, Align::Right)?;
    for span in &band.spans {
        let (from, to) = (x_of(sheet, layout, span.from), x_of(sheet, layout, span.to));
        // A state of a single row must still be seen.
        let to = to.max(from + 2.0).min(layout.right.max(from));
        pen.rect((from, top), (to, bottom), span.colour, 1.0)?;
    }
    Ok(())
}

/// What the states of a strip are called, where there is room.
fn words_in_band(
    pen: &Pen<'_, '_>,
    band: &Band,
    sheet: &Sheet<'_>,
    layout: &Layout,
    middle: f64,
    tone: Tone,
) -> Result<(), crate::Error> {
    for span in &band.spans {
        let (from, to) = (x_of(sheet, layout, span.from), x_of(sheet, layout, span.to));
        let width = font::width(&span.text, SMALL, false);
        if !span.text.is_empty() && width + 16.0 <= to - from {
            let (r, g, b) = tone.shows((span.colour.0, span.colour.1, span.colour.2));
            let light = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b) > 150.0;
            let (left, right) = (from + 8.0, from + 8.0 + width);
            if sheet.markers.iter().any(|m| (left..right).contains(&x_of(sheet, layout, m.at))) {
                pen.rect(
                    (left - 2.0, middle - BAND / 2.0 + 1.0),
                    (right + 2.0, middle + BAND / 2.0 - 1.0),
                    span.colour,
                    1.0,
                )?;
            }
            // On a dark page ink is light, and the page's own colour is what stands out on a light band.
            let ink = if light == (tone == Tone::Light) { INK } else { WHITE };
            pen.text(&span.text, left, middle + 6.0, SMALL, false, ink, Align::Left)?;
        }
    }
    Ok(())
}
