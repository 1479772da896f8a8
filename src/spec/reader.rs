//! Reading a section: typed values, used keys, and problems that are collected instead of returned.

use super::error::Problem;
use super::hint;
use super::known::Known;
use super::tree::{Entry, Kind, Node, Span, Table};
use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// What every section needs: the names it may use, the folder of the file, and the list of problems.
pub(super) struct Ctx<'a> {
    pub(super) known: &'a Known,
    pub(super) files: &'a [String],
    pub(super) folder: PathBuf,
    problems: RefCell<Vec<(Span, Problem)>>,
}

impl<'a> Ctx<'a> {
    pub(super) fn new(known: &'a Known, files: &'a [String], folder: PathBuf) -> Self {
        Self { known, files, folder, problems: RefCell::default() }
    }

    /// Notes a problem.
    pub(super) fn problem(&self, span: Span, place: &str, text: impl Into<String>) {
        let file = self.files.get(span.file).cloned().unwrap_or_default();
        let problem = Problem {
            file,
            line: span.line,
            column: span.column,
            text: text.into(),
            place: place.to_string(),
        };
        self.problems.borrow_mut().push((span, problem));
    }

    /// All problems in the order of their places.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|(span, _)| *span);
        problems.into_iter().map(|(_, problem)| problem).collect()
    }

    /// How many problems there are so far.
    pub(super) fn count(&self) -> usize {
        self.problems.borrow().len()
    }

    pub(super) fn is_clean(&self) -> bool {
        self.problems.borrow().is_empty()
    }
}

/// One table of the file while it is read.
pub(super) struct Section<'a> {
    pub(super) ctx: &'a Ctx<'a>,
    pub(super) place: String,
    pub(super) span: Span,
    table: &'a Table,
    keys: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    pub(super) fn new(ctx: &'a Ctx<'a>, place: String, span: Span, table: &'a Table) -> Self {
        Self { ctx, place, span, table, keys: RefCell::default() }
    }

    /// The section of an entry; a problem if it is no table.
    pub(super) fn of(ctx: &'a Ctx<'a>, place: &str, entry: &'a Entry) -> Option<Self> {
        let table = entry.node.table();
        if table.is_none() {
            let text = format!("{place} must be a table, not {}", entry.node.shown());
            ctx.problem(entry.node.span, "", text);
        }
        table.map(|table| Self::new(ctx, place.to_string(), entry.span, table))
    }

    /// The entry of a key, which thereby counts as known.
    pub(super) fn take(&self, key: &'static str) -> Option<&'a Entry> {
        let mut keys = self.keys.borrow_mut();
        if !keys.contains(&key) {
            keys.push(key);
        }
        self.table.get(key)
    }

    /// True if the key stands here; it does not count as known thereby.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub(super) fn problem(&self, span: Span, text: impl Into<String>) {
        self.ctx.problem(span, &self.place, text);
    }

    /// Notes the problem that `key` must be something else.
    pub(super) fn expected(&self, key: &str, what: &str, node: &Node) {
        self.problem(node.span, format!("'{key}' must be {what}, not {}", node.shown()));
    }

    /// Reads a key with a converter; a problem if it says `None`.
    pub(super) fn read<T>(
        &self,
        key: &'static str,
        what: &str,
        convert: impl FnOnce(&'a Node) -> Option<T>,
    ) -> Option<T> {
        let node = &self.take(key)?.node;
        let value = convert(node);
        if value.is_none() {
            self.expected(key, what, node);
        }
        value
    }

    pub(super) fn text(&self, key: &'static str) -> Option<String> {
        self.read(key, "a text", |node| node.text().filter(|text| !text.is_empty()).map(Into::into))
    }

    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        self.read(key, "true or false", |node| match node.kind {
            Kind::Bool(value) => Some(value),
            _ => None,
        })
    }

    /// A whole number; `4.0` counts as one.
    pub(super) fn int(&self, key: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let what = match (*range.start(), *range.end()) {
            (low, i64::MAX) => format!("a whole number of at least {low}"),
            (low, high) => format!("a whole number from {low} to {high}"),
        };
        self.read(key, &what, |node| whole(node).filter(|value| range.contains(value)))
    }

    /// A whole number of at least 1.
    pub(super) fn count(&self, key: &'static str) -> Option<u64> {
        self.int(key, 1..=i64::MAX).and_then(|value| u64::try_from(value).ok())
    }

    pub(super) fn number(&self, key: &'static str) -> Option<f64> {
        self.read(key, "a number", |node| node.number().filter(|value| value.is_finite()))
    }

    /// A list of texts; a single text is a list of one.
    pub(super) fn texts(&self, key: &'static str) -> Option<Vec<String>> {
        self.read(key, "a list of texts", |node| match &node.kind {
            Kind::Text(text) => Some(vec![text.clone()]),
            Kind::List(items) => items.iter().map(|item| item.text().map(Into::into)).collect(),
            _ => None,
        })
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let node = &self.take(key)?.node;
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let Some(text) = node.text() else {
            self.expected(key, &format!("one of {}", names.join(", ")), node);
            return None;
        };
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            self.problem(node.span, hint::unknown_listed(key, text, &names));
        }
        found
    }

    /// A section inside this one.
    pub(super) fn inner(&self, name: &str, entry: &'a Entry) -> Option<Section<'a>> {
        Section::of(self.ctx, &format!("{} {name}", self.place), entry)
    }

    /// The problem of a key that must be there.
    pub(super) fn missing(&self, key: &str, mend: &str) {
        self.problem(self.span, format!("'{key}' is missing; {mend}"));
    }

    /// Ends the reading: every key that nobody took is a problem.
    pub(super) fn finish(self) {
        let known = self.keys.borrow();
        for (key, entry) in self.table {
            if !known.contains(&key.as_str()) {
                self.problem(entry.span, hint::unknown("key", key, &known));
            }
        }
    }
}

/// The node as a whole number.
pub(super) fn whole(node: &Node) -> Option<i64> {
    match node.kind {
        Kind::Int(value) => Some(value),
        Kind::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => Some(value as i64),
        _ => None,
    }
}
