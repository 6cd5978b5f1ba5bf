//! Warm pools.

use super::context::Cx;
use super::dist::uniform;
use crate::outline::Place;
use crate::schema;
use models::plan::{PoolState, WarmPool};

/// More instances than this in one pool are refused.
const MOST: u32 = 100_000;

/// The warm pool of a group with these bounds.
pub(crate) fn resolve<'a>(cx: &mut Cx<'a>, written: &'a schema::WarmPool, min_size: u32, place: Place<'a>) -> WarmPool {
    let least = cx.count(place.field("min_size"), written.min_size, 0, 0, MOST);
    let at = place.field("max_group_prepared_capacity");
    let prepared = written.max_group_prepared_capacity.map(|prepared| cx.count(at, Some(prepared), 0, 0, MOST));
    if let Some(prepared) = prepared.filter(|prepared| *prepared < least.saturating_add(min_size)) {
        let message =
            format!("a prepared capacity of {prepared} for a group of at least {min_size} and a pool of {least}");
        let help = format!("raise it to at least {}", least.saturating_add(min_size));
        cx.error(at, message, "never reached by both", &help);
    }
    let start = written.start.as_ref().map(|start| cx.needed_dist(place.field("start"), start));
    WarmPool {
        state: match written.state {
            Some(schema::PoolState::Running) => PoolState::Running,
            Some(schema::PoolState::Hibernated) => PoolState::Hibernated,
            Some(schema::PoolState::Stopped) | None => PoolState::Stopped,
        },
        min_size: least,
        max_group_prepared_capacity: prepared,
        reuse_on_scale_in: written.reuse_on_scale_in.unwrap_or(false),
        start,
        stop: cx.dist(place.field("stop"), written.stop.as_ref(), uniform(10.0, 40.0)),
        volume_gb: written.volume.map_or(8.0, |size| size.0 / 1e9),
    }
}
