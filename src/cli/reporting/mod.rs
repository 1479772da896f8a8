//! What a report holds, gathered from the store, the data and the ledger; and the files that it goes to.

mod facts;
mod figures;
mod judged;
mod recorded;
mod write;

pub(super) use figures::interval;
pub(super) use judged::{after_gate, after_sweep};
pub(super) use recorded::recorded;
pub(super) use write::{check_files, write_all};

use super::front::Front;
use super::plot::Trials;
use super::registry::from_here;
use super::replicates::{best_trials, rows};
use super::show_sweep::without_numbers;
use super::{CliError, feasible};
use crate::candidate::{Ground, Recipe};
use crate::data::FoldOptions;
use crate::domain::{RunRecord, Status};
use crate::host;
use crate::report::{self, Report, RunSummary, SweepSummary};
use crate::spec::{Sweep, Work};
use crate::store::{Store, SweepRow};
use indexmap::IndexMap;
use std::path::{Path, PathBuf};

/// Best runs that a report lists.
const SHOWN_BEST: usize = 10;
/// Reasons of failures that a report lists.
const SHOWN_REASONS: usize = 10;

/// What a report is about.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Subject<'a> {
    /// The sweep; its best run stands for it where no run is named.
    pub(super) sweep: Option<&'a SweepRow>,
    /// The run: a gate's challenger.
    pub(super) run: Option<&'a RunRecord>,
    /// In place of the title that says what it is about.
    pub(super) title: Option<&'a str>,
    /// True draws the figures, which only HTML shows; see [`wants_figures`].
    pub(super) figures: bool,
}

/// True if one of the files shows figures.
pub(super) fn wants_figures(files: &[PathBuf]) -> bool {
    files.iter().any(|file| report::Format::of(file) == Ok(report::Format::Html))
}

/// Everything but a verdict, which the caller puts into [`Report::gate`]: a gate's own, or [`recorded`]'s. Draw its
/// interval with [`add_gate_figure`] then.
///
/// What cannot be had, such as data that has gone, becomes a note of the report.
pub(super) fn gather(store: &Store, subject: &Subject<'_>) -> Result<Report, CliError> {
    let name = match (subject.sweep, subject.run) {
        (Some(sweep), _) => sweep.name.clone(),
        (None, Some(run)) => run.experiment.clone(),
        (None, None) => "derby".into(),
    };
    let mut report = Report::new(&name, title(subject));
    report.created = Some(host::clock::iso(host::now_ms()));
    let best = match subject.sweep {
        Some(sweep) => best_runs(store, sweep)?,
        None => Vec::new(),
    };
    let run = subject.run.or(best.first());
    report.run = run.map(RunSummary::from);
    let Some(sweep) = subject.sweep else { return Ok(report) };
    let recipe = best.first().or(subject.run).filter(|run| run.status == Status::Done);
    let recipe = match recipe.map(|run| Recipe::of(store, run.clone())).transpose() {
        Ok(recipe) => recipe,
        Err(error) => {
            report.notes.push(format!("no importance and no checks of the data: {error}"));
            None
        }
    };
    let ground = recipe.as_ref().and_then(|recipe| ground(recipe, &mut report.notes));
    let mut summary = summary(store, sweep, &best)?;
    let trials = match Trials::of(store, sweep.clone()) {
        Ok(trials) => Some(trials),
        Err(error) => {
            report.notes.push(error.text);
            None
        }
    };
    if let Some(trials) = &trials {
        summary.evaluation = evaluation(&trials.sweep);
    }
    if let Some(recipe) = &recipe {
        summary.data = facts::data(recipe, ground.as_ref());
        report.data_checks =
            ground.as_ref().map(|ground| facts::data_checks(recipe, ground)).unwrap_or_default();
    }
    if let (Some(trials), Some(recipe)) = (&trials, &recipe) {
        report.importance = facts::importance(store, sweep, &mut report.notes);
        if subject.figures {
            report.plots = figures::of_sweep(store, trials)?;
            report.plots.extend(figures::of_predictions(store, recipe, ground.as_ref()));
        }
    }
    report.sweep = Some(summary);
    constrained(store, sweep, &mut report.notes)?;
    front(store, sweep, &mut report.notes)?;
    unfinished(sweep, &mut report.notes);
    Ok(report)
}

/// Draws the interval of the verdict that the report has, in front of the other figures.
pub(super) fn add_gate_figure(report: &mut Report) {
    let Some(gate) = &report.gate else { return };
    if let Some(plot) = figures::gate(gate) {
        report.plots.retain(|other| other.name != plot.name);
        report.plots.insert(0, plot);
    }
}

fn title(subject: &Subject<'_>) -> String {
    match (subject.title, subject.sweep, subject.run) {
        (Some(title), ..) => title.into(),
        (None, Some(sweep), Some(run)) => format!("{}, run {}", sweep.name, run.id),
        (None, Some(sweep), None) => sweep.name.clone(),
        (None, None, Some(run)) => format!("Run {} {}", run.id, run.name),
        (None, None, None) => "Report".into(),
    }
}

/// The best runs of a sweep, replicates as one with their means.
fn best_runs(store: &Store, sweep: &SweepRow) -> Result<Vec<RunRecord>, CliError> {
    let objective = &sweep.objectives[0];
    let best = best_trials(store, sweep, (&objective.metric, objective.goal), SHOWN_BEST)?;
    Ok(rows(best).0)
}

fn summary(store: &Store, sweep: &SweepRow, best: &[RunRecord]) -> Result<SweepSummary, CliError> {
    let counts = sweep.counts.iter().map(|(status, n)| (status.word().to_string(), *n));
    Ok(SweepSummary {
        name: sweep.name.clone(),
        file: Some(from_here(Path::new(&sweep.file))),
        objectives: sweep.objectives.clone(),
        sampler: sweep.sampler.clone(),
        seed: Some(sweep.seed as i64),
        evaluation: report::ONE_VALUE.into(),
        counts: counts.collect(),
        seconds: Some(store.sweep_seconds(sweep.id)?),
        data: None,
        failures: failures(store, sweep)?,
        best: best.iter().map(RunSummary::from).collect(),
    })
}

/// Why runs failed; reasons that differ in their numbers alone are one.
fn failures(store: &Store, sweep: &SweepRow) -> Result<Vec<report::Failure>, CliError> {
    let mut found: IndexMap<String, (String, u64, bool)> = IndexMap::new();
    for (status, reason, n) in store.reasons(sweep.id)? {
        if status == Status::Failed {
            let general = without_numbers(&reason);
            let (_, runs, is_one) = found.entry(general).or_insert((reason, 0, true));
            (*is_one, *runs) = (*runs == 0, *runs + n);
        }
    }
    let mut failures: Vec<report::Failure> = found
        .into_iter()
        .map(|(general, (exact, runs, is_one))| report::Failure {
            reason: if is_one { exact } else { general },
            runs,
        })
        .collect();
    failures.sort_by_key(|failure| std::cmp::Reverse(failure.runs));
    failures.truncate(SHOWN_REASONS);
    Ok(failures)
}

/// What a score stands for.
fn evaluation(sweep: &Sweep) -> String {
    match &sweep.work {
        Work::Models(section) => match &section.split.folds {
            FoldOptions::Made { k, repeats: 1, .. } => format!("{k} folds"),
            FoldOptions::Made { k, repeats, .. } => format!("{repeats} × {k} folds"),
            FoldOptions::Column(column) => format!("folds of column '{column}'"),
            FoldOptions::File { shown, .. } => format!("folds of '{shown}'"),
        },
        _ => match sweep.search.replicates {
            1 => report::ONE_VALUE.into(),
            n => format!("{n} replicates"),
        },
    }
}

/// The data as it is now, if it is still that of the run.
fn ground(recipe: &Recipe, notes: &mut Vec<String>) -> Option<Ground> {
    let section = recipe.data_section()?;
    let ground = recipe.ground(section);
    ground.map_err(|error| notes.push(format!("the data is not checked: {error}"))).ok()
}

/// Says what the best was chosen under, and what comes nearest where nothing could be chosen.
fn constrained(store: &Store, sweep: &SweepRow, notes: &mut Vec<String>) -> Result<(), CliError> {
    let constraints = feasible::constraints_of(sweep);
    if constraints.is_empty() {
        return Ok(());
    }
    let count = |status| sweep.counts.get(&status).copied().unwrap_or(0);
    let (infeasible, done) = (count(Status::Infeasible), count(Status::Done));
    let scored = infeasible + done;
    let mut text = format!(
        "the best keeps {}, which {infeasible} of {scored} runs with a score break",
        feasible::words(&constraints)
    );
    if done == 0
        && let Some(nearest) = feasible::nearest(store, sweep)?
    {
        text = format!("no trial keeps {}; {}", feasible::words(&constraints), nearest.words());
    }
    notes.push(text);
    Ok(())
}

/// Where no run is the best: how many are best in some way.
fn front(store: &Store, sweep: &SweepRow, notes: &mut Vec<String>) -> Result<(), CliError> {
    if let Some(front) = Front::of(store, sweep)? {
        let first = &sweep.objectives[0].metric;
        notes.push(format!(
            "several objectives: runs are ranked by {first} alone; the front has {} (derby best {} --front)",
            front.words(),
            sweep.name
        ));
    }
    Ok(())
}

/// Says that there is more to come.
fn unfinished(sweep: &SweepRow, notes: &mut Vec<String>) {
    let running = sweep.counts.get(&Status::Running).copied().unwrap_or(0);
    if running > 0 {
        notes.push(format!("the sweep is at work: {running} running as this was written"));
    } else if let Some(total) = sweep.total.filter(|total| *total > sweep.trials) {
        notes.push(format!("{} of {total} trials were made", sweep.trials));
    }
}
