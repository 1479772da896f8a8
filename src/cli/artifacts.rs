//! `derby artifacts`: the files that a run left behind.

use super::out::{Role, safe};
use super::script_args::ArtifactsArgs;
use super::table::{Cell, Column, draw};
use super::text::{bytes, nearest, plural};
use super::{CliError, Exit, Ui};
use crate::domain::RunRecord;
use crate::store::{Artifact, Store};
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Component, Path};

/// Bytes that are copied at once.
const CHUNK: usize = 64 * 1024;
/// Digits of a digest that a table shows.
const DIGEST: usize = 12;

pub(super) fn run(ui: &Ui, args: &ArtifactsArgs) -> Result<Exit, CliError> {
    let store = ui.read_store()?;
    let run = store.run(&args.run)?;
    let files = store.artifacts(run.id)?;
    match (&args.path, &args.output) {
        (None, None) if args.json => {
            ui.out.line(&serde_json::to_string(&files).map_err(io::Error::other)?)?;
        }
        (None, None) => list(ui, &run, &files)?,
        (Some(path), None) => {
            let mut file = open(&store, &run, &files, path)?;
            copy(&mut file, |chunk| ui.out.bytes(chunk))?;
            ui.out.flush()?;
        }
        (Some(path), Some(to)) => {
            let mut file = open(&store, &run, &files, path)?;
            let inside =
                to.is_dir().then(|| to.join(Path::new(path).file_name().unwrap_or_default()));
            let to = inside.as_deref().unwrap_or(to);
            write(&mut file, to, args.force)?;
            ui.out.line(&format!(" wrote  {}", safe(&to.display().to_string())))?;
        }
        (None, Some(folder)) => copy_all(ui, &store, (&run, &files), folder, args.force)?,
    }
    Ok(Exit::Done)
}

fn list(ui: &Ui, run: &RunRecord, files: &[Artifact]) -> Result<(), CliError> {
    let Some(first) = files.first() else {
        ui.out.line(&format!(
            " run {} {} left no files; a script keeps those that it writes to the folder DERBY_ARTIFACTS",
            run.id,
            safe(&run.name)
        ))?;
        return Ok(());
    };
    let columns = [
        Column::fixed("file", false),
        Column::fixed("size", true),
        Column::optional("digest", false, 1),
    ];
    let row = |file: &Artifact| -> Vec<Cell> {
        let digest: String = file.digest.chars().take(DIGEST).collect();
        vec![
            file.path.clone().into(),
            bytes(file.size).into(),
            Cell { text: format!("b3:{digest}"), role: Role::Muted },
        ]
    };
    let rows: Vec<Vec<Cell>> = files.iter().map(row).collect();
    for line in draw(&ui.out, &columns, &rows).lines {
        ui.out.line(&line)?;
    }
    let next = format!("derby artifacts {} {} -o FILE", run.id, shell_word(&first.path));
    ui.out.line(&format!(" next  {}", ui.out.paint(Role::Accent, &safe(&next))))?;
    Ok(())
}

fn shell_word(word: &str) -> String {
    crate::spec::shell_words(&[word])
}

fn open(
    store: &Store,
    run: &RunRecord,
    files: &[Artifact],
    path: &str,
) -> Result<Box<dyn Read>, CliError> {
    if let Some(file) = store.open_artifact(run.id, path)? {
        return Ok(file);
    }
    let error = CliError::new(Exit::Failed, format!("run {} has no file '{path}'", run.id));
    let names = || files.iter().map(|file| file.path.as_str());
    // A name without its folder is the likeliest slip.
    let below = names().find(|name| name.rsplit('/').next() == Some(path));
    Err(match below.or_else(|| nearest(path, names())) {
        Some(near) => error.hint(format!("did you mean '{near}'?")),
        None if files.is_empty() => error.hint("it left no files at all"),
        None => error.hint(format!("derby artifacts {} lists what it has", run.id)),
    })
}

fn copy(file: &mut dyn Read, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(n) => take(&chunk[..n])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn write(file: &mut dyn Read, to: &Path, force: bool) -> Result<(), CliError> {
    let at = |error: io::Error| {
        let shown = to.display();
        match error.kind() {
            io::ErrorKind::AlreadyExists => {
                CliError::new(Exit::Failed, format!("'{shown}' exists already"))
                    .hint("--force replaces it")
            }
            _ => CliError::new(Exit::Failed, format!("could not write '{shown}': {error}")),
        }
    };
    let mut options = fs::File::options();
    options.write(true);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let mut target = options.open(to).map_err(at)?;
    copy(file, |chunk| target.write_all(chunk)).map_err(at)
}

fn copy_all(
    ui: &Ui,
    store: &Store,
    (run, files): (&RunRecord, &[Artifact]),
    folder: &Path,
    force: bool,
) -> Result<(), CliError> {
    if files.is_empty() {
        return list(ui, run, files);
    }
    let at = |path: &Path, error: &io::Error| {
        CliError::new(Exit::Failed, format!("could not make '{}': {error}", path.display()))
    };
    for artifact in files {
        let name = Path::new(&artifact.path);
        // A store may come from elsewhere (derby store merge): no name leaves the folder.
        if !name.components().all(|part| matches!(part, Component::Normal(_))) {
            let text = format!("'{}' is no name for a file in a folder", safe(&artifact.path));
            let hint = format!("derby artifacts {} PATH -o FILE copies it alone", run.id);
            return Err(CliError::new(Exit::Failed, text).hint(hint));
        }
        let to = folder.join(name);
        let parent = to.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| at(parent, &error))?;
        write(&mut open(store, run, files, &artifact.path)?, &to, force)?;
    }
    let size = bytes(files.iter().map(|file| file.size).sum());
    ui.out.line(&format!(
        " wrote  {}, {size}, to {}",
        plural(files.len() as u64, "file"),
        safe(&folder.display().to_string())
    ))?;
    Ok(())
}
