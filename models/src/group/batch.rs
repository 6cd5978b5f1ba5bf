//! The arithmetic of an instance refresh: how many instances go at a time, and in which order.
//!
//! # Models      MinHealthyPercentage and MaxHealthyPercentage, one instance at least; an omitted maximum, which is not 100
//!   (rule I2); checkpoints, of which several passed at once are one; partial refreshes
//! # Source      Amazon EC2 Auto Scaling user guide, "How an instance refresh works"; `aws/scaling.md` §1.11, P4
//!
//! AWS does not say how the bounds are rounded: here in favour of capacity, healthy ones up and all of them down.

/// How a batch is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Terminated at its start.
    pub at_once: u32,
    /// Launched at its start beyond the desired capacity; so many are terminated when these are healthy and warmed up.
    pub ahead: u32,
    /// Whether the replacements of those terminated at the start are launched only when they are gone.
    pub terminate_first: bool,
}

/// The largest batch for a desired capacity under these percentages. Rules I1, I2 and P4.
pub fn batch(desired: u32, min_healthy: u32, max_healthy: Option<u32>) -> Batch {
    let (desired, min) = (u64::from(desired), u64::from(min_healthy.min(100)));
    let out = (desired * (100 - min) / 100) as u32;
    let Some(max) = max_healthy else {
        // Without a maximum they are terminated and launched together; nothing may be missing only if that was asked for.
        return match min {
            100 => Batch { at_once: 0, ahead: 1, terminate_first: false },
            _ => Batch { at_once: out.max(1), ahead: 0, terminate_first: false },
        };
    };
    let ahead = (desired * u64::from(max.saturating_sub(100)) / 100) as u32;
    match (out, ahead) {
        // Bounds that cannot be met: one at a time, launched before another is terminated (rule I2).
        (0, 0) => Batch { at_once: 0, ahead: 1, terminate_first: false },
        (0, ahead) => Batch { at_once: 0, ahead, terminate_first: false },
        (out, ahead) => Batch { at_once: out, ahead, terminate_first: max <= 100 },
    }
}

/// How many of a batch can go at once, `ill` of the instances to replace being unhealthy: those cost no capacity, the
/// others must leave `desired` less the batch healthy. `healthy` are in service, healthy and warmed up.
pub fn may_go(batch: Batch, desired: u32, healthy: u32, ill: u32) -> u32 {
    let floor = desired.saturating_sub(batch.at_once);
    batch.at_once.min(ill.saturating_add(healthy.saturating_sub(floor)))
}

/// So many of `total` must be replaced, if the last checkpoint is the end of it (a partial refresh).
pub fn wanted(total: u32, checkpoints: &[u32]) -> u32 {
    let last = u64::from(checkpoints.last().copied().unwrap_or(100).min(100));
    (u64::from(total) * last).div_ceil(100) as u32
}

/// The share replaced, in whole percent, rounded down; all of nothing is all.
pub fn percentage(replaced: u32, total: u32) -> u32 {
    if total == 0 { 100 } else { (u64::from(replaced.min(total)) * 100 / u64::from(total)) as u32 }
}

/// How many checkpoints have been reached, the first `reached` of them before: rule I4. Several at once are passed in
/// one go, so that only the highest is told.
pub fn checkpoints_reached(checkpoints: &[u32], reached: usize, replaced: u32, total: u32) -> usize {
    let passed = |percent: &&u32| u64::from(replaced) * 100 >= u64::from(total) * u64::from(**percent);
    reached + checkpoints.iter().skip(reached).take_while(passed).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(batch: Batch) -> (u32, u32, bool) {
        (batch.at_once, batch.ahead, batch.terminate_first)
    }

    #[test]
    fn i1_so_many_percent_of_the_desired_capacity_may_be_out_and_one_at_least() {
        let table = [
            (10, 90, 1),
            (19, 90, 1),
            (20, 90, 2),
            (4, 90, 1),
            (1, 90, 1),
            (10, 50, 5),
            (5, 50, 2),
            (3, 66, 1),
            (3, 67, 1),
            (10, 0, 10),
            (1, 0, 1),
            (10, 99, 1),
            (200, 99, 2),
        ];
        for (desired, min, expected) in table {
            assert_eq!(parts(batch(desired, min, None)), (expected, 0, false), "{desired} at {min} %");
        }
    }

    #[test]
    fn i1_at_a_hundred_percent_it_is_launched_first() {
        assert_eq!(parts(batch(10, 100, None)), (0, 1, false));
        assert_eq!(parts(batch(10, 100, Some(100))), (0, 1, false), "one at a time");
        assert_eq!(parts(batch(10, 100, Some(110))), (0, 1, false));
        assert_eq!(parts(batch(10, 100, Some(129))), (0, 2, false), "rounded down");
        assert_eq!(parts(batch(10, 100, Some(200))), (0, 10, false));
        assert_eq!(parts(batch(4, 100, Some(110))), (0, 1, false), "one at least");
    }

    #[test]
    fn i2_an_explicit_hundred_is_not_an_omitted_maximum() {
        // Bounds that cannot be met: 90 % of four is four.
        assert_eq!(parts(batch(4, 90, None)), (1, 0, false), "omitted: together, one below the minimum");
        assert_eq!(parts(batch(4, 90, Some(100))), (0, 1, false), "explicit: launched before");
        // Bounds that can: terminated before.
        assert_eq!(parts(batch(10, 90, Some(100))), (1, 0, true));
        assert_eq!(parts(batch(10, 90, None)), (1, 0, false));
    }

    #[test]
    fn p4_both_away_from_a_hundred_are_mixed() {
        assert_eq!(parts(batch(10, 80, Some(120))), (2, 2, false));
        assert_eq!(parts(batch(10, 90, Some(105))), (1, 0, false), "no room above, and not asked to terminate first");
        assert_eq!(parts(batch(10, 95, Some(120))), (0, 2, false), "nobody may be missing");
    }

    #[test]
    fn nobody_there_is_no_division() {
        assert_eq!(parts(batch(0, 90, None)), (1, 0, false));
        assert_eq!(parts(batch(0, 100, Some(200))), (0, 1, false));
        assert_eq!(may_go(batch(0, 90, None), 0, 0, 0), 0);
        assert_eq!(percentage(0, 0), 100);
        assert_eq!(wanted(0, &[50]), 0);
    }

    #[test]
    fn unhealthy_ones_go_first_and_cost_no_capacity() {
        let two = batch(20, 90, None);
        assert_eq!(may_go(two, 20, 20, 0), 2);
        assert_eq!(may_go(two, 20, 19, 1), 2, "one ill, one well");
        assert_eq!(may_go(two, 20, 18, 2), 2);
        assert_eq!(may_go(two, 20, 18, 1), 1, "the other who is ill has been replaced already");
        assert_eq!(may_go(two, 20, 17, 0), 0, "below the minimum: it waits");
        assert_eq!(may_go(two, 20, 0, 20), 2, "everything is ill: batch by batch");
        assert_eq!(may_go(batch(4, 90, None), 4, 4, 0), 1, "below the minimum by one, as one must move");
        assert_eq!(may_go(batch(4, 90, None), 4, 3, 0), 0, "one is out already");
        assert_eq!(may_go(batch(4, 100, Some(100)), 4, 4, 0), 0, "launched first: nobody goes at once");
    }

    #[test]
    fn i4_a_checkpoint_is_reached_at_its_percentage_and_several_at_once_are_one() {
        let points = [25, 50, 100];
        assert_eq!(checkpoints_reached(&points, 0, 0, 4), 0);
        assert_eq!(checkpoints_reached(&points, 0, 1, 4), 1, "exactly");
        assert_eq!(checkpoints_reached(&points, 1, 1, 4), 1);
        assert_eq!(checkpoints_reached(&points, 0, 2, 4), 2, "two at once");
        assert_eq!(checkpoints_reached(&points, 1, 4, 4), 3);
        assert_eq!(checkpoints_reached(&[34], 0, 1, 3), 0, "33.3 % is not 34 %");
        assert_eq!(checkpoints_reached(&[33], 0, 1, 3), 1);
        assert_eq!(checkpoints_reached(&[], 0, 4, 4), 0);
    }

    #[test]
    fn i4_a_last_checkpoint_below_a_hundred_makes_a_partial_refresh() {
        assert_eq!(wanted(10, &[]), 10);
        assert_eq!(wanted(10, &[20, 100]), 10);
        assert_eq!(wanted(10, &[20]), 2);
        assert_eq!(wanted(3, &[50]), 2, "rounded up: the percentage must be reached");
        assert_eq!(wanted(1, &[1]), 1);
    }

    #[test]
    fn the_percentage_is_rounded_down() {
        assert_eq!([percentage(0, 3), percentage(1, 3), percentage(2, 3), percentage(3, 3)], [0, 33, 66, 100]);
        assert_eq!(percentage(9, 3), 100);
    }
}
