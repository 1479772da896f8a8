//! Models that leave derby: every family as a bundle, as ONNX and for `MLflow` says what derby itself says.

use crate::program::{Place, asset, json, shows};
use derby::bundle::Bundle;
use derby::candidate::{Ground, Recipe};
use derby::champion::{Judged, Ledger, ModelName, Question, Version};
use derby::data::{self, ColumnType, MISSING, Prep, Values};
use derby::domain::{Digest, Prediction, RunRecord};
use derby::gate::{Decision, HoldoutUse, Policy, Verdict};
use derby::store::{Mode, Query, Store};
use derby::trainer::{self, FitContext, Fold};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

/// Every family that learns classes, once; a support vector machine with probabilities and without.
const CLASSES: &str = r#"
name = "birds"
[objective]
metric = "accuracy"
[data]
path = "penguins.csv"
target = "species"
ignore = ["year"]
folds = 2
license = "CC0"
[preprocess]
impute = "mode"
scale = "standard"
encode = "one_hot"
[models.dummy]
[models.logistic]
[models.naive_bayes]
[models.knn]
n_neighbors = 7
weights = "distance"
[models.svm]
probability = [false, true]
[models.decision_tree]
max_depth = 4
[models.random_forest]
n_estimators = 9
[models.gradient_boosting]
n_estimators = 8
[search]
sampler = "grid"
[resources]
jobs = 1
"#;

/// Every family that learns numbers, once.
const NUMBERS: &str = r#"
name = "sugar"
[objective]
metric = "rmse"
[data]
path = "diabetes.csv"
target = "target"
folds = 2
[preprocess]
scale = "standard"
[models.dummy]
[models.linear]
[models.elastic_net]
[models.svr]
[models.knn]
[models.decision_tree]
max_depth = 4
[models.random_forest]
n_estimators = 9
[models.gradient_boosting]
n_estimators = 8
[search]
sampler = "grid"
[resources]
jobs = 1
"#;

/// One model of penguins, run 1.
pub(crate) const BIRDS: &str = r#"
name = "birds"
[objective]
metric = "accuracy"
[data]
path = "penguins.csv"
target = "species"
ignore = ["year"]
folds = 2
[preprocess]
impute = "mode"
scale = "standard"
encode = "one_hot"
[models.logistic]
C = [1.0]
[search]
sampler = "grid"
[resources]
jobs = 1
"#;

/// A folder in which a sweep over a data set of the repository has run.
pub(crate) fn swept(sweep: &str, data: &str) -> Place {
    let place = Place::new();
    place.write(data, &fs::read_to_string(asset(data)).unwrap());
    place.write("sweep.toml", sweep);
    let ran = place.derby(&["sweep", "sweep.toml", "-q"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    place
}

fn runs(place: &Place) -> (Store, Vec<RunRecord>) {
    let store = Store::open(&place.path(".derby"), Mode::ReadOnly).unwrap();
    let runs = store.runs(&Query::default()).unwrap();
    (store, runs)
}

fn text(run: &RunRecord, name: &str) -> String {
    run.params.get(name).map(ToString::to_string).unwrap_or_default()
}

/// What the run's configuration, fitted here on the search rows, says of every row of the data.
fn own(store: &Store, place: &Place, run: &RunRecord) -> (Ground, Prediction) {
    let mut recipe = Recipe::of(store, run.clone()).unwrap();
    let derby::spec::Work::Models(section) = &mut recipe.sweep.work else { unreachable!("models") };
    let source = &mut section.data.source;
    source.path = place.path(source.path.file_name().unwrap().to_str().unwrap());
    let section = section.clone();
    let ground = recipe.ground(&section).unwrap();
    let choices = data::choices(&section.preprocess, &run.params);
    let rows = &ground.split.search;
    let (prep, x) = Prep::fit_transform(&ground.data, rows, &choices, recipe.seed()).unwrap();
    let cancel = AtomicBool::new(false);
    let mut ctx =
        FitContext { seed: recipe.seed(), memory_mb: 1000, interim: None, cancel: &cancel };
    let fold = Fold::new(x, ground.data.labels.take(rows), None);
    let family = trainer::family(&text(run, "model")).unwrap();
    let model = family.fit(&fold, &run.params, &mut ctx).unwrap();
    let all: Vec<usize> = (0..ground.data.table.n_rows).collect();
    let x = prep.transform(&ground.data.table, &all).unwrap();
    let prediction = model.predict(x.view());
    (ground, prediction)
}

/// A file of predictions: label, or number, and probabilities.
fn predicted(text: &str) -> Vec<(String, Vec<f64>)> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let row = |(at, record): (usize, Result<csv::StringRecord, csv::Error>)| {
        let record = record.unwrap();
        assert_eq!(record[0], (at + 1).to_string());
        let numbers = record.iter().skip(2).map(|cell| cell.parse().unwrap()).collect();
        (record[1].to_string(), numbers)
    };
    reader.records().enumerate().map(row).collect()
}

/// Compares with derby's own, to the bit; the labels.
fn assert_same(name: &str, given: &[(String, Vec<f64>)], own: &Prediction, classes: &[String]) {
    assert_eq!(given.len(), own.len(), "{name}");
    match own {
        Prediction::Values(values) => {
            for ((text, _), value) in given.iter().zip(values) {
                let number: f64 = text.parse().unwrap();
                assert_eq!(number.to_bits(), value.to_bits(), "{name}");
            }
        }
        Prediction::Classes { codes, scores, probabilities, n_classes } => {
            for (row, (label, numbers)) in given.iter().enumerate() {
                assert_eq!(*label, classes[codes[row] as usize], "{name}, row {row}");
                let own = scores.as_deref().filter(|_| *probabilities);
                let own = own.map_or(&[][..], |all| &all[row * n_classes..][..*n_classes]);
                let bits =
                    |numbers: &[f64]| numbers.iter().map(|p| p.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(numbers), bits(own), "{name}, row {row}");
            }
        }
    }
}

/// Exports, verifies and predicts with every run of a sweep; the families.
fn check_families(sweep: &str, file: &str) -> BTreeSet<String> {
    let place = swept(sweep, file);
    let (store, runs) = runs(&place);
    let cases = place.path("cases");
    fs::create_dir(&cases).unwrap();
    for run in &runs {
        let (number, name) = (run.id.to_string(), format!("{}-{}", text(run, "model"), run.id));
        let exported = json(&place.derby(&["export", &number, "-o", &name, "--json"]));
        let verified = json(&place.derby(&["verify", &name, "--json"]));
        assert_eq!((&verified["ok"], &verified["exact"]), (&json!(true), &json!(true)), "{name}");
        assert!(verified["golden_rows"].as_u64() >= Some(16), "{name}: {verified}");
        assert_eq!(verified["digest"], exported["digest"]);
        let (ground, own) = own(&store, &place, run);
        let from_bundle = place.derby(&["predict", &name, file]);
        let from_run = place.derby(&["predict", &number, file, "--jobs", "1"]);
        assert_eq!((from_bundle.code, &from_bundle.out), (0, &from_run.out), "{}", from_bundle.err);
        let given = predicted(&from_bundle.out);
        assert_same(&name, &given, &own, &ground.data.classes);
        let onnx = format!("cases/{name}.onnx");
        let said =
            json(&place.derby(&["export", &name, "--format", "onnx", "-o", &onnx, "--json"]));
        assert_eq!(said["precision"], "double");
        let case = onnx_case(&ground, &given, &own, &said);
        fs::write(cases.join(format!("{name}.json")), case.to_string()).unwrap();
    }
    check_by_python(&cases, "numpy, onnx, onnxruntime", "onnx_check.py");
    runs.iter().map(|run| text(run, "model")).collect()
}

#[test]
fn every_family_is_exported_verified_and_predicts_what_derby_does() {
    let mut families = check_families(CLASSES, "penguins.csv");
    families.extend(check_families(NUMBERS, "diabetes.csv"));
    let known = trainer::catalogue().iter().map(|family| family.name().to_string());
    assert_eq!(families, known.collect());
}

/// Python's packages, or the reason why they are not asked; where everything has to be there, they must.
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

fn check_by_python(folder: &Path, packages: &str, script: &str) {
    if !can_check(packages) {
        return;
    }
    let script = crate::program::repository().join("tests/fixtures").join(script);
    let output = Command::new("python3").arg(script).arg(folder).output().unwrap();
    let lines = String::from_utf8_lossy(&output.stdout);
    let n_cases = fs::read_dir(folder).unwrap().count() / 2;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{lines}\n{errors}");
    assert!(lines.lines().count() >= n_cases && n_cases > 0, "{lines}");
}

/// Labels and numbers as the checks in Python expect them.
fn expected(given: &[(String, Vec<f64>)], own: &Prediction) -> (Value, Value) {
    let labels: Vec<&String> = given.iter().map(|(label, _)| label).collect();
    match own {
        Prediction::Values(values) => (Value::Null, json!(values)),
        Prediction::Classes { scores, .. } => (json!(labels), json!(scores)),
    }
}

/// Raw cells and predictions, as `onnx_check.py` reads them.
fn onnx_case(
    ground: &Ground,
    given: &[(String, Vec<f64>)],
    own: &Prediction,
    said: &Value,
) -> Value {
    let table = &ground.data.table;
    let inputs = said["inputs"].as_array().unwrap().iter().map(|input| {
        let name = input["name"].as_str().unwrap();
        let column = &table.columns[table.find(name).unwrap()];
        assert_ne!(column.kind, ColumnType::Date);
        let cell = |row: usize| match &column.values {
            Values::Numbers(numbers) => json!(numbers[row]),
            Values::Codes { codes, .. } if codes[row] == MISSING => Value::Null,
            Values::Codes { codes, levels } => json!(levels[codes[row] as usize]),
        };
        let cells: Vec<Value> = (0..table.n_rows).map(cell).collect();
        (name.to_string(), json!({"kind": column.kind.word(), "cells": cells}))
    });
    let (labels, numbers) = expected(given, own);
    json!({
        "rows": table.n_rows,
        "columns": inputs.collect::<serde_json::Map<_, _>>(),
        "labels": labels,
        "numbers": numbers,
        "missing": "",
        "tolerance": said["tolerance"],
    })
}

#[test]
fn mlflow_loads_what_is_exported_for_it() {
    let cases = Place::new();
    for (sweep, file, target, wanted) in [
        (CLASSES, "penguins.csv", "species", &["logistic", "random_forest", "svm"][..]),
        (NUMBERS, "diabetes.csv", "target", &["svr", "gradient_boosting"][..]),
    ] {
        let place = swept(sweep, file);
        let (store, runs) = runs(&place);
        for run in runs.iter().filter(|run| wanted.contains(&&*text(run, "model"))) {
            let (number, name) = (run.id.to_string(), format!("{}-{}", text(run, "model"), run.id));
            let folder = cases.path(&name);
            let to = folder.to_str().unwrap();
            let ran = place.derby(&["export", &number, "--format", "mlflow", "-o", to]);
            assert_eq!(ran.code, 0, "{}", ran.err);
            let again = place.derby(&["export", &number, "--format", "mlflow", "-o", to]);
            assert!(
                again.code == 1 && again.err.contains("is not an empty folder"),
                "{}",
                again.err
            );
            let (ground, own) = own(&store, &place, run);
            let given = predicted(&place.derby(&["predict", &number, file]).out);
            let (labels, numbers) = expected(&given, &own);
            let case = json!({
                "file": asset(file),
                "target": target,
                "nulls": ["", "NA"],
                "at": (0..ground.data.table.n_rows).collect::<Vec<_>>(),
                "labels": labels,
                "numbers": numbers,
                "tolerance": 1e-9,
            });
            fs::write(cases.path(&format!("{name}.json")), case.to_string()).unwrap();
        }
    }
    check_by_python(&cases.path("."), "mlflow, pandas, onnxruntime", "mlflow_check.py");
}

#[test]
fn what_is_printed_of_an_export() {
    let place = swept(BIRDS, "penguins.csv");
    let said = |words: &str| {
        let text = place.shown(words);
        // Digests are of the run's identity, and sizes of the digits that a machine's sums end with.
        let plain = |line: &str| -> String {
            let word = |word: &str| match word.split_once("b3:") {
                Some((before, _)) => format!("{before}b3:[digest]"),
                None if word.parse::<f64>().is_ok_and(|size| size.fract() > 0.0) => "[size]".into(),
                None => word.to_string(),
            };
            line.split(' ').map(word).collect::<Vec<_>>().join(" ")
        };
        text.lines().map(plain).collect::<Vec<_>>().join("\n")
    };
    shows!(said("export 1 -o birds"), @"
    exit 0
     wrote  birds   9 files, [size] kB
     digest b3:[digest]   the model's identity: equal input, equal digest
     model  birds   logistic   fitted on 283 rows
     next   derby verify birds · derby predict birds DATA.csv -o predictions.csv
    ");
    shows!(said("verify birds"), @"
    exit 0
     ✓  birds   birds, b3:[digest]
        9 files, [size] kB, as packed   22 golden rows predicted again, equal to the bit
    ");
    shows!(said("export birds -o birds.onnx --format onnx"), @r#"
    exit 0
     wrote  birds.onnx   ONNX, [size] kB
     in     4 × double, rows × 1, NaN if missing: 'bill_length_mm', 'bill_depth_mm', 'flipper_length_mm', 'body_mass_g'
     in     2 × string, rows × 1, '' if missing: 'island', 'sex'
     out    label   string, rows
     out    probabilities   double, rows × 3
     agrees with derby predict: equal labels, numbers within 1e-9, all in double, trees too; not run here
     of     bundle b3:[digest]
     next   python -c "import onnxruntime; print(onnxruntime.InferenceSession('birds.onnx').get_inputs())"
    "#);
    shows!(said("export birds -o mlflow --format mlflow"), @r#"
    exit 0
     wrote  mlflow   MLflow model, [size] kB
     in     4 × double, rows × 1, NaN if missing: 'bill_length_mm', 'bill_depth_mm', 'flipper_length_mm', 'body_mass_g'
     in     2 × string, rows × 1, '' if missing: 'island', 'sex'
     out    label   string, rows
     out    probabilities   double, rows × 3
     agrees with derby predict: equal labels, numbers within 1e-9, all in double, trees too; not run here
     of     bundle b3:[digest]
     next   python -c "import mlflow; print(mlflow.pyfunc.load_model('mlflow'))"
    "#);
    shows!(said("predict birds penguins.csv -o p.csv"), @"
    exit 0
     wrote  p.csv   344 rows in [time]
    stderr
     note   missing cells: 'bill_length_mm' 2 (none in training), 'bill_depth_mm' 2 (none in training), 'flipper_length_mm' 2 (none in training), 'body_mass_g' 2 (none in training), 'sex' 11
     note   cells outside the range of training: 'bill_depth_mm' 1
     note   columns not read: 'species' (the target), 'year'
    ");
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn one_flipped_byte_in_any_file_is_named() {
    let place = swept(BIRDS, "penguins.csv");
    assert_eq!(place.derby(&["export", "1", "-o", "out/birds"]).code, 0);
    let folder = place.path("out/birds");
    let found = files(&folder);
    assert_eq!(found.len(), 10);
    for file in found {
        let name = file.file_name().unwrap().to_str().unwrap();
        let bytes = fs::read(&file).unwrap();
        for at in [0, bytes.len() / 3, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 0x04;
            fs::write(&file, &changed).unwrap();
            let ran = place.derby(&["verify", "out/birds"]);
            // Times and hosts are no part of the model; what is no JSON any more is seen all the same.
            if name == "measured.json" && ran.code == 0 {
                continue;
            }
            assert_eq!(ran.code, 4, "{name} {at}: {}{}", ran.out, ran.err);
            assert!(ran.out.contains(&format!("'{name}'")), "{name}: {}", ran.out);
            if name != "measured.json" {
                let ran = place.derby(&["predict", "out/birds", "penguins.csv"]);
                assert_eq!((ran.code, &*ran.out), (4, ""), "{name}: {}", ran.err);
                assert!(ran.err.contains(&format!("'{name}'")), "{name}: {}", ran.err);
            }
        }
        fs::write(&file, &bytes).unwrap();
    }
    fs::remove_file(folder.join("schema.json")).unwrap();
    fs::write(folder.join("rows.bin"), "").unwrap();
    fs::write(folder.join("extra.py"), "").unwrap();
    let ran = place.derby(&["verify", "out/birds"]);
    let all = ["'schema.json'", "is missing", "'rows.bin'", "not checked: 'extra.py'"];
    assert!(ran.code == 4 && all.iter().all(|part| ran.out.contains(part)), "{}", ran.out);
    let found: Value =
        serde_json::from_str(&place.derby(&["verify", "out/birds", "--json"]).out).unwrap();
    assert_eq!((&found["ok"], found["problems"].as_array().unwrap().len()), (&json!(false), 2));
    let ran = place.derby(&["export", "1", "-o", "out/birds"]);
    assert!(ran.code == 1 && ran.err.contains("holds 'extra.py'"), "{}", ran.err);
}

/// Registers a bundle as version 1 of `birds` and lets a gate hold it.
fn registered(place: &Place, bundle: &Path) -> Ledger {
    let read = Bundle::read(bundle).unwrap();
    let digest = read.digest();
    let model = ModelName::parse("birds").unwrap();
    let mut ledger = Ledger::begin(&place.path("champions"), &model, "first").unwrap();
    ledger.keep_bundle(bundle, digest).unwrap();
    let kind = "model".to_string();
    ledger.register(Version { bundle: digest.hex(), kind, ..Version::default() }).unwrap();
    let policy = Policy::new(read.manifest().objective.clone());
    let holdout = Digest::of(b"rows");
    let question = Question {
        challenger: digest,
        champion: None,
        holdout: Some(holdout),
        policy: policy.digest(),
    };
    let used = HoldoutUse {
        digest: holdout.hex(),
        epoch: 0,
        number: 0,
        rows: 69,
        trained_on: 0,
        retired: 0,
    };
    let verdict = Verdict {
        decision: Decision::Hold,
        reason: "too few rows".into(),
        checks: Vec::new(),
        comparison: None,
        opinions: Vec::new(),
        selection: None,
        holdout: Some(used),
    };
    let why = "CI".to_string();
    ledger
        .record_gate(Judged { question, run: None, policy, data_hash: None, verdict, why })
        .unwrap();
    ledger
}

#[test]
fn a_version_is_exported_with_its_newest_verdict() {
    let place = swept(BIRDS, "penguins.csv");
    assert_eq!(place.derby(&["export", "1", "-o", "mine"]).code, 0);
    assert!(!place.path("mine/gate.json").exists());
    let ledger = registered(&place, &place.path("mine"));
    let said = json(&place.derby(&["export", "birds/1", "-o", "out", "--json"]));
    assert_eq!(said["verdict"]["gate"]["verdict"]["decision"], "hold");
    let read = || -> Value {
        serde_json::from_slice(&fs::read(place.path("out/gate.json")).unwrap()).unwrap()
    };
    assert_eq!(read(), said["verdict"]);
    assert_eq!(
        (&read()["ledger_head"], &read()["entry"]),
        (&json!(ledger.head().hex()), &json!(2))
    );
    // The verdict stands beside the model: neither its digest nor its place change.
    assert_eq!(said["digest"], json(&place.derby(&["verify", "mine", "--json"]))["digest"]);
    assert_eq!(json(&place.derby(&["verify", "out", "--json"]))["foreign"], json!([]));
    let again = place.derby(&["export", "1", "-o", "out"]);
    assert!(again.code == 0 && again.out.contains(" gate   hold, "), "{}{}", again.out, again.err);
    // A copy elsewhere keeps what came with it.
    fs::remove_dir_all(place.path("champions")).unwrap();
    assert_eq!(place.derby(&["export", "./out", "-o", "copy"]).code, 0);
    assert_eq!(
        fs::read(place.path("copy/gate.json")).unwrap(),
        fs::read(place.path("out/gate.json")).unwrap()
    );
}

#[test]
fn a_kept_version_is_verified_against_its_ledger() {
    let place = swept(BIRDS, "penguins.csv");
    assert_eq!(place.derby(&["export", "1", "-o", "mine"]).code, 0);
    let ledger = registered(&place, &place.path("mine"));
    let kept = ledger.bundle_dir(Bundle::read(&place.path("mine")).unwrap().digest());
    assert_eq!(json(&place.derby(&["verify", "birds/1", "--json"]))["ok"], true);
    let (by_version, by_run) = (
        place.derby(&["predict", "birds/1", "penguins.csv"]),
        place.derby(&["predict", "1", "penguins.csv"]),
    );
    assert_eq!((by_version.code, by_version.out), (0, by_run.out));
    // Another bundle in its place is sound by itself, but not that version.
    assert_eq!(place.derby(&["export", "1", "--refit-all", "-o", "other"]).code, 0);
    fs::remove_dir_all(&kept).unwrap();
    fs::rename(place.path("other"), &kept).unwrap();
    for args in [&["verify", "birds/1"][..], &["predict", "birds/1", "penguins.csv"]] {
        let ran = place.derby(args);
        assert!(
            ran.code == 4 && format!("{}{}", ran.out, ran.err).contains("another bundle"),
            "{}",
            ran.err
        );
    }
    fs::remove_dir_all(&kept).unwrap();
    let ran = place.derby(&["export", "birds/1", "-o", "out"]);
    assert!(ran.code == 1 && ran.err.contains("is not kept in"), "{}", ran.err);
    let ran = place.derby(&["export", "birds@champion", "-o", "out"]);
    assert!(ran.code == 1 && ran.err.contains("champion"), "{}", ran.err);
}

#[test]
fn a_refit_is_another_model_that_no_gate_has_judged() {
    let place = swept(BIRDS, "penguins.csv");
    let first = json(&place.derby(&["export", "1", "-o", "search", "--json"]));
    let ran = place.derby(&["export", "1", "--refit-all", "-o", "all"]);
    assert!(
        ran.code == 0 && ran.out.contains("ungated: it was fitted on all 344 rows"),
        "{}",
        ran.out
    );
    let second = json(&place.derby(&["verify", "all", "--json"]));
    assert_ne!(first["digest"], second["digest"]);
    assert!(first["rows"].as_u64().unwrap() < 344);
    let ran = place.derby(&["export", "search", "--refit-all", "-o", "x"]);
    assert!(ran.code == 2 && ran.err.contains("'search' is packed already"), "{}", ran.err);
}

#[test]
fn the_artifacts_of_a_command_are_packed() {
    let place = Place::with_examples();
    let ran = place.derby(&["sweep", "sweeps/compress.toml", "--trials", "1", "-q"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let said = json(&place.derby(&["export", "1", "-o", "out", "--json"]));
    assert_eq!((&said["kind"], &said["rows"]), (&json!("command"), &Value::Null));
    let verified = json(&place.derby(&["verify", "out", "--json"]));
    assert_eq!((&verified["ok"], &verified["golden_rows"]), (&json!(true), &json!(0)));
    let check = |args: &[&str], part: &str| {
        let ran = place.derby(args);
        assert!(ran.code == 1 && ran.err.contains(part), "{}{}", ran.out, ran.err);
    };
    check(
        &["export", "1", "-o", "x", "--format", "onnx"],
        "is a command's bundle: what it computes",
    );
    check(&["export", "1", "-o", "x", "--format", "mlflow"], "is a command's bundle");
    check(&["export", "1", "-o", "x", "--refit-all"], "which derby does not fit");
    check(&["predict", "out", "assets/iris.csv"], "which derby cannot predict with");
    assert!(!place.path("x").exists());
    let artifact = files(&place.path("out/artifacts")).remove(0);
    let mut bytes = fs::read(&artifact).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&artifact, bytes).unwrap();
    let ran = place.derby(&["verify", "out"]);
    assert!(ran.code == 4 && ran.out.contains("'artifacts/"), "{}", ran.out);
}

#[test]
fn nothing_is_overwritten_but_what_derby_exported() {
    let place = swept(BIRDS, "penguins.csv");
    let check = |args: &[&str], part: &str| {
        let ran = place.derby(args);
        assert!(ran.code == 1 && ran.err.contains(part), "{args:?}: {}{}", ran.out, ran.err);
    };
    place.write("notes/a.txt", "mine");
    check(&["export", "1", "-o", "notes"], "is there and is no bundle");
    check(&["export", "1", "-o", "penguins.csv"], "is there and is no folder");
    check(&["export", "1", "-o", "penguins.csv", "--format", "onnx"], "is no ONNX file of derby's");
    check(&["export", "1", "-o", "notes", "--format", "onnx"], "it is a folder");
    check(&["export", "1", "-o", "notes", "--format", "mlflow"], "is not an empty folder");
    check(&["export", "1", "-o", "none/x.onnx", "--format", "onnx"], "there is no folder 'none'");
    check(&["export", "1", "-o", "penguins.csv/x", "--format", "mlflow"], "could not write");
    check(&["export", "9", "-o", "x"], "no run '9'");
    check(&["export", "./notes", "-o", "x"], "is no bundle");
    check(&["export", "notes", "-o", "x"], "the folder 'notes' holds no bundle.json");
    check(&["verify", "notes"], "it holds no bundle.json");
    check(&["verify", "nowhere"], "there is no such folder");
    for _ in 0..2 {
        let ran = place.derby(&["export", "1", "-o", "x.onnx", "--format", "onnx"]);
        assert!(ran.code == 0 && ran.out.contains("2 × string"), "{}{}", ran.out, ran.err);
        assert_eq!(place.derby(&["export", "1", "-o", "new/x"]).code, 0);
    }
    assert_eq!(fs::read(place.path("notes/a.txt")).unwrap(), b"mine");
    let names = fs::read_dir(place.path(".")).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = names.filter(|name| name.to_string_lossy().contains(".part")).collect();
    assert!(left.is_empty(), "{left:?}");
}
