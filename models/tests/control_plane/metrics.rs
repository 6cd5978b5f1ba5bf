//! Metrics and alarms: what is published when, and what an alarm makes of it.

use crate::fixture::*;
use models::plan::*;
use sim_core::Duration;
use sim_core::dist::Dist;

#[test]
fn late_metrics_delay_the_alarm_and_lost_ones_leave_it_without_data() {
    let raised = |plan: &Plan| {
        let result = run(plan);
        let state = |to: &str| {
            let changes = &result.summary.alarms["load-high"];
            changes.iter().find(|change| change.to == to && change.t_s > 300.0).map(|change| change.t_s)
        };
        (state("ALARM"), state("INSUFFICIENT_DATA"))
    };
    let on_time = raised(&spike(3_600)).0.unwrap();
    let mut late = spike(3_600);
    fault(&mut late, 300, FaultAction::DelayMetrics(secs(240), Duration::MAX));
    // Four minutes late, less one: four breaching datapoints, the oldest as old as M, and nothing known to the contrary
    // after them, are an alarm (§5.4).
    assert!(close(raised(&late).0.unwrap(), on_time + 180.0));
    let mut lost = spike(3_600);
    fault(&mut lost, 400, FaultAction::LoseMetrics(Duration::MAX));
    let (alarm, blind) = raised(&lost);
    assert_eq!(alarm, None);
    assert!(blind.is_some_and(|at| at > 600.0), "{blind:?}");
}

#[test]
fn cpu_alarms_see_what_instances_did_a_publication_later() {
    let mut plan = plan();
    let everyone = Selection { fleet: WEB, zone: None, mode: SelectionMode::All };
    fault(&mut plan, 600, FaultAction::CpuStress(everyone, 80.0, secs(900)));
    group(&mut plan).policies = vec![policy("more", AdjustmentType::ChangeInCapacity, 1.0, 10_000)];
    let mut high = alarm("cpu-high", Comparison::GreaterThan, 70.0, 2, 0);
    high.metric = Metric::Cpu(WEB);
    plan.alarms = [high].into_iter().collect();
    let result = run(&plan);
    let raised = result.summary.alarms["cpu-high"].iter().find(|change| change.to == "ALARM").unwrap().t_s;
    // Two periods from 600 s end at 720 s, and can be read 60 s later.
    assert!((780.0..840.0).contains(&raised), "{raised}");
    assert_eq!(result.summary.groups["web"].final_in_service, 5);
}

#[test]
fn publication_in_the_usual_time_never_looks_like_missing_data() {
    let mut plan = plan();
    plan.cloudwatch.ec2_delay = Dist::Uniform { low: 60.0, high: 120.0 };
    plan.cloudwatch.elb_delay = Dist::Uniform { low: 60.0, high: 180.0 };
    let mut requests = alarm("requests", Comparison::LessThan, 1.0, 1, 0);
    requests.metric = Metric::RequestCount(BalancerId::new(0));
    let mut cpu = alarm("cpu", Comparison::GreaterThan, 70.0, 3, 0);
    cpu.metric = Metric::Cpu(WEB);
    plan.alarms = [requests, cpu].into_iter().collect();
    let result = run(&plan);
    for name in ["requests", "cpu"] {
        let changes = &result.summary.alarms[name];
        assert!(changes.len() == 1 && changes[0].to == "OK", "{name}: {changes:?}");
    }
}

#[test]
fn basic_monitoring_under_an_alarm_of_its_own_period_is_seen_at_every_look() {
    let mut plan = plan();
    plan.fleets[WEB].template.monitoring = Monitoring::Basic;
    let everyone = Selection { fleet: WEB, zone: None, mode: SelectionMode::All };
    fault(&mut plan, 600, FaultAction::CpuStress(everyone, 80.0, Duration::MAX));
    let mut high = alarm("cpu-high", Comparison::GreaterThan, 70.0, 1, 0);
    high.metric = Metric::Cpu(WEB);
    high.period = secs(300);
    plan.alarms = [high].into_iter().collect();
    let result = run(&plan);
    let changes = &result.summary.alarms["cpu-high"];
    let states: Vec<&str> = changes.iter().map(|change| change.to.as_str()).collect();
    assert_eq!(states, ["OK", "ALARM"]);
    // The period from 600 s ends at 900 s, and can be read 60 s later.
    assert!((960.0..1_020.0).contains(&changes[1].t_s), "{}", changes[1].t_s);
}
