//! Sorted rows of a node, in two ways.
//!
//! [`Presorted`] keeps every feature's rows sorted and divides all lists at each split: rows × features a
//! level, without sorting. [`Ranked`] sorts a node's rows by one feature when that feature is looked at,
//! which is less work where few features are drawn a node.
//!
//! Both speak in entries `rank << 32 | row`, where equal values of a feature have equal ranks.

use crate::trainer::Fold;
use std::ops::Range;

/// A node's rows, sorted by any feature.
pub(super) trait Order {
    /// How many rows the root has.
    fn n_rows(&self) -> usize;
    /// The node's entries by ascending value of a feature. If all values are equal, in any order.
    fn sorted(&mut self, node: Range<usize>, feature: usize) -> &[u64];
    /// Divides a node whose first `n_left` entries by `feature`, up to `rank`, go left. `deeper` is false
    /// if neither child will be looked at again.
    fn divide(&mut self, node: Range<usize>, split: &Cut, deeper: bool);
    /// The rows of a child of a node that was divided by `feature`.
    fn rows(&self, child: Range<usize>, feature: usize) -> impl Iterator<Item = u32>;
}

/// Where a node is divided.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    pub(super) feature: usize,
    /// Rows that go left.
    pub(super) n_left: usize,
    /// The largest rank that goes left.
    pub(super) rank: u32,
}

/// The rank of an entry.
pub(super) fn rank_of(entry: u64) -> u32 {
    (entry >> 32) as u32
}

/// The entries of all features of a fold, feature-major, ascending.
pub(super) fn entries(fold: &Fold) -> Vec<u64> {
    let (n, mut made) = (fold.x.nrows(), Vec::with_capacity(fold.x.len()));
    let mut column = vec![0.0; n];
    for (feature, order) in fold.sorted().chunks_exact(n).enumerate() {
        column.iter_mut().zip(fold.x.column(feature)).for_each(|(to, &value)| *to = value);
        let mut rank = 0u64;
        let mut last = column[order[0] as usize];
        for &row in order {
            let value = column[row as usize];
            rank += u64::from(value != last);
            last = value;
            made.push(rank << 32 | u64::from(row));
        }
    }
    made
}

/// The rank of each value of a fold, feature-major.
pub(super) fn ranks(fold: &Fold) -> Vec<u32> {
    let n = fold.x.nrows();
    let mut made = vec![0; fold.x.len()];
    let mut column = vec![0.0; n];
    for (feature, order) in fold.sorted().chunks_exact(n).enumerate() {
        column.iter_mut().zip(fold.x.column(feature)).for_each(|(to, &value)| *to = value);
        let codes = &mut made[feature * n..(feature + 1) * n];
        let mut rank = 0;
        let mut last = column[order[0] as usize];
        for &row in order {
            let value = column[row as usize];
            rank += u32::from(value != last);
            last = value;
            codes[row as usize] = rank;
        }
    }
    made
}

/// Lists of all features, kept sorted.
#[derive(Debug)]
pub(super) struct Presorted {
    /// `features × rows`; a node is the same range of every feature's list.
    entries: Vec<u64>,
    n: usize,
    /// By row: 1 if it goes left. Indexed by rows of the fold.
    goes_left: Vec<u8>,
    scratch: Vec<u64>,
}

impl Presorted {
    /// All rows with a positive weight.
    pub(super) fn new(mut entries: Vec<u64>, weights: &[f64]) -> Self {
        let n = weights.iter().filter(|&&weight| weight > 0.0).count();
        if n < weights.len() {
            entries.retain(|&entry| weights[entry as u32 as usize] > 0.0);
        }
        Self { entries, n, goes_left: vec![0; weights.len()], scratch: vec![0; n] }
    }

    fn list(&self, node: Range<usize>, feature: usize) -> &[u64] {
        &self.entries[feature * self.n + node.start..feature * self.n + node.end]
    }
}

impl Order for Presorted {
    fn n_rows(&self) -> usize {
        self.n
    }

    fn sorted(&mut self, node: Range<usize>, feature: usize) -> &[u64] {
        self.list(node, feature)
    }

    fn divide(&mut self, node: Range<usize>, cut: &Cut, deeper: bool) {
        if !deeper {
            return;
        }
        let first = cut.feature * self.n;
        for (place, &entry) in self.entries[first + node.start..first + node.end].iter().enumerate()
        {
            self.goes_left[entry as u32 as usize] = u8::from(place < cut.n_left);
        }
        for (feature, list) in self.entries.chunks_exact_mut(self.n).enumerate() {
            if feature != cut.feature {
                divide_list(&mut list[node.clone()], &self.goes_left, &mut self.scratch);
            }
        }
    }

    fn rows(&self, child: Range<usize>, feature: usize) -> impl Iterator<Item = u32> {
        self.list(child, feature).iter().map(|&entry| entry as u32)
    }
}

/// Moves what goes left to the front, both sides in their order.
fn divide_list(list: &mut [u64], goes_left: &[u8], scratch: &mut [u64]) {
    let scratch = &mut scratch[..list.len()];
    let (mut n_left, mut n_right) = (0, 0);
    for place in 0..list.len() {
        let entry = list[place];
        let left = usize::from(goes_left[entry as u32 as usize]);
        list[n_left] = entry;
        scratch[n_right] = entry;
        n_left += left;
        n_right += 1 - left;
    }
    list[n_left..].copy_from_slice(&scratch[..n_right]);
}

/// A list of rows, sorted by a feature when it is looked at.
#[derive(Debug)]
pub(super) struct Ranked<'a> {
    ranks: &'a [u32],
    /// Rows of the fold, which is how far apart two features' ranks are.
    stride: usize,
    rows: Vec<u32>,
    keys: Vec<u64>,
    scratch: Vec<u64>,
    starts: Vec<u32>,
}

/// Nodes up to this size are sorted by comparison.
const SMALL: usize = 48;

impl<'a> Ranked<'a> {
    /// All rows with a positive weight.
    pub(super) fn new(ranks: &'a [u32], weights: &[f64]) -> Self {
        let rows: Vec<u32> =
            (0u32..).zip(weights).filter(|(_, w)| **w > 0.0).map(|(row, _)| row).collect();
        let n = rows.len();
        Self {
            ranks,
            stride: weights.len(),
            rows,
            keys: vec![0; n],
            scratch: vec![0; n],
            starts: Vec::new(),
        }
    }

    fn codes(&self, feature: usize) -> &'a [u32] {
        &self.ranks[feature * self.stride..(feature + 1) * self.stride]
    }
}

impl Order for Ranked<'_> {
    fn n_rows(&self) -> usize {
        self.rows.len()
    }

    fn sorted(&mut self, node: Range<usize>, feature: usize) -> &[u64] {
        let n = node.len();
        let codes = self.codes(feature);
        let (mut low, mut high) = (u32::MAX, 0);
        for (key, &row) in self.keys.iter_mut().zip(&self.rows[node]) {
            let rank = codes[row as usize];
            (low, high) = (low.min(rank), high.max(rank));
            *key = u64::from(rank) << 32 | u64::from(row);
        }
        let span = high.saturating_sub(low) as usize + 1;
        if span == 1 {
            return &self.keys[..n];
        }
        if n <= SMALL || span > 4 * n {
            self.keys[..n].sort_unstable();
            return &self.keys[..n];
        }
        self.starts.clear();
        self.starts.resize(span, 0);
        counting_sort(&self.keys[..n], low, &mut self.starts, &mut self.scratch);
        &self.scratch[..n]
    }

    fn divide(&mut self, node: Range<usize>, cut: &Cut, _deeper: bool) {
        let codes = self.codes(cut.feature);
        let list = &mut self.rows[node];
        let (mut n_left, mut n_right) = (0, 0);
        for place in 0..list.len() {
            let row = list[place];
            let left = usize::from(codes[row as usize] <= cut.rank);
            list[n_left] = row;
            self.scratch[n_right] = u64::from(row);
            n_left += left;
            n_right += 1 - left;
        }
        debug_assert_eq!(n_left, cut.n_left);
        list[n_left..]
            .iter_mut()
            .zip(&self.scratch[..n_right])
            .for_each(|(to, &row)| *to = row as u32);
    }

    fn rows(&self, child: Range<usize>, _feature: usize) -> impl Iterator<Item = u32> {
        self.rows[child].iter().copied()
    }
}

/// Sorts keys by rank, equal ranks in their order. `starts` has a 0 for each rank from `low` on.
fn counting_sort(keys: &[u64], low: u32, starts: &mut [u32], sorted: &mut [u64]) {
    for &key in keys {
        starts[(rank_of(key) - low) as usize] += 1;
    }
    let mut next = 0;
    for start in starts.iter_mut() {
        (*start, next) = (next, next + *start);
    }
    for &key in keys {
        let place = &mut starts[(rank_of(key) - low) as usize];
        sorted[*place as usize] = key;
        *place += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Labels;
    use ndarray::array;

    #[test]
    fn both_orders_hold_the_same_rows_after_a_division() {
        let x = array![[3.0, 1.0], [1.0, 1.0], [2.0, 0.0], [2.0, -0.0], [5.0, 7.0]];
        let fold = Fold::new(x, Labels::Values(vec![0.0; 5]), None);
        let weights = [1.0, 1.0, 1.0, 0.0, 2.0];
        let codes = ranks(&fold);
        assert_eq!(codes, [2, 0, 1, 1, 3, 1, 1, 0, 0, 2]);
        let mut presorted = Presorted::new(entries(&fold), &weights);
        let mut ranked = Ranked::new(&codes, &weights);
        let cut = Cut { feature: 0, n_left: 2, rank: 1 };
        presorted.divide(0..4, &cut, true);
        ranked.divide(0..4, &cut, true);
        for feature in 0..2 {
            for node in [0..2, 2..4] {
                assert_eq!(presorted.sorted(node.clone(), feature), ranked.sorted(node, feature));
            }
        }
    }

    #[test]
    fn counting_is_sorting() {
        let mut rng = crate::numeric::Rng::new(5);
        let keys: Vec<u64> = (0..200).map(|row| (10 + rng.below(40) as u64) << 32 | row).collect();
        let (mut starts, mut sorted) = (vec![0; 40], vec![0; 200]);
        counting_sort(&keys, 10, &mut starts, &mut sorted);
        let mut expected = keys;
        expected.sort_unstable();
        assert_eq!(sorted, expected);
    }
}
