//! The palette of maps: from dark blue to light yellow in even steps of lightness.
//!
//! Source: Nuñez, Anderton, Renslow, "Optimizing colormaps with consideration for color vision deficiency", 2018 (its
//! *cividis*, by eleven of its colours).

use plotters::style::RGBColor;

const STEPS: [(u8, u8, u8); 11] = [
    (0, 32, 76),
    (0, 45, 108),
    (38, 62, 109),
    (70, 78, 108),
    (95, 95, 110),
    (117, 112, 116),
    (140, 130, 120),
    (165, 149, 118),
    (192, 169, 110),
    (221, 191, 96),
    (255, 233, 69),
];

/// The colour at a share from 0 (dark) to 1 (light).
pub(crate) fn at(share: f64) -> RGBColor {
    let place = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 } * (STEPS.len() - 1) as f64;
    let below = (place as usize).min(STEPS.len() - 2);
    let (a, b, part) = (STEPS[below], STEPS[below + 1], place - below as f64);
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * part).round() as u8;
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// Whether dark text can be read on it.
pub(crate) fn is_light(RGBColor(r, g, b): RGBColor) -> bool {
    0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b) > 130.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lightness_grows_all_the_way() {
        let light = |share: f64| {
            let RGBColor(r, g, b) = at(share);
            0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b)
        };
        assert!((0..100).all(|i| light(f64::from(i + 1) / 100.0) > light(f64::from(i) / 100.0)));
        assert_eq!(
            (at(0.0), at(1.0), at(f64::NAN)),
            (RGBColor(0, 32, 76), RGBColor(255, 233, 69), RGBColor(0, 32, 76))
        );
    }
}
