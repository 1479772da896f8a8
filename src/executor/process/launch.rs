//! Starts a process of its own group, and says what is wrong where that fails.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

/// For so long a program may be open for writing: another thread has copied it and started its own
/// process at that moment, which closes the file as soon as it runs.
const BUSY: Duration = Duration::from_secs(1);

/// What is started.
pub(in crate::executor) struct Launch<'a> {
    /// The program's file.
    pub(in crate::executor) program: &'a Path,
    /// The program as it was written, and its arguments.
    pub(in crate::executor) arguments: &'a [String],
    /// Where it starts.
    pub(in crate::executor) cwd: &'a Path,
    /// Changes to derby's own environment.
    pub(in crate::executor) environment: &'a [(OsString, Option<OsString>)],
    /// What it reads as its standard input.
    pub(in crate::executor) input: Input,
}

/// What a process reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::executor) enum Input {
    /// Nothing.
    None,
    /// A pipe that whoever starts it writes into.
    Pipe,
}

/// Starts it: its own process group, output into pipes.
pub(in crate::executor) fn start(launch: &Launch<'_>) -> io::Result<Child> {
    let mut command = Command::new(launch.program);
    if let [name, arguments @ ..] = launch.arguments {
        command.arg0(name).args(arguments);
    }
    for (name, value) in launch.environment {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(launch.cwd).process_group(0);
    let input = match launch.input {
        Input::None => Stdio::null(),
        Input::Pipe => Stdio::piped(),
    };
    command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
    let since = Instant::now();
    loop {
        match command.spawn() {
            Err(error) if is_busy(&error) && since.elapsed() < BUSY => {
                park_timeout(Duration::from_millis(1));
            }
            started => return started,
        }
    }
}

fn is_busy(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ExecutableFileBusy
}

/// True if the machine lacks something, and the same may work later: memory, processes, files, disk.
pub(in crate::executor) fn is_shortage(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    // ENFILE and EMFILE have no kind of their own; the numbers are the same on every Unix.
    let no_files = matches!(error.raw_os_error(), Some(23 | 24));
    let kinds = [Kind::WouldBlock, Kind::OutOfMemory, Kind::StorageFull, Kind::QuotaExceeded];
    no_files || kinds.contains(&error.kind())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortages_are_told_from_mistakes() {
        let check = |kind: io::ErrorKind, expected: bool| {
            assert_eq!(is_shortage(&kind.into()), expected, "{kind:?}");
        };
        check(io::ErrorKind::NotFound, false);
        check(io::ErrorKind::PermissionDenied, false);
        check(io::ErrorKind::WouldBlock, true);
        check(io::ErrorKind::OutOfMemory, true);
        check(io::ErrorKind::StorageFull, true);
        assert!(is_shortage(&io::Error::from_raw_os_error(24)));
    }
}
