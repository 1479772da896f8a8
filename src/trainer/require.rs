//! What a family may ask of a fold and of its context, with one wording of each refusal.

use super::{FitContext, FitError, Fold, PredictRows, Signal};
use crate::domain::Labels;
use std::borrow::Cow;
use std::sync::atomic::Ordering;

impl Fold {
    /// The class of each row and the number of classes.
    ///
    /// # Errors
    /// When the target is a number.
    pub fn classes(&self, family: &str) -> Result<(&[u32], usize), FitError> {
        match &self.y {
            Labels::Classes { codes, n_classes, .. } => Ok((codes, *n_classes)),
            Labels::Values(_) => Err(FitError::Unsuitable(format!(
                "'{family}' fits classes, but the target is a number; mend: a regression family, or \
                 declare the target a category"
            ))),
        }
    }

    /// The number of each row.
    ///
    /// # Errors
    /// When the target is a class.
    pub fn values(&self, family: &str) -> Result<&[f64], FitError> {
        match &self.y {
            Labels::Values(values) => Ok(values),
            Labels::Classes { .. } => Err(FitError::Unsuitable(format!(
                "'{family}' fits numbers, but the target is a class; mend: a classification family"
            ))),
        }
    }

    /// The weight of each row, 1 where there are none.
    pub fn row_weights(&self) -> Cow<'_, [f64]> {
        match &self.weights {
            Some(weights) => Cow::Borrowed(weights),
            None => Cow::Owned(vec![1.0; self.y.len()]),
        }
    }

    /// Refuses weights for a family that has no use for them.
    ///
    /// # Errors
    /// When the fold has weights.
    pub fn refuse_weights(&self, family: &str) -> Result<(), FitError> {
        if self.weights.is_none() {
            return Ok(());
        }
        Err(FitError::Unsuitable(format!(
            "'{family}' does not use row weights; mend: drop the weight column or the family"
        )))
    }

    /// Refuses a fold without rows or features.
    ///
    /// # Errors
    /// When either is missing.
    pub fn refuse_empty(&self, family: &str) -> Result<(), FitError> {
        let (rows, features) = self.x.dim();
        if rows > 0 && features > 0 {
            return Ok(());
        }
        Err(FitError::Unsuitable(format!("'{family}' got {rows} rows of {features} features")))
    }
}

impl FitContext<'_> {
    /// Ends the fit if it was canceled.
    ///
    /// # Errors
    /// [`FitError::Stopped`] with [`Signal::Cancel`].
    pub fn check(&self) -> Result<(), FitError> {
        if self.cancel.load(Ordering::Relaxed) {
            return Err(FitError::Stopped(Signal::Cancel));
        }
        Ok(())
    }

    /// Tells of a round that is not the last one, and ends the fit if the answer or the flag says so. `predict`
    /// is called only where somebody wants to know.
    ///
    /// # Errors
    /// [`FitError::Stopped`] with the reason.
    pub fn round(&mut self, rounds: u64, predict: &PredictRows<'_>) -> Result<(), FitError> {
        self.check()?;
        let Some(interim) = self.interim.as_deref_mut().filter(|interim| interim.wants(rounds))
        else {
            return Ok(());
        };
        match interim.report(rounds, predict) {
            Signal::Continue => Ok(()),
            signal => Err(FitError::Stopped(signal)),
        }
    }

    /// Tells how many rounds the fitted model has.
    pub fn ended(&mut self, rounds: u64) {
        if let Some(interim) = self.interim.as_deref_mut() {
            interim.ended(rounds);
        }
    }
}

/// The classes that have weight in these rows, ascending, with that weight.
pub(super) fn present_classes(codes: &[u32], weights: &[f64], n_classes: usize) -> Vec<(u32, f64)> {
    let mut totals = vec![0.0; n_classes];
    for (&code, &weight) in codes.iter().zip(weights) {
        totals[code as usize] += weight;
    }
    (0..).zip(totals).filter(|&(_, total)| total > 0.0).collect()
}

/// [`present_classes`] for a family that needs two.
pub(super) fn two_classes(
    codes: &[u32],
    weights: &[f64],
    n_classes: usize,
    family: &str,
) -> Result<Vec<(u32, f64)>, FitError> {
    let present = present_classes(codes, weights, n_classes);
    if present.len() >= 2 {
        return Ok(present);
    }
    Err(FitError::Unsuitable(format!(
        "'{family}' needs two classes, but the training rows hold only one; mend: stratified folds or \
         more rows of the rare class"
    )))
}

/// The factor on the weight of each class's rows: 1, or scikit-learn's `balanced`, which gives all
/// classes the same total weight. Indexed by class; 0 for an absent one.
pub(super) fn class_factors(present: &[(u32, f64)], n_classes: usize, balanced: bool) -> Vec<f64> {
    let total: f64 = present.iter().map(|&(_, weight)| weight).sum();
    let mut factors = vec![0.0; n_classes];
    for &(class, weight) in present {
        factors[class as usize] =
            if balanced { total / (present.len() as f64 * weight) } else { 1.0 };
    }
    factors
}

/// A model of plain numbers and lists as JSON, which cannot fail.
pub(super) fn to_json<T: serde::Serialize>(model: &T) -> serde_json::Value {
    serde_json::to_value(model).expect("a model has text keys and finite numbers only")
}

/// Row-major `rows × features` as an array; `None` where the lengths disagree, as in a damaged file.
pub(super) fn matrix(values: &[f64], n_features: usize) -> Option<ndarray::ArrayView2<'_, f64>> {
    if n_features == 0 || !values.len().is_multiple_of(n_features) {
        return None;
    }
    ndarray::ArrayView2::from_shape((values.len() / n_features, n_features), values).ok()
}

/// The error of a saved model that contradicts itself.
pub(super) fn damaged(what: &str) -> serde_json::Error {
    serde::de::Error::custom(format!("the saved model is damaged: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balanced_factors_give_each_class_the_same_total() {
        let present = present_classes(&[0, 0, 0, 2], &[1.0, 1.0, 1.0, 2.0], 4);
        assert_eq!(present, [(0, 3.0), (2, 2.0)]);
        let factors = class_factors(&present, 4, true);
        assert!((factors[0] * 3.0 - 2.5).abs() < 1e-15 && (factors[2] * 2.0 - 2.5).abs() < 1e-15);
        assert_eq!(class_factors(&present, 4, false), [1.0, 0.0, 1.0, 0.0]);
    }
}
