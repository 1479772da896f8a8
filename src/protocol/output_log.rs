//! The record of a run's output: every line with its time and stream, capped in the middle.

use super::Stream;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Bytes of the newest lines that are kept once the head is full.
const TAIL: usize = 256 * 1024;
/// Bytes that are gathered before they are written.
const BUFFER: usize = 32 * 1024;
/// Room for the line that says what was left out.
const NOTE: u64 = 128;

/// What became of a log.
#[derive(Debug, Default)]
pub struct LogEnd {
    /// Bytes of the file.
    pub bytes: u64,
    /// Lines of output that came, those that were left out too.
    pub lines: u64,
    /// Lines that are not in the file.
    pub left_out: u64,
    /// What stopped it: a full disk, a folder that is gone.
    pub error: Option<io::Error>,
}

/// Writes `output.log`: `<ms> <o|e> <text>\n`, upper case O or E where the line had no newline. The file is made
/// at the first line. Nothing here fails a run: after an error the log stops, and [`OutputLog::close`] tells it.
#[derive(Debug)]
pub struct OutputLog {
    path: PathBuf,
    limit: u64,
    started: Instant,
    file: Option<BufWriter<File>>,
    head_is_full: bool,
    written: u64,
    newest: Newest,
    end: LogEnd,
}

/// The newest lines as they will stand in the file, in one ring of bytes.
#[derive(Debug, Default)]
struct Newest {
    bytes: VecDeque<u8>,
    lengths: VecDeque<usize>,
    dropped_bytes: u64,
    dropped_lines: u64,
}

impl OutputLog {
    /// A log that will be at `path`, of at most about `limit` bytes; times count from `started`.
    pub fn create(path: &Path, limit: u64, started: Instant) -> Self {
        Self {
            path: path.to_path_buf(),
            limit,
            started,
            file: None,
            head_is_full: false,
            written: 0,
            newest: Newest::default(),
            end: LogEnd::default(),
        }
    }

    /// Records a line (without its newline) as it is, binary or not. A line without a newline is partial.
    pub fn line(&mut self, stream: Stream, bytes: &[u8], has_newline: bool) {
        let ms = self.started.elapsed().as_millis();
        self.line_at(ms, stream, bytes, has_newline);
    }

    fn line_at(&mut self, ms: u128, stream: Stream, bytes: &[u8], has_newline: bool) {
        self.end.lines += 1;
        if self.end.error.is_some() || self.limit == 0 {
            self.end.left_out += 1;
            return;
        }
        let letter = match (stream, has_newline) {
            (Stream::Out, true) => b'o',
            (Stream::Out, false) => b'O',
            (Stream::Err, true) => b'e',
            (Stream::Err, false) => b'E',
        };
        let (mut digits, mut rest) = ([0_u8; 42], ms);
        digits[39..].copy_from_slice(&[b' ', letter, b' ']);
        let mut from = 39;
        while rest > 0 || from == 39 {
            from -= 1;
            digits[from] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        let prefix = &digits[from..];
        let length = prefix.len() + bytes.len() + 1;
        let tail = self.tail_limit();
        self.head_is_full |= self.written + length as u64 + tail as u64 + NOTE > self.limit;
        if self.head_is_full {
            self.newest.push(&[prefix, bytes, b"\n"], length, tail);
        } else if let Err(error) = self.write(&[prefix, bytes, b"\n"]) {
            self.fail(error);
        }
    }

    fn tail_limit(&self) -> usize {
        TAIL.min((self.limit / 2) as usize)
    }

    fn write(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(BufWriter::with_capacity(BUFFER, File::create(&self.path)?));
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        for part in parts {
            file.write_all(part)?;
            self.written += part.len() as u64;
        }
        Ok(())
    }

    /// Hands what is gathered to the system, for those who read along; call it about once a second.
    pub fn flush(&mut self) {
        if let Some(Err(error)) = self.file.as_mut().map(Write::flush) {
            self.fail(error);
        }
    }

    /// After an error nothing is written any more, what is gathered neither.
    fn fail(&mut self, error: io::Error) {
        self.end.error = Some(error);
        self.end.left_out += 1 + self.newest.lengths.len() as u64 + self.newest.dropped_lines;
        self.newest = Newest::default();
        if let Some(file) = self.file.take() {
            let (file, _) = file.into_parts();
            self.written = file.metadata().map_or(0, |of| of.len());
        }
    }

    /// Writes the newest lines behind a note on what was left out, and says how it went.
    pub fn close(mut self) -> LogEnd {
        let newest = std::mem::take(&mut self.newest);
        self.end.left_out += newest.dropped_lines;
        if let Err(error) = self.write_newest(&newest) {
            self.fail(error);
        }
        self.flush();
        LogEnd { bytes: self.written, ..self.end }
    }

    fn write_newest(&mut self, newest: &Newest) -> io::Result<()> {
        if newest.dropped_lines > 0 {
            let note = format!(
                "{} n … {} lines ({}) left out (log_limit {})\n",
                self.started.elapsed().as_millis(),
                grouped(newest.dropped_lines),
                size(newest.dropped_bytes),
                size(self.limit)
            );
            self.write(&[note.as_bytes()])?;
        }
        if newest.lengths.is_empty() {
            return Ok(());
        }
        let (first, second) = newest.bytes.as_slices();
        self.write(&[first, second])
    }
}

impl Newest {
    fn push(&mut self, parts: &[&[u8]], length: usize, limit: usize) {
        for part in parts {
            self.bytes.extend(*part);
        }
        self.lengths.push_back(length);
        while self.bytes.len() > limit {
            let Some(oldest) = self.lengths.pop_front() else { return };
            self.bytes.drain(..oldest);
            self.dropped_bytes += oldest as u64;
            self.dropped_lines += 1;
        }
    }
}

/// 12345 as `12,345`.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in units of a thousand, as the sweep file writes them: `3.2 MB`, `64 MB`.
fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut units = ["bytes", "kB", "MB", "GB", "TB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    for next in units {
        if value < 1000.0 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    let tenths = (value * 10.0).round() / 10.0;
    format!("{tenths} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn log(limit: u64) -> (tempfile::TempDir, PathBuf, OutputLog) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output.log");
        let log = OutputLog::create(&path, limit, Instant::now());
        (folder, path, log)
    }

    #[test]
    fn lines_are_kept_as_they_are() {
        let (_folder, path, mut log) = log(1 << 20);
        assert!(!path.exists());
        log.line_at(0, Stream::Out, b"a\xff\0", true);
        log.line_at(1203, Stream::Err, b"", true);
        log.line_at(u128::from(u64::MAX), Stream::Err, b"x", false);
        log.line_at(9, Stream::Out, b"y\r", false);
        log.flush();
        let expect = b"0 o a\xff\0\n1203 e \n18446744073709551615 E x\n9 O y\r\n";
        assert_eq!(fs::read(&path).unwrap(), expect);
        let end = log.close();
        assert_eq!((end.bytes, end.lines, end.left_out), (expect.len() as u64, 4, 0));
        assert!(end.error.is_none());
    }

    #[test]
    fn without_a_line_there_is_no_file() {
        let (_folder, path, log) = log(1 << 20);
        assert_eq!(log.close().lines, 0);
        assert!(!path.exists());
    }

    #[test]
    fn the_middle_is_left_out() {
        let (_folder, path, mut log) = log(2000);
        for i in 0..1000 {
            log.line_at(i, Stream::Out, format!("line {i}").as_bytes(), true);
        }
        let end = log.close();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!((end.bytes, end.lines), (text.len() as u64, 1000));
        assert!(end.bytes <= 2000, "{}", end.bytes);
        assert!(text.starts_with("0 o line 0\n1 o line 1\n"));
        assert!(text.ends_with("998 o line 998\n999 o line 999\n"));
        let note = text.lines().find(|line| line.contains(" n … ")).unwrap();
        assert!(note.ends_with(&format!(
            "{} lines ({}) left out (log_limit 2 kB)",
            end.left_out,
            {
                let whole: usize = (0..1000).map(|i| format!("{i} o line {i}\n").len()).sum();
                size((whole - (text.len() - note.len() - 1)) as u64)
            }
        )));
        assert_eq!(text.lines().count() as u64 - 1 + end.left_out, 1000);
    }

    #[test]
    fn just_below_the_limit_nothing_is_left_out() {
        let (_folder, path, mut log) = log(2000);
        for i in 0..150 {
            log.line_at(1, Stream::Out, format!("{i:05}").as_bytes(), true);
        }
        assert_eq!(log.close().left_out, 0);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 150);
    }

    #[test]
    fn a_limit_of_zero_keeps_nothing() {
        let (_folder, path, mut log) = log(0);
        log.line(Stream::Out, b"x", true);
        assert_eq!(log.close().left_out, 1);
        assert!(!path.exists());
    }

    #[test]
    fn an_error_stops_the_log_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let mut log =
            OutputLog::create(&folder.path().join("none/output.log"), 1000, Instant::now());
        for _ in 0..3 {
            log.line(Stream::Out, b"x", true);
            log.flush();
        }
        let end = log.close();
        assert_eq!((end.bytes, end.lines, end.left_out), (0, 3, 3));
        assert_eq!(end.error.unwrap().kind(), io::ErrorKind::NotFound);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_stops_the_log() {
        let mut log = OutputLog::create(Path::new("/dev/full"), 1000, Instant::now());
        log.line(Stream::Out, b"x", true);
        let end = log.close();
        assert_eq!(end.error.unwrap().kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn sizes_and_counts_read_well() {
        assert_eq!(
            (size(999), size(3_200_000), size(64_000_000)),
            ("999 bytes".into(), "3.2 MB".into(), "64 MB".into())
        );
        assert_eq!(
            (grouped(1), grouped(123), grouped(12_345), grouped(1_234_567)),
            ("1".into(), "123".into(), "12,345".into(), "1,234,567".into())
        );
    }
}
