//! `derby importance`: which parameters made the difference in a sweep.

use super::best::{goal_of, named_or_newest};
use super::insight_args::ImportanceArgs;
use super::out::safe;
use super::text::plural;
use super::{CliError, Exit, Ui};
use crate::compare::{
    ImportanceError, ImportanceMethod, Importances, PedAnovaOptions, ScoredPoint, ped_anova,
};
use crate::domain::Objective;
use crate::space::Space;
use crate::spec::{self, Known, Overrides};
use crate::store::{Store, SweepRow};
use crate::sweep::{Steering, left_out, scores};
use std::path::Path;
use std::sync::Arc;

mod shown;

/// Fewer scored trials say nothing that is worth a line after a sweep.
const ENOUGH: usize = 20;
/// Parameters in that line at most …
const SHOWN: usize = 4;
/// … and characters of them, but for the first.
const SHOWN_WIDTH: usize = 60;
/// A smaller share is none in two digits.
const LEAST: f64 = 0.005;

pub(super) fn run(ui: &Ui, args: &ImportanceArgs) -> Result<Exit, CliError> {
    let store = ui.read_store()?;
    let sweep = named_or_newest(&store, args.sweep.as_deref())?;
    let objective = match &args.metric {
        Some(metric) => Objective { metric: metric.clone(), goal: goal_of(&sweep, metric)? },
        None => sweep.objectives[0].clone(),
    };
    let method = ImportanceMethod::of_key(&args.method).unwrap_or(ImportanceMethod::PedAnova);
    if args.best.is_some() && method != ImportanceMethod::PedAnova {
        return Err(CliError::usage("'--best' is of --method ped-anova; mend: remove one of them"));
    }
    let found = found(&store, &sweep, &objective, (method, args.best))?;
    let left_out = left_out(&store, &sweep, found.of)?;
    let answer = shown::Answer { sweep: &sweep, objective: &objective, found, left_out };
    if args.json {
        ui.out.line(&answer.json().to_string())?;
    } else if args.csv {
        ui.out.raw(&answer.csv()?)?;
    } else {
        answer.say(ui)?;
    }
    Ok(Exit::Done)
}

/// Asks a method for a metric of a sweep; PED-ANOVA with another share of best trials than by default, if there is one.
pub(super) fn found(
    store: &Store,
    sweep: &SweepRow,
    objective: &Objective,
    (method, best): (ImportanceMethod, Option<f64>),
) -> Result<Importances, CliError> {
    let space = Steering::of(store, sweep)?.searched(&*space_of(sweep)?);
    let scored = scores(store, sweep, objective)?;
    let points = ScoredPoint::all(&scored);
    let found = match best {
        Some(top) => {
            let options = PedAnovaOptions { top, seed: sweep.seed, ..PedAnovaOptions::default() };
            ped_anova(&space, &points, objective, &options)
        }
        None => method.ask(&space, &points, objective, sweep.seed),
    };
    match found {
        Ok(found) => Ok(found),
        Err(error) => Err(unfounded(&error, store, sweep)?),
    }
}

fn unfounded(
    error: &ImportanceError,
    store: &Store,
    sweep: &SweepRow,
) -> Result<CliError, CliError> {
    let exit = match error {
        ImportanceError::Few { .. } | ImportanceError::Constant | ImportanceError::Equal { .. } => {
            Exit::NoResult
        }
        ImportanceError::Option { name: "top", value, mend } => {
            return Ok(CliError::usage(format!("'--best {value}' is no share; mend: {mend}")));
        }
        ImportanceError::Option { .. } => Exit::Usage,
        ImportanceError::Point { .. } | ImportanceError::Fit(_) => Exit::Failed,
    };
    let told = CliError::new(exit, format!("sweep '{}': {error}", sweep.name));
    let ImportanceError::Few { found, .. } = error else { return Ok(told) };
    let left_out = left_out(store, sweep, *found)?;
    Ok(match shown::left_out(&left_out) {
        text if text.is_empty() => told,
        text => {
            told.hint(format!("not counted: {text}; derby runs sweep:{} shows why", sweep.name))
        }
    })
}

/// The space of a sweep's recorded file.
fn space_of(sweep: &SweepRow) -> Result<Arc<Space>, CliError> {
    let (overrides, known) = (Overrides::default(), Known::built_in());
    let file = Path::new(&sweep.file);
    Ok(spec::parse(&sweep.text, spec::Format::Toml, file, &overrides, &known)?.space)
}

/// What the closing block of a sweep says: `model 0.61   C 0.22 …   (PED-ANOVA, 198 runs)`. None where too few trials
/// have a score, there is one parameter only, or nothing can be told.
pub(super) fn in_short(store: &Store, sweep: &SweepRow, space: &Space) -> Option<String> {
    let objective = &sweep.objectives[0];
    let scored = scores(store, sweep, objective).ok()?;
    let points = ScoredPoint::all(&scored);
    let space = Steering::of(store, sweep).ok()?.searched(space);
    let options = PedAnovaOptions { resamples: 0, ..PedAnovaOptions::default() };
    let found = ped_anova(&space, &points, objective, &options).ok()?;
    let is_telling = found.params.iter().any(|param| param.raw > 0.0);
    if found.trials < ENOUGH || found.params.len() < 2 || !is_telling {
        return None;
    }
    let mut shown = String::new();
    let mut more = "";
    for (at, (param, name)) in found.params.iter().zip(found.names()).enumerate() {
        let text = format!("{} {:.2}", safe(name), param.share);
        if param.share < LEAST || at == SHOWN || (at > 0 && shown.len() + text.len() > SHOWN_WIDTH)
        {
            more = " …";
            break;
        }
        shown.push_str(if at == 0 { "" } else { "   " });
        shown.push_str(&text);
    }
    let (method, runs) = (found.method.word(), plural(found.trials as u64, "run"));
    Some(format!("{shown}{more}   ({method}, {runs})"))
}
