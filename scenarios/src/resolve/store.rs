//! Databases.

use super::context::Cx;
use super::dist::{lognormal, uniform};
use super::price;
use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use crate::schema::{self, Database, Failover, MultiAz};
use crate::units::{Dur, Size};
use models::plan::{Rds, Reconnect, Replication, Store, StoreId, ZoneId};
use sim_core::{Dist, Duration, Table};

pub(crate) fn resolve(cx: &mut Cx<'_>) -> Table<StoreId, Store> {
    let mut stores = Table::default();
    for (name, database) in cx.scenario.databases.iter().take(10_000) {
        let place = cx.root.field("databases").entry(name);
        stores.push(match database {
            Database::Plain(plain) => {
                let connections = cx.count(place.field("connections"), Some(plain.connections), 1, 1, 1_000_000);
                let vcpus = plain.vcpus.map(|n| cx.count(place.field("vcpus"), Some(n), 1, 1, 1024));
                let zone = plain.zone.as_ref().and_then(|zone| cx.zone(zone, place.field("zone")));
                Store {
                    name: name.to_owned(),
                    zone,
                    connections,
                    queue: true,
                    connect_timeout: connect_timeout(cx, plain.connect_timeout, place),
                    query_bytes: query_bytes(cx, plain.query_bytes, place),
                    vcpus,
                    rds: None,
                    instance_class: String::new(),
                    allocated_storage: 0.0,
                }
            }
            Database::Rds(rds) => amazon(cx, name, rds, place),
        });
    }
    stores
}

fn amazon<'a>(cx: &mut Cx<'a>, name: &str, rds: &'a schema::Rds, place: Place<'a>) -> Store {
    let class = place.part("instance_class", 0);
    let memory = price::memory(&rds.instance_class);
    let priced = cx.scenario.prices.databases.get(&rds.instance_class).is_some();
    if memory.is_none() && !(priced && rds.max_connections.is_some()) {
        let diagnostic = Diagnostic::error(class.span(), format!("unknown DB instance class `{}`", rds.instance_class));
        let diagnostic =
            diagnostic.label("not in the table").help_names("class", &rds.instance_class, &price::database_classes());
        cx.say(
            diagnostic.help("for another one, give `max_connections`, and its price in `prices: (databases: {..})`"),
        );
    }
    let default = memory.map_or(100, price::max_connections);
    let connections = cx.count(place.field("max_connections"), rds.max_connections, default, 1, 1_000_000);
    let vcpus = rds.vcpus.map(|n| cx.count(place.field("vcpus"), Some(n), 1, 1, 1024));
    let zone = match &rds.zone {
        Some(zone) => cx.zone(zone, place.field("zone")),
        None => Some(ZoneId::new(0)),
    };
    let standby = standby(cx, rds, place, zone);
    let (detection, promotion, dns_flip) = failover(cx, rds.failover.as_ref(), place.field("failover"));
    let replication = match &rds.replication {
        Some(schema::Replication::Asynchronous { lag }) => {
            Replication::Asynchronous { lag: cx.needed_dist(place.field("replication").part("lag", 0), lag) }
        }
        _ => Replication::Synchronous,
    };
    let reconnect = match rds.reconnect {
        Some(schema::Reconnect::Never) => Reconnect::Never,
        Some(schema::Reconnect::AfterDnsCache { ttl }) => {
            Reconnect::AfterDnsCache(cx.time(place.field("reconnect"), ttl, 5.0, 0.0, 86400.0 * 7.0))
        }
        None => Reconnect::AfterDnsCache(Duration::from_secs(5)),
    };
    let storage = rds.allocated_storage.map_or(100.0, |size| size.0 / 1_073_741_824.0);
    cx.number(place.field("allocated_storage"), storage, 20.0, 65_536.0);
    let part = |cx: &mut Cx<'a>, name: &str, value: &Option<schema::Dist>, default| {
        cx.dist(place.field(name), value.as_ref(), default)
    };
    Store {
        name: name.to_owned(),
        zone,
        connections,
        queue: false,
        connect_timeout: connect_timeout(cx, rds.connect_timeout, place),
        query_bytes: query_bytes(cx, rds.query_bytes, place),
        vcpus,
        rds: Some(Rds {
            standby,
            replication,
            standby_write: part(cx, "standby_write", &rds.standby_write, lognormal(0.002, 0.005)),
            detection,
            promotion,
            dns_flip,
            standby_rebuild: part(cx, "standby_rebuild", &rds.standby_rebuild, uniform(300.0, 3600.0)),
            recovery: part(cx, "recovery", &rds.recovery, uniform(300.0, 900.0)),
            reconnect,
        }),
        instance_class: rds.instance_class.clone(),
        allocated_storage: storage,
    }
}

fn connect_timeout<'a>(cx: &mut Cx<'a>, written: Option<Dur>, place: Place<'a>) -> Duration {
    cx.time(place.field("connect_timeout"), written, 3.0, 0.0, 86_400.0)
}

fn query_bytes<'a>(cx: &mut Cx<'a>, written: Option<Size>, place: Place<'a>) -> u32 {
    let bytes = written.map_or(4096.0, |size| size.0);
    cx.number(place.field("query_bytes"), bytes, 0.0, 1_073_741_824.0);
    bytes as u32
}

fn standby<'a>(cx: &mut Cx<'a>, rds: &schema::Rds, place: Place<'a>, primary: Option<ZoneId>) -> Option<ZoneId> {
    if rds.multi_az == MultiAz::None {
        if rds.standby_zone.is_some() {
            cx.error(
                place.field("standby_zone"),
                "a zone for a standby that there is not",
                "no standby",
                "add `multi_az: Standby`",
            );
        }
        return None;
    }
    let primary = primary?;
    match &rds.standby_zone {
        Some(name) => {
            let zone = cx.zone(name, place.field("standby_zone"))?;
            if zone == primary {
                cx.error(
                    place.field("standby_zone"),
                    "the standby is in the primary's zone",
                    "same zone",
                    "choose another one",
                );
            }
            Some(zone)
        }
        None if cx.zones.len() < 2 => {
            let help = "declare two, such as `regions: {\"us-east-1\": (zones: [\"use1-az1\", \"use1-az2\"])}`";
            cx.error(place.field("multi_az"), "a standby needs a second zone", "only one zone", help);
            None
        }
        None => Some(ZoneId::new((primary.index() + 1) % cx.zones.len())),
    }
}

/// Detection, promotion, DNS change.
fn failover<'a>(cx: &mut Cx<'a>, failover: Option<&'a Failover>, place: Place<'a>) -> (Dist, Dist, Dist) {
    match failover {
        // Bounds add up to 60 s and 120 s, each part within the range of data-and-resilience.md §1.3 but for promotion, whose
        // 10 s to 60 s would not reach AWS's own total.
        None | Some(Failover::Doc) => (uniform(5.0, 30.0), uniform(54.0, 86.0), uniform(1.0, 4.0)),
        // Medians and 95th percentiles that add up to about 35 s and 75 s.
        Some(Failover::Field) => (uniform(5.0, 15.0), lognormal(22.0, 60.0), uniform(1.0, 5.0)),
        Some(Failover::Split { detection, promotion, dns_flip }) => (
            cx.needed_dist(place.part("detection", 0), detection),
            cx.needed_dist(place.part("promotion", 1), promotion),
            cx.needed_dist(place.part("dns_flip", 2), dns_flip),
        ),
        Some(Failover::Other(whole)) => (Dist::Constant(0.0), cx.needed_dist(place, whole), Dist::Constant(0.0)),
    }
}
