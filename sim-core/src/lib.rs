//! Discrete-event engine: clock, event list, random streams, distributions, statistics.
//!
//! ```text
//!              ┌────────────── pop (time, seq) ───────────────┐
//!  EventList ──┤                                              ▼
//!     ▲        └─► Digest, Probe (look on)            Model::handle(event)
//!     └── at · after · via(lane) · soon · set(slot) ──────────┘   draws from Streams, counts in Tallies
//! ```
//! # Models      one world, one closed set of events, one total order of them; a run is a function of its inputs
//! # Leaves out  anything of AWS, of files and of terminals: those live in the crates that stand on this one
//! # Source      Law, "Simulation Modeling and Analysis", 5th ed., chapters 1 and 2: next-event time advance

pub mod time;

pub mod table;

pub mod event_list;

pub mod engine;

pub mod digest;

pub mod stream;

pub mod dist;

pub mod math;

pub mod stats;

pub use digest::Digest;
pub use dist::{Dist, DistError, Sampler};
pub use engine::{Engine, Fingerprint, Model, Probe, Progress};
pub use event_list::{EventList, Lane, Slot};
pub use stats::{BatchMeans, Histogram, Interval, Tally, TimeWeighted};
pub use stream::{Stream, Substream, Words};
pub use table::{Id, Pool, Table};
pub use time::{Duration, DurationError, Time};
