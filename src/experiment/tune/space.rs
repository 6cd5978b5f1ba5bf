//! The space that is searched: axes as a cube of shares, in which settings are spread, bred and moved.
//!
//! ```text
//!  axis ──0 ◄── share ──► 1──► value       scale: near shares are near values        choice: they are not
//! ```
//! # Models      numbers between two ends, lists of numbers in their order, lists of names and blocks; the same value may have
//!   several shares, and is tried once
//! # Leaves out  axes that depend on each other: settings that contradict themselves are passed over
//! # Source      Burley, "Practical hash-based Owen scrambling", 2020 (spread); López-Ibáñez et al., "The irace package", 2016
//!   (truncated normals around elites, their width shrinking from round to round)

use crate::experiment::sweep::axis::{Axis, Value, Values, position};
use crate::experiment::sweep::design::sobol;
use sim_core::math::normal_quantile;
use sim_core::{Stream, Words};

/// The axes of a search.
#[derive(Clone, Copy, Debug)]
pub struct Space<'a> {
    /// What is varied.
    pub axes: &'a [Axis],
}

/// How likely few parameters of a child are moved far rather than many a little; and how likely a parameter is the second
/// parent's, that it is one of many that are moved, and that a choice is made anew.
const FEW: f64 = 0.5;
const CROSSED: f64 = 0.2;
const MOVED: f64 = 0.6;
const CHOSEN_ANEW: f64 = 0.15;

impl Space<'_> {
    /// Parameters.
    pub fn dimensions(&self) -> usize {
        self.axes.len()
    }

    /// The values at a point.
    pub fn values(&self, point: &[f64]) -> Vec<Value> {
        self.axes.iter().zip(point).map(|(axis, share)| value(axis, *share)).collect()
    }

    /// Where a text lies on an axis; none if the axis has nothing like it.
    pub fn place(&self, axis: usize, text: &str) -> Option<f64> {
        match &self.axes[axis].values {
            Values::Listed(values) => position(values, text),
            Values::Drawn(drawn) => drawn.share_of(text),
        }
    }

    /// Whether near shares are near values.
    pub fn is_scale(&self, axis: usize) -> bool {
        match &self.axes[axis].values {
            Values::Listed(values) => values.iter().all(|value| value.number.is_some()),
            Values::Drawn(drawn) => drawn.choice().is_none(),
        }
    }

    /// Values one by one, of an axis that has them.
    fn options(&self, axis: usize) -> Option<&[Value]> {
        match &self.axes[axis].values {
            Values::Listed(values) => Some(values),
            Values::Drawn(drawn) => drawn.choice(),
        }
    }

    /// A point of a design that fills the space evenly, however many are taken.
    pub fn spread(&self, index: u32, seed: u64) -> Vec<f64> {
        let seed = seed as u32 ^ (seed >> 32) as u32;
        (0..self.axes.len()).map(|axis| sobol(index, axis as u32, seed)).collect()
    }

    /// A point anywhere.
    pub fn anywhere(&self, stream: &mut Stream) -> Vec<f64> {
        self.axes.iter().map(|_| stream.unit()).collect()
    }

    /// The same point with choices in the middle of their parts, so that the same name is the same place.
    pub fn middle(&self, point: &[f64]) -> Vec<f64> {
        let middle = |(axis, share): (usize, &f64)| match self.options(axis) {
            Some(options) if !self.is_scale(axis) => {
                let n = options.len() as f64;
                ((share * n).floor().min(n - 1.0) + 0.5) / n
            }
            _ => *share,
        };
        point.iter().enumerate().map(middle).collect()
    }

    /// A child of two points: mostly the first's values; either many of them moved by about `width`, or a few of them far.
    pub fn near(&self, first: &[Option<f64>], second: &[Option<f64>], width: f64, stream: &mut Stream) -> Vec<f64> {
        let few = stream.chance(FEW);
        let (often, width) = if few { (1.5 / self.axes.len() as f64, 4.0 * width) } else { (MOVED, width) };
        (0..self.axes.len())
            .map(|axis| {
                // The same number of draws in every case, so that the axes do not disturb each other.
                let (crossed, moved, by) = (stream.chance(CROSSED), stream.unit(), stream.unit());
                let own = if crossed { second[axis].or(first[axis]) } else { first[axis].or(second[axis]) };
                match own {
                    None => by,
                    Some(own) if self.is_scale(axis) => {
                        if moved < often {
                            mirrored(own + width * normal_quantile(by))
                        } else {
                            own
                        }
                    }
                    Some(own) => {
                        if moved < CHOSEN_ANEW {
                            by
                        } else {
                            own
                        }
                    }
                }
            })
            .collect()
    }

    /// Other values of an axis than the one at `own`, at most `most`: over the whole axis, in its order.
    pub fn others(&self, axis: usize, own: Option<f64>, most: usize) -> Vec<Value> {
        let own = own.map(|share| value(&self.axes[axis], share).text);
        let mut all: Vec<Value> = match self.options(axis) {
            Some(values) if values.len() <= most + 1 => values.to_vec(),
            _ => {
                let last = most.max(2) - 1;
                (0..=last).map(|i| value(&self.axes[axis], (i as f64 / last as f64).clamp(1e-6, 1.0 - 1e-6))).collect()
            }
        };
        all.retain(|value| Some(&value.text) != own.as_ref());
        all.dedup_by(|a, b| a.text == b.text);
        all.truncate(most);
        all
    }
}

/// The value of an axis at a share.
fn value(axis: &Axis, share: f64) -> Value {
    match &axis.values {
        Values::Listed(values) => {
            let at = (share * values.len() as f64) as usize;
            values[at.min(values.len() - 1)].clone()
        }
        Values::Drawn(drawn) => drawn.at(share),
    }
}

/// What lies beyond an end, as far on this side of it.
fn mirrored(share: f64) -> f64 {
    let share = share.abs() % 2.0;
    let share = if share > 1.0 { 2.0 - share } else { share };
    share.clamp(1e-6, 1.0 - 1e-6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn axes(texts: &[(&str, &str)]) -> Vec<Axis> {
        texts.iter().map(|(path, values)| Axis::searched(path, values, Path::new(".")).unwrap()).collect()
    }

    #[test]
    fn a_cube_has_every_kind_of_value() {
        let axes = axes(&[("a", "60s..600s"), ("b", "1,2,4,8"), ("c", "Basic,Detailed"), ("d", "0.5..0.9")]);
        let space = Space { axes: &axes };
        let texts = |share: f64| -> Vec<String> { space.values(&[share; 4]).into_iter().map(|v| v.text).collect() };
        assert_eq!(texts(0.000_01), ["60s", "1", "Basic", "0.5"]);
        assert_eq!(texts(0.999_99), ["600s", "8", "Detailed", "0.9"]);
        assert_eq!((0..4).map(|axis| space.is_scale(axis)).collect::<Vec<_>>(), [true, true, false, true]);
        for (axis, text) in [(0, "300s"), (1, "4"), (2, "Detailed")] {
            let mut point = [0.5; 4];
            point[axis] = space.place(axis, text).unwrap();
            assert_eq!(space.values(&point)[axis].text, text);
        }
        assert_eq!(space.place(2, "None"), None);
    }

    #[test]
    fn children_are_near_their_parents_and_inside() {
        let axes = axes(&[("a", "0.0..1.0"), ("b", "x,y,z")]);
        let space = Space { axes: &axes };
        let mut stream = Stream::new(1, 0, "test", "near");
        let parent = [Some(0.02), Some(0.5)];
        let children: Vec<Vec<f64>> = (0..500).map(|_| space.near(&parent, &parent, 0.1, &mut stream)).collect();
        assert!(children.iter().all(|child| child[0] > 0.0 && child[0] < 1.0));
        let near = children.iter().filter(|child| child[0] < 0.3).count();
        assert!(near > 350, "most are near, some are far: {near}");
        let same = children.iter().filter(|child| child[0] == 0.02).count();
        assert!((110..220).contains(&same), "about a third are not moved: {same}");
        let chosen = children.iter().filter(|child| space.values(child)[1].text != "y").count();
        assert!((25..85).contains(&chosen), "a choice is made anew now and then: {chosen}");
        let anywhere = space.near(&[None, None], &[None, Some(0.9)], 0.1, &mut stream);
        assert!((0.0..1.0).contains(&anywhere[0]), "an unknown place is any place");
    }

    #[test]
    fn levels_leave_out_the_own_value() {
        let axes = axes(&[("a", "60s..600s"), ("b", "x,y,z"), ("c", "2..3")]);
        let space = Space { axes: &axes };
        let texts = |axis, own: &str| -> Vec<String> {
            space.others(axis, space.place(axis, own), 4).into_iter().map(|v| v.text).collect()
        };
        assert_eq!(texts(0, "300s"), ["60s", "240s", "420s", "600s"]);
        assert_eq!(texts(0, "60s"), ["240s", "420s", "600s"]);
        assert_eq!(texts(1, "y"), ["x", "z"]);
        assert_eq!(texts(2, "2"), ["3"]);
    }
}
