//! Every sampler that learns, taught by trials of an earlier sweep.

use super::conformance::{float, setup};
use super::{Pruned, Sampler, SamplerOptions, Setup, Told, learns, make, names};
use crate::space::Point;

fn sampler(name: &str, setup: &Setup) -> Box<dyn Sampler> {
    make(name, setup.clone(), &SamplerOptions::default()).unwrap()
}

fn bowl(point: &Point) -> f64 {
    point.0.iter().flatten().map(|x| (x - 0.7).powi(2)).sum()
}

/// Trials of an earlier sweep of random points: some failed, some were stopped.
fn earlier(setup: &Setup) -> Vec<(Told, Option<Pruned>)> {
    let mut random = sampler("random", &Setup { seed: 99, ..setup.clone() });
    (0..40)
        .map(|number| {
            let point = random.ask(number, &[]).unwrap();
            let score = Some(bowl(&point)).filter(|_| number % 9 > 1);
            let pruned = (number % 9 == 1).then(|| Pruned { step: 3, loss: bowl(&point) });
            (Told::new(number, point, score), pruned)
        })
        .collect()
}

/// Asks and tells after having been taught.
fn go(name: &str, setup: &Setup, lessons: &[(Told, Option<Pruned>)], n: u64) -> Vec<Told> {
    let mut sampler = sampler(name, setup);
    for (told, pruned) in lessons {
        sampler.learn(told, *pruned);
    }
    (0..n)
        .map(|number| {
            let point = sampler.ask(number, &[]).unwrap();
            let loss = bowl(&point);
            let told = Told::new(number, point, Some(loss));
            sampler.tell(&told);
            told
        })
        .collect()
}

#[test]
fn earlier_trials_spare_the_first_points() {
    let setup = setup((0..3).map(|i| float(&format!("x{i}"), 0.0, 1.0)).collect(), 3);
    let lessons = earlier(&setup);
    // The first generation of NSGA is spread evenly whatever is known; earlier trials are its parents later.
    for name in names().iter().filter(|name| learns(name) && !name.starts_with("nsga")) {
        let mean = |record: &[Told]| {
            record.iter().filter_map(|told| told.loss).sum::<f64>() / record.len() as f64
        };
        let (warm, cold) = (go(name, &setup, &lessons, 6), go(name, &setup, &[], 6));
        assert!(mean(&warm) < 0.6 * mean(&cold), "{name}: {} {}", mean(&warm), mean(&cold));
        // Whoever is rebuilt from the record goes on the same.
        let mut rebuilt = sampler(name, &setup);
        for (told, pruned) in &lessons {
            rebuilt.learn(told, *pruned);
        }
        warm[..5].iter().for_each(|told| rebuilt.tell(told));
        assert_eq!(rebuilt.ask(5, &[]).as_ref(), Some(&warm[5].point), "{name}");
    }
}

#[test]
fn those_that_learn_nothing_ask_the_same() {
    let setup = setup((0..2).map(|i| float(&format!("x{i}"), 0.0, 1.0)).collect(), 3);
    let lessons = earlier(&setup);
    for name in names().iter().filter(|name| !learns(name)) {
        assert_eq!(go(name, &setup, &lessons, 5), go(name, &setup, &[], 5), "{name}");
    }
}
