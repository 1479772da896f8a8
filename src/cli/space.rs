//! `derby space`: what a sweep file lets vary.

use super::args::SpaceArgs;
use super::check::command_of;
use super::out::{Role, cells, pad, safe};
use super::{CliError, Exit, Ui, text};
use crate::domain::{Params, format_number};
use crate::numeric::Rng;
use crate::sampler;
use crate::space::{Row, Size};
use crate::spec::{self, Known, Overrides, Sweep, Work};
use std::collections::BTreeSet;

/// Wider lists of values push the notes out of line instead of off the screen.
const MAX_VALUES: usize = 40;

pub(super) fn run(ui: &Ui, args: &SpaceArgs) -> Result<Exit, CliError> {
    let overrides = Overrides::from_set(&args.overrides.set).map_err(CliError::usage)?;
    let sweep = spec::load(&args.file, &overrides, &Known::built_in())?;
    let samples: Vec<Params> = samples(&sweep, args.samples);
    if args.json {
        ui.out.line(&json(&sweep, &samples).to_string())?;
        return Ok(Exit::Done);
    }
    tree(ui, &sweep.space.tree())?;
    let grid = sampler::grid_len(&sweep.space, sweep.search.grid_steps);
    ui.out.line(&match sweep.space.size() {
        Size::Finite(1) => " 1 configuration".into(),
        Size::Finite(size) => format!(" {} configurations", big(size)),
        Size::Infinite => format!(
            " infinite; a grid of {} per range has {} points",
            sweep.search.grid_steps,
            big(grid)
        ),
    })?;
    if !samples.is_empty() {
        ui.out.line(&format!(" {}:", text::plural(samples.len() as u64, "sample")))?;
    }
    for params in samples {
        ui.out.line(&ui.out.paint(Role::Muted, &format!("   {}", safe(&text::params(&params)))))?;
        if let Some(command) = command_of(&sweep, &params) {
            ui.out.line(&ui.out.paint(Role::Muted, &format!("     runs {}", safe(&command))))?;
        }
    }
    Ok(Exit::Done)
}

/// A count that may be beyond counting.
fn big(n: u128) -> String {
    match u64::try_from(n) {
        Ok(n) if n < 1_000_000_000_000 => text::count(n),
        _ => format!("about {}", format_number(n as f64, 2)),
    }
}

/// Draws that may all be equal to earlier ones before a space counts as exhausted.
const MAX_REPEATS: usize = 1000;

/// Distinct uniform draws, the same on every call; fewer where the space has fewer.
fn samples(sweep: &Sweep, n: usize) -> Vec<Params> {
    let mut rng = Rng::stream(sweep.search.seed, "space", 0);
    let mut draw = || {
        let unit: Vec<f64> = (0..sweep.space.len()).map(|_| rng.unit()).collect();
        sweep.space.params(&sweep.space.from_unit(&unit))
    };
    let (mut samples, mut seen, mut repeats) = (Vec::new(), BTreeSet::new(), 0);
    while samples.len() < n && repeats < MAX_REPEATS {
        let params = draw();
        if seen.insert(format!("{params:?}")) {
            samples.push(params);
            repeats = 0;
        } else {
            repeats += 1;
        }
    }
    samples
}

fn tree(ui: &Ui, rows: &[Row]) -> Result<(), CliError> {
    let widest =
        |text: fn(&Row) -> &str| rows.iter().map(|row| cells(text(row))).max().unwrap_or(0);
    let (branches, names) = (widest(branch), widest(|row| &row.name));
    let values = widest(|row| &row.values).min(MAX_VALUES);
    let mut last = "";
    for row in rows {
        let shown = if branch(row) == last { "" } else { branch(row) };
        last = branch(row);
        let log = if row.log { "log" } else { "" };
        let when = row.when.as_ref().map(|when| format!("when {when}")).unwrap_or_default();
        let line = format!(
            " {}  {}  {}  {}",
            ui.out.paint(Role::Strong, &pad(shown, branches, false)),
            pad(&row.name, names, false),
            pad(&row.values, values, false),
            ui.out.paint(Role::Muted, format!("{}  {when}", pad(log, 3, false)).trim_end()),
        );
        ui.out.line(line.trim_end())?;
    }
    Ok(())
}

fn branch(row: &Row) -> &str {
    row.branch.as_deref().unwrap_or_default()
}

fn json(sweep: &Sweep, samples: &[Params]) -> serde_json::Value {
    let rows = sweep.space.tree();
    let rows = rows.iter().map(|row| {
        serde_json::json!({
            "branch": row.branch, "name": row.name, "values": row.values, "log": row.log, "when": row.when,
        })
    });
    let mut json = serde_json::json!({
        "size": match sweep.space.size() {
            Size::Finite(size) => u64::try_from(size).map_or(serde_json::Value::Null, Into::into),
            Size::Infinite => serde_json::Value::Null,
        },
        "infinite": sweep.space.size() == Size::Infinite,
        "grid": sampler::grid_len(&sweep.space, sweep.search.grid_steps).to_string(),
        "dimensions": rows.collect::<Vec<_>>(),
        "samples": samples,
    });
    let commands: Option<Vec<String>> =
        samples.iter().map(|params| command_of(sweep, params)).collect();
    if let (Some(commands), Work::Command(_)) = (commands, &sweep.work) {
        json["commands"] = commands.into();
    }
    json
}
