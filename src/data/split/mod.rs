//! Which rows are held out and how the others are cut into folds.
//!
//! The holdout is a keyed hash of each row's group or identity, so it survives new rows and another row
//! order. Nothing here looks at a feature or a score.

mod dealt;
mod error;
mod folds;
mod given;
mod holdout;
mod keys;
mod ordered;

pub(in crate::data) use dealt::inner_folds;
pub use error::SplitError;
pub use keys::group_keys;

use super::{Dataset, FoldKind, FoldOptions, SplitOptions};
use crate::domain::{Digest, DigestBuilder};

/// The rows of a data set by role.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Rows that a search may use, ascending.
    pub search: Vec<usize>,
    /// Rows that no search sees, ascending.
    pub holdout: Vec<usize>,
    /// The folds of the search rows.
    pub folds: Vec<FoldRows>,
    /// Identity of the membership and the options, whatever the order of rows in the file.
    pub digest: Digest,
    /// What a person should know about it, a sentence each.
    pub notes: Vec<String>,
}

/// One fold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldRows {
    /// Rows to fit on, ascending.
    pub train: Vec<usize>,
    /// Rows to score on, ascending.
    pub test: Vec<usize>,
    /// `"0"`, or `"2.1"` for repeat 2, fold 1, both from 0.
    pub name: String,
}

/// Cuts a data set into holdout and folds. Without `folds.kind` it is group with a group column, time with a
/// time column, stratified for classes, plain otherwise.
///
/// # Errors
/// When the data is too small for the cut, a class would be missing from training rows, a kind lacks its
/// column, or a fold column or file does not serve.
pub fn split(ds: &Dataset, options: &SplitOptions) -> Result<Split, SplitError> {
    let mut notes = Vec::new();
    let holdout = holdout::choose(ds, options, &mut notes)?;
    let mut held = vec![false; ds.labels.len()];
    for &row in &holdout {
        held[row] = true;
    }
    let search: Vec<usize> = (0..held.len()).filter(|&row| !held[row]).collect();
    let folds = folds::make(ds, options, &search, &mut notes)?;
    let digest = identity(ds, options, &search, &holdout, &folds);
    Ok(Split { search, holdout, folds, digest, notes })
}

/// The kind of folds where the sweep file names none.
fn default_kind(ds: &Dataset) -> FoldKind {
    if ds.groups.is_some() {
        FoldKind::Group
    } else if ds.time.is_some() {
        FoldKind::Time
    } else if ds.labels.task().is_classification() {
        FoldKind::Stratified
    } else {
        FoldKind::Plain
    }
}

fn identity(
    ds: &Dataset,
    options: &SplitOptions,
    search: &[usize],
    holdout: &[usize],
    folds: &[FoldRows],
) -> Digest {
    let mut digest = DigestBuilder::new("split");
    digest.float(options.holdout).int(i64::from(options.exact)).int(options.seed as i64);
    match &options.folds {
        FoldOptions::Made { k, kind, shuffle, repeats } => {
            let kind = kind.unwrap_or_else(|| default_kind(ds));
            digest.text("made").int(*k as i64).text(kind.word());
            digest.int(i64::from(*shuffle)).int(*repeats as i64);
        }
        FoldOptions::Column(name) => {
            digest.text("column").text(name);
        }
        // The path is no part: the same folds under another name are the same split.
        FoldOptions::File { .. } => {
            digest.text("file");
        }
    }
    let mut add = |rows: &[usize]| {
        let mut keys: Vec<u64> = rows.iter().map(|&row| ds.row_keys[row]).collect();
        keys.sort_unstable();
        let bytes: Vec<u8> = keys.iter().flat_map(|key| key.to_le_bytes()).collect();
        digest.bytes(&bytes);
    };
    add(search);
    add(holdout);
    for fold in folds {
        add(&fold.test);
    }
    digest.finish()
}

#[cfg(test)]
mod tests;
