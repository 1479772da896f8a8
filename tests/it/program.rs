//! The program as a user runs it: a folder of its own, a clean environment, output without what differs from run to run.

use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What runs are recorded at while the clock is held still.
pub(crate) const NOW: &str = "2026-03-01T12:00:00Z";

/// What every run prints that another run would print otherwise.
const FILTERS: [(&str, &str); 8] = [
    (r"\b[a-z]+-[a-z]+-\d{1,3}\b *", "[name] "),
    (r"( RUN  NAME) +", "$1 "),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[uuid]"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[instant]"),
    (r" *(< )?\b\d+(\.\d+)?(e-?\d+)? (µs|ms|s)\b( ± \d+(\.\d+)? (µs|ms|s))?", " [time]"),
    (r" +TIME\b", " TIME"),
    (r"(predict_us|fit_seconds) .*", "$1 [measured]"),
    (r"(?m)^( where +).*", "$1[user] on [host]"),
];

/// A folder with a project in it.
pub(crate) struct Place {
    folder: TempDir,
}

/// How a command ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Copies the files of a folder, not its folders.
fn copy_files(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

impl Place {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// A folder with the repository's sweep files and data.
    pub(crate) fn with_examples() -> Self {
        let place = Self::new();
        for folder in ["sweeps", "assets"] {
            std::fs::create_dir(place.path(folder)).unwrap();
            copy_files(&repository().join(folder), &place.path(folder));
        }
        std::fs::create_dir(place.path("sweeps/scripts")).unwrap();
        copy_files(&repository().join("sweeps/scripts"), &place.path("sweeps/scripts"));
        place
    }

    /// A folder in which the quick example, a test function and a sweep that fails have run.
    pub(crate) fn recorded() -> Self {
        let place = Self::new();
        place.write("iris.csv", &std::fs::read_to_string(asset("iris.csv")).unwrap());
        place.write("quick.toml", QUICK);
        place.write("sphere.toml", SPHERE);
        place.write("broken.toml", BROKEN);
        assert_eq!(place.derby(&["sweep", "quick.toml", "-q"]).code, 0);
        assert_eq!(place.derby(&["sweep", "sphere.toml", "-q"]).code, 0);
        assert_eq!(place.derby(&["sweep", "broken.toml", "-q"]).code, 1);
        place
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Runs derby with a clean environment, 100 columns wide.
    pub(crate) fn derby(&self, args: &[&str]) -> Ran {
        self.derby_with(args, &[])
    }

    /// Runs derby with more in its environment.
    pub(crate) fn derby_with(&self, args: &[&str], env: &[(&str, &str)]) -> Ran {
        let mut command = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("derby"));
        command.env_clear().current_dir(self.folder.path());
        // Commands of sweeps are found as everywhere.
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.folder.path()).env("COLUMNS", "100").env("TERM", "dumb");
        command.env("DERBY_NOW", NOW).envs(env.iter().copied()).args(args);
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran {
            // None where a signal ended it.
            code: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// Runs derby with words separated by spaces; what it printed, ready for a snapshot.
    pub(crate) fn shown(&self, words: &str) -> String {
        let args: Vec<&str> = words.split(' ').collect();
        self.snapshot(&self.derby(&args))
    }

    /// Exit code, stdout and stderr, without the folder's own name.
    pub(crate) fn snapshot(&self, ran: &Ran) -> String {
        let mut text = format!("exit {}\n{}", ran.code, ran.out);
        if !ran.err.is_empty() {
            text.push_str("stderr\n");
            text.push_str(&ran.err);
        }
        let folder = self.folder.path().canonicalize().unwrap();
        text.replace(&*folder.to_string_lossy(), "[folder]")
    }

    /// True if the folder holds a store.
    pub(crate) fn has_store(&self) -> bool {
        self.path(".derby").exists()
    }
}

/// What a command printed as JSON.
pub(crate) fn json(ran: &Ran) -> serde_json::Value {
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

/// Compares with a snapshot in the test's own text.
macro_rules! shows {
    ($text:expr, @$expected:literal) => {
        insta::with_settings!({ filters => crate::program::filters() }, {
            insta::assert_snapshot!($text, @$expected);
        })
    };
}
pub(crate) use shows;

pub(crate) fn filters() -> Vec<(&'static str, &'static str)> {
    FILTERS.to_vec()
}

/// The repository's root.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of `assets/`.
pub(crate) fn asset(name: &str) -> PathBuf {
    repository().join("assets").join(name)
}

/// A grid of six: two families, one of them with a choice.
const QUICK: &str = r#"
name = "quick"
[objective]
metric = "accuracy"
[data]
path = "iris.csv"
target = "target"
[models.knn]
n_neighbors = [1, 5, 15]
weights = "uniform"
[models.decision_tree]
max_depth = [1, 2, "none"]
[search]
sampler = "grid"
[resources]
jobs = 1
"#;

/// Four points of a function that is minimized.
const SPHERE: &str = r#"
name = "sphere"
function = "sphere"
[params]
x = { low = -1.0, high = 1.0 }
y = { low = 1e-4, high = 1.0, log = true }
[search]
sampler = "random"
seed = 5
[budget]
trials = 4
[resources]
jobs = 1
"#;

/// Two trials that cannot be scored.
const BROKEN: &str = r#"
name = "broken"
[objective]
metric = "log_loss"
[data]
path = "iris.csv"
target = "target"
[models.svm]
C = [1.0, 10.0]
[search]
sampler = "grid"
[resources]
jobs = 1
"#;
