//! Decisions of Optuna's pruners, from `tests/fixtures/pruners.json`: the rules here answer alike everywhere.
//!
//! Options that differ by default are set alike there: Optuna's halving has no grace, and its number of brackets is
//! ⌊log⌋ in floats. Optuna refuses negative steps, and puts a trial that is first judged late into the rungs that it
//! passed with its present value instead of the one that it had there; those are tested in [`super::judge_tests`].

use super::{
    AshaOptions, HyperbandOptions, Judge, MedianOptions, PatienceOptions, PercentileOptions,
    Setting, ThresholdOptions, TrialEnd, WilcoxonOptions,
};
use crate::domain::Goal;
use serde_json::Value;

#[derive(serde::Deserialize)]
struct Replay {
    goal: Goal,
    key: String,
    pruner: Value,
    events: Vec<Value>,
}

/// A setting from the words of the sweep file.
fn setting(from: &Value) -> Setting {
    let int = |key: &str, default: i64| from[key].as_i64().unwrap_or(default);
    let float = |key: &str| from[key].as_f64();
    let when = MedianOptions {
        n_startup_trials: int("n_startup_trials", 5) as u64,
        n_warmup_steps: int("n_warmup_steps", 0),
        interval_steps: int("interval_steps", 1),
        n_min_trials: int("n_min_trials", 1) as u64,
    };
    match from["kind"].as_str().unwrap() {
        "median" => Setting::Median(when),
        "percentile" => Setting::Percentile(PercentileOptions {
            percentile: float("percentile").unwrap(),
            when,
        }),
        "asha" => Setting::Asha(AshaOptions {
            eta: int("eta", 3),
            min_steps: from["min_steps"].as_i64(),
            min_early_stopping_rate: int("min_early_stopping_rate", 0) as u32,
            bootstrap: int("bootstrap", 0) as u64,
            grace: from["grace"].as_i64(),
        }),
        "hyperband" => Setting::Hyperband(HyperbandOptions {
            eta: int("eta", 3),
            min_steps: int("min_steps", 1),
            max_steps: from["max_steps"].as_i64(),
            bootstrap: int("bootstrap", 0) as u64,
        }),
        "threshold" => Setting::Threshold(ThresholdOptions {
            lower: float("lower"),
            upper: float("upper"),
            n_warmup_steps: when.n_warmup_steps,
            interval_steps: when.interval_steps,
        }),
        "patience" => Setting::Patience(PatienceOptions {
            patience: int("patience", 5) as usize,
            min_delta: float("min_delta").unwrap_or(0.0),
            wrapped: from.get("wrapped").map(|inner| Box::new(setting(inner))),
        }),
        "wilcoxon" => Setting::Wilcoxon(WilcoxonOptions {
            p_threshold: float("p_threshold").unwrap_or(0.1),
            n_startup_steps: int("n_startup_steps", 2) as u64,
        }),
        kind => panic!("{kind}"),
    }
}

/// Replays one study; how many trials were pruned.
fn check(replay: &Replay) -> usize {
    let judge = Judge::new(setting(&replay.pruner), replay.goal, &replay.key);
    let mut n_pruned = 0;
    for event in &replay.events {
        let trial = event[0].as_u64().unwrap();
        if let Some(end) = event[1].as_str() {
            judge.finish(trial, if end == "done" { TrialEnd::Done } else { TrialEnd::Failed });
            continue;
        }
        let step = event[1].as_i64().unwrap();
        let value = event[2].as_f64().unwrap_or(f64::NAN);
        let verdict = judge.report(trial, "", step, value);
        let expect = event[3] == 1;
        assert_eq!(verdict.is_some(), expect, "{} {event}: {verdict:?}", replay.pruner);
        if verdict.is_some() {
            n_pruned += 1;
            judge.finish(trial, TrialEnd::Pruned);
        }
    }
    n_pruned
}

#[test]
fn decisions_are_those_of_optuna() {
    let text = include_str!("../../tests/fixtures/pruners.json");
    let all: Value = serde_json::from_str(text).unwrap();
    let replays: Vec<Replay> = serde_json::from_value(all["replays"].clone()).unwrap();
    assert!(replays.len() > 20);
    // Optuna has no race; see the tests of that.
    for word in Setting::words().iter().filter(|word| **word != "race") {
        let of_it = replays.iter().filter(|replay| replay.pruner["kind"] == *word);
        let n_pruned: usize = of_it.map(check).sum();
        assert!(n_pruned > 0, "no trial of '{word}' is pruned");
    }
}
