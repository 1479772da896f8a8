//! The portfolio from outside: who is asked, what is said of it, and the edges of spaces and records.

use super::*;
use crate::sampler::Random;
use crate::sampler::conformance::{choice, float, int, setup, when};
use crate::space::Dimension;

fn auto(setup: &Setup) -> Auto {
    Auto::new(setup.clone(), &SamplerOptions::default())
}

fn floats(n: usize) -> Vec<Dimension> {
    (0..n).map(|i| float(&format!("x{i}"), 0.0, 1.0)).collect()
}

fn bowl(point: &Point) -> f64 {
    point.0.iter().flatten().map(|x| (x - 0.37).powi(2)).sum()
}

/// Asks and tells, with who made the point.
fn step(auto: &mut Auto, number: u64, loss: impl Fn(&Point) -> Option<f64>) -> Option<Told> {
    let point = auto.ask(number, &[])?;
    let arm = auto.chosen().map(|chosen| chosen.arm);
    let told = Told { arm, ..Told::new(number, point.clone(), loss(&point)) };
    auto.tell(&told);
    Some(told)
}

/// A record of random points, with the arms that made them in turn.
fn record(setup: &Setup, n: u64) -> Vec<Told> {
    let mut random = Random::new(setup.clone());
    let told = |number: u64| {
        let point = random.ask(number, &[])?;
        let arm = Arm::ALL.get(number as usize % 4).map(|arm| arm.name().into());
        Some(Told { arm, ..Told::new(number, point.clone(), Some(bowl(&point))) })
    };
    (0..n).filter_map(told).collect()
}

fn names_of(told: &[Told]) -> Vec<&str> {
    told.iter().filter_map(|told| told.arm.as_deref()).collect()
}

#[test]
fn rebuilt_from_the_record_with_its_arms_it_goes_on_alike() {
    let dims = vec![choice("c", 3), float("x", 0.0, 1.0), when(int("n", 1, 9), 0, &[1.0])];
    let setup = setup(dims, 7);
    let mut first = auto(&setup);
    let mut told = record(&setup, 110);
    for told in &told {
        first.tell(told);
    }
    for number in 110..122 {
        told.extend(step(&mut first, number, |point| Some(bowl(point))));
    }
    let mut names = names_of(&told[110..]);
    names.sort_unstable();
    names.dedup();
    assert!(names.len() > 1, "{names:?}");
    for cut in [110, 117, 121] {
        let mut again = auto(&setup);
        for told in &told[..cut] {
            again.tell(told);
        }
        let asked = again.ask(told[cut].number, &[]);
        assert_eq!(asked.as_ref(), Some(&told[cut].point), "{cut}");
        assert_eq!(again.chosen().map(|chosen| chosen.arm), told[cut].arm, "{cut}");
    }
}

#[test]
fn credit_moves_the_shares_and_the_floor_holds() {
    let setup = setup(floats(3), 1);
    let shares = |winner: &str| {
        let mut auto = auto(&setup);
        for mut told in record(&setup, 100) {
            let wins = told.arm.as_deref() == Some(winner);
            told.loss = Some(if wins { -(told.number as f64) } else { 5.0 });
            auto.tell(&told);
        }
        auto.shares()
    };
    let (before, process) = shares("gp");
    let (_, evolution) = shares("cma-es");
    assert!(process[0] > before[0] && evolution[2] > before[2], "{process:?} {evolution:?}");
    for i in 0..3 {
        assert!(process[i] >= 0.3 * before[i] && evolution[i] >= 0.3 * before[i]);
    }
}

#[test]
fn what_was_chosen_is_said_with_the_reason() {
    let setup = setup(floats(2), 3);
    let mut auto = auto(&setup);
    assert_eq!(auto.chosen(), None);
    auto.ask(0, &[]).unwrap();
    let Chosen { arm, why } = auto.chosen().unwrap();
    assert_eq!((&*arm, &*why), ("sobol", "one of the first 5 points, spread evenly"));
    for told in &record(&setup, 60) {
        auto.tell(told);
    }
    auto.ask(60, &[]).unwrap();
    let Chosen { arm, why } = auto.chosen().unwrap();
    assert!(Arm::of(&arm).is_some() && why.contains("in a space of numbers at 60 trials"), "{why}");
    assert!(why.contains("of its last 15 trials improved on the best"), "{why}");
}

#[test]
fn noise_is_seen_said_and_leaves_the_process_less() {
    let setup = setup(floats(2), 3);
    let asked = |noise: f64| {
        let (mut auto, mut rng) = (auto(&setup), Rng::new(5));
        for mut told in record(&setup, 60) {
            told.loss = told.loss.map(|loss| loss + noise * rng.normal());
            auto.tell(&told);
        }
        auto.ask(60, &[]).unwrap();
        (auto.shares().0[0], auto.chosen().unwrap().why)
    };
    let (quiet, why) = asked(0.0);
    assert!(why.contains("at 60 trials, and"), "{why}");
    let (noisy, why) = asked(0.3);
    assert!(why.contains("at 60 trials with ") && why.contains(" % noise, and"), "{why}");
    assert!(noisy < 0.6 * quiet, "{noisy} {quiet}");
}

#[test]
fn a_handful_of_points_is_walked_and_ends() {
    for (dims, size) in [(vec![int("n", 7, 7)], 1), (Vec::new(), 1), (vec![choice("c", 12)], 12)] {
        let setup = setup(dims, 2);
        let mut auto = auto(&setup);
        let mut seen: Vec<Point> = Vec::new();
        for number in 0..size {
            let told = step(&mut auto, number, |_| None).unwrap();
            assert!(told.arm.as_deref() == Some("grid") && !seen.contains(&told.point));
            seen.push(told.point);
        }
        assert_eq!((auto.ask(size, &[]), auto.chosen()), (None, None));
        let mut waiting = self::auto(&setup);
        assert_eq!(waiting.ask(0, &seen), None);
    }
}

#[test]
fn a_finite_space_is_visited_once_by_whoever_and_ends() {
    let setup = setup(vec![choice("c", 5), choice("d", 4)], 4);
    let mut auto = auto(&setup);
    let mut seen: Vec<Point> = Vec::new();
    while let Some(told) = step(&mut auto, seen.len() as u64, |point| Some(bowl(point))) {
        assert!(!seen.contains(&told.point));
        seen.push(told.point);
    }
    assert_eq!(seen.len(), 20);
}

#[test]
fn losses_that_say_nothing_do_no_harm() {
    let setup = setup(floats(2), 5);
    for loss in [Some(1.0), None, Some(f64::NAN)] {
        let mut auto = auto(&setup);
        for mut told in record(&setup, 60) {
            told.loss = loss;
            auto.tell(&told);
        }
        for number in 60..66 {
            let told = step(&mut auto, number, |_| loss).unwrap();
            assert_eq!(setup.space.check(&told.point), Ok(()));
            let is_first = told.arm.as_deref() == Some("sobol");
            assert_eq!(is_first, loss != Some(1.0));
        }
    }
}

#[test]
fn wide_spaces_many_choices_and_long_records_are_no_trouble() {
    for (dims, n) in [(floats(200), 12), (vec![choice("c", 10_000)], 40), (floats(2), 10_000)] {
        let setup = setup(dims, 6);
        let mut auto = auto(&setup);
        for told in &record(&setup, n) {
            auto.tell(told);
        }
        let told = step(&mut auto, n, |point| Some(bowl(point))).unwrap();
        assert_eq!(setup.space.check(&told.point), Ok(()));
    }
}

#[test]
fn a_thousand_asks_without_a_tell_are_all_answered() {
    let setup = setup(floats(2), 8);
    let mut auto = auto(&setup);
    let mut pending: Vec<Point> = Vec::new();
    for number in 0..1000 {
        let point = auto.ask(number, &pending).unwrap();
        assert!(!pending.contains(&point), "{number}");
        pending.push(point);
    }
}

#[test]
fn workers_get_different_points() {
    let setup = setup(floats(2), 9);
    let mut auto = auto(&setup);
    for told in &record(&setup, 80) {
        auto.tell(told);
    }
    let mut pending: Vec<Point> = Vec::new();
    for number in 80..92 {
        let point = auto.ask(number, &pending).unwrap();
        assert!(!pending.contains(&point), "{number}");
        pending.push(point);
    }
}

#[test]
fn points_asked_for_while_no_trial_keeps_the_constraints_are_the_process_s() {
    let setup = setup(floats(2), 1);
    let mut auto = auto(&setup);
    let mut arms = Vec::new();
    for number in 0..10 {
        let point = auto.ask(number, &[]).unwrap();
        let chosen = auto.chosen().unwrap();
        let loss = Some(bowl(&point));
        let told = Told { constraints: vec![1.0], ..Told::new(number, point, loss) };
        auto.tell(&told);
        arms.push(chosen);
    }
    assert_eq!(&*arms[0].arm, "sobol");
    assert_eq!(&*arms[9].arm, "gp");
    assert!(arms[9].why.contains("keeps the constraints"), "{}", arms[9].why);
}
