//! The densities against Optuna's: `tests/fixtures/tpe/tpe.py`.

use super::axis;
use super::history::Sample;
use super::parzen::{Candidate, Parzen};
use crate::sampler::conformance::{choice, float, int, log_float, log_int, stepped};
use crate::space::{Dimension, Point, Space};

#[derive(serde::Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    dims: Vec<String>,
    seen: Vec<Vec<f64>>,
    weights: Vec<f64>,
    at: Vec<Vec<f64>>,
    log_pdf: Vec<f64>,
}

fn dimension(name: &str) -> Dimension {
    match name {
        "x" => float("x", -5.0, 10.0),
        "lr" => log_float("lr", 1e-6, 1.0),
        "step" => stepped("step", 0.0, 1.0, 0.05),
        "n" => int("n", 1, 12),
        "m" => log_int("m", 1, 256),
        _ => choice("c", 3),
    }
}

#[test]
fn densities_are_those_of_optuna() {
    let text = include_str!("../../../tests/fixtures/tpe/tpe.json");
    let fixture: Fixture = serde_json::from_str(text).unwrap();
    assert!(fixture.cases.len() > 20);
    for case in fixture.cases {
        let space = Space::new(case.dims.iter().map(|name| dimension(name)).collect()).unwrap();
        let axes = axis::axes(&space);
        let candidate = |coords: &Vec<f64>| {
            let point = Point(coords.iter().map(|&coord| Some(coord)).collect());
            Candidate { row: axis::row(&axes, &point), point }
        };
        let seen: Vec<Candidate> = case.seen.iter().map(candidate).collect();
        let sample = |(c, weight)| Sample { row: &(c as &Candidate).row, weight };
        let samples: Vec<Sample<'_>> = seen.iter().zip(case.weights).map(sample).collect();
        let at: Vec<Candidate> = case.at.iter().map(candidate).collect();
        let found = Parzen::new(&axes, &samples).log_density(&axes, &at);
        for (found, expect) in found.iter().zip(&case.log_pdf) {
            // Cells take a series where they are narrow.
            let exact = case.dims.iter().all(|name| ["x", "lr", "c"].contains(&name.as_str()));
            let slack = if exact { 1e-9 } else { 1e-3 };
            assert!((found - expect).abs() < slack, "{:?}: {found}, not {expect}", case.dims);
        }
    }
}
