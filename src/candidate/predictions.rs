//! `predictions.csv`: what a command's model says of the rows that it was not trained on.
//!
//! Columns: `row`, `prediction`, for classes one `p_CLASS` each, and `truth` where derby was not given the data.

use crate::domain::{Labels, Prediction};
use std::collections::{BTreeMap, BTreeSet};

/// The artifact's name.
pub const PREDICTIONS_FILE: &str = "predictions.csv";
/// In front of a class's name, in the name of the column of its probabilities.
const PROBABILITY: &str = "p_";
/// How far from 1 the sum of a row's probabilities may be: what three decimals leave.
const ROUNDED: f64 = 0.01;

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
        if let Some(column) = twice(&header) {
            return Err(format!(
                "{name}: the column '{column}' stands there twice; mend: leave one out"
            ));
        }
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

    /// Every class that is named: by the truth, a column or a prediction, in order.
    ///
    /// # Errors
    /// When there are two classes, and a prediction names a third: no score of two classes has a word for it.
    pub fn classes(&self) -> Result<Vec<String>, String> {
        let truth = self.truth.iter().flatten();
        let named = self.probabilities.iter().map(|(class, _)| class);
        let mut classes: BTreeSet<&String> = truth.chain(named).collect();
        let is_binary = classes.len() == 2;
        for (text, id) in self.predictions.iter().zip(&self.ids) {
            if is_binary && !classes.contains(text) {
                return Err(no_class(id, text, classes));
            }
            classes.insert(text);
        }
        Ok(in_order(classes))
    }

    /// The prediction of some rows (places in this file), in terms of `classes`; without classes, numbers.
    ///
    /// # Errors
    /// When a prediction or a column names none of the classes, or a prediction is no number.
    pub fn prediction(
        &self,
        places: &[usize],
        classes: Option<&[String]>,
    ) -> Result<Prediction, String> {
        let Some(classes) = classes else {
            let number = |&at: &usize| number(&self.predictions[at], &self.ids[at]);
            return Ok(Prediction::Values(places.iter().map(number).collect::<Result<_, _>>()?));
        };
        let coder = Coder::new(classes);
        let codes = places.iter().map(|&at| {
            let text = &self.predictions[at];
            coder.code(text).ok_or_else(|| no_class(&self.ids[at], text, classes))
        });
        let codes: Vec<u32> = codes.collect::<Result<_, _>>()?;
        let scores = self.scores(places, &coder)?;
        let n_classes = classes.len();
        Ok(Prediction::Classes { codes, probabilities: scores.is_some(), scores, n_classes })
    }

    /// Probabilities of some rows, row by row; none where a class has no column. Of two classes one column is enough.
    fn scores(&self, places: &[usize], coder: &Coder<'_>) -> Result<Option<Vec<f64>>, String> {
        let n_classes = coder.classes.len();
        let mut columns: Vec<Option<&[f64]>> = vec![None; n_classes];
        for (class, values) in &self.probabilities {
            let code = coder.code(class).ok_or_else(|| {
                format!(
                    "the column '{PROBABILITY}{class}' is of no class: {}; mend: name it {PROBABILITY}CLASS",
                    coder.classes.join(", ")
                )
            })?;
            columns[code as usize] = Some(values);
        }
        let given: Vec<usize> = (0..n_classes).filter(|&code| columns[code].is_some()).collect();
        let is_half = n_classes == 2 && given.len() == 1;
        if n_classes == 0 || (given.len() < n_classes && !is_half) {
            return Ok(None);
        }
        let mut scores = Vec::with_capacity(places.len() * n_classes);
        for &at in places {
            let sum: f64 = columns.iter().flatten().map(|column| column[at]).sum();
            let total = if is_half { 1.0 } else { sum };
            // Else a model that is sure of every class would have no loss at all.
            if (total - 1.0).abs() > ROUNDED {
                return Err(format!(
                    "the probabilities of row '{}' add up to {total}; mend: write {PROBABILITY}CLASS so that each row has 1",
                    self.ids[at]
                ));
            }
            let p = |column: Option<&[f64]>| column.map_or(1.0 - sum, |column| column[at] / total);
            scores.extend(columns.iter().copied().map(p));
        }
        Ok(Some(scores))
    }

    /// The truth of some rows as the file says it; `positive` is the last class in order.
    ///
    /// # Errors
    /// When the file has no truth, or one that is no number.
    pub fn labels(&self, places: &[usize], classes: Option<&[String]>) -> Result<Labels, String> {
        let Some(truth) = &self.truth else {
            return Err(
                "predictions.csv has no column 'truth'; mend: write it, or give [data] in the sweep file"
                    .into(),
            );
        };
        let Some(classes) = classes else {
            let values = places.iter().map(|&at| number(&truth[at], &self.ids[at]));
            return Ok(Labels::Values(values.collect::<Result<_, _>>()?));
        };
        let coder = Coder::new(classes);
        let codes = places.iter().map(|&at| {
            coder.code(&truth[at]).ok_or_else(|| format!("'{}' is no class", truth[at]))
        });
        let codes = codes.collect::<Result<_, _>>()?;
        let positive = classes.len().saturating_sub(1) as u32;
        Ok(Labels::Classes { codes, n_classes: classes.len(), positive })
    }
}

fn twice(header: &csv::StringRecord) -> Option<&str> {
    let mut seen = BTreeSet::new();
    header.iter().find(|column| !seen.insert(*column))
}

/// Finds the code of a class by its name, or by its number: `1.0` finds `1`.
struct Coder<'a> {
    classes: &'a [String],
    codes: BTreeMap<&'a str, u32>,
}

impl<'a> Coder<'a> {
    fn new(classes: &'a [String]) -> Self {
        let codes = classes.iter().zip(0..).map(|(class, code)| (class.as_str(), code));
        Self { classes, codes: codes.collect() }
    }

    fn code(&self, text: &str) -> Option<u32> {
        let by_number = || {
            let number: f64 = text.parse().ok()?;
            let same = |class: &String| class.parse::<f64>().is_ok_and(|class| class == number);
            self.classes.iter().position(same).map(|code| code as u32)
        };
        self.codes.get(text).copied().or_else(by_number)
    }
}

/// True for equal texts and equal numbers.
pub(super) fn is_same(a: &str, b: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    a == b || number(a).is_some_and(|a| number(b) == Some(a))
}

/// The classes of both files, in order.
pub(super) fn joined(ours: &[String], theirs: &[String]) -> Result<Vec<String>, String> {
    let all: BTreeSet<&String> = ours.iter().chain(theirs).collect();
    if ours.len() == 2 && all.len() > 2 {
        return Err(format!(
            "it knows the classes {}, and the challenger {}; mend: run its command on this data and gate against that run",
            theirs.join(", "),
            ours.join(", ")
        ));
    }
    Ok(in_order(all))
}

/// Numbers as numbers, else as texts; the last of two is the positive one.
fn in_order(classes: BTreeSet<&String>) -> Vec<String> {
    let mut classes: Vec<String> = classes.into_iter().cloned().collect();
    let numbers: Option<Vec<f64>> = classes.iter().map(|class| class.parse().ok()).collect();
    if numbers.is_some() {
        let value = |text: &str| text.parse().unwrap_or(f64::NAN);
        classes.sort_by(|a, b| value(a).total_cmp(&value(b)));
    }
    classes
}

fn no_class<'a>(row: &str, text: &str, classes: impl IntoIterator<Item = &'a String>) -> String {
    let classes: Vec<&str> = classes.into_iter().map(String::as_str).collect();
    format!("row '{row}' is predicted '{text}', which is no class: {}", classes.join(", "))
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
        let classes = rows.classes().unwrap();
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
        check("row,prediction,prediction\n1,a,b\n", "the column 'prediction' stands there twice");
    }

    fn scores(text: &str, classes: &[&str]) -> Result<Option<Vec<f64>>, String> {
        let rows = PredictedRows::parse(text.as_bytes(), "p").unwrap();
        let classes: Vec<String> = classes.iter().map(ToString::to_string).collect();
        let Prediction::Classes { scores, .. } = rows.prediction(&[0], Some(&classes))? else {
            unreachable!("classes")
        };
        Ok(scores)
    }

    #[test]
    fn probabilities_add_up() {
        let found = |text: &str, classes: &[&str]| scores(text, classes).unwrap();
        let half = found("row,prediction,p_b\n0,b,0.75\n", &["a", "b"]);
        assert_eq!(half, Some(vec![0.25, 0.75]));
        assert_eq!(found("row,prediction,p_b\n0,b,0.7\n", &["a", "b", "c"]), None);
        let rounded = found("row,prediction,p_a,p_b\n0,b,0.3,0.698\n", &["a", "b"]).unwrap();
        assert!((rounded.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let sure = scores("row,prediction,p_a,p_b\n0,b,1,1\n", &["a", "b"]).unwrap_err();
        assert!(sure.contains("row '0' add up to 2"), "{sure}");
        let stray = scores("row,prediction,p_z\n0,b,1\n", &["a", "b"]).unwrap_err();
        assert!(stray.contains("'p_z' is of no class: a, b"), "{stray}");
    }

    #[test]
    fn classes_are_what_truth_and_columns_name() {
        let classes = |text: &str| PredictedRows::parse(text.as_bytes(), "p").unwrap().classes();
        assert_eq!(classes("row,truth,prediction\n0,10,9\n1,9,9\n").unwrap(), ["9", "10"]);
        let third = classes("row,truth,prediction\n0,a,a\n1,b,z\n").unwrap_err();
        assert!(third.contains("row '1' is predicted 'z', which is no class: a, b"), "{third}");
        let more = classes("row,truth,prediction,p_a,p_b,p_c\n0,a,z,1,0,0\n").unwrap();
        assert_eq!(more, ["a", "b", "c", "z"]);
        assert!(is_same("1.0", "1") && !is_same("a", "b") && !is_same("nan", "1"));
        let both = |a: &[&str], b: &[&str]| {
            let texts = |x: &[&str]| x.iter().map(ToString::to_string).collect::<Vec<_>>();
            joined(&texts(a), &texts(b))
        };
        assert_eq!(both(&["a", "b", "c"], &["d"]).unwrap(), ["a", "b", "c", "d"]);
        assert!(both(&["a", "b"], &["a", "c"]).unwrap_err().contains("knows the classes a, c"));
        // A number may be written in another way.
        let rows = PredictedRows::parse(b"row,prediction\n0,1.0\n", "p").unwrap();
        let said = rows.prediction(&[0], Some(&["0".into(), "1".into()])).unwrap();
        assert!(matches!(said, Prediction::Classes { codes, .. } if codes == [1]));
    }
}
