//! The closed form against sampling, a textbook formula, mpmath and differences.

use super::*;
use crate::numeric::{Losses, Rng, hypervolume, normal_cdf};
use crate::sampler::gp::ehvi::cells::Bound;
use crate::sampler::gp::fit::Data;
use crate::sampler::gp::kernel::Kernel;
use crate::sampler::gp::points::{Column, Columns};

fn room(moments: &[(f64, f64)]) -> Room {
    Room { moments: moments.to_vec(), ..Room::default() }
}

fn log_gain(front: &[f64], reference: &[f64], moments: &[(f64, f64)]) -> f64 {
    weighted(front, &[(reference, 0.0)], moments)
}

fn weighted(front: &[f64], references: &[(&[f64], f64)], moments: &[(f64, f64)]) -> f64 {
    let bound = |&(at, weight): &(&[f64], f64)| Bound { at: at.to_vec(), weight };
    let bounds: Vec<Bound> = references.iter().map(bound).collect();
    let cells = Cells::new(Losses::new(front, moments.len()), &bounds);
    volume(&cells, &mut room(moments), false)
}

#[test]
fn what_is_gained_within_two_bounds_is_the_weighted_sum() {
    let front = [0.2, 0.7, 0.6, 0.3];
    let (near, far) = ([0.65, 0.8], [2.0, 3.0]);
    for moments in [[(0.1, 0.3), (0.4, 0.2)], [(1.2, 0.1), (-5.0, 0.4)], [(9.0, 0.1), (9.0, 0.1)]] {
        let alone = |reference| log_gain(&front, reference, &moments);
        let found = weighted(&front, &[(&near, 0.0), (&far, 0.1f64.ln())], &moments);
        let (a, b) = (alone(&near), alone(&far) + 0.1f64.ln());
        let expect = a.max(b) + (-(a - b).abs()).exp().ln_1p();
        assert!((found - expect).abs() < 1e-12 * expect.abs().max(1.0), "{found} {expect}");
    }
}

fn normal_density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt()
}

/// The two-objective formula with `Ψ` (Emmerich et al. 2011, equation 11), turned to minimization.
fn textbook(front: &[(f64, f64)], reference: (f64, f64), moments: [(f64, f64); 2]) -> f64 {
    let [(m1, s1), (m2, s2)] = moments;
    let psi = |a: f64, b: f64, m: f64, s: f64| {
        s * normal_density((b - m) / s) + (a - m) * normal_cdf((b - m) / s)
    };
    let mut sum = 0.0;
    let mut before = (f64::NEG_INFINITY, reference.1);
    for &(x, y) in front.iter().chain([&(reference.0, f64::NEG_INFINITY)]) {
        let whole = if before.0 == f64::NEG_INFINITY {
            psi(x, x, m1, s1)
        } else {
            let below = normal_cdf((before.0 - m1) / s1);
            (x - before.0) * below + psi(x, x, m1, s1) - psi(x, before.0, m1, s1)
        };
        sum += whole * psi(before.1, before.1, m2, s2);
        before = (x, y);
    }
    sum
}

#[test]
fn two_objectives_agree_with_the_textbook() {
    let front = [(0.1, 0.8), (0.3, 0.5), (0.6, 0.2)];
    let flat: Vec<f64> = front.iter().flat_map(|&(x, y)| [x, y]).collect();
    for moments in [
        [(0.2, 0.1), (0.4, 0.3)],
        [(0.9, 0.05), (0.9, 0.2)],
        [(-1.0, 0.5), (-2.0, 1.5)],
        [(0.35, 1e-3), (0.35, 1e-3)],
    ] {
        let expect = textbook(&front, (1.0, 1.0), moments);
        let found = log_gain(&flat, &[1.0, 1.0], &moments).exp();
        assert!(
            (found - expect).abs() <= 1e-10 * expect.max(1e-3),
            "{moments:?}: {found} {expect}"
        );
    }
}

#[test]
fn one_two_and_three_objectives_agree_with_sampling() {
    let mut rng = Rng::new(11);
    for m in 1..=3 {
        let reference = vec![1.0; m];
        for n in [0, 1, 6] {
            let front: Vec<f64> = (0..n * m).map(|_| rng.uniform(0.1, 0.9)).collect();
            let moments: Vec<(f64, f64)> =
                (0..m).map(|_| (rng.uniform(0.0, 0.8), rng.uniform(0.05, 0.4))).collect();
            let before = hypervolume(Losses::new(&front, m), &reference);
            let n_draws = 20_000;
            let (mut sum, mut squares) = (0.0, 0.0);
            for _ in 0..n_draws {
                let mut rows = front.clone();
                rows.extend(moments.iter().map(|(mean, sd)| mean + sd * rng.normal()));
                let gain = hypervolume(Losses::new(&rows, m), &reference) - before;
                sum += gain;
                squares += gain * gain;
            }
            let mean = sum / f64::from(n_draws);
            let error = ((squares / f64::from(n_draws) - mean * mean) / f64::from(n_draws)).sqrt();
            let found = log_gain(&front, &reference, &moments).exp();
            assert!((found - mean).abs() < 4.5 * error + 1e-12, "{m} {n}: {found} {mean} {error}");
        }
    }
}

#[derive(serde::Deserialize)]
struct Case {
    front: Vec<Vec<f64>>,
    reference: Vec<f64>,
    mean: Vec<f64>,
    sd: Vec<f64>,
    log_ehvi: f64,
}

#[test]
fn tails_agree_with_mpmath() {
    let text = include_str!("../../../../../tests/fixtures/ehvi/ehvi.json");
    let all: serde_json::Value = serde_json::from_str(text).unwrap();
    let cases: Vec<Case> = serde_json::from_value(all["cases"].clone()).unwrap();
    assert!(cases.len() >= 30);
    for case in cases {
        let moments: Vec<(f64, f64)> = case.mean.iter().copied().zip(case.sd).collect();
        let found = log_gain(&case.front.concat(), &case.reference, &moments);
        let error = (found - case.log_ehvi).abs();
        assert!(error <= 1e-9 * (1.0 + case.log_ehvi.abs()), "{found} {}", case.log_ehvi);
    }
}

fn model(seed: u64, far: f64) -> Posterior {
    let mut points = Columns::new(vec![Column::new(false, false); 2]);
    let mut rng = Rng::new(seed);
    let mut y = Vec::new();
    for _ in 0..8 {
        let row = [rng.unit(), rng.unit()];
        points.push(&row);
        y.push((4.0 * row[0] + seed as f64).sin() + row[1] + far);
    }
    let kernel = Kernel {
        joint: vec![3.0, 2.0],
        single: Vec::new(),
        joint_var: 0.8,
        single_var: 0.0,
        noise: 1e-3,
    };
    Posterior::new(&Data { points: &points, y: &y, noise: &[1.0; 8] }, kernel)
}

#[test]
fn slopes_agree_with_differences_near_and_far() {
    for (m, n_constraints, any, far) in [
        (1, 0, true, 0.0),
        (2, 0, true, 0.0),
        (3, 1, true, 0.0),
        (2, 2, false, 3.0),
        (2, 0, true, 40.0),
    ] {
        let mut rng = Rng::new(3);
        let front: Vec<f64> = (0..4 * m).map(|_| rng.unit()).collect();
        let bound = |at, weight: f64| Bound { at: vec![at; m], weight };
        let cells = Cells::new(Losses::new(&front, m), &[bound(1.2, 0.0), bound(2.0, -2.0)]);
        let gain = Gain {
            objectives: (0..m as u64).map(|seed| model(seed, far)).collect(),
            constraints: (0..n_constraints).map(|seed| model(10 + seed, far)).collect(),
            cells: any.then_some(cells),
            scales: vec![1.0; 2],
        };
        let mut room = Room::default();
        for row in [[0.3, 0.6], [0.9, 0.05]] {
            let mut slopes = [0.0; 2];
            let value = gain.log_improvement_slopes(&row, &[0, 1], &mut room, &mut slopes);
            let single = gain.log_improvement(&row, &mut room);
            assert!((value - single).abs() <= 1e-12 * single.abs(), "{value} {single}");
            assert!((single - gain.log_improvements(&[row.to_vec()], &mut room)[0]).abs() < 1e-9);
            for i in 0..2 {
                let (mut above, mut below) = (row, row);
                above[i] += 1e-6;
                below[i] -= 1e-6;
                let rise = gain.log_improvement(&above, &mut room)
                    - gain.log_improvement(&below, &mut room);
                let expect = rise / 2e-6;
                let error = (slopes[i] - expect).abs();
                assert!(error < 2e-5 * (1.0 + expect.abs()), "{m} {far}: {slopes:?} {expect}");
            }
        }
    }
}

#[test]
fn a_front_of_equal_points_or_a_certain_model_gives_a_number() {
    let moments = [(0.5, 1e-9), (0.5, 1e-9)];
    let found = log_gain(&[0.5, 0.5, 0.5, 0.5], &[1.0, 1.0], &moments);
    assert!(found < -15.0 && found.is_finite(), "{found}");
    let far = log_gain(&[0.0, 0.0], &[1.0, 1.0], &[(30.0, 1e-2), (30.0, 1e-2)]);
    assert!(far < -1e6 && far.is_finite(), "{far}");
}
