//! Arrival instants of an open stream whose rate changes over time.
//!
//! # Models      a Poisson process by time change (the n-th arrival where the integral of the rate reaches the n-th
//!   point of a unit Poisson process), so that equal seeds keep arrivals in step when the rate is scaled;
//!   evenly spaced: where the integral reaches n
//! # Source      Çinlar, "Introduction to Stochastic Processes" (1975), chapter 4: inversion of the integrated rate

use crate::plan::{Process, RateProfile};
use sim_core::dist::{Dist, Sampler};
use sim_core::{Stream, Time};

/// Gives the arrival instants one by one.
#[derive(Clone, Debug)]
pub struct ArrivalClock {
    pieces: Vec<Piece>,
    piece: usize,
    /// Seconds since the start, exact to far below a nanosecond.
    position: f64,
    process: Process,
    unit: Sampler,
    stream: Stream,
}

/// A stretch of time with a linear rate.
#[derive(Clone, Copy, Debug)]
struct Piece {
    start: f64,
    end: f64,
    /// Rate at the start.
    rate: f64,
    /// Change of the rate per second.
    slope: f64,
}

impl ArrivalClock {
    /// A clock at time 0.
    pub fn new(profile: &RateProfile, process: Process, stream: Stream) -> Self {
        let mut pieces = Vec::with_capacity(profile.knots.len() + 1);
        let mut start = 0.0;
        let mut rate = profile.at(Time::ZERO);
        for knot in &profile.knots {
            let end = knot.0.as_secs_f64();
            if end > start {
                pieces.push(Piece { start, end, rate, slope: (knot.1 - rate) / (end - start) });
                start = end;
            }
            rate = knot.1;
        }
        pieces.push(Piece { start, end: f64::INFINITY, rate, slope: 0.0 });
        let unit = Dist::Exponential { mean: 1.0 }.sampler();
        ArrivalClock { pieces, piece: 0, position: 0.0, process, unit, stream }
    }

    /// The next arrival; none if the rate stays zero from here on.
    #[inline]
    pub fn next(&mut self) -> Option<Time> {
        let mut need = match self.process {
            Process::Poisson => self.unit.sample(&mut self.stream),
            Process::Even => 1.0,
        };
        loop {
            let piece = self.pieces[self.piece];
            let rate = piece.rate + piece.slope * (self.position - piece.start);
            let step = if piece.slope == 0.0 {
                need / rate
            } else {
                // Root of rate × x + slope × x² / 2 = need, in the form that loses no digits.
                let square = rate * rate + 2.0 * piece.slope * need;
                if square < 0.0 { f64::INFINITY } else { 2.0 * need / (rate + square.sqrt()) }
            };
            if self.position + step <= piece.end && step.is_finite() {
                self.position += step;
                return Some(Time::from_nanos((self.position * 1e9 + 0.5) as u64));
            }
            if piece.end == f64::INFINITY {
                return None;
            }
            let left = piece.end - self.position;
            need = (need - (rate + piece.slope * left / 2.0) * left).max(0.0);
            self.position = piece.end;
            self.piece += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::Duration;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    fn clock(knots: Vec<(Time, f64)>, process: Process) -> ArrivalClock {
        ArrivalClock::new(&RateProfile { knots }, process, Stream::new(1, 0, "test", "arrivals"))
    }

    #[test]
    fn even_arrivals_follow_the_integral_of_a_ramp() {
        // Rate 2t: the n-th arrival at the square root of n.
        let mut clock = clock(vec![(at(0), 0.0), (at(100), 200.0)], Process::Even);
        for n in 1..=9_000u32 {
            let expected = f64::from(n).sqrt();
            assert!((clock.next().unwrap().as_secs_f64() - expected).abs() < 2e-9, "arrival {n}");
        }
    }

    #[test]
    fn a_jump_and_a_pause_are_honoured() {
        let knots = vec![(at(0), 1.0), (at(3), 1.0), (at(3), 0.0), (at(10), 0.0), (at(10), 2.0)];
        let mut clock = clock(knots, Process::Even);
        let times: Vec<f64> = (0..5).map(|_| clock.next().unwrap().as_secs_f64()).collect();
        assert_eq!(times, [1.0, 2.0, 3.0, 10.5, 11.0]);
    }

    #[test]
    fn a_rate_of_zero_for_ever_ends_the_stream() {
        let mut clock = clock(vec![(at(0), 5.0), (at(1), 5.0), (at(1), 0.0)], Process::Even);
        assert_eq!(std::iter::from_fn(|| clock.next()).count(), 5);
    }

    #[test]
    fn a_poisson_stream_has_the_mean_and_the_variance_of_its_rate() {
        let mut clock = clock(vec![(at(0), 50.0)], Process::Poisson);
        let mut counts = vec![0u32; 2_000];
        while let Some(time) = clock.next() {
            match counts.get_mut(time.as_secs_f64() as usize) {
                Some(count) => *count += 1,
                None => break,
            }
        }
        let mean = f64::from(counts.iter().sum::<u32>()) / 2_000.0;
        let variance =
            counts.iter().map(|&count| (f64::from(count) - mean) * (f64::from(count) - mean)).sum::<f64>() / 1_999.0;
        // Four standard errors: mean 0.158 × 4, variance 50 × sqrt(2/1999) × 4.
        assert!((mean - 50.0).abs() < 0.64, "{mean}");
        assert!((variance - 50.0).abs() < 6.4, "{variance}");
    }
}
