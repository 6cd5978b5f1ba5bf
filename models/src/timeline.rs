//! The timeline: what the control plane, faults and the run itself did, each with its cause, so chains can be followed.
//!
//! # Models      nothing: it only writes down. Entries are rare (never one per request), so strings are fine here.

use crate::result::{EventKind, TimelineEvent};
use sim_core::Time;
use std::collections::BTreeMap;

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
    /// What was held back, by whom, why and because of what: each is one entry, however often it is looked at.
    held: BTreeMap<(String, &'static str, EntryId), EntryId>,
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
            times: 1,
            until_s: None,
        });
        EntryId(id)
    }

    /// The same came again: it is counted, and no entry more.
    pub fn again(&mut self, id: EntryId, now: Time) {
        if let Some(entry) = (id.0 as usize).checked_sub(1).and_then(|index| self.entries.get_mut(index)) {
            entry.times += 1;
            entry.until_s = Some(now.as_secs_f64());
        }
    }

    /// Something is held back for a reason (a word that tells reasons of one subject and cause apart): written down the first
    /// time, and counted from then on.
    pub fn held_back(&mut self, now: Time, subject: &str, reason: &'static str, detail: &str, cause: EntryId) {
        let key = (subject.to_string(), reason, cause);
        match self.held.get(&key) {
            Some(&entry) => self.again(entry, now),
            None => {
                let entry = self.record(now, EventKind::HeldBack, subject, detail, cause);
                self.held.insert(key, entry);
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::Duration;

    #[test]
    fn what_is_held_back_for_long_is_one_entry_per_reason_and_cause() {
        let mut timeline = Timeline::default();
        let at = |seconds| Time::ZERO + Duration::from_secs(seconds);
        let fault = timeline.record(at(1), EventKind::FaultStarted, "x", "breaks", EntryId::NONE);
        for seconds in [30, 60, 90] {
            timeline.held_back(at(seconds), "web/i-1", "grace", "in its grace period", fault);
        }
        timeline.held_back(at(90), "web/i-1", "batch", "others go first", fault);
        timeline.held_back(at(90), "web/i-1", "grace", "in its grace period", EntryId::NONE);
        let told: Vec<_> = timeline.entries().iter().map(|entry| (entry.t_s, entry.times, entry.until_s)).collect();
        assert_eq!(told, [(1.0, 1, None), (30.0, 3, Some(90.0)), (90.0, 1, None), (90.0, 1, None)]);
    }
}
