//! What every sampler of several objectives promises, on every kind of space, with constraints and failures.

use super::conformance::{choice, distinct, float, setup, spaces, told};
use super::*;
use crate::space::Size;

fn all() -> impl Iterator<Item = &'static str> {
    names_for_several().iter().copied()
}

fn sampler(name: &str, setup: &Setup) -> Box<dyn Sampler> {
    make(name, setup.clone(), &SamplerOptions::default()).unwrap()
}

/// Asks of a test: few of those that are dear.
fn n_asks(name: &str, setup: &Setup) -> u64 {
    match (is_dear(name, setup), setup.space.len()) {
        (false, _) => 40,
        (true, 0..6) => 9,
        (true, _) => 13,
    }
}

/// Models need some trials to begin, and their asks are dear.
fn is_dear(name: &str, setup: &Setup) -> bool {
    name == "gp" || name == "auto" && setup.n_objectives < 4
}

fn run(name: &str, setup: &Setup) -> Vec<Told> {
    let mut sampler = sampler(name, setup);
    let mut record = Vec::new();
    for number in 0..n_asks(name, setup) {
        let Some(point) = sampler.ask(number, &[]) else { break };
        record.push(told(number, &point, setup));
        sampler.tell(record.last().unwrap());
    }
    record
}

fn for_all(check: impl Fn(&str, &str, &Setup)) {
    for (at, (title, dims)) in spaces().into_iter().enumerate() {
        for name in all() {
            let n_objectives = match name {
                // With fewer it is the models', but for the trials aside.
                "auto" if title != "mixed" => 4,
                "auto" => 2,
                name => 2 + at % (most_objectives(name).min(5) - 1),
            };
            check(name, title, &Setup { n_objectives, ..setup(dims.clone(), 11) });
        }
    }
}

#[test]
fn points_belong_to_the_space_and_a_rebuilt_sampler_goes_on_alike() {
    for_all(|name, title, setup| {
        let record = run(name, setup);
        for told in &record {
            assert_eq!(setup.space.check(&told.point), Ok(()), "{name} on {title}");
        }
        let last = record.len() - 1;
        for cut in [last / 2, last] {
            let mut rebuilt = sampler(name, setup);
            for told in &record[..cut] {
                rebuilt.tell(told);
            }
            let asked = rebuilt.ask(record[cut].number, &[]);
            assert_eq!(asked.as_ref(), Some(&record[cut].point), "{name} on {title} after {cut}");
            assert_eq!(asked, rebuilt.ask(record[cut].number, &[]), "an ask left a trace");
        }
    });
}

#[test]
fn eight_workers_get_different_points_and_late_results_count() {
    for_all(|name, title, setup| {
        // The grid walks on whatever is at work.
        if name == "grid" || matches!(setup.space.size(), Size::Finite(n) if n < 64) {
            return;
        }
        let mut sampler = sampler(name, setup);
        let mut record = run(name, setup);
        record.truncate(12);
        for told in &record {
            sampler.tell(told);
        }
        let mut pending: Vec<Point> = Vec::new();
        let n = if is_dear(name, setup) { 4 } else { 8 };
        for number in 12..12 + n {
            pending.extend(sampler.ask(number, &pending));
        }
        assert!(distinct(&pending) as u64 > n / 2, "{name} on {title}: {pending:?}");
        for (at, point) in pending.iter().enumerate().rev() {
            let number = 12 + at as u64;
            sampler.tell(&told(number, point, setup));
        }
        assert!(sampler.ask(30, &[]).is_some(), "{name} on {title}");
    });
}

/// Trials in which something is the same everywhere.
fn degenerate(kind: usize, number: u64, point: Point, m: usize) -> Told {
    let x = point.0.iter().flatten().sum::<f64>();
    let told = Told::new(number, point, Some(x));
    let further = vec![-x; m - 1];
    match kind {
        // One objective is constant.
        0 => Told { loss: Some(3.0), further, ..told },
        // All are: the front is everything.
        1 => Told { loss: Some(3.0), further: vec![3.0; m - 1], ..told },
        // None is feasible.
        2 => Told { further, constraints: vec![1.0 + x * x, 1.0], ..told },
        // All have failed.
        3 => Told { loss: None, ..told },
        // Losses of another number, or none that can be compared.
        4 => Told { further: vec![f64::NAN; m - 1], ..told },
        5 => Told { further: vec![1.0; m + 3], ..told },
        6 => Told { further, constraints: vec![f64::NAN], ..told },
        // One trial is better than all others in everything: a front of one point.
        7 => Told { further: vec![x; m - 1], ..told },
        _ => Told { loss: Some(1e300 * x), further: vec![-1e300; m - 1], ..told },
    }
}

#[test]
fn degenerate_results_do_no_harm() {
    let dims = || vec![float("x", 0.0, 1.0), choice("c", 3), float("y", -1.0, 1.0)];
    for name in all() {
        for kind in 0..9 {
            for n_objectives in [2, 3] {
                let setup = Setup { n_objectives, ..setup(dims(), 3) };
                let mut sampler = sampler(name, &setup);
                for number in 0..n_asks(name, &setup) {
                    let point = sampler.ask(number, &[]).unwrap();
                    assert_eq!(setup.space.check(&point), Ok(()), "{name} with {kind}");
                    sampler.tell(&degenerate(kind, number, point, n_objectives));
                }
            }
        }
    }
}
