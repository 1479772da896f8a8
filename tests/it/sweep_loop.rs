//! The loop, driven through every way in which it can stop, be interrupted, crash and go on.

use crate::driving::{
    Bomb, MIXED, SIX, Session, assert_each_ran_once, assert_replays, bowl, constant, dead_owner,
    fake, go, nowhere, on_disk, open, outcomes, spec_of, trials,
};
use derby::domain::{RunId, Status};
use derby::executor::TIMEOUT;
use derby::executor::fake::Script;
use derby::host::Interrupts;
use derby::spec::{self, Format, Known, Overrides};
use derby::store::{Owner, Query, Store};
use derby::sweep::{DriveError, Event, Observer, Plan, Progress, StopReason};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

fn memory() -> Store {
    Store::in_memory().unwrap()
}

/// The value of trial `i` is `values[i]`, and that of later ones 100.
fn listed(values: &'static [f64]) -> impl Fn(u64) -> Script {
    move |trial| Script::Value(values.get(trial as usize).copied().unwrap_or(100.0))
}

#[test]
fn every_rule_of_the_budget_stops() {
    let check = |budget: &str, values: &'static [f64], stop: StopReason, n_started: u64| {
        let spec = spec_of(&format!("{MIXED}[search]\nsampler = \"random\"\n[budget]\n{budget}"));
        let script = listed(values);
        let work = fake(move |assignment| script(assignment.trial));
        let report = go(&mut memory(), &spec, &work, 1);
        assert_eq!(report.stop, stop, "{budget}");
        assert_eq!(work.n_started(), n_started, "{budget}");
        assert_eq!(report.progress.counts.done, n_started, "{budget}");
    };
    check("trials = 7", &[], StopReason::Trials(7), 7);
    check("trials = 50\npatience = 3", &[5.0, 4.0, 4.0, 6.0, 4.0], StopReason::Patience(3), 5);
    check("trials = 50\ntarget = 2.0", &[5.0, 3.0, 2.0, 1.0], StopReason::Target(2.0), 3);
    check("trials = 5\ntarget = 2.0", &[5.0, 3.0, 2.5, 2.1, 2.01], StopReason::Trials(5), 5);
}

#[test]
fn a_target_to_maximize_is_reached_from_below() {
    let rest = "[objective]\nmetric = \"value\"\ngoal = \"maximize\"\n[budget]\ntarget = 3.0\n";
    let script = listed(&[1.0, 2.9, 3.5]);
    let work = fake(move |assignment| script(assignment.trial));
    let report = go(&mut memory(), &spec_of(&format!("{rest}{MIXED}")), &work, 1);
    assert_eq!((report.stop, work.n_started()), (StopReason::Target(3.0), 3));
    let best: Vec<(u64, f64)> = report.progress.best.iter().map(|b| (b.trial, b.score)).collect();
    assert_eq!(best, [(2, 3.5), (1, 2.9), (0, 1.0)]);
}

#[test]
fn failures_stop_with_their_reasons() {
    let spec = spec_of(&format!("{MIXED}[budget]\ntrials = 50\nmax_failed = 4\n"));
    let work = fake(|assignment| match assignment.trial {
        1 => Script::Fail("no memory".into()),
        2 | 5 => Script::Value(f64::NAN),
        4 => Script::Panic("index 7 of 3\nand a trace".into()),
        _ => Script::Value(1.0),
    });
    let mut store = memory();
    let report = go(&mut store, &spec, &work, 1);
    assert_eq!(report.stop, StopReason::Failures(4));
    assert_eq!((report.progress.counts.done, report.progress.counts.failed), (2, 4));
    assert_eq!(report.failures[0], ("value is NaN".to_string(), 2));
    let reasons: Vec<(Option<u64>, String)> = store
        .runs(&Query::default())
        .unwrap()
        .into_iter()
        .rev()
        .filter_map(|run| Some((run.trial, run.reason?)))
        .collect();
    let texts: Vec<&str> = reasons.iter().map(|(_, reason)| reason.as_str()).collect();
    assert_eq!(texts[..2], ["no memory", "value is NaN"]);
    assert!(texts[2].starts_with("panicked: index 7 of 3") && !texts[2].contains("trace"));
    assert!(trials(&store).iter().all(|trial| trial.loss.is_some() == (trial.number % 3 == 0)));
}

#[test]
fn time_counts_over_all_sessions() {
    let spec = spec_of(&format!("{MIXED}[budget]\ntime = \"5ms\"\n"));
    let work = fake(|_| {
        let started = Instant::now();
        while started.elapsed() < Duration::from_millis(10) {
            std::thread::yield_now();
        }
        Script::Value(1.0)
    });
    let mut store = memory();
    let report = go(&mut store, &spec, &work, 1);
    assert_eq!((report.stop, report.progress.counts.done), (StopReason::Time(0.005), 1));
    let again = go(&mut store, &spec, &work, 1);
    assert_eq!((again.stop, work.n_started()), (StopReason::Time(0.005), 1));
    assert_eq!(again.progress.counts.done, 1, "what was done before counts");
}

#[test]
fn a_finite_space_is_completed_and_nothing_runs_twice() {
    for (sampler, jobs) in [("grid", 1), ("grid", 4), ("random", 1), ("random", 3), ("tpe", 2)] {
        let spec =
            spec_of(&format!("{SIX}[search]\nsampler = \"{sampler}\"\n[budget]\ntrials = 200\n"));
        let work = constant(1.0);
        let mut store = memory();
        let report = go(&mut store, &spec, &work, jobs);
        assert_eq!(report.stop, StopReason::Complete(6), "{sampler}");
        assert_eq!(work.n_started(), 6, "{sampler}");
        let record = trials(&store);
        let duplicates: Vec<_> = record.iter().filter(|trial| trial.same_as.is_some()).collect();
        assert_eq!(report.progress.counts.duplicates, duplicates.len() as u64);
        assert_eq!(record.len(), 6 + duplicates.len());
        for twin in &duplicates {
            let original = &record[twin.same_as.unwrap() as usize];
            assert_eq!((&twin.params, twin.run, twin.loss), (&original.params, None, Some(1.0)));
            assert!(original.same_as.is_none() && original.number < twin.number);
        }
        assert!(sampler != "random" || !duplicates.is_empty(), "{sampler} never repeated itself");
        assert_each_ran_once(&store);
        assert_replays(&store, &spec);
        let again = go(&mut store, &spec, &work, jobs);
        assert_eq!((again.stop, work.n_started()), (StopReason::Complete(6), 6));
        assert_eq!(trials(&store).len(), record.len(), "going on adds nothing");
    }
}

#[test]
fn a_sampler_that_only_repeats_itself_is_stopped() {
    // A thousand floats and more, of which the logarithm tells a few apart.
    let space = "[params]\nx = { low = 1e300, high = 1.0000000000004e300, log = true }\n";
    let spec = spec_of(&format!("{space}[search]\nsampler = \"random\"\n[budget]\ntrials = 50\n"));
    let (work, mut store) = (constant(1.0), memory());
    let report = go(&mut store, &spec, &work, 2);
    assert_eq!(report.stop, StopReason::Repeating(100));
    assert!((2..10).contains(&work.n_started()), "{}", work.n_started());
    let n_trials = trials(&store).len();
    let again = go(&mut store, &spec, &work, 2);
    assert_eq!(again.stop, StopReason::Repeating(100));
    assert_eq!(trials(&store).len(), n_trials, "the record says that it repeats itself");
}

#[test]
fn points_to_try_first_come_first() {
    let search = "[search]\nsampler = \"random\"\n\
        points = [{ x = 1.5, n = 7, kind = \"plain\" }, { x = -1.0, n = 3, kind = \"bent\", bend = 0.1 }]\n";
    let spec = spec_of(&format!("{MIXED}{search}[budget]\ntrials = 5\n"));
    let mut store = memory();
    go(&mut store, &spec, &constant(0.0), 2);
    let record = trials(&store);
    assert_eq!(record[0].params.to_string(), "kind=plain n=7 x=1.5");
    assert_eq!(record[1].params.to_string(), "kind=bent bend=0.1 n=3 x=-1");
    assert_replays(&store, &spec);
    let plain = spec_of(&format!("{MIXED}[search]\nsampler = \"random\"\n[budget]\ntrials = 3\n"));
    let mut other = memory();
    go(&mut other, &plain, &constant(0.0), 1);
    let asked = |rows: &[derby::store::TrialRow]| -> Vec<String> {
        rows.iter().map(|trial| trial.params.to_string()).collect()
    };
    assert_eq!(asked(&record[2..]), asked(&trials(&other)), "the sampler starts at its beginning");
}

#[test]
fn more_jobs_than_trials() {
    let spec = spec_of(&format!("{MIXED}[budget]\ntrials = 3\n"));
    let (work, mut store) = (constant(0.0), memory());
    let report = go(&mut store, &spec, &work, 9);
    assert_eq!((report.stop, work.n_started()), (StopReason::Trials(3), 3));
    assert_each_ran_once(&store);
}

#[test]
fn a_raised_budget_runs_only_what_is_missing() {
    let with = |trials: u64| spec_of(&format!("{MIXED}[budget]\ntrials = {trials}\n"));
    let (work, mut store) = (fake(|a| Script::Value(bowl(&a.params))), memory());
    go(&mut store, &with(5), &work, 2);
    assert_eq!(work.n_started(), 5);
    let before = outcomes(&store);
    let same = go(&mut store, &with(5), &work, 2);
    assert_eq!((same.stop, work.n_started()), (StopReason::Trials(5), 5));
    let report = go(&mut store, &with(8), &work, 2);
    assert_eq!((report.stop, work.n_started()), (StopReason::Trials(8), 8));
    assert_eq!(report.progress.counts.done, 8);
    assert_eq!(outcomes(&store)[..5], before[..]);
    assert_each_ran_once(&store);
    assert_replays(&store, &with(8));
    let kinds: Vec<String> = store
        .events(store.sweeps().unwrap()[0].id)
        .unwrap()
        .into_iter()
        .map(|event| event.kind)
        .collect();
    assert_eq!(kinds, ["started", "stopped", "resumed", "stopped", "resumed", "stopped"]);
}

/// Notes the order in which trials finish, for work that waits for it.
#[derive(Default)]
struct Order(Arc<AtomicU64>);

impl Observer for Order {
    fn event(&mut self, event: &Event<'_>, _: &Progress, _: usize) {
        if let Event::Finished { .. } = event {
            self.0.fetch_add(1, Ordering::AcqRel);
        }
    }
}

#[test]
fn of_equal_scores_the_earlier_trial_leads_whatever_finished_first() {
    let mut order = Order::default();
    let finished = Arc::clone(&order.0);
    let work = fake(move |assignment| {
        while assignment.trial == 0 && finished.load(Ordering::Acquire) < 4 {
            std::thread::yield_now();
        }
        Script::Value(1.0)
    });
    let spec = spec_of(&format!("{MIXED}[budget]\ntrials = 5\n"));
    let mut store = memory();
    let report = Session::new(2).watched(&mut store, &spec, work, &mut order).unwrap();
    let best =
        |progress: &Progress| -> Vec<u64> { progress.best.iter().map(|b| b.trial).collect() };
    assert_eq!(best(&report.progress), [0, 1, 2]);
    assert_eq!(trials(&store)[0].tell_seq, Some(4), "trial 0 finished last");
    let again = go(&mut store, &spec, &constant(9.0), 1);
    assert_eq!(best(&again.progress), [0, 1, 2]);
    let row = &store.sweeps().unwrap()[0];
    assert_eq!(row.best.map(|(run, _)| run), trials(&store)[0].run);
}

#[test]
fn the_first_interrupt_lets_running_trials_finish() {
    let spec = spec_of(&format!("{MIXED}[budget]\ntrials = 9\n"));
    let interrupts = Interrupts::none();
    let raised = interrupts.clone();
    let work = fake(move |assignment| {
        if assignment.trial == 3 {
            raised.raise(false);
        }
        while assignment.trial >= 2 && raised.count() == 0 {
            std::thread::yield_now();
        }
        Script::Value(bowl(&assignment.params))
    });
    let (_folder, mut store) = on_disk();
    let session = Session { interrupts, ..Session::new(2) };
    let report = session.drive(&mut store, &spec, work.clone()).unwrap();
    assert_eq!(report.stop, StopReason::Interrupted { terminated: false });
    assert_eq!((work.n_started(), report.progress.counts.done), (4, 4));
    assert_each_ran_once(&store);
    let rest = fake(|assignment| Script::Value(bowl(&assignment.params)));
    let report = go(&mut store, &spec, &rest, 2);
    assert_eq!((report.stop, rest.n_started()), (StopReason::Trials(9), 5));
    assert_each_ran_once(&store);
    assert_replays(&store, &spec);
}

/// Runs a sweep whose trials 2 and 3 work until the second interrupt stops them.
fn interrupted_twice(store: &mut Store, budget: &str) -> derby::sweep::Report {
    let interrupts = Interrupts::none();
    let raised = interrupts.clone();
    let work = fake(move |assignment| {
        if assignment.trial == 3 {
            raised.raise(true);
            raised.raise(true);
        }
        if assignment.trial >= 2 { Script::UntilStopped } else { Script::Value(1.0) }
    });
    let session = Session { interrupts, ..Session::new(2) };
    session.drive(store, &spec_of(&format!("{MIXED}{budget}")), work).unwrap()
}

#[test]
fn the_second_interrupt_stops_them_and_they_run_again() {
    let (_folder, mut store) = on_disk();
    let report = interrupted_twice(&mut store, "[budget]\ntrials = 6\n");
    assert_eq!(report.stop, StopReason::Interrupted { terminated: true });
    assert_eq!(report.progress.counts.finished(), 2);
    let states: Vec<Option<Status>> = trials(&store).iter().map(|trial| trial.status).collect();
    let (done, killed) = (Some(Status::Done), Some(Status::Killed));
    assert_eq!(states, [done, done, killed, killed]);
    let runs = store.runs(&Query::default()).unwrap();
    let reasons: Vec<&str> = runs.iter().filter_map(|run| run.reason.as_deref()).collect();
    assert_eq!(reasons, ["interrupted", "interrupted"]);
    let spec = spec_of(&format!("{MIXED}[budget]\ntrials = 6\n"));
    let rest = constant(1.0);
    let report = go(&mut store, &spec, &rest, 2);
    assert_eq!((report.stop, rest.n_started()), (StopReason::Trials(6), 4));
    let attempts: Vec<u32> = trials(&store).iter().map(|trial| trial.attempts).collect();
    assert_eq!(attempts, [1, 1, 2, 2, 1, 1]);
    assert_each_ran_once(&store);
    assert_replays(&store, &spec);
}

#[test]
fn trials_that_run_again_stay_within_a_lowered_budget() {
    let (_folder, mut store) = on_disk();
    interrupted_twice(&mut store, "[budget]\ntrials = 6\n");
    let lowered = spec_of(&format!("{MIXED}[budget]\ntrials = 3\n"));
    let rest = constant(1.0);
    let report = go(&mut store, &lowered, &rest, 2);
    assert_eq!((report.stop, rest.n_started()), (StopReason::Trials(3), 1));
    assert_eq!(report.progress.counts.done, 3);
}

#[test]
fn trials_cut_off_while_another_rule_ends_the_sweep_make_it_interrupted() {
    let interrupts = Interrupts::none();
    let raised = interrupts.clone();
    let mut order = Order::default();
    let finished = Arc::clone(&order.0);
    let work = fake(move |assignment| {
        if assignment.trial > 0 {
            return Script::Value(0.0);
        }
        // Trial 1 reaches the target; whoever waits for trial 0 then loses patience.
        while finished.load(Ordering::Acquire) == 0 {
            std::thread::yield_now();
        }
        raised.raise(false);
        raised.raise(false);
        Script::UntilStopped
    });
    let spec = spec_of(&format!("{MIXED}[budget]\ntarget = 0.5\n"));
    let session = Session { interrupts, ..Session::new(2) };
    let report = session.watched(&mut memory(), &spec, work, &mut order).unwrap();
    assert_eq!(report.stop, StopReason::Interrupted { terminated: false });
    assert_eq!(report.progress.counts.finished(), 1);
}

#[test]
fn a_trial_that_runs_too_long_has_failed() {
    let spec = spec_of(&format!(
        "{MIXED}[resources]\ntimeout = \"1ms\"\n[search]\nsampler = \"random\"\n[budget]\ntrials = 4\n"
    ));
    let work = fake(|assignment| match assignment.trial {
        1 => Script::UntilStopped,
        _ => Script::Value(1.0),
    });
    let mut store = memory();
    let report = go(&mut store, &spec, &work, 2);
    assert_eq!(report.stop, StopReason::Trials(4));
    assert_eq!(report.failures, [(TIMEOUT.to_string(), 1)]);
    assert_eq!(trials(&store)[1].status, Some(Status::Failed));
}

#[test]
fn after_a_crash_nothing_is_lost_and_nothing_is_done_twice() {
    let spec = spec_of(&format!("{MIXED}[search]\nsampler = \"random\"\n[budget]\ntrials = 12\n"));
    let mut calm = memory();
    go(&mut calm, &spec, &fake(|a| Script::Value(bowl(&a.params))), 1);
    let (folder, mut store) = on_disk();
    for at in [1, 3, 2] {
        let work = fake(|assignment| Script::Value(bowl(&assignment.params)));
        let session = Session { owner: dead_owner(), ..Session::new(2) };
        let crash = catch_unwind(AssertUnwindSafe(|| {
            session.watched(&mut store, &spec, work, &mut Bomb { at })
        }));
        assert!(crash.is_err(), "the bomb went off");
        store = open(folder.path());
    }
    let done = |store: &Store| {
        trials(store).iter().filter(|trial| trial.status == Some(Status::Done)).count()
    };
    let before = done(&store);
    assert!((6..12).contains(&before), "{before}");
    let work = fake(|assignment| Script::Value(bowl(&assignment.params)));
    let report = go(&mut store, &spec, &work, 2);
    assert_eq!(report.stop, StopReason::Trials(12));
    assert_eq!(work.n_started() as usize, 12 - before);
    assert_each_ran_once(&store);
    assert_eq!(outcomes(&store), outcomes(&calm));
    assert_replays(&store, &spec);
    assert!(store.check().unwrap().is_empty());
}

/// Work that has another process take over its own run, as one does that thinks it dead, when trial 2 runs
/// for the first time.
fn taken_over(
    folder: &std::path::Path,
    new_driver: Option<Owner>,
) -> Arc<derby::executor::fake::Fake> {
    let folder = folder.to_path_buf();
    fake(move |assignment| {
        if assignment.trial == 2 && assignment.attempt == 1 {
            let mut store = open(&folder);
            let sweep = store.sweeps().unwrap()[0].id;
            if let Some(owner) = &new_driver {
                store.acquire_driver(sweep, owner, 60_000).unwrap();
            }
            store.recover(Some(sweep), i64::MAX).unwrap();
        }
        Script::Value(assignment.trial as f64)
    })
}

#[test]
fn a_stale_attempt_is_fenced_off_and_its_trial_runs_again() {
    for reproducible in [false, true] {
        let (folder, mut store) = on_disk();
        let search = format!("[search]\nreproducible = {reproducible}\n");
        let spec = spec_of(&format!("{MIXED}{search}[budget]\ntrials = 12\n"));
        let work = taken_over(folder.path(), None);
        let report = go(&mut store, &spec, &work, 1);
        assert_eq!(report.stop, StopReason::Trials(12));
        assert_eq!((work.n_started(), report.progress.counts.done), (13, 12));
        let record = trials(&store);
        assert_eq!((record[2].attempts, record[2].status), (2, Some(Status::Done)));
        assert_each_ran_once(&store);
        assert_replays(&store, &spec);
    }
}

#[test]
fn a_driver_that_lost_its_lease_stops() {
    let (folder, mut store) = on_disk();
    let spec = spec_of(&format!("{MIXED}[budget]\ntrials = 12\n"));
    let heir = Owner::this_process();
    let work = taken_over(folder.path(), Some(heir.clone()));
    let session = Session { owner: dead_owner(), ..Session::new(1) };
    let error = session.drive(&mut store, &spec, work.clone()).unwrap_err();
    assert!(matches!(error, DriveError::TakenOver(_)), "{error}");
    assert_eq!(work.n_started(), 3);
    let record = trials(&store);
    assert_eq!((record.len(), record[2].status), (3, Some(Status::Killed)));
    assert_eq!(store.driver(store.sweeps().unwrap()[0].id).unwrap(), Some(heir));
}

#[test]
fn the_record_replays() {
    for sampler in ["tpe", "random", "sobol"] {
        let first = "points = [{ x = 0.0, n = 20, kind = \"plain\" }]";
        let search = format!("[search]\nsampler = \"{sampler}\"\nseed = 11\n{first}\n");
        let spec = spec_of(&format!("{MIXED}{search}[budget]\ntrials = 40\n"));
        let work = fake(|assignment| match assignment.trial % 7 {
            3 => Script::Fail("every seventh".into()),
            _ => Script::Value(bowl(&assignment.params)),
        });
        let mut store = memory();
        go(&mut store, &spec, &work, 2);
        let record = trials(&store);
        assert!(record.iter().any(|trial| !trial.pending.is_empty()), "nothing ran beside");
        assert!(record.iter().all(|trial| trial.tell_seq.is_some()));
        assert_replays(&store, &spec);
    }
}

/// Raises an interrupt at the `at`-th finished trial.
struct Stopper {
    at: u64,
    interrupts: Interrupts,
}

impl Observer for Stopper {
    fn event(&mut self, event: &Event<'_>, _: &Progress, _: usize) {
        if let Event::Finished { .. } = event {
            self.at = self.at.saturating_sub(1);
            if self.at == 0 && self.interrupts.count() == 0 {
                self.interrupts.raise(false);
            }
        }
    }
}

#[test]
fn results_of_equal_runs_are_taken_over_and_that_can_be_interrupted() {
    let named = |name: &str| {
        let text = format!(
            "name = \"{name}\"\nobjective = {{ metric = \"accuracy\" }}\n[models.knn]\n\
             n_neighbors = [1, 2, 3, 4, 5, 6, 7, 8]\n[data]\npath = \"../assets/iris.csv\"\n\
             target = \"target\"\nfolds = 3\n[search]\nsampler = \"grid\"\n"
        );
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps/x.toml");
        spec::parse(&text, Format::Toml, &file, &Overrides::default(), &Known::built_in()).unwrap()
    };
    let mut store = memory();
    let drive = |store: &mut Store, name: &str, at: u64| {
        let (spec, interrupts) = (named(name), Interrupts::none());
        let plan = Plan::new(&spec, &nowhere()).unwrap();
        let mut stopper = Stopper { at, interrupts: interrupts.clone() };
        let session = Session { interrupts, ..Session::new(2) };
        session.planned(store, &spec, &plan, &mut stopper).unwrap()
    };
    let first = drive(&mut store, "first", u64::MAX);
    assert_eq!((first.stop, first.progress.counts.cached), (StopReason::Complete(8), 0));
    let cut = drive(&mut store, "second", 3);
    assert_eq!(cut.stop, StopReason::Interrupted { terminated: false });
    assert_eq!((cut.progress.counts.done, cut.progress.counts.cached), (3, 3));
    let rest = drive(&mut store, "second", u64::MAX);
    assert_eq!(rest.stop, StopReason::Complete(8));
    assert_eq!((rest.progress.counts.done, rest.progress.counts.cached), (8, 8));
    let losses = |name: &str| -> Vec<Option<f64>> {
        let sweep = store.sweep(name).unwrap().id;
        store.trials(sweep).unwrap().iter().map(|trial| trial.loss).collect()
    };
    assert_eq!(losses("first"), losses("second"));
    assert!(losses("first").iter().all(Option::is_some));
}

#[test]
fn a_record_with_a_gap_is_refused() {
    let spec = spec_of(&format!("{MIXED}[budget]\ntrials = 4\n"));
    let (folder, mut store) = on_disk();
    go(&mut store, &spec, &constant(1.0), 1);
    let conn = rusqlite::Connection::open(folder.path().join(".derby/derby.db")).unwrap();
    conn.execute_batch("PRAGMA foreign_keys = off; DELETE FROM trial WHERE number = 1").unwrap();
    let error = Session::new(1).drive(&mut store, &spec, constant(1.0)).unwrap_err();
    assert!(error.to_string().contains("gap before trial 2"), "{error}");
    assert_eq!(
        store.driver(store.sweeps().unwrap()[0].id).unwrap(),
        None,
        "the lease is given back"
    );
}

#[test]
fn purged_runs_do_not_come_back() {
    let with = |trials: u64| spec_of(&format!("{MIXED}[budget]\ntrials = {trials}\n"));
    let work = fake(|assignment| match assignment.trial {
        1 => Script::Fail("not this one".into()),
        _ => Script::Value(bowl(&assignment.params)),
    });
    let (_folder, mut store) = on_disk();
    go(&mut store, &with(4), &work, 1);
    let runs: Vec<RunId> = trials(&store)[..2].iter().filter_map(|trial| trial.run).collect();
    assert!(runs.into_iter().all(|run| store.remove(run).unwrap()));
    let everything =
        derby::store::GcOptions { dry_run: false, bin_older_ms: 0, object_grace_ms: 0 };
    assert_eq!(store.gc(everything).unwrap().runs, 2);
    let report = go(&mut store, &with(6), &work, 1);
    assert_eq!((work.n_started(), report.stop), (6, StopReason::Trials(6)));
    assert_eq!((report.progress.counts.done, report.progress.counts.failed), (5, 1));
    assert_replays(&store, &with(6));
}

/// A falling curve to the bowl's value; the worse it is, the worse it is all along.
fn curve(params: &derby::domain::Params) -> Script {
    let end = bowl(params);
    Script::Series((1..=6).map(|step| end * (1.0 + 1.0 / f64::from(step))).collect())
}

#[test]
fn a_sampler_learns_how_far_pruned_trials_came_after_a_crash_too() {
    let spec = spec_of(&format!(
        "{MIXED}[search]\nseed = 5\npruner = {{ kind = \"median\", n_startup_trials = 3 }}\n[budget]\ntrials = 40\n"
    ));
    let work = || {
        fake(|assignment| match assignment.trial % 11 {
            5 => Script::Fail("every eleventh".into()),
            _ => curve(&assignment.params),
        })
    };
    let mut calm = memory();
    let report = go(&mut calm, &spec, &work(), 1);
    assert!(report.progress.counts.pruned > 5, "{:?}", report.progress.counts);
    let pruned = |store: &Store| -> Vec<(u64, Option<(i64, f64)>)> {
        trials(store).iter().map(|trial| (trial.number, trial.pruned)).collect()
    };
    let n_pruned = trials(&calm).iter().filter(|trial| trial.pruned.is_some()).count();
    assert_eq!(n_pruned as u64, report.progress.counts.pruned);
    assert_replays(&calm, &spec);
    let (folder, mut cut) = on_disk();
    for at in [6, 4, 3] {
        let session = Session { owner: dead_owner(), ..Session::new(1) };
        let crash = catch_unwind(AssertUnwindSafe(|| {
            session.watched(&mut cut, &spec, work(), &mut Bomb { at })
        }));
        assert!(crash.is_err());
        cut = open(folder.path());
    }
    go(&mut cut, &spec, &work(), 1);
    assert_eq!(outcomes(&cut), outcomes(&calm));
    assert_eq!(pruned(&cut), pruned(&calm));
    assert_replays(&cut, &spec);
}

#[test]
fn a_sampler_learns_the_spread_of_replicates() {
    let spec = spec_of(&format!(
        "{MIXED}[search]\nsampler = \"gp\"\nseed = 5\nreplicates = 3\n[budget]\ntrials = 14\n"
    ));
    let work = fake(|assignment| {
        let luck = [0.0, 0.3, -0.1][assignment.replicate as usize];
        Script::Value(bowl(&assignment.params) + luck * (1.0 + bowl(&assignment.params)))
    });
    let mut store = memory();
    go(&mut store, &spec, &work, 2);
    assert!(trials(&store).iter().all(|trial| trial.sd.is_some_and(|sd| sd > 0.1)));
    assert_eq!(work.n_started(), 42);
    assert_replays(&store, &spec);
}

/// A bowl over `x` with noise that depends on the trial alone: a sum of four uniform numbers, of standard deviation 1.2.
fn noisy(x: f64, trial: u64) -> f64 {
    let scattered = |i: u64| {
        let mut z = (trial * 4 + i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (z >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    (x - 1.0).powi(2) + 2.08 * (0..4).map(scattered).sum::<f64>()
}

fn noisy_work() -> Arc<derby::executor::fake::Fake> {
    fake(|assignment| {
        let x = assignment.params.get("x").and_then(derby::domain::Value::as_f64).unwrap();
        Script::Value(noisy(x, assignment.trial))
    })
}

fn on_a_line(search: &str, budget: &str) -> derby::spec::Sweep {
    spec_of(&format!(
        "[params]\nx = {{ low = -3.0, high = 3.0 }}\n[search]\nseed = 4\n{search}\n[budget]\n{budget}\n"
    ))
}

#[test]
fn a_sweep_ends_when_no_improvement_above_the_noise_is_to_be_expected() {
    for sampler in ["random", "tpe", "gp"] {
        let search = format!("sampler = \"{sampler}\"");
        let spec = on_a_line(&search, "trials = 90\nmin_improvement = \"noise\"");
        let (folder, mut store) = on_disk();
        let work = noisy_work();
        let report = go(&mut store, &spec, &work, 1);
        let StopReason::Improvement { left, least, is_noise } = report.stop else {
            panic!("{sampler}: {}", report.stop);
        };
        assert!(is_noise && left < 0.5 * least && (0.6..2.0).contains(&least), "{left} {least}");
        let n = work.n_started();
        assert!(n <= 85 && n.is_multiple_of(5), "{sampler}: {n}");
        let text = report.stop.to_string();
        assert!(text.starts_with("nothing better by more than 0."), "{text}");
        // The same command finds the same, and does nothing more; nor was anything found before.
        drop(store);
        let again = go(&mut open(folder.path()), &spec, &work, 1);
        assert_eq!((again.stop, work.n_started()), (report.stop, n));
        // Without the rule it goes on.
        let on = on_a_line(&search, &format!("trials = {}", n + 3));
        let on = go(&mut open(folder.path()), &on, &work, 1);
        assert_eq!((on.stop, work.n_started()), (StopReason::Trials(n + 3), n + 3));
    }
}

#[test]
fn the_noise_of_replicates_is_that_of_their_mean() {
    let spec = on_a_line("replicates = 4", "trials = 90\nmin_improvement = \"noise\"");
    let work = fake(|assignment| {
        let x = assignment.params.get("x").and_then(derby::domain::Value::as_f64).unwrap();
        Script::Value((x - 1.0).powi(2) + f64::from(assignment.replicate) - 1.5)
    });
    let report = go(&mut memory(), &spec, &work, 1);
    let StopReason::Improvement { least, .. } = report.stop else { panic!("{}", report.stop) };
    // The standard deviation of 0, 1, 2, 3 is 1.29.
    assert!((least - 1.290_994 / 2.0).abs() < 1e-6, "{least}");
}

#[test]
fn an_improvement_of_one_s_own_measure() {
    let spec = on_a_line("sampler = \"gp\"", "trials = 90\nmin_improvement = 0.05");
    let work = fake(|assignment| {
        let x = assignment.params.get("x").and_then(derby::domain::Value::as_f64).unwrap();
        Script::Value((x - 1.0).powi(2))
    });
    let report = go(&mut memory(), &spec, &work, 1);
    let StopReason::Improvement { left, least, is_noise } = report.stop else {
        panic!("{}", report.stop)
    };
    assert!(left < 0.05 && least == 0.05 && !is_noise);
    assert!(report.progress.best[0].score < 0.05 && work.n_started() <= 25);
    // A bowl without noise: no improvement is under it.
    let spec = on_a_line("sampler = \"random\"", "trials = 40\nmin_improvement = 1e-9");
    assert_eq!(go(&mut memory(), &spec, &work, 1).stop, StopReason::Trials(40));
}

/// Two objectives that pull apart, and a third metric that nobody asked for.
const TWO: &str = r#"name = "two"
[params]
x = { low = -2.0, high = 4.0 }
[command]
run = ["sh", "two.sh", "{x}"]
[[objective]]
metric = "left"
goal = "minimize"
[[objective]]
metric = "right"
goal = "minimize"
[search]
reproducible = true
lag = 1
[budget]
trials = 24
"#;

/// The front of [`TWO`] in words and for a program. Its points lie on `√left + √right = 2`.
fn front_is_shown(done: &dyn Fn(&str) -> String, n: usize) {
    let words = done("best two --front");
    assert!(words.contains(&format!("{n} of 24 trials, hypervolume ")), "{words}");
    let words = done("show sweep:two");
    for part in ["minimize left, minimize right", "from the worst of each (left ", "two --front"] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let shown: serde_json::Value = serde_json::from_str(&done("show sweep:two --json")).unwrap();
    let front = &shown["front"];
    assert_eq!(front["trials"].as_array().unwrap().len(), n);
    assert_eq!((front["runs"].as_array().unwrap().len(), &front["among"]), (n, &24.into()));
    let worst = |metric: &str| front["reference"][metric].as_f64().unwrap();
    let (left, right) = (worst("left"), worst("right"));
    // Without the corner between the axes and the curve, which holds 8/3.
    let whole = left * right - 8.0 / 3.0;
    let volume = front["hypervolume"].as_f64().unwrap();
    assert!(volume < whole && volume > whole - 0.6, "{volume} {whole}");
}

#[test]
fn a_sweep_for_several_objectives_spreads_over_the_front() {
    let place = crate::program::Place::new();
    place.write("two.toml", TWO);
    let script = r#"awk -v x="$1" 'BEGIN { printf "{\"left\": %.9f, \"right\": %.9f}\n", x * x, (x - 2) * (x - 2) }'"#;
    place.write("two.sh", script);
    let done = |words: &str| {
        let ran = place.derby(&words.split(' ').collect::<Vec<_>>());
        assert_eq!(ran.code, 0, "{words}: {}", ran.err);
        ran.out
    };
    done("sweep two.toml -q");
    let whole: serde_json::Value = serde_json::from_str(&done("best two --front --json")).unwrap();
    let lefts: Vec<f64> = whole
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["metrics"]["left"]["score"].as_f64().unwrap())
        .collect();
    // The front is x in 0 ..= 2, so left in 0 ..= 4.
    assert!(lefts.len() > 11 && lefts.iter().all(|&left| left <= 4.0 + 1e-9), "{lefts:?}");
    assert!(
        lefts.iter().any(|&left| left < 0.1) && lefts.iter().any(|&left| left > 3.2),
        "{lefts:?}"
    );
    assert!(lefts.is_sorted(), "{lefts:?}");
    front_is_shown(&done, lefts.len());
    // Cut off and gone on, it asks the same.
    done("sweep two.toml -q --store cut --trials 17");
    done("sweep two.toml -q --store cut");
    let params = |store: &str| -> Vec<serde_json::Value> {
        let runs = done(&format!("runs --json --store {store} --sort run"));
        let runs: Vec<serde_json::Value> = serde_json::from_str(&runs).unwrap();
        runs.iter().map(|run| run["params"].clone()).collect()
    };
    assert_eq!(params(".derby"), params("cut"));
    let one = place.derby(&["sweep", "two.toml", "--set", "search.sampler=cma-es"]);
    assert!(
        one.code == 2 && one.err.contains("'cma-es' searches for one objective, not 2"),
        "{}",
        one.err
    );
}
