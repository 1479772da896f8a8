//! `derby store`: check, back up, clean and merge.

use super::args::{StoreArgs, StoreCommand};
use super::out::Role;
use super::text::{bytes, plural};
use super::{CliError, Exit, Ui};
use crate::store::{GcOptions, Query, Severity, Store};
use std::path::Path;

pub(super) fn run(ui: &Ui, args: &StoreArgs) -> Result<Exit, CliError> {
    match &args.command {
        StoreCommand::Check { json } => check(ui, *json),
        StoreCommand::Backup { to } => backup(ui, to),
        StoreCommand::Gc { dry_run, all } => gc(ui, *dry_run, *all),
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
            let mark = match finding.severity {
                Severity::Error => ui.out.paint(Role::Bad, "✗"),
                Severity::Warning => ui.out.paint(Role::Warn, "!"),
            };
            ui.out.line(&format!(" {mark}  {}   mend: {}", finding.text, finding.mend))?;
        }
        if findings.is_empty() {
            let folder = store.path().display();
            ui.out.line(&format!(" {}  {folder} is sound", ui.out.paint(Role::Good, "✓")))?;
        }
    }
    let damaged = findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if damaged { Exit::Rejected } else { Exit::Done })
}

fn backup(ui: &Ui, to: &Path) -> Result<Exit, CliError> {
    ui.read_store()?.backup(to)?;
    ui.out.line(&format!(" wrote  {}", to.display()))?;
    Ok(Exit::Done)
}

fn gc(ui: &Ui, dry_run: bool, all: bool) -> Result<Exit, CliError> {
    let mut options = GcOptions { dry_run, ..GcOptions::default() };
    if all {
        options.bin_older_ms = 0;
    }
    let mut store = ui.write_store(false)?;
    let binned = in_the_bin(&store)?;
    let gone = store.gc(options)?;
    let verb = if dry_run { "would go" } else { "gone" };
    ui.out.line(&format!(
        " {verb}   {} from the bin   {}   {}",
        plural(gone.runs, "run"),
        plural(gone.objects, "object"),
        bytes(gone.object_bytes + gone.database_bytes)
    ))?;
    let kept = binned.saturating_sub(gone.runs);
    if kept > 0 {
        ui.out.line(&format!(
            " kept   {} that went to the bin in the last 30 days; --all takes them too",
            plural(kept, "run")
        ))?;
    }
    Ok(Exit::Done)
}

fn in_the_bin(store: &Store) -> Result<u64, CliError> {
    let count = |include_deleted| store.count(&Query { include_deleted, ..Query::default() });
    Ok(count(true)? - count(false)?)
}

fn merge(ui: &Ui, from: &Path) -> Result<Exit, CliError> {
    let merged = ui.write_store(true)?.merge(from)?;
    ui.out.line(&format!(
        " merged {}   {} new, {} known already, {} still at work there",
        from.display(),
        plural(merged.runs, "run"),
        merged.known,
        merged.unfinished
    ))?;
    Ok(Exit::Done)
}
