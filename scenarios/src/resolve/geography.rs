//! Regions, zones, the delays between them, NAT gateways.

use super::context::Cx;
use models::plan::{Egress, NatGateway, NatId, Network, Region, RegionId, Zone, ZoneId};
use sim_core::{Dist, Table};

/// Everything with a place.
pub(crate) struct Geography {
    pub regions: Table<RegionId, Region>,
    pub zones: Table<ZoneId, Zone>,
    pub network: Network,
    pub nat_gateways: Table<NatId, NatGateway>,
}

/// Zones beyond this make the table of round trips larger than any architecture needs.
const MOST_ZONES: usize = 100;

pub(crate) fn resolve(cx: &mut Cx<'_>) -> Geography {
    let mut regions = Table::default();
    let mut zones: Table<ZoneId, Zone> = Table::default();
    let here = cx.root.field("regions");
    let mut inside: Vec<(Dist, Dist)> = Vec::new();
    for (name, region) in cx.scenario.regions.iter().take(MOST_ZONES) {
        let place = here.entry(name);
        let id = regions.push(Region { name: name.to_owned() });
        if region.zones.is_empty() && place.field("zones").node().items().is_empty() {
            cx.error(
                place.field("zones"),
                "a region without zones",
                "no zone",
                "name its zones, such as `[\"use1-az1\", \"use1-az2\"]`",
            );
        }
        for (index, zone) in region.zones.iter().enumerate() {
            let at = place.field("zones").item(index);
            if cx.zones.len() >= MOST_ZONES {
                cx.error(at, format!("more than {MOST_ZONES} zones"), "too many", "");
                break;
            }
            if cx.zones.contains(zone) {
                cx.error(
                    at,
                    format!("zone `{zone}` is listed twice"),
                    "second time",
                    "zone ids are unique over all regions",
                );
                continue;
            }
            cx.zones.push(zone.clone());
            zones.push(Zone { name: zone.clone(), region: id, egress: Egress::InternetGateway });
        }
        let intra = cx.dist(place.field("intra_az_rtt"), region.intra_az_rtt.as_ref(), Dist::Constant(0.0003));
        let inter = cx.dist(place.field("inter_az_rtt"), region.inter_az_rtt.as_ref(), Dist::Constant(0.001));
        inside.push((intra, inter));
    }
    if zones.is_empty() {
        // Nothing is anywhere in particular: one zone without delays stands for it.
        if regions.is_empty() {
            regions.push(Region { name: "region".to_owned() });
            inside.push((Dist::Constant(0.0), Dist::Constant(0.0)));
        }
        zones.push(Zone { name: "zone".to_owned(), region: RegionId::new(0), egress: Egress::InternetGateway });
        cx.zones.push("zone".to_owned());
    }
    let network = network(cx, &zones, &inside);
    let nat_gateways = nat_gateways(cx, &mut zones);
    Geography { regions, zones, network, nat_gateways }
}

fn network(cx: &mut Cx<'_>, zones: &Table<ZoneId, Zone>, inside: &[(Dist, Dist)]) -> Network {
    let (settings, place) = (&cx.scenario.network, cx.root.field("network"));
    let far = cx.dist(place.field("inter_region_rtt"), settings.inter_region_rtt.as_ref(), Dist::Constant(0.065));
    let between = |from: ZoneId, to: ZoneId| {
        let region = zones[from].region;
        match inside.get(region.index()) {
            Some((intra, _)) if from == to => intra.clone(),
            Some((_, inter)) if region == zones[to].region => inter.clone(),
            _ => far.clone(),
        }
    };
    let row = |from| Table::from_fn(zones.len(), |to| between(from, to));
    let mut round_trip: Table<ZoneId, Table<ZoneId, Dist>> = Table::from_fn(zones.len(), row);
    let pairs = place.field("round_trips");
    for (index, pair) in settings.round_trips.iter().enumerate() {
        let at = pairs.item(index);
        let (from, to) = (cx.zone(&pair.from, at.part("from", 0)), cx.zone(&pair.to, at.part("to", 1)));
        let rtt = cx.needed_dist(at.part("rtt", 2), &pair.rtt);
        let (Some(from), Some(to)) = (from, to) else { continue };
        let given =
            settings.round_trips[..index].iter().any(|earlier| earlier.from == pair.to && earlier.to == pair.from);
        if !given {
            round_trip[to][from] = rtt.clone();
        }
        round_trip[from][to] = rtt;
    }
    let retransmission_timeout =
        cx.time(place.field("retransmission_timeout"), settings.retransmission_timeout, 0.2, 0.001, 60.0);
    let retransmissions = cx.count(place.field("retransmissions"), settings.retransmissions, 6, 0, 30);
    Network { round_trip, retransmission_timeout, retransmissions }
}

fn nat_gateways(cx: &mut Cx<'_>, zones: &mut Table<ZoneId, Zone>) -> Table<NatId, NatGateway> {
    let mut gateways = Table::default();
    let mut served: Vec<Option<&str>> = vec![None; zones.len()];
    for (name, gateway) in cx.scenario.nat_gateways.iter().take(1000) {
        let place = cx.root.field("nat_gateways").entry(name);
        let zone = cx.zone(&gateway.zone, place.field("zone"));
        let id = gateways.push(NatGateway { name: name.to_owned(), zone: zone.unwrap_or(ZoneId::new(0)) });
        let serves = match &gateway.serves {
            Some(names) => cx.zones_or_all(Some(names), place.field("serves")),
            None => zone.into_iter().collect(),
        };
        for zone in serves {
            if let Some(other) = served[zone.index()] {
                let message = format!("zone `{}` is served by two NAT gateways", zones[zone].name);
                cx.error(place.field("serves"), message, "second one", &format!("`{other}` serves it already"));
            }
            served[zone.index()] = Some(name);
            zones[zone].egress = Egress::Nat(id);
        }
    }
    gateways
}

/// Round trip between clients and the cloud where the scenario says nothing.
pub(crate) fn client_round_trip(cx: &Cx<'_>) -> Dist {
    // A modelling choice: with a geography, clients sit some 2,000 km away.
    Dist::Constant(if cx.scenario.regions.is_empty() { 0.0 } else { 0.02 })
}
