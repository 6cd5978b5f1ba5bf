//! Spans: where a sample of requests spent its time, hop by hop and step by step.
//!
//! ```text
//!  engine ──after each event──► Sampler ──reads──► rows of the requests it follows
//!  request ─┬─ attempt 1 ─┬─ sending ─► work on web/i-3 ─┬─ waiting for a worker
//!           │             │                              ├─ computing
//!           │             │                              └─ query of orders
//!           │             └─ answer on its way
//!           ├─ backoff
//!           └─ attempt 2 …
//! ```
//! # Models      requests taken evenly over the run, one at a time as their turn comes; a request is followed through its
//!   attempts, the calls that work on it, their branches and the requests these make
//! # Leaves out  a hop that takes no time (a balancer's choice); requests that end before anything happened to them
//!
//! It is a probe: it sees the world after each event and cannot touch it. A run without it has no trace of it.

use crate::Outcome;
use crate::alb::{classic, nlb};
use crate::event::{Event, Packed};
use crate::plan::{Plan, StoreId};
use crate::request::{CallRef, CallState, Request, RequestRef, Waiter};
use crate::world::World;
use crate::{alb, client, instance, store};
use serde::{Deserialize, Serialize};
use sim_core::engine::Probe;
use sim_core::{Duration, Time};

/// Requests followed at the same time. More would make each event dearer.
const MOST_AT_ONCE: usize = 16;

/// A request and where it spent its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestSpans {
    /// From 1, in the order of being taken up.
    pub id: u32,
    /// The population that made it.
    pub client: String,
    /// What it asked, `service.endpoint`.
    pub endpoint: String,
    /// How it ended; absent if it had not when the run did.
    pub outcome: Option<String>,
    /// Its parts, those that began earlier first; the whole is the first.
    pub spans: Vec<Span>,
}

/// A part of a request's time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// What happened, such as `attempt 1`, `computing`, `query of orders`.
    pub what: String,
    /// At which instance or store; of an attempt how it ended; empty for what is on the way.
    pub at: String,
    /// From this simulated second.
    pub from_s: f64,
    /// To this.
    pub to_s: f64,
    /// Parts of one lane lie inside each other; what goes on beside it has a lane of its own. From 0.
    pub lane: u32,
}

/// A row that is followed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Subject {
    /// An attempt; its number tells the wait for it from itself.
    Attempt(RequestRef, u16),
    /// A call.
    Call(CallRef),
}

/// What a row that is followed is doing.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// Not sent again yet.
    Backoff,
    /// On its way, or queued at a balancer.
    Sending,
    /// A call works on it, which has phases of its own.
    Served,
    /// Its call is over, and the answer on the way.
    Answered,
    /// A call, as it stands in its row.
    At(CallState),
}

/// What all attempts of a request have in common, and no other request has.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Key {
    born: Time,
    luck: u64,
    parent: CallRef,
}

/// A row that is followed, with the spans it has open.
#[derive(Clone, Copy, Debug)]
struct Track {
    subject: Subject,
    phase: Phase,
    lane: u32,
    /// What an attempt shares with the one after it; none of a call.
    key: Option<Key>,
    /// Span of the whole row; none while it waits to be sent.
    whole: Option<usize>,
    /// Span of the phase; none where it is another row's to tell.
    part: Option<usize>,
}

/// A request that is followed.
#[derive(Debug)]
struct Followed {
    report: RequestSpans,
    tracks: Vec<Track>,
    lanes: u32,
}

/// Follows a sample of requests.
#[derive(Debug)]
pub struct Sampler {
    /// Requests to be taken still.
    left: usize,
    /// When the next is taken, and how long after it another.
    next: Time,
    step: Duration,
    live: Vec<Followed>,
    done: Vec<RequestSpans>,
    /// Attempts by outcome, as they were after the event before: so it is known how one ended that is gone now.
    attempts: [u64; Outcome::ALL.len()],
}

impl Sampler {
    /// Takes up to `most` requests, evenly over what the plan observes.
    pub fn new(most: usize, plan: &Plan) -> Sampler {
        let observed_s = plan.duration.as_secs_f64() - plan.warm_up.as_secs_f64();
        let step = Duration::from_secs_f64(observed_s.max(0.0) / most.max(1) as f64);
        let next = Time::ZERO + plan.warm_up;
        Sampler { left: most, next, step, live: Vec::new(), done: Vec::new(), attempts: [0; Outcome::ALL.len()] }
    }

    /// What was found, in the order of being taken up. A request still under way is cut off at `now`.
    pub fn finish(mut self, now: Time) -> Vec<RequestSpans> {
        for mut followed in std::mem::take(&mut self.live) {
            followed.cut_off(now);
            self.done.push(followed.report);
        }
        self.done.sort_by_key(|report| report.id);
        self.done
    }

    /// Takes up what an event tells of: a request whose turn it is, or what works for one that is followed.
    fn meet(&mut self, event: &Event, world: &World<'_>, now: Time) {
        let (request, call) = carried(event);
        if let Some(at) = request {
            self.meet_request(at, world, now);
        }
        if let Some(at) = call {
            self.meet_call(at, world, now);
        }
    }

    /// A call, after whatever it works for: that may have begun within the same event.
    fn meet_call(&mut self, at: CallRef, world: &World<'_>, now: Time) {
        let Some(row) = world.shared.call(at) else { return };
        if let Waiter::Branch(parent) = row.waiter {
            self.meet_call(parent, world, now);
            self.adopt(parent.into(), at.into(), world, now);
        } else if let Some(request) = requester(row.waiter) {
            self.meet_request(request, world, now);
        }
    }

    /// A request with its call, after the call that it was made for.
    fn meet_request(&mut self, at: RequestRef, world: &World<'_>, now: Time) {
        let Some(row) = world.shared.request(at) else { return };
        if row.parent == CallRef::NONE {
            self.take_up(at, row, world, now);
        } else {
            self.meet_call(row.parent, world, now);
            self.adopt(row.parent.into(), attempt(at, world), world, now);
        }
        if world.shared.call(row.call).is_some() {
            self.adopt(attempt(at, world), row.call.into(), world, now);
        }
    }

    fn take_up(&mut self, at: RequestRef, row: &Request, world: &World<'_>, now: Time) {
        // A second attempt is known by the first, or is none of ours.
        if self.left == 0 || now < self.next || row.uncounted || row.attempt > 1 || self.live.len() >= MOST_AT_ONCE {
            return;
        }
        let subject = attempt(at, world);
        if self.live.iter().any(|followed| followed.follows(subject)) {
            return;
        }
        self.left -= 1;
        self.next += self.step;
        let plan = world.shared.plan;
        let endpoint = &plan.endpoints[row.endpoint];
        let name = format!("{}.{}", plan.services[endpoint.service].name, endpoint.name);
        let client = plan.sites[row.site].name.clone();
        let id = (self.done.len() + self.live.len()) as u32 + 1;
        let report = RequestSpans { id, client, endpoint: name.clone(), outcome: None, spans: Vec::new() };
        let mut followed = Followed { report, tracks: Vec::new(), lanes: 1 };
        followed.open(name, String::new(), 0, row.born);
        followed.follow(subject, 0, world, row.born);
        if row.call != CallRef::NONE {
            // It was on its way until now, where its call has begun.
            let sending = followed.part(Phase::Sending, 0, world, row.born);
            followed.close(sending, now);
        }
        self.live.push(followed);
    }

    /// A row that works for one that is followed is followed too.
    fn adopt(&mut self, of: Subject, subject: Subject, world: &World<'_>, now: Time) {
        for followed in self.live.iter_mut().filter(|followed| !followed.follows(subject)) {
            if let Some(lane) = followed.lane_below(of) {
                return followed.follow(subject, lane, world, now);
            }
        }
    }
}

impl Probe<World<'_>> for Sampler {
    fn event(&mut self, now: Time, event: &Packed, world: &World<'_>) {
        if let Some(event) = Event::unpack(*event) {
            self.meet(&event, world, now);
        }
        let ended = world.shared.observe.attempts();
        let ended_now = |outcome: &Outcome| ended[*outcome as usize] > self.attempts[*outcome as usize];
        let outcome = Outcome::ALL.into_iter().find(ended_now);
        self.attempts = *ended;
        self.live.iter_mut().for_each(|followed| followed.look(outcome, world, now));
        self.done.extend(self.live.extract_if(.., |followed| followed.tracks.is_empty()).map(|over| over.report));
    }
}

impl Followed {
    fn follows(&self, subject: Subject) -> bool {
        self.tracks.iter().any(|track| track.subject == subject)
    }

    /// The lane for something that a row that is followed waits for: its own, if nothing else is on it.
    fn lane_below(&mut self, of: Subject) -> Option<u32> {
        let at = self.tracks.iter().position(|track| track.subject == of)?;
        let lane = self.tracks[at].lane;
        if self.tracks[at + 1..].iter().all(|track| track.lane != lane) {
            return Some(lane);
        }
        self.lanes += 1;
        Some(self.lanes - 1)
    }

    fn open(&mut self, what: String, at: String, lane: u32, now: Time) -> usize {
        let from_s = now.as_secs_f64();
        self.report.spans.push(Span { what, at, from_s, to_s: from_s, lane });
        self.report.spans.len() - 1
    }

    fn close(&mut self, span: Option<usize>, now: Time) {
        if let Some(span) = span {
            self.report.spans[span].to_s = now.as_secs_f64();
        }
    }

    /// Begins to follow a row.
    fn follow(&mut self, subject: Subject, lane: u32, world: &World<'_>, now: Time) {
        let Some(phase) = phase(subject, world) else { return };
        let key = match subject {
            Subject::Attempt(at, _) => key(at, world),
            Subject::Call(_) => None,
        };
        let whole = if phase == Phase::Backoff { None } else { Some(self.whole(subject, key, lane, world, now)) };
        let part = self.part(phase, lane, world, now);
        self.tracks.push(Track { subject, phase, lane, key, whole, part });
    }

    fn whole(&mut self, subject: Subject, key: Option<Key>, lane: u32, world: &World<'_>, now: Time) -> usize {
        match subject {
            Subject::Attempt(at, number) => {
                let called = key.is_some_and(|key| key.parent != CallRef::NONE);
                let row = world.shared.request(at).filter(|_| called);
                let what = match row.map(|row| &world.shared.plan.endpoints[row.endpoint]) {
                    Some(of) => {
                        format!("{}.{}, attempt {number}", world.shared.plan.services[of.service].name, of.name)
                    }
                    None => format!("attempt {number}"),
                };
                self.open(what, String::new(), lane, now)
            }
            Subject::Call(at) => {
                let instance = world.shared.call(at).map(|row| world.shared.name_of(row.instance));
                self.open("work".into(), instance.unwrap_or_default(), lane, now)
            }
        }
    }

    fn part(&mut self, phase: Phase, lane: u32, world: &World<'_>, now: Time) -> Option<usize> {
        let store = |id: StoreId| world.shared.plan.stores[id].name.clone();
        let (what, at) = match phase {
            Phase::Served => return None,
            Phase::Backoff => ("backoff", String::new()),
            Phase::Sending => ("sending", String::new()),
            Phase::Answered => ("answer on its way", String::new()),
            Phase::At(CallState::Travelling) => ("request on its way", String::new()),
            Phase::At(CallState::Queued) => ("waiting for a worker", String::new()),
            Phase::At(CallState::Computing) => ("computing", String::new()),
            Phase::At(CallState::PoolWait(id)) => ("waiting for a connection", store(id)),
            Phase::At(CallState::AtStore(id)) => ("query", store(id)),
            Phase::At(CallState::StoreAnswered(id)) => ("answer of the store", store(id)),
            Phase::At(CallState::Waiting) => ("waiting for calls, branches or time", String::new()),
            Phase::At(CallState::Requeued) => ("waiting for a worker again", String::new()),
            Phase::At(CallState::Lost) => ("nobody answers", String::new()),
        };
        Some(self.open(what.into(), at, lane, now))
    }

    /// Closes what is over and opens what has begun. An attempt that is gone ended with `outcome`.
    fn look(&mut self, outcome: Option<Outcome>, world: &World<'_>, now: Time) {
        let mut index = 0;
        while let Some(&Track { subject, phase: before, lane, key, whole, part }) = self.tracks.get(index) {
            let phase = phase(subject, world);
            if phase == Some(before) {
                index += 1;
                continue;
            }
            self.close(part, now);
            if let Some(phase) = phase {
                // A call that travels once it has been somewhere is on its way back.
                let returns = phase == Phase::At(CallState::Travelling);
                let shown = if returns { Phase::Answered } else { phase };
                let whole = whole.or_else(|| Some(self.whole(subject, key, lane, world, now)));
                let part = self.part(shown, lane, world, now);
                self.tracks[index] = Track { subject, phase, lane, key, whole, part };
                index += 1;
                continue;
            }
            self.close(whole, now);
            self.tracks.remove(index);
            let (Some(key), Subject::Attempt(_, number)) = (key, subject) else { continue };
            self.step_aside(index, lane, world, now);
            let outcome = outcome.filter(|_| key.parent == CallRef::NONE).map(|outcome| outcome.name().to_string());
            if let (Some(whole), Some(outcome)) = (whole, &outcome) {
                self.report.spans[whole].at.clone_from(outcome);
            }
            if let Some(next) = successor(key, number, world) {
                self.follow(next, lane, world, now);
            } else if key.parent == CallRef::NONE {
                // The whole request ends with its last attempt, whatever servers still do for it.
                self.report.outcome = outcome;
                self.cut_off(now);
            }
        }
    }

    /// An attempt is over. What is still done for it in its lane goes on beside what its caller does next: the tracks
    /// `after` its own.
    fn step_aside(&mut self, after: usize, from: u32, world: &World<'_>, now: Time) {
        let lane = self.lanes;
        for index in after..self.tracks.len() {
            let Track { subject, key, whole, part, .. } = self.tracks[index];
            let Some(phase) = phase(subject, world).filter(|_| self.tracks[index].lane == from) else { continue };
            self.lanes = lane + 1;
            self.close(part, now);
            self.close(whole, now);
            let whole = self.whole(subject, key, lane, world, now);
            if let Subject::Call(_) = subject {
                self.report.spans[whole].what = "work for nobody".into();
            }
            let part = self.part(phase, lane, world, now);
            self.tracks[index] = Track { subject, phase, lane, key, whole: Some(whole), part };
        }
    }

    /// Closes whatever is open: nobody waits for it any more.
    fn cut_off(&mut self, now: Time) {
        for track in std::mem::take(&mut self.tracks) {
            self.close(track.part, now);
            self.close(track.whole, now);
        }
        self.close(Some(0), now);
    }
}

impl From<CallRef> for Subject {
    fn from(at: CallRef) -> Subject {
        Subject::Call(at)
    }
}

/// The attempt that a row stands for.
fn attempt(at: RequestRef, world: &World<'_>) -> Subject {
    Subject::Attempt(at, world.shared.request(at).map_or(0, |row| row.attempt))
}

fn key(at: RequestRef, world: &World<'_>) -> Option<Key> {
    world.shared.request(at).map(|row| Key { born: row.born, luck: row.luck, parent: row.parent })
}

/// The attempt after one that is gone. There are few to look for, and so all rows may be looked through.
fn successor(of: Key, number: u16, world: &World<'_>) -> Option<Subject> {
    let refs =
        world.shared.requests.iter().map(|(id, _)| RequestRef { id, generation: world.shared.requests.generation(id) });
    refs.filter(|at| key(*at, world) == Some(of)).map(|at| Subject::Attempt(at, number + 1)).next()
}

/// What a row is doing; nothing if it is gone.
fn phase(of: Subject, world: &World<'_>) -> Option<Phase> {
    match of {
        Subject::Call(at) => world.shared.call(at).map(|row| Phase::At(row.state)),
        Subject::Attempt(at, number) => world.shared.request(at).map(|row| match row.call {
            _ if row.attempt < number => Phase::Backoff,
            CallRef::NONE => Phase::Sending,
            call if world.shared.call(call).is_some() => Phase::Served,
            _ => Phase::Answered,
        }),
    }
}

/// The request that a call is made for, if it is one.
fn requester(waiter: Waiter) -> Option<RequestRef> {
    match waiter {
        Waiter::Node(request) | Waiter::Direct(request) | Waiter::Classic(request) | Waiter::Flow { request, .. } => {
            Some(request)
        }
        Waiter::Check { .. } | Waiter::Branch(_) | Waiter::Nobody => None,
    }
}

/// The attempt and the call that an event is about. Those that only end one need not be known: their rows are gone.
fn carried(event: &Event) -> (Option<RequestRef>, Option<CallRef>) {
    match *event {
        Event::Alb(alb::Event::Request { request, .. }) => (Some(request), None),
        Event::Client(client::Event::Unanswered(request) | client::Event::Retry(request)) => (Some(request), None),
        Event::Client(client::Event::Shake { request, .. }) => (Some(request), None),
        Event::Client(client::Event::Call(call)) => (None, Some(call)),
        Event::Alb(alb::Event::Reply { call, .. }) => (None, Some(call)),
        Event::Nlb(nlb::Event::Reply { call, .. }) => (None, Some(call)),
        Event::Classic(classic::Event::Reply { call, .. }) => (None, Some(call)),
        Event::Instance(instance::Event::Deliver(call) | instance::Event::ComputeDone(call)) => (None, Some(call)),
        Event::Store(store::Event::Ask { call, .. }) => (None, Some(call)),
        _ => (None, None),
    }
}
