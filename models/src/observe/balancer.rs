//! What balancers and target groups did: the counters behind the metrics of `AWS/ApplicationELB`.
//!
//! ```text
//!  alb ─ routed, responded, codes of its own, connection errors, rules ─► since the start · since the warm-up · since the minute
//! ```
//! # Source      Elastic Load Balancing user guide, "CloudWatch metrics for your Application Load Balancer";
//!   `aws/network.md` §3.13

use super::{ConnectionCounts, ConnectionFigures, Level, NewConnections, Observe};
use crate::Outcome;
use crate::plan::{BalancerId, TargetGroupId};
use sim_core::{Duration, Histogram, Time};

/// What one balancer did.
#[derive(Clone, Debug, Default)]
pub struct BalancerCounts {
    /// Requests for which a target was chosen.
    pub requests: u64,
    /// 5xx of its own making.
    pub elb_5xx: u64,
    /// 5xx of the targets.
    pub target_5xx: u64,
    /// Routed while failing open.
    pub fail_open: u64,
    /// Its own answers by code.
    pub codes: Codes,
    /// Requests routed since the start, warm-up included (for the bill).
    pub all_requests: u64,
    /// Bytes of these requests and their answers.
    pub bytes: u64,
    /// Connections.
    pub connections: ConnectionCounts,
    /// Those that were new before the end of the warm-up.
    before: NewConnections,
    /// Requests that met a connection which their target was closing.
    pub met_closed: u64,
    /// RuleEvaluations since the start that count for the bill: those beyond the ten free ones of each request.
    pub billed_rules: u64,
    /// The same, since the last minute.
    pub minute: Minute,
}

/// Answers of a balancer's own making that are no 5xx, and what it did besides (network.md §3.12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Codes {
    /// HTTPCode_ELB_3XX_Count: redirects.
    pub redirects: u64,
    /// HTTPCode_ELB_4XX_Count: fixed responses, and 460.
    pub elb_4xx: u64,
    /// 460: the client had closed its connection before there was an answer.
    pub elb_460: u64,
    /// RejectedConnectionCount.
    pub rejected: u64,
    /// RuleEvaluations, all of them.
    pub rule_evaluations: u64,
}

/// What one target group did.
#[derive(Clone, Debug)]
pub struct GroupCounts {
    /// Since the last minute.
    pub minute: Minute,
    /// Requests of sessions for which a new target was chosen, over the observed time.
    pub all_not_sticky: u64,
    /// Response times since the last minute, nanoseconds; kept only if some alarm asks for percentiles or averages.
    pub response: Histogram,
    /// Seconds without a healthy target for some node.
    pub starved: Level,
}

/// Counts since the last minute boundary.
#[derive(Clone, Copy, Debug, Default)]
pub struct Minute {
    /// Requests routed.
    pub requests: u64,
    /// 5xx of the balancer.
    pub elb_5xx: u64,
    /// 5xx of targets.
    pub target_5xx: u64,
    /// Of the 5xx of the balancer, 502s.
    pub elb_502: u64,
    /// Of the 5xx of the balancer, 503s.
    pub elb_503: u64,
    /// TargetConnectionErrorCount: connections to targets that were not made.
    pub connection_errors: u64,
    /// UnhealthyRoutingRequestCount: requests routed while failing open.
    pub fail_open: u64,
    /// NonStickyRequestCount: requests of sessions for which a new target was chosen.
    pub not_sticky: u64,
    /// Bytes of the balancer up to the minute boundary.
    pub bytes_before: u64,
    /// RuleEvaluations that count for the bill, up to the minute boundary.
    pub rules_before: u64,
    /// Connections up to the minute boundary.
    pub connections_before: NewConnections,
    /// Other answers of the balancer's own, by code.
    pub codes: Codes,
}

impl BalancerCounts {
    pub(super) fn delete_warm_up(&mut self) {
        (self.requests, self.elb_5xx, self.target_5xx, self.fail_open) = (0, 0, 0, 0);
        self.codes = Codes::default();
        self.before = self.new_connections();
        self.met_closed = 0;
        self.connections.most_active = 0;
    }

    /// New connections since the start.
    pub fn new_connections(&self) -> NewConnections {
        self.connections.new_connections(self.all_requests)
    }

    /// What its connections come to at the end.
    pub fn connection_figures(&self) -> ConnectionFigures {
        let new = self.new_connections().since(self.before);
        ConnectionFigures {
            new_client_connections: new.from_clients,
            new_target_connections: new.to_targets,
            most_active_connections: self.connections.most_active,
            met_closed_connections: self.met_closed,
        }
    }

    /// The next minute begins.
    pub fn begin_minute(&mut self) {
        self.minute = Minute {
            bytes_before: self.bytes,
            rules_before: self.billed_rules,
            connections_before: self.new_connections(),
            ..Minute::default()
        };
    }

    fn code(&mut self, count: impl Fn(&mut Codes)) {
        count(&mut self.codes);
        count(&mut self.minute.codes);
    }
}

impl GroupCounts {
    pub(super) fn new(bits: u32) -> Self {
        GroupCounts {
            minute: Minute::default(),
            all_not_sticky: 0,
            response: Histogram::new(bits),
            starved: Level::default(),
        }
    }

    pub(super) fn delete_warm_up(&mut self, now: Time) {
        self.starved.reset(now);
        self.all_not_sticky = 0;
    }
}

impl Observe {
    /// A node has chosen a target.
    #[inline]
    pub fn routed(&mut self, balancer: BalancerId, group: TargetGroupId, failing_open: bool, bytes: u32) {
        let counts = &mut self.balancers[balancer];
        counts.requests += 1;
        counts.all_requests += 1;
        counts.bytes += u64::from(bytes);
        counts.minute.requests += 1;
        let group = &mut self.groups[group];
        group.minute.requests += 1;
        if failing_open {
            counts.fail_open += 1;
            group.minute.fail_open += 1;
        }
    }

    /// A target has answered.
    #[inline]
    pub fn responded(&mut self, balancer: BalancerId, group: TargetGroupId, time: Duration, outcome: Outcome) {
        let group = &mut self.groups[group];
        group.response.record(time.nanos());
        if !outcome.is_ok() {
            group.minute.target_5xx += 1;
            let counts = &mut self.balancers[balancer];
            counts.target_5xx += 1;
            counts.minute.target_5xx += 1;
        }
    }

    /// A node has answered with a 5xx of its own.
    pub fn elb_5xx(&mut self, balancer: BalancerId, outcome: Outcome) {
        let counts = &mut self.balancers[balancer];
        counts.elb_5xx += 1;
        counts.minute.elb_5xx += 1;
        counts.minute.elb_502 += u64::from(outcome == Outcome::BadGateway);
        counts.minute.elb_503 += u64::from(matches!(outcome, Outcome::ServiceUnavailable | Outcome::SurgeQueueFull));
    }

    /// A node has answered with a 4xx of its own.
    pub fn elb_4xx(&mut self, balancer: BalancerId) {
        self.balancers[balancer].code(|codes| codes.elb_4xx += 1);
    }

    /// A client has given up before its node could answer: 460.
    pub fn client_gone(&mut self, balancer: BalancerId) {
        self.balancers[balancer].code(|codes| {
            codes.elb_4xx += 1;
            codes.elb_460 += 1;
        });
    }

    /// A node has answered with a redirect.
    pub fn redirected(&mut self, balancer: BalancerId) {
        self.balancers[balancer].code(|codes| codes.redirects += 1);
    }

    /// A balancer at its capacity has turned a request away.
    pub fn rejected(&mut self, balancer: BalancerId) {
        self.balancers[balancer].code(|codes| codes.rejected += 1);
    }

    /// So many rules were looked at for a request.
    pub fn rules_evaluated(&mut self, balancer: BalancerId, rules: u32) {
        let counts = &mut self.balancers[balancer];
        counts.billed_rules += u64::from(rules.saturating_sub(10));
        counts.code(|codes| codes.rule_evaluations += u64::from(rules));
    }

    /// A request has met a connection that its target was closing.
    pub fn met_closed(&mut self, balancer: BalancerId) {
        self.balancers[balancer].met_closed += 1;
    }

    /// A connection to a target was not made.
    pub fn not_connected(&mut self, group: TargetGroupId) {
        self.groups[group].minute.connection_errors += 1;
    }

    /// A session's request could not go to the target of its cookie, or had none.
    pub fn not_sticky(&mut self, group: TargetGroupId) {
        let counts = &mut self.groups[group];
        counts.minute.not_sticky += 1;
        counts.all_not_sticky += 1;
    }
}
