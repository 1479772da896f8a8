//! `[command]` and its `[params]`: any program as a trial.

use super::placeholder::{Names, is_variable};
use super::{limits, sources, units};
use crate::space::Kind as Values;
use crate::spec::accept::Accept;
use crate::spec::command::{CommandSection, ConfigTemplate, Invocation, Piece, Retries, Text};
use crate::spec::conditions::{Dimensions, Naming};
use crate::spec::reader::{Ctx, Section, whole};
use crate::spec::render::variable_name;
use crate::spec::setting::{self, Setting};
use crate::spec::sweep::Work;
use crate::spec::tree::{Entry, Kind, Node, Table};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// Between SIGTERM and SIGKILL where the file does not say.
pub(super) const GRACE: Duration = Duration::from_secs(10);
/// Bytes of output that are kept of a run where the file does not say.
pub(super) const LOG_LIMIT: u64 = 64_000_000;
/// How often a failure of the machine is forgiven where the file does not say.
const INFRASTRUCTURE: u32 = 3;
/// Larger config files are data, and data are not filled in.
const MAX_TEMPLATE: u64 = 16_000_000;
/// What derby itself writes into a run's folder.
const OWN_FILES: [&str; 4] = ["params.json", "output.log", "metrics.jsonl", "artifacts"];

/// Reads `[command]` with `[params]`; `None` with a problem where there is nothing to run.
pub(super) fn command<'a>(
    ctx: &'a Ctx<'a>,
    root: &'a Table,
    entry: &'a Entry,
) -> Option<(Work, Dimensions)> {
    let settings = params(ctx, root)?;
    let mut dims = Dimensions::default();
    dims.add(ctx, &settings, None, &Naming { place: "[params]", id: "", name: "" });
    let section = Section::of(ctx, "[command]", entry)?;
    let templates = section.take("templates");
    let templates = templates.and_then(|entry| table(&section, "templates", entry));
    let reader = Reader {
        names: Names {
            params: settings.iter().map(|setting| setting.name.as_str()).collect(),
            templates: templates
                .iter()
                .flat_map(|table| table.keys().map(String::as_str))
                .collect(),
        },
        conditional: settings
            .iter()
            .filter(|setting| setting.when.is_some())
            .map(|setting| setting.name.as_str())
            .collect(),
        section: &section,
    };
    let command = reader.command(templates);
    section.finish();
    Some((Work::Command(Box::new(command?)), dims))
}

/// The parameters, in the order in which people count; a command may do without.
pub(super) fn params<'a>(ctx: &'a Ctx<'a>, root: &'a Table) -> Option<Vec<Setting<'a>>> {
    let Some(params) = root.get("params") else { return Some(Vec::new()) };
    let Some(table) = params.node.table() else {
        let text = format!("[params] must be a table, not {}", params.node.shown());
        ctx.problem(params.node.span, "", text);
        return None;
    };
    let mut entries: Vec<(&String, &Entry)> = table.iter().collect();
    entries.sort_by_key(|(name, _)| super::work::natural(name));
    let settings: Vec<Setting<'a>> = entries
        .into_iter()
        .map(|(name, entry)| setting::read(ctx, "[params]", name, entry, Accept::Free))
        .collect();
    let mut variables: BTreeMap<String, &str> = BTreeMap::new();
    for setting in &settings {
        let name = setting.name.as_str();
        if name.is_empty()
            || name.contains(|c: char| c.is_whitespace() || c.is_control() || "{}=".contains(c))
        {
            let text =
                "a parameter's name cannot be empty or hold spaces, braces or '='; rename it";
            ctx.problem(setting.span, &setting.place, text);
        }
        let variable = variable_name(name);
        if let Some(other) = variables.get(&variable) {
            let text = format!(
                "'{other}' and '{name}' are both {variable} in the environment; rename one"
            );
            ctx.problem(setting.span, &setting.place, text);
        }
        variables.insert(variable, name);
        if let Some(Values::Choice { values }) = &setting.kind
            && values.iter().any(|value| value.as_str().is_some_and(|text| text.contains('\0')))
        {
            let text = format!("'{name}' has a value with a zero byte, which no argument can hold");
            ctx.problem(setting.span, &setting.place, text);
        }
    }
    Some(settings)
}

/// The table behind a key.
fn table<'a>(section: &Section<'a>, key: &str, entry: &'a Entry) -> Option<&'a Table> {
    let table = entry.node.table();
    if table.is_none() {
        section.expected(key, "a table like { NAME = \"text\" }", &entry.node);
    }
    table
}

/// `[command]` while it is read.
pub(super) struct Reader<'a, 'b> {
    pub(super) section: &'b Section<'a>,
    names: Names<'a>,
    /// Parameters that are not always active.
    conditional: Vec<&'a str>,
}

impl<'a> Reader<'a, '_> {
    fn command(&self, templates: Option<&'a Table>) -> Option<CommandSection> {
        let section = self.section;
        let run = self.run();
        let cwd = section.take("cwd").and_then(|entry| self.always("cwd", &entry.node));
        let env = section.take("env").map_or_else(Vec::new, |entry| self.env(entry));
        let copy = self.copy();
        let templates = templates.map_or_else(Vec::new, |table| {
            table.iter().filter_map(|(n, e)| self.template(n, e)).collect()
        });
        let metrics = sources::metrics(self);
        let grace = limits::time(section, "grace").unwrap_or(GRACE);
        let silence = limits::time(section, "silence");
        let retries = self.retries();
        let log_limit = section.read("log_limit", "a size of at least 1KB like \"64MB\"", |node| {
            node.text().and_then(units::bytes).filter(|&bytes| bytes >= 1000)
        });
        let folder = &section.ctx.folder;
        Some(CommandSection {
            run: run?,
            folder: if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.clone() },
            cwd,
            env,
            copy,
            templates,
            metrics,
            summaries: Vec::new(),
            grace,
            silence,
            retries,
            log_limit: log_limit.unwrap_or(LOG_LIMIT),
            data: None,
        })
    }

    fn run(&self) -> Option<Invocation> {
        let section = self.section;
        let mend = "give the program and its arguments, for example run = [\"python\", \"train.py\", \"{args}\"]";
        let Some(entry) = section.take("run") else {
            section.missing("run", mend);
            return None;
        };
        let node = &entry.node;
        match &node.kind {
            Kind::Text(line) if line.trim().is_empty() => {
                section.problem(node.span, format!("'run' is empty; {mend}"));
                None
            }
            Kind::Text(_) => self.shell(node).map(Invocation::Shell),
            Kind::List(items) if items.is_empty() => {
                section.problem(node.span, format!("'run' is empty; {mend}"));
                None
            }
            Kind::List(items) => {
                self.program(items);
                let groups: Vec<Option<Vec<Text>>> =
                    items.iter().map(|item| self.group(item)).collect();
                groups.into_iter().collect::<Option<_>>().map(Invocation::Args)
            }
            _ => {
                section.expected("run", "a list of texts, or one text for the shell", node);
                None
            }
        }
    }

    /// A line of the shell, which cannot leave a part of itself out.
    fn shell(&self, node: &Node) -> Option<Text> {
        let text = self.text(node)?;
        let mend = "write 'run' as a list, where an argument with it is left out";
        self.no_conditional(node, &text, mend).then_some(text)
    }

    /// The first argument is started as a program: it must be one, and always there.
    fn program(&self, items: &[Node]) {
        let first = match &items[0].kind {
            Kind::List(group) => group.first().unwrap_or(&items[0]),
            _ => &items[0],
        };
        let Some(text) = first.text() else { return };
        if text.trim().is_empty() {
            self.section.problem(first.span, "the program's name is empty; name what to start");
        } else if items.len() == 1
            && text.contains(char::is_whitespace)
            && !self.section.ctx.folder.join(text).exists()
        {
            let text = format!(
                "'{}' is no program; write one text per argument, or run = \"…\" without a list for the shell",
                text.escape_debug()
            );
            self.section.problem(first.span, text);
        }
        for name in &self.conditional {
            if text.contains(&format!("{{{name}}}")) {
                let text = format!("the program depends on '{name}', which is not always active");
                self.section.problem(first.span, format!("{text}; take its 'when' away"));
            }
        }
    }

    /// One argument, or several that stay together.
    fn group(&self, node: &Node) -> Option<Vec<Text>> {
        match &node.kind {
            Kind::Text(_) => self.argument(node).map(|text| vec![text]),
            Kind::List(items) if items.is_empty() => {
                self.section.problem(node.span, "a group of arguments is empty; leave it out");
                None
            }
            Kind::List(items) => {
                let texts: Vec<Option<Text>> = items
                    .iter()
                    .map(|item| match item.kind {
                        Kind::List(_) => {
                            self.section.problem(
                                item.span,
                                "a group cannot hold a group; take one pair of brackets out",
                            );
                            None
                        }
                        _ => self.argument(item),
                    })
                    .collect();
                texts.into_iter().collect()
            }
            _ => self.argument(node).map(|text| vec![text]),
        }
    }

    fn argument(&self, node: &Node) -> Option<Text> {
        let text = self.text(node)?;
        let many = text.0.iter().find(|piece| piece.is_many());
        if let (Some(_), true) = (many, text.0.len() > 1) {
            let shown = node.shown();
            let text =
                format!("{{args}} must be an argument of its own, and here it is part of {shown}");
            self.section.problem(node.span, format!("{text}; split it, or take {{args_json}}"));
            return None;
        }
        Some(text)
    }

    /// A text with placeholders, of which each that is wrong is a problem.
    fn text(&self, node: &Node) -> Option<Text> {
        let Some(text) = node.text() else {
            let shown = node.shown();
            let mend = match &node.kind {
                Kind::Int(_) | Kind::Float(_) | Kind::Bool(_) => {
                    format!("; put it into quotes: \"{}\"", shown.trim_matches('\''))
                }
                _ => String::new(),
            };
            self.section
                .problem(node.span, format!("an argument must be a text, not {shown}{mend}"));
            return None;
        };
        match self.names.text(text) {
            Ok(text) => Some(text),
            Err(problems) => {
                for problem in problems {
                    self.section.problem(node.span, problem);
                }
                None
            }
        }
    }

    /// A text that is one text for every run: a path.
    pub(super) fn always(&self, key: &str, node: &Node) -> Option<Text> {
        if node.text().is_none_or(str::is_empty) {
            self.section.expected(key, "a text", node);
            return None;
        }
        let text = self.single(key, node)?;
        let mend = "take its 'when' away, or another parameter";
        self.no_conditional(node, &text, mend).then_some(text)
    }

    /// A text in which a list of arguments has no place.
    fn single(&self, key: &str, node: &Node) -> Option<Text> {
        let text = self.text(node)?;
        if text.0.iter().any(Piece::is_many) {
            let text = format!(
                "{{args}} is for 'run', and '{key}' is one text; take {{args_json}} or single parameters"
            );
            self.section.problem(node.span, text);
            return None;
        }
        Some(text)
    }

    fn no_conditional(&self, node: &Node, text: &Text, mend: &str) -> bool {
        let found = text.params().find(|name| self.conditional.contains(name));
        if let Some(name) = found {
            self.section.problem(node.span, format!("'{name}' is not always active; {mend}"));
        }
        found.is_none()
    }

    fn env(&self, entry: &'a Entry) -> Vec<(String, Text)> {
        let section = self.section;
        let Some(table) = table(section, "env", entry) else { return Vec::new() };
        let mut env = Vec::new();
        for (name, entry) in table {
            let mut node = entry.node.clone();
            if !is_variable(name) {
                let text = format!(
                    "'{}' is no name of a variable; use letters, digits and '_'",
                    name.escape_debug()
                );
                section.problem(entry.span, text);
            } else if name.starts_with("DERBY_") {
                let text = format!(
                    "'{name}' begins with DERBY_, which derby sets by itself; take another name"
                );
                section.problem(entry.span, text);
            }
            // `OMP_NUM_THREADS = 1` can only mean the text.
            if matches!(node.kind, Kind::Int(_) | Kind::Bool(_)) {
                node.kind = Kind::Text(node.shown().trim_matches('\'').to_string());
            }
            if let Some(text) = self.single(name, &node) {
                env.push((name.clone(), text));
            }
        }
        env
    }

    fn copy(&self) -> Vec<String> {
        let copy = self.section.texts("copy").unwrap_or_default();
        if copy.iter().any(|pattern| pattern.trim().is_empty()) {
            let span = self.section.take("copy").map_or(self.section.span, |entry| entry.node.span);
            self.section.problem(span, "'copy' names an empty path; leave it out");
        }
        copy
    }

    fn template(&self, name: &str, entry: &Entry) -> Option<ConfigTemplate> {
        let section = self.section;
        let problem = |span, text: String| section.ctx.problem(span, "[command] templates", text);
        let mut parts = Path::new(name).components();
        let is_inside = !name.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)));
        if !is_inside || name.contains(['{', '}', '\0']) {
            let text = format!(
                "'{}' must be a path inside the run's folder, like config.yaml",
                name.escape_debug()
            );
            problem(entry.span, text);
            return None;
        }
        if OWN_FILES.contains(&name) {
            problem(
                entry.span,
                format!(
                    "'{name}' is a file of derby's own in every run's folder; take another name"
                ),
            );
            return None;
        }
        let Some(from) = entry.node.text().filter(|from| !from.is_empty()) else {
            let shown = entry.node.shown();
            problem(
                entry.node.span,
                format!("'{name}' must be the path of a config file, not {shown}"),
            );
            return None;
        };
        let read = read_template(&section.ctx.folder.join(from));
        let text = read
            .and_then(|text| self.names.template(&text).map_err(|why| format!("'{from}': {why}")));
        let text = text.map_err(|why| problem(entry.node.span, why)).ok()?;
        if text.0.iter().all(|piece| matches!(piece, Piece::Literal(_))) {
            let text = format!(
                "'{from}' has no placeholder like {{lr}}; write one, or list the file in 'copy'"
            );
            problem(entry.node.span, text);
        }
        Some(ConfigTemplate { name: name.into(), from: from.into(), text })
    }

    fn retries(&self) -> Retries {
        let mut retries = Retries { failed: 0, infrastructure: INFRASTRUCTURE };
        let section = self.section;
        let Some(entry) = section.take("retries") else { return retries };
        let number = |node: &Node| whole(node).filter(|n| (0..=1000).contains(n)).map(|n| n as u32);
        let what = "a whole number from 0 to 1000";
        if entry.node.table().is_none() {
            match number(&entry.node) {
                Some(failed) => retries.failed = failed,
                None => section.expected(
                    "retries",
                    &format!("{what}, or {{ failed = 1, infrastructure = 3 }}"),
                    &entry.node,
                ),
            }
            return retries;
        }
        if let Some(inner) = section.inner("retries", entry) {
            retries.failed = inner.read("failed", what, number).unwrap_or(0);
            retries.infrastructure =
                inner.read("infrastructure", what, number).unwrap_or(INFRASTRUCTURE);
            inner.finish();
        }
        retries
    }
}

fn read_template(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let is_file = std::fs::metadata(path)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => format!("there is no file '{shown}'; check the path"),
            _ => format!("cannot read '{shown}': {error}"),
        })
        .map(|meta| meta.is_file() && meta.len() <= MAX_TEMPLATE)?;
    if !is_file {
        return Err(format!("'{shown}' is no file of at most 16 MB; name a config file"));
    }
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read '{shown}': {error}"))?;
    String::from_utf8(bytes)
        .map_err(|_| format!("'{shown}' is not UTF-8 text; list it in 'copy' instead"))
}

/// What does not go with a command.
pub(super) fn refuse_others(ctx: &Ctx<'_>, root: &Table) {
    for key in ["models", "preprocess"] {
        if let Some(entry) = root.get(key) {
            let text = format!("[{key}] is for built-in models; with [command] leave it out");
            ctx.problem(entry.span, "", text);
        }
    }
    if let Some(entry) = root.get("function") {
        ctx.problem(entry.span, "", "'function' and [command] exclude each other; leave one out");
    }
}
