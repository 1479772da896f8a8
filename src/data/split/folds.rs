//! Folds of the search rows: which maker serves, and whether every fold can be trained on.

use super::super::{Dataset, FoldKind, FoldOptions, SplitOptions};
use super::error::SplitError;
use super::keys::{classes, units};
use super::{FoldRows, dealt, default_kind, given, ordered};
use std::collections::BTreeMap;

/// The fold of each search row: `Some(fold)`, or none if it is never in test.
pub(super) type Assignment = Vec<Option<usize>>;

/// A checked request for made folds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made {
    pub(super) k: usize,
    pub(super) kind: FoldKind,
    pub(super) shuffle: bool,
    pub(super) repeats: usize,
    pub(super) seed: u64,
}

/// The folds of the search rows.
pub(super) fn make(
    ds: &Dataset,
    options: &SplitOptions,
    search: &[usize],
    notes: &mut Vec<String>,
) -> Result<Vec<FoldRows>, SplitError> {
    let folds = match &options.folds {
        FoldOptions::Made { k, kind, shuffle, repeats } => {
            let kind = kind.unwrap_or_else(|| default_kind(ds));
            let seed = options.seed;
            let made = Made { k: *k, kind, shuffle: *shuffle, repeats: *repeats, seed };
            check(ds, made, search)?;
            made_folds(ds, made, search, notes)?
        }
        FoldOptions::Column(name) => {
            let assignment = given::column(ds, name, search, notes)?;
            given::check_groups(ds, search, &assignment, format!("column '{name}'"))?;
            assigned(search, &assignment, "")
        }
        FoldOptions::File { path, shown } => {
            let assignment = given::file(path, shown, ds.labels.len(), search)?;
            given::check_groups(ds, search, &assignment, format!("'{shown}'"))?;
            assigned(search, &assignment, "")
        }
    };
    check_trained(ds, search, &folds)?;
    Ok(folds)
}

fn made_folds(
    ds: &Dataset,
    made: Made,
    search: &[usize],
    notes: &mut Vec<String>,
) -> Result<Vec<FoldRows>, SplitError> {
    if made.kind == FoldKind::Time {
        return ordered::time(ds, made.k, search);
    }
    if !made.shuffle {
        note_duplicates(ds, search, notes);
        let assignment = match (made.kind, &ds.groups) {
            (FoldKind::Stratified, _) => ordered::stratified(&classes(ds), made.k, search),
            (FoldKind::Group, Some(groups)) => ordered::group(groups, made.k, search),
            _ => ordered::plain(made.k, search.len()),
        };
        return Ok(assigned(search, &assignment, ""));
    }
    let repeats = (0..made.repeats).flat_map(|repeat| {
        let assignment = dealt::deal(ds, made, repeat, search);
        let prefix = if made.repeats > 1 { format!("{repeat}.") } else { String::new() };
        assigned(search, &assignment, &prefix)
    });
    Ok(repeats.collect())
}

/// Refuses requests that the data cannot serve.
fn check(ds: &Dataset, made: Made, search: &[usize]) -> Result<(), SplitError> {
    let Made { k, kind, shuffle, repeats, .. } = made;
    let option =
        |key, value: usize, must| SplitError::Option { key, value: value.to_string(), must };
    if k < 2 {
        return Err(option("folds", k, "at least 2"));
    }
    if repeats < 1 {
        return Err(option("folds.repeats", repeats, "at least 1"));
    }
    if repeats > 1 && kind == FoldKind::Time {
        let why = "folds by time have one order";
        return Err(SplitError::SameRepeats { repeats, why });
    }
    if repeats > 1 && !shuffle {
        let why = "shuffle = false cuts in row order";
        return Err(SplitError::SameRepeats { repeats, why });
    }
    if kind == FoldKind::Group && ds.groups.is_none() {
        return Err(SplitError::NoColumn { kind: "group", column: "group" });
    }
    if kind == FoldKind::Time && ds.time.is_none() {
        return Err(SplitError::NoColumn { kind: "time", column: "time" });
    }
    if ds.groups.is_some() && kind == FoldKind::Time {
        return Err(SplitError::CutsGroups { kind: "time", how: "" });
    }
    if ds.groups.is_some() && kind != FoldKind::Group && !shuffle {
        let how = " with shuffle = false";
        return Err(SplitError::CutsGroups { kind: kind.word(), how });
    }
    check_counts(ds, made, search)
}

fn check_counts(ds: &Dataset, made: Made, search: &[usize]) -> Result<(), SplitError> {
    let (k, rows) = (made.k, search.len());
    let too_few = |need, what, have| Err(SplitError::TooFew { k, need, what, have, rows });
    if rows < k {
        return too_few(k, "rows", rows);
    }
    if made.kind != FoldKind::Time && made.shuffle || made.kind == FoldKind::Group {
        let all = units(ds);
        let mut distinct: Vec<u64> = search.iter().map(|&row| all[row]).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let what = if ds.groups.is_some() { "groups" } else { "distinct rows" };
        if distinct.len() < k {
            return too_few(k, what, distinct.len());
        }
    }
    if made.kind == FoldKind::Stratified {
        for (class, count) in class_counts(ds, search) {
            if count < k {
                return Err(SplitError::RareClass { class, count, rows, k });
            }
        }
    }
    Ok(())
}

/// Search rows of every class of the data set, by name.
fn class_counts(ds: &Dataset, search: &[usize]) -> Vec<(String, usize)> {
    let class_of = classes(ds);
    let mut counts = vec![0; ds.classes.len()];
    for &row in search {
        if let Some(count) = counts.get_mut(class_of[row] as usize) {
            *count += 1;
        }
    }
    ds.classes.iter().cloned().zip(counts).collect()
}

/// Refuses folds without rows on a side, or with a class that the training rows lack.
fn check_trained(ds: &Dataset, search: &[usize], folds: &[FoldRows]) -> Result<(), SplitError> {
    let (k, rows) = (folds.len(), search.len());
    let class_of = classes(ds);
    let totals = class_counts(ds, search);
    for fold in folds {
        if fold.train.is_empty() || fold.test.is_empty() {
            return Err(SplitError::TooFew { k, need: k, what: "rows", have: rows, rows });
        }
        let mut trained = vec![false; totals.len()];
        for &row in &fold.train {
            if let Some(trained) = trained.get_mut(class_of[row] as usize) {
                *trained = true;
            }
        }
        for ((class, count), trained) in totals.iter().zip(trained) {
            if !trained {
                return Err(SplitError::ClassNotTrained {
                    class: class.clone(),
                    count: *count,
                    fold: fold.name.clone(),
                });
            }
        }
    }
    Ok(())
}

/// The folds of an assignment, in fold order.
fn assigned(search: &[usize], assignment: &Assignment, prefix: &str) -> Vec<FoldRows> {
    let n_folds = assignment.iter().flatten().max().map_or(0, |last| last + 1);
    let side = |fold: usize, inside: bool| {
        let rows = search.iter().zip(assignment);
        rows.filter(|(_, at)| (**at == Some(fold)) == inside).map(|(&row, _)| row).collect()
    };
    (0..n_folds)
        .map(|fold| FoldRows {
            train: side(fold, false),
            test: side(fold, true),
            name: format!("{prefix}{fold}"),
        })
        .collect()
}

fn note_duplicates(ds: &Dataset, search: &[usize], notes: &mut Vec<String>) {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for &row in search {
        *counts.entry(ds.row_keys[row]).or_default() += 1;
    }
    let equal = search.len() - counts.len();
    if equal > 0 && ds.groups.is_none() {
        notes.push(format!(
            "shuffle = false cuts in row order: {equal} rows equal an earlier one and may stand on both sides"
        ));
    }
}
