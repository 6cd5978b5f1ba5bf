//! What a diagram is told of a plan, and of those who lived.

use models::architecture::{Architecture, Arrow};
use models::result::RunResult;
use scenarios::{Source, compile};

fn compiled(text: &str) -> models::plan::Plan {
    let source = Source { name: "t.ron".into(), text: text.into(), dir: None };
    compile(&source, &[]).unwrap_or_else(|report| panic!("{report}")).plan
}

fn run(text: &str) -> RunResult {
    models::simulate(&compiled(text), 1, 0, &mut ()).unwrap()
}

/// Clients, a balancer, a group that asks a service directly (twice for each of its orders, in parallel) and a database.
const SHOP: &str = r#"Scenario(schema: 1, name: "shop", duration: "3m", series_interval: "10s",
    regions: { "r": (zones: ["a", "b"]) },
    nat_gateways: { "out": (zone: "a", serves: ["a", "b"]) },
    clients: { "people": (to: "www", arrivals: Poisson("30/s")), "robots": (to: "stock", arrivals: Poisson("10/s"), mix: { "look": 1 }) },
    load_balancers: { "www": Application(forward_to: "web") },
    target_groups: { "web": () },
    launch_templates: { "web": (instance_type: "m5.large", boot: "1s", pending: "1s") },
    auto_scaling_groups: { "web": (launch_template: "web", target_groups: ["web"], min_size: 2, max_size: 4) },
    databases: { "orders": Rds(instance_class: "db.m5.large", multi_az: Standby) },
    services: {
        "web": (runs_on: "web", endpoints: {
            "page": (weight: 3, steps: [Compute("1ms")]),
            "order": (weight: 1, steps: [
                Parallel([[Call(to: "stock", endpoint: "look")], [Call(to: "stock", endpoint: "look"), Query("orders", Write, "1ms")]]),
            ]),
        }),
        "stock": (instances: 1, endpoints: { "look": (steps: [Compute("1ms")]) }),
    },
    faults: [At("1m", TerminateInstances(Instance("web", 0)))])"#;

#[test]
fn every_way_of_a_request_is_an_arrow_and_calls_count_by_weight() {
    let architecture = Architecture::of(&compiled(SHOP));
    let found: Vec<(&str, &str, f64)> = architecture
        .arrows
        .iter()
        .map(|Arrow { from, to, per_request }| (from.as_str(), to.as_str(), *per_request))
        .collect();
    // A fourth of the requests are orders.
    let expected = [
        ("clients.people", "load_balancers.www", 1.0),
        ("clients.robots", "fleets.stock", 1.0),
        ("load_balancers.www", "fleets.web", 1.0),
        ("fleets.web", "databases.orders", 0.25),
        ("fleets.web", "fleets.stock", 0.5),
    ];
    for way in expected {
        assert!(found.contains(&way), "{way:?} in {found:?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:?}");
    assert_eq!(architecture.nat_gateways[0].serves, [0, 1]);
    let orders = &architecture.stores[0];
    assert!(orders.managed && orders.primary != orders.standby && orders.standby.is_some());
}

#[test]
fn everybody_who_lived_is_told_with_zone_and_whether_from_the_start() {
    let result = run(SHOP);
    let lives = &result.architecture.instances;
    let web: Vec<_> = lives.iter().filter(|one| one.name.starts_with("web/")).collect();
    assert_eq!(web.iter().map(|one| one.initial).collect::<Vec<_>>(), [true, true, false]);
    assert_ne!(web[0].zone, web[1].zone);
    // The replacement goes where the lost one was.
    assert_eq!(web[2].zone, web[0].zone);
    assert_eq!(lives.iter().filter(|one| one.name == "stock/i-0" && one.initial).count(), 1);
}

#[test]
fn traffic_is_told_part_by_part() {
    let result = run(SHOP);
    let mean = |name: &str| {
        let column = result.series.get(name).unwrap_or_else(|| panic!("{name}"));
        column.values.iter().sum::<f64>() / column.values.len() as f64
    };
    assert!((mean("offered_per_s.people") + mean("offered_per_s.robots") - mean("offered_per_s")).abs() < 1e-9);
    assert!((mean("routed_per_s.www") - 30.0).abs() < 3.0);
    assert!((mean("started_per_s.web") - 30.0).abs() < 3.0);
    assert!((mean("queries_per_s.orders") - 7.5).abs() < 2.0);
    assert!((mean("started_per_s.stock") - 25.0).abs() < 4.0);
    // After the loss of one of two, the zone of the other works for both.
    let cpu = |zone: &str, row: usize| result.series.get(&format!("zone_cpu_percent.web.{zone}")).unwrap().values[row];
    let before = cpu("a", 4) + cpu("b", 4);
    let zone = ["b", "a"][usize::from(result.architecture.instances[0].zone == Some(1))];
    assert!(cpu(zone, 6) > 0.7 * before, "{} of {before}", cpu(zone, 6));
}

#[test]
fn the_latency_map_holds_every_success_once() {
    let result = run(SHOP);
    let counted: u64 = result.latency_map.rows.iter().flatten().map(|count| u64::from(*count)).sum();
    let in_rows = result.series.get("succeeded_per_s").unwrap().values.iter().sum::<f64>() * result.series.interval_s;
    assert_eq!(counted, in_rows.round() as u64);
    assert_eq!(result.latency_map.rows.len(), result.series.rows());
}
