//! The loss of each row.

use crate::domain::{Labels, Prediction};
use crate::explain::ExplainError;

/// How far off a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossKind {
    /// `−ln p(true class)`, the probability clipped to the float's epsilon.
    LogLoss,
    /// 1 where the class is wrong.
    ZeroOne,
    /// Absolute difference.
    Absolute,
}

impl LossKind {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::LogLoss => "log loss",
            Self::ZeroOne => "wrong class",
            Self::Absolute => "absolute error",
        }
    }
}

/// The losses of some rows.
#[derive(Debug, Clone, PartialEq)]
pub struct RowLosses {
    /// Of what kind.
    pub kind: LossKind,
    /// One a row.
    pub values: Vec<f64>,
}

/// One of the worst rows.
#[derive(Debug, Clone, PartialEq)]
pub struct WorstRow {
    /// Its place among the rows given.
    pub row: usize,
    /// Its loss.
    pub loss: f64,
    /// The class code or the number that is true.
    pub truth: f64,
    /// The class code or the number that was predicted.
    pub predicted: f64,
    /// The probability of the predicted class, where there are probabilities.
    pub confidence: Option<f64>,
}

/// The loss of each row: log loss with probabilities, else whether the class is wrong, absolute error for numbers.
///
/// # Errors
/// When truth and prediction do not belong together, or the prediction is not finite.
pub fn row_losses(truth: &Labels, prediction: &Prediction) -> Result<RowLosses, ExplainError> {
    if truth.len() != prediction.len() {
        let (t, p) = (truth.len(), prediction.len());
        return Err(ExplainError::Shape(format!("{t} rows of truth, {p} of prediction")));
    }
    let (kind, values): (_, Vec<f64>) = match (truth, prediction) {
        (Labels::Values(truth), Prediction::Values(said)) => {
            let off = truth.iter().zip(said).map(|(truth, said)| (said - truth).abs());
            (LossKind::Absolute, off.collect())
        }
        (
            Labels::Classes { codes, .. },
            Prediction::Classes { scores: Some(scores), probabilities: true, n_classes, .. },
        ) => {
            let eps = f64::EPSILON;
            let of = |(row, &code): (usize, &u32)| {
                let p = scores.get(row * n_classes + code as usize).copied().unwrap_or(f64::NAN);
                -p.clamp(eps, 1.0 - eps).ln()
            };
            (LossKind::LogLoss, codes.iter().enumerate().map(of).collect())
        }
        (Labels::Classes { codes, .. }, Prediction::Classes { codes: said, .. }) => {
            let wrong = codes.iter().zip(said).map(|(a, b)| if a == b { 0.0 } else { 1.0 });
            (LossKind::ZeroOne, wrong.collect())
        }
        _ => return Err(ExplainError::Shape("classes on one side, numbers on the other".into())),
    };
    match values.iter().position(|loss| !loss.is_finite()) {
        Some(row) => {
            let what = format!("the prediction of row {row}");
            Err(ExplainError::NotFinite { what, value: values[row].to_string() })
        }
        None => Ok(RowLosses { kind, values }),
    }
}

/// The rows with the greatest losses, worst first; rows without any loss are left out.
///
/// # Errors
/// As [`row_losses`].
pub fn worst_rows(
    truth: &Labels,
    prediction: &Prediction,
    count: usize,
) -> Result<Vec<WorstRow>, ExplainError> {
    let losses = row_losses(truth, prediction)?.values;
    let mut order: Vec<usize> = (0..losses.len()).filter(|&row| losses[row] > 0.0).collect();
    order.sort_by(|&a, &b| losses[b].total_cmp(&losses[a]));
    order.truncate(count);
    let one = |row: usize| {
        let (predicted, confidence) = match prediction {
            Prediction::Values(said) => (said[row], None),
            Prediction::Classes { codes, scores, probabilities, n_classes } => {
                let scores = scores.as_ref().filter(|_| *probabilities);
                let of = |s: &Vec<f64>| s[row * n_classes + codes[row] as usize];
                (f64::from(codes[row]), scores.map(of))
            }
        };
        let truth = match truth {
            Labels::Values(truth) => truth[row],
            Labels::Classes { codes, .. } => f64::from(codes[row]),
        };
        WorstRow { row, loss: losses[row], truth, predicted, confidence }
    };
    Ok(order.into_iter().map(one).collect())
}
