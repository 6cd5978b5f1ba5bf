//! The bar on the terminal while a run goes on: simulated time, requests, speed, time left.
//!
//! # Models      one bar for all replications together; silent where standard error is no terminal
//! # Leaves out  any figure of the result: the bar is only told how far it has got

use crate::output::units;
use crate::stopwatch::Stopwatch;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Simulated milliseconds are what the bar counts.
const TICKS_PER_S: f64 = 1000.0;

/// A bar, or nothing if there is no terminal to see it.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    requests: AtomicU64,
    since: Stopwatch,
    total_s: f64,
    /// Cells of a sweep, those done among them; no cells, no sweep.
    cells: AtomicU64,
    done: AtomicU64,
}

impl Bar {
    /// A bar for `total_s` simulated seconds, all replications added up. Not shown if `silent`.
    pub fn new(total_s: f64, silent: bool) -> Bar {
        let target = if silent { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(15) };
        let bar = ProgressBar::with_draw_target(Some((total_s * TICKS_PER_S) as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:28.cyan/dim} {percent:>3} %  {msg}  {eta} left") {
            bar.set_style(style.progress_chars("━╸─"));
        }
        let none = || AtomicU64::new(0);
        Bar { bar, requests: none(), since: Stopwatch::start(), total_s, cells: none(), done: none() }
    }

    /// A run has got on by so much.
    pub fn advance(&self, simulated_s: f64, requests: u64) {
        let requests = self.requests.fetch_add(requests, Ordering::Relaxed) + requests;
        self.bar.inc((simulated_s * TICKS_PER_S) as u64);
        if self.bar.is_hidden() {
            return;
        }
        let done_s = self.bar.position() as f64 / TICKS_PER_S;
        let speed = requests as f64 / self.since.seconds().max(1e-9);
        let cells = self.cells.load(Ordering::Relaxed);
        let before = match cells {
            0 => String::new(),
            _ => format!("{} of {cells} cells  ", self.done.load(Ordering::Relaxed)),
        };
        self.bar.set_message(format!(
            "{before}{} of {}  {} requests  {}/s",
            units::clock(done_s),
            units::clock(self.bar.length().map_or(self.total_s, |length| length as f64 / TICKS_PER_S)),
            units::count(requests),
            units::figure(speed),
        ));
    }

    /// It is a sweep of so many cells, of which some are done already.
    pub fn cells(&self, cells: usize, done: usize) {
        self.cells.store(cells as u64, Ordering::Relaxed);
        self.done.store(done as u64, Ordering::Relaxed);
    }

    /// Another cell of the sweep is done.
    pub fn cell_done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// There will be so many times as much to do as was thought.
    pub fn expect(&self, times: f64) {
        if times > 1.0
            && let Some(length) = self.bar.length()
        {
            self.bar.set_length((length as f64 * times) as u64);
        }
    }

    /// From here on the time is not that of the simulation.
    pub fn say(&self, what: &'static str) {
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            self.bar.set_style(style);
        }
        self.bar.set_message(what);
        self.bar.enable_steady_tick(Duration::from_millis(100));
    }

    /// Takes the bar off the terminal.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.clear();
    }
}
