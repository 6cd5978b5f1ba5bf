//! What can be wrong with the parameters of a distribution.

use std::fmt;

/// Why parameters do not make a distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum DistError {
    /// A parameter is infinite or not a number.
    NotFinite {
        /// Which one.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// A parameter must be above zero.
    NotAboveZero {
        /// Which one.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// A parameter must not be negative.
    Negative {
        /// Which one.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// The least value is not below the greatest.
    Order {
        /// The least value.
        low: f64,
        /// The greatest value.
        high: f64,
    },
    /// The 95 % point is not above the median.
    Quantiles {
        /// The median.
        median: f64,
        /// The 95 % point.
        p95: f64,
    },
    /// A coefficient of variation below 1, where only 1 and more can be.
    TooRegular {
        /// The coefficient.
        cv: f64,
    },
    /// A coefficient of variation above 100.
    TooVariable {
        /// The coefficient.
        cv: f64,
    },
    /// A shape outside 0.05 to 1000.
    Shape {
        /// The shape.
        shape: f64,
    },
    /// Probabilities that do not add up to 1.
    Sum {
        /// What they add up to.
        sum: f64,
    },
    /// A range that holds next to nothing of the normal distribution.
    Tail {
        /// The share it holds.
        held: f64,
    },
    /// No samples, quantiles or phases.
    Empty,
    /// The quantiles do not go from probability 0 to 1.
    Ends {
        /// The first probability.
        first: f64,
        /// The last probability.
        last: f64,
    },
    /// A probability that is not above the one before.
    Probabilities {
        /// The probability.
        p: f64,
        /// The one before.
        before: f64,
    },
    /// A quantile below the one before.
    Falling {
        /// The value.
        value: f64,
        /// The one before.
        before: f64,
    },
}

impl fmt::Display for DistError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DistError::NotFinite { name, value } => write!(f, "`{name}` must be a finite number, not {value}"),
            DistError::NotAboveZero { name, value } => write!(f, "`{name}` must be above 0, not {value}"),
            DistError::Negative { name, value } => write!(f, "`{name}` must not be negative, but is {value}"),
            DistError::Order { low, high } => write!(f, "`low` must be below `high`, but {low} is not below {high}"),
            DistError::Quantiles { median, p95 } => {
                write!(f, "`p95` must be above `median`, but {p95} is not above {median}")
            }
            DistError::TooRegular { cv } => {
                write!(f, "`cv` of a hyperexponential must be at least 1, not {cv}; below 1 use Gamma or Erlang")
            }
            DistError::TooVariable { cv } => write!(f, "`cv` must be at most 100, not {cv}"),
            DistError::Shape { shape } => write!(f, "`shape` must be from 0.05 to 1000, not {shape}"),
            DistError::Sum { sum } => write!(f, "the probabilities must add up to 1, not to {sum}"),
            DistError::Tail { held } => {
                write!(f, "from `low` to `high` must lie at least 1e-9 of the normal distribution, not {held:e}")
            }
            DistError::Empty => write!(f, "at least one sample, quantile or phase is needed"),
            DistError::Ends { first, last } => {
                write!(f, "quantiles must go from probability 0 to 1, not from {first} to {last}")
            }
            DistError::Probabilities { p, before } => {
                write!(f, "probabilities of quantiles must rise, but {p} comes after {before}")
            }
            DistError::Falling { value, before } => {
                write!(f, "values of quantiles must not fall, but {value} comes after {before}")
            }
        }
    }
}

impl std::error::Error for DistError {}

pub(super) fn finite(name: &'static str, value: f64) -> Result<(), DistError> {
    if value.is_finite() { Ok(()) } else { Err(DistError::NotFinite { name, value }) }
}

pub(super) fn above_zero(name: &'static str, value: f64) -> Result<(), DistError> {
    finite(name, value)?;
    if value > 0.0 { Ok(()) } else { Err(DistError::NotAboveZero { name, value }) }
}

pub(super) fn not_negative(name: &'static str, value: f64) -> Result<(), DistError> {
    finite(name, value)?;
    if value >= 0.0 { Ok(()) } else { Err(DistError::Negative { name, value }) }
}

/// Beyond these shapes the powers leave the range of an `f64`, or the spread its digits.
pub(super) fn shape(shape: f64) -> Result<(), DistError> {
    if (0.05..=1000.0).contains(&shape) { Ok(()) } else { Err(DistError::Shape { shape }) }
}

pub(super) fn rising(quantiles: &[(f64, f64)]) -> Result<(), DistError> {
    let (Some(&(first, _)), Some(&(last, _))) = (quantiles.first(), quantiles.last()) else {
        return Err(DistError::Empty);
    };
    for &(p, value) in quantiles {
        finite("probability", p)?;
        not_negative("value", value)?;
    }
    if quantiles.len() < 2 || first != 0.0 || last != 1.0 {
        return Err(DistError::Ends { first, last });
    }
    for pair in quantiles.windows(2) {
        let ((before_p, before), (p, value)) = (pair[0], pair[1]);
        if p <= before_p {
            return Err(DistError::Probabilities { p, before: before_p });
        }
        if value < before {
            return Err(DistError::Falling { value, before });
        }
    }
    Ok(())
}
