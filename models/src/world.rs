//! The world: every part of the architecture, and the one place where events find the part they are for.
//!
//! ```text
//!  Plan ─build─► World { clients, albs, checks, instances, stores, launches, groups, cloudwatch, alarms, faults }
//!                   ▲ handle(event)                     │ list.at · after · via · soon
//!                   └────────── engine (time, seq) ◄────┘
//! ```

use crate::agenda::Agenda;
use crate::alarm::Alarms;
use crate::alb::Albs;
use crate::archive::Archive;
use crate::blame::Blame;
use crate::client::Clients;
use crate::cloudwatch::{self, CloudWatch};
use crate::collect_machine::Marks;
use crate::connection::Connections;
use crate::cost::Meter;
use crate::datapoints::Datapoints;
use crate::directory::Directory;
use crate::environment::Environment;
use crate::event::{Event, Packed, door};
use crate::fault::Faults;
use crate::group::Groups;
use crate::health_check::HealthChecks;
use crate::instance::{self, Instances};
use crate::launch::Launches;
use crate::network::Network;
use crate::observe::{self, Observe};
use crate::operation;
use crate::plan::*;
use crate::program::Program;
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::series::SeriesRecorder;
use crate::shared::{NodeFacts, Shared};
use crate::status::StatusChecks;
use crate::store::{self, Stores};
use crate::strength::Strength;
use crate::timeline::{EntryId, Timeline};
use sim_core::{Duration, EventList, Model, Pool, Table, Time};

/// Everything there is, at one moment.
pub struct World<'p> {
    pub(crate) shared: Shared<'p>,
    pub(crate) clients: Clients,
    pub(crate) albs: Albs,
    pub(crate) checks: HealthChecks,
    pub(crate) instances: Instances,
    pub(crate) stores: Stores,
    pub(crate) launches: Launches,
    pub(crate) groups: Groups,
    pub(crate) cloudwatch: CloudWatch,
    pub(crate) alarms: Alarms,
    pub(crate) faults: Faults,
    pub(crate) status: StatusChecks,
    pub(crate) series: SeriesRecorder,
    pub(crate) meter: Meter,
    pub(crate) strength: Strength,
    /// Work and bytes of instances at the last sampling of each metric of them.
    pub(crate) marks: Marks,
    /// vCPU work per store at the last minute.
    pub(crate) store_marks: Table<StoreId, f64>,
    /// Counts of emitted metrics at the last sampling.
    pub(crate) emitted: Table<CustomMetricId, f64>,
    /// Figures that are closed when the run ends, before requests in flight drain.
    pub(crate) closed: Option<crate::summary::Closed>,
}

impl<'p> World<'p> {
    /// The world at time zero, its first events in `list`.
    #[cold]
    pub fn build(plan: &'p Plan, seed: u64, replication: u32, wants_requests: bool) -> World<'p> {
        let mut list = Agenda::new();
        let network = Network::new(plan, &mut list, seed, replication);
        let nodes: Vec<NodeFacts> = plan
            .balancers
            .iter()
            .flat_map(|(balancer, settings)| settings.zones.iter().map(move |&zone| (balancer, zone)))
            .map(|(balancer, zone)| NodeFacts { balancer, zone, place: network.place(Some(zone)) })
            .collect();
        let dns = plan
            .balancers
            .ids()
            .map(|balancer| (0u16..).zip(&nodes).filter(|(_, n)| n.balancer == balancer).map(|(i, _)| i).collect())
            .collect();
        let callers = plan
            .sites
            .ids()
            .map(|site| {
                let population = plan.populations.iter().find(|(_, p)| p.site == site);
                population.map(|(population, _)| network.outside(population))
            })
            .collect();
        let mut shared = Shared {
            list,
            plan,
            seed,
            replication,
            requests: Pool::default(),
            calls: Pool::default(),
            connections: Connections::default(),
            program: Program::new(plan),
            network,
            environment: Environment::new(plan),
            nodes,
            blame: Blame::default(),
            callers,
            dns,
            store_place: Table::default(),
            directory: Directory::new(plan),
            datapoints: Datapoints::new(plan),
            archive: Archive::new(plan),
            cross_zone_bytes: 0,
            timeline: Timeline::default(),
            observe: Observe::new(plan, wants_requests),
        };
        let cx = &mut shared;
        cx.store_place = store::first_places(cx);
        let mut world = World {
            clients: Clients::new(cx),
            albs: Albs::new(cx),
            checks: HealthChecks::new(cx),
            instances: Instances::new(cx),
            stores: Stores::new(cx),
            launches: Launches::new(cx),
            groups: Groups::new(cx),
            cloudwatch: CloudWatch::new(cx),
            alarms: Alarms::new(cx),
            faults: Faults::new(cx),
            status: StatusChecks::default(),
            series: SeriesRecorder::new(plan),
            meter: Meter::new(plan),
            strength: Strength::default(),
            marks: Marks::default(),
            store_marks: plan.stores.iter().map(|_| 0.0).collect(),
            emitted: plan.custom_metrics.iter().map(|_| 0.0).collect(),
            closed: None,
            shared,
        };
        world.start();
        world
    }

    /// Puts the first events into the list.
    fn start(&mut self) {
        let World { shared, clients, albs, instances, groups, cloudwatch, alarms, faults, .. } = self;
        let plan = shared.plan;
        let cx = shared;
        let name = plan.name.clone();
        cx.timeline.record(Time::ZERO, EventKind::RunStarted, name, "the run starts", EntryId::NONE);
        // Observation comes first among simultaneous events, so that a row never holds what happens at its end.
        cx.list.after(plan.series_interval, Event::Observe(observe::Event::Interval));
        cx.list.after(Duration::from_secs(1), Event::Observe(observe::Event::Second));
        cx.list.after(plan.duration, Event::Observe(observe::Event::RunEnds));
        if !plan.warm_up.is_zero() {
            cx.list.after(plan.warm_up, Event::Observe(observe::Event::WarmUpEnds));
        }
        cloudwatch.start(cx);
        alarms.start(cx);
        faults.start(cx);
        operation::start(cx);
        for instance in groups.start(cx) {
            instances.handle(instance::Event::Up(instance), cx);
            let fleet = cx.directory.facts(instance).fleet;
            for &group in &plan.fleets[fleet].target_groups {
                albs.register(group, instance, EntryId::NONE, true, cx);
            }
        }
        albs.start(cx);
        clients.start(cx);
        // What the beginning has handed over happens before anything else.
        let first = self.shared.list.take();
        self.handle(first);
    }

    fn observe(&mut self, event: observe::Event) {
        let now = self.shared.now();
        let plan = self.shared.plan;
        let running = self.closed.is_none();
        match event {
            observe::Event::Interval => {
                self.record_row(now);
                if running {
                    self.shared.list.after(plan.series_interval, Event::Observe(event));
                }
            }
            observe::Event::Second => {
                self.shared.observe.users.second(now);
                self.watch_strength(now);
                if running && now.nanos().is_multiple_of(Duration::from_secs(60).nanos()) {
                    self.meter_minute();
                }
                if running && now.nanos().is_multiple_of(Duration::from_secs(3600).nanos()) {
                    self.meter_hour(now);
                }
                if running {
                    self.shared.list.after(Duration::from_secs(1), Event::Observe(event));
                }
            }
            observe::Event::WarmUpEnds => {
                self.mark_work(now);
                self.shared.observe.delete_warm_up(now);
            }
            observe::Event::RunEnds => {
                self.shared.observe.users.second(now);
                self.closed = Some(self.close(now));
                let name = plan.name.clone();
                self.shared.timeline.record(now, EventKind::RunEnded, name, "the run ends", EntryId::NONE);
            }
        }
    }

    /// Work done so far by the running instances of each service, and by stores: taken off at the end.
    fn mark_work(&mut self, now: Time) {
        let plan = self.shared.plan;
        for service in plan.services.ids() {
            let done = self.work_of(service, now);
            let station = self.shared.observe.service(service);
            station.worked_before = done;
        }
        for store in plan.stores.ids() {
            let done = self.stores.cpu(store, now).map_or(0.0, |cpu| cpu.0);
            self.shared.observe.store(store).worked_before = done;
        }
    }

    /// vCPU-nanoseconds worked for a service by all instances, gone or not.
    pub(crate) fn work_of(&mut self, service: ServiceId, now: Time) -> f64 {
        let mut work = self.shared.observe.service(service).worked;
        for index in 0..self.shared.directory.len() {
            let instance = InstanceId::new(index);
            if self.shared.directory.facts(instance).service == Some(service) {
                work += self.instances.busy_ns(instance, now);
            }
        }
        work
    }
}

impl Model for World<'_> {
    type Event = Packed;

    #[inline]
    fn list(&mut self) -> &mut EventList<Packed> {
        &mut self.shared.list.list
    }

    #[inline]
    fn handle(&mut self, event: Packed) {
        let mut event = event;
        while event != Packed::NONE {
            self.enter(event);
            event = self.shared.list.take();
        }
    }
}

impl World<'_> {
    /// Lets an event in by its own door, if it has one.
    #[inline(always)]
    fn enter(&mut self, event: Packed) {
        match event.door() {
            door::ARRIVE => self.enter_by::<{ door::ARRIVE }>(event),
            door::WAKE => self.enter_by::<{ door::WAKE }>(event),
            door::CALL => self.enter_by::<{ door::CALL }>(event),
            door::ANSWER => self.enter_by::<{ door::ANSWER }>(event),
            door::REQUEST => self.enter_by::<{ door::REQUEST }>(event),
            door::REPLY => self.enter_by::<{ door::REPLY }>(event),
            door::PROBE => self.enter_by::<{ door::PROBE }>(event),
            door::PROBED => self.enter_by::<{ door::PROBED }>(event),
            door::DELIVER => self.enter_by::<{ door::DELIVER }>(event),
            door::COMPUTED => self.enter_by::<{ door::COMPUTED }>(event),
            door::CPU_DUE => self.enter_by::<{ door::CPU_DUE }>(event),
            door::STORE_REPLY => self.enter_by::<{ door::STORE_REPLY }>(event),
            door::CALL_ANSWERED => self.enter_by::<{ door::CALL_ANSWERED }>(event),
            door::SLEPT => self.enter_by::<{ door::SLEPT }>(event),
            door::ASK => self.enter_by::<{ door::ASK }>(event),
            door::SERVED => self.enter_by::<{ door::SERVED }>(event),
            door::STORE_CPU_DUE => self.enter_by::<{ door::STORE_CPU_DUE }>(event),
            _ => self.enter_late(event),
        }
    }

    #[inline(always)]
    fn enter_by<const DOOR: u8>(&mut self, event: Packed) {
        match event.through::<DOOR>().and_then(Event::unpack) {
            Some(event) => self.dispatch(event),
            // Kinds beyond the sixteenth of a part share a door with others.
            None => self.enter_late(event),
        }
    }

    /// What has no door of its own.
    #[inline(never)]
    fn enter_late(&mut self, event: Packed) {
        if let Some(event) = Event::unpack(event) {
            self.dispatch(event);
        }
    }

    /// Gives an event to the part it is for.
    #[inline(always)]
    fn dispatch(&mut self, event: Event) {
        let cx = &mut self.shared;
        match event {
            Event::Client(event) => self.clients.handle(event, cx),
            Event::Alb(event) => self.albs.handle(event, cx),
            Event::Check(event) => self.checks.handle(event, cx),
            Event::Instance(event) => {
                self.instances.handle(event, cx);
                if let instance::Event::Up(instance) = event {
                    self.stores.forget(instance);
                }
            }
            Event::Store(event) => self.stores.handle(event, cx),
            other => self.dispatch_rare(other),
        }
    }

    /// What happens by the second or the minute, out of the way of what happens by the million.
    #[cold]
    #[inline(never)]
    fn dispatch_rare(&mut self, event: Event) {
        let cx = &mut self.shared;
        match event {
            Event::Launch(event) => self.launches.handle(event, cx),
            Event::Group(event) => self.groups.handle(event, cx),
            Event::CloudWatch(event) => {
                self.cloudwatch.handle(event, cx);
                match event {
                    cloudwatch::Event::Collect => {
                        self.emit(Duration::from_secs(60));
                        self.collect();
                    }
                    cloudwatch::Event::Sample(seconds) => self.emit(Duration::from_secs(u64::from(seconds))),
                }
            }
            Event::Alarm(event) => self.alarms.handle(event, cx),
            Event::Fault(event) => {
                let groups = &self.groups;
                self.faults.handle(event, &|fleet| groups.running(fleet), cx);
            }
            Event::Status(event) => self.status.handle(event, cx),
            Event::Observe(event) => self.observe(event),
            Event::Operation(event) => operation::handle(event, cx),
            Event::Nlb(event) => self.albs.handle_flow(event, cx),
            Event::Classic(event) => self.albs.handle_classic(event, cx),
            Event::Client(_) | Event::Alb(_) | Event::Check(_) | Event::Instance(_) | Event::Store(_) => {}
        }
    }
}
