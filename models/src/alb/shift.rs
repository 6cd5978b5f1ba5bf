//! Zonal shift: a balancer sends nothing more into a zone, on somebody's call or by AWS's own judgement.
//!
//! ```text
//!  StartZonalShift, CancelZonalShift, expiry ─┬─propagation─► ShiftTakesEffect ─► node out of DNS; its targets taken off
//!  ZoneChanged ─detection─► Autoshift ────────┘                                  every other node's candidates
//! ```
//! # Models      one zone per balancer; a customer's shift before an autoshift; expiry; propagation; targets left out where
//!   cross-zone is on, whatever their health; no effect where a group fails open or has targets in that zone alone
//! # Leaves out  practice runs and their alarms; connections that stand are the clients' business
//! # Source      ARC developer guide, "Zonal shift"; Elastic Load Balancing user guide, "Zonal shift for your Application
//!   Load Balancer", "Zonal shift for your Network Load Balancer"; `aws/network.md` §6

use super::{Albs, Event};
use crate::event;
use crate::plan::{ApiCall, BalancerId, OperationId, TargetGroupId, ZoneId};
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use sim_core::{Duration, Time};

/// Zonal shifts of a balancer.
#[derive(Default)]
pub(super) struct Shift {
    /// By a customer's call.
    called: Option<Started>,
    /// By AWS.
    auto: Option<Started>,
    /// What nodes and DNS have been told.
    pub away: Option<Started>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Started {
    pub zone: ZoneId,
    until: Time,
    pub entry: EntryId,
}

impl Shift {
    /// The one that counts: a customer's comes first.
    fn wanted(&self) -> Option<Started> {
        self.called.or(self.auto)
    }
}

impl Albs {
    /// A call of the API for a balancer.
    pub(super) fn operate(&mut self, id: BalancerId, operation: OperationId, cause: EntryId, cx: &mut Cx) {
        match cx.plan.operations[operation].call {
            ApiCall::StartZonalShift { away_from, expires_in, .. } => {
                self.start_shift(id, away_from, expires_in, cause, cx);
            }
            ApiCall::CancelZonalShift { .. } => self.cancel_shift(id, cause, cx),
            _ => {}
        }
    }

    /// StartZonalShift: away from a zone for so long.
    fn start_shift(&mut self, id: BalancerId, zone: ZoneId, expires_in: Duration, cause: EntryId, cx: &mut Cx) {
        let settings = &cx.plan.balancers[id];
        let now = cx.now();
        let refusal = if !settings.zonal_shift.enabled {
            Some("zonal shift is not enabled for it".to_string())
        } else if !settings.zones.contains(&zone) {
            Some(format!("{} is none of its zones", cx.plan.zones[zone].name))
        } else {
            let other = self.balancers[id].shift.called.filter(|shift| shift.zone != zone);
            other.map(|shift| format!("a shift away from {} is active", cx.plan.zones[shift.zone].name))
        };
        if let Some(why) = refusal {
            cx.timeline.record(now, EventKind::OperationRefused, settings.name.clone(), why, cause);
            return;
        }
        // A second call for the same zone is an extension, or a shortening.
        self.balancers[id].shift.called = Some(Started { zone, until: now + expires_in, entry: cause });
        cx.list.after(expires_in, event::Event::Alb(Event::ShiftExpires(id.index() as u16)));
        self.shift_changed(id, cx);
    }

    /// CancelZonalShift.
    fn cancel_shift(&mut self, id: BalancerId, cause: EntryId, cx: &mut Cx) {
        if self.balancers[id].shift.called.take().is_none() {
            let (now, name) = (cx.now(), cx.plan.balancers[id].name.clone());
            cx.timeline.record(now, EventKind::OperationRefused, name, "no zonal shift is active", cause);
            return;
        }
        self.shift_changed(id, cx);
    }

    /// The time of a shift may be over; another call may have moved its end.
    pub(super) fn shift_expires(&mut self, id: BalancerId, cx: &mut Cx) {
        let now = cx.now();
        let called = &mut self.balancers[id].shift.called;
        if called.is_some_and(|shift| shift.until <= now) {
            *called = None;
            self.shift_changed(id, cx);
        }
    }

    fn shift_changed(&mut self, id: BalancerId, cx: &mut Cx) {
        let delay = cx.plan.balancers[id].zonal_shift.propagation;
        cx.list.after(delay, event::Event::Alb(Event::ShiftTakesEffect(id.index() as u16)));
    }

    /// Something happened to a zone: where that is wanted, AWS will notice.
    pub(super) fn zone_changed(&mut self, zone: ZoneId, cx: &mut Cx) {
        for (id, settings) in cx.plan.balancers.iter() {
            if settings.zonal_shift.autoshift && settings.zones.contains(&zone) {
                let event = Event::Autoshift { balancer: id.index() as u16, zone };
                cx.list.after(settings.zonal_shift.autoshift_detection, event::Event::Alb(event));
            }
        }
    }

    /// AWS has noticed what is the matter with a zone now.
    pub(super) fn autoshift(&mut self, id: BalancerId, zone: ZoneId, cx: &mut Cx) {
        let condition = &cx.environment.zones[zone];
        let ill = !condition.reachable() || condition.loss > 0.0 || !condition.latency.is_zero();
        let auto = &mut self.balancers[id].shift.auto;
        match *auto {
            None if ill => *auto = Some(Started { zone, until: Time::MAX, entry: cx.blame.of_zone(zone) }),
            Some(shift) if shift.zone == zone && !ill => *auto = None,
            _ => return,
        }
        self.shift_changed(id, cx);
    }

    /// Nodes and DNS learn of the shift that counts, or of its end.
    pub(super) fn shift_takes_effect(&mut self, id: BalancerId, cx: &mut Cx) {
        let shift = &mut self.balancers[id].shift;
        let (old, new) = (shift.away, shift.wanted());
        shift.away = new;
        if old.map(|shift| shift.zone) == new.map(|shift| shift.zone) {
            return;
        }
        let (now, name) = (cx.now(), cx.plan.balancers[id].name.clone());
        if let Some(old) = old {
            let detail = format!("uses {} again", cx.plan.zones[old.zone].name);
            cx.timeline.record(now, EventKind::ZonalShiftEnded, name.clone(), detail, old.entry);
        }
        if let Some(new) = new {
            let zone = &cx.plan.zones[new.zone].name;
            let why = if self.balancers[id].shift.called.is_none() { "autoshift" } else { "zonal shift" };
            let detail = format!("{why}: sends no new traffic to {zone}");
            cx.timeline.record(now, EventKind::ZonalShiftStarted, name, detail, new.entry);
        }
        let nodes: Vec<usize> = (0..self.nodes.len()).filter(|&node| self.nodes[node].balancer == id).collect();
        for &node in &nodes {
            for group in self.groups.ids() {
                self.shift_view(node, group, cx);
            }
            self.dns(node as u16, cx);
        }
    }

    /// Which targets a node leaves out for a zonal shift: those of the zone, unless it stands there itself.
    pub(super) fn shift_view(&mut self, index: usize, group: TargetGroupId, cx: &Cx) {
        let cross_zone = self.groups[group].cross_zone;
        let node = &mut self.nodes[index];
        let away = self.balancers[node.balancer].shift.away.map(|shift| shift.zone);
        let away = away.filter(|&zone| cross_zone && zone != node.zone);
        let view = &mut node.views[group];
        let there = |instance: &InstanceId| away.is_some() && cx.directory.facts(*instance).zone == away;
        view.away = view.targets.iter().map(|target| target.0).filter(there).collect();
        view.refresh();
    }

    /// ActiveZonalShiftHostCount: registered targets in a zone that a balancer has been shifted away from.
    pub fn shifted_hosts(&self, group: TargetGroupId, cx: &Cx) -> u32 {
        let away = |zone: Option<ZoneId>| {
            zone.is_some()
                && self.balancers.values().any(|balancer| {
                    balancer.groups.contains(&group) && balancer.shift.away.map(|shift| shift.zone) == zone
                })
        };
        let targets = self.groups[group].registered.iter();
        targets.filter(|target| away(cx.directory.facts(target.0).zone)).count() as u32
    }

    /// The zone that a balancer is shifted away from, as far as its nodes know.
    pub fn shifted_away(&self, id: BalancerId) -> Option<ZoneId> {
        self.balancers[id].shift.away.map(|shift| shift.zone)
    }
}
