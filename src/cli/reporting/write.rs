//! Writes a report into files, whole or not at all, and to whom a job's runner says.

use crate::cli::out::safe;
use crate::cli::{CliError, Exit, Ui};
use crate::report::{Format, Markdown, Report, github};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Says which name of a report does not tell its form, or cannot be written, before any work is done.
pub(in crate::cli) fn check_files(files: &[PathBuf]) -> Result<(), CliError> {
    for file in files {
        Format::of(file).map_err(|error| CliError::usage(error.to_string()))?;
        let folder = folder(file);
        if !folder.is_dir() {
            let (file, folder) = (file.display(), folder.display());
            let text = format!("cannot write '{file}': there is no folder '{folder}'");
            return Err(CliError::new(Exit::Failed, text).hint(format!("mkdir -p '{folder}'")));
        }
        if file.is_dir() {
            let text = format!("cannot write '{}': it is a folder", file.display());
            return Err(CliError::new(Exit::Failed, text).hint("name a file in it"));
        }
        // A folder may be there and take no file; the one that is tried here goes at once.
        Fresh::write(file, "").map_err(|error| failed(file, &error))?;
    }
    Ok(())
}

/// Writes the report into every file, in the form that its name says: all of them or, if one cannot be written, none.
/// Then annotations, the job's summary and its outputs, where a runner of GitHub asks for them.
pub(in crate::cli) fn write_all(
    ui: &Ui,
    report: &Report,
    files: &[PathBuf],
) -> Result<(), CliError> {
    check_files(files)?;
    let options = Markdown { whole: &whole(report, files), ..Markdown::default() };
    let mut written: Vec<(Fresh, &PathBuf)> = Vec::new();
    for file in files {
        let format = Format::of(file).map_err(|error| CliError::usage(error.to_string()))?;
        let text = format.render(report, &options);
        written.push((Fresh::write(file, &text).map_err(|error| failed(file, &error))?, file));
    }
    for (fresh, file) in written {
        fresh.put(file).map_err(|error| failed(file, &error))?;
    }
    publish(ui, report)
}

/// Where the rows can be read for which a summary has no room.
fn whole(report: &Report, files: &[PathBuf]) -> String {
    let of = |wanted: Format| files.iter().find(|file| Format::of(file) == Ok(wanted));
    let file = of(Format::Json).or_else(|| of(Format::Html)).and_then(|file| file.file_name());
    match file {
        Some(name) => name.to_string_lossy().into_owned(),
        None => format!("derby report {} -o report.json", report.name),
    }
}

/// Annotations go to stderr, which the runner reads too, so that what is on stdout stays what was asked for.
fn publish(ui: &Ui, report: &Report) -> Result<(), CliError> {
    let runner = github::Runner::of(|name| std::env::var_os(name));
    if runner.annotates {
        for line in github::annotations(report) {
            ui.out.note(&line);
        }
    }
    github::publish(report, &runner).map_err(|(path, error)| failed(&path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> CliError {
    let reason = safe(&error.to_string());
    CliError::new(Exit::Failed, format!("cannot write '{}': {reason}", path.display()))
}

/// The folder of a file; that of `report.md` is `.`.
fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file beside the one that it becomes; it goes if it never does.
struct Fresh(Option<PathBuf>);

impl Fresh {
    fn write(file: &Path, text: &str) -> std::io::Result<Self> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let path = folder(file).join(format!(".{name}.{}.part", std::process::id()));
        let mut open = std::fs::OpenOptions::new();
        let mut handle = open.write(true).create(true).truncate(true).open(&path)?;
        let fresh = Self(Some(path));
        handle.write_all(text.as_bytes())?;
        handle.sync_all()?;
        Ok(fresh)
    }

    fn put(mut self, file: &Path) -> std::io::Result<()> {
        match self.0.take() {
            Some(path) => std::fs::rename(&path, file).inspect_err(|_| self.0 = Some(path)),
            None => Ok(()),
        }
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // Whatever keeps it from going has been said already, or does no harm.
            let _ = std::fs::remove_file(path);
        }
    }
}
