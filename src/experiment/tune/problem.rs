//! What a search works on: something that can be run with settings and gives figures.
//!
//! # Models      a function of settings, chance and the replication's number; the same call gives the same figures
//! # Leaves out  the simulator: in the tests it is a formula with noise

use crate::experiment::sweep::axis::Value;

/// Which replications are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chance {
    /// Those by which the search decides.
    Search,
    /// Others, by which its result is judged.
    Fresh,
}

/// Why a run has no figures.
#[derive(Clone, Debug, PartialEq)]
pub enum Stopped {
    /// The user broke it off.
    Interrupted,
    /// This setting cannot run.
    Broken(String),
}

/// Something to be tuned.
pub trait Problem: Sync {
    /// A setting made ready to run.
    type Ready: Send + Sync;

    /// Makes a setting ready, or the thing as it is if there are no values.
    ///
    /// # Errors
    /// In words, if the setting is impossible.
    fn prepare(&self, values: Option<&[Value]>) -> Result<Self::Ready, String>;

    /// The figures of one replication, in the order of [`super::Goal::figures`]; not a number where there is none.
    ///
    /// # Errors
    /// If it was broken off or cannot run.
    fn run(&self, ready: &Self::Ready, chance: Chance, replication: u32) -> Result<Vec<f64>, Stopped>;
}
