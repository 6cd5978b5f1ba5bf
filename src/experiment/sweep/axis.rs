//! Axes of a sweep: `path=values`, with values as a list, a range, blocks from files, or drawn from a distribution.
//!
//! ```text
//!  cooldown=60s,120s,300s     at=50..90:10      rate=10/s..1000/s:log5      policy=@a.ron,@b.ron      at=~Uniform(50, 90)
//!  └ a list                   └ a range         └ so many, by ratio         └ blocks of files         └ drawn (a point each)
//! ```
//! What is searched rather than swept may also be anything between two ends: `cooldown=60s..600s`, `rate=10/s..1000/s:log`.
//!
//! # Models      texts with units; values are what `--set` takes
//! # Leaves out  axes that depend on each other

use std::path::{Path, PathBuf};

/// One setting that is varied.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Its path, as for `--set`.
    pub path: String,
    /// What it takes.
    pub values: Values,
}

/// What an axis takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Each of these, in turn.
    Listed(Vec<Value>),
    /// One for each point of the design.
    Drawn(Drawn),
}

/// A value of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// What `--set` is given.
    pub text: String,
    /// What people read: the text, or the name of the file it is from.
    pub shown: String,
    /// Where it lies on a scale, if all of its axis do.
    pub number: Option<f64>,
}

/// A distribution that the points of a design are drawn from.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    kind: Kind,
    /// What follows each number: `s`, `%`, …
    unit: String,
    /// Between neighbouring values, if not every number will do.
    step: Option<f64>,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Uniform { low: f64, high: f64 },
    LogUniform { low: f64, high: f64 },
    Normal { mean: f64, sd: f64 },
    Choice(Vec<Value>),
}

/// The most values that one axis may have.
const MOST: usize = 10_000;

impl Axis {
    /// Reads `path=values`. Files are looked for in `folder`.
    ///
    /// # Errors
    /// In words, if it is no axis or a file cannot be read.
    pub fn parse(text: &str, folder: &Path) -> Result<Axis, String> {
        let (path, values) = text.split_once('=').ok_or("expected `path=values`, such as `duration=1h,2h`")?;
        Axis::of(path.trim(), values.trim(), folder)
    }

    /// An axis of a path and its values as they are written.
    ///
    /// # Errors
    /// As for [`Axis::parse`].
    pub fn of(path: &str, values: &str, folder: &Path) -> Result<Axis, String> {
        if path.is_empty() {
            return Err("the path before `=` is empty".into());
        }
        let values = match values.strip_prefix('~') {
            Some(drawn) => Values::Drawn(Drawn::parse(drawn.trim(), folder)?),
            None => Values::Listed(listed(values, folder)?),
        };
        Ok(Axis { path: path.into(), values })
    }

    /// An axis to be searched: as [`Axis::of`], and anything between two ends, `LOW..HIGH`, or `LOW..HIGH:log` by ratio.
    /// Ends without a decimal point mean whole numbers.
    ///
    /// # Errors
    /// As for [`Axis::parse`].
    pub fn searched(path: &str, values: &str, folder: &Path) -> Result<Axis, String> {
        match between(values)? {
            Some(drawn) if !path.is_empty() => Ok(Axis { path: path.into(), values: Values::Drawn(drawn) }),
            _ => Axis::of(path, values, folder),
        }
    }

    /// Its values, if it is a listed one.
    pub fn listed(&self) -> Option<&[Value]> {
        match &self.values {
            Values::Listed(values) => Some(values),
            Values::Drawn(_) => None,
        }
    }

    /// The last part of its path, as people call it.
    pub fn name(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or(&self.path)
    }
}

/// Values one by one: a list, of which each item may be a range.
fn listed(text: &str, folder: &Path) -> Result<Vec<Value>, String> {
    let mut values = Vec::new();
    for item in split(text)? {
        if item.is_empty() {
            return Err("an empty value between commas".into());
        }
        if let Some(file) = item.strip_prefix('@') {
            values.push(block(file, folder)?);
        } else if let Some(range) = range(item)? {
            values.extend(range);
        } else {
            values.push(Value { text: item.into(), shown: plain(item).into(), number: scaled(item).map(|q| q.0) });
        }
        if values.len() > MOST {
            return Err(format!("more than {MOST} values on one axis"));
        }
    }
    if let Some(twice) =
        values.iter().enumerate().find(|(at, value)| values[..*at].iter().any(|v| v.text == value.text))
    {
        return Err(format!("`{}` is there twice", twice.1.shown));
    }
    Ok(values)
}

/// A text without its quotes.
fn plain(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// A block of a scenario from a file.
fn block(file: &str, folder: &Path) -> Result<Value, String> {
    let path: PathBuf = folder.join(file);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("cannot read `{}`: {}", path.display(), crate::failure::reason(&error)))?;
    // A value of `--set` stands on one line and hides nothing behind it.
    let lines = text.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code).trim());
    let text = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return Err(format!("`{}` is empty", path.display()));
    }
    Ok(Value { text, shown: file.trim_end_matches(".ron").into(), number: None })
}

/// At commas that stand in no bracket and no quotes.
fn split(text: &str) -> Result<Vec<&str>, String> {
    let (mut items, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0_i32, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                items.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
        if depth < 0 {
            return Err(format!("a bracket in `{text}` closes what was never opened"));
        }
    }
    if depth != 0 || quoted {
        return Err(format!("a bracket or a quote in `{text}` is never closed"));
    }
    items.push(text[start..].trim());
    Ok(items)
}

/// A number and the unit behind it.
fn scaled(text: &str) -> Option<(f64, &str)> {
    let text = plain(text.trim());
    let number =
        text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | '_')).len();
    // A power of ten belongs to the number, the `e` of a unit does not.
    let exponent = text[number..].strip_prefix(['e', 'E']).map_or(0, |rest| {
        let digits = rest.trim_start_matches(['-', '+']);
        let end = digits.len() - digits.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if end > 0 { 1 + (rest.len() - digits.len()) + end } else { 0 }
    });
    let (number, unit) = text.split_at(number + exponent);
    let value: f64 = number.replace('_', "").parse().ok()?;
    let is_unit = unit.chars().all(|c| c.is_alphabetic() || matches!(c, '%' | '/' | ' '));
    (value.is_finite() && is_unit).then(|| (value, unit.trim()))
}

/// `LOW..HIGH:STEP`, `LOW..HIGH:logN` or `LOW..HIGH:linN`; none if it is no range.
fn range(text: &str) -> Result<Option<Vec<Value>>, String> {
    let Some((low, rest)) = text.split_once("..") else { return Ok(None) };
    let (Some((low, low_unit)), Some((high, step))) = (scaled(low), rest.split_once(':')) else {
        return Err(format!("`{text}` is no range: write `50..90:10`, `60s..600s:log5` or `0..1:lin3`"));
    };
    let Some((high, unit)) = scaled(high) else { return Err(format!("`{high}` is no number")) };
    let unit = same_unit(low_unit, unit)?;
    if low >= high {
        return Err(format!("`{text}` goes nowhere: the first must be below the last"));
    }
    let many = |digits: &str| match digits.parse() {
        Ok(n @ 2..=MOST) => Ok(n),
        _ => Err(format!("`{digits}` is no number of values from 2 to {MOST}")),
    };
    let numbers: Vec<f64> = if let Some(digits) = step.strip_prefix("log") {
        let n = many(digits)?;
        if low <= 0.0 {
            return Err(format!("`{text}` goes by ratio and cannot start at {low}"));
        }
        let ratio = sim_core::math::ln(high / low) / (n - 1) as f64;
        (0..n).map(|i| if i + 1 == n { high } else { low * sim_core::math::exp(ratio * i as f64) }).collect()
    } else if let Some(digits) = step.strip_prefix("lin") {
        let n = many(digits)?;
        (0..n).map(|i| if i + 1 == n { high } else { low + (high - low) * i as f64 / (n - 1) as f64 }).collect()
    } else {
        let Some((step, step_unit)) = scaled(step) else { return Err(format!("`{step}` is no step")) };
        if !step_unit.is_empty() {
            same_unit(step_unit, unit)?;
        }
        if step <= 0.0 || (high - low) / step > MOST as f64 {
            return Err(format!("a step of {step} leads from {low} to {high} never or too slowly"));
        }
        // A last step that rounding leaves a little beyond the end still counts.
        (0..).map(|i| low + step * f64::from(i)).take_while(|x| *x <= high + step * 1e-9).collect()
    };
    Ok(Some(numbers.into_iter().map(|number| value(number, unit)).collect()))
}

/// `LOW..HIGH` or `LOW..HIGH:log`; none if it is something else.
fn between(text: &str) -> Result<Option<Drawn>, String> {
    let Some((low_text, rest)) = text.split_once("..") else { return Ok(None) };
    let (high_text, by_ratio) = match rest.split_once(':') {
        Some((high, "log")) => (high, true),
        Some(_) => return Ok(None),
        None => (rest, false),
    };
    let (Some((low, low_unit)), Some((high, unit))) = (scaled(low_text), scaled(high_text)) else { return Ok(None) };
    let unit = same_unit(low_unit, unit)?.to_string();
    if low >= high {
        return Err(format!("`{text}` goes nowhere: the first must be below the last"));
    }
    if by_ratio && low <= 0.0 {
        return Err(format!("`{text}` goes by ratio and cannot start at {low}"));
    }
    // Between fractions a thousand values are enough: more digits would only look exact.
    let whole = !low_text.contains('.') && !high_text.contains('.');
    let fine = sim_core::math::pow(10.0, sim_core::math::log10(high - low).floor() - 2.0);
    let step = Some(if whole { 1.0 } else { fine });
    let kind = if by_ratio { Kind::LogUniform { low, high } } else { Kind::Uniform { low, high } };
    Ok(Some(Drawn { kind, unit, step }))
}

fn same_unit<'a>(one: &'a str, other: &'a str) -> Result<&'a str, String> {
    match (one, other) {
        (one, other) if one == other => Ok(one),
        ("", unit) | (unit, "") => Ok(unit),
        _ => Err(format!("`{one}` and `{other}` are different units: write both ends in one")),
    }
}

/// A number with its unit, without the digits that only rounding left.
fn value(number: f64, unit: &str) -> Value {
    let rounded: f64 = format!("{number:.9e}").parse().unwrap_or(number);
    let text = format!("{rounded}{unit}");
    Value { shown: text.clone(), text, number: Some(rounded) }
}

impl Drawn {
    fn parse(text: &str, folder: &Path) -> Result<Drawn, String> {
        let (name, inner) = text
            .split_once('(')
            .and_then(|(name, rest)| Some((name.trim(), rest.trim().strip_suffix(')')?)))
            .ok_or_else(|| format!("`{text}` is no distribution: {KNOWN}"))?;
        let items = split(inner)?;
        if name == "Choice" {
            let values = listed(inner, folder)?;
            return Ok(Drawn { kind: Kind::Choice(values), unit: String::new(), step: None });
        }
        let [first, second] = items[..] else { return Err(format!("`{text}` needs two numbers: {KNOWN}")) };
        let (Some((a, a_unit)), Some((b, b_unit))) = (scaled(first), scaled(second)) else {
            return Err(format!("`{text}` needs two numbers: {KNOWN}"));
        };
        let unit = same_unit(a_unit, b_unit)?.to_string();
        let kind = match name {
            "Uniform" | "Whole" if a < b => Kind::Uniform { low: a, high: b },
            "LogUniform" if 0.0 < a && a < b => Kind::LogUniform { low: a, high: b },
            "Normal" if b > 0.0 => Kind::Normal { mean: a, sd: b },
            "Uniform" | "Whole" | "LogUniform" | "Normal" => return Err(format!("`{text}` has no such bounds")),
            _ => return Err(format!("no distribution `{name}`: {KNOWN}")),
        };
        Ok(Drawn { kind, unit, step: (name == "Whole").then_some(1.0) })
    }

    /// The values to choose from, if it is a choice.
    pub fn choice(&self) -> Option<&[Value]> {
        if let Kind::Choice(values) = &self.kind { Some(values) } else { None }
    }

    /// The value at a share of the distribution, from 0 to 1, neither of them included.
    pub fn at(&self, share: f64) -> Value {
        let number = match &self.kind {
            Kind::Uniform { low, high } => match self.step {
                Some(step) => (low + ((high - low + step) * share / step).floor() * step).min(*high),
                None => low + (high - low) * share,
            },
            Kind::LogUniform { low, high } => {
                let number = low * sim_core::math::exp(sim_core::math::ln(high / low) * share);
                self.step.map_or(number, |step| (low + ((number - low) / step).round() * step).min(*high))
            }
            Kind::Normal { mean, sd } => mean + sd * sim_core::math::normal_quantile(share),
            Kind::Choice(values) => {
                let at = (share * values.len() as f64) as usize;
                return values[at.min(values.len() - 1)].clone();
            }
        };
        value(number, &self.unit)
    }

    /// A few values from end to end.
    pub fn samples(&self) -> Vec<Value> {
        [0.5, 0.02, 0.25, 0.75, 0.98].map(|share| self.at(share)).to_vec()
    }

    /// Where a value lies, as the share that [`Drawn::at`] has for it or for the nearest there is; none if it is of another
    /// kind.
    pub fn share_of(&self, text: &str) -> Option<f64> {
        let place = |low: f64, high: f64, x: f64| match self.step {
            // The middle of the values' equal parts.
            Some(step) => (x - low + 0.5 * step) / (high - low + step),
            None => (x - low) / (high - low),
        };
        let share = match &self.kind {
            Kind::Uniform { low, high } => place(*low, *high, number_in(text, &self.unit)?),
            Kind::LogUniform { low, high } => {
                let ratio = number_in(text, &self.unit)?.max(*low) / low;
                sim_core::math::ln(ratio) / sim_core::math::ln(high / low)
            }
            Kind::Normal { mean, sd } => sim_core::math::normal_cdf((number_in(text, &self.unit)? - mean) / sd),
            Kind::Choice(values) => position(values, text)?,
        };
        Some(share.clamp(1e-6, 1.0 - 1e-6))
    }

    /// As it was written, in one spelling.
    pub fn shown(&self) -> String {
        let unit = &self.unit;
        match &self.kind {
            Kind::Uniform { low, high } if self.step == Some(1.0) => format!("~Whole({low}{unit}, {high}{unit})"),
            Kind::Uniform { low, high } => format!("~Uniform({low}{unit}, {high}{unit})"),
            Kind::LogUniform { low, high } => format!("~LogUniform({low}{unit}, {high}{unit})"),
            Kind::Normal { mean, sd } => format!("~Normal({mean}{unit}, {sd}{unit})"),
            Kind::Choice(values) => {
                let names: Vec<&str> = values.iter().map(|value| value.shown.as_str()).collect();
                format!("~Choice({})", names.join(", "))
            }
        }
    }
}

/// Where a text stands among listed values, from 0 to 1.
pub fn position(values: &[Value], text: &str) -> Option<f64> {
    let same = |value: &Value| {
        let unit = scaled(&value.text).map(|scaled| scaled.1);
        plain(&value.text) == plain(text)
            || value.number.is_some() && unit.is_some_and(|unit| number_in(text, unit) == value.number)
    };
    let at = values.iter().position(same)?;
    Some((at as f64 + 0.5) / values.len() as f64)
}

/// The number of a text in a unit: 300 for `"5m"` in seconds.
fn number_in(text: &str, unit: &str) -> Option<f64> {
    match scaled(text) {
        Some((number, own)) if own == unit => Some(number),
        _ => {
            let one = scenarios::units::duration(&format!("1{unit}")).ok()?;
            Some(scenarios::units::duration(plain(text.trim())).ok()? / one)
        }
    }
}

const KNOWN: &str =
    "write `~Uniform(50, 90)`, `~LogUniform(60s, 600s)`, `~Whole(2, 8)`, `~Normal(5, 1)` or `~Choice(a, b)`";

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &str) -> Vec<String> {
        let axis = Axis::parse(axis, Path::new(".")).unwrap();
        axis.listed().unwrap().iter().map(|value| value.text.clone()).collect()
    }

    #[test]
    fn lists_ranges_and_ratios() {
        assert_eq!(texts("a.b=60s,120s, 300s"), ["60s", "120s", "300s"]);
        assert_eq!(texts("x=50..90:10"), ["50", "60", "70", "80", "90"]);
        assert_eq!(texts("x=0.1..0.35:0.1"), ["0.1", "0.2", "0.3"]);
        assert_eq!(texts("x=0..1:lin3"), ["0", "0.5", "1"]);
        assert_eq!(texts("x=10/s..1000/s:log3"), ["10/s", "100/s", "1000/s"]);
        assert_eq!(texts("x=60..180s:60,300s"), ["60s", "120s", "180s", "300s"]);
        assert_eq!(texts("x=Exp(mean: \"5ms\"),Uniform(1, 2)"), ["Exp(mean: \"5ms\")", "Uniform(1, 2)"]);
    }

    #[test]
    fn what_is_no_axis_is_said() {
        for (bad, why) in [
            ("x", "expected `path=values`"),
            ("=1,2", "empty"),
            ("x=1,,2", "empty value"),
            ("x=1,1", "twice"),
            ("x=90..50:10", "goes nowhere"),
            ("x=1..2:0", "never"),
            ("x=1..2", "no range"),
            ("x=0..10:log3", "cannot start at 0"),
            ("x=60s..2min:log3", "different units"),
            ("x=(1,2", "never closed"),
            ("x=1)", "never opened"),
            ("x=@nowhere.ron", "cannot read"),
            ("x=~Gauss(1, 2)", "no distribution"),
            ("x=~Uniform(2, 1)", "no such bounds"),
            ("x=~Uniform(2)", "two numbers"),
            ("x=1..1000000:0.1", "too slowly"),
        ] {
            let error = Axis::parse(bad, Path::new(".")).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    #[test]
    fn a_number_knows_its_unit() {
        assert_eq!(scaled("60s"), Some((60.0, "s")));
        assert_eq!(scaled("\"1.5 GB\""), Some((1.5, "GB")));
        assert_eq!(scaled("2e3/s"), Some((2000.0, "/s")));
        assert_eq!(scaled("5eb"), Some((5.0, "eb")));
        assert_eq!(scaled("Detailed"), None);
        assert_eq!(scaled("1h30m"), None);
    }

    #[test]
    fn distributions_are_read_off_at_shares() {
        let at = |text: &str, share: f64| match Axis::parse(text, Path::new(".")).unwrap().values {
            Values::Drawn(drawn) => drawn.at(share).text,
            Values::Listed(_) => panic!("drawn"),
        };
        assert_eq!(at("x=~Uniform(50, 90)", 0.25), "60");
        assert_eq!(at("x=~LogUniform(10s, 1000s)", 0.5), "100s");
        assert_eq!(
            (at("x=~Whole(2, 4)", 0.01), at("x=~Whole(2, 4)", 0.5), at("x=~Whole(2, 4)", 0.99)),
            ("2".into(), "3".into(), "4".into())
        );
        assert_eq!(at("x=~Choice(a, b, c)", 0.99), "c");
        assert_eq!(at("x=~Normal(5, 1)", 0.5), "5");
    }

    fn between(text: &str) -> Drawn {
        match Axis::searched("x", text, Path::new(".")).unwrap().values {
            Values::Drawn(drawn) => drawn,
            Values::Listed(_) => panic!("drawn"),
        }
    }

    #[test]
    fn what_is_searched_lies_between_two_ends_in_steps_that_mean_something() {
        let at = |text: &str, share: f64| between(text).at(share).text;
        assert_eq!([0.0001, 0.5, 0.9999].map(|share| at("60s..600s", share)), ["60s", "330s", "600s"]);
        assert_eq!([0.0001, 0.4, 0.9999].map(|share| at("2..4", share)), ["2", "3", "4"]);
        assert_eq!([0.0001, 0.5, 0.9999].map(|share| at("10s..1000s:log", share)), ["10s", "100s", "1000s"]);
        assert_eq!(at("0.5..0.9", 0.123_456), "0.549");
        assert!(Axis::searched("x", "1,2,3", Path::new(".")).unwrap().listed().is_some());
        assert_eq!(Axis::searched("x", "50..90:10", Path::new(".")).unwrap().listed().map(<[Value]>::len), Some(5));
        for (bad, why) in [("9..3", "goes nowhere"), ("0..9:log", "cannot start at 0"), ("1s..2m", "different units")] {
            let error = Axis::searched("x", bad, Path::new(".")).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
        assert!(Axis::searched("", "1..2", Path::new(".")).unwrap_err().contains("empty"));
    }

    #[test]
    fn a_value_is_found_again_at_its_share() {
        for (axis, value) in [
            ("60s..600s", "300s"),
            ("2..16", "2"),
            ("2..16", "16"),
            ("0.5..0.9", "0.549"),
            ("10s..1000s:log", "100s"),
            ("~Choice(a, b, c)", "b"),
            ("~Uniform(0, 1)", "0.25"),
            ("~Normal(5, 1)", "5"),
        ] {
            let drawn = between(axis);
            assert_eq!(drawn.at(drawn.share_of(value).unwrap()).text, value, "{axis}");
        }
        let drawn = between("60s..600s");
        assert_eq!(drawn.at(drawn.share_of("\"5m\"").unwrap()).text, "300s", "another unit of time");
        assert_eq!(drawn.at(drawn.share_of("2h").unwrap()).text, "600s", "the nearest there is");
        assert_eq!(drawn.share_of("Detailed"), None);
        let values = [60.0, 120.0].map(|x| value(x, "s"));
        assert_eq!(position(&values, "2m"), Some(0.75));
        assert_eq!(position(&values, "3m"), None);
    }
}
