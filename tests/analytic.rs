//! Simulations held against theory: each test names its formula and where it stands.

mod networks;
mod queues;
mod retries;
mod sharing;
