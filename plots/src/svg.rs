//! Writes strokes, fills and text as an SVG document.
//!
//! Models: absolute coordinates with two decimals; every text carries its `textLength`, so that another typeface takes the
//! same room and nothing overlaps. Leaves out: groups, clipping, gradients; nothing here needs them.

use crate::font::{FAMILY, width};
use crate::surface::{Paint, TextRun};
use plotters_backend::text_anchor::HPos;
use std::fmt::Write;

/// An SVG document under construction.
pub(crate) struct Svg {
    out: String,
    /// Strokes of one look that are not written yet: dashes become one path.
    strokes: Option<(String, f64, Paint)>,
}

impl Svg {
    /// An empty sheet of that many pixels and that colour.
    pub(crate) fn new(w: u32, h: u32, (r, g, b): (u8, u8, u8)) -> Self {
        let mut out = String::with_capacity(64 * 1024);
        let _ = writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
             font-family=\"{FAMILY}\">\n<rect width=\"{w}\" height=\"{h}\" fill=\"#{r:02x}{g:02x}{b:02x}\"/>"
        );
        Self { out, strokes: None }
    }

    /// The document.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.flush();
        self.out.push_str("</svg>\n");
        self.out.into_bytes()
    }

    /// A filled rectangle.
    pub(crate) fn rect(&mut self, x: f64, y: f64, w: f64, h: f64, paint: Paint) {
        self.flush();
        self.out.push_str("<rect");
        for (name, value) in [("x", x), ("y", y), ("width", w), ("height", h)] {
            let _ = write!(self.out, " {name}=\"{}\"", Short(value));
        }
        self.paint("fill", paint);
        self.out.push_str("/>\n");
    }

    /// A filled polygon.
    pub(crate) fn polygon(&mut self, points: &[(f64, f64)], paint: Paint) {
        self.flush();
        self.out.push_str("<path d=\"");
        path(&mut self.out, points);
        self.out.push_str("Z\"");
        self.paint("fill", paint);
        self.out.push_str("/>\n");
    }

    /// A line through the points.
    pub(crate) fn stroke(&mut self, points: &[(f64, f64)], line_width: f64, paint: Paint) {
        // Overlapping strokes of one path do not add up, so only opaque ones are joined.
        let alike = |(_, w, p): &(String, f64, Paint)| *w == line_width && *p == paint && paint.alpha >= 1.0;
        if !self.strokes.as_ref().is_some_and(alike) {
            self.flush();
        }
        path(&mut self.strokes.get_or_insert((String::new(), line_width, paint)).0, points);
    }

    /// Writes the strokes that wait.
    fn flush(&mut self) {
        if let Some((d, line_width, paint)) = self.strokes.take() {
            let _ = write!(self.out, "<path d=\"{d}\" fill=\"none\" stroke-width=\"{}\"", Short(line_width));
            self.out.push_str(" stroke-linejoin=\"round\"");
            self.paint("stroke", paint);
            self.out.push_str("/>\n");
        }
    }

    /// A line of text.
    pub(crate) fn text(&mut self, run: &TextRun<'_>, paint: Paint) {
        self.flush();
        let anchor = match run.anchor {
            HPos::Left => "start",
            HPos::Center => "middle",
            HPos::Right => "end",
        };
        let (x, y) = (Short(run.x), Short(run.y));
        let _ =
            write!(self.out, "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" text-anchor=\"{anchor}\"", Short(run.size));
        let _ = write!(self.out, " textLength=\"{}\"", Short(width(run.text, run.size, run.bold)));
        self.out.push_str(" lengthAdjust=\"spacingAndGlyphs\"");
        if run.bold {
            self.out.push_str(" font-weight=\"600\"");
        }
        if run.upwards {
            let _ = write!(self.out, " transform=\"rotate(-90 {x} {y})\"");
        }
        self.paint("fill", paint);
        self.out.push('>');
        for c in run.text.chars() {
            match c {
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '&' => self.out.push_str("&amp;"),
                // XML 1.0 has no way to write these.
                c if c.is_control() => self.out.push(' '),
                c => self.out.push(c),
            }
        }
        self.out.push_str("</text>\n");
    }

    fn paint(&mut self, what: &str, paint: Paint) {
        let (r, g, b) = paint.rgb;
        let _ = write!(self.out, " {what}=\"#{r:02x}{g:02x}{b:02x}\"");
        if paint.alpha < 1.0 {
            let _ = write!(self.out, " {what}-opacity=\"{}\"", Short(paint.alpha));
        }
    }
}

fn path(out: &mut String, points: &[(f64, f64)]) {
    for (i, &(x, y)) in points.iter().enumerate() {
        let _ = write!(out, "{}{} {}", if i == 0 { 'M' } else { 'L' }, Short(x), Short(y));
    }
}

/// A number with at most two decimals and no trailing zeros.
struct Short(f64);

impl std::fmt::Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hundredths = (self.0 * 100.0).round() as i64;
        let (sign, n) = (if hundredths < 0 { "-" } else { "" }, hundredths.abs());
        match (n / 100, n % 100) {
            (whole, 0) => write!(f, "{sign}{whole}"),
            (whole, rest) if rest % 10 == 0 => write!(f, "{sign}{whole}.{}", rest / 10),
            (whole, rest) => write!(f, "{sign}{whole}.{rest:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let texts: Vec<String> = [1.0, 1.5, -0.25, 0.004, 12.345].iter().map(|&x| Short(x).to_string()).collect();
        assert_eq!(texts, ["1", "1.5", "-0.25", "0", "12.35"]);
    }

    #[test]
    fn text_is_escaped() {
        let mut svg = Svg::new(10, 10, (255, 255, 255));
        let paint = Paint { rgb: (0, 0, 0), alpha: 1.0 };
        let run = TextRun {
            text: "a<b & c\u{1}",
            x: 1.0,
            y: 2.0,
            size: 10.0,
            bold: false,
            upwards: false,
            anchor: HPos::Left,
        };
        svg.text(&run, paint);
        let text = String::from_utf8(svg.finish()).unwrap();
        assert!(text.contains(">a&lt;b &amp; c </text>"), "{text}");
    }
}
