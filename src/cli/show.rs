//! `derby show`: everything about one run, or one sweep.

use super::args::ShowArgs;
use super::listing::{status, tags};
use super::out::{Role, pad, safe};
use super::show_curves::{CELLS, SYSTEM, curves, system};
use super::show_sweep::show_sweep;
use super::text::{age, bytes, count, duration, measured, signal_name};
use super::{CliError, Exit, Ui};
use crate::domain::{GitState, RunRecord, Summary, Value, fold_scores, format_number};
use crate::host;
use crate::sampler::Chosen;
use crate::spec;
use crate::store::{Artifact, Curve, Store, StoreError};
use std::path::Path;

/// Fold scores that stand beside a metric before they are cut.
const SHOWN_FOLDS: usize = 10;
/// More values are a series.
const MAX_FOLDS: u64 = 10_000;
/// Files that are listed before the rest is counted.
const SHOWN_FILES: usize = 5;
/// The record of the output among a run's files.
pub(super) const OUTPUT: &str = "output.log";

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

pub(super) fn line(ui: &Ui, label: &str, text: &str) -> Result<(), CliError> {
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
        let made_by = store.made_by(run.id)?;
        value["made_by"] = made_by.map_or(
            serde_json::Value::Null,
            |Chosen { arm, why }| serde_json::json!({ "arm": &*arm, "why": why }),
        );
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
    line(ui, "exit", &exit(run))?;
    place(ui, store, run)?;
    if let Some(Chosen { arm, why }) = store.made_by(run.id)? {
        line(ui, "made by", &safe(&format!("{arm}   {why}")))?;
    }
    params(ui, run)?;
    let sweep = run.sweep.as_deref().map(|name| store.sweep(name)).transpose()?;
    let objective = sweep.as_ref().map(|sweep| sweep.objectives[0].metric.as_str());
    let series = store.curves(run.id, CELLS)?;
    metrics(ui, store, run, (objective, &series))?;
    let goals: Vec<_> = sweep.iter().flat_map(|sweep| sweep.objectives.clone()).collect();
    curves(ui, &series, &goals)?;
    system(ui, run, &series)?;
    let files = store.artifacts(run.id)?;
    artifacts(ui, &files)?;
    surroundings(ui, run, environment.source.as_deref())?;
    line(ui, "tags", &safe(&tags(run)))?;
    line(ui, "note", &safe(run.note.as_deref().unwrap_or_default()))?;
    let is_live = !run.status.is_over() && store.run_folder(run.id).exists();
    if is_live || files.iter().any(|file| file.path == OUTPUT) {
        let follow = if is_live { " -f" } else { "" };
        let next = format!("derby logs {}{follow}", run.id);
        ui.out.line(&format!(" next  {}", ui.out.paint(Role::Accent, &next)))?;
    }
    Ok(Exit::Done)
}

/// How the process ended, where the run had one.
fn exit(run: &RunRecord) -> String {
    match (run.exit_code, run.exit_signal) {
        (_, Some(signal)) => match signal_name(signal) {
            Some(name) => format!("{name} (signal {signal})"),
            None => format!("signal {signal}"),
        },
        (Some(code), None) => format!("status {code}"),
        (None, None) => String::new(),
    }
}

/// The sweep and trial that the run belongs to, or its experiment and the run before it.
fn place(ui: &Ui, store: &Store, run: &RunRecord) -> Result<(), CliError> {
    if let (Some(sweep), Some(trial)) = (&run.sweep, run.trial) {
        let is_replicated = !store.replicated(&[run.id])?.is_empty();
        let replicate = is_replicated.then(|| format!(", replicate {}", run.replicate));
        let replicate = replicate.unwrap_or_default();
        let text = format!("{}   trial {trial}{replicate}, attempt {}", safe(sweep), run.attempt);
        return line(ui, "sweep", &text);
    }
    let parent = store.parent(run.id)?;
    let of = match (run.attempt, parent) {
        (2.., Some(before)) => format!("   attempt {}, after run {before}", run.attempt),
        (2.., None) => format!("   attempt {}", run.attempt),
        (_, Some(parent)) => format!("   part of run {parent}"),
        (_, None) => String::new(),
    };
    line(ui, "experiment", &format!("{}{of}", safe(&run.experiment)))
}

fn artifacts(ui: &Ui, files: &[Artifact]) -> Result<(), CliError> {
    let mut shown: Vec<String> = files
        .iter()
        .filter(|file| file.path != OUTPUT)
        .map(|file| format!("{} {}", safe(&file.path), bytes(file.size)))
        .collect();
    if shown.len() > SHOWN_FILES {
        let more = shown.len() - SHOWN_FILES;
        shown.truncate(SHOWN_FILES);
        shown.push(format!("and {} more", count(more as u64)));
    }
    line(ui, "files", &shown.join("   "))
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
    (objective, series): (Option<&str>, &[Curve]),
) -> Result<(), CliError> {
    let own = run.metrics.iter().filter(|(name, _)| !name.starts_with(SYSTEM));
    let mut shown: Vec<(&String, &Summary)> = own.collect();
    shown.sort_by_key(|(name, _)| Some(name.as_str()) != objective);
    let width = shown.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (position, (name, summary)) in shown.into_iter().enumerate() {
        let label = if position == 0 { "metrics" } else { " " };
        // The spread along a curve is no uncertainty of its end.
        let is_series = series.iter().any(|curve| curve.metric == *name && curve.n > 1);
        let folds = scores_of_folds(store, run, name)?;
        let name_shown = pad(&safe(name), width, false);
        let text = format!("{name_shown}  {}{folds}", score(name, summary, is_series));
        line(ui, label, text.trim_end())?;
    }
    Ok(())
}

/// The score and, for more than one value, their spread.
fn score(name: &str, summary: &Summary, is_series: bool) -> String {
    let spread = match summary.sd {
        sd if sd.is_finite() && !is_series => format!(" ± {}", measured(name, sd, 2)),
        _ => String::new(),
    };
    pad(&format!("{}{spread}", measured(name, summary.score, 4)), 18, false)
}

/// The scores of the folds, where the summary is of one score a fold.
fn scores_of_folds(store: &Store, run: &RunRecord, metric: &str) -> Result<String, CliError> {
    let n = run.metrics.get(metric).map_or(0, |summary| summary.n);
    if n > MAX_FOLDS {
        return Ok(String::new());
    }
    let points = store.series(run.id, metric)?;
    let scores = fold_scores(&points);
    let folds: Vec<String> = scores.iter().map(|point| measured(metric, point.value, 4)).collect();
    if folds.is_empty() || folds.len() as u64 != n {
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
    let words: Vec<&str> = std::iter::once(&*name).chain(rest.iter().map(String::as_str)).collect();
    spec::shell_words(&words)
}

fn git(git: Option<&GitState>) -> String {
    let Some(git) = git else { return String::new() };
    let branch = git.branch.as_ref().map(|branch| format!(" on {branch}")).unwrap_or_default();
    let dirty = if git.dirty { ", with uncommitted changes" } else { "" };
    let commit: String = git.commit.chars().take(7).collect();
    format!("commit {commit}{}{dirty}   ", safe(&branch))
}
