//! What commands ask of the store: workers, files, trials that run again.

use super::testing::*;
use super::*;
use crate::domain::{Exit, KeptFile, Outcome, Params, Status};
use std::io::Read;

#[test]
fn a_worker_takes_up_what_is_queued_for_it() {
    let mut store = Store::in_memory().unwrap();
    let sweep = store.begin_sweep(&new_sweep("s", "a")).unwrap().id;
    let worker = Owner::this_process();
    store.offer_worker(sweep, &worker, 2).unwrap();
    store.offer_worker(sweep, &dead_owner(), 9).unwrap();
    let workers = store.workers(sweep).unwrap();
    assert_eq!(workers, [Worker { owner: worker.clone(), slots: 2, busy: 0 }]);
    let mut runs = Vec::new();
    for number in 0..3 {
        let params = ask(&mut store, sweep, number);
        let queued = NewRun { is_queued: true, ..new_run((sweep, number), &params, &worker) };
        runs.push(store.start_run(&queued).unwrap());
    }
    assert_eq!(store.workers(sweep).unwrap()[0].busy, 3);
    let taken = store.take_queued(&worker, 2).unwrap();
    let numbers: Vec<u64> = taken.iter().map(|run| run.trial).collect();
    assert_eq!((numbers, taken[1].seed, taken[1].run), (vec![0, 1], 7, runs[1]));
    assert!(finish(&mut store, runs[0], &worker, 0.5));
    assert!(!finish(&mut store, runs[2], &worker, 0.5), "it was not taken up");
    store.withdraw_worker(&worker).unwrap();
    let states: Vec<Status> =
        store.handed(&runs).unwrap().into_iter().map(|run| run.status).collect();
    assert_eq!(states, [Status::Done, Status::Running, Status::Killed]);
    assert!(store.trials(sweep).unwrap()[2].is_missing());
    assert!(store.workers(sweep).unwrap().is_empty());
}

#[test]
fn files_are_kept_and_read_back() {
    let (folder, _, mut store) = on_disk();
    let owner = Owner::this_process();
    let run = start(&mut store, (None, 0, 1), &Params::default(), &owner);
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    std::fs::write(&one, "same").unwrap();
    std::fs::write(&two, "same").unwrap();
    let kept =
        |name: &str, file: &std::path::Path| KeptFile { name: name.into(), file: file.into() };
    let artifacts = [kept("a/one.txt", &one), kept("two.txt", &two)];
    let exit = Some(Exit::Signal(11));
    let finished =
        Finished { artifacts: &artifacts, exit, ..Finished::without_values(&Outcome::Done) };
    assert!(store.finish_run(run, 1, &owner, &finished).unwrap());
    assert!(!one.exists() && !two.exists(), "they are moved");
    let kept = store.artifacts(run).unwrap();
    assert_eq!(kept.iter().map(|file| &*file.path).collect::<Vec<_>>(), ["a/one.txt", "two.txt"]);
    let mut text = String::new();
    store.open_artifact(run, "two.txt").unwrap().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), kept[0].size), ("same", 4));
    assert!(store.open_artifact(run, "three").unwrap().is_none());
    assert_eq!(store.run_by_id(run).unwrap().exit_signal, Some(11));
    assert!(store.check().unwrap().is_empty());
}

#[test]
fn a_trial_that_was_told_can_run_again() {
    let mut store = Store::in_memory().unwrap();
    let sweep = store.begin_sweep(&new_sweep("s", "a")).unwrap().id;
    let owner = Owner::this_process();
    one_trial(&mut store, sweep, 0, &owner);
    let params = ask(&mut store, sweep, 1);
    let run = start(&mut store, (Some(sweep), 1, 1), &params, &owner);
    let outcome = Outcome::Pruned { reason: "median at step 3".into() };
    let finished = Finished { pruned: Some((3, 0.25)), ..Finished::without_values(&outcome) };
    assert!(store.finish_run(run, 1, &owner, &finished).unwrap());
    store.tell(sweep, &[1]).unwrap();
    assert_eq!(store.trials(sweep).unwrap()[1].pruned, Some((3, 0.25)));
    store.untell(sweep, &[1]).unwrap();
    let row = &store.trials(sweep).unwrap()[1];
    assert_eq!((row.tell_seq, row.pruned, row.loss), (None, None, None));
    let runs = store.trial_runs(sweep, "auc").unwrap();
    let seen: Vec<_> = runs.iter().map(|run| (run.trial, run.status, run.score)).collect();
    assert_eq!(seen, [(0, Status::Done, Some(0.0)), (1, Status::Pruned, None)]);
}
