//! Searching settings for an objective under constraints, when every figure comes with noise.
//!
//! ```text
//!  Space ──Sobol, then near the elites──► candidates ──race: 1, 2, 4, 8 … replications, half of them dropped each time──► elites
//!    ▲                                                                                                                     │
//!    └─────────────────────────────────────────── next round, nearer ◄────────────────────────────────────────────────────┘
//!  elites ──fresh replications──► winner, beside the scenario as it is ──one parameter at a time──► sensitivity
//! ```
//! # Models      iterated racing: all candidates meet the same replications (common random numbers), are dropped by rank as in
//!   successive halving and by paired tests as in F-race, and the survivors breed the next round. Chosen because a run is
//!   dear, noise differs from setting to setting, and spaces are mixed (numbers, lists, blocks): a race needs no model of
//!   the noise, a paired difference is known far better than either figure, and ranks need no scale. What is
//!   reported of the winner is measured again on replications that the search never saw: the best of many is always
//!   partly luck
//! # Leaves out  models of the response (kriging, trees); more than one objective in the search: the front is read off what
//!   was tried for the one
//! # Source      López-Ibáñez, Dubois-Lacoste, Pérez Cáceres, Birattari, Stützle, "The irace package: iterated racing for
//!   automatic algorithm configuration", 2016; Birattari, Stützle, Paquete, Varrentrapp, "A racing algorithm for
//!   configuring metaheuristics", 2002 (F-race); Jamieson, Talwalkar, "Non-stochastic best arm identification and
//!   hyperparameter optimization", 2016 (successive halving); Deb, "An efficient constraint handling method for genetic
//!   algorithms", 2000 (feasible before infeasible, then by violation)

pub mod budget;
pub mod candidate;
pub mod chosen;
pub mod front;
pub mod goal;
mod lab;
mod model;
pub mod problem;
mod race;
mod random;
mod search;
pub mod space;

pub use budget::Budget;
pub use candidate::{Candidate, Fate, Origin};
pub use chosen::{Effect, Verdict};
pub use goal::{Constraint, Goal};
pub use problem::{Chance, Problem, Stopped};
pub use search::{Method, Round, Settings, Spent, Tuned, tune};
pub use space::Space;
