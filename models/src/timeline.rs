//! The timeline: what the control plane, faults and the run itself did, each with its cause, so chains can be followed.
//!
//! # Models      nothing: it only writes down. Entries are rare (never one per request), so strings are fine here.

use crate::result::{EventKind, TimelineEvent};
use sim_core::Time;

/// Id of an entry; what later entries name as their cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryId(pub u32);

impl EntryId {
    /// No cause known.
    pub const NONE: EntryId = EntryId(0);

    /// The entry, unless it is `NONE`.
    pub fn known(self) -> Option<u32> {
        (self != EntryId::NONE).then_some(self.0)
    }
}

/// All entries so far.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    entries: Vec<TimelineEvent>,
}

impl Timeline {
    /// Writes an entry down and returns its id.
    pub fn record(
        &mut self,
        now: Time,
        kind: EventKind,
        subject: impl Into<String>,
        detail: impl Into<String>,
        cause: EntryId,
    ) -> EntryId {
        let id = self.entries.len() as u32 + 1;
        self.entries.push(TimelineEvent {
            id,
            t_s: now.as_secs_f64(),
            kind,
            subject: subject.into(),
            detail: detail.into(),
            cause: cause.known(),
            since_s: None,
            published_s: None,
        });
        EntryId(id)
    }

    /// Adds to an entry when what it tells of began, and when the first of it could be read, if it had to be published.
    pub fn began(&mut self, id: EntryId, since: Time, published: Option<Time>) {
        if let Some(entry) = (id.0 as usize).checked_sub(1).and_then(|index| self.entries.get_mut(index)) {
            entry.since_s = Some(since.as_secs_f64());
            entry.published_s = published.map(Time::as_secs_f64);
        }
    }

    /// The entry with that id.
    pub fn get(&self, id: EntryId) -> Option<&TimelineEvent> {
        self.entries.get((id.0 as usize).checked_sub(1)?)
    }

    /// All entries, in order.
    pub fn entries(&self) -> &[TimelineEvent] {
        &self.entries
    }

    /// Gives the entries away.
    pub fn into_entries(self) -> Vec<TimelineEvent> {
        self.entries
    }
}
