//! Stores: connections served first come first served, and, for Amazon RDS, a standby and failover.
//!
//! ```text
//!  instance ─Query─► a connection free? ─► served ─► (write: round trip to the standby + its write) ─► StoreReply
//!                        └ no: waits or refused
//!  PrimaryFailed ─detection─► FailoverStarted ─promotion─► StandbyPromoted ─DNS flip─► FailoverCompleted ─► StandbyInSync
//!       └ connections drop, work in flight fails; clients come back when their cached address has expired
//! ```
//! # Models      Single-AZ recovery; Multi-AZ with a synchronous or asynchronous standby, roles that swap; ambiguous
//!   commits (committed, but the answer was cut); addresses cached by each instance, phases spread
//! # Leaves out  IOPS and storage; replicas that serve reads; commits that block while a lost standby is being noticed
//! # Source      Amazon RDS user guide, "Multi-AZ DB instance deployments"; `aws/data-and-resilience.md` §1

use crate::cpu::{Cpu, Started};
use crate::event::{self, events};
use crate::network::Place;
use crate::plan::*;
use crate::program::Op;
use crate::request::*;
use crate::result::{Database, EventKind};
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{Outcome, instance};
use sim_core::dist::Sampler;
use sim_core::{Duration, Stream, Substream, Table, Time, Words};
use std::collections::VecDeque;

events! {
    /// What happens to stores.
    pub enum Event {
        /// A query arrives.
        Ask {
            /// Store.
            store: StoreId,
            /// Whose.
            call: CallRef,
        },
        /// Nobody at the store's address answers.
        ConnectTimeout(CallRef),
        /// A query has been served.
        Done {
            /// Store.
            store: StoreId,
            /// Life of the primary it belongs to.
            life: u8,
            /// Whose.
            call: CallRef,
        },
        /// The sharing of the store's vCPUs says that a query may be served.
        CpuDue {
            /// Store.
            store: StoreId,
            /// Announcement it belongs to.
            epoch: u32,
        },
        /// A write is durable on both sides.
        Committed {
            /// Store.
            store: StoreId,
            /// Life of the primary it belongs to.
            life: u8,
            /// Whose.
            call: CallRef,
        },
        /// The host of the primary fails (or is told to fail over).
        FailPrimary {
            /// Store.
            store: StoreId,
            /// Rebooted with failover: no detection needed, and no host is lost.
            forced: bool,
            /// Timeline entry of the fault.
            cause: EntryId,
        },
        /// The host of the standby fails.
        FailStandby {
            /// Store.
            store: StoreId,
            /// Timeline entry of the fault.
            cause: EntryId,
        },
        /// A zone is out, and with it every database host there.
        ZoneLost {
            /// Zone.
            zone: ZoneId,
            /// Timeline entry of the fault.
            cause: EntryId,
        },
        /// RDS has found the primary unhealthy.
        Detected {
            /// Store.
            store: StoreId,
            /// Life of the primary it belongs to.
            life: u8,
        },
        /// The standby has been promoted and has recovered.
        Promoted {
            /// Store.
            store: StoreId,
            /// Life of the primary it belongs to.
            life: u8,
        },
        /// The endpoint's DNS record points to the new primary.
        Flipped {
            /// Store.
            store: StoreId,
            /// Life of the primary it belongs to.
            life: u8,
        },
        /// A new standby is in sync.
        StandbyInSync {
            /// Store.
            store: StoreId,
            /// Life of the standby it belongs to.
            life: u8,
        },
        /// The host is back (nothing could take over).
        Recovered {
            /// Store.
            store: StoreId,
            /// Life of the primary it belongs to.
            life: u8,
        },
    }
}

fn store_event(event: Event) -> event::Event {
    event::Event::Store(event)
}

/// All stores.
pub struct Stores {
    rows: Table<StoreId, Row>,
}

struct Row {
    connections: u32,
    queues: bool,
    busy: u32,
    queue: VecDeque<(CallRef, Time)>,
    cpu: Option<Cpu>,
    vcpus: u32,
    up: bool,
    /// Counts failures of the primary; work of an earlier life is void.
    life: u8,
    rds: Option<RdsRow>,
    zone: Option<ZoneId>,
    outage: Option<(Time, EntryId)>,
    latest: EntryId,
    figures: Database,
    cross_zone_queries: u64,
}

struct RdsRow {
    standby: Option<ZoneId>,
    in_sync: bool,
    standby_life: u8,
    asynchronous: Option<Lag>,
    standby_write: Sampler,
    detection: Sampler,
    promotion: Sampler,
    dns_flip: Sampler,
    rebuild: Sampler,
    recovery: Sampler,
    writes: Stream,
    turns: Stream,
    reconnect: Reconnect,
    /// When the endpoint last changed, and how often.
    flipped: Time,
    flips: u32,
    /// Endpoint that each instance holds, by the number of flips; none: it has not asked yet.
    known: Vec<Option<u32>>,
    phases: u64,
}

/// Writes that the standby of an asynchronous pair may not have.
struct Lag {
    dist: Sampler,
    horizon: Duration,
    recent: VecDeque<Time>,
}

impl Stores {
    /// Stores of the plan, all up.
    pub fn new(cx: &Cx) -> Self {
        let rows = cx.plan.stores.values().map(|store| {
            let rds = store.rds.as_ref().map(|rds| RdsRow {
                standby: rds.standby,
                in_sync: rds.standby.is_some(),
                standby_life: 0,
                asynchronous: match &rds.replication {
                    Replication::Synchronous => None,
                    Replication::Asynchronous { lag } => Some(Lag {
                        dist: lag.sampler(),
                        horizon: Duration::from_secs_f64(lag.quantile(0.9999)),
                        recent: VecDeque::new(),
                    }),
                },
                standby_write: rds.standby_write.sampler(),
                detection: rds.detection.sampler(),
                promotion: rds.promotion.sampler(),
                dns_flip: rds.dns_flip.sampler(),
                rebuild: rds.standby_rebuild.sampler(),
                recovery: rds.recovery.sampler(),
                writes: cx.stream(&store.name, "standby writes"),
                turns: cx.stream(&store.name, "failover"),
                reconnect: rds.reconnect,
                flipped: Time::ZERO,
                flips: 0,
                known: Vec::new(),
                phases: cx.stream(&store.name, "dns caches").word(),
            });
            Row {
                connections: store.connections,
                queues: store.queue,
                busy: 0,
                queue: VecDeque::new(),
                cpu: store.vcpus.map(|vcpus| Cpu::new(vcpus, store.connections, Time::ZERO)),
                vcpus: store.vcpus.unwrap_or(0),
                up: true,
                life: 0,
                rds,
                zone: store.zone,
                outage: None,
                latest: EntryId::NONE,
                figures: Database::default(),
                cross_zone_queries: 0,
            }
        });
        Stores { rows: rows.collect() }
    }

    /// Handles one event.
    #[inline(always)]
    pub fn handle(&mut self, event: Event, cx: &mut Cx) {
        match event {
            Event::Ask { store, call } => self.ask(store, call, cx),
            Event::ConnectTimeout(call) => {
                if let Some(row) = cx.call_mut(call)
                    && let CallState::AtStore(store) = row.state
                {
                    row.state = CallState::StoreAnswered(store);
                    self.rows[store].figures.failed_queries += 1;
                    let outcome = Outcome::DatabaseUnavailable;
                    cx.hand_over(event::Event::Instance(instance::Event::StoreReply { call, outcome }));
                }
            }
            Event::Done { store, life, call } => {
                if self.rows[store].life == life {
                    self.served(store, call, cx);
                }
            }
            Event::CpuDue { store, epoch } => self.cpu_due(store, epoch, cx),
            Event::Committed { store, life, call } => {
                if self.rows[store].life == life {
                    self.commit(store, cx.now());
                    self.reply(store, call, Outcome::Ok, cx);
                    self.free_connection(store, cx);
                }
            }
            Event::FailPrimary { store, forced, cause } => self.fail_primary(store, forced, cause, cx),
            Event::FailStandby { store, cause } => self.fail_standby(store, cause, cx),
            Event::ZoneLost { zone, cause } => {
                for id in self.rows.ids() {
                    let (primary, standby) = self.zones(id);
                    if primary == Some(zone) {
                        self.fail_primary(id, false, cause, cx);
                    } else if standby == Some(zone) {
                        self.fail_standby(id, cause, cx);
                    }
                }
            }
            Event::Detected { store, life } => {
                if self.rows[store].life == life {
                    self.detected(store, cx);
                }
            }
            Event::Promoted { store, life } => {
                if self.rows[store].life == life {
                    self.promoted(store, cx);
                }
            }
            Event::Flipped { store, life } => {
                if self.rows[store].life == life {
                    self.flipped(store, cx);
                }
            }
            Event::StandbyInSync { store, life } => self.standby_in_sync(store, life, cx),
            Event::Recovered { store, life } => {
                if self.rows[store].life == life {
                    self.recovered(store, cx);
                }
            }
        }
    }

    /// A query arrives at the store's address as its instance knows it.
    fn ask(&mut self, id: StoreId, at: CallRef, cx: &mut Cx) {
        let now = cx.now();
        let Some(call) = cx.call(at) else { return };
        if call.state != CallState::AtStore(id) {
            return;
        }
        let instance = call.instance;
        let row = &mut self.rows[id];
        let reached = row.up && row.rds.as_mut().is_none_or(|rds| rds.reaches_primary(instance, now));
        if !reached {
            row.figures.failed_queries += 1;
            self.reply(id, at, Outcome::DatabaseUnavailable, cx);
        } else if row.busy < row.connections {
            row.busy += 1;
            cx.observe.store(id).arrived_and_started(now);
            self.serve(id, at, cx);
        } else if row.queues {
            row.queue.push_back((at, now));
            cx.observe.store(id).arrived_and_waits(now);
        } else {
            row.figures.failed_queries += 1;
            cx.observe.store(id).refused();
            self.reply(id, at, Outcome::ConnectionsExhausted, cx);
        }
    }

    /// A query has its connection: work on it.
    #[inline]
    fn serve(&mut self, id: StoreId, at: CallRef, cx: &mut Cx) {
        let now = cx.now();
        let call = &cx.calls[at.id];
        let Op::Query { demand, .. } = &cx.program.ops[call.pc as usize] else { return };
        let demand = demand.duration(&mut Substream::new(call.luck, call.pc));
        let row = &mut self.rows[id];
        match &mut row.cpu {
            None => {
                let done = Event::Done { store: id, life: row.life, call: at };
                cx.list.after(demand, store_event(done));
            }
            Some(cpu) => match cpu.start(now, at, demand) {
                Started::Until(end) => {
                    let done = Event::Done { store: id, life: row.life, call: at };
                    cx.list.at(end, store_event(done));
                }
                Started::Shared => announce(cpu, id, cx),
            },
        }
    }

    fn cpu_due(&mut self, id: StoreId, epoch: u32, cx: &mut Cx) {
        let now = cx.now();
        while let Some(call) = self.rows[id].cpu.as_mut().and_then(|cpu| cpu.due(now, epoch)) {
            self.after_service(id, call, cx);
        }
        if let Some(cpu) = &mut self.rows[id].cpu {
            announce(cpu, id, cx);
        }
    }

    fn served(&mut self, id: StoreId, at: CallRef, cx: &mut Cx) {
        let now = cx.now();
        if let Some(cpu) = &mut self.rows[id].cpu {
            cpu.finish_direct(now);
        }
        self.after_service(id, at, cx);
    }

    /// The primary has done its part; a write may still need the standby.
    #[inline]
    fn after_service(&mut self, id: StoreId, at: CallRef, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[id];
        let write = cx
            .call(at)
            .is_some_and(|call| matches!(cx.program.ops[call.pc as usize], Op::Query { kind: QueryKind::Write, .. }));
        if write {
            if let Some(rds) = &mut row.rds
                && rds.in_sync
                && rds.asynchronous.is_none()
            {
                let trip = round_trip(cx, row.zone, rds.standby, &mut rds.writes);
                let wait = trip + rds.standby_write.duration(&mut rds.writes);
                let event = Event::Committed { store: id, life: row.life, call: at };
                cx.list.after(wait, store_event(event));
                return;
            }
            self.commit(id, now);
        }
        self.reply(id, at, Outcome::Ok, cx);
        self.free_connection(id, cx);
    }

    fn commit(&mut self, id: StoreId, now: Time) {
        let row = &mut self.rows[id];
        row.figures.committed_writes += 1;
        if let Some(lag) = row.rds.as_mut().and_then(|rds| rds.asynchronous.as_mut()) {
            lag.recent.push_back(now);
            while lag.recent.front().is_some_and(|&oldest| now - oldest > lag.horizon) {
                lag.recent.pop_front();
            }
        }
    }

    /// A connection is free: the next in line has it.
    #[inline]
    fn free_connection(&mut self, id: StoreId, cx: &mut Cx) {
        let now = cx.now();
        loop {
            let row = &mut self.rows[id];
            let Some((next, since)) = row.queue.pop_front() else {
                row.busy -= 1;
                cx.observe.store(id).finished(now, true);
                return;
            };
            if cx.call(next).is_some_and(|call| call.state == CallState::AtStore(id)) {
                cx.observe.store(id).handed_over(now, now - since);
                self.serve(id, next, cx);
                return;
            }
            cx.observe.store(id).left_for_good(now);
        }
    }

    /// An answer goes back to the instance.
    #[inline]
    fn reply(&mut self, id: StoreId, at: CallRef, outcome: Outcome, cx: &mut Cx) {
        let Some(call) = cx.call_mut(at) else { return };
        if call.state != CallState::AtStore(id) {
            // It was dropped while the store worked on it.
            return;
        }
        call.state = CallState::StoreAnswered(id);
        let instance = call.instance;
        let to = cx.place_of(instance);
        let from = cx.store_place[id];
        self.rows[id].cross_zone_queries += u64::from(from != to);
        let reply = instance::Event::StoreReply { call: at, outcome };
        cx.send(from, to, event::Event::Instance(reply));
    }

    /// The primary is gone: connections drop, work in flight fails.
    #[cold]
    #[inline(never)]
    fn fail_primary(&mut self, id: StoreId, forced: bool, cause: EntryId, cx: &mut Cx) {
        let now = cx.now();
        let name = cx.plan.stores[id].name.clone();
        let row = &mut self.rows[id];
        if !row.up {
            let detail = "already without a primary: nothing changes";
            cx.timeline.record(now, EventKind::PrimaryFailed, name, detail, cause);
            return;
        }
        row.up = false;
        row.life = row.life.wrapping_add(1);
        let zone = row.zone.map_or(String::new(), |zone| format!(" in {}", cx.plan.zones[zone].name));
        let detail = match forced {
            true => format!("primary{zone} rebooted with failover: connections drop"),
            false => format!("primary{zone} failed: connections drop"),
        };
        let entry = cx.timeline.record(now, EventKind::PrimaryFailed, name, detail, cause);
        row.outage = Some((now, entry));
        row.latest = entry;
        let waiting = row.queue.len() as u32;
        cx.observe.store(id).lost(now, waiting, row.busy, waiting + row.busy);
        row.busy = 0;
        row.queue.clear();
        if let Some(cpu) = &mut row.cpu {
            cpu.clear(now);
        }
        let life = row.life;
        // Everything the store had in hand is answered with an error, after the way back.
        let here: Vec<CallRef> = cx
            .calls
            .iter()
            .filter(|(_, call)| call.state == CallState::AtStore(id))
            .map(|(at, _)| CallRef { id: at, generation: cx.calls.generation(at) })
            .collect();
        self.rows[id].figures.failed_queries += here.len() as u64;
        for at in here {
            self.reply(id, at, Outcome::DatabaseUnavailable, cx);
        }
        let row = &mut self.rows[id];
        let Some(rds) = &mut row.rds else { return };
        if rds.in_sync && rds.standby.is_some_and(|zone| cx.environment.zones[zone].reachable()) {
            let wait = if forced { Duration::ZERO } else { rds.detection.duration(&mut rds.turns) };
            cx.list.after(wait, store_event(Event::Detected { store: id, life }));
        } else {
            let wait = rds.recovery.duration(&mut rds.turns);
            cx.list.after(wait, store_event(Event::Recovered { store: id, life }));
        }
    }

    #[cold]
    #[inline(never)]
    fn detected(&mut self, id: StoreId, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[id];
        let Some(rds) = &mut row.rds else { return };
        let detail = "primary found unhealthy: failing over to the standby (RDS-EVENT-0013)";
        let name = cx.plan.stores[id].name.clone();
        row.latest = cx.timeline.record(now, EventKind::FailoverStarted, name, detail, row.latest);
        let wait = rds.promotion.duration(&mut rds.turns);
        cx.list.after(wait, store_event(Event::Promoted { store: id, life: row.life }));
    }

    #[cold]
    #[inline(never)]
    fn promoted(&mut self, id: StoreId, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[id];
        let Some(rds) = &mut row.rds else { return };
        // What the standby lacks is gone now.
        let mut lost = 0;
        if let Some(lag) = &mut rds.asynchronous
            && let Some((failed, _)) = row.outage
        {
            let behind = lag.dist.duration(&mut rds.turns);
            lost = lag.recent.iter().filter(|&&commit| failed - commit < behind).count() as u64;
            lag.recent.clear();
        }
        row.figures.lost_writes += lost;
        let detail = match lost {
            0 => "standby promoted and recovered".to_string(),
            n => format!("standby promoted and recovered; {n} committed writes had not reached it and are lost"),
        };
        let name = cx.plan.stores[id].name.clone();
        row.latest = cx.timeline.record(now, EventKind::StandbyPromoted, name, detail, row.latest);
        let wait = rds.dns_flip.duration(&mut rds.turns);
        cx.list.after(wait, store_event(Event::Flipped { store: id, life: row.life }));
    }

    /// Roles have swapped: the endpoint points to the former standby, and a new standby is built where the primary was.
    #[cold]
    #[inline(never)]
    fn flipped(&mut self, id: StoreId, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[id];
        let Some(rds) = &mut row.rds else { return };
        std::mem::swap(&mut row.zone, &mut rds.standby);
        cx.store_place[id] = cx.network.place(row.zone);
        rds.in_sync = false;
        rds.standby_life = rds.standby_life.wrapping_add(1);
        rds.flipped = now;
        rds.flips += 1;
        row.figures.failovers += 1;
        let outage = row.outage.map_or(0.0, |outage| (now - outage.0).as_secs_f64());
        let zone = row.zone.map_or("elsewhere", |zone| cx.plan.zones[zone].name.as_str());
        let detail =
            format!("endpoint points to the new primary in {zone}, {outage:.1} s after the failure (RDS-EVENT-0015)");
        let name = cx.plan.stores[id].name.clone();
        row.latest = cx.timeline.record(now, EventKind::FailoverCompleted, name, detail, row.latest);
        let wait = rds.rebuild.duration(&mut rds.turns);
        let life = rds.standby_life;
        cx.list.after(wait, store_event(Event::StandbyInSync { store: id, life }));
        self.serves_again(id, now);
    }

    #[cold]
    #[inline(never)]
    fn recovered(&mut self, id: StoreId, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[id];
        if row.zone.is_some_and(|zone| !cx.environment.zones[zone].reachable()) {
            // No host can be brought back in a zone that is out: looked at again each minute.
            let event = Event::Recovered { store: id, life: row.life };
            cx.list.after(Duration::from_secs(60), store_event(event));
            return;
        }
        let outage = row.outage.map_or(0.0, |outage| (now - outage.0).as_secs_f64());
        let detail = format!("host recovered after {outage:.1} s");
        let name = cx.plan.stores[id].name.clone();
        row.latest = cx.timeline.record(now, EventKind::StoreRecovered, name, detail, row.latest);
        self.serves_again(id, now);
    }

    fn serves_again(&mut self, id: StoreId, now: Time) {
        let row = &mut self.rows[id];
        row.up = true;
        if let Some((since, _)) = row.outage.take() {
            let seconds = (now - since).as_secs_f64();
            row.figures.unavailable_s += seconds;
            row.figures.longest_outage_s = row.figures.longest_outage_s.max(seconds);
        }
    }

    #[cold]
    #[inline(never)]
    fn fail_standby(&mut self, id: StoreId, cause: EntryId, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[id];
        let Some(rds) = &mut row.rds else { return };
        if rds.standby.is_none() || !rds.in_sync {
            return;
        }
        rds.in_sync = false;
        rds.standby_life = rds.standby_life.wrapping_add(1);
        let name = cx.plan.stores[id].name.clone();
        let detail = "standby failed: writes commit on the primary alone, a new standby is built";
        row.latest = cx.timeline.record(now, EventKind::StandbyFailed, name, detail, cause);
        let wait = rds.rebuild.duration(&mut rds.turns);
        let life = rds.standby_life;
        cx.list.after(wait, store_event(Event::StandbyInSync { store: id, life }));
    }

    #[cold]
    #[inline(never)]
    fn standby_in_sync(&mut self, id: StoreId, life: u8, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[id];
        let Some(rds) = &mut row.rds else { return };
        if rds.standby_life != life {
            return;
        }
        if !row.up || rds.standby.is_some_and(|zone| !cx.environment.zones[zone].reachable()) {
            // Neither without a primary to copy from nor in a zone that is out: looked at again each minute.
            let event = Event::StandbyInSync { store: id, life };
            cx.list.after(Duration::from_secs(60), store_event(event));
            return;
        }
        rds.in_sync = true;
        let zone = rds.standby.map_or("elsewhere", |zone| cx.plan.zones[zone].name.as_str());
        let detail = format!("new standby in {zone} is in sync: redundant again");
        let name = cx.plan.stores[id].name.clone();
        row.latest = cx.timeline.record(now, EventKind::StandbyInSync, name, detail, row.latest);
    }

    /// Zones of primary and standby.
    pub fn zones(&self, id: StoreId) -> (Option<ZoneId>, Option<ZoneId>) {
        let row = &self.rows[id];
        (row.zone, row.rds.as_ref().and_then(|rds| rds.standby))
    }

    /// Whether it takes queries.
    pub fn available(&self, id: StoreId) -> bool {
        self.rows[id].up
    }

    /// Whether a query of this instance would be answered: by a primary that is up, at the address that it holds.
    pub fn answers(&mut self, id: StoreId, instance: InstanceId, now: Time) -> bool {
        let row = &mut self.rows[id];
        // Asked even while nobody is there, since it renews what the instance holds.
        let reached = row.rds.as_mut().is_none_or(|rds| rds.reaches_primary(instance, now));
        row.up && reached
    }

    /// Whether a standby is in sync.
    pub fn in_sync(&self, id: StoreId) -> bool {
        self.rows[id].rds.as_ref().is_some_and(|rds| rds.in_sync)
    }

    /// Whether it is as redundant as it can be: a Single-AZ store always is.
    pub fn full_strength(&self, id: StoreId) -> bool {
        let row = &self.rows[id];
        row.up && row.rds.as_ref().is_none_or(|rds| rds.standby.is_none() || rds.in_sync)
    }

    /// Connections in use.
    pub fn busy_connections(&self, id: StoreId) -> u32 {
        self.rows[id].busy
    }

    /// Busy vCPU-nanoseconds since the beginning, and vCPUs; none if it has no vCPUs of its own.
    pub fn cpu(&mut self, id: StoreId, now: Time) -> Option<(f64, u32)> {
        let row = &mut self.rows[id];
        let vcpus = row.vcpus;
        row.cpu.as_mut().map(|cpu| (cpu.busy(now), vcpus))
    }

    /// Queries between zones since the start.
    pub fn cross_zone_queries(&self, id: StoreId) -> u64 {
        self.rows[id].cross_zone_queries
    }

    /// Figures up to now; an outage that goes on is counted so far.
    pub fn figures(&self, id: StoreId, now: Time, plan: &Plan) -> Database {
        let row = &self.rows[id];
        let mut figures = row.figures.clone();
        if let Some((since, _)) = row.outage {
            let seconds = (now - since).as_secs_f64();
            figures.unavailable_s += seconds;
            figures.longest_outage_s = figures.longest_outage_s.max(seconds);
        }
        figures.primary_zone = row.zone.map_or(String::new(), |zone| plan.zones[zone].name.clone());
        figures
    }
}

impl RdsRow {
    /// Whether an instance's idea of the endpoint is the primary. Source: `aws/data-and-resilience.md` §1.3 rule 5.
    #[inline]
    fn reaches_primary(&mut self, instance: InstanceId, now: Time) -> bool {
        let index = instance.index();
        if self.known.len() <= index {
            self.known.resize(index + 1, None);
        }
        match self.known[index] {
            Some(flips) if flips == self.flips => return true,
            // It had never asked: it resolves the name now.
            None => {}
            Some(_) => match self.reconnect {
                Reconnect::Never => return false,
                Reconnect::AfterDnsCache(cache) => {
                    let share = Substream::new(self.phases, index as u32).unit();
                    let expires = self.flipped + Duration::from_secs_f64(cache.as_secs_f64() * share);
                    if now < expires {
                        return false;
                    }
                }
            },
        }
        self.known[index] = Some(self.flips);
        true
    }

    /// The process of an instance was started anew and knows nothing.
    fn forget(&mut self, instance: InstanceId) {
        if let Some(known) = self.known.get_mut(instance.index()) {
            *known = None;
        }
    }
}

impl Stores {
    /// The process of an instance was started anew: it will resolve every endpoint again.
    pub fn forget(&mut self, instance: InstanceId) {
        for row in self.rows.values_mut() {
            if let Some(rds) = &mut row.rds {
                rds.forget(instance);
            }
        }
    }
}

/// The round trip between primary and standby.
fn round_trip(cx: &Cx, primary: Option<ZoneId>, standby: Option<ZoneId>, stream: &mut Stream) -> Duration {
    match (primary, standby) {
        (Some(primary), Some(standby)) => {
            let dist = &cx.plan.network.round_trip[primary][standby];
            dist.sampler().duration(stream)
        }
        _ => Duration::ZERO,
    }
}

/// Announces the next completion of a shared CPU, if it has to be announced.
fn announce(cpu: &mut Cpu, store: StoreId, cx: &mut Cx) {
    if let Some((time, epoch)) = cpu.wake(cx.list.now()) {
        cx.list.at(time, store_event(Event::CpuDue { store, epoch }));
    }
}

/// Where queries to a store are sent at the start.
pub fn first_places(cx: &Cx) -> Table<StoreId, Place> {
    cx.plan.stores.values().map(|store| cx.network.place(store.zone)).collect()
}
