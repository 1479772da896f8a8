//! A metric of each run by step.

use super::listed;
use super::runs::{Drawn, drawn};
use crate::cli::CliError;
use crate::cli::show_curves::SYSTEM;
use crate::cli::text::nearest;
use crate::domain::{Goal, RunId, RunRecord, Status};
use crate::metrics;
use crate::plot::{CurveLine, Curves, PlotError, Stand};
use crate::store::Store;

/// The curves of a sweep or of runs.
pub(super) fn curves(
    store: &Store,
    of: &[String],
    asked: Option<&str>,
) -> Result<Curves, CliError> {
    let drawn = drawn(store, of)?;
    let metric = metric(&drawn, asked)?;
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
                line.points.push((point.step as f64, point.value));
            }
        }
        lines.extend(of_run.into_iter().map(|(_, line)| line));
    }
    Ok(Curves { title: drawn.title, across: "step".into(), metric, lines })
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
    let own: Vec<&str> = known().into_iter().filter(|name| !name.starts_with(SYSTEM)).collect();
    match own[..] {
        [one] => Ok(one.into()),
        [] => Err(PlotError::Nothing("any metric".into()).into()),
        _ => Err(CliError::usage("these runs have several metrics")
            .hint(format!("--metric NAME: one of {}", listed(own)))),
    }
}

/// The best run that is done; none if there is but one to choose from.
fn best_of(runs: &[RunRecord], metric: &str, goal: Goal) -> Option<RunId> {
    let done = runs.iter().filter(|run| run.status == Status::Done && runs.len() > 1);
    let scored = done.filter_map(|run| Some((goal.loss(run.metrics.get(metric)?.score), run.id)));
    let finite = scored.filter(|(loss, _)| loss.is_finite());
    finite.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map(|(_, run)| run)
}
