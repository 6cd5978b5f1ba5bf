//! `sim completions`: what a shell needs to complete commands and options.

use super::terminal::Terminal;
use super::{Verdict, examples, print};
use crate::Failure;
use clap_complete::Shell;

/// Print the completions for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = examples(&[
    ("sim completions bash > ~/.local/share/bash-completion/completions/sim", "for bash"),
    ("sim completions fish > ~/.config/fish/completions/sim.fish", "for fish"),
]))]
pub struct Args {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Carries out the command.
pub fn run(args: &Args, terminal: &Terminal, command: &mut clap::Command) -> Result<Verdict, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, command, "sim", &mut text);
    print(terminal, &text)?;
    Ok(Verdict::Held)
}
