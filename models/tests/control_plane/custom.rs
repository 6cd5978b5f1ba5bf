//! Custom termination policies: a Lambda function says who may go. Source: `aws/scaling.md` §1.8.

use crate::fixture::*;
use models::plan::*;
use models::result::{EventKind, RunResult};
use sim_core::dist::Dist;

/// The usual group, from four to two at 300 s; its function answers after two seconds and is asked again after a minute.
fn asked(ready: Ready, failure: f64) -> Plan {
    let mut plan = plan();
    plan.duration = secs(1_200);
    group(&mut plan).lifecycle.termination_function =
        Some(TerminationFunction { ready, length: Dist::Constant(2.0), failure, retry: secs(60) });
    set_desired(&mut plan, 300, 2);
    plan
}

fn gone(result: &RunResult) -> Vec<f64> {
    times(result, EventKind::InstanceTerminating)
}

#[test]
fn one_8_all_that_a_function_names_go_when_it_has_answered() {
    let result = run(&asked(Ready::All, 0.0));
    assert_close(&gone(&result), &[302.0, 302.0]);
    let last = all(&result, EventKind::InstanceTerminating)[1];
    assert_eq!(chain(&result, last)[1], EventKind::TerminationAsked);
    assert_eq!(chain(&result, last)[2], EventKind::DesiredCapacityChanged);
    assert!(all(&result, EventKind::TerminationRefused).is_empty());
}

#[test]
fn one_8_who_is_not_named_stays_and_the_function_is_asked_again() {
    let result = run(&asked(Ready::Nobody, 0.0));
    assert!(gone(&result).is_empty());
    assert_eq!(desired(&result), ["4 → 2"]);
    // Asked at 300, 362, …, and refused two seconds later.
    let refused = times(&result, EventKind::TerminationRefused);
    assert_close(&refused[..3], &[302.0, 364.0, 426.0]);
    assert_eq!(result.summary.groups["web"].final_in_service, 4);
}

#[test]
fn one_8_a_function_that_fails_lets_nobody_go() {
    let result = run(&asked(Ready::All, 1.0));
    assert!(gone(&result).is_empty());
    assert!(all(&result, EventKind::TerminationRefused)[0].detail.contains("failed"));
    // Half of the time: some answer comes in the end.
    assert_eq!(gone(&run(&asked(Ready::All, 0.5))).len(), 2);
}

#[test]
fn one_8_those_that_have_run_long_enough_to_the_second() {
    // The first instances run since 0. Answers come at 302 + 62 k: the first at or after 600 s is that of k = 5, at 612 s.
    assert_close(&gone(&run(&asked(Ready::Running { at_least: secs(600) }, 0.0))), &[612.0, 612.0]);
    assert_close(&gone(&run(&asked(Ready::Running { at_least: secs(612) }, 0.0))), &[612.0, 612.0]);
    assert_close(&gone(&run(&asked(Ready::Running { at_least: secs(613) }, 0.0))), &[674.0, 674.0]);
}

#[test]
fn one_8_the_idle_go_and_the_busy_stay() {
    // Two hang, with what they were sent, and are not found unhealthy before 320 s.
    let mut plan = asked(Ready::Idle { at_most: 0 }, 0.0);
    for busy in [1, 2] {
        fault(&mut plan, 290, FaultAction::HangInstances(nth(busy), secs(600)));
    }
    let result = run(&plan);
    let mut names = whom(&result, EventKind::InstanceTerminating);
    names.truncate(2);
    names.sort_unstable();
    assert_eq!(names, ["web/i-0", "web/i-3"]);
}

#[test]
fn one_8_of_those_named_the_largest_zone_and_the_next_policies_choose() {
    let mut plan = asked(Ready::All, 0.0);
    group(&mut plan).termination_policies = vec![TerminationPolicy::NewestInstance];
    set_desired(&mut plan, 100, 6);
    let result = run(&plan);
    // Two were added at 100 s, one in each zone; of six, four are too many.
    let mut names = whom(&result, EventKind::InstanceTerminating);
    assert_eq!(names.len(), 4);
    names.truncate(2);
    names.sort_unstable();
    assert_eq!(names, ["web/i-4", "web/i-5"]);
}

#[test]
fn one_8_a_capacity_that_is_wanted_again_meanwhile_stays() {
    let mut plan = asked(Ready::All, 0.0);
    set_desired(&mut plan, 301, 4);
    let result = run(&plan);
    assert!(gone(&result).is_empty());
    assert!(all(&result, EventKind::TerminationRefused).is_empty());
    assert_eq!(result.summary.groups["web"].launches, 0);
}

#[test]
fn one_8_the_cooldown_of_a_scale_in_waits_for_the_answer() {
    let mut plan = spike(900);
    group(&mut plan).lifecycle.termination_function =
        Some(TerminationFunction { ready: Ready::All, length: Dist::Constant(50.0), failure: 0.0, retry: secs(60) });
    group(&mut plan).policies[0] = policy("halve", AdjustmentType::PercentChangeInCapacity, -50.0, 300);
    let result = run(&plan);
    let changed = times(&result, EventKind::DesiredCapacityChanged)[0];
    // Behind a balancer it begins with the draining (text of 2026).
    assert_close(&times(&result, EventKind::CooldownStarted)[..1], &[changed + 50.0]);
}
