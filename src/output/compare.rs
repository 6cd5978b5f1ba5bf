//! What a comparison leaves behind: a page in words, `compare.json`, `compare.csv`, plots side by side, and a report.
//!
//! ```text
//!  Page ──► terminal │ report.html │ Markdown         differences ──► compare.json  compare.csv
//!        └─► compare-*.png: each figure on both sides        over-time.png: both sides over time
//! ```
//! # Models      the paired difference B − A with its 95 % interval; what could be luck is called so
//! # Leaves out  single runs of either side: `sim run` gives them

mod pictures;
mod report;

use super::sheet::{Mark, Sheet};
use super::table::{BAD, BOLD, DIM, GOOD, TITLE, cut, paint};
use super::{csv, json, page, units};
use crate::experiment::compare::{Difference, Limit};
use crate::experiment::{Estimate, more_is_better};
use models::result::Series;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

/// All that is told.
#[derive(Debug)]
pub struct Page<'a> {
    /// Names of the sides.
    pub names: (String, String),
    /// Seed of both.
    pub seed: u64,
    /// Pairs.
    pub replications: u32,
    /// Settings that differ: path, A, B.
    pub settings: &'a [(String, String, String)],
    /// All figures.
    pub differences: &'a [Difference],
    /// Figures to show.
    pub metrics: &'a [String],
    /// Limits to keep.
    pub limits: &'a [Limit],
    /// One run of each side over time.
    pub series: [&'a Series; 2],
}

/// Settings that are shown one by one.
const ROWS: usize = 20;

impl Page<'_> {
    /// Writes the page.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut dyn Write, folder: &Path, files: &[String]) -> io::Result<()> {
        let (a, b) = (units::plain(&self.names.0), units::plain(&self.names.1));
        writeln!(out, "{}", paint(&format!("A: {a}   B: {b}"), BOLD))?;
        writeln!(out, "{}", paint(&self.what(), DIM))?;
        self.settings_sheet().text(out)?;
        writeln!(out, "\n{}", paint("In words", TITLE))?;
        for difference in self.shown() {
            let style = match (difference.is_significant(), better(difference)) {
                (false, _) => DIM,
                (true, true) => GOOD,
                (true, false) => BAD,
            };
            writeln!(out, "  {}", paint(&sentence(difference), style))?;
        }
        self.figures_sheet().text(out)?;
        self.limits_sheet().text(out)?;
        writeln!(out, "\n{}  {}", paint(&format!("{}/", folder.display()), DIM), files.join("  "))
    }

    /// How much was run, and how.
    fn what(&self) -> String {
        format!(
            "{} of each, paired · seed {} · 95 % intervals · sim {}",
            units::plural(u64::from(self.replications), "replication"),
            self.seed,
            env!("CARGO_PKG_VERSION")
        )
    }

    fn settings_sheet(&self) -> Sheet {
        let mut sheet = Sheet::new("What differs", &["", "A", "B"], 3);
        for (path, a, b) in self.settings.iter().take(ROWS) {
            let [a, b] = [a, b].map(|value| cut(&units::plain(value), 28));
            sheet.push(vec![cut(path, 60), a, b], Mark::Plain);
        }
        let more = self.settings.len().saturating_sub(ROWS);
        sheet.note = (more > 0).then(|| format!("and {more} more, all in compare.json"));
        sheet
    }

    fn figures_sheet(&self) -> Sheet {
        let mut sheet = Sheet::new("Figures", &["", "A", "B", "B − A", "change"], 1);
        for difference in self.shown() {
            let change = difference.relative().map_or("–".into(), |share| format!("{:+.2} %", share * 100.0));
            let cells = vec![
                difference.metric.clone(),
                estimate(&difference.a),
                estimate(&difference.b),
                plus_minus(difference.mean, difference.half_width),
                change,
            ];
            sheet.push(cells, if difference.is_significant() { Mark::Plain } else { Mark::Dim });
        }
        sheet
    }

    fn limits_sheet(&self) -> Sheet {
        let mut sheet = Sheet::new("Limits", &["", "fails if"], 2);
        for limit in self.limits {
            let (sign, mark) = if self.breaks(limit) { ("✗", Mark::Bad) } else { ("✓", Mark::Good) };
            sheet.push(vec![sign.into(), limit.text.clone()], mark);
        }
        sheet
    }

    fn breaks(&self, limit: &Limit) -> bool {
        self.differences.iter().any(|d| d.metric == limit.metric && limit.is_broken(d))
    }

    fn shown(&self) -> impl Iterator<Item = &Difference> {
        self.metrics.iter().filter_map(|metric| self.differences.iter().find(|d| d.metric == *metric))
    }

    /// For machines.
    pub fn json(&self) -> Value {
        let limits: Vec<Value> =
            self.limits.iter().map(|limit| json!({ "text": limit.text, "broken": self.breaks(limit) })).collect();
        let settings: Vec<Value> =
            self.settings.iter().map(|(path, a, b)| json!({ "path": path, "a": a, "b": b })).collect();
        json!({
            "schema": 1, "a": self.names.0, "b": self.names.1, "seed": self.seed, "replications": self.replications,
            "level": crate::experiment::LEVEL, "settings": settings, "differences": self.differences, "limits": limits,
        })
    }
}

/// Files of a comparison; the report comes last, with the pictures inside.
pub fn files(page: &Page<'_>, pictures: bool) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![
        ("compare.json".to_string(), json::pretty(&page.json())),
        ("compare.csv".to_string(), table(page.differences).into_bytes()),
    ];
    let drawn = if pictures { pictures::draw(page) } else { Vec::new() };
    let report = report::html(page, &drawn).into_bytes();
    files.extend(drawn);
    files.push(("report.html".into(), report));
    files
}

/// All figures as a table.
fn table(differences: &[Difference]) -> String {
    let mut text =
        String::from("metric,a,a_half_width_95,b,b_half_width_95,difference,difference_half_width_95,n,significant\n");
    for d in differences {
        text.push_str(&csv::field(&d.metric));
        let half = |half: Option<f64>| half.unwrap_or(f64::NAN);
        for x in [d.a.mean, half(d.a.half_width), d.b.mean, half(d.b.half_width), d.mean, half(d.half_width)] {
            text.push(',');
            csv::number(&mut text, x);
        }
        let _ = writeln!(text, ",{},{}", d.n, d.is_significant());
    }
    text
}

/// Whether B is the better side.
fn better(difference: &Difference) -> bool {
    (difference.mean > 0.0) == more_is_better(&difference.metric)
}

/// A difference in words: `B is cheaper by $1.20 to $1.45 per hour`.
pub fn sentence(difference: &Difference) -> String {
    let name = words(&difference.metric);
    if difference.mean == 0.0 && difference.half_width.is_none_or(|half| half == 0.0) {
        return format!("{name}: the same on both sides");
    }
    let Some((low, high)) = difference.ends() else {
        return format!("{name}: {} more on B in the one pair there is", amount(&difference.metric, difference.mean));
    };
    if !difference.is_significant() {
        return format!("the difference in {name} is not significant at 95 %");
    }
    let (from, to) = if difference.mean > 0.0 { (low, high) } else { (-high, -low) };
    let range = format!("{} to {}", amount(&difference.metric, from), amount(&difference.metric, to));
    let less = difference.mean < 0.0;
    match difference.metric.as_str() {
        "cost_usd.total" => format!("B is {} by {range}", if less { "cheaper" } else { "dearer" }),
        "cost_usd.per_hour" => format!("B is {} by {range} per hour", if less { "cheaper" } else { "dearer" }),
        metric if metric.starts_with("latency_ms.") => {
            format!("B is {} by {range} ({name})", if less { "faster" } else { "slower" })
        }
        _ => format!("{name} is {} by {range} on B", if less { "lower" } else { "higher" }),
    }
}

/// A figure as people call it.
pub fn words(metric: &str) -> String {
    match metric {
        "cost_usd.total" => "cost".into(),
        "cost_usd.per_hour" => "cost per hour".into(),
        "requests.failed" => "the number of failed requests".into(),
        _ => match metric.strip_prefix("latency_ms.") {
            Some(which) => format!("{which} latency"),
            None => metric.replace(['_', '.'], " "),
        },
    }
}

/// A figure in its own unit.
pub fn amount(metric: &str, value: f64) -> String {
    if metric.starts_with("cost_usd") {
        units::usd(value)
    } else if metric.contains("latency_ms") || metric.ends_with("_ms") {
        units::ms(value)
    } else if value.abs() >= 100.0 {
        units::figure(value)
    } else {
        page::exact(value)
    }
}

fn estimate(estimate: &Estimate) -> String {
    plus_minus(estimate.mean, estimate.half_width)
}

/// A mean with its half width, as many decimals as that leaves meaning to.
pub fn plus_minus(mean: f64, half: Option<f64>) -> String {
    match half {
        Some(half) if half > 0.0 => {
            let decimals = (1.0 - sim_core::math::log10(half).floor()).clamp(0.0, 7.0) as usize;
            format!("{mean:.decimals$} ± {half:.decimals$}")
        }
        Some(_) => format!("{} ± 0", page::exact(mean)),
        None => page::exact(mean),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::compare::{Side, compare};
    use std::collections::BTreeMap;

    fn one(metric: &str, a: &[f64], b: &[f64]) -> Difference {
        let side = |values: &[f64]| -> Side {
            values.iter().map(|value| BTreeMap::from([(metric.to_string(), *value)])).collect()
        };
        compare(&side(a), &side(b)).remove(0)
    }

    #[test]
    fn a_difference_is_told_in_words() {
        let cheaper = one("cost_usd.per_hour", &[5.0, 5.1, 5.2], &[3.7, 3.75, 3.9]);
        assert!(sentence(&cheaper).starts_with("B is cheaper by $1."), "{}", sentence(&cheaper));
        assert!(sentence(&cheaper).ends_with("per hour"));
        let luck = one("availability", &[0.99, 0.98], &[0.985, 0.99]);
        assert_eq!(sentence(&luck), "the difference in availability is not significant at 95 %");
        let slower = one("latency_ms.p99", &[100.0, 100.0], &[150.0, 151.0]);
        assert!(sentence(&slower).starts_with("B is slower by"), "{}", sentence(&slower));
        assert_eq!(sentence(&one("availability", &[1.0, 1.0], &[1.0, 1.0])), "availability: the same on both sides");
    }
}
