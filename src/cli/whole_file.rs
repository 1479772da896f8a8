//! A file that is written whole or not at all: under another name beside its own, until it is complete.

use super::{CliError, Exit};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that is being written.
pub(super) struct WholeFile {
    file: File,
    /// The name until then; none for what is no regular file, like `/dev/stdout`, which is written as it is.
    part: Option<PathBuf>,
    to: PathBuf,
    shown: PathBuf,
}

impl WholeFile {
    /// Begins a file. What stands there stays until [`finish`](Self::finish).
    pub(super) fn create(path: &Path) -> Result<Self, CliError> {
        let failed = |error: io::Error| failed(path, &error);
        let shown = path.to_path_buf();
        // A link keeps its place, and the file that it leads to is replaced.
        let to = fs::canonicalize(path).unwrap_or_else(|_| shown.clone());
        let there = fs::metadata(&to).ok();
        if there.as_ref().is_some_and(fs::Metadata::is_dir) || to.file_name().is_none() {
            let text = format!("could not write '{}': it is a folder", path.display());
            return Err(CliError::new(Exit::Failed, text).hint("name a file in it"));
        }
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            let file = File::options().write(true).open(&to).map_err(failed)?;
            return Ok(Self { file, part: None, to, shown });
        }
        let part = to.with_file_name(format!(".derby-{}.part", uuid::Uuid::now_v7().simple()));
        let file = File::options().write(true).create_new(true).open(&part).map_err(failed)?;
        let made = Self { file, part: Some(part), to, shown };
        if let Some(there) = there {
            if there.permissions().readonly() {
                return Err(failed(io::ErrorKind::PermissionDenied.into()));
            }
            made.file.set_permissions(there.permissions()).map_err(failed)?;
        }
        Ok(made)
    }

    /// Gives the file its name.
    pub(super) fn finish(mut self) -> Result<(), CliError> {
        let Some(part) = self.part.take() else { return Ok(()) };
        let put = self.file.sync_all().and_then(|()| fs::rename(&part, &self.to));
        put.map_err(|error| {
            fs::remove_file(&part).ok(); // only what this call wrote
            failed(&self.shown, &error)
        })
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if let Some(part) = &self.part {
            fs::remove_file(part).ok(); // nobody knows its name
        }
    }
}

/// What the system says about writing a path.
pub(super) fn failed(path: &Path, error: &io::Error) -> CliError {
    let shown = path.display();
    let error = CliError::new(Exit::Failed, format!("could not write '{shown}': {error}"));
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    match parent.filter(|parent| !parent.exists()) {
        Some(parent) => {
            error.hint(format!("there is no folder '{}'; mkdir -p makes it", parent.display()))
        }
        None => error.hint("check the permissions and the space left, or name another place"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_appears_when_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        fs::write(&path, "old").unwrap();
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        file.finish().unwrap();
        assert_eq!(
            (fs::read(&path).unwrap(), names(folder.path())),
            (b"new".to_vec(), vec!["x.csv".into()])
        );
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(
            (fs::read(&path).unwrap(), names(folder.path())),
            (b"new".to_vec(), vec!["x.csv".into()])
        );
    }

    #[test]
    fn links_devices_and_folders() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("x"), folder.path().join("link"));
        fs::write(&path, "old").unwrap();
        std::os::unix::fs::symlink("x", &link).unwrap();
        let mut file = WholeFile::create(&link).unwrap();
        file.write_all(b"new").unwrap();
        file.finish().unwrap();
        assert!(link.is_symlink() && fs::read(&path).unwrap() == b"new");
        let mut null = WholeFile::create(Path::new("/dev/null")).unwrap();
        null.write_all(b"gone").unwrap();
        null.finish().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        let error = |path: &Path| WholeFile::create(path).err().unwrap().to_string();
        assert!(error(folder.path()).contains("it is a folder"));
        assert!(error(&folder.path().join("none/x")).contains("there is no folder"));
    }
}
