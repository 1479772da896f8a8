//! `[objective]`: one metric and its direction, or several.

use crate::domain::{Goal, Objective};
use crate::spec::hint;
use crate::spec::reader::{Ctx, Section};
use crate::spec::tree::{Kind, Span, Table};

/// The only metric of a test function.
const FUNCTION_METRIC: &str = "value";

/// Reads `[objective]` or `[[objective]]`. For a test function it may be left out.
pub(in crate::spec) fn objectives<'a>(
    ctx: &'a Ctx<'a>,
    root: &'a Table,
    is_function: bool,
) -> Vec<Objective> {
    let Some(entry) = root.get("objective") else {
        if is_function {
            return vec![Objective { metric: FUNCTION_METRIC.into(), goal: Goal::Minimize }];
        }
        let text = "[objective] is missing; say what to optimize, for example metric = \"roc_auc\"";
        ctx.problem(Span { file: 0, line: 1, column: 1 }, "", text);
        return Vec::new();
    };
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
    let mut objectives: Vec<Objective> = Vec::new();
    for section in sections {
        let span = section.span;
        let place = section.place.clone();
        let Some(objective) = one(section, is_function) else { continue };
        if objectives.iter().any(|other| other.metric == objective.metric) {
            let text = format!("the metric '{}' is named twice; leave one out", objective.metric);
            ctx.problem(span, &place, text);
        }
        objectives.push(objective);
    }
    objectives
}

fn one(section: Section<'_>, is_function: bool) -> Option<Objective> {
    let goal = section.word("goal", &[("maximize", Goal::Maximize), ("minimize", Goal::Minimize)]);
    let entry = section.take("metric");
    let metric = section.text("metric");
    if entry.is_none() && !is_function {
        section.missing("metric", "name the score to optimize");
    }
    let known = section.ctx.known;
    let result = match metric {
        None if is_function && entry.is_none() => {
            Some((FUNCTION_METRIC.to_string(), Some(Goal::Minimize)))
        }
        None => None,
        Some(metric) => {
            let default = match (is_function, metric == FUNCTION_METRIC) {
                (true, true) => Some(Goal::Minimize),
                (true, false) => None,
                (false, _) => known.goal(&metric),
            };
            if default.is_none() {
                let names = if is_function { vec![FUNCTION_METRIC] } else { known.metric_names() };
                let span = entry.map_or(section.span, |entry| entry.node.span);
                section.problem(span, hint::unknown_listed("metric", &metric, &names));
            }
            Some((metric, default))
        }
    };
    section.finish();
    let (metric, default) = result?;
    Some(Objective { metric, goal: goal.or(default)? })
}
