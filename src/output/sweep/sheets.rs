//! The tables that people read after a sweep: its cells, the front, what each axis does, and what could not run.
//!
//! # Models      intervals are of 95 %; effects are means over the other axes
//! # Leaves out  what the files hold in full

use super::{name, values};
use crate::experiment::objective::{Goal, Objective};
use crate::experiment::sweep::found::{CellFound, Found};
use crate::output::compare::plus_minus;
use crate::output::sheet::{Mark, Sheet};
use crate::output::{page, units};
use std::collections::BTreeSet;

/// Cells that are shown one by one.
const ROWS: usize = 24;

/// All of them; those without rows are left out when shown.
pub fn sheets(found: &Found, metrics: &[String]) -> Vec<Sheet> {
    let objectives = found.objectives(metrics);
    let front = found.front(&objectives);
    vec![cells(found, metrics, &objectives, &front), near(found, metrics), effects(found, metrics), failures(found)]
}

/// Columns of figures that are shown: those asked for, and those wanted something of.
fn columns(found: &Found, metrics: &[String]) -> Vec<String> {
    let mut columns = metrics.to_vec();
    for wanted in found.wishes.figures() {
        if !columns.iter().any(|column| column == wanted) {
            columns.push(wanted.to_string());
        }
    }
    columns
}

fn heads(found: &Found, columns: &[String], last: &str) -> Vec<String> {
    let axes = found.manifest.axes.iter().map(|axis| name(&axis.path).to_string());
    std::iter::once("cell".to_string()).chain(axes).chain(columns.iter().cloned()).chain([last.to_string()]).collect()
}

fn row(cell: &CellFound, columns: &[String], last: &str) -> Vec<String> {
    let figures = columns.iter().map(|metric| figure(cell, metric));
    std::iter::once(cell.record.cell.to_string())
        .chain(cell.record.values.iter().cloned())
        .chain(figures)
        .chain([last.to_string()])
        .collect()
}

/// A figure with its interval.
fn figure(cell: &CellFound, metric: &str) -> String {
    cell.estimates.get(metric).map_or("–".into(), |estimate| plus_minus(estimate.mean, estimate.half_width))
}

fn cells(found: &Found, metrics: &[String], objectives: &[Objective], front: &BTreeSet<usize>) -> Sheet {
    let ran: Vec<&CellFound> = found.cells.iter().filter(|cell| cell.record.error.is_none()).collect();
    let few = ran.len() <= ROWS;
    // Of many, those that somebody could want.
    let shown = ran.iter().filter(|cell| few || front.contains(&cell.record.cell)).take(ROWS);
    let title = if few { "Cells".into() } else { format!("The front, {} of {} cells", front.len(), ran.len()) };
    let columns = columns(found, metrics);
    let mut sheet =
        Sheet { heads: heads(found, &columns, ""), ..Sheet::new(title, &[], 1 + found.manifest.axes.len()) };
    for cell in shown {
        let (mark, word) = match (front.contains(&cell.record.cell), found.keeps(cell)) {
            (true, _) => (Mark::Good, if objectives.len() == 1 { "best" } else { "front" }),
            (false, false) => (Mark::Dim, "breaks a limit"),
            (false, true) => (Mark::Plain, ""),
        };
        sheet.push(row(cell, &columns, word), mark);
    }
    sheet.note = note(found, objectives, front);
    sheet
}

/// What the front is.
fn note(found: &Found, objectives: &[Objective], front: &BTreeSet<usize>) -> Option<String> {
    let limits: Vec<&str> = found.wishes.constraints.iter().map(|constraint| constraint.text.as_str()).collect();
    if front.is_empty() {
        return None;
    }
    let keeping = if limits.is_empty() { String::new() } else { format!(" that keeps {}", limits.join(" and ")) };
    let direction = |objective: &Objective| {
        let way = if objective.goal == Goal::Minimize { "less" } else { "more" };
        format!("{way} {}", objective.metric)
    };
    match objectives {
        [] => None,
        [one] => Some(format!("best: no other cell{keeping} has {}", direction(one))),
        several => {
            let all: Vec<String> = several.iter().map(direction).collect();
            let what = if front.len() == 1 { "the front is one cell" } else { "front" };
            Some(format!("{what}: no other cell{keeping} has {} without giving up another", all.join(" or ")))
        }
    }
}

/// Where no cell keeps the constraints: those that come nearest.
fn near(found: &Found, metrics: &[String]) -> Sheet {
    let mut sheet = Sheet::new("Nearest to the limits", &[], 1 + found.manifest.axes.len());
    if found.wishes.constraints.is_empty() || found.cells.iter().any(|cell| found.keeps(cell)) {
        return sheet;
    }
    let limits: Vec<&str> = found.wishes.constraints.iter().map(|constraint| constraint.text.as_str()).collect();
    sheet.note = Some(format!("no cell keeps {}", limits.join(" and ")));
    let columns = columns(found, metrics);
    sheet.heads = heads(found, &columns, "");
    // Limits of several units are weighed by the share of the bound that is missing.
    let missed = |cell: &CellFound| -> f64 {
        let share = |c: &crate::experiment::objective::Constraint| {
            let mean = cell.estimates.get(&c.metric).map_or(f64::NAN, |estimate| estimate.mean);
            c.missed_by(mean) / c.bound.abs().max(1e-9)
        };
        found.wishes.constraints.iter().map(share).sum()
    };
    let mut ran: Vec<(f64, &CellFound)> =
        found.cells.iter().filter(|cell| cell.record.error.is_none()).map(|cell| (missed(cell), cell)).collect();
    ran.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (_, cell) in ran.iter().take(5) {
        sheet.push(row(cell, &columns, ""), Mark::Plain);
    }
    sheet
}

/// Means over all cells with one value of an axis: what that axis does, the others averaged.
fn effects(found: &Found, metrics: &[String]) -> Sheet {
    let axes = &found.manifest.axes;
    let columns = columns(found, metrics);
    let heads: Vec<&str> = ["", ""].into_iter().chain(columns.iter().map(String::as_str)).collect();
    let mut sheet = Sheet::new("Each axis by itself (means over the others)", &heads, 2);
    if axes.len() < 2 {
        return sheet;
    }
    for (at, axis) in axes.iter().enumerate() {
        let values = values(found, at);
        // Drawn values come once each.
        if values.len() > 12.min(found.cells.len() - 1) {
            continue;
        }
        for (row, value) in values.into_iter().enumerate() {
            let with = || found.cells.iter().filter(|cell| cell.record.values.get(at) == Some(&value));
            let mean = |metric: &String| {
                let means: Vec<f64> = with().filter_map(|cell| Some(cell.estimates.get(metric)?.mean)).collect();
                let mean = means.iter().sum::<f64>() / means.len() as f64;
                if means.is_empty() { "–".into() } else { page::exact(mean) }
            };
            let head = if row == 0 { name(&axis.path) } else { "" };
            let cells = [head.to_string(), value.clone()].into_iter().chain(columns.iter().map(mean)).collect();
            sheet.push(cells, Mark::Plain);
        }
    }
    sheet
}

fn failures(found: &Found) -> Sheet {
    let failed: Vec<&CellFound> = found.failed().collect();
    let title = format!("{} could not run", units::plural(failed.len() as u64, "cell"));
    let mut sheet = Sheet::new(title, &["cell", "values", "why"], 3);
    for cell in failed.iter().take(ROWS) {
        let error = cell.record.error.as_deref().unwrap_or_default();
        let first = error.lines().next().unwrap_or_default().to_string();
        sheet.push(vec![cell.record.cell.to_string(), cell.record.values.join(", "), first], Mark::Bad);
    }
    sheet
}
