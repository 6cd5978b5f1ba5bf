//! A 4-ary heap of 16-byte keys beside a slab of events.
//!
//! ```text
//!  top ──► quads[0]: a b c d ──► a's children: quads[1], b's: quads[2], c's: quads[3], d's: quads[4] ──► …
//! ```
//! The four children of a key share one line of cache, and the keys that are not there are later than any event, so
//! that the way down compares four keys without asking how many there are. The top that was taken leaves a gap: the
//! next event scheduled falls into it, and is moved once instead of twice.

use super::{NEVER, key, place_of, seq_of, time_of};

/// Four children of one key, on one line of cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Quad([u128; 4]);

const EMPTY: Quad = Quad([NEVER; 4]);

#[derive(Clone)]
pub(super) struct Heap<E> {
    /// The smallest key; the key last taken where `gap` is set; `NEVER` where the heap is empty.
    top: u128,
    /// Whether the top was taken and nothing has replaced it yet.
    gap: bool,
    /// How many keys stand in the quads.
    below: usize,
    quads: Vec<Quad>,
    events: Vec<E>,
    free: Vec<u32>,
}

impl<E: Copy> Heap<E> {
    pub(super) const fn new() -> Self {
        Heap { top: NEVER, gap: false, below: 0, quads: Vec::new(), events: Vec::new(), free: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.below + usize::from(self.top != NEVER && !self.gap)
    }

    /// The smallest key, or `NEVER`.
    #[inline]
    pub(super) fn first(&mut self) -> u128 {
        if self.gap {
            self.close();
        }
        self.top
    }

    /// Takes the event of the smallest key, which [`Heap::first`] has just shown.
    #[inline]
    pub(super) fn take(&mut self) -> E {
        self.gap = true;
        self.events[place_of(self.top) as usize]
    }

    #[inline]
    pub(super) fn push(&mut self, time: u64, seq: u32, event: E) {
        if self.gap {
            // The gap at the top comes with the row of its event.
            let row = place_of(self.top);
            self.events[row as usize] = event;
            self.gap = false;
            self.sink(key(time, seq, row));
            return;
        }
        let row = if let Some(row) = self.free.pop() {
            self.events[row as usize] = event;
            row
        } else {
            self.grow(event)
        };
        self.rise(key(time, seq, row));
    }

    #[cold]
    fn grow(&mut self, event: E) -> u32 {
        let row = u32::try_from(self.events.len()).expect("fewer than 2^32 events are pending");
        self.events.push(event);
        // Room to give every row back, so that no later event waits for memory.
        self.free.reserve(self.events.len());
        row
    }

    /// Fills the gap at the top with the last key.
    #[inline]
    fn close(&mut self) {
        self.gap = false;
        self.free.push(place_of(self.top));
        if self.below == 0 {
            self.top = NEVER;
            return;
        }
        self.below -= 1;
        let last = &mut self.quads[self.below / 4].0[self.below % 4];
        let moved = *last;
        *last = NEVER;
        self.sink(moved);
    }

    /// Puts `item` at the top and moves it down to its place.
    #[inline]
    fn sink(&mut self, item: u128) {
        let Some(Quad(children)) = self.quads.first_mut() else {
            self.top = item;
            return;
        };
        let mut at = smallest(children);
        if item < children[at] {
            self.top = item;
            return;
        }
        self.top = children[at];
        let mut quad = 0;
        loop {
            let next = 4 * quad + at + 1;
            let Some(Quad(children)) = self.quads.get(next) else { break };
            let child = smallest(children);
            let value = children[child];
            if item < value {
                break;
            }
            self.quads[quad].0[at] = value;
            (quad, at) = (next, child);
        }
        self.quads[quad].0[at] = item;
    }

    /// Puts `item` at the end and moves it up to its place.
    #[inline]
    fn rise(&mut self, item: u128) {
        if self.top == NEVER {
            self.top = item;
            return;
        }
        let mut at = self.below;
        self.below += 1;
        if at / 4 == self.quads.len() {
            self.quads.push(EMPTY);
        }
        while at >= 4 {
            let parent = at / 4 - 1;
            let value = self.quads[parent / 4].0[parent % 4];
            if value < item {
                self.quads[at / 4].0[at % 4] = item;
                return;
            }
            self.quads[at / 4].0[at % 4] = value;
            at = parent;
        }
        if self.top < item {
            self.quads[0].0[at] = item;
        } else {
            self.quads[0].0[at] = self.top;
            self.top = item;
        }
    }

    /// How much fits without growing: quads, events, free rows.
    #[cfg(test)]
    pub(super) fn room(&self) -> (usize, usize, usize) {
        (self.quads.capacity(), self.events.capacity(), self.free.capacity())
    }

    /// All keys, in no order.
    pub(super) fn keys(&self) -> impl Iterator<Item = u128> {
        let top = (!self.gap).then_some(self.top);
        top.into_iter().chain(self.quads.iter().flat_map(|quad| quad.0)).filter(|key| *key != NEVER)
    }

    /// Gives every key the order that `rank` says for its time and order; the ranks must keep the order of the keys.
    pub(super) fn renumber(&mut self, rank: impl Fn(u64, u32) -> u32) {
        let again = |old: &mut u128| {
            if *old != NEVER {
                *old = key(time_of(*old), rank(time_of(*old), seq_of(*old)), place_of(*old));
            }
        };
        if !self.gap {
            again(&mut self.top);
        }
        self.quads.iter_mut().flat_map(|quad| &mut quad.0).for_each(again);
    }
}

/// Which of the four is smallest, found without a branch.
#[inline]
fn smallest(keys: &[u128; 4]) -> usize {
    let left = usize::from(keys[1] < keys[0]);
    let right = 2 + usize::from(keys[3] < keys[2]);
    if keys[right] < keys[left] { right } else { left }
}
