//! What git says about a folder: one call, and a second one for the diff of a dirty tree.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

/// Longer diffs are cut here, with a note.
const DIFF_LIMIT: usize = 1_000_000;

/// The state of a work tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Git {
    /// Full commit hash.
    pub commit: String,
    /// Branch, or none when detached.
    pub branch: Option<String>,
    /// True if tracked files differ from the commit.
    pub dirty: bool,
    /// Their difference from the commit, for a dirty tree; at most 1 MB.
    pub diff_text: Option<String>,
}

/// Asks git about the work tree around `dir`; `None` without git, a repository or a first commit.
pub fn git(dir: &Path) -> Option<Git> {
    // Only tracked files: looking for untracked ones walks the whole tree, data folders included.
    let status = ["status", "--porcelain=v2", "--branch", "--untracked-files=no"];
    let text = output(dir, &status, usize::MAX)?;
    let mut found = parse_status(&text)?;
    if found.dirty {
        let diff = ["diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv"];
        found.diff_text = output(dir, &diff, DIFF_LIMIT);
    }
    Some(found)
}

fn parse_status(text: &str) -> Option<Git> {
    let mut found = Git::default();
    for line in text.lines() {
        if let Some(commit) = line.strip_prefix("# branch.oid ") {
            found.commit = commit.to_string();
        } else if let Some(branch) = line.strip_prefix("# branch.head ") {
            found.branch = (branch != "(detached)").then(|| branch.to_string());
        } else if !line.starts_with('#') {
            found.dirty = true;
        }
    }
    (!found.commit.is_empty() && found.commit != "(initial)").then_some(found)
}

/// The standard output of a git command that succeeds, cut at `limit` bytes.
fn output(dir: &Path, args: &[&str], limit: usize) -> Option<String> {
    let mut child = Command::new("git")
        .arg("--no-optional-locks") // else two sweeps that start together fight over the index
        .args(["-c", "core.fsmonitor=false"]) // a repository's hook is not ours to start
        .args(args)
        .current_dir(dir)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut bytes = Vec::new();
    let pipe = child.stdout.take()?;
    let read = pipe.take(limit.saturating_add(1) as u64).read_to_end(&mut bytes);
    let cut = bytes.len() > limit;
    if cut {
        child.kill().ok();
    }
    let succeeded = child.wait().is_ok_and(|status| status.success());
    if read.is_err() || !(succeeded || cut) {
        return None;
    }
    bytes.truncate(limit);
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if cut {
        text.push_str("\n[cut here: the diff is longer than 1 MB]\n");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn run(dir: &Path, args: &[&str]) {
        let who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
        let status = Command::new("git").args(who).args(args).current_dir(dir).output().unwrap();
        assert!(status.status.success(), "{args:?}: {status:?}");
    }

    #[test]
    fn follows_a_repository() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        if Command::new("git").arg("--version").output().is_err() {
            return; // without git there is nothing to follow
        }
        assert_eq!(git(dir), None);
        run(dir, &["init", "-q", "-b", "trunk"]);
        assert_eq!(git(dir), None, "no commit yet");
        fs::write(dir.join("a"), "1\n").unwrap();
        run(dir, &["add", "a"]);
        run(dir, &["commit", "-q", "-m", "one"]);
        let clean = git(dir).unwrap();
        assert_eq!((clean.commit.len(), clean.branch.as_deref()), (40, Some("trunk")));
        assert!(!clean.dirty && clean.diff_text.is_none());
        fs::write(dir.join("a"), "2\n").unwrap();
        let dirty = git(dir).unwrap();
        assert!(dirty.dirty && dirty.diff_text.unwrap().contains("+2"));
        fs::write(dir.join("a"), "x".repeat(1_200_000)).unwrap();
        let cut = git(dir).unwrap().diff_text.unwrap();
        assert!(cut.len() < 1_000_100 && cut.ends_with("1 MB]\n"));
    }

    #[test]
    fn detached_heads_have_no_branch() {
        let found = parse_status("# branch.oid abc\n# branch.head (detached)\n").unwrap();
        assert_eq!((found.branch, found.dirty), (None, false));
        assert_eq!(parse_status("# branch.oid (initial)\n# branch.head main\n"), None);
    }
}
