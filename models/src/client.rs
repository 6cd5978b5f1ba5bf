//! Clients: populations outside the cloud and `Call` steps inside, which make requests, wait, give up and try again.
//!
//! ```text
//!  Arrive │ Wake │ Call(step) ─► attempt ─┬─ balancer: node by cached DNS answer ─► alb::Request
//!                                         └─ service: instance in turn ──────────► instance::Deliver
//!  Answer │ TimersDue │ ConnectFailed ─► conclude ─┬─ retry ─► Retry (after the backoff)
//!                                                └─ end ─► tally │ instance::CallAnswered │ Wake after thinking
//! ```
//! # Models      open and closed arrivals, timeouts, patience in the queue, retries with backoff and jitter, caches of DNS answers
//! # Leaves out  keep-alive of client connections; partial answers
//! # Source      Amazon Builders' Library, "Timeouts, retries, and backoff with jitter"; `aws/network.md` §2, §10

use crate::Outcome;
use crate::alb;
use crate::arrivals::ArrivalClock;
use crate::event::{self, events};
use crate::instance;
use crate::plan::*;
use crate::program::Op;
use crate::request::*;
use crate::shared::Cx;
use sim_core::dist::Sampler;
use sim_core::{Duration, Lane, Slot, Stream, Substream, Table, Time, Words};
use std::collections::VecDeque;

/// Least time from an answer that took no time at all to the same user's next request; a modelling choice.
const LEAST_PAUSE: Duration = Duration::from_millis(1);

events! {
    /// What happens to callers.
    pub enum Event {
        /// The next request of an open population.
        Arrive(PopulationId),
        /// A user of a closed loop has thought enough.
        Wake {
            /// Population.
            population: PopulationId,
            /// User.
            user: u32,
        },
        /// A call has come to a `Call` step.
        Call(CallRef),
        /// An answer has arrived.
        Answer {
            /// To which attempt.
            request: RequestRef,
            /// How it ended.
            outcome: Outcome,
        },
        /// The oldest attempt of a site that was under way when last looked at may have run out of time.
        TimersDue(SiteId),
        /// No connection came about.
        ConnectFailed(RequestRef),
        /// The host of an instance does not answer: the connect timer decides.
        Unanswered(RequestRef),
        /// The backoff is over.
        Retry(RequestRef),
        /// A client leaves unless service has begun.
        Impatient(RequestRef),
        /// An instance can be found by callers that use no balancer, or no longer.
        Discovered {
            /// The instance.
            instance: InstanceId,
            /// Whether it can be found.
            there: bool,
        },
    }
}

fn client(event: Event) -> event::Event {
    event::Event::Client(event)
}

/// All callers.
pub struct Clients {
    populations: Table<PopulationId, Population>,
    sites: Table<SiteId, Caller>,
    discovery: Table<ServiceId, Directory>,
    /// Arrivals stop here.
    end: Time,
    warm_up: Time,
}

struct Population {
    site: SiteId,
    clock: Option<ArrivalClock>,
    slot: Option<Slot>,
    think: Option<Sampler>,
    patience: Option<Sampler>,
    users: u32,
    sessions: u32,
    /// Endpoints with their cumulated share, the last 1.
    mix: Vec<(f64, EndpointId)>,
    luck: Stream,
}

struct Caller {
    to: Destination,
    timers: Option<Timers>,
    connect_timeout: Lane,
    retry: Retry,
    cancels: bool,
    population: Option<PopulationId>,
    dns_ttl: Duration,
    resolvers: Vec<Resolver>,
    backoff: Stream,
    dns: Stream,
}

/// The timers of a site's attempts, all of one length and so in the order of their ends. Nearly every attempt is over
/// before its time, so only the first that is not has a place in the event list.
struct Timers {
    timeout: Duration,
    slot: Slot,
    running: VecDeque<(Time, RequestRef)>,
}

impl Timers {
    #[inline]
    fn start(&mut self, at: RequestRef, site: SiteId, cx: &mut Cx) {
        let end = cx.now() + self.timeout;
        if self.running.is_empty() {
            cx.list.set(self.slot, end, client(Event::TimersDue(site)));
        }
        self.running.push_back((end, at));
    }
}

/// One cache of a balancer's DNS answer.
#[derive(Clone, Copy)]
struct Resolver {
    expires: Time,
    node: Option<u16>,
}

/// Instances that callers without a balancer know of.
struct Directory {
    instances: Vec<InstanceId>,
    next: usize,
    discovery: Discovery,
    stream: Stream,
}

impl Clients {
    /// Callers of the plan; open populations get a slot each.
    pub fn new(cx: &mut Cx) -> Self {
        let plan = cx.plan;
        let mut populations = Table::default();
        for settings in plan.populations.values() {
            let total: f64 = settings.mix.iter().map(|entry| entry.1).sum();
            let mut sum = 0.0;
            let mut mix: Vec<(f64, EndpointId)> = Vec::new();
            for &(endpoint, weight) in settings.mix.iter().filter(|entry| entry.1 > 0.0) {
                sum += weight / total;
                mix.push((sum, endpoint));
            }
            if let Some(last) = mix.last_mut() {
                last.0 = 1.0;
            }
            let (clock, think, users) = match &settings.arrivals {
                Arrivals::Open { rate, process } => {
                    let clock = ArrivalClock::new(rate, *process, cx.stream(&settings.name, "arrivals"));
                    (Some(clock), None, 0)
                }
                Arrivals::Closed { users, think } => (None, Some(think.sampler()), *users),
            };
            let slot = clock.as_ref().map(|_| cx.list.slot());
            populations.push(Population {
                site: settings.site,
                clock,
                slot,
                think,
                patience: settings.patience.as_ref().map(|patience| patience.sampler()),
                users,
                sessions: settings.sessions,
                mix,
                luck: cx.stream(&settings.name, "requests"),
            });
        }
        let mut sites = Table::default();
        for (id, site) in plan.sites.iter() {
            let mut dns = cx.stream(&site.name, "dns");
            // Phases are spread: each cache holds its first answer for a random part of the TTL.
            let resolvers = (0..site.resolvers.max(1))
                .map(|_| Resolver {
                    expires: Time::ZERO + Duration::from_secs_f64(site.dns_ttl.as_secs_f64() * dns.unit()),
                    node: None,
                })
                .collect();
            sites.push(Caller {
                to: site.to,
                timers: (site.timeout != Duration::MAX).then(|| Timers {
                    timeout: site.timeout,
                    slot: cx.list.slot(),
                    running: VecDeque::new(),
                }),
                connect_timeout: cx.list.lane(site.connect_timeout.min(site.timeout)),
                retry: site.retry.clone(),
                cancels: site.abandoned_work == AbandonedWork::IsCancelled,
                population: plan.populations.iter().find(|(_, p)| p.site == id).map(|(population, _)| population),
                dns_ttl: site.dns_ttl,
                resolvers,
                backoff: cx.stream(&site.name, "backoff"),
                dns,
            });
        }
        let discovery = plan
            .services
            .values()
            .map(|service| Directory {
                instances: Vec::new(),
                next: 0,
                discovery: service.discovery,
                stream: cx.stream(&service.name, "discovery"),
            })
            .collect();
        Clients { populations, sites, discovery, end: Time::ZERO + plan.duration, warm_up: Time::ZERO + plan.warm_up }
    }

    /// First arrivals; users of closed loops start within their first thinking time.
    pub fn start(&mut self, cx: &mut Cx) {
        for (id, population) in self.populations.iter_mut() {
            population.schedule_arrival(id, self.end, cx);
            if let Some(think) = &population.think {
                for user in 1..=population.users {
                    let first = think.duration(&mut population.luck);
                    cx.list.after(first, client(Event::Wake { population: id, user }));
                }
            }
        }
    }

    /// Handles one event.
    #[inline(always)]
    pub fn handle(&mut self, event: Event, cx: &mut Cx) {
        match event {
            Event::Arrive(population) => self.arrive(population, cx),
            Event::Wake { population, user } => self.begin(population, user, cx),
            Event::Call(call) => self.call(call, cx),
            Event::Answer { request, outcome } => self.conclude(request, outcome, cx),
            Event::TimersDue(site) => self.timers_due(site, cx),
            Event::ConnectFailed(request) => self.connect_failed(request, cx),
            Event::Unanswered(request) => {
                if let Some(row) = cx.request(request) {
                    let lane = self.sites[row.site].connect_timeout;
                    cx.list.via(lane, client(Event::ConnectFailed(request)));
                }
            }
            Event::Retry(request) => {
                if cx.request(request).is_some() {
                    self.attempt(request, cx);
                }
            }
            Event::Impatient(request) => {
                if let Some(row) = cx.request(request) {
                    let call = row.call;
                    cx.hand_over(event::Event::Instance(instance::Event::Leave(call)));
                }
            }
            Event::Discovered { instance, there } => self.discovered(instance, there, cx),
        }
    }

    fn arrive(&mut self, id: PopulationId, cx: &mut Cx) {
        let population = &mut self.populations[id];
        population.schedule_arrival(id, self.end, cx);
        let user = match population.sessions {
            0 => 0,
            // User 0 is a stranger.
            sessions => 1 + population.luck.below(sessions),
        };
        self.begin(id, user, cx);
    }

    /// A population's request is born.
    fn begin(&mut self, id: PopulationId, user: u32, cx: &mut Cx) {
        let now = cx.now();
        if now >= self.end {
            return;
        }
        let population = &mut self.populations[id];
        let luck = population.luck.word();
        let endpoint = match &population.mix[..] {
            [only] => only.1,
            mix => {
                let share = Substream::new(luck, u32::MAX).unit();
                mix.iter().find(|entry| share <= entry.0).map_or(mix[0].1, |entry| entry.1)
            }
        };
        let uncounted = now < self.warm_up;
        let request = cx.new_request(Request {
            born: now,
            luck,
            backoff_ns: 0,
            parent: CallRef::NONE,
            call: CallRef::NONE,
            user,
            site: population.site,
            endpoint,
            attempt: 0,
            zone: OUTSIDE,
            instance: u32::MAX,
            uncounted,
        });
        cx.observe.offered(id, endpoint, !uncounted);
        if let Some(patience) = &population.patience {
            let leaves = patience.duration(&mut Substream::new(luck, u32::MAX - 1));
            cx.list.after(leaves, client(Event::Impatient(request)));
        }
        self.attempt(request, cx);
    }

    /// A call has come to a `Call` step: a request like any other, with a parent.
    fn call(&mut self, parent: CallRef, cx: &mut Cx) {
        let Some(call) = cx.call(parent) else { return };
        let (luck, pc, instance) = (call.luck, call.pc, call.instance);
        let Op::Call { site, endpoint } = cx.program.ops[pc as usize] else { return };
        let request = Request {
            born: cx.now(),
            luck: Substream::new(luck, pc).word(),
            backoff_ns: 0,
            parent,
            call: CallRef::NONE,
            user: instance.index() as u32,
            site,
            endpoint,
            attempt: 0,
            zone: cx.place_of(instance).0,
            instance: u32::MAX,
            uncounted: true,
        };
        let request = cx.new_request(request);
        self.attempt(request, cx);
    }

    /// Sends an attempt on its way.
    fn attempt(&mut self, at: RequestRef, cx: &mut Cx) {
        let now = cx.now();
        let request = &mut cx.requests[at.id];
        request.attempt += 1;
        let Request { site, luck, user, endpoint, .. } = *request;
        let caller = &mut self.sites[site];
        if let Some(timers) = &mut caller.timers {
            timers.start(at, site, cx);
        }
        let from = cx.caller_place(&cx.requests[at.id]);
        match caller.to {
            Destination::Balancer(balancer) => {
                let connected = match caller.resolve(balancer, luck, user, now, cx) {
                    Some(node) => {
                        let to = cx.nodes[node as usize].place;
                        cx.connect(from, to, event::Event::Alb(alb::Event::Request { node, request: at }))
                    }
                    None => false,
                };
                if !connected {
                    cx.list.via(caller.connect_timeout, client(Event::ConnectFailed(at)));
                }
            }
            Destination::Service(service) => {
                let Some(instance) = self.discovery[service].pick() else {
                    cx.hand_over(client(Event::Answer { request: at, outcome: Outcome::Refused }));
                    return;
                };
                let pc = cx.program.endpoint[endpoint];
                let call = cx.new_call(Call {
                    waiter: Waiter::Direct(at),
                    luck,
                    queued_at: now,
                    sent_at: now,
                    until: now,
                    pc,
                    pending: 0,
                    outcome: Outcome::Ok,
                    state: CallState::Travelling,
                    holds_worker: false,
                    instance,
                    node: NO_NODE,
                    target_group: TargetGroupId::new(0),
                    endpoint,
                });
                cx.requests[at.id].call = call;
                let to = cx.place_of(instance);
                if from != to && caller.population.is_none() {
                    cx.cross_zone_bytes += u64::from(cx.plan.sites[site].bytes());
                }
                if !cx.connect(from, to, event::Event::Instance(instance::Event::Deliver(call))) {
                    cx.calls.remove(call.id);
                    cx.list.via(caller.connect_timeout, client(Event::ConnectFailed(at)));
                }
            }
        }
    }

    /// Ends the attempts whose time is up, and looks again when that of the next is.
    fn timers_due(&mut self, site: SiteId, cx: &mut Cx) {
        let now = cx.now();
        while let Some(timers) = &mut self.sites[site].timers
            && let Some(&(end, at)) = timers.running.front()
        {
            if cx.request(at).is_some() {
                if end > now {
                    cx.list.set(timers.slot, end, client(Event::TimersDue(site)));
                    return;
                }
                timers.running.pop_front();
                self.timeout(at, cx);
            } else {
                timers.running.pop_front();
            }
        }
    }

    fn timeout(&mut self, at: RequestRef, cx: &mut Cx) {
        let Some(request) = cx.request(at) else { return };
        let call = request.call;
        if self.sites[request.site].cancels {
            cx.hand_over(event::Event::Instance(instance::Event::Cancel(call)));
        }
        self.conclude(at, Outcome::TimedOut, cx);
    }

    /// Nobody answered: the cache turns to another address of its answer, and the attempt is over.
    #[cold]
    #[inline(never)]
    fn connect_failed(&mut self, at: RequestRef, cx: &mut Cx) {
        let Some(request) = cx.request(at) else { return };
        let (luck, user) = (request.luck, request.user);
        let caller = &mut self.sites[request.site];
        let Destination::Balancer(balancer) = caller.to else {
            return self.conclude(at, Outcome::ConnectTimeout, cx);
        };
        let index = caller.resolver_of(luck, user);
        let failed = caller.resolvers[index].node;
        let stale = failed.is_some_and(|node| !cx.dns[balancer].contains(&node));
        let others: Vec<u16> = cx.dns[balancer].iter().copied().filter(|&node| Some(node) != failed).collect();
        if !others.is_empty() {
            let pick = caller.dns.below(others.len() as u32) as usize;
            caller.resolvers[index].node = Some(others[pick]);
        }
        self.conclude(at, if stale { Outcome::StaleDns } else { Outcome::ConnectTimeout }, cx);
    }

    /// An attempt is over: try again, or end the request.
    fn conclude(&mut self, at: RequestRef, outcome: Outcome, cx: &mut Cx) {
        let Some(&request) = cx.request(at) else { return };
        let caller = &mut self.sites[request.site];
        if !request.uncounted {
            cx.observe.attempted(outcome);
        }
        // The row of this attempt goes, and with it every timer that refers to it.
        cx.requests.remove(at.id);
        let retries = !outcome.is_ok() && outcome != Outcome::Abandoned;
        let may_start = request.parent != CallRef::NONE || cx.now() < self.end;
        if retries && u32::from(request.attempt) < caller.retry.attempts && may_start {
            let wait = caller.backoff(u32::from(request.attempt), request.backoff_ns);
            let next = cx.new_request(Request { backoff_ns: wait.nanos(), call: CallRef::NONE, ..request });
            cx.list.after(wait, client(Event::Retry(next)));
            return;
        }
        match caller.population {
            None => {
                let event = instance::Event::CallAnswered { call: request.parent, outcome };
                cx.hand_over(event::Event::Instance(event));
            }
            Some(id) => {
                let now = cx.now();
                cx.observe.ended(id, &request, outcome, now);
                let population = &mut self.populations[id];
                if let Some(think) = &population.think {
                    let mut pause = think.duration(&mut population.luck);
                    if now == request.born {
                        // A user can be refused at once, but not infinitely often in an instant.
                        pause = pause.max(LEAST_PAUSE);
                    }
                    cx.list.after(pause, client(Event::Wake { population: id, user: request.user }));
                }
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn discovered(&mut self, instance: InstanceId, there: bool, cx: &mut Cx) {
        let Some(service) = cx.directory.facts(instance).service else { return };
        let known = &mut self.discovery[service].instances;
        known.retain(|&other| other != instance);
        if there {
            known.push(instance);
        }
    }
}

impl Population {
    #[inline]
    fn schedule_arrival(&mut self, id: PopulationId, end: Time, cx: &mut Cx) {
        if let (Some(clock), Some(slot)) = (&mut self.clock, self.slot)
            && let Some(time) = clock.next()
            && time < end
        {
            cx.list.set(slot, time, client(Event::Arrive(id)));
        }
    }
}

impl Caller {
    #[inline]
    fn resolver_of(&self, luck: u64, user: u32) -> usize {
        let of = if user == 0 { (luck >> 32) as u32 } else { user };
        of as usize % self.resolvers.len()
    }

    /// The node that this request's cache answers with; asks public DNS when the answer has expired.
    #[inline]
    fn resolve(&mut self, balancer: BalancerId, luck: u64, user: u32, now: Time, cx: &Cx) -> Option<u16> {
        let index = self.resolver_of(luck, user);
        let resolver = &mut self.resolvers[index];
        if now >= resolver.expires || resolver.node.is_none() {
            let answer = &cx.dns[balancer];
            if answer.is_empty() {
                return resolver.node;
            }
            resolver.node = Some(answer[self.dns.below(answer.len() as u32) as usize]);
            while resolver.expires <= now {
                resolver.expires += self.dns_ttl.max(Duration::from_nanos(1));
            }
        }
        resolver.node
    }

    /// Wait before the attempt after `attempt`. Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
    fn backoff(&mut self, attempt: u32, previous_ns: u64) -> Duration {
        let (base, cap, jitter) = match self.retry.backoff {
            Backoff::Immediate => return Duration::ZERO,
            Backoff::Fixed(delay) => return delay,
            Backoff::Exponential { base, cap, jitter } => (base, cap, jitter),
        };
        let doubled = base.nanos().saturating_mul(1u64.checked_shl(attempt - 1).unwrap_or(u64::MAX));
        let most = Duration::from_nanos(doubled).min(cap).as_secs_f64();
        let unit = self.backoff.unit();
        Duration::from_secs_f64(match jitter {
            Jitter::None => most,
            Jitter::Full => most * unit,
            Jitter::Equal => most / 2.0 + most / 2.0 * unit,
            Jitter::Decorrelated => {
                let previous = Duration::from_nanos(previous_ns).max(base).as_secs_f64();
                let (low, high) = (base.as_secs_f64(), previous * 3.0);
                (low + (high - low) * unit).min(cap.as_secs_f64())
            }
        })
    }
}

impl Directory {
    #[inline]
    fn pick(&mut self) -> Option<InstanceId> {
        match self.discovery {
            _ if self.instances.is_empty() => None,
            Discovery::Random => Some(self.instances[self.stream.below(self.instances.len() as u32) as usize]),
            Discovery::RoundRobin => {
                self.next = if self.next + 1 >= self.instances.len() { 0 } else { self.next + 1 };
                Some(self.instances[self.next])
            }
        }
    }
}
