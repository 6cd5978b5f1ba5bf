//! The earliest among the heads of the sources, kept by a tournament: each match remembers its winner.
//!
//! ```text
//!                 tree[1]                the champion: read at every pop
//!          tree[2]       tree[3]         matches
//!       tree[4] tree[5] tree[6] tree[7]  the sources' heads, `NEVER` where a source is empty
//! ```

use super::NEVER;

/// Leaves of a tree that needs no loop: most worlds have no more sources.
const FEW: usize = 16;

#[derive(Clone)]
pub(super) struct Heads {
    /// The heads from `leaves` on, and above each pair its earlier; the champion at 1, nothing at 0.
    tree: Vec<u128>,
    leaves: usize,
    sources: usize,
}

impl Heads {
    pub(super) fn new() -> Self {
        Heads { tree: vec![NEVER; 2 * FEW], leaves: FEW, sources: 0 }
    }

    /// Adds an empty source and returns its number.
    pub(super) fn add(&mut self) -> u32 {
        let source = self.sources;
        self.sources += 1;
        if self.sources > self.leaves {
            let heads = self.tree[self.leaves..].to_vec();
            self.leaves *= 2;
            self.tree = vec![NEVER; 2 * self.leaves];
            for (source, head) in heads.into_iter().enumerate() {
                self.replace(source as u32, head);
            }
        }
        u32::try_from(source).expect("fewer than 2^32 lanes and slots")
    }

    /// The earliest head, or `NEVER`.
    #[inline]
    pub(super) fn first(&self) -> u128 {
        self.tree[1]
    }

    /// Gives a source that was empty its head: up as far as it wins.
    #[inline]
    pub(super) fn fill(&mut self, source: u32, head: u128) {
        let mut at = self.leaves + source as usize;
        while at > 0 && head < self.tree[at] {
            self.tree[at] = head;
            at /= 2;
        }
    }

    /// Gives a source another head, earlier or later, or none: every match above it is played again.
    #[inline]
    pub(super) fn replace(&mut self, source: u32, head: u128) {
        match <&mut [u128; 2 * FEW]>::try_from(&mut self.tree[..]) {
            Ok(tree) => replay_few(tree, source, head),
            Err(_) => self.replay_many(source, head),
        }
    }

    #[inline(never)]
    fn replay_many(&mut self, source: u32, head: u128) {
        let mut at = self.leaves + source as usize;
        let mut winner = head;
        self.tree[at] = head;
        while at > 1 {
            winner = earlier(winner, self.tree[at ^ 1]);
            at /= 2;
            self.tree[at] = winner;
        }
    }
}

/// The same for a tree whose size the compiler knows: no index is checked, and the matches stand one after another.
#[inline(always)]
fn replay_few(tree: &mut [u128; 2 * FEW], source: u32, head: u128) {
    let mut at = FEW | (source as usize % FEW);
    let mut winner = head;
    tree[at] = head;
    for _ in 0..FEW.ilog2() {
        winner = earlier(winner, tree[at ^ 1]);
        at /= 2;
        tree[at] = winner;
    }
}

/// The earlier of two keys, without a branch: which of two sources is next is past predicting.
#[inline(always)]
fn earlier(a: u128, b: u128) -> u128 {
    let take_b = 0_u64.wrapping_sub(u64::from(b < a));
    let mask = u128::from(take_b) << 64 | u128::from(take_b);
    a ^ ((a ^ b) & mask)
}
