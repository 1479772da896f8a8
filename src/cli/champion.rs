//! `derby champion`: registered models, who is champion, and how it came to be.

use super::model_args::{ChampionArgs, ChampionCommand};
use super::out::{Role, safe};
use super::registry::{Books, from_here};
use super::{CliError, Exit, Ui, champion_show};
use crate::champion::{self, CHAMPION, Ledger, ModelName, Moved, Reference, Target};
use crate::domain::Digest;

/// Hex digits of a hash on screens.
const SHOWN_DIGITS: usize = 6;

pub(super) fn run(ui: &Ui, args: &ChampionArgs) -> Result<Exit, CliError> {
    let books = Books::new(ui)?;
    match &args.command {
        ChampionCommand::List { json } => champion_show::list(ui, &books, *json),
        ChampionCommand::Begin { model, why } => begin(ui, &books, model, why),
        ChampionCommand::Show { model, json } => {
            champion_show::show(ui, &books, model.as_deref(), *json)
        }
        ChampionCommand::History { model, json } => {
            champion_show::history(ui, &books, model.as_deref(), *json)
        }
        ChampionCommand::Promote { what, why, rules } => {
            super::promote::run(ui, &books, what, why, rules)
        }
        ChampionCommand::Approve { version, why } => {
            let (mut ledger, version) = versioned(&books, version)?;
            let champion = ledger.registry().champion().map(|champion| champion.version.number);
            if champion == Some(version) {
                let text = format!("version {version} of '{}' is champion already", ledger.model());
                return Err(CliError::new(Exit::Failed, text));
            }
            let moved = ledger.approve(version, why)?;
            said(ui, &books, &ledger, moved)
        }
        ChampionCommand::Reject { version, why } => {
            let (mut ledger, version) = versioned(&books, version)?;
            ledger.reject(version, why)?;
            stands(ui, &books, &ledger, version)
        }
        ChampionCommand::Retire { version, why } => {
            let (mut ledger, version) = versioned(&books, version)?;
            ledger.retire(version, why)?;
            stands(ui, &books, &ledger, version)
        }
        ChampionCommand::Reopen { version, why } => {
            let (mut ledger, version) = versioned(&books, version)?;
            ledger.reopen(version, why)?;
            stands(ui, &books, &ledger, version)
        }
        ChampionCommand::Rollback { model, to, why } => {
            let mut ledger = books.open(&books.model(model.as_deref())?)?;
            let moved = ledger.rollback(*to, why)?;
            books.remember(ui, &ledger);
            let to = version_text(&ledger, moved.to);
            done(ui, &ledger, &format!("back to {to}{}", from_text(&ledger, moved.from, "from")))
        }
        ChampionCommand::Alias { alias, version, why, remove: _ } => {
            set_alias(ui, &books, alias, *version, why)
        }
        ChampionCommand::Verify { model, head, trust, json } => {
            let check = Check { head: head.as_deref(), trust: *trust, json: *json };
            verify(ui, &books, model.as_deref(), &check)
        }
    }
}

fn begin(ui: &Ui, books: &Books, model: &str, why: &str) -> Result<Exit, CliError> {
    let model = books.model(Some(model))?;
    if let Some(head) = books.anchor(&model)? {
        // A ledger that is known to have been there is missing or is there: in both cases nothing begins.
        books.open(&model)?;
        let text = format!("'{model}' is registered already; head {}", head.short());
        return Err(CliError::new(Exit::Failed, text));
    }
    let why = if why.is_empty() { "begun" } else { why };
    let ledger = Ledger::begin(&books.folder, &model, why)?;
    books.remember(ui, &ledger);
    let path = from_here(&ledger.path());
    ui.out.line(&format!(" {}   registered; no champion yet", safe(model.as_str())))?;
    ui.out.line(&format!(" wrote  {}   commit it: CI then knows the champion", safe(&path)))?;
    ui.out.line(&format!(
        " next   {}",
        ui.out.paint(Role::Accent, "derby sweep FILE --gate, or derby gate SWEEP")
    ))?;
    Ok(Exit::Done)
}

/// The ledger and the number that `MODEL/3` or `MODEL@ALIAS` means.
fn versioned(books: &Books, reference: &str) -> Result<(Ledger, u64), CliError> {
    let parsed = Reference::parse(reference).map_err(|error| CliError::usage(error.to_string()))?;
    let Some(parsed) = parsed else {
        let text = format!("'{reference}' is no version; write MODEL/VERSION, for example iris/3");
        return Err(CliError::usage(text));
    };
    let ledger = books.open(&parsed.model)?;
    let found = ledger.registry().resolve(&parsed.target);
    let number =
        found.map_err(|error| CliError::new(Exit::Failed, error.to_string()))?.version.number;
    Ok((ledger, number))
}

fn set_alias(
    ui: &Ui,
    books: &Books,
    alias: &str,
    version: Option<u64>,
    why: &str,
) -> Result<Exit, CliError> {
    let parsed = Reference::parse(alias).map_err(|error| CliError::usage(error.to_string()))?;
    let Some(Reference { model, target: Target::Alias(name) }) = parsed else {
        let text = format!("'{alias}' is no alias; write MODEL@ALIAS, for example iris@staging");
        return Err(CliError::usage(text));
    };
    if version.is_none() && name == CHAMPION && why.trim().is_empty() {
        let text = "taking the champion out of use needs a reason: --why TEXT";
        return Err(CliError::usage(text));
    }
    let mut ledger = books.open(&model)?;
    let why = if why.is_empty() { "by hand" } else { why };
    let text = match version {
        Some(version) => {
            ledger.set_alias(&name, version, why)?;
            format!("@{name} is {}", version_text(&ledger, version))
        }
        None => match ledger.remove_alias(&name, why)? {
            Some(version) => format!("@{name} is gone; it was {}", version_text(&ledger, version)),
            None => format!("@{name} is gone"),
        },
    };
    books.remember(ui, &ledger);
    done(ui, &ledger, &text)
}

/// Says where a version stands now.
fn stands(ui: &Ui, books: &Books, ledger: &Ledger, version: u64) -> Result<Exit, CliError> {
    books.remember(ui, ledger);
    let state = ledger.registry().version(version).map(|registered| registered.state.word());
    done(ui, ledger, &format!("version {version} is {}", state.unwrap_or("unknown")))
}

/// Says that the champion moved.
pub(super) fn said(
    ui: &Ui,
    books: &Books,
    ledger: &Ledger,
    moved: Moved,
) -> Result<Exit, CliError> {
    books.remember(ui, ledger);
    let to = version_text(ledger, moved.to);
    done(ui, ledger, &format!("{to} is champion{}", from_text(ledger, moved.from, "in place of")))
}

fn done(ui: &Ui, ledger: &Ledger, text: &str) -> Result<Exit, CliError> {
    let model = ui.out.paint(Role::Strong, &safe(ledger.model().as_str()));
    ui.out.line(&format!(" {model}   {}   ledger head {}", safe(text), ledger.head().short()))?;
    Ok(Exit::Done)
}

fn from_text(ledger: &Ledger, from: Option<u64>, word: &str) -> String {
    from.map(|from| format!(", {word} {}", version_text(ledger, from))).unwrap_or_default()
}

/// `version 3 (run 88)`.
pub(super) fn version_text(ledger: &Ledger, number: u64) -> String {
    let version = ledger.registry().version(number).ok().map(|registered| &registered.version);
    match version.and_then(|version| version.run.as_ref()) {
        Some(run) => format!("version {number} (run {})", run.number),
        None => format!("version {number}"),
    }
}

/// A head of 64 hex digits, or the entry that begins with the digits that screens show.
fn whole_head(books: &Books, model: &ModelName, text: &str) -> Result<Digest, CliError> {
    let digits = text.trim_start_matches("b3:").to_ascii_lowercase();
    if let Some(whole) = Digest::parse(&digits) {
        return Ok(whole);
    }
    if digits.len() < SHOWN_DIGITS || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
        let error = format!(
            "'{text}' is no head: 64 hex digits, or at least the {SHOWN_DIGITS} that derby shows"
        );
        return Err(CliError::usage(error));
    }
    let ledger = Ledger::existing(&books.folder, model, None)?;
    let found = ledger.entries().iter().find(|entry| entry.hash.hex().starts_with(&digits));
    found.map(|entry| entry.hash).ok_or_else(|| {
        let error = format!("no entry of '{model}' has a hash that begins with '{digits}'");
        CliError::new(Exit::Rejected, error)
            .hint("the ledger was cut or replaced, or the head is of another model")
    })
}

/// What `derby champion verify` is asked.
struct Check<'a> {
    head: Option<&'a str>,
    trust: bool,
    json: bool,
}

fn verify(
    ui: &Ui,
    books: &Books,
    model: Option<&str>,
    check: &Check<'_>,
) -> Result<Exit, CliError> {
    let models = match model {
        Some(_) => vec![books.model(model)?],
        None => books.models()?,
    };
    if models.is_empty() {
        return Err(books.model(None).err().unwrap_or_else(|| CliError::usage("no model")));
    }
    let (mut exit, mut json) = (Exit::Done, Vec::new());
    for model in models {
        let known = books.anchor(&model)?.filter(|_| !check.trust);
        let head = check.head.map(|text| whole_head(books, &model, text)).transpose()?;
        let anchors: Vec<Digest> = head.into_iter().chain(known).collect();
        let report = champion::verify(&books.folder, &model, &anchors)?;
        if !report.is_sound() {
            exit = Exit::Rejected;
        } else if check.trust {
            books.remember(ui, &Ledger::existing(&books.folder, &model, None)?);
        }
        if check.json {
            json.push(champion_show::report_json(model.as_str(), &report));
        } else {
            champion_show::report(ui, model.as_str(), &report)?;
        }
    }
    if check.json {
        ui.out.line(&serde_json::Value::Array(json).to_string())?;
    } else if exit == Exit::Rejected {
        let hint = " the version control has the ledger as it was: git log champions/";
        ui.out.note(&ui.out.paint_error(Role::Muted, hint));
    }
    Ok(exit)
}
