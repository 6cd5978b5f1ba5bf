//! `--set path=value`.

use models::plan::{Arrivals, Plan, PolicyKind, Sizing};
use scenarios::{compile, load};
use sim_core::Duration;

fn set(sets: &[(&str, &str)]) -> Result<Plan, String> {
    let sets: Vec<(String, String)> = sets.iter().map(|(p, v)| ((*p).to_owned(), (*v).to_owned())).collect();
    compile(&load("twitter-spike").unwrap(), &sets).map(|compiled| compiled.plan).map_err(|report| report.to_string())
}

#[test]
fn values_are_replaced_where_they_stand() {
    let plan = set(&[
        ("auto_scaling_groups.web.policies.double.cooldown", "120s"),
        ("clients.visitors.arrivals.peak", "3000/s"),
        ("auto_scaling_groups.web.max_size", "24"),
        ("target_groups.web.algorithm", "LeastOutstandingRequests"),
        ("launch_templates.web.boot", "Exp(mean: \"30s\")"),
        ("faults.0.0", "1h30m"),
        ("name", "other"),
    ])
    .unwrap();
    let fleet = plan.fleets.values().next().unwrap();
    let Sizing::AutoScaling(group) = &fleet.sizing else { panic!("a group") };
    assert!(
        matches!(group.policies[0].kind, PolicyKind::Simple { cooldown: Some(c), .. } if c == Duration::from_secs(120))
    );
    assert_eq!(group.max_size, 24);
    assert_eq!(fleet.template.boot.duration.mean(), 30.0);
    assert_eq!(plan.name, "other");
    let Arrivals::Open { rate, .. } = &plan.populations.values().next().unwrap().arrivals else { panic!("open") };
    assert_eq!(rate.knots[1].1, 3000.0);
}

#[test]
fn fields_left_to_their_default_are_inserted() {
    let plan = set(&[
        ("seed", "7"),
        ("auto_scaling_groups.web.drain_early", "true"),
        ("launch_templates.web.lifecycle_hook.heartbeat_timeout", "600s"),
        ("clients.visitors.sessions", "50"),
        ("services.web.discovery", "Random"),
        ("databases.orders.standby_rebuild", "12m"),
    ])
    .unwrap();
    assert_eq!(plan.seed, 7);
    let fleet = plan.fleets.values().next().unwrap();
    assert_eq!(fleet.template.lifecycle_hook.unwrap().heartbeat_timeout, Duration::from_secs(600));
    assert!(matches!(&fleet.sizing, Sizing::AutoScaling(group) if group.drain_early));
    assert_eq!(plan.populations.values().next().unwrap().sessions, 50);
    assert_eq!(plan.stores.values().next().unwrap().rds.as_ref().unwrap().standby_rebuild.mean(), 720.0);
}

#[test]
fn a_path_that_leads_nowhere_is_named_with_what_is_there() {
    let error = |path: &str, value: &str| set(&[(path, value)]).unwrap_err();
    let wrong = error("auto_scaling_groups.wep.max_size", "3");
    assert!(wrong.contains("`auto_scaling_groups` has no `wep`") && wrong.contains("`web`"), "{wrong}");
    let wrong = error("auto_scaling_groups.web.max_sise", "3");
    assert!(wrong.contains("no setting `auto_scaling_groups.web.max_sise`") && wrong.contains("`max_size`"), "{wrong}");
    let wrong = error("faults.9", "1h");
    assert!(wrong.contains("`faults` has no `9`; it has `0`, `1`"), "{wrong}");
    let wrong = error("duration.x", "1h");
    assert!(wrong.contains("`duration` is a value and has no settings inside"), "{wrong}");
    for path in ["", ".", "a..b", "nothing"] {
        assert!(error(path, "1").contains("path") || error(path, "1").contains("no setting"), "{path}");
    }
}

#[test]
fn a_value_that_does_not_fit_is_refused_with_its_reason() {
    let error = |path: &str, value: &str| set(&[(path, value)]).unwrap_err();
    let wrong = error("duration", "soon");
    assert!(wrong.contains("`soon` is not a duration"), "{wrong}");
    let wrong = error("auto_scaling_groups.web.max_size", "many");
    assert!(wrong.contains("expected a whole number"), "{wrong}");
    // What is a value by itself, but not by AWS's bounds, is told as in a file.
    let wrong = error("auto_scaling_groups.web.max_size", "2");
    assert!(wrong.contains("`min_size` 4 is above `max_size` 2"), "{wrong}");
    // A value cannot break out of its place.
    assert!(error("duration", "\"1h\", seed: 3").contains("cannot set"));
    assert!(set(&[("description", "\" quotes, and \\ back \u{e9}")]).is_ok());
}
