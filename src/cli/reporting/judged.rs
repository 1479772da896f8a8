//! Reports of a sweep and of a verdict that was just given.

use super::recorded::head;
use super::{Subject, add_gate_figure, gather, wants_figures, write_all};
use crate::candidate::{Answer, HeldOutScore};
use crate::cli::gate::{Settled, Trial};
use crate::cli::out::safe;
use crate::cli::{CliError, Ui};
use crate::domain::SweepId;
use crate::report::{Candidate, Gate, HoldoutScore, github};
use crate::store::Store;
use std::path::PathBuf;

/// Reports of a sweep without a gate.
///
/// # Errors
/// When a report cannot be written.
pub(in crate::cli) fn after_sweep(
    ui: &Ui,
    store: &Store,
    sweep: SweepId,
    files: &[PathBuf],
) -> Result<(), CliError> {
    if files.is_empty() {
        return Ok(());
    }
    let sweep = store.sweep_by_id(sweep)?;
    let subject =
        Subject { sweep: Some(&sweep), figures: wants_figures(files), ..Subject::default() };
    write_all(ui, &gather(store, &subject)?, files)?;
    said(ui, files);
    Ok(())
}

/// Beside what was asked for, so that standard output stays that.
fn said(ui: &Ui, files: &[PathBuf]) {
    for file in files {
        ui.out.note(&format!(" wrote  {}", safe(&file.display().to_string())));
    }
}

/// Reports with a verdict: files, and what a job's runner asks for by its environment.
///
/// # Errors
/// When a report cannot be written.
pub(in crate::cli) fn after_gate(
    ui: &Ui,
    store: &Store,
    trial: &Trial,
    settled: &Settled,
    files: &[PathBuf],
) -> Result<(), CliError> {
    let runner = github::Runner::of(|name| std::env::var_os(name));
    if files.is_empty() && !runner.is_there() {
        return Ok(());
    }
    let sweep = &trial.recipe.row;
    let subject = Subject {
        sweep: Some(sweep),
        run: Some(&trial.recipe.run),
        title: None,
        figures: wants_figures(files),
    };
    let mut report = gather(store, &subject)?;
    match &settled.answer {
        Some(answer) => report.gate = Some(gate(trial, answer)),
        None => report.notes.insert(0, crate::cli::gate_show::itself(trial)),
    }
    if subject.figures {
        add_gate_figure(&mut report);
    }
    write_all(ui, &report, files)?;
    said(ui, files);
    Ok(())
}

fn gate(trial: &Trial, answer: &Answer) -> Gate {
    let own = trial.fitted.bundle.digest();
    let registry = trial.ledger.registry();
    let run = &trial.recipe.run;
    let challenger = Candidate {
        label: format!("run {}", run.id),
        run: Some(run.id),
        version: registry.version_of(own).map(|registered| registered.version.number),
        digest: Some(own.hex()),
    };
    let champion = trial.rival.as_ref().map(|rival| Candidate {
        label: rival.name.clone(),
        run: rival.run,
        version: rival.version,
        digest: Some(rival.bundle.digest().hex()),
    });
    let score = |score: &HeldOutScore| HoldoutScore {
        metric: score.metric.clone(),
        goal: Some(score.goal),
        challenger: score.challenger,
        champion: score.champion,
    };
    Gate {
        model: trial.ledger.model().to_string(),
        challenger,
        champion,
        policy: trial.policy.clone(),
        policy_digest: trial.policy.digest().hex(),
        holdout_scores: answer.scores.iter().map(score).collect(),
        recorded: answer.recorded.clone(),
        verdict: answer.verdict.clone(),
        ledger: Some(head(&trial.ledger)),
    }
}
