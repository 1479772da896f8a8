//! SHAP against shap (`tests/fixtures/explain.py`) and against the definition.

use super::brute_force::shapley;
use super::*;
use crate::domain::{Labels, Params, Prediction, Value};
use crate::explain::ExplainError;
use crate::trainer::{FitContext, FlatTree, Fold, Form, Link, Model, family};
use ndarray::{Array2, ArrayView2, s};
use serde_json::Value as Json;
use std::sync::atomic::AtomicBool;

fn fixture() -> Json {
    serde_json::from_str(include_str!("../../../tests/fixtures/explain.json")).unwrap()
}

fn numbers(json: &Json) -> Vec<f64> {
    match json {
        Json::Array(list) => list.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

fn matrix(json: &Json) -> Array2<f64> {
    let rows = json.as_array().unwrap().len();
    let cells = numbers(json);
    Array2::from_shape_vec((rows, cells.len() / rows), cells).unwrap()
}

fn tree(json: &Json) -> FlatTree {
    let codes = |key: &str| numbers(&json[key]).into_iter().map(|v| v as u32).collect();
    let feature = |v: &Json| v.as_u64().map(|f| f as u32);
    FlatTree {
        feature: json["feature"].as_array().unwrap().iter().map(feature).collect(),
        threshold: numbers(&json["threshold"]),
        left: codes("left"),
        right: codes("right"),
        value: numbers(&json["value"]),
        width: json["width"].as_u64().unwrap() as usize,
    }
}

#[track_caller]
fn agree(got: &Attributions, expect: &Json, slack: f64) {
    let close = |a: &f64, b: &f64| (a - b).abs() <= slack * b.abs().max(1.0);
    let (base, values) = (numbers(&expect["base"]), numbers(&expect["values"]));
    assert_eq!(got.base.len(), base.len());
    assert_eq!(got.values.len(), values.len());
    assert!(got.base.iter().zip(&base).all(|(a, b)| close(a, b)), "{:?} {base:?}", got.base);
    for (at, (a, b)) in got.values.iter().zip(&values).enumerate() {
        assert!(close(a, b), "{at}: {a} {b}");
    }
}

#[test]
fn linear_models_agree_with_shap() {
    let fixture = fixture();
    let x = matrix(&fixture["x"]);
    for case in fixture["linear"].as_array().unwrap() {
        let coef = matrix(&case["coef"]);
        let link = match coef.nrows() {
            1 => Link::Sigmoid { classes: [0, 1], n_classes: 2 },
            n => Link::Softmax { classes: (0..n as u32).collect(), n_classes: n },
        };
        let form = Form::Linear { coef, intercept: numbers(&case["intercept"]), link };
        let got = linear(&form, x.slice(s![..5, ..]), x.view()).unwrap();
        agree(&got, case, 1e-12);
    }
}

#[test]
fn trees_agree_with_shap() {
    let fixture = fixture();
    let x = matrix(&fixture["x"]);
    let back = fixture["background"].as_i64().unwrap() as isize;
    for case in fixture["trees"].as_array().unwrap() {
        let trees: Vec<FlatTree> = case["trees"].as_array().unwrap().iter().map(tree).collect();
        let start = numbers(&case["start"]);
        let is_mean = case["is_mean"].as_bool().unwrap();
        let form = Form::Trees { trees, start, is_mean, link: Link::Identity };
        let rows = x.slice(s![..5, ..]);
        let got = tree_interventional(&form, rows, x.slice(s![..back, ..])).unwrap();
        // shap keeps these in 32 bits; the definition below is the sharper oracle.
        agree(&got, &case["interventional"], 1e-6);
        let got = tree_path_dependent(&form, rows, x.view()).unwrap();
        agree(&got, &case["path"], 1e-9);
    }
}

fn formula(x: ArrayView2<'_, f64>) -> Prediction {
    let one = |r: ndarray::ArrayView1<'_, f64>| {
        1.0 / (1.0 + (-(r[0] * r[1] + r[2].sin() - 0.5 * r[3] * r[3])).exp())
    };
    Prediction::Values(x.rows().into_iter().map(one).collect())
}

fn names(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("x{i}")).collect()
}

#[test]
fn all_coalitions_agree_with_shap() {
    let fixture = fixture();
    let x = matrix(&fixture["x"]);
    let groups = Groups::single(&names(6));
    let rows = x.slice(s![..5, ..]);
    let got =
        kernel(&formula, rows, x.slice(s![..30, ..]), &groups, &KernelOptions::default()).unwrap();
    assert_eq!(got.method, Method::KernelExact);
    agree(&got, &fixture["kernel"], 1e-9);
}

fn fit(name: &str, x: &Array2<f64>, y: Labels, params: &[(&str, Value)]) -> Box<dyn Model> {
    let params: Params = params.iter().map(|(n, v)| ((*n).to_string(), v.clone())).collect();
    let cancel = AtomicBool::new(false);
    let mut ctx = FitContext { seed: 1, memory_mb: 1000, interim: None, cancel: &cancel };
    family(name).unwrap().fit(&Fold::new(x.clone(), y, None), &params, &mut ctx).unwrap()
}

fn three_classes(fixture: &Json) -> Labels {
    let codes = numbers(&fixture["y3"]).into_iter().map(|v| v as u32).collect();
    Labels::Classes { codes, n_classes: 3, positive: 1 }
}

/// Raw outputs of trees, `outputs`.
fn raw(form: &Form, row: &[f64]) -> Vec<f64> {
    let Form::Trees { trees, start, is_mean, .. } = form else { unreachable!() };
    let mut sums = start.clone();
    for (number, tree) in trees.iter().enumerate() {
        let mut node = 0;
        while let Some(feature) = tree.feature[node] {
            node = super::tree::child(tree, node, row[feature as usize]);
        }
        let leaf = super::tree::leaf_value(tree, node);
        let (first, share) =
            if *is_mean { (0, 1.0 / trees.len() as f64) } else { (number % start.len(), 1.0) };
        sums[first..].iter_mut().zip(leaf).for_each(|(sum, value)| *sum += share * value);
    }
    sums
}

#[test]
fn the_trees_of_every_family_equal_the_definition_over_2_to_the_6() {
    let fixture = fixture();
    let x = matrix(&fixture["x"]);
    let back = x.slice(s![20..40, ..]);
    for name in ["decision_tree", "random_forest", "gradient_boosting"] {
        let few =
            if name == "decision_tree" { vec![] } else { vec![("n_estimators", Value::Int(6))] };
        let numeric = Labels::Values(numbers(&fixture["signal"]));
        for y in [three_classes(&fixture), numeric] {
            let model = fit(name, &x, y, &few);
            let form = model.form();
            let got = tree_interventional(&form, x.slice(s![..3, ..]), back).unwrap();
            for row in 0..3 {
                let outputs = got.base.len();
                for output in 0..outputs {
                    let expect = shapley(6, |code| {
                        let worth = back.rows().into_iter().map(|other| {
                            let mix =
                                |j: usize| if code >> j & 1 == 1 { x[[row, j]] } else { other[j] };
                            raw(&form, &(0..6).map(mix).collect::<Vec<_>>())[output]
                        });
                        worth.sum::<f64>() / 20.0
                    });
                    for (j, value) in expect.iter().enumerate() {
                        let found = got.values[[row, output, j]];
                        assert!((found - value).abs() < 1e-12, "{name} {row} {output} {j}");
                    }
                    let sum = got.output(row, output);
                    assert!((sum - raw(&form, &x.row(row).to_vec())[output]).abs() < 1e-12);
                }
            }
        }
    }
}

#[test]
fn a_feature_that_a_row_lacks_is_no_player_of_its_game() {
    let fixture = fixture();
    let x = matrix(&fixture["x"]);
    let back = x.slice(s![20..40, ..]);
    let numeric = Labels::Values(numbers(&fixture["signal"]));
    let form = fit("random_forest", &x, numeric, &[("n_estimators", Value::Int(6))]).form();
    let mut rows = x.slice(s![..2, ..]).to_owned();
    (rows[[0, 1]], rows[[0, 4]]) = (f64::NAN, f64::NAN);
    let got = tree_interventional_of_partial(&form, rows.view(), back).unwrap();
    let expect = shapley(6, |code| {
        let worth = back.rows().into_iter().map(|other| {
            let has = |j: usize| code >> j & 1 == 1 && !rows[[0, j]].is_nan();
            let mix = |j: usize| if has(j) { rows[[0, j]] } else { other[j] };
            raw(&form, &(0..6).map(mix).collect::<Vec<_>>())[0]
        });
        worth.sum::<f64>() / 20.0
    });
    for (j, value) in expect.iter().enumerate() {
        assert!((got.values[[0, 0, j]] - value).abs() < 1e-12, "{j}");
    }
    assert!(got.values[[0, 0, 1]] == 0.0 && got.values[[0, 0, 4]] == 0.0);
    let whole = tree_interventional(&form, x.slice(s![1..2, ..]), back).unwrap();
    assert_eq!(got.values.slice(s![1.., .., ..]), whole.values);
    assert!(tree_interventional(&form, rows.view(), back).is_err());
    assert!(tree_interventional_of_partial(&form, x.view(), rows.view()).is_err());
}

/// Rows that reach a node.
fn reach(tree: &FlatTree, x: &Array2<f64>, wanted: usize) -> Vec<usize> {
    let reaches = |&row: &usize| {
        let mut node = 0;
        while node != wanted {
            let Some(feature) = tree.feature[node] else { return false };
            node = super::tree::child(tree, node, x[[row, feature as usize]]);
        }
        true
    };
    (0..x.nrows()).filter(reaches).collect()
}
/// The expectation with the features of `code` known, by the counts of the rows in each node.
fn worth(tree: &FlatTree, x: &Array2<f64>, node: usize, row: usize, code: usize) -> f64 {
    let Some(feature) = tree.feature[node] else { return tree.value[node] };
    let j = feature as usize;
    let (left, right) = (tree.left[node] as usize, tree.right[node] as usize);
    if code >> j & 1 == 1 {
        return worth(tree, x, super::tree::child(tree, node, x[[row, j]]), row, code);
    }
    let share = reach(tree, x, left).len() as f64 / reach(tree, x, node).len() as f64;
    share * worth(tree, x, left, row, code) + (1.0 - share) * worth(tree, x, right, row, code)
}

#[test]
fn path_dependent_values_equal_the_definition_and_add_up_in_deep_trees() {
    let fixture = fixture();
    let x = matrix(&fixture["x"]);
    let model = fit("decision_tree", &x, Labels::Values(numbers(&fixture["signal"])), &[]);
    let form = model.form();
    let Form::Trees { trees, .. } = &form else { unreachable!() };
    let tree = &trees[0];
    let got = tree_path_dependent(&form, x.slice(s![..3, ..]), x.view()).unwrap();
    for row in 0..3 {
        let values = shapley(6, |code| worth(tree, &x, 0, row, code));
        for (j, value) in values.iter().enumerate() {
            assert!((got.values[[row, 0, j]] - value).abs() < 1e-12, "{row} {j}");
        }
        assert!((got.output(row, 0) - raw(&form, &x.row(row).to_vec())[0]).abs() < 1e-12);
    }
}

#[test]
fn a_path_of_many_features_adds_up() {
    // A comb of 120 features: deep enough that the usual unwinding of paths loses digits.
    let n = 120;
    let mut tree = FlatTree { width: 1, ..FlatTree::default() };
    for j in 0..n {
        tree.feature.extend([Some(j as u32), None]);
        tree.threshold.extend([0.5, 0.0]);
        tree.left.extend([2 * j as u32 + 1, 0]);
        tree.right.extend([2 * j as u32 + 2, 0]);
        tree.value.extend([0.0, f64::from(j as u32)]);
    }
    tree.feature.push(None);
    tree.threshold.push(0.0);
    tree.left.push(0);
    tree.right.push(0);
    tree.value.push(1000.0);
    let form =
        Form::Trees { trees: vec![tree], start: vec![0.0], is_mean: true, link: Link::Identity };
    let mut rng = crate::numeric::Rng::new(3);
    let back = Array2::from_shape_simple_fn((400, n), || rng.unit().powf(0.2));
    let x = Array2::from_elem((1, n), 1.0);
    let got = tree_path_dependent(&form, x.view(), back.view()).unwrap();
    assert!((got.output(0, 0) - 1000.0).abs() < 1e-9, "{}", got.output(0, 0));
    let other = tree_interventional(&form, x.view(), back.view()).unwrap();
    assert!((other.output(0, 0) - 1000.0).abs() < 1e-9, "{}", other.output(0, 0));
}

#[test]
fn sampled_orders_come_near_all_coalitions_and_know_how_near() {
    let fixture = fixture();
    let x = matrix(&fixture["x"]);
    // Twelve features, the second six of which do nothing.
    let wide = ndarray::concatenate![ndarray::Axis(1), x, x];
    let (rows, back) = (wide.slice(s![..3, ..]), wide.slice(s![10..30, ..]));
    let options = KernelOptions { pairs: 200, seed: 5 };
    let got = kernel(&formula, rows, back, &Groups::single(&names(12)), &options).unwrap();
    assert_eq!(got.method, Method::KernelSampled);
    let narrow = Groups::single(&names(6));
    let exact =
        kernel(&formula, x.slice(s![..3, ..]), x.slice(s![10..30, ..]), &narrow, &options).unwrap();
    let errors = got.errors.as_ref().unwrap();
    for row in 0..3 {
        for j in 0..6 {
            let off = (got.values[[row, 0, j]] - exact.values[[row, 0, j]]).abs();
            assert!(off <= 4.0 * errors[[row, 0, j]] + 1e-12, "{row} {j}: {off}");
            assert!(errors[[row, 0, j]] < 0.02);
            assert!(got.values[[row, 0, j + 6]].abs() < 1e-12);
        }
        assert!((got.output(row, 0) - exact.output(row, 0)).abs() < 1e-12);
    }
    let again = kernel(&formula, rows, back, &Groups::single(&names(12)), &options).unwrap();
    assert_eq!(again, got);
}

#[test]
fn linear_and_kernel_agree_on_groups() {
    let fixture = fixture();
    let x = matrix(&fixture["x"]);
    let model = fit("linear", &x, Labels::Values(numbers(&fixture["signal"])), &[]);
    let groups = Groups { names: names(3), of: vec![0, 1, 0, 2, 2, 2] };
    let rows = x.slice(s![..4, ..]);
    let sums = linear(&model.form(), rows, x.view()).unwrap().grouped(&groups).unwrap();
    let predict = |x: ArrayView2<'_, f64>| model.predict(x);
    let players = kernel(&predict, rows, x.view(), &groups, &KernelOptions::default()).unwrap();
    assert!(sums.values.iter().zip(&players.values).all(|(a, b)| (a - b).abs() < 1e-12));
    assert_eq!(sums.mean_absolute().len(), 1);
}

#[test]
fn every_family_is_explained_and_adds_up() {
    let fixture = fixture();
    let x = matrix(&fixture["x"]);
    let (rows, back) = (x.slice(s![..2, ..]), x.slice(s![..10, ..]));
    let groups = Groups::single(&names(6));
    for family in crate::trainer::catalogue() {
        let y = if family.capabilities().classification {
            three_classes(&fixture)
        } else {
            Labels::Values(numbers(&fixture["signal"]))
        };
        let model = fit(family.name(), &x, y, &[]);
        let predict = |x: ArrayView2<'_, f64>| model.predict(x);
        let got = kernel(&predict, rows, back, &groups, &KernelOptions::default()).unwrap();
        let said = match model.predict(rows) {
            Prediction::Values(values) => values,
            Prediction::Classes { scores: Some(scores), .. } => scores,
            Prediction::Classes { codes, n_classes, .. } => codes
                .iter()
                .flat_map(|&code| {
                    (0..n_classes as u32).map(move |c| f64::from(u8::from(c == code)))
                })
                .collect(),
        };
        // What the exact methods say sums to the raw outputs; the others are the kernel itself.
        let chosen = shap(&*model, rows, back, &groups, &KernelOptions::default()).unwrap();
        let is_exact = matches!(chosen.method, Method::Linear | Method::TreeInterventional);
        assert!(is_exact || chosen == got, "{}", family.name());
        let outputs = got.base.len();
        for (at, value) in said.iter().enumerate() {
            let sum = got.output(at / outputs, at % outputs);
            assert!((sum - value).abs() < 1e-10, "{}: {sum} {value}", family.name());
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let x = Array2::zeros((2, 3));
    let none = Array2::zeros((0, 3));
    let form = Form::Constant { outputs: vec![1.0], is_classifier: false };
    let form_error = |result: Result<Attributions, ExplainError>| result.unwrap_err().to_string();
    assert!(form_error(linear(&form, x.view(), x.view())).contains("does not explain a constant"));
    let trees =
        Form::Trees { trees: vec![], start: vec![0.0], is_mean: false, link: Link::Identity };
    assert!(form_error(tree_interventional(&trees, x.view(), none.view())).contains("background"));
    let mut bad = x.clone();
    bad[[0, 1]] = f64::NAN;
    assert!(form_error(tree_path_dependent(&trees, bad.view(), x.view())).contains("'NaN'"));
    let one = KernelOptions { pairs: 1, seed: 0 };
    let groups = Groups::single(&names(3));
    assert!(form_error(kernel(&formula, x.view(), x.view(), &groups, &one)).contains("'pairs'"));
    let few = Groups::single(&names(2));
    let options = KernelOptions::default();
    assert!(
        form_error(kernel(&formula, x.view(), x.view(), &few, &options)).contains("2 features")
    );
}

#[test]
fn a_background_is_drawn_once_and_for_all() {
    assert_eq!(background_rows(5, 9, 1), [0, 1, 2, 3, 4]);
    let some = background_rows(1000, 100, 1);
    assert!(some.len() == 100 && some.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(some, background_rows(1000, 100, 1));
    assert_ne!(some, background_rows(1000, 100, 2));
}
