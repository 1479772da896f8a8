//! `derby holdout`: how often a model's holdout was asked, and a new start on new rows.

use super::best::named_or_newest;
use super::gate::model_of;
use super::model_args::{HoldoutArgs, HoldoutCommand};
use super::out::{Role, safe};
use super::registry::Books;
use super::text::{count, plural};
use super::{CliError, Exit, Ui};
use crate::champion::Ledger;
use crate::data;
use crate::domain::format_number;
use crate::gate::{Policy, spent_alpha};
use crate::spec::{self, DataSection, Format, Known, Overrides, Sweep, Work};
use std::path::{Path, PathBuf};

pub(super) fn run(ui: &Ui, args: &HoldoutArgs) -> Result<Exit, CliError> {
    let books = Books::new(ui)?;
    match &args.command {
        HoldoutCommand::Show { model, json } => {
            let ledger = books.open(&books.model(model.as_deref())?)?;
            show(ui, &ledger, *json)
        }
        HoldoutCommand::Refresh { sweep, why } => refresh(ui, &books, sweep, why),
    }
}

fn show(ui: &Ui, ledger: &Ledger, as_json: bool) -> Result<Exit, CliError> {
    let registry = ledger.registry();
    let newest = registry.gates().last();
    let alpha = newest.map_or(0.05, |gate| gate.what.policy.alpha);
    let next = spent_alpha(alpha, registry.uses() + 1);
    let (used, retired) = (ledger.used_rows()?.len(), ledger.retired_keys()?.len());
    if as_json {
        let value = serde_json::json!({
            "model": ledger.model().as_str(), "period": registry.epoch(), "uses": registry.uses(),
            "alpha": alpha, "next_alpha": next, "used_rows": used, "retired_rows": retired,
        });
        ui.out.line(&value.to_string())?;
        return Ok(Exit::Done);
    }
    let name = ui.out.paint(Role::Strong, &safe(ledger.model().as_str()));
    ui.out.line(&format!(
        " {name}   period {}   {} of {}   the next one is judged at alpha {} of {}",
        registry.epoch(),
        plural(registry.uses(), "use"),
        plural(used as u64, "row"),
        format_number(next, 3),
        format_number(alpha, 3),
    ))?;
    for refresh in registry.refreshes() {
        let rows = plural(refresh.what.rows, "row");
        ui.out.line(&format!(
            " period {} began at {}: {rows} put aside   {}",
            refresh.what.epoch,
            refresh.at,
            safe(&refresh.what.why)
        ))?;
    }
    if registry.uses() > 10 {
        let text = " after so many uses a gain must be large to show; new rows help: derby holdout refresh FILE --why …";
        ui.out.line(&ui.out.paint(Role::Warn, text))?;
    }
    Ok(Exit::Done)
}

fn refresh(ui: &Ui, books: &Books, named: &str, why: &str) -> Result<Exit, CliError> {
    let sweep = sweep_of(ui, named)?;
    let section = section_of(&sweep)?;
    let mut ledger = books.open(&model_of(&sweep.model)?)?;
    let used = ledger.used_rows()?;
    let retired = ledger.retired_keys()?;
    let data = data::load(&section.data)?;
    let split = data::split(&data, &section.split)
        .map_err(|error| CliError::new(Exit::Failed, error.to_string()))?;
    let is_new =
        |key: u64| used.binary_search(&key).is_err() && retired.binary_search(&key).is_err();
    let fresh = split.holdout.iter().filter(|&&row| is_new(data.row_keys[row])).count() as u64;
    let objective = sweep.objectives.first().cloned();
    let needed = sweep
        .gate
        .as_ref()
        .map(|gate| gate.min_rows)
        .or_else(|| objective.map(|o| Policy::new(o).min_rows));
    let needed = needed.unwrap_or_default();
    if used.is_empty() {
        let text = format!(
            "nothing was asked in period {} yet: the holdout is as good as new",
            ledger.registry().epoch()
        );
        return Err(CliError::new(Exit::Failed, text));
    }
    if fresh < needed {
        let text = format!(
            "only {} of the holdout's {} were never used; a gate takes {} at least",
            count(fresh),
            plural(split.holdout.len() as u64, "row"),
            count(needed)
        );
        let hint = format!(
            "append new rows to '{}' first: about a share of {} of them falls into the holdout",
            section.data.source.shown, section.split.holdout
        );
        return Err(CliError::new(Exit::Failed, text).hint(hint));
    }
    let epoch = ledger.refresh_holdout(&used, why)?;
    books.remember(ui, &ledger);
    ui.out.line(&format!(
        " {}   period {epoch}: {} put aside, {} to go by, alpha whole again   ledger head {}",
        ui.out.paint(Role::Strong, &safe(ledger.model().as_str())),
        plural(used.len() as u64, "row"),
        plural(fresh, "row"),
        ledger.head().short()
    ))?;
    Ok(Exit::Done)
}

/// A sweep file, or a sweep of the store with the file as it is now.
fn sweep_of(ui: &Ui, named: &str) -> Result<Sweep, CliError> {
    let path = Path::new(named);
    if path.is_file() {
        return Ok(spec::load(path, &Overrides::default(), &Known::built_in())?);
    }
    let row = named_or_newest(&ui.read_store()?, Some(named))?;
    let file = PathBuf::from(&row.file);
    Ok(spec::parse(&row.text, Format::Toml, &file, &Overrides::default(), &Known::built_in())?)
}

fn section_of(sweep: &Sweep) -> Result<&DataSection, CliError> {
    let section = match &sweep.work {
        Work::Models(section) => Some(&**section),
        Work::Command(section) => section.data.as_deref(),
        Work::Function(_) | Work::Elsewhere => None,
    };
    section.ok_or_else(|| {
        CliError::usage(format!(
            "sweep '{}' has no [data], and so no holdout of derby's",
            sweep.name
        ))
    })
}
