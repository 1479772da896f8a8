//! A model that is named, packed: read where it lies, or fitted first where a run is named.

use super::reference::Named;
use super::{CliError, Exit, Ui};
use crate::bundle::Bundle;
use crate::candidate::{FitRows, Fitted, Recipe};
use crate::champion::Reference;
use crate::spec::Work;
use std::path::{Path, PathBuf};

/// A bundle and where it comes from.
pub(super) struct Packed {
    /// What was named.
    pub(super) named: Named,
    /// Its bundle.
    pub(super) bundle: Bundle,
    /// Where that lies.
    pub(super) folder: PathBuf,
}

impl Packed {
    /// Finds the bundle of what a word means.
    pub(super) fn find(ui: &Ui, text: &str) -> Result<Self, CliError> {
        let named = named(ui, text)?;
        let (bundle, folder) = busy(ui, &named, || named.bundle(ui))?;
        Ok(Self { named, bundle, folder })
    }

    /// Fits a run on all rows, the holdout's included.
    pub(super) fn refit(ui: &Ui, text: &str) -> Result<Self, CliError> {
        let named = named(ui, text)?;
        let Named::Run(run) = &named else {
            let error = format!("--refit-all fits a run again, and '{text}' is packed already");
            return Err(
                CliError::usage(error).hint("name the run; derby champion show says which it was")
            );
        };
        let store = ui.read_store()?;
        let recipe = Recipe::of(&store, (**run).clone())?;
        if matches!(recipe.sweep.work, Work::Command(_)) {
            let error = format!("run {} is of a command, which derby does not fit", run.id);
            return Err(CliError::new(Exit::Failed, error)
                .hint("leave --refit-all out to pack its artifacts, or run the command yourself on all rows"));
        }
        let fitted = busy(ui, &named, || Ok(Fitted::of(&store, &recipe, FitRows::All)?))?;
        Ok(Self { named, bundle: fitted.bundle, folder: fitted.folder })
    }
}

/// What a word means; a folder that is none of a bundle is named as such.
fn named(ui: &Ui, text: &str) -> Result<Named, CliError> {
    Named::parse(ui, text).map_err(|error| {
        let is_word = matches!(Reference::parse(text), Ok(None));
        if is_word && Path::new(text).is_dir() && error.hints.is_empty() {
            let hint =
                format!("the folder '{text}' holds no bundle.json, so it is no bundle either");
            return error.hint(hint);
        }
        error
    })
}

/// Says on a terminal that a run is fitted, while it is.
fn busy<T>(
    ui: &Ui,
    named: &Named,
    work: impl FnOnce() -> Result<T, CliError>,
) -> Result<T, CliError> {
    let Named::Run(run) = named else { return work() };
    let is_drawn = ui.out.can_redraw();
    if is_drawn {
        ui.out.redraw(&format!(" fitting run {} …", run.id));
    }
    let done = work();
    if is_drawn {
        ui.out.redraw("");
    }
    done
}
