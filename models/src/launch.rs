//! Coming up: what an instance goes through between RunInstances and being fit for service.
//!
//! ```text
//!  Begin ─► pending ─► running ─► boot ─► bootstrap ─► smoke test ─► group::HookDone
//!              │          └─► group::Running   │  └─ needs egress: no way out ─► timeout ─► failed
//!              └─► group::NotRunning           └─► instance::Booted … Up
//! ```
//! An instance bound for a warm pool goes the same way and then waits there; see `warm`.
//!
//! # Models      a length and a chance of failure for each phase, the same for the n-th instance of a fleet under every
//!   policy; downloads that need the zone's way out; a boot that fails and is found by status checks;
//!   restarts, which boot without bootstrapping
//! # Leaves out  EBS' slow first reads; pulling from more than one place; user data run again at a restart
//! # Source      EC2 user guide, "Instance lifecycle"; `aws/scaling.md` §0, §6.1, §7.3

mod warm;

use crate::event::{self, events};
use crate::plan::{Egress, FleetId, LaunchTemplate, Phase, Sizing, ZoneId};
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{group, instance};
use sim_core::dist::{Dist, Sampler};
use sim_core::{Duration, Table, Words};

events! {
    /// What happens to instances that come up.
    pub enum Event {
        /// RunInstances; for an instance of a fixed fleet, StartInstances.
        Begin(InstanceId),
        /// It is lost or terminated: what is still to come of it is void.
        Abandon(InstanceId),
        /// A stage is over.
        Done {
            /// Instance.
            instance: InstanceId,
            /// Which stage.
            stage: Stage,
            /// The start of the instance that it belongs to.
            start: u16,
        },
        /// RunInstances, for a warm pool.
        Prepare(InstanceId),
        /// It leaves its warm pool, for which one that is stopped has to start.
        Start(InstanceId),
        /// It is put (back) into its warm pool: what is still to come of it is void.
        Stow {
            /// Instance.
            instance: InstanceId,
            /// Its bootstrap is done.
            configured: bool,
        },
    }
}

/// A stage of coming up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// `pending`.
    Pending,
    /// Operating system.
    Boot,
    /// Configuration.
    Bootstrap,
    /// Waiting for a download that never comes.
    NoEgress,
    /// Test of the application.
    SmokeTest,
}

impl Stage {
    /// All, in the order of their codes.
    pub const ALL: [Stage; 5] = [Stage::Pending, Stage::Boot, Stage::Bootstrap, Stage::NoEgress, Stage::SmokeTest];
}

/// A boot that failed shows in the status checks, and the group acts a few minutes later, in seconds (scaling.md §0).
const STATUS_CHECKS: Dist = Dist::Uniform { low: 180.0, high: 300.0 };

/// All instances that come up.
pub struct Launches {
    /// By the number of the launch template.
    fleets: Table<FleetId, Vec<Stages>>,
    /// By instance: starts so far (none of those there from the beginning), and whether the last one is void.
    rows: Vec<(u16, bool)>,
    /// By instance: where it comes from and goes to.
    ways: Vec<warm::Way>,
}

/// The lengths of a fleet's stages.
struct Stages {
    pending: Sampler,
    boot: Sampler,
    bootstrap: Sampler,
    smoke_test: Option<Sampler>,
}

impl Launches {
    /// Templates of the plan; nothing comes up yet.
    pub fn new(cx: &Cx) -> Self {
        let fleets = cx.plan.fleets.values().map(|fleet| {
            let stages = fleet.templates().map(|template| {
                let LaunchTemplate { pending, boot, bootstrap, smoke_test, .. } = template;
                Stages {
                    pending: pending.duration.sampler(),
                    boot: boot.duration.sampler(),
                    bootstrap: bootstrap.duration.sampler(),
                    smoke_test: smoke_test.as_ref().map(|phase| phase.duration.sampler()),
                }
            });
            stages.collect()
        });
        Launches { fleets: fleets.collect(), rows: Vec::new(), ways: Vec::new() }
    }

    /// Handles one event.
    pub fn handle(&mut self, event: Event, cx: &mut Cx) {
        match event {
            Event::Begin(instance) => self.begin(instance, cx),
            Event::Abandon(instance) => {
                self.row(instance).1 = true;
            }
            Event::Done { instance, stage, start } => {
                if self.rows.get(instance.index()) == Some(&(start, false)) {
                    self.done(instance, stage, cx);
                }
            }
            Event::Prepare(instance) => self.prepare(instance, cx),
            Event::Start(instance) => self.start(instance, cx),
            Event::Stow { instance, configured } => self.stow(instance, configured),
        }
    }

    fn begin(&mut self, instance: InstanceId, cx: &mut Cx) {
        let fleet = cx.directory.facts(instance).fleet;
        let fixed = matches!(cx.plan.fleets[fleet].sizing, Sizing::Fixed(_));
        let row = self.row(instance);
        if fixed && !row.1 {
            // It is up, or coming up.
            return;
        }
        *row = (row.0.wrapping_add(1), false);
        self.run(instance, Stage::Pending, cx);
    }

    fn row(&mut self, instance: InstanceId) -> &mut (u16, bool) {
        if self.rows.len() <= instance.index() {
            self.rows.resize(instance.index() + 1, (0, false));
        }
        &mut self.rows[instance.index()]
    }

    /// A stage begins; its end is scheduled.
    fn run(&mut self, instance: InstanceId, stage: Stage, cx: &mut Cx) {
        let facts = cx.directory.facts(instance);
        let template = cx.template_of(instance);
        let stages = &self.fleets[facts.fleet][cx.directory.template(instance) as usize];
        let length = match stage {
            Stage::Pending | Stage::Boot if self.way(instance).leaves_pool() => {
                self.warm_start(instance, stage, stages, cx)
            }
            Stage::NoEgress => template.egress_timeout,
            Stage::Pending => self.draw(instance, stage, &stages.pending, cx),
            Stage::Boot => self.draw(instance, stage, &stages.boot, cx),
            Stage::Bootstrap => self.draw(instance, stage, &stages.bootstrap, cx),
            Stage::SmokeTest => match &stages.smoke_test {
                Some(sampler) => self.draw(instance, stage, sampler, cx),
                None => Duration::ZERO,
            },
        };
        let start = self.rows[instance.index()].0;
        cx.list.after(length, event::Event::Launch(Event::Done { instance, stage, start }));
    }

    fn draw(&self, instance: InstanceId, stage: Stage, sampler: &Sampler, cx: &Cx) -> Duration {
        sampler.duration(&mut cx.stream(&cx.name_of(instance), &self.purpose(instance, stage)))
    }

    /// Whether a stage fails at its end.
    fn fails(&self, instance: InstanceId, stage: Stage, phase: &Phase, cx: &Cx) -> bool {
        phase.failure > 0.0 && {
            let purpose = format!("{} failure", self.purpose(instance, stage));
            cx.stream(&cx.name_of(instance), &purpose).chance(phase.failure)
        }
    }

    /// The purpose of a stage's stream: every instance has its own, and every start of it.
    fn purpose(&self, instance: InstanceId, stage: Stage) -> String {
        let name = match stage {
            Stage::Pending => "pending",
            Stage::Boot => "boot",
            Stage::Bootstrap | Stage::NoEgress => "bootstrap",
            Stage::SmokeTest => "smoke test",
        };
        match self.rows[instance.index()].0 {
            1 => name.to_string(),
            start => format!("{name}, start {start}"),
        }
    }

    fn done(&mut self, instance: InstanceId, stage: Stage, cx: &mut Cx) {
        let plan = cx.plan;
        let facts = cx.directory.facts(instance);
        let fleet = &plan.fleets[facts.fleet];
        let template = cx.template_of(instance);
        let way = self.way(instance);
        if let Some(zone) = facts.zone
            && !cx.environment.powered(zone)
        {
            // Whoever took the zone's power may not have known of this instance.
            self.rows[instance.index()].1 = true;
            let cause = cx.blame.of_zone(zone);
            return cx.list.soon(event::Event::Group(group::Event::Lost { instance, cause }));
        }
        match stage {
            Stage::Pending if self.fails(instance, stage, &template.pending, cx) => {
                self.rows[instance.index()].1 = true;
                cx.list.soon(event::Event::Group(group::Event::NotRunning(instance)));
            }
            Stage::Pending if way == warm::Way::FromRunning => {
                cx.list.soon(event::Event::Group(group::Event::Running(instance)));
                self.configured(instance, template, cx);
            }
            Stage::Pending => {
                note(instance, EventKind::InstanceRunning, "EC2 reports running", cx);
                cx.list.soon(event::Event::Group(group::Event::Running(instance)));
                self.run(instance, Stage::Boot, cx);
            }
            Stage::Boot if self.fails(instance, stage, &template.boot, cx) => {
                let cause = note(instance, EventKind::BootstrapFailed, "the operating system did not come up", cx);
                let delay = STATUS_CHECKS.sampler().duration(&mut cx.stream(&cx.name_of(instance), "status checks"));
                cx.list.after(delay, event::Event::Group(group::Event::Impaired { instance, cause }));
            }
            Stage::Boot => {
                note(instance, EventKind::InstanceBooted, "the operating system is up", cx);
                if template.lifecycle_hook.is_some_and(|hook| hook.heartbeat_interval.is_some()) {
                    cx.list.soon(event::Event::Group(group::Event::Heartbeats(instance)));
                }
                if !way.into_pool() {
                    cx.list.soon(event::Event::Instance(instance::Event::Booted(instance)));
                }
                let restarted = matches!(fleet.sizing, Sizing::Fixed(_));
                if way == (warm::Way::FromStopped { configured: true }) {
                    self.configured(instance, template, cx);
                } else if restarted {
                    // User data ran at its first start.
                    self.up(instance, cx);
                } else if no_egress(facts.zone, template, cx).is_some() {
                    self.run(instance, Stage::NoEgress, cx);
                } else {
                    self.run(instance, Stage::Bootstrap, cx);
                }
            }
            Stage::Bootstrap if no_egress(facts.zone, template, cx).is_some() => {
                self.run(instance, Stage::NoEgress, cx);
            }
            Stage::Bootstrap if self.fails(instance, stage, &template.bootstrap, cx) => {
                note(instance, EventKind::BootstrapFailed, "bootstrap failed", cx);
                hook(instance, false, cx);
            }
            Stage::Bootstrap => {
                if template.bootstrap.duration != Dist::Constant(0.0) {
                    note(instance, EventKind::BootstrapDone, "configured; the server process starts", cx);
                }
                self.configured(instance, template, cx);
            }
            Stage::NoEgress => {
                let why = no_egress(facts.zone, template, cx);
                let (what, cause) =
                    why.unwrap_or_else(|| ("the way out came back too late".to_string(), EntryId::NONE));
                let detail = format!("bootstrap gave up after {}: {what}", template.egress_timeout);
                let (now, name) = (cx.now(), cx.name_of(instance));
                let cause = if cause.known().is_some() { cause } else { cx.blame.of_instance(instance) };
                let entry = cx.timeline.record(now, EventKind::BootstrapFailed, name, detail, cause);
                cx.blame.instance(instance, entry);
                hook(instance, false, cx);
            }
            Stage::SmokeTest => {
                let failed = template.smoke_test.as_ref().is_some_and(|phase| self.fails(instance, stage, phase, cx))
                    || !template.release.starts;
                match failed {
                    true => note(instance, EventKind::SmokeTestFailed, "the application failed its test", cx),
                    false => note(instance, EventKind::SmokeTestPassed, "the application passed its test", cx),
                };
                hook(instance, !failed, cx);
            }
        }
    }

    /// Configured: the server process starts, is tested, and may complete the launch hook.
    fn configured(&mut self, instance: InstanceId, template: &LaunchTemplate, cx: &mut Cx) {
        let starts = template.release.starts;
        if !starts {
            let detail = format!("release {}: the server process does not start", template.release.name);
            note(instance, EventKind::BootstrapFailed, &detail, cx);
        }
        // One in a pool serves nobody, so nobody else is told of it.
        if starts && !self.enter_pool_configured(instance) {
            cx.list.soon(event::Event::Instance(instance::Event::Up(instance)));
        }
        match &template.smoke_test {
            Some(_) => self.run(instance, Stage::SmokeTest, cx),
            None => hook(instance, starts, cx),
        }
    }

    fn up(&mut self, instance: InstanceId, cx: &mut Cx) {
        cx.list.soon(event::Event::Instance(instance::Event::Up(instance)));
        hook(instance, true, cx);
    }
}

/// Writes a step of an instance down, caused by the step before it.
fn note(instance: InstanceId, kind: EventKind, detail: &str, cx: &mut Cx) -> EntryId {
    let (now, name, cause) = (cx.now(), cx.name_of(instance), cx.blame.of_instance(instance));
    let entry = cx.timeline.record(now, kind, name, detail, cause);
    cx.blame.instance(instance, entry);
    entry
}

/// The bootstrap script's last line: the result of the launch hook, if there is one.
fn hook(instance: InstanceId, ok: bool, cx: &mut Cx) {
    cx.list.soon(event::Event::Group(group::Event::HookDone { instance, ok }));
}

/// Why a bootstrap that needs the outside cannot reach it, if so, and the fault to thank.
fn no_egress(zone: Option<ZoneId>, template: &LaunchTemplate, cx: &Cx) -> Option<(String, EntryId)> {
    let zone = zone.filter(|_| template.bootstrap_needs_egress)?;
    let settings = &cx.plan.zones[zone];
    let cause = cx.blame.of_zone(zone);
    if !cx.environment.zones[zone].reachable() {
        return Some((format!("nothing leaves {}", settings.name), cause));
    }
    match settings.egress {
        Egress::Nat(nat) if !cx.environment.nat_works(cx.plan, nat) => {
            let gateway = &cx.plan.nat_gateways[nat];
            let cause = if cause.known().is_some() { cause } else { cx.blame.of_zone(gateway.zone) };
            Some((format!("NAT gateway {} does not forward", gateway.name), cause))
        }
        Egress::Nat(_) | Egress::InternetGateway => None,
    }
}
