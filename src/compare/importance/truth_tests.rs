//! Importances where the truth is known: by a formula, by construction, or by other tools.

use super::tests::{dim, float, objective, points, sample, scored, words};
use super::*;
use crate::domain::Goal;
use crate::space::Kind;
use std::f64::consts::PI;

fn cube(n: usize) -> Space {
    Space::new((0..n).map(|i| dim(&format!("x{i}"), float(0.0, 1.0, false, None), &[])).collect())
        .unwrap()
}

fn param<'a>(found: &'a Importances, id: &str) -> &'a ParamImportance {
    found.params.iter().find(|param| param.id == id).unwrap()
}

fn small_forest() -> FanovaOptions {
    FanovaOptions { trees: 24, ..FanovaOptions::default() }
}

fn small_shap() -> ShapOptions {
    ShapOptions { trees: 24, explained: 100, background: 40, seed: 0 }
}

/// Ishigami and Homma (1990): S1 = 0.3139, S2 = 0.4424, S3 = 0, S13 = 0.2437.
#[test]
fn fanova_finds_the_interaction_of_ishigamis_function() {
    let points = sample(&cube(3), 900, |_, unit| {
        let x: Vec<f64> = unit.iter().map(|u| PI * (2.0 * u - 1.0)).collect();
        x[0].sin() + 7.0 * x[1].sin().powi(2) + 0.1 * x[2].powi(4) * x[0].sin()
    });
    let found =
        fanova(&cube(3), &scored(&points), &objective(Goal::Minimize), &small_forest()).unwrap();
    // A forest smooths the humps of x1, which costs it a part of the share; so does Optuna's.
    let check =
        |got: f64, truth: f64| assert!((got - truth).abs() < 0.13, "{got} {truth} {found:?}");
    check(param(&found, "x0").raw, 0.3139);
    check(param(&found, "x1").raw, 0.4424);
    check(param(&found, "x2").raw, 0.0);
    let pair = &found.pairs[0];
    assert_eq!(pair.ids, ["x0", "x2"]);
    check(pair.raw, 0.2437);
    assert!(!pair.is_conditional && pair.active == 900);
    let parts = found.variance.unwrap();
    assert!(parts.alone + parts.pairs < 1.0 + 1e-9 && parts.alone + parts.pairs > 0.9);
    assert!(found.explained.unwrap() > 0.8, "{:?}", found.explained);
}

/// f = 2 x0 − x1: the mean absolute Shapley values are 2 E|u − ½| = ½ and ¼.
#[test]
fn shap_of_a_sum_is_each_term_and_tells_the_direction() {
    let points = sample(&cube(3), 400, |_, unit| 2.0 * unit[0] - unit[1]);
    for (goal, way) in
        [(Goal::Minimize, ["lower", "higher"]), (Goal::Maximize, ["higher", "lower"])]
    {
        let found = shap(&cube(3), &scored(&points), &objective(goal), &small_shap()).unwrap();
        for (id, truth, way) in [("x0", 0.5, way[0]), ("x1", 0.25, way[1])] {
            let param = param(&found, id);
            assert!((param.raw - truth).abs() < 0.05, "{param:?}");
            assert_eq!(param.direction.as_ref().unwrap().word(), way);
            let raises = param.direction.as_ref().unwrap().correlation().unwrap() > 0.9;
            assert_eq!(raises, id == "x0", "in the metric's own sense, whatever the goal");
            let (low, high) = param.raw_interval.unwrap();
            assert!(low < param.raw && param.raw < high && high - low < 0.3, "{param:?}");
        }
        assert!(param(&found, "x2").share < 0.03, "{found:?}");
    }
}

/// The other tools draw other forests: their means over seeds are the references.
#[test]
fn forests_agree_with_optuna_and_shap() {
    let fixture: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/fixtures/importance_forest.json"))
            .unwrap();
    let space = Space::new(vec![
        dim("a", float(-2.0, 2.0, false, None), &[]),
        dim("b", float(0.0, 1.0, false, None), &[]),
        dim("n", Kind::Int { low: 1, high: 9, log: false, step: 1 }, &[]),
        dim("idle", float(0.0, 1.0, false, None), &[]),
        dim("c", words(&["x", "y"]), &[]),
    ])
    .unwrap();
    let points = points(&space, &fixture);
    let goal = objective(Goal::Minimize);
    let found = fanova(&space, &scored(&points), &goal, &FanovaOptions::default()).unwrap();
    for param in &found.params {
        let expect = fixture["fanova"]["mean"][&param.id].as_f64().unwrap();
        assert!((param.raw - expect).abs() < 0.03, "fANOVA {}: {} {expect}", param.id, param.raw);
    }
    let options = ShapOptions { background: 50, ..ShapOptions::default() };
    let found = shap(&space, &scored(&points), &goal, &options).unwrap();
    for param in &found.params {
        let expect = fixture["shap"]["mean"][&param.id].as_f64().unwrap();
        assert!((param.raw - expect).abs() < 0.03, "SHAP {}: {} {expect}", param.id, param.raw);
    }
    assert_eq!(param(&found, "c").direction.as_ref().unwrap().word(), "x");
    assert_eq!(param(&found, "b").direction.as_ref().unwrap().arrow(), "↓ lower");
    assert_eq!(param(&found, "a").direction.as_ref().unwrap().word(), "mixed");
}

/// `model` decides all, `C` nothing, and a search has looked at low values of `C` mostly.
#[test]
fn a_forest_does_not_credit_a_child_for_its_parents_choice() {
    let space = Space::new(vec![
        dim("model", words(&["svm", "tree"]), &[]),
        dim("C", float(0.0, 1.0, false, None), &[(0, 0.0)]),
        dim("depth", float(0.0, 1.0, false, None), &[(0, 1.0)]),
    ])
    .unwrap();
    let noise = |unit: &[f64]| (1e7 * unit.iter().sum::<f64>()).fract();
    let mut points =
        sample(&space, 240, |point, unit| 5.0 * point.0[0].unwrap_or(0.0) + 0.1 * noise(unit));
    for (point, _) in &mut points {
        point.0[1] = point.0[1].map(|c| c.powi(6));
    }
    let goal = objective(Goal::Minimize);
    for method in [ImportanceMethod::Fanova, ImportanceMethod::Shap] {
        let found = method.ask(&space, &scored(&points), &goal, 3).unwrap();
        assert_eq!(found.params[0].id, "model", "{found:?}");
        for id in ["C", "depth"] {
            let param = param(&found, id);
            assert!(param.share < 0.01, "{method:?} {param:?}");
            assert!((80..160).contains(&param.active), "{param:?}");
        }
    }
    let found = shap(&space, &scored(&points), &goal, &small_shap()).unwrap();
    assert_eq!(found.params[0].direction.as_ref().unwrap().word(), "svm");
}

/// `gamma` counts where it is active; together with the kernel that lets it be, by construction.
#[test]
fn a_child_that_matters_is_told_with_its_parent() {
    let space = Space::new(vec![
        dim("kernel", words(&["rbf", "linear"]), &[]),
        dim("gamma", float(0.0, 1.0, false, None), &[(0, 0.0)]),
        dim("C", float(0.0, 1.0, false, None), &[]),
    ])
    .unwrap();
    let points = sample(&space, 500, |point, _| point.0[1].map_or(1.0, |gamma| 2.0 * gamma));
    let goal = objective(Goal::Minimize);
    let found = fanova(&space, &scored(&points), &goal, &small_forest()).unwrap();
    let pair = &found.pairs[0];
    assert!(pair.is_conditional && pair.ids == ["kernel", "gamma"], "{pair:?}");
    assert!((pair.raw - 0.5).abs() < 0.06 && pair.active == param(&found, "gamma").active);
    // Where it is active, half of gamma's effect is its own and half is shared with the kernel: the value of a trial
    // is 2γ − 1 from the mean, of which γ gets ½ (2γ − 1) / 2 + ½ (2γ − 1) = ¾ (2γ − 1), whose mean over all is 3/16.
    let found = shap(&space, &scored(&points), &goal, &small_shap()).unwrap();
    assert!((param(&found, "gamma").raw - 0.1875).abs() < 0.03, "{found:?}");
    assert!(param(&found, "C").raw < 0.01, "{found:?}");
}

/// Squares of such losses are not finite or vanish.
#[test]
fn scores_of_any_size_are_told_alike() {
    let of = |scale: f64| sample(&cube(3), 60, move |_, unit| (2.0 * unit[0] - unit[1]) * scale);
    let goal = objective(Goal::Minimize);
    let shares = |found: &Importances| -> Vec<f64> {
        found.params.iter().flat_map(|param| [param.share, param.interval.unwrap().1]).collect()
    };
    let (plain, large, small) = (of(1.0), of(600f64.exp2()), of((-600f64).exp2()));
    for method in ImportanceMethod::ALL {
        let ask = |points| method.ask(&cube(3), &scored(points), &goal, 0).unwrap();
        let found = ask(&plain);
        assert_eq!(shares(&found), shares(&ask(&large)), "{method:?}");
        assert_eq!(shares(&found), shares(&ask(&small)), "{method:?}");
        if method == ImportanceMethod::Shap {
            assert_eq!(ask(&large).params[0].raw, found.params[0].raw * 600f64.exp2());
        }
    }
    // The range itself is beyond the largest number.
    let mut wild = plain.clone();
    (wild[0].1, wild[1].1) = (f64::MAX, f64::MIN);
    for method in ImportanceMethod::ALL {
        let found = method.ask(&cube(3), &scored(&wild), &goal, 0).unwrap();
        assert!(shares(&found).into_iter().all(f64::is_finite), "{found:?}");
    }
}

#[test]
fn outliers_are_told() {
    let mut points = sample(&cube(2), 250, |_, unit| unit[0]);
    (points[7].1, points[9].1) = (1e9, 1e9);
    for method in [ImportanceMethod::Fanova, ImportanceMethod::Shap] {
        let found = method.ask(&cube(2), &scored(&points), &objective(Goal::Minimize), 0).unwrap();
        let told = "2 trials hold 99 % of the score's variance; PED-ANOVA goes by ranks";
        assert!(found.doubts.iter().any(|doubt| doubt.starts_with(told)), "{:?}", found.doubts);
    }
}

#[test]
fn little_is_known_of_a_parameter_that_was_active_in_two_trials() {
    let space = Space::new(vec![
        dim("model", words(&["svm", "tree"]), &[]),
        dim("C", float(0.0, 1.0, false, None), &[(0, 0.0)]),
        dim("depth", float(0.0, 1.0, false, None), &[(0, 1.0)]),
    ])
    .unwrap();
    let point = |i: usize| match i {
        7 | 20 => Point(vec![Some(0.0), Some(i as f64 / 30.0), None]),
        _ => Point(vec![Some(1.0), None, Some(i as f64 / 40.0)]),
    };
    let points: Vec<(Point, f64)> = (0..40).map(|i| (point(i), (i as f64).sqrt())).collect();
    for method in ImportanceMethod::ALL {
        let found = method.ask(&space, &scored(&points), &objective(Goal::Minimize), 0).unwrap();
        let sum: f64 = found.params.iter().map(|param| param.share).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{found:?}");
        let rare = param(&found, "C");
        assert!(rare.active == 2 && rare.interval.is_some() && rare.direction.is_none());
        assert!(rare.share < 0.2, "{method:?} {rare:?}");
        let told = "C was active in fewer than 10 trials: little is known of it".to_string();
        assert!(found.doubts.contains(&told), "{:?}", found.doubts);
    }
}

#[test]
fn many_trials_are_thinned_and_answers_are_the_same_again() {
    let points = sample(&cube(2), 2_500, |_, unit| unit[0] + 0.5 * unit[1]);
    let goal = objective(Goal::Minimize);
    let options = FanovaOptions { trees: 3, ..FanovaOptions::default() };
    let found = fanova(&cube(2), &scored(&points), &goal, &options).unwrap();
    assert_eq!((found.trials, found.of), (2_000, 2_500));
    let count = |n: u64| n.to_string();
    assert_eq!(found.over(count), "2000 of 2500 trials, spread evenly");
    let some = &scored(&points)[..60];
    for method in ImportanceMethod::ALL {
        let found = method.ask(&cube(2), some, &goal, 1).unwrap();
        assert_eq!(found, method.ask(&cube(2), some, &goal, 1).unwrap());
        assert_eq!(found.over(count), "60 trials");
        for param in &found.params {
            let (low, high) = param.interval.unwrap();
            assert!(low <= param.share && param.share <= high, "{method:?} {param:?}");
        }
        let few = method.ask(&cube(2), &some[..9], &goal, 1).unwrap();
        assert!(few.repeats == 0 && few.intervals().is_none());
        assert!(few.params.iter().all(|param| param.interval.is_none()));
    }
}
