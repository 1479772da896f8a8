//! JSON: one array of objects, or one object a line.

use super::source::{Scan, bytes_of, line_at};
use super::source_build::{Cell, TableBuilder};
use super::{Error, Format, SourceOptions};
use crate::domain::Digest;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// A JSON file in memory.
#[derive(Debug)]
pub(super) struct JsonSource {
    text: String,
    shown: String,
    lines: bool,
    digest: Digest,
}

impl JsonSource {
    pub(super) fn open(options: &SourceOptions, format: Format) -> Result<Self, Error> {
        let shown = options.shown.clone();
        let mut bytes = bytes_of(&options.path, &shown)?;
        let digest = Digest::of(&bytes);
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes.drain(..3);
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let line = line_at(error.as_bytes(), at);
            not_utf8(format!("{shown}, line {line}"), error.as_bytes()[at])
        })?;
        if text.trim().is_empty() {
            return Err(Error::source(
                shown,
                "the file is empty",
                "give a file with at least one object",
            ));
        }
        Ok(Self { text, shown, lines: format == Format::JsonLines, digest })
    }

    fn at_line(&self, line: usize) -> String {
        format!("{}, line {line}", self.shown)
    }

    fn scan_lines(&self, builder: &mut TableBuilder<'_>) -> Result<(), Error> {
        for (idx, line) in self.text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
            let place = || self.at_line(idx + 1);
            add_record(builder, record(line, &place)?, &place)?;
        }
        Ok(())
    }

    fn scan_array(&self, builder: &mut TableBuilder<'_>) -> Result<(), Error> {
        let mut stopped = None;
        let mut parser = serde_json::Deserializer::from_str(&self.text);
        let visitor = Rows { source: self, builder, stopped: &mut stopped };
        let read = parser.deserialize_seq(visitor).and_then(|()| parser.end());
        if let Some(error) = stopped {
            return Err(error);
        }
        read.map_err(|error| {
            Error::source(
                format!("{}, character {}", self.at_line(error.line()), error.column()),
                format!("is not an array of JSON objects: {}", without_place(&error)),
                "give one array of objects, [{…}, {…}], or one object a line as .jsonl",
            )
        })
    }
}

/// The object of one line.
pub(super) fn record(line: &str, place: &dyn Fn() -> String) -> Result<Pairs, Error> {
    let mut parser = serde_json::Deserializer::from_str(line);
    let record = RecordSeed.deserialize(&mut parser).and_then(|r| parser.end().map(|()| r));
    record.map_err(|error| {
        let what = format!("is not a JSON object: {}", without_place(&error));
        Error::source(format!("{}, character {}", place(), error.column()), what, LINES_MEND)
    })
}

pub(super) fn not_utf8(place: String, byte: u8) -> Error {
    Error::source(place, format!("the byte '0x{byte:02x}' is not UTF-8"), "save the file as UTF-8")
}

pub(super) fn given_twice(place: String, name: &str) -> Error {
    Error::source(place, format!("the key '{name}' is given twice"), "keep one of the two")
}

const LINES_MEND: &str = "give one object a line, or one array of objects as .json";

impl Scan for JsonSource {
    fn scan(&self, builder: &mut TableBuilder<'_>) -> Result<(), Error> {
        if self.lines { self.scan_lines(builder) } else { self.scan_array(builder) }
    }

    fn place(&self, row: usize) -> String {
        let mut lines = self.text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        match lines.nth(row) {
            Some((idx, _)) if self.lines => self.at_line(idx + 1),
            _ => format!("{}, object {}", self.shown, row + 1),
        }
    }

    fn digest(&self) -> Digest {
        self.digest
    }
}

/// The parser's message without its place, which ours gives.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(what, _)| what.to_string())
}

/// Feeds the objects of an array to the builder one by one, so that the array is never in memory.
struct Rows<'a, 'b, 'c> {
    source: &'a JsonSource,
    builder: &'a mut TableBuilder<'b>,
    stopped: &'c mut Option<Error>,
}

impl<'de> Visitor<'de> for Rows<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(record) = seq.next_element_seed(RecordSeed)? {
            let row = self.builder.row();
            let place = || self.source.place(row);
            if let Err(error) = add_record(self.builder, record, &place) {
                *self.stopped = Some(error);
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// The pairs of one object, in their order.
pub(super) type Pairs = Vec<(String, Value)>;

/// One object as its pairs, repeated keys included: a map would silently keep the last.
struct RecordSeed;

impl<'de> DeserializeSeed<'de> for RecordSeed {
    type Value = Pairs;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RecordSeed {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

fn add_record(
    builder: &mut TableBuilder<'_>,
    record: Pairs,
    place: &dyn Fn() -> String,
) -> Result<(), Error> {
    for (key, value) in record {
        flat(&key, &value, &mut |name, cell| {
            if name.trim().is_empty() {
                let what = format!("the key '{name}' is empty");
                return Err(Error::source(place(), what, "name the key"));
            }
            let column = builder.column(name);
            if builder.has_cell(column) {
                return Err(given_twice(place(), name));
            }
            builder.push(column, cell, place)
        })?;
    }
    builder.end_row();
    Ok(())
}

/// Hands out one value under its name; an object becomes one cell per key, named `outer.inner`.
pub(super) fn flat(
    name: &str,
    value: &Value,
    add: &mut dyn FnMut(&str, Cell<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let text;
    let cell = match value {
        Value::Object(inner) => {
            for (key, value) in inner {
                flat(&format!("{name}.{key}"), value, add)?;
            }
            return Ok(());
        }
        Value::Null => Cell::Null("null"),
        Value::Bool(true) => Cell::Text("true"),
        Value::Bool(false) => Cell::Text("false"),
        Value::Number(number) => number
            .as_i64()
            .map(Cell::Int)
            .or_else(|| number.as_f64().map(Cell::Float))
            .unwrap_or(Cell::Null("null")),
        Value::String(text) => Cell::Text(text),
        Value::Array(_) => {
            text = value.to_string();
            Cell::Text(&text)
        }
    };
    add(name, cell)
}
