//! A single run, recorded by hand: started, watched and ended like a trial, without a sweep around it.

use super::drive::{BEAT, DriveError, GRACE, INTERRUPTED, PATIENCE, finished, take_in};
use crate::domain::{Outcome, RunId, Summary};
use crate::executor::{Assignment, Execution, Exit, Pool, Work};
use crate::host::{self, Interrupts};
use crate::store::{NewRun, Store, StoreError};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a person says of a run before it starts.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    /// Its name; a made-up one without.
    pub name: Option<String>,
    /// Keys and values of its tags.
    pub tags: Vec<(String, String)>,
    /// A note.
    pub note: Option<String>,
}

/// How a single run is carried out.
pub struct Single<'a> {
    /// What it does.
    pub work: Arc<dyn Work>,
    /// What is recorded of it. Its name is in the marks.
    pub new: NewRun<'a>,
    /// What a person says of it.
    pub marks: &'a Marks,
    /// The first attempt, where this is a later one: the number of the trial, which names its checkpoints.
    pub first: Option<RunId>,
    /// Its wall time.
    pub timeout: Option<Duration>,
    /// What its process has between SIGTERM and SIGKILL.
    pub grace: Duration,
    /// Ctrl-C and kin: the first ends the run, the second at once.
    pub interrupts: &'a Interrupts,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct SingleReport {
    /// The run.
    pub run: RunId,
    /// How it ended.
    pub outcome: Outcome,
    /// How its process ended, if there was one.
    pub exit: Option<Exit>,
    /// Wall seconds.
    pub seconds: f64,
    /// One summary a metric.
    pub summaries: Vec<(String, Summary)>,
    /// False if another process had taken the run for dead and closed its record.
    pub is_recorded: bool,
}

/// Records and carries out one run.
///
/// # Errors
/// When a mark does not do, the store cannot be written, or no thread can be had.
pub fn run_single(store: &mut Store, single: &Single<'_>) -> Result<SingleReport, DriveError> {
    let mut pool = Pool::start(1, &single.work, single.timeout, None)
        .map_err(|source| DriveError::Threads { jobs: 1, source })?;
    let run = begin(store, single)?;
    let (attempt, seed) = (single.new.attempt, single.new.seed.unwrap_or_default() as u64);
    let params = single.new.params.clone();
    let trial = single.first.unwrap_or(run).0 as u64;
    let assignment = Assignment { run, trial, attempt, params, seed, replicate: 0 };
    pool.submit(assignment.clone());
    let execution = watch(store, single, &mut pool)?;
    let gave_up = pool.n_running() > 0;
    let is_recorded = record(store, single, run, &execution)?;
    if is_recorded && !gave_up {
        single.work.settled(&assignment);
    }
    if !gave_up {
        pool.join();
    }
    let Execution { outcome, exit, seconds, summaries, .. } = execution;
    Ok(SingleReport { run, outcome, exit, seconds, summaries, is_recorded })
}

/// Makes the run with its marks, or nothing at all.
fn begin(store: &mut Store, single: &Single<'_>) -> Result<RunId, StoreError> {
    store.batch(|store| {
        let run = store.start_run(&single.new)?;
        if let Some(name) = &single.marks.name {
            store.rename(run, name)?;
        }
        for (key, value) in &single.marks.tags {
            store.tag(run, key, value)?;
        }
        if let Some(note) = &single.marks.note {
            store.note(run, note)?;
        }
        Ok(run)
    })
}

/// Takes in what the run says until it has ended, or does not end although it should.
fn watch(store: &mut Store, single: &Single<'_>, pool: &mut Pool) -> Result<Execution, DriveError> {
    let (started, mut last_beat) = (Instant::now(), Instant::now());
    let mut stopping: Option<Instant> = None;
    let mut is_killed = false;
    let owner = single.new.owner;
    loop {
        if let Some(message) = pool.next(PATIENCE)
            && let Some((_, execution)) = take_in(store, pool, owner, message)?
        {
            return Ok(*execution);
        }
        let count = single.interrupts.count();
        if count > 0 && stopping.is_none() {
            stopping = Some(Instant::now());
            pool.stop_all(INTERRUPTED);
        }
        if count > 1 && !std::mem::replace(&mut is_killed, count > 1) {
            // Whoever asks twice does not wait for the rest of the grace.
            host::kill_marked(&format!("DERBY_OWNER={}", owner.uuid));
        }
        if stopping.is_some_and(|since| since.elapsed() > GRACE + single.grace) || count > 2 {
            let outcome = Outcome::Killed { reason: INTERRUPTED.into() };
            let seconds = started.elapsed().as_secs_f64();
            return Ok(Execution { seconds, ..Execution::without_values(outcome) });
        }
        if last_beat.elapsed() >= BEAT {
            last_beat = Instant::now();
            store.beat(owner)?; // false: it drives no sweep
        }
    }
}

fn record(
    store: &mut Store,
    single: &Single<'_>,
    run: RunId,
    execution: &Execution,
) -> Result<bool, StoreError> {
    let finished = finished(execution, &execution.outcome);
    store.finish_run(run, single.new.attempt, single.new.owner, &finished)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Params, Status};
    use crate::executor::fake::{Fake, Script};
    use crate::store::{Owner, RunContext};

    fn run(script: Script, marks: &Marks, interrupts: &Interrupts) -> (Store, SingleReport) {
        let mut store = Store::in_memory().unwrap();
        let (context, owner, params) =
            (RunContext::default(), Owner::this_process(), Params::default());
        let single = Single {
            work: Arc::new(Fake::new(move |_| script.clone())),
            new: NewRun {
                sweep: None,
                trial: None,
                attempt: 1,
                replicate: 0,
                is_queued: false,
                experiment: "default",
                name: None,
                params: &params,
                seed: Some(0),
                context: &context,
                owner: &owner,
                cached_from: None,
                parent: None,
            },
            marks,
            first: None,
            timeout: None,
            grace: Duration::ZERO,
            interrupts,
        };
        let report = run_single(&mut store, &single).unwrap();
        (store, report)
    }

    #[test]
    fn a_run_is_recorded_with_its_marks() {
        let marks = Marks {
            name: Some("mine".into()),
            tags: vec![("kind".into(), "test".into())],
            note: Some("a note".into()),
        };
        let (store, report) = run(Script::Panic("kaboom".into()), &marks, &Interrupts::none());
        assert!(report.is_recorded);
        let record = store.run("mine").unwrap();
        assert_eq!((record.id, record.status), (report.run, Status::Failed));
        assert_eq!((&*record.tags["kind"], record.note.as_deref()), ("test", Some("a note")));
    }

    #[test]
    fn an_interrupt_kills_the_run() {
        let interrupts = Interrupts::none();
        interrupts.raise(false);
        let (store, report) = run(Script::UntilStopped, &Marks::default(), &interrupts);
        assert_eq!(report.outcome, Outcome::Killed { reason: INTERRUPTED.into() });
        assert_eq!(store.run_by_id(report.run).unwrap().status, Status::Killed);
    }
}
