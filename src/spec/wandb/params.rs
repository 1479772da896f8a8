//! `parameters` with their distributions, as `[params]`.

use super::{Translation, table};
use crate::spec::hint;
use crate::spec::tree::{Entry, Kind, Node, Span, Table};

const KEYS: [&str; 10] =
    ["value", "values", "min", "max", "distribution", "q", "mu", "sigma", "a", "b"];
const DISTRIBUTIONS: [&str; 17] = [
    "constant",
    "categorical",
    "categorical_w_probabilities",
    "int_uniform",
    "uniform",
    "q_uniform",
    "log_uniform",
    "log_uniform_values",
    "q_log_uniform",
    "q_log_uniform_values",
    "inv_log_uniform",
    "inv_log_uniform_values",
    "normal",
    "q_normal",
    "log_normal",
    "q_log_normal",
    "beta",
];

/// How the bounds of a range are meant.
#[derive(Clone, Copy)]
struct Scale {
    /// They are exponents of e.
    exponents: bool,
    /// Values are spread evenly over the logarithm.
    log: bool,
    /// Values are rounded to multiples of `q`.
    rounded: bool,
}

/// One parameter while it is read.
struct Parameter<'a> {
    name: &'a str,
    entry: &'a Entry,
    table: &'a Table,
}

impl Parameter<'_> {
    fn number(&self, key: &str) -> Option<f64> {
        self.table
            .get(key)
            .and_then(|entry| entry.node.number())
            .filter(|number| number.is_finite())
    }

    fn span(&self, key: &str) -> Span {
        self.table.get(key).map_or(self.entry.span, |entry| entry.node.span)
    }
}

impl Translation {
    /// Reads a table of parameters; a nested one gives its name and a dot to those in it.
    pub(super) fn params(&mut self, prefix: &str, entry: &Entry, to: &mut Table) {
        let Some(from) = self.table_of("parameters", entry) else { return };
        for (key, entry) in from {
            let name = format!("{prefix}{key}");
            let Some(table) = entry.node.table() else {
                let text = format!(
                    "'{name}' must be a table with 'value', 'values' or 'min' and 'max', not {}",
                    entry.node.shown()
                );
                self.problem(entry.node.span, text);
                continue;
            };
            if let Some(inner) = table.get("parameters") {
                self.strangers(
                    table,
                    "key beside nested 'parameters'",
                    &["parameters"],
                    &["description"],
                );
                self.params(&format!("{name}."), inner, to);
                continue;
            }
            let noted = ["probabilities", "description"];
            self.strangers(table, "key of a parameter", &KEYS, &noted);
            let found = self.param(&Parameter { name: &name, entry, table });
            if let Some(param) = found
                && to.insert(name.clone(), param).is_some()
            {
                self.problem(
                    entry.span,
                    format!("'{name}' stands here twice, once with a dot and once nested"),
                );
            }
        }
    }

    fn param(&mut self, param: &Parameter<'_>) -> Option<Entry> {
        let has = |key: &str| param.table.contains_key(key);
        let stated = param.table.get("distribution");
        let word = match stated {
            Some(entry) => entry.node.text().unwrap_or_default(),
            None if has("value") => "constant",
            None if has("values") => "categorical",
            None if has("min") && has("max") => "",
            None if has("mu") || has("sigma") => "normal",
            None => {
                let text = format!("'{}' needs 'value', 'values', or 'min' and 'max'", param.name);
                self.problem(param.entry.span, text);
                return None;
            }
        };
        let scale = |exponents, log, rounded| Scale { exponents, log, rounded };
        match word {
            "constant" => self.constant(param),
            "categorical" | "categorical_w_probabilities" => self.categorical(param),
            "" if stated.is_none() => {
                let whole = |key: &str| matches!(param.table[key].node.kind, Kind::Int(_));
                if whole("min") && whole("max") {
                    self.whole(param)
                } else {
                    self.range(param, scale(false, false, false))
                }
            }
            "int_uniform" => self.whole(param),
            "uniform" => self.range(param, scale(false, false, false)),
            "q_uniform" => self.range(param, scale(false, false, true)),
            "log_uniform" | "inv_log_uniform" => self.range(param, scale(true, true, false)),
            "log_uniform_values" | "inv_log_uniform_values" => {
                self.range(param, scale(false, true, false))
            }
            "q_log_uniform" => self.range(param, scale(true, true, true)),
            "q_log_uniform_values" => self.range(param, scale(false, true, true)),
            "normal" | "q_normal" | "log_normal" | "q_log_normal" | "beta" | "q_beta" => {
                self.no_bounds(param, word);
                None
            }
            _ => {
                let shown = stated.map(|entry| entry.node.shown()).unwrap_or_default();
                let text =
                    hint::unknown_listed("distribution", shown.trim_matches('\''), &DISTRIBUTIONS);
                self.problem(param.span("distribution"), text);
                None
            }
        }
    }

    fn constant(&mut self, param: &Parameter<'_>) -> Option<Entry> {
        let Some(value) = param.table.get("value") else {
            self.problem(
                param.entry.span,
                format!("'{}' is constant and needs 'value'", param.name),
            );
            return None;
        };
        self.single(param, &value.node)?;
        Some(Entry { span: param.entry.span, node: value.node.clone() })
    }

    fn categorical(&mut self, param: &Parameter<'_>) -> Option<Entry> {
        let Some(Node { span, kind: Kind::List(values) }) =
            param.table.get("values").map(|entry| &entry.node)
        else {
            let text = format!("'{}' is categorical and needs 'values', a list", param.name);
            self.problem(param.span("values"), text);
            return None;
        };
        for value in values {
            self.single(param, value)?;
        }
        let node = Node { span: *span, kind: Kind::List(values.clone()) };
        Some(Entry { span: param.entry.span, node })
    }

    /// A value that one argument can carry.
    fn single(&mut self, param: &Parameter<'_>, node: &Node) -> Option<()> {
        match node.kind {
            Kind::List(_) | Kind::Table(_) => {
                let text = format!(
                    "'{}' has {} as a value, which is not supported; write it as a text, for example \"[64, 64]\"",
                    param.name,
                    node.shown()
                );
                self.problem(node.span, text);
                None
            }
            Kind::Bool(_) | Kind::Null => {
                let text = "true, false and null are passed as true, false and none, not as True, False and None";
                if self.notes.iter().all(|(_, other)| other != text) {
                    self.note(node.span, text);
                }
                Some(())
            }
            _ => Some(()),
        }
    }

    /// Both bounds, the lower one below or equal to the upper one.
    fn bounds(&mut self, param: &Parameter<'_>) -> Option<(f64, f64)> {
        for key in ["min", "max"] {
            if param.number(key).is_none() {
                let shown =
                    param.table.get(key).map(|entry| format!(", not {}", entry.node.shown()));
                let text = format!(
                    "'{}' needs '{key}', a number{}",
                    param.name,
                    shown.unwrap_or_default()
                );
                self.problem(param.span(key), text);
            }
        }
        let (low, high) = (param.number("min")?, param.number("max")?);
        if low > high {
            let text = format!("'min' ({low}) must be below 'max' ({high}) of '{}'", param.name);
            self.problem(param.span("min"), text);
            return None;
        }
        Some((low, high))
    }

    fn whole(&mut self, param: &Parameter<'_>) -> Option<Entry> {
        let (low, high) = self.bounds(param)?;
        if low.fract() != 0.0 || high.fract() != 0.0 {
            let text = format!("'{}' takes whole numbers, and its bounds are not", param.name);
            self.problem(param.span("min"), text);
            return None;
        }
        Some(made(param, (Kind::Int(low as i64), Kind::Int(high as i64)), &[]))
    }

    fn range(&mut self, param: &Parameter<'_>, scale: Scale) -> Option<Entry> {
        let (mut low, mut high) = self.bounds(param)?;
        if scale.exponents {
            let inverted = param.table.get("distribution").and_then(|entry| entry.node.text());
            if inverted == Some("inv_log_uniform") {
                (low, high) = (-high, -low);
            }
            (low, high) = (low.exp(), high.exp());
        }
        let log = Entry {
            span: param.entry.span,
            node: Node { span: param.entry.span, kind: Kind::Bool(true) },
        };
        let logs: Vec<(&str, Entry)> = scale.log.then_some(("log", log)).into_iter().collect();
        if !scale.rounded {
            return Some(made(param, (Kind::Float(low), Kind::Float(high)), &logs));
        }
        let Some(q) = (if param.table.contains_key("q") { param.number("q") } else { Some(1.0) })
            .filter(|q| *q > 0.0)
        else {
            self.problem(
                param.span("q"),
                format!("'q' of '{}' must be a number above 0", param.name),
            );
            return None;
        };
        if scale.log && q != 1.0 {
            let text = format!(
                "'{}' is a logarithmic range in steps of {q}, which is not supported; give 'values', or leave 'q' out",
                param.name
            );
            self.problem(param.span("q"), text);
            return None;
        }
        let (low, high) = ((low / q).round() * q, (high / q).round() * q);
        let low = if scale.log { low.max(1.0) } else { low };
        if q.fract() != 0.0 {
            let span = param.span("q");
            let step = Entry { span, node: Node { span, kind: Kind::Float(q) } };
            return Some(made(param, (Kind::Float(low), Kind::Float(high)), &[("step", step)]));
        }
        let mut more = logs;
        if q != 1.0 {
            let span = param.span("q");
            more.push(("step", Entry { span, node: Node { span, kind: Kind::Int(q as i64) } }));
        }
        Some(made(param, (Kind::Int(low as i64), Kind::Int(high as i64)), &more))
    }

    /// Distributions whose values have no bounds, or are not even within them.
    fn no_bounds(&mut self, param: &Parameter<'_>, word: &str) {
        let (mu, sigma) = (param.number("mu").unwrap_or(0.0), param.number("sigma").unwrap_or(1.0));
        let (low, high) = (mu - 3.0 * sigma, mu + 3.0 * sigma);
        let mend = match word {
            "log_normal" | "q_log_normal" => {
                format!("distribution: log_uniform, min: {low}, max: {high}")
            }
            "beta" | "q_beta" => "distribution: uniform, min: 0.0, max: 1.0".to_string(),
            _ => format!("distribution: uniform, min: {low}, max: {high}"),
        };
        let text = format!(
            "'{}' has the distribution '{word}', and derby searches between bounds; for example {mend}",
            param.name
        );
        self.problem(param.span("distribution"), text);
    }
}

/// A range of ours; one value where both bounds are equal.
fn made(param: &Parameter<'_>, (low, high): (Kind, Kind), more: &[(&str, Entry)]) -> Entry {
    let span = param.entry.span;
    if low == high {
        return Entry { span, node: Node { span: param.span("min"), kind: low } };
    }
    let mut range = Table::new();
    for (key, at, kind) in [("low", "min", low), ("high", "max", high)] {
        let span = param.span(at);
        range.insert(key.into(), Entry { span, node: Node { span, kind } });
    }
    for (key, entry) in more {
        range.insert((*key).into(), entry.clone());
    }
    table(span, range)
}
