//! What a stopped trial would have come to, by those that ran to their end.
//!
//! A stopped trial is compared with completed ones where it stood: with the same folds, or at the same step of a
//! curve. What these had there and in the end are pairs; the forecast is a line through the pairs nearest to the
//! stopped trial's value, whose slope is shrunk to 1, the slope of trials that differ by as much in the end as then.

use super::curve::Curves;
use crate::domain::Goal;
use std::collections::BTreeMap;

/// Values of a curve that are kept from one doubling of its length to the next.
const DENSE: usize = 8;
/// Pairs that a line goes through.
const NEAREST: usize = 8;
/// For so many pairs of slope 1 the prior counts.
const PRIOR: f64 = 2.0;

/// What is kept of a completed trial: losses by context and step, thinned.
#[derive(Debug, Clone, Default)]
pub(super) struct Course(BTreeMap<u32, Vec<(i64, f64)>>);

/// Where a trial was stopped, and what it had there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// Contexts that are over.
    over: Vec<u32>,
    /// The last context and the step there.
    last: (u32, i64),
    /// The mean loss over all of these.
    loss: f64,
}

impl Course {
    pub(super) fn of(curves: &Curves, goal: Goal) -> Self {
        let thinned = |values: &BTreeMap<i64, f64>| {
            let n = values.len();
            let kept = values.iter().enumerate().filter(|&(at, _)| is_kept(at, n));
            kept.map(|(_, (&step, &value))| (step, goal.loss(value))).collect()
        };
        Self(curves.of.iter().map(|(&context, curve)| (context, thinned(&curve.values))).collect())
    }

    /// How many contexts there are.
    pub(super) fn n_contexts(&self) -> usize {
        self.0.len()
    }

    /// The mean loss that the trial had at a place; `None` where it has no value there.
    fn at(&self, place: &Place) -> Option<f64> {
        let (context, step) = place.last;
        let steps = self.0.get(&context)?;
        let reached = steps[..steps.partition_point(|(at, _)| *at <= step)].last()?.1;
        let over = place.over.iter().map(|context| Some(self.0.get(context)?.last()?.1));
        let sum = over.sum::<Option<f64>>()? + reached;
        Some(sum / (place.over.len() + 1) as f64)
    }
}

/// The first values of a curve, then ever fewer, and the last one: positions 0 to 15, 16, 18, … 30, 32, 36, ….
fn is_kept(at: usize, n: usize) -> bool {
    let mut stride = 1;
    while at >= DENSE * 2 * stride {
        stride *= 2;
    }
    at + 1 == n || at.is_multiple_of(stride)
}

impl Place {
    /// Where a trial with these curves stands; `None` without values.
    pub(super) fn of(curves: &Curves, goal: Goal) -> Option<Self> {
        let (&last, curve) = curves.of.last_key_value()?;
        let step = curve.highest()?;
        let over: Vec<u32> = curves.of.keys().copied().filter(|&context| context != last).collect();
        let ends = curves.of.values().filter_map(|curve| curve.values.last_key_value());
        let sum: f64 = ends.map(|(_, &value)| goal.loss(value)).sum();
        let loss = sum / (over.len() + 1) as f64;
        Some(Self { over, last: (last, step), loss })
    }

    /// The loss that a trial at this place would have come to, by completed trials and their losses; `None` if none
    /// has been here.
    pub(super) fn forecast<'a>(
        &self,
        done: impl Iterator<Item = (&'a Course, f64)>,
    ) -> Option<f64> {
        let pairs = done.filter_map(|(course, end)| Some((course.at(self)?, end)));
        line(pairs.collect(), self.loss)
    }
}

/// The value at `x` of a line through the nearest of some points.
fn line(mut pairs: Vec<(f64, f64)>, x: f64) -> Option<f64> {
    pairs.retain(|(seen, end)| seen.is_finite() && end.is_finite());
    if pairs.is_empty() || !x.is_finite() {
        return None;
    }
    pairs.sort_by(|(a, _), (b, _)| (a - x).abs().total_cmp(&(b - x).abs()));
    pairs.truncate(NEAREST);
    let n = pairs.len() as f64;
    let (sum_x, sum_y) = pairs.iter().fold((0.0, 0.0), |(x, y), pair| (x + pair.0, y + pair.1));
    let (mean_x, mean_y) = (sum_x / n, sum_y / n);
    let xx: f64 = pairs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let xy: f64 = pairs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let slope = if xx > 0.0 { (xy / xx + PRIOR / n) / (1.0 + PRIOR / n) } else { 1.0 };
    let value = mean_y + slope.max(0.0) * (x - mean_x);
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curves(values: &[(u32, i64, f64)]) -> Curves {
        let mut curves = Curves::default();
        for &(context, step, value) in values {
            curves.note(Goal::Minimize, context, step, value);
        }
        curves
    }

    #[test]
    fn a_line_is_shrunk_to_slope_one() {
        assert_eq!(line(vec![], 1.0), None);
        assert_eq!(line(vec![(f64::NAN, 1.0)], 1.0), None);
        assert_eq!(line(vec![(1.0, 0.5)], 3.0), Some(2.5), "as far apart in the end as then");
        // Slope 3 by two points, slope 1 by the prior of two: 2.
        assert_eq!(line(vec![(0.0, 0.0), (1.0, 3.0)], 2.5), Some(1.5 + 2.0 * 2.0));
        assert_eq!(line(vec![(0.0, 9.0), (1.0, 0.0)], 2.5), Some(4.5), "no line falls");
        let far = (0..8).map(|i| (f64::from(i), 0.0)).chain([(1e6, 1e9)]).collect();
        assert!(line(far, 0.0).unwrap() < 1.0, "only the nearest count");
    }

    #[test]
    fn places_are_compared_fold_by_fold_and_step_by_step() {
        let done = curves(&[(0, 1, 0.5), (0, 2, 0.3), (1, 1, 0.9), (1, 2, 0.7), (1, 3, 0.6)]);
        let course = Course::of(&done, Goal::Minimize);
        let stopped = curves(&[(0, 1, 0.8), (0, 2, 0.5), (0, 4, 0.4), (1, 2, 1.0)]);
        let place = Place::of(&stopped, Goal::Minimize).unwrap();
        assert_eq!(place, Place { over: vec![0], last: (1, 2), loss: 0.7 });
        assert_eq!(course.at(&place), Some(0.5));
        let early = Place::of(&curves(&[(0, 0, 1.0)]), Goal::Minimize).unwrap();
        assert_eq!(course.at(&early), None, "nothing that early");
        let other = Place::of(&curves(&[(2, 1, 1.0)]), Goal::Minimize).unwrap();
        assert_eq!(other.forecast([(&course, 0.45)].into_iter()), None, "another fold");
        let end = place.forecast([(&course, 0.45)].into_iter()).unwrap();
        assert!((end - 0.65).abs() < 1e-12);
    }

    #[test]
    fn long_curves_are_thinned() {
        let kept: Vec<usize> = (0..1000).filter(|&at| is_kept(at, 1000)).collect();
        assert_eq!(kept[..18], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18]);
        assert_eq!(kept.last(), Some(&999));
        assert!(kept.len() <= 80, "{}", kept.len());
    }
}
