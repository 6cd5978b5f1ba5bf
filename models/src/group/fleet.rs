//! The row of a fleet: what it wants, what it waits for, and what it has drawn.

use super::custom::Question;
use super::policy::Refusal;
use super::predictive::Forecasting;
use super::refresh::Refresh;
use super::report::{self, Counters};
use super::shift::Shift;
use super::warm_pool::Pool;
use crate::plan::*;
use crate::request::InstanceId;
use crate::result::RefreshFigures;
use crate::shared::Cx;
use crate::timeline::EntryId;
use sim_core::dist::Sampler;
use sim_core::{Duration, Stream, Time, TimeWeighted};

/// A fleet.
pub(super) struct Fleet {
    pub(super) desired: u32,
    /// MinSize and MaxSize, which scheduled actions and forecasts may change.
    pub(super) min: u32,
    pub(super) max: u32,
    /// Instances that are not yet terminated, in order of their launch.
    pub(super) members: Vec<InstanceId>,
    /// Instances that were detached and run on.
    pub(super) detached: Vec<InstanceId>,
    /// What it has been told to leave alone.
    pub(super) suspended: ScalingProcesses,
    /// The zone it is shifted away from, and how many shifts there have been.
    pub(super) shift: Option<Shift>,
    pub(super) shifts: u16,
    /// Nothing but failed launches since.
    pub(super) failing_since: Option<Time>,
    /// The desired capacity of which it was last said that nobody may go.
    pub(super) blocked_at: Option<u32>,
    /// Failed launches that wait to be tried again.
    pub(super) retrying: u32,
    /// Target groups whose attachment is in service (rule H1).
    pub(super) attached: Vec<TargetGroupId>,
    /// The simple policy whose activity is not over yet, to be followed by its cooldown.
    pub(super) activity: Option<Activity>,
    pub(super) cooldown_until: Time,
    /// Notifications of this instant.
    pub(super) invoked: Vec<Invocation>,
    /// Refusals per policy and the notification each answered: a reason is written down once.
    pub(super) refused: Vec<Vec<(Refusal, EntryId, EntryId)>>,
    /// When the last instance that a scale-in took away was gone.
    pub(super) shrunk: Option<Time>,
    /// How many scheduled actions have run.
    pub(super) scheduled: usize,
    /// Forecasts of its predictive policies.
    pub(super) forecasts: Vec<Forecasting>,
    pub(super) counters: Counters,
    /// Its target groups that some balancer forwards to, and so checks.
    pub(super) checked: Vec<TargetGroupId>,
    /// How long a new instance is kept out of the group's metrics.
    pub(super) metric_warmup: Duration,
    /// Seconds of instances that have ended: billed, by number of their launch template, and run.
    pub(super) billed_s: Vec<f64>,
    pub(super) ran_s: f64,
    pub(super) in_service: TimeWeighted,
    pub(super) in_service_min: u32,
    pub(super) draws: Draws,
    /// The number of its launch template.
    pub(super) template: u16,
    /// The instance refresh under way, and those before it.
    pub(super) refresh: Option<Box<Refresh>>,
    pub(super) refreshes: Vec<RefreshFigures>,
    /// Its warm pool; empty where there is none.
    pub(super) pool: Pool,
    /// Of a mixed instances policy.
    pub(super) mixed: super::mixed::Mixed,
    /// Where the question to the function of its termination policy stands, and the work that the function finds.
    pub(super) question: Question,
    pub(super) work: Vec<(InstanceId, u32)>,
}

/// A wish for another capacity, as it arrived.
#[derive(Clone, Copy)]
pub(super) struct Invocation {
    pub(super) by: Asker,
    pub(super) cause: EntryId,
}

/// Who asks for another capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// An alarm, of a policy.
    Alarm { policy: u16, alarm: AlarmId },
    /// A scheduled action, for so many.
    Schedule { action: u16, wanted: u32 },
    /// The forecast of a predictive policy, for so many.
    Forecast { policy: u16, wanted: u32 },
}

/// A simple policy's scaling activity.
#[derive(Clone, Copy)]
pub(super) struct Activity {
    pub(super) cooldown: Duration,
    pub(super) out: bool,
    pub(super) cause: EntryId,
}

/// Delays of a group, each with its own stream.
pub(super) struct Draws {
    pub(super) loss_notice: (Sampler, Stream),
    pub(super) launch_retry: (Sampler, Stream),
    pub(super) registration: (Sampler, Stream),
    pub(super) termination: (Sampler, Stream),
    pub(super) launch_failure: Stream,
    /// Of tries in further zones, so that the ones above stay what they are.
    pub(super) other_zones: Stream,
    pub(super) choice: Stream,
    pub(super) phases: Stream,
    pub(super) schedule: (Sampler, Stream),
    /// Of the function of a custom termination policy.
    pub(super) question: (Sampler, Stream),
}

impl Fleet {
    /// A fleet without instances.
    pub(super) fn new(id: FleetId, fleet: &crate::plan::Fleet, cx: &Cx) -> Fleet {
        let plan = cx.plan;
        let stream = |purpose: &str| cx.stream(&fleet.name, purpose);
        let drawn = |dist: fn(&AutoScaling) -> &sim_core::Dist, purpose: &str| {
            let none = sim_core::Dist::Constant(0.0);
            (settings(plan, id).map_or(&none, dist).sampler(), stream(purpose))
        };
        let function = settings(plan, id).and_then(|group| group.lifecycle.termination_function.as_ref());
        let length = function.map_or(sim_core::Dist::Constant(0.0), |function| function.length.clone());
        let (desired, min, max) = match &fleet.sizing {
            Sizing::Fixed(count) => (*count, *count, *count),
            Sizing::AutoScaling(settings) => (settings.desired_capacity, settings.min_size, settings.max_size),
        };
        Fleet {
            desired,
            min,
            max,
            members: Vec::new(),
            detached: Vec::new(),
            suspended: settings(plan, id).map_or(ScalingProcesses::NONE, |group| group.lifecycle.suspended),
            shift: None,
            shifts: 0,
            failing_since: None,
            blocked_at: None,
            retrying: 0,
            attached: Vec::new(),
            activity: None,
            cooldown_until: Time::ZERO,
            invoked: Vec::new(),
            refused: vec![Vec::new(); settings(plan, id).map_or(0, |settings| settings.policies.len())],
            shrunk: None,
            scheduled: 0,
            forecasts: Forecasting::of(id, plan),
            counters: Counters::default(),
            checked: checked(fleet, plan),
            metric_warmup: report::metric_warmup(id, plan),
            billed_s: vec![0.0; 1 + fleet.later_templates.len()],
            ran_s: 0.0,
            in_service: TimeWeighted::new(f64::from(desired), Time::ZERO),
            in_service_min: desired,
            mixed: super::mixed::Mixed::default(),
            draws: Draws {
                loss_notice: drawn(|settings| &settings.loss_notice, "loss notice"),
                launch_retry: drawn(|settings| &settings.launch_retry, "launch retry"),
                registration: drawn(|settings| &settings.registration, "registration"),
                termination: drawn(|settings| &settings.termination, "termination"),
                launch_failure: stream("launch failure"),
                other_zones: stream("launch failure, other zones"),
                choice: stream("termination choice"),
                phases: stream("phases"),
                schedule: drawn(|settings| &settings.schedule.delay, "scheduled actions"),
                question: (length.sampler(), stream("termination function")),
            },
            question: Question::default(),
            work: Vec::new(),
            template: 0,
            refresh: None,
            refreshes: Vec::new(),
            pool: Pool::new(fleet, settings(plan, id).and_then(|settings| settings.warm_pool.as_ref()), cx),
        }
    }
}

/// The settings of a fleet that is an Auto Scaling group.
pub(super) fn settings(plan: &Plan, fleet: FleetId) -> Option<&AutoScaling> {
    match &plan.fleets[fleet].sizing {
        Sizing::AutoScaling(settings) => Some(settings),
        Sizing::Fixed(_) => None,
    }
}

/// Target groups of a fleet that some balancer forwards to.
pub(super) fn checked(fleet: &crate::plan::Fleet, plan: &Plan) -> Vec<TargetGroupId> {
    let forwards = |group: &TargetGroupId| plan.balancers.values().any(|b| b.forwards_to(*group));
    fleet.target_groups.iter().copied().filter(forwards).collect()
}
