//! Fleets: Auto Scaling groups and fixed sets of instances.
use crate::event::{Words, words};
use crate::plan::*;
use crate::request::InstanceId;
use crate::timeline::EntryId;

/// What happens to fleets.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// A target has been deregistered (drained) from a target group.
    Drained {
        /// Target group.
        group: TargetGroupId,
        /// Target.
        instance: InstanceId,
    },
    /// The verdict on a target that the API shows has changed.
    Verdict {
        /// Target group.
        group: TargetGroupId,
        /// Target.
        instance: InstanceId,
        /// Healthy or unhealthy.
        healthy: bool,
        /// Timeline entry of the change.
        cause: EntryId,
    },
    /// EC2 reports `running`.
    Running(InstanceId),
    /// Bootstrap and smoke test are over: the launch hook may complete.
    HookDone {
        /// Instance.
        instance: InstanceId,
        /// CONTINUE or ABANDON.
        ok: bool,
    },
    /// The instance is gone (terminated, stopped, its zone without power); the group has yet to notice.
    Lost {
        /// Instance.
        instance: InstanceId,
        /// Timeline entry of what took it.
        cause: EntryId,
    },
    /// An alarm's action has arrived.
    Invoke {
        /// Group.
        fleet: FleetId,
        /// Index into its policies.
        policy: u16,
        /// The alarm.
        alarm: AlarmId,
        /// Timeline entry of the alarm's change.
        cause: EntryId,
    },
}

impl Event {
    pub(crate) fn words(self) -> Words {
        words(0, 0, 0, 0)
    }
}

use crate::result::Group;
use crate::shared::Cx;
use sim_core::Time;

/// Instances of a fleet by state.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Desired capacity.
    pub desired: u32,
    /// In service.
    pub in_service: u32,
    /// Before running.
    pub pending: u32,
    /// Running, not ready.
    pub booting: u32,
    /// Unhealthy.
    pub unhealthy: u32,
    /// Terminating.
    pub terminating: u32,
    /// Launch activities.
    pub launches: u32,
}
/// Stub.
pub struct Groups {
    all: Vec<(FleetId, InstanceId)>,
}
impl Groups {
    pub fn new(_: &mut Cx) -> Self {
        Groups { all: Vec::new() }
    }
    pub fn start(&mut self, cx: &mut Cx) -> Vec<InstanceId> {
        let plan = cx.plan;
        for (id, fleet) in plan.fleets.iter() {
            let n = match &fleet.sizing {
                Sizing::Fixed(n) => *n,
                Sizing::AutoScaling(a) => a.desired_capacity,
            };
            for i in 0..n {
                let zone = if fleet.zones.is_empty() { None } else { Some(fleet.zones[i as usize % fleet.zones.len()]) };
                let instance = cx.directory.enter(id, zone);
                self.all.push((id, instance));
            }
        }
        self.all.iter().map(|x| x.1).collect()
    }
    pub fn handle(&mut self, _: Event, _: &mut Cx) {}
    pub fn running(&self, fleet: FleetId) -> Vec<InstanceId> {
        self.all.iter().filter(|x| x.0 == fleet).map(|x| x.1).collect()
    }
    pub fn measured(&self, fleet: FleetId) -> Vec<InstanceId> {
        self.running(fleet)
    }
    pub fn counts(&self, fleet: FleetId) -> Counts {
        let n = self.running(fleet).len() as u32;
        Counts { desired: n, in_service: n, ..Counts::default() }
    }
    pub fn figures(&self, _: FleetId, _: Time) -> Group {
        Group::default()
    }
    pub fn billed_seconds(&self, _: FleetId, _: Time) -> f64 {
        0.0
    }
    pub fn is_full_strength(&self, _: FleetId) -> bool {
        true
    }
}
