//! Predictive scaling: capacity is there before the hour that will need it.
//!
//! ```text
//!  archive (hourly loads) ─► Forecast (each 6 h) ─► 48 hours of capacity ─┬─► HourAhead: wish, never for less
//!                                                                         └─► the least that other policies may leave
//! ```
//! # Models      24 hours of history needed, 14 days used; 48 hours ahead, refreshed each 6 hours; buffer time; forecasts
//!   above MaxSize honoured or not; ForecastOnly
//! # Leaves out  AWS's own model, which is not published. In its place stands the mean of the same hour of the days before: a
//!   modelling choice; customized metric pairs; several forecasts per load with weights
//! # Source      Amazon EC2 Auto Scaling user guide, "Predictive scaling"; `aws/scaling.md` §3.7

use super::{Asker, Event, Groups, Invocation, sent, settings};
use crate::archive::{HOUR, Hours};
use crate::plan::{FleetId, Plan, PolicyKind, Predictive};
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use sim_core::{Duration, Time};

/// Hours of history that a forecast needs, and the most that it uses.
const NEEDED: usize = 24;
const USED: i64 = 14 * 24;
/// Hours that a forecast reaches ahead, and after which it is made anew.
const AHEAD: i64 = 48;
const REFRESH: Duration = Duration::from_secs(6 * 3_600);
/// Until there is enough history the group looks each hour, when the last hour's datapoints can be read. A modelling choice.
const RETRY: Duration = Duration::from_secs(3_600);
const READABLE: i64 = 600;

/// The forecast of one predictive policy.
#[derive(Clone, Debug)]
pub(super) struct Forecasting {
    /// Index into the group's policies.
    policy: u16,
    scales: bool,
    buffer: Duration,
    hours: Hours,
    /// Instances per hour, from hour `first` on; none where no day before says anything.
    capacity: Vec<Option<u32>>,
    first: i64,
    /// Entry of the forecast.
    entry: EntryId,
    /// Whether it was said that there is too little history.
    said: bool,
}

impl Forecasting {
    /// One per predictive policy of a group that is enabled.
    pub(super) fn of(id: FleetId, plan: &Plan) -> Vec<Forecasting> {
        let Some(group) = settings(plan, id) else { return Vec::new() };
        let mut all = Vec::new();
        for (policy, settings) in (0_u16..).zip(&group.policies) {
            let PolicyKind::Predictive(predictive) = &settings.kind else { continue };
            if settings.enabled {
                all.push(Forecasting {
                    policy,
                    scales: predictive.scales,
                    buffer: predictive.buffer,
                    hours: Hours::of(plan.starts_at),
                    capacity: Vec::new(),
                    first: 0,
                    entry: EntryId::NONE,
                    said: false,
                });
            }
        }
        all
    }

    /// The forecast for an hour.
    fn of_hour(&self, hour: i64) -> Option<u32> {
        *self.capacity.get(usize::try_from(hour - self.first).ok()?)?
    }

    /// The forecast for the hour of `time`.
    fn at(&self, time: Time) -> Option<u32> {
        self.of_hour(self.hours.at(time))
    }

    /// What other policies have to leave: the forecast of this hour and, within the buffer, of the next.
    pub(super) fn floor(&self, now: Time) -> Option<u32> {
        self.at(now).max(self.at(now.saturating_add(self.buffer))).filter(|_| self.scales)
    }
}

/// The load of an hour, of the run or from before it.
fn load(predictive: &Predictive, hour: i64, cx: &Cx) -> Option<f64> {
    if hour < 0 {
        let index = usize::try_from(predictive.history.len() as i64 + hour).ok()?;
        return predictive.history.get(index).copied();
    }
    let (sum, datapoints) = cx.archive.read(predictive.load, hour, cx.now())?;
    // A level is a mean over the hour's datapoints; what is counted is a rate per minute, silence included.
    Some(if predictive.counted { sum / 60.0 } else { sum / f64::from(datapoints) })
}

/// The loads of the hours ahead: the mean of the same hour of the days before. None without 24 hours of history; the number of
/// hours there are instead.
fn forecast(history: impl Fn(i64) -> Option<f64>, now: i64) -> Result<Vec<Option<f64>>, usize> {
    let known: Vec<(i64, f64)> = (now - USED..now).filter_map(|hour| history(hour).map(|load| (hour, load))).collect();
    if known.len() < NEEDED {
        return Err(known.len());
    }
    let of_hour = |hour: i64| {
        let same = known.iter().filter(|(past, _)| (hour - past) % 24 == 0).map(|one| one.1);
        let count = same.clone().count();
        (count > 0).then(|| same.sum::<f64>() / count as f64)
    };
    Ok((now..now + AHEAD).map(of_hour).collect())
}

/// Instances that bring a load to its target.
fn instances(load: f64, target: f64) -> u32 {
    (load / target - 1e-9).ceil().clamp(0.0, 1e6) as u32
}

/// MaxSize that a forecast leads to (rounded up, which AWS does not say; never lowered).
fn raised_max(predictive: &Predictive, forecast: u32, max: u32) -> u32 {
    match predictive.raises_max {
        None => max,
        Some(percent) => max.max((f64::from(forecast) * (1.0 + percent / 100.0) - 1e-9).ceil() as u32),
    }
}

impl Groups {
    /// The first forecast, and the first hour ahead.
    pub(super) fn start_forecasts(&mut self, id: FleetId, cx: &mut Cx) {
        for index in 0..self.fleets[id].forecasts.len() {
            let Forecasting { policy, buffer, hours, .. } = self.fleets[id].forecasts[index];
            cx.list.soon(sent(Event::Forecast { fleet: id, policy }));
            let mut ahead = (0..3).map(|hour| hours.begins(hour) - (buffer.nanos() / 1_000_000_000) as i64);
            if let Some(first) = ahead.find(|begins| *begins >= 0) {
                cx.list.after(Duration::from_secs(first as u64), sent(Event::HourAhead { fleet: id, policy }));
            }
        }
    }

    /// A forecast is made anew.
    pub(super) fn forecast(&mut self, id: FleetId, policy: u16, cx: &mut Cx) {
        let plan = cx.plan;
        let now = cx.now();
        let Some(group) = settings(plan, id) else { return };
        let settings = &group.policies[policy as usize];
        let PolicyKind::Predictive(predictive) = &settings.kind else { return };
        let Some(own) = self.fleets[id].forecasts.iter_mut().find(|one| one.policy == policy) else { return };
        let name = plan.fleets[id].name.as_str();
        let hour = own.hours.at(now);
        match forecast(|hour| load(predictive, hour, cx), hour) {
            Ok(loads) => {
                own.first = hour;
                own.capacity = loads.iter().map(|load| load.map(|load| instances(load, predictive.target))).collect();
                let known = own.capacity.iter().flatten();
                let (least, most) = (known.clone().min().copied().unwrap_or(0), known.max().copied().unwrap_or(0));
                let at = own.capacity.iter().position(|capacity| *capacity == Some(most)).unwrap_or(0) as i64;
                let clock = (plan.starts_at.div_euclid(HOUR) + hour + at).rem_euclid(24);
                let detail = format!(
                    "{}: {least} to {most} instances in the next {AHEAD} h, most from {clock:02}:00 UTC on",
                    settings.name
                );
                own.entry = cx.timeline.record(now, EventKind::ForecastMade, name, detail, EntryId::NONE);
                cx.list.after(REFRESH, sent(Event::Forecast { fleet: id, policy }));
            }
            Err(known) => {
                if !own.said {
                    own.said = true;
                    let detail =
                        format!("{}: a forecast needs {NEEDED} h of history, and has {known} h", settings.name);
                    cx.timeline.record(now, EventKind::PolicyIgnored, name, detail, EntryId::NONE);
                }
                let next = Time::ZERO + Duration::from_secs((own.hours.begins(hour + 1) + READABLE) as u64);
                let next = if next > now.saturating_add(RETRY) { now.saturating_add(RETRY) } else { next };
                cx.list.at(next, sent(Event::Forecast { fleet: id, policy }));
            }
        }
    }

    /// An hour is about to begin: its capacity is asked for, if it is more than there is.
    pub(super) fn hour_ahead(&mut self, id: FleetId, policy: u16, cx: &mut Cx) {
        let plan = cx.plan;
        let now = cx.now();
        cx.list.after(RETRY, sent(Event::HourAhead { fleet: id, policy }));
        let Some(group) = settings(plan, id) else { return };
        let PolicyKind::Predictive(predictive) = &group.policies[policy as usize].kind else { return };
        let fleet = &mut self.fleets[id];
        let Some(own) = fleet.forecasts.iter().find(|one| one.policy == policy) else { return };
        let Some(forecast) = own.at(now.saturating_add(own.buffer)).filter(|_| own.scales) else { return };
        let cause = own.entry;
        let max = raised_max(predictive, forecast, fleet.max);
        if max > fleet.max {
            let detail = format!("MaxSize {} → {max} for a forecast of {forecast}", fleet.max);
            cx.timeline.record(now, EventKind::PolicyInvoked, plan.fleets[id].name.as_str(), detail, cause);
            fleet.max = max;
        }
        let wanted = forecast.min(fleet.max).max(fleet.min);
        if forecast > fleet.max {
            let words = super::policy::Refusal::AboveMax(forecast, fleet.max);
            self.refuse(id, group, Invocation { by: Asker::Forecast { policy, wanted }, cause }, words, cx);
        }
        if wanted > self.fleets[id].desired {
            self.invoked(id, Invocation { by: Asker::Forecast { policy, wanted }, cause }, cx);
        }
    }

    /// The largest forecast for the hour of `now`, that of policies that only forecast included.
    pub fn forecast_of(&self, id: FleetId, now: Time) -> Option<u32> {
        self.fleets[id].forecasts.iter().filter_map(|one| one.at(now)).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{CustomMetricId, Metric};

    #[test]
    fn a_forecast_is_the_mean_of_the_same_hour_and_needs_a_whole_day() {
        // Loads of 100 × day + hour of the day, for two days; hour 48 is the first of the third.
        let load = |hour: i64| (0..48).contains(&hour).then(|| (100 * (hour / 24) + hour % 24) as f64);
        let ahead = forecast(load, 48).unwrap();
        assert_eq!(ahead.len(), 48);
        for (hour, load) in ahead.iter().enumerate() {
            assert_eq!(*load, Some(50.0 + (hour % 24) as f64), "hour {hour}");
        }
        assert_eq!(forecast(load, 24).unwrap()[1], Some(1.0), "one day alone");
        assert_eq!(forecast(load, 23), Err(23));
        assert_eq!(forecast(|_| None, 1_000), Err(0));
    }

    #[test]
    fn no_more_than_fourteen_days_are_used() {
        let load = |hour: i64| (hour >= 0).then_some(if hour < 24 { 1e9 } else { 6.0 });
        assert!(forecast(load, 14 * 24).unwrap().iter().all(|load| load.unwrap() > 6.0), "the first day is among them");
        assert!(forecast(load, 15 * 24).unwrap().iter().all(|load| *load == Some(6.0)), "and now is too old");
    }

    #[test]
    fn an_hour_without_any_day_before_has_no_forecast() {
        // A whole day's worth of hours, but never the one at noon.
        let load = |hour: i64| (hour >= 0 && hour % 24 != 12).then_some(1.0);
        let ahead = forecast(load, 48).unwrap();
        assert_eq!((ahead[12], ahead[13], ahead[36]), (None, Some(1.0), None));
    }

    #[test]
    fn instances_and_the_maximum_are_rounded_up() {
        for (load, target, expected) in
            [(0.0, 50.0, 0), (50.0, 50.0, 1), (50.01, 50.0, 2), (499.0, 50.0, 10), (3.0 * 0.7, 0.7, 3)]
        {
            assert_eq!(instances(load, target), expected, "{load} at {target}");
        }
        let predictive = |raises_max| Predictive {
            pair: "ASGCPUUtilization",
            load: Metric::Custom(CustomMetricId::new(0)),
            counted: false,
            target: 50.0,
            scales: true,
            buffer: Duration::from_secs(300),
            raises_max,
            history: Vec::new(),
        };
        // The API reference's example: a buffer of 10 %, a forecast of 50, a maximum of 40 make 55.
        let table = [
            (None, 50, 40, 40),
            (Some(10.0), 50, 40, 55),
            (Some(0.0), 50, 40, 50),
            (Some(10.0), 50, 52, 55),
            (Some(10.0), 50, 60, 60),
            (Some(10.0), 51, 40, 57),
            (Some(100.0), 1, 1, 2),
        ];
        for (percent, forecast, max, expected) in table {
            let found = raised_max(&predictive(percent), forecast, max);
            assert_eq!(found, expected, "{percent:?} for {forecast} over {max}");
        }
    }
}
