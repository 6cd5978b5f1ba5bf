//! What was run, so that it can be run again: the scenario in full, the command, and what was assumed where AWS is silent.

use crate::experiment::Experiment;
use crate::output::html::{escape, rows};
use crate::output::units;
use std::fmt::Write;

/// Assumptions, cautions, the scenario and the command. `scenario` is the text as it was run, if it is known.
pub fn provenance(body: &mut String, experiment: &Experiment, scenario: Option<&str>) {
    let summary = &experiment.first.summary;
    if !summary.warnings.is_empty() {
        let _ = writeln!(body, "<section id=\"cautions\"><h2>Cautions</h2>\n<ul>");
        for warning in &summary.warnings {
            let _ = writeln!(body, "<li>{}</li>", escape(warning));
        }
        let _ = writeln!(body, "</ul></section>");
    }
    if let Some(text) = scenario {
        assumptions(body, text);
    }
    let _ = writeln!(body, "<section id=\"scenario\"><h2>Run it again</h2>");
    let replications = experiment.aggregate.as_ref().map(|all| format!(" --replications {}", all.replications));
    let command = format!("sim run scenario.ron --seed {}{}", summary.seed, replications.unwrap_or_default());
    let _ = writeln!(
        body,
        "<p class=\"lede\">In the folder of these results, with the same version, this gives the same digest on any machine.</p>\n\
         <p class=\"command\"><code id=\"command\">{command}</code> <button type=\"button\" class=\"quiet needs-script\" data-copy=\"command\">Copy</button></p>\n\
         <dl class=\"facts\"><dt>scenario</dt><dd>{}</dd><dt>seed</dt><dd>{}</dd><dt>version</dt><dd>sim {}</dd><dt>digest</dt><dd><code>{}</code></dd>\
         <dt>simulated</dt><dd>{}{}</dd><dt>events handled</dt><dd>{}</dd></dl>",
        escape(&summary.scenario),
        summary.seed,
        escape(&summary.version),
        escape(&summary.digest),
        units::seconds(summary.duration_s),
        if summary.warm_up_s > 0.0 {
            format!(", of which the first {} are not counted", units::seconds(summary.warm_up_s))
        } else {
            String::new()
        },
        units::count(summary.run.events),
    );
    if let Some(text) = scenario {
        let _ = writeln!(
            body,
            "<details open><summary>scenario.ron, as it was run</summary><pre tabindex=\"0\" id=\"scenario-text\">{}</pre></details>",
            colored(text)
        );
    }
    let _ = writeln!(body, "</section>");
}

/// What the models assume where AWS publishes nothing, as far as this scenario uses it.
fn assumptions(body: &mut String, text: &str) {
    let choices = scenarios::choices(text);
    if choices.is_empty() {
        return;
    }
    let _ = writeln!(
        body,
        "<section id=\"assumptions\"><h2>Assumptions</h2>\n<p class=\"lede\">Where AWS publishes no figure, the models take one. These are the \
         ones in force in the blocks that this scenario writes; each is a setting.</p>"
    );
    let (own, left): (Vec<_>, Vec<_>) = choices.iter().partition(|choice| choice.value.is_some());
    let line = |choice: &&scenarios::Choice| {
        let value = choice.value.clone().unwrap_or_else(|| "default".into());
        vec![choice.path.clone(), value, choice.words.replace('`', "")]
    };
    if !own.is_empty() {
        let _ = writeln!(body, "<h3 class=\"part\">Set by the scenario</h3>");
        rows(body, "text choices", &["setting", "value", "what it is"], own.iter().map(line).collect());
    }
    let _ = writeln!(body, "<details><summary>{} left at their defaults</summary>", left.len());
    rows(body, "text choices", &["setting", "value", "what it is"], left.iter().map(line).collect());
    let _ = writeln!(body, "</details></section>");
}

/// A scenario's text with comments, texts and numbers told apart.
fn colored(text: &str) -> String {
    let mut html = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (class, end) = if rest.starts_with("//") {
            ("c", rest.find('\n').unwrap_or(rest.len()))
        } else if first == '"' {
            let mut escaped = false;
            let closes = |c: char| {
                let closes = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                closes
            };
            ("t", rest[1..].find(closes).map_or(rest.len(), |at| at + 2))
        } else if first.is_ascii_digit() {
            ("n", rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(rest.len()))
        } else if first.is_alphabetic() || first == '_' {
            ("", rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len()))
        } else {
            ("", first.len_utf8())
        };
        let (part, after) = rest.split_at(end);
        match class {
            "" => html.push_str(&escape(part)),
            class => _ = write!(html, "<span class=\"{class}\">{}</span>", escape(part)),
        }
        rest = after;
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_keeps_its_text_and_gains_colour() {
        let text = "// what <it> is\nScenario(x1: \"a \\\" // no comment\", n: 12.5, ünder: \"open";
        let html = colored(text);
        assert!(html.contains("<span class=\"c\">// what &lt;it&gt; is</span>\nScenario(x1: "), "{html}");
        assert!(html.contains("<span class=\"t\">&quot;a \\&quot; // no comment&quot;</span>"), "{html}");
        assert!(html.contains("<span class=\"n\">12.5</span>"), "{html}");
        // Nothing is lost, not even of a text that is broken off.
        let plain = html.replace("</span>", "");
        let plain =
            ["c", "t", "n"].iter().fold(plain, |html, class| html.replace(&format!("<span class=\"{class}\">"), ""));
        assert_eq!(plain, escape(text));
    }
}
