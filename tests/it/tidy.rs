//! Reads the sources and holds them to the architecture that `src/lib.rs` describes.

use std::fs;
use std::path::{Path, PathBuf};

/// Crates with one door: only the files under these places may import them.
const DOORS: &[(&str, &[&str])] = &[
    ("rusqlite", &["src/store/", "src/data/sqlite"]),
    ("rusqlite_migration", &["src/store/"]),
    ("clap", &["src/cli/"]),
    ("clap_complete", &["src/cli/"]),
    ("clap_mangen", &["src/cli/"]),
    ("crossterm", &["src/cli/", "src/tui/"]),
    ("ratatui", &["src/tui/", "src/cli/tui.rs"]),
    ("tui_input", &["src/tui/"]),
    ("linfa", &["src/trainer/"]),
    ("linfa_elasticnet", &["src/trainer/"]),
    ("linfa_nn", &["src/trainer/"]),
    ("hessboost", &["src/trainer/"]),
    ("argmin", &["src/numeric/"]),
    ("argmin_math", &["src/numeric/"]),
    ("nalgebra", &["src/numeric/"]),
    ("rand_xoshiro", &["src/numeric/"]),
    ("sobol_burley", &["src/sampler/"]),
    ("plotters", &["src/plot/"]),
    ("prost", &["src/bundle/onnx/"]),
    ("regex", &["src/protocol/"]),
    ("signal_hook", &["src/host/"]),
    ("rustix", &["src/host/"]),
    ("nvml_wrapper", &["src/host/"]),
    // The store's lock and its permissions belong to the file that it opens.
    ("nix", &["src/host/", "src/store/open.rs"]),
];

/// Names under which cycles breed.
const BANNED_NAMES: &[&str] = &["utils", "util", "helpers", "common", "manager", "misc"];
/// Lines of a source file, tests included.
const MAX_LINES: usize = 600;

struct Source {
    path: String,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    walk(&root().join("src"), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 20, "the walk found only {} files", found.len());
    found
}

fn walk(folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root()).unwrap().to_str().unwrap().to_string();
            found.push(Source { path, text });
        }
    }
}

/// The modules of `src/lib.rs` in their order, which is the order of the layers.
fn layers() -> Vec<String> {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let names = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    names.map(ToString::to_string).collect()
}

/// The top-level module of a file: `src/store/read.rs` is in `store`.
fn module(path: &str) -> &str {
    let rest = path.strip_prefix("src/").unwrap_or(path);
    rest.split(['/', '.']).next().unwrap_or(rest)
}

/// Files of tests only may use what they like.
fn is_test(path: &str) -> bool {
    let stem = path.rsplit('/').next().unwrap_or_default();
    ["tests.rs", "testing.rs", "reference.rs", "conformance.rs"].contains(&stem)
        || stem.ends_with("_tests.rs")
        || path.contains("/tests/")
}

/// The code before the tests of a file: tests may look where they like.
fn without_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\n").next().unwrap_or(text)
}

/// Every `crate::name` in the code, comments left out.
fn imported_modules(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for piece in line.split("crate::").skip(1) {
            let name = |piece: &str| -> String {
                piece.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
            };
            if let Some(group) = piece.strip_prefix('{') {
                names.extend(group.split(',').map(|part| name(part.trim())));
            } else {
                names.push(name(piece));
            }
        }
    }
    names
}

fn check(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn imports_run_one_way() {
    let layers = layers();
    let place = |name: &str| layers.iter().position(|layer| layer == name);
    let mut complaints = Vec::new();
    for source in sources() {
        let Some(own) = place(module(&source.path)) else { continue };
        if is_test(&source.path) {
            continue;
        }
        for name in imported_modules(without_tests(&source.text)) {
            if place(&name).is_some_and(|other| other > own) {
                complaints.push(format!("{}: imports '{name}', a later layer", source.path));
            }
        }
    }
    check(&complaints);
}

#[test]
fn every_crate_has_its_door() {
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| !is_test(&source.path)) {
        for (name, doors) in DOORS {
            let inside = doors.iter().any(|door| source.path.starts_with(door));
            let used = without_tests(&source.text).lines().any(|line| {
                let line = line.trim_start();
                !line.starts_with("//")
                    && line.match_indices(&format!("{name}::")).any(|(at, _)| {
                        !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                    })
            });
            if used && !inside {
                complaints.push(format!("{}: uses {name} past its door {doors:?}", source.path));
            }
        }
    }
    check(&complaints);
}

#[test]
fn files_are_small_named_and_described() {
    let mut complaints = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > MAX_LINES {
            complaints.push(format!("{}: {lines} lines, at most {MAX_LINES}", source.path));
        }
        if !source.text.starts_with("//!") {
            complaints.push(format!("{}: does not begin with a //! line", source.path));
        }
        let stem = source.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
        let folder = source.path.rsplit('/').nth(1).unwrap_or_default();
        if BANNED_NAMES.contains(&stem) || BANNED_NAMES.contains(&folder) {
            complaints.push(format!("{}: a name that says nothing", source.path));
        }
    }
    check(&complaints);
}

#[test]
fn nothing_is_left_half_done() {
    let marks = ["todo!(", "unimplemented!(", "#[ignore", "FIXME", "XXX", "thread::sleep"];
    let mut complaints = Vec::new();
    for source in sources() {
        for (number, line) in source.text.lines().enumerate() {
            if let Some(mark) = marks.iter().find(|mark| line.contains(**mark)) {
                complaints.push(format!("{}:{}: {mark}", source.path, number + 1));
            }
        }
    }
    check(&complaints);
}

#[test]
fn output_goes_through_one_place() {
    let mut complaints = Vec::new();
    for source in sources() {
        let code = without_tests(&source.text);
        for word in ["io::stdout()", "io::stderr()", "println!", "eprintln!"] {
            let is_allowed = source.path == "src/cli/out.rs" || is_test(&source.path);
            if code.contains(word) && !is_allowed {
                complaints.push(format!("{}: {word} belongs to cli/out.rs", source.path));
            }
        }
    }
    check(&complaints);
}

#[test]
fn every_dependency_is_used() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let all: String = sources().into_iter().map(|source| source.text).collect();
    let mut complaints = Vec::new();
    for line in section.lines().filter(|line| line.contains(" = ") && !line.starts_with('#')) {
        let name = line.split(" = ").next().unwrap().trim().replace('-', "_");
        // Implements argmin's traits for `Vec<f64>`; nothing names it.
        if name == "argmin_math" {
            continue;
        }
        let used = [format!("{name}::"), format!("use {name};"), format!("{name}!")];
        if !used.iter().any(|form| all.contains(form)) {
            complaints.push(format!("Cargo.toml: '{name}' is never used"));
        }
    }
    check(&complaints);
}
