//! Trials of built-in models in processes of their own: the same results, and nothing that a process does or
//! suffers costs more than its trial.
#![cfg(target_os = "linux")]

use crate::crash::{Place, send, stderr, wait_for};
use crate::driving::trials;
use crate::program::asset;
use crate::reproducible::recorded;
use derby::domain::{Params, RunId, Status, Value};
use derby::executor::{TIMEOUT, TrialOrder};
use derby::store::{Query, Store};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::io::Write;
use std::process::{Child, Stdio};

/// A place whose sweep reads a file of `assets/`.
fn place(data: &str, objective: &str, rest: &str) -> Place {
    Place::with_sweep(&format!(
        "name = \"own\"\nobjective = {{ metric = \"{objective}\" }}\n[data]\npath = \"{}\"\ntarget = \"target\"\n\
         keep_predictions = 3\n{rest}\n",
        asset(data).display()
    ))
}

/// Status, attempt and reason of every run, by trial.
fn ends(store: &Store) -> Vec<(Option<u64>, u32, Status, Option<String>)> {
    let runs = store.runs(&Query::default()).unwrap();
    let mut ends: Vec<_> =
        runs.into_iter().map(|run| (run.trial, run.attempt, run.status, run.reason)).collect();
    ends.sort_by_key(|end| (end.0, end.1));
    ends
}

/// The points of every run but the measured times, by trial.
fn points(store: &Store) -> Vec<Vec<(String, u64)>> {
    let mut runs = store.runs(&Query::default()).unwrap();
    runs.sort_by_key(|run| run.trial);
    let is_measured = |metric: &str| ["fit_seconds", "predict_us"].contains(&metric);
    let of = |run: RunId| {
        let points = store.all_points(run).unwrap().into_iter();
        let points = points.filter(|point| !is_measured(&point.metric));
        points.map(|p| (format!("{} {}", p.metric, p.context), p.value.to_bits())).collect()
    };
    runs.iter().map(|run| of(run.id)).collect()
}

/// Processes of derby in that place which carry out a trial.
fn processes(place: &Place) -> Vec<u32> {
    let store = format!("DERBY_STORE={}", place.path(".derby").display());
    let is_trial = |pid: &u32| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let mut entries = environ.split(|byte| *byte == 0);
        entries.clone().any(|entry| entry == store.as_bytes())
            && entries.any(|entry| entry.starts_with(b"DERBY_RUN_KEY="))
    };
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(is_trial).collect()
}

/// Waits for the process of a trial, another than `before`.
fn process(place: &Place, before: u32) -> u32 {
    let mut found = None;
    wait_for(|| {
        found = processes(place).into_iter().find(|pid| *pid != before);
        found.is_some()
    });
    found.unwrap()
}

fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid as i32), signal).unwrap();
}

const FAMILIES: &str = "
[preprocess]
scale = [\"standard\", \"none\"]
[models.knn]
n_neighbors = { low = 1, high = 300 }
[models.random_forest]
n_estimators = { low = 2, high = 9 }
[models.gradient_boosting]
n_estimators = { low = 2, high = 9 }
subsample = 0.7
[models.logistic]
C = { low = 0.01, high = 10.0, log = true }
[search]
sampler = \"random\"
seed = 4
[budget]
trials = 16
[resources]
jobs = 2
";

#[test]
fn results_are_the_same_to_the_bit() {
    let (plain, own) =
        (place("iris.csv", "accuracy", FAMILIES), place("iris.csv", "accuracy", FAMILIES));
    plain.succeed(&["sweep", "sweep.toml", "-q"]);
    own.succeed(&["sweep", "sweep.toml", "-q", "--isolate"]);
    let (one, two) = (plain.store(), own.store());
    assert_eq!(ends(&one), ends(&two));
    assert!(ends(&one).iter().any(|end| end.2 == Status::Failed), "some configurations fail");
    assert!(recorded(&one) == recorded(&two), "other scores or predictions");
    assert!(recorded(&two).len() > 8);
    assert_eq!(points(&one), points(&two));
    let loss = |store: &Store| -> Vec<Option<u64>> {
        trials(store).iter().map(|trial| trial.loss.map(f64::to_bits)).collect()
    };
    assert_eq!(loss(&one), loss(&two));
    let kept = |store: &Store| {
        let runs = store.runs(&Query::default()).unwrap();
        runs.iter().filter(|run| store.predictions(run.id).unwrap().is_some()).count()
    };
    assert_eq!((kept(&one), kept(&two)), (3, 3));
    assert!(!own.path(".derby/runs").exists(), "nothing lies about");
}

#[test]
fn hopeless_trials_stop_at_the_same_fold_with_the_same_values() {
    let rest = "[models.naive_bayes]\nvar_smoothing = [1e-9, 0.01, 0.1, 1.0]\n[models.knn]\nn_neighbors = [1, 3, 5, 9]\n\
        [search]\nsampler = \"grid\"\npruner = { kind = \"threshold\", lower = 0.93 }\n[resources]\njobs = 1\n";
    let (plain, own) = (place("iris.csv", "accuracy", rest), place("iris.csv", "accuracy", rest));
    plain.succeed(&["sweep", "sweep.toml", "-q"]);
    own.succeed(&["sweep", "sweep.toml", "-q", "--isolate"]);
    let (one, two) = (plain.store(), own.store());
    assert_eq!(ends(&one), ends(&two));
    assert_eq!(points(&one), points(&two));
    let all = ends(&two);
    let is_later = |why: &String| why.contains("fold=1");
    assert!(all.iter().filter(|end| end.3.as_ref().is_some_and(is_later)).count() > 2, "{all:?}");
}

#[test]
fn a_trial_that_the_machine_kills_is_tried_again() {
    let rest = "[models.knn]\nn_neighbors = [1, 3, 5]\n[search]\nsampler = \"grid\"\n";
    let place = place("iris.csv", "accuracy", rest);
    let args = ["sweep", "sweep.toml", "--isolate", "--jobs", "2", "-q"];
    let output = place.derby(&args).env("DERBY_FAULT", "isolated attempt 1:1").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let reason = "killed by SIGKILL from outside (out of memory?)";
    let expected: Vec<_> = (0..3)
        .flat_map(|trial| {
            [
                (Some(trial), 1, Status::Killed, Some(reason.to_string())),
                (Some(trial), 2, Status::Done, None),
            ]
        })
        .collect();
    assert_eq!(ends(&place.store()), expected);
}

#[test]
fn a_timeout_ends_a_fit_that_polls_nothing() {
    let rest = "[models.elastic_net]\nalpha = 0.01\ntol = 1e-300\nmax_iter = 100000000\n[budget]\ntrials = 1\n";
    let place = place("diabetes.csv", "rmse", rest);
    let output = place.run(&["sweep", "sweep.toml", "--isolate", "--timeout", "1s", "-q"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(ends(&place.store()), [(Some(0), 1, Status::Failed, Some(TIMEOUT.into()))]);
    let run = &place.store().runs(&Query::default()).unwrap()[0];
    assert!(run.seconds.is_some_and(|seconds| seconds < 10.0), "{:?}", run.seconds);
    assert!(processes(&place).is_empty());
}

/// A sweep whose only trial takes many minutes, at work.
fn long() -> (Place, Child, u32) {
    let rest = "[models.random_forest]\nn_estimators = { low = 90000, high = 100000 }\n[budget]\ntrials = 3\n";
    let place = place("digits.csv", "accuracy", rest);
    let mut command = place.derby(&["sweep", "sweep.toml", "--isolate", "--jobs", "1"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let trial = process(&place, 0);
    (place, child, trial)
}

#[test]
fn killed_from_outside_and_interrupted_it_leaves_no_process() {
    let (place, child, trial) = long();
    signal(trial, Signal::SIGKILL);
    process(&place, trial);
    send(&child, Signal::SIGINT);
    send(&child, Signal::SIGTERM);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143), "{}", stderr(&output));
    assert!(processes(&place).is_empty());
    let reason = |text: &str| Some(text.to_string());
    let killed = reason("killed by SIGKILL from outside (out of memory?)");
    let expected =
        [(Some(0), 1, Status::Killed, killed), (Some(0), 2, Status::Killed, reason("interrupted"))];
    assert_eq!(ends(&place.store()), expected);
}

#[test]
fn a_process_that_hears_nothing_is_killed() {
    let (place, child, trial) = long();
    signal(trial, Signal::SIGSTOP);
    send(&child, Signal::SIGINT);
    send(&child, Signal::SIGTERM);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143), "{}", stderr(&output));
    assert!(processes(&place).is_empty());
    let expected = [(Some(0), 1, Status::Killed, Some("interrupted".into()))];
    assert_eq!(ends(&place.store()), expected);
}

#[test]
fn whoever_does_not_wait_for_it_leaves_no_process_either() {
    let (place, child, trial) = long();
    signal(trial, Signal::SIGSTOP);
    for kind in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        send(&child, kind);
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143), "{}", stderr(&output));
    assert!(processes(&place).is_empty());
}

#[test]
fn a_killed_sweep_takes_its_processes_along() {
    let (place, mut child, _) = long();
    child.kill().unwrap();
    child.wait().unwrap();
    wait_for(|| processes(&place).is_empty());
}

#[test]
fn data_that_changed_meanwhile_is_an_error() {
    let place = place("iris.csv", "accuracy", "[models.dummy]\n");
    let mut params = Params::default();
    params.set("model", Value::Text("dummy".into()));
    let order = TrialOrder {
        file: place.path("sweep.toml"),
        text: fs::read_to_string(place.path("sweep.toml")).unwrap(),
        identity: "00".repeat(32),
        memory_mb: 100,
        helpers: 0,
        params,
        seed: 0,
        run: RunId(1),
        trial: 0,
        attempt: 1,
        replicate: 0,
    };
    let mut command = place.derby(&["trial", "result.json"]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let order = serde_json::to_vec(&order).unwrap();
    child.stdin.take().unwrap().write_all(&order).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(text.contains("iris.csv' changed while the sweep ran"), "{text}");
    assert!(!place.path("result.json").exists());
}

#[test]
fn the_machine_is_sampled_where_that_is_asked_for() {
    let rest = "[models.random_forest]\nn_estimators = 300\n[budget]\ntrials = 1\n\
        [resources]\nisolate = true\nmonitor = \"20ms\"\n";
    let place = place("digits.csv", "accuracy", rest);
    place.succeed(&["sweep", "sweep.toml", "-q"]);
    let run = &place.store().runs(&Query::default()).unwrap()[0];
    assert!(run.metrics.contains_key("system.memory_mb"), "{:?}", run.metrics.keys());
    assert!(run.metrics.contains_key("accuracy"));
}
