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
