//! From settings to dimensions: conditions are resolved and parents put before their children.

use super::hint;
use super::reader::Ctx;
use super::setting::Setting;
use super::tree::{Kind as Tree, Node, Span};
use crate::space::{Condition, Dimension, Kind};
use std::collections::BTreeMap;

/// Dimensions under construction, with the place of each for later problems.
#[derive(Default)]
pub(super) struct Dimensions {
    pub(super) dims: Vec<Dimension>,
    pub(super) places: Vec<(Span, String)>,
    /// Some of them could not be read, which is a problem already.
    pub(super) broken: bool,
}

/// How the settings of one section are named.
pub(super) struct Naming<'a> {
    /// The section for messages: `[models.svm]`.
    pub(super) place: &'a str,
    /// Before the id: `svm.`.
    pub(super) id: &'a str,
    /// Before the name: empty, or `numeric.`.
    pub(super) name: &'a str,
}

/// A condition by the parent's index in its section.
struct Wait {
    parent: usize,
    any_of: Vec<f64>,
}

impl Dimensions {
    /// Adds the settings of one section, all under `root`, parents first and else in the order given.
    pub(super) fn add(
        &mut self,
        ctx: &Ctx<'_>,
        settings: &[Setting<'_>],
        root: Option<&Condition>,
        naming: &Naming<'_>,
    ) {
        let waits: Vec<Vec<Wait>> =
            settings.iter().map(|setting| waits(ctx, settings, setting, naming)).collect();
        let mut placed: BTreeMap<usize, usize> = BTreeMap::new();
        while placed.len() < settings.len() {
            let ready = (0..settings.len()).find(|idx| {
                !placed.contains_key(idx)
                    && waits[*idx].iter().all(|w| placed.contains_key(&w.parent))
            });
            let Some(idx) = ready else {
                cycle(ctx, settings, &waits, &placed);
                self.broken = true;
                return;
            };
            placed.insert(idx, self.dims.len());
            let setting = &settings[idx];
            self.broken |= setting.kind.is_none() || waits[idx].iter().any(|w| w.any_of.is_empty());
            let own = waits[idx].iter().map(|wait| Condition {
                parent: placed[&wait.parent],
                any_of: wait.any_of.clone(),
            });
            self.dims.push(Dimension {
                id: format!("{}{}", naming.id, setting.name),
                name: format!("{}{}", naming.name, setting.name),
                // A setting with a problem keeps its place, so that its children stay in order.
                kind: setting.kind.clone().unwrap_or(Kind::Choice { values: Vec::new() }),
                when: root.cloned().into_iter().chain(own).collect(),
            });
            self.places.push((setting.span, setting.place.clone()));
        }
    }
}

/// Resolves one setting's `when`.
fn waits(
    ctx: &Ctx<'_>,
    settings: &[Setting<'_>],
    setting: &Setting<'_>,
    naming: &Naming<'_>,
) -> Vec<Wait> {
    let Some((span, table)) = setting.when else { return Vec::new() };
    if table.is_empty() {
        ctx.problem(span, &setting.place, "'when' is empty; leave it out");
    }
    let mut waits = Vec::new();
    for (name, entry) in table {
        let Some(parent) = settings.iter().position(|other| other.name == *name) else {
            let others: Vec<&str> = settings
                .iter()
                .map(|other| other.name.as_str())
                .filter(|other| *other != setting.name)
                .collect();
            let text = match others[..] {
                [] => format!(
                    "'when' names '{}', but {} has no other parameter; add it there",
                    name.escape_debug(),
                    naming.place
                ),
                _ => hint::unknown(&format!("parameter in {}:", naming.place), name, &others),
            };
            ctx.problem(entry.span, &setting.place, text);
            continue;
        };
        let nodes = match &entry.node.kind {
            Tree::List(items) => items.as_slice(),
            _ => std::slice::from_ref(&entry.node),
        };
        if nodes.is_empty() {
            let text = format!("'when' gives '{name}' no values; name at least one");
            ctx.problem(entry.node.span, &setting.place, text);
        }
        let coords = nodes.iter().filter_map(|node| coord(ctx, &settings[parent], setting, node));
        let any_of: Vec<f64> = coords.collect();
        waits.push(Wait { parent, any_of });
    }
    waits
}

/// The parent's coordinate of a value in a condition.
fn coord(ctx: &Ctx<'_>, parent: &Setting<'_>, child: &Setting<'_>, node: &Node) -> Option<f64> {
    let kind = parent.kind.clone()?;
    let dim = Dimension { id: String::new(), name: parent.name.clone(), kind, when: Vec::new() };
    let problem = |text: String| ctx.problem(node.span, &child.place, text);
    if dim.cardinality().is_none() {
        problem(format!(
            "'{}' is a continuous range, and a condition needs single values; give it a 'step' or a list",
            parent.name
        ));
        return None;
    }
    let coord = parent.accept.literal(node).and_then(|value| dim.coord(&value));
    if coord.is_none() {
        problem(format!(
            "'{}' is never {} here; it takes {}",
            parent.name,
            node.shown(),
            dim.kind.words()
        ));
    }
    coord
}

/// Names the settings that wait for each other.
fn cycle(
    ctx: &Ctx<'_>,
    settings: &[Setting<'_>],
    waits: &[Vec<Wait>],
    placed: &BTreeMap<usize, usize>,
) {
    let open = |idx: usize| waits[idx].iter().map(|w| w.parent).find(|p| !placed.contains_key(p));
    let Some(mut at) = (0..settings.len()).find(|idx| !placed.contains_key(idx)) else { return };
    let mut path: Vec<usize> = Vec::new();
    while !path.contains(&at) {
        path.push(at);
        let Some(next) = open(at) else { return };
        at = next;
    }
    let start = path.iter().position(|&idx| idx == at).unwrap_or(0);
    let mut names: Vec<&str> =
        path[start..].iter().map(|&idx| settings[idx].name.as_str()).collect();
    names.push(&settings[at].name);
    let first = &settings[at];
    let text = format!("'when' goes in a circle: {}; cut it at one place", names.join(" → "));
    ctx.problem(first.when.map_or(first.span, |(span, _)| span), &first.place, text);
}
