//! Tests of verdicts, above all of the ways in which a gate could be fooled.

use super::bootstrap::{Request, gains};
use super::sums::Pair;
use super::*;
use crate::domain::{Goal, Labels, Objective, Prediction};
use crate::metrics;
use crate::numeric::Rng;

fn objective(metric: &str) -> Objective {
    let goal = metrics::info(metric).unwrap().goal;
    Objective { metric: metric.into(), goal }
}

fn policy(metric: &str) -> Policy {
    Policy { draws: 2_000, ..Policy::new(objective(metric)) }
}

fn classes(codes: Vec<u32>) -> Labels {
    Labels::Classes { codes, n_classes: 2, positive: 1 }
}

fn said(codes: Vec<u32>) -> Prediction {
    Prediction::Classes { codes, scores: None, probabilities: false, n_classes: 2 }
}

/// `n` rows of alternating classes of which the models have all right but the given ones.
fn right_but(n: usize, ours: &[usize], theirs: &[usize]) -> (Labels, Prediction, Prediction) {
    let truth: Vec<u32> = (0..n).map(|row| (row % 2) as u32).collect();
    let wrong = |rows: &[usize]| {
        let mut codes = truth.clone();
        for &row in rows {
            codes[row] = 1 - codes[row];
        }
        said(codes)
    };
    let (ours, theirs) = (wrong(ours), wrong(theirs));
    (classes(truth), ours, theirs)
}

fn verdict(policy: &Policy, truth: &Labels, ours: &Prediction, theirs: &Prediction) -> Verdict {
    judge(policy, &Evidence::new(policy, Some(Scored::new(truth, ours)), Champion::Scored(theirs)))
}

fn decide(policy: &Policy, n: usize, ours: &[usize], theirs: &[usize]) -> Decision {
    let (truth, a, b) = right_but(n, ours, theirs);
    verdict(policy, &truth, &a, &b).decision
}

fn rows(range: std::ops::Range<usize>) -> Vec<usize> {
    range.collect()
}

#[test]
fn better_promotes_worse_rejects_and_alike_holds() {
    for metric in ["accuracy", "f1", "mcc", "balanced_accuracy"] {
        let policy = policy(metric);
        assert_eq!(
            decide(&policy, 1000, &rows(0..40), &rows(100..200)),
            Decision::Promote,
            "{metric}"
        );
        assert_eq!(
            decide(&policy, 1000, &rows(100..200), &rows(0..40)),
            Decision::Reject,
            "{metric}"
        );
        assert_eq!(
            decide(&policy, 1000, &rows(0..40), &rows(100..141)),
            Decision::Hold,
            "{metric}"
        );
    }
}

/// Draws that leave out all of three rows are rarer than 5 %, yet a coin falls three times alike 1 time in 8.
#[test]
fn a_handful_of_rows_proves_nothing() {
    for metric in ["accuracy", "f1", "recall", "recall_macro", "mcc"] {
        for few in 1..5 {
            let won: Vec<usize> = (0..few).map(|row| 2 * row + 1).collect();
            assert_eq!(decide(&policy(metric), 400, &[], &won), Decision::Hold, "{metric} {few}");
            assert_eq!(decide(&policy(metric), 400, &won, &[]), Decision::Hold, "{metric} {few}");
        }
        let won: Vec<usize> = (0..8).map(|row| 2 * row + 1).collect();
        assert_eq!(decide(&policy(metric), 400, &[], &won), Decision::Promote, "{metric}");
        assert_eq!(decide(&policy(metric), 400, &won, &[]), Decision::Reject, "{metric}");
    }
}

/// With few rows that differ, the bar is `McNemar`'s exact test.
#[test]
fn few_differing_rows_are_judged_as_mcnemar_does() {
    for (won, lost) in [(6, 1), (7, 1), (8, 2), (9, 2), (10, 3), (12, 4)] {
        let one_sided =
            1.0 - crate::numeric::binomial_cdf(won as u64 - 1, (won + lost) as u64, 0.5);
        let expect = if one_sided < 0.05 { Decision::Promote } else { Decision::Hold };
        let found = decide(&policy("accuracy"), 500, &rows(300..300 + lost), &rows(0..won));
        // The bootstrap bound may ask for more, never for less.
        assert!(found == expect || found == Decision::Hold, "{won} {lost}");
        if one_sided < 0.03 {
            assert_eq!(found, Decision::Promote, "{won} {lost}: {one_sided}");
        }
    }
}

/// A rare class of three rows moves a macro mean by a third, and every stratified draw has all three.
#[test]
fn a_rare_class_cannot_carry_a_macro_mean() {
    let codes: Vec<u32> = (0..300).map(|row| if row < 3 { 2 } else { row % 2 }).collect();
    let truth = Labels::Classes { codes: codes.clone(), n_classes: 3, positive: 1 };
    let three =
        |codes| Prediction::Classes { codes, scores: None, probabilities: false, n_classes: 3 };
    let mut worse = codes.clone();
    worse[..3].fill(0);
    let policy = policy("recall_macro");
    let found = verdict(&policy, &truth, &three(codes), &three(worse));
    assert_eq!(found.decision, Decision::Hold, "{}", found.reason);
    assert!(found.comparison.unwrap().gain > 0.3);
}

#[test]
fn three_positives_prove_no_area() {
    let mut rng = Rng::new(3);
    let codes: Vec<u32> = (0..600).map(|row| u32::from(row < 3)).collect();
    let truth = classes(codes.clone());
    let mut model = |shift: f64| {
        let p = codes.iter().flat_map(|&y| {
            let p = 0.2 + 0.1 * rng.unit() + shift * f64::from(y);
            [1.0 - p, p]
        });
        Prediction::from_probabilities(p.collect(), 2)
    };
    let (ours, theirs) = (model(0.5), model(0.0));
    for metric in ["roc_auc", "average_precision"] {
        let found = verdict(&policy(metric), &truth, &ours, &theirs);
        assert_eq!(found.decision, Decision::Hold, "{metric}: {}", found.reason);
    }
}

#[test]
fn equal_predictions_hold_with_the_reason() {
    let (truth, ours, _) = right_but(400, &[1, 2, 3], &[]);
    let found = verdict(&policy("accuracy"), &truth, &ours, &ours);
    assert_eq!(found.decision, Decision::Hold);
    assert!(found.reason.contains("both models are equal on all 400 rows"), "{}", found.reason);
    let gain = found.comparison.unwrap();
    assert_eq!((gain.gain, gain.lower, gain.upper), (0.0, 0.0, 0.0));
}

/// All rows right against all rows wrong: nothing varies between draws, but all of it is proven.
#[test]
fn a_gain_on_every_row_is_not_mistaken_for_no_difference() {
    assert_eq!(decide(&policy("accuracy"), 200, &[], &rows(0..200)), Decision::Promote);
    assert_eq!(decide(&policy("accuracy"), 200, &rows(0..200), &[]), Decision::Reject);
    let truth = Labels::Values(vec![0.0; 200]);
    let at = |error: f64| Prediction::Values(vec![error; 200]);
    assert_eq!(verdict(&policy("mae"), &truth, &at(1.0), &at(2.0)).decision, Decision::Promote);
}

/// One row that carries the whole gain is no proof, however small its p-value by percentiles would be.
#[test]
fn one_outlier_proves_nothing() {
    let mut rng = Rng::new(8);
    let truth = Labels::Values((0..500).map(|_| rng.normal()).collect());
    let Labels::Values(y) = &truth else { unreachable!() };
    let ours: Vec<f64> = y.iter().map(|y| y + 0.1 * rng.normal()).collect();
    let mut theirs: Vec<f64> = ours.iter().map(|p| p + 1e-3 * rng.normal()).collect();
    theirs[7] += 1000.0;
    let (ours, theirs) = (Prediction::Values(ours), Prediction::Values(theirs));
    for metric in ["rmse", "mae", "r2", "max_error", "median_absolute_error"] {
        let found = verdict(&policy(metric), &truth, &ours, &theirs);
        assert_eq!(found.decision, Decision::Hold, "{metric}: {}", found.reason);
    }
}

#[test]
fn non_inferior_needs_rows_not_sameness() {
    let margin = |margin| Policy { rule: Rule::NonInferior { margin }, ..policy("accuracy") };
    // Equal on 100 rows: up to 3 % of all rows may still differ. On 1000: 0.3 %.
    assert_eq!(decide(&margin(0.01), 100, &[], &[]), Decision::Hold);
    assert_eq!(decide(&margin(0.01), 1000, &[], &[]), Decision::Promote);
    assert_eq!(decide(&margin(0.01), 1000, &[5], &[7]), Decision::Promote);
    assert_eq!(decide(&margin(0.01), 1000, &rows(0..100), &rows(200..280)), Decision::Hold);
    assert_eq!(decide(&margin(0.01), 4000, &rows(0..100), &rows(200..305)), Decision::Promote);
    assert_eq!(decide(&margin(0.01), 1000, &rows(0..200), &rows(300..340)), Decision::Reject);
}

#[test]
fn what_is_broken_is_said() {
    let (truth, ours, theirs) = right_but(100, &[], &[]);
    let rows = || Some(Scored::new(&truth, &ours));
    let policy = policy("accuracy");
    let check = |evidence: &Evidence<'_>, expect: Decision, part: &str| {
        let found = judge(&policy, evidence);
        assert_eq!(found.decision, expect, "{}", found.reason);
        assert!(found.reason.contains(part), "{}", found.reason);
        let text = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Verdict>(&text).unwrap(), found);
    };
    let none = Evidence::new(&policy, rows(), Champion::None);
    check(&none, Decision::Promote, "no champion yet");
    let lost = Evidence::new(&policy, rows(), Champion::Unscored("its predictions are not kept"));
    check(&lost, Decision::Hold, "its predictions are not kept");
    let (no_rows, empty) = (classes(vec![]), said(vec![]));
    let mut used =
        Evidence::new(&policy, Some(Scored::new(&no_rows, &empty)), Champion::Scored(&empty));
    used.holdout = Some(HoldoutUse {
        digest: "0".repeat(64),
        epoch: 0,
        number: 1,
        rows: 100,
        trained_on: 100,
        retired: 0,
    });
    check(
        &used,
        Decision::Hold,
        "0 rows, 50 are needed; 100 left out, since a model was trained on them",
    );
    let short = said(vec![0; 99]);
    let mismatch = Evidence::new(&policy, rows(), Champion::Scored(&short));
    check(&mismatch, Decision::Reject, "100 rows of truth, 99 of the champion");
    check(&Evidence::new(&policy, None, Champion::None), Decision::Hold, "nothing was judged");
    let mut zero = Evidence::new(&policy, rows(), Champion::Scored(&theirs));
    zero.alpha = 0.0;
    check(&zero, Decision::Hold, "alpha '0'");
}

#[test]
fn nan_rejects_and_an_undefined_metric_holds() {
    let truth = classes((0..100).map(|row| row % 2).collect());
    let p = |value: f64| Prediction::from_probabilities(vec![value; 200], 2);
    let found = verdict(&policy("log_loss"), &truth, &p(f64::NAN), &p(0.5));
    assert_eq!(found.decision, Decision::Reject);
    assert!(found.reason.contains("not finite"), "{}", found.reason);
    assert_eq!(
        verdict(&policy("log_loss"), &truth, &p(0.5), &p(f64::NAN)).decision,
        Decision::Hold
    );
    let one_class = classes(vec![0; 100]);
    let found = verdict(&policy("roc_auc"), &one_class, &p(0.5), &p(0.4));
    assert_eq!(found.decision, Decision::Hold);
    assert!(found.reason.contains("has no value on these 100 rows"), "{}", found.reason);
    let policy = policy("log_loss");
    let nan = p(f64::NAN);
    let first = Evidence::new(&policy, Some(Scored::new(&truth, &nan)), Champion::None);
    assert_eq!(judge(&policy, &first).decision, Decision::Reject);
}

#[test]
fn few_rows_hold_whatever_they_say() {
    assert_eq!(decide(&policy("accuracy"), 40, &[], &rows(0..20)), Decision::Hold);
    assert_eq!(decide(&policy("accuracy"), 40, &rows(0..20), &[]), Decision::Hold);
}

#[test]
fn thresholds_are_met_or_not_and_times_only_hold() {
    let (truth, ours, _) = right_but(200, &rows(0..20), &[]);
    let check = |metric: &str, comparator, value, expect| {
        let mut policy = Policy { rule: Rule::Absolute, ..policy("accuracy") };
        policy.require.push(Requirement { metric: metric.into(), comparator, value });
        let mut evidence = Evidence::new(&policy, Some(Scored::new(&truth, &ours)), Champion::None);
        for (name, ours) in [("predict_us", 12.0), ("bundle_bytes", 500.0)] {
            let measure = Measure { challenger: ours, champion: Some(10.0) };
            evidence.measures.insert(name.into(), measure);
        }
        let found = judge(&policy, &evidence);
        assert_eq!(found.decision, expect, "{metric}: {}", found.reason);
    };
    check("accuracy", Comparator::AtLeast, 0.9, Decision::Promote);
    check("accuracy", Comparator::Above, 0.9, Decision::Reject);
    check("predict_us", Comparator::AtMost, 20.0, Decision::Promote);
    check("predict_us", Comparator::AtMost, 5.0, Decision::Hold);
    check("bundle_bytes", Comparator::Below, 500.0, Decision::Reject);
    check("predict_p95_us", Comparator::AtMost, 5.0, Decision::Hold);
    check("log_loss", Comparator::AtMost, 1.0, Decision::Reject);
    let empty = Policy { rule: Rule::Absolute, ..policy("accuracy") };
    let evidence = Evidence::new(&empty, Some(Scored::new(&truth, &ours)), Champion::None);
    assert_eq!(judge(&empty, &evidence).decision, Decision::Hold);
}

#[test]
fn replicates_are_judged_unpaired() {
    let policy = policy("accuracy");
    let check = |ours: &[f64], theirs: &[f64], expect, part: &str| {
        let mut evidence = Evidence::new(&policy, None, Champion::Unscored("it is a command"));
        let (challenger, champion) = (ours.to_vec(), theirs.to_vec());
        evidence.replicates = Some(Replicates { challenger, champion });
        let found = judge(&policy, &evidence);
        assert_eq!(found.decision, expect, "{}", found.reason);
        assert!(found.reason.contains(part), "{}", found.reason);
    };
    let low = [0.80, 0.81, 0.79, 0.80];
    let high = [0.90, 0.91, 0.89, 0.90];
    check(&high, &low, Decision::Promote, "not over rows");
    check(&low, &high, Decision::Reject, "unpaired");
    check(&low, &[0.79, 0.81, 0.80], Decision::Hold, "unpaired");
    check(&[0.9, 0.9, 0.9], &[0.8, 0.8, 0.8], Decision::Hold, "no spread");
    check(&high[..2], &low, Decision::Hold, "at least 3");
    check(&[0.9, f64::NAN, 0.9], &low, Decision::Reject, "'NaN'");
}

#[test]
fn a_slice_fails_when_it_is_proven_worse() {
    let check = |lost: usize, size: u32, expect: CheckStatus| {
        // Better by far elsewhere, worse on the first rows.
        let (truth, ours, theirs) = right_but(2000, &rows(0..lost), &rows(1000..1400));
        let slices = Some(SliceRule { columns: vec!["sex".into()], max_drop: 0.02, min_rows: 30 });
        let policy = Policy { slices, ..policy("accuracy") };
        let mut scored = Scored::new(&truth, &ours);
        scored.slices = [0..size, 500..700, 0..10]
            .into_iter()
            .enumerate()
            .map(|(at, rows)| Slice {
                column: "sex".into(),
                value: at.to_string(),
                rows: rows.collect(),
            })
            .collect();
        let found =
            judge(&policy, &Evidence::new(&policy, Some(scored), Champion::Scored(&theirs)));
        let status = |id: &str| found.checks.iter().find(|check| check.id == id).unwrap();
        assert_eq!(status("slice:sex=0").status, expect, "{}", status("slice:sex=0").detail);
        assert_eq!(status("slice:sex=1").status, CheckStatus::Pass);
        assert_eq!(status("slice:sex=2").status, CheckStatus::Skip);
    };
    check(0, 400, CheckStatus::Pass);
    check(60, 400, CheckStatus::Fail);
    check(13, 400, CheckStatus::Hold);
    check(3, 60, CheckStatus::Hold);
    check(1, 60, CheckStatus::Pass);
}

#[test]
fn calibration_fails_when_chance_cannot_explain_it() {
    let mut rng = Rng::new(5);
    let mut check = |n: usize, off: f64, expect: CheckStatus| {
        let p: Vec<f64> = (0..n).map(|_| 0.1 + 0.6 * rng.unit()).collect();
        let truth = classes(p.iter().map(|p| u32::from(rng.unit() < *p)).collect());
        let said = p.iter().flat_map(|p| [1.0 - p - off, p + off]).collect();
        let said = Prediction::from_probabilities(said, 2);
        let mut policy = Policy { rule: Rule::Absolute, ..policy("log_loss") };
        policy.max_ece = Some(0.03);
        let found = judge(
            &policy,
            &Evidence::new(&policy, Some(Scored::new(&truth, &said)), Champion::None),
        );
        let ece = found.checks.iter().find(|check| check.id == "ece").unwrap();
        assert_eq!(ece.status, expect, "{}", ece.detail);
    };
    check(20_000, 0.0, CheckStatus::Pass);
    check(20_000, 0.2, CheckStatus::Fail);
    check(200, 0.0, CheckStatus::Hold);
}

/// Copies of rows are no news: with their groups known, a hundredfold holdout says what the single one says.
#[test]
fn copies_of_rows_do_not_pass_as_rows() {
    let (truth, ours, theirs) = right_but(60, &[0, 3], &[10, 21, 32, 43, 44, 55]);
    let at: Vec<usize> = (0..6000).map(|row| row % 60).collect();
    let groups: Vec<u32> = at.iter().map(|row| *row as u32).collect();
    let many = |said: &Prediction| super::resample::take(said, &at);
    let (truth, ours, theirs) = (truth.take(&at), many(&ours), many(&theirs));
    let policy = policy("accuracy");
    let with = |units| {
        let scored = Scored { units, ..Scored::new(&truth, &ours) };
        judge(&policy, &Evidence::new(&policy, Some(scored), Champion::Scored(&theirs)))
    };
    assert_eq!(with(Units::Rows).decision, Decision::Promote);
    let grouped = with(Units::Groups(&groups));
    assert_eq!(grouped.decision, Decision::Hold, "{}", grouped.reason);
    assert_eq!(grouped.comparison.unwrap().method, "60 groups");
}

/// One meaning on three paths: classes by counts, sums by unit and scores by multiplicity agree.
#[test]
fn paths_of_the_bootstrap_agree() {
    let mut rng = Rng::new(12);
    let codes: Vec<u32> = (0..300).map(|_| u32::from(rng.unit() < 0.4)).collect();
    let mut model = |skill: f64| {
        let p = codes.iter().flat_map(|&y| {
            let p =
                (0.5 + skill * (f64::from(y) - 0.5) + 0.6 * (rng.unit() - 0.5)).clamp(0.01, 0.99);
            [1.0 - p, p]
        });
        Prediction::from_probabilities(p.collect(), 2)
    };
    let (ours, theirs) = (model(0.5), model(0.3));
    let truth = classes(codes.clone());
    let weights = vec![1.0; 300];
    let each: Vec<u32> = (0..300).collect();
    for metric in ["accuracy", "f1", "mcc", "log_loss", "brier", "roc_auc", "average_precision"] {
        let objective = objective(metric);
        let spread = |weights, units| {
            let pair = Pair { truth: &truth, weights, challenger: &ours, champion: &theirs };
            let request = Request { objective: &objective, pair, units, draws: 4_000, seed: 3 };
            let found = gains(&request);
            (crate::numeric::mean(&found.draws), crate::numeric::sample_sd(&found.draws))
        };
        let plain = spread(None, Units::Rows);
        let weighted = spread(Some(&weights), Units::Rows);
        let grouped = spread(None, Units::Groups(&each));
        assert!((plain.0 - weighted.0).abs() < 0.1 * plain.1, "{metric} {plain:?} {weighted:?}");
        assert!((plain.1 / weighted.1 - 1.0).abs() < 0.06, "{metric} {plain:?} {weighted:?}");
        // Not stratified, so a little wider.
        assert!((0.93..1.25).contains(&(grouped.1 / plain.1)), "{metric} {plain:?} {grouped:?}");
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let (truth, ours, theirs) = right_but(500, &rows(0..30), &rows(90..140));
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let three = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    for metric in ["accuracy", "f1"] {
        let policy = policy(metric);
        let first = one.install(|| verdict(&policy, &truth, &ours, &theirs));
        assert_eq!(first, three.install(|| verdict(&policy, &truth, &ours, &theirs)));
    }
}

#[test]
fn the_sign_of_a_gain_does_not_depend_on_the_direction() {
    let mut rng = Rng::new(2);
    let truth = Labels::Values((0..400).map(|_| rng.normal()).collect());
    let Labels::Values(y) = &truth else { unreachable!() };
    let mut near =
        |error: f64| Prediction::Values(y.iter().map(|y| y + error * rng.normal()).collect());
    let (good, bad) = (near(0.3), near(0.6));
    for metric in ["rmse", "mae", "mape", "r2", "median_absolute_error"] {
        let found = verdict(&policy(metric), &truth, &good, &bad);
        let gain = found.comparison.unwrap();
        assert!(gain.gain > 0.0 && gain.lower <= gain.gain && gain.gain <= gain.upper, "{metric}");
        if metric != "mape" {
            assert_eq!(found.decision, Decision::Promote, "{metric}");
        }
    }
    let turned = Objective { metric: "mae".into(), goal: Goal::Maximize };
    let found = verdict(&Policy { draws: 500, ..Policy::new(turned) }, &truth, &good, &bad);
    assert_eq!(found.decision, Decision::Reject);
}
