//! `derby check`: all problems of a sweep file at once.

use super::args::CheckArgs;
use super::out::Role;
use super::{CliError, Exit, Ui};
use crate::space::Size;
use crate::spec::{self, Known, Overrides, SpecError, Sweep, Work};
use crate::sweep::Plan;
use std::path::Path;

pub(super) fn run(ui: &Ui, args: &CheckArgs) -> Result<Exit, CliError> {
    let overrides = Overrides::from_set(&args.overrides.set).map_err(CliError::usage)?;
    let mut exit = Exit::Done;
    let mut json = Vec::new();
    for file in &args.files {
        match check(file, &overrides, args.no_data) {
            Ok(sweep) if args.json => json.push(serde_json::json!({
                "file": file, "ok": true, "name": sweep.name, "digest": sweep.digest.hex(), "problems": [],
            })),
            Ok(sweep) => ui.out.line(&format!(
                " {}  {}   {}",
                ui.out.paint(Role::Good, "✓"),
                file.display(),
                summary(&sweep)
            ))?,
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

/// The file by itself, then against its data: columns, classes, folds, metrics, families.
fn check(file: &Path, overrides: &Overrides, no_data: bool) -> Result<Sweep, SpecError> {
    let sweep = spec::load(file, overrides, &Known::built_in())?;
    if !no_data {
        // What one fit may use matters only once there is one.
        Plan::new(&sweep, u64::MAX)
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
        Work::Command(_) => "a command".into(),
        Work::Function(name) => format!("function {name}"),
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
