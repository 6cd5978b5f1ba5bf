//! Prices: on demand, us-east-1, USD, with the date they were read; every one can be overridden in the scenario.

use std::collections::BTreeMap;

/// Prices of everything billed.
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    /// Instance types, USD per hour. Billed per second, at least 60 s for each start.
    pub instances: BTreeMap<String, f64>,
    /// DB instance classes, Single-AZ, USD per hour; Multi-AZ is twice that.
    pub databases: BTreeMap<String, f64>,
    /// DB storage (gp2/gp3), USD per GB-month, Single-AZ; Multi-AZ is twice that.
    pub database_storage_gb_month: f64,
    /// Application Load Balancer, USD per hour or part of one.
    pub balancer_hour: f64,
    /// Load balancer capacity unit, USD per LCU-hour.
    pub lcu_hour: f64,
    /// Network Load Balancer, USD per hour or part of one.
    pub network_balancer_hour: f64,
    /// Network load balancer capacity unit, USD per NLCU-hour.
    pub nlcu_hour: f64,
    /// Classic Load Balancer, USD per hour or part of one.
    pub classic_balancer_hour: f64,
    /// Data processed by a Classic Load Balancer, USD per GB.
    pub classic_balancer_gb: f64,
    /// NAT gateway, USD per hour.
    pub nat_hour: f64,
    /// NAT gateway, USD per GB processed.
    pub nat_gb: f64,
    /// Between zones, USD per GB in each direction.
    pub inter_az_gb: f64,
    /// Detailed monitoring, USD per instance-month.
    pub detailed_monitoring_month: f64,
    /// Standard-resolution alarm, USD per month.
    pub alarm_month: f64,
    /// EBS volume (gp3) of an instance in a warm pool, USD per GB-month.
    pub volume_gb_month: f64,
    /// High-resolution alarm, USD per month.
    pub high_resolution_alarm_month: f64,
    /// Composite alarm, USD per month.
    pub composite_alarm_month: f64,
    /// Custom metric, USD per month.
    pub custom_metric_month: f64,
    /// What is paid of the On-Demand price, 1 without a savings plan or reserved instances; those of one year leave about
    /// 0.6 to 0.7 (not in the AWS documentation at hand: a parameter). Default 1.
    pub on_demand_ratio: f64,
    /// Spot over On-Demand price, where a pool names no other. 0.30 to 0.45 is typical; default 0.38 (scaling.md S4: the
    /// examples in the documentation have 0.38 to 0.56).
    pub spot_ratio: f64,
}
