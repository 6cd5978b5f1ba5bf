//! The lives of instances: what each was at what time, from the timeline, for the diagram to play back.
//!
//! ```text
//!  launch ─► pending ─► coming up ─► serving ◄──► ill      lost ─► gone
//!                          └► warm (pool, standby)  └──► leaving ─► gone
//! ```
//! # Models      what a person on call would be told: an instance serves when its balancer says so, or where it has none
//!   when its process is up
//! # Leaves out  what only the balancer of another zone sees

use models::architecture::{Architecture, InstancePart};
use models::result::{EventKind, TimelineEvent};
use std::collections::BTreeMap;

/// A lost instance is shown for so long, in seconds.
const LOST_S: f64 = 60.0;

/// What an instance is. The letter is what the page's script knows it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Launched, not running yet.
    Pending,
    /// Running: it boots, is configured, or waits for its first passing check.
    ComingUp,
    /// Serves.
    Serving,
    /// Serves, and is known to be taken back soon.
    AtRisk,
    /// Fails its checks, or its process is down.
    Ill,
    /// Drains or terminates.
    Leaving,
    /// Ready but not in service: in a warm pool or in standby.
    Aside,
    /// Gone without a word.
    Lost,
    /// Not there any more.
    Gone,
}

impl State {
    /// Its letter.
    pub fn letter(self) -> char {
        match self {
            State::Pending => 'p',
            State::ComingUp => 'b',
            State::Serving => 'h',
            State::AtRisk => 'r',
            State::Ill => 'u',
            State::Leaving => 'd',
            State::Aside => 'w',
            State::Lost => 'x',
            State::Gone => '-',
        }
    }
}

/// The life of one instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Life {
    /// Which, by its place in the architecture.
    pub instance: usize,
    /// When it became what, in order of time.
    pub states: Vec<(f64, State)>,
}

/// All lives, in the order of the architecture; none of those who never showed.
pub fn lives(architecture: &Architecture, timeline: &[TimelineEvent]) -> Vec<Life> {
    let names = architecture.instances.iter().enumerate().map(|(i, one)| (one.name.as_str(), i));
    let index: BTreeMap<&str, usize> = names.collect();
    let mut all: Vec<Own> = architecture.instances.iter().map(|one| Own::new(one, architecture)).collect();
    for event in timeline {
        if let Some(own) = index.get(event.subject.as_str()).map(|&i| &mut all[i]) {
            own.happened(event);
        }
    }
    let lives = all.into_iter().enumerate().map(|(instance, own)| Life { instance, states: own.done() });
    lives.filter(|life| !life.states.is_empty()).collect()
}

/// A life so far.
struct Own {
    states: Vec<(f64, State)>,
    /// Whether a balancer has a say in whether it serves.
    checked: bool,
    /// Whether it has more to do once it has booted.
    configured: bool,
    /// Whether it has ever served: before that, failed checks are those of one who comes up.
    served: bool,
    /// Whether its process is up, as far as anybody said.
    up: bool,
    /// Whether its group has it in service.
    in_service: bool,
}

impl Own {
    fn new(part: &InstancePart, architecture: &Architecture) -> Self {
        let fleet = architecture.fleets.get(part.fleet);
        let checked = fleet.is_some_and(|fleet| !fleet.target_groups.is_empty());
        let configured = fleet.is_some_and(|fleet| fleet.configured);
        let states = if part.initial { vec![(0.0, State::Serving)] } else { Vec::new() };
        Own { states, checked, configured, served: part.initial, up: part.initial, in_service: part.initial }
    }

    fn now(&self) -> State {
        self.states.last().map_or(State::Gone, |(_, state)| *state)
    }

    fn becomes(&mut self, at: f64, state: State) {
        self.served |= state == State::Serving;
        if self.now() != state {
            self.states.push((at, state));
        }
    }

    fn happened(&mut self, event: &TimelineEvent) {
        use EventKind::*;
        let at = event.t_s;
        let state = match event.kind {
            LaunchStarted | WarmPoolLaunch if self.now() != State::Aside => State::Pending,
            InstanceBooted if !self.configured => {
                self.up = true;
                self.ready()
            }
            LaunchStarted | InstanceRunning | InstanceBooted | InstanceRebooted | InstanceAttached | StandbyLeft => {
                self.up &= event.kind != InstanceRebooted;
                State::ComingUp
            }
            BootstrapDone | SmokeTestPassed => {
                self.up = true;
                self.ready()
            }
            InstanceInService => {
                self.in_service = true;
                self.up = !event.detail.contains("not up yet");
                self.ready()
            }
            TargetHealthy | InstanceMarkedHealthy | StatusOk | InstanceRecovered if self.leaves() => return,
            TargetHealthy | InstanceMarkedHealthy | StatusOk | InstanceRecovered => State::Serving,
            ProcessRestarted if self.checked => State::ComingUp,
            ProcessRestarted => State::Serving,
            SpotRebalanceRecommended | SpotInterruptionNotice if self.now() == State::Serving => State::AtRisk,
            TargetUnhealthy if !self.served => return,
            TargetUnhealthy | InstanceMarkedUnhealthy if self.leaves() => return,
            TargetUnhealthy | InstanceMarkedUnhealthy | OutOfMemory | StatusImpaired => State::Ill,
            BootstrapFailed | SmokeTestFailed => State::Ill,
            InstanceWarmed | StandbyEntered | WarmPoolReturn => State::Aside,
            InstanceLost => State::Lost,
            TargetDraining | InstanceTerminating if self.now() != State::Lost => State::Leaving,
            InstanceTerminated | InstanceDetached => State::Gone,
            LaunchFailed => State::Gone,
            TargetDeregistered if self.now() == State::Lost => State::Gone,
            _ => return,
        };
        self.becomes(at, state);
    }

    /// On its way out, whatever checks still say.
    fn leaves(&self) -> bool {
        matches!(self.now(), State::Leaving | State::Lost | State::Gone)
    }

    /// What its process being up, or its group's taking it in, makes of it.
    fn ready(&self) -> State {
        match self.now() {
            State::Serving => State::Serving,
            State::Aside if !self.in_service => State::Aside,
            _ if self.up && self.in_service && !self.checked => State::Serving,
            _ => State::ComingUp,
        }
    }

    fn done(mut self) -> Vec<(f64, State)> {
        // In a group a lost instance is replaced; it need not stand there until its target group has let it go.
        match self.states.as_mut_slice() {
            [.., (at, State::Lost), (gone, State::Gone)] => *gone = gone.min(*at + LOST_S),
            [.., (at, State::Lost)] if self.checked => {
                let gone = *at + LOST_S;
                self.states.push((gone, State::Gone));
            }
            _ => {}
        }
        self.states
    }
}

#[cfg(test)]
mod tests {
    use super::State::*;
    use super::*;
    use models::architecture::FleetPart;

    /// A kind of event, and its words.
    type Happened = (EventKind, &'static str);

    /// Whether under a balancer, whether from the start, what happened, what it was in turn.
    type Case = (bool, bool, Vec<Happened>, Vec<State>);

    /// The states of a life of such events, one a second, under a balancer or not, from the start or not.
    fn life(checked: bool, initial: bool, kinds: &[Happened]) -> Vec<State> {
        let target_groups = if checked { vec!["web".to_string()] } else { Vec::new() };
        // Whoever is configured after boot says so when that is done.
        let configured = kinds.iter().any(|(kind, _)| *kind == EventKind::BootstrapDone);
        let part = InstancePart { name: "web/i-0".into(), initial, ..InstancePart::default() };
        let architecture = Architecture {
            fleets: vec![FleetPart { target_groups, configured, ..FleetPart::default() }],
            instances: vec![part],
            ..Architecture::default()
        };
        let event = |(i, (kind, detail)): (usize, &Happened)| TimelineEvent {
            id: i as u32 + 1,
            t_s: i as f64,
            kind: *kind,
            subject: "web/i-0".into(),
            detail: (*detail).into(),
            cause: None,
            since_s: None,
            published_s: None,
            times: 1,
            until_s: None,
        };
        let timeline: Vec<TimelineEvent> = kinds.iter().enumerate().map(event).collect();
        let lives = lives(&architecture, &timeline);
        lives.iter().flat_map(|life| life.states.iter().map(|(_, state)| *state)).collect()
    }

    #[test]
    fn a_life_goes_through_its_states() {
        use EventKind::*;
        let up = [(LaunchStarted, ""), (InstanceRunning, ""), (InstanceBooted, ""), (BootstrapDone, "")];
        let early = (InstanceInService, "4 in service; the application is not up yet");
        let with = |more: &[Happened]| [&up[..], more].concat();
        let table: Vec<Case> = vec![
            (true, false, vec![], vec![]),
            (true, true, vec![], vec![Serving]),
            (true, false, with(&[(InstanceInService, ""), (TargetHealthy, "")]), vec![Pending, ComingUp, Serving]),
            // Without a balancer, whose process is up and who is in service serves, in whichever order that comes.
            (false, false, with(&[(InstanceInService, "")]), vec![Pending, ComingUp, Serving]),
            (false, false, vec![up[0], up[1], early, up[3]], vec![Pending, ComingUp, Serving]),
            (false, false, vec![up[0], up[1], early, up[2]], vec![Pending, ComingUp, Serving]),
            // One that comes up fails checks without being ill.
            (true, false, vec![up[0], up[1], early, (TargetUnhealthy, "")], vec![Pending, ComingUp]),
            (true, true, vec![(TargetUnhealthy, ""), (TargetHealthy, "")], vec![Serving, Ill, Serving]),
            (true, true, vec![(TargetDraining, ""), (InstanceTerminated, "")], vec![Serving, Leaving, Gone]),
            // Whoever leaves does not come back by a late verdict.
            (true, true, vec![(TargetDraining, ""), (TargetHealthy, "")], vec![Serving, Leaving]),
            (true, true, vec![(InstanceLost, ""), (InstanceMarkedUnhealthy, "")], vec![Serving, Lost, Gone]),
            (true, true, vec![(InstanceLost, ""), (TargetDeregistered, "")], vec![Serving, Lost, Gone]),
            (false, true, vec![(InstanceLost, ""), early], vec![Serving, Lost, ComingUp]),
            (false, true, vec![(InstanceLost, ""), (InstanceInService, "running again")], vec![Serving, Lost, Serving]),
            (true, true, vec![(SpotInterruptionNotice, ""), (InstanceLost, "")], vec![Serving, AtRisk, Lost, Gone]),
            (true, true, vec![(StandbyEntered, ""), (StandbyLeft, "")], vec![Serving, Aside, ComingUp]),
            (true, false, vec![(WarmPoolLaunch, ""), (InstanceWarmed, "")], vec![Pending, Aside]),
            (true, false, vec![(InstanceWarmed, ""), (LaunchStarted, "")], vec![Aside, ComingUp]),
            (true, false, vec![up[0], (LaunchFailed, "")], vec![Pending, Gone]),
            (false, true, vec![(OutOfMemory, ""), (ProcessRestarted, "")], vec![Serving, Ill, Serving]),
        ];
        for (checked, initial, kinds, expected) in table {
            assert_eq!(life(checked, initial, &kinds), expected, "{kinds:?}");
        }
    }

    #[test]
    fn a_lost_instance_is_shown_for_a_minute_whenever_its_target_group_lets_it_go() {
        let mut result = crate::output::sample::result();
        let event = |t_s, kind| TimelineEvent { t_s, kind, subject: "web/i-0".into(), ..result.timeline[0].clone() };
        result.timeline = vec![event(100.0, EventKind::InstanceLost), event(400.0, EventKind::TargetDeregistered)];
        let all = lives(&result.architecture, &result.timeline);
        assert_eq!(all[0].states, [(0.0, Serving), (100.0, Lost), (160.0, Gone)]);
    }

    #[test]
    fn events_of_others_are_no_part_of_a_life() {
        let architecture = crate::output::sample::result().architecture;
        let lives = lives(&architecture, &crate::output::sample::result().timeline);
        assert_eq!(lives.len(), 2);
        assert!(lives.iter().all(|life| life.states == [(0.0, Serving)]));
    }
}
