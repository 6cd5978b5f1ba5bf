//! `sim availability` from outside: its answers in each form, its files, and what it refuses.

use crate::room::{Room, names};
use serde_json::Value;

/// Two servers behind a balancer in two zones, and a database with a standby.
const SMALL: &str = "Scenario(schema: 1, name: \"small\", duration: \"10m\",
    regions: { \"r\": (zones: [\"a\", \"b\"]) },
    clients: { \"c\": (to: \"www\", arrivals: Poisson(\"RATE/s\")) },
    load_balancers: { \"www\": Application(forward_to: \"web\") },
    target_groups: { \"web\": (health_check: (interval: \"10s\")) },
    instances: { \"web\": (count: 2, vcpus: 2, target_groups: [\"web\"]) },
    databases: { \"db\": Rds(instance_class: \"db.m5.large\", multi_az: Standby, standby_rebuild: \"10m\") },
    services: { \"web\": (runs_on: \"web\", workers: 16, endpoints: { \"page\": (steps: [Compute(\"10ms\"), Query(\"db\", Read, \"1ms\")]) }) },
    FAILURES
)";

fn small(rate: u32, failures: &str) -> String {
    SMALL.replace("RATE", &rate.to_string()).replace("FAILURES", failures)
}

/// Failures often enough for a few years to see them all.
const OFTEN: &str = "failures: (hosts: (mtbf: \"1y\"), zones: (mtbf: \"1y\", mttr: \"30m\"), databases: (mtbf: \"1y\"),
    load_balancers: (mtbf: \"never\"), regions: (mtbf: \"never\"), changes: (mtbf: \"1y\", mttr: \"10m\"))";

#[test]
fn the_answer_is_the_same_on_any_number_of_threads_and_adds_up() {
    let room = Room::new();
    room.write("small.ron", small(20, OFTEN));
    let line = "availability small.ron --years 10 --rare 40 --replays 1 --format json --threads";
    let one = room.sim_expecting(0, &format!("{line} 1"));
    let three = room.sim_expecting(0, &format!("{line} 3 --out elsewhere"));
    assert_eq!(one.stdout, three.stdout);
    assert_eq!(names(&room.path("out/small-availability")), ["availability.json", "availability.md", "outages.csv"]);
    assert_eq!(room.read("out/small-availability/availability.json"), one.stdout);
    assert_eq!(room.read("out/small-availability/outages.csv"), room.read("elsewhere/outages.csv"));

    let found: Value = serde_json::from_str(&one.stdout).unwrap();
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{value}"));
    let downtime = number(&found["downtime_min_per_year"]["mean"]);
    let causes: f64 = found["causes"].as_array().unwrap().iter().map(|one| number(&one["downtime_min_per_year"])).sum();
    let several = number(&found["combinations"]["downtime_min_per_year"]["mean"]);
    assert!((causes + several - downtime).abs() < 0.01 * downtime, "{causes} and {several} are not {downtime}");
    let available = number(&found["availability"]["mean"]);
    assert!((available - (1.0 - downtime / 525_960.0)).abs() < 1e-9, "{available} and {downtime} minutes");
    // A change that breaks the only service for ten minutes once a year, and a minute or two for the database.
    assert!((8.0..40.0).contains(&downtime), "{downtime} minutes");
    let rows = room.read("elsewhere/outages.csv").lines().count() - 1;
    assert_eq!(rows as u64, found["outages"].as_u64().unwrap());
    assert!(found["replays"].as_array().unwrap().iter().any(|one| one["cause"] == "primary of db"), "{found}");
}

#[test]
fn the_page_is_told_for_people_and_for_documents() {
    let room = Room::new();
    room.write("small.ron", small(20, ""));
    let line = "availability small.ron --years 3 --rare 0 --replays 0";
    let text = room.sim_expecting(0, line).stdout;
    for says in ["small: 3 years", "What takes it down", "Beside the arithmetic", "the scenario has no `failures`"] {
        assert!(text.contains(says), "no {says:?} in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let markdown = room.sim_expecting(0, &format!("{line} --format markdown")).stdout;
    assert!(markdown.starts_with("# small: 3 years\n") && markdown.contains("| --- | ---: |"), "{markdown}");
    assert_eq!(markdown, room.read("out/small-availability/availability.md"));
}

#[test]
fn what_no_years_can_be_told_of_is_refused() {
    let room = Room::new();
    let never = "failures: (hosts: (mtbf: \"never\"), zones: (mtbf: \"never\"), databases: (mtbf: \"never\"),
        load_balancers: (mtbf: \"never\"), regions: (mtbf: \"never\"))";
    for (name, text, says) in [
        ("idle", small(0, ""), "nobody asks for anything"),
        ("full", small(1000, ""), "do not fit even with nothing broken"),
        ("sound", small(20, never), "ever fails"),
        ("mistaken", small(20, "failures: (hosts: (mtbf: \"1s\"))"), "more than once an hour"),
    ] {
        room.write(&format!("{name}.ron"), text);
        room.sim(&format!("availability {name}.ron --years 1")).refused(&[says]);
    }
    room.sim("availability full.ron --years 0").refused(&["--years"]);
    room.sim("availability full.ron --outage-from 0").refused(&["--outage-from"]);
    assert!(!room.names().contains(&"out".to_owned()), "{:?}", room.names());
}
