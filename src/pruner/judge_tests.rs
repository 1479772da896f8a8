//! Tests of the judge: what the rules add to Optuna's, and what holds for all of them.

use super::*;
use crate::domain::Goal;

fn asha(grace: Option<i64>) -> Setting {
    Setting::Asha(AshaOptions { min_steps: Some(1), grace, ..AshaOptions::default() })
}

fn judge(setting: Setting) -> Judge {
    Judge::new(setting, Goal::Minimize, "sweep")
}

/// The judge with completed trials of constant value at steps 0 to 9.
fn after(setting: Setting, values: &[f64]) -> Judge {
    let judge = judge(setting);
    for (trial, &value) in values.iter().enumerate() {
        let series: Vec<_> = (0..10).map(|step| (String::new(), step, value)).collect();
        judge.restore(trial as u64, &series, TrialEnd::Done);
    }
    judge
}

const FIVE: [f64; 5] = [1.0, 2.0, 3.0, 4.0, 5.0];

fn all_settings() -> Vec<Setting> {
    vec![
        Setting::Median(MedianOptions::default()),
        Setting::Percentile(PercentileOptions::default()),
        asha(Some(0)),
        Setting::Hyperband(HyperbandOptions { max_steps: Some(9), ..HyperbandOptions::default() }),
        Setting::Threshold(ThresholdOptions { upper: Some(6.0), ..ThresholdOptions::default() }),
        Setting::Patience(PatienceOptions::default()),
        Setting::Wilcoxon(WilcoxonOptions::default()),
    ]
}

#[test]
fn a_verdict_names_rule_step_and_values() {
    let judge = after(Setting::Median(MedianOptions::default()), &FIVE);
    assert_eq!(judge.report(9, "", 3, 3.0), None);
    assert_eq!(judge.report(9, "fold=0", 3, 9.0), None, "another context has no completed trials");
    judge.begin(9);
    let text = "median at step 4: 3.5, best so far 3.5, median of 5 trials 3";
    assert_eq!(judge.report(9, "", 4, 3.5).as_deref(), Some(text));
    assert_eq!(judge.report(9, "", 5, 0.0).as_deref(), Some(text), "a hopeless trial stays so");
    assert_eq!(judge.report(9, "fold=1", 0, 0.0).as_deref(), Some(text));
}

#[test]
fn every_rule_stops_the_hopeless_and_no_rule_the_best() {
    for setting in all_settings() {
        let word = setting.word();
        let judge = after(setting, &FIVE);
        let run = |trial: u64, value: &dyn Fn(i64) -> f64| {
            (0..10).find_map(|step| judge.report(trial, "", step, value(step)))
        };
        for trial in 10..16 {
            assert_eq!(run(trial, &|step| 0.5 - step as f64), None, "{word}");
            judge.finish(trial, TrialEnd::Failed);
        }
        let stopped = (20..40).filter_map(|trial| run(trial, &|step| 7.0 + step as f64)).count();
        assert!(stopped > 0, "{word} stops nobody");
    }
}

#[test]
fn a_new_attempt_forgets_the_old_one() {
    for setting in all_settings() {
        let word = setting.word();
        let (fresh, used) = (after(setting.clone(), &FIVE), after(setting, &FIVE));
        for (step, value) in [(1, 8.0), (3, 7.0), (5, -3.0), (6, 8.0), (9, f64::NAN)] {
            used.report(7, "", step, value);
        }
        used.begin(7);
        assert_eq!(used.stopped_at(7), None);
        for trial in [7, 8] {
            for step in 0..12 {
                let value = 2.5 + (step % 4) as f64;
                let said = fresh.report(trial, "", step, value);
                assert_eq!(used.report(trial, "", step, value), said, "{word} step {step}");
            }
        }
    }
}

#[test]
fn a_restored_judge_goes_on_as_the_lost_one() {
    for setting in all_settings() {
        let word = setting.word();
        let (live, restored) = (judge(setting.clone()), judge(setting));
        for trial in 0..8_u64 {
            let value = |step: i64| (trial * 7 % 5) as f64 + (step % 3) as f64 * 0.3;
            let mut seen = Vec::new();
            let mut end = TrialEnd::Done;
            for step in 0..10 {
                seen.push(("fold=0".to_string(), step, value(step)));
                if live.report(trial, "fold=0", step, value(step)).is_some() {
                    end = TrialEnd::Pruned;
                    break;
                }
            }
            live.finish(trial, end);
            restored.restore(trial, &seen, end);
            assert_eq!(live.stopped_at(trial), restored.stopped_at(trial), "{word}");
        }
        for step in 0..10 {
            let said = live.report(8, "fold=0", step, 3.1);
            assert_eq!(restored.report(8, "fold=0", step, 3.1), said, "{word} step {step}");
        }
    }
}

#[test]
fn values_before_grace_join_rungs_and_stop_nobody() {
    let judge = judge(asha(Some(5)));
    for (trial, value) in [(0, 1.0), (1, 2.0)] {
        for step in 1..5 {
            assert_eq!(judge.report(trial, "", step, value), None);
        }
    }
    assert_eq!(judge.report(0, "", 9, 1.0), None);
    assert_eq!(
        judge.report(1, "", 9, 2.0).as_deref(),
        Some("asha at step 9: 2 is not among the best 1 of 2 in rung 2, from 1")
    );
}

#[test]
fn grace_is_a_share_of_a_completed_trial() {
    let judge = judge(asha(None));
    let series: Vec<_> = (0..=100).map(|step| (String::new(), step, 1.0)).collect();
    judge.restore(0, &series, TrialEnd::Done);
    assert_eq!(judge.report(1, "", 1, 2.0), None);
    assert_eq!(judge.report(1, "", 3, 2.0), None);
    assert_eq!(judge.report(1, "", 5, 2.0), None);
    assert!(judge.report(1, "", 9, 2.0).is_some());
    // Before any trial has completed the first rung counts.
    let judge = self::judge(asha(None));
    judge.report(0, "", 1, 1.0);
    assert!(judge.report(1, "", 1, 2.0).is_some());
}

#[test]
fn a_trial_that_is_judged_late_joins_rungs_with_the_values_that_it_had_there() {
    let judge = judge(Setting::Asha(AshaOptions { grace: Some(0), ..AshaOptions::default() }));
    for step in 1..=50 {
        assert_eq!(judge.report(1, "", step, 10.0 - step as f64 / 10.0), None);
        assert_eq!(judge.report(0, "", step, 4.0), None);
    }
    judge.finish(0, TrialEnd::Done);
    assert_eq!(judge.report(1, "", 51, 4.9), None);
    // Its value at step 1 was 9.9.
    assert_eq!(judge.report(2, "", 1, 9.8), None);
    assert!(judge.report(3, "", 1, 9.85).is_some());
}

#[test]
fn steps_may_be_negative_late_or_repeated() {
    let bounds = Setting::Threshold(ThresholdOptions { upper: Some(1.0), ..Default::default() });
    let judge = judge(bounds);
    assert_eq!(judge.report(0, "", -5, 9.0), None, "before the warm-up");
    assert_eq!(judge.report(0, "", 7, 0.5), None);
    assert_eq!(judge.report(0, "", 3, 9.0), None, "late");
    assert_eq!(judge.report(0, "", 7, 9.0), None, "judged already");
    assert_eq!(judge.stopped_at(0), Some((7, 9.0)));
    assert!(judge.report(0, "", i64::MAX, 9.0).is_some());
    assert!(judge.report(1, "", i64::MIN, 9.0).is_none());
}

#[test]
fn patience_counts_late_and_replaced_values() {
    let judge = judge(Setting::Patience(PatienceOptions { patience: 1, ..Default::default() }));
    for step in [0, 10, 20, 30] {
        assert_eq!(judge.report(0, "", step, 5.0), None);
    }
    assert_eq!(judge.report(0, "", 5, 1.0), None, "late");
    assert!(judge.report(0, "", 40, 4.0).is_some(), "the late value is the best");
    judge.begin(0);
    for step in [0, 10, 20, 30] {
        judge.report(0, "", step, 5.0);
    }
    judge.report(0, "", 0, 1.0);
    assert!(judge.report(0, "", 40, 4.0).is_some(), "the replaced value is the best");
}

#[test]
fn what_a_sampler_learns_of_a_stopped_trial() {
    let plain = after(Setting::Median(MedianOptions::default()), &FIVE);
    let paired = after(Setting::Wilcoxon(WilcoxonOptions::default()), &FIVE);
    for judge in [&plain, &paired] {
        for step in 0..3 {
            judge.report(6, "", step, 8.0 + step as f64);
        }
        judge.finish(6, TrialEnd::Pruned);
        judge.report(6, "", 5, 0.0);
        assert_eq!(judge.stopped_at(0), None, "done");
        assert_eq!(judge.stopped_at(99), None, "unknown");
    }
    assert_eq!(plain.stopped_at(6), Some((2, 10.0)));
    assert_eq!(paired.stopped_at(6), Some((2, 9.0)));
}

#[test]
fn wilcoxon_pairs_over_all_contexts() {
    let judge = judge(Setting::Wilcoxon(WilcoxonOptions::default()));
    let folds = |shift: f64| -> Vec<_> {
        (0..5).map(|fold| (format!("fold={fold}"), 0, f64::from(fold) * 0.1 + shift)).collect()
    };
    judge.restore(0, &folds(1.0), TrialEnd::Done);
    let verdicts: Vec<_> = folds(1.2)
        .iter()
        .map(|(context, step, value)| judge.report(1, context, *step, *value))
        .collect();
    assert!(verdicts[..3].iter().all(Option::is_none));
    assert_eq!(
        verdicts[3].as_deref(),
        Some(
            "wilcoxon at step 0 of fold=3: 1.5, mean so far 1.35, mean of trial 0 1.2, p = 0.0625 over 4 pairs"
        )
    );
}

#[test]
fn digests_tell_settings_apart() {
    let digest = |setting: &Setting| {
        let mut builder = crate::domain::DigestBuilder::new("test");
        setting.digest(&mut builder);
        builder.finish()
    };
    let mut settings = all_settings();
    settings.push(asha(None));
    settings.push(Setting::Patience(PatienceOptions {
        wrapped: Some(Box::new(Setting::Median(MedianOptions::default()))),
        ..PatienceOptions::default()
    }));
    settings.push(Setting::Threshold(ThresholdOptions { lower: Some(6.0), ..Default::default() }));
    let digests: std::collections::BTreeSet<_> = settings.iter().map(digest).collect();
    assert_eq!(digests.len(), settings.len());
    assert_eq!(digest(&asha(None)), digest(&asha(None)));
}

#[test]
fn halving_judges_the_first_context_alone() {
    let judge = judge(asha(Some(0)));
    for trial in 0..6 {
        assert_eq!(
            judge.report(trial, "fold=0", 1, -(trial as f64)),
            None,
            "each is the best so far"
        );
        assert_eq!(judge.report(trial, "fold=1", 1, trial as f64), None, "another fold is no rung");
    }
    assert!(judge.report(6, "fold=0", 1, 5.0).is_some());
}
