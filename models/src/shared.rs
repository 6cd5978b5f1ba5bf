//! What every component shares: the rows that flow, the wires between places, the environment, and the notebooks.
//!
//! Components own what is theirs alone and meet only through events. What stands here belongs to nobody in
//! particular: requests in transit, the network, public DNS answers, the directory of instances, the timeline.

use crate::agenda::Agenda;
use crate::archive::Archive;
use crate::blame::Blame;
use crate::connection::Connections;
use crate::datapoints::Datapoints;
use crate::directory::Directory;
use crate::environment::Environment;
use crate::event::Event;
use crate::network::{Network, Place};
use crate::observe::Observe;
use crate::plan::{BalancerId, Credits, LaunchTemplate, Plan, SiteId, StoreId, ZoneId};
use crate::program::Program;
use crate::request::{Call, CallId, CallRef, InstanceId, Request, RequestId, RequestRef};
use crate::timeline::Timeline;
use sim_core::{Pool, Stream, Table, Time};

/// What every component shares.
pub struct Shared<'p> {
    /// The pending events and the clock.
    pub list: Agenda,
    /// The plan.
    pub plan: &'p Plan,
    /// Seed of the run.
    pub seed: u64,
    /// Replication number.
    pub replication: u32,
    /// Requests, one row per attempt.
    pub requests: Pool<RequestId, Request>,
    /// Calls, one row per piece of server work.
    pub calls: Pool<CallId, Call>,
    /// Connections of callers that keep them.
    pub connections: Connections,
    /// Endpoints, as operations.
    pub program: Program,
    /// Delays between places.
    pub network: Network,
    /// What is true of zones and capacity.
    pub environment: Environment,
    /// Balancer nodes, over all balancers.
    pub nodes: Vec<NodeFacts>,
    /// Which fault an ill thing has to thank.
    pub blame: Blame,
    /// The place of a site's population; none for a `Call` step.
    pub callers: Table<SiteId, Option<Place>>,
    /// Public DNS: nodes (over all balancers) in the answer of each balancer.
    pub dns: Table<BalancerId, Vec<u16>>,
    /// Where each store's endpoint points.
    pub store_place: Table<StoreId, Place>,
    /// Facts about instances.
    pub directory: Directory,
    /// What can be read from CloudWatch.
    pub datapoints: Datapoints,
    /// Hourly sums of metrics, for forecasts.
    pub archive: Archive,
    /// Bytes that crossed zones between services, for the bill.
    pub cross_zone_bytes: u64,
    /// What happened.
    pub timeline: Timeline,
    /// Figures.
    pub observe: Observe,
}

/// Facts about a balancer node.
#[derive(Clone, Copy, Debug)]
pub struct NodeFacts {
    /// Its balancer.
    pub balancer: BalancerId,
    /// Its zone.
    pub zone: ZoneId,
    /// Where that is for the network.
    pub place: Place,
}

impl<'p> Shared<'p> {
    /// The launch template that an instance was launched from.
    pub fn template_of(&self, instance: InstanceId) -> &'p LaunchTemplate {
        let fleet = self.directory.facts(instance).fleet;
        self.plan.fleets[fleet].template(self.directory.template(instance))
    }

    /// The terms of an instance's CPU credits: of the type it was launched as, which in a mixed group is that of its override.
    pub fn credits_of(&self, instance: InstanceId) -> Option<Credits> {
        let mixed = self.plan.fleets[self.directory.facts(instance).fleet].mixed();
        let own = mixed.and_then(|mixed| mixed.overrides.get(self.directory.bought(instance).kind as usize));
        own.map_or(self.template_of(instance).machine.credits, |own| own.credits)
    }
}

impl Shared<'_> {
    /// The stream of a component for a purpose, in this run.
    pub fn stream(&self, component: &str, purpose: &str) -> Stream {
        Stream::new(self.seed, self.replication, component, purpose)
    }

    /// The request, unless its attempt is over.
    #[inline]
    pub fn request(&self, at: RequestRef) -> Option<&Request> {
        self.requests.get(at.id, at.generation)
    }

    /// The call, unless it is over.
    #[inline]
    pub fn call(&self, at: CallRef) -> Option<&Call> {
        self.calls.get(at.id, at.generation)
    }

    /// The call for change, unless it is over.
    #[inline]
    pub fn call_mut(&mut self, at: CallRef) -> Option<&mut Call> {
        self.calls.get_mut(at.id, at.generation)
    }

    /// Enters a call.
    #[inline(always)]
    pub fn new_call(&mut self, call: Call) -> CallRef {
        let (id, generation) = self.calls.enter(call);
        CallRef { id, generation }
    }

    /// Enters a request.
    #[inline(always)]
    pub fn new_request(&mut self, request: Request) -> RequestRef {
        let (id, generation) = self.requests.enter(request);
        RequestRef { id, generation }
    }

    /// The place of an instance.
    #[inline]
    pub fn place_of(&self, instance: InstanceId) -> Place {
        self.directory.facts(instance).place
    }

    /// The place of a caller.
    #[inline]
    pub fn caller_place(&self, request: &Request) -> Place {
        match self.callers[request.site] {
            Some(place) => place,
            None => Place(request.zone),
        }
    }

    /// The name of an instance in results.
    pub fn name_of(&self, instance: InstanceId) -> String {
        self.directory.name(self.plan, instance)
    }
}

/// What a handler is given: all that is shared.
pub type Cx<'p> = Shared<'p>;

impl Shared<'_> {
    /// The time.
    #[inline]
    pub fn now(&self) -> Time {
        self.list.now()
    }

    /// Lets an event happen at once, after those handed over before it and before anything else in the event list.
    #[inline(always)]
    pub fn hand_over(&mut self, event: Event) {
        self.list.hand_over(event);
    }

    /// Sends on an established connection.
    #[inline(always)]
    pub fn send(&mut self, from: Place, to: Place, event: Event) {
        self.network.send(&self.environment, &mut self.list, from, to, event);
    }

    /// Sends the first message of a connection; false if nobody answers.
    #[inline(always)]
    pub fn connect(&mut self, from: Place, to: Place, event: Event) -> bool {
        if self.environment.disturbed && !self.network.passes(&self.environment, from, to) {
            return false;
        }
        self.send(from, to, event);
        true
    }
}
