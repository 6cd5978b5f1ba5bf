//! Replacement of unhealthy instances: when an instance is marked, and how many may be replaced at once.
//!
//! # Models      the grace period; ELB verdicts that count once the attachment is in service; batches of a tenth
//! # Leaves out  instance maintenance policies; custom health; EBS and VPC Lattice checks
//! # Source      Amazon EC2 Auto Scaling user guide, "Health checks for instances"; `aws/scaling.md` §1.4, §1.5

use sim_core::{Duration, Time};

/// What the group knows of an instance in service when it looks at its health.
#[derive(Clone, Copy, Debug)]
pub struct Health {
    /// Entered service at; none if it was there from the start of the run, its grace long past.
    pub since: Option<Time>,
    /// Whether EC2's status checks are impaired.
    pub impaired: bool,
    /// Whether a target group reports it unhealthy.
    pub target_unhealthy: bool,
    /// Whether the attachment of that target group is in service: some instance has passed once (rule H1).
    pub attached: bool,
}

/// Whether the group marks it unhealthy now. Rules H1, H2, R2: the grace period runs from entering service.
pub fn marks(health: Health, elb_health_check: bool, grace: Duration, now: Time) -> bool {
    let in_grace = health.since.is_some_and(|since| now < since.saturating_add(grace));
    let elb = elb_health_check && health.target_unhealthy && health.attached;
    !in_grace && (health.impaired || elb)
}

/// The group when it considers replacing marked instances.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Desired capacity.
    pub desired: u32,
    /// In service and not marked.
    pub healthy: u32,
    /// Whether launches or terminations are in progress, or failed launches wait to be tried again.
    pub busy: bool,
    /// New instances that have not yet passed their initial health check and warm-up.
    pub unsettled: u32,
}

/// How many marked instances may be replaced now: rule P2.
pub fn allowance(standing: Standing) -> u32 {
    let Standing { desired, healthy, busy, unsettled } = standing;
    // (a) something is under way already and the group is a tenth or more below what is desired.
    if busy && u64::from(healthy) * 10 <= u64::from(desired) * 9 {
        return 0;
    }
    // (b), (c) each batch waits for the new instances before it.
    if unsettled > 0 {
        return 0;
    }
    (desired / 10).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ILL: Health = Health { since: None, impaired: false, target_unhealthy: true, attached: true };

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn h1_verdicts_count_only_once_some_instance_has_passed() {
        assert!(marks(ILL, true, Duration::ZERO, at(0)));
        assert!(!marks(Health { attached: false, ..ILL }, true, Duration::ZERO, at(0)));
    }

    #[test]
    fn verdicts_count_only_under_the_elb_type_and_status_checks_always() {
        assert!(!marks(ILL, false, Duration::ZERO, at(0)));
        assert!(marks(Health { impaired: true, target_unhealthy: false, ..ILL }, false, Duration::ZERO, at(0)));
        assert!(!marks(Health { target_unhealthy: false, ..ILL }, true, Duration::ZERO, at(0)));
    }

    #[test]
    fn r2_the_grace_period_runs_from_entering_service_and_ends_sharply() {
        let young = Health { since: Some(at(100)), impaired: true, ..ILL };
        let grace = Duration::from_secs(300);
        assert!(!marks(young, true, grace, Time::from_nanos(at(400).nanos() - 1)));
        assert!(marks(young, true, grace, at(400)));
        assert!(marks(young, true, Duration::ZERO, at(100)), "no grace at all: the API's default");
        assert!(!marks(young, true, Duration::MAX, Time::MAX.min(at(1 << 30))));
    }

    #[test]
    fn p2_a_tenth_of_the_desired_capacity_at_once_and_one_at_least() {
        for (desired, expected) in [(0, 1), (1, 1), (9, 1), (10, 1), (19, 1), (20, 2), (55, 5)] {
            let idle = Standing { desired, healthy: 0, busy: false, unsettled: 0 };
            assert_eq!(allowance(idle), expected, "desired {desired}");
        }
    }

    #[test]
    fn p2_each_batch_waits_for_the_new_instances() {
        let waiting = Standing { desired: 40, healthy: 38, busy: false, unsettled: 1 };
        assert_eq!(allowance(waiting), 0);
        assert_eq!(allowance(Standing { unsettled: 0, ..waiting }), 4);
    }

    #[test]
    fn p2_an_activity_in_progress_matters_a_tenth_below_desired() {
        let busy = |healthy| allowance(Standing { desired: 10, healthy, busy: true, unsettled: 0 });
        assert_eq!((busy(8), busy(9), busy(10)), (0, 0, 1));
    }

    #[test]
    fn p2_everything_unhealthy_at_once_goes_batch_by_batch() {
        let all_ill = Standing { desired: 30, healthy: 0, busy: false, unsettled: 0 };
        assert_eq!(allowance(all_ill), 3);
        assert_eq!(allowance(Standing { busy: true, unsettled: 3, ..all_ill }), 0);
    }
}
