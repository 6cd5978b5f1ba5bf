//! Metrics, alarms and policies end to end, by the timeline. Source: `aws/scaling.md` §2, §3.2 to §3.4, §5.2 to §5.5.

use crate::lab::{entries, is, plan, run};
use models::result::{EventKind, RunResult};

/// A metric of the scenario's own, watched by one alarm, acting on a group by one policy. Nothing takes time but what the
/// test is about: metrics are published 10 s after their minute, instances run and serve at once.
fn scaled(sizes: (u32, u32, u32), policy: &str, alarm: &str, metric: &str, more: &str) -> RunResult {
    let (min, desired, max) = sizes;
    let body = format!(
        "duration: \"30m\",
         cloudwatch: (custom_delay: \"10s\"),
         metrics: {{ \"m\": (values: {metric}) }},
         alarms: {{ \"a\": (metric: Custom(\"m\"), period: \"60s\", {alarm}, actions: [Scale(\"g\", \"p\")]) }},
         launch_templates: {{ \"t\": (vcpus: 1, pending: \"0s\", boot: \"0s\") }},
         auto_scaling_groups: {{ \"g\": (launch_template: \"t\", min_size: {min}, max_size: {max}, desired_capacity: {desired},
             action_delay: \"0s\", termination: \"0s\", default_cooldown: \"300s\", policies: {{ \"p\": {policy} }}) }},
         services: {{ \"s\": (runs_on: \"g\", endpoints: {{ \"e\": (steps: [Compute(\"1ms\")]) }}) }},
         clients: {{ \"c\": (to: \"s\", arrivals: Even(\"0.1/s\")) }},
         {more}"
    );
    run(&plan(&body), 1, 0)
}

/// Changes of the desired capacity: when, from, to.
fn changes(run: &RunResult) -> Vec<(f64, u32, u32)> {
    let number = |text: &str| text.trim().split(' ').next().and_then(|word| word.parse().ok()).expect("a capacity");
    let change = |detail: &str| {
        let (from, to) = detail.split_once('→').expect("from → to");
        (number(from), number(to))
    };
    let entries = entries(run, EventKind::DesiredCapacityChanged).into_iter();
    entries.map(|entry| (entry.t_s, change(&entry.detail).0, change(&entry.detail).1)).collect()
}

const ABOVE_50: &str = "evaluation_periods: 1, above: 50";
/// Beyond the threshold in the eleventh minute alone.
const ONCE: &str = "Steps([(\"0s\", 0), (\"10m\", 100), (\"11m\", 0)])";

/// §3.2 and C1: percentages beyond one toward zero, below one to one; then the minimum magnitude, then the bounds.
#[test]
fn simple_policies_round_and_clamp() {
    let percent = |by: i32| format!("Simple(adjustment: PercentChangeInCapacity({by}))");
    let at_least = |by: i32, least: u32| {
        format!("Simple(adjustment: PercentChangeInCapacity({by}), min_adjustment_magnitude: {least})")
    };
    let table = [
        ((1, 10, 100), percent(10), Some(11)),
        ((1, 10, 100), percent(127), Some(22)),
        ((1, 3, 100), percent(10), Some(4)),
        ((1, 10, 100), percent(-67), Some(4)),
        ((1, 3, 100), percent(-10), Some(2)),
        ((1, 4, 100), at_least(10, 2), Some(6)),
        ((1, 4, 100), at_least(-10, 3), Some(1)),
        ((1, 4, 6), percent(100), Some(6)),
        ((3, 4, 6), percent(-100), Some(3)),
        ((1, 4, 6), "Simple(adjustment: ChangeInCapacity(1))".into(), Some(5)),
        ((1, 4, 6), "Simple(adjustment: ChangeInCapacity(-9))".into(), Some(1)),
        ((1, 4, 6), "Simple(adjustment: ExactCapacity(5))".into(), Some(5)),
        ((1, 4, 6), "Simple(adjustment: ExactCapacity(9))".into(), Some(6)),
        ((1, 4, 6), "Simple(adjustment: ExactCapacity(4))".into(), None),
        ((1, 6, 6), "Simple(adjustment: ChangeInCapacity(1))".into(), None),
    ];
    for (sizes, policy, expected) in table {
        let run = scaled(sizes, &policy, ABOVE_50, ONCE, "");
        let found: Vec<(u32, u32)> = changes(&run).into_iter().map(|(_, from, to)| (from, to)).collect();
        let expected: Vec<(u32, u32)> = expected.into_iter().map(|to| (sizes.1, to)).collect();
        assert_eq!(found, expected, "{policy} of {sizes:?}");
        let last = expected.last().map_or(sizes.1, |change| change.1);
        assert_eq!(run.summary.groups["g"].final_in_service, last, "{policy} of {sizes:?}");
    }
}

/// §3.4: the step is chosen by how far the metric is beyond the threshold: lower bound in, upper bound out, above it; the
/// other way round below.
#[test]
fn step_policies_choose_their_step() {
    let up = "Step(adjustment_type: ChangeInCapacity, steps: [(lower: 0, upper: 20, adjustment: 1), (lower: 20, adjustment: 3)])";
    let down = "Step(adjustment_type: PercentChangeInCapacity, steps: [(upper: -20, adjustment: -50), (lower: -20, upper: 0, adjustment: -10)])";
    let (at_least, at_most) = ("evaluation_periods: 1, at_or_above: 50", "evaluation_periods: 1, at_or_below: 50");
    let table = [
        (up, at_least, 50, Some(11)),
        (up, at_least, 69, Some(11)),
        (up, at_least, 70, Some(13)),
        (up, at_least, 49, None),
        (up, ABOVE_50, 50, None),
        (down, at_most, 50, Some(9)),
        (down, at_most, 31, Some(9)),
        (down, at_most, 30, Some(5)),
        (down, at_most, 51, None),
    ];
    for (policy, alarm, value, expected) in table {
        let quiet = if policy == up { 0 } else { 100 };
        let metric = format!("Steps([(\"0s\", {quiet}), (\"10m\", {value}), (\"11m\", {quiet})])");
        let found: Vec<u32> = changes(&scaled((1, 10, 30), policy, alarm, &metric, "")).iter().map(|c| c.2).collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<u32>>(), "{alarm}, {value}");
    }
}

/// §3.3 and §5.5: an alarm that lasts invokes its policy each minute; the cooldown of 300 s lets every fifth through. A
/// step policy knows no cooldown, but what it asked for counts until it has warmed up.
#[test]
fn a_cooldown_spaces_what_a_lasting_alarm_does() {
    let lasting = "Steps([(\"0s\", 0), (\"10m\", 100)])";
    let run = scaled((1, 2, 100), "Simple(adjustment: ChangeInCapacity(1))", ABOVE_50, lasting, "");
    let found = changes(&run);
    // From between 11:10 and 12:10 to 30:00 in steps of five minutes.
    assert!((670.0..730.0).contains(&found[0].0), "{found:?}");
    assert_eq!(found.iter().map(|change| change.2).collect::<Vec<_>>(), [3, 4, 5, 6], "{found:?}");
    for pair in found.windows(2) {
        is("five minutes", 300.0, pair[1].0 - pair[0].0);
    }
    assert!(!entries(&run, EventKind::PolicyIgnored).is_empty());
    let short = "Simple(adjustment: ChangeInCapacity(1), cooldown: \"0s\")";
    let found = changes(&scaled((1, 2, 100), short, ABOVE_50, lasting, ""));
    assert!(found.windows(2).all(|pair| (pair[1].0 - pair[0].0 - 60.0).abs() < 1e-6), "{found:?}");
    assert!((18..=19).contains(&found.len()), "{found:?}");
    let step = "Step(adjustment_type: ChangeInCapacity, estimated_instance_warmup: \"180s\", steps: [(lower: 0, adjustment: 2)])";
    let found = changes(&scaled((1, 2, 100), step, ABOVE_50, lasting, ""));
    assert!(found.windows(2).all(|pair| (180.0..=240.0).contains(&(pair[1].0 - pair[0].0))), "{found:?}");
    assert!(found.iter().all(|change| change.2 == change.1 + 2), "{found:?}");
}

/// M of N: two of three minutes are enough, one is not; a datapoint is read 10 s after its minute, at the alarm's own second.
#[test]
fn m_of_n() {
    let alarm = "evaluation_periods: 3, datapoints_to_alarm: 2, above: 50";
    let spikes = |minutes: &[u32]| {
        let steps: Vec<String> = minutes.iter().map(|m| format!("(\"{m}m\", 100), (\"{}m\", 0)", m + 1)).collect();
        format!("Steps([(\"0s\", 0), {}])", steps.join(", "))
    };
    let states = |minutes: &[u32]| -> Vec<(f64, String)> {
        let run = scaled((1, 1, 9), "Simple(adjustment: ChangeInCapacity(1))", alarm, &spikes(minutes), "");
        run.summary.alarms["a"].iter().map(|change| (change.t_s, change.to.clone())).collect()
    };
    let found = states(&[10, 12]);
    let [(_, ok), (raised, alarm), (cleared, again)] = &found[..] else { panic!("{found:?}") };
    assert_eq!((ok.as_str(), alarm.as_str(), again.as_str()), ("OK", "ALARM", "OK"));
    // The second of the two ends at 13:00 and is out of the newest three... when the minute that ends at 14:00 is known.
    assert!((790.0..850.0).contains(raised) && (850.0..910.0).contains(cleared), "{found:?}");
    assert_eq!(states(&[10]).len(), 1);
    assert_eq!(states(&[10, 13]).len(), 1, "three minutes apart");
    assert_eq!(states(&[10, 11, 12]).len(), 3);
}

/// §5.3: what an alarm makes of nothing at all, after it was OK, and after it was in ALARM.
#[test]
fn missing_data() {
    for (metric, before) in [("Constant(rate: 0)", "OK"), ("Constant(rate: 100)", "ALARM")] {
        for (treatment, expected) in
            [("Missing", "INSUFFICIENT_DATA"), ("Ignore", before), ("Breaching", "ALARM"), ("NotBreaching", "OK")]
        {
            let alarm = format!("evaluation_periods: 2, above: 50, treat_missing_data: {treatment}");
            let lost = "faults: [At(\"10m\", LoseMetrics())]";
            let run = scaled((1, 1, 9), "Simple(adjustment: ChangeInCapacity(1))", &alarm, metric, lost);
            let changes = &run.summary.alarms["a"];
            let at_ten = changes.iter().rfind(|change| change.t_s < 600.0).expect("known by then");
            assert_eq!(at_ten.to, before, "{treatment}");
            assert_eq!(changes.last().expect("there are some").to, expected, "{treatment} after {before}");
        }
    }
}
