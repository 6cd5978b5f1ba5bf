//! The typeface of every chart, embedded, so that a chart looks the same on a machine without any fonts.
//!
//! ```text
//! fonts/*.ttf ──include_bytes──► face(bold) ──► width(text)  (layout, SVG's textLength)
//!                                          └──► outlines     (PNG)
//! ```
//! Models: Open Sans 1.11 (Apache 2.0, `fonts/LICENSE-OpenSans.txt`), cut down to Latin, Greek, Cyrillic and the signs
//! in use. Leaves out: right-to-left and CJK scripts; such characters show as a box in PNG, and properly in SVG.

use ab_glyph::{Font, FontRef};
use std::sync::OnceLock;

/// What SVG asks for. Widths are pinned there, so a substitute of another width does not break the layout.
pub(crate) const FAMILY: &str = "Open Sans, Segoe UI, Helvetica Neue, Arial, DejaVu Sans, sans-serif";

static REGULAR: &[u8] = include_bytes!("../fonts/OpenSans-Regular.ttf");
static SEMIBOLD: &[u8] = include_bytes!("../fonts/OpenSans-Semibold.ttf");

/// The face; `None` only if the embedded file were damaged.
pub(crate) fn face(bold: bool) -> Option<&'static FontRef<'static>> {
    static FACES: OnceLock<[Option<FontRef<'static>>; 2]> = OnceLock::new();
    FACES.get_or_init(|| [REGULAR, SEMIBOLD].map(|bytes| FontRef::try_from_slice(bytes).ok()))[usize::from(bold)]
        .as_ref()
}

/// Advance width of a line of text, in the unit of `size` (the em).
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let Some(face) = face(bold) else { return text.chars().count() as f64 * size * 0.55 };
    let em = f64::from(face.units_per_em().unwrap_or(1000.0));
    let mut units = 0.0;
    let mut previous = None;
    for c in text.chars() {
        let glyph = face.glyph_id(c);
        if let Some(before) = previous {
            units += f64::from(face.kern_unscaled(before, glyph));
        }
        units += f64::from(face.h_advance_unscaled(glyph));
        previous = Some(glyph);
    }
    units / em * size
}

/// The text, cut with an ellipsis so that it is no wider than `limit`.
pub(crate) fn fit(text: &str, size: f64, bold: bool, limit: f64) -> String {
    if width(text, size, bold) <= limit {
        return text.to_owned();
    }
    let mut cut: Vec<char> = text.chars().collect();
    while !cut.is_empty() {
        cut.pop();
        let short = cut.iter().collect::<String>().trim_end().to_owned() + "…";
        if width(&short, size, bold) <= limit {
            return short;
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_faces_load_and_measure() {
        for bold in [false, true] {
            assert!(face(bold).is_some());
            assert!(width("mmm", 10.0, bold) > width("iii", 10.0, bold));
        }
        assert!((width("0000", 20.0, false) - 2.0 * width("00", 20.0, false)).abs() < 1e-9);
    }

    #[test]
    fn a_text_that_is_too_wide_is_cut_to_fit() {
        let limit = width("failover", 16.0, false);
        let cut = fit("failover of a database with a long name", 16.0, false, limit);
        assert!(cut.ends_with('…') && width(&cut, 16.0, false) <= limit);
        assert_eq!(fit("short", 16.0, false, 500.0), "short");
        assert_eq!(fit("anything", 16.0, false, 0.0), "");
    }
}
