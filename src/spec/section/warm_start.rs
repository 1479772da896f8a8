//! `[search] warm_start`: the earlier sweeps that teach the sampler.

use super::search::flatten;
use crate::domain::Value;
use crate::space::{Dimension, Space};
use crate::spec::reader::{Ctx, Section};
use crate::spec::sweep::WarmStart;
use crate::spec::tree::{Entry, Kind, Node, Span};

/// A value of `assume`: name, place and value.
type Assumed = (String, Span, Value);

/// `warm_start` as it stands, with what can only be checked against the space.
pub(in crate::spec) struct RawWarmStart {
    from: Vec<String>,
    assume: Vec<Assumed>,
}

const WHAT: &str =
    "the name or number of a sweep, a list of them, or a table with 'from' and 'assume'";

/// Reads `warm_start`. `learns` says whether the sampler makes anything of it.
pub(super) fn warm_start<'a>(
    section: &Section<'a>,
    entry: &'a Entry,
    (sampler, learns): (&str, bool),
) -> Option<RawWarmStart> {
    if !learns {
        let text = format!(
            "'warm_start' teaches the sampler, and '{sampler}' learns nothing from trials; leave it out, or take 'auto'"
        );
        section.problem(entry.span, text);
    }
    let Kind::Table(_) = &entry.node.kind else {
        let from = sweeps(section, "warm_start", &entry.node)?;
        return Some(RawWarmStart { from, assume: Vec::new() });
    };
    let inner = section.inner("warm_start", entry)?;
    let from = inner.take("from");
    if from.is_none() {
        inner.missing("from", "name the sweeps");
    }
    let from = from.and_then(|from| sweeps(&inner, "from", &from.node));
    let mut assume = Vec::new();
    if let Some(entry) = inner.take("assume") {
        match entry.node.table() {
            Some(table) => flatten(section.ctx, ASSUME, "", table, &mut assume),
            None => inner.expected("assume", "a table like { momentum = 0.9 }", &entry.node),
        }
    }
    inner.finish();
    Some(RawWarmStart { from: from?, assume })
}

const ASSUME: &str = "[search] warm_start, assume";

/// One reference or a list of them, each once.
fn sweeps(section: &Section<'_>, key: &str, node: &Node) -> Option<Vec<String>> {
    let nodes = match &node.kind {
        Kind::List(items) if !items.is_empty() => items.iter().collect(),
        _ => vec![node],
    };
    let mut found: Vec<String> = Vec::new();
    for node in nodes {
        let reference = match &node.kind {
            Kind::Text(text) if !text.trim().is_empty() => text.clone(),
            Kind::Int(number) if *number > 0 => number.to_string(),
            _ => {
                section.expected(key, WHAT, node);
                return None;
            }
        };
        if found.contains(&reference) {
            let text = format!("'{key}' has the sweep '{reference}' twice; leave one out");
            section.problem(node.span, text);
            return None;
        }
        found.push(reference);
    }
    Some(found)
}

/// Checks what is assumed against the space.
pub(in crate::spec) fn assumed(ctx: &Ctx<'_>, raw: RawWarmStart, space: &Space) -> WarmStart {
    let mut assume: Vec<(String, Value)> = Vec::new();
    for (name, span, value) in raw.assume {
        let fitting = |dim: &&Dimension| dim.id == name;
        let named = || space.dims().iter().filter(|dim| dim.name == name);
        let dim = space.dims().iter().find(fitting).or_else(|| {
            let mut named = named();
            named.next().filter(|_| named.next().is_none())
        });
        let text = match dim {
            Some(dim) if dim.coord(&value).is_some() => {
                assume.push((dim.id.clone(), value));
                continue;
            }
            Some(dim) => format!("'{name}' cannot be '{value}'; it is {}", dim.kind.words()),
            None if named().next().is_some() => {
                let ids: Vec<&str> = named().map(|dim| dim.id.as_str()).collect();
                format!("'{name}' stands for several parameters; one of {}", ids.join(", "))
            }
            None => {
                let ids: Vec<&str> = space.dims().iter().map(|dim| dim.id.as_str()).collect();
                format!("unknown parameter '{name}'; the space has {}", ids.join(", "))
            }
        };
        ctx.problem(span, ASSUME, text);
    }
    assume.sort_by(|a, b| a.0.cmp(&b.0));
    WarmStart { from: raw.from, assume }
}
