//! Classification and regression trees: the growing code that the single tree and the forest share.
//!
//! Trees are grown as in Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees" (1984),
//! with scikit-learn's conventions: exact splits, thresholds half way between neighbouring values, `<=` goes
//! left, row counts (not weights) for the `min_samples` limits, rows of weight 0 left out. Equal splits go to
//! the one with the widest gap relative to the feature's range in the node, then to the lower feature and the
//! lower threshold (where features are drawn, to the first one drawn), so a fit never depends on chance where
//! none is asked for.
//!
//! | file | what it does |
//! |---|---|
//! | `options` | parameters, checked against the fold |
//! | `target` | labels and row weights in the shape that growing reads |
//! | `impurity` | Gini, entropy, squared error as scans over sorted rows |
//! | `column` | the order of one column, sorted once a fold |
//! | `order` | sorted rows of a node: presorted lists, or rank codes sorted where they are needed |
//! | `grow` | the loop over nodes |
//! | `prune` | minimal cost-complexity pruning, and packing into a tree |
//! | `tree` | the packed tree |
//! | `model` | the model of one tree or many |
//! | `boost` | histograms and rounds of gradient boosting |

pub(super) mod boost;

mod column;
mod grow;
mod impurity;
mod model;
mod options;
mod order;
mod prune;
mod target;
#[cfg(test)]
mod tests;
mod tree;

pub(super) use column::ascending;
pub(super) use grow::{Grower, Growth};
pub(super) use model::CartModel;
pub(super) use options::{CartOptions, params};
pub(super) use target::Target;
pub(super) use tree::{Node, Tree};
