//! Any program as a trial: one process group a run, watched by one worker thread.
//!
//! ```text
//! prepare (folders, sources, templates, environment) ─▶ launch ─▶ watch ─▶ ending
//!                                                         pipes ─▶ feed ─▶ record, metrics, Control
//! ```

pub(super) mod ending;
mod environment;
mod feed;
mod folders;
mod glob;
pub(super) mod launch;
mod prepare;
mod program;
mod sources;
pub(super) mod system;
#[cfg(test)]
mod tests;
pub(super) mod watch;

pub use folders::{clean_run_folder, run_folder};

use self::ending::{Facts, Halt};
use self::feed::{Fed, Feed};
use self::folders::RunFolder;
use self::prepare::Plan;
use self::system::System;
use self::watch::{Leaders, Limits, Listener, Watched};
use super::{Assignment, Control, Execution, Exit, Work};
use crate::domain::Outcome;
use crate::host::{GpuLease, GpuSlots, Monitor};
use crate::protocol::{IntakeError, OutputLog, Stream};
use crate::spec::{CommandSection, MetricSource};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::park_timeout;
use std::time::{Duration, Instant};

/// The metric that an exit status is recorded as.
const EXIT_CODE: &str = "exit_code";
/// Between two looks for free GPUs.
const GPU_LOOK: Duration = Duration::from_millis(20);

/// What a command needs beside its section.
#[derive(Debug, Clone)]
pub struct ProcessSetup {
    /// What must be measured; the first one is judged while it comes.
    pub objectives: Vec<String>,
    /// The folder of the store.
    pub store: PathBuf,
    /// Names the sweep among the checkpoints of the store.
    pub checkpoint_key: String,
    /// The marker of this derby process, unique.
    pub owner: String,
    /// Cores of one run.
    pub cpus: usize,
    /// GPUs, where runs get some.
    pub gpu_slots: Option<GpuSlots>,
    /// Between two samples of a run's CPU, memory, disk and network; none takes no samples.
    pub monitor: Option<Duration>,
    /// More variables for every run: where the data and its split are.
    pub handed: Vec<HandedFile>,
}

/// A file whose place every run is told.
#[derive(Debug, Clone)]
pub struct HandedFile {
    /// The variable.
    pub variable: &'static str,
    /// The file.
    pub path: PathBuf,
    /// What is written there before the first run; none for a file of the user.
    pub text: Option<Arc<str>>,
}

/// What keeps a command from being a trial at all: said before the first one.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The program cannot be executed.
    #[error("[command] run: '{name}' {reason}")]
    Program {
        /// The program as it is written.
        name: String,
        /// What is wrong and how to mend it.
        reason: String,
    },
    /// The folder to start in is not there.
    #[error("[command] cwd: there is no folder '{}': make it, or mend the path", .0.display())]
    WorkingFolder(PathBuf),
    /// A pattern of sources cannot be used.
    #[error("[command] copy: '{pattern}' {reason}")]
    Copy {
        /// The pattern.
        pattern: String,
        /// What is wrong.
        reason: String,
    },
    /// A template has a name that is taken.
    #[error("[command] templates: '{name}' is no name for a file in the run's folder: {reason}")]
    Template {
        /// The name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// Metrics cannot be read as the section says.
    #[error(transparent)]
    Metrics(#[from] IntakeError),
    /// The system gives no thread to take samples with.
    #[error("[resources] monitor: cannot start: {0}")]
    Monitor(io::Error),
    /// Where this program is cannot be found.
    #[error("[resources] isolate: this program cannot be found: {0}")]
    OwnProgram(io::Error),
    /// A path cannot be made absolute: the current folder is gone.
    #[error("the current folder cannot be found: {0}")]
    CurrentFolder(io::Error),
}

/// Gets the bytes of a stream as they come.
pub type Passing = Box<dyn Fn(Stream, &[u8]) + Send + Sync>;

/// Runs a program for each trial. Make one for all runs of a sweep.
pub struct ProcessWork {
    plan: Plan,
    passing: Option<Passing>,
    monitor: Option<Monitor>,
    leaders: Leaders,
}

/// Why a run could not be carried out.
pub(super) struct Fault {
    pub(super) reason: String,
    pub(super) is_infrastructure: bool,
}

impl Fault {
    pub(super) fn own(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), is_infrastructure: false }
    }

    /// Something of derby's own failed: the store's disk, the system.
    pub(super) fn machine(what: &str, error: &io::Error) -> Self {
        Self { reason: format!("{what}: {error}"), is_infrastructure: true }
    }

    /// The execution of a run that could not be carried out.
    pub(super) fn into_execution(self) -> Execution {
        Execution {
            is_infrastructure: self.is_infrastructure,
            ..Execution::without_values(Outcome::Failed { reason: self.reason })
        }
    }
}

impl ProcessWork {
    /// Checks what can be checked before the first trial.
    ///
    /// # Errors
    /// When the program cannot be executed, a folder, source or template is missing, or a regular
    /// expression is none.
    pub fn new(section: &CommandSection, setup: ProcessSetup) -> Result<Self, ProcessError> {
        let monitor =
            setup.monitor.map(Monitor::start).transpose().map_err(ProcessError::Monitor)?;
        let plan = Plan::new(section, setup)?;
        Ok(Self { plan, passing: None, monitor, leaders: Leaders::default() })
    }

    /// The same, with what the processes print passed on as it comes, beside being recorded.
    #[must_use]
    pub fn passing_on(mut self, passing: Passing) -> Self {
        self.passing = Some(passing);
        self
    }

    fn carry_out(&self, assignment: &Assignment, control: &Control) -> Result<Execution, Fault> {
        let plan = &self.plan;
        let lease = match &plan.setup.gpu_slots {
            None => None,
            Some(slots) => match free_gpus(slots, control) {
                None => return Ok(Execution::without_values(control.stopped_outcome())),
                lease => lease,
            },
        };
        let gpus = lease.as_ref().map(GpuLease::visible);
        let prepared = plan.prepare(assignment, gpus)?;
        let intake = plan.intake().map_err(|error| Fault::own(error.to_string()))?;
        let log =
            OutputLog::create(&prepared.folder.output, plan.section.log_limit, Instant::now());
        let files = prepared.files()?;
        if control.stopped() {
            return Ok(Execution::without_values(control.stopped_outcome()));
        }
        let child = launch::start(&prepared.launch())
            .map_err(|error| prepare::start_fault(&prepared, &error))?;
        let watch = self.monitor.as_ref().map(|monitor| monitor.watch(child.id()));
        let sources = feed::Sources { intake, files, log, system: System::new(watch) };
        let mut feed = Feed::new(control, sources, self.passing.as_ref());
        let limits = Limits {
            grace: plan.section.grace,
            silence: plan.section.silence,
            run_key: &prepared.run_key,
            leaders: &self.leaders,
        };
        let watched = watch::watch(child, &mut feed, control, &limits)
            .map_err(|error| Fault::machine("the process could not be watched", &error))?;
        drop(lease);
        Ok(self.ended(feed, &watched, &prepared.folder, control))
    }

    fn ended(
        &self,
        mut feed: Feed<'_>,
        watched: &Watched,
        folder: &RunFolder,
        control: &Control,
    ) -> Execution {
        let section = &self.plan.section;
        let status_is_metric = section.metrics.contains(&MetricSource::ExitCode);
        feed.end();
        // Whether a rule stops a run hangs on its values, and not on how fast it ends after them.
        let is_pruned =
            feed.is_stopped() && matches!(control.stopped_outcome(), Outcome::Pruned { .. });
        let halt = watched.halt.or(is_pruned.then_some(Halt::Control));
        if let (true, Exit::Code(status)) = (status_is_metric, watched.exit) {
            feed.value(EXIT_CODE, f64::from(status));
        }
        let Fed { summaries, n_own, points, said, log } = feed.close();
        let facts = Facts {
            exit: watched.exit,
            halt,
            status_is_metric,
            objectives: &self.plan.setup.objectives,
            summaries: &summaries[..n_own],
            n_lines: said.n_lines,
            last_error: &said.last_error,
            last_line: &said.last_line,
            unreadable: said.unreadable.as_ref(),
        };
        let (mut outcome, mut is_infrastructure) = ending::outcome(&facts, control);
        // What the run has left must be in the store before it counts as done.
        let kept = log.error.map_or_else(|| folder.kept(log.lines > 0), Err);
        let artifacts = kept.unwrap_or_else(|error| {
            if outcome == Outcome::Done {
                outcome = Outcome::Failed { reason: format!("its files cannot be kept: {error}") };
                is_infrastructure = true;
            }
            Vec::new()
        });
        // An empty one is of no use to a later attempt.
        let _ = std::fs::remove_dir(&folder.checkpoint);
        Execution {
            points,
            summaries,
            cpu_seconds: watched.cpu_seconds,
            exit: Some(watched.exit),
            artifacts,
            is_infrastructure,
            ..Execution::without_values(outcome)
        }
    }
}

/// GPUs for a run, as soon as there are free ones; none if it is stopped before.
fn free_gpus(slots: &GpuSlots, control: &Control) -> Option<GpuLease> {
    loop {
        let lease = slots.take();
        if lease.is_some() || control.stopped() {
            return lease;
        }
        park_timeout(GPU_LOOK);
    }
}

impl Work for ProcessWork {
    fn run(&self, assignment: &Assignment, control: &Control) -> Execution {
        self.carry_out(assignment, control).unwrap_or_else(Fault::into_execution)
    }

    fn settled(&self, assignment: &Assignment) {
        clean_run_folder(&run_folder(&self.plan.setup.store, assignment.run), &[]);
    }
}

impl Drop for ProcessWork {
    fn drop(&mut self) {
        folders::remove_unused(&self.plan.setup.store, &self.plan.setup.checkpoint_key);
    }
}
