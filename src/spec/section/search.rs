//! `[search]`: the sampler, the pruner, the seed, and points to try first.

use super::constraints::constraints;
use super::objective::Objectives;
use super::pruner::pruner as read_pruner;
use super::warm_start::{RawWarmStart, warm_start};
use super::work::WorkKind;
use crate::domain::{Params, Value};
use crate::pruner::Setting;
use crate::sampler;
use crate::space::{Point, Space, SpaceError};
use crate::spec::hint;
use crate::spec::reader::{Ctx, Section};
use crate::spec::sweep::Search;
use crate::spec::tree::{Entry, Kind, Node, Span, Table};

/// Values per range where the file does not say.
const GRID_STEPS: usize = 5;
/// Lag of a reproducible sweep where the file does not say.
const LAG: u64 = 8;
/// Sobol points are tabulated up to this many dimensions.
const SOBOL_DIMENSIONS: usize = 256;

/// `[search]` with what can only be checked against the space and the other sections.
pub(in crate::spec) struct RawSearch<'a> {
    pub(in crate::spec) search: Search,
    pub(in crate::spec) points: Option<&'a Node>,
    pub(in crate::spec) warm_start: Option<RawWarmStart>,
    sampler_span: Span,
    pruner_span: Span,
}

/// Reads `[search]`.
pub(in crate::spec) fn search<'a>(ctx: &'a Ctx<'a>, root: &'a Table) -> RawSearch<'a> {
    let mut search = Search {
        sampler: if is_single(root) { "grid" } else { sampler::DEFAULT }.into(),
        grid_steps: GRID_STEPS,
        seed: 0,
        reproducible: false,
        lag: LAG,
        replicates: 1,
        pruner: None,
        warm_start: None,
        constraints: Vec::new(),
    };
    let section = root.get("search").and_then(|entry| Section::of(ctx, "[search]", entry));
    let Some(section) = section else {
        let (sampler_span, pruner_span) = (Span::default(), Span::default());
        return RawSearch { search, points: None, warm_start: None, sampler_span, pruner_span };
    };
    let pruner = section.take("pruner");
    search.pruner = pruner.and_then(|entry| read_pruner(&section, entry));
    let sampler = section.take("sampler");
    let inner_steps = sampler.and_then(|entry| read_sampler(&section, entry, &mut search));
    if let (Some(entry), true) = (sampler, is_single(root) && search.sampler != "grid") {
        let text = "without [params] there is one configuration and nothing to sample; leave 'sampler' out";
        section.problem(entry.span, text);
    }
    let steps = section.take("grid_steps").map(|entry| entry.span);
    let steps_value = section.int("grid_steps", 1..=1_000_000);
    if let (Some(span), true) = (steps, inner_steps.is_some()) {
        section.problem(span, "'grid_steps' and the sampler's 'steps' are the same; leave one out");
    }
    if let (Some(span), true) = (steps, search.sampler != "grid") {
        let text = format!(
            "'grid_steps' is for the grid sampler, and the sampler is '{}'; leave it out",
            search.sampler
        );
        section.problem(span, text);
    }
    if let Some(steps) = inner_steps.or(steps_value) {
        search.grid_steps = steps as usize;
    }
    search.seed = section.int("seed", 0..=i64::MAX).unwrap_or(0) as u64;
    search.reproducible = section.flag("reproducible").unwrap_or(false);
    let lag = section.take("lag");
    search.lag = section.count("lag").unwrap_or(LAG);
    if let (Some(entry), false) = (lag, search.reproducible) {
        section
            .problem(entry.span, "'lag' is for reproducible = true; set that or leave 'lag' out");
    }
    if search.reproducible {
        refuse_clocks(ctx, root);
    }
    let replicates = section.take("replicates");
    search.replicates = section.int("replicates", 1..=1000).unwrap_or(1) as u32;
    if let (Some(entry), Some(setting)) = (pruner, &search.pruner)
        && search.reproducible
    {
        check_repeatable(&section, entry, (root, setting, search.replicates));
    }
    if WorkKind::of(root) == WorkKind::Elsewhere {
        let told = "and without [command] a trial is told once";
        if let (Some(entry), 2..) = (replicates, search.replicates) {
            let text = format!("'replicates' runs every trial so often, {told}; leave it out");
            section.problem(entry.span, text);
        }
        if let (Some(entry), Some(_)) = (pruner, &search.pruner) {
            let text = format!("a pruner watches running trials, {told}; leave it out");
            section.problem(entry.span, text);
        }
    }
    let points = section.take("points").map(|entry| &entry.node);
    let learns = ctx.known.learns(&search.sampler);
    let warm_start = section.take("warm_start");
    let warm_start =
        warm_start.and_then(|entry| self::warm_start(&section, entry, (&search.sampler, learns)));
    search.constraints = constraints(&section, root, search.reproducible);
    section.finish();
    let sampler_span = sampler.map_or_else(Span::default, |entry| entry.node.span);
    let pruner_span = pruner.map_or_else(Span::default, |entry| entry.node.span);
    RawSearch { search, points, warm_start, sampler_span, pruner_span }
}

/// True for a command without parameters.
fn is_single(root: &Table) -> bool {
    let params = root.get("params").and_then(|entry| entry.node.table());
    WorkKind::of(root) == WorkKind::Command && params.is_none_or(Table::is_empty)
}

/// Reads `sampler`, a name or a table; returns the grid's `steps`.
fn read_sampler<'a>(section: &Section<'a>, entry: &'a Entry, search: &mut Search) -> Option<i64> {
    let known = &section.ctx.known.samplers;
    let check = |section: &Section<'a>, node: &Node, name: &str| {
        if !known.contains(&name) {
            section.problem(node.span, hint::unknown("sampler", name, known));
        }
    };
    match &entry.node.kind {
        Kind::Text(name) => {
            check(section, &entry.node, name);
            search.sampler.clone_from(name);
            None
        }
        Kind::Table(_) => {
            let inner = section.inner("sampler", entry)?;
            let kind = inner.take("kind");
            if kind.is_none() {
                inner.missing("kind", "name the sampler");
            }
            if let Some(name) = inner.text("kind") {
                if let Some(kind) = kind {
                    check(&inner, &kind.node, &name);
                }
                search.sampler = name;
            }
            let steps = (kind.is_none() || search.sampler == "grid")
                .then(|| inner.int("steps", 1..=1_000_000));
            inner.finish();
            steps.flatten()
        }
        _ => {
            section.expected("sampler", "a name or a table with 'kind'", &entry.node);
            None
        }
    }
}

/// A sweep that must not depend on speed cannot end or fail by the clock.
fn refuse_clocks(ctx: &Ctx<'_>, root: &Table) {
    for (name, key) in [("budget", "time"), ("resources", "timeout"), ("command", "silence")] {
        let table = root.get(name).and_then(|entry| entry.node.table());
        if let Some(entry) = table.and_then(|table| table.get(key)) {
            let text = format!(
                "'{key}' depends on the machine's speed, and reproducible = true forbids that; \
                 leave one of them out"
            );
            ctx.problem(entry.span, &format!("[{name}]"), text);
        }
    }
}

/// How far a trial and the others have got by a verdict depends on the machine. A race of built-in models in this
/// process compares with what is over when a trial begins, fold by fold.
fn check_repeatable(
    section: &Section<'_>,
    entry: &Entry,
    (root, setting, replicates): (&Table, &Setting, u32),
) {
    let resources = root.get("resources").and_then(|entry| entry.node.table());
    let isolate = resources.and_then(|table| table.get("isolate"));
    let is_isolated = isolate.is_some_and(|entry| matches!(entry.node.kind, Kind::Bool(true)));
    let is_race = matches!(setting, Setting::Race(_));
    let of = match (is_race && WorkKind::of(root) == WorkKind::Models, is_isolated, replicates) {
        (true, false, ..=1) => return,
        (true, true, _) => " with isolate = true",
        (true, false, _) => " with replicates, which run side by side,",
        (false, ..) => "",
    };
    let text = format!(
        "the pruner '{}'{of} stops trials while others run, which depends on the machine's speed, and \
         reproducible = true forbids that; leave one of them out",
        setting.word()
    );
    section.problem(entry.span, text);
}

/// Checks a race against what is optimized: it stops what cannot have the best mean over the folds of one metric.
pub(in crate::spec) fn race(ctx: &Ctx<'_>, raw: &RawSearch<'_>, of: &Objectives) {
    if !matches!(raw.search.pruner, Some(Setting::Race(_))) {
        return;
    }
    let problem = |text: String| ctx.problem(raw.pruner_span, "[search]", text);
    let n = of.list.len();
    if n > 1 {
        problem(format!(
            "the pruner 'race' stops trials that cannot win, which is told by one objective, and there are {n}; leave it out"
        ));
    } else if let Some((metric, kind)) = of.summaries.first() {
        problem(format!(
            "the pruner 'race' goes by the last value of each fold, and the score of '{metric}' is its {}; leave one of them out",
            kind.word()
        ));
    }
}

/// Checks the sampler against how many objectives there are.
pub(in crate::spec) fn several(ctx: &Ctx<'_>, raw: &RawSearch<'_>, n_objectives: usize) {
    if n_objectives < 2 {
        return;
    }
    let name = raw.search.sampler.as_str();
    let most = sampler::most_objectives(name);
    let known = ctx.known.samplers.contains(&name);
    if known && most < n_objectives {
        let able = sampler::names_for_several().join(", ");
        let text = match most {
            1 => format!(
                "the sampler '{name}' searches for one objective, not {n_objectives}; take one of {able}"
            ),
            _ => format!(
                "the sampler '{name}' searches for at most {most} objectives, not {n_objectives}; take 'auto' or another"
            ),
        };
        ctx.problem(raw.sampler_span, "[search]", text);
    }
}

/// Checks the sampler against the space, and turns the explicit points into points of it.
pub(in crate::spec) fn points(ctx: &Ctx<'_>, raw: &RawSearch<'_>, space: &Space) -> Vec<Point> {
    if raw.search.sampler == "sobol" && space.len() > SOBOL_DIMENSIONS {
        let text = format!(
            "'sobol' serves up to {SOBOL_DIMENSIONS} parameters, and there are {}; take 'auto' or 'random'",
            space.len()
        );
        ctx.problem(raw.sampler_span, "[search]", text);
    }
    let Some(node) = raw.points else { return Vec::new() };
    let Kind::List(items) = &node.kind else {
        let text = format!("'points' must be a list of tables, not {}", node.shown());
        ctx.problem(node.span, "[search]", text);
        return Vec::new();
    };
    let mut points = Vec::new();
    for (idx, item) in items.iter().enumerate() {
        let place = format!("[search] points, number {}", idx + 1);
        let Some(table) = item.table() else {
            let text = format!("a point must be a table like {{ C = 1 }}, not {}", item.shown());
            ctx.problem(item.span, &place, text);
            continue;
        };
        let mut given = Vec::new();
        let before = ctx.count();
        flatten(ctx, &place, "", table, &mut given);
        if ctx.count() > before {
            continue;
        }
        let params: Params =
            given.iter().map(|(name, _, value)| (name.clone(), value.clone())).collect();
        match space.point(&params) {
            Ok(point) => points.push(point),
            Err(SpaceError::Point(problems)) => {
                for problem in problems {
                    let named = given.iter().find(|(name, _, _)| *name == problem.name);
                    let span = named.map_or(item.span, |(_, span, _)| *span);
                    ctx.problem(span, &place, problem.text);
                }
            }
            Err(error) => ctx.problem(item.span, &place, error.to_string()),
        }
    }
    points
}

/// Names and values of a point; `numeric.scale` may be written as a table in a table.
pub(super) fn flatten(
    ctx: &Ctx<'_>,
    place: &str,
    prefix: &str,
    table: &Table,
    given: &mut Vec<(String, Span, Value)>,
) {
    for (key, entry) in table {
        let name = format!("{prefix}{key}");
        let value = match &entry.node.kind {
            Kind::Table(inner) => {
                flatten(ctx, place, &format!("{name}."), inner, given);
                continue;
            }
            Kind::Null => Value::None,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Int(value) => Value::Int(*value),
            Kind::Float(value) if value.is_finite() => Value::Float(*value),
            Kind::Text(text) => Value::Text(text.clone()),
            Kind::Float(_) | Kind::List(_) => {
                let text = format!("'{name}' must be one finite value, not {}", entry.node.shown());
                ctx.problem(entry.node.span, place, text);
                continue;
            }
        };
        given.push((name, entry.node.span, value));
    }
}
