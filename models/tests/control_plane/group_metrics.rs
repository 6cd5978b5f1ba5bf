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
