//! Files of a ledger: locked reading and appending, and folders that appear whole or not at all.

use super::{LedgerError, ModelName};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Keeps git from converting line ends, which would break every hash in the folder.
const ATTRIBUTES: &str = "* -text\n";

pub(super) fn ledger_path(folder: &Path, model: &ModelName) -> PathBuf {
    folder.join(format!("{model}.jsonl"))
}

/// The names in a folder, those that are Unicode; none without the folder.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, LedgerError> {
    let items = match fs::read_dir(folder) {
        Ok(items) => items,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(LedgerError::io("read", folder)(error)),
    };
    let names = items.map(|item| item.map(|item| item.file_name().into_string().ok()));
    let names: io::Result<Vec<_>> = names.collect();
    Ok(names.map_err(LedgerError::io("read", folder))?.into_iter().flatten().collect())
}

/// The whole file; none if there is no such file. A writer at work is waited for.
pub(super) fn read_shared(path: &Path) -> Result<Option<Vec<u8>>, LedgerError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LedgerError::io("open", path)(error)),
    };
    match file.lock_shared() {
        // A file system without locks can be read: nobody writes a ledger there either.
        Err(error) if error.kind() != io::ErrorKind::Unsupported => {
            return Err(LedgerError::io("lock", path)(error));
        }
        _ => {}
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(LedgerError::io("read", path))?;
    Ok(Some(bytes))
}

/// A ledger's file, open for one writer alone.
pub(super) struct Exclusive {
    file: File,
    path: PathBuf,
}

impl Exclusive {
    /// Opens and locks; none if there is no such file and `create` is false.
    pub(super) fn open(path: &Path, create: bool) -> Result<Option<Self>, LedgerError> {
        loop {
            let file =
                File::options().read(true).write(true).create(create).truncate(false).open(path);
            let file = match file {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound && !create => {
                    return Ok(None);
                }
                Err(error) => return Err(LedgerError::io("write", path)(error)),
            };
            file.lock().map_err(LedgerError::io("lock", path))?;
            // git replaces files: while this one waited, its name may have gone to another.
            let own = file.metadata().map_err(LedgerError::io("read", path))?;
            let named = fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()));
            if named == Some((own.dev(), own.ino())) {
                return Ok(Some(Self { file, path: path.into() }));
            }
        }
    }

    pub(super) fn read(&mut self) -> Result<Vec<u8>, LedgerError> {
        let mut bytes = Vec::new();
        let read = self.file.rewind().and_then(|()| self.file.read_to_end(&mut bytes));
        read.map_err(LedgerError::io("read", &self.path))?;
        Ok(bytes)
    }

    /// Puts `text` behind the first `size` bytes and returns once it is on the disk. After an error the
    /// file ends where it did.
    pub(super) fn append(&mut self, size: u64, text: &str) -> Result<(), LedgerError> {
        let written = self.file.set_len(size).and_then(|()| self.write_behind(size, text));
        written.map_err(|error| {
            // Best effort: what stays behind is a cut line, which readers leave out.
            let _ = self.file.set_len(size);
            LedgerError::io("write", &self.path)(error)
        })
    }

    fn write_behind(&mut self, size: u64, text: &str) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(size))?;
        self.file.write_all(text.as_bytes())?;
        crate::host::fault("ledger_written");
        self.file.sync_all()
    }
}

/// Makes the folder of all ledgers, and tells git to leave its bytes alone.
pub(super) fn make_folder(folder: &Path) -> Result<(), LedgerError> {
    fs::create_dir_all(folder).map_err(LedgerError::io("create", folder))?;
    let attributes = folder.join(".gitattributes");
    match File::options().write(true).create_new(true).open(&attributes) {
        Ok(mut file) => {
            file.write_all(ATTRIBUTES.as_bytes()).map_err(LedgerError::io("write", &attributes))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(LedgerError::io("write", &attributes)(error)),
    }
}

/// Makes the names in a folder last.
pub(super) fn sync_folder(folder: &Path) -> Result<(), LedgerError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(LedgerError::io("sync", folder))
}

/// Writes a file under a temporary name and renames it.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    let temporary = temporary(path);
    let write = || -> io::Result<()> {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&temporary);
        LedgerError::io("write", path)(error)
    })?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Copies a folder of plain files and folders under a temporary name and renames it.
pub(super) fn copy_folder(from: &Path, to: &Path) -> Result<(), LedgerError> {
    let temporary = temporary(to);
    let copied = copy_into(from, &temporary)
        .and_then(|()| fs::rename(&temporary, to).map_err(LedgerError::io("create", to)));
    if copied.is_err() {
        let _ = fs::remove_dir_all(&temporary);
    }
    copied?;
    to.parent().map_or(Ok(()), sync_folder)
}

fn copy_into(from: &Path, to: &Path) -> Result<(), LedgerError> {
    fs::create_dir_all(to).map_err(LedgerError::io("create", to))?;
    for item in fs::read_dir(from).map_err(LedgerError::io("read", from))? {
        let item = item.map_err(LedgerError::io("read", from))?;
        let (source, target) = (item.path(), to.join(item.file_name()));
        let kind = item.file_type().map_err(LedgerError::io("read", &source))?;
        if kind.is_dir() {
            copy_into(&source, &target)?;
        } else if kind.is_file() {
            fs::copy(&source, &target).map_err(LedgerError::io("copy", &source))?;
            let synced = File::open(&target).and_then(|file| file.sync_all());
            synced.map_err(LedgerError::io("sync", &target))?;
        } else {
            let error = io::Error::other("it is neither a file nor a folder");
            return Err(LedgerError::io("copy", &source)(error));
        }
    }
    sync_folder(to)
}

fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}
