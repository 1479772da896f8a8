//! CMA-ES against reference values, and what it does with choices, steps, batches and foreign trials.

use super::*;
use crate::sampler::conformance::{choice, float, int, log_int, setup, when};
use crate::space::Dimension;

fn told(number: u64, point: Point, loss: f64) -> Told {
    Told::new(number, point, Some(loss))
}

fn floats(n: usize) -> Vec<Dimension> {
    (0..n).map(|i| float(&format!("x{i}"), 0.0, 1.0)).collect()
}

/// A narrow valley across the axes.
fn valley(point: &Point) -> f64 {
    let x: Vec<f64> = point.0.iter().flatten().copied().collect();
    let turned = |i: usize| x[i] - 0.4 + 0.8 * (x[(i + 1) % x.len()] - 0.6);
    (0..x.len()).map(|i| 10f64.powi(i as i32 % 3) * turned(i).powi(2)).sum()
}

fn cma(dims: Vec<Dimension>, seed: u64) -> Cma {
    Cma::new(setup(dims, seed), CmaOptions::default())
}

/// The best loss of so many trials, of which `n_workers` are always at work.
fn best(cma: &mut Cma, n: u64, n_workers: usize, loss: impl Fn(&Point) -> f64) -> f64 {
    let mut rng = Rng::new(7);
    let (mut best, mut asked, mut pending) = (f64::INFINITY, 0, Vec::<(u64, Point)>::new());
    for _ in 0..n {
        while pending.len() < n_workers && asked < n {
            let points: Vec<Point> = pending.iter().map(|(_, point)| point.clone()).collect();
            let Some(point) = cma.ask(asked, &points) else { break };
            pending.push((asked, point));
            asked += 1;
        }
        if pending.is_empty() {
            break;
        }
        let (number, point) = pending.swap_remove(rng.below(pending.len()));
        let value = loss(&point);
        best = best.min(value);
        cma.tell(&told(number, point, value));
    }
    best
}

#[test]
fn a_valley_is_followed_to_its_end() {
    let found = best(&mut cma(floats(4), 3), 600, 1, valley);
    assert!(found < 1e-8, "{found}");
}

#[test]
fn thirty_workers_find_it_too() {
    let found = best(&mut cma(floats(4), 3), 900, 30, valley);
    assert!(found < 1e-5, "{found}");
}

#[test]
fn a_state_is_made_of_tells_alone() {
    let dims = || {
        let mut dims = floats(2);
        dims.extend([int("n", 1, 9), choice("c", 3), log_int("m", 1, 64)]);
        dims
    };
    let mut asking = cma(dims(), 5);
    let mut rng = Rng::new(1);
    let mut record: Vec<Told> = Vec::new();
    let mut pending: Vec<(u64, Point)> = Vec::new();
    for number in 0..200 {
        let points: Vec<Point> = pending.iter().map(|(_, point)| point.clone()).collect();
        // Every fourth trial is somebody else's.
        let point = if number % 4 == 1 {
            asking.setup.space.from_unit(&(0..5).map(|_| rng.unit()).collect::<Vec<_>>())
        } else {
            asking.ask(number, &points).unwrap()
        };
        pending.push((number, point));
        if pending.len() == 6 {
            let (number, point) = pending.swap_remove(rng.below(6));
            let loss = point.0.iter().flatten().sum();
            record.push(told(number, point, loss));
            asking.tell(record.last().unwrap());
        }
    }
    let mut rebuilt = cma(dims(), 5);
    for told in &record {
        rebuilt.tell(told);
    }
    let (run, again) = (asking.run.as_ref().unwrap(), rebuilt.run.as_ref().unwrap());
    assert_eq!((&run.law, run.n_own), (&again.law, again.n_own));
    assert!(run.law.gaussian.generation > 5 && run.n_own > 120, "{}", run.n_own);
    let points: Vec<Point> = pending.iter().map(|(_, point)| point.clone()).collect();
    assert_eq!(asking.ask(200, &points), rebuilt.ask(200, &points));
}

#[test]
fn a_discrete_space_is_visited_once_and_then_used_up() {
    let dims = || vec![int("n", 1, 6), choice("c", 4), when(int("k", 1, 3), 1, &[2.0])];
    for seed in 0..4 {
        let mut cma = cma(dims(), seed);
        let mut seen: Vec<Point> = Vec::new();
        let mut number = 0;
        while let Some(point) = cma.ask(number, &[]) {
            assert!(!seen.contains(&point), "{point:?} again");
            let loss = point.0.iter().flatten().sum();
            seen.push(point.clone());
            cma.tell(&told(number, point, loss));
            number += 1;
        }
        assert_eq!(seen.len(), 6 * 3 + 6 * 3);
    }
}

#[test]
fn others_trials_are_a_warm_start() {
    let mut cold = cma(floats(6), 2);
    let mut warm = cma(floats(6), 2);
    let mut rng = Rng::new(4);
    for number in 0..100 {
        let unit: Vec<f64> = (0..6).map(|_| 0.4 + 0.15 * rng.normal()).collect();
        let point = warm.setup.space.from_unit(&unit);
        let loss = valley(&point);
        warm.tell(&told(number + 1000, point, loss));
    }
    let (cold, warm) = (best(&mut cold, 60, 1, valley), best(&mut warm, 60, 1, valley));
    assert!(warm < 0.5 * cold, "{warm} {cold}");
}

#[test]
fn a_finished_run_starts_again_and_larger() {
    let mut cma = cma(floats(2), 1);
    best(&mut cma, 900, 1, |point| point.0[0].unwrap_or(0.0).floor());
    assert!(cma.bipop.n_restarts > 0);
    let population = cma.run.as_ref().unwrap().law.gaussian.rates.population;
    assert!(population > 6, "{population}");
}

#[test]
fn beyond_a_hundred_dimensions_the_covariance_is_diagonal() {
    let mut cma = cma(floats(120), 1);
    let sphere = |point: &Point| point.0.iter().flatten().map(|x| (x - 0.3).powi(2)).sum::<f64>();
    let start = sphere(&cma.ask(0, &[]).unwrap());
    let found = best(&mut cma, 1000, 1, sphere);
    assert!(found < 0.2 * start, "{found} {start}");
}
