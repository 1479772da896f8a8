//! Reads `output.log` back, while it is written too.

use super::{Lines, MAX_LINE, Stream};
use std::collections::VecDeque;
use std::io::{self, BufRead};

/// Room for the time and the stream before a line.
const PREFIX: usize = 64;

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Milliseconds since the run's start.
    pub ms: u64,
    /// Where it came from; none for a note of derby's own on lines that were left out.
    pub stream: Option<Stream>,
    /// As it was written, binary or not.
    pub text: Vec<u8>,
    /// True if it had no newline: it was the last, or too long and goes on in the next line of its stream.
    pub is_partial: bool,
}

/// The lines of a log. At the end of the file it yields `None`, and goes on when the file has grown; only
/// [`LogReader::rest`] hands out a line that is half written.
#[derive(Debug)]
pub struct LogReader<R> {
    reader: R,
    lines: Lines,
    found: VecDeque<LogLine>,
    ms: u64,
}

impl<R: BufRead> LogReader<R> {
    /// From where the reader stands.
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            lines: Lines::with_longest(MAX_LINE + PREFIX),
            found: VecDeque::new(),
            ms: 0,
        }
    }

    /// The last line, if it is half written: the program that wrote the log was killed.
    pub fn rest(&mut self) -> Option<LogLine> {
        let Self { lines, found, ms, .. } = self;
        lines.finish(|line, _| found.push_back(LogLine { is_partial: true, ..parse(line, ms) }));
        self.found.pop_front()
    }
}

impl<R: BufRead> Iterator for LogReader<R> {
    type Item = io::Result<LogLine>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.found.is_empty() {
            let bytes = match self.reader.fill_buf() {
                Ok([]) => return None,
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Some(Err(error)),
            };
            let n = bytes.len();
            let (found, ms) = (&mut self.found, &mut self.ms);
            self.lines.feed_exactly(bytes, |line, _| found.push_back(parse(line, ms)));
            self.reader.consume(n);
        }
        self.found.pop_front().map(Ok)
    }
}

/// All lines of a log that is no longer written, a half-written last one too.
pub fn read_log<R: BufRead>(reader: R) -> impl Iterator<Item = io::Result<LogLine>> {
    let mut log = LogReader::new(reader);
    std::iter::from_fn(move || log.next().or_else(|| log.rest().map(Ok)))
}

/// A line that has no time and stream (the file was damaged) is output as a whole, at the time of the one before.
fn parse(line: &[u8], last_ms: &mut u64) -> LogLine {
    let parsed = split(line);
    if let Some((ms, ..)) = parsed {
        *last_ms = ms;
    }
    let (ms, letter, text) = parsed.unwrap_or((*last_ms, b'o', line));
    let stream = match letter {
        b'o' | b'O' => Some(Stream::Out),
        b'e' | b'E' => Some(Stream::Err),
        _ => None,
    };
    LogLine { ms, stream, text: text.to_vec(), is_partial: matches!(letter, b'O' | b'E') }
}

fn split(line: &[u8]) -> Option<(u64, u8, &[u8])> {
    let space = line.iter().take(PREFIX).position(|byte| *byte == b' ')?;
    let ms = std::str::from_utf8(&line[..space]).ok()?.parse().ok()?;
    match &line[space + 1..] {
        [letter @ (b'o' | b'O' | b'e' | b'E' | b'n'), b' ', text @ ..] => Some((ms, *letter, text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::OutputLog;
    use proptest::prelude::*;
    use std::time::Instant;

    fn check(log: &[u8], expect: &[&str]) {
        let found: Vec<String> = read_log(log)
            .map(|line| {
                let LogLine { ms, stream, text, is_partial } = line.unwrap();
                let stream = stream.map_or("note".into(), |stream| format!("{stream:?}"));
                format!(
                    "{ms} {stream}{} {}",
                    if is_partial { "…" } else { "" },
                    text.escape_ascii()
                )
            })
            .collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn every_kind_of_line_is_read() {
        check(
            b"0 o a\n12 e b c\r\n13 E \n99 n left out\n100 o half",
            &["0 Out a", r"12 Err b c\r", "13 Err… ", "99 note left out", "100 Out… half"],
        );
        check(
            b"5 o a\nbroken\n7 x y\n-1 o z\n12",
            &["5 Out a", "5 Out broken", "5 Out 7 x y", "5 Out -1 o z", "5 Out… 12"],
        );
        check(b"", &[]);
    }

    #[test]
    fn a_growing_log_hands_out_whole_lines() {
        let mut grown = io::Cursor::new(b"1 o a\n2 o b".to_vec());
        let mut log = LogReader::new(&mut grown);
        assert_eq!(log.next().unwrap().unwrap().text, b"a");
        assert!(log.next().is_none());
        log.reader.get_mut().extend_from_slice(b"c\n");
        assert_eq!(log.next().unwrap().unwrap().text, b"bc");
        assert!(log.next().is_none() && log.rest().is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn what_is_logged_is_read(lines in prop::collection::vec((any::<bool>(), any::<bool>(), prop::collection::vec(any::<u8>(), 0..50)), 0..20)) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("output.log");
            let mut log = OutputLog::create(&path, 1 << 20, Instant::now());
            let mut expect = Vec::new();
            for (is_out, whole, mut text) in lines {
                text.retain(|byte| *byte != b'\n');
                let stream = if is_out { Stream::Out } else { Stream::Err };
                log.line(stream, &text, whole);
                expect.push((Some(stream), text, !whole));
            }
            log.close();
            let bytes = std::fs::read(&path).unwrap_or_default();
            let found: Vec<_> = read_log(bytes.as_slice())
                .map(|line| line.unwrap())
                .map(|line| (line.stream, line.text, line.is_partial))
                .collect();
            prop_assert_eq!(found, expect);
        }
    }
}
