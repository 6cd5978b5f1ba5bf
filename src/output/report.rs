//! `report.html`: the page and the plots in one file that opens anywhere, without a network.
//!
//! # Models      the same figures as the page; the plots as images inside the file, so that nothing in them can run
//! # Leaves out  scripts: the file is text and pictures

use super::html::{self, escape, figures, rows, table};
use super::{fleets, headline, incidents, machines, page, story, units};
use crate::experiment::Experiment;
use models::result::{RunResult, Summary, Traffic};
use std::fmt::Write;

/// The plot that stands first.
const OVERVIEW: &str = "overview";

/// The report. `plots` are files by name, of which the SVG are shown, or the PNG of those that have no SVG.
pub fn html(experiment: &Experiment, plots: &[(String, Vec<u8>)]) -> String {
    let summary = &experiment.first.summary;
    let mut body = String::new();
    head(&mut body, experiment);
    cards(&mut body, summary);
    verdicts(&mut body, experiment);
    figures(&mut body, plots, |stem| stem == OVERVIEW);
    reactions(&mut body, summary);
    users(&mut body, summary);
    estimates(&mut body, experiment);
    traffic(&mut body, summary);
    machinery(&mut body, &experiment.first);
    if plots.iter().any(|(name, _)| !name.starts_with(OVERVIEW)) {
        let _ = writeln!(body, "<h2>Plots</h2>");
    }
    let _ = writeln!(body, "<div class=\"pair\">");
    figures(&mut body, plots, |stem| stem != OVERVIEW);
    let _ = writeln!(body, "</div>");
    timeline(&mut body, experiment);
    html::document(&summary.scenario, &body)
}

fn head(body: &mut String, experiment: &Experiment) {
    let summary = &experiment.first.summary;
    let replications = match &experiment.aggregate {
        Some(aggregate) => format!(" · {} replications, of which 0 is shown", aggregate.replications),
        None => String::new(),
    };
    let _ = writeln!(
        body,
        "<h1>{}</h1>\n<p class=\"dim\">{}</p>\n<p class=\"dim\">seed {}{replications} · {} simulated · digest <code>{}</code> · sim {}</p>\n<p class=\"lead\">{}</p>",
        escape(&summary.scenario),
        escape(&summary.description),
        summary.seed,
        units::seconds(summary.duration_s),
        escape(&summary.digest),
        escape(&summary.version),
        escape(&headline::sentence(summary)),
    );
}

/// The figures that are asked for first.
fn cards(body: &mut String, summary: &Summary) {
    let (requests, l) = (&summary.requests, &summary.latency_ms);
    let latency = |x: f64| if requests.succeeded == 0 { "–".into() } else { units::ms(x) };
    let cards = [
        ("availability", units::percent(summary.availability)),
        ("requests", units::count(requests.offered)),
        ("failed", units::count(requests.failed)),
        ("goodput per second", units::figure(summary.goodput_per_s)),
        ("latency, median", latency(l.p50)),
        ("latency, 99 % below", latency(l.p99)),
        ("cost per hour", units::usd(summary.cost_usd.per_hour)),
    ];
    html::cards(body, &cards);
}

fn users(body: &mut String, summary: &Summary) {
    let (requests, l) = (&summary.requests, &summary.latency_ms);
    if requests.succeeded > 0 {
        let values = [l.mean, l.p50, l.p90, l.p95, l.p99, l.p999, l.max].map(units::ms);
        table(
            body,
            "Latency of succeeded requests",
            &["", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"],
            vec![std::iter::once("from first sending to answer".to_string()).chain(values).collect()],
        );
    }
    let causes = headline::causes(summary)
        .into_iter()
        .map(|(cause, n)| {
            let share = n as f64 / requests.failed.max(1) as f64;
            vec![headline::meaning(cause).into(), cause.into(), units::count(n), units::percent(share)]
        })
        .collect();
    table(body, "Errors by cause", &["", "in the files", "requests", "of failed"], causes);
    if requests.in_flight > 0 {
        let n = units::plural(requests.in_flight, "request");
        let _ = writeln!(body, "<p class=\"dim\">{n} had not ended when the run did.</p>");
    }
}

fn estimates(body: &mut String, experiment: &Experiment) {
    let Some(aggregate) = &experiment.aggregate else { return };
    let shown = [
        "availability",
        "goodput_per_s",
        "latency_ms.mean",
        "latency_ms.p50",
        "latency_ms.p99",
        "requests.failed",
        "cost_usd.total",
    ];
    let found = shown.iter().filter_map(|name| Some((name, aggregate.get(name)?)));
    let found = found
        .map(|(name, e)| {
            let half = e.half_width.map_or("–".into(), page::exact);
            vec![
                (*name).to_string(),
                page::exact(e.mean),
                half,
                page::exact(e.min),
                page::exact(e.max),
                e.n.to_string(),
            ]
        })
        .collect();
    let title = format!("Over {} replications ({} confidence)", aggregate.replications, units::level(aggregate.level));
    table(body, &title, &["", "mean", "±", "min", "max", "n"], found);
}

fn traffic(body: &mut String, summary: &Summary) {
    let row = |(name, traffic): (&String, &Traffic)| {
        let l = &traffic.latency_ms;
        let mut row = vec![
            name.clone(),
            units::count(traffic.requests.offered),
            units::count(traffic.requests.failed),
            units::percent(traffic.availability),
        ];
        row.extend([l.mean, l.p50, l.p90, l.p95, l.p99, l.p999, l.max].map(units::ms));
        row
    };
    let titles = ["", "offered", "failed", "availability", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"];
    table(body, "Endpoints", &titles, summary.endpoints.iter().map(row).collect());
    table(body, "Clients", &titles, summary.clients.iter().map(row).collect());
}

fn machinery(body: &mut String, result: &RunResult) {
    let summary = &result.summary;
    let queues = summary.queueing_ms.iter().map(|(name, q)| {
        vec![
            name.clone(),
            page::usage(result, name, q),
            units::percent(q.probability_of_wait),
            units::ms(q.wait.mean),
            units::ms(q.wait.p95),
            units::ms(q.wait.p99),
            units::figure(q.mean_waiting),
            units::count(q.served),
            units::count(q.refused),
        ]
    });
    let titles = ["", "utilisation", "had to wait", "mean wait", "p95", "p99", "waiting", "served", "refused"];
    table(body, "Queues", &titles, queues.collect());
    let groups = summary.groups.iter().map(|(name, g)| {
        let counts =
            [g.max_in_service, g.final_in_service, g.launches, g.failed_launches, g.replacements, g.terminations];
        let mut row = vec![name.clone(), g.min_in_service.to_string(), units::figure(g.mean_in_service)];
        row.extend(counts.map(|n| n.to_string()));
        row.push(units::figure(g.instance_hours));
        row
    });
    let titles =
        ["", "fewest in service", "mean", "most", "at end", "launches", "failed", "replaced", "terminated", "hours"];
    table(body, "Groups", &titles, groups.collect());
    table(body, "Warm pools", &fleets::POOLS, fleets::pools(summary));
    table(body, "Instance refreshes", &fleets::REFRESHES, fleets::refreshes(summary));
    for sheet in machines::sheets(summary) {
        table(body, sheet.title, sheet.heads, sheet.rows);
    }
    let managed = summary.databases.iter().filter(|(name, _)| page::is_managed(result, name));
    let databases = managed.map(|(name, d)| {
        vec![
            name.clone(),
            d.primary_zone.clone(),
            d.failovers.to_string(),
            units::seconds(d.unavailable_s),
            units::seconds(d.longest_outage_s),
            units::count(d.committed_writes),
            units::count(d.lost_writes),
            units::count(d.failed_queries),
        ]
    });
    let titles =
        ["", "primary", "failovers", "unavailable", "longest", "committed writes", "lost writes", "failed queries"];
    table(body, "Databases", &titles, databases.collect());
    let balancers = summary.load_balancers.iter().map(|(name, b)| {
        vec![
            name.clone(),
            units::count(b.requests),
            units::count(b.elb_5xx),
            units::count(b.target_5xx),
            units::count(b.fail_open),
            units::seconds(b.no_healthy_target_s),
            units::unit_hours(b.lcu_hours, b.billed_by),
        ]
    });
    let titles = ["", "requests", "own 5xx", "targets' 5xx", "failed open", "no healthy target", "LCU hours"];
    table(body, "Load balancers", &titles, balancers.collect());
    let edges = summary.load_balancers.iter();
    let edges = edges.flat_map(|(name, b)| {
        let lines = [units::connections(&b.connections), units::edge(&b.edge)];
        lines.into_iter().flatten().map(move |line| vec![name.clone(), line])
    });
    table(body, "Connections and queues", &["", "what it counted"], edges.collect());
    let changes = summary.alarms.iter().flat_map(|(name, changes)| {
        changes.iter().map(move |c| vec![name.clone(), units::clock(c.t_s), c.from.clone(), c.to.clone()])
    });
    table(body, "Alarms", &["", "at", "from", "to"], changes.collect());
    let mut parts: Vec<(&String, f64)> = summary.cost_usd.by_part.iter().map(|(name, usd)| (name, *usd)).collect();
    parts.sort_by(|a, b| b.1.total_cmp(&a.1));
    let title =
        format!("Cost {}, {} per hour", units::usd(summary.cost_usd.total), units::usd(summary.cost_usd.per_hour));
    let parts = parts.into_iter().map(|(name, usd)| vec![name.clone(), units::usd(usd)]);
    table(body, &title, &["", "USD"], parts.collect());
}

fn reactions(body: &mut String, summary: &Summary) {
    if summary.incidents.is_empty() {
        return;
    }
    let _ = writeln!(body, "<h2>Incidents</h2>");
    for incident in &summary.incidents {
        let class = if incidents::unnoticed(incident) { "good" } else { "care" };
        let never = match incidents::missing(incident) {
            Some(never) => format!("<br><span class=\"care\">{}</span>", escape(&never)),
            None => String::new(),
        };
        let _ = writeln!(
            body,
            "<div class=\"incident\"><p><span class=\"dim\">{}</span> <b>{}</b> <span class=\"{class}\">{}</span></p><p>{}{never}</p></div>",
            units::clock(incident.t_s),
            escape(&incidents::title(incident)),
            escape(&incidents::felt(incident)),
            escape(&incidents::line(incident)),
        );
    }
}

fn timeline(body: &mut String, experiment: &Experiment) {
    let story = story::tell(&experiment.first.timeline, 200);
    let row = |line: &story::Line| vec![units::clock(line.t_s), story::words(line.kind), line.whom(), line.words()];
    let mut lines: Vec<Vec<String>> = story.head.iter().map(row).collect();
    if story.skipped > 0 {
        lines.push(vec!["…".into(), format!("{} more", story.skipped)]);
    }
    lines.extend(story.tail.iter().map(row));
    if !lines.is_empty() {
        let _ = writeln!(body, "<h2>Timeline</h2>");
        rows(body, "text", &["at", "what", "whom", ""], lines);
        if story.skipped + story.lesser > 0 {
            let _ = writeln!(body, "<p class=\"dim\">All of it is in <code>timeline.jsonl</code>.</p>");
        }
    }
}

fn verdicts(body: &mut String, experiment: &Experiment) {
    let summary = &experiment.first.summary;
    if !summary.expectations.is_empty() {
        let _ = writeln!(body, "<h2>Expected</h2>\n<ul>");
        for (i, expectation) in summary.expectations.iter().enumerate() {
            let tally = experiment.aggregate.as_ref().and_then(|aggregate| aggregate.expectations.get(i));
            let held = tally.map_or(expectation.held, |tally| tally.held == tally.of);
            let found = match tally {
                Some(tally) => format!("held in {} of {}", tally.held, tally.of),
                None => page::found(expectation),
            };
            let (class, mark) = if held { ("good", "✓") } else { ("bad", "✗") };
            let text = escape(&expectation.text);
            let _ = writeln!(
                body,
                "<li><span class=\"{class}\">{mark}</span> <code>{text}</code> <span class=\"dim\">{found}</span></li>"
            );
        }
        let _ = writeln!(body, "</ul>");
    }
    if !summary.warnings.is_empty() {
        let _ = writeln!(body, "<h2>Cautions</h2>\n<ul>");
        for warning in &summary.warnings {
            let _ = writeln!(body, "<li>{}</li>", escape(warning));
        }
        let _ = writeln!(body, "</ul>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::sample;

    fn report() -> String {
        let mut first = sample::result();
        first.summary.incidents[0].subject = "<script>alert(1)</script>".into();
        first.timeline[2].detail = "<img src=x onerror=alert(1)>".into();
        first.summary.warnings.push("<i>unwise</i>".into());
        let experiment = Experiment { first, replications: vec![], aggregate: None, requests: 1, wall_s: 1.0 };
        let plots = [("latency.png", "P"), ("latency.svg", "<svg/>"), ("map.png", "M")]
            .map(|(name, bytes)| (name.to_string(), bytes.as_bytes().to_vec()));
        html(&experiment, &plots)
    }

    #[test]
    fn nothing_from_a_scenario_becomes_markup() {
        let text = report();
        for bad in ["<script", "<img src=x", "<i>", "sample <b>"] {
            assert!(!text.contains(bad), "{bad} in\n{text}");
        }
        assert!(text.contains("sample &lt;b&gt;&amp;&quot;"));
    }

    #[test]
    fn each_plot_is_inside_once_and_nothing_is_fetched() {
        let text = report();
        assert_eq!(text.matches("<img").count(), 2);
        assert!(text.contains("data:image/svg+xml;base64,PHN2Zy8+") && text.contains("data:image/png;base64,TQ=="));
        assert!(!text.contains("http://") && !text.contains("https://"));
    }
}
