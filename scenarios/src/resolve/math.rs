//! Metric math, from text.
//!
//! ```text
//!  "100 * errors / requests" ──tokens──► or ► and ► comparison ► sum ► product ► power ► sign ► call │ number │ name
//! ```

use super::context::Cx;
use super::metric::{metric, statistic};
use crate::outline::Place;
use crate::schema::{MathTerm, Named};
use models::plan::{Expression, Fold, Map, Math, Metric, Operator, Store, StoreId, Term};
use sim_core::Table;

/// Metrics in one expression, at most (§5.7).
const MOST_TERMS: usize = 10;
/// Parentheses in parentheses, at most.
const DEEPEST: usize = 50;

/// An expression over metrics; its first metric stands for all where one is asked for.
pub(super) fn resolve<'a>(
    cx: &mut Cx<'a>,
    text: &str,
    written: &'a Named<MathTerm>,
    place: Place<'a>,
    stores: &Table<StoreId, Store>,
) -> (Option<Metric>, Option<Math>) {
    let (at, block) = (place.part("expression", 0), place.part("metrics", 1));
    if written.is_empty() || written.0.len() > MOST_TERMS {
        let message = format!("an expression over {} metrics", written.0.len());
        cx.error(block, message, "1 to 10", "name 1 to 10 metrics that the expression uses");
        return (None, None);
    }
    let mut terms = Vec::new();
    for (id, term) in written.iter() {
        let place = block.entry(id);
        let sound = id.starts_with(|c: char| c.is_ascii_lowercase())
            && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !sound {
            let help = "ids begin with a small letter and go on with letters, digits and `_`";
            cx.error(block.key(id), format!("`{id}` cannot stand in an expression"), "not an id", help);
        }
        let Some(metric) = metric(cx, &term.metric, place.field("metric"), stores) else { return (None, None) };
        let statistic = statistic(cx, term.statistic.as_ref(), place.field("statistic"));
        terms.push(Term { id: id.to_owned(), metric, statistic });
    }
    let ids: Vec<&str> = terms.iter().map(|term| term.id.as_str()).collect();
    match parse(text, &ids) {
        Ok(expression) => {
            let first = terms[0].metric;
            (Some(first), Some(Math { text: text.to_owned(), terms, expression }))
        }
        Err(message) => {
            let help = "such as `100 * errors / requests`, `SUM([a, b])`, `IF(n > 10, e / n, 0)`, `FILL(e, 0)`";
            cx.error(at, format!("cannot read the expression: {message}"), "this expression", help);
            (None, None)
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Word(String),
    Sign(&'static str),
}

/// An expression over terms with these ids, or what is wrong with it.
fn parse(text: &str, ids: &[&str]) -> Result<Expression, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, ids, depth: 0 };
    let value = parser.or()?;
    match parser.peek() {
        Some(token) => Err(format!("{} is one too many", shown(token))),
        None => match value {
            Value::One(expression) => Ok(expression),
            Value::List(_) => Err("it yields several series, not one".to_owned()),
        },
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    const SIGNS: [&str; 18] =
        ["<=", ">=", "==", "!=", "&&", "||", "+", "-", "*", "/", "^", "<", ">", "(", ")", "[", "]", ","];
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_digit() || first == '.' {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let number = rest[..digits].parse().map_err(|_| format!("`{}` is not a number", &rest[..digits]))?;
            tokens.push(Token::Number(number));
            digits
        } else if first.is_ascii_alphabetic() {
            let letters = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..letters].to_owned()));
            letters
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            sign.len()
        } else {
            return Err(format!("`{first}` has no meaning"));
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

fn shown(token: &Token) -> String {
    match token {
        Token::Number(number) => format!("`{number}`"),
        Token::Word(word) => format!("`{word}`"),
        Token::Sign(sign) => format!("`{sign}`"),
    }
}

/// One series, or several.
enum Value {
    One(Expression),
    List(Vec<Expression>),
}

struct Parser<'t> {
    tokens: Vec<Token>,
    at: usize,
    ids: &'t [&'t str],
    depth: usize,
}

type Level<'t> = fn(&mut Parser<'t>) -> Result<Value, String>;

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn takes(&mut self, sign: &str) -> bool {
        let found = match self.peek() {
            Some(Token::Sign(found)) => *found == sign,
            Some(Token::Word(word)) => word == sign,
            _ => false,
        };
        self.at += usize::from(found);
        found
    }

    fn needs(&mut self, sign: &str) -> Result<(), String> {
        if self.takes(sign) {
            return Ok(());
        }
        Err(self.peek().map_or(format!("`{sign}` is missing at its end"), |token| {
            format!("`{sign}` is missing before {}", shown(token))
        }))
    }

    fn one(&mut self, value: Value) -> Result<Expression, String> {
        match value {
            Value::One(expression) => Ok(expression),
            Value::List(_) => Err("a list stands where one series is needed".to_owned()),
        }
    }

    /// Operands of one level, joined from left to right.
    fn joined(&mut self, next: Level<'t>, operators: &[(&str, Operator)]) -> Result<Value, String> {
        let mut left = next(self)?;
        'more: loop {
            for (sign, operator) in operators {
                if self.takes(sign) {
                    let right = next(self)?;
                    let (left_one, right_one) = (self.one(left)?, self.one(right)?);
                    left = Value::One(Expression::Binary(*operator, Box::new(left_one), Box::new(right_one)));
                    continue 'more;
                }
            }
            return Ok(left);
        }
    }

    fn or(&mut self) -> Result<Value, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("more than {DEEPEST} parentheses in each other"));
        }
        let value = self.joined(Self::and, &[("||", Operator::Or), ("OR", Operator::Or)]);
        self.depth -= 1;
        value
    }

    fn and(&mut self) -> Result<Value, String> {
        self.joined(Self::comparison, &[("&&", Operator::And), ("AND", Operator::And)])
    }

    fn comparison(&mut self) -> Result<Value, String> {
        let operators = [
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        self.joined(Self::sum, &operators)
    }

    fn sum(&mut self) -> Result<Value, String> {
        self.joined(Self::product, &[("+", Operator::Plus), ("-", Operator::Minus)])
    }

    fn product(&mut self) -> Result<Value, String> {
        self.joined(Self::power, &[("*", Operator::Times), ("/", Operator::Over)])
    }

    fn power(&mut self) -> Result<Value, String> {
        self.joined(Self::sign, &[("^", Operator::Power)])
    }

    fn sign(&mut self) -> Result<Value, String> {
        let mut minus = false;
        while self.takes("-") {
            minus = !minus;
        }
        let value = self.primary()?;
        if !minus {
            return Ok(value);
        }
        let inner = self.one(value)?;
        Ok(Value::One(Expression::Minus(Box::new(inner))))
    }

    fn primary(&mut self) -> Result<Value, String> {
        let token = self.peek().cloned().ok_or("it ends too early")?;
        self.at += 1;
        match token {
            Token::Number(number) => Ok(Value::One(Expression::Number(number))),
            Token::Sign("(") => {
                let value = self.or()?;
                self.needs(")")?;
                Ok(value)
            }
            Token::Sign("[") => Ok(Value::List(self.list("]")?)),
            Token::Sign(sign) => Err(format!("`{sign}` stands where a value is needed")),
            Token::Word(word) if self.takes("(") => self.call(&word),
            Token::Word(word) => match self.ids.iter().position(|id| *id == word) {
                Some(index) => Ok(Value::One(Expression::Term(index))),
                None => Err(format!("`{word}` is none of its metrics")),
            },
        }
    }

    /// Values up to a closing sign; lists among them are unrolled.
    fn list(&mut self, close: &str) -> Result<Vec<Expression>, String> {
        let mut parts = Vec::new();
        if self.takes(close) {
            return Ok(parts);
        }
        loop {
            match self.or()? {
                Value::One(expression) => parts.push(expression),
                Value::List(list) => parts.extend(list),
            }
            if self.takes(close) {
                return Ok(parts);
            }
            self.needs(",")?;
        }
    }

    fn call(&mut self, name: &str) -> Result<Value, String> {
        let map = |map| move |inner| Expression::Map(map, Box::new(inner));
        let one = match name {
            "ABS" => self.arguments(name).map(map(Map::Abs))?,
            "CEIL" => self.arguments(name).map(map(Map::Ceil))?,
            "FLOOR" => self.arguments(name).map(map(Map::Floor))?,
            "SUM" => self.fold(name, Fold::Sum)?,
            "AVG" => self.fold(name, Fold::Avg)?,
            "MIN" => self.fold(name, Fold::Min)?,
            "MAX" => self.fold(name, Fold::Max)?,
            "IF" => {
                let parts = self.list(")")?;
                let parts: [Expression; 3] =
                    parts.try_into().map_err(|_| "`IF` takes a condition and two values".to_owned())?;
                Expression::If(Box::new(parts))
            }
            "FILL" => {
                let value = self.or()?;
                let inner = self.one(value)?;
                self.needs(",")?;
                let fill = if self.takes("REPEAT") {
                    None
                } else {
                    let minus = self.takes("-");
                    let Some(&Token::Number(number)) = self.peek() else {
                        return Err("`FILL` fills with a number or with `REPEAT`".to_owned());
                    };
                    self.at += 1;
                    Some(if minus { -number } else { number })
                };
                self.needs(")")?;
                Expression::Fill(Box::new(inner), fill)
            }
            "METRICS" => {
                self.needs(")")?;
                return Ok(Value::List((0..self.ids.len()).map(Expression::Term).collect()));
            }
            name => return Err(format!("`{name}` is not a function that is known here")),
        };
        Ok(Value::One(one))
    }

    /// One argument and the end.
    fn arguments(&mut self, name: &str) -> Result<Expression, String> {
        let mut parts = self.list(")")?;
        match (parts.pop(), parts.is_empty()) {
            (Some(only), true) => Ok(only),
            _ => Err(format!("`{name}` takes one value")),
        }
    }

    fn fold(&mut self, name: &str, fold: Fold) -> Result<Expression, String> {
        let parts = self.list(")")?;
        // Of one series these make one number of all its periods, on which no alarm can look.
        if parts.len() < 2 {
            return Err(format!("`{name}` takes several series here: `{name}([m1, m2])` or `{name}(METRICS())`"));
        }
        Ok(Expression::Fold(fold, parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Expression, String> {
        parse(text, &["m1", "m2"])
    }

    /// With all its parentheses.
    fn written(expression: &Expression) -> String {
        match expression {
            Expression::Number(number) => number.to_string(),
            Expression::Term(index) => format!("m{}", index + 1),
            Expression::Minus(inner) => format!("-{}", written(inner)),
            Expression::Binary(operator, left, right) => {
                format!("({} {operator:?} {})", written(left), written(right))
            }
            Expression::Map(map, inner) => format!("{map:?}({})", written(inner)),
            Expression::Fold(fold, parts) => {
                format!("{fold:?}({})", parts.iter().map(written).collect::<Vec<_>>().join(", "))
            }
            Expression::If(parts) => format!("If({})", parts.iter().map(written).collect::<Vec<_>>().join(", ")),
            Expression::Fill(inner, value) => format!("Fill({}, {value:?})", written(inner)),
        }
    }

    #[test]
    fn expressions_are_read_with_the_usual_precedence() {
        let table = [
            ("m1", "m1"),
            ("100 * m1 / m2", "((100 Times m1) Over m2)"),
            ("m1 + m2 * 2 ^ 3", "(m1 Plus (m2 Times (2 Power 3)))"),
            ("(m1 + m2) * 2", "((m1 Plus m2) Times 2)"),
            ("m1 - m2 - 1", "((m1 Minus m2) Minus 1)"),
            ("--m1 - -2.5", "(m1 Minus -2.5)"),
            ("m1 > 3 AND m2 <= 4 || m1 == 0", "(((m1 Greater 3) And (m2 LessOrEqual 4)) Or (m1 Equal 0))"),
            ("SUM([m1, m2, 1])", "Sum(m1, m2, 1)"),
            ("MAX(METRICS())/AVG(m1,m2)", "(Max(m1, m2) Over Avg(m1, m2))"),
            ("IF(m2 > 0, m1 / m2, 0)", "If((m2 Greater 0), (m1 Over m2), 0)"),
            ("FILL(m1, REPEAT) + FILL(m2, -1)", "(Fill(m1, None) Plus Fill(m2, Some(-1.0)))"),
            ("CEIL(ABS(FLOOR(m1)))", "Ceil(Abs(Floor(m1)))"),
        ];
        for (text, expected) in table {
            assert_eq!(read(text).map(|e| written(&e)), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused_with_a_reason() {
        let table = [
            ("", "ends too early"),
            ("m1 +", "ends too early"),
            ("m3", "`m3` is none of its metrics"),
            ("(m1", "`)` is missing"),
            ("m1 m2", "`m2` is one too many"),
            ("[m1, m2]", "several series"),
            ("[m1] + 1", "a list stands"),
            ("SUM(m1)", "several series"),
            ("ABS(m1, m2)", "takes one value"),
            ("IF(m1, 2)", "a condition and two values"),
            ("FILL(m1, m2)", "a number or with `REPEAT`"),
            ("SEARCH(m1)", "not a function"),
            ("m1 ? 2", "`?` has no meaning"),
            ("1.2.3", "not a number"),
            ("* m1", "where a value is needed"),
        ];
        for (text, expected) in table {
            let message = read(text).unwrap_err();
            assert!(message.contains(expected), "{text}: {message}");
        }
        assert!(read(&"(".repeat(100_000)).is_err(), "no stack is deep enough for that");
        assert!(read(&"-".repeat(100_000)).is_err());
    }
}
