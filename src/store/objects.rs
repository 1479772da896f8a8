//! Objects: bytes under their BLAKE3, in a folder or, for a store in memory, in a map.

use super::StoreError;
use crate::domain::Digest;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where objects are kept.
#[derive(Debug)]
pub(super) enum Objects {
    /// `objects/ab/cdef…`.
    Folder(PathBuf),
    /// For stores in memory.
    Memory(RefCell<BTreeMap<String, Vec<u8>>>),
}

impl Objects {
    pub(super) fn memory() -> Self {
        Self::Memory(RefCell::default())
    }

    /// Keeps bytes and returns their address. Synced before it gets its name, so a name never stands
    /// for half an object.
    pub(super) fn put(&self, bytes: &[u8]) -> Result<String, StoreError> {
        let address = Digest::of(bytes).hex();
        match self {
            Self::Memory(map) => {
                map.borrow_mut().insert(address.clone(), bytes.to_vec());
            }
            Self::Folder(root) => {
                let target = file(root, &address);
                let length = fs::metadata(&target).map(|meta| meta.len());
                if length.ok() == Some(bytes.len() as u64) {
                    touch(&target);
                } else {
                    write_synced(&target, bytes)?;
                }
            }
        }
        Ok(address)
    }

    /// Takes a file over and returns its address and size. It is moved where it lies on the same file
    /// system, and copied otherwise.
    pub(super) fn take_file(&self, file: &Path) -> Result<(String, u64), StoreError> {
        let mut digest = blake3::Hasher::new();
        let mut reader = fs::File::open(file).map_err(StoreError::io("read", file))?;
        let size = std::io::copy(&mut reader, &mut digest).map_err(StoreError::io("read", file))?;
        let address = digest.finalize().to_hex().to_string();
        let Self::Folder(root) = self else {
            let bytes = fs::read(file).map_err(StoreError::io("read", file))?;
            return Ok((self.put(&bytes)?, size));
        };
        let target = self::file(root, &address);
        if fs::metadata(&target).is_ok_and(|meta| meta.len() == size) {
            touch(&target);
            fs::remove_file(file).ok(); // kept already; what is left goes with the run's folder
            return Ok((address, size));
        }
        let folder = target.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(StoreError::io("create", folder))?;
        reader.sync_all().map_err(StoreError::io("sync", file))?;
        if fs::rename(file, &target).is_err() {
            let bytes = fs::read(file).map_err(StoreError::io("read", file))?;
            write_synced(&target, &bytes)?;
            fs::remove_file(file).ok();
        }
        Ok((address, size))
    }

    /// Opens the file under an address, for reading it piece by piece; `None` if it is missing or the store is in memory.
    pub(super) fn open(&self, address: &str) -> Option<fs::File> {
        match self {
            Self::Memory(_) => None,
            Self::Folder(root) => fs::File::open(self::file(root, address)).ok(),
        }
    }

    /// The bytes under an address; `None` if they are missing.
    pub(super) fn get(&self, address: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Memory(map) => Ok(map.borrow().get(address).cloned()),
            Self::Folder(root) => {
                let path = file(root, address);
                match fs::read(&path) {
                    Ok(bytes) if Digest::of(&bytes).hex() == address => Ok(Some(bytes)),
                    Ok(_) => {
                        let detail =
                            format!("object {address} has other content than its name says");
                        Err(StoreError::Corrupt { path, detail })
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(StoreError::io("read", &path)(error)),
                }
            }
        }
    }

    /// Every address with its size in bytes and the time of its last use (0 in memory).
    pub(super) fn list(&self) -> Result<BTreeMap<String, (u64, i64)>, StoreError> {
        let root = match self {
            Self::Memory(map) => {
                let size =
                    |(key, bytes): (&String, &Vec<u8>)| (key.clone(), (bytes.len() as u64, 0));
                return Ok(map.borrow().iter().map(size).collect());
            }
            Self::Folder(root) => root,
        };
        let mut found = BTreeMap::new();
        for folder in entries(root)? {
            let Some(head) = name_of(&folder).filter(|name| name.len() == 2) else { continue };
            for path in entries(&folder)? {
                let Some(tail) = name_of(&path) else { continue };
                let Ok(meta) = fs::metadata(&path) else { continue };
                let used = meta.modified().map_or(0, crate::host::clock::system_ms);
                found.insert(format!("{head}{tail}"), (meta.len(), used));
            }
        }
        Ok(found)
    }

    /// Removes an object or a left-over temporary file; a missing one is fine.
    pub(super) fn remove(&self, address: &str) -> Result<(), StoreError> {
        match self {
            Self::Memory(map) => {
                map.borrow_mut().remove(address);
                Ok(())
            }
            Self::Folder(root) => {
                let path = file(root, address);
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        Err(StoreError::io("remove", &path)(error))
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

fn file(root: &Path, address: &str) -> PathBuf {
    let (head, tail) = address.split_at_checked(2).unwrap_or((address, ""));
    root.join(head).join(tail)
}

/// An object that is written again is young again, so that gc keeps it until its row is committed.
fn touch(path: &Path) {
    #[expect(clippy::disallowed_methods, reason = "file times are the machine's own, never frozen")]
    let now = std::time::SystemTime::now();
    // Best effort: on failure the object keeps an older time, which only a gc at this very moment sees.
    fs::File::options().write(true).open(path).and_then(|file| file.set_modified(now)).ok();
}

fn write_synced(target: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let folder = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(StoreError::io("create", folder))?;
    let temporary = target.with_extension(format!("{}.part", uuid::Uuid::now_v7().simple()));
    let written = fs::File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&temporary, target)).map_err(|error| {
        fs::remove_file(&temporary).ok(); // nothing refers to it; gc takes what is left
        StoreError::io("write", target)(error)
    })
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let read = match fs::read_dir(folder) {
        Ok(read) => read,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io("list", folder)(error)),
    };
    Ok(read.filter_map(Result::ok).map(|entry| entry.path()).collect())
}

fn name_of(path: &Path) -> Option<String> {
    path.file_name().map(|name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn put_get_list_remove() {
        let folder = tempfile::tempdir().unwrap();
        for objects in [Objects::memory(), Objects::Folder(folder.path().join("objects"))] {
            let address = objects.put(b"abc").unwrap();
            assert_eq!(objects.put(b"abc").unwrap(), address);
            assert_eq!(objects.get(&address).unwrap().as_deref(), Some(&b"abc"[..]));
            assert_eq!(objects.list().unwrap()[&address].0, 3);
            objects.remove(&address).unwrap();
            objects.remove(&address).unwrap();
            assert_eq!(objects.get(&address).unwrap(), None);
        }
    }

    #[test]
    fn changed_bytes_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::Folder(folder.path().into());
        let address = objects.put(b"abc").unwrap();
        fs::write(file(folder.path(), &address), b"abd").unwrap();
        assert!(matches!(objects.get(&address), Err(StoreError::Corrupt { .. })));
    }
}
