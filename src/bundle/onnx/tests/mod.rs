//! Every family on the data sets of the repository, against onnxruntime.

mod hostile;
mod small;

use super::*;
use crate::bundle::mlflow::{MlflowError, MlflowMeta, mlflow_folder};
use crate::data::{
    Column, DataOptions, Dataset, MISSING, NULL_SPELLINGS, PrepChoice, Provenance, SourceOptions,
    Table, Values, load,
};
use crate::domain::{Digest, Labels, Params, Prediction, Value};
use crate::numeric::Rng;
use crate::trainer::{FitContext, Fold, Model as Fitted, family};
use serde_json::json;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;

const CHECK: &str = include_str!("../../../../tests/fixtures/onnx_check.py");
const CHECK_MLFLOW: &str = include_str!("../../../../tests/fixtures/mlflow_check.py");
/// Rows that are fitted on and that are compared.
const N_FIT: usize = 300;
const N_TEST: usize = 400;
/// The source of data that have a level of no letters.
const HOSTILE: &str = "hostile";

macro_rules! asset {
    ($name:literal) => {
        include_str!(concat!("../../../../assets/", $name, ".csv"))
    };
}

fn data(folder: &Path, name: &str) -> Dataset {
    let (text, target, ignore): (&str, &str, &[&str]) = match name {
        "breast_cancer" => (asset!("breast_cancer"), "target", &[]),
        "digits" => (asset!("digits"), "target", &[]),
        "diabetes" => (asset!("diabetes"), "target", &[]),
        "penguins" => (asset!("penguins"), "species", &[]),
        "body_mass" => (asset!("penguins"), "body_mass_g", &[]),
        "weather" => (asset!("nyc_weather"), "temp", &["dewp"]),
        _ => (asset!("birdstrikes"), "Wildlife Size", &["Wildlife Species"]),
    };
    let path = folder.join(format!("{name}.csv"));
    std::fs::write(&path, text).unwrap();
    let source = SourceOptions { path, shown: name.into(), ..SourceOptions::default() };
    let ignore = ignore.iter().map(ToString::to_string).collect();
    let options = DataOptions {
        source,
        target: target.into(),
        ignore,
        drop_missing_target: true,
        ..DataOptions::default()
    };
    load(&options).unwrap()
}

fn prep(name: &str) -> Vec<PrepChoice> {
    let text = match name {
        "plain" => json!({}),
        "standard" => json!({"scale": "standard", "impute": "mean", "indicator": true,
            "encode": "ordinal", "dates": "number", "outliers": "iqr"}),
        "min_max" => json!({"scale": "min_max", "impute": "mode", "encode": "target",
            "outliers": "z"}),
        "robust" => json!({"scale": "robust", "impute": "constant", "indicator": true,
            "encode": "one_hot", "outliers": "iqr"}),
        "left_out" => json!({"scale": "standard", "encode": "none", "dates": "none",
            "indicator": true}),
        _ => json!({"impute": "none", "encode": name}),
    };
    let settings = serde_json::from_value(text).unwrap();
    vec![PrepChoice { columns: None, settings }]
}

const SCALED: [&str; 3] = ["standard", "min_max", "robust"];

/// Rows of a data set, dealt by a fixed seed: those to fit on and those to compare.
fn deal(ds: &Dataset) -> (Vec<usize>, Vec<usize>) {
    let mut rows: Vec<usize> = (0..ds.table.n_rows).collect();
    Rng::new(3).shuffle(&mut rows);
    let test = rows.split_off(N_FIT.min(rows.len() * 2 / 3));
    (rows, test.into_iter().take(N_TEST).collect())
}

fn fit(
    ds: &Dataset,
    rows: &[usize],
    choices: &[PrepChoice],
    (name, params): (&str, &serde_json::Value),
) -> (Prep, Box<dyn Fitted>) {
    let (prep, x) = Prep::fit_transform(ds, rows, choices, 5).unwrap();
    let cancel = AtomicBool::new(false);
    let mut ctx = FitContext { seed: 5, memory_mb: 1000, interim: None, cancel: &cancel };
    let mut given = Params::default();
    for (key, value) in params.as_object().unwrap() {
        given.set(key, serde_json::from_value::<Value>(value.clone()).unwrap());
    }
    let fold = Fold::new(x, ds.labels.take(rows), None);
    let fitted = family(name).unwrap().fit(&fold, &given, &mut ctx).unwrap();
    (prep, fitted)
}

fn columns(table: &Table) -> Vec<OnnxColumn> {
    let of = |column: &Column| OnnxColumn { name: column.name.clone(), kind: column.kind };
    table.columns.iter().map(of).collect()
}

/// Cells as JSON, `null` where they are missing.
fn cells(column: &Column, rows: &[usize]) -> serde_json::Value {
    let cell = |&row: &usize| match &column.values {
        Values::Numbers(numbers) if numbers[row].is_infinite() => {
            json!(if numbers[row] > 0.0 { "inf" } else { "-inf" })
        }
        Values::Numbers(numbers) => json!(numbers[row]),
        Values::Codes { codes, .. } if codes[row] == MISSING => json!(null),
        Values::Codes { codes, levels } => json!(levels[codes[row] as usize]),
    };
    json!({"kind": column.kind.word(), "cells": rows.iter().map(cell).collect::<Vec<_>>()})
}

/// What is compared.
struct Case<'a> {
    name: &'a str,
    ds: &'a Dataset,
    test: &'a [usize],
    members: &'a [(f64, Prep, Box<dyn Fitted>)],
    tolerance: f64,
}

impl Case<'_> {
    fn export(&self) -> OnnxModel {
        let members: Vec<OnnxMember<'_>> = self
            .members
            .iter()
            .map(|(weight, prep, model)| OnnxMember { weight: *weight, prep, form: model.form() })
            .collect();
        let input = OnnxInput {
            name: self.name,
            classes: &self.ds.classes,
            columns: &columns(&self.ds.table),
            null_values: &self.nulls(),
            members: &members,
            metadata: &[("target".into(), "x".into())],
        };
        onnx_model(&input).unwrap()
    }

    /// derby's own labels and numbers of single rows, refused ones as nothing.
    fn expected(&self) -> (Vec<String>, Vec<f64>) {
        let (mut labels, mut numbers) = (vec![], vec![]);
        let n = self.ds.classes.len();
        for &row in self.test {
            let refused = || (String::new(), vec![f64::NAN; n.max(1)]);
            let (label, row) = self.predict(row).unwrap_or_else(refused);
            labels.push(label);
            numbers.extend(row);
        }
        (labels, numbers)
    }

    /// Writes the export and what is to come of it.
    fn write(&self, folder: &Path) {
        let made = self.export();
        let (labels, numbers) = self.expected();
        let inputs = made.inputs.iter().map(|input| {
            let at = self.ds.table.find(&input.name).unwrap();
            (input.name.clone(), cells(&self.ds.table.columns[at], self.test))
        });
        let case = json!({
            "rows": self.test.len(),
            "columns": inputs.collect::<serde_json::Map<_, _>>(),
            "labels": (!self.ds.classes.is_empty()).then_some(labels),
            "numbers": numbers,
            "missing": self.nulls()[0],
            "tolerance": self.tolerance,
        });
        std::fs::write(folder.join(format!("{}.onnx", self.name)), &made.bytes).unwrap();
        std::fs::write(folder.join(format!("{}.json", self.name)), case.to_string()).unwrap();
    }

    /// Writes an `MLflow` folder and what is to come of it.
    fn write_mlflow(&self, folder: &Path) {
        let made = self.export();
        let (labels, numbers) = self.expected();
        let meta = MlflowMeta {
            created: Some("2026-01-31 12:00:00.000000".into()),
            metadata: vec![("bundle: \"x\"".into(), "'b3'".into())],
            classes: self.ds.classes.clone(),
        };
        mlflow_folder(&folder.join(self.name), &made, &meta).unwrap();
        let case = json!({
            "file": folder.join(format!("{}.csv", self.ds.provenance.source)),
            "target": self.ds.table.columns[self.ds.target].name,
            "nulls": self.nulls(),
            "at": self.test,
            "labels": (!self.ds.classes.is_empty()).then_some(labels),
            "numbers": numbers,
            "tolerance": self.tolerance,
        });
        std::fs::write(folder.join(format!("{}.json", self.name)), case.to_string()).unwrap();
    }

    /// Spellings of missing cells; the empty text is a level of the hostile data.
    fn nulls(&self) -> Vec<String> {
        let nulls: &[&str] =
            if self.ds.provenance.source == HOSTILE { &["?", "NA"] } else { NULL_SPELLINGS };
        nulls.iter().map(ToString::to_string).collect()
    }

    /// The label and the numbers of one row; none if it cannot be prepared.
    fn predict(&self, row: usize) -> Option<(String, Vec<f64>)> {
        let n = self.ds.classes.len();
        let total: f64 = self.members.iter().map(|(weight, ..)| weight).sum();
        let mut sum = vec![0.0; n.max(1)];
        let mut only = None;
        for (weight, prep, model) in self.members {
            let x = prep.transform(&self.ds.table, &[row]).ok()?;
            let values = match model.predict(x.view()) {
                Prediction::Values(values) => values,
                Prediction::Classes { codes, scores, probabilities, .. } => {
                    only = Some(codes[0] as usize);
                    let votes = (0..n as u32).map(|class| f64::from(u8::from(class == codes[0])));
                    let votes = votes.collect();
                    let is_kept = probabilities || self.members.len() == 1;
                    scores.filter(|_| is_kept).unwrap_or(votes)
                }
            };
            let share = if self.members.len() == 1 { 1.0 } else { weight / total };
            sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += share * value);
        }
        let best = (1..n).fold(0, |best, class| if sum[class] > sum[best] { class } else { best });
        let code = only.filter(|_| self.members.len() == 1).unwrap_or(best);
        Some((self.ds.classes.get(code).cloned().unwrap_or_default(), sum))
    }
}

/// True if Python has what the check needs. Where everything has to be there, as in CI, it must.
fn can_check(packages: &str) -> bool {
    let import = format!("import {packages}");
    let output = Command::new("python3").args(["-c", &import]).output();
    let can = output.is_ok_and(|output| output.status.success());
    if !can {
        let text = format!("needs python3 with {packages}; mend: install them with pip");
        assert!(std::env::var_os("DERBY_TEST_ALL").is_none(), "{text}");
        let _ = writeln!(std::io::stderr(), "left out: {text}");
    }
    can
}

/// Runs a check over a folder of cases.
fn check_by(folder: &Path, packages: &str, text: &str) {
    if !can_check(packages) {
        return;
    }
    let script = folder.join("check.py");
    std::fs::write(&script, text).unwrap();
    let output = Command::new("python3").arg(&script).arg(folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    if std::env::var_os("DERBY_ONNX_TABLE").is_some() {
        let _ = writeln!(std::io::stderr(), "{text}");
    }
    let bad: Vec<&str> = text.lines().filter(|line| line.contains("\"ok\": false")).collect();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{errors}", bad.join("\n"));
}

fn check(folder: &Path) {
    check_by(folder, "numpy, onnx, onnxruntime", CHECK);
}

fn one(folder: &Path, name: &str, data: &Dataset, choice: &str, model: &(&str, serde_json::Value)) {
    let (rows, test) = deal(data);
    let (prep, fitted) = fit(data, &rows, &prep(choice), (model.0, &model.1));
    let members = [(1.0, prep, fitted)];
    let case = Case { name, ds: data, test: &test, members: &members, tolerance: 1e-9 };
    case.write(folder);
}

fn classifiers() -> Vec<(&'static str, serde_json::Value)> {
    vec![
        ("dummy", json!({})),
        ("logistic", json!({})),
        ("naive_bayes", json!({})),
        ("knn", json!({"n_neighbors": 7})),
        ("knn", json!({"weights": "distance", "p": 1})),
        ("svm", json!({})),
        ("svm", json!({"probability": true})),
        ("svm", json!({"kernel": "poly", "coef0": 1.0})),
        ("svm", json!({"kernel": "linear", "C": 0.1})),
        ("decision_tree", json!({})),
        ("random_forest", json!({"n_estimators": 20})),
        ("gradient_boosting", json!({"max_iter": 20, "min_samples_leaf": 5})),
    ]
}

fn regressors() -> Vec<(&'static str, serde_json::Value)> {
    vec![
        ("dummy", json!({})),
        ("linear", json!({})),
        ("elastic_net", json!({"alpha": 0.01})),
        ("knn", json!({})),
        ("knn", json!({"weights": "distance", "p": 1})),
        ("svr", json!({"C": 10.0})),
        ("svr", json!({"kernel": "poly"})),
        ("decision_tree", json!({})),
        ("random_forest", json!({"n_estimators": 20})),
        ("gradient_boosting", json!({"max_iter": 20, "min_samples_leaf": 5})),
    ]
}

#[test]
fn every_family_agrees_with_onnxruntime() {
    let folder = tempfile::tempdir().unwrap();
    let mut n = 0;
    for (data_name, models) in [
        ("breast_cancer", classifiers()),
        ("digits", classifiers()),
        ("penguins", classifiers()),
        ("birdstrikes", classifiers()),
        ("diabetes", regressors()),
        ("body_mass", regressors()),
        ("weather", regressors()),
    ] {
        let ds = data(folder.path(), data_name);
        for model in models {
            let choice = SCALED[n % 3];
            let name = format!("{data_name}-{n}-{}-{choice}", model.0);
            one(folder.path(), &name, &ds, choice, &model);
            n += 1;
        }
    }
    check(folder.path());
}

#[test]
fn mlflow_loads_the_folder_and_predicts_from_raw_rows() {
    let folder = tempfile::tempdir().unwrap();
    for (name, choice, model) in [
        ("birdstrikes", "standard", ("svm", json!({}))),
        ("penguins", "plain", ("random_forest", json!({"n_estimators": 5}))),
        ("body_mass", "min_max", ("linear", json!({}))),
        ("weather", "robust", ("gradient_boosting", json!({"max_iter": 5}))),
    ] {
        let ds = data(folder.path(), name);
        let (rows, test) = deal(&ds);
        let (prep, fitted) = fit(&ds, &rows, &prep(choice), (model.0, &model.1));
        let members = [(1.0, prep, fitted)];
        let case = Case { name, ds: &ds, test: &test, members: &members, tolerance: 1e-9 };
        case.write_mlflow(folder.path());
        let again =
            mlflow_folder(&folder.path().join(name), &case.export(), &MlflowMeta::default());
        assert!(matches!(again, Err(MlflowError::NotEmpty(_))));
    }
    check_by(folder.path(), "mlflow, numpy, onnx, onnxruntime, pandas", CHECK_MLFLOW);
}

#[test]
fn ensembles_agree_with_onnxruntime() {
    let folder = tempfile::tempdir().unwrap();
    let mut n = 0;
    let mut write = |ds: &Dataset, models: &[(&str, &str, serde_json::Value)]| {
        let (rows, test) = deal(ds);
        let member = |(at, (choice, name, params)): (usize, &(&str, &str, serde_json::Value))| {
            let (prep, fitted) = fit(ds, &rows, &prep(choice), (name, params));
            (1.0 + 0.5 * at as f64, prep, fitted)
        };
        let members: Vec<_> = models.iter().enumerate().map(member).collect();
        let name = format!("ensemble-{n}");
        Case { name: &name, ds, test: &test, members: &members, tolerance: 1e-9 }
            .write(folder.path());
        n += 1;
    };
    let birds = data(folder.path(), "birdstrikes");
    write(
        &birds,
        &[
            ("standard", "logistic", json!({})),
            ("min_max", "svm", json!({})),
            ("plain", "random_forest", json!({"n_estimators": 5})),
            ("robust", "knn", json!({})),
        ],
    );
    write(&birds, &[("standard", "svm", json!({})), ("min_max", "svm", json!({"C": 0.1}))]);
    let weather = data(folder.path(), "weather");
    write(
        &weather,
        &[
            ("plain", "gradient_boosting", json!({"max_iter": 5})),
            ("standard", "linear", json!({})),
            ("left_out", "dummy", json!({})),
        ],
    );
    check(folder.path());
}
