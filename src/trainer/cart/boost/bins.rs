//! Features cut into at most 256 bins at weighted quantiles.

use crate::trainer::Fold;

/// Features whose codes lie together, so that one load serves four histograms.
pub(super) const LANES: usize = 4;

/// The codes of a fold.
#[derive(Debug)]
pub(in crate::trainer) struct Bins {
    n_rows: usize,
    n_features: usize,
    /// `blocks × rows`; the last block is filled up with code 0.
    codes: Vec<[u8; LANES]>,
    /// Ascending cuts of each feature; a value goes to the first bin whose cut is not below it.
    cuts: Vec<Vec<f64>>,
}

impl Bins {
    /// Cuts every feature: between all values if there are at most `max_bin` of them, else so that the
    /// bins weigh about the same.
    pub(in crate::trainer) fn new(fold: &Fold, weights: &[f64], max_bin: usize) -> Self {
        let (n_rows, n_features) = fold.x.dim();
        let mut codes = vec![[0; LANES]; n_features.div_ceil(LANES) * n_rows];
        let mut cuts = Vec::with_capacity(n_features);
        let mut column = vec![0.0; n_rows];
        for (feature, order) in fold.sorted().chunks_exact(n_rows).enumerate() {
            column.iter_mut().zip(fold.x.column(feature)).for_each(|(to, &value)| *to = value);
            let ends = cut(&column, order, weights, max_bin);
            let block = &mut codes[feature / LANES * n_rows..][..n_rows];
            let mut bin = 0;
            for &row in order {
                while bin < ends.len() && column[row as usize] > ends[bin] {
                    bin += 1;
                }
                block[row as usize][feature % LANES] = bin as u8;
            }
            cuts.push(ends);
        }
        Self { n_rows, n_features, codes, cuts }
    }

    /// The codes of four features, by row.
    pub(super) fn block(&self, block: usize) -> &[[u8; LANES]] {
        &self.codes[block * self.n_rows..(block + 1) * self.n_rows]
    }

    /// Bins of a feature.
    pub(super) fn n_bins(&self, feature: usize) -> usize {
        self.cuts[feature].len() + 1
    }

    /// The largest value of a bin that is not the last.
    pub(super) fn threshold(&self, feature: usize, bin: usize) -> f64 {
        self.cuts[feature][bin]
    }

    /// Features.
    pub(super) fn n_features(&self) -> usize {
        self.n_features
    }
}

/// The cuts of one sorted column. Rows of weight 0 have no say.
fn cut(column: &[f64], order: &[u32], weights: &[f64], max_bin: usize) -> Vec<f64> {
    let mut distinct: Vec<(f64, f64)> = Vec::new();
    for &row in order {
        let (value, weight) = (column[row as usize], weights[row as usize]);
        match distinct.last_mut() {
            _ if weight <= 0.0 => {}
            Some(last) if last.0 == value => last.1 += weight,
            _ => distinct.push((value, weight)),
        }
    }
    let all = distinct.len() <= max_bin;
    let total: f64 = distinct.iter().map(|pair| pair.1).sum();
    let (mut cuts, mut below, mut goal) = (Vec::new(), 0.0, total / max_bin as f64);
    for pair in distinct.windows(2) {
        below += pair[0].1;
        if all || below >= goal {
            cuts.push(half_way(pair[0].0, pair[1].0));
            if !all && cuts.len() == max_bin - 1 {
                break;
            }
            goal = below + (total - below) / (max_bin - cuts.len()).max(1) as f64;
        }
    }
    cuts
}

fn half_way(below: f64, above: f64) -> f64 {
    let middle = below / 2.0 + above / 2.0;
    if middle >= below && middle < above { middle } else { below }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[f64], weights: &[f64], max_bin: usize, expected: &[f64]) {
        let order: Vec<u32> = (0..values.len() as u32).collect();
        assert_eq!(cut(values, &order, weights, max_bin), expected);
    }

    #[test]
    fn few_values_are_all_told_apart() {
        check(&[1.0, 1.0, 2.0, 4.0], &[1.0; 4], 3, &[1.5, 3.0]);
        check(&[7.0; 4], &[1.0; 4], 3, &[]);
        check(&[1.0, 2.0, 4.0], &[1.0, 0.0, 1.0], 3, &[2.5]);
    }

    #[test]
    fn many_values_share_bins_of_equal_weight() {
        let values: Vec<f64> = (0..8).map(f64::from).collect();
        check(&values, &[1.0; 8], 4, &[1.5, 3.5, 5.5]);
        check(&values, &[10.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], 3, &[0.5, 4.5]);
    }
}
