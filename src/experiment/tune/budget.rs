//! How long a search may go on, and what of it is for what.
//!
//! ```text
//!  400 runs ──► search 56 %, front 8 %, confirmation 16 %, sensitivity 20 %
//! ```
//! # Models      a budget in runs counts every simulated run and makes the search reproducible; one in time decides how many
//!   rounds are made and nothing else
//! # Leaves out  runs that take longer than others: a run is a run

/// How long a search may go on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Budget {
    /// So many simulated runs, all in all.
    Runs(u64),
    /// About so many seconds of this machine.
    Seconds(f64),
}

/// The least budget that a search can do anything with.
pub const LEAST: u64 = 60;

/// The share of the time that the search itself may take.
pub const SEARCH_SHARE: f64 = 0.6;

/// Settings that fresh replications are kept for: the scenario as it is, the winner, and two more if the first turns out
/// not to keep its limits.
pub const CONFIRMED: u64 = 4;

/// What the runs are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Finding.
    pub search: u64,
    /// Measuring the front better.
    pub front: u64,
    /// Fresh replications of one setting.
    pub fresh: u64,
    /// One parameter at a time, around the winner.
    pub sensitivity: u64,
}

impl Budget {
    /// Reads `400runs`, `400` or a time such as `10m`.
    ///
    /// # Errors
    /// In words, if it is none, or too little for anything.
    pub fn parse(text: &str) -> Result<Budget, String> {
        let wrong = || format!("`{text}` is no budget: write `400runs` or `10m`");
        let plain = text.trim();
        let digits = plain.strip_suffix("runs").or_else(|| plain.strip_suffix("run")).unwrap_or(plain).trim();
        if let Ok(runs) = digits.replace('_', "").parse::<u64>() {
            return match runs {
                LEAST..=100_000_000 => Ok(Budget::Runs(runs)),
                _ => Err(format!("`{text}`: a search needs {LEAST} runs or more, and at most 100,000,000")),
            };
        }
        match scenarios::units::duration(plain) {
            Ok(seconds) if seconds >= 1.0 => Ok(Budget::Seconds(seconds)),
            Ok(_) => Err(format!("`{text}`: a search needs a second or more")),
            Err(_) => Err(wrong()),
        }
    }
}

impl Shares {
    /// Of so many runs; with so many fresh replications, if somebody asks for a number of them.
    ///
    /// # Errors
    /// If the fresh replications would leave too little for the search.
    pub fn of(runs: u64, fresh: Option<u32>) -> Result<Shares, String> {
        let fresh = fresh.map_or((runs / 25).clamp(4, 100), u64::from);
        let confirmation = CONFIRMED * fresh;
        if confirmation > runs / 2 {
            return Err(format!(
                "{fresh} replications of the winner and of the scenario as it is leave too little of {runs} runs"
            ));
        }
        let (front, sensitivity) = (runs / 12, runs / 5);
        Ok(Shares { search: runs.saturating_sub(confirmation + front + sensitivity), front, fresh, sensitivity })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_read() {
        assert_eq!(Budget::parse("400runs"), Ok(Budget::Runs(400)));
        assert_eq!(Budget::parse("1_000 runs"), Ok(Budget::Runs(1000)));
        assert_eq!(Budget::parse("400"), Ok(Budget::Runs(400)));
        assert_eq!(Budget::parse("10m"), Ok(Budget::Seconds(600.0)));
        for (bad, why) in [("", "no budget"), ("much", "no budget"), ("3runs", "60 runs"), ("10ms", "a second")] {
            let error = Budget::parse(bad).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    #[test]
    fn the_parts_add_up() {
        for runs in [LEAST, 100, 400, 5000] {
            let shares = Shares::of(runs, None).unwrap();
            assert_eq!(shares.search + shares.front + CONFIRMED * shares.fresh + shares.sensitivity, runs);
            assert!(shares.search * 5 >= runs * 2, "{shares:?}");
        }
        assert_eq!(Shares::of(400, None).unwrap(), Shares { search: 223, front: 33, fresh: 16, sensitivity: 80 });
        assert!(Shares::of(100, Some(30)).unwrap_err().contains("too little"));
    }
}
