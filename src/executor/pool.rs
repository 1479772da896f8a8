//! Worker threads that pull assignments, with panics and deadlines turned into outcomes.

use super::{Assignment, Control, Ears, Execution, Stop, Work};
use crate::domain::{Outcome, PointBatch, RunId, Summary};
use crate::host;
use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The prefix of worker threads' names, by which the panic hook knows them.
const THREAD_NAME: &str = "trial-";
/// Trees of any depth and kernels recurse little; 16 MB is far above what any family needs.
const STACK_BYTES: usize = 16 << 20;
/// Messages that may wait for the one who takes them in; beyond, trials wait.
const WAITING_MESSAGES: usize = 64;

thread_local! {
    static PANIC_PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What comes out of the pool.
#[derive(Debug)]
pub enum Message {
    /// Values of a trial that is at work.
    Report {
        /// The run.
        assignment: Box<Assignment>,
        /// Its values.
        batch: PointBatch,
        /// The summaries of its metrics so far.
        summaries: Vec<(String, Summary)>,
    },
    /// A trial has ended.
    Ended(Box<Assignment>, Box<Execution>),
}

/// Judges values of the first objective while trials run; see [`Ears::judge`].
pub trait Judging: Send + Sync {
    /// Why the trial is hopeless, if it is.
    fn judge(
        &self,
        assignment: &Assignment,
        context: &str,
        step: i64,
        value: f64,
    ) -> Option<String>;
}

struct PoolEars {
    messages: SyncSender<Message>,
    judge: Option<Arc<dyn Judging>>,
}

impl Ears for PoolEars {
    fn hear(&self, assignment: &Assignment, batch: PointBatch, summaries: Vec<(String, Summary)>) {
        let assignment = Box::new(assignment.clone());
        // Nobody takes messages in any more once the sweep has been given up.
        let _ = self.messages.send(Message::Report { assignment, batch, summaries });
    }

    fn judge(
        &self,
        assignment: &Assignment,
        context: &str,
        step: i64,
        value: f64,
    ) -> Option<String> {
        self.judge.as_ref()?.judge(assignment, context, step, value)
    }
}

/// A pool of worker threads.
pub struct Pool {
    jobs: usize,
    queue: Option<Sender<(Assignment, Arc<Control>)>>,
    messages: Receiver<Message>,
    ears: Arc<PoolEars>,
    running: BTreeMap<RunId, Arc<Control>>,
    idle: Arc<AtomicIsize>,
    timeout: Option<Duration>,
    threads: Vec<JoinHandle<()>>,
    hire: Hire,
}

/// What a new worker needs.
struct Hire {
    work: Arc<dyn Work>,
    assignments: Arc<Assignments>,
}

/// Where workers find what to do.
type Assignments = Mutex<Receiver<(Assignment, Arc<Control>)>>;

impl Pool {
    /// Starts `jobs` workers on `work`; `timeout` is the wall time of one trial, and `judge` prunes.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub fn start(
        jobs: usize,
        work: &Arc<dyn Work>,
        timeout: Option<Duration>,
        judge: Option<Arc<dyn Judging>>,
    ) -> std::io::Result<Self> {
        let (queue, assignments) = channel();
        let (done, messages) = sync_channel(WAITING_MESSAGES);
        let assignments = Arc::new(Mutex::new(assignments));
        let hire = Hire { work: Arc::clone(work), assignments };
        let ears = Arc::new(PoolEars { messages: done, judge });
        let mut pool = Self {
            jobs: 0,
            queue: Some(queue),
            messages,
            ears,
            running: BTreeMap::new(),
            idle: Arc::default(),
            timeout,
            threads: Vec::new(),
            hire,
        };
        pool.resize(jobs)?;
        Ok(pool)
    }

    /// Changes how many trials can be at work. Those at work beyond that end as they would.
    ///
    /// # Errors
    /// When the system gives no more threads; the pool is then as it was.
    pub fn resize(&mut self, jobs: usize) -> std::io::Result<()> {
        // Workers that are too many wait for the day when they are not.
        for worker in self.threads.len()..jobs {
            let Hire { work, assignments } = &self.hire;
            let (work, assignments) = (Arc::clone(work), Arc::clone(assignments));
            let (done, idle) = (self.ears.messages.clone(), Arc::clone(&self.idle));
            let thread = std::thread::Builder::new()
                .name(format!("{THREAD_NAME}{worker}"))
                .stack_size(STACK_BYTES)
                .spawn(move || serve(&*work, &assignments, &done, &idle))?;
            self.threads.push(thread);
        }
        self.idle.fetch_add(jobs as isize - self.jobs as isize, Ordering::AcqRel);
        self.jobs = jobs;
        Ok(())
    }

    /// How many trials can be at work.
    pub fn jobs(&self) -> usize {
        self.jobs
    }

    /// How many trials are at work.
    pub fn n_running(&self) -> usize {
        self.running.len()
    }

    /// How many more could be.
    pub fn n_free(&self) -> usize {
        self.jobs.saturating_sub(self.running.len())
    }

    /// Hands a trial to the next free worker.
    pub fn submit(&mut self, assignment: Assignment) {
        let ears = Arc::clone(&self.ears) as Arc<dyn Ears>;
        let control = Control::new(self.timeout, Arc::clone(&self.idle));
        let control = Arc::new(control.heard_by(&assignment, ears));
        self.running.insert(assignment.run, Arc::clone(&control));
        if let Some(queue) = &self.queue {
            // A send fails only when every worker is gone, and they leave only when `queue` is dropped.
            let _ = queue.send((assignment, control));
        }
    }

    /// Waits for a message, at most `patience`. Deadlines are looked at on every call.
    pub fn next(&mut self, patience: Duration) -> Option<Message> {
        for control in self.running.values() {
            control.stopped();
        }
        let message = self.messages.recv_timeout(patience).ok()?;
        if let Message::Ended(assignment, _) = &message {
            self.running.remove(&assignment.run);
        }
        Some(message)
    }

    /// Asks one running trial to stop; nothing happens if it is not at work here.
    pub fn stop(&self, run: RunId, stop: &Stop) {
        if let Some(control) = self.running.get(&run) {
            control.stop(stop.clone());
        }
    }

    /// Asks every running trial to stop.
    pub fn stop_all(&self, reason: &str) {
        for control in self.running.values() {
            control.stop(Stop::Killed(reason.into()));
        }
    }

    /// Ends the workers and waits for them. Trials that were not asked to stop run to their end.
    pub fn join(mut self) {
        self.queue = None;
        drop(self.messages);
        for thread in self.threads.drain(..) {
            // A worker catches the panics of its work; one of its own would have nothing to lose.
            let _ = thread.join();
        }
    }
}

fn serve(
    work: &dyn Work,
    assignments: &Assignments,
    done: &SyncSender<Message>,
    idle: &AtomicIsize,
) {
    loop {
        let next = assignments.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((assignment, control)) = next else { return };
        idle.fetch_sub(1, Ordering::AcqRel);
        let execution = guarded(work, &assignment, &control);
        idle.fetch_add(1, Ordering::AcqRel);
        if done.send(Message::Ended(Box::new(assignment), Box::new(execution))).is_err() {
            return;
        }
    }
}

/// Runs the work, measures it, and turns a panic into a failure with its message and place.
fn guarded(work: &dyn Work, assignment: &Assignment, control: &Control) -> Execution {
    let (started, cpu) = (Instant::now(), host::thread_cpu_seconds());
    let attempt = catch_unwind(AssertUnwindSafe(|| work.run(assignment, control)));
    let mut execution = attempt.unwrap_or_else(|panic| {
        Execution::without_values(Outcome::Failed { reason: panic_text(&*panic) })
    });
    execution.seconds = started.elapsed().as_secs_f64();
    execution.cpu_seconds += (host::thread_cpu_seconds() - cpu).max(0.0);
    execution
}

/// Carries out one assignment as a worker of a pool does, and waits for its end.
///
/// # Errors
/// When the system gives no thread.
pub(super) fn once(
    work: &dyn Work,
    assignment: &Assignment,
    control: &Control,
) -> std::io::Result<Execution> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name(format!("{THREAD_NAME}0"))
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || guarded(work, assignment, control))?;
        Ok(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// Carries out one assignment with up to `helpers` more threads for its folds, and waits for its end.
///
/// # Errors
/// When the system gives no thread.
pub fn carry_out(
    work: &dyn Work,
    assignment: &Assignment,
    helpers: usize,
) -> std::io::Result<Execution> {
    let control = Control::new(None, Arc::new(AtomicIsize::new(helpers as isize)));
    once(work, assignment, &control)
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let message = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into());
    let place = PANIC_PLACE.take().map(|place| format!(" at {place}")).unwrap_or_default();
    format!("panicked: {}{place}", message.lines().next().unwrap_or_default())
}

/// Keeps panics of worker threads off the screen: they are recorded as the reason of a failed run.
/// Other threads panic as before.
pub fn quiet_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let here = std::thread::current();
        if here.name().is_some_and(|name| name.starts_with(THREAD_NAME)) {
            let place = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
            PANIC_PLACE.set(place);
        } else {
            before(info);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Fake, Script};
    use super::*;
    use crate::domain::{Params, Status};

    const LONG: Duration = Duration::from_mins(1);

    fn assignment(trial: u64) -> Assignment {
        let (run, params) = (RunId(trial as i64), Params::default());
        Assignment { run, trial, attempt: 1, params, seed: 0, replicate: 0 }
    }

    fn ended(pool: &mut Pool) -> Execution {
        match pool.next(LONG).unwrap() {
            Message::Ended(_, execution) => *execution,
            Message::Report { .. } => panic!("the fake reports nothing"),
        }
    }

    fn run_one(script: Script, timeout: Option<Duration>) -> Execution {
        let work: Arc<dyn Work> = Arc::new(Fake::new(move |_| script.clone()));
        let mut pool = Pool::start(1, &work, timeout, None).unwrap();
        pool.submit(assignment(0));
        let execution = ended(&mut pool);
        pool.join();
        execution
    }

    #[test]
    fn a_panic_is_a_failure_with_its_message() {
        let execution = run_one(Script::Panic("kaboom".into()), None);
        assert_eq!(execution.outcome.status(), Status::Failed);
        assert!(execution.outcome.reason().unwrap().starts_with("panicked: kaboom"));
    }

    #[test]
    fn alone_it_ends_as_in_a_pool() {
        for script in [Script::Panic("kaboom".into()), Script::Value(2.0)] {
            let work = Fake::new({
                let script = script.clone();
                move |_| script.clone()
            });
            let alone = once(&work, &assignment(0), &Control::free()).unwrap();
            let pooled = run_one(script, None);
            assert_eq!((alone.outcome, alone.points), (pooled.outcome, pooled.points));
        }
    }

    #[test]
    fn a_trial_that_polls_ends_at_its_deadline() {
        let work: Arc<dyn Work> = Arc::new(Fake::new(|_| Script::UntilStopped));
        let mut pool = Pool::start(1, &work, Some(Duration::ZERO), None).unwrap();
        pool.submit(assignment(0));
        let execution = ended(&mut pool);
        assert_eq!(execution.outcome, Outcome::Failed { reason: super::super::TIMEOUT.into() });
        pool.join();
    }

    #[test]
    fn stopping_from_outside_kills() {
        let work: Arc<dyn Work> = Arc::new(Fake::new(|_| Script::UntilStopped));
        let mut pool = Pool::start(2, &work, None, None).unwrap();
        pool.submit(assignment(0));
        pool.submit(assignment(1));
        assert_eq!((pool.n_running(), pool.n_free()), (2, 0));
        pool.stop_all("interrupted");
        for _ in 0..2 {
            let execution = ended(&mut pool);
            assert_eq!(execution.outcome, Outcome::Killed { reason: "interrupted".into() });
        }
        assert_eq!(pool.n_free(), 2);
        pool.join();
    }

    #[test]
    fn idle_workers_can_be_borrowed_and_come_back() {
        let control = Control::new(None, Arc::new(AtomicIsize::new(3)));
        assert_eq!(control.take_idle(2), 2);
        assert_eq!(control.take_idle(5), 1);
        assert_eq!(control.take_idle(1), 0);
        control.give_back(3);
        assert_eq!(control.take_idle(9), 3);
    }
}
