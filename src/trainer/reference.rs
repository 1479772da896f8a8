//! Predictions against scikit-learn's, from `tests/fixtures/trainers.json`.

use super::{FitContext, Fold, family};
use crate::domain::{Labels, Params, Prediction, Value};
use ndarray::Array2;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

#[derive(Deserialize)]
struct Reference {
    sets: BTreeMap<String, Set>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Set {
    columns: usize,
    x: Vec<f64>,
    y: Vec<f64>,
    w: Vec<f64>,
    x_test: Vec<f64>,
}

#[derive(Deserialize)]
struct Case {
    family: String,
    data: String,
    weighted: bool,
    tolerance: f64,
    params: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    values: Vec<f64>,
    #[serde(default)]
    codes: Vec<u32>,
    #[serde(default)]
    scores: Vec<f64>,
}

fn table(cells: &[f64], columns: usize) -> Array2<f64> {
    Array2::from_shape_vec((cells.len() / columns, columns), cells.to_vec()).unwrap()
}

fn params(case: &Case) -> Params {
    let value = |value: &serde_json::Value| match value.as_str() {
        Some("none") => Value::None,
        _ => serde_json::from_value(value.clone()).unwrap(),
    };
    case.params.iter().map(|(name, v)| (name.clone(), value(v))).collect()
}

fn predict(case: &Case, set: &Set) -> Prediction {
    let y = if case.values.is_empty() {
        let codes: Vec<u32> = set.y.iter().map(|&y| y as u32).collect();
        let n_classes = codes.iter().max().map_or(0, |&last| last as usize + 1);
        Labels::Classes { codes, n_classes, positive: 1 }
    } else {
        Labels::Values(set.y.clone())
    };
    let weights = case.weighted.then(|| set.w.clone());
    let fold = Fold::new(table(&set.x, set.columns), y, weights);
    let cancel = AtomicBool::new(false);
    let mut ctx = FitContext { seed: 3, memory_mb: 500, interim: None, cancel: &cancel };
    let model = family(&case.family).unwrap().fit(&fold, &params(case), &mut ctx).unwrap();
    model.predict(table(&set.x_test, set.columns).view())
}

fn apart(one: &[f64], two: &[f64]) -> f64 {
    assert_eq!(one.len(), two.len());
    one.iter().zip(two).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn predictions_are_those_of_scikit_learn() {
    let text = include_str!("../../tests/fixtures/trainers.json");
    let reference: Reference = serde_json::from_str(text).unwrap();
    assert!(reference.cases.len() > 30);
    let mut wrong = Vec::new();
    for case in &reference.cases {
        let (difference, same) = match predict(case, &reference.sets[&case.data]) {
            Prediction::Values(values) => (apart(&values, &case.values), true),
            Prediction::Classes { codes, scores, .. } => {
                (apart(&scores.unwrap(), &case.scores), codes == case.codes)
            }
        };
        if !same || difference > case.tolerance {
            let Case { family, data, weighted, params, .. } = case;
            wrong.push(format!(
                "'{family}' on {data}, weighted {weighted}, {params:?}: off by {difference:e}, \
                 classes equal: {same}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
