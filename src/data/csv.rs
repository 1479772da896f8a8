//! Comma-, tab-, semicolon- and pipe-separated text.

use super::csv_sniff::{self, DELIMITERS};
use super::source::{Scan, bytes_of, line_at};
use super::source_build::{Cell, TableBuilder};
use super::{Encoding, Error, SourceOptions};
use crate::domain::Digest;
use ::csv::{Reader, StringRecord};

/// A CSV file in memory.
#[derive(Debug)]
pub(super) struct CsvSource {
    text: String,
    shown: String,
    delimiter: u8,
    digest: Digest,
    header: Vec<String>,
}

impl CsvSource {
    pub(super) fn open(options: &SourceOptions) -> Result<Self, Error> {
        let bytes = bytes_of(&options.path, &options.shown)?;
        let digest = Digest::of(&bytes);
        let text = decode(bytes, options.encoding, &options.shown)?;
        Self::of_text(text, options, digest)
    }

    /// Header and delimiter of the begin of a text.
    pub(super) fn head(options: &SourceOptions, text: &str) -> Result<(Vec<String>, u8), Error> {
        let source = Self::of_text(text.to_string(), options, Digest::of(b""))?;
        Ok((source.header, source.delimiter))
    }

    fn of_text(text: String, options: &SourceOptions, digest: Digest) -> Result<Self, Error> {
        let shown = options.shown.clone();
        if text.trim().is_empty() {
            return Err(Error::source(
                shown,
                "the file is empty",
                "give a file with a header and rows",
            ));
        }
        let delimiter = options.delimiter.unwrap_or_else(|| csv_sniff::delimiter(&text));
        let mut source = Self { text, shown, delimiter, digest, header: Vec::new() };
        source.header = source.read_header()?;
        if options.delimiter.is_some() {
            source.check_delimiter()?;
        }
        Ok(source)
    }

    fn reader(&self) -> Reader<&[u8]> {
        csv_sniff::reader(&self.text, self.delimiter)
    }

    fn at_line(&self, line: u64) -> String {
        format!("{}, line {line}", self.shown)
    }

    fn malformed(&self, error: &::csv::Error) -> Error {
        let line = error.position().map_or(1, ::csv::Position::line);
        malformed(&self.shown, line, error)
    }

    fn read_header(&self) -> Result<Vec<String>, Error> {
        let mut record = StringRecord::new();
        self.reader().read_record(&mut record).map_err(|error| self.malformed(&error))?;
        let names: Vec<String> = record.iter().map(|name| name.trim().to_string()).collect();
        for (idx, name) in names.iter().enumerate() {
            if name.is_empty() {
                return Err(Error::source(
                    self.at_line(1),
                    format!("column {} has no name ('')", idx + 1),
                    "name every column in the header, or write the file without its row index",
                ));
            }
            if names[..idx].contains(name) {
                return Err(Error::source(
                    self.at_line(1),
                    format!("two columns are called '{name}'"),
                    "give every column a name of its own",
                ));
            }
        }
        if looks_like_data(&names) {
            return Err(Error::source(
                self.at_line(1),
                format!("the header holds only numbers ('{}', …)", names[0]),
                "put the column names in the first line",
            ));
        }
        Ok(names)
    }

    /// A wrong delimiter shows as one column whose name holds another delimiter.
    fn check_delimiter(&self) -> Result<(), Error> {
        let other =
            DELIMITERS.iter().find(|&&d| d != self.delimiter && self.header[0].contains(d as char));
        match other {
            Some(&other) if self.header.len() == 1 => Err(Error::source(
                self.at_line(1),
                format!(
                    "the delimiter {} finds one column, called '{}'",
                    csv_sniff::shown(self.delimiter),
                    self.header[0]
                ),
                format!("set delimiter to {}, or leave it out", csv_sniff::shown(other)),
            )),
            _ => Ok(()),
        }
    }

    fn ragged(&self, line: u64, n: usize) -> Error {
        ragged(&self.at_line(line), n, self.header.len(), self.delimiter)
    }
}

pub(super) fn malformed(shown: &str, line: u64, error: &::csv::Error) -> Error {
    let place = format!("{shown}, line {line}");
    Error::source(place, format!("is not CSV: {error}"), "correct the line")
}

pub(super) fn ragged(place: &str, n: usize, n_header: usize, delimiter: u8) -> Error {
    Error::source(
        place,
        format!("{n} cells where the header has {n_header}"),
        format!("put quotes around cells that hold {}", csv_sniff::shown(delimiter)),
    )
}

impl Scan for CsvSource {
    fn scan(&self, builder: &mut TableBuilder<'_>) -> Result<(), Error> {
        builder.expect_rows(self.text.matches('\n').count());
        let columns: Vec<usize> = self.header.iter().map(|name| builder.column(name)).collect();
        let mut reader = self.reader();
        let mut record = StringRecord::new();
        let mut read = |record: &mut StringRecord| {
            reader.read_record(record).map_err(|error| self.malformed(&error))
        };
        read(&mut record)?;
        let mut last = 0;
        while read(&mut record)? {
            let position = record.position().map_or((0, 0), |p| (p.line(), p.byte()));
            last = position.1 as usize;
            if record.len() != columns.len() {
                self.check_last_quote(last)?;
                return Err(self.ragged(position.0, record.len()));
            }
            let place = || self.at_line(position.0);
            for (&column, cell) in columns.iter().zip(&record) {
                builder.push(column, Cell::Text(cell), &place)?;
            }
            builder.end_full_row();
        }
        if builder.is_second() { Ok(()) } else { self.check_last_quote(last) }
    }

    fn place(&self, row: usize) -> String {
        let mut reader = self.reader();
        let mut record = StringRecord::new();
        for _ in 0..row + 2 {
            if !reader.read_record(&mut record).unwrap_or(false) {
                break;
            }
        }
        self.at_line(record.position().map_or(0, ::csv::Position::line))
    }

    fn digest(&self) -> Digest {
        self.digest
    }
}

impl CsvSource {
    /// A quote that never closes swallows the rest of the file into one cell, which then looks fine.
    /// Only the last record can hold one.
    fn check_last_quote(&self, start: usize) -> Result<(), Error> {
        let record = &self.text.as_bytes()[start.min(self.text.len())..];
        let Some(open) = csv_sniff::quotes(record, self.delimiter, |_| {}) else { return Ok(()) };
        let line = line_at(self.text.as_bytes(), start + open);
        Err(Error::source(
            self.at_line(line as u64),
            "the quote '\"' is never closed",
            "close the quote, and double quotes inside a quoted cell",
        ))
    }
}

/// True for a first line of numbers, unless it counts its columns: `0,1,2` is how frames without names
/// are written.
fn looks_like_data(names: &[String]) -> bool {
    let numbers: Option<Vec<f64>> = names.iter().map(|name| name.parse().ok()).collect();
    numbers.is_some_and(|numbers| {
        let counts = |from: f64| numbers.iter().enumerate().all(|(i, &v)| v == from + i as f64);
        !(numbers.len() > 1 && (counts(0.0) || counts(1.0)))
    })
}

fn decode(mut bytes: Vec<u8>, encoding: Option<Encoding>, shown: &str) -> Result<String, Error> {
    refuse_binary(&bytes, shown)?;
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        bytes.drain(..3);
    }
    let latin1 = |bytes: &[u8]| bytes.iter().map(|&b| b as char).collect();
    if encoding == Some(Encoding::Latin1) {
        return Ok(latin1(&bytes));
    }
    String::from_utf8(bytes).or_else(|error| {
        if encoding.is_none() {
            return Ok(latin1(error.as_bytes()));
        }
        let at = error.utf8_error().valid_up_to();
        let line = line_at(error.as_bytes(), at);
        Err(not_utf8(shown, line as u64, error.as_bytes()[at]))
    })
}

pub(super) fn not_utf8(shown: &str, line: u64, byte: u8) -> Error {
    Error::source(
        format!("{shown}, line {line}"),
        format!("the byte '0x{byte:02x}' is not UTF-8"),
        "set encoding to latin1, or leave it out",
    )
}

pub(super) fn refuse_binary(bytes: &[u8], shown: &str) -> Result<(), Error> {
    let refuse = |what: &str, mend: &str| Err(Error::source(shown, what, mend));
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return refuse("is UTF-16", "save it as UTF-8");
    }
    if bytes.starts_with(b"\x1F\x8B") {
        return refuse("is compressed with gzip", "decompress it first");
    }
    let Some(at) = bytes.iter().position(|&b| b == 0) else { return Ok(()) };
    Err(holds_nul(shown, line_at(bytes, at) as u64))
}

pub(super) fn holds_nul(shown: &str, line: u64) -> Error {
    Error::source(
        format!("{shown}, line {line}"),
        "holds the byte '0x00', so it is no text",
        "give a CSV file, or say which format it has",
    )
}
