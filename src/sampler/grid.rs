//! The full grid over the conditional tree, coarse first.
//!
//! No product is ever laid out: [`Tree`] counts the points below every dimension, and trial `i` is found
//! by dividing `i` down the tree, one digit per active dimension, so an ask takes O(dimensions).
//!
//! Order. At a dimension the points go round-robin over its levels; a level whose branch is used up drops
//! out, so every branch of a choice gets the same share until it is exhausted. In every round the levels
//! come in bit-reversed order (van der Corput), and the round is shifted by an irrational turn times the
//! number that the digits before it make (a Kronecker sequence). The shift depends on the digits before it
//! only, so the map from number to point stays one-to-one, and any prefix is spread over all dimensions,
//! not over the first ones alone.

use super::{Sampler, Told};
use crate::space::{Point, Space};
use std::collections::BTreeMap;

/// The grid sampler. It needs no seed.
#[derive(Debug, Clone)]
pub struct Grid {
    tree: Tree,
}

impl Grid {
    /// A grid with at most `steps` values per range.
    pub fn new(space: &Space, steps: usize) -> Self {
        Self { tree: Tree::new(space, steps) }
    }
}

impl Sampler for Grid {
    fn ask(&mut self, number: u64, _pending: &[Point]) -> Option<Point> {
        self.tree.point(u128::from(number))
    }

    fn tell(&mut self, _told: &Told) {}
}

/// How many points the grid has; `u128::MAX` stands for that many or more.
pub fn grid_len(space: &Space, steps: usize) -> u128 {
    Tree::new(space, steps).len()
}

/// Counts of a conditional grid. Subtrees that are equal are stored once.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    n_dims: usize,
    root: usize,
    nodes: Vec<Node>,
    axes: Vec<Axis>,
}

/// A dimension's levels.
#[derive(Debug, Clone)]
struct Axis {
    dim: usize,
    levels: Vec<f64>,
    /// Positions `0..levels.len()` in bit-reversed order.
    order: Vec<u32>,
    /// Fraction of a turn per unit of the context, in units of 2^-64.
    turn: u64,
}

#[derive(Debug, Clone)]
struct Node {
    count: u128,
    split: Split,
}

#[derive(Debug, Clone)]
enum Split {
    /// All dimensions are decided.
    End,
    /// Dimension `axis` is active.
    Levels { axis: usize, groups: Vec<Group> },
}

/// Levels with the same subtree below them.
#[derive(Debug, Clone)]
struct Group {
    child: usize,
    /// Level indices; empty means all levels in order.
    levels: Vec<u32>,
}

impl Tree {
    pub(super) fn new(space: &Space, steps: usize) -> Self {
        let order = depth_first(space);
        let turns = turns(order.len());
        let axes = order
            .iter()
            .zip(turns)
            .map(|(&dim, turn)| {
                let levels = space.grid_levels(dim, steps.max(1));
                Axis { dim, order: bit_reversed(levels.len()), levels, turn }
            })
            .collect();
        let tree = Self { n_dims: space.len(), root: 0, nodes: Vec::new(), axes };
        Builder { space, tree, made: BTreeMap::new() }.build()
    }

    pub(super) fn len(&self) -> u128 {
        self.nodes[self.root].count
    }

    /// Point `number` in the order of the module's docs; `None` beyond the last one.
    pub(super) fn point(&self, number: u128) -> Option<Point> {
        if number >= self.len() {
            return None;
        }
        let mut coords = vec![None; self.n_dims];
        let (mut node, mut rest, mut context, mut stride) = (self.root, number, 0u64, 1u64);
        while let Split::Levels { axis: at, groups } = &self.nodes[node].split {
            let axis = &self.axes[*at];
            let (digit, below, pick) = self.divide(axis, groups, rest, context);
            let (group, position) = pick;
            let level = group.levels.get(position).map_or(position, |&level| level as usize);
            coords[axis.dim] = Some(axis.levels[level]);
            context = context.wrapping_add(stride.wrapping_mul(digit as u64));
            stride = stride.wrapping_mul(axis.levels.len() as u64);
            (node, rest) = (group.child, below);
        }
        Some(Point(coords))
    }

    /// Splits an index of a node into the digit that later shifts see, the index below, and the level.
    fn divide<'a>(
        &self,
        axis: &Axis,
        groups: &'a [Group],
        index: u128,
        context: u64,
    ) -> (usize, u128, (&'a Group, usize)) {
        let size = |group: &Group| {
            if group.levels.is_empty() { axis.levels.len() } else { group.levels.len() }
        };
        let shift = |n: usize| {
            let turn = u128::from(context.wrapping_mul(axis.turn));
            ((turn * n as u128) >> 64) as usize
        };
        if let [group] = groups {
            let n = size(group);
            let digit = (index % n as u128) as usize;
            let position = (axis.order_of(digit, n) + shift(n)) % n;
            return (digit, index / n as u128, (group, position));
        }
        // Groups stand in ascending order of the size of their subtrees: in phase `t` the groups from `t`
        // on still have points left.
        let mut left: usize = groups.iter().map(size).sum();
        let (mut index, mut done) = (index, 0u128);
        for (phase, group) in groups.iter().enumerate() {
            let count = self.nodes[group.child].count;
            let length = (left as u128).saturating_mul(count - done);
            if index < length || phase + 1 == groups.len() {
                let below = done + index / left as u128;
                let turned = ((index % left as u128) as usize + shift(left)) % left;
                let pick = locate(&groups[phase..], turned, size);
                let before: usize = groups[..phase].iter().map(size).sum();
                return (before + turned, below, pick);
            }
            index -= length;
            done = count;
            left -= size(group);
        }
        (0, 0, (&groups[0], 0))
    }
}

impl Axis {
    /// The level of a digit in a round over `n` levels.
    fn order_of(&self, digit: usize, n: usize) -> usize {
        if n == self.order.len() { self.order[digit] as usize } else { digit }
    }
}

fn locate(
    groups: &[Group],
    mut position: usize,
    size: impl Fn(&Group) -> usize,
) -> (&Group, usize) {
    for group in groups {
        if position < size(group) {
            return (group, position);
        }
        position -= size(group);
    }
    (&groups[0], 0)
}

/// Builds a tree from the last dimension up, remembering subtrees by what they depend on: the dimensions
/// that an earlier one has already made inactive.
struct Builder<'a> {
    space: &'a Space,
    tree: Tree,
    made: BTreeMap<(usize, Vec<usize>), usize>,
}

impl Builder<'_> {
    fn build(mut self) -> Tree {
        self.tree.root = self.node(0, Vec::new());
        self.tree
    }

    /// The node that decides axis `at` and all later ones; `dead` are the inactive axes from `at` on.
    fn node(&mut self, at: usize, mut dead: Vec<usize>) -> usize {
        if at == self.tree.axes.len() {
            return self.intern((at, Vec::new()), 1, Split::End);
        }
        if let Some(&node) = self.made.get(&(at, dead.clone())) {
            return node;
        }
        if dead.first() == Some(&at) {
            dead.remove(0);
            self.kill(at, None, &mut dead);
            return self.node(at + 1, dead);
        }
        let groups = self.groups(at, &dead);
        let n_levels = self.tree.axes[at].levels.len();
        let size = |g: &Group| if g.levels.is_empty() { n_levels } else { g.levels.len() };
        let count = groups.iter().fold(0u128, |sum, group| {
            let below = self.tree.nodes[group.child].count;
            sum.saturating_add(below.saturating_mul(size(group) as u128))
        });
        self.intern((at, dead), count, Split::Levels { axis: at, groups })
    }

    fn intern(&mut self, key: (usize, Vec<usize>), count: u128, split: Split) -> usize {
        if let Some(&node) = self.made.get(&key) {
            return node;
        }
        self.tree.nodes.push(Node { count, split });
        let node = self.tree.nodes.len() - 1;
        self.made.insert(key, node);
        node
    }

    fn groups(&mut self, at: usize, dead: &[usize]) -> Vec<Group> {
        if !self.is_parent(at) {
            let child = self.node(at + 1, dead.to_vec());
            return vec![Group { child, levels: Vec::new() }];
        }
        let mut by_child: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for level in 0..self.tree.axes[at].levels.len() {
            let mut below = dead.to_vec();
            self.kill(at, Some(self.tree.axes[at].levels[level]), &mut below);
            let child = self.node(at + 1, below);
            by_child.entry(child).or_default().push(level as u32);
        }
        let whole = by_child.len() == 1;
        let group =
            |(child, levels)| Group { child, levels: if whole { Vec::new() } else { levels } };
        let mut groups: Vec<Group> = by_child.into_iter().map(group).collect();
        groups.sort_by_key(|group| self.tree.nodes[group.child].count);
        groups
    }

    fn is_parent(&self, at: usize) -> bool {
        let dim = self.tree.axes[at].dim;
        self.space.dims()[dim + 1..].iter().any(|d| d.when.iter().any(|c| c.parent == dim))
    }

    /// Adds the later axes that this value of axis `at` (`None`: inactive) makes inactive.
    fn kill(&self, at: usize, value: Option<f64>, dead: &mut Vec<usize>) {
        let parent = self.tree.axes[at].dim;
        for later in at + 1..self.tree.axes.len() {
            let when = &self.space.dims()[self.tree.axes[later].dim].when;
            let off = when
                .iter()
                .filter(|condition| condition.parent == parent)
                .any(|condition| !value.is_some_and(|v| condition.any_of.contains(&v)));
            if off && let Err(place) = dead.binary_search(&later) {
                dead.insert(place, later);
            }
        }
    }
}

/// Dimensions with every child as soon after its last parent as possible, which keeps the set of pending
/// decisions, and with it the number of different subtrees, small.
fn depth_first(space: &Space) -> Vec<usize> {
    fn place(space: &Space, dim: usize, order: &mut Vec<usize>) {
        order.push(dim);
        for child in dim + 1..space.len() {
            let when = &space.dims()[child].when;
            let ready = when.iter().all(|condition| order.contains(&condition.parent));
            if ready && when.iter().any(|c| c.parent == dim) && !order.contains(&child) {
                place(space, child, order);
            }
        }
    }
    let mut order = Vec::with_capacity(space.len());
    for dim in 0..space.len() {
        if space.dims()[dim].when.is_empty() {
            place(space, dim, &mut order);
        }
    }
    order
}

/// One irrational fraction of a turn per axis, times 2^64: the golden ratio, then roots of primes
/// (Richtmyer 1951). The first axis never turns, since nothing stands before it.
fn turns(n: usize) -> Vec<u64> {
    let is_prime = |p: &u32| (2..*p).take_while(|q| q * q <= *p).all(|q| !p.is_multiple_of(q));
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let roots = (2u32..).filter(is_prime).filter(|&p| p != 5).map(|p| f64::from(p).sqrt().fract());
    let fractions = [0.0, golden].into_iter().chain(roots);
    fractions.take(n).map(|fraction| (fraction * 2f64.powi(64)) as u64).collect()
}

/// `0..n` in the order of their reversed bits.
fn bit_reversed(n: usize) -> Vec<u32> {
    let bits = usize::BITS - n.saturating_sub(1).leading_zeros();
    let reversed = |i: usize| if bits == 0 { 0 } else { i.reverse_bits() >> (usize::BITS - bits) };
    (0..1usize << bits).map(reversed).filter(|&i| i < n).map(|i| i as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::conformance::{choice, float, int, when};

    fn points(space: &Space, steps: usize) -> Vec<Point> {
        let mut grid = Grid::new(space, steps);
        (0u64..).map_while(|number| grid.ask(number, &[])).collect()
    }

    fn check_complete(space: &Space, steps: usize, expect: usize) {
        let points = points(space, steps);
        assert_eq!(points.len(), expect);
        assert_eq!(grid_len(space, steps), expect as u128);
        let mut keys: Vec<Vec<Option<u64>>> =
            points.iter().map(|p| p.0.iter().map(|c| c.map(f64::to_bits)).collect()).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), expect, "some point came twice");
        for point in &points {
            assert_eq!(space.check(point), Ok(()));
        }
    }

    fn branches() -> Space {
        Space::new(vec![
            choice("model", 3),
            when(float("a", 0.0, 1.0), 0, &[0.0]),
            when(int("b", 1, 3), 0, &[1.0]),
            when(choice("opt", 2), 0, &[1.0, 2.0]),
            float("scale", 0.0, 1.0),
            when(when(float("momentum", 0.0, 1.0), 0, &[2.0]), 3, &[1.0]),
        ])
        .unwrap()
    }

    #[test]
    fn every_point_comes_once() {
        let plain = Space::new(vec![float("x", 0.0, 1.0), int("n", 1, 3), choice("c", 4)]).unwrap();
        check_complete(&plain, 5, 5 * 3 * 4);
        // linear 4, tree 3 * 2, net (1 + 4), each times 4 scales.
        check_complete(&branches(), 4, (4 + 6 + 5) * 4);
        check_complete(&Space::new(Vec::new()).unwrap(), 3, 1);
    }

    #[test]
    fn a_prefix_is_spread_over_every_axis() {
        let dims = (0..3).map(|i| float(&format!("x{i}"), 0.0, 1.0)).collect();
        let points = points(&Space::new(dims).unwrap(), 5);
        for axis in 0..3 {
            for n in [5usize, 10, 25, 50] {
                let mut counts = [0usize; 5];
                for point in &points[..n] {
                    counts[(point.0[axis].unwrap() * 4.0).round() as usize] += 1;
                }
                let (low, high) = (n / 5 - (n / 5).min(n.div_ceil(10)), n / 5 + n.div_ceil(10) + 1);
                assert!(counts.iter().all(|c| (low..=high).contains(c)), "{axis} {n} {counts:?}");
            }
        }
    }

    #[test]
    fn branches_take_turns_until_they_are_used_up() {
        let points = points(&branches(), 4);
        let count =
            |n: usize, model: f64| points[..n].iter().filter(|p| p.0[0] == Some(model)).count();
        for model in [0.0, 1.0, 2.0] {
            assert_eq!(count(30, model), 10);
        }
        assert_eq!(count(60, 1.0), 24);
    }

    #[test]
    fn a_grid_too_large_to_count_still_enumerates() {
        let dims = (0..200).map(|i| float(&format!("x{i}"), 0.0, 1.0)).collect();
        let space = Space::new(dims).unwrap();
        assert_eq!(grid_len(&space, 10), u128::MAX);
        let mut grid = Grid::new(&space, 10);
        let one = grid.ask(u64::MAX, &[]).unwrap();
        assert_eq!(space.check(&one), Ok(()));
        assert_ne!(Some(one), grid.ask(u64::MAX - 1, &[]));
    }

    #[test]
    fn many_independent_branches_share_subtrees() {
        let mut dims: Vec<_> = (0..40).map(|i| choice(&format!("c{i}"), 2)).collect();
        dims.extend((0..40).map(|i| when(int(&format!("n{i}"), 1, 2), i, &[1.0])));
        let tree = Tree::new(&Space::new(dims).unwrap(), 2);
        assert_eq!(tree.len(), 3u128.pow(40));
        assert!(tree.nodes.len() < 200, "{}", tree.nodes.len());
    }
}
