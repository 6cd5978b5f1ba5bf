//! The plan: a scenario after every name has become an id and every default a value; the one input of a world.
//!
//! ```text
//!  scenario text ──scenarios──► Plan ──World::build(&plan, seed, replication)──► World
//! ```
//! # Models      nothing by itself: it is data, checked by whoever made it (`scenarios` does, with places and helps)
//! # Leaves out  anything the user wrote but the models do not need (comments, spelling, order of keys)

mod alarm;
mod balancer;
mod clients;
mod connection;
mod expect;
mod failure;
mod fault;
mod fleet;
mod lifecycle;
mod listener;
mod machine;
mod math;
mod metric;
mod mixed;
mod network;
mod operation;
mod price;
mod rate;
mod refresh;
mod routing;
mod scaling;
mod service;
mod store;
mod warm_pool;

pub use alarm::*;
pub use balancer::*;
pub use clients::*;
pub use connection::*;
pub use expect::*;
pub use failure::*;
pub use fault::*;
pub use fleet::*;
pub use lifecycle::*;
pub use listener::*;
pub use machine::*;
pub use math::*;
pub use metric::*;
pub use mixed::*;
pub use network::*;
pub use operation::*;
pub use price::*;
pub use rate::*;
pub use refresh::*;
pub use routing::*;
pub use scaling::*;
pub use service::*;
pub use store::*;
pub use warm_pool::*;

use sim_core::{Duration, Table, id_type};

id_type! {
    /// A region.
    pub struct RegionId(u16);
}
id_type! {
    /// An Availability Zone.
    pub struct ZoneId(u16);
}
id_type! {
    /// A client population.
    pub struct PopulationId(u16);
}
id_type! {
    /// A place from which requests are made: a client population, or a `Call` step of an endpoint.
    pub struct SiteId(u16);
}
id_type! {
    /// A load balancer.
    pub struct BalancerId(u16);
}
id_type! {
    /// A target group.
    pub struct TargetGroupId(u16);
}
id_type! {
    /// A service: a program that runs on the instances of one fleet.
    pub struct ServiceId(u16);
}
id_type! {
    /// An endpoint, over all services.
    pub struct EndpointId(u16);
}
id_type! {
    /// A store: a database, or anything that is queried.
    pub struct StoreId(u16);
}
id_type! {
    /// A fleet: an Auto Scaling group, or a fixed set of instances.
    pub struct FleetId(u16);
}
id_type! {
    /// A CloudWatch alarm.
    pub struct AlarmId(u16);
}
id_type! {
    /// A composite alarm.
    pub struct CompositeId(u16);
}
id_type! {
    /// A NAT gateway.
    pub struct NatId(u16);
}
id_type! {
    /// A fault of the scenario.
    pub struct FaultId(u16);
}
id_type! {
    /// An operation of the scenario.
    pub struct OperationId(u16);
}
id_type! {
    /// A custom metric of the scenario.
    pub struct CustomMetricId(u16);
}

/// Everything a run needs to know.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenario's name; names the output folder.
    pub name: String,
    /// What it shows, in the author's words.
    pub description: String,
    /// Seed of every random stream of the run.
    pub seed: u64,
    /// Arrivals, control plane, cost and utilisation run from 0 to here.
    pub duration: Duration,
    /// What the clock on the wall shows at the start: seconds since 1970-01-01T00:00:00Z. Scheduled actions and forecasts go by
    /// it; nothing else does.
    pub starts_at: i64,
    /// Observations of requests, queues and utilisation before this time are deleted. Default 0.
    pub warm_up: Duration,
    /// After `duration` no request is born; those in flight get at most this long to end, so that slow ones are not
    /// censored. Zero stops at once and reports them as in flight. Default 60 s.
    pub drain: Duration,
    /// Width of one row of the series. A whole number of seconds.
    pub series_interval: Duration,
    /// Regions.
    pub regions: Table<RegionId, Region>,
    /// Zones of all regions.
    pub zones: Table<ZoneId, Zone>,
    /// Delays between places.
    pub network: Network,
    /// NAT gateways.
    pub nat_gateways: Table<NatId, NatGateway>,
    /// Client populations.
    pub populations: Table<PopulationId, Population>,
    /// Where requests are made: one per population, one per `Call` step.
    pub sites: Table<SiteId, Site>,
    /// Load balancers.
    pub balancers: Table<BalancerId, Balancer>,
    /// Target groups.
    pub target_groups: Table<TargetGroupId, TargetGroup>,
    /// Services.
    pub services: Table<ServiceId, Service>,
    /// Endpoints of all services.
    pub endpoints: Table<EndpointId, Endpoint>,
    /// Stores.
    pub stores: Table<StoreId, Store>,
    /// Auto Scaling groups and fixed sets of instances.
    pub fleets: Table<FleetId, Fleet>,
    /// Alarms.
    pub alarms: Table<AlarmId, Alarm>,
    /// Composite alarms.
    pub composite_alarms: Table<CompositeId, CompositeAlarm>,
    /// Metrics of the scenario's own.
    pub custom_metrics: Table<CustomMetricId, CustomMetric>,
    /// How CloudWatch behaves.
    pub cloudwatch: CloudWatch,
    /// Faults.
    pub faults: Table<FaultId, Fault>,
    /// Calls of the API at a time.
    pub operations: Table<OperationId, Operation>,
    /// Prices.
    pub prices: Prices,
    /// What EC2 has of Spot capacity.
    pub spot: SpotMarket,
    /// What must hold at the end.
    pub expectations: Vec<Expectation>,
    /// Failure processes, for long horizons.
    pub failures: Failures,
}
