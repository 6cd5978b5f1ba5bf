//! CPU credits of a burstable instance: what it earns, spends, owes, and what speed that leaves it.
//!
//! ```text
//!  cpu: piece of constant utilisation ──pass──► launch credits │ balance │ surplus ──due──► step ─► allowance ─► cpu
//! ```
//! # Models      rules B1 to B7: earning at the baseline up to 24 hours of it, launch credits spent first and kept outside
//!   that cap, standard (down to the baseline as the balance runs out) and unlimited (surplus, paid down by
//!   earning, charged beyond 24 hours of it and when the instance goes)
//! # Leaves out  Windows' surplus price; dedicated hosts; the credits that booting costs
//! # Source      EC2 user guide, "Burstable performance instances"; `aws/scaling.md` §6.2
//!
//! # The slide
//!
//! AWS says that as credits run low utilisation is "gradually lowered to the baseline level over a 15-minute interval".
//! Here the allowance is a function of the balance: a saturated instance whose allowance falls from V vCPUs to its
//! baseline B evenly over the slide T spends (V − B)·T/2 beyond what it earns. So it begins to fall at that balance, and
//! goes as the square root of what is left, in [`STEPS`] steps; it rises again with the balance, one step behind.

use crate::plan::Credits;
use sim_core::Duration;

/// Steps of the slide. A modelling choice: one a minute, at AWS's quarter of an hour.
const STEPS: u32 = 15;

/// Nanoseconds of a vCPU that one credit buys.
const CREDIT_NS: f64 = 60e9;

/// A balance is at a threshold if it would be there a millisecond later: the resolution of AWS's own accounts.
const RESOLUTION_NS: f64 = 1e6;

/// How an instance stands with its credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Full speed.
    Full,
    /// Less than full speed, more than the baseline.
    Low,
    /// The baseline.
    Exhausted,
}

/// The account of one instance.
#[derive(Clone, Debug)]
pub struct Account {
    terms: Credits,
    vcpus: f64,
    /// Baseline of all vCPUs.
    base: f64,
    cap: f64,
    /// Launch credits left.
    launch: f64,
    balance: f64,
    surplus: f64,
    charged: f64,
    spent: f64,
    /// Steps of the allowance above the baseline.
    step: u32,
    steps: u32,
    /// Balance below which the slide begins.
    low: f64,
}

impl Account {
    /// The account of an instance that starts, with so many earned credits.
    pub fn open(terms: Credits, vcpus: u32, balance: f64, launch: f64) -> Account {
        let whole = f64::from(vcpus);
        let base = terms.baseline * whole;
        let steps = if terms.slide.is_zero() { 1 } else { STEPS };
        let cap = terms.per_hour(vcpus) * Credits::CAP_HOURS;
        let mut account = Account {
            terms,
            vcpus: whole,
            base,
            cap,
            launch,
            balance: balance.min(cap),
            surplus: 0.0,
            charged: 0.0,
            spent: 0.0,
            step: steps,
            steps,
            low: (whole - base) * terms.slide.nanos() as f64 / 2.0 / CREDIT_NS,
        };
        account.settle();
        account
    }

    /// A piece of time with `busy` vCPUs at work.
    pub fn pass(&mut self, ns: f64, busy: f64) {
        let mut credits = ns / CREDIT_NS;
        self.spent += busy * credits;
        // Launch credits go first, and meanwhile all that is earned is kept (rule B4).
        if self.launch > 0.0 && busy > 0.0 {
            let part = credits.min(self.launch / busy);
            self.launch -= busy * part;
            if self.launch < 1e-12 {
                self.launch = 0.0;
            }
            self.earn(self.base * part);
            credits -= part;
        }
        let net = (self.base - busy) * credits;
        if net >= 0.0 {
            self.earn(net);
        } else {
            let rest = self.balance + net;
            self.balance = rest.max(0.0);
            if rest < 0.0 && self.terms.unlimited {
                self.surplus -= rest;
                // What a day of earning could not pay back is charged (rule B6).
                let beyond = (self.surplus - self.cap).max(0.0);
                self.surplus -= beyond;
                self.charged += beyond;
            }
        }
    }

    /// Earned credits pay surplus down first (rule B6).
    fn earn(&mut self, credits: f64) {
        let paid = credits.min(self.surplus);
        self.surplus -= paid;
        self.balance = (self.balance + credits - paid).min(self.cap);
    }

    /// vCPUs that it may use now.
    pub fn allowance(&self) -> f64 {
        if self.terms.unlimited || self.step == self.steps {
            return self.vcpus;
        }
        if self.step == 0 {
            return self.base;
        }
        // The mean of the ramp over the step.
        self.base + (self.vcpus - self.base) * (f64::from(self.step) - 0.5) / f64::from(self.steps)
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        match self.step {
            _ if self.terms.unlimited => Standing::Full,
            step if step == self.steps => Standing::Full,
            0 => Standing::Exhausted,
            _ => Standing::Low,
        }
    }

    /// The balance at which the slide of step `step` ends.
    fn threshold(&self, step: u32) -> f64 {
        let share = f64::from(step) / f64::from(self.steps);
        self.low * share * share
    }

    /// What must be left to go up a step, and to stay on this one.
    fn bounds(&self) -> (Option<f64>, Option<f64>) {
        let up = (self.step < self.steps).then(|| self.threshold(self.step + 1).max(self.terms.resume).min(self.cap));
        let down = (self.step > 0).then(|| self.threshold(self.step - 1));
        (up, down)
    }

    /// The most that it can lose, and gain, in a nanosecond.
    fn rates(&self) -> (f64, f64) {
        // With launch credits, or at the cap, what is spent is not made up by what is earned.
        let earned = if self.launch > 0.0 || self.balance >= self.cap { 0.0 } else { self.base };
        ((self.allowance() - earned).max(0.0) / CREDIT_NS, self.base / CREDIT_NS)
    }

    /// Goes up or down by as many steps as the balance says. True if the allowance is another one.
    pub fn settle(&mut self) -> bool {
        if self.terms.unlimited {
            let changed = self.step != self.steps;
            self.step = self.steps;
            return changed;
        }
        let before = self.step;
        loop {
            let total = self.launch + self.balance;
            let (up, down) = self.bounds();
            let (loss, gain) = self.rates();
            if down.is_some_and(|down| total - down <= loss * RESOLUTION_NS) {
                self.step -= 1;
            } else if self.step >= before && up.is_some_and(|up| up - total <= gain * RESOLUTION_NS) {
                self.step += 1;
            } else {
                return self.step != before;
            }
        }
    }

    /// The soonest that its allowance can change, whatever it does until then.
    pub fn due(&self) -> Option<Duration> {
        if self.terms.unlimited {
            return None;
        }
        let total = self.launch + self.balance;
        let (up, down) = self.bounds();
        let (loss, gain) = self.rates();
        let after = |distance: f64, rate: f64| (rate > 0.0).then(|| (distance / rate).max(RESOLUTION_NS));
        let falls = down.and_then(|down| after(total - down, loss));
        let rises = up.and_then(|up| after(up - total, gain));
        let ns = match (falls, rises) {
            (Some(falls), Some(rises)) => falls.min(rises),
            (falls, rises) => falls.or(rises)?,
        };
        Some(Duration::from_nanos(ns.ceil() as u64))
    }

    /// Switches to standard or unlimited (rule B7): the former charges what is owed, the latter drops launch credits.
    pub fn switch(&mut self, unlimited: bool) {
        if unlimited && !self.terms.unlimited {
            self.launch = 0.0;
        }
        if !unlimited {
            self.charge();
        }
        self.terms.unlimited = unlimited;
        self.settle();
    }

    /// What is owed is charged at once: it is stopped, terminated, or switched to standard (rule B6).
    pub fn charge(&mut self) {
        self.charged += std::mem::take(&mut self.surplus);
    }

    /// CPUCreditBalance: launch credits are part of what is shown.
    pub fn balance(&self) -> f64 {
        self.balance + self.launch
    }

    /// Earned credits alone: what a stop may keep.
    pub fn earned(&self) -> f64 {
        self.balance
    }

    /// CPUSurplusCreditBalance.
    pub fn surplus(&self) -> f64 {
        self.surplus
    }

    /// Credits charged so far.
    pub fn charged(&self) -> f64 {
        self.charged
    }

    /// Credits spent so far.
    pub fn spent(&self) -> f64 {
        self.spent
    }

    /// Whether surplus credits may be spent.
    pub fn is_unlimited(&self) -> bool {
        self.terms.unlimited
    }

    /// Its baseline, in percent of all vCPUs.
    pub fn baseline_percent(&self) -> f64 {
        self.terms.baseline * 100.0
    }
}

#[cfg(test)]
mod tests;
