//! Prices, and what instance types and DB instance classes are.
//!
//! # Models      on demand, us-east-1, Linux, USD, as read from January to September 2026
//! # Leaves out  savings plans, spot, free tier, tiers of internet traffic
//! # Source      scaling.md §6.3, network.md §11, data-and-resilience.md §1.5 and §23. Sizes of a DB family beyond the two
//!   published ones are priced by their memory, as AWS does within a family.

use super::context::Cx;
use crate::outline::Place;
use crate::schema::Named;
use crate::units::Money;
use models::plan::Prices;
use std::collections::BTreeMap;

/// EC2 instance types: name, vCPUs, USD per hour.
const INSTANCES: &[(&str, u32, f64)] = &[
    ("t2.nano", 1, 0.0058),
    ("t2.micro", 1, 0.0116),
    ("t2.small", 1, 0.023),
    ("t2.medium", 2, 0.0464),
    ("t2.large", 2, 0.0928),
    ("t2.xlarge", 4, 0.1856),
    ("t2.2xlarge", 8, 0.3712),
    ("t3.nano", 2, 0.0052),
    ("t3.micro", 2, 0.0104),
    ("t3.small", 2, 0.0208),
    ("t3.medium", 2, 0.0416),
    ("t3.large", 2, 0.0832),
    ("t3.xlarge", 4, 0.1664),
    ("t3.2xlarge", 8, 0.3328),
    ("t3a.nano", 2, 0.0047),
    ("t3a.micro", 2, 0.0094),
    ("t3a.small", 2, 0.0188),
    ("t3a.medium", 2, 0.0376),
    ("t3a.large", 2, 0.0752),
    ("t3a.xlarge", 4, 0.1504),
    ("t3a.2xlarge", 8, 0.3008),
    ("t4g.nano", 2, 0.0042),
    ("t4g.micro", 2, 0.0084),
    ("t4g.small", 2, 0.0168),
    ("t4g.medium", 2, 0.0336),
    ("t4g.large", 2, 0.0672),
    ("t4g.xlarge", 4, 0.1344),
    ("t4g.2xlarge", 8, 0.2688),
    ("m5.large", 2, 0.096),
    ("m5.xlarge", 4, 0.192),
    ("m5.2xlarge", 8, 0.384),
    ("m5.4xlarge", 16, 0.768),
    ("m6i.large", 2, 0.096),
    ("m6i.xlarge", 4, 0.192),
    ("m6i.2xlarge", 8, 0.384),
    ("m6i.4xlarge", 16, 0.768),
    ("m7g.medium", 1, 0.0408),
    ("m7g.large", 2, 0.0816),
    ("m7g.xlarge", 4, 0.1632),
    ("m7g.2xlarge", 8, 0.3264),
    ("m6g.large", 2, 0.077),
    ("m8g.large", 2, 0.08976),
    ("m7i.large", 2, 0.1008),
    ("m7i.xlarge", 4, 0.2016),
    ("c5.large", 2, 0.085),
    ("c5.xlarge", 4, 0.17),
    ("c5.2xlarge", 8, 0.34),
    ("c5.4xlarge", 16, 0.68),
    ("c6i.large", 2, 0.085),
    ("c6i.xlarge", 4, 0.17),
    ("c6i.2xlarge", 8, 0.34),
    ("c6i.4xlarge", 16, 0.68),
    ("c7g.medium", 1, 0.0363),
    ("c7g.large", 2, 0.0725),
    ("c7g.xlarge", 4, 0.145),
    ("c7g.2xlarge", 8, 0.29),
    ("c7i.large", 2, 0.08925),
    ("c8g.large", 2, 0.07976),
    ("r5.large", 2, 0.126),
    ("r6i.large", 2, 0.126),
    ("r7g.large", 2, 0.1071),
];

/// DB instance classes: name, memory in GiB, USD per hour in one zone.
const DATABASES: &[(&str, f64, f64)] = &[
    ("db.t3.micro", 1.0, 0.017),
    ("db.t3.small", 2.0, 0.034),
    ("db.t3.medium", 4.0, 0.068),
    ("db.t3.large", 8.0, 0.136),
    ("db.t4g.micro", 1.0, 0.016),
    ("db.t4g.small", 2.0, 0.032),
    ("db.t4g.medium", 4.0, 0.065),
    ("db.t4g.large", 8.0, 0.129),
    ("db.m5.large", 8.0, 0.171),
    ("db.m5.xlarge", 16.0, 0.342),
    ("db.m5.2xlarge", 32.0, 0.684),
    ("db.m5.4xlarge", 64.0, 1.368),
    ("db.m5.8xlarge", 128.0, 2.736),
    ("db.m6g.large", 8.0, 0.152),
    ("db.m6g.xlarge", 16.0, 0.304),
    ("db.m6g.2xlarge", 32.0, 0.608),
    ("db.m6g.4xlarge", 64.0, 1.216),
    ("db.m6g.8xlarge", 128.0, 2.432),
    ("db.r5.large", 16.0, 0.24),
    ("db.r5.xlarge", 32.0, 0.48),
    ("db.r5.2xlarge", 64.0, 0.96),
    ("db.r5.4xlarge", 128.0, 1.92),
    ("db.r5.8xlarge", 256.0, 3.84),
    ("db.r6g.large", 16.0, 0.215),
    ("db.r6g.xlarge", 32.0, 0.43),
    ("db.r6g.2xlarge", 64.0, 0.86),
    ("db.r6g.4xlarge", 128.0, 1.72),
    ("db.r6g.8xlarge", 256.0, 3.44),
];

/// vCPUs of an instance type.
pub(crate) fn vcpus(instance_type: &str) -> Option<u32> {
    INSTANCES.iter().find(|row| row.0 == instance_type).map(|row| row.1)
}

/// Memory of a DB instance class in GiB.
pub(crate) fn memory(class: &str) -> Option<f64> {
    DATABASES.iter().find(|row| row.0 == class).map(|row| row.1)
}

/// Names of all instance types.
pub(crate) fn instance_types() -> Vec<&'static str> {
    INSTANCES.iter().map(|row| row.0).collect()
}

/// Names of all DB instance classes.
pub(crate) fn database_classes() -> Vec<&'static str> {
    DATABASES.iter().map(|row| row.0).collect()
}

/// `max_connections` of PostgreSQL: LEAST(memory in bytes / 9531392, 5000), of 0.93 of the nominal memory
/// (0.9 below 2 GiB; data-and-resilience.md §1.5).
pub(crate) fn max_connections(memory_gib: f64) -> u32 {
    let left = if memory_gib < 2.0 { 0.9 } else { 0.93 };
    (memory_gib * left * 1_073_741_824.0 / 9_531_392.0).min(5000.0) as u32
}

/// The built-in prices with the scenario's own over them.
pub(crate) fn resolve(cx: &mut Cx<'_>) -> Prices {
    let (written, place) = (&cx.scenario.prices, cx.root.field("prices"));
    let mut instances: BTreeMap<String, f64> = INSTANCES.iter().map(|row| (row.0.to_owned(), row.2)).collect();
    let mut databases: BTreeMap<String, f64> = DATABASES.iter().map(|row| (row.0.to_owned(), row.2)).collect();
    over(&mut instances, &written.instances);
    over(&mut databases, &written.databases);
    let mut price = |name: &str, value: Option<Money>, default: f64| {
        let value = value.map_or(default, |money| money.0);
        check(cx, place.field(name), value);
        value
    };
    Prices {
        database_storage_gb_month: price("database_storage_gb_month", written.database_storage_gb_month, 0.115),
        balancer_hour: price("balancer_hour", written.balancer_hour, 0.0225),
        lcu_hour: price("lcu_hour", written.lcu_hour, 0.008),
        network_balancer_hour: price("network_balancer_hour", written.network_balancer_hour, 0.0225),
        nlcu_hour: price("nlcu_hour", written.nlcu_hour, 0.006),
        classic_balancer_hour: price("classic_balancer_hour", written.classic_balancer_hour, 0.025),
        classic_balancer_gb: price("classic_balancer_gb", written.classic_balancer_gb, 0.008),
        nat_hour: price("nat_hour", written.nat_hour, 0.045),
        nat_gb: price("nat_gb", written.nat_gb, 0.045),
        inter_az_gb: price("inter_az_gb", written.inter_az_gb, 0.01),
        detailed_monitoring_month: price("detailed_monitoring_month", written.detailed_monitoring_month, 2.10),
        alarm_month: price("alarm_month", written.alarm_month, 0.10),
        volume_gb_month: price("volume_gb_month", written.volume_gb_month, 0.08),
        high_resolution_alarm_month: price("high_resolution_alarm_month", written.high_resolution_alarm_month, 0.30),
        composite_alarm_month: price("composite_alarm_month", written.composite_alarm_month, 0.50),
        custom_metric_month: price("custom_metric_month", written.custom_metric_month, 0.30),
        on_demand_ratio: written.on_demand_ratio.map_or(1.0, |share| share.0),
        spot_ratio: written.spot_ratio.map_or(0.38, |share| share.0),
        instances,
        databases,
    }
}

fn over(table: &mut BTreeMap<String, f64>, own: &Named<Money>) {
    for (name, money) in own.iter() {
        table.insert(name.to_owned(), money.0);
    }
}

fn check<'a>(cx: &mut Cx<'a>, place: Place<'a>, value: f64) {
    if value > 1e6 {
        cx.error(place, format!("a price of {value} USD"), "too high", "prices are per hour, GB or month, in USD");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of scaling.md §6.3, row by row: nothing is missing here, and nothing else is there.
    #[test]
    fn s6_3_sizes_and_prices_are_those_of_the_table() {
        let of_sizes = |family: &str, prices: &[f64]| -> Vec<(String, u32, f64)> {
            let sizes =
                [("nano", 2), ("micro", 2), ("small", 2), ("medium", 2), ("large", 2), ("xlarge", 4), ("2xlarge", 8)];
            sizes.iter().zip(prices).map(|(size, price)| (format!("{family}.{}", size.0), size.1, *price)).collect()
        };
        let mut table = of_sizes("t3", &[0.0052, 0.0104, 0.0208, 0.0416, 0.0832, 0.1664, 0.3328]);
        table.extend(of_sizes("t3a", &[0.0047, 0.0094, 0.0188, 0.0376, 0.0752, 0.1504, 0.3008]));
        table.extend(of_sizes("t4g", &[0.0042, 0.0084, 0.0168, 0.0336, 0.0672, 0.1344, 0.2688]));
        let rows = [
            ("t2.nano", 1, 0.0058),
            ("t2.micro", 1, 0.0116),
            ("t2.small", 1, 0.023),
            ("t2.medium", 2, 0.0464),
            ("t2.large", 2, 0.0928),
            ("t2.xlarge", 4, 0.1856),
            ("t2.2xlarge", 8, 0.3712),
            ("m7g.medium", 1, 0.0408),
            ("m7g.large", 2, 0.0816),
            ("m7g.xlarge", 4, 0.1632),
            ("m7g.2xlarge", 8, 0.3264),
            ("m6g.large", 2, 0.077),
            ("m8g.large", 2, 0.08976),
            ("m7i.large", 2, 0.1008),
            ("m7i.xlarge", 4, 0.2016),
            ("c7g.medium", 1, 0.0363),
            ("c7g.large", 2, 0.0725),
            ("c7g.xlarge", 4, 0.145),
            ("c7g.2xlarge", 8, 0.29),
            ("c7i.large", 2, 0.08925),
            ("c8g.large", 2, 0.07976),
            ("r5.large", 2, 0.126),
            ("r6i.large", 2, 0.126),
            ("r7g.large", 2, 0.1071),
        ];
        table.extend(rows.map(|(name, vcpus, price)| (name.to_owned(), vcpus, price)));
        for (family, hour) in [("m5", 0.096), ("m6i", 0.096), ("c5", 0.085), ("c6i", 0.085)] {
            for (size, times) in [("large", 1), ("xlarge", 2), ("2xlarge", 4), ("4xlarge", 8)] {
                table.push((format!("{family}.{size}"), 2 * times, hour * f64::from(times)));
            }
        }
        for (name, vcpus, price) in &table {
            let row = INSTANCES.iter().find(|row| row.0 == name).unwrap_or_else(|| panic!("no {name}"));
            assert_eq!(row.1, *vcpus, "{name}");
            assert!((row.2 - price).abs() < 1e-12, "{name}: {}", row.2);
        }
        let unknown: Vec<&str> =
            INSTANCES.iter().map(|row| row.0).filter(|name| table.iter().all(|row| row.0 != *name)).collect();
        assert!(unknown.is_empty(), "not in the table: {unknown:?}");
    }

    #[test]
    fn connections_follow_postgres_formula() {
        // Seen: 198 on a small, 405 to 420 on a medium, 844 to 856 on a large.
        assert!((190..=220).contains(&max_connections(2.0)));
        assert!((400..=430).contains(&max_connections(4.0)));
        assert!((830..=860).contains(&max_connections(8.0)));
        assert_eq!(max_connections(64.0), 5000);
    }
}
