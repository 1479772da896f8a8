//! Out-of-fold predictions: what the models of a trial said about rows that they had not seen.

use crate::domain::{Labels, Prediction};

/// First bytes of an encoded matrix; the digit is the version.
const MAGIC: &[u8; 5] = b"DOOF1";

/// A row-major `rows × width` matrix of 32-bit floats: a score per class, or one number.
///
/// Rows that several test folds share (repeated folds) hold the mean of their predictions.
#[derive(Debug, Clone, PartialEq)]
pub struct OutOfFold {
    /// The data row that each matrix row is about, ascending.
    pub rows: Vec<u32>,
    /// Columns.
    pub width: usize,
    /// The numbers.
    pub values: Vec<f32>,
}

impl OutOfFold {
    /// Gathers the predictions of all folds: (test rows, prediction) pairs.
    pub fn gather(folds: &[(&[usize], &Prediction)]) -> Self {
        let width = folds.first().map_or(1, |(_, prediction)| columns(prediction));
        let mut rows: Vec<u32> =
            folds.iter().flat_map(|(rows, _)| rows.iter().map(|&row| row as u32)).collect();
        rows.sort_unstable();
        rows.dedup();
        let mut sums = vec![0.0f64; rows.len() * width];
        let mut counts = vec![0u32; rows.len()];
        for (test, prediction) in folds {
            for (position, &row) in test.iter().enumerate() {
                let Ok(at) = rows.binary_search(&(row as u32)) else { continue };
                counts[at] += 1;
                add_row(&mut sums[at * width..(at + 1) * width], prediction, position);
            }
        }
        let mean = |idx: usize| (sums[idx] / f64::from(counts[idx / width])) as f32;
        let values = (0..sums.len()).map(mean).collect();
        Self { rows, width, values }
    }

    /// The matrix as a prediction of rows with these labels. Scores are probabilities if each row of them sums to 1.
    pub fn prediction(&self, labels: &Labels) -> Prediction {
        let values: Vec<f64> = self.values.iter().map(|value| f64::from(*value)).collect();
        let Labels::Classes { n_classes, .. } = labels else { return Prediction::Values(values) };
        let is_share = |row: &[f64]| {
            row.iter().all(|p| (0.0..=1.0).contains(p))
                && (row.iter().sum::<f64>() - 1.0).abs() < 1e-4
        };
        let all_shares = values.chunks(self.width.max(1)).all(is_share);
        match Prediction::from_probabilities(values, *n_classes) {
            Prediction::Classes { codes, scores, n_classes, .. } => {
                Prediction::Classes { codes, scores, probabilities: all_shares, n_classes }
            }
            other @ Prediction::Values(_) => other,
        }
    }

    /// The matrix as bytes: magic, rows, width, row indices, values; all little-endian.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend((self.rows.len() as u32).to_le_bytes());
        bytes.extend((self.width as u32).to_le_bytes());
        bytes.extend(self.rows.iter().flat_map(|row| row.to_le_bytes()));
        bytes.extend(self.values.iter().flat_map(|value| value.to_le_bytes()));
        bytes
    }

    /// Reads what [`OutOfFold::encode`] wrote; `None` for anything else.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let body = bytes.strip_prefix(MAGIC)?;
        let words: Vec<[u8; 4]> = body.as_chunks::<4>().0.to_vec();
        let n_rows = u32::from_le_bytes(*words.first()?) as usize;
        let width = u32::from_le_bytes(*words.get(1)?) as usize;
        let cells = n_rows.checked_mul(width)?;
        if body.len() != 8 + 4 * n_rows.checked_add(cells)? {
            return None;
        }
        let rows = words[2..2 + n_rows].iter().map(|word| u32::from_le_bytes(*word)).collect();
        let values = words[2 + n_rows..].iter().map(|word| f32::from_le_bytes(*word)).collect();
        Some(Self { rows, width, values })
    }
}

fn columns(prediction: &Prediction) -> usize {
    match prediction {
        Prediction::Classes { n_classes, .. } => *n_classes,
        Prediction::Values(_) => 1,
    }
}

/// Adds one predicted row; a model without scores votes 1 for its class.
fn add_row(sums: &mut [f64], prediction: &Prediction, row: usize) {
    match prediction {
        Prediction::Values(values) => sums[0] += values[row],
        Prediction::Classes { scores: Some(scores), n_classes, .. } => {
            let scores = &scores[row * n_classes..(row + 1) * n_classes];
            for (sum, score) in sums.iter_mut().zip(scores) {
                *sum += score;
            }
        }
        Prediction::Classes { codes, .. } => sums[codes[row] as usize] += 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_averaged_and_bytes_round_trip() {
        let one = Prediction::Values(vec![1.0, 2.0]);
        let two = Prediction::Values(vec![4.0]);
        let gathered = OutOfFold::gather(&[(&[3, 1], &one), (&[3], &two)]);
        assert_eq!(gathered.rows, [1, 3]);
        assert_eq!(gathered.values, [2.0, 2.5]);
        let bytes = gathered.encode();
        assert_eq!(OutOfFold::decode(&bytes), Some(gathered));
        assert_eq!(OutOfFold::decode(&bytes[..bytes.len() - 1]), None);
        assert_eq!(OutOfFold::decode(b"nonsense"), None);
    }

    #[test]
    fn classes_without_scores_vote() {
        let codes = vec![1, 0];
        let labels =
            Prediction::Classes { codes, scores: None, probabilities: false, n_classes: 2 };
        let gathered = OutOfFold::gather(&[(&[0, 1], &labels)]);
        assert_eq!(gathered.values, [0.0, 1.0, 1.0, 0.0]);
    }
}
