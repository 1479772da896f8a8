//! The comparison as files: Markdown, JSON, SVG, with the numbers that are shown.

use super::super::Shared;
use super::finding::{ALPHA, MetricRow, Score, Word, ground};
use super::look::View;
use super::scores::p_value;
use super::sheets::{self, Columns, FactRow};
use super::{Compare, Slow};
use crate::domain::{Goal, RunRecord, Value};
use crate::gate::CheckStatus;
use crate::plot::{
    CurveLine, Curves, Figure, GateInterval, GateRow, GateWords, PlotError, RankKind, Ranking,
    Stand,
};
use crate::report::words;
use crate::tui::effect::{Effect, Tone};
use crate::tui::paint::clean;
use serde_json::json;
use std::fmt::Write;

/// Three files beside here; what cannot be drawn is said.
pub(super) fn files(state: &Compare, shared: &Shared) -> Vec<Effect> {
    if !state.is_read {
        return vec![Effect::Say(Tone::Bad, "the runs are being read; try again".into())];
    }
    let json = serde_json::to_string_pretty(&json(state)).unwrap_or_default() + "\n";
    let mut files = vec![
        ("compare.md".to_string(), markdown(state, shared).into_bytes()),
        ("compare.json".to_string(), json.into_bytes()),
    ];
    let mut note = String::new();
    match svg(state) {
        Ok(text) => files.push(("compare.svg".into(), text.into_bytes())),
        Err(why) => note = format!("no compare.svg: {why}"),
    }
    vec![Effect::SaveAll { folder: shared.here.clone(), files, note }]
}

/// Foreign text in a cell of a Markdown table.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for char in clean(text).chars() {
        match char {
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '$' | '#' => {
                out.push('\\');
                out.push(char);
            }
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            // A zero-width space keeps a forge from making a mention of it.
            '@' => out.push_str("@\u{200b}"),
            other => out.push(other),
        }
    }
    out
}

fn line(out: &mut String, cells: impl IntoIterator<Item = String>) {
    let cells: Vec<String> = cells.into_iter().collect();
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

/// A table's head: names at the left, numbers at the right.
fn head(out: &mut String, titles: &[&str], n_left: usize) {
    line(out, titles.iter().map(|title| cell(title)));
    let rule = |at: usize| if at < n_left { "---" } else { "---:" };
    line(out, (0..titles.len()).map(|at| rule(at).to_string()));
}

/// The comparison as Markdown.
pub(super) fn markdown(state: &Compare, shared: &Shared) -> String {
    let columns = state.columns();
    let mut out = String::from("# Comparison of runs\n\n");
    head(&mut out, &["", "run", "name", "model", "sweep", "state"], 6);
    for (letter, id, found) in &columns {
        let run = found.map(|found| &found.record);
        let of = |get: &dyn Fn(&RunRecord) -> String| run.map_or("gone".into(), get);
        let model =
            |run: &RunRecord| run.params.get("model").map(Value::to_string).unwrap_or_default();
        let status = |run: &RunRecord| match shared.catalog.champions.get(id) {
            Some(of) => format!("{}, champion of {of}", run.status.word()),
            None => run.status.word().to_string(),
        };
        let cells = [
            letter.to_string(),
            id.to_string(),
            of(&|run| run.name.clone()),
            of(&model),
            of(&|run| run.sweep.clone().unwrap_or_default()),
            of(&status),
        ];
        line(&mut out, cells.iter().map(|text| cell(text)));
    }
    let (is_same, text) = statement(&columns);
    let _ = writeln!(out, "\n{}{}.\n", if is_same { "" } else { "Note: " }, cell(&text));
    parameters(&mut out, state, &columns);
    metrics(&mut out, state);
    places(&mut out, &columns);
    out
}

fn statement(columns: &Columns<'_>) -> (bool, String) {
    let records: Vec<(char, Option<&RunRecord>)> =
        columns.iter().map(|(at, _, found)| (*at, found.map(|found| &found.record))).collect();
    ground(&records)
}

fn titles(columns: &Columns<'_>, first: &str) -> Vec<String> {
    let letters = columns.iter().map(|column| column.0.to_string());
    std::iter::once(first.to_string()).chain(letters).collect()
}

fn table_of(out: &mut String, titles: &[String], rows: Vec<Vec<String>>) {
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    head(out, &titles, 1);
    for row in rows {
        line(out, row.iter().map(|text| cell(text)));
    }
}

fn parameters(out: &mut String, state: &Compare, columns: &Columns<'_>) {
    let rows = sheets::differing(columns);
    let n = rows.len();
    let kept: Vec<_> = rows.into_iter().filter(|row| state.all || !row.is_equal()).collect();
    let _ = writeln!(out, "## Parameters\n\n{} of {n} shown.\n", kept.len());
    if kept.is_empty() {
        return;
    }
    let row = |row: &crate::compare::Difference| {
        let texts = sheets::value_texts(&row.values);
        let texts = texts.into_iter().map(|text| text.unwrap_or_else(|| "—".into()));
        std::iter::once(row.name.clone()).chain(texts).collect()
    };
    table_of(out, &titles(columns, "parameter"), kept.iter().map(row).collect());
    out.push('\n');
}

fn metrics(out: &mut String, state: &Compare) {
    out.push_str("## Metrics\n\n");
    let names = [
        "metric",
        "run",
        "score",
        "sd",
        "difference to A",
        "95 % interval",
        "p",
        "p (Holm)",
        "says",
    ];
    head(out, &names, 2);
    for row in &state.metrics {
        let arrow = match row.goal {
            Some(Goal::Maximize) => " ↑",
            Some(Goal::Minimize) => " ↓",
            None => "",
        };
        for (score, letter) in row.scores.iter().zip('A'..) {
            let number = |value: Option<f64>| {
                value.map_or("—".into(), |value| words::measured(&row.name, value))
            };
            let signed = |value: f64| sheets::signed(&row.name, value);
            let interval = score
                .interval
                .map(|(low, high)| format!("{} to {}", signed(low), signed(high)))
                .unwrap_or_default();
            let finite = |value: f64| Some(value).filter(|value| value.is_finite());
            let cells = [
                format!("{}{arrow}", row.name),
                letter.to_string(),
                number(score.score),
                finite(score.sd).map(|sd| words::measured_to(&row.name, sd, 2)).unwrap_or_default(),
                score.difference.map(signed).unwrap_or_default(),
                interval,
                score.p.map(p_value).unwrap_or_default(),
                score.holm.map(p_value).unwrap_or_default(),
                score.word.text().to_string(),
            ];
            line(out, cells.iter().map(|text| cell(text)));
        }
    }
    let _ = writeln!(
        out,
        "\nDifferences are against A. p: two-sided corrected resampled t-test over the folds that both runs have \
         (Nadeau and Bengio 2003), then Holm over the runs of a metric; {ALPHA} or more shows no difference. \
         Intervals are of one comparison alone. ↑ higher is better, ↓ lower.\n"
    );
}

fn places(out: &mut String, columns: &Columns<'_>) {
    out.push_str("## Code, data, place\n\n");
    let cells = |row: &FactRow| {
        let values = row.values.iter().map(|value| value.clone().unwrap_or_else(|| "—".into()));
        std::iter::once(row.name.to_string()).chain(values).collect()
    };
    let rows = sheets::facts_of(columns, false);
    table_of(out, &titles(columns, ""), rows.iter().map(cells).collect());
}

/// A number; what is none as a word, since JSON has no number for it.
fn number(value: f64) -> serde_json::Value {
    if value.is_finite() { json!(value) } else { json!(words::number(value)) }
}

fn optional(value: Option<f64>) -> serde_json::Value {
    value.map_or(serde_json::Value::Null, number)
}

/// The comparison as JSON.
pub(super) fn json(state: &Compare) -> serde_json::Value {
    let columns = state.columns();
    let runs: Vec<serde_json::Value> = columns
        .iter()
        .map(|(letter, id, found)| match found {
            None => json!({ "letter": letter, "id": id, "gone": true }),
            Some(found) => {
                let run = &found.record;
                json!({
                    "letter": letter, "id": id, "uuid": run.uuid, "name": run.name,
                    "sweep": run.sweep, "trial": run.trial, "status": run.status,
                    "deleted": run.deleted,
                })
            }
        })
        .collect();
    let params: serde_json::Map<String, serde_json::Value> = sheets::differing(&columns)
        .into_iter()
        .map(|row| {
            let equal = row.is_equal();
            (row.name, json!({ "values": row.values, "equal": equal }))
        })
        .collect();
    let facts: serde_json::Map<String, serde_json::Value> = sheets::facts_of(&columns, false)
        .into_iter()
        .map(|row| (row.name.to_string(), json!(row.values)))
        .collect();
    let (is_same, text) = statement(&columns);
    json!({
        "reference": state.shown.first(),
        "runs": runs,
        "same_data_and_folds": is_same,
        "ground": text,
        "params": params,
        "metrics": state.metrics.iter().map(metric_json).collect::<Vec<_>>(),
        "facts": facts,
    })
}

fn metric_json(row: &MetricRow) -> serde_json::Value {
    let score = |(score, letter): (&Score, char)| {
        let folds: serde_json::Map<String, serde_json::Value> =
            score.folds.iter().map(|(at, value)| (at.clone(), number(*value))).collect();
        json!({
            "run": letter,
            "score": optional(score.score),
            "sd": optional(Some(score.sd).filter(|sd| sd.is_finite())),
            "folds": folds,
            "difference": optional(score.difference),
            "low": optional(score.interval.map(|interval| interval.0)),
            "high": optional(score.interval.map(|interval| interval.1)),
            "p": optional(score.p),
            "p_holm": optional(score.holm),
            "says": score.word.text(),
        })
    };
    json!({
        "name": row.name,
        "goal": row.goal,
        "runs": row.scores.iter().zip('A'..).map(score).collect::<Vec<_>>(),
    })
}

/// The figure of what is shown: curves, ROC, else the intervals of the metric.
pub(super) fn svg(state: &Compare) -> Result<String, PlotError> {
    let columns = state.columns();
    let name = |at: usize| match columns.get(at) {
        Some((letter, id, Some(found))) => {
            format!("{letter}: run {id} {}", super::head::called(&found.record))
        }
        Some((letter, id, None)) => format!("{letter}: run {id}"),
        None => String::new(),
    };
    let title = (0..columns.len()).map(name).collect::<Vec<_>>().join(", ");
    match state.view() {
        View::Roc | View::Pr => {
            let class = match state.ranks() {
                Some(Ok(ranks)) => ranks.classes.get(state.class).map(|of| (ranks, of)),
                _ => None,
            };
            let Some((ranks, of)) = class else {
                return Err(PlotError::Empty("no predictions are read".into()));
            };
            let (kind, by_run) = match state.view() {
                View::Pr => (RankKind::PrecisionRecall, &of.pr),
                _ => (RankKind::Roc, &of.roc),
            };
            let curve = |(at, (_, id, _)): (usize, &(char, _, _))| {
                let mut curve = by_run.get(id)?.clone();
                curve.name = name(at);
                Some(curve)
            };
            let curves = columns.iter().enumerate().filter_map(curve).collect();
            Ranking { title: format!("'{}' of {}", of.class, ranks.target), kind, curves }.svg()
        }
        View::Curves if matches!(&state.curves, Some(Slow { found: Ok(_), .. })) => {
            let metric = state.metric_row().map(|row| row.name.clone()).unwrap_or_default();
            let line = |line: &super::curve::Line| CurveLine {
                label: name(line.column),
                stand: Stand::Own(line.column),
                points: line.points.clone(),
            };
            let lines = state.drawing.lines.iter().map(line).collect();
            let across = state.drawing.x.name().to_string();
            Curves { title, across, metric, lines }.svg()
        }
        _ => intervals(state, &title, name),
    }
}

/// How much better each run is than A, with the interval.
fn intervals(
    state: &Compare,
    title: &str,
    name: impl Fn(usize) -> String,
) -> Result<String, PlotError> {
    let Some(row) = state.metric_row() else {
        return Err(PlotError::Nothing("any metric".into()));
    };
    let turn = |value: f64| match row.goal {
        Some(Goal::Minimize) => -value,
        _ => value,
    };
    let made = |(at, score): (usize, &Score)| {
        let ends = score.interval.map(|(low, high)| (turn(low), turn(high)));
        Some(GateRow {
            name: name(at),
            gain: turn(score.difference?),
            interval: ends.map(|(a, b)| (a.min(b), a.max(b))),
            status: match score.word {
                Word::Better => CheckStatus::Pass,
                Word::Worse => CheckStatus::Fail,
                _ => CheckStatus::Hold,
            },
        })
    };
    GateInterval {
        title: title.into(),
        subtitle: format!("against {}", name(0)),
        what: format!("gain in {} with 95 % interval", row.name),
        bar: None,
        rows: row.scores.iter().enumerate().skip(1).filter_map(made).collect(),
        words: GateWords {
            legend: ["better", "no difference is certain", "worse"],
            sides: ["worse than A", "better than A"],
        },
    }
    .svg()
}
