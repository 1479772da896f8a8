//! A tree as a function that is constant on boxes of the unit cube, and the variances of its parts.

use crate::trainer::FlatTree;

/// The value of each leaf and the box that it holds on.
pub(super) struct Boxes {
    leaves: Vec<Leaf>,
    dims: usize,
}

struct Leaf {
    value: f64,
    /// Lower and upper end of each dimension.
    sides: Vec<(f64, f64)>,
}

impl Boxes {
    /// Cuts the box that `bounds` spans by a tree; boxes without extent are left out.
    pub(super) fn new(tree: &FlatTree, bounds: &[(f64, f64)]) -> Self {
        let mut leaves = vec![];
        let mut todo = vec![(0, bounds.to_vec())];
        while let Some((node, sides)) = todo.pop() {
            let Some(feature) = tree.feature[node] else {
                leaves.push(Leaf { value: tree.value[node * tree.width], sides });
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
        Self { leaves, dims: bounds.len() }
    }

    /// The variance of the function over the whole box.
    pub(super) fn variance(&self) -> f64 {
        weighted_variance(self.leaves.iter().map(|leaf| (leaf.value, leaf.volume(None))))
    }

    /// The variance of the function's mean over all dimensions but one, of each dimension.
    pub(super) fn marginals(&self) -> Vec<f64> {
        (0..self.dims).map(|dim| self.marginal(dim)).collect()
    }

    fn marginal(&self, dim: usize) -> f64 {
        let mut cuts: Vec<f64> =
            self.leaves.iter().flat_map(|leaf| [leaf.sides[dim].0, leaf.sides[dim].1]).collect();
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        let mut means = vec![0.0; cuts.len().saturating_sub(1)];
        let mut areas = vec![0.0; means.len()];
        for leaf in &self.leaves {
            let (low, high) = leaf.sides[dim];
            let first = cuts.partition_point(|&cut| cut < low);
            let last = cuts.partition_point(|&cut| cut < high);
            let area = leaf.volume(Some(dim));
            for piece in first..last {
                means[piece] += leaf.value * area;
                areas[piece] += area;
            }
        }
        let pieces = (0..means.len()).map(|i| (means[i] / areas[i], cuts[i + 1] - cuts[i]));
        weighted_variance(pieces)
    }
}

impl Leaf {
    /// The volume over all dimensions but one.
    fn volume(&self, without: Option<usize>) -> f64 {
        let sides = self.sides.iter().enumerate().filter(|(dim, _)| Some(*dim) != without);
        sides.map(|(_, (low, high))| high - low).product()
    }
}

/// The variance of values with weights.
fn weighted_variance(values: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let total: f64 = values.clone().map(|(_, weight)| weight).sum();
    let mean = values.clone().map(|(value, weight)| value * weight).sum::<f64>() / total;
    values.map(|(value, weight)| weight * (value - mean).powi(2)).sum::<f64>() / total
}
