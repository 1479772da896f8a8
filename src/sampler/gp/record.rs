//! The told trials as the model sees them: a bounded subset, on the model's scale.

use super::codec::Codec;
use super::fit::Data;
use super::warp::{self, Scale};
use std::collections::BTreeSet;

/// Trials this near to older ones are a crowd, in the unit interval.
const CROWD: f64 = 0.02;
/// A crowd keeps so many: without neighbors noise cannot be told from short scales.
const CROWD_KEEPS: usize = 3;
/// Most trials that parameters are fitted to: more of them change the optimum little and the time much.
pub(super) const FITTED: usize = 150;
/// Share of the distance between the median and the best loss that counts as progress.
const PROGRESS: f64 = 1e-3;

/// All told trials, in the order of telling.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    pub(super) rows: Vec<Vec<f64>>,
    /// Finite; `None` for failures.
    pub(super) losses: Vec<Option<f64>>,
    sds: Vec<Option<f64>>,
    pub(super) n_scored: usize,
}

/// Data and what they were made from.
pub(super) struct View<'a> {
    pub(super) data: Data<'a>,
    /// The trials' indices in the record.
    pub(super) subset: &'a [usize],
    /// Which of them are not one of a crowd.
    typical: &'a [bool],
    pub(super) scale: Scale,
}

/// How much of the record the model sees, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lens<'a> {
    pub(super) codec: &'a Codec,
    pub(super) most: usize,
    pub(super) warps: bool,
}

impl Record {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn push(&mut self, row: Vec<f64>, loss: Option<f64>, sd: Option<f64>) {
        let loss = loss.filter(|loss| loss.is_finite());
        self.n_scored += usize::from(loss.is_some());
        self.rows.push(row);
        self.losses.push(loss);
        self.sds.push(sd.filter(|sd| sd.is_finite() && *sd > 0.0));
    }

    /// A trial's loss, infinite for a failure.
    pub(super) fn loss(&self, i: usize) -> f64 {
        self.losses[i].unwrap_or(f64::INFINITY)
    }

    /// The trial with the least loss among those that `fits` says.
    pub(super) fn best(&self, fits: impl Fn(&[f64]) -> bool) -> Option<usize> {
        let fitting = (0..self.len()).filter(|&i| fits(&self.rows[i]));
        fitting.min_by(|&a, &b| self.loss(a).total_cmp(&self.loss(b)))
    }

    /// How many trials are within `width` of a row in every coordinate.
    pub(super) fn n_near(&self, row: &[f64], width: f64) -> usize {
        self.rows.iter().filter(|other| is_near(row, other, width)).count()
    }

    /// How many trials ago the best loss last made progress.
    pub(super) fn n_stale(&self) -> usize {
        let mut sorted: Vec<f64> = self.losses.iter().flatten().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let Some(&least) = sorted.first() else { return 0 };
        let step = PROGRESS * (sorted[sorted.len() / 2] - least);
        let (mut best, mut last) = (f64::INFINITY, 0);
        for i in 0..self.len() {
            if self.loss(i) < best - step || best.is_infinite() && self.loss(i).is_finite() {
                (best, last) = (self.loss(i), i);
            }
        }
        self.len() - 1 - last
    }

    /// Which of the first `n` trials the model sees: all, or the best half, the newest quarter and a sample of the
    /// others that depends on nothing but their indices.
    fn subset(&self, n: usize, most: usize) -> Vec<usize> {
        if n <= most {
            return (0..n).collect();
        }
        let mut by_loss: Vec<usize> = (0..n).collect();
        by_loss.sort_by(|&a, &b| self.loss(a).total_cmp(&self.loss(b)));
        let mut chosen: BTreeSet<usize> = by_loss[..most / 2].iter().copied().collect();
        chosen.extend(n - most / 4..n);
        let mut rest: Vec<(u64, usize)> =
            (0..n).filter(|i| !chosen.contains(i)).map(|i| (scatter(i as u64), i)).collect();
        rest.sort_unstable();
        chosen.extend(rest.iter().take(most - chosen.len()).map(|&(_, i)| i));
        chosen.into_iter().collect()
    }

    /// Which of these trials are not one of a crowd: the oldest few in their neighborhood.
    fn typical(&self, subset: &[usize]) -> Vec<bool> {
        let mut kept: Vec<usize> = Vec::new();
        let mut keeps = |&i: &usize| {
            let near = kept.iter().filter(|&&k| is_near(&self.rows[i], &self.rows[k], CROWD));
            let is_kept = near.count() < CROWD_KEEPS;
            if is_kept {
                kept.push(i);
            }
            is_kept
        };
        subset.iter().map(&mut keeps).collect()
    }

    /// Calls `with` on the data of the first `n` trials. The scale is that of the trials outside of crowds: the many
    /// points around the best one would else make the rest of the space look flat.
    pub(super) fn view<T>(&self, n: usize, lens: Lens<'_>, with: impl FnOnce(&View<'_>) -> T) -> T {
        let subset = self.subset(n, lens.most);
        let losses: Vec<Option<f64>> = subset.iter().map(|&i| self.losses[i]).collect();
        let typical = self.typical(&subset);
        let (y, scale) = warp::standardize(&losses, &typical, lens.warps);
        let mut points = lens.codec.columns();
        for &i in &subset {
            points.push(&self.rows[i]);
        }
        let sds: Vec<Option<f64>> = subset.iter().map(|&i| self.sds[i]).collect();
        let noise = noise_shares(&sds);
        let data = Data { points: &points, y: &y, noise: &noise };
        with(&View { data, subset: &subset, typical: &typical, scale })
    }

    /// The places in a view of at most [`FITTED`] trials outside of crowds: the best half and an even sample of the others.
    fn thinned(&self, view: &View<'_>) -> Vec<usize> {
        let mut typical: Vec<usize> = (0..view.subset.len()).filter(|&i| view.typical[i]).collect();
        if typical.len() <= FITTED {
            return typical;
        }
        let loss = |i: usize| self.loss(view.subset[i]);
        typical.sort_by(|&a, &b| loss(a).total_cmp(&loss(b)));
        typical[FITTED / 2..].sort_by_key(|&i| scatter(view.subset[i] as u64));
        typical.truncate(FITTED);
        typical.sort_unstable();
        typical
    }

    /// Calls `with` on the data of the first `n` trials without crowds, thinned out for a fit.
    pub(super) fn fit_view<T>(
        &self,
        n: usize,
        lens: Lens<'_>,
        with: impl FnOnce(&Data<'_>) -> T,
    ) -> T {
        self.view(n, lens, |view| {
            let mut points = lens.codec.columns();
            let (mut y, mut noise) = (Vec::new(), Vec::new());
            for i in self.thinned(view) {
                points.push(&self.rows[view.subset[i]]);
                y.push(view.data.y[i]);
                noise.push(view.data.noise[i]);
            }
            with(&Data { points: &points, y: &y, noise: &noise })
        })
    }
}

fn is_near(a: &[f64], b: &[f64], width: f64) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() < width || a.is_nan() && b.is_nan())
}

/// Noise variance of each value relative to the typical one, from the spreads of replicates.
fn noise_shares(sds: &[Option<f64>]) -> Vec<f64> {
    let mut known: Vec<f64> = sds.iter().flatten().copied().collect();
    known.sort_by(f64::total_cmp);
    let typical = known.get(known.len() / 2).copied().unwrap_or(1.0);
    let share = |sd: &Option<f64>| sd.map_or(1.0, |sd| (sd / typical).powi(2).clamp(0.1, 10.0));
    sds.iter().map(share).collect()
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

    fn record(n: usize) -> Record {
        let mut record = Record::default();
        for i in 0..n {
            let loss = (i % 7 != 0).then_some(((i * 7919) % n) as f64);
            record.push(vec![(i as f64 * 0.618_034).fract()], loss, None);
        }
        record
    }

    #[test]
    fn a_long_record_is_cut_to_the_best_the_newest_and_a_sample() {
        let record = record(5000);
        let subset = record.subset(5000, 300);
        assert_eq!(subset.len(), 300);
        assert!((4925..5000).all(|i| subset.contains(&i)));
        let best = record.best(|_| true).unwrap();
        assert!(subset.contains(&best));
        assert_eq!(record.subset(4000, 300), record.clone().subset(4000, 300));
        assert_eq!(record.subset(200, 300).len(), 200);
    }

    #[test]
    fn crowds_are_thinned_and_branches_are_not_crowds_of_each_other() {
        let mut record = Record::default();
        for row in [[0.5, 0.1], [0.501, 0.101], [0.5, 0.102], [0.505, 0.1], [0.501, f64::NAN]] {
            record.push(row.to_vec(), Some(1.0), None);
        }
        assert_eq!(record.typical(&[0, 1, 2, 3, 4]), [true, true, true, false, true]);
        assert_eq!(record.n_near(&[0.5, 0.1], 0.0015), 2);
    }

    #[test]
    fn progress_is_measured_against_the_spread() {
        let mut record = Record::default();
        for loss in [9.0, 5.0, 1.0, 0.9999, 3.0, 0.9998] {
            record.push(vec![0.5], Some(loss), None);
        }
        assert_eq!(record.n_stale(), 3);
        assert_eq!(Record::default().n_stale(), 0);
    }

    #[test]
    fn spreads_of_replicates_share_out_the_noise() {
        assert_eq!(noise_shares(&[None, None]), [1.0, 1.0]);
        assert_eq!(
            noise_shares(&[Some(1.0), Some(2.0), Some(100.0), None]),
            [0.25, 1.0, 10.0, 1.0]
        );
    }
}
