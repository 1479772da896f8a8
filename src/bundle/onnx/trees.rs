//! Trees: which leaf a row falls into by `TreeEnsembleRegressor`, the leaves' numbers by a table of doubles.

use super::OnnxError;
use super::graph::{Builder, Name, doubles, int, ints, tensor, text, texts};
use super::model::Place;
use super::proto::element;
use crate::trainer::FlatTree;

/// The operator answers in floats of 32 bits, which count this far.
const MAX_LEAVES: usize = 1 << 24;

/// The attributes of the operator, one entry a node or a leaf.
#[derive(Default)]
struct Nodes {
    tree: Vec<i64>,
    node: Vec<i64>,
    feature: Vec<i64>,
    is_leaf: Vec<bool>,
    on_true: Vec<i64>,
    on_false: Vec<i64>,
    threshold: Vec<f64>,
    leaf_tree: Vec<i64>,
    leaf_node: Vec<i64>,
    leaf_number: Vec<f64>,
}

impl Nodes {
    fn push(&mut self, number: i64, tree: &FlatTree) {
        let mut n_leaves = 0;
        for (at, feature) in tree.feature.iter().enumerate() {
            self.tree.push(number);
            self.node.push(at as i64);
            self.feature.push(feature.map_or(0, i64::from));
            self.is_leaf.push(feature.is_none());
            self.on_true.push(i64::from(tree.left[at]));
            self.on_false.push(i64::from(tree.right[at]));
            self.threshold.push(tree.threshold[at]);
            if feature.is_none() {
                self.leaf_tree.push(number);
                self.leaf_node.push(at as i64);
                self.leaf_number.push(f64::from(n_leaves));
                n_leaves += 1;
            }
        }
    }

    /// `rows × trees` numbers of leaves, each from 0 in its tree.
    fn leaves(self, builder: &mut Builder, n_trees: usize, at: Place<'_>) -> Name {
        if self.tree.is_empty() {
            return at.repeated(builder, &vec![0.0; n_trees]);
        }
        let n = self.threshold.len();
        let modes = self.is_leaf.iter().map(|leaf| if *leaf { "LEAF" } else { "BRANCH_LEQ" });
        let attrs = vec![
            int("n_targets", n_trees as i64),
            text("aggregate_function", "SUM"),
            text("post_transform", "NONE"),
            texts("nodes_modes", modes),
            tensor("nodes_values_as_tensor", doubles(&self.threshold, &[n])),
            ints("nodes_treeids", self.tree),
            ints("nodes_nodeids", self.node),
            ints("nodes_featureids", self.feature),
            ints("nodes_truenodeids", self.on_true),
            ints("nodes_falsenodeids", self.on_false),
            ints("target_ids", self.leaf_tree.clone()),
            ints("target_treeids", self.leaf_tree),
            ints("target_nodeids", self.leaf_node),
            tensor(
                "target_weights_as_tensor",
                doubles(&self.leaf_number, &[self.leaf_number.len()]),
            ),
        ];
        builder.ml("TreeEnsembleRegressor", &[at.x], attrs)
    }
}

/// `rows × outputs`: the start plus the trees one after another, or their mean.
pub(super) fn scores(
    builder: &mut Builder,
    trees: &[FlatTree],
    (start, is_mean): (&[f64], bool),
    at: Place<'_>,
) -> Result<Name, OnnxError> {
    let width = start.len();
    let sum = at.repeated(builder, start);
    if trees.is_empty() {
        return Ok(sum);
    }
    let (mut nodes, mut table, mut firsts) = (Nodes::default(), vec![], vec![]);
    for (number, tree) in trees.iter().enumerate() {
        firsts.push((table.len() / width) as i64);
        let is_leaf = tree.feature.iter().map(Option::is_none);
        let n_leaves = is_leaf.clone().filter(|leaf| *leaf).count();
        if n_leaves > MAX_LEAVES {
            return Err(OnnxError::TooLarge {
                what: "the number of leaves of a tree",
                size: n_leaves,
                limit: MAX_LEAVES,
                mend: "a smaller 'max_depth', or a larger 'min_samples_leaf'",
            });
        }
        // A tree of one leaf always answers with leaf 0.
        if n_leaves > 1 {
            nodes.push(number as i64, tree);
        }
        for (values, _) in
            tree.value.chunks_exact(tree.width).zip(is_leaf).filter(|(_, leaf)| *leaf)
        {
            let output = number % width;
            match (is_mean, values) {
                (true, _) => table.extend(values),
                (false, values) => {
                    table.extend((0..width).map(|at| if at == output { values[0] } else { 0.0 }));
                }
            }
        }
    }
    let leaves = nodes.leaves(builder, trees.len(), at);
    let leaves = builder.op_with("Cast", &[&leaves], vec![int("to", i64::from(element::INT64))]);
    let firsts = builder.ints(&firsts);
    let rows = builder.op("Add", &[&leaves, &firsts]);
    let table = builder.doubles(&table, &[table.len() / width, width]);
    let slices = [(&*rows, 1, element::INT64)];
    let mut sums = builder.scan(&[&sum], &slices, |builder, states, slices| {
        let values = builder.op_with("Gather", &[&table, &slices[0]], vec![int("axis", 0)]);
        vec![builder.op("Add", &[&states[0], &values])]
    });
    let sum = sums.swap_remove(0);
    if !is_mean || trees.len() == 1 {
        return Ok(sum);
    }
    let n = builder.double(trees.len() as f64);
    Ok(builder.op("Div", &[&sum, &n]))
}
