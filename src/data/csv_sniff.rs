//! Finds the delimiter of a CSV text.

use ::csv::{Reader, ReaderBuilder, StringRecord};

/// The delimiters that are tried, in order of preference.
pub(super) const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Records that are looked at.
const SAMPLE: usize = 100;

/// The delimiter that cuts the first records most evenly, then into the most cells.
pub(super) fn delimiter(text: &str) -> u8 {
    let mut best = (b',', 0.0, 1);
    for candidate in DELIMITERS {
        let (share, n_cells) = consistency(text, candidate);
        if n_cells > 1 && (share, n_cells) > (best.1, best.2) {
            best = (candidate, share, n_cells);
        }
    }
    best.0
}

/// The share of records with as many cells as the header, and that number.
fn consistency(text: &str, delimiter: u8) -> (f64, usize) {
    let mut reader = reader(text, delimiter);
    let mut record = StringRecord::new();
    let (mut n_cells, mut n_records, mut n_even) = (0, 0, 0);
    while n_records < SAMPLE && reader.read_record(&mut record).unwrap_or(false) {
        if n_records == 0 {
            n_cells = record.len();
        }
        n_records += 1;
        n_even += usize::from(record.len() == n_cells);
    }
    (n_even as f64 / n_records.max(1) as f64, n_cells)
}

/// A reader that leaves header and raggedness to its caller.
pub(super) fn reader(text: &str, delimiter: u8) -> Reader<&[u8]> {
    ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
}

/// Goes through the quotes of some records: tells where records end, and answers where a quoted cell begins that
/// has no end.
pub(super) fn quotes(
    bytes: &[u8],
    delimiter: u8,
    mut record_ends: impl FnMut(usize),
) -> Option<usize> {
    let mut opened = None;
    let mut cell_start = true;
    let mut idx = 0;
    while idx < bytes.len() {
        let byte = bytes[idx];
        let is_end = byte == b'\n' || byte == b'\r';
        match (opened, byte) {
            (None, b'"') if cell_start => opened = Some(idx),
            (Some(_), b'"') if bytes.get(idx + 1) == Some(&b'"') => idx += 1,
            (Some(_), b'"') => opened = None,
            (None, _) if is_end => record_ends(idx),
            _ => {}
        }
        cell_start = opened.is_none() && (byte == delimiter || is_end);
        idx += 1;
    }
    opened
}

/// The delimiter as messages show it.
pub(super) fn shown(delimiter: u8) -> String {
    if delimiter == b'\t' { "'\\t' (tab)".into() } else { format!("'{}'", delimiter as char) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_that_cuts_evenly_wins() {
        let check = |text: &str, expect: u8| assert_eq!(delimiter(text), expect, "{text}");
        check("a,b\n1,2\n", b',');
        check("a;b\n1,5;2,5\n3,5;4,5\n", b';');
        check("a\tb,c\n1\t2\n", b'\t');
        check("a|b\n\"x,y\"|2\n", b'|');
        check("a\n1\n", b',');
        check("a,b\n\"1;2;3\",4\n\"1;2\",4\n", b',');
    }
}
