//! Checks of rows: duplicates, conflicting labels, keys, outliers.

use super::super::hash::row_hashes;
use super::super::{ColumnType, Values};
use super::context::Context;
use super::{Check, Finding, Level, percent};
use crate::domain::{Labels, format_count};
use crate::numeric::quantile_sorted;
use std::collections::HashMap;

/// 7: rows that repeat an earlier one; the identifier is not compared.
pub(super) fn duplicate_rows(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let limit = context.options.limits.duplicates;
    let is_id = |idx: usize| Some(&context.table.columns[idx].name) == context.options.id.as_ref();
    let columns: Vec<usize> = (0..context.table.columns.len()).filter(|&idx| !is_id(idx)).collect();
    let repeated = repeated(&row_hashes(context.table, &columns));
    let share = repeated.len() as f64 / context.table.n_rows.max(1) as f64;
    let text = format!("{} of rows repeat another (limit {})", percent(share), percent(limit));
    let level = if share > limit { Level::Warn } else { Level::Ok };
    vec![check.finding(level, &[], text).at(repeated, context)]
}

/// Rows whose hash occurred before.
fn repeated(hashes: &[u64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..hashes.len()).collect();
    order.sort_unstable_by_key(|&row| (hashes[row], row));
    let again = order.windows(2).filter(|pair| hashes[pair[0]] == hashes[pair[1]]);
    let mut rows: Vec<usize> = again.map(|pair| pair[1]).collect();
    rows.sort_unstable();
    rows
}

/// 8: rows with the same features and another class.
pub(super) fn conflicting_labels(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let Some(Labels::Classes { codes, .. }) = context.input.labels else {
        return check.not_checked("there are no classes");
    };
    let limit = context.options.limits.conflicts;
    let hashes = row_hashes(context.table, &context.input.features);
    // The class of each hash's first row, or none once a second class was seen.
    let mut classes: HashMap<u64, Option<u32>> = HashMap::with_capacity(hashes.len());
    for (&hash, &code) in hashes.iter().zip(codes) {
        let seen = classes.entry(hash).or_insert(Some(code));
        if *seen != Some(code) {
            *seen = None;
        }
    }
    let rows: Vec<usize> =
        (0..hashes.len()).filter(|&row| classes[&hashes[row]].is_none()).collect();
    let share = rows.len() as f64 / hashes.len().max(1) as f64;
    let text = format!(
        "{} of rows have the features of another row and a different class (limit {})",
        percent(share),
        percent(limit)
    );
    let level = if share > limit { Level::Warn } else { Level::Ok };
    vec![check.finding(level, &[], text).at(rows, context)]
}

/// 13: the key differs in every row.
pub(super) fn unique_key(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let options = context.options;
    let key: Vec<&str> = match options.key.as_slice() {
        [] => options.id.iter().map(String::as_str).collect(),
        names => names.iter().map(String::as_str).collect(),
    };
    if key.is_empty() {
        return check.not_checked("no key is given");
    }
    let mut columns = Vec::with_capacity(key.len());
    for name in &key {
        let Some(idx) = context.table.find(name) else {
            let mend = context.table.name_mend(name);
            let text = format!("the key '{name}' is no column; mend: {mend}");
            return vec![check.finding(Level::Error, &[name], text)];
        };
        columns.push(idx);
    }
    let repeated = repeated(&row_hashes(context.table, &columns));
    let level = if repeated.is_empty() { Level::Ok } else { Level::Error };
    let shown = key.join("', '");
    let text =
        format!("{} rows repeat the key '{shown}' (limit 0)", format_count(repeated.len() as u64));
    vec![check.finding(level, &key, text).at(repeated, context)]
}

/// 14: cells far from the median, |x − median| / (1.4826 MAD) over the limit. A report: no limit on rows.
pub(super) fn outlier_rows(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let limit = context.options.limits.outlier;
    let mut is_outlier = vec![false; context.table.n_rows];
    let mut counts: Vec<(usize, &str)> = Vec::new();
    for column in context.features().filter(|column| column.kind == ColumnType::Number) {
        let Values::Numbers(numbers) = &column.values else { continue };
        let out = outliers(numbers, limit);
        if !out.is_empty() {
            counts.push((out.len(), &column.name));
        }
        for row in out {
            is_outlier[row] = true;
        }
    }
    counts.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
    let rows: Vec<usize> = (0..is_outlier.len()).filter(|&row| is_outlier[row]).collect();
    let share = percent(rows.len() as f64 / is_outlier.len().max(1) as f64);
    let most: Vec<String> =
        counts.iter().take(3).map(|(n, name)| format!("'{name}' {n}")).collect();
    let most =
        if most.is_empty() { String::new() } else { format!("; most in {}", most.join(", ")) };
    let text = format!("{share} of rows hold a number beyond {limit} robust sd{most}");
    let columns: Vec<&str> = counts.iter().map(|(_, name)| *name).collect();
    let level = if rows.is_empty() { Level::Ok } else { Level::Info };
    vec![check.finding(level, &columns, text).at(rows, context)]
}

/// Rows beyond the limit. A column with half its cells equal has no spread to measure by, and so none.
pub(super) fn outliers(numbers: &[f64], limit: f64) -> Vec<usize> {
    let mut sorted: Vec<f64> = numbers.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let median = quantile_sorted(&sorted, 0.5);
    for value in &mut sorted {
        *value = (*value - median).abs();
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let ceiling = limit * 1.4826 * quantile_sorted(&sorted, 0.5);
    // False for NaN too: a median of infinite cells measures nothing.
    if !(ceiling > 0.0 && median.is_finite()) {
        return Vec::new();
    }
    (0..numbers.len()).filter(|&row| (numbers[row] - median).abs() > ceiling).collect()
}
