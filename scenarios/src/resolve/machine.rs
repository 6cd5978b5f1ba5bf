//! What an instance type is besides vCPUs and a price, and what the scenario makes of it.
//!
//! # Source      scaling.md §6.2 (burstable types), §6.3 (sizes)

use super::context::Cx;
use super::dist::{lognormal, uniform};
use crate::outline::Place;
use crate::schema::{self, CpuCredits};
use crate::units::Size;
use models::plan::{
    Alarm, AlarmId, ApplicationCheck, AtLimit, AutoHealing, Burst, Converge, Credits, Endpoint, EndpointId, Fleet,
    FleetId, Machine, MachineMetric, Memory, Metric, Service, ServiceId, Step, Volume,
};
use sim_core::{Dist, Duration, Table};

/// Bytes of a MiB.
const MIB: f64 = 1_048_576.0;

/// Sizes of burstable families: name, GiB, baseline per vCPU of T3, T3a and T4g, and of T2.
const BURSTABLE: &[(&str, f64, f64, f64)] = &[
    ("nano", 0.5, 0.05, 0.05),
    ("micro", 1.0, 0.10, 0.10),
    ("small", 2.0, 0.20, 0.20),
    ("medium", 4.0, 0.20, 0.20),
    ("large", 8.0, 0.30, 0.30),
    ("xlarge", 16.0, 0.40, 0.225),
    ("2xlarge", 32.0, 0.40, 0.17),
];

/// Launch credits of T2, per vCPU (rule B4).
const LAUNCH_CREDITS: f64 = 30.0;

/// Memory of a type of so many vCPUs in GiB: of burstable types by size, of the others by family (m 4, c 2, r 8 per vCPU).
pub(crate) fn memory_gib(instance_type: &str, vcpus: u32) -> Option<f64> {
    let (family, size) = instance_type.split_once('.')?;
    if family.starts_with('t') {
        return BURSTABLE.iter().find(|row| row.0 == size).map(|row| row.1);
    }
    let per_vcpu = match family.chars().next()? {
        'm' => 4.0,
        'c' => 2.0,
        'r' => 8.0,
        _ => return None,
    };
    Some(per_vcpu * f64::from(vcpus))
}

/// The credits of a burstable type, as AWS has them by default (rule B2).
fn credits(instance_type: &str, vcpus: u32) -> Option<Credits> {
    let (family, size) = instance_type.split_once('.')?;
    if !["t2", "t3", "t3a", "t4g"].contains(&family) {
        return None;
    }
    let row = BURSTABLE.iter().find(|row| row.0 == size)?;
    let second = family == "t2";
    Some(Credits {
        baseline: if second { row.3 } else { row.2 },
        unlimited: !second,
        launch: if second { LAUNCH_CREDITS * f64::from(vcpus) } else { 0.0 },
        survives_stop: !second,
        initial: 0.0,
        surplus_price: if family == "t4g" { 0.04 } else { 0.05 },
        slide: Duration::from_secs(900),
        resume: 0.1,
    })
}

/// The credits of another type than the launch template's, as its credit specification has them.
pub(crate) fn of_override(
    specification: Option<&schema::CreditSpecification>,
    template: Option<Credits>,
    instance_type: &str,
    vcpus: u32,
) -> Option<Credits> {
    let mut own = credits(instance_type, vcpus)?;
    let Some(written) = specification else { return Some(own) };
    own.unlimited = written.cpu_credits.map_or(own.unlimited, |mode| mode == CpuCredits::Unlimited);
    own.surplus_price = written.surplus_price.map_or(own.surplus_price, |price| price.0);
    if let Some(template) = template {
        let cap = own.per_hour(vcpus) * Credits::CAP_HOURS;
        (own.slide, own.resume, own.initial) = (template.slide, template.resume, template.initial.min(cap));
    }
    Some(own)
}

/// The machine of a launch template.
pub(crate) fn resolve<'a>(cx: &mut Cx<'a>, written: &schema::LaunchTemplate, place: Place<'a>, vcpus: u32) -> Machine {
    let name = written.instance_type.as_deref().unwrap_or_default();
    let memory_mib = memory_gib(name, vcpus).unwrap_or(0.0) * 1024.0;
    let known = credits(name, vcpus);
    let at = place.field("credit_specification");
    let credits = match (&written.credit_specification, known) {
        (None, known) => known,
        (Some(_), None) => {
            let message = match name {
                "" => "credits without an instance type".to_string(),
                _ => format!("`{name}` has no CPU credits"),
            };
            cx.error(at, message, "not of a burstable type", "choose a T2, T3, T3a or T4g type, or leave this out");
            None
        }
        (Some(written), Some(known)) => Some(specified(cx, written, known, at, vcpus)),
    };
    let memory_mib = match written.memory {
        Some(size) if size.0 <= 0.0 => {
            cx.error(place.field("memory"), "an instance without memory", "zero", "leave this out, or say how much");
            memory_mib
        }
        Some(size) => size.0 / MIB,
        None => memory_mib,
    };
    let Machine { status_notice, recovery_delay, .. } = Machine::default();
    Machine {
        memory_mib,
        credits,
        volume: written.volume.as_ref().map(|volume| self::volume(cx, volume, place.field("volume"))),
        status_notice: cx.dist(place.field("status_check_notice"), written.status_check_notice.as_ref(), status_notice),
        auto_recovery: written.auto_recovery.unwrap_or(true),
        recovery_delay: cx.dist(place.field("recovery_delay"), written.recovery_delay.as_ref(), recovery_delay),
        converge: written.converge.as_ref().map(|converge| self::converge(cx, converge, place.field("converge"))),
        recoveries_per_day: cx.count(place.field("recoveries_per_day"), written.recoveries_per_day, 3, 0, 1000),
        application_check: written
            .application_status_check
            .as_ref()
            .map(|check| application_check(cx, check, place.field("application_status_check"))),
    }
}

/// The application status check (scaling.md §1.4).
fn application_check<'a>(
    cx: &mut Cx<'a>,
    written: &schema::ApplicationStatusCheck,
    place: Place<'a>,
) -> ApplicationCheck {
    let interval = cx.time(place.field("interval"), written.interval, 60.0, 5.0, 3600.0);
    let timeout = cx.time(place.field("timeout"), written.timeout, 6.0, 1.0, 3600.0);
    if timeout >= interval {
        let message = format!("a timeout of {timeout} in an interval of {interval}");
        cx.error(place.field("timeout"), message, "not within the interval", "lower it, or raise `interval`");
    }
    ApplicationCheck {
        interval,
        timeout,
        failures: cx.count(place.field("failures"), written.failures, 2, 1, 100),
        successes: cx.count(place.field("successes"), written.successes, 2, 1, 100),
        grace: cx.time(place.field("grace_period"), written.grace_period, 300.0, 0.0, 86_400.0),
        compute: cx.dist(place.field("compute"), written.compute.as_ref(), Dist::Constant(0.001)),
    }
}

/// Configuration management (scaling.md §7.2).
fn converge<'a>(cx: &mut Cx<'a>, written: &schema::Converge, place: Place<'a>) -> Converge {
    let on_change = written.on_change.unwrap_or(false);
    let every = match written.every {
        Some(every) if every.0 == 0.0 => {
            if !on_change {
                let help = "leave `converge` out, or add `on_change: true`";
                cx.error(place.field("every"), "configuration management that never runs", "never by the clock", help);
            }
            Duration::MAX
        }
        every => cx.time(place.field("every"), every, 1800.0, 60.0, 30.0 * 86_400.0),
    };
    Converge {
        every,
        duration: cx.dist(place.field("duration"), written.duration.as_ref(), lognormal(30.0, 90.0)),
        cpu: written.cpu.map_or(0.2, |share| share.0),
        failure: written.failure.map_or(0.0, |share| share.0),
        on_change,
        auto_healing: written.auto_healing.as_ref().map(|healing| {
            let at = place.field("auto_healing");
            AutoHealing {
                after: cx.time(at.field("after"), healing.after, 300.0, 60.0, 86_400.0),
                stop: cx.dist(at.field("stop"), healing.stop.as_ref(), uniform(30.0, 90.0)),
            }
        }),
    }
}

/// An EBS volume (scaling.md §6.4).
fn volume<'a>(cx: &mut Cx<'a>, written: &schema::Volume, place: Place<'a>) -> Volume {
    const GIB: f64 = 1024.0 * MIB;
    let gib = |cx: &mut Cx<'a>, size: Size, most: f64| cx.number(place.field("size"), size.0 / GIB, 1.0, most).max(1.0);
    let latency = |cx: &mut Cx<'a>, time| cx.time(place.field("latency"), time, 0.0007, 0.0, 1.0);
    match written {
        schema::Volume::Gp3 { size, iops, throughput, latency: time, price } => {
            let gib = gib(cx, *size, 65_536.0);
            let most = (500.0 * gib).clamp(3000.0, 80_000.0);
            let iops = cx.number(place.field("iops"), iops.unwrap_or(3000.0), 3000.0, most);
            let mib = throughput.map_or(125.0, |size| size.0 / MIB);
            let mib = cx.number(place.field("throughput"), mib, 125.0, (0.25 * iops).min(2000.0));
            let month = gib * price.map_or(0.08, |price| price.0);
            let latency = latency(cx, *time);
            Volume { gib, iops: iops.max(1.0), bytes_per_s: mib.max(1.0) * MIB, burst: None, latency, month }
        }
        schema::Volume::Gp2 { size, latency: time, price } => {
            let gib = gib(cx, *size, 16_384.0);
            // 128 MiB/s up to 170 GiB, 250 from 334 on, and by size between the two.
            let mib = (128.0 + 122.0 * (gib - 170.0) / (334.0 - 170.0)).clamp(128.0, 250.0);
            let iops = (3.0 * gib).clamp(100.0, 16_000.0);
            let burst = (gib < 1000.0).then_some(Burst { iops: 3000.0, bucket: 5.4e6 });
            let month = gib * price.map_or(0.10, |price| price.0);
            Volume { gib, iops, bytes_per_s: mib * MIB, burst, latency: latency(cx, *time), month }
        }
    }
}

/// Disk steps need a disk.
pub(crate) fn disks(
    cx: &mut Cx<'_>,
    endpoints: &Table<EndpointId, Endpoint>,
    services: &Table<ServiceId, Service>,
    fleets: &Table<FleetId, Fleet>,
) {
    fn uses(steps: &[Step]) -> bool {
        steps.iter().any(|step| match step {
            Step::Disk { .. } => true,
            Step::Parallel(branches) => branches.iter().any(|branch| uses(branch)),
            _ => false,
        })
    }
    for endpoint in endpoints.values().filter(|endpoint| uses(&endpoint.steps)) {
        let Some(service) = services.get(endpoint.service) else { continue };
        if fleets.get(service.fleet).is_some_and(|fleet| fleet.template.machine.volume.is_none()) {
            let place = cx.root.field("services").entry(&service.name).field("endpoints").entry(&endpoint.name);
            let message = format!("`{}` uses a disk that its instances do not have", endpoint.name);
            let help = "add `volume: Gp3(size: \"100GiB\")` to their launch template";
            cx.error(place.field("steps"), message, "needs a volume", help);
        }
    }
}

/// What a service says of its memory.
pub(crate) fn memory<'a>(cx: &mut Cx<'a>, written: &schema::Memory, place: Place<'a>) -> Memory {
    let mib = |size: Option<Size>| size.map_or(0.0, |size| size.0 / MIB);
    let swap_speed = written.swap_speed.map_or(0.5, |share| share.0);
    if swap_speed <= 0.0 {
        cx.error(place.field("swap_speed"), "a speed of zero", "stands still", "use `at_limit: Hangs` for that");
    }
    Memory {
        base: mib(Some(written.base)),
        per_request: mib(written.per_request),
        leak_per_request: mib(written.leak_per_request),
        leak_per_hour: mib(written.leak_per_hour),
        // Without a limit of its own, that of the instance: see `limits`.
        limit: written.limit.map_or(f64::NAN, |size| size.0 / MIB),
        at_limit: match written.at_limit {
            Some(schema::AtLimit::Hangs) => AtLimit::Hangs,
            _ => AtLimit::Killed,
        },
        restart: cx.time(place.field("restart"), written.restart, 10.0, 0.0, 3600.0),
        swap_from: written.swap_from.map_or(1.0, |share| share.0),
        swap_speed,
    }
}

/// Gives every service that says what memory it takes the limit that its instances set.
pub(crate) fn limits(cx: &mut Cx<'_>, services: &mut Table<ServiceId, Service>, fleets: &Table<FleetId, Fleet>) {
    for (_, service) in services.iter_mut() {
        let Some(memory) = &mut service.memory else { continue };
        let there = fleets.get(service.fleet).map_or(0.0, |fleet| fleet.template.machine.memory_mib);
        let place = cx.root.field("services").entry(&service.name).field("memory");
        if memory.limit.is_nan() {
            memory.limit = there * 0.9;
            if there == 0.0 {
                memory.limit = 1.0;
                let message = format!("nobody says how much memory `{}` has", service.name);
                let help = "add `limit` here, or a known `instance_type` or `memory` to its launch template";
                cx.error(place, message, "needs a limit", help);
                continue;
            }
        } else if there > 0.0 && memory.limit > there {
            let message = format!("a limit of {:.0} MiB on instances of {there:.0} MiB", memory.limit);
            cx.error(place.field("limit"), message, "more than there is", "lower it, or choose a larger instance type");
        }
        if memory.base >= memory.limit {
            let message = format!("a process of {:.0} MiB under a limit of {:.0} MiB", memory.base, memory.limit);
            cx.error(place.field("base"), message, "never starts", "raise the limit, or choose a larger instance type");
        }
    }
}

fn specified<'a>(
    cx: &mut Cx<'a>,
    written: &schema::CreditSpecification,
    known: Credits,
    place: Place<'a>,
    vcpus: u32,
) -> Credits {
    let mut credits = known;
    if let Some(mode) = written.cpu_credits {
        credits.unlimited = mode == CpuCredits::Unlimited;
    }
    if let Some(baseline) = written.baseline {
        if baseline.0 <= 0.0 {
            cx.error(place.field("baseline"), "a baseline of nothing", "zero", "choose a share above 0");
        }
        credits.baseline = baseline.0.max(1e-6);
    }
    if let Some(initial) = written.initial_credits {
        let cap = credits.per_hour(vcpus) * Credits::CAP_HOURS;
        // A cap computed in binary may lie a hair below the documented figure.
        credits.initial = cx.number(place.field("initial_credits"), initial, 0.0, (cap * 1e6).round() / 1e6);
    }
    credits.slide = cx.time(place.field("slide"), written.slide, credits.slide.as_secs_f64(), 0.0, 86400.0);
    credits.resume = cx.number(place.field("resume"), written.resume.unwrap_or(credits.resume), 0.01, 1000.0);
    credits.surplus_price = written.surplus_price.map_or(credits.surplus_price, |price| price.0);
    credits
}

/// Metrics of machines that have them.
pub(crate) fn metrics(
    cx: &mut Cx<'_>,
    alarms: &Table<AlarmId, Alarm>,
    fleets: &Table<FleetId, Fleet>,
    services: &Table<ServiceId, Service>,
) {
    for alarm in alarms.values() {
        let Metric::Machine(id, metric) = alarm.metric else { continue };
        let Some(fleet) = fleets.get(id) else { continue };
        let place = cx.root.field("alarms").entry(&alarm.name).field("metric");
        if metric == MachineMetric::MemoryUsed {
            if !services.values().any(|service| service.fleet == id && service.memory.is_some()) {
                let message = format!("nobody says what memory is used on `{}`", fleet.name);
                cx.error(
                    place,
                    message,
                    "nothing to watch",
                    "add `memory: (base: \"300MB\")` to the service that runs on it",
                );
            }
        } else if metric == MachineMetric::BurstBalance {
            if fleet.template.machine.volume.is_none_or(|volume| volume.burst.is_none()) {
                let message = format!("the instances of `{}` have no volume that bursts", fleet.name);
                cx.error(place, message, "nothing to watch", "only a `Gp2` volume below 1000 GiB has a burst balance");
            }
        } else if fleet.burstable().is_none() {
            let message = format!("the instances of `{}` have no CPU credits", fleet.name);
            cx.error(place, message, "nothing to watch", "choose a T2, T3, T3a or T4g type");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burstable_types_earn_what_the_table_says() {
        let table = [
            ("t3.nano", 2, 6.0, 144.0, 0.5),
            ("t3.micro", 2, 12.0, 288.0, 1.0),
            ("t3a.small", 2, 24.0, 576.0, 2.0),
            ("t4g.medium", 2, 24.0, 576.0, 4.0),
            ("t3.large", 2, 36.0, 864.0, 8.0),
            ("t3.xlarge", 4, 96.0, 2304.0, 16.0),
            ("t3.2xlarge", 8, 192.0, 4608.0, 32.0),
            ("t2.nano", 1, 3.0, 72.0, 0.5),
            ("t2.micro", 1, 6.0, 144.0, 1.0),
            ("t2.medium", 2, 24.0, 576.0, 4.0),
            ("t2.xlarge", 4, 54.0, 1296.0, 16.0),
            ("t2.2xlarge", 8, 81.6, 1958.4, 32.0),
        ];
        for (name, vcpus, per_hour, cap, gib) in table {
            let credits = credits(name, vcpus).expect(name);
            assert!((credits.per_hour(vcpus) - per_hour).abs() < 1e-9, "{name}");
            assert!((credits.per_hour(vcpus) * Credits::CAP_HOURS - cap).abs() < 1e-9, "{name}");
            assert_eq!(memory_gib(name, vcpus), Some(gib), "{name}");
            let second = name.starts_with("t2");
            assert_eq!(credits.unlimited, !second, "B2, {name}");
            assert_eq!(credits.launch, if second { 30.0 * f64::from(vcpus) } else { 0.0 }, "B4, {name}");
        }
        assert_eq!(credits("m5.large", 2), None);
    }

    #[test]
    fn memory_goes_by_the_family() {
        let table = [("m5.large", 2, 8.0), ("c6i.4xlarge", 16, 32.0), ("r7g.large", 2, 16.0), ("m7g.medium", 1, 4.0)];
        for (name, vcpus, gib) in table {
            assert_eq!(memory_gib(name, vcpus), Some(gib), "{name}");
        }
        assert_eq!(memory_gib("x9.huge", 4), None);
    }
}
