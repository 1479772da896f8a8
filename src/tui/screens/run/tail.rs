//! The end of a run's output, with bounded work: the last bytes of the file, line by line.

use crate::domain::{RunId, Status};
use crate::protocol::{LogReader, Stream};
use crate::store::Store;
use crate::tui::ask::Trouble;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::iter::Peekable;
use std::str::Chars;

/// The record of the output among a run's files.
pub(super) const OUTPUT: &str = "output.log";
/// What is read at once.
pub(super) const CHUNK: u64 = 1 << 20;
/// What is read at most.
pub(super) const MOST: u64 = 16 << 20;
/// Bytes of a line that are kept.
const LONGEST: usize = 4096;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Milliseconds since the run's start.
    pub ms: u64,
    /// Where it came from; none for derby's own notes.
    pub stream: Option<Stream>,
    /// Foreign text, cut.
    pub text: String,
}

/// The end of the output.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogTail {
    /// Its lines.
    pub lines: Vec<LogLine>,
    /// Bytes before them that were not read.
    pub before: u64,
    /// Bytes in all.
    pub size: u64,
    /// False if the run left no record of its output.
    pub exists: bool,
}

/// The last `bytes` of the output; none if it is as long as `seen`.
pub(super) fn read(
    store: &Store,
    (run, status): (RunId, Status),
    (bytes, seen): (u64, Option<u64>),
) -> Result<Option<LogTail>, Trouble> {
    let failed = |error: io::Error| {
        Trouble::Other(format!("the output of run {run} cannot be read: {error}"))
    };
    // Among the store's objects once the run is over, before that in its folder.
    if let Some(file) = store.open_artifact(run, OUTPUT)? {
        let (text, before, size) = last_of(file, bytes).map_err(failed)?;
        return Ok(Some(parse(&text, before, size)));
    }
    let mut file = match File::open(store.run_folder(run).join(OUTPUT)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Some(LogTail::default()));
        }
        Err(error) => return Err(failed(error)),
    };
    let size = file.metadata().map_err(failed)?.len();
    if seen == Some(size) && !status.is_over() {
        return Ok(None);
    }
    let before = size.saturating_sub(bytes);
    file.seek(SeekFrom::Start(before)).map_err(failed)?;
    let mut text = Vec::new();
    file.take(size - before).read_to_end(&mut text).map_err(failed)?;
    Ok(Some(parse(&text, before, size)))
}

/// The last bytes of a stream, how many came before, and how many there are.
fn last_of(mut file: Box<dyn Read>, bytes: u64) -> io::Result<(Vec<u8>, u64, u64)> {
    let most = bytes as usize;
    let mut kept: Vec<u8> = Vec::new();
    let mut size = 0;
    loop {
        let n = file.by_ref().take(CHUNK).read_to_end(&mut kept)?;
        size += n as u64;
        if kept.len() > most {
            kept.drain(..kept.len() - most);
        }
        if n == 0 {
            return Ok((kept, size.saturating_sub(bytes), size));
        }
    }
}

fn parse(text: &[u8], before: u64, size: u64) -> LogTail {
    // What begins in the middle of a line begins with the next.
    let from = match before {
        0 => 0,
        _ => text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| at + 1),
    };
    let mut reader = LogReader::new(&text[from..]);
    let mut lines = Vec::new();
    loop {
        let line = match reader.next() {
            Some(Ok(line)) => line,
            // Reading from memory does not fail.
            Some(Err(_)) => break,
            None => match reader.rest() {
                Some(line) => line,
                None => break,
            },
        };
        let text = shown(&line.text);
        lines.push(LogLine { ms: line.ms, stream: line.stream, text });
    }
    LogTail { lines, before: before + from as u64, size, exists: true }
}

/// The text of a line as a terminal would leave it: what comes after the last return, cut.
fn shown(text: &[u8]) -> String {
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let from = text.iter().rposition(|byte| *byte == b'\r').map_or(0, |at| at + 1);
    let text = &text[from..];
    let whole = String::from_utf8_lossy(&text[..text.len().min(LONGEST * 4)]);
    let plain = without_codes(&whole);
    let text = plain.as_bytes();
    if text.len() <= LONGEST {
        return plain;
    }
    let mut end = LONGEST;
    while end > LONGEST - 4 && text[end] & 0xC0 == 0x80 {
        end -= 1;
    }
    format!("{}…", String::from_utf8_lossy(&text[..end]))
}

/// The text without what a terminal would take for commands: colours, titles, links, moves of the cursor (ECMA-48,
/// escape and control sequences).
pub(super) fn without_codes(text: &str) -> String {
    if !text.contains(['\u{1b}', '\u{9b}']) {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\u{9b}' => skip_control(&mut chars),
            '\u{1b}' => match chars.next() {
                Some('[') => skip_control(&mut chars),
                Some(']' | 'P' | 'X' | '^' | '_') => skip_string(&mut chars),
                // One sign more chooses a set of characters.
                Some(' '..='/') => drop(chars.next()),
                _ => {}
            },
            char => plain.push(char),
        }
    }
    plain
}

/// Parameters, and the letter that ends them.
fn skip_control(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|char| matches!(char, '\u{20}'..='\u{3f}')).is_some() {}
    chars.next_if(|char| matches!(char, '\u{40}'..='\u{7e}'));
}

/// A title, a link and the like, to the bell or the escape that ends it.
fn skip_string(chars: &mut Peekable<Chars<'_>>) {
    while let Some(char) = chars.next() {
        if char == '\u{7}' || (char == '\u{1b}' && chars.next_if_eq(&'\\').is_some()) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_begins_with_a_whole_line() {
        let text = b"0 o first\n12 e second\n99 o 10 %\r 50 %\r\n100 o half";
        let tail = parse(text, 0, 50);
        let shown: Vec<_> = tail.lines.iter().map(|line| (line.ms, &*line.text)).collect();
        assert_eq!(shown, [(0, "first"), (12, "second"), (99, " 50 %"), (100, "half")]);
        assert_eq!(tail.lines[1].stream, Some(Stream::Err));
        let tail = parse(&text[4..], 4, 50);
        assert_eq!((tail.lines.len(), tail.before), (3, 10));
        assert!(parse(b"no newline", 7, 17).lines.is_empty());
    }

    #[test]
    fn codes_for_terminals_are_left_out() {
        let check = |text: &str, expect: &str| assert_eq!(without_codes(text), expect, "{text:?}");
        check("\u{1b}[31mred text\u{1b}[0m", "red text");
        check("\u{1b}[1;38;5;196mloss\u{1b}[m 0.3\u{1b}[K", "loss 0.3");
        check("\u{1b}]0;title\u{7}a\u{1b}]8;;http://x\u{1b}\\b", "ab");
        check("\u{1b}(Bplain\u{9b}2J ü", "plain ü");
        check("cut \u{1b}[3", "cut ");
        check("none", "none");
    }

    #[test]
    fn long_lines_are_cut_and_the_end_of_a_stream_is_found() {
        let long = "ä".repeat(5000);
        assert!(shown(long.as_bytes()).ends_with("ä…"));
        let text: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
        let (kept, before, size) = last_of(Box::new(io::Cursor::new(text.clone())), 100).unwrap();
        assert_eq!((kept.as_slice(), before, size), (&text[2_999_900..], 2_999_900, 3_000_000));
    }
}
