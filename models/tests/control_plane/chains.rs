//! Reaction chains: the links of an incident, their seconds, and what was lost in each, on plans whose delays are constant.

use crate::fixture::*;
use models::plan::*;
use models::result::{Incident, Link, LinkKind as L, PhaseKind, RunResult};
use sim_core::Duration;

/// What must hold of every chain: links follow each other without a gap, say what the timeline says, and sum up.
fn check(result: &RunResult) {
    assert!(!result.summary.incidents.is_empty(), "a plan without an incident tests nothing");
    for incident in &result.summary.incidents {
        assert!(incident.links.is_sorted_by_key(|link| link.to_s), "in order: {:?}", incident.links);
        let mut at = incident.t_s;
        for link in &incident.links {
            assert!(link.to_s >= link.from_s, "forward: {link:?}");
            assert_eq!(link.from_s, at, "no gap before {link:?}");
            if link.beside {
                assert_eq!(link.failed_requests, 0);
                continue;
            }
            if let Some(event) = link.event {
                let event = &result.timeline[event as usize - 1];
                assert_eq!(link.subject, event.subject);
                assert!(link.already && event.t_s < incident.t_s || event.t_s == link.to_s, "{link:?} {event:?}");
            }
            at = link.to_s;
        }
        let failed: u64 = incident.links.iter().map(|link| link.failed_requests).sum();
        assert!(incident.links.is_empty() || failed == incident.failed_requests, "{failed} of {incident:?}");
        for phase in PhaseKind::ALL {
            let of = || incident.links.iter().filter(|link| link.phase == phase && !link.beside);
            let told = incident.phases.iter().find(|told| told.phase == phase);
            assert_eq!(told.is_some(), of().next().is_some(), "{phase:?}");
            assert!(close(told.map_or(0.0, |told| told.seconds), of().map(Link::seconds).sum()), "{phase:?}");
            let lost: u64 = of().map(|link| link.failed_requests).sum();
            assert_eq!(told.map_or(0, |told| told.failed_requests), lost);
        }
        let all: f64 = incident.phases.iter().map(|phase| phase.seconds).sum();
        assert!(close(all, at - incident.t_s), "the parts are the whole: {all}");
        let ends = |what| incident.links.iter().find(|link| link.what == what).map(|link| link.to_s);
        if let Some(back) = ends(L::UsersBack) {
            assert_eq!(Some(back), incident.restored_s);
        }
        if let Some(back) = ends(L::RedundancyBack) {
            assert_eq!(Some(back), incident.redundancy_restored_s);
        }
    }
}

/// The chain of the first incident, the links that took no time left out of it: what, and seconds.
fn told(result: &RunResult) -> Vec<(L, f64)> {
    check(result);
    let links = result.summary.incidents[0].links.iter();
    links.filter(|link| link.seconds() > 0.0).map(|link| (link.what, link.seconds())).collect()
}

fn seconds(chain: &[(L, f64)], what: L) -> f64 {
    chain.iter().find(|link| link.0 == what).unwrap_or_else(|| panic!("no {what:?} in {chain:?}")).1
}

/// A plan in which each instance takes requests in turn and nobody else does anything.
fn lost(count: u32) -> Plan {
    let mut plan = plan();
    fault(&mut plan, 300, FaultAction::TerminateInstances(any(count)));
    plan
}

#[test]
fn a_lost_instance_link_by_link() {
    let result = run(&lost(1));
    let chain = told(&result);
    // The group notices after 3 s, EC2 takes 6 s, the boot 20 s, the bootstrap 90 s; then a check passes within its interval.
    let whole: Vec<_> = chain.iter().filter(|link| link.0 != L::UsersBack).map(|link| link.0).collect();
    assert_eq!(
        whole,
        [L::Noticed, L::Running, L::Booted, L::Bootstrapped, L::FirstPassingCheck, L::Serving, L::RedundancyBack]
    );
    assert!(close(seconds(&chain, L::Noticed), 3.0));
    assert!(close(seconds(&chain, L::Booted), 20.0) && close(seconds(&chain, L::Bootstrapped), 90.0));
    let incident = &result.summary.incidents[0];
    let back = seconds(&chain, L::UsersBack);
    let running = seconds(&chain, L::Running);
    assert!(
        close(back + running, 6.0) || incident.restored_s > Some(309.0),
        "the launch goes on while users come back"
    );
    // Two passes at intervals of 10 s, for it had been found unhealthy before it was up.
    assert!(close(seconds(&chain, L::Serving), 10.0) && seconds(&chain, L::FirstPassingCheck) <= 10.0);
    assert!(seconds(&chain, L::RedundancyBack) <= 1.0);
    assert_eq!(incident.other_chains, 0);
}

#[test]
fn of_several_replaced_instances_one_chain_is_told_and_the_others_are_counted() {
    let result = run(&lost(3));
    check(&result);
    let incident = &result.summary.incidents[0];
    assert_eq!(incident.other_chains, 2);
    let whom: Vec<_> = incident.links.iter().filter(|link| link.what == L::Booted).map(|link| &link.subject).collect();
    assert_eq!(whom.len(), 1, "one instance: {whom:?}");
}

#[test]
fn failed_checks_add_up_to_the_verdict_by_interval_and_threshold() {
    for (interval, threshold) in [(10, 3), (30, 3), (10, 5), (30, 2)] {
        let mut plan = plan();
        let settings = &mut plan.target_groups[TargetGroupId::new(0)].health_check;
        (settings.interval, settings.unhealthy_threshold) = (secs(interval), threshold);
        fault(&mut plan, 600, FaultAction::HangInstances(nth(2), Duration::MAX));
        let result = run(&plan);
        let chain = told(&result);
        let first = seconds(&chain, L::FirstFailedCheck);
        assert!(first > 5.0 && first <= interval as f64 + 5.0 + 0.01, "the next check, and its timeout: {first}");
        let verdict = seconds(&chain, L::Verdict);
        let expected = f64::from(threshold - 1) * interval as f64;
        assert!(
            (verdict - expected).abs() < interval as f64 + 0.01 && verdict >= expected - 0.01,
            "{verdict} {expected}"
        );
        let noticed = chain.iter().find(|link| link.0 == L::Noticed).map_or(0.0, |link| link.1);
        assert!(noticed <= 30.0, "the group looks each 30 s: {noticed}");
    }
}

#[test]
fn an_alarm_is_its_first_period_its_publication_and_the_periods_it_asks_for() {
    for periods in [1, 3, 5] {
        let mut plan = plan();
        group(&mut plan).policies = vec![policy("out", AdjustmentType::ChangeInCapacity, 1.0, 300)];
        let cpu = Metric::Cpu(WEB);
        let raised = Alarm { metric: cpu, ..alarm("cpu", Comparison::GreaterThan, 50.0, periods, 0) };
        plan.alarms = [raised].into_iter().collect();
        fault(&mut plan, 600, FaultAction::CpuStress(everyone(), 80.0, secs(900)));
        let result = run(&plan);
        let chain = told(&result);
        let links: Vec<_> = chain.iter().map(|link| link.0).collect();
        let start =
            [L::FirstBreachingSample, L::Published, L::Alarm, L::Decision, L::Running, L::Booted, L::Bootstrapped];
        assert_eq!(links[..7], start, "{chain:?}");
        assert!(close(seconds(&chain, L::FirstBreachingSample), 60.0), "from 10:00 on: {chain:?}");
        assert!(close(seconds(&chain, L::Published), 60.0));
        let alarm = seconds(&chain, L::Alarm);
        let others = f64::from(periods - 1) * 60.0;
        assert!(alarm >= others && alarm < others + 60.0, "the other periods, and its own second: {alarm}");
        assert!(close(seconds(&chain, L::Decision), 5.0), "the action's delay");
        let incident: &Incident = &result.summary.incidents[0];
        let detect = incident.phases.iter().find(|phase| phase.phase == PhaseKind::Detect).unwrap();
        assert!(close(detect.seconds, 120.0 + alarm));
    }
}

#[test]
fn a_cooldown_is_part_of_the_decision() {
    let mut plan = spike(3_600);
    // The first growth at some 15 minutes; a trouble inside its cooldown has to wait for it.
    fault(&mut plan, 1_000, FaultAction::HangInstances(everyone(), secs(60)));
    let result = run(&plan);
    check(&result);
}

#[test]
fn a_fault_that_nobody_does_anything_about_has_what_was_known_and_its_own_end() {
    let mut plan = plan();
    group(&mut plan).elb_health_check = false;
    fault(&mut plan, 600, FaultAction::HangInstances(everyone(), secs(120)));
    let result = run(&plan);
    check(&result);
    let incident = &result.summary.incidents[0];
    assert!(incident.failed_requests > 0);
    let links: Vec<_> = incident.links.iter().map(|link| link.what).collect();
    let helped = [L::FirstFailedCheck, L::Verdict, L::FaultOver, L::FirstPassingCheck, L::Serving];
    let path: Vec<_> = links.into_iter().filter(|what| helped.contains(what)).collect();
    assert_eq!(path, helped, "found out, and over by itself");
}

#[test]
fn the_result_of_a_run_without_trouble_has_no_chain() {
    let result = run(&plan());
    assert!(result.summary.incidents.is_empty());
    assert!(result.timeline.iter().all(|event| event.since_s.is_none() && event.published_s.is_none()));
}
