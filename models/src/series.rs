//! The series: one row of figures per interval, sampled from the parts without disturbing them.
//!
//! # Models      rates and latencies of what ended in the interval; levels as they are at its end
//! # Leaves out  nothing that grows with traffic: a run has a bounded number of rows

use crate::Outcome;
use crate::alb::balancing;
use crate::plan::*;
use crate::result::{Column, LatencyMap, Series};
use crate::world::World;
use sim_core::{Table, Time};
use std::collections::BTreeMap;

/// Rows so far.
#[derive(Debug)]
pub struct SeriesRecorder {
    columns: Vec<Column>,
    index: BTreeMap<String, usize>,
    rows: usize,
    interval_s: f64,
    expected_rows: usize,
    cpu_marks: Vec<(Time, f64)>,
    /// Work and instances by zone, of the fleet at hand.
    by_zone: Vec<(f64, u32)>,
    flows: Flows,
    latency_map: LatencyMap,
    last_row: Time,
    last_cost: f64,
}

/// Counts since the start at the end of the last row, of what is told as a rate.
#[derive(Debug)]
struct Flows {
    routed: Table<BalancerId, u64>,
    started: Table<ServiceId, u64>,
    queries: Table<StoreId, u64>,
    offered: Table<PopulationId, u64>,
}

impl SeriesRecorder {
    /// No rows yet.
    pub fn new(plan: &Plan) -> Self {
        let interval_s = plan.series_interval.as_secs_f64();
        SeriesRecorder {
            columns: Vec::new(),
            index: BTreeMap::new(),
            rows: 0,
            interval_s,
            expected_rows: (plan.duration.as_secs_f64() / interval_s).ceil() as usize + 1,
            cpu_marks: Vec::new(),
            by_zone: vec![(0.0, 0); plan.zones.len()],
            flows: Flows {
                routed: plan.balancers.iter().map(|_| 0).collect(),
                started: plan.services.iter().map(|_| 0).collect(),
                queries: plan.stores.iter().map(|_| 0).collect(),
                offered: plan.populations.iter().map(|_| 0).collect(),
            },
            latency_map: LatencyMap::new(interval_s),
            last_row: Time::ZERO,
            last_cost: 0.0,
        }
    }

    /// Puts a value into the row that is being written; a column that is new has had none before.
    pub(crate) fn put(&mut self, name: &str, unit: &str, value: f64) {
        let index = match self.index.get(name) {
            Some(&index) => index,
            None => {
                let mut values = Vec::with_capacity(self.expected_rows);
                values.resize(self.rows, f64::NAN);
                self.columns.push(Column { name: name.to_string(), unit: unit.to_string(), values });
                self.index.insert(name.to_string(), self.columns.len() - 1);
                self.columns.len() - 1
            }
        };
        let values = &mut self.columns[index].values;
        if values.len() == self.rows {
            values.push(value);
        }
    }

    fn end_row(&mut self) {
        self.rows += 1;
        for column in &mut self.columns {
            column.values.resize(self.rows, f64::NAN);
        }
    }

    /// The rows so far, by column. A failure's column begins with gaps until it has come up.
    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The series and the latency map. Failure columns that came up late start with zeros.
    pub fn finish(mut self) -> (Series, LatencyMap) {
        for column in &mut self.columns {
            if column.name.starts_with("failed_per_s.") {
                column.values.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = 0.0);
            }
        }
        (Series { interval_s: self.interval_s, columns: self.columns }, self.latency_map)
    }
}

/// The unit of a metric's values.
fn unit(metric: Metric, plan: &Plan) -> &str {
    match metric {
        Metric::Cpu(_) | Metric::DatabaseCpu(_) | Metric::Instance(_, _, InstanceMetric::Cpu) => "%",
        Metric::Machine(_, MachineMetric::MemoryUsed | MachineMetric::BurstBalance) => "%",
        Metric::TargetResponseTime(_) => "s",
        Metric::Balancer(_, BalancerMetric::ProcessedBytes) => "B",
        Metric::Instance(_, _, InstanceMetric::NetworkIn | InstanceMetric::NetworkOut) => "B",
        Metric::Custom(id) => plan.custom_metrics[id].unit.as_str(),
        _ => "1",
    }
}

impl World<'_> {
    /// A row is full: write it.
    pub(crate) fn record_row(&mut self, now: Time) {
        let plan = self.shared.plan;
        let width = (now - self.series.last_row).as_secs_f64();
        if width <= 0.0 {
            return;
        }
        let last = std::mem::replace(&mut self.series.last_row, now);
        let interval = &self.shared.observe.interval;
        let ended: u64 = interval.ended.iter().sum();
        let succeeded = interval.ended[Outcome::Ok as usize];
        let series = &mut self.series;
        // Without clients there is no traffic to tell of.
        if !plan.populations.is_empty() {
            series.put("offered_per_s", "1/s", interval.offered as f64 / width);
            series.put("succeeded_per_s", "1/s", succeeded as f64 / width);
            series.put("failed_per_s", "1/s", (ended - succeeded) as f64 / width);
            for outcome in Outcome::ALL {
                let count = interval.ended[outcome as usize];
                let name = format!("failed_per_s.{}", outcome.name());
                if !outcome.is_ok() && (count > 0 || series.index.contains_key(&name)) {
                    series.put(&name, "1/s", count as f64 / width);
                }
            }
            let ms = |value: Option<u64>| value.map_or(f64::NAN, |ns| ns as f64 / 1e6);
            series.put("latency_ms.mean", "ms", interval.latency.mean().map_or(f64::NAN, |ns| ns / 1e6));
            series.put("latency_ms.p50", "ms", ms(interval.latency.quantile(0.5)));
            series.put("latency_ms.p95", "ms", ms(interval.latency.quantile(0.95)));
            series.put("latency_ms.p99", "ms", ms(interval.latency.quantile(0.99)));
            series.put("in_flight", "1", self.shared.observe.in_flight as f64);
            series.latency_map.record(&interval.latency);
        }
        self.shared.observe.interval.clear();
        for (id, fleet) in plan.fleets.iter() {
            let counts = self.groups.units(id);
            for (name, value) in [
                ("desired", counts.desired),
                ("in_service", counts.healthy),
                ("pending", counts.pending),
                ("booting", counts.booting),
                ("unhealthy", counts.unhealthy),
                ("terminating", counts.terminating),
            ] {
                series.put(&format!("group.{}.{name}", fleet.name), "1", f64::from(value));
            }
            if let Some(forecast) = self.groups.forecast_of(id, now) {
                series.put(&format!("group.{}.forecast", fleet.name), "1", f64::from(forecast));
            }
            let (mut sum, mut count) = (0.0, 0);
            series.by_zone.fill((0.0, 0));
            for instance in self.groups.measured(id, now) {
                let work = self.instances.busy_ns(instance, now);
                let index = instance.index();
                if series.cpu_marks.len() <= index {
                    series.cpu_marks.resize(index + 1, (Time::ZERO, f64::NAN));
                }
                let (at, before) = std::mem::replace(&mut series.cpu_marks[index], (now, work));
                let before = if before.is_nan() && series.rows == 0 { 0.0 } else { before };
                // An instance back from standby was not looked at when this row began.
                if at == last && before <= work {
                    let capacity = f64::from(self.shared.directory.vcpus(plan, instance)) * width * 1e9;
                    let percent = 100.0 * (work - before) / capacity;
                    sum += percent;
                    count += 1;
                    if let Some(zone) = self.shared.directory.facts(instance).zone {
                        let (sum, count) = &mut series.by_zone[zone.index()];
                        (*sum, *count) = (*sum + percent, *count + 1);
                    }
                }
            }
            let cpu = if count > 0 { sum / f64::from(count) } else { f64::NAN };
            if plan.services.values().any(|service| service.fleet == id) {
                series.put(&format!("cpu_percent.{}", fleet.name), "%", cpu);
                if fleet.zones.len() > 1 {
                    for &zone in &fleet.zones {
                        let (sum, count) = series.by_zone[zone.index()];
                        let cpu = if count > 0 { sum / f64::from(count) } else { f64::NAN };
                        let name = format!("zone_cpu_percent.{}.{}", fleet.name, plan.zones[zone].name);
                        series.put(&name, "%", cpu);
                    }
                }
            }
            if let Some(figures) = self.instances.credit_figures(id, now, &self.shared) {
                series.put(&format!("cpu_credits.{}", fleet.name), "1", figures.balance);
            }
            if let Some(figures) = self.instances.memory_figures(id, now, &self.shared) {
                series.put(&format!("memory_mib.{}", fleet.name), "MiB", figures.final_mib);
            }
        }
        for (id, service) in plan.services.iter() {
            let waiting = self.shared.observe.service(id).waiting.now();
            series.put(&format!("waiting.{}", service.name), "1", waiting as f64);
        }
        for (id, group) in plan.target_groups.iter() {
            for (zone, settings) in plan.zones.iter() {
                let (mut registered, mut healthy) = (0, 0);
                for (instance, fit) in self.albs.targets(id) {
                    if self.shared.directory.facts(instance).zone == Some(zone) {
                        registered += 1;
                        healthy += u32::from(fit);
                    }
                }
                let name = format!("targets.{}.{}", group.name, settings.name);
                series.put(&format!("{name}.healthy"), "1", f64::from(healthy));
                series.put(&format!("{name}.registered"), "1", f64::from(registered));
            }
        }
        balancing(&mut self.albs, &self.shared, series);
        for (id, balancer) in plan.balancers.iter() {
            let (name, value) = match balancer.kind {
                BalancerKind::Application => continue,
                BalancerKind::Network(_) => ("active_flows", self.albs.active_flows(id, &self.shared)),
                BalancerKind::Classic(_) => ("surge_queue", self.albs.surge_queue(id, &self.shared)),
            };
            series.put(&format!("{name}.{}", balancer.name), "1", value as f64);
        }
        for (id, store) in plan.stores.iter() {
            let name = format!("database.{}", store.name);
            series.put(&format!("{name}.available"), "1", f64::from(u8::from(self.stores.available(id))));
            series.put(&format!("{name}.connections"), "1", f64::from(self.stores.busy_connections(id)));
            if store.rds.is_some() {
                let primary = self.stores.zones(id).0.map_or(f64::NAN, |zone| zone.index() as f64);
                series.put(&format!("{name}.primary_zone"), "zone", primary);
                series.put(&format!("{name}.standby"), "1", f64::from(u8::from(self.stores.in_sync(id))));
            }
        }
        for (id, alarm) in plan.alarms.iter() {
            let name = format!("alarm.{}", alarm.name);
            series.put(&format!("{name}.state"), "1", self.alarms.state(id).code());
            let unit = if alarm.math.is_some() { "" } else { unit(alarm.metric, plan) };
            series.put(&format!("{name}.value"), unit, self.alarms.value(id).unwrap_or(f64::NAN));
            if alarm.comparison.is_band() {
                let (lower, upper) = self.alarms.bounds(id).unwrap_or((f64::NAN, f64::NAN));
                series.put(&format!("{name}.lower"), unit, lower);
                series.put(&format!("{name}.upper"), unit, upper);
            } else {
                series.put(&format!("{name}.threshold"), unit, alarm.threshold);
            }
        }
        for (id, alarm) in plan.composite_alarms.iter() {
            series.put(&format!("alarm.{}.state", alarm.name), "1", self.alarms.composite_state(id).code());
        }
        for (id, metric) in plan.custom_metrics.iter() {
            let latest = self.cloudwatch.latest(id, now).unwrap_or(f64::NAN);
            series.put(&format!("metric.{}", metric.name), &metric.unit, latest);
        }
        self.record_flows(width);
        let total = self.cost(now, false).total;
        let series = &mut self.series;
        series.put("cost_usd", "USD", total);
        series.put("cost_usd_per_h", "USD/h", (total - series.last_cost).max(0.0) / width * 3600.0);
        series.last_cost = total;
        series.end_row();
    }
    /// Traffic of the single parts, from their counters.
    fn record_flows(&mut self, width: f64) {
        let World { shared, series, .. } = self;
        let (plan, observe) = (shared.plan, &mut shared.observe);
        let rate = |now: u64, mark: &mut u64| now.saturating_sub(std::mem::replace(mark, now)) as f64 / width;
        for (id, balancer) in plan.balancers.iter() {
            let routed = rate(observe.balancer(id).all_requests, &mut series.flows.routed[id]);
            series.put(&format!("routed_per_s.{}", balancer.name), "1/s", routed);
        }
        for (id, service) in plan.services.iter() {
            let started = rate(observe.service(id).all_served(), &mut series.flows.started[id]);
            series.put(&format!("started_per_s.{}", service.name), "1/s", started);
        }
        for (id, store) in plan.stores.iter() {
            let queries = rate(observe.store(id).all_served(), &mut series.flows.queries[id]);
            series.put(&format!("queries_per_s.{}", store.name), "1/s", queries);
        }
        // One population is all the traffic there is. What the warm-up leaves uncounted has no value.
        if plan.populations.len() > 1 {
            for (id, population) in plan.populations.iter() {
                let offered = plan.endpoints.ids().map(|endpoint| observe.cell(id, endpoint).offered).sum();
                let offered = rate(offered, &mut series.flows.offered[id]);
                let offered = if series.last_row <= Time::ZERO + plan.warm_up { f64::NAN } else { offered };
                series.put(&format!("offered_per_s.{}", population.name), "1/s", offered);
            }
        }
    }
}
