//! Blame: which timeline entry an ill instance or zone has to thank, so that verdicts can name their cause.
//!
//! # Models      nothing that acts: control-plane parts read it only to write the cause into the timeline

use crate::plan::{FleetId, TargetGroupId, ZoneId};
use crate::request::InstanceId;
use crate::timeline::EntryId;
use sim_core::Time;
use std::collections::BTreeMap;

/// The latest fault (or other cause) on record for each thing.
#[derive(Clone, Debug, Default)]
pub struct Blame {
    instances: Vec<EntryId>,
    zones: Vec<EntryId>,
    fleets: Vec<(EntryId, Time)>,
    launches: Vec<EntryId>,
    streaks: BTreeMap<(TargetGroupId, InstanceId, bool), Time>,
}

impl Blame {
    /// A node has made up its mind about a target by checks of which the first was at `since`. Of several nodes the first
    /// counts; who goes over to the other verdict begins anew.
    pub fn streak(&mut self, group: TargetGroupId, instance: InstanceId, healthy: bool, since: Time) {
        self.streaks.remove(&(group, instance, !healthy));
        self.streaks.entry((group, instance, healthy)).or_insert(since);
    }

    /// The first of the checks behind the verdict on a target.
    pub fn first_check(&self, group: TargetGroupId, instance: InstanceId, healthy: bool) -> Option<Time> {
        self.streaks.get(&(group, instance, healthy)).copied()
    }

    /// What struck an instance last.
    pub fn of_instance(&self, instance: InstanceId) -> EntryId {
        self.instances.get(instance.index()).copied().unwrap_or(EntryId::NONE)
    }

    /// What struck a zone last.
    pub fn of_zone(&self, zone: ZoneId) -> EntryId {
        self.zones.get(zone.index()).copied().unwrap_or(EntryId::NONE)
    }

    /// What slows a fleet, or did so until a little while ago: metrics and alarms come late.
    pub fn of_fleet(&self, fleet: FleetId, now: Time) -> EntryId {
        match self.fleets.get(fleet.index()) {
            Some(&(entry, until)) if now <= until => entry,
            _ => EntryId::NONE,
        }
    }

    /// What makes launches of a fleet fail.
    pub fn of_launches(&self, fleet: FleetId) -> EntryId {
        self.launches.get(fleet.index()).copied().unwrap_or(EntryId::NONE)
    }

    /// Puts failing launches of a fleet down to `entry`.
    pub fn launches(&mut self, fleet: FleetId, entry: EntryId) {
        put(&mut self.launches, fleet.index(), entry);
    }

    /// Puts a fleet's slowness down to `entry`, for alarms that fire before `until`.
    pub fn fleet(&mut self, fleet: FleetId, entry: EntryId, until: Time) {
        if self.fleets.len() <= fleet.index() {
            self.fleets.resize(fleet.index() + 1, (EntryId::NONE, Time::ZERO));
        }
        self.fleets[fleet.index()] = (entry, until);
    }

    /// Puts an instance's trouble down to `entry`.
    pub fn instance(&mut self, instance: InstanceId, entry: EntryId) {
        put(&mut self.instances, instance.index(), entry);
    }

    /// Puts a zone's trouble down to `entry`.
    pub fn zone(&mut self, zone: ZoneId, entry: EntryId) {
        put(&mut self.zones, zone.index(), entry);
    }
}

fn put(entries: &mut Vec<EntryId>, index: usize, entry: EntryId) {
    if entries.len() <= index {
        entries.resize(index + 1, EntryId::NONE);
    }
    entries[index] = entry;
}
