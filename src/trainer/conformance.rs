//! What every family of the catalogue must hold, whatever it is.

use super::{
    Family, FitContext, FitError, Fold, Interim, Model, PredictRows, Signal, catalogue, family,
};
use crate::domain::{Labels, Params, Prediction, Value};
use crate::numeric::Rng;
use ndarray::{Array2, Axis, concatenate};
use std::sync::atomic::AtomicBool;

/// A small data set: rows, labels and rows to predict.
struct Case {
    name: &'static str,
    x: Array2<f64>,
    y: Labels,
}

fn blobs(seed: u64, n: usize, d: usize, n_classes: usize) -> (Array2<f64>, Vec<u32>) {
    let mut rng = Rng::stream(seed, "blobs", 0);
    let codes: Vec<u32> = (0..n).map(|row| (row % n_classes) as u32).collect();
    let x = Array2::from_shape_fn((n, d), |(row, j)| {
        let shift = if j % n_classes == codes[row] as usize { 1.5 } else { 0.0 };
        rng.normal() + shift
    });
    (x, codes)
}

fn classes(codes: Vec<u32>, n_classes: usize) -> Labels {
    Labels::Classes { codes, n_classes, positive: 1 }
}

fn plane(seed: u64, n: usize, d: usize) -> (Array2<f64>, Labels) {
    let mut rng = Rng::stream(seed, "plane", 0);
    let x = Array2::from_shape_fn((n, d), |_| rng.normal());
    let y = x.rows().into_iter().map(|row| 2.0 * row[0] + row.sum() + 0.3 * rng.normal()).collect();
    (x, Labels::Values(y))
}

/// Ordinary data, and the corners that a sweep meets.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name, x, y| cases.push(Case { name, x, y });
    let (x, codes) = blobs(1, 60, 4, 2);
    add("two classes", x, classes(codes, 2));
    let (x, codes) = blobs(2, 60, 4, 3);
    add("three classes", x, classes(codes, 3));
    let (x, codes) = blobs(3, 40, 4, 2);
    add("a class without rows", x, classes(codes.iter().map(|c| 2 * c).collect(), 3));
    let (x, codes) = blobs(4, 30, 1, 2);
    add("one feature", x, classes(codes, 2));
    let (mut x, codes) = blobs(5, 40, 3, 2);
    x.column_mut(1).fill(7.0);
    add("a constant feature", x, classes(codes, 2));
    let (x, codes) = blobs(6, 15, 3, 3);
    let x = concatenate![Axis(0), x, x, x];
    add("rows three times", x, classes(codes.repeat(3), 3));
    let (x, y) = plane(7, 60, 4);
    add("numbers", x, y);
    let (x, y) = plane(8, 30, 1);
    add("numbers, one feature", x, y);
    let (mut x, y) = plane(9, 40, 3);
    x.column_mut(2).fill(-3.0);
    add("numbers, a constant feature", x, y);
    let (x, y) = plane(10, 6, 9);
    add("numbers, more features than rows", x, y);
    let (x, _) = plane(11, 20, 2);
    add("numbers, all the same", x, Labels::Values(vec![4.0; 20]));
    cases
}

fn can(family: &dyn Family, y: &Labels) -> bool {
    let can = family.capabilities();
    if y.task().is_classification() { can.classification } else { can.regression }
}

fn fit_with(
    family: &dyn Family,
    fold: &Fold,
    params: &Params,
    cancel: bool,
) -> Result<Box<dyn Model>, FitError> {
    let cancel = AtomicBool::new(cancel);
    let mut ctx = FitContext { seed: 11, memory_mb: 500, interim: None, cancel: &cancel };
    family.fit(fold, params, &mut ctx)
}

/// Keeps what the model predicts after every round, and stops the fit after one of them.
struct Watch<'a> {
    x: &'a Array2<f64>,
    stop_at: Option<u64>,
    seen: Vec<(u64, Prediction)>,
    ended: Option<u64>,
}

impl Interim for Watch<'_> {
    fn wants(&self, rounds: u64) -> bool {
        rounds % 2 == 1
    }

    fn report(&mut self, rounds: u64, predict: &PredictRows<'_>) -> Signal {
        self.seen.push((rounds, predict(self.x.view())));
        if self.stop_at.is_some_and(|stop| rounds >= stop) {
            Signal::Prune
        } else {
            Signal::Continue
        }
    }

    fn ended(&mut self, rounds: u64) {
        self.ended = Some(rounds);
    }
}

/// A fit that is watched.
fn watched<'a>(
    family: &dyn Family,
    (case, params): (&'a Case, &Params),
    stop_at: Option<u64>,
) -> (Result<Box<dyn Model>, FitError>, Watch<'a>) {
    let fold = Fold::new(case.x.clone(), case.y.clone(), None);
    let mut watch = Watch { x: &case.x, stop_at, seen: Vec::new(), ended: None };
    let cancel = AtomicBool::new(false);
    let interim: Option<&mut dyn Interim> = Some(&mut watch);
    let mut ctx = FitContext { seed: 11, memory_mb: 500, interim, cancel: &cancel };
    let fitted = family.fit(&fold, params, &mut ctx);
    (fitted, watch)
}

/// The parameter that limits a family's rounds.
fn limit_of_rounds(family: &dyn Family) -> Option<&'static str> {
    match family.name() {
        "gradient_boosting" | "random_forest" => Some("n_estimators"),
        "logistic" => Some("max_iter"),
        _ => None,
    }
}

fn fit(family: &dyn Family, fold: &Fold) -> Result<Box<dyn Model>, FitError> {
    fit_with(family, fold, &Params::default(), false)
}

/// Every family with every case that it can do.
fn for_each_pair(check: impl Fn(&dyn Family, &Case, &Fold)) {
    for family in catalogue() {
        for case in cases() {
            if can(*family, &case.y) {
                let fold = Fold::new(case.x.clone(), case.y.clone(), None);
                check(*family, &case, &fold);
            }
        }
    }
}

#[test]
fn fits_predict_finite_numbers_of_the_right_shape() {
    for_each_pair(|family, case, fold| {
        let at = format!("'{}' on {}", family.name(), case.name);
        let model = fit(family, fold).unwrap_or_else(|error| panic!("{at}: {error}"));
        assert!(model.n_bytes() > 0, "{at}");
        let predicted = model.predict(case.x.view());
        assert_eq!(predicted.len(), case.x.nrows(), "{at}");
        assert!(predicted.is_finite(), "{at}: {predicted:?}");
        let Prediction::Classes { codes, scores, probabilities, n_classes } = predicted else {
            return;
        };
        assert!(codes.iter().all(|&code| (code as usize) < n_classes), "{at}");
        assert!(probabilities || !family.capabilities().probabilities, "{at}");
        let scores = scores.unwrap_or_default();
        assert!(scores.is_empty() || scores.len() == codes.len() * n_classes, "{at}");
        for row in scores.chunks_exact(n_classes).filter(|_| probabilities) {
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{at}: {row:?}");
            assert!(row.iter().all(|&p| (0.0..=1.0 + 1e-12).contains(&p)), "{at}: {row:?}");
        }
    });
}

#[test]
fn ordinary_data_is_learned() {
    for_each_pair(|family, case, fold| {
        let ordinary = ["two classes", "three classes", "numbers"].contains(&case.name);
        if family.name() == "dummy" || !ordinary {
            return;
        }
        let model = fit(family, fold).unwrap();
        let at = format!("'{}' on {}", family.name(), case.name);
        match (model.predict(case.x.view()), &case.y) {
            (Prediction::Classes { codes, .. }, Labels::Classes { codes: truth, .. }) => {
                let right = codes.iter().zip(truth).filter(|(a, b)| a == b).count();
                assert!(right * 10 >= truth.len() * 7, "{at}: {right} of {}", truth.len());
            }
            (Prediction::Values(values), Labels::Values(truth)) => {
                let mean = crate::numeric::mean(truth);
                let errors: f64 = values.iter().zip(truth).map(|(a, b)| (a - b) * (a - b)).sum();
                let spread: f64 = truth.iter().map(|y| (y - mean) * (y - mean)).sum();
                assert!(errors < 0.7 * spread, "{at}: {errors} of {spread}");
            }
            other => panic!("{at}: {other:?}"),
        }
    });
}

#[test]
fn two_fits_and_a_reload_are_equal_to_the_bit() {
    for_each_pair(|family, case, fold| {
        let at = format!("'{}' on {}", family.name(), case.name);
        let model = fit(family, fold).unwrap();
        let fresh = Fold::new(case.x.clone(), case.y.clone(), None);
        let again = fit(family, &fresh).unwrap();
        let (predicted, saved) = (model.predict(case.x.view()), model.save());
        assert_eq!(predicted, again.predict(case.x.view()), "{at}");
        assert_eq!(saved, again.save(), "{at}");
        let text = serde_json::to_string(&saved).unwrap();
        let read = family.load(&serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(predicted, read.predict(case.x.view()), "{at}, saved and read");
        assert_eq!(model.n_bytes(), read.n_bytes(), "{at}");
    });
}

#[test]
fn a_row_alone_is_predicted_as_among_others() {
    for_each_pair(|family, case, fold| {
        let model = fit(family, fold).unwrap();
        let together = model.predict(case.x.view());
        for row in [0, 3] {
            let alone = model.predict(case.x.slice(ndarray::s![row..=row, ..]));
            let at = format!("'{}' on {}, row {row}", family.name(), case.name);
            assert!(distance(&alone, &pick(&together, row)) < 1e-9, "{at}");
        }
    });
}

fn pick(prediction: &Prediction, row: usize) -> Prediction {
    match prediction {
        Prediction::Values(values) => Prediction::Values(vec![values[row]]),
        Prediction::Classes { codes, scores, probabilities, n_classes } => Prediction::Classes {
            codes: vec![codes[row]],
            scores: scores.as_ref().map(|s| s[row * n_classes..(row + 1) * n_classes].to_vec()),
            probabilities: *probabilities,
            n_classes: *n_classes,
        },
    }
}

/// The largest difference of any number in two predictions.
fn distance(one: &Prediction, two: &Prediction) -> f64 {
    let numbers = |prediction: &Prediction| match prediction {
        Prediction::Values(values) => values.clone(),
        Prediction::Classes { codes, scores, .. } => {
            scores.clone().unwrap_or_else(|| codes.iter().map(|&code| f64::from(code)).collect())
        }
    };
    let (one, two) = (numbers(one), numbers(two));
    assert_eq!(one.len(), two.len());
    one.iter().zip(&two).map(|(a, b)| (a - b).abs() / (1.0 + a.abs())).fold(0.0, f64::max)
}

/// Tolerances as tight as they go, so that two ways to the same optimum end at the same numbers.
fn tight(family: &dyn Family) -> Params {
    let has = |name: &str| family.params().iter().any(|spec| spec.name == name);
    let mut params = Params::default();
    if has("tol") {
        params.set("tol", Value::Float(1e-11));
    }
    if has("max_iter") {
        params.set("max_iter", Value::Int(100_000));
    }
    params
}

#[test]
fn whole_weights_count_as_repeated_rows_or_are_refused() {
    for family in catalogue() {
        for case in cases().into_iter().filter(|case| can(*family, &case.y)) {
            let at = format!("'{}' on {}", family.name(), case.name);
            let counts: Vec<usize> =
                (0..case.x.nrows()).map(|row| [1, 2, 0, 3, 1][row % 5]).collect();
            let weights = counts.iter().map(|&count| count as f64).collect();
            let weighted = Fold::new(case.x.clone(), case.y.clone(), Some(weights));
            let params = tight(*family);
            let fitted = fit_with(*family, &weighted, &params, false);
            if !family.capabilities().weights {
                let refusal = fitted.err().map(|error| error.to_string()).unwrap_or_default();
                assert!(refusal.contains(&format!("'{}'", family.name())), "{at}: {refusal}");
                continue;
            }
            // Draws are made per row, so a family that draws cannot repeat them over other rows; the
            // support vector machine draws for probabilities only, which are off here.
            if family.capabilities().random && family.name() != "svm" {
                continue;
            }
            let rows: Vec<usize> =
                (0..counts.len()).flat_map(|row| std::iter::repeat_n(row, counts[row])).collect();
            let repeated = Fold::new(case.x.select(Axis(0), &rows), case.y.take(&rows), None);
            let one = fitted.unwrap().predict(case.x.view());
            let two = fit_with(*family, &repeated, &params, false).unwrap().predict(case.x.view());
            let apart = distance(&one, &two);
            assert!(apart < 1e-6, "{at}: {apart:e}");
        }
    }
}

#[test]
fn the_wrong_task_is_refused_by_name() {
    for family in catalogue() {
        for case in cases().into_iter().filter(|case| !can(*family, &case.y)) {
            let refusal = fit(*family, &Fold::new(case.x, case.y, None)).err();
            let Some(FitError::Unsuitable(text)) = refusal else { panic!("{refusal:?}") };
            assert!(text.contains(&format!("'{}'", family.name())), "{text}");
        }
    }
}

#[test]
fn a_canceled_fit_stops() {
    for_each_pair(|family, case, fold| {
        let outcome = fit_with(family, fold, &Params::default(), true);
        let stopped = Some(FitError::Stopped(Signal::Cancel));
        assert_eq!(outcome.err(), stopped, "'{}' on {}", family.name(), case.name);
    });
}

#[test]
fn a_prune_ends_the_fit_at_its_round() {
    for_each_pair(|family, case, _| {
        let at = format!("'{}' on {}", family.name(), case.name);
        let (outcome, watch) = watched(family, (case, &Params::default()), Some(3));
        let rounds: Vec<u64> = watch.seen.iter().map(|(rounds, _)| *rounds).collect();
        if limit_of_rounds(family).is_none() {
            assert_eq!((outcome.err(), watch.ended, rounds), (None, None, vec![]), "{at}");
        } else if let Some(rounds_made) = watch.ended {
            // The optimizer was done before.
            assert!(family.name() == "logistic" && rounds_made <= 3, "{at}: {rounds_made}");
        } else {
            let stopped = Some(FitError::Stopped(Signal::Prune));
            assert_eq!((outcome.err(), rounds), (stopped, vec![1, 3]), "{at}");
        }
    });
}

#[test]
fn the_model_after_a_round_is_the_one_that_a_fit_of_so_many_rounds_gives() {
    for_each_pair(|family, case, fold| {
        let Some(limit) = limit_of_rounds(family) else { return };
        let with_limit = |rounds: u64| -> Params {
            [(limit.to_string(), Value::Int(rounds as i64))].into_iter().collect()
        };
        let (fitted, watch) = watched(family, (case, &with_limit(8)), None);
        let at = format!("'{}' on {}", family.name(), case.name);
        let unwatched = fit_with(family, fold, &with_limit(8), false).unwrap();
        assert_eq!(fitted.unwrap().save(), unwatched.save(), "{at}: watched or not");
        let rounds: Vec<u64> = watch.seen.iter().map(|(rounds, _)| *rounds).collect();
        let all = [1, 3, 5, 7];
        let ended = watch.ended.unwrap();
        if family.name() == "logistic" {
            assert!(all.starts_with(&rounds) && ended <= 8, "{at}: {rounds:?} of {ended}");
        } else {
            assert_eq!((rounds.as_slice(), ended), (all.as_slice(), 8), "{at}");
        }
        for (rounds, seen) in &watch.seen {
            let short = fit_with(family, fold, &with_limit(*rounds), false).unwrap();
            assert_eq!(*seen, short.predict(case.x.view()), "{at}, round {rounds}");
        }
    });
}

#[test]
fn declarations_are_sound() {
    for (position, one) in catalogue().iter().enumerate() {
        assert!(family(one.name()).is_some_and(|found| found.name() == one.name()));
        assert!(catalogue()[..position].iter().all(|other| other.name() != one.name()));
        let can = one.capabilities();
        assert!(can.classification || can.regression);
        for (idx, spec) in one.params().iter().enumerate() {
            assert!(one.params()[..idx].iter().all(|other| other.name != spec.name));
            assert!(
                !spec.kinds.is_empty() && !spec.about.is_empty(),
                "{}.{}",
                one.name(),
                spec.name
            );
            let default = spec.default.value();
            assert!(spec.optional || default != Value::None, "{}.{}", one.name(), spec.name);
        }
        assert!(one.load(&serde_json::json!({"what": 1})).is_err(), "'{}'", one.name());
    }
}
