//! What is asked of a sweep: which figures to show, what is wanted of them, and figures made of others.
//!
//! ```text
//!  sweep file, options ──► View (texts, kept in sweep.json) ──read──► Wishes { formulas, objectives, constraints }
//! ```
//! # Models      a view can change without anything being run again: records hold every figure
//! # Leaves out  which cells answer it: `found`

use crate::experiment::formula::Formula;
use crate::experiment::metrics::unit;
use crate::experiment::objective::{Constraint, Mistake, Objective};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is asked, as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Figures that are shown; none: the usual ones.
    pub metrics: Vec<String>,
    /// Figures made of others: name and formula.
    pub formulas: BTreeMap<String, String>,
    /// `minimize FIGURE` or `maximize FIGURE`.
    pub objectives: Vec<String>,
    /// `FIGURE >= BOUND`.
    pub subject_to: Vec<String>,
}

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wishes {
    /// Figures made of others, by their names.
    pub formulas: Vec<(String, Formula)>,
    /// What is to be small or great; the front is of these.
    pub objectives: Vec<Objective>,
    /// What a cell must keep to be on the front.
    pub constraints: Vec<Constraint>,
}

impl View {
    /// Reads it.
    ///
    /// # Errors
    /// The first mistake.
    pub fn read(&self) -> Result<Wishes, Mistake> {
        let formula = |(name, text): (&String, &String)| Ok((name.clone(), Formula::parse(text)?));
        let formulas: Vec<(String, Formula)> = self.formulas.iter().map(formula).collect::<Result<_, Mistake>>()?;
        let unit = |name: &str| match formulas.iter().find(|formula| formula.0 == name) {
            Some((_, formula)) => formula.unit(),
            None => unit(name),
        };
        let constraint = |text: &String| Constraint::parse_in(text, &unit);
        let constraints = self.subject_to.iter().map(constraint).collect::<Result<_, _>>()?;
        let objectives = self.objectives.iter().map(|text| Objective::parse(text)).collect::<Result<_, _>>()?;
        Ok(Wishes { formulas, objectives, constraints })
    }
}

impl Wishes {
    /// Names of all figures that are wanted something of.
    pub fn figures(&self) -> impl Iterator<Item = &str> {
        let objectives = self.objectives.iter().map(|objective| objective.metric.as_str());
        objectives.chain(self.constraints.iter().map(|constraint| constraint.metric.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_read_or_its_first_mistake_told() {
        let mut view = View {
            metrics: vec!["waste".into()],
            formulas: BTreeMap::from([("waste".into(), "cost / requests.succeeded".into())]),
            objectives: vec!["minimize waste".into(), "maximize availability".into()],
            subject_to: vec!["p99 <= 300ms".into()],
        };
        let wishes = view.read().unwrap();
        assert_eq!(wishes.figures().collect::<Vec<_>>(), ["waste", "availability", "latency_ms.p99"]);
        assert_eq!(wishes.formulas[0].1.text(), "cost / requests.succeeded");
        view.formulas.insert("slow".into(), "p99".into());
        view.subject_to.push("slow <= 0.3s".into());
        assert_eq!(view.read().unwrap().constraints[1].bound, 300.0, "in the unit of what it stands for");
        view.subject_to.push("p99 <= soon".into());
        assert!(view.read().unwrap_err().to_string().contains("`soon` is no number"));
    }
}
