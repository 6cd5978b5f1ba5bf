//! The reference of the language, made from the comments of the schema: RON whose values are the kinds of the settings.
//!
//! ```text
//!  schema types ──schemars──► JSON schema (descriptions, kinds) ──► commented text, block by block
//! ```
//! # Models      every block, setting, choice, with unit, range and default as its comment says
//! # Leaves out  a JSON schema for editors: none of them checks RON by one

use crate::decode::BARE;
use crate::schema::Scenario;
use serde_json::Value;
use std::fmt::Write;

/// What stands at the head of the reference.
const HEAD: &str = "\
// The language of scenarios, version 1: every block, every setting, its kind, and what it is when left out.
//
// Kinds: duration \"90s\" \"2ms\" \"1h30m\" · rate \"250/s\" \"3/min\" \"1000/h\" · size \"4KiB\" \"1.5GB\" · money 0.096 · share \"30%\" 0.3 ·
// text in quotes · number · amount 250 \"250ms\" · whole_number · true_or_false. Other kinds are blocks below. `[..]` is a list, `{\"name\": ..}` a map of names.
// Settings may be given by position too: `Cpu(\"web\")` is `Cpu(group: \"web\")`. A list below is a choice: write one of it.
//
// Made by `sim schema` from the comments in `scenarios/src/schema`.
";

/// The commented reference of the language.
pub fn reference() -> String {
    let root = schemars::schema_for!(Scenario).to_value();
    let mut blocks = vec![("Scenario".to_owned(), &root)];
    let mut text = format!("{HEAD}{{\n");
    let mut at = 0;
    while at < blocks.len() {
        let (name, schema) = blocks[at].clone();
        block(&mut text, &name, schema);
        let mut names = Vec::new();
        mentions(schema, &mut names);
        for name in names {
            if let Some(found) = root["$defs"].get(&name).filter(|_| !blocks.iter().any(|block| block.0 == name)) {
                blocks.push((name, found));
            }
        }
        at += 1;
    }
    text.push_str("}\n");
    text
}

/// Names of the blocks that a schema refers to, in order.
fn mentions(schema: &Value, names: &mut Vec<String>) {
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(path) if key == "$ref" => names.extend(path.rsplit('/').next().map(str::to_owned)),
                    _ if key == "$defs" => {}
                    _ => mentions(value, names),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| mentions(item, names)),
        _ => {}
    }
}

fn block(text: &mut String, name: &str, schema: &Value) {
    text.push('\n');
    comment(text, 1, schema, "");
    match schema["oneOf"].as_array() {
        Some(choices) => {
            let _ = writeln!(text, "    \"{name}\": [");
            for choice in choices {
                variant(text, choice);
            }
            text.push_str("    ],\n");
        }
        None => {
            let _ = writeln!(text, "    \"{name}\": (");
            fields(text, 2, schema);
            text.push_str("    ),\n");
        }
    }
}

fn variant(text: &mut String, choice: &Value) {
    if let Some(names) = choice["enum"].as_array() {
        for name in names.iter().filter_map(Value::as_str) {
            let _ = writeln!(text, "        {name},");
        }
        return;
    }
    comment(text, 2, choice, "");
    if let Some(name) = choice["const"].as_str() {
        let _ = writeln!(text, "        {name},");
    }
    let Some((name, body)) = choice["properties"].as_object().and_then(|map| map.iter().next()) else { return };
    if BARE.contains(&name.as_str()) {
        let _ = writeln!(text, "        {},", kind(body));
    } else if body["properties"].is_object() {
        let _ = writeln!(text, "        {name}(");
        fields(text, 3, body);
        text.push_str("        ),\n");
    } else {
        let _ = writeln!(text, "        {name}({}),", kind(body));
    }
}

fn fields(text: &mut String, depth: usize, schema: &Value) {
    let Some(properties) = schema["properties"].as_object() else { return };
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, field) in properties {
        comment(text, depth, field, if required.contains(&name.as_str()) { " Required." } else { "" });
        let _ = writeln!(text, "{}{name}: {},", "    ".repeat(depth), kind(field));
    }
}

/// The description as comment lines of at most 120 columns.
fn comment(text: &mut String, depth: usize, schema: &Value, tail: &str) {
    let Some(description) = schema["description"].as_str() else { return };
    let indent = "    ".repeat(depth);
    let mut line = format!("{indent}//");
    for word in format!("{description}{tail}").split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > 120 {
            let _ = writeln!(text, "{line}");
            line = format!("{indent}//");
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(text, "{line}");
}

/// The kind of a value, in words that RON can read.
fn kind(schema: &Value) -> String {
    if let Some(path) = schema["$ref"].as_str() {
        return path.rsplit('/').next().unwrap_or("value").to_owned();
    }
    for several in ["anyOf", "allOf"] {
        if let Some(first) = schema[several].as_array().and_then(|list| list.first()) {
            return kind(first);
        }
    }
    if let Some(unit) = schema["title"].as_str() {
        return unit.to_owned();
    }
    let of = match &schema["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match of {
        Some("integer") => "whole_number".to_owned(),
        Some("number") => "number".to_owned(),
        Some("boolean") => "true_or_false".to_owned(),
        Some("string") => "text".to_owned(),
        Some("array") => match schema["prefixItems"].as_array() {
            Some(items) => format!("({})", items.iter().map(kind).collect::<Vec<_>>().join(", ")),
            None => format!("[{}]", kind(&schema["items"])),
        },
        Some("object") => format!("{{\"name\": {}}}", kind(&schema["additionalProperties"])),
        _ => "value".to_owned(),
    }
}
