//! The command line: what the user asked, and what is answered with which exit code.
//!
//! ```text
//!  arguments ──clap──► Command ──► the module of its name ──► Verdict │ Failure
//! ```
//! # Models      exit codes: 0 all expectations held, 1 some did not, 2 the command could not be carried out, 130 broken off
//! # Leaves out  any simulation; an option of one name means the same in every command

mod availability;
mod check;
mod compare;
mod completions;
mod explain;
mod export;
mod library;
mod options;
mod plot;
mod report;
mod run;
mod source;
mod study_file;
mod sweep;
mod terminal;
mod tune;
mod validate;
mod vary;

use crate::Failure;
use clap::builder::Styles;
use clap::builder::styling::{AnsiColor, Style};
use clap::{Parser, Subcommand};
use options::ColorWhen;
use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use terminal::Terminal;

const HEADING: Style = AnsiColor::BrightBlue.on_default().bold();
const LITERAL: Style = AnsiColor::Cyan.on_default();
const STYLES: Styles = Styles::styled()
    .header(HEADING)
    .usage(HEADING)
    .literal(LITERAL)
    .placeholder(AnsiColor::Green.on_default())
    .valid(AnsiColor::Green.on_default())
    .invalid(AnsiColor::Yellow.on_default())
    .error(AnsiColor::Red.on_default().bold());

/// A flight simulator for self-healing AWS architectures.
///
/// Describe an architecture, its traffic and its bad days in one file; see what users would feel, what the healing
/// machinery would do second by second, and what it would cost. No network, no AWS account; the same scenario, seed and
/// version always give the same result.
#[derive(Debug, Parser)]
#[command(name = "sim", version, styles = STYLES, max_term_width = 100, after_help = examples(&[
    ("sim run twitter-spike", "a built-in scenario; results in out/twitter-spike/"),
    ("sim new mine.ron", "start a scenario of your own"),
    ("sim run mine.ron --replications 20", "with confidence intervals"),
]) + EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", display_order = 900)]
    color: ColorWhen,
}

const EXIT_CODES: &str =
    "\n\nExit codes: 0 all expectations held, 1 some did not, 2 could not be carried out, 130 interrupted";

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Check(check::Args),
    Availability(availability::Args),
    Sweep(sweep::Args),
    Merge(sweep::MergeArgs),
    Compare(compare::Args),
    Export(export::Args),
    Plot(plot::Args),
    Report(report::Args),
    Tune(tune::Args),
    Explain(explain::Args),
    Validate(validate::Args),
    List(library::ListArgs),
    Show(library::ShowArgs),
    New(library::NewArgs),
    Schema(library::SchemaArgs),
    Completions(completions::Args),
}

/// What came of a command that was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All is as it should be.
    Held,
    /// Some expectation was not met.
    NotHeld,
}

/// Does what the arguments of this process say.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let terminal = Terminal::new(cli.color);
    // A panic is a broken invariant of ours and no fault of the input. Its message is on standard error by now; what is
    // left to do is to unwind, so that no half-written results stay, and to leave with the code for "could not".
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| dispatch(&cli.command, &terminal)));
    match outcome {
        Ok(Ok(Verdict::Held) | Err(Failure::BrokenPipe)) => ExitCode::SUCCESS,
        Ok(Ok(Verdict::NotHeld)) => ExitCode::from(1),
        Ok(Err(Failure::Interrupted)) => {
            terminal.error(&Failure::Interrupted);
            ExitCode::from(130)
        }
        Ok(Err(failure)) => {
            terminal.error(&failure);
            ExitCode::from(2)
        }
        Err(_) => {
            let failure = Failure::new("this is a mistake in `sim` itself, not in the scenario")
                .help("please report it with the scenario, the seed and the message above");
            terminal.error(&failure);
            ExitCode::from(2)
        }
    }
}

fn dispatch(command: &Command, terminal: &Terminal) -> Result<Verdict, Failure> {
    match command {
        Command::Run(args) => run::run(args, terminal),
        Command::Check(args) => check::run(args, terminal),
        Command::Availability(args) => availability::run(args, terminal),
        Command::Sweep(args) => sweep::run(args, terminal),
        Command::Merge(args) => sweep::merge(args, terminal),
        Command::Compare(args) => compare::run(args, terminal),
        Command::Export(args) => export::run(args, terminal),
        Command::Plot(args) => plot::run(args, terminal),
        Command::Report(args) => report::run(args, terminal),
        Command::Tune(args) => tune::run(args, terminal),
        Command::Explain(args) => explain::run(args, terminal),
        Command::Validate(args) => validate::run(args, terminal),
        Command::List(args) => library::list(args, terminal),
        Command::Show(args) => library::show(args, terminal),
        Command::New(args) => library::new(args, terminal),
        Command::Schema(args) => library::schema(args, terminal),
        Command::Completions(args) => completions::run(args, terminal, &mut <Cli as clap::CommandFactory>::command()),
    }
}

/// Examples for the end of a help page: a command and what it does, one below the other.
fn examples(list: &[(&str, &str)]) -> String {
    let width = list.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
    let mut text = format!("{HEADING}Examples:{HEADING:#}");
    for (command, what) in list {
        text.push_str(&format!("\n  {LITERAL}{command}{LITERAL:#}{}  {what}", " ".repeat(width - command.len())));
    }
    text
}

/// Writes all of `bytes` to standard output.
fn print(terminal: &Terminal, bytes: &[u8]) -> Result<(), Failure> {
    let mut out = terminal.stdout();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| Failure::stdout(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_examples() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(&format!("sim {}", command.get_name())), "`{}` has no example", command.get_name());
        }
    }

    #[test]
    fn an_option_means_the_same_in_every_command() {
        let mut known = std::collections::BTreeMap::new();
        for command in Cli::command().get_subcommands() {
            for option in command.get_opts() {
                let says = option.get_help().map(ToString::to_string).unwrap_or_default();
                let name = option.get_long().unwrap_or_default().to_string();
                if (command.get_name(), name.as_str()) == ("plot", "format") {
                    // Of pictures, which are no answer on standard output.
                    continue;
                }
                let before = known.entry(name.clone()).or_insert_with(|| says.clone());
                assert_eq!(*before, says, "--{name}");
            }
        }
    }
}
