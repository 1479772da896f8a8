//! Trials that are raced fold by fold, from the sweep file to the record.

use crate::program::{Place, json};
use serde_json::Value;

const SWEEP: &str = r#"
name = "raced"

[objective]
metric = "log_loss"

[data]
path = "assets/iris.csv"
target = "target"
folds = 5
metrics = ["accuracy", "log_loss"]

[models.random_forest]
n_estimators = 8
max_depth = { low = 1, high = 6 }

[models.logistic]
C = { low = 1e-4, high = 100.0, log = true }

[models.knn]
n_neighbors = { low = 1, high = 60 }

[search]
SEARCH
seed = 3

[budget]
trials = 30
"#;

const RACE: &str = "{ kind = \"race\", n_startup_trials = 3 }";

fn place_of(search: &str) -> Place {
    let place = Place::with_examples();
    place.write("raced.toml", &SWEEP.replace("SEARCH", search));
    place
}

/// Every run of the sweep, without what differs from run to run, by trial.
fn runs(place: &Place) -> Vec<Value> {
    let runs = json(&place.derby(&["runs", "sweep:raced", "--json"]));
    let mut runs: Vec<Value> = runs
        .as_array()
        .unwrap()
        .iter()
        .map(|run| {
            let keys = ["trial", "params", "status", "reason", "metrics"];
            keys.into_iter().map(|key| (key.to_string(), run[key].clone())).collect()
        })
        .collect();
    runs.iter_mut().for_each(drop_timings);
    runs.sort_by_key(|run| run["trial"].as_u64());
    runs
}

fn drop_timings(run: &mut Value) {
    if let Some(metrics) = run["metrics"].as_object_mut() {
        metrics.retain(|name, _| name == "log_loss" || name == "accuracy");
    }
}

fn sweep(place: &Place, args: &[&str]) {
    let ran = place.derby(&[&["sweep", "raced.toml"], args].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
}

fn has(runs: &[Value], status: &str) -> usize {
    runs.iter().filter(|run| run["status"] == status).count()
}

#[test]
fn a_race_saves_folds_and_changes_no_choice() {
    let best = |place: &Place| json(&place.derby(&["best", "raced", "--json"]))["params"].clone();
    let plain = place_of("sampler = \"random\"");
    sweep(&plain, &["--jobs", "1"]);
    let raced = place_of(&format!("sampler = \"random\"\npruner = {RACE}"));
    sweep(&raced, &["--jobs", "1"]);
    let (all, some) = (runs(&plain), runs(&raced));
    assert_eq!(has(&all, "done"), all.len());
    assert!(has(&some, "pruned") > 8 && has(&some, "done") > 3, "{some:#?}");
    assert_eq!(has(&some, "pruned") + has(&some, "done"), all.len());
    assert_eq!(best(&plain), best(&raced));
    for (whole, run) in all.iter().zip(&some) {
        assert_eq!(run["params"], whole["params"]);
        if run["status"] == "done" {
            assert_eq!(run["metrics"], whole["metrics"]);
        } else {
            let reason = run["reason"].as_str().unwrap();
            assert!(
                reason.starts_with("race after fold=") && reason.contains("of 5 folds"),
                "{reason}"
            );
            assert_eq!(run["metrics"], serde_json::json!({}), "no score of some folds");
        }
    }
}

#[test]
fn a_reproducible_race_is_the_same_for_any_number_of_jobs_and_after_a_kill() {
    let search = format!("sampler = \"tpe\"\nreproducible = true\nlag = 4\npruner = {RACE}");
    // From 11 folds on their names are not in the order of the alphabet.
    let place_of = |search: &str| {
        let place = place_of(search);
        place.write(
            "raced.toml",
            &SWEEP.replace("SEARCH", search).replace("folds = 5", "folds = 11"),
        );
        place
    };
    let alone = place_of(&search);
    sweep(&alone, &["--jobs", "1"]);
    let first = runs(&alone);
    assert!(has(&first, "pruned") > 3, "{first:#?}");
    let beside = place_of(&search);
    sweep(&beside, &["--jobs", "4"]);
    assert_eq!(runs(&beside), first);
    let resumed = place_of(&search);
    sweep(&resumed, &["--jobs", "2", "--trials", "9"]);
    let killed =
        resumed.derby_with(&["sweep", "raced.toml", "--jobs", "1"], &[("DERBY_FAULT", "ended:8")]);
    assert_ne!(killed.code, 0);
    sweep(&resumed, &["--jobs", "3", "--trials", "30"]);
    let again: Vec<Value> =
        runs(&resumed).into_iter().filter(|run| run["status"] != "killed").collect();
    assert_eq!(again, first);
}

#[test]
fn a_race_without_folds_is_refused() {
    let place = Place::with_examples();
    let refused = |text: &str, part: &str| {
        place.write("raced.toml", text);
        let ran = place.derby(&["sweep", "raced.toml"]);
        assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
        assert!(ran.err.contains(part), "{}", ran.err);
    };
    let two = SWEEP.replace("SEARCH", "pruner = \"race\"").replace("folds = 5", "folds = 2");
    refused(&two, "'race' compares trials fold by fold after 2 folds or more, and there are 2");
    let search = "[search]\npruner = \"race\"\n[budget]\ntrials = 9\n";
    let params = "[params]\nx = { low = 0.0, high = 1.0 }\n";
    let function = format!("function = \"sphere\"\n{search}{params}");
    refused(&function, "and there are none; mend: a sweep of models");
    let command = format!(
        "[objective]\nmetric = \"loss\"\ngoal = \"minimize\"\n[command]\nmetrics = \"jsonl\"\n\
         run = [\"sh\", \"-c\", 'echo \"{{{{\\\"loss\\\": $DERBY_PARAM_X}}}}\"']\n{search}{params}"
    );
    refused(&command, "reported 1; mend: report the folds");
}
