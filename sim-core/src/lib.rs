//! Discrete-event engine: clock, event list, random streams, distributions, statistics.
