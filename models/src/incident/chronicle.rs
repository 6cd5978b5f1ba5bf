//! The timeline by its first causes: everything that an entry led to, found without looking through all of it again.
//!
//! # Models      causes come before their effects, so one pass finds the first cause of each entry

use crate::result::TimelineEvent;

/// The timeline, with an index.
pub struct Chronicle<'a> {
    /// All entries, in order; ids count from 1.
    pub entries: &'a [TimelineEvent],
    /// By entry: the others that name it as their cause.
    effects: Vec<Vec<u32>>,
}

impl<'a> Chronicle<'a> {
    /// Of a timeline.
    pub fn new(entries: &'a [TimelineEvent]) -> Self {
        let mut effects = vec![Vec::new(); entries.len() + 1];
        for entry in entries {
            if let Some(effects) = entry.cause.and_then(|cause| effects.get_mut(cause as usize)) {
                effects.push(entry.id);
            }
        }
        Chronicle { entries, effects }
    }

    /// The entry of that id.
    pub fn get(&self, id: u32) -> Option<&'a TimelineEvent> {
        self.entries.get((id as usize).checked_sub(1)?)
    }

    /// Everything that an entry led to, itself left out, in order of time.
    pub fn descendants(&self, root: u32) -> Vec<&'a TimelineEvent> {
        let mut found: Vec<u32> = self.effects.get(root as usize).cloned().unwrap_or_default();
        let mut at = 0;
        while let Some(&id) = found.get(at) {
            found.extend(&self.effects[id as usize]);
            at += 1;
        }
        found.sort_unstable();
        found.into_iter().filter_map(|id| self.get(id)).collect()
    }

    /// What led to an entry, from its first cause to itself.
    pub fn path(&self, id: u32) -> Vec<&'a TimelineEvent> {
        let mut path: Vec<_> = std::iter::successors(self.get(id), |entry| self.get(entry.cause?)).collect();
        path.reverse();
        path
    }

    /// The entries from one moment to another, both included.
    pub fn between(&self, from_s: f64, to_s: f64) -> &'a [TimelineEvent] {
        let first = self.entries.partition_point(|entry| entry.t_s < from_s);
        let last = self.entries.partition_point(|entry| entry.t_s <= to_s);
        &self.entries[first..last.max(first)]
    }
}
