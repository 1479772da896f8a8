//! Does a bundle still say what it said when it was packed?

use super::content::{Content, hash};
use super::golden::{self, Golden};
use super::{Bundle, BundleError};
use crate::data;
use serde::Serialize;
use serde_json::Value;

/// A difference beyond this is none of rounding.
const TOLERANCE: f64 = 1e-9;

/// What [`Bundle::verify`] found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verification {
    /// Golden rows that were predicted again.
    pub rows: usize,
    /// True if every prediction is the same to the last bit.
    pub is_exact: bool,
    /// The largest difference of a score or number, relative to numbers above 1.
    pub largest_difference: f64,
    /// What differs beyond 1e-9, a sentence each.
    pub problems: Vec<String>,
}

impl Verification {
    /// True if nothing differs beyond 1e-9.
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }
}

impl Bundle {
    /// Writes the pipeline and reads it back, then predicts the golden rows from their raw cells, by the code that
    /// reads files. A bundle of a command has no golden rows: its files are hashed again.
    ///
    /// # Errors
    /// When a file cannot be read or does not hold what was packed, or the golden rows cannot be predicted at all.
    pub fn verify(&self) -> Result<Verification, BundleError> {
        for packed in &self.files {
            if let Content::File(path) = &packed.content {
                let (_, digest) = hash(path)?;
                if digest.hex() != packed.entry.blake3 {
                    let dir = path.parent().unwrap_or(path);
                    return Err(BundleError::damaged(dir, &packed.entry.name, CHANGED));
                }
            }
        }
        let mut found =
            Verification { rows: 0, is_exact: true, largest_difference: 0.0, problems: Vec::new() };
        let Some(model) = &self.model else { return Ok(found) };
        let saved = serde_json::to_vec(&model.pipeline).map_err(|error| unreadable(&error))?;
        let reloaded: super::Pipeline =
            serde_json::from_slice(&saved).map_err(|error| unreadable(&error))?;
        let text = golden::lines(&model.golden);
        let table = data::stream::table_of_objects(&text, "golden.jsonl", &model.schema)?;
        let rows: Vec<usize> = (0..table.n_rows).collect();
        let again = reloaded.predict(&table, &rows)?;
        for (row, golden) in model.golden.iter().enumerate() {
            let said = golden::said(&again, row, &self.manifest.classes);
            found.compare(row, golden, said);
        }
        found.rows = model.golden.len();
        Ok(found)
    }
}

/// What a file with another hash is.
pub(super) const CHANGED: &str = "is not what was packed: its hash differs";

fn unreadable(error: &serde_json::Error) -> BundleError {
    BundleError::Invalid(format!("the pipeline cannot be read back: {error}"))
}

impl Verification {
    fn compare(
        &mut self,
        row: usize,
        golden: &Golden,
        (prediction, scores): (Value, Option<Vec<f64>>),
    ) {
        let line = row + 1;
        let pair = (golden.prediction.as_f64(), prediction.as_f64());
        if let (Some(then), Some(now)) = pair {
            self.number(&format!("golden row {line}"), then, now);
        } else if golden.prediction != prediction {
            self.is_exact = false;
            let then = &golden.prediction;
            self.problems.push(format!("golden row {line} was {then} and is {prediction} now"));
        }
        let (then, now) = (golden.scores.as_deref(), scores.as_deref());
        if then.map(<[f64]>::len) != now.map(<[f64]>::len) {
            self.is_exact = false;
            self.problems.push(format!("golden row {line} has other scores now"));
            return;
        }
        let pairs = then.unwrap_or_default().iter().zip(now.unwrap_or_default());
        for (class, (then, now)) in pairs.enumerate() {
            self.number(&format!("golden row {line}, class {class}"), *then, *now);
        }
    }

    fn number(&mut self, place: &str, then: f64, now: f64) {
        let difference = (then - now).abs() / then.abs().max(1.0);
        self.is_exact &= then.to_bits() == now.to_bits();
        self.largest_difference = self.largest_difference.max(difference);
        // A NaN differs, too.
        if difference.is_nan() || difference > TOLERANCE {
            self.problems.push(format!("{place} was {then} and is {now} now"));
        }
    }
}
