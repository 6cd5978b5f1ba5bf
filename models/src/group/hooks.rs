//! Lifecycle hooks: what holds an instance in Pending:Wait or Terminating:Wait, and for how long.
//!
//! ```text
//!  running ─► Pending:Wait ─HookDone (bootstrap), HookOver (others)─► all CONTINUE ─► Pending:Proceed ─► in service
//!                  └─ ABANDON, or a timeout that means it ─► terminated, launched again later
//!  drained ─► Terminating:Wait ─► all answered, or one ABANDON ─► Terminating:Proceed ─► terminated
//! ```
//! # Models      several hooks at once; heartbeats and the longest wait; handlers that fail or never answer; DefaultResult
//! # Leaves out  notifications lost on their way; Retained instances; hooks of instances that are lost (there is no machine
//!   left to work on)
//! # Source      Amazon EC2 Auto Scaling user guide, "Lifecycle hooks"; `aws/scaling.md` §1.3

use super::row::State;
use super::{Event, Groups, seconds, sent, settings};
use crate::plan::{Hook, Plan, Transition, longest_wait};
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use sim_core::{Duration, Time, Words};

/// The launch template's hook, which the bootstrap answers, among the group's own.
const BOOTSTRAP: u16 = u16::MAX;

/// How a wait ended.
const CONTINUE: u8 = 0;
const ABANDON: u8 = 1;
const TIMEOUT: u8 = 2;

/// The hooks that hold an instance.
#[derive(Clone, Debug, Default)]
pub(super) struct Waits {
    /// Those without an answer, by their place in the plan.
    open: Vec<u16>,
    /// Counts the waits of this instance, so that what comes too late is known.
    round: u8,
    since: Time,
    /// The bootstrap script sends heartbeats.
    alive: bool,
}

/// What a handler will do, as drawn: how the wait ends, after how long.
fn outcome(hook: &Hook, silent: bool, fails: bool, length: Duration) -> (u8, Duration) {
    let deadline = match hook.heartbeat_interval {
        // A handler that never answers has sent no heartbeat either.
        Some(_) if !silent => longest_wait(hook.heartbeat_timeout),
        _ => hook.heartbeat_timeout,
    };
    match (silent || length > deadline, fails) {
        (true, _) => (TIMEOUT, deadline),
        (false, true) => (ABANDON, length),
        (false, false) => (CONTINUE, length),
    }
}

fn hooks(plan: &Plan, fleet: crate::plan::FleetId, transition: Transition) -> impl Iterator<Item = (u16, &Hook)> {
    let all = settings(plan, fleet).map_or(&[][..], |group| &group.lifecycle.hooks);
    (0..).zip(all).filter(move |(_, hook)| hook.transition == transition)
}

impl Groups {
    /// Whether hooks hold it from now on; if so, it waits.
    pub(super) fn held(&mut self, instance: InstanceId, transition: Transition, cx: &mut Cx) -> bool {
        let now = cx.now();
        let plan = cx.plan;
        let fleet = self.rows[instance].fleet;
        let bootstrap = cx.template_of(instance).lifecycle_hook.filter(|_| transition == Transition::Launching);
        let own: Vec<(u16, &Hook)> = hooks(plan, fleet, transition).collect();
        if bootstrap.is_none() && own.is_empty() {
            return false;
        }
        let row = &mut self.rows[instance];
        let pooled = row.state.in_pool();
        row.state = match transition {
            Transition::Launching if pooled => State::WarmWaiting,
            Transition::Launching => State::Waiting,
            Transition::Terminating => State::TerminatingWait,
        };
        let waits = &mut row.waits;
        *waits = Waits { open: Vec::new(), round: waits.round.wrapping_add(1), since: now, alive: waits.alive };
        if let Some(hook) = bootstrap {
            waits.open.push(BOOTSTRAP);
            cx.list.after(hook.heartbeat_timeout, sent(Event::HookTimeout(instance)));
        }
        self.fleets[fleet].counters.hook_waits += 1;
        if own.is_empty() {
            return true;
        }
        let (name, round) = (cx.name_of(instance), waits.round);
        for &(index, hook) in &own {
            waits.open.push(index);
            let purpose = match round {
                1 => format!("hook {}", hook.name),
                round => format!("hook {}, wait {round}", hook.name),
            };
            let mut stream = cx.stream(&name, &purpose);
            let length = hook.length.sampler().duration(&mut stream);
            let (fails, silent) = (stream.chance(hook.failure), stream.chance(hook.no_answer));
            let (result, after) = outcome(hook, silent, fails, length);
            cx.list.after(after, sent(Event::HookOver { instance, hook: index, round, result }));
        }
        let names: Vec<&str> = own.iter().map(|(_, hook)| hook.name.as_str()).collect();
        let (wait, cause) = match transition {
            Transition::Launching if pooled => ("Warmed:Pending:Wait", cx.blame.of_instance(instance)),
            Transition::Launching => ("Pending:Wait", cx.blame.of_instance(instance)),
            Transition::Terminating => ("Terminating:Wait", row.entry),
        };
        let detail = format!("{wait}: {}", names.join(", "));
        row.entry = cx.timeline.record(now, EventKind::HookStarted, name, detail, cause);
        true
    }

    /// The bootstrap script has begun to send heartbeats.
    pub(super) fn heartbeats(&mut self, instance: InstanceId) {
        self.rows[instance].waits.alive = true;
    }

    /// Bootstrap and smoke test are over.
    pub(super) fn hook_done(&mut self, instance: InstanceId, ok: bool, cx: &mut Cx) {
        let row = &mut self.rows[instance];
        row.ready |= ok && matches!(row.state, State::Pending | State::Waiting | State::InService);
        row.entry = cx.blame.of_instance(instance);
        row.waits.alive = false;
        if !row.waits_for_launch() || !row.waits.open.contains(&BOOTSTRAP) {
            return;
        }
        if ok {
            self.answered(instance, BOOTSTRAP, cx);
        } else {
            self.give_up_launch(instance, "launch hook: ABANDON", cx);
        }
    }

    /// The bootstrap's hook has waited for its heartbeat timeout: its default result, unless heartbeats came meanwhile.
    pub(super) fn hook_timeout(&mut self, instance: InstanceId, cx: &mut Cx) {
        let row = &self.rows[instance];
        let Some(hook) = cx.template_of(instance).lifecycle_hook else { return };
        if !row.waits_for_launch() || !row.waits.open.contains(&BOOTSTRAP) {
            return;
        }
        let waited = cx.now() - row.waits.since;
        if waited < hook.heartbeat_timeout {
            // Of an earlier wait.
            return;
        }
        let longest = longest_wait(hook.heartbeat_timeout);
        if hook.heartbeat_interval.is_some() && row.waits.alive && waited < longest {
            return cx.list.after(longest - waited, sent(Event::HookTimeout(instance)));
        }
        if hook.continue_by_default {
            self.answered(instance, BOOTSTRAP, cx);
        } else {
            let why = format!("launch hook: no result within {waited}, ABANDON by default");
            self.give_up_launch(instance, &why, cx);
        }
    }

    /// A hook of the group has its answer, or has waited long enough.
    pub(super) fn hook_over(&mut self, instance: InstanceId, index: u16, round: u8, result: u8, cx: &mut Cx) {
        let now = cx.now();
        let row = &self.rows[instance];
        let waiting = row.waits_for_launch() || row.state == State::TerminatingWait;
        if !waiting || row.waits.round != round || !row.waits.open.contains(&index) {
            return;
        }
        let Some(hook) = settings(cx.plan, row.fleet).and_then(|group| group.lifecycle.hooks.get(index as usize))
        else {
            return;
        };
        let waited = seconds(now - row.waits.since);
        let goes_on = result == CONTINUE || result == TIMEOUT && hook.continue_by_default;
        let default = if hook.continue_by_default { "CONTINUE" } else { "ABANDON" };
        let what = match result {
            CONTINUE => format!("{}: CONTINUE after {waited}", hook.name),
            ABANDON => format!("{}: ABANDON after {waited}", hook.name),
            _ => format!("{}: no answer within {waited}, {default} by default", hook.name),
        };
        let others = row.waits.open.len() - 1;
        let cancels = match row.state {
            State::TerminatingWait if !goes_on && others > 0 => "; the hooks that are left are cancelled",
            _ => "",
        };
        let kind = if result == TIMEOUT { EventKind::HookTimedOut } else { EventKind::HookCompleted };
        let entry = cx.timeline.record(now, kind, cx.name_of(instance), format!("{what}{cancels}"), row.entry);
        self.rows[instance].entry = entry;
        match (self.rows[instance].state, goes_on) {
            (State::Waiting | State::WarmWaiting, false) => {
                cx.blame.instance(instance, entry);
                self.give_up_launch(instance, &format!("launch hook {what}"), cx);
            }
            (State::TerminatingWait, false) => self.let_go(instance, cx),
            _ => self.answered(instance, index, cx),
        }
    }

    /// One hook lets it pass; the last one lets it go on.
    fn answered(&mut self, instance: InstanceId, index: u16, cx: &mut Cx) {
        let row = &mut self.rows[instance];
        row.waits.open.retain(|one| *one != index);
        if !row.waits.open.is_empty() {
            return;
        }
        match row.state {
            State::Waiting => {
                self.note_wait(instance, cx.now());
                self.proceed(instance, cx);
            }
            State::WarmWaiting => {
                self.note_wait(instance, cx.now());
                self.proceed_to_pool(instance, cx);
            }
            State::TerminatingWait => self.let_go(instance, cx),
            _ => {}
        }
    }

    fn give_up_launch(&mut self, instance: InstanceId, why: &str, cx: &mut Cx) {
        let fleet = self.rows[instance].fleet;
        self.fleets[fleet].counters.hooks_abandoned += 1;
        self.note_wait(instance, cx.now());
        if self.rows[instance].state.in_pool() {
            return self.abandon_in_pool(instance, why, cx);
        }
        self.abandon(instance, why, cx);
    }

    /// Terminating:Proceed.
    fn let_go(&mut self, instance: InstanceId, cx: &mut Cx) {
        self.note_wait(instance, cx.now());
        self.rows[instance].state = State::Terminating;
        self.end(instance, cx);
    }

    fn note_wait(&mut self, instance: InstanceId, now: Time) {
        let row = &mut self.rows[instance];
        row.waits.open.clear();
        self.fleets[row.fleet].counters.hook_wait_s += (now - row.waits.since).as_secs_f64();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::Dist;

    fn hook(heartbeats: bool) -> Hook {
        Hook {
            name: "drain".into(),
            transition: Transition::Terminating,
            heartbeat_timeout: Duration::from_secs(60),
            continue_by_default: false,
            heartbeat_interval: heartbeats.then_some(Duration::from_secs(30)),
            length: Dist::Constant(1.0),
            failure: 0.0,
            no_answer: 0.0,
        }
    }

    #[test]
    fn a_handler_without_heartbeats_has_one_timeout_to_the_nanosecond() {
        let at = |nanos| outcome(&hook(false), false, false, Duration::from_nanos(nanos));
        let limit = 60_000_000_000;
        assert_eq!(at(limit), (CONTINUE, Duration::from_secs(60)), "at the very end still in time");
        assert_eq!(at(limit + 1), (TIMEOUT, Duration::from_secs(60)));
    }

    #[test]
    fn heartbeats_stretch_the_wait_to_100_timeouts_and_to_48_hours_at_most() {
        let working = |length| outcome(&hook(true), false, false, Duration::from_secs(length));
        assert_eq!(working(6_000), (CONTINUE, Duration::from_secs(6_000)));
        assert_eq!(working(6_001), (TIMEOUT, Duration::from_secs(6_000)));
        for (timeout, longest) in [(30, 3_000), (1_728, 172_800), (1_729, 172_800), (7_200, 172_800)] {
            assert_eq!(longest_wait(Duration::from_secs(timeout)), Duration::from_secs(longest), "{timeout} s");
        }
    }

    #[test]
    fn a_handler_that_never_answers_sends_no_heartbeats_either() {
        let length = Duration::from_secs(5);
        assert_eq!(outcome(&hook(true), true, false, length), (TIMEOUT, Duration::from_secs(60)));
        assert_eq!(outcome(&hook(true), true, true, length), (TIMEOUT, Duration::from_secs(60)));
        assert_eq!(outcome(&hook(true), false, true, length), (ABANDON, length));
    }
}
