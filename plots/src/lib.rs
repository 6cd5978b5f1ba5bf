//! Charts of simulation results as PNG and SVG, fit for a design review.
//!
//! ```text
//! RunResult ──figures/*──► Sheet (panels, curves, bands, faults) ──draw──► plotters ──Surface──► PNG
//!                                                                                          └──► SVG
//! ```
//! Models: one module per figure, one theme for all; every axis has its unit, every figure the scenario, seed, version and
//! digest it came from, and faults stand on the time axis by name. The same result gives the same bytes.
//! Leaves out: files (the caller writes them whole), threads (the caller may render figures in parallel), interaction.

mod axis;
mod chart;
mod draw;
mod error;
mod figures;
mod font;
mod markers;
mod pen;
mod raster;
mod sample;
mod sheet;
mod surface;
mod svg;
mod theme;

pub use chart::{Body, Chart, Course, Measured, Pair, Point, Setting, TimePanel, render_chart};
pub use error::Error;
pub use theme::Tone;

use figures::{KINDS, Kind};
use models::result::{RunResult, Series};
use sheet::Sheet;
use surface::Ink;

/// A figure that a result has something to show in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Name of its files, without extension: `traffic`.
    pub name: &'static str,
    /// What it shows.
    pub title: &'static str,
}

/// A format of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Pixels, 24-bit colour.
    Png,
    /// Vectors, text as text.
    Svg,
}

impl Format {
    /// `png` or `svg`.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
        }
    }
}

/// The figures that the result has something to show in, the overview first.
pub fn figures(result: &RunResult) -> Vec<Figure> {
    let shown = KINDS.iter().filter(|kind| !(kind.panels)(result).is_empty());
    shown.map(|kind| Figure { name: kind.name, title: kind.title }).collect()
}

/// What a picture is drawn on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Width and height in pixels; without it 1600 wide and as high as the content asks for.
    pub size: Option<(u32, u32)>,
    /// Light or dark.
    pub tone: Tone,
}

/// Names of all figures there can be, the overview first.
pub fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name)
}

/// Draws the figure of that name.
///
/// # Errors
/// If there is no such figure, the result has nothing to show in it, or the size is out of bounds.
pub fn render(result: &RunResult, figure: &str, format: Format, page: Page) -> Result<Vec<u8>, Error> {
    let kind = KINDS.iter().find(|kind| kind.name == figure).ok_or_else(|| Error::UnknownFigure(figure.to_owned()))?;
    paint(&sheet(result, kind)?, format, page)
}

/// Draws every figure in every format; names of files with their contents, in the order of [`figures`].
///
/// # Errors
/// As [`render`].
pub fn render_all(result: &RunResult, formats: &[Format]) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut files = Vec::new();
    for kind in &KINDS {
        let sheet = match sheet(result, kind) {
            Ok(sheet) => sheet,
            Err(Error::NothingToShow(_)) => continue,
            Err(error) => return Err(error),
        };
        for &format in formats {
            files.push((format!("{}.{}", kind.name, format.extension()), paint(&sheet, format, Page::default())?));
        }
    }
    Ok(files)
}

/// Draws a column over several replications: mean, its 95 % confidence interval, and the range of the runs.
/// `caption` says what was run.
///
/// # Errors
/// If no series has the column, or the size is out of bounds.
pub fn render_replications(
    series: &[Series],
    column: &str,
    caption: &str,
    format: Format,
    size: Option<(u32, u32)>,
) -> Result<Vec<u8>, Error> {
    let panel = figures::replications::panel(series, column).ok_or_else(|| Error::NothingToShow(column.to_owned()))?;
    let interval_s = positive(series.iter().map(|one| one.interval_s).next().unwrap_or(1.0), 1.0);
    let rows = series.iter().map(Series::rows).max().unwrap_or(0);
    let sheet = Sheet {
        title: format!("{} over replications", figures::replications::name(column)),
        caption: caption.to_owned(),
        panels: vec![panel],
        markers: Vec::new(),
        interval_s,
        end_s: positive(rows as f64 * interval_s, 1.0),
        axis: "simulated time",
    };
    paint(&sheet, format, Page { size, tone: Tone::Light })
}

/// What the figure shows of the result.
fn sheet<'a>(result: &'a RunResult, kind: &Kind) -> Result<Sheet<'a>, Error> {
    let panels = (kind.panels)(result);
    if panels.is_empty() {
        return Err(Error::NothingToShow(kind.name.to_owned()));
    }
    let summary = &result.summary;
    let interval_s = positive(result.series.interval_s, 1.0);
    let rows = result.series.rows() as f64 * interval_s;
    let end_s = positive(rows.max(positive(summary.duration_s, 0.0)), 1.0);
    let since_fault = kind.name == figures::REACTION;
    let end_s = if since_fault { figures::reaction::end_s(result) } else { end_s };
    let mut markers = if since_fault { Vec::new() } else { markers::of_run(result) };
    markers.retain(|marker| (0.0..=end_s).contains(&marker.at));
    Ok(Sheet {
        title: format!("{}: {}", summary.scenario, kind.title.to_lowercase().replace("cpu", "CPU")),
        caption: format!(
            "seed {} · replication {} · sim {} · digest {}{}",
            summary.seed,
            summary.replication,
            summary.version,
            summary.digest,
            if since_fault { figures::reaction::note(result) } else { String::new() }
        ),
        panels,
        markers,
        interval_s,
        end_s,
        axis: if since_fault { "time since the fault" } else { "simulated time" },
    })
}

fn paint(sheet: &Sheet<'_>, format: Format, page: Page) -> Result<Vec<u8>, Error> {
    let (w, h) = page.size.unwrap_or_else(|| (draw::WIDTH as u32, draw::natural_height(sheet).round() as u32));
    let sides = 100..=16_384;
    if !sides.contains(&w) || !sides.contains(&h) {
        return Err(Error::Size(w, h));
    }
    let mut ink = match format {
        Format::Png => Ink::Raster(raster::Raster::new(w, h, page.tone.page())),
        Format::Svg => Ink::Svg(svg::Svg::new(w, h, page.tone.page())),
    };
    draw::draw(sheet, &mut ink, (w, h), page.tone)?;
    match ink {
        Ink::Raster(raster) => Ok(raster.finish()?),
        Ink::Svg(svg) => Ok(svg.finish()),
    }
}

fn positive(value: f64, otherwise: f64) -> f64 {
    if value.is_finite() && value > 0.0 { value } else { otherwise }
}
