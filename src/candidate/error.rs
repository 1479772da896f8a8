//! Why a run cannot be fitted again.

use crate::bundle::BundleError;
use crate::champion::LedgerError;
use crate::data;
use crate::spec::SpecError;
use crate::store::StoreError;
use crate::sweep::PlanError;
use std::path::PathBuf;

/// What keeps a recorded run from becoming a model again.
#[derive(Debug, thiserror::Error)]
pub enum CandidateError {
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record of the sweep does not check any more.
    #[error("the sweep file that is recorded with run {run} does not check: {source}")]
    Spec {
        /// The run.
        run: i64,
        /// Its problems.
        source: SpecError,
    },
    /// Data, split or command do not do.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The data cannot be read.
    #[error(transparent)]
    Data(#[from] data::Error),
    /// The split cannot be cut.
    #[error(transparent)]
    Split(#[from] data::SplitError),
    /// The run cannot serve.
    #[error("run {run} {what}; mend: {mend}")]
    Unfit {
        /// The run.
        run: i64,
        /// What it is or lacks.
        what: String,
        /// What would do.
        mend: &'static str,
    },
    /// The data is not what the run was made with.
    #[error(
        "'{source_name}' is not the data of run {run}: {recorded} then, {now} now; \
         mend: restore the file, or sweep again on the new data"
    )]
    DataChanged {
        /// The run.
        run: i64,
        /// The file.
        source_name: String,
        /// The short content hash in the record.
        recorded: String,
        /// The short content hash of the file.
        now: String,
    },
    /// The model cannot be fitted, packed or read.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A file cannot be written.
    #[error("cannot write '{}': {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// What a command predicts cannot be judged.
    #[error("{what}")]
    Predictions {
        /// What is wrong, and the mend.
        what: String,
    },
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Others keep writing to the ledger.
    #[error("others are asking about '{model}' at the same time; mend: ask again")]
    Busy {
        /// The model.
        model: String,
    },
    /// The machine gave no thread.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}
