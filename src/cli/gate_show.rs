//! How a verdict is printed.

use super::gate::{Settled, Trial, role_of};
use super::out::{Role, cells, pad, safe};
use super::text::count;
use super::{CliError, Ui};
use crate::candidate::Answer;
use crate::champion::{Ledger, Promoted};
use crate::domain::format_number;
use crate::gate::{CheckStatus, Comparison, Decision, Verdict};
use serde_json::{Value, json};

/// Cells of a check's name, where no name is longer.
const NAME: usize = 40;
/// No name takes more.
const WIDEST: usize = 64;

/// All that came of a question.
pub(super) fn settled(ui: &Ui, trial: &Trial, settled: &Settled) -> Result<(), CliError> {
    let Some(answer) = &settled.answer else {
        let text = format!(" {}", safe(&itself(trial)));
        return Ok(ui.out.line(&text)?);
    };
    verdict(ui, trial, answer)?;
    match settled.promoted {
        Some(moved) => promoted(ui, &trial.ledger, moved),
        None => next(ui, trial, answer),
    }
}

/// What is said when the best run is the model in use.
pub(super) fn itself(trial: &Trial) -> String {
    let name = trial.rival.as_ref().map(|rival| rival.name.clone()).unwrap_or_default();
    format!("run {} is {name} itself: there is nothing to prove", trial.recipe.run.id)
}

/// A verdict with its checks.
pub(super) fn verdict(ui: &Ui, trial: &Trial, answer: &Answer) -> Result<(), CliError> {
    let out = &ui.out;
    let model = out.paint(Role::Strong, &safe(trial.ledger.model().as_str()));
    let against = match &trial.rival {
        Some(rival) => format!("against {}", safe(&rival.name)),
        None if trial.ledger.registry().champion().is_some() => "against none, as asked".into(),
        None => "  no champion yet".into(),
    };
    out.line(&format!(" {model}   run {} {against}", trial.recipe.run.id))?;
    let verdict = &answer.verdict;
    let widest = verdict.checks.iter().map(|check| cells(&safe(&check.name))).max().unwrap_or(0);
    let width = widest.clamp(NAME, WIDEST);
    for check in &verdict.checks {
        let (mark, role) = match check.status {
            CheckStatus::Pass => ("✓", Role::Good),
            CheckStatus::Hold => ("?", Role::Warn),
            CheckStatus::Fail => ("✗", Role::Bad),
            CheckStatus::Skip => ("·", Role::Muted),
        };
        let name = pad(&safe(&check.name), width, false);
        out.line(&format!(" {}  {name}  {}", out.paint(role, mark), safe(&check.detail)))?;
    }
    let word = verdict.decision.word().to_uppercase();
    let text = format!(" {}   {}", out.paint(role_of(verdict.decision), &word), meaning(verdict));
    out.line(&text)?;
    for opinion in &verdict.opinions {
        let text = format!(
            "    {}   {}",
            pad(&safe(&opinion.name), NAME - 3, false),
            safe(&opinion.detail)
        );
        out.line(&out.paint(Role::Muted, &text))?;
    }
    if let Some(bias) = &verdict.selection {
        let number = |value: f64| format_number(value, 4);
        let text = format!(
            "    winner's curse   {} {} over the folds is {} ({} to {}) once corrected for being the best of {}{}",
            safe(&bias.metric),
            number(bias.selected),
            number(bias.corrected),
            number(bias.lower),
            number(bias.upper),
            count(bias.runs),
            if bias.of > bias.runs {
                format!(" of {} whose predictions are kept", count(bias.of))
            } else {
                String::new()
            },
        );
        out.line(&out.paint(Role::Muted, &text))?;
    }
    if let Some(at) = &answer.recorded {
        let text = format!(
            "    asked before, at {at}: this is the verdict that was recorded, and costs nothing"
        );
        out.line(&out.paint(Role::Muted, &text))?;
    }
    Ok(())
}

/// The decision in a sentence, with what it would take.
fn meaning(verdict: &Verdict) -> String {
    let first = |status: CheckStatus| verdict.checks.iter().find(|check| check.status == status);
    match verdict.decision {
        Decision::Promote if verdict.comparison.is_none() => "nothing speaks against it".into(),
        Decision::Promote => "proven by the rule".into(),
        Decision::Reject => first(CheckStatus::Fail).map_or_else(String::new, |check| {
            format!("{}: {}", safe(&check.name), safe(&check.detail))
        }),
        Decision::Hold => match (&verdict.comparison, first(CheckStatus::Hold)) {
            (Some(comparison), Some(check))
                if check.id == "gain" && comparison.standard_error > 0.0 =>
            {
                takes(comparison)
            }
            (_, Some(check)) => format!("{}: {}", safe(&check.name), safe(&check.detail)),
            (_, None) => String::new(),
        },
    }
}

/// What it would take to prove a gain.
fn takes(comparison: &Comparison) -> String {
    let detectable = format_number(comparison.detectable, 2);
    let mut text = format!("not proven. A gain of {detectable} would show 4 times in 5 here");
    if let Some(rows) = comparison.rows_needed {
        text = format!("{text}; for this gain it takes about {} rows", count(rows));
    }
    text
}

/// True if the holdout has too few rows for any answer.
fn is_short(verdict: &Verdict) -> bool {
    verdict.checks.iter().any(|check| check.id == "rows" && check.status == CheckStatus::Hold)
}

/// What became of a promotion.
pub(super) fn promoted(ui: &Ui, ledger: &Ledger, promoted: Promoted) -> Result<(), CliError> {
    let model = safe(ledger.model().as_str());
    let text = match promoted {
        Promoted::Now(moved) => {
            let to = super::champion::version_text(ledger, moved.to);
            let from = moved.from.map(|from| {
                format!(" in place of {}", super::champion::version_text(ledger, from))
            });
            format!(" {model}@champion   {to}{}", from.unwrap_or_default())
        }
        Promoted::Pending { version } => {
            format!(
                " {model}   version {version} waits: derby champion approve {model}/{version} --why …"
            )
        }
    };
    ui.out.line(&format!("{text}   ledger head {}", ledger.head().short()))?;
    Ok(())
}

/// The next command.
pub(super) fn next(ui: &Ui, trial: &Trial, answer: &Answer) -> Result<(), CliError> {
    let run = trial.recipe.run.id;
    let command = match answer.verdict.decision {
        Decision::Promote => format!("derby champion promote {run} --why …"),
        Decision::Hold if is_short(&answer.verdict) => {
            "more data, a larger [data] holdout, or a smaller [gate] min_rows".into()
        }
        Decision::Hold => match (&trial.rival, &trial.rival.as_ref().and_then(|rival| rival.run)) {
            (Some(_), Some(other)) => format!("derby diff {run} {other} · derby errors {run}"),
            _ => format!("derby errors {run}"),
        },
        Decision::Reject => format!("derby show {run} · derby errors {run}"),
    };
    let head = trial.ledger.head().short();
    ui.out
        .line(&format!(" next  {}   ledger head {head}", ui.out.paint(Role::Accent, &command)))?;
    Ok(())
}

/// The same for programs.
pub(super) fn json(trial: &Trial, settled: &Settled) -> Value {
    let Some(answer) = &settled.answer else {
        return json!({
            "model": trial.ledger.model().as_str(), "run": trial.recipe.run.id, "decision": null,
            "reason": itself(trial), "head": trial.ledger.head().hex(),
        });
    };
    let scores = answer.scores.iter().map(|score| {
        json!({ "metric": score.metric, "challenger": score.challenger, "champion": score.champion })
    });
    json!({
        "model": trial.ledger.model().as_str(),
        "run": trial.recipe.run.id,
        "bundle": trial.fitted.bundle.digest().hex(),
        "champion": trial.rival.as_ref().map(|rival| json!({
            "name": rival.name, "version": rival.version, "bundle": rival.bundle.digest().hex(), "run": rival.run,
        })),
        "decision": answer.verdict.decision.word(),
        "verdict": answer.verdict,
        "policy": trial.policy,
        "holdout_scores": scores.collect::<Vec<_>>(),
        "entry": answer.entry,
        "recorded": answer.recorded,
        "promoted": settled.promoted.map(|promoted| match promoted {
            Promoted::Now(moved) => json!({ "version": moved.to, "from": moved.from, "state": "champion" }),
            Promoted::Pending { version } => json!({ "version": version, "state": "pending" }),
        }),
        "ledger": trial.ledger.path(),
        "head": trial.ledger.head().hex(),
    })
}
