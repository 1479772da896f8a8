//! Reproducible sweeps: the same trials to the bit for any number of workers, in whatever order they
//! finish, and across interruptions.

use crate::driving::{
    Bomb, MIXED, Session, assert_each_ran_once, assert_replays, bowl, dead_owner, fake, go,
    nowhere, on_disk, open, outcomes, spec_of,
};
use derby::domain::{RunRecord, Status};
use derby::executor::fake::{Fake, Script};
use derby::host::Interrupts;
use derby::spec::{self, Format, Known, Overrides, Sweep};
use derby::store::{Query, Store};
use derby::sweep::{Plan, Silent, StopReason};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

fn tpe(budget: &str) -> Sweep {
    let search = "[search]\nsampler = \"tpe\"\nseed = 5\nreproducible = true\nlag = 4\n";
    spec_of(&format!("{MIXED}{search}[budget]\n{budget}\n"))
}

/// Work on a bowl that takes longer for some trials, and for others under another `disorder`.
fn uneven(disorder: u64) -> Arc<Fake> {
    fake(move |assignment| {
        let spins = assignment.trial.wrapping_mul(2_654_435_761).wrapping_add(disorder * 97) % 7;
        for spin in 0..spins * 4_000 {
            std::hint::black_box(spin);
        }
        match assignment.trial % 9 {
            4 => Script::Fail("every ninth".into()),
            // Steps, so that equal scores occur.
            _ => Script::Value((bowl(&assignment.params) * 4.0).round()),
        }
    })
}

#[test]
fn any_number_of_workers_gives_the_same_trials() {
    let spec = tpe("trials = 50");
    let mut alone = Store::in_memory().unwrap();
    let first = go(&mut alone, &spec, &uneven(0), 1);
    assert_replays(&alone, &spec);
    for (jobs, disorder) in [(2, 1), (4, 2), (4, 3), (8, 4)] {
        let mut store = Store::in_memory().unwrap();
        let report = go(&mut store, &spec, &uneven(disorder), jobs);
        assert_eq!(outcomes(&store), outcomes(&alone), "{jobs} jobs");
        let best = |report: &derby::sweep::Report| -> Vec<u64> {
            report.progress.best.iter().map(|best| best.trial).collect()
        };
        assert_eq!(best(&report), best(&first));
        assert_replays(&store, &spec);
    }
}

#[test]
fn without_it_the_order_of_the_ends_matters() {
    // The counterpart: what the other tests of this file compare does differ where nothing holds it.
    let spec = spec_of(&format!("{MIXED}[search]\nseed = 5\n[budget]\ntrials = 40\n"));
    let tried = |jobs: usize| {
        let mut store = Store::in_memory().unwrap();
        go(&mut store, &spec, &uneven(jobs as u64), jobs);
        outcomes(&store)
    };
    assert_ne!(tried(1), tried(4));
}

#[test]
fn the_rules_of_the_budget_stop_at_the_same_trial() {
    let check = |budget: &str, expected: StopReason| {
        let spec = tpe(budget);
        let mut alone = Store::in_memory().unwrap();
        let first = go(&mut alone, &spec, &uneven(0), 1);
        assert_eq!(first.stop, expected, "{budget}");
        for (jobs, disorder) in [(2, 1), (3, 2), (4, 3)] {
            let mut store = Store::in_memory().unwrap();
            let report = go(&mut store, &spec, &uneven(disorder), jobs);
            assert_eq!(report.stop, expected, "{budget}, {jobs} jobs");
            assert_eq!(outcomes(&store), outcomes(&alone), "{budget}, {jobs} jobs");
            let (work, n_trials) = (uneven(9), outcomes(&store).len());
            let again = go(&mut store, &spec, &work, 2);
            assert_eq!((again.stop, work.n_started()), (expected.clone(), 0), "{budget}");
            assert_eq!(outcomes(&store).len(), n_trials);
        }
    };
    check("trials = 200\npatience = 12", StopReason::Patience(12));
    check("trials = 200\ntarget = 6.0", StopReason::Target(6.0));
    check("trials = 200\nmax_failed = 3", StopReason::Failures(3));
}

#[test]
fn a_sweep_without_hope_ends_at_the_same_trial() {
    let text = "[params]\nx = { low = -3.0, high = 3.0 }\n[search]\nseed = 5\nreproducible = true\nlag = 4\n\
                [budget]\ntrials = 90\nmin_improvement = 0.5\n";
    let calm = |disorder| {
        let uneven = uneven(disorder);
        fake(move |assignment| match uneven.script(assignment) {
            Script::Fail(_) => Script::Value((bowl(&assignment.params) * 4.0).round()),
            other => other,
        })
    };
    let spec = spec_of(text);
    let mut alone = Store::in_memory().unwrap();
    let first = go(&mut alone, &spec, &calm(0), 1);
    assert!(matches!(first.stop, StopReason::Improvement { .. }), "{}", first.stop);
    for (jobs, disorder) in [(2, 1), (4, 3)] {
        let mut store = Store::in_memory().unwrap();
        let report = go(&mut store, &spec, &calm(disorder), jobs);
        assert_eq!(report.stop, first.stop, "{jobs} jobs");
        assert_eq!(outcomes(&store), outcomes(&alone), "{jobs} jobs");
        let work = calm(9);
        let again = go(&mut store, &spec, &work, 2);
        assert_eq!((again.stop, work.n_started()), (first.stop.clone(), 0));
    }
}

#[test]
fn interruptions_and_crashes_leave_no_trace() {
    let spec = tpe("trials = 40\npatience = 25");
    let mut calm = Store::in_memory().unwrap();
    go(&mut calm, &spec, &uneven(0), 1);
    let (folder, mut store) = on_disk();
    for (jobs, starts) in [(2, 5), (4, 9), (3, 2)] {
        // The second interrupt stops what runs in the middle.
        let interrupts = Interrupts::none();
        let raised = interrupts.clone();
        let calm_work = uneven(jobs as u64);
        let counted = std::sync::atomic::AtomicU64::new(0);
        let work = fake(move |assignment| {
            if counted.fetch_add(1, std::sync::atomic::Ordering::AcqRel) + 1 >= starts {
                raised.raise(false);
                raised.raise(false);
                return Script::UntilStopped;
            }
            calm_work.script(assignment)
        });
        let session = Session { interrupts, ..Session::new(jobs) };
        let report = session.drive(&mut store, &spec, work).unwrap();
        assert_eq!(report.stop, StopReason::Interrupted { terminated: false });
        let session = Session { owner: dead_owner(), ..Session::new(jobs) };
        let crash = catch_unwind(AssertUnwindSafe(|| {
            session.watched(&mut store, &spec, uneven(8), &mut Bomb { at: 3 })
        }));
        assert!(crash.is_err());
        store = open(folder.path());
    }
    go(&mut store, &spec, &uneven(6), 4);
    assert_eq!(outcomes(&store), outcomes(&calm));
    assert_each_ran_once(&store);
    assert_replays(&store, &spec);
}

const IRIS: &str = r#"
name = "iris"
objective = { metric = "accuracy" }
[data]
path = "../assets/iris.csv"
target = "target"
folds = 3
keep_predictions = 2
[preprocess]
scale = ["standard", "none"]
[models.knn]
n_neighbors = { low = 1, high = 30 }
[models.decision_tree]
max_depth = { low = 1, high = 6 }
[models.random_forest]
n_estimators = { low = 2, high = 9 }
[search]
sampler = "tpe"
seed = 2
reproducible = true
lag = 4
[budget]
trials = 24
"#;

/// A trial's record without times: parameters, the bits of every score, the predictions that were kept.
#[derive(PartialEq)]
pub(crate) struct Recorded {
    trial: Option<u64>,
    params: String,
    values: Vec<(String, u64)>,
    predictions: Option<Vec<u8>>,
}

pub(crate) fn recorded(store: &Store) -> Vec<Recorded> {
    let mut runs: Vec<RunRecord> = store.runs(&Query::default()).unwrap();
    runs.retain(|run| run.status == Status::Done);
    runs.sort_by_key(|run| run.trial);
    let values = |run: &RunRecord| -> Vec<(String, u64)> {
        let points = store.all_points(run.id).unwrap().into_iter();
        points
            .filter(|point| !["fit_seconds", "predict_us"].contains(&point.metric.as_str()))
            .map(|point| (format!("{} {}", point.metric, point.context), point.value.to_bits()))
            .collect()
    };
    runs.iter()
        .map(|run| Recorded {
            trial: run.trial,
            params: run.params.to_string(),
            values: values(run),
            predictions: store.predictions(run.id).unwrap(),
        })
        .collect()
}

#[test]
fn models_scores_and_predictions_are_the_same_to_the_bit() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps/iris.toml");
    let spec =
        spec::parse(IRIS, Format::Toml, &file, &Overrides::default(), &Known::built_in()).unwrap();
    // A plan each, or the folds that one session prepared would serve the next.
    let drive = |store: &mut Store, jobs: usize| {
        let plan = Plan::new(&spec, &nowhere()).unwrap();
        Session::new(jobs).planned(store, &spec, &plan, &mut Silent).unwrap()
    };
    let mut alone = Store::in_memory().unwrap();
    drive(&mut alone, 1);
    let expected = recorded(&alone);
    assert_eq!(expected.iter().filter(|run| run.predictions.is_some()).count(), 2);
    assert!(expected.iter().all(|run| run.values.len() > 6), "scores of every fold");
    for jobs in [2, 4] {
        let mut store = Store::in_memory().unwrap();
        drive(&mut store, jobs);
        assert!(recorded(&store) == expected, "{jobs} jobs give other scores or predictions");
    }
    let (folder, mut store) = on_disk();
    for at in [4, 7] {
        let plan = Plan::new(&spec, &nowhere()).unwrap();
        let session = Session { owner: dead_owner(), ..Session::new(3) };
        let crash = catch_unwind(AssertUnwindSafe(|| {
            session.planned(&mut store, &spec, &plan, &mut Bomb { at })
        }));
        assert!(crash.is_err());
        store = open(folder.path());
    }
    drive(&mut store, 2);
    assert!(recorded(&store) == expected, "a crash shows in scores or predictions");
    assert_each_ran_once(&store);
    assert_replays(&store, &spec);
}
