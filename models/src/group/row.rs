//! The row of an instance: where it is in its life, and what its group knows of it.
//!
//! # Models      the states of an instance in its group, as AWS names them
//! # Source      Amazon EC2 Auto Scaling user guide, "Instance lifecycle"; `aws/scaling.md` §1.2

use super::hooks::Waits;
use super::mixed::Purchase;
use crate::plan::{FleetId, TargetGroupId, ZoneId};
use crate::request::InstanceId;
use crate::timeline::EntryId;
use sim_core::{Duration, Time};

/// Where an instance is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Pending: not yet running, or (with `running`) on its way into service.
    Pending,
    /// Pending:Wait: the launch hook holds it.
    Waiting,
    /// InService.
    InService,
    /// EnteringStandby: its target groups let go of it.
    EnteringStandby,
    /// Standby.
    Standby,
    /// Detaching: its target groups let go of it.
    Detaching,
    /// Detached: it runs on, outside the group.
    Detached,
    /// Terminating: its target groups let go of it, or (Terminating:Proceed) EC2 does.
    Terminating,
    /// Terminating:Wait: the termination hooks hold it.
    TerminatingWait,
    /// An instance of a fixed fleet that is out.
    Stopped,
    /// Terminated.
    Gone,
    /// Warmed:Pending: launched for the warm pool, and not yet running or not yet configured.
    Warming,
    /// Warmed:Pending:Wait: the launch hook holds it.
    WarmWaiting,
    /// Warmed:Pending:Proceed: it is being stopped.
    Stopping,
    /// Warmed:Stopped, Warmed:Running or Warmed:Hibernated.
    Warmed,
    /// Warmed:Terminating.
    WarmTerminating,
}

pub(super) struct Row {
    pub(super) fleet: FleetId,
    pub(super) zone: Option<ZoneId>,
    /// The number of its launch template.
    pub(super) template: u16,
    pub(super) state: State,
    /// Began to run.
    pub(super) running: Option<Time>,
    /// Entered service; none also for those that were there from the start.
    pub(super) entered: Option<Time>,
    /// There from the start: past grace and warm-up.
    pub(super) initial: bool,
    /// Its application is up.
    pub(super) ready: bool,
    /// Launched beyond the desired capacity, to let another go.
    pub(super) extra: bool,
    /// Launched by a refresh to take the place of another, which goes when this one is healthy and warmed up.
    pub(super) ahead: bool,
    /// Terminated by a refresh that launches in its place only when it is gone.
    pub(super) keeps_place: bool,
    /// Pending, and running already: it comes from a pool of running instances.
    pub(super) resumes: bool,
    /// Launched to replace this one, which goes when it has settled.
    pub(super) replaces: Option<InstanceId>,
    /// Protected from scale-in.
    pub(super) protected: bool,
    /// Being terminated by a scale-in.
    pub(super) scale_in: bool,
    pub(super) lost: bool,
    pub(super) impaired: Option<EntryId>,
    /// Marked unhealthy at, and the entry that says so.
    pub(super) marked: Option<(Time, EntryId)>,
    /// The mark is one of SetInstanceHealth: no batch holds it back (rule P1).
    pub(super) custom: bool,
    /// It has reached its lifetime and is to be replaced; the entry that says so.
    pub(super) expired: Option<EntryId>,
    /// Hooks that hold it.
    pub(super) waits: Waits,
    /// Target groups it is registered with or drains from.
    pub(super) registered: Vec<TargetGroupId>,
    /// Target groups it has passed the checks of, once.
    pub(super) passed: Vec<TargetGroupId>,
    /// Target groups that report it unhealthy, with the entry.
    pub(super) unhealthy: Vec<(TargetGroupId, EntryId)>,
    /// What was last written down about it.
    pub(super) entry: EntryId,
    /// What it counts for, and what it was bought as.
    pub(super) purchase: Purchase,
}

impl Row {
    /// A new instance: pending.
    pub(super) fn new(fleet: FleetId, zone: Option<ZoneId>, template: u16) -> Row {
        Row {
            fleet,
            zone,
            template,
            ahead: false,
            keeps_place: false,
            resumes: false,
            state: State::Pending,
            running: None,
            entered: None,
            initial: false,
            ready: false,
            extra: false,
            replaces: None,
            protected: false,
            scale_in: false,
            lost: false,
            impaired: None,
            marked: None,
            custom: false,
            expired: None,
            waits: Waits::default(),
            registered: Vec::new(),
            passed: Vec::new(),
            unhealthy: Vec::new(),
            entry: EntryId::NONE,
            purchase: Purchase::default(),
        }
    }

    /// Whether it counts towards the desired capacity.
    pub(super) fn counts(&self) -> bool {
        matches!(self.state, State::Pending | State::Waiting | State::InService)
    }

    /// Whether it fills a place of the desired capacity: one launched beyond it does not, and one being replaced does for
    /// as long as its place is kept.
    pub(super) fn fills(&self) -> bool {
        self.counts() && !self.extra || self.leaving() && self.keeps_place
    }

    /// Whether launch hooks hold it, on its way into the group or into the warm pool.
    pub(super) fn waits_for_launch(&self) -> bool {
        matches!(self.state, State::Waiting | State::WarmWaiting)
    }

    /// Whether EC2 has given notice that it takes it back.
    pub(super) fn reclaimed(&self) -> bool {
        self.purchase.risk.is_some_and(|risk| risk.until.is_some())
    }

    /// Units of capacity that it counts for.
    pub(super) fn units(&self) -> u32 {
        self.purchase.weight
    }

    /// What is tried again if its launch fails: its units of its purchase option (true: Spot); nothing if it was extra.
    pub(super) fn again(&self) -> Option<(u32, bool)> {
        (!self.extra).then_some((self.purchase.weight, self.purchase.bought.spot))
    }

    /// Whether its group is getting rid of it.
    pub(super) fn leaving(&self) -> bool {
        matches!(self.state, State::Terminating | State::TerminatingWait)
    }

    /// Forgets what was known of its health and begins anew: it comes back from standby, or from outside the group.
    pub(super) fn come_back(&mut self) {
        self.state = State::Pending;
        self.initial = false;
        self.entered = None;
        self.marked = None;
        self.custom = false;
        self.passed.clear();
        self.unhealthy.clear();
    }

    /// Whether its warm-up is over.
    pub(super) fn warm(&self, warmup: Duration, now: Time) -> bool {
        let past = self.entered.is_none_or(|entered| now >= entered.saturating_add(warmup));
        self.state == State::InService && (self.initial || past)
    }

    /// Whether it is new and has still to pass its warm-up and, within its grace, the first checks of `checked`.
    pub(super) fn unsettled(&self, checked: &[TargetGroupId], warmup: Duration, grace: Duration, now: Time) -> bool {
        match self.state {
            State::Pending | State::Waiting => true,
            State::InService if self.marked.is_none() && !self.initial => {
                // Beyond its grace an instance is healthy or marked; one that nobody checks would be waited for in vain.
                let graced = self.entered.is_some_and(|entered| now < entered.saturating_add(grace));
                !self.warm(warmup, now) || graced && !self.has_passed(checked)
            }
            _ => false,
        }
    }

    pub(super) fn has_passed(&self, checked: &[TargetGroupId]) -> bool {
        checked.iter().all(|group| self.passed.contains(group))
    }
}
