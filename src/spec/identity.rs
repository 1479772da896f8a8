//! What makes two sweeps the same one, and the canonical text that is kept with a sweep.

use super::command::{CommandSection, ConfigTemplate, Invocation, MetricSource, Piece, Text};
use super::sweep::{DataSection, Search, WarmStart, Work};
use super::tree::{Kind as Tree, Node, Table};
use crate::data::{DataOptions, FoldOptions, PrepBlock, SourceOptions, SplitOptions};
use crate::domain::{Digest, DigestBuilder, Objective, Value};
use crate::space::{Kind, Point, Space};

/// What goes into a sweep's digest.
pub(super) struct Identity<'a> {
    pub(super) objectives: &'a [Objective],
    pub(super) work: &'a Work,
    pub(super) space: &'a Space,
    pub(super) points: &'a [Point],
    pub(super) search: &'a Search,
}

impl Identity<'_> {
    /// The digest. Sets are sorted and numbers taken by value, so that neither the order of keys nor the
    /// spelling of a number matters.
    pub(super) fn digest(&self) -> Digest {
        let mut digest = DigestBuilder::new("sweep 1");
        digest.int(self.objectives.len() as i64);
        for objective in self.objectives {
            digest.text(&objective.metric).text(objective.goal.word());
        }
        match self.work {
            Work::Function(name) => {
                digest.text("function").text(name);
            }
            Work::Command(section) => {
                digest.text("command");
                command(&mut digest, section);
            }
            Work::Elsewhere => {
                digest.text("elsewhere");
            }
            Work::Models(section) => {
                digest.text("models");
                data_section(&mut digest, section);
            }
        }
        space(&mut digest, self.space);
        digest.int(self.points.len() as i64);
        for coord in self.points.iter().flat_map(|point| &point.0) {
            float(&mut digest, *coord);
        }
        search(&mut digest, self.search);
        digest.finish()
    }
}

fn search(digest: &mut DigestBuilder, search: &Search) {
    digest.text(&search.sampler).int(search.seed as i64);
    if search.sampler == "grid" {
        digest.int(search.grid_steps as i64);
    }
    digest.int(if search.reproducible { search.lag as i64 } else { 0 });
    // Not there where it is 1, so that digests from before it stay.
    if search.replicates != 1 {
        digest.text("replicates").int(i64::from(search.replicates));
    }
    // Nothing without one: sweeps from before pruners keep their digest.
    if let Some(pruner) = &search.pruner {
        digest.text("pruner");
        pruner.digest(digest);
    }
    // Nothing without one.
    if let Some(WarmStart { from, assume }) = &search.warm_start {
        digest.text("warm start").int(from.len() as i64);
        for reference in from {
            digest.text(reference);
        }
        digest.int(assume.len() as i64);
        for (id, assumed) in assume {
            digest.text(id);
            value(digest, assumed);
        }
    }
}

fn command(digest: &mut DigestBuilder, section: &CommandSection) {
    let CommandSection {
        run,
        folder: _,
        cwd,
        env,
        copy,
        templates,
        metrics,
        summaries,
        grace: _,
        silence,
        retries: _,
        log_limit: _,
        data,
    } = section;
    // Nothing without data: sweeps from before the split was handed over keep their digest.
    if let Some(data) = data {
        digest.text("data");
        data_section(digest, data);
    }
    match run {
        Invocation::Shell(line) => {
            digest.text("shell");
            pieces(digest, line);
        }
        Invocation::Args(groups) => {
            digest.text("args").int(groups.len() as i64);
            for group in groups {
                digest.int(group.len() as i64);
                for text in group {
                    pieces(digest, text);
                }
            }
        }
    }
    digest.int(i64::from(cwd.is_some()));
    if let Some(cwd) = cwd {
        pieces(digest, cwd);
    }
    let mut env: Vec<&(String, Text)> = env.iter().collect();
    env.sort_by_key(|(name, _)| name);
    digest.int(env.len() as i64);
    for (name, value) in env {
        pieces(digest.text(name), value);
    }
    digest.int(copy.len() as i64);
    for pattern in copy {
        digest.text(pattern);
    }
    let mut templates: Vec<&ConfigTemplate> = templates.iter().collect();
    templates.sort_by_key(|template| &template.name);
    digest.int(templates.len() as i64);
    for ConfigTemplate { name, from: _, text } in templates {
        pieces(digest.text(name), text);
    }
    digest.int(metrics.len() as i64);
    for source in metrics {
        metric_source(digest, source);
    }
    digest.int(summaries.len() as i64);
    for (metric, kind) in summaries {
        digest.text(metric).text(kind.word());
    }
    float(digest, silence.map(|silence| silence.as_secs_f64()));
}

fn metric_source(digest: &mut DigestBuilder, source: &MetricSource) {
    match source {
        MetricSource::Jsonl => digest.text("jsonl"),
        MetricSource::ExitCode => digest.text("exit_code"),
        MetricSource::Regex(pattern) => digest.text("regex").text(pattern),
        MetricSource::File { path, format } => {
            pieces(digest.text("file"), path);
            digest.text(&format!("{format:?}"))
        }
    };
}

fn pieces(digest: &mut DigestBuilder, Text(pieces): &Text) {
    digest.int(pieces.len() as i64);
    for piece in pieces {
        match piece {
            Piece::Literal(text) => digest.text("literal").text(text),
            Piece::Param(name) => digest.text("param").text(name),
            Piece::Template(name) => digest.text("template").text(name),
            Piece::Env(name) => digest.text("env").text(name),
            Piece::Args => digest.text("args"),
            Piece::ArgsNoHyphens => digest.text("args_no_hyphens"),
            Piece::ArgsNoBooleanFlags => digest.text("args_no_boolean_flags"),
            Piece::ArgsJson => digest.text("args_json"),
            Piece::Json => digest.text("json"),
            Piece::Seed => digest.text("seed"),
            Piece::Trial => digest.text("trial"),
            Piece::Run => digest.text("run"),
            Piece::RunDir => digest.text("run_dir"),
            Piece::Artifacts => digest.text("artifacts"),
            Piece::Checkpoint => digest.text("checkpoint"),
        };
    }
}

fn text(digest: &mut DigestBuilder, text: Option<&str>) {
    match text {
        Some(text) => digest.int(1).text(text),
        None => digest.int(0),
    };
}

fn float(digest: &mut DigestBuilder, value: Option<f64>) {
    match value {
        Some(value) => digest.int(1).float(value),
        None => digest.int(0),
    };
}

fn set(digest: &mut DigestBuilder, texts: Option<&[String]>) {
    let Some(texts) = texts else {
        digest.int(-1);
        return;
    };
    let mut sorted: Vec<&String> = texts.iter().collect();
    sorted.sort();
    sorted.dedup();
    digest.int(sorted.len() as i64);
    for text in sorted {
        digest.text(text);
    }
}

fn data_section(digest: &mut DigestBuilder, section: &DataSection) {
    source(digest, &section.data.source);
    roles(digest, &section.data);
    split(digest, &section.split);
    digest.int(section.preprocess.len() as i64);
    for PrepBlock { prefix, columns } in &section.preprocess {
        digest.text(prefix);
        set(digest, columns.as_deref());
    }
}

fn source(digest: &mut DigestBuilder, source: &SourceOptions) {
    let SourceOptions {
        path: _,
        shown,
        format,
        delimiter,
        encoding,
        null_values,
        table,
        query,
        types,
    } = source;
    digest.text(shown);
    text(digest, format.map(|format| format!("{format:?}")).as_deref());
    digest.int(delimiter.map_or(-1, i64::from));
    text(digest, encoding.map(|encoding| format!("{encoding:?}")).as_deref());
    set(digest, null_values.as_deref());
    text(digest, table.as_deref());
    text(digest, query.as_deref());
    digest.int(types.len() as i64);
    for (column, kind) in types {
        digest.text(column).text(kind.word());
    }
}

fn roles(digest: &mut DigestBuilder, data: &DataOptions) {
    let DataOptions {
        source: _,
        target,
        positive,
        task,
        ignore,
        features,
        weights,
        group,
        time,
        id,
        drop_missing_target,
    } = data;
    digest.text(target).int(i64::from(*drop_missing_target));
    text(digest, positive.as_deref());
    text(digest, task.map(crate::domain::Task::word));
    set(digest, Some(ignore));
    set(digest, features.as_deref());
    for column in [weights, group, time, id] {
        text(digest, column.as_deref());
    }
}

fn split(digest: &mut DigestBuilder, split: &SplitOptions) {
    let SplitOptions { holdout, exact, folds, seed } = split;
    digest.float(*holdout).int(i64::from(*exact)).int(*seed as i64);
    match folds {
        FoldOptions::Made { k, kind, shuffle, repeats } => {
            digest.text("made").int(*k as i64);
            text(digest, kind.map(crate::data::FoldKind::word));
            digest.int(i64::from(*shuffle)).int(*repeats as i64);
        }
        FoldOptions::Column(column) => {
            digest.text("column").text(column);
        }
        FoldOptions::File { path: _, shown } => {
            digest.text("file").text(shown);
        }
    }
}

fn space(digest: &mut DigestBuilder, space: &Space) {
    digest.int(space.len() as i64);
    for dim in space.dims() {
        digest.text(&dim.id).text(&dim.name);
        match &dim.kind {
            Kind::Float { low, high, log, step } => {
                digest.text("float").float(*low).float(*high).int(i64::from(*log));
                float(digest, *step);
            }
            Kind::Int { low, high, log, step } => {
                digest.text("int").int(*low).int(*high).int(i64::from(*log)).int(*step);
            }
            Kind::Choice { values } => {
                digest.text("choice").int(values.len() as i64);
                for each in values {
                    value(digest, each);
                }
            }
        }
        digest.int(dim.when.len() as i64);
        for condition in &dim.when {
            let mut coords = condition.any_of.clone();
            coords.sort_by(f64::total_cmp);
            coords.dedup();
            digest.int(condition.parent as i64).int(coords.len() as i64);
            for coord in coords {
                digest.float(coord);
            }
        }
    }
}

fn value(digest: &mut DigestBuilder, value: &Value) {
    match value {
        Value::None => digest.text("none"),
        Value::Bool(value) => digest.text("bool").int(i64::from(*value)),
        Value::Int(value) => digest.text("int").int(*value),
        Value::Float(value) => digest.text("float").float(*value),
        Value::Text(text) => digest.text("text").text(text),
    };
}

/// The tree as TOML with sorted keys; reading it gives the same sweep.
pub(super) fn canonical(root: &Table) -> String {
    toml::to_string(&table(root)).expect("a table of plain values always serializes")
}

fn table(from: &Table) -> toml::Table {
    from.iter().map(|(key, entry)| (key.clone(), node(&entry.node))).collect()
}

fn node(from: &Node) -> toml::Value {
    match &from.kind {
        Tree::Null => toml::Value::String("none".into()),
        Tree::Bool(value) => toml::Value::Boolean(*value),
        Tree::Int(value) => toml::Value::Integer(*value),
        Tree::Float(value) => toml::Value::Float(*value),
        Tree::Text(text) => toml::Value::String(text.clone()),
        Tree::List(items) => toml::Value::Array(items.iter().map(node).collect()),
        Tree::Table(entries) => toml::Value::Table(table(entries)),
    }
}
