//! YAML into the tree. Booleans are strict, so that a choice `y` or `no` stays a text.

use super::{NO_TABLE, TOO_DEEP};
use crate::spec::tree::{Entry, Kind, MAX_DEPTH, Node, Span, Syntax, Table};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};
use std::fmt;

/// Reads a document.
pub(super) fn read(text: &str, file: usize) -> Result<Table, Syntax> {
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    let root: Spanned<Raw> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let span =
                error.location().map_or(Span { file, line: 1, column: 1 }, |at| place(at, file));
            Syntax { span, text: message(&error.to_string()) }
        })?;
    let root = node(root, file, 0)?;
    match root.kind {
        Kind::Table(table) => Ok(table),
        _ => Err(Syntax { span: root.span, text: NO_TABLE.into() }),
    }
}

/// The parser's message without the place, which stands elsewhere, and without its own options.
fn message(full: &str) -> String {
    let short = full.split(" at line ").next().unwrap_or_default();
    let short = short.split(", set DuplicateKeyPolicy").next().unwrap_or_default();
    format!("not valid YAML: {}", short.trim().replace('\n', ", "))
}

fn place(at: Location, file: usize) -> Span {
    Span { file, line: at.line() as usize, column: at.column() as usize }
}

fn node(raw: Spanned<Raw>, file: usize, depth: usize) -> Result<Node, Syntax> {
    let span = place(raw.referenced, file);
    if depth > MAX_DEPTH {
        return Err(Syntax { span, text: TOO_DEEP.into() });
    }
    let kind = match raw.value {
        Raw::Scalar(kind) => kind,
        Raw::Wide(value) => {
            let text = format!("the whole number '{value}' does not fit into 64 bits");
            return Err(Syntax { span, text });
        }
        Raw::List(items) => {
            let items = items.into_iter().map(|item| node(item, file, depth + 1));
            Kind::List(items.collect::<Result<_, _>>()?)
        }
        Raw::Table(entries) => {
            let mut table = Table::new();
            for (key, value) in entries {
                let span = place(key.referenced, file);
                table.insert(key.value, Entry { span, node: node(value, file, depth + 1)? });
            }
            Kind::Table(table)
        }
    };
    Ok(Node { span, kind })
}

/// What the deserializer hands over, before places are turned into ours.
enum Raw {
    Scalar(Kind),
    Wide(u64),
    List(Vec<Spanned<Raw>>),
    Table(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Kind::Null))
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Kind::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Raw, D::Error> {
        from.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Scalar(Kind::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Scalar(Kind::Int(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(i64::try_from(value).map_or(Raw::Wide(value), |value| Raw::Scalar(Kind::Int(value))))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Scalar(Kind::Float(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Scalar(Kind::Text(value.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = from.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Table(entries))
    }
}
