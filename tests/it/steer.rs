//! Steering a sweep that runs: what is asked of it is taken, answered, recorded, and holds after a restart.
#![cfg(target_os = "linux")]

use crate::commands::{Derby, assert_nobody, runs, scripted, started, touch};
use crate::crash::{Place, stderr, wait_for};
use crate::driving::{
    MIXED, Session, assert_each_ran_once, bowl, fake, on_disk, open, outcomes, spec_of, trials,
};
use derby::domain::{Params, Status, Value};
use derby::executor::Assignment;
use derby::executor::fake::{Fake, Script};
use derby::host::Interrupts;
use derby::spec::Sweep;
use derby::store::Store;
use derby::sweep::steer::Answer;
use derby::sweep::{Flags, Report, Steer, Steering, StopReason};
use nix::sys::signal::Signal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Posts a command and waits for its answer.
fn ask(store: &mut Store, steer: &Steer) -> Answer {
    let sweep = store.sweeps().unwrap()[0].id;
    let id = steer.post(store, sweep, "ada@box").unwrap();
    wait_for(|| store.command(id).unwrap().answer.is_some());
    Answer::of(&store.command(id).unwrap().answer.unwrap()).unwrap()
}

fn agreed(store: &mut Store, steer: &Steer) -> String {
    let answer = ask(store, steer);
    assert!(answer.ok, "{steer}: {}", answer.text);
    answer.text
}

fn refused(store: &mut Store, steer: &Steer) -> String {
    let answer = ask(store, steer);
    assert!(!answer.ok, "{steer}: {}", answer.text);
    answer.text
}

fn steering(store: &Store) -> Steering {
    Steering::of(store, &store.sweeps().unwrap()[0]).unwrap()
}

fn range(parameter: &str, low: f64, high: f64) -> Steer {
    Steer::Range { parameter: parameter.into(), low, high }
}

fn point(x: f64, n: i64) -> Steer {
    let pairs = [
        ("x".to_string(), Value::Float(x)),
        ("n".to_string(), Value::Int(n)),
        ("kind".to_string(), Value::Text("plain".into())),
    ];
    Steer::Try { params: pairs.into_iter().collect() }
}

fn number(params: &Params, name: &str) -> f64 {
    params.get(name).and_then(Value::as_f64).unwrap()
}

/// Work that waits until so many trials may end.
fn gated(may_end: &Arc<AtomicU64>) -> Arc<Fake> {
    let may_end = Arc::clone(may_end);
    fake(move |assignment| {
        wait_for(|| may_end.load(Ordering::Acquire) > assignment.trial);
        Script::Value(bowl(&assignment.params))
    })
}

/// A driver of its own thread and connection.
fn driver(folder: &Path, spec: &Sweep, work: &Arc<Fake>, session: Session) -> JoinHandle<Report> {
    let (folder, spec, work): (PathBuf, Sweep, Arc<Fake>) =
        (folder.into(), spec.clone(), Arc::clone(work));
    std::thread::spawn(move || session.drive(&mut open(&folder), &spec, work).unwrap())
}

fn with(trials: u64) -> Sweep {
    spec_of(&format!("{MIXED}[search]\nsampler = \"random\"\n[budget]\ntrials = {trials}\n"))
}

#[test]
fn a_pause_starts_nothing_and_everything_else_is_still_heard() {
    let (folder, mut store) = on_disk();
    let may_end = Arc::new(AtomicU64::new(0));
    let work = gated(&may_end);
    let driving = driver(folder.path(), &with(6), &work, Session::new(2));
    wait_for(|| work.n_started() == 2);
    assert_eq!(agreed(&mut store, &Steer::Pause), "paused; 2 at work end, nothing new is started");
    assert_eq!(agreed(&mut store, &Steer::Pause), "paused already");
    may_end.store(100, Ordering::Release);
    let is_done = |store: &Store| trials(store).iter().filter(|t| t.loss.is_some()).count();
    wait_for(|| is_done(&store) == 2);
    // The driver turns, and takes this, and starts nothing.
    agreed(&mut store, &Steer::Trials { total: Some(9) });
    agreed(&mut store, &Steer::Jobs { jobs: 3 });
    assert!(steering(&store).is_paused);
    assert_eq!((work.n_started(), trials(&store).len()), (2, 2));
    assert_eq!(agreed(&mut store, &Steer::Resume), "goes on");
    let report = driving.join().unwrap();
    assert_eq!((report.stop, report.progress.counts.done), (StopReason::Trials(9), 9));
    let state = steering(&store);
    assert!(!state.is_paused);
    assert_eq!((state.trials, state.jobs), (Some(9), Some(3)));
    assert_eq!(store.sweeps().unwrap()[0].total, Some(9));
    let past = store.commands(report.sweep, 3).unwrap();
    let words: Vec<&str> = past.iter().map(|c| c.command["do"].as_str().unwrap()).collect();
    assert_eq!(words, ["resume", "jobs", "trials"]);
    assert!(past.iter().all(|command| command.acknowledged.is_some()));
    assert_each_ran_once(&store);
}

#[test]
fn a_paused_sweep_can_be_interrupted_and_its_pause_takes_no_time() {
    let (folder, mut store) = on_disk();
    let may_end = Arc::new(AtomicU64::new(1));
    let work = gated(&may_end);
    let session = Session::new(1);
    let interrupts = session.interrupts.clone();
    let driving = driver(folder.path(), &with(6), &work, session);
    wait_for(|| work.n_started() == 2);
    agreed(&mut store, &Steer::Pause);
    may_end.store(100, Ordering::Release);
    wait_for(|| trials(&store).iter().all(|trial| trial.loss.is_some()));
    interrupts.raise(false);
    let report = driving.join().unwrap();
    assert_eq!(report.stop, StopReason::Interrupted { terminated: false });
    assert_eq!(work.n_started(), 2);
    // A pause ends with its session; one that nobody heard is dropped.
    let id = Steer::Pause.post(&mut store, report.sweep, "ada@box").unwrap();
    let report = driver(folder.path(), &with(6), &work, Session::new(1)).join().unwrap();
    assert_eq!((report.stop, report.progress.counts.done), (StopReason::Trials(6), 6));
    let answer = Answer::of(&store.command(id).unwrap().answer.unwrap()).unwrap();
    assert!(!answer.ok && answer.text.starts_with("nobody drove the sweep"), "{}", answer.text);
}

#[test]
fn limits_and_jobs_change_while_it_runs() {
    let (folder, mut store) = on_disk();
    let may_end = Arc::new(AtomicU64::new(0));
    let work = gated(&may_end);
    let driving = driver(folder.path(), &with(50), &work, Session::new(1));
    wait_for(|| work.n_started() == 1);
    assert_eq!(agreed(&mut store, &Steer::Jobs { jobs: 4 }), "4 at a time");
    wait_for(|| work.n_started() == 4);
    assert_eq!(agreed(&mut store, &Steer::Jobs { jobs: 2 }), "2 at a time");
    assert_eq!(agreed(&mut store, &Steer::Jobs { jobs: 2 }), "2 at a time already");
    assert!(refused(&mut store, &Steer::Jobs { jobs: 0 }).contains("mend"));
    // Two of four end: nobody takes their place. The third's place is taken.
    may_end.store(2, Ordering::Release);
    wait_for(|| trials(&store).iter().filter(|trial| trial.loss.is_some()).count() == 2);
    agreed(&mut store, &Steer::Time { seconds: Some(3600.0) });
    assert_eq!(work.n_started(), 4);
    may_end.store(3, Ordering::Release);
    wait_for(|| work.n_started() == 5);
    // Less than what was asked already ends it well.
    assert_eq!(agreed(&mut store, &Steer::Trials { total: Some(2) }), "2 trials in all");
    may_end.store(100, Ordering::Release);
    let report = driving.join().unwrap();
    assert_eq!((report.stop, report.progress.counts.done), (StopReason::Trials(2), 5));
    // All of it is in the history, with what it was before.
    let state = steering(&store);
    assert_eq!((state.trials, state.jobs, state.time), (Some(2), Some(2), Some(3600.0)));
    let was: Vec<String> = state
        .steps
        .iter()
        .map(|step| format!("{} {} {}", step.command, step.from, step.was))
        .collect();
    assert_eq!(was, ["jobs 4 1 1", "jobs 2 4 4", "time 3600s 4 null", "trials 2 5 50"]);
    assert!(state.steps.iter().all(|step| step.by == "ada@box"));
    // More again: taken at the next start.
    let sweep = report.sweep;
    Steer::Trials { total: Some(8) }.post(&mut store, sweep, "ada@box").unwrap();
    let go = |spec: &Sweep, flags: Flags| {
        let session = Session { flags, ..Session::new(1) };
        driver(folder.path(), spec, &work, session).join().unwrap().stop
    };
    assert_eq!(go(&with(50), Flags::default()), StopReason::Trials(8));
    assert_eq!(go(&with(50), Flags::default()), StopReason::Trials(8));
    // A file that says something else wins, and so does a flag.
    assert_eq!(go(&with(9), Flags::default()), StopReason::Trials(9));
    assert_eq!(go(&with(50), Flags { trials: true, ..Flags::default() }), StopReason::Trials(50));
}

#[test]
fn a_stop_finishes_what_runs_in_every_process() {
    let (folder, mut store) = on_disk();
    let may_end = Arc::new(AtomicU64::new(0));
    let (ours, theirs) = (gated(&may_end), gated(&may_end));
    let driving = driver(folder.path(), &with(50), &ours, Session::new(1));
    wait_for(|| ours.n_started() == 1);
    let working = driver(folder.path(), &with(50), &theirs, Session::new(1));
    wait_for(|| theirs.n_started() == 1);
    let text = agreed(&mut store, &Steer::Stop);
    assert_eq!(text, "finishing 2 at work, then the sweep ends");
    may_end.store(100, Ordering::Release);
    for report in [driving.join().unwrap(), working.join().unwrap()] {
        assert_eq!(report.stop, StopReason::Asked("ada@box".into()));
    }
    let losses: Vec<bool> = trials(&store).iter().map(|trial| trial.loss.is_some()).collect();
    assert_eq!(losses, [true, true]);
    assert_eq!(steering(&store).stopped_by.as_deref(), Some("ada@box"));
    let again = driver(folder.path(), &with(3), &ours, Session::new(1)).join().unwrap();
    assert_eq!(again.stop, StopReason::Trials(3));
}

/// Work whose trials below `n` run until somebody stops them; their runs are told.
fn stuck(n: u64, stuck: &Arc<Mutex<Vec<Assignment>>>) -> Arc<Fake> {
    let stuck = Arc::clone(stuck);
    fake(move |assignment| {
        if assignment.trial < n {
            stuck.lock().unwrap().push(assignment.clone());
            return Script::UntilStopped;
        }
        Script::Value(bowl(&assignment.params))
    })
}

#[test]
fn one_run_can_be_stopped_wherever_it_is_and_is_not_tried_again() {
    for replicates in [1, 2] {
        let (folder, mut store) = on_disk();
        let spec = spec_of(&format!(
            "{MIXED}[search]\nsampler = \"random\"\nreplicates = {replicates}\n[budget]\ntrials = 8\n"
        ));
        let held: Arc<Mutex<Vec<Assignment>>> = Arc::default();
        let (ours, theirs) = (stuck(2, &held), stuck(2, &held));
        let driving = driver(folder.path(), &spec, &ours, Session::new(1));
        wait_for(|| ours.n_started() == 1);
        let working = driver(folder.path(), &spec, &theirs, Session::new(1));
        wait_for(|| theirs.n_started() == 1);
        let mut stopped = Vec::new();
        for _ in 0..2 {
            wait_for(|| held.lock().unwrap().iter().any(|a| !stopped.contains(&a.trial)));
            let next = held.lock().unwrap().iter().find(|a| !stopped.contains(&a.trial)).cloned();
            let Assignment { run, trial, .. } = next.unwrap();
            let text = agreed(&mut store, &Steer::StopRun { run });
            assert_eq!(text, format!("run {run} is stopped; trial {trial} is not tried again"));
            assert!(agreed(&mut store, &Steer::StopRun { run }).contains("already"));
            wait_for(|| store.run_by_id(run).unwrap().status == Status::Killed);
            assert_eq!(store.run_by_id(run).unwrap().reason.as_deref(), Some("stopped by ada@box"));
            stopped.push(trial);
        }
        let report = driving.join().unwrap();
        working.join().unwrap();
        assert_eq!(report.stop, StopReason::Trials(8));
        let counts = report.progress.counts;
        assert_eq!((counts.done, counts.pruned, counts.failed), (6, 2, 0));
        let done = runs(&store).into_iter().find(|run| run.status == Status::Done).unwrap().id;
        // Nothing of them is left to do, and they count as they did.
        let n_runs = runs(&store).len();
        let driving = driver(folder.path(), &spec, &ours, Session::new(1));
        let again = driving.join().unwrap();
        assert_eq!((again.stop, again.progress.counts), (StopReason::Trials(8), counts));
        assert_eq!(runs(&store).len(), n_runs);
        // One that is over cannot be stopped; and nobody is there to ask.
        let sweep = again.sweep;
        Steer::StopRun { run: done }.post(&mut store, sweep, "ada@box").unwrap();
        driver(folder.path(), &spec, &ours, Session::new(1)).join().unwrap();
        let past = &store.commands(sweep, 1).unwrap()[0];
        assert!(!Answer::of(past.answer.as_ref().unwrap()).unwrap().ok);
    }
}

/// What is asked at which trials: each while that trial, and with one job nothing else, is at work.
type Plot = Vec<(u64, Vec<Steer>)>;

/// Work that asks what the plot says, waits for the answers, and interrupts the sweep at some trials.
fn plotted(folder: &Path, plot: &Plot, cuts: &[u64], interrupts: &Interrupts) -> Arc<Fake> {
    let (folder, plot): (PathBuf, Plot) = (folder.into(), plot.clone());
    let (cuts, interrupts) = (cuts.to_vec(), interrupts.clone());
    fake(move |assignment| {
        let mut store = open(&folder);
        for (_, steers) in plot.iter().filter(|(trial, _)| *trial == assignment.trial) {
            for steer in steers {
                agreed(&mut store, steer);
            }
        }
        if cuts.contains(&assignment.trial) {
            interrupts.raise(false);
        }
        match assignment.trial % 7 {
            3 => Script::Fail("every seventh".into()),
            _ => Script::Value(bowl(&assignment.params)),
        }
    })
}

/// Sweeps in as many sessions as it takes, of `jobs` each in turn.
fn in_sessions(folder: &Path, spec: &Sweep, plot: &Plot, cuts: &[u64], jobs: &[usize]) -> Report {
    for session in 0.. {
        let jobs = jobs.get(session).or(jobs.last()).copied().unwrap();
        let session = Session::new(jobs);
        let work = plotted(folder, plot, cuts, &session.interrupts);
        let report = session.drive(&mut open(folder), spec, work).unwrap();
        if !matches!(report.stop, StopReason::Interrupted { .. }) {
            return report;
        }
    }
    unreachable!()
}

#[test]
fn a_resumed_sweep_asks_what_an_uninterrupted_one_would() {
    let plot: Plot = vec![
        (4, vec![range("x", 0.5, 2.0), point(2.5, 33)]),
        (9, vec![point(0.75, 21), point(0.8, 22), Steer::Trials { total: Some(40) }]),
        (14, vec![range("n", 10.0, 60.0), range("x", -5.0, 2.0)]),
        (25, vec![range("x", -3.0, 3.0), range("n", 1.0, 40.0)]),
    ];
    let cuts = [2, 4, 9, 12, 14, 15, 22, 25, 33];
    for sampler in ["tpe", "random", "sobol"] {
        for reproducible in [false, true] {
            let spec = spec_of(&format!(
                "{MIXED}[search]\nsampler = \"{sampler}\"\nseed = 5\nreproducible = {reproducible}\n\
                 [budget]\ntrials = 30\n"
            ));
            let (calm, calm_store) = on_disk();
            let report = in_sessions(calm.path(), &spec, &plot, &[], &[1]);
            assert_eq!(report.stop, StopReason::Trials(40), "{sampler}");
            let (cut, cut_store) = on_disk();
            // How many jobs there are is nobody's business once everything was asked.
            let jobs: &[usize] = if reproducible { &[1, 1, 1, 1, 1, 1, 1, 1, 4] } else { &[1] };
            in_sessions(cut.path(), &spec, &plot, &cuts, jobs);
            assert_eq!(outcomes(&cut_store), outcomes(&calm_store), "{sampler} {reproducible}");
            assert_each_ran_once(&cut_store);
            check_plotted(&calm_store);
        }
    }
}

/// The trials of the plot are where it says they must be.
fn check_plotted(store: &Store) {
    let found = trials(store);
    let at = |trial: u64, name: &str| number(&found[trial as usize].params, name);
    assert_eq!([at(5, "x"), at(5, "n")], [2.5, 33.0]);
    assert_eq!([at(10, "x"), at(11, "x")], [0.75, 0.8]);
    let by_hand = [5, 10, 11];
    let within = |trials: std::ops::Range<u64>, name: &str, low: f64, high: f64| {
        for trial in trials.filter(|trial| !by_hand.contains(trial)) {
            let value = at(trial, name);
            assert!((low..=high).contains(&value), "trial {trial}: {name} = {value}");
        }
    };
    within(0..5, "x", -3.0, 3.0);
    within(5..15, "x", 0.5, 2.0);
    within(15..26, "x", -5.0, 2.0);
    within(15..26, "n", 10.0, 60.0);
    within(26..found.len() as u64, "n", 1.0, 40.0);
    within(26..found.len() as u64, "x", -3.0, 3.0);
    assert!((15..26).any(|trial| at(trial, "n") > 40.0), "nothing was widened");
}

#[test]
fn a_grid_whose_range_changes_has_every_point_once() {
    let grid = "[params]\na = { low = 1, high = 3 }\nb = [\"u\", \"v\"]\n";
    let five = [("a".to_string(), Value::Int(5)), ("b".to_string(), Value::Text("v".into()))];
    let plot: Plot = vec![
        (1, vec![range("a", 2.0, 4.0)]),
        (3, vec![range("a", 1.0, 5.0), Steer::Try { params: five.into_iter().collect() }]),
    ];
    for sampler in ["grid", "tpe"] {
        let budget = if sampler == "grid" { "" } else { "[budget]\npatience = 1000\n" };
        let spec = spec_of(&format!("{grid}[search]\nsampler = \"{sampler}\"\n{budget}"));
        for cuts in [&[][..], &[1, 3, 5]] {
            let (folder, store) = on_disk();
            let report = in_sessions(folder.path(), &spec, &plot, cuts, &[1]);
            assert_eq!(report.stop, StopReason::Complete(10), "{sampler}");
            let mut tried: Vec<String> =
                trials(&store).iter().map(|trial| trial.params.to_string()).collect();
            assert_eq!(tried[4], "a=5 b=v", "{sampler}");
            assert!(!tried[2..4].iter().any(|params| params.starts_with("a=1")), "{tried:?}");
            tried.sort();
            tried.dedup();
            assert_eq!(tried.len(), 10, "{sampler}");
            assert_eq!(trials(&store).len(), 10, "nothing is asked twice");
        }
    }
}

#[test]
fn a_point_by_hand_is_asked_once() {
    let (folder, mut store) = on_disk();
    let may_end = Arc::new(AtomicU64::new(0));
    let work = gated(&may_end);
    let driving = driver(folder.path(), &with(4), &work, Session::new(1));
    wait_for(|| work.n_started() == 1);
    assert_eq!(agreed(&mut store, &point(1.0, 20)), "asked next, as trial 1");
    assert_eq!(agreed(&mut store, &point(1.0, 20)), "waits as trial 1 already");
    assert_eq!(agreed(&mut store, &point(1.5, 20)), "asked next, as trial 2");
    assert_eq!(
        refused(&mut store, &point(9.0, 20)),
        "'x' cannot be '9'; its range is -3 … 3; mend: give every parameter a value of its range"
    );
    let odd =
        store.post_command(store.sweeps().unwrap()[0].id, &serde_json::json!({"do": "dance"}));
    let odd = odd.unwrap();
    wait_for(|| store.command(odd).unwrap().answer.is_some());
    assert_eq!(steering(&store).waiting.keys().collect::<Vec<_>>(), [&1, &2]);
    may_end.store(2, Ordering::Release);
    wait_for(|| work.n_started() == 3);
    assert_eq!(agreed(&mut store, &point(1.0, 20)), "trial 1 is this point already");
    assert!(steering(&store).waiting.is_empty());
    may_end.store(100, Ordering::Release);
    assert_eq!(driving.join().unwrap().stop, StopReason::Trials(4));
    assert_eq!(number(&trials(&store)[1].params, "x"), 1.0);
    assert_eq!(number(&trials(&store)[2].params, "x"), 1.5);
}

#[test]
fn a_worker_follows_the_limits_of_its_driver() {
    let (folder, mut store) = on_disk();
    let may_end = Arc::new(AtomicU64::new(0));
    let theirs = gated(&may_end);
    let (gate, other) = (Arc::clone(&may_end), Arc::clone(&theirs));
    let ours = fake(move |assignment| {
        wait_for(|| gate.load(Ordering::Acquire) > assignment.trial);
        // Beyond the old limit the other one does the work.
        wait_for(|| assignment.trial < 4 || other.n_started() > 9);
        Script::Value(bowl(&assignment.params))
    });
    let driving = driver(folder.path(), &with(4), &ours, Session::new(1));
    wait_for(|| ours.n_started() == 1);
    let working = driver(folder.path(), &with(4), &theirs, Session::new(1));
    wait_for(|| theirs.n_started() == 1);
    agreed(&mut store, &Steer::Pause);
    may_end.store(100, Ordering::Release);
    wait_for(|| trials(&store).iter().filter(|trial| trial.loss.is_some()).count() == 2);
    agreed(&mut store, &Steer::Trials { total: Some(30) });
    assert_eq!((ours.n_started(), theirs.n_started()), (1, 1));
    agreed(&mut store, &Steer::Resume);
    for report in [driving.join().unwrap(), working.join().unwrap()] {
        assert_eq!(report.stop, StopReason::Trials(30));
    }
    assert_each_ran_once(&store);
}

/// Waits for `go`, unless it is one of the first `n` trials.
fn waits_from(n: u64) -> String {
    format!("if [ $DERBY_TRIAL -ge {n} ]; then while [ ! -e go ]; do sleep 0.01; done; fi")
}

fn listed(place: &Place) -> serde_json::Value {
    serde_json::from_str(&place.succeed(&["steer", "cmd", "list", "--json"])).unwrap()
}

#[test]
fn the_verb_asks_and_says_what_became_of_it() {
    let place = scripted(&waits_from(0), 3, "");
    assert_eq!(place.run(&["steer", "cmd", "pause"]).status.code(), Some(1), "no store");
    let mut derby = Derby::sweep(&place, &["--jobs", "1"]);
    wait_for(|| started(&place).len() == 1);
    let check = |args: &str, code: i32, said: &str| {
        let words: Vec<&str> = ["steer", "cmd"].into_iter().chain(args.split(' ')).collect();
        let output = place.run(&words);
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), stderr(&output));
        assert_eq!(output.status.code(), Some(code), "{args}: {text}");
        assert!(text.contains(said), "{args}: {text}");
    };
    check("jobs 2", 0, "2 at a time");
    derby.hear("2 at a time (");
    wait_for(|| started(&place).len() == 2);
    check("pause", 0, "paused; 2 at work end");
    check("trials +2", 0, "5 trials in all");
    check("trials many", 2, "'many' trials; mend");
    check("time 1h", 0, "3600 seconds in all");
    check("try x=0.25", 0, "asked next, as trial 2");
    check("try x=7", 2, "'x' cannot be '7'");
    check("try 7", 2, "'7' is not NAME=VALUE");
    check("range x -0.5 0.5", 0, "'x' is from -0.5 to 0.5 from trial 2 on");
    check("range y 1 2", 2, "unknown parameter 'y'; mend: one of the space, which has x");
    check("stop-run 99", 1, "99");
    let second = runs(&place.store())[1].id;
    check(&format!("stop-run {second}"), 0, "is stopped; trial 1 is not tried again");
    wait_for(|| runs(&place.store())[1].status == Status::Killed);
    touch(&place, "go");
    wait_for(|| runs(&place.store())[0].status == Status::Done);
    assert_eq!(started(&place).len(), 2, "it is paused");
    let list = listed(&place);
    assert_eq!((&list["is_driven"], &list["is_paused"]), (&true.into(), &true.into()));
    assert_eq!(
        (&list["trials"], &list["jobs"], &list["time"]),
        (&5.into(), &2.into(), &3600.0.into())
    );
    assert_eq!(list["ranges"][0]["parameter"], "x");
    assert_eq!(list["waiting"][0], serde_json::json!({ "trial": 2, "params": { "x": 0.25 } }));
    check("list", 0, "paused, driven by process");
    check("resume", 0, "goes on");
    let output = derby.output();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    check("stop", 1, "nobody drives sweep 'cmd'");
    let xs: Vec<f64> = trials(&place.store()).iter().map(|t| number(&t.params, "x")).collect();
    assert_eq!((xs.len(), xs[2]), (5, 0.25));
    assert!(xs[3..].iter().all(|x| x.abs() <= 0.5), "{xs:?}");
    check("pause", 1, "nobody drives sweep 'cmd'");
    check("trials 6", 0, "taken at the next start");
    check("list", 0, "nobody drives it");
    let shown = place.succeed(&["show", "sweep:cmd"]);
    assert!(shown.contains("ago: resume, by "), "{shown}");
    assert_nobody(&place);
}

#[test]
fn what_was_asked_outlives_kill_9() {
    let place = scripted(&waits_from(1), 3, "");
    let mut derby = Derby::sweep(&place, &["--quiet"]);
    wait_for(|| started(&place).len() >= 2);
    place.succeed(&["steer", "cmd", "trials", "5"]);
    place.succeed(&["steer", "cmd", "jobs", "1"]);
    let n_asked = trials(&place.store()).len() as u64;
    place.succeed(&["steer", "cmd", "try", "x=0.125"]);
    let stuck = runs(&place.store()).into_iter().find(|run| run.trial == Some(1)).unwrap().id;
    place.succeed(&["steer", "cmd", "pause"]);
    derby.kill();
    // While nobody drives.
    place.succeed(&["steer", "cmd", "try", "x=0.5"]);
    assert_eq!(place.run(&["steer", "cmd", "pause"]).status.code(), Some(1));
    let stop_run = place.run(&["steer", "cmd", "stop-run", &stuck.to_string()]);
    assert_eq!(stop_run.status.code(), Some(1));
    touch(&place, "go");
    let output = Derby::sweep(&place, &[]).output();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let found = trials(&place.store());
    assert_eq!(found.len(), 5);
    assert!(stderr(&output).contains("as steered before: trials 5, jobs 1"), "{}", stderr(&output));
    assert_eq!(number(&found[n_asked as usize].params, "x"), 0.125);
    assert_eq!(number(&found[n_asked as usize + 1].params, "x"), 0.5);
    let list = listed(&place);
    assert_eq!((&list["trials"], &list["jobs"]), (&5.into(), &1.into()));
    assert!(list["waiting"].as_array().unwrap().is_empty());
    let commands = list["commands"].as_array().unwrap();
    assert!(commands.iter().all(|command| command["answer"]["ok"] == true), "{list}");
}

#[test]
fn a_widened_sweep_is_still_explained() {
    let place = scripted("", 5, "");
    place.succeed(&["sweep", "sweep.toml", "--quiet"]);
    place.succeed(&["steer", "cmd", "range", "x", "-3", "3"]);
    place.succeed(&["steer", "cmd", "trials", "+15"]);
    place.succeed(&["sweep", "sweep.toml", "--quiet"]);
    let xs: Vec<f64> = trials(&place.store()).iter().map(|t| number(&t.params, "x")).collect();
    assert_eq!(xs.len(), 20);
    assert!(xs.iter().any(|x| x.abs() > 1.0), "{xs:?}");
    assert!(place.succeed(&["importance", "cmd"]).contains('x'));
    place.succeed(&["plot", "slice", "cmd", "--output", "slice.svg"]);
}

#[test]
fn a_stopped_sweep_ends_as_after_ctrl_c() {
    let place = scripted(&waits_from(0), 9, "");
    let mut derby = Derby::sweep(&place, &["--jobs", "1"]);
    wait_for(|| started(&place).len() == 1);
    place.succeed(&["steer", "cmd", "stop"]);
    derby.hear("then the sweep ends");
    touch(&place, "go");
    let output = derby.output();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("stopped by ") && said.contains("at 1 of 9"), "{said}");
    assert_eq!(started(&place).len(), 1);
    // Ctrl-C while paused.
    std::fs::remove_file(place.path("go")).unwrap();
    let mut derby = Derby::sweep(&place, &["--jobs", "1"]);
    wait_for(|| started(&place).len() == 2);
    place.succeed(&["steer", "cmd", "pause"]);
    touch(&place, "go");
    wait_for(|| runs(&place.store()).iter().all(|run| run.status == Status::Done));
    derby.signal(Signal::SIGINT);
    assert_eq!(derby.output().status.code(), Some(130));
    assert_eq!(started(&place).len(), 2);
}
