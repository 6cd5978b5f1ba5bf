//! The state of an alarm from its periods, some of which are missing.
//!
//! ```text
//!  R newest periods (within, beyond, missing) ─► enough real ones? ─► M of the newest N
//!                                                 else ─► by the treatment of missing data
//! ```
//! # Models      M of N; the evaluation range R; the four treatments; the guard against premature alarms
//! # Leaves out  metrics whose missing data AWS treats in a way of their own (rule E4: DynamoDB)
//! # Source      CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data"; `aws/scaling.md` §5.4

use crate::plan::{AlarmState as State, Comparison, MissingData};

/// Whether a value lies beyond the threshold. Of the comparisons with a band, each slot has bounds of its own.
pub fn breaches(comparison: Comparison, threshold: f64, value: f64) -> bool {
    match comparison {
        Comparison::GreaterThan => value > threshold,
        Comparison::GreaterThanOrEqual => value >= threshold,
        Comparison::LessThan => value < threshold,
        Comparison::LessThanOrEqual => value <= threshold,
        Comparison::OutsideBand | Comparison::AboveBand | Comparison::BelowBand => false,
    }
}

/// The state that follows from the newest periods (`slots[0]` is the newest, none is missing, true is beyond the
/// threshold), N, M and the treatment of missing data. `slots` are the R periods retrieved.
///
/// Source: `aws/scaling.md` §5.4, which reproduces both tables of the CloudWatch user guide.
pub fn evaluate(slots: &[Option<bool>], n: u32, m: u32, missing: MissingData, state: State) -> State {
    let (n, m) = (n as usize, m as usize);
    let real = slots.iter().flatten().count();
    let alarm_if = |alarm: bool| if alarm { State::Alarm } else { State::Ok };
    if real >= n {
        // Enough is known: what is missing does not matter.
        return alarm_if(slots.iter().flatten().take(n).filter(|beyond| **beyond).count() >= m);
    }
    let breaching = slots.iter().flatten().filter(|beyond| **beyond).count();
    let oldest = slots.iter().rposition(|slot| *slot == Some(true)).map_or(0, |index| index + 1);
    match missing {
        MissingData::Breaching => alarm_if(breaching + (n - real) >= m),
        MissingData::NotBreaching => alarm_if(breaching >= m),
        MissingData::Missing if real == 0 => State::InsufficientData,
        MissingData::Ignore if real == 0 => state,
        _ if breaching >= m => State::Alarm,
        _ if breaching < real => State::Ok,
        // All that is known breaches, and it is too little: premature, unless the oldest is old enough.
        MissingData::Missing if oldest >= m => State::Alarm,
        _ => state,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Datapoints as AWS's tables write them, oldest first: `0` within, `X` beyond, `-` missing.
    fn slots(text: &str) -> Vec<Option<bool>> {
        let slot = |letter| match letter {
            'X' => Some(true),
            '0' => Some(false),
            _ => None,
        };
        text.chars().rev().map(slot).collect()
    }

    /// The state under each treatment, in the order of AWS's columns.
    fn states(text: &str, n: u32, m: u32, before: State) -> [State; 4] {
        [MissingData::Missing, MissingData::Ignore, MissingData::Breaching, MissingData::NotBreaching]
            .map(|missing| evaluate(&slots(text), n, m, missing, before))
    }

    use State::{Alarm, InsufficientData, Ok};

    #[test]
    fn the_first_table_of_the_user_guide_three_of_three() {
        // CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data", N = M = 3.
        for before in [Ok, Alarm, InsufficientData] {
            let table = [
                ("0-X-X", [Ok, Ok, Ok, Ok]),
                ("----0", [Ok, Ok, Ok, Ok]),
                ("-----", [InsufficientData, before, Alarm, Ok]),
                ("0XX-X", [Alarm, Alarm, Alarm, Alarm]),
                ("--X--", [Alarm, before, Alarm, Ok]),
            ];
            for (text, expected) in table {
                assert_eq!(states(text, 3, 3, before), expected, "{text} from {before:?}");
            }
        }
    }

    #[test]
    fn the_second_table_of_the_user_guide_two_of_three() {
        for before in [Ok, Alarm, InsufficientData] {
            let table = [
                ("0-X-X", [Alarm, Alarm, Alarm, Alarm]),
                ("00X0X", [Alarm, Alarm, Alarm, Alarm]),
                ("0-X--", [Ok, Ok, Alarm, Ok]),
                ("----0", [Ok, Ok, Alarm, Ok]),
                ("---X-", [Alarm, before, Alarm, Ok]),
            ];
            for (text, expected) in table {
                assert_eq!(states(text, 3, 2, before), expected, "{text} from {before:?}");
            }
        }
    }

    #[test]
    fn one_breaching_datapoint_alone_is_premature_until_it_is_as_old_as_m() {
        for (text, expected) in [("----X", Ok), ("---X-", Ok), ("--X--", Alarm), ("-X---", Alarm)] {
            assert_eq!(states(text, 3, 3, Ok)[0], expected, "{text}");
        }
    }

    #[test]
    fn only_the_newest_n_count_when_enough_is_known() {
        assert_eq!(states("XXX00", 3, 2, Ok), [Ok; 4], "two of the newest three are fine");
        assert_eq!(states("0XX0X", 3, 2, Ok), [Alarm; 4]);
        assert_eq!(states("X-X-X", 3, 3, Ok), [Alarm; 4], "missing ones are passed over");
        assert_eq!(states("X00", 1, 1, Ok), [Ok; 4]);
    }

    #[test]
    fn the_threshold_itself_breaches_only_where_the_comparison_includes_it() {
        let table = [
            (Comparison::GreaterThan, [false, false, true]),
            (Comparison::GreaterThanOrEqual, [false, true, true]),
            (Comparison::LessThan, [true, false, false]),
            (Comparison::LessThanOrEqual, [true, true, false]),
        ];
        for (comparison, expected) in table {
            let beyond = [-3.0, -2.5, -2.0].map(|value| breaches(comparison, -2.5, value));
            assert_eq!(beyond, expected, "{comparison:?}");
        }
    }

    /// §5.4 word for word, over all that it names, slower and longer than need be.
    fn transcribed(slots: &[Option<bool>], n: usize, m: usize, missing: MissingData, state: State) -> State {
        let mut real: Vec<bool> = Vec::new();
        let mut oldest_breaching = 0;
        for (position, slot) in slots.iter().enumerate() {
            if let Some(breaching) = *slot {
                real.push(breaching);
                if breaching {
                    oldest_breaching = position + 1;
                }
            }
        }
        // 1. |real| ≥ N: take the N newest real points; ALARM iff breaching among them ≥ M, else OK. Setting ignored.
        if real.len() >= n {
            let mut breaching = 0;
            for point in &real[..n] {
                breaching += usize::from(*point);
            }
            return if breaching >= m { Alarm } else { Ok };
        }
        // 2. else f = N − |real| fills.
        let fills = n - real.len();
        let b = real.iter().filter(|point| **point).count();
        match missing {
            MissingData::Breaching => {
                if b + fills >= m {
                    Alarm
                } else {
                    Ok
                }
            }
            MissingData::NotBreaching => {
                if b >= m {
                    Alarm
                } else {
                    Ok
                }
            }
            MissingData::Missing | MissingData::Ignore => {
                let ignore = missing == MissingData::Ignore;
                if real.is_empty() {
                    return if ignore { state } else { InsufficientData };
                }
                if b >= m {
                    return Alarm;
                }
                if real.contains(&false) {
                    return Ok;
                }
                // Otherwise all real points breach, and b < M.
                if oldest_breaching >= m && !ignore { Alarm } else { state }
            }
        }
    }

    #[test]
    fn every_pattern_of_up_to_seven_periods_agrees_with_the_rule_word_for_word() {
        let mut looked_at = 0;
        for length in 0..=7_u32 {
            for pattern in 0..3_u32.pow(length) {
                let slots: Vec<Option<bool>> = (0..length)
                    .map(|place| [None, Some(false), Some(true)][(pattern / 3_u32.pow(place) % 3) as usize])
                    .collect();
                for n in 1..=length.max(1) {
                    for m in 1..=n {
                        for missing in [
                            MissingData::Missing,
                            MissingData::Ignore,
                            MissingData::Breaching,
                            MissingData::NotBreaching,
                        ] {
                            for state in [Ok, Alarm, InsufficientData] {
                                let expected = transcribed(&slots, n as usize, m as usize, missing, state);
                                assert_eq!(
                                    evaluate(&slots, n, m, missing, state),
                                    expected,
                                    "{slots:?}, {m} of {n}, {missing:?} from {state:?}"
                                );
                                looked_at += 1;
                            }
                        }
                    }
                }
            }
        }
        assert!(looked_at > 500_000, "{looked_at}");
    }

    #[test]
    fn five_4_at_its_edges() {
        use MissingData::{Breaching, Ignore, Missing, NotBreaching};
        // Periods oldest first, N, M, treatment, state before, state after.
        let table = [
            // Exactly N real points: the treatment no longer matters.
            ("X-X-X", 3, 3, NotBreaching, Ok, Alarm),
            ("0-X-X", 3, 3, Breaching, Alarm, Ok),
            // One fewer: it does.
            ("--X-X", 3, 3, NotBreaching, Alarm, Ok),
            ("--X-X", 3, 3, Breaching, Ok, Alarm),
            ("--X-X", 3, 2, NotBreaching, Ok, Alarm),
            // Fills count from the first: one breaching and two fills are three.
            ("----X", 3, 3, Breaching, Ok, Alarm),
            ("----0", 3, 3, Breaching, Ok, Ok),
            ("----0", 3, 2, Breaching, Ok, Alarm),
            // The guard: the age of the oldest breaching point, the newest slot being 1, against M.
            ("---XX", 3, 3, Missing, Ok, Ok),
            ("--X-X", 3, 3, Missing, Ok, Alarm),
            ("---X-", 3, 2, Missing, Ok, Alarm),
            ("----X", 3, 2, Missing, Ok, Ok),
            ("----X", 3, 2, Missing, Alarm, Alarm),
            ("----X", 3, 2, Missing, InsufficientData, InsufficientData),
            ("X----", 3, 3, Ignore, Ok, Ok),
            ("X----", 3, 3, Ignore, Alarm, Alarm),
            // One of one knows no premature alarm.
            ("--X", 1, 1, Missing, Ok, Alarm),
            ("X--", 1, 1, Missing, Ok, Alarm),
            // Nothing at all.
            ("", 1, 1, Missing, Ok, InsufficientData),
            ("", 1, 1, Ignore, Alarm, Alarm),
            ("", 1, 1, Breaching, Ok, Alarm),
            ("", 1, 1, NotBreaching, Alarm, Ok),
        ];
        for (text, n, m, missing, before, after) in table {
            assert_eq!(
                evaluate(&slots(text), n, m, missing, before),
                after,
                "{text} {m} of {n} {missing:?} {before:?}"
            );
        }
    }
}
