//! The latency map: how many requests were how slow, interval by interval.
//!
//! ```text
//!  an interval's histogram ─its end─► one row: a count per latency band        (nothing is added to a request's path)
//! ```
//! # Models      bands that widen with the latency, eight a decade from 0.1 ms to 100 s, and one above
//! # Leaves out  requests that failed: they have no answer whose latency could be told

use serde::{Deserialize, Serialize};
use sim_core::Histogram;

/// Upper edges of the bands of a decade, in hundredths of its beginning: the eighth roots of ten, rounded.
const STEPS: [u64; 8] = [133, 178, 237, 316, 422, 562, 750, 1000];
/// Decades from 0.1 ms on.
const DECADES: u32 = 6;
/// The edge below which all latencies are one band, in nanoseconds.
const LEAST_NS: u64 = 100_000;

/// Succeeded requests by latency, one row per interval of the series. In `latency_map.csv` a row is a line, a band a
/// column headed by its upper edge.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LatencyMap {
    /// Width of a row in seconds, as in the series.
    pub interval_s: f64,
    /// Upper edges of the bands in milliseconds, ascending; the last band has none.
    pub edges_ms: Vec<f64>,
    /// A row per interval, in it a count per band: one more than there are edges. A row in which nothing succeeded is
    /// empty.
    pub rows: Vec<Vec<u32>>,
}

impl LatencyMap {
    /// No rows yet.
    pub(crate) fn new(interval_s: f64) -> Self {
        let edges_ms = edges().map(|ns| ns as f64 / 1e6).collect();
        LatencyMap { interval_s, edges_ms, rows: Vec::new() }
    }

    /// An interval is over.
    pub(crate) fn record(&mut self, latencies: &Histogram) {
        let mut row = Vec::new();
        if !latencies.is_empty() {
            row.resize(self.edges_ms.len() + 1, 0u32);
            let edges: Vec<u64> = edges().collect();
            for (low, high, count) in latencies.iter() {
                let middle = low + (high - low) / 2;
                let band = edges.partition_point(|edge| *edge < middle);
                row[band] = row[band].saturating_add(count.min(u64::from(u32::MAX)) as u32);
            }
        }
        self.rows.push(row);
    }
}

/// Upper edges in nanoseconds, ascending.
fn edges() -> impl Iterator<Item = u64> {
    let decades = (0..DECADES).flat_map(|decade| STEPS.map(|step| LEAST_NS / 100 * step * 10u64.pow(decade)));
    std::iter::once(LEAST_NS).chain(decades)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_ascend_from_a_tenth_of_a_millisecond_to_a_hundred_seconds() {
        let edges: Vec<u64> = edges().collect();
        assert!(edges.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!((edges[0], *edges.last().unwrap(), edges.len()), (100_000, 100_000_000_000, 49));
    }

    #[test]
    fn every_request_is_in_one_band_and_an_edge_belongs_to_the_band_below() {
        let mut latencies = Histogram::new(6);
        // Below all bands, on the first edge, in the middle, beyond the last.
        for ns in [0, 100_000, 101_000, 30_000_000, 30_000_000, 400_000_000_000] {
            latencies.record(ns);
        }
        let mut map = LatencyMap::new(10.0);
        map.record(&latencies);
        map.record(&Histogram::new(6));
        let found: Vec<(usize, u32)> = map.rows[0].iter().copied().enumerate().filter(|(_, n)| *n > 0).collect();
        assert_eq!(found, [(0, 2), (1, 1), (20, 2), (49, 1)]);
        assert!(map.edges_ms[19] < 30.0 && 30.0 <= map.edges_ms[20]);
        assert_eq!(map.rows[1], Vec::<u32>::new());
    }
}
