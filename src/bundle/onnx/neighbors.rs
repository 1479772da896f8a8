//! k nearest neighbors by brute force, equal distances in row order.

use super::graph::{Builder, Name, int};
use super::model::Place;
use super::proto::element;
use crate::trainer::NeighborTruth;
use ndarray::Array2;

/// The rows to search in.
pub(super) struct Search<'a> {
    pub(super) k: usize,
    pub(super) by_distance: bool,
    pub(super) is_manhattan: bool,
    /// `training rows × features`.
    pub(super) rows: &'a Array2<f64>,
}

impl Search<'_> {
    /// `rows × classes` shares of votes, or `rows × 1` means.
    pub(super) fn answer(
        &self,
        builder: &mut Builder,
        truth: &NeighborTruth,
        at: Place<'_>,
    ) -> Name {
        let distances = self.distances(builder, at);
        let k = builder.ints(&[self.k as i64]);
        // The operator gives equal values in the order of their indices.
        let attrs = vec![int("axis", 1), int("largest", 0), int("sorted", 1)];
        let found = builder.node("", "TopK", &[&distances, &k], (2, attrs));
        let shares = self.shares(builder, &found[0], at);
        let (table, width) = match truth {
            NeighborTruth::Classes { codes, n_classes } => {
                let mut table = vec![0.0; codes.len() * n_classes];
                for (row, &code) in codes.iter().enumerate() {
                    table[row * n_classes + code as usize] = 1.0;
                }
                (table, *n_classes)
            }
            NeighborTruth::Values(values) => (values.clone(), 1),
        };
        let table = builder.doubles(&table, &[self.rows.nrows(), width]);
        let taught = builder.op_with("Gather", &[&table, &found[1]], vec![int("axis", 0)]);
        let last = builder.ints(&[2]);
        let column = builder.op("Unsqueeze", &[&shares, &last]);
        let weighted = builder.op("Mul", &[&taught, &column]);
        let axis = builder.ints(&[1]);
        let sums = builder.op_with("ReduceSum", &[&weighted, &axis], vec![int("keepdims", 0)]);
        let total = builder.along_row("ReduceSum", &shares);
        builder.op("Div", &[&sums, &total])
    }

    /// `rows × training rows`, feature after feature, so that ties are those of derby.
    fn distances(&self, builder: &mut Builder, at: Place<'_>) -> Name {
        let (n, d) = self.rows.dim();
        let by_feature: Vec<f64> = self.rows.t().iter().copied().collect();
        let by_feature = builder.doubles(&by_feature, &[d, n]);
        let start = at.repeated(builder, &[0.0]);
        let width = builder.ints(&[1, n as i64]);
        let start = builder.op("Tile", &[&start, &width]);
        let slices = [(at.x, 1, element::DOUBLE), (&*by_feature, 0, element::DOUBLE)];
        let mut sums = builder.scan(&[&start], &slices, |builder, states, slices| {
            let x = builder.as_column(&slices[0]);
            let off = builder.op("Sub", &[&x, &slices[1]]);
            let term = if self.is_manhattan {
                builder.op("Abs", &[&off])
            } else {
                builder.op("Mul", &[&off, &off])
            };
            vec![builder.op("Add", &[&states[0], &term])]
        });
        let sum = sums.swap_remove(0);
        if self.is_manhattan { sum } else { builder.op("Sqrt", &[&sum]) }
    }

    /// `rows × k` weights of the votes. Neighbors at distance 0 share it all.
    fn shares(&self, builder: &mut Builder, distances: &str, at: Place<'_>) -> Name {
        if !self.by_distance {
            return at.repeated(builder, &vec![1.0; self.k]);
        }
        let one = builder.double(1.0);
        let shares = builder.op("Div", &[&one, distances]);
        let infinite = builder.double(f64::INFINITY);
        let is_infinite = builder.op("Equal", &[&shares, &infinite]);
        let marks = builder.as_double(&is_infinite);
        let any = builder.along_row("ReduceMax", &shares);
        let any = builder.op("Equal", &[&any, &infinite]);
        builder.op("Where", &[&any, &marks, &shares])
    }
}
