//! Importances against Optuna's (`tests/fixtures/importance.py`), and where truth is known.

use super::boxes::Boxes;
use super::*;
use crate::domain::{Goal, Params};
use crate::numeric::Rng;
use crate::space::{Condition, Dimension, Kind};
use crate::trainer::FlatTree;
use serde_json::Value as Json;

fn fixture() -> Json {
    serde_json::from_str(include_str!("../../../tests/fixtures/importance.json")).unwrap()
}

pub(super) fn dim(name: &str, kind: Kind, when: &[(usize, f64)]) -> Dimension {
    let when = when.iter().map(|&(parent, coord)| Condition { parent, any_of: vec![coord] });
    Dimension { id: name.into(), name: name.into(), kind, when: when.collect() }
}

pub(super) fn float(low: f64, high: f64, log: bool, step: Option<f64>) -> Kind {
    Kind::Float { low, high, log, step }
}

pub(super) fn words(values: &[&str]) -> Kind {
    Kind::Choice { values: values.iter().map(|v| Value::Text((*v).into())).collect() }
}

fn plain() -> Space {
    Space::new(vec![
        dim("a", float(-5.0, 5.0, false, None), &[]),
        dim("b", float(-5.0, 5.0, false, None), &[]),
        dim("c", words(&["x", "y", "z"]), &[]),
        dim("lr", float(1e-4, 1.0, true, None), &[]),
        dim("n", Kind::Int { low: 1, high: 9, log: false, step: 1 }, &[]),
        dim("k", Kind::Int { low: 1, high: 500, log: true, step: 1 }, &[]),
        dim("s", float(0.0, 2.0, false, Some(0.25)), &[]),
        dim("w", Kind::Int { low: 10, high: 1000, log: false, step: 10 }, &[]),
    ])
    .unwrap()
}

fn conditional() -> Space {
    Space::new(vec![
        dim("model", words(&["svm", "tree", "dummy"]), &[]),
        dim("kernel", words(&["rbf", "linear"]), &[(0, 0.0)]),
        dim("C", float(1e-2, 1e3, true, None), &[(0, 0.0)]),
        dim("gamma", float(1e-4, 1.0, true, None), &[(0, 0.0), (1, 0.0)]),
        dim("depth", Kind::Int { low: 1, high: 20, log: false, step: 1 }, &[(0, 1.0)]),
    ])
    .unwrap()
}

pub(super) fn points(space: &Space, case: &Json) -> Vec<(Point, f64)> {
    let value = |v: &Json| match v {
        Json::String(text) => Value::Text(text.clone()),
        Json::Number(n) if n.is_i64() => Value::Int(n.as_i64().unwrap()),
        other => Value::Float(other.as_f64().unwrap()),
    };
    let one = |trial: &Json| {
        let params: Params = trial["params"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, v)| (name.clone(), value(v)))
            .collect();
        (space.point(&params).unwrap(), trial["value"].as_f64().unwrap())
    };
    case["trials"].as_array().unwrap().iter().map(one).collect()
}

pub(super) fn scored(points: &[(Point, f64)]) -> Vec<ScoredPoint<'_>> {
    points.iter().map(|(point, score)| ScoredPoint { point, score: *score }).collect()
}

pub(super) fn objective(goal: Goal) -> Objective {
    Objective { metric: "score".into(), goal }
}

#[test]
fn ped_anova_is_optunas() {
    let fixture = fixture();
    for (name, space) in [("plain", plain()), ("searched", plain()), ("conditional", conditional())]
    {
        let case = &fixture[name];
        let points = points(&space, case);
        let goal = if case["direction"] == "maximize" { Goal::Maximize } else { Goal::Minimize };
        for (top, expect) in case["ped"].as_object().unwrap() {
            let options =
                PedAnovaOptions { top: top.parse().unwrap(), ..PedAnovaOptions::default() };
            let got = ped_anova(&space, &scored(&points), &objective(goal), &options).unwrap();
            assert_eq!(got.params.len(), space.len());
            for param in &got.params {
                let raw = expect["raw"][&param.id].as_f64().unwrap();
                let share = expect["share"][&param.id].as_f64().unwrap();
                let close = |a: f64, b: f64| (a - b).abs() <= 1e-10 * b.abs().max(1e-3);
                assert!(close(param.raw, raw), "{name} {top} {}: {} {raw}", param.id, param.raw);
                assert!((param.share - share).abs() < 1e-9, "{name} {top} {}", param.id);
            }
        }
    }
}

#[test]
fn variances_of_trees_are_optunas() {
    let fixture = fixture();
    let numbers = |json: &Json| -> Vec<f64> {
        json.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
    };
    let bounds: Vec<(f64, f64)> = fixture["forest"]["bounds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|side| (side[0].as_f64().unwrap(), side[1].as_f64().unwrap()))
        .collect();
    for case in fixture["forest"]["trees"].as_array().unwrap() {
        let codes = |key: &str| numbers(&case[key]).into_iter().map(|v| v as u32).collect();
        let feature = |v: &Json| v.as_u64().map(|f| f as u32);
        let tree = FlatTree {
            feature: case["feature"].as_array().unwrap().iter().map(feature).collect(),
            threshold: numbers(&case["threshold"]),
            left: codes("left"),
            right: codes("right"),
            value: numbers(&case["value"]),
            width: 1,
        };
        let boxes = Boxes::new(&tree, &bounds);
        let expect = case["variance"].as_f64().unwrap();
        assert!((boxes.variance() / expect - 1.0).abs() < 1e-12);
        for (got, expect) in boxes.marginals().iter().zip(numbers(&case["marginals"])) {
            assert!((got / expect - 1.0).abs() < 1e-11, "{got} {expect}");
        }
    }
}

/// Random points of a space with a known function of their unit coordinates.
pub(super) fn sample(
    space: &Space,
    n: usize,
    f: impl Fn(&Point, &[f64]) -> f64,
) -> Vec<(Point, f64)> {
    let mut rng = Rng::new(11);
    let mut one = || {
        let unit: Vec<f64> = (0..space.len()).map(|_| rng.unit()).collect();
        let point = space.from_unit(&unit);
        let value = f(&point, &space.to_unit(&point));
        (point, value)
    };
    (0..n).map(|_| one()).collect()
}

#[test]
fn fanova_finds_the_known_shares() {
    let space = Space::new(vec![
        dim("big", float(1e-4, 1.0, true, None), &[]),
        dim("small", float(0.0, 1.0, false, None), &[]),
        dim("word", words(&["p", "q"]), &[]),
        dim("idle", float(0.0, 1.0, false, None), &[]),
        dim("fixed", words(&["only"]), &[]),
    ])
    .unwrap();
    // Variances 4/12, 1/12, 1/4·0.5² = 1/16: shares 0.696, 0.174, 0.130.
    let points = sample(&space, 600, |point, unit| {
        2.0 * unit[0] + unit[1] + 0.5 * point.0[2].unwrap_or(0.0)
    });
    let got =
        fanova(&space, &scored(&points), &objective(Goal::Maximize), &FanovaOptions::default())
            .unwrap();
    let raw = |id: &str| got.params.iter().find(|param| param.id == id).unwrap().raw;
    assert!((raw("big") - 0.696).abs() < 0.03, "{got:?}");
    assert!((raw("small") - 0.174).abs() < 0.03, "{got:?}");
    assert!((raw("word") - 0.130).abs() < 0.02, "{got:?}");
    assert!(raw("idle") < 0.003, "{got:?}");
    assert_eq!(got.params.len(), 4);
    assert!(got.doubts.is_empty());
    let again =
        fanova(&space, &scored(&points), &objective(Goal::Maximize), &FanovaOptions::default());
    assert_eq!(again.unwrap(), got);
}

/// `gamma` is active in half of the trials and matters there; its share over the whole space is computed by hand.
#[test]
fn fanova_counts_a_conditional_parameter_where_it_is_active() {
    let space = Space::new(vec![
        dim("kernel", words(&["rbf", "linear"]), &[]),
        dim("gamma", float(0.0, 1.0, false, None), &[(0, 0.0)]),
        dim("C", float(0.0, 1.0, false, None), &[]),
    ])
    .unwrap();
    // f = 2 gamma where active, else 1. E[f | gamma] = gamma + ½: variance 1/12. E[f | kernel] = 1: none.
    // Var f = ½ · 4/12 = 1/6, so gamma explains a half by itself and the rest together with the kernel.
    let points = sample(&space, 800, |point, _| point.0[1].map_or(1.0, |gamma| 2.0 * gamma));
    let got =
        fanova(&space, &scored(&points), &objective(Goal::Minimize), &FanovaOptions::default())
            .unwrap();
    let raw = |id: &str| got.params.iter().find(|param| param.id == id).unwrap().raw;
    assert!((raw("gamma") - 0.5).abs() < 0.03, "{got:?}");
    assert!(raw("kernel") < 0.01 && raw("C") < 0.01, "{got:?}");
    assert!((350..450).contains(&got.params[0].active));
}

#[test]
fn doubts_and_refusals_are_told() {
    let space = plain();
    let points = points(&space, &fixture()["plain"]);
    let trials = scored(&points);
    let goal = objective(Goal::Minimize);
    let ped = PedAnovaOptions::default();
    let few = ped_anova(&space, &trials[..20], &goal, &ped).unwrap();
    assert_eq!(
        few.doubts,
        ["only 2 trials count as the best; 50 or more trials in all make it steadier"]
    );
    let told = ped_anova(&space, &trials[..1], &goal, &ped).unwrap_err().to_string();
    assert!(told.starts_with("PED-ANOVA needs at least 2 trials with a score, there is 1"));
    let options = FanovaOptions::default();
    assert!(fanova(&space, &trials[..3], &goal, &options).is_err());
    let few = fanova(&space, &trials[..30], &goal, &options).unwrap();
    assert_eq!(few.doubts, ["30 trials for 8 parameters; 80 or more make the forest trustworthy"]);
    let changed = |f: fn(f64) -> f64| -> Vec<(Point, f64)> {
        points.iter().map(|(point, score)| (point.clone(), f(*score))).collect()
    };
    let (flat, mut nan) = (changed(|_| 1.0), changed(|_| f64::NAN));
    for method in ImportanceMethod::ALL {
        let told = method.ask(&space, &scored(&flat), &goal, 0).unwrap_err().to_string();
        assert!(
            told.starts_with("all 120 trials have the same score 1, so no parameter made a"),
            "{told}"
        );
        let told = method.ask(&space, &scored(&nan), &goal, 0).unwrap_err().to_string();
        assert!(
            told.contains("trials with a score, there are 0 (120 scores more are not finite);")
        );
    }
    // Some scores that are not finite are left out.
    nan.truncate(5);
    nan.extend(points.iter().skip(5).cloned());
    let found = ped_anova(&space, &scored(&nan), &goal, &ped).unwrap();
    assert_eq!((found.trials, found.of), (115, 115));
    let bad = PedAnovaOptions { top: 1.0, ..ped };
    let told = ped_anova(&space, &trials, &goal, &bad).unwrap_err().to_string();
    assert!(told.contains("'top' cannot be 1"), "{told}");
    let short = Point(vec![Some(0.0)]);
    let stray = [ScoredPoint { point: &short, score: 1.0 }, trials[0]];
    let told = ped_anova(&space, &stray, &goal, &ped).unwrap_err().to_string();
    assert!(told.starts_with("trial 0 is no point of the space"), "{told}");
}

#[test]
fn nothing_is_known_of_a_parameter_that_never_changed() {
    let space = Space::new(vec![
        dim("model", words(&["svm", "tree"]), &[]),
        dim("C", float(0.0, 1.0, false, None), &[(0, 0.0)]),
        dim("depth", float(0.0, 1.0, false, None), &[(0, 1.0)]),
        dim("n", Kind::Int { low: 1, high: 9, log: false, step: 1 }, &[]),
    ])
    .unwrap();
    let point = |i: usize| Point(vec![Some(0.0), Some(i as f64 / 40.0), None, Some(3.0)]);
    let points: Vec<(Point, f64)> = (0..40).map(|i| (point(i), (i as f64).sqrt())).collect();
    for method in ImportanceMethod::ALL {
        let found = method.ask(&space, &scored(&points), &objective(Goal::Minimize), 0).unwrap();
        assert!(found.params[0].id == "C" && found.params[0].share == 1.0, "{found:?}");
        assert_eq!(
            found.doubts[..2],
            [
                "depth was active in no trial: nothing is known of it",
                "model, n had the same value in all trials: nothing is known of them"
            ]
        );
    }
}
