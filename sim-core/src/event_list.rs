//! The event list: everything that is due, in one total order of time and, among equal times, of scheduling.
//!
//! ```text
//!  at, after ──► heap (16-byte keys, 4-ary) beside a slab of events ──┐
//!  via(lane) ──► one FIFO per constant delay ──┐                      ├─ smallest (time, seq) ──► pop
//!  soon      ──► the FIFO of no delay at all ──┼─► tournament of  ────┘
//!  set(slot) ──► one pending event per source ─┘   their heads
//! ```
//! # Models      first scheduled, first served, whichever way an event was put in; the clock, which never goes back
//! # Leaves out  cancelling: a timer names the attempt it belongs to, and its handler ignores a stale one
//! # Source      d-ary heaps: Johnson, "Priority queues with update and finding minimum spanning trees" (1975);
//!   replacing the top instead of removing and inserting: Gonnet and Munro, "Heaps on heaps" (1986);
//!   tournament trees: Knuth, "The Art of Computer Programming", volume 3, section 5.4.1

mod heads;
mod heap;
mod ring;

use crate::time::{Duration, Time};
use heads::Heads;
use heap::Heap;
use ring::Ring;
use std::fmt;

/// A FIFO of events that are all due the same delay after they are scheduled; made by [`EventList::lane`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane(u32);

/// A register for at most one pending event, such as the next arrival of a source; made by [`EventList::slot`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(u32);

/// The key of nothing: later than every event.
const NEVER: u128 = u128::MAX;

/// A key orders events: time in the upper 64 bits, then 32 bits of scheduling order, then 32 bits that say where
/// the event is kept (the slab's row, or the source). The order alone is unique, so the place never decides.
const fn key(time: u64, seq: u32, place: u32) -> u128 {
    (time as u128) << 64 | (seq as u128) << 32 | place as u128
}

const fn time_of(key: u128) -> u64 {
    (key >> 64) as u64
}

const fn seq_of(key: u128) -> u32 {
    (key >> 32) as u32
}

const fn place_of(key: u128) -> u32 {
    key as u32
}

/// The pending events and the clock.
///
/// Past warm-up it allocates nothing: what has grown is used again, and a drained lane keeps one buffer of the
/// greatest length it had.
///
/// ```
/// use sim_core::{Duration, EventList, Time};
/// let mut list = EventList::new();
/// let hop = list.lane(Duration::from_millis(1));
/// list.after(Duration::from_millis(1), 'a');
/// list.via(hop, 'b');
/// list.soon('c');
/// let order: String = std::iter::from_fn(|| list.pop()).map(|(_, event)| event).collect();
/// assert_eq!(order, "cab");
/// assert_eq!(list.now(), Time::from_nanos(1_000_000));
/// ```
#[derive(Clone)]
pub struct EventList<E> {
    now: u64,
    /// The order given to the next event scheduled; counts to 2^32 − 1, then all pending are numbered anew.
    seq: u32,
    heap: Heap<E>,
    /// The keys of the first event of each source.
    heads: Heads,
    /// The slot whose event was taken last, while `heads` still shows it; `SETTLED` otherwise. It is removed from there
    /// at the next pop: a slot that is set again meanwhile is then moved once instead of twice.
    stale: u32,
    /// The lanes and the slots; the first is the lane of no delay.
    sources: Vec<Source<E>>,
}

#[derive(Clone)]
struct Source<E> {
    /// The constant delay in nanoseconds; none for a slot.
    delay: Option<u64>,
    queue: Ring<E>,
}

/// The number of no source.
const SETTLED: u32 = u32::MAX;

/// The source of [`EventList::soon`].
const SOON: u32 = 0;

impl<E: Copy> EventList<E> {
    /// An empty list, its clock at zero.
    #[must_use]
    pub fn new() -> Self {
        let mut list =
            EventList { now: 0, seq: 0, heap: Heap::new(), heads: Heads::new(), stale: SETTLED, sources: Vec::new() };
        list.source(Some(0));
        list
    }

    /// The clock: the time of the last event popped, or the end last given to [`EventList::pop_before`].
    #[inline]
    pub fn now(&self) -> Time {
        Time::from_nanos(self.now)
    }

    /// How many events are pending.
    pub fn len(&self) -> usize {
        self.heap.len() + self.sources.iter().map(|source| source.queue.len()).sum::<usize>()
    }

    /// Whether no event is pending.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Schedules `event` at `time`. A time before now is a mistake of the caller, and counts as now.
    #[inline]
    pub fn at(&mut self, time: Time, event: E) {
        debug_assert!(time.nanos() >= self.now, "an event is scheduled at {time}, but it is {} already", self.now());
        if time.nanos() <= self.now {
            self.soon(event);
        } else {
            let seq = self.next_seq();
            self.heap.push(time.nanos(), seq, event);
        }
    }

    /// Schedules `event` after `delay`. For a delay that is the same every time, a [`Lane`] is several times faster.
    #[inline]
    pub fn after(&mut self, delay: Duration, event: E) {
        self.at(self.now() + delay, event);
    }

    /// Schedules `event` for now, after everything that is already scheduled for now.
    #[inline]
    pub fn soon(&mut self, event: E) {
        self.append(SOON, self.now, event);
    }

    /// The lane of this delay, made at the first call; for building the world, not for its run.
    pub fn lane(&mut self, delay: Duration) -> Lane {
        let known = self.sources.iter().position(|source| source.delay == Some(delay.nanos()));
        Lane(known.map_or_else(|| self.source(Some(delay.nanos())), |index| index as u32))
    }

    /// Schedules `event` after the delay of `lane`.
    #[inline]
    pub fn via(&mut self, lane: Lane, event: E) {
        // A slot is never given out as a lane, so the delay is there.
        let delay = self.sources[lane.0 as usize].delay.unwrap_or(0);
        self.append(lane.0, self.now.saturating_add(delay), event);
    }

    /// The delay of a lane.
    pub fn lane_delay(&self, lane: Lane) -> Duration {
        Duration::from_nanos(self.sources[lane.0 as usize].delay.unwrap_or(0))
    }

    /// A new slot, empty; for building the world, not for its run.
    pub fn slot(&mut self) -> Slot {
        Slot(self.source(None))
    }

    /// Schedules the one event of `slot` at `time`, in place of the one it may hold. A time before now counts as now.
    #[inline]
    pub fn set(&mut self, slot: Slot, time: Time, event: E) {
        debug_assert!(time.nanos() >= self.now, "an event is scheduled at {time}, but it is {} already", self.now());
        let time = time.nanos().max(self.now);
        let seq = self.next_seq();
        let key = key(time, seq, slot.0);
        let queue = &mut self.sources[slot.0 as usize].queue;
        queue.clear();
        queue.push(key, event);
        if self.stale == slot.0 {
            self.stale = SETTLED;
        }
        self.heads.replace(slot.0, key);
    }

    /// Takes the event of `slot` back, if it holds one.
    #[inline]
    pub fn clear(&mut self, slot: Slot) {
        self.sources[slot.0 as usize].queue.clear();
        self.heads.replace(slot.0, NEVER);
    }

    /// The next event, or none; moves the clock to it.
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, E)> {
        self.pop_before(Time::MAX)
    }

    /// The next event at or before `end`, or none; moves the clock to it.
    ///
    /// Where the next event is later, the clock moves to `end`. Where none is pending, it stays: nothing happened since.
    // Always: a run with a probe is another loop, and two callers are one too many for the compiler to inline it by itself.
    #[inline(always)]
    pub fn pop_before(&mut self, end: Time) -> Option<(Time, E)> {
        if self.stale != SETTLED {
            self.settle();
        }
        let heap = self.heap.first();
        let head = self.heads.first();
        let first = heap.min(head);
        let time = time_of(first);
        if time > end.nanos() || first == NEVER {
            if first != NEVER {
                self.now = self.now.max(end.nanos());
            }
            return None;
        }
        self.now = time;
        let event = if heap < head {
            self.heap.take()
        } else {
            let place = place_of(head);
            let source = &mut self.sources[place as usize];
            let event = source.queue.pop()?;
            match source.delay {
                // The next of a lane is known: looked up now, it is there before the handler has come to an end.
                Some(_) => self.heads.replace(place, source.queue.first()),
                None => self.stale = place,
            }
            event
        };
        Some((Time::from_nanos(time), event))
    }

    /// Adds `event` to the end of a lane, whose times never fall since neither does the clock.
    #[inline]
    fn append(&mut self, source: u32, time: u64, event: E) {
        let key = key(time, self.next_seq(), source);
        let queue = &mut self.sources[source as usize].queue;
        queue.push(key, event);
        if queue.len() == 1 {
            self.heads.fill(source, key);
        }
    }

    /// Shows the heads as they are, once the event of a slot was taken.
    #[inline]
    fn settle(&mut self) {
        let place = self.stale;
        self.stale = SETTLED;
        self.heads.replace(place, NEVER);
    }

    fn source(&mut self, delay: Option<u64>) -> u32 {
        if self.stale != SETTLED {
            self.settle();
        }
        self.sources.push(Source { delay, queue: Ring::new() });
        self.heads.add()
    }

    #[inline]
    fn next_seq(&mut self) -> u32 {
        if self.seq == u32::MAX {
            self.renumber();
        }
        let seq = self.seq;
        self.seq += 1;
        seq
    }

    /// Numbers all pending events anew from zero in their order, once in four thousand million events.
    #[cold]
    #[inline(never)]
    fn renumber(&mut self) {
        self.stale = SETTLED;
        let mut stamps: Vec<(u64, u32)> = self.heap.keys().map(|key| (time_of(key), seq_of(key))).collect();
        let queued = self.sources.iter().flat_map(|source| source.queue.keys());
        stamps.extend(queued.map(|key| (time_of(key), seq_of(key))));
        stamps.sort_unstable();
        let rank = |time: u64, seq: u32| stamps.binary_search(&(time, seq)).map_or(u32::MAX, |rank| rank as u32);
        self.heap.renumber(rank);
        for (place, source) in self.sources.iter_mut().enumerate() {
            source.queue.rekey(|old| key(time_of(old), rank(time_of(old), seq_of(old)), place_of(old)));
            self.heads.replace(place as u32, source.queue.first());
        }
        self.seq = u32::try_from(stamps.len()).expect("fewer than 2^32 events are pending");
    }
}

impl<E: Copy> Default for EventList<E> {
    fn default() -> Self {
        EventList::new()
    }
}

impl<E: Copy> fmt::Debug for EventList<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventList").field("now", &self.now()).field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
