//! Folds that the user gives, in a column of the data or in a file.

use super::super::{Dataset, Values};
use super::error::SplitError;
use super::folds::Assignment;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The fold of each search row from a column: its distinct values in ascending order are the folds, and a
/// negative number is never in test.
pub(super) fn column(
    ds: &Dataset,
    name: &str,
    search: &[usize],
    notes: &mut Vec<String>,
) -> Result<Assignment, SplitError> {
    let wrong = |why: String| SplitError::Column { name: name.into(), why };
    let idx = ds.table.find(name).ok_or_else(|| {
        let names: Vec<_> = ds.table.columns.iter().map(|column| column.name.as_str()).collect();
        wrong(format!("is not among the columns {}", names.join(", ")))
    })?;
    if idx == ds.target {
        return Err(wrong("is the target".into()));
    }
    if ds.features.contains(&idx) {
        notes.push(format!(
            "the fold column '{name}' is a feature too; add it to [data] ignore unless that is meant"
        ));
    }
    let column = &ds.table.columns[idx];
    let missing = search.iter().filter(|&&row| column.is_missing(row)).count();
    if missing > 0 {
        return Err(wrong(format!("has {missing} missing cells in the search rows")));
    }
    let number = |row: usize| match &column.values {
        Values::Numbers(numbers) => numbers[row],
        Values::Codes { codes, .. } => f64::from(codes[row]),
    };
    let raw: Vec<f64> = search.iter().map(|&row| number(row)).collect();
    let assignment = ranked(&raw);
    match assignment.iter().flatten().max() {
        Some(1..) => Ok(assignment),
        _ => Err(wrong("has fewer than 2 different folds in the search rows".into())),
    }
}

/// The fold of each search row from a CSV file with one column `fold` and a line for every row of the data.
pub(super) fn file(
    path: &Path,
    shown: &str,
    n_rows: usize,
    search: &[usize],
) -> Result<Assignment, SplitError> {
    let wrong = |line: Option<u64>, why: String| SplitError::File {
        shown: shown.into(),
        place: line.map(|line| format!(":{line}")).unwrap_or_default(),
        why,
    };
    let unreadable = |source| SplitError::Read { shown: shown.into(), source };
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path).map_err(unreadable)?;
    let header = reader.headers().map_err(unreadable)?;
    let name = header.get(0).unwrap_or_default().trim_start_matches('\u{feff}');
    if header.len() != 1 || name != "fold" {
        let found = header.iter().collect::<Vec<_>>().join(",");
        return Err(wrong(Some(1), format!("the header is '{found}', it must be 'fold'")));
    }
    let mut folds: Vec<f64> = Vec::with_capacity(n_rows);
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let cell = record.get(0).unwrap_or_default();
        let fold: i32 = cell.parse().map_err(|_| {
            let line = record.position().map(csv::Position::line);
            wrong(
                line,
                format!(
                    "'{cell}' is no whole number; mend: a fold from 0, or -1 for never in test"
                ),
            )
        })?;
        folds.push(f64::from(fold));
    }
    if folds.len() != n_rows {
        let why = format!("{} folds for {n_rows} rows of data; mend: one line a row", folds.len());
        return Err(wrong(None, why));
    }
    let raw: Vec<f64> = search.iter().map(|&row| folds[row]).collect();
    let assignment = ranked(&raw);
    match assignment.iter().flatten().max() {
        Some(1..) => Ok(assignment),
        _ => Err(wrong(None, "fewer than 2 different folds in the search rows".into())),
    }
}

/// Refuses folds that part a group.
pub(super) fn check_groups(
    ds: &Dataset,
    search: &[usize],
    assignment: &Assignment,
    place: String,
) -> Result<(), SplitError> {
    let Some(groups) = &ds.groups else { return Ok(()) };
    let mut folds: BTreeMap<u32, BTreeSet<Option<usize>>> = BTreeMap::new();
    for (&row, &fold) in search.iter().zip(assignment) {
        folds.entry(groups[row]).or_default().insert(fold);
    }
    match folds.values().filter(|folds| folds.len() > 1).count() {
        0 => Ok(()),
        count => Err(SplitError::GroupsApart { count, place }),
    }
}

/// The rank of each number among the distinct ones from 0 up; none for negative ones.
fn ranked(numbers: &[f64]) -> Assignment {
    let mut distinct: Vec<f64> = numbers.iter().copied().filter(|n| *n >= 0.0).collect();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    let rank = |number: f64| {
        distinct
            .binary_search_by(|d| d.partial_cmp(&number).unwrap_or(std::cmp::Ordering::Less))
            .ok()
    };
    numbers.iter().map(|&number| if number < 0.0 { None } else { rank(number) }).collect()
}
