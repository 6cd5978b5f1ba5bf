//! Searches from outside: the same bytes for any number of threads, figures that can be had again, and what is said of
//! mistakes.

use crate::room::{Room, names};
use serde_json::Value;
use std::fs;

/// Customers, and servers that cost money: the fewer the cheaper, as long as nobody waits too long.
const SHOP: &str = r#"
Scenario(
    schema: 1, name: "shop", duration: "4m",
    clients: { "customers": (to: "shop", arrivals: Poisson("40/s"), timeout: Never) },
    services: { "shop": (instances: 8, instance_type: "m5.large", workers: 2, backlog: Unbounded,
                         endpoints: { "buy": (steps: [Compute(Exp(mean: "80ms"))]) }) },
)
"#;

const SEARCH: &str = "tune shop.ron --vary services.shop.instances=1..12 --vary services.shop.workers=1,2,4 \
                      --minimize cost --subject-to p99<=600ms --budget 80runs";

fn room() -> Room {
    let room = Room::new();
    room.write("shop.ron", SHOP);
    room
}

fn json(room: &Room, folder: &str) -> Value {
    serde_json::from_slice(&fs::read(room.path(&format!("{folder}/tune.json"))).unwrap()).unwrap()
}

#[test]
fn the_number_of_threads_changes_no_byte_and_the_winner_can_be_had_again() {
    let room = room();
    let one = room.sim(&format!("{SEARCH} --threads 1 --out one"));
    let two = room.sim(&format!("{SEARCH} --threads 2 --out two"));
    assert_eq!((one.code, two.code), (Some(0), Some(0)), "{one:?}");
    let files = names(&room.path("one"));
    assert_eq!(files, names(&room.path("two")));
    for name in ["tune.json", "tune.csv", "winner.ron", "winner.tf", "summary.md", "report.html", "sensitivity.png"] {
        assert!(files.contains(&name.to_string()), "no {name} among {files:?}");
    }
    for name in &files {
        let [a, b] = ["one", "two"].map(|folder| fs::read(room.path(&format!("{folder}/{name}"))).unwrap());
        assert!(a == b, "{name} is not the same");
    }

    // Five servers of two vCPUs hold 40 × 0.08 = 3.2 busy ones; two of them would be 80 % busy and far too slow.
    let found = json(&room, "one");
    let instances: u32 = found["winner"]["values"]["services.shop.instances"].as_str().unwrap().parse().unwrap();
    assert!((2..=4).contains(&instances), "{instances}");
    assert!(found["differences"]["cost_usd.total"]["mean"].as_f64().unwrap() < 0.0);
    assert_eq!(found["verdict"], "sure");
    assert!(found["read_back_digest"].is_string());
    let spent: u64 = found["spent"].as_object().unwrap().values().map(|runs| runs.as_u64().unwrap()).sum();
    assert!((60..=80).contains(&spent), "{spent} runs of a budget of 80");
    let rows = fs::read_to_string(room.path("one/tune.csv")).unwrap().lines().count() as u64;
    assert_eq!(rows, 1 + spent - found["spent"]["checks"].as_u64().unwrap(), "each run has its row");

    // The command that the page ends with gives the figures of the page.
    let command = found["command"].as_str().unwrap().strip_prefix("sim ").unwrap().to_string();
    let again = room.sim(&format!("{command} --no-plots --out again"));
    assert_eq!(again.code, Some(0), "{again:?}");
    let replications: Value = serde_json::from_slice(&fs::read(room.path("again/replications.json")).unwrap()).unwrap();
    assert_eq!(replications["digests"][0], found["read_back_digest"]);
    for metric in ["cost_usd.total", "latency_ms.p99"] {
        assert_eq!(replications["metrics"][metric]["mean"], found["winner"]["fresh"][metric]["mean"], "{metric}");
    }
}

#[test]
fn a_tune_file_says_what_the_command_line_could() {
    let room = room();
    fs::create_dir(room.path("deep")).unwrap();
    room.write(
        "deep/search.ron",
        r#"// A search.
        Tune(scenario: "../shop.ron", vary: { "services.shop.instances": "1..12", "services.shop.workers": "1,2,4" },
             minimize: "cost", subject_to: ["p99 <= 600ms"], budget: "80runs")"#,
    );
    let filed = room.sim("tune deep/search.ron --no-plots --out filed");
    let typed = room.sim(&format!("{SEARCH} --no-plots --out typed"));
    assert_eq!((filed.code, typed.code), (Some(0), Some(0)), "{filed:?}");
    let (filed, typed) = (json(&room, "filed"), json(&room, "typed"));
    assert_eq!(filed["winner"], typed["winner"]);
    // A budget in time searches too, if not the same again.
    let timed = room.sim("tune deep/search.ron --no-plots --budget 1s --out timed");
    assert_eq!(timed.code, Some(0), "{timed:?}");
    assert!(timed.stdout.contains("depends on the machine"), "{}", timed.stdout);
}

#[test]
fn where_nothing_keeps_the_limits_it_says_so_and_shows_the_nearest() {
    let room = room();
    let search = SEARCH.replace("p99<=600ms", "p99<=1ms");
    let told = room.sim(&format!("{search} --no-plots"));
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.stdout.contains("no setting that was tried keeps all limits"), "{}", told.stdout);
    assert!(told.stdout.contains("✗"), "{}", told.stdout);
    assert!(room.path("out/shop-tune/winner.ron").exists());
}

#[test]
fn mistakes_are_said_before_anything_runs() {
    let room = room();
    let vary = "--vary services.shop.instances=1..12";
    for (args, says) in [
        ("tune shop.ron --minimize cost".to_string(), vec!["nothing to vary"]),
        (format!("tune shop.ron {vary}"), vec!["nothing to minimize", "--minimize"]),
        (format!("tune shop.ron {vary} --minimize cost --maximize goodput"), vec!["cannot be used with"]),
        (format!("tune shop.ron {vary} --minimize costs_usd.total"), vec!["no figure named", "cost_usd.total"]),
        (format!("tune shop.ron {vary} --minimize cost --subject-to p99=3"), vec!["compares nothing"]),
        (format!("tune shop.ron {vary} --minimize cost --budget 5runs"), vec!["60 runs"]),
        (format!("tune shop.ron {vary} --minimize cost --budget soon"), vec!["no budget"]),
        (format!("tune shop.ron {vary} --minimize cost --replications 40 --budget 100"), vec!["too little"]),
        ("tune shop.ron --vary services.shop.instanses=1..12 --minimize cost".into(), vec!["no setting", "instances"]),
        ("tune shop.ron --vary services.shop.instances=12..1 --minimize cost".into(), vec!["goes nowhere"]),
        (format!("tune nowhere.ron {vary} --minimize cost"), vec!["no scenario named"]),
    ] {
        room.sim(&args).refused(&says);
    }
    room.write("bad.ron", "Tune(scenario: \"shop.ron\", vary: {}, minimise: \"cost\")");
    room.sim("tune bad.ron").refused(&["bad.ron:1:"]);
    room.write(
        "both.ron",
        "Tune(scenario: \"shop.ron\", vary: {\"duration\": \"1m..2m\"}, minimize: \"cost\", maximize: \"goodput\")",
    );
    room.sim("tune both.ron").refused(&["both given"]);
    assert!(!room.path("out").exists(), "nothing is left behind");
}
