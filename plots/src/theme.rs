//! Colours and sizes of every chart, in one place.
//!
//! Models: all charts on a light page or a dark one; the palette of Okabe and Ito, told apart by people with any of the usual colour deficiencies, and each state
//! in the same colour on every chart. Sizes are pixels of a sheet 1600 wide, and grow with the sheet.
//! Source: Masataka Okabe and Kei Ito, *Color Universal Design* (2008).

use plotters::style::RGBColor;

pub(crate) const INK: RGBColor = RGBColor(0x22, 0x26, 0x2b);
pub(crate) const MUTED: RGBColor = RGBColor(0x5f, 0x67, 0x70);
pub(crate) const GRID: RGBColor = RGBColor(0xe6, 0xe8, 0xeb);
pub(crate) const FRAME: RGBColor = RGBColor(0xb4, 0xba, 0xc1);
pub(crate) const QUIET: RGBColor = RGBColor(0xd3, 0xd7, 0xdc);
pub(crate) const WHITE: RGBColor = RGBColor(0xff, 0xff, 0xff);

pub(crate) const ORANGE: RGBColor = RGBColor(0xe6, 0x9f, 0x00);
pub(crate) const SKY: RGBColor = RGBColor(0x56, 0xb4, 0xe9);
pub(crate) const GREEN: RGBColor = RGBColor(0x00, 0x9e, 0x73);
pub(crate) const YELLOW: RGBColor = RGBColor(0xf0, 0xe4, 0x42);
pub(crate) const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xb2);
pub(crate) const RED: RGBColor = RGBColor(0xd5, 0x5e, 0x00);
/// Where all is well: pale, so that what is not stands out.
pub(crate) const WELL: RGBColor = RGBColor(0xbf, 0xe3, 0xd6);
/// The bulk of a stack.
pub(crate) const CALM_GREEN: RGBColor = RGBColor(0x7c, 0xc9, 0xb3);
pub(crate) const PINK: RGBColor = RGBColor(0xcc, 0x79, 0xa7);

/// The page that a chart is drawn on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// White, for paper and most slides.
    #[default]
    Light,
    /// Nearly black, for dark slides and pages.
    Dark,
}

/// What a colour of the light page becomes on the dark one: what is quiet stays near the page, what is ink stands out,
/// and the hues stay what they are, blue alone lighter to be seen.
const ON_DARK: [(RGBColor, RGBColor); 9] = [
    (WHITE, RGBColor(0x14, 0x17, 0x1c)),
    (INK, RGBColor(0xe3, 0xe6, 0xea)),
    (MUTED, RGBColor(0xa3, 0xac, 0xb8)),
    (GRID, RGBColor(0x2a, 0x30, 0x38)),
    (FRAME, RGBColor(0x56, 0x5f, 0x6b)),
    (QUIET, RGBColor(0x3a, 0x41, 0x4b)),
    (WELL, RGBColor(0x1f, 0x4f, 0x43)),
    (CALM_GREEN, RGBColor(0x2e, 0x80, 0x6b)),
    (BLUE, RGBColor(0x4a, 0xa3, 0xdf)),
];

impl Tone {
    /// What a colour of the light page is on this one.
    pub(crate) fn shows(self, colour: (u8, u8, u8)) -> (u8, u8, u8) {
        let rgb = |RGBColor(r, g, b): RGBColor| (r, g, b);
        let known = || ON_DARK.iter().find(|(light, _)| rgb(*light) == colour);
        match self {
            Tone::Light => colour,
            Tone::Dark => known().map_or(colour, |(_, dark)| rgb(*dark)),
        }
    }

    /// The colour of the page.
    pub(crate) fn page(self) -> (u8, u8, u8) {
        self.shows((WHITE.0, WHITE.1, WHITE.2))
    }
}

/// The colour of the i-th of several alike things, such as groups or zones.
pub(crate) fn series(i: usize) -> RGBColor {
    [BLUE, ORANGE, GREEN, PINK, SKY, RED, INK, YELLOW][i % 8]
}

/// The same for areas, which are large and so are lighter.
pub(crate) fn area(i: usize) -> RGBColor {
    let lighter = |part: u8| part + ((255 - u16::from(part)) * 2 / 5) as u8;
    let RGBColor(r, g, b) = series(i);
    RGBColor(lighter(r), lighter(g), lighter(b))
}

/// The colour of the i-th cause of failure: warm first, and none of those that mean success.
pub(crate) fn failure(i: usize) -> RGBColor {
    [RED, ORANGE, PINK, YELLOW, RGBColor(0x99, 0x3d, 0x5c), RGBColor(0x8c, 0x6d, 0x31), MUTED][i % 7]
}

pub(crate) const TITLE: f64 = 31.0;
pub(crate) const PANEL_TITLE: f64 = 21.0;
pub(crate) const CAPTION: f64 = 18.0;
pub(crate) const LABEL: f64 = 19.0;
pub(crate) const SMALL: f64 = 17.0;

/// Margins of the sheet.
pub(crate) const SIDE: f64 = 36.0;
/// Height of a row of a legend or of a panel's title.
pub(crate) const ROW: f64 = 32.0;
/// Height of a lane of fault labels.
pub(crate) const LANE: f64 = 26.0;
/// Height of a state band, and the gap above it.
pub(crate) const BAND: f64 = 22.0;
pub(crate) const BAND_GAP: f64 = 8.0;
