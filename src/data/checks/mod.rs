//! Checks of one data set: schema, cells, rows, target, correlations, leaks, time.
//!
//! Every check is one function in the table `CHECKS`; it reads a `Context` and leaves findings. The
//! formulas and default limits are those of the deepchecks library (0.19) where it has the check, so that
//! numbers can be compared. Nothing here reads a file, a clock or a random number.

mod cells;
mod context;
mod correlation;
mod options;
mod predictive;
mod rows;
mod schema;
mod target;
mod time;

pub use context::Input;
pub use options::{CheckOptions, Limits, Reference, Rule, TimeRule};

use context::Context;
use rayon::prelude::*;
use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Checked, within the limit.
    Ok,
    /// Worth knowing, or not checked and why.
    Info,
    /// Over a limit that people should look at.
    Warn,
    /// Over a limit that makes results wrong.
    Error,
}

/// What one check says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The number of the check.
    pub number: u32,
    /// Its name, such as `constant_column`.
    pub name: &'static str,
    /// How bad it is.
    pub level: Level,
    /// The columns that it is about; empty for the whole table.
    pub columns: Vec<String>,
    /// One line with the number seen and the limit.
    pub text: String,
    /// The first failing rows, counted from 0.
    pub rows: Vec<usize>,
}

/// Number and name of a check; makes its findings.
#[derive(Debug, Clone, Copy)]
struct Check {
    number: u32,
    name: &'static str,
}

/// Before the reason why a check could not be made.
const NOT_CHECKED: &str = "not checked: ";

type CheckFn = fn(Check, &Context<'_>) -> Vec<Finding>;

/// Every check, in the order in which findings are listed.
const CHECKS: &[(u32, &str, CheckFn)] = &[
    (1, "schema", schema::schema),
    (2, "row_count", schema::row_count),
    (3, "missing_share", schema::missing_share),
    (4, "mixed_null_spellings", cells::mixed_null_spellings),
    (5, "constant_column", cells::constant_column),
    (6, "mixed_types", cells::mixed_types),
    (7, "duplicate_rows", rows::duplicate_rows),
    (8, "conflicting_labels", rows::conflicting_labels),
    (9, "special_characters", cells::special_characters),
    (10, "string_variants", cells::string_variants),
    (11, "string_length", cells::string_length),
    (12, "value_range", schema::value_range),
    (13, "unique_key", rows::unique_key),
    (14, "outlier_rows", rows::outlier_rows),
    (15, "class_imbalance", target::class_imbalance),
    (16, "feature_correlation", correlation::feature_correlation),
    (17, "single_feature_leak", target::single_feature_leak),
    (18, "identifier_leak", target::identifier_leak),
    (19, "time_order", time::time_order),
    (20, "infinite_cells", cells::infinite_cells),
];

/// Runs every check, in the order of their numbers. A check that passes leaves one finding too.
pub fn run(
    input: &Input<'_>,
    options: &CheckOptions,
    reference: Option<&Reference>,
) -> Vec<Finding> {
    let context = Context::new(input, options, reference);
    let found: Vec<Vec<Finding>> = CHECKS
        .par_iter()
        .map(|&(number, name, check)| check(Check { number, name }, &context))
        .collect();
    found.into_iter().flatten().collect()
}

impl Check {
    fn finding(self, level: Level, columns: &[&str], text: impl Into<String>) -> Finding {
        Finding {
            number: self.number,
            name: self.name,
            level,
            columns: columns.iter().map(ToString::to_string).collect(),
            text: text.into(),
            rows: Vec::new(),
        }
    }

    fn ok(self, text: impl Into<String>) -> Vec<Finding> {
        vec![self.finding(Level::Ok, &[], text)]
    }

    /// A check that cannot be made, with the reason.
    fn not_checked(self, why: &str) -> Vec<Finding> {
        vec![self.finding(Level::Info, &[], format!("{NOT_CHECKED}{why}"))]
    }

    /// The findings, or one that all is well.
    fn or_ok(self, findings: Vec<Finding>, text: impl Into<String>) -> Vec<Finding> {
        if findings.is_empty() { self.ok(text) } else { findings }
    }
}

impl Finding {
    /// True for a check that could not be made.
    pub fn is_not_checked(&self) -> bool {
        self.level == Level::Info && self.text.starts_with(NOT_CHECKED)
    }

    /// Keeps the first failing rows.
    fn at(mut self, rows: impl IntoIterator<Item = usize>, context: &Context<'_>) -> Self {
        self.rows = rows.into_iter().take(context.options.max_rows).collect();
        self
    }
}

/// A share for people: `4.2 %`.
fn percent(share: f64) -> String {
    format!("{} %", crate::domain::format_number(share * 100.0, 3))
}

#[cfg(test)]
mod tests;
