//! A file that grows, read as it does.

use super::Lines;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Bytes that one poll reads at most, so that a big file does not fill the memory with its points.
const AT_ONCE: u64 = 1 << 20;
/// Bytes before the place of reading that are looked at again, to see whether the file was written anew.
const MARK: usize = 64;

/// What a tail tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told<'a> {
    /// What follows is from the beginning of a file, which may be another one, or the same written anew.
    Start,
    /// The first line of a file whose old content is skipped: it may be a header.
    Header(&'a [u8]),
    /// A line.
    Line(&'a [u8]),
}

/// Follows a file by polling: nothing while it is not there; from its beginning when it is truncated, written anew
/// or replaced.
#[derive(Debug)]
pub struct Tail {
    path: PathBuf,
    open: Option<Open>,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct Open {
    file: File,
    id: (u64, u64),
    offset: u64,
    lines: Lines,
    mark: Vec<u8>,
    seen: (u64, Option<SystemTime>),
    /// Its content is from before the run, and nothing has been read of it.
    is_old: bool,
}

impl Tail {
    /// Follows a file from its beginning.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_path_buf(), open: None, buffer: Vec::new() }
    }

    /// Follows a file from its present end: what it holds now is of an earlier run. Make it before the process
    /// that writes the file is started.
    ///
    /// # Errors
    ///
    /// The file is there but cannot be read.
    pub fn skip_old(path: &Path) -> io::Result<Self> {
        let mut tail = Self::new(path);
        if let Some(mut open) = Open::new(path)? {
            let of = open.file.metadata()?;
            open.offset = of.len();
            open.seen = (of.len(), of.modified().ok());
            let from = open.offset.saturating_sub(MARK as u64);
            open.mark = open.read_at(from, (open.offset - from) as usize)?;
            open.is_old = open.offset > 0;
            tail.open = Some(open);
        }
        Ok(tail)
    }

    /// Hands out the lines that are new, without their newlines; a partial last line waits. True if there was
    /// something new: then poll again, as one call reads 1 MiB at most.
    ///
    /// # Errors
    ///
    /// The file is there but cannot be read, or is no regular file.
    pub fn poll(&mut self, mut each: impl FnMut(Told<'_>)) -> io::Result<bool> {
        let Some(open) = &mut self.open else {
            self.open = Open::new(&self.path)?;
            if self.open.is_none() {
                return Ok(false);
            }
            each(Told::Start);
            return self.poll(each);
        };
        if open.is_anew()? {
            open.restart();
            each(Told::Start);
        }
        if open.read(&mut self.buffer, &mut each)? {
            return Ok(true);
        }
        // The old file has been read to its end: is there another one in its place?
        let is_same = |of: &Metadata| id(of) == open.id;
        if fs::metadata(&self.path).map_or(true, |of| is_same(&of)) {
            return Ok(false);
        }
        let Some(next) = Open::new(&self.path)? else { return Ok(false) };
        open.lines.finish(|line, _| each(Told::Line(line)));
        self.open = Some(next);
        each(Told::Start);
        Ok(true)
    }

    /// Hands out the last line if it has no newline. Poll until nothing is new before.
    pub fn finish(&mut self, mut each: impl FnMut(Told<'_>)) {
        if let Some(open) = &mut self.open {
            open.lines.finish(|line, _| each(Told::Line(line)));
        }
    }
}

impl Open {
    fn new(path: &Path) -> io::Result<Option<Self>> {
        let of = match fs::metadata(path) {
            Ok(of) => of,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if !of.is_file() {
            // Opening a pipe would wait for its writer.
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let id = id(&file.metadata()?);
        let fresh = Self {
            file,
            id,
            offset: 0,
            lines: Lines::new(),
            mark: Vec::new(),
            seen: (0, None),
            is_old: false,
        };
        Ok(Some(fresh))
    }

    /// True if the file is shorter than what was read, or the bytes before the place of reading are others.
    fn is_anew(&mut self) -> io::Result<bool> {
        let of = self.file.metadata()?;
        let now = (of.len(), of.modified().ok());
        if now == self.seen {
            return Ok(false);
        }
        self.seen = now;
        if now.0 < self.offset || (self.is_old && now.0 == self.offset) {
            return Ok(true);
        }
        let mark = self.read_at(self.offset - self.mark.len() as u64, self.mark.len())?;
        Ok(mark != self.mark)
    }

    fn restart(&mut self) {
        self.offset = 0;
        self.lines = Lines::new();
        self.mark.clear();
        self.is_old = false;
    }

    fn read_at(&mut self, offset: u64, n: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(n);
        if n > 0 {
            self.file.seek(SeekFrom::Start(offset))?;
            Read::by_ref(&mut self.file).take(n as u64).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    /// Reads on. True if there was something.
    fn read(&mut self, buffer: &mut Vec<u8>, each: &mut impl FnMut(Told<'_>)) -> io::Result<bool> {
        buffer.clear();
        self.file.seek(SeekFrom::Start(self.offset))?;
        Read::by_ref(&mut self.file).take(AT_ONCE).read_to_end(buffer)?;
        if buffer.is_empty() {
            return Ok(false);
        }
        if std::mem::take(&mut self.is_old) {
            let head = self.read_at(0, super::MAX_LINE.min(self.offset as usize))?;
            each(Told::Start);
            if let Some(end) = head.iter().position(|byte| *byte == b'\n') {
                each(Told::Header(head[..end].strip_suffix(b"\r").unwrap_or(&head[..end])));
            }
        }
        self.offset += buffer.len() as u64;
        self.mark.extend_from_slice(&buffer[buffer.len().saturating_sub(MARK)..]);
        self.mark.drain(..self.mark.len().saturating_sub(MARK));
        self.lines.feed(buffer, |line, _| each(Told::Line(line)));
        Ok(true)
    }
}

#[cfg(unix)]
fn id(of: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (of.dev(), of.ino())
}

#[cfg(not(unix))]
fn id(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    struct Case {
        _folder: tempfile::TempDir,
        path: PathBuf,
        tail: Tail,
    }

    fn case() -> Case {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let tail = Tail::new(&path);
        Case { _folder: folder, path, tail }
    }

    fn tell(found: &mut Vec<String>, told: Told<'_>) {
        found.push(match told {
            Told::Start => "^".into(),
            Told::Header(line) => format!("#{}", line.escape_ascii()),
            Told::Line(line) => line.escape_ascii().to_string(),
        });
    }

    impl Case {
        fn append(&self, text: &str) {
            let mut file =
                fs::OpenOptions::new().append(true).create(true).open(&self.path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }

        fn check(&mut self, expect: &str) {
            let mut found = Vec::new();
            while self.tail.poll(|told| tell(&mut found, told)).unwrap() {}
            assert_eq!(found.join(" "), expect);
        }

        fn check_end(&mut self, expect: &str) {
            let mut found = Vec::new();
            self.tail.finish(|told| tell(&mut found, told));
            assert_eq!(found.join(" "), expect);
        }
    }

    #[test]
    fn only_what_is_new_is_told() {
        let mut case = case();
        case.check("");
        case.append("a\r\nb");
        case.check("^ a");
        case.check("");
        case.append("c\nd");
        case.check("bc");
        case.check_end("d");
        case.check_end("");
    }

    #[test]
    fn a_truncated_file_is_read_from_its_beginning() {
        let mut case = case();
        case.append("a\nbb\ncc");
        case.check("^ a bb");
        fs::write(&case.path, "d\n").unwrap();
        case.check("^ d");
        // Longer than before, in the same file: the bytes before the place of reading tell.
        fs::write(&case.path, "e\nf\ng\n").unwrap();
        case.check("^ e f g");
    }

    #[test]
    fn a_replaced_file_is_finished_first() {
        let mut case = case();
        case.append("a\n");
        case.check("^ a");
        case.append("b\nhalf");
        let next = case.path.with_extension("next");
        fs::write(&next, "c\n").unwrap();
        fs::rename(&next, &case.path).unwrap();
        case.check("b half ^ c");
        fs::remove_file(&case.path).unwrap();
        case.check("");
        case.append("d\n");
        case.check("^ d");
    }

    #[test]
    fn old_content_is_skipped() {
        let mut case = case();
        case.append("head\nold\n");
        case.tail = Tail::skip_old(&case.path).unwrap();
        case.check("");
        case.append("new\n");
        case.check("^ #head new");
        case.append("newer\n");
        case.check("newer");
    }

    #[test]
    fn old_content_that_is_written_anew_is_not_old() {
        let mut case = case();
        case.append("old\n");
        case.tail = Tail::skip_old(&case.path).unwrap();
        fs::write(&case.path, "").unwrap();
        case.check("^");
        case.append("a\n");
        case.check("a");
        case.tail = Tail::skip_old(&case.path).unwrap();
        fs::write(&case.path, "b\nc\nd\n").unwrap();
        case.check("^ b c d");
        // The same bytes again: only the time of the file tells.
        case.tail = Tail::skip_old(&case.path).unwrap();
        let file = File::options().write(true).open(&case.path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        case.check("^ b c d");
        let missing = case.path.with_extension("missing");
        assert!(Tail::skip_old(&missing).unwrap().open.is_none());
    }

    #[test]
    fn a_big_file_comes_in_portions() {
        let mut case = case();
        case.append(&"0123456\n".repeat(300_000));
        let mut portions = Vec::new();
        loop {
            let mut n = 0;
            if !case.tail.poll(|told| n += usize::from(told != Told::Start)).unwrap() {
                break;
            }
            portions.push(n);
        }
        assert_eq!(portions, [131_072, 131_072, 37_856]);
    }

    #[test]
    fn a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let error = Tail::new(folder.path()).poll(|_| ()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
