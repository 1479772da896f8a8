//! What a word on the command line means: a run, a sweep's best run, a version of a registered model, a bundle's folder.

use super::best::named_or_newest;
use super::feasible::nothing_to_choose;
use super::registry::Books;
use super::replicates::best_trials;
use super::{CliError, Exit, Ui};
use crate::bundle::Bundle;
use crate::candidate::{FitRows, Fitted, Recipe};
use crate::champion::{Ledger, Reference};
use crate::domain::{Digest, RunRecord};
use crate::store::{Store, SweepRow};
use std::path::{Path, PathBuf};

/// A model that is named.
pub(super) enum Named {
    /// A run of the store.
    Run(Box<RunRecord>),
    /// A version of a registered model.
    Version {
        /// Its ledger.
        ledger: Box<Ledger>,
        /// Its number.
        number: u64,
        /// As it was named: `iris@champion`.
        name: String,
    },
    /// A bundle's folder.
    Folder(PathBuf),
}

impl Named {
    /// Reads `12`, a run's name, `sweep:NAME` or a sweep's name (its best run), `MODEL@ALIAS`, `MODEL/3`, or a path.
    pub(super) fn parse(ui: &Ui, text: &str) -> Result<Self, CliError> {
        let path = Path::new(text);
        if text.starts_with(['.', '/', '~']) || path.join("bundle.json").exists() {
            if !path.join("bundle.json").exists() {
                let error = format!("'{text}' is no bundle: there is no '{text}/bundle.json'");
                return Err(CliError::new(Exit::Failed, error)
                    .hint("derby export RUN -o FOLDER writes one"));
            }
            return Ok(Self::Folder(path.into()));
        }
        let parsed = Reference::parse(text).map_err(|error| CliError::usage(error.to_string()))?;
        if let Some(reference) = parsed {
            let books = Books::new(ui)?;
            let ledger = Box::new(books.open(&reference.model)?);
            let found = ledger.registry().resolve(&reference.target);
            let found = found.map_err(|error| CliError::new(Exit::Failed, error.to_string()))?;
            let number = found.version.number;
            return Ok(Self::Version { number, ledger, name: text.into() });
        }
        let store = ui.read_store()?;
        challenger(&store, Some(text)).map(|run| Self::Run(Box::new(run)))
    }

    /// The bundle, fitted first where a run is named, and the folder in which it lies.
    pub(super) fn bundle(&self, ui: &Ui) -> Result<(Bundle, PathBuf), CliError> {
        match self {
            Self::Folder(folder) => Ok((Bundle::read(folder)?, folder.clone())),
            Self::Version { ledger, number, name } => kept(ledger, *number, name),
            Self::Run(run) => {
                let store = ui.read_store()?;
                let recipe = Recipe::of(&store, (**run).clone())?;
                let fitted = Fitted::of(&store, &recipe, FitRows::Search)?;
                Ok((fitted.bundle, fitted.folder))
            }
        }
    }
}

/// The bundle of a version, out of the folder beside its ledger.
pub(super) fn kept(
    ledger: &Ledger,
    number: u64,
    name: &str,
) -> Result<(Bundle, PathBuf), CliError> {
    let version = ledger.registry().version(number);
    let version = &version.map_err(|error| CliError::new(Exit::Failed, error.to_string()))?.version;
    let digest = Digest::parse(&version.bundle);
    let folder = digest.map(|digest| ledger.bundle_dir(digest)).filter(|folder| folder.exists());
    let Some(folder) = folder else {
        let text = format!(
            "the bundle of '{name}' (version {number}) is not kept in '{}'",
            ledger.path().with_extension("").display()
        );
        let error = CliError::new(Exit::Failed, text);
        return Err(match &version.run {
            Some(run) => error.hint(format!(
                "it was made from run {} ({}); bundles are kept from the gate on",
                run.number, run.uuid
            )),
            None => error,
        });
    };
    let bundle = Bundle::read(&folder)?;
    if digest != Some(bundle.digest()) {
        let text = format!(
            "'{}' holds another bundle than version {number} of the ledger",
            folder.display()
        );
        return Err(CliError::new(Exit::Rejected, text)
            .hint("restore the folder: git checkout, or a backup"));
    }
    Ok((bundle, folder))
}

/// The run that is named, or the best one of the sweep that is named; without a name, of the newest sweep.
pub(super) fn challenger(store: &Store, named: Option<&str>) -> Result<RunRecord, CliError> {
    if let Some(text) = named.filter(|text| !text.starts_with("sweep:")) {
        match store.run(text) {
            Ok(run) => return Ok(run),
            // Not a run: it may be the name of a sweep.
            Err(error) => {
                if store.sweep(text).is_err() {
                    return Err(error.into());
                }
            }
        }
    }
    best_run(store, &named_or_newest(store, named)?)
}

/// The best run of a sweep: with replicates, the first of the best trial.
pub(super) fn best_run(store: &Store, sweep: &SweepRow) -> Result<RunRecord, CliError> {
    let objective = &sweep.objectives[0];
    let best = best_trials(store, sweep, (&objective.metric, objective.goal), 1)?;
    let first = best.into_iter().flatten().next();
    first.ok_or_else(|| nothing_to_choose(store, sweep, &objective.metric))
}
