//! Diagnostics: what is wrong, where it stands, and what would be right.
//!
//! ```text
//!  decode, resolve, advice ──Diagnostic──► Report { source, text, diagnostics } ──render──► text for people
//! ```
//! # Models      the shape of rustc's messages: lower case, no full stop, the fix in `help` alone
//! # Source      rustc dev guide, "Diagnostic output style guide"

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};
use std::fmt;
use std::ops::Range;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The scenario cannot run.
    Error,
    /// It can, but probably not as its author wishes.
    Warning,
}

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Bytes of the source text it is about; none if about the whole.
    pub span: Option<Range<usize>>,
    /// What to say under the carets.
    pub label: String,
    /// What would be right.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(span: Range<usize>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, Some(span), message)
    }

    /// A warning at a place.
    pub fn warning(span: Range<usize>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, Some(span), message)
    }

    /// An error about the whole.
    pub fn whole(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, None, message)
    }

    fn new(severity: Severity, span: Option<Range<usize>>, message: impl Into<String>) -> Self {
        Diagnostic { severity, message: message.into(), span, label: String::new(), help: Vec::new() }
    }

    /// What to say under the carets.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// What would be right.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// A name that nobody knows, with the nearest of the known ones, and all of them when they are few.
    pub fn help_names(mut self, what: &str, found: &str, known: &[&str]) -> Self {
        if let Some(near) = nearest(found, known) {
            self = self.help(format!("{} {what} with a similar name exists: `{near}`", article(what)));
        }
        match known {
            [] => {}
            _ if known.len() <= 40 => {
                let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
                self = self.help(format!("known: {}", list.join(", ")));
            }
            _ => self = self.help(format!("{} are known", known.len())),
        }
        self
    }
}

fn article(what: &str) -> &'static str {
    if what.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" }
}

/// The most similar of some names, if any is similar.
pub fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace(['-', '_', ' '], "");
    let score = |name: &&&str| strsim::damerau_levenshtein(&plain(found), &plain(name));
    known
        .iter()
        .min_by_key(score)
        .filter(|name| score(name) <= plain(found).chars().count().max(3) / 3)
        .or_else(|| known.iter().find(|name| found.len() > 3 && plain(name).contains(&plain(found))))
        .copied()
}

/// Messages about one source text.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Name of the source, for the reader.
    pub source: String,
    /// The text the spans point into.
    pub text: String,
    /// The messages, in order of their places.
    pub diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// A report of one message about a source as a whole.
    pub fn whole(source: &str, diagnostic: Diagnostic) -> Self {
        Report { source: source.to_owned(), text: String::new(), diagnostics: vec![diagnostic] }
    }

    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|d| d.severity == Severity::Error).count()
    }

    /// The messages as people read them; with colours for a terminal if asked.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let mut all = String::new();
        for diagnostic in &self.diagnostics {
            all.push_str(&renderer.render(&[self.group(diagnostic)]));
            all.push_str("\n\n");
        }
        all
    }

    fn group<'a>(&'a self, diagnostic: &'a Diagnostic) -> Group<'a> {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(diagnostic.message.as_str());
        let mut group = match &diagnostic.span {
            Some(span) => {
                let span = self.clip(span.clone());
                let mark = AnnotationKind::Primary.span(span).label(diagnostic.label.as_str());
                let snippet = Snippet::source(self.text.as_str()).path(self.source.as_str()).annotation(mark);
                title.element(snippet)
            }
            None => title.element(annotate_snippets::Origin::path(self.source.as_str())),
        };
        for help in &diagnostic.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        group
    }

    /// A span of one line at most, on character boundaries and inside the text.
    fn clip(&self, span: Range<usize>) -> Range<usize> {
        let text = &self.text;
        let floor = |mut at: usize| {
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = floor(span.start.min(text.len()));
        let end = floor(span.end.clamp(start, text.len()));
        let line_end = text[start..end].find(['\n', '\r']).map_or(end, |i| start + i);
        start..line_end
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Report {}
