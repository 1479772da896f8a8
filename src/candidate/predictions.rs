//! `predictions.csv`: what a command's model says of the rows that it was not trained on.
//!
//! Columns: `row`, `prediction`, for classes one `p_CLASS` each, and `truth` where derby was not given the data.

use crate::domain::{Labels, Prediction};
use std::collections::{BTreeMap, BTreeSet};

/// The artifact's name.
pub const PREDICTIONS_FILE: &str = "predictions.csv";
/// In front of a class's name, in the name of the column of its probabilities.
const PROBABILITY: &str = "p_";

/// The file as a table.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictedRows {
    /// The row's name: with data of derby's, its number there, from 0.
    pub ids: Vec<String>,
    /// The truth, where the file says it.
    pub truth: Option<Vec<String>>,
    /// The prediction as it is written.
    pub predictions: Vec<String>,
    /// Class names with a probability a row, in the file's order; empty for none.
    pub probabilities: Vec<(String, Vec<f64>)>,
}

impl PredictedRows {
    /// Reads the file; `name` is what messages call it.
    ///
    /// # Errors
    /// With the line and the value of what does not do.
    pub fn parse(bytes: &[u8], name: &str) -> Result<Self, String> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
        let header = reader.headers().map_err(|error| format!("{name}: {error}"))?.clone();
        let find = |wanted: &str| header.iter().position(|column| column == wanted);
        let need = |wanted: &str| {
            find(wanted).ok_or_else(|| {
                format!("{name}: the column '{wanted}' is missing; mend: write row,prediction and p_CLASS for each class")
            })
        };
        let (row_at, prediction_at) = (need("row")?, need("prediction")?);
        let truth_at = find("truth");
        let classes: Vec<(usize, String)> = header
            .iter()
            .enumerate()
            .filter_map(|(at, column)| Some((at, column.strip_prefix(PROBABILITY)?.to_string())))
            .collect();
        let mut rows = Self {
            ids: Vec::new(),
            truth: truth_at.map(|_| Vec::new()),
            predictions: Vec::new(),
            probabilities: classes.iter().map(|(_, class)| (class.clone(), Vec::new())).collect(),
        };
        let mut seen = BTreeSet::new();
        for record in reader.records() {
            let record = record.map_err(|error| format!("{name}: {error}"))?;
            let line = record.position().map_or(0, csv::Position::line);
            let id = record[row_at].to_string();
            if !seen.insert(id.clone()) {
                return Err(format!(
                    "{name}, line {line}: row '{id}' stands there twice; mend: predict each row once"
                ));
            }
            rows.ids.push(id);
            rows.predictions.push(record[prediction_at].to_string());
            if let (Some(truth), Some(at)) = (&mut rows.truth, truth_at) {
                truth.push(record[at].to_string());
            }
            for ((at, class), (_, values)) in classes.iter().zip(&mut rows.probabilities) {
                let p =
                    record[*at].parse::<f64>().ok().filter(|p| (-1e-9..=1.0 + 1e-9).contains(p));
                values.push(p.ok_or_else(|| {
                    format!(
                        "{name}, line {line}: '{}' is no probability of class '{class}'",
                        &record[*at]
                    )
                })?);
            }
        }
        if rows.ids.is_empty() {
            return Err(format!("{name} has no rows; mend: predict the rows of the holdout"));
        }
        Ok(rows)
    }

    /// The place of each id.
    pub fn places(&self) -> BTreeMap<&str, usize> {
        self.ids.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect()
    }

    /// Every class that is named: by the truth, a prediction or a column, in order.
    pub fn classes(&self) -> Vec<String> {
        let truth = self.truth.iter().flatten();
        let named = self.probabilities.iter().map(|(class, _)| class);
        let all: BTreeSet<&String> = truth.chain(&self.predictions).chain(named).collect();
        all.into_iter().cloned().collect()
    }

    /// The prediction of some rows (places in this file), in terms of `classes`; without classes, numbers.
    ///
    /// # Errors
    /// When a prediction is none of the classes, or no number.
    pub fn prediction(
        &self,
        places: &[usize],
        classes: Option<&[String]>,
    ) -> Result<Prediction, String> {
        let Some(classes) = classes else {
            let number = |&at: &usize| number(&self.predictions[at], &self.ids[at]);
            return Ok(Prediction::Values(places.iter().map(number).collect::<Result<_, _>>()?));
        };
        let code = |text: &str| classes.iter().position(|class| class == text);
        let codes = places.iter().map(|&at| {
            let text = &self.predictions[at];
            code(text).map(|code| code as u32).ok_or_else(|| {
                format!(
                    "row '{}' is predicted '{text}', which is no class: {}",
                    self.ids[at],
                    classes.join(", ")
                )
            })
        });
        let codes: Vec<u32> = codes.collect::<Result<_, _>>()?;
        let n_classes = classes.len();
        let complete =
            classes.iter().all(|class| self.probabilities.iter().any(|(name, _)| name == class));
        let scores = complete.then(|| {
            let column = |class: &String| self.probabilities.iter().find(|(name, _)| name == class);
            let columns: Vec<&[f64]> =
                classes.iter().filter_map(column).map(|(_, values)| &values[..]).collect();
            places.iter().flat_map(|&at| columns.iter().map(move |column| column[at])).collect()
        });
        Ok(Prediction::Classes { codes, probabilities: scores.is_some(), scores, n_classes })
    }

    /// The truth of some rows as the file says it; `positive` is the last class in order.
    ///
    /// # Errors
    /// When the file has no truth, or one that is no number.
    pub fn labels(&self, places: &[usize], classes: Option<&[String]>) -> Result<Labels, String> {
        let Some(truth) = &self.truth else {
            return Err(
                "there is no column 'truth'; mend: write it, or give [data] in the sweep file"
                    .into(),
            );
        };
        let Some(classes) = classes else {
            let values = places.iter().map(|&at| number(&truth[at], &self.ids[at]));
            return Ok(Labels::Values(values.collect::<Result<_, _>>()?));
        };
        let code = |text: &String| classes.iter().position(|class| class == text).map(|c| c as u32);
        let codes = places
            .iter()
            .map(|&at| code(&truth[at]).ok_or_else(|| format!("'{}' is no class", truth[at])));
        let codes = codes.collect::<Result<_, _>>()?;
        let positive = classes.len().saturating_sub(1) as u32;
        Ok(Labels::Classes { codes, n_classes: classes.len(), positive })
    }
}

fn number(text: &str, row: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|value| value.is_finite())
        .ok_or_else(|| {
            format!(
                "{PREDICTIONS_FILE}: '{text}' of row '{row}' is no finite number; mend: predict a number for every row"
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_and_numbers_are_read() {
        let rows = PredictedRows::parse(
            b"row,truth,prediction,p_no,p_yes\n3,yes,yes,0.1,0.9\n5,no,yes,0.4,0.6\n",
            "p",
        )
        .unwrap();
        let classes = rows.classes();
        assert_eq!(classes, ["no", "yes"]);
        let Prediction::Classes { codes, scores, .. } =
            rows.prediction(&[1, 0], Some(&classes)).unwrap()
        else {
            unreachable!("classes")
        };
        assert_eq!((codes, scores), (vec![1, 1], Some(vec![0.4, 0.6, 0.1, 0.9])));
        assert_eq!(
            rows.labels(&[0, 1], Some(&classes)).unwrap(),
            Labels::Classes { codes: vec![1, 0], n_classes: 2, positive: 1 }
        );
        let rows = PredictedRows::parse(b"row,prediction\n0,1.5\n", "p").unwrap();
        assert_eq!(rows.prediction(&[0], None).unwrap(), Prediction::Values(vec![1.5]));
        assert!(rows.labels(&[0], None).unwrap_err().contains("no column 'truth'"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, part: &str| {
            let error = PredictedRows::parse(text.as_bytes(), "predictions.csv").unwrap_err();
            assert!(error.contains(part), "{error}");
        };
        check("row,pred\n", "the column 'prediction' is missing");
        check("row,prediction\n", "has no rows");
        check("row,prediction\n1,a\n1,b\n", "line 3: row '1' stands there twice");
        check("row,prediction,p_a\n1,a,1.5\n", "line 2: '1.5' is no probability of class 'a'");
        check("row,prediction\n1,a,2\n", "predictions.csv: ");
        let rows = PredictedRows::parse(b"row,prediction\n1,nan\n", "p").unwrap();
        assert!(rows.prediction(&[0], None).unwrap_err().contains("'nan' of row '1'"));
        let other = rows.prediction(&[0], Some(&["a".to_string()])).unwrap_err();
        assert!(other.contains("which is no class: a"));
    }
}
