//! The runs of a sweep as columns, the best first: what all figures but the timeline are drawn from.

use super::column::Column;
use crate::domain::{Goal, Objective, RunId, Status, SweepId};

/// Runs with a score that are handed to the screen: the best half of them are the best, the others stand for the rest.
pub(super) const MOST_SCORED: usize = 4_000;
/// Runs without one.
pub(super) const MOST_OTHERS: usize = 1_000;

/// One run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) run: RunId,
    pub(super) trial: u64,
    pub(super) status: Status,
}

/// Runs and columns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    pub(super) sweep: SweepId,
    /// The sweep's name.
    pub(super) name: String,
    /// True if the name alone means this sweep.
    pub(super) is_alone: bool,
    /// The smallest and the largest number of its runs.
    pub(super) ids: (i64, i64),
    pub(super) objectives: Vec<Objective>,
    /// Those with a score from the best to the worst, then the others by trial.
    pub(super) rows: Vec<Row>,
    /// How many of `rows` have a score.
    pub(super) n_scored: usize,
    /// How many of all have one.
    pub(super) total_scored: usize,
    /// Done, but the score is missing, NaN or infinite.
    pub(super) without_score: usize,
    /// Runs of any state.
    pub(super) total: usize,
    /// Parameters by importance, objectives, other metrics, seconds, trial.
    pub(super) columns: Vec<Column>,
}

impl Table {
    /// The column of that name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The first objective.
    pub(super) fn objective(&self) -> Option<usize> {
        let is_first = |column: &Column| matches!(column.holds, super::column::Holds::Objective(_));
        self.columns.iter().position(is_first)
    }

    /// The direction of the first objective.
    pub(super) fn goal(&self) -> Goal {
        self.objectives.first().map_or(Goal::Minimize, |objective| objective.goal)
    }

    /// Parameters of more than one value, the most important first.
    pub(super) fn varying(&self) -> Vec<usize> {
        let is_one = |at: &usize| self.columns[*at].is_param() && self.columns[*at].varies();
        (0..self.columns.len()).filter(is_one).collect()
    }

    /// The axes of parallel coordinates: what varies, then what is optimized.
    pub(super) fn axes(&self) -> Vec<usize> {
        let mut axes = self.varying();
        let is_aim =
            |at: &usize| matches!(self.columns[*at].holds, super::column::Holds::Objective(_));
        axes.extend((0..self.columns.len()).filter(is_aim));
        axes
    }

    /// How many rows are the best tenth; at least one.
    pub(super) fn n_best(&self) -> usize {
        let best = self.total_scored.div_ceil(10);
        best.min(self.n_scored)
    }

    /// The row of a run.
    pub(super) fn row_of(&self, run: RunId) -> Option<usize> {
        self.rows.iter().position(|row| row.run == run)
    }

    /// Two parameters for a contour: the most important one, and the first number that enough runs have with it, else
    /// the first of anything.
    pub(super) fn pair(&self) -> Option<(usize, usize)> {
        let varying = self.varying();
        let numbers = varying.iter().copied().filter(|at| self.columns[*at].is_number());
        let first = numbers.clone().next().or(varying.first().copied())?;
        let together = |at: usize| {
            let has = |of: usize, row: usize| self.columns[of].values[row].is_finite();
            (0..self.n_scored).filter(|row| has(first, *row) && has(at, *row)).count()
        };
        let others: Vec<(usize, usize)> = varying
            .iter()
            .filter(|at| **at != first)
            .map(|at| (*at, together(*at)))
            .filter(|(_, n)| *n > 0)
            .collect();
        let most = others.iter().map(|(_, n)| *n).max()?;
        let is_number = |at: usize| self.columns[at].is_number();
        let number = others.iter().find(|(at, n)| is_number(*at) && 4 * n >= most);
        number.or_else(|| others.iter().find(|(_, n)| 2 * n >= most)).map(|(at, _)| (first, *at))
    }

    /// How many of how many are shown, if not all are.
    pub(super) fn shown(&self) -> String {
        let count = |n: usize| crate::report::words::count(n as u64);
        match self.total_scored > self.n_scored {
            true => format!("{} of {} runs", count(self.n_scored), count(self.total_scored)),
            false => crate::report::words::plural(self.n_scored as u64, "run"),
        }
    }
}

/// Which of `n` are kept, in order: the first half of `most`, and of the rest every so many.
pub(super) fn sample(n: usize, most: usize) -> Vec<usize> {
    if n <= most {
        return (0..n).collect();
    }
    let first = most / 2;
    let every = (n - first) as f64 / (most - first) as f64;
    (0..first).chain((0..most - first).map(|at| first + (at as f64 * every) as usize)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_keeps_the_best_and_spreads_over_the_rest() {
        assert_eq!(sample(3, 10), vec![0, 1, 2]);
        let kept = sample(100_000, 4_000);
        assert_eq!((kept.len(), kept[1_999], kept[2_000]), (4_000, 1_999, 2_000));
        assert!(kept.windows(2).all(|pair| pair[0] < pair[1]) && kept[3_999] > 99_900);
    }
}
