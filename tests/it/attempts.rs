//! More than one run a trial: replicates, retries, pruned trials.

use crate::driving::{
    Bomb, MIXED, SIX, Session, assert_replays, bowl, dead_owner, fake, go, on_disk, open, outcomes,
    spec_of, trials,
};
use derby::domain::Status;
use derby::executor::fake::{Fake, Script};
use derby::spec::{Retries, Sweep};
use derby::store::{Query, Store};
use derby::sweep::{Plan, Report, Silent, StopReason};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

fn replicated(search: &str, trials: u64) -> Sweep {
    spec_of(&format!("{MIXED}[search]\nreplicates = 3\n{search}\n[budget]\ntrials = {trials}\n"))
}

/// Replicate `r` of a trial has the bowl's value plus `r`.
fn noisy() -> Arc<Fake> {
    fake(|assignment| Script::Value(bowl(&assignment.params) + f64::from(assignment.replicate)))
}

fn statuses(store: &Store, trial: u64) -> Vec<(u32, u32, Status)> {
    let mut runs: Vec<_> = store
        .runs(&Query::default())
        .unwrap()
        .iter()
        .filter(|run| run.trial == Some(trial))
        .map(|run| (run.replicate, run.attempt, run.status))
        .collect();
    runs.sort_unstable_by_key(|run| (run.0, run.1));
    runs
}

#[test]
fn a_trial_is_the_mean_of_its_replicates() {
    let spec = replicated("seed = 7", 6);
    let (_folder, mut store) = on_disk();
    let report = go(&mut store, &spec, &noisy(), 2);
    assert_eq!((report.stop, report.progress.counts.done), (StopReason::Trials(6), 6));
    let best = &report.progress.best[0];
    assert!((best.sd - 1.0).abs() < 1e-12);
    for trial in trials(&store) {
        let mean = bowl(&trial.params) + 1.0;
        assert!((trial.loss.unwrap() - mean).abs() < 1e-12);
        assert!((trial.sd.unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(statuses(&store, trial.number), [0, 1, 2].map(|r| (r, 1, Status::Done)));
    }
    let seeds: Vec<_> = store
        .runs(&Query { filter: "trial = 0".parse().ok(), ..Query::default() })
        .unwrap()
        .iter()
        .map(|run| run.seed.unwrap() - i64::from(run.replicate))
        .collect();
    assert_eq!(seeds, [7, 7, 7]);
    assert_replays(&store, &spec);
    let (_other, mut alone) = on_disk();
    let fixed = replicated("reproducible = true\nlag = 2", 6);
    go(&mut alone, &fixed, &noisy(), 1);
    let (_third, mut both) = on_disk();
    go(&mut both, &fixed, &noisy(), 2);
    assert_eq!(outcomes(&alone), outcomes(&both));
}

#[test]
fn after_a_crash_only_missing_replicates_run() {
    let spec = replicated("", 5);
    let (folder, mut store) = on_disk();
    let session = Session { owner: dead_owner(), ..Session::new(1) };
    let crash = catch_unwind(AssertUnwindSafe(|| {
        session.watched(&mut store, &spec, noisy(), &mut Bomb { at: 3 })
    }));
    assert!(crash.is_err());
    drop(store);
    let mut store = open(folder.path());
    let before = store.count(&Query { filter: "status = 'done'".parse().ok(), ..Query::default() });
    let before = before.unwrap();
    assert!((9..15).contains(&before), "{before}");
    let rest = noisy();
    let report = go(&mut store, &spec, &rest, 2);
    assert_eq!(report.progress.counts.done, 5);
    assert_eq!(rest.n_started(), 15 - before);
    assert_replays(&store, &spec);
}

#[test]
fn a_replicate_that_fails_ends_its_trial() {
    let spec = replicated("", 4);
    let (_folder, mut store) = on_disk();
    let work = fake(|assignment| match (assignment.trial, assignment.replicate) {
        (2, 1) => Script::Fail("diverged".into()),
        _ => Script::Value(bowl(&assignment.params)),
    });
    let report = go(&mut store, &spec, &work, 1);
    assert_eq!((report.progress.counts.done, report.progress.counts.failed), (3, 1));
    assert_eq!(statuses(&store, 2), [(0, 1, Status::Done), (1, 1, Status::Failed)]);
    assert_eq!(trials(&store)[2].loss, None);
    assert_eq!(report.failures, [("diverged".to_string(), 1)]);
}

fn with_retries(store: &mut Store, retries: Retries, work: &Arc<Fake>) -> Report {
    let spec = spec_of(&format!("{MIXED}[budget]\ntrials = 3\n"));
    let plan = Plan { retries, ..Plan::bare(Arc::clone(work) as _, spec.digest) };
    Session::new(1).planned(store, &spec, &plan, &mut Silent).unwrap()
}

#[test]
fn failures_are_tried_again_as_often_as_the_policy_says() {
    let (_folder, mut store) = on_disk();
    let work = fake(|assignment| match (assignment.trial, assignment.attempt) {
        (1, ..=2) => Script::Fail("flaky".into()),
        (2, _) => Script::Fail("hopeless".into()),
        _ => Script::Value(1.0),
    });
    let report = with_retries(&mut store, Retries { failed: 2, infrastructure: 0 }, &work);
    assert_eq!((report.progress.counts.done, report.progress.counts.failed), (2, 1));
    let failed = Status::Failed;
    assert_eq!(statuses(&store, 1), [(0, 1, failed), (0, 2, failed), (0, 3, Status::Done)]);
    assert_eq!(statuses(&store, 2), [1, 2, 3].map(|attempt| (0, attempt, failed)));
    assert_eq!(report.failures, [("hopeless".to_string(), 1)]);
}

#[test]
fn a_broken_machine_is_no_fault_of_the_trial() {
    let (_folder, mut store) = on_disk();
    let work = fake(|assignment| match (assignment.trial, assignment.attempt) {
        (1, ..=3) | (2, _) => Script::Break("no memory".into()),
        _ => Script::Value(1.0),
    });
    let report = with_retries(&mut store, Retries { failed: 0, infrastructure: 3 }, &work);
    assert_eq!((report.progress.counts.done, report.progress.counts.failed), (2, 1));
    let states: Vec<Status> = statuses(&store, 1).iter().map(|run| run.2).collect();
    assert_eq!(states, [Status::Killed, Status::Killed, Status::Killed, Status::Done]);
    assert_eq!(statuses(&store, 2).last().unwrap(), &(0, 4, Status::Failed));
}

#[test]
fn the_last_trials_of_a_space_are_tried_again_too() {
    let spec = spec_of(&format!("{SIX}[search]\nsampler = \"grid\"\n"));
    let broken_once = || {
        fake(|assignment| match assignment.attempt {
            1 => Script::Break("no memory".into()),
            _ => Script::Value(1.0),
        })
    };
    for jobs in [1, 2, 8] {
        let (_folder, mut store) = on_disk();
        let report = go(&mut store, &spec, &broken_once(), jobs);
        assert_eq!((report.stop, report.progress.counts.done), (StopReason::Complete(6), 6));
        for trial in 0..6 {
            assert_eq!(statuses(&store, trial), [(0, 1, Status::Killed), (0, 2, Status::Done)]);
        }
    }
}

#[test]
fn failed_trials_run_again_on_demand() {
    let spec = spec_of(&format!("{MIXED}[budget]\ntrials = 4\n"));
    let (_folder, mut store) = on_disk();
    let bad = fake(|assignment| match assignment.trial {
        1 | 2 => Script::Fail("the disk was not mounted".into()),
        _ => Script::Value(bowl(&assignment.params)),
    });
    assert_eq!(go(&mut store, &spec, &bad, 1).progress.counts.failed, 2);
    let good = fake(|assignment| Script::Value(bowl(&assignment.params)));
    assert_eq!(go(&mut store, &spec, &good, 1).progress.counts.failed, 2);
    assert_eq!(good.n_started(), 0, "only on demand");
    let session = Session { retry_failed: true, ..Session::new(1) };
    let report = session.drive(&mut store, &spec, Arc::clone(&good) as _).unwrap();
    assert_eq!((report.progress.counts.done, report.progress.counts.failed), (4, 0));
    assert_eq!(good.n_started(), 2);
    assert_eq!(statuses(&store, 1), [(0, 1, Status::Failed), (0, 2, Status::Done)]);
    let report = go(&mut store, &spec, &good, 1);
    assert_eq!((report.progress.counts.done, good.n_started()), (4, 2));
}

#[test]
fn a_pruned_trial_keeps_its_curve_and_says_why() {
    let spec = spec_of(&format!(
        "{MIXED}[search]\npruner = {{ kind = \"median\", n_startup_trials = 2 }}\n[budget]\ntrials = 4\n"
    ));
    let (folder, mut store) = on_disk();
    let work = fake(|assignment| {
        let start = if assignment.trial == 2 { 9.0 } else { 1.0 };
        Script::Series((0..5).map(|step| start - f64::from(step) / 10.0).collect())
    });
    let report = go(&mut store, &spec, &work, 1);
    assert_eq!((report.progress.counts.done, report.progress.counts.pruned), (3, 1));
    let runs = store.runs(&Query { filter: "trial = 2".parse().ok(), ..Query::default() }).unwrap();
    assert_eq!(runs[0].status, Status::Pruned);
    let reason = runs[0].reason.as_deref().unwrap();
    assert!(reason.contains("median") && reason.contains("step 0"), "{reason}");
    assert_eq!(store.series(runs[0].id, "value").unwrap().len(), 1);
    assert_eq!(trials(&store)[2].pruned, Some((0, 9.0)));
    drop(store);
    // What was measured before counts in the next session.
    let more = spec_of(&format!(
        "{MIXED}[search]\npruner = {{ kind = \"median\", n_startup_trials = 2 }}\n[budget]\ntrials = 5\n"
    ));
    let bad = fake(|_| Script::Series(vec![7.0; 5]));
    let report = go(&mut open(folder.path()), &more, &bad, 1);
    assert_eq!(report.progress.counts.pruned, 2);
}
