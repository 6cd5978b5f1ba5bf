//! Functions of real numbers that give the same bits on every machine.
//!
//! ```text
//!  dist, stats ──► math ──► libm (pure Rust)          never f64::ln and its like, which ask the platform
//! ```
//! # Models      additions, multiplications, divisions and square roots, which IEEE 754 fixes to the last bit
//! # Leaves out  fused multiplication and addition, which some machines lack
//! # Source      IEEE 754-2019, section 5.4.1; the `libm` crate, a port of musl's

mod log;
mod normal;
mod special;

pub use log::ln;
pub use normal::{normal_cdf, normal_quantile};
pub(crate) use special::root;
pub use special::{beta_inc, beta_inc_inverse, gamma_p, gamma_p_inverse, ln_gamma, student_t_quantile};

/// The exponential function.
#[inline]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// `exp(x) − 1`, exact for small `x`.
#[inline]
pub fn exp_m1(x: f64) -> f64 {
    libm::expm1(x)
}

/// `ln(1 + x)`, exact for small `x`.
#[inline]
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// `x` to the power of `y`.
#[inline]
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// The square root, which is exact everywhere.
#[inline]
pub fn sqrt(x: f64) -> f64 {
    x.sqrt()
}

/// The sine of an angle in radians.
#[inline]
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// The cosine of an angle in radians.
#[inline]
pub fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// The logarithm to the base of ten.
#[inline]
pub fn log10(x: f64) -> f64 {
    libm::log10(x)
}
