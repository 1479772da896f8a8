//! `derby run`: any command once, recorded.

use super::args::{Cli, Command};
use super::out::{Out, Role, safe};
use super::script_args::RunArgs;
use super::show_curves::SYSTEM;
use super::text::{duration, measured};
use super::{CliError, Exit, Ui};
use crate::domain::{Outcome, Params, RunId, RunRecord};
use crate::executor::{self, Passing, ProcessError, ProcessSetup, ProcessWork, quiet_panics};
use crate::host::{self, Interrupts, Reaper};
use crate::protocol::Stream;
use crate::spec;
use crate::store::{NewRun, Owner, RunContext, Store};
use crate::sweep::{Marks, Single, SingleReport, run_single};
use clap::Parser;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Between two samples of the machine unless the command line says otherwise.
const MONITOR: Duration = Duration::from_secs(10);
/// The experiment of a run that names none.
const EXPERIMENT: &str = "default";
/// What a shell answers when it cannot start a program.
const NOT_STARTED: u8 = 127;
/// Names the checkpoints of single runs among those of the store.
const CHECKPOINTS: &str = "runs";
/// Metrics in the closing line.
const SHOWN_METRICS: usize = 3;

/// A run as it was ordered, an earlier attempt filled in.
struct Order {
    command: Vec<String>,
    params: Params,
    metrics: Vec<String>,
    timeout: Option<Duration>,
    monitor: Option<Duration>,
    seed: u32,
    experiment: String,
    marks: Marks,
    attempt: u32,
    parent: Option<RunId>,
    /// The first attempt, where this is a later one.
    first: Option<RunId>,
    argv: Vec<String>,
}

/// Runs the command; its exit code is derby's.
pub(super) fn run(ui: &Ui, args: &RunArgs) -> Result<u8, CliError> {
    let (order, mut store) = match &args.resume {
        Some(reference) => {
            let mut store = ui.write_store(false)?;
            (again(&mut store, args, reference)?, Some(store))
        }
        None => (first(ui, args)?, None),
    };
    let here = Path::new(".");
    let section = spec::typed_command(&order.command, &order.params, &order.metrics, here);
    let section = section.map_err(CliError::usage)?;
    let owner = Owner::this_process();
    let setup = ProcessSetup {
        handed: Vec::new(),
        objectives: Vec::new(),
        store: ui.store_folder()?,
        checkpoint_key: CHECKPOINTS.into(),
        owner: owner.uuid.clone(),
        cpus: host::n_cores(),
        gpu_slots: None,
        monitor: order.monitor,
    };
    let work = match ProcessWork::new(&section, setup) {
        Ok(work) => work.passing_on(passing(&ui.out)),
        Err(error @ ProcessError::Program { .. }) => return Ok(not_started(ui, &error)),
        Err(error) => return Err(CliError::usage(error.to_string())),
    };
    let store = match &mut store {
        Some(store) => store,
        None => store.insert(ui.write_store(true)?),
    };
    let interrupts = host::interrupts::install()?;
    host::adopt_orphans();
    let reaper = Reaper::start(&owner.uuid)?;
    quiet_panics();
    let context = context(&order);
    let single = Single {
        work: Arc::new(work),
        new: new_run(&order, &context, &owner),
        marks: &order.marks,
        first: order.first,
        timeout: order.timeout,
        grace: section.grace,
        interrupts: &interrupts,
    };
    let report = run_single(store, &single);
    // In every other case something may have been given up that is still at work: then the reaper ends it.
    if report.as_ref().is_ok_and(|report| !matches!(report.outcome, Outcome::Killed { .. })) {
        reaper.dismiss();
    }
    let report = report?;
    if !args.quiet {
        closing(ui, store, &report)?;
    }
    if !report.is_recorded {
        let text = format!("run {} was not recorded: another process took it for dead", report.run);
        return Err(CliError::new(Exit::Later, text).hint("run it again"));
    }
    Ok(exit_code(&report, &interrupts))
}

/// An order of a run without a past.
fn first(ui: &Ui, args: &RunArgs) -> Result<Order, CliError> {
    let parent = match &args.parent {
        Some(parent) => Some(ui.read_store()?.run_id(parent)?),
        None => None,
    };
    let (timeout, monitor) = times(args, None)?;
    Ok(Order {
        command: args.command.clone(),
        params: spec::typed_params(&args.params).map_err(CliError::usage)?,
        metrics: args.metrics.clone(),
        timeout,
        monitor,
        seed: args.seed.unwrap_or(0),
        experiment: args.experiment.clone().unwrap_or_else(|| EXPERIMENT.into()),
        marks: marks(args, None)?,
        attempt: 1,
        parent,
        first: None,
        argv: host::redacted_args(std::env::args()),
    })
}

/// An order of a new attempt: what is not given is as before.
fn again(store: &mut Store, args: &RunArgs, reference: &str) -> Result<Order, CliError> {
    // One that died with its process is over.
    store.recover(None, host::now_ms())?;
    let before = store.run(reference)?;
    if let Some(sweep) = &before.sweep {
        let text = format!(
            "run {} is a trial of sweep '{sweep}', which tries its runs again itself",
            before.id
        );
        return Err(CliError::usage(text).hint(
            "derby sweep FILE goes on with the sweep; --retry-failed tries failed trials again",
        ));
    }
    if !before.status.is_over() {
        let text = format!("run {} is still running", before.id);
        return Err(CliError::new(Exit::Later, text).hint(format!("derby logs {} -f", before.id)));
    }
    let old = typed_before(&before);
    let command = match &old {
        _ if !args.command.is_empty() => args.command.clone(),
        Some(old) => old.command.clone(),
        None => Vec::new(),
    };
    if command.is_empty() || command.iter().any(|word| word.contains(host::REDACTED)) {
        let text = format!("the command of run {} is not on record as a whole", before.id);
        return Err(CliError::usage(text)
            .hint(format!("give it: derby run --resume {} -- COMMAND", before.id)));
    }
    let mut params = before.params.clone();
    for (name, value) in spec::typed_params(&args.params).map_err(CliError::usage)?.iter() {
        params.set(name, value.clone());
    }
    let (timeout, monitor) = times(args, old.as_ref())?;
    let metrics = match &old {
        Some(old) if args.metrics.is_empty() => old.metrics.clone(),
        _ => args.metrics.clone(),
    };
    let seed = before.seed.and_then(|seed| u32::try_from(seed).ok()).unwrap_or(0);
    Ok(Order {
        argv: host::redacted_args(argv(args, old.as_ref(), &command)),
        command,
        params,
        metrics,
        timeout,
        monitor,
        seed: args.seed.unwrap_or(seed),
        experiment: args.experiment.clone().unwrap_or_else(|| before.experiment.clone()),
        marks: marks(args, Some(&before))?,
        attempt: before.attempt + 1,
        parent: Some(before.id),
        first: Some(first_attempt(store, &before)?),
    })
}

/// The arguments by which an earlier run was started, if `derby run` started it.
fn typed_before(before: &RunRecord) -> Option<RunArgs> {
    match Cli::try_parse_from(&before.argv).ok()?.command? {
        Command::Run(args) => Some(args),
        _ => None,
    }
}

/// The command line that says all of it, so that the next attempt needs no other record.
fn argv(args: &RunArgs, old: Option<&RunArgs>, command: &[String]) -> Vec<String> {
    let mut argv: Vec<String> = vec!["derby".into(), "run".into()];
    let mut flag = |name: &str, value: &str| argv.extend([name.to_string(), value.to_string()]);
    flag("--resume", args.resume.as_deref().unwrap_or_default());
    for pair in &args.params {
        flag("-p", pair);
    }
    let metrics = old.filter(|_| args.metrics.is_empty()).map_or(&args.metrics, |old| &old.metrics);
    for source in metrics {
        flag("--metrics", source);
    }
    let times = [
        ("--timeout", &args.timeout, old.and_then(|old| old.timeout.as_ref())),
        ("--monitor", &args.monitor, old.and_then(|old| old.monitor.as_ref())),
    ];
    for (name, given, old) in times {
        if let Some(time) = given.as_ref().or(old) {
            flag(name, time);
        }
    }
    argv.push("--".into());
    argv.extend_from_slice(command);
    argv
}

/// The attempt that all others follow: their checkpoints are named after it.
fn first_attempt(store: &Store, before: &RunRecord) -> Result<RunId, CliError> {
    let (mut run, mut attempt) = (before.id, before.attempt);
    while attempt > 1
        && let Some(parent) = store.parent(run)?
    {
        run = parent;
        attempt = store.run_by_id(parent)?.attempt;
    }
    Ok(run)
}

fn times(
    args: &RunArgs,
    old: Option<&RunArgs>,
) -> Result<(Option<Duration>, Option<Duration>), CliError> {
    let timeout = args.timeout.as_ref().or_else(|| old?.timeout.as_ref());
    let timeout = timeout.map(|text| spec::typed_time("--timeout", text)).transpose();
    let monitor = args.monitor.as_ref().or_else(|| old?.monitor.as_ref());
    let monitor = match monitor.map(String::as_str) {
        None => Ok(Some(MONITOR)),
        Some("false") => Ok(None),
        Some(text) => spec::typed_time("--monitor", text)
            .map(Some)
            .map_err(|why| format!("{why}, or false for none")),
    };
    Ok((timeout.map_err(CliError::usage)?, monitor.map_err(CliError::usage)?))
}

/// Name, tags and note; a new attempt keeps the tags.
fn marks(args: &RunArgs, before: Option<&RunRecord>) -> Result<Marks, CliError> {
    let kept = before.iter().flat_map(|run| run.tags.clone());
    let mut tags: Vec<(String, String)> = kept.collect();
    for tag in &args.tags {
        let (key, value) = tag.split_once('=').unwrap_or((tag, ""));
        if key.trim().is_empty() {
            return Err(CliError::usage(format!(
                "'--tag {tag}' is no tag; mend: KEY or KEY=VALUE"
            )));
        }
        tags.push((key.into(), value.into()));
    }
    let note = args.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
    Ok(Marks { name: args.name.clone(), tags, note: note.map(String::from) })
}

fn context(order: &Order) -> RunContext {
    RunContext {
        user: host::user(),
        host: host::hostname(),
        git: host::git(Path::new(".")),
        argv: order.argv.clone(),
        env: host::redacted_env(),
        version: env!("CARGO_PKG_VERSION").into(),
        ..RunContext::default()
    }
}

fn new_run<'a>(order: &'a Order, context: &'a RunContext, owner: &'a Owner) -> NewRun<'a> {
    NewRun {
        sweep: None,
        trial: None,
        attempt: order.attempt,
        replicate: 0,
        is_queued: false,
        experiment: &order.experiment,
        name: None,
        params: &order.params,
        seed: Some(i64::from(order.seed)),
        context,
        owner,
        cached_from: None,
        parent: order.parent,
    }
}

/// Hands the command's output on to derby's own, byte by byte as it comes.
fn passing(out: &Out) -> Passing {
    let (out, is_gone) = (out.clone(), AtomicBool::new(false));
    Box::new(move |stream, bytes| match stream {
        // The run goes on and is recorded when nobody reads along any more.
        Stream::Out if is_gone.load(Ordering::Relaxed) => {}
        Stream::Out => {
            if out.bytes(bytes).and_then(|()| out.flush()).is_err() {
                is_gone.store(true, Ordering::Relaxed);
            }
        }
        Stream::Err => drop(out.error_bytes(bytes)),
    })
}

fn not_started(ui: &Ui, error: &ProcessError) -> u8 {
    let text = match error {
        ProcessError::Program { name, reason } => format!("'{name}' {reason}"),
        error => error.to_string(),
    };
    super::report(&ui.out, &CliError::usage(safe(&text)));
    NOT_STARTED
}

/// One line: the run, how it ended, its first metrics, and where to look.
fn closing(ui: &Ui, store: &Store, report: &SingleReport) -> Result<(), CliError> {
    let name = store.run_by_id(report.run)?.name;
    let took = duration(report.seconds);
    let (role, ended) = match &report.outcome {
        Outcome::Done => (Role::Good, format!("done in {took}")),
        outcome => {
            let reason = safe(outcome.reason().unwrap_or_default());
            let role =
                if matches!(outcome, Outcome::Failed { .. }) { Role::Bad } else { Role::Warn };
            (role, format!("{} after {took}: {reason}", outcome.status().word()))
        }
    };
    let own = report.summaries.iter().filter(|(name, _)| !name.starts_with(SYSTEM));
    let metrics = own
        .take(SHOWN_METRICS)
        .map(|(name, summary)| format!("   {} {}", safe(name), measured(name, summary.score, 4)));
    let metrics = metrics.collect::<Vec<_>>().concat();
    ui.out.note(&format!(
        " run {} {}   {}{metrics}   {}",
        report.run,
        safe(&name),
        ui.out.paint_error(role, &ended),
        ui.out.paint_error(Role::Accent, &format!("derby show {}", report.run)),
    ));
    Ok(())
}

/// The command's own status; 128 + its signal; never 0 for a run that is not done.
fn exit_code(report: &SingleReport, interrupts: &Interrupts) -> u8 {
    if interrupts.count() > 0 && report.outcome != Outcome::Done {
        let exit = if interrupts.terminated() { Exit::Terminated } else { Exit::Interrupted };
        return exit as u8;
    }
    match report.exit {
        Some(executor::Exit::Code(0)) if report.outcome != Outcome::Done => Exit::Failed as u8,
        Some(executor::Exit::Code(code)) => code as u8,
        Some(executor::Exit::Signal(signal)) => 128_u8.saturating_add(signal as u8),
        None => NOT_STARTED,
    }
}
