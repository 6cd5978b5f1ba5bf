//! The control loop end to end: what alarms, policies, groups and launches do, second by second, in small plans whose
//! delays are constant, so that every link of a chain can be checked against the rule that it follows.

mod fixture;

mod alarms;
mod chains;
mod drawn;
mod drawn_lives;
mod edge;
mod group_metrics;
mod health;
mod hooks;
mod launches;
mod maintenance;
mod metrics;
mod mixed;
mod operations;
mod processes;
mod refresh;
mod rules;
mod scaling;
mod schedule;
mod spot;
mod standby;
mod tracking;
mod warm_pool;
mod zones;
