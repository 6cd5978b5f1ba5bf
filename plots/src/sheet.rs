//! What a figure consists of, before anything is drawn: panels of curves, layers and bands on one time axis.
//!
//! ```text
//! Sheet ─┬─ Panel ─┬─ layers  (stacked areas)
//!        │         ├─ ribbons (intervals)
//!        │         ├─ curves  (lines, steps)
//!        │         └─ bands   (states, events; under the plot)
//!        └─ markers (faults; through all panels)
//! ```
//! A figure's module says what to show; `draw` decides where it goes.

use crate::markers::Marker;
use plotters::style::RGBColor;
use std::borrow::Cow;

/// One value per row.
pub(crate) type Values<'a> = Cow<'a, [f64]>;

/// A figure.
pub(crate) struct Sheet<'a> {
    pub title: String,
    pub caption: String,
    pub panels: Vec<Panel<'a>>,
    pub markers: Vec<Marker>,
    /// Seconds from one row to the next.
    pub interval_s: f64,
    /// Where the time axis ends.
    pub end_s: f64,
    /// Name of the time axis.
    pub axis: &'static str,
}

/// One plot on the sheet, with its bands.
pub(crate) struct Panel<'a> {
    /// Empty if the figure's title says it all.
    pub title: String,
    /// Name and unit of the value axis.
    pub axis: String,
    /// Share of the free height; 0 for a panel of bands alone.
    pub weight: f64,
    /// The axis reaches at least to here.
    pub reach: f64,
    /// Counts: no ticks between whole numbers.
    pub integer: bool,
    /// Decades, if the range asks for it.
    pub may_be_log: bool,
    /// Values hold for their whole row.
    pub steps: bool,
    pub layers: Vec<Layer<'a>>,
    pub ribbons: Vec<Ribbon<'a>>,
    pub curves: Vec<Curve<'a>>,
    pub bands: Vec<Band>,
    /// Further entries of the legend, for the bands.
    pub keys: Vec<Key>,
}

impl Panel<'_> {
    /// An empty panel.
    pub(crate) fn new(title: impl Into<String>, axis: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            axis: axis.into(),
            weight: 1.0,
            reach: 0.0,
            integer: false,
            may_be_log: false,
            steps: false,
            layers: Vec::new(),
            ribbons: Vec::new(),
            curves: Vec::new(),
            bands: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// Adds a legend entry, once.
    pub(crate) fn key(&mut self, label: &str, glyph: Glyph, colour: RGBColor) {
        if !self.keys.iter().any(|key| key.label == label) {
            self.keys.push(Key { label: label.to_owned(), glyph, colour });
        }
    }
}

/// A line.
pub(crate) struct Curve<'a> {
    pub label: String,
    pub colour: RGBColor,
    pub width: f64,
    pub dashed: bool,
    pub values: Values<'a>,
}

impl<'a> Curve<'a> {
    /// A line of the usual width.
    pub(crate) fn new(label: impl Into<String>, colour: RGBColor, values: &'a [f64]) -> Self {
        Self { label: label.into(), colour, width: 2.6, dashed: false, values: Cow::Borrowed(values) }
    }

    /// A thinner dashed one: a bound, a wish, a total.
    pub(crate) fn dashed(label: impl Into<String>, colour: RGBColor, values: &'a [f64]) -> Self {
        Self { width: 2.2, dashed: true, ..Self::new(label, colour, values) }
    }
}

/// An area on top of the layers before it.
pub(crate) struct Layer<'a> {
    pub label: String,
    pub colour: RGBColor,
    pub values: Values<'a>,
}

/// An area between two lines.
pub(crate) struct Ribbon<'a> {
    pub label: String,
    pub colour: RGBColor,
    pub low: Values<'a>,
    pub high: Values<'a>,
}

/// A strip of states or events along the time axis.
#[derive(Default)]
pub(crate) struct Band {
    pub label: String,
    pub spans: Vec<Span>,
    pub dots: Vec<Dot>,
}

/// A state that lasted, in seconds.
#[derive(Clone)]
pub(crate) struct Span {
    pub from: f64,
    pub to: f64,
    pub colour: RGBColor,
    /// Written into it where there is room.
    pub text: String,
}

/// An event.
pub(crate) struct Dot {
    pub at: f64,
    pub colour: RGBColor,
}

/// How a legend entry looks.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Glyph {
    Line,
    Dashes,
    Box,
    Dot,
}

/// A legend entry.
pub(crate) struct Key {
    pub label: String,
    pub glyph: Glyph,
    pub colour: RGBColor,
}

impl Panel<'_> {
    /// The whole legend.
    pub(crate) fn legend(&self) -> Vec<Key> {
        let key = |label: &String, glyph, colour| Key { label: label.clone(), glyph, colour };
        let mut keys: Vec<Key> = Vec::new();
        for curve in &self.curves {
            keys.push(key(&curve.label, if curve.dashed { Glyph::Dashes } else { Glyph::Line }, curve.colour));
        }
        keys.extend(self.layers.iter().map(|layer| key(&layer.label, Glyph::Box, layer.colour)));
        keys.extend(self.ribbons.iter().map(|ribbon| key(&ribbon.label, Glyph::Box, ribbon.colour)));
        keys.extend(self.keys.iter().map(|k| key(&k.label, k.glyph, k.colour)));
        keys.retain(|key| !key.label.is_empty());
        keys
    }

    /// The least above zero, the least and the greatest finite value to be shown.
    pub(crate) fn range(&self) -> (f64, f64, f64) {
        let mut range = (f64::INFINITY, f64::INFINITY, self.reach);
        let mut take = |value: f64| {
            if value.is_finite() {
                range =
                    (if value > 0.0 { range.0.min(value) } else { range.0 }, range.1.min(value), range.2.max(value));
            }
        };
        self.curves.iter().flat_map(|curve| curve.values.iter()).for_each(|&v| take(v));
        self.ribbons.iter().flat_map(|r| r.low.iter().chain(r.high.iter())).for_each(|&v| take(v));
        for total in self.cumulated().pop().unwrap_or_default() {
            take(total);
        }
        range
    }

    /// Upper edge of each layer, from the bottom up; a gap counts as nothing unless all layers have it.
    pub(crate) fn cumulated(&self) -> Vec<Vec<f64>> {
        let rows = self.layers.iter().map(|layer| layer.values.len()).max().unwrap_or(0);
        let mut sum = vec![f64::NAN; rows];
        let mut edges = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            for (total, &value) in sum.iter_mut().zip(layer.values.iter()) {
                if value.is_finite() {
                    *total = if total.is_finite() { *total } else { 0.0 } + value.max(0.0);
                }
            }
            edges.push(sum.clone());
        }
        edges
    }
}

/// Neighbouring rows of the same state as one span each; a gap is no state.
pub(crate) fn spans(values: &[f64], interval_s: f64, look: impl Fn(i64) -> Option<(RGBColor, String)>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut last = None;
    for (row, &value) in values.iter().enumerate() {
        let state = value.is_finite().then(|| value.round() as i64);
        let to = (row + 1) as f64 * interval_s;
        if state == last && state.is_some() {
            if let Some(span) = spans.last_mut().filter(|span| span.to >= to - interval_s * 1.5) {
                span.to = to;
            }
        } else if let Some((colour, text)) = state.and_then(&look) {
            spans.push(Span { from: row as f64 * interval_s, to, colour, text });
        }
        last = state;
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::{BLUE, GREEN, RED};

    #[test]
    fn rows_of_one_state_become_one_span() {
        let look = |state: i64| (state != 0).then(|| (RED, state.to_string()));
        let found = spans(&[0.0, 1.0, 1.0, 0.0, f64::NAN, 2.0, 1.0], 10.0, look);
        let told: Vec<_> = found.iter().map(|s| (s.from, s.to, s.text.as_str())).collect();
        assert_eq!(told, [(10.0, 30.0, "1"), (50.0, 60.0, "2"), (60.0, 70.0, "1")]);
    }

    #[test]
    fn layers_add_up_and_gaps_stay_gaps() {
        let mut panel = Panel::new("", "");
        for (colour, values) in [(BLUE, vec![1.0, f64::NAN, f64::NAN]), (GREEN, vec![2.0, 3.0, f64::NAN])] {
            panel.layers.push(Layer { label: String::new(), colour, values: values.into() });
        }
        let edges = panel.cumulated();
        assert_eq!(edges[1][..2], [3.0, 3.0]);
        assert!(edges[0][1].is_nan() && edges[1][2].is_nan());
        assert_eq!(panel.range().2, 3.0);
    }
}
