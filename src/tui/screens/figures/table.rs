//! The runs of a sweep as columns, the best first: what all figures but the timeline are drawn from.

use super::column::Column;
use crate::domain::{Objective, RunId, Status, SweepId};

/// Runs with a score that are handed to the screen: the best half of them are the best, the others stand for the rest.
pub(super) const MOST_SCORED: usize = 4_000;
/// Runs without one.
pub(super) const MOST_OTHERS: usize = 1_000;

/// So many runs are enough to say something of two parameters, or one in so many where there are few.
const ENOUGH: usize = 10;
/// What one run in so many has is common: an axis of parallel coordinates, the second parameter of a contour.
const COMMON: usize = 4;
/// Fewer axes than these say too little.
const FEW: usize = 3;

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
    /// Its file, as the user named it.
    pub(super) file: String,
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
    /// More runs are to be expected: something drives the sweep.
    pub(super) is_live: bool,
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

    /// Parameters of more than one value, the most important first.
    pub(super) fn varying(&self) -> Vec<usize> {
        let is_one = |at: &usize| self.columns[*at].is_param() && self.columns[*at].varies();
        (0..self.columns.len()).filter(is_one).collect()
    }

    /// The axes of parallel coordinates: what varies, then what is optimized.
    pub(super) fn axes(&self) -> Vec<usize> {
        let has = |at: &usize| {
            let values = self.columns[*at].values[..self.n_scored].iter();
            values.filter(|value| value.is_finite()).count() * COMMON >= self.n_scored
        };
        // Parameters of single branches would be axes that hardly a line crosses.
        let mut axes: Vec<usize> = self.varying().into_iter().filter(has).collect();
        if axes.len() < FEW {
            axes = self.varying();
        }
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

    /// Two parameters for a contour: the most important one that another varies with in enough runs, and of those the
    /// most important; numbers before choices.
    pub(super) fn pair(&self) -> Option<(usize, usize)> {
        let varying = self.varying();
        let (numbers, choices): (Vec<usize>, Vec<usize>) =
            varying.into_iter().partition(|at| self.columns[*at].is_number());
        let of_numbers = numbers.iter().map(|a| (*a, numbers.iter().chain(&choices)));
        let of_choices = choices.iter().map(|a| (*a, choices.iter().chain(&[])));
        for (a, others) in of_numbers.chain(of_choices) {
            if let Some(b) = others.copied().find(|b| *b != a && self.vary_together(a, *b)) {
                return Some((a, b));
            }
        }
        None
    }

    /// True if enough of the runs that have the first have the second, with more than one value of each among them.
    fn vary_together(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.columns[a].values, &self.columns[b].values);
        let n = a[..self.n_scored].iter().filter(|value| value.is_finite()).count();
        let rows: Vec<usize> =
            (0..self.n_scored).filter(|row| a[*row].is_finite() && b[*row].is_finite()).collect();
        let varies = |values: &[f64]| rows.iter().any(|row| values[*row] != values[rows[0]]);
        let is_enough =
            rows.len() >= ENOUGH.min(self.n_scored.div_ceil(ENOUGH)) && rows.len() * COMMON >= n;
        is_enough && !rows.is_empty() && varies(a) && varies(b)
    }

    /// How many of how many are shown, if not all are.
    pub(super) fn shown(&self) -> String {
        let count = |n: usize| crate::report::words::count(n as u64);
        if self.total_scored > self.n_scored {
            format!("{} of {} runs", count(self.n_scored), count(self.total_scored))
        } else {
            crate::report::words::plural(self.n_scored as u64, "run")
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
