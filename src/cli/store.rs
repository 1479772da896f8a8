//! `derby store`: check, back up, clean and merge.

use super::args::{StoreArgs, StoreCommand};
use super::out::Role;
use super::text::{bytes, plural};
use super::{CliError, Exit, Ui};
use std::path::Path;

pub(super) fn run(ui: &Ui, args: &StoreArgs) -> Result<Exit, CliError> {
    match &args.command {
        StoreCommand::Check { json } => check(ui, *json),
        StoreCommand::Backup { to } => backup(ui, to),
        StoreCommand::Gc { dry_run } => gc(ui, *dry_run),
        StoreCommand::Merge { from } => merge(ui, from),
    }
}

fn check(ui: &Ui, json: bool) -> Result<Exit, CliError> {
    let store = ui.read_store()?;
    let findings = store.check()?;
    if json {
        ui.out.line(&serde_json::to_string(&findings).map_err(std::io::Error::other)?)?;
    } else {
        for finding in &findings {
            ui.out.line(&format!(" {}  {}", ui.out.paint(Role::Bad, "✗"), finding.text))?;
        }
        if findings.is_empty() {
            let folder = store.path().display();
            ui.out.line(&format!(" {}  {folder} is sound", ui.out.paint(Role::Good, "✓")))?;
        }
    }
    Ok(if findings.is_empty() { Exit::Done } else { Exit::Rejected })
}

fn backup(ui: &Ui, to: &Path) -> Result<Exit, CliError> {
    let size = ui.read_store()?.backup(to)?;
    ui.out.line(&format!(" wrote  {}   {}", to.display(), bytes(size)))?;
    Ok(Exit::Done)
}

fn gc(ui: &Ui, dry_run: bool) -> Result<Exit, CliError> {
    let gone = ui.write_store(false)?.gc(dry_run)?;
    let verb = if dry_run { "would go" } else { "gone" };
    ui.out.line(&format!(
        " {verb}   {} from the bin   {}   {}",
        plural(gone.runs, "run"),
        plural(gone.objects, "object"),
        bytes(gone.bytes)
    ))?;
    Ok(Exit::Done)
}

fn merge(ui: &Ui, from: &Path) -> Result<Exit, CliError> {
    let merged = ui.write_store(true)?.merge(from)?;
    ui.out.line(&format!(
        " merged {}   {} new   {} known already",
        from.display(),
        plural(merged.new_runs, "run"),
        plural(merged.known_runs, "run")
    ))?;
    Ok(Exit::Done)
}
