//! Why a figure could not be drawn.

use plotters::drawing::DrawingAreaErrorKind;
use std::convert::Infallible;

/// Why a figure could not be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is no figure of that name.
    UnknownFigure(String),
    /// The result has none of the columns that the figure shows.
    NothingToShow(String),
    /// A side is below 100 or above 16,384 pixels.
    Size(u32, u32),
    /// The picture could not be drawn or packed.
    Draw(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownFigure(name) => write!(f, "no figure named `{name}`"),
            Self::NothingToShow(name) => write!(f, "the result has nothing to show in figure `{name}`"),
            Self::Size(w, h) => write!(f, "a figure of {w} x {h} pixels; sides go from 100 to 16384"),
            Self::Draw(why) => write!(f, "cannot draw the figure: {why}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<DrawingAreaErrorKind<Infallible>> for Error {
    fn from(error: DrawingAreaErrorKind<Infallible>) -> Self {
        Self::Draw(error.to_string())
    }
}

impl From<png::EncodingError> for Error {
    fn from(error: png::EncodingError) -> Self {
        Self::Draw(error.to_string())
    }
}
