//! `[gate]`: what a challenger must show. No part of a sweep's identity: rules may change while it lives.

use super::work::WorkKind;
use crate::domain::Objective;
use crate::gate::{Approval, Comparator, Interval, Policy, Requirement, Rule, SliceRule};
use crate::metrics;
use crate::spec::hint;
use crate::spec::reader::{Ctx, Section};
use crate::spec::tree::{Span, Table};

/// What a requirement may name beside the metrics.
const MEASURES: [&str; 3] = ["predict_p95_us", "bundle_bytes", "ece"];
/// Fewer draws do not carry a bound of 5 %.
const MIN_DRAWS: i64 = 1000;
const MAX_DRAWS: i64 = 10_000_000;
/// Slices with fewer rows say nothing.
const MIN_SLICE_ROWS: u64 = 30;

#[derive(Clone, Copy)]
enum Word {
    Superior,
    NonInferior,
    Absolute,
}

/// Reads `[gate]`; none where the file has no such section.
pub(in crate::spec) fn gate<'a>(
    ctx: &'a Ctx<'a>,
    root: &'a Table,
    kind: WorkKind,
    objectives: &[Objective],
) -> Option<Policy> {
    let entry = root.get("gate")?;
    if kind == WorkKind::Elsewhere {
        return None; // refused as a whole
    }
    let section = Section::of(ctx, "[gate]", entry)?;
    if kind == WorkKind::Function {
        let text = "[gate] is for models and commands; a test function has nothing to promote; leave it out";
        ctx.problem(entry.span, "", text);
        return None;
    }
    let objective = objective(&section, kind, objectives);
    let rule = rule(&section);
    let share = |key, low: f64, high: f64, what: &str| {
        section.read(key, what, |node| node.number().filter(|v| *v > low && *v < high))
    };
    let alpha = share("alpha", 0.0, 0.5, "a probability above 0 and below 0.5");
    let max_ece = share("max_ece", 0.0, 1.0, "a number above 0 and below 1");
    let interval =
        section.word("interval", &[("percentile", Interval::Percentile), ("bca", Interval::Bca)]);
    let approval = section
        .word("approval", &[("manual", Approval::Manual), ("automatic", Approval::Automatic)]);
    let draws = section.int("draws", MIN_DRAWS..=MAX_DRAWS);
    let seed = section.int("seed", 0..=i64::MAX);
    let min_rows = section.count("min_rows");
    let data_checks = section.flag("data_checks");
    let require = requirements(&section, kind);
    let slices = section.take("slices").and_then(|entry| slices(section.inner("slices", entry)?));
    section.finish();
    let default = Policy::new(objective?);
    Some(Policy {
        rule: rule.unwrap_or(default.rule),
        alpha: alpha.unwrap_or(default.alpha),
        draws: draws.map_or(default.draws, |draws| draws as u32),
        seed: seed.map_or(default.seed, |seed| seed as u64),
        interval: interval.unwrap_or(default.interval),
        min_rows: min_rows.unwrap_or(default.min_rows),
        require,
        slices,
        max_ece,
        data_checks: data_checks.unwrap_or(default.data_checks),
        approval: approval.unwrap_or(default.approval),
        objective: default.objective,
    })
}

/// The metric of the comparison: the first objective unless `metric` names another.
fn objective(section: &Section<'_>, kind: WorkKind, objectives: &[Objective]) -> Option<Objective> {
    let entry = section.take("metric");
    let Some(metric) = section.text("metric") else {
        return if entry.is_none() { objectives.first().cloned() } else { None };
    };
    if let Some(objective) = objectives.iter().find(|objective| objective.metric == metric) {
        return Some(objective.clone());
    }
    let Some(info) = metrics::info(&metric).filter(|info| !info.measured) else {
        let known = metrics::catalogue().iter().filter(|info| !info.measured);
        let names: Vec<&str> = known.map(|info| info.name).collect();
        let span = entry.map_or(section.span, |entry| entry.node.span);
        let also = if kind == WorkKind::Command { ", or an objective of the sweep" } else { "" };
        section.problem(span, format!("{}{also}", hint::unknown_listed("metric", &metric, &names)));
        return None;
    };
    Some(Objective { metric, goal: info.goal })
}

fn rule(section: &Section<'_>) -> Option<Rule> {
    let words = [
        ("superior", Word::Superior),
        ("non_inferior", Word::NonInferior),
        ("absolute", Word::Absolute),
    ];
    let word = section.word("rule", &words).unwrap_or(Word::Superior);
    let at_least = |key, what: &str, is_fit: fn(f64) -> bool| {
        section.read(key, what, |node| node.number().filter(|v| v.is_finite() && is_fit(*v)))
    };
    let min_gain = at_least("min_gain", "a number of at least 0", |gain| gain >= 0.0);
    let margin = at_least("margin", "a number above 0", |margin| margin > 0.0);
    let misplaced = |key: &'static str, of: &str| {
        if let Some(entry) = section.has(key).then(|| section.take(key)).flatten() {
            let text = format!("'{key}' is for rule = \"{of}\"; leave it out, or change the rule");
            section.problem(entry.span, text);
        }
    };
    match word {
        Word::Superior => {
            misplaced("margin", "non_inferior");
            Some(Rule::Superior { min_gain: min_gain.unwrap_or(0.0) })
        }
        Word::NonInferior => {
            misplaced("min_gain", "superior");
            if !section.has("margin") {
                let mend =
                    "say how much worse is still as good, in units of the metric: margin = 0.005";
                section.missing("margin", mend);
            }
            margin.map(|margin| Rule::NonInferior { margin })
        }
        Word::Absolute => {
            misplaced("min_gain", "superior");
            misplaced("margin", "non_inferior");
            if !section.has("require") {
                let mend = "rule = \"absolute\" judges by thresholds alone: require = [\"accuracy >= 0.9\"]";
                section.missing("require", mend);
            }
            Some(Rule::Absolute)
        }
    }
}

fn requirements(section: &Section<'_>, kind: WorkKind) -> Vec<Requirement> {
    let Some(texts) = section.texts("require") else { return Vec::new() };
    let span = section.take("require").map_or(section.span, |entry| entry.node.span);
    let mut found: Vec<Requirement> = Vec::new();
    for text in texts {
        match requirement(&text) {
            Some(one) if found.iter().any(|other| same_side(other, &one)) => {
                section.problem(span, format!("'{text}': '{}' is bounded twice on one side; leave one out", one.metric));
            }
            Some(one) => {
                check_metric(section, span, &one.metric, kind);
                found.push(one);
            }
            None => section.problem(
                span,
                format!("'{text}' is no requirement; write METRIC, one of >= > <= <, and a number: \"recall >= 0.95\""),
            ),
        }
    }
    found
}

/// Two bounds on one side say the same thing twice.
fn same_side(a: &Requirement, b: &Requirement) -> bool {
    let is_lower = |c: Comparator| matches!(c, Comparator::AtLeast | Comparator::Above);
    a.metric == b.metric && is_lower(a.comparator) == is_lower(b.comparator)
}

/// Reads `recall >= 0.95`.
fn requirement(text: &str) -> Option<Requirement> {
    let symbols = [
        (">=", Comparator::AtLeast),
        ("<=", Comparator::AtMost),
        (">", Comparator::Above),
        ("<", Comparator::Below),
    ];
    let (metric, comparator, value) = symbols.into_iter().find_map(|(symbol, comparator)| {
        text.split_once(symbol).map(|(metric, value)| (metric.trim(), comparator, value.trim()))
    })?;
    let value: f64 = value.parse().ok().filter(|value: &f64| value.is_finite())?;
    let is_name = !metric.is_empty() && !metric.contains(char::is_whitespace);
    is_name.then(|| Requirement { metric: metric.into(), comparator, value })
}

/// A command may report any metric; a model has those of the catalogue.
fn check_metric(section: &Section<'_>, span: Span, metric: &str, kind: WorkKind) {
    if kind == WorkKind::Command || MEASURES.contains(&metric) || metrics::info(metric).is_some() {
        return;
    }
    let known = metrics::catalogue().iter().map(|info| info.name);
    let names: Vec<&str> = known.chain(MEASURES).collect();
    section.problem(span, hint::unknown_listed("metric", metric, &names));
}

fn slices(inner: Section<'_>) -> Option<SliceRule> {
    let columns = inner.texts("columns");
    if !inner.has("columns") {
        inner
            .missing("columns", "name the columns whose values are looked at: columns = [\"sex\"]");
    }
    if columns.as_ref().is_some_and(Vec::is_empty) {
        inner.problem(inner.span, "'columns' is empty; name a column or leave 'slices' out");
    }
    let what = "a number of at least 0, in units of the metric";
    let max_drop = inner.read("max_drop", what, |node| node.number().filter(|v| *v >= 0.0));
    let min_rows = inner.count("min_rows").unwrap_or(MIN_SLICE_ROWS);
    if !inner.has("max_drop") {
        inner.missing("max_drop", "say how much worse a slice may be: max_drop = 0.02");
    }
    inner.finish();
    Some(SliceRule { columns: columns?, max_drop: max_drop?, min_rows })
}
