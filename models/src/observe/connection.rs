//! What an Application Load Balancer counts of connections: the parts of NewConnectionCount, and ActiveConnectionCount.
//!
//! ```text
//!  requests (one connection each) ─┐
//!  + answered by the node itself   ├─► from clients ─┐
//!  − carried by kept ones + opened ┘                 ├─► since the start · since the warm-up · since the minute
//!  opened by nodes ─────────────────► to targets ────┘
//! ```
//! # Source      `aws/network.md` §3.13, §3.14

use serde::{Deserialize, Serialize};

/// Counts of one balancer since the start, warm-up included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionCounts {
    /// Opened by callers that keep connections, or pay for each.
    pub opened: u64,
    /// Requests that came by these. All others have one of their own.
    pub carried: u64,
    /// Requests that went to no target: the node had nobody for them, or a fixed response.
    pub answered: u64,
    /// Opened to targets.
    pub to_targets: u64,
    /// Most that were open at the end of a minute, since the end of the warm-up.
    pub most_active: u64,
}

/// New connections on both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewConnections {
    /// From clients to the balancer: what capacity units are counted by.
    pub from_clients: u64,
    /// From the balancer to targets.
    pub to_targets: u64,
}

impl NewConnections {
    /// NewConnectionCount.
    pub fn all(self) -> u64 {
        self.from_clients + self.to_targets
    }

    /// Those since an earlier count.
    pub fn since(self, before: NewConnections) -> NewConnections {
        NewConnections {
            from_clients: self.from_clients - before.from_clients,
            to_targets: self.to_targets - before.to_targets,
        }
    }
}

impl ConnectionCounts {
    /// New connections since the start, where so many requests have gone to targets.
    pub fn new_connections(&self, requests: u64) -> NewConnections {
        NewConnections {
            from_clients: (requests + self.answered + self.opened).saturating_sub(self.carried),
            to_targets: self.to_targets,
        }
    }
}

/// Connections of an Application Load Balancer in the summary. Those that are zero are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectionFigures {
    /// `NewConnectionCount`, the part of clients.
    #[serde(skip_serializing_if = "is_zero")]
    pub new_client_connections: u64,
    /// `NewConnectionCount`, the part to targets.
    #[serde(skip_serializing_if = "is_zero")]
    pub new_target_connections: u64,
    /// `ActiveConnectionCount`, both sides: the most at the end of a minute.
    #[serde(skip_serializing_if = "is_zero")]
    pub most_active_connections: u64,
    /// Requests that met a connection which their target was closing, its keep-alive being shorter than the idle timeout: 502.
    #[serde(skip_serializing_if = "is_zero")]
    pub met_closed_connections: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
