//! Content addresses of files and rows.

use super::source::{digest_rows, format_of, regular};
use super::{Error, Format, MISSING, Provenance, SourceOptions, Table, Values};
use crate::domain::{Digest, DigestBuilder};
use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What the file system says about a file; while it stays the same, so does the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStamp {
    /// Bytes.
    pub size: u64,
    /// Time of the last change in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Number of the file in its file system.
    pub inode: u64,
}

/// Remembers digests of files by their stamp.
pub trait HashCache {
    /// The digest of that file with that very stamp.
    fn get(&self, path: &Path, stamp: FileStamp) -> Option<Digest>;
    /// Keeps a digest.
    fn put(&mut self, path: &Path, stamp: FileStamp, digest: Digest);
}

/// Remembers nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCache;

impl HashCache for NoCache {
    fn get(&self, _path: &Path, _stamp: FileStamp) -> Option<Digest> {
        None
    }

    fn put(&mut self, _path: &Path, _stamp: FileStamp, _digest: Digest) {}
}

/// BLAKE3 of a file's bytes, read in pieces, or what the cache knows of the same stamp.
///
/// # Errors
/// When the file cannot be read.
pub fn hash_file(path: &Path, cache: &mut dyn HashCache) -> Result<Digest, Error> {
    let io = |source| Error::Io { path: path.display().to_string(), source };
    regular(path, &path.display().to_string())?;
    let mut file = File::open(path).map_err(io)?;
    let before = stamp(&file.metadata().map_err(io)?);
    if let Some(digest) = cache.get(path, before) {
        return Ok(digest);
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(&mut file).map_err(io)?;
    let digest = Digest::from_bytes(*hasher.finalize().as_bytes());
    // A file that grew while it was read must not be remembered under either stamp.
    if stamp(&file.metadata().map_err(io)?) == before {
        cache.put(path, before, digest);
    }
    Ok(digest)
}

fn stamp(metadata: &Metadata) -> FileStamp {
    FileStamp {
        size: metadata.size(),
        mtime_ns: metadata.mtime().saturating_mul(1_000_000_000) + metadata.mtime_nsec(),
        inode: metadata.ino(),
    }
}

/// True if the source still holds the content that was recorded. For a file with a known stamp this
/// reads nothing; a database is read anew.
///
/// # Errors
/// When the source cannot be read.
pub fn unchanged(
    recorded: &Provenance,
    options: &SourceOptions,
    cache: &mut dyn HashCache,
) -> Result<bool, Error> {
    let now = match format_of(options)? {
        Format::Sqlite => digest_rows(options)?,
        _ => hash_file(&options.path, cache)?,
    };
    Ok(now == recorded.content)
}

/// BLAKE3 of the column names and types, in order.
pub fn schema_digest(table: &Table) -> Digest {
    let mut digest = DigestBuilder::new("schema");
    for column in &table.columns {
        digest.text(&column.name).text(column.kind.word());
    }
    digest.finish()
}

/// One hash per row over the given columns: name and value of each cell, whatever the order of the
/// columns and whatever other rows there are.
pub(super) fn row_hashes(table: &Table, columns: &[usize]) -> Vec<u64> {
    let mut columns: Vec<&super::Column> = columns.iter().map(|&idx| &table.columns[idx]).collect();
    columns.sort_by(|a, b| a.name.cmp(&b.name));
    let hashed: Vec<HashedColumn<'_>> = columns.iter().map(|c| HashedColumn::new(c)).collect();
    let mut row_bytes = Vec::with_capacity(hashed.len() * 8);
    let hash_row = |row: usize| {
        row_bytes.clear();
        for column in &hashed {
            row_bytes.extend_from_slice(&column.cell(row).to_le_bytes());
        }
        Digest::of(&row_bytes).to_u64()
    };
    (0..table.n_rows).map(hash_row).collect()
}

/// A column with what is hashed once per column or level instead of once per row.
struct HashedColumn<'a> {
    name: u64,
    values: &'a Values,
    levels: Vec<u64>,
}

impl<'a> HashedColumn<'a> {
    fn new(column: &'a super::Column) -> Self {
        let levels = match &column.values {
            Values::Codes { levels, .. } => {
                levels.iter().map(|level| text_hash("level", level)).collect()
            }
            Values::Numbers(_) => Vec::new(),
        };
        Self { name: text_hash("column", &column.name), values: &column.values, levels }
    }

    /// Name and value in 64 bits.
    fn cell(&self, row: usize) -> u64 {
        let value = match self.values {
            Values::Numbers(numbers) => number_bits(numbers[row]),
            Values::Codes { codes, .. } if codes[row] == MISSING => number_bits(f64::NAN),
            Values::Codes { codes, .. } => self.levels[codes[row] as usize],
        };
        mixed(self.name ^ mixed(value))
    }
}

/// The hash of an identifier, the same for a number and for the text that spells it.
pub(super) fn id_hash(text: &str) -> u64 {
    text_hash("id", text)
}

fn text_hash(kind: &str, text: &str) -> u64 {
    DigestBuilder::new(kind).text(text).finish().to_u64()
}

/// Bits of a number, one value for both zeros and one for every NaN.
fn number_bits(value: f64) -> u64 {
    if value == 0.0 {
        0
    } else if value.is_nan() {
        f64::NAN.to_bits()
    } else {
        value.to_bits()
    }
}

/// A bijection of 64 bits that spreads every bit (`SplitMix64`, Steele, Lea and Flood 2014).
fn mixed(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
