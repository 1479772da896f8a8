//! Gaussian naive Bayes.

use super::graph::{Builder, Name};
use super::model::Place;
use super::proto::element;
use crate::trainer::GaussianClass;

/// `rows × classes` logarithms of prior times density.
///
/// Features are summed one after another, as derby does: the terms may be so large that the order shows.
pub(super) fn logs(builder: &mut Builder, classes: &[GaussianClass], at: Place<'_>) -> Name {
    let k = classes.len();
    let constant = |class: &GaussianClass| {
        let logs: f64 = class.variance.iter().map(|v| (std::f64::consts::TAU * v).ln()).sum();
        class.log_prior - 0.5 * logs
    };
    let constants: Vec<f64> = classes.iter().map(constant).collect();
    let d = classes.first().map_or(0, |class| class.mean.len());
    let mut by_feature = |of: &dyn Fn(&GaussianClass, usize) -> f64| {
        let row = |j: usize| classes.iter().map(move |class| of(class, j));
        let values: Vec<f64> = (0..d).flat_map(row).collect();
        builder.doubles(&values, &[d, k])
    };
    let means = by_feature(&|class, j| class.mean[j]);
    let variances = by_feature(&|class, j| class.variance[j]);
    let start = at.repeated(builder, &vec![0.0; k]);
    let double = element::DOUBLE;
    let slices = [(at.x, 1, double), (&*means, 0, double), (&*variances, 0, double)];
    let squares = builder.scan(&[&start], &slices, |builder, states, slices| {
        let x = builder.as_column(&slices[0]);
        let off = builder.op("Sub", &[&x, &slices[1]]);
        let square = builder.op("Mul", &[&off, &off]);
        let term = builder.op("Div", &[&square, &slices[2]]);
        vec![builder.op("Add", &[&states[0], &term])]
    });
    let (half, constants) = (builder.double(0.5), builder.doubles(&constants, &[k]));
    let halves = builder.op("Mul", &[&squares[0], &half]);
    builder.op("Sub", &[&constants, &halves])
}
