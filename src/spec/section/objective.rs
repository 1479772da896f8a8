//! `[objective]`: one metric and its direction, or several.

use super::work::WorkKind;
use crate::domain::{Goal, Objective, SummaryKind};
use crate::spec::hint;
use crate::spec::reader::{Ctx, Section};
use crate::spec::tree::{Entry, Kind, Node, Span, Table};

/// The only metric of a test function.
const FUNCTION_METRIC: &str = "value";
/// The metric of a command whose exit status is the score.
const EXIT_METRIC: &str = "exit_code";

/// What a sweep optimizes.
#[derive(Default)]
pub(in crate::spec) struct Objectives {
    pub(in crate::spec) list: Vec<Objective>,
    /// Of a command's metrics, those whose score is not the last value.
    pub(in crate::spec) summaries: Vec<(String, SummaryKind)>,
}

/// Which number of a series is its score, as the file says it.
#[derive(Clone, Copy)]
enum Word {
    Best,
    Is(SummaryKind),
}

const SUMMARIES: [(&str, Word); 5] = [
    ("last", Word::Is(SummaryKind::Last)),
    ("best", Word::Best),
    ("min", Word::Is(SummaryKind::Min)),
    ("max", Word::Is(SummaryKind::Max)),
    ("mean", Word::Is(SummaryKind::Mean)),
];

/// Reads `[objective]` or `[[objective]]`. A test function and a command whose metric is its exit status may
/// leave it out.
pub(in crate::spec) fn objectives<'a>(
    ctx: &'a Ctx<'a>,
    root: &'a Table,
    kind: WorkKind,
) -> Objectives {
    let by_itself = match kind {
        WorkKind::Models | WorkKind::Elsewhere => None,
        WorkKind::Function => Some(FUNCTION_METRIC),
        WorkKind::Command => is_exit_code(root).then_some(EXIT_METRIC),
    };
    let Some(entry) = root.get("objective") else {
        if let Some(metric) = by_itself {
            let list = vec![Objective { metric: metric.into(), goal: Goal::Minimize }];
            return Objectives { list, ..Objectives::default() };
        }
        let example = match kind {
            WorkKind::Command | WorkKind::Elsewhere => {
                "metric = \"val_loss\" and goal = \"minimize\""
            }
            _ => "metric = \"roc_auc\"",
        };
        let text = format!("[objective] is missing; say what to optimize, for example {example}");
        ctx.problem(Span { file: 0, line: 1, column: 1 }, "", text);
        return Objectives::default();
    };
    let mut objectives = Objectives::default();
    for section in sections(ctx, entry) {
        let span = section.span;
        let place = section.place.clone();
        let Some((objective, summary)) = one(section, kind) else { continue };
        if objectives.list.iter().any(|other| other.metric == objective.metric) {
            let text = format!("the metric '{}' is named twice; leave one out", objective.metric);
            ctx.problem(span, &place, text);
        }
        if objective.metric == EXIT_METRIC && kind == WorkKind::Command && !names_exit_code(root) {
            let text = "'exit_code' is recorded only with metrics = \"exit_code\" in [command]";
            ctx.problem(span, &place, text);
        }
        if summary != SummaryKind::Last {
            objectives.summaries.push((objective.metric.clone(), summary));
        }
        objectives.list.push(objective);
    }
    objectives
}

fn sections<'a>(ctx: &'a Ctx<'a>, entry: &'a Entry) -> Vec<Section<'a>> {
    let mut sections = Vec::new();
    match &entry.node.kind {
        Kind::List(items) if items.is_empty() => {
            ctx.problem(
                entry.node.span,
                "[objective]",
                "the list is empty; give at least one metric",
            );
        }
        Kind::List(items) => {
            for item in items {
                if let Some(table) = item.table() {
                    sections.push(Section::new(ctx, "[[objective]]".into(), item.span, table));
                } else {
                    let text = format!("an objective must be a table, not {}", item.shown());
                    ctx.problem(item.span, "[[objective]]", text);
                }
            }
        }
        _ => sections.extend(Section::of(ctx, "[objective]", entry)),
    }
    sections
}

/// `metrics` of `[command]`.
fn sources(root: &Table) -> &[Node] {
    let command = root.get("command").and_then(|entry| entry.node.table());
    match command.and_then(|table| table.get("metrics")).map(|entry| &entry.node) {
        None => &[],
        Some(Node { kind: Kind::List(items), .. }) => items,
        Some(node) => std::slice::from_ref(node),
    }
}

fn names_exit_code(root: &Table) -> bool {
    sources(root).iter().any(|node| node.text() == Some(EXIT_METRIC))
}

/// True if the exit status is the only source.
fn is_exit_code(root: &Table) -> bool {
    names_exit_code(root) && sources(root).len() == 1
}

fn one(section: Section<'_>, kind: WorkKind) -> Option<(Objective, SummaryKind)> {
    let goal_entry = section.take("goal");
    let goal = section.word("goal", &[("maximize", Goal::Maximize), ("minimize", Goal::Minimize)]);
    let entry = section.take("metric");
    let metric = section.text("metric");
    let is_function = kind == WorkKind::Function;
    if entry.is_none() && !is_function {
        section.missing("metric", "name the score to optimize");
    }
    let known = section.ctx.known;
    let span = entry.map_or(section.span, |entry| entry.node.span);
    let result = match metric {
        None if is_function && entry.is_none() => {
            Some((FUNCTION_METRIC.to_string(), Some(Goal::Minimize)))
        }
        None => None,
        Some(metric) if matches!(kind, WorkKind::Command | WorkKind::Elsewhere) => {
            let exit = (metric == EXIT_METRIC).then_some(Goal::Minimize);
            let default = exit.or_else(|| known.goal(&metric));
            if default.is_none() && goal_entry.is_none() {
                section.problem(span, without_goal(&metric));
            }
            Some((metric, default))
        }
        Some(metric) => {
            let default = match (is_function, metric == FUNCTION_METRIC) {
                (true, true) => Some(Goal::Minimize),
                (true, false) => None,
                (false, _) => known.goal(&metric),
            };
            if default.is_none() {
                let names = if is_function { vec![FUNCTION_METRIC] } else { known.metric_names() };
                section.problem(span, hint::unknown_listed("metric", &metric, &names));
            }
            Some((metric, default))
        }
    };
    let summary = if kind == WorkKind::Command {
        section.word("summary", &SUMMARIES)
    } else {
        refuse_summary(&section);
        None
    };
    section.finish();
    let (metric, default) = result?;
    let goal = goal.or(default)?;
    let summary = match (summary, goal) {
        (None, _) => SummaryKind::Last,
        (Some(Word::Is(kind)), _) => kind,
        (Some(Word::Best), Goal::Minimize) => SummaryKind::Min,
        (Some(Word::Best), Goal::Maximize) => SummaryKind::Max,
    };
    Some((Objective { metric, goal }, summary))
}

/// Only a command has series of values to choose from. The key is taken only where it stands, so that no message
/// offers it elsewhere.
fn refuse_summary(section: &Section<'_>) {
    if section.has("summary")
        && let Some(entry) = section.take("summary")
    {
        let text =
            "'summary' is for [command]; here a score is the mean over the folds; leave it out";
        section.problem(entry.span, text);
    }
}

/// A direction is never guessed, since a wrong one would rank the worst run first; it is suggested.
fn without_goal(metric: &str) -> String {
    let name = metric.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let hint = if has(&["loss", "error", "rmse", "mae", "mse", "perplexity", "latency", "seconds"])
    {
        "goal = \"minimize\", as the name suggests"
    } else if has(&["acc", "auc", "f1", "score", "reward", "precision", "recall", "bleu"]) {
        "goal = \"maximize\", as the name suggests"
    } else {
        "goal = \"minimize\" or \"maximize\""
    };
    format!("'{}' has no known direction; add {hint}", metric.escape_debug())
}
