//! What an ask and a tell cost, in process: `cargo bench --bench asks`.
//!
//! CPU milliseconds of the calling thread after so many trials, on ten floats; the median and the worst of the next 25.
//! `recorded` is a record of random points, as of the peers' figures; `own` is the record that the sampler made itself.
//! Whole runs are over 40 floats.
#![allow(clippy::print_stdout, missing_docs)]

use derby::host::thread_cpu_seconds;
use derby::sampler::{Sampler, SamplerOptions, Setup, Told, make};
use derby::space::{Dimension, Kind, Point, Space};
use std::sync::Arc;

const TIMED: usize = 25;

fn main() {
    println!("| sampler | record | trials | median ms | worst ms |\n|---|---|---|---|---|");
    for (name, own, sizes) in [
        ("tpe", false, &[100, 1_000, 5_000][..]),
        ("tpe", true, &[100, 1_000, 5_000]),
        ("cma-es", true, &[100, 1_000, 5_000]),
        ("nsga-ii", true, &[1_000, 5_000]),
        ("gp", true, &[50, 100, 200, 300, 1_000]),
        ("gp", false, &[100, 300]),
        ("auto", true, &[50, 100, 200, 300, 1_000, 5_000]),
        ("auto", false, &[100, 300, 10_000]),
    ] {
        asks(name, own, sizes);
    }
    println!("\n| sampler | trials × parameters | CPU s |\n|---|---|---|");
    whole("tpe", 1_000, 1);
    whole("nsga-ii", 10_000, 2);
}

/// Ten or more floats from 0 to 1.
fn setup(d: usize, n_objectives: usize) -> Setup {
    let kind = Kind::Float { low: 0.0, high: 1.0, log: false, step: None };
    let dim = |i| Dimension {
        id: format!("x{i}"),
        name: format!("x{i}"),
        kind: kind.clone(),
        when: Vec::new(),
    };
    let space = Space::new((0..d).map(dim).collect()).expect("the names differ");
    Setup { space: Arc::new(space), seed: 1, n_objectives, ..Setup::default() }
}

fn sampler(name: &str, setup: &Setup) -> Box<dyn Sampler> {
    make(name, setup.clone(), &SamplerOptions::default()).expect("a sampler's name")
}

/// A rippled bowl, and for a second objective one around another corner.
fn told(number: u64, point: Point, setup: &Setup, arm: Option<Arc<str>>) -> Told {
    let x: Vec<f64> = point.0.iter().map(|value| value.unwrap_or_default()).collect();
    let bowl = |center: f64| -> f64 {
        let term =
            |(i, x): (usize, &f64)| (x - center - 0.01 * i as f64).powi(2) + 0.1 * (9.0 * x).sin();
        x.iter().enumerate().map(term).sum()
    };
    let further = if setup.n_objectives > 1 { vec![bowl(0.7)] } else { Vec::new() };
    Told { further, arm, ..Told::new(number, point, Some(bowl(0.3))) }
}

/// One ask and its tell; CPU seconds.
fn step(asked: &mut dyn Sampler, number: u64, setup: &Setup) -> f64 {
    let start = thread_cpu_seconds();
    let point = asked.ask(number, &[]).expect("floats are not used up");
    let between = thread_cpu_seconds();
    let told = told(number, point, setup, asked.chosen().map(|chosen| chosen.arm));
    let after = thread_cpu_seconds();
    asked.tell(&told);
    thread_cpu_seconds() - after + between - start
}

/// One row for each size of the record.
fn asks(name: &str, own: bool, sizes: &[u64]) {
    let setup = setup(10, if name == "nsga-ii" { 2 } else { 1 });
    let mut random = sampler("random", &setup);
    let mut asked = sampler(name, &setup);
    let mut n = 0;
    for &size in sizes {
        while n < size {
            if own {
                step(asked.as_mut(), n, &setup);
            } else {
                let point = random.ask(n, &[]).expect("floats are not used up");
                asked.tell(&told(n, point, &setup, None));
            }
            n += 1;
        }
        let mut ms: Vec<f64> =
            (0..TIMED as u64).map(|i| 1e3 * step(asked.as_mut(), n + i, &setup)).collect();
        n += TIMED as u64;
        ms.sort_by(f64::total_cmp);
        let record = if own { "own" } else { "recorded" };
        println!("| {name} | {record} | {size} | {:.3} | {:.1} |", ms[TIMED / 2], ms[TIMED - 1]);
    }
}

/// CPU seconds of a whole run over 40 floats.
fn whole(name: &str, n: u64, n_objectives: usize) {
    let setup = setup(40, n_objectives);
    let mut asked = sampler(name, &setup);
    let seconds: f64 = (0..n).map(|number| step(asked.as_mut(), number, &setup)).sum();
    println!("| {name} | {n} × 40 | {seconds:.2} |");
}
