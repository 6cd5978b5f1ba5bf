//! What Network and Classic Load Balancers count: AWS/NetworkELB and AWS/ELB.
//!
//! # Source      `aws/network.md` §4, §5

use serde::{Deserialize, Serialize};

/// Counts of one balancer that is no Application Load Balancer.
#[derive(Clone, Debug, Default)]
pub struct EdgeCounts {
    /// Since the end of the warm-up.
    pub run: EdgeFigures,
    /// Since the last minute.
    pub minute: EdgeFigures,
    /// New flows since the start, warm-up included (for the bill).
    pub all_flows: u64,
    /// Flows that are open now.
    pub open: u64,
}

/// The figures themselves, with the names that CloudWatch gives them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EdgeFigures {
    /// `NewFlowCount`.
    #[serde(skip_serializing_if = "is_zero")]
    pub new_flows: u64,
    /// `ActiveFlowCount`, its maximum.
    #[serde(skip_serializing_if = "is_zero")]
    pub most_flows: u64,
    /// `TCP_ELB_Reset_Count`.
    #[serde(skip_serializing_if = "is_zero")]
    pub elb_resets: u64,
    /// `TCP_Target_Reset_Count`.
    #[serde(skip_serializing_if = "is_zero")]
    pub target_resets: u64,
    /// `TCP_Client_Reset_Count`.
    #[serde(skip_serializing_if = "is_zero")]
    pub client_resets: u64,
    /// `PortAllocationErrorCount`.
    #[serde(skip_serializing_if = "is_zero")]
    pub port_allocation_errors: u64,
    /// `SurgeQueueLength`, its maximum over the nodes.
    #[serde(skip_serializing_if = "is_zero")]
    pub surge_queue_length: u64,
    /// `SpilloverCount`.
    #[serde(skip_serializing_if = "is_zero")]
    pub spillover: u64,
    /// `BackendConnectionErrors`.
    #[serde(skip_serializing_if = "is_zero")]
    pub backend_connection_errors: u64,
}

impl EdgeCounts {
    fn both(&mut self, change: impl Fn(&mut EdgeFigures)) {
        change(&mut self.run);
        change(&mut self.minute);
    }

    /// A flow is new.
    pub fn flow_opened(&mut self) {
        self.all_flows += 1;
        self.open += 1;
        let open = self.open;
        self.both(|figures| {
            figures.new_flows += 1;
            figures.most_flows = figures.most_flows.max(open);
        });
    }

    /// A flow has ended.
    pub fn flow_closed(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// A connection was reset, by a node or by a target.
    pub fn reset(&mut self, by_node: bool) {
        self.both(|figures| if by_node { figures.elb_resets += 1 } else { figures.target_resets += 1 });
    }

    /// A client has given up, and resets what comes by its connection.
    pub fn client_gone(&mut self) {
        self.both(|figures| figures.client_resets += 1);
    }

    /// No port was left towards a target.
    pub fn port_allocation_error(&mut self) {
        self.both(|figures| figures.port_allocation_errors += 1);
    }

    /// So many wait at a node.
    pub fn surge(&mut self, length: u64) {
        self.both(|figures| figures.surge_queue_length = figures.surge_queue_length.max(length));
    }

    /// A request found the surge queue full.
    pub fn spilled(&mut self) {
        self.both(|figures| figures.spillover += 1);
    }

    /// An instance took no connection.
    pub fn backend_connection_error(&mut self) {
        self.both(|figures| figures.backend_connection_errors += 1);
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
