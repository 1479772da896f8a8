//! `derby tell`: how a trial ended that others carried out.

use super::ask_args::TellArgs;
use super::open_trials;
use super::out::{Role, safe};
use super::text::plural;
use super::{CliError, Exit, Ui};
use crate::domain::{Objective, Outcome, Status, format_number};
use crate::host;
use crate::protocol::told_name;
use crate::spec::{self, Format, Known, Overrides};
use crate::store::{Owner, RunContext};
use crate::sweep::{Word, tell};
use std::path::Path;

/// Steps that every float tells apart: 2^53.
const MOST_STEPS: i64 = 1 << 53;

pub(super) fn run(ui: &Ui, args: &TellArgs) -> Result<Exit, CliError> {
    let (overrides, known) = (Overrides::default(), Known::built_in());
    let mut store = ui.write_store(false)?;
    let row = open_trials::sweep_of(&store, &args.sweep, args.trial)?;
    let sweep = spec::parse(&row.text, Format::Toml, Path::new(&row.file), &overrides, &known)?;
    let word = word(args, &sweep.objectives)?;
    let context = RunContext {
        user: host::user(),
        host: host::hostname(),
        argv: host::redacted_args(std::env::args()),
        version: env!("CARGO_PKG_VERSION").into(),
        ..RunContext::default()
    };
    let owner = Owner::this_process();
    let run = tell(&mut store, (&sweep, &row), (args.trial, &word), (&owner, &context))?;
    let told = store.run_by_id(run)?;
    let broken = told.reason.filter(|_| told.status == Status::Infeasible);
    if args.json {
        let said = serde_json::json!({
            "sweep": row.name, "sweep_id": row.id, "trial": args.trial, "run": run, "status": told.status.word(),
            "reason": broken,
        });
        ui.out.line(&said.to_string())?;
    } else {
        let trial = ui.out.paint(Role::Strong, &args.trial.to_string());
        ui.out.line(&format!(" trial {trial}   {} as run {run}", shown(&word)))?;
        if let Some(reason) = broken.filter(|_| word.outcome == Outcome::Done) {
            let text = format!(" infeasible: {}", safe(&reason));
            ui.out.line(&ui.out.paint(Role::Warn, &text))?;
        }
    }
    Ok(Exit::Done)
}

fn shown(word: &Word) -> String {
    let values = word.values.iter();
    let values: Vec<String> = values
        .map(|(name, value)| format!("{} {}", safe(name), format_number(*value, 6)))
        .collect();
    match &word.outcome {
        Outcome::Done => values.join(" · "),
        Outcome::Killed { .. } => "given back".into(),
        outcome => outcome.status().word().to_string(),
    }
}

/// What the arguments say.
fn word(args: &TellArgs, objectives: &[Objective]) -> Result<Word, CliError> {
    let values = values(args, objectives)?;
    let trial = args.trial;
    let without = |outcome, flag| {
        if args.values.is_empty() {
            return Ok(outcome);
        }
        let text = format!("trial {trial} has a value and {flag}; leave one out");
        Err(CliError::usage(text))
    };
    let outcome = match (&args.failed, &args.infeasible, args.pruned) {
        _ if args.give_back.is_some() => {
            let reason = args.give_back.clone().unwrap_or_default();
            without(Outcome::Killed { reason }, "--give-back")?
        }
        (Some(reason), ..) => without(Outcome::Failed { reason: reason.clone() }, "--failed")?,
        (_, Some(reason), _) => {
            without(Outcome::Infeasible { reason: reason.clone() }, "--infeasible")?
        }
        (.., Some(step)) if !(0..=MOST_STEPS).contains(&step) => {
            let text = format!(
                "'--pruned {step}' is no step; mend: a whole number from 0 to {MOST_STEPS}"
            );
            return Err(CliError::usage(text));
        }
        (.., Some(step)) => Outcome::Pruned { reason: format!("told so at step {step}") },
        (None, None, None) if values.is_empty() => {
            let text = format!("trial {trial} is told without a value");
            return Err(CliError::usage(text)
                .hint(format!("derby tell {} {trial} VALUE, or --failed", args.sweep)));
        }
        (None, None, None) => Outcome::Done,
    };
    let seconds = match args.seconds {
        Some(seconds) if !seconds.is_finite() || seconds < 0.0 => {
            let text = format!("'--seconds {seconds}' is no time; mend: a number of at least 0");
            return Err(CliError::usage(text));
        }
        seconds => seconds,
    };
    Ok(Word { outcome, values, step: args.pruned, seconds })
}

/// Values by the names of their metrics: those without a name are the objectives', in order.
fn values(args: &TellArgs, objectives: &[Objective]) -> Result<Vec<(String, f64)>, CliError> {
    let mut values: Vec<(String, f64)> = Vec::new();
    let mut unnamed = objectives.iter();
    for text in &args.values {
        let (name, number) = match text.rsplit_once('=') {
            Some((name, number)) if !name.is_empty() => {
                let name = told_name(name).map_err(CliError::usage)?;
                (name.to_string(), number)
            }
            Some(_) => {
                return Err(CliError::usage(format!("'{text}' names no metric; mend: loss=0.3")));
            }
            None => {
                let Some(objective) = unnamed.next() else {
                    return Err(one_too_many(text, objectives.len()));
                };
                (objective.metric.clone(), text.as_str())
            }
        };
        let value: Option<f64> = number.trim().parse().ok();
        let Some(value) = value.filter(|value| value.is_finite()) else {
            return Err(CliError::usage(format!(
                "trial {} cannot have the value '{number}' for '{name}'; mend: a finite number, or --failed",
                args.trial
            )));
        };
        if values.iter().any(|(known, _)| *known == name) {
            return Err(CliError::usage(format!("'{name}' is told twice; mend: once")));
        }
        values.push((name, value));
    }
    Ok(values)
}

fn one_too_many(text: &str, n: usize) -> CliError {
    let objectives = plural(n as u64, "objective");
    CliError::usage(format!(
        "'{text}' is one value too many: the sweep has {objectives}; mend: NAME=VALUE for other metrics"
    ))
}
