//! `derby sweep --gate`: the best run before the gate, once the sweep is done.

use super::gate::{Asking, Trial, model_of};
use super::model_args::RuleArgs;
use super::reference::best_run;
use super::registry::Books;
use super::{CliError, Exit, Ui, gate_show, reporting};
use crate::domain::SweepId;
use crate::spec::{Sweep, Work};
use crate::store::Store;
use std::path::PathBuf;

/// A gate that waits for the end of a sweep.
pub(super) struct Gated {
    books: Books,
}

impl Gated {
    /// Looks before the first trial whether the gate can be asked at all: hours of search must not end in a ledger that
    /// is not there.
    pub(super) fn new(ui: &Ui, sweep: &Sweep) -> Result<Self, CliError> {
        if matches!(&sweep.work, Work::Models(section) if section.split.holdout == 0.0) {
            let text = format!("--gate judges on a holdout, and sweep '{}' has none", sweep.name);
            return Err(CliError::usage(text).hint("[data] holdout = 0.2"));
        }
        let books = Books::new(ui)?;
        books.open(&model_of(&sweep.model)?)?;
        Ok(Self { books })
    }

    /// Judges the best run, carries the verdict out, and writes the reports.
    pub(super) fn judge(
        self,
        ui: &Ui,
        store: &Store,
        sweep: SweepId,
        (json, reports): (Option<serde_json::Value>, &[PathBuf]),
    ) -> Result<Exit, CliError> {
        let run = best_run(store, &store.sweep_by_id(sweep)?)?;
        let rules = RuleArgs::default();
        let mut trial = Trial::prepare(ui, &self.books, store, (run, &rules, "champion"))?;
        let asking = Asking { books: &self.books, why: "after a sweep", apply: true };
        let settled = trial.settle(ui, store, &asking)?;
        if let Some(mut json) = json {
            json["gate"] = gate_show::json(&trial, &settled);
            ui.out.line(&json.to_string())?;
        } else {
            gate_show::settled(ui, &trial, &settled)?;
        }
        reporting::after_gate(ui, store, &trial, &settled, reports)?;
        Ok(settled.exit)
    }
}
