//! What one bootstrap draw takes: rows within classes, whole groups, or blocks of time.

use super::Units;
use crate::domain::{Labels, Prediction};
use crate::numeric::Rng;
use rayon::prelude::*;
use std::ops::Range;

/// Units per piece of a stratum: a piece's numbers stay in the fastest cache, and five indices fit in one draw of 64 bits.
const PIECE: usize = 1 << 12;
/// Blocks are longer by this than is best for a variance: bounds need it, and pay with fewer independent blocks. Chosen
/// among 1, 1.5, 2 and 3 by false promotions at autocorrelations of 0, 0.5 and 0.9 on 400 rows (`benches/gate.rs`).
const LONGER: f64 = 2.0;
/// Draws that share a random stream, so that the bits are the same for any number of threads.
const CHUNK: usize = 50;

/// Rows in the order in which units are contiguous, and how units are drawn.
#[derive(Debug, Clone)]
pub(super) struct Resampler {
    /// Rows, unit by unit.
    pub(super) order: Vec<usize>,
    /// Where each unit starts in `order`; one more than units. Empty if every unit is a row.
    pub(super) starts: Vec<usize>,
    /// Ranges of units that are drawn by themselves, as many as they hold.
    pub(super) strata: Vec<Range<usize>>,
    /// Length of a block of units; 0 unless time matters.
    block: usize,
    /// In words.
    pub(super) method: String,
}

impl Resampler {
    /// Plans draws. `series` gives a number a row whose dependence over time sets the length of a block.
    pub(super) fn new(truth: &Labels, units: Units<'_>, series: impl Fn(usize) -> f64) -> Self {
        match units {
            Units::Rows => Self::rows(truth),
            Units::Groups(codes) => {
                let mut order: Vec<usize> = (0..codes.len()).collect();
                order.sort_by_key(|&row| codes[row]);
                let starts = starts(&order, |a, b| codes[a] == codes[b]);
                let units = starts.len() - 1;
                let method = format!("{units} groups");
                Self { order, starts, strata: whole(units), block: 0, method }
            }
            Units::Time(times) => {
                let mut order: Vec<usize> = (0..times.len()).collect();
                order.sort_by(|&a, &b| times[a].total_cmp(&times[b]));
                let starts = starts(&order, |a, b| times[a] == times[b]);
                let units = starts.len() - 1;
                let sums: Vec<f64> = starts
                    .windows(2)
                    .map(|unit| order[unit[0]..unit[1]].iter().map(|&row| series(row)).sum())
                    .collect();
                let block = block_length(&sums);
                let what = if units == order.len() { "rows" } else { "points in time" };
                let method = format!("blocks of {block} {what}");
                Self { order, starts, strata: whole(units), block, method }
            }
        }
    }

    fn rows(truth: &Labels) -> Self {
        let mut order: Vec<usize> = (0..truth.len()).collect();
        let (strata, method) = match truth {
            Labels::Values(values) => (whole(values.len()), "rows"),
            Labels::Classes { codes, .. } => {
                order.sort_by_key(|&row| codes[row]);
                let bounds = starts(&order, |a, b| codes[a] == codes[b]);
                let strata = bounds.windows(2).map(|pair| pair[0]..pair[1]).collect();
                (strata, "rows, stratified by class")
            }
        };
        Self { order, starts: Vec::new(), strata, block: 0, method: method.into() }
    }

    /// True if every unit is a row.
    pub(super) fn is_rows(&self) -> bool {
        self.starts.is_empty()
    }

    /// Units in all.
    pub(super) fn units(&self) -> usize {
        if self.is_rows() { self.order.len() } else { self.starts.len() - 1 }
    }

    /// Units that are as good as independent: blocks where time matters.
    pub(super) fn independent(&self) -> usize {
        if self.block > 1 { self.units() / self.block } else { self.units() }
    }

    /// Positions in `order` of a unit.
    pub(super) fn rows_of(&self, unit: usize) -> Range<usize> {
        if self.is_rows() { unit..unit + 1 } else { self.starts[unit]..self.starts[unit + 1] }
    }

    /// Units that are turned over together when the null hypothesis is simulated.
    pub(super) fn together(&self) -> usize {
        self.block.max(1)
    }

    /// Hands every unit of one draw to `take`, with repeats.
    #[inline]
    pub(super) fn draw(&self, rng: &mut Rng, mut take: impl FnMut(usize)) {
        if self.block > 1 {
            return self.draw_blocks(rng, take);
        }
        for stratum in &self.strata {
            let mut left = stratum.len() as u64;
            let mut start = stratum.start;
            while start < stratum.end {
                let size = PIECE.min(stratum.end - start);
                // How many of the stratum's draws fall into this piece, given the pieces before.
                let share = size as f64 / (stratum.end - start) as f64;
                let hits = rng.binomial(left, share);
                draw_piece(rng, size, hits, |at| take(start + at));
                left -= hits;
                start += size;
            }
        }
    }

    /// Circular blocks (Politis and Romano 1992), the last one cut so that a draw has as many units as the data.
    fn draw_blocks(&self, rng: &mut Rng, mut take: impl FnMut(usize)) {
        let units = self.units();
        let mut left = units;
        while left > 0 {
            let start = rng.below(units);
            for step in 0..self.block.min(left) {
                take((start + step) % units);
            }
            left -= self.block.min(left);
        }
    }

    /// How often each row (by its place in `order`) is in one draw.
    pub(super) fn multiplicities(&self, rng: &mut Rng, out: &mut [u32]) {
        out.fill(0);
        if self.is_rows() {
            self.draw(rng, |unit| out[unit] += 1);
        } else {
            self.draw(rng, |unit| {
                out[self.starts[unit]..self.starts[unit + 1]].iter_mut().for_each(|n| *n += 1);
            });
        }
    }
}

/// `hits` uniform indices below `size`, which is at most [`PIECE`].
#[inline]
fn draw_piece(rng: &mut Rng, size: usize, hits: u64, mut take: impl FnMut(usize)) {
    if size == PIECE {
        for _ in 0..hits / 5 {
            let mut bits = rng.bits();
            for _ in 0..5 {
                take(bits as usize & (PIECE - 1));
                bits >>= 12;
            }
        }
        let mut bits = rng.bits();
        for _ in 0..hits % 5 {
            take(bits as usize & (PIECE - 1));
            bits >>= 12;
        }
        return;
    }
    // 32 random bits an index: uneven by less than one part in a million.
    let mut bits = 0;
    for hit in 0..hits {
        bits = if hit % 2 == 0 { rng.bits() } else { bits >> 32 };
        take((((bits & 0xFFFF_FFFF) * size as u64) >> 32) as usize);
    }
}

/// One stratum of all units.
fn whole(units: usize) -> Vec<Range<usize>> {
    std::iter::once(0..units).collect()
}

fn starts(order: &[usize], same: impl Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut starts = vec![0];
    starts.extend((1..order.len()).filter(|&at| !same(order[at - 1], order[at])));
    if !order.is_empty() {
        starts.push(order.len());
    }
    starts
}

/// Values of `one` over seeded streams, on all cores, in a fixed order. `make` builds what a chunk of draws works in.
pub(super) fn repeat<W, T: Send>(
    (seed, label, count): (u64, &str, usize),
    make: impl Fn() -> W + Sync,
    one: impl Fn(&mut Rng, &mut W) -> T + Sync,
) -> Vec<T> {
    let chunks: Vec<Vec<T>> = (0..count.div_ceil(CHUNK))
        .into_par_iter()
        .map(|chunk| {
            let mut rng = Rng::stream(seed, label, chunk as u64);
            let mut work = make();
            let draws = CHUNK.min(count - chunk * CHUNK);
            (0..draws).map(|_| one(&mut rng, &mut work)).collect()
        })
        .collect();
    chunks.into_iter().flatten().collect()
}

/// Length of a block for a mean (Politis and White 2004, with the correction of Patton, Politis and White 2009,
/// circular blocks), times [`LONGER`]: about 1 for a series without memory.
fn block_length(series: &[f64]) -> usize {
    let n = series.len();
    if n < 10 {
        return 1;
    }
    let mean = series.iter().sum::<f64>() / n as f64;
    let lagged = |lag: usize| -> f64 {
        let products = (lag..n).map(|at| (series[at] - mean) * (series[at - lag] - mean));
        products.sum::<f64>() / n as f64
    };
    let variance = lagged(0);
    if variance <= 0.0 {
        return 1;
    }
    let quiet_run = 5.max((n as f64).log10().sqrt().ceil() as usize);
    let most = ((n as f64).sqrt().ceil() as usize + quiet_run).min(n - 1);
    let limit = 2.0 * ((n as f64).log10() / n as f64).sqrt();
    let loud: Vec<bool> = (1..=most).map(|lag| (lagged(lag) / variance).abs() > limit).collect();
    // The first lag after which a whole run of correlations is small, else the last loud one.
    let quiet = (0..loud.len())
        .find(|&lag| loud[lag..].len() >= quiet_run && !loud[lag..lag + quiet_run].contains(&true));
    let memory = quiet.unwrap_or_else(|| loud.iter().rposition(|&is| is).map_or(0, |at| at + 1));
    let window = (2 * memory.max(1)).min(most);
    let (mut slope, mut level) = (0.0, variance);
    for lag in 1..=window {
        let place = lag as f64 / window as f64;
        let kernel = if place <= 0.5 { 1.0 } else { 2.0 * (1.0 - place) };
        slope += 2.0 * kernel * lag as f64 * lagged(lag);
        level += 2.0 * kernel * lagged(lag);
    }
    let spread = 4.0 / 3.0 * level * level;
    let length = (2.0 * slope * slope / spread * n as f64).cbrt();
    let longest = (3.0 * (n as f64).sqrt()).min(n as f64 / 3.0).ceil();
    if length.is_finite() {
        (LONGER * length).round().clamp(1.0, longest) as usize
    } else {
        longest as usize
    }
}

/// The rows of a prediction, in the order given.
pub(super) fn take(prediction: &Prediction, rows: &[usize]) -> Prediction {
    match prediction {
        Prediction::Values(values) => {
            Prediction::Values(rows.iter().map(|&row| values[row]).collect())
        }
        Prediction::Classes { codes, scores, probabilities, n_classes } => {
            let width = *n_classes;
            let row_of = |scores: &Vec<f64>| {
                rows.iter()
                    .flat_map(|&row| scores[row * width..(row + 1) * width].iter().copied())
                    .collect()
            };
            Prediction::Classes {
                codes: rows.iter().map(|&row| codes[row]).collect(),
                scores: scores.as_ref().map(row_of),
                probabilities: *probabilities,
                n_classes: width,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(codes: Vec<u32>) -> Labels {
        Labels::Classes { codes, n_classes: 2, positive: 1 }
    }

    #[test]
    fn a_draw_has_as_many_rows_of_each_class_as_the_data() {
        let truth = classes((0..10_000).map(|row| u32::from(row % 10 == 0)).collect());
        let plan = Resampler::new(&truth, Units::Rows, |_| 0.0);
        let (mut counts, mut rng) = (vec![0; 10_000], Rng::new(1));
        let mut totals = vec![0u64; 10_000];
        for _ in 0..200 {
            plan.multiplicities(&mut rng, &mut counts);
            assert_eq!(counts[9_000..].iter().sum::<u32>(), 1_000);
            assert_eq!(counts.iter().sum::<u32>(), 10_000);
            totals.iter_mut().zip(&counts).for_each(|(total, &n)| *total += u64::from(n));
        }
        // Each row is drawn once a draw on average, with the variance of a Poisson count.
        let chi: f64 = totals.iter().map(|&n| (n as f64 - 200.0).powi(2) / 200.0).sum();
        assert!((chi - 10_000.0).abs() < 5.0 * 20_000f64.sqrt(), "{chi}");
    }

    #[test]
    fn groups_stay_whole_and_time_comes_in_blocks() {
        let truth = classes(vec![0, 1, 0, 1, 1, 0]);
        let plan = Resampler::new(&truth, Units::Groups(&[7, 3, 7, 3, 3, 9]), |_| 0.0);
        assert_eq!((plan.units(), plan.method.as_str()), (3, "3 groups"));
        let (mut counts, mut rng) = (vec![0; 6], Rng::new(3));
        plan.multiplicities(&mut rng, &mut counts);
        assert!(counts[0] == counts[1] && counts[1] == counts[2] && counts[3] == counts[4]);
        assert_eq!(plan.order, [1, 3, 4, 0, 2, 5]);

        let (mut noise, mut walk) = (Rng::new(4), vec![0.0]);
        for at in 1..2_000 {
            walk.push(0.9 * walk[at - 1] + noise.normal());
        }
        let memory = block_length(&walk);
        let plain: Vec<f64> = (0..2_000).map(|_| noise.normal()).collect();
        assert!((40..200).contains(&memory) && block_length(&plain) < 8, "{memory}");
    }
}
