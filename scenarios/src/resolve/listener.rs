//! Listener rules, and what goes beyond the algorithm in a target group: stickiness, slow start, weights, thresholds.

use super::balancer::forward;
use super::context::Cx;
use crate::outline::Place;
use crate::schema::{self, ListenerAction, LoadBalancer, Minimum};
use crate::units::Dur;
use models::plan::{
    BalancerCapacity, DnsNeeds, EndpointId, GroupHealth, HealthThreshold, ListenerRule, ListenerRules, Response,
    RuleAction, ShiftSettings, SlowStart, Stickiness, TargetGroup, TargetGroupId, TargetWeights,
};
use sim_core::{Duration, Table};

/// A cookie lives from a second to a week.
const COOKIE_S: (f64, f64) = (1.0, 604_800.0);

pub(crate) fn stickiness<'a>(cx: &mut Cx<'a>, group: &'a schema::TargetGroup, place: Place<'a>) -> Option<Stickiness> {
    let written = group.stickiness.as_ref()?;
    let at = place.field("stickiness");
    if matches!(group.algorithm, Some(schema::Algorithm::WeightedRandom)) {
        let help = "choose RoundRobin or LeastOutstandingRequests, or leave `stickiness` out";
        cx.error(at, "`stickiness` with WeightedRandom", "AWS refuses it", help);
    }
    if group.cross_zone == Some(false) {
        let help = "set `cross_zone: true`, or leave `stickiness` out";
        cx.error(at, "`stickiness` with `cross_zone: false`", "not supported by AWS", help);
    }
    let day = 86_400.0;
    Some(match written {
        schema::Stickiness::Text(time) => Stickiness::LbCookie(cx.time(at, Some(*time), day, COOKIE_S.0, COOKIE_S.1)),
        schema::Stickiness::LbCookie { duration } => {
            Stickiness::LbCookie(cx.time(at.part("duration", 0), *duration, day, COOKIE_S.0, COOKIE_S.1))
        }
        schema::Stickiness::AppCookie { name, duration, set_by } => {
            let own = ["AWSALB", "AWSALBAPP", "AWSALBTG"].iter().any(|own| name.starts_with(own));
            if name.is_empty() || own {
                let help = "use the name of the application's own cookie, such as `\"SESSION\"`";
                cx.error(at.part("name", 0), format!("`{name}` cannot name the cookie"), "reserved or empty", help);
            }
            let list = at.part("set_by", 2);
            let mut set_by_ids = Vec::new();
            for (index, endpoint) in set_by.iter().flatten().enumerate() {
                set_by_ids.extend(named(cx, endpoint, list.item(index)));
            }
            if set_by.is_none() {
                set_by_ids = (0..cx.endpoints.len()).map(EndpointId::new).collect();
            } else if set_by.as_ref().is_some_and(Vec::is_empty) && list.node().items().is_empty() {
                let help = "name the endpoints whose answers set it, or leave `set_by` out for all";
                cx.error(list, "no endpoint sets the cookie", "nothing would ever stick", help);
            }
            let duration = cx.time(at.part("duration", 1), *duration, day, COOKIE_S.0, COOKIE_S.1);
            Stickiness::AppCookie { name: name.clone(), duration, set_by: set_by_ids }
        }
    })
}

pub(crate) fn slow_start<'a>(cx: &mut Cx<'a>, group: &'a schema::TargetGroup, place: Place<'a>) -> Option<SlowStart> {
    let (at, weight_at) = (place.field("slow_start"), place.field("slow_start_weight"));
    let written = group.slow_start.filter(|time| time.0 != 0.0);
    if let (Some(_), None) = (group.slow_start_weight, written) {
        cx.error(weight_at, "`slow_start_weight` without `slow_start`", "of no effect", "add `slow_start: \"60s\"`");
    }
    let time = written?;
    if let Some(schema::Algorithm::LeastOutstandingRequests | schema::Algorithm::WeightedRandom) = group.algorithm {
        let help = "use RoundRobin, or leave `slow_start` out";
        cx.error(at, "`slow_start` needs the algorithm RoundRobin", "AWS refuses it", help);
    }
    let duration = cx.time(at, Some(time), 0.0, 30.0, 900.0);
    let least = cx.number(weight_at, group.slow_start_weight.unwrap_or(0.01), 1e-6, 1.0);
    Some(SlowStart { duration, least })
}

pub(crate) fn target_weights<'a>(
    cx: &mut Cx<'a>,
    group: &'a schema::TargetGroup,
    place: Place<'a>,
) -> Option<TargetWeights> {
    let written = group.target_weights?;
    let at = place.field("target_weights");
    let mitigation = written.mitigation.unwrap_or(true);
    if mitigation && !matches!(group.algorithm, Some(schema::Algorithm::WeightedRandom)) {
        let help = "set `algorithm: WeightedRandom`, or `mitigation: false` to watch only";
        cx.error(at, "anomaly mitigation needs the algorithm WeightedRandom", "AWS refuses it", help);
    }
    Some(TargetWeights {
        mitigation,
        window: cx.time(at.field("window"), written.window, 20.0, 5.0, 600.0),
        margin: written.margin.map_or(0.05, |share| share.0),
        deviations: cx.number(at.field("deviations"), written.deviations.unwrap_or(3.0), 0.0, 1e6),
        least_requests: cx.count(at.field("least_requests"), written.least_requests, 10, 1, 1_000_000),
        step: cx.number(at.field("step"), written.step.unwrap_or(0.5), 0.0, 1.0),
        floor: cx.number(at.field("floor"), written.floor.unwrap_or(0.02), 1e-6, 1.0),
        recovery: cx.number(at.field("recovery"), written.recovery.unwrap_or(0.1), 1e-6, 1.0),
    })
}

/// Target groups whose anomalies are asked for are watched, without mitigation, if nothing else is said.
pub(crate) fn watch_targets(cx: &Cx<'_>, groups: &mut Table<TargetGroupId, TargetGroup>) {
    for &id in &cx.watched_targets {
        if let Some(group) = groups.get_mut(id) {
            group.target_weights.get_or_insert(TargetWeights {
                mitigation: false,
                window: Duration::from_secs(20),
                margin: 0.05,
                deviations: 3.0,
                least_requests: 10,
                step: 0.5,
                floor: 0.02,
                recovery: 0.1,
            });
        }
    }
}

pub(crate) fn health<'a>(cx: &mut Cx<'a>, written: &schema::TargetGroupHealth, place: Place<'a>) -> GroupHealth {
    let dns_at = place.field("dns_failover");
    let routing_at = place.field("unhealthy_state_routing");
    let dns_failover = threshold(cx, &written.dns_failover, dns_at);
    let unhealthy_state_routing = threshold(cx, &written.unhealthy_state_routing, routing_at);
    if unhealthy_state_routing.count.is_none() {
        let help = "give it a number from 1, or leave it out for 1";
        cx.error(
            routing_at.field("count"),
            "`count` of `unhealthy_state_routing` cannot be off",
            "must be a number",
            help,
        );
    }
    let pairs = [
        ("count", dns_failover.count, unhealthy_state_routing.count),
        ("percentage", dns_failover.percentage, unhealthy_state_routing.percentage),
    ];
    for (name, dns, routing) in pairs {
        let (Some(dns), Some(routing)) = (dns, routing) else { continue };
        if dns < routing {
            let at = if dns_at.field(name).is_written() { dns_at } else { routing_at };
            let message =
                format!("`{name}` of `dns_failover` is {dns}, below the {routing} of `unhealthy_state_routing`");
            let help = format!("set it to {routing} or more in `dns_failover`");
            cx.error(at.field(name), message, "AWS refuses it", &help);
        }
    }
    GroupHealth { dns_failover, unhealthy_state_routing }
}

fn threshold<'a>(cx: &mut Cx<'a>, written: &schema::HealthThreshold, place: Place<'a>) -> HealthThreshold {
    let mut minimum = |name, written: Option<Minimum>, most| match written? {
        Minimum::Number(number) => Some(cx.count(place.field(name), Some(number), 1, 1, most)),
        Minimum::Off => None,
    };
    let count = if written.count.is_some() { minimum("count", written.count, 100_000) } else { Some(1) };
    HealthThreshold { count, percentage: minimum("percentage", written.percentage, 100) }
}

/// Endpoints of that name, in whatever service.
fn named<'a>(cx: &mut Cx<'a>, name: &str, place: Place<'a>) -> Vec<EndpointId> {
    let found: Vec<EndpointId> =
        (0..cx.endpoints.len()).filter(|index| cx.endpoints[*index].1 == name).map(EndpointId::new).collect();
    if found.is_empty() {
        let mut known: Vec<String> = cx.endpoints.iter().map(|endpoint| endpoint.1.clone()).collect();
        known.sort();
        known.dedup();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let diagnostic = crate::diagnostic::Diagnostic::error(place.span(), format!("no endpoint named `{name}`"));
        cx.say(diagnostic.label("no service has it").help_names("endpoint", name, &known));
    }
    found
}

pub(crate) fn dns_needs(written: &LoadBalancer) -> DnsNeeds {
    let LoadBalancer::Application { dns_failover_needs, .. } = written else { return DnsNeeds::AnyGroup };
    match dns_failover_needs {
        Some(schema::DnsNeeds::EveryGroup) => DnsNeeds::EveryGroup,
        _ => DnsNeeds::AnyGroup,
    }
}

pub(crate) fn zonal_shift<'a>(cx: &mut Cx<'a>, written: &LoadBalancer, place: Place<'a>) -> ShiftSettings {
    let LoadBalancer::Application { zonal_shift, autoshift, autoshift_detection, zonal_shift_propagation, .. } =
        written
    else {
        return ShiftSettings::default();
    };
    shift_settings(cx, (*zonal_shift, *autoshift), (*autoshift_detection, *zonal_shift_propagation), place)
}

/// Zonal shift and autoshift, as written; the times of detection and propagation.
pub(crate) fn shift_settings<'a>(
    cx: &mut Cx<'a>,
    (zonal_shift, autoshift): (Option<bool>, Option<bool>),
    (detection, propagation): (Option<Dur>, Option<Dur>),
    place: Place<'a>,
) -> ShiftSettings {
    let (enabled, autoshift) = (zonal_shift.unwrap_or(false), autoshift.unwrap_or(false));
    if autoshift && !enabled {
        let help = "add `zonal_shift: true`";
        cx.error(place.field("autoshift"), "`autoshift` without `zonal_shift`", "has to be enabled first", help);
    }
    ShiftSettings {
        enabled,
        autoshift,
        autoshift_detection: cx.time(place.field("autoshift_detection"), detection, 300.0, 0.0, 86_400.0),
        propagation: cx.time(place.field("zonal_shift_propagation"), propagation, 10.0, 0.0, 3600.0),
    }
}

pub(crate) fn capacity<'a>(cx: &mut Cx<'a>, written: &LoadBalancer, place: Place<'a>) -> Option<BalancerCapacity> {
    let LoadBalancer::Application { capacity, .. } = written else { return None };
    let written = (*capacity)?;
    let at = place.field("capacity");
    Some(BalancerCapacity {
        start: cx.number(at.field("start"), written.start.0, 0.001, 1e9),
        doubling: cx.time(at.field("doubling"), written.doubling, 300.0, 1.0, 86_400.0),
        shrink_after: cx.time(at.field("shrink_after"), written.shrink_after, 3600.0, 0.0, 86_400.0 * 7.0),
    })
}

/// Rules and default action. `key`: where the balancer's name stands.
pub(crate) fn listener<'a>(
    cx: &mut Cx<'a>,
    written: &'a LoadBalancer,
    place: Place<'a>,
    key: Place<'a>,
) -> ListenerRules {
    let LoadBalancer::Application { forward_to, rules, default, stickiness, .. } = written else {
        return ListenerRules::default();
    };
    let default_at = place.field("default");
    let otherwise = match (forward_to, default) {
        (None, None) => {
            if !place.field("forward_to").is_written() && !default_at.is_written() {
                let help = "add `forward_to: \"target-group\"`, or `default: FixedResponse(404)`";
                cx.error(key, "a load balancer without a default action", "where to?", help);
            }
            None
        }
        (Some(_), Some(_)) => {
            cx.error(default_at, "both `forward_to` and `default`", "the default action twice", "keep one of them");
            None
        }
        (_, Some(ListenerAction::Forward { .. })) => {
            let help = "write `forward_to: ..` in its stead";
            cx.error(default_at, "`default` is for what is not forwarded", "a forward action", help);
            None
        }
        (_, Some(action)) => response(cx, action, default_at),
        (Some(_), None) => None,
    };
    let stickiness = rule_stickiness(cx, *stickiness, forward_to.as_ref(), place.part("forward_to", 0), place);
    let list = place.field("rules");
    let whole = list.node().items().len() == rules.len();
    let mut resolved: Vec<ListenerRule> = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let at = if whole { list.item(index) } else { list };
        let priority = cx.count(at.part("priority", 0), Some(rule.priority), 1, 1, 50_000);
        if resolved.iter().any(|other| other.priority == priority) {
            let help = "give each rule a priority of its own";
            cx.error(at.part("priority", 0), format!("two rules with priority {priority}"), "second one", help);
        }
        let endpoints = condition(cx, &rule.endpoints, at.part("endpoints", 1));
        let action_at = at.part("action", 2);
        let action = match &rule.action {
            ListenerAction::Forward { to, stickiness } => {
                let to_at = action_at.part("to", 0);
                let stickiness = rule_stickiness(cx, *stickiness, Some(to), to_at, action_at);
                Some(RuleAction::Forward { to: forward(cx, to, to_at), stickiness })
            }
            action => response(cx, action, action_at).map(RuleAction::Respond),
        };
        resolved.extend(action.map(|action| ListenerRule { priority, endpoints, action }));
    }
    if resolved.len() > 100 {
        cx.error(list, format!("{} rules", resolved.len()), "too many", "a load balancer has at most 100 rules");
    }
    resolved.sort_by_key(|rule| rule.priority);
    let listener = ListenerRules { rules: resolved, stickiness, otherwise };
    circles(cx, &listener, list);
    listener
}

/// Endpoints that match one of the patterns.
fn condition<'a>(cx: &mut Cx<'a>, patterns: &[String], place: Place<'a>) -> Vec<EndpointId> {
    let mut endpoints = Vec::new();
    if patterns.is_empty() && place.node().items().is_empty() {
        cx.error(place, "a rule without a condition", "matches nothing", "name an endpoint, or `\"*\"` for all");
    }
    for (index, pattern) in patterns.iter().enumerate() {
        if !pattern.contains(['*', '?']) {
            endpoints.extend(named(cx, pattern, place.item(index)));
            continue;
        }
        let matching = (0..cx.endpoints.len()).filter(|index| matches(pattern, &cx.endpoints[*index].1));
        let matching: Vec<EndpointId> = matching.map(EndpointId::new).collect();
        if matching.is_empty() && !cx.endpoints.is_empty() {
            let help = "`*` stands for any characters, `?` for one";
            cx.error(place.item(index), format!("no endpoint matches `{pattern}`"), "matches nothing", help);
        }
        endpoints.extend(matching);
    }
    endpoints
}

/// Whether a name matches a pattern of `*` and `?`.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // `reach[i]`: the pattern so far can have eaten the first `i` characters.
    let mut reach = vec![false; name.len() + 1];
    reach[0] = true;
    for part in pattern {
        let mut next = vec![false; name.len() + 1];
        for at in 0..=name.len() {
            next[at] = match part {
                '*' => reach[..=at].iter().any(|reached| *reached),
                '?' => at > 0 && reach[at - 1],
                char => at > 0 && reach[at - 1] && name[at - 1] == char,
            };
        }
        reach = next;
    }
    reach[name.len()]
}

fn response<'a>(cx: &mut Cx<'a>, action: &ListenerAction, place: Place<'a>) -> Option<Response> {
    match action {
        ListenerAction::Forward { .. } => None,
        ListenerAction::FixedResponse { status } => {
            if !matches!(status, 200..=299 | 400..=499 | 502 | 503 | 504) {
                let help = "choose 200 to 299, 400 to 499, 502, 503 or 504";
                cx.error(place.part("status", 0), format!("status {status}"), "cannot be a fixed response here", help);
                return None;
            }
            Some(Response::Fixed(*status as u16))
        }
        ListenerAction::Redirect { to } => named(cx, to, place.part("to", 0)).first().copied().map(Response::Redirect),
    }
}

/// Stickiness of a forward action to several target groups.
fn rule_stickiness<'a>(
    cx: &mut Cx<'a>,
    written: Option<Dur>,
    to: Option<&'a schema::ForwardTo>,
    to_at: Place<'a>,
    place: Place<'a>,
) -> Option<Duration> {
    let at = place.field("stickiness");
    let length = written.map(|time| cx.time(at, Some(time), 0.0, COOKIE_S.0, COOKIE_S.1));
    let Some(schema::ForwardTo::Map(weights)) = to else {
        if written.is_some() {
            let help = "stickiness to targets is a setting of the target group";
            cx.error(at, "`stickiness` of a forward action to one target group", "nothing to stick to", help);
        }
        return None;
    };
    if weights.0.len() < 2 {
        return length;
    }
    for (name, _) in weights.iter() {
        match cx.scenario.target_groups.get(name).and_then(|group| group.stickiness.as_ref()) {
            Some(schema::Stickiness::AppCookie { .. }) => {
                let message =
                    format!("target group `{name}` is one of several by weight and has an application cookie");
                cx.error(to_at.key(name), message, "does not work together", "use `LbCookie`, or one target group");
            }
            Some(_) if written.is_none() => {
                let message = format!("target group `{name}` has stickiness, the forward action to it has none");
                let help = "add `stickiness: \"1h\"` to the action, so that a session stays with its target group too";
                cx.error(to_at.key(name), message, "AWS demands both", help);
            }
            _ => {}
        }
    }
    length
}

/// Redirects that lead back to themselves: such a client would never end.
fn circles<'a>(cx: &mut Cx<'a>, listener: &ListenerRules, place: Place<'a>) {
    let name = |id: EndpointId| cx.endpoints[id.index()].1.clone();
    let response = |endpoint: EndpointId| match listener.rules.iter().find(|rule| rule.endpoints.contains(&endpoint)) {
        Some(ListenerRule { action: RuleAction::Respond(response), .. }) => Some(*response),
        Some(_) => None,
        None => listener.otherwise,
    };
    let mut message = None;
    for start in (0..cx.endpoints.len()).map(EndpointId::new) {
        let mut path = vec![start];
        while let Some(Response::Redirect(next)) = response(path[path.len() - 1]) {
            let seen = path.iter().any(|before| name(*before) == name(next));
            path.push(next);
            if seen || path.len() > 100 {
                break;
            }
        }
        let last = path[path.len() - 1];
        if path.len() > 100 {
            message = Some("more than 100 redirects in a row".to_owned());
            break;
        }
        if path.len() > 1 && path[..path.len() - 1].iter().any(|before| name(*before) == name(last)) {
            let names: Vec<String> = path.iter().map(|id| name(*id)).collect();
            message = Some(format!("redirects go round in a circle: {}", names.join(" → ")));
            break;
        }
    }
    if let Some(message) = message {
        cx.error(place, message, "leads back to itself", "break the circle: such a request would never end");
    }
}

/// Where a listener forwards requests for an endpoint to; none if it answers them itself.
pub(crate) fn route<'l>(
    listener: &'l ListenerRules,
    default: &'l [(TargetGroupId, u32)],
    endpoint: EndpointId,
) -> Result<&'l [(TargetGroupId, u32)], Response> {
    match listener.rules.iter().find(|rule| rule.endpoints.contains(&endpoint)).map(|rule| &rule.action) {
        Some(RuleAction::Forward { to, .. }) => Ok(to),
        Some(RuleAction::Respond(response)) => Err(*response),
        None => listener.otherwise.map_or(Ok(default), Err),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_those_of_paths_do() {
        for (pattern, name, expected) in [
            ("page", "page", true),
            ("page", "pages", false),
            ("*", "", true),
            ("*", "anything", true),
            ("api-*", "api-", true),
            ("api-*", "api-orders", true),
            ("api-*", "apiorders", false),
            ("*-v?", "order-v2", true),
            ("*-v?", "order-v", false),
            ("*-v?", "order-v10", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "acb", false),
            ("??", "ab", true),
            ("??", "a", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "`{pattern}` and `{name}`");
        }
    }
}
