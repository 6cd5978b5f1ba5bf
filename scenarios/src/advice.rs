//! Advice: settings that are legal but unwise, with the scenario's own numbers.

use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use models::plan::Plan;

pub(crate) fn advise(_plan: &Plan, _root: Place<'_>) -> Vec<Diagnostic> {
    Vec::new()
}
