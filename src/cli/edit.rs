//! `derby note`, `tag`, `rename` and `rm`: what a person adds to a run.

use super::args::{NoteArgs, RenameArgs, RmArgs, TagArgs};
use super::out::{Role, safe};
use super::registry::Books;
use super::{CliError, Exit, Ui};
use crate::domain::RunRecord;

pub(super) fn note(ui: &Ui, args: &NoteArgs) -> Result<Exit, CliError> {
    let mut store = ui.write_store(false)?;
    let run = store.run(&args.run)?;
    store.note(run.id, args.text.trim())?;
    let what = if args.text.trim().is_empty() { "note taken away" } else { "noted" };
    ui.out.line(&format!(" run {} {}   {what}", run.id, safe(&run.name)))?;
    Ok(Exit::Done)
}

pub(super) fn tag(ui: &Ui, args: &TagArgs) -> Result<Exit, CliError> {
    let mut store = ui.write_store(false)?;
    let run = store.run(&args.run)?;
    for tag in &args.tags {
        let (key, value) = tag.split_once('=').unwrap_or((tag, ""));
        if key.trim().is_empty() {
            return Err(CliError::usage(format!("'{tag}' is not a tag; mend: KEY or KEY=VALUE")));
        }
        if args.remove {
            store.untag(run.id, key)?;
        } else {
            store.tag(run.id, key, value)?;
        }
    }
    let what = if args.remove { "tags taken off" } else { "tagged" };
    ui.out.line(&format!(
        " run {} {}   {what}: {}",
        run.id,
        safe(&run.name),
        safe(&args.tags.join(" "))
    ))?;
    Ok(Exit::Done)
}

pub(super) fn rename(ui: &Ui, args: &RenameArgs) -> Result<Exit, CliError> {
    let mut store = ui.write_store(false)?;
    let run = store.run(&args.run)?;
    store.rename(run.id, &args.name)?;
    ui.out.line(&format!(
        " run {} {}   is now called {}",
        run.id,
        safe(&run.name),
        safe(args.name.trim())
    ))?;
    Ok(Exit::Done)
}

/// Says which of the runs are versions of registered models: their bundles stay, what they were made by goes with them.
fn note_versions(ui: &Ui, runs: &[RunRecord]) {
    let Ok(books) = Books::new(ui) else { return };
    // A ledger that is broken is another verb's to say.
    for ledger in books.models().into_iter().flatten().filter_map(|model| books.open(&model).ok()) {
        for registered in ledger.registry().versions() {
            let made_by = registered.version.run.as_ref().map(|run| run.uuid.as_str());
            let Some(run) = runs.iter().find(|run| Some(run.uuid.as_str()) == made_by) else {
                continue;
            };
            let (model, number) = (safe(ledger.model().as_str()), registered.version.number);
            let aliases = ledger.registry().aliases_of(number);
            let alias = if aliases.is_empty() {
                String::new()
            } else {
                format!(" (@{})", aliases.join(" @"))
            };
            ui.out.note(&ui.out.paint_error(Role::Warn, &format!(
                " note   run {} is {model}/{number}{alias}: its bundle stays beside the ledger, its record would go for good",
                run.id
            )));
        }
    }
}

pub(super) fn rm(ui: &Ui, args: &RmArgs) -> Result<Exit, CliError> {
    let mut store = ui.write_store(false)?;
    // All references are looked up before anything moves, so that a typo moves nothing.
    let runs =
        args.runs.iter().map(|reference| store.run(reference)).collect::<Result<Vec<_>, _>>()?;
    let (mut moved, mut unmoved) = (Vec::new(), Vec::new());
    for run in &runs {
        let did = if args.restore { store.restore(run.id)? } else { store.remove(run.id)? };
        let name = format!("{} {}", run.id, safe(&run.name));
        if did { moved.push(name) } else { unmoved.push(name) }
    }
    if !moved.is_empty() {
        let names = moved.join(", ");
        ui.out.line(&if args.restore {
            format!(" back from the bin: {names}")
        } else {
            let back = safe(&args.runs.join(" "));
            format!(
                " in the bin: {names}   back: derby rm --restore {back}   for good: derby store gc --all"
            )
        })?;
    }
    if !args.restore {
        note_versions(ui, &runs);
    }
    if !unmoved.is_empty() {
        let what = if args.restore { "not in the bin" } else { "in the bin already" };
        ui.out.line(&format!(" {what}: {}", unmoved.join(", ")))?;
    }
    Ok(Exit::Done)
}
