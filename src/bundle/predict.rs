//! Predicts a file, row by row, in constant memory.

use super::{Bundle, BundleError};
use crate::data::stream::{self, Batch, ColumnNotes, StreamSettings};
use crate::data::{PrepError, SourceOptions, Values};
use crate::domain::Prediction;
use std::io::{self, Write};

/// How predictions are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OutputFormat {
    /// `row,prediction,p_CLASS,…`, as RFC 4180 quotes.
    #[default]
    Csv,
    /// One object a line with the same keys.
    JsonLines,
}

/// How a file is predicted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PredictOptions {
    /// How predictions are written.
    pub format: OutputFormat,
    /// Threads and batches.
    pub stream: StreamSettings,
}

/// What [`predict_file`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Predicted {
    /// Rows.
    pub rows: u64,
    /// What is notable about the columns that the model reads.
    pub columns: Vec<ColumnNotes>,
    /// Columns of the file that it does not read.
    pub ignored: Vec<String>,
}

/// Lines of a batch, without their numbers.
struct Lines {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

/// Predicts every row of a file and writes one line for each, in its order: the row's number from 1, the prediction,
/// and a probability per class where the model gives some.
///
/// Cells are read by the bundle's schema, so the same row gives the same bits as it did in training's own reader.
///
/// # Errors
/// When the file cannot be read, lacks columns or has cells of the wrong type, a row cannot be prepared, the output
/// cannot be written, or the bundle is a command's. What was written until then is no result.
pub fn predict_file(
    bundle: &Bundle,
    source: &SourceOptions,
    out: &mut dyn Write,
    options: PredictOptions,
) -> Result<Predicted, BundleError> {
    let model = bundle.model()?;
    let writer = LineWriter::new(&bundle.manifest().classes, options.format);
    let mut header_is_due = true;
    let work = |batch: &Batch<'_>| {
        let rows: Vec<usize> = (0..batch.table.n_rows).collect();
        let prediction = model.pipeline.predict(&batch.table, &rows);
        Ok(writer.lines(&prediction.map_err(|error| placed(error, batch, &source.shown))?))
    };
    let mut numbered = Vec::new();
    let mut take = |first: u64, (lines, has_scores): (Lines, bool)| {
        numbered.clear();
        if std::mem::take(&mut header_is_due) {
            writer.header(&mut numbered, has_scores);
        }
        writer.number(&mut numbered, first, &lines);
        out.write_all(&numbered).map_err(unwritten)
    };
    let streamed = stream::stream(source, &model.schema, options.stream, &work, &mut take)?;
    if header_is_due {
        let has_scores = model.profile.probability.is_some();
        let mut header = Vec::new();
        writer.header(&mut header, has_scores);
        out.write_all(&header).map_err(unwritten)?;
    }
    out.flush().map_err(unwritten)?;
    let stream::Streamed { rows, columns, ignored } = streamed;
    Ok(Predicted { rows, columns, ignored })
}

fn unwritten(source: io::Error) -> BundleError {
    BundleError::Io { verb: "write", path: "the predictions".into(), source }
}

/// An error of preprocessing with the line of the first cell that made it.
fn placed(error: BundleError, batch: &Batch<'_>, shown: &str) -> BundleError {
    let BundleError::Prep(PrepError::Missing { column, .. } | PrepError::Infinite { column, .. }) =
        &error
    else {
        return error;
    };
    let Some(found) = batch.table.find(column).map(|idx| &batch.table.columns[idx]) else {
        return error;
    };
    let is_missing = matches!(error, BundleError::Prep(PrepError::Missing { .. }));
    let is_bad = |row: &usize| match &found.values {
        _ if is_missing => found.is_missing(*row),
        Values::Numbers(numbers) => numbers[*row].is_infinite(),
        Values::Codes { .. } => false,
    };
    let place = (0..batch.table.n_rows).find(is_bad).map_or(shown.into(), |row| batch.place(row));
    let what = if is_missing {
        "is empty, and the model was trained to refuse missing cells there"
    } else {
        "holds a number that is infinite or too large for the model"
    };
    BundleError::Invalid(format!(
        "{place}: column '{column}' {what}; mend: fill the cell, or train with impute and outliers set"
    ))
}

/// Writes lines of one format.
struct LineWriter {
    format: OutputFormat,
    /// The prediction of each class, as it is written.
    labels: Vec<Vec<u8>>,
    /// What stands before the probability of each class: `,` or `,"p_CLASS":`.
    before: Vec<Vec<u8>>,
    header: Vec<u8>,
}

impl LineWriter {
    fn new(classes: &[String], format: OutputFormat) -> Self {
        let names: Vec<String> = classes.iter().map(|class| format!("p_{class}")).collect();
        let comma = |mut bytes: Vec<u8>| {
            bytes.insert(0, b',');
            bytes
        };
        let key = |name: &String| match format {
            OutputFormat::Csv => b",".to_vec(),
            OutputFormat::JsonLines => comma([json_text(name), b":".to_vec()].concat()),
        };
        let label = |class: &String| match format {
            OutputFormat::Csv => csv_text(class),
            OutputFormat::JsonLines => json_text(class),
        };
        Self {
            format,
            labels: classes.iter().map(label).collect(),
            before: names.iter().map(key).collect(),
            header: names.iter().flat_map(|name| comma(csv_text(name))).collect(),
        }
    }

    fn header(&self, out: &mut Vec<u8>, has_scores: bool) {
        if self.format == OutputFormat::JsonLines {
            return;
        }
        out.extend_from_slice(b"row,prediction");
        if has_scores {
            out.extend_from_slice(&self.header);
        }
        out.push(b'\n');
    }

    /// The lines from the prediction on, and whether they hold probabilities.
    fn lines(&self, prediction: &Prediction) -> (Lines, bool) {
        let n = prediction.len();
        let mut lines = Lines { bytes: Vec::with_capacity(n * 32), ends: Vec::with_capacity(n) };
        let end: &[u8] = if self.format == OutputFormat::Csv { b"\n" } else { b"}\n" };
        let mut has_scores = false;
        for row in 0..n {
            let bytes = &mut lines.bytes;
            match prediction {
                Prediction::Values(values) => self.number_text(bytes, values[row]),
                Prediction::Classes { codes, scores, probabilities, n_classes } => {
                    bytes.extend_from_slice(&self.labels[codes[row] as usize]);
                    if let Some(scores) = scores.as_ref().filter(|_| *probabilities) {
                        has_scores = true;
                        let own = &scores[row * n_classes..][..*n_classes];
                        for (before, p) in self.before.iter().zip(own) {
                            bytes.extend_from_slice(before);
                            self.number_text(bytes, *p);
                        }
                    }
                }
            }
            bytes.extend_from_slice(end);
            lines.ends.push(bytes.len() as u32);
        }
        (lines, has_scores)
    }

    /// Puts the row's number before each line.
    fn number(&self, out: &mut Vec<u8>, first: u64, lines: &Lines) {
        out.reserve(lines.bytes.len() + lines.ends.len() * 24);
        let mut start = 0;
        for (number, &end) in (first + 1..).zip(&lines.ends) {
            let written = match self.format {
                OutputFormat::Csv => write!(out, "{number},"),
                OutputFormat::JsonLines => write!(out, "{{\"row\":{number},\"prediction\":"),
            };
            written.expect("a vector takes all bytes");
            out.extend_from_slice(&lines.bytes[start..end as usize]);
            start = end as usize;
        }
    }

    /// The shortest text that reads back as the same number; JSON has no word for one that is not finite.
    fn number_text(&self, out: &mut Vec<u8>, value: f64) {
        if value.is_finite() {
            serde_json::to_writer(&mut *out, &value).expect("a vector takes all bytes");
            if out.ends_with(b".0") {
                out.truncate(out.len() - 2);
            }
        } else if self.format == OutputFormat::JsonLines {
            out.extend_from_slice(b"null");
        } else {
            write!(out, "{value}").expect("a vector takes all bytes");
        }
    }
}

fn json_text(text: &str) -> Vec<u8> {
    serde_json::to_vec(text).expect("a text becomes JSON")
}

fn csv_text(text: &str) -> Vec<u8> {
    let plain = !text.contains([',', '"', '\n', '\r']) && text.trim() == text && !text.is_empty();
    if plain { text.into() } else { format!("\"{}\"", text.replace('"', "\"\"")).into_bytes() }
}

#[cfg(test)]
#[path = "predict_tests.rs"]
mod tests;
