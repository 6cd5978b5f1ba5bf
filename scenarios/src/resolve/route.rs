//! What can be asked of a balancer: for every name of an endpoint, who would answer by the listener's rules.
//!
//! ```text
//!  rules ─► target groups ─► fleets ─► services ─► do all of them have that endpoint?
//! ```

use super::context::Cx;
use super::listener::route;
use crate::outline::Place;
use crate::schema::{self, Named};
use models::plan::{Balancer, Endpoint, EndpointId, Fleet, FleetId, Response, Service, ServiceId, TargetGroupId};
use sim_core::Table;

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answerer {
    /// Every service that the request may be forwarded to.
    Services,
    /// Some of them; these lack the endpoint.
    Some {
        /// One that has it.
        has: ServiceId,
        /// One that does not.
        lacks: ServiceId,
    },
    /// The balancer itself.
    Balancer,
    /// None of them.
    Nobody,
}

/// Everything that can be asked of a balancer with rules: one row per name, with the endpoint that stands for it.
pub(crate) type Asks = Vec<(EndpointId, Answerer)>;

/// What can be asked; none where no rule decides.
pub(crate) fn asks(
    cx: &Cx<'_>,
    balancer: &Balancer,
    fleets: &Table<FleetId, Fleet>,
    services: &Table<ServiceId, Service>,
) -> Option<Asks> {
    if balancer.listener.rules.is_empty() && balancer.listener.otherwise.is_none() {
        return None;
    }
    let mut rows: Asks = Vec::new();
    for id in (0..cx.endpoints.len()).map(EndpointId::new) {
        let name = &cx.endpoints[id.index()].1;
        if rows.iter().any(|row| cx.endpoints[row.0.index()].1 == *name) {
            continue;
        }
        // Redirects are followed: what counts is who answers in the end. A circle has been told elsewhere.
        let (mut at, mut own) = (id, false);
        let mut to = route(&balancer.listener, &balancer.forward, at);
        for _ in 0..cx.endpoints.len() {
            let Err(Response::Redirect(next)) = to else { break };
            (at, own) = (next, true);
            to = route(&balancer.listener, &balancer.forward, at);
        }
        rows.push(match to {
            Err(_) => (id, Answerer::Balancer),
            Ok(groups) => {
                let asked = &cx.endpoints[at.index()].1;
                let (stands, answerer) = forwarded(cx, groups, asked, fleets, services);
                let answerer = if own && answerer == Answerer::Services { Answerer::Balancer } else { answerer };
                // Who redirects stands for itself.
                (if own { id } else { stands.unwrap_or(id) }, answerer)
            }
        });
    }
    Some(rows)
}

fn forwarded(
    cx: &Cx<'_>,
    groups: &[(TargetGroupId, u32)],
    name: &str,
    fleets: &Table<FleetId, Fleet>,
    services: &Table<ServiceId, Service>,
) -> (Option<EndpointId>, Answerer) {
    let (mut stands, mut has, mut lacks) = (None, None, None);
    let groups = || groups.iter().filter(|entry| entry.1 > 0).map(|entry| entry.0);
    for (id, service) in services.iter() {
        let behind = fleets.get(service.fleet).is_some_and(|f| groups().any(|group| f.target_groups.contains(&group)));
        if !behind {
            continue;
        }
        match service.endpoints.iter().find(|endpoint| cx.endpoints[endpoint.index()].1 == name) {
            Some(endpoint) => {
                stands = stands.or(Some(*endpoint));
                has = has.or(Some(id));
            }
            None => lacks = lacks.or(Some(id)),
        }
    }
    let answerer = match (has, lacks) {
        (Some(_), None) => Answerer::Services,
        (Some(has), Some(lacks)) => Answerer::Some { has, lacks },
        (None, _) => Answerer::Nobody,
    };
    (stands, answerer)
}

/// The endpoint of that name, if a request for it is answered.
pub(crate) fn ask<'a>(
    cx: &mut Cx<'a>,
    asks: &Asks,
    services: &Table<ServiceId, Service>,
    name: &str,
    place: Place<'a>,
) -> Option<EndpointId> {
    let row = asks.iter().find(|row| cx.endpoints[row.0.index()].1 == name);
    match row {
        Some((id, Answerer::Services | Answerer::Balancer)) => Some(*id),
        Some((_, Answerer::Some { has, lacks })) => {
            lacking(cx, services, name, (*has, *lacks), place);
            None
        }
        Some((_, Answerer::Nobody)) | None => {
            let known: Vec<String> = asks
                .iter()
                .filter(|row| matches!(row.1, Answerer::Services | Answerer::Balancer))
                .map(|row| cx.endpoints[row.0.index()].1.clone())
                .collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let message = format!("nobody answers for endpoint `{name}` there");
            let diagnostic = crate::diagnostic::Diagnostic::error(place.span(), message);
            cx.say(diagnostic.label("no rule leads to a service that has it").help_names("endpoint", name, &known));
            None
        }
    }
}

fn lacking<'a>(
    cx: &mut Cx<'a>,
    services: &Table<ServiceId, Service>,
    name: &str,
    (has, lacks): (ServiceId, ServiceId),
    place: Place<'a>,
) {
    let (one, other) = (services[has].name.clone(), services[lacks].name.clone());
    let message = format!("requests for `{name}` go to `{one}` and to `{other}`, which has no such endpoint");
    let help = "add a rule that sends this endpoint to the target groups of services that have it";
    cx.error(place, message, &format!("`{other}` cannot answer"), help);
}

/// The mix of a population that asks a balancer with rules.
pub(crate) fn mix<'a>(
    cx: &mut Cx<'a>,
    written: Option<&'a Named<f64>>,
    asks: &Asks,
    endpoints: &Table<EndpointId, Endpoint>,
    services: &Table<ServiceId, Service>,
    client: &'a schema::Client,
    place: Place<'a>,
) -> Vec<(EndpointId, f64)> {
    let mut mix = Vec::new();
    if let Some(weights) = written {
        let list = place.field("mix");
        for (name, weight) in weights.iter() {
            let weight = cx.number(list.entry(name), *weight, 0.0, 1e9);
            let found = ask(cx, asks, services, name, list.key(name));
            mix.extend(found.filter(|_| weight > 0.0).map(|id| (id, weight)));
        }
        if weights.iter().all(|(_, weight)| *weight == 0.0) {
            let help = "give at least one endpoint a weight above 0";
            cx.error(list, "no weight is above zero", "nothing to ask for", help);
        }
        return mix;
    }
    for (id, answerer) in asks {
        let Some(endpoint) = endpoints.get(*id).filter(|endpoint| endpoint.weight > 0.0) else { continue };
        match answerer {
            Answerer::Services => mix.push((*id, endpoint.weight)),
            Answerer::Some { has, lacks } => {
                lacking(cx, services, &endpoint.name, (*has, *lacks), place.field("to"));
            }
            Answerer::Balancer | Answerer::Nobody => {}
        }
    }
    if mix.is_empty() && !cx.failed() {
        let message = format!("no endpoint behind `{}` has a weight above zero", client.to);
        let help = "name a `mix`, or lead a rule to a service whose endpoints have weights";
        cx.error(place.field("to"), message, "nothing to ask for", help);
    }
    mix
}
