//! The run loop: takes the next event, writes it down, lets the model handle it and the probe look on.
//!
//! ```text
//!  EventList ──pop──► Digest::record ──► Model::handle ──► Probe::event ──┐
//!      ▲                                      │ schedules                 │ reads only
//!      └──────────────────────────────────────┴───────────────────────────┘
//! ```
//! # Models      next-event time advance; the loop is compiled for each model and probe, without dynamic dispatch
//! # Leaves out  threads: one run is one thread, and replications are spread
//! # Source      Law, "Simulation Modeling and Analysis", 5th ed., section 1.3.1

use crate::digest::Digest;
use crate::event_list::EventList;
use crate::time::Time;

/// A world: what changes when an event happens.
pub trait Model {
    /// The closed set of events, small and copied.
    type Event: Copy + Fingerprint;

    /// The pending events and the clock. They are the model's own, so that its handlers have one thing to hold.
    fn list(&mut self) -> &mut EventList<Self::Event>;

    /// Lets `event` happen at the time that the list shows; whatever follows from it is put into the list.
    fn handle(&mut self, event: Self::Event);
}

/// Two words that stand for an event in the digest: what happened, and to whom.
pub trait Fingerprint {
    /// Words that differ where the events differ, the same on every platform.
    fn fingerprint(&self) -> (u64, u64);
}

/// Looks on after each event; has the world by shared reference only, so it cannot disturb the run.
pub trait Probe<M: Model> {
    /// Sees that `event` happened at `time`, and the world right after it.
    fn event(&mut self, time: Time, event: &M::Event, model: &M);
}

/// The empty probe, which compiles to nothing.
impl<M: Model> Probe<M> for () {
    #[inline]
    fn event(&mut self, _: Time, _: &M::Event, _: &M) {}
}

impl<M: Model, P: Probe<M>> Probe<M> for &mut P {
    #[inline]
    fn event(&mut self, time: Time, event: &M::Event, model: &M) {
        (**self).event(time, event, model);
    }
}

/// A probe that may be absent.
impl<M: Model, P: Probe<M>> Probe<M> for Option<P> {
    #[inline]
    fn event(&mut self, time: Time, event: &M::Event, model: &M) {
        if let Some(probe) = self {
            probe.event(time, event, model);
        }
    }
}

/// Two probes, the left one first.
impl<M: Model, P: Probe<M>, Q: Probe<M>> Probe<M> for (P, Q) {
    #[inline]
    fn event(&mut self, time: Time, event: &M::Event, model: &M) {
        self.0.event(time, event, model);
        self.1.event(time, event, model);
    }
}

/// Why [`Engine::run_until`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Every event up to the end has happened, and later ones are pending; the clock shows the end.
    ReachedEnd,
    /// The limit of events was reached; call again to go on.
    Limit,
    /// No event is pending any more; the clock shows the last one.
    Empty,
}

/// A run under way.
#[derive(Clone, Debug)]
pub struct Engine {
    /// The digest of all events so far.
    pub digest: Digest,
    /// How many events have happened.
    pub events: u64,
}

impl Engine {
    /// A run in which nothing has happened.
    #[must_use]
    pub fn new() -> Self {
        Engine { digest: Digest::new(), events: 0 }
    }

    /// Lets events happen up to and including `end`, at most `limit` of them in this call.
    ///
    /// Calls with ever later ends, or with any limits, give the same run as one call.
    pub fn run_until<M: Model>(&mut self, model: &mut M, end: Time, limit: u64, probe: &mut impl Probe<M>) -> Progress {
        let mut left = limit;
        let progress = loop {
            if left == 0 {
                break Progress::Limit;
            }
            let Some((time, event)) = model.list().pop_before(end) else {
                break if model.list().is_empty() { Progress::Empty } else { Progress::ReachedEnd };
            };
            left -= 1;
            self.digest.record(time, event.fingerprint());
            model.handle(event);
            probe.event(time, &event, model);
        };
        self.events += limit - left;
        progress
    }
}

impl Default for Engine {
    fn default() -> Self {
        Engine::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Duration;

    impl Fingerprint for u32 {
        fn fingerprint(&self) -> (u64, u64) {
            (u64::from(*self), 0)
        }
    }

    /// Each event schedules two later ones until the numbers run out.
    struct Tree {
        list: EventList<u32>,
        seen: Vec<u32>,
    }

    impl Model for Tree {
        type Event = u32;

        fn list(&mut self) -> &mut EventList<u32> {
            &mut self.list
        }

        fn handle(&mut self, event: u32) {
            self.seen.push(event);
            if event < 100 {
                self.list.after(Duration::from_nanos(u64::from(event % 7)), 2 * event);
                self.list.after(Duration::from_nanos(u64::from(event % 3)), 2 * event + 1);
            }
        }
    }

    struct Count(usize);

    impl Probe<Tree> for Count {
        fn event(&mut self, _: Time, event: &u32, model: &Tree) {
            assert_eq!(model.seen.last(), Some(event));
            self.0 += 1;
        }
    }

    fn start() -> (Engine, Tree) {
        let mut list = EventList::new();
        list.at(Time::from_nanos(5), 1);
        (Engine::new(), Tree { list, seen: Vec::new() })
    }

    #[test]
    fn a_run_in_pieces_is_the_same_run() {
        let (mut whole, mut model) = start();
        assert_eq!(whole.run_until(&mut model, Time::MAX, u64::MAX, &mut ()), Progress::Empty);
        assert_eq!(whole.events, 199);
        let (mut pieces, mut again) = start();
        let mut count = Count(0);
        let mut end = Time::ZERO;
        loop {
            match pieces.run_until(&mut again, end, 3, &mut count) {
                Progress::Empty => break,
                Progress::ReachedEnd => {
                    assert_eq!(again.list.now(), end);
                    end += Duration::from_nanos(2);
                }
                Progress::Limit => {}
            }
        }
        assert_eq!((pieces.digest, pieces.events, count.0), (whole.digest, whole.events, 199));
        assert_eq!(again.seen, model.seen);
    }

    #[test]
    fn an_event_at_the_end_still_happens() {
        let (mut engine, mut model) = start();
        assert_eq!(engine.run_until(&mut model, Time::from_nanos(4), 9, &mut ()), Progress::ReachedEnd);
        assert_eq!(engine.events, 0);
        engine.run_until(&mut model, Time::from_nanos(5), 1, &mut ());
        assert_eq!(model.seen, [1]);
    }
}
