//! Sweeps from outside: the same bytes for any number of threads, processes and accidents; and what is said of mistakes.

use crate::room::{Room, names};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One queue: quick enough for many cells.
const QUEUE: &str = r#"
Scenario(
    schema: 1, name: "queue", duration: "10m", warm_up: "1m",
    clients: { "customers": (to: "queue", arrivals: Poisson("60/s"), timeout: Never) },
    services: { "queue": (instances: 1, workers: 1, vcpus: 1, backlog: Unbounded,
                          endpoints: { "job": (steps: [Compute(Exp(mean: "10ms"))]) }) },
)
"#;

/// Eight cells of three replications.
const SWEEP: &str = "sweep queue.ron --vary services.queue.instances=1..4:1 --vary services.queue.workers=1,2 --replications 3 --no-plots";

fn room() -> Room {
    let room = Room::new();
    room.write("queue.ron", QUEUE);
    room
}

/// Names and contents of all files below a folder.
fn contents(room: &Room, folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for name in names(&room.path(folder)) {
        let path = format!("{folder}/{name}");
        if room.path(&path).is_dir() {
            all.extend(contents(room, &path));
        } else {
            all.push((path.split_once('/').unwrap().1.to_string(), fs::read(room.path(&path)).unwrap()));
        }
    }
    all
}

#[track_caller]
fn assert_same(room: &Room, one: &str, other: &str) {
    let (one, other) = (contents(room, one), contents(room, other));
    let files = |all: &[(String, Vec<u8>)]| all.iter().map(|entry| entry.0.clone()).collect::<Vec<_>>();
    assert_eq!(files(&one), files(&other));
    for (one, other) in one.iter().zip(&other) {
        assert!(one.1 == other.1, "{} differs", one.0);
    }
}

#[test]
fn threads_parts_and_accidents_change_no_byte() {
    let room = room();
    room.sim_expecting(0, &format!("{SWEEP} --threads 1 --out one"));
    room.sim_expecting(0, &format!("{SWEEP} --threads 2 --out two"));
    assert_same(&room, "one", "two");
    for part in 0..3 {
        room.sim_expecting(0, &format!("{SWEEP} --shard {part}/3 --out part-{part}"));
    }
    // In any order.
    room.sim_expecting(0, "merge part-2 part-0 part-1 --no-plots --out merged");
    assert_same(&room, "one", "merged");
    // What a power failure would leave: some cells, one of them half written under another name, and no tables.
    fs::create_dir_all(room.path("cut/cells")).unwrap();
    for file in ["sweep.json", "cells/000000.json", "cells/000005.json"] {
        fs::copy(room.path(&format!("one/{file}")), room.path(&format!("cut/{file}"))).unwrap();
    }
    room.sim_expecting(0, &format!("{SWEEP} --out cut"));
    assert_same(&room, "one", "cut");
    // A record that is not whole is made anew.
    room.write("cut/cells/000003.json", "{\"cell\": 3,");
    room.sim_expecting(0, &format!("{SWEEP} --out cut"));
    assert_same(&room, "one", "cut");
}

#[test]
fn killed_at_any_moment_it_goes_on_where_it_was() {
    let room = room();
    room.sim_expecting(0, &format!("{SWEEP} --out whole"));
    let cells =
        |room: &Room| if room.path("killed/cells").is_dir() { names(&room.path("killed/cells")).len() } else { 0 };
    // Killed after the first cell it finishes, and again after the next.
    for least in [1, 2] {
        let mut child = room
            .command(&format!("{SWEEP} --threads 1 --out killed"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let patience = Instant::now();
        while cells(&room) < least
            && child.try_wait().unwrap().is_none()
            && patience.elapsed() < Duration::from_secs(60)
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = child.kill();
        child.wait().unwrap();
        assert!(cells(&room) >= least);
    }
    let made: Vec<_> = names(&room.path("killed/cells")).into_iter().filter(|name| name.ends_with(".json")).collect();
    let stamps: Vec<_> = made
        .iter()
        .map(|name| fs::metadata(room.path(&format!("killed/cells/{name}"))).unwrap().modified().unwrap())
        .collect();
    room.sim_expecting(0, &format!("{SWEEP} --out killed"));
    for (name, stamp) in made.iter().zip(stamps) {
        let now = fs::metadata(room.path(&format!("killed/cells/{name}"))).unwrap().modified().unwrap();
        assert_eq!(now, stamp, "{name} was made twice");
    }
    assert_same(&room, "whole", "killed");
}

/// Shards in processes of their own by way of a local runner: GNU parallel where it is installed, else `xargs -P`, which every
/// system has. Two are killed on the way and run again.
#[test]
fn parts_run_by_a_local_scheduler_merge_into_the_whole() {
    let room = room();
    room.sim_expecting(0, &format!("{SWEEP} --out whole"));
    let sim = env!("CARGO_BIN_EXE_sim");
    let job = |part: &str| {
        format!("AWS_BATCH_JOB_ARRAY_INDEX={part} '{sim}' {SWEEP} --shard auto/4 --out part-{part} > /dev/null 2>&1")
    };
    // Parts 1 and 2 are killed early, as by a node that fails.
    for part in ["1", "2"] {
        let mut child = Command::new("sh")
            .args(["-c", &format!("exec env {}", job(part).replace(" > /dev/null 2>&1", ""))])
            .current_dir(room.path("."))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(30));
        let _ = child.kill();
        child.wait().unwrap();
    }
    let has_parallel = Command::new("parallel")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success());
    let mut runner = if has_parallel {
        let mut runner = Command::new("parallel");
        runner.args(["-j", "2", &job("{}")]);
        runner
    } else {
        let mut runner = Command::new("xargs");
        runner.args(["-P", "2", "-I", "{}", "sh", "-c", &job("{}")]);
        runner
    };
    let mut runner = runner.current_dir(room.path(".")).stdin(Stdio::piped()).spawn().expect("a local runner");
    runner.stdin.take().unwrap().write_all(b"0\n1\n2\n3\n").unwrap();
    assert!(runner.wait().unwrap().success());
    room.sim_expecting(0, "merge part-0 part-1 part-2 part-3 --no-plots --out merged");
    assert_same(&room, "whole", "merged");
}

#[test]
fn all_cells_meet_the_same_chance() {
    let room = room();
    room.sim_expecting(0, "sweep queue.ron --vary services.queue.workers=1,2 --replications 2 --no-plots --out x");
    let rows: Vec<String> = room.read("x/runs.csv").lines().map(str::to_owned).collect();
    let heads: Vec<&str> = rows[0].split(',').collect();
    let at = heads.iter().position(|head| *head == "requests.offered").unwrap();
    let offered: Vec<&str> = rows[1..].iter().map(|row| row.split(',').nth(at).unwrap()).collect();
    assert_eq!(offered.len(), 4);
    assert_eq!((offered[0], offered[1]), (offered[2], offered[3]), "the same arrivals in both cells");
    assert_ne!(offered[0], offered[1], "others in each replication");
}

#[test]
fn a_cell_that_cannot_run_stops_no_other() {
    let room = room();
    let done = room.sim("sweep queue.ron --vary services.queue.instances=1,0,2 --replications 2 --no-plots --out x");
    done.refused(&["1 of 3 cells could not run"]);
    assert!(done.stdout.contains("1 cell could not run"), "{}", done.stdout);
    assert_eq!(room.read("x/runs.csv").lines().count(), 1 + 4);
    assert!(room.read("x/runs.jsonl").lines().any(|line| line.contains("\"error\"")));
}

/// `sweep.parquet`, read back, says what `runs.csv` does, and why a cell could not run.
#[test]
fn the_parquet_file_holds_what_the_csv_file_does() {
    let room = room();
    let vary = "--vary services.queue.instances=1,0,2 --vary duration=2m,3m";
    room.sim(&format!("sweep queue.ron {vary} --replications 2 --no-plots --out x")).refused(&["2 of 6 cells"]);
    let file = SerializedFileReader::new(fs::File::open(room.path("x/sweep.parquet")).unwrap()).unwrap();
    let about = file.metadata().file_metadata().key_value_metadata().unwrap();
    assert!(
        about.iter().any(|entry| entry.key == "sim.sweep" && entry.value.as_ref().unwrap().contains("scenario_sha256"))
    );
    let all = file.get_row_iter(None).unwrap().map(|row| row.unwrap().into_columns());
    let (ran, failed): (Vec<_>, Vec<_>) = all.partition(|row| row.iter().any(|f| f.0 == "error" && f.1 == Field::Null));
    assert_eq!(failed.len(), 2);
    assert!(failed.iter().flatten().any(|f| f.0 == "error" && f.1.to_string().contains("outside 1 to")));
    let text = room.read("x/runs.csv");
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let heads = lines.next().unwrap();
    assert_eq!(heads, ran[0].iter().map(|f| f.0.as_str()).filter(|name| *name != "error").collect::<Vec<_>>());
    for (line, row) in lines.zip(&ran) {
        for (text, (name, value)) in line.iter().zip(row.iter().filter(|f| f.0 != "error")) {
            let same = match value {
                Field::Null => text.is_empty(),
                Field::Str(value) => text == value,
                Field::Long(value) => text.parse() == Ok(*value),
                Field::Double(value) => text.parse() == Ok(*value),
                _ => false,
            };
            assert!(same, "{name}: {value} is not `{text}`");
        }
    }
    assert_eq!(text.lines().count(), 1 + ran.len());
    let kind = |name: &str| ran[0].iter().find(|f| f.0 == name).unwrap().1.clone();
    assert!(matches!(kind("services.queue.instances"), Field::Double(_)) && matches!(kind("duration"), Field::Str(_)));
}

#[test]
fn a_changed_scenario_is_not_mixed_in() {
    let room = room();
    let sweep = "sweep queue.ron --vary services.queue.workers=1,2 --replications 2 --no-plots --out x";
    room.sim_expecting(0, sweep);
    room.write("queue.ron", QUEUE.replace("60/s", "61/s"));
    room.sim(sweep).refused(&["the scenario has changed since", "--out"]);
    room.write("queue.ron", QUEUE);
    room.sim_expecting(0, sweep);
    room.sim(&format!("{sweep} --seed 2")).refused(&["its seed is 1"]);
}

#[test]
fn mistakes_are_said_before_anything_runs() {
    let room = room();
    room.sim("sweep queue.ron").refused(&["nothing to vary", "--vary"]);
    room.sim("sweep queue.ron --vary services.queue").refused(&["expected `path=values`"]);
    room.sim("sweep queue.ron --vary services.qeue.workers=1,2").refused(&["services.qeue.workers", "queue"]);
    room.sim("sweep queue.ron --vary services.queue.workers=@none.ron").refused(&["cannot read", "none.ron"]);
    room.sim("sweep queue.ron --vary duration=1h,2h --shard auto/3").refused(&["no scheduler", "--shard 0/3"]);
    room.sim("merge nowhere").refused(&["holds no sweep"]);
    room.sim_expecting(0, "sweep queue.ron --vary services.queue.workers=1,2 --shard 0/2 --replications 2 --out part");
    room.sim("merge part").refused(&["1 of 2 cells are missing"]);
    assert_eq!(room.names(), ["part", "queue.ron"]);
}

#[test]
fn a_sweep_file_says_what_the_command_line_could() {
    let room = room();
    room.write(
        "sweep.ron",
        r#"// Workers against instances.
Sweep(
    scenario: "queue.ron",
    vary: { "services.queue.instances": "1..4:1", "services.queue.workers": "1,2" },
    replications: 3,
    metrics: ["latency_ms.mean"],
)"#,
    );
    let done = room.sim_expecting(0, "sweep sweep.ron --no-plots --out file");
    assert!(done.stdout.contains("latency_ms.mean") && !done.stdout.contains("availability"), "{}", done.stdout);
    room.sim_expecting(0, &format!("{SWEEP} --metric mean --out line"));
    assert_same(&room, "line", "file");
    room.write("bad.ron", "Sweep(scenario: \"queue.ron\", very: {})");
    room.sim("sweep bad.ron").refused(&["bad.ron", "very"]);
}

/// Named figures and formulas are figures like any other, in the tables too; the best cell is of those that keep the limits, and
/// another question needs no further run.
#[test]
fn a_sweep_file_says_what_is_wanted() {
    let room = room();
    let file = r#"Sweep(
    scenario: "queue.ron",
    vary: { "services.queue.instances": "1..4:1", "services.queue.workers": "1,2" },
    replications: 3,
    metrics: { "slow": "latency_ms.p99", "wait per job": "queueing_ms.queue.mean_waiting / requests.succeeded" },
    objectives: ["minimize services"],
    subject_to: ["slow <= LIMIT"],
)"#;
    let servers = file.replace("minimize services", "minimize groups.queue.max_in_service");
    room.write("wanted.ron", servers.replace("LIMIT", "70ms"));
    let told = room.sim_expecting(0, "sweep wanted.ron --no-plots --out x").stdout;
    let best: Vec<&str> = told.lines().filter(|line| line.trim_end().ends_with("best")).collect();
    // One server of one worker has its p99 at 1/(μ − λ)·ln 100 = 115 ms, two servers far below 70.
    assert!(!best.is_empty() && best.iter().all(|line| line.split_whitespace().nth(1) == Some("2")), "{told}");
    assert!(told.contains("breaks a limit") && told.contains("less groups.queue.max_in_service"), "{told}");
    assert!(room.read("x/runs.csv").lines().next().unwrap().contains("wait per job"));
    let stamp = |room: &Room| fs::metadata(room.path("x/cells/000003.json")).unwrap().modified().unwrap();
    let before = stamp(&room);
    room.write("wanted.ron", servers.replace("LIMIT", "1ms"));
    let told = room.sim_expecting(0, "sweep wanted.ron --no-plots --out x").stdout;
    assert!(told.contains("no cell keeps slow <= 1ms") && told.contains("Nearest to the limits"), "{told}");
    assert_eq!(stamp(&room), before, "nothing was run again");
    let options = "--minimize slow --maximize goodput --format markdown --no-plots --out x";
    let told = room.sim_expecting(0, &format!("sweep wanted.ron {options}")).stdout;
    assert!(told.starts_with("## queue, swept") && told.contains("| --: |"), "{told}");
    for (from, to, wrong) in [
        ("minimize services", "minimise", "expected the name of a figure"),
        ("LIMIT", "soon", "`soon` is no number"),
        ("LIMIT", "$5", "`slow` is no money"),
        ("requests.succeeded", "(1 +", "expected a figure"),
        ("minimize services", "minimize nothing", "no figure named `nothing`"),
        ("\"slow\"", "\"availability\"", "`availability` is a figure already"),
    ] {
        room.write(
            "wrong.ron",
            file.replace(from, to).replace("LIMIT", "70").replace("minimize services", "minimize cost"),
        );
        room.sim("sweep wrong.ron --no-plots --out x").refused(&[wrong]);
    }
}

/// Three settings: effects, interactions and parallel coordinates of each figure; and a report with all of them inside.
#[test]
fn a_sweep_of_three_settings_draws_them_all() {
    let room = room();
    let vary = "--vary services.queue.instances=1,2 --vary services.queue.workers=1,2 --vary duration=90s,2m";
    room.sim_expecting(0, &format!("sweep queue.ron {vary} --replications 2 --metric mean --out x"));
    let files = names(&room.path("x"));
    for kind in ["sweep", "interactions", "parallel"] {
        let name = format!("{kind}-latency_ms-mean.png");
        assert!(files.contains(&name), "no {name} in {files:?}");
    }
    let report = room.read("x/report.html");
    assert!(report.contains("queue, swept") && report.matches("<img").count() >= 3);
    assert!(!report.contains("<script") && !report.contains("http://"));
}

#[test]
fn blocks_of_files_are_values() {
    let room = room();
    room.write("quick.ron", "// Twice as quick.\n[Compute(Exp(mean: \"5ms\"))]\n");
    room.write("slow.ron", "[Compute(Exp(mean: \"10ms\"))]");
    let done = room.sim_expecting(
        0,
        "sweep queue.ron --vary services.queue.endpoints.job.steps=@quick.ron,@slow.ron --replications 2 --no-plots --metric latency_ms.mean --out x",
    );
    assert!(done.stdout.contains("quick") && done.stdout.contains("slow"), "{}", done.stdout);
}

#[test]
fn a_comparison_is_told_in_words_and_fails_where_it_is_asked_to() {
    let room = room();
    let compare = "compare queue.ron --b services.queue.instances=2 --replications 8";
    let done = room.sim_expecting(0, compare);
    for part in ["services.queue.instances", "B is faster by", "the same on both sides"] {
        assert!(done.stdout.contains(part), "no {part:?} in\n{}", done.stdout);
    }
    let files = names(&room.path("out/queue-compare"));
    for name in ["compare.json", "over-time.png", "compare-availability.svg", "report.html"] {
        assert!(files.contains(&name.to_string()), "no {name} in {files:?}");
    }
    let report = room.read("out/queue-compare/report.html");
    assert!(report.contains("B is faster by") && report.contains("services.queue.instances"), "{report}");
    let told = room.sim_expecting(0, &format!("{compare} --no-plots --format markdown")).stdout;
    for part in ["## A: queue, B: queue", "- ✓ B is faster by", "### What differs", "| services.queue.instances |"] {
        assert!(told.contains(part), "no {part:?} in\n{told}");
    }
    let limit = |limit: &str| {
        let mut command = room.command("compare queue.ron --a services.queue.instances=2 --replications 8 --no-plots");
        command.args(["--fail-if", limit]).output().unwrap().status.code()
    };
    assert_eq!(limit("mean grows 10%"), Some(1), "with half the servers it does");
    assert_eq!(limit("mean grows 1000%"), Some(0));
    assert_eq!(limit("mean falls 10%"), Some(0));
    assert_eq!(limit("availability falls 0.001"), Some(0));
    assert_eq!(limit("meen grows 10%"), Some(2));
    room.sim("compare queue.ron").refused(&["nothing to compare", "--b path=value"]);
}

#[test]
fn a_stored_result_is_compared_with_the_file_as_it_is_now() {
    let room = room();
    room.sim_expecting(0, "run queue.ron --replications 6 --seed 5 --no-plots --out before");
    let same = room.sim_expecting(0, "compare before queue.ron --no-plots --metric latency_ms.mean").stdout;
    assert!(same.contains("the same on both sides"), "{same}");
    room.write("queue.ron", QUEUE.replace("10ms", "11ms"));
    let slower = room.sim_expecting(0, "compare before queue.ron --no-plots --metric latency_ms.mean").stdout;
    assert!(slower.contains("B is slower by") && slower.contains("6 replications"), "{slower}");
    assert!(slower.contains("Exp(mean: \"10ms\")") && slower.contains("Exp(mean: \"11ms\")"), "{slower}");
}
