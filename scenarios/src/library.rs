//! The built-in scenarios: part of the program, so that they run from any folder.

/// Name and text of one scenario.
macro_rules! built_in {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../", $name, ".ron")))),+]
    };
}

/// Name and text of every built-in scenario, in the order in which a newcomer may read them.
const LIBRARY: &[(&str, &str)] = built_in![
    "mm1",
    "anatomy",
    "twitter-spike",
    "cloudpulse",
    "target-tracking",
    "flapping",
    "az-outage",
    "three-nines",
    "capacity-shortage",
    "spot-wave",
    "db-failover",
    "nat-loss",
    "death-spiral",
    "grace-too-short",
    "static-reserve",
    "canary",
    "slow-start",
    "sticky-sessions",
    "fail-open",
    "black-hole",
    "replay",
    "surge-queue",
    "keep-alive",
    "warm-pool",
    "instance-refresh",
    "web-farm",
    "bare-farm",
    "credits",
    "memory-leak",
    "tuning",
];

/// Name and text of every built-in scenario.
pub fn library() -> &'static [(&'static str, &'static str)] {
    LIBRARY
}
