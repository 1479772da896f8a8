//! The sources that every run gets a copy of.

use super::ProcessError;
use super::folders::OWN_NAMES;
use super::glob::{self, Found};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes of sources that one run may get.
const MAX_BYTES: u64 = 1_000_000_000;

/// The files that are copied into the folder of every run.
#[derive(Debug, Default)]
pub(super) struct Sources {
    folder: PathBuf,
    files: Found,
}

impl Sources {
    /// Finds the files that the patterns name below `folder`.
    pub(super) fn find(
        folder: &Path,
        patterns: &[String],
        store: &Path,
    ) -> Result<Self, ProcessError> {
        let mut files = Found::new();
        for pattern in patterns {
            let wrong = |reason: String| ProcessError::Copy { pattern: pattern.clone(), reason };
            if Path::new(pattern).is_absolute() || pattern.split('/').any(|part| part == "..") {
                return Err(wrong(format!(
                    "leaves '{}', where copies keep their place; name something below it",
                    folder.display()
                )));
            }
            let found = glob::find(folder, pattern, store).map_err(|e| wrong(e.to_string()))?;
            if found.is_empty() {
                return Err(wrong(format!("matches no file in '{}'", folder.display())));
            }
            let is_own = |file: &PathBuf| OWN_NAMES.iter().any(|name| file.starts_with(name));
            if let Some(file) = found.keys().find(|file| is_own(file)) {
                return Err(wrong(format!(
                    "names '{}', and derby writes a file of that name into the run's folder: leave it \
                     out, or rename it",
                    file.display()
                )));
            }
            files.extend(found);
            let bytes: u64 = files.values().sum();
            if bytes > MAX_BYTES {
                return Err(wrong(format!(
                    "makes a copy of {:.1} GB for every run, at most 1 GB; name less, or read large \
                     files where they are",
                    bytes as f64 / 1e9
                )));
            }
        }
        Ok(Self { folder: folder.to_path_buf(), files })
    }

    /// True if nothing is copied.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// True if that path below the folder is copied.
    pub(super) fn holds(&self, path: &Path) -> bool {
        let plain: PathBuf = path.components().filter(|part| part.as_os_str() != ".").collect();
        self.files.contains_key(&plain)
    }

    /// Copies the files to `target`, each to its own place, with its permissions.
    pub(super) fn copy_to(&self, target: &Path) -> io::Result<()> {
        let mut made: Option<&Path> = None;
        for file in self.files.keys() {
            let parent = file.parent();
            if parent != made {
                fs::create_dir_all(target.join(parent.unwrap_or(Path::new(""))))?;
                made = parent;
            }
            fs::copy(self.folder.join(file), target.join(file)).map_err(|error| {
                io::Error::new(error.kind(), format!("cannot copy '{}': {error}", file.display()))
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_name_the_pattern() {
        let folder = tempfile::tempdir().unwrap();
        let big = fs::File::create(folder.path().join("big.bin")).unwrap();
        big.set_len(2_500_000_000).unwrap();
        let check = |pattern: &str, expected: &str| {
            let patterns = [pattern.to_string()];
            let error = Sources::find(folder.path(), &patterns, Path::new("/s")).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        };
        check("*.py", "'*.py' matches no file in '");
        check("../x", "'../x' leaves '");
        check("/etc/passwd", "'/etc/passwd' leaves '");
        fs::write(folder.path().join("params.json"), "").unwrap();
        check("*.json", "names 'params.json'");
        check("*.bin", "'*.bin' makes a copy of 2.5 GB for every run");
    }

    #[test]
    fn copies_keep_their_place_and_permissions() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(folder.path().join("lib")).unwrap();
        fs::write(folder.path().join("lib/a.py"), "x").unwrap();
        fs::write(folder.path().join("go.sh"), "#!/bin/sh\n").unwrap();
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path().join("go.sh"), mode).unwrap();
        let patterns = ["lib".to_string(), "*.sh".to_string()];
        let sources = Sources::find(folder.path(), &patterns, Path::new("/s")).unwrap();
        assert!(sources.holds(Path::new("./go.sh")) && !sources.holds(Path::new("lib")));
        sources.copy_to(target.path()).unwrap();
        assert_eq!(fs::read_to_string(target.path().join("lib/a.py")).unwrap(), "x");
        let copied = fs::metadata(target.path().join("go.sh")).unwrap();
        assert_eq!(copied.permissions().mode() & 0o111, 0o111);
    }
}
