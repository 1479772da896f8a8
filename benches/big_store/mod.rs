//! A large store for benchmarks: made once through the product's own interface, kept under `target/bench-data`.
//!
//! 3 sweeps of 4 model families with parameters that depend on the family, 10 parameters and 5 metrics a run,
//! every state, a NaN now and then, tags, notes, a little in the bin, and curves of two metrics.

use derby::domain::{Goal, Objective, Outcome, Params, PointBatch, RunId, Summary, SweepId, Value};
use derby::numeric::Rng;
use derby::store::{Finished, Mode, NewRun, NewSweep, Owner, RunContext, Store, StoreError};
use std::fs;
use std::path::{Path, PathBuf};

/// Raise it when the content changes, so that an old store is made anew.
const VERSION: u32 = 1;
/// Runs written as one transaction.
const AT_ONCE: u64 = 500;
/// The metric of the long curve.
pub(crate) const LONG_METRIC: &str = "train_loss";

/// How large the store is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Runs.
    pub(crate) runs: u64,
    /// Points of all curves together.
    pub(crate) points: u64,
    /// Points of the one long curve, the newest run's, among them.
    pub(crate) long: u64,
}

/// What the figures of the terminal UI are stated for.
pub(crate) const FULL: Size = Size { runs: 100_000, points: 10_000_000, long: 1_000_000 };

/// The folder of a store of that size, made now if it is not there.
pub(crate) fn folder(size: Size) -> Result<PathBuf, StoreError> {
    let name = format!("store-v{VERSION}-{}-{}-{}", size.runs, size.points, size.long);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../bench-data").join(name);
    if path.join("complete").exists() {
        return Ok(path);
    }
    fs::remove_dir_all(&path).ok();
    let mut store = Store::open(&path, Mode::ReadWrite { create: true })?;
    fill(&mut store, size)?;
    drop(store);
    fs::write(path.join("complete"), "").expect("the folder of the store can be written");
    Ok(path)
}

fn fill(store: &mut Store, size: Size) -> Result<(), StoreError> {
    let mut maker = Maker::new(store, size)?;
    for from in (0..size.runs).step_by(AT_ONCE as usize) {
        let to = (from + AT_ONCE).min(size.runs);
        store.batch(|store| (from..to).try_for_each(|number| maker.run(store, number)))?;
    }
    Ok(())
}

/// A run at work by this process, for something that writes while others look.
#[allow(dead_code, reason = "one of two benchmarks writes")]
pub(crate) fn begin(store: &mut Store) -> Result<(RunId, Owner), StoreError> {
    let owner = Owner::this_process();
    let run = store.start_run(&NewRun {
        sweep: None,
        trial: None,
        attempt: 1,
        replicate: 0,
        is_queued: false,
        experiment: "churn",
        name: None,
        params: &Params::default(),
        seed: None,
        context: &RunContext::default(),
        owner: &owner,
        cached_from: None,
        parent: None,
    })?;
    Ok((run, owner))
}

/// Ends such a run and puts it into the bin, so that the store is as it was.
#[allow(dead_code, reason = "one of two benchmarks writes")]
pub(crate) fn end(store: &mut Store, run: RunId, owner: &Owner) -> Result<(), StoreError> {
    store.finish_run(run, 1, owner, &Finished::without_values(&Outcome::Done))?;
    store.remove(run)?;
    Ok(())
}

struct Maker {
    sweeps: Vec<SweepId>,
    contexts: Vec<RunContext>,
    owner: Owner,
    rng: Rng,
    size: Size,
    /// Points of each run but the last.
    each: u64,
}

impl Maker {
    fn new(store: &mut Store, size: Size) -> Result<Self, StoreError> {
        let names = ["churn-baseline", "churn-wide", "churn-narrow"];
        let sweeps = names.map(|name| Ok(store.begin_sweep(&new_sweep(name))?.id));
        let hosts = ["node-a", "node-b", "laptop"];
        let context = |host: &str| RunContext {
            user: "ada".into(),
            host: host.into(),
            argv: vec!["derby".into(), "sweep".into(), "sweeps/churn.toml".into()],
            version: env!("CARGO_PKG_VERSION").into(),
            data_hash: Some("5e".repeat(32)),
            schema_hash: Some("5c".repeat(32)),
            rows: Some(7043),
            source: Some("data/churn.csv".into()),
            split: Some("51".repeat(32)),
            ..RunContext::default()
        };
        Ok(Self {
            sweeps: sweeps.into_iter().collect::<Result<_, StoreError>>()?,
            contexts: hosts.map(context).into(),
            owner: Owner::this_process(),
            rng: Rng::stream(1, "big store", 0),
            size,
            each: (size.points - size.long) / (size.runs - 1).max(1),
        })
    }

    fn run(&mut self, store: &mut Store, number: u64) -> Result<(), StoreError> {
        let family = self.rng.below(4);
        let params = self.params(family);
        let place = (number * 3 / self.size.runs) as usize;
        let new = NewRun {
            sweep: Some(self.sweeps[place]),
            trial: Some(number),
            attempt: 1,
            replicate: 0,
            is_queued: false,
            experiment: "churn",
            name: None,
            params: &params,
            seed: Some(number as i64),
            context: &self.contexts[self.rng.below(3)],
            owner: &self.owner,
            cached_from: None,
            parent: None,
        };
        let run = store.start_run(&new)?;
        let is_last = number + 1 == self.size.runs;
        self.curves(store, run, if is_last { self.size.long } else { self.each })?;
        self.end(store, run, (number, family))?;
        self.edit(store, run, number)
    }

    /// Ten parameters: six that all share and four of the family's own.
    fn params(&mut self, family: usize) -> Params {
        let rng = &mut self.rng;
        let (name, own) = [
            ("forest", ["n_trees", "max_depth", "min_leaf", "max_features"]),
            ("svm", ["C", "gamma", "coef0", "tol"]),
            ("boosting", ["learning_rate", "n_rounds", "subsample", "lambda"]),
            ("logistic", ["penalty", "l1_ratio", "max_iter", "C"]),
        ][family];
        let mut params = Params::default();
        params.set("model", Value::Text(name.into()));
        params.set("scale", Value::Bool(rng.below(2) == 0));
        params.set("encoder", Value::Text(["onehot", "target", "hash"][rng.below(3)].into()));
        params.set("seed", Value::Int(rng.below(1000) as i64));
        params.set("n_features", Value::Int(5 + rng.below(40) as i64));
        params.set("folds", Value::Int(5));
        for name in own {
            let value = match name {
                "n_trees" | "n_rounds" | "max_iter" => Value::Int(50 * (1 + rng.below(20) as i64)),
                "max_depth" if rng.below(5) == 0 => Value::None,
                "max_depth" | "min_leaf" => Value::Int(1 + rng.below(30) as i64),
                "penalty" => Value::Text(["l1", "l2", "elastic"][rng.below(3)].into()),
                "max_features" | "subsample" | "l1_ratio" => Value::Float(rng.unit()),
                _ => Value::Float(10_f64.powf(6.0 * rng.unit() - 4.0)),
            };
            params.set(name, value);
        }
        params
    }

    fn curves(&mut self, store: &mut Store, run: RunId, points: u64) -> Result<(), StoreError> {
        let mut batch = PointBatch::default();
        let losses = [batch.series(LONG_METRIC, ""), batch.series("val_loss", "")];
        let long = points > self.each;
        let per_series = if long { points } else { points / 2 };
        for series in losses.into_iter().take(if long { 1 } else { 2 }) {
            let mut drift = 0.0;
            for step in 0..per_series {
                drift = 0.9 * drift + 0.1 * self.rng.normal();
                let spike = if self.rng.below(5000) == 0 { 5.0 } else { 0.0 };
                let is_nan = self.rng.below(2000) == 0;
                let value = 2.0 / (1.0 + step as f64).powf(0.2) + 0.1 * drift + spike;
                batch.points.push(derby::domain::SeriesPoint {
                    series,
                    step: step as i64,
                    value: if is_nan { f64::NAN } else { value },
                    ts: 1_750_000_000_000 + run.0 * 1000 + step as i64 * 20,
                });
            }
        }
        store.add_points((run, 1), &self.owner, &batch, &[])?;
        Ok(())
    }

    /// 88 % done, the others failed, pruned or killed; the last few are still at work.
    fn end(
        &mut self,
        store: &mut Store,
        run: RunId,
        (number, family): (u64, usize),
    ) -> Result<(), StoreError> {
        if number + 20 > self.size.runs {
            return Ok(());
        }
        let reason = |text: &str| text.to_string();
        let outcome = match self.rng.below(100) {
            0..88 => Outcome::Done,
            88..94 => Outcome::Pruned { reason: reason("median rule at step 20") },
            94..98 => Outcome::Failed { reason: reason("the loss is not finite") },
            98 => Outcome::Killed { reason: reason("the process ended while it ran") },
            _ => Outcome::Infeasible { reason: reason("min_leaf must be below max_depth") },
        };
        let auc = 0.7 + 0.05 * family as f64 + 0.05 * self.rng.normal();
        let mut metrics = vec![
            ("roc_auc", auc),
            ("log_loss", 1.0 - auc + 0.02 * self.rng.normal()),
            ("accuracy", (auc * 1000.0).round() / 1000.0),
            (LONG_METRIC, 0.4 + 0.1 * self.rng.unit()),
            ("val_loss", 0.5 + 0.1 * self.rng.unit()),
        ];
        match outcome {
            Outcome::Done => {}
            Outcome::Pruned { .. } => drop(metrics.drain(..3)),
            _ => metrics.clear(),
        }
        if self.rng.below(200) == 0 {
            for (_, value) in &mut metrics {
                *value = f64::NAN;
            }
        }
        let summaries: Vec<(String, Summary)> = metrics
            .into_iter()
            .map(|(name, score)| (name.to_string(), Summary::of_folds(&[score, score])))
            .collect();
        let finished = Finished {
            summaries: &summaries,
            seconds: 1.0 + 300.0 * self.rng.unit(),
            cpu_seconds: Some(1.0),
            ..Finished::without_values(&outcome)
        };
        store.finish_run(run, 1, &self.owner, &finished)?;
        Ok(())
    }

    /// Tags, notes and the bin.
    fn edit(&mut self, store: &mut Store, run: RunId, number: u64) -> Result<(), StoreError> {
        if number + 20 > self.size.runs {
            return Ok(());
        }
        if self.rng.below(50) == 0 {
            store.tag(run, "keep", ["yes", "maybe"][self.rng.below(2)])?;
        }
        if self.rng.below(200) == 0 {
            store.note(run, "looks odd on the slice of new customers")?;
        }
        if self.rng.below(100) == 0 {
            store.remove(run)?;
        }
        Ok(())
    }
}

fn new_sweep(name: &str) -> NewSweep {
    NewSweep {
        name: name.into(),
        experiment: "churn".into(),
        model: "churn".into(),
        digest: "ab".repeat(32),
        file: format!("sweeps/{name}.toml"),
        text: format!("name = \"{name}\""),
        sampler: "tpe".into(),
        seed: 7,
        objectives: vec![Objective { metric: "roc_auc".into(), goal: Goal::Maximize }],
        total: None,
    }
}
