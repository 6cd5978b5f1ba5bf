//! The page on the terminal after a run: what was run, what users felt, what the machinery did, what it cost.
//!
//! # Models      at most 100 columns; styles are always written, and taken out again where the output is no terminal
//! # Leaves out  what only machines want: the files have it

use super::table::{BAD, BOLD, CARE, Cell, DIM, GOOD, TITLE, Table, WIDTH, paint, wrap};
use super::{fleets, happened, headline, machines, units, verdicts};
use crate::experiment::{Experiment, more_is_better};
use anstyle::Style;
use models::result::{BalancerFigures, Latency, Queueing, RunResult, Summary, Traffic};
use std::io::{self, Write};
use std::path::Path;
use unicode_width::UnicodeWidthStr;

/// Rows of a table beyond which the rest is left to `summary.json`.
pub(super) const ROWS: usize = 12;

/// How a figure is written.
type Show = fn(f64) -> String;

/// All that the page tells.
#[derive(Debug)]
pub struct Page<'a> {
    /// What was found.
    pub experiment: &'a Experiment,
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
        let result = &self.experiment.first;
        let summary = &result.summary;
        self.head(out, summary)?;
        users(out, summary)?;
        self.estimates(out)?;
        traffic(out, summary)?;
        machinery(out, &self.experiment.first)?;
        happened::incidents(out, summary, self.folder)?;
        happened::timeline(out, &result.timeline)?;
        cost(out, summary)?;
        self.expectations(out, summary)?;
        cautions(out, summary)?;
        self.foot(out)
    }

    fn head(&self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        let mut what = format!("seed {}", summary.seed);
        if let Some(aggregate) = &self.experiment.aggregate {
            what.push_str(&format!(" · {} replications, of which this is 0", aggregate.replications));
        } else if summary.replication > 0 {
            what.push_str(&format!(" · replication {}", summary.replication));
        }
        if summary.warm_up_s > 0.0 {
            what.push_str(&format!(" · warm-up {}", units::seconds(summary.warm_up_s)));
        }
        what.push_str(&format!(" · digest {} · sim {}", summary.digest, summary.version));
        writeln!(out, "{}", paint(&units::plain(&summary.scenario), TITLE))?;
        for line in wrap(&units::plain(&what), WIDTH) {
            writeln!(out, "{}", paint(&line, DIM))?;
        }
        for line in wrap(&units::plain(&summary.description), WIDTH) {
            writeln!(out, "{}", paint(&line, DIM))?;
        }
        writeln!(out)?;
        for line in wrap(&units::plain(&headline::sentence(summary)), WIDTH) {
            writeln!(out, "{}", paint(&line, BOLD))?;
        }
        Ok(())
    }

    /// Estimates over replications.
    fn estimates(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some(aggregate) = &self.experiment.aggregate else { return Ok(()) };
        let title =
            format!("Over {} replications, {} confidence", aggregate.replications, units::level(aggregate.level));
        section(out, &title)?;
        let mut table = Table::new(1);
        table.head(&["", "mean", "±", "worst 5 %", "median", "best 5 %", "min", "max"]);
        let shown: [(&str, &str, Show); 8] = [
            ("availability", "availability", units::percent),
            ("goodput per s", "goodput_per_s", units::figure),
            ("latency mean", "latency_ms.mean", units::ms),
            ("latency p50", "latency_ms.p50", units::ms),
            ("latency p99", "latency_ms.p99", units::ms),
            ("requests failed", "requests.failed", units::figure),
            ("incidents", "incidents.count", units::figure),
            ("cost", "cost_usd.total", units::usd),
        ];
        for (label, name, show) in shown {
            let Some(estimate) = aggregate.get(name) else { continue };
            let half = estimate.half_width.map_or("–".into(), show);
            table.row([
                label.into(),
                show(estimate.mean).into(),
                half.into(),
                show(if more_is_better(name) { estimate.p05 } else { estimate.p95 }).into(),
                show(estimate.p50).into(),
                show(if more_is_better(name) { estimate.p95 } else { estimate.p05 }).into(),
                show(estimate.min).into(),
                show(estimate.max).into(),
            ]);
        }
        print(out, &table)?;
        // A "0 ± 0" would claim more than so many runs can know.
        if let Some(share) = aggregate.get("requests.failed").and_then(|estimate| estimate.some_in_at_most) {
            let text = format!(
                "  no request failed in any of {}: failures come in at most {} of runs, at {}",
                aggregate.replications,
                units::percent(share),
                units::level(aggregate.level)
            );
            writeln!(out, "{}", paint(&text, DIM))?;
        }
        Ok(())
    }

    fn expectations(&self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        if summary.expectations.is_empty() {
            return Ok(());
        }
        section(out, "Expected")?;
        for verdict in self.experiment.verdicts() {
            let (mark, style, _) = verdicts::sign(verdict.standing);
            let found = verdicts::line(&verdict);
            let text = units::plain(&verdict.shown.text);
            let (mark, quiet) = (paint(mark, style), verdicts::style(verdict.standing));
            if text.width() + found.width() + 6 <= WIDTH {
                writeln!(out, "  {mark} {text}  {}", paint(&found, quiet))?;
                continue;
            }
            for (index, line) in wrap(&text, WIDTH - 4).iter().enumerate() {
                writeln!(out, "  {} {line}", if index == 0 { &mark } else { " " })?;
            }
            for line in wrap(&found, WIDTH - 6) {
                writeln!(out, "      {}", paint(&line, quiet))?;
            }
        }
        Ok(())
    }

    fn foot(&self, out: &mut dyn Write) -> io::Result<()> {
        let experiment = self.experiment;
        writeln!(out)?;
        if !self.files.is_empty() {
            writeln!(out, "{}  {}", paint("Files", TITLE), self.folder.display())?;
            // The plots are many and named alike: their number says enough.
            let plots = self.files.iter().filter(|file| file.ends_with(".png") || file.ends_with(".svg")).count();
            let mut names: Vec<&str> = self.files.iter().map(String::as_str).collect();
            names.retain(|name| !name.ends_with(".png") && !name.ends_with(".svg"));
            let mut text = names.join(", ");
            if plots > 0 {
                text.push_str(&format!(", {} as PNG and SVG", units::plural(plots as u64 / 2, "plot")));
            }
            for line in wrap(&text, WIDTH - 2) {
                writeln!(out, "  {}", paint(&line, DIM))?;
            }
        }
        let run = &experiment.first.summary.run;
        let speed = experiment.requests as f64 / experiment.wall_s.max(1e-9);
        let mut text = if experiment.first.summary.clients.is_empty() {
            format!("{} in {}", units::plural(run.events, "event"), units::seconds(experiment.wall_s))
        } else {
            format!(
                "{} in {} ({} per second)",
                units::plural(experiment.requests, "request"),
                units::seconds(experiment.wall_s),
                units::figure(speed),
            )
        };
        if experiment.aggregate.is_none() && !experiment.first.summary.clients.is_empty() {
            text.push_str(&format!(", {}", units::plural(run.events, "event")));
        }
        if run.peak_rss_mb > 0.0 {
            text.push_str(&format!(", {} MiB of memory", units::figure(run.peak_rss_mb)));
        }
        writeln!(out, "{}    {}", paint("Run", TITLE), paint(&text, DIM))
    }
}

fn cautions(out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
    if summary.warnings.is_empty() {
        return Ok(());
    }
    section(out, "Cautions")?;
    for warning in &summary.warnings {
        for (i, line) in wrap(&units::plain(warning), WIDTH - 4).iter().enumerate() {
            writeln!(out, "  {} {line}", if i == 0 { paint("!", CARE) } else { " ".into() })?;
        }
    }
    Ok(())
}

/// What users felt.
fn users(out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
    if summary.clients.is_empty() {
        // Nobody was there to feel anything.
        return Ok(());
    }
    section(out, "What users felt")?;
    let requests = &summary.requests;
    let style = if requests.failed == 0 { GOOD } else { CARE };
    writeln!(
        out,
        "  availability {}   goodput {}/s   offered {}   failed {}   in flight at the end {}",
        paint(&units::percent(summary.availability), style),
        units::figure(summary.goodput_per_s),
        units::count(requests.offered),
        units::count(requests.failed),
        units::count(requests.in_flight),
    )?;
    if requests.succeeded > 0 {
        let l = &summary.latency_ms;
        let mut latency = Table::new(1);
        latency.head(&["", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"]);
        let values = [l.mean, l.p50, l.p90, l.p95, l.p99, l.p999, l.max];
        latency.row(std::iter::once(Cell::from("latency")).chain(values.map(|x| Cell::from(units::ms(x)))));
        print(out, &latency)?;
    }
    if summary.sessions_lost > 0 {
        writeln!(out, "  {} lost with their instance", units::plural(summary.sessions_lost, "session"))?;
    }
    let causes = headline::causes(summary);
    if !causes.is_empty() {
        let mut table = Table::new(2);
        table.head(&["failed because", "", "requests", "of failed"]);
        for (cause, n) in causes {
            let share = n as f64 / requests.failed.max(1) as f64;
            table.row([
                cause.into(),
                Cell::new(if headline::meaning(cause) == cause { "" } else { headline::meaning(cause) }, DIM),
                units::count(n).into(),
                units::percent(share).into(),
            ]);
        }
        print(out, &table)?;
    }
    Ok(())
}

/// Traffic per endpoint, and per population if there are several.
fn traffic(out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
    let clients = summary.clients.iter().filter(|_| summary.clients.len() > 1);
    let rows: Vec<(&String, &Traffic)> = summary.endpoints.iter().chain(clients).collect();
    if rows.is_empty() {
        return Ok(());
    }
    section(out, if summary.clients.len() > 1 { "Endpoints and clients" } else { "Endpoints" })?;
    let mut table = Table::new(1);
    table.head(&["", "offered", "failed", "availability", "mean", "p50", "p95", "p99", "max"]);
    for (name, traffic) in rows.iter().take(2 * ROWS) {
        let Latency { mean, p50, p95, p99, max, .. } = traffic.latency_ms;
        // Without an answer there is no time of one.
        let shown = |x: f64| if traffic.requests.succeeded == 0 { "–".into() } else { Cell::from(units::ms(x)) };
        let mut row: Vec<Cell> = vec![
            units::plain(name).into(),
            units::count(traffic.requests.offered).into(),
            units::count(traffic.requests.failed).into(),
            units::percent(traffic.availability).into(),
        ];
        row.extend([mean, p50, p95, p99, max].map(shown));
        table.row(row);
    }
    print(out, &table)?;
    more(out, rows.len().saturating_sub(2 * ROWS))
}

/// Queues, groups, stores, balancers and alarms.
fn machinery(out: &mut dyn Write, result: &RunResult) -> io::Result<()> {
    let summary = &result.summary;
    if !summary.queueing_ms.is_empty() {
        section(out, "Queues")?;
        let mut table = Table::new(1);
        table.head(&["", "utilisation", "had to wait", "mean wait", "p95", "p99", "waiting", "served", "refused"]);
        for (name, q) in summary.queueing_ms.iter().take(ROWS) {
            let wait = |x: f64| if q.probability_of_wait > 0.0 { Cell::from(units::ms(x)) } else { "–".into() };
            table.row([
                units::plain(name).into(),
                Cell::new(usage(result, name, q), if q.utilisation > 0.9 { CARE } else { Style::new() }),
                units::percent(q.probability_of_wait).into(),
                wait(q.wait.mean),
                wait(q.wait.p95),
                wait(q.wait.p99),
                units::figure(q.mean_waiting).into(),
                units::count(q.served).into(),
                units::count(q.refused).into(),
            ]);
        }
        print(out, &table)?;
        more(out, summary.queueing_ms.len().saturating_sub(ROWS))?;
    }
    if !summary.groups.is_empty() {
        section(out, "Groups")?;
        let mut table = Table::new(1);
        table.head(&[
            "",
            "in service: fewest",
            "mean",
            "most",
            "at end",
            "launches",
            "failed",
            "replaced",
            "terminated",
            "hours",
        ]);
        for (name, g) in summary.groups.iter().take(ROWS) {
            table.row([
                units::plain(name).into(),
                g.min_in_service.to_string().into(),
                units::figure(g.mean_in_service).into(),
                g.max_in_service.to_string().into(),
                g.final_in_service.to_string().into(),
                g.launches.to_string().into(),
                g.failed_launches.to_string().into(),
                g.replacements.to_string().into(),
                g.terminations.to_string().into(),
                units::figure(g.instance_hours).into(),
            ]);
        }
        print(out, &table)?;
        more(out, summary.groups.len().saturating_sub(ROWS))?;
    }
    plain(out, "Warm pools", &fleets::POOLS, fleets::pools(summary), 1)?;
    plain(out, "Instance refreshes", &fleets::REFRESHES, fleets::refreshes(summary), 6)?;
    for sheet in machines::sheets(summary) {
        section(out, sheet.title)?;
        let mut table = Table::new(1);
        table.head(sheet.heads);
        sheet.rows.iter().take(ROWS).for_each(|row| table.row(row.iter().map(|text| text.as_str().into())));
        print(out, &table)?;
        more(out, sheet.rows.len().saturating_sub(ROWS))?;
    }
    databases(out, result)?;
    balancers(out, summary)?;
    alarms(out, summary)
}

/// A table of plain cells, unless it is empty; the first `left` columns are words.
fn plain(out: &mut dyn Write, title: &str, titles: &[&str], rows: Vec<Vec<String>>, left: usize) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    section(out, title)?;
    let mut table = Table::new(left);
    table.head(titles);
    let beyond = rows.len().saturating_sub(ROWS);
    for row in rows.into_iter().take(ROWS) {
        table.row(row.into_iter().map(Cell::from));
    }
    print(out, &table)?;
    more(out, beyond)
}

/// How busy a queue's servers were. Of a managed database's many connections the share says nothing, so their number is
/// told.
pub fn usage(result: &RunResult, name: &str, q: &Queueing) -> String {
    if is_managed(result, name) {
        format!("{} conns", units::figure((q.mean_present - q.mean_waiting).max(0.0)))
    } else {
        units::percent(q.utilisation)
    }
}

/// Whether a store has a primary that can fail over, and is not a queue with servers alone.
pub fn is_managed(result: &RunResult, store: &str) -> bool {
    result.series.get(&format!("database.{store}.primary_zone")).is_some()
        || result.summary.databases.get(store).is_some_and(|d| d.failovers > 0 || d.unavailable_s > 0.0)
}

fn databases(out: &mut dyn Write, result: &RunResult) -> io::Result<()> {
    let stores = result.summary.databases.iter().filter(|(name, _)| is_managed(result, name));
    let stores: Vec<_> = stores.collect();
    if stores.is_empty() {
        return Ok(());
    }
    section(out, "Databases")?;
    let mut table = Table::new(2);
    table.head(&["", "primary", "failovers", "unavailable", "longest", "committed", "lost", "failed queries"]);
    for (name, d) in stores.iter().take(ROWS) {
        table.row([
            units::plain(name).into(),
            units::plain(&d.primary_zone).into(),
            d.failovers.to_string().into(),
            units::seconds(d.unavailable_s).into(),
            units::seconds(d.longest_outage_s).into(),
            units::count(d.committed_writes).into(),
            Cell::new(units::count(d.lost_writes), if d.lost_writes > 0 { BAD } else { Style::new() }),
            units::count(d.failed_queries).into(),
        ]);
    }
    print(out, &table)?;
    more(out, stores.len().saturating_sub(ROWS))
}

fn balancers(out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
    if summary.load_balancers.is_empty() {
        return Ok(());
    }
    section(out, "Load balancers")?;
    let mut table = Table::new(1);
    table.head(&["", "requests", "own 5xx", "targets' 5xx", "failed open", "no healthy target", "LCU hours"]);
    for (name, b) in summary.load_balancers.iter().take(ROWS) {
        table.row([
            units::plain(name).into(),
            units::count(b.requests).into(),
            units::count(b.elb_5xx).into(),
            units::count(b.target_5xx).into(),
            units::count(b.fail_open).into(),
            units::seconds(b.no_healthy_target_s).into(),
            units::unit_hours(b.lcu_hours, b.billed_by).into(),
        ]);
    }
    print(out, &table)?;
    for (name, figures) in summary.load_balancers.iter().take(ROWS) {
        let also = also(figures);
        if !also.is_empty() {
            writeln!(out, "  {}", paint(&format!("{}: {}", units::plain(name), also.join(" · ")), DIM))?;
        }
        for line in [units::connections(&figures.connections), units::edge(&figures.edge)].into_iter().flatten() {
            writeln!(out, "  {}: {line}", units::plain(name))?;
        }
    }
    more(out, summary.load_balancers.len().saturating_sub(ROWS))
}

/// What a balancer did beyond the usual, in words.
fn also(figures: &BalancerFigures) -> Vec<String> {
    let some = [
        (figures.not_sticky, "of sessions sent to a new target"),
        (figures.redirects, "redirected"),
        (figures.elb_4xx, "answered with a 4xx of its own"),
        (figures.elb_460, "left by their clients before an answer (460)"),
        (figures.rejected, "rejected beyond its capacity"),
    ];
    let told = some.iter().filter(|(count, _)| *count > 0);
    told.map(|(count, what)| format!("{} {what}", units::count(*count))).collect()
}

fn alarms(out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
    if summary.alarms.is_empty() {
        return Ok(());
    }
    section(out, "Alarms")?;
    let mut table = Table::new(2);
    for (name, changes) in summary.alarms.iter().take(ROWS) {
        let raised: Vec<String> =
            changes.iter().filter(|change| change.to == "ALARM").map(|change| units::clock(change.t_s)).collect();
        let text = match raised.as_slice() {
            [] => "never raised".into(),
            times if times.len() <= 6 => format!("raised at {}", times.join(", ")),
            times => format!("raised {} times, first at {}, last at {}", times.len(), times[0], times[times.len() - 1]),
        };
        table.row([units::plain(name).into(), Cell::new(text, DIM)]);
    }
    print(out, &table)?;
    more(out, summary.alarms.len().saturating_sub(ROWS))
}

fn cost(out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
    let cost = &summary.cost_usd;
    section(out, &format!("Cost {}, {} per hour", units::usd(cost.total), units::usd(cost.per_hour)))?;
    let mut parts: Vec<(&String, f64)> = cost.by_part.iter().map(|(name, usd)| (name, *usd)).collect();
    parts.sort_by(|a, b| b.1.total_cmp(&a.1));
    let text: Vec<String> = parts
        .iter()
        .take(ROWS)
        .map(|(name, usd)| format!("{}\u{a0}{}", units::plain(name).replace(' ', "\u{a0}"), units::usd(*usd)))
        .collect();
    if !text.is_empty() {
        for line in wrap_at(&text, WIDTH - 2) {
            writeln!(out, "  {}", line.replace('\u{a0}', " "))?;
        }
    }
    Ok(())
}

/// Items three spaces apart, in lines of at most `width`.
fn wrap_at(items: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 3 + item.chars().count() <= width => {
                line.push_str("   ");
                line.push_str(item);
            }
            _ => lines.push(item.clone()),
        }
    }
    lines
}

/// A value that was compared with a limit: six significant digits, which tell it from any limit that people write.
pub fn exact(value: f64) -> String {
    let whole = value.abs().trunc();
    let digits = if whole < 1.0 { 0 } else { format!("{whole:.0}").len() };
    let text = format!("{value:.*}", 6_usize.saturating_sub(digits));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// The title of a part of the page.
pub(super) fn section(out: &mut dyn Write, title: &str) -> io::Result<()> {
    writeln!(out, "\n{}", paint(title, TITLE))
}

/// Writes a table.
pub(super) fn print(out: &mut dyn Write, table: &Table) -> io::Result<()> {
    table.lines().iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// Says how many rows are in the files alone.
pub(super) fn more(out: &mut dyn Write, n: usize) -> io::Result<()> {
    if n == 0 { Ok(()) } else { writeln!(out, "  {}", paint(&format!("… {n} more in summary.json"), DIM)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Aggregate, Replication, metrics};
    use crate::output::sample;

    fn page(experiment: &Experiment) -> String {
        let mut out = Vec::new();
        let files = ["summary.json", "series.csv", "a.png", "a.svg"].map(String::from);
        let page = Page { experiment, folder: Path::new("out/sample"), files: &files };
        page.write(&mut out).unwrap();
        anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
    }

    fn experiment(replications: u32) -> Experiment {
        let first = sample::result();
        let replications: Vec<Replication> = (0..replications)
            .map(|index| Replication {
                index,
                digest: first.summary.digest.clone(),
                metrics: metrics(&first.summary),
                expectations: first.summary.expectations.clone(),
                bands: None,
            })
            .collect();
        let aggregate = (replications.len() > 1).then(|| Aggregate::fold(&first.summary, &replications));
        Experiment { first, replications, aggregate, requests: 1_000_000, wall_s: 0.71 }
    }

    #[test]
    fn everything_a_reader_asks_for_is_on_the_page() {
        let text = page(&experiment(1));
        for wanted in [
            "seed 1",
            "digest 0123456789abcdef",
            "availability 99.0 %",
            "elb_503",
            "9.99 s",
            "web.order",
            "31.0 %",
            "struck → detected +12 s → decided at once → acted +35 s → restored at once (47 s in all)",
            "never acted upon",
            "raised at 0:39:00",
            "use1-az2",
            "database.orders $3.97",
            "✓ Availability(at_least: 0.99)  found 0.99",
            "✗ Recovery(of: \"orders\", within: \"30s\")  found 47 s",
            "! the run is shorter",
            "1 plot as PNG and SVG",
            "1,000,000 requests in 710 ms",
        ] {
            assert!(text.contains(wanted), "no {wanted:?} in\n{text}");
        }
    }

    #[test]
    fn a_found_value_has_six_digits() {
        let found = [0.990_209_4, 31.263_794, 13.0, 1_234_567.8, 0.0, 120.0, -2.5].map(exact);
        assert_eq!(found, ["0.990209", "31.2638", "13", "1234568", "0", "120", "-2.5"]);
    }

    #[test]
    fn the_page_fits_a_terminal() {
        for line in page(&experiment(3)).lines() {
            assert!(line.width() <= WIDTH, "{} columns: {line}", line.width());
        }
    }

    #[test]
    fn several_replications_show_their_interval_and_how_often_expectations_held() {
        let text = page(&experiment(3));
        assert!(text.contains("Over 3 replications"), "{text}");
        assert!(text.contains("held in all 3, so in at least") && text.contains("held in 0 of 3"), "{text}");
    }
}
