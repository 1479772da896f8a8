//! What the sampler remembers of a sweep: bounded, and a function of the record alone.
//!
//! The best trials are kept exactly. Of the others the newest [`WINDOW`] are kept, and of the older ones
//! those [`RESERVOIR`] whose numbers have the smallest hashes: a uniform sample that needs no random state
//! and never depends on when it is looked at.

use super::Row;
use crate::sampler::Pruned;
use std::cmp::Ordering;

/// How many of the newest trials the estimator of bad points always has.
const WINDOW: usize = 200;
/// How many older trials stand for all older ones.
const RESERVOIR: usize = 300;

/// How a trial ended, ordered from good to bad (Optuna): scored ones by loss, then those stopped early, later
/// steps first, then failed ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rank {
    Scored(f64),
    Stopped { step: i64, loss: f64 },
    Failed,
}

impl Rank {
    /// A loss or a last report that is no finite number counts as a failure.
    pub(super) fn new(loss: Option<f64>, pruned: Option<Pruned>) -> Self {
        match (loss, pruned) {
            (Some(loss), _) if loss.is_finite() => Self::Scored(loss),
            (None, Some(Pruned { step, loss })) if loss.is_finite() => Self::Stopped { step, loss },
            _ => Self::Failed,
        }
    }

    pub(super) fn order(&self, other: &Self) -> Ordering {
        let class = |rank: &Self| match rank {
            Self::Scored(_) => 0,
            Self::Stopped { .. } => 1,
            Self::Failed => 2,
        };
        match (self, other) {
            (Self::Scored(a), Self::Scored(b)) => a.total_cmp(b),
            (Self::Stopped { step: s, loss: a }, Self::Stopped { step: t, loss: b }) => {
                t.cmp(s).then(a.total_cmp(b))
            }
            _ => class(self).cmp(&class(other)),
        }
    }

    fn loss(self) -> Option<f64> {
        if let Self::Scored(loss) = self { Some(loss) } else { None }
    }
}

/// The record in the estimator's coordinates.
#[derive(Debug, Clone)]
pub(super) struct History {
    /// By order of telling; empty once nothing can need it any more.
    rows: Vec<Row>,
    ranks: Vec<Rank>,
    /// Trials that did not fail.
    n_ranked: usize,
    /// Trials that did not fail, from the best on, equal ones by age; at most `best_max`.
    best: Vec<usize>,
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
}

/// The good trials, oldest first, each with weight 1.
#[derive(Debug)]
pub(super) struct Good<'a> {
    pub(super) samples: Vec<Sample<'a>>,
    /// Which of them is the best.
    pub(super) best: usize,
    /// Their losses and the best loss of the others, if all of these are scored.
    pub(super) losses: Option<(Vec<f64>, f64)>,
}

impl History {
    /// A record whose split can put up to `good_max` trials among the good ones.
    pub(super) fn new(good_max: usize) -> Self {
        Self {
            rows: Vec::new(),
            ranks: Vec::new(),
            n_ranked: 0,
            best: Vec::new(),
            best_max: good_max + 1, // one more: the threshold is the best of the others
            hashed: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Trials that did not fail.
    pub(super) fn n_ranked(&self) -> usize {
        self.n_ranked
    }

    /// Adds a trial.
    pub(super) fn push(&mut self, number: u64, row: Row, rank: Rank) {
        let index = self.rows.len();
        self.rows.push(row);
        self.ranks.push(rank);
        let mut dropped = vec![index.checked_sub(WINDOW)];
        if rank != Rank::Failed {
            self.n_ranked += 1;
            let ranks = &self.ranks;
            let place = self.best.partition_point(|&b| ranks[b].order(&rank) != Ordering::Greater);
            self.best.insert(place, index);
            if self.best.len() > self.best_max {
                dropped.push(self.best.pop());
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
        let is_best = self.best.contains(&index);
        if !in_window && !is_best && !self.hashed.iter().any(|&(_, kept)| kept == index) {
            self.rows[index] = Row::new();
        }
    }

    /// The trials that are still there, oldest first.
    fn kept(&self) -> Vec<usize> {
        let first = self.rows.len().saturating_sub(WINDOW);
        let older = self.hashed.iter().map(|&(_, index)| index).chain(self.best.iter().copied());
        let mut kept: Vec<usize> = older.filter(|&index| index < first).collect();
        kept.sort_unstable();
        kept.dedup();
        kept.extend(first..self.rows.len());
        kept
    }

    /// The best `n_good` trials.
    pub(super) fn good(&self, n_good: usize) -> Good<'_> {
        let n_good = n_good.min(self.best.len());
        self.split_off(&self.best[..n_good], self.best.get(n_good).copied())
    }

    /// The trials of one branch that are still there, the best `gamma` of them as good ones; the others oldest
    /// first with weight 1, failed ones among them. `None` if all have failed.
    pub(super) fn branch(
        &self,
        is_inside: impl Fn(&Row) -> bool,
        gamma: f64,
    ) -> Option<(Good<'_>, Vec<Sample<'_>>)> {
        let mut chosen = self.kept();
        chosen.retain(|&index| is_inside(&self.rows[index]));
        chosen.sort_by(|&a, &b| self.ranks[a].order(&self.ranks[b]));
        let n_ranked = chosen.iter().filter(|&&index| self.ranks[index] != Rank::Failed).count();
        let n_good = ((gamma * n_ranked as f64).ceil() as usize).min(self.best_max);
        if n_good == 0 {
            return None;
        }
        let good = self.split_off(&chosen[..n_good], chosen.get(n_good).copied());
        let mut others = chosen.split_off(n_good);
        others.sort_unstable();
        Some((good, others.into_iter().map(|index| self.sample(index)).collect()))
    }

    /// Good trials from the best on, and the best of the others.
    fn split_off(&self, chosen: &[usize], next: Option<usize>) -> Good<'_> {
        let mut by_age = chosen.to_vec();
        by_age.sort_unstable();
        let best = by_age.iter().position(|index| Some(index) == chosen.first()).unwrap_or(0);
        let losses: Option<Vec<f64>> =
            by_age.iter().map(|&index| self.ranks[index].loss()).collect();
        let threshold = next.and_then(|index| self.ranks[index].loss());
        let samples = by_age.into_iter().map(|index| self.sample(index)).collect();
        Good { samples, best, losses: losses.zip(threshold) }
    }

    fn sample(&self, index: usize) -> Sample<'_> {
        Sample { row: &self.rows[index], weight: 1.0 }
    }

    /// The best rank of every value of a choice and how often it was tried, among the trials that are still
    /// there.
    pub(super) fn by_value(&self, dim: usize, n_values: usize) -> Vec<(Rank, usize)> {
        let mut values = vec![(Rank::Failed, 0); n_values];
        for index in self.kept() {
            let coord = self.rows[index][dim];
            if let Some((best, count)) = values.get_mut(coord as usize).filter(|_| !coord.is_nan())
            {
                *count += 1;
                if self.ranks[index].order(best) == Ordering::Less {
                    *best = self.ranks[index];
                }
            }
        }
        values
    }

    /// In how many of the trials that are still there each dimension is active.
    pub(super) fn n_active(&self, n_dims: usize) -> Vec<usize> {
        let mut counts = vec![0; n_dims];
        for index in self.kept() {
            for (count, coord) in counts.iter_mut().zip(&self.rows[index]) {
                *count += usize::from(!coord.is_nan());
            }
        }
        counts
    }

    /// The other trials than the best `n_good`, oldest first. `weight` gives the weight of a trial from its age
    /// rank among so many; a trial of the reservoir weighs as much as all the trials that it stands for.
    pub(super) fn bad(
        &self,
        n_good: usize,
        weight: impl Fn(usize, usize) -> f64,
    ) -> Vec<Sample<'_>> {
        let n = self.rows.len();
        let n_good = n_good.min(self.best.len());
        let mut good = self.best[..n_good].to_vec();
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
            Sample { row: &self.rows[index], weight: share * weight(rank, n - n_good) }
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
            history.push(number, vec![number as f64], Rank::new(loss, None));
        }
        history
    }

    fn numbers(samples: &[Sample<'_>]) -> Vec<u64> {
        samples.iter().map(|s| s.row[0] as u64).collect()
    }

    #[test]
    fn a_short_record_is_split_exactly() {
        let history = history(100);
        let good = history.good(10);
        let (losses, threshold) = good.losses.unwrap();
        assert_eq!(losses.len(), 10);
        assert!(losses.iter().all(|&loss| losses[good.best] <= loss && loss <= threshold));
        let bad = history.bad(10, |rank, n| rank as f64 / n as f64);
        assert_eq!(bad.len(), 90);
        let mut all = [numbers(&good.samples), numbers(&bad)].concat();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
        assert_eq!(bad[89].weight, 89.0 / 90.0);
    }

    #[test]
    fn a_long_record_is_bounded_and_keeps_the_newest() {
        let history = history(20_000);
        let bad = history.bad(25, |_, _| 1.0);
        assert!((480..=500).contains(&bad.len()), "{}", bad.len());
        assert!(bad.iter().all(|s| !s.row.is_empty()));
        assert!(history.good(25).samples.iter().all(|s| s.row.len() == 1));
        let total: f64 = bad.iter().map(|s| s.weight).sum();
        assert!((total - 19_975.0).abs() < 1e-6, "{total}");
        let kept: Vec<usize> =
            (0..20_000).filter(|&index| !history.rows[index].is_empty()).collect();
        assert_eq!(kept, history.kept());
        assert!(kept.len() < 800, "{}", kept.len());
        let old: Vec<u64> = numbers(&bad).into_iter().filter(|&n| n < 19_800).collect();
        let mean = old.iter().sum::<u64>() as f64 / old.len() as f64;
        assert!((8_500.0..11_300.0).contains(&mean), "{mean}");
    }

    #[test]
    fn equal_losses_rank_by_age() {
        let mut history = History::new(25);
        (0..30).for_each(|n| history.push(n, vec![n as f64], Rank::Scored(1.0)));
        assert_eq!(numbers(&history.good(3).samples), [0, 1, 2]);
    }

    #[test]
    fn stopped_trials_rank_behind_scored_ones_and_failed_ones_last() {
        let mut history = History::new(25);
        let stopped = |step, loss| Rank::new(None, Some(Pruned { step, loss }));
        let ranks = [
            Rank::Failed,
            stopped(3, 0.0),
            stopped(9, 5.0),
            Rank::Scored(90.0),
            stopped(9, 4.0),
            stopped(99, f64::NAN),
            Rank::Scored(80.0),
        ];
        for (number, rank) in ranks.into_iter().enumerate() {
            history.push(number as u64, vec![0.0, number as f64], rank);
        }
        assert_eq!(history.best, [6, 3, 4, 2, 1]);
        assert_eq!((history.n_ranked(), history.len()), (5, 7));
        assert_eq!(history.good(1).losses, Some((vec![80.0], 90.0)));
        let good = history.good(3);
        assert_eq!((good.losses, good.best), (None, 2));
        let (good, bad) = history.branch(|row| row[1] > 2.0, 0.6).unwrap();
        let second =
            |samples: &[Sample<'_>]| -> Vec<f64> { samples.iter().map(|s| s.row[1]).collect() };
        assert_eq!((second(&good.samples), second(&bad)), (vec![3.0, 6.0], vec![4.0, 5.0]));
        assert!(history.branch(|row| row[1] == 0.0, 0.6).is_none());
        assert_eq!(history.by_value(0, 2), [(Rank::Scored(80.0), 7), (Rank::Failed, 0)]);
    }
}
