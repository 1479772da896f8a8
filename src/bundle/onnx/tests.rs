//! Every family on the data sets of the repository, against onnxruntime.

use super::*;
use crate::bundle::mlflow::{MlflowError, MlflowMeta, mlflow_folder};
use crate::data::{
    Column, DataOptions, Dataset, MISSING, NULL_SPELLINGS, PrepChoice, Provenance, SourceOptions, Table, Values, load,
};
use crate::domain::{Digest, Labels, Params, Prediction, Value};
use crate::numeric::Rng;
use crate::trainer::{FitContext, Fold, Model as Fitted, family};
use serde_json::json;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;

const CHECK: &str = include_str!("../../../tests/fixtures/onnx_check.py");
const CHECK_MLFLOW: &str = include_str!("../../../tests/fixtures/mlflow_check.py");
/// Rows that are fitted on and that are compared.
const N_FIT: usize = 300;
const N_TEST: usize = 400;
const HOSTILE: &str = "hostile";

macro_rules! asset {
    ($name:literal) => {
        include_str!(concat!("../../../assets/", $name, ".csv"))
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

fn fit(ds: &Dataset, rows: &[usize], choices: &[PrepChoice], model: (&str, serde_json::Value)) -> (Prep, Box<dyn Fitted>) {
    let (prep, x) = Prep::fit_transform(ds, rows, choices, 5).unwrap();
    let cancel = AtomicBool::new(false);
    let mut ctx = FitContext { seed: 5, memory_mb: 1000, interim: None, cancel: &cancel };
    let mut params = Params::default();
    for (key, value) in model.1.as_object().unwrap() {
        params.set(key, serde_json::from_value::<Value>(value.clone()).unwrap());
    }
    let fold = Fold::new(x, ds.labels.take(rows), None);
    let fitted = family(model.0).unwrap().fit(&fold, &params, &mut ctx).unwrap();
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
            match self.predict(row) {
                Some((label, row)) => {
                    labels.push(label);
                    numbers.extend(row);
                }
                None => {
                    labels.push(String::new());
                    numbers.extend(vec![f64::NAN; n.max(1)]);
                }
            }
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

    /// Writes an MLflow folder and what is to come of it.
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
        let nulls: &[&str] = if self.ds.provenance.source == HOSTILE { &["?", "NA"] } else { NULL_SPELLINGS };
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

fn one(folder: &Path, name: &str, data: &Dataset, choice: &str, model: (&str, serde_json::Value)) {
    let (rows, test) = deal(data);
    let (prep, fitted) = fit(data, &rows, &prep(choice), model);
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
            one(folder.path(), &name, &ds, choice, model);
            n += 1;
        }
    }
    check(folder.path());
}

/// Rows that try everything: dates at the ends of the calendar, words that were never seen, no cells at all.
fn hostile(n_classes: usize, rows: usize) -> Dataset {
    let mut rng = Rng::new(11);
    let mut numbers = |spread: f64| -> Vec<f64> { (0..rows).map(|_| rng.normal() * spread).collect() };
    let (mut a, b, mut when) = (numbers(3.0), numbers(1e3), numbers(2e10));
    let mut other = numbers(4e8);
    a.iter_mut().step_by(7).for_each(|cell| *cell = f64::NAN);
    when.iter_mut().step_by(5).for_each(|cell| *cell = f64::NAN);
    let ends = [-377_705_116_800.0, 253_402_300_799.9, 951_782_400.0, -0.25, -2_203_891_200.0, 0.0];
    let at = rows / 2;
    when[at..at + ends.len()].copy_from_slice(&ends);
    let beyond = [253_402_300_800.0, -377_705_116_800.1, f64::INFINITY, f64::NEG_INFINITY];
    other[rows - 4..].copy_from_slice(&beyond);
    a[rows - 6] = f64::INFINITY;
    let words = |levels: &[&str], by: usize| Values::Codes {
        codes: (0..rows as u32)
            .map(|row| if row % 11 == 3 { MISSING } else { row * row / by as u32 % levels.len() as u32 })
            .collect(),
        levels: levels.iter().map(ToString::to_string).collect(),
    };
    let column = |name: &str, kind, values| Column {
        name: name.into(),
        kind,
        values,
        null_spellings: vec![],
    };
    let codes: Vec<u32> = (0..rows).map(|row| (b[row] > 0.0) as u32 + row as u32 % (n_classes as u32 - 1)).collect();
    let classes: Vec<String> = (0..n_classes).map(|class| format!("class {class} é,\"")).collect();
    let target = Values::Codes { codes: codes.clone(), levels: classes.clone() };
    let columns = vec![
        column("label", ColumnType::Number, Values::Numbers(a)),
        column("b \"x\"\n", ColumnType::Number, Values::Numbers(b)),
        column("probabilities", ColumnType::Category, words(&["", "blue", "missing", "red", "Übel"], 5)),
        column("when", ColumnType::Date, Values::Numbers(when)),
        column("c_1", ColumnType::Boolean, words(&["no", "yes"], 3)),
        column("other", ColumnType::Date, Values::Numbers(other)),
        column("target", ColumnType::Category, target),
        column("unused", ColumnType::Text, words(&["one"], 1)),
    ];
    let digest = Digest::of(b"");
    Dataset {
        table: Table { columns, n_rows: rows },
        features: (0..6).collect(),
        target: 6,
        labels: Labels::Classes { codes, n_classes, positive: 1 },
        classes,
        weights: None,
        groups: None,
        group_keys: None,
        time: None,
        row_keys: (0..rows as u64).collect(),
        provenance: Provenance { content: digest, schema: digest, rows: rows as u64, source: HOSTILE.into() },
    }
}

#[test]
fn hostile_cells_agree_with_onnxruntime() {
    let folder = tempfile::tempdir().unwrap();
    let ds = hostile(3, 120);
    let fit_on: Vec<usize> = (0..50).collect();
    let test: Vec<usize> = (0..120).collect();
    for (number, choice) in
        ["plain", "standard", "min_max", "robust", "left_out"].into_iter().enumerate()
    {
        for model in [("logistic", json!({})), ("decision_tree", json!({})), ("dummy", json!({}))] {
            let (prep, fitted) = fit(&ds, &fit_on, &prep(choice), model.clone());
            let name = format!("{number}-{choice}-{}", model.0);
            let members = [(1.0, prep, fitted)];
            Case { name: &name, ds: &ds, test: &test, members: &members, tolerance: 1e-9 }
                .write(folder.path());
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
        let (prep, fitted) = fit(&ds, &rows, &prep(choice), model);
        let members = [(1.0, prep, fitted)];
        let case = Case { name, ds: &ds, test: &test, members: &members, tolerance: 1e-9 };
        case.write_mlflow(folder.path());
        let again = mlflow_folder(&folder.path().join(name), &case.export(), &MlflowMeta::default());
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
            let (prep, fitted) = fit(ds, &rows, &prep(choice), (name, params.clone()));
            (1.0 + 0.5 * at as f64, prep, fitted)
        };
        let members: Vec<_> = models.iter().enumerate().map(member).collect();
        let name = format!("ensemble-{n}");
        Case { name: &name, ds, test: &test, members: &members, tolerance: 1e-9 }
            .write(folder.path());
        n += 1;
    };
    let birds = data(folder.path(), "birdstrikes");
    write(&birds, &[
        ("standard", "logistic", json!({})),
        ("min_max", "svm", json!({})),
        ("plain", "random_forest", json!({"n_estimators": 5})),
        ("robust", "knn", json!({})),
    ]);
    write(&birds, &[("standard", "svm", json!({})), ("min_max", "svm", json!({"C": 0.1}))]);
    let weather = data(folder.path(), "weather");
    write(&weather, &[
        ("plain", "gradient_boosting", json!({"max_iter": 5})),
        ("standard", "linear", json!({})),
        ("left_out", "dummy", json!({})),
    ]);
    check(folder.path());
}

#[test]
fn rows_that_derby_refuses_have_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let ds = hostile(2, 120);
    let test: Vec<usize> = (0..120).collect();
    // Nothing is missing in the rows of the fit, nor in the table that derby looks at then.
    let mut whole = ds.clone();
    for column in &mut whole.table.columns {
        match &mut column.values {
            Values::Numbers(numbers) => {
                numbers.iter_mut().filter(|x| !x.is_finite() || x.abs() > 2e11).for_each(|x| *x = 0.0);
            }
            Values::Codes { codes, .. } => {
                codes.iter_mut().filter(|code| **code == MISSING).for_each(|code| *code = 0);
            }
        }
    }
    for (choice, model) in [
        ("one_hot", ("logistic", json!({}))),
        ("ordinal", ("decision_tree", json!({}))),
        ("target", ("knn", json!({"n_neighbors": 3}))),
        ("one_hot", ("svm", json!({}))),
        ("ordinal", ("dummy", json!({}))),
        ("target", ("gradient_boosting", json!({"max_iter": 3, "min_samples_leaf": 3}))),
        ("target", ("svm", json!({"probability": true}))),
    ] {
        let (prep, fitted) = fit(&whole, &test, &prep(choice), model.clone());
        let name = format!("{choice}-{}-{}", model.0, model.1.to_string().len());
        let members = [(1.0, prep, fitted)];
        let case = Case { name: &name, ds: &ds, test: &test, members: &members, tolerance: 1e-9 };
        let n_refused = case.expected().0.iter().filter(|label| label.is_empty()).count();
        assert!((20..100).contains(&n_refused), "{n_refused}");
        case.write(folder.path());
    }
    check(folder.path());
}

/// Points with `n_classes` known classes, of which the rows of the fit have the first `present`.
fn points(n_features: usize, present: u32, n_classes: usize) -> Dataset {
    let mut ds = hostile(n_classes, 90);
    let mut rng = Rng::new(4);
    let mut column = |number: usize| {
        let numbers = (0..90).map(|row| rng.normal() + f64::from(row % present)).collect();
        Column {
            name: format!("x{number}"),
            kind: ColumnType::Number,
            values: Values::Numbers(numbers),
            null_spellings: vec![],
        }
    };
    ds.table.columns = (0..n_features).map(&mut column).collect();
    ds.features = (0..n_features).collect();
    // Class codes leave a gap: the last class is there, one before it is not.
    let code = |row: u32| if row % present + 1 == present { n_classes as u32 - 1 } else { row % present };
    ds.labels = Labels::Classes { codes: (0..90).map(code).collect(), n_classes, positive: 1 };
    ds
}

#[test]
fn few_features_absent_classes_and_small_trees_agree_with_onnxruntime() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<usize> = (0..60).collect();
    let test: Vec<usize> = (0..90).collect();
    let mut n = 0;
    let mut write = |ds: &Dataset, model: (&str, serde_json::Value)| {
        let (prep, fitted) = fit(ds, &rows, &prep("standard"), model.clone());
        let name = format!("{n}-{}", model.0);
        let members = [(1.0, prep, fitted)];
        Case { name: &name, ds, test: &test, members: &members, tolerance: 1e-9 }
            .write(folder.path());
        n += 1;
    };
    let small = [
        ("decision_tree", json!({"max_depth": 1})),
        ("decision_tree", json!({"min_samples_leaf": 60})),
        ("random_forest", json!({"n_estimators": 4, "min_samples_leaf": 25})),
        ("gradient_boosting", json!({"max_iter": 3, "min_samples_leaf": 60})),
    ];
    for (n_features, present, n_classes) in [(1, 2, 2), (1, 2, 3), (2, 3, 3), (2, 3, 4)] {
        let ds = points(n_features, present, n_classes);
        for model in classifiers().into_iter().chain(small.clone()) {
            write(&ds, model);
        }
    }
    for n_features in [1, 2] {
        let mut ds = points(n_features, 2, 2);
        let Values::Numbers(numbers) = &ds.table.columns[0].values else { unreachable!() };
        ds.labels = Labels::Values(numbers.iter().map(|x| x * x).collect());
        ds.classes = vec![];
        let flat = ("svr", json!({"epsilon": 1e6}));
        for model in regressors().into_iter().chain(small.clone()).chain([flat]) {
            write(&ds, model);
        }
    }
    check(folder.path());
}

#[test]
fn what_cannot_be_written_says_why() {
    let ds = points(2, 2, 2);
    let rows: Vec<usize> = (0..60).collect();
    let (prep, fitted) = fit(&ds, &rows, &prep("plain"), ("logistic", json!({})));
    let member = OnnxMember { weight: 1.0, prep: &prep, form: fitted.form() };
    let all = columns(&ds.table);
    let made = |members: &[OnnxMember<'_>], columns: &[OnnxColumn], classes: &[String]| {
        let input = OnnxInput { name: "", classes, columns, null_values: &[], members, metadata: &[] };
        onnx_model(&input).map(|model| model.bytes)
    };
    let check = |made: Result<Vec<u8>, OnnxError>, expect: &str| {
        assert_eq!(made.unwrap_err().to_string(), expect);
    };
    let members = std::slice::from_ref(&member);
    assert_eq!(made(members, &all, &ds.classes).unwrap(), made(members, &all, &ds.classes).unwrap());
    check(made(&[], &all, &ds.classes), "there is no model to write as ONNX; mend: give at least one member");
    check(
        made(&[OnnxMember { weight: f64::NAN, ..member.clone() }], &all, &ds.classes),
        "member '0' has the weight 'NaN'; mend: finite weights above 0",
    );
    check(
        made(members, &all[..1], &ds.classes),
        "the preprocessing reads the column 'x1', which the schema lacks; mend: add it",
    );
    let words = [all[0].clone(), OnnxColumn { kind: ColumnType::Category, ..all[1].clone() }];
    check(
        made(members, &words, &ds.classes),
        "the schema has the column 'x1' as 'category', but it was prepared as numbers; mend: the schema of the training",
    );
    check(
        made(members, &all, &[]),
        "member '0': the model has '2' classes, '0' are named; mend: preprocessing, model and classes of the same fit",
    );
    let narrow = points(1, 2, 2);
    let (narrow, _) = fit(&narrow, &rows, &super::tests::prep("plain"), ("dummy", json!({})));
    check(
        made(&[OnnxMember { prep: &narrow, ..member.clone() }], &all, &ds.classes),
        "member '0': the model reads '2' features, '1' are prepared; mend: preprocessing, model and classes of the same fit",
    );
}
