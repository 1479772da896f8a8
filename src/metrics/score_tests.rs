//! Tests of the scores against scikit-learn.

use super::*;
use serde_json::Value as Json;

fn fixture() -> Json {
    serde_json::from_str(include_str!("../../tests/fixtures/metrics.json")).unwrap()
}

fn floats(json: &Json) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn codes(json: &Json) -> Vec<u32> {
    json.as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as u32).collect()
}

fn labels(case: &Json) -> (Labels, Prediction) {
    let Some(n_classes) = case["n_classes"].as_u64() else {
        let truth = Labels::Values(floats(&case["truth"]));
        return (truth, Prediction::Values(floats(&case["predicted"])));
    };
    let n_classes = n_classes as usize;
    let positive = case["positive"].as_u64().unwrap() as u32;
    let truth = Labels::Classes { codes: codes(&case["truth"]), n_classes, positive };
    let prediction = Prediction::Classes {
        codes: codes(&case["codes"]),
        scores: Some(floats(&case["scores"])),
        probabilities: case["probabilities"].as_bool().unwrap(),
        n_classes,
    };
    (truth, prediction)
}

fn close(a: f64, b: f64) -> bool {
    (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-10 * b.abs().max(1.0)
}

#[test]
fn every_score_is_that_of_scikit_learn() {
    let fixture = fixture();
    let mut seen = std::collections::BTreeSet::new();
    for list in ["classes", "values"] {
        for case in fixture[list].as_array().unwrap() {
            let (truth, prediction) = labels(case);
            let weights = case["weights"].as_array().map(|_| floats(&case["weights"]));
            let expected = case["expect"].as_object().unwrap();
            let names: Vec<&str> = expected.keys().map(String::as_str).collect();
            let batch = scores(&names, &truth, &prediction, weights.as_deref()).unwrap();
            for (name, batched) in names.iter().zip(batch) {
                seen.insert((*name).to_string());
                let expect = expected[*name].as_f64().unwrap_or(f64::NAN);
                let found = score(name, &truth, &prediction, weights.as_deref()).unwrap();
                assert!(close(found, expect), "{}: {name} {found} {expect}", case["name"]);
                assert!(close(batched.unwrap(), found), "{}: {name}", case["name"]);
            }
        }
    }
    let missing: Vec<_> =
        catalogue().iter().filter(|i| !i.measured && !seen.contains(i.name)).collect();
    assert!(missing.is_empty(), "no reference for {missing:?}");
}

#[test]
fn areas_do_not_depend_on_row_order() {
    let truth = [0, 1, 1, 0, 1, 0];
    let scores = [0.3, 0.3, 0.9, 0.1, 0.3, 0.3];
    let area = |order: &[usize]| {
        let truth: Vec<u32> = order.iter().map(|&row| truth[row]).collect();
        let scores: Vec<f64> =
            order.iter().flat_map(|&row| [1.0 - scores[row], scores[row]]).collect();
        ranking::areas(&truth, &scores, 2, 1, None)
    };
    assert_eq!(area(&[0, 1, 2, 3, 4, 5]), area(&[5, 3, 4, 0, 2, 1]));
}

fn two() -> Labels {
    Labels::Classes { codes: vec![0, 1], n_classes: 2, positive: 1 }
}

fn error(name: &str, truth: &Labels, prediction: &Prediction, weights: Option<&[f64]>) -> String {
    score(name, truth, prediction, weights).unwrap_err().to_string()
}

#[test]
fn what_does_not_fit_is_named() {
    let probabilities = Prediction::from_probabilities(vec![0.6, 0.4, 0.3, 0.7], 2);
    let plain =
        Prediction::Classes { codes: vec![0, 1], scores: None, probabilities: false, n_classes: 2 };
    let check = |name: &str, prediction: &Prediction, weights: Option<&[f64]>, part: &str| {
        let text = error(name, &two(), prediction, weights);
        assert!(text.contains(part), "{text}");
    };
    check("auc", &probabilities, None, "no metric is called 'auc'");
    check("rmse", &probabilities, None, "'rmse' is not defined for binary classification");
    check("fit_seconds", &probabilities, None, "measured");
    check("roc_auc", &plain, None, "'roc_auc' needs scores");
    check("log_loss", &plain, None, "'log_loss' needs probabilities");
    check("accuracy", &plain, Some(&[1.0]), "2 rows, 1 weights");
    check("accuracy", &plain, Some(&[1.0, -1.0]), "row 1 has '-1'");
    check("accuracy", &plain, Some(&[0.0, 0.0]), "all 2");
    check("accuracy", &Prediction::Values(vec![0.0, 1.0]), None, "classes on one side");
    let three = Prediction::from_probabilities(vec![0.2; 6], 3);
    check("accuracy", &three, None, "2 classes in the truth, 3 in the prediction");
    let nan = Prediction::from_probabilities(vec![0.5, 0.5, f64::NAN, 0.5], 2);
    check("log_loss", &nan, None, "'log_loss' has no value: 1 of 2 predicted rows");
    let outside = Prediction::from_probabilities(vec![0.5, 0.5, -0.5, 1.5], 2);
    check("brier", &outside, None, "row 1 has '-0.5'");
}

#[test]
fn empty_rows_and_lost_rows_are_errors() {
    let none = Labels::Values(vec![]);
    assert_eq!(score("rmse", &none, &Prediction::Values(vec![]), None), Err(MetricError::Empty));
    let text = error("rmse", &Labels::Values(vec![1.0]), &Prediction::Values(vec![]), None);
    assert!(text.contains("1 rows of truth, 0 of prediction"), "{text}");
    let text = error("rmse", &Labels::Values(vec![1.0]), &Prediction::Values(vec![f64::NAN]), None);
    assert!(text.contains("not finite"), "{text}");
}

#[test]
fn one_class_in_the_whole_data_has_no_area() {
    let truth = Labels::Classes { codes: vec![0, 0], n_classes: 1, positive: 1 };
    let prediction = Prediction::from_probabilities(vec![1.0, 1.0], 1);
    assert!(score("roc_auc", &truth, &prediction, None).unwrap().is_nan());
    assert_eq!(score("recall", &truth, &prediction, None), Ok(0.0));
}
