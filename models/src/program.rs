//! Endpoints as operations: step programs flattened into one table, with their samplers made ready.
//!
//! ```text
//!  steps: [Compute(a), Parallel([[Query(q)], [Call(c)]]), Compute(b)]
//!  ops:   0 Compute(a) · 1 Fork{branches} · 2 Compute(b) · 3 Return · 4 Query(q) · 5 Return · 6 Call(c) · 7 Return
//! ```

use crate::plan::{EndpointId, FleetId, Plan, QueryKind, SiteId, Step, StoreId, TargetGroupId};
use sim_core::Table;
use sim_core::dist::{Dist, Sampler};
use std::collections::BTreeMap;

/// One operation.
#[derive(Clone, Debug)]
pub enum Op {
    /// CPU work.
    Compute(Sampler),
    /// Ask a store.
    Query {
        /// Which.
        store: StoreId,
        /// Read or write.
        kind: QueryKind,
        /// Service demand.
        demand: Sampler,
    },
    /// Ask another service.
    Call {
        /// How, and whom.
        site: SiteId,
        /// What.
        endpoint: EndpointId,
    },
    /// Wait.
    Sleep(Sampler),
    /// Use the instance's volume.
    Disk {
        /// Operations, large ones counted as several.
        operations: f64,
        /// Bytes in all.
        bytes: f64,
    },
    /// Start all branches; go on when all have ended.
    Fork {
        /// Range of `Program::branches`.
        first: u32,
        /// How many.
        count: u16,
    },
    /// The end of a program or branch.
    Return,
}

/// All endpoints and health checks as operations.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Operations.
    pub ops: Vec<Op>,
    /// First operation of each branch.
    pub branches: Vec<u32>,
    /// First operation of each endpoint.
    pub endpoint: Table<EndpointId, u32>,
    /// First operation of the health check of each target group.
    pub check: Table<TargetGroupId, u32>,
    /// First operation of the application status check of a fleet's launch template of that number.
    pub application: BTreeMap<(FleetId, u16), u32>,
}

impl Program {
    /// Flattens every endpoint and health check of the plan.
    pub fn new(plan: &Plan) -> Self {
        let mut program = Program::default();
        for endpoint in plan.endpoints.values() {
            let entry = program.add(&endpoint.steps);
            program.endpoint.push(entry);
        }
        for group in plan.target_groups.values() {
            let check = &group.health_check;
            let mut steps = vec![Step::Compute(check.compute.clone())];
            // A deep check asks each dependency a trivial question.
            steps.extend(check.dependencies.iter().map(|&store| Step::Query {
                store,
                kind: QueryKind::Read,
                demand: Dist::Constant(0.001),
            }));
            let entry = program.add(&steps);
            program.check.push(entry);
        }
        for (id, fleet) in plan.fleets.iter() {
            for number in 0..=fleet.later_templates.len() as u16 {
                if let Some(check) = &fleet.template(number).machine.application_check {
                    let entry = program.add(&[Step::Compute(check.compute.clone())]);
                    program.application.insert((id, number), entry);
                }
            }
        }
        program
    }

    fn add(&mut self, steps: &[Step]) -> u32 {
        let entry = self.ops.len() as u32;
        let mut forks = Vec::new();
        for step in steps {
            let op = match step {
                Step::Compute(demand) => Op::Compute(demand.sampler()),
                Step::Query { store, kind, demand } => {
                    Op::Query { store: *store, kind: *kind, demand: demand.sampler() }
                }
                Step::Call { site, endpoint } => Op::Call { site: *site, endpoint: *endpoint },
                Step::Sleep(time) => Op::Sleep(time.sampler()),
                Step::Disk { operations, bytes } => {
                    let each = (bytes / f64::from(*operations) / crate::plan::DISK_OPERATION_BYTES).ceil().max(1.0);
                    Op::Disk { operations: f64::from(*operations) * each, bytes: *bytes }
                }
                Step::Parallel(branches) => {
                    let first = self.branches.len() as u32;
                    self.branches.extend(branches.iter().map(|_| 0));
                    forks.push((first, branches));
                    Op::Fork { first, count: branches.len() as u16 }
                }
            };
            self.ops.push(op);
        }
        self.ops.push(Op::Return);
        for (first, branches) in forks {
            for (index, branch) in branches.iter().enumerate() {
                self.branches[first as usize + index] = self.add(branch);
            }
        }
        entry
    }
}
