//! The group's own metrics: whom each counts (§1.14).

use crate::fixture::*;
use models::plan::*;
use sim_core::dist::Dist;

/// What an alarm sees of a metric in the minute of `seconds`, late as it is.
fn seen(plan: &Plan, metric: GroupMetric, seconds: usize) -> f64 {
    let mut plan = plan.clone();
    let mut watch = alarm("watch", Comparison::GreaterThan, 1e9, 1, 0);
    (watch.metric, watch.alarm_actions) = (Metric::Group(WEB, metric), vec![]);
    plan.alarms = [watch].into_iter().collect();
    let result = run(&plan);
    // The datapoint of a minute is published 15 s after it, and looked at within the minute after that.
    result.series.get("alarm.watch.value").expect("a column").values[seconds / 60 + 2]
}

#[test]
fn who_is_in_standby_is_in_no_other_metric() {
    let mut plan = plan();
    change(&mut plan, 300, any(2), InstanceChange::EnterStandby { decrement: true });
    let table =
        [(GroupMetric::Standby, [0.0, 2.0]), (GroupMetric::Total, [4.0, 2.0]), (GroupMetric::Pending, [0.0, 0.0])];
    for (metric, [before, after]) in table {
        assert_eq!([seen(&plan, metric, 120), seen(&plan, metric, 600)], [before, after], "{metric:?}");
    }
}

#[test]
fn an_instance_in_pending_wait_is_in_none_and_one_in_terminating_wait_is_terminating() {
    for (transition, count) in [(Transition::Launching, 5), (Transition::Terminating, 3)] {
        let mut plan = plan();
        group(&mut plan).lifecycle.hooks = vec![Hook {
            name: "long".into(),
            transition,
            heartbeat_timeout: secs(3_600),
            continue_by_default: false,
            heartbeat_interval: None,
            length: Dist::Constant(900.0),
            failure: 0.0,
            no_answer: 0.0,
        }];
        set_desired(&mut plan, 300, count);
        let at = |metric| seen(&plan, metric, 720);
        let found = [GroupMetric::Pending, GroupMetric::Terminating, GroupMetric::Total].map(at);
        let expected = if count == 5 { [0.0, 0.0, 4.0] } else { [0.0, 1.0, 4.0] };
        assert_eq!(found, expected, "{transition:?}");
    }
}

#[test]
fn an_instance_on_its_way_is_pending_until_it_is_in_service() {
    let mut plan = plan();
    plan.fleets[WEB].template.pending = phase(400.0);
    set_desired(&mut plan, 300, 6);
    assert_eq!(seen(&plan, GroupMetric::Pending, 480), 2.0);
    assert_eq!(seen(&plan, GroupMetric::Total, 480), 6.0);
    assert_eq!(seen(&plan, GroupMetric::Pending, 900), 0.0);
    assert_eq!((seen(&plan, GroupMetric::MinSize, 600), seen(&plan, GroupMetric::MaxSize, 600)), (2.0, 16.0));
}

#[test]
fn one_14_capacity_metrics_count_units_of_weight() {
    use crate::mixed::{mixed, own, policy_of};
    let mut plan = mixed();
    policy_of(&mut plan).overrides = vec![own("m5.2xlarge", 8, 4)];
    policy_of(&mut plan).on_demand_percentage_above_base_capacity = 100;
    (group(&mut plan).desired_capacity, group(&mut plan).max_size) = (8, 16);
    change(&mut plan, 600, any(1), InstanceChange::EnterStandby { decrement: true });
    // Two instances of four units each; then one of them in standby.
    let table = [
        (GroupMetric::InServiceCapacity, [8.0, 4.0]),
        (GroupMetric::TotalCapacity, [8.0, 4.0]),
        (GroupMetric::StandbyCapacity, [0.0, 4.0]),
        (GroupMetric::PendingCapacity, [0.0, 0.0]),
        (GroupMetric::TerminatingCapacity, [0.0, 0.0]),
        (GroupMetric::Total, [2.0, 1.0]),
        (GroupMetric::Standby, [0.0, 1.0]),
    ];
    for (metric, expected) in table {
        assert_eq!([seen(&plan, metric, 300), seen(&plan, metric, 900)], expected, "{metric:?}");
    }
}

#[test]
fn one_14_without_weights_an_instance_is_a_unit() {
    let plan = plan();
    assert_eq!(seen(&plan, GroupMetric::InServiceCapacity, 300), 4.0);
    assert_eq!(seen(&plan, GroupMetric::TotalCapacity, 300), 4.0);
}
