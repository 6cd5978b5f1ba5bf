//! `sim check` from outside: exit codes, what it prints and writes, in each of its forms.

use crate::room::{Room, STARTER};
use serde_json::Value;

/// The starter, with these expectations on lines of their own.
fn starter(expect: &str) -> String {
    let text = STARTER.replace("duration: \"20m\"", "duration: \"8m\"");
    let at = text.find("    expect: [").unwrap();
    format!("{}    expect: [\n        {expect}\n    ],\n)\n", &text[..at])
}

/// A line and a column of a text, both from 1.
fn place(text: &str, part: &str) -> (u64, u64) {
    let at = text.find(part).unwrap();
    let line = text[..at].matches('\n').count() as u64 + 1;
    (line, at as u64 - text[..at].rfind('\n').unwrap() as u64)
}

#[test]
fn the_worst_of_all_files_is_the_exit_code_and_none_stops_the_others() {
    let room = Room::new();
    room.write("held.ron", starter("Availability(at_least: 0.1)"));
    room.write("broken.ron", starter("Availability(at_least: 0.1), Never(Above(InFlight, 0))"));
    room.write("unproven.ron", starter("InRuns(0.5, Availability(at_least: 0.1))"));
    room.write("bad.ron", starter("Sometimes(Below(P99, 1))"));
    room.sim_expecting(0, "check held.ron");
    room.sim_expecting(1, "check held.ron broken.ron");
    // 0.5^5 is below 0.05, and 0.5^4 is not: five runs are made unless fewer are asked for.
    let done = room.sim_expecting(0, "check unproven.ron");
    assert!(done.stdout.contains("1 expectation held, 5 replications"), "{}", done.stdout);
    let done = room.sim_expecting(1, "check unproven.ron --replications 4");
    assert!(
        done.stdout.contains("not proven with 4 runs: held in 4") && done.stdout.contains("5 runs"),
        "{}",
        done.stdout
    );
    room.sim_expecting(0, "run unproven.ron --no-plots");
    let done = room.sim("check bad.ron broken.ron held.ron missing.ron");
    done.refused(&["Sometimes", "missing.ron", "2 of 4 scenarios could not be run"]);
    let lines: Vec<&str> = done.stdout.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(
        lines,
        [
            "✗ bad.ron  could not be run",
            "✗ small (broken.ron)  1 of 2 expectations held",
            "✓ small (held.ron)  1 expectation held",
            "✗ missing.ron  could not be run",
            "4 scenarios: 1 held, 1 not held, 2 could not be run",
        ],
        "{}",
        done.stdout
    );
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let room = Room::new();
    room.write("a.ron", starter("InRuns(0.7, Never(Above(P99, \"40ms\"))), Availability(at_least: 1)"));
    room.write("b.ron", starter("Mean(Figure(of: \"latency_ms.p99\", at_most: \"1s\"))"));
    let one = room.sim("check a.ron b.ron --format json --threads 1");
    let many = room.sim("check a.ron b.ron --format json --threads 4");
    assert_eq!((one.code, &one.stdout), (many.code, &many.stdout));
    let found: Value = serde_json::from_str(&one.stdout).unwrap();
    assert_eq!((&found[0]["replications"], &found[1]["replications"]), (&9.into(), &10.into()), "{found}");
}

#[test]
fn a_broken_expectation_names_its_line_and_the_command_that_shows_it_again() {
    let room = Room::new();
    let broken = "Never(that: Above(InFlight, 0), longer_than: \"5s\")";
    let text = starter(&format!("Availability(at_least: 0.1),\n        {broken},"));
    room.write("mine.ron", &text);
    let done = room.sim_expecting(1, "check mine.ron --format json --seed 9 --replications 2 --set seed=4");
    let found: Value = serde_json::from_str(&done.stdout).unwrap();
    let expected = &found[0]["expectations"][1];
    let (line, column) = place(&text, broken);
    assert_eq!((&expected["line"], &expected["column"]), (&line.into(), &column.into()));
    assert_eq!((&expected["text"], &expected["verdict"]), (&broken.into(), &"not_held".into()));
    assert_eq!(expected["again"], "sim run mine.ron --set seed=4 --seed 9");
    let done = room.sim_expecting(1, "check mine.ron --format github");
    let first = done.stdout.lines().next().unwrap();
    let end = column + broken.len() as u64;
    let at = format!(
        "::error file=mine.ron,line={line},endLine={line},col={column},endColumn={end},title=small%3A not held::Never("
    );
    assert!(first.starts_with(&at), "{first}\n{at}");
    let done = room.sim_expecting(1, "check mine.ron --format markdown");
    assert!(done.stdout.contains("| ❌ | small (mine.ron) | 1 of 2 expectations held | 1 | 1 |"), "{}", done.stdout);
}

/// Replication 2 of ten is replication 2 alone.
#[test]
fn one_replication_can_be_run_alone() {
    let room = Room::new();
    room.write("mine.ron", starter("Availability(at_least: 0.1)"));
    room.sim_expecting(0, "run mine.ron --no-plots --replications 3 --out all");
    let all: Value = serde_json::from_str(&room.read("all/replications.json")).unwrap();
    let page = room.sim_expecting(0, "run mine.ron --no-plots --replication 2 --out one").stdout;
    assert!(page.contains("seed 1 · replication 2 · warm-up 1 m · digest"), "{page}");
    let one: Value = serde_json::from_str(&room.read("one/summary.json")).unwrap();
    assert_eq!((&one["digest"], &one["replication"]), (&all["digests"][2], &2.into()));
    room.sim_expecting(2, "run mine.ron --replication 2 --replications 3");
}

#[test]
fn the_files_that_are_asked_for_are_written_whole_or_not_at_all() {
    let room = Room::new();
    room.write("mine.ron", starter("Availability(at_least: 0.1), CostUsd(at_most: 0)"));
    room.sim_expecting(1, "check mine.ron --junit check.xml --report check.html --markdown check.md");
    let report = quick_junit::Report::deserialize_from_str(&room.read("check.xml")).unwrap();
    assert_eq!((report.tests, report.failures, report.errors), (2, 1, 0));
    assert_eq!(report.test_suites[0].name.as_str(), "small (mine.ron)");
    let page = room.read("check.html");
    assert!(page.starts_with("<!doctype html>") && page.contains("CostUsd(at_most: 0)"), "{page}");
    assert!(room.read("check.md").contains("`CostUsd(at_most: 0)`"), "{}", room.read("check.md"));
    assert_eq!(room.names(), ["check.html", "check.md", "check.xml", "mine.ron"]);
    room.sim("check mine.ron --junit no/such/folder.xml").refused(&["no/such/folder.xml"]);
    room.write("check.xml", "mine");
    room.sim("check --junit check.xml missing.ron").refused(&["missing.ron"]);
    let report = quick_junit::Report::deserialize_from_str(&room.read("check.xml")).unwrap();
    assert_eq!((report.tests, report.errors), (1, 1), "what cannot run is reported too");
}
