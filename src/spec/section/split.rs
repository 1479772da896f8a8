//! The holdout and the folds of `[data]`.

use crate::data::{DataOptions, FoldKind, FoldOptions, SplitOptions};
use crate::spec::reader::{Section, whole};
use crate::spec::tree::{Entry, Kind, Node};

/// More folds than anyone fits.
const MAX_FOLDS: i64 = 10_000;

/// Reads `holdout`, `folds` and `split_seed`.
pub(super) fn split(section: &Section<'_>, data: &DataOptions) -> SplitOptions {
    let mut split = SplitOptions::default();
    if let Some(entry) = section.take("holdout") {
        holdout(section, entry, &mut split);
    }
    if let Some(entry) = section.take("folds")
        && let Some(folds) = folds(section, entry, data)
    {
        split.folds = folds;
    }
    if let Some(seed) = section.int("split_seed", 0..=i64::MAX) {
        split.seed = seed as u64;
    }
    split
}

fn holdout(section: &Section<'_>, entry: &Entry, split: &mut SplitOptions) {
    let what = "a share from 0 to below 1";
    let share = |node: &Node| node.number().filter(|share| (0.0..1.0).contains(share));
    if entry.node.table().is_none() {
        match share(&entry.node) {
            Some(share) => split.holdout = share,
            None => section.expected("holdout", &format!("{what}, or a table"), &entry.node),
        }
        return;
    }
    let Some(inner) = section.inner("holdout", entry) else { return };
    split.holdout = inner.read("share", what, share).unwrap_or(split.holdout);
    split.exact = inner.flag("exact").unwrap_or(false);
    inner.finish();
}

fn folds(section: &Section<'_>, entry: &Entry, data: &DataOptions) -> Option<FoldOptions> {
    let Kind::Table(table) = &entry.node.kind else {
        let k = whole(&entry.node).filter(|k| (2..=MAX_FOLDS).contains(k));
        if k.is_none() {
            let what = format!("a whole number from 2 to {MAX_FOLDS}, or a table");
            section.expected("folds", &what, &entry.node);
        }
        let FoldOptions::Made { kind, shuffle, repeats, .. } = FoldOptions::default() else {
            return None;
        };
        return Some(FoldOptions::Made { k: k? as usize, kind, shuffle, repeats });
    };
    let inner = section.inner("folds", entry)?;
    let folds = if table.contains_key("column") {
        inner.text("column").map(FoldOptions::Column)
    } else if table.contains_key("file") {
        inner.text("file").map(|shown| {
            let path = section.ctx.folder.join(&shown);
            FoldOptions::File { path, shown }
        })
    } else {
        // Neither is there, and both are keys that a misspelt one may have meant.
        inner.take("column");
        inner.take("file");
        Some(made(&inner, data))
    };
    inner.finish();
    folds
}

fn made(section: &Section<'_>, data: &DataOptions) -> FoldOptions {
    let kinds = [FoldKind::Plain, FoldKind::Stratified, FoldKind::Group, FoldKind::Time];
    let k = section.int("k", 2..=MAX_FOLDS).unwrap_or(5) as usize;
    let entry = section.take("kind");
    let kind = section.word("kind", &kinds.map(|kind| (kind.word(), kind)));
    let span = entry.map_or(section.span, |entry| entry.node.span);
    if kind == Some(FoldKind::Group) && data.group.is_none() {
        section.problem(span, "kind 'group' needs the column: set 'group' in [data]");
    }
    if kind == Some(FoldKind::Time) && data.time.is_none() {
        section.problem(span, "kind 'time' needs the column: set 'time' in [data]");
    }
    let shuffle_entry = section.take("shuffle");
    let shuffle = section.flag("shuffle");
    let in_time = kind == Some(FoldKind::Time);
    if let (Some(entry), Some(true), true) = (shuffle_entry, shuffle, in_time) {
        section.problem(entry.span, "'shuffle' would break the order of kind 'time'; leave it out");
    }
    let repeats_entry = section.take("repeats");
    let repeats = section.int("repeats", 1..=MAX_FOLDS).unwrap_or(1) as usize;
    if let (Some(entry), true) = (repeats_entry, repeats > 1 && (in_time || shuffle == Some(false)))
    {
        section.problem(entry.span, "'repeats' needs shuffled folds, else all repeats are equal");
    }
    FoldOptions::Made { k, kind, shuffle: shuffle.unwrap_or(true), repeats }
}
