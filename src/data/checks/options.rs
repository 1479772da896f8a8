//! What the checks compare with: limits, the user's rules, an earlier data set.

use super::super::profile::ColumnProfile;
use serde::{Deserialize, Serialize};

/// Limits, rules and roles.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckOptions {
    /// The limits.
    pub limits: Limits,
    /// Folds of the split to come; every class needs as many rows.
    pub folds: usize,
    /// Columns whose values together must differ in every row.
    pub key: Vec<String>,
    /// The column that identifies rows.
    pub id: Option<String>,
    /// Rules on values.
    pub rules: Vec<Rule>,
    /// A rule on the time column.
    pub time: Option<TimeRule>,
    /// Failing rows that a finding keeps.
    pub max_rows: usize,
    /// Rows that correlations and leaks are measured on; more are sampled.
    pub sample: usize,
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            folds: 5,
            key: Vec::new(),
            id: None,
            rules: Vec::new(),
            time: None,
            max_rows: 1000,
            sample: 5000,
        }
    }
}

/// The numbers above (or below) which a check fails; shares are in `[0, 1]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// 2: fewest rows.
    pub min_rows: u64,
    /// 2: largest change of the number of rows against the earlier data.
    pub row_change: f64,
    /// 3: share of missing cells in a column.
    pub missing: f64,
    /// 3: how far the share may exceed that of the earlier data.
    pub missing_change: f64,
    /// 4: different spellings of a missing cell in a column.
    pub null_spellings: usize,
    /// 6: shares of the rarer type between which a column is mixed.
    pub mixed_types: (f64, f64),
    /// 7: share of rows that repeat another.
    pub duplicates: f64,
    /// 8: share of rows with equal features and different labels.
    pub conflicts: f64,
    /// 9: share of cells without a letter or digit.
    pub special: f64,
    /// 14: robust z score.
    pub outlier: f64,
    /// 15: share of the rarest class.
    pub rarest_class: f64,
    /// 16: strength of association of two features.
    pub correlation: f64,
    /// 17: predictive power score of one feature.
    pub feature_power: f64,
    /// 18: predictive power score of the identifier.
    pub id_power: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            min_rows: 1,
            row_change: 0.5,
            missing: 0.05,
            missing_change: 0.1,
            null_spellings: 1,
            mixed_types: (0.01, 0.1),
            duplicates: 0.05,
            conflicts: 0.0,
            special: 0.001,
            outlier: 3.5,
            rarest_class: 0.05,
            correlation: 0.9,
            feature_power: 0.8,
            id_power: 0.0,
        }
    }
}

/// What the values of a column must be. Missing cells are not looked at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rule {
    /// The column.
    pub column: String,
    /// Smallest number.
    pub min: Option<f64>,
    /// Largest number.
    pub max: Option<f64>,
    /// The only values, as spelled; numbers in their shortest spelling.
    pub allowed: Option<Vec<String>>,
}

/// What the values of the time column must be.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeRule {
    /// The column.
    pub column: String,
    /// The present, in the column's unit: seconds since 1970 for dates.
    pub now: f64,
    /// Largest age of the newest row, in the same unit.
    pub max_age: Option<f64>,
    /// True if no row may be older than the one before it.
    pub monotone: bool,
}

/// What is kept of an earlier data set to compare with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Its rows.
    pub rows: u64,
    /// Its columns, in order.
    pub columns: Vec<ColumnProfile>,
}

impl Reference {
    /// The column of that name.
    pub fn find(&self, name: &str) -> Option<&ColumnProfile> {
        self.columns.iter().find(|column| column.name == name)
    }
}
