//! Patterns of the files that a run gets a copy of: `*` and `?` within a name, `**` for any folders.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folders below each other; a link that leads back to one above it ends there at the latest.
const MAX_DEPTH: usize = 64;

/// Files found by a pattern: where each lies below the folder, and its size in bytes.
pub(super) type Found = BTreeMap<PathBuf, u64>;

/// Finds what a pattern names below `folder`. A folder that it names is taken as a whole, with hidden files;
/// names that begin with a dot must be named so; links are followed. `except` is never entered.
pub(super) fn find(folder: &Path, pattern: &str, except: &Path) -> io::Result<Found> {
    let parts: Vec<&str> =
        pattern.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let mut walk = Walk { folder, except, found: Found::new() };
    walk.pattern(Path::new(""), &parts, 0)?;
    Ok(walk.found)
}

struct Walk<'a> {
    folder: &'a Path,
    except: &'a Path,
    found: Found,
}

impl Walk<'_> {
    fn pattern(&mut self, at: &Path, parts: &[&str], depth: usize) -> io::Result<()> {
        if self.is_closed(at, depth) {
            return Ok(());
        }
        match parts {
            [] => self.whole(at, depth),
            ["**"] => self.pattern(at, &["**", "*"], depth),
            ["**", rest @ ..] => {
                self.pattern(at, rest, depth)?;
                for name in self.names(at)? {
                    let below = at.join(&name);
                    if !name.starts_with('.') && self.folder.join(&below).is_dir() {
                        self.pattern(&below, parts, depth + 1)?;
                    }
                }
                Ok(())
            }
            [name, rest @ ..] if name.contains(['*', '?']) => {
                for found in self.names(at)? {
                    if matches_name(name, &found) {
                        self.pattern(&at.join(found), rest, depth + 1)?;
                    }
                }
                Ok(())
            }
            [name, rest @ ..] => self.pattern(&at.join(name), rest, depth + 1),
        }
    }

    /// Takes a file, or a folder with everything below it. What is not there is not found.
    fn whole(&mut self, at: &Path, depth: usize) -> io::Result<()> {
        if self.is_closed(at, depth) {
            return Ok(());
        }
        let Ok(metadata) = fs::metadata(self.folder.join(at)) else { return Ok(()) };
        if metadata.is_file() {
            self.found.insert(at.to_path_buf(), metadata.len());
        } else if metadata.is_dir() {
            for name in self.names(at)? {
                self.whole(&at.join(name), depth + 1)?;
            }
        }
        Ok(())
    }

    /// The store lies often below the folder, and a link may lead back up.
    fn is_closed(&self, at: &Path, depth: usize) -> bool {
        let path = self.folder.join(at);
        if depth > MAX_DEPTH || path == self.except {
            return true;
        }
        let is_link = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink());
        is_link && fs::canonicalize(&path).is_ok_and(|real| leads_up(&real, &path))
    }

    /// The names in a folder, sorted; none in what is not a folder.
    fn names(&self, at: &Path) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.folder.join(at)) {
            Ok(entries) => entries,
            Err(error) if is_nothing(&error) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            // A name that is not text can be copied only with its folder, and a script never asks for it.
            names.extend(entry?.file_name().into_string());
        }
        names.sort();
        Ok(names)
    }
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// True if the place that a link leads to holds the link itself.
fn leads_up(real: &Path, link: &Path) -> bool {
    let holder = link.parent().and_then(|parent| fs::canonicalize(parent).ok());
    holder.is_some_and(|holder| holder.starts_with(real))
}

/// True if `name` fits `pattern`, in which `*` is any text and `?` any character.
fn matches_name(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where the last `*` stands, and how far it has reached: the only place to go back to.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((at, reached)) = star else { return false };
                star = Some((at, reached + 1));
                p = at + 1;
                n = reached + 1;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_patterns() {
        let check = |pattern: &str, name: &str, expected: bool| {
            assert_eq!(matches_name(pattern, name), expected, "{pattern} {name}");
        };
        check("*.py", "train.py", true);
        check("*.py", "train.pyc", false);
        check("*", ".env", false);
        check(".*", ".env", true);
        check("a*b*c", "a-bb-b-c", true);
        check("a*b*c", "a-bb-b-", false);
        check("t?n", "tän", true);
        check("?", "", false);
    }

    #[test]
    fn finds_what_a_shell_would() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join(".derby");
        for file in
            ["train.py", "a/one.py", "a/b/two.py", "a/b/.key", "a/x.txt", ".derby/s.py", ".env"]
        {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "1234").unwrap();
        }
        std::os::unix::fs::symlink(folder.path(), folder.path().join("a/up")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("a/b"), folder.path().join("linked"))
            .unwrap();
        let check = |pattern: &str, expected: &[&str]| {
            let found = find(folder.path(), pattern, &store).unwrap();
            let paths: Vec<&str> = found.keys().map(|path| path.to_str().unwrap()).collect();
            assert_eq!(paths, expected, "{pattern}");
            assert!(found.values().all(|bytes| *bytes == 4));
        };
        check("*.py", &["train.py"]);
        check("./train.py", &["train.py"]);
        check("**/*.py", &["a/b/two.py", "a/one.py", "linked/two.py", "train.py"]);
        check("a/**/two.*", &["a/b/two.py"]);
        check("a", &["a/b/.key", "a/b/two.py", "a/one.py", "a/x.txt"]);
        check("a/?", &["a/b/.key", "a/b/two.py"]);
        check("linked/", &["linked/.key", "linked/two.py"]);
        check(".derby", &[]);
        check("none*", &[]);
        check("train.py/x", &[]);
    }
}
