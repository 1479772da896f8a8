//! Rows of a file for a bundle: cells are read by its schema, as it would predict them, and the target beside them.

use super::text::plural;
use super::{CliError, Exit};
use crate::bundle::{Bundle, BundleError, KeyKind};
use crate::data::stream::{self, Batch, StreamSettings};
use crate::data::{
    self, Column, ColumnSchema, ColumnType, DataOptions, MISSING, Schema, SourceOptions, Table,
    Values,
};
use crate::domain::{Labels, Task};
use std::collections::HashMap;
use std::path::Path;

/// Strange labels that a message lists.
const LISTED: usize = 5;

/// Rows of a file.
pub(super) struct FileRows {
    /// The columns that the model reads.
    pub(super) table: Table,
    /// The number of each row in the file, from 1.
    pub(super) numbers: Vec<usize>,
    /// The truth, where it was asked for.
    pub(super) truth: Option<Labels>,
    pub(super) notes: Vec<String>,
}

impl FileRows {
    pub(super) fn read(bundle: &Bundle, path: &Path, wants_truth: bool) -> Result<Self, CliError> {
        let manifest = bundle.manifest();
        let command = || BundleError::Command { name: manifest.name.clone() };
        let (Some(own), Some(target)) = (bundle.schema(), &manifest.target) else {
            return Err(command().into());
        };
        let mut schema = own.clone();
        if wants_truth && schema.find(target).is_none() {
            schema.columns.push(target_schema(target, manifest.task, &manifest.classes));
        }
        let table = whole(&options(path), &schema).map_err(|error| {
            // The column that a prediction does without is the likeliest to be absent.
            let what = error.text.split("; mend").next().unwrap_or_default();
            let names_it = what.contains(&format!("'{target}'"));
            if !(wants_truth && names_it) {
                return error;
            }
            error.hint(format!(
                "'{target}' is the truth to compare with; derby predict and explain --shap do without it"
            ))
        })?;
        let idx = if wants_truth { table.find(target) } else { None };
        let Some(idx) = idx else {
            let numbers = (1..=table.n_rows).collect();
            return Ok(Self { table, numbers, truth: None, notes: Vec::new() });
        };
        let rows: Vec<usize> =
            (0..table.n_rows).filter(|&row| !table.columns[idx].is_missing(row)).collect();
        let mut notes = Vec::new();
        if rows.len() < table.n_rows {
            let lost = plural((table.n_rows - rows.len()) as u64, "row");
            notes.push(format!("{lost} without a target are left out"));
        }
        let shown = path.display().to_string();
        let truth = labels(bundle, &table.columns[idx], &rows, &shown)?;
        let read: Vec<usize> = (0..table.columns.len())
            .filter(|&idx| own.find(&table.columns[idx].name).is_some())
            .collect();
        let numbers = rows.iter().map(|row| row + 1).collect();
        Ok(Self {
            table: super::unseen::rows_of(&table, &read, &rows),
            numbers,
            truth: Some(truth),
            notes,
        })
    }
}

fn options(path: &Path) -> SourceOptions {
    let shown = path.display().to_string();
    SourceOptions { path: path.into(), shown, ..SourceOptions::default() }
}

/// How the target is read: classes as texts, so that each is its name.
fn target_schema(name: &str, task: Option<Task>, classes: &[String]) -> ColumnSchema {
    let is_number = task == Some(Task::Regression);
    ColumnSchema {
        name: name.into(),
        kind: if is_number { ColumnType::Number } else { ColumnType::Category },
        date_style: None,
        levels: if is_number { Vec::new() } else { classes.to_vec() },
        has_missing: false,
        range: None,
    }
}

/// All rows of a file.
fn whole(options: &SourceOptions, schema: &Schema) -> Result<Table, CliError> {
    let mut all: Option<Table> = None;
    let work = |batch: &Batch<'_>| Ok::<Table, data::Error>(batch.table.clone());
    let mut take = |_, table: Table| {
        match &mut all {
            Some(all) => append(all, table),
            None => all = Some(table),
        }
        Ok(())
    };
    stream::stream(options, schema, StreamSettings::default(), &work, &mut take)?;
    Ok(all.unwrap_or_default())
}

/// Puts rows behind others; each batch has its own codes of texts that training had not.
fn append(all: &mut Table, more: Table) {
    all.n_rows += more.n_rows;
    for (column, more) in all.columns.iter_mut().zip(more.columns) {
        match (&mut column.values, more.values) {
            (Values::Numbers(numbers), Values::Numbers(more)) => numbers.extend(more),
            (Values::Codes { codes, levels }, Values::Codes { codes: more, levels: texts }) => {
                let mut known: HashMap<String, u32> = levels.iter().cloned().zip(0..).collect();
                let code = |text: String| {
                    *known.entry(text.clone()).or_insert_with(|| {
                        levels.push(text);
                        levels.len() as u32 - 1
                    })
                };
                let places: Vec<u32> = texts.into_iter().map(code).collect();
                codes.extend(more.into_iter().map(|code| match code {
                    MISSING => MISSING,
                    code => places[code as usize],
                }));
            }
            _ => unreachable!("a schema gives every batch the same types"),
        }
    }
}

/// The truth of some rows in the bundle's classes.
fn labels(
    bundle: &Bundle,
    column: &Column,
    rows: &[usize],
    shown: &str,
) -> Result<Labels, CliError> {
    let manifest = bundle.manifest();
    let failed = |text: String, mend: &str| CliError::new(Exit::Failed, text).hint(mend);
    let (codes, levels) = match &column.values {
        Values::Numbers(numbers) => {
            let values: Vec<f64> = rows.iter().map(|&row| numbers[row]).collect();
            if let Some(at) = values.iter().position(|value| !value.is_finite()) {
                let text = format!(
                    "{shown}, row {}: the target '{}' is '{}'",
                    rows[at] + 1,
                    column.name,
                    values[at]
                );
                return Err(failed(text, "give it a finite number, or empty the cell"));
            }
            return Ok(Labels::Values(values));
        }
        Values::Codes { codes, levels } => (codes, levels),
    };
    let classes = &manifest.classes;
    let class_of: Vec<Option<u32>> = levels.iter().map(|text| class(classes, text)).collect();
    let found: Vec<Option<u32>> = rows.iter().map(|&row| class_of[codes[row] as usize]).collect();
    if let Some(at) = found.iter().position(Option::is_none) {
        let used = |idx: &usize| class_of[*idx].is_none();
        let strange: Vec<String> = (0..levels.len())
            .filter(used)
            .map(|idx| format!("'{}'", levels[idx]))
            .take(LISTED)
            .collect();
        let text = format!(
            "{shown}, row {}: the target '{}' holds {}, which the model does not know",
            rows[at] + 1,
            column.name,
            strange.join(", ")
        );
        return Err(failed(
            text,
            &format!("its classes are {}; remove the other rows", classes.join(", ")),
        ));
    }
    let positive =
        manifest.positive.as_ref().and_then(|name| classes.iter().position(|c| c == name));
    Ok(Labels::Classes {
        codes: found.into_iter().flatten().collect(),
        n_classes: classes.len(),
        positive: positive.unwrap_or(classes.len().saturating_sub(1)) as u32,
    })
}

/// A class by its name, by its number (`1.0` is `1`), or in another case where that is one class only.
fn class(classes: &[String], text: &str) -> Option<u32> {
    let exact = classes.iter().position(|class| class == text);
    let number = || {
        let number: f64 = text.parse().ok()?;
        classes.iter().position(|class| class.parse() == Ok(number))
    };
    let folded = || {
        let same = |class: &&String| class.to_lowercase() == text.to_lowercase();
        let mut near = classes.iter().enumerate().filter(|(_, class)| same(class));
        near.next().filter(|_| near.next().is_none()).map(|(code, _)| code)
    };
    exact.or_else(number).or_else(folded).map(|code| code as u32)
}

/// How many rows of a file a bundle was trained on; none where nobody can tell, as without the columns of the keys.
pub(super) fn seen_in_training(bundle: &Bundle, path: &Path) -> Option<u64> {
    let (kind, schema) = (bundle.key_kind()?, bundle.schema()?);
    let manifest = bundle.manifest();
    let source = SourceOptions { null_values: Some(schema.null_values.clone()), ..options(path) };
    let (id, ignore) = match kind {
        KeyKind::Id { column } => (Some(column.clone()), Vec::new()),
        KeyKind::Content { columns } => {
            let (table, _) = data::read(&source).ok()?;
            let names = table.columns.into_iter().map(|column| column.name);
            let others = names.filter(|name| !columns.iter().any(|(known, _)| known == name));
            (None, others.collect())
        }
    };
    let options = DataOptions {
        source,
        target: manifest.target.clone()?,
        task: manifest.task,
        ignore,
        id,
        drop_missing_target: true,
        ..DataOptions::default()
    };
    let data = data::load(&options).ok()?;
    let trained = bundle.trained_on();
    let is_seen = |key: &&u64| trained.binary_search(key).is_ok();
    (KeyKind::of(&data, &options) == *kind)
        .then(|| data.row_keys.iter().filter(is_seen).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_found_by_name_number_or_case() {
        let check = |classes: &[&str], text: &str, code: Option<u32>| {
            let classes: Vec<String> = classes.iter().map(ToString::to_string).collect();
            assert_eq!(class(&classes, text), code, "{text} in {classes:?}");
        };
        check(&["no", "yes"], "yes", Some(1));
        check(&["no", "yes"], "Yes", Some(1));
        check(&["0", "1"], "1.0", Some(1));
        check(&["a", "A", "b"], "A", Some(1));
        check(&["ab", "Ab"], "AB", None);
        check(&["no", "yes"], "maybe", None);
    }

    #[test]
    fn batches_keep_their_texts() {
        let column = |codes: Vec<u32>, levels: &[&str]| Column {
            name: "c".into(),
            kind: ColumnType::Category,
            values: Values::Codes {
                codes,
                levels: levels.iter().map(ToString::to_string).collect(),
            },
            null_spellings: vec![],
            date_style: None,
        };
        let table = |column: Column| Table { n_rows: column.len(), columns: vec![column] };
        let mut all = table(column(vec![0, 1], &["a", "x"]));
        append(&mut all, table(column(vec![1, MISSING, 0, 2], &["a", "y", "x"])));
        assert_eq!(all, table(column(vec![0, 1, 2, MISSING, 0, 1], &["a", "x", "y"])));
    }
}
