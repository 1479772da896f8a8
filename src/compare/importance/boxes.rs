//! A tree as a function that is constant on boxes, and the variances of its parts.

use crate::trainer::FlatTree;

/// The value of each leaf and the box that it holds on. The boxes fill the whole.
pub(super) struct Boxes {
    leaves: Vec<Leaf>,
    /// Extent of each dimension.
    extents: Vec<f64>,
    /// Ends of the leaves along each dimension, ascending.
    cuts: Vec<Vec<f64>>,
}

struct Leaf {
    /// From the mean over the whole, so that sums cancel little.
    value: f64,
    volume: f64,
    /// Lower and upper end of each dimension.
    sides: Vec<(f64, f64)>,
    /// The sides as places in the cuts.
    places: Vec<(usize, usize)>,
}

impl Boxes {
    /// Cuts the box that `bounds` spans by a tree; boxes without extent are left out.
    pub(super) fn new(tree: &FlatTree, bounds: &[(f64, f64)]) -> Self {
        let mut leaves = vec![];
        let mut todo = vec![(0, bounds.to_vec())];
        while let Some((node, sides)) = todo.pop() {
            let Some(feature) = tree.feature[node] else {
                let volume = sides.iter().map(|(low, high)| high - low).product();
                let value = tree.value[node * tree.width];
                leaves.push(Leaf { value, volume, sides, places: vec![] });
                continue;
            };
            let (low, high) = sides[feature as usize];
            let cut = tree.threshold[node].clamp(low, high);
            for (next, side) in [(tree.right[node], (cut, high)), (tree.left[node], (low, cut))] {
                if side.0 < side.1 {
                    let mut sides = sides.clone();
                    sides[feature as usize] = side;
                    todo.push((next as usize, sides));
                }
            }
        }
        let extents = bounds.iter().map(|(low, high)| high - low).collect();
        let mut boxes = Self { leaves, extents, cuts: vec![] };
        boxes.center();
        boxes.cuts = (0..bounds.len()).map(|dim| boxes.cut(dim)).collect();
        boxes
    }

    /// Measures the values from their mean.
    fn center(&mut self) {
        let total: f64 = self.leaves.iter().map(|leaf| leaf.volume).sum();
        let mean = self.leaves.iter().map(|leaf| leaf.value * leaf.volume).sum::<f64>() / total;
        self.leaves.iter_mut().for_each(|leaf| leaf.value -= mean);
    }

    /// Finds the cuts along a dimension and the place of each leaf among them.
    fn cut(&mut self, dim: usize) -> Vec<f64> {
        let ends = self.leaves.iter().flat_map(|leaf| [leaf.sides[dim].0, leaf.sides[dim].1]);
        let mut cuts: Vec<f64> = ends.collect();
        cuts.sort_unstable_by(f64::total_cmp);
        cuts.dedup();
        for leaf in &mut self.leaves {
            let place = |end: f64| cuts.partition_point(|&cut| cut < end);
            leaf.places.push((place(leaf.sides[dim].0), place(leaf.sides[dim].1)));
        }
        cuts
    }

    fn volume(&self) -> f64 {
        self.extents.iter().product()
    }

    /// The variance of the function over the whole box.
    pub(super) fn variance(&self) -> f64 {
        let parts = self.leaves.iter().map(|leaf| leaf.value.powi(2) * leaf.volume);
        parts.sum::<f64>() / self.volume()
    }

    /// The variance of the function's mean over all dimensions but one, of each dimension.
    pub(super) fn marginals(&self) -> Vec<f64> {
        (0..self.extents.len()).map(|dim| self.marginal(dim)).collect()
    }

    fn marginal(&self, dim: usize) -> f64 {
        let cuts = &self.cuts[dim];
        // A leaf adds to all pieces from its lower end on, and takes it back from its upper end on.
        let mut steps = vec![0.0; cuts.len()];
        for leaf in &self.leaves {
            let side = leaf.sides[dim].1 - leaf.sides[dim].0;
            let part = leaf.value * leaf.volume / side;
            steps[leaf.places[dim].0] += part;
            steps[leaf.places[dim].1] -= part;
        }
        let others = self.volume() / self.extents[dim];
        let (mut sum, mut squares) = (0.0, 0.0);
        for (step, ends) in steps.iter().zip(cuts.windows(2)) {
            sum += step;
            squares += (sum / others).powi(2) * (ends[1] - ends[0]);
        }
        squares / self.extents[dim]
    }

    /// The variance of the function's mean over all dimensions but two: what both explain, each by itself and
    /// together.
    pub(super) fn joint(&self, a: usize, b: usize) -> f64 {
        let (rows, columns) = (&self.cuts[a], &self.cuts[b]);
        let width = columns.len();
        let mut steps = vec![0.0; rows.len() * width];
        for leaf in &self.leaves {
            let side = |dim: usize| leaf.sides[dim].1 - leaf.sides[dim].0;
            let part = leaf.value * leaf.volume / (side(a) * side(b));
            let ((top, bottom), (left, right)) = (leaf.places[a], leaf.places[b]);
            steps[top * width + left] += part;
            steps[top * width + right] -= part;
            steps[bottom * width + left] -= part;
            steps[bottom * width + right] += part;
        }
        let others = self.volume() / (self.extents[a] * self.extents[b]);
        let (mut above, mut squares) = (vec![0.0; width], 0.0);
        for (steps, ends) in steps.chunks(width).zip(rows.windows(2)) {
            let (mut sum, mut along) = (0.0, 0.0);
            for ((step, above), sides) in steps.iter().zip(&mut above).zip(columns.windows(2)) {
                sum += step;
                *above += sum;
                along += (*above / others).powi(2) * (sides[1] - sides[0]);
            }
            squares += along * (ends[1] - ends[0]);
        }
        squares / (self.extents[a] * self.extents[b])
    }
}
