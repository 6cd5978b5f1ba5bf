//! Random search: settings anywhere, each with the same number of replications. What a search must be better than.
//!
//! # Models      uniform points of the space, four replications each, the best by the same order as in a race
//! # Leaves out  everything clever
//! # Source      Bergstra, Bengio, "Random search for hyper-parameter optimization", 2012

use super::candidate::Origin;
use super::problem::Problem;
use super::search::{Round, Search};
use crate::Failure;

/// Replications of each setting.
const EACH: usize = 4;

/// Spends the whole allowance at random; the better ones are left as elites.
pub fn random<P: Problem>(search: &mut Search<'_, P>) -> Result<(), Failure> {
    let new = (search.left() / EACH as u64) as usize;
    let ids = search.fill(new, 0, |_, space, stream| (space.anywhere(stream), Origin::Spread));
    let before = search.runs();
    search.raise(&ids, EACH)?;
    search.settle_scales();
    let all: Vec<usize> = std::iter::once(0).chain(ids.iter().copied()).collect();
    search.raise(&[0], EACH)?;
    search.elect(&all, EACH);
    let runs = search.runs() - before;
    search.note(Round { round: 0, new: ids.len(), runs, top: EACH });
    Ok(())
}
