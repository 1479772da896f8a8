//! What a sweep file says about data, split and preprocessing, already checked for shape.

use super::ColumnType;
use crate::domain::{Task, Value};
use indexmap::IndexMap;
use std::path::PathBuf;

/// How to read a source.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SourceOptions {
    /// The file, resolved against the sweep file's folder.
    pub path: PathBuf,
    /// The path as the user wrote it, for messages and records.
    pub shown: String,
    /// The format; by default from the extension, then from the first bytes.
    pub format: Option<Format>,
    /// Field delimiter of CSV; by default sniffed among `,` `;` tab and `|`.
    pub delimiter: Option<u8>,
    /// Text encoding of CSV; by default UTF-8 where the bytes are valid, else Latin-1.
    pub encoding: Option<Encoding>,
    /// Spellings of a missing cell; by default [`NULL_SPELLINGS`]. Compared after trimming.
    pub null_values: Option<Vec<String>>,
    /// Table of a `SQLite` file.
    pub table: Option<String>,
    /// Query on a `SQLite` file.
    pub query: Option<String>,
    /// Column types that override the inferred ones.
    pub types: IndexMap<String, ColumnType>,
}

/// Spellings that mean «missing» unless the sweep file says otherwise.
pub const NULL_SPELLINGS: &[&str] =
    &["", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "none", "-", "?"];

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-, tab-, semicolon- or pipe-separated text.
    Csv,
    /// One JSON array of objects.
    Json,
    /// One JSON object a line.
    JsonLines,
    /// A `SQLite` database.
    Sqlite,
    /// Apache Parquet; needs the cargo feature `parquet`.
    Parquet,
}

/// A text encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// ISO 8859-1.
    Latin1,
}

/// The `[data]` section without its split.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataOptions {
    /// The source.
    pub source: SourceOptions,
    /// The target column.
    pub target: String,
    /// The class that binary precision, recall and kin are about; by default the last in order.
    pub positive: Option<String>,
    /// The task; by default inferred from the target.
    pub task: Option<Task>,
    /// Columns that are no features.
    pub ignore: Vec<String>,
    /// The only feature columns, where given.
    pub features: Option<Vec<String>>,
    /// Column of row weights.
    pub weights: Option<String>,
    /// Column whose equal values must stay on one side of every split.
    pub group: Option<String>,
    /// Column that orders the rows in time.
    pub time: Option<String>,
    /// Column that identifies a row for good.
    pub id: Option<String>,
    /// Leaves out rows without a target instead of refusing the data.
    pub drop_missing_target: bool,
}

/// The holdout and the folds.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitOptions {
    /// Share of rows that no search sees, in `[0, 1)`; 0 is no holdout.
    pub holdout: f64,
    /// True for exact size and stratification instead of stability under new rows.
    pub exact: bool,
    /// The folds.
    pub folds: FoldOptions,
    /// Keys the hashes of holdout and folds; the sweep's seed does not, so that all sweeps on the
    /// same data share one holdout.
    pub seed: u64,
}

/// How the search rows are cut into folds.
#[derive(Debug, Clone, PartialEq)]
pub enum FoldOptions {
    /// `k` folds of a kind.
    Made {
        /// How many, at least 2.
        k: usize,
        /// The kind; by default group with a group column, time with a time column, stratified for
        /// classes, plain otherwise.
        kind: Option<FoldKind>,
        /// False cuts in row order, exactly as scikit-learn's unshuffled splitters.
        shuffle: bool,
        /// How often the whole cut is repeated with other shuffles, at least 1.
        repeats: usize,
    },
    /// The fold number of each row stands in a column of the data.
    Column(String),
    /// The fold number of each row stands in a file with one column `fold`, in row order.
    File {
        /// The file, resolved.
        path: PathBuf,
        /// The path as written.
        shown: String,
    },
}

/// A kind of folds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoldKind {
    /// Equal parts.
    Plain,
    /// Equal parts with equal class shares.
    Stratified,
    /// Groups stay together.
    Group,
    /// Training rows precede test rows.
    Time,
}

impl FoldKind {
    /// The word of the sweep file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "k",
            Self::Stratified => "stratified",
            Self::Group => "group",
            Self::Time => "time",
        }
    }
}

impl Default for SplitOptions {
    fn default() -> Self {
        Self { holdout: 0.2, exact: false, folds: FoldOptions::default(), seed: 0 }
    }
}

impl Default for FoldOptions {
    fn default() -> Self {
        Self::Made { k: 5, kind: None, shuffle: true, repeats: 1 }
    }
}

/// One `[[preprocess]]` block: settings for some columns. The settings themselves are parameters of
/// the run, named `prefix + setting`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PrepBlock {
    /// Put before the setting's name in the run's parameters: empty, or `numeric.` for a named block.
    pub prefix: String,
    /// The columns; all that no other block names, where absent.
    pub columns: Option<Vec<String>>,
}

/// One setting of preprocessing, which the sweep file is checked against.
#[derive(Debug, Clone, PartialEq)]
pub struct PrepSetting {
    /// The key.
    pub name: &'static str,
    /// Allowed words; empty for a setting that takes `other`.
    pub words: &'static [&'static str],
    /// What it takes beside words.
    pub other: PrepValue,
    /// One line for help.
    pub about: &'static str,
}

/// What a setting takes beside words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrepValue {
    /// Nothing.
    Nothing,
    /// A boolean.
    Flag,
    /// A number or a text.
    Any,
}

/// Every setting of a `[preprocess]` block. `"none"` is allowed for each that has words.
pub const PREP_SETTINGS: &[PrepSetting] = &[
    PrepSetting {
        name: "impute",
        words: &["mean", "median", "mode", "constant"],
        other: PrepValue::Nothing,
        about: "what stands in for a missing number (categories: mode or constant)",
    },
    PrepSetting {
        name: "fill",
        words: &[],
        other: PrepValue::Any,
        about: "the value of impute = \"constant\"; 0 for numbers, \"missing\" for categories",
    },
    PrepSetting {
        name: "indicator",
        words: &[],
        other: PrepValue::Flag,
        about: "adds a 0/1 column for each column with missing cells",
    },
    PrepSetting {
        name: "encode",
        words: &["one_hot", "ordinal", "target"],
        other: PrepValue::Nothing,
        about: "how categories become numbers; target is out-of-fold",
    },
    PrepSetting {
        name: "scale",
        words: &["standard", "min_max", "robust"],
        other: PrepValue::Nothing,
        about: "mean 0 and sd 1, range 0 to 1, or median 0 and IQR 1",
    },
    PrepSetting {
        name: "outliers",
        words: &["iqr", "z"],
        other: PrepValue::Nothing,
        about: "clips numbers to 1.5 IQR beyond the quartiles, or to 3 sd",
    },
    PrepSetting {
        name: "dates",
        words: &["parts", "number"],
        other: PrepValue::Nothing,
        about: "year, month, day, weekday and hour, or seconds as one number",
    },
];

/// The settings of one block for one configuration; see [`PREP_SETTINGS`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PrepChoice {
    /// The columns; all that no other block names, where absent.
    pub columns: Option<Vec<String>>,
    /// Setting by name; a missing one means the default.
    pub settings: IndexMap<String, Value>,
}
