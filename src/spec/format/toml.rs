//! TOML into the tree.

use super::TOO_DEEP;
use crate::spec::tree::{Entry, Kind, Lines, MAX_DEPTH, Node, Syntax, Table};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads a document.
pub(super) fn read(text: &str, file: usize) -> Result<Table, Syntax> {
    let lines = Lines::new(text, file);
    let root = DeTable::parse(text).map_err(|error| syntax(&lines, &error))?;
    table(root.get_ref(), &lines, 0)
}

/// Reads one value, as `--set` takes it; `None` if the text is none.
pub(in crate::spec) fn value(text: &str, file: usize) -> Option<Node> {
    let lines = Lines::new(text, file);
    let parsed = DeValue::parse(text).ok()?;
    node(&parsed, &lines, 0).ok()
}

fn syntax(lines: &Lines<'_>, error: &toml::de::Error) -> Syntax {
    let span = lines.span(error.span().map_or(0, |span| span.start));
    let message = error.message().trim().replace('\n', ", ");
    Syntax { span, text: format!("not valid TOML: {message}") }
}

fn table(from: &DeTable<'_>, lines: &Lines<'_>, depth: usize) -> Result<Table, Syntax> {
    let mut entries: Vec<_> = from.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start); // file order; the parser sorts by key
    let mut table = Table::new();
    for (key, value) in entries {
        let entry =
            Entry { span: lines.span(key.span().start), node: node(value, lines, depth + 1)? };
        table.insert(key.get_ref().to_string(), entry);
    }
    Ok(table)
}

fn node(from: &Spanned<DeValue<'_>>, lines: &Lines<'_>, depth: usize) -> Result<Node, Syntax> {
    let span = lines.span(from.span().start);
    let fail = |text: String| Syntax { span, text };
    if depth > MAX_DEPTH {
        return Err(fail(TOO_DEEP.into()));
    }
    let kind = match from.get_ref() {
        DeValue::String(text) => Kind::Text(text.to_string()),
        DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix())
            .map(Kind::Int)
            .map_err(|_| fail(format!("the whole number '{digits}' does not fit into 64 bits")))?,
        DeValue::Float(digits) => digits
            .as_str()
            .parse()
            .map(Kind::Float)
            .map_err(|_| fail(format!("'{digits}' is no number")))?,
        DeValue::Boolean(value) => Kind::Bool(*value),
        DeValue::Datetime(date) => Kind::Text(date.to_string()),
        DeValue::Array(items) => Kind::List(
            items.iter().map(|item| node(item, lines, depth + 1)).collect::<Result<_, _>>()?,
        ),
        DeValue::Table(entries) => Kind::Table(table(entries, lines, depth)?),
    };
    Ok(Node { span, kind })
}
