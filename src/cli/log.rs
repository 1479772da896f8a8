//! `derby log`: metrics from inside a script. It opens no store, so that a script may call it at every step.

use super::script_args::LogArgs;
use super::{CliError, Exit};
use crate::protocol;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// The file that derby reads along, in the environment of every run of a command.
const METRICS: &str = "DERBY_METRICS";

pub(super) fn run(args: &LogArgs) -> Result<Exit, CliError> {
    let Some(path) = std::env::var_os(METRICS).filter(|path: &OsString| !path.is_empty()) else {
        return Err(CliError::usage(
            "derby log records metrics of a run, and this is no run: DERBY_METRICS is not set",
        )
        .hint("start the script by derby run -- COMMAND, or by a sweep file with [command]"));
    };
    let line = protocol::metric_line(&args.pairs).map_err(CliError::usage)?;
    append(Path::new(&path), line.as_bytes()).map_err(|error| {
        CliError::new(Exit::Failed, format!("could not write '{}': {error}", path.display()))
            .hint("is the run of this script over, or its folder gone?")
    })?;
    Ok(Exit::Done)
}

/// One write at the end of the file: lines of processes that log at the same time do not mix.
fn append(path: &Path, line: &[u8]) -> io::Result<()> {
    let mut file = File::options().append(true).create(true).open(path)?;
    file.write_all(line)
}
