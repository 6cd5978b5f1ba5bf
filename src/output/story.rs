//! The timeline on the terminal: the events that tell the story, like ones side by side, the lesser ones left out if it is
//! long.
//!
//! # Models      the kinds that change what users feel or what there is to serve them; like events that follow each other, or
//!   happen together, become one line with their number. A story too long loses single targets and replacements
//!   first, then what only confirms what was told, and then its middle
//! # Leaves out  single steps of a launch, which `timeline.jsonl` has

use super::units;
use models::result::{EventKind, TimelineEvent};

/// Like events of one subject within so many seconds are one line.
const TOGETHER_S: f64 = 300.0;
/// Like events so close are one line even if others stand between them.
const AT_ONCE_S: f64 = 5.0;
/// How many lines back these may be.
const LOOK_BACK: usize = 6;

/// A line of the story.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// When the first of its events was.
    pub t_s: f64,
    /// When the last was.
    pub until_s: f64,
    /// Of what kind.
    pub kind: EventKind,
    /// To whom; without the instance if there are several.
    pub subject: String,
    /// In words; if there are several that differ, of the first.
    pub detail: String,
    /// How many.
    pub count: u64,
    /// Whether those differ in words.
    pub differ: bool,
}

impl Line {
    /// To whom, and to how many.
    pub fn whom(&self) -> String {
        if self.count > 1 { format!("{} ×{}", self.subject, self.count) } else { self.subject.clone() }
    }

    /// The words, and how long it went on.
    pub fn words(&self) -> String {
        let until = if self.until_s - self.t_s >= 1.0 {
            format!(" (until {})", units::clock(self.until_s))
        } else {
            String::new()
        };
        let first = if self.differ { "first " } else { "" };
        format!("{first}{}{until}", self.detail)
    }
}

/// The lines that are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Story {
    /// The beginning.
    pub head: Vec<Line>,
    /// Lines left out of the middle.
    pub skipped: usize,
    /// The end.
    pub tail: Vec<Line>,
    /// Lines left out here and there, because others matter more.
    pub lesser: usize,
}

/// The story of a timeline in at most `limit` lines.
pub fn tell(timeline: &[TimelineEvent], limit: usize) -> Story {
    let all = lines(timeline, 3);
    let mut chosen = all.clone();
    for weight in [2, 1] {
        // Better a story with a gap than one of which hardly anything is left.
        let fewer = lines(timeline, weight);
        if chosen.len() > limit && fewer.len() >= limit / 2 {
            chosen = fewer;
        }
    }
    let lesser = all.len().saturating_sub(chosen.len());
    if chosen.len() <= limit {
        return Story { head: chosen, skipped: 0, tail: Vec::new(), lesser };
    }
    let tail = chosen.split_off(chosen.len() - limit / 3);
    let skipped = chosen.len() - (limit - limit / 3);
    chosen.truncate(limit - limit / 3);
    Story { head: chosen, skipped, tail, lesser }
}

/// The events of at most that weight, like ones together.
fn lines(timeline: &[TimelineEvent], weight: u8) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for event in timeline.iter().filter(|event| weigh(event).is_some_and(|w| w <= weight)) {
        let subject = units::plain(&event.subject);
        // An alarm that target tracking has made has a name that is too long for a column.
        let subject = subject.strip_prefix("TargetTracking-").map_or_else(|| subject.clone(), str::to_owned);
        let detail = detail(event);
        let group = subject.split('/').next().unwrap_or_default().to_string();
        let like = |line: &Line| {
            line.kind == event.kind
                && line.subject.split('/').next() == Some(&group)
                // An alarm or a fault is told each time.
                && (subject.contains('/') || (weigh(event) != Some(1) && line.subject == subject))
        };
        // A policy and what it changed are one thing.
        if let Some(policy) = lines.last_mut().filter(|line| {
            event.kind == EventKind::DesiredCapacityChanged
                && line.kind == EventKind::PolicyInvoked
                && line.subject == subject
                && event.t_s - line.until_s < 1.0
        }) {
            policy.kind = event.kind;
            let change = detail.split(" (minimum").next().unwrap_or_default();
            policy.detail = format!("{change}; {}", policy.detail);
            continue;
        }
        let near = |i: usize, line: &Line| {
            let since = event.t_s - line.until_s;
            // Failures may go on for long, and are still the same one; what changes in the meantime is told.
            let told = if event.kind == EventKind::LaunchFailed { since } else { event.t_s - line.t_s };
            since < AT_ONCE_S || (i == 0 && told < TOGETHER_S)
        };
        let found = lines.iter_mut().rev().take(LOOK_BACK).enumerate().find(|(i, line)| like(line) && near(*i, line));
        match found {
            Some((_, line)) => {
                line.count += 1;
                line.until_s = event.t_s;
                line.differ |= line.detail != detail;
                line.subject = group;
            }
            None => lines.push(Line {
                t_s: event.t_s,
                until_s: event.t_s,
                kind: event.kind,
                subject,
                detail,
                count: 1,
                differ: false,
            }),
        }
    }
    lines
}

/// How much an event matters: 1 tells the story, 2 fills it in, 3 is for those who want it all; `None` is left to the file.
pub fn weigh(event: &TimelineEvent) -> Option<u8> {
    use EventKind::*;
    Some(match event.kind {
        FaultStarted
        | FaultEnded
        | OperationCalled
        | OperationRefused
        | InstanceLost
        | FailOpen
        | TargetAnomalous
        | MitigationBegan
        | ZonalShiftStarted
        | ZonalShiftEnded
        | BalancerOverloaded
        | SurgeQueueFull
        | SurgeQueueEmpty
        | ConnectionsReset
        | PrimaryFailed
        | FailoverStarted
        | FailoverCompleted
        | StandbyFailed
        | StoreRecovered
        | DegradationStarted
        | DegradationEnded
        | PolicyInvoked
        | RefreshStarted
        | RefreshRollback
        | RefreshSucceeded
        | RefreshFailed
        | RefreshCancelled
        | ScheduledAction
        | DesiredCapacityChanged
        | OutOfMemory
        | InstanceRebooted
        | InstanceRecovered
        | StatusImpaired
        | RecoveryRefused
        | CreditsExhausted
        | ScaleInBlocked => 1,
        SpotInterruptionNotice => 1,
        LaunchStarted if event.detail.starts_with("from the warm pool") => 2,
        RefreshBatch | RefreshCheckpoint | RefreshWaiting | RefreshBaking => 2,
        WarmPoolLaunch | InstanceWarmed | WarmPoolReturn => 3,
        CreditsLow | CreditsRestored | ProcessRestarted | StatusOk | SpotRebalanceRecommended => 2,
        // Where another pool had to do than the one asked first.
        LaunchStarted if [" On-Demand in", " Spot in"].iter().any(|pool| event.detail.contains(pool)) => {
            return event.detail.contains("; no ").then_some(2);
        }
        // By hand, the call says it.
        ProcessesSuspended if event.detail.contains("by AWS") => 1,
        // That an alarm has its first datapoint is no news.
        AlarmState if event.detail.starts_with("INSUFFICIENT_DATA → OK") => return None,
        AlarmState if event.detail.contains("→ ALARM") => 1,
        AlarmState | AlarmActions | LaunchFailed | InstanceInService | FailOpenEnded | NodeOutOfDns | NodeBackInDns
        | RebalanceStarted | StandbyInSync | ForecastMade | SlowStartBegan | SlowStartEnded | TargetNormal
        | MitigationEnded => 2,
        // What was called says so already; what came of it fills in.
        StandbyEntered | StandbyLeft | InstanceDetached | InstanceAttached | HookTimedOut => 2,
        HookCompleted if event.detail.contains("ABANDON") => 2,
        TerminationRefused => 2,
        ConvergeFailed | TerminationAsked => 3,
        InstanceMarkedUnhealthy | InstanceMarkedHealthy | TargetHealthy | TargetUnhealthy | ReplacementStarted => 3,
        HookStarted | HookCompleted | ProcessesSuspended | ProcessesResumed | ProtectionChanged => 3,
        _ => return None,
    })
}

/// Whether an event is one that the story tells, however short it has to be.
pub fn is_told(event: &TimelineEvent) -> bool {
    weigh(event).is_some_and(|weight| weight <= 2)
}

/// The words of an event without digits that nobody reads: `1m21.398868403s` as `1m21.3s`.
pub fn detail(event: &TimelineEvent) -> String {
    let text = units::plain(&event.detail).replace("INSUFFICIENT_DATA", "no data");
    let mut short = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('.') {
        let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let keep = if digits > 4 && rest[at + 1 + digits..].starts_with('s') { 1 } else { digits };
        short.push_str(&rest[..at + 1 + keep]);
        rest = &rest[at + 1 + digits..];
    }
    short.push_str(rest);
    short
}

/// A kind in words: `fault started`.
pub fn words(kind: EventKind) -> String {
    match kind {
        EventKind::AlarmState => return "alarm".into(),
        EventKind::InstanceMarkedUnhealthy => return "marked unhealthy".into(),
        EventKind::DesiredCapacityChanged => return "desired capacity".into(),
        EventKind::WarmPoolLaunch => return "warm pool filled".into(),
        EventKind::WarmPoolReturn => return "warm pool returned".into(),
        EventKind::RefreshRollback => return "rolls back".into(),
        EventKind::NodeOutOfDns => return "node out of DNS".into(),
        EventKind::SurgeQueueEmpty => return "surge queue empty".into(),
        EventKind::StatusImpaired => return "status impaired".into(),
        EventKind::StatusOk => return "status OK".into(),
        EventKind::RecoveryRefused => return "not recovered".into(),
        EventKind::TerminationAsked => return "who may go?".into(),
        EventKind::TerminationRefused => return "may not go".into(),
        EventKind::CreditsLow => return "CPU credits low".into(),
        EventKind::CreditsExhausted => return "CPU credits gone".into(),
        EventKind::CreditsRestored => return "CPU credits back".into(),
        EventKind::NodeBackInDns => return "node back in DNS".into(),
        EventKind::SpotRebalanceRecommended => return "Spot at risk".into(),
        EventKind::SpotInterruptionNotice => return "Spot notice".into(),
        _ => {}
    }
    // The kind's name in the files is its words already, joined by underscores.
    let name = serde_json::to_value(kind).ok();
    name.as_ref().and_then(|name| name.as_str()).unwrap_or_default().replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(t_s: f64, kind: EventKind, subject: &str) -> TimelineEvent {
        TimelineEvent {
            id: 1,
            t_s,
            kind,
            subject: subject.into(),
            detail: String::new(),
            cause: None,
            since_s: None,
            published_s: None,
            times: 1,
            until_s: None,
        }
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
    fn what_happens_at_once_is_one_line_each_even_if_mixed() {
        let mut timeline = Vec::new();
        for i in 0..3 {
            timeline.push(event(10.0, EventKind::InstanceMarkedUnhealthy, &format!("web/i-{i}")));
            timeline.push(event(10.0, EventKind::ReplacementStarted, "web"));
        }
        let story = tell(&timeline, 30);
        let lines: Vec<_> = story.head.iter().map(|line| line.whom()).collect();
        assert_eq!(lines, ["web ×3", "web ×3"]);
    }

    #[test]
    fn a_long_story_loses_the_lesser_events_and_then_its_middle() {
        let mut timeline: Vec<_> = (0..40)
            .map(|i| TimelineEvent {
                detail: "OK → ALARM".into(),
                ..event(f64::from(i) * 1000.0, EventKind::AlarmState, "cpu-high")
            })
            .collect();
        timeline.insert(20, event(19_500.0, EventKind::TargetHealthy, "web/i-1"));
        let story = tell(&timeline, 30);
        assert_eq!((story.head.len(), story.skipped, story.tail.len(), story.lesser), (20, 10, 10, 1));
        assert_eq!(story.tail[0].t_s, 30_000.0);
    }

    #[test]
    fn a_policy_and_what_it_changed_are_one_line() {
        let timeline = [
            TimelineEvent { detail: "double: +100 %".into(), ..event(5.0, EventKind::PolicyInvoked, "web") },
            TimelineEvent { detail: "4 → 8".into(), ..event(5.0, EventKind::DesiredCapacityChanged, "web") },
        ];
        let story = tell(&timeline, 30);
        assert_eq!(story.head.len(), 1);
        assert_eq!(story.head[0].words(), "4 → 8; double: +100 %");
    }

    #[test]
    fn digits_that_nobody_reads_are_left_out() {
        let told =
            |text: &str| detail(&TimelineEvent { detail: text.into(), ..event(0.0, EventKind::FaultEnded, "x") });
        assert_eq!(told("in az2, 1m21.398868403s after. Newest 19.32"), "in az2, 1m21.3s after. Newest 19.32");
        assert_eq!(told("x.").as_str(), "x.");
    }

    #[test]
    fn kinds_have_words() {
        assert_eq!(words(EventKind::FaultStarted), "fault started");
        assert_eq!(words(EventKind::NodeBackInDns), "node back in DNS");
    }
}
