//! The models of a run's folds, fitted again: each predicts the rows that it has not seen.

use super::fitted::pipeline;
use super::{CandidateError, Ground, Recipe};
use crate::bundle::Pipeline;
use crate::spec::Work;
use rayon::prelude::*;

/// The model of one fold.
#[derive(Debug)]
pub struct FoldModel {
    /// The fold's name.
    pub name: String,
    /// Fitted on `train`.
    pub pipeline: Pipeline,
    /// Rows of the data that it was fitted on.
    pub train: Vec<usize>,
    /// Rows that it has not seen and no other of the models is asked about, ascending.
    pub test: Vec<usize>,
}

impl Recipe {
    /// Fits the run's configuration on the training rows of every fold. Where folds repeat, a row is the first's that
    /// tests it, so that none counts twice; folds without a row of their own are left out.
    ///
    /// # Errors
    /// When the run is of a command, or a fit fails.
    pub fn fold_models(&self, ground: &Ground) -> Result<Vec<FoldModel>, CandidateError> {
        let Work::Models(section) = &self.sweep.work else {
            return Err(CandidateError::Unfit {
                run: self.run.id.0,
                what: "is not of a built-in model, so derby cannot fit its folds again".into(),
                mend: "name a run of a built-in model",
            });
        };
        let mut is_taken = vec![false; ground.data.labels.len()];
        let folds: Vec<(&crate::data::FoldRows, Vec<usize>)> = (ground.split.folds.iter())
            .map(|fold| {
                let is_new = |row: &usize| !std::mem::replace(&mut is_taken[*row], true);
                (fold, fold.test.iter().copied().filter(is_new).collect())
            })
            .filter(|(_, own): &(_, Vec<usize>)| !own.is_empty())
            .collect();
        let one = |(fold, own): (&crate::data::FoldRows, Vec<usize>)| {
            let pipeline = pipeline(self, (section, ground), &fold.train)?;
            let (name, train) = (fold.name.clone(), fold.train.clone());
            Ok(FoldModel { name, pipeline, train, test: own })
        };
        folds.into_par_iter().map(one).collect()
    }
}
