//! What can be wrong with a bundle.

use crate::data;
use crate::trainer::FitError;
use std::io;
use std::path::Path;

/// Why a bundle could not be made, read or used.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// No such family.
    #[error("there is no model family '{0}'; mend: `derby models` lists them")]
    Family(String),
    /// Preprocessing does not suit the rows.
    #[error(transparent)]
    Prep(#[from] data::PrepError),
    /// The fit gave no model.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// Data could not be read.
    #[error(transparent)]
    Data(#[from] data::Error),
    /// The system refused a file.
    #[error(
        "cannot {verb} '{path}': {source}; mend: check the path, its permissions and the space left"
    )]
    Io {
        /// What was tried.
        verb: &'static str,
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// No bundle is there.
    #[error("'{path}' is no bundle: {what}; mend: name a folder that `derby export` wrote")]
    NotABundle {
        /// The folder.
        path: String,
        /// What shows it.
        what: String,
    },
    /// A newer derby wrote it.
    #[error(
        "the bundle '{path}' has format version {found}, this derby reads up to {known}; mend: use a newer derby"
    )]
    Newer {
        /// The folder.
        path: String,
        /// Its version.
        found: u64,
        /// The version of this program.
        known: u64,
    },
    /// A file is not what was packed.
    #[error(
        "'{file}' of the bundle '{path}' {what}; mend: export it again, or take it from a copy"
    )]
    Damaged {
        /// The folder.
        path: String,
        /// The file in it.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// Where it should be written stands something else.
    #[error("'{path}' {what}; mend: name another folder, or remove it yourself")]
    Occupied {
        /// The folder.
        path: String,
        /// What stands there.
        what: String,
    },
    /// A command's artifacts predict nothing.
    #[error(
        "'{name}' is a command's bundle, which derby cannot predict with; mend: run its program yourself on artifacts/"
    )]
    Command {
        /// The registered model.
        name: String,
    },
    /// A class is not where it should be.
    #[error(
        "the model knows the class '{class}', which is not among those asked for; mend: give all of its classes"
    )]
    Class {
        /// The class.
        class: String,
    },
    /// What was given does not fit together; the text says what and the mend.
    #[error("{0}")]
    Invalid(String),
}

impl BundleError {
    /// Wraps what the system said about a path.
    pub(super) fn io(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::Io { verb, path, source }
    }

    pub(super) fn damaged(dir: &Path, file: &str, what: impl Into<String>) -> Self {
        Self::Damaged { path: dir.display().to_string(), file: file.into(), what: what.into() }
    }
}
