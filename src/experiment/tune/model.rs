//! A guess at the figures of settings that were not run yet, from those that were: which children are worth a run.
//!
//! ```text
//!  points, figures ──Gaussian process (Matérn 3/2, a length for each axis)──► mean and deviation at any point
//! ```
//! # Models      kriging with noise: near settings have near figures, as near as the likelihood of those seen says; other names of
//!   a choice are a step away. Figures are differences to the scenario as it is on the same replications, so that what
//!   all settings share by chance is no noise here
//! # Leaves out  gradients of the likelihood: lengths are tried in steps, which is enough to rank children
//! # Source      Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, algorithm 2.1; Hutter, Hoos,
//!   Leyton-Brown, "Sequential model-based optimization for general algorithm configuration", 2011 (a model proposes, a
//!   race decides)

use sim_core::math::{exp, ln};

/// What one setting has shown.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its place, from 0 to 1 on each axis.
    pub point: Vec<f64>,
    /// A figure.
    pub value: f64,
    /// Runs it is the mean of.
    pub runs: usize,
}

/// A figure as a function of settings.
#[derive(Clone, Debug)]
pub struct Model {
    points: Vec<Vec<f64>>,
    kernel: Kernel,
    /// Lower triangle of the Cholesky factor, row by row.
    factor: Vec<Vec<f64>>,
    weights: Vec<f64>,
    middle: f64,
    spread: f64,
}

#[derive(Clone, Debug)]
struct Kernel {
    /// The distance at which figures have little to do with each other.
    lengths: Vec<f64>,
    /// Whether an axis is a scale; else two places are the same or not.
    scales: Vec<bool>,
    /// Variance of one run, as a share of that of the figures.
    noise: f64,
}

/// Settings that are taken into account at most: the last ones, which are nearest to where the search is.
const MOST: usize = 160;

impl Kernel {
    fn between(&self, a: &[f64], b: &[f64]) -> f64 {
        let square = |axis: usize| {
            let apart = if self.scales[axis] {
                a[axis] - b[axis]
            } else {
                // Both are middles of their names' equal parts.
                if (a[axis] - b[axis]).abs() < 1e-9 { 0.0 } else { 0.5 }
            };
            let apart = apart / self.lengths[axis];
            apart * apart
        };
        let distance = (3.0 * (0..self.lengths.len()).map(square).sum::<f64>()).sqrt();
        (1.0 + distance) * exp(-distance)
    }
}

impl Model {
    /// The likeliest of some models of what was seen; none of fewer than five settings or where nothing differs.
    pub fn fit(seen: &[Seen], scales: &[bool]) -> Option<Model> {
        let seen = &seen[seen.len().saturating_sub(MOST)..];
        let n = seen.len() as f64;
        let middle = seen.iter().map(|one| one.value).sum::<f64>() / n;
        let spread = (seen.iter().map(|one| (one.value - middle) * (one.value - middle)).sum::<f64>() / n).sqrt();
        if seen.len() < 5 || !spread.is_finite() || spread <= 1e-12 * (1.0 + middle.abs()) {
            return None;
        }
        let values: Vec<f64> = seen.iter().map(|one| (one.value - middle) / spread).collect();
        let dimensions = scales.len();
        let root = (dimensions as f64).sqrt();
        let mut best: Option<(f64, Model)> = None;
        let attempt = |lengths: Vec<f64>, noise: f64, best: &mut Option<(f64, Model)>| {
            let kernel = Kernel { lengths, scales: scales.to_vec(), noise };
            let Some((likelihood, factor, weights)) = solve(&kernel, seen, &values) else { return };
            if best.as_ref().is_none_or(|best| likelihood > best.0) {
                let points = seen.iter().map(|one| one.point.clone()).collect();
                *best = Some((likelihood, Model { points, kernel, factor, weights, middle, spread }));
            }
        };
        for length in [0.3, 0.8, 2.0] {
            for noise in [0.001, 0.03, 0.3] {
                attempt(vec![length * root; dimensions], noise, &mut best);
            }
        }
        // What hardly matters has a long length, what matters much a short one.
        for axis in 0..dimensions {
            for times in [4.0, 0.5] {
                let Some((_, model)) = &best else { break };
                let (mut lengths, noise) = (model.kernel.lengths.clone(), model.kernel.noise);
                lengths[axis] *= times;
                attempt(lengths, noise, &mut best);
            }
        }
        best.map(|(_, model)| model)
    }

    /// Mean and standard deviation of the figure at a point.
    pub fn at(&self, point: &[f64]) -> (f64, f64) {
        let near: Vec<f64> = self.points.iter().map(|other| self.kernel.between(point, other)).collect();
        let mean: f64 = near.iter().zip(&self.weights).map(|(near, weight)| near * weight).sum();
        let known: f64 = forward(&self.factor, &near).iter().map(|x| x * x).sum();
        (self.middle + self.spread * mean, self.spread * (1.0 - known).max(0.0).sqrt())
    }
}

/// Likelihood, Cholesky factor and weights of a kernel; none if the numbers do not allow it.
fn solve(kernel: &Kernel, seen: &[Seen], values: &[f64]) -> Option<(f64, Vec<Vec<f64>>, Vec<f64>)> {
    let n = seen.len();
    let mut factor: Vec<Vec<f64>> = Vec::with_capacity(n);
    let mut determinant = 0.0;
    for i in 0..n {
        let mut row = vec![0.0; i + 1];
        for j in 0..=i {
            let own = if i == j {
                1.0 + 1e-6 + kernel.noise / seen[i].runs.max(1) as f64
            } else {
                kernel.between(&seen[i].point, &seen[j].point)
            };
            let other = if i == j { &row } else { &factor[j] };
            let dot: f64 = row[..j].iter().zip(&other[..j]).map(|(a, b)| a * b).sum();
            row[j] = if i == j {
                if own - dot <= 0.0 {
                    return None;
                }
                (own - dot).sqrt()
            } else {
                (own - dot) / factor[j][j]
            };
        }
        determinant += ln(row[i]);
        factor.push(row);
    }
    let half = forward(&factor, values);
    let fit: f64 = half.iter().map(|x| x * x).sum();
    // Backwards through the transposed factor.
    let mut weights = half;
    for i in (0..n).rev() {
        let later: f64 = (i + 1..n).map(|k| factor[k][i] * weights[k]).sum();
        weights[i] = (weights[i] - later) / factor[i][i];
    }
    Some((-0.5 * fit - determinant, factor, weights))
}

/// The solution of factor · x = values.
fn forward(factor: &[Vec<f64>], values: &[f64]) -> Vec<f64> {
    let mut x: Vec<f64> = Vec::with_capacity(values.len());
    for (row, value) in factor.iter().zip(values) {
        let before: f64 = row.iter().zip(&x).map(|(a, b)| a * b).sum();
        x.push((value - before) / row[x.len()]);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::{Stream, Words};

    fn seen(n: usize, noise: f64, of: impl Fn(&[f64]) -> f64) -> Vec<Seen> {
        let mut stream = Stream::new(1, 0, "test", "model");
        (0..n)
            .map(|_| {
                let point: Vec<f64> = (0..3).map(|_| stream.unit()).collect();
                let value = of(&point) + noise * (stream.unit() - 0.5);
                Seen { point, value, runs: 1 }
            })
            .collect()
    }

    #[test]
    fn a_smooth_figure_is_guessed_from_few_settings() {
        let of = |point: &[f64]| 100.0 + 10.0 * point[0] + 20.0 * (point[1] - 0.4) * (point[1] - 0.4);
        let model = Model::fit(&seen(40, 0.0, of), &[true; 3]).unwrap();
        for point in [[0.2, 0.3, 0.9], [0.7, 0.5, 0.1], [0.5, 0.9, 0.5]] {
            let (mean, deviation) = model.at(&point);
            assert!((mean - of(&point)).abs() < 0.5, "{mean} {}", of(&point));
            assert!(deviation < 1.0, "{deviation}");
        }
    }

    #[test]
    fn noise_is_smoothed_and_what_is_far_is_not_known() {
        let of = |point: &[f64]| 10.0 * point[0];
        let mut all = seen(60, 4.0, of);
        all.iter_mut().for_each(|one| one.point[1] *= 0.2);
        let model = Model::fit(&all, &[true; 3]).unwrap();
        let (mean, near) = model.at(&[0.5, 0.1, 0.5]);
        assert!((mean - 5.0).abs() < 1.0, "{mean}");
        assert!(model.at(&[0.5, 1.0, 0.5]).1 >= near);
    }

    #[test]
    fn names_are_a_step_apart() {
        let of = |point: &[f64]| if point[2] > 0.5 { 3.0 } else { 1.0 };
        let mut all = seen(30, 0.1, of);
        all.iter_mut().for_each(|one| one.point[2] = if one.point[2] > 0.5 { 0.75 } else { 0.25 });
        let model = Model::fit(&all, &[true, true, false]).unwrap();
        assert!(model.at(&[0.5, 0.5, 0.75]).0 > 2.7 && model.at(&[0.5, 0.5, 0.25]).0 < 1.3);
    }

    #[test]
    fn nothing_is_guessed_from_nothing() {
        assert!(Model::fit(&seen(4, 1.0, |_| 0.0), &[true; 3]).is_none());
        assert!(Model::fit(&seen(20, 0.0, |_| 7.0), &[true; 3]).is_none());
    }
}
