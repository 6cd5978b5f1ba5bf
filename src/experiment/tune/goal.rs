//! What is wanted: less (or more) of one figure, with others kept within limits.
//!
//! ```text
//!  --minimize cost_usd.total --subject-to 'availability >= 0.999' ──► Goal ──figures of n runs──► Standing
//! ```
//! # Models      limits on means over replications; a mean that is not known well must keep its limit by a standard error, so
//!   that luck alone makes nothing feasible; violations of several limits are added up in units of what is usual
//! # Leaves out  limits on single runs: `expect:` has those
//! # Source      Deb, "An efficient constraint handling method for genetic algorithms", 2000

use crate::experiment::compare::full_name;
use sim_core::math::student_t_quantile;
use sim_core::stats::Tally;

/// A figure and its limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// As written.
    pub text: String,
    /// The figure's full name.
    pub metric: String,
    /// Whether the figure must not be below the limit, rather than above it.
    pub at_least: bool,
    /// The limit, in the unit of the figure.
    pub limit: f64,
}

impl Constraint {
    /// Reads `availability >= 0.999` or `p99_ms <= 500`; per cent and units of time are understood.
    ///
    /// # Errors
    /// In words, if it is none.
    pub fn parse(text: &str) -> Result<Constraint, String> {
        let wrong = || format!("`{text}` is no constraint: write `availability >= 0.999` or `p99_ms <= 500`");
        let (metric, at_least, limit) = if let Some((metric, limit)) = text.split_once(">=") {
            (metric, true, limit)
        } else if let Some((metric, limit)) = text.split_once("<=") {
            (metric, false, limit)
        } else if let Some((metric, limit)) = text.split_once('>') {
            (metric, true, limit)
        } else {
            let (metric, limit) = text.split_once('<').ok_or_else(wrong)?;
            (metric, false, limit)
        };
        let (metric, limit) = (full_name(metric.trim()), limit.trim());
        let number = match limit.strip_suffix('%') {
            // Without the digits that only the division leaves.
            Some(percent) => percent.trim().parse().map(|percent: f64| (percent * 1e10).round() / 1e12).ok(),
            None => limit.trim_start_matches('$').parse().ok(),
        };
        // `p99 <= 500ms`: the figure is in milliseconds, or in seconds.
        let time = || {
            let seconds = scenarios::units::duration(limit).ok()?;
            let is_ms = metric.contains("_ms");
            (is_ms || metric.ends_with("_s")).then_some(if is_ms { seconds * 1000.0 } else { seconds })
        };
        let limit: f64 = number.or_else(time).filter(|limit| limit.is_finite()).ok_or_else(wrong)?;
        if metric.is_empty() || metric.contains(char::is_whitespace) {
            return Err(wrong());
        }
        Ok(Constraint { text: text.trim().into(), metric, at_least, limit })
    }

    /// How far a value is beyond the limit, in the unit of the figure; negative where it is within.
    pub fn excess(&self, value: f64) -> f64 {
        if self.at_least { self.limit - value } else { value - self.limit }
    }
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// Names of the figures that are kept of each run: the objective, then those of the constraints, then others.
    pub figures: Vec<String>,
    /// Whether less of the objective is better.
    pub minimize: bool,
    /// Limits.
    pub constraints: Vec<Constraint>,
}

/// How good a setting is, by the runs there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// How far beyond its limits, in all; 0 if within them.
    pub violation: f64,
    /// The mean of the objective, turned so that less is better.
    pub objective: f64,
}

impl Standing {
    /// Whether it keeps its limits.
    pub fn is_feasible(&self) -> bool {
        self.violation <= 0.0
    }

    /// Order from the best: by violation, and by the objective among those that have none.
    pub fn order(&self, other: &Standing) -> std::cmp::Ordering {
        self.violation.total_cmp(&other.violation).then(self.objective.total_cmp(&other.objective))
    }
}

/// What no run can be as bad as: in the place of a figure that a run does not have.
const WORST: f64 = 1e12;

impl Goal {
    /// A goal; `shown` are further figures of interest.
    pub fn new(objective: &str, minimize: bool, constraints: Vec<Constraint>, shown: &[String]) -> Goal {
        let mut figures = vec![full_name(objective.trim())];
        for name in constraints.iter().map(|c| &c.metric).chain(shown) {
            if !figures.contains(name) {
                figures.push(name.clone());
            }
        }
        Goal { figures, minimize, constraints }
    }

    /// The objective's name.
    pub fn objective(&self) -> &str {
        &self.figures[0]
    }

    /// Where a figure stands among those kept.
    pub fn position(&self, metric: &str) -> usize {
        self.figures.iter().position(|name| name == metric).unwrap_or(0)
    }

    /// A value of the objective, turned so that less is better.
    pub fn turned(&self, value: f64) -> f64 {
        match value {
            value if !value.is_finite() => WORST,
            value if self.minimize => value,
            value => -value,
        }
    }

    /// The standing after the first `n` of these runs. `scales` are usual violations of each constraint; a limit must be kept
    /// by so many `errors` of the mean.
    pub fn standing(&self, runs: &[Vec<f64>], n: usize, scales: &[f64], errors: f64) -> Standing {
        let runs = &runs[..n.min(runs.len())];
        let objective: Tally = runs.iter().map(|run| self.turned(run[0])).collect();
        let violation = self.constraints.iter().enumerate().map(|(at, constraint)| {
            let (mean, error) = self.excess(constraint, runs);
            let scale = scales.get(at).copied().filter(|scale| *scale > 0.0).unwrap_or(1.0);
            ((mean + errors * error) / scale).max(0.0)
        });
        Standing { violation: violation.sum(), objective: objective.mean().unwrap_or(WORST) }
    }

    /// The mean excess over a limit, and its standard error.
    fn excess(&self, constraint: &Constraint, runs: &[Vec<f64>]) -> (f64, f64) {
        let at = self.position(&constraint.metric);
        let tally: Tally =
            runs.iter().map(|run| if run[at].is_finite() { constraint.excess(run[at]) } else { WORST }).collect();
        let error = tally.variance().map_or(0.0, |variance| (variance / tally.count() as f64).sqrt());
        (tally.mean().unwrap_or(WORST), error)
    }

    /// Whether all limits are kept for sure: the one-sided interval at this level is within each.
    pub fn is_surely_feasible(&self, runs: &[Vec<f64>], level: f64) -> bool {
        runs.len() > 1
            && self.constraints.iter().all(|constraint| {
                let (mean, error) = self.excess(constraint, runs);
                mean + student_t_quantile((runs.len() - 1) as f64, level) * error <= 0.0
            })
    }

    /// The first limit that is surely broken, if there is one.
    pub fn surely_broken(&self, runs: &[Vec<f64>], level: f64) -> Option<&Constraint> {
        self.constraints.iter().filter(|_| runs.len() > 1).find(|constraint| {
            let (mean, error) = self.excess(constraint, runs);
            mean - student_t_quantile((runs.len() - 1) as f64, level) * error > 0.0
        })
    }

    /// Whether the mean of each constraint's figure is within its limit.
    pub fn holds_on_average(&self, runs: &[Vec<f64>]) -> bool {
        !runs.is_empty() && self.constraints.iter().all(|constraint| self.excess(constraint, runs).0 <= 0.0)
    }

    /// Whether the objective is surely worse over one's runs than over another's, pair by pair.
    pub fn is_surely_worse(&self, one: &[Vec<f64>], other: &[Vec<f64>], level: f64) -> bool {
        let tally: Tally =
            one.iter().zip(other).map(|(one, other)| self.turned(one[0]) - self.turned(other[0])).collect();
        match (tally.mean(), tally.variance()) {
            (Some(mean), Some(variance)) => {
                let error = (variance / tally.count() as f64).sqrt();
                mean - student_t_quantile((tally.count() - 1) as f64, level) * error > 0.0
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constraint_is_read() {
        let read = |text: &str| {
            let c = Constraint::parse(text).unwrap();
            (c.metric, c.at_least, c.limit)
        };
        assert_eq!(read("availability >= 0.999"), ("availability".into(), true, 0.999));
        assert_eq!(read("availability>=99.9%"), ("availability".into(), true, 0.999));
        assert_eq!(read("p99_ms <= 500"), ("latency_ms.p99".into(), false, 500.0));
        assert_eq!(read("p99 < 0.5s"), ("latency_ms.p99".into(), false, 500.0));
        assert_eq!(read("cost <= $5"), ("cost_usd.total".into(), false, 5.0));
        for bad in ["availability", ">= 3", "a b >= 3", "availability >= much", "availability >= 5s", "p99 <= inf"] {
            assert!(Constraint::parse(bad).is_err(), "{bad}");
        }
    }

    fn goal() -> Goal {
        Goal::new("cost", true, vec![Constraint::parse("availability >= 0.9").unwrap()], &["requests.failed".into()])
    }

    fn runs(values: &[(f64, f64)]) -> Vec<Vec<f64>> {
        values.iter().map(|(cost, availability)| vec![*cost, *availability, 0.0]).collect()
    }

    #[test]
    fn the_objective_and_the_limits_come_first() {
        assert_eq!(goal().figures, ["cost_usd.total", "availability", "requests.failed"]);
    }

    #[test]
    fn what_keeps_its_limits_stands_before_what_does_not() {
        let goal = goal();
        let stand = |values: &[(f64, f64)]| goal.standing(&runs(values), values.len(), &[0.1], 1.0);
        let dear = stand(&[(5.0, 0.95), (5.0, 0.95)]);
        let cheap = stand(&[(3.0, 0.95), (3.0, 0.95)]);
        let broken = stand(&[(1.0, 0.85), (1.0, 0.85)]);
        assert!(cheap.order(&dear).is_lt() && dear.order(&broken).is_lt());
        assert!((broken.violation - 0.5).abs() < 1e-9, "in units of what is usual");
        assert!(!stand(&[(3.0, 0.91), (3.0, 0.91)]).order(&cheap).is_lt(), "within the limit is within the limit");
    }

    #[test]
    fn luck_alone_makes_nothing_feasible() {
        let goal = goal();
        // Mean 0.91, standard error 0.05: above the limit, but not by an error.
        let lucky = runs(&[(3.0, 0.96), (3.0, 0.86)]);
        assert!(!goal.standing(&lucky, 2, &[0.1], 1.0).is_feasible());
        assert!(goal.holds_on_average(&lucky) && !goal.is_surely_feasible(&lucky, 0.95));
        // One run has no error: by rank alone.
        assert!(goal.standing(&lucky, 1, &[0.1], 1.0).is_feasible());
        assert!(goal.is_surely_feasible(&runs(&[(3.0, 0.95), (3.0, 0.95)]), 0.95));
        assert_eq!(goal.surely_broken(&runs(&[(3.0, 0.8), (3.0, 0.81)]), 0.95).map(|c| c.limit), Some(0.9));
        assert_eq!(goal.surely_broken(&lucky, 0.95), None);
    }

    #[test]
    fn what_is_missing_is_as_bad_as_can_be() {
        let goal = goal();
        let gone = vec![vec![f64::NAN, f64::NAN, 0.0]];
        let standing = goal.standing(&gone, 1, &[1.0], 1.0);
        assert!(standing.violation > 1e9 && standing.objective > 1e9);
    }

    #[test]
    fn a_paired_difference_tells_what_two_means_do_not() {
        let goal = goal();
        // The same noise on both, far larger than the difference.
        let a: Vec<Vec<f64>> = (0..6).map(|i| vec![f64::from(i) * 10.0, 1.0, 0.0]).collect();
        let b: Vec<Vec<f64>> =
            (0..6).map(|i| vec![f64::from(i) * 10.0 + 1.0 + f64::from(i % 2) * 0.1, 1.0, 0.0]).collect();
        assert!(goal.is_surely_worse(&b, &a, 0.95) && !goal.is_surely_worse(&a, &b, 0.95));
        let most = Goal { minimize: false, ..goal };
        assert!(most.is_surely_worse(&a, &b, 0.95), "of what is wanted, less is worse");
    }
}
