//! Alarms of every kind against the whole world: high resolution, metric math, composite alarms, actions on instances.

use crate::fixture::*;
use models::plan::*;
use models::result::{EventKind, RunResult};
use sim_core::{Duration, Table, Time};

/// A custom metric that jumps: `(from, value)`.
fn jumps(name: &str, course: &[(u64, f64)]) -> CustomMetric {
    let mut knots: Vec<(Time, f64)> = Vec::new();
    for &(from, value) in course {
        let at = Time::ZERO + secs(from);
        knots.extend(knots.last().map(|last| (at, last.1)));
        knots.push((at, value));
    }
    CustomMetric::following(name, RateProfile { knots })
}

/// An alarm that rings while a custom metric is above a half, one of one.
fn bell(name: &str, metric: usize) -> Alarm {
    Alarm::new(name, Metric::Custom(CustomMetricId::new(metric)), 0.5)
}

/// The plan with these metrics, and an alarm on each.
fn bells(metrics: Vec<CustomMetric>) -> Plan {
    let mut plan = plan();
    plan.alarms = metrics.iter().enumerate().map(|(index, metric)| bell(&metric.name, index)).collect();
    plan.custom_metrics = metrics.into_iter().collect();
    plan
}

fn changes(result: &RunResult, alarm: &str) -> Vec<(String, f64)> {
    result.summary.alarms[alarm].iter().map(|change| (change.to.clone(), change.t_s)).collect()
}

fn first(result: &RunResult, alarm: &str, state: &str) -> f64 {
    changes(result, alarm).iter().find(|change| change.0 == state).map_or(f64::NAN, |change| change.1)
}

/// Words of what was written of an alarm from some time on.
fn told(result: &RunResult, alarm: &str, from: f64) -> Vec<String> {
    let of = |kind| matches!(kind, EventKind::AlarmState | EventKind::AlarmActions);
    let entries = result.timeline.iter().filter(|entry| entry.subject == alarm && of(entry.kind) && entry.t_s >= from);
    entries.map(|entry| entry.detail.clone()).collect()
}

#[test]
fn e1_a_high_resolution_alarm_looks_each_ten_seconds() {
    let mut metric = jumps("load", &[(0, 0.0), (100, 1.0)]);
    metric.resolution = secs(1);
    let mut plan = bells(vec![metric]);
    let alarm = &mut plan.alarms[AlarmId::new(0)];
    alarm.period = secs(10);
    (alarm.evaluation_periods, alarm.datapoints_to_alarm) = (3, 3);
    let result = run(&plan);
    // Three periods from 100 to 130, read ten seconds later.
    let at = first(&result, "load", "ALARM");
    assert!((140.0..150.0).contains(&at), "{at}");
    // The same at standard resolution needs three minutes and more.
    plan.alarms[AlarmId::new(0)].period = secs(60);
    let at = first(&run(&plan), "load", "ALARM");
    assert!((300.0..420.0).contains(&at), "{at}");
}

#[test]
fn points_of_a_series_keep_their_gaps() {
    // A point each minute, but none from 600 to 1200.
    let minutes = (0..30).filter(|minute| !(10..20).contains(minute));
    let points = minutes.map(|minute| (Time::ZERO + secs(60 * minute), 1.0)).collect();
    let metric = CustomMetric { source: Source::Points(points), ..jumps("load", &[]) };
    let mut plan = bells(vec![metric]);
    plan.duration = secs(1800);
    let found = changes(&run(&plan), "load");
    let states: Vec<&str> = found.iter().map(|change| change.0.as_str()).collect();
    assert_eq!(states, ["ALARM", "INSUFFICIENT_DATA", "ALARM"]);
    // R = 3 periods for N = 1: the point of the tenth minute is read again until it leaves the range (rule E5).
    assert!((600.0 + 180.0..600.0 + 360.0).contains(&found[1].1), "{found:?}");
    assert!((1260.0..1380.0).contains(&found[2].1), "{found:?}");
}

#[test]
fn e3_evaluation_is_held_back_during_the_warm_up() {
    let mut plan = bells(vec![jumps("load", &[(0, 1.0)])]);
    let at = first(&run(&plan), "load", "ALARM");
    assert!(at < 200.0, "{at}");
    plan.alarms[AlarmId::new(0)].warm_up = secs(600);
    let at = first(&run(&plan), "load", "ALARM");
    assert!((600.0..660.0).contains(&at), "{at}");
}

#[test]
fn actions_that_are_not_enabled_are_not_taken() {
    let mut plan = spike(1200);
    assert!(!all(&run(&plan), EventKind::PolicyInvoked).is_empty());
    plan.alarms[AlarmId::new(0)].actions_enabled = false;
    let result = run(&plan);
    assert!(all(&result, EventKind::PolicyInvoked).is_empty());
    assert!(first(&result, "load-high", "ALARM") > 600.0, "it rings all the same");
}

#[test]
fn auto_scaling_actions_repeat_each_minute_at_high_resolution_too() {
    let mut plan = plan();
    let mut metric = jumps("load", &[(0, 1.0)]);
    metric.resolution = secs(1);
    plan.custom_metrics = [metric].into_iter().collect();
    plan.duration = secs(600);
    let step = StepAdjustment { lower: Some(0.0), upper: None, adjustment: 1.0 };
    let kind =
        PolicyKind::Step { steps: vec![step], warmup: Some(Duration::ZERO), aggregation: MetricAggregation::default() };
    let out = Policy { kind, ..policy("out", AdjustmentType::ChangeInCapacity, 1.0, 0) };
    group(&mut plan).policies = vec![out];
    let action = Action::Scale { fleet: WEB, policy: 0 };
    let alarm = Alarm { period: secs(10), alarm_actions: vec![action], ..bell("load", 0) };
    plan.alarms = [alarm].into_iter().collect();
    let result = run(&plan);
    let rang = first(&result, "load", "ALARM");
    // Five seconds to the group; each repetition adds one as soon as the one before is in service.
    for t in times(&result, EventKind::PolicyInvoked) {
        let since = t - rang - 5.0;
        assert!((since / 60.0).fract() < 1e-6 || (since / 60.0).fract() > 1.0 - 1e-6, "{since} s after");
    }
    assert!(times(&result, EventKind::PolicyInvoked).len() >= 3);
}

#[test]
fn metric_math_divides_one_metric_by_another() {
    // 400 over four hosts is 100; over six 66.
    let mut plan = plan();
    plan.custom_metrics = [jumps("load", &[(0, 400.0)])].into_iter().collect();
    let term = |id: &str, metric| Term { id: id.into(), metric, statistic: Statistic::Average };
    let hosts = Metric::InServiceInstances(WEB);
    let load = Metric::Custom(CustomMetricId::new(0));
    let math = Math {
        text: "load / hosts".into(),
        terms: vec![term("load", load), term("hosts", hosts)],
        expression: Expression::Binary(Operator::Over, Box::new(Expression::Term(0)), Box::new(Expression::Term(1))),
    };
    group(&mut plan).policies = vec![policy("out", AdjustmentType::ChangeInCapacity, 2.0, 300)];
    let action = Action::Scale { fleet: WEB, policy: 0 };
    let alarm = Alarm { math: Some(math), alarm_actions: vec![action], ..Alarm::new("per-host", load, 80.0) };
    plan.alarms = [alarm].into_iter().collect();
    let result = run(&plan);
    assert_eq!(result.summary.groups["web"].final_in_service, 6);
    let states: Vec<String> = changes(&result, "per-host").into_iter().map(|change| change.0).collect();
    assert_eq!(states, ["ALARM", "OK"]);
    let value = result.series.get("alarm.per-host.value").unwrap();
    assert!(close(*value.values.last().unwrap(), 400.0 / 6.0));
}

#[test]
fn a_percentile_of_few_samples_changes_nothing_where_they_are_ignored() {
    // Two requests a second are 120 a minute: enough for p90 (100), not for p99 (1000).
    for (percent, counts, rings) in [(99.0, true, true), (99.0, false, false), (90.0, false, true)] {
        let mut plan = plan();
        plan.duration = secs(600);
        let metric = Metric::TargetResponseTime(TargetGroupId::new(0));
        let statistic = Statistic::Percentile(percent);
        let alarm = Alarm { statistic, low_samples_count: counts, ..Alarm::new("slow", metric, 0.001) };
        plan.alarms = [alarm].into_iter().collect();
        let raised = first(&run(&plan), "slow", "ALARM").is_finite();
        assert_eq!(raised, rings, "p{percent}, few samples count: {counts}");
    }
}

#[test]
fn a_service_emits_what_it_does() {
    let mut plan = plan();
    plan.duration = secs(600);
    let emitted = |name: &str, value, per| {
        let source = Source::Emitted { service: ServiceId::new(0), value, per };
        CustomMetric { source, ..jumps(name, &[]) }
    };
    let custom = [
        emitted("started", Emitted::Started, Per::Service),
        emitted("in-flight", Emitted::InFlight, Per::Instance),
        emitted("refused", Emitted::Refused, Per::Service),
        emitted("sessions", Emitted::Sessions, Per::Service),
        CustomMetric { resolution: secs(10), ..emitted("fine", Emitted::Started, Per::Service) },
    ];
    plan.custom_metrics = custom.into_iter().collect();
    let started = Alarm { statistic: Statistic::Sum, threshold: 80.0, ..bell("many", 0) };
    plan.alarms = [started].into_iter().collect();
    let result = run(&plan);
    let mean = |name: &str| {
        let column = result.series.get(&format!("metric.{name}")).unwrap();
        let known: Vec<f64> = column.values.iter().copied().filter(|value| value.is_finite()).collect();
        known.iter().sum::<f64>() / known.len() as f64
    };
    // Health checks are requests too: two nodes check four targets six times a minute.
    let offered = result.summary.requests.offered as f64 / 10.0 + 48.0;
    assert!((mean("started") - offered).abs() < 5.0, "{} of {offered} a minute", mean("started"));
    assert!((10.0..50.0).contains(&mean("fine")), "{} in ten seconds", mean("fine"));
    assert!(mean("in-flight") < 1.0);
    assert_eq!((mean("refused"), mean("sessions")), (0.0, 0.0));
    assert!(first(&result, "many", "ALARM") < 200.0);
    // A counter is not cut by the end of the warm-up.
    plan.warm_up = secs(150);
    let warm = run(&plan);
    let started = |result: &RunResult| result.series.get("metric.started").unwrap().values[1..].to_vec();
    assert_eq!(started(&warm), started(&result));
}

/// `a` rings from 600 s on; `quiet` holds back what is made of it.
fn suppressed(quiet: &[(u64, f64)], a: &[(u64, f64)]) -> RunResult {
    let mut plan = bells(vec![jumps("a", a), jumps("quiet", quiet)]);
    let of = |id| AlarmRef::Metric(AlarmId::new(id));
    let suppressor = Suppressor { alarm: of(1), wait: secs(120), extension: secs(180) };
    let page = CompositeAlarm {
        name: "page".into(),
        rule: Rule::In(of(0), AlarmState::Alarm),
        actions_enabled: true,
        notifies_alarm: true,
        notifies_ok: true,
        suppressor: Some(suppressor),
    };
    plan.composite_alarms = [page].into_iter().collect();
    run(&plan)
}

#[test]
fn a_suppressor_that_stays_out_of_alarm_delays_actions_by_w() {
    let result = suppressed(&[(0, 0.0)], &[(0, 0.0), (600, 1.0)]);
    let rang = first(&result, "page", "ALARM");
    assert_eq!(rang, first(&result, "a", "ALARM"), "at once with its child");
    let told = told(&result, "page", rang);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].ends_with("waits 2m for quiet") && told[1].ends_with("notifies of ALARM"), "{told:?}");
    let acted = all(&result, EventKind::AlarmActions).iter().find(|entry| entry.t_s > rang).unwrap().t_s;
    assert!(close(acted - rang, 120.0), "{}", acted - rang);
}

#[test]
fn a_suppressor_in_alarm_suppresses_until_x_after_it_has_left() {
    // In ALARM from before to 1800 s.
    let result = suppressed(&[(0, 1.0), (1800, 0.0)], &[(0, 0.0), (600, 1.0)]);
    let told = told(&result, "page", 600.0);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].ends_with("suppressed by quiet"), "{told:?}");
    assert!(told[1].starts_with("quiet has left ALARM") && told[2].ends_with("notifies of ALARM"), "{told:?}");
    let left = first_after(&result, "quiet", "OK", 1800.0);
    let acted = all(&result, EventKind::AlarmActions).last().unwrap().t_s;
    assert!(close(acted - left, 180.0), "{}", acted - left);
}

#[test]
fn a_suppressor_that_follows_within_w_suppresses_and_the_state_of_the_end_counts() {
    // It follows a minute later; `a` is over before it is.
    let result = suppressed(&[(0, 0.0), (660, 1.0), (1800, 0.0)], &[(0, 0.0), (600, 1.0), (1200, 0.0)]);
    let told = told(&result, "page", 600.0);
    let words = ["waits 2m for quiet", "actions suppressed by quiet, in ALARM", "suppressed by quiet"];
    assert_eq!(told.len(), 5, "{told:?}");
    for (told, words) in told.iter().zip(words) {
        assert!(told.ends_with(words), "{told}");
    }
    assert!(told[4].ends_with("notifies of OK"), "{told:?}");
}

#[test]
fn a_change_during_x_drops_it_and_waits_w_anew() {
    // X would end at about 2000; `a` is over at about 1920.
    let result = suppressed(&[(0, 1.0), (1740, 0.0)], &[(0, 0.0), (600, 1.0), (1860, 0.0)]);
    let told = told(&result, "page", 600.0);
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[2].ends_with("waits 2m for quiet") && told[3].ends_with("notifies of OK"), "{told:?}");
    let acted = all(&result, EventKind::AlarmActions).last().unwrap().t_s;
    assert!(close(acted - first_after(&result, "page", "OK", 600.0), 120.0));
}

fn first_after(result: &RunResult, alarm: &str, state: &str, from: f64) -> f64 {
    let found = changes(result, alarm);
    found.iter().find(|change| change.0 == state && change.1 >= from).map_or(f64::NAN, |change| change.1)
}

#[test]
fn composite_alarms_of_composite_alarms_see_the_new_states() {
    let mut plan = bells(vec![jumps("a", &[(0, 0.0), (600, 1.0)]), jumps("b", &[(0, 0.0)])]);
    let of = |id| AlarmRef::Metric(AlarmId::new(id));
    let composite = |name: &str, rule| CompositeAlarm {
        name: name.into(),
        rule,
        actions_enabled: true,
        notifies_alarm: true,
        notifies_ok: false,
        suppressor: None,
    };
    let both = AlarmRef::Composite(CompositeId::new(1));
    // The outer one comes first in the plan, and is evaluated last.
    plan.composite_alarms = [
        composite("outer", Rule::And(vec![Rule::In(both, AlarmState::Alarm), Rule::In(of(0), AlarmState::Alarm)])),
        composite(
            "inner",
            Rule::Or(vec![Rule::In(of(0), AlarmState::Alarm), Rule::Not(Box::new(Rule::In(of(1), AlarmState::Ok)))]),
        ),
        composite("always", Rule::Is(true)),
    ]
    .into_iter()
    .collect();
    let result = run(&plan);
    let a = first(&result, "a", "ALARM");
    assert_eq!(changes(&result, "outer"), [("OK".to_string(), 0.0), ("ALARM".to_string(), a)]);
    // Until `b` is known, NOT OK(b) holds.
    let b = first(&result, "b", "OK");
    assert_eq!(
        changes(&result, "inner"),
        [("ALARM".to_string(), 0.0), ("OK".to_string(), b), ("ALARM".to_string(), a)]
    );
    assert_eq!(changes(&result, "always"), [("ALARM".to_string(), 0.0)]);
    let told = told(&result, "outer", a);
    assert_eq!(told, ["OK → ALARM: inner is ALARM, a is ALARM; notifies"]);
}

#[test]
fn m3_an_alarm_stops_and_terminates_an_instance() {
    for what in [Ec2Action::Stop, Ec2Action::Terminate] {
        let mut plan = bells(vec![jumps("ill", &[(0, 0.0), (600, 1.0)])]);
        plan.alarms[AlarmId::new(0)].alarm_actions = vec![Action::Ec2 { fleet: WEB, nth: 1, what }];
        let result = run(&plan);
        let rang = first(&result, "ill", "ALARM");
        let lost = all(&result, EventKind::InstanceLost);
        assert_eq!(lost.len(), 1, "once, however long it rings");
        assert_eq!((lost[0].subject.as_str(), lost[0].t_s), ("web/i-1", rang));
        assert_eq!(chain(&result, lost[0])[1], EventKind::AlarmState);
        // Its group replaces it.
        assert_eq!(result.summary.groups["web"].final_in_service, 4);
    }
}

#[test]
fn m4_a_recovered_instance_of_a_fixed_set_comes_up_again() {
    for (what, back) in [(Ec2Action::Recover, 1), (Ec2Action::Reboot, 1), (Ec2Action::Stop, 0)] {
        let mut plan = bells(vec![jumps("ill", &[(0, 0.0), (600, 1.0)])]);
        plan.fleets[WEB].sizing = Sizing::Fixed(2);
        plan.alarms[AlarmId::new(0)].alarm_actions = vec![Action::Ec2 { fleet: WEB, nth: 0, what }];
        let result = run(&plan);
        // It keeps its id and its bill: only one that is stopped is lost.
        assert_eq!(all(&result, EventKind::InstanceLost).len(), 1 - back, "{what:?}");
        assert_eq!(all(&result, EventKind::ProcessRestarted).len(), back, "{what:?}");
        assert_eq!(result.summary.groups["web"].final_in_service, 1 + back as u32, "{what:?}");
    }
}

#[test]
fn a_world_without_clients_and_services_still_scales() {
    let mut plan = spike(1200);
    plan.populations = Table::default();
    plan.sites = Table::default();
    plan.balancers = Table::default();
    plan.target_groups = Table::default();
    plan.services = Table::default();
    plan.endpoints = Table::default();
    plan.fleets[WEB].target_groups.clear();
    let result = run(&plan);
    assert_eq!(result.summary.groups["web"].max_in_service, 8);
    assert!(result.series.get("offered_per_s").is_none() && result.series.get("metric.load").is_some());
}

#[test]
fn every_metric_of_3_13_and_1_14_has_the_value_that_aws_would_give_it() {
    let (www, web) = (BalancerId::new(0), TargetGroupId::new(0));
    let sum = |metric| (metric, Statistic::Sum);
    let mean = |metric| (metric, Statistic::Average);
    // Two requests a second, answers of 1 kB to requests of 1 kB, four targets in two zones.
    let per_minute = 120.0;
    let table = [
        (mean(Metric::Group(WEB, GroupMetric::MinSize)), Some((2.0, 0.0))),
        (mean(Metric::Group(WEB, GroupMetric::MaxSize)), Some((16.0, 0.0))),
        (mean(Metric::Group(WEB, GroupMetric::Pending)), Some((0.0, 0.0))),
        (mean(Metric::Group(WEB, GroupMetric::Standby)), Some((0.0, 0.0))),
        (mean(Metric::Group(WEB, GroupMetric::Terminating)), Some((0.0, 0.0))),
        (mean(Metric::Group(WEB, GroupMetric::Total)), Some((4.0, 0.0))),
        (sum(Metric::Targets(web, TargetsMetric::RequestCount)), Some((per_minute, 60.0))),
        (sum(Metric::Targets(web, TargetsMetric::Target2xx)), Some((per_minute, 60.0))),
        // What never happened is not zero: it is absent.
        (sum(Metric::Targets(web, TargetsMetric::ConnectionErrors)), None),
        (sum(Metric::Targets(web, TargetsMetric::UnhealthyRouting)), None),
        (sum(Metric::Balancer(www, BalancerMetric::Elb502)), None),
        (sum(Metric::Balancer(www, BalancerMetric::Elb503)), None),
        (sum(Metric::Balancer(www, BalancerMetric::Elb504)), None),
        (sum(Metric::Balancer(www, BalancerMetric::Target5xx)), None),
        (mean(Metric::Targets(web, TargetsMetric::HealthyStateRouting)), Some((2.0, 0.0))),
        (mean(Metric::Targets(web, TargetsMetric::UnhealthyStateRouting)), Some((0.0, 0.0))),
        (mean(Metric::Targets(web, TargetsMetric::HealthyStateDns)), Some((2.0, 0.0))),
        (mean(Metric::Targets(web, TargetsMetric::UnhealthyStateDns)), Some((0.0, 0.0))),
        (sum(Metric::Balancer(www, BalancerMetric::ProcessedBytes)), Some((per_minute * 2_000.0, 120_000.0))),
        // Two new connections a second of 25 to the unit; 14.4 MB an hour of 1 GB are less.
        (mean(Metric::Balancer(www, BalancerMetric::ConsumedLcus)), Some((0.08, 0.04))),
        // One for each request, and hardly any to targets: those are used again.
        (sum(Metric::Balancer(www, BalancerMetric::NewConnections)), Some((per_minute, 60.0))),
        (mean(Metric::Instance(WEB, None, InstanceMetric::StatusCheckFailed)), Some((0.0, 0.0))),
        (mean(Metric::Instance(WEB, Some(3), InstanceMetric::StatusCheckFailedInstance)), Some((0.0, 0.0))),
        (mean(Metric::Instance(WEB, Some(3), InstanceMetric::StatusCheckFailedSystem)), Some((0.0, 0.0))),
        // An instance that was never launched says nothing.
        (mean(Metric::Instance(WEB, Some(9), InstanceMetric::StatusCheckFailed)), None),
        (mean(Metric::Instance(WEB, Some(9), InstanceMetric::Cpu)), None),
        // Half a request a second of 5 ms on two vCPUs, and the checks.
        (mean(Metric::Instance(WEB, Some(0), InstanceMetric::Cpu)), Some((0.15, 0.1))),
        // One sample from each node.
        ((Metric::HealthyHostCount(web), Statistic::SampleCount), Some((2.0, 0.0))),
        ((Metric::HealthyHostCount(web), Statistic::Minimum), Some((4.0, 0.0))),
        ((Metric::UnHealthyHostCount(web), Statistic::Maximum), Some((0.0, 0.0))),
    ];
    let mut plan = plan();
    plan.duration = secs(900);
    for (index, &((metric, statistic), _)) in table.iter().enumerate() {
        plan.alarms.push(Alarm { statistic, ..Alarm::new(format!("{index}"), metric, 1e12) });
    }
    let result = run(&plan);
    for (index, (metric, expected)) in table.iter().enumerate() {
        let found = *result.series.get(&format!("alarm.{index}.value")).unwrap().values.last().unwrap();
        match expected {
            None => assert!(found.is_nan(), "{metric:?} is {found}, and should be absent"),
            Some((value, within)) => assert!((found - value).abs() <= *within, "{metric:?} is {found}, not {value}"),
        }
    }
}

#[test]
fn errors_of_the_balancer_are_told_apart_and_are_there_only_when_they_happen() {
    // All targets stop at 300 s: refused at first, then nobody is there.
    let mut plan = plan();
    plan.duration = secs(900);
    let all_of_them = Selection { fleet: WEB, zone: None, mode: SelectionMode::All };
    fault(&mut plan, 300, FaultAction::HangInstances(all_of_them, secs(200)));
    plan.sites.values_mut().for_each(|site| site.timeout = secs(120));
    let www = BalancerId::new(0);
    let alarm = |name: &str, metric| Alarm { statistic: Statistic::Sum, ..Alarm::new(name, metric, 0.0) };
    plan.alarms = [
        alarm("5xx", Metric::Elb5xx(www)),
        alarm("504", Metric::Balancer(www, BalancerMetric::Elb504)),
        alarm("503", Metric::Balancer(www, BalancerMetric::Elb503)),
    ]
    .into_iter()
    .collect();
    let result = run(&plan);
    let at = first(&result, "504", "ALARM");
    assert!((360.0..600.0).contains(&at), "sixty seconds of silence, a period, its delay: {at}");
    assert!(first(&result, "5xx", "ALARM").is_finite() && first(&result, "503", "ALARM").is_nan());
}

#[test]
fn five_9_alarms_are_billed_by_the_metrics_they_look_at() {
    let mut plan = bells(vec![jumps("load", &[(0, 0.0)])]);
    plan.custom_metrics[CustomMetricId::new(0)].resolution = secs(1);
    // 730 hours in an hour: a month's price times the part of it.
    let month =
        |result: &RunResult, part: &str| result.summary.cost_usd.by_part.get(part).map_or(0.0, |usd| usd * 730.0);
    plan.prices.alarm_month = 0.1;
    plan.prices.high_resolution_alarm_month = 0.3;
    plan.prices.composite_alarm_month = 0.5;
    plan.prices.custom_metric_month = 0.3;
    let result = run(&plan);
    assert!(close(month(&result, "alarms"), 0.1) && close(month(&result, "custom_metrics"), 0.3));
    plan.alarms[AlarmId::new(0)].period = secs(10);
    assert!(close(month(&run(&plan), "alarms"), 0.3));
    plan.alarms[AlarmId::new(0)] = Alarm { comparison: Comparison::AboveBand, ..bell("load", 0) };
    assert!(close(month(&run(&plan), "alarms"), 0.3), "the metric and two bounds");
    plan.composite_alarms = [CompositeAlarm {
        name: "any".into(),
        rule: Rule::Is(false),
        actions_enabled: true,
        notifies_alarm: false,
        notifies_ok: false,
        suppressor: None,
    }]
    .into_iter()
    .collect();
    assert!(close(month(&run(&plan), "alarms"), 0.8));
}

#[test]
fn one_14_a_warm_pool_has_metrics_of_its_own_and_is_absent_without_one() {
    let table = [
        (GroupMetric::PoolMinSize, 1.0),
        (GroupMetric::PoolDesired, 2.0),
        (GroupMetric::PoolPending, 0.0),
        (GroupMetric::PoolTerminating, 0.0),
        (GroupMetric::PoolWarmed, 2.0),
        (GroupMetric::PoolTotal, 2.0),
        (GroupMetric::WithPoolDesired, 6.0),
        (GroupMetric::WithPoolTotal, 6.0),
    ];
    for there in [true, false] {
        let mut plan = plan();
        plan.duration = secs(1200);
        group(&mut plan).warm_pool = there.then_some(WarmPool {
            state: PoolState::Stopped,
            min_size: 1,
            max_group_prepared_capacity: Some(6),
            reuse_on_scale_in: false,
            start: None,
            stop: sim_core::dist::Dist::Constant(10.0),
            volume_gb: 8.0,
        });
        for (metric, _) in table {
            plan.alarms.push(Alarm::new(format!("{metric:?}"), Metric::Group(WEB, metric), 1e12));
        }
        let result = run(&plan);
        for (metric, expected) in table {
            let found = *result.series.get(&format!("alarm.{metric:?}.value")).unwrap().values.last().unwrap();
            assert!(if there { close(found, expected) } else { found.is_nan() }, "{metric:?} is {found}");
        }
    }
}
