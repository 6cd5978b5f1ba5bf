//! Figures made of figures: `cost_usd.total / requests.succeeded * 1e6`.
//!
//! ```text
//!  text ──parse──► tree of + − × ÷ over figures and numbers ──of(figures of one replication)──► value
//! ```
//! # Models      each replication has its own value, so that its mean gets an interval like any other figure's
//! # Leaves out  functions; a `-` inside a name is part of it, so that a difference has spaces around its sign

use super::compare::full_name;
use super::metrics::{Unit, is_zero_when_missing, unit};
use super::objective::Mistake;
use std::collections::BTreeMap;

/// A formula, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    text: String,
    root: Node,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Number(f64),
    Figure(String),
    Sum(Box<Node>, Box<Node>),
    Difference(Box<Node>, Box<Node>),
    Product(Box<Node>, Box<Node>),
    Quotient(Box<Node>, Box<Node>),
}

/// Brackets and signs that may stand inside of each other.
const DEEPEST: u32 = 64;

impl Formula {
    /// Reads a formula.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(text: &str) -> Result<Formula, Mistake> {
        let mut reader = Reader { text, at: 0, depth: 0 };
        let root = reader.sum()?;
        match reader.peek() {
            None => Ok(Formula { text: text.trim().into(), root }),
            Some(_) => Err(reader.mistake("expected `+`, `-`, `*` or `/`")),
        }
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it is counted in: the unit of a figure, or of a sum of figures of one unit.
    pub fn unit(&self) -> Unit {
        self.root.unit()
    }

    /// Its value for the figures of one replication; none where one of them is missing or the value is no number, as after a
    /// division by nought.
    pub fn of(&self, figures: &BTreeMap<String, f64>) -> Option<f64> {
        self.root.of(figures).filter(|value| value.is_finite())
    }
}

impl Node {
    fn unit(&self) -> Unit {
        match self {
            Node::Figure(name) => unit(name),
            Node::Sum(a, b) | Node::Difference(a, b) if a.unit() == b.unit() => a.unit(),
            _ => Unit::Number,
        }
    }

    fn of(&self, figures: &BTreeMap<String, f64>) -> Option<f64> {
        let both = |a: &Node, b: &Node| Some((a.of(figures)?, b.of(figures)?));
        match self {
            Node::Number(number) => Some(*number),
            Node::Figure(name) => figures.get(name).copied().or(is_zero_when_missing(name).then_some(0.0)),
            Node::Sum(a, b) => both(a, b).map(|(a, b)| a + b),
            Node::Difference(a, b) => both(a, b).map(|(a, b)| a - b),
            Node::Product(a, b) => both(a, b).map(|(a, b)| a * b),
            Node::Quotient(a, b) => both(a, b).map(|(a, b)| a / b),
        }
    }
}

/// Where a formula is read.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
}

impl Reader<'_> {
    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += if found { wanted.len_utf8() } else { 0 };
        found
    }

    fn sum(&mut self) -> Result<Node, Mistake> {
        let mut node = self.product()?;
        loop {
            if self.take('+') {
                node = Node::Sum(node.into(), self.product()?.into());
            } else if self.take('-') {
                node = Node::Difference(node.into(), self.product()?.into());
            } else {
                return Ok(node);
            }
        }
    }

    fn product(&mut self) -> Result<Node, Mistake> {
        let mut node = self.factor()?;
        loop {
            if self.take('*') {
                node = Node::Product(node.into(), self.factor()?.into());
            } else if self.take('/') {
                node = Node::Quotient(node.into(), self.factor()?.into());
            } else {
                return Ok(node);
            }
        }
    }

    fn factor(&mut self) -> Result<Node, Mistake> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.mistake("too many brackets"));
        }
        let node = if self.take('(') {
            let node = self.sum()?;
            if !self.take(')') {
                return Err(self.mistake("expected `)`"));
            }
            node
        } else if self.take('-') {
            Node::Difference(Node::Number(0.0).into(), self.factor()?.into())
        } else {
            self.word()?
        };
        self.depth -= 1;
        Ok(node)
    }

    /// A number or the name of a figure.
    fn word(&mut self) -> Result<Node, Mistake> {
        self.peek();
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| c.is_whitespace() || "+*/()".contains(c)).unwrap_or(rest.len());
        let word = &rest[..end];
        if word.is_empty() {
            return Err(self.mistake("expected a figure or a number"));
        }
        // `inf` and `nan` are numbers to the library and names to people.
        let number = word.parse::<f64>().ok().filter(|_| word.starts_with(|c: char| c.is_ascii_digit() || c == '.'));
        if number.is_some_and(|number| !number.is_finite()) {
            return Err(self.mistake("too large a number"));
        }
        self.at += end;
        Ok(number.map_or_else(|| Node::Figure(full_name(word)), Node::Number))
    }

    fn mistake(&mut self, message: &str) -> Mistake {
        let end = self.peek().map_or(self.at, |c| self.at + c.len_utf8());
        Mistake::new(self.text, self.at..end, message, "write a formula such as `cost / requests.succeeded * 1e6`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<f64> {
        let figures =
            [("cost_usd.total", 6.0), ("requests.succeeded", 3.0), ("alarms.cpu-high.raised", 2.0), ("zero", 0.0)];
        let figures = figures.map(|(name, value)| (name.to_string(), value)).into_iter().collect();
        Formula::parse(text).unwrap_or_else(|mistake| panic!("{text}: {mistake}")).of(&figures)
    }

    #[test]
    fn formulas_are_reckoned() {
        for (text, expected) in [
            ("cost / requests.succeeded * 1e6", 2e6),
            ("cost", 6.0),
            ("1 + 2 * 3 - 4 / 2", 5.0),
            ("(1 + 2) * 3", 9.0),
            ("10 - 3 - 2", 5.0),
            ("-cost + 8", 2.0),
            ("cost - alarms.cpu-high.raised", 4.0),
            ("outcomes.elb_503 + 1", 1.0),
            ("cost*-2", -12.0),
        ] {
            assert_eq!(value(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_formula_has_the_unit_of_its_figures() {
        let unit = |text: &str| Formula::parse(text).unwrap().unit();
        assert_eq!(unit("p99"), Unit::Milliseconds);
        assert_eq!(unit("p99 - p50"), Unit::Milliseconds);
        assert_eq!(unit("cost / requests.succeeded"), Unit::Number);
        assert_eq!(unit("cost + p99"), Unit::Number);
    }

    #[test]
    fn what_has_no_value_has_none() {
        assert_eq!(value("nobody + 1"), None);
        assert_eq!(value("cost / zero"), None);
        assert_eq!(value("zero / zero"), None);
        assert_eq!(value("inf"), None, "a name that nobody has");
    }

    #[test]
    fn mistakes_are_shown_at_their_place() {
        for (text, at, message) in [
            ("", 0..0, "expected a figure or a number"),
            ("cost +", 6..6, "expected a figure or a number"),
            ("cost cost", 5..6, "expected `+`, `-`, `*` or `/`"),
            ("(cost", 5..5, "expected `)`"),
            ("cost )", 5..6, "expected `+`, `-`, `*` or `/`"),
            ("* 2", 0..1, "expected a figure or a number"),
            ("1e999", 0..1, "too large a number"),
        ] {
            let mistake = Formula::parse(text).unwrap_err();
            assert_eq!((mistake.at.clone(), mistake.message.as_str()), (at, message), "{text}");
        }
        assert!(Formula::parse(&"(".repeat(100_000)).unwrap_err().message.contains("too many"));
        assert!(Formula::parse(&"-".repeat(100_000)).unwrap_err().message.contains("too many"));
    }
}
