//! `derby importance`: which parameters made the difference in a sweep.

use super::best::{goal_of, named_or_newest};
use super::csv_text::CsvText;
use super::insight_args::ImportanceArgs;
use super::out::{Role, safe};
use super::table::{Cell, Column, Table};
use super::text::plural;
use super::{CliError, Exit, Ui};
use crate::compare::{
    FanovaOptions, ImportanceError, ImportanceMethod, Importances, PedAnovaOptions, ScoredPoint,
    fanova, ped_anova,
};
use crate::domain::{Objective, Status, format_number};
use crate::numeric;
use crate::space::{Point, Space};
use crate::spec::{self, Known, Overrides};
use crate::store::{Store, SweepRow};
use crate::sweep::Steering;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Fewer scored trials say nothing that is worth a line after a sweep.
const ENOUGH: usize = 20;
/// Parameters in that line at most …
const SHOWN: usize = 4;
/// … and characters of them, but for the first.
const SHOWN_WIDTH: usize = 60;
/// A smaller share is none in two digits.
const LEAST: f64 = 0.005;
/// The longest bar.
const BAR: f64 = 24.0;

pub(super) fn run(ui: &Ui, args: &ImportanceArgs) -> Result<Exit, CliError> {
    let store = ui.read_store()?;
    let sweep = named_or_newest(&store, args.sweep.as_deref())?;
    let objective = match &args.metric {
        Some(metric) => Objective { metric: metric.clone(), goal: goal_of(&sweep, metric)? },
        None => sweep.objectives[0].clone(),
    };
    let of_file = space_of(&sweep)?;
    let space = Steering::of(&store, &sweep)?.searched(&of_file);
    let scored = scored(&store, &sweep, &objective)?;
    let points: Vec<ScoredPoint<'_>> =
        scored.iter().map(|(point, score)| ScoredPoint { point, score: *score }).collect();
    let found = if args.method == "fanova" {
        if args.best.is_some() {
            return Err(CliError::usage(
                "'--best' is of --method ped-anova; mend: remove one of them",
            ));
        }
        let options = FanovaOptions { seed: sweep.seed, ..FanovaOptions::default() };
        fanova(&space, &points, &objective, &options)
    } else {
        let top = args.best.unwrap_or(PedAnovaOptions::default().top);
        ped_anova(&space, &points, &objective, &PedAnovaOptions { top })
    };
    let found = found.map_err(|error| unfounded(&error, &sweep))?;
    if args.json {
        ui.out.line(&as_json(&sweep, &objective, &found).to_string())?;
    } else if args.csv {
        ui.out.raw(&as_csv(&found)?)?;
    } else {
        say(ui, &sweep, &objective, &found)?;
    }
    Ok(Exit::Done)
}

fn unfounded(error: &ImportanceError, sweep: &SweepRow) -> CliError {
    let exit = match error {
        ImportanceError::Few { .. } | ImportanceError::Constant => Exit::NoResult,
        ImportanceError::Option { name: "top", value, mend } => {
            return CliError::usage(format!("'--best {value}' is no share; mend: {mend}"));
        }
        ImportanceError::Option { .. } => Exit::Usage,
        ImportanceError::Point { .. } | ImportanceError::Fit(_) => Exit::Failed,
    };
    CliError::new(exit, format!("sweep '{}': {error}", sweep.name))
}

/// The space of a sweep's recorded file.
fn space_of(sweep: &SweepRow) -> Result<Arc<Space>, CliError> {
    let (overrides, known) = (Overrides::default(), Known::built_in());
    let file = Path::new(&sweep.file);
    Ok(spec::parse(&sweep.text, spec::Format::Toml, file, &overrides, &known)?.space)
}

/// Where the trials with a score were, whether they keep the constraints or not, with their scores; equal trials count once, replicates by their mean.
fn scored(
    store: &Store,
    sweep: &SweepRow,
    objective: &Objective,
) -> Result<Vec<(Point, f64)>, CliError> {
    if sweep.objectives[0] == *objective {
        let scored = store.scored_points(sweep.id)?.into_iter();
        return Ok(scored.map(|(point, loss)| (point, objective.goal.loss(loss))).collect());
    }
    let mut others: BTreeMap<u64, BTreeMap<u32, f64>> = BTreeMap::new();
    for run in store.trial_runs(sweep.id, &objective.metric)? {
        if let (Status::Done | Status::Infeasible, Some(score)) = (run.status, run.score) {
            others.entry(run.trial).or_default().insert(run.replicate, score);
        }
    }
    let mean =
        |scores: &BTreeMap<u32, f64>| numeric::mean(&scores.values().copied().collect::<Vec<_>>());
    let trials = store.trials(sweep.id)?.into_iter();
    let has_ended = |status| matches!(status, Some(Status::Done | Status::Infeasible));
    let done = trials.filter(|t| t.same_as.is_none() && has_ended(t.status));
    let with_score =
        done.filter_map(|trial| Some((trial.point, others.get(&trial.number).map(mean)?)));
    Ok(with_score.collect())
}

/// What the closing block of a sweep says: `model 0.61   C 0.22 …   (PED-ANOVA, 198 runs)`. None where too few trials
/// have a score, there is one parameter only, or nothing can be told.
pub(super) fn in_short(store: &Store, sweep: &SweepRow, space: &Space) -> Option<String> {
    let objective = &sweep.objectives[0];
    let scored = scored(store, sweep, objective).ok()?;
    let points: Vec<ScoredPoint<'_>> =
        scored.iter().map(|(point, score)| ScoredPoint { point, score: *score }).collect();
    let space = Steering::of(store, sweep).ok()?.searched(space);
    let found = ped_anova(&space, &points, objective, &PedAnovaOptions::default()).ok()?;
    let is_telling = found.params.iter().any(|param| param.raw > 0.0);
    if found.trials < ENOUGH || found.params.len() < 2 || !is_telling {
        return None;
    }
    let mut shown = String::new();
    let mut more = "";
    for (at, (param, name)) in found.params.iter().zip(names(&found)).enumerate() {
        let text = format!("{} {:.2}", safe(&name), param.share);
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

/// Names of the parameters; of one that several models have, with the model.
fn names(found: &Importances) -> Vec<String> {
    let of = |name: &str| found.params.iter().filter(|param| param.name == name).count();
    let shown = found.params.iter().map(|p| if of(&p.name) > 1 { &p.id } else { &p.name });
    shown.cloned().collect()
}

fn question(method: ImportanceMethod) -> &'static str {
    match method {
        ImportanceMethod::PedAnova => "what sets the best trials apart from the rest",
        ImportanceMethod::Fanova => "shares of the score's variance over the whole space",
    }
}

fn say(
    ui: &Ui,
    sweep: &SweepRow,
    objective: &Objective,
    found: &Importances,
) -> Result<(), CliError> {
    let out = &ui.out;
    out.line(&format!(
        " {}   {}   {}: {}   {}",
        out.paint(Role::Strong, &safe(&sweep.name)),
        safe(&objective.metric),
        found.method.word(),
        question(found.method),
        plural(found.trials as u64, "trial"),
    ))?;
    let has_sd = found.params.iter().any(|param| param.sd.is_some());
    let mut columns = vec![
        Column::fixed("parameter", false),
        Column::fixed("share", true),
        Column::optional("", false, 3),
        Column::optional("active in", true, 2),
    ];
    if has_sd {
        columns.push(Column::optional("of variance", true, 1));
    }
    let mut table = Table::new(columns);
    for (param, name) in found.params.iter().zip(names(found)) {
        let mut row = vec![
            Cell::from(name),
            Cell::from(format!("{:.2}", param.share)),
            Cell::from(super::bars::bar(param.share, BAR)),
            Cell::from(plural(param.active as u64, "trial")),
        ];
        if has_sd {
            let sd = param.sd.unwrap_or(f64::NAN);
            let text = format!("{} ± {}", format_number(param.raw, 2), format_number(sd, 1));
            row.push(Cell::from(text));
        }
        table.push(row);
    }
    table.print(out)?;
    for doubt in &found.doubts {
        out.line(&out.paint(Role::Warn, &format!(" note   {}", safe(doubt))))?;
    }
    Ok(())
}

fn as_json(sweep: &SweepRow, objective: &Objective, found: &Importances) -> serde_json::Value {
    let params = found.params.iter().map(|param| {
        serde_json::json!({
            "id": param.id, "name": param.name, "share": param.share, "raw": param.raw,
            "sd": param.sd, "active": param.active,
        })
    });
    serde_json::json!({
        "sweep": sweep.name,
        "metric": objective.metric,
        "method": found.method.word(),
        "trials": found.trials,
        "params": params.collect::<Vec<_>>(),
        "notes": found.doubts,
    })
}

fn as_csv(found: &Importances) -> Result<String, CliError> {
    let mut text = CsvText::new();
    text.row(["method", "id", "name", "share", "raw", "sd", "active"])?;
    for param in &found.params {
        text.row([
            found.method.word().to_string(),
            param.id.clone(),
            param.name.clone(),
            param.share.to_string(),
            param.raw.to_string(),
            param.sd.map(|sd| sd.to_string()).unwrap_or_default(),
            param.active.to_string(),
        ])?;
    }
    text.finish()
}
