//! The timeline on the terminal: the events that tell the story, like ones side by side, the middle left out if it is long.
//!
//! # Models      the kinds that change what users feel or what there is to serve them; runs of one kind at one subject
//!   become one line with their number
//! # Leaves out  single steps of a launch and single targets, which `timeline.jsonl` has

use super::units;
use models::result::{EventKind, TimelineEvent};

/// A line of the story.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// When the first of its events was.
    pub t_s: f64,
    /// Of what kind.
    pub kind: EventKind,
    /// To whom; without the instance if there are several.
    pub subject: String,
    /// In words; of the first if there are several.
    pub detail: String,
    /// How many.
    pub count: u64,
}

/// What is left out between two lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// The beginning.
    pub head: Vec<Line>,
    /// Lines left out.
    pub skipped: usize,
    /// The end.
    pub tail: Vec<Line>,
}

/// The story of a timeline in at most `limit` lines.
pub fn tell(timeline: &[TimelineEvent], limit: usize) -> Story {
    let mut lines: Vec<Line> = Vec::new();
    for event in timeline.iter().filter(|event| tells(event.kind)) {
        let group = event.subject.split('/').next().unwrap_or_default();
        match lines.last_mut() {
            Some(last)
                if last.kind == event.kind
                    && event.subject.contains('/')
                    && last.subject.split('/').next() == Some(group)
                    && event.t_s - last.t_s < 300.0 =>
            {
                last.count += 1;
                last.subject = group.into();
            }
            _ => lines.push(Line {
                t_s: event.t_s,
                kind: event.kind,
                subject: units::plain(&event.subject),
                detail: units::plain(&event.detail),
                count: 1,
            }),
        }
    }
    if lines.len() <= limit {
        return Story { head: lines, skipped: 0, tail: Vec::new() };
    }
    let tail = lines.split_off(lines.len() - limit / 3);
    let skipped = lines.len() - (limit - limit / 3);
    lines.truncate(limit - limit / 3);
    Story { head: lines, skipped, tail }
}

/// Whether events of this kind tell the story, or only its details.
fn tells(kind: EventKind) -> bool {
    use EventKind::*;
    matches!(
        kind,
        FaultStarted
            | FaultEnded
            | LaunchFailed
            | InstanceInService
            | InstanceLost
            | InstanceMarkedUnhealthy
            | TargetHealthy
            | TargetUnhealthy
            | FailOpen
            | FailOpenEnded
            | NodeOutOfDns
            | NodeBackInDns
            | AlarmState
            | PolicyInvoked
            | DesiredCapacityChanged
            | ReplacementStarted
            | RebalanceStarted
            | PrimaryFailed
            | FailoverStarted
            | FailoverCompleted
            | StandbyFailed
            | StandbyInSync
            | StoreRecovered
            | DegradationStarted
            | DegradationEnded
    )
}

/// A kind in words: `fault started`.
pub fn words(kind: EventKind) -> String {
    // The kind's name in the files is its words already, joined by underscores.
    let name = serde_json::to_value(kind).ok();
    name.as_ref().and_then(|name| name.as_str()).unwrap_or_default().replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(t_s: f64, kind: EventKind, subject: &str) -> TimelineEvent {
        TimelineEvent { id: 1, t_s, kind, subject: subject.into(), detail: String::new(), cause: None }
    }

    #[test]
    fn like_events_become_one_line() {
        let timeline = [
            event(10.0, EventKind::InstanceInService, "web/i-1"),
            event(12.0, EventKind::InstanceBooted, "web/i-9"),
            event(14.0, EventKind::InstanceInService, "web/i-2"),
            event(20.0, EventKind::InstanceInService, "api/i-3"),
        ];
        let story = tell(&timeline, 30);
        let lines: Vec<_> = story.head.iter().map(|line| (line.subject.as_str(), line.count)).collect();
        assert_eq!(lines, [("web", 2), ("api/i-3", 1)]);
    }

    #[test]
    fn a_long_story_loses_its_middle() {
        let timeline: Vec<_> = (0..100).map(|i| event(f64::from(i), EventKind::AlarmState, "cpu-high")).collect();
        let story = tell(&timeline, 30);
        assert_eq!((story.head.len(), story.skipped, story.tail.len()), (20, 70, 10));
        assert_eq!(story.tail[0].t_s, 90.0);
    }

    #[test]
    fn kinds_have_words() {
        assert_eq!(words(EventKind::NodeBackInDns), "node back in dns");
    }
}
