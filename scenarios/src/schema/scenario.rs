//! The scenario as a whole, its geography, and its prices.

use super::{
    Alarm, AutoScalingGroup, Client, CloudWatch, CompositeAlarm, CustomMetric, Database, Dist, ElasticBeanstalk,
    Expect, Failures, Fault, Instances, LaunchTemplate, LoadBalancer, Named, Operation, Service, Spot, TargetGroup,
};
use crate::clock::Moment;
use crate::units::{Dur, Money, Share};
use schemars::JsonSchema;
use serde::Deserialize;

/// A scenario: an architecture, its traffic and its bad days.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Version of this language: 1. Required.
    pub schema: Option<u32>,
    /// Names the output folder. Required; letters, digits, `-`, `_` and `.`.
    pub name: Option<String>,
    /// What it shows, in the author's words.
    pub description: Option<String>,
    /// Simulated time. Required; at most 10 years.
    pub duration: Option<Dur>,
    /// What the clock shows at the start, for scheduled actions and forecasts: a date such as `"2026-03-02T08:00:00Z"`. Default
    /// `"2026-03-02T00:00:00Z"`, a Monday.
    pub starts_at: Option<Moment>,
    /// Observations before this time are deleted. Default 0.
    pub warm_up: Option<Dur>,
    /// After `duration` no request is born; those in flight get so long to end. Default 60 s.
    pub drain: Option<Dur>,
    /// Width of one row of the series, whole seconds. Default: 1 s, 2 s, 5 s, 10 s, …, the first that makes no more than 1,800
    /// rows.
    pub series_interval: Option<Dur>,
    /// Seed of every random stream. Default 1.
    pub seed: Option<u64>,
    /// Regions and their zones. Without any there is no geography, and every network delay is zero.
    #[serde(default)]
    pub regions: Named<Region>,
    /// Delays between places.
    #[serde(default)]
    pub network: Network,
    /// NAT gateways. A zone that none serves reaches the internet through an internet gateway.
    #[serde(default)]
    pub nat_gateways: Named<NatGateway>,
    /// Client populations.
    #[serde(default)]
    pub clients: Named<Client>,
    /// Load balancers.
    #[serde(default)]
    pub load_balancers: Named<LoadBalancer>,
    /// Target groups.
    #[serde(default)]
    pub target_groups: Named<TargetGroup>,
    /// Launch templates.
    #[serde(default)]
    pub launch_templates: Named<LaunchTemplate>,
    /// Fixed sets of instances.
    #[serde(default)]
    pub instances: Named<Instances>,
    /// Auto Scaling groups.
    #[serde(default)]
    pub auto_scaling_groups: Named<AutoScalingGroup>,
    /// Environments of Elastic Beanstalk: groups with its defaults.
    #[serde(default)]
    pub elastic_beanstalk: Named<ElasticBeanstalk>,
    /// Services.
    #[serde(default)]
    pub services: Named<Service>,
    /// Databases, and anything else that is queried.
    #[serde(default)]
    pub databases: Named<Database>,
    /// Metrics of the scenario's own: fed from a series, or emitted by services.
    #[serde(default)]
    pub metrics: Named<CustomMetric>,
    /// Alarms.
    #[serde(default)]
    pub alarms: Named<Alarm>,
    /// Composite alarms.
    #[serde(default)]
    pub composite_alarms: Named<CompositeAlarm>,
    /// How late metrics are published.
    #[serde(default)]
    pub cloudwatch: CloudWatch,
    /// Faults.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// Calls of the API at a time, by hand or by a script.
    #[serde(default)]
    pub operations: Vec<Operation>,
    /// Prices that differ from the built-in ones.
    #[serde(default)]
    pub prices: Prices,
    /// What EC2 has of Spot capacity.
    #[serde(default)]
    pub spot: Spot,
    /// What must hold at the end of a run.
    #[serde(default)]
    pub expect: Vec<Expect>,
    /// What breaks by itself over the years, for `sim availability`.
    #[serde(default)]
    pub failures: Failures,
}

/// A region.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Zone ids, such as `use1-az1`.
    pub zones: Vec<String>,
    /// Round trip inside a zone. Default 0.3 ms (a modelling choice; network.md §1).
    pub intra_az_rtt: Option<Dist>,
    /// Round trip between two zones. Default 1 ms (a modelling choice; network.md §1).
    pub inter_az_rtt: Option<Dist>,
}

/// Delays between places.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Round trip between zones of different regions. Default 65 ms (us-east-1 to us-west-2; a modelling choice).
    pub inter_region_rtt: Option<Dist>,
    /// Round trips of single pairs of zones, over those above.
    #[serde(default)]
    pub round_trips: Vec<RoundTrip>,
    /// First retransmission of a lost packet, doubling. Default 200 ms (Linux' minimum).
    pub retransmission_timeout: Option<Dur>,
    /// Lost so often in a row, a message counts as black-holed. Default 6.
    pub retransmissions: Option<u32>,
}

/// The round trip of one pair of zones.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoundTrip {
    /// Zone.
    pub from: String,
    /// Zone.
    pub to: String,
    /// Round trip; for the way back too, unless a later entry says otherwise.
    pub rtt: Dist,
}

/// A NAT gateway: lives in one zone, dead with it (network.md §9).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NatGateway {
    /// Its zone.
    pub zone: String,
    /// Zones whose private subnets route to it. Default: its own.
    pub serves: Option<Vec<String>>,
}

/// Prices in USD, on demand, us-east-1, Linux. Built in as of 2026 (scaling.md §6.3, network.md §11,
/// data-and-resilience.md §23).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Instance types, per hour: `{"m5.large": 0.096}`.
    #[serde(default)]
    pub instances: Named<Money>,
    /// DB instance classes, Single-AZ, per hour; Multi-AZ is twice that.
    #[serde(default)]
    pub databases: Named<Money>,
    /// DB storage, per GB-month, Single-AZ. Default 0.115.
    pub database_storage_gb_month: Option<Money>,
    /// Application Load Balancer, per hour. Default 0.0225.
    pub balancer_hour: Option<Money>,
    /// Load balancer capacity unit, per hour. Default 0.008.
    pub lcu_hour: Option<Money>,
    /// Network Load Balancer, per hour. Default 0.0225.
    pub network_balancer_hour: Option<Money>,
    /// Network load balancer capacity unit, per hour. Default 0.006.
    pub nlcu_hour: Option<Money>,
    /// Classic Load Balancer, per hour. Default 0.025.
    pub classic_balancer_hour: Option<Money>,
    /// Data processed by a Classic Load Balancer, per GB. Default 0.008.
    pub classic_balancer_gb: Option<Money>,
    /// NAT gateway, per hour. Default 0.045.
    pub nat_hour: Option<Money>,
    /// NAT gateway, per GB. Default 0.045.
    pub nat_gb: Option<Money>,
    /// Between zones, per GB in each direction. Default 0.01.
    pub inter_az_gb: Option<Money>,
    /// Detailed monitoring, per instance-month. Default 2.10.
    pub detailed_monitoring_month: Option<Money>,
    /// Alarm, per month and metric it looks at (with an anomaly band, three). Default 0.10.
    pub alarm_month: Option<Money>,
    /// EBS volume (gp3) of an instance in a warm pool, per GB-month. Default 0.08.
    pub volume_gb_month: Option<Money>,
    /// Alarm with a period below a minute, per month and metric. Default 0.30.
    pub high_resolution_alarm_month: Option<Money>,
    /// Composite alarm, per month. Default 0.50.
    pub composite_alarm_month: Option<Money>,
    /// Metric of one's own, per month. Default 0.30.
    pub custom_metric_month: Option<Money>,
    /// What is paid of the On-Demand price, with a savings plan or reserved instances: those of one year leave about 60 % to
    /// 70 % (a rough figure, unverified). Default 1: none.
    pub on_demand_ratio: Option<Share>,
    /// Spot over On-Demand price, where a pool of `spot` names no other; 30 % to 45 % is typical. Default 0.38 (scaling.md S4:
    /// the documentation's examples have 0.38 to 0.56).
    pub spot_ratio: Option<Share>,
}
