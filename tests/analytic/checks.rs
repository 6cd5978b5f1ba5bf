//! Status checks of volumes and of applications, agents that fall silent, recoveries that are counted (scaling.md §1.4, §4,
//! §7.2).

use crate::lab::{column, entries, first, is, plan, run};
use models::result::{EventKind, RunResult};

/// Machines under light traffic whose requests use the disk; `sizing` declares the fleet `q` from the template `t`.
fn disks(sizing: &str, more: &str) -> RunResult {
    let body = format!(
        "duration: \"40m\", cloudwatch: (ec2_delay: \"10s\"),
         clients: {{ \"c\": (to: \"q\", arrivals: Even(\"1/s\"), timeout: Never) }},
         launch_templates: {{ \"t\": (vcpus: 1, pending: \"7s\", boot: \"20s\", volume: Gp3(size: \"10GiB\"), status_check_notice: \"200s\") }},
         {sizing},
         services: {{ \"q\": (runs_on: \"q\", workers: 999, endpoints: {{ \"e\": (steps: [Disk(ops: 3), Compute(\"1ms\")]) }}) }},
         {more}"
    );
    run(&plan(&body), 1, 0)
}

const FIXED: &str = "instances: { \"q\": (count: 1, launch_template: \"t\") }";

fn group(health_check_type: &str) -> String {
    format!(
        "auto_scaling_groups: {{ \"q\": (launch_template: \"t\", min_size: 2, max_size: 2, health_poll: \"1s\", \
         health_check_grace_period: \"60s\", health_check_type: {health_check_type}) }}"
    )
}

/// M2: the attached EBS check has a metric of its own, and StatusCheckFailed is about it too; disk steps wait.
#[test]
fn m2_a_volume_whose_io_is_paused_fails_its_check_and_keeps_its_steps_waiting() {
    let watch = |metric: &str| {
        format!("\"{metric}\": (metric: {metric}(group: \"q\"), period: \"60s\", evaluation_periods: 1, above: 9)")
    };
    let metrics = [
        "StatusCheckFailed",
        "StatusCheckFailed_AttachedEBS",
        "StatusCheckFailed_System",
        "StatusCheckFailed_Instance",
    ];
    let alarms = metrics.map(watch).join(", ");
    let more = format!("alarms: {{ {alarms} }}, faults: [At(\"10m\", PauseVolumeIo(Instance(\"q\", 0), \"10m\"))]");
    let result = disks(FIXED, &more);
    let (impaired, ok) = (first(&result, EventKind::StatusImpaired, 0.0), first(&result, EventKind::StatusOk, 0.0));
    assert!((600.0..=660.0).contains(&impaired), "{impaired}");
    is("ten minutes", 600.0, ok - impaired);
    let at = |metric: &str, t: f64| {
        column(&result, &format!("alarm.{metric}.value"))[(t / result.series.interval_s) as usize]
    };
    for (metric, during) in metrics.into_iter().zip([1.0, 1.0, 0.0, 0.0]) {
        assert_eq!([at(metric, 500.0), at(metric, 1000.0), at(metric, 1500.0)], [0.0, during, 0.0], "{metric}");
    }
    // Nobody is lost, and whoever came in those ten minutes has waited for the end of them.
    assert_eq!(result.summary.availability, 1.0);
    assert!((result.summary.latency_ms.max - 600_000.0).abs() < 2_000.0, "{}", result.summary.latency_ms.max);
    let late = result.summary.latency_ms.p95;
    assert!(late > 400_000.0, "a quarter of all, spread over ten minutes: {late}");
}

/// §1.4: a group goes by the check of volumes only where its health check type says so, and never within the grace period.
#[test]
fn s1_4_the_ebs_health_check_is_opt_in() {
    for (kind, replaced) in [("Ec2", 0), ("Ebs", 1)] {
        let result = disks(&group(kind), "faults: [At(\"10m\", PauseVolumeIo(Instance(\"q\", 0)))]");
        assert_eq!(result.summary.groups["q"].replacements, replaced, "{kind}");
        assert_eq!(entries(&result, EventKind::StatusImpaired).len(), 1, "{kind}: EC2 sees it in any case");
        if replaced == 1 {
            let (impaired, marked) = (
                first(&result, EventKind::StatusImpaired, 0.0),
                first(&result, EventKind::InstanceMarkedUnhealthy, 0.0),
            );
            assert!((impaired + 200.0..=impaired + 201.0).contains(&marked), "{marked} after {impaired}");
        }
    }
    // Over before the notice: nobody acts.
    let result = disks(&group("Ebs"), "faults: [At(\"10m\", PauseVolumeIo(Instance(\"q\", 0), \"2m\"))]");
    assert_eq!(result.summary.groups["q"].replacements, 0);
    // That one check comes right does not excuse another.
    let both = "faults: [At(\"10m\", PauseVolumeIo(Instance(\"q\", 0), \"2m\")), At(\"10m\", ImpairSystem(Instance(\"q\", 0)))]";
    assert_eq!(disks(&group("Ebs"), both).summary.groups["q"].replacements, 1);
}

/// A reboot does not mend a volume.
#[test]
fn m2_a_reboot_leaves_the_volume_as_it_is() {
    let more = "faults: [At(\"10m\", PauseVolumeIo(Instance(\"q\", 0), \"20m\"))], operations: [At(\"15m\", RebootInstances(\"q\"))]";
    let result = disks(FIXED, more);
    let ok = first(&result, EventKind::StatusOk, 0.0);
    assert!((1800.0..=1860.0).contains(&ok), "{ok}");
}

/// Two machines, one of which hangs; EC2 looks each 60 s, and knows after two failures.
fn checked(settings: &str, faults: &str) -> RunResult {
    let body = format!(
        "duration: \"60m\",
         clients: {{ \"c\": (to: \"q\", arrivals: Even(\"0.5/s\"), timeout: \"2s\") }},
         launch_templates: {{ \"t\": (vcpus: 1, pending: \"0s\", boot: \"20s\", bootstrap: \"100s\", status_check_notice: \"0s\",
             application_status_check: ({settings})) }},
         auto_scaling_groups: {{ \"q\": (launch_template: \"t\", min_size: 2, max_size: 2, health_poll: \"1s\",
             health_check_grace_period: \"0s\", termination: \"0s\", loss_notice: \"0s\") }},
         services: {{ \"q\": (runs_on: \"q\", endpoints: {{ \"e\": (steps: [Compute(\"10ms\")]) }}) }},
         faults: [{faults}]"
    );
    run(&plan(&body), 1, 0)
}

/// §1.4: requests each 60 s that fail after 6 s; two in a row make it impaired, two answers make it ok again.
#[test]
fn s1_4_the_application_status_check_counts_failures_and_answers_in_a_row() {
    let hang = |lasts: &str| format!("At(\"20m\", HangInstances(Instance(\"q\", 0), \"{lasts}\"))");
    // Between the first missed request and the second answer.
    for (settings, least, most) in [
        ("", 66.0, 126.0),
        ("failures: 1", 6.0, 66.0),
        ("failures: 4", 186.0, 246.0),
        ("interval: \"10s\", timeout: \"3s\"", 13.0, 23.0),
    ] {
        let result = checked(settings, &hang("30m"));
        let impaired = first(&result, EventKind::StatusImpaired, 0.0) - 1200.0;
        assert!((least..=most).contains(&impaired), "{settings}: {impaired}");
        assert_eq!(result.summary.groups["q"].replacements, 1, "{settings}: known to its group as impaired");
    }
    // A hang that one request meets is nothing.
    let result = checked("", &hang("55s"));
    assert!(entries(&result, EventKind::StatusImpaired).is_empty());
}

/// §1.4: its own grace of 300 s from the start of the operating system; then failures count.
#[test]
fn s1_4_failures_within_the_grace_of_the_application_check_do_not_count() {
    // Every new machine takes 120 s to serve: 20 s of boot, 100 s of bootstrap.
    let lost = "At(\"10m\", TerminateInstances(Instance(\"q\", 0)))";
    let result = checked("grace_period: \"120s\"", lost);
    assert!(entries(&result, EventKind::StatusImpaired).is_empty(), "120 s are enough for 100 s of bootstrap");
    let result = checked("grace_period: \"0s\", interval: \"10s\", timeout: \"2s\"", lost);
    let begun = entries(&result, EventKind::LaunchStarted).len();
    assert!(begun > 20, "each is replaced before it serves: {begun}");
    let impaired = first(&result, EventKind::StatusImpaired, 600.0) - 600.0;
    // Boot, a phase, two failures at the end of an interval.
    assert!((20.0..=52.0).contains(&impaired), "{impaired}");
}

/// Machines of no group; every ten minutes their host fails.
fn hosts(settings: &str, failures: u32) -> RunResult {
    let faults: Vec<String> =
        (1..=failures).map(|n| format!("At(\"{}m\", FailHost(Instance(\"q\", 0)))", n * 10)).collect();
    let body = format!(
        "duration: \"{}m\", clients: {{ \"c\": (to: \"q\", arrivals: Even(\"0.1/s\"), timeout: \"2s\") }},
         launch_templates: {{ \"t\": (vcpus: 1, pending: \"7s\", boot: \"20s\", recovery_delay: \"90s\", {settings}) }},
         instances: {{ \"q\": (count: 2, launch_template: \"t\") }},
         services: {{ \"q\": (runs_on: \"q\", endpoints: {{ \"e\": (steps: [Compute(\"10ms\")]) }}) }},
         faults: [{}]",
        failures * 10 + 10,
        faults.join(", ")
    );
    run(&plan(&body), 1, 0)
}

/// M4: so many recoveries of one instance in any 24 hours.
#[test]
fn m4_recoveries_of_an_instance_are_limited_within_a_day() {
    let counts = |result: &RunResult| {
        [EventKind::InstanceRecovered, EventKind::RecoveryRefused].map(|kind| entries(result, kind).len())
    };
    for (settings, failures, expected) in [
        ("", 2, [2, 0]),
        ("", 3, [3, 0]),
        // The fourth finds the limit, and then the machine stays where it is: nothing more fails.
        ("", 4, [3, 1]),
        ("recoveries_per_day: 0", 1, [0, 1]),
        ("recoveries_per_day: 5", 5, [5, 0]),
        // 24 h after the first the next one is allowed again: 145 failures each ten minutes apart.
        ("recoveries_per_day: 144", 145, [145, 0]),
    ] {
        assert_eq!(counts(&hosts(settings, failures)), expected, "{settings} {failures}");
    }
}

/// Machines whose agents OpsWorks listens to.
fn layer(healing: &str, faults: &str) -> RunResult {
    let body = format!(
        "duration: \"40m\", clients: {{ \"c\": (to: \"q\", arrivals: Even(\"1/s\"), timeout: \"2s\") }},
         launch_templates: {{ \"t\": (vcpus: 1, pending: \"7s\", boot: \"20s\", auto_recovery: false,
             converge: (cpu: \"0%\", {healing})) }},
         instances: {{ \"q\": (count: 2, launch_template: \"t\") }},
         services: {{ \"q\": (runs_on: \"q\", endpoints: {{ \"e\": (steps: [Compute(\"10ms\")]) }}) }},
         faults: [{faults}]"
    );
    run(&plan(&body), 1, 0)
}

/// §7.2: five minutes without a keep-alive, and the machine is stopped and started, whatever its application does.
#[test]
fn s7_2_a_silent_agent_has_its_machine_stopped_and_started() {
    let healing = "auto_healing: (stop: \"40s\")";
    let result = layer(healing, "At(\"10m\", SilenceAgents(Instance(\"q\", 0)))");
    is("failed", 900.0, first(&result, EventKind::StatusImpaired, 0.0));
    is("stopped and started", 900.0, first(&result, EventKind::InstanceRebooted, 0.0));
    is("serves", 967.0, first(&result, EventKind::ProcessRestarted, 0.0));
    // A new agent sends: once is enough.
    assert_eq!(entries(&result, EventKind::InstanceRebooted).len(), 1);
    assert_eq!(result.summary.groups["q"].final_in_service, 2);
    // An agent that is heard again in time, to the second.
    for (lasts, healed) in [("299s", 0), ("301s", 1)] {
        let fault = format!("At(\"10m\", SilenceAgents(Instance(\"q\", 0), \"{lasts}\"))");
        assert_eq!(entries(&layer(healing, &fault), EventKind::InstanceRebooted).len(), healed, "{lasts}");
    }
    let result = layer("auto_healing: (after: \"8m\", stop: \"0s\")", "At(\"10m\", SilenceAgents(Instance(\"q\", 0)))");
    is("after eight minutes", 1080.0, first(&result, EventKind::InstanceRebooted, 0.0));
}

/// §7.2: with its machine an agent falls silent too; an application that hangs is none of its business.
#[test]
fn s7_2_auto_healing_goes_by_the_agent_and_not_by_the_application() {
    let healing = "auto_healing: (stop: \"0s\")";
    for (fault, healed) in [
        ("FailHost(Instance(\"q\", 0))", 1),
        ("CutOffInstances(Instance(\"q\", 0))", 1),
        ("FreezeInstances(Instance(\"q\", 0))", 1),
        ("HangInstances(Instance(\"q\", 0))", 0),
        ("ImpairSystem(Instance(\"q\", 0))", 0),
    ] {
        let result = layer(healing, &format!("At(\"10m\", {fault})"));
        assert_eq!(entries(&result, EventKind::InstanceRebooted).len(), healed, "{fault}");
        let without = layer("", &format!("At(\"10m\", {fault})"));
        assert_eq!(entries(&without, EventKind::InstanceRebooted).len(), 0, "{fault}: nobody listens");
    }
}
