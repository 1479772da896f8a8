//! Generations of NSGA-II and NSGA-III over problems with known fronts.

use super::*;
use crate::numeric::{front, hypervolume};
use crate::sampler::conformance::{choice, float, int, when};

fn scored(point: Point, losses: Vec<f64>) -> Scored {
    Scored { point, losses, violation: 0.0 }
}

/// Evolves a population of `n` for so many generations.
fn evolve(
    space: &Space,
    options: &NsgaOptions,
    (n, generations): (usize, u64),
    evaluate: impl Fn(&Point) -> Scored,
) -> Vec<Scored> {
    let none = Parents::new(space, &[], options);
    let mut population: Vec<Scored> =
        (0..n as u64).map(|number| evaluate(&none.child(5, number))).collect();
    for round in 1..=generations {
        let children = generation(space, &population, options, 5, round);
        population.extend(children.iter().map(&evaluate));
        let kept = survivors(&population, n, &options.survival, (5, round));
        population = kept.into_iter().map(|index| population[index].clone()).collect();
    }
    population
}

fn floats(n: usize) -> Space {
    Space::new((0..n).map(|i| float(&format!("x{i}"), 0.0, 1.0)).collect()).unwrap()
}

/// ZDT1 (Zitzler, Deb and Thiele 2000): the front is `1 − √f`, its volume within (1, 1) is 2/3.
fn zdt1(point: &Point) -> Scored {
    let x: Vec<f64> = point.0.iter().flatten().copied().collect();
    let g = 1.0 + 9.0 * x[1..].iter().sum::<f64>() / (x.len() - 1) as f64;
    scored(point.clone(), vec![x[0], g * (1.0 - (x[0] / g).sqrt())])
}

/// DTLZ2 (Deb et al. 2002) of three objectives: the front is an eighth of the unit sphere.
fn dtlz2(point: &Point) -> Scored {
    let x: Vec<f64> = point.0.iter().flatten().copied().collect();
    let g: f64 = 1.0 + x[2..].iter().map(|x| (x - 0.5).powi(2)).sum::<f64>();
    let angle = |x: f64| x * std::f64::consts::FRAC_PI_2;
    let (a, b) = (angle(x[0]), angle(x[1]));
    scored(point.clone(), vec![g * a.cos() * b.cos(), g * a.cos() * b.sin(), g * a.sin()])
}

#[test]
fn the_front_of_zdt1_is_found() {
    let space = floats(10);
    let population = evolve(&space, &NsgaOptions::default(), (40, 100), zdt1);
    let flat: Vec<f64> = population.iter().flat_map(|s| s.losses.clone()).collect();
    let volume = hypervolume(Losses::new(&flat, 2), &[1.0, 1.0]);
    assert!(volume > 0.62, "{volume}");
}

#[test]
fn reference_directions_spread_over_dtlz2() {
    let space = floats(7);
    let survival = Survival::References { n_parts: 6 };
    let options = NsgaOptions { survival, ..NsgaOptions::default() };
    let population = evolve(&space, &options, (28, 80), dtlz2);
    let radius = |s: &Scored| s.losses.iter().map(|x| x * x).sum::<f64>().sqrt();
    let mean = population.iter().map(radius).sum::<f64>() / 28.0;
    assert!(mean < 1.05, "{mean}");
    for direction in crate::numeric::das_dennis(3, 6) {
        let length = direction.iter().map(|w| w * w).sum::<f64>().sqrt();
        let cosine = |s: &Scored| {
            let along: f64 = s.losses.iter().zip(&direction).map(|(x, w)| x * w).sum();
            along / (length * radius(s))
        };
        let best = population.iter().map(cosine).fold(0.0, f64::max);
        assert!(best > 0.97, "{direction:?} {best}");
    }
}

#[test]
fn constraints_come_before_objectives() {
    let space = floats(4);
    // Only a corner is feasible, where the objectives are worst.
    let evaluate = |point: &Point| {
        let x: Vec<f64> = point.0.iter().flatten().copied().collect();
        let violation = x.iter().map(|x| (0.8 - x).max(0.0)).sum();
        Scored { point: point.clone(), losses: vec![x[0] + x[1], 2.0 * x[2] + x[3]], violation }
    };
    let population = evolve(&space, &NsgaOptions::default(), (20, 60), evaluate);
    assert!(population.iter().all(|s| s.violation == 0.0));
    let flat: Vec<f64> = population.iter().flat_map(|s| s.losses.clone()).collect();
    assert!(flat.chunks(2).any(|row| row[0] < 1.65) && flat.chunks(2).any(|row| row[1] < 2.5));
    assert!(!front(Losses::new(&flat, 2)).is_empty());
}

#[test]
fn ranks_put_failures_last() {
    let point = Point(Vec::new());
    let one = |losses: Vec<f64>, violation: f64| Scored { point: point.clone(), losses, violation };
    let population = [
        one(vec![1.0, 2.0], 0.0),
        one(vec![0.0, 0.0], 2.0),
        one(vec![2.0, 1.0], -3.0),
        one(vec![f64::NAN, 0.0], 0.0),
        one(vec![9.0, 9.0], 0.0),
        one(vec![0.0, 0.0], f64::NAN),
        one(Vec::new(), 0.0),
        one(vec![5.0, 5.0], 1.0),
    ];
    assert_eq!(constrained_ranks(&population), [0, 4, 0, 2, 1, 5, 5, 3]);
    for n in 0..=8 {
        for survival in [Survival::Crowding, Survival::References { n_parts: 3 }] {
            assert_eq!(survivors(&population, n, &survival, (1, 1)).len(), n);
        }
    }
    assert_eq!(survivors(&population, 2, &Survival::Crowding, (1, 1)), [0, 2]);
    assert_eq!(survivors(&population, 99, &Survival::Crowding, (1, 1)).len(), 8);
}

#[test]
fn children_belong_to_a_conditional_space_and_are_repeatable() {
    let space = Space::new(vec![
        choice("model", 3),
        when(float("a", 0.0, 1.0), 0, &[0.0]),
        when(int("b", 1, 9), 0, &[1.0]),
        when(choice("opt", 3), 0, &[2.0]),
        when(when(float("m", 0.0, 1.0), 0, &[2.0]), 3, &[1.0]),
        float("scale", 0.0, 1.0),
        choice("fixed", 1),
    ])
    .unwrap();
    let evaluate = |point: &Point| {
        let sum: f64 = point.0.iter().flatten().sum();
        scored(point.clone(), vec![sum, -sum + point.0[0].unwrap_or(0.0)])
    };
    let options = NsgaOptions { mutation: Some(0.5), ..NsgaOptions::default() };
    let population = evolve(&space, &options, (16, 20), evaluate);
    for scored in &population {
        assert_eq!(space.check(&scored.point), Ok(()));
    }
    let next = |seed| generation(&space, &population, &options, seed, 3);
    assert_eq!(next(1), next(1));
    assert_ne!(next(1), next(2));
}
