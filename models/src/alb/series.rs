//! What balancers show over time, as far as they use it.

use super::{Albs, Group};
use crate::plan::GroupHealth;
use crate::series::SeriesRecorder;
use crate::shared::Cx;

/// Columns of the series for what a balancer or target group has beyond the usual.
pub(crate) fn balancing(albs: &mut Albs, cx: &Cx, series: &mut SeriesRecorder) {
    for (id, settings) in cx.plan.balancers.iter() {
        let name = format!("balancer.{}", settings.name);
        if let Some(capacity) = albs.capacity(id) {
            series.put(&format!("{name}.capacity_per_s"), "1/s", capacity);
        }
        if settings.zonal_shift.enabled {
            let shifted = albs.shifted_away(id).is_some();
            series.put(&format!("{name}.shifted"), "1", f64::from(u8::from(shifted)));
            for group in settings.groups() {
                let name = format!("target_group.{}.shifted", cx.plan.target_groups[group].name);
                series.put(&name, "1", f64::from(albs.shifted_hosts(group, cx)));
            }
        }
    }
    for (id, settings) in cx.plan.target_groups.iter() {
        let name = format!("target_group.{}", settings.name);
        if let Some(times) = albs.groups[id].busiest() {
            series.put(&format!("{name}.busiest"), "×", times);
        }
        if let Some((anomalous, mitigated)) = albs.anomalies(id) {
            series.put(&format!("{name}.anomalous"), "1", f64::from(anomalous));
            series.put(&format!("{name}.mitigated"), "1", f64::from(mitigated));
        }
        if settings.slow_start.is_some() {
            series.put(&format!("{name}.slow_start"), "1", f64::from(albs.ramping(id)));
        }
        if settings.health != GroupHealth::default() {
            let [_, out_of_dns, _, failing_open] = albs.states(id, &cx.environment);
            series.put(&format!("{name}.zones_unhealthy_dns"), "1", f64::from(out_of_dns));
            series.put(&format!("{name}.zones_unhealthy_routing"), "1", f64::from(failing_open));
        }
    }
}

impl Group {
    /// Requests of the busiest target since the last row, over those of a registered target on average; none where targets
    /// simply take turns, or nothing came.
    fn busiest(&mut self) -> Option<f64> {
        let picked = std::mem::take(&mut self.picked);
        let all: u32 = picked.iter().sum();
        let most = picked.iter().max().filter(|most| **most > 0)?;
        Some(f64::from(*most) * self.registered.len().max(1) as f64 / f64::from(all))
    }
}
