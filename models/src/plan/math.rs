//! Metric math: an expression over metrics of one period (scaling.md §5.7).

use super::{Metric, Statistic};

/// An expression, watched in place of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Math {
    /// As written.
    pub text: String,
    /// The metrics it is over, 1 to 10.
    pub terms: Vec<Term>,
    /// What is made of them.
    pub expression: Expression,
}

/// A metric in an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Its id in the expression: `m1`.
    pub id: String,
    /// The metric.
    pub metric: Metric,
    /// How the samples of a period become one value.
    pub statistic: Statistic,
}

/// What is made of one period's values. A missing value makes the result missing, but for [`Expression::Fold`], which
/// passes it over, and [`Expression::Fill`].
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A number.
    Number(f64),
    /// The n-th term.
    Term(usize),
    /// With the sign changed.
    Minus(Box<Expression>),
    /// `+ - * / ^`, comparisons (1 or 0), and, or.
    Binary(Operator, Box<Expression>, Box<Expression>),
    /// ABS, CEIL, FLOOR.
    Map(Map, Box<Expression>),
    /// SUM, AVG, MIN, MAX over several.
    Fold(Fold, Vec<Expression>),
    /// IF(condition, then, else): `then` where the condition is not 0.
    If(Box<[Expression; 3]>),
    /// FILL(m, value): `None` repeats the last value before the gap.
    Fill(Box<Expression>, Option<f64>),
}

/// An operator of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operator {
    Plus,
    Minus,
    Times,
    Over,
    Power,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    And,
    Or,
}

/// A function of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Map {
    Abs,
    Ceil,
    Floor,
}

/// A function over the values of several metrics in one period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Fold {
    Sum,
    Avg,
    Min,
    Max,
}
