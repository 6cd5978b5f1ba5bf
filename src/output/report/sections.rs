//! The sections of the report that are read rather than watched: incidents, users, the machinery's figures, the timeline.

use crate::experiment::Experiment;
use crate::output::html::{escape, rows};
use crate::output::{fleets, headline, incidents, machines, page, story, units};
use models::result::{RunResult, Summary, Traffic};
use std::collections::BTreeMap;
use std::fmt::Write;

/// More incidents are not drawn out one by one.
const MOST_INCIDENTS: usize = 100;

/// Incidents with their chains; the page's script draws a staircase into each.
pub fn reactions(body: &mut String, summary: &Summary) {
    if summary.incidents.is_empty() {
        return;
    }
    let _ = writeln!(
        body,
        "<section id=\"incidents\"><h2>Incidents</h2>\n<p class=\"lede\">From the strike to full strength: when the system knew, what it did, and how \
         long each step took.</p>"
    );
    for (i, incident) in summary.incidents.iter().enumerate().take(MOST_INCIDENTS) {
        let noticed = !incidents::unnoticed(incident);
        let class = if noticed { "bad" } else { "good" };
        let never = match incidents::missing(incident) {
            Some(never) => format!(" · <span class=\"care\">{}</span>", escape(&never)),
            None => String::new(),
        };
        let _ = writeln!(
            body,
            "<article class=\"incident{}\" data-incident=\"{i}\"><p class=\"incident-head\"><span class=\"dim\">{}</span> <b>{}</b> \
             <span class=\"{class}\">{}</span></p><div class=\"chain\"></div><p class=\"line\">{}{never}</p></article>",
            if noticed { " felt" } else { "" },
            units::clock(incident.t_s),
            escape(&incidents::title(incident)),
            escape(&incidents::felt(incident)),
            escape(&incidents::line(incident)),
        );
    }
    if let Some(more) = summary.incidents.len().checked_sub(MOST_INCIDENTS + 1) {
        let _ = writeln!(
            body,
            "<p class=\"dim\">{} more are in <code>summary.json</code>.</p>",
            units::count(more as u64 + 1)
        );
    }
    let _ = writeln!(body, "</section>");
}

/// What users felt, in figures.
pub fn users(body: &mut String, experiment: &Experiment) {
    let summary = &experiment.first.summary;
    if summary.clients.is_empty() {
        return;
    }
    let _ = writeln!(body, "<section id=\"users\"><h2>What users felt</h2>\n<div class=\"two\"><div>");
    causes(body, summary);
    let _ = writeln!(body, "</div><div>");
    let (requests, l) = (&summary.requests, &summary.latency_ms);
    if requests.succeeded > 0 {
        let names = ["mean", "median", "90 % within", "95 %", "99 %", "99.9 %", "slowest"];
        let values = [l.mean, l.p50, l.p90, l.p95, l.p99, l.p999, l.max].map(units::ms);
        let lines = names.iter().zip(values).map(|(name, value)| vec![(*name).to_string(), value]);
        part(body, "From first sending to answer", &["", ""], lines.collect());
    }
    if requests.in_flight > 0 {
        let n = units::plural(requests.in_flight, "request");
        let _ = writeln!(body, "<p class=\"dim\">{n} had not ended when the run did.</p>");
    }
    let _ = writeln!(body, "<div id=\"histogram\"></div></div></div>");
    traffic(body, "Endpoints", &summary.endpoints);
    traffic(body, "Clients", &summary.clients);
    let _ = writeln!(body, "</section>");
}

/// Errors by cause, each with its share as a bar.
fn causes(body: &mut String, summary: &Summary) {
    let failed = summary.requests.failed;
    let _ = writeln!(body, "<h3 class=\"part\">Errors by cause</h3>");
    if failed == 0 {
        let _ = writeln!(body, "<p class=\"good\">No request failed.</p>");
        return;
    }
    let _ = writeln!(
        body,
        "<div class=\"wide\"><table class=\"causes\"><thead><tr><th scope=\"col\">cause</th><th scope=\"col\">requests</th><th scope=\"col\">of failed</th><th></th></tr></thead><tbody>"
    );
    for (cause, n) in headline::causes(summary) {
        let share = n as f64 / failed as f64;
        let _ = writeln!(
            body,
            "<tr><td>{}<br><code class=\"dim\">{}</code></td><td>{}</td><td>{}</td><td class=\"share\"><svg viewBox=\"0 0 100 10\" \
             preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect width=\"{:.1}\" height=\"10\" rx=\"2\" fill=\"var(--orange)\"/></svg></td></tr>",
            escape(headline::meaning(cause)),
            escape(cause),
            units::count(n),
            units::percent(share),
            (share * 100.0).max(0.5),
        );
    }
    let _ = writeln!(body, "</tbody></table></div>");
}

/// A table that the page's script lets be sorted: cells bear their plain value beside the words.
fn traffic(body: &mut String, title: &str, all: &BTreeMap<String, Traffic>) {
    if all.is_empty() {
        return;
    }
    let heads = ["", "offered", "failed", "availability", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"];
    let _ = write!(body, "<h3 class=\"part\">{title}</h3><div class=\"wide\"><table class=\"sortable\"><thead><tr>");
    for head in heads {
        let _ = write!(body, "<th scope=\"col\">{}</th>", if head.is_empty() { "name" } else { head });
    }
    let _ = writeln!(body, "</tr></thead><tbody>");
    for (name, traffic) in all {
        let l = &traffic.latency_ms;
        let _ = write!(body, "<tr><td>{}</td>", escape(name));
        let mut cell =
            |value: f64, words: String| _ = write!(body, "<td data-value=\"{value}\">{}</td>", escape(&words));
        cell(traffic.requests.offered as f64, units::count(traffic.requests.offered));
        cell(traffic.requests.failed as f64, units::count(traffic.requests.failed));
        cell(traffic.availability, units::percent(traffic.availability));
        for ms in [l.mean, l.p50, l.p90, l.p95, l.p99, l.p999, l.max] {
            cell(ms, units::ms(ms));
        }
        let _ = writeln!(body, "</tr>");
    }
    let _ = writeln!(body, "</tbody></table></div>");
}

/// What several replications say together.
pub fn estimates(body: &mut String, experiment: &Experiment) {
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
    let _ = writeln!(
        body,
        "<section id=\"replications\"><h2>Over {} replications</h2>\n<p class=\"lede\">Intervals at {} confidence. All else on this page is of \
         replication 0.</p>",
        aggregate.replications,
        units::level(aggregate.level)
    );
    rows(body, "", &["", "mean", "±", "min", "max", "n"], found);
    let _ = writeln!(body, "</section>");
}

/// The figures of everything that served.
pub fn machinery(body: &mut String, result: &RunResult) {
    let summary = &result.summary;
    let _ = writeln!(body, "<section id=\"machinery\"><h2>The machinery</h2>");
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
    part(body, "Queues", &titles, queues.collect());
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
    part(body, "Groups", &titles, groups.collect());
    part(body, "Warm pools", &fleets::POOLS, fleets::pools(summary));
    part(body, "Instance refreshes", &fleets::REFRESHES, fleets::refreshes(summary));
    for sheet in machines::sheets(summary) {
        part(body, sheet.title, sheet.heads, sheet.rows);
    }
    stores_and_balancers(body, result);
    let changes = summary.alarms.iter().flat_map(|(name, changes)| {
        changes.iter().map(move |c| vec![name.clone(), units::clock(c.t_s), c.from.clone(), c.to.clone()])
    });
    part(body, "Alarms", &["", "at", "from", "to"], changes.collect());
    let mut parts: Vec<(&String, f64)> = summary.cost_usd.by_part.iter().map(|(name, usd)| (name, *usd)).collect();
    parts.sort_by(|a, b| b.1.total_cmp(&a.1));
    let title =
        format!("Cost {}, {} per hour", units::usd(summary.cost_usd.total), units::usd(summary.cost_usd.per_hour));
    let parts = parts.into_iter().map(|(name, usd)| vec![name.clone(), units::usd(usd)]);
    part(body, &title, &["", "USD"], parts.collect());
    let _ = writeln!(body, "</section>");
}

fn stores_and_balancers(body: &mut String, result: &RunResult) {
    let summary = &result.summary;
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
    part(body, "Databases", &titles, databases.collect());
    let balancers = summary.load_balancers.iter().map(|(name, b)| {
        vec![
            name.clone(),
            units::count(b.requests),
            units::count(b.elb_5xx),
            units::count(b.target_5xx),
            units::count(b.fail_open),
            units::seconds(b.no_healthy_target_s),
            units::figure(b.lcu_hours),
        ]
    });
    let titles = ["", "requests", "own 5xx", "targets' 5xx", "failed open", "no healthy target", "LCU hours"];
    part(body, "Load balancers", &titles, balancers.collect());
    let edges = summary.load_balancers.iter();
    let edges = edges.filter_map(|(name, b)| Some(vec![name.clone(), units::edge(&b.edge)?]));
    part(body, "Connections and queues", &["", "what it counted"], edges.collect());
}

/// The events that tell the story; the page's script has a list of all of them in its place.
pub fn timeline(body: &mut String, result: &RunResult) {
    let story = story::tell(&result.timeline, 200);
    let row = |line: &story::Line| vec![units::clock(line.t_s), story::words(line.kind), line.whom(), line.words()];
    let mut lines: Vec<Vec<String>> = story.head.iter().map(row).collect();
    if story.skipped > 0 {
        lines.push(vec!["…".into(), format!("{} more", story.skipped)]);
    }
    lines.extend(story.tail.iter().map(row));
    if result.timeline.is_empty() {
        return;
    }
    let _ = writeln!(
        body,
        "<section id=\"events\"><h2>Events</h2>\n<p class=\"lede\">What the machinery did, when, to whom and why.</p>\n\
         <div id=\"event-list\" class=\"needs-script\"></div>\n<div class=\"without-script\">"
    );
    rows(body, "text", &["at", "what", "whom", ""], lines);
    if story.skipped + story.lesser > 0 {
        let _ = writeln!(body, "<p class=\"dim\">All of it is in <code>timeline.jsonl</code>.</p>");
    }
    let _ = writeln!(body, "</div></section>");
}

/// A table under its own small heading, or nothing if it has no rows.
fn part(body: &mut String, title: &str, titles: &[&str], lines: Vec<Vec<String>>) {
    if !lines.is_empty() {
        let _ = writeln!(body, "<h3 class=\"part\">{}</h3>", escape(title));
        rows(body, "", titles, lines);
    }
}
