//! JSON into the tree: `serde_json` says whether it is valid, a scan of the valid text finds the places.

use super::{NO_TABLE, TOO_DEEP};
use crate::spec::tree::{Entry, Kind, Lines, MAX_DEPTH, Node, Span, Syntax, Table};
use serde::de::IgnoredAny;

/// Reads a document.
pub(super) fn read(text: &str, file: usize) -> Result<Table, Syntax> {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        let span = Span { file, line: error.line(), column: error.column().max(1) };
        return Err(Syntax { span, text: format!("not valid JSON: {message}") });
    }
    let mut scan = Scan { text, at: 0, lines: Lines::new(text, file) };
    let root = scan.node(0)?;
    match root.kind {
        Kind::Table(table) => Ok(table),
        _ => Err(Syntax { span: root.span, text: NO_TABLE.into() }),
    }
}

/// A walk over text that is known to be valid.
struct Scan<'a> {
    text: &'a str,
    at: usize,
    lines: Lines<'a>,
}

impl Scan<'_> {
    /// The next byte that is no white space.
    fn peek(&mut self) -> u8 {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn node(&mut self, depth: usize) -> Result<Node, Syntax> {
        let first = self.peek();
        let span = self.lines.span(self.at);
        if depth > MAX_DEPTH {
            return Err(Syntax { span, text: TOO_DEEP.into() });
        }
        let kind = match first {
            b'{' => Kind::Table(self.table(depth)?),
            b'[' => Kind::List(self.list(depth)?),
            b'"' => Kind::Text(self.string(span)?),
            _ => self.word(span)?,
        };
        Ok(Node { span, kind })
    }

    fn table(&mut self, depth: usize) -> Result<Table, Syntax> {
        let mut table = Table::new();
        self.at += 1;
        while self.peek() != b'}' {
            let span = self.lines.span(self.at);
            let key = self.string(span)?;
            self.peek();
            self.at += 1; // the colon
            let node = self.node(depth + 1)?;
            if table.contains_key(&key) {
                return Err(Syntax { span, text: format!("the key '{key}' stands here twice") });
            }
            table.insert(key, Entry { span, node });
            if self.peek() == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
        Ok(table)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, Syntax> {
        let mut items = Vec::new();
        self.at += 1;
        while self.peek() != b']' {
            items.push(self.node(depth + 1)?);
            if self.peek() == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
        Ok(items)
    }

    fn string(&mut self, span: Span) -> Result<String, Syntax> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        self.at += 1;
        while bytes.get(self.at).is_some_and(|&byte| byte != b'"') {
            self.at += if bytes[self.at] == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        let quoted = self.text.get(start..self.at).unwrap_or_default();
        serde_json::from_str(quoted)
            .map_err(|_| Syntax { span, text: format!("not valid JSON: the text {quoted}") })
    }

    fn word(&mut self, span: Span) -> Result<Kind, Syntax> {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
        let word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len();
        let fail = |text: String| Syntax { span, text };
        match word {
            "null" => Ok(Kind::Null),
            "true" => Ok(Kind::Bool(true)),
            "false" => Ok(Kind::Bool(false)),
            _ if word.contains(['.', 'e', 'E']) => {
                word.parse().map(Kind::Float).map_err(|_| fail(format!("'{word}' is no number")))
            }
            _ => word
                .parse()
                .map(Kind::Int)
                .map_err(|_| fail(format!("the whole number '{word}' does not fit into 64 bits"))),
        }
    }
}
