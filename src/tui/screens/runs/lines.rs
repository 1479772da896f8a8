//! The lines of the table: runs, or groups with their runs below. Every look-up is a step or a binary search.

use super::load::Found;
use crate::domain::RunId;
use crate::store::Group;
use std::collections::HashSet;

/// What stands on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// A run.
    Run(RunId),
    /// The heading of a group, by its place.
    Group(usize),
}

/// What the cursor holds on to while lines come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// A run.
    Run(RunId),
    /// The group of that oldest run.
    Group(RunId),
}

/// All lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    ids: Vec<RunId>,
    groups: Option<Groups>,
}

#[derive(Debug, Default)]
struct Groups {
    all: Vec<(RunId, Group)>,
    /// The line of each heading, and how many lines there are.
    starts: Vec<usize>,
}

impl Groups {
    fn count(&mut self, open: &HashSet<RunId>) {
        let mut line = 0;
        self.starts.clear();
        for (key, group) in &self.all {
            self.starts.push(line);
            line += 1 + if open.contains(key) { group.runs.len() } else { 0 };
        }
        self.starts.push(line);
    }
}

impl Lines {
    pub(super) fn new(found: Found, open: &HashSet<RunId>) -> Self {
        match found {
            Found::Runs(ids) => Self { ids, groups: None },
            Found::Groups(all) => {
                let mut groups = Groups { all, starts: Vec::new() };
                groups.count(open);
                Self { ids: Vec::new(), groups: Some(groups) }
            }
        }
    }

    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        match &self.groups {
            None => self.ids.len(),
            Some(groups) => groups.starts.last().copied().unwrap_or(0),
        }
    }

    /// What stands on that line.
    pub(super) fn at(&self, line: usize) -> Option<Line> {
        let Some(groups) = &self.groups else { return self.ids.get(line).copied().map(Line::Run) };
        if line >= self.len() {
            return None;
        }
        let place = groups.starts.partition_point(|start| *start <= line) - 1;
        match line - groups.starts[place] {
            0 => Some(Line::Group(place)),
            below => groups.all[place].1.runs.get(below - 1).copied().map(Line::Run),
        }
    }

    /// The group at that place.
    pub(super) fn group(&self, place: usize) -> Option<&(RunId, Group)> {
        self.groups.as_ref()?.all.get(place)
    }

    /// True if there are groups.
    pub(super) fn is_grouped(&self) -> bool {
        self.groups.is_some()
    }

    /// How many groups there are.
    pub(super) fn n_groups(&self) -> usize {
        self.groups.as_ref().map_or(0, |groups| groups.all.len())
    }

    /// What to hold on to on that line.
    pub(super) fn anchor(&self, line: usize) -> Option<Anchor> {
        Some(match self.at(line)? {
            Line::Run(run) => Anchor::Run(run),
            Line::Group(place) => Anchor::Group(self.group(place)?.0),
        })
    }

    /// The line of it now; that of its group's heading if the group is closed. One pass: for lists that have changed, not
    /// for keys.
    pub(super) fn find(&self, anchor: Anchor, open: &HashSet<RunId>) -> Option<usize> {
        let Some(groups) = &self.groups else {
            let Anchor::Run(run) = anchor else { return None };
            return self.ids.iter().position(|id| *id == run);
        };
        groups.all.iter().zip(&groups.starts).find_map(|((key, group), start)| match anchor {
            Anchor::Group(wanted) => (*key == wanted).then_some(*start),
            Anchor::Run(run) => {
                let place = group.runs.iter().position(|id| *id == run)?;
                Some(if open.contains(key) { start + 1 + place } else { *start })
            }
        })
    }

    /// Groups were opened or closed.
    pub(super) fn recount(&mut self, open: &HashSet<RunId>) {
        if let Some(groups) = &mut self.groups {
            groups.count(open);
        }
    }

    /// The runs on these lines, headings left out.
    pub(super) fn runs(&self, lines: std::ops::Range<usize>) -> Vec<RunId> {
        let run = |line| match self.at(line) {
            Some(Line::Run(run)) => Some(run),
            _ => None,
        };
        lines.filter_map(run).collect()
    }
}
