//! From a source to a table: finds the format, lets its reader deliver cells, and types the columns.

use super::csv::CsvSource;
use super::json::JsonSource;
use super::source_build::TableBuilder;
use super::sqlite::SqliteSource;
use super::{Error, Format, SourceOptions, Table};
use crate::domain::Digest;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

/// A source that can deliver its cells, more than once.
pub(super) trait Scan {
    /// Delivers every row in order.
    fn scan(&self, builder: &mut TableBuilder<'_>) -> Result<(), Error>;
    /// The place of a row (from 0) for messages: `x.csv, line 7`.
    fn place(&self, row: usize) -> String;
    /// BLAKE3 of the content; known after the first scan.
    fn digest(&self) -> Digest;
}

/// Reads a source into a typed table, with the digest of its content.
///
/// # Errors
/// When the source cannot be read, is no table, or a column does not have the type asked for.
pub fn read(options: &SourceOptions) -> Result<(Table, Digest), Error> {
    let source = open(options)?;
    let source = source.as_ref();
    let mut builder = TableBuilder::new(options);
    source.scan(&mut builder)?;
    if builder.start_reread() {
        source.scan(&mut builder)?;
    }
    let table = builder.finish(&|row| source.place(row))?;
    if table.n_rows == 0 {
        return Err(Error::source(
            &options.shown,
            "there are no rows",
            "give a source with at least one row of data",
        ));
    }
    check_types(options, &table)?;
    Ok((table, source.digest()))
}

/// The place of a row for messages. It reads the source again, so it is for error paths only.
pub(super) fn place_of_row(options: &SourceOptions, row: usize) -> String {
    open(options)
        .map_or_else(|_| format!("{}, row {}", options.shown, row + 1), |source| source.place(row))
}

/// The content digest of a source without keeping its table.
pub(super) fn digest_rows(options: &SourceOptions) -> Result<Digest, Error> {
    let source = open(options)?;
    source.scan(&mut TableBuilder::discarding(options))?;
    Ok(source.digest())
}

/// The format that the options, the extension or the first bytes say.
pub(super) fn format_of(options: &SourceOptions) -> Result<Format, Error> {
    regular(&options.path, &options.shown)?;
    if let Some(format) = options.format {
        return Ok(format);
    }
    let head = head_of(options)?;
    if head.starts_with(b"SQLite format 3\0") {
        return Ok(Format::Sqlite);
    }
    if head.starts_with(b"PAR1") {
        return Ok(Format::Parquet);
    }
    let extension = options.path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    Ok(match extension.to_ascii_lowercase().as_str() {
        "csv" | "tsv" | "tab" | "psv" => Format::Csv,
        "jsonl" | "ndjson" => Format::JsonLines,
        "sqlite" | "sqlite3" | "db" | "db3" => Format::Sqlite,
        "parquet" | "pq" => Format::Parquet,
        _ => from_first_character(&head),
    })
}

fn from_first_character(head: &[u8]) -> Format {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    match text.first() {
        Some(b'[') => Format::Json,
        Some(b'{') => Format::JsonLines,
        _ => Format::Csv,
    }
}

/// Refuses what is no file: a folder, a pipe or a device, which could block or deliver bytes for ever.
pub(super) fn regular(path: &Path, shown: &str) -> Result<(), Error> {
    let found = std::fs::metadata(path);
    let kind = found.map_err(|source| Error::Io { path: shown.into(), source })?.file_type();
    let what = match () {
        () if kind.is_file() => return Ok(()),
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    };
    Err(Error::Invalid(format!(
        "'{shown}' is {what}; mend: name a regular file, since data is read more than once"
    )))
}

fn head_of(options: &SourceOptions) -> Result<Vec<u8>, Error> {
    let mut head = Vec::new();
    let read = File::open(&options.path).and_then(|file| file.take(4096).read_to_end(&mut head));
    read.map_err(|source| Error::Io { path: options.shown.clone(), source })?;
    Ok(head)
}

/// The whole file.
pub(super) fn bytes_of(path: &Path, shown: &str) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::Io { path: shown.into(), source })
}

/// The line, from 1, of a byte.
pub(super) fn line_at(bytes: &[u8], at: usize) -> usize {
    bytes[..at].split(|&byte| byte == b'\n').count()
}

fn open(options: &SourceOptions) -> Result<Box<dyn Scan>, Error> {
    let format = format_of(options)?;
    refuse_foreign_keys(options, format)?;
    Ok(match format {
        Format::Csv => Box::new(CsvSource::open(options)?),
        Format::Json | Format::JsonLines => Box::new(JsonSource::open(options, format)?),
        Format::Sqlite => Box::new(SqliteSource::open(options)?),
        Format::Parquet => open_parquet(options)?,
    })
}

#[cfg(feature = "parquet")]
fn open_parquet(options: &SourceOptions) -> Result<Box<dyn Scan>, Error> {
    Ok(Box::new(super::parquet::ParquetSource::open(options)?))
}

#[cfg(not(feature = "parquet"))]
fn open_parquet(options: &SourceOptions) -> Result<Box<dyn Scan>, Error> {
    Err(no_parquet(options))
}

#[cfg(not(feature = "parquet"))]
pub(super) fn no_parquet(options: &SourceOptions) -> Error {
    Error::source(
        &options.shown,
        "is a Parquet file, which this build does not read",
        "build with `cargo build --release --features parquet`, or convert the file to CSV",
    )
}

/// Keys that mean nothing for the format would be dropped silently otherwise.
pub(super) fn refuse_foreign_keys(options: &SourceOptions, format: Format) -> Result<(), Error> {
    let sqlite = format == Format::Sqlite;
    let csv = format == Format::Csv;
    let foreign = [
        ("table", options.table.is_some() && !sqlite),
        ("query", options.query.is_some() && !sqlite),
        ("delimiter", options.delimiter.is_some() && !csv),
        ("encoding", options.encoding.is_some() && !csv),
    ];
    match foreign.iter().find(|(_, is_foreign)| *is_foreign) {
        Some((key, _)) => Err(Error::source(
            &options.shown,
            format!("'{key}' does not apply to a {} source", word(format)),
            format!("remove '{key}', or say which format the file has"),
        )),
        None => Ok(()),
    }
}

fn word(format: Format) -> &'static str {
    match format {
        Format::Csv => "CSV",
        Format::Json => "JSON",
        Format::JsonLines => "JSON lines",
        Format::Sqlite => "SQLite",
        Format::Parquet => "Parquet",
    }
}

fn check_types(options: &SourceOptions, table: &Table) -> Result<(), Error> {
    match options.types.keys().find(|name| table.find(name).is_none()) {
        Some(name) => Err(Error::role(
            "types",
            name,
            format!("no such column in '{}'", options.shown),
            table.name_mend(name),
        )),
        None => Ok(()),
    }
}
