//! How many configurations a space has.

use super::{Dimension, Space};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The number of distinct configurations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// So many; `u128::MAX` also stands for more.
    Finite(u128),
    /// A float without a step can be active.
    Infinite,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finite(n) => write!(f, "{n}"),
            Self::Infinite => f.write_str("infinite"),
        }
    }
}

impl Size {
    fn times(self, other: Self) -> Self {
        match (self, other) {
            (Self::Finite(a), Self::Finite(b)) => Self::Finite(a.saturating_mul(b)),
            _ => Self::Infinite,
        }
    }

    fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Finite(a), Self::Finite(b)) => Self::Finite(a.saturating_add(b)),
            _ => Self::Infinite,
        }
    }
}

impl Space {
    /// The number of distinct configurations over the conditional tree, exact below 2^128.
    pub fn size(&self) -> Size {
        let dims = self.dims();
        let open = dims.iter().enumerate().map(|(idx, dim)| (idx, (0..dim.when.len()).collect()));
        Counter { dims }.product(open.collect())
    }
}

/// Dimensions that are or can become active, with the conditions (by position) that are still open.
type Open = BTreeMap<usize, Vec<usize>>;

struct Counter<'a> {
    dims: &'a [Dimension],
}

impl Counter<'_> {
    /// Independent parts multiply.
    fn product(&self, open: Open) -> Size {
        let mut total = Size::Finite(1);
        for part in self.components(open) {
            total = total.times(self.component(part));
        }
        total
    }

    /// The sum over what the first dimension of a connected part makes of the others. Values that no
    /// condition tells apart are counted together.
    fn component(&self, mut open: Open) -> Size {
        let Some((root, _)) = open.pop_first() else { return Size::Finite(1) };
        let Some(n) = self.dims[root].cardinality().map(u128::from) else { return Size::Infinite };
        if open.is_empty() {
            return Size::Finite(n);
        }
        let mut groups: BTreeMap<Vec<(usize, bool)>, u128> = BTreeMap::new();
        let mentioned = self.mentioned(root, &open);
        for &coord in &mentioned {
            *groups.entry(self.effect(root, Some(coord), &open)).or_default() += 1;
        }
        let rest = n.saturating_sub(mentioned.len() as u128);
        if rest > 0 {
            *groups.entry(self.effect(root, None, &open)).or_default() += rest;
        }
        let mut total = Size::Finite(0);
        for (effect, n) in groups {
            total = total
                .plus(self.product(self.resolved(root, &effect, &open)).times(Size::Finite(n)));
        }
        total
    }

    /// The distinct coordinates of `root` that conditions name.
    fn mentioned(&self, root: usize, open: &Open) -> Vec<f64> {
        let mut coords: Vec<f64> = Vec::new();
        for (&idx, conditions) in open {
            for &position in conditions {
                let condition = &self.dims[idx].when[position];
                if condition.parent == root {
                    coords.extend(&condition.any_of);
                }
            }
        }
        coords.sort_by(f64::total_cmp);
        coords.dedup();
        coords
    }

    /// Which children of `root` may live if it has this coordinate (`None`: one that nobody names).
    fn effect(&self, root: usize, coord: Option<f64>, open: &Open) -> Vec<(usize, bool)> {
        let mut effect = Vec::new();
        for (&idx, conditions) in open {
            let mut own = conditions
                .iter()
                .map(|&position| &self.dims[idx].when[position])
                .filter(|condition| condition.parent == root)
                .peekable();
            if own.peek().is_some() {
                let holds = own.all(|c| coord.is_some_and(|coord| c.any_of.contains(&coord)));
                effect.push((idx, holds));
            }
        }
        effect
    }

    /// What stays open once `root` is settled: dead children go, and their descendants with them.
    fn resolved(&self, root: usize, effect: &[(usize, bool)], open: &Open) -> Open {
        let mut gone: BTreeSet<usize> =
            effect.iter().filter(|(_, holds)| !holds).map(|(idx, _)| *idx).collect();
        let mut left = Open::new();
        for (&idx, conditions) in open {
            let parents = |position: &usize| self.dims[idx].when[*position].parent;
            if gone.contains(&idx) || conditions.iter().any(|p| gone.contains(&parents(p))) {
                gone.insert(idx);
                continue;
            }
            left.insert(idx, conditions.iter().copied().filter(|p| parents(p) != root).collect());
        }
        left
    }

    /// Cuts along missing conditions: parts that share none do not influence each other.
    fn components(&self, mut open: Open) -> Vec<Open> {
        let mut neighbours: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (&idx, conditions) in &open {
            for &position in conditions {
                let parent = self.dims[idx].when[position].parent;
                neighbours.entry(idx).or_default().push(parent);
                neighbours.entry(parent).or_default().push(idx);
            }
        }
        let mut parts = Vec::new();
        while let Some((first, conditions)) = open.pop_first() {
            let mut part = Open::from([(first, conditions)]);
            let mut todo = vec![first];
            while let Some(idx) = todo.pop() {
                for &near in neighbours.get(&idx).into_iter().flatten() {
                    if let Some(conditions) = open.remove(&near) {
                        part.insert(near, conditions);
                        todo.push(near);
                    }
                }
            }
            parts.push(part);
        }
        parts
    }
}
