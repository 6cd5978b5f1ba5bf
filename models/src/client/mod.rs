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

mod attempt;
mod care;
mod discovery;
mod dns;
mod retry;

use crate::Outcome;
use crate::arrivals::ArrivalClock;
use crate::event::{self, events};
use crate::instance;
use crate::plan::*;
use crate::program::Op;
use crate::request::*;
use crate::shared::Cx;
use attempt::Timers;
use care::Care;
use discovery::Directory;
use dns::Resolver;
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
        /// The rate limiter lets an attempt go.
        Permitted(RequestRef),
        /// A message of a handshake arrives.
        Shake {
            /// Which attempt waits for it.
            request: RequestRef,
            /// Messages after this one.
            left: u8,
        },
        /// Nobody has answered a SYN: time for another.
        SynDue {
            /// Which attempt waits for it.
            request: RequestRef,
            /// SYNs sent so far.
            tries: u8,
        },
        /// The connect timeout of an attempt with a connection of its own is over.
        ConnectDue(RequestRef),
        /// Nobody has acknowledged a request for as long as the kernel tries.
        KernelGaveUp(RequestRef),
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
    /// How long each of them keeps an answer, where they differ.
    holds: Vec<Duration>,
    /// None for most.
    care: Option<Box<Care>>,
    backoff: Stream,
    dns: Stream,
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
            let care = Care::of(site, cx);
            let sets = care.as_ref().map_or(1, |care| care.resolver_sets(plan.zones.len()));
            let caches = site.resolvers.max(1) as usize * sets;
            let holds = dns::holds(site, caches, cx);
            // Phases are spread: each cache holds its first answer for a random part of the TTL.
            let resolvers = (0..caches)
                .map(|index| {
                    let hold = holds.get(index).copied().unwrap_or(site.dns_ttl);
                    let expires = Time::ZERO + Duration::from_secs_f64(hold.as_secs_f64() * dns.unit());
                    Resolver { expires, node: None }
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
                holds,
                care,
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
                    if call == CallRef::NONE && self.waits_in_surge_queue(row.site, cx) {
                        return self.conclude(request, Outcome::Abandoned, cx);
                    }
                    cx.hand_over(event::Event::Instance(instance::Event::Leave(call)));
                }
            }
            Event::Discovered { instance, there } => self.discovered(instance, there, cx),
            Event::Permitted(request) => self.permitted(request, cx),
            Event::Shake { request, left } => self.shake(request, left, cx),
            Event::SynDue { request, tries } => self.syn(request, tries, cx),
            Event::ConnectDue(request) => self.connect_due(request, cx),
            Event::KernelGaveUp(request) => self.kernel_gave_up(request, cx),
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

    /// An attempt is over: try again, or end the request.
    fn conclude(&mut self, at: RequestRef, outcome: Outcome, cx: &mut Cx) {
        let Some(&request) = cx.request(at) else { return };
        let caller = &mut self.sites[request.site];
        if !request.uncounted {
            cx.observe.attempted(outcome);
        }
        // The row of this attempt goes, and with it every timer that refers to it.
        cx.requests.remove(at.id);
        if caller.care.is_some() {
            return self.conclude_with_care(at, &request, outcome, cx);
        }
        let retries = !outcome.is_ok() && !matches!(outcome, Outcome::Abandoned | Outcome::ClientError);
        let may_start = request.parent != CallRef::NONE || cx.now() < self.end;
        if retries && u32::from(request.attempt) < caller.retry.attempts && may_start {
            let wait = caller.backoff(u32::from(request.attempt), request.backoff_ns);
            let next = cx.new_request(Request { backoff_ns: wait.nanos(), call: CallRef::NONE, ..request });
            cx.list.after(wait, client(Event::Retry(next)));
            return;
        }
        self.end_request(&request, outcome, cx);
    }

    /// A request is over for good.
    #[inline(always)]
    fn end_request(&mut self, request: &Request, outcome: Outcome, cx: &mut Cx) {
        match self.sites[request.site].population {
            None => {
                let event = instance::Event::CallAnswered { call: request.parent, outcome };
                cx.hand_over(event::Event::Instance(event));
            }
            Some(id) => {
                let now = cx.now();
                cx.observe.ended(id, request, outcome, now);
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
