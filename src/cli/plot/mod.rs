//! `derby plot`: figures of a sweep, of runs or of a verdict.

mod args;
mod curves;
mod importance;
mod pareto;
mod predicted;
mod runs;
mod timeline;
mod trials;

pub(super) use args::PlotArgs;
pub(super) use predicted::Predicted;
pub(super) use trials::Trials;

use super::best::named_or_newest;
use super::out::safe;
use super::report::named;
use super::{CliError, Exit, Ui, reporting};
use crate::plot::{Figure, PlotError, RankKind};
use crate::store::{Store, SweepRow};

/// Curves of the best runs of a sweep.
const BEST_RUNS: usize = 5;

pub(super) fn run(ui: &Ui, args: &PlotArgs) -> Result<Exit, CliError> {
    options(args)?;
    let store = ui.read_store()?;
    figure(ui, &store, args)?.draw(&args.output)?;
    ui.out.line(&format!(" wrote  {}", safe(&args.output.display().to_string())))?;
    Ok(Exit::Done)
}

/// Refuses options that the figure has no use for.
fn options(args: &PlotArgs) -> Result<(), CliError> {
    let kind = args.kind.as_str();
    let check = |given: bool, option: &str, kinds: &[&str]| {
        if !given || kinds.contains(&kind) {
            return Ok(());
        }
        Err(CliError::usage(format!("{option} is for {}, not for {kind}", kinds.join(", "))))
    };
    check(!args.metric.is_empty(), "--metric", &["curves", "importance", "pareto"])?;
    check(args.method.is_some(), "--method", &["importance"])?;
    check(!args.param.is_empty(), "--param", &["parallel", "slice", "contour"])?;
    check(args.class.is_some(), "--class", &["roc", "pr", "calibration"])?;
    let of_runs = ["curves", "roc", "pr", "calibration", "confusion", "residuals"];
    check(args.of.len() > 1, "more than one name", &of_runs)?;
    if ["curves", "importance"].contains(&kind) && args.metric.len() > 1 {
        let text = if kind == "curves" { "curves are" } else { "importance is" };
        let text = format!("{text} of one metric");
        return Err(CliError::usage(text).hint("draw a figure for each"));
    }
    Ok(())
}

fn figure(ui: &Ui, store: &Store, args: &PlotArgs) -> Result<Box<dyn Figure>, CliError> {
    let sweep = || one_sweep(store, args);
    let trials = || Trials::of(store, sweep()?);
    let class = args.class.as_deref();
    Ok(match args.kind.as_str() {
        "history" => Box::new(trials()?.history()),
        "importance" => Box::new(importance::figure(store, &sweep()?, args)?),
        "parallel" => Box::new(trials()?.parallel(&args.param)?),
        "slice" => Box::new(trials()?.slice(&args.param)?),
        "contour" => Box::new(trials()?.contour(&args.param)?),
        "pareto" => Box::new(trials()?.pareto(store, &args.metric)?),
        "timeline" => Box::new(timeline::timeline(store, &sweep()?)?),
        "curves" => {
            let metric = args.metric.first().map(String::as_str);
            Box::new(curves::curves(store, &args.of, metric)?)
        }
        "roc" => Box::new(predicted(store, args, BEST_RUNS)?.ranking(RankKind::Roc, class)?),
        "pr" => {
            Box::new(predicted(store, args, BEST_RUNS)?.ranking(RankKind::PrecisionRecall, class)?)
        }
        "calibration" => Box::new(predicted(store, args, BEST_RUNS)?.calibration(class)?),
        "confusion" => Box::new(predicted(store, args, 1)?.confusion()?),
        "residuals" => Box::new(predicted(store, args, 1)?.residuals()?),
        _ => Box::new(gate(ui, store, args)?),
    })
}

/// The sweep that is named, or the newest; a run stands for none.
fn one_sweep(store: &Store, args: &PlotArgs) -> Result<SweepRow, CliError> {
    let name = args.of.first().map(String::as_str);
    // A number is a run's, even where the identity of a sweep begins with it.
    let found = match name.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
        Some(name) if store.run_id(name).is_ok() => Err(CliError::usage("a run")),
        _ => named_or_newest(store, name),
    };
    found.map_err(|error| {
        let run = name.and_then(|name| store.run(name).ok());
        let Some(run) = run else { return error };
        let error =
            CliError::usage(format!("{} is of a sweep, and '{}' is a run", args.kind, run.id));
        match run.sweep {
            Some(sweep) => error.hint(format!("derby plot {} {sweep} -o …", args.kind)),
            None => error.hint("derby plot curves shows runs"),
        }
    })
}

/// Predictions of the runs that are named, or of the best `most` of a sweep.
fn predicted(store: &Store, args: &PlotArgs, most: usize) -> Result<Predicted, CliError> {
    if args.of.len() > 1 {
        let runs = args.of.iter().map(|name| store.run(name)).collect::<Result<Vec<_>, _>>()?;
        let made = Predicted::of_runs(store, runs)?;
        let is_curve = ["roc", "pr", "calibration"].contains(&args.kind.as_str());
        if is_curve && args.class.is_none() && made.task() == crate::domain::Task::Multiclass {
            let text = "runs are compared on one class, and there are three or more";
            return Err(
                CliError::usage(text).hint("--class CLASS names it; a single run shows all")
            );
        }
        return Ok(made);
    }
    match named(store, args.of.first().map(String::as_str))? {
        (_, Some(run)) => Predicted::of_runs(store, vec![run]),
        (Some(sweep), None) => Predicted::of_sweep(store, &sweep, most),
        (None, None) => Err(CliError::usage("name a sweep or a run")),
    }
}

/// The newest recorded verdict on a sweep's runs, or on a run.
fn gate(ui: &Ui, store: &Store, args: &PlotArgs) -> Result<crate::plot::GateInterval, CliError> {
    let (sweep, run) = named(store, args.of.first().map(String::as_str))?;
    let what = match (&run, &sweep) {
        (Some(run), _) => format!("run {}", run.id),
        (None, Some(sweep)) => format!("sweep '{}'", sweep.name),
        (None, None) => "this".into(),
    };
    let found = match &sweep {
        Some(sweep) => reporting::recorded(ui, store, sweep, run.as_ref())?,
        None => None,
    };
    let found = found.ok_or_else(|| {
        let text = format!("no verdict on {what} is recorded");
        CliError::new(Exit::NoResult, text).hint("derby gate asks for one")
    })?;
    reporting::interval(&found).ok_or_else(|| {
        let text = format!("the verdict on {what} compared nothing: {}", found.verdict.reason);
        CliError::new(Exit::NoResult, text)
    })
}

/// Names in a line.
fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(safe).collect();
    if names.is_empty() { "no metrics at all".into() } else { names.join(", ") }
}

impl From<PlotError> for CliError {
    fn from(error: PlotError) -> Self {
        let exit =
            if matches!(error, PlotError::Extension { .. }) { Exit::Usage } else { Exit::Failed };
        Self::new(exit, error.to_string())
    }
}
