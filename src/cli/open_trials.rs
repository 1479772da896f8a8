//! Trials that were handed out and not told yet: their list, and whose a number is.

use super::ask_args::{AskArgs, file_of};
use super::out::{Role, safe};
use super::text::{age, plural};
use super::{CliError, Exit, Ui};
use crate::host;
use crate::spec::{self, Known, Overrides};
use crate::store::{Store, SweepRow, TrialRow};
use crate::sweep::handed_out;

/// `derby ask SWEEP --open`.
pub(super) fn list(ui: &Ui, args: &AskArgs) -> Result<Exit, CliError> {
    if !args.set.is_empty() {
        return Err(CliError::usage(
            "--open lists what was asked for, and --set changes nothing of it",
        ));
    }
    let store = ui.read_store()?;
    let sweeps = named(&store, &args.sweep)?;
    let is_one = sweeps.len() == 1;
    let mut last = None;
    for sweep in &sweeps {
        for trial in handed_out(&store, sweep.id)? {
            let of = if is_one { String::new() } else { format!(" sweep {}", sweep.id) };
            let text =
                if args.json { json(sweep, &trial).to_string() } else { line(ui, &of, &trial) };
            ui.out.line(&text)?;
            last = Some((sweep, trial.number));
        }
    }
    if args.json {
        return Ok(Exit::Done);
    }
    let Some((sweep, trial)) = last else {
        let name = safe(&sweeps[0].name);
        ui.out
            .line(&format!(" every trial of {name} that was handed out is told or given back"))?;
        return Ok(Exit::Done);
    };
    let name = if is_one { safe(&sweep.name) } else { sweep.id.to_string() };
    let next = format!("derby tell {name} {trial} VALUE · derby tell {name} {trial} --give-back");
    ui.out.line(&format!(" next  {}", ui.out.paint(Role::Accent, &next)))?;
    Ok(Exit::Done)
}

fn line(ui: &Ui, of: &str, trial: &TrialRow) -> String {
    let number = ui.out.paint(Role::Strong, &trial.number.to_string());
    let whose = match &trial.handed {
        Some(handed) => {
            let by = handed.to.as_ref().map(|by| format!(" by {}", safe(by)));
            format!("asked {} ago{}", age(host::now_ms() - handed.at), by.unwrap_or_default())
        }
        None => String::new(),
    };
    let params = safe(&trial.params.to_string());
    format!("{of} trial {number}   {params}   {}", ui.out.paint(Role::Muted, &whose))
}

/// A trial that somebody has, for programs.
pub(super) fn json(sweep: &SweepRow, trial: &TrialRow) -> serde_json::Value {
    let at = trial.handed.as_ref().map(|handed| handed.at);
    serde_json::json!({
        "sweep": sweep.name, "sweep_id": sweep.id, "trial": trial.number,
        "attempt": trial.attempts + 1, "params": trial.params, "asked": at,
        "age_seconds": at.map(|at| (host::now_ms() - at).max(0) as f64 / 1000.0),
        "by": trial.handed.as_ref().and_then(|handed| handed.to.as_deref()),
    })
}

/// The sweeps that a word can mean: all of that name, newest first, else the one of that number or digest. The word may
/// be a file, which names its sweep.
fn named(store: &Store, word: &str) -> Result<Vec<SweepRow>, CliError> {
    let name = match file_of(word) {
        Some(file) => spec::load(&file, &Overrides::default(), &Known::built_in())?.name,
        None => word.to_string(),
    };
    let found = store.sweeps_named(&name)?;
    if found.is_empty() { Ok(vec![store.sweep(&name)?]) } else { Ok(found) }
}

/// The sweep that a trial is told of: of several of one name that in which it is open.
pub(super) fn sweep_of(store: &Store, word: &str, trial: u64) -> Result<SweepRow, CliError> {
    let mut found = named(store, word)?;
    let mut open = Vec::new();
    for (place, sweep) in found.iter().enumerate().filter(|_| found.len() > 1) {
        let known = store.trial(sweep.id, trial)?;
        open.extend(known.filter(TrialRow::is_handed_out).map(|trial| (place, trial)));
    }
    let place = match &open[..] {
        // None has it: what is wrong is said of the newest.
        [] => 0,
        [(place, _)] => *place,
        [(first, _), ..] => {
            let said = |(place, trial): &(usize, TrialRow)| {
                let ago = trial.handed.as_ref().map(|handed| age(host::now_ms() - handed.at));
                let ago = ago.map(|ago| format!(" (asked {ago} ago)")).unwrap_or_default();
                format!("sweep {}{ago}", found[*place].id)
            };
            let sweeps: Vec<String> = open.iter().map(said).collect();
            let n = plural(open.len() as u64, "sweep");
            let text = format!(
                "trial {trial} is open in {n} named '{}': {}; say which by its number",
                found[0].name,
                sweeps.join(", ")
            );
            let hint = format!("derby tell {} {trial} …", found[*first].id);
            return Err(CliError::usage(text).hint(hint));
        }
    };
    Ok(found.swap_remove(place))
}
