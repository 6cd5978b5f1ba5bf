//! Charts of experiments: figures against settings and against each other, instead of over time.
//!
//! ```text
//! Chart { title, caption, body } ──draw──► Pen ──Surface──► PNG │ SVG
//!           body: Lines │ Heat │ Scatter │ Effects
//! ```
//! Models: intervals as bands and bars; maps in a palette of even lightness steps, read with any colour deficiency and in grey;
//! the same chart gives the same bytes.
//! Leaves out: more than two settings in one plane (small multiples of single effects stand in for them).

mod colours;
mod heat;
mod plane;

use crate::pen::{Align, Pen};
use crate::surface::{Ink, Surface};
use crate::theme::*;
use crate::{Error, Format, font, raster, svg};
use plotters::prelude::IntoDrawingArea;

/// A chart of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What was run.
    pub caption: String,
    /// The chart itself.
    pub body: Body,
}

/// What sort of chart.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// One figure against one setting, a line for each value of another.
    Lines {
        /// The setting.
        x: Setting,
        /// The figure, with its unit.
        y: String,
        /// Names and values, one for each of the setting's values.
        lines: Vec<(String, Vec<Option<Measured>>)>,
    },
    /// One figure over two settings.
    Heat {
        /// To the right.
        x: Setting,
        /// Upwards.
        y: Setting,
        /// The figure, with its unit.
        value: String,
        /// Rows from below, one value for each of `x`.
        rows: Vec<Vec<Option<f64>>>,
        /// Whether more of it is better: the light end of the palette is the good one.
        more_is_better: bool,
    },
    /// One figure against another; those that nobody beats joined by a line.
    Scatter {
        /// To the right, with its unit.
        x: String,
        /// Upwards, with its unit.
        y: String,
        /// The points.
        points: Vec<Point>,
    },
    /// One figure against each of several settings, the others averaged.
    Effects {
        /// The figure, with its unit.
        y: String,
        /// Settings with their values.
        settings: Vec<(Setting, Vec<Option<Measured>>)>,
    },
}

/// A setting and the values it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its values, as people read them.
    pub values: Vec<String>,
    /// Where they lie on a scale, if all do; else they stand side by side.
    pub at: Option<Vec<f64>>,
}

/// A mean with half the width of its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Mean.
    pub mean: f64,
    /// Half the width, if there is an interval.
    pub half: Option<f64>,
}

/// A point of a scatter plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: Measured,
    /// Upwards.
    pub y: Measured,
    /// Whether no other beats it.
    pub front: bool,
    /// What it is called, where there is room.
    pub label: String,
}

/// Draws a chart; without a size it is 1600 × 1000.
///
/// # Errors
/// If the size is out of bounds or there is nothing to show.
pub fn render_chart(chart: &Chart, format: Format, size: Option<(u32, u32)>) -> Result<Vec<u8>, Error> {
    let (w, h) = size.unwrap_or((1600, 1000));
    let sides = 100..=16_384;
    if !sides.contains(&w) || !sides.contains(&h) {
        return Err(Error::Size(w, h));
    }
    if chart.body.is_empty() {
        return Err(Error::NothingToShow(chart.title.clone()));
    }
    let mut ink = match format {
        Format::Png => Ink::Raster(raster::Raster::new(w, h, Tone::Light.page())),
        Format::Svg => Ink::Svg(svg::Svg::new(w, h, Tone::Light.page())),
    };
    draw(chart, &mut ink, (w, h))?;
    match ink {
        Ink::Raster(raster) => Ok(raster.finish()?),
        Ink::Svg(svg) => Ok(svg.finish()),
    }
}

fn draw(chart: &Chart, ink: &mut Ink, (w, h): (u32, u32)) -> Result<(), Error> {
    let root = Surface { ink, size: (w, h), tone: Tone::Light }.into_drawing_area();
    let pen = Pen::new(&root, f64::from(w) / crate::draw::WIDTH);
    let (width, height) = (crate::draw::WIDTH, f64::from(h) / pen.scale());
    let title = font::fit(&chart.title, TITLE, true, width - 2.0 * SIDE);
    pen.text(&title, SIDE, 50.0, TITLE, true, INK, Align::Left)?;
    let caption = font::fit(&chart.caption, CAPTION, false, width - 2.0 * SIDE);
    pen.text(&caption, SIDE, 80.0, CAPTION, false, MUTED, Align::Left)?;
    let room = Frame { left: SIDE, right: width - SIDE, top: 100.0, bottom: height - 20.0 };
    match &chart.body {
        Body::Lines { x, y, lines } => plane::lines(&pen, room, x, y, lines)?,
        Body::Heat { x, y, value, rows, more_is_better } => heat::map(&pen, room, x, y, value, rows, *more_is_better)?,
        Body::Scatter { x, y, points } => plane::scatter(&pen, room, x, y, points)?,
        Body::Effects { y, settings } => plane::effects(&pen, room, y, settings)?,
    }
    root.present().map_err(Error::from)
}

impl Body {
    fn is_empty(&self) -> bool {
        let found = |values: &[Option<Measured>]| values.iter().flatten().any(|m| m.mean.is_finite());
        match self {
            Body::Lines { lines, .. } => !lines.iter().any(|line| found(&line.1)),
            Body::Heat { rows, .. } => !rows.iter().flatten().flatten().any(|x| x.is_finite()),
            Body::Scatter { points, .. } => points.is_empty(),
            Body::Effects { settings, .. } => !settings.iter().any(|setting| found(&setting.1)),
        }
    }
}

/// A rectangle of the sheet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

impl Setting {
    /// Where each value stands between 0 and 1.
    pub(crate) fn places(&self) -> Vec<f64> {
        let n = self.values.len();
        let (low, high) = match &self.at {
            Some(at) => at.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(*x), h.max(*x))),
            None => (0.0, 0.0),
        };
        match &self.at {
            // Values of several orders of magnitude stand by their ratio.
            Some(at) if at.len() == n && low > 0.0 && high / low > 15.0 => {
                at.iter().map(|x| 0.05 + 0.9 * sim_core::math::ln(x / low) / sim_core::math::ln(high / low)).collect()
            }
            Some(at) if at.len() == n && high > low => {
                at.iter().map(|x| 0.05 + 0.9 * (x - low) / (high - low)).collect()
            }
            _ => (0..n).map(|i| (i as f64 + 0.5) / n.max(1) as f64).collect(),
        }
    }
}
