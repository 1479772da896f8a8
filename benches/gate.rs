//! How often the gate is fooled, what it misses, and how long it takes: `cargo bench --bench gate [-- REPEATS]`.
//!
//! The setting: 400 rows to train and to cross-validate on in 10 folds, 400 rows of holdout, least squares on ±1; a champion
//! and 20 challengers that differ by a column of noise; where they are better, a column that matters is
//! added (3.1 points of accuracy).
#![allow(clippy::print_stdout, missing_docs)]

use derby::domain::{Goal, Labels, Objective, Prediction};
use derby::gate::{
    Champion, Decision, Evidence, Policy, Scored, Units, judge, mcnemar, spent_alpha,
};
use derby::numeric::{Rng, quantile_sorted};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::time::Instant;

const TRAIN: usize = 400;
const HOLDOUT: usize = 400;
const CHALLENGERS: usize = 20;
const FOLDS: usize = 10;

fn main() {
    // Cargo adds `--bench`.
    let repeats = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(1_000);
    println!("{repeats} repeats; share of challengers that are promoted\n");
    for (title, world) in [
        ("equal models", World { effect: 0.0, noise: 1.0 }),
        ("nearly the same predictions, equal models", World { effect: 0.0, noise: 0.15 }),
        ("3.1 points better", World { effect: 0.6, noise: 1.0 }),
    ] {
        simulate(title, &world, repeats);
    }
    sizes(2 * repeats);
    timing();
}

/// How challengers differ from the champion.
struct World {
    effect: f64,
    /// Share of the noise column that is a model's own; the rest they have in common.
    noise: f64,
}

/// One repeat's data: truth, and every model's scores on the holdout and mean accuracy over folds.
struct Trial {
    truth: Vec<u32>,
    scores: Vec<Vec<f64>>,
    folds: Vec<f64>,
}

fn trial(world: &World, seed: u64) -> Trial {
    let mut rng = Rng::stream(seed, "gate simulation", 0);
    let n = TRAIN + HOLDOUT;
    let slopes = [0.8, 0.6, 0.4, 0.3, 0.2];
    let base: Vec<[f64; 5]> = (0..n).map(|_| std::array::from_fn(|_| rng.normal())).collect();
    let extra: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
    let common: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
    let truth: Vec<u32> = (0..n)
        .map(|row| {
            let z: f64 = base[row].iter().zip(slopes).map(|(x, b)| 0.9 * x * b).sum();
            let u = rng.unit().max(1e-300);
            u32::from(z + world.effect * extra[row] + (u / (1.0 - u)).ln() > 0.0)
        })
        .collect();
    let mut order: Vec<usize> = (0..TRAIN).collect();
    rng.shuffle(&mut order);
    let (mut scores, mut folds) = (Vec::new(), Vec::new());
    for model in 0..=CHALLENGERS {
        let rows: Vec<Vec<f64>> = (0..n)
            .map(|row| {
                let own = (1.0 - world.noise * world.noise).sqrt();
                let noise = own * common[row] + world.noise * rng.normal();
                let mut x = vec![1.0];
                x.extend(base[row]);
                x.push(noise);
                if model > 0 && world.effect > 0.0 {
                    x.push(extra[row]);
                }
                x
            })
            .collect();
        let accuracy = (0..FOLDS).map(|fold| {
            let test = fold * TRAIN / FOLDS..(fold + 1) * TRAIN / FOLDS;
            let train = (0..TRAIN).filter(|at| !test.contains(at)).map(|at| order[at]);
            let b = least_squares(&rows, &truth, train);
            let right = test
                .clone()
                .filter(|&at| (dot(&rows[order[at]], &b) > 0.0) == (truth[order[at]] == 1));
            right.count() as f64 / test.len() as f64
        });
        folds.push(accuracy.sum::<f64>() / FOLDS as f64);
        let b = least_squares(&rows, &truth, 0..TRAIN);
        scores.push(rows[TRAIN..].iter().map(|x| dot(x, &b)).collect());
    }
    Trial { truth: truth[TRAIN..].to_vec(), scores, folds }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// By the normal equations, which are well-conditioned here.
fn least_squares(rows: &[Vec<f64>], truth: &[u32], train: impl Iterator<Item = usize>) -> Vec<f64> {
    let p = rows[0].len();
    let mut a = vec![vec![0.0; p + 1]; p];
    for row in train {
        let (x, y) = (&rows[row], 2.0 * f64::from(truth[row]) - 1.0);
        for i in 0..p {
            for j in 0..p {
                a[i][j] += x[i] * x[j];
            }
            a[i][p] += x[i] * y;
        }
    }
    for i in 0..p {
        let pivot = a[i].clone();
        for (_, row) in a.iter_mut().enumerate().filter(|(at, _)| *at != i) {
            let factor = row[i] / pivot[i];
            row.iter_mut().zip(&pivot).for_each(|(value, pivot)| *value -= factor * pivot);
        }
    }
    (0..p).map(|i| a[i][p] / a[i][i]).collect()
}

fn prediction(scores: &[f64]) -> Prediction {
    let p = scores.iter().flat_map(|score| {
        let p = 1.0 / (1.0 + (-2.0 * score).exp());
        [1.0 - p, p]
    });
    Prediction::from_probabilities(p.collect(), 2)
}

fn promotes(
    policy: &Policy,
    alpha: f64,
    truth: &Labels,
    ours: &Prediction,
    theirs: &Prediction,
) -> bool {
    let rows = Scored::new(truth, ours);
    let evidence =
        Evidence { alpha, ..Evidence::new(policy, Some(rows), Champion::Scored(theirs)) };
    judge(policy, &evidence).decision == Decision::Promote
}

/// The rules of one repeat: what is promoted.
fn rules(trial: &Trial, seed: u64) -> Vec<(String, bool)> {
    let truth = Labels::Classes { codes: trial.truth.clone(), n_classes: 2, positive: 1 };
    let models: Vec<Prediction> = trial.scores.iter().map(|scores| prediction(scores)).collect();
    let best = (1..=CHALLENGERS)
        .max_by(|&a, &b| trial.folds[a].total_cmp(&trial.folds[b]).then(b.cmp(&a)));
    let accuracy = Policy::new(Objective { metric: "accuracy".into(), goal: Goal::Maximize });
    let gate = |alpha, model: usize| promotes(&accuracy, alpha, &truth, &models[model], &models[0]);
    let mut found = Vec::new();
    for (who, model) in [("one challenger", 1), ("best of 20", best.unwrap_or(1))] {
        let mut add = |rule: &str, is: bool| found.push((format!("{who:15} {rule}"), is));
        let (won, lost) = discordant(trial, model);
        add("a  larger mean over folds", trial.folds[model] > trial.folds[0]);
        add("b  larger mean on the holdout", won > lost);
        add("c  McNemar, exact, one-sided", won > lost && mcnemar(won, lost).exact / 2.0 < 0.05);
        add("d  plain percentile bootstrap, 400 draws", plain(won, lost, seed));
        add("e  gate, alpha 5 %", gate(0.05, model));
        add("f  gate, first use: alpha 2.5 %", gate(spent_alpha(0.05, 1), model));
    }
    let any = |alpha: &dyn Fn(u64) -> f64| (1..=CHALLENGERS).any(|k| gate(alpha(k as u64), k));
    found.push(("20 one by one   g  gate, alpha 5 % each time".into(), any(&|_| 0.05)));
    found.push(("20 one by one   h  gate, alpha spent".into(), any(&|k| spent_alpha(0.05, k))));
    found
}

fn discordant(trial: &Trial, model: usize) -> (u64, u64) {
    let right =
        |model: usize, row: usize| (trial.scores[model][row] > 0.0) == (trial.truth[row] == 1);
    let rows = || 0..trial.truth.len();
    let count = |a: usize, b: usize| rows().filter(|&row| right(a, row) && !right(b, row)).count();
    (count(model, 0) as u64, count(0, model) as u64)
}

/// The rule of the reference simulation: the 5 % quantile of 400 means is above 0.
fn plain(won: u64, lost: u64, seed: u64) -> bool {
    let mut rng = Rng::stream(seed, "plain bootstrap", won);
    let mut means: Vec<f64> = (0..400)
        .map(|_| {
            let up = rng.binomial(HOLDOUT as u64, won as f64 / HOLDOUT as f64);
            let rest = (HOLDOUT as u64 - won) as f64;
            up as f64 - rng.binomial(HOLDOUT as u64 - up, lost as f64 / rest) as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    quantile_sorted(&means, 0.05) > 0.0
}

fn simulate(title: &str, world: &World, repeats: u64) {
    let all: Vec<Vec<(String, bool)>> =
        (0..repeats).into_par_iter().map(|seed| rules(&trial(world, seed), seed)).collect();
    let mut shares: BTreeMap<String, u64> = BTreeMap::new();
    for (rule, is) in all.into_iter().flatten() {
        *shares.entry(rule).or_default() += u64::from(is);
    }
    println!("{title}");
    for (rule, count) in shares {
        println!("  {rule:62} {:5.1} %", 100.0 * count as f64 / repeats as f64);
    }
    println!();
}

/// False promotions and rejections between models whose errors have the same distribution, by metric and by how
/// rows depend; 2,000 draws.
fn sizes(repeats: u64) {
    println!("exchangeable models, 400 rows: promoted and rejected at 5 %");
    let metrics = [
        "accuracy",
        "f1",
        "balanced_accuracy",
        "mcc",
        "log_loss",
        "brier",
        "roc_auc",
        "average_precision",
    ];
    for (title, share) in [("half of the rows positive", 0.5), ("5 % of the rows positive", 0.05)] {
        for metric in metrics {
            report(&format!("{title}, {metric}"), repeats, |seed| {
                let (truth, ours, theirs) = exchangeable(share, seed);
                verdict(metric, &Scored::new(&truth, &ours), &theirs)
            });
        }
    }
    for groups in [5, 10, 40] {
        let codes: Vec<u32> = (0..400u32).map(|row| row % groups).collect();
        for (name, units) in [("as rows", Units::Rows), ("as groups", Units::Groups(&codes))] {
            report(&format!("{groups} groups, mae, {name}"), repeats, |seed| {
                dependent(seed, units, |rng, out| {
                    let shifts: Vec<f64> = (0..groups).map(|_| rng.normal()).collect();
                    out.iter_mut()
                        .zip(&codes)
                        .for_each(|(x, code)| *x = 0.3 * shifts[*code as usize]);
                })
            });
        }
    }
    let times: Vec<f64> = (0..400).map(f64::from).collect();
    for memory in [0.0, 0.5, 0.9] {
        for (name, units) in [("as rows", Units::Rows), ("as time", Units::Time(&times))] {
            report(&format!("autocorrelation {memory}, mae, {name}"), repeats, |seed| {
                dependent(seed, units, |rng, out| {
                    let mut last = 0.0;
                    for x in out {
                        last = memory * last + (1.0f64 - memory * memory).sqrt() * rng.normal();
                        *x = 0.3 * last;
                    }
                })
            });
        }
    }
    println!();
}

fn report(title: &str, repeats: u64, one: impl Fn(u64) -> Decision + Sync + Send) {
    let all: Vec<Decision> = (0..repeats).into_par_iter().map(one).collect();
    let share = |wanted| all.iter().filter(|one| **one == wanted).count() as f64 / repeats as f64;
    let (up, down) = (share(Decision::Promote), share(Decision::Reject));
    println!("  {title:50} {:5.1} % {:5.1} %", 100.0 * up, 100.0 * down);
}

fn verdict(metric: &str, rows: &Scored<'_>, champion: &Prediction) -> Decision {
    let goal = derby::metrics::info(metric).expect("a metric of the catalogue").goal;
    let objective = Objective { metric: metric.into(), goal };
    let policy = Policy { draws: 2_000, ..Policy::new(objective) };
    judge(&policy, &Evidence::new(&policy, Some(rows.clone()), Champion::Scored(champion))).decision
}

fn exchangeable(share: f64, seed: u64) -> (Labels, Prediction, Prediction) {
    let mut rng = Rng::stream(seed, "gate sizes", 0);
    let codes: Vec<u32> = (0..HOLDOUT).map(|_| u32::from(rng.unit() < share)).collect();
    let base = (share / (1.0 - share)).ln() / 2.0;
    let common: Vec<f64> =
        codes.iter().map(|&y| base + 1.2 * (f64::from(y) - share) + 0.7 * rng.normal()).collect();
    let mut model = || -> Prediction {
        prediction(&common.iter().map(|z| z + 0.3 * rng.normal()).collect::<Vec<_>>())
    };
    let (ours, theirs) = (model(), model());
    (Labels::Classes { codes, n_classes: 2, positive: 1 }, ours, theirs)
}

/// Absolute errors of both models, each with a part of its own that depends between rows.
fn dependent(seed: u64, units: Units<'_>, shared: impl Fn(&mut Rng, &mut [f64])) -> Decision {
    let mut rng = Rng::stream(seed, "gate dependence", 0);
    let mut errors = || {
        let mut part = vec![0.0; HOLDOUT];
        shared(&mut rng, &mut part);
        Prediction::Values(part.iter().map(|x| (2.0 + x + 0.3 * rng.normal()).abs()).collect())
    };
    let (ours, theirs) = (errors(), errors());
    let truth = Labels::Values(vec![0.0; HOLDOUT]);
    verdict("mae", &Scored { units, ..Scored::new(&truth, &ours) }, &theirs)
}

fn timing() {
    let n = 100_000;
    let mut rng = Rng::new(1);
    let codes: Vec<u32> = (0..n).map(|_| u32::from(rng.unit() < 0.3)).collect();
    let mut scores = |skill: f64| -> Vec<f64> {
        codes.iter().map(|&y| skill * (f64::from(y) - 0.5) + 0.5 * rng.normal()).collect()
    };
    let (ours, theirs) = (scores(0.62), scores(0.6));
    let values = Labels::Values(codes.iter().map(|&y| f64::from(y)).collect());
    let truth = Labels::Classes { codes, n_classes: 2, positive: 1 };
    let classes = (prediction(&ours), prediction(&theirs));
    let numbers = (Prediction::Values(ours), Prediction::Values(theirs));
    let groups: Vec<u32> = (0..n as u32).map(|row| row / 10).collect();
    let times: Vec<f64> = (0..n).map(f64::from).collect();
    println!(
        "10,000 draws × 100,000 rows, {} threads: seconds of a whole verdict",
        rayon::current_num_threads()
    );
    for metric in [
        "accuracy",
        "f1",
        "mcc",
        "log_loss",
        "brier",
        "rmse",
        "mae",
        "r2",
        "roc_auc",
        "average_precision",
    ] {
        let info = derby::metrics::info(metric).expect("a metric of the catalogue");
        let (truth, (ours, theirs)) =
            if info.regression { (&values, &numbers) } else { (&truth, &classes) };
        let policy = Policy::new(Objective { metric: metric.into(), goal: info.goal });
        let seconds = |units| {
            let start = Instant::now();
            let rows = Scored { units, ..Scored::new(truth, ours) };
            judge(&policy, &Evidence::new(&policy, Some(rows), Champion::Scored(theirs)));
            start.elapsed().as_secs_f64()
        };
        let plain = seconds(Units::Rows);
        let grouped = seconds(Units::Groups(&groups));
        let timed = seconds(Units::Time(&times));
        println!("  {metric:18} rows {plain:6.2}   10,000 groups {grouped:6.2}   time {timed:6.2}");
    }
}
