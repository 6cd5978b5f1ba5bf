//! Drawn runbooks: whatever is called on a group while things go wrong, what must hold, and that it finds its way back.

use crate::drawn::drawn;
use crate::fixture::*;
use models::plan::*;
use models::result::{EventKind, RunResult};
use sim_core::dist::Dist;
use sim_core::{Stream, Words};
use std::collections::BTreeSet;

/// A drawn plan with drawn hooks and policies and a dozen drawn calls, all of it over and undone at 9000 s.
fn lives(seed: u64) -> Plan {
    let mut stream = Stream::new(seed, 0, "control plane", "lives");
    let mut below = |n: u32| stream.below(n);
    let mut plan = drawn(seed);
    plan.duration = secs(12_000);
    // A boot that fails, or that the grace period is too short for, may go on for ever.
    let template = &mut plan.fleets[WEB].template;
    (template.pending.failure, template.bootstrap.failure, template.smoke_test) = (0.0, 0.0, None);
    let settings = group(&mut plan);
    settings.health_check_grace_period = secs(400);
    let lifecycle = &mut settings.lifecycle;
    for index in 0..below(4) {
        lifecycle.hooks.push(Hook {
            name: format!("hook {index}"),
            transition: if below(2) == 0 { Transition::Launching } else { Transition::Terminating },
            heartbeat_timeout: secs(60),
            continue_by_default: below(2) == 0,
            heartbeat_interval: (below(2) == 0).then(|| secs(20)),
            length: Dist::Exponential { mean: 30.0 },
            failure: 0.05,
            no_answer: 0.05,
        });
    }
    lifecycle.maintenance = (below(2) == 0).then(|| {
        let min_healthy_percentage = [0, 50, 90, 100][below(4) as usize];
        let max_healthy_percentage = [100, 110, 150][below(3) as usize].min(min_healthy_percentage + 100);
        Maintenance { min_healthy_percentage, max_healthy_percentage }
    });
    lifecycle.protected_from_scale_in = below(3) == 0;
    lifecycle.zonal_shift = Some([ImpairedZone::ReplaceUnhealthy, ImpairedZone::IgnoreUnhealthy][below(2) as usize]);
    lifecycle.administrative_suspension = secs(900);
    for _ in 0..12 {
        let when = u64::from(100 + below(4_000));
        let some = any(1 + below(3));
        let decrement = below(2) == 0;
        let process = ScalingProcess::ALL[below(9) as usize];
        match below(11) {
            0 | 1 => change(&mut plan, when, some, InstanceChange::EnterStandby { decrement }),
            2 => change(&mut plan, when, some, InstanceChange::ExitStandby),
            3 => change(&mut plan, when, some, InstanceChange::Detach { decrement }),
            4 => change(&mut plan, when, some, InstanceChange::Attach),
            5 => {
                let health = InstanceChange::SetHealth { healthy: decrement, respect_grace_period: below(2) == 0 };
                change(&mut plan, when, some, health);
            }
            6 => change(&mut plan, when, some, InstanceChange::SetProtection { protected: decrement }),
            7 => change(&mut plan, when, some, InstanceChange::Terminate { decrement }),
            8 | 9 => {
                let processes = [process].into_iter().collect();
                at(&mut plan, when, ApiCall::SuspendProcesses { fleet: WEB, processes });
            }
            _ => {
                let (resource, away_from) = (Shifted::Group(WEB), ZoneId::new(below(2) as usize));
                at(&mut plan, when, ApiCall::StartZonalShift { resource, away_from, expires_in: secs(900) });
            }
        }
    }
    at(&mut plan, 5_500, ApiCall::ResumeProcesses { fleet: WEB, processes: ScalingProcesses::all() });
    change(&mut plan, 9_000, everyone(), InstanceChange::SetProtection { protected: false });
    plan
}

fn column(result: &RunResult, name: &str) -> Vec<f64> {
    result.series.get(&format!("group.web.{name}")).expect("a column").values.clone()
}

#[test]
fn whatever_is_called_a_group_keeps_its_bounds_and_finds_back_to_what_is_desired() {
    let mut seen = BTreeSet::new();
    for seed in 0..60 {
        let mut plan = lives(seed);
        let (min, max) = (group(&mut plan).min_size, group(&mut plan).max_size);
        let ahead = group(&mut plan).lifecycle.maintenance.map_or(100, |policy| policy.max_healthy_percentage);
        let result = run(&plan);
        let bounds = f64::from(min)..=f64::from(max);
        let wanted = column(&result, "desired");
        assert!(wanted.iter().all(|desired| bounds.contains(desired)), "seed {seed}");
        // Protected instances and a suspended Terminate may keep more than is desired, but never more than were launched.
        let most = f64::from(max + (max / 10).max(1) + max * (ahead - 100) / 100 + 1);
        let present = column(&result, "in_service").into_iter().zip(column(&result, "pending")).map(|(a, b)| a + b);
        for (row, present) in present.enumerate() {
            assert!(present <= most, "seed {seed}, row {row}: {present} of {most}");
        }
        let mut gone: BTreeSet<&str> = BTreeSet::new();
        for event in &result.timeline {
            assert!(event.cause.is_none_or(|cause| cause < event.id), "seed {seed}: {event:?}");
            seen.insert(event.kind);
            let lives = matches!(
                event.kind,
                EventKind::InstanceInService
                    | EventKind::StandbyEntered
                    | EventKind::StandbyLeft
                    | EventKind::HookStarted
                    | EventKind::InstanceTerminating
                    | EventKind::InstanceTerminated
            );
            assert!(!(lives && gone.contains(event.subject.as_str())), "seed {seed}: {event:?} after its end");
            if event.kind == EventKind::InstanceTerminated {
                gone.insert(&event.subject);
            }
        }
        let web = &result.summary.groups["web"];
        assert_eq!(f64::from(web.final_in_service), wanted[wanted.len() - 1], "seed {seed}: {web:?}");
    }
    for kind in [
        EventKind::HookTimedOut,
        EventKind::StandbyLeft,
        EventKind::InstanceAttached,
        EventKind::InstanceMarkedHealthy,
        EventKind::ScaleInBlocked,
        EventKind::ZonalShiftEnded,
        EventKind::ProcessesSuspended,
        EventKind::OperationRefused,
    ] {
        assert!(seen.contains(&kind), "{kind:?} is never drawn");
    }
}
