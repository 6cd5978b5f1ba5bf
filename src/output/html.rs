//! What all pages of HTML share: the look, the frame of a document, tables, cards, and pictures inside of the file.
//!
//! ```text
//!  title, body ──document──► one file: policy, style, body        text ──escape──► what may stand in one
//! ```
//! # Models      pages that open anywhere without a network: nothing is loaded and nothing runs
//! # Leaves out  what stands on a page: `report`, `compare` and `sweep` know that

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// What pages look like. Follows the reader's choice of light or dark.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2128;--page:#fff;--card:#f5f6f8;--line:#d9dde3;--dim:#636b76;--good:#1a7f37;--bad:#c62828;--care:#9a6700}\
@media(prefers-color-scheme:dark){:root{--ink:#e3e6ea;--page:#14171c;--card:#1d2229;--line:#343b45;--dim:#98a1ad;--good:#4cc26a;--bad:#ff7b72;--care:#d9a53a}}\
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:72rem;margin:2.5rem auto;padding:0 1.5rem}\
h1{margin:0;font-size:2rem}h2{margin:2.6rem 0 .7rem;font-size:1.2rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}\
p{margin:.3rem 0}.dim{color:var(--dim)}.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}.care{color:var(--care);font-weight:600}\
.lead{font-size:1.12rem;margin:1rem 0}\
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.7rem;margin:1.2rem 0}\
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.55rem .9rem}\
.card b{display:block;font-size:1.35rem;font-variant-numeric:tabular-nums}.card span{color:var(--dim);font-size:.85rem}\
.wide{overflow-x:auto;margin:.6rem 0}table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem}\
th{font-weight:500;color:var(--dim)}th,td{padding:.22rem 1.1rem .22rem 0;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap;vertical-align:top}\
th:first-child,td:first-child,.text td,.text th{text-align:left}.text td:last-child{white-space:normal}\
ul{list-style:none;padding:0}li{margin:.2rem 0}code{font-size:.9em}\
.incident{border-left:4px solid var(--line);padding:.1rem 0 .1rem .9rem;margin:.9rem 0}\
figure{margin:1rem 0}img{width:100%;background:#fff;border:1px solid var(--line);border-radius:8px;box-sizing:border-box}\
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(30rem,1fr));gap:0 1rem}\
@media print{body{max-width:none;margin:0;font-size:11px}h2{break-after:avoid}figure,.incident,.card,tr{break-inside:avoid}.wide{overflow:visible}}";

/// A whole page. `title` is text, `body` is HTML.
pub fn document(title: &str, body: &str) -> String {
    // The policy forbids whatever an unforeseen text might try: nothing is loaded and nothing runs.
    frame(title, "default-src 'none'; img-src data:; style-src 'unsafe-inline'", STYLE, body)
}

/// A whole page that does something: `style` adds to what all pages look like, and `script` runs when the page is there.
pub fn scripted(title: &str, style: &str, body: &str, script: &str) -> String {
    let style = format!("{STYLE}\n{style}");
    // The policy allows exactly this script and this style, whatever else a text might smuggle in.
    let policy = format!(
        "default-src 'none'; img-src data:; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        digest(&style),
        digest(script)
    );
    frame(title, &policy, &style, &format!("{body}<script>{script}</script>\n"))
}

/// The name by which a policy knows a script or a style: its SHA-256.
pub fn digest(content: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(content.as_bytes())))
}

fn frame(title: &str, policy: &str, style: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title} – sim</title>\n\
         <style>{style}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}

/// Figures that are asked for first, in large print: what, and how much.
pub fn cards(body: &mut String, cards: &[(&str, String)]) {
    let _ = writeln!(body, "<div class=\"cards\">");
    for (what, figure) in cards {
        let (what, figure) = (escape(what), escape(figure));
        let _ = writeln!(body, "<div class=\"card\"><b>{figure}</b><span>{what}</span></div>");
    }
    let _ = writeln!(body, "</div>");
}

/// The wanted ones of the plots as images: the SVG, or the PNG of those that have no SVG. `wanted` is asked by the name
/// without its ending.
pub fn figures(body: &mut String, plots: &[(String, Vec<u8>)], wanted: impl Fn(&str) -> bool) {
    for (name, bytes) in plots {
        let Some((stem, kind)) = name.rsplit_once('.').filter(|(stem, _)| wanted(stem)) else { continue };
        let mime = match kind {
            "svg" => "image/svg+xml",
            "png" if !plots.iter().any(|(other, _)| other.strip_suffix(".svg") == Some(stem)) => "image/png",
            _ => continue,
        };
        let label = escape(&stem.replace(['-', '_'], " "));
        let _ = writeln!(
            body,
            "<figure><img alt=\"{label}\" src=\"data:{mime};base64,{}\"></figure>",
            STANDARD.encode(bytes)
        );
    }
}

/// A table under its own heading, or nothing if it has no rows.
pub fn table(body: &mut String, title: &str, titles: &[&str], lines: Vec<Vec<String>>) {
    if !lines.is_empty() {
        let _ = writeln!(body, "<h2>{}</h2>", escape(title));
        rows(body, "", titles, lines);
    }
}

/// A table; `class` is `text` where its columns are words.
pub fn rows(body: &mut String, class: &str, titles: &[&str], lines: Vec<Vec<String>>) {
    let _ = write!(body, "<div class=\"wide\"><table class=\"{class}\"><tr>");
    for title in titles {
        let _ = write!(body, "<th>{}</th>", escape(title));
    }
    let _ = writeln!(body, "</tr>");
    for line in lines {
        let _ = write!(body, "<tr>");
        for cell in line {
            let _ = write!(body, "<td>{}</td>", escape(&cell));
        }
        let _ = writeln!(body, "</tr>");
    }
    let _ = writeln!(body, "</table></div>");
}

/// Text that is text in HTML too, inside and outside of attributes.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let mut body = String::new();
        cards(&mut body, &[("<b>what</b>", "'1' & \"2\"".into())]);
        table(&mut body, "<i>", &["<u>"], vec![vec!["<s>".into()]]);
        let page = document("</title><script>", &body);
        for bad in ["<b>what", "<i>", "<u>", "<s>", "</title><script>", "'1'"] {
            assert!(!page.contains(bad), "{bad} in\n{page}");
        }
        assert!(page.contains("&#39;1&#39; &amp; &quot;2&quot;"));
    }

    #[test]
    fn a_table_without_rows_is_not_shown() {
        let mut body = String::new();
        table(&mut body, "nothing", &["a"], vec![]);
        assert_eq!(body, "");
    }
}
