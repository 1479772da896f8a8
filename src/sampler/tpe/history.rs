//! What the sampler remembers of a sweep: bounded, and a function of the record alone.
//!
//! The best trials are kept exactly. Of the others the newest [`WINDOW`] are kept, and of the older ones
//! those [`RESERVOIR`] whose numbers have the smallest hashes: a uniform sample that needs no random state
//! and never depends on when it is looked at.

use super::Row;
use super::front;
use crate::numeric::dominates;
use crate::sampler::{Pruned, Told};
use std::borrow::Cow;
use std::cmp::Ordering;

/// How many of the newest trials the estimator of bad points always has.
const WINDOW: usize = 200;
/// How many older trials stand for all older ones.
const RESERVOIR: usize = 300;

/// How a trial ended, ordered from good to bad (Optuna): scored ones by loss, then those stopped early, later
/// steps first, then those that violate constraints, by how much in all, then failed ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rank {
    Scored(f64),
    Stopped { step: i64, loss: f64 },
    Infeasible(f64),
    Failed,
}

impl Rank {
    /// A loss or a last report that is no finite number counts as a failure.
    pub(super) fn of(told: &Told, pruned: Option<Pruned>) -> Self {
        let violation = told.violation();
        match told.losses() {
            Some(_) if violation > 0.0 => Self::Infeasible(violation),
            Some(losses) => Self::new(losses.first().copied(), pruned),
            None => Self::new(None, pruned),
        }
    }

    fn new(loss: Option<f64>, pruned: Option<Pruned>) -> Self {
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
            Self::Infeasible(_) => 2,
            Self::Failed => 3,
        };
        match (self, other) {
            (Self::Scored(a), Self::Scored(b)) | (Self::Infeasible(a), Self::Infeasible(b)) => {
                a.total_cmp(b)
            }
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
    /// All losses of scored trials in a search for several objectives.
    losses: Vec<Vec<f64>>,
    n_objectives: usize,
    /// Trials that did not fail.
    n_ranked: usize,
    /// Trials that did not fail, from the best on, equal ones by age; at most `best_max`. With several objectives in
    /// the order of [`front::arrange`], thinned once there are twice as many.
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
    /// Which of them is the best; with several objectives, all that none dominates.
    pub(super) best: Vec<usize>,
    /// Their losses and the best loss of the others, if all of these are scored.
    pub(super) losses: Option<(Vec<f64>, f64)>,
}

impl History {
    /// A record whose split can put up to `good_max` trials among the good ones.
    pub(super) fn new(good_max: usize, n_objectives: usize) -> Self {
        Self {
            rows: Vec::new(),
            ranks: Vec::new(),
            losses: Vec::new(),
            n_objectives,
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
    pub(super) fn push(&mut self, row: Row, told: &Told, pruned: Option<Pruned>) {
        let losses = told.losses().filter(|losses| losses.len() == self.n_objectives);
        let rank = match (&losses, told.loss) {
            (None, Some(_)) => Rank::Failed,
            _ => Rank::of(told, pruned),
        };
        let index = self.rows.len();
        self.rows.push(row);
        self.ranks.push(rank);
        let mut dropped = vec![index.checked_sub(WINDOW)];
        if self.n_objectives > 1 {
            self.losses.push(losses.unwrap_or_default());
        }
        if rank != Rank::Failed {
            self.n_ranked += 1;
            dropped.extend(self.note_best(index, rank).into_iter().map(Some));
        }
        let number = told.number;
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

    /// Takes a trial in among the best ones; returns what no longer is.
    fn note_best(&mut self, index: usize, rank: Rank) -> Vec<usize> {
        if self.n_objectives > 1 {
            self.best.push(index);
            if self.best.len() <= 2 * self.best_max {
                return Vec::new();
            }
            let chosen = std::mem::take(&mut self.best);
            self.best = self.arrange(chosen);
            return self.best.split_off(self.best_max);
        }
        let ranks = &self.ranks;
        let place = self.best.partition_point(|&b| ranks[b].order(&rank) != Ordering::Greater);
        self.best.insert(place, index);
        let is_full = self.best.len() > self.best_max;
        if is_full { self.best.pop().into_iter().collect() } else { Vec::new() }
    }

    /// Trials from the best on, equal ones by age.
    fn arrange(&self, mut chosen: Vec<usize>) -> Vec<usize> {
        chosen.sort_unstable();
        chosen.sort_by(|&a, &b| match (self.n_objectives > 1, self.ranks[a], self.ranks[b]) {
            (true, Rank::Scored(_), Rank::Scored(_)) => Ordering::Equal,
            (_, a, b) => a.order(&b),
        });
        if self.n_objectives > 1 {
            let n =
                chosen.iter().take_while(|&&i| matches!(self.ranks[i], Rank::Scored(_))).count();
            let losses: Vec<&[f64]> = chosen[..n].iter().map(|&i| &self.losses[i][..]).collect();
            let order = front::arrange(&losses, self.n_objectives);
            let scored: Vec<usize> = order.into_iter().map(|at| chosen[at]).collect();
            chosen[..n].copy_from_slice(&scored);
        }
        chosen
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
        let best = self.in_order();
        let n_good = n_good.min(best.len());
        self.split_off(&best[..n_good], best.get(n_good).copied())
    }

    /// The best trials in their order.
    fn in_order(&self) -> Cow<'_, [usize]> {
        match self.n_objectives {
            0 | 1 => Cow::Borrowed(&self.best),
            _ => Cow::Owned(self.arrange(self.best.clone())),
        }
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
        let mut chosen = self.arrange(chosen);
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
        let best = self.undominated(chosen);
        let place = |index: &usize| by_age.binary_search(index).unwrap_or(0);
        let best = best.iter().map(place).collect();
        let is_one = self.n_objectives < 2;
        let losses: Option<Vec<f64>> =
            by_age.iter().map(|&index| self.ranks[index].loss().filter(|_| is_one)).collect();
        let threshold = next.and_then(|index| self.ranks[index].loss());
        let samples = by_age.into_iter().map(|index| self.sample(index)).collect();
        Good { samples, best, losses: losses.zip(threshold) }
    }

    /// Those of some trials, best first, that no other one dominates; the best one of a single objective.
    fn undominated<'a>(&self, chosen: &'a [usize]) -> &'a [usize] {
        let n = match chosen.first().map(|&first| self.ranks[first]) {
            Some(Rank::Scored(_)) if self.n_objectives > 1 => {
                let first = |&&at: &&usize| {
                    let by = |&other: &usize| dominates(&self.losses[other], &self.losses[at]);
                    matches!(self.ranks[at], Rank::Scored(_)) && !chosen.iter().any(by)
                };
                chosen.iter().take_while(first).count()
            }
            _ => 1,
        };
        &chosen[..n.min(chosen.len())]
    }

    fn sample(&self, index: usize) -> Sample<'_> {
        Sample { row: &self.rows[index], weight: 1.0 }
    }

    /// The values of a choice from the one with the best trial on, among the trials that are still there; those that
    /// have none by themselves, or failures alone, last.
    pub(super) fn values_in_order(&self, dim: usize, n_values: usize) -> Vec<usize> {
        let mut best = vec![usize::MAX; n_values];
        let mut last: Option<(usize, usize)> = None;
        for (place, index) in self.arrange(self.kept()).into_iter().enumerate() {
            // Equal trials share a place.
            let place = match last {
                Some((place, other)) if self.is_equal(other, index) => place,
                _ => place,
            };
            last = Some((place, index));
            let coord = self.rows[index][dim];
            if coord.is_nan() || self.ranks[index] == Rank::Failed {
                continue;
            }
            if let Some(best) = best.get_mut(coord as usize) {
                *best = place.min(*best);
            }
        }
        let mut order: Vec<usize> = (0..n_values).collect();
        order.sort_by_key(|&value| best[value]);
        order
    }

    fn is_equal(&self, a: usize, b: usize) -> bool {
        let several = self.n_objectives > 1;
        self.ranks[a].order(&self.ranks[b]).is_eq()
            && (!several || self.losses[a] == self.losses[b])
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
        let best = self.in_order();
        let n_good = n_good.min(best.len());
        let mut good = best[..n_good].to_vec();
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
    use crate::space::Point;

    fn history(n: u64) -> History {
        let mut history = History::new(25, 1);
        for number in 0..n {
            let loss = (number % 5 != 0).then_some(((number * 7919) % n) as f64);
            history.push(vec![number as f64], &told(number, loss), None);
        }
        history
    }

    fn told(number: u64, loss: Option<f64>) -> Told {
        Told::new(number, Point::default(), loss)
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
        assert!(losses.iter().all(|&loss| losses[good.best[0]] <= loss && loss <= threshold));
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
        let mut history = History::new(25, 1);
        (0..30).for_each(|n| history.push(vec![n as f64], &told(n, Some(1.0)), None));
        assert_eq!(numbers(&history.good(3).samples), [0, 1, 2]);
    }

    #[test]
    fn stopped_trials_rank_behind_scored_ones_and_failed_ones_last() {
        let mut history = History::new(25, 1);
        let stopped = |step, loss| (None, Some(Pruned { step, loss }));
        let ends = [
            (None, None),
            stopped(3, 0.0),
            stopped(9, 5.0),
            (Some(90.0), None),
            stopped(9, 4.0),
            stopped(99, f64::NAN),
            (Some(80.0), None),
        ];
        for (number, (loss, pruned)) in ends.into_iter().enumerate() {
            history.push(vec![0.0, number as f64], &told(number as u64, loss), pruned);
        }
        assert_eq!(history.best, [6, 3, 4, 2, 1]);
        assert_eq!((history.n_ranked(), history.len()), (5, 7));
        assert_eq!(history.good(1).losses, Some((vec![80.0], 90.0)));
        let good = history.good(3);
        assert_eq!((good.losses, good.best), (None, vec![2]));
        let (good, bad) = history.branch(|row| row[1] > 2.0, 0.6).unwrap();
        let second =
            |samples: &[Sample<'_>]| -> Vec<f64> { samples.iter().map(|s| s.row[1]).collect() };
        assert_eq!((second(&good.samples), second(&bad)), (vec![3.0, 6.0], vec![4.0, 5.0]));
        assert!(history.branch(|row| row[1] == 0.0, 0.6).is_none());
        assert_eq!(history.values_in_order(0, 2), [0, 1]);
    }
}
