//! What plotters draws on: one backend for both formats, with coordinates finer than a pixel.
//!
//! ```text
//! figure ──plotters──► Surface (1/8 px) ──► Raster ──► PNG
//!                                     └───► Svg
//! ```
//! Plotters places everything on whole units of its backend, and its own bitmap backend draws jagged lines and moves
//! glyphs to whole pixels. A unit here is an eighth of a pixel, so curves stay smooth.

use crate::raster::Raster;
use crate::svg::Svg;
use crate::theme::Tone;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle};
use plotters_backend::{DrawingBackend, DrawingErrorKind, FontStyle, FontTransform};
use sim_core::math::{cos, sin};
use std::convert::Infallible;

/// Units per pixel.
pub(crate) const SUB: f64 = 8.0;

/// Colour and opacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Paint {
    pub rgb: (u8, u8, u8),
    pub alpha: f64,
}

impl Paint {
    fn new(colour: BackendColor, tone: Tone) -> Self {
        Self { rgb: tone.shows(colour.rgb), alpha: colour.alpha.clamp(0.0, 1.0) }
    }
}

/// A line of text and where it stands, in pixels.
pub(crate) struct TextRun<'a> {
    pub text: &'a str,
    /// Of the anchor.
    pub x: f64,
    /// Of the baseline.
    pub y: f64,
    /// Of the em.
    pub size: f64,
    pub bold: bool,
    /// Reads from bottom to top.
    pub upwards: bool,
    pub anchor: HPos,
}

/// Either sheet.
pub(crate) enum Ink {
    Raster(Raster),
    Svg(Svg),
}

/// The backend, borrowing the sheet for as long as plotters needs it.
pub(crate) struct Surface<'a> {
    pub ink: &'a mut Ink,
    /// In pixels.
    pub size: (u32, u32),
    pub tone: Tone,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

fn px((x, y): BackendCoord) -> (f64, f64) {
    (f64::from(x) / SUB, f64::from(y) / SUB)
}

impl Surface<'_> {
    fn fill(&mut self, points: &[(f64, f64)], paint: Paint) {
        match self.ink {
            Ink::Raster(raster) => raster.polygon(points, paint),
            Ink::Svg(svg) => svg.polygon(points, paint),
        }
    }

    fn stroke(&mut self, points: &[(f64, f64)], width: u32, paint: Paint) {
        let width = f64::from(width) / SUB;
        match self.ink {
            _ if points.len() < 2 => {}
            Ink::Raster(raster) => raster.stroke(points, width, paint),
            Ink::Svg(svg) => svg.stroke(points, width, paint),
        }
    }
}

impl DrawingBackend for Surface<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.size.0 * SUB as u32, self.size.1 * SUB as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect(point, (point.0 + SUB as i32, point.1 + SUB as i32), &color, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.stroke(&[px(from), px(to)], style.stroke_width(), Paint::new(style.color(), self.tone));
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(&mut self, a: BackendCoord, b: BackendCoord, style: &S, fill: bool) -> Drawn {
        let ((x0, y0), (x1, y1), paint) = (px(a), px(b), Paint::new(style.color(), self.tone));
        if !fill {
            self.stroke(&[(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], style.stroke_width(), paint);
            return Ok(());
        }
        match self.ink {
            Ink::Raster(raster) => raster.rect(x0, y0, x1 - x0, y1 - y0, paint),
            Ink::Svg(svg) => svg.rect(x0, y0, x1 - x0, y1 - y0, paint),
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        let points: Vec<_> = path.into_iter().map(px).collect();
        self.stroke(&points, style.stroke_width(), Paint::new(style.color(), self.tone));
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, centre: BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        let ((x, y), r) = (px(centre), f64::from(radius) / SUB);
        let mut points: Vec<_> = (0..24)
            .map(|i| f64::from(i) * std::f64::consts::TAU / 24.0)
            .map(|turn| (x + r * cos(turn), y + r * sin(turn)))
            .collect();
        if fill {
            self.fill(&points, Paint::new(style.color(), self.tone));
        } else {
            points.push(points[0]);
            self.stroke(&points, style.stroke_width(), Paint::new(style.color(), self.tone));
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, vert: I, style: &S) -> Drawn {
        let points: Vec<_> = vert.into_iter().map(px).collect();
        self.fill(&points, Paint::new(style.color(), self.tone));
        Ok(())
    }

    /// `VPos::Bottom` is the baseline here, `Center` half the height of a capital below the point.
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, pos: BackendCoord) -> Drawn {
        let ((x, y), size) = (px(pos), style.size() / SUB);
        let drop = match style.anchor().v_pos {
            VPos::Top => 0.76 * size,
            VPos::Center => 0.36 * size,
            VPos::Bottom => 0.0,
        };
        let upwards = matches!(style.transform(), FontTransform::Rotate270);
        let (x, y) = if upwards { (x + drop, y) } else { (x, y + drop) };
        let bold = matches!(style.style(), FontStyle::Bold);
        let run = TextRun { text, x, y, size, bold, upwards, anchor: style.anchor().h_pos };
        match self.ink {
            Ink::Raster(raster) => raster.text(&run, Paint::new(style.color(), self.tone)),
            Ink::Svg(svg) => svg.text(&run, Paint::new(style.color(), self.tone)),
        }
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let bold = matches!(style.style(), FontStyle::Bold);
        Ok((crate::font::width(text, style.size(), bold).ceil() as u32, style.size().ceil() as u32))
    }
}
