//! Which rows a bundle was trained on, so that a gate can leave them out.

use super::BundleError;
use crate::data::{ColumnType, DataOptions, Dataset};
use serde::{Deserialize, Serialize};

/// How keys of rows are made; those of two kinds say nothing about each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// From the cell of the id column.
    Id {
        /// Its name.
        column: String,
    },
    /// From the whole row, ignored columns aside.
    Content {
        /// Names and types of the columns, sorted by name.
        columns: Vec<(String, ColumnType)>,
    },
}

impl KeyKind {
    /// How the keys of a data set were made.
    pub fn of(data: &Dataset, options: &DataOptions) -> Self {
        if let Some(column) = &options.id {
            return Self::Id { column: column.clone() };
        }
        let kept = data.table.columns.iter().filter(|c| !options.ignore.contains(&c.name));
        let mut columns: Vec<_> = kept.map(|c| (c.name.clone(), c.kind)).collect();
        columns.sort_by(|a, b| a.0.cmp(&b.0));
        Self::Content { columns }
    }
}

/// The keys of some rows, ascending, each once.
pub(super) fn sorted(data: &Dataset, rows: &[usize]) -> Vec<u64> {
    let mut keys: Vec<u64> = rows.iter().map(|&row| data.row_keys[row]).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

pub(super) fn to_bytes(keys: &[u64]) -> Vec<u8> {
    keys.iter().flat_map(|key| key.to_le_bytes()).collect()
}

pub(super) fn from_bytes(bytes: &[u8]) -> Result<Vec<u64>, BundleError> {
    let (whole, rest) = bytes.as_chunks::<8>();
    let keys: Vec<u64> = whole.iter().map(|key| u64::from_le_bytes(*key)).collect();
    if rest.is_empty() && keys.is_sorted() {
        Ok(keys)
    } else {
        Err(BundleError::Invalid("the keys are not sorted numbers of 8 bytes".into()))
    }
}
