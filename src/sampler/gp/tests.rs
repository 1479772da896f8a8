//! The sampler as a whole.

use super::*;
use crate::sampler::conformance::{choice, float, int, setup, when};
use crate::space::Dimension;

fn floats(n: usize) -> Vec<Dimension> {
    (0..n).map(|i| float(&format!("x{i}"), 0.0, 1.0)).collect()
}

fn gp(dims: Vec<Dimension>, seed: u64) -> Gp {
    Gp::new(setup(dims, seed), GpOptions::default())
}

/// Points and losses of `n` trials.
fn run(gp: &mut Gp, n: u64, loss: impl Fn(&Point) -> Option<f64>) -> Vec<(Point, Option<f64>)> {
    let mut made = Vec::new();
    for number in 0..n {
        let Some(point) = gp.ask(number, &[]) else { break };
        let loss = loss(&point);
        gp.tell(&Told::new(number, point.clone(), loss));
        made.push((point, loss));
    }
    made
}

fn least(made: &[(Point, Option<f64>)]) -> f64 {
    made.iter().filter_map(|(_, loss)| *loss).fold(f64::INFINITY, f64::min)
}

fn bowl(point: &Point) -> f64 {
    point.0.iter().flatten().map(|x| (x - 0.37).powi(2)).sum()
}

#[test]
fn a_bowl_is_solved_in_thirty_trials() {
    for seed in 0..3 {
        let found = least(&run(&mut gp(floats(3), seed), 30, |p| Some(bowl(p))));
        assert!(found < 1e-4, "{found} with seed {seed}");
    }
}

#[test]
fn main_effects_are_learned_before_their_combinations() {
    let wave = |point: &Point| {
        Some(point.0.iter().flatten().map(|x| (9.0 * x).sin() + 2.0 * (x - 0.6).powi(2)).sum())
    };
    let found = |additive| {
        let options = GpOptions { additive, ..GpOptions::default() };
        least(&run(&mut Gp::new(setup(floats(6), 2), options), 45, wave))
    };
    assert!(found(true) < found(false) - 0.2, "{} {}", found(true), found(false));
}

#[test]
fn the_right_branch_and_its_parameters_are_found() {
    let dims = vec![
        choice("model", 3),
        when(float("a", 0.0, 1.0), 0, &[1.0]),
        when(int("n", 1, 20), 0, &[2.0]),
    ];
    let loss = |point: &Point| match (point.0[1], point.0[2]) {
        (Some(a), _) => Some(0.2 + (a - 0.5).powi(2)),
        (_, Some(n)) => Some(0.01 * (n - 7.0).powi(2)),
        _ => Some(0.3),
    };
    let mut gp = gp(dims, 1);
    let made = run(&mut gp, 40, loss);
    assert!(least(&made) < 1e-12);
    let keys: BTreeSet<Digest> = made.iter().map(|(point, _)| key(point)).collect();
    assert_eq!(keys.len(), made.len(), "a point was asked for twice");
}

#[test]
fn losses_with_noise_are_not_transformed() {
    let model = |noise: f64| {
        let mut gp = gp(floats(2), 4);
        let mut rng = Rng::new(8);
        for number in 0..60 {
            let point = Point(vec![Some(rng.unit()), Some(rng.unit())]);
            let loss = (4.0 * bowl(&point)).exp() + noise * rng.normal();
            gp.tell(&Told::new(number, point, Some(loss)));
        }
        (gp.model().warps, gp.noise_share().unwrap())
    };
    let (warps, share) = model(0.0);
    assert!(warps && share < 1e-3, "{share}");
    // The bowl's exponential has a standard deviation of about 2.2 over the square.
    let (warps, share) = model(2.0);
    assert!(!warps && (0.1..0.6).contains(&share), "{share}");
    assert_eq!(gp(floats(2), 4).noise_share(), None);
}

#[test]
fn a_batch_does_not_collapse() {
    for n_pending in [4, 16] {
        let mut gp = gp(floats(2), 3);
        run(&mut gp, 20, |p| Some(bowl(p)));
        let mut pending: Vec<Point> = Vec::new();
        for number in 20..20 + n_pending {
            pending.extend(gp.ask(number, &pending));
        }
        let distance = |a: &Point, b: &Point| {
            a.0.iter().flatten().zip(b.0.iter().flatten()).map(|(a, b)| (a - b).abs()).sum::<f64>()
        };
        for (i, a) in pending.iter().enumerate() {
            let nearest = pending[..i].iter().map(|b| distance(a, b)).fold(1.0, f64::min);
            assert!(nearest > 1e-4, "{n_pending} pending: {nearest}");
        }
    }
}

#[test]
fn failures_push_the_search_away() {
    let mut gp = gp(floats(1), 3);
    let made = run(&mut gp, 40, |point| {
        let x = point.0[0]?;
        (x < 0.6).then_some((x - 0.55).abs())
    });
    let failed = made[20..].iter().filter(|(_, loss)| loss.is_none()).count();
    assert!(failed < 10 && least(&made) < 5e-3, "{failed} failed, {}", least(&made));
}

#[test]
fn hostile_losses_and_repeated_points_do_no_harm() {
    let point = |x: f64| Point(vec![Some(x), Some(x)]);
    let mut gp = gp(floats(2), 5);
    for number in 0..40 {
        let loss = [1e300, -1e300, 0.0, f64::MAX, 1e-300][number as usize % 5];
        let x = if number % 2 == 0 { 0.25 } else { 0.1 + 0.02 * number as f64 };
        gp.tell(&Told { sd: Some(1e300), ..Told::new(number, point(x), Some(loss)) });
    }
    let asked = gp.ask(40, &[point(0.25), point(0.25)]).unwrap();
    assert_eq!(gp.setup.space.check(&asked), Ok(()));
    assert!(gp.outlook().is_some_and(|outlook| !outlook.noise.is_nan()));
}

#[test]
fn a_long_record_stays_bounded_and_many_dimensions_are_affordable() {
    for (d, n) in [(2, 2000), (200, 60)] {
        let mut gp = gp(floats(d), 1);
        let mut rng = Rng::new(4);
        for number in 0..n {
            let point = Point((0..d).map(|_| Some(rng.unit())).collect());
            let loss = Some(bowl(&point));
            gp.tell(&Told::new(number, point, loss));
        }
        let asked = gp.ask(n, &[]).unwrap();
        assert_eq!(gp.setup.space.check(&asked), Ok(()));
    }
}

#[test]
fn the_outlook_falls_with_the_search_and_sees_the_noise() {
    let mut sure = gp(floats(2), 1);
    run(&mut sure, 8, |p| Some(bowl(p)));
    let early = sure.outlook().unwrap().improvement;
    let mut late = gp(floats(2), 1);
    run(&mut late, 30, |p| Some(bowl(p)));
    assert!(late.outlook().unwrap().improvement < 0.1 * early);
    let mut noisy = gp(floats(2), 1);
    let noise = std::cell::RefCell::new(Rng::new(9));
    run(&mut noisy, 40, |point| Some(bowl(point) + 0.1 * noise.borrow_mut().normal()));
    let seen = noisy.outlook().unwrap().noise;
    assert!((0.02..0.3).contains(&seen), "{seen}");
}

#[test]
fn fits_follow_the_number_of_trials_alone() {
    let mut whole = gp(floats(2), 1);
    let made = run(&mut whole, 75, |p| Some(bowl(p)));
    let mut rebuilt = gp(floats(2), 1);
    for (number, (point, loss)) in made.iter().enumerate() {
        let told = Told::new(number as u64, point.clone(), *loss);
        rebuilt.tell(&told);
    }
    assert_eq!(whole.ask(75, &[]), rebuilt.ask(75, &[]));
}
