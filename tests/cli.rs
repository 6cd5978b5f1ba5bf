//! Every command from outside: what it prints, and its exit code.

use crate::room::{Done, Room, STARTER};
use serde_json::Value;
use std::io::{Read, Write};
use std::process::Stdio;

const COMMANDS: [&str; 16] = [
    "run",
    "check",
    "sweep",
    "merge",
    "compare",
    "tune",
    "availability",
    "explain",
    "plot",
    "report",
    "export",
    "validate",
    "list",
    "show",
    "new",
    "schema",
];

#[test]
fn every_command_explains_itself_with_examples() {
    let room = Room::new();
    let top = room.sim_expecting(0, "--help");
    assert!(top.stdout.contains("Exit codes:"), "{}", top.stdout);
    for command in COMMANDS {
        assert!(top.stdout.contains(&format!("\n  {command} ")), "{command} in\n{}", top.stdout);
        let help = room.sim_expecting(0, &format!("{command} --help")).stdout;
        assert!(help.contains("Usage: sim ") && help.contains("Examples:\n  sim "), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    }
}

#[test]
fn a_command_that_does_not_exist_is_refused_with_the_nearest_one() {
    let room = Room::new();
    let done = room.sim_expecting(2, "chekc");
    assert!(done.stderr.contains("'check'"), "{}", done.stderr);
    room.sim_expecting(2, "");
    room.sim_expecting(2, "run x.ron --replications 0");
    room.sim_expecting(2, "run x.ron --threads 0");
    room.sim_expecting(2, "run x.ron --set nothing");
    room.sim_expecting(2, "run x.ron --seed -1");
}

#[test]
fn the_version_is_that_of_the_package() {
    let done = Room::new().sim_expecting(0, "--version");
    assert_eq!(done.stdout, format!("sim {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_built_in_scenarios_are_listed_and_shown_and_are_valid() {
    let room = Room::new();
    let list: Value = serde_json::from_str(&room.sim_expecting(0, "list --format json").stdout).unwrap();
    let text = room.sim_expecting(0, "list").stdout;
    let entries = list.as_array().unwrap();
    assert!(entries.iter().any(|entry| entry["name"] == "twitter-spike"), "{list}");
    for entry in entries {
        let name = entry["name"].as_str().unwrap();
        assert!(text.contains(name));
        assert!(!entry["description"].as_str().unwrap().is_empty(), "{name} does not say what it shows");
        let ron = room.sim_expecting(0, &format!("show {name}")).stdout;
        assert!(ron.contains("Scenario("), "{ron}");
        assert_eq!(room.sim_expecting(0, &format!("show {name}.ron")).stdout, ron);
        room.sim_expecting(0, &format!("validate {name}"));
    }
    room.sim("show no-such-thing").refused(&["no-such-thing", "sim list"]);
    room.sim("show twiter-spike").refused(&["`twitter-spike`"]);
}

#[test]
fn a_starter_is_written_once_and_runs() {
    let room = Room::new();
    room.sim_expecting(0, "new mine.ron");
    assert_eq!(room.read("mine.ron"), STARTER);
    room.write("mine.ron", "changed");
    room.sim("new mine.ron").refused(&["mine.ron", "exists", "--force"]);
    assert_eq!(room.read("mine.ron"), "changed");
    room.sim_expecting(0, "new mine.ron --force");
    room.sim_expecting(0, "validate mine.ron");
    room.sim_expecting(0, "run mine.ron --no-plots");
    room.sim_expecting(0, "new other.ron --from twitter-spike");
    assert_eq!(room.read("other.ron"), room.sim("show twitter-spike").stdout);
    room.sim("new third.ron --from nothing").refused(&["nothing"]);
    room.sim("new no/such/folder.ron").refused(&["no/such/folder.ron"]);
    assert_eq!(room.names(), ["mine.ron", "other.ron", "out"]);
}

#[test]
fn the_starter_says_nothing_unwise() {
    let room = Room::with_scenario();
    let done = room.sim_expecting(0, "validate small.ron");
    assert!(!format!("{}{}", done.stdout, done.stderr).contains("warning"), "{done:?}");
}

#[test]
fn the_reference_covers_the_language() {
    let text = Room::new().sim_expecting(0, "schema").stdout;
    for key in ["auto_scaling_groups", "health_check_grace_period", "datapoints_to_alarm", "faults", "expect"] {
        assert!(text.contains(key), "{key} is missing");
    }
}

#[test]
fn completions_exist_for_the_usual_shells() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = Room::new().sim_expecting(0, &format!("completions {shell}")).stdout;
        assert!(text.contains("replications"), "{shell}: {text}");
    }
}

#[test]
fn a_scenario_can_come_from_standard_input() {
    let room = Room::new();
    let mut child =
        room.command("validate -").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(STARTER.as_bytes()).unwrap();
    let done = Done::of(child.wait_with_output().unwrap());
    assert_eq!(done.code, Some(0), "{done:?}");
}

#[test]
fn validate_tells_all_mistakes_of_all_files() {
    let room = Room::with_scenario();
    room.write("bad.ron", STARTER.replace("forward_to: \"web\"", "forward_to: \"wbe\", wrongly: 1"));
    let done = room.sim("validate small.ron bad.ron");
    done.refused(&["wbe", "wrongly", "bad.ron:"]);
    assert!(done.stdout.contains("small.ron"), "{done:?}");
    let json = room.sim_expecting(2, "validate small.ron bad.ron --format json");
    let files: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(files[0]["valid"], true);
    assert_eq!(files[1]["valid"], false);
    let errors: Vec<&Value> = files[1]["diagnostics"].as_array().unwrap().iter().collect();
    assert!(errors.len() >= 2, "{files}");
    let first = errors[0];
    assert!(first["severity"] == "error" && first["line"].as_u64() > Some(1) && first["column"].is_u64(), "{files}");
}

#[test]
fn the_exit_code_says_whether_expectations_held() {
    let room = Room::with_scenario();
    room.sim_expecting(0, "check small.ron");
    let impossible =
        STARTER.replace("expect: [", "expect: [ Availability(at_least: 1.0), CostUsd(at_most: 0.000001), ");
    room.write("impossible.ron", impossible);
    let done = room.sim_expecting(1, "run impossible.ron --no-plots");
    assert!(done.stdout.contains('✗'), "{}", done.stdout);
    let done = room.sim_expecting(1, "check small.ron impossible.ron");
    assert!(done.stdout.starts_with('✓') && done.stdout.contains("\n✗ small (impossible.ron)"), "{}", done.stdout);
    // The others are checked even so.
    let done = room.sim_expecting(2, "check missing.ron impossible.ron small.ron");
    assert!(done.stdout.contains('✓') && done.stderr.contains("missing.ron"), "{done:?}");
    let done = room.sim_expecting(1, "check impossible.ron small.ron --format json --replications 2");
    let checked: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((&checked[0]["verdict"], &checked[1]["verdict"]), (&"not_held".into(), &"held".into()));
    assert_eq!(checked[0]["expectations"][0]["of"], 2);
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let room = Room::with_scenario();
    let page = "run small.ron --no-plots --duration 6m";
    assert!(!room.sim(page).stdout.contains('\x1b'));
    assert!(room.sim(&format!("{page} --color always")).stdout.contains('\x1b'));
    assert!(!room.sim(&format!("{page} --color never")).stdout.contains('\x1b'));
}

#[test]
fn the_page_fits_a_terminal_and_says_where_the_files_are() {
    let room = Room::with_scenario();
    let page = room.sim_expecting(0, "run small.ron --replications 2").stdout;
    for line in page.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    for part in ["out/small", "digest", "availability", "Over 2 replications", "Cost", "Expected"] {
        assert!(page.contains(part), "no {part:?} in\n{page}");
    }
}

#[test]
fn a_reader_who_leaves_early_is_no_mistake() {
    let room = Room::with_scenario();
    for args in ["schema", "show twitter-spike", "run small.ron --no-plots", "list --format json"] {
        let mut child = room.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "sim {args}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_on_standard_output_is_told() {
    let room = Room::with_scenario();
    for args in [
        "schema",
        "list",
        "show twitter-spike",
        "completions bash",
        "validate small.ron --format json",
        "run small.ron --no-plots",
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = room.command(args).stdout(full).output().unwrap();
        Done::of(output).refused(&["cannot write to standard output", "no space left on device"]);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing() {
    let room = Room::with_scenario();
    let mut child = room
        .command("run small.ron --duration 30d --no-plots --trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The temporary folder is there when the simulation begins; the handler of the signal is there before it.
    while !room.path("out").exists() {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before it began");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let done = Done::of(child.wait_with_output().unwrap());
    assert_eq!((done.code, done.stdout.as_str()), (Some(130), ""), "{done:?}");
    assert_eq!(room.names(), ["small.ron"]);
}
