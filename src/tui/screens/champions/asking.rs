//! The dialogs before a verb: what is asked, what it costs, and the command line.

use super::act::{BEGIN, Deed, SURE, Target};
use super::{Champions, rows, words};
use crate::champion::ModelName;
use crate::domain::{RunId, format_number};
use crate::tui::deeds::line_of;
use crate::tui::effect::Effect;
use crate::tui::overlay::{Confirm, Form, FormField, Overlay};
use crate::tui::paint;
use crate::tui::screens::Shared;

impl Champions {
    /// What a deed is about, in words.
    pub(super) fn name_of(&self, deed: &Deed) -> String {
        let model = self.model.clone().unwrap_or_default();
        let version = |number: u64| {
            let named = self.ledger().map(|ledger| words::version_number(ledger, number));
            format!("{} of {model}", named.unwrap_or_else(|| format!("version {number}")))
        };
        match deed {
            Deed::Ask(run) | Deed::Promote(Target::Run(run)) => format!("run {run} of {model}"),
            Deed::Promote(Target::Version(number))
            | Deed::Approve(number)
            | Deed::Reject(number)
            | Deed::Rollback(number) => version(*number),
            Deed::Begin(model) => model.clone(),
        }
    }

    /// The form for the name of a ledger to begin: the model of the newest sweep stands there.
    pub(super) fn ask_name(&self, model: &str) -> Vec<Effect> {
        let possible = self.models.as_ref().map(|models| models.possible.join(", "));
        let hint = match possible.filter(|names| !names.is_empty()) {
            Some(names) => {
                format!("the sweeps here are of {}, the newest first", paint::clean(&names))
            }
            None => "the model's name in its sweep file".into(),
        };
        let fields = vec![FormField::text("model", &paint::clean(model), &hint)];
        let title = "Begin the ledger of which model?";
        vec![Effect::Overlay(Overlay::Form(Form::new(BEGIN, title, fields)))]
    }

    pub(super) fn version_word(&self, number: u64) -> String {
        format!("{}/{number}", self.model.as_deref().unwrap_or_default())
    }

    /// The name of a ledger was sent.
    pub(super) fn named(
        &mut self,
        name: &str,
        shared: &Shared,
    ) -> Result<Vec<Effect>, (usize, String)> {
        let model = ModelName::parse(name).map_err(|error| (0, error.to_string()))?;
        let known = self.models.as_ref().is_some_and(|models| models.is_known(model.as_str()));
        if known && !self.book.as_ref().is_some_and(|book| book.is_unknown) {
            return Err((0, format!("'{model}' has a ledger already: v shows it")));
        }
        self.deed = Some(Deed::Begin(model.to_string()));
        Ok(self.carry_out(shared))
    }

    /// The question before the verb: what happens, what it costs, and the command line.
    pub(super) fn confirm(&self) -> Vec<Effect> {
        let Some(deed) = &self.deed else { return Vec::new() };
        let model = self.model.clone().unwrap_or_default();
        let (title, mut lines) = match deed {
            Deed::Ask(run) => {
                (format!("Ask the gate about {}?", self.name_of(deed)), self.cost(*run))
            }
            Deed::Promote(_) => (
                format!("Promote {}?", self.name_of(deed)),
                vec![self.replaced("It becomes champion")],
            ),
            Deed::Approve(_) => (
                format!("Approve {}?", self.name_of(deed)),
                vec![self.replaced("It becomes champion")],
            ),
            Deed::Reject(_) => (
                format!("Turn {} down?", self.name_of(deed)),
                vec!["It cannot be promoted until somebody reopens it.".into()],
            ),
            Deed::Rollback(number) => (format!("Roll {model} back?"), self.way_back(*number)),
            Deed::Begin(_) => return Vec::new(),
        };
        lines.push(String::new());
        if !self.why.is_empty() {
            lines.push(format!("why  {}", self.why));
        }
        lines.push(line_of(&self.args(deed)));
        let lines = lines.iter().map(|line| paint::clean(line)).collect();
        let confirm = Confirm::new(SURE, &paint::clean(&title), lines);
        let confirm = match deed {
            Deed::Rollback(_) => confirm.typed(&model),
            _ => confirm,
        };
        vec![Effect::Overlay(Overlay::Confirm(confirm))]
    }

    /// What a question to the gate costs.
    pub(super) fn cost(&self, run: RunId) -> Vec<String> {
        let Some(ledger) = self.ledger() else { return Vec::new() };
        let registry = ledger.registry();
        let Some(champion) = registry.champion() else {
            let text = "There is no champion yet: thresholds are judged, no gain is tested, and no use of the holdout is spent.";
            return vec![text.into()];
        };
        let (number, alpha, all) = rows::next_use(registry);
        let left = crate::gate::spent_alpha(all, number + 1);
        let [alpha, all, left] = [alpha, all, left].map(|part| format_number(part, 2));
        let costs = format!(
            "use {number} of the holdout, judged at alpha {alpha} of {all}; the use after it is left with {left}"
        );
        let said = self.said().filter(|said| said.is_current && self.selected_run() == Some(run));
        let Some(said) = said else {
            let champion = words::version(champion);
            return vec![
                format!("It is compared with {champion} on the holdout."),
                format!("That is {costs}."),
            ];
        };
        let word = said.gate.what.verdict.decision.word();
        vec![
            format!(
                "Asked before against {} (entry {}: {word}).",
                words::version(champion),
                said.gate.seq
            ),
            "With the same rules and the same rows the recorded verdict is given again, which costs nothing.".into(),
            format!("If rules or rows have changed since, it is {costs}."),
        ]
    }

    pub(super) fn replaced(&self, what: &str) -> String {
        let champion = self.ledger().and_then(|ledger| ledger.registry().champion());
        match champion {
            Some(champion) => format!("{what} in place of {}.", words::version(champion)),
            None => format!("{what}, the first one of the model."),
        }
    }

    pub(super) fn way_back(&self, to: u64) -> Vec<String> {
        let Some(ledger) = self.ledger() else { return Vec::new() };
        let registry = ledger.registry();
        let mut lines = vec![format!("{} comes back.", words::version_number(ledger, to))];
        if let Ok(registered) = registry.version(to) {
            lines.push(format!("  {}", crate::report::words::params(&registered.version.params)));
        }
        match registry.champion() {
            Some(champion) => lines.push(format!("{} is retired.", words::version(champion))),
            None => lines.push("The model has no champion now.".into()),
        }
        lines
    }

    /// The verb of a deed.
    pub(super) fn args(&self, deed: &Deed) -> Vec<String> {
        let model = self.model.clone().unwrap_or_default();
        let text = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        match deed {
            Deed::Ask(run) => text(&["gate", &run.to_string(), "--json"]),
            Deed::Promote(target) => {
                let what = match target {
                    Target::Run(run) => run.to_string(),
                    Target::Version(number) => self.version_word(*number),
                };
                text(&["champion", "promote", &what, "--why", &self.why])
            }
            Deed::Approve(number) => {
                text(&["champion", "approve", &self.version_word(*number), "--why", &self.why])
            }
            Deed::Reject(number) => {
                text(&["champion", "reject", &self.version_word(*number), "--why", &self.why])
            }
            Deed::Rollback(number) => text(&[
                "champion",
                "rollback",
                &model,
                "--to",
                &number.to_string(),
                "--why",
                &self.why,
            ]),
            Deed::Begin(model) => text(&["champion", "begin", model]),
        }
    }
}
