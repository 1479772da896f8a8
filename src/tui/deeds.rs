//! What changes something outside: writes to the store, verbs of derby as processes, files. None of it on the thread that
//! draws.

use super::action::ScreenId;
use super::ask::{Reply, VerbOutcome, Write};
use super::event::Event;
use crate::host;
use crate::store::{Mode, Store, StoreError};
use crate::sweep::steer::asker;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

/// Bytes of the log of a verb that goes on after this program that are looked at.
const LOG: u64 = 4_000;

/// Carries out what changes something outside, and tells how it went.
#[derive(Debug, Clone)]
pub struct Deeds {
    /// The store's folder.
    pub store: PathBuf,
    /// Where replies go.
    pub events: Sender<Event>,
}

impl Deeds {
    /// Writes to the store on a thread of its own: a locked store keeps nobody waiting.
    pub fn write(&self, write: Write) {
        let store = self.store.clone();
        self.aside("writer", move || {
            let done = carry_out(&store, &write).map_err(|error| error.to_string());
            Reply::Wrote(done)
        });
    }

    /// Runs a verb of derby and tells how it ended.
    pub fn verb(&self, screen: ScreenId, purpose: &'static str, args: Vec<String>) {
        let store = self.store.clone();
        self.aside("verb", move || {
            let outcome = run_verb(&store, &args);
            Reply::Verb { screen, purpose, outcome }
        });
    }

    /// Starts a verb that goes on after this program. What it prints goes to `launched.log` in the store's folder.
    pub fn launch(&self, screen: ScreenId, purpose: &'static str, args: Vec<String>) {
        let store = self.store.clone();
        self.aside("launch", move || {
            let log = store.join("launched.log");
            let line = line_of(&args);
            let written = std::fs::metadata(&log).map_or(0, |data| data.len());
            let outcome = match host::launch_self(&with_store(&store, &args), &log) {
                Ok(code) => VerbOutcome {
                    line,
                    code,
                    stdout: String::new(),
                    stderr: complaint(code, &host::rest(&log, written, LOG).unwrap_or_default()),
                },
                Err(error) => refused(line, &error),
            };
            Reply::Verb { screen, purpose, outcome }
        });
    }

    /// Writes a file beside none that is there already, and says where.
    pub fn save(&self, path: PathBuf, bytes: Vec<u8>) {
        self.aside("file", move || Reply::Wrote(save(&path, &bytes)));
    }

    /// Writes files that belong together beside none that are there already, and names them all.
    pub fn save_all(&self, folder: PathBuf, files: Vec<(String, Vec<u8>)>, note: String) {
        self.aside("file", move || Reply::Wrote(save_all(&folder, &files, &note)));
    }

    fn aside(&self, name: &str, work: impl FnOnce() -> Reply + Send + 'static) {
        let events = self.events.clone();
        let body = move || {
            // Nobody listens once the program ends.
            let _ = events.send(Event::Reply(Box::new(work())));
        };
        if let Err(error) = std::thread::Builder::new().name(name.into()).spawn(body) {
            let reply = Reply::Wrote(Err(format!("no thread for it: {error}")));
            let _ = self.events.send(Event::Reply(Box::new(reply)));
        }
    }
}

/// Writes to the store, and says what was done.
///
/// # Errors
/// When the store cannot be written.
pub fn carry_out(store: &Path, write: &Write) -> Result<String, StoreError> {
    let mut store = Store::open(store, Mode::ReadWrite { create: false })?;
    store.batch(|store| write_to(store, write))
}

fn write_to(store: &mut Store, write: &Write) -> Result<String, StoreError> {
    let runs_of = |runs: &[crate::domain::RunId]| match runs {
        [one] => format!("run {one}"),
        many => format!("{} runs", many.len()),
    };
    Ok(match write {
        Write::Tag { runs, key, value } => {
            for run in runs {
                store.tag(*run, key, value)?;
            }
            format!("{}: tag {key}", runs_of(runs))
        }
        Write::Untag { runs, key } => {
            for run in runs {
                store.untag(*run, key)?;
            }
            format!("{}: tag {key} is off", runs_of(runs))
        }
        Write::Note { run, text } => {
            store.note(*run, text)?;
            format!("run {run}: note written")
        }
        Write::Rename { run, name } => {
            store.rename(*run, name)?;
            format!("run {run} is called '{name}'")
        }
        Write::Bin(runs) => {
            for run in runs {
                store.remove(*run)?;
            }
            format!("{} moved to the bin; v shows the bin, D there brings back", runs_of(runs))
        }
        Write::All(writes) => {
            let done: Result<Vec<String>, StoreError> =
                writes.iter().map(|write| write_to(store, write)).collect();
            done?.join("; ")
        }
        Write::Restore(runs) => {
            for run in runs {
                store.restore(*run)?;
            }
            format!("{} back from the bin", runs_of(runs))
        }
        Write::Steer { sweep, steer } => {
            let is_driven = store.driver(*sweep)?.is_some();
            steer.post(store, *sweep, &asker())?;
            if is_driven {
                format!("asked: {steer}; it answers at its next step")
            } else {
                format!("asked: {steer}; nobody drives it, so it is taken at the next start: p")
            }
        }
    })
}

/// Runs a verb of derby with the same store, and gives what it printed.
pub fn run_verb(store: &Path, args: &[String]) -> VerbOutcome {
    let line = line_of(args);
    match host::run_self(&with_store(store, args)) {
        Ok((code, stdout, stderr)) => VerbOutcome { line, code, stdout, stderr },
        Err(error) => refused(line, &error),
    }
}

/// Of what a verb printed, what it complained of: nothing if it went well, else from its error on.
fn complaint(code: Option<i32>, printed: &str) -> String {
    if code == Some(0) {
        return String::new();
    }
    let lines: Vec<&str> = printed.lines().collect();
    let error = lines.iter().rposition(|line| line.trim_start().starts_with("error"));
    error.map_or_else(String::new, |at| lines[at..].join("\n"))
}

/// How a verb ended, in words: its own error if it has one.
pub fn ending(outcome: &VerbOutcome) -> String {
    let error = outcome.stderr.lines().find(|line| !line.trim().is_empty());
    match (outcome.code, error) {
        (Some(0), _) => "done".into(),
        (_, Some(error)) => error.trim().to_string(),
        (Some(1), None) => "ended, and every trial failed; log: .derby/launched.log".into(),
        (Some(5), None) => "its budget ran out before a trial had a score".into(),
        (Some(75), None) => "another process has the sweep or the store; try again later".into(),
        (Some(130 | 143) | None, None) => "stopped before its end; the same command goes on".into(),
        (Some(code), None) => format!("ended with exit code {code}; log: .derby/launched.log"),
    }
}

/// Writes a file; where one is already, the name gets a number.
///
/// # Errors
/// What keeps it from being written, in words.
pub fn save(path: &Path, bytes: &[u8]) -> Result<String, String> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let extension =
        path.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
    for n in 1..1000 {
        let name =
            if n == 1 { format!("{stem}{extension}") } else { format!("{stem}-{n}{extension}") };
        let place = path.with_file_name(name);
        let made = std::fs::File::options().write(true).create_new(true).open(&place);
        match made.and_then(|mut file| io::Write::write_all(&mut file, bytes)) {
            Ok(()) => return Ok(format!("wrote {}", place.display())),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(format!("could not write '{}': {error}", place.display())),
        }
    }
    Err(format!("could not write '{}': too many of that name", path.display()))
}

/// Writes files under the first number that none of them has yet, and names them all; what was written before one
/// fails stays.
///
/// # Errors
/// Which file could not be written, and why.
pub fn save_all(folder: &Path, files: &[(String, Vec<u8>)], note: &str) -> Result<String, String> {
    let numbered = |name: &str, n: u32| match (name.rsplit_once('.'), n) {
        (_, 1) => name.to_string(),
        (Some((stem, extension)), n) => format!("{stem}-{n}.{extension}"),
        (None, n) => format!("{name}-{n}"),
    };
    let is_free = |n: &u32| files.iter().all(|(name, _)| !folder.join(numbered(name, *n)).exists());
    let n = (1..1000).find(is_free).ok_or_else(|| "too many files of that name".to_string())?;
    let mut names = Vec::new();
    for (name, bytes) in files {
        let name = numbered(name, n);
        let place = folder.join(&name);
        let made = std::fs::File::options().write(true).create_new(true).open(&place);
        made.and_then(|mut file| io::Write::write_all(&mut file, bytes))
            .map_err(|error| format!("could not write '{}': {error}", place.display()))?;
        names.push(name);
    }
    let last = names.pop().unwrap_or_default();
    let all = if names.is_empty() { last } else { format!("{} and {last}", names.join(", ")) };
    let gap = if note.is_empty() { "" } else { "; " };
    Ok(format!("wrote {all} here{gap}{note}"))
}

fn with_store(store: &Path, args: &[String]) -> Vec<String> {
    let mut all = vec!["--store".into(), store.display().to_string(), "--color=never".into()];
    all.extend(args.iter().cloned());
    all
}

/// The command line as a user would type it.
pub fn line_of(args: &[String]) -> String {
    let mut line = String::from("derby");
    for arg in args {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=@:,+".contains(c);
        if arg.is_empty() || !arg.chars().all(is_plain) {
            let _ = write!(line, " '{}'", arg.replace('\'', "'\\''"));
        } else {
            line.push(' ');
            line.push_str(arg);
        }
    }
    line
}

fn refused(line: String, error: &io::Error) -> VerbOutcome {
    VerbOutcome {
        line,
        code: None,
        stdout: String::new(),
        stderr: format!("could not start: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("compare.svg");
        assert!(save(&path, b"1").unwrap().ends_with("compare.svg"));
        assert!(save(&path, b"2").unwrap().ends_with("compare-2.svg"));
        assert_eq!(std::fs::read(&path).unwrap(), b"1");
        assert!(save(&folder.path().join("no/such.svg"), b"").unwrap_err().contains("no/such.svg"));
    }

    #[test]
    fn only_an_error_is_a_complaint() {
        let log = " quick   all 17 trials\n next  derby show 454\n";
        assert_eq!(complaint(Some(0), log), "");
        assert_eq!(complaint(Some(1), log), "");
        let bad = "error: of before\nok\nerror: no such sampler\n  mend: write one\n";
        assert_eq!(complaint(Some(2), bad), "error: no such sampler\n  mend: write one");
        let outcome = |code, stderr: &str| VerbOutcome {
            line: "derby sweep x".into(),
            code,
            stdout: String::new(),
            stderr: stderr.into(),
        };
        assert_eq!(ending(&outcome(Some(2), "\nerror: no such")), "error: no such");
        assert!(ending(&outcome(Some(130), "")).starts_with("stopped before"));
    }

    #[test]
    fn files_that_belong_together_have_one_number_and_are_all_named() {
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<(String, Vec<u8>)> =
            ["a.md", "a.json", "a.svg"].map(|name| (name.to_string(), b"1".to_vec())).into();
        let check = |n: usize, note: &str, expect: &str| {
            assert_eq!(save_all(folder.path(), &files[..n], note).unwrap(), expect);
        };
        check(
            2,
            "no a.svg: nothing to draw",
            "wrote a.md and a.json here; no a.svg: nothing to draw",
        );
        check(3, "", "wrote a-2.md, a-2.json and a-2.svg here");
        check(1, "", "wrote a-3.md here");
        let nowhere = folder.path().join("no");
        assert!(save_all(&nowhere, &files, "").unwrap_err().contains("a.md"));
    }

    #[test]
    fn a_command_line_can_be_typed() {
        let args = ["champion", "rollback", "penguins", "--why", "it's worse"].map(String::from);
        assert_eq!(line_of(&args), "derby champion rollback penguins --why 'it'\\''s worse'");
    }
}
