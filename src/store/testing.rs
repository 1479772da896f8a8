//! Stores for tests: sweeps and runs with as little ceremony as possible.

use super::*;
use crate::domain::MetricPoint;
use crate::domain::{Goal, Objective, Outcome, Params, RunId, Summary, SweepId, Value};
use crate::space::Point;

pub(super) const WRITE: Mode = Mode::ReadWrite { create: true };

/// A fresh store in a folder that goes with the first value.
pub(super) fn on_disk() -> (tempfile::TempDir, std::path::PathBuf, Store) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".derby");
    let store = Store::open(&path, WRITE).unwrap();
    (folder, path, store)
}

pub(super) fn new_sweep(name: &str, digest: &str) -> NewSweep {
    NewSweep {
        name: name.into(),
        experiment: "exp".into(),
        model: "exp".into(),
        digest: digest.repeat(64 / digest.len()),
        file: format!("{name}.toml"),
        text: format!("name = \"{name}\""),
        sampler: "random".into(),
        seed: u64::MAX - 1,
        objectives: vec![Objective { metric: "auc".into(), goal: Goal::Maximize }],
        total: Some(10),
    }
}

pub(super) fn context() -> RunContext {
    RunContext {
        user: "me".into(),
        host: "here".into(),
        git: Some(crate::host::Git {
            commit: "c0ffee".repeat(7)[..40].into(),
            branch: Some("main".into()),
            dirty: true,
            diff_text: Some("+1\n".into()),
        }),
        argv: vec!["derby".into(), "sweep".into()],
        env: [("HOME".to_string(), "/h".to_string())].into(),
        version: "0.1.0".into(),
        data_hash: Some("5e".repeat(32)),
        schema_hash: Some("5c".repeat(32)),
        rows: Some(569),
        source: Some("a.csv".into()),
        split: Some("51".repeat(32)),
    }
}

pub(super) fn summary(score: f64) -> Summary {
    Summary { score, n: 5, mean: score, sd: f64::NAN, last: score, min: score, max: score }
}

pub(super) fn params(pairs: &[(&str, Value)]) -> Params {
    pairs.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect()
}

/// Records the ask of one trial whose only parameter is `C = number`.
pub(super) fn ask(store: &mut Store, sweep: SweepId, number: u64) -> Params {
    let params =
        params(&[("C", Value::Float(number as f64)), ("model", Value::Text("svm".into()))]);
    let trial = NewTrial {
        number,
        point: Point(vec![Some(number as f64), None]),
        params: &params,
        config: params.digest(),
        pending: Vec::new(),
        same_as: None,
        made_by: None,
    };
    store.record_ask(sweep, &[trial]).unwrap();
    params
}

/// A first attempt at a trial.
pub(super) fn new_run<'a>(
    (sweep, trial): (SweepId, u64),
    params: &'a Params,
    owner: &'a Owner,
) -> NewRun<'a> {
    static CONTEXT: std::sync::OnceLock<RunContext> = std::sync::OnceLock::new();
    NewRun {
        sweep: Some(sweep),
        trial: Some(trial),
        attempt: 1,
        replicate: 0,
        is_queued: false,
        experiment: "exp",
        name: None,
        params,
        seed: Some(7),
        context: CONTEXT.get_or_init(context),
        owner,
        cached_from: None,
        parent: None,
    }
}

pub(super) fn start(
    store: &mut Store,
    (sweep, trial, attempt): (Option<SweepId>, u64, u32),
    params: &Params,
    owner: &Owner,
) -> RunId {
    let new = NewRun {
        sweep,
        trial: sweep.map(|_| trial),
        attempt,
        ..new_run((SweepId(0), 0), params, owner)
    };
    store.start_run(&new).unwrap()
}

/// A result with the given score as «auc», fold by fold.
pub(super) fn points(scores: &[f64]) -> Vec<MetricPoint> {
    let point = |(fold, value): (usize, &f64)| MetricPoint {
        metric: "auc".into(),
        context: format!("fold={fold}"),
        step: 0,
        value: *value,
        ts: 5,
    };
    scores.iter().enumerate().map(point).collect()
}

pub(super) fn finish(store: &mut Store, run: RunId, owner: &Owner, score: f64) -> bool {
    let finished = Finished {
        points: &points(&[score, score]),
        summaries: &[("auc".into(), summary(score))],
        seconds: 0.5,
        cpu_seconds: Some(0.4),
        predictions: Some(&score.to_le_bytes()),
        loss: Some(-score),
        ..Finished::without_values(&Outcome::Done)
    };
    store.finish_run(run, 1, owner, &finished).unwrap()
}

/// Asks, starts and finishes one trial.
pub(super) fn one_trial(store: &mut Store, sweep: SweepId, number: u64, owner: &Owner) -> RunId {
    let params = ask(store, sweep, number);
    let run = start(store, (Some(sweep), number, 1), &params, owner);
    assert!(finish(store, run, owner, number as f64 / 10.0));
    store.tell(sweep, &[number]).unwrap();
    run
}

/// An owner on this machine whose process is gone.
pub(super) fn dead_owner() -> Owner {
    Owner { pid: u32::MAX - 7, start: 1, ..Owner::this_process() }
}
