//! The program of a command: where it is, and whether it can be executed, said before the first trial.

use super::ProcessError;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where programs are looked for without PATH, as execvp(3) does.
const DEFAULT_PATH: &str = "/bin:/usr/bin";
/// Linux reads that much of the first line of a script.
const FIRST_LINE: u64 = 256;

/// Derby's own PATH.
pub(super) fn search_path() -> OsString {
    std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into())
}

/// Finds a program as execvp(3) would in a process that starts in `cwd` with that PATH, and looks whether it can be
/// executed. The answer is an absolute path if `cwd` is one.
pub(super) fn find(name: &str, cwd: &Path, path: &OsStr) -> Result<PathBuf, ProcessError> {
    let wrong = |reason: String| ProcessError::Program { name: name.into(), reason };
    if name.is_empty() {
        return Err(wrong("is empty: the program comes first in [command] run".into()));
    }
    let file = if name.contains('/') {
        let file = cwd.join(name);
        check_file(&file).map_err(|fault| wrong(fault.told(name, &file)))?;
        file
    } else {
        search(name, cwd, path).map_err(wrong)?
    };
    check_script(&file, cwd, path).map_err(wrong)?;
    Ok(file)
}

/// What keeps a file from being executed.
enum Fault {
    Missing,
    IsFolder,
    NotExecutable,
    Other(std::io::Error),
}

impl Fault {
    fn told(&self, name: &str, file: &Path) -> String {
        let file = file.display();
        match self {
            Self::Missing => format!("does not exist: there is no file '{file}'"),
            Self::IsFolder => format!("is a folder ('{file}')"),
            Self::NotExecutable => format!(
                "is not executable: run `chmod +x {file}`, or name its interpreter first, as in \
                 run = [\"python3\", \"{name}\"]"
            ),
            Self::Other(error) => format!("cannot be read ('{file}'): {error}"),
        }
    }
}

fn check_file(file: &Path) -> Result<(), Fault> {
    let metadata = fs::metadata(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Fault::Missing,
        _ => Fault::Other(error),
    })?;
    if metadata.is_dir() {
        return Err(Fault::IsFolder);
    }
    if metadata.permissions().mode() & 0o111 == 0 {
        return Err(Fault::NotExecutable);
    }
    Ok(())
}

fn search(name: &str, cwd: &Path, path: &OsStr) -> Result<PathBuf, String> {
    let mut found_but = None;
    for folder in std::env::split_paths(path) {
        let file = cwd.join(folder).join(name);
        match check_file(&file) {
            Ok(()) => return Ok(file),
            Err(fault @ Fault::NotExecutable) => found_but = found_but.or(Some((fault, file))),
            Err(_) => {}
        }
    }
    if let Some((fault, file)) = found_but {
        return Err(fault.told(name, &file));
    }
    let here = cwd.join(name);
    if here.is_file() {
        let place = cwd.display();
        return Err(format!("is not in PATH, but in '{place}': write './{name}'"));
    }
    Err(format!("is not in PATH ('{}'): install it, or write its path", path.to_string_lossy()))
}

/// Looks whether the interpreter that a script's `#!` line names is there.
fn check_script(file: &Path, cwd: &Path, path: &OsStr) -> Result<(), String> {
    let mut start = Vec::new();
    let read = fs::File::open(file).and_then(|file| file.take(FIRST_LINE).read_to_end(&mut start));
    // Binaries that may be executed but not read are not scripts.
    if read.is_err() || !start.starts_with(b"#!") {
        return Ok(());
    }
    let line = start[2..].split(|byte| *byte == b'\n').next().unwrap_or_default();
    let shown = String::from_utf8_lossy(line).into_owned();
    let shown = shown.trim_matches([' ', '\t']);
    if shown.ends_with('\r') {
        return Err(format!(
            "has a first line '#!{}' that ends with a carriage return, which is part of the interpreter's \
             name then: save the file with Unix line ends",
            shown.trim_end()
        ));
    }
    let mut words = shown.split([' ', '\t']).filter(|word| !word.is_empty());
    let Some(interpreter) = words.next() else { return Ok(()) };
    let missing = |what: &str| {
        format!(
            "has a first line '#!{shown}', but {what}: mend the line or install the interpreter"
        )
    };
    if check_file(&cwd.join(OsStr::from_bytes(interpreter.as_bytes()))).is_err() {
        return Err(missing(&format!("'{interpreter}' cannot be executed")));
    }
    let is_env = Path::new(interpreter).file_name().is_some_and(|name| name == "env");
    let named = words.find(|word| !word.starts_with('-') && !word.contains('='));
    match named {
        Some(name) if is_env && !name.contains('/') => search(name, cwd, path)
            .map(drop)
            .map_err(|_| missing(&format!("'{name}' is not in PATH"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &Path, name: &str, text: &str, mode: u32) {
        fs::write(folder.join(name), text).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn finds_what_execvp_finds() {
        let folder = tempfile::tempdir().unwrap();
        file(folder.path(), "train", "#!/bin/sh\n", 0o755);
        file(folder.path(), "with-env", "#!/usr/bin/env -S FOO=1 sh -e\n", 0o755);
        let path = OsStr::new("/usr/bin:/bin");
        let check = |name: &str| find(name, folder.path(), path).unwrap();
        assert_eq!(check("./train"), folder.path().join("./train"));
        assert_eq!(check("./with-env"), folder.path().join("./with-env"));
        assert!(check("sh").ends_with("sh"));
        let own = find("train", folder.path(), OsStr::new("/bin:.")).unwrap();
        assert!(own.ends_with("train") && own.is_absolute());
        assert!(find("sh", folder.path(), &search_path()).is_ok());
    }

    #[test]
    fn says_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        file(folder.path(), "plain.py", "print(1)\n", 0o644);
        file(folder.path(), "lost", "#!/no/such/python -u\n", 0o755);
        file(folder.path(), "lost-env", "#!/usr/bin/env python9\n", 0o755);
        file(folder.path(), "windows", "#!/bin/sh\r\necho\r\n", 0o755);
        file(folder.path(), "here", "#!/bin/sh\n", 0o755);
        let check = |name: &str, expected: &str| {
            let error = find(name, folder.path(), OsStr::new("/bin")).unwrap_err().to_string();
            assert!(error.contains(&format!("'{name}'")) && error.contains(expected), "{error}");
        };
        check("", "is empty");
        check("no-such-program", "is not in PATH ('/bin')");
        check("here", "write './here'");
        check("./no.py", "there is no file");
        check("./plain.py", "is not executable: run `chmod +x");
        check("../", "is a folder");
        check("./lost", "'/no/such/python' cannot be executed");
        check("./lost-env", "'python9' is not in PATH");
        check("./windows", "carriage return");
    }
}
