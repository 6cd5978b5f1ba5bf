//! A few settings of a scenario as a piece of it that can be pasted, and such a piece read back.
//!
//! ```text
//!  text, paths ──outline──► the nodes at the paths, and what they stand in ──► alarms: { "hot": ( above: 80, ), },
//! ```
//! # Models      structs and maps in part, with nothing but what was asked for; lists and values whole
//! # Leaves out  comments of the text

use crate::diagnostic::Report;
use crate::outline::{Kind, Node};
use crate::{Source, parse, set};

/// The settings at `paths` of a scenario with settings changed, as a piece of it.
///
/// # Errors
/// If it cannot be read, or a path does not exist.
pub fn fragment(source: &Source, sets: &[(String, String)], paths: &[String]) -> Result<String, Report> {
    let text = if sets.is_empty() { source.text.clone() } else { set::apply(source, sets)? };
    let root = parse(&text).map_err(|diagnostic| Report {
        source: source.name.clone(),
        text: text.clone(),
        diagnostics: vec![diagnostic],
    })?;
    let wanted: Vec<usize> = paths.iter().filter_map(|path| set::find(&root, path)).map(|node| node.id).collect();
    let mut out = String::new();
    for field in root.fields().iter().filter(|field| holds(&field.value, &wanted)) {
        out.push_str(&format!("{}: ", field.name));
        write(&field.value, &text, &wanted, 0, &mut out);
        out.push_str(",\n");
    }
    Ok(out)
}

/// The values at `paths` of such a piece, as they stand there; those that are not in it are left out.
pub fn read_back(fragment: &str, paths: &[String]) -> Vec<(String, String)> {
    let text = format!("(\n{fragment})");
    let Ok(root) = Node::parse(&text) else { return Vec::new() };
    let at = |path: &String| {
        let node = set::find(&root, path)?;
        Some((path.clone(), text.get(node.span.clone())?.to_string()))
    };
    paths.iter().filter_map(at).collect()
}

fn holds(node: &Node, wanted: &[usize]) -> bool {
    wanted.iter().any(|id| node.contains(*id))
}

/// Writes a node: whole if it is wanted itself or cannot be parted, else what of it is wanted.
fn write(node: &Node, text: &str, wanted: &[usize], depth: usize, out: &mut String) {
    let (inner, end) = ("    ".repeat(depth + 1), "    ".repeat(depth));
    let name = node.name().unwrap_or_default();
    match &node.kind {
        _ if wanted.contains(&node.id) => whole(node, text, out),
        Kind::Struct(_, fields) => {
            out.push_str(&format!("{name}(\n"));
            for field in fields.iter().filter(|field| holds(&field.value, wanted)) {
                out.push_str(&format!("{inner}{}: ", field.name));
                write(&field.value, text, wanted, depth + 1, out);
                out.push_str(",\n");
            }
            out.push_str(&format!("{end})"));
        }
        Kind::Map(entries) => {
            out.push_str("{\n");
            for (key, value) in entries.iter().filter(|(_, value)| holds(value, wanted)) {
                out.push_str(&inner);
                whole(key, text, out);
                out.push_str(": ");
                write(value, text, wanted, depth + 1, out);
                out.push_str(",\n");
            }
            out.push_str(&format!("{end}}}"));
        }
        Kind::Tuple(_, items) if items.len() == 1 => {
            out.push_str(&format!("{name}("));
            write(&items[0], text, wanted, depth, out);
            out.push(')');
        }
        _ => whole(node, text, out),
    }
}

fn whole(node: &Node, text: &str, out: &mut String) {
    out.push_str(text.get(node.span.clone()).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"Scenario(
        name: "x", duration: "1h",
        clients: { "c": (to: "w", arrivals: Poisson(Spike(base: "1/s", peak: "9/s"))) },
        alarms: { "hot": (above: 80, period: "60s"), "cold": (below: 20) },
        auto_scaling_groups: { "w": (min_size: 1, policies: {
            "out": Simple(adjustment: ChangeInCapacity(2), cooldown: "300s"),
            "in": Simple(adjustment: ChangeInCapacity(-1)) }) },
        faults: [At("1m", Kill("a")), At("2m", Kill("b"))],
    )"#;

    fn of(sets: &[(&str, &str)], paths: &[&str]) -> String {
        let source = Source { name: "x".into(), text: TEXT.into(), dir: None };
        let sets: Vec<(String, String)> = sets.iter().map(|(p, v)| ((*p).into(), (*v).into())).collect();
        let paths: Vec<String> = paths.iter().map(|path| (*path).into()).collect();
        fragment(&source, &sets, &paths).unwrap()
    }

    #[test]
    fn a_fragment_has_what_was_asked_for_and_where_it_stands() {
        let found = of(
            &[("alarms.hot.above", "70"), ("auto_scaling_groups.w.policies.out.cooldown", "90s")],
            &["alarms.hot.above", "auto_scaling_groups.w.policies.out.cooldown", "auto_scaling_groups.w.min_size"],
        );
        assert_eq!(
            found,
            "alarms: {\n    \"hot\": (\n        above: 70,\n    ),\n},\n\
             auto_scaling_groups: {\n    \"w\": (\n        min_size: 1,\n        policies: {\n            \"out\": Simple(\n                \
             cooldown: \"90s\",\n            ),\n        },\n    ),\n},\n"
        );
    }

    #[test]
    fn what_cannot_be_parted_is_whole_and_single_values_are_looked_through() {
        assert_eq!(of(&[], &["faults.1"]), "faults: [At(\"1m\", Kill(\"a\")), At(\"2m\", Kill(\"b\"))],\n");
        assert_eq!(
            of(&[], &["clients.c.arrivals.peak"]),
            "clients: {\n    \"c\": (\n        arrivals: Poisson(Spike(\n            peak: \"9/s\",\n        )),\n    ),\n},\n"
        );
        assert_eq!(of(&[], &["nothing.at.all"]), "");
        assert_eq!(
            of(&[("alarms.hot.datapoints_to_alarm", "2")], &["alarms.hot.datapoints_to_alarm"]).lines().nth(2),
            Some("        datapoints_to_alarm: 2,")
        );
    }

    #[test]
    fn a_fragment_is_read_back() {
        let paths = ["alarms.hot.above", "auto_scaling_groups.w.policies.out", "duration"].map(String::from);
        let found = of(&[("alarms.hot.above", "70")], &paths.each_ref().map(String::as_str));
        assert_eq!(
            read_back(&found, &paths),
            [
                ("alarms.hot.above".into(), "70".into()),
                (
                    "auto_scaling_groups.w.policies.out".into(),
                    "Simple(adjustment: ChangeInCapacity(2), cooldown: \"300s\")".into()
                ),
                ("duration".into(), "\"1h\"".to_string()),
            ]
        );
        assert_eq!(read_back("((", &paths), []);
    }
}
