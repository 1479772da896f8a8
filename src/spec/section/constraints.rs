//! `[search] constraints`: bounds on metrics that a trial must keep to be chosen.

use super::objective::{EXIT_METRIC, FUNCTION_METRIC, names_exit_code};
use super::work::WorkKind;
use crate::domain::{Bound, Constraint};
use crate::spec::hint;
use crate::spec::reader::Section;
use crate::spec::tree::{Span, Table};

/// Metrics of built-in models that are times, which differ from one fit to the next.
const TIMES: [&str; 2] = ["fit_seconds", "predict_us"];

/// Reads `constraints`, in file order.
pub(super) fn constraints<'a>(
    section: &Section<'a>,
    root: &'a Table,
    is_reproducible: bool,
) -> Vec<Constraint> {
    let Some(texts) = section.texts("constraints") else { return Vec::new() };
    let span = section.take("constraints").map_or(section.span, |entry| entry.span);
    let mut found: Vec<Constraint> = Vec::new();
    for text in &texts {
        let Some(one) = Constraint::parse(text) else {
            section.problem(span, unreadable(text));
            continue;
        };
        check_metric((section, span), root, &one.metric);
        if is_reproducible
            && WorkKind::of(root) == WorkKind::Models
            && TIMES.contains(&&*one.metric)
        {
            let text = format!(
                "'{text}': '{}' depends on the machine's speed, and reproducible = true forbids that; leave one of them out",
                one.metric
            );
            section.problem(span, text);
        }
        if let Some(problem) = found.iter().find_map(|other| clash(other, &one)) {
            section.problem(span, format!("'{text}': {problem}"));
        }
        found.push(one);
    }
    found
}

/// The constraints of a sweep as it is recorded: the canonical text of a file that checked.
pub fn recorded_constraints(text: &str) -> Vec<Constraint> {
    let root: toml::Table = text.parse().unwrap_or_default();
    let texts = match root.get("search").and_then(|search| search.get("constraints")) {
        Some(toml::Value::Array(texts)) => texts.as_slice(),
        Some(text) => std::slice::from_ref(text),
        None => &[],
    };
    texts.iter().filter_map(|text| Constraint::parse(text.as_str()?)).collect()
}

/// What is wrong with a text that is no constraint, and the mend.
fn unreadable(text: &str) -> String {
    let shown = text.escape_debug();
    let with_bound = ["<", ">"].into_iter().find_map(|sign| {
        let mended = text.replacen(sign, &format!("{sign}="), 1);
        Constraint::parse(&mended)
    });
    match with_bound {
        Some(mended) => {
            format!("'{shown}': a constraint is kept on its bound, too; write \"{mended}\"")
        }
        None => format!(
            "'{shown}' is no constraint; write METRIC, <= or >=, and a finite number: \"latency_ms <= 50\""
        ),
    }
}

/// What two constraints cannot both say.
fn clash(before: &Constraint, after: &Constraint) -> Option<String> {
    if before.metric != after.metric {
        return None;
    }
    let metric = &after.metric;
    match (before.bound, after.bound) {
        (Bound::AtMost(most), Bound::AtLeast(least))
        | (Bound::AtLeast(least), Bound::AtMost(most)) => (least > most).then(|| {
            format!(
                "no '{metric}' is at least {least} and at most {most}; change one of the bounds"
            )
        }),
        _ => Some(format!("'{metric}' is bounded twice on one side; leave one out")),
    }
}

/// A command may report any metric, and whoever tells may; a model has those of the catalogue.
fn check_metric((section, span): (&Section<'_>, Span), root: &Table, metric: &str) {
    let known = match WorkKind::of(root) {
        WorkKind::Command if metric == EXIT_METRIC && !names_exit_code(root) => {
            let text = "'exit_code' is recorded only with metrics = \"exit_code\" in [command]";
            return section.problem(span, text);
        }
        WorkKind::Command | WorkKind::Elsewhere => return,
        WorkKind::Function => vec![FUNCTION_METRIC],
        WorkKind::Models => section.ctx.known.metric_names(),
    };
    if !known.contains(&metric) {
        section.problem(span, hint::unknown_listed("metric", metric, &known));
    }
}
