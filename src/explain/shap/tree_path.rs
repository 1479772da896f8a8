//! Path-dependent `TreeSHAP` (Lundberg et al. 2020, algorithm 2's game), by quadrature.
//!
//! A feature outside the coalition sends a row down both branches, weighted by the share of background rows that
//! take each. For one leaf the game is then a product over the distinct features of its path, `Π (o_j t + z_j (1 −
//! t))` in Owen's multilinear extension, with `o_j` 1 if the row satisfies all splits on `j` and `z_j` the product of
//! the shares. The Shapley value of `j` is `(o_j − z_j) ∫₀¹ Π_{k ≠ j} (o_k t + z_k (1 − t)) dt`: a polynomial, which
//! Gauss–Legendre quadrature integrates exactly. All terms are positive, so nothing cancels in deep trees.

use super::attribution::{Attributions, Method, check_rows, output_classes};
use super::quadrature::gauss_legendre;
use super::tree::{TreeSum, child, leaf_value};
use crate::explain::ExplainError;
use crate::trainer::{FlatTree, Form};
use ndarray::ArrayView2;

/// Attributions of trees by the paths that background rows take.
///
/// In shap's terms `feature_perturbation="tree_path_dependent"`, the counts of the nodes taken from the
/// background. Where no background row reaches a split, its branches count half each.
///
/// # Errors
/// When the model has no trees, there are no rows, or they do not fit the model.
pub fn tree_path_dependent(
    form: &Form,
    x: ArrayView2<'_, f64>,
    background: ArrayView2<'_, f64>,
) -> Result<Attributions, ExplainError> {
    check_rows(x, background, None)?;
    let sum = TreeSum::new(form, x.ncols())?;
    let plans: Vec<Plan<'_>> = sum.trees.iter().map(|tree| Plan::new(tree, background)).collect();
    let deepest = plans.iter().map(|plan| plan.longest).max().unwrap_or(0);
    // The polynomial of a path of d features without one has degree d − 1.
    let rules: Vec<_> = (0..=deepest).map(|d| gauss_legendre(d.div_ceil(2).max(1))).collect();
    let mut base = sum.start.to_vec();
    for (number, plan) in plans.iter().enumerate() {
        plan.add_expectation(&mut base[sum.first_output(number)..], sum.share());
    }
    let features = x.ncols();
    let values = sum.per_row(x, |row, cells| {
        for (number, plan) in plans.iter().enumerate() {
            let cells = &mut cells[sum.first_output(number) * features..];
            let rule = &rules[plan.longest];
            Walk { plan, row, rule, share: sum.share(), cells, path: vec![] }.run();
        }
    });
    Ok(Attributions {
        method: Method::TreePathDependent,
        scale: sum.scale(),
        classes: output_classes(sum.link, sum.outputs()),
        base,
        values,
        errors: None,
    })
}

/// A tree with the share of background rows that go from each node to its left child.
struct Plan<'a> {
    tree: &'a FlatTree,
    left_share: Vec<f64>,
    /// Most distinct features on a path.
    longest: usize,
}

impl<'a> Plan<'a> {
    fn new(tree: &'a FlatTree, background: ArrayView2<'_, f64>) -> Self {
        let mut counts = vec![0u32; tree.feature.len()];
        for row in background.rows() {
            let mut node = 0;
            counts[node] += 1;
            while let Some(feature) = tree.feature[node] {
                node = child(tree, node, row[feature as usize]);
                counts[node] += 1;
            }
        }
        let share = |node: usize| match (tree.feature[node], counts[node]) {
            (None, _) => 1.0,
            (Some(_), 0) => 0.5,
            (Some(_), all) => f64::from(counts[tree.left[node] as usize]) / f64::from(all),
        };
        let left_share = (0..counts.len()).map(share).collect();
        Self { tree, left_share, longest: longest_path(tree) }
    }

    /// Adds the mean leaf over the shares.
    fn add_expectation(&self, base: &mut [f64], share: f64) {
        let mut todo = vec![(0, share)];
        while let Some((node, weight)) = todo.pop() {
            if self.tree.feature[node].is_none() {
                let leaf = leaf_value(self.tree, node);
                base.iter_mut().zip(leaf).for_each(|(sum, value)| *sum += weight * value);
                continue;
            }
            let left = self.left_share[node];
            todo.push((self.tree.left[node] as usize, weight * left));
            todo.push((self.tree.right[node] as usize, weight * (1.0 - left)));
        }
    }
}

/// The most distinct features on the way to a leaf.
fn longest_path(tree: &FlatTree) -> usize {
    let mut longest = 0;
    let mut todo = vec![(0, vec![])];
    while let Some((node, mut seen)) = todo.pop() {
        let Some(feature) = tree.feature[node] else {
            longest = longest.max(seen.len());
            continue;
        };
        if !seen.contains(&feature) {
            seen.push(feature);
        }
        todo.push((tree.left[node] as usize, seen.clone()));
        todo.push((tree.right[node] as usize, seen));
    }
    longest
}

/// One feature of a path: whether the row satisfies its splits, and the share of the background that does.
#[derive(Clone, Copy)]
struct Step {
    feature: u32,
    one: f64,
    zero: f64,
}

impl Step {
    fn at(&self, t: f64) -> f64 {
        self.one * t + self.zero * (1.0 - t)
    }
}

/// The way of one row through one tree.
struct Walk<'a> {
    plan: &'a Plan<'a>,
    row: &'a [f64],
    rule: &'a (Vec<f64>, Vec<f64>),
    share: f64,
    /// `outputs × features`, from the tree's first output on.
    cells: &'a mut [f64],
    path: Vec<Step>,
}

impl Walk<'_> {
    fn run(&mut self) {
        let ones = vec![1.0; self.rule.0.len()];
        self.node(0, &ones);
    }

    /// `products` holds the product of the path's factors at each quadrature node.
    fn node(&mut self, node: usize, products: &[f64]) {
        let tree = self.plan.tree;
        let Some(feature) = tree.feature[node] else { return self.leaf(node, products) };
        let taken = child(tree, node, self.row[feature as usize]);
        let left = self.plan.left_share[node];
        for (next, share) in
            [(tree.left[node] as usize, left), (tree.right[node] as usize, 1.0 - left)]
        {
            let at = self.path.iter().position(|step| step.feature == feature);
            let before = at.map_or(Step { feature, one: 1.0, zero: 1.0 }, |at| self.path[at]);
            let hit = if next == taken { 1.0 } else { 0.0 };
            let step = Step { feature, one: before.one * hit, zero: before.zero * share };
            if step.one == 0.0 && step.zero == 0.0 {
                continue;
            }
            let ratio = |(product, &t): (&f64, &f64)| product / before.at(t) * step.at(t);
            let products: Vec<f64> = products.iter().zip(&self.rule.0).map(ratio).collect();
            if let Some(at) = at {
                self.path[at] = step;
                self.node(next, &products);
                self.path[at] = before;
            } else {
                self.path.push(step);
                self.node(next, &products);
                self.path.pop();
            }
        }
    }

    fn leaf(&mut self, node: usize, products: &[f64]) {
        let features = self.row.len();
        let leaf = leaf_value(self.plan.tree, node);
        for step in &self.path {
            let (nodes, weights) = self.rule;
            let integral: f64 = (nodes.iter().zip(weights).zip(products))
                .map(|((&t, weight), product)| weight * product / step.at(t))
                .sum();
            let phi = (step.one - step.zero) * integral * self.share;
            for (output, value) in leaf.iter().enumerate() {
                self.cells[output * features + step.feature as usize] += phi * value;
            }
        }
    }
}
