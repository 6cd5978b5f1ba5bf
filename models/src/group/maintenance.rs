//! Replacement within an instance maintenance policy: how many go before they are replaced, how many are replaced before
//! they go.
//!
//! ```text
//!  Min = 100              launch, wait until it has settled, terminate
//!  Min < 100, Max = 100   terminate and launch
//!  Min < 100, Max > 100   both, each within its bound
//! ```
//! # Models      ceil(Min %) of the desired capacity stays, floor(Max %) is never exceeded (the direction of rounding is not
//!   documented), and one instance may always move
//! # Leaves out  nothing known
//! # Source      Amazon EC2 Auto Scaling user guide, "Instance maintenance policies"; `aws/scaling.md` P4 to P6

use super::Groups;
use super::lifecycle::Purpose;
use super::row::State;
use crate::plan::{FleetId, Maintenance, ScalingProcess};
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;

/// How many instances may be on the move at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moves {
    /// Terminated and launched together: so many may be missing meanwhile.
    pub together: u32,
    /// Launched first: so many may be there beyond the desired capacity.
    pub ahead: u32,
}

/// What a policy allows a group of this desired capacity (rule P4).
pub fn moves(policy: Maintenance, desired: u32) -> Moves {
    let of = |percent: u32| u64::from(desired) * u64::from(percent);
    let floor = of(policy.min_healthy_percentage).div_ceil(100);
    let ceiling = of(policy.max_healthy_percentage) / 100;
    let together = u64::from(desired).saturating_sub(floor) as u32;
    let ahead = ceiling.saturating_sub(u64::from(desired)) as u32;
    match (together, ahead) {
        // Too small a group for its percentages: one moves all the same, the way the policy prefers.
        (0, 0) if policy.max_healthy_percentage > 100 || policy.min_healthy_percentage == 100 => {
            Moves { together: 0, ahead: 1 }
        }
        (0, 0) => Moves { together: 1, ahead: 0 },
        _ => Moves { together, ahead },
    }
}

impl Groups {
    /// Replaces what is marked or too old, within the group's policy.
    pub(super) fn replace_within(&mut self, id: FleetId, policy: Maintenance, cx: &mut Cx) {
        self.relieve(id, cx);
        let mut due: Vec<(InstanceId, EntryId, &str)> =
            self.marked(id).into_iter().map(|(_, one, entry)| (one, entry, "is unhealthy")).collect();
        let members = &self.fleets[id].members;
        let aged = |&one: &InstanceId| {
            let row = &self.rows[one];
            row.expired.filter(|_| row.state == State::InService && row.marked.is_none() && !row.lost).map(|e| (one, e))
        };
        due.extend(members.iter().filter_map(aged).map(|(one, entry)| (one, entry, "is too old")));
        // Those whose replacement is on its way are seen to.
        due.retain(|one| !self.members(id).any(|row| row.replaces == Some(one.0)));
        if due.is_empty() {
            return;
        }
        let desired = self.fleets[id].desired;
        let moves = moves(policy, desired);
        let settled = |one: &&InstanceId| {
            let row = &self.rows[**one];
            row.state == State::InService && !row.extra && !self.is_unsettled(**one, cx)
        };
        let there: u32 = members.iter().filter(settled).map(|&one| self.rows[one].units()).sum();
        let extra: u32 = self.members(id).filter(|row| row.extra && row.counts()).map(|row| row.units()).sum();
        let mut together = moves.together.saturating_sub(desired.saturating_sub(there));
        let mut ahead = moves.ahead.saturating_sub(extra);
        if self.suspended(id, ScalingProcess::Launch) {
            ahead = 0;
        }
        for (instance, cause, why) in due {
            let first = ahead > 0;
            let left = if first { &mut ahead } else { &mut together };
            if *left == 0 {
                let detail = format!("{why}, and waits: the instance maintenance policy lets no more go now");
                let (now, name) = (cx.now(), cx.name_of(instance));
                return cx.timeline.held_back(now, &name, "maintenance", &detail, cause);
            }
            *left = left.saturating_sub(self.rows[instance].units());
            let how = if first { "its replacement is launched first" } else { "terminated and replaced" };
            let detail = format!("{} {why}: {how}", cx.name_of(instance));
            let (now, name) = (cx.now(), cx.plan.fleets[id].name.as_str());
            let entry = cx.timeline.record(now, EventKind::ReplacementStarted, name, detail, cause);
            self.fleets[id].counters.replacements += 1;
            if first {
                self.launch(id, Purpose::Ahead(instance), entry, cx);
            } else {
                self.terminate(instance, why.trim_start_matches("is "), entry, cx);
                self.reconcile(id, entry, cx);
            }
        }
    }

    /// Lets those go whose replacement has settled, and gives up replacements that are ill themselves.
    fn relieve(&mut self, id: FleetId, cx: &mut Cx) {
        for instance in self.fleets[id].members.clone() {
            let row = &self.rows[instance];
            let (Some(old), State::InService, false) = (row.replaces, row.state, row.lost) else { continue };
            if row.ahead {
                // A refresh sees to it.
                continue;
            }
            if let Some((_, cause)) = row.marked {
                self.terminate(instance, "unhealthy, before it could replace another", cause, cx);
                continue;
            }
            if self.is_unsettled(instance, cx) {
                continue;
            }
            let cause = row.entry;
            let leaving = &self.rows[old];
            let wanted = leaving.marked.is_some() || leaving.expired.is_some() || leaving.purchase.risk.is_some();
            let row = &mut self.rows[instance];
            (row.replaces, row.extra) = (None, false);
            if wanted && self.rows[old].state == State::InService {
                let why = format!("replaced by {}", cx.name_of(instance));
                self.terminate(old, &why, cause, cx);
            }
            self.reconcile(id, cause, cx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p4_bounds_are_rounded_inwards_and_one_may_always_move() {
        // Desired, Min, Max; terminated together with launches, launched ahead.
        let table = [
            (10, 100, 110, 0, 1),
            (10, 100, 200, 0, 10),
            (10, 100, 100, 0, 1),
            (10, 90, 100, 1, 0),
            (10, 50, 100, 5, 0),
            (10, 0, 100, 10, 0),
            (10, 90, 110, 1, 1),
            (15, 90, 110, 1, 1),
            (19, 90, 110, 1, 1),
            (20, 90, 110, 2, 2),
            (4, 90, 100, 1, 0),
            (4, 90, 110, 0, 1),
            (4, 75, 110, 1, 0),
            (4, 90, 125, 0, 1),
            (3, 67, 100, 1, 0),
            (3, 66, 100, 1, 0),
            (1, 100, 150, 0, 1),
            (1, 0, 100, 1, 0),
            (0, 90, 110, 0, 1),
            (u32::MAX, 0, 100, u32::MAX, 0),
        ];
        for (desired, min, max, together, ahead) in table {
            let policy = Maintenance { min_healthy_percentage: min, max_healthy_percentage: max };
            assert_eq!(moves(policy, desired), Moves { together, ahead }, "{desired} under {min} to {max}");
        }
    }
}
