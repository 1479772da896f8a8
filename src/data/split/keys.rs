//! Hashes that decide membership: of a row or a group, keyed by purpose and seed.

use super::super::{Column, Dataset, MISSING, Values};
use crate::domain::DigestBuilder;

/// A hash of each row's cell, the group's name across files: the same value has the same hash whatever
/// rows stand around it, and `1` the same in a column of numbers and of words. Missing cells are one group.
pub fn group_keys(column: &Column) -> Vec<u64> {
    let hash = |text: Option<&str>| {
        let mut digest = DigestBuilder::new("group");
        text.map(|text| digest.text(text));
        digest.finish().to_u64()
    };
    match &column.values {
        Values::Numbers(numbers) => numbers
            .iter()
            // Adding 0 turns -0 into 0.
            .map(|&number| hash((!number.is_nan()).then(|| (number + 0.0).to_string()).as_deref()))
            .collect(),
        Values::Codes { codes, levels } => {
            let missing = hash(None);
            let levels: Vec<u64> = levels.iter().map(|level| hash(Some(level))).collect();
            codes
                .iter()
                .map(|&code| if code == MISSING { missing } else { levels[code as usize] })
                .collect()
        }
    }
}

/// What must stay on one side of every cut: the row's group, else the row and its duplicates.
pub(super) fn units(ds: &Dataset) -> Vec<u64> {
    match (&ds.group_keys, &ds.groups) {
        (Some(keys), _) => keys.clone(),
        (None, Some(codes)) => codes.iter().map(|&code| u64::from(code)).collect(),
        (None, None) => ds.row_keys.clone(),
    }
}

/// 64 bits that depend on the key, the seed and what they are for.
pub(super) fn keyed(purpose: &str, seed: u64, index: usize, key: u64) -> u64 {
    DigestBuilder::new(purpose).int(seed as i64).int(index as i64).int(key as i64).finish().to_u64()
}

/// Class code of each row; all rows are one class for regression.
pub(super) fn classes(ds: &Dataset) -> Vec<u32> {
    match &ds.labels {
        crate::domain::Labels::Classes { codes, .. } => codes.clone(),
        crate::domain::Labels::Values(values) => vec![0; values.len()],
    }
}
