//! What scenario texts mean.

use models::plan::{
    Action, Arrivals, Backoff, Bounds, Comparison, Ec2Action, FleetId, Metric, Per, PolicyKind, Process, Sizing,
    Source as Origin, Statistic, Within,
};
use scenarios::{Report, Source, compile};
use sim_core::{Duration, Time};

fn source(text: &str) -> Source {
    Source { name: "test.ron".to_owned(), text: text.to_owned(), dir: None }
}

fn plan(text: &str) -> models::plan::Plan {
    compile(&source(text), &[]).unwrap_or_else(|report: Report| panic!("{report}")).plan
}

fn secs(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

const SKETCH: &str = include_str!("texts/sketch.ron");

#[test]
fn the_sketch_of_the_design_means_what_it_says() {
    let plan = plan(SKETCH);
    assert_eq!(plan.duration, Duration::from_secs(3 * 3600));
    assert_eq!(plan.zones.len(), 2);
    let population = plan.populations.values().next().unwrap();
    let Arrivals::Open { rate, process: Process::Poisson } = &population.arrivals else { panic!("an open stream") };
    assert_eq!(rate.at(secs(0)), 120.0);
    assert_eq!(rate.at(secs(34 * 60)), 1060.0);
    assert_eq!(rate.at(secs(50 * 60)), 2000.0);
    assert_eq!(rate.at(secs(2 * 3600)), 120.0);
    assert_eq!(population.mix.iter().map(|entry| entry.1).collect::<Vec<_>>(), [9.0, 1.0]);
    let site = &plan.sites[population.site];
    assert!(matches!(site.retry.backoff, Backoff::Exponential { cap, .. } if cap == Duration::from_secs(20)));
    assert_eq!(site.retry.attempts, 3);
    let fleet = plan.fleets.values().next().unwrap();
    assert_eq!((fleet.template.vcpus, fleet.zones.len()), (2, 2));
    let Sizing::AutoScaling(group) = &fleet.sizing else { panic!("a group") };
    assert_eq!((group.min_size, group.max_size, group.desired_capacity), (4, 16, 4));
    assert!(group.elb_health_check);
    assert!(
        matches!(group.policies[0].kind, PolicyKind::Simple { adjustment: 100.0, cooldown: Some(c) } if c == Duration::from_secs(300))
    );
    let alarm = plan.alarms.values().next().unwrap();
    assert!(matches!(alarm.metric, Metric::Cpu(_)));
    assert_eq!((alarm.threshold, alarm.datapoints_to_alarm), (90.0, 5));
    let store = plan.stores.values().next().unwrap();
    assert_eq!(store.connections, 1676);
    let rds = store.rds.as_ref().unwrap();
    assert!(rds.standby.is_some() && rds.standby != store.zone);
    assert_eq!(rds.detection.mean() + rds.dns_flip.mean(), 0.0);
    assert!((rds.promotion.quantile(0.95) - 90.0).abs() < 1e-6);
    assert_eq!(plan.faults.values().next().unwrap().name, "FailPrimary(\"orders\")");
    let texts: Vec<&str> = plan.expectations.iter().map(|e| e.text.as_str()).collect();
    assert_eq!(
        texts,
        ["Availability(at_least: 0.99)", "CommittedWritesLost(at_most: 0)", "Recovery(of: \"orders\", within: \"2m\")"]
    );
    // Two milliseconds between zones, as written; 0.3 inside, by default.
    let row = plan.network.round_trip.values().next().unwrap();
    assert_eq!(row.values().map(|dist| dist.mean()).collect::<Vec<_>>(), [0.0003, 0.002]);
}

#[test]
fn a_queue_takes_ten_lines() {
    let plan = plan(
        r#"Scenario(
            schema: 1, name: "mm1", duration: "2h", warm_up: "5m",
            clients: { "customers": (to: "queue", arrivals: Poisson("80/s")) },
            services: { "queue": (instances: 1, workers: 1, vcpus: 1, endpoints: { "job": (steps: [Compute(Exp(mean: "10ms"))]) }) },
        )"#,
    );
    assert_eq!(plan.fleets.len(), 1);
    assert!(matches!(plan.fleets.values().next().unwrap().sizing, Sizing::Fixed(1)));
    assert_eq!(plan.zones.len(), 1);
    assert_eq!(plan.populations.values().next().unwrap().round_trip.mean(), 0.0);
    assert_eq!(plan.network.round_trip.values().next().unwrap().values().next().unwrap().mean(), 0.0);
}

/// Everything that a plan can hold, written once.
#[test]
fn every_part_of_a_plan_can_be_written() {
    let plan = plan(include_str!("texts/everything.ron"));
    assert_eq!(plan.faults.len(), 22);
    assert_eq!(plan.expectations.len(), 30);
    // One per metric, and two that target tracking makes.
    assert_eq!(plan.alarms.len(), 14 + 2);
    let outcomes: std::collections::BTreeSet<String> =
        plan.expectations.iter().map(|e| e.text.split('(').next().unwrap().to_owned()).collect();
    assert_eq!(outcomes.len(), 28, "each kind there is, some of them twice");
    let metrics: std::collections::BTreeSet<String> =
        plan.alarms.values().map(|alarm| format!("{:?}", std::mem::discriminant(&alarm.metric))).collect();
    assert_eq!(metrics.len(), 14);
    let actions: std::collections::BTreeSet<String> =
        plan.faults.values().map(|fault| format!("{:?}", std::mem::discriminant(&fault.action))).collect();
    assert_eq!(actions.len(), 20);
}

/// Metrics and alarms in every form that they have.
#[test]
fn alarms_of_every_kind_can_be_written() {
    let plan = plan(include_str!("texts/watching.ron"));
    let alarm = |name: &str| plan.alarms.values().find(|alarm| alarm.name == name).unwrap();
    let metric = |name: &str| plan.custom_metrics.values().find(|metric| metric.name == name).unwrap();
    let Origin::Points(points) = &metric("fed").source else { panic!("it is fed") };
    let points: Vec<(f64, f64)> = points.iter().map(|point| (point.0.as_secs_f64(), point.1)).collect();
    assert_eq!(points, [(0.0, 21.0), (60.0, 41.0)], "five minutes left out, the rest made one minute");
    let per = |name: &str| match metric(name).source {
        Origin::Emitted { per, .. } => per,
        _ => panic!("it is emitted"),
    };
    assert_eq!((per("backlog"), per("started")), (Per::Instance, Per::Service));
    assert!(alarm("fine").is_high_resolution());
    assert_eq!(alarm("math").inputs().len(), 2);
    assert_eq!((alarm("band").comparison, alarm("band").threshold), (Comparison::BelowBand, 2.5));
    let recover = Action::Ec2 { fleet: FleetId::new(0), nth: 1, what: Ec2Action::Recover };
    assert_eq!(alarm("system").alarm_actions, [recover]);
    assert!(!alarm("instance").actions_enabled && !alarm("slow").low_samples_count);
    assert_eq!(alarm("slow").warm_up.as_secs_f64(), 300.0);
    assert_eq!(alarm("typical").statistic, Statistic::Within(Within::TrimmedMean, Bounds::Percent(25.0, 75.0)));
    let page = plan.composite_alarms.values().find(|alarm| alarm.name == "page").unwrap();
    let suppressor = page.suppressor.unwrap();
    assert_eq!((suppressor.wait.as_secs_f64(), suppressor.extension.as_secs_f64()), (120.0, 0.0));
    assert!(page.notifies_alarm && page.notifies_ok);
    let any = plan.composite_alarms.values().next().unwrap();
    assert_eq!(any.rule.children().len(), 4);
}

/// A metric's file stands in place of its points, with its gaps, whatever the order of its rows.
#[test]
fn a_metric_is_read_from_a_file() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let rows = "Time,Requests,Errors\n2014-04-10 00:14:00,187,3\n2014-04-10 00:04:00,94,1\n2014-04-10 00:09:00,,2\n";
    std::fs::write(folder.join("export.csv"), rows).unwrap();
    let text = r#"Scenario(
        schema: 1, name: "replayed", duration: "1h",
        metrics: { "load": (csv: "export.csv", time_column: "time", value_column: "Requests", scale: 2, points: [("0s", 1)]) },
        alarms: { "high": (metric: Custom("load"), period: "5m", statistic: Sum, evaluation_periods: 1, above: 100) },
    )"#;
    let source = Source { name: "test.ron".to_owned(), text: text.to_owned(), dir: Some(folder.to_owned()) };
    let plan = compile(&source, &[]).unwrap_or_else(|report: Report| panic!("{report}")).plan;
    let Origin::Points(points) = &plan.custom_metrics.values().next().unwrap().source else { panic!("it is fed") };
    assert_eq!(points[..], [(secs(0), 188.0), (secs(600), 374.0)]);
    assert!(plan.populations.is_empty() && plan.fleets.is_empty() && plan.services.is_empty());
}

/// Status checks of applications and volumes, auto-healing, custom termination policies: as written, and as AWS has them where
/// nothing is written.
#[test]
fn machines_can_be_checked_and_healed() {
    use models::plan::{FaultAction, Ready};
    use sim_core::Dist;
    let plan = plan(
        r#"Scenario(
            schema: 1, name: "checked", duration: "1h",
            launch_templates: {
                "plain": (vcpus: 1, application_status_check: (), converge: (auto_healing: ())),
                "own": (vcpus: 1, recoveries_per_day: 1, volume: Gp3(size: "8GiB"), application_status_check: (interval: "10s",
                    timeout: "2s", failures: 3, successes: 5, grace_period: "0s", compute: "5ms")),
            },
            instances: { "fixed": (count: 1, launch_template: "plain") },
            auto_scaling_groups: {
                "a": (launch_template: "own", min_size: 1, max_size: 2, health_check_type: Ebs,
                    termination_policies: [Lambda(ready: Running("10m"), duration: "3s", failure: "10%", retry: "5m"), OldestInstance]),
                "b": (launch_template: "own", min_size: 1, max_size: 2, termination_policies: [Lambda()]),
            },
            services: { "s": (runs_on: "a", endpoints: { "e": (steps: [Disk(ops: 1)]) }) },
            alarms: {
                "ebs": (metric: StatusCheckFailed_AttachedEBS(group: "a"), period: "1m", evaluation_periods: 1, above: 0),
                "units": (metric: GroupTotalCapacity(group: "a"), period: "1m", evaluation_periods: 1, above: 9),
            },
            faults: [At("1m", PauseVolumeIo(All("a"), "1m")), At("1m", SilenceAgents(All("fixed")))],
        )"#,
    );
    let fleet = |name: &str| plan.fleets.values().find(|fleet| fleet.name == name).unwrap();
    let machine = |name: &str| &fleet(name).template.machine;
    let seconds = Duration::from_secs;
    let check = machine("fixed").application_check.as_ref().unwrap();
    assert_eq!((check.interval, check.timeout, check.grace), (seconds(60), seconds(6), seconds(300)));
    assert_eq!((check.failures, check.successes), (2, 2));
    let healing = machine("fixed").converge.as_ref().unwrap().auto_healing.as_ref().unwrap();
    assert_eq!((healing.after, machine("fixed").recoveries_per_day), (seconds(300), 3));
    let check = machine("a").application_check.as_ref().unwrap();
    assert_eq!((check.interval, check.timeout, check.grace), (seconds(10), seconds(2), seconds(0)));
    assert_eq!((check.failures, check.successes, &check.compute), (3, 5, &Dist::Constant(0.005)));
    assert_eq!(machine("a").recoveries_per_day, 1);
    let lifecycle = |name: &str| match &fleet(name).sizing {
        Sizing::AutoScaling(group) => group.lifecycle.clone(),
        Sizing::Fixed(_) => panic!("a group"),
    };
    assert!(lifecycle("a").ebs_health_check && !lifecycle("b").ebs_health_check);
    let function = lifecycle("a").termination_function.unwrap();
    assert_eq!(function.ready, Ready::Running { at_least: seconds(600) });
    assert_eq!((function.failure, function.retry, function.length), (0.1, seconds(300), Dist::Constant(3.0)));
    let function = lifecycle("b").termination_function.unwrap();
    assert_eq!((function.ready, function.failure, function.retry), (Ready::All, 0.0, seconds(60)));
    let faults: Vec<&FaultAction> = plan.faults.values().map(|fault| &fault.action).collect();
    assert!(matches!(faults[..], [FaultAction::PauseVolumeIo(..), FaultAction::SilenceAgents(..)]));
}
