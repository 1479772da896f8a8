//! Sweep files of Weights & Biases: their tree turned into ours, every part keeping its place in the user's file.
//!
//! What has no meaning here becomes a note; what would change the search without a word is a problem.

mod command;
mod params;

#[cfg(test)]
mod tests;

use super::hint;
use super::tree::{Entry, Kind, Node, Span, Table};
use crate::sampler;
use std::path::Path;

/// The keys of such a file that are read.
const READ: [&str; 9] = [
    "method",
    "parameters",
    "metric",
    "program",
    "command",
    "run_cap",
    "early_terminate",
    "name",
    "project",
];
/// The keys that are about the service.
const NOTED: [&str; 10] = [
    "entity",
    "description",
    "controller",
    "scheduler",
    "job",
    "image_uri",
    "display_name",
    "settings",
    "version",
    "$schema",
];
const METHODS: [(&str, &str); 3] =
    [("grid", "grid"), ("random", "random"), ("bayes", sampler::DEFAULT)];
/// Trials of a search without an end, as the budget has it.
const WITHOUT_CAP: &str = "there is no 'run_cap', and a search needs an end: 100 trials; 'run_cap' or --trials says otherwise";
const HOW_TO_REPORT: &str = "wandb.log calls are not read, and WANDB_MODE=disabled is set so that they need no account; \
     the script prints its metrics as lines of JSON: print(json.dumps({\"step\": 3, \"loss\": 0.4}), flush=True)";
const HOW_TO_READ: &str = "wandb.config is not filled in: parameters come as arguments, as JSON in the file $DERBY_PARAMS, \
     and as variables DERBY_PARAM_NAME";

/// A tree of ours, and what was wrong or left out on the way to it.
#[derive(Default)]
pub(super) struct Translation {
    pub(super) table: Table,
    pub(super) problems: Vec<(Span, String)>,
    pub(super) notes: Vec<(Span, String)>,
}

/// True for a tree of that shape.
pub(super) fn is_wandb(table: &Table) -> bool {
    table.contains_key("method") && table.contains_key("parameters")
}

/// Turns a whole file; `folder` is where it lies.
pub(super) fn translate(from: &Table, folder: &Path) -> Translation {
    let mut to = Translation::default();
    to.strangers(from, "key", &READ, &NOTED);
    let top = from.get("method").map_or_else(Span::default, |entry| entry.span);
    for (key, ours) in [("name", "name"), ("project", "experiment")] {
        if let Some(entry) = from.get(key) {
            to.table.insert(ours.into(), entry.clone());
        }
    }
    to.metric(from, top);
    let mut params = Table::new();
    if let Some(entry) = from.get("parameters") {
        to.params("", entry, &mut params);
    }
    to.command(from, top, &params, folder);
    to.search(from, &params);
    if !params.is_empty() {
        let span = from.get("parameters").map_or(top, |entry| entry.span);
        to.table.insert("params".into(), table(span, params));
    }
    to.note(top, HOW_TO_REPORT);
    to.note(top, HOW_TO_READ);
    to
}

impl Translation {
    fn problem(&mut self, span: Span, text: impl Into<String>) {
        self.problems.push((span, text.into()));
    }

    fn note(&mut self, span: Span, text: impl Into<String>) {
        self.notes.push((span, text.into()));
    }

    /// Keys that are not read: those that are known become notes, the others problems.
    fn strangers(&mut self, from: &Table, what: &str, read: &[&str], noted: &[&str]) {
        for (key, entry) in from {
            if noted.contains(&key.as_str()) {
                self.note(entry.span, format!("'{key}' has no meaning here and is left out"));
            } else if !read.contains(&key.as_str()) {
                self.problem(entry.span, hint::unknown(what, key, read));
            }
        }
    }

    /// The table behind a key; a problem if it is something else.
    fn table_of<'a>(&mut self, key: &str, entry: &'a Entry) -> Option<&'a Table> {
        let table = entry.node.table();
        if table.is_none() {
            let text = format!("'{key}' must be a table, not {}", entry.node.shown());
            self.problem(entry.node.span, text);
        }
        table
    }

    fn metric(&mut self, from: &Table, top: Span) {
        let Some(entry) = from.get("metric") else {
            let text = "'metric' is missing, and runs need a score to be compared by; add metric: {name: …, goal: …}";
            self.problem(top, text);
            return;
        };
        let Some(metric) = self.table_of("metric", entry) else { return };
        let noted = ["impute", "impute_while_running"];
        self.strangers(metric, "key of 'metric'", &["name", "goal", "target"], &noted);
        let mut objective = Table::new();
        if let Some(name) = metric.get("name") {
            objective.insert("metric".into(), name.clone());
        }
        let minimize = || text(entry.span, "minimize");
        let goal = metric.get("goal").cloned().unwrap_or_else(minimize);
        objective.insert("goal".into(), goal);
        self.table.insert("objective".into(), table(entry.span, objective));
        if let Some(target) = metric.get("target") {
            self.put("budget", "target", target.clone());
        }
    }

    fn search(&mut self, from: &Table, params: &Table) {
        let Some(method) = from.get("method") else { return };
        let word = method.node.text().unwrap_or_default();
        let names = METHODS.map(|(theirs, _)| theirs);
        let Some((_, sampler)) = METHODS.iter().find(|(theirs, _)| *theirs == word) else {
            let shown = method.node.shown();
            let text = hint::unknown_listed("method", shown.trim_matches('\''), &names);
            self.problem(method.node.span, text);
            return;
        };
        self.put("search", "sampler", text(method.node.span, *sampler));
        if word == "bayes" {
            let text = format!("method 'bayes' becomes the sampler {sampler}, the default here");
            self.note(method.span, text);
        }
        if *sampler == "grid" {
            self.grid(params, method.node.span);
        }
        match from.get("run_cap") {
            Some(cap) => self.put("budget", "trials", cap.clone()),
            None if *sampler != "grid" => self.note(method.span, WITHOUT_CAP),
            None => {}
        }
        if let Some(entry) = from.get("early_terminate") {
            self.early_terminate(entry);
        }
    }

    /// A grid goes over all whole numbers of a range, and cannot go over a continuous one.
    fn grid(&mut self, params: &Table, span: Span) {
        let mut widest = 0;
        for (name, entry) in params {
            let Some(range) = entry.node.table().filter(|table| table.contains_key("low")) else {
                continue;
            };
            let int = |key: &str| match range.get(key).map(|entry| &entry.node.kind) {
                Some(Kind::Int(value)) => Some(*value),
                _ => None,
            };
            let number = |key: &str| range.get(key).and_then(|entry| entry.node.number());
            let step = number("step").or(int("low").and(int("high")).map(|_| 1.0));
            match (number("low"), number("high"), step) {
                (Some(low), Some(high), Some(step)) if step > 0.0 => {
                    widest = widest.max(((high - low) / step).floor() as i64 + 1);
                }
                _ => {
                    let text = format!(
                        "'{name}' is a continuous range, and a grid needs single values; give 'values'"
                    );
                    self.problem(entry.span, text);
                }
            }
        }
        if widest > 0 {
            let node = Node { span, kind: Kind::Int(widest) };
            self.put("search", "grid_steps", Entry { span, node });
        }
    }

    /// Hyperband of theirs: every run is compared at rungs that are `eta` times as far apart, which is asha.
    fn early_terminate(&mut self, entry: &Entry) {
        let Some(from) = self.table_of("early_terminate", entry) else { return };
        let read = ["type", "min_iter", "max_iter", "s", "eta"];
        self.strangers(from, "key of 'early_terminate'", &read, &["strict"]);
        let kind = from.get("type");
        let word = kind.and_then(|entry| entry.node.text()).unwrap_or_default();
        if word != "hyperband" {
            let span = kind.map_or(entry.span, |kind| kind.node.span);
            self.problem(span, "'early_terminate' must have type: hyperband; or leave it out");
            return;
        }
        let number = |key: &str| from.get(key).and_then(|entry| entry.node.number());
        let eta = number("eta").unwrap_or(3.0);
        let mut pruner = Table::new();
        pruner.insert("kind".into(), text(entry.span, "asha"));
        let int =
            |span, value: f64| Entry { span, node: Node { span, kind: Kind::Int(value as i64) } };
        let eta_entry = from.get("eta").cloned().unwrap_or_else(|| int(entry.span, 3.0));
        match (from.get("min_iter"), from.get("max_iter")) {
            (Some(least), _) => {
                pruner.insert("min_steps".into(), least.clone());
            }
            (None, Some(most)) => {
                let Some(brackets) = number("s").filter(|s| *s >= 1.0 && *s <= 100.0) else {
                    let text =
                        "'max_iter' needs 's', the number of brackets from 1; or give 'min_iter'";
                    self.problem(most.span, text);
                    return;
                };
                let Some(steps) = number("max_iter") else {
                    let text =
                        format!("'max_iter' must be a whole number, not {}", most.node.shown());
                    self.problem(most.node.span, text);
                    return;
                };
                let least = (steps / eta.powf(brackets)).floor().max(1.0);
                pruner.insert("min_steps".into(), int(most.span, least));
            }
            (None, None) => {
                let text = "'early_terminate' needs 'min_iter', or 'max_iter' with 's'";
                self.problem(entry.span, text);
                return;
            }
        }
        pruner.insert("eta".into(), eta_entry);
        if let Some(most) = from.get("max_iter") {
            pruner.insert("max_steps".into(), most.clone());
        }
        self.note(
            entry.span,
            "early_terminate becomes the pruner asha; its iterations are the steps of the metric",
        );
        self.put("search", "pruner", table(entry.span, pruner));
    }

    /// Sets a key of one of our sections, which is made where it is not there.
    fn put(&mut self, section: &str, key: &str, entry: Entry) {
        let empty = || table(entry.span, Table::new());
        let place = self.table.entry(section.into()).or_insert_with(empty);
        if let Kind::Table(inner) = &mut place.node.kind {
            inner.insert(key.into(), entry);
        }
    }
}

fn table(span: Span, table: Table) -> Entry {
    Entry { span, node: Node { span, kind: Kind::Table(table) } }
}

fn text(span: Span, text: impl Into<String>) -> Entry {
    Entry { span, node: Node { span, kind: Kind::Text(text.into()) } }
}
