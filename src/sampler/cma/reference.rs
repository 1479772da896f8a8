//! Step by step against the cmaes package: given samples and values, what becomes of the distribution.

use super::axis::{Cells, Place};
use super::category::Categories;
use super::gaussian::{Gaussian, Member, Shape};
use super::rates::Weights;
use super::{margin, warm};
use serde_json::Value;

const REFERENCE: &str = include_str!("../../../tests/fixtures/cma/cma.json");
const TOLERANCE: f64 = 1e-10;

fn reference(key: &str) -> Value {
    let mut all: Value = serde_json::from_str(REFERENCE).unwrap();
    all[key].take()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

fn check(got: &[f64], expect: &[f64], what: &str) {
    assert_eq!(got.len(), expect.len(), "{what}");
    let scale = expect.iter().fold(1.0, |a: f64, b| a.max(b.abs()));
    for (got, expect) in got.iter().zip(expect) {
        assert!((got - expect).abs() <= TOLERANCE * scale, "{what}: {got} instead of {expect}");
    }
}

/// Members best first, with the order in which they came.
fn ranked(generation: &Value) -> (Vec<Member>, Vec<usize>) {
    let losses = numbers(&generation["loss"]);
    let mut order: Vec<usize> = (0..losses.len()).collect();
    order.sort_by(|&a, &b| losses[a].total_cmp(&losses[b]));
    let x = if generation["x"].is_null() {
        vec![Vec::new(); losses.len()]
    } else {
        rows(&generation["x"])
    };
    let member =
        |&index: &usize| Member { x: x[index].clone(), loss: losses[index], foreign: false };
    (order.iter().map(member).collect(), order)
}

fn weights(gaussian: &Gaussian, members: &[Member]) -> Weights {
    let losses: Vec<f64> = members.iter().map(|member| member.loss).collect();
    Weights::new(&gaussian.rates, &losses)
}

fn start(case: &Value, separable: bool) -> Gaussian {
    let population = case["population"].as_u64().unwrap() as usize;
    let sigma = case["sigma"].as_f64().unwrap();
    let gaussian = Gaussian::new(numbers(&case["mean"]), sigma, population, separable);
    if case["matrix"].is_null() {
        gaussian
    } else {
        gaussian.with_covariance(numbers(&case["matrix"]))
    }
}

fn check_state(gaussian: &Gaussian, after: &Value, what: &str) {
    check(&gaussian.mean, &numbers(&after["mean"]), &format!("{what}, mean"));
    let sigma = after["sigma"].as_f64().unwrap();
    assert!((gaussian.sigma / sigma - 1.0).abs() < TOLERANCE, "{what}, sigma");
    let matrix = match &gaussian.shape {
        Shape::Full { matrix, .. } => matrix,
        Shape::Diagonal { variances, .. } => variances,
    };
    check(matrix, &numbers(&after["matrix"]), &format!("{what}, matrix"));
    check(&gaussian.path_sigma, &numbers(&after["path_sigma"]), &format!("{what}, step path"));
    check(&gaussian.path_c, &numbers(&after["path_c"]), &format!("{what}, path"));
}

#[test]
fn the_distribution_goes_as_in_cmaes() {
    for (key, separable) in [("full", false), ("separable", true)] {
        for case in reference(key).as_array().unwrap() {
            let mut gaussian = start(case, separable);
            for (at, generation) in case["generations"].as_array().unwrap().iter().enumerate() {
                let (members, _) = ranked(generation);
                let weights = weights(&gaussian, &members);
                gaussian.update(&members, &weights);
                check_state(&gaussian, &generation["after"], &format!("{} {at}", case["name"]));
            }
        }
    }
}

#[test]
fn the_margin_is_that_of_cmaes() {
    for case in reference("margin").as_array().unwrap() {
        let mut gaussian = start(case, false);
        let sizes = numbers(&case["sizes"]);
        let cells: Vec<Cells> = sizes
            .iter()
            .map(|&n| if n == 0.0 { Cells::Smooth } else { Cells::Even(n as u64) })
            .collect();
        let floor = 1.0 / (cells.len() * gaussian.rates.population) as f64;
        let mut widths = vec![1.0; cells.len()];
        for (at, generation) in case["generations"].as_array().unwrap().iter().enumerate() {
            let (members, _) = ranked(generation);
            let weights = weights(&gaussian, &members);
            gaussian.update(&members, &weights);
            margin::correct(&mut gaussian, &mut widths, &cells.iter().collect::<Vec<_>>(), floor);
            let what = format!("{} {at}", case["name"]);
            check_state(&gaussian, &generation["after"], &what);
            check(&widths, &numbers(&generation["after"]["widths"]), &format!("{what}, widths"));
        }
    }
}

#[test]
fn choices_go_as_in_cmaes() {
    let case = reference("categorical");
    let sizes: Vec<usize> = numbers(&case["sizes"]).iter().map(|&n| n as usize).collect();
    let mut categories = Categories::new(&sizes);
    let population = case["population"].as_u64().unwrap() as usize;
    let gaussian = Gaussian::new(vec![0.5; 3], 0.2, population, false);
    for generation in case["generations"].as_array().unwrap() {
        let (members, order) = ranked(generation);
        let weights = weights(&gaussian, &members);
        let chosen = rows(&generation["choices"]);
        let choices: Vec<Vec<Option<usize>>> = order
            .iter()
            .map(|&index| chosen[index].iter().map(|&value| Some(value as usize)).collect())
            .collect();
        let told: Vec<(&[Option<usize>], f64)> =
            choices.iter().map(|c| &c[..]).zip(weights.mean.iter().copied()).collect();
        categories.update(&told);
        for (row, expect) in categories.rows.iter().zip(rows(&generation["after"])) {
            check(row, &expect, "probabilities");
        }
    }
}

#[test]
fn a_warm_start_is_that_of_cmaes() {
    let case = reference("warm");
    let losses = numbers(&case["loss"]);
    let x = rows(&case["x"]);
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&a, &b| losses[a].total_cmp(&losses[b]));
    let places: Vec<Place> = order[..6]
        .iter()
        .map(|&index| Place { numbers: x[index].clone(), choices: Vec::new() })
        .collect();
    let best: Vec<&Place> = places.iter().collect();
    let (mean, sigma, matrix) = warm::promising(&best, 4, 0.1);
    check(&mean, &numbers(&case["mean"]), "mean");
    check(&[sigma], &[case["sigma"].as_f64().unwrap()], "sigma");
    check(&matrix, &numbers(&case["matrix"]), "matrix");
}
