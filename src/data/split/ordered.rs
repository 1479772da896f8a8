//! Folds in a given order: scikit-learn's unshuffled splitters, and folds by time.

use super::super::Dataset;
use super::FoldRows;
use super::error::SplitError;
use super::folds::Assignment;
use super::holdout::by_time;
use std::collections::BTreeMap;

/// As `KFold(k)`: consecutive parts, the first ones a row longer.
pub(super) fn plain(k: usize, n_rows: usize) -> Assignment {
    (0..k)
        .flat_map(|fold| {
            let size = n_rows / k + usize::from(fold < n_rows % k);
            std::iter::repeat_n(Some(fold), size)
        })
        .collect()
}

/// As `StratifiedKFold(k)`: every class in consecutive parts, whose sizes come from dealing the rows sorted by
/// class, classes in order of first appearance.
pub(super) fn stratified(class_of: &[u32], k: usize, search: &[usize]) -> Assignment {
    let mut rank: BTreeMap<u32, usize> = BTreeMap::new();
    let encoded: Vec<usize> = search
        .iter()
        .map(|&row| {
            let next = rank.len();
            *rank.entry(class_of[row]).or_insert(next)
        })
        .collect();
    let mut sorted = encoded.clone();
    sorted.sort_unstable();
    let mut allocation = vec![vec![0usize; k]; rank.len()];
    for (position, &class) in sorted.iter().enumerate() {
        allocation[class][position % k] += 1;
    }
    let mut queues: Vec<_> = allocation
        .into_iter()
        .map(|sizes| {
            sizes.into_iter().enumerate().flat_map(|(fold, n)| std::iter::repeat_n(fold, n))
        })
        .collect();
    encoded.into_iter().map(|class| queues[class].next()).collect()
}

/// As `GroupKFold(k)`: groups by descending size, the later code first on a tie, each to the lightest fold.
pub(super) fn group(groups: &[u32], k: usize, search: &[usize]) -> Assignment {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for &row in search {
        *counts.entry(groups[row]).or_default() += 1;
    }
    let mut order: Vec<(usize, u32)> = counts.into_iter().map(|(group, n)| (n, group)).collect();
    order.sort_unstable_by(|a, b| b.cmp(a));
    let mut sizes = vec![0usize; k];
    let mut fold_of = BTreeMap::new();
    for (n, group) in order {
        let lightest = (0..k).min_by_key(|&fold| sizes[fold]).unwrap_or_default();
        sizes[lightest] += n;
        fold_of.insert(group, lightest);
    }
    search.iter().map(|&row| fold_of.get(&groups[row]).copied()).collect()
}

/// As `TimeSeriesSplit(k)` over the rows in time: test parts of `n / (k + 1)` rows, trained on all before. A cut
/// that would part equal times moves to the nearest change of time.
pub(super) fn time(ds: &Dataset, k: usize, search: &[usize]) -> Result<Vec<FoldRows>, SplitError> {
    let Some(all) = &ds.time else {
        return Err(SplitError::NoColumn { kind: "time", column: "time" });
    };
    let times: Vec<f64> = search.iter().map(|&row| all[row]).collect();
    let order = by_time(&times)?;
    let rows = order.len();
    let changes: Vec<usize> =
        (1..rows).filter(|&at| times[order[at - 1]] < times[order[at]]).collect();
    if changes.len() < k {
        let (need, have) = (k + 1, changes.len() + 1);
        return Err(SplitError::TooFew { k, need, what: "different times", have, rows });
    }
    let cuts = nearest(&changes, k, rows);
    let sorted = |range: &[usize]| {
        let mut rows: Vec<usize> = range.iter().map(|&at| search[at]).collect();
        rows.sort_unstable();
        rows
    };
    let fold = |idx: usize| {
        let end = cuts.get(idx + 1).copied().unwrap_or(rows);
        FoldRows {
            train: sorted(&order[..cuts[idx]]),
            test: sorted(&order[cuts[idx]..end]),
            name: idx.to_string(),
        }
    };
    Ok((0..k).map(fold).collect())
}

/// `k` ascending members of `changes`, each nearest to where the test part would start, later ones kept possible.
fn nearest(changes: &[usize], k: usize, rows: usize) -> Vec<usize> {
    let size = rows / (k + 1);
    let mut from = 0;
    (0..k)
        .map(|idx| {
            let wanted = rows - (k - idx) * size;
            let until = changes.len() - (k - idx) + 1;
            let at = (from..until).min_by_key(|&at| changes[at].abs_diff(wanted)).unwrap_or(from);
            from = at + 1;
            changes[at]
        })
        .collect()
}
