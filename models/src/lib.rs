//! AWS parts as simulation models, and the world they form.
//!
//! ```text
//!  Plan ─► World::build ─► engine: pop, handle, pop, … ─► RunResult
//!          data plane     client  alb  instance  store          (request by request)
//!          control plane  health_check  cloudwatch  alarm  group  launch
//!          environment    network  environment  fault
//!          observation    observe  timeline  series  cost  incident  summary
//! ```

pub mod plan;

mod agenda;
mod event;
mod program;
mod request;
mod shared;
mod world;

mod arrivals;
mod client;
mod connection;
mod network;

mod alb;
mod cpu;
mod credits;
mod instance;
mod store;

mod alarm;
mod archive;
mod cloudwatch;
mod datapoints;
mod group;
mod health_check;
mod launch;
mod operation;
mod status;

mod blame;
mod directory;
mod environment;
mod fault;

pub mod architecture;
mod collect;
mod collect_machine;
mod cost;
mod expectation;
mod incident;
pub mod latency_map;
mod observe;
mod series;
mod spans;
mod strength;
mod summary;
mod timeline;

pub mod years;

/// The arithmetic of scaling policies, for those who judge a plan before it runs.
pub mod arithmetic {
    pub use crate::group::{adjusted, step_of};
}

mod outcome;
pub mod result;
mod run;

pub use outcome::Outcome;
pub use run::{Glance, Interrupted, Progress, RequestRecord, Watcher, simulate};
pub use spans::{RequestSpans, Span};
