//! The network: what a message takes from place to place, and what becomes of it when a zone is in trouble.
//!
//! ```text
//!  send(from, to, event) ──normal──────────────► event after half a round trip (constant: a lane; none: at once)
//!                        ──grey zone───────────► the same, later by added latency and retransmissions
//!                        ──zone cut off────────► parked until the zone is back, then delivered (established flows)
//!  connect(from, to, …)  ──zone dark, cut off──► false: nobody answers, the caller's connect timer decides
//! ```
//! # Models      half a round trip one way, per ordered pair of places; loss as TCP retransmissions with doubling timeouts
//! # Leaves out  bandwidth; reordering; slow TCP start
//! # Source      AWS Fault Isolation Boundaries, "Availability Zones"; `aws/network.md` §1

use crate::agenda::Agenda;
use crate::environment::Environment;
use crate::event::Event;
use crate::plan::{Plan, PopulationId, ZoneId};
use sim_core::dist::Sampler;
use sim_core::{Duration, Lane, Stream, Words};

/// A place for the network: a zone, nowhere in particular, or a client population.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub u16);

impl Place {
    /// The place of a zone among so many, or nowhere in particular.
    pub fn of(zone: Option<ZoneId>, zones: usize) -> Place {
        Place(zone.map_or(zones, |zone| zone.index()) as u16)
    }
}

/// Time on the way between two places.
#[derive(Clone, Debug)]
enum Hop {
    Zero,
    Lane(Lane),
    Random(Box<(Sampler, Stream)>),
}

/// Delays between all places, and messages that cannot get through for now.
#[derive(Debug)]
pub struct Network {
    zones: u16,
    places: usize,
    hops: Vec<Hop>,
    loss: Stream,
    retransmission_timeout: Duration,
    retransmissions: u32,
    parked: Vec<(Place, Place, Event)>,
}

impl Network {
    /// Delays of the plan; one lane per distinct constant.
    pub fn new(plan: &Plan, list: &mut Agenda, seed: u64, replication: u32) -> Self {
        let zones = plan.zones.len();
        let places = zones + 1 + plan.populations.len();
        let place_name = |place: usize| match place.checked_sub(zones + 1) {
            Some(population) => plan.populations[PopulationId::new(population)].name.clone(),
            None if place == zones => "nowhere".to_string(),
            None => plan.zones[ZoneId::new(place)].name.clone(),
        };
        // One stream per link, so that traffic on one leaves the jitter of the others alone.
        let mut hop = |dist: &sim_core::dist::Dist, from: usize, to: usize| {
            let sampler = dist.sampler();
            match sampler.constant() {
                Some(round_trip) if (round_trip / 2).is_zero() => Hop::Zero,
                Some(round_trip) => Hop::Lane(list.lane(round_trip / 2)),
                None => {
                    let link = format!("{} to {}", place_name(from), place_name(to));
                    Hop::Random(Box::new((sampler, Stream::new(seed, replication, &link, "network jitter"))))
                }
            }
        };
        let mut hops = vec![Hop::Zero; places * places];
        for (from, row) in plan.network.round_trip.iter() {
            for (to, dist) in row.iter() {
                hops[from.index() * places + to.index()] = hop(dist, from.index(), to.index());
            }
        }
        for (population, settings) in plan.populations.iter() {
            let outside = zones + 1 + population.index();
            for inside in 0..=zones {
                hops[outside * places + inside] = hop(&settings.round_trip, outside, inside);
                hops[inside * places + outside] = hop(&settings.round_trip, inside, outside);
            }
        }
        Network {
            zones: zones as u16,
            places,
            hops,
            loss: Stream::new(seed, replication, "network", "loss"),
            retransmission_timeout: plan.network.retransmission_timeout,
            retransmissions: plan.network.retransmissions,
            parked: Vec::new(),
        }
    }

    /// The place of a zone, or nowhere in particular.
    #[inline]
    pub fn place(&self, zone: Option<ZoneId>) -> Place {
        Place::of(zone, self.zones.into())
    }

    /// The place of a population.
    pub fn outside(&self, population: PopulationId) -> Place {
        Place(self.zones + 1 + population.index() as u16)
    }

    /// The zone of a place, if it is one.
    pub fn zone(&self, place: Place) -> Option<ZoneId> {
        (place.0 < self.zones).then(|| ZoneId::new(place.0 as usize))
    }

    /// Sends on an established connection: arrives, late perhaps, once both ends can be reached.
    ///
    /// Where the way takes no time, it is handed over.
    #[inline(always)]
    pub fn send(&mut self, env: &Environment, list: &mut Agenda, from: Place, to: Place, event: Event) {
        if env.disturbed {
            return self.send_disturbed(env, list, from, to, event);
        }
        self.send_now(list, from, to, event)
    }

    /// Sends as far as the way is in order.
    #[inline(always)]
    fn send_now(&mut self, list: &mut Agenda, from: Place, to: Place, event: Event) {
        match &mut self.hops[from.0 as usize * self.places + to.0 as usize] {
            Hop::Zero => list.hand_over(event),
            Hop::Lane(lane) => list.via(*lane, event),
            Hop::Random(link) => list.after(link.0.duration(&mut link.1) / 2, event),
        }
    }

    /// Sends while some zone is in trouble.
    #[cold]
    #[inline(never)]
    fn send_disturbed(&mut self, env: &Environment, list: &mut Agenda, from: Place, to: Place, event: Event) {
        if !self.passes(env, from, to) {
            self.parked.push((from, to, event));
            return;
        }
        let extra = self.trouble(env, from, to);
        if extra.is_zero() {
            return self.send_now(list, from, to, event);
        }
        let delay = self.delay(from, to, list) + extra;
        list.after(delay, event);
    }

    /// Lets parked messages go that can pass now. Those of dark zones are lost with their senders and receivers.
    pub fn release(&mut self, env: &Environment, list: &mut Agenda) {
        let parked = std::mem::take(&mut self.parked);
        for (from, to, event) in parked {
            if self.passes(env, from, to) {
                let delay = self.delay(from, to, list) + self.retransmission_timeout;
                list.after(delay, event);
            } else if self.powered(env, from) && self.powered(env, to) {
                self.parked.push((from, to, event));
            }
        }
    }

    /// Whether messages get from one place to the other now.
    pub fn passes(&self, env: &Environment, from: Place, to: Place) -> bool {
        if from == to {
            return self.powered(env, from);
        }
        let reachable = |place: Place| self.zone(place).is_none_or(|zone| env.zones[zone].reachable());
        reachable(from) && reachable(to)
    }

    fn powered(&self, env: &Environment, place: Place) -> bool {
        self.zone(place).is_none_or(|zone| env.powered(zone))
    }

    fn delay(&mut self, from: Place, to: Place, list: &Agenda) -> Duration {
        match &mut self.hops[from.0 as usize * self.places + to.0 as usize] {
            Hop::Zero => Duration::ZERO,
            Hop::Lane(lane) => list.lane_delay(*lane),
            Hop::Random(link) => link.0.duration(&mut link.1) / 2,
        }
    }

    /// Latency added by grey zones at either end, and by retransmissions after losses.
    fn trouble(&mut self, env: &Environment, from: Place, to: Place) -> Duration {
        if from == to {
            return Duration::ZERO;
        }
        let mut extra = Duration::ZERO;
        let mut passes = 1.0;
        for zone in [self.zone(from), self.zone(to)].into_iter().flatten() {
            extra += env.zones[zone].latency;
            passes *= 1.0 - env.zones[zone].loss;
        }
        if passes < 1.0 {
            let mut wait = self.retransmission_timeout;
            for _ in 0..self.retransmissions {
                if self.loss.chance(passes) {
                    break;
                }
                extra += wait;
                wait = wait * 2;
            }
        }
        extra
    }
}
