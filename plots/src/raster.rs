//! Draws strokes, fills and text into pixels, with exact coverage at the edges, and packs them as PNG.
//!
//! ```text
//! polygon ──► coverage (signed area per pixel) ──► blend ──► RGB ──► PNG
//! stroke  ──► quads and joints of one winding ──┘
//! text    ──► glyph outlines ──────────────────┘
//! ```
//! Models: coverage by accumulated signed area (Raph Levien's font-rs, as in `ab_glyph_rasterizer`), blending in sRGB.
//! Leaves out: gamma-correct blending, line caps.
//! Axis-parallel strokes and rectangles are snapped to whole pixels: a grid line is crisp or it is noise.

use crate::font::face;
use crate::surface::{Paint, TextRun};
use ab_glyph::{Font, Glyph, PxScale, point};
use ab_glyph_rasterizer::Rasterizer;
use plotters_backend::text_anchor::HPos;

/// A sheet of pixels.
pub(crate) struct Raster {
    w: usize,
    h: usize,
    rgb: Vec<u8>,
    coverage: Rasterizer,
}

impl Raster {
    /// An empty sheet of that colour.
    pub(crate) fn new(w: u32, h: u32, (r, g, b): (u8, u8, u8)) -> Self {
        let (w, h) = (w as usize, h as usize);
        Self { w, h, rgb: [r, g, b].repeat(w * h), coverage: Rasterizer::new(0, 0) }
    }

    /// The sheet as PNG.
    pub(crate) fn finish(self) -> Result<Vec<u8>, png::EncodingError> {
        let mut out = Vec::with_capacity(self.rgb.len() / 16);
        let mut encoder = png::Encoder::new(&mut out, self.w as u32, self.h as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        // Large even areas: unfiltered rows repeat themselves, and a higher level gains little.
        encoder.set_deflate_compression(png::DeflateCompression::Level(3));
        encoder.set_filter(png::Filter::NoFilter);
        encoder.write_header()?.write_image_data(&self.rgb)?;
        Ok(out)
    }

    /// A filled rectangle, its edges on whole pixels and never thinner than one.
    pub(crate) fn rect(&mut self, x: f64, y: f64, w: f64, h: f64, paint: Paint) {
        let (x0, y0) = (x.round(), y.round());
        let (x1, y1) = ((x + w).round().max(x0 + 1.0), (y + h).round().max(y0 + 1.0));
        let clip = |v: f64, limit: usize| v.clamp(0.0, limit as f64) as usize;
        let (x0, x1) = (clip(x0, self.w), clip(x1, self.w));
        for row in clip(y0, self.h)..clip(y1, self.h) {
            let line = &mut self.rgb[(row * self.w + x0) * 3..(row * self.w + x1) * 3];
            for pixel in line.chunks_exact_mut(3) {
                blend(pixel, paint.rgb, paint.alpha as f32);
            }
        }
    }

    /// A filled polygon.
    pub(crate) fn polygon(&mut self, points: &[(f64, f64)], paint: Paint) {
        // Steps are crisp, and those of two layers at the same height cover each other.
        let level = |(a, b): (&(f64, f64), &(f64, f64))| a.0 == b.0 || a.1 == b.1;
        let rounded: Vec<(f64, f64)>;
        let points = if points.iter().zip(points.iter().cycle().skip(1)).all(level) {
            rounded = points.iter().map(|&(x, y)| (x.round(), y.round())).collect();
            &rounded
        } else {
            points
        };
        let Some(frame) = self.frame(points, 0.0) else { return };
        let local: Vec<_> = points.iter().map(|&p| frame.local(p)).collect();
        self.coverage.reset(frame.w, frame.h);
        for (i, &from) in local.iter().enumerate() {
            self.coverage.draw_line(from, local[(i + 1) % local.len()]);
        }
        self.fill(frame, paint);
    }

    /// A line through the points, with rounded joints.
    pub(crate) fn stroke(&mut self, points: &[(f64, f64)], line_width: f64, paint: Paint) {
        if let [(x0, y0), (x1, y1)] = *points {
            // As many whole pixels everywhere, wherever the line falls.
            let whole = line_width.round().max(1.0);
            if y0 == y1 {
                return self.rect(x0.min(x1), (y0 - whole / 2.0).round(), (x1 - x0).abs(), whole, paint);
            }
            if x0 == x1 {
                return self.rect((x0 - whole / 2.0).round(), y0.min(y1), whole, (y1 - y0).abs(), paint);
            }
        }
        let r = (line_width / 2.0).max(0.4);
        let Some(frame) = self.frame(points, r + 1.0) else { return };
        self.coverage.reset(frame.w, frame.h);
        let mut before: Option<(f64, f64)> = None;
        for pair in points.windows(2) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            let (dx, dy) = (x1 - x0, y1 - y0);
            let length = (dx * dx + dy * dy).sqrt();
            if length < 1e-6 {
                continue;
            }
            let (nx, ny) = (-dy / length * r, dx / length * r);
            // All parts wind the same way, so that overlaps add up beyond one and are cut there, not cancelled.
            self.part(frame, &[(x0 + nx, y0 + ny), (x0 - nx, y0 - ny), (x1 - nx, y1 - ny), (x1 + nx, y1 + ny)]);
            if let Some((px, py)) = before
                && (px * nx + py * ny) < 0.97 * r * r
            {
                const D: f64 = std::f64::consts::FRAC_1_SQRT_2;
                const JOINT: [(f64, f64); 8] =
                    [(1.0, 0.0), (D, -D), (0.0, -1.0), (-D, -D), (-1.0, 0.0), (-D, D), (0.0, 1.0), (D, D)];
                self.part(frame, &JOINT.map(|(c, s)| (x0 + c * r, y0 - s * r)));
            }
            before = Some((nx, ny));
        }
        self.fill(frame, paint);
    }

    /// A line of text.
    pub(crate) fn text(&mut self, run: &TextRun<'_>, paint: Paint) {
        let Some(face) = face(run.bold) else { return };
        let em = face.units_per_em().unwrap_or(1000.0);
        let scale = PxScale::from(run.size as f32 * face.height_unscaled() / em);
        let per_unit = run.size as f32 / em;
        let total = crate::font::width(run.text, run.size, run.bold) as f32;
        let mut pen = match run.anchor {
            HPos::Left => 0.0,
            HPos::Center => -total / 2.0,
            HPos::Right => -total,
        };
        let mut previous = None;
        for c in run.text.chars() {
            let id = face.glyph_id(c);
            if let Some(before) = previous {
                pen += face.kern_unscaled(before, id) * per_unit;
            }
            previous = Some(id);
            // Turned text is drawn level around the origin, then its pixels are turned.
            let (x, y) = if run.upwards { (pen, 0.0) } else { (run.x as f32 + pen, run.y.round() as f32) };
            let glyph = Glyph { id, scale, position: point(x, y) };
            pen += face.h_advance_unscaled(id) * per_unit;
            let Some(outline) = face.outline_glyph(glyph) else { continue };
            let bounds = outline.px_bounds();
            let (left, top) = (bounds.min.x as i64, bounds.min.y as i64);
            let (turn_x, turn_y) = (run.x.round() as i64, run.y.round() as i64);
            outline.draw(|x, y, cover| {
                let (x, y) = (left + i64::from(x), top + i64::from(y));
                let (x, y) = if run.upwards { (turn_x + y, turn_y - x - 1) } else { (x, y) };
                if x >= 0 && y >= 0 && (x as usize) < self.w && (y as usize) < self.h {
                    let at = (y as usize * self.w + x as usize) * 3;
                    blend(&mut self.rgb[at..at + 3], paint.rgb, cover.min(1.0) * paint.alpha as f32);
                }
            });
        }
    }

    /// Adds a closed polygon to the coverage.
    fn part(&mut self, frame: Frame, corners: &[(f64, f64)]) {
        for (i, &from) in corners.iter().enumerate() {
            self.coverage.draw_line(frame.local(from), frame.local(corners[(i + 1) % corners.len()]));
        }
    }

    /// The pixels that the points may touch.
    fn frame(&self, points: &[(f64, f64)], margin: f64) -> Option<Frame> {
        if points.len() < 2 {
            return None;
        }
        let span = |get: fn(&(f64, f64)) -> f64, limit: usize| {
            let (low, high) = points.iter().map(get).fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
            let clip = |v: f64| v.clamp(-64.0, limit as f64 + 64.0);
            (clip(low - margin).floor(), clip(high + margin).ceil() + 1.0)
        };
        let ((x0, x1), (y0, y1)) = (span(|p| p.0, self.w), span(|p| p.1, self.h));
        Some(Frame { x: x0 as i64, y: y0 as i64, w: (x1 - x0) as usize, h: (y1 - y0) as usize })
    }

    /// Blends the accumulated coverage.
    fn fill(&mut self, frame: Frame, paint: Paint) {
        let (w, h, rgb) = (self.w as i64, self.h as i64, &mut self.rgb);
        self.coverage.for_each_pixel(|index, cover| {
            if cover > 0.002 {
                let (x, y) = (frame.x + (index % frame.w) as i64, frame.y + (index / frame.w) as i64);
                if x >= 0 && y >= 0 && x < w && y < h {
                    let at = (y * w + x) as usize * 3;
                    blend(&mut rgb[at..at + 3], paint.rgb, cover.min(1.0) * paint.alpha as f32);
                }
            }
        });
    }
}

/// A rectangle of pixels that coverage is accumulated in.
#[derive(Clone, Copy)]
struct Frame {
    x: i64,
    y: i64,
    w: usize,
    h: usize,
}

impl Frame {
    fn local(self, (x, y): (f64, f64)) -> ab_glyph_rasterizer::Point {
        let x = (x - self.x as f64).clamp(0.0, self.w as f64);
        let y = (y - self.y as f64).clamp(0.0, self.h as f64);
        point(x as f32, y as f32)
    }
}

fn blend(pixel: &mut [u8], (r, g, b): (u8, u8, u8), alpha: f32) {
    for (old, new) in pixel.iter_mut().zip([r, g, b]) {
        let (from, to) = (f32::from(*old), f32::from(new));
        *old = (from + (to - from) * alpha + 0.5) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACK: Paint = Paint { rgb: (0, 0, 0), alpha: 1.0 };

    fn red(raster: &Raster, x: usize, y: usize) -> u8 {
        raster.rgb[(y * raster.w + x) * 3]
    }

    #[test]
    fn edges_are_covered_in_proportion() {
        let mut raster = Raster::new(8, 8, (255, 255, 255));
        raster.polygon(&[(2.0, 2.0), (4.5, 2.0), (4.500_1, 6.0), (2.0, 6.0)], BLACK);
        assert_eq!((red(&raster, 1, 3), red(&raster, 2, 3), red(&raster, 3, 3)), (255, 0, 0));
        assert!((120..=136).contains(&red(&raster, 4, 3)), "{}", red(&raster, 4, 3));
        assert_eq!(red(&raster, 5, 3), 255);
    }

    #[test]
    fn a_stroke_that_turns_has_no_holes() {
        let mut raster = Raster::new(40, 40, (255, 255, 255));
        raster.stroke(&[(5.0, 35.0), (20.0, 5.0), (35.0, 35.0)], 4.0, BLACK);
        assert_eq!(red(&raster, 20, 6), 0, "the tip");
        assert_eq!(red(&raster, 20, 30), 255, "between the legs");
    }

    #[test]
    fn nothing_is_drawn_outside_and_nothing_panics() {
        let mut raster = Raster::new(10, 10, (255, 255, 255));
        raster.stroke(&[(-1e9, 3.0), (1e9, 4.0), (1e12, -1e12)], 2.0, BLACK);
        raster.polygon(&[(-500.0, -500.0), (500.0, -500.0), (0.0, 500.0)], BLACK);
        raster.rect(-5.0, 8.0, 100.0, 100.0, BLACK);
        assert_eq!(raster.rgb.len(), 300);
        assert!(raster.finish().unwrap().starts_with(b"\x89PNG"));
    }
}
