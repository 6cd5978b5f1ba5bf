//! The page on the terminal after a sweep: its cells, the front, and what each axis does.
//!
//! # Models      at most 100 columns; intervals are of 95 %
//! # Leaves out  what the files hold in full

use crate::experiment::sweep::found::{CellFound, Found};
use crate::output::compare::plus_minus;
use crate::output::table::{BAD, BOLD, Cell, DIM, GOOD, TITLE, Table, paint};
use crate::output::{page, units};
use anstyle::Style;
use std::io::{self, Write};
use std::path::Path;

/// Cells that are shown one by one.
const ROWS: usize = 24;

/// What the page is to tell.
#[derive(Debug)]
pub struct Page<'a> {
    /// What was found.
    pub found: &'a Found,
    /// Figures that are shown.
    pub metrics: &'a [String],
    /// Where the files are.
    pub folder: &'a Path,
    /// Their names.
    pub files: &'a [String],
}

impl Page<'_> {
    /// Writes the page.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let manifest = &self.found.manifest;
        writeln!(out, "{}", paint(&format!("{}, swept", units::plain(&manifest.scenario)), BOLD))?;
        let what = format!(
            "{} × {} · seed {} · sim {}",
            units::plural(self.found.cells.len() as u64, "cell"),
            units::plural(u64::from(manifest.replications), "replication"),
            manifest.seed,
            manifest.version
        );
        writeln!(out, "{}", paint(&what, DIM))?;
        self.cells(out)?;
        self.effects(out)?;
        self.failures(out)?;
        writeln!(out)?;
        let names = self.files.join("  ");
        writeln!(out, "{}  {names}", paint(&format!("{}/", self.folder.display()), DIM))
    }

    /// The gain and the cost that make the front, if both are there.
    fn objectives(&self) -> Option<(&str, &str)> {
        let there = |name: &str| self.found.cells.iter().any(|cell| cell.estimates.contains_key(name));
        let cost = "cost_usd.total";
        let gain = self.metrics.iter().find(|name| name.as_str() != cost && there(name))?;
        self.found.has_cost(cost).then_some((gain, cost))
    }

    fn cells(&self, out: &mut dyn Write) -> io::Result<()> {
        let objectives = self.objectives();
        let front = objectives.map_or(Vec::new(), |(gain, cost)| self.found.front(gain, more_is_better(gain), cost));
        let ran: Vec<&CellFound> = self.found.cells.iter().filter(|cell| cell.record.error.is_none()).collect();
        let shown: Vec<&&CellFound> = match ran.len() {
            0..=ROWS => ran.iter().collect(),
            // Of many, those that somebody could want.
            _ => ran.iter().filter(|cell| front.contains(&cell.record.cell)).take(ROWS).collect(),
        };
        let title = if shown.len() == ran.len() {
            "Cells".into()
        } else {
            format!("The front, {} of {} cells", front.len(), ran.len())
        };
        writeln!(out, "\n{}", paint(&title, TITLE))?;
        let mut table = Table::new(1 + self.found.manifest.axes.len());
        let names: Vec<&str> = self.found.manifest.axes.iter().map(|axis| name(&axis.path)).collect();
        let titles: Vec<&str> =
            ["cell"].into_iter().chain(names).chain(self.metrics.iter().map(String::as_str)).chain([""]).collect();
        table.head(&titles);
        for cell in shown {
            let on_front = front.contains(&cell.record.cell);
            let style = if on_front { GOOD } else { Style::new() };
            let head =
                std::iter::once(cell.record.cell.to_string()).chain(cell.record.values.iter().map(|v| units::plain(v)));
            let figures = self.metrics.iter().map(|metric| figure(cell, metric));
            let mark = if on_front { "front" } else { "" };
            table.row(head.chain(figures).chain([mark.to_string()]).map(|text| Cell::new(text, style)));
        }
        table.lines().iter().try_for_each(|line| writeln!(out, "{line}"))?;
        if let Some((gain, cost)) = objectives {
            let text = format!("  front: no other cell has a better {gain} at no higher {cost}");
            writeln!(out, "{}", paint(&text, DIM))?;
        }
        Ok(())
    }

    /// Means over all cells with one value of an axis: what that axis does, the others averaged.
    fn effects(&self, out: &mut dyn Write) -> io::Result<()> {
        let axes = &self.found.manifest.axes;
        let values_of = |at: usize| {
            let mut values: Vec<&str> = Vec::new();
            for cell in &self.found.cells {
                if let Some(value) = cell.record.values.get(at)
                    && !values.contains(&value.as_str())
                {
                    values.push(value);
                }
            }
            values
        };
        // Of one axis the cells say the same, and drawn values come once each.
        let listed: Vec<(usize, Vec<&str>)> = (0..axes.len()).map(|at| (at, values_of(at))).collect();
        let listed: Vec<_> =
            listed.into_iter().filter(|(_, values)| values.len() <= 12.min(self.found.cells.len() - 1)).collect();
        if axes.len() < 2 || listed.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", paint("Each axis by itself (means over the others)", TITLE))?;
        let mut table = Table::new(2);
        let titles: Vec<&str> = ["", ""].into_iter().chain(self.metrics.iter().map(String::as_str)).collect();
        table.head(&titles);
        for (at, values) in listed {
            for (row, value) in values.iter().enumerate() {
                let with: Vec<&CellFound> = self
                    .found
                    .cells
                    .iter()
                    .filter(|cell| cell.record.values.get(at).is_some_and(|v| v == value))
                    .collect();
                let mean = |metric: &String| {
                    let means: Vec<f64> =
                        with.iter().filter_map(|cell| Some(cell.estimates.get(metric)?.mean)).collect();
                    if means.is_empty() {
                        "–".into()
                    } else {
                        page::exact(means.iter().sum::<f64>() / means.len() as f64)
                    }
                };
                let head = if row == 0 { name(&axes[at].path) } else { "" };
                let cells = [head.to_string(), units::plain(value)].into_iter().chain(self.metrics.iter().map(mean));
                table.row(cells.map(Cell::from));
            }
        }
        table.lines().iter().try_for_each(|line| writeln!(out, "{line}"))
    }

    fn failures(&self, out: &mut dyn Write) -> io::Result<()> {
        let failed: Vec<&CellFound> = self.found.failed().collect();
        if failed.is_empty() {
            return Ok(());
        }
        let title = format!("{} could not run", units::plural(failed.len() as u64, "cell"));
        writeln!(out, "\n{}", paint(&title, BAD))?;
        for cell in failed.iter().take(ROWS) {
            let error = cell.record.error.as_deref().unwrap_or_default();
            let first = error.lines().next().unwrap_or_default();
            let values = cell.record.values.join(", ");
            writeln!(out, "  {}  {}  {}", cell.record.cell, units::plain(&values), units::plain(first))?;
        }
        Ok(())
    }
}

/// The last part of a path.
pub fn name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// A figure with its interval.
fn figure(cell: &CellFound, metric: &str) -> String {
    let Some(estimate) = cell.estimates.get(metric) else { return "–".into() };
    plus_minus(estimate.mean, estimate.half_width)
}

/// Whether people wish for more of a figure rather than less.
pub fn more_is_better(metric: &str) -> bool {
    let last = name(metric);
    matches!(last, "availability" | "goodput_per_s" | "succeeded" | "held")
}
