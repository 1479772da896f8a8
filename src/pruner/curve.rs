//! What a running trial has reported: a curve a context.

use crate::domain::Goal;
use std::collections::BTreeMap;

/// The values of one trial on one context, by step.
#[derive(Debug, Clone)]
pub(super) struct Curve {
    /// The last value of each step.
    pub(super) values: BTreeMap<i64, f64>,
    /// The best value so far; NaN if all are.
    pub(super) best: f64,
    /// How often the past has changed: a value came late or replaced another.
    pub(super) rewrites: u64,
}

impl Default for Curve {
    fn default() -> Self {
        Self { values: BTreeMap::new(), best: f64::NAN, rewrites: 0 }
    }
}

/// How a value joined its curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joined {
    /// As the highest step; the one that was highest before.
    Newest(Option<i64>),
    /// At a new step below the highest.
    Late,
    /// At a step that was there already.
    Again,
}

impl Curve {
    fn note(&mut self, goal: Goal, step: i64, value: f64) -> Joined {
        let highest = self.highest();
        let Some(old) = self.values.insert(step, value) else {
            if goal.better(value, self.best) {
                self.best = value;
            }
            if highest.is_none_or(|highest| step > highest) {
                return Joined::Newest(highest);
            }
            self.rewrites += 1;
            return Joined::Late;
        };
        self.rewrites += 1;
        if goal.better(value, self.best) {
            self.best = value;
        } else if old == self.best {
            self.best = best(goal, self.values.values().copied());
        }
        Joined::Again
    }

    /// The highest step so far.
    pub(super) fn highest(&self) -> Option<i64> {
        self.values.last_key_value().map(|(&step, _)| step)
    }
}

/// The best of some values; NaN if there is none but NaN.
pub(super) fn best(goal: Goal, values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::NAN, |best, value| if goal.better(value, best) { value } else { best })
}

/// The curves of one attempt at a trial.
#[derive(Debug, Clone, Default)]
pub(super) struct Curves {
    /// By the context's number.
    pub(super) of: BTreeMap<u32, Curve>,
    /// How many values there are, over all contexts.
    pub(super) n: usize,
    /// How many of them are NaN or infinite.
    pub(super) n_wild: usize,
    sum: f64,
}

impl Curves {
    /// Takes in a value.
    pub(super) fn note(&mut self, goal: Goal, context: u32, step: i64, value: f64) -> Joined {
        let joined = self.of.entry(context).or_default().note(goal, step, value);
        if joined == Joined::Again {
            let all = || self.of.values().flat_map(|curve| curve.values.values());
            self.sum = all().sum();
            self.n_wild = all().filter(|value| !value.is_finite()).count();
        } else {
            self.n += 1;
            self.sum += value;
            self.n_wild += usize::from(!value.is_finite());
        }
        joined
    }

    /// The mean of all values; NaN without any.
    pub(super) fn mean(&self) -> f64 {
        self.sum / self.n as f64
    }

    /// The highest step of any context.
    pub(super) fn highest(&self) -> Option<i64> {
        self.of.values().filter_map(Curve::highest).max()
    }

    /// The mean over the contexts that reached the highest step of their values there.
    pub(super) fn at_highest(&self) -> Option<(i64, f64)> {
        let step = self.highest()?;
        let there = self.of.values().filter_map(|curve| curve.values.get(&step));
        let (n, sum) = there.fold((0_u32, 0.0), |(n, sum), value| (n + 1, sum + value));
        Some((step, sum / f64::from(n)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_a_step_counts() {
        let mut curves = Curves::default();
        let mut note = |step, value| curves.note(Goal::Minimize, 0, step, value);
        assert_eq!(note(1, 0.5), Joined::Newest(None));
        assert_eq!(note(5, 0.2), Joined::Newest(Some(1)));
        assert_eq!(note(3, f64::NAN), Joined::Late);
        assert_eq!(note(5, 0.7), Joined::Again);
        assert_eq!(note(3, 0.6), Joined::Again);
        let curve = &curves.of[&0];
        assert_eq!((curve.best, curve.highest(), curve.rewrites), (0.5, Some(5), 3));
        assert_eq!((curves.n, curves.n_wild), (3, 0));
        assert!((curves.mean() - 0.6).abs() < 1e-12);
    }

    #[test]
    fn the_value_at_the_highest_step_is_a_mean_over_contexts() {
        let mut curves = Curves::default();
        for (context, step, value) in [(0, 1, 9.0), (0, 2, 1.0), (1, 2, 3.0), (2, 1, 50.0)] {
            curves.note(Goal::Maximize, context, step, value);
        }
        assert_eq!(curves.at_highest(), Some((2, 2.0)));
        assert_eq!(Curves::default().at_highest(), None);
    }
}
