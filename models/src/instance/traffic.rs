//! Bytes on the network interface of an instance: NetworkIn and NetworkOut.
//!
//! ```text
//!  deliver ─► size of the request ─► in      finish ─► size of the answer, and what was asked of others ─► out, in
//! ```
//! # Models      requests and answers by the sizes that their callers give; of a request that succeeds the queries and calls of
//!   its steps: a read's bytes come in, a write's go out (a modelling choice), a call's go both ways. Counted for those
//!   fleets alone of which somebody watches it
//! # Leaves out  health checks, handshakes, headers of packets, what is turned away at the door, what a failed request had
//!   asked others before, further attempts of a call; volumes of EBS (their traffic is no NetworkIn on AWS either)
//! # Source      EC2 user guide, "List the available CloudWatch metrics for your instances"; `aws/scaling.md` §4, M6

use super::Instances;
use crate::Outcome;
use crate::plan::{EndpointId, Plan, QueryKind, SiteId, Step};
use crate::request::*;
use crate::shared::Cx;
use sim_core::Table;

/// Bytes in and out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    /// Received.
    pub received: u64,
    /// Sent.
    pub sent: u64,
}

/// What is known of the sizes of an endpoint's requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Who asked last: the sizes of an answer for which nobody waits any more.
    site: Option<SiteId>,
    /// Of its queries and calls.
    asked: Bytes,
}

/// The sizes of every endpoint.
pub(super) fn sizes(plan: &Plan) -> Table<EndpointId, Sizes> {
    plan.endpoints.values().map(|endpoint| Sizes { site: None, asked: asked(&endpoint.steps, plan) }).collect()
}

/// What steps ask of others, in bytes.
fn asked(steps: &[Step], plan: &Plan) -> Bytes {
    let mut all = Bytes::default();
    for step in steps {
        match step {
            Step::Query { store, kind: QueryKind::Read, .. } => {
                all.received += u64::from(plan.stores[*store].query_bytes);
            }
            Step::Query { store, kind: QueryKind::Write, .. } => {
                all.sent += u64::from(plan.stores[*store].query_bytes);
            }
            Step::Call { site, .. } => {
                all.sent += u64::from(plan.sites[*site].request_bytes);
                all.received += u64::from(plan.sites[*site].response_bytes);
            }
            Step::Parallel(branches) => {
                for branch in branches {
                    let branch = asked(branch, plan);
                    all.received += branch.received;
                    all.sent += branch.sent;
                }
            }
            Step::Compute(_) | Step::Sleep(_) | Step::Disk { .. } => {}
        }
    }
    all
}

/// The request that a call works on; none of checks, branches and calls that nobody made.
fn request_of(call: &Call) -> Option<RequestRef> {
    match call.waiter {
        Waiter::Node(request) | Waiter::Direct(request) | Waiter::Flow { request, .. } | Waiter::Classic(request) => {
            Some(request)
        }
        Waiter::Check { .. } | Waiter::Branch(_) | Waiter::Nobody => None,
    }
}

impl Instances {
    /// A request has come to an instance that reckons its memory or its bytes.
    #[cold]
    #[inline(never)]
    pub(super) fn reckon_arrival(&mut self, instance: InstanceId, at: CallRef, cx: &mut Cx) {
        if self.rows[instance].bytes.is_some() {
            self.receive(instance, at, cx);
        }
        self.takes_memory(instance, cx);
    }

    /// A request is done with there.
    #[cold]
    #[inline(never)]
    pub(super) fn reckon_end(&mut self, instance: InstanceId, at: CallRef, outcome: Outcome, cx: &mut Cx) {
        if self.rows[instance].bytes.is_some() {
            self.send(instance, at, outcome, cx);
        }
        self.gives_memory(instance, cx);
    }

    fn receive(&mut self, instance: InstanceId, at: CallRef, cx: &Cx) {
        let Some(call) = cx.call(at) else { return };
        let Some(request) = request_of(call) else { return };
        let known = &mut self.sizes[call.endpoint];
        known.site = cx.request(request).map(|request| request.site).or(known.site);
        if let (Some(bytes), Some(site)) = (&mut self.rows[instance].bytes, known.site) {
            bytes.received += u64::from(cx.plan.sites[site].request_bytes);
        }
    }

    fn send(&mut self, instance: InstanceId, at: CallRef, outcome: Outcome, cx: &Cx) {
        let Some(call) = cx.call(at) else { return };
        let Some(request) = request_of(call).filter(|_| outcome != Outcome::Abandoned) else { return };
        let known = self.sizes[call.endpoint];
        let site = cx.request(request).map(|request| request.site).or(known.site);
        let Some(bytes) = &mut self.rows[instance].bytes else { return };
        bytes.sent += site.map_or(0, |site| u64::from(cx.plan.sites[site].response_bytes));
        if outcome.is_ok() {
            bytes.received += known.asked.received;
            bytes.sent += known.asked.sent;
        }
    }

    /// Bytes of an instance since it was launched, if anybody watches them.
    pub fn bytes(&self, instance: InstanceId) -> Option<Bytes> {
        self.rows.get(instance)?.bytes
    }
}
