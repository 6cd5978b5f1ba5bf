//! The part of the page that tells what happened: the incidents with their chains, and the timeline.

use super::page::{ROWS, more, print, section};
use super::table::{BAD, BOLD, CARE, Cell, DIM, GOOD, Table, WIDTH, cut, paint, wrap};
use super::{incidents as chain, story, units};
use anstyle::Style;
use models::result::{EventKind, Summary, TimelineEvent};
use std::io::{self, Write};
use std::path::Path;
use unicode_width::UnicodeWidthStr;

/// Lines of the timeline that are shown.
const STORY: usize = 26;

/// Each incident with its chain.
///
/// # Errors
/// Those of `out`.
pub fn incidents(out: &mut dyn Write, summary: &Summary, folder: &Path) -> io::Result<()> {
    if summary.incidents.is_empty() {
        return Ok(());
    }
    section(out, "Incidents")?;
    for (at, incident) in summary.incidents.iter().enumerate().take(ROWS) {
        let felt = chain::felt(incident);
        let style = if chain::unnoticed(incident) { GOOD } else { CARE };
        let clock = units::clock(incident.t_s);
        let room = WIDTH.saturating_sub(clock.len() + 6 + felt.chars().count());
        let what = cut(&chain::title(incident), room);
        writeln!(out, "  {clock}  {}  {}", paint(&what, BOLD), paint(&felt, style))?;
        let mut lines = wrap_chain(&chain::line(incident));
        if let Some(missing) = chain::missing(incident) {
            let style = if incident.restored_s.is_none() { BAD } else { CARE };
            lines.push(paint(&missing, style));
        }
        if let Some(sentence) = chain::where_time_went(incident) {
            lines.extend(wrap(&sentence, WIDTH - 11).into_iter().map(|line| paint(&line, DIM)));
        }
        lines.push(paint(&format!("sim explain {} incident {}", folder.display(), at + 1), DIM));
        for line in lines {
            writeln!(out, "           {line}")?;
        }
    }
    more(out, summary.incidents.len().saturating_sub(ROWS))
}

/// A chain in lines, broken before an arrow and nowhere else.
fn wrap_chain(chain: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for link in chain.split(" → ") {
        match lines.last_mut() {
            None => lines.push(link.into()),
            Some(line) if line.chars().count() + 3 + link.chars().count() <= WIDTH - 11 => {
                line.push_str(" → ");
                line.push_str(link);
            }
            Some(_) => lines.push(format!("→ {link}")),
        }
    }
    lines
}

/// What happened, in order of time.
///
/// # Errors
/// Those of `out`.
pub fn timeline(out: &mut dyn Write, timeline: &[TimelineEvent]) -> io::Result<()> {
    let story = story::tell(timeline, STORY);
    if story.head.is_empty() {
        return Ok(());
    }
    section(out, "Timeline")?;
    // What the words have left of the width; those that need more go on in a second line.
    let shown = || story.head.iter().chain(&story.tail);
    let widest = |text: fn(&story::Line) -> String| shown().map(|line| text(line).width()).max().unwrap_or(0);
    let names =
        widest(|line| units::clock(line.t_s)) + widest(|line| story::words(line.kind)) + widest(story::Line::whom);
    let room = WIDTH.saturating_sub(names + 8).max(30);
    let mut table = Table::new(4);
    story.head.iter().for_each(|line| story_rows(&mut table, line, room));
    if story.skipped > 0 {
        let text = format!("… {} more", units::count(story.skipped as u64));
        table.row(["".into(), Cell::new(text, DIM)]);
    }
    story.tail.iter().for_each(|line| story_rows(&mut table, line, room));
    print(out, &table)?;
    let left = units::plural(story.lesser as u64, "lesser event");
    match (story.skipped, story.lesser) {
        (0, 0) => Ok(()),
        (_, 0) => writeln!(out, "  {}", paint("all of it in timeline.jsonl", DIM)),
        _ => writeln!(out, "  {}", paint(&format!("{left} left out; all of it in timeline.jsonl"), DIM)),
    }
}

fn story_rows(table: &mut Table, line: &story::Line, room: usize) {
    use EventKind::SpotInterruptionNotice;
    use EventKind::{CreditsExhausted, CreditsRestored, OutOfMemory, ProcessRestarted, StatusImpaired, StatusOk};
    use EventKind::{DegradationEnded, FailoverCompleted, InstanceInService, StandbyInSync, StoreRecovered};
    use EventKind::{
        DegradationStarted, FailOpen, FaultStarted, InstanceLost, LaunchFailed, PrimaryFailed, RefreshFailed,
        RefreshRollback, RefreshSucceeded, StandbyFailed,
    };
    use EventKind::{HookTimedOut, ProcessesSuspended, ScaleInBlocked, ZonalShiftStarted};
    use EventKind::{RecoveryRefused, TerminationRefused};
    let style = match line.kind {
        FaultStarted
        | InstanceLost
        | PrimaryFailed
        | StandbyFailed
        | LaunchFailed
        | FailOpen
        | DegradationStarted
        | RefreshFailed
        | RefreshRollback
        | OutOfMemory
        | StatusImpaired
        | CreditsExhausted
        | SpotInterruptionNotice => BAD,
        RefreshSucceeded | FailoverCompleted | InstanceInService | StandbyInSync | StoreRecovered
        | DegradationEnded | ProcessRestarted | StatusOk | CreditsRestored => GOOD,
        RecoveryRefused => BAD,
        ProcessesSuspended | ScaleInBlocked | TerminationRefused | ZonalShiftStarted | HookTimedOut => CARE,
        _ => Style::new(),
    };
    for (i, words) in wrap(&line.words(), room).into_iter().enumerate() {
        let names = if i == 0 {
            [Cell::new(units::clock(line.t_s), DIM), Cell::new(story::words(line.kind), style), line.whom().into()]
        } else {
            ["", "", ""].map(Cell::from)
        };
        table.row(names.into_iter().chain([Cell::new(words, DIM)]));
    }
}
