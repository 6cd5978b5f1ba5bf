//! The balance of a group over its zones.
//!
//! # Models      rebalancing: launch first, then terminate one in the larger zone
//! # Source      Amazon EC2 Auto Scaling user guide, "Availability Zone distribution"; `aws/scaling.md` §1.6

use super::lifecycle::Purpose;
use super::{Event, Groups, has_capacity, placement, sent, settings};
use crate::plan::{FleetId, ScalingProcess, ZoneId};
use crate::result::EventKind;
use crate::shared::Cx;
use sim_core::Duration;

/// Between two looks at the balance over zones. Not documented; a modelling choice.
pub(super) const BALANCE: Duration = Duration::from_secs(60);

impl Groups {
    /// Looks at the balance over zones, and moves instances if it is lost: rules A3, A4.
    pub(super) fn balance(&mut self, id: FleetId, cx: &mut Cx) {
        cx.list.after(BALANCE, sent(Event::Balance(id)));
        let plan = cx.plan;
        let still = self.suspended(id, ScalingProcess::AzRebalance) || self.suspended(id, ScalingProcess::Launch);
        // Those at risk are about to leave their zones, and their replacements are placed with that in mind.
        let at_risk = !self.fleets[id].mixed.risks.is_empty();
        if settings(plan, id).is_none() || self.busy(id) || still || at_risk || self.fleets[id].shift.is_some() {
            return;
        }
        let usable = |zone| match Self::mixed(id, plan) {
            Some(mixed) => self.can_move_to(id, mixed, zone, cx),
            None => has_capacity((id, self.current_template(id)), zone, cx),
        };
        let counts: Vec<_> = self.zone_counts(id, plan).into_iter().map(|(zone, n)| (zone, n, usable(zone))).collect();
        let max_size = self.fleets[id].max;
        let Some((to, from, count)) = placement::rebalance(&counts, max_size) else { return };
        // Rule A4 bounds the group even while nobody may be terminated (§1.9).
        let present: u32 = self.members(id).filter(|row| row.counts()).map(|row| row.units()).sum();
        let most = max_size + (max_size / 10).max(1);
        // Launching for those who are protected, and stay, would only make another go.
        let free =
            self.members(id).filter(|row| row.counts() && row.zone == Some(from) && !row.protected).count() as u32;
        let count = count.min(most.saturating_sub(present)).min(free);
        if count == 0 {
            return;
        }
        let of = |zone: ZoneId| counts.iter().find(|one| one.0 == zone).map_or(0, |one| one.1);
        let (to_name, from_name) = (&plan.zones[to].name, &plan.zones[from].name);
        let detail = format!("{to_name} has {}, {from_name} {}: moves {count}, launching first", of(to), of(from));
        let (now, cause) = (cx.now(), cx.blame.of_zone(to));
        let name = plan.fleets[id].name.as_str();
        let entry = cx.timeline.record(now, EventKind::RebalanceStarted, name, detail, cause);
        for _ in 0..count {
            self.launch(id, Purpose::Rebalance(to), entry, cx);
        }
    }
}
