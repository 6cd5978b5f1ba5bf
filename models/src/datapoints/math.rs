//! Metric math: what an expression makes of the values of its metrics, period by period.
//!
//! # Models      arithmetic, comparisons, ABS, CEIL, FLOOR, SUM, AVG, MIN, MAX over several metrics, IF, FILL
//! # Leaves out  search expressions, functions that make one number of a whole series
//! # Source      CloudWatch user guide, "Using math expressions with CloudWatch metrics"; `aws/scaling.md` §5.7

use crate::plan::{Expression, Fold, Map, Operator};

/// One period's value of every slot, newest first.
type Slots = Vec<Option<f64>>;

/// The expression over the slots of its terms, all of one length, newest first. A value that is not finite (a division by
/// zero) is no datapoint.
pub fn evaluate(expression: &Expression, terms: &[Slots]) -> Slots {
    let length = terms.first().map_or(0, Vec::len);
    let mut slots = series(expression, terms, length);
    for slot in &mut slots {
        *slot = slot.filter(|value| value.is_finite());
    }
    slots
}

fn series(expression: &Expression, terms: &[Slots], length: usize) -> Slots {
    let of = |expression: &Expression| series(expression, terms, length);
    match expression {
        Expression::Number(number) => vec![Some(*number); length],
        Expression::Term(index) => terms.get(*index).cloned().unwrap_or_else(|| vec![None; length]),
        Expression::Minus(inner) => of(inner).into_iter().map(|slot| slot.map(|value| -value)).collect(),
        Expression::Binary(operator, left, right) => {
            let both = of(left).into_iter().zip(of(right));
            both.map(|(left, right)| operate(*operator, left?, right?)).collect()
        }
        Expression::Map(map, inner) => {
            let map = match map {
                Map::Abs => f64::abs,
                Map::Ceil => f64::ceil,
                Map::Floor => f64::floor,
            };
            of(inner).into_iter().map(|slot| slot.map(map)).collect()
        }
        Expression::Fold(fold, parts) => {
            let parts: Vec<Slots> = parts.iter().map(of).collect();
            (0..length).map(|slot| folded(*fold, parts.iter().filter_map(|part| part[slot]))).collect()
        }
        Expression::If(parts) => {
            let [condition, then, other] = &**parts;
            let (then, other) = (of(then), of(other));
            let pick = |(slot, condition): (usize, Option<f64>)| match condition? != 0.0 {
                true => then[slot],
                false => other[slot],
            };
            of(condition).into_iter().enumerate().map(pick).collect()
        }
        Expression::Fill(inner, Some(value)) => of(inner).into_iter().map(|slot| slot.or(Some(*value))).collect(),
        Expression::Fill(inner, None) => {
            let mut slots = of(inner);
            let mut last = None;
            for slot in slots.iter_mut().rev() {
                last = slot.or(last);
                *slot = last;
            }
            slots
        }
    }
}

fn operate(operator: Operator, left: f64, right: f64) -> Option<f64> {
    let truth = |holds: bool| f64::from(u8::from(holds));
    Some(match operator {
        Operator::Plus => left + right,
        Operator::Minus => left - right,
        Operator::Times => left * right,
        Operator::Over => left / right,
        Operator::Power => sim_core::math::pow(left, right),
        Operator::Less => truth(left < right),
        Operator::LessOrEqual => truth(left <= right),
        Operator::Greater => truth(left > right),
        Operator::GreaterOrEqual => truth(left >= right),
        Operator::Equal => truth(left == right),
        Operator::NotEqual => truth(left != right),
        Operator::And => truth(left != 0.0 && right != 0.0),
        Operator::Or => truth(left != 0.0 || right != 0.0),
    })
    .filter(|value| value.is_finite())
}

fn folded(fold: Fold, values: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let count = values.clone().count();
    let sum = || values.clone().sum::<f64>();
    (count > 0).then(|| match fold {
        Fold::Sum => sum(),
        Fold::Avg => sum() / count as f64,
        Fold::Min => values.clone().fold(f64::INFINITY, f64::min),
        Fold::Max => values.clone().fold(f64::NEG_INFINITY, f64::max),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(index: usize) -> Box<Expression> {
        Box::new(Expression::Term(index))
    }

    fn binary(operator: Operator, left: Box<Expression>, right: Box<Expression>) -> Expression {
        Expression::Binary(operator, left, right)
    }

    /// `m1` and `m2`, newest first.
    fn terms() -> Vec<Slots> {
        vec![vec![Some(6.0), None, Some(-2.5), None], vec![Some(3.0), Some(4.0), Some(0.0), None]]
    }

    #[test]
    fn every_operator_and_function_period_by_period() {
        let number = |value| Box::new(Expression::Number(value));
        let fold = |fold| Expression::Fold(fold, vec![Expression::Term(0), Expression::Term(1)]);
        let table = [
            (binary(Operator::Plus, term(0), term(1)), [Some(9.0), None, Some(-2.5), None]),
            (binary(Operator::Over, term(0), term(1)), [Some(2.0), None, None, None]),
            (binary(Operator::Power, term(1), number(2.0)), [Some(9.0), Some(16.0), Some(0.0), None]),
            (binary(Operator::Greater, term(1), number(3.0)), [Some(0.0), Some(1.0), Some(0.0), None]),
            (binary(Operator::And, term(0), term(1)), [Some(1.0), None, Some(0.0), None]),
            (Expression::Minus(term(0)), [Some(-6.0), None, Some(2.5), None]),
            (Expression::Map(Map::Abs, term(0)), [Some(6.0), None, Some(2.5), None]),
            (Expression::Map(Map::Ceil, term(0)), [Some(6.0), None, Some(-2.0), None]),
            (Expression::Map(Map::Floor, term(0)), [Some(6.0), None, Some(-3.0), None]),
            (fold(Fold::Sum), [Some(9.0), Some(4.0), Some(-2.5), None]),
            (fold(Fold::Avg), [Some(4.5), Some(4.0), Some(-1.25), None]),
            (fold(Fold::Min), [Some(3.0), Some(4.0), Some(-2.5), None]),
            (fold(Fold::Max), [Some(6.0), Some(4.0), Some(0.0), None]),
            (
                Expression::If(Box::new([Expression::Term(1), Expression::Term(0), Expression::Number(7.0)])),
                [Some(6.0), None, Some(7.0), None],
            ),
            (Expression::Fill(term(0), Some(0.0)), [Some(6.0), Some(0.0), Some(-2.5), Some(0.0)]),
            // Newest first: the gap at 1 is filled from 2, and nothing stands before 3.
            (Expression::Fill(term(0), None), [Some(6.0), Some(-2.5), Some(-2.5), None]),
        ];
        for (expression, expected) in table {
            assert_eq!(evaluate(&expression, &terms()), expected, "{expression:?}");
        }
    }

    #[test]
    fn nothing_of_nothing() {
        assert_eq!(evaluate(&Expression::Number(1.0), &[]), []);
        assert_eq!(evaluate(&Expression::Term(3), &terms()), [None; 4]);
    }
}
