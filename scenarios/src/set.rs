//! `--set path=value`: changes single settings of a text.
//!
//! ```text
//!  path ──segments──► walk the outline ──► value there: replaced
//!                                     └──► a field left to its default: inserted, if decoding knows it
//! ```
//! # Models      fields, keys of maps, numbers of list elements; keys that contain dots; texts without their quotes
//! # Leaves out  adding entries to maps or lists: that is a change of the architecture, not of a setting

use crate::Source;
use crate::decode;
use crate::diagnostic::{Diagnostic, Report};
use crate::outline::{Kind, Node};
use crate::schema::Scenario;
use std::ops::Range;

/// The text with all settings changed, in turn.
pub(crate) fn apply(source: &Source, sets: &[(String, String)]) -> Result<String, Report> {
    let mut text = source.text.clone();
    for (path, value) in sets {
        let name = format!("--set {path}={value}");
        let complain = |diagnostic| Report { source: name.clone(), text: text.clone(), diagnostics: vec![diagnostic] };
        let root =
            crate::parse(&text).map_err(|diagnostic| Report { source: source.name.clone(), ..complain(diagnostic) })?;
        text = change(&text, &root, path, value).map_err(|diagnostic| complain(*diagnostic))?;
    }
    Ok(text)
}

/// Where a path ends.
struct Spot<'a> {
    /// The last node that exists.
    node: &'a Node,
    /// The part of the path that leads there.
    known: String,
    /// What is left of it.
    left: Vec<&'a str>,
}

fn walk<'a>(root: &'a Node, path: &'a str) -> Spot<'a> {
    let segments: Vec<&str> = path.split('.').collect();
    let (mut node, mut at) = (root, 0);
    'walk: while at < segments.len() {
        // A key may contain dots; the longest one wins.
        for end in (at + 1..=segments.len()).rev() {
            let name = segments[at..end].join(".");
            if let Some(child) = child(node, &name) {
                (node, at) = (child, end);
                continue 'walk;
            }
        }
        // `Poisson(Spike(..))` holds one value, and its settings are meant.
        match node.items() {
            [only] if node.name().is_some() => node = only,
            _ => break,
        }
    }
    Spot { node, known: segments[..at].join("."), left: segments[at..].to_vec() }
}

/// The node at a path that exists in full.
pub(crate) fn find<'a>(root: &'a Node, path: &'a str) -> Option<&'a Node> {
    let spot = walk(root, path);
    spot.left.is_empty().then_some(spot.node)
}

fn child<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let index = name.parse::<usize>().ok();
    node.field(name).or_else(|| node.entry(name)).or_else(|| node.items().get(index?))
}

fn change(text: &str, root: &Node, path: &str, value: &str) -> Result<String, Box<Diagnostic>> {
    let spot = walk(root, path);
    if path.split('.').any(str::is_empty) {
        return Err(Box::new(
            Diagnostic::whole(format!("`{path}` is not a path"))
                .help("write names with dots between them, such as `auto_scaling_groups.web.min_size`"),
        ));
    }
    let (range, before, after) = match spot.left.as_slice() {
        [] => (spot.node.span.clone(), String::new(), String::new()),
        left => insertion(text, &spot, left).ok_or_else(|| unknown(&spot, path, &[]))?,
    };
    let was_text = spot.left.is_empty() && matches!(spot.node.kind, Kind::Str(_));
    let candidates = candidates(value, was_text);
    if candidates.is_empty() {
        return Err(Box::new(Diagnostic::whole(format!("`{value}` is not a value"))));
    }
    let mut first: Option<(String, Vec<Diagnostic>)> = None;
    for candidate in candidates {
        let mut changed = text.to_owned();
        let new = format!("{before}{candidate}{after}");
        changed.replace_range(range.clone(), &new);
        let Ok(tree) = crate::parse(&changed) else { continue };
        let (_, diagnostics) = decode::decode::<Scenario>(&tree);
        let here = range.start..range.start + new.len();
        let about = |d: &Diagnostic| {
            d.span
                .as_ref()
                .is_some_and(|span| span.start < here.end && here.start < span.end && span.len() <= here.len())
        };
        let mine: Vec<Diagnostic> = diagnostics.into_iter().filter(about).collect();
        if mine.is_empty() {
            return Ok(changed);
        }
        first.get_or_insert((changed, mine));
    }
    match first {
        None => Err(Box::new(
            Diagnostic::whole(format!("`{value}` is not a value"))
                .help("write a number, a name, a text, or RON such as `Exp(mean: \"5ms\")`"),
        )),
        // A field that decoding does not know makes the path wrong; any other mistake is one of the value.
        Some((_, mine)) if !spot.left.is_empty() && mine.iter().any(|d| d.message.starts_with("unknown field")) => {
            let known: Vec<&str> = mine
                .iter()
                .flat_map(|d| &d.help)
                .filter(|help| help.starts_with("known:"))
                .map(String::as_str)
                .collect();
            Err(unknown(&spot, path, &known))
        }
        Some((changed, mine)) => {
            let worst = mine.into_iter().next().unwrap_or_else(|| Diagnostic::whole("not a value"));
            let shown = worst.span.clone().and_then(|span| changed.get(span)).unwrap_or(value);
            let mut diagnostic = Diagnostic::whole(format!("cannot set `{path}` to {shown}: {}", worst.message));
            diagnostic.help = worst.help;
            Err(Box::new(diagnostic))
        }
    }
}

/// Where to insert a field that is not written yet, with what stands before and after its value.
fn insertion(text: &str, spot: &Spot<'_>, left: &[&str]) -> Option<(Range<usize>, String, String)> {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if !left.iter().all(|name| is_name(name)) {
        return None;
    }
    let chain = left.join(": (");
    let close = ")".repeat(left.len() - 1);
    let node = spot.node;
    match &node.kind {
        Kind::Struct(..) => {
            // Right behind the opening parenthesis, so that a comment at the end does no harm.
            let open = node.span.start + text.get(node.span.clone())?.find('(')? + 1;
            Some((open..open, format!("{chain}: "), format!("{close}, ")))
        }
        Kind::Tuple(_, items) if items.is_empty() => {
            let end = node.span.end - 1;
            Some((end..end, format!("{chain}: "), close))
        }
        Kind::Word(_) => Some((node.span.end..node.span.end, format!("({chain}: "), format!("{close})"))),
        _ => None,
    }
}

/// Spellings to try: as RON, and as a text in quotes.
fn candidates(value: &str, was_text: bool) -> Vec<String> {
    let raw = ron::from_str::<serde::de::IgnoredAny>(value).is_ok().then(|| value.to_owned());
    // A value may not close what it stands in, nor hide the rest of the line.
    let raw = raw.filter(|_| Node::parse(value).is_ok() && !value.contains("//") && !value.contains('\n'));
    let quoted = Some(format!("{value:?}"));
    let both = if was_text && !value.starts_with('"') && !value.contains('(') { [quoted, raw] } else { [raw, quoted] };
    both.into_iter().flatten().collect()
}

fn unknown(spot: &Spot<'_>, path: &str, known: &[&str]) -> Box<Diagnostic> {
    let at = if spot.known.is_empty() { "the scenario".to_owned() } else { format!("`{}`", spot.known) };
    let next = spot.left.first().copied().unwrap_or_default();
    let diagnostic = Diagnostic::whole(format!("no setting `{path}`"));
    let children: Vec<String> = match &spot.node.kind {
        Kind::Struct(_, fields) => fields.iter().map(|field| field.name.clone()).collect(),
        Kind::Map(_) => spot.node.keys().into_iter().map(str::to_owned).collect(),
        Kind::List(items) | Kind::Tuple(_, items) => (0..items.len()).map(|index| index.to_string()).collect(),
        _ => Vec::new(),
    };
    let mut diagnostic = diagnostic.help(match (&spot.node.kind, children.as_slice()) {
        (Kind::Str(_) | Kind::Number(_) | Kind::Other, _) => format!("{at} is a value and has no settings inside"),
        (_, []) => format!("{at} has no `{next}`"),
        _ => format!("{at} has no `{next}`; it has `{}`", children.join("`, `")),
    });
    let names: Vec<&str> = children.iter().map(String::as_str).collect();
    if let Some(near) = crate::diagnostic::nearest(next, &names) {
        diagnostic = diagnostic.help(format!("a similar name exists: `{near}`"));
    }
    for line in known {
        diagnostic = diagnostic.help((*line).to_owned());
    }
    Box::new(diagnostic)
}
