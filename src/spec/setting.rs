//! One parameter of the sweep file: fixed, a choice or a range, perhaps under a condition.

use super::accept::{Accept, RangeType};
use super::hint;
use super::reader::{Ctx, Section, whole};
use super::tree::{Entry, Kind as Tree, Node, Span, Table};
use crate::domain::Value;
use crate::space::Kind;
use crate::trainer::ParamKind;

/// A parameter as it was read.
pub(super) struct Setting<'a> {
    pub(super) name: String,
    pub(super) span: Span,
    /// For messages: `[models.svm] C`.
    pub(super) place: String,
    pub(super) accept: Accept,
    /// The values; `None` if they have a problem.
    pub(super) kind: Option<Kind>,
    /// The table behind `when`.
    pub(super) when: Option<(Span, &'a Table)>,
}

/// Reads the parameter `name` of a section.
pub(super) fn read<'a>(
    ctx: &'a Ctx<'a>,
    place: &str,
    name: &str,
    entry: &'a Entry,
    accept: Accept,
) -> Setting<'a> {
    let place = format!("{place} {name}");
    let reader = Reader { ctx, name, place: &place, accept };
    let (kind, when) = reader.value(entry);
    Setting { name: name.into(), span: entry.span, place, accept, kind, when }
}

struct Reader<'a, 'b> {
    ctx: &'a Ctx<'a>,
    name: &'b str,
    place: &'b str,
    accept: Accept,
}

type When<'a> = Option<(Span, &'a Table)>;

impl<'a> Reader<'a, '_> {
    fn problem(&self, span: Span, text: impl Into<String>) {
        self.ctx.problem(span, self.place, text);
    }

    fn value(&self, entry: &'a Entry) -> (Option<Kind>, When<'a>) {
        match &entry.node.kind {
            Tree::Table(table) => self.table(entry, table),
            Tree::List(items) => (self.choice(entry.node.span, items), None),
            _ => (self.fixed(&entry.node), None),
        }
    }

    fn fixed(&self, node: &Node) -> Option<Kind> {
        self.literal(node).map(|value| Kind::Choice { values: vec![value] })
    }

    fn literal(&self, node: &Node) -> Option<Value> {
        let value = self.accept.literal(node);
        if value.is_none() {
            let text = match (self.near(node), &node.kind) {
                (Some(near), _) => format!("; did you mean '{near}'?"),
                (None, Tree::List(_)) => "; a choice is written as 'values'".into(),
                (None, _) => String::new(),
            };
            let name = self.name;
            let (what, shown) = (self.accept.words(), node.shown());
            self.problem(node.span, format!("'{name}' must be {what}, not {shown}{text}"));
        }
        value
    }

    /// A misspelt word.
    fn near(&self, node: &Node) -> Option<&'static str> {
        let words: Vec<&'static str> = match self.accept {
            Accept::Family(spec) => spec
                .kinds
                .iter()
                .filter_map(|kind| match kind {
                    ParamKind::Word(words) => Some(*words),
                    _ => None,
                })
                .flatten()
                .copied()
                .collect(),
            Accept::Prep(setting) => setting.words.to_vec(),
            Accept::Free => Vec::new(),
        };
        hint::nearest(node.text()?, &words)
    }

    fn choice(&self, span: Span, items: &[Node]) -> Option<Kind> {
        if items.is_empty() {
            self.problem(
                span,
                format!("'{}' has an empty list; give at least one value", self.name),
            );
            return None;
        }
        let mut values: Vec<Value> = Vec::new();
        let mut clean = true;
        for item in items {
            let Some(value) = self.literal(item) else {
                clean = false;
                continue;
            };
            if values.iter().any(|other| other.same(&value)) {
                self.problem(
                    item.span,
                    format!("'{}' has the value '{value}' twice; leave one out", self.name),
                );
                clean = false;
            }
            values.push(value);
        }
        clean.then_some(Kind::Choice { values })
    }

    fn table(&self, entry: &'a Entry, table: &'a Table) -> (Option<Kind>, When<'a>) {
        let section = Section::new(self.ctx, self.place.to_string(), entry.span, table);
        let when_span = section.take("when").map_or(entry.span, |when| when.span);
        let when = section.read("when", "a table like { kernel = \"rbf\" }", Node::table);
        let when = when.map(|conditions| (when_span, conditions));
        let kind = if table.contains_key("values") {
            let items = section.read("values", "a list", |node| match &node.kind {
                Tree::List(items) => Some((node.span, items)),
                _ => None,
            });
            items.and_then(|(span, items)| self.choice(span, items))
        } else if table.contains_key("value") {
            section.take("value").and_then(|value| self.fixed(&value.node))
        } else {
            self.range(&section, entry.span)
        };
        section.finish();
        (kind, when)
    }

    fn range(&self, section: &Section<'a>, span: Span) -> Option<Kind> {
        let (low, high) = (section.take("low"), section.take("high"));
        let log = section.flag("log").unwrap_or(false);
        let step = section.take("step");
        let (Some(low), Some(high)) = (low, high) else {
            let text = format!("'{}' needs 'low' and 'high', or 'values', or 'value'", self.name);
            self.problem(span, text);
            return None;
        };
        let Some(kind) = self.accept.range_type(&low.node, &high.node) else {
            let what = self.accept.words();
            self.problem(span, format!("'{}' must be {what}; a range is for numbers", self.name));
            return None;
        };
        let bounds =
            [("low", low), ("high", high)].map(|(key, entry)| self.bound(kind, key, entry));
        let [Some(bottom), Some(top)] = bounds else { return None };
        self.ordered(kind, log, (low, bottom), (high, top))?;
        if let (true, Some(step)) = (log, step) {
            self.problem(step.span, "'log' and 'step' exclude each other; leave one out");
            return None;
        }
        let step = match step {
            Some(step) => Some(self.step(kind, step, top - bottom)?),
            None => None,
        };
        Some(match kind {
            RangeType::Float => Kind::Float { low: bottom, high: top, log, step },
            RangeType::Int => Kind::Int {
                low: bottom as i64,
                high: top as i64,
                log,
                step: step.map_or(1, |step| step as i64),
            },
        })
    }

    /// Checks that the bounds leave a range between them, and one that has a logarithm if it needs one.
    fn ordered(
        &self,
        kind: RangeType,
        log: bool,
        (low, bottom): (&Entry, f64),
        (high, top): (&Entry, f64),
    ) -> Option<()> {
        let (shown_low, shown_high) = (unquoted(&low.node), unquoted(&high.node));
        let least = if kind == RangeType::Int { "at least 1" } else { "above 0" };
        let text = if bottom == top {
            let fixed = format!("for a fixed value write {} = {shown_high}", self.name);
            format!("'low' equals 'high' ({shown_high}); {fixed}")
        } else if bottom > top {
            format!("'low' ({shown_low}) must be below 'high' ({shown_high})")
        } else if log && bottom <= 0.0 {
            format!("'low' ({shown_low}) must be {least} with 'log'")
        } else {
            return Some(());
        };
        self.problem(low.span, text);
        None
    }

    fn bound(&self, kind: RangeType, key: &str, entry: &Entry) -> Option<f64> {
        let node = &entry.node;
        let number = match kind {
            RangeType::Int => whole(node).filter(|n| n.unsigned_abs() <= 1 << 53).map(|n| n as f64),
            RangeType::Float => node.number().filter(|number| number.is_finite()),
        };
        let Some(number) = number else {
            let what = match kind {
                RangeType::Int => "a whole number within ±2^53",
                RangeType::Float => "a finite number",
            };
            self.problem(node.span, format!("'{key}' must be {what}, not {}", node.shown()));
            return None;
        };
        if !self.accept.bound(kind, number) {
            let what = self.accept.words();
            let text = format!("'{key}' ({}): '{}' must be {what}", unquoted(node), self.name);
            self.problem(entry.span, text);
            return None;
        }
        Some(number)
    }

    fn step(&self, kind: RangeType, entry: &Entry, width: f64) -> Option<f64> {
        let node = &entry.node;
        let number = match kind {
            RangeType::Int => whole(node).map(|number| number as f64),
            RangeType::Float => node.number().filter(|number| number.is_finite()),
        };
        let Some(step) = number.filter(|&step| step > 0.0) else {
            let what = if kind == RangeType::Int { "a whole number" } else { "a number" };
            self.problem(node.span, format!("'step' must be {what} above 0, not {}", node.shown()));
            return None;
        };
        if step > width {
            let text = format!("'step' ({}) is wider than the range ({width})", unquoted(node));
            self.problem(node.span, text);
            return None;
        }
        Some(step)
    }
}

/// A number as messages put it into brackets.
fn unquoted(node: &Node) -> String {
    node.shown().trim_matches('\'').to_string()
}
