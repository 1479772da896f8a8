//! What `derby champion list`, `show`, `history` and `verify` print.

use super::out::{Role, safe};
use super::registry::{Books, from_here};
use super::table::{Cell, Column, Table};
use super::text::{age, count, params, plural};
use super::{CliError, Exit, Ui};
use crate::champion::{Entry, Event, Ledger, Reference, Registered, Report, Target};
use crate::domain::{Digest, format_number};
use serde_json::{Value, json};

/// Digits of a digest that people read.
const SHOWN_METRICS: usize = 4;

pub(super) fn list(ui: &Ui, books: &Books, as_json: bool) -> Result<Exit, CliError> {
    let models = books.models()?;
    let mut ledgers = Vec::with_capacity(models.len());
    for model in &models {
        ledgers.push(books.open(model)?);
    }
    if as_json {
        let all: Vec<Value> = ledgers.iter().map(model_json).collect();
        ui.out.line(&Value::Array(all).to_string())?;
        return Ok(Exit::Done);
    }
    if ledgers.is_empty() {
        return Err(books.model(None).err().unwrap_or_else(|| CliError::usage("no model")));
    }
    let mut table = Table::new(vec![
        Column::fixed("model", false),
        Column::fixed("champion", false),
        Column::fixed("versions", true),
        Column::optional("waiting", true, 1),
        Column::optional("uses", true, 2),
        Column::filling("head", 3),
    ]);
    for ledger in &ledgers {
        let registry = ledger.registry();
        let champion = registry.champion().map(number_text);
        let waiting =
            registry.versions().iter().filter(|version| version.pending.is_some()).count();
        table.push(vec![
            Cell::from(ledger.model().as_str()),
            Cell::from(champion.unwrap_or_else(|| "none yet".into())),
            Cell::from(registry.versions().len().to_string()),
            Cell::from(waiting.to_string()),
            Cell::from(registry.uses().to_string()),
            Cell::from(ledger.head().short()),
        ]);
    }
    table.print(&ui.out)?;
    Ok(Exit::Done)
}

/// `3 (run 88)`.
fn number_text(registered: &Registered) -> String {
    match &registered.version.run {
        Some(run) => format!("{} (run {})", registered.version.number, run.number),
        None => registered.version.number.to_string(),
    }
}

pub(super) fn show(
    ui: &Ui,
    books: &Books,
    reference: Option<&str>,
    as_json: bool,
) -> Result<Exit, CliError> {
    let parsed = reference.map(Reference::parse).transpose();
    let parsed = parsed.map_err(|error| CliError::usage(error.to_string()))?.flatten();
    if let Some(Reference { model, target }) = parsed {
        let ledger = books.open(&model)?;
        return version(ui, &ledger, &target, as_json);
    }
    let ledger = books.open(&books.model(reference)?)?;
    if as_json {
        ui.out.line(&model_json(&ledger).to_string())?;
        return Ok(Exit::Done);
    }
    let registry = ledger.registry();
    let name = ui.out.paint(Role::Strong, &safe(ledger.model().as_str()));
    let champion = match registry.champion() {
        Some(champion) => format!("champion version {}", number_text(champion)),
        None => "no champion yet".into(),
    };
    ui.out.line(&format!(" {name}   {champion}   head {}", ledger.head().short()))?;
    if registry.versions().is_empty() {
        ui.out.line(&format!(" next  {}", ui.out.paint(Role::Accent, "derby gate")))?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(vec![
        Column::fixed("version", true),
        Column::fixed("state", false),
        Column::fixed("aliases", false),
        Column::optional("run", true, 1),
        Column::optional("bundle", false, 3),
        Column::optional("age", true, 2),
        Column::filling("parameters", 4),
    ]);
    for registered in registry.versions().iter().rev() {
        let version = &registered.version;
        let run = version.run.as_ref().map(|run| run.number.to_string()).unwrap_or_default();
        table.push(vec![
            Cell::from(version.number.to_string()),
            Cell::from(registered.state.word()),
            Cell::from(registry.aliases_of(version.number).join(", ")),
            Cell::from(run),
            Cell::from(Digest::short_of(&version.bundle)),
            Cell::from(age_of(&registered.at)),
            Cell::from(params(&version.params)),
        ]);
    }
    table.print(&ui.out)?;
    for waiting in registry.versions().iter().filter(|version| version.pending.is_some()) {
        let number = waiting.version.number;
        let model = safe(ledger.model().as_str());
        let command = format!("derby champion approve {model}/{number} --why …");
        ui.out
            .line(&format!(" version {number} waits   {}", ui.out.paint(Role::Accent, &command)))?;
    }
    Ok(Exit::Done)
}

fn version(ui: &Ui, ledger: &Ledger, target: &Target, as_json: bool) -> Result<Exit, CliError> {
    let registry = ledger.registry();
    let found = registry.resolve(target);
    let found = found.map_err(|error| CliError::new(Exit::Failed, error.to_string()))?;
    if as_json {
        ui.out.line(&version_json(ledger, found).to_string())?;
        return Ok(Exit::Done);
    }
    let version = &found.version;
    let line = |label: &str, text: &str| ui.out.line(&format!(" {label:<14} {text}"));
    let aliases = registry.aliases_of(version.number);
    let aliases =
        if aliases.is_empty() { String::new() } else { format!("   @{}", aliases.join(" @")) };
    let title = format!("{}/{}", safe(ledger.model().as_str()), version.number);
    ui.out.line(&format!(" {}   {}{aliases}", ui.out.paint(Role::Strong, &title), found.state))?;
    line("bundle", &format!("{}   {}", Digest::short_of(&version.bundle), safe(&version.kind)))?;
    if let Some(run) = &version.run {
        line("run", &format!("{}   {}", run.number, run.uuid))?;
    }
    line("parameters", &safe(&params(&version.params)))?;
    for (label, scores) in [("folds", &version.cross_validation), ("holdout", &version.holdout)] {
        let shown: Vec<String> = scores
            .iter()
            .take(SHOWN_METRICS)
            .map(|(name, value)| format!("{} {}", safe(name), format_number(*value, 4)))
            .collect();
        if !shown.is_empty() {
            line(label, &shown.join("   "))?;
        }
    }
    let hash =
        |hash: &Option<String>| hash.as_deref().map_or_else(|| "none".into(), Digest::short_of);
    line("data", &format!("{}   split {}", hash(&version.data_hash), hash(&version.split)))?;
    line(
        "registered",
        &format!("{} ago by {}   {}", age_of(&found.at), safe(&found.user), safe(&version.why)),
    )?;
    line("state", &format!("{} since entry {}: {}", found.state, found.since, safe(&found.why)))?;
    let verdicts = registry.gates().iter().filter(|gate| gate.what.challenger == version.bundle);
    for gate in verdicts {
        let verdict = &gate.what.verdict;
        line(
            "gate",
            &format!(
                "{} ({} ago): {}",
                verdict.decision.word(),
                age_of(&gate.at),
                safe(&verdict.reason)
            ),
        )?;
    }
    Ok(Exit::Done)
}

pub(super) fn history(
    ui: &Ui,
    books: &Books,
    model: Option<&str>,
    as_json: bool,
) -> Result<Exit, CliError> {
    let ledger = books.open(&books.model(model)?)?;
    if as_json {
        let all: Result<Vec<Value>, _> = ledger.entries().iter().map(entry_json).collect();
        let all = all.map_err(|error| CliError::new(Exit::Bug, error.to_string()))?;
        ui.out.line(&Value::Array(all).to_string())?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(vec![
        Column::fixed("entry", true),
        Column::fixed("age", true),
        Column::optional("who", false, 1),
        Column::fixed("what", false),
        Column::filling("why", 2),
    ]);
    for entry in ledger.entries().iter().rev() {
        let (what, why) = words(entry);
        table.push(vec![
            Cell::from(entry.seq.to_string()),
            Cell::from(age_of(&entry.at)),
            Cell::from(format!("{}@{}", entry.user, entry.host)),
            Cell::from(what),
            Cell::from(why),
        ]);
    }
    table.print(&ui.out)?;
    let text = format!(
        " {} in {}   head {}",
        entries(ledger.entries().len()),
        safe(&from_here(&ledger.path())),
        ledger.head().short()
    );
    ui.out.line(&ui.out.paint(Role::Muted, &text))?;
    Ok(Exit::Done)
}

/// An event in a few words, and why.
fn words(entry: &Entry) -> (String, String) {
    match &entry.event {
        Event::Begin(begin) => ("begun".into(), begin.why.clone()),
        Event::Version(version) => {
            let run = version.run.as_ref().map(|run| format!(" from run {}", run.number));
            (format!("version {}{}", version.number, run.unwrap_or_default()), version.why.clone())
        }
        Event::Gate(gate) => {
            let who = match (gate.version, &gate.run) {
                (Some(version), _) => format!("version {version}"),
                (None, Some(run)) => format!("run {}", run.number),
                (None, None) => Digest::short_of(&gate.challenger),
            };
            let against = match (gate.champion_version, &gate.champion) {
                (Some(version), _) => format!(" against {version}"),
                (None, Some(bundle)) => format!(" against {}", Digest::short_of(bundle)),
                (None, None) => String::new(),
            };
            let verdict = &gate.verdict;
            let text = format!("{}: {who}{against}", verdict.decision.word());
            (text, if gate.why.is_empty() { verdict.reason.clone() } else { gate.why.clone() })
        }
        Event::State(change) => {
            (format!("version {} is {}", change.version, change.to), change.why.clone())
        }
        Event::Alias(moved) => {
            let number = |version: Option<u64>| version.map_or("none".into(), |v| v.to_string());
            let kind = format!("{:?}", moved.kind).to_lowercase();
            let text =
                format!("{kind} @{}: {} to {}", moved.name, number(moved.from), number(moved.to));
            (text, moved.why.clone())
        }
        Event::Holdout(refresh) => {
            let rows = plural(refresh.rows, "row");
            (format!("holdout period {}: {rows} put aside", refresh.epoch), refresh.why.clone())
        }
    }
}

fn entry_json(entry: &Entry) -> Result<Value, serde_json::Error> {
    let mut value = serde_json::to_value(&entry.event)?;
    value["seq"] = entry.seq.into();
    value["at"] = entry.at.clone().into();
    value["user"] = entry.user.clone().into();
    value["host"] = entry.host.clone().into();
    value["hash"] = entry.hash.hex().into();
    Ok(value)
}

fn model_json(ledger: &Ledger) -> Value {
    let registry = ledger.registry();
    json!({
        "model": ledger.model().as_str(),
        "ledger": ledger.path(),
        "head": ledger.head().hex(),
        "champion": registry.champion().map(|champion| champion.version.number),
        "aliases": registry.aliases(),
        "epoch": registry.epoch(),
        "uses": registry.uses(),
        "versions": registry.versions().iter().map(|v| version_json(ledger, v)).collect::<Vec<_>>(),
    })
}

fn version_json(ledger: &Ledger, registered: &Registered) -> Value {
    let mut value = serde_json::to_value(&registered.version).unwrap_or_default();
    value["model"] = ledger.model().as_str().into();
    value["state"] = registered.state.word().into();
    value["aliases"] = json!(ledger.registry().aliases_of(registered.version.number));
    value["registered"] = registered.at.clone().into();
    value["user"] = registered.user.clone().into();
    value
}

/// What a check of a ledger found, for people.
pub(super) fn report(ui: &Ui, model: &str, report: &Report) -> Result<(), CliError> {
    let out = &ui.out;
    let head = report.head.map_or_else(|| "none".into(), |head| head.short());
    let entries = entries(report.entries);
    let mark =
        if report.is_sound() { out.paint(Role::Good, "✓") } else { out.paint(Role::Bad, "✗") };
    out.line(&format!(" {mark}  {}   {entries} sound   head {head}", safe(model)))?;
    let bad = |text: String| out.line(&out.paint(Role::Bad, &format!("    {}", safe(&text))));
    if let Some(problem) = &report.problem {
        bad(problem.to_string())?;
    }
    for head in &report.unknown_heads {
        let text =
            "the ledger was cut or replaced (or this is another branch: --trust takes it as it is)";
        bad(format!("{} is not among its entries: {text}", head.short()))?;
    }
    for file in &report.files {
        bad(file.clone())?;
    }
    if let Some(torn) = &report.torn {
        let text = format!(
            "    line {} was cut off while it was written; the next entry replaces it",
            torn.line
        );
        out.line(&out.paint(Role::Muted, &text))?;
    }
    Ok(())
}

/// The same for programs.
pub(super) fn report_json(model: &str, report: &Report) -> Value {
    json!({
        "model": model,
        "ok": report.is_sound(),
        "entries": report.entries,
        "head": report.head.map(|head| head.hex()),
        "problem": report.problem.as_ref().map(ToString::to_string),
        "unknown_heads": report.unknown_heads.iter().map(Digest::hex).collect::<Vec<_>>(),
        "files": report.files,
    })
}

fn entries(n: usize) -> String {
    if n == 1 { "1 entry".into() } else { format!("{} entries", count(n as u64)) }
}

fn age_of(at: &str) -> String {
    let ms = crate::host::clock::parse_iso(at);
    ms.map_or_else(|| at.to_string(), |ms| age(crate::host::now_ms() - ms))
}
