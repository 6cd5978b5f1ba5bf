//! What an alarm does to an instance: recover, reboot, stop, terminate.
//!
//! # Models      the action on the n-th instance of a fleet, at once; a reboot, and outside groups a recovery, keep the instance
//!   and its bill and lose what it held in memory; members of an Auto Scaling group that are stopped or terminated are
//!   replaced by their group, which notices by itself; recoveries up to a limit a day (`instance::outage`)
//! # Source      EC2 user guide, "Recover your instance"; `aws/scaling.md` §4, M3 to M5, §5.5

use crate::event;
use crate::plan::{Action, Ec2Action, FleetId, Sizing};
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{group, instance, status};

impl Ec2Action {
    /// As a verb.
    fn verb(self) -> &'static str {
        match self {
            Ec2Action::Recover => "recovers",
            Ec2Action::Reboot => "reboots",
            Ec2Action::Stop => "stops",
            Ec2Action::Terminate => "terminates",
        }
    }
}

/// What the actions of a state will do, as the end of a sentence.
pub(super) fn announced(actions: &[Action], cx: &Cx) -> String {
    let mut text = String::new();
    if actions.contains(&Action::Notify) {
        text.push_str("; notifies");
    }
    for action in actions {
        if let Action::Ec2 { fleet, nth, what } = *action {
            let of = &cx.plan.fleets[fleet].name;
            text.push_str(&format!("; {} {of}/i-{nth}", what.verb()));
        }
    }
    text
}

/// Does it.
pub(super) fn act(fleet: FleetId, nth: u32, what: Ec2Action, cause: EntryId, cx: &mut Cx) {
    let Some(instance) = cx.directory.find(fleet, nth) else { return };
    cx.blame.instance(instance, cause);
    match what {
        Ec2Action::Reboot => cx.list.soon(event::Event::Instance(instance::Event::Reboot { instance, cause })),
        // A member of a group is never recovered: its group replaces it (rule M5).
        Ec2Action::Recover if matches!(cx.plan.fleets[fleet].sizing, Sizing::AutoScaling(_)) => {}
        Ec2Action::Recover => status::recover(instance, cause, cx),
        Ec2Action::Stop | Ec2Action::Terminate => {
            cx.list.soon(event::Event::Instance(instance::Event::Gone { instance, silent: false }));
            cx.list.soon(event::Event::Group(group::Event::Lost { instance, cause }));
        }
    }
}
