//! The sweep file as one tree with positions, whatever format it came from.

use indexmap::IndexMap;

/// Where something stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    /// Index into the list of files; 0 is the sweep file itself.
    pub(super) file: usize,
    /// From 1; 0 for what came from a flag.
    pub(super) line: usize,
    /// From 1, in characters.
    pub(super) column: usize,
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) kind: Kind,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Table(Table),
}

/// A key's place and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) span: Span,
    pub(super) node: Node,
}

/// Keys with their values.
pub(super) type Table = IndexMap<String, Entry>;

/// A file that is not well-formed.
#[derive(Debug)]
pub(super) struct Syntax {
    pub(super) span: Span,
    pub(super) text: String,
}

/// Deeper nesting is refused, so that nothing here can run out of stack.
pub(super) const MAX_DEPTH: usize = 64;

impl Node {
    pub(super) fn table(&self) -> Option<&Table> {
        match &self.kind {
            Kind::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self.kind {
            Kind::Int(value) => Some(value as f64),
            Kind::Float(value) => Some(value),
            _ => None,
        }
    }

    /// The value as messages name it: `'10.0'`, `'abc'`, `a table`.
    pub(super) fn shown(&self) -> String {
        match &self.kind {
            Kind::Null => "'null'".into(),
            Kind::Bool(value) => format!("'{value}'"),
            Kind::Int(value) => format!("'{value}'"),
            Kind::Float(value) => format!("'{value:?}'"),
            Kind::Text(text) => format!("'{}'", text.escape_debug()),
            Kind::List(_) => "a list".into(),
            Kind::Table(_) => "a table".into(),
        }
    }
}

/// Finds line and column of a byte offset.
pub(super) struct Lines<'a> {
    text: &'a str,
    file: usize,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str, file: usize) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(offset, _)| offset + 1)).collect();
        Self { text, file, starts }
    }

    pub(super) fn span(&self, offset: usize) -> Span {
        let line = self.starts.partition_point(|&start| start <= offset).max(1);
        let before = self.text.get(self.starts[line - 1]..offset.min(self.text.len()));
        let column = before.map_or(1, |before| before.chars().count() + 1);
        Span { file: self.file, line, column }
    }
}
