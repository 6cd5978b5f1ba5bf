//! Releases of a service, the launch templates that a group can be moved to, and the preferences of an instance refresh.

use super::context::Cx;
use crate::outline::Place;
use crate::schema::{self, ApiCall, Operation, ProtectedInstances, StandbyInstances};
use models::plan::{AlarmId, EndpointId, RefreshPreferences, Release, ServiceId, Unreplaced};

/// The longest CheckpointDelay and BakeTime, in seconds.
const TWO_DAYS: f64 = 172_800.0;

/// Names of the launch templates that refreshes move a group to, the group's own left out; their order numbers them from 1.
pub(crate) fn later_templates<'a>(cx: &Cx<'a>, group: &str) -> Vec<&'a str> {
    let scenario = cx.scenario;
    let own = scenario.auto_scaling_groups.get(group).map(|group| group.launch_template.as_str());
    let mut names: Vec<&str> = Vec::new();
    for Operation::At { call, .. } in &scenario.operations {
        if let ApiCall::StartInstanceRefresh { group: of, launch_template: Some(name), .. } = call
            && of == group
            && own != Some(name.as_str())
            && !names.contains(&name.as_str())
            && scenario.launch_templates.get(name).is_some()
        {
            names.push(name);
        }
    }
    names
}

/// What is wrong with the releases of a service.
pub(crate) fn check_releases<'a>(cx: &mut Cx<'a>, service: ServiceId, written: &'a schema::Service, place: Place<'a>) {
    for (name, release) in written.releases.iter() {
        let at = place.field("releases").entry(name);
        if let Some(compute) = release.compute {
            cx.number(at.field("compute"), compute, 0.01, 100.0);
        }
        for (endpoint, _) in release.error_rates.iter() {
            cx.endpoint(&[service], endpoint, at.field("error_rates").key(endpoint));
        }
    }
}

/// The release that a launch template brings to the instances of a fleet.
pub(crate) fn release<'a>(
    cx: &mut Cx<'a>,
    fleet: &str,
    written: &'a schema::LaunchTemplate,
    place: Place<'a>,
) -> Release {
    let Some(name) = &written.release else { return Release::default() };
    let at = place.field("release");
    let services = &cx.scenario.services;
    let runs = |(own, service): &(&str, &schema::Service)| service.runs_on.as_deref().unwrap_or(own) == fleet;
    let Some(index) = services.iter().position(|service| runs(&service)) else {
        let message = format!("release `{name}`, and no service runs on `{fleet}`");
        cx.error(at, message, "of which service?", "leave it out, or add a service with `runs_on`");
        return Release::default();
    };
    let (service, settings) = &services.0[index];
    let Some(found) = settings.releases.get(name) else {
        let known: Vec<&str> = settings.releases.iter().map(|release| release.0).collect();
        let message = format!("no release named `{name}` of service `{service}`");
        let diagnostic = crate::diagnostic::Diagnostic::error(at.span(), message).label("not in its `releases`");
        cx.say(diagnostic.help_names("release", name, &known));
        return Release::default();
    };
    let endpoints = cx.endpoints.iter().enumerate().filter(|(_, endpoint)| endpoint.0 == ServiceId::new(index));
    let error_rate = endpoints.filter_map(|(id, (_, endpoint))| {
        let share = found.error_rates.get(endpoint).copied().or(found.error_rate)?;
        Some((EndpointId::new(id), share.0))
    });
    Release {
        name: name.clone(),
        // What is out of bounds has been told where it stands.
        compute: found.compute.filter(|compute| (0.01..=100.0).contains(compute)).unwrap_or(1.0),
        starts: found.starts.unwrap_or(true),
        error_rate: error_rate.collect(),
    }
}

/// The number of the launch template that a refresh moves a group to.
pub(crate) fn template<'a>(cx: &mut Cx<'a>, group: &str, name: Option<&'a String>, place: Place<'a>) -> Option<u16> {
    let Some(name) = name else { return Some(0) };
    let at = place.field("launch_template");
    cx.find("launch template", "launch_templates", &cx.scenario.launch_templates, name, at)?;
    if cx.scenario.auto_scaling_groups.get(group).is_some_and(|group| group.launch_template == *name) {
        return Some(0);
    }
    later_templates(cx, group).iter().position(|later| later == name).map(|index| index as u16 + 1)
}

/// RefreshPreferences, with what AWS would refuse.
pub(crate) fn preferences<'a>(
    cx: &mut Cx<'a>,
    written: &'a schema::RefreshPreferences,
    changes: bool,
    place: Place<'a>,
) -> RefreshPreferences {
    let usual = RefreshPreferences::default();
    let at = |field| place.field(field);
    let min = cx.count(at("min_healthy_percentage"), written.min_healthy_percentage, 90, 0, 100);
    let max =
        written.max_healthy_percentage.map(|max| cx.count(at("max_healthy_percentage"), Some(max), 100, 100, 200));
    if let Some(max) = max.filter(|max| max.saturating_sub(min) > 100) {
        let message = format!("{max} % is more than 100 above the minimum of {min} %");
        let help = format!("choose at most {}, or raise `min_healthy_percentage`", min + 100);
        cx.error(at("max_healthy_percentage"), message, "too far apart", &help);
    }
    let points = written.checkpoint_percentages.clone().unwrap_or_default();
    let list = at("checkpoint_percentages");
    for (index, &point) in points.iter().enumerate() {
        cx.count(list.item(index), Some(point), 100, 1, 100);
        if index > 0 && point <= points[index - 1] {
            let message = format!("checkpoint {point} comes after {}", points[index - 1]);
            cx.error(list.item(index), message, "not ascending", "write them in ascending order");
        }
    }
    if written.checkpoint_delay.is_some() && points.is_empty() {
        cx.error(
            at("checkpoint_delay"),
            "a checkpoint delay without checkpoints",
            "nowhere to wait",
            "add `checkpoint_percentages: [50, 100]`, or leave it out",
        );
    }
    let auto_rollback = written.auto_rollback.unwrap_or(false);
    if auto_rollback && !changes {
        cx.error(
            at("auto_rollback"),
            "a rollback without another launch template",
            "nothing to go back from",
            "add `launch_template: \"..\"`, other than the group's own",
        );
    }
    let names = written.alarms.clone().unwrap_or_default();
    if names.len() > 10 {
        cx.error(at("alarms"), format!("{} alarms", names.len()), "too many", "a refresh goes by at most 10 alarms");
    }
    let mut alarms = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let place = at("alarms").item(index);
        if let Some(id) = cx.find("alarm", "alarms", &cx.scenario.alarms, name, place).map(AlarmId::new) {
            if alarms.contains(&id) {
                cx.error(place, format!("alarm `{name}` is listed twice"), "second time", "");
            } else {
                alarms.push(id);
            }
        }
    }
    RefreshPreferences {
        min_healthy_percentage: min,
        max_healthy_percentage: max,
        instance_warmup: written
            .instance_warmup
            .map(|time| cx.time(at("instance_warmup"), Some(time), 0.0, 0.0, 86_400.0)),
        checkpoint_percentages: points,
        checkpoint_delay: cx.time(at("checkpoint_delay"), written.checkpoint_delay, 3600.0, 0.0, TWO_DAYS),
        bake_time: cx.time(at("bake_time"), written.bake_time, 0.0, 0.0, TWO_DAYS),
        skip_matching: written.skip_matching.unwrap_or(usual.skip_matching),
        scale_in_protected: match written.scale_in_protected_instances {
            Some(ProtectedInstances::Refresh) => Unreplaced::Replace,
            Some(ProtectedInstances::Ignore) => Unreplaced::Ignore,
            Some(ProtectedInstances::Wait) | None => Unreplaced::Wait,
        },
        standby: match written.standby_instances {
            Some(StandbyInstances::Terminate) => Unreplaced::Replace,
            Some(StandbyInstances::Ignore) => Unreplaced::Ignore,
            Some(StandbyInstances::Wait) | None => Unreplaced::Wait,
        },
        auto_rollback,
        alarms,
    }
}
