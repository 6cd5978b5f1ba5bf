//! OpenMetrics text: the series as Prometheus would have scraped them.
//!
//! ```text
//!  latency_ms.p99 [ms]   ──► sim_latency_p99_seconds 0.083 1767225600
//!  group.web.desired     ──► sim_group_desired{group="web"} 4 1767225600
//!  failed_per_s.elb_502  ──► sim_failed_per_second{outcome="elb_502"} 1.5 …
//! ```
//! # Models      gauges in base units (seconds, bytes, ratios); a family's samples together, in order of time per labels;
//!   time stamps in seconds after the instant that the run is said to start at; `# EOF` at the end
//! # Leaves out  counters and histograms: the series hold rates and quantiles
//! # Source      OpenMetrics 1.0.0, openmetrics.io; base units as in the Prometheus naming practices. What comes of it goes into
//!   a server by `promtool tsdb create-blocks-from openmetrics`

use super::Name;
use models::result::Series;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The text. `scenario` labels every sample; `starts_s` is the Unix time of the run's start.
pub fn text(series: &Series, scenario: &str, starts_s: i64) -> String {
    let mut families: BTreeMap<String, Vec<(String, usize, f64)>> = BTreeMap::new();
    for (index, column) in series.columns.iter().enumerate() {
        let name = Name::of(&column.name);
        let (family, factor) = family(&name.family, &column.unit);
        let labels = std::iter::once(("scenario", scenario.to_string())).chain(name.labels);
        let labels: Vec<String> = labels.map(|(label, value)| format!("{label}=\"{}\"", escaped(&value))).collect();
        families.entry(family).or_default().push((labels.join(","), index, factor));
    }
    let mut text = String::new();
    for (family, members) in &families {
        let _ = writeln!(text, "# TYPE {family} gauge");
        for (labels, index, factor) in members {
            for (row, value) in series.columns[*index].values.iter().enumerate().filter(|(_, value)| value.is_finite())
            {
                let at = starts_s as f64 + row as f64 * series.interval_s;
                let _ = writeln!(text, "{family}{{{labels}}} {} {at}", value * factor);
            }
        }
    }
    text.push_str("# EOF\n");
    text
}

/// The name of a family with its base unit at the end, and what its values are to be multiplied with.
fn family(name: &str, unit: &str) -> (String, f64) {
    let stem = name.replace("_per_s", "").replace("_ms", "").replace("_percent", "");
    let (unit, factor) = match unit {
        "ms" => ("_seconds", 1e-3),
        "s" => ("_seconds", 1.0),
        "%" => ("_ratio", 1e-2),
        "1/s" => ("_per_second", 1.0),
        "B" => ("_bytes", 1.0),
        "USD" => ("_usd", 1.0),
        "USD/h" => ("_usd_per_hour", 1.0),
        _ => ("", 1.0),
    };
    let stem = stem.trim_end_matches("_usd").trim_end_matches("_usd_per_h");
    let letters =
        format!("sim_{stem}").chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect::<String>();
    (letters + unit, factor)
}

/// A label's value.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::result::Column;

    #[test]
    fn values_are_in_base_units_and_families_together() {
        let column = |name: &str, unit: &str, values: &[f64]| Column {
            name: name.into(),
            unit: unit.into(),
            values: values.to_vec(),
        };
        let columns = vec![
            column("failed_per_s", "1/s", &[0.0, 2.0]),
            column("latency_ms.p99", "ms", &[80.0, f64::NAN]),
            column("failed_per_s.elb_502", "1/s", &[0.0, 2.0]),
            column("cpu_percent.web", "%", &[50.0, 75.0]),
            column("cost_usd_per_h", "USD/h", &[1.5, 1.5]),
        ];
        let found = text(&Series { interval_s: 10.0, columns }, "a \"b\"", 100);
        let expected = "\
# TYPE sim_cost_usd_per_hour gauge
sim_cost_usd_per_hour{scenario=\"a \\\"b\\\"\"} 1.5 100
sim_cost_usd_per_hour{scenario=\"a \\\"b\\\"\"} 1.5 110
# TYPE sim_cpu_ratio gauge
sim_cpu_ratio{scenario=\"a \\\"b\\\"\",service=\"web\"} 0.5 100
sim_cpu_ratio{scenario=\"a \\\"b\\\"\",service=\"web\"} 0.75 110
# TYPE sim_failed_per_second gauge
sim_failed_per_second{scenario=\"a \\\"b\\\"\"} 0 100
sim_failed_per_second{scenario=\"a \\\"b\\\"\"} 2 110
sim_failed_per_second{scenario=\"a \\\"b\\\"\",outcome=\"elb_502\"} 0 100
sim_failed_per_second{scenario=\"a \\\"b\\\"\",outcome=\"elb_502\"} 2 110
# TYPE sim_latency_p99_seconds gauge
sim_latency_p99_seconds{scenario=\"a \\\"b\\\"\"} 0.08 100
# EOF
";
        assert_eq!(found, expected);
    }
}
