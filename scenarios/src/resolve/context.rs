//! What resolution of every part needs: names, checks, and a sink for diagnostics.

use super::dist;
use crate::diagnostic::{Diagnostic, Severity};
use crate::outline::Place;
use crate::schema::{self, Named, Scenario};
use crate::units::Dur;
use models::plan::{EndpointId, FleetId, ServiceId, Site, SiteId, TargetGroupId, ZoneId};
use sim_core::{Dist, Duration, Table};
use std::path::Path;

/// Resolution in progress.
pub(crate) struct Cx<'a> {
    /// What the user wrote.
    pub scenario: &'a Scenario,
    /// Where it stands.
    pub root: Place<'a>,
    /// The text itself.
    pub text: &'a str,
    /// Folder that paths start from.
    pub dir: Option<&'a Path>,
    /// What is wrong so far.
    pub out: Vec<Diagnostic>,
    /// Names of the zones, in order of their ids.
    pub zones: Vec<String>,
    /// Names of the fleets, in order of their ids, and where each was declared.
    pub fleets: Vec<(String, FleetKind)>,
    /// Services and names of the endpoints, in order of their ids.
    pub endpoints: Vec<(ServiceId, String)>,
    /// Sites so far.
    pub sites: Table<SiteId, Site>,
    /// Length of the run in seconds.
    pub horizon: f64,
    /// Target groups whose errors some alarm wants compared, target by target.
    pub watched_targets: Vec<TargetGroupId>,
    /// Names of the alarms that target tracking makes; their ids follow those of the alarms that are written.
    pub made_alarms: Vec<String>,
}

/// Where a fleet was declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FleetKind {
    /// In `instances`.
    Fixed,
    /// In `auto_scaling_groups`.
    Group,
    /// By `instances: n` of a service.
    Inline,
}

/// Rows that any one map may have; ids are 16 bits wide.
const MOST_ROWS: usize = 10_000;

impl<'a> Cx<'a> {
    /// Starts with the names of fleets and endpoints, which others refer to before their turn.
    pub fn new(scenario: &'a Scenario, root: Place<'a>, text: &'a str, dir: Option<&'a Path>) -> Self {
        let fixed = scenario.instances.iter().map(|(name, _)| (name.to_owned(), FleetKind::Fixed));
        let groups = scenario.auto_scaling_groups.iter().map(|(name, _)| (name.to_owned(), FleetKind::Group));
        let inline = scenario.services.iter().filter(|(_, s)| s.runs_on.is_none() && s.instances.is_some());
        let inline = inline.map(|(name, _)| (name.to_owned(), FleetKind::Inline));
        let fleets: Vec<_> = fixed.chain(groups).chain(inline).take(MOST_ROWS).collect();
        let mut endpoints = Vec::new();
        for (index, (_, service)) in scenario.services.iter().enumerate().take(MOST_ROWS) {
            for (name, _) in service.endpoints.iter() {
                if endpoints.len() < MOST_ROWS {
                    endpoints.push((ServiceId::new(index), name.to_owned()));
                }
            }
        }
        let horizon = scenario.duration.map_or(0.0, |d| d.0);
        let (zones, out, sites) = (Vec::new(), Vec::new(), Table::default());
        Cx {
            scenario,
            root,
            text,
            dir,
            out,
            zones,
            fleets,
            endpoints,
            sites,
            horizon,
            watched_targets: Vec::new(),
            made_alarms: Vec::new(),
        }
    }

    /// Whether something is wrong already, so that what may follow from it need not be said.
    pub fn failed(&self) -> bool {
        self.out.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Notes a diagnostic.
    pub fn say(&mut self, diagnostic: Diagnostic) {
        self.out.push(diagnostic);
    }

    /// Notes an error at a place.
    pub fn error(&mut self, place: Place<'a>, message: impl Into<String>, label: &str, help: &str) {
        let mut diagnostic = Diagnostic::error(place.span(), message).label(label);
        if !help.is_empty() {
            diagnostic = diagnostic.help(help);
        }
        self.say(diagnostic);
    }

    /// The number of a name in a block such as `target_groups`, or an error that says what is declared there.
    pub fn find<T>(
        &mut self,
        what: &str,
        block: &str,
        things: &Named<T>,
        name: &str,
        place: Place<'a>,
    ) -> Option<usize> {
        if let Some(index) = things.iter().position(|thing| thing.0 == name) {
            return Some(index);
        }
        let known = self.root.field(block).node().keys();
        if self.root.field(block).is_written() && known.contains(&name) {
            // Declared, but with a mistake that was told already.
            return None;
        }
        let known = if self.root.field(block).is_written() { known } else { Vec::new() };
        let diagnostic = Diagnostic::error(place.span(), format!("no {what} named `{name}`"));
        self.say(diagnostic.label(format!("not declared in `{block}`")).help_names(what, name, &known));
        None
    }

    /// A fleet: an Auto Scaling group, a set of instances, or a service's own.
    pub fn fleet(&mut self, name: &str, place: Place<'a>) -> Option<FleetId> {
        if let Some(index) = self.fleets.iter().position(|fleet| fleet.0 == name) {
            return Some(FleetId::new(index));
        }
        let mut known: Vec<&str> = Vec::new();
        for block in ["auto_scaling_groups", "instances"] {
            let place = self.root.field(block);
            if place.is_written() {
                known.extend(place.node().keys());
            }
        }
        known.extend(self.fleets.iter().filter(|f| f.1 == FleetKind::Inline).map(|f| f.0.as_str()));
        if known.contains(&name) {
            return None;
        }
        let diagnostic = Diagnostic::error(place.span(), format!("no group or set of instances named `{name}`"));
        let diagnostic =
            diagnostic.label("not declared in `auto_scaling_groups` or `instances`").help_names("group", name, &known);
        self.say(diagnostic);
        None
    }

    /// A fleet that must be an Auto Scaling group.
    pub fn group(&mut self, name: &str, place: Place<'a>) -> Option<FleetId> {
        let id = self.fleet(name, place)?;
        if self.fleets[id.index()].1 == FleetKind::Group {
            return Some(id);
        }
        let message = format!("`{name}` is a fixed set of instances, not an Auto Scaling group");
        self.error(place, message, "needs a group", "declare it in `auto_scaling_groups`");
        None
    }

    /// The number of a group's scaling policy, one that somebody may invoke.
    pub fn policy(&mut self, group: &str, policy: &str, place: Place<'a>) -> Option<usize> {
        let policies = self.scenario.auto_scaling_groups.get(group).map(|group| &group.policies)?;
        if let Some((index, (_, found))) = policies.iter().enumerate().find(|(_, entry)| entry.0 == policy) {
            if matches!(found, schema::Policy::TargetTracking { .. } | schema::Policy::Predictive { .. }) {
                let help = "alarms and calls invoke simple and step policies; target tracking makes its own alarms";
                self.error(place, format!("policy `{policy}` goes by itself"), "cannot be invoked", help);
            }
            return Some(index);
        }
        let declared = self.root.field("auto_scaling_groups").entry(group).field("policies");
        let known = if declared.is_written() { declared.node().keys() } else { Vec::new() };
        if !known.contains(&policy) {
            let diagnostic = Diagnostic::error(place.span(), format!("group `{group}` has no policy named `{policy}`"));
            self.say(diagnostic.label("not declared in its `policies`").help_names("policy", policy, &known));
        }
        None
    }

    /// A zone.
    pub fn zone(&mut self, name: &str, place: Place<'a>) -> Option<ZoneId> {
        if let Some(index) = self.zones.iter().position(|zone| zone == name) {
            return Some(ZoneId::new(index));
        }
        let known: Vec<String> = self.zones.clone();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let diagnostic = Diagnostic::error(place.span(), format!("no zone named `{name}`"));
        self.say(diagnostic.label("not declared in `regions`").help_names("zone", name, &known));
        None
    }

    /// Zones of a list, or all of them.
    pub fn zones_or_all(&mut self, names: Option<&Vec<String>>, place: Place<'a>) -> Vec<ZoneId> {
        let Some(names) = names else { return (0..self.zones.len()).map(ZoneId::new).collect() };
        if names.is_empty() && place.node().items().is_empty() {
            self.error(
                place,
                "an empty list of zones",
                "no zone",
                "name at least one zone, or leave `zones` out for all of them",
            );
        }
        let mut zones = Vec::new();
        for (index, name) in names.iter().enumerate() {
            if let Some(zone) = self.zone(name, place.item(index)) {
                if zones.contains(&zone) {
                    self.error(place.item(index), format!("zone `{name}` is listed twice"), "second time", "");
                } else {
                    zones.push(zone);
                }
            }
        }
        zones
    }

    /// An endpoint of one of these services by name.
    pub fn endpoint(&mut self, services: &[ServiceId], name: &str, place: Place<'a>) -> Option<EndpointId> {
        let found =
            self.endpoints.iter().position(|(service, endpoint)| services.contains(service) && endpoint == name);
        if let Some(index) = found {
            return Some(EndpointId::new(index));
        }
        let mut known: Vec<&str> = Vec::new();
        for service in services {
            let Some((service, _)) = self.scenario.services.0.get(service.index()) else { continue };
            known.extend(self.root.field("services").entry(service).field("endpoints").node().keys());
        }
        if !known.contains(&name) && !services.is_empty() {
            let diagnostic = Diagnostic::error(place.span(), format!("no endpoint named `{name}`"));
            self.say(diagnostic.label("no such endpoint there").help_names("endpoint", name, &known));
        }
        None
    }

    /// A duration within bounds in seconds, or its default.
    pub fn time(&mut self, place: Place<'a>, value: Option<Dur>, default: f64, low: f64, high: f64) -> Duration {
        let seconds = value.map_or(default, |dur| dur.0);
        self.within(place, seconds, low, high, |seconds| show(*seconds));
        Duration::from_secs_f64(seconds)
    }

    /// A duration without a special bound, or its default.
    pub fn any_time(&mut self, value: Option<Dur>, default: f64) -> Duration {
        Duration::from_secs_f64(value.map_or(default, |dur| dur.0))
    }

    /// A count within bounds, or its default.
    pub fn count(&mut self, place: Place<'a>, value: Option<u32>, default: u32, low: u32, high: u32) -> u32 {
        let value = value.unwrap_or(default);
        self.within(place, value, low, high, u32::to_string);
        value
    }

    /// A finite number within bounds.
    pub fn number(&mut self, place: Place<'a>, value: f64, low: f64, high: f64) -> f64 {
        self.within(place, value, low, high, f64::to_string);
        value
    }

    fn within<T: PartialOrd>(&mut self, place: Place<'a>, value: T, low: T, high: T, text: impl Fn(&T) -> String) {
        if !(value >= low && value <= high) {
            let message = format!("{} is outside {} to {}", text(&value), text(&low), text(&high));
            self.error(
                place,
                message,
                "out of range",
                &format!("choose a value from {} to {}", text(&low), text(&high)),
            );
        }
    }

    /// A distribution, or its default.
    pub fn dist(&mut self, place: Place<'a>, value: Option<&schema::Dist>, default: Dist) -> Dist {
        value.map_or(default, |value| self.needed_dist(place, value))
    }

    /// A distribution.
    pub fn needed_dist(&mut self, place: Place<'a>, value: &schema::Dist) -> Dist {
        dist::resolve(value).unwrap_or_else(|message| {
            self.error(place, message, "no such distribution", "");
            Dist::Constant(0.0)
        })
    }

    /// Source text of a value, on one line.
    pub fn spelling(&self, place: Place<'a>) -> String {
        let words: Vec<&str> = self.text.get(place.span()).unwrap_or("").split_whitespace().collect();
        words.join(" ")
    }

    /// Says so when a map has more rows than ids can count.
    pub fn check_rows(&mut self) {
        for field in self.root.node().fields() {
            if field.value.entries().len() > MOST_ROWS || field.value.items().len() > MOST_ROWS {
                let diagnostic = Diagnostic::error(field.name_span.clone(), format!("more than {MOST_ROWS} entries"));
                self.say(diagnostic.label("too many"));
            }
        }
    }
}

/// Seconds as people write them.
pub(crate) fn show(seconds: f64) -> String {
    let rounded = |value: f64| (value * 1000.0).round() / 1000.0;
    match seconds {
        0.0 => "0 s".to_owned(),
        s if s < 1.0 => format!("{} ms", rounded(s * 1e3)),
        s if s < 600.0 => format!("{} s", rounded(s)),
        s if s < 7200.0 && s % 60.0 == 0.0 => format!("{} min", s / 60.0),
        s if s < 86400.0 * 3.0 && s % 60.0 != 0.0 => format!("{} s", rounded(s)),
        s if s < 86400.0 * 3.0 => format!("{} h", rounded(s / 3600.0)),
        s if s < 86400.0 * 1000.0 => format!("{} d", rounded(s / 86400.0)),
        s => format!("{} years", rounded(s / 86400.0 / 365.25)),
    }
}
