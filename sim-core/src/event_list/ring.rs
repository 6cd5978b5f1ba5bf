//! A queue in a ring whose length is a power of two, so that going round costs a mask; it only ever grows.

use super::NEVER;

/// An event with its key.
#[derive(Clone, Copy)]
struct Pending<E> {
    key: u128,
    event: E,
}

/// First in, first out.
#[derive(Clone)]
pub(super) struct Ring<E> {
    /// None, or a power of two of rows. The row behind the last is always free and has the key `NEVER`; what stands in
    /// the others is left from before.
    rows: Vec<Pending<E>>,
    first: usize,
    len: usize,
}

impl<E: Copy> Ring<E> {
    pub(super) const fn new() -> Self {
        Ring { rows: Vec::new(), first: 0, len: 0 }
    }

    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The row that is so many after the first.
    #[inline]
    fn row(&self, after: usize) -> usize {
        self.first.wrapping_add(after) & self.rows.len().wrapping_sub(1)
    }

    /// Adds a row at the end.
    #[inline]
    pub(super) fn push(&mut self, key: u128, event: E) {
        if self.len + 1 >= self.rows.len() {
            self.grow(event);
        }
        // Part by part, and nowhere handed on as a whole: a row put together in memory first is slow to be read back.
        let row = self.row(self.len);
        let row = &mut self.rows[row];
        row.key = key;
        row.event = event;
        self.len += 1;
        self.end();
    }

    /// Marks the end of the queue.
    #[inline]
    fn end(&mut self) {
        let row = self.row(self.len);
        if let Some(row) = self.rows.get_mut(row) {
            row.key = NEVER;
        }
    }

    /// Makes room for as many again; this event fills it for now.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, event: E) {
        self.rows.rotate_left(self.first);
        self.first = 0;
        self.rows.resize((2 * self.rows.len()).max(4), Pending { key: NEVER, event });
    }

    /// Takes the first event.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<E> {
        if self.len == 0 {
            return None;
        }
        let row = self.row(0);
        self.first = self.row(1);
        self.len -= 1;
        Some(self.rows[row].event)
    }

    /// The key of the first row, or `NEVER`.
    #[inline]
    pub(super) fn first(&self) -> u128 {
        // Nobody asks whether there is one: of a short lane that would be past predicting.
        self.rows.get(self.row(0)).map_or(NEVER, |row| row.key)
    }

    /// Forgets all rows.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.len = 0;
        self.end();
    }

    /// All keys in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = u128> {
        (0..self.len).map(|after| self.rows[self.row(after)].key)
    }

    /// Changes every key.
    pub(super) fn rekey(&mut self, again: impl Fn(u128) -> u128) {
        for after in 0..self.len {
            let row = self.row(after);
            self.rows[row].key = again(self.rows[row].key);
        }
    }

    /// How much fits without growing.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.rows.capacity()
    }
}
