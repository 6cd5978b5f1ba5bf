//! `sim list`, `sim show`, `sim new` and `sim schema`: what is built in, and how to start from it.

use super::options::{Format, FormatOption};
use super::terminal::Terminal;
use super::{Verdict, examples, print, source};
use crate::Failure;
use crate::output::table::{BOLD, WIDTH, paint, wrap};
use crate::output::{json, units};
use serde::Serialize;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

/// List the built-in scenarios.
#[derive(Debug, clap::Args)]
#[command(after_help = examples(&[("sim list", "names, and what each shows"), ("sim list --format json", "for scripts")]))]
pub struct ListArgs {
    #[command(flatten)]
    format: FormatOption,
}

/// Print a built-in scenario.
#[derive(Debug, clap::Args)]
#[command(after_help = examples(&[("sim show twitter-spike", "to read it"), ("sim show twitter-spike > mine.ron", "to change it")]))]
pub struct ShowArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    name: String,
}

/// Start a scenario of your own from a commented starter.
#[derive(Debug, clap::Args)]
#[command(after_help = examples(&[
    ("sim new mine.ron", "the commented starter"),
    ("sim new mine.ron --from az-outage", "a copy of a built-in scenario"),
]))]
pub struct NewArgs {
    /// The file to write
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Start from this built-in scenario
    #[arg(long, value_name = "NAME")]
    from: Option<String>,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

/// Print the reference of the scenario language.
#[derive(Debug, clap::Args)]
#[command(after_help = examples(&[("sim schema", "every key with its unit, range and default"), ("sim schema | less", "page by page")]))]
pub struct SchemaArgs {}

/// A built-in scenario.
#[derive(Debug, Serialize)]
struct Entry {
    name: &'static str,
    description: String,
}

/// Carries out `sim list`.
pub fn list(args: &ListArgs, terminal: &Terminal) -> Result<Verdict, Failure> {
    let entries: Vec<Entry> =
        source::library().into_iter().map(|(name, description)| Entry { name, description }).collect();
    match args.format.format {
        Format::Json => print(terminal, &json::pretty(&entries))?,
        Format::Text => {
            let names = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
            let mut text = String::new();
            for entry in &entries {
                let mut name = entry.name;
                for line in wrap(&units::plain(&entry.description), WIDTH - names - 4) {
                    let space = " ".repeat(names - name.len() + 2);
                    text.push_str(&format!("  {}{space}{line}\n", paint(name, BOLD)));
                    name = "";
                }
            }
            print(terminal, text.as_bytes())?;
        }
    }
    Ok(Verdict::Held)
}

/// Carries out `sim show`.
pub fn show(args: &ShowArgs, terminal: &Terminal) -> Result<Verdict, Failure> {
    print(terminal, source::built_in(&args.name)?.as_bytes())?;
    Ok(Verdict::Held)
}

/// Carries out `sim new`.
pub fn new(args: &NewArgs, terminal: &Terminal) -> Result<Verdict, Failure> {
    let text = match &args.from {
        Some(name) => source::built_in(name)?,
        None => source::STARTER,
    };
    let failed = |error: &std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::new(format!("`{}` exists already", args.file.display()))
            .help("choose another name, or replace it with `--force`"),
        _ => Failure::io("write", &args.file, error),
    };
    let mut options = OpenOptions::new();
    options.write(true);
    if args.force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let mut file = options.open(&args.file).map_err(|error| failed(&error))?;
    if let Err(error) = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()) {
        // Half a starter is of no use; a file that was to be replaced is gone either way.
        let _ = std::fs::remove_file(&args.file);
        return Err(failed(&error));
    }
    terminal.note(&format!("wrote {}; run it with `sim run {}`", args.file.display(), args.file.display()));
    Ok(Verdict::Held)
}

/// Carries out `sim schema`.
pub fn schema(_: &SchemaArgs, terminal: &Terminal) -> Result<Verdict, Failure> {
    print(terminal, source::reference().as_bytes())?;
    Ok(Verdict::Held)
}
