//! The way from the command line to ledgers: where they are, which model is meant, and the store's anchors.

use super::{CliError, Exit, Ui};
use crate::champion::{Ledger, LedgerError, ModelName};
use crate::domain::Digest;
use crate::store::{Mode, Store, StoreError};
use std::path::PathBuf;

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
        let folder = store.parent().map(|project| project.join(FOLDER));
        Ok(Self { folder: folder.unwrap_or_else(|| FOLDER.into()), store })
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
