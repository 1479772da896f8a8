//! Greedy selection against NumPy's (`tests/fixtures/ensemble.py`), and its guards.

use super::*;
use serde_json::Value as Json;

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn fixture() -> Json {
    serde_json::from_str(include_str!("../../tests/fixtures/ensemble.json")).unwrap()
}

/// The probabilities of the fixture, as two columns or as one.
fn pool(fixture: &Json, width: usize) -> Vec<Vec<f32>> {
    let wide = |p: f64| if width == 2 { vec![1.0 - p as f32, p as f32] } else { vec![p as f32] };
    let run = |run: &Json| numbers(run).into_iter().flat_map(wide).collect();
    fixture["oof"].as_array().unwrap().iter().map(run).collect()
}

fn views<'a>(pool: &'a [Vec<f32>], rows: &'a [u32]) -> Vec<OutOfFoldView<'a>> {
    let width = pool[0].len() / rows.len();
    pool.iter().map(|values| OutOfFoldView { rows, width, values }).collect()
}

fn single(rounds: usize) -> EnsembleOptions {
    EnsembleOptions { rounds, candidates: 50, bags: 1, seed: 0 }
}

fn classes(fixture: &Json) -> Labels {
    let codes = numbers(&fixture["y"]).into_iter().map(|v| v as u32).collect();
    Labels::Classes { codes, n_classes: 2, positive: 1 }
}

#[test]
fn agrees_with_numpy() {
    let fixture = fixture();
    let y = numbers(&fixture["y"]);
    let rows: Vec<u32> = (0..y.len() as u32).collect();
    for (metric, expect) in fixture["expect"].as_object().unwrap() {
        let is_number = metric == "rmse";
        let truth = if is_number { Labels::Values(y.clone()) } else { classes(&fixture) };
        let pool = pool(&fixture, if is_number { 1 } else { 2 });
        let got = select_ensemble(&views(&pool, &rows), &truth, None, metric, &single(30)).unwrap();
        let mut weights = vec![0.0; pool.len()];
        got.members.iter().for_each(|&(at, weight)| weights[at] = weight);
        let sign = if metric == "roc_auc" { -1.0 } else { 1.0 };
        let close = |a: f64, b: f64| (a - sign * b).abs() < 1e-7;
        for (a, b) in weights.iter().zip(numbers(&expect["weights"])) {
            assert!((a - b).abs() < 1e-12, "{metric}: {weights:?}");
        }
        for (a, b) in got.history.iter().zip(numbers(&expect["history"])) {
            assert!(close(*a, b), "{metric}: {a} {b}");
        }
        assert!(close(got.uniform, expect["uniform"].as_f64().unwrap()));
        assert!(close(got.best_single.1, expect["single"].as_f64().unwrap()));
        // Selected on its own rows it looks better than where it did not see them.
        let optimism = sign * (got.nested.unwrap() - got.score);
        assert!(optimism >= 0.0, "{metric}: {} {:?}", got.score, got.nested);
    }
}

#[test]
fn bags_spread_the_weight_and_repeat_to_the_bit() {
    let fixture = fixture();
    let pool = pool(&fixture, 2);
    let rows: Vec<u32> = (0..240).collect();
    let options = EnsembleOptions::for_rows(240);
    let select =
        || select_ensemble(&views(&pool, &rows), &classes(&fixture), None, "log_loss", &options);
    let got = select().unwrap();
    let one =
        select_ensemble(&views(&pool, &rows), &classes(&fixture), None, "log_loss", &single(50));
    assert!(got.members.len() > one.unwrap().members.len());
    let total: f64 = got.members.iter().map(|(_, weight)| weight).sum();
    assert!((total - 1.0).abs() < 1e-12);
    assert_eq!(select().unwrap(), got);
}

#[test]
fn runs_that_cannot_be_averaged_are_refused_or_vote() {
    let truth = Labels::Classes { codes: vec![0, 1, 0, 1], n_classes: 2, positive: 1 };
    let (rows, other) = ([0, 1, 2, 3], [0, 1, 2, 4]);
    let good = [0.9f32, 0.1, 0.2, 0.8, 0.7, 0.3, 0.4, 0.6];
    let decisions = [3.0f32, -3.0, -2.0, 2.0, 1.0, -1.0, -0.5, 0.5];
    let mut broken = good;
    broken[3] = f32::NAN;
    let view = |rows, values| OutOfFoldView { rows, width: 2, values };
    let pool = [
        view(&rows, &good[..]),
        view(&other, &good),
        view(&rows, &decisions),
        view(&rows, &broken),
    ];
    let got = select_ensemble(&pool, &truth, None, "log_loss", &single(5)).unwrap();
    assert_eq!(got.refused.len(), 2);
    assert!(
        got.refused[0]
            == (1, "its predictions are of other rows or classes than the first run's".into())
    );
    assert!(got.refused[1].1.contains("'NaN'"));
    assert_eq!(got.voters, [2]);
    // The votes are all right, and sure.
    assert_eq!(got.best_single.0, 2);
    assert_eq!(got.nested, None);
}

#[test]
fn what_cannot_be_is_said() {
    let truth = Labels::Values(vec![1.0, 2.0]);
    let rows = [4, 7];
    let run = OutOfFoldView { rows: &rows, width: 1, values: &[1.0, 2.5] };
    let told = |pool: &[OutOfFoldView<'_>], metric: &str, rounds| {
        select_ensemble(pool, &truth, None, metric, &single(rounds)).unwrap_err().to_string()
    };
    assert!(
        told(&[], "rmse", 5).starts_with("no run can be in an ensemble: the pool has none; mend")
    );
    assert!(told(&[run], "rmse", 0).contains("'rounds' cannot be 0"));
    assert!(told(&[run], "rsme", 5).contains("no metric is called 'rsme'"));
    assert!(told(&[run], "predict_us", 5).contains("'predict_us' is measured"));
    assert!(told(&[run], "roc_auc", 5).contains("'roc_auc' is not defined for regression"));
    let longer = Labels::Values(vec![1.0, 2.0, 3.0]);
    let told = select_ensemble(&[run], &longer, None, "rmse", &single(5)).unwrap_err().to_string();
    assert!(told.contains("2 rows × 1 predicted, 3 rows × 1 of truth"), "{told}");
}
