//! The parts of a report that come from the data and from all trials of a sweep.

use crate::candidate::{Ground, Recipe};
use crate::cli::importance;
use crate::compare::{ImportanceMethod, ParamImportance};
use crate::data::checks::{self, CheckOptions, Finding, Input};
use crate::report::{DataCheck, DataSummary, Importance, Level, Share};
use crate::store::{Store, SweepRow};

/// The data of a run.
pub(super) fn data(recipe: &Recipe, ground: Option<&Ground>) -> Option<DataSummary> {
    let section = recipe.data_section()?;
    Some(DataSummary {
        name: section.data.source.shown.clone(),
        hash: recipe.run.data_hash.clone()?,
        rows: recipe.run.rows.or(ground.map(|ground| ground.data.provenance.rows))?,
        holdout_rows: ground.map(|ground| ground.split.holdout.len() as u64),
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
    sweep: &SweepRow,
    notes: &mut Vec<String>,
) -> Option<Importance> {
    let (objective, how) = (&sweep.objectives[0], (ImportanceMethod::PedAnova, None));
    let found = match importance::found(store, sweep, objective, how) {
        Ok(found) => found,
        Err(error) => {
            notes.push(format!("no importance of parameters: {}", error.text));
            return None;
        }
    };
    notes.extend(found.doubts.iter().map(|doubt| format!("importance: {doubt}")));
    notes.extend(found.intervals().map(|how| format!("importance: 95 % intervals from {how}")));
    let share = |of: &ParamImportance| Share {
        param: of.id.clone(),
        share: of.share,
        low: of.interval.map(|ends| ends.0),
        high: of.interval.map(|ends| ends.1),
        active: of.active as u64,
    };
    Some(Importance {
        method: found.method.word().into(),
        metric: objective.metric.clone(),
        runs: found.trials as u64,
        shares: found.params.iter().map(share).collect(),
    })
}
