//! A scenario as a flat list of settings: what `sim compare` lays side by side.
//!
//! # Models      paths as `--set` has them, values as they are written
//! # Leaves out  defaults: a setting that is not written is not there

use crate::diagnostic::Report;
use crate::outline::{Kind, Node};
use crate::{Source, parse, set};

/// Paths and values of a scenario as it is written, with settings changed, in the order of the text.
///
/// # Errors
/// If it cannot be read, or a path does not exist.
pub fn settings(source: &Source, sets: &[(String, String)]) -> Result<Vec<(String, String)>, Report> {
    let text = if sets.is_empty() { source.text.clone() } else { set::apply(source, sets)? };
    let root = parse(&text).map_err(|diagnostic| Report {
        source: source.name.clone(),
        text: text.clone(),
        diagnostics: vec![diagnostic],
    })?;
    let mut flat = Vec::new();
    walk(&root, &text, String::new(), &mut flat);
    Ok(flat)
}

fn walk(node: &Node, text: &str, path: String, flat: &mut Vec<(String, String)>) {
    let below = |name: &str| if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
    let before = flat.len();
    match &node.kind {
        Kind::Struct(_, fields) => {
            fields.iter().for_each(|field| walk(&field.value, text, below(&field.name), flat));
        }
        Kind::Map(entries) => {
            entries.iter().for_each(|(key, value)| walk(value, text, below(key.text().unwrap_or_default()), flat));
        }
        // A distribution or an action is one value, however it is put together.
        Kind::List(items) if items.iter().any(|item| !item.fields().is_empty()) => {
            items.iter().enumerate().for_each(|(at, item)| walk(item, text, below(&at.to_string()), flat));
        }
        _ => {}
    }
    // What a block is called is a setting too: `Simple(..)` or `Step(..)`.
    let inside = flat.len() > before;
    match (inside, node.name()) {
        (true, Some(name)) if !path.is_empty() => flat.insert(before, (path, name.to_string())),
        (true, _) => {}
        (false, _) => {
            let value = text.get(node.span.clone()).unwrap_or_default();
            flat.push((path, value.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_written_setting_has_its_path() {
        let text = "Scenario(name: \"x\", alarms: {\"hot\": (above: 80, actions: [Notify])}, clients: {\"c\": (arrivals: Poisson(\"1/s\"))})";
        let source = Source { name: "x".into(), text: text.into(), dir: None };
        let flat = settings(&source, &[]).unwrap();
        let found: Vec<(&str, &str)> = flat.iter().map(|(path, value)| (path.as_str(), value.as_str())).collect();
        assert_eq!(
            found,
            [
                ("name", "\"x\""),
                ("alarms.hot.above", "80"),
                ("alarms.hot.actions", "[Notify]"),
                ("clients.c.arrivals", "Poisson(\"1/s\")"),
            ]
        );
        assert_eq!(settings(&source, &[("alarms.hot.above".into(), "90".into())]).unwrap()[1].1, "90");
    }
}
