//! What `w` writes: the best so far as a figure, and all trials as a table.

use crate::domain::{Status, SweepId, TrialState};
use crate::plot::{Figure, History, HistoryPoint};
use crate::store::{Store, SweepRow, TrialRow};
use crate::tui::ask::Trouble;
use std::collections::BTreeSet;

/// Names and contents of files.
#[derive(Debug)]
pub struct Export {
    /// In the order in which they are written.
    pub files: Vec<(String, Vec<u8>)>,
    /// What could not be drawn, and why.
    pub missing: Option<String>,
}

pub(super) fn export(store: &Store, id: SweepId) -> Result<Export, Trouble> {
    let sweep = store.sweep_by_id(id)?;
    let trials = store.trials(id)?;
    let stem = stem(&sweep.name);
    let mut files = Vec::new();
    let missing = match figure(&sweep, &trials).svg() {
        Ok(svg) => {
            files.push((format!("{stem}-history.svg"), svg.into_bytes()));
            None
        }
        Err(error) => Some(error.to_string()),
    };
    let table = table(&sweep, &trials).map_err(|error| Trouble::Other(error.to_string()))?;
    files.push((format!("{stem}-trials.csv"), table));
    Ok(Export { files, missing })
}

/// A name that is one of a file in any folder.
pub(super) fn stem(name: &str) -> String {
    let fit = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let stem: String = name.chars().map(fit).take(80).collect();
    let stem = stem.trim_start_matches('.').to_string();
    if stem.is_empty() { "sweep".into() } else { stem }
}

fn figure(sweep: &SweepRow, trials: &[TrialRow]) -> History {
    let objective = &sweep.objectives[0];
    let told = trials.iter().filter(|t| t.same_as.is_none() && t.state == TrialState::Told);
    let points = told.filter_map(|trial| {
        let score = objective.goal.loss(trial.loss?);
        let is_feasible = trial.status != Some(Status::Infeasible);
        Some(HistoryPoint { trial: trial.number, score, is_feasible })
    });
    History {
        title: format!("{}: {} by trial", sweep.name, objective.metric),
        metric: objective.metric.clone(),
        goal: objective.goal,
        points: points.collect(),
    }
}

fn table(sweep: &SweepRow, trials: &[TrialRow]) -> Result<Vec<u8>, csv::Error> {
    let objective = &sweep.objectives[0];
    let mut names: Vec<&str> = Vec::new();
    let mut known = BTreeSet::new();
    for trial in trials {
        names.extend(trial.params.iter().map(|(name, _)| name).filter(|name| known.insert(*name)));
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let fixed = ["trial", "run", "status", objective.metric.as_str(), "same_as"];
    writer.write_record(fixed.iter().chain(&names))?;
    for trial in trials {
        let text = |value: Option<String>| value.unwrap_or_default();
        let status = trial.status.map(|status| status.word().to_string());
        let mut row = vec![
            trial.number.to_string(),
            text(trial.run.map(|run| run.to_string())),
            text(status),
            text(trial.loss.map(|loss| objective.goal.loss(loss).to_string())),
            text(trial.same_as.map(|number| number.to_string())),
        ];
        row.extend(names.iter().map(|name| text(trial.params.get(name).map(ToString::to_string))));
        writer.write_record(&row)?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}
