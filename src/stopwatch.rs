//! The machine's clock and memory, for the figures about the run itself; nothing of it reaches a simulated result.

use std::time::{Duration, Instant};

/// Wall time since it was started.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts one.
    #[allow(clippy::disallowed_methods)] // It measures the program; what it says goes to `RunFigures` and the bar alone.
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// The same, in seconds.
    pub fn seconds(self) -> f64 {
        self.elapsed().as_secs_f64()
    }
}

/// Peak resident memory of this process in MiB; 0 where the system does not tell (anywhere but Linux).
pub fn peak_rss_mb() -> f64 {
    std::fs::read_to_string("/proc/self/status").ok().and_then(|status| high_water_mark(&status)).unwrap_or(0.0)
}

/// `VmHWM:     6543 kB` among the lines of `/proc/self/status`, in MiB.
fn high_water_mark(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark_is_found_among_the_other_lines() {
        let status = "Name:\tsim\nVmPeak:\t  9000 kB\nVmHWM:\t    6144 kB\nVmRSS:\t 5000 kB\n";
        assert_eq!(high_water_mark(status), Some(6.0));
        assert_eq!(high_water_mark("Name:\tsim\n"), None);
    }
}
