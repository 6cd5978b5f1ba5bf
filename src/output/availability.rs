//! What is told of years: a page for the terminal or for a document, `availability.json`, `outages.csv`.
//!
//! ```text
//!  Availability, Arithmetic ──blocks──► titles, sentences, tables ─┬─ text, in colour
//!                                                                  └─ Markdown
//! ```
//! # Models      the same blocks in both forms
//! # Leaves out  figures: `experiment::availability` has them

use super::table::{BOLD, CARE, Cell, DIM, TITLE, Table, paint};
use super::units;
use crate::experiment::availability::arithmetic::Arithmetic;
use crate::experiment::availability::figures::{Availability, Cause, Combination, Estimate, YEAR_MIN};
use crate::experiment::availability::{History, YEAR_S};
use anstyle::Style;
use serde::Serialize;
use std::fmt::Write as _;

/// Rows of a table that are shown one by one.
const ROWS: usize = 10;

/// All that is told.
#[derive(Debug, Serialize)]
pub struct Told<'a> {
    /// What was simulated.
    #[serde(flatten)]
    pub found: &'a Availability,
    /// What a spreadsheet says.
    pub arithmetic: &'a Arithmetic,
    /// What deserves a look.
    pub cautions: Vec<String>,
}

/// A piece of the page.
enum Block {
    Title(String),
    Sentence(String, Style),
    Rows { names: usize, head: Vec<&'static str>, rows: Vec<Vec<String>> },
}

impl Told<'_> {
    /// The page for a terminal.
    pub fn text(&self) -> String {
        let mut page = String::new();
        for block in self.blocks() {
            match block {
                Block::Title(title) => page += &format!("\n{}\n", paint(&title, TITLE)),
                Block::Sentence(text, style) => {
                    wrap(&text, 96).iter().for_each(|line| page += &format!("  {}\n", paint(line, style)));
                }
                Block::Rows { names, head, rows } => {
                    let mut table = Table::new(names);
                    table.head(&head);
                    rows.into_iter().for_each(|row| table.row(row.into_iter().map(Cell::from)));
                    table.lines().iter().for_each(|line| page += &format!("{line}\n"));
                }
            }
        }
        let name = units::plain(&self.found.scenario);
        format!(
            "{}\n{}",
            paint(&format!("{name}: {}", years(f64::from(self.found.years))), BOLD),
            page.trim_start_matches('\n')
        )
    }

    /// The page for a document.
    pub fn markdown(&self) -> String {
        let escaped = |text: &str| text.replace('|', "\\|");
        let mut page = format!("# {}: {}\n", units::plain(&self.found.scenario), years(f64::from(self.found.years)));
        for block in self.blocks() {
            match block {
                Block::Title(title) => page += &format!("\n## {title}\n"),
                Block::Sentence(text, _) => page += &format!("\n{text}\n"),
                Block::Rows { names, head, rows } => {
                    let rule: Vec<&str> =
                        (0..head.len()).map(|column| if column < names { "---" } else { "---:" }).collect();
                    let _ = writeln!(page, "\n| {} |\n| {} |", head.join(" | "), rule.join(" | "));
                    for row in rows {
                        let cells: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
                        let _ = writeln!(page, "| {} |", cells.join(" | "));
                    }
                }
            }
        }
        page
    }

    fn blocks(&self) -> Vec<Block> {
        let mut blocks = self.headline();
        blocks.extend(self.causes());
        blocks.extend(self.combinations());
        blocks.extend(self.outages());
        blocks.extend(self.beside());
        blocks.extend(self.assumptions());
        blocks
    }

    fn headline(&self) -> Vec<Block> {
        let found = self.found;
        let of = format!(
            "seed {} · {} requests/s all year · sim {}",
            found.seed,
            units::figure(found.requests_per_s),
            found.version
        );
        let mut blocks = vec![Block::Sentence(of, DIM)];
        let Some(nines) = found.nines else {
            let most = found.outages_per_year.high;
            let text = format!(
                "No request was lost in {}: fewer than one outage in {} with 95 % confidence, and no more can be said.",
                years(f64::from(found.years)),
                years((1.0 / most).floor())
            );
            blocks.push(Block::Sentence(text, BOLD));
            return blocks;
        };
        let text = format!(
            "{} available, {nines:.1} nines: {} of downtime a year (95 %: {})",
            available(found.availability.mean),
            minutes(found.downtime_min_per_year.mean),
            range(&found.downtime_min_per_year)
        );
        blocks.push(Block::Sentence(text, BOLD));
        let from = units::percent(found.outage_from_share);
        let outages = match found.outages {
            0 => format!(
                "no outage (at least {from} of the requests lost) in {}: fewer than one in {} with 95 % confidence",
                years(f64::from(found.years)),
                years((1.0 / found.outages_per_year.high).floor())
            ),
            n => format!(
                "{} of at least {from} of the requests: one in {} ({} a year, 95 %: {} to {})",
                units::plural(n, "outage"),
                years(1.0 / found.outages_per_year.mean),
                units::figure(found.outages_per_year.mean),
                units::figure(found.outages_per_year.low),
                units::figure(found.outages_per_year.high)
            ),
        };
        blocks.push(Block::Sentence(outages, Style::new()));
        blocks
    }

    fn causes(&self) -> Vec<Block> {
        let all = self.found.downtime_min_per_year.mean;
        let row = |cause: &Cause| {
            vec![
                cause.cause.clone(),
                units::figure(cause.failures_per_year.mean),
                units::count(cause.outages),
                minutes(cause.downtime_min_per_year),
                share(cause.downtime_min_per_year, all),
                if cause.longest_s > 0.0 { units::seconds(cause.longest_s) } else { "–".into() },
            ]
        };
        let (harmful, harmless): (Vec<&Cause>, Vec<&Cause>) =
            self.found.causes.iter().partition(|cause| cause.downtime_min_per_year > 0.0);
        let mut rows: Vec<Vec<String>> = harmful.iter().take(ROWS).copied().map(row).collect();
        if let Some(rest) = harmful.get(ROWS..).filter(|rest| !rest.is_empty()) {
            let sum: f64 = rest.iter().map(|cause| cause.downtime_min_per_year).sum();
            let outages = rest.iter().map(|cause| cause.outages).sum();
            let name = format!("{} more", rest.len());
            rows.push(vec![name, String::new(), units::count(outages), minutes(sum), share(sum, all), String::new()]);
        }
        let several = self.found.combinations.downtime_min_per_year.mean;
        let (name, lost, part) = ("several at once".to_owned(), minutes(several), share(several, all));
        rows.push(vec![name, String::new(), String::new(), lost, part, String::new()]);
        let head = vec!["what failed", "failures/y", "outages", "downtime/y", "of all", "longest outage"];
        let mut blocks = vec![Block::Title("What takes it down".into()), Block::Rows { names: 1, head, rows }];
        if !harmless.is_empty() {
            let names: Vec<&str> = harmless.iter().map(|cause| cause.cause.as_str()).collect();
            blocks.push(Block::Sentence(format!("nothing was lost by: {}", few(&names, 8)), DIM));
        }
        blocks
    }

    fn combinations(&self) -> Vec<Block> {
        let several = &self.found.combinations;
        let mean = several.downtime_min_per_year.mean;
        let cycles = units::plural(u64::from(several.cycles), "disturbance");
        let told = match (several.cycles, several.relative_error) {
            (0, _) => {
                format!("{} a year, as this history saw it; `--rare` looks for what it could not see", minutes(mean))
            }
            (_, None) => format!("nothing is lost in {cycles} into which further failures were forced"),
            (_, Some(error)) => format!(
                "{} a year (relative error {}) by importance sampling, further failures forced into {cycles}; this history alone \
                 saw {}. Of it, {} by coincidence: the last to fail would have cost as much alone. The others:",
                minutes(mean),
                units::percent(error),
                minutes(several.in_history_min_per_year),
                share(several.coincidence_min_per_year, mean),
            ),
        };
        let mut blocks = vec![Block::Title("Several at once".into()), Block::Sentence(told, Style::new())];
        let row = |one: &Combination| {
            let once = one.once_in_years.map_or("–".into(), years);
            vec![one.cause.join(", then "), minutes(one.downtime_min_per_year), once]
        };
        let rows: Vec<Vec<String>> = several.worst.iter().take(ROWS).map(row).collect();
        if !rows.is_empty() {
            let head = vec!["what failed, in this order", "downtime/y", "an outage in"];
            blocks.push(Block::Rows { names: 1, head, rows });
        }
        blocks
    }

    fn outages(&self) -> Vec<Block> {
        let (Some(lengths), Some(worst)) = (&self.found.outage_lengths, &self.found.worst) else { return Vec::new() };
        let half = format!(
            "half are over within {}, nine of ten within {}, the longest took {}",
            units::seconds(lengths.p50_s),
            units::seconds(lengths.p90_s),
            units::seconds(lengths.longest_s)
        );
        let most = format!(
            "most was lost in year {}: {} in {}, after {}",
            worst.year,
            minutes(worst.lost_min),
            units::seconds(worst.length_s),
            worst.cause
        );
        let mut last = "0".to_owned();
        let total = self.found.outages as f64;
        let mut rows = Vec::new();
        for bin in &lengths.histogram {
            let name = match bin.up_to_s {
                Some(bound) => format!("{last} to {}", units::seconds(bound)),
                None => format!("over {last}"),
            };
            last = bin.up_to_s.map_or(last, units::seconds);
            if bin.outages > 0 {
                let n = bin.outages as f64;
                let bar = "█".repeat(((n / total * 40.0).round() as usize).max(1));
                rows.push(vec![name, bar, units::count(bin.outages)]);
            }
        }
        vec![
            Block::Title("Outages".into()),
            Block::Sentence(half, Style::new()),
            Block::Sentence(most, Style::new()),
            Block::Rows { names: 2, head: vec!["length", "", "outages"], rows },
        ]
    }

    fn beside(&self) -> Vec<Block> {
        let sums = self.arithmetic;
        let simulated = &self.found.downtime_min_per_year;
        let row = |name: &str, share: f64, lost: String| vec![name.to_owned(), available(share), lost];
        let rows = vec![
            row("simulated", self.found.availability.mean, minutes(simulated.mean)),
            row("arithmetic of the parts", sums.availability, minutes(sums.downtime_min_per_year)),
            row("promised by the providers (credits below it)", sums.promised, minutes(sums.promised_min_per_year)),
        ];
        let links = sums.links.iter().map(|link| {
            vec![
                link.name.clone(),
                format!("{} of {}", link.needed, link.parts),
                span(link.mtbf_s),
                units::seconds(link.mttr_s),
                available(link.availability),
                minutes((1.0 - link.availability) * YEAR_MIN),
            ]
        });
        let promises = sums.promises.iter().map(|promise| {
            let lost = minutes((1.0 - promise.monthly) * YEAR_MIN);
            vec![
                promise.service.clone(),
                String::new(),
                String::new(),
                String::new(),
                units::percent(promise.monthly),
                lost,
            ]
        });
        let differs = "The arithmetic takes parts for independent, and down as long as their repair takes. It knows no \
                       detection, failover or DNS, nor that a zone takes all in it along; and a part of many that is dead \
                       for a minute costs it nothing, while users met it.";
        vec![
            Block::Title("Beside the arithmetic".into()),
            Block::Rows { names: 1, head: vec!["", "available", "downtime/y"], rows },
            Block::Sentence(differs.into(), DIM),
            Block::Rows {
                names: 1,
                head: vec!["part", "needed", "MTBF", "MTTR", "available", "downtime/y"],
                rows: links.chain(promises).collect(),
            },
        ]
    }

    fn assumptions(&self) -> Vec<Block> {
        let found = self.found;
        let assumed: Vec<&str> =
            found.modes.iter().filter(|mode| mode.assumed).map(|mode| mode.name.as_str()).collect();
        let mut blocks = vec![Block::Title("What this rests on".into())];
        if !assumed.is_empty() {
            let text = format!(
                "AWS publishes no failure rates. Assumed by this program: {}. Say better in `failures: (..)` (`sim schema`).",
                few(&assumed, 6)
            );
            blocks.push(Block::Sentence(text, DIM));
        }
        let text = format!(
            "Something was broken {} of the time, after {} in which it began; {}. Between these nothing can happen, and that \
             time was skipped.",
            units::percent(found.disturbed_share),
            units::plural(found.disturbances, "failure"),
            match found.restored_by_hand {
                0 => "all of it healed by itself".to_owned(),
                n => format!("{} had to be put right by hand", units::count(n)),
            }
        );
        blocks.push(Block::Sentence(text, DIM));
        blocks.extend(self.cautions.iter().map(|text| Block::Sentence(format!("{text}."), CARE)));
        blocks
    }
}

/// `outages.csv`: one row per outage.
pub fn outages(history: &History, names: &[String]) -> String {
    let mut text = String::from("year,day,start_s,length_s,lost_s,worst_share,cause\n");
    for outage in history.years.iter().flat_map(|year| &year.outages) {
        let cause: Vec<&str> = outage.cause.iter().map(|&mode| names[mode as usize].as_str()).collect();
        let cause = cause.join(" + ").replace('"', "\"\"");
        let day = (outage.at_s / 86_400.0).floor() + 1.0;
        let _ = writeln!(
            text,
            "{},{day},{:.3},{:.3},{:.3},{:.6},\"{cause}\"",
            outage.year + 1,
            outage.at_s,
            outage.length_s,
            outage.lost_s,
            outage.worst
        );
    }
    text
}

/// The first of a list, and how many more there are.
fn few(names: &[&str], most: usize) -> String {
    let shown = names.iter().take(most).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// An availability: five decimals are a minute in twenty years.
fn available(share: f64) -> String {
    if share < 0.9 {
        return units::percent(share);
    }
    let text = format!("{:.5}", share * 100.0);
    let text = if share < 1.0 && text.starts_with("100") {
        "> 99.99999"
    } else {
        text.trim_end_matches('0').trim_end_matches('.')
    };
    format!("{text} %")
}

/// A share of all, in percent; nothing of nothing.
fn share(part: f64, all: f64) -> String {
    if all > 0.0 { format!("{:.1} %", part / all * 100.0) } else { "–".into() }
}

/// Both ends of an interval.
fn range(estimate: &Estimate) -> String {
    format!("{} to {}", minutes(estimate.low), minutes(estimate.high))
}

/// Minutes, in the unit in which they read best: `0`, `3.1 s`, `12.4 min`, `3.2 h`.
pub fn minutes(value: f64) -> String {
    let seconds = value * 60.0;
    match seconds {
        s if s <= 0.0 => "0".into(),
        s if s < 1e-3 => format!("{:.1e} s", s),
        s if s < 1.0 => format!("{} ms", units::figure(s * 1e3)),
        s if s < 60.0 => format!("{} s", units::figure(s)),
        s if s < 7200.0 => format!("{} min", units::figure(s / 60.0)),
        s => format!("{} h", units::figure(s / 3600.0)),
    }
}

/// A number of years: `3.2 years`, `12,000 years`; below one in days.
pub fn years(value: f64) -> String {
    match value {
        v if !v.is_finite() => "–".into(),
        v if v < 1.0 => format!("{} days", units::figure(v * YEAR_S / 86_400.0)),
        v if v >= 1e9 => format!("{v:.0e} years"),
        v if v.fract() == 0.0 => units::plural(v as u64, "year"),
        v => format!("{} years", units::figure(v)),
    }
}

/// A time between failures.
fn span(seconds: f64) -> String {
    years(seconds / YEAR_S)
}

/// Text in lines of at most so many columns.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + word.chars().count() < width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{minutes, wrap, years};

    #[test]
    fn times_lost_are_told_in_the_unit_in_which_they_read_best() {
        for (value, text) in [
            (0.0, "0"),
            (1e-6, "6.0e-5 s"),
            (0.001, "60.0 ms"),
            (0.5, "30.0 s"),
            (52.6, "52.6 min"),
            (119.0, "119 min"),
            (525.6, "8.76 h"),
        ] {
            assert_eq!(minutes(value), text);
        }
        for (value, text) in
            [(0.5, "183 days"), (1.0, "1 year"), (3.21, "3.21 years"), (12_345.6, "12,346 years"), (2e12, "2e12 years")]
        {
            assert_eq!(years(value), text);
        }
    }

    #[test]
    fn a_sentence_is_wrapped_between_words() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("incomprehensible", 4), ["incomprehensible"]);
    }
}
