//! A built-in model's trial in a process of its own: what cannot be interrupted, crashes or runs out of memory
//! costs one trial and not the sweep.
//!
//! ```text
//! order (stdin) ─▶ derby trial ─▶ lines (stdout) ─▶ Control
//!                              └▶ result (file)  ─▶ Execution
//! ```

mod child;
mod listen;
mod wire;

pub use child::carry_out_order;
pub use wire::TrialOrder;

use self::listen::{Heard, Hearing};
use self::wire::read_result;
use super::cross_validation::Helpers;
use super::process::ending::{by_status, killed, shown};
use super::process::launch::{self, Input, Launch};
use super::process::system::System;
use super::process::watch::{self, Leaders, Limits, Watched};
use super::process::{Fault, ProcessError, run_folder};
use super::{Assignment, Control, Execution, Exit, Work};
use crate::domain::{Digest, Outcome};
use crate::host::Monitor;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

/// Between SIGTERM and SIGKILL.
pub const ISOLATED_GRACE: Duration = Duration::from_secs(2);
/// The kernel's own link leads to this program even if its file was replaced meanwhile.
const OWN_PROGRAM: &str = "/proc/self/exe";
const SIGKILL: i32 = 9;

/// What trials in processes of their own need.
#[derive(Debug, Clone)]
pub struct IsolatedSetup {
    /// The sweep file's path, from which relative paths hold.
    pub file: PathBuf,
    /// The canonical text of the sweep.
    pub text: String,
    /// Identity of the sweep and its data.
    pub identity: Digest,
    /// Memory that one fit may plan for, in MB.
    pub memory_mb: u64,
    /// Folds, repeats included.
    pub n_folds: usize,
    /// How many of them may run beside the first.
    pub most_helpers: usize,
    /// The folder of the store.
    pub store: PathBuf,
    /// The marker of this derby process, unique.
    pub owner: String,
    /// Between two samples of a run's CPU, memory, disk and network; none takes no samples.
    pub monitor: Option<Duration>,
}

/// Runs this program again for each trial.
pub struct Isolated {
    setup: IsolatedSetup,
    program: PathBuf,
    folder: PathBuf,
    monitor: Option<Monitor>,
    leaders: Leaders,
}

impl Isolated {
    /// Gets ready for trials.
    ///
    /// # Errors
    /// When the current folder or this program is gone, or there is no thread to take samples with.
    pub fn new(mut setup: IsolatedSetup) -> Result<Self, ProcessError> {
        let folder = std::env::current_dir().map_err(ProcessError::CurrentFolder)?;
        setup.store = folder.join(&setup.store);
        let own = PathBuf::from(OWN_PROGRAM);
        let program = if own.exists() { Ok(own) } else { std::env::current_exe() };
        let program = program.map_err(ProcessError::OwnProgram)?;
        let monitor =
            setup.monitor.map(Monitor::start).transpose().map_err(ProcessError::Monitor)?;
        Ok(Self { setup, program, folder, monitor, leaders: Leaders::default() })
    }

    fn carry_out(&self, assignment: &Assignment, control: &Control) -> Result<Execution, Fault> {
        let place = run_folder(&self.setup.store, assignment.run);
        // What a lost store left under the same number would be taken for this run's.
        remove(&place).map_err(|error| Fault::machine("the run's folder is in use", &error))?;
        if control.stopped() {
            return Ok(Execution::without_values(control.stopped_outcome()));
        }
        let result = place.join("result.json");
        let helpers = Helpers::take(control, self.setup.most_helpers);
        let order = self.order(assignment, helpers.count).map_err(|error| {
            Fault::own(format!("the sweep cannot be handed to a process: {error}"))
        })?;
        let run_key = format!("{}-{}", self.setup.owner, assignment.run);
        let child = self.start(&result, &run_key, order)?;
        let watch = self.monitor.as_ref().map(|monitor| monitor.watch(child.id()));
        let mut hearing = Hearing::new(control, self.setup.n_folds, System::new(watch));
        let limits = Limits {
            grace: ISOLATED_GRACE,
            silence: None,
            run_key: &run_key,
            leaders: &self.leaders,
        };
        let watched = watch::watch(child, &mut hearing, control, &limits)
            .map_err(|error| Fault::machine("the process could not be watched", &error))?;
        drop(helpers);
        let execution = ended(hearing.close(), &watched, control, &result);
        // The next run has another number; an empty place is in nobody's way.
        let _ = remove(&place);
        execution
    }

    fn order(&self, assignment: &Assignment, helpers: usize) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&TrialOrder {
            file: self.setup.file.clone(),
            text: self.setup.text.clone(),
            identity: self.setup.identity.hex(),
            memory_mb: self.setup.memory_mb,
            helpers,
            params: assignment.params.clone(),
            seed: assignment.seed,
            run: assignment.run,
            trial: assignment.trial,
            attempt: assignment.attempt,
            replicate: assignment.replicate,
        })
    }

    /// Starts the process and hands it its order.
    fn start(&self, result: &Path, run_key: &str, order: Vec<u8>) -> Result<Child, Fault> {
        let fault = |error: io::Error| Fault::machine("no process can be started", &error);
        let Some(path) = result.to_str() else {
            return Err(Fault::own(format!("the path '{}' is not UTF-8", result.display())));
        };
        let arguments = ["derby".to_string(), "trial".to_string(), path.to_string()];
        let variable =
            |name: &str, value: &str| (OsString::from(name), Some(OsString::from(value)));
        let environment =
            [variable("DERBY_OWNER", &self.setup.owner), variable("DERBY_RUN_KEY", run_key)];
        let mut child = launch::start(&Launch {
            program: &self.program,
            arguments: &arguments,
            cwd: &self.folder,
            environment: &environment,
            input: Input::Pipe,
        })
        .map_err(fault)?;
        let Some(mut input) = child.stdin.take() else { return Ok(child) };
        // On a thread of its own: a pipe holds little, and nothing may wait for a process that does not read.
        let writer = std::thread::Builder::new().name("order".into());
        let written = writer.spawn(move || {
            // A process that has ended reads nothing, and its end says why.
            let _ = input.write_all(&order);
        });
        if let Err(error) = written {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
            return Err(fault(error));
        }
        Ok(child)
    }
}

/// What came of a process that is over.
fn ended(
    heard: Heard,
    watched: &Watched,
    control: &Control,
    result: &Path,
) -> Result<Execution, Fault> {
    let mut execution = if let Some(points) = heard.stopped_after {
        let outcome = control.stopped_outcome();
        let is_pruned = matches!(outcome, Outcome::Pruned { .. });
        let points = if is_pruned { points } else { Vec::new() };
        Execution { points, ..Execution::without_values(outcome) }
    } else {
        let written = read_result(result)
            .map_err(|error| Fault::machine("the result cannot be read", &error))?;
        written.unwrap_or_else(|| without_result(watched, control, &heard.last_error))
    };
    execution.points.extend(heard.points);
    execution.summaries.extend(heard.summaries);
    execution.cpu_seconds = execution.cpu_seconds.max(watched.cpu_seconds);
    execution.exit = Some(watched.exit);
    Ok(execution)
}

/// What it means that a process has not come to its end.
fn without_result(watched: &Watched, control: &Control, last_error: &[u8]) -> Execution {
    let (outcome, is_infrastructure) = match (watched.halt, watched.exit) {
        (Some(_), _) => (control.stopped_outcome(), false),
        (None, Exit::Signal(SIGKILL)) => killed(SIGKILL),
        (None, Exit::Signal(signal)) => match (killed(signal), shown(last_error)) {
            // It says what went wrong before it ends itself: no memory, no stack.
            ((Outcome::Failed { reason }, false), line) if !line.is_empty() => {
                (Outcome::Failed { reason: format!("{reason}: {line}") }, false)
            }
            (killed, _) => killed,
        },
        (None, Exit::Code(0)) => {
            let reason = "its process ended without a result".to_string();
            let reason = match shown(last_error) {
                line if line.is_empty() => reason,
                line => format!("{reason}: {line}"),
            };
            (Outcome::Failed { reason }, false)
        }
        (None, Exit::Code(status)) => by_status(status, last_error),
    };
    Execution { is_infrastructure, ..Execution::without_values(outcome) }
}

/// Removes a folder, if it is there.
fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Work for Isolated {
    fn run(&self, assignment: &Assignment, control: &Control) -> Execution {
        self.carry_out(assignment, control).unwrap_or_else(Fault::into_execution)
    }
}

impl Drop for Isolated {
    fn drop(&mut self) {
        // It is in use, or was never made.
        let _ = fs::remove_dir(self.setup.store.join("runs"));
    }
}
