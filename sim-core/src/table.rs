//! Rows found by typed ids: tables that only grow, and pools whose rows are used again.
//!
//! ```text
//!  id_type! ZoneId ──► Table<ZoneId, Zone>           one row per part of the plan, made at build
//!  id_type! RequestId ──► Pool<RequestId, Request>   insert ──► id ──► remove ──► the row serves the next
//!                              └─ generation: counts on when a row is given up, so an old timer meets nobody
//! ```
//! # Models      parts that name each other by index, so the world is one tree of owned values without pointers
//! # Leaves out  lookup by name; removal from a table
//! # Source      typed ids over vectors: ruff's `ruff_index`; generations: the slot map of many game engines

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// A number that stands for a row of one kind of table; made by [`id_type!`](crate::id_type).
pub trait Id: Copy + Ord + fmt::Debug {
    /// The id of row `index`.
    ///
    /// # Panics
    /// Where the id's integer cannot count that far.
    fn new(index: usize) -> Self;
    /// The row this id stands for.
    fn index(self) -> usize;
}

/// Declares ids that are small integers of their own type.
///
/// ```
/// sim_core::id_type! {
///     /// One availability zone.
///     pub struct ZoneId(u16);
/// }
/// let zone = ZoneId::new(3);
/// assert_eq!(zone.index(), 3);
/// assert_eq!(format!("{zone:?}"), "ZoneId(3)");
/// ```
#[macro_export]
macro_rules! id_type {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident($int:ty);)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis struct $name($int);

        #[allow(dead_code)]
        impl $name {
            /// The id of row `index`.
            ///
            /// # Panics
            /// Where the id's integer cannot count that far.
            #[inline]
            #[must_use]
            $vis const fn new(index: usize) -> Self {
                assert!(index as u128 <= <$int>::MAX as u128, concat!("more rows than ", stringify!($name), " can count"));
                Self(index as $int)
            }

            /// The row this id stands for.
            #[inline]
            #[must_use]
            $vis const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl $crate::table::Id for $name {
            #[inline]
            fn new(index: usize) -> Self {
                $name::new(index)
            }
            #[inline]
            fn index(self) -> usize {
                self.0 as usize
            }
        }
    )+};
}

/// Rows in order of their ids, 0, 1, 2 …, none ever removed.
#[derive(Clone, PartialEq, Eq)]
pub struct Table<I, T> {
    rows: Vec<T>,
    id: PhantomData<fn(I) -> I>,
}

impl<I: Id, T> Table<I, T> {
    /// A table without rows.
    #[must_use]
    pub const fn new() -> Self {
        Table { rows: Vec::new(), id: PhantomData }
    }

    /// A table of `rows` rows, each made from its id.
    pub fn from_fn(rows: usize, mut row: impl FnMut(I) -> T) -> Self {
        (0..rows).map(|index| row(I::new(index))).collect()
    }

    /// Adds a row and returns its id.
    pub fn push(&mut self, row: T) -> I {
        let id = I::new(self.rows.len());
        self.rows.push(row);
        id
    }

    /// The row of `id`, or none where the table is shorter.
    #[inline]
    pub fn get(&self, id: I) -> Option<&T> {
        self.rows.get(id.index())
    }

    /// The row of `id` to change, or none where the table is shorter.
    #[inline]
    pub fn get_mut(&mut self, id: I) -> Option<&mut T> {
        self.rows.get_mut(id.index())
    }

    /// How many rows there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All ids in order; borrows nothing, so the rows may change meanwhile.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = I> + ExactSizeIterator + use<I, T> {
        (0..self.rows.len()).map(I::new)
    }

    /// All rows with their ids, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (I, &T)> + ExactSizeIterator {
        self.rows.iter().enumerate().map(|(index, row)| (I::new(index), row))
    }

    /// All rows to change, with their ids, in order.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (I, &mut T)> + ExactSizeIterator {
        self.rows.iter_mut().enumerate().map(|(index, row)| (I::new(index), row))
    }

    /// All rows in order.
    pub fn values(&self) -> std::slice::Iter<'_, T> {
        self.rows.iter()
    }

    /// All rows to change, in order.
    pub fn values_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.rows.iter_mut()
    }
}

impl<I: Id, T> Default for Table<I, T> {
    fn default() -> Self {
        Table::new()
    }
}

impl<I: Id, T> FromIterator<T> for Table<I, T> {
    fn from_iter<R: IntoIterator<Item = T>>(rows: R) -> Self {
        Table { rows: rows.into_iter().collect(), id: PhantomData }
    }
}

impl<I: Id, T: fmt::Debug> fmt::Debug for Table<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<I: Id, T> Index<I> for Table<I, T> {
    type Output = T;
    #[inline]
    fn index(&self, id: I) -> &T {
        &self.rows[id.index()]
    }
}

impl<I: Id, T> IndexMut<I> for Table<I, T> {
    #[inline]
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.rows[id.index()]
    }
}

/// Rows that come and go; a row given up serves the next insertion, the one given up last first.
///
/// Rows are plain values, so that the generation alone says whether one is in use: it is even then. Once it has held its
/// greatest number of rows it allocates nothing more.
#[derive(Clone)]
pub struct Pool<I, T> {
    rows: Vec<Row<T>>,
    free: Vec<u32>,
    id: PhantomData<fn(I) -> I>,
}

#[derive(Clone)]
struct Row<T> {
    /// Counts on when the row is taken and when it is given up: even while it is in use.
    generation: u32,
    value: T,
}

impl<T> Row<T> {
    #[inline]
    const fn used(&self) -> bool {
        self.generation.is_multiple_of(2)
    }
}

impl<I: Id, T: Copy> Pool<I, T> {
    /// A pool without rows.
    #[must_use]
    pub const fn new() -> Self {
        Pool { rows: Vec::new(), free: Vec::new(), id: PhantomData }
    }

    /// A pool that holds `rows` rows before it allocates.
    #[must_use]
    pub fn with_capacity(rows: usize) -> Self {
        Pool { rows: Vec::with_capacity(rows), free: Vec::with_capacity(rows), id: PhantomData }
    }

    /// Puts `value` into a free row and returns its id.
    #[inline]
    pub fn insert(&mut self, value: T) -> I {
        self.enter(value).0
    }

    /// Puts `value` into a free row and returns its id and its generation.
    // Inlined, so that a value made for the call is written into its row and nowhere else.
    #[inline(always)]
    pub fn enter(&mut self, value: T) -> (I, u32) {
        if let Some(index) = self.free.pop() {
            let row = &mut self.rows[index as usize];
            row.generation = row.generation.wrapping_add(1);
            row.value = value;
            (I::new(index as usize), row.generation)
        } else {
            assert!(self.rows.len() < u32::MAX as usize, "more rows than a pool can count");
            self.rows.push(Row { generation: 0, value });
            (I::new(self.rows.len() - 1), 0)
        }
    }

    /// Gives the row up and returns what was in it; its generation counts on.
    ///
    /// # Panics
    /// Where the row is not in use.
    #[inline]
    pub fn remove(&mut self, id: I) -> T {
        let row = &mut self.rows[id.index()];
        assert!(row.used(), "a row is removed once, while it is in use");
        row.generation = row.generation.wrapping_add(1);
        let value = row.value;
        self.free.push(id.index() as u32);
        value
    }

    /// The generation of the row: a timer carries it beside the id, and so never matches the row's next use.
    ///
    /// # Panics
    /// Where the pool never had such a row.
    #[inline]
    pub fn generation(&self, id: I) -> u32 {
        self.rows[id.index()].generation
    }

    /// The row of `id` if it is in use and still of this generation, which is one that a row in use had.
    #[inline]
    pub fn get(&self, id: I, generation: u32) -> Option<&T> {
        self.rows.get(id.index()).filter(|row| row.generation == generation).map(|row| &row.value)
    }

    /// The row of `id` to change, if it is in use and still of this generation, which is one that a row in use had.
    #[inline]
    pub fn get_mut(&mut self, id: I, generation: u32) -> Option<&mut T> {
        self.rows.get_mut(id.index()).filter(|row| row.generation == generation).map(|row| &mut row.value)
    }

    /// Whether the row is in use.
    #[inline]
    pub fn contains(&self, id: I) -> bool {
        self.rows.get(id.index()).is_some_and(Row::used)
    }

    /// How many rows are in use.
    #[inline]
    pub fn len(&self) -> usize {
        self.rows.len() - self.free.len()
    }

    /// Whether no row is in use.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many rows were in use at once at most.
    #[inline]
    pub fn peak(&self) -> usize {
        self.rows.len()
    }

    /// The rows in use with their ids, in order of the ids.
    pub fn iter(&self) -> impl Iterator<Item = (I, &T)> {
        self.rows.iter().enumerate().filter(|(_, row)| row.used()).map(|(index, row)| (I::new(index), &row.value))
    }

    /// The rows in use to change, with their ids, in order of the ids.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (I, &mut T)> {
        let used = self.rows.iter_mut().enumerate().filter(|(_, row)| row.used());
        used.map(|(index, row)| (I::new(index), &mut row.value))
    }
}

impl<I: Id, T: Copy> Default for Pool<I, T> {
    fn default() -> Self {
        Pool::new()
    }
}

impl<I: Id, T: Copy + fmt::Debug> fmt::Debug for Pool<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// # Panics
/// Where the row is not in use.
impl<I: Id, T: Copy> Index<I> for Pool<I, T> {
    type Output = T;
    #[inline]
    fn index(&self, id: I) -> &T {
        let row = &self.rows[id.index()];
        assert!(row.used(), "the row is in use");
        &row.value
    }
}

/// # Panics
/// Where the row is not in use.
impl<I: Id, T: Copy> IndexMut<I> for Pool<I, T> {
    #[inline]
    fn index_mut(&mut self, id: I) -> &mut T {
        let row = &mut self.rows[id.index()];
        assert!(row.used(), "the row is in use");
        &mut row.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::id_type! {
        /// A row of the tests.
        struct RowId(u32);
        /// An id that counts to 255.
        struct SmallId(u8);
    }

    #[test]
    fn a_table_is_indexed_by_its_ids() {
        let mut table: Table<RowId, &str> = Table::new();
        let (a, b) = (table.push("a"), table.push("b"));
        table[b] = "c";
        assert_eq!((table[a], table[b], table.len()), ("a", "c", 2));
        assert_eq!(table.ids().collect::<Vec<_>>(), [a, b]);
        assert_eq!(format!("{table:?}"), r#"{RowId(0): "a", RowId(1): "c"}"#);
        assert_eq!(table.get(RowId::new(2)), None);
        assert_eq!(Table::<RowId, usize>::from_fn(3, |id| id.index() * 2).values().sum::<usize>(), 6);
    }

    #[test]
    #[should_panic(expected = "more rows than SmallId can count")]
    fn an_id_too_small_says_so() {
        let _ = SmallId::new(256);
    }

    #[test]
    fn an_old_generation_meets_nobody() {
        let mut pool: Pool<RowId, u64> = Pool::new();
        let first = pool.insert(7);
        let old = pool.generation(first);
        assert_eq!(pool.get(first, old), Some(&7));
        assert_eq!(pool.remove(first), 7);
        assert_eq!(pool.get(first, old), None);
        let second = pool.insert(8);
        assert_eq!(first, second, "the row is used again");
        assert_eq!(pool.get(second, old), None);
        assert_eq!(pool.get(second, pool.generation(second)), Some(&8));
        assert_eq!((pool.len(), pool.peak()), (1, 1));
    }

    #[test]
    #[should_panic(expected = "while it is in use")]
    fn a_row_is_not_removed_twice() {
        let mut pool: Pool<RowId, u64> = Pool::new();
        let id = pool.insert(7);
        pool.remove(id);
        pool.remove(id);
    }
}
