//! `sim explain` from outside: what it answers, on runs whose story is known.

use crate::room::{Room, STARTER};
use serde_json::Value;

/// What `sim explain` answers, its colours taken out by not being a terminal.
fn explained(room: &Room, question: &str) -> String {
    room.sim_expecting(0, &format!("explain {question}")).stdout
}

fn holds(text: &str, wanted: &[&str]) {
    for part in wanted {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
}

/// The words that stand in this order.
fn in_order(text: &str, wanted: &[&str]) {
    let mut rest = text;
    for part in wanted {
        let Some(at) = rest.find(part) else { panic!("`{part}` is missing, or too early, in\n{text}") };
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn the_spike_is_explained_link_by_link() {
    let room = Room::new();
    let page = room.sim_expecting(0, "run twitter-spike --no-plots").stdout;
    holds(&page, &["sim explain out/twitter-spike incident 1", "until users were back, 3 m 14 s were alarm"]);
    let overview = explained(&room, "out/twitter-spike");
    holds(
        &overview,
        &[
            "3 incidents",
            "incident 1",
            "degradation without a fault",
            "FailPrimary",
            "sim explain out/twitter-spike incident 1",
        ],
    );

    let chain = explained(&room, "out/twitter-spike incident 1");
    let links = ["first sample beyond", "published", "alarm", "decided", "launch", "running", "booted", "bootstrapped"];
    in_order(&chain, &links);
    in_order(&chain, &["smoke test passed", "registered", "first passing check", "serving", "users back"]);
    holds(&chain, &["+3 m 14 s", "+1 m 30 s", "requests lost", "3 other chains", "--knobs"]);

    // Why did the group grow at 41:06?
    let event = explained(&room, "out/twitter-spike #10");
    in_order(
        &event,
        &[
            "desired capacity web: 4 → 8",
            "Why",
            "cpu-high",
            "5 of 5 datapoints > 90",
            "double: +100 %",
            "4 → 8",
            "Then",
            "launch started",
        ],
    );
    let moment = explained(&room, "out/twitter-spike 41:06");
    holds(&moment, &["incident 1", "Waited for meanwhile", "4 → 8", "requests failed between"]);

    // What blocked the scale-in at 1:54:40?
    let blocked = explained(&room, "out/twitter-spike 1:54:40");
    holds(&blocked, &["Held back: shrink: cooldown until 1:57:36"]);

    // Why was this instance terminated?
    let gone = explained(&room, "out/twitter-spike web/i-0");
    in_order(&gone, &["It was gone at 1:52:36", "Why gone", "cpu-low", "shrink: -2 instances", "instance terminating"]);
    let killed = explained(&room, "out/twitter-spike i-8");
    in_order(&killed, &["Why launched", "double: +100 %", "Why gone", "TerminateInstances"]);

    // Why did requests fail?
    let failed = explained(&room, "out/twitter-spike 1:10:00-1:10:40");
    holds(&failed, &["database_unavailable", "incident 2", "standby promoted"]);
}

#[test]
fn an_incident_that_nobody_noticed_and_one_whose_alarm_came_after_the_fault_was_over() {
    let room = Room::new();
    room.sim_expecting(0, "run cloudpulse --no-plots");
    let stress = explained(&room, "out/cloudpulse incident 2");
    in_order(
        &stress,
        &["users did not notice", "first sample beyond", "published", "fault over", "meanwhile", "alarm", "serving"],
    );
    let json: Value = serde_json::from_str(&explained(&room, "out/cloudpulse incident 2 --format json")).unwrap();
    let steps = json["sections"][0]["steps"].as_array().unwrap();
    let took: f64 =
        steps.iter().filter(|step| step["words"] != "meanwhile").filter_map(|step| step["took_s"].as_f64()).sum();
    assert!((took - 346.0).abs() < 0.1, "the links are the whole: {took}");
    holds(&explained(&room, "out/cloudpulse cpu-high"), &["OK → ALARM", "first period beyond it ended at 26:00"]);
}

#[test]
fn a_scenario_is_run_to_be_explained_and_leaves_nothing() {
    let room = Room::with_scenario();
    holds(&explained(&room, "small.ron incident 1"), &["TerminateInstances", "booted", "full strength"]);
    assert_eq!(room.names(), ["small.ron"]);
}

#[test]
fn questions_that_have_no_answer_say_what_has() {
    let room = Room::with_scenario();
    room.sim_expecting(0, "run small.ron --no-plots");
    room.sim("explain out/small incident 9").refused(&["no incident 9", "from 1 to 1"]);
    room.sim("explain out/small #100000").refused(&["no event #100000", "#1 to #"]);
    room.sim("explain out/small web/i-99")
        .refused(&["nothing in the timeline is called `web/i-99`", "there is `web/i-"]);
    room.sim("explain out/small 9:00:00").refused(&["the run ends at 20:00"]);
    room.sim("explain out/gone").refused(&["out/gone"]);
    room.sim("explain out").refused(&["holds no results"]);
    room.sim("explain out/small --set duration=5m").refused(&["cannot be changed", "scenario.ron"]);
    room.sim("explain out/small web --knobs").refused(&["`--knobs` is about an incident"]);
    room.sim("run small.ron --knobs --format json").refused(&["two documents in one", "sim explain"]);
}

/// One of four servers hangs for good: users wait for the balancer's verdict.
fn hang(interval: &str) -> String {
    let checks = "health_check: (interval: \"10s\", timeout: \"5s\", healthy_threshold: 2, unhealthy_threshold: 2)";
    assert!(STARTER.contains(checks));
    STARTER
        .replace(
            checks,
            &checks.replace("\"10s\"", interval).replace("unhealthy_threshold: 2", "unhealthy_threshold: 3"),
        )
        .replace("At(\"5m\", TerminateInstances(AnyOf(\"web\", 1)))", "At(\"5m\", HangInstances(AnyOf(\"web\", 1)))")
}

#[test]
fn a_knob_saves_what_its_arithmetic_says() {
    let room = Room::new();
    room.write("hang.ron", hang("\"30s\""));
    room.sim("run hang.ron --no-plots");
    let json = explained(&room, "out/small incident 1 --knobs --format json");
    let tried: Value = serde_json::from_str(&json).unwrap();
    let knobs = tried[0]["knobs"].as_array().unwrap();
    let of =
        |name: &str| knobs.iter().find(|knob| knob["knob"] == name).unwrap_or_else(|| panic!("no {name} in {json}"));
    let interval = of("target_groups.web.health_check.interval");
    assert_eq!((interval["from"].as_str(), interval["to"].as_str()), (Some("30 s"), Some("10 s")));
    // Three failures in a row are two intervals and the wait for the first check: 40 s less, and up to 20 s of that wait; users
    // come back within the 10 s of their timeout.
    let saves = interval["saves_s"].as_f64().unwrap();
    assert!((30.0..=70.0).contains(&saves), "{saves}");
    // The run with that one setting changed says the same.
    room.write("fast.ron", hang("\"10s\""));
    room.sim("run fast.ron --no-plots --out fast");
    let incident = |folder: &str| {
        let summary: Value = serde_json::from_str(&room.read(&format!("{folder}/summary.json"))).unwrap();
        let one = &summary["incidents"][0];
        (one["restored_s"].as_f64().unwrap(), one["failed_requests"].as_i64().unwrap())
    };
    let ((slow_s, slow_lost), (fast_s, fast_lost)) = (incident("out/small"), incident("fast"));
    assert!((saves - (slow_s - fast_s)).abs() < 1e-6);
    assert_eq!(interval["saves_requests"].as_i64().unwrap(), slow_lost - fast_lost);
    // One failure less is one interval less, exactly: the checks come at the same seconds.
    let threshold = of("target_groups.web.health_check.unhealthy_threshold");
    let saves = threshold["saves_s"].as_f64().unwrap();
    assert!((saves - 30.0).abs() <= 5.0, "{saves}");
    // For people, at the end of a run's page.
    let page = room.sim("run hang.ron --no-plots --knobs").stdout;
    in_order(&page, &["Files", "one setting changed", "health_check.interval of web", "30 s", "10 s", "same seed"]);
}
