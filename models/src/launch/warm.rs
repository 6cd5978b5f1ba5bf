//! Coming up in two parts: into a warm pool, and out of it.
//!
//! ```text
//!  Prepare ─► pending ─► running ─► boot ─► bootstrap ─► smoke test ─► group::HookDone ─► in the pool
//!  Start ──┬─ stopped, hibernated: pending ─► running ─► boot ─┬─ smoke test ─► group::HookDone ─► in service
//!          └─ running: a few seconds ─────────────────────────┘   (bootstrap first, if it never came to its end)
//! ```
//! # Models      user data that runs once, at the first start, and so anew if the instance was stopped before its end;
//!   starts that take a share of a cold boot, or a time of their own
//! # Leaves out  memory written and read by hibernation; volumes that are slow at first reads
//! # Source      Amazon EC2 Auto Scaling user guide, "Warm pool instance lifecycle"; `aws/scaling.md` §1.10, §6.1

use super::{Launches, Stage, Stages};
use crate::event;
use crate::plan::{PoolState, Sizing, WarmPool};
use crate::request::InstanceId;
use crate::shared::Cx;
use crate::{group, instance};
use sim_core::{Dist, Duration};

/// Start of a stopped instance over a cold boot, without bootstrap (scaling.md §1.10, after measurements of §6.1: 21 s of
/// 26 s). A modelling choice.
const OF_COLD: f64 = 0.8;

/// An instance that runs in its pool is in the group so soon, in seconds (§6.1).
const OUT_OF_RUNNING: Dist = Dist::Uniform { low: 1.9, high: 3.9 };

/// Where an instance that comes up comes from, and goes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Way {
    /// Launched for service.
    #[default]
    Cold,
    /// Launched for a warm pool.
    IntoPool {
        /// Its bootstrap is done.
        configured: bool,
    },
    /// Stopped or hibernated in a pool, for service.
    FromStopped {
        /// Its bootstrap was done before.
        configured: bool,
    },
    /// Running in a pool, for service.
    FromRunning,
}

impl Way {
    pub(super) fn into_pool(self) -> bool {
        matches!(self, Way::IntoPool { .. })
    }

    pub(super) fn leaves_pool(self) -> bool {
        matches!(self, Way::FromStopped { .. } | Way::FromRunning)
    }
}

impl Launches {
    pub(super) fn way(&self, instance: InstanceId) -> Way {
        self.ways.get(instance.index()).copied().unwrap_or_default()
    }

    fn set_way(&mut self, instance: InstanceId, way: Way) {
        if self.ways.len() <= instance.index() {
            self.ways.resize(instance.index() + 1, Way::Cold);
        }
        self.ways[instance.index()] = way;
    }

    /// Whether it is bound for a pool; if so, its bootstrap is done from here on.
    pub(super) fn enter_pool_configured(&mut self, instance: InstanceId) -> bool {
        let bound = self.way(instance).into_pool();
        if bound {
            self.set_way(instance, Way::IntoPool { configured: true });
        }
        bound
    }

    /// RunInstances, for a warm pool.
    pub(super) fn prepare(&mut self, instance: InstanceId, cx: &mut Cx) {
        self.set_way(instance, Way::IntoPool { configured: false });
        self.begin(instance, cx);
    }

    /// It waits in a pool.
    pub(super) fn stow(&mut self, instance: InstanceId, configured: bool) {
        self.row(instance).1 = true;
        self.set_way(instance, Way::IntoPool { configured });
    }

    /// It leaves its pool. One that was never launched here was there from the start, or has served before.
    pub(super) fn start(&mut self, instance: InstanceId, cx: &mut Cx) {
        let fleet = cx.directory.facts(instance).fleet;
        let Some(pool) = pool(fleet, cx) else { return };
        let configured = self.way(instance) != Way::IntoPool { configured: false };
        match (pool.state, configured) {
            // Its bootstrap goes on where it is.
            (PoolState::Running, false) => {
                self.set_way(instance, Way::Cold);
                cx.list.soon(event::Event::Instance(instance::Event::Booted(instance)));
                return cx.list.soon(event::Event::Group(group::Event::Running(instance)));
            }
            (PoolState::Running, true) => self.set_way(instance, Way::FromRunning),
            (PoolState::Stopped | PoolState::Hibernated, _) => self.set_way(instance, Way::FromStopped { configured }),
        }
        let row = self.row(instance);
        *row = (row.0.wrapping_add(1), false);
        self.run(instance, Stage::Pending, cx);
    }

    /// The length of a stage on the way out of a pool.
    pub(super) fn warm_start(&self, instance: InstanceId, stage: Stage, stages: &Stages, cx: &Cx) -> Duration {
        let template = cx.template_of(instance);
        let start = pool(cx.directory.facts(instance).fleet, cx).and_then(|pool| pool.start.as_ref());
        let whole = |dist: &Dist| {
            let stream = &mut cx.stream(&cx.name_of(instance), &self.purpose(instance, Stage::Pending));
            dist.sampler().duration(stream).as_secs_f64()
        };
        let (pending, boot) = (template.pending.duration.mean(), template.boot.duration.mean());
        let share = match stage {
            Stage::Pending if pending + boot > 0.0 => pending / (pending + boot),
            Stage::Pending => 1.0,
            _ if pending + boot > 0.0 => boot / (pending + boot),
            _ => 0.0,
        };
        let seconds = match (self.way(instance), start) {
            (Way::FromRunning, start) => whole(start.unwrap_or(&OUT_OF_RUNNING)),
            // One draw for both parts, in the proportion they have on average when it is launched.
            (_, Some(start)) => share * whole(start),
            (_, None) => {
                let sampler = if stage == Stage::Pending { &stages.pending } else { &stages.boot };
                OF_COLD * self.draw(instance, stage, sampler, cx).as_secs_f64()
            }
        };
        Duration::from_secs_f64(seconds)
    }
}

fn pool<'p>(fleet: crate::plan::FleetId, cx: &Cx<'p>) -> Option<&'p WarmPool> {
    match &cx.plan.fleets[fleet].sizing {
        Sizing::AutoScaling(group) => group.warm_pool.as_ref(),
        Sizing::Fixed(_) => None,
    }
}
