//! What a recorded run predicted for rows of the search that it was not fitted on; never for the holdout.

use super::{Ground, PREDICTIONS_FILE, PredictedRows, Recipe};
use crate::domain::{Labels, Prediction, RunRecord};
use crate::executor::OutOfFold;
use crate::spec::{DataSection, Work};
use crate::store::{Store, StoreError};
use std::io::Read;

/// Predictions that are kept of a run, with the truth.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The rows of the data, counted from 0.
    pub rows: Vec<usize>,
    /// What is true of them.
    pub truth: Labels,
    /// What the run said of them.
    pub prediction: Prediction,
}

/// Why there is nothing to look at.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file in the store cannot be read.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// The run is of no data that derby split: why.
    #[error("{0}")]
    NoData(&'static str),
    /// There are none.
    #[error("no predictions are kept")]
    Missing,
    /// They are of other rows.
    #[error("the out-of-fold predictions that are kept are not those of its split")]
    OfOtherRows,
    /// A command wrote no others.
    #[error("{PREDICTIONS_FILE} is about the holdout alone, which is not shown")]
    HoldoutAlone,
    /// What a command wrote does not do; the text names the place and the mend.
    #[error("{0}")]
    Unfit(String),
}

impl KeptError {
    /// What would help.
    pub fn mend(&self) -> Option<&'static str> {
        match self {
            Self::Missing => {
                Some("[data] keep_predictions says of how many of the best runs they are kept")
            }
            Self::OfOtherRows => Some("derby store check looks for damage"),
            Self::HoldoutAlone => Some(
                "write the rows of validation there too, each predicted by a model that was not fitted on it",
            ),
            Self::Store(_) | Self::File(_) | Self::NoData(_) | Self::Unfit(_) => None,
        }
    }
}

impl Kept {
    /// True if a run has any, of whatever rows.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn are_there(store: &Store, run: &RunRecord) -> Result<bool, StoreError> {
        Ok(matrix(store, run)?.is_some()
            || store.artifacts(run.id)?.iter().any(|file| file.path == PREDICTIONS_FILE))
    }

    /// Those of a run.
    ///
    /// # Errors
    /// When there are none that can be shown.
    pub fn of(store: &Store, recipe: &Recipe, ground: &Ground) -> Result<Self, KeptError> {
        let Some(bytes) = matrix(store, &recipe.run)? else {
            return Self::of_command(store, recipe, ground);
        };
        let is_search = |row: &u32| ground.split.search.binary_search(&(*row as usize)).is_ok();
        let kept = OutOfFold::decode(&bytes).filter(|kept| kept.rows.iter().all(is_search));
        let kept = kept.ok_or(KeptError::OfOtherRows)?;
        let rows: Vec<usize> = kept.rows.iter().map(|&row| row as usize).collect();
        let truth = ground.data.labels.take(&rows);
        let prediction = kept.prediction(&truth);
        Ok(Self { rows, truth, prediction })
    }

    /// The rows of a command's `predictions.csv` that are not the holdout's.
    fn of_command(store: &Store, recipe: &Recipe, ground: &Ground) -> Result<Self, KeptError> {
        let file = store.open_artifact(recipe.run.id, PREDICTIONS_FILE)?;
        let mut bytes = Vec::new();
        file.ok_or(KeptError::Missing)?.read_to_end(&mut bytes)?;
        let file = PredictedRows::parse(&bytes, PREDICTIONS_FILE).map_err(KeptError::Unfit)?;
        let mut chosen: Vec<(usize, usize)> = Vec::new();
        for (place, name) in file.ids.iter().enumerate() {
            let row = name.parse::<usize>().ok();
            if let Some(row) = row.filter(|row| ground.split.search.binary_search(row).is_ok()) {
                chosen.push((place, row));
            }
        }
        if chosen.is_empty() {
            return Err(KeptError::HoldoutAlone);
        }
        let (places, rows): (Vec<usize>, Vec<usize>) = chosen.into_iter().unzip();
        let truth = ground.data.labels.take(&rows);
        let classes = truth.task().is_classification().then_some(&ground.data.classes[..]);
        let prediction = file.prediction(&places, classes).map_err(KeptError::Unfit)?;
        Ok(Self { rows, truth, prediction })
    }
}

impl Recipe {
    /// The data whose split says which rows are the holdout's.
    ///
    /// # Errors
    /// When the run is of none.
    pub fn split_data(&self) -> Result<&DataSection, KeptError> {
        self.data_section().ok_or(KeptError::NoData(match self.sweep.work {
            Work::Function(_) => "a test function predicts nothing",
            Work::Elsewhere => "it was told from elsewhere, without predictions",
            Work::Models(_) | Work::Command(_) => {
                "it is of a command without [data], so that nobody can tell the holdout's rows from others"
            }
        }))
    }
}

/// What was kept of its folds; a run that was taken over has those of the run that it equals.
fn matrix(store: &Store, run: &RunRecord) -> Result<Option<Vec<u8>>, StoreError> {
    match (store.predictions(run.id)?, run.cached_from) {
        (None, Some(of)) => store.predictions(of),
        (own, _) => Ok(own),
    }
}
