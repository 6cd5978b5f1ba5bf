//! The command as a whole process, in an empty folder: what a user waits for.
//!
//! ```text
//!  spawn ──► arguments ──► scenario ──► run ──► plots, report, files ──► page ──► exit 0
//! ```
//! What is measured is wall time from the start of the process to its end; the folder is made before and goes after.

use divan::Bencher;
use std::process::{Command, Stdio};
use tempfile::TempDir;

fn main() {
    divan::main();
}

/// Three simulated hours with all plots and the report.
#[divan::bench(sample_count = 9, sample_size = 1)]
fn twitter_spike(bencher: Bencher) {
    sim(bencher, &["run", "twitter-spike.ron"], Some("out/twitter-spike/report.html"));
}

/// From the start of the process to its first event and the first files: a second of eight idle servers.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn start_up(bencher: Bencher) {
    let args = ["run", "web-farm", "--no-plots", "--duration", "1s", "--set", "warm_up=0s"];
    sim(bencher, &args, None);
}

/// The help alone.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn help(bencher: Bencher) {
    sim(bencher, &["--help"], None);
}

/// Runs the command, which must end well, or at least with a verdict, and leave this file.
fn sim(bencher: Bencher, args: &[&str], leaves: Option<&str>) {
    bencher.with_inputs(|| tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"))).bench_local_values(
        |folder: TempDir| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
            command.args(args).current_dir(&folder).stdin(Stdio::null()).stdout(Stdio::null());
            let status = command.status().unwrap_or_else(|error| panic!("cannot start it: {error}"));
            // 1 is a verdict too: a second of a farm is too short for what the scenario expects.
            assert!(matches!(status.code(), Some(0 | 1)), "sim {args:?} ended with {status}");
            assert!(leaves.is_none_or(|file| folder.path().join(file).exists()), "sim {args:?} left no {leaves:?}");
            // Given back, so that the folder goes after the clock has stopped.
            folder
        },
    );
}
