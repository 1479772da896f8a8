//! Checks a whole ledger and what is kept beside it, and says everything that it finds.

use super::files::{ledger_path, read_shared};
use super::scan::Scan;
use super::{Ledger, LedgerError, ModelName, Problem, Torn};
use crate::domain::Digest;
use std::path::Path;

/// What a check of a ledger finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Entries that are sound, from the first one on.
    pub entries: usize,
    /// The hash of the last of them; none without any.
    pub head: Option<Digest>,
    /// The first line that is not sound.
    pub problem: Option<Problem>,
    /// Heads that should be among the entries and are not.
    pub unknown_heads: Vec<Digest>,
    /// A last line that was cut off while it was written; no problem.
    pub torn: Option<Torn>,
    /// What is wrong with the files beside the ledger: bundles of aliases, put-aside rows.
    pub files: Vec<String>,
}

impl Report {
    /// True if nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.problem.is_none() && self.unknown_heads.is_empty() && self.files.is_empty()
    }
}

/// Checks every line of the ledger of `model`, that each of `anchors` (heads that were printed or stored elsewhere)
/// is in it, and the files beside it.
///
/// # Errors
/// When there is no ledger, or it cannot be read.
pub fn verify(folder: &Path, model: &ModelName, anchors: &[Digest]) -> Result<Report, LedgerError> {
    let path = ledger_path(folder, model);
    let Some(bytes) = read_shared(&path)? else {
        return Err(match anchors.first() {
            Some(head) => LedgerError::Missing { path, head: head.short() },
            None => LedgerError::Unknown { model: model.to_string(), path },
        });
    };
    let scan = Scan::of(&bytes, model);
    let known = |anchor: &&Digest| !scan.entries.iter().any(|entry| entry.hash == **anchor);
    let unknown_heads = anchors.iter().filter(known).copied().collect();
    let mut report = Report {
        entries: scan.entries.len(),
        head: scan.entries.last().map(|entry| entry.hash),
        problem: scan.problem.clone(),
        unknown_heads,
        torn: scan.torn.clone(),
        files: Vec::new(),
    };
    let ledger = Ledger::of_scan(folder, model, scan);
    report.files = ledger.check_kept();
    Ok(report)
}
