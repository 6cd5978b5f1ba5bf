//! Zonal shift of a group: away from one zone, until it is over.
//!
//! # Models      launches in the other zones; no scale-in by policies anywhere; unhealthy instances of the zone replaced or
//!   ignored; rebalancing after the end
//! # Leaves out  zonal autoshift
//! # Source      Amazon EC2 Auto Scaling user guide, "Zonal shift"; `aws/scaling.md` A6

use super::{Event, Groups, sent, settings};
use crate::plan::{FleetId, ZoneId};
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use sim_core::Duration;

/// A shift under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shift {
    /// The zone that is shifted away from.
    pub(super) zone: ZoneId,
    number: u16,
    entry: EntryId,
}

impl Groups {
    /// StartZonalShift.
    pub(super) fn start_shift(
        &mut self,
        id: FleetId,
        zone: ZoneId,
        expires_in: Duration,
        cause: EntryId,
        cx: &mut Cx,
    ) -> Result<(), String> {
        let plan = cx.plan;
        if settings(plan, id).is_none_or(|group| group.lifecycle.zonal_shift.is_none()) {
            return Err("zonal shift is not enabled for the group".to_string());
        }
        if let Some(shift) = &self.fleets[id].shift {
            return Err(format!("it is already shifted away from {}", plan.zones[shift.zone].name));
        }
        let (now, name) = (cx.now(), plan.fleets[id].name.as_str());
        let detail = format!("away from {} for {expires_in}", plan.zones[zone].name);
        let entry = cx.timeline.record(now, EventKind::ZonalShiftStarted, name, detail, cause);
        let fleet = &mut self.fleets[id];
        fleet.shifts += 1;
        let number = fleet.shifts;
        fleet.shift = Some(Shift { zone, number, entry });
        cx.list.after(expires_in, sent(Event::ShiftOver { fleet: id, number }));
        Ok(())
    }

    /// CancelZonalShift.
    pub(super) fn cancel_shift(&mut self, id: FleetId, cause: EntryId, cx: &mut Cx) -> Result<(), String> {
        if self.fleets[id].shift.is_none() {
            return Err("it is not shifted".to_string());
        }
        self.end_shift(id, "cancelled", cause, cx);
        Ok(())
    }

    /// The time of a shift is over, unless it was cancelled.
    pub(super) fn shift_over(&mut self, id: FleetId, number: u16, cx: &mut Cx) {
        if let Some(shift) = self.fleets[id].shift.filter(|shift| shift.number == number) {
            self.end_shift(id, "expired", shift.entry, cx);
        }
    }

    fn end_shift(&mut self, id: FleetId, how: &str, cause: EntryId, cx: &mut Cx) {
        let Some(shift) = self.fleets[id].shift.take() else { return };
        let (now, name) = (cx.now(), cx.plan.fleets[id].name.as_str());
        let detail = format!("away from {}: {how}", cx.plan.zones[shift.zone].name);
        let entry = cx.timeline.record(now, EventKind::ZonalShiftEnded, name, detail, cause);
        self.catch_up(id, entry, cx);
    }
}
