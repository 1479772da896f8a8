//! What can be wrong with a ledger: the file, the line and the mend.

use super::{NameError, Refusal};
use std::io;
use std::path::{Path, PathBuf};

/// The first thing that is wrong in a ledger's file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A merge that was not finished.
    #[error(
        "a merge conflict ('{0}'); keep one side whole (`git checkout --ours` or `--theirs` and the file), then repeat the other side's promotions"
    )]
    Conflict(String),
    /// Line ends were converted.
    #[error(
        "it ends with a carriage return: the line ends were converted; put `* -text` into champions/.gitattributes and check the file out again"
    )]
    CarriageReturn,
    /// Not UTF-8.
    #[error("it is not UTF-8: the file was damaged; restore it (`git checkout` and the file)")]
    Encoding,
    /// Not JSON.
    #[error("it is no JSON near '{excerpt}' ({message}); restore it (`git checkout` and the file)")]
    Json {
        /// What the parser says.
        message: String,
        /// The text at that place.
        excerpt: String,
    },
    /// There is no hash at its end.
    #[error(
        "it does not end with its hash: it was edited; restore it (`git checkout` and the file)"
    )]
    NoHash,
    /// The hash is another one.
    #[error(
        "it was edited after it was written: its hash says {said}, its content {found}; restore it (`git checkout` and the file)"
    )]
    Hash {
        /// What is written.
        said: String,
        /// What the content gives.
        found: String,
    },
    /// An event of a newer derby.
    #[error("the event '{0}' is unknown to this derby; a newer one wrote it: update derby")]
    Kind(String),
    /// An event that lacks something.
    #[error("its event cannot be read ({0}); it was written by another version of derby")]
    Shape(String),
    /// An entry that was there already.
    #[error(
        "entry {found} stands where entry {expected} should: lines were moved, or two branches were joined; keep one side whole (`git checkout` and the file)"
    )]
    Order {
        /// Its number.
        found: u64,
        /// The number that belongs here.
        expected: u64,
    },
    /// It follows another line than the one before.
    #[error(
        "entry {seq} follows another history than the lines above it: two branches were joined; keep one side whole (`git checkout` and the file)"
    )]
    Chain {
        /// Its number.
        seq: u64,
    },
    /// What it says cannot follow.
    #[error(transparent)]
    Impossible(#[from] Refusal),
}

/// Why a ledger's operation failed.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// An unfit name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// It should be there.
    #[error(
        "the ledger '{}' is missing, and it is known to have been there (head {head}); restore it (`git checkout` and the file): without it there is no telling who is champion",
        path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
        /// The head that is known, shortened.
        head: String,
    },
    /// There is none yet.
    #[error("'{model}' is no registered model: there is no ledger '{}'; begin one with `derby champion begin {model}`", path.display())]
    Unknown {
        /// The model.
        model: String,
        /// The file.
        path: PathBuf,
    },
    /// An entry that is known is not there.
    #[error(
        "the ledger '{}' does not hold the entry {head} that is known to have been in it: it was cut ({entries} entries are left), or it is another history; restore it (`git checkout` and the file)",
        path.display()
    )]
    Cut {
        /// The file.
        path: PathBuf,
        /// The head that is known, shortened.
        head: String,
        /// Entries in the file.
        entries: usize,
    },
    /// The file is damaged.
    #[error("the ledger '{}' is broken at {problem}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// The first problem.
        problem: Problem,
    },
    /// Somebody else was first.
    #[error(
        "the ledger '{}' has moved on: its head is {found}, not {expected}; {last}. Nothing was written: look at `derby champion history {model}` and repeat the command",
        path.display()
    )]
    HeadMoved {
        /// The file.
        path: PathBuf,
        /// The model.
        model: String,
        /// The head that was expected, shortened.
        expected: String,
        /// The head, shortened.
        found: String,
        /// The last entry in words.
        last: String,
    },
    /// It is there already.
    #[error("'{model}' is registered already: the ledger '{}' has {entries} entries", path.display())]
    Begun {
        /// The model.
        model: String,
        /// The file.
        path: PathBuf,
        /// Its entries.
        entries: usize,
    },
    /// The event cannot follow.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// An event that would not read back: a number that is not finite.
    #[error("the event cannot be recorded, since it would not read back: {0}")]
    Unrecordable(Fault),
    /// The bundle is not kept.
    #[error(
        "the bundle of version {version} is not in '{}'; restore it (`git checkout` and the folder), or export the run again",
        path.display()
    )]
    NoBundle {
        /// The version.
        version: u64,
        /// Where it should be.
        path: PathBuf,
    },
    /// The folder holds something else.
    #[error("'{}' is not the bundle {digest}: {why}", path.display())]
    OtherBundle {
        /// The folder.
        path: PathBuf,
        /// The digest, shortened.
        digest: String,
        /// What is wrong.
        why: String,
    },
    /// The keys of put-aside rows are gone or changed.
    #[error(
        "'{}' does not hold the holdout rows that were put aside: {why}; restore it (`git checkout` and the file)",
        path.display()
    )]
    Keys {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} '{}': {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
}

impl LedgerError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }
}
