//! What a timeline event is to an incident: that the system knew, had decided, or had done it.

use crate::result::{EventKind, TimelineEvent};

/// The system knows.
pub fn detects(entry: &TimelineEvent) -> bool {
    let detects = matches!(
        entry.kind,
        EventKind::StatusImpaired
            | EventKind::TargetUnhealthy
            | EventKind::InstanceMarkedUnhealthy
            | EventKind::FailoverStarted
            | EventKind::AlarmState
            | EventKind::NodeOutOfDns
            | EventKind::TargetAnomalous
            | EventKind::ZonalShiftStarted
            | EventKind::BootstrapFailed
            | EventKind::SmokeTestFailed
            | EventKind::LaunchFailed
            | EventKind::StandbyFailed
            | EventKind::SpotRebalanceRecommended
            | EventKind::SpotInterruptionNotice
    );
    // An alarm that goes back to OK, or knows nothing, tells nobody that something is wrong.
    detects && (entry.kind != EventKind::AlarmState || is_alarm(entry))
}

/// An alarm that goes to ALARM.
pub fn is_alarm(entry: &TimelineEvent) -> bool {
    entry.kind == EventKind::AlarmState && entry.detail.contains("→ ALARM:")
}

/// The system has decided.
pub fn decides(entry: &TimelineEvent) -> bool {
    matches!(
        entry.kind,
        EventKind::ReplacementStarted
            | EventKind::LaunchStarted
            | EventKind::FailoverStarted
            | EventKind::DesiredCapacityChanged
            | EventKind::StandbyFailed
            | EventKind::RebalanceStarted
            | EventKind::MitigationBegan
            | EventKind::ZonalShiftStarted
            | EventKind::InstanceRebooted
            | EventKind::InstanceRecovered
    )
}

/// The system has done it.
pub fn acts(entry: &TimelineEvent) -> bool {
    matches!(
        entry.kind,
        EventKind::ProcessRestarted
            | EventKind::InstanceInService
            | EventKind::TargetHealthy
            | EventKind::FailoverCompleted
            | EventKind::StoreRecovered
    )
}
