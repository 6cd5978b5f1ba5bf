//! The page of a check: every scenario with its expectations, in one file that opens anywhere.

use super::{Checked, Expected, tally};
use crate::output::html::{document, escape};
use std::fmt::Write;

/// The page.
pub fn page(checked: &[Checked]) -> String {
    let all = Checked::worst(&checked.iter().flat_map(|one| one.expectations.clone()).collect::<Vec<Expected>>());
    let failed = checked.iter().any(|one| one.error.is_some());
    let class = if failed { "bad" } else { all.sign().1 };
    let mut body = format!("<h1>Expectations</h1>\n<p class=\"lead {class}\">{}</p>\n", escape(&tally(checked)));
    let _ = writeln!(
        body,
        "<div class=\"wide\"><table><tr><th>scenario</th><th>expectations</th><th>seed</th><th>replications</th><th>digest</th></tr>"
    );
    for one in checked {
        let (sign, class) = one.verdict.sign();
        let seed = one.seed.map_or_else(|| "–".into(), |seed| seed.to_string());
        let digest = one.digest.as_deref().unwrap_or("–");
        let _ = writeln!(
            body,
            "<tr><td><span class=\"{class}\">{sign}</span> {}</td><td>{}</td><td>{seed}</td><td>{}</td><td><code>{}</code></td></tr>",
            escape(&one.name()),
            escape(&one.tally()),
            one.replications,
            escape(digest),
        );
    }
    let _ = writeln!(body, "</table></div>");
    for one in checked {
        let _ = writeln!(body, "<h2>{}</h2>", escape(&one.name()));
        if let Some(error) = &one.error {
            let _ = writeln!(body, "<div class=\"wide\"><pre>{}</pre></div>", escape(error.trim_end()));
        }
        if one.expectations.is_empty() && one.error.is_none() {
            let _ = writeln!(body, "<p class=\"dim\">expects nothing</p>");
        }
        let _ = writeln!(body, "<ul>");
        one.expectations.iter().for_each(|expected| item(&mut body, expected));
        let _ = writeln!(body, "</ul>");
    }
    document("expectations", &body)
}

fn item(body: &mut String, expected: &Expected) {
    let (sign, class) = expected.verdict.sign();
    let (text, line) = (escape(&expected.text), expected.place.line);
    let head = format!("<span class=\"{class}\">{sign}</span> <code>{text}</code>");
    if expected.again.is_none() && class == "good" {
        let sentence = escape(&expected.sentence());
        let _ = writeln!(body, "<li>{head} <span class=\"dim\">{sentence}</span></li>");
        return;
    }
    let _ = write!(body, "<li>{head} <span class=\"dim\">line {line}</span><div class=\"incident\">");
    for (label, line) in expected.lines() {
        let line = escape(&line);
        let line = if label == "again" { format!("<code>{line}</code>") } else { line };
        let _ = write!(body, "<p><span class=\"dim\">{label}</span> {line}</p>");
    }
    let _ = writeln!(body, "</div></li>");
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn nothing_from_a_scenario_becomes_markup() {
        let mut checked = sample::checked();
        checked[1].expectations[1].text = "<script>alert(1)</script>".into();
        checked[2].error = Some("<img src=x>".into());
        let text = page(&checked);
        assert!(!text.contains("<script") && !text.contains("<img"), "{text}");
        assert!(text.contains("&lt;script&gt;") && text.contains("--replication 3") && text.contains("3 scenarios"));
        assert!(!text.contains("http://") && !text.contains("https://"));
    }
}
