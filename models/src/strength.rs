//! Strength: when fleets and stores were below what they are meant to be, second by second.

use crate::plan::{FleetId, StoreId};
use crate::world::World;
use sim_core::{Table, Time};

/// Stretches of weakness, in seconds; the end is missing while one lasts. Weak is less than there was.
#[derive(Clone, Debug, Default)]
pub struct Spans {
    spans: Vec<(f64, Option<f64>)>,
    /// Parts that could serve when it was last strong.
    once: u32,
}

/// Of every fleet and store.
#[derive(Clone, Debug, Default)]
pub struct Strength {
    /// Fleets: fewer instances able to serve than before, and than desired.
    pub fleets: Table<FleetId, Spans>,
    /// Stores: no primary, or no standby in sync.
    pub stores: Table<StoreId, Spans>,
}

impl Spans {
    /// `able` parts can serve, `desired` are meant to. Growth under way is no weakness: it is measured by what was there.
    fn note(&mut self, able: u32, desired: u32, now: f64) {
        let strong = able >= desired.min(self.once);
        if strong {
            self.once = able;
        }
        match (strong, self.spans.last_mut()) {
            (false, Some((_, None))) | (true, None | Some((_, Some(_)))) => {}
            (false, _) => self.spans.push((now, None)),
            (true, Some(last)) => last.1 = Some(now),
        }
    }

    /// What became of a blow at `at`: `None` if it was never weak in the ten minutes after, else when it was strong
    /// again (`None` inside: never).
    pub fn after(&self, at: f64) -> Option<Option<f64>> {
        let hit = |span: &&(f64, Option<f64>)| span.0 <= at + 600.0 && span.1.is_none_or(|end| end > at);
        self.spans.iter().find(hit).map(|span| span.1)
    }
}

impl World<'_> {
    /// Looks at every fleet and store.
    pub(crate) fn watch_strength(&mut self, now: Time) {
        let seconds = now.as_secs_f64();
        let plan = self.shared.plan;
        if self.strength.fleets.is_empty() {
            self.strength.fleets = plan.fleets.iter().map(|_| Spans::default()).collect();
            self.strength.stores = plan.stores.iter().map(|_| Spans::default()).collect();
        }
        for (fleet, spans) in self.strength.fleets.iter_mut() {
            let counts = self.groups.units(fleet);
            spans.note(counts.healthy, counts.desired, seconds);
        }
        for (store, spans) in self.strength.stores.iter_mut() {
            spans.note(u32::from(self.stores.full_strength(store)), 1, seconds);
        }
    }
}
