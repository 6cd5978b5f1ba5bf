//! What single machines went through, by fleet: what they were bought as, hooks and standby, CPU credits, memory.

use super::units;
use models::result::{Group, Summary};

/// A table: title, heads, and a row per fleet that has something to say.
pub struct Sheet {
    /// Title of the section.
    pub title: &'static str,
    /// Heads of the columns, the first empty.
    pub heads: &'static [&'static str],
    /// Rows, the name first.
    pub rows: Vec<Vec<String>>,
}

/// Every sheet that has rows.
pub fn sheets(summary: &Summary) -> Vec<Sheet> {
    let mut sheets = vec![bought(summary), lifecycle(summary), credits(summary), memory(summary)];
    sheets.retain(|sheet| !sheet.rows.is_empty());
    sheets
}

fn lifecycle(summary: &Summary) -> Sheet {
    let used = |group: &&Group| group.hook_waits > 0 || group.standby > 0;
    let rows = summary.groups.iter().filter(|(_, group)| used(group)).map(|(name, group)| {
        let mean = match group.hook_waits {
            0 => "–".to_string(),
            waits => units::seconds(group.hook_wait_s / f64::from(waits)),
        };
        let counts = [group.hook_waits.to_string(), mean, group.hooks_abandoned.to_string(), group.standby.to_string()];
        [units::plain(name).to_string()].into_iter().chain(counts).collect()
    });
    Sheet {
        title: "Hooks and standby",
        heads: &["", "waits for hooks", "mean wait", "launches given up", "put in standby"],
        rows: rows.collect(),
    }
}

/// What groups of several pools had of each.
fn bought(summary: &Summary) -> Sheet {
    let pools = summary.groups.iter().flat_map(|(name, group)| group.bought.iter().map(move |pool| (name, pool)));
    let rows = pools.map(|(name, (pool, figures))| {
        vec![
            format!(
                "{} {}",
                units::plain(name),
                units::plain(pool).replace("on_demand", "On-Demand").replace("spot", "Spot")
            ),
            figures.launches.to_string(),
            figures.failed_launches.to_string(),
            figures.interruptions.to_string(),
            units::figure(figures.instance_hours),
            units::usd(figures.cost_usd),
        ]
    });
    Sheet { title: "Bought", heads: &["", "launches", "failed", "interrupted", "hours", "cost"], rows: rows.collect() }
}

fn credits(summary: &Summary) -> Sheet {
    let rows = summary.groups.iter().filter_map(|(name, group)| {
        let credits = group.credits?;
        Some(vec![
            units::plain(name).to_string(),
            units::figure(credits.spent),
            units::figure(credits.balance),
            format!("{}×", credits.exhausted),
            match credits.limited_s {
                0.0 => "–".to_string(),
                seconds => units::seconds(seconds),
            },
            units::figure(credits.surplus),
            units::figure(credits.charged),
        ])
    });
    Sheet {
        title: "CPU credits",
        heads: &["", "spent", "left each", "ran out", "slowed for", "surplus owed", "charged"],
        rows: rows.collect(),
    }
}

fn memory(summary: &Summary) -> Sheet {
    let rows = summary.groups.iter().filter_map(|(name, group)| {
        let memory = group.memory?;
        Some(vec![
            units::plain(name).to_string(),
            format!("{:.0} MiB", memory.limit_mib),
            format!("{:.0} MiB", memory.peak_mib),
            format!("{:.0} MiB", memory.final_mib),
            format!("{}×", memory.oom_kills),
            units::count(memory.requests_lost),
        ])
    });
    Sheet {
        title: "Memory",
        heads: &["", "limit", "most", "at end, each", "ran out", "requests lost"],
        rows: rows.collect(),
    }
}
