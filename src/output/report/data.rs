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
use models::result::{Column, EventKind, LatencyMap, Link, LinkKind, RunResult, Series, TimelineEvent};
use serde_json::{Value, json};

/// More rows than these are put together.
const MOST_ROWS: usize = 1800;
/// More values than these, over all columns, have rows put together too.
const MOST_VALUES: usize = 200_000;
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
    let by = thinned(&result.series);
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
    let link = |link: &Link| {
        let words = link_words(link.what);
        json!({
            "name": words, "phase": link.phase, "from": moment(link.from_s), "to": moment(link.to_s),
            "already": link.already, "beside": link.beside, "subject": units::plain(&link.subject),
            "event": link.event, "failed": link.failed_requests,
        })
    };
    let told = result.summary.incidents.iter().map(|incident| {
        let phases =
            incident.phases.iter().map(|part| json!([part.phase, rounded(part.seconds), part.failed_requests]));
        json!({
            "t": moment(incident.t_s),
            "title": incidents::title(incident),
            "event": incident.event,
            "noticed": !incidents::unnoticed(incident),
            "restored": incident.restored_s,
            "links": incident.links.iter().map(link).collect::<Vec<_>>(),
            "phases": phases.collect::<Vec<_>>(),
        })
    });
    told.collect()
}

/// What a link ends with, in words.
fn link_words(kind: LinkKind) -> String {
    match kind {
        LinkKind::Published => "datapoint published".into(),
        LinkKind::Running => "instance running".into(),
        LinkKind::Booted => "system booted".into(),
        LinkKind::Bootstrapped => "configured".into(),
        LinkKind::SmokeTested => "smoke test passed".into(),
        LinkKind::Noticed => "group noticed".into(),
        LinkKind::Promoted => "standby promoted".into(),
        LinkKind::StoreServing => "database serves".into(),
        LinkKind::Serving => "instance serves".into(),
        LinkKind::FaultOver => "fault is over".into(),
        LinkKind::UsersBack => "users are back".into(),
        LinkKind::RedundancyBack => "full strength".into(),
        // The kind's name in the files is its words already, joined by underscores.
        other => json!(other).as_str().unwrap_or_default().replace('_', " "),
    }
}

/// JSON that can stand inside of a page: nothing in it can end the element it stands in, or begin another.
pub fn embedded(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// How many rows of the series stand as one; 1 if all do.
pub fn thinned(series: &Series) -> usize {
    let values = series.rows() * series.columns.len();
    series.rows().div_ceil(MOST_ROWS).max(values.div_ceil(MOST_VALUES)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::sample;

    fn told(name: &str, values: Vec<f64>, by: usize) -> Value {
        column(&Column { name: name.into(), unit: "1".into(), values }, by)
    }

    #[test]
    fn a_column_is_told_by_its_changes_where_that_is_shorter() {
        let steps = [vec![4.0; 9], vec![8.0; 5], vec![f64::NAN; 6]].concat();
        assert_eq!(told("x", steps, 1)["s"], json!([[0, 4], [9, 8], [14, null]]));
        let all = told("x", vec![1.0 / 3.0, 2.0, f64::NAN, 123_456.0], 1);
        assert_eq!((&all["v"], all.get("s")), (&json!([0.3333, 2, null, 123_500]), None));
    }

    #[test]
    fn rows_too_many_become_one_each_in_the_way_of_their_kind() {
        // The mean of rates, the worst of latencies, the last of levels; gaps count for nothing.
        let rows = [1.0, 3.0, f64::NAN, f64::NAN];
        for (name, expected) in [
            ("offered_per_s", json!([2, null])),
            ("latency_ms.p99", json!([3, null])),
            ("group.web.desired", json!([3, null])),
            ("database.orders.available", json!([3, null])),
        ] {
            assert_eq!(told(name, rows.to_vec(), 2)["v"], expected, "{name}");
        }
        assert_eq!(told("latency_ms.p99", vec![5.0, 1.0], 2)["v"], json!([5]));
        assert_eq!(told("alarm.hot.state", vec![1.0, 0.0], 2)["v"], json!([0]));
        let mut result = sample::result();
        result.series.columns.iter_mut().for_each(|column| column.values.resize(4000, 1.0));
        assert_eq!(thinned(&result.series), 3);
        let many = Series { columns: vec![result.series.columns[0].clone(); 300], ..result.series.clone() };
        assert_eq!(thinned(&many), 6);
        let data = data(&result);
        assert_eq!((&data["rows"], &data["interval"]), (&json!(1334), &json!(180.0)));
    }

    #[test]
    fn of_very_many_events_those_stay_that_tell_the_story() {
        let mut result = sample::result();
        let faults = result.timeline.iter().filter(|event| event.kind == EventKind::FaultStarted).count();
        let lesser = TimelineEvent { kind: EventKind::InstanceBooted, ..result.timeline[0].clone() };
        result.timeline.extend((0..10_000).map(|i| TimelineEvent { id: 100 + i, ..lesser.clone() }));
        let (told, left_out) = events(&result.timeline);
        let told = told.as_array().unwrap();
        assert_eq!(told.len() + left_out, result.timeline.len());
        assert!(told.len() <= MOST_EVENTS && told.iter().all(|event| event[2] != "instance booted"));
        assert_eq!(told.iter().filter(|event| event[2] == "fault started").count(), faults);
    }

    #[test]
    fn bands_that_nothing_fell_into_are_left_out_and_the_last_has_no_upper_edge() {
        let rows = vec![vec![0, 0, 7, 0, 1], vec![]];
        let found = map(&LatencyMap { interval_s: 5.0, edges_ms: vec![1.0, 2.0, 4.0, 8.0], rows });
        assert_eq!(found, json!({ "interval": 5.0, "edges": [2.0, 4.0, 8.0, null], "rows": [[7, 0, 1], [0, 0, 0]] }));
        let lowest = map(&LatencyMap { interval_s: 5.0, edges_ms: vec![1.0, 2.0], rows: vec![vec![3, 0, 0]] });
        assert_eq!(lowest["edges"], json!([0.0, 1.0]));
        assert_eq!(map(&LatencyMap::default()), Value::Null);
    }

    #[test]
    fn nothing_inside_of_the_data_can_end_it() {
        let text = embedded(&json!({ "a": "</script><!--&amp;", "b": "\u{2028}" }));
        assert!(!text.contains(['<', '>', '&']), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["a"], "</script><!--&amp;");
    }

    #[test]
    fn every_kind_of_link_has_words() {
        for (kind, words) in [
            (LinkKind::FirstFailedCheck, "first failed check"),
            (LinkKind::RedundancyBack, "full strength"),
            (LinkKind::Alarm, "alarm"),
        ] {
            assert_eq!(link_words(kind), words);
        }
    }
}
