//! Bundles for tests.

use super::*;
use crate::data::{DataOptions, Dataset, PrepChoice, SourceOptions, load};
use crate::domain::{Goal, Objective, Params, Value};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// A data set among the assets.
pub(super) fn asset(name: &str) -> SourceOptions {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(name);
    SourceOptions { path, shown: name.into(), ..SourceOptions::default() }
}

pub(super) fn options(source: SourceOptions, target: &str) -> DataOptions {
    DataOptions { source, target: target.into(), ..DataOptions::default() }
}

pub(super) fn settings(pairs: &[(&str, Value)]) -> Vec<PrepChoice> {
    let settings = pairs.iter().map(|(key, value)| ((*key).to_string(), value.clone())).collect();
    vec![PrepChoice { columns: None, settings }]
}

/// A member of a family with its defaults, over most rows.
pub(super) fn fit(data: &Dataset, family: &str, choices: Vec<PrepChoice>) -> Member {
    let request = FitRequest {
        data,
        rows: &training_rows(data),
        choices,
        family,
        params: &Params::default(),
        seed: 7,
        memory_mb: 1000,
        cancel: &AtomicBool::new(false),
    };
    Member::fit(&request).unwrap()
}

/// Every row but each fifth.
pub(super) fn training_rows(data: &Dataset) -> Vec<usize> {
    (0..data.labels.len()).filter(|row| row % 5 != 0).collect()
}

pub(super) fn bundle(data: &Dataset, options: &DataOptions, pipeline: Pipeline) -> Bundle {
    let mut metrics = BundleMetrics::default();
    metrics.holdout.insert("accuracy".into(), Score::of(0.9, 69));
    metrics.holdout.insert("predict_us".into(), Score::of(0.4, 69));
    let cv = Score { sd: Some(0.01), ..Score::of(0.95, 5) };
    metrics.cross_validation.insert("accuracy".into(), cv);
    let parts = BundleParts {
        name: "birds",
        pipeline,
        data,
        options,
        rows: &training_rows(data),
        objective: Objective { metric: "accuracy".into(), goal: Goal::Maximize },
        metrics,
        provenance: Provenance {
            source: Some("/home/somebody/birds.csv".into()),
            seed: Some(7),
            derby: "0.1.0".into(),
            ..Provenance::default()
        },
        profiled: None,
    };
    Bundle::build(parts).unwrap()
}

/// The penguins, with missing cells, categories and a multi-class target.
pub(super) fn penguins() -> (Dataset, DataOptions) {
    let options = options(asset("penguins.csv"), "species");
    (load(&options).unwrap(), options)
}

pub(super) fn penguin_bundle() -> Bundle {
    let (data, options) = penguins();
    let scale = settings(&[("scale", Value::Text("standard".into()))]);
    let pipeline = Pipeline::of(fit(&data, "logistic", scale));
    bundle(&data, &options, pipeline)
}

/// All files of a folder with their bytes.
pub(super) fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found.sort();
    found
}
