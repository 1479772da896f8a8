//! derby starting derby: a verb of its own as another process.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs this program with other arguments and without a terminal; gives exit code, standard output and standard error.
///
/// # Errors
/// When it cannot be started.
pub fn run_self(args: &[impl AsRef<OsStr>]) -> io::Result<(Option<i32>, String, String)> {
    let output = Command::new(std::env::current_exe()?)
        .args(args)
        .stdin(Stdio::null())
        .process_group(0)
        .output()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok((output.status.code(), text(output.stdout), text(output.stderr)))
}

/// Starts this program with other arguments in a process group of its own, so that neither Ctrl-C here nor the end of
/// this program ends it; what it prints goes to the end of `log`. Waits for its end and gives its exit code.
///
/// # Errors
/// When the log cannot be written or the program not be started.
pub fn launch_self(args: &[impl AsRef<OsStr>], log: &Path) -> io::Result<Option<i32>> {
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = File::options().create(true).append(true).open(log)?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(args)
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .process_group(0)
        .spawn()?;
    Ok(child.wait()?.code())
}

/// What was written into a file after its first `from` bytes, at most the last `bytes` of it.
///
/// # Errors
/// When it cannot be read.
pub fn rest(path: &Path, from: u64, bytes: u64) -> io::Result<String> {
    let length = std::fs::metadata(path)?.len();
    // A file that became shorter is another one.
    let from = if length < from { 0 } else { from };
    // With the end of the line before: a tail begins after the first one.
    tail(path, bytes.min(length - from + u64::from(from > 0)))
}

/// The last bytes of a file as text, from the beginning of a line on.
///
/// # Errors
/// When it cannot be read.
pub fn tail(path: &Path, bytes: u64) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
    let mut all = Vec::new();
    file.read_to_end(&mut all)?;
    let text = String::from_utf8_lossy(&all).into_owned();
    Ok(match text.split_once('\n') {
        Some((_, rest)) if length > bytes => rest.to_string(),
        _ => text,
    })
}
