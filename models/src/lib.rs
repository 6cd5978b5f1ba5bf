//! AWS parts as simulation models, and the world they form.

pub mod plan;

mod outcome;
pub mod result;
mod run;

pub use outcome::Outcome;
pub use run::{Interrupted, Progress, RequestRecord, Watcher, simulate};
