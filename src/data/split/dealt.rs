//! Shuffled folds that do not depend on row order: units in hash order, each dealt to the neediest fold.

use super::super::{Dataset, FoldKind};
use super::folds::{Assignment, Made};
use super::keys::{classes, keyed, units};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Rows that stay together.
struct Unit {
    key: u64,
    /// Rows by class, classes ascending.
    counts: Vec<(u32, usize)>,
    n_rows: usize,
}

/// The fold of each search row. Folds differ by at most one row, and by at most one row of any class, as long
/// as no two rows are equal or of one group.
///
/// Units go class by class, larger ones first, then by a hash of (seed, repeat, key). Each goes to the fold where
/// it adds least to `Σ_class Σ_fold (rows / rows of the class)²`, then to the smallest, then to the first.
pub(super) fn deal(ds: &Dataset, made: Made, repeat: usize, search: &[usize]) -> Assignment {
    let keys = units(ds);
    let class_of =
        if made.kind == FoldKind::Stratified { classes(ds) } else { vec![0; keys.len()] };
    let totals = totals(&class_of, search);
    let mut units = collect(&keys, &class_of, search);
    units.sort_by_cached_key(|unit| {
        let class = unit.counts.first().map(|count| count.0);
        let hash = keyed("folds", made.seed, repeat, unit.key);
        (class, Reverse(unit.n_rows), hash, unit.key)
    });
    let mut by_class = vec![vec![0usize; totals.len()]; made.k];
    let mut sizes = vec![0usize; made.k];
    let mut fold_of = BTreeMap::new();
    for unit in &units {
        let cost = |fold: usize| -> f64 {
            let part = |&(class, n): &(u32, usize)| {
                let total = totals[class as usize] as f64;
                by_class[fold][class as usize] as f64 * n as f64 / (total * total)
            };
            unit.counts.iter().map(part).sum()
        };
        let best = (0..made.k)
            .min_by(|&a, &b| cost(a).total_cmp(&cost(b)).then(sizes[a].cmp(&sizes[b])))
            .unwrap_or_default();
        for &(class, n) in &unit.counts {
            by_class[best][class as usize] += n;
        }
        sizes[best] += unit.n_rows;
        fold_of.insert(unit.key, best);
    }
    search.iter().map(|&row| fold_of.get(&keys[row]).copied()).collect()
}

/// `k` folds of some rows for work inside a training set, such as target encoding. They are dealt from hashes
/// of their own, so that they do not follow the outer folds.
pub(in crate::data) fn inner_folds(
    ds: &Dataset,
    rows: &[usize],
    k: usize,
    seed: u64,
) -> Vec<Option<usize>> {
    let classes = ds.labels.task().is_classification();
    let kind = if classes { FoldKind::Stratified } else { FoldKind::Plain };
    deal(ds, Made { k, kind, shuffle: true, repeats: 1, seed }, usize::MAX, rows)
}

/// Search rows by class code.
fn totals(class_of: &[u32], search: &[usize]) -> Vec<usize> {
    let n_classes = class_of.iter().max().map_or(0, |last| *last as usize + 1);
    let mut totals = vec![0; n_classes];
    for &row in search {
        totals[class_of[row] as usize] += 1;
    }
    totals
}

fn collect(keys: &[u64], class_of: &[u32], search: &[usize]) -> Vec<Unit> {
    let mut members: Vec<(u64, u32)> =
        search.iter().map(|&row| (keys[row], class_of[row])).collect();
    members.sort_unstable();
    members
        .chunk_by(|a, b| a.0 == b.0)
        .map(|rows| Unit {
            key: rows[0].0,
            counts: rows.chunk_by(|a, b| a.1 == b.1).map(|same| (same[0].1, same.len())).collect(),
            n_rows: rows.len(),
        })
        .collect()
}
