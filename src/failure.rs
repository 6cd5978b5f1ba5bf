//! Why a command could not be carried out, in the form in which the user sees it.

use crate::experiment::objective::Mistake;
use std::fmt;
use std::io;
use std::path::Path;

/// A command that could not be carried out.
#[derive(Debug)]
pub enum Failure {
    /// Something was wrong; said in one line, with what to do about it.
    Message {
        /// What is wrong: lower case, no full stop.
        text: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// Diagnostics that are rendered already, places and helps included.
    Rendered(String),
    /// The user broke it off.
    Interrupted,
    /// Whoever read our output has gone. Not worth a word.
    BrokenPipe,
}

impl Failure {
    /// A failure in one line.
    pub fn new(text: impl Into<String>) -> Failure {
        Failure::Message { text: text.into(), help: None }
    }

    /// The same, with what to do about it.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Failure {
        match self {
            Failure::Message { text, .. } => Failure::Message { text, help: Some(help.into()) },
            other => other,
        }
    }

    /// Something that could not be done to a file: `cannot write `out/x`: no space left on device`.
    pub fn io(deed: &str, path: &Path, error: &io::Error) -> Failure {
        Failure::new(format!("cannot {deed} `{}`: {}", path.display(), reason(error)))
    }

    /// Standard output that could not be written.
    pub fn stdout(error: &io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Failure::BrokenPipe
        } else {
            Failure::new(format!("cannot write to standard output: {}", reason(error)))
        }
    }
}

impl From<Mistake> for Failure {
    fn from(mistake: Mistake) -> Failure {
        Failure::new(mistake.to_string())
    }
}

/// The system's words without its error number: `no space left on device`.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => "unknown error".into(),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Message { text, help: None } => write!(f, "{text}"),
            Failure::Message { text, help: Some(help) } => write!(f, "{text}\n  = help: {help}"),
            Failure::Rendered(text) => write!(f, "{}", text.trim_end()),
            Failure::Interrupted => write!(f, "interrupted"),
            Failure::BrokenPipe => write!(f, "the reader of the output has gone"),
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_words_lose_their_number_and_their_capital() {
        let error = io::Error::from_raw_os_error(2);
        assert!(!reason(&error).contains("os error"), "{}", reason(&error));
        assert!(reason(&error).starts_with(char::is_lowercase), "{}", reason(&error));
    }

    #[test]
    fn a_reader_that_has_gone_is_told_apart_from_a_full_disk() {
        assert!(matches!(Failure::stdout(&io::ErrorKind::BrokenPipe.into()), Failure::BrokenPipe));
        assert!(matches!(Failure::stdout(&io::ErrorKind::StorageFull.into()), Failure::Message { .. }));
    }
}
