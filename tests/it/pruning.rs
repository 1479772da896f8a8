//! Pruned trials of built-in models, from the sweep file to the record.

use crate::program::{Place, json};
use serde_json::Value;

const SWEEP: &str = r#"
name = "race"

[objective]
metric = "accuracy"

[data]
path = "assets/iris.csv"
target = "target"
folds = 3
metrics = ["accuracy", "log_loss"]

[models.gradient_boosting]
n_estimators = 24
learning_rate = { low = 0.001, high = 0.5, log = true }
max_depth = { low = 1, high = 4 }

[models.random_forest]
n_estimators = 24
max_depth = { low = 1, high = 6 }

[models.logistic]
C = { low = 1e-4, high = 100.0, log = true }

[models.knn]
n_neighbors = { low = 1, high = 60 }

[search]
sampler = "random"
seed = 3
pruner = PRUNER

[budget]
trials = 24

[resources]
jobs = 1
"#;

/// Every run of a sweep with its points, without what differs from run to run.
fn race(pruner: &str) -> Vec<Value> {
    let place = Place::with_examples();
    place.write("race.toml", &SWEEP.replace("PRUNER", pruner));
    let ran = place.derby(&["sweep", "race.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    (1..=24)
        .map(|run: u32| {
            let shown = json(&place.derby(&["show", &run.to_string(), "--json"]));
            serde_json::json!({
                "run": run, "params": shown["params"], "status": shown["status"],
                "reason": shown["reason"], "metrics": shown["metrics"], "points": shown["points"],
            })
        })
        .collect()
}

/// The steps of accuracy on each fold, in order.
fn steps(run: &Value) -> Vec<(String, Vec<i64>)> {
    let mut folds: Vec<(String, Vec<i64>)> = Vec::new();
    let points = run["points"].as_array().unwrap();
    for point in points.iter().filter(|point| point["metric"] == "accuracy") {
        let (context, step) = (point["context"].as_str().unwrap(), point["step"].as_i64().unwrap());
        match folds.last_mut() {
            Some((last, steps)) if last == context => steps.push(step),
            _ => folds.push((context.to_string(), vec![step])),
        }
    }
    folds
}

fn check(pruner: &str, word: &str) {
    let runs = race(pruner);
    assert_eq!(runs, race(pruner), "{word}: twice the same");
    let has = |status: &str| runs.iter().filter(|run| run["status"] == status).count();
    assert!(has("pruned") > 1 && has("done") > 5, "{word}: {} pruned", has("pruned"));
    assert_eq!(has("pruned") + has("done"), 24, "{word}");
    let rounds = [1, 2, 3, 4, 6, 8, 12, 16, 24];
    for run in &runs {
        let steps = steps(run);
        let model = run["params"]["model"].as_str().unwrap();
        let curve: &[i64] = if model == "knn" { &[1] } else { &rounds };
        let whole = |(_, steps): &(String, Vec<i64>)| model == "logistic" || steps == curve;
        if run["status"] == "done" {
            assert!(steps.len() == 3 && steps.iter().all(whole), "{word}: {run}");
            assert_eq!(run["metrics"]["accuracy"]["n"], 3, "{word}: {run}");
            continue;
        }
        let ((fold, last), before) = steps.split_last().unwrap();
        assert!(before.iter().all(whole), "{word}: {run}");
        assert!(model == "logistic" || curve.starts_with(last), "{word}: {run}");
        let place = format!("{word} at step {} of {fold}: ", last.last().unwrap());
        assert!(run["reason"].as_str().unwrap().starts_with(&place), "{word}: {run}");
        assert_eq!(run["metrics"], serde_json::json!({}), "{word}: {run}");
    }
}

#[test]
fn halving_ends_trials_at_a_round_of_a_fold() {
    check("{ kind = \"asha\", min_steps = 1, grace = 2 }", "asha");
}

#[test]
fn the_median_ends_trials_at_a_round_of_a_fold() {
    check("\"median\"", "median");
}

#[test]
fn a_result_is_taken_over_with_its_curve() {
    let place = Place::with_examples();
    let write = |name: &str, pruner: &str| {
        let text = SWEEP.replace("name = \"race\"", &format!("name = \"{name}\""));
        let text = text.replace("pruner = PRUNER", pruner).replace("trials = 24", "trials = 4");
        place.write(&format!("{name}.toml"), &text);
    };
    write("plain", "");
    write("race", "pruner = \"median\"");
    write("again", "pruner = { kind = \"asha\", grace = 1000 }");
    for file in ["plain.toml", "race.toml", "again.toml"] {
        let ran = place.derby(&["sweep", file]);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    let show = |run: u32| json(&place.derby(&["show", &run.to_string(), "--json"]));
    for trial in 1..=4 {
        let (first, again) = (show(trial + 4), show(trial + 8));
        assert_eq!(first["cached_from"], Value::Null, "a run without a curve does not do");
        assert_eq!(again["cached_from"], first["id"]);
        assert_eq!(steps(&again), steps(&first));
        assert_eq!(show(trial)["metrics"]["accuracy"], first["metrics"]["accuracy"]);
    }
}
