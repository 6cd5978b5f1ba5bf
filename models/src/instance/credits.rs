//! CPU credits at work: accounts are opened and closed with the machine, and set its speed as they run out.
//!
//! ```text
//!  Booted │ Up ─► account ─┬─ CreditsDue (at the soonest moment that matters) ─► step ─► cpu
//!                          └─ Gone: what is owed is charged; what a stop keeps is kept for seven days
//! ```
//! # Models      rules B2 to B8; an account that is unlimited, or of no burstable type, makes no event
//! # Leaves out  the credits that booting costs; accounts run from the operating system's being up

use super::{Event, Instances};
use crate::credits::{Account, Standing};
use crate::event;
use crate::plan::{ApiCall, FleetId, MachineMetric, OperationId};
use crate::request::InstanceId;
use crate::result::{CreditFigures, EventKind};
use crate::shared::Cx;
use crate::timeline::EntryId;
use sim_core::{Duration, Time};

/// How long a stopped instance keeps its balance (rule B5).
const KEPT: Duration = Duration::from_secs(7 * 86_400);

/// Starts with launch credits in the time below, per Region (rule B4).
const LAUNCH_STARTS: usize = 100;
const LAUNCH_WINDOW: Duration = Duration::from_secs(86_400);

/// What an instance's credits have come to, beside the account.
#[derive(Debug)]
pub(super) struct Credit {
    /// Announcements so far.
    epoch: u32,
    /// Balance at its last stop, and when that was.
    kept: Option<(f64, Time)>,
    /// What was last written down of its standing.
    told: Standing,
    /// The entry that said so.
    entry: EntryId,
    /// Below full speed since.
    limited: Option<Time>,
    /// Spent and charged at the last sampling of either metric.
    marks: (f64, f64),
}

impl Default for Credit {
    fn default() -> Self {
        Credit { epoch: 0, kept: None, told: Standing::Full, entry: EntryId::NONE, limited: None, marks: (0.0, 0.0) }
    }
}

impl Instances {
    /// Opens the account of an instance of a burstable type that has started.
    #[cold]
    #[inline(never)]
    pub(super) fn open_account(&mut self, instance: InstanceId, cx: &mut Cx) {
        let facts = cx.directory.facts(instance);
        let now = cx.now();
        let Some(terms) = cx.credits_of(instance) else { return };
        let row = &mut self.rows[instance];
        if row.cpu.credits(now).is_some() {
            return;
        }
        let kept = row.credit.kept.take().filter(|&(_, at)| terms.survives_stop && now < at.saturating_add(KEPT));
        let balance = match kept {
            Some((balance, _)) => balance,
            None if now == Time::ZERO => terms.initial,
            None => 0.0,
        };
        let mut launch = terms.launch;
        if launch > 0.0 {
            let region = facts.zone.map(|zone| cx.plan.zones[zone].region);
            self.launch_starts.retain(|start| now < start.1.saturating_add(LAUNCH_WINDOW));
            if self.launch_starts.iter().filter(|start| start.0 == region).count() >= LAUNCH_STARTS {
                launch = 0.0;
            } else {
                self.launch_starts.push((region, now));
            }
        }
        row.cpu.open(now, Account::open(terms, row.vcpus, balance, launch));
        self.credits_settled(instance, cx);
    }

    /// The machine is gone: what it owes is charged, and what it has kept if it may.
    #[cold]
    #[inline(never)]
    pub(super) fn close_account(&mut self, instance: InstanceId, fleet: FleetId, now: Time) -> Credit {
        let row = &mut self.rows[instance];
        let mut credit = std::mem::take(&mut row.credit);
        let Some(mut account) = row.cpu.close(now) else { return credit };
        account.charge();
        credit.kept = Some((account.earned(), now));
        let figures = &mut self.credits[fleet];
        figures.spent += account.spent();
        figures.charged += account.charged();
        if let Some(since) = credit.limited.take() {
            figures.limited_s += (now - since).as_secs_f64();
        }
        credit.told = Standing::Full;
        credit.entry = EntryId::NONE;
        credit.marks = (0.0, 0.0);
        // What was announced belongs to the machine that is gone.
        credit.epoch += 1;
        credit
    }

    /// The moment has come at which its credits may allow it another speed.
    pub(super) fn credits_due(&mut self, instance: InstanceId, epoch: u32, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[instance];
        if row.credit.epoch != epoch {
            return;
        }
        let Some(account) = row.cpu.credits(now) else { return };
        account.settle();
        self.credits_settled(instance, cx);
    }

    /// Somebody switches it between standard and unlimited (rule B7).
    pub(super) fn operate(&mut self, instance: InstanceId, operation: OperationId, cause: EntryId, cx: &mut Cx) {
        let ApiCall::ModifyCreditSpecification { unlimited, .. } = cx.plan.operations[operation].call else { return };
        let now = cx.now();
        let row = &mut self.rows[instance];
        let Some(account) = row.cpu.credits(now) else { return };
        account.switch(unlimited);
        row.credit.entry = cause;
        self.credits_settled(instance, cx);
    }

    /// Tells the CPU what its credits allow, writes down what has changed, and announces the next moment to look.
    fn credits_settled(&mut self, instance: InstanceId, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[instance];
        let Some(account) = row.cpu.credits(now) else { return };
        let (standing, balance, percent) = (account.standing(), account.balance(), account.baseline_percent());
        let due = account.due();
        row.credit.epoch += 1;
        if let Some(due) = due {
            let event = Event::CreditsDue { instance, epoch: row.credit.epoch };
            cx.list.after(due, event::Event::Instance(event));
        }
        match (standing, row.credit.limited) {
            (Standing::Full, Some(since)) => {
                row.credit.limited = None;
                self.credits[cx.directory.facts(instance).fleet].limited_s += (now - since).as_secs_f64();
            }
            (Standing::Low | Standing::Exhausted, None) => row.credit.limited = Some(now),
            _ => {}
        }
        self.disturb(instance, cx);
        let row = &mut self.rows[instance];
        let (kind, detail) = match (row.credit.told, standing) {
            (Standing::Full, Standing::Low) => {
                let detail = format!(
                    "{balance:.1} CPU credits left: its speed goes down to the baseline of {percent:.0} % as they run out"
                );
                (EventKind::CreditsLow, detail)
            }
            (Standing::Full | Standing::Low, Standing::Exhausted) => {
                self.credits[cx.directory.facts(instance).fleet].exhausted += 1;
                (EventKind::CreditsExhausted, format!("no CPU credits left: held at its baseline of {percent:.0} %"))
            }
            (Standing::Low | Standing::Exhausted, Standing::Full) => {
                (EventKind::CreditsRestored, format!("at full speed again, {balance:.1} CPU credits"))
            }
            _ => return,
        };
        let row = &mut self.rows[instance];
        row.credit.told = standing;
        let cause = match row.credit.entry {
            EntryId::NONE => cx.blame.of_instance(instance),
            entry => entry,
        };
        let entry = cx.timeline.record(now, kind, cx.name_of(instance), detail, cause);
        row.credit.entry = entry;
        // Whatever follows from its being slow has this to thank, until it is not.
        cx.blame.instance(instance, entry);
    }

    /// What a metric of its credits is at the end of a period (rule B8).
    pub(super) fn credit_sample(&mut self, instance: InstanceId, metric: MachineMetric, now: Time) -> Option<f64> {
        let row = self.rows.get_mut(instance)?;
        let account = row.cpu.credits(now)?;
        match metric {
            MachineMetric::CreditUsage => {
                Some(account.spent() - std::mem::replace(&mut row.credit.marks.0, account.spent()))
            }
            MachineMetric::CreditBalance => Some(account.balance()),
            MachineMetric::SurplusCreditBalance => account.is_unlimited().then(|| account.surplus()),
            MachineMetric::SurplusCreditsCharged => {
                let charged = account.charged() - std::mem::replace(&mut row.credit.marks.1, account.charged());
                account.is_unlimited().then_some(charged)
            }
            MachineMetric::MemoryUsed | MachineMetric::BurstBalance => None,
        }
    }

    /// What the credits of a fleet have come to; none if it is of no burstable type.
    pub fn credit_figures(&mut self, fleet: FleetId, now: Time, cx: &Cx) -> Option<CreditFigures> {
        cx.plan.fleets[fleet].burstable()?;
        let mut figures = self.credits[fleet];
        let mut there = 0;
        for (instance, row) in self.rows.iter_mut() {
            if cx.directory.facts(instance).fleet != fleet {
                continue;
            }
            let limited = row.credit.limited;
            let Some(account) = row.cpu.credits(now) else { continue };
            there += 1;
            figures.spent += account.spent();
            figures.charged += account.charged();
            figures.balance += account.balance();
            figures.surplus += account.surplus();
            figures.limited_s += limited.map_or(0.0, |since| (now - since).as_secs_f64());
        }
        figures.balance /= f64::from(there.max(1));
        Some(figures)
    }
}
