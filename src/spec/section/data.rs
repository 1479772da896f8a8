//! `[data]`: source, roles of columns, split.

use super::split;
use crate::data::{ColumnType, DataOptions, Encoding, FoldOptions, Format, SourceOptions};
use crate::domain::Task;
use crate::spec::hint;
use crate::spec::reader::{Ctx, Section};
use crate::spec::sweep::DataSection;
use crate::spec::tree::{Entry, Kind};
use indexmap::IndexMap;

/// How many of the best runs keep their predictions where the file does not say.
const KEEP_PREDICTIONS: u64 = 100;

/// Reads `[data]`.
pub(super) fn data<'a>(ctx: &'a Ctx<'a>, entry: &'a Entry) -> Option<DataSection> {
    let section = Section::of(ctx, "[data]", entry)?;
    let source = source(&section);
    let mut data = roles(&section, source);
    let split = split::split(&section, &data);
    // The fold of a row says nothing about its target that a model may learn.
    if let FoldOptions::Column(column) = &split.folds
        && !data.ignore.contains(column)
    {
        data.ignore.push(column.clone());
    }
    let metrics = metrics(&section);
    let keep = section.int("keep_predictions", 0..=i64::MAX).map(|keep| keep as u64);
    let license = section.text("license");
    section.finish();
    Some(DataSection {
        data,
        split,
        preprocess: Vec::new(),
        metrics,
        keep_predictions: keep.unwrap_or(KEEP_PREDICTIONS),
        license,
    })
}

fn source(section: &Section<'_>) -> SourceOptions {
    if section.take("path").is_none() {
        section.missing("path", "name the file with the rows");
    }
    let shown = section.text("path").unwrap_or_default();
    let format = section.word(
        "format",
        &[
            ("csv", Format::Csv),
            ("json", Format::Json),
            ("jsonl", Format::JsonLines),
            ("sqlite", Format::Sqlite),
            ("parquet", Format::Parquet),
        ],
    );
    let delimiter = section.read("delimiter", "one ASCII character or \"tab\"", |node| match node
        .text()?
        .as_bytes()
    {
        b"tab" => Some(b'\t'),
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && *byte != b'"' => Some(*byte),
        _ => None,
    });
    let encoding = section.word(
        "encoding",
        &[
            ("utf-8", Encoding::Utf8),
            ("utf8", Encoding::Utf8),
            ("latin-1", Encoding::Latin1),
            ("latin1", Encoding::Latin1),
        ],
    );
    let table = section.text("table");
    let query_span = section.take("query").map(|entry| entry.span);
    let query = section.text("query");
    if let (Some(span), Some(_)) = (query_span, &table) {
        section.problem(span, "'table' and 'query' exclude each other; leave one out");
    }
    SourceOptions {
        path: section.ctx.folder.join(&shown),
        shown,
        format,
        delimiter,
        encoding,
        null_values: section.texts("null_values"),
        table,
        query,
        types: types(section),
    }
}

fn types(section: &Section<'_>) -> IndexMap<String, ColumnType> {
    let mut types = IndexMap::new();
    let Some(entry) = section.take("types") else { return types };
    let Kind::Table(table) = &entry.node.kind else {
        section.expected("types", "a table like { zip = \"category\" }", &entry.node);
        return types;
    };
    let all = [
        ColumnType::Number,
        ColumnType::Category,
        ColumnType::Boolean,
        ColumnType::Date,
        ColumnType::Text,
    ];
    for (column, entry) in table {
        let word = entry.node.text().unwrap_or_default();
        if let Some(kind) = all.into_iter().find(|kind| kind.word() == word) {
            types.insert(column.clone(), kind);
        } else {
            let shown = entry.node.shown();
            let text =
                hint::unknown_listed("type", shown.trim_matches('\''), &all.map(ColumnType::word));
            section.problem(entry.node.span, format!("column '{column}': {text}"));
        }
    }
    types.sort_keys();
    types
}

fn roles(section: &Section<'_>, source: SourceOptions) -> DataOptions {
    let target_span = section.take("target").map_or(section.span, |entry| entry.node.span);
    if section.take("target").is_none() {
        section.missing("target", "name the column to predict");
    }
    let data = DataOptions {
        source,
        target: section.text("target").unwrap_or_default(),
        positive: section.read("positive", "a class", |node| match &node.kind {
            Kind::Text(text) => Some(text.clone()),
            Kind::Int(value) => Some(value.to_string()),
            Kind::Bool(value) => Some(value.to_string()),
            _ => None,
        }),
        task: section.word(
            "task",
            &[
                ("binary", Task::Binary),
                ("multiclass", Task::Multiclass),
                ("regression", Task::Regression),
            ],
        ),
        ignore: section.texts("ignore").unwrap_or_default(),
        features: section.texts("features"),
        weights: section.text("weights"),
        group: section.text("group"),
        time: section.text("time"),
        id: section.text("id"),
        drop_missing_target: section
            .word("missing_target", &[("refuse", false), ("drop", true)])
            .unwrap_or(false),
    };
    conflicts(section, &data, target_span);
    data
}

/// A column cannot have two roles that contradict each other.
fn conflicts(section: &Section<'_>, data: &DataOptions, target_span: crate::spec::tree::Span) {
    let target = &data.target;
    let span = |key: &'static str| section.take(key).map_or(section.span, |entry| entry.node.span);
    let roles = [
        ("weights", &data.weights),
        ("group", &data.group),
        ("time", &data.time),
        ("id", &data.id),
    ];
    for (role, column) in roles {
        if let Some(column) = column.as_ref().filter(|column| *column == target) {
            section.problem(span(role), format!("'{column}' is both the target and '{role}'"));
        }
    }
    if data.ignore.contains(target) {
        section.problem(span("ignore"), format!("'ignore' names the target '{target}'"));
    }
    if data.task == Some(Task::Regression) && data.positive.is_some() {
        section
            .problem(span("positive"), "'positive' is for classes; with regression leave it out");
    }
    let Some(features) = &data.features else { return };
    if features.is_empty() {
        section.problem(span("features"), "'features' is empty; name columns or leave it out");
    }
    if features.contains(target) {
        section.problem(target_span, format!("'features' contains the target '{target}'"));
    }
    if let Some(both) = features.iter().find(|column| data.ignore.contains(column)) {
        section.problem(span("ignore"), format!("'{both}' stands in both 'features' and 'ignore'"));
    }
}

fn metrics(section: &Section<'_>) -> Vec<String> {
    let known = section.ctx.known;
    let metrics = section.texts("metrics").unwrap_or_default();
    let span = section.take("metrics").map_or(section.span, |entry| entry.node.span);
    for metric in metrics.iter().filter(|metric| known.goal(metric).is_none()) {
        section.problem(span, hint::unknown_listed("metric", metric, &known.metric_names()));
    }
    metrics
}
