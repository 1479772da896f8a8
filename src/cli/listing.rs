//! Runs as rows: which columns, in which order, as a table, JSON, JSON lines or CSV.

use super::args::Format;
use super::csv_text::CsvText;
use super::out::{Role, safe};
use super::replicates::Merged;
use super::runs::{by_name, own_metrics};
use super::table::{Cell, Column, draw};
use super::text::{age, duration, measured, params};
use super::{CliError, Ui};
use crate::domain::{RunRecord, Status, Summary, Value, format_number};
use crate::host;
use crate::store::Field;
use indexmap::IndexSet;
use std::collections::BTreeMap;

/// The column that says how many replicates a row stands for.
const N: &str = "n";
/// Where runs of several aims have their score.
const SCORE: usize = 3;

/// What a table shows beside the runs' numbers.
pub(super) struct Shape {
    /// Metrics to show, first the one that ranks.
    pub(super) metrics: Vec<String>,
    /// Columns that the user asked for; they replace all others.
    pub(super) columns: Vec<String>,
    /// True to show parameters that are equal in all rows.
    pub(super) all: bool,
    /// Where runs of sweeps with different aims stand together: the metric of each sweep.
    pub(super) aims: BTreeMap<String, String>,
    /// Rows that stand for several replicates.
    pub(super) merged: Merged,
    /// True to tell the replicates of a trial apart.
    pub(super) each: bool,
}

impl Shape {
    /// The columns that runs of one aim call for.
    pub(super) fn of(metrics: Vec<String>) -> Self {
        Self {
            metrics,
            columns: Vec::new(),
            all: false,
            aims: BTreeMap::new(),
            merged: Merged::new(),
            each: false,
        }
    }
}

/// Columns that a table does not show.
pub(super) struct Hidden {
    /// Parameters on which all rows agree.
    pub(super) equal: Vec<String>,
    /// Columns for which the terminal is too narrow.
    pub(super) no_room: Vec<String>,
}

/// Prints runs in one of the machine formats; false if none was asked for.
pub(super) fn machine(ui: &Ui, format: Format, runs: &[RunRecord]) -> Result<bool, CliError> {
    if format.json {
        ui.out.line(&serde_json::to_string(runs).map_err(std::io::Error::other)?)?;
    } else if format.jsonl {
        for run in runs {
            ui.out.line(&serde_json::to_string(run).map_err(std::io::Error::other)?)?;
        }
    } else if format.csv {
        ui.out.raw(&csv_text(runs)?)?;
    }
    Ok(format.is_machine())
}

/// One row a run; parameters and metrics keep their prefix, so that no two columns share a name.
fn csv_text(runs: &[RunRecord]) -> Result<String, CliError> {
    let params: IndexSet<&str> =
        runs.iter().flat_map(|run| run.params.iter().map(|(name, _)| name)).collect();
    let metrics: IndexSet<&str> =
        runs.iter().flat_map(|run| run.metrics.keys().map(String::as_str)).collect();
    let fixed =
        ["id", "uuid", "name", "experiment", "sweep", "trial", "attempt", "status", "reason"];
    let last =
        ["note", "data_hash", "seed", "version", "user", "host", "started", "ended", "seconds"];
    let mut writer = CsvText::new();
    let header = fixed.iter().map(ToString::to_string);
    let header = header.chain(params.iter().map(|name| format!("params.{name}")));
    let header = header.chain(metrics.iter().map(|name| format!("metrics.{name}")));
    writer.row(header.chain(last.iter().map(ToString::to_string)))?;
    for run in runs {
        let mut row: Vec<String> = fixed.iter().map(|name| attribute(run, name)).collect();
        let param = |name: &&str| run.params.get(name).map(Value::to_string).unwrap_or_default();
        row.extend(params.iter().map(param));
        let metric = |name: &&str| run.metrics.get(*name).map(|m| m.score.to_string());
        row.extend(metrics.iter().map(|name| metric(name).unwrap_or_default()));
        row.extend(last.iter().map(|name| attribute(run, name)));
        writer.row(row)?;
    }
    writer.finish()
}

/// One row a run with the columns that the user asked for, named as asked, values whole.
pub(super) fn csv_of(runs: &[RunRecord], columns: &[String]) -> Result<String, CliError> {
    let mut writer = CsvText::new();
    writer.row(columns)?;
    for run in runs {
        let row: Vec<String> = columns.iter().map(|name| exact(run, name)).collect();
        writer.row(row)?;
    }
    writer.finish()
}

/// The value of a column with all its digits; empty where the run has none. A name means what it means to
/// filters and sort orders.
fn exact(run: &RunRecord, name: &str) -> String {
    let score = |name: &str| run.metrics.get(name).map(|summary| summary.score.to_string());
    let param = |name: &str| run.params.get(name).map(Value::to_string);
    let whole = |value: &Option<String>| value.clone().unwrap_or_default();
    match by_name(name, false) {
        Ok((Field::Metric(name), _)) => score(&name).unwrap_or_default(),
        Ok((Field::Param(name), _)) => param(&name).unwrap_or_default(),
        Ok((Field::Name(name), _)) if name == "tags" => tags(run),
        Ok((Field::Name(name), _)) => score(&name).or_else(|| param(&name)).unwrap_or_default(),
        Ok((Field::Attribute(known), _)) => match known.word() {
            // Tables cut these to what fits; a reader of CSV wants to join by them.
            "data" => whole(&run.data_hash),
            "schema" => whole(&run.schema_hash),
            "split" => whole(&run.split),
            "commit" => run.git.as_ref().map(|git| git.commit.clone()).unwrap_or_default(),
            word => attribute(run, word),
        },
        // Columns were checked before.
        Err(_) => String::new(),
    }
}

/// An attribute as text; empty where the run has none.
fn attribute(run: &RunRecord, name: &str) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let short =
        |value: &Option<String>| value.iter().flat_map(|hash| hash.chars().take(7)).collect();
    let git = run.git.as_ref();
    let number = |value: Option<String>| value.unwrap_or_default();
    match name {
        "id" => run.id.to_string(),
        "uuid" => run.uuid.clone(),
        "name" => run.name.clone(),
        "experiment" => run.experiment.clone(),
        "sweep" => text(&run.sweep),
        "trial" => number(run.trial.map(|n| n.to_string())),
        "attempt" => run.attempt.to_string(),
        "replicate" => run.replicate.to_string(),
        "exit_code" => number(run.exit_code.map(|code| code.to_string())),
        "exit_signal" => number(run.exit_signal.map(|signal| signal.to_string())),
        "status" => run.status.word().into(),
        "reason" => text(&run.reason),
        "note" => text(&run.note),
        "data_hash" => text(&run.data_hash),
        "seed" => number(run.seed.map(|n| n.to_string())),
        "version" => run.version.clone(),
        "user" => run.user.clone(),
        "host" => run.host.clone(),
        "started" => number(run.started.map(host::clock::iso)),
        "ended" => number(run.ended.map(host::clock::iso)),
        "seconds" => number(run.seconds.map(|s| s.to_string())),
        "cpu_seconds" => number(run.cpu_seconds.map(|s| s.to_string())),
        "data" => short(&run.data_hash),
        "schema" => short(&run.schema_hash),
        "split" => short(&run.split),
        "rows" => number(run.rows.map(|n| n.to_string())),
        "commit" => number(git.map(|git| git.commit.chars().take(7).collect())),
        "branch" => number(git.and_then(|git| git.branch.clone())),
        "dirty" => number(git.map(|git| git.dirty.to_string())),
        "cached" => run.cached_from.is_some().to_string(),
        "tags" => tags(run),
        _ => String::new(),
    }
}

pub(super) fn tags(run: &RunRecord) -> String {
    let tag = |(key, value): (&String, &String)| match value.as_str() {
        "" => key.clone(),
        value => format!("{key}={value}"),
    };
    run.tags.iter().map(tag).collect::<Vec<_>>().join(" ")
}

/// Draws a table of runs; what it hides, for the line below it.
pub(super) fn table(ui: &Ui, runs: &[RunRecord], shape: &Shape) -> Result<Hidden, CliError> {
    if !shape.aims.is_empty() {
        return mixed(ui, runs, shape);
    }
    let (names, equal) = columns(runs, shape);
    let total = names.len();
    let spec: Vec<Column> = names
        .iter()
        .enumerate()
        .map(|(position, name)| match name.as_str() {
            "run" => Column::fixed("run", true),
            name @ ("reason" | "note") if position == 1 => Column::filling(name, 0),
            name if position == 1 => Column::fixed(name, is_right(runs, name)),
            name if shape.metrics.first().is_some_and(|metric| metric == name) => {
                Column::fixed(name, true)
            }
            // Sentences take what room there is.
            name @ ("reason" | "note") => Column::filling(name, position),
            // Parameters go before time and age: those two stand last and tell the least.
            name @ ("age" | "time") => Column::optional(name, true, total + position),
            name => Column::optional(name, is_right(runs, name), position),
        })
        .collect();
    let rows: Vec<Vec<Cell>> =
        runs.iter().map(|run| names.iter().map(|name| cell(run, name, shape)).collect()).collect();
    let drawn = draw(&ui.out, &spec, &rows);
    for line in drawn.lines {
        ui.out.line(&line)?;
    }
    Ok(Hidden { equal, no_room: drawn.dropped })
}

/// Runs of several aims: each with its own score, and the parameters in one column, since most would be
/// empty in columns of their own.
fn mixed(ui: &Ui, runs: &[RunRecord], shape: &Shape) -> Result<Hidden, CliError> {
    let mut columns = vec![
        Column::fixed("run", true),
        Column::fixed("sweep", false),
        Column::fixed("status", false),
        Column::fixed("score", true),
        Column::optional("metric", false, 3),
        Column::filling("parameters", 1),
        Column::optional("time", true, 5),
        Column::optional("age", true, 4),
    ];
    let row = |run: &RunRecord| -> Vec<Cell> {
        let sweep = run.sweep.clone().unwrap_or_default();
        let aim = shape.aims.get(&sweep).map(String::as_str);
        let aim = aim.or_else(|| own_metrics(run).next()).unwrap_or_default();
        let score = run.metrics.get(aim).map(|summary| score(run, aim, summary, shape));
        let params = params(&run.params);
        let mut row = vec![
            run.id.to_string().into(),
            sweep.into(),
            status(run.status),
            score.unwrap_or_default().into(),
            aim.into(),
            params.into(),
            cell(run, "time", shape),
            cell(run, "age", shape),
        ];
        if !shape.merged.is_empty() {
            row.insert(SCORE + 1, cell(run, N, shape));
        }
        row
    };
    if !shape.merged.is_empty() {
        columns.insert(SCORE + 1, Column::optional(N, true, 2));
    }
    let rows: Vec<_> = runs.iter().map(row).collect();
    let drawn = draw(&ui.out, &columns, &rows);
    for line in drawn.lines {
        ui.out.line(&line)?;
    }
    Ok(Hidden { equal: Vec::new(), no_room: drawn.dropped })
}

/// Columns to show and parameters that are hidden because all rows agree.
fn columns(runs: &[RunRecord], shape: &Shape) -> (Vec<String>, Vec<String>) {
    let mut names: Vec<String> = vec!["run".into()];
    if !shape.columns.is_empty() {
        names.extend(shape.columns.iter().filter(|name| *name != "run" && *name != "id").cloned());
        return (names, Vec::new());
    }
    let mut hidden = Vec::new();
    let differs = |of: &dyn Fn(&RunRecord) -> String| {
        runs.windows(2).any(|pair| of(&pair[0]) != of(&pair[1]))
    };
    let params: IndexSet<&str> =
        runs.iter().flat_map(|run| run.params.iter().map(|(name, _)| name)).collect();
    let param = |run: &RunRecord, name: &str| run.params.get(name).map(Value::to_string);
    let shown = |name: &str| {
        shape.all || runs.len() < 2 || differs(&|run| param(run, name).unwrap_or_default())
    };
    if params.contains("model") {
        names.push("model".into());
    }
    names.extend(shape.metrics.iter().cloned());
    if !shape.merged.is_empty() {
        names.push(N.into());
    }
    if shape.each && runs.iter().any(|run| run.replicate > 0) {
        names.extend(["trial".to_string(), "replicate".to_string()]);
    }
    if differs(&|run| run.sweep.clone().unwrap_or_default()) {
        names.push("sweep".into());
    }
    if runs.iter().any(|run| run.status != Status::Done) {
        names.push("status".into());
    }
    for name in params.into_iter().filter(|name| *name != "model") {
        if shown(name) {
            names.push(name.to_string());
        } else {
            hidden.push(name.to_string());
        }
    }
    if runs.iter().any(|run| !run.tags.is_empty()) {
        names.push("tags".into());
    }
    names.extend(["time".to_string(), "age".to_string()]);
    (names, hidden)
}

fn is_right(runs: &[RunRecord], name: &str) -> bool {
    if matches!(
        name,
        "seconds"
            | "trial"
            | "seed"
            | "attempt"
            | "replicate"
            | "exit_code"
            | "exit_signal"
            | "cpu_seconds"
            | "rows"
            | "time"
            | "age"
            | N
    ) {
        return true;
    }
    let (short, metric) = plain(name);
    let is_param =
        |run: &RunRecord| run.params.get(short).is_some_and(|value| value.as_f64().is_some());
    let number =
        |run: &RunRecord| run.metrics.contains_key(short) || metric.is_none() && is_param(run);
    runs.iter().any(number)
}

/// A name without `params.` and, where it is one, the metric that it means.
fn plain(name: &str) -> (&str, Option<&str>) {
    let metric = name.strip_prefix("metrics.");
    (metric.or_else(|| name.strip_prefix("params.")).unwrap_or(name), metric)
}

/// A score, with the spread over the replicates where a row stands for several.
fn score(run: &RunRecord, metric: &str, summary: &Summary, shape: &Shape) -> String {
    let mean = measured(metric, summary.score, 4);
    match summary.sd {
        sd if sd.is_finite() && shape.merged.contains_key(&run.id) => {
            format!("{mean} ± {}", measured(metric, sd, 2))
        }
        _ => mean,
    }
}

fn cell(run: &RunRecord, name: &str, shape: &Shape) -> Cell {
    match name {
        // A run of its own is one of one.
        N => shape.merged.get(&run.id).copied().unwrap_or(1).to_string().into(),
        "run" => run.id.to_string().into(),
        "status" => status(run.status),
        "time" => run.seconds.map(duration).unwrap_or_default().into(),
        "age" => {
            let at = run.ended.or(run.started);
            Cell {
                text: at.map(|at| age(host::now_ms() - at)).unwrap_or_default(),
                role: Role::Muted,
            }
        }
        _ => {
            let (short, _) = plain(name);
            if !name.starts_with("params.")
                && let Some(summary) = run.metrics.get(short)
            {
                return score(run, short, summary, shape).into();
            }
            match run.params.get(short) {
                Some(Value::Float(value)) => format_number(*value, 4).into(),
                Some(value) => safe(&value.to_string()).into(),
                None => attribute(run, name).into(),
            }
        }
    }
}

/// The status as a word in its color.
pub(super) fn status(status: Status) -> Cell {
    let role = match status {
        Status::Done => Role::Good,
        Status::Failed => Role::Bad,
        Status::Pruned | Status::Killed | Status::Infeasible => Role::Warn,
        Status::Queued | Status::Running => Role::Accent,
    };
    Cell { text: status.word().into(), role }
}
