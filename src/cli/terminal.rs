//! The terminal, as far as commands know it: where to write, and whether in colour.

use super::options::ColorWhen;
use crate::Failure;
use crate::output::table::{BAD, paint};
use anstream::{AutoStream, ColorChoice};
use std::io::{self, BufWriter, IsTerminal, Write};

/// Standard output and standard error.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    choice: ColorChoice,
}

impl Terminal {
    /// A terminal with colours as asked.
    pub fn new(when: ColorWhen) -> Terminal {
        let choice = match when {
            ColorWhen::Auto => ColorChoice::Auto,
            ColorWhen::Always => ColorChoice::Always,
            ColorWhen::Never => ColorChoice::Never,
        };
        Terminal { choice }
    }

    /// Standard output; styles written to it are taken out where they have no place.
    pub fn stdout(&self) -> impl Write + use<> {
        BufWriter::new(AutoStream::new(io::stdout(), self.choice))
    }

    /// Whether diagnostics on standard error are to be in colour.
    pub fn error_has_color(&self) -> bool {
        AutoStream::new(io::stderr(), self.choice).current_choice() != ColorChoice::Never
    }

    /// Whether somebody can watch a bar.
    pub fn is_watched(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Says on standard error why a command could not be carried out. If that cannot be written, nobody is there.
    pub fn error(&self, failure: &Failure) {
        let mut out = AutoStream::new(io::stderr(), self.choice);
        let _ = match failure {
            Failure::Rendered(text) => writeln!(out, "{}", text.trim_end()),
            other => writeln!(out, "{} {other}", paint("error:", BAD)),
        };
    }

    /// Says something on standard error.
    pub fn note(&self, text: &str) {
        let _ = writeln!(AutoStream::new(io::stderr(), self.choice), "{}", text.trim_end());
    }
}
