//! `derby steer`: asks something of a sweep while it runs, and says what became of it.

use super::out::{Role, safe};
use super::steer_args::{SteerArgs, SteerCommand};
use super::table::{Cell, Column, draw};
use super::text::{age, count};
use super::{CliError, Exit, Ui};
use crate::host;
use crate::spec::{self, Format, Known, Overrides, typed_params, typed_time};
use crate::store::{PastCommand, Store, SweepRow};
use crate::sweep::steer::{Answer, asker};
use crate::sweep::{Steer, Steering};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long to wait for the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often to look for it.
const GLANCE: Duration = Duration::from_millis(10);
/// Commands that `list` shows.
const SHOWN: usize = 20;

pub(super) fn run(ui: &Ui, args: &SteerArgs) -> Result<Exit, CliError> {
    if let SteerCommand::List = args.what {
        let store = ui.read_store()?;
        let sweep = store.sweep(&args.sweep)?;
        return list(ui, &store, &sweep, args.json);
    }
    let mut store = ui.write_store(false)?;
    let sweep = store.sweep(&args.sweep)?;
    let steering = Steering::of(&store, &sweep)?;
    let steer = steer_of(&store, &sweep, &steering, &args.what)?;
    let (overrides, known) = (Overrides::default(), Known::built_in());
    let file = Path::new(&sweep.file);
    let space = spec::parse(&sweep.text, Format::Toml, file, &overrides, &known)?.space;
    steer.check(&space, &steering).map_err(CliError::usage)?;
    let is_driven = store.driver(sweep.id)?.is_some();
    if !is_driven && steer.needs_driver() {
        return Err(CliError::new(Exit::Failed, format!("nobody drives sweep '{}'", sweep.name))
            .hint(format!("derby sweep {} starts it, or goes on with it", sweep.file)));
    }
    let id = steer.post(&mut store, sweep.id, &asker())?;
    let answer = if is_driven { answer_to(&store, id)? } else { None };
    say(ui, args.json, (id, &sweep), (answer, is_driven))
}

/// The command of these arguments.
fn steer_of(
    store: &Store,
    sweep: &SweepRow,
    steering: &Steering,
    what: &SteerCommand,
) -> Result<Steer, CliError> {
    let is_none = |text: &str| text == "none";
    Ok(match what {
        SteerCommand::Pause => Steer::Pause,
        SteerCommand::Resume => Steer::Resume,
        SteerCommand::Stop => Steer::Stop,
        SteerCommand::List => return Err(CliError::usage("'list' asks nothing")),
        SteerCommand::StopRun { run } => Steer::StopRun { run: store.run(run)?.id },
        SteerCommand::Trials { total } if is_none(total) => Steer::Trials { total: None },
        SteerCommand::Trials { total } => {
            Steer::Trials { total: Some(total_of(total, steering.trials.or(sweep.total))?) }
        }
        SteerCommand::Jobs { jobs } => Steer::Jobs { jobs: *jobs },
        SteerCommand::Time { time } if is_none(time) => Steer::Time { seconds: None },
        SteerCommand::Time { time } => {
            let time = typed_time("time", time).map_err(CliError::usage)?;
            Steer::Time { seconds: Some(time.as_secs_f64()) }
        }
        SteerCommand::Try { params } => {
            let params = typed_params(params)
                .map_err(|error| CliError::usage(error.replace("'-p ", "'").replace("-p ", "")))?;
            Steer::Try { params }
        }
        SteerCommand::Range { parameter, low, high } => {
            Steer::Range { parameter: parameter.clone(), low: *low, high: *high }
        }
    })
}

/// `80`, or `+20` on top of the total so far.
fn total_of(text: &str, so_far: Option<u64>) -> Result<u64, CliError> {
    let odd = || {
        CliError::usage(format!(
            "'{text}' trials; mend: a whole number like 80, +20 for more, or none for no limit"
        ))
    };
    let Some(more) = text.strip_prefix('+') else { return text.parse().map_err(|_| odd()) };
    let more: u64 = more.parse().map_err(|_| odd())?;
    let so_far = so_far.ok_or_else(|| {
        CliError::usage(format!(
            "'{text}': the sweep has no limit on its trials; mend: a total, like 80"
        ))
    })?;
    so_far.checked_add(more).ok_or_else(odd)
}

/// Waits for the answer to a command, which another connection writes.
fn answer_to(store: &Store, id: i64) -> Result<Option<Answer>, CliError> {
    let end = Instant::now() + PATIENCE;
    let mut seen = None;
    loop {
        let version = Some(store.data_version()?);
        if version != seen {
            seen = version;
            if let Some(answer) = store.command(id)?.answer {
                return Ok(Answer::of(&answer));
            }
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        std::thread::park_timeout(left.min(GLANCE));
    }
}

fn say(
    ui: &Ui,
    is_json: bool,
    (id, sweep): (i64, &SweepRow),
    (answer, is_driven): (Option<Answer>, bool),
) -> Result<Exit, CliError> {
    let name = &sweep.name;
    if is_json {
        let value = serde_json::json!({
            "sweep": name, "command": id, "is_driven": is_driven, "answer": answer,
        });
        ui.out.line(&value.to_string())?;
    }
    match answer {
        Some(Answer { ok: true, text }) => {
            if !is_json {
                ui.out.line(&format!(
                    " {}   {}",
                    ui.out.paint(Role::Strong, &safe(name)),
                    safe(&text)
                ))?;
            }
            Ok(Exit::Done)
        }
        Some(Answer { text, .. }) => {
            Err(CliError::new(Exit::Failed, format!("sweep '{name}': {text}")))
        }
        None if is_driven => Err(CliError::new(
            Exit::Later,
            format!("sweep '{name}' has not answered within {} s", PATIENCE.as_secs()),
        )
        .hint(format!("it stays asked; `derby steer {name} list` tells what becomes of it"))),
        None => {
            if !is_json {
                let next = ui.out.paint(Role::Accent, &format!("derby sweep {}", sweep.file));
                ui.out.line(&format!(" nobody drives it now; taken at the next start: {next}"))?;
            }
            Ok(Exit::Done)
        }
    }
}

fn list(ui: &Ui, store: &Store, sweep: &SweepRow, is_json: bool) -> Result<Exit, CliError> {
    let steering = Steering::of(store, sweep)?;
    let commands = store.commands(sweep.id, SHOWN)?;
    let driver = store.driver(sweep.id)?;
    if is_json {
        ui.out.line(&as_json((sweep, driver.is_some()), &steering, &commands).to_string())?;
        return Ok(Exit::Done);
    }
    let state = match &driver {
        None => "nobody drives it".into(),
        Some(by) => {
            let word = if steering.is_paused { "paused" } else { "at work" };
            format!("{word}, driven by process {} on {}", by.pid, safe(&by.host))
        }
    };
    let name = ui.out.paint(Role::Strong, &safe(&sweep.name));
    ui.out.line(&format!(" {name}   {state}"))?;
    let limit = |limit: Option<String>| limit.unwrap_or_else(|| "no limit".into());
    let trials = limit(steering.trials.or(sweep.total).map(count));
    let time = limit(steering.time.map(super::text::duration));
    let jobs = steering.jobs.map_or_else(|| "not started".into(), |jobs| jobs.to_string());
    ui.out.line(&format!(" trials {trials}   jobs {jobs}   time {time}"))?;
    for (id, (low, high)) in &steering.ranges {
        ui.out.line(&format!(" range  {} {low} … {high}", safe(id)))?;
    }
    for (trial, params) in &steering.waiting {
        ui.out.line(&format!(" waits  trial {trial}   {}", safe(&params.to_string())))?;
    }
    if commands.is_empty() {
        ui.out.line(&ui.out.paint(Role::Muted, " nothing was asked of it"))?;
        return Ok(Exit::Done);
    }
    table(ui, &commands)?;
    Ok(Exit::Done)
}

fn table(ui: &Ui, commands: &[PastCommand]) -> Result<(), CliError> {
    let columns = [
        Column::fixed("command", false),
        Column::optional("by", false, 3),
        Column::optional("asked", true, 2),
        Column::fixed("answer", false),
    ];
    let row = |past: &PastCommand| -> Vec<Cell> {
        let command = Steer::of(&past.command)
            .map_or_else(|| past.command.to_string(), |steer| steer.to_string());
        let answer = past.answer.as_ref().and_then(Answer::of);
        let answer = match answer {
            None => "waits".into(),
            Some(Answer { ok: true, text }) => text,
            Some(Answer { text, .. }) => format!("refused: {text}"),
        };
        vec![
            command.into(),
            past.command["by"].as_str().unwrap_or_default().to_string().into(),
            age(host::now_ms() - past.created).into(),
            answer.into(),
        ]
    };
    let rows: Vec<_> = commands.iter().map(row).collect();
    for line in draw(&ui.out, &columns, &rows).lines {
        ui.out.line(&line)?;
    }
    Ok(())
}

fn as_json(
    (sweep, is_driven): (&SweepRow, bool),
    steering: &Steering,
    commands: &[PastCommand],
) -> serde_json::Value {
    let range = |(id, (low, high)): (&String, &(f64, f64))| serde_json::json!({ "parameter": id, "low": low, "high": high });
    let waits = |(trial, params): (&u64, &crate::domain::Params)| serde_json::json!({ "trial": trial, "params": params });
    let command = |past: &PastCommand| {
        serde_json::json!({
            "id": past.id, "command": past.command, "created": past.created,
            "acknowledged": past.acknowledged, "answer": past.answer,
        })
    };
    serde_json::json!({
        "sweep": sweep.name,
        "is_driven": is_driven,
        "is_paused": is_driven && steering.is_paused,
        "trials": steering.trials.or(sweep.total),
        "jobs": steering.jobs,
        "time": steering.time,
        "ranges": steering.ranges.iter().map(range).collect::<Vec<_>>(),
        "waiting": steering.waiting.iter().map(waits).collect::<Vec<_>>(),
        "commands": commands.iter().map(command).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_can_be_so_many_more() {
        let check = |text: &str, so_far: Option<u64>, total: Option<u64>| {
            assert_eq!(total_of(text, so_far).ok(), total, "{text}");
        };
        check("80", None, Some(80));
        check("+20", Some(60), Some(80));
        check("+20", None, None);
        check("-3", Some(9), None);
        check("+18446744073709551615", Some(9), None);
        check("many", Some(9), None);
    }
}
