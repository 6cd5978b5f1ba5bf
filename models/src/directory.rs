//! The directory of instances: the facts about an instance that never change, known to every part.

use crate::network::Place;
use crate::plan::{FleetId, Plan, ServiceId, ZoneId};
use crate::request::InstanceId;
use sim_core::Table;

/// What everybody may know of an instance.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Its fleet.
    pub fleet: FleetId,
    /// Its zone; none in a plan without zones.
    pub zone: Option<ZoneId>,
    /// Where that is for the network.
    pub place: Place,
    /// The service it runs; none if its fleet runs nothing.
    pub service: Option<ServiceId>,
    /// The n-th instance of its fleet, from 0.
    pub ordinal: u32,
}

/// What an instance of a group with a mixed instances policy was bought as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bought {
    /// Which override of the policy.
    pub kind: u16,
    /// A Spot Instance.
    pub spot: bool,
}

/// All instances ever launched.
#[derive(Clone, Debug)]
pub struct Directory {
    instances: Table<InstanceId, Facts>,
    /// Which of its fleet's launch templates each was launched from.
    templates: Table<InstanceId, u16>,
    /// Beside the facts, which the request path reads: few ask for it. Instances that are not in it were bought plainly.
    bought: Vec<Bought>,
    launched: Table<FleetId, u32>,
    service_of: Table<FleetId, Option<ServiceId>>,
    zones: usize,
}

impl Directory {
    /// Nobody yet.
    pub fn new(plan: &Plan) -> Self {
        Directory {
            instances: Table::default(),
            templates: Table::default(),
            bought: Vec::new(),
            zones: plan.zones.len(),
            launched: plan.fleets.iter().map(|_| 0).collect(),
            service_of: plan
                .fleets
                .ids()
                .map(|fleet| plan.services.iter().find(|(_, service)| service.fleet == fleet).map(|(id, _)| id))
                .collect(),
        }
    }

    /// Enters a new instance, launched from the fleet's template of that number.
    pub fn enter(&mut self, fleet: FleetId, zone: Option<ZoneId>, template: u16) -> InstanceId {
        let ordinal = self.launched[fleet];
        self.launched[fleet] += 1;
        let place = Place::of(zone, self.zones);
        self.templates.push(template);
        self.instances.push(Facts { fleet, zone, place, service: self.service_of[fleet], ordinal })
    }

    /// Notes what a new instance was bought as.
    pub fn buy(&mut self, instance: InstanceId, bought: Bought) {
        self.bought.resize(instance.index(), Bought::default());
        self.bought.push(bought);
    }

    /// What an instance was bought as.
    pub fn bought(&self, instance: InstanceId) -> Bought {
        self.bought.get(instance.index()).copied().unwrap_or_default()
    }

    /// Its instance type.
    pub fn instance_type<'p>(&self, plan: &'p Plan, instance: InstanceId) -> &'p str {
        let fleet = &plan.fleets[self.instances[instance].fleet];
        let kind = self.bought(instance).kind as usize;
        let own = fleet.mixed().and_then(|mixed| mixed.overrides.get(kind));
        own.map_or(&fleet.template.instance_type, |own| &own.instance_type)
    }

    /// Its vCPUs.
    pub fn vcpus(&self, plan: &Plan, instance: InstanceId) -> u32 {
        let fleet = &plan.fleets[self.instances[instance].fleet];
        let kind = self.bought(instance).kind as usize;
        fleet
            .mixed()
            .and_then(|mixed| mixed.overrides.get(kind))
            .map_or(fleet.template(self.template(instance)).vcpus, |own| own.vcpus)
    }

    /// The facts of one.
    #[inline]
    pub fn facts(&self, instance: InstanceId) -> Facts {
        self.instances[instance]
    }

    /// The number of its launch template among those of its fleet.
    pub fn template(&self, instance: InstanceId) -> u16 {
        self.templates[instance]
    }

    /// The `ordinal`-th instance of a fleet, if it was ever launched.
    pub fn find(&self, fleet: FleetId, ordinal: u32) -> Option<InstanceId> {
        self.instances.iter().find(|(_, facts)| facts.fleet == fleet && facts.ordinal == ordinal).map(|(id, _)| id)
    }

    /// All, in order of launch.
    pub fn iter(&self) -> impl Iterator<Item = (InstanceId, &Facts)> {
        self.instances.iter()
    }

    /// How many were ever entered.
    pub fn len(&self) -> usize {
        self.instances.len()
    }

    /// Its name in results: `web/i-3`.
    pub fn name(&self, plan: &Plan, instance: InstanceId) -> String {
        let facts = self.instances[instance];
        format!("{}/i-{}", plan.fleets[facts.fleet].name, facts.ordinal)
    }
}
