//! The table under check with its roles, and what several checks need of it.

use super::super::dataset::content_keys;
use super::super::profile::{ColumnProfile, profile};
use super::super::{Column, ColumnType, Dataset, MISSING, Table, Values};
use super::{CheckOptions, Reference};
use crate::domain::{Labels, format_count};
use std::borrow::Cow;

/// What to check: a table, and the roles that are known.
#[derive(Debug)]
pub struct Input<'a> {
    /// The table.
    pub table: &'a Table,
    /// Feature columns.
    pub features: Vec<usize>,
    /// Labels, where there is a target.
    pub labels: Option<&'a Labels>,
    /// Class names by code.
    pub classes: &'a [String],
    /// One hash a row, which orders the rows of a sample.
    pub row_keys: Cow<'a, [u64]>,
}

impl<'a> Input<'a> {
    /// A data set with its roles.
    pub fn dataset(data: &'a Dataset) -> Self {
        Self {
            table: &data.table,
            features: data.features.clone(),
            labels: Some(&data.labels),
            classes: &data.classes,
            row_keys: Cow::Borrowed(&data.row_keys),
        }
    }

    /// A bare table: every column but free text is taken for a feature, and nothing for a target.
    pub fn table(table: &'a Table) -> Self {
        let is_feature = |&idx: &usize| table.columns[idx].kind != ColumnType::Text;
        Self {
            table,
            features: (0..table.columns.len()).filter(is_feature).collect(),
            labels: None,
            classes: &[],
            row_keys: Cow::Owned(content_keys(table, &[])),
        }
    }
}

/// Everything that a check may read.
pub(super) struct Context<'a> {
    pub(super) input: &'a Input<'a>,
    pub(super) table: &'a Table,
    pub(super) options: &'a CheckOptions,
    pub(super) reference: Option<&'a Reference>,
    pub(super) profiles: Vec<ColumnProfile>,
    /// Rows for the costly checks, in the order of their keys.
    pub(super) sample: Vec<usize>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        input: &'a Input<'a>,
        options: &'a CheckOptions,
        reference: Option<&'a Reference>,
    ) -> Self {
        let table = input.table;
        let mut sample: Vec<usize> = (0..table.n_rows).collect();
        // Rows of equal keys are equal, so that ties do not matter.
        sample.sort_unstable_by_key(|&row| (input.row_keys[row], row));
        sample.truncate(options.sample.max(1));
        Self { input, table, options, reference, profiles: profile(table), sample }
    }

    /// Which rows a sampled check saw, for the end of its text.
    pub(super) fn sampled(&self) -> String {
        if self.sample.len() == self.table.n_rows {
            return String::new();
        }
        let [seen, all] = [self.sample.len(), self.table.n_rows].map(|n| format_count(n as u64));
        format!(", on {seen} of {all} rows")
    }

    /// Feature columns.
    pub(super) fn features(&self) -> impl Iterator<Item = &'a Column> + '_ {
        self.input.features.iter().map(|&idx| &self.table.columns[idx])
    }

    /// Columns of texts, with codes and levels.
    pub(super) fn texts(&self) -> impl Iterator<Item = TextColumn<'a>> + '_ {
        self.table.columns.iter().filter_map(|column| match &column.values {
            Values::Codes { codes, levels } => {
                Some(TextColumn { name: &column.name, codes, levels })
            }
            Values::Numbers(_) => None,
        })
    }
}

/// A column of texts.
pub(super) struct TextColumn<'a> {
    pub(super) name: &'a str,
    pub(super) codes: &'a [u32],
    pub(super) levels: &'a [String],
}

impl TextColumn<'_> {
    /// Cells per level.
    pub(super) fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.levels.len()];
        for &code in self.codes.iter().filter(|&&code| code != MISSING) {
            counts[code as usize] += 1;
        }
        counts
    }

    /// Rows whose level satisfies the flag.
    pub(super) fn rows_where<'b>(&'b self, flags: &'b [bool]) -> impl Iterator<Item = usize> + 'b {
        let hit = |&row: &usize| self.codes[row] != MISSING && flags[self.codes[row] as usize];
        (0..self.codes.len()).filter(hit)
    }
}
