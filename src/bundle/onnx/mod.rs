//! A whole pipeline as one ONNX file: impute, encode, scale, model, labels.
//!
//! ONNX IR 8, opset 17, `ai.onnx.ml` 3. All arithmetic is in double and in primitive operators, for the
//! attributes of `LinearClassifier`, `SVMClassifier` and kin are floats of 32 bits. Trees go through
//! `TreeEnsembleRegressor` with thresholds in double, which answers with the *number* of the leaf; the leaves'
//! values are looked up in double. Sums that decide ties run in derby's order.
//!
//! Inputs: one a raw column that the pipeline reads, by its name, `rows × 1`:
//!
//! | column | element | missing cell |
//! |---|---|---|
//! | number | double | NaN |
//! | date | double, seconds since 1970 UTC | NaN |
//! | category, boolean, text | string, as the data spells it, without blanks around it | a null spelling of the training |
//!
//! Outputs: `label` (`rows`, string) and `probabilities` (`rows × classes`, double), `scores` in its place for a
//! support vector machine without probabilities; `prediction` (`rows`, double) for a number. A name that is a
//! column's gets an underscore. Where derby refuses a row (a missing cell and nothing to impute, an infinite
//! number, a date past the year 9999), the label is empty and the numbers are NaN.

mod bayes;
mod dates;
mod error;
mod graph;
mod kernel;
mod model;
mod neighbors;
mod prepare;
mod proto;
#[cfg(test)]
mod tests;
mod trees;

pub use error::OnnxError;

use crate::data::{ColumnType, Prep, PrepForm, PrepPart};
use crate::trainer::Form;
use graph::{Builder, ML, Name, int, shaped};
use model::{Answer, Answers};
use prepare::{Cells, Prepared, prepare};
use prost::Message as _;
use proto::{Entry, Graph, Model, OperatorSet, ValueInfo, element};
use serde_json::json;
use std::collections::BTreeSet;

/// What to write.
#[derive(Debug, Clone, Copy)]
pub struct OnnxInput<'a> {
    /// Name of the graph.
    pub name: &'a str,
    /// Class names by code; empty for regression.
    pub classes: &'a [String],
    /// The raw columns, at least those that the preprocessing reads; inputs have their order.
    pub columns: &'a [OnnxColumn],
    /// Spellings of a missing cell in columns of words. Without the empty text among them, that is a word like
    /// any other.
    pub null_values: &'a [String],
    /// The models: one, or an ensemble.
    pub members: &'a [OnnxMember<'a>],
    /// Keys and texts for the file's metadata, beside `derby.columns`, `derby.classes` and `derby.null_values`.
    pub metadata: &'a [(String, String)],
}

/// One model of an ensemble, or the only one.
#[derive(Debug, Clone)]
pub struct OnnxMember<'a> {
    /// Its weight; numbers and probabilities are averaged by weight, classes without probabilities vote.
    pub weight: f64,
    /// Its preprocessing.
    pub prep: &'a Prep,
    /// What it computes.
    pub form: Form,
}

/// A raw column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnnxColumn {
    /// Its name, which is that of the input.
    pub name: String,
    /// Its type, which is that of the training.
    pub kind: ColumnType,
}

/// A pipeline as an ONNX file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnnxModel {
    /// The file.
    pub bytes: Vec<u8>,
    /// The raw columns that are inputs.
    pub inputs: Vec<OnnxColumn>,
    /// The outputs: the label and the numbers of the classes, or one number.
    pub outputs: Vec<OnnxOutput>,
}

/// An output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnnxOutput {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: OnnxOutputKind,
}

/// What an output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnnxOutputKind {
    /// `rows` names of classes.
    Label,
    /// `rows × classes` probabilities.
    Probabilities,
    /// `rows × classes` decision values.
    Scores,
    /// `rows` numbers.
    Prediction,
}

/// The most bytes that a protocol buffer may have.
const MAX_BYTES: usize = (1 << 31) - 1;

/// Writes a pipeline as one ONNX file; equal input gives equal bytes.
///
/// # Errors
/// When parts do not belong together, a column is not in the schema, or a limit of the format is passed.
pub fn onnx_model(input: &OnnxInput<'_>) -> Result<OnnxModel, OnnxError> {
    let parts: Vec<Vec<PrepPart>> =
        input.members.iter().map(|member| member.prep.parts()).collect();
    check_members(input, &parts)?;
    let inputs = used_columns(input, &parts)?;
    let mut builder = Builder::default();
    for column in &inputs {
        builder.reserve(&column.name);
    }
    let n_rows = count_rows(&mut builder, &inputs[0].name);
    let is_number = |name: &str| inputs.iter().any(|c| c.name == name && is_numeric(c.kind));
    let cells = Cells { null_values: input.null_values, is_number: &is_number };
    let mut answers = vec![];
    for (number, (member, parts)) in input.members.iter().zip(&parts).enumerate() {
        let Prepared { x, refused } = prepare(&mut builder, parts, &cells);
        let at = model::Place { x: &x, n_rows: &n_rows };
        let answer = model::answer(&mut builder, &member.form, at, number)?;
        answers.push((member.weight, answer, refused));
    }
    let Answers { answer, refused } = model::average(&mut builder, answers, input.classes.len());
    let outputs = finish(&mut builder, &answer, &refused, input.classes);
    let bytes = encode(input, (&inputs, &parts), builder, &outputs);
    if bytes.len() > MAX_BYTES {
        return Err(OnnxError::TooLarge {
            what: "the bytes of the file",
            size: bytes.len(),
            limit: MAX_BYTES,
            mend: "fewer or smaller trees, or fewer training rows for 'knn' and 'svm'",
        });
    }
    let outputs = outputs.into_iter().map(|(output, _)| output).collect();
    Ok(OnnxModel { bytes, inputs, outputs })
}

fn is_numeric(kind: ColumnType) -> bool {
    matches!(kind, ColumnType::Number | ColumnType::Date)
}

/// Members can be averaged, and each model reads as many features as its preprocessing makes.
fn check_members(input: &OnnxInput<'_>, parts: &[Vec<PrepPart>]) -> Result<(), OnnxError> {
    if input.members.is_empty() {
        return Err(OnnxError::NoMembers);
    }
    for (number, (member, parts)) in input.members.iter().zip(parts).enumerate() {
        let weight = member.weight;
        if !(weight.is_finite() && weight > 0.0) {
            return Err(OnnxError::Weight { member: number, weight });
        }
        let width = parts.iter().map(|part| part.width).sum();
        model::check(&member.form, width, input.classes.len())
            .map_err(|what| OnnxError::Mismatch { member: number, what })?;
    }
    Ok(())
}

/// The columns that the preprocessing reads, in the order of the schema.
fn used_columns(
    input: &OnnxInput<'_>,
    parts: &[Vec<PrepPart>],
) -> Result<Vec<OnnxColumn>, OnnxError> {
    let used: BTreeSet<&str> = parts.iter().flatten().map(|part| part.source.as_str()).collect();
    for part in parts.iter().flatten() {
        let column = input.columns.iter().find(|column| column.name == part.source);
        let column =
            column.ok_or_else(|| OnnxError::LacksColumn { column: part.source.clone() })?;
        if column.name.is_empty() {
            return Err(OnnxError::Unnamed);
        }
        if let Some(expected) = prepare::expected(&part.form)
            && (expected == prepare::NUMBERS) != is_numeric(column.kind)
        {
            let (column, kind) = (column.name.clone(), column.kind.word());
            return Err(OnnxError::Kind { column, kind, expected });
        }
    }
    Ok(input.columns.iter().filter(|column| used.contains(&*column.name)).cloned().collect())
}

/// What readers of the file may want to know: the raw columns with the words of booleans, the classes and the
/// null spellings as JSON under `derby.…`, then what the caller says.
fn metadata(input: &OnnxInput<'_>, inputs: &[OnnxColumn], parts: &[Vec<PrepPart>]) -> Vec<Entry> {
    let column = |column: &OnnxColumn| {
        let words = parts.iter().flatten().find_map(|part| match &part.form {
            PrepForm::Codes { levels, .. } if part.source == column.name => Some(levels),
            _ => None,
        });
        let mut about = json!({"name": column.name, "type": column.kind.word()});
        if let Some(words) = words.filter(|_| column.kind == ColumnType::Boolean) {
            about["levels"] = json!(words);
        }
        about
    };
    let columns: Vec<_> = inputs.iter().map(column).collect();
    let own = [
        ("derby.columns", json!(columns)),
        ("derby.classes", json!(input.classes)),
        ("derby.null_values", json!(input.null_values)),
    ];
    let own = own.map(|(key, value)| Entry { key: key.into(), value: value.to_string() });
    let entry = |(key, value): &(String, String)| Entry { key: key.clone(), value: value.clone() };
    own.into_iter().chain(input.metadata.iter().map(entry)).collect()
}

/// The number of rows as a row of one integer.
fn count_rows(builder: &mut Builder, input: &str) -> Name {
    let shape = builder.op("Shape", &[input]);
    let first = builder.ints(&[0]);
    builder.op_with("Gather", &[&shape, &first], vec![int("axis", 0)])
}

/// Turns the answer into outputs.
fn finish(
    builder: &mut Builder,
    answer: &Answer,
    refused: &str,
    classes: &[String],
) -> Vec<(OnnxOutput, ValueInfo)> {
    let rows = None;
    let n_classes = Some(classes.len() as i64);
    let mut outputs = vec![];
    let mut output = |builder: &mut Builder, word: &str, kind, value: &str, shape: &[_]| {
        let name = builder.reserve(word);
        builder.rename(value, &name);
        let element = if kind == OnnxOutputKind::Label { element::STRING } else { element::DOUBLE };
        let info = shaped(&name, element, shape);
        outputs.push((OnnxOutput { name, kind }, info));
    };
    match answer {
        Answer::Number(value) => {
            let value = builder.op("Add", &[value, refused]);
            let value = builder.as_vector(&value);
            output(builder, "prediction", OnnxOutputKind::Prediction, &value, &[rows]);
        }
        Answer::Classes { scores, code, probabilities } => {
            let names = builder.texts(classes);
            let label = builder.op_with("Gather", &[&names, code], vec![int("axis", 0)]);
            let is_refused = builder.op("IsNaN", &[refused]);
            let is_refused = builder.as_vector(&is_refused);
            let nothing = builder.texts(&[String::new()]);
            let label = builder.op("Where", &[&is_refused, &nothing, &label]);
            let scores = builder.op("Add", &[scores, refused]);
            output(builder, "label", OnnxOutputKind::Label, &label, &[rows]);
            let (word, kind) = if *probabilities {
                ("probabilities", OnnxOutputKind::Probabilities)
            } else {
                ("scores", OnnxOutputKind::Scores)
            };
            output(builder, word, kind, &scores, &[rows, n_classes]);
        }
    }
    outputs
}

fn encode(
    input: &OnnxInput<'_>,
    (inputs, parts): (&[OnnxColumn], &[Vec<PrepPart>]),
    builder: Builder,
    outputs: &[(OnnxOutput, ValueInfo)],
) -> Vec<u8> {
    let value = |column: &OnnxColumn| {
        let (element, about) = match column.kind {
            ColumnType::Number => (element::DOUBLE, "a number; NaN if missing"),
            ColumnType::Date => (element::DOUBLE, "seconds since 1970-01-01 UTC; NaN if missing"),
            _ => (element::STRING, "a word"),
        };
        let mut info = shaped(&column.name, element, &[None, Some(1)]);
        info.doc_string = about.into();
        info
    };
    let graph = Graph {
        name: if input.name.is_empty() { "pipeline".into() } else { input.name.into() },
        input: inputs.iter().map(value).collect(),
        output: outputs.iter().map(|(_, info)| info.clone()).collect(),
        node: builder.nodes,
        initializer: builder.constants,
    };
    let set = |domain: &str, version| OperatorSet { domain: domain.into(), version };
    let model = Model {
        ir_version: 8,
        producer_name: "derby".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        doc_string: String::new(),
        graph: Some(graph),
        opset_import: vec![set("", 17), set(ML, 3)],
        metadata_props: metadata(input, inputs, parts),
    };
    model.encode_to_vec()
}
