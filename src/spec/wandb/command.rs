//! `program` and `command` with their macros, as `[command]`.

use super::{Translation, table, text};
use crate::spec::hint;
use crate::spec::tree::{Entry, Kind, Node, Span, Table};
use std::path::Path;

/// What is run where the file does not say.
const DEFAULT: [&str; 4] = ["${env}", "${interpreter}", "${program}", "${args}"];
/// Macros and our text for them; `${program}` is the file's own.
const MACROS: [(&str, &str); 8] = [
    ("env", "/usr/bin/env"),
    ("interpreter", "python"),
    ("args", "{args}"),
    ("args_no_hyphens", "{args_no_hyphens}"),
    ("args_no_boolean_flags", "{args_no_boolean_flags}"),
    ("args_json", "{args_json}"),
    ("args_json_file", "{json}"),
    ("program", ""),
];
/// Macros that become an argument for each parameter, with what stands before its name.
const HYDRA: [(&str, &str); 2] = [("args_append_hydra", "+"), ("args_override_hydra", "++")];

impl Translation {
    /// Writes `[command]`.
    pub(super) fn command(&mut self, from: &Table, top: Span, params: &Table, folder: &Path) {
        let program = from.get("program").and_then(|entry| self.program(entry, folder));
        let span = from.get("command").or(from.get("program")).map_or(top, |entry| entry.span);
        let default = |word: &str| Node { span, kind: Kind::Text(word.into()) };
        let items = match from.get("command").map(|entry| &entry.node) {
            None => DEFAULT.map(default).to_vec(),
            Some(Node { kind: Kind::List(items), .. }) => items.clone(),
            Some(node) => {
                let text = format!("'command' must be a list of texts, not {}", node.shown());
                self.problem(node.span, text);
                return;
            }
        };
        let names_program =
            items.iter().any(|item| item.text().is_some_and(|t| t.contains("${program}")));
        if names_program && !from.contains_key("program") {
            self.problem(span, "'program' is missing; name the script to run, or write 'command' without ${program}");
        }
        let mut run = Vec::new();
        for item in &items {
            self.argument(item, program.as_deref().unwrap_or_default(), params, &mut run);
        }
        let mut env = Table::new();
        env.insert("WANDB_MODE".into(), text(span, "disabled"));
        let mut command = Table::new();
        let run = Node { span, kind: Kind::List(run) };
        command.insert("run".into(), Entry { span, node: run });
        command.insert("env".into(), table(span, env));
        self.table.insert("command".into(), table(span, command));
    }

    fn program(&mut self, entry: &Entry, folder: &Path) -> Option<String> {
        let Some(program) = entry.node.text().filter(|program| !program.is_empty()) else {
            let text =
                format!("'program' must be the path of a script, not {}", entry.node.shown());
            self.problem(entry.node.span, text);
            return None;
        };
        if !folder.join(program).exists() {
            let text = format!(
                "there is no '{program}' beside this file, and a command starts in its folder; \
                 if it lies elsewhere, set --set command.cwd=FOLDER"
            );
            self.note(entry.span, text);
        }
        Some(program.to_string())
    }

    /// One element of `command`: usually one argument.
    fn argument(&mut self, item: &Node, program: &str, params: &Table, run: &mut Vec<Node>) {
        let span = item.span;
        let whole = match &item.kind {
            Kind::Text(text) => text.clone(),
            Kind::Int(_) | Kind::Float(_) | Kind::Bool(_) => {
                item.shown().trim_matches('\'').to_string()
            }
            _ => {
                let text = format!("an element of 'command' must be a text, not {}", item.shown());
                self.problem(span, text);
                return;
            }
        };
        for (name, before) in HYDRA {
            if whole == format!("${{{name}}}") {
                run.extend(params.keys().map(|param| {
                    let argument = format!("{before}{}={{{param}}}", braced(param));
                    Node { span, kind: Kind::Text(argument) }
                }));
                return;
            }
        }
        let mut out = String::new();
        let mut rest = whole.as_str();
        while let Some(at) = rest.find("${") {
            out.push_str(&braced(&rest[..at]));
            let after = &rest[at + 2..];
            let Some(end) = after.find('}') else {
                self.problem(span, format!("'{whole}' has a '${{' without its '}}'"));
                return;
            };
            match self.expanded(span, &after[..end], program) {
                Some(text) => out.push_str(&text),
                None => return,
            }
            rest = &after[end + 1..];
        }
        out.push_str(&braced(rest));
        run.push(Node { span, kind: Kind::Text(out) });
    }

    fn expanded(&mut self, span: Span, name: &str, program: &str) -> Option<String> {
        if name == "program" {
            return Some(braced(program));
        }
        if let Some(variable) = name.strip_prefix("envvar:") {
            return Some(format!("{{env:{variable}}}"));
        }
        let found =
            MACROS.iter().find(|(known, _)| *known == name).map(|(_, ours)| (*ours).to_string());
        if found.is_none() {
            let known: Vec<&str> = MACROS.iter().chain(&HYDRA).map(|(name, _)| *name).collect();
            self.problem(span, hint::unknown("macro", name, &known));
        }
        found
    }
}

/// Text whose braces stand for themselves.
fn braced(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}
