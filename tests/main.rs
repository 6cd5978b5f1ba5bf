//! The integration tests, as one binary: models against theory, determinism and properties of whole runs, the command
//! from outside, and the repository's tidiness.

// Theory is computed with the platform's functions: it is compared with runs and never part of one.
#![allow(clippy::disallowed_methods)]

mod lab;
mod markov;
mod theory;

mod analytic;
mod determinism;
mod expectations;
mod properties;
mod regressions;

mod browser;
mod check;
mod cli;
mod coverage;
mod explain;
mod exports;
mod files;
mod inputs;
mod room;
mod statistics;
mod sweep;
mod tidy;
mod tune;
mod years;
