//! What the sampler remembers of a sweep: bounded, and a function of the record alone.
//!
//! The best trials are kept exactly. Of the others the newest [`WINDOW`] are kept, and of the older ones
//! those [`RESERVOIR`] whose numbers have the smallest hashes: a uniform sample that needs no random state
//! and never depends on when it is looked at.

use super::Row;

/// How many of the newest trials the estimator of bad points always has.
const WINDOW: usize = 200;
/// How many older trials stand for all older ones.
const RESERVOIR: usize = 300;

/// The record in the estimator's coordinates.
#[derive(Debug, Clone)]
pub(super) struct History {
    /// By order of telling; empty once nothing can need it any more.
    rows: Vec<Row>,
    /// Their losses; NaN for failed trials.
    losses: Vec<f64>,
    /// Trials with a finite loss.
    n_scored: usize,
    /// Ascending by (loss, index), at most `best_max`.
    best: Vec<(f64, usize)>,
    best_max: usize,
    /// Ascending by hash.
    hashed: Vec<(u64, usize)>,
}

/// A trial that a density is built from.
#[derive(Debug, Clone)]
pub(super) struct Sample<'a> {
    pub(super) row: &'a Row,
    /// Before normalization.
    pub(super) weight: f64,
    /// `None` in the density of bad points.
    pub(super) loss: Option<f64>,
}

impl History {
    /// A record whose split can put up to `below_max` trials among the good ones.
    pub(super) fn new(below_max: usize) -> Self {
        let best_max = below_max + 1; // one more: the threshold is the best of the others
        Self {
            rows: Vec::new(),
            losses: Vec::new(),
            n_scored: 0,
            best: Vec::new(),
            best_max,
            hashed: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn n_scored(&self) -> usize {
        self.n_scored
    }

    /// Adds a trial; without a finite loss it counts as failed.
    pub(super) fn push(&mut self, number: u64, row: Row, loss: Option<f64>) {
        let index = self.rows.len();
        self.rows.push(row);
        self.losses.push(loss.filter(|loss| loss.is_finite()).unwrap_or(f64::NAN));
        let mut dropped = vec![index.checked_sub(WINDOW)];
        if let Some(loss) = loss.filter(|loss| loss.is_finite()) {
            self.n_scored += 1;
            let place = self.best.partition_point(|&(other, _)| other <= loss);
            self.best.insert(place, (loss, index));
            if self.best.len() > self.best_max {
                dropped.push(self.best.pop().map(|(_, out)| out));
            }
        }
        let hash = scatter(number);
        let place = self.hashed.partition_point(|&(other, _)| other < hash);
        self.hashed.insert(place, (hash, index));
        // Enough that the reservoir is full whatever part of it the window and the best trials take.
        if self.hashed.len() > RESERVOIR + WINDOW + self.best_max {
            dropped.push(self.hashed.pop().map(|(_, out)| out));
        }
        for out in dropped.into_iter().flatten() {
            self.forget(out);
        }
    }

    fn forget(&mut self, index: usize) {
        let in_window = index + WINDOW >= self.rows.len();
        let is_best = self.best.iter().any(|&(_, kept)| kept == index);
        if !in_window && !is_best && !self.hashed.iter().any(|&(_, kept)| kept == index) {
            self.rows[index] = Row::new();
        }
    }

    /// The good trials, oldest first, with weight 1, and the best loss of the others.
    pub(super) fn below(&self, n_below: usize) -> (Vec<Sample<'_>>, Option<f64>) {
        let n_below = n_below.min(self.best.len());
        let mut chosen = self.best[..n_below].to_vec();
        chosen.sort_by_key(|&(_, index)| index);
        let sample = |&(loss, index): &(f64, usize)| Sample {
            row: &self.rows[index],
            weight: 1.0,
            loss: Some(loss),
        };
        (chosen.iter().map(sample).collect(), self.best.get(n_below).map(|&(loss, _)| loss))
    }

    /// The trials of one branch that are still there, the best `gamma` of them as good ones; each part oldest
    /// first with weight 1. Failed trials are bad ones.
    pub(super) fn branch(
        &self,
        is_inside: impl Fn(&Row) -> bool,
        gamma: f64,
    ) -> (Vec<Sample<'_>>, Vec<Sample<'_>>) {
        let inside = |&index: &usize| !self.rows[index].is_empty() && is_inside(&self.rows[index]);
        let mut chosen: Vec<usize> = (0..self.rows.len()).filter(inside).collect();
        let loss = |index: usize| Some(self.losses[index]).filter(|loss| !loss.is_nan());
        let rank = |index: usize| loss(index).unwrap_or(f64::INFINITY);
        chosen.sort_by(|&a, &b| rank(a).total_cmp(&rank(b)));
        let n_scored = chosen.iter().filter(|&&index| !self.losses[index].is_nan()).count();
        let n_good = ((gamma * n_scored as f64).ceil() as usize).min(self.best_max);
        let part = |indices: &[usize]| {
            let mut indices = indices.to_vec();
            indices.sort_unstable();
            let sample = |index| Sample { row: &self.rows[index], weight: 1.0, loss: loss(index) };
            indices.into_iter().map(sample).collect::<Vec<_>>()
        };
        (part(&chosen[..n_good]), part(&chosen[n_good..]))
    }

    /// The other trials, oldest first. `weight` gives the weight of a trial from its age rank among so many;
    /// a trial of the reservoir weighs as much as all the trials that it stands for.
    pub(super) fn above(
        &self,
        n_below: usize,
        weight: impl Fn(usize, usize) -> f64,
    ) -> Vec<Sample<'_>> {
        let n = self.rows.len();
        let n_below = n_below.min(self.best.len());
        let mut good: Vec<usize> = self.best[..n_below].iter().map(|&(_, index)| index).collect();
        good.sort_unstable();
        let is_good = |index: &usize| good.binary_search(index).is_ok();
        let first = n.saturating_sub(WINDOW);
        let n_old = first - good.iter().filter(|&&index| index < first).count();
        let older = self.hashed.iter().map(|&(_, index)| index);
        let older = older.filter(|index| *index < first && !is_good(index));
        let mut chosen: Vec<usize> = older.take(RESERVOIR).collect();
        chosen.sort_unstable();
        let stands_for = n_old as f64 / chosen.len().max(1) as f64;
        chosen.extend((first..n).filter(|index| !is_good(index)));
        let sample = |index: usize| {
            let rank = index - good.partition_point(|&g| g < index);
            let share = if index < first { stands_for } else { 1.0 };
            Sample { row: &self.rows[index], weight: share * weight(rank, n - n_below), loss: None }
        };
        chosen.into_iter().map(sample).collect()
    }
}

/// A bijective scramble of 64 bits (the finalizer of `SplitMix64`; Steele, Lea and Flood 2014).
fn scatter(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(n: u64) -> History {
        let mut history = History::new(25);
        for number in 0..n {
            let loss = (number % 5 != 0).then_some(((number * 7919) % n) as f64);
            history.push(number, vec![number as f64], loss);
        }
        history
    }

    fn numbers(samples: &[Sample<'_>]) -> Vec<u64> {
        samples.iter().map(|s| s.row[0] as u64).collect()
    }

    #[test]
    fn a_short_record_is_split_exactly() {
        let history = history(100);
        let (below, threshold) = history.below(10);
        let losses: Vec<f64> = below.iter().filter_map(|s| s.loss).collect();
        assert_eq!(losses.len(), 10);
        assert!(threshold.is_some_and(|t| losses.iter().all(|&loss| loss <= t)));
        let above = history.above(10, |rank, n| rank as f64 / n as f64);
        assert_eq!(above.len(), 90);
        let mut all = [numbers(&below), numbers(&above)].concat();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
        assert_eq!(above[89].weight, 89.0 / 90.0);
    }

    #[test]
    fn a_long_record_is_bounded_and_keeps_the_newest() {
        let history = history(20_000);
        let above = history.above(25, |_, _| 1.0);
        assert!((480..=500).contains(&above.len()), "{}", above.len());
        assert!(above.iter().all(|s| !s.row.is_empty()));
        assert!(history.below(25).0.iter().all(|s| s.row.len() == 1));
        let total: f64 = above.iter().map(|s| s.weight).sum();
        assert!((total - 19_975.0).abs() < 1e-6, "{total}");
        let kept = history.rows.iter().filter(|row| !row.is_empty()).count();
        assert!(kept < 800, "{kept}");
        let old: Vec<u64> = numbers(&above).into_iter().filter(|&n| n < 19_800).collect();
        let mean = old.iter().sum::<u64>() as f64 / old.len() as f64;
        assert!((8_500.0..11_300.0).contains(&mean), "{mean}");
    }

    #[test]
    fn equal_losses_rank_by_age() {
        let mut history = History::new(25);
        (0..30).for_each(|number| history.push(number, vec![number as f64], Some(1.0)));
        assert_eq!(numbers(&history.below(3).0), [0, 1, 2]);
    }
}
