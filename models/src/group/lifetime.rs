//! The maximum lifetime of instances: those that reach it are replaced.
//!
//! # Models      a look each hour (a modelling choice): one at a time, each after the one before has settled; up to a tenth of the
//!   group together if more than one is due, since one an hour would not keep the limit
//! # Leaves out  replacing ahead of the limit
//! # Source      Amazon EC2 Auto Scaling user guide, "Replace instances based on maximum instance lifetime"; `aws/scaling.md` §1.12

use super::row::State;
use super::{Event, Groups, sent, settings};
use crate::plan::{FleetId, ScalingProcess};
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use sim_core::{Duration, Time};

/// Between two looks. Not documented.
pub(super) const LOOK: Duration = Duration::from_secs(3_600);

/// How many of the `expired` go at a look: all that a tenth of `capacity` allows, and one at least.
fn batch(expired: usize, capacity: usize) -> usize {
    expired.min((capacity / 10).max(1))
}

impl Groups {
    /// The hourly look at the age of instances.
    pub(super) fn look_at_ages(&mut self, id: FleetId, cx: &mut Cx) {
        cx.list.after(LOOK, sent(Event::Lifetime(id)));
        let now = cx.now();
        let plan = cx.plan;
        let Some(limit) = settings(plan, id).and_then(|group| group.lifecycle.max_instance_lifetime) else { return };
        let moving = self.busy(id) || self.unsettled(id, cx) > 0 || self.members(id).any(|row| row.expired.is_some());
        if moving || self.suspended(id, ScalingProcess::Launch) || self.suspended(id, ScalingProcess::Terminate) {
            return;
        }
        let old = |instance: &InstanceId| {
            let row = &self.rows[*instance];
            let expired = row.running.is_some_and(|since| now - since >= limit);
            row.state == State::InService && !row.lost && row.marked.is_none() && expired
        };
        let mut expired: Vec<(Option<Time>, InstanceId)> =
            self.fleets[id].members.iter().copied().filter(old).map(|one| (self.rows[one].running, one)).collect();
        expired.sort_unstable();
        let capacity = self.members(id).filter(|row| row.state == State::InService).count();
        let batch = batch(expired.len(), capacity);
        let total = expired.len();
        for &(_, instance) in expired.iter().take(batch) {
            let mut detail = format!("{} has reached its lifetime of {limit}", cx.name_of(instance));
            if total > batch {
                detail += &format!("; {batch} of {total} at a time");
            }
            let name = plan.fleets[id].name.as_str();
            let entry = cx.timeline.record(now, EventKind::ReplacementStarted, name, detail, EntryId::NONE);
            self.rows[instance].expired = Some(entry);
            if settings(plan, id).is_some_and(|group| group.lifecycle.maintenance.is_none()) {
                // Rule P6: terminated and launched together.
                self.fleets[id].counters.replacements += 1;
                self.terminate(instance, "at the end of its lifetime", entry, cx);
                self.reconcile(id, entry, cx);
            }
        }
        self.replace(id, cx);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_a_tenth_when_more_are_due() {
        let table = [(1, 4, 1), (2, 4, 1), (4, 4, 1), (1, 40, 1), (3, 40, 3), (4, 40, 4), (40, 40, 4), (29, 29, 2)];
        for (expired, capacity, expected) in table {
            assert_eq!(batch(expired, capacity), expected, "{expired} of {capacity}");
        }
    }
}
