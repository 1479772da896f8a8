//! What a trial does: `[models.*]` with `[data]` and `[preprocess]`, `[command]` with `[params]`, `function` with
//! `[params]`, or nothing here, with `[params]` alone.

use super::{command, data, preprocess};
use crate::domain::{Task, Value};
use crate::space::{Condition, Dimension, Kind};
use crate::spec::accept::Accept;
use crate::spec::conditions::{Dimensions, Naming};
use crate::spec::hint;
use crate::spec::known::FamilyInfo;
use crate::spec::reader::{Ctx, Section};
use crate::spec::setting::{self, Setting};
use crate::spec::sweep::Work;
use crate::spec::tree::{Entry, Span, Table};

/// The work and its space.
pub(in crate::spec) struct Plan {
    pub(in crate::spec) work: Work,
    pub(in crate::spec) dims: Dimensions,
}

/// The test functions, with how many parameters each takes at least and at most, all of them numbers;
/// `noop` takes anything.
const FUNCTIONS: [(&str, usize, usize); 4] = [
    ("noop", 1, usize::MAX),
    ("sphere", 1, usize::MAX),
    ("branin", 2, 2),
    ("rosenbrock", 2, usize::MAX),
];

/// Sections that only built-in models have, beside those that others share.
const MODELS: [&str; 4] = ["models", "model", "data", "preprocess"];
/// Sections that mean something only where trials are carried out here.
const HERE: [&str; 2] = ["resources", "gate"];

/// What kind of work a file describes, right or wrong: other sections depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::spec) enum WorkKind {
    Models,
    Function,
    Command,
    /// Trials are asked for and told.
    Elsewhere,
}

impl WorkKind {
    pub(in crate::spec) fn of(root: &Table) -> Self {
        if root.contains_key("command") {
            Self::Command
        } else if root.contains_key("function") && !root.contains_key("models") {
            Self::Function
        } else if root.contains_key("params") && !MODELS.iter().any(|key| root.contains_key(*key)) {
            Self::Elsewhere
        } else {
            Self::Models
        }
    }
}

/// Reads everything about the work; `None` with a problem where the file does not say what to do.
pub(in crate::spec) fn plan<'a>(ctx: &'a Ctx<'a>, root: &'a Table) -> Option<Plan> {
    let misnamed = root.get("model").is_some_and(|entry| entry.node.table().is_some());
    if let Some(entry) = root.get("command") {
        command::refuse_others(ctx, root);
        let data = root.get("data").map(|entry| data::data(ctx, entry));
        let (mut work, dims) = command::command(ctx, root, entry)?;
        if let (Work::Command(section), Some(data)) = (&mut work, data) {
            let data = data?;
            if data.data.drop_missing_target {
                let text = "'missing_target' = \"drop\" would number the rows anew; with [command] remove such rows from the file";
                ctx.problem(
                    root.get("data").map_or(entry.span, |entry| entry.span),
                    "[data]",
                    text,
                );
            }
            section.data = Some(Box::new(data));
        }
        return Some(Plan { work, dims });
    }
    if misnamed && !root.contains_key("models") {
        return None; // the top level has said what is wrong
    }
    if WorkKind::of(root) == WorkKind::Elsewhere {
        return elsewhere(ctx, root);
    }
    match (root.get("models"), root.get("function")) {
        (Some(_), Some(function)) => {
            let text = "'function' and [models] exclude each other; leave one out";
            ctx.problem(function.span, "", text);
            None
        }
        (None, None) => {
            let text = "nothing to run; give model families as [models.NAME], a program as [command], or [params] alone for trials that others carry out (derby ask)";
            ctx.problem(Span { file: 0, line: 1, column: 1 }, "", text);
            None
        }
        (Some(models), None) => {
            if let Some(entry) = root.get("params") {
                let text = "[params] is for [command] or a 'function'; parameters of a family stand in [models.NAME]";
                ctx.problem(entry.span, "", text);
            }
            with_models(ctx, root, models)
        }
        (None, Some(function)) => {
            for section in ["data", "preprocess"] {
                if let Some(entry) = root.get(section) {
                    let text = format!("[{section}] is for models; with a 'function' leave it out");
                    ctx.problem(entry.span, "", text);
                }
            }
            with_function(ctx, root, function)
        }
    }
}

/// `[params]` alone: what is tried is told, not done.
fn elsewhere<'a>(ctx: &'a Ctx<'a>, root: &'a Table) -> Option<Plan> {
    for section in HERE {
        if let Some(entry) = root.get(section) {
            let text = format!(
                "[{section}] is for trials that derby carries out, and there is no [command]; leave it out"
            );
            ctx.problem(entry.span, "", text);
        }
    }
    let settings = command::params(ctx, root)?;
    let mut dims = Dimensions::default();
    dims.add(ctx, &settings, None, &Naming { place: "[params]", id: "", name: "" });
    Some(Plan { work: Work::Elsewhere, dims })
}

fn with_models<'a>(ctx: &'a Ctx<'a>, root: &'a Table, entry: &'a Entry) -> Option<Plan> {
    if !root.contains_key("data") {
        let text = "[data] is missing; give 'path' and 'target'";
        ctx.problem(Span { file: 0, line: 1, column: 1 }, "", text);
    }
    let section = root.get("data").and_then(|entry| data::data(ctx, entry));
    let task = section.as_ref().and_then(|section| section.data.task);
    let mut dims = Dimensions::default();
    models(ctx, entry, task, &mut dims);
    let blocks = root
        .get("preprocess")
        .map_or_else(Vec::new, |entry| preprocess::preprocess(ctx, entry, &mut dims));
    let mut section = section?;
    section.preprocess = blocks;
    Some(Plan { work: Work::Models(Box::new(section)), dims })
}

/// Adds the dimension `model` and those of every family, in the order of the catalogue: the order of the
/// file must not matter to a sweep's identity.
fn models<'a>(ctx: &'a Ctx<'a>, entry: &'a Entry, task: Option<Task>, dims: &mut Dimensions) {
    let Some(table) = entry.node.table() else {
        let text =
            format!("[models] must hold tables like [models.NAME], not {}", entry.node.shown());
        ctx.problem(entry.node.span, "", text);
        return;
    };
    if table.is_empty() {
        ctx.problem(entry.span, "[models]", "there is no family; add one as [models.NAME]");
        return;
    }
    let families = &ctx.known.families;
    let names: Vec<&str> = families.iter().map(|family| family.name).collect();
    for (name, entry) in table.iter().filter(|(name, _)| !names.contains(&name.as_str())) {
        ctx.problem(entry.span, "[models]", hint::unknown_listed("family", name, &names));
        dims.broken = true;
    }
    let used: Vec<(&FamilyInfo, &Entry)> =
        families.iter().filter_map(|family| table.get(family.name).map(|e| (family, e))).collect();
    if used.is_empty() {
        return;
    }
    let values = used.iter().map(|(family, _)| Value::Text(family.name.into())).collect();
    dims.dims.push(Dimension {
        id: "model".into(),
        name: "model".into(),
        kind: Kind::Choice { values },
        when: Vec::new(),
    });
    dims.places.push((entry.span, "[models]".into()));
    for (idx, (info, entry)) in used.into_iter().enumerate() {
        let root = Condition { parent: 0, any_of: vec![idx as f64] };
        suits(ctx, info, entry, task);
        family(ctx, info, entry, &root, dims);
    }
}

fn suits(ctx: &Ctx<'_>, info: &FamilyInfo, entry: &Entry, task: Option<Task>) {
    let Some(task) = task else { return };
    let able = if task.is_classification() { info.classification } else { info.regression };
    if !able {
        let text = format!("'{}' does not fit {}; leave it out", info.name, task.word());
        ctx.problem(entry.span, "[models]", text);
    }
}

fn family<'a>(
    ctx: &'a Ctx<'a>,
    info: &FamilyInfo,
    entry: &'a Entry,
    root: &Condition,
    dims: &mut Dimensions,
) {
    let place = format!("[models.{}]", info.name);
    let Some(section) = Section::of(ctx, &place, entry) else { return };
    let mut settings = Vec::new();
    for spec in info.params {
        if let Some(entry) = section.take(spec.name) {
            settings.push(setting::read(ctx, &place, spec.name, entry, Accept::Family(spec)));
        }
    }
    let id = format!("{}.", info.name);
    dims.add(ctx, &settings, Some(root), &Naming { place: &place, id: &id, name: "" });
    section.finish();
}

fn with_function<'a>(ctx: &'a Ctx<'a>, root: &'a Table, entry: &'a Entry) -> Option<Plan> {
    let names = FUNCTIONS.map(|(name, _, _)| name);
    let Some(name) = entry.node.text() else {
        let text =
            format!("'function' must be one of {}, not {}", names.join(", "), entry.node.shown());
        ctx.problem(entry.node.span, "", text);
        return None;
    };
    let function = FUNCTIONS.iter().find(|(known, _, _)| *known == name);
    if function.is_none() {
        ctx.problem(entry.node.span, "", hint::unknown_listed("function", name, &names));
    }
    let Some(params) = root.get("params") else {
        ctx.problem(entry.span, "", format!("'{name}' needs [params]; give its parameters there"));
        return None;
    };
    let Some(table) = params.node.table() else {
        let text = format!("[params] must be a table, not {}", params.node.shown());
        ctx.problem(params.node.span, "", text);
        return None;
    };
    let mut entries: Vec<(&String, &Entry)> = table.iter().collect();
    entries.sort_by_key(|(name, _)| natural(name));
    let settings: Vec<Setting<'_>> = entries
        .into_iter()
        .map(|(name, entry)| setting::read(ctx, "[params]", name, entry, Accept::Free))
        .collect();
    if let Some(&(name, least, most)) = function {
        check_function(ctx, params.span, &settings, (name, least, most));
    }
    let mut dims = Dimensions::default();
    dims.add(ctx, &settings, None, &Naming { place: "[params]", id: "", name: "" });
    Some(Plan { work: Work::Function(name.into()), dims })
}

fn check_function(
    ctx: &Ctx<'_>,
    span: Span,
    settings: &[Setting<'_>],
    (name, least, most): (&str, usize, usize),
) {
    if !(least..=most).contains(&settings.len()) {
        let range = if least == most { format!("{least}") } else { format!("at least {least}") };
        let text = format!("'{name}' takes {range} parameters, and there are {}", settings.len());
        ctx.problem(span, "[params]", text);
    }
    if name == "noop" {
        return;
    }
    for setting in settings {
        let Some(Kind::Choice { values }) = &setting.kind else { continue };
        if let Some(value) = values.iter().find(|value| value.as_f64().is_none()) {
            let text = format!("'{name}' takes numbers, and '{value}' is {}", value.kind());
            ctx.problem(setting.span, &setting.place, text);
        }
    }
}

/// The order in which people count: `x2` before `x10`.
pub(super) fn natural(name: &str) -> (String, u64, String) {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (stem.to_string(), name[stem.len()..].parse().unwrap_or(0), name.to_string())
}
