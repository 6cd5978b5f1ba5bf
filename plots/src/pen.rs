//! Draws in pixels of a sheet 1600 wide, whatever its real width.

use crate::surface::{SUB, Surface};
use plotters::coord::Shift;
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::{Color, DrawingArea, IntoFont};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle};

type Done = Result<(), crate::Error>;

/// Which part of a text stands at the point.
#[derive(Clone, Copy)]
pub(crate) enum Align {
    Left,
    Middle,
    Right,
}

/// A drawing area and its scale.
pub(crate) struct Pen<'a, 's> {
    root: &'a DrawingArea<Surface<'s>, Shift>,
    scale: f64,
}

impl<'a, 's> Pen<'a, 's> {
    pub(crate) fn new(root: &'a DrawingArea<Surface<'s>, Shift>, scale: f64) -> Self {
        Self { root, scale }
    }

    /// Pixels per pixel of the layout.
    pub(crate) fn scale(&self) -> f64 {
        self.scale
    }

    /// A length in units of the surface.
    pub(crate) fn unit(&self, length: f64) -> i32 {
        (length * self.scale * SUB).round() as i32
    }

    fn point(&self, (x, y): (f64, f64)) -> (i32, i32) {
        (self.unit(x), self.unit(y))
    }

    /// A line of text on its baseline.
    #[expect(clippy::too_many_arguments, reason = "a text has a place and a look; a struct would only name them again")]
    pub(crate) fn text(
        &self,
        text: &str,
        x: f64,
        y: f64,
        size: f64,
        bold: bool,
        colour: RGBColor,
        align: Align,
    ) -> Done {
        let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
        self.write(text, (x, y), ("sans-serif", size * self.scale * SUB, style).into_font(), colour, align)
    }

    /// A text that reads upwards, its middle at the point.
    pub(crate) fn upwards(&self, text: &str, x: f64, y: f64, size: f64, colour: RGBColor) -> Done {
        let font = ("sans-serif", size * self.scale * SUB).into_font().transform(FontTransform::Rotate270);
        self.write(text, (x, y), font, colour, Align::Middle)
    }

    fn write(
        &self,
        text: &str,
        at: (f64, f64),
        font: plotters::style::FontDesc<'_>,
        colour: RGBColor,
        align: Align,
    ) -> Done {
        if text.is_empty() {
            return Ok(());
        }
        let h_pos = match align {
            Align::Left => HPos::Left,
            Align::Middle => HPos::Center,
            Align::Right => HPos::Right,
        };
        let style = TextStyle::from(font).color(&colour).pos(Pos::new(h_pos, VPos::Bottom));
        Ok(self.root.draw(&Text::new(text, self.point(at), style))?)
    }

    /// A filled rectangle.
    pub(crate) fn rect(&self, from: (f64, f64), to: (f64, f64), colour: RGBColor, alpha: f64) -> Done {
        Ok(self.root.draw(&Rectangle::new([self.point(from), self.point(to)], colour.mix(alpha).filled()))?)
    }

    /// A disc with a white rim, so that two of them side by side are two.
    pub(crate) fn dot(&self, at: (f64, f64), radius: f64, colour: RGBColor) -> Done {
        let white = crate::theme::WHITE.filled();
        self.root.draw(&Circle::new(self.point(at), self.unit(radius + 1.4), white))?;
        Ok(self.root.draw(&Circle::new(self.point(at), self.unit(radius), colour.filled()))?)
    }

    /// A line in pixels of the layout.
    pub(crate) fn line(&self, points: &[(f64, f64)], width: f64, colour: RGBColor, dashed: bool) -> Done {
        self.path(points.iter().map(|&p| self.point(p)).collect(), width, colour, dashed)
    }

    /// A line in units of the surface.
    pub(crate) fn path(&self, points: Vec<(i32, i32)>, width: f64, colour: RGBColor, dashed: bool) -> Done {
        let stroke_width = self.unit(width).max(1) as u32;
        let style = ShapeStyle { color: colour.to_rgba(), filled: false, stroke_width };
        if dashed {
            let (on, off) = (f64::from(self.unit(3.0 + 2.2 * width)), f64::from(self.unit(3.0 + 1.1 * width)));
            for dash in dashes(&points, on, off) {
                self.root.draw(&PathElement::new(dash, style))?;
            }
            return Ok(());
        }
        Ok(self.root.draw(&PathElement::new(points, style))?)
    }

    /// A filled polygon in units of the surface.
    pub(crate) fn polygon(&self, points: Vec<(i32, i32)>, colour: RGBColor, alpha: f64) -> Done {
        Ok(self.root.draw(&Polygon::new(points, colour.mix(alpha)))?)
    }
}

/// Cuts a line into dashes that go on around its corners.
fn dashes(points: &[(i32, i32)], on: f64, off: f64) -> Vec<Vec<(i32, i32)>> {
    let mut out = Vec::new();
    let mut dash: Vec<(i32, i32)> = points.first().copied().into_iter().collect();
    let (mut drawing, mut left) = (true, on.max(1.0));
    for pair in points.windows(2) {
        let ((mut x, mut y), end) = ((f64::from(pair[0].0), f64::from(pair[0].1)), pair[1]);
        loop {
            let (dx, dy) = (f64::from(end.0) - x, f64::from(end.1) - y);
            let length = (dx * dx + dy * dy).sqrt();
            if length < left {
                left -= length;
                if drawing {
                    dash.push(end);
                }
                break;
            }
            (x, y) = (x + dx / length * left, y + dy / length * left);
            let here = (x.round() as i32, y.round() as i32);
            if drawing {
                dash.push(here);
                out.push(std::mem::take(&mut dash));
            } else {
                dash = vec![here];
            }
            drawing = !drawing;
            left = if drawing { on.max(1.0) } else { off.max(1.0) };
        }
    }
    if drawing && dash.len() > 1 {
        out.push(dash);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_go_around_corners() {
        let found = dashes(&[(0, 0), (10, 0), (10, 10)], 6.0, 2.0);
        assert_eq!(found, [vec![(0, 0), (6, 0)], vec![(8, 0), (10, 0), (10, 4)], vec![(10, 6), (10, 10)]]);
        assert!(dashes(&[], 6.0, 2.0).is_empty());
    }
}
