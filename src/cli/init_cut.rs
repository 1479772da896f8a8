//! What a new sweep file must say so that its sweep can run: a cut that the rows allow, columns that prepare.

use super::out::safe;
use super::{CliError, Exit};
use crate::data::{self, Dataset, FoldOptions, Prep, PrepChoice, Split, SplitOptions, Values};
use crate::domain::Value;

/// Holdouts and folds in the order of preference.
const HOLDOUTS: [f64; 2] = [0.2, 0.0];
const FOLDS: [usize; 4] = [5, 4, 3, 2];

/// A holdout and a number of folds that the rows allow.
pub(super) struct Cut {
    pub(super) holdout: f64,
    pub(super) folds: usize,
    /// Why it is not the usual one.
    pub(super) why: Option<String>,
    split: Split,
}

/// The first cut of all that works.
pub(super) fn cut(dataset: &Dataset) -> Result<Cut, CliError> {
    let (mut first, mut last) = (None, String::new());
    for holdout in HOLDOUTS {
        for k in FOLDS {
            let FoldOptions::Made { kind, shuffle, repeats, .. } = FoldOptions::default() else {
                continue;
            };
            let folds = FoldOptions::Made { k, kind, shuffle, repeats };
            let options = SplitOptions { holdout, folds, ..SplitOptions::default() };
            match data::split(dataset, &options) {
                Ok(split) => return Ok(Cut { holdout, folds: k, why: first, split }),
                Err(error) => {
                    let text = safe(&error.to_string());
                    // The mend of a cut that is given up would mislead.
                    last = text.split("; mend:").next().unwrap_or_default().to_string();
                    first.get_or_insert_with(|| last.clone());
                }
            }
        }
    }
    let text = format!("no sweep can run on these rows, even without a holdout: {last}");
    Err(CliError::new(Exit::Failed, text)
        .hint("more rows, merge or drop the rare classes, or another target with --target COLUMN"))
}

/// Features with infinite cells: those that clipping mends in every fold, and those that it does not.
pub(super) fn infinite(dataset: &mut Dataset, cut: &Cut) -> (Vec<usize>, Vec<usize>) {
    let features = dataset.features.clone();
    let holds = |idx: &usize| match &dataset.table.columns[*idx].values {
        Values::Numbers(numbers) => numbers.iter().any(|number| number.is_infinite()),
        Values::Codes { .. } => false,
    };
    let found: Vec<usize> = features.iter().copied().filter(holds).collect();
    let word = |text: &str| Value::Text(text.into());
    let settings = [("impute", word("median")), ("outliers", word("iqr"))];
    let settings = settings.map(|(name, value)| (name.to_string(), value)).into_iter().collect();
    let choices = [PrepChoice { columns: None, settings }];
    let mut mended = |idx: &usize| {
        dataset.features = vec![*idx];
        let mut trained = cut.split.folds.iter().map(|fold| &fold.train);
        // The test rows and the holdout are clipped to bounds that are finite if these fit.
        trained.all(|rows| Prep::fit_transform(dataset, rows, &choices, 0).is_ok())
            && Prep::fit_transform(dataset, &cut.split.search, &choices, 0).is_ok()
    };
    let parts = found.into_iter().partition(|idx| mended(idx));
    dataset.features = features;
    parts
}
