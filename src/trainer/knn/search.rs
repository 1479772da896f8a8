//! Nearest rows: brute force by matrix products, or a k-d tree; exact, equal distances in row order.

use linfa_nn::distance::{L1Dist, L2Dist};
use linfa_nn::{KdTree, NearestNeighbour, NearestNeighbourIndex};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

/// Queries per matrix product.
const BLOCK: usize = 64;

/// A tree pays with few features, many rows, and enough queries to make up for building it.
const TREE_FEATURES: usize = 8;
const TREE_ROWS: usize = 4096;
const TREE_QUERIES: usize = 256;

/// One neighbor of a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Neighbor {
    pub(super) distance: f64,
    pub(super) row: usize,
}

/// The rows to search in.
pub(super) struct Index<'a> {
    pub(super) rows: ArrayView2<'a, f64>,
    pub(super) manhattan: bool,
    /// How many neighbors to find; at most the number of rows.
    pub(super) k: usize,
}

impl Index<'_> {
    /// Calls `found` with each query's number and neighbors, nearest first.
    pub(super) fn search(
        &self,
        queries: ArrayView2<'_, f64>,
        found: &mut dyn FnMut(usize, &[Neighbor]),
    ) {
        let (n, d) = self.rows.dim();
        if d <= TREE_FEATURES && n >= TREE_ROWS && queries.nrows() >= TREE_QUERIES {
            let tree = if self.manhattan {
                KdTree::new().from_batch(&self.rows, L1Dist)
            } else {
                KdTree::new().from_batch(&self.rows, L2Dist)
            };
            if let Ok(tree) = tree {
                self.by_tree(&*tree, queries, found);
                return;
            }
        }
        self.by_blocks(queries, found);
    }

    fn by_tree(
        &self,
        tree: &dyn NearestNeighbourIndex<f64>,
        queries: ArrayView2<'_, f64>,
        found: &mut dyn FnMut(usize, &[Neighbor]),
    ) {
        let queries = queries.as_standard_layout();
        for (number, query) in queries.rows().into_iter().enumerate() {
            let nearest =
                |rows: Vec<(_, usize)>| self.exact(query, rows.into_iter().map(|(_, row)| row));
            // The tree may return any of the rows that tie for the last place, so all of them are asked for.
            let ring = tree.k_nearest(query, self.k).map(nearest).ok().and_then(|near| {
                let reach = near.last().map_or(0.0, |last| last.distance);
                tree.within_range(query, reach * (1.0 + 1e-9) + f64::MIN_POSITIVE).map(nearest).ok()
            });
            let near = match ring {
                Some(near) if near.len() >= self.k => near,
                _ => self.exact(query, 0..self.rows.nrows()),
            };
            found(number, &near[..self.k]);
        }
    }

    fn by_blocks(&self, queries: ArrayView2<'_, f64>, found: &mut dyn FnMut(usize, &[Neighbor])) {
        let squares: Vec<f64> = self.rows.rows().into_iter().map(|row| row.dot(&row)).collect();
        let largest = squares.iter().copied().fold(0.0, f64::max);
        let mut candidates = Candidates::new(self.k);
        for (block, part) in queries.axis_chunks_iter(Axis(0), BLOCK).enumerate() {
            let products =
                if self.manhattan { self.manhattan(part) } else { part.dot(&self.rows.t()) };
            for (offset, (query, products)) in
                part.rows().into_iter().zip(products.rows()).enumerate()
            {
                if self.manhattan {
                    candidates.start(0.0);
                    for (row, &sum) in products.iter().enumerate() {
                        candidates.offer(sum, row);
                    }
                } else {
                    let own = query.dot(&query);
                    // Bound on the rounding of own + square − 2·product.
                    let d = query.len() as f64;
                    candidates.start(4.0 * (d + 8.0) * f64::EPSILON * (own + largest));
                    for (row, (&product, square)) in products.iter().zip(&squares).enumerate() {
                        candidates.offer(own + square - 2.0 * product, row);
                    }
                }
                let near = self.exact(query, candidates.rows());
                found(block * BLOCK + offset, &near[..self.k]);
            }
        }
    }

    fn manhattan(&self, queries: ArrayView2<'_, f64>) -> Array2<f64> {
        Array2::from_shape_fn((queries.nrows(), self.rows.nrows()), |(query, row)| {
            let pairs = queries.row(query).into_iter().zip(self.rows.row(row));
            pairs.map(|(a, b)| (a - b).abs()).sum()
        })
    }

    /// The distances to some rows from differences, sorted, equal ones in row order.
    fn exact(
        &self,
        query: ArrayView1<'_, f64>,
        rows: impl Iterator<Item = usize>,
    ) -> Vec<Neighbor> {
        let mut near: Vec<Neighbor> = rows
            .map(|row| {
                let pairs = query.iter().zip(self.rows.row(row));
                let distance: f64 = if self.manhattan {
                    pairs.map(|(a, b)| (a - b).abs()).sum()
                } else {
                    pairs.map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
                };
                Neighbor { distance, row }
            })
            .collect();
        near.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.row.cmp(&b.row)));
        near
    }
}

/// The rows that may be among the `k` nearest, by distances known up to `slack`.
struct Candidates {
    k: usize,
    slack: f64,
    /// Over this, a row cannot be among the `k` nearest.
    limit: f64,
    held: Vec<(f64, usize)>,
    /// Thin out at this length.
    full: usize,
}

impl Candidates {
    fn new(k: usize) -> Self {
        Self { k, slack: 0.0, limit: f64::INFINITY, held: Vec::new(), full: 0 }
    }

    fn start(&mut self, slack: f64) {
        self.slack = slack;
        self.limit = f64::INFINITY;
        self.held.clear();
        self.full = 2 * self.k + 32;
    }

    fn offer(&mut self, distance: f64, row: usize) {
        if distance <= self.limit {
            self.held.push((distance, row));
            if self.held.len() >= self.full {
                self.thin();
            }
        }
    }

    fn thin(&mut self) {
        if self.held.len() < self.k {
            return;
        }
        let (_, &mut (last, _), _) =
            self.held.select_nth_unstable_by(self.k - 1, |a, b| a.0.total_cmp(&b.0));
        self.limit = last + 2.0 * self.slack;
        let limit = self.limit;
        self.held.retain(|(distance, _)| *distance <= limit);
        // Many ties must not make every further offer a thinning.
        self.full = (2 * self.held.len()).max(2 * self.k + 32);
    }

    fn rows(&mut self) -> impl Iterator<Item = usize> + use<'_> {
        self.thin();
        self.held.iter().map(|&(_, row)| row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Rng;

    fn points(seed: u64, n: usize, d: usize, grid: f64) -> Array2<f64> {
        let mut rng = Rng::new(seed);
        // A coarse grid makes many exact ties.
        Array2::from_shape_fn((n, d), |_| (rng.normal() * grid).round() / grid)
    }

    fn check(index: &Index<'_>, queries: &Array2<f64>) {
        let mut seen = 0;
        index.search(queries.view(), &mut |number, near| {
            let all = index.exact(queries.row(number), 0..index.rows.nrows());
            assert_eq!(near, &all[..index.k], "query {number}");
            seen += 1;
        });
        assert_eq!(seen, queries.nrows());
    }

    #[test]
    fn blocks_and_trees_find_what_sorting_finds() {
        for manhattan in [false, true] {
            for (n, d, grid) in [(300, 12, 2.0), (5000, 3, 4.0), (5000, 2, 1e6)] {
                let (rows, queries) = (points(1, n, d, grid), points(2, 260, d, grid));
                check(&Index { rows: rows.view(), manhattan, k: 7 }, &queries);
            }
        }
    }

    #[test]
    fn large_offsets_do_not_hide_small_distances() {
        let rows = points(3, 200, 3, 8.0) + 1e7;
        let queries = points(4, 20, 3, 8.0) + 1e7;
        check(&Index { rows: rows.view(), manhattan: false, k: 200 }, &queries);
        check(&Index { rows: rows.view(), manhattan: false, k: 1 }, &queries);
    }
}
