//! `derby show`: everything about one run, or one sweep.

use super::args::ShowArgs;
use super::best::best_runs;
use super::listing::{Shape, status, table, tags};
use super::out::{Role, pad, safe};
use super::sweeps;
use super::text::{age, count, duration, measured};
use super::{CliError, Exit, Ui};
use crate::domain::{GitState, RunRecord, Status, Summary, Value, format_number};
use crate::host;
use crate::store::{Store, StoreError, SweepRow};
use std::path::Path;

/// Best runs that a sweep shows.
const SHOWN_BEST: usize = 5;
/// Fold scores that stand beside a metric before they are cut.
const SHOWN_FOLDS: usize = 10;

pub(super) fn run(ui: &Ui, args: &ShowArgs) -> Result<Exit, CliError> {
    let store = ui.read_store()?;
    if let Some(name) = args.reference.strip_prefix("sweep:") {
        return show_sweep(ui, &store, &store.sweep(name)?, args.json);
    }
    match store.run(&args.reference) {
        Ok(run) => show_run(ui, &store, &run, args.json),
        // A bare name may be a sweep's: the run's error stands if it is neither.
        Err(error @ StoreError::NoSuchRun { .. }) => match store.sweep(&args.reference) {
            Ok(sweep) => show_sweep(ui, &store, &sweep, args.json),
            Err(_) => Err(error.into()),
        },
        Err(error) => Err(error.into()),
    }
}

fn line(ui: &Ui, label: &str, text: &str) -> Result<(), CliError> {
    if text.is_empty() {
        return Ok(());
    }
    ui.out.line(&format!(" {}  {text}", ui.out.paint(Role::Muted, &pad(label, 11, false))))?;
    Ok(())
}

fn show_run(ui: &Ui, store: &Store, run: &RunRecord, json: bool) -> Result<Exit, CliError> {
    let environment = store.environment(run.id)?;
    if json {
        let mut value = serde_json::to_value(run).map_err(std::io::Error::other)?;
        value["env"] = serde_json::json!(environment.env);
        value["source"] = serde_json::json!(environment.source);
        value["points"] = serde_json::json!(store.all_points(run.id)?);
        ui.out.line(&value.to_string())?;
        return Ok(Exit::Done);
    }
    let shown = status(run.status);
    let binned = if run.deleted { "   in the bin" } else { "" };
    ui.out.line(&format!(
        " {} {}   {}{binned}",
        ui.out.paint(Role::Strong, &format!("run {}", run.id)),
        safe(&run.name),
        ui.out.paint(shown.role, &shown.text),
    ))?;
    line(ui, "reason", &safe(run.reason.as_deref().unwrap_or_default()))?;
    let place = match (&run.sweep, run.trial) {
        (Some(sweep), Some(trial)) => {
            format!("{}   trial {trial}, attempt {}", safe(sweep), run.attempt)
        }
        _ => safe(&run.experiment),
    };
    line(ui, "sweep", &place)?;
    params(ui, run)?;
    let sweep = run.sweep.as_deref().map(|name| store.sweep(name)).transpose()?;
    let objective = sweep.as_ref().map(|sweep| sweep.objectives[0].metric.as_str());
    metrics(ui, store, run, objective)?;
    surroundings(ui, run, environment.source.as_deref())?;
    line(ui, "tags", &safe(&tags(run)))?;
    line(ui, "note", &safe(run.note.as_deref().unwrap_or_default()))?;
    Ok(Exit::Done)
}

fn params(ui: &Ui, run: &RunRecord) -> Result<(), CliError> {
    let width = run.params.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (position, (name, value)) in run.params.iter().enumerate() {
        let label = if position == 0 { "parameters" } else { " " };
        let value = match value {
            Value::Float(value) => format_number(*value, 6),
            value => value.to_string(),
        };
        line(ui, label, &format!("{}  {}", pad(name, width, false), safe(&value)))?;
    }
    Ok(())
}

/// Every metric, the one that the sweep aims at first.
fn metrics(
    ui: &Ui,
    store: &Store,
    run: &RunRecord,
    objective: Option<&str>,
) -> Result<(), CliError> {
    let mut shown: Vec<(&String, &Summary)> = run.metrics.iter().collect();
    shown.sort_by_key(|(name, _)| Some(name.as_str()) != objective);
    let width = run.metrics.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    for (position, (name, summary)) in shown.into_iter().enumerate() {
        let label = if position == 0 { "metrics" } else { " " };
        let folds = fold_scores(store, run, name)?;
        let text = format!("{}  {}{folds}", pad(name, width, false), score(name, summary));
        line(ui, label, &text)?;
    }
    Ok(())
}

/// The score and, for more than one value, their spread.
fn score(name: &str, summary: &Summary) -> String {
    let spread = match summary.sd {
        sd if sd.is_finite() => format!(" ± {}", measured(name, sd, 2)),
        _ => String::new(),
    };
    pad(&format!("{}{spread}", measured(name, summary.score, 4)), 18, false)
}

fn fold_scores(store: &Store, run: &RunRecord, metric: &str) -> Result<String, CliError> {
    let points = store.series(run.id, metric)?;
    let folds: Vec<String> = points
        .iter()
        .filter(|point| point.context.starts_with("fold="))
        .map(|point| measured(metric, point.value, 4))
        .collect();
    if folds.is_empty() {
        return Ok(String::new());
    }
    let more = if folds.len() > SHOWN_FOLDS { " …" } else { "" };
    Ok(format!("  folds {}{more}", folds[..folds.len().min(SHOWN_FOLDS)].join("  ")))
}

fn surroundings(ui: &Ui, run: &RunRecord, source: Option<&str>) -> Result<(), CliError> {
    let short = |hash: &str| format!("b3:{}", &hash[..hash.len().min(6)]);
    if let Some(hash) = &run.data_hash {
        let rows = run.rows.map(|rows| format!("   {} rows", count(rows))).unwrap_or_default();
        let schema = run.schema_hash.as_deref().map(|hash| format!("   schema {}", short(hash)));
        let split = run.split.as_deref().map(|hash| format!("   split {}", short(hash)));
        line(
            ui,
            "data",
            &format!(
                "{}   {}{rows}{}{}",
                safe(source.unwrap_or_default()),
                short(hash),
                schema.unwrap_or_default(),
                split.unwrap_or_default()
            ),
        )?;
    }
    let seed = run.seed.map(|seed| format!("seed {seed}   ")).unwrap_or_default();
    line(ui, "code", &format!("{seed}{}derby {}", git(run.git.as_ref()), run.version))?;
    line(ui, "where", &format!("{} on {}", safe(&run.user), safe(&run.host)))?;
    line(ui, "command", &safe(&command(&run.argv)))?;
    if let Some(from) = run.cached_from {
        line(ui, "taken from", &format!("run {from}: equal data, split, parameters and seed"))?;
    }
    let started = run
        .started
        .map(|at| format!("{} ({} ago)", host::clock::iso(at), age(host::now_ms() - at)));
    let took = run.seconds.map(|s| format!("   took {}", duration(s))).unwrap_or_default();
    let cpu = run.cpu_seconds.map(|s| format!("   CPU {}", duration(s))).unwrap_or_default();
    line(ui, "when", &format!("{}{took}{cpu}", started.unwrap_or_default()))
}

/// The command line as it is typed, without the folder of the program.
fn command(argv: &[String]) -> String {
    let Some((program, rest)) = argv.split_first() else { return String::new() };
    let name = Path::new(program).file_name().map(|name| name.to_string_lossy());
    let name = name.unwrap_or_else(|| program.into());
    std::iter::once(&*name).chain(rest.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

fn git(git: Option<&GitState>) -> String {
    let Some(git) = git else { return String::new() };
    let branch = git.branch.as_ref().map(|branch| format!(" on {branch}")).unwrap_or_default();
    let dirty = if git.dirty { ", with uncommitted changes" } else { "" };
    let commit: String = git.commit.chars().take(7).collect();
    format!("commit {commit}{}{dirty}   ", safe(&branch))
}

fn show_sweep(ui: &Ui, store: &Store, sweep: &SweepRow, json: bool) -> Result<Exit, CliError> {
    let events = store.events(sweep.id)?;
    let objective = &sweep.objectives[0];
    if json {
        let mut value = sweeps::json(sweep);
        value["text"] = sweep.text.clone().into();
        value["events"] = events
            .iter()
            .map(|event| serde_json::json!({ "at": event.ts, "kind": event.kind, "detail": event.detail }))
            .collect();
        ui.out.line(&value.to_string())?;
        return Ok(Exit::Done);
    }
    let name = ui.out.paint(Role::Strong, &format!("sweep {}", safe(&sweep.name)));
    let goal = format!("{} {}", objective.goal.word(), objective.metric);
    ui.out.line(&format!(" {name}   {goal}   {}, seed {}", sweep.sampler, sweep.seed))?;
    let counts: Vec<String> =
        sweep.counts.iter().map(|(status, &n)| format!("{} {}", count(n), status.word())).collect();
    let duplicates = match sweep.duplicates {
        0 => String::new(),
        n => format!(", {} equal skipped", count(n)),
    };
    line(ui, "runs", &format!("{}{duplicates}", counts.join(", ")))?;
    line(ui, "file", &safe(&sweep.file))?;
    line(ui, "time", &duration(store.sweep_seconds(sweep.id)?))?;
    if let Some(last) = events.iter().rev().find(|event| event.kind == "stopped") {
        let text = last.detail["text"].as_str().unwrap_or_default();
        line(ui, "stopped", &format!("{} ago: {}", age(host::now_ms() - last.ts), safe(text)))?;
    }
    let best = best_runs(store, sweep, &objective.metric, objective.goal, SHOWN_BEST)?;
    if !best.is_empty() {
        table(ui, &best, &Shape::of(vec![objective.metric.clone()]))?;
        let next = format!("derby show {} · derby runs sweep:{}", best[0].id, sweep.name);
        ui.out.line(&format!(" next  {}", ui.out.paint(Role::Accent, &safe(&next))))?;
    } else if sweep.counts.contains_key(&Status::Failed) {
        let next =
            format!("derby runs 'sweep:{} status:failed' --columns model,reason", sweep.name);
        ui.out.line(&format!(" next  {}", ui.out.paint(Role::Accent, &safe(&next))))?;
    }
    Ok(Exit::Done)
}
