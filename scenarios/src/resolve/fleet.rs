//! Launch templates, fixed sets of instances, and Auto Scaling groups.

use super::context::{Cx, FleetKind};
use super::dist::{lognormal, uniform};
use super::{edge, lifecycle, price};
use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use crate::schema::{self, AutoScalingGroup, HealthCheckType};
use models::plan::{
    AutoScaling, Distribution, Fleet, FleetId, LaunchTemplate, LifecycleHook, Monitoring, Phase, Release, Sizing,
    TargetGroupId,
};
use sim_core::{Dist, Duration, Table};

/// More instances than this in one set are refused.
pub(super) const MOST: u32 = 100_000;

pub(crate) fn resolve(cx: &mut Cx<'_>) -> Table<FleetId, Fleet> {
    let mut fleets = Table::default();
    let default = schema::LaunchTemplate::default();
    for (name, kind) in cx.fleets.clone() {
        if fleets.iter().any(|(_, fleet): (_, &Fleet)| fleet.name == name) {
            let block = if kind == FleetKind::Inline { "services" } else { "auto_scaling_groups" };
            let help =
                "sets of instances, Auto Scaling groups, and services with instances of their own need different names";
            cx.error(
                cx.root.field(block).key(&name),
                format!("`{name}` is the name of another set of instances too"),
                "second one",
                help,
            );
        }
        fleets.push(match kind {
            FleetKind::Fixed => fixed(cx, &name, &default),
            FleetKind::Group => group(cx, &name, &default),
            FleetKind::Inline => inline(cx, &name, &default),
        });
    }
    fleets
}

fn fixed(cx: &mut Cx<'_>, name: &str, default: &schema::LaunchTemplate) -> Fleet {
    let scenario = cx.scenario;
    let place = cx.root.field("instances").entry(name);
    let Some(set) = scenario.instances.get(name) else { return nothing(cx, name, default, place) };
    let count = cx.count(place.field("count"), Some(set.count), 1, 1, MOST);
    let written = match &set.launch_template {
        Some(template) => {
            cx.find(
                "launch template",
                "launch_templates",
                &scenario.launch_templates,
                template,
                place.field("launch_template"),
            );
            scenario.launch_templates.get(template).unwrap_or(default)
        }
        None => default,
    };
    let mut written = written.clone();
    if let Some(instance_type) = &set.instance_type {
        written.instance_type = Some(instance_type.clone());
        written.vcpus = None;
    }
    written.vcpus = set.vcpus.or(written.vcpus);
    let at = match &set.launch_template {
        Some(name) if set.instance_type.is_none() && set.vcpus.is_none() => {
            cx.root.field("launch_templates").entry(name)
        }
        _ => place,
    };
    Fleet {
        name: name.to_owned(),
        template: LaunchTemplate {
            name: set.launch_template.clone().unwrap_or_default(),
            release: match set.launch_template.as_ref().and_then(|name| scenario.launch_templates.get(name)) {
                Some(settings) => super::refresh::release(cx, name, settings, at),
                None => Release::default(),
            },
            ..template(cx, &written, at, false)
        },
        later_templates: Vec::new(),
        zones: cx.zones_or_all(set.zones.as_ref(), place.field("zones")),
        target_groups: target_groups(cx, &set.target_groups, place.field("target_groups")),
        sizing: Sizing::Fixed(count),
    }
}

fn inline(cx: &mut Cx<'_>, name: &str, default: &schema::LaunchTemplate) -> Fleet {
    let scenario = cx.scenario;
    let place = cx.root.field("services").entry(name);
    let Some(service) = scenario.services.get(name) else { return nothing(cx, name, default, place) };
    let count = cx.count(place.field("instances"), service.instances, 1, 1, MOST);
    let vcpus = if service.instance_type.is_none() { Some(service.vcpus.unwrap_or(1)) } else { service.vcpus };
    let written = schema::LaunchTemplate { instance_type: service.instance_type.clone(), vcpus, ..default.clone() };
    Fleet {
        name: name.to_owned(),
        template: template(cx, &written, place, false),
        later_templates: Vec::new(),
        zones: cx.zones_or_all(service.zones.as_ref(), place.field("zones")),
        target_groups: target_groups(cx, &service.target_groups, place.field("target_groups")),
        sizing: Sizing::Fixed(count),
    }
}

fn nothing<'a>(cx: &mut Cx<'a>, name: &str, default: &schema::LaunchTemplate, place: Place<'a>) -> Fleet {
    let template = template(cx, &schema::LaunchTemplate { vcpus: Some(1), ..default.clone() }, place, false);
    Fleet {
        name: name.to_owned(),
        template,
        later_templates: Vec::new(),
        zones: Vec::new(),
        target_groups: Vec::new(),
        sizing: Sizing::Fixed(1),
    }
}

fn target_groups<'a>(cx: &mut Cx<'a>, names: &[String], place: Place<'a>) -> Vec<TargetGroupId> {
    let mut ids = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let at = place.item(index);
        let found = cx.find("target group", "target_groups", &cx.scenario.target_groups, name, at);
        if let Some(id) = found.map(TargetGroupId::new) {
            if ids.contains(&id) {
                cx.error(at, format!("target group `{name}` is listed twice"), "second time", "");
            } else {
                ids.push(id);
            }
        }
    }
    ids
}

fn template<'a>(cx: &mut Cx<'a>, written: &schema::LaunchTemplate, place: Place<'a>, quiet: bool) -> LaunchTemplate {
    let vcpus = vcpus(cx, written, place, quiet);
    let mut phase =
        |name: &str, dist: &Option<schema::Dist>, default: Dist, failure: Option<crate::units::Share>| Phase {
            duration: dist.as_ref().map_or(default, |dist| {
                super::dist::resolve(dist).unwrap_or_else(|message| {
                    cx.error(place.field(name), message, "no such distribution", "");
                    Dist::Constant(0.0)
                })
            }),
            failure: failure.map_or(0.0, |share| share.0),
        };
    let pending = phase("pending", &written.pending, lognormal(6.0, 20.0), written.pending_failure);
    let boot = phase("boot", &written.boot, lognormal(20.0, 60.0), written.boot_failure);
    let bootstrap = phase("bootstrap", &written.bootstrap, Dist::Constant(0.0), written.bootstrap_failure);
    let smoke_test = written
        .smoke_test
        .is_some()
        .then(|| phase("smoke_test", &written.smoke_test, Dist::Constant(0.0), written.smoke_test_failure));
    let hook = place.field("lifecycle_hook");
    LaunchTemplate {
        name: String::new(),
        release: Release::default(),
        instance_type: written.instance_type.clone().unwrap_or_default(),
        vcpus,
        machine: super::machine::resolve(cx, written, place, vcpus),
        monitoring: match written.monitoring {
            Some(schema::Monitoring::Detailed) => Monitoring::Detailed,
            _ => Monitoring::Basic,
        },
        pending,
        boot,
        bootstrap,
        bootstrap_needs_egress: written.bootstrap_needs_egress.unwrap_or(false),
        bootstrap_download_gb: written.bootstrap_download.map_or(0.5, |size| size.0 / 1e9),
        egress_timeout: cx.time(place.field("egress_timeout"), written.egress_timeout, 60.0, 0.0, 86400.0),
        smoke_test,
        lifecycle_hook: match &written.lifecycle_hook {
            Some(hook_written) => {
                let timeout = lifecycle::timeout(cx, hook.field("heartbeat_timeout"), hook_written.heartbeat_timeout);
                let interval = hook.field("heartbeat_interval");
                Some(LifecycleHook {
                    heartbeat_timeout: timeout,
                    continue_by_default: matches!(hook_written.default_result, Some(schema::DefaultResult::Continue)),
                    heartbeat_interval: lifecycle::interval(cx, interval, hook_written.heartbeat_interval, timeout),
                })
            }
            // A test before service is a launch hook (scaling.md §7.3), with AWS's defaults.
            None => written.smoke_test.is_some().then_some(LifecycleHook {
                heartbeat_timeout: Duration::from_secs(3600),
                continue_by_default: false,
                heartbeat_interval: None,
            }),
        },
    }
}

fn vcpus<'a>(cx: &mut Cx<'a>, written: &schema::LaunchTemplate, place: Place<'a>, quiet: bool) -> u32 {
    let known = written.instance_type.as_deref().and_then(price::vcpus);
    match &written.instance_type {
        Some(name) if known.is_none() && !quiet => {
            let priced = cx.scenario.prices.instances.get(name).is_some();
            if !(priced && written.vcpus.is_some()) {
                let at = place.field("instance_type");
                let diagnostic =
                    Diagnostic::error(at.span(), format!("unknown instance type `{name}`")).label("not in the table");
                let diagnostic = diagnostic.help_names("type", name, &price::instance_types());
                cx.say(diagnostic.help("for another one, give `vcpus`, and its price in `prices: (instances: {..})`"));
            }
        }
        None if written.vcpus.is_none() && !quiet => {
            cx.error(
                place,
                "neither `instance_type` nor `vcpus`",
                "how large are its instances?",
                "add `instance_type: \"m5.large\"` or `vcpus: 2`",
            );
        }
        _ => {}
    }
    let at = place.field("vcpus");
    cx.count(at, written.vcpus, known.unwrap_or(1), 1, 448)
}

fn group(cx: &mut Cx<'_>, name: &str, default: &schema::LaunchTemplate) -> Fleet {
    let scenario = cx.scenario;
    let place = cx.root.field("auto_scaling_groups").entry(name);
    let Some(written) = scenario.auto_scaling_groups.get(name) else { return nothing(cx, name, default, place) };
    let at = place.field("launch_template");
    cx.find("launch template", "launch_templates", &scenario.launch_templates, &written.launch_template, at);
    let own = written.launch_template.as_str();
    let later = super::refresh::later_templates(cx, name);
    let template = template_of(cx, name, own, default);
    let mut scaling = scaling(cx, name, written, place);
    super::mixed::settle(cx, written, &template, place, &mut scaling);
    if template.machine.converge.as_ref().is_some_and(|converge| converge.auto_healing.is_some()) {
        let at = cx.root.field("launch_templates").entry(&template.name).field("converge").field("auto_healing");
        let message = format!("auto-healing in the Auto Scaling group `{name}`");
        let help = "leave it out: a group replaces its instances; or use a fixed set of `instances`";
        cx.error(at, message, "machines of no group are healed so", help);
    }
    if scaling.mixed.is_some() && scaling.warm_pool.is_some() {
        let help = "leave one of them out";
        cx.error(
            place.field("warm_pool"),
            "a warm pool beside several instance types",
            "not with a mixed policy",
            help,
        );
    }
    Fleet {
        name: name.to_owned(),
        template,
        later_templates: later.into_iter().map(|later| template_of(cx, name, later, default)).collect(),
        zones: cx.zones_or_all(written.zones.as_ref(), place.field("zones")),
        target_groups: target_groups(cx, &written.target_groups, place.field("target_groups")),
        sizing: Sizing::AutoScaling(Box::new(scaling)),
    }
}

/// A launch template that a group uses, now or later.
fn template_of<'a>(cx: &mut Cx<'a>, group: &str, name: &'a str, default: &schema::LaunchTemplate) -> LaunchTemplate {
    let scenario = cx.scenario;
    let Some(settings) = scenario.launch_templates.get(name) else {
        return template(cx, &schema::LaunchTemplate { vcpus: Some(1), ..default.clone() }, cx.root, true);
    };
    // Mistakes of a template are told once, by the first group that uses it.
    let uses = |(own, written): &(&str, &AutoScalingGroup)| {
        written.launch_template == name || super::refresh::later_templates(cx, own).contains(&name)
    };
    let first = scenario.auto_scaling_groups.iter().find(uses).is_some_and(|user| user.0 == group);
    let place = cx.root.field("launch_templates").entry(name);
    let before = cx.out.len();
    let made = template(cx, settings, place, false);
    if !first {
        cx.out.truncate(before);
    }
    let release = super::refresh::release(cx, group, settings, place);
    LaunchTemplate { name: name.to_owned(), release, ..made }
}

fn scaling<'a>(cx: &mut Cx<'a>, name: &str, written: &'a AutoScalingGroup, place: Place<'a>) -> AutoScaling {
    let max_size = cx.count(place.field("max_size"), Some(written.max_size), 1, 0, MOST);
    let min_size = cx.count(place.field("min_size"), Some(written.min_size), 0, 0, MOST);
    if min_size > max_size {
        let message = format!("`min_size` {min_size} is above `max_size` {max_size}");
        cx.error(place.field("min_size"), message, "more than the maximum", "lower `min_size` or raise `max_size`");
    }
    let desired_capacity = written.desired_capacity.unwrap_or(min_size);
    if desired_capacity < min_size || desired_capacity > max_size {
        let message = format!("`desired_capacity` {desired_capacity} is outside {min_size} to {max_size}");
        cx.error(
            place.field("desired_capacity"),
            message,
            "outside the bounds",
            "choose a value from `min_size` to `max_size`",
        );
    }
    let elb_health_check = written.health_check_type.is_some_and(HealthCheckType::has_elb);
    let registers = !written.target_groups.is_empty() || !place.field("target_groups").node().items().is_empty();
    if elb_health_check && !registers && !edge::is_behind_classic(cx, name) {
        let help = "name one in `target_groups`, or leave `health_check_type` out";
        cx.error(place.field("health_check_type"), "ELB health checks without a target group", "whose verdict?", help);
    }
    let policies = written
        .policies
        .iter()
        .map(|(policy, settings)| {
            super::policy::resolve(cx, (name, policy), settings, place.field("policies").entry(policy))
        })
        .collect();
    let part = |cx: &mut Cx<'a>, name: &str, value: &Option<schema::Dist>, default| {
        cx.dist(place.field(name), value.as_ref(), default)
    };
    AutoScaling {
        min_size,
        max_size,
        desired_capacity,
        default_cooldown: cx.time(place.field("default_cooldown"), written.default_cooldown, 300.0, 0.0, 86400.0),
        default_instance_warmup: written
            .default_instance_warmup
            .map(|warmup| cx.time(place.field("default_instance_warmup"), Some(warmup), 0.0, 0.0, 3600.0)),
        elb_health_check,
        health_check_grace_period: cx.time(
            place.field("health_check_grace_period"),
            written.health_check_grace_period,
            300.0,
            0.0,
            86400.0 * 7.0,
        ),
        distribution: match written.distribution {
            Some(schema::Distribution::BalancedOnly) => Distribution::BalancedOnly,
            _ => Distribution::BalancedBestEffort,
        },
        health_poll: cx.time(place.field("health_poll"), written.health_poll, 30.0, 0.1, 3600.0),
        loss_notice: part(cx, "loss_notice", &written.loss_notice, lognormal(3.0, 20.0)),
        action_delay: part(cx, "action_delay", &written.action_delay, uniform(4.0, 22.0)),
        launch_retry: part(cx, "launch_retry", &written.launch_retry, uniform(60.0, 96.0)),
        registration: part(cx, "registration", &written.registration, uniform(0.0, 5.0)),
        termination: part(cx, "termination", &written.termination, uniform(20.0, 60.0)),
        drain_early: written.drain_early.unwrap_or(false),
        cooldown_after_drain: written.cooldown_after_drain.unwrap_or(false),
        policies,
        warm_pool: written
            .warm_pool
            .as_ref()
            .map(|pool| super::warm_pool::resolve(cx, pool, min_size, place.field("warm_pool"))),
        schedule: super::schedule::resolve(cx, written, place),
        every_activity_cools_down: written.every_activity_cools_down.unwrap_or(false),
        lifecycle: lifecycle::resolve(cx, written, place),
        mixed: None,
        capacity_rebalance: false,
        termination_policies: Vec::new(),
    }
}
