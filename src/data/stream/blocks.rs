//! A text file in blocks of whole records.

use super::super::{Error, csv_sniff};
use std::fs::File;
use std::io::Read;

/// Bytes of a block.
const TARGET: usize = 1 << 20;
/// Bytes of one record, beyond which a quote was surely left open.
const MAX_RECORD: usize = 64 << 20;

/// A piece of a source.
#[derive(Debug)]
pub(super) enum Block {
    /// Whole records of a text.
    Text {
        bytes: Vec<u8>,
        /// The line, from 1, of the first byte.
        first_line: u64,
    },
    /// Whole records of CSV in UTF-8 without a quote.
    Plain { text: String, first_line: u64 },
    /// Rows of a Parquet file.
    #[cfg(feature = "parquet")]
    Arrow { batch: arrow_array::RecordBatch, first_row: usize },
}

impl Block {
    /// Its bytes and their first line; nothing for rows of Parquet.
    pub(super) fn text(&self) -> (&[u8], u64) {
        match self {
            Self::Text { bytes, first_line } => (bytes, *first_line),
            Self::Plain { text, first_line } => (text.as_bytes(), *first_line),
            #[cfg(feature = "parquet")]
            Self::Arrow { .. } => (&[], 1),
        }
    }

    /// The number of the first row, for sources without lines.
    pub(super) fn first_row(&self) -> usize {
        match self {
            Self::Text { .. } | Self::Plain { .. } => 0,
            #[cfg(feature = "parquet")]
            Self::Arrow { first_row, .. } => *first_row,
        }
    }
}

/// Where records end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// At line ends outside of quotes, as in CSV of that delimiter.
    Unquoted(u8),
    /// At every line feed.
    Lines,
}

/// Cuts a file into blocks.
#[derive(Debug)]
pub(super) struct TextBlocks {
    file: Option<File>,
    shown: String,
    ends: Ends,
    /// Bytes read and not handed out; they begin with a record.
    carry: Vec<u8>,
    line: u64,
}

impl TextBlocks {
    /// Goes on with a file whose first bytes, up to `carry`, are done; `line` is the line of `carry`.
    pub(super) fn new(file: File, shown: &str, ends: Ends, carry: Vec<u8>, line: u64) -> Self {
        Self { file: Some(file), shown: shown.into(), ends, carry, line }
    }

    fn io(&self, source: std::io::Error) -> Error {
        Error::Io { path: self.shown.clone(), source }
    }

    /// The next block; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Block>, Error> {
        let mut wanted = TARGET;
        let cut = loop {
            self.fill(wanted)?;
            let is_end = self.file.is_none() && self.carry.len() <= wanted;
            let piece = &self.carry[..wanted.min(self.carry.len())];
            if is_end {
                self.check_closed(piece)?;
                break piece.len();
            }
            if let Some(cut) = self.ends.last(piece) {
                break cut;
            }
            if wanted > MAX_RECORD {
                return Err(self.too_long(piece));
            }
            wanted *= 2;
        };
        if cut == 0 {
            return Ok(None);
        }
        let rest = self.carry.split_off(cut);
        let bytes = std::mem::replace(&mut self.carry, rest);
        let first_line = self.line;
        self.line += lines(&bytes);
        Ok(Some(Block::Text { bytes, first_line }))
    }

    /// Reads until there are more than `wanted` bytes, or to the end of the file.
    fn fill(&mut self, wanted: usize) -> Result<(), Error> {
        let Some(file) = &self.file else { return Ok(()) };
        let missing = (wanted + 1).saturating_sub(self.carry.len());
        if missing == 0 {
            return Ok(());
        }
        self.carry.reserve(missing);
        let read = file.take(missing as u64).read_to_end(&mut self.carry);
        if read.map_err(|error| self.io(error))? < missing {
            self.file = None;
        }
        Ok(())
    }

    fn too_long(&self, piece: &[u8]) -> Error {
        let shown = &self.shown;
        let place = format!("{shown}, line {}", self.line);
        match self.ends.open_quote(piece) {
            Some(at) => unclosed(shown, self.line + lines(&piece[..at])),
            None => Error::source(
                place,
                format!("one record is longer than {} MB", MAX_RECORD / 1_000_000),
                "put each row on a line of its own",
            ),
        }
    }

    /// A quote that never closes swallows the rest of the file into one cell, which then looks fine.
    fn check_closed(&self, piece: &[u8]) -> Result<(), Error> {
        match self.ends.open_quote(piece) {
            Some(at) => Err(unclosed(&self.shown, self.line + lines(&piece[..at]))),
            None => Ok(()),
        }
    }
}

fn unclosed(shown: &str, line: u64) -> Error {
    Error::source(
        format!("{shown}, line {line}"),
        "the quote '\"' is never closed",
        "close the quote, and double quotes inside a quoted cell",
    )
}

/// Line feeds.
#[expect(
    clippy::naive_bytecount,
    reason = "the compiler makes it fast enough without another crate"
)]
pub(super) fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}

fn is_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

impl Ends {
    /// The offset behind the last record that ends in these bytes, which begin with a record.
    fn last(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Lines => bytes.iter().rposition(|&byte| byte == b'\n').map(|at| at + 1),
            Self::Unquoted(_) if !bytes.contains(&b'"') => {
                bytes.iter().rposition(|&byte| is_end(byte)).map(|at| at + 1)
            }
            Self::Unquoted(delimiter) => {
                let mut last = None;
                csv_sniff::quotes(bytes, delimiter, |at| last = Some(at + 1));
                last
            }
        }
    }

    /// Where a quoted cell begins that has no end.
    fn open_quote(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Unquoted(delimiter) if bytes.contains(&b'"') => {
                csv_sniff::quotes(bytes, delimiter, |_| {})
            }
            _ => None,
        }
    }
}
