//! Charts of experiments: figures against settings and against each other, instead of over time.
//!
//! ```text
//! Chart { title, caption, body } ──draw──► Pen ──Surface──► PNG │ SVG
//!           body: Lines │ Heat │ Scatter │ Effects │ Interactions │ Parallel │ OverTime
//! ```
//! Models: intervals as bands and bars; maps in a palette of even lightness steps, read with any colour deficiency and in grey;
//! the same chart gives the same bytes.
//! Leaves out: surfaces over two settings in perspective: maps show the same without hiding anything.

mod colours;
mod heat;
mod over_time;
mod parallel;
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
    /// One figure against pairs of settings: whether what the one does depends on the other.
    Interactions {
        /// The figure, with its unit.
        y: String,
        /// Pairs, at most six are well shown.
        pairs: Vec<Pair>,
    },
    /// One figure and all the settings that led to it, a line for each cell.
    Parallel {
        /// The settings, from left to right.
        settings: Vec<Setting>,
        /// The figure, with its unit.
        value: String,
        /// The cells.
        courses: Vec<Course>,
        /// Whether more of it is better: the light end of the palette is the good one.
        more_is_better: bool,
    },
    /// Several figures of several runs over time, side by side on the same axes.
    OverTime {
        /// Names of the runs.
        runs: Vec<String>,
        /// Length of an interval in seconds.
        interval_s: f64,
        /// The figures, from above.
        panels: Vec<TimePanel>,
    },
}

/// Two settings of an interaction plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The setting to the right.
    pub x: Setting,
    /// Name of the other one.
    pub by: String,
    /// A line for each value of it, with one figure for each value of `x`.
    pub lines: Vec<(String, Vec<Option<Measured>>)>,
}

/// A cell in parallel coordinates.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// For each setting, which of its values.
    pub values: Vec<usize>,
    /// The figure.
    pub value: f64,
    /// Whether it is one of those to look at.
    pub front: bool,
}

/// One figure of several runs over time.
#[derive(Clone, Debug, PartialEq)]
pub struct TimePanel {
    /// The figure, with its unit.
    pub y: String,
    /// Its values, interval by interval, for each run; what is no number is a gap.
    pub runs: Vec<Vec<f64>>,
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
        Body::Interactions { y, pairs } => plane::interactions(&pen, room, y, pairs)?,
        Body::Parallel { settings, value, courses, more_is_better } => {
            parallel::parallel(&pen, room, settings, value, courses, *more_is_better)?;
        }
        Body::OverTime { runs, interval_s, panels } => over_time::over_time(&pen, room, runs, *interval_s, panels)?,
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
            Body::Interactions { pairs, .. } => !pairs.iter().any(|pair| pair.lines.iter().any(|line| found(&line.1))),
            Body::Parallel { courses, .. } => !courses.iter().any(|course| course.value.is_finite()),
            Body::OverTime { panels, interval_s, .. } => {
                let some = |panel: &TimePanel| panel.runs.iter().flatten().any(|value| value.is_finite());
                interval_s.is_nan() || *interval_s <= 0.0 || !panels.iter().any(some)
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(values: usize) -> Setting {
        let values = (0..values).map(|i| format!("{}s", 60 * (i + 1))).collect();
        Setting { name: "auto_scaling_groups.web.policies.out.cooldown".into(), values, at: None }
    }

    fn measured(mean: f64) -> Option<Measured> {
        Some(Measured { mean, half: Some(0.1) })
    }

    fn chart(body: Body) -> Chart {
        Chart { title: "title".into(), caption: "caption".into(), body }
    }

    /// Each of the charts of many settings and of time, with gaps, single values and none.
    fn bodies() -> Vec<Body> {
        let pair = |n: usize| Pair {
            x: setting(3),
            by: "workers".into(),
            lines: (0..n).map(|i| (format!("{i}"), vec![measured(i as f64), None, measured(2.0)])).collect(),
        };
        let course = |i: usize| Course { values: vec![i % 3, i % 2], value: 0.9 + 0.001 * i as f64, front: i == 7 };
        let panel = |y: &str, runs| TimePanel { y: y.into(), runs };
        vec![
            Body::Interactions { y: "cost (USD)".into(), pairs: vec![pair(2), pair(6), pair(1), pair(3)] },
            Body::Parallel {
                settings: vec![setting(3), setting(2)],
                value: "availability".into(),
                courses: (0..8).map(course).chain([Course { value: f64::NAN, ..course(0) }]).collect(),
                more_is_better: true,
            },
            Body::OverTime {
                runs: vec!["A: old".into(), "B: new".into()],
                interval_s: 60.0,
                panels: vec![
                    panel("latency p99 (ms)", vec![vec![1.0, f64::NAN, 3.0, 4.0], vec![2.0]]),
                    panel("failed (1/s)", vec![vec![0.0; 4], vec![0.0; 3]]),
                    panel("nothing", vec![vec![], vec![]]),
                ],
            },
        ]
    }

    #[test]
    fn charts_of_many_settings_and_of_time_give_the_same_bytes_each_time() {
        for body in bodies() {
            for format in [Format::Png, Format::Svg] {
                let draw = || render_chart(&chart(body.clone()), format, None).unwrap();
                let bytes = draw();
                assert!(bytes.len() > 1000 && bytes == draw());
                assert!(render_chart(&chart(body.clone()), format, Some((100, 100))).is_ok(), "small ones too");
            }
        }
    }

    #[test]
    fn what_a_chart_is_of_stands_in_it() {
        let text = |body| String::from_utf8(render_chart(&chart(body), Format::Svg, None).unwrap()).unwrap();
        let wanted = [vec!["workers:", "cost (USD)", "180s"], vec!["availability", "120s"], vec!["A: old", "B: new"]];
        for (body, parts) in bodies().into_iter().zip(wanted) {
            let text = text(body);
            assert!(parts.iter().all(|part| text.contains(part)), "{parts:?} in {text}");
        }
    }

    #[test]
    fn a_chart_without_anything_is_refused() {
        let nothing = [
            Body::Interactions {
                y: String::new(),
                pairs: vec![Pair { x: setting(2), by: String::new(), lines: vec![] }],
            },
            Body::Parallel { settings: vec![], value: String::new(), courses: vec![], more_is_better: true },
            Body::OverTime { runs: vec![], interval_s: 60.0, panels: vec![] },
            Body::OverTime {
                runs: vec!["A".into()],
                interval_s: f64::NAN,
                panels: vec![TimePanel { y: String::new(), runs: vec![vec![1.0]] }],
            },
        ];
        for body in nothing {
            assert!(matches!(render_chart(&chart(body), Format::Svg, None), Err(Error::NothingToShow(_))));
        }
    }
}
