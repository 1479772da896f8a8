//! Data: from a source to a table, its profile and checks, the split, and preprocessing per fold.
//!
//! Statistics of preprocessing are fitted on a fold's training rows only; nothing here ever sees the
//! objective of a sweep.

pub mod checks;
mod column;
mod csv;
mod csv_sniff;
mod dataset;
mod dataset_target;
mod error;
mod hash;
mod infer;
mod infer_date;
mod json;
mod options;
#[cfg(feature = "parquet")]
mod parquet;
mod profile;
mod schema;
mod profile_suggest;
mod source;
mod source_build;
mod sqlite;
pub mod stream;
#[cfg(test)]
mod source_tests;
#[cfg(test)]
mod dataset_tests;
mod prep;
mod split;

pub use column::{Column, ColumnType, MISSING, Table, Values};
pub use dataset::load;
pub use error::Error;
pub use hash::{FileStamp, HashCache, NoCache, hash_file, schema_digest, unchanged};
pub use infer_date::DateStyle;
pub use options::{
    DataOptions, Encoding, FoldKind, FoldOptions, Format, NULL_SPELLINGS, PREP_SETTINGS, PrepBlock,
    PrepChoice, PrepSetting, PrepValue, SourceOptions, SplitOptions,
};
pub use profile::{ColumnProfile, NumberProfile, profile};
pub use profile_suggest::{Suggestion, suggest, suggest_for};
pub use schema::{ColumnSchema, Schema};
pub use source::read;

pub use prep::{
    Feature, FeatureKind, MissingForm, NumberForm, Prep, PrepError, PrepForm, PrepPart, choices,
};
pub use split::{FoldRows, Split, SplitError, group_keys, split};

use crate::domain::{Digest, Labels};

/// A table with the role of each column decided, ready to be split.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// All columns, the target and the ignored ones included.
    pub table: Table,
    /// Indices of the feature columns, in file order.
    pub features: Vec<usize>,
    /// Index of the target column.
    pub target: usize,
    /// The target of every row; no row lacks one.
    pub labels: Labels,
    /// Class names by code; empty for regression.
    pub classes: Vec<String>,
    /// Row weights.
    pub weights: Option<Vec<f64>>,
    /// Group of every row, as codes in the order of the groups' sorted values.
    pub groups: Option<Vec<u32>>,
    /// A hash of each row's group ([`group_keys`] of its column), present with `groups`. Unlike a code, a
    /// group keeps its hash when other groups come.
    pub group_keys: Option<Vec<u64>>,
    /// Time of every row, in seconds or in the column's own number.
    pub time: Option<Vec<f64>>,
    /// A hash of each row's identity: its id column, else its whole content. Equal rows have equal hashes,
    /// and a row keeps its hash whatever stands around it.
    pub row_keys: Vec<u64>,
    /// Where it came from.
    pub provenance: Provenance,
}

impl Dataset {
    /// The class that binary precision, recall and kin are about; none unless there are two.
    pub fn positive(&self) -> Option<&str> {
        match &self.labels {
            Labels::Classes { positive, n_classes: 2, .. } => {
                self.classes.get(*positive as usize).map(String::as_str)
            }
            _ => None,
        }
    }
}

/// Identity of the data, recorded with every run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// BLAKE3 of the source's full content: the file's bytes, or the canonical rows of a query.
    pub content: Digest,
    /// BLAKE3 of the column names and types, in order.
    pub schema: Digest,
    /// Rows.
    pub rows: u64,
    /// The source as the sweep file names it.
    pub source: String,
}
