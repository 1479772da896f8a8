//! JSON lines in blocks.

use super::super::json::{self, Pairs};
use super::super::{Error, Schema, SourceOptions};
use super::blocks::{Block, Ends, TextBlocks, lines};
use super::cells::Rows;
use super::{Parsed, Source, next_of};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::sync::{Mutex, PoisonError};

/// Other keys that are remembered.
const IGNORED: usize = 100;

/// A file with one JSON object a line.
#[derive(Debug)]
pub(super) struct JsonRows<'a> {
    blocks: Option<Mutex<TextBlocks>>,
    shown: String,
    /// Place in the schema by name.
    wanted: HashMap<&'a str, usize>,
    ignored: Mutex<BTreeSet<String>>,
}

/// The keys of some objects.
struct Came {
    /// Those of the schema, in its order.
    present: Vec<bool>,
    ignored: BTreeSet<String>,
}

impl Came {
    fn ignore(&mut self, name: &str) {
        if !self.ignored.contains(name) {
            remember(&mut self.ignored, name.into());
        }
    }
}

/// Keeps the first names in order, so that the order in which they come does not matter.
fn remember(names: &mut BTreeSet<String>, name: String) {
    names.insert(name);
    if names.len() > IGNORED {
        names.pop_last();
    }
}

impl<'a> JsonRows<'a> {
    pub(super) fn open(options: &SourceOptions, schema: &'a Schema) -> Result<Self, Error> {
        let shown = options.shown.clone();
        let io = |source| Error::Io { path: shown.clone(), source };
        let mut file = File::open(&options.path).map_err(io)?;
        let mut head = Vec::new();
        (&mut file).take(3).read_to_end(&mut head).map_err(io)?;
        if head.starts_with(b"\xEF\xBB\xBF") {
            head.clear();
        }
        let blocks = TextBlocks::new(file, &shown, Ends::Lines, head, 1);
        Ok(Self { blocks: Some(Mutex::new(blocks)), ..Self::of_text(&shown, schema) })
    }

    /// Parses what it is given, without a file.
    pub(super) fn of_text(shown: &str, schema: &'a Schema) -> Self {
        let named = schema.columns.iter().map(|column| column.name.as_str());
        let (wanted, ignored) = (named.zip(0..).collect(), Mutex::default());
        Self { blocks: None, shown: shown.into(), wanted, ignored }
    }

    fn add(
        &self,
        (name, value): (&str, &Value),
        place: &dyn Fn() -> String,
        came: &mut Came,
        rows: &mut Rows<'_>,
    ) -> Result<(), Error> {
        json::flat(name, value, &mut |name, cell| {
            let Some(&column) = self.wanted.get(name) else {
                came.ignore(name);
                return Ok(());
            };
            if rows.has_cell(column) {
                return Err(json::given_twice(place(), name));
            }
            came.present[column] = true;
            rows.push(column, cell);
            Ok(())
        })
    }
}

impl Source for JsonRows<'_> {
    fn next(&self) -> Result<Option<Block>, Error> {
        self.blocks.as_ref().map_or(Ok(None), next_of)
    }

    fn parse(
        &self,
        block: &Block,
        from: usize,
        limit: usize,
        rows: &mut Rows<'_>,
    ) -> Result<Parsed, Error> {
        let (bytes, first_line) = block.text();
        let mut parsed = Parsed::default();
        let mut came = Came { present: vec![false; self.wanted.len()], ignored: BTreeSet::new() };
        let mut at = from;
        while at < bytes.len() {
            let line = &bytes[at..];
            let end = line.iter().position(|&b| b == b'\n').map_or(line.len(), |at| at + 1);
            let (start, line) = (at, line[..end].trim_ascii());
            at += end;
            if line.is_empty() {
                continue;
            }
            let place = || {
                let before = lines(&bytes[..start]);
                format!("{}, line {}", self.shown, first_line + before)
            };
            let text = std::str::from_utf8(line)
                .map_err(|error| json::not_utf8(place(), line[error.valid_up_to()]))?;
            let pairs: Pairs = json::record(text, &place)?;
            for (name, value) in &pairs {
                self.add((name, value), &place, &mut came, rows)?;
            }
            rows.end_row();
            parsed.starts.push(start as u32);
            if rows.n_rows() == limit {
                parsed.next = Some(at);
                break;
            }
        }
        let mut ignored = self.ignored.lock().unwrap_or_else(PoisonError::into_inner);
        came.ignored.into_iter().for_each(|name| remember(&mut ignored, name));
        Ok(Parsed { present: came.present, ..parsed })
    }

    fn ignored(&self) -> Vec<String> {
        let ignored = self.ignored.lock().unwrap_or_else(PoisonError::into_inner);
        ignored.iter().cloned().collect()
    }
}
