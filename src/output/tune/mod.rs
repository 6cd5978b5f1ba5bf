//! What a search leaves behind: a page in words, the front, what each parameter does, and the winner to paste.
//!
//! ```text
//!  Tuned ──told──► sections ──► page (terminal)   summary.md   report.html
//!              ├─► tune.json  tune.csv  plots
//!              └─► winner.ron  winner.tf
//! ```
//! # Models      figures of the winner and of the scenario as it is are of fresh replications; differences are paired
//! # Leaves out  single runs: `sim run` with the settings of the winner gives them

pub mod files;
pub mod page;
pub mod plots;
pub mod terraform;

mod effects;
mod sections;
mod told;

pub use told::Told;
