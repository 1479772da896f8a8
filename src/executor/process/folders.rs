//! What a run has on disk: its own folder, the files that are kept of it, and what is cleaned away.

use crate::domain::{Params, RunId};
use crate::executor::KeptFile;
use crate::spec;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const RUNS: &str = "runs";
const CHECKPOINTS: &str = "checkpoints";
const ARTIFACTS: &str = "artifacts";
const PARAMS: &str = "params.json";
const METRICS: &str = "metrics.jsonl";
const OUTPUT: &str = "output.log";

/// Names in a run's folder that are derby's own.
pub(super) const OWN_NAMES: [&str; 4] = [ARTIFACTS, PARAMS, METRICS, OUTPUT];

/// The places of one run.
#[derive(Debug, Clone)]
pub(super) struct RunFolder {
    /// The run's own folder.
    pub(super) path: PathBuf,
    /// The folder whose files are kept.
    pub(super) artifacts: PathBuf,
    /// The folder that stays the same for every attempt of the trial.
    pub(super) checkpoint: PathBuf,
    /// The configuration as JSON.
    pub(super) params: PathBuf,
    /// What `derby log` appends to.
    pub(super) metrics: PathBuf,
    /// The record of the output.
    pub(super) output: PathBuf,
}

impl RunFolder {
    /// Makes the folders and writes the configuration. What a lost store left under the same number goes:
    /// it would be taken for this run's.
    pub(super) fn make(path: PathBuf, checkpoint: PathBuf, params: &Params) -> io::Result<Self> {
        match fs::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir_all(&path)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_dir_all(&path)?;
                fs::create_dir(&path)?;
            }
            made => made?,
        }
        let folder = Self {
            artifacts: path.join(ARTIFACTS),
            params: path.join(PARAMS),
            metrics: path.join(METRICS),
            output: path.join(OUTPUT),
            path,
            checkpoint,
        };
        fs::create_dir(&folder.artifacts)?;
        match fs::create_dir(&folder.checkpoint) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(&folder.checkpoint)?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made?,
        }
        fs::write(&folder.params, spec::params_json(params))?;
        Ok(folder)
    }

    /// The files to keep: every one below the artifacts folder, in sorted order, and the output.
    ///
    /// A link to a file becomes a file of its own, so that each can be moved whatever happens to the other;
    /// a link to a folder is not followed.
    pub(super) fn kept(&self, has_output: bool) -> io::Result<Vec<KeptFile>> {
        let mut kept = Vec::new();
        // An empty folder is the common case, and costs one call this way.
        if fs::remove_dir(&self.artifacts).is_err() {
            collect(&self.artifacts, "", &mut kept)?;
        }
        if has_output {
            if let Some(taken) = kept.iter_mut().find(|file| file.name == OUTPUT) {
                taken.name = format!("{ARTIFACTS}/{OUTPUT}");
            }
            kept.push(KeptFile { name: OUTPUT.into(), file: self.output.clone() });
        }
        Ok(kept)
    }
}

/// The folder of a run in a store.
pub fn run_folder(store: &Path, run: RunId) -> PathBuf {
    store.join(RUNS).join(run.0.to_string())
}

/// The folder of the checkpoints of a trial's replicate.
pub(super) fn checkpoint_folder(store: &Path, key: &str, trial: u64, replicate: u32) -> PathBuf {
    let name = if replicate == 0 { trial.to_string() } else { format!("{trial}-r{replicate}") };
    store.join(CHECKPOINTS).join(key).join(name)
}

/// Removes the folders of all runs and all checkpoints, if nothing is in them.
pub(super) fn remove_unused(store: &Path, key: &str) {
    let checkpoints = store.join(CHECKPOINTS);
    for folder in [checkpoints.join(key), checkpoints, store.join(RUNS)] {
        // It is in use, or was never made.
        let _ = fs::remove_dir(folder);
    }
}

fn collect(folder: &Path, prefix: &str, kept: &mut Vec<KeptFile>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        // The script may have removed the folder itself.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type()?);
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if kind.is_dir() {
            collect(&path, &format!("{name}/"), kept)?;
        } else if kind.is_file() || (kind.is_symlink() && own_file(&path)?) {
            kept.push(KeptFile { name, file: path });
        }
    }
    Ok(())
}

/// Puts a copy of the file that a link leads to in the link's place. False if it leads to no file.
fn own_file(link: &Path) -> io::Result<bool> {
    if !fs::metadata(link).is_ok_and(|metadata| metadata.is_file()) {
        return Ok(false);
    }
    let target = fs::canonicalize(link)?;
    let mut fresh = link.as_os_str().to_owned();
    fresh.push(".derby-copy");
    fs::copy(target, &fresh)?;
    fs::rename(&fresh, link)?;
    Ok(true)
}

/// Cleans up after a run whose files are in the store: takes away what is still there of `kept`, the
/// metrics that are recorded, folders that are empty, and the configuration if nothing else is left. What a
/// script has written beside them stays.
pub fn clean_run_folder(folder: &Path, kept: &[KeptFile]) {
    // Whatever cannot be removed stays; it is in nobody's way.
    for file in kept.iter().filter(|file| file.file.starts_with(folder)) {
        let _ = fs::remove_file(&file.file);
    }
    let _ = fs::remove_file(folder.join(METRICS));
    remove_empty(&folder.join(ARTIFACTS));
    let is_alone = fs::read_dir(folder).is_ok_and(|mut entries| {
        entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == PARAMS))
    });
    if is_alone {
        let _ = fs::remove_file(folder.join(PARAMS));
        let _ = fs::remove_dir(folder);
    }
}

/// Removes a folder if nothing but empty folders is in it; those below go in any case.
fn remove_empty(folder: &Path) {
    if fs::remove_dir(folder).is_ok() {
        return;
    }
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty(&entry.path());
        }
    }
    let _ = fs::remove_dir(folder);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(store: &Path) -> RunFolder {
        let path = run_folder(store, RunId(7));
        RunFolder::make(path, store.join("checkpoints/k/2"), &Params::default()).unwrap()
    }

    #[test]
    fn a_run_that_leaves_nothing_leaves_nothing() {
        let store = tempfile::tempdir().unwrap();
        let made = folder(store.path());
        assert_eq!(fs::read_to_string(&made.params).unwrap(), "{}");
        assert!(made.artifacts.is_dir() && made.checkpoint.is_dir());
        assert_eq!(made.kept(false).unwrap(), []);
        clean_run_folder(&made.path, &[]);
        assert!(!made.path.exists() && store.path().join("runs").exists());
    }

    #[test]
    fn kept_files_are_sorted_and_links_become_files() {
        let store = tempfile::tempdir().unwrap();
        let made = folder(store.path());
        fs::create_dir_all(made.artifacts.join("b/empty")).unwrap();
        for name in ["z.bin", "b/a.bin", "output.log"] {
            fs::write(made.artifacts.join(name), name).unwrap();
        }
        std::os::unix::fs::symlink("z.bin", made.artifacts.join("best")).unwrap();
        std::os::unix::fs::symlink("nothing", made.artifacts.join("dangling")).unwrap();
        fs::write(&made.output, "x").unwrap();
        let kept = made.kept(true).unwrap();
        let names: Vec<&str> = kept.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["b/a.bin", "best", "artifacts/output.log", "z.bin", "output.log"]);
        fs::remove_file(made.artifacts.join("z.bin")).unwrap();
        assert_eq!(fs::read_to_string(made.artifacts.join("best")).unwrap(), "z.bin");
        fs::remove_file(made.artifacts.join("dangling")).unwrap();
        clean_run_folder(&made.path, &kept);
        assert!(!made.path.exists());
    }

    #[test]
    fn what_a_script_wrote_stays_and_leftovers_go() {
        let store = tempfile::tempdir().unwrap();
        let made = folder(store.path());
        fs::write(made.path.join("own.txt"), "x").unwrap();
        fs::write(&made.metrics, "{}").unwrap();
        clean_run_folder(&made.path, &[]);
        let mut left: Vec<_> =
            fs::read_dir(&made.path).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["own.txt", "params.json"]);
        folder(store.path());
        assert!(!made.path.join("own.txt").exists());
    }
}
