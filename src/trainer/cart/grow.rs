//! The loop over nodes: find the best split, divide the rows, go on.

use super::impurity::{Entropy, Gini, Impurity, SquaredError};
use super::order::{Cut, Order, Presorted, Ranked, entries, rank_of, ranks};
use super::prune::pack;
use super::{Target, Tree};
use crate::domain::Labels;
use crate::numeric::Rng;
use crate::trainer::{FitError, Fold, Signal};
use ndarray::{ArrayView1, ArrayView2};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// When growing ends, and what it looks at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::trainer) struct Growth {
    /// Splits from the root to a leaf at most.
    pub(in crate::trainer) max_depth: usize,
    /// Rows that a node needs to be split.
    pub(in crate::trainer) min_samples_split: usize,
    /// Rows that a child needs.
    pub(in crate::trainer) min_samples_leaf: usize,
    /// Features drawn a node; all of them if it is the number of features.
    pub(in crate::trainer) n_candidates: usize,
    /// The price of a leaf in pruning; 0 leaves pruning out.
    pub(in crate::trainer) ccp_alpha: f64,
    /// Looks at the features of a node in a drawn order, where equal splits go to the first one, instead of
    /// to the widest gap. Forests need it: trees that settle ties alike are more alike.
    pub(in crate::trainer) shuffled: bool,
    /// Entropy instead of Gini.
    pub(in crate::trainer) entropy: bool,
}

/// Grows trees on the rows of one fold.
#[derive(Debug)]
pub(in crate::trainer) struct Grower<'a> {
    x: ArrayView2<'a, f64>,
    growth: Growth,
    cancel: &'a AtomicBool,
    source: Source,
}

/// What the orders of a tree's rows are made from; see [`super::order`].
#[derive(Debug)]
enum Source {
    Entries(Vec<u64>),
    Ranks(Vec<u32>),
}

/// A node before pruning: preorder, the left child is the next node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draft {
    /// None for a leaf.
    pub(super) split: Option<(usize, f64)>,
    pub(super) right: usize,
    pub(super) slot: usize,
}

/// A node that waits to be split, or to become a leaf.
#[derive(Debug)]
struct Open {
    rows: Range<usize>,
    depth: usize,
    slot: usize,
    ends: bool,
    /// The draft whose right child this is.
    right_of: Option<usize>,
}

/// A split and how good it is.
#[derive(Debug, Clone, Copy)]
struct Split {
    cut: Cut,
    score: f64,
    /// See [`margin`].
    margin: f64,
    /// The rows on both sides of the gap.
    between: [u32; 2],
}

impl<'a> Grower<'a> {
    /// Prepares a fold: sorted lists if most features are looked at in each node, rank codes if few are.
    pub(in crate::trainer) fn new(fold: &'a Fold, growth: Growth, cancel: &'a AtomicBool) -> Self {
        let presorted = 2 * growth.n_candidates >= fold.x.ncols();
        let source =
            if presorted { Source::Entries(entries(fold)) } else { Source::Ranks(ranks(fold)) };
        Self { x: fold.x.view(), growth, cancel, source }
    }

    /// Bytes that growing needs beside the fold; `many` if more than one tree is grown.
    pub(in crate::trainer) fn n_bytes(fold: &Fold, growth: &Growth, many: bool) -> usize {
        let presorted = 2 * growth.n_candidates >= fold.x.ncols();
        let lists = match (presorted, many) {
            (true, true) => 16,
            (true, false) => 8,
            (false, _) => 4,
        };
        fold.x.len() * lists + fold.x.nrows() * 64
    }

    /// Grows one tree and gives the lists up to it.
    pub(in crate::trainer) fn grow_only(
        mut self,
        target: &Target<'_>,
        rng: &mut Rng,
    ) -> Result<Tree, FitError> {
        match std::mem::replace(&mut self.source, Source::Ranks(Vec::new())) {
            Source::Entries(entries) => {
                self.dispatch(target, &mut Presorted::new(entries, &target.weights), rng)
            }
            Source::Ranks(ranks) => {
                self.dispatch(target, &mut Ranked::new(&ranks, &target.weights), rng)
            }
        }
    }

    /// Grows one of many trees.
    pub(in crate::trainer) fn grow(
        &self,
        target: &Target<'_>,
        rng: &mut Rng,
    ) -> Result<Tree, FitError> {
        match &self.source {
            Source::Entries(entries) => {
                self.dispatch(target, &mut Presorted::new(entries.clone(), &target.weights), rng)
            }
            Source::Ranks(ranks) => {
                self.dispatch(target, &mut Ranked::new(ranks, &target.weights), rng)
            }
        }
    }

    fn dispatch<O: Order>(
        &self,
        target: &Target<'_>,
        order: &mut O,
        rng: &mut Rng,
    ) -> Result<Tree, FitError> {
        let w = &target.weights;
        match (target.y, self.growth.entropy, target.unit) {
            (Labels::Classes { codes, n_classes, .. }, false, true) => {
                self.run(&mut Gini::<false>::new(codes, w, *n_classes), order, rng)
            }
            (Labels::Classes { codes, n_classes, .. }, false, false) => {
                self.run(&mut Gini::<true>::new(codes, w, *n_classes), order, rng)
            }
            (Labels::Classes { codes, n_classes, .. }, true, true) => {
                self.run(&mut Entropy::<false>::new(codes, w, *n_classes), order, rng)
            }
            (Labels::Classes { codes, n_classes, .. }, true, false) => {
                self.run(&mut Entropy::<true>::new(codes, w, *n_classes), order, rng)
            }
            (Labels::Values(values), _, true) => {
                self.run(&mut SquaredError::<false>::new(values, w), order, rng)
            }
            (Labels::Values(values), _, false) => {
                self.run(&mut SquaredError::<true>::new(values, w), order, rng)
            }
        }
    }

    fn run<I: Impurity, O: Order>(
        &self,
        impurity: &mut I,
        order: &mut O,
        rng: &mut Rng,
    ) -> Result<Tree, FitError> {
        let (n, width) = (order.n_rows(), impurity.slot_width());
        let mut drafts: Vec<Draft> = Vec::new();
        let mut slots = vec![0.0; width];
        let mut features: Vec<u32> = (0..self.x.ncols() as u32).collect();
        let pure = impurity.measure(order.rows(0..n, 0), &mut slots);
        let ends = pure || self.ends(n, 0);
        let mut open = vec![Open { rows: 0..n, depth: 0, slot: 0, ends, right_of: None }];
        while let Some(node) = open.pop() {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(FitError::Stopped(Signal::Cancel));
            }
            let at = drafts.len();
            if let Some(parent) = node.right_of {
                drafts[parent].right = at;
            }
            drafts.push(Draft { split: None, right: 0, slot: node.slot });
            if node.ends {
                continue;
            }
            impurity.enter(&slots[node.slot * width..(node.slot + 1) * width]);
            let Some(best) =
                self.best_split(impurity, order, node.rows.clone(), &mut features, rng)
            else {
                continue;
            };
            drafts[at].split = Some((best.cut.feature, self.threshold(&best)));
            let middle = node.rows.start + best.cut.n_left;
            let sides = [node.rows.start..middle, middle..node.rows.end];
            let depth = node.depth + 1;
            let deeper = sides.iter().any(|side| !self.ends(side.len(), depth));
            order.divide(node.rows.clone(), &best.cut, deeper);
            let mut right_of = Some(at);
            for rows in sides.into_iter().rev() {
                let slot = slots.len() / width;
                slots.resize(slots.len() + width, 0.0);
                let pure = impurity.measure(
                    order.rows(rows.clone(), best.cut.feature),
                    &mut slots[slot * width..],
                );
                let ends = pure || self.ends(rows.len(), depth);
                open.push(Open { rows, depth, slot, ends, right_of: right_of.take() });
            }
        }
        Ok(pack(&drafts, &slots, impurity, self.growth.ccp_alpha))
    }

    /// True for a node that its size or depth makes a leaf.
    fn ends(&self, n: usize, depth: usize) -> bool {
        depth >= self.growth.max_depth
            || n < self.growth.min_samples_split
            || n / 2 < self.growth.min_samples_leaf
    }

    /// The best split over all features, or over a draw of them: until enough were looked at and one of
    /// them was not constant, as in scikit-learn.
    fn best_split<I: Impurity, O: Order>(
        &self,
        impurity: &mut I,
        order: &mut O,
        rows: Range<usize>,
        features: &mut [u32],
        rng: &mut Rng,
    ) -> Option<Split> {
        let (mut best, mut any) = (None, false);
        for drawn in 0..features.len() {
            if drawn >= self.growth.n_candidates && any {
                break;
            }
            if self.growth.shuffled {
                features.swap(drawn, drawn + rng.below(features.len() - drawn));
            }
            let feature = features[drawn] as usize;
            let entries = order.sorted(rows.clone(), feature);
            if rank_of(entries[0]) == rank_of(entries[entries.len() - 1]) {
                continue;
            }
            any = true;
            let ties = if self.growth.shuffled { None } else { Some(self.x.column(feature)) };
            scan(impurity, entries, feature, self.growth.min_samples_leaf, ties, &mut best);
        }
        best
    }

    /// Half way between the values on both sides, and the lower one if rounding reaches the upper.
    fn threshold(&self, split: &Split) -> f64 {
        let [below, above] = split.between.map(|row| self.x[[row as usize, split.cut.feature]]);
        let middle = below / 2.0 + above / 2.0;
        if middle >= below && middle < above { middle } else { below }
    }
}

/// The width of a gap as a share of the range of the rows' values.
fn margin(values: ArrayView1<'_, f64>, entries: &[u64], n_left: usize) -> f64 {
    let at = |place: usize| values[entries[place] as u32 as usize];
    (at(n_left) - at(n_left - 1)) / (at(entries.len() - 1) - at(0))
}

/// Tries every gap between different values of one feature.
///
/// Splits that divide the classes equally well are frequent in small nodes. With `values` the one with the
/// widest gap wins, relative to the feature's range in the node: a threshold far from the rows on both
/// sides is the one that new rows are least likely to fall on the wrong side of. Without, the first wins.
fn scan<I: Impurity>(
    impurity: &mut I,
    entries: &[u64],
    feature: usize,
    min_leaf: usize,
    values: Option<ArrayView1<'_, f64>>,
    best: &mut Option<Split>,
) {
    let n = entries.len();
    let mut score_to_beat = best.map_or(f64::NEG_INFINITY, |best: Split| best.score);
    let mut margin_to_beat = best.map_or(f64::NEG_INFINITY, |best: Split| best.margin);
    let mut found = None;
    impurity.rewind();
    for &entry in &entries[..min_leaf - 1] {
        impurity.push(entry as u32);
    }
    for (place, pair) in entries[min_leaf - 1..=n - min_leaf].windows(2).enumerate() {
        impurity.push(pair[0] as u32);
        if rank_of(pair[0]) != rank_of(pair[1]) {
            let score = impurity.score();
            if score < score_to_beat {
                continue;
            }
            let margin = values.map_or(0.0, |values| margin(values, entries, place + min_leaf));
            if score > score_to_beat || margin > margin_to_beat {
                (score_to_beat, margin_to_beat) = (score, margin);
                found = Some(place + min_leaf);
            }
        }
    }
    if let Some(n_left) = found {
        let between = [entries[n_left - 1], entries[n_left]];
        let cut = Cut { feature, n_left, rank: rank_of(between[0]) };
        *best = Some(Split {
            cut,
            score: score_to_beat,
            margin: margin_to_beat,
            between: between.map(|entry| entry as u32),
        });
    }
}
