//! What groups keep beside themselves and where they move: warm pools and instance refreshes, as rows of tables.
//!
//! # Models      a row per pool and per refresh, the same on the page and in the report; no table where there are none
//! # Leaves out  single batches, which the timeline has

use super::units;
use models::result::Summary;

/// Titles of the warm pools' table.
pub const POOLS: [&str; 8] =
    ["", "waiting: mean", "at end", "ready", "launched for it", "taken", "launched cold", "came back"];

/// Titles of the refreshes' table.
pub const REFRESHES: [&str; 6] = ["", "to", "from", "for", "replaced", "ended"];

/// Warm pools.
pub fn pools(summary: &Summary) -> Vec<Vec<String>> {
    let pools = summary.groups.iter().filter_map(|(name, group)| Some((name, group.warm_pool?)));
    let row = |(name, pool): (&String, models::result::PoolFigures)| {
        let counts = [pool.final_size, pool.final_warmed, pool.launches, pool.taken, pool.cold, pool.returned];
        let mut row = vec![units::plain(name), units::figure(pool.mean_size)];
        row.extend(counts.map(|count| count.to_string()));
        row
    };
    pools.map(row).collect()
}

/// Instance refreshes, in order of their start.
pub fn refreshes(summary: &Summary) -> Vec<Vec<String>> {
    let all = summary.groups.iter().flat_map(|(name, group)| group.refreshes.iter().map(move |one| (name, one)));
    let mut all: Vec<_> = all.collect();
    all.sort_by(|a, b| a.1.started_s.total_cmp(&b.1.started_s));
    let row = |(name, one): (&String, &models::result::RefreshFigures)| {
        let lasted = one.ended_s.map_or("goes on".to_string(), |end| units::seconds(end - one.started_s));
        let why = if one.why.is_empty() { String::new() } else { format!(": {}", units::plain(&one.why)) };
        vec![
            units::plain(name),
            units::plain(&one.launch_template),
            units::clock(one.started_s),
            lasted,
            format!("{} of {}, {} %", one.replaced, one.instances, one.percentage_complete),
            format!("{}{why}", one.status),
        ]
    };
    all.into_iter().map(row).collect()
}
