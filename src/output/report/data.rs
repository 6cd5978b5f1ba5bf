//! What the page's scripts read: the figures of the run as JSON inside of the page.
//!
//! ```text
//!  series ─thinned, rounded, runs of equal values once─┐
//!  timeline ─the events that matter most, if many──────┼─► <script type="application/json">
//!  lives, incidents, alarms, latency map, architecture ┘
//! ```
//! # Models      a size that does not grow with requests, and is bounded in time, events and instances
//! # Leaves out  what a reader could not see: digits beyond the fourth, rows beyond a screen's width

use super::lives;
use crate::output::{incidents, story, units};
use models::result::{Column, EventKind, LatencyMap, RunResult, Series, TimelineEvent};
use serde_json::{Value, json};

/// More rows than these are put together.
const MOST_ROWS: usize = 1800;
/// More rows of the latency map than these are put together.
const MOST_MAP_ROWS: usize = 360;
/// Of more events than these, the lesser ones are left out.
const MOST_EVENTS: usize = 6000;
/// More instances than these are told by their number alone.
const MOST_LIVES: usize = 3000;

/// All that the scripts read.
pub fn data(result: &RunResult) -> Value {
    let summary = &result.summary;
    let (events, left_out) = events(&result.timeline);
    let mut architecture = json!(result.architecture);
    if let Some(parts) = architecture.as_object_mut() {
        parts.remove("instances");
    }
    let by = result.series.rows().div_ceil(MOST_ROWS).max(1);
    json!({
        "name": summary.scenario,
        "duration": summary.duration_s,
        "warm_up": summary.warm_up_s,
        "interval": result.series.interval_s * by as f64,
        "rows": result.series.rows().div_ceil(by),
        "series": result.series.columns.iter().map(|column| self::column(column, by)).collect::<Vec<_>>(),
        "map": map(&result.latency_map),
        "architecture": architecture,
        "lives": lives_of(result),
        "events": events,
        "events_left_out": left_out,
        "incidents": incidents_of(result),
    })
}

/// A column: `v` all values, or `s` the rows at which it changes, if that is shorter.
fn column(column: &Column, by: usize) -> Value {
    let values: Vec<Option<f64>> =
        column.values.chunks(by).map(|rows| together(&column.name, rows)).map(rounded).collect();
    let changes: Vec<usize> = (0..values.len()).filter(|&i| i == 0 || values[i] != values[i - 1]).collect();
    let mut told = json!({ "n": column.name, "u": column.unit });
    if changes.len() * 2 < values.len() {
        told["s"] = changes.into_iter().map(|i| json!([i, number(values[i])])).collect();
    } else {
        told["v"] = values.into_iter().map(number).collect();
    }
    told
}

/// Several rows as one: rates by their mean, latencies by their worst, levels and states as they are at the end.
fn together(name: &str, rows: &[f64]) -> f64 {
    let known = || rows.iter().copied().filter(|x| x.is_finite());
    let is_level = |prefix: &&str| name.starts_with(*prefix);
    if rows.len() > 1 && name.starts_with("latency_ms") {
        known().fold(f64::NAN, f64::max)
    } else if rows.len() > 1 && ["group.", "alarm.", "database.", "targets.", "cost_usd"].iter().any(is_level) {
        known().next_back().unwrap_or(f64::NAN)
    } else {
        known().sum::<f64>() / known().count() as f64
    }
}

/// Four digits are more than a chart can show.
fn rounded(x: f64) -> Option<f64> {
    if !x.is_finite() {
        return None;
    }
    format!("{x:.3e}").parse().ok()
}

/// As short as it can be written: whole numbers without a point.
fn number(x: Option<f64>) -> Value {
    match x {
        Some(x) if x.fract() == 0.0 && x.abs() < 1e15 => json!(x as i64),
        Some(x) => json!(x),
        None => Value::Null,
    }
}

/// A moment, to the millisecond.
fn moment(t_s: f64) -> Value {
    number(Some((t_s * 1e3).round() / 1e3))
}

/// The latency map without the bands that nothing fell into at either end.
fn map(map: &LatencyMap) -> Value {
    let by = map.rows.len().div_ceil(MOST_MAP_ROWS).max(1);
    let bands = map.edges_ms.len() + 1;
    let rows: Vec<Vec<u64>> = map
        .rows
        .chunks(by)
        .map(|rows| {
            (0..bands).map(|band| rows.iter().map(|row| row.get(band).map_or(0, |n| u64::from(*n))).sum()).collect()
        })
        .collect();
    let used = |band: &usize| rows.iter().any(|row| row[*band] > 0);
    let Some(first) = (0..bands).find(used) else { return Value::Null };
    let last = (0..bands).rfind(used).unwrap_or(first);
    json!({
        "interval": map.interval_s * by as f64,
        // The lower edge of the first band, then the upper ones of all.
        "edges": (first..=last + 1).map(|i| i.checked_sub(1).map_or(Some(0.0), |i| map.edges_ms.get(i).copied())).collect::<Vec<_>>(),
        "rows": rows.iter().map(|row| &row[first..=last]).collect::<Vec<_>>(),
    })
}

/// Instances with what they were and when; none if there are too many to be told apart.
fn lives_of(result: &RunResult) -> Value {
    let architecture = &result.architecture;
    if architecture.instances.len() > MOST_LIVES {
        return Value::Null;
    }
    let life = |life: lives::Life| {
        let part = &architecture.instances[life.instance];
        let states = life.states.iter().map(|(at, state)| json!([moment(*at), state.letter()]));
        let mut told = json!({ "n": part.name, "f": part.fleet, "z": part.zone, "s": states.collect::<Vec<_>>() });
        if !part.instance_type.is_empty() {
            told["type"] = json!(part.instance_type);
        }
        if part.spot {
            told["spot"] = json!(true);
        }
        told
    };
    lives::lives(architecture, &result.timeline).into_iter().map(life).collect()
}

/// Events as `[id, time, kind, subject, detail, cause, sort, weight]`, and how many were left out.
fn events(timeline: &[TimelineEvent]) -> (Value, usize) {
    let weight = |event: &TimelineEvent| story::weigh(event).unwrap_or(4);
    // The greatest weight number (the least matter) that still fits.
    let fits = |most: &u8| timeline.iter().filter(|event| weight(event) <= *most).count() <= MOST_EVENTS;
    let most = (1..=4).rev().find(fits).unwrap_or(1);
    let chosen = timeline.iter().filter(|event| weight(event) <= most).take(MOST_EVENTS);
    let told: Vec<Value> = chosen
        .map(|event| {
            json!([
                event.id,
                moment(event.t_s),
                story::words(event.kind),
                units::plain(&event.subject),
                story::detail(event),
                event.cause,
                sort(event.kind),
                weight(event),
            ])
        })
        .collect();
    let left_out = timeline.len() - told.len();
    (Value::Array(told), left_out)
}

/// What sort of thing an event is, as the list can be filtered by.
fn sort(kind: EventKind) -> &'static str {
    use EventKind::*;
    match kind {
        RunStarted | RunEnded => "run",
        FaultStarted | FaultEnded => "faults",
        OperationCalled | OperationRefused | ZonalShiftStarted | ZonalShiftEnded => "operations",
        DegradationStarted | DegradationEnded => "users",
        AlarmState | AlarmActions => "alarms",
        PolicyInvoked
        | PolicyIgnored
        | DesiredCapacityChanged
        | CooldownStarted
        | ReplacementStarted
        | RebalanceStarted
        | ScheduledAction
        | ForecastMade
        | ScaleInBlocked
        | ProcessesSuspended
        | ProcessesResumed
        | RefreshStarted
        | RefreshBatch
        | RefreshCheckpoint
        | RefreshWaiting
        | RefreshBaking
        | RefreshRollback
        | RefreshSucceeded
        | RefreshFailed
        | RefreshCancelled => "groups",
        TargetRegistered | TargetHealthy | TargetUnhealthy | TargetDraining | TargetDeregistered | FailOpen
        | FailOpenEnded | NodeOutOfDns | NodeBackInDns | SlowStartBegan | SlowStartEnded | TargetAnomalous
        | TargetNormal | MitigationBegan | MitigationEnded | BalancerOverloaded | ConnectionsReset | SurgeQueueFull
        | SurgeQueueEmpty => "balancers",
        PrimaryFailed | FailoverStarted | StandbyPromoted | FailoverCompleted | StandbyFailed | StandbyInSync
        | StoreRecovered => "databases",
        _ => "instances",
    }
}

/// Incidents with the links of their chains.
fn incidents_of(result: &RunResult) -> Value {
    let told = result.summary.incidents.iter().map(|incident| {
        let (links, _) = incidents::chain(incident);
        let links: Vec<Value> = links
            .iter()
            .map(|link| json!([link.name, moment(incident.t_s + link.in_all_s), link.after_s.is_some()]))
            .collect();
        json!({
            "t": moment(incident.t_s),
            "title": incidents::title(incident),
            "subject": units::plain(&incident.subject),
            "event": incident.event,
            "felt": incidents::felt(incident),
            "noticed": !incidents::unnoticed(incident),
            "failed": incident.failed_requests,
            "restored": incident.restored_s,
            "never": incidents::missing(incident),
            "links": links,
        })
    });
    told.collect()
}

/// JSON that can stand inside of a page: nothing in it can end the element it stands in, or begin another.
pub fn embedded(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// How many rows of the series stand as one; 1 if all do.
pub fn thinned(series: &Series) -> usize {
    series.rows().div_ceil(MOST_ROWS).max(1)
}
