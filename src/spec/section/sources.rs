//! `metrics` of `[command]`: where the numbers of a run come from.

use super::command::Reader;
use crate::spec::command::{FileFormat, MetricSource};
use crate::spec::hint;
use crate::spec::reader::Section;
use crate::spec::tree::{Entry, Kind, Node};
use std::path::Path;

const WORDS: [&str; 2] = ["jsonl", "exit_code"];
const FORMATS: [(&str, FileFormat); 2] = [("csv", FileFormat::Csv), ("jsonl", FileFormat::Jsonl)];

/// Reads `metrics`; lines of JSON on stdout where the file does not say.
pub(super) fn metrics(reader: &Reader<'_, '_>) -> Vec<MetricSource> {
    let section = reader.section;
    let Some(entry) = section.take("metrics") else { return vec![MetricSource::Jsonl] };
    let nodes = match &entry.node.kind {
        Kind::List(items) => items.as_slice(),
        _ => std::slice::from_ref(&entry.node),
    };
    if nodes.is_empty() {
        let text = "'metrics' is empty; leave it out for lines of JSON on stdout";
        section.problem(entry.node.span, text);
    }
    let mut sources: Vec<MetricSource> = Vec::new();
    for node in nodes {
        let Some(source) = source(reader, node) else { continue };
        if sources.contains(&source) {
            section.problem(node.span, "'metrics' names a source twice; leave one out");
        } else {
            sources.push(source);
        }
    }
    sources
}

fn source(reader: &Reader<'_, '_>, node: &Node) -> Option<MetricSource> {
    let section = reader.section;
    match &node.kind {
        Kind::Text(word) => match word.as_str() {
            "jsonl" => Some(MetricSource::Jsonl),
            "exit_code" => Some(MetricSource::ExitCode),
            _ => {
                let text = hint::unknown_listed("source of metrics", word, &WORDS);
                let tables = "a table { regex = '…' } or { file = \"log.csv\" }";
                section.problem(node.span, format!("{text}, or {tables}"));
                None
            }
        },
        Kind::Table(_) => {
            let entry = Entry { span: node.span, node: node.clone() };
            table(reader, &entry)
        }
        _ => {
            let what = "\"jsonl\", \"exit_code\", { regex = '…' }, { file = \"log.csv\" } or a list of those";
            section.expected("metrics", what, node);
            None
        }
    }
}

fn table(reader: &Reader<'_, '_>, entry: &Entry) -> Option<MetricSource> {
    let inner = Section::of(reader.section.ctx, "[command] metrics", entry)?;
    let (regex, file) = (inner.take("regex"), inner.take("file"));
    let source = match (regex, file) {
        (Some(_), None) => {
            let what = "a regular expression like 'loss: (?<loss>\\S+)'";
            let pattern = inner.read("regex", what, |node| {
                node.text().filter(|text| !text.trim().is_empty()).map(ToString::to_string)
            });
            pattern.map(MetricSource::Regex)
        }
        (None, Some(file)) => {
            let stated = inner.word("format", &FORMATS);
            let path = reader.always("file", &file.node);
            let format = stated.or_else(|| by_extension(file.node.text().unwrap_or_default()));
            if path.is_some() && format.is_none() && inner.take("format").is_none() {
                let text = format!(
                    "the extension of {} says no format; add format = \"csv\" or \"jsonl\"",
                    file.node.shown()
                );
                inner.problem(file.node.span, text);
            }
            path.zip(format).map(|(path, format)| MetricSource::File { path, format })
        }
        (Some(_), Some(file)) => {
            inner.problem(file.span, "'regex' and 'file' exclude each other; write a list of two");
            None
        }
        (None, None) => {
            inner.problem(entry.span, "neither 'regex' nor 'file' is here; give one of them");
            None
        }
    };
    inner.finish();
    source
}

pub(super) fn by_extension(path: &str) -> Option<FileFormat> {
    match Path::new(path).extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" => Some(FileFormat::Csv),
        "jsonl" | "ndjson" | "json" => Some(FileFormat::Jsonl),
        _ => None,
    }
}
