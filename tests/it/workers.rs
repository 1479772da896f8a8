//! Several processes on one sweep: they share the work, no trial runs twice, and each outlives the others.

use crate::crash::wait_for;
use crate::driving::{
    MIXED, Session, assert_each_ran_once, assert_replays, bowl, constant, fake, go, on_disk, open,
    spec_of, trials,
};
use derby::executor::fake::Script;
use derby::spec::Sweep;
use derby::store::Owner;
use derby::sweep::{Report, StopReason};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

fn with(trials: u64) -> Sweep {
    spec_of(&format!("{MIXED}[budget]\ntrials = {trials}\n"))
}

/// A second process on the sweep, as far as the store can tell.
fn second(
    folder: &Path,
    spec: Sweep,
    work: Arc<derby::executor::fake::Fake>,
) -> JoinHandle<Report> {
    let folder: PathBuf = folder.into();
    std::thread::spawn(move || Session::new(2).drive(&mut open(&folder), &spec, work).unwrap())
}

#[test]
fn two_processes_share_the_work() {
    let (folder, mut store) = on_disk();
    let (path, spec) = (folder.path().to_path_buf(), with(40));
    let theirs = fake(|assignment| Script::Value(bowl(&assignment.params)));
    let other: Arc<Mutex<Option<JoinHandle<Report>>>> = Arc::default();
    let (started, counted, of) = (Arc::clone(&other), Arc::clone(&theirs), spec.clone());
    let ours = fake(move |assignment| {
        if assignment.trial == 0 {
            // The other one comes while the first trial runs, and has done some before it ends.
            let handle = second(&path, of.clone(), Arc::clone(&counted));
            *started.lock().unwrap() = Some(handle);
            wait_for(|| counted.n_started() >= 3);
        }
        Script::Value(bowl(&assignment.params))
    });
    let report = go(&mut store, &spec, &ours, 1);
    assert_eq!((report.stop, report.progress.counts.done), (StopReason::Trials(40), 40));
    let handle = other.lock().unwrap().take().unwrap();
    let report = handle.join().unwrap();
    assert_eq!((report.stop, report.progress.counts.done), (StopReason::Trials(40), 40));
    assert_eq!(ours.n_started() + theirs.n_started(), 40);
    assert_each_ran_once(&store);
    assert_replays(&store, &spec);
    assert_eq!(trials(&store).len(), 40);
    assert!(store.check().unwrap().is_empty());
}

#[test]
fn who_waits_takes_over_and_changes_nothing_before() {
    let (folder, mut store) = on_disk();
    let report = go(&mut store, &with(2), &constant(0.0), 1);
    let first = Owner::this_process();
    store.acquire_driver(report.sweep, &first, 60_000).unwrap();
    let work = constant(0.0);
    let waiting = second(folder.path(), with(9), Arc::clone(&work));
    wait_for(|| !store.workers(report.sweep).unwrap().is_empty());
    assert_eq!(store.sweep_by_id(report.sweep).unwrap().total, Some(2), "it left a mark");
    assert_eq!(work.n_started(), 0);
    store.release_driver(report.sweep, &first).unwrap();
    let report = waiting.join().unwrap();
    assert_eq!((report.stop, work.n_started()), (StopReason::Trials(9), 7));
    assert!(store.workers(report.sweep).unwrap().is_empty());
    assert_each_ran_once(&store);
}

#[test]
fn a_driver_that_is_interrupted_leaves_the_rest_to_the_other() {
    let (folder, mut store) = on_disk();
    let (path, spec) = (folder.path().to_path_buf(), with(20));
    let theirs = fake(|assignment| Script::Value(bowl(&assignment.params)));
    let session = Session::new(1);
    let interrupts = session.interrupts.clone();
    let other: Arc<Mutex<Option<JoinHandle<Report>>>> = Arc::default();
    let (started, counted, of) = (Arc::clone(&other), Arc::clone(&theirs), spec.clone());
    let once = AtomicBool::new(false);
    let ours = fake(move |assignment| {
        if !once.swap(true, Ordering::AcqRel) {
            *started.lock().unwrap() = Some(second(&path, of.clone(), Arc::clone(&counted)));
            wait_for(|| counted.n_started() >= 1);
            interrupts.raise(false);
        }
        Script::Value(bowl(&assignment.params))
    });
    let report = session.drive(&mut store, &spec, ours).unwrap();
    assert_eq!(report.stop, StopReason::Interrupted { terminated: false });
    let handle = other.lock().unwrap().take().unwrap();
    let report = handle.join().unwrap();
    assert_eq!((report.stop, report.progress.counts.done), (StopReason::Trials(20), 20));
    assert_each_ran_once(&store);
}
