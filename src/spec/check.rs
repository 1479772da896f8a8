//! From the tree to a sweep: all sections are read, whatever problems the others have.

use super::error::SpecError;
use super::identity::{Identity, canonical};
use super::known::Known;
use super::load::Loader;
use super::reader::{Ctx, Section};
use super::section::{self, Objectives, WorkKind};
use super::sweep::{Sweep, Work};
use super::tree::{Kind, Span, Table};
use crate::space::{Space, SpaceError};
use std::path::Path;
use std::sync::Arc;

/// Longer names do not fit a table.
const MAX_NAME: usize = 200;

/// Checks a whole tree.
pub(super) fn check(
    root: &Table,
    loader: &Loader,
    path: &Path,
    known: &Known,
) -> Result<Sweep, SpecError> {
    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let ctx = Ctx::new(known, &loader.files, folder);
    let sweep = build(&ctx, root, path, loader.notes());
    match sweep {
        Some(sweep) if ctx.is_clean() => Ok(sweep),
        _ => {
            let file = loader.files.first().cloned().unwrap_or_default();
            Err(SpecError::Problems { file, problems: ctx.into_problems() })
        }
    }
}

fn build<'a>(ctx: &'a Ctx<'a>, root: &'a Table, path: &Path, notes: Vec<String>) -> Option<Sweep> {
    let names = names(ctx, root, path);
    let kind = WorkKind::of(root);
    let of = section::objectives(ctx, root, kind);
    let raw = section::search(ctx, root);
    section::race(ctx, &raw, &of);
    let Objectives { list: objectives, summaries } = of;
    section::several(ctx, &raw, objectives.len());
    let budget = section::budget(ctx, root, (&raw.search.sampler, objectives.len()));
    let resources = section::resources(ctx, root, kind);
    let gate = section::gate(ctx, root, kind, &objectives);
    let mut plan = section::plan(ctx, root)?;
    if let Work::Command(section) = &mut plan.work {
        section.summaries = summaries;
    }
    if plan.dims.broken {
        return None; // what follows would only repeat those problems
    }
    let space = space(ctx, plan.dims)?;
    let points = section::points(ctx, &raw, &space);
    let mut search = raw.search;
    search.warm_start = raw.warm_start.map(|raw| section::assumed(ctx, raw, &space));
    let identity = Identity {
        objectives: &objectives,
        work: &plan.work,
        space: &space,
        points: &points,
        search: &search,
    };
    let digest = identity.digest();
    let (name, experiment, model) = names;
    Some(Sweep {
        name,
        experiment,
        model,
        file: path.to_path_buf(),
        text: canonical(root),
        objectives,
        work: plan.work,
        space: Arc::new(space),
        points,
        search,
        budget,
        resources,
        gate,
        notes,
        digest,
    })
}

/// Reads the keys outside any section, and refuses what does not belong there.
fn names<'a>(ctx: &'a Ctx<'a>, root: &'a Table, path: &Path) -> (String, String, String) {
    let top = Section::new(ctx, String::new(), Span { file: 0, line: 1, column: 1 }, root);
    for key in
        ["command", "function", "objective", "data", "preprocess", "models", "params", "search"]
    {
        top.take(key);
    }
    for key in ["budget", "resources", "gate"] {
        top.take(key);
    }
    let name = |key: &'static str| {
        let what = format!("a text of 1 to {MAX_NAME} characters without control characters");
        top.read(key, &what, |node| {
            node.text().filter(|text| {
                !text.trim().is_empty()
                    && text.chars().count() <= MAX_NAME
                    && !text.chars().any(char::is_control)
            })
        })
        .map(ToString::to_string)
    };
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let sweep = name("name").or(stem).unwrap_or_else(|| "sweep".into());
    let experiment = name("experiment").unwrap_or_else(|| sweep.clone());
    let model = match top.take("model") {
        Some(entry) if matches!(entry.node.kind, Kind::Table(_)) => {
            let text = "'model' names the registered model; families stand under [models.NAME]";
            top.problem(entry.span, text);
            None
        }
        _ => name("model"),
    };
    top.finish();
    (sweep, experiment.clone(), model.unwrap_or(experiment))
}

/// Makes the dimensions a space in which everything can be reached.
fn space(ctx: &Ctx<'_>, dims: super::conditions::Dimensions) -> Option<Space> {
    let places = dims.places;
    let ids: Vec<String> = dims.dims.iter().map(|dim| dim.id.clone()).collect();
    let space = match Space::new(dims.dims) {
        Ok(space) => space,
        Err(SpaceError::Dimension { id, reason }) => {
            let at = ids.iter().position(|other| *other == id).and_then(|idx| places.get(idx));
            let (span, place) = at.cloned().unwrap_or_default();
            ctx.problem(span, &place, format!("'{id}' {reason}"));
            return None;
        }
        Err(error @ SpaceError::Point(_)) => {
            ctx.problem(Span::default(), "", error.to_string());
            return None;
        }
    };
    for (idx, (span, place)) in places.iter().enumerate() {
        if !space.is_reachable(idx) {
            let text = "its conditions contradict each other, so that it is never active";
            ctx.problem(*span, place, text);
        }
    }
    Some(space)
}
