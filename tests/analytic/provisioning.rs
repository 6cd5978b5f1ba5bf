//! Configuration management: the CPU that its runs take, when they come, and what happens when they fail.

use crate::lab::{column, entries, is, plan, run};
use models::result::EventKind;

/// Ten machines with next to nothing else to do.
fn managed(converge: &str, faults: &str) -> String {
    format!(
        "duration: \"10h\", series_interval: \"10s\",
         clients: {{ \"c\": (to: \"q\", arrivals: Even(\"0.01/s\"), timeout: Never) }},
         launch_templates: {{ \"t\": (vcpus: 2, pending: \"5s\", boot: \"20s\", {converge}) }},
         instances: {{ \"q\": (count: 10, launch_template: \"t\") }},
         services: {{ \"q\": (runs_on: \"q\", workers: 1, endpoints: {{ \"e\": (steps: [Compute(\"1ms\")]) }}) }},
         {faults}"
    )
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Runs of 60 s at 50 % each 30 minutes take 50 % · 60 / 1800 of the CPU.
#[test]
fn s7_2_runs_by_the_clock_take_their_share_of_the_cpu() {
    let none = run(&plan(&managed("", "")), 1, 0);
    assert!(mean(column(&none, "cpu_percent.q")) < 0.01);
    let body = managed("converge: (every: \"30m\", duration: \"60s\", cpu: \"50%\")", "");
    let result = run(&plan(&body), 1, 0);
    let cpu = column(&result, "cpu_percent.q");
    let found = mean(cpu);
    assert!((found - 50.0 * 60.0 / 1800.0).abs() < 0.05, "{found}");
    // Ten machines of which each has its own phase: never all at once.
    assert!(cpu.iter().fold(0.0_f64, |most, x| most.max(*x)) < 40.0, "they do not run in step");
    assert!(entries(&result, EventKind::ConvergeFailed).is_empty());
}

/// 10 machines, 20 runs each, one in four fails.
#[test]
fn s7_2_a_run_that_fails_is_written_down() {
    let body = managed("converge: (every: \"30m\", duration: \"60s\", failure: \"25%\")", "");
    let failed = entries(&run(&plan(&body), 1, 0), EventKind::ConvergeFailed).len();
    // 200 runs: 50 expected, with a standard deviation of 6.1.
    assert!((30..=70).contains(&failed), "{failed}");
}

/// The Configure event: everybody in service runs when a machine leaves, and when one joins.
#[test]
fn s7_2_configure_runs_on_all_machines_when_one_joins_or_leaves() {
    let converge = "converge: (every: \"0s\", duration: \"60s\", cpu: \"100%\", on_change: true)";
    let result = run(&plan(&managed(converge, "faults: [At(\"1h\", StopInstances(AnyOf(\"q\", 1), \"1h\"))]")), 1, 0);
    let cpu = column(&result, "cpu_percent.q");
    let at = |t: f64| cpu[(t / 10.0) as usize];
    is("before", 0.0, at(3500.0).round());
    is("when it leaves", 100.0, at(3620.0).round());
    is("after", 0.0, at(3700.0).round());
    // Stopped for an hour, then 5 s pending and 20 s of boot.
    is("when it comes back", 100.0, at(7260.0).round());
    is("and after that", 0.0, at(7300.0).round());
    is("nobody is configured at the start", 0.0, at(10.0).round());
}

#[test]
fn s7_2_what_never_runs_is_a_mistake() {
    let text = format!("Scenario(schema: 1, name: \"x\", {})", managed("converge: (every: \"0s\")", ""));
    let source = scenarios::Source { name: "x".into(), text, dir: None };
    let Err(report) = scenarios::compile(&source, &[]) else { panic!("it can never run") };
    let report = report.to_string();
    assert!(report.contains("configuration management that never runs"), "{report}");
}
