//! Regions, zones, the delays between places, and NAT gateways.

use super::{RegionId, ZoneId};
use sim_core::dist::Dist;
use sim_core::{Duration, Table};

/// A region.
#[derive(Clone, Debug)]
pub struct Region {
    /// Such as `us-east-1`.
    pub name: String,
}

/// An Availability Zone: the domain of power and network faults.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Zone id, such as `use1-az1` (zone names are shuffled per account, ids are not).
    pub name: String,
    /// The region it lies in.
    pub region: RegionId,
    /// The NAT gateway that the private subnet of this zone routes to; none if instances there have no egress.
    pub egress: Egress,
}

/// How instances of a zone reach the internet and the public endpoints of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Egress {
    /// A public subnet behind an internet gateway: no zonal failure mode.
    InternetGateway,
    /// A private subnet routed to this NAT gateway.
    Nat(super::NatId),
}

/// A NAT gateway: lives in one zone; dead with it.
/// Source: VPC user guide, "NAT gateways" (`aws/network.md` §9).
#[derive(Clone, Debug)]
pub struct NatGateway {
    /// Its name in the scenario.
    pub name: String,
    /// Its zone.
    pub zone: ZoneId,
}

/// Round trips between places; every message takes half of one. All in seconds.
#[derive(Clone, Debug)]
pub struct Network {
    /// Round trip between every ordered pair of zones (the diagonal is inside a zone). Indexed `[from][to]`.
    pub round_trip: Table<ZoneId, Table<ZoneId, Dist>>,
    /// First retransmission of a lost packet after this long, doubling. 200 ms (Linux' minimum RTO).
    pub retransmission_timeout: Duration,
    /// Lost this often in a row, a message counts as black-holed. 6 retransmissions.
    pub retransmissions: u32,
}
