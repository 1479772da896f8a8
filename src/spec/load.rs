//! From a path to one tree: `extends` resolved, flags and `--set` applied.

use super::error::{Problem, SpecError};
use super::format::{Format, toml_value};
use super::tree::{Entry, Kind, Node, Span, Syntax, Table};
use super::wandb;
use std::path::{Path, PathBuf};

/// What the command line changes in a sweep file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--set key=value`: the dotted key and the text of the value, read as TOML where it is, else as text.
    pub set: Vec<(String, String)>,
    /// `--trials`.
    pub trials: Option<String>,
    /// `--time`.
    pub time: Option<String>,
    /// `--patience`.
    pub patience: Option<String>,
    /// `--target`.
    pub target: Option<String>,
    /// `--max-failed`.
    pub max_failed: Option<String>,
    /// `--min-improvement`.
    pub min_improvement: Option<String>,
    /// `--jobs`.
    pub jobs: Option<String>,
    /// `--timeout`.
    pub timeout: Option<String>,
    /// `--memory`.
    pub memory: Option<String>,
    /// `--cpus`.
    pub cpus: Option<String>,
    /// `--gpus`.
    pub gpus: Option<String>,
    /// `--isolate`.
    pub isolate: bool,
    /// `--monitor`.
    pub monitor: Option<String>,
    /// `--warm-start`.
    pub warm_start: Option<String>,
}

impl Overrides {
    /// `--set` flags as they were typed, `KEY=VALUE` each.
    ///
    /// # Errors
    /// With the first one that is not of that form.
    pub fn from_set(flags: &[String]) -> Result<Self, String> {
        let pair = |flag: &String| {
            let (key, value) = flag.split_once('=').filter(|(key, _)| !key.trim().is_empty())?;
            Some((key.trim().to_string(), value.trim().to_string()))
        };
        let set = flags
            .iter()
            .map(|flag| {
                pair(flag).ok_or_else(|| {
                    format!(
                        "'--set {flag}' is not KEY=VALUE; mend: for example --set search.seed=3"
                    )
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { set, ..Self::default() })
    }

    /// Flag, key and value of everything that was given, `--set` last.
    fn all(&self) -> Vec<(String, &str, &str)> {
        let flags = [
            ("--trials", "budget.trials", &self.trials),
            ("--time", "budget.time", &self.time),
            ("--patience", "budget.patience", &self.patience),
            ("--target", "budget.target", &self.target),
            ("--max-failed", "budget.max_failed", &self.max_failed),
            ("--min-improvement", "budget.min_improvement", &self.min_improvement),
            ("--jobs", "resources.jobs", &self.jobs),
            ("--timeout", "resources.timeout", &self.timeout),
            ("--memory", "resources.memory", &self.memory),
            ("--cpus", "resources.cpus", &self.cpus),
            ("--gpus", "resources.gpus", &self.gpus),
            ("--monitor", "resources.monitor", &self.monitor),
            ("--warm-start", "search.warm_start", &self.warm_start),
        ];
        let flags = flags.into_iter().filter_map(|(flag, key, value)| {
            value.as_deref().map(|value| (flag.to_string(), key, value))
        });
        let set = self.set.iter().map(|(key, value)| (format!("--set {key}"), &**key, &**value));
        let isolate = self.isolate.then(|| ("--isolate".to_string(), "resources.isolate", "true"));
        flags.chain(isolate).chain(set).collect()
    }
}

/// Reads a file as text.
pub(super) fn read_text(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no file '{shown}'; check the path"),
        std::io::ErrorKind::IsADirectory => {
            format!("'{shown}' is a folder; name a sweep file in it")
        }
        _ => format!("cannot read '{shown}': {error}"),
    })?;
    let text = String::from_utf8(bytes)
        .map_err(|_| format!("'{shown}' is not UTF-8 text; save it as UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').map(ToString::to_string).unwrap_or(text);
    if text.trim().is_empty() {
        return Err(format!(
            "'{shown}' is empty; `derby init DATA` writes a sweep file to start from"
        ));
    }
    Ok(text)
}

/// The format that the extension names.
pub(super) fn format_of(path: &Path) -> Result<Format, String> {
    Format::of(path).ok_or_else(|| {
        let shown = path.display();
        format!("'{shown}' has no known extension; name it .toml, .yaml, .yml or .json")
    })
}

/// Files, and the problems of bringing them together.
#[derive(Default)]
pub(super) struct Loader {
    /// The names for messages; the sweep file is the first.
    pub(super) files: Vec<String>,
    problems: Vec<(Span, String, &'static str)>,
    notes: Vec<(Span, String)>,
}

impl Loader {
    /// Reads a sweep file's text and everything that it extends.
    pub(super) fn file(&mut self, text: &str, format: Format, path: &Path) -> Table {
        let chain = vec![path.canonicalize().unwrap_or_else(|_| path.to_path_buf())];
        self.tree(text, format, path, &chain)
    }

    fn tree(&mut self, text: &str, format: Format, path: &Path, chain: &[PathBuf]) -> Table {
        let file = self.files.len();
        self.files.push(path.display().to_string());
        let mut table = match format.read(text, file) {
            Ok(table) => table,
            Err(Syntax { span, text }) => {
                self.problems.push((span, text, ""));
                return Table::new();
            }
        };
        if wandb::is_wandb(&table) {
            let made = wandb::translate(&table, path.parent().unwrap_or(Path::new("")));
            self.problems.extend(made.problems.into_iter().map(|(span, text)| (span, text, "")));
            self.notes.extend(made.notes);
            table = made.table;
        }
        let Some(extends) = table.shift_remove("extends") else { return table };
        let mut merged = Table::new();
        for node in self.bases(&extends) {
            let base = self.base(node, path, chain);
            merged = merge(merged, base);
        }
        merge(merged, table)
    }

    /// The texts behind `extends`.
    fn bases<'n>(&mut self, extends: &'n Entry) -> Vec<&'n Node> {
        let nodes = match &extends.node.kind {
            Kind::List(items) => items.iter().collect(),
            _ => vec![&extends.node],
        };
        let (texts, others): (Vec<&Node>, Vec<&Node>) =
            nodes.into_iter().partition(|node| node.text().is_some_and(|text| !text.is_empty()));
        for node in others {
            let text = format!("'extends' must be a path or a list of paths, not {}", node.shown());
            self.problems.push((node.span, text, ""));
        }
        texts
    }

    /// Reads one base, its paths turned so that they hold from the extending file.
    fn base(&mut self, node: &Node, from: &Path, chain: &[PathBuf]) -> Table {
        let name = node.text().unwrap_or_default();
        let path = from.parent().unwrap_or(Path::new("")).join(name);
        let read = format_of(&path).and_then(|format| Ok((read_text(&path)?, format)));
        let (text, format) = match read {
            Ok(read) => read,
            Err(reason) => {
                self.problems.push((node.span, format!("'extends': {reason}"), ""));
                return Table::new();
            }
        };
        let identity = path.canonicalize().unwrap_or_else(|_| path.clone());
        if chain.contains(&identity) {
            let text = format!("'extends' goes in a circle through '{name}'; cut it at one place");
            self.problems.push((node.span, text, ""));
            return Table::new();
        }
        let mut chain = chain.to_vec();
        chain.push(identity);
        let mut table = self.tree(&text, format, &path, &chain);
        if let Some(folder) =
            Path::new(name).parent().filter(|folder| !folder.as_os_str().is_empty())
        {
            rebase(&mut table, folder, &["data", "path"]);
            rebase(&mut table, folder, &["data", "folds", "file"]);
            rebase(&mut table, folder, &["command", "cwd"]);
            rebase(&mut table, folder, &["command", "copy"]);
            rebase(&mut table, folder, &["command", "templates"]);
        }
        table
    }

    /// Puts a flag's value into the tree.
    pub(super) fn apply(&mut self, root: &mut Table, overrides: &Overrides) {
        for (flag, key, value) in overrides.all() {
            let file = self.files.len();
            self.files.push(flag);
            let span = Span { file, line: 0, column: 0 };
            let path = dotted(key);
            let Some(path) = path else {
                let text = format!("'{key}' is not a key like search.seed");
                self.problems.push((span, text, ""));
                continue;
            };
            let mut node = toml_value(value, file)
                .unwrap_or(Node { span, kind: Kind::Text(value.to_string()) });
            place(&mut node, span);
            if let Err(text) = set(root, &path, node) {
                self.problems.push((span, text, ""));
            }
        }
    }

    /// What has no meaning here, with its place, in the order of the files.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        notes.sort_by_key(|(span, _)| *span);
        let shown = |(span, text): &(Span, String)| match span.line {
            0 => format!("{}  {text}", self.files[span.file]),
            line => format!("{}:{line}  {text}", self.files[span.file]),
        };
        notes.iter().map(shown).collect()
    }

    /// The problems so far, as an error.
    pub(super) fn check(&self) -> Result<(), SpecError> {
        if self.problems.is_empty() {
            return Ok(());
        }
        let mut problems = self.problems.clone();
        problems.sort_by_key(|(span, _, _)| *span);
        let problems = problems.into_iter().map(|(span, text, place)| Problem {
            file: self.files[span.file].clone(),
            line: span.line,
            column: span.column,
            text,
            place: place.into(),
        });
        Err(SpecError::Problems { file: self.files[0].clone(), problems: problems.collect() })
    }
}

/// Tables are merged key by key; anything else of the child replaces the base's.
fn merge(mut base: Table, child: Table) -> Table {
    for (key, entry) in child {
        let entry = match (base.shift_remove(&key).map(|old| old.node.kind), entry) {
            (
                Some(Kind::Table(old)),
                Entry { span, node: Node { span: at, kind: Kind::Table(new) } },
            ) => Entry { span, node: Node { span: at, kind: Kind::Table(merge(old, new)) } },
            (_, entry) => entry,
        };
        base.insert(key, entry);
    }
    base
}

/// Placeholders for absolute paths.
const ABSOLUTE: [&str; 4] = ["{run_dir}", "{artifacts}", "{checkpoint}", "{env:"];

/// Puts `folder` before the relative path at `keys`, or before all paths of the list or table there.
fn rebase(table: &mut Table, folder: &Path, keys: &[&str]) {
    let Some((key, rest)) = keys.split_first() else { return };
    let Some(entry) = table.get_mut(*key) else { return };
    match &mut entry.node.kind {
        Kind::Table(inner) if !rest.is_empty() => rebase(inner, folder, rest),
        Kind::Table(inner) => {
            for entry in inner.values_mut() {
                rebase_node(&mut entry.node, folder);
            }
        }
        Kind::List(items) if rest.is_empty() => {
            for item in items {
                rebase_node(item, folder);
            }
        }
        _ if rest.is_empty() => rebase_node(&mut entry.node, folder),
        _ => {}
    }
}

fn rebase_node(node: &mut Node, folder: &Path) {
    if let Kind::Text(text) = &mut node.kind
        && !ABSOLUTE.iter().any(|place| text.starts_with(place))
    {
        *text = folder.join(&*text).display().to_string();
    }
}

/// The parts of a dotted key; quoted parts may hold dots.
fn dotted(key: &str) -> Option<Vec<String>> {
    if key.contains('\n') {
        return None;
    }
    let table = Format::Toml.read(&format!("{key} = 0"), 0).ok()?;
    let mut parts = Vec::new();
    let mut at = &table;
    loop {
        let (part, entry) = at.first().filter(|_| at.len() == 1)?;
        parts.push(part.clone());
        match &entry.node.kind {
            Kind::Table(inner) => at = inner,
            Kind::Int(0) => return Some(parts),
            _ => return None,
        }
    }
}

/// Gives a whole value one place.
fn place(node: &mut Node, span: Span) {
    node.span = span;
    match &mut node.kind {
        Kind::List(items) => items.iter_mut().for_each(|item| place(item, span)),
        Kind::Table(table) => {
            for entry in table.values_mut() {
                entry.span = span;
                place(&mut entry.node, span);
            }
        }
        _ => {}
    }
}

/// Sets a value deep in the tree; tables on the way are made, elements of a list are counted from 0.
fn set(table: &mut Table, path: &[String], value: Node) -> Result<(), String> {
    let span = value.span;
    let Some((key, rest)) = path.split_first() else { return Ok(()) };
    if rest.is_empty() {
        table.insert(key.clone(), Entry { span, node: value });
        return Ok(());
    }
    let empty = Node { span, kind: Kind::Table(Table::new()) };
    let entry = table.entry(key.clone()).or_insert_with(|| Entry { span, node: empty.clone() });
    match &mut entry.node.kind {
        Kind::Table(inner) => set(inner, rest, value),
        Kind::List(items) => {
            let n = items.len();
            let item = rest[0].parse::<usize>().ok().and_then(|idx| items.get_mut(idx));
            match item {
                None => Err(format!("'{key}' is a list of {n}; name an element as {key}.0")),
                Some(item) => match (&mut item.kind, &rest[1..]) {
                    (_, []) => {
                        *item = value;
                        Ok(())
                    }
                    (Kind::Table(inner), rest) => set(inner, rest, value),
                    _ => Err(format!("'{key}.{}' is no table", rest[0])),
                },
            }
        }
        _ => {
            entry.node = empty;
            set(table, path, value)
        }
    }
}
