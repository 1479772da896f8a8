//! Tests of cross-validation: what is judged, and what a pruned trial keeps.

use super::*;
use crate::domain::{Params, PointBatch, RunId, Status};
use crate::executor::Ears;
use crate::spec::{self, Known, Overrides};
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicIsize;

/// Finds every trial hopeless at one context and step, and remembers what it was told.
#[derive(Default)]
struct Strict {
    at: (&'static str, i64),
    judged: Mutex<Vec<(String, i64, f64)>>,
    told: Mutex<Vec<(String, i64, f64)>>,
}

impl Ears for Strict {
    fn hear(&self, _: &Assignment, batch: PointBatch, summaries: Vec<(String, Summary)>) {
        assert!(summaries.is_empty());
        let points = batch.points.iter().map(|point| {
            let key = &batch.series[point.series as usize];
            assert_eq!(key.metric, "accuracy");
            (key.context.clone(), point.step, point.value)
        });
        self.told.lock().unwrap().extend(points);
    }

    fn judge(&self, _: &Assignment, context: &str, step: i64, value: f64) -> Option<String> {
        assert!(value.is_finite());
        self.judged.lock().unwrap().push((context.to_string(), step, value));
        ((context, step) == self.at).then(|| "hopeless".to_string())
    }
}

/// What a trial came to.
struct Seen {
    execution: Execution,
    judged: Vec<(String, i64, f64)>,
    told: Vec<(String, i64, f64)>,
}

impl Seen {
    /// Where it was judged.
    fn places(&self) -> Vec<(&str, i64)> {
        self.judged.iter().map(|(context, step, _)| (context.as_str(), *step)).collect()
    }

    /// Every value of accuracy that is recorded: told live, then kept.
    fn accuracies(&self) -> Vec<(String, i64, f64)> {
        let points = self.execution.points.iter().filter(|point| point.metric == "accuracy");
        let kept = points.map(|point| (point.context.clone(), point.step, point.value));
        self.told.iter().cloned().chain(kept).collect()
    }
}

/// A model with its parameters.
fn params(model: &str, limits: &[(&str, i64)]) -> Params {
    let mut params = Params::default();
    params.set("model", Value::Text(model.into()));
    for (name, value) in limits {
        params.set(*name, Value::Int(*value));
    }
    params
}

fn run(params: Params, search: &str, at: (&'static str, i64)) -> Seen {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = String::from("a,b,y\n");
    for row in 0..60 {
        writeln!(rows, "{}.5,{}.25,{}", row * 7 % 60, row * row % 17, ["no", "yes"][row % 2])
            .unwrap();
    }
    std::fs::write(folder.path().join("d.csv"), rows).unwrap();
    let text = format!(
        "[objective]\nmetric = \"accuracy\"\n[search]\nsampler = \"random\"\n{search}\n\
         [data]\npath = \"d.csv\"\ntarget = \"y\"\nfolds = 4\n[models.dummy]\n"
    );
    let file = folder.path().join("s.toml");
    let (format, overrides) = (spec::Format::Toml, Overrides::default());
    let sweep = spec::parse(&text, format, &file, &overrides, &Known::built_in()).unwrap();
    let spec::Work::Models(section) = &sweep.work else { panic!("{:?}", sweep.work) };
    let data = data::load(&section.data).unwrap();
    let split = data::split(&data, &section.split).unwrap();
    let work = CrossValidation::new(CvSetup {
        data,
        split,
        blocks: section.preprocess.clone(),
        metrics: vec!["accuracy", "log_loss", "model_bytes"],
        n_objectives: 1,
        memory_mb: 100,
        cache_bytes: 0,
        judged: match &sweep.search.pruner {
            None => Judged::Nothing,
            Some(pruner) if pruner.wants_rounds() => Judged::Rounds,
            Some(_) => Judged::Folds,
        },
    });
    let assignment =
        Assignment { run: RunId(1), trial: 0, attempt: 1, params, seed: 0, replicate: 0 };
    let ears = Arc::new(Strict { at, ..Strict::default() });
    // Idle workers, which a trial that is judged leaves alone.
    let control = Control::new(None, Arc::new(AtomicIsize::new(3)));
    let control = control.heard_by(&assignment, Arc::clone(&ears) as Arc<dyn Ears>);
    let execution = work.run(&assignment, &control);
    let judged = ears.judged.lock().unwrap().clone();
    let told = ears.told.lock().unwrap().clone();
    Seen { execution, judged, told }
}

const NEVER: (&str, i64) = ("", 0);
const PRUNER: &str = "pruner = \"median\"";

#[test]
fn without_a_pruner_there_is_one_value_a_fold() {
    let seen = run(params("gradient_boosting", &[("n_estimators", 9)]), "", NEVER);
    assert_eq!(seen.execution.outcome, Outcome::Done);
    let mut places = seen.places();
    places.sort_unstable();
    assert_eq!(places, [("fold=0", 0), ("fold=1", 0), ("fold=2", 0), ("fold=3", 0)]);
    assert!(seen.told.is_empty() && seen.execution.points.iter().all(|point| point.step == 0));
}

#[test]
fn rounds_are_judged_in_order_and_recorded() {
    let check = |model: &str, limit: &str| {
        let trial = || params(model, &[(limit, 9)]);
        let seen = run(trial(), PRUNER, NEVER);
        assert_eq!(seen.execution.outcome, Outcome::Done, "{model}");
        if model != "logistic" {
            let rounds = [1, 2, 3, 4, 6, 8, 9];
            let folds = ["fold=0", "fold=1", "fold=2", "fold=3"];
            let places: Vec<_> =
                folds.iter().flat_map(|fold| rounds.map(|step| (*fold, step))).collect();
            assert_eq!(seen.places(), places, "{model}");
        }
        assert_eq!(seen.accuracies(), seen.judged, "{model}");
        // The summary is of the folds alone, and what it was without a pruner.
        let plain = run(trial(), "", NEVER).execution;
        assert_eq!(seen.execution.summaries, plain.summaries, "{model}");
        let last = |fold: &str| {
            let of_fold = seen.judged.iter().rfind(|(context, ..)| context == fold).unwrap();
            (of_fold.1, of_fold.2)
        };
        for point in plain.points.iter().filter(|point| point.metric == "accuracy") {
            assert_eq!(last(&point.context).1, point.value, "{model} {}", point.context);
        }
        for point in &seen.execution.points {
            assert!(point.metric == "accuracy" || point.step == last(&point.context).0);
        }
    };
    check("gradient_boosting", "n_estimators");
    check("random_forest", "n_estimators");
    check("logistic", "max_iter");
}

#[test]
fn a_pruned_trial_keeps_its_curve_and_has_no_score() {
    let trial = || params("random_forest", &[("n_estimators", 9)]);
    let whole = run(trial(), PRUNER, NEVER);
    let seen = run(trial(), PRUNER, ("fold=1", 4));
    assert_eq!(seen.execution.outcome, Outcome::Pruned { reason: "hopeless".into() });
    assert_eq!(seen.judged, whole.judged[..11]);
    assert_eq!(seen.accuracies(), whole.judged[..11]);
    assert!(seen.execution.summaries.is_empty() && seen.execution.predictions.is_none());
    // The fold that was whole keeps its other metrics.
    let others = seen.execution.points.iter().filter(|point| point.metric != "accuracy");
    let others: Vec<_> = others.map(|point| (point.context.as_str(), point.step)).collect();
    assert!(!others.is_empty() && others.iter().all(|place| *place == ("fold=0", 9)));
}

#[test]
fn a_model_without_rounds_is_judged_fold_by_fold() {
    let seen = run(params("dummy", &[]), PRUNER, ("fold=1", 1));
    assert_eq!(seen.execution.outcome.status(), Status::Pruned);
    assert_eq!(seen.places(), [("fold=0", 1), ("fold=1", 1)]);
    assert_eq!(seen.accuracies(), seen.judged);
    assert!(seen.execution.summaries.is_empty() && seen.execution.predictions.is_none());
}
