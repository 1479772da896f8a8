//! `derby plot`: figures of a sweep.

use super::args::PlotArgs;
use super::{CliError, Exit, Ui};
use crate::domain::Status;
use crate::plot::{History, HistoryPoint, PlotError};

pub(super) fn run(ui: &Ui, args: &PlotArgs) -> Result<Exit, CliError> {
    let store = ui.read_store()?;
    let sweep = super::best::named_or_newest(&store, args.sweep.as_deref())?;
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
        title: format!(
            "{}: {} {} by {}",
            sweep.name,
            objective.goal.word(),
            objective.metric,
            sweep.sampler
        ),
        metric: objective.metric.clone(),
        goal: objective.goal,
        points,
    };
    history.draw(&args.output)?;
    ui.out.line(&format!(" wrote  {}", args.output.display()))?;
    Ok(Exit::Done)
}

impl From<PlotError> for CliError {
    fn from(error: PlotError) -> Self {
        let exit =
            if matches!(error, PlotError::Extension { .. }) { Exit::Usage } else { Exit::Failed };
        Self::new(exit, error.to_string())
    }
}
