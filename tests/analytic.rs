//! Simulations held against theory: each test names its formula and where it stands.

mod availability;
mod beanstalk;
mod bytes;
mod detection;
mod machines;
mod money;
mod networks;
mod provisioning;
mod queues;
mod retries;
mod scaling;
mod sharing;
mod years;
mod zones;
