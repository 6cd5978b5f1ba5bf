//! Spot Instances: EC2 takes them back, and a group can be ahead of that.
//!
//! ```text
//!  rate │ fault │ a pool that shrinks ─► SpotRecommended ─► SpotNotice ─ 120 s ─► SpotReclaimed ─► Lost
//!                                             └─ capacity rebalancing ─┴─► launch ─► passes its checks ─► the old one terminates
//! ```
//! # Models      interruptions at a rate per pool, by a fault, and of pools whose capacity shrinks; the two-minute notice, and
//!   recommendations before it; Capacity Rebalancing with its bound; replacement after death without it
//! # Leaves out  stopping and hibernating instead of terminating; Spot prices that move; notices that the application reads
//! # Source      Amazon EC2 Auto Scaling user guide, "Capacity Rebalancing in Auto Scaling to replace at-risk Spot
//!   Instances"; EC2 user guide, "Spot Instance interruption notices"; `aws/scaling.md` §1.13

use super::lifecycle::Purpose;
use super::mixed::left;
use super::row::State;
use super::{Event, Groups, sent, settings};
use crate::plan::{FleetId, ScalingProcess};
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{event, instance};
use sim_core::dist::Dist;
use sim_core::{Duration, Time};

/// From the interruption notice to the interruption: rule S1.
pub const SPOT_NOTICE: Duration = Duration::from_secs(120);

/// A month, in seconds, as AWS counts it.
const MONTH_S: f64 = 730.0 * 3600.0;

/// Between two looks at pools whose capacity shrinks. A modelling choice.
const MARKET: Duration = Duration::from_secs(60);

/// What is known of a Spot Instance that EC2 may take back soon.
#[derive(Clone, Copy, Debug)]
pub(super) struct Risk {
    /// What said so last.
    entry: EntryId,
    /// When EC2 takes it back, once the notice is there.
    pub(super) until: Option<Time>,
    /// Whether a replacement is still to be launched.
    wanted: bool,
    /// The replacement.
    replacement: Option<InstanceId>,
}

impl Groups {
    /// Draws when EC2 takes a new Spot Instance back, and what it says before.
    pub(super) fn draw_interruption(&mut self, instance: InstanceId, cx: &mut Cx) {
        let plan = cx.plan;
        let zone = self.rows[instance].zone;
        let rate = plan.spot.interruptions(cx.directory.instance_type(plan, instance), zone);
        if rate <= 0.0 {
            return;
        }
        let name = cx.name_of(instance);
        let lasts = Dist::Exponential { mean: MONTH_S / rate };
        let notice = lasts.sampler().duration(&mut cx.stream(&name, "interruption"));
        if cx.now().saturating_add(notice) > Time::ZERO + plan.duration {
            return;
        }
        let lead = plan.spot.recommendation_lead.sampler().duration(&mut cx.stream(&name, "recommendation"));
        let cause = EntryId::NONE;
        cx.list.after(notice - lead, sent(Event::SpotRecommended { instance, cause }));
        cx.list.after(notice, sent(Event::SpotNotice { instance, cause }));
    }

    /// Begins to look at pools whose capacity the scenario gives, if there are any.
    pub(super) fn watch_market(&self, cx: &mut Cx) {
        let limited = cx.plan.spot.pools.iter().any(|pool| pool.capacity.is_some());
        if limited && cx.plan.fleets.values().any(|fleet| fleet.mixed().is_some()) {
            cx.list.after(MARKET, sent(Event::SpotMarket));
        }
    }

    /// EC2 takes back what a pool has given out beyond its capacity, the longest running first.
    pub(super) fn market(&mut self, cx: &mut Cx) {
        cx.list.after(MARKET, sent(Event::SpotMarket));
        let plan = cx.plan;
        for pool in &plan.spot.pools {
            let Some(capacity) = &pool.capacity else { continue };
            let holds = capacity.at(cx.now()).floor().max(0.0) as usize;
            let zones: Vec<_> = match pool.zone {
                Some(zone) => vec![Some(zone)],
                None => std::iter::once(None).chain(plan.zones.ids().map(Some)).collect(),
            };
            for zone in zones {
                // A pool named with its zone goes before one for all zones.
                if plan.spot.pool(&pool.instance_type, zone).is_none_or(|named| !std::ptr::eq(named, pool)) {
                    continue;
                }
                let taken = self.taken(&pool.instance_type, zone, cx);
                let over = taken.len().saturating_sub(holds);
                for &instance in taken.iter().take(over) {
                    let known = self.rows[instance].purchase.risk.is_some_and(|risk| risk.until.is_some());
                    if !known {
                        cx.list.soon(sent(Event::SpotNotice { instance, cause: EntryId::NONE }));
                    }
                }
            }
        }
    }

    /// Whether it is there and a Spot Instance: one that can be taken back.
    fn can_be_taken(&self, instance: InstanceId) -> bool {
        let row = &self.rows[instance];
        row.purchase.bought.spot && !row.lost && !matches!(row.state, State::Gone | State::Stopped)
    }

    /// A rebalance recommendation: the risk of an interruption is elevated.
    pub(super) fn recommended(&mut self, instance: InstanceId, cause: EntryId, cx: &mut Cx) {
        if !self.can_be_taken(instance) || self.rows[instance].purchase.risk.is_some() {
            return;
        }
        let what = format!("{}: at elevated risk of interruption", self.pool_of(instance, cx));
        let (now, name) = (cx.now(), cx.name_of(instance));
        let entry = cx.timeline.record(now, EventKind::SpotRebalanceRecommended, name, what, cause);
        self.at_risk(instance, None, entry, cx);
    }

    /// The interruption notice: EC2 takes it back in two minutes.
    pub(super) fn noticed(&mut self, instance: InstanceId, cause: EntryId, cx: &mut Cx) {
        let earlier = self.rows[instance].purchase.risk;
        if !self.can_be_taken(instance) || earlier.is_some_and(|risk| risk.until.is_some()) {
            return;
        }
        let until = cx.now() + SPOT_NOTICE;
        let what = format!("{}: EC2 takes it back in {SPOT_NOTICE}", self.pool_of(instance, cx));
        let (now, name) = (cx.now(), cx.name_of(instance));
        let cause = earlier.map_or(cause, |risk| risk.entry);
        let entry = cx.timeline.record(now, EventKind::SpotInterruptionNotice, name, what, cause);
        let row = &self.rows[instance];
        let bought = row.purchase.bought;
        self.fleets[row.fleet].mixed.pools.entry((bought.kind, bought.spot)).or_default().interruptions += 1;
        cx.blame.instance(instance, entry);
        cx.list.after(SPOT_NOTICE, sent(Event::SpotReclaimed { instance, cause: entry }));
        self.at_risk(instance, Some(until), entry, cx);
    }

    /// The two minutes are over. Neither draining nor a termination hook holds this back.
    pub(super) fn reclaimed(&mut self, instance: InstanceId, cause: EntryId, cx: &mut Cx) {
        if self.can_be_taken(instance) {
            cx.list.soon(event::Event::Instance(instance::Event::Gone { instance, silent: false }));
            cx.list.soon(sent(Event::Lost { instance, cause }));
        }
    }

    fn pool_of(&self, instance: InstanceId, cx: &Cx) -> String {
        let name = cx.directory.instance_type(cx.plan, instance);
        match self.rows[instance].zone {
            Some(zone) => format!("{name} Spot in {}", cx.plan.zones[zone].name),
            None => format!("{name} Spot"),
        }
    }

    /// Notes a risk; under Capacity Rebalancing a replacement is wanted, at the recommendation and at the latest now.
    fn at_risk(&mut self, instance: InstanceId, until: Option<Time>, entry: EntryId, cx: &mut Cx) {
        let row = &mut self.rows[instance];
        let replacement = row.purchase.risk.and_then(|risk| risk.replacement);
        let id = row.fleet;
        let ahead = settings(cx.plan, id).is_some_and(|group| group.capacity_rebalance);
        let wanted = ahead && row.state == State::InService && replacement.is_none();
        row.purchase.risk = Some(Risk { entry, until, wanted, replacement });
        let risks = &mut self.fleets[id].mixed.risks;
        if wanted && !risks.contains(&instance) {
            risks.push(instance);
        }
    }

    /// Looks at the instances at risk: launches replacements as far as the bound allows, and lets those go whose replacement
    /// has passed its checks (rule S2).
    pub(super) fn rebalance_capacity(&mut self, id: FleetId, cx: &mut Cx) {
        if self.fleets[id].mixed.risks.is_empty() {
            return;
        }
        let plan = cx.plan;
        let (Some(group), Some(mixed)) = (settings(plan, id), Self::mixed(id, plan)) else { return };
        for old in self.fleets[id].mixed.risks.clone() {
            let row = &self.rows[old];
            let Some(risk) = row.purchase.risk.filter(|_| row.state == State::InService) else {
                // Scaled in, replaced for its health, or gone: whoever came for it stays, as one of the group.
                self.unpair(old);
                self.fleets[id].mixed.risks.retain(|one| *one != old);
                self.reconcile(id, self.rows[old].entry, cx);
                continue;
            };
            if row.lost {
                continue;
            }
            match risk.replacement {
                Some(new) if self.rows[new].state == State::Gone => {
                    // It did not come up: another try, while there is time.
                    self.set_risk(old, Risk { replacement: None, wanted: true, ..risk });
                }
                Some(new) if self.takes_over(new, group.elb_health_check) => {
                    self.fleets[id].mixed.risks.retain(|one| *one != old);
                    self.unpair(old);
                    let mut why = format!("{} took over ahead of its interruption", cx.name_of(new));
                    if let Some(until) = risk.until {
                        why += &format!(", {} to spare", left(cx.now(), until));
                    }
                    self.fleets[id].counters.replacements += 1;
                    self.terminate(old, &why, self.rows[new].entry, cx);
                    self.reconcile(id, self.rows[old].entry, cx);
                }
                Some(_) => {}
                None if risk.wanted && self.within_bound(id) => {
                    let (now, name) = (cx.now(), cx.name_of(old));
                    let detail = format!("{name} is at risk: its replacement is launched before it goes");
                    let subject = plan.fleets[id].name.as_str();
                    let entry = cx.timeline.record(now, EventKind::ReplacementStarted, subject, detail, risk.entry);
                    let replacement = self.launch_mixed(id, mixed, Purpose::Ahead(old), entry, cx);
                    self.set_risk(old, Risk { replacement, wanted: false, ..risk });
                }
                None => {}
            }
        }
    }

    fn set_risk(&mut self, instance: InstanceId, risk: Risk) {
        self.rows[instance].purchase.risk = Some(risk);
    }

    /// Whether a replacement serves: in service, and passed by the target groups where the group goes by them.
    fn takes_over(&self, new: InstanceId, elb_health_check: bool) -> bool {
        let row = &self.rows[new];
        let passed = !elb_health_check || row.has_passed(&self.fleets[row.fleet].checked);
        row.state == State::InService && !row.lost && row.marked.is_none() && passed
    }

    /// Whether one more may be launched ahead: beyond the maximum size by a tenth of the desired capacity, and by one at least.
    fn within_bound(&self, id: FleetId) -> bool {
        let there: u32 = self.members(id).filter(|row| row.counts()).map(|row| row.purchase.weight).sum();
        let fleet = &self.fleets[id];
        let open = !self.suspended(id, ScalingProcess::Launch);
        open && there + fleet.retrying < fleet.max.saturating_add((fleet.desired / 10).max(1))
    }
}
