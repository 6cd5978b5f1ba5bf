//! Metrics: references to those of AWS, statistics, and the scenario's own.

use super::context::{Cx, FleetKind};
use super::profile::{self, Meaning};
use super::series;
use crate::outline::Place;
use crate::schema;
use models::plan::{
    BalancerId, BalancerMetric, Bounds, CustomMetric, CustomMetricId, Emitted, FleetId, GroupMetric, InstanceMetric,
    MachineMetric, Metric, Per, ServiceId, Source, Statistic, Store, StoreId, TargetGroupId, TargetsMetric, Within,
};
use sim_core::{Duration, Table, Time};

/// Base periods of custom metrics, in seconds.
const RESOLUTIONS: [f64; 6] = [1.0, 5.0, 10.0, 20.0, 30.0, 60.0];

/// The scenario's own metrics.
pub(crate) fn custom_metrics(cx: &mut Cx<'_>) -> Table<CustomMetricId, CustomMetric> {
    let mut metrics = Table::default();
    for (name, written) in cx.scenario.metrics.iter().take(10_000) {
        let place = cx.root.field("metrics").entry(name);
        let resolution = written.resolution.map_or(60.0, |resolution| resolution.0);
        if !RESOLUTIONS.contains(&resolution) {
            let message = format!("a base period of {resolution} s");
            cx.error(place.field("resolution"), message, "no resolution", "choose 1 s, 5 s, 10 s, 20 s, 30 s or 60 s");
        }
        let source = source(cx, name, written, place);
        let unit = written.unit.clone().unwrap_or_default();
        let resolution = Duration::from_secs_f64(resolution);
        metrics.push(CustomMetric { name: name.to_owned(), unit, source, resolution });
    }
    metrics
}

fn source<'a>(cx: &mut Cx<'a>, name: &str, written: &'a schema::CustomMetric, place: Place<'a>) -> Source {
    let given = [
        ("values", written.values.is_some()),
        ("points", written.points.is_some() || written.csv.is_some()),
        ("emitted", written.emitted.is_some()),
    ];
    let mut sources = given.iter().filter(|source| source.1).map(|source| source.0);
    let all = "one of `values`, `points`, `csv`, `emitted`";
    match (sources.next(), sources.next()) {
        (Some(_), None) => {}
        (Some(_), Some(second)) => {
            let second = if place.field(second).is_written() { second } else { "csv" };
            cx.error(
                place.field(second),
                format!("metric `{name}` has two sources"),
                "second one",
                &format!("keep {all}"),
            );
        }
        (None, _) => {
            let written = ["values", "points", "csv", "emitted"].iter().any(|field| place.field(field).is_written());
            if !written {
                let at = cx.root.field("metrics").key(name);
                let message = format!("metric `{name}` has no source");
                cx.error(at, message, "where do its values come from?", &format!("add {all}"));
            }
        }
    }
    let fed = written.points.is_some() || written.csv.is_some();
    for (field, given) in [
        ("time_column", written.time_column.is_some() && written.csv.is_none()),
        ("value_column", written.value_column.is_some() && written.csv.is_none()),
        ("start", written.start.is_some() && !fed),
        ("stretch", written.stretch.is_some() && !fed),
        ("scale", written.scale.is_some() && !fed),
        ("offset", written.offset.is_some() && !fed),
    ] {
        if given {
            let of = if field.ends_with("column") { "`csv`" } else { "`points` or `csv`" };
            cx.error(place.field(field), format!("`{field}` without {of}"), "nothing to apply it to", "leave it out");
        }
    }
    if let Some(values) = &written.values {
        return Source::Profile(profile::resolve(cx, values, place.field("values"), Meaning::Metric));
    }
    if let Some(emitted) = &written.emitted {
        return emission(cx, emitted, place.field("emitted")).unwrap_or_else(|| Source::Points(Vec::new()));
    }
    let points = match (&written.csv, &written.points) {
        (Some(path), _) => {
            let columns = (written.time_column.as_deref(), written.value_column.as_deref());
            series::samples(cx, place.field("csv"), path, columns)
        }
        (None, Some(points)) => points.iter().map(|(time, value)| (time.0, *value)).collect(),
        (None, None) => Vec::new(),
    };
    if written.csv.is_none() && points.windows(2).any(|pair| pair[1].0 < pair[0].0) {
        let help = "order the points by time";
        cx.error(place.field("points"), "times must ascend", "one is earlier than the one before", help);
    }
    let start = written.start.map_or(0.0, |start| start.0);
    let stretch = cx.number(place.field("stretch"), written.stretch.unwrap_or(1.0), 1e-9, 1e9);
    let scale = cx.number(place.field("scale"), written.scale.unwrap_or(1.0), -1e15, 1e15);
    let offset = cx.number(place.field("offset"), written.offset.unwrap_or(0.0), -1e15, 1e15);
    let stretched = |(time, value): &(f64, f64)| {
        let time = Time::ZERO + Duration::from_secs_f64((time - start) * stretch);
        (time, value * scale + offset)
    };
    let points: Vec<(Time, f64)> = points.iter().filter(|point| point.0 >= start).map(stretched).collect();
    if points.iter().any(|point| !point.1.is_finite()) {
        cx.error(place.field("points"), "a value that is no number", "not finite", "");
    }
    if fed && points.is_empty() && !cx.failed() {
        let at = if written.csv.is_some() { place.field("csv") } else { place.field("points") };
        cx.error(at, format!("metric `{name}` has no point"), "nothing to replay", "a `start` may lie beyond the end");
    }
    Source::Points(points)
}

fn emission<'a>(cx: &mut Cx<'a>, written: &'a schema::Emission, place: Place<'a>) -> Option<Source> {
    use schema::Emitted as E;
    let at = place.part("service", 0);
    let service = ServiceId::new(cx.find("service", "services", &cx.scenario.services, &written.service, at)?);
    let counter = matches!(written.value, E::Started | E::Refused);
    let per = match (written.per, counter) {
        (None, false) => Per::Instance,
        (None, true) | (Some(schema::Per::Service), _) => Per::Service,
        (Some(schema::Per::Instance), false) => Per::Instance,
        (Some(schema::Per::Instance), true) => {
            let help = "leave `per` out: requests are counted for the service as a whole";
            cx.error(place.field("per"), "instances do not count for themselves", "not of a counter", help);
            Per::Service
        }
    };
    let value = match written.value {
        E::InFlight => Emitted::InFlight,
        E::QueueDepth => Emitted::QueueDepth,
        E::BusyWorkers => Emitted::BusyWorkers,
        E::Sessions => Emitted::Sessions,
        E::Started => Emitted::Started,
        E::Refused => Emitted::Refused,
    };
    Some(Source::Emitted { service, value, per })
}

/// Seconds between two datapoints, at best.
pub(crate) fn cadence(metric: Metric, customs: &Table<CustomMetricId, CustomMetric>) -> f64 {
    match metric {
        Metric::Custom(id) => customs.get(id).map_or(60.0, |metric| metric.resolution.as_secs_f64()),
        _ => 60.0,
    }
}

/// A metric by its name.
pub(crate) fn metric<'a>(
    cx: &mut Cx<'a>,
    written: &'a schema::Metric,
    place: Place<'a>,
    stores: &Table<StoreId, Store>,
) -> Option<Metric> {
    use schema::Metric as W;
    let at = |field| place.part(field, 0);
    let scenario = cx.scenario;
    let balancer = |cx: &mut Cx<'a>, name: &str| {
        cx.find("load balancer", "load_balancers", &scenario.load_balancers, name, at("load_balancer"))
            .map(BalancerId::new)
    };
    let targets = |cx: &mut Cx<'a>, name: &str| {
        cx.find("target group", "target_groups", &scenario.target_groups, name, at("target_group"))
            .map(TargetGroupId::new)
    };
    let store = |cx: &mut Cx<'a>, name: &str| {
        cx.find("database", "databases", &scenario.databases, name, at("database")).map(StoreId::new)
    };
    let machine = |cx: &mut Cx<'a>, name: &str, metric| Some(Metric::Machine(cx.fleet(name, at("group"))?, metric));
    let group = |cx: &mut Cx<'a>, name: &str, metric| Some(Metric::Group(cx.group(name, at("group"))?, metric));
    let elb = |cx: &mut Cx<'a>, name: &str, metric| {
        let id = balancer(cx, name)?;
        super::edge::counts(cx, name, metric, at("load_balancer"));
        Some(Metric::Balancer(id, metric))
    };
    let tg = |cx: &mut Cx<'a>, name: &str, metric| {
        let id = targets(cx, name)?;
        // AWS watches the errors of all targets; here that is done where somebody looks.
        if matches!(metric, TargetsMetric::Anomalous | TargetsMetric::Mitigated) {
            cx.watched_targets.push(id);
        }
        Some(Metric::Targets(id, metric))
    };
    let ec2 = |cx: &mut Cx<'a>, name: &str, nth: Option<u16>, metric| {
        let fleet = cx.fleet(name, at("group"))?;
        one_of(cx, name, fleet, nth, place.part("instance", 1));
        Some(Metric::Instance(fleet, nth, metric))
    };
    match written {
        W::Cpu { group, instance: None } => Some(Metric::Cpu(cx.fleet(group, at("group"))?)),
        W::Cpu { group, instance } => ec2(cx, group, *instance, InstanceMetric::Cpu),
        W::InServiceInstances { group } => Some(Metric::InServiceInstances(cx.group(group, at("group"))?)),
        W::DesiredCapacity { group } => Some(Metric::DesiredCapacity(cx.group(group, at("group"))?)),
        W::RequestCount { load_balancer } => Some(Metric::RequestCount(balancer(cx, load_balancer)?)),
        W::Elb5xx { load_balancer } => Some(Metric::Elb5xx(balancer(cx, load_balancer)?)),
        W::RequestCountPerTarget { target_group } => Some(Metric::RequestCountPerTarget(targets(cx, target_group)?)),
        W::TargetResponseTime { target_group } => Some(Metric::TargetResponseTime(targets(cx, target_group)?)),
        W::Target5xx { target_group } => Some(Metric::Target5xx(targets(cx, target_group)?)),
        W::HealthyHostCount { target_group } => Some(Metric::HealthyHostCount(targets(cx, target_group)?)),
        W::UnHealthyHostCount { target_group } => Some(Metric::UnHealthyHostCount(targets(cx, target_group)?)),
        W::QueueDepth { service } => {
            let found = cx.find("service", "services", &scenario.services, service, at("service"))?;
            Some(Metric::QueueDepth(ServiceId::new(found)))
        }
        W::DatabaseConnections { database } => Some(Metric::DatabaseConnections(store(cx, database)?)),
        W::DatabaseCpu { database } => {
            let id = store(cx, database)?;
            if stores.get(id).is_some_and(|store| store.vcpus.is_none()) {
                cx.error(
                    at("database"),
                    format!("database `{database}` has no CPU to watch"),
                    "no `vcpus`",
                    "add `vcpus` to the database",
                );
            }
            Some(Metric::DatabaseCpu(id))
        }
        W::CpuCreditUsage { group } => machine(cx, group, MachineMetric::CreditUsage),
        W::CpuCreditBalance { group } => machine(cx, group, MachineMetric::CreditBalance),
        W::CpuSurplusCreditBalance { group } => machine(cx, group, MachineMetric::SurplusCreditBalance),
        W::CpuSurplusCreditsCharged { group } => machine(cx, group, MachineMetric::SurplusCreditsCharged),
        W::BurstBalance { group } => machine(cx, group, MachineMetric::BurstBalance),
        W::MemoryUsed { group } => machine(cx, group, MachineMetric::MemoryUsed),
        W::Custom { name } => {
            let found = cx.find("metric", "metrics", &scenario.metrics, name, at("name"))?;
            Some(Metric::Custom(CustomMetricId::new(found)))
        }
        W::GroupMinSize { group: name } => group(cx, name, GroupMetric::MinSize),
        W::GroupMaxSize { group: name } => group(cx, name, GroupMetric::MaxSize),
        W::GroupPendingInstances { group: name } => group(cx, name, GroupMetric::Pending),
        W::GroupStandbyInstances { group: name } => group(cx, name, GroupMetric::Standby),
        W::GroupTerminatingInstances { group: name } => group(cx, name, GroupMetric::Terminating),
        W::WarmPoolMinSize { group: name } => group(cx, name, GroupMetric::PoolMinSize),
        W::WarmPoolDesiredCapacity { group: name } => group(cx, name, GroupMetric::PoolDesired),
        W::WarmPoolPendingCapacity { group: name } => group(cx, name, GroupMetric::PoolPending),
        W::WarmPoolTerminatingCapacity { group: name } => group(cx, name, GroupMetric::PoolTerminating),
        W::WarmPoolWarmedCapacity { group: name } => group(cx, name, GroupMetric::PoolWarmed),
        W::WarmPoolTotalCapacity { group: name } => group(cx, name, GroupMetric::PoolTotal),
        W::GroupAndWarmPoolDesiredCapacity { group: name } => group(cx, name, GroupMetric::WithPoolDesired),
        W::GroupAndWarmPoolTotalCapacity { group: name } => group(cx, name, GroupMetric::WithPoolTotal),
        W::GroupTotalInstances { group: name } => group(cx, name, GroupMetric::Total),
        W::HttpCodeElb502Count { load_balancer } => elb(cx, load_balancer, BalancerMetric::Elb502),
        W::HttpCodeElb503Count { load_balancer } => elb(cx, load_balancer, BalancerMetric::Elb503),
        W::HttpCodeElb504Count { load_balancer } => elb(cx, load_balancer, BalancerMetric::Elb504),
        W::LoadBalancerTarget5xx { load_balancer } => elb(cx, load_balancer, BalancerMetric::Target5xx),
        W::ProcessedBytes { load_balancer } => elb(cx, load_balancer, BalancerMetric::ProcessedBytes),
        W::ConsumedLcus { load_balancer } => elb(cx, load_balancer, BalancerMetric::ConsumedLcus),
        W::SurgeQueueLength { load_balancer } => elb(cx, load_balancer, BalancerMetric::SurgeQueueLength),
        W::SpilloverCount { load_balancer } => elb(cx, load_balancer, BalancerMetric::Spillover),
        W::BackendConnectionErrors { load_balancer } => elb(cx, load_balancer, BalancerMetric::BackendConnectionErrors),
        W::NewFlowCount { load_balancer } => elb(cx, load_balancer, BalancerMetric::NewFlows),
        W::ActiveFlowCount { load_balancer } => elb(cx, load_balancer, BalancerMetric::ActiveFlows),
        W::TcpElbResetCount { load_balancer } => elb(cx, load_balancer, BalancerMetric::ElbResets),
        W::TcpTargetResetCount { load_balancer } => elb(cx, load_balancer, BalancerMetric::TargetResets),
        W::PortAllocationErrorCount { load_balancer } => elb(cx, load_balancer, BalancerMetric::PortAllocationErrors),
        W::TargetGroupRequestCount { target_group } => tg(cx, target_group, TargetsMetric::RequestCount),
        W::HttpCodeTarget2xxCount { target_group } => tg(cx, target_group, TargetsMetric::Target2xx),
        W::TargetConnectionErrorCount { target_group } => tg(cx, target_group, TargetsMetric::ConnectionErrors),
        W::UnhealthyRoutingRequestCount { target_group } => tg(cx, target_group, TargetsMetric::UnhealthyRouting),
        W::HealthyStateRouting { target_group } => tg(cx, target_group, TargetsMetric::HealthyStateRouting),
        W::UnhealthyStateRouting { target_group } => tg(cx, target_group, TargetsMetric::UnhealthyStateRouting),
        W::HealthyStateDns { target_group } => tg(cx, target_group, TargetsMetric::HealthyStateDns),
        W::UnhealthyStateDns { target_group } => tg(cx, target_group, TargetsMetric::UnhealthyStateDns),
        W::HttpCodeElb3xxCount { load_balancer } => elb(cx, load_balancer, BalancerMetric::Elb3xx),
        W::HttpCodeElb4xxCount { load_balancer } => elb(cx, load_balancer, BalancerMetric::Elb4xx),
        W::RejectedConnectionCount { load_balancer } => elb(cx, load_balancer, BalancerMetric::Rejected),
        W::RuleEvaluations { load_balancer } => elb(cx, load_balancer, BalancerMetric::RuleEvaluations),
        W::AnomalousHostCount { target_group } => tg(cx, target_group, TargetsMetric::Anomalous),
        W::MitigatedHostCount { target_group } => tg(cx, target_group, TargetsMetric::Mitigated),
        W::NonStickyRequestCount { target_group } => tg(cx, target_group, TargetsMetric::NonSticky),
        W::ActiveZonalShiftHostCount { target_group } => tg(cx, target_group, TargetsMetric::ZonalShift),
        W::StatusCheckFailed { group, instance } => ec2(cx, group, *instance, InstanceMetric::StatusCheckFailed),
        W::StatusCheckFailedSystem { group, instance } => {
            ec2(cx, group, *instance, InstanceMetric::StatusCheckFailedSystem)
        }
        W::StatusCheckFailedInstance { group, instance } => {
            ec2(cx, group, *instance, InstanceMetric::StatusCheckFailedInstance)
        }
        W::NetworkIn { group, instance } => ec2(cx, group, *instance, InstanceMetric::NetworkIn),
        W::NetworkOut { group, instance } => ec2(cx, group, *instance, InstanceMetric::NetworkOut),
        W::Math { .. } => {
            let help = "write it as one expression";
            cx.error(place, "an expression over an expression", "not here", help);
            None
        }
    }
}

/// Says so when a fixed set has no such instance. Of a group, it may be launched later.
pub(super) fn one_of<'a>(cx: &mut Cx<'a>, name: &str, fleet: FleetId, nth: Option<u16>, place: Place<'a>) {
    let (Some(nth), Some(set)) = (nth, cx.scenario.instances.get(name)) else { return };
    if cx.fleets[fleet.index()].1 == FleetKind::Fixed && u32::from(nth) >= set.count {
        let message = format!("`{name}` has {} instances, and no {nth}", set.count);
        cx.error(place, message, "they are counted from 0", "choose a smaller number");
    }
}

/// A statistic.
pub(crate) fn statistic<'a>(cx: &mut Cx<'a>, written: Option<&schema::Statistic>, place: Place<'a>) -> Statistic {
    use schema::Statistic as W;
    let within = |cx: &mut Cx<'a>, what, text: &str| {
        let bounds = bounds(text, what == Within::PercentileRank).unwrap_or_else(|message| {
            let help = "such as `\"10%:90%\"`, `\":95%\"`, `\"150:1000\"`; a lone number is an upper percentile";
            cx.error(place, message, "no such bounds", help);
            Bounds::Percent(0.0, 100.0)
        });
        Statistic::Within(what, bounds)
    };
    match written {
        None | Some(W::Average) => Statistic::Average,
        Some(W::Sum) => Statistic::Sum,
        Some(W::Minimum) => Statistic::Minimum,
        Some(W::Maximum) => Statistic::Maximum,
        Some(W::SampleCount) => Statistic::SampleCount,
        Some(W::P(percentile)) => {
            let value = match percentile {
                schema::Percentile::Number(value) => *value,
                schema::Percentile::Text(text) => text.trim_start_matches(['p', 'P']).parse().unwrap_or(f64::NAN),
            };
            Statistic::Percentile(cx.number(place, value, 0.0, 100.0))
        }
        Some(W::TM { bounds }) => within(cx, Within::TrimmedMean, bounds),
        Some(W::WM { bounds }) => within(cx, Within::WinsorizedMean, bounds),
        Some(W::TC { bounds }) => within(cx, Within::TrimmedCount, bounds),
        Some(W::TS { bounds }) => within(cx, Within::TrimmedSum, bounds),
        Some(W::PR { bounds }) => within(cx, Within::PercentileRank, bounds),
        Some(W::IQM) => Statistic::Within(Within::TrimmedMean, Bounds::Percent(25.0, 75.0)),
    }
}

/// `10%:90%`, `:95%`, `150:1000`, or `90` for `0%:90%`.
fn bounds(text: &str, values_only: bool) -> Result<Bounds, String> {
    let number = |text: &str| {
        text.trim().parse::<f64>().ok().filter(|n| n.is_finite()).ok_or_else(|| format!("`{text}` is not a number"))
    };
    let Some((low, high)) = text.split_once(':') else {
        let high = number(text.trim_end_matches('%'))?;
        if values_only || !(0.0..=100.0).contains(&high) {
            return Err(format!("`{text}` is no pair of bounds"));
        }
        return Ok(Bounds::Percent(0.0, high));
    };
    let (low, high) = (low.trim(), high.trim());
    if low.is_empty() && high.is_empty() {
        return Err(format!("`{text}` bounds nothing"));
    }
    let percent = [low, high].map(|text| text.ends_with('%'));
    let bounds = match [low, high].map(|text| text.is_empty() || text.ends_with('%')) {
        [true, true] => {
            let part = |text: &str, open| match text {
                "" => Ok(open),
                text => number(text.trim_end_matches('%')),
            };
            Bounds::Percent(part(low, 0.0)?, part(high, 100.0)?)
        }
        _ if percent.contains(&true) => return Err(format!("`{text}` mixes percent and values")),
        _ => {
            let part = |text: &str, open| if text.is_empty() { Ok(open) } else { number(text) };
            Bounds::Values(part(low, f64::NEG_INFINITY)?, part(high, f64::INFINITY)?)
        }
    };
    match bounds {
        Bounds::Percent(..) if values_only => Err(format!("`{text}`: a rank is asked for between values")),
        Bounds::Percent(low, high) if !(0.0 <= low && low < high && high <= 100.0) => {
            Err(format!("`{text}` is no range within 0 % to 100 %"))
        }
        Bounds::Values(low, high) if low >= high => Err(format!("`{text}` is an empty range")),
        bounds => Ok(bounds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_as_cloudwatch_writes_them() {
        let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
        let table = [
            ("10%:90%", Ok(Bounds::Percent(10.0, 90.0))),
            (":95%", Ok(Bounds::Percent(0.0, 95.0))),
            ("5%:", Ok(Bounds::Percent(5.0, 100.0))),
            ("90", Ok(Bounds::Percent(0.0, 90.0))),
            ("150:1000", Ok(Bounds::Values(150.0, 1000.0))),
            (":300", Ok(Bounds::Values(low, 300.0))),
            ("-3.5 : ", Ok(Bounds::Values(-3.5, high))),
        ];
        for (text, expected) in table {
            assert_eq!(bounds(text, false), expected, "{text}");
        }
        for text in ["", ":", "x", "10%:5%", "10%:200", "5:5", "9:1", "120", "0%:101%", "NaN:1", "inf:"] {
            assert!(bounds(text, false).is_err(), "{text}");
        }
        assert!(bounds("10%:90%", true).is_err() && bounds("90", true).is_err() && bounds(":9", true).is_ok());
    }
}
