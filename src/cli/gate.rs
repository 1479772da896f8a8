//! `derby gate`: may this run's model replace that one?

use super::model_args::{GateArgs, RuleArgs};
use super::out::Role;
use super::reference::{Named, challenger, kept};
use super::registry::Books;
use super::{CliError, Exit, Ui, gate_show, reporting};
use crate::bundle::Bundle;
use crate::candidate::{Answer, Asked, FitRows, Fitted, Recipe, Rival, ask, version_of};
use crate::champion::{CHAMPION, Ledger, LedgerError, ModelName, Promoted, Promotion, State};
use crate::domain::{RunId, RunRecord, Status};
use crate::executor::quiet_panics;
use crate::gate::{Approval, Check, CheckStatus, Decision, Policy, Rule};
use crate::spec::{self, Known, Overrides, Sweep};
use crate::store::Store;

/// Files of a bundle that say where it comes from, and not what it predicts.
const ORIGIN: [&str; 3] = ["MODEL_CARD.md", "metrics.json", "provenance.json"];

/// A question that is ready to be asked.
pub(super) struct Trial {
    pub(super) recipe: Recipe,
    pub(super) fitted: Fitted,
    pub(super) policy: Policy,
    /// The rule that the command line gave in place of the sweep file's.
    pub(super) own_rule: Option<String>,
    pub(super) ledger: Ledger,
    pub(super) rival: Option<Rival>,
}

pub(super) fn run(ui: &Ui, args: &GateArgs) -> Result<Exit, CliError> {
    reporting::check_files(&args.reports.report)?;
    let books = Books::new(ui)?;
    let store = ui.read_store()?;
    quiet_panics();
    let run = challenger(&store, args.challenger.as_deref())?;
    let mut trial = Trial::prepare(ui, &books, &store, (run, &args.rules, &args.against))?;
    trial.check_apply(args.apply)?;
    let asking = Asking { books: &books, why: &args.why, apply: args.apply };
    let settled = trial.settle(ui, &store, &asking)?;
    if args.json {
        ui.out.line(&gate_show::json(&trial, &settled).to_string())?;
    } else {
        gate_show::settled(ui, &trial, &settled)?;
    }
    reporting::after_gate(ui, &store, &trial, &settled, &args.reports.report)?;
    Ok(settled.exit)
}

/// How a question is asked and what becomes of its answer.
pub(super) struct Asking<'a> {
    pub(super) books: &'a Books,
    pub(super) why: &'a str,
    /// Carry a verdict to promote out, as the sweep file's approval says.
    pub(super) apply: bool,
}

/// What came of a question.
pub(super) struct Settled {
    /// The gate's answer; none if the challenger is the model in use itself.
    pub(super) answer: Option<Answer>,
    /// What became of a promotion.
    pub(super) promoted: Option<Promoted>,
    /// The exit code.
    pub(super) exit: Exit,
}

impl Trial {
    /// Fits the challenger, finds the rules, the ledger and the model in use.
    pub(super) fn prepare(
        ui: &Ui,
        books: &Books,
        store: &Store,
        (run, rules, against): (RunRecord, &RuleArgs, &str),
    ) -> Result<Self, CliError> {
        if run.status == Status::Infeasible {
            let reason = run.reason.as_deref().unwrap_or("it breaks a constraint");
            let text = format!("run {} is infeasible ({reason}), and no challenger", run.id);
            return Err(CliError::new(Exit::Failed, text).hint("name a run that is done"));
        }
        let recipe = Recipe::of(store, run)?;
        let (policy, own_rule) = policy(&recipe, rules)?;
        let ledger = books.open(&model_of(&recipe.row.model)?)?;
        let rival = rival(ui, store, &ledger, against)?;
        if rival.is_none() && against == "champion" && policy.rule.bar().is_some() {
            refuse_without_last(&ledger)?;
        }
        let fitted = Fitted::of(store, &recipe, FitRows::Search)?;
        Ok(Self { recipe, fitted, policy, own_rule, ledger, rival })
    }

    /// True if the challenger is the model in use: the same bundle, or the same fit made once more, as on a fresh
    /// checkout.
    pub(super) fn is_rival_itself(&self) -> bool {
        let rival = self.rival.as_ref().map(|rival| fit_of(&rival.bundle));
        rival.is_some_and(|rival| rival == fit_of(&self.fitted.bundle))
    }

    /// Asks, and carries the answer out if asked to.
    pub(super) fn settle(
        &mut self,
        ui: &Ui,
        store: &Store,
        asking: &Asking<'_>,
    ) -> Result<Settled, CliError> {
        if self.is_rival_itself() {
            return Ok(Settled { answer: None, promoted: None, exit: Exit::Done });
        }
        let mut answer = self.ask(ui, store, asking)?;
        if asking.apply && answer.verdict.decision == Decision::Promote {
            if let Some(check) = self.out_of_use() {
                answer.verdict.decision = Decision::Hold;
                answer.verdict.reason = format!("{}: {}", check.id, check.detail);
                answer.verdict.checks.push(check);
            } else {
                let promoted = self.carry_out(ui, asking, &answer, self.policy.approval)?;
                let promoted = Some(promoted);
                return Ok(Settled { answer: Some(answer), promoted, exit: Exit::Done });
            }
        }
        let exit = exit_of(answer.verdict.decision);
        Ok(Settled { answer: Some(answer), promoted: None, exit })
    }

    /// What keeps a model from coming back that a person has turned down or taken out of use: no verdict brings it
    /// back by itself, here or where it was trained once more.
    fn out_of_use(&self) -> Option<Check> {
        let (version, state) = self.barred()?;
        let model = self.ledger.model();
        Some(Check {
            id: "state".into(),
            name: "not taken out of use".into(),
            status: CheckStatus::Hold,
            value: None,
            threshold: None,
            detail: format!(
                "{model}/{version} is {state}, so the champion stays; mend: derby champion reopen {model}/{version} --why …"
            ),
        })
    }

    /// The version that the challenger is, by its bundle or by its fit, if it is out of use.
    fn barred(&self) -> Option<(u64, State)> {
        let own = &self.fitted.bundle;
        let is_same = |number: u64| {
            kept(&self.ledger, number, "").is_ok_and(|(bundle, _)| fit_of(&bundle) == fit_of(own))
        };
        let is_out = |state: State| matches!(state, State::Rejected | State::Retired);
        let registry = self.ledger.registry();
        if let Some(known) = registry.version_of(own.digest()) {
            return is_out(known.state).then_some((known.version.number, known.state));
        }
        let mut out = registry.versions().iter().filter(|known| is_out(known.state));
        let known = out.find(|known| is_same(known.version.number))?;
        Some((known.version.number, known.state))
    }

    /// Refuses to carry out what no verdict could.
    fn check_apply(&self, apply: bool) -> Result<(), CliError> {
        let champion = self.ledger.registry().champion();
        let over = self.rival.as_ref().map(|rival| rival.bundle.digest().hex());
        if apply && champion.map(|champion| &champion.version.bundle) != over.as_ref() {
            let text = "--apply goes with --against champion: no other verdict moves the champion";
            return Err(CliError::usage(text));
        }
        Ok(())
    }

    pub(super) fn ask(
        &mut self,
        ui: &Ui,
        store: &Store,
        asking: &Asking<'_>,
    ) -> Result<Answer, CliError> {
        let retired = self.ledger.retired_keys()?;
        let asked = Asked {
            store,
            recipe: &self.recipe,
            fitted: &self.fitted,
            policy: &self.policy,
            rival: self.rival.as_ref(),
            retired: &retired,
        };
        let answer = ask(&mut self.ledger, &asked, asking.why)?;
        asking.books.remember(ui, &self.ledger);
        Ok(answer)
    }

    /// Keeps and registers the challenger, and promotes it on the answer.
    pub(super) fn carry_out(
        &mut self,
        ui: &Ui,
        asking: &Asking<'_>,
        answer: &Answer,
        approval: Approval,
    ) -> Result<Promoted, CliError> {
        let why = if asking.why.is_empty() { "the gate promotes" } else { asking.why };
        let version = version_of(&self.recipe, &self.fitted, &answer.scores, why);
        self.ledger.keep_bundle(&self.fitted.folder, self.fitted.bundle.digest())?;
        let version = self.ledger.register(version)?;
        if approval == Approval::Manual
            && let Some(pending) =
                &self.ledger.registry().version(version).map_err(LedgerError::from)?.pending
        {
            if pending.gate == answer.entry {
                return Ok(Promoted::Pending { version });
            }
            // It waits on a verdict over an earlier champion, by which nobody can approve it any more.
            self.ledger.reopen(version, why)?;
        }
        let promoted = self.ledger.promote(&Promotion {
            version,
            gate: answer.entry,
            why: why.into(),
            rule: self.own_rule.clone(),
            approval,
        });
        asking.books.remember(ui, &self.ledger);
        Ok(promoted?)
    }
}

/// What a bundle predicts by: its hashed files, without those that name its run and the scores of its search.
fn fit_of(bundle: &Bundle) -> (Option<&str>, &[String], Vec<(&str, &str)>) {
    let manifest = bundle.manifest();
    let files = manifest.files.iter().filter(|file| !ORIGIN.contains(&file.name.as_str()));
    let files = files.map(|file| (file.name.as_str(), file.blake3.as_str()));
    (manifest.target.as_deref(), &manifest.classes, files.collect())
}

/// A champion that was taken away is not «no champion yet»: whatever comes next is not proven better than anything.
fn refuse_without_last(ledger: &Ledger) -> Result<(), CliError> {
    let moves = ledger.registry().moves().iter();
    let Some(removed) = moves.rev().find(|moved| moved.what.name == CHAMPION) else {
        return Ok(());
    };
    let model = ledger.model();
    let text = format!(
        "'{model}' has no champion to compare with: version {} was taken out of use (entry {}: {})",
        removed.what.from.unwrap_or_default(),
        removed.seq,
        removed.what.why
    );
    Err(CliError::new(Exit::Held, text).hint(format!(
        "derby champion rollback {model} --why … brings it back; --rule absolute judges by thresholds alone"
    )))
}

/// The exit code of a decision.
pub(super) fn exit_of(decision: Decision) -> Exit {
    match decision {
        Decision::Promote => Exit::Done,
        Decision::Hold => Exit::Held,
        Decision::Reject => Exit::Rejected,
    }
}

/// The registered model's name, which is a file's name.
pub(super) fn model_of(name: &str) -> Result<ModelName, CliError> {
    ModelName::parse(name).map_err(|error| {
        CliError::usage(error.to_string())
            .hint("`model` of the sweep file names the registered model")
    })
}

/// The rules: those of --policy, else of the sweep file as it is now, else as it was recorded.
pub(super) fn policy(
    recipe: &Recipe,
    rules: &RuleArgs,
) -> Result<(Policy, Option<String>), CliError> {
    let load = |path: &std::path::Path| spec::load(path, &Overrides::default(), &Known::built_in());
    let of = |sweep: &Sweep| {
        sweep.gate.clone().unwrap_or_else(|| Policy::new(recipe.row.objectives[0].clone()))
    };
    let mut policy = match &rules.policy {
        Some(file) if !file.is_file() => {
            return Err(CliError::usage(format!("there is no sweep file '{}'", file.display())));
        }
        Some(file) => load(file)?.gate.ok_or_else(|| {
            CliError::usage(format!("'{}' has no [gate] section", file.display()))
        })?,
        // The rules of a sweep may change while it lives; the search may not.
        None => match load(&recipe.sweep.file) {
            Ok(now) if now.digest == recipe.sweep.digest => of(&now),
            _ => of(&recipe.sweep),
        },
    };
    let own = overridden(&mut policy, rules)?;
    Ok((policy, own))
}

/// Applies the rule of the command line; says it in words if there is one.
fn overridden(policy: &mut Policy, rules: &RuleArgs) -> Result<Option<String>, CliError> {
    let finite = |flag: &str, value: Option<f64>, low: f64| match value {
        Some(value) if !value.is_finite() || value < low => {
            Err(CliError::usage(format!("--{flag} '{value}' must be a number of at least {low}")))
        }
        value => Ok(value),
    };
    let margin = finite("margin", rules.margin, 0.0)?;
    let min_gain = finite("min-gain", rules.min_gain, 0.0)?;
    let word = rules.rule.as_deref().unwrap_or(policy.rule.word());
    let rule = match (word, margin, min_gain) {
        ("superior", None, gain) => match (policy.rule, gain) {
            (Rule::Superior { min_gain }, None) => Rule::Superior { min_gain },
            (_, gain) => Rule::Superior { min_gain: gain.unwrap_or(0.0) },
        },
        ("non_inferior", Some(margin), None) if margin > 0.0 => Rule::NonInferior { margin },
        ("non_inferior", None, None) => {
            let Rule::NonInferior { margin } = policy.rule else {
                let text = "--rule non_inferior needs --margin: how much worse is still as good";
                return Err(CliError::usage(text));
            };
            Rule::NonInferior { margin }
        }
        ("absolute", None, None) => Rule::Absolute,
        ("superior" | "non_inferior" | "absolute", ..) => {
            let text = "--margin goes with --rule non_inferior, --min-gain with --rule superior";
            return Err(CliError::usage(text));
        }
        (other, ..) => {
            let text = format!("unknown rule '{other}'; one of superior, non_inferior, absolute");
            return Err(CliError::usage(text));
        }
    };
    let is_own = rule != policy.rule;
    policy.rule = rule;
    Ok(is_own.then(|| match rule {
        Rule::Superior { min_gain } => format!("superior, min_gain {min_gain}"),
        Rule::NonInferior { margin } => format!("non_inferior, margin {margin}"),
        Rule::Absolute => "absolute".into(),
    }))
}

/// The model to be replaced: the champion, or what the command line names.
fn rival(
    ui: &Ui,
    store: &Store,
    ledger: &Ledger,
    against: &str,
) -> Result<Option<Rival>, CliError> {
    let run_of = |uuid: Option<&str>| uuid.and_then(|uuid| store.run_id(uuid).ok());
    let version = |ledger: &Ledger, number: u64, label: String| {
        let (bundle, _) = kept(ledger, number, &label)?;
        let registered = ledger.registry().version(number).ok();
        let made_by = registered.and_then(|registered| registered.version.run.as_ref());
        let run = run_of(made_by.map(|run| run.uuid.as_str()));
        let run_text = run.map(|run| format!(", run {run}")).unwrap_or_default();
        let name = format!("{label} (version {number}{run_text})");
        Ok(Rival { name, bundle, version: Some(number), run })
    };
    match against {
        "none" => Ok(None),
        "champion" => {
            let Some(champion) = ledger.registry().champion() else { return Ok(None) };
            let label = format!("{}@champion", ledger.model());
            version(ledger, champion.version.number, label).map(Some)
        }
        other => match Named::parse(ui, other)? {
            Named::Version { ledger, number, name } => version(&ledger, number, name).map(Some),
            named => {
                let (bundle, folder) = named.bundle(ui)?;
                let run = match &named {
                    Named::Run(run) => Some(run.id),
                    _ => run_of(Bundle::read_measured(&folder)?.run.as_deref()),
                };
                let name = run_name(&named, run, &folder);
                let number = ledger.registry().version_of(bundle.digest());
                let version = number.map(|registered| registered.version.number);
                Ok(Some(Rival { name, bundle, version, run }))
            }
        },
    }
}

fn run_name(named: &Named, run: Option<RunId>, folder: &std::path::Path) -> String {
    match (named, run) {
        (Named::Run(run), _) => format!("run {}", run.id),
        (_, Some(run)) => format!("{} (run {run})", folder.display()),
        (_, None) => folder.display().to_string(),
    }
}

/// The color of a decision.
pub(super) fn role_of(decision: Decision) -> Role {
    match decision {
        Decision::Promote => Role::Good,
        Decision::Hold => Role::Warn,
        Decision::Reject => Role::Bad,
    }
}
