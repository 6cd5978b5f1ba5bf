//! The machine as a whole: it comes up, is disturbed, and goes, with all that is on it.

use super::{Condition, Event, Instance, Instances, announce};
use crate::plan::{ApiCall, FaultAction, StatusCheck};
use crate::request::*;
use crate::shared::Cx;
use crate::{client, event, health_check, status};
use sim_core::Duration;

impl Instances {
    /// What happens to a machine as a whole.
    #[cold]
    #[inline(never)]
    pub(super) fn machine(&mut self, event: Event, cx: &mut Cx) {
        match event {
            Event::Booted(instance) => {
                self.enter(instance, cx);
                self.rows[instance].set_condition(Condition::Refusing);
                self.rows[instance].there = true;
                self.open_account(instance, cx);
                self.watch_application(instance, cx);
            }
            Event::Up(instance) => {
                self.enter(instance, cx);
                self.open_account(instance, cx);
                self.up(instance, cx);
                self.joins(instance, cx);
                self.watch_application(instance, cx);
            }
            Event::CreditsDue { instance, epoch } => self.credits_due(instance, epoch, cx),
            Event::Operate { instance, operation, cause } => match cx.plan.operations[operation].call {
                ApiCall::RebootInstances { .. } => self.reboot(instance, cause, cx),
                _ => self.operate(instance, operation, cause, cx),
            },
            Event::MemoryDue { instance, epoch } => self.memory_due(instance, epoch, cx),
            Event::Restart { instance, life } => self.restart(instance, life, cx),
            Event::Reboot { instance, cause } => self.reboot(instance, cause, cx),
            Event::Recover { instance, cause } => self.recover(instance, cause, cx),
            Event::Converge { instance, machine, stage } => self.converge(instance, machine, stage, cx),
            Event::Probe { instance, machine } => self.probe(instance, machine, cx),
            Event::Heal { instance, cause } => self.heal(instance, cause, cx),
            Event::Disturb { instance, fault, on } => {
                self.enter(instance, cx);
                let plan = cx.plan;
                match plan.faults[fault].action {
                    FaultAction::HangInstances(..) => self.freeze(instance, on, cx),
                    FaultAction::FreezeInstances(..) => {
                        self.freeze(instance, on, cx);
                        let row = &mut self.rows[instance];
                        row.stopped = if on { row.stopped + 1 } else { row.stopped.saturating_sub(1) };
                        let cause = cx.blame.of_instance(instance);
                        self.ill(instance, StatusCheck::Instance, on, cause, cx);
                    }
                    FaultAction::FailHost(_) => {
                        let cause = cx.blame.of_instance(instance);
                        self.host_fails(instance, cause, cx);
                    }
                    FaultAction::ImpairSystem(..) => {
                        let cause = cx.blame.of_instance(instance);
                        self.ill(instance, StatusCheck::System, on, cause, cx);
                    }
                    FaultAction::CutOffInstances(..) => {
                        let cause = cx.blame.of_instance(instance);
                        self.cut_off(instance, on, cause, cx);
                    }
                    FaultAction::PauseVolumeIo(..) => {
                        let cause = cx.blame.of_instance(instance);
                        self.pause_io(instance, on, cause, cx);
                    }
                    FaultAction::SilenceAgents(..) => {
                        let cause = cx.blame.of_instance(instance);
                        self.ill(instance, StatusCheck::Agent, on, cause, cx);
                    }
                    FaultAction::SlowInstances(_, factor, _) => {
                        self.slow(instance, if on { factor } else { 1.0 / factor }, cx);
                    }
                    FaultAction::CpuStress(_, percent, _) => {
                        let vcpus = f64::from(self.rows[instance].vcpus) * percent / 100.0;
                        self.stress(instance, if on { vcpus } else { -vcpus }, cx);
                    }
                    _ => {}
                }
            }
            Event::Gone { instance, silent } => {
                self.enter(instance, cx);
                self.gone(instance, silent, cx);
                self.leaves(instance, cx);
            }
            Event::Knock { node, instance, check, attempt } => {
                self.enter(instance, cx);
                self.knock(node, instance, check, attempt, cx);
            }
            _ => {}
        }
    }

    pub(super) fn up(&mut self, instance: InstanceId, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[instance];
        if row.condition() == Condition::Serving {
            return;
        }
        row.set_condition(Condition::Serving);
        row.there = true;
        self.fresh_memory(instance, cx);
        let row = &mut self.rows[instance];
        let capacity = row.vcpus;
        let workers = row.workers;
        if let Some(service) = row.service {
            cx.observe.service(service).capacity(now, i64::from(workers), i64::from(capacity));
        }
        if row.pace != 1.0 {
            self.disturb(instance, cx);
        }
        cx.hand_over(event::Event::Client(client::Event::Discovered { instance, there: true }));
    }

    /// The instance is gone, with everything on it.
    pub(super) fn gone(&mut self, instance: InstanceId, silent: bool, cx: &mut Cx) {
        let now = cx.now();
        let facts = cx.directory.facts(instance);
        let row = &mut self.rows[instance];
        if row.condition() == Condition::Serving
            && let Some(service) = facts.service
        {
            cx.observe.service(service).capacity(now, -i64::from(row.workers), -i64::from(row.vcpus));
            cx.observe.sessions_gone(instance);
        }
        let busy_ns = row.cpu.busy(now);
        if let Some(service) = facts.service {
            cx.observe.service(service).worked(busy_ns);
        }
        let credit = self.close_account(instance, facts.fleet, now);
        self.close_memory(instance, facts.fleet);
        self.close_disk(instance, facts.fleet, now);
        let row = &self.rows[instance];
        let mut fresh = Instance {
            credit,
            life: row.life + 1,
            machine: row.machine + 1,
            boots: row.boots,
            probes: row.probes,
            ..Instance::new(cx, facts, instance, now)
        };
        if let (Some(memory), Some(old)) = (&mut fresh.memory, &row.memory) {
            memory.follows(old);
        }
        if row.suspect {
            cx.list.soon(event::Event::Status(status::Event::Cleared(instance)));
        }
        let old = std::mem::replace(&mut self.rows[instance], fresh);
        self.drop_calls(instance, silent, old.waiting, old.busy, cx);
        cx.hand_over(event::Event::Client(client::Event::Discovered { instance, there: false }));
    }

    /// A health check asks for a connection. The operating system accepts for a process that hangs, but not beyond its
    /// backlog; one that stands still itself does not answer.
    fn knock(&mut self, node: u16, instance: InstanceId, check: u32, attempt: u32, cx: &mut Cx) {
        let row = &self.rows[instance];
        let ok = match row.condition {
            Condition::Absent => return health_check::not_connected(node, cx),
            Condition::Refusing => false,
            Condition::Serving if row.stopped > 0 => return health_check::not_connected(node, cx),
            Condition::Serving => row.waiting < row.backlog || row.busy < row.workers,
        };
        if !ok {
            health_check::not_connected(node, cx);
        }
        let (from, to) = (cx.place_of(instance), cx.nodes[node as usize].place);
        cx.send(from, to, event::Event::Check(health_check::Event::Reply { check, attempt, ok }));
    }

    /// Freezes (or, counted down to none, thaws) a machine.
    pub(super) fn freeze(&mut self, instance: InstanceId, frozen: bool, cx: &mut Cx) {
        self.enter(instance, cx);
        let row = &mut self.rows[instance];
        row.frozen = if frozen { row.frozen + 1 } else { row.frozen.saturating_sub(1) };
        self.disturb(instance, cx);
        let row = &mut self.rows[instance];
        if row.frozen == 0 {
            for event in std::mem::take(&mut row.held) {
                cx.hand_over(event::Event::Instance(event));
            }
            self.dispatch(instance, cx);
        }
    }

    /// Adds background load in vCPUs (negative to take it away).
    pub(super) fn stress(&mut self, instance: InstanceId, vcpus: f64, cx: &mut Cx) {
        self.enter(instance, cx);
        // An instance that was lost meanwhile has forgotten its stress.
        self.rows[instance].stress = (self.rows[instance].stress + vcpus).max(0.0);
        self.disturb(instance, cx);
    }

    /// Multiplies the speed of its CPUs.
    pub(super) fn slow(&mut self, instance: InstanceId, factor: f64, cx: &mut Cx) {
        self.enter(instance, cx);
        self.rows[instance].speed = (self.rows[instance].speed * factor).min(1.0);
        self.disturb(instance, cx);
    }

    /// Tells the CPU of the machine's condition.
    #[cold]
    pub(super) fn disturb(&mut self, instance: InstanceId, cx: &mut Cx) {
        let now = cx.now();
        let swap = self.swap_speed(instance);
        let row = &mut self.rows[instance];
        let direct: Vec<(CallRef, Duration)> = if row.cpu.is_direct() {
            cx.calls
                .iter()
                .filter(|(_, call)| call.instance == instance && call.state == CallState::Computing)
                .map(|(id, call)| (CallRef { id, generation: cx.calls.generation(id) }, call.until - now))
                .collect()
        } else {
            Vec::new()
        };
        let speed = if row.frozen > 0 { 0.0 } else { row.speed * swap };
        // Rounding leaves crumbs when several disturbances come and go.
        let stress = if row.stress < 1e-9 { 0.0 } else { row.stress };
        let speed = if (speed - 1.0).abs() < 1e-9 { 1.0 } else { speed } * row.pace;
        row.cpu.disturb(now, stress, speed, &direct);
        announce(&mut row.cpu, instance, cx);
    }
}
