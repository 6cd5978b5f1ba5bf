//! Modelling choices in force: where AWS publishes nothing, a setting has a default of our own, and its comment says so.
//!
//! ```text
//!  schema types ──schemars──► comments that say "a modelling choice" ┐
//!  scenario text ──outline──► blocks that are written ───────────────┴─► setting, value or default, what it is
//! ```
//! # Models      the settings of every block that a scenario writes, whether or not it writes the setting
//! # Leaves out  blocks left out altogether: what they would hold is not told one by one

use crate::outline::{Kind, Node};
use crate::schema::Scenario;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the comment of such a setting says.
const WORDS: [&str; 3] = ["modelling choice", "UNVERIFIED", "not documented"];

/// A setting whose default is a choice of the models, not a figure of AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Where it stands: `clients.visitors.timeout`; `clients.*.timeout` if several blocks leave it to the default.
    pub path: String,
    /// Its value as written; none if it is left to the default.
    pub value: Option<String>,
    /// What it is, with its default.
    pub words: String,
}

/// The modelling choices of a scenario, in the order of the language; none of a text that cannot be read.
pub fn choices(text: &str) -> Vec<Choice> {
    let Ok(node) = crate::parse(text) else { return Vec::new() };
    let root = schemars::schema_for!(Scenario).to_value();
    let mut walk = Walk { root: &root, text, found: Vec::new() };
    walk.block(&root, &node, &mut Vec::new());
    together(walk.found)
}

/// A choice with the parts of its path; a name that the author gave is marked.
struct Found {
    path: Vec<(String, bool)>,
    value: Option<String>,
    words: String,
}

struct Walk<'a> {
    root: &'a Value,
    text: &'a str,
    found: Vec<Found>,
}

impl<'a> Walk<'a> {
    /// What a schema stands for, references followed.
    fn real(&self, schema: &'a Value) -> &'a Value {
        let first = ["anyOf", "allOf"].iter().find_map(|several| schema[*several].as_array()?.first());
        match (schema["$ref"].as_str(), first) {
            (Some(path), _) => self.real(&self.root["$defs"][path.rsplit('/').next().unwrap_or_default()]),
            (None, Some(first)) => self.real(first),
            _ => schema,
        }
    }

    /// Walks a value of the text beside what the language says of it.
    fn block(&mut self, schema: &'a Value, node: &Node, path: &mut Vec<(String, bool)>) {
        let schema = self.real(schema);
        if let Some(kinds) = schema["oneOf"].as_array() {
            let own = kinds.iter().find_map(|kind| kind["properties"].as_object()?.get(node.name()?));
            if let Some(body) = own {
                // A kind that takes one block in parentheses is that block.
                match (body["properties"].is_object(), node.items()) {
                    (false, [only]) => self.block(body, only, path),
                    _ => self.block(body, node, path),
                }
            }
            return;
        }
        if let Some(fields) = schema["properties"].as_object() {
            for (name, field) in fields {
                path.push((name.clone(), false));
                let written = node.field(name);
                self.note(field, written, path);
                if let Some(written) = written {
                    self.block(field, written, path);
                }
                path.pop();
            }
            return;
        }
        match &node.kind {
            Kind::Map(entries) if schema["additionalProperties"].is_object() => {
                for (key, value) in entries {
                    path.push((key.text().unwrap_or_default().to_string(), true));
                    self.block(&schema["additionalProperties"], value, path);
                    path.pop();
                }
            }
            Kind::List(items) if schema["items"].is_object() => {
                for (at, item) in items.iter().enumerate() {
                    path.push((at.to_string(), true));
                    self.block(&schema["items"], item, path);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, field: &Value, written: Option<&Node>, path: &[(String, bool)]) {
        let words = field["description"].as_str().unwrap_or_default();
        if !WORDS.iter().any(|word| words.contains(word)) {
            return;
        }
        let value = written.map(|node| self.text.get(node.span.clone()).unwrap_or_default());
        let value = value.map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "));
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        self.found.push(Found { path: path.to_vec(), value, words });
    }
}

/// Those left to their defaults once for all blocks alike.
fn together(found: Vec<Found>) -> Vec<Choice> {
    let pattern = |path: &[(String, bool)]| {
        let parts: Vec<&str> = path.iter().map(|(name, own)| if *own { "*" } else { name.as_str() }).collect();
        parts.join(".")
    };
    let mut alike: BTreeMap<String, usize> = BTreeMap::new();
    for one in found.iter().filter(|one| one.value.is_none()) {
        *alike.entry(pattern(&one.path)).or_default() += 1;
    }
    let mut told: Vec<Choice> = Vec::new();
    for one in found {
        let several = pattern(&one.path);
        let plain = one.path.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(".");
        let shared = one.value.is_none() && alike.get(&several).is_some_and(|count| *count > 1);
        let path = if shared { several } else { plain };
        if !told.iter().any(|choice| choice.path == path) {
            told.push(Choice { path, value: one.value, words: one.words });
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(choices: &'a [Choice], path: &str) -> Option<&'a Choice> {
        choices.iter().find(|choice| choice.path == path)
    }

    #[test]
    fn a_choice_is_told_with_its_value_or_as_left_to_its_default() {
        let text = r#"Scenario(
            regions: {"r": (zones: ["a"], inter_az_rtt: "2ms")},
            clients: {"one": (to: "www", timeout: "3s"), "two": (to: "www"), "three": (to: "www")},
            load_balancers: {"www": Application(forward_to: "web")},
        )"#;
        let choices = choices(text);
        assert_eq!(value(&choices, "regions.r.inter_az_rtt").unwrap().value.as_deref(), Some("\"2ms\""));
        assert_eq!(value(&choices, "regions.r.intra_az_rtt").unwrap().value, None);
        assert_eq!(value(&choices, "clients.one.timeout").unwrap().value.as_deref(), Some("\"3s\""));
        // Two that leave it alike are told once.
        let left = value(&choices, "clients.*.timeout").unwrap();
        assert!(left.value.is_none() && left.words.contains("Default 10 s (a modelling choice"), "{left:?}");
        assert_eq!(value(&choices, "clients.two.timeout"), None);
        // Inside of a kind of several.
        assert!(choices.iter().any(|choice| choice.path.starts_with("load_balancers.www.")), "{choices:?}");
        // What is not written is not told of.
        assert!(
            choices.iter().all(|choice| !choice.path.starts_with("databases") && !choice.path.starts_with("network"))
        );
    }

    #[test]
    fn a_text_that_cannot_be_read_has_none() {
        assert_eq!(choices("Scenario("), []);
        assert_eq!(choices(""), []);
    }

    #[test]
    fn every_shipped_scenario_with_clients_rests_on_some() {
        for (name, text) in crate::library() {
            assert!(!choices(text).is_empty() || !text.contains("clients:"), "{name}");
        }
    }
}
