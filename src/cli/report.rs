//! `derby report`: what a sweep or a run came to, in every form, next to an older report if there is one.

use super::best::named_or_newest;
use super::out::Role;
use super::reference::best_run;
use super::report_args::ReportArgs;
use super::reporting::{self, Subject};
use super::{CliError, Exit, Ui};
use crate::domain::RunRecord;
use crate::report::{self, BaselineError, Limit, LimitError, Report, Snapshot, Tone};
use crate::store::{Store, StoreError, SweepRow};

pub(super) fn run(ui: &Ui, args: &ReportArgs) -> Result<u8, CliError> {
    if args.schema {
        ui.out.raw(report::SCHEMA)?;
        return Ok(Exit::Done as u8);
    }
    // What is wrong with the arguments is said before anything is read.
    reporting::check_files(&args.output)?;
    let limits = args.fail_on.iter().map(|text| text.parse()).collect::<Result<Vec<Limit>, _>>()?;
    let baseline = args.baseline.as_deref().map(baseline).transpose()?;
    let store = ui.read_store()?;
    let (sweep, run) = named(&store, args.of.as_deref())?;
    let subject = Subject {
        sweep: sweep.as_ref(),
        run: run.as_ref(),
        title: args.title.as_deref(),
        figures: reporting::wants_figures(&args.output),
    };
    let report = gathered(ui, &store, &subject)?;
    let report = judged(report, baseline.as_ref(), &limits)?;
    if args.output.is_empty() {
        print(ui, &report)?;
    }
    reporting::write_all(ui, &report, &args.output)?;
    for file in &args.output {
        let file = super::out::safe(&file.display().to_string());
        ui.out.line(&format!(" wrote  {file}"))?;
    }
    Ok(report.exit_code())
}

/// The sweep or the run that is named, and the sweep of that run; without a name, the newest sweep.
pub(super) fn named(
    store: &Store,
    of: Option<&str>,
) -> Result<(Option<SweepRow>, Option<RunRecord>), CliError> {
    let Some(name) = of.filter(|name| !name.starts_with("sweep:")) else {
        return Ok((Some(named_or_newest(store, of)?), None));
    };
    let run = match store.run(name) {
        Ok(run) => run,
        // A bare name may be a sweep's: the run's error stands if it is neither.
        Err(error @ StoreError::NoSuchRun { .. }) => {
            let sweep = store.sweep(name).map_err(|_| neither(name, error))?;
            return Ok((Some(sweep), None));
        }
        Err(error) => return Err(error.into()),
    };
    let sweep = store.sweep_of(run.id)?.map(|sweep| store.sweep_by_id(sweep)).transpose()?;
    Ok((sweep, Some(run)))
}

/// The name is no run's, and no sweep's either.
fn neither(name: &str, error: StoreError) -> CliError {
    let text = error.to_string();
    match text.strip_prefix("no run '") {
        Some(rest) => CliError::new(Exit::Failed, format!("no run and no sweep '{rest}"))
            .hint("derby sweeps lists the sweeps"),
        None => CliError::from(error).hint(format!("there is no sweep '{name}' either")),
    }
}

/// The report with the newest verdict on what it is about.
fn gathered(ui: &Ui, store: &Store, subject: &Subject<'_>) -> Result<Report, CliError> {
    // A sweep is its best run here too: a verdict on another one is not its verdict.
    let best = match (subject.run, subject.sweep) {
        (None, Some(sweep)) => best_run(store, sweep).ok(),
        _ => None,
    };
    let run = subject.run.or(best.as_ref());
    let gate = match (subject.sweep, run) {
        (Some(sweep), Some(run)) => reporting::recorded(ui, store, sweep, Some(run))?,
        _ => None,
    };
    let named = if gate.is_some() { run } else { subject.run };
    let mut report = reporting::gather(store, &Subject { run: named, ..*subject })?;
    report.gate = gate;
    if subject.figures {
        reporting::add_gate_figure(&mut report);
    }
    Ok(report)
}

/// Reads an older report.
fn baseline(file: &std::path::Path) -> Result<Snapshot, CliError> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        let text = format!("cannot read the baseline '{}': {error}", file.display());
        CliError::new(Exit::Failed, text).hint("derby report SWEEP -o FILE.json writes one")
    })?;
    Ok(Snapshot::parse(&text, &file.display().to_string())?)
}

/// The report with its comparison and what became of the limits.
fn judged(
    mut report: Report,
    old: Option<&Snapshot>,
    limits: &[Limit],
) -> Result<Report, CliError> {
    if old.is_none() && limits.is_empty() {
        return Ok(report);
    }
    let new = Snapshot::of(&report, &report.name).map_err(|_| {
        let text =
            format!("'{}' has no run with a score, so there is nothing to compare", report.name);
        CliError::new(Exit::NoResult, text)
            .hint("derby report without --baseline and --fail-on says why")
    })?;
    report.baseline = old.map(|old| report::compare(old, &new));
    report.limits = report::judge_limits(limits, &new, report.baseline.as_ref())?;
    Ok(report)
}

fn print(ui: &Ui, report: &Report) -> Result<(), CliError> {
    for line in report::lines(report) {
        let role = match line.tone {
            Tone::Plain => Role::Text,
            Tone::Strong => Role::Strong,
            Tone::Muted => Role::Muted,
            Tone::Good => Role::Good,
            Tone::Warn => Role::Warn,
            Tone::Bad => Role::Bad,
        };
        ui.out.line(&ui.out.paint(role, &line.text))?;
    }
    Ok(())
}

impl From<LimitError> for CliError {
    fn from(error: LimitError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<BaselineError> for CliError {
    fn from(error: BaselineError) -> Self {
        Self::new(Exit::Failed, error.to_string())
    }
}
