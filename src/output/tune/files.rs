//! The files of a search: `tune.json`, `tune.csv`, `summary.md`, `report.html`, `winner.ron`, `winner.tf`.
//!
//! # Models      `tune.csv` is tidy: a row for each run of each setting, fresh ones under their own seed; `winner.ron` is a piece
//!   of a scenario that can be pasted
//! # Leaves out  digests of single runs: a row names seed, replication and settings, which give the run again

use super::plots;
use super::sections::{self, Tone};
use super::terraform;
use super::told::{Gap, Told};
use crate::experiment::Estimate;
use crate::experiment::tune::{Budget, Candidate, Fate, Origin, Verdict};
use crate::output::csv::{field, number};
use crate::output::{html, json as plain_json};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// All files but the plots.
pub fn all(told: &Told<'_>) -> Vec<(String, Vec<u8>)> {
    [
        ("tune.json", plain_json::pretty(&json(told))),
        ("tune.csv", csv(told).into_bytes()),
        ("summary.md", markdown(told).into_bytes()),
        ("report.html", html(told).into_bytes()),
        ("winner.ron", ron(told).into_bytes()),
        ("winner.tf", terraform::snippet(told).into_bytes()),
    ]
    .map(|(name, bytes)| (name.to_string(), bytes))
    .to_vec()
}

/// Where a setting comes from, in a word.
fn origin(one: &Candidate) -> String {
    match one.origin {
        Origin::Baseline => "as_it_is".into(),
        Origin::Spread => "spread".into(),
        Origin::Near(of) => format!("near_{of}"),
        Origin::Aside(_) => "sensitivity".into(),
    }
}

/// What became of a setting, in a few words.
fn fate(told: &Told<'_>, one: &Candidate) -> String {
    match &one.fate {
        Fate::Kept => "kept".into(),
        Fate::Outranked(n) => format!("outranked after {n}"),
        Fate::Worse(n) => format!("surely worse after {n}"),
        Fate::Broken(n, limit) => {
            let text = told.goal.constraints.get(*limit).map_or("a limit", |limit| limit.text.as_str());
            format!("surely breaks {text} after {n}")
        }
        Fate::Impossible(why) => format!("could not run: {why}"),
    }
}

/// Means of all figures with their intervals.
fn estimates(told: &Told<'_>, runs: &[Vec<f64>]) -> Value {
    let all: Map<String, Value> = told
        .goal
        .figures
        .iter()
        .enumerate()
        .filter_map(|(at, name)| {
            let Estimate { mean, half_width, min, max, n, .. } = told.estimate(runs, at)?;
            Some((name.clone(), json!({ "mean": mean, "half_width": half_width, "min": min, "max": max, "n": n })))
        })
        .collect();
    all.into()
}

/// Paths and values of a setting.
fn values(told: &Told<'_>, one: &Candidate) -> Value {
    let all: Map<String, Value> =
        told.axes.iter().enumerate().map(|(at, axis)| (axis.path.clone(), told.value(one, at).into())).collect();
    all.into()
}

/// `tune.json`.
pub fn json(told: &Told<'_>) -> Value {
    let (goal, tuned) = (told.goal, told.tuned);
    let limits: Vec<Value> = goal
        .constraints
        .iter()
        .map(|limit| json!({ "text": limit.text, "metric": limit.metric, "at_least": limit.at_least, "limit": limit.limit }))
        .collect();
    let candidate = |one: &Candidate| {
        json!({
            "setting": one.id, "origin": origin(one), "round": one.round, "values": values(told, one), "fate": fate(told, one),
            "search": estimates(told, &one.runs), "fresh": estimates(told, &one.fresh),
        })
    };
    let (winner, base) = (told.winner(), told.base());
    let differences: Map<String, Value> = goal
        .figures
        .iter()
        .enumerate()
        .filter_map(|(at, name)| {
            let gap = Gap::of(&winner.fresh, &base.fresh, at)?;
            Some((
                name.clone(),
                json!({ "mean": gap.mean, "half_width": gap.half, "significant": gap.is_significant() }),
            ))
        })
        .collect();
    let effects: Vec<Value> = tuned
        .effects
        .iter()
        .map(|effect| {
            let one = &tuned.candidates[effect.id];
            let gap = Gap::of(&one.fresh, &winner.fresh, 0);
            json!({
                "path": told.axes[effect.axis].path, "value": effect.value.shown, "setting": effect.id,
                "difference": gap.map(|gap| gap.mean), "half_width": gap.and_then(|gap| gap.half),
                "figures": estimates(told, &one.fresh),
            })
        })
        .collect();
    let budget = match told.budget {
        Budget::Runs(runs) => json!({ "runs": runs }),
        Budget::Seconds(seconds) => json!({ "seconds": seconds }),
    };
    let verdict = match tuned.verdict {
        Verdict::Sure => "sure",
        Verdict::OnAverage => "on_average",
        Verdict::None => "none",
    };
    let rounds: Vec<Value> = tuned
        .rounds
        .iter()
        .map(|round| json!({ "round": round.round, "settings": round.new, "runs": round.runs, "replications": round.top }))
        .collect();
    json!({
        "schema": 1, "version": env!("CARGO_PKG_VERSION"), "scenario": told.scenario, "seed": told.seeds[0],
        "fresh_seed": told.seeds[1], "budget": budget, "method": format!("{:?}", told.method).to_lowercase(),
        "level": crate::experiment::LEVEL,
        "objective": { "metric": goal.objective(), "minimize": goal.minimize }, "constraints": limits,
        "axes": told.axes.iter().map(crate::experiment::sweep::manifest::AxisRecord::of).collect::<Vec<_>>(),
        "verdict": verdict, "winner": candidate(winner), "as_it_is": candidate(base), "differences": differences,
        "set": told.set.iter().map(|(path, value)| format!("{path}={value}")).collect::<Vec<_>>(),
        "command": sections::command(told), "read_back_digest": told.digest,
        "front": tuned.front, "sensitivity": effects, "rounds": rounds,
        "spent": {
            "search": tuned.spent.search, "front": tuned.spent.front, "confirmation": tuned.spent.confirmation,
            "sensitivity": tuned.spent.sensitivity, "checks": told.checks,
        },
        "settings": tuned.candidates.iter().map(candidate).collect::<Vec<_>>(),
    })
}

/// `tune.csv`: every run.
fn csv(told: &Told<'_>) -> String {
    let mut text = String::from("setting,origin,round");
    for axis in told.axes {
        let _ = write!(text, ",{}", field(&axis.path));
    }
    text.push_str(",seed,replication");
    for metric in &told.goal.figures {
        let _ = write!(text, ",{}", field(metric));
    }
    text.push('\n');
    for one in &told.tuned.candidates {
        let mut head = format!("{},{},{}", one.id, origin(one), one.round);
        for axis in 0..told.axes.len() {
            let _ = write!(head, ",{}", field(&told.value(one, axis)));
        }
        for (seed, runs) in told.seeds.iter().zip([&one.runs, &one.fresh]) {
            for (replication, run) in runs.iter().enumerate() {
                let _ = write!(text, "{head},{seed},{replication}");
                for value in run {
                    text.push(',');
                    number(&mut text, *value);
                }
                text.push('\n');
            }
        }
    }
    text
}

/// `winner.ron`.
fn ron(told: &Told<'_>) -> String {
    let mut text = format!(
        "// Settings found by `sim tune` {} for `{}`, seed {}: paste them over those of the scenario.\n//\n// {}\n",
        env!("CARGO_PKG_VERSION"),
        told.scenario,
        told.seeds[0],
        sections::command(told)
    );
    text.push_str(told.fragment);
    text
}

/// `summary.md`.
pub fn markdown(told: &Told<'_>) -> String {
    let safe = |text: &str| text.replace('|', "\\|");
    let mut text = format!("# {}, tuned\n\n{}\n", told.scenario, sections::what(told));
    for section in sections::all(told) {
        let _ = writeln!(text, "\n## {}\n", section.title);
        for (_, line) in &section.lines {
            let _ = writeln!(text, "- {line}");
        }
        if !section.table.rows.is_empty() {
            if !section.lines.is_empty() {
                text.push('\n');
            }
            let row = |cells: &[String]| {
                format!("| {} |\n", cells.iter().map(|cell| safe(cell)).collect::<Vec<_>>().join(" | "))
            };
            text.push_str(&row(&section.table.titles));
            let marks = (0..section.table.titles.len()).map(|at| if at < section.table.names { "---" } else { "---:" });
            let _ = writeln!(text, "|{}|", marks.collect::<Vec<_>>().join("|"));
            section.table.rows.iter().for_each(|(_, cells)| text.push_str(&row(cells)));
        }
        for note in &section.notes {
            let _ = writeln!(text, "\n{note}");
        }
    }
    let _ = writeln!(
        text,
        "\n## To have it again\n\n```sh\n{}\n```\n\n```ron\n{}```",
        sections::command(told),
        told.fragment
    );
    text
}

/// `report.html`.
fn html(told: &Told<'_>) -> String {
    let safe = html::escape;
    let mut body =
        format!("<h1>{}, tuned</h1>\n<p class=\"dim\">{}</p>\n", safe(told.scenario), safe(&sections::what(told)));
    for section in sections::all(told) {
        let _ = writeln!(body, "<h2>{}</h2>", safe(&section.title));
        for (tone, line) in &section.lines {
            let class = match tone {
                Tone::Plain => "",
                Tone::Good => "good",
                Tone::Bad => "bad",
                Tone::Dim => "dim",
            };
            let _ = writeln!(body, "<p class=\"{class}\">{}</p>", safe(line));
        }
        if !section.table.rows.is_empty() {
            let titles: Vec<&str> = section.table.titles.iter().map(String::as_str).collect();
            html::rows(&mut body, "", &titles, section.table.rows.into_iter().map(|(_, cells)| cells).collect());
        }
        for note in &section.notes {
            let _ = writeln!(body, "<p class=\"dim\">{}</p>", safe(note));
        }
    }
    let (pictures, _) = plots::draw(told);
    body.push_str("<h2>Plots</h2>\n<div class=\"pair\">\n");
    html::figures(&mut body, &pictures, |_| true);
    let _ = writeln!(
        body,
        "</div>\n<h2>To have it again</h2>\n<pre>{}</pre>\n<h2>To paste</h2>\n<pre>{}</pre>\n<pre>{}</pre>",
        safe(&sections::command(told)),
        safe(told.fragment),
        safe(&terraform::snippet(told))
    );
    html::document(&format!("{}, tuned", told.scenario), &body)
}
