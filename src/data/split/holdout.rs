//! The rows that no search sees.

use super::super::{Dataset, SplitOptions};
use super::error::{SplitError, counted};
use super::keys::{classes, keyed, units};
use std::collections::BTreeMap;

/// Below this many rows a difference on the holdout means little: 30 rows put ±9 points of standard error on an
/// accuracy of 50 %.
const FEW: usize = 30;

/// The held-out rows, ascending.
pub(super) fn choose(
    ds: &Dataset,
    options: &SplitOptions,
    notes: &mut Vec<String>,
) -> Result<Vec<usize>, SplitError> {
    let (share, rows) = (options.holdout, ds.labels.len());
    if !(0.0..1.0).contains(&share) {
        let value = share.to_string();
        return Err(SplitError::Option { key: "holdout", value, must: "at least 0 and below 1" });
    }
    if share == 0.0 {
        return Ok(vec![]);
    }
    let held = match (&ds.time, &ds.groups) {
        (Some(time), None) => latest(time, share, notes)?,
        _ if options.exact => exact(ds, options, notes),
        _ => hashed(ds, options),
    };
    if held.is_empty() {
        return Err(SplitError::EmptyHoldout { share, rows });
    }
    if held.len() == rows {
        return Err(SplitError::NothingLeft { share, rows });
    }
    describe(ds, &held, notes);
    Ok(held)
}

/// Rows whose unit's hash, read as a fraction, lies below the share. Each is decided by itself.
fn hashed(ds: &Dataset, options: &SplitOptions) -> Vec<usize> {
    let inside = |unit: u64| {
        let bits = keyed("holdout", options.seed, 0, unit);
        ((bits >> 11) as f64) * (-53f64).exp2() < options.holdout
    };
    let units = units(ds);
    (0..units.len()).filter(|&row| inside(units[row])).collect()
}

/// The latest rows, cut between two times so that the count comes nearest to the share.
fn latest(time: &[f64], share: f64, notes: &mut Vec<String>) -> Result<Vec<usize>, SplitError> {
    let order = by_time(time)?;
    let rows = order.len();
    let wanted = rows as f64 * share;
    let cuts = (1..rows).filter(|&at| time[order[at - 1]] < time[order[at]]);
    let distance = |at: usize| ((rows - at) as f64 - wanted).abs();
    // On a tie the smaller holdout, which is the later cut.
    let cut = cuts.rev().min_by(|&a, &b| distance(a).total_cmp(&distance(b)));
    let Some(cut) = cut else {
        return Err(SplitError::NothingLeft { share, rows });
    };
    notes.push(format!(
        "the holdout is the latest {} of {rows} rows by time, so it moves when newer rows come",
        rows - cut
    ));
    let mut held = order[cut..].to_vec();
    held.sort_unstable();
    Ok(held)
}

/// Rows in ascending time, ties in row order.
pub(super) fn by_time(time: &[f64]) -> Result<Vec<usize>, SplitError> {
    let count = time.iter().filter(|time| time.is_nan()).count();
    if count > 0 {
        return Err(SplitError::MissingTime { count, rows: time.len() });
    }
    let mut order: Vec<usize> = (0..time.len()).collect();
    order.sort_by(|&a, &b| time[a].total_cmp(&time[b]));
    Ok(order)
}

/// The asked share of every class to the row, units in hash order; units of several rows only where they fit.
fn exact(ds: &Dataset, options: &SplitOptions, notes: &mut Vec<String>) -> Vec<usize> {
    // Groups mix classes, so the count of rows is all that can be met with them.
    let class_of = if ds.groups.is_some() { vec![0; ds.labels.len()] } else { classes(ds) };
    let mut members: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (row, unit) in units(ds).into_iter().enumerate() {
        members.entry(unit).or_default().push(row);
    }
    // The class of a unit is its least one, which does not depend on row order.
    let mut by_class: BTreeMap<u32, Vec<(u64, u64)>> = BTreeMap::new();
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for (&unit, rows) in &members {
        let class = rows.iter().map(|&row| class_of[row]).min().unwrap_or_default();
        *counts.entry(class).or_default() += rows.len();
        let hash = keyed("holdout", options.seed, 0, unit);
        by_class.entry(class).or_default().push((hash, unit));
    }
    let quotas = quotas(&counts, options.holdout);
    let mut held = Vec::new();
    for (class, mut candidates) in by_class {
        candidates.sort_unstable();
        let mut left = quotas[&class];
        for (_, unit) in candidates {
            let rows = &members[&unit];
            if rows.len() <= left {
                left -= rows.len();
                held.extend_from_slice(rows);
            }
        }
        if left > 0 {
            notes.push(format!(
                "the holdout is {} short of the exact share, since equal rows and groups stay together",
                counted(left, "row")
            ));
        }
    }
    notes.push("the holdout is exact, so it changes when rows are added".into());
    held.sort_unstable();
    held
}

/// Rows to hold out per class: the whole part of each share, then one more by largest remainder until the
/// total is the share of all rows, rounded.
fn quotas(counts: &BTreeMap<u32, usize>, share: f64) -> BTreeMap<u32, usize> {
    let total: usize = counts.values().sum();
    let wanted = (total as f64 * share).round() as usize;
    let mut quotas: BTreeMap<u32, usize> =
        counts.iter().map(|(&class, &n)| (class, (n as f64 * share) as usize)).collect();
    let mut order: Vec<(f64, u32)> =
        counts.iter().map(|(&class, &n)| ((n as f64 * share).fract(), class)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let missing = wanted.saturating_sub(quotas.values().sum());
    for (_, class) in order.into_iter().take(missing) {
        *quotas.entry(class).or_default() += 1;
    }
    quotas
}

/// Notes on a small holdout and on classes that it lacks.
fn describe(ds: &Dataset, held: &[usize], notes: &mut Vec<String>) {
    if held.len() < FEW {
        notes.push(format!("the holdout has only {}", counted(held.len(), "row")));
    }
    let class_of = classes(ds);
    for (class, name) in ds.classes.iter().enumerate() {
        if held.iter().all(|&row| class_of[row] as usize != class) {
            notes.push(format!("the holdout has no row of class '{name}'"));
        }
    }
}
