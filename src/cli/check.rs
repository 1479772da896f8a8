//! `derby check`: all problems of a sweep file at once.

use super::args::CheckArgs;
use super::out::{Role, safe};
use super::{CliError, Exit, Ui};
use crate::domain::Params;
use crate::space::Size;
use crate::spec::{
    self, Known, Overrides, RenderValues, SpecError, Sweep, Work, arguments, shell_words,
};
use crate::sweep::{Place, Plan};
use std::path::Path;

pub(super) fn run(ui: &Ui, args: &CheckArgs) -> Result<Exit, CliError> {
    let overrides = Overrides::from_set(&args.overrides.set).map_err(CliError::usage)?;
    let mut exit = Exit::Done;
    let mut json = Vec::new();
    for file in &args.files {
        match check(file, &overrides, args.no_data) {
            Ok(sweep) if args.json => json.push(as_json(file, &sweep)),
            Ok(sweep) => good(ui, file, &sweep)?,
            Err(error) => {
                exit = Exit::Usage;
                if args.json {
                    json.push(serde_json::json!({
                        "file": file, "ok": false, "problems": problems(&error),
                    }));
                } else {
                    let text = error.to_string();
                    ui.out.note(&format!("{}: {text}", ui.out.paint_error(Role::Bad, "error")));
                }
            }
        }
    }
    if args.json {
        ui.out.line(&serde_json::Value::Array(json).to_string())?;
    }
    Ok(exit)
}

fn good(ui: &Ui, file: &Path, sweep: &Sweep) -> Result<(), CliError> {
    let mark = ui.out.paint(Role::Good, "✓");
    ui.out.line(&format!(" {mark}  {}   {}", file.display(), summary(sweep)))?;
    if let Some(command) = command_of(sweep, &first(sweep)) {
        ui.out.line(&ui.out.paint(Role::Muted, &format!("    runs {}", safe(&command))))?;
    }
    for note in &sweep.notes {
        ui.out.line(&ui.out.paint(Role::Muted, &format!(" note   {}", safe(note))))?;
    }
    Ok(())
}

fn as_json(file: &Path, sweep: &Sweep) -> serde_json::Value {
    let mut json = serde_json::json!({
        "file": file, "ok": true, "name": sweep.name, "digest": sweep.digest.hex(), "problems": [],
    });
    if let Some(command) = command_of(sweep, &first(sweep)) {
        json["command"] = command.into();
    }
    if !sweep.notes.is_empty() {
        json["notes"] = sweep.notes.clone().into();
    }
    json
}

/// The first configuration that the file names, or the one in the middle of the space.
fn first(sweep: &Sweep) -> Params {
    let point = sweep.points.first().cloned().unwrap_or_else(|| sweep.space.from_unit(&[]));
    sweep.space.params(&point)
}

/// What a command is started as with these parameters, as a person would type it; numbers and paths are those
/// of a first run. None for other work.
pub(super) fn command_of(sweep: &Sweep, params: &Params) -> Option<String> {
    let Work::Command(section) = &sweep.work else { return None };
    let folder = Path::new(".derby/runs/1");
    let values = RenderValues {
        params,
        seed: sweep.search.seed,
        trial: 0,
        run: 1,
        run_dir: folder,
        artifacts: &folder.join("artifacts"),
        checkpoint: Path::new(".derby/checkpoints/1/0"),
        json: &folder.join("params.json"),
    };
    Some(shell_words(&arguments(&section.run, &values)))
}

/// The file by itself, then against its data: columns, classes, folds, metrics, families.
fn check(file: &Path, overrides: &Overrides, no_data: bool) -> Result<Sweep, SpecError> {
    let sweep = spec::load(file, overrides, &Known::built_in())?;
    if !no_data && !matches!(sweep.work, Work::Function(_) | Work::Elsewhere) {
        // Nothing runs: no place is needed, and GPUs may be on another machine.
        let place = Place { store: ".derby".into(), owner: String::new(), jobs: 1, gpus: None };
        Plan::new(&sweep, &place)
            .map_err(|error| SpecError::File(format!("{}: {error}", file.display())))?;
    }
    Ok(sweep)
}

fn problems(error: &SpecError) -> Vec<serde_json::Value> {
    match error {
        SpecError::Problems { problems, .. } => problems
            .iter()
            .map(|problem| {
                serde_json::json!({
                    "file": problem.file, "line": problem.line, "column": problem.column,
                    "place": problem.place, "text": problem.text,
                })
            })
            .collect(),
        SpecError::File(text) => vec![serde_json::json!({ "text": text })],
    }
}

/// One line on a file without problems.
fn summary(sweep: &Sweep) -> String {
    let what = match &sweep.work {
        Work::Models(section) => {
            format!("target '{}' of {}", section.data.target, section.data.source.shown)
        }
        Work::Command(section) => {
            let data = section.data.as_ref().map(|section| &section.data);
            let data = data.map(|d| format!(" for target '{}' of {}", d.target, d.source.shown));
            let runs = match sweep.search.replicates {
                1 => String::new(),
                n => format!(", {n} runs of each configuration"),
            };
            format!("a command{}{runs}", data.unwrap_or_default())
        }
        Work::Function(name) => format!("function {name}"),
        Work::Elsewhere => "told from elsewhere".into(),
    };
    let size = match sweep.space.size() {
        Size::Finite(1) => "1 configuration".into(),
        Size::Finite(size) => format!("{size} configurations"),
        Size::Infinite => "an infinite space".into(),
    };
    let objective = &sweep.objectives[0];
    format!(
        "{}: {} {}, {what}   {} on {size}",
        sweep.name,
        objective.goal.word(),
        objective.metric,
        sweep.search.sampler
    )
}
