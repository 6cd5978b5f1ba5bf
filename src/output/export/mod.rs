//! Results in the forms that other tools read.
//!
//! ```text
//!  out/x/ ──stored──► RunResult ─┬─ perfetto ────► JSON for ui.perfetto.dev and chrome://tracing   (with spans.jsonl, if there)
//!                                ├─ openmetrics ─► text for Prometheus, backfilled with promtool
//!                                ├─ long ────────► CSV, one value a row
//!                                └─ parquet ─────► a row per interval, for DuckDB, pandas, polars
//! ```
//! # Models      nothing is computed that the stored results do not hold
//! # Leaves out  figures of several replications, which `replications.csv` has in this form already

pub mod long;
pub mod openmetrics;
pub mod perfetto;
pub mod wide;

/// A column of the series, taken apart: `failed_per_s.elb_502` is `failed_per_s` with an outcome, `group.web.desired`
/// is `group.desired` of `web`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The family, its parts by dots.
    pub family: String,
    /// What tells the members of the family apart: a label and its value.
    pub labels: Vec<(&'static str, String)>,
}

impl Name {
    /// Of a column.
    pub fn of(column: &str) -> Name {
        let family = |family: &str, labels: &[(&'static str, &str)]| Name {
            family: family.into(),
            labels: labels.iter().map(|(label, value)| (*label, (*value).to_string())).collect(),
        };
        let Some((head, rest)) = column.split_once('.') else { return family(column, &[]) };
        // A name may have dots of its own; what follows the last one is ours.
        let last = rest.rsplit_once('.');
        match (head, last) {
            ("failed_per_s", _) => family(head, &[("outcome", rest)]),
            ("cpu_percent" | "waiting", _) => family(head, &[("service", rest)]),
            ("surge_queue", _) => family(head, &[("load_balancer", rest)]),
            ("metric", _) => family(head, &[("metric", rest)]),
            ("group", Some((group, what))) => family(&format!("group.{what}"), &[("group", group)]),
            ("database", Some((database, what))) => family(&format!("database.{what}"), &[("database", database)]),
            ("alarm", Some((alarm, what))) => family(&format!("alarm.{what}"), &[("alarm", alarm)]),
            ("targets", Some((of, what))) => match of.rsplit_once('.') {
                Some((group, zone)) => family(&format!("targets.{what}"), &[("target_group", group), ("zone", zone)]),
                None => family(&format!("targets.{what}"), &[("target_group", of)]),
            },
            _ => family(column, &[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn a_column_is_a_family_and_its_labels() {
        for (column, family, labels) in [
            ("offered_per_s", "offered_per_s", vec![]),
            ("latency_ms.p99", "latency_ms.p99", vec![]),
            ("failed_per_s.elb_502", "failed_per_s", vec![("outcome", "elb_502")]),
            ("group.web.desired", "group.desired", vec![("group", "web")]),
            ("group.web.v2.desired", "group.desired", vec![("group", "web.v2")]),
            ("targets.web.use1-az1.healthy", "targets.healthy", vec![("target_group", "web"), ("zone", "use1-az1")]),
            ("alarm.cpu-high.value", "alarm.value", vec![("alarm", "cpu-high")]),
            ("cpu_percent.web", "cpu_percent", vec![("service", "web")]),
        ] {
            let name = Name::of(column);
            assert_eq!(name.family, family, "{column}");
            let found: Vec<_> = name.labels.iter().map(|(label, value)| (*label, value.as_str())).collect();
            assert_eq!(found, labels, "{column}");
        }
    }
}
