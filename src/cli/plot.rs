//! `derby plot`: figures of a sweep or of runs.

use super::args::PlotArgs;
use super::best::named_or_newest;
use super::out::safe;
use super::text::nearest;
use super::{CliError, Exit, Ui};
use crate::domain::{Goal, RunId, RunRecord, Status};
use crate::metrics;
use crate::plot::{CurveLine, Curves, Figure, History, HistoryPoint, PlotError, Stand};
use crate::store::{Expr, Query, Store, StoreError, SweepRow};

/// Below the options of `derby plot --help`.
pub(super) const HELP: &str = "\
Examples:
  derby plot history mnist -o history.svg
  derby plot curves mnist -o curves.svg
  derby plot curves 12 13 --metric val_loss -o curves.png";

pub(super) fn run(ui: &Ui, args: &PlotArgs) -> Result<Exit, CliError> {
    let store = ui.read_store()?;
    match args.kind.as_str() {
        "curves" => curves(&store, args)?,
        _ => history(&store, args)?,
    }
    ui.out.line(&format!(" wrote  {}", safe(&args.output.display().to_string())))?;
    Ok(Exit::Done)
}

fn history(store: &Store, args: &PlotArgs) -> Result<(), CliError> {
    if args.metric.is_some() || args.of.len() > 1 {
        let what = if args.metric.is_some() { "--metric" } else { "more than one name" };
        return Err(CliError::usage(format!(
            "a history shows the objective of one sweep, {what} is for curves"
        ))
        .hint("derby plot curves … -o FILE"));
    }
    let sweep = named_or_newest(store, args.of.first().map(String::as_str))?;
    let objective = &sweep.objectives[0];
    let trials = store.trials(sweep.id)?;
    let points = trials
        .iter()
        .filter(|trial| trial.status == Some(Status::Done))
        .filter_map(|trial| {
            let score = objective.goal.loss(trial.loss?);
            Some(HistoryPoint { trial: trial.number, score })
        })
        .collect();
    let history = History {
        title: title(&sweep),
        metric: objective.metric.clone(),
        goal: objective.goal,
        points,
    };
    Ok(history.draw(&args.output)?)
}

fn title(sweep: &SweepRow) -> String {
    let objective = &sweep.objectives[0];
    format!("{}: {} {} by {}", sweep.name, objective.goal.word(), objective.metric, sweep.sampler)
}

/// What is drawn: the runs, what they aim at, and a title.
struct Drawn {
    title: String,
    runs: Vec<RunRecord>,
    /// The sweep that all are of.
    sweep: Option<SweepRow>,
}

fn curves(store: &Store, args: &PlotArgs) -> Result<(), CliError> {
    let drawn = drawn(store, &args.of)?;
    let metric = metric(&drawn, args.metric.as_deref())?;
    let objectives = drawn.sweep.iter().flat_map(|sweep| &sweep.objectives);
    let aim = objectives.into_iter().find(|objective| objective.metric == metric);
    let goal = aim.map(|objective| objective.goal).or(metrics::info(&metric).map(|info| info.goal));
    let best = goal.and_then(|goal| best_of(&drawn.runs, &metric, goal));
    let mut lines = Vec::new();
    for run in &drawn.runs {
        let stand = match run.status {
            _ if best == Some(run.id) || drawn.runs.len() == 1 => Stand::Best,
            Status::Pruned => Stand::Pruned,
            _ => Stand::Other,
        };
        let best = if best.is_some() { "best: " } else { "" };
        let label = format!("{best}run {} {}", run.id, run.name);
        let mut of_run: Vec<(String, CurveLine)> = Vec::new();
        for point in store.series(run.id, &metric)? {
            if of_run.last().is_none_or(|(context, _)| *context != point.context) {
                let line = CurveLine { label: label.clone(), stand, points: Vec::new() };
                of_run.push((point.context, line));
            }
            if let Some((_, line)) = of_run.last_mut() {
                line.points.push((point.step, point.value));
            }
        }
        lines.extend(of_run.into_iter().map(|(_, line)| line));
    }
    Ok(Curves { title: drawn.title, metric, lines }.draw(&args.output)?)
}

/// A sweep, several runs, or, without any name, the newest sweep.
fn drawn(store: &Store, of: &[String]) -> Result<Drawn, CliError> {
    let sweep = match of {
        [] => Some(named_or_newest(store, None)?),
        [one] if one.starts_with("sweep:") => Some(named_or_newest(store, Some(one))?),
        [one] => match store.run_id(one) {
            Ok(_) => None,
            // A bare name may be a sweep's: the run's error stands if it is neither.
            Err(error @ StoreError::NoSuchRun { .. }) => Some(store.sweep(one).map_err(|_| error)?),
            Err(error) => return Err(error.into()),
        },
        _ => None,
    };
    if let Some(sweep) = sweep {
        let filter: Expr = format!("sweep:{}", quoted(&sweep.name))
            .parse()
            .map_err(|error: crate::store::FilterError| CliError::usage(error.to_string()))?;
        let mut runs = store.runs(&Query { filter: Some(filter), ..Query::default() })?;
        // Sweeps of one name that differ in their files are told apart by their runs.
        let own = store.trial_runs(sweep.id, &sweep.objectives[0].metric)?;
        let own: std::collections::BTreeSet<RunId> = own.into_iter().map(|run| run.run).collect();
        runs.retain(|run| own.contains(&run.id));
        runs.reverse();
        return Ok(Drawn { title: title(&sweep), runs, sweep: Some(sweep) });
    }
    let runs = of.iter().map(|reference| store.run(reference)).collect::<Result<Vec<_>, _>>()?;
    let name = runs[0].sweep.clone();
    let same = runs.iter().all(|run| run.sweep == name);
    let sweep = name.filter(|_| same).map(|name| store.sweep(&name)).transpose()?;
    let names: Vec<String> = runs.iter().take(4).map(|run| run.id.to_string()).collect();
    let more = if runs.len() > names.len() { ", …" } else { "" };
    let word = if runs.len() == 1 { "run" } else { "runs" };
    Ok(Drawn { title: format!("{word} {}{more}", names.join(", ")), runs, sweep })
}

/// A name as the filter language takes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The metric that was asked for, or the objective of the sweep, or the only one that there is.
fn metric(drawn: &Drawn, asked: Option<&str>) -> Result<String, CliError> {
    let known = || -> std::collections::BTreeSet<&str> {
        drawn.runs.iter().flat_map(|run| run.metrics.keys().map(String::as_str)).collect()
    };
    if let Some(asked) = asked {
        if known().contains(asked) {
            return Ok(asked.into());
        }
        let error = CliError::usage(format!("no run here has a metric '{asked}'"));
        return Err(match nearest(asked, known()) {
            Some(near) => error.hint(format!("did you mean '{near}'?")),
            None => error.hint(format!("they have {}", listed(known()))),
        });
    }
    if let Some(sweep) = &drawn.sweep {
        return Ok(sweep.objectives[0].metric.clone());
    }
    let own: Vec<&str> =
        known().into_iter().filter(|name| !name.starts_with(super::show_curves::SYSTEM)).collect();
    match own[..] {
        [one] => Ok(one.into()),
        [] => Err(PlotError::Nothing("any metric".into()).into()),
        _ => Err(CliError::usage("these runs have several metrics")
            .hint(format!("--metric NAME: one of {}", listed(own)))),
    }
}

fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(safe).collect();
    if names.is_empty() { "no metrics at all".into() } else { names.join(", ") }
}

/// The best run that is done; none if there is but one to choose from.
fn best_of(runs: &[RunRecord], metric: &str, goal: Goal) -> Option<RunId> {
    let done = runs.iter().filter(|run| run.status == Status::Done && runs.len() > 1);
    let scored = done.filter_map(|run| Some((goal.loss(run.metrics.get(metric)?.score), run.id)));
    let finite = scored.filter(|(loss, _)| loss.is_finite());
    finite.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map(|(_, run)| run)
}

impl From<PlotError> for CliError {
    fn from(error: PlotError) -> Self {
        let exit =
            if matches!(error, PlotError::Extension { .. }) { Exit::Usage } else { Exit::Failed };
        Self::new(exit, error.to_string())
    }
}
