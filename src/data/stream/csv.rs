//! CSV in blocks.

use super::super::csv::{self, CsvSource};
use super::super::source::line_at;
use super::super::{Encoding, Error, Schema, SourceOptions, csv_sniff};
use super::blocks::{Block, Ends, TextBlocks, lines};
use super::cells::Rows;
use super::{Cell, Parsed, Source, head, next_of};
use ::csv::{ByteRecord, ReaderBuilder};
use std::borrow::Cow;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Mutex;

/// Bytes in which delimiter and header are looked for.
const HEAD: usize = 4 << 20;

/// A CSV file whose header was read.
#[derive(Debug)]
pub(super) struct CsvRows {
    blocks: Mutex<TextBlocks>,
    shown: String,
    delimiter: u8,
    is_latin1: bool,
    n_columns: usize,
    /// Place in the schema of each column of the file, up to the last that is read.
    wanted: Vec<Option<usize>>,
    /// Columns of the schema.
    n_wanted: usize,
    ignored: Vec<String>,
}

impl CsvRows {
    pub(super) fn open(options: &SourceOptions, schema: &Schema) -> Result<Self, Error> {
        let shown = options.shown.clone();
        let io = |source| Error::Io { path: shown.clone(), source };
        let mut file = File::open(&options.path).map_err(io)?;
        let is_latin1 = match options.encoding {
            Some(encoding) => encoding == Encoding::Latin1,
            None => !is_utf8(&mut file).map_err(io)?,
        };
        let mut bytes = Vec::new();
        (&mut file).take(HEAD as u64).read_to_end(&mut bytes).map_err(io)?;
        csv::refuse_binary(&bytes, &shown)?;
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes.drain(..3);
        }
        let whole = match bytes.iter().rposition(|&byte| byte == b'\n') {
            Some(at) if bytes.len() >= HEAD - 3 => at + 1,
            _ => bytes.len(),
        };
        let text = text(&bytes[..whole], is_latin1, &shown, 1)?;
        let (header, delimiter) = CsvSource::head(options, &text)?;
        head::check_columns(&format!("{shown}, line 1"), schema, &header)?;
        let mut wanted: Vec<Option<usize>> = header
            .iter()
            .map(|name| schema.columns.iter().position(|column| column.name == *name))
            .collect();
        while wanted.last().is_some_and(Option::is_none) {
            wanted.pop();
        }
        // Latin-1 texts are longer than their bytes, so the end of the header is looked for in the bytes.
        let end = end_of_header(&bytes, delimiter);
        let line = 1 + lines(&bytes[..end]);
        let carry = bytes.split_off(end);
        let ends = Ends::Unquoted(delimiter);
        let blocks = Mutex::new(TextBlocks::new(file, &shown, ends, carry, line));
        let (n_columns, n_wanted) = (header.len(), schema.columns.len());
        let ignored = head::others(schema, &header);
        Ok(Self { blocks, shown, delimiter, is_latin1, n_columns, wanted, n_wanted, ignored })
    }

    fn ragged(&self, line: u64, n: usize) -> Error {
        csv::ragged(&format!("{}, line {line}", self.shown), n, self.n_columns, self.delimiter)
    }

    /// Rows of a block without quotes: cells lie between delimiters.
    fn plain(
        &self,
        from: (&str, usize),
        limit: usize,
        rows: &mut Rows<'_>,
    ) -> Result<Parsed, usize> {
        let (text, mut at) = from;
        let bytes = text.as_bytes();
        let mut parsed = Parsed::default();
        let mut column = 0;
        let mut cell = at;
        let mut start = at;
        while at <= bytes.len() {
            let byte = bytes.get(at).copied().unwrap_or(b'\n');
            let is_end = byte == b'\n' || byte == b'\r';
            if !is_end && byte != self.delimiter {
                at += 1;
                continue;
            }
            // An empty line is no row.
            if is_end && start == at {
                at += 1;
                (start, cell) = (at, at);
                continue;
            }
            if let Some(Some(wanted)) = self.wanted.get(column) {
                rows.push(*wanted, Cell::Text(&text[cell..at]));
            }
            column += 1;
            at += 1;
            cell = at;
            if is_end {
                if column != self.n_columns {
                    return Err(column);
                }
                rows.end_full_row();
                parsed.starts.push(start as u32);
                (start, column) = (at, 0);
                if rows.n_rows() == limit {
                    parsed.next = (at < bytes.len()).then_some(at);
                    return Ok(parsed);
                }
            }
        }
        Ok(parsed)
    }

    /// Rows of a block with quotes.
    fn quoted(
        &self,
        (bytes, from, first_line): (&[u8], usize, u64),
        limit: usize,
        rows: &mut Rows<'_>,
    ) -> Result<Parsed, Error> {
        let line = |at: usize| first_line - 1 + line_at(bytes, at) as u64;
        let mut reader = ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(&bytes[from..]);
        let mut record = ByteRecord::new();
        let mut parsed = Parsed::default();
        loop {
            let begin = from + reader.position().byte() as usize;
            let blank = bytes[begin..].iter().take_while(|b| matches!(b, b'\n' | b'\r')).count();
            let start = begin + blank;
            let read = reader.read_byte_record(&mut record);
            if !read.map_err(|error| csv::malformed(&self.shown, line(start), &error))? {
                return Ok(parsed);
            }
            if record.len() != self.n_columns {
                return Err(self.ragged(line(start), record.len()));
            }
            for (cell, wanted) in record.iter().zip(&self.wanted) {
                let Some(wanted) = wanted else { continue };
                // The line is counted for an error only.
                let cell = match std::str::from_utf8(cell) {
                    Ok(cell) if !self.is_latin1 => Cow::Borrowed(cell),
                    _ => text(cell, self.is_latin1, &self.shown, line(start))?,
                };
                rows.push(*wanted, Cell::Text(&cell));
            }
            rows.end_full_row();
            parsed.starts.push(start as u32);
            if rows.n_rows() == limit {
                parsed.next = Some(from + reader.position().byte() as usize);
                return Ok(parsed);
            }
        }
    }
}

impl Source for CsvRows {
    fn ignored(&self) -> Vec<String> {
        self.ignored.clone()
    }

    fn next(&self) -> Result<Option<Block>, Error> {
        next_of(&self.blocks)
    }

    fn prepare(&self, block: Block) -> Result<Block, Error> {
        let (bytes, first_line) = block.text();
        refuse_nul(bytes, &self.shown, first_line)?;
        if self.is_latin1 || bytes.contains(&b'"') {
            return Ok(block);
        }
        let Block::Text { bytes, first_line } = block else { return Ok(block) };
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Block::Plain { text, first_line }),
            Err(error) => Err(invalid(error.as_bytes(), &self.shown, first_line)),
        }
    }

    fn parse(
        &self,
        block: &Block,
        from: usize,
        limit: usize,
        rows: &mut Rows<'_>,
    ) -> Result<Parsed, Error> {
        let mut parsed = if let Block::Plain { text, first_line } = block {
            self.plain((text, from), limit, rows).map_err(|n_cells| {
                let done = lines_before_row(text.as_bytes(), from, rows.n_rows());
                self.ragged(first_line + done, n_cells)
            })?
        } else {
            let (bytes, first_line) = block.text();
            self.quoted((bytes, from, first_line), limit, rows)?
        };
        parsed.present = vec![true; self.n_wanted];
        Ok(parsed)
    }
}

/// Line feeds before the row of that number behind `from`.
fn lines_before_row(bytes: &[u8], from: usize, row: usize) -> u64 {
    let mut begun = 0;
    let mut is_start = true;
    for (at, &byte) in bytes.iter().enumerate().skip(from) {
        let is_end = byte == b'\n' || byte == b'\r';
        if !is_end && is_start {
            if begun == row {
                return line_at(bytes, at) as u64 - 1;
            }
            begun += 1;
        }
        is_start = is_end;
    }
    0
}

/// The text of some bytes that begin at a line.
fn text<'b>(
    bytes: &'b [u8],
    is_latin1: bool,
    shown: &str,
    line: u64,
) -> Result<Cow<'b, str>, Error> {
    if is_latin1 {
        return Ok(Cow::Owned(bytes.iter().map(|&byte| byte as char).collect()));
    }
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| invalid(bytes, shown, line))
}

/// The error for the first byte that is not UTF-8.
fn invalid(bytes: &[u8], shown: &str, line: u64) -> Error {
    let at = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let byte = bytes.get(at).copied().unwrap_or_default();
    csv::not_utf8(shown, line - 1 + line_at(bytes, at) as u64, byte)
}

fn refuse_nul(bytes: &[u8], shown: &str, first_line: u64) -> Result<(), Error> {
    match bytes.iter().position(|&byte| byte == 0) {
        Some(at) => Err(csv::holds_nul(shown, first_line - 1 + line_at(bytes, at) as u64)),
        None => Ok(()),
    }
}

/// Where the header ends, behind blank lines before it.
fn end_of_header(bytes: &[u8], delimiter: u8) -> usize {
    let blank = bytes.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    let mut end = None;
    csv_sniff::quotes(&bytes[blank..], delimiter, |at| {
        end.get_or_insert(blank + at + 1);
    });
    end.unwrap_or(bytes.len())
}

/// True if the whole file is UTF-8, as the reader of training data decides it; then rewinds.
fn is_utf8(file: &mut File) -> std::io::Result<bool> {
    let mut buffer = vec![0; 1 << 20];
    let mut kept = 0;
    let is_utf8 = loop {
        let read = file.read(&mut buffer[kept..])?;
        let filled = kept + read;
        match std::str::from_utf8(&buffer[..filled]) {
            Ok(_) => kept = 0,
            Err(error) if error.error_len().is_some() || read == 0 => break false,
            Err(error) => {
                // A character stands across two reads.
                buffer.copy_within(error.valid_up_to()..filled, 0);
                kept = filled - error.valid_up_to();
            }
        }
        if read == 0 {
            break true;
        }
    };
    file.seek(SeekFrom::Start(0))?;
    Ok(is_utf8)
}
