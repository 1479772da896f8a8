//! The parts of a report that come from the data and from all trials of a sweep.

use crate::candidate::{Ground, Recipe};
use crate::cli::CliError;
use crate::compare::{PedAnovaOptions, ScoredPoint, ped_anova};
use crate::data::checks::{self, CheckOptions, Finding, Input};
use crate::domain::Status;
use crate::report::{DataCheck, DataSummary, Importance, Level, Share};
use crate::store::Store;

/// The data of a run.
pub(super) fn data(recipe: &Recipe, ground: Option<&Ground>) -> Option<DataSummary> {
    let section = recipe.data_section()?;
    let rows = |rows: usize| rows as u64;
    Some(DataSummary {
        name: section.data.source.shown.clone(),
        hash: recipe.run.data_hash.clone()?,
        rows: recipe.run.rows.or(ground.map(|ground| ground.data.provenance.rows))?,
        holdout_rows: ground.map(|ground| rows(ground.split.holdout.len())),
    })
}

/// What the checks of the data find.
pub(super) fn data_checks(recipe: &Recipe, ground: &Ground) -> Vec<DataCheck> {
    let id = recipe.data_section().and_then(|section| section.data.id.clone());
    let options = CheckOptions { id, ..CheckOptions::default() };
    let findings = checks::run(&Input::dataset(&ground.data), &options, None);
    findings.iter().map(|finding| data_check(finding, ground)).collect()
}

fn data_check(finding: &Finding, ground: &Ground) -> DataCheck {
    let status = match finding.level {
        checks::Level::Ok => Level::Pass,
        checks::Level::Info => Level::Note,
        checks::Level::Warn => Level::Warning,
        checks::Level::Error => Level::Error,
    };
    DataCheck {
        id: finding.name.into(),
        column: (!finding.columns.is_empty()).then(|| finding.columns.join(", ")),
        status,
        value: None,
        threshold: None,
        p: None,
        n: (!finding.is_not_checked()).then_some(ground.data.provenance.rows),
        message: finding.text.clone(),
        seconds: None,
    }
}

/// Which parameters made the difference; none where nothing can be told, and a note says why.
pub(super) fn importance(
    store: &Store,
    recipe: &Recipe,
    notes: &mut Vec<String>,
) -> Result<Option<Importance>, CliError> {
    let objective = &recipe.row.objectives[0];
    let trials = store.trials(recipe.row.id)?;
    let scored: Vec<ScoredPoint<'_>> = trials
        .iter()
        .filter(|trial| trial.status == Some(Status::Done))
        .filter_map(|trial| {
            Some(ScoredPoint { point: &trial.point, score: objective.goal.loss(trial.loss?) })
        })
        .collect();
    let options = PedAnovaOptions::default();
    let found = match ped_anova(&recipe.sweep.space, &scored, objective, &options) {
        Ok(found) => found,
        Err(error) => {
            notes.push(format!("no importance of parameters: {error}"));
            return Ok(None);
        }
    };
    notes.extend(found.doubts.iter().map(|doubt| format!("importance: {doubt}")));
    let share = |of: &crate::compare::ParamImportance| Share {
        param: of.id.clone(),
        share: of.share,
        sd: None,
    };
    Ok(Some(Importance {
        method: found.method.word().into(),
        metric: objective.metric.clone(),
        runs: found.trials as u64,
        shares: found.params.iter().map(share).collect(),
    }))
}
