//! `docs/aws-coverage.md` is complete and true: every rule has its row, and what a row names exists.
//!
//! # Models      the rules of the AWS reference by their ids (sections where there is no id); code as `path::symbol`, tests as
//!   `path::function` or a shipped scenario with expectations
//! # Leaves out  whether a test really tests its rule: that is for the reader of both

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Rules with an id of their own, by letter and last number.
const RULES: &[(char, u32)] = &[
    ('R', 6),
    ('H', 6),
    ('P', 7),
    ('A', 6),
    ('F', 3),
    ('I', 6),
    ('S', 5),
    ('C', 6),
    ('T', 7),
    ('M', 6),
    ('E', 5),
    ('B', 9),
];

/// Sections of the reference on compute, scaling and monitoring.
const SCALING: &[&str] = &[
    "0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "1.9", "1.10", "1.11", "1.12", "1.13", "1.14", "2",
    "3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7", "3.8", "4", "5.1", "5.2", "5.3", "5.4", "5.5", "5.6", "5.7",
    "5.8", "5.9", "6.1", "6.2", "6.3", "6.4", "7.1", "7.2", "7.3", "8", "9",
];

/// Sections of the reference on the network.
const NETWORK: &[&str] = &[
    "1", "2", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14",
    "3.15", "4", "5", "6", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "8", "9", "10.1", "10.2", "10.3", "10.4", "11",
    "12", "13",
];

struct Row {
    line: usize,
    id: String,
    code: String,
    tests: String,
    left_out: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The rows of the table's every part: five cells, the first of them an id.
fn rows() -> Vec<Row> {
    let text = fs::read_to_string(root().join("docs/aws-coverage.md")).expect("the table is there");
    let mut rows = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some(inner) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) else { continue };
        let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
        if cells[0] == "Rule" || cells[0].starts_with("--") {
            continue;
        }
        assert_eq!(cells.len(), 5, "line {}: {} cells", number + 1, cells.len());
        assert!(!cells[1].is_empty(), "line {}: what does the rule say?", number + 1);
        let [id, _, code, tests, left_out] = [cells[0], cells[1], cells[2], cells[3], cells[4]].map(str::to_owned);
        rows.push(Row { line: number + 1, id, code, tests, left_out });
    }
    rows
}

/// What stands in backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Whether `text` declares `symbol`: a function, a type, a constant, a field or a variant.
fn declares(text: &str, symbol: &str) -> bool {
    let after = |line: &str, start: &str| {
        line.strip_prefix(start).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    text.lines().map(str::trim_start).any(|line| {
        let words: Vec<&str> = line.splitn(6, ' ').collect();
        let keyword = words.iter().position(|word| {
            matches!(*word, "fn" | "struct" | "enum" | "const" | "static" | "type" | "mod" | "trait" | "macro_rules!")
        });
        let named = keyword.and_then(|at| words.get(at + 1)).is_some_and(|name| after(name, symbol));
        let bare = line.strip_prefix("pub ").unwrap_or(line);
        let member = after(bare, symbol) && bare[symbol.len()..].trim_start().starts_with([':', ',', '(', '{']);
        named || member && !line.starts_with("//")
    })
}

/// Why a place that a row names is not to be found.
fn missing(place: &str, test: bool) -> Option<String> {
    let (path, symbol) = match place.split_once("::") {
        Some((path, symbol)) => (path, Some(symbol)),
        None => (place, None),
    };
    let Ok(text) = fs::read_to_string(root().join(path)) else { return Some(format!("no file `{path}`")) };
    match symbol {
        Some(symbol) if test => {
            let found = text.contains(&format!("fn {symbol}(")) && text.contains("#[test]")
                || text.contains("proptest!") && text.contains(&format!("fn {symbol}("));
            (!found).then(|| format!("no test `{symbol}` in {path}"))
        }
        Some(symbol) => (!declares(&text, symbol)).then(|| format!("{path} declares no `{symbol}`")),
        None if test && path.ends_with(".ron") => {
            (!text.contains("expect:")).then(|| format!("{path} expects nothing"))
        }
        None => Some(format!("`{place}` names no symbol: write `path::symbol`")),
    }
}

#[test]
fn every_rule_has_its_row_and_no_row_is_of_no_rule() {
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    wanted.extend(RULES.iter().flat_map(|&(letter, last)| (1..=last).map(move |number| format!("{letter}{number}"))));
    wanted.extend(SCALING.iter().map(|section| format!("scaling §{section}")));
    wanted.extend(NETWORK.iter().map(|section| format!("network §{section}")));
    let mut seen = BTreeSet::new();
    let mut complaints = Vec::new();
    for row in rows() {
        // A section may have a row for each of its sentences.
        if wanted.contains(&row.id) {
            seen.insert(row.id);
        } else {
            complaints.push(format!("line {}: `{}` is no rule", row.line, row.id));
        }
    }
    complaints.extend(wanted.difference(&seen).map(|id| format!("`{id}` has no row")));
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn what_the_rows_name_exists() {
    let mut complaints = Vec::new();
    for row in rows() {
        let mut say = |what: String| complaints.push(format!("line {} ({}): {what}", row.line, row.id));
        let (code, tests) = (quoted(&row.code), quoted(&row.tests));
        if code.is_empty() != tests.is_empty() {
            say("code without a test, or a test without code".into());
        }
        if code.is_empty() && row.left_out.len() < 20 {
            say("neither implemented nor left out with a reason".into());
        }
        code.iter().filter_map(|place| missing(place, false)).for_each(&mut say);
        tests.iter().filter_map(|place| missing(place, true)).for_each(&mut say);
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn a_row_that_names_what_is_not_there_is_found_out() {
    assert!(missing("models/src/group/policy.rs::adjusted", false).is_none());
    assert!(missing("models/src/group/policy.rs::never_written", false).is_some());
    assert!(missing("models/src/nowhere.rs::adjusted", false).is_some());
    assert!(missing("models/src/group/policy.rs", false).is_some());
    assert!(missing("tests/coverage.rs::a_row_that_names_what_is_not_there_is_found_out", true).is_none());
    assert!(missing("tests/coverage.rs::nobody", true).is_some());
    assert!(missing("scenarios/mm1.ron", true).is_none());
    assert!(declares("    pub cooldown: Duration,", "cooldown") && !declares("// cooldown: is", "cooldown"));
    assert!(declares("    Cooldown(Time),", "Cooldown") && !declares("    Cooldowns(Time),", "Cooldown"));
}
