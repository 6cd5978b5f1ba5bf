//! The integration tests, as one binary: the command from outside, and the repository's tidiness.

mod cli;
mod files;
mod inputs;
mod room;
mod tidy;
