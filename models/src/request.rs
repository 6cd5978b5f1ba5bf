//! The entities that flow: a request as its caller knows it, and the calls that servers work on for it.
//!
//! ```text
//!  caller: Request (one row per attempt) ──► balancer ──► Call (one row per piece of server work) ──► answer
//!                                                          └─ Fork ─► Call (branch, same instance)
//!                                                          └─ Call step ─► Request (parent: this call) ─► …
//! ```
//! A caller that gives up takes its row away; the server's row goes on until its work is done, as in life. Whoever
//! holds a reference to a row that is gone notices by its generation, so nothing is ever cancelled in the event list.

use crate::Outcome;
use crate::plan::{EndpointId, SiteId, StoreId, TargetGroupId};
use sim_core::{Time, id_type};

id_type! {
    /// Row of a request.
    pub struct RequestId(u32);
}
id_type! {
    /// Row of a call.
    pub struct CallId(u32);
}
id_type! {
    /// An instance; ids are never used again.
    pub struct InstanceId(u32);
}

/// A request row as of one attempt; stale when the attempt is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestRef {
    /// Row.
    pub id: RequestId,
    /// Generation of the row.
    pub generation: u32,
}

/// A call row as of one use; stale when the call is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallRef {
    /// Row.
    pub id: CallId,
    /// Generation of the row.
    pub generation: u32,
}

impl CallRef {
    /// No call.
    pub const NONE: CallRef = CallRef { id: CallId(u32::MAX), generation: u32::MAX };
}

/// A request, as its caller knows it.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// First attempt sent.
    pub born: Time,
    /// Seeds every draw that belongs to the request, so that it asks the same of every policy.
    pub luck: u64,
    /// Last backoff in nanoseconds (decorrelated jitter).
    pub backoff_ns: u64,
    /// The call that waits for the answer; `CallRef::NONE` if a population does.
    pub parent: CallRef,
    /// The call that works on it, once there is one.
    pub call: CallRef,
    /// Session or user.
    pub user: u32,
    /// Where it was made.
    pub site: SiteId,
    /// What it asks.
    pub endpoint: EndpointId,
    /// Attempts made.
    pub attempt: u16,
    /// Zone of the caller, `OUTSIDE` for a population.
    pub zone: u16,
    /// Instance that last worked on it, `u32::MAX` for none.
    pub instance: u32,
    /// Whether it was born before the end of the warm-up and so is not counted.
    pub uncounted: bool,
}

/// `Request::zone` of a caller outside the cloud.
pub const OUTSIDE: u16 = u16::MAX;

/// Who waits for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiter {
    /// A balancer node, on behalf of a request.
    Node(RequestRef),
    /// The caller itself.
    Direct(RequestRef),
    /// A health check: row and attempt of the check.
    Check {
        /// Row of the check.
        check: u32,
        /// Attempt of the check.
        attempt: u32,
    },
    /// The call that forked it.
    Branch(CallRef),
    /// Nobody any more.
    Nobody,
    /// A node of a Network Load Balancer, on behalf of a request.
    Flow {
        /// The request.
        request: RequestRef,
        /// Whether the request is a flow of its own, without a connection that is kept.
        own: bool,
    },
    /// A node of a Classic Load Balancer, on behalf of a request.
    Classic(RequestRef),
    /// EC2's application status check of its instance.
    StatusCheck {
        /// Attempt of the check.
        attempt: u32,
    },
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallState {
    /// On the wire to the instance.
    Travelling,
    /// Waiting for a worker.
    Queued,
    /// In a step on the CPU.
    Computing,
    /// Waiting for a connection of the instance's pool.
    PoolWait(StoreId),
    /// At a store, or on the wire to or from it.
    AtStore(StoreId),
    /// A store has answered it, and the answer is on the wire.
    StoreAnswered(StoreId),
    /// Waiting for calls, branches or a sleep.
    Waiting,
    /// Waiting for a worker again, having given it up during a wait.
    Requeued,
    /// Its host does not answer; only a timer of the balancer knows of it.
    Lost,
}

/// A piece of server work.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Who waits for it.
    pub waiter: Waiter,
    /// Seeds its draws.
    pub luck: u64,
    /// Arrived at the queue of the instance.
    pub queued_at: Time,
    /// Sent by the balancer node (target response time), or born.
    pub sent_at: Time,
    /// End of the compute step, if it has the CPU to itself.
    pub until: Time,
    /// Index of the next operation of the program.
    pub pc: u32,
    /// Branches or calls still out.
    pub pending: u16,
    /// First failure among them.
    pub outcome: Outcome,
    /// Where it is.
    pub state: CallState,
    /// Whether it occupies a worker.
    pub holds_worker: bool,
    /// The instance.
    pub instance: InstanceId,
    /// The balancer node it came through (over all balancers), `NO_NODE` if none.
    pub node: u16,
    /// Target group through which it came.
    pub target_group: TargetGroupId,
    /// What is asked.
    pub endpoint: EndpointId,
}

impl Call {
    /// On its way to an instance, sent now and through no balancer; whoever sends it through one says which.
    #[inline(always)]
    pub fn sent(waiter: Waiter, luck: u64, pc: u32, endpoint: EndpointId, instance: InstanceId, now: Time) -> Call {
        Call {
            waiter,
            luck,
            queued_at: now,
            sent_at: now,
            until: now,
            pc,
            pending: 0,
            outcome: Outcome::Ok,
            state: CallState::Travelling,
            holds_worker: false,
            instance,
            node: NO_NODE,
            target_group: TargetGroupId::new(0),
            endpoint,
        }
    }
}

/// `Call::node` of a call that came through no balancer.
pub const NO_NODE: u16 = u16::MAX;
