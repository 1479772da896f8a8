//! What can be wrong with data, in one sentence each: the value in single quotes, the place, the mend.

use std::io;

/// Why data could not be read or used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused a file.
    #[error("{}", unread(path, source))]
    Io {
        /// The file as the user named it.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The content of a source is wrong.
    #[error("{place}: {what}; mend: {mend}")]
    Source {
        /// The source, with line and column where known.
        place: String,
        /// What is wrong, with the value in single quotes.
        what: String,
        /// What to do about it.
        mend: String,
    },
    /// A role that the sweep file gives to a column does not fit the data.
    #[error("{key} '{column}': {what}; mend: {mend}")]
    Role {
        /// The key of the sweep file: `target`, `weights`, …
        key: &'static str,
        /// The column, or another value of the key.
        column: String,
        /// What is wrong.
        what: String,
        /// What to do about it.
        mend: String,
    },
    /// Anything else; the text says what, where and the mend.
    #[error("{0}")]
    Invalid(String),
}

/// What keeps a file from being read; a missing one is the common case, and its path has a trap.
fn unread(path: &str, source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::NotFound => format!(
            "there is no file '{path}'; mend: check the path, which a sweep file names from its own folder"
        ),
        _ => format!("cannot read '{path}': {source}; mend: check the path and its permissions"),
    }
}

impl Error {
    /// An error in the content of a source.
    pub(super) fn source(
        place: impl Into<String>,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::Source { place: place.into(), what: what.into(), mend: mend.into() }
    }

    /// An error in a role.
    pub(super) fn role(
        key: &'static str,
        column: &str,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::Role { key, column: column.into(), what: what.into(), mend: mend.into() }
    }
}
