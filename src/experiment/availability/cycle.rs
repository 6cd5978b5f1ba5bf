//! One disturbance: from the first failure until all is well again, with whatever else fails meanwhile.
//!
//! ```text
//!  strike(first) ─► advance ─► advance ─► … another failure: strike ─► … ─► at rest
//!                     │ a unit of patience, used up at the rate at which parts fail now
//! ```
//! # Models      failures meanwhile at the rates of the parts that are left, or at raised ones with the likelihood ratio of the
//!   two; what is lost is put down to as many failures as it took, so that an unrelated one during an outage is not to blame;
//!   outages: stretches in which at least a given share is lost, those less than a minute apart taken as one
//! # Source      change of measure for Poisson processes: Brémaud, "Point Processes and Queues" (1981), VI.2

use super::{Architecture, Disturbed, YEAR_S};
use sim_core::math::{exp, ln};
use sim_core::{Stream, Words};

/// Outages closer than this are one.
const APART_S: f64 = 60.0;

/// From here on everything is lost, and no more failures are forced.
const ALL_LOST: f64 = 0.999;

/// The share of its time constant after which a forced rate is looked at again.
const STEP: f64 = 0.05;

/// What one disturbance was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cycle {
    /// Modes that failed, in order.
    pub strikes: Vec<u16>,
    /// How long it lasted, in seconds.
    pub disturbed_s: f64,
    /// Seconds lost (share × time) that so many failures together are to blame for: one, two, …
    pub lost_s: Vec<f64>,
    /// Stretches in which much was lost.
    pub outages: Vec<Outage>,
    /// Nothing but people brought it back.
    pub by_hand: bool,
    /// It had not come to rest after a year.
    pub endless: bool,
    /// Density of what happened over that under raised rates, but for the choice of the first failure.
    pub ratio: f64,
}

/// A stretch in which at least a given share was lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outage {
    /// From the first failure, in seconds.
    pub from_s: f64,
    /// In seconds.
    pub length_s: f64,
    /// Share × time, in seconds.
    pub lost_s: f64,
    /// The largest share lost.
    pub worst: f64,
    /// How many failures together are to blame for its beginning.
    pub strikes: usize,
}

/// How chance is to be dealt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dealing {
    /// Failures are forced in beyond those that come by themselves, spread evenly over the modes: at a rate of
    /// 1 / (this + time since the last failure). In seconds; infinite: none.
    pub usual_s: f64,
    /// Whether this one is dealt as it comes all the same; its ratio is still told.
    pub natural: bool,
}

impl Dealing {
    /// As it comes.
    pub const NATURAL: Dealing = Dealing { usual_s: f64::INFINITY, natural: true };
}

/// Keeps outages.
struct Watch {
    least: f64,
    outages: Vec<Outage>,
    /// Time of the last stretch that belonged to an outage.
    until_s: f64,
}

impl Watch {
    fn stretch(&mut self, from_s: f64, seconds: f64, lost: f64, strikes: usize) {
        if lost < self.least || seconds <= 0.0 {
            return;
        }
        let to_s = from_s + seconds;
        match self.outages.last_mut().filter(|_| from_s - self.until_s <= APART_S) {
            Some(outage) => {
                outage.length_s = to_s - outage.from_s;
                outage.lost_s += seconds * lost;
                outage.worst = outage.worst.max(lost);
            }
            None => {
                let lost_s = seconds * lost;
                self.outages.push(Outage { from_s, length_s: seconds, lost_s, worst: lost, strikes });
            }
        }
        self.until_s = to_s;
    }
}

/// Rates at which each mode fails now: as it is, and raised.
struct Rates {
    natural: Vec<f64>,
    raised: Vec<f64>,
}

impl Rates {
    fn of<A: Architecture>(architecture: &A, world: &A::World<'_>, forced: f64) -> Rates {
        let natural: Vec<f64> =
            (0..architecture.modes()).map(|mode| architecture.rate(mode) * world.exposed(mode)).collect();
        let able = natural.iter().filter(|rate| **rate > 0.0).count().max(1) as f64;
        let raised = natural.iter().map(|&rate| if rate > 0.0 { rate + forced / able } else { 0.0 }).collect();
        Rates { natural, raised }
    }
}

/// One disturbance that begins with a failure of `first`. `key` is the world's own chance, `chance` that of failures.
pub fn cycle<A: Architecture>(
    architecture: &A,
    key: (u64, u32),
    first: usize,
    chance: &mut Stream,
    dealing: Dealing,
    least_share: f64,
) -> Cycle {
    let mut world = architecture.begin(key.0, key.1);
    let mut watch = Watch { least: least_share, outages: Vec::new(), until_s: f64::NEG_INFINITY };
    let mut done = Cycle { strikes: vec![first as u16], lost_s: vec![0.0], ..Cycle::default() };
    let (mut log_ratio, mut usual_s, mut since_s) = (0.0, dealing.usual_s, 0.0);
    // Whenever more is lost than before, all that have failed so far are to blame; else those who were.
    let (mut blamed, mut lost) = (1, 0.0);
    world.strike(first);
    let mut patience = -ln(chance.unit());
    loop {
        let rates = Rates::of(architecture, &world, 1.0 / (usual_s + since_s));
        let dealt = if dealing.natural { &rates.natural } else { &rates.raised };
        let (natural, raised): (f64, f64) = (rates.natural.iter().sum(), rates.raised.iter().sum());
        let total: f64 = dealt.iter().sum();
        let wait = if total > 0.0 { patience / total } else { f64::INFINITY };
        // The forced rate stays the same for so long that it hardly falls meanwhile.
        let stretch = world.advance(wait.min(STEP * (usual_s + since_s)));
        if stretch.lost > lost + 1e-9 {
            blamed = done.strikes.len();
        }
        lost = stretch.lost;
        done.lost_s[blamed - 1] += stretch.seconds * lost;
        watch.stretch(done.disturbed_s, stretch.seconds, lost, blamed);
        done.disturbed_s += stretch.seconds;
        since_s += stretch.seconds;
        log_ratio += (raised - natural) * stretch.seconds;
        patience -= total * stretch.seconds;
        if lost >= ALL_LOST {
            // The rare has come to pass: from here on things go as they go.
            usual_s = f64::INFINITY;
        }
        if stretch.seconds >= wait * (1.0 - 1e-12) && total > 0.0 {
            let mode = pick(dealt, chance);
            log_ratio += ln(rates.natural[mode] / rates.raised[mode]);
            world.strike(mode);
            done.strikes.push(mode as u16);
            done.lost_s.push(0.0);
            (patience, since_s) = (-ln(chance.unit()), 0.0);
            continue;
        }
        done.by_hand = world.restored_by_hand();
        done.endless = done.disturbed_s > YEAR_S;
        if done.by_hand || done.endless || world.at_rest() {
            done.outages = watch.outages;
            done.ratio = exp(log_ratio);
            return done;
        }
    }
}

/// One of them, by its weight.
pub fn pick(weights: &[f64], chance: &mut Stream) -> usize {
    let mut left = chance.unit() * weights.iter().sum::<f64>();
    for (index, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return index;
        }
    }
    // Rounding may leave a crumb: the last that has any weight.
    weights.iter().rposition(|weight| *weight > 0.0).unwrap_or(0)
}
