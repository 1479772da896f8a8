//! The sampler as a whole.

use super::*;
use crate::numeric::hypervolume;
use crate::sampler::Bayes;
use crate::sampler::conformance::{choice, float, setup, when};
use crate::space::Dimension;

fn floats(n: usize) -> Vec<Dimension> {
    (0..n).map(|i| float(&format!("x{i}"), 0.0, 1.0)).collect()
}

fn several(dims: Vec<Dimension>, n_objectives: usize) -> Setup {
    Setup { n_objectives, ..setup(dims, 2) }
}

/// Runs `n` trials; gives those that are feasible.
fn run(sampler: &mut dyn Sampler, n: u64, trial: impl Fn(u64, Point) -> Told) -> Vec<Told> {
    let mut made = Vec::new();
    for number in 0..n {
        let Some(point) = sampler.ask(number, &[]) else { break };
        let told = trial(number, point);
        sampler.tell(&told);
        if told.violation() <= 0.0 {
            made.push(told);
        }
    }
    made
}

fn volume(made: &[Told], reference: &[f64]) -> f64 {
    let flat: Vec<f64> = made.iter().filter_map(Told::losses).flatten().collect();
    hypervolume(Losses::new(&flat, reference.len()), reference)
}

/// ZDT1 (Zitzler, Deb and Thiele 2000): the volume of the front within (1, 1) is 2/3.
fn zdt1(number: u64, point: Point) -> Told {
    let x: Vec<f64> = point.0.iter().flatten().copied().collect();
    let g = 1.0 + 9.0 * x[1..].iter().sum::<f64>() / (x.len() - 1) as f64;
    let second = g * (1.0 - (x[0] / g).sqrt());
    Told { further: vec![second], ..Told::new(number, point, Some(x[0])) }
}

#[test]
fn the_front_of_zdt1_is_found_in_forty_trials() {
    let mut ehvi = Ehvi::new(several(floats(3), 2), GpOptions::default());
    let found = volume(&run(&mut ehvi, 40, zdt1), &[1.0, 1.0]);
    assert!(found > 0.6, "{found} of 0.667");
}

/// ZDT2: the volume of the front within (1, 1) is 1/3. Of random points the ones with the least first objective are far
/// from the front, and the point (0, 1) at its end dominates most of them.
fn zdt2(number: u64, point: Point) -> Told {
    let x: Vec<f64> = point.0.iter().flatten().copied().collect();
    let g = 1.0 + 9.0 * x[1..].iter().sum::<f64>() / (x.len() - 1) as f64;
    let second = g * (1.0 - (x[0] / g).powi(2));
    Told { further: vec![second], ..Told::new(number, point, Some(x[0])) }
}

#[test]
fn a_front_that_is_one_corner_is_left_again() {
    for seed in 1..4 {
        let setup = Setup { seed, ..several(floats(3), 2) };
        let mut ehvi = Ehvi::new(setup, GpOptions::default());
        let found = volume(&run(&mut ehvi, 25, zdt2), &[1.0, 1.0]);
        assert!(found > 0.28, "{found} of 0.333, seed {seed}");
    }
}

/// The best of `x + y` where the product is at least a quarter is 1, at the border.
fn product(number: u64, point: Point) -> Told {
    let (x, y) = (point.0[0].unwrap_or(0.0), point.0[1].unwrap_or(0.0));
    Told { constraints: vec![0.25 - x * y], ..Told::new(number, point, Some(x + y)) }
}

#[test]
fn one_objective_with_a_constraint_is_solved_at_the_border() {
    let mut bayes = Bayes::new(setup(floats(2), 2), GpOptions::default());
    let made = run(&mut bayes, 30, product);
    let best = made.iter().filter_map(|told| told.loss).fold(f64::INFINITY, f64::min);
    assert!(best < 1.01, "{best}");
}

#[test]
fn a_small_feasible_part_is_found_by_its_probability() {
    let mut ehvi = Ehvi::new(several(floats(3), 2), GpOptions::default());
    let made = run(&mut ehvi, 30, |number, point| {
        let far: f64 = point.0.iter().flatten().map(|x| (x - 0.83).powi(2)).sum();
        Told { constraints: vec![far - 0.003], ..zdt1(number, point) }
    });
    assert!(made.len() >= 5, "{} feasible", made.len());
}

#[test]
fn branches_of_a_conditional_space_take_part() {
    let dims = vec![
        choice("model", 2),
        when(float("a", 0.0, 1.0), 0, &[0.0]),
        when(float("b", 0.0, 1.0), 0, &[1.0]),
    ];
    // The first branch holds one end of the front, the second the other.
    let trial = |number: u64, point: Point| {
        let (first, second) = match (point.0[1], point.0[2]) {
            (Some(a), _) => (0.5 * a, 1.0 - 0.5 * a),
            (_, Some(b)) => (0.5 + 0.5 * b, 0.5 - 0.5 * b),
            _ => (1.0, 1.0),
        };
        Told { further: vec![second], ..Told::new(number, point, Some(first)) }
    };
    let mut ehvi = Ehvi::new(several(dims, 2), GpOptions::default());
    let made = run(&mut ehvi, 25, trial);
    let found = volume(&made, &[1.0, 1.0]);
    assert!(found > 0.45, "{found} of 0.5");
}

#[test]
fn pending_points_are_kept_away_from() {
    let mut ehvi = Ehvi::new(several(floats(2), 2), GpOptions::default());
    run(&mut ehvi, 14, zdt1);
    let mut pending: Vec<Point> = Vec::new();
    for number in 14..20 {
        pending.extend(ehvi.ask(number, &pending));
    }
    for (i, a) in pending.iter().enumerate() {
        for b in &pending[..i] {
            let apart: f64 =
                a.0.iter().flatten().zip(b.0.iter().flatten()).map(|(a, b)| (a - b).abs()).sum();
            assert!(apart > 1e-3, "{a:?} {b:?}");
        }
    }
}
