//! `derby ask`: trials of a sweep that others carry out.

use super::ask_args::{AskArgs, file_of};
use super::open_trials;
use super::out::{Role, safe};
use super::sweep::why_new;
use super::{CliError, Exit, Ui};
use crate::domain::Value;
use crate::spec::{self, Format, Known, Overrides, Sweep, Work};
use crate::store::{Owner, Store};
use crate::sweep::{Errand, Place, Plan, ask, outside_plan};
use std::path::Path;

pub(super) fn run(ui: &Ui, args: &AskArgs) -> Result<Exit, CliError> {
    if args.open {
        return open_trials::list(ui, args);
    }
    let (sweep, mut store) = match file_of(&args.sweep) {
        Some(file) => {
            let overrides = Overrides::from_set(&args.set).map_err(CliError::usage)?;
            (spec::load(&file, &overrides, &Known::built_in())?, ui.write_store(true)?)
        }
        None => recorded(ui, args)?,
    };
    let plan = plan(ui, &sweep)?;
    if let Some(text) = why_new(&store, &sweep, &plan)? {
        ui.out.note(&ui.out.paint_error(Role::Warn, &text));
    }
    for _ in 0..args.count {
        let errand = ask(&mut store, &sweep, &plan)?;
        say(ui, args, &sweep.name, &errand)?;
    }
    Ok(Exit::Done)
}

/// The sweep of a name that is no file.
fn recorded(ui: &Ui, args: &AskArgs) -> Result<(Sweep, Store), CliError> {
    let no_file = |error: CliError| {
        error
            .hint(format!("'{}' is no file either; the first ask names the sweep file", args.sweep))
    };
    if !args.set.is_empty() {
        let text = "--set makes a sweep of its own, and a recorded one stays as it is";
        return Err(CliError::usage(text).hint("name the sweep file instead"));
    }
    let store = ui.write_store(false).map_err(no_file)?;
    let row = store.sweep(&args.sweep).map_err(|error| no_file(error.into()))?;
    let (overrides, known) = (Overrides::default(), Known::built_in());
    let sweep = spec::parse(&row.text, Format::Toml, Path::new(&row.file), &overrides, &known)?;
    Ok((sweep, store))
}

/// What the identity of the sweep hangs on.
fn plan(ui: &Ui, sweep: &Sweep) -> Result<Plan, CliError> {
    match sweep.work {
        Work::Elsewhere => Ok(outside_plan(sweep)),
        Work::Models(_) => Err(CliError::usage(format!(
            "sweep '{}' trains built-in models, which is done here",
            sweep.name
        ))
        .hint(format!("derby sweep {}", sweep.file.display()))),
        Work::Command(_) | Work::Function(_) => {
            let owner = Owner::this_process().uuid;
            Ok(Plan::new(sweep, &Place::new(sweep, ui.store_folder()?, owner)?)?)
        }
    }
}

fn say(ui: &Ui, args: &AskArgs, sweep: &str, errand: &Errand) -> Result<(), CliError> {
    let line = if args.json {
        serde_json::json!({
            "sweep": sweep, "sweep_id": errand.sweep, "trial": errand.trial,
            "attempt": errand.attempt, "params": errand.params,
        })
        .to_string()
    } else if args.args {
        let flag = |(name, value): (&str, &Value)| format!(" --{name}={}", shell_word(value));
        format!("{}{}", errand.trial, errand.params.iter().map(flag).collect::<String>())
    } else {
        let number = ui.out.paint(Role::Strong, &errand.trial.to_string());
        let again = match errand.attempt {
            1 => String::new(),
            n => ui
                .out
                .paint(Role::Muted, &format!("   attempt {n}, after one that came to nothing")),
        };
        format!(" trial {number}   {}{again}", safe(&errand.params.to_string()))
    };
    Ok(ui.out.line(&line)?)
}

/// A value as one word of a shell.
fn shell_word(value: &Value) -> String {
    let text = value.to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "+-._,:/@%".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_words_of_a_shell() {
        let check = |value: Value, word: &str| assert_eq!(shell_word(&value), word);
        check(Value::Float(1e-4), "0.0001");
        check(Value::Text("rbf".into()), "rbf");
        check(Value::Text("it's $HOME".into()), r"'it'\''s $HOME'");
        check(Value::Text(String::new()), "''");
        check(Value::Bool(true), "true");
    }
}
