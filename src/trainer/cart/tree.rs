//! The packed tree: 16 bytes a node, left child next to its parent.

use crate::trainer::FlatTree;
use serde::{Deserialize, Serialize};

/// The feature number that marks a leaf.
const LEAF: u32 = u32::MAX;

/// One node. The left child of a split is the next node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::trainer) struct Node {
    threshold: f64,
    feature: u32,
    /// The right child of a split, the number of a leaf.
    right: u32,
}

/// A fitted tree in preorder.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::trainer) struct Tree {
    nodes: Vec<Node>,
    /// `leaves × width` numbers: class shares, a mean, or a step of boosting.
    leaves: Vec<f64>,
    width: usize,
}

/// A tree as JSON: one entry a node in `feature` (−1 for a leaf), one a split in the other two.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::trainer) struct SavedTree {
    feature: Vec<i32>,
    threshold: Vec<f64>,
    right: Vec<u32>,
    leaf: Vec<f64>,
}

impl Node {
    /// A split whose right child is not known yet.
    pub(in crate::trainer) fn split(feature: usize, threshold: f64) -> Self {
        Self { threshold, feature: feature as u32, right: 0 }
    }

    /// The leaf of that number.
    pub(in crate::trainer) fn leaf(number: usize) -> Self {
        Self { threshold: 0.0, feature: LEAF, right: number as u32 }
    }

    /// Sets the right child.
    pub(in crate::trainer) fn set_right(&mut self, node: usize) {
        self.right = node as u32;
    }

    /// The right child of a split, the number of a leaf.
    pub(in crate::trainer) fn right(&self) -> usize {
        self.right as usize
    }

    /// True for a leaf.
    pub(in crate::trainer) fn is_leaf(&self) -> bool {
        self.feature == LEAF
    }
}

impl Tree {
    /// Puts nodes and leaves together; `leaves` holds `width` numbers a leaf.
    pub(in crate::trainer) fn new(nodes: Vec<Node>, leaves: Vec<f64>, width: usize) -> Self {
        debug_assert_eq!(nodes.iter().filter(|node| node.is_leaf()).count() * width, leaves.len());
        Self { nodes, leaves, width }
    }

    /// The numbers of the leaf that a row falls into. A value that is not a number goes right.
    pub(in crate::trainer) fn leaf_of(&self, row: &[f64]) -> &[f64] {
        let mut at = 0;
        loop {
            let node = &self.nodes[at];
            if node.is_leaf() {
                let first = node.right as usize * self.width;
                return &self.leaves[first..first + self.width];
            }
            at = if row[node.feature as usize] <= node.threshold {
                at + 1
            } else {
                node.right as usize
            };
        }
    }

    /// Bytes of nodes and leaves.
    pub(in crate::trainer) fn n_bytes(&self) -> usize {
        self.nodes.len() * size_of::<Node>() + self.leaves.len() * size_of::<f64>()
    }

    /// The tree as plain numbers.
    pub(in crate::trainer) fn to_flat(&self) -> FlatTree {
        let mut flat = FlatTree { width: self.width, ..FlatTree::default() };
        for (at, node) in self.nodes.iter().enumerate() {
            let is_leaf = node.is_leaf();
            let leaf = node.right() * self.width;
            flat.feature.push((!is_leaf).then_some(node.feature));
            flat.threshold.push(node.threshold);
            flat.left.push(if is_leaf { 0 } else { at as u32 + 1 });
            flat.right.push(if is_leaf { 0 } else { node.right });
            if is_leaf {
                flat.value.extend(&self.leaves[leaf..leaf + self.width]);
            } else {
                flat.value.extend(std::iter::repeat_n(0.0, self.width));
            }
        }
        flat
    }

    /// The form in which it is saved.
    pub(in crate::trainer) fn to_saved(&self) -> SavedTree {
        let splits = || self.nodes.iter().filter(|node| !node.is_leaf());
        let number = |node: &Node| if node.is_leaf() { -1 } else { node.feature as i32 };
        SavedTree {
            feature: self.nodes.iter().map(number).collect(),
            threshold: splits().map(|node| node.threshold).collect(),
            right: splits().map(|node| node.right).collect(),
            leaf: self.leaves.clone(),
        }
    }
}

impl SavedTree {
    /// Reads a tree back, refusing one that a walk could leave or run round in.
    pub(in crate::trainer) fn into_tree(
        self,
        n_features: usize,
        width: usize,
    ) -> Result<Tree, String> {
        let n = self.feature.len();
        let mut splits = self.threshold.iter().zip(&self.right);
        let mut nodes = Vec::with_capacity(n);
        let mut n_leaves = 0;
        for (at, &feature) in self.feature.iter().enumerate() {
            if feature == -1 {
                nodes.push(Node::leaf(n_leaves));
                n_leaves += 1;
                continue;
            }
            let (&threshold, &right) =
                splits.next().ok_or_else(|| format!("node '{at}' of a tree has no threshold"))?;
            let feature = usize::try_from(feature).ok().filter(|&feature| feature < n_features);
            let feature =
                feature.ok_or_else(|| format!("node '{at}' of a tree has no such feature"))?;
            if right as usize <= at + 1 || right as usize >= n {
                return Err(format!("node '{at}' of a tree has the child '{right}' out of place"));
            }
            let mut node = Node::split(feature, threshold);
            node.set_right(right as usize);
            nodes.push(node);
        }
        if n_leaves == 0
            || self.feature[n - 1] != -1
            || splits.next().is_some()
            || self.leaf.len() != n_leaves * width
        {
            return Err(format!("a tree of '{n}' nodes does not fit its leaves"));
        }
        Ok(Tree::new(nodes, self.leaf, width))
    }
}
