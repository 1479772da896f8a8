//! One tree of Newton steps, grown on histograms.

use super::bins::LANES;
use super::{Bins, Quantum};
use crate::trainer::cart::{Node, Tree};
use std::ops::Range;

/// Sums of gradients and Hessians, in quanta.
type Sums = [i64; 2];

/// Places of a feature in a histogram: a code always finds one.
const PLACES: usize = 256;

/// What a tree pays for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::trainer) struct Penalties {
    /// Splits from the root to a leaf at most.
    pub(in crate::trainer) max_depth: usize,
    /// The least sum of Hessians on each side.
    pub(in crate::trainer) min_child_weight: f64,
    /// L2 penalty on leaves.
    pub(in crate::trainer) reg_lambda: f64,
    /// L1 penalty on leaves.
    pub(in crate::trainer) reg_alpha: f64,
    /// The least gain of a split.
    pub(in crate::trainer) gamma: f64,
    /// The share of a Newton step that a leaf goes.
    pub(in crate::trainer) learning_rate: f64,
}

/// What one tree sees.
#[derive(Debug, Clone, Copy)]
pub(in crate::trainer) struct Sample<'a> {
    /// Rows, ascending.
    pub(in crate::trainer) rows: &'a [u32],
    /// Features, ascending.
    pub(in crate::trainer) features: &'a [usize],
    /// First and second derivatives, by row of the fold.
    pub(in crate::trainer) gradients: &'a [[f64; 2]],
}

/// Grows trees on the bins of one fold; the buffers go from tree to tree.
#[derive(Debug)]
pub(in crate::trainer) struct BoostGrower<'a> {
    bins: &'a Bins,
    penalties: Penalties,
    rows: Vec<u32>,
    scratch: Vec<u32>,
    /// Derivatives by row of the fold, in quanta.
    counts: Vec<Sums>,
    /// Those of the node at hand, in the order of its rows.
    gathered: Vec<Sums>,
    spare: Vec<Vec<Sums>>,
    quanta: [Quantum; 2],
}

/// A node that waits; one without a histogram becomes a leaf.
#[derive(Debug)]
struct Open {
    rows: Range<usize>,
    depth: usize,
    sums: Sums,
    histogram: Option<Vec<Sums>>,
    right_of: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Split {
    feature: usize,
    bin: usize,
    left: Sums,
}

impl<'a> BoostGrower<'a> {
    /// Prepares the buffers.
    pub(in crate::trainer) fn new(bins: &'a Bins, penalties: Penalties) -> Self {
        let quanta = [Quantum::new(0.0); 2];
        let (rows, scratch, counts, gathered) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { bins, penalties, rows, scratch, counts, gathered, spare: Vec::new(), quanta }
    }

    /// Bytes that `n_rows × n_features` need at most, bins included.
    pub(in crate::trainer) fn n_bytes(n_rows: usize, n_features: usize, max_depth: usize) -> usize {
        let lanes = n_features.div_ceil(LANES) * LANES;
        let histograms = (max_depth + 2).min(n_rows + 1);
        n_rows * (lanes + 48) + histograms * lanes * PLACES * size_of::<Sums>()
    }

    /// Grows a tree and hands each of its rows the step of its leaf. None if the derivatives ran away.
    pub(in crate::trainer) fn grow(
        &mut self,
        sample: &Sample<'_>,
        mut step: impl FnMut(u32, f64),
    ) -> Option<Tree> {
        self.load(sample)?;
        let (mut nodes, mut leaves) = (Vec::<Node>::new(), Vec::new());
        let mut open = vec![self.root(sample)];
        while let Some(node) = open.pop() {
            let at = nodes.len();
            if let Some(parent) = node.right_of {
                nodes[parent].set_right(at);
            }
            let found = node
                .histogram
                .as_ref()
                .and_then(|histogram| self.best_split(histogram, node.sums, sample));
            let Some(split) = found else {
                let value = self.leaf(node.sums);
                nodes.push(Node::leaf(leaves.len()));
                leaves.push(value);
                self.rows[node.rows.clone()].iter().for_each(|&row| step(row, value));
                self.spare.extend(node.histogram);
                continue;
            };
            nodes.push(Node::split(split.feature, self.bins.threshold(split.feature, split.bin)));
            let n_left = self.divide(node.rows.clone(), &split);
            let [left, right] = self.children(node, &split, n_left, sample);
            open.push(Open { right_of: Some(at), ..right });
            open.push(left);
        }
        Some(Tree::new(nodes, leaves, 1))
    }

    /// Takes the derivatives over in quanta.
    fn load(&mut self, sample: &Sample<'_>) -> Option<()> {
        let mut totals = [0.0; 2];
        for &row in sample.rows {
            let [gradient, hessian] = sample.gradients[row as usize];
            totals = [totals[0] + gradient.abs(), totals[1] + hessian];
        }
        if !totals.iter().all(|total| total.is_finite()) {
            return None;
        }
        self.quanta = totals.map(Quantum::new);
        self.counts.resize(sample.gradients.len(), [0; 2]);
        for &row in sample.rows {
            let [gradient, hessian] = sample.gradients[row as usize];
            self.counts[row as usize] =
                [self.quanta[0].count(gradient), self.quanta[1].count(hessian)];
        }
        self.rows.clear();
        self.rows.extend_from_slice(sample.rows);
        Some(())
    }

    fn root(&mut self, sample: &Sample<'_>) -> Open {
        let rows = 0..self.rows.len();
        let mut sums = [0; 2];
        for &row in sample.rows {
            add(&mut sums, self.counts[row as usize]);
        }
        let histogram = self.splittable(&rows, 0).then(|| self.histogram(rows.clone(), sample));
        Open { rows, depth: 0, sums, histogram, right_of: None }
    }

    fn splittable(&self, rows: &Range<usize>, depth: usize) -> bool {
        depth < self.penalties.max_depth && rows.len() > 1
    }

    /// Both children: the smaller one is counted, the other is what is left of the parent.
    fn children(
        &mut self,
        node: Open,
        split: &Split,
        n_left: usize,
        sample: &Sample<'_>,
    ) -> [Open; 2] {
        let middle = node.rows.start + n_left;
        let sides = [node.rows.start..middle, middle..node.rows.end];
        let right = [node.sums[0] - split.left[0], node.sums[1] - split.left[1]];
        let depth = node.depth + 1;
        let mut histograms = [None, None];
        if sides.iter().any(|side| self.splittable(side, depth)) {
            let small = usize::from(sides[1].len() < sides[0].len());
            let counted = self.histogram(sides[small].clone(), sample);
            if let Some(mut rest) = node.histogram {
                subtract(&mut rest, &counted, sample.features);
                histograms[1 - small] = Some(rest);
            }
            histograms[small] = Some(counted);
        } else {
            self.spare.extend(node.histogram);
        }
        let [left_rows, right_rows] = sides;
        let [left_histogram, right_histogram] = histograms;
        [(left_rows, split.left, left_histogram), (right_rows, right, right_histogram)]
            .map(|(rows, sums, histogram)| Open { rows, depth, sums, histogram, right_of: None })
    }

    /// The sums of each bin of each feature over some rows.
    fn histogram(&mut self, rows: Range<usize>, sample: &Sample<'_>) -> Vec<Sums> {
        let blocks = self.bins.n_features().div_ceil(LANES);
        let mut histogram = self.spare.pop().unwrap_or_default();
        histogram.clear();
        histogram.resize(blocks * LANES * PLACES, [0; 2]);
        let rows = &self.rows[rows];
        self.gathered.clear();
        self.gathered.extend(rows.iter().map(|&row| self.counts[row as usize]));
        let mut last = usize::MAX;
        for &feature in sample.features {
            let block = feature / LANES;
            if block != last {
                let places = &mut histogram[block * LANES * PLACES..(block + 1) * LANES * PLACES];
                count(places, self.bins.block(block), rows, &self.gathered);
                last = block;
            }
        }
        histogram
    }

    /// The split of the largest gain, the first of equal ones.
    fn best_split(&self, histogram: &[Sums], sums: Sums, sample: &Sample<'_>) -> Option<Split> {
        let least = self.quanta[1].count(self.penalties.min_child_weight.min(1e300)).max(1);
        let whole = self.worth(sums);
        let mut best: Option<Split> = None;
        let mut to_beat = whole * (1.0 + 1e-12) + 2.0 * self.penalties.gamma;
        for &feature in sample.features {
            let places = &histogram[feature * PLACES..][..self.bins.n_bins(feature) - 1];
            let mut left = [0; 2];
            for (bin, &place) in places.iter().enumerate() {
                if place == [0; 2] {
                    continue;
                }
                add(&mut left, place);
                let right = [sums[0] - left[0], sums[1] - left[1]];
                if left[1] < least || right[1] < least {
                    continue;
                }
                let gain = self.worth(left) + self.worth(right);
                if gain > to_beat {
                    to_beat = gain;
                    best = Some(Split { feature, bin, left });
                }
            }
        }
        best
    }

    /// Twice what a node lowers the loss by with its best leaf: `T(G)² / (H + λ)`.
    #[inline]
    fn worth(&self, sums: Sums) -> f64 {
        let (pull, curvature) = self.pull(sums);
        if curvature > 0.0 { pull * pull / curvature } else { 0.0 }
    }

    /// `T(G)` without its sign, and `H + λ`.
    #[inline]
    fn pull(&self, sums: Sums) -> (f64, f64) {
        let gradient = self.quanta[0].value(sums[0]).abs();
        let hessian = self.quanta[1].value(sums[1]);
        ((gradient - self.penalties.reg_alpha).max(0.0), hessian + self.penalties.reg_lambda)
    }

    fn leaf(&self, sums: Sums) -> f64 {
        let (pull, curvature) = self.pull(sums);
        if pull == 0.0 || curvature <= 0.0 {
            return 0.0;
        }
        let step = pull / curvature * self.penalties.learning_rate;
        if sums[0] > 0 { -step } else { step }
    }

    /// Moves the rows that go left to the front, both sides in their order; how many they are.
    fn divide(&mut self, rows: Range<usize>, split: &Split) -> usize {
        let codes = self.bins.block(split.feature / LANES);
        let lane = split.feature % LANES;
        let list = &mut self.rows[rows];
        self.scratch.clear();
        let mut n_left = 0;
        for place in 0..list.len() {
            let row = list[place];
            if usize::from(codes[row as usize][lane]) <= split.bin {
                list[n_left] = row;
                n_left += 1;
            } else {
                self.scratch.push(row);
            }
        }
        list[n_left..].copy_from_slice(&self.scratch);
        n_left
    }
}

#[inline]
fn add(to: &mut Sums, sums: Sums) {
    to[0] += sums[0];
    to[1] += sums[1];
}

/// Adds rows to the histograms of four features.
fn count(places: &mut [Sums], codes: &[[u8; LANES]], rows: &[u32], counts: &[Sums]) {
    let (lanes, _) = places.as_chunks_mut::<PLACES>();
    let [first, second, third, fourth] = lanes else { return };
    for (&row, &sums) in rows.iter().zip(counts) {
        let code = codes[row as usize];
        add(&mut first[usize::from(code[0])], sums);
        add(&mut second[usize::from(code[1])], sums);
        add(&mut third[usize::from(code[2])], sums);
        add(&mut fourth[usize::from(code[3])], sums);
    }
}

fn subtract(from: &mut [Sums], other: &[Sums], features: &[usize]) {
    for &feature in features {
        let places = feature * PLACES..(feature + 1) * PLACES;
        for (sums, less) in from[places.clone()].iter_mut().zip(&other[places]) {
            *sums = [sums[0] - less[0], sums[1] - less[1]];
        }
    }
}
