//! Long horizons: the world while something is broken, its traffic a rate.
//!
//! ```text
//!  Plan ──quiet──► the same without arrivals, scaling and the day's events ──Disturbance::begin──► World
//!                                                        strike(mode) ─► fault::Strike │ harm beyond the world
//!                     advance ─► control plane at full detail ─► flow: share of the traffic that is lost
//!                     at_rest ─► all is again as it was at the beginning
//! ```
//! # Models      every part of the control plane as in a run (checks, DNS, groups, launches, failovers, recoveries); failures
//!   of whole regions and balancers and bad changes as overlays; what nothing heals is put right by hand after a while
//! # Leaves out  scaling by load, schedules, Spot interruptions, lifetimes and operations: groups keep the capacity they begin
//!   with; what overload does beyond the share that does not fit (queues, retries, checks that fail for it); where a
//!   primary or an instance ended up, once all is well again
//! # Source      `aws/data-and-resilience.md` §19; renewal argument: Asmussen and Glynn, "Stochastic Simulation" (2007), IV.4

mod caches;
mod flow;
mod quiet;
mod rest;

use crate::fault;
use crate::plan::*;
use crate::world::World;
use crate::{event, request};
use flow::Tide;
use rest::Rest;
use sim_core::dist::Sampler;
use sim_core::{Duration, Engine, Stream, Time};
use std::ops::Not;

pub use quiet::{Quiet, Unfit};

/// Between two looks at the world.
const LOOK_S: f64 = 1.0;

/// Between two looks while nothing is written down and no cache is about to expire.
const QUIET_LOOK_S: f64 = 5.0;

/// A stretch of a disturbance in which the share lost stayed the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// How long, in seconds.
    pub seconds: f64,
    /// Share of all requests that was lost, 0 to 1.
    pub lost: f64,
}

/// The world from a failure on, until all is well again.
pub struct Disturbance<'q> {
    quiet: &'q Quiet,
    world: World<'q>,
    engine: Engine,
    tide: Tide,
    /// What is broken beyond the world, with its end.
    harms: Vec<(f64, Harm)>,
    lengths: Stream,
    rest: Rest,
    now_s: f64,
    /// Share lost now, when it was last looked at, and until when it has to be looked at each second.
    lost: f64,
    looked_s: f64,
    restless_until_s: f64,
    entries: usize,
    /// Parts of each mode that can fail now.
    exposed: Vec<f64>,
    /// Since when no fault has been open.
    healed_s: Option<f64>,
}

/// What is broken beyond the world's own faults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Harm {
    /// All of a region.
    Region(RegionId),
    /// A balancer.
    Balancer(BalancerId),
    /// A share of a service's work.
    Service(ServiceId, f64),
}

impl<'q> Disturbance<'q> {
    /// The world at rest, at a moment that no check, period or cache has anything to do with.
    pub fn begin(quiet: &'q Quiet, seed: u64, replication: u32) -> Disturbance<'q> {
        let world = World::build(&quiet.plan, seed, replication, false);
        let mut lengths = Stream::new(seed, replication, "years", "lengths");
        let into_s = 60.0 * sim_core::Words::unit(&mut lengths);
        let rest = Rest::of(&world);
        let mut begun = Disturbance {
            tide: Tide::new(&world),
            quiet,
            world,
            engine: Engine::new(),
            harms: Vec::new(),
            lengths,
            rest,
            now_s: 0.0,
            lost: 0.0,
            looked_s: 0.0,
            restless_until_s: 0.0,
            entries: 0,
            exposed: Vec::new(),
            healed_s: None,
        };
        begun.run_to(into_s);
        begun.look();
        begun
    }

    /// The failure modes.
    pub fn modes(&self) -> &'q [FailureMode] {
        &self.quiet.modes
    }

    /// How many parts of a mode can fail now.
    pub fn exposed(&self, mode: usize) -> f64 {
        self.exposed[mode]
    }

    /// A part of this mode fails now.
    pub fn strike(&mut self, mode: usize) {
        match self.quiet.struck[mode] {
            quiet::Struck::Fault(id) => {
                self.world.shared.list.soon(event::Event::Fault(fault::Event::Strike(id)));
            }
            quiet::Struck::Harm(harm) => {
                let length = self.quiet.lengths[mode].as_ref().map_or(0.0, |sampler| self.draw(sampler));
                self.harms.push((self.now_s + length, harm));
            }
        }
        self.run_to(self.now_s);
        self.look();
        self.stir();
    }

    fn draw(&mut self, sampler: &Sampler) -> f64 {
        sampler.duration(&mut self.lengths).as_secs_f64()
    }

    /// Goes on by at most so many seconds. What is lost is measured at the beginning of the stretch.
    pub fn advance(&mut self, most_s: f64) -> Stretch {
        let next_end = self.harms.iter().map(|harm| harm.0 - self.now_s).fold(f64::INFINITY, f64::min);
        let seconds = most_s.min(LOOK_S).min(next_end).max(0.0);
        let stretch = Stretch { seconds, lost: self.lost };
        self.run_to(self.now_s + seconds);
        let before = self.harms.len();
        let now_s = self.now_s;
        self.harms.retain(|harm| harm.0 > now_s);
        if before != self.harms.len() || self.entries != self.world.shared.timeline.entries().len() {
            self.stir();
        }
        if now_s < self.restless_until_s || now_s - self.looked_s >= QUIET_LOOK_S {
            self.look();
        }
        stretch
    }

    /// Something has changed: until caches have followed, it is looked at each second.
    fn stir(&mut self) {
        self.entries = self.world.shared.timeline.entries().len();
        self.restless_until_s = self.now_s + self.quiet.flow.longest_cache_s + 10.0;
    }

    fn run_to(&mut self, to_s: f64) {
        self.now_s = to_s;
        self.engine.run_until(&mut self.world, Time::ZERO + Duration::from_secs_f64(to_s), u64::MAX, &mut ());
    }

    fn look(&mut self) {
        self.looked_s = self.now_s;
        self.lost = self.tide.lost(&self.quiet.flow, &mut self.world, &self.harms);
        self.exposed.clear();
        let count = |part: &Failing| self.count(part);
        let counts: Vec<f64> = self.quiet.modes.iter().map(|mode| count(&mode.part)).collect();
        self.exposed = counts;
        let open = self.world.faults.some_open() || !self.harms.is_empty();
        self.healed_s = open.not().then(|| self.healed_s.unwrap_or(self.now_s));
    }

    /// Parts that can fail now.
    fn count(&self, part: &Failing) -> f64 {
        let environment = &self.world.shared.environment;
        let beyond = |harm: &Harm| !self.harms.iter().any(|one| one.1 == *harm);
        let there = match part {
            Failing::Host(fleet) | Failing::Process(fleet) => return self.world.groups.running(*fleet).len() as f64,
            Failing::Zone(zone) => environment.zones[*zone].reachable(),
            Failing::Nat(nat) => environment.nat_works(&self.quiet.plan, *nat),
            Failing::Balancer(balancer) => beyond(&Harm::Balancer(*balancer)),
            Failing::Primary(store) => self.world.stores.available(*store),
            Failing::Standby(store) => self.world.stores.in_sync(*store),
            Failing::Region(region) => beyond(&Harm::Region(*region)),
            Failing::Change(service, share) => beyond(&Harm::Service(*service, *share)),
            Failing::Other(_) => true,
        };
        f64::from(there)
    }

    /// Share of all requests that is lost now.
    pub fn lost(&self) -> f64 {
        self.lost
    }

    /// Whether all is as it was at the beginning.
    pub fn at_rest(&self) -> bool {
        self.healed_s.is_some() && self.lost <= 0.0 && self.rest.is_back(&self.world)
    }

    /// Whether nothing has been broken any more for so long that people have put right what did not heal.
    pub fn restored_by_hand(&self) -> bool {
        let patience_s = self.quiet.restored_by_hand.as_secs_f64();
        self.healed_s.is_some_and(|since| self.now_s - since >= patience_s)
    }

    /// Instances in service that could serve, by fleet: for those who look on.
    pub fn able(&self, fleet: FleetId) -> usize {
        let running = self.world.groups.running(fleet);
        running.into_iter().filter(|&one: &request::InstanceId| self.world.instances.answers(one)).count()
    }
}

impl std::fmt::Debug for Disturbance<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disturbance").field("now_s", &self.now_s).field("lost", &self.lost).finish_non_exhaustive()
    }
}
