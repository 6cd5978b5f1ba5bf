//! An environment of Elastic Beanstalk, end to end (scaling.md §7.1): its trigger, its limits, its cooldown.

use crate::lab::{entries, plan, run};
use models::result::{EventKind, RunResult};

/// So many requests per second to one environment; nothing takes time but what it is about.
fn environment(rate: &str, settings: &str) -> RunResult {
    let body = format!(
        "duration: \"2h\",
         cloudwatch: (elb_delay: \"10s\", ec2_delay: \"10s\"),
         launch_templates: {{ \"t\": (vcpus: 1, pending: \"0s\", boot: \"0s\") }},
         target_groups: {{ \"t\": () }},
         load_balancers: {{ \"www\": Application(forward_to: \"t\") }},
         elastic_beanstalk: {{ \"e\": (launch_template: \"t\", target_groups: [\"t\"], {settings}) }},
         services: {{ \"s\": (runs_on: \"e\", endpoints: {{ \"e\": (steps: [Compute(\"20ms\")]) }}) }},
         clients: {{ \"c\": (to: \"www\", arrivals: {rate}) }}"
    );
    run(&plan(&body), 1, 0)
}

/// Changes of the desired capacity: when, and what it became.
fn changes(run: &RunResult) -> Vec<(f64, u32)> {
    let to = |detail: &str| detail.split_once('→')?.1.trim().split(' ').next()?.parse().ok();
    let entries = entries(run, EventKind::DesiredCapacityChanged).into_iter();
    entries.map(|entry| (entry.t_s, to(&entry.detail).expect("from → to"))).collect()
}

fn capacities(run: &RunResult) -> Vec<u32> {
    changes(run).into_iter().map(|change| change.1).collect()
}

/// 300 s × 10/s × 8 KiB are 24.6 MB: each of four instances still sends 6.1 MB, more than 6 MB, and four are the most. At 9/s
/// they are 22.1 MB: four would send 5.5 MB each, three send 7.4 MB. At 4/s (9.8 MB), two send 4.9 MB and stay.
#[test]
fn b7_1_network_out_adds_one_at_a_time_up_to_the_maximum() {
    for (rate, expected) in
        [("Even(\"10/s\")", vec![2, 3, 4]), ("Even(\"9/s\")", vec![2, 3, 4]), ("Even(\"4/s\")", vec![2])]
    {
        let run = environment(rate, "");
        assert_eq!(capacities(&run), expected, "{rate}");
        let times: Vec<f64> = changes(&run).iter().map(|change| change.0).collect();
        assert!(times[0] >= 300.0, "a breach lasts five minutes: {times:?}");
        assert!(times.windows(2).all(|two| two[1] - two[0] >= 360.0), "the cooldown is 360 s: {times:?}");
    }
    // Between the thresholds from the start: 1.5/s are 3.7 MB.
    assert_eq!(capacities(&environment("Even(\"1.5/s\")", "")), [0; 0]);
}

/// Below 2,000,000 bytes, or without any request at all, it goes down to the minimum and no further.
#[test]
fn b7_1_a_quiet_environment_shrinks_to_its_minimum() {
    for rest in ["0.01/s", "0/s"] {
        let quiet = format!("Even(Steps([(\"0s\", \"9/s\"), (\"40m\", \"{rest}\")]))");
        assert_eq!(capacities(&environment(&quiet, "")), [2, 3, 4, 3, 2, 1], "{rest}");
        assert_eq!(capacities(&environment(&quiet, "min_size: 2, max_size: 3")), [3, 2], "{rest}");
    }
}

/// With thresholds of its own it scales by CPU, by as many as it is told.
#[test]
fn b7_1_cpu_utilization_can_be_the_measure() {
    let trigger = "max_size: 9, trigger: (measure: CPUUtilization, upper_threshold: 50, lower_threshold: 10)";
    // 40/s are 80 % of one, 40 % of two.
    assert_eq!(capacities(&environment("Even(\"40/s\")", trigger)), [2]);
    let by_two = "max_size: 9, trigger: (measure: CPUUtilization, upper_threshold: 50, lower_threshold: 10, \
                  upper_breach_scale_increment: 2)";
    assert_eq!(capacities(&environment("Even(\"40/s\")", by_two)), [3]);
}
