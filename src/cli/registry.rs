//! The way from the command line to ledgers: where they are, which model is meant, and the store's anchors.

use super::{CliError, Exit, Ui};
use crate::champion::{Ledger, LedgerError, ModelName};
use crate::domain::Digest;
use crate::store::{Mode, Store, StoreError};
use std::path::{Path, PathBuf};

/// The folder of ledgers, beside the store's.
const FOLDER: &str = "champions";

/// The ledgers of a project.
pub(super) struct Books {
    /// `champions/`.
    pub(super) folder: PathBuf,
    store: PathBuf,
}

impl Books {
    /// The ledgers beside the store.
    pub(super) fn new(ui: &Ui) -> Result<Self, CliError> {
        let store = ui.store_folder()?;
        let here = std::env::current_dir()?;
        Ok(Self { folder: folder_of(&here, &store), store })
    }

    /// The registered models, by name.
    pub(super) fn models(&self) -> Result<Vec<ModelName>, CliError> {
        Ok(Ledger::models(&self.folder)?)
    }

    /// The model that is named, or the only one.
    pub(super) fn model(&self, named: Option<&str>) -> Result<ModelName, CliError> {
        if let Some(named) = named {
            return ModelName::parse(named).map_err(|error| CliError::usage(error.to_string()));
        }
        let mut models = self.models()?;
        match models.len() {
            1 => Ok(models.remove(0)),
            0 => Err(CliError::new(
                Exit::Failed,
                format!("no model is registered: there is no ledger in '{}'", self.folder.display()),
            )
            .hint("derby champion begin MODEL begins one; MODEL is `model` of the sweep file, by default its experiment")),
            _ => {
                let names: Vec<&str> = models.iter().map(ModelName::as_str).collect();
                Err(CliError::usage(format!("which model? There are {}", names.join(", "))))
            }
        }
    }

    /// The head that the store remembers; none without a store.
    pub(super) fn anchor(&self, model: &ModelName) -> Result<Option<Digest>, CliError> {
        match Store::open(&self.store, Mode::ReadOnly) {
            Ok(store) => Ok(store.anchor(model.as_str())?),
            // A fresh checkout has no store, or an empty folder for it; a store of an older version no anchors yet.
            Err(StoreError::Missing(_) | StoreError::Older { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The ledger of a registered model, checked against what the store remembers.
    pub(super) fn open(&self, model: &ModelName) -> Result<Ledger, CliError> {
        Ok(Ledger::existing(&self.folder, model, self.anchor(model)?)?)
    }

    /// The ledger of a model, if it is registered.
    pub(super) fn find(&self, model: &ModelName) -> Result<Option<Ledger>, CliError> {
        Ok(Ledger::open(&self.folder, model, self.anchor(model)?)?)
    }

    /// Lets the store remember the head of a ledger, where there is a store. What is written in the ledger stands,
    /// whatever happens here, so a failure is a warning.
    pub(super) fn remember(&self, ui: &Ui, ledger: &Ledger) {
        let written = Store::open(&self.store, Mode::ReadWrite { create: false })
            .and_then(|mut store| store.set_anchor(ledger.model().as_str(), ledger.head()));
        if let Err(error) = written
            && !matches!(error, StoreError::Missing(_))
        {
            ui.out.note(&format!(
                "warning: the ledger is written, but the store does not remember its head: {error}"
            ));
        }
    }
}

/// The ledgers of the project: the nearest folder of them on the way up to the one that holds the store, else beside the
/// store. A store that lies elsewhere, as a cache of a job does, takes the way up to the root.
fn folder_of(here: &Path, store: &Path) -> PathBuf {
    let project = store.parent().unwrap_or(Path::new("."));
    let is_above = here.starts_with(project);
    let has_ledgers =
        |folder: &PathBuf| Ledger::models(folder).is_ok_and(|models| !models.is_empty());
    let way = here.ancestors().take_while(|folder| !is_above || folder.starts_with(project));
    let found = way.map(|folder| folder.join(FOLDER)).find(has_ledgers);
    found.unwrap_or_else(|| if is_above { project.join(FOLDER) } else { here.join(FOLDER) })
}

/// A path as it is seen from the folder where the program runs, where it lies below.
pub(super) fn from_here(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(here).unwrap_or(path);
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

impl From<LedgerError> for CliError {
    fn from(error: LedgerError) -> Self {
        let exit = match &error {
            LedgerError::Name(_) => Exit::Usage,
            LedgerError::HeadMoved { .. } => Exit::Later,
            LedgerError::Broken { .. } | LedgerError::Cut { .. } | LedgerError::Missing { .. } => {
                Exit::Rejected
            }
            _ => Exit::Failed,
        };
        Self::new(exit, error.to_string())
    }
}
