//! Markov chains solved exactly, to hold availability over years against.

/// Stationary distribution of a chain in continuous time by its rates `from → to`, without a subtraction, so that states of
/// probability 1e-20 come out with all their digits. Source: Grassmann, Taksar and Heyman, "Regenerative analysis and steady
/// state distributions for Markov chains" (1985).
pub fn stationary(rates: &[Vec<f64>]) -> Vec<f64> {
    let mut rates = rates.to_vec();
    let mut folded = Vec::new();
    // The last state is taken out, and the ways through it are added to those between the others.
    while let Some(last) = rates.pop().filter(|_| !rates.is_empty()) {
        let out: f64 = last[..rates.len()].iter().sum();
        let into: Vec<f64> = rates.iter_mut().map(|row| row.pop().unwrap_or(0.0) / out).collect();
        for (from, row) in rates.iter_mut().enumerate() {
            for (to, rate) in row.iter_mut().enumerate().filter(|cell| cell.0 != from) {
                *rate += into[from] * last[to];
            }
        }
        folded.push(into);
    }
    let mut weights = vec![1.0];
    for into in folded.into_iter().rev() {
        let weight = weights.iter().zip(&into).map(|(weight, rate)| weight * rate).sum();
        weights.push(weight);
    }
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// Machines of two kinds and a crew: states `(a, b)` count the failed ones. Repairs by kind: `repair(a, b)`.
pub struct TwoKinds {
    /// Machines of each kind.
    pub machines: (usize, usize),
    /// Failures of one machine of each kind, per hour.
    pub fail: (f64, f64),
    /// Rates at which each kind is repaired when so many of each have failed.
    pub repair: fn(usize, usize) -> (f64, f64),
}

impl TwoKinds {
    /// Probability of the states in which `down` holds.
    pub fn share(&self, down: impl Fn(usize, usize) -> bool) -> f64 {
        let (most_a, most_b) = self.machines;
        let at = |a: usize, b: usize| a * (most_b + 1) + b;
        let states = (most_a + 1) * (most_b + 1);
        let mut rates = vec![vec![0.0; states]; states];
        for a in 0..=most_a {
            for b in 0..=most_b {
                let (back_a, back_b) = (self.repair)(a, b);
                if a < most_a {
                    rates[at(a, b)][at(a + 1, b)] = (most_a - a) as f64 * self.fail.0;
                }
                if b < most_b {
                    rates[at(a, b)][at(a, b + 1)] = (most_b - b) as f64 * self.fail.1;
                }
                if a > 0 {
                    rates[at(a, b)][at(a - 1, b)] = back_a;
                }
                if b > 0 {
                    rates[at(a, b)][at(a, b - 1)] = back_b;
                }
            }
        }
        let found = stationary(&rates);
        (0..=most_a)
            .flat_map(|a| (0..=most_b).map(move |b| (a, b)))
            .filter(|s| down(s.0, s.1))
            .map(|s| found[at(s.0, s.1)])
            .sum()
    }
}

#[test]
fn a_chain_of_two_states_and_a_birth_death_process() {
    let found = stationary(&[vec![0.0, 1e-9], vec![1.0, 0.0]]);
    assert!((found[1] / 1e-9 - 1.0).abs() < 1e-8, "{found:?}");
    // Birth 1, death 2: geometric weights.
    let rate = |from: usize, to: usize| {
        if to == from + 1 {
            1.0
        } else if from == to + 1 {
            2.0
        } else {
            0.0
        }
    };
    let rates: Vec<Vec<f64>> = (0..5).map(|from| (0..5).map(|to| rate(from, to)).collect()).collect();
    let found = stationary(&rates);
    for state in 1..5 {
        assert!((found[state] / found[state - 1] - 0.5).abs() < 1e-12, "{found:?}");
    }
}
