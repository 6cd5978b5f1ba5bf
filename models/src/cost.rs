//! Cost: what the run would have been billed, on demand and for Spot Instances.
//!
//! # Models      instances per second, at least 60 s for each start; balancers per hour or part of one, capacity units
//!   per hour on their largest dimension (connections as they are, sampled by the minute), data of Classic ones per GB; NAT gateways per hour and per GB of bootstrap downloads; databases
//!   per hour, twice with a standby, and their storage; data between zones in both directions; alarms and
//!   detailed monitoring; surplus CPU credits as they are charged; EBS volumes per GiB
//! # Leaves out  data to the internet; commitments of savings plans beyond what runs; taxes
//! # Source      `aws/network.md` §3.14 and §11, `aws/scaling.md` §6.3, `aws/data-and-resilience.md` §23

use crate::plan::{Alarm, BalancerId, BalancerKind, Egress, FlowListener, Monitoring, NetworkBalancer, Plan, Sizing};
use crate::result::{Cost, Dimension};
use crate::world::World;
use sim_core::{Table, Time};

/// Seconds of an hour.
const HOUR_S: f64 = 3600.0;
/// Hours of a month, as AWS counts it.
const MONTH_H: f64 = 730.0;
/// Bytes of a GB on the bill.
const GB: f64 = 1e9;
/// What one capacity unit covers (network.md §3.14, §4).
struct Unit {
    new_per_s: f64,
    active: f64,
    gb_per_h: f64,
    rules_per_s: f64,
}

/// LCU of an Application Load Balancer.
const LCU: Unit = Unit { new_per_s: 25.0, active: 3_000.0, gb_per_h: 1.0, rules_per_s: 1_000.0 };
/// NLCU of a Network Load Balancer, for TCP.
const NLCU: Unit = Unit { new_per_s: 800.0, active: 100_000.0, gb_per_h: 1.0, rules_per_s: f64::INFINITY };

/// NLCU of a Network Load Balancer, for TLS.
const NLCU_TLS: Unit = Unit { new_per_s: 50.0, active: 3_000.0, ..NLCU };

/// What a balancer did in some time, as its capacity units reckon it.
struct Usage {
    seconds: f64,
    /// New connections of clients, or flows. Those to targets are in the metric alone: AWS's examples of prices count clients'.
    new: f64,
    /// Active ones of clients, or flows, on average over the minutes.
    active: f64,
    bytes: f64,
    /// Rules beyond the free ones.
    rules: f64,
}

impl Usage {
    /// Capacity units by dimension, a reservation aside.
    fn units(&self, unit: &Unit) -> [f64; 4] {
        [
            self.new / self.seconds / unit.new_per_s,
            self.active / unit.active,
            self.bytes / GB / (self.seconds / HOUR_S) / unit.gb_per_h,
            self.rules / self.seconds / unit.rules_per_s,
        ]
    }
}

/// What has to be metered hour by hour.
#[derive(Clone, Debug)]
pub struct Meter {
    /// Start of the hour under way.
    since: Time,
    hours: Table<BalancerId, Hour>,
    /// Capacity unit hours of full hours, by the dimension that decided.
    unit_hours: Table<BalancerId, [f64; Dimension::ALL.len()]>,
}

/// A balancer at the last full hour.
#[derive(Clone, Copy, Debug, Default)]
struct Hour {
    bytes: u64,
    rules: u64,
    /// New connections of clients, or flows.
    new: u64,
    /// Open ones, summed over the minutes of the hour under way.
    open: u64,
    minutes: u64,
}

impl Meter {
    /// Nothing metered yet.
    pub fn new(plan: &Plan) -> Self {
        Meter {
            since: Time::ZERO,
            hours: plan.balancers.iter().map(|_| Hour::default()).collect(),
            unit_hours: plan.balancers.iter().map(|_| Default::default()).collect(),
        }
    }
}

impl World<'_> {
    /// A full hour is over.
    pub(crate) fn meter_hour(&mut self, now: Time) {
        for balancer in self.shared.plan.balancers.ids() {
            if let Some((dimension, hours)) = self.units_of_hour(balancer, HOUR_S) {
                self.meter.unit_hours[balancer][dimension as usize] += hours;
            }
            let new = self.new_of_clients(balancer);
            let counts = self.shared.observe.balancer(balancer);
            let (bytes, rules) = (counts.bytes, counts.billed_rules);
            self.meter.hours[balancer] = Hour { bytes, rules, new, ..Hour::default() };
        }
        self.meter.since = now;
    }

    /// A minute is over: open connections are sampled, and those at rest at the nodes grow older.
    pub(crate) fn meter_minute(&mut self) {
        let active = self.albs.active_connections(&self.shared);
        for (id, balancer) in self.shared.plan.balancers.iter() {
            let open = match balancer.kind {
                BalancerKind::Application => active[id].from_clients,
                BalancerKind::Network(_) => self.albs.active_flows(id, &self.shared),
                BalancerKind::Classic(_) => continue,
            };
            let most = &mut self.shared.observe.balancer(id).connections.most_active;
            *most = active[id].all().max(*most);
            let hour = &mut self.meter.hours[id];
            hour.open += open;
            hour.minutes += 1;
        }
        self.albs.age_backends(&self.shared);
    }

    /// New connections of clients to a balancer since the start; of a Network Load Balancer, flows.
    fn new_of_clients(&mut self, balancer: BalancerId) -> u64 {
        match self.shared.plan.balancers[balancer].kind {
            BalancerKind::Network(_) => self.shared.observe.edge(balancer).all_flows,
            BalancerKind::Application | BalancerKind::Classic(_) => {
                self.shared.observe.balancer(balancer).new_connections().from_clients
            }
        }
    }

    /// Capacity unit hours of the hour under way, `seconds` of which are over, and the dimension that decides.
    fn units_of_hour(&mut self, balancer: BalancerId, seconds: f64) -> Option<(Dimension, f64)> {
        let settings = &self.shared.plan.balancers[balancer];
        let unit = match settings.kind {
            BalancerKind::Application => &LCU,
            BalancerKind::Network(NetworkBalancer { listener: FlowListener::Tls, .. }) => &NLCU_TLS,
            BalancerKind::Network(_) => &NLCU,
            // Billed by the GB.
            BalancerKind::Classic(_) => return None,
        };
        if seconds <= 0.0 {
            return None;
        }
        let new = self.new_of_clients(balancer);
        let since = self.meter.hours[balancer];
        let counts = self.shared.observe.balancer(balancer);
        // A part of an hour counts as that part: its dimensions are taken over the time that has passed.
        let usage = Usage {
            seconds,
            new: (new - since.new) as f64,
            active: if since.minutes > 0 { since.open as f64 / since.minutes as f64 } else { 0.0 },
            bytes: (counts.bytes - since.bytes) as f64,
            rules: (counts.billed_rules - since.rules) as f64,
        };
        // A reservation is paid for whether it is used or not.
        let units = usage.units(unit).into_iter().chain([f64::from(settings.reserved_lcu)]);
        let (dimension, units) = Dimension::ALL.into_iter().zip(units).max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some((dimension, units * seconds / HOUR_S))
    }

    /// ConsumedLCUs of the minute that ends now.
    pub(crate) fn lcus_of_minute(&mut self, balancer: BalancerId) -> f64 {
        let active = self.albs.active_connections(&self.shared)[balancer].from_clients;
        let counts = self.shared.observe.balancer(balancer);
        let usage = Usage {
            seconds: 60.0,
            new: counts.new_connections().since(counts.minute.connections_before).from_clients as f64,
            active: active as f64,
            bytes: (counts.bytes - counts.minute.bytes_before) as f64,
            rules: (counts.billed_rules - counts.minute.rules_before) as f64,
        };
        usage.units(&LCU).into_iter().fold(0.0, f64::max)
    }

    /// Capacity unit hours so far, by the dimension that decided.
    fn unit_hours(&mut self, balancer: BalancerId, now: Time) -> [f64; Dimension::ALL.len()] {
        let into = (now - self.meter.since).as_secs_f64();
        let mut hours = self.meter.unit_hours[balancer];
        if let Some((dimension, more)) = self.units_of_hour(balancer, into) {
            hours[dimension as usize] += more;
        }
        hours
    }

    /// Capacity unit hours so far.
    pub(crate) fn lcu_hours(&mut self, balancer: BalancerId, now: Time) -> f64 {
        self.unit_hours(balancer, now).iter().sum()
    }

    /// The dimension that most capacity unit hours come from; none without any.
    pub(crate) fn billed_by(&mut self, balancer: BalancerId, now: Time) -> Option<Dimension> {
        let hours = self.unit_hours(balancer, now);
        let most = Dimension::ALL.into_iter().zip(hours).filter(|(_, hours)| *hours > 0.0);
        most.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(dimension, _)| dimension)
    }

    /// The bill if all ended now. `whole`: an hour begun counts as a whole one, as it does on the bill; else by its part,
    /// so that the cost over time has no steps.
    pub(crate) fn cost(&mut self, now: Time, whole: bool) -> Cost {
        let plan = self.shared.plan;
        let prices = &plan.prices;
        let hours = now.as_secs_f64() / HOUR_S;
        let begun = if whole { hours.ceil() } else { hours };
        let mut cost = Cost::default();
        let add = |cost: &mut Cost, part: String, usd: f64| {
            if usd > 0.0 {
                *cost.by_part.entry(part).or_insert(0.0) += usd;
            }
        };
        let mut nat_gb = 0.0;
        for (id, fleet) in plan.fleets.iter() {
            if fleet.mixed().is_some() {
                for ((_, spot), figures) in self.groups.bought(id, now) {
                    let option = if spot { "spot" } else { "on_demand" };
                    add(&mut cost, format!("instances.{}.{option}", fleet.name), figures.cost_usd);
                }
            }
            for (number, template) in (0..).zip(fleet.templates()) {
                let instance_hours = self.groups.billed_seconds(id, number, now) / HOUR_S;
                if fleet.mixed().is_none() {
                    let price = prices.instances.get(&template.instance_type).copied().unwrap_or(0.0);
                    let price = price * prices.on_demand_ratio;
                    add(&mut cost, format!("instances.{}", fleet.name), instance_hours * price);
                }
                if template.monitoring == Monitoring::Detailed {
                    let monitoring = instance_hours / MONTH_H * prices.detailed_monitoring_month;
                    add(&mut cost, "monitoring".to_string(), monitoring);
                }
            }
            if let Sizing::AutoScaling(group) = &fleet.sizing
                && let Some(pool) = &group.warm_pool
            {
                let price = prices.instances.get(&fleet.template.instance_type).copied().unwrap_or(0.0);
                let ran = self.groups.pool_billed_s(id, now) / HOUR_S * price * prices.on_demand_ratio;
                // A stopped instance costs what its volume does, and one in service does not cost it anew.
                let volumes = self.groups.pool_held_s(id, now) / HOUR_S / MONTH_H * pool.volume_gb;
                add(&mut cost, format!("warm_pool.{}", fleet.name), ran + volumes * prices.volume_gb_month);
            }
            if let Some(terms) = fleet.burstable()
                && let Some(credits) = self.instances.credit_figures(id, now, &self.shared)
            {
                // A credit is a vCPU-minute.
                add(&mut cost, format!("cpu_credits.{}", fleet.name), credits.charged / 60.0 * terms.surplus_price);
            }
            if let Some(volume) = fleet.template.machine.volume {
                // A stopped instance of a fixed set keeps its volume; with one that is terminated it goes.
                let volume_hours = match fleet.sizing {
                    Sizing::Fixed(count) => f64::from(count) * hours,
                    Sizing::AutoScaling(_) => self.groups.figures(id, plan, now).instance_hours,
                };
                add(&mut cost, format!("ebs.{}", fleet.name), volume_hours / MONTH_H * volume.month);
            }
            let behind_nat = fleet.zones.iter().any(|&zone| matches!(plan.zones[zone].egress, Egress::Nat(_)));
            if fleet.template.bootstrap_needs_egress && behind_nat {
                nat_gb += f64::from(self.groups.bootstraps(id)) * fleet.template.bootstrap_download_gb;
            }
        }
        for (id, balancer) in plan.balancers.iter() {
            let gb = self.shared.observe.balancer(id).bytes as f64 / GB;
            let usd = match balancer.kind {
                BalancerKind::Application => begun * prices.balancer_hour + self.lcu_hours(id, now) * prices.lcu_hour,
                BalancerKind::Network(_) => {
                    begun * prices.network_balancer_hour + self.lcu_hours(id, now) * prices.nlcu_hour
                }
                BalancerKind::Classic(_) => begun * prices.classic_balancer_hour + gb * prices.classic_balancer_gb,
            };
            add(&mut cost, format!("load_balancer.{}", balancer.name), usd);
        }
        let nats = plan.nat_gateways.len() as f64;
        add(&mut cost, "nat".to_string(), nats * begun * prices.nat_hour + nat_gb * prices.nat_gb);
        let mut cross_zone_bytes = self.shared.cross_zone_bytes as f64;
        for (id, store) in plan.stores.iter() {
            let copies = if store.rds.as_ref().is_some_and(|rds| rds.standby.is_some()) { 2.0 } else { 1.0 };
            let class = prices.databases.get(&store.instance_class).copied().unwrap_or(0.0);
            let storage = match store.rds {
                Some(_) => store.allocated_storage * prices.database_storage_gb_month / MONTH_H,
                None => 0.0,
            };
            add(&mut cost, format!("database.{}", store.name), copies * hours * (class + storage));
            cross_zone_bytes += self.stores.cross_zone_queries(id) as f64 * f64::from(store.query_bytes);
        }
        // Billed at both ends.
        add(&mut cost, "cross_zone_data".to_string(), 2.0 * cross_zone_bytes / GB * prices.inter_az_gb);
        let of_alarm = |alarm: &Alarm| {
            // A band takes two metrics more: its bounds.
            let metrics = alarm.math.as_ref().map_or(1, |math| math.terms.len());
            let metrics = if alarm.comparison.is_band() { metrics + 2 } else { metrics };
            let fine = alarm.is_high_resolution();
            metrics as f64 * if fine { prices.high_resolution_alarm_month } else { prices.alarm_month }
        };
        let composites = plan.composite_alarms.len() as f64 * prices.composite_alarm_month;
        let alarms = plan.alarms.values().map(of_alarm).sum::<f64>() + composites;
        add(&mut cost, "alarms".to_string(), alarms * hours / MONTH_H);
        let metrics = plan.custom_metrics.len() as f64 * prices.custom_metric_month;
        add(&mut cost, "custom_metrics".to_string(), metrics * hours / MONTH_H);
        cost.total = cost.by_part.values().sum();
        cost.per_hour = if hours > 0.0 { cost.total / hours } else { 0.0 };
        cost
    }
}
