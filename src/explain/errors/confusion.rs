//! Which classes are taken for which.

use crate::domain::{Labels, Prediction};
use crate::explain::ExplainError;

/// Counts of true and predicted classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Confusion {
    /// Summed row weights, truth by prediction.
    pub counts: Vec<Vec<f64>>,
    /// One a class.
    pub classes: Vec<ClassErrors>,
}

/// How one class fares.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassErrors {
    /// Weight of the rows that are of the class.
    pub support: f64,
    /// Share of them that is found; NaN without such rows.
    pub recall: f64,
    /// Share of the rows predicted as the class that is right; NaN if nothing is.
    pub precision: f64,
    /// The class that it is most often taken for, with the weight of these rows.
    pub taken_for: Option<(u32, f64)>,
}

/// The confusion of a classifier.
///
/// # Errors
/// When truth, prediction and weights do not belong together or are numbers.
pub fn confusion(
    truth: &Labels,
    prediction: &Prediction,
    weights: Option<&[f64]>,
) -> Result<Confusion, ExplainError> {
    let (
        Labels::Classes { codes: truth, n_classes, .. },
        Prediction::Classes { codes: predicted, .. },
    ) = (truth, prediction)
    else {
        return Err(ExplainError::Shape(
            "numbers have no confusion; look at the worst rows".into(),
        ));
    };
    let n = *n_classes;
    let n_weights = weights.map_or(truth.len(), <[f64]>::len);
    if truth.len() != predicted.len() || n_weights != truth.len() {
        let (t, p) = (truth.len(), predicted.len());
        let text = format!("{t} rows of truth, {p} of prediction, {n_weights} weights");
        return Err(ExplainError::Shape(text));
    }
    if let Some(code) = truth.iter().chain(predicted).find(|&&code| code as usize >= n) {
        return Err(ExplainError::Shape(format!("class code '{code}' with {n} classes")));
    }
    let mut counts = vec![vec![0.0; n]; n];
    for (row, (&t, &p)) in truth.iter().zip(predicted).enumerate() {
        counts[t as usize][p as usize] += weights.map_or(1.0, |weights| weights[row]);
    }
    let class = |class: usize| {
        let support: f64 = counts[class].iter().sum();
        let said: f64 = counts.iter().map(|row| row[class]).sum();
        let others = counts[class].iter().enumerate().filter(|(other, _)| *other != class);
        let most =
            others.fold((0, 0.0), |most, (other, &n)| if n > most.1 { (other, n) } else { most });
        ClassErrors {
            support,
            recall: counts[class][class] / support,
            precision: counts[class][class] / said,
            taken_for: (most.1 > 0.0).then_some((most.0 as u32, most.1)),
        }
    };
    let classes = (0..n).map(class).collect();
    Ok(Confusion { counts, classes })
}
