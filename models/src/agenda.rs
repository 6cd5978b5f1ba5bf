//! The agenda: the event list of a world, which holds events as two words.

use crate::event::{Event, Packed};
use sim_core::{Duration, EventList, Lane, Slot, Time};
use std::collections::VecDeque;

/// The pending events and the clock, with those that happen at once.
#[derive(Debug)]
pub struct Agenda {
    /// What is still to come.
    pub(crate) list: EventList<Packed>,
    next: Packed,
    later: VecDeque<Packed>,
}

impl Agenda {
    /// Nothing to come, the clock at zero.
    pub fn new() -> Self {
        Agenda { list: EventList::new(), next: Packed::NONE, later: VecDeque::new() }
    }

    /// The clock.
    #[inline(always)]
    pub fn now(&self) -> Time {
        self.list.now()
    }

    /// Schedules `event` at `time`.
    #[inline(always)]
    pub fn at(&mut self, time: Time, event: Event) {
        self.list.at(time, event.pack());
    }

    /// Schedules `event` after `delay`.
    #[inline(always)]
    pub fn after(&mut self, delay: Duration, event: Event) {
        self.list.after(delay, event.pack());
    }

    /// Schedules `event` after the constant delay of `lane`.
    #[inline(always)]
    pub fn via(&mut self, lane: Lane, event: Event) {
        self.list.via(lane, event.pack());
    }

    /// Schedules `event` for now, after everything that is already scheduled for now.
    #[inline(always)]
    pub fn soon(&mut self, event: Event) {
        self.list.soon(event.pack());
    }

    /// Schedules the one event of `slot`.
    #[inline(always)]
    pub fn set(&mut self, slot: Slot, time: Time, event: Event) {
        self.list.set(slot, time, event.pack());
    }

    /// The lane of this delay; for building the world.
    pub fn lane(&mut self, delay: Duration) -> Lane {
        self.list.lane(delay)
    }

    /// The delay of a lane.
    pub fn lane_delay(&self, lane: Lane) -> Duration {
        self.list.lane_delay(lane)
    }

    /// A new slot; for building the world.
    pub fn slot(&mut self) -> Slot {
        self.list.slot()
    }

    /// Lets an event happen at once, after those handed over before it: a hand-over takes no time, and no place in the
    /// list.
    #[inline(always)]
    pub fn hand_over(&mut self, event: Event) {
        let event = event.pack();
        if self.next == Packed::NONE {
            self.next = event;
        } else {
            self.hand_over_later(event);
        }
    }

    #[cold]
    #[inline(never)]
    fn hand_over_later(&mut self, event: Packed) {
        self.later.push_back(event);
    }

    /// Takes the next of the events that happen at once; [`Packed::NONE`] after the last.
    #[inline(always)]
    pub(crate) fn take(&mut self) -> Packed {
        let next = self.next;
        self.next = if self.later.is_empty() { Packed::NONE } else { self.take_later() };
        next
    }

    #[cold]
    #[inline(never)]
    fn take_later(&mut self) -> Packed {
        self.later.pop_front().unwrap_or(Packed::NONE)
    }
}
