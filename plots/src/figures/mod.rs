//! The figures, one module each. A module turns a result into panels, or into none if the result lacks its columns.

pub(crate) mod cost;
pub(crate) mod cpu;
pub(crate) mod database;
pub(crate) mod instances;
pub(crate) mod latency;
pub(crate) mod metric;
pub(crate) mod overview;
pub(crate) mod reaction;
pub(crate) mod replications;
pub(crate) mod targets;
pub(crate) mod traffic;
pub(crate) mod zones;

use crate::sheet::Panel;
use models::result::RunResult;

/// A kind of figure.
pub(crate) struct Kind {
    /// Name of the file, without extension.
    pub name: &'static str,
    pub title: &'static str,
    pub panels: for<'a> fn(&'a RunResult) -> Vec<Panel<'a>>,
}

/// The one kind whose time starts at the fault.
pub(crate) const REACTION: &str = "reaction";

/// All kinds, the overview first.
pub(crate) const KINDS: [Kind; 11] = [
    Kind { name: "overview", title: "Overview", panels: overview::panels },
    Kind { name: "traffic", title: "Traffic", panels: traffic::panels },
    Kind { name: "latency", title: "Latency of succeeded requests", panels: latency::panels },
    Kind { name: "instances", title: "Instances", panels: instances::panels },
    Kind { name: "cpu", title: "CPU and alarms", panels: cpu::panels },
    Kind { name: "metrics", title: "Metrics of the scenario's own", panels: metric::panels },
    Kind { name: "targets", title: "Healthy targets", panels: targets::panels },
    Kind { name: "zones", title: "Zones side by side", panels: zones::panels },
    Kind { name: "database", title: "Databases", panels: database::panels },
    Kind { name: "cost", title: "Cost", panels: cost::panels },
    Kind { name: REACTION, title: "Reaction to each incident", panels: reaction::panels },
];

/// The middle parts of `prefix.<name>.suffix`, in the order of the columns, each once.
pub(crate) fn names<'a>(result: &'a RunResult, prefix: &'a str) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for (rest, _) in result.series.with_prefix(prefix) {
        // The last part is the figure; a name may itself hold dots.
        if let Some((name, _)) = rest.rsplit_once('.')
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}
