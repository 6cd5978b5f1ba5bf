//! The design of a sweep: which values each cell has.
//!
//! ```text
//!  listed axes ──product, the first slowest──► cells ◄──each with all points── drawn axes: Latin hypercube │ Sobol
//! ```
//! # Models      Latin hypercube samples (one point in each of n slices of every axis) and Owen-scrambled Sobol points; both
//!   a function of the seed alone
//! # Leaves out  designs that follow from results: that is tuning
//! # Source      McKay, Beckman, Conover, "A comparison of three methods for selecting values of input variables", 1979; Burley,
//!   "Practical hash-based Owen scrambling", 2020

use super::axis::{Axis, Value, Values};
use sim_core::{Stream, Words};

/// How the points of drawn axes are spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sampling {
    /// Latin hypercube.
    #[default]
    Lhs,
    /// Sobol's sequence, scrambled.
    Sobol,
}

/// A cell: one value of each axis, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// From 0.
    pub index: usize,
    /// One of each axis.
    pub values: Vec<Value>,
}

/// The most cells of one sweep.
const MOST: usize = 1_000_000;

/// Lays out the cells.
///
/// # Errors
/// If there are none, too many, or points are asked for without an axis to draw them on.
pub fn lay_out(axes: &[Axis], points: usize, sampling: Sampling, seed: u64) -> Result<Vec<Cell>, String> {
    if axes.is_empty() {
        return Err("nothing to vary".into());
    }
    if let Some((at, axis)) = axes.iter().enumerate().find(|(at, axis)| axes[..*at].iter().any(|a| a.path == axis.path))
    {
        return Err(format!("`{}` is varied twice, the second time by axis {}", axis.path, at + 1));
    }
    let drawn: Vec<&Axis> = axes.iter().filter(|axis| axis.listed().is_none()).collect();
    let points = if drawn.is_empty() { 1 } else { points };
    let product = axes.iter().filter_map(Axis::listed).try_fold(points, |n, values| n.checked_mul(values.len()));
    let count = product.filter(|n| *n <= MOST).ok_or_else(|| format!("more than {MOST} cells"))?;
    if sampling == Sampling::Sobol && points > 1 << 16 {
        return Err(format!("{points} points are more than the {} of a Sobol sequence", 1 << 16));
    }
    let shares: Vec<Vec<f64>> = drawn
        .iter()
        .enumerate()
        .map(|(dimension, axis)| match sampling {
            Sampling::Lhs => latin(points, &mut Stream::new(seed, 0, "sweep", &axis.path)),
            Sampling::Sobol => (0..points)
                .map(|point| sobol(point as u32, dimension as u32, seed as u32 ^ (seed >> 32) as u32))
                .collect(),
        })
        .collect();
    let cell = |index: usize| {
        // The first axis changes slowest, the points fastest.
        let (mut left, point) = (index / points, index % points);
        let mut values: Vec<Value> = Vec::with_capacity(axes.len());
        let mut dimension = drawn.len();
        for axis in axes.iter().rev() {
            values.push(match &axis.values {
                Values::Listed(listed) => {
                    let at = left % listed.len();
                    left /= listed.len();
                    listed[at].clone()
                }
                Values::Drawn(drawn) => {
                    dimension -= 1;
                    drawn.at(shares[dimension][point])
                }
            });
        }
        values.reverse();
        Cell { index, values }
    };
    Ok((0..count).map(cell).collect())
}

/// One share in each of `n` equal slices, in random order.
fn latin(n: usize, stream: &mut Stream) -> Vec<f64> {
    let mut slices: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        slices.swap(i, stream.below(i as u32 + 1) as usize);
    }
    slices.into_iter().map(|slice| (slice as f64 + stream.unit()) / n as f64).collect()
}

/// A coordinate of a scrambled Sobol point, inside of 0 to 1.
pub(crate) fn sobol(point: u32, dimension: u32, seed: u32) -> f64 {
    // Beyond the table's dimensions another scrambling of the first ones serves.
    let (set, dimension) = (dimension / sobol_burley::NUM_DIMENSIONS, dimension % sobol_burley::NUM_DIMENSIONS);
    let share = f64::from(sobol_burley::sample(point, dimension, seed.wrapping_add(set.wrapping_mul(0x9e37_79b9))));
    share.max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn axes(texts: &[&str]) -> Vec<Axis> {
        texts.iter().map(|text| Axis::parse(text, Path::new(".")).unwrap()).collect()
    }

    #[test]
    fn several_axes_make_a_product_the_first_slowest() {
        let cells = lay_out(&axes(&["a=1,2", "b=x,y,z"]), 5, Sampling::Lhs, 1).unwrap();
        let shown: Vec<String> =
            cells.iter().map(|cell| format!("{}{}", cell.values[0].shown, cell.values[1].shown)).collect();
        assert_eq!(shown, ["1x", "1y", "1z", "2x", "2y", "2z"]);
        assert!(cells.iter().enumerate().all(|(at, cell)| cell.index == at));
    }

    #[test]
    fn each_slice_of_a_hypercube_has_one_point_for_every_listed_value() {
        let cells = lay_out(&axes(&["a=1,2", "b=~Uniform(0, 10)", "c=~Uniform(0, 10)"]), 10, Sampling::Lhs, 7).unwrap();
        assert_eq!(cells.len(), 20);
        for listed in [&cells[..10], &cells[10..]] {
            for axis in [1, 2] {
                let mut slices: Vec<usize> =
                    listed.iter().map(|cell| cell.values[axis].number.unwrap() as usize).collect();
                slices.sort_unstable();
                assert_eq!(slices, (0..10).collect::<Vec<_>>());
            }
        }
        let again = lay_out(&axes(&["a=1,2", "b=~Uniform(0, 10)", "c=~Uniform(0, 10)"]), 10, Sampling::Lhs, 7).unwrap();
        assert_eq!(cells, again);
    }

    #[test]
    fn sobol_points_fill_a_square_evenly() {
        let cells = lay_out(&axes(&["b=~Uniform(0, 8)", "c=~Uniform(0, 8)"]), 64, Sampling::Sobol, 3).unwrap();
        // A (t, m, 2) net in base 2: each of the 8 × 8 boxes has one of 64 points.
        let mut boxes = [0; 64];
        for cell in &cells {
            boxes[cell.values[0].number.unwrap() as usize * 8 + cell.values[1].number.unwrap() as usize] += 1;
        }
        assert_eq!(boxes, [1; 64]);
    }

    #[test]
    fn impossible_designs_are_said() {
        assert!(lay_out(&[], 1, Sampling::Lhs, 1).is_err());
        assert!(lay_out(&axes(&["a=1,2", "a=3"]), 1, Sampling::Lhs, 1).unwrap_err().contains("twice"));
        let many = axes(&["a=1..1000:1", "b=1..1000:1", "c=1,2"]);
        assert!(lay_out(&many, 1, Sampling::Lhs, 1).unwrap_err().contains("more than"));
        assert!(lay_out(&axes(&["a=~Uniform(0, 1)"]), 70_000, Sampling::Sobol, 1).is_err());
    }
}
