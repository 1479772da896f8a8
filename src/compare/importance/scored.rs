//! The trials that importances are computed from: those with a finite score.

use super::intervals::ENOUGH;
use super::{ImportanceError, ImportanceMethod, ScoredPoint};
use crate::domain::Objective;
use crate::space::{Dimension, Point, Space, SpaceError};

/// Parameters that a note names at most.
const NAMED: usize = 3;

/// At most so many of `n` places, spread evenly.
pub(super) fn evenly(n: usize, most: usize) -> impl Iterator<Item = usize> {
    let kept = n.min(most);
    (0..kept).map(move |i| i * n / kept)
}

/// Trials with a finite score, turned so that smaller is better.
pub(super) struct Scored<'a> {
    pub(super) points: Vec<&'a Point>,
    pub(super) losses: Vec<f64>,
}

impl<'a> Scored<'a> {
    /// Checks the trials and leaves out those whose score is not finite.
    pub(super) fn new(
        space: &Space,
        trials: &[ScoredPoint<'a>],
        objective: &Objective,
        (method, needed): (ImportanceMethod, usize),
    ) -> Result<Self, ImportanceError> {
        for (at, trial) in trials.iter().enumerate() {
            let told = |why: SpaceError| ImportanceError::Point { at, why: why.to_string() };
            space.check(trial.point).map_err(told)?;
        }
        let finite = trials.iter().filter(|trial| trial.score.is_finite());
        let (points, losses): (Vec<_>, Vec<f64>) =
            finite.map(|trial| (trial.point, objective.goal.loss(trial.score))).unzip();
        if points.len() < needed {
            let (method, found) = (method.word(), points.len());
            let left_out = trials.len() - found;
            return Err(ImportanceError::Few { method, needed, found, left_out });
        }
        if space.dims().iter().all(Dimension::is_constant) {
            return Err(ImportanceError::Constant);
        }
        if losses.iter().all(|loss| *loss == losses[0]) {
            let score = objective.goal.loss(losses[0]).to_string();
            return Err(ImportanceError::Equal { trials: losses.len(), score });
        }
        Ok(Self { points, losses })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.points.len()
    }

    /// At most so many of them, spread evenly over the search.
    pub(super) fn thinned(&self, most: usize) -> Self {
        let at = evenly(self.len(), most);
        let (points, losses) = at.map(|i| (self.points[i], self.losses[i])).unzip();
        Self { points, losses }
    }

    /// Trials in which a dimension is active.
    pub(super) fn active(&self, dim: usize) -> usize {
        self.points.iter().filter(|point| point.0[dim].is_some()).count()
    }

    /// True where a dimension had two values, so that something can be known of it.
    pub(super) fn varied(&self, dim: usize) -> bool {
        let mut values = self.points.iter().filter_map(|point| point.0[dim]);
        values.next().is_some_and(|first| values.any(|other| other != first))
    }

    /// Notes on parameters of which nothing can be known, or little.
    pub(super) fn doubts(&self, space: &Space) -> Vec<String> {
        let names = space.shown_names();
        let (mut idle, mut flat, mut rare) = (vec![], vec![], vec![]);
        for dim in (0..space.len()).filter(|&dim| !space.dims()[dim].is_constant()) {
            let active = self.active(dim);
            let list = match active {
                0 => &mut idle,
                _ if !self.varied(dim) => &mut flat,
                _ if active < ENOUGH && self.len() >= ENOUGH => &mut rare,
                _ => continue,
            };
            list.push(names[dim]);
        }
        let told = |which: &[&str], what: &str, how_much: &str| {
            let shown = which[..which.len().min(NAMED)].join(", ");
            let more = which.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let them = if which.len() == 1 { "it" } else { "them" };
            format!("{shown}{more} {what}: {how_much} is known of {them}")
        };
        let few = format!("was active in fewer than {ENOUGH} trials");
        [
            (&idle, "was active in no trial", "nothing"),
            (&flat, "had the same value in all trials", "nothing"),
            (&rare, few.as_str(), "little"),
        ]
        .into_iter()
        .filter(|(which, ..)| !which.is_empty())
        .map(|(which, what, how_much)| told(which, what, how_much))
        .collect()
    }
}
