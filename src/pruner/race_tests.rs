//! Tests of racing: decisions by SciPy from `tests/fixtures/race.json`, and what no decision may depend on.

use super::{Judge, RaceOptions, Setting, TrialEnd};
use crate::domain::Goal;
use crate::numeric::{Rng, VariancePrior};
use serde_json::Value;

fn fixture() -> Value {
    serde_json::from_str(include_str!("../../tests/fixtures/race.json")).unwrap()
}

fn options(from: &Value) -> RaceOptions {
    let default = RaceOptions::default();
    RaceOptions {
        alpha: from["alpha"].as_f64().unwrap_or(default.alpha),
        min_folds: from["min_folds"].as_u64().unwrap_or(default.min_folds),
        n_startup_trials: from["n_startup_trials"].as_u64().unwrap_or(default.n_startup_trials),
    }
}

fn race(options: RaceOptions) -> Judge {
    Judge::new(Setting::Race(options), Goal::Minimize, "sweep")
}

fn fold(judge: &Judge, trial: u64, fold: usize, value: f64) -> Option<String> {
    judge.report(trial, &format!("fold={fold}"), 0, value)
}

/// Runs a trial; after which fold it is stopped, and why.
fn run(judge: &Judge, trial: u64, values: &[f64]) -> Option<(usize, String)> {
    judge.begin(trial);
    let mut folds = values.iter().enumerate();
    let stopped = folds.find_map(|(at, &value)| Some((at, fold(judge, trial, at, value)?)));
    judge.finish(trial, if stopped.is_some() { TrialEnd::Pruned } else { TrialEnd::Done });
    stopped
}

/// A judge with five completed trials; the best is trial 0 with a mean of 1.
fn after_five() -> Judge {
    let judge = race(RaceOptions::default());
    for trial in 0..5 {
        let shift = trial as f64 * 0.1;
        let wave = if trial == 0 { 0.0 } else { 0.01 * trial as f64 };
        let values = [1.2 + shift + wave, 0.8 + shift - wave, 1.1 + shift, 0.9 + shift];
        assert_eq!(run(&judge, trial, &values), None);
    }
    judge
}

#[test]
fn priors_are_those_of_scipy() {
    for case in fixture()["priors"].as_array().unwrap() {
        let variances: Vec<f64> = serde_json::from_value(case["variances"].clone()).unwrap();
        let prior = VariancePrior::fit(&variances, case["freedom"].as_f64().unwrap());
        let (variance, freedom): (f64, f64) =
            serde_json::from_value(case["prior"].clone()).unwrap();
        assert!((prior.variance / variance - 1.0).abs() < 1e-9, "{case} {prior:?}");
        assert!((prior.freedom / freedom - 1.0).abs() < 1e-9, "{case} {prior:?}");
    }
}

#[test]
fn decisions_are_those_of_scipy() {
    for replay in fixture()["replays"].as_array().unwrap() {
        let goal: Goal = serde_json::from_value(replay["goal"].clone()).unwrap();
        let judge = Judge::new(Setting::Race(options(&replay["options"])), goal, "sweep");
        let mut n_stopped = 0;
        for event in replay["events"].as_array().unwrap() {
            let trial = event[0].as_u64().unwrap();
            if event[1] == "done" {
                judge.finish(trial, TrialEnd::Done);
                continue;
            }
            let at = event[1].as_u64().unwrap() as usize;
            let verdict = fold(&judge, trial, at, event[2].as_f64().unwrap());
            assert_eq!(verdict.is_some(), event[4] == 1, "{event}: {verdict:?}");
            if let Some(text) = verdict {
                let chance: f64 = text.rsplit(' ').next().unwrap().parse().unwrap();
                assert!(
                    (chance / event[3].as_f64().unwrap() - 1.0).abs() < 1e-3,
                    "{event}: {text}"
                );
                judge.finish(trial, TrialEnd::Pruned);
                n_stopped += 1;
            }
        }
        assert!(n_stopped > 2);
    }
}

#[test]
fn a_verdict_says_how_far_behind() {
    let judge = after_five();
    let (at, text) = run(&judge, 9, &[2.2, 1.8, 2.1, 1.9]).unwrap();
    assert_eq!(at, 1);
    let start = "race after fold=1: 2 over 2 of 4 folds, 1 behind trial 0 there, chance to win ";
    assert!(text.starts_with(start), "{text}");
    assert_eq!(judge.stopped_at(9), Some((0, 2.0)));
}

#[test]
fn who_is_ahead_or_level_is_never_stopped() {
    let judge = after_five();
    assert_eq!(run(&judge, 10, &[1.2, 0.8, 1.1, 0.9]), None, "the best again");
    assert_eq!(run(&judge, 11, &[1.0, 0.9, 5.0, 5.0]).unwrap().0, 2, "ahead at first");
    assert_eq!(run(&judge, 12, &[0.1, 0.1, 0.1, 0.1]), None);
    assert_eq!(
        run(&judge, 13, &[1.2, 0.8, 1.1, 0.9]).map(|(at, _)| at),
        Some(1),
        "the best is another now"
    );
}

/// The best trial against many that are better than it by a hair, over folds that differ: few of them are stopped.
#[test]
fn few_are_stopped_that_would_have_been_better() {
    for (n_folds, alpha) in [(5_u32, 0.05), (10, 0.2)] {
        let mut rng = Rng::stream(7, "race", u64::from(n_folds));
        let mut noise = |scale: f64| {
            // Of mean 0 over all folds.
            let values: Vec<f64> = (0..n_folds).map(|_| scale * rng.normal()).collect();
            let mean = values.iter().sum::<f64>() / f64::from(n_folds);
            values.into_iter().map(move |value| value - mean).collect::<Vec<f64>>()
        };
        let (n, mut n_stopped, mut n_worse) = (1500_u32, 0_u32, 0_u32);
        for _ in 0..n {
            let judge = race(RaceOptions { alpha, ..RaceOptions::default() });
            let folds = noise(1.0);
            let at = |shift: f64, noise: &[f64]| -> Vec<f64> {
                folds.iter().zip(noise).map(|(fold, noise)| fold + noise + shift).collect()
            };
            for trial in 0..6 {
                run(&judge, trial, &at(0.4 * trial as f64, &noise(0.1)));
            }
            n_stopped += u32::from(run(&judge, 6, &at(-1e-9, &noise(0.1))).is_some());
            n_worse += u32::from(run(&judge, 7, &at(0.5, &noise(0.1))).is_some());
        }
        let most = alpha + 3.0 * (alpha * (1.0 - alpha) / f64::from(n)).sqrt();
        let share = f64::from(n_stopped) / f64::from(n);
        assert!(share <= most && share > alpha / 20.0, "{n_folds} folds: {share}");
        assert!(n_worse > n * 9 / 10, "{n_worse} of {n} that are far behind");
    }
}

#[test]
fn folds_may_come_in_any_order_and_others_are_not_compared() {
    let judge = after_five();
    for (at, value) in [(3, 1.9), (2, 2.1)] {
        assert_eq!(fold(&judge, 9, at, value).is_some(), at == 2);
    }
    assert_eq!(fold(&judge, 10, 7, 9.0), None);
    assert_eq!(fold(&judge, 10, 8, 9.0), None, "the best trial has no such fold");
}

#[test]
fn folds_with_steps_count_once_the_next_one_begins() {
    let judge = race(RaceOptions { n_startup_trials: 3, min_folds: 1, ..RaceOptions::default() });
    let report =
        |trial, at: u64, step, value| judge.report(trial, &format!("fold={at}"), step, value);
    for trial in 0..3 {
        for at in 0..4 {
            let wave = (trial * at) as f64 * 0.01;
            assert_eq!(report(trial, at, 0, 9.0), None);
            assert_eq!(report(trial, at, 1, 1.0 + wave + trial as f64 * 0.1), None);
        }
        judge.finish(trial, TrialEnd::Done);
    }
    assert_eq!(report(5, 0, 0, 90.0), None, "the fold goes on");
    assert_eq!(report(5, 0, 1, 90.0), None);
    assert!(report(5, 1, 0, 90.0).is_some());
    assert_eq!(report(6, 0, 1, 1.0), None);
    assert_eq!(report(6, 1, 0, 90.0), None, "only what is over counts");
}

#[test]
fn values_of_no_fold_and_values_that_are_none_say_nothing() {
    let judge = after_five();
    judge.begin(8);
    assert_eq!(judge.report(8, "", 0, 99.0), None);
    assert_eq!(fold(&judge, 8, 0, 9.0), None);
    assert!(fold(&judge, 8, 1, 9.0).is_some());
    assert_eq!(run(&judge, 9, &[f64::NAN, 9.0, 9.0, 9.0]), None);
    assert_eq!(run(&judge, 10, &[9.0, f64::INFINITY, 9.0, 9.0]), None);
    let single = race(RaceOptions::default());
    for trial in 0..20 {
        assert_eq!(
            single.report(trial, "", 0, trial as f64),
            None,
            "without folds nobody is stopped"
        );
        single.finish(trial, TrialEnd::Done);
    }
}

#[test]
fn with_a_lag_later_results_change_nothing() {
    let known = after_five().with_lag(3);
    assert_eq!(run(&known, 6, &[2.2, 1.8, 2.1, 1.9]), None, "four may be known by then");
    assert!(run(&known, 7, &[2.2, 1.8, 2.1, 1.9]).is_some());
    let late = after_five().with_lag(3);
    run(&late, 6, &[0.1, 0.1, 0.1, 0.1]);
    run(&late, 5, &[0.2, 0.1, 0.1, 0.1]);
    let of = |judge: &Judge| run(judge, 7, &[2.2, 1.8, 2.1, 1.9]);
    assert_eq!(of(&late), of(&after_five().with_lag(3)));
}

#[test]
fn a_judge_from_the_record_decides_alike() {
    let (live, from_record) = (after_five(), race(RaceOptions::default()));
    for trial in 0..5 {
        let shift = trial as f64 * 0.1;
        let wave = if trial == 0 { 0.0 } else { 0.01 * trial as f64 };
        let values = [1.2 + shift + wave, 0.8 + shift - wave, 1.1 + shift, 0.9 + shift];
        let named = values.iter().enumerate().map(|(at, &value)| (format!("fold={at}"), 0, value));
        from_record.restore(trial, &named.collect::<Vec<_>>(), TrialEnd::Done);
    }
    for trial in 5..40 {
        let behind = (trial % 7) as f64 * 0.05;
        let values = [1.2 + behind, 0.8 + behind * 1.5, 1.1 + behind, 0.9 + behind * 0.5];
        assert_eq!(run(&live, trial, &values), run(&from_record, trial, &values));
    }
    let done: Vec<(u64, f64)> = (0..5).map(|trial| (trial, 1.0 + trial as f64 * 0.1)).collect();
    let stopped = (5..40).find(|&trial| live.stopped_at(trial).is_some()).unwrap();
    let forecast = live.forecast(stopped, &done).unwrap();
    assert_eq!(Some(forecast), from_record.forecast(stopped, &done));
    // As far behind in the end as over the two folds that it saw.
    let seen = 1.0 + (stopped % 7) as f64 * 0.05 * 1.25;
    assert!((forecast - seen).abs() < 0.03, "{forecast}, {seen}");
    assert_eq!(live.forecast(stopped, &[]), None);
    assert_eq!(live.forecast(0, &done), None, "a completed trial has its score");
}
