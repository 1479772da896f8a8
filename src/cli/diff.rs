//! `derby diff`: two or more runs side by side, differences first.

use super::args::DiffArgs;
use super::csv_text::CsvText;
use super::out::{Role, cells, cut, pad, safe};
use super::text::{measured, value_text};
use super::{CliError, Exit, Ui};
use crate::compare::{Difference, PairedTest, corrected_t, differences};
use crate::domain::{RunRecord, Status, Value, fold_scores, format_number};
use crate::store::Store;
use indexmap::IndexSet;

/// Cells wider than this are cut.
const MAX_CELL: usize = 28;
/// No cell is cut below this.
const MIN_CELL: usize = 4;

/// A row of the table: one cell a run, and for two runs what lies between them.
struct Line {
    label: String,
    cells: Vec<String>,
    difference: String,
    p: String,
}

impl Line {
    fn new(label: String, cells: Vec<String>) -> Self {
        Self { label, cells, difference: String::new(), p: String::new() }
    }
}

/// One metric of all runs.
struct MetricRow {
    name: String,
    scores: Vec<Option<f64>>,
    test: Option<PairedTest>,
}

pub(super) fn run(ui: &Ui, args: &DiffArgs) -> Result<Exit, CliError> {
    let store = ui.read_store()?;
    let runs =
        args.runs.iter().map(|reference| store.run(reference)).collect::<Result<Vec<_>, _>>()?;
    let shown: Vec<&RunRecord> = runs.iter().collect();
    let params = differences(&shown);
    let metrics = metric_rows(&store, &runs)?;
    let facts = facts(&runs);
    if args.json {
        ui.out.line(&json(&runs, &params, &metrics, &facts).to_string())?;
        return Ok(Exit::Done);
    }
    if args.csv {
        return csv(ui, &runs, &params, &metrics, &facts);
    }
    let keep = |row: &&Difference| args.all || !row.is_equal();
    let mut lines = vec![Line {
        label: String::new(),
        cells: runs.iter().map(|run| run.id.to_string()).collect(),
        difference: if runs.len() == 2 { "difference".into() } else { String::new() },
        p: if metrics.iter().any(|row| row.test.is_some()) { "p".into() } else { String::new() },
    }];
    lines.extend(params.iter().filter(keep).map(param_line));
    lines.extend(metrics.iter().map(|row| metric_line(row, runs.len())));
    let known = |values: &[String]| values.iter().any(|value| value != "·");
    lines.extend(facts.iter().filter(|(_, values)| known(values)).map(fact_line));
    print(ui, &lines)?;
    footer(ui, &metrics, params.iter().filter(|row| !keep(row)))?;
    Ok(Exit::Done)
}

/// What the p values are, and what is hidden.
fn footer<'a>(
    ui: &Ui,
    metrics: &[MetricRow],
    hidden: impl Iterator<Item = &'a Difference>,
) -> Result<(), CliError> {
    if let Some(test) = metrics.iter().find_map(|row| row.test) {
        let text = format!(
            " p: corrected resampled t-test on {} folds; 0.05 or more shows no difference",
            test.n
        );
        ui.out.line(&ui.out.paint(Role::Muted, &text))?;
    }
    let hidden: Vec<&str> = hidden.map(|row| row.name.as_str()).collect();
    if !hidden.is_empty() {
        let text = format!(" equal and hidden: {} (--all)", safe(&hidden.join(", ")));
        ui.out.line(&ui.out.paint(Role::Muted, &text))?;
    }
    Ok(())
}

fn param_line(row: &Difference) -> Line {
    let cell = |value: &Option<Value>| {
        value.as_ref().map_or("·".into(), |value| safe(&value_text(value)))
    };
    Line::new(safe(&row.name), row.values.iter().map(cell).collect())
}

/// Scores, and for two runs their difference and whether the folds show one.
fn metric_line(row: &MetricRow, n_runs: usize) -> Line {
    let cell =
        |score: &Option<f64>| score.map_or("·".into(), |score| measured(&row.name, score, 4));
    let mut line = Line::new(safe(&row.name), row.scores.iter().map(cell).collect());
    if let (2, [Some(a), Some(b)]) = (n_runs, &row.scores[..]) {
        let sign = if b > a { "+" } else { "" };
        line.difference = format!("{sign}{}", measured(&row.name, b - a, 2));
        line.p = row.test.map(|test| p_value(test.p)).unwrap_or_default();
    }
    line
}

fn p_value(p: f64) -> String {
    if p < 0.001 { "< 0.001".into() } else { format_number(p, 2) }
}

fn fact_line((name, values): &(String, Vec<String>)) -> Line {
    let equal = values.windows(2).all(|pair| pair[0] == pair[1]);
    let cells = if equal {
        let same = values[1..].iter().map(|_| "=".to_string());
        std::iter::once(values[0].clone()).chain(same).collect()
    } else {
        values.clone()
    };
    Line::new(name.clone(), cells)
}

/// Draws the lines, the runs' cells as wide as the terminal lets them be.
fn print(ui: &Ui, lines: &[Line]) -> Result<(), CliError> {
    let widest = |of: &dyn Fn(&Line) -> usize| lines.iter().map(of).max().unwrap_or(0);
    let name = widest(&|line| cells(&line.label)).min(MAX_CELL);
    let (difference, p) = (widest(&|line| cells(&line.difference)), widest(&|line| cells(&line.p)));
    let natural: Vec<usize> =
        (0..lines[0].cells.len()).map(|run| widest(&|line| cells(&line.cells[run]))).collect();
    let others =
        1 + name + if difference > 0 { 2 + difference } else { 0 } + if p > 0 { 2 + p } else { 0 };
    let total =
        |most: usize| others + natural.iter().map(|&width| 2 + width.min(most)).sum::<usize>();
    let most = (MIN_CELL..=MAX_CELL).rev().find(|&most| total(most) <= ui.out.width());
    let most = most.unwrap_or(MIN_CELL);
    for (position, line) in lines.iter().enumerate() {
        let shown: Vec<String> = line
            .cells
            .iter()
            .zip(&natural)
            .map(|(cell, &width)| pad(&cut(cell, most), width.min(most), true))
            .collect();
        let role = if position == 0 { Role::Strong } else { Role::Text };
        let notes =
            format!("{}  {}", pad(&line.difference, difference, true), pad(&line.p, p, true));
        let text = format!(
            " {}  {}  {}",
            pad(&cut(&line.label, name), name, false),
            ui.out.paint(role, &shown.join("  ")),
            ui.out.paint(Role::Muted, notes.trim_end())
        );
        ui.out.line(text.trim_end())?;
    }
    Ok(())
}

/// Metrics that at least two runs have, in the order of the first run.
fn metric_rows(store: &Store, runs: &[RunRecord]) -> Result<Vec<MetricRow>, CliError> {
    let names: IndexSet<&String> = runs.iter().flat_map(|run| run.metrics.keys()).collect();
    let mut rows = Vec::new();
    for name in names {
        let scores: Vec<Option<f64>> =
            runs.iter().map(|run| run.metrics.get(name).map(|summary| summary.score)).collect();
        if scores.iter().flatten().count() < 2 {
            continue;
        }
        let test = match runs {
            [a, b] if comparable(a, b) => paired(store, a, b, name)?,
            _ => None,
        };
        rows.push(MetricRow { name: name.clone(), scores, test });
    }
    Ok(rows)
}

/// Fold scores pair up only where both runs saw the same data cut the same way.
fn comparable(a: &RunRecord, b: &RunRecord) -> bool {
    a.split.is_some() && a.split == b.split && a.data_hash == b.data_hash
}

fn paired(
    store: &Store,
    a: &RunRecord,
    b: &RunRecord,
    metric: &str,
) -> Result<Option<PairedTest>, CliError> {
    let (first, second) = (store.series(a.id, metric)?, store.series(b.id, metric)?);
    let mut scores = (Vec::new(), Vec::new());
    let (first, second) = (fold_scores(&first), fold_scores(&second));
    for point in &first {
        if let Some(other) = second.iter().find(|other| other.context == point.context) {
            scores.0.push(point.value);
            scores.1.push(other.value);
        }
    }
    // Repeats are named `repeat.fold`: one repeat has as many folds as its first number occurs.
    let repeat = |context: &str| context.split_once('.').map(|(repeat, _)| repeat.to_string());
    let folds = match first.first().map(|point| repeat(&point.context)) {
        Some(Some(name)) => {
            first.iter().filter(|point| repeat(&point.context).as_ref() == Some(&name)).count()
        }
        _ => scores.0.len(),
    };
    Ok(corrected_t(&scores.0, &scores.1, folds))
}

/// What else may differ: the data, the split, the code.
fn facts(runs: &[RunRecord]) -> Vec<(String, Vec<String>)> {
    let short = |hash: &Option<String>| {
        hash.as_ref().map_or("·".into(), |hash| format!("b3:{}", &hash[..hash.len().min(6)]))
    };
    let row = |name: &str, of: &dyn Fn(&RunRecord) -> String| {
        (name.to_string(), runs.iter().map(of).collect::<Vec<_>>())
    };
    let mut facts = vec![
        row("data", &|run| short(&run.data_hash)),
        row("split", &|run| short(&run.split)),
        row("seed", &|run| run.seed.map_or("·".into(), |seed| seed.to_string())),
        row("code", &|run| {
            let dirty = |git: &crate::domain::GitState| if git.dirty { "+" } else { "" };
            run.git.as_ref().map_or("·".into(), |git| {
                format!("{}{}", git.commit.chars().take(7).collect::<String>(), dirty(git))
            })
        }),
        row("derby", &|run| run.version.clone()),
    ];
    // A better score that breaks a constraint is not the better run.
    if runs.iter().any(|run| run.status == Status::Infeasible) {
        facts.insert(0, row("status", &|run| run.status.word().into()));
    }
    facts
}

fn json(
    runs: &[RunRecord],
    params: &[Difference],
    metrics: &[MetricRow],
    facts: &[(String, Vec<String>)],
) -> serde_json::Value {
    let params: serde_json::Map<String, serde_json::Value> = params
        .iter()
        .map(|row| {
            let value = serde_json::json!({ "values": row.values, "equal": row.is_equal() });
            (row.name.clone(), value)
        })
        .collect();
    let test = |test: PairedTest| serde_json::json!({ "difference": test.difference, "p": test.p, "folds": test.n });
    let metrics: serde_json::Map<String, serde_json::Value> = metrics
        .iter()
        .map(|row| {
            let value =
                serde_json::json!({ "scores": row.scores, "corrected_t": row.test.map(test) });
            (row.name.clone(), value)
        })
        .collect();
    let facts: serde_json::Map<String, serde_json::Value> =
        facts.iter().map(|(name, values)| (name.clone(), values.clone().into())).collect();
    let ids: Vec<_> = runs.iter().map(|run| run.id).collect();
    serde_json::json!({ "runs": ids, "params": params, "metrics": metrics, "facts": facts })
}

fn csv(
    ui: &Ui,
    runs: &[RunRecord],
    params: &[Difference],
    metrics: &[MetricRow],
    facts: &[(String, Vec<String>)],
) -> Result<Exit, CliError> {
    let mut writer = CsvText::new();
    let header = ["kind".to_string(), "name".to_string()].into_iter();
    let mut rows = vec![header.chain(runs.iter().map(|run| run.id.to_string())).collect()];
    let row = |kind: &str, name: &str, cells: Vec<String>| {
        let head = [kind.to_string(), name.to_string()].into_iter();
        head.chain(cells).collect::<Vec<String>>()
    };
    for param in params {
        let cell = |value: &Option<Value>| value.as_ref().map(Value::to_string).unwrap_or_default();
        rows.push(row("param", &param.name, param.values.iter().map(cell).collect()));
    }
    for metric in metrics {
        let cell = |score: &Option<f64>| score.map(|score| score.to_string()).unwrap_or_default();
        rows.push(row("metric", &metric.name, metric.scores.iter().map(cell).collect()));
    }
    for (name, values) in facts {
        rows.push(row("fact", name, values.clone()));
    }
    for row in rows {
        writer.row(row)?;
    }
    ui.out.raw(&writer.finish()?)?;
    Ok(Exit::Done)
}
