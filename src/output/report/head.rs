//! The head of the report: what was run, whether it held, what users felt, what it took and what it cost.

use crate::experiment::Experiment;
use crate::output::html::escape;
use crate::output::{headline, incidents, page, units};
use models::result::{Group, Summary};
use std::fmt::Write;

/// Everything before the first picture.
pub fn head(body: &mut String, experiment: &Experiment) {
    let summary = &experiment.first.summary;
    let replications = match &experiment.aggregate {
        Some(aggregate) => format!(" · {} replications, of which 0 is shown", aggregate.replications),
        None => String::new(),
    };
    let _ = writeln!(
        body,
        "<header class=\"title\"><h1>{}</h1>\n<p class=\"what\">{}</p>\n<p class=\"dim\">seed {}{replications} · {} simulated · \
         digest <code>{}</code> · sim {}</p></header>",
        escape(&summary.scenario),
        escape(&summary.description),
        summary.seed,
        units::seconds(summary.duration_s),
        escape(&summary.digest),
        escape(&summary.version),
    );
    verdict(body, experiment);
    cards(body, summary);
}

/// The run in a sentence, and what was expected of it.
fn verdict(body: &mut String, experiment: &Experiment) {
    let summary = &experiment.first.summary;
    let all = summary.expectations.len();
    let tally = |i: usize| experiment.aggregate.as_ref().and_then(|aggregate| aggregate.expectations.get(i));
    let held = |i: usize| tally(i).map_or(summary.expectations[i].held, |tally| tally.held == tally.of);
    let kept = (0..all).filter(|&i| held(i)).count();
    let (class, words) = match (all, kept) {
        (0, _) => ("open", "Nothing was expected of it".to_string()),
        (1, 1) => ("", "✓ The one expectation held".into()),
        (all, kept) if all == kept => ("", format!("✓ All {all} expectations held")),
        (all, kept) => ("broken", format!("✗ {} of {all} expectations did not hold", all - kept)),
    };
    let _ = writeln!(
        body,
        "<section class=\"verdict {class}\" aria-label=\"Verdict\"><p class=\"lead\">{}</p>\n<p class=\"held\">{words}</p>",
        escape(&headline::sentence(summary)),
    );
    if all > 0 {
        let _ = writeln!(body, "<ul>");
        for (i, expectation) in summary.expectations.iter().enumerate() {
            let found = match tally(i) {
                Some(tally) => format!("held in {} of {}", tally.held, tally.of),
                None => page::found(expectation),
            };
            let (class, mark) = if held(i) { ("good", "✓") } else { ("bad", "✗") };
            let text = escape(&expectation.text);
            let _ = writeln!(
                body,
                "<li><span class=\"{class}\">{mark}</span> <code>{text}</code> <span class=\"dim\">{}</span></li>",
                escape(&found)
            );
        }
        let _ = writeln!(body, "</ul>");
    }
    let _ = writeln!(body, "</section>");
}

/// Five questions, a figure each, and what stands behind it.
fn cards(body: &mut String, summary: &Summary) {
    let _ = writeln!(body, "<div class=\"cards\">");
    if !summary.clients.is_empty() {
        users(body, summary);
    }
    let noticed: Vec<_> = summary.incidents.iter().filter(|one| !incidents::unnoticed(one)).collect();
    let longest = noticed.iter().filter_map(|one| Some(one.restored_s? - one.t_s)).fold(0.0, f64::max);
    let figure = match summary.incidents.len() {
        0 => "none".to_string(),
        all => format!("{} of {all}", noticed.len()),
    };
    let words = match (summary.incidents.len(), noticed.len()) {
        (0, _) => "nothing broke".to_string(),
        (_, 0) => "incidents were felt by users".into(),
        _ => format!("incidents were felt by users, the longest for {}", units::seconds(longest)),
    };
    card(body, "What broke", if noticed.is_empty() { "" } else { "bad" }, &figure, &[words]);
    if !summary.groups.is_empty() {
        capacity(body, summary);
    }
    let cost = &summary.cost_usd;
    let mut parts: Vec<(&String, &f64)> = cost.by_part.iter().collect();
    parts.sort_by(|a, b| b.1.total_cmp(a.1));
    let most = parts
        .first()
        .filter(|part| *part.1 > 0.0)
        .map(|(name, usd)| format!("most of it {name}, {}", units::usd(**usd)));
    let lines: Vec<String> = std::iter::once(format!("{} in all", units::usd(cost.total))).chain(most).collect();
    card(body, "What it cost", "", &format!("{}/h", units::usd(cost.per_hour)), &lines);
    let _ = writeln!(body, "</div>");
}

fn users(body: &mut String, summary: &Summary) {
    let (requests, l) = (&summary.requests, &summary.latency_ms);
    let failed = format!("{} of {} requests failed", units::count(requests.failed), units::count(requests.offered));
    let lost = (summary.sessions_lost > 0).then(|| format!("{} lost", units::plural(summary.sessions_lost, "session")));
    let lines: Vec<String> = std::iter::once(failed).chain(lost).collect();
    let class = if requests.failed > 0 { "bad" } else { "" };
    card(body, "What users felt", class, &units::percent(summary.availability), &lines);
    let latency = |x: f64| if requests.succeeded == 0 { "–".into() } else { units::ms(x) };
    let lines = [format!("median; 99 % within {}", latency(l.p99)), format!("slowest {}", latency(l.max))];
    card(body, "How long they waited", "", &latency(l.p50), &lines);
}

fn capacity(body: &mut String, summary: &Summary) {
    let range = |group: &Group| match (group.min_in_service, group.max_in_service) {
        (least, most) if least == most => most.to_string(),
        (least, most) => format!("{least} – {most}"),
    };
    let all = summary.groups.iter();
    let figure = match summary.groups.len() {
        1 => all.clone().map(|(_, group)| range(group)).collect(),
        n => format!("{n} groups"),
    };
    let mut lines: Vec<String> = match summary.groups.len() {
        1 => all
            .map(|(name, group)| {
                format!("{name} in service, {} on average; {}", units::figure(group.mean_in_service), launches(group))
            })
            .collect(),
        _ => all.map(|(name, group)| format!("{name}: {} in service", range(group))).collect(),
    };
    if lines.len() > 4 {
        let more = lines.len() - 3;
        lines.truncate(3);
        lines.push(format!("and {more} more"));
    }
    card(body, "What it took", "", &figure, &lines);
}

fn launches(group: &Group) -> String {
    let failed = if group.failed_launches > 0 { format!(", {} failed", group.failed_launches) } else { String::new() };
    match group.launches {
        0 => "no launch".into(),
        n => format!("{}{failed}", units::plural(u64::from(n), "launch").replace("launchs", "launches")),
    }
}

fn card(body: &mut String, title: &str, class: &str, figure: &str, lines: &[String]) {
    let _ = write!(body, "<div class=\"card\"><h3>{title}</h3><b class=\"{class}\">{}</b>", escape(figure));
    for line in lines {
        let _ = write!(body, "<span>{}</span>", escape(line));
    }
    let _ = writeln!(body, "</div>");
}
