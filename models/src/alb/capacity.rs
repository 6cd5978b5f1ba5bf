//! The capacity of a balancer that scales by itself: fast up, slow down.
//!
//! ```text
//!  each minute: load of the minute ─► twice that, no faster than doubling in five minutes; down after an hour of low load
//!  Request ─► within the capacity? on : rejected
//! ```
//! # Models      a rate it can take, with a second's worth of burst; growth and shrinking
//! # Leaves out  nodes that come and go while it scales; addresses of subnets that run out
//! # Source      a modelling choice throughout (AWS publishes no figures): `aws/network.md` §3.14

use super::{Albs, Event};
use crate::event;
use crate::plan::{BalancerCapacity, BalancerId};
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use sim_core::{Duration, Time};

/// Between two looks at the load.
pub(super) const LOOK: Duration = Duration::from_secs(60);

/// What a balancer can take.
#[derive(Debug)]
pub(super) struct Capacity {
    settings: BalancerCapacity,
    /// Requests per second.
    rate: f64,
    /// What is left of the last second.
    tokens: f64,
    filled: Time,
    /// Requests since the last look, taken or not.
    seen: u64,
    rejected: u64,
    low_since: Option<Time>,
}

impl Capacity {
    pub fn new(settings: &BalancerCapacity) -> Self {
        Capacity {
            settings: settings.clone(),
            rate: settings.start,
            tokens: settings.start.max(1.0),
            filled: Time::ZERO,
            seen: 0,
            rejected: 0,
            low_since: None,
        }
    }

    /// Whether a request can be taken now.
    pub fn admits(&mut self, now: Time) -> bool {
        let most = self.rate.max(1.0);
        self.tokens = (self.tokens + self.rate * (now - self.filled).as_secs_f64()).min(most);
        self.filled = now;
        self.seen += 1;
        let admits = self.tokens >= 1.0;
        if admits {
            self.tokens -= 1.0;
        } else {
            self.rejected += 1;
        }
        admits
    }

    /// A minute is over: the capacity follows twice its load.
    fn follow(&mut self, now: Time) {
        let load = self.seen as f64 / LOOK.as_secs_f64();
        (self.seen, self.rejected) = (0, 0);
        let wanted = (2.0 * load).max(self.settings.start);
        let fastest = self.rate
            * sim_core::math::exp(std::f64::consts::LN_2 * LOOK.as_secs_f64() / self.settings.doubling.as_secs_f64());
        if wanted >= self.rate {
            self.low_since = None;
            self.rate = wanted.min(fastest);
            return;
        }
        // Low is less than half of what it is there for.
        if wanted * 2.0 > self.rate {
            self.low_since = None;
            return;
        }
        let since = *self.low_since.get_or_insert(now);
        if now - since >= self.settings.shrink_after {
            self.rate = wanted;
            self.low_since = None;
        }
    }
}

impl Albs {
    /// A minute is over for a balancer that scales.
    pub(super) fn scale(&mut self, id: BalancerId, cx: &mut Cx) {
        let now = cx.now();
        let Some(capacity) = &mut self.balancers[id].capacity else { return };
        let (rejected, before) = (capacity.rejected, capacity.rate);
        capacity.follow(now);
        let rate = capacity.rate;
        if rejected > 0 {
            let detail =
                format!("rejected {rejected} requests in a minute beyond {before:.0}/s; can take {rate:.0}/s now");
            let name = cx.plan.balancers[id].name.clone();
            cx.timeline.record(now, EventKind::BalancerOverloaded, name, detail, EntryId::NONE);
        }
        if now < Time::ZERO + cx.plan.duration {
            cx.list.after(LOOK, event::Event::Alb(Event::Scale(id.index() as u16)));
        }
    }

    /// What a balancer can take, requests per second, if that is modelled.
    pub fn capacity(&self, id: BalancerId) -> Option<f64> {
        self.balancers[id].capacity.as_ref().map(|capacity| capacity.rate)
    }
}
