//! What can go wrong in a store, each with the value, the place and the mend.

use super::filter::FilterError;
use super::lease::Owner;
use rusqlite::ErrorCode;
use std::path::{Path, PathBuf};

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no store.
    #[error("no store at '{}'; run a sweep here first, or name one with --store", .0.display())]
    Missing(PathBuf),
    /// Locks of that file system cannot be trusted.
    #[error(
        "the store '{}' lies on a network file system ({kind}), where SQLite's locks do not hold and a \
         database can be destroyed; keep it on a local disk: --store /local/folder, or DERBY_STORE",
        path.display()
    )]
    Network {
        /// The store.
        path: PathBuf,
        /// The file system's kind.
        kind: String,
    },
    /// A newer derby wrote it.
    #[error(
        "the store '{}' has schema {found}, newer than the {known} that this derby knows; \
         update derby, or name another store with --store", path.display()
    )]
    Newer {
        /// The store.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema known here.
        known: i64,
    },
    /// It must be migrated, but is opened for reading.
    #[error(
        "the store '{}' has schema {found}, older than {known}, and is opened for reading only; \
         run `derby store check` once where it can be written", path.display()
    )]
    Older {
        /// The store.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The schema needed.
        known: i64,
    },
    /// The file is something else.
    #[error(
        "'{}' is not a derby store ({found}); move it away, or name another store with --store",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: String,
    },
    /// SQLite found damage.
    #[error(
        "the store '{}' is damaged ({detail}); keep a copy, then go back to a backup made with \
         `derby store backup`, or merge what is left into a new store with `derby store merge`",
        path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        detail: String,
    },
    /// Another process held the write lock for too long.
    #[error(
        "the store '{}' is locked by another process for longer than {waited_ms} ms; \
         wait for it to finish, or find it with `fuser`", path.display()
    )]
    Locked {
        /// The file.
        path: PathBuf,
        /// How long was waited.
        waited_ms: u64,
    },
    /// No permission to write.
    #[error(
        "the store '{}' cannot be written; make it writable, or copy it to where you may write (--store)",
        .0.display()
    )]
    ReadOnly(PathBuf),
    /// The write-ahead log of a store on read-only media was never folded in.
    #[error(
        "the store '{}' cannot be written, and '{}' holds results that only a writer can fold in; \
         copy the folder to where it can be written", .0.display(), super::open::WAL_FILE
    )]
    Unfinished(PathBuf),
    /// No room.
    #[error(
        "no room to write the store '{}'; everything committed so far is safe: free some space and \
         run the same command again", .0.display()
    )]
    Full(PathBuf),
    /// The system refused something.
    #[error("cannot {what} '{}': {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another live process drives the sweep.
    #[error(
        "the sweep '{sweep}' is already driven by process {} on '{}'; wait for it, or stop it with \
         `kill {}`", by.pid, by.host, by.pid
    )]
    Held {
        /// The sweep's name.
        sweep: String,
        /// Who.
        by: Box<Owner>,
    },
    /// No such run.
    #[error("no run '{reference}'; {}`derby runs` lists them", hint(near))]
    NoSuchRun {
        /// What was asked for.
        reference: String,
        /// Names and numbers near it.
        near: Vec<String>,
    },
    /// Several runs fit.
    #[error("'{reference}' fits several runs: {}; name one by its number", matches.join(", "))]
    AmbiguousRun {
        /// What was asked for.
        reference: String,
        /// Those that fit.
        matches: Vec<String>,
    },
    /// No such sweep.
    #[error("no sweep '{reference}'; {}`derby sweeps` lists them", hint(near))]
    NoSuchSweep {
        /// What was asked for.
        reference: String,
        /// Names near it.
        near: Vec<String>,
    },
    /// A filter does not parse or names what no run has.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// A value that the store does not take.
    #[error("{0}")]
    Invalid(String),
    /// A stored value that does not read back.
    #[error(
        "the store holds '{value}' as {what}, which does not read back; `derby store check` tells more"
    )]
    Unreadable {
        /// The column.
        what: &'static str,
        /// The value.
        value: String,
    },
    /// Anything else that SQLite says.
    #[error("the store failed: {0}")]
    Sql(#[from] rusqlite::Error),
}

fn hint(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("did you mean {}? ", near.join(", ")) }
}

impl StoreError {
    /// Turns an error of SQLite into one that says what it means for the store at `path`.
    pub(super) fn at(self, path: &Path, waited_ms: u64) -> Self {
        let Self::Sql(error) = self else { return self };
        let path = path.to_path_buf();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Locked { path, waited_ms }
            }
            Some(ErrorCode::DiskFull) => Self::Full(path),
            Some(ErrorCode::ReadOnly) => Self::ReadOnly(path),
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { path, detail: error.to_string() },
            Some(ErrorCode::NotADatabase) => {
                Self::Foreign { path, found: "no SQLite database".into() }
            }
            Some(
                ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::SystemIoFailure,
            ) => Self::Io { what: "use the store", path, source: std::io::Error::other(error) },
            _ => Self::Sql(error),
        }
    }

    /// Wraps what the system said about a file.
    pub(super) fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::Full(path),
            std::io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly(path),
            _ => Self::Io { what, path, source },
        }
    }

    /// True where the same command may succeed later (exit code 75).
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Locked { .. } | Self::Full(_) | Self::Held { .. })
    }
}

/// The nearest of some words, best first: at most three, none that shares too little.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let lower = word.to_lowercase();
    let mut scored: Vec<(f64, &str)> = known
        .into_iter()
        .map(|candidate| {
            let other = candidate.to_lowercase();
            let longest = lower.chars().count().max(other.chars().count()).max(1) as f64;
            let slips = strsim::osa_distance(&lower, &other) as f64;
            let starts = !lower.is_empty() && other.starts_with(&lower);
            (if starts { 1.0 } else { 1.0 - slips / longest }, candidate)
        })
        .filter(|(score, _)| *score >= 0.6)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.into_iter().take(3).map(|(_, word)| format!("'{word}'")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words() {
        let known = ["roc_auc", "accuracy", "log_loss"];
        assert_eq!(nearest("roc_acu", known), ["'roc_auc'"]);
        assert_eq!(nearest("acc", known), ["'accuracy'"]);
        assert!(nearest("zzz", known).is_empty());
    }

    #[test]
    fn texts_name_value_and_mend() {
        let text = StoreError::Newer { path: "a/.derby".into(), found: 9, known: 1 }.to_string();
        assert!(text.contains("'a/.derby'") && text.contains("update derby"), "{text}");
        let text =
            StoreError::NoSuchRun { reference: "x".into(), near: vec!["'xy'".into()] }.to_string();
        assert_eq!(text, "no run 'x'; did you mean 'xy'? `derby runs` lists them");
    }
}
