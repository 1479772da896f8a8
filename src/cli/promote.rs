//! `derby champion promote`: a person makes a run or a version champion, if the gate says so.

use super::gate::{Asking, Trial, exit_of};
use super::model_args::RuleArgs;
use super::reference::challenger;
use super::registry::Books;
use super::{CliError, Exit, Ui, champion, gate_show};
use crate::champion::{Promoted, Promotion, Reference};
use crate::executor::quiet_panics;
use crate::gate::{Approval, Decision};

pub(super) fn run(
    ui: &Ui,
    books: &Books,
    what: &str,
    why: &str,
    rules: &RuleArgs,
) -> Result<Exit, CliError> {
    let parsed = Reference::parse(what).map_err(|error| CliError::usage(error.to_string()))?;
    if let Some(reference) = parsed {
        return version(ui, books, &reference, why);
    }
    let store = ui.read_store()?;
    quiet_panics();
    let run = challenger(&store, Some(what))?;
    let mut trial = Trial::prepare(ui, books, &store, (run, rules, "champion"))?;
    let asking = Asking { books, why, apply: true };
    if let Some(rival) = trial.rival.as_ref().filter(|_| trial.is_rival_itself()) {
        let text = format!("run {} is {} already", trial.recipe.run.id, rival.name);
        return Err(CliError::new(Exit::Failed, text));
    }
    let answer = trial.ask(ui, &store, &asking)?;
    gate_show::verdict(ui, &trial, &answer)?;
    if answer.verdict.decision != Decision::Promote {
        gate_show::next(ui, &trial, &answer)?;
        return Ok(exit_of(answer.verdict.decision));
    }
    // A person asks for it by name: that is the approval.
    let promoted = trial.carry_out(ui, &asking, &answer, Approval::Automatic)?;
    gate_show::promoted(ui, &trial.ledger, promoted)?;
    Ok(Exit::Done)
}

/// Promotes a version that is registered already, on the verdict that the ledger has of it.
fn version(ui: &Ui, books: &Books, reference: &Reference, why: &str) -> Result<Exit, CliError> {
    let mut ledger = books.open(&reference.model)?;
    let failed = |error: crate::champion::Refusal| CliError::new(Exit::Failed, error.to_string());
    let number = ledger.registry().resolve(&reference.target).map_err(failed)?.version.number;
    let Some(gate) = ledger.registry().promoting(number).map(|gate| gate.seq) else {
        let registered = ledger.registry().version(number).map_err(failed)?;
        let run = registered.version.run.as_ref().map(|run| run.number.to_string());
        let text =
            format!("no verdict to promote version {number} over the present champion is recorded");
        let hint = format!("derby gate {} asks", run.unwrap_or_else(|| "RUN".into()));
        return Err(CliError::new(Exit::Held, text).hint(hint));
    };
    let promotion = Promotion {
        version: number,
        gate,
        why: why.into(),
        rule: None,
        approval: Approval::Automatic,
    };
    match ledger.promote(&promotion)? {
        Promoted::Now(moved) => champion::said(ui, books, &ledger, moved),
        Promoted::Pending { .. } => Ok(Exit::Done),
    }
}
