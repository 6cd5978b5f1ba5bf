//! Instances at work: workers, a bounded backlog, vCPUs that running requests share, and step programs.
//!
//! ```text
//!  Deliver ─► backlog ─► worker ─► steps ─┬─ Compute ─► cpu ─────────► ComputeDone │ CpuDue
//!                                         ├─ Query ───► pool ─► store ─► StoreReply
//!                                         ├─ Call ────► client ────────► CallAnswered
//!                                         ├─ Parallel ► branches here
//!                                         └─ Sleep ───► SleepDone
//!                     ─► answer to the node, the caller, the check or the forking call
//! ```
//! # Models      FCFS backlog before the workers; the worker held during a wait (default) or given up; connection
//!   pools per store; refusal when the backlog is full; machines frozen, slow, stressed, lost
//!   (`machine`, `outage`); CPU credits (`credits`); memory (`memory`); a volume (`disk`)
//! # Leaves out  scheduling classes
//! # Source      the station of queueing theory (Kleinrock 1975), with AWS's states: EC2 user guide, "Instance lifecycle"

mod able;
mod answer;
mod converge;
mod credits;
mod disk;
mod machine;
mod memory;
mod outage;
mod queue;
mod steps;
mod traffic;

use crate::Outcome;
use crate::cpu::Cpu;
use crate::event::{self, events};
use crate::plan::{EndpointId, FaultId, FleetId, MachineMetric, OperationId, RegionId, ServiceId};
use crate::request::*;
use crate::shared::Cx;
use crate::timeline::EntryId;
use sim_core::{Stream, Table, Time};
use std::collections::VecDeque;

events! {
    /// What happens on instances.
    pub enum Event {
        /// A call arrives.
        Deliver(CallRef),
        /// A call that had a vCPU to itself has computed.
        ComputeDone(CallRef),
        /// The sharing of an instance says that a call may have computed.
        CpuDue {
            /// Instance.
            instance: InstanceId,
            /// Announcement it belongs to.
            epoch: u32,
        },
        /// A store has answered.
        StoreReply {
            /// To which call.
            call: CallRef,
            /// How.
            outcome: Outcome,
        },
        /// A call to another service has ended.
        CallAnswered {
            /// The call that made it.
            call: CallRef,
            /// How.
            outcome: Outcome,
        },
        /// A sleep is over.
        SleepDone(CallRef),
        /// Nobody waits for this call any more, and it is to be dropped.
        Cancel(CallRef),
        /// The caller leaves if service has not begun.
        Leave(CallRef),
        /// The operating system is up: connections are refused from now on, no longer ignored.
        Booted(InstanceId),
        /// The server process is up.
        Up(InstanceId),
        /// A fault begins or ends to freeze, slow or stress it; the plan's fault says how.
        Disturb {
            /// Instance.
            instance: InstanceId,
            /// Which fault.
            fault: FaultId,
            /// Begins or ends.
            on: bool,
        },
        /// The instance is gone.
        Gone {
            /// Instance.
            instance: InstanceId,
            /// How its connections end.
            silent: bool,
        },
        /// The credits of an instance may now allow it another speed.
        CreditsDue {
            /// Instance.
            instance: InstanceId,
            /// Announcement it belongs to.
            epoch: u32,
        },
        /// Somebody calls the API about it; the plan's operation says what.
        Operate {
            /// Instance.
            instance: InstanceId,
            /// Which operation.
            operation: OperationId,
            /// Timeline entry of the call.
            cause: EntryId,
        },
        /// A health check asks for a connection, and nothing more.
        Knock {
            /// Who asks.
            node: u16,
            /// The instance.
            instance: InstanceId,
            /// Row of the check.
            check: u32,
            /// Attempt of the check.
            attempt: u32,
        },
        /// The memory of its process may have run out.
        MemoryDue {
            /// Instance.
            instance: InstanceId,
            /// Announcement it belongs to.
            epoch: u32,
        },
        /// A process that ended comes back.
        Restart {
            /// Instance.
            instance: InstanceId,
            /// The life that ended.
            life: u32,
        },
        /// RebootInstances.
        Reboot {
            /// Instance.
            instance: InstanceId,
            /// Timeline entry of whoever asks.
            cause: EntryId,
        },
        /// Moved to another host.
        Recover {
            /// Instance.
            instance: InstanceId,
            /// Timeline entry of whoever asks.
            cause: EntryId,
        },
        /// A run of configuration management begins or ends.
        Converge {
            /// Instance.
            instance: InstanceId,
            /// The machine that it belongs to, of those that bore its id.
            machine: u32,
            /// Which: see [`converge::stage`].
            stage: u8,
        },
    }
}

/// What an instance does with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nobody there: packets vanish.
    Absent,
    /// Operating system without the process: refuses.
    Refusing,
    /// Serves.
    Serving,
}

/// All instances at work.
pub struct Instances {
    rows: Table<InstanceId, Instance>,
    /// Credits of the instances of each fleet that have ended.
    credits: Table<FleetId, crate::result::CreditFigures>,
    /// Memory of those that have ended.
    memory: Table<FleetId, crate::result::MemoryFigures>,
    /// Volumes of those that have ended.
    volumes: Table<FleetId, crate::result::VolumeFigures>,
    errors: Table<EndpointId, Stream>,
    /// Bytes of requests, by endpoint.
    sizes: Table<EndpointId, traffic::Sizes>,
    /// Starts of late that got launch credits.
    launch_starts: Vec<(Option<RegionId>, Time)>,
}

struct Instance {
    /// What it runs, for all its life.
    service: Option<ServiceId>,
    /// Whether sessions are kept in its memory.
    keeps_sessions: bool,
    condition: Condition,
    workers: u32,
    busy: u32,
    backlog: u32,
    queue: VecDeque<CallRef>,
    waiting: u32,
    holds_worker: bool,
    cpu: Cpu,
    vcpus: u32,
    pools: Vec<Pool>,
    /// Faults that stop it.
    frozen: u32,
    /// Of these, faults that stop the operating system too.
    stopped: u32,
    stress: f64,
    speed: f64,
    /// How fast the work of its release is done: above 1 if that has less to do.
    pace: f64,
    /// What reached a frozen machine.
    held: Vec<Event>,
    /// What its credits have come to, of a burstable type.
    credit: credits::Credit,
    /// Whether requests are reckoned one by one: for its memory, or for its bytes.
    reckons: bool,
    /// Bytes received and sent, if anybody watches them.
    bytes: Option<traffic::Bytes>,
    /// Memory of its process, if the service says what that takes.
    memory: Option<Box<memory::Footprint>>,
    /// Its volume, if it has one.
    disk: Option<Box<disk::Disk>>,
    /// Ends of its process, and of machines that bore its id.
    life: u32,
    /// Boots after the first.
    boots: u32,
    /// Machines that bore its id before.
    machine: u32,
    /// Runs of configuration management on this one.
    converges: u32,
    /// Its operating system has come up.
    there: bool,
    /// Its status checks have been told of something.
    suspect: bool,
    host_failed: bool,
    /// Faults that cut it off, and what it would do with a connection otherwise.
    cut_off: u32,
    behind: Condition,
}

/// Connections to one store.
#[derive(Clone, Debug)]
struct Pool {
    limit: u32,
    used: u32,
    queue: VecDeque<CallRef>,
}

impl Instances {
    /// None yet.
    pub fn new(cx: &Cx) -> Self {
        let plan = cx.plan;
        let errors = plan.endpoints.values().map(|endpoint| {
            let name = format!("{}.{}", plan.services[endpoint.service].name, endpoint.name);
            cx.stream(&name, "errors")
        });
        let credits = plan.fleets.iter().map(|_| Default::default()).collect();
        let memory = plan.fleets.iter().map(|_| Default::default()).collect();
        let volumes = plan.fleets.iter().map(|_| Default::default()).collect();
        Instances {
            rows: Table::default(),
            credits,
            memory,
            volumes,
            errors: errors.collect(),
            sizes: traffic::sizes(plan),
            launch_starts: Vec::new(),
        }
    }

    /// Makes room for an instance that the directory has entered: not there yet.
    pub fn enter(&mut self, instance: InstanceId, cx: &Cx) {
        while self.rows.len() <= instance.index() {
            let facts = cx.directory.facts(InstanceId::new(self.rows.len()));
            let fresh = Instance::new(cx, facts, InstanceId::new(self.rows.len()), cx.now());
            self.rows.push(fresh);
        }
    }

    /// Handles one event.
    #[inline(always)]
    pub fn handle(&mut self, event: Event, cx: &mut Cx) {
        match event {
            Event::Deliver(call) => self.deliver(call, cx),
            Event::ComputeDone(call) => self.compute_done(call, cx),
            Event::CpuDue { instance, epoch } => self.cpu_due(instance, epoch, cx),
            Event::StoreReply { call, outcome } => self.store_reply(call, outcome, cx),
            Event::CallAnswered { call, outcome } => self.joined(call, outcome, cx),
            Event::SleepDone(call) => self.sleep_done(call, cx),
            Event::Cancel(call) => self.cancel(call, cx),
            Event::Leave(call) => self.leave(call, cx),
            Event::Booted(_)
            | Event::Up(_)
            | Event::Disturb { .. }
            | Event::Gone { .. }
            | Event::Knock { .. }
            | Event::CreditsDue { .. }
            | Event::Operate { .. }
            | Event::MemoryDue { .. }
            | Event::Restart { .. }
            | Event::Reboot { .. }
            | Event::Recover { .. }
            | Event::Converge { .. } => self.machine(event, cx),
        }
    }

    /// CPU work done by an instance since the beginning, in vCPU-nanoseconds.
    pub fn busy_ns(&mut self, instance: InstanceId, now: Time) -> f64 {
        self.rows.get_mut(instance).map_or(0.0, |row| row.cpu.busy(now))
    }

    /// What a metric of its own is at the end of a period; none if it has none.
    pub fn sample(&mut self, instance: InstanceId, metric: MachineMetric, now: Time, cx: &Cx) -> Option<f64> {
        match metric {
            MachineMetric::MemoryUsed => self.memory_percent(instance, now, cx),
            MachineMetric::BurstBalance => self.burst_balance(instance, now),
            _ => self.credit_sample(instance, metric, now),
        }
    }

    /// Workers occupied.
    pub fn busy(&self, instance: InstanceId) -> u32 {
        self.rows.get(instance).map_or(0, |row| row.busy)
    }

    /// Requests waiting for a worker.
    pub fn waiting(&self, instance: InstanceId) -> u32 {
        self.rows.get(instance).map_or(0, |row| row.waiting)
    }
}

impl Instance {
    fn new(cx: &Cx, facts: crate::directory::Facts, instance: InstanceId, now: Time) -> Self {
        let plan = cx.plan;
        let vcpus = cx.directory.vcpus(plan, instance);
        let template = cx.template_of(instance);
        let machine = &template.machine;
        let service = facts.service.map(|service| &plan.services[service]);
        // A larger type runs more of the same processes: what is set for the template's vCPUs grows with them.
        let usual = plan.fleets[facts.fleet].template.vcpus;
        let sized = |count: u32| match count {
            u32::MAX => u32::MAX,
            count if vcpus == usual => count,
            count => (u64::from(count) * u64::from(vcpus)).div_ceil(u64::from(usual.max(1))).min(1 << 31) as u32,
        };
        let workers = service.map_or(0, |service| sized(service.workers));
        let bounded = service.is_some_and(|service| service.pools.values().any(|&limit| limit != u32::MAX));
        // Branches run beside the worker that forked them, and checks need one too: only plain services are roomy.
        let parallel = service.is_some_and(|service| {
            service.endpoints.iter().any(|&endpoint| {
                plan.endpoints[endpoint].steps.iter().any(|step| matches!(step, crate::plan::Step::Parallel(_)))
            })
        });
        let memory = service.and_then(|service| service.memory);
        let bytes = cx.datapoints.counts_bytes(facts.fleet).then(traffic::Bytes::default);
        Instance {
            service: facts.service,
            keeps_sessions: service.is_some_and(|service| service.sessions_on_instance),
            condition: Condition::Absent,
            workers,
            busy: 0,
            backlog: service.map_or(0, |service| sized(service.backlog)),
            queue: VecDeque::new(),
            waiting: 0,
            holds_worker: service.is_none_or(|service| service.holds_worker),
            cpu: Cpu::new(vcpus, if parallel { u32::MAX } else { workers }, now),
            vcpus,
            pools: match service {
                Some(service) if bounded => {
                    let pool = |&limit| Pool { limit: sized(limit), used: 0, queue: VecDeque::new() };
                    service.pools.values().map(pool).collect()
                }
                _ => Vec::new(),
            },
            frozen: 0,
            stopped: 0,
            stress: 0.0,
            speed: 1.0,
            pace: 1.0 / template.release.compute,
            held: Vec::new(),
            credit: credits::Credit::default(),
            reckons: memory.is_some() || bytes.is_some(),
            bytes,
            memory: memory.map(|terms| Box::new(memory::Footprint::new(terms, now))),
            disk: machine.volume.map(|terms| Box::new(disk::Disk::new(terms, now))),
            life: 0,
            boots: 0,
            machine: 0,
            converges: 0,
            there: false,
            suspect: false,
            host_failed: false,
            cut_off: 0,
            behind: Condition::Absent,
        }
    }
}

/// Announces the next completion of a shared CPU, if it has to be announced.
#[inline]
fn announce(cpu: &mut Cpu, instance: InstanceId, cx: &mut Cx) {
    if let Some((time, epoch)) = cpu.wake(cx.list.now()) {
        cx.list.at(time, event::Event::Instance(Event::CpuDue { instance, epoch }));
    }
}
