//! The `sim` command: all it does is in the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    sim::cli::main()
}
