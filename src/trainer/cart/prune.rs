//! Minimal cost-complexity pruning, and packing drafts into a tree.

use super::grow::Draft;
use super::impurity::Impurity;
use super::{Node, Tree};

/// Packs a grown tree, leaves out what `alpha` does not pay for.
///
/// A subtree stays if it lowers the impurity (a share of all weight) by more than `alpha` a leaf, which is
/// the smallest tree that minimises `R(T) + alpha·leaves` (Breiman et al. 1984, §3.3). 0 prunes nothing.
pub(super) fn pack<I: Impurity>(drafts: &[Draft], slots: &[f64], impurity: &I, alpha: f64) -> Tree {
    let slot_of =
        |draft: &Draft| &slots[draft.slot * impurity.slot_width()..][..impurity.slot_width()];
    let kept = if alpha > 0.0 {
        let costs: Vec<f64> = drafts.iter().map(|draft| impurity.cost(slot_of(draft))).collect();
        keep(drafts, &costs, alpha * impurity.weight(slot_of(&drafts[0])))
    } else {
        drafts.iter().map(|draft| draft.split.is_some()).collect()
    };
    let ends = subtree_ends(drafts);
    let (mut nodes, mut leaves) = (Vec::new(), Vec::new());
    let mut moved = vec![0; drafts.len()];
    let mut at = 0;
    while at < drafts.len() {
        moved[at] = nodes.len();
        match drafts[at].split {
            Some((feature, threshold)) if kept[at] => {
                let mut node = Node::split(feature, threshold);
                node.set_right(drafts[at].right);
                nodes.push(node);
                at += 1;
            }
            _ => {
                nodes.push(Node::leaf(leaves.len() / impurity.leaf_width()));
                impurity.leaf(slot_of(&drafts[at]), &mut leaves);
                at = ends[at];
            }
        }
    }
    for node in nodes.iter_mut().filter(|node| !node.is_leaf()) {
        node.set_right(moved[node.right()]);
    }
    Tree::new(nodes, leaves, impurity.leaf_width())
}

/// Which splits pruning keeps, bottom up.
fn keep(drafts: &[Draft], costs: &[f64], price: f64) -> Vec<bool> {
    let mut kept = vec![false; drafts.len()];
    let mut best = vec![0.0; drafts.len()];
    for (at, draft) in drafts.iter().enumerate().rev() {
        let as_leaf = costs[at] + price;
        best[at] = as_leaf;
        if draft.split.is_some() {
            let as_split = best[at + 1] + best[draft.right];
            if as_split < as_leaf {
                (kept[at], best[at]) = (true, as_split);
            }
        }
    }
    kept
}

/// Where the subtree of each node ends in preorder.
fn subtree_ends(drafts: &[Draft]) -> Vec<usize> {
    let mut ends = vec![0; drafts.len()];
    for (at, draft) in drafts.iter().enumerate().rev() {
        ends[at] = if draft.split.is_some() { ends[draft.right] } else { at + 1 };
    }
    ends
}
