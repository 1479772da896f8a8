//! Permutation importance against scikit-learn (`tests/fixtures/explain.py`), and its intervals.

use super::*;
use crate::data::{Column, ColumnType};
use ndarray::Array2;
use serde_json::Value as Json;

fn numbers(json: &Json) -> Vec<f64> {
    match json {
        Json::Array(list) => list.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

/// A linear model over the rows of the fixture.
fn predict(x: ArrayView2<'_, f64>, coef: &[f64], intercept: f64, classes: bool) -> Prediction {
    let line = x
        .rows()
        .into_iter()
        .map(|row| intercept + row.iter().zip(coef).map(|(x, beta)| x * beta).sum::<f64>());
    if !classes {
        return Prediction::Values(line.collect());
    }
    let both = line.map(|z| 1.0 / (1.0 + (-z).exp())).flat_map(|p| [1.0 - p, p]);
    Prediction::from_probabilities(both.collect(), 2)
}

#[test]
fn the_same_shuffles_give_scikit_learns_importances() {
    let fixture: Json =
        serde_json::from_str(include_str!("../../tests/fixtures/explain.json")).unwrap();
    let x = Array2::from_shape_vec((80, 6), numbers(&fixture["x"])).unwrap();
    for case in fixture["permutation"].as_array().unwrap() {
        let expect = case["metrics"].as_object().unwrap();
        let metrics: Vec<String> = expect.keys().cloned().collect();
        let is_classifier = metrics.iter().any(|name| name == "accuracy");
        let truth = if is_classifier {
            let codes = numbers(&fixture["y2"]).into_iter().map(|v| v as u32).collect();
            Labels::Classes { codes, n_classes: 2, positive: 1 }
        } else {
            Labels::Values(numbers(&fixture["signal"]))
        };
        let (coef, intercept) = (numbers(&case["coef"]), case["intercept"].as_f64().unwrap());
        let orders: Vec<Vec<usize>> = numbers(&case["orders"])
            .chunks(80)
            .map(|order| order.iter().map(|&row| row as usize).collect())
            .collect();
        let options = PermutationOptions { repeats: 4, draws: 0, seed: 0 };
        let rows = Scored { truth: &truth, weights: None, metrics: &metrics, options };
        let whole = predict(x.view(), &coef, intercept, is_classifier);
        let study = Study::new(&rows, 80, &whole).unwrap();
        for feature in 0..6 {
            let found = study
                .importance("x".into(), &orders, |order| {
                    let mut shuffled = x.clone();
                    order.iter().enumerate().for_each(|(to, &from)| {
                        shuffled[[to, feature]] = x[[from, feature]];
                    });
                    Ok(predict(shuffled.view(), &coef, intercept, is_classifier))
                })
                .unwrap();
            for score in &found.scores {
                let expect = &expect[&score.metric];
                let repeats = numbers(&expect["repeats"][feature]);
                for (a, b) in score.repeats.iter().zip(&repeats) {
                    assert!((a - b).abs() < 1e-12, "{} {feature}: {a} {b}", score.metric);
                }
                let sd = expect["sd"][feature].as_f64().unwrap();
                assert!((score.sd - sd).abs() < 1e-12);
            }
        }
    }
}

/// A table of two numbers and a category, and what a fixed model says of it.
fn table(n: usize, seed: u64) -> (Table, Labels) {
    let mut rng = Rng::new(seed);
    let mut column = |name: &str| Column {
        name: name.into(),
        kind: ColumnType::Number,
        values: Values::Numbers((0..n).map(|_| rng.normal()).collect()),
        null_spellings: vec![],
        date_style: None,
    };
    let (strong, idle) = (column("strong"), column("idle"));
    let codes: Vec<u32> = (0..n).map(|row| (row % 3) as u32).collect();
    let levels = ["a", "b", "c"].map(String::from).to_vec();
    let word = Column {
        name: "word".into(),
        kind: ColumnType::Category,
        values: Values::Codes { codes, levels },
        null_spellings: vec![],
        date_style: None,
    };
    let table = Table { columns: vec![strong, idle, word], n_rows: n };
    let Ok(Prediction::Values(signal)) = model(&table) else { unreachable!() };
    let mut rng = Rng::new(seed + 1000);
    let truth = Labels::Values(signal.iter().map(|v| v + rng.normal()).collect());
    (table, truth)
}

fn model(table: &Table) -> Result<Prediction, String> {
    let (Values::Numbers(strong), Values::Codes { codes, .. }) =
        (&table.columns[0].values, &table.columns[2].values)
    else {
        return Err("other columns".into());
    };
    let said = strong.iter().zip(codes).map(|(x, &code)| 2.0 * x + f64::from(code));
    Ok(Prediction::Values(said.collect()))
}

fn columns() -> Vec<Vec<String>> {
    ["strong", "idle", "word"].map(|name| vec![name.to_string()]).to_vec()
}

#[test]
fn a_column_is_shuffled_as_a_whole_and_an_idle_one_costs_nothing() {
    let (table, truth) = table(300, 1);
    let metrics = ["r2".to_string(), "mae".to_string()];
    let options = PermutationOptions::default();
    let rows = Scored { truth: &truth, weights: None, metrics: &metrics, options };
    let found = permutation(&table, &rows, &columns(), model).unwrap();
    for score in &found[1].scores {
        assert_eq!((score.mean, score.error), (0.0, 0.0));
    }
    for score in found[0].scores.iter().chain(&found[2].scores) {
        assert!(score.lower > 0.0 && score.error > score.sd / 4.0, "{score:?}");
    }
    assert!(found[0].scores[0].mean > found[2].scores[0].mean);
    let again = permutation(&table, &rows, &columns(), model).unwrap();
    assert_eq!(again, found);
    let both = vec![vec!["strong".to_string(), "word".to_string()]];
    let joined = permutation(&table, &rows, &both, model).unwrap();
    assert_eq!(joined[0].name, "strong + word");
    assert!(joined[0].scores[0].mean > found[0].scores[0].mean);
}

/// E[(y − f(x'))² − (y − f(x))²] = 2 · 4 · Var(x) = 8 for the column `strong`.
#[test]
fn the_interval_covers_the_true_importance() {
    let metrics = ["rmse".to_string()];
    let options = PermutationOptions { repeats: 5, draws: 50, seed: 3 };
    let truth_of = (1.0f64 + 8.0).sqrt() - 1.0;
    let covered = (0..60).filter(|&seed| {
        let (table, truth) = table(200, 7 * seed);
        let rows = Scored { truth: &truth, weights: None, metrics: &metrics, options };
        let found = permutation(&table, &rows, &columns()[..1], model).unwrap();
        let score = &found[0].scores[0];
        (score.lower..=score.upper).contains(&truth_of)
    });
    let covered = covered.count();
    assert!((52..=60).contains(&covered), "{covered} of 60");
}

#[test]
fn what_is_missing_is_named() {
    let (table, truth) = table(30, 2);
    let metrics = ["r2".to_string()];
    let mut rows = Scored {
        truth: &truth,
        weights: None,
        metrics: &metrics,
        options: PermutationOptions::default(),
    };
    let told = |rows: &Scored<'_>, name: &str| {
        permutation(&table, rows, &[vec![name.into()]], model).unwrap_err().to_string()
    };
    assert_eq!(told(&rows, "age"), "no column 'age' to explain; mend: one of strong, idle, word");
    rows.options.repeats = 0;
    assert!(told(&rows, "idle").contains("'repeats' cannot be 0"));
    let wrong = ["roc_auc".to_string()];
    let rows = Scored { metrics: &wrong, options: PermutationOptions::default(), ..rows };
    assert!(told(&rows, "idle").contains("'roc_auc' is not defined for regression"));
}
