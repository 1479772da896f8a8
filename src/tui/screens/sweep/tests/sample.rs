//! Projects with a sweep in every state, made through the store.

use crate::domain::{
    Goal, MetricPoint, Objective, Outcome, Params, PointBatch, RunId, Status, Summary, SweepId,
};
use crate::space::Point;
use crate::spec;
use crate::store::{Finished, Mode, NewRun, NewSweep, NewTrial, Owner, RunContext, Store};
use crate::sweep::Reached;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

const TEXT: &str = r#"
name = "demo"

[objective]
metric = "auc"
goal = "maximize"

[command]
run = ["true", "{args}"]
metrics = "jsonl"

[params]
lr = { low = 1e-3, high = 1.0, log = true }
opt = ["sgd", "adam"]
momentum = { low = 0.5, high = 0.99, when = { opt = "sgd" } }
nesterov = { values = [true, false], when = { opt = "sgd" } }
layers = { low = 1, high = 8 }

[search]
sampler = "tpe"
seed = 7

[budget]
trials = 60
"#;

/// A folder with a store.
pub(super) struct Project {
    folder: tempfile::TempDir,
    store: Store,
    sweep: SweepId,
    owner: Owner,
    next: u64,
    metrics: Vec<String>,
    plan: Option<Arc<spec::Sweep>>,
}

impl Project {
    /// A store without sweeps.
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store =
            Store::open(&folder.path().join(".derby"), Mode::ReadWrite { create: true }).unwrap();
        let owner = Owner::this_process();
        let (sweep, metrics) = (SweepId(0), vec!["auc".to_string()]);
        Self { folder, store, sweep, owner, next: 0, metrics, plan: None }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn begin(&mut self, name: &str, total: Option<u64>, objectives: Vec<Objective>) {
        let known = spec::Known::built_in();
        let overrides = spec::Overrides::default();
        let read =
            spec::parse(TEXT, spec::Format::Toml, Path::new("demo.toml"), &overrides, &known);
        let plan = read.unwrap();
        let sweep = self.store.begin_sweep(&NewSweep {
            name: name.into(),
            experiment: "demo".into(),
            model: "demo".into(),
            digest: "5e".repeat(32),
            file: format!("{}.toml", if name.is_ascii() { name } else { "odd" }),
            text: plan.text.clone(),
            sampler: "tpe".into(),
            seed: 7,
            objectives,
            total,
        });
        self.sweep = sweep.unwrap().id;
        self.plan = Some(Arc::new(plan));
        self.next = 0;
    }

    fn auc() -> Objective {
        Objective { metric: "auc".into(), goal: Goal::Maximize }
    }

    /// A sweep of 40 trials that have ended.
    pub(super) fn finished() -> Self {
        let mut project = Self::new();
        project.begin("demo", Some(40), vec![Self::auc()]);
        project.forty();
        project
    }

    fn forty(&mut self) {
        for at in 0..40_u64 {
            let score = 0.9 + at as f64 / 1000.0;
            let status = match at {
                36 | 37 => Status::Pruned,
                38 | 39 => Status::Failed,
                _ => Status::Done,
            };
            self.trial(score, status);
        }
    }

    /// The same, with 20 more to come, two of them at work.
    pub(super) fn running() -> Self {
        let mut project = Self::new();
        project.begin("demo", Some(60), vec![Self::auc()]);
        project.forty();
        let (sweep, owner) = (project.sweep, project.owner.clone());
        project.store.acquire_driver(sweep, &owner, 60_000).unwrap();
        let detail = json!({ "jobs": 2, "trials": 60, "time": null });
        project.store.add_event(sweep, "started", &detail).unwrap();
        project.start(&owner);
        project.start(&owner);
        project
    }

    /// The same, and every trial of the budget is begun.
    pub(super) fn full() -> Self {
        let mut project = Self::running();
        let detail = json!({ "command": { "do": "trials", "total": 42 }, "by": "me", "from": 42 });
        project.store.add_event(project.sweep, "steered", &detail).unwrap();
        project.store.set_total(project.sweep, Some(42)).unwrap();
        project
    }

    /// Every trial failed.
    pub(super) fn failed() -> Self {
        let mut project = Self::new();
        project.begin("demo", Some(3), vec![Self::auc()]);
        for _ in 0..3 {
            project.trial(f64::NAN, Status::Failed);
        }
        project
    }

    /// One more trial, whose run a person ended before the sampler was told.
    pub(super) fn ended_by_hand(&mut self) {
        let (number, params) = self.ask();
        let owner = self.owner.clone();
        let run = self.run(number, &params, &owner);
        let outcome = Outcome::Killed { reason: "by hand".into() };
        let finished = Finished::without_values(&outcome);
        assert!(self.store.finish_run(run, 1, &owner, &finished).unwrap());
        let command = json!({ "do": "stop-run", "run": run });
        let detail = json!({ "command": command, "by": "me", "from": number });
        self.store.add_event(self.sweep, "steered", &detail).unwrap();
        self.store.set_total(self.sweep, Some(number + 1)).unwrap();
    }

    /// Moves a run to the bin.
    pub(super) fn bin(&mut self, run: RunId) {
        self.store.remove(run).unwrap();
    }

    /// How far its sweep is.
    pub(super) fn reached(&self) -> Reached {
        let row = self.store.sweep_by_id(self.sweep).unwrap();
        Reached::of(&self.store, &row).unwrap()
    }

    /// Answers everything that was asked.
    pub(super) fn answers(&mut self, ok: bool, text: &str) {
        for command in self.store.open_commands(self.sweep).unwrap() {
            self.store.acknowledge(command.id, &json!({ "ok": ok, "text": text })).unwrap();
        }
    }

    /// A run at work ends.
    pub(super) fn ends(&mut self, run: RunId) {
        let owner = self.owner.clone();
        let finished = Finished::without_values(&Outcome::Done);
        assert!(self.store.finish_run(run, 1, &owner, &finished).unwrap());
    }

    /// The same after its process died.
    pub(super) fn abandoned() -> Self {
        let mut project = Self::new();
        project.begin("demo", Some(60), vec![Self::auc()]);
        project.forty();
        let dead = Owner { pid: u32::MAX - 7, start: 1, ..Owner::this_process() };
        project.start(&dead);
        project
    }

    /// Scores that are none, names that are hostile.
    pub(super) fn hostile() -> Self {
        let mut project = Self::new();
        project.begin("\u{1b}[31mред\u{202e}ペンギン", None, vec![Self::auc()]);
        for score in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e300, 1e300, 0.0] {
            project.trial(score, Status::Done);
        }
        project.trial(f64::NAN, Status::Failed);
        let owner = project.owner.clone();
        project.start(&owner);
        project
    }

    /// Two things that are optimized.
    pub(super) fn two_objectives() -> Self {
        let mut project = Self::new();
        let size = Objective { metric: "size".into(), goal: Goal::Minimize };
        project.metrics.push("size".into());
        project.begin("demo", Some(30), vec![Self::auc(), size]);
        for at in 0..30_u64 {
            project.trial(0.5 + (at * 7 % 30) as f64 / 100.0, Status::Done);
        }
        project
    }

    /// A newer sweep without trials.
    pub(super) fn another(&mut self, name: &str) {
        self.begin(name, Some(5), vec![Self::auc()]);
    }

    fn ask(&mut self) -> (u64, Params) {
        let plan = self.plan.clone().unwrap();
        let number = self.next;
        self.next += 1;
        let spread = |k: u64| ((number * k + 3) % 40) as f64 / 40.0;
        let unit = [number as f64 / 40.0, spread(11), spread(7), spread(13), spread(17)];
        let point: Point = plan.space.from_unit(&unit);
        let params = plan.space.params(&point);
        let config = params.digest();
        let trial = NewTrial {
            number,
            point,
            params: &params,
            config,
            pending: Vec::new(),
            same_as: None,
            made_by: None,
        };
        self.store.record_ask(self.sweep, &[trial]).unwrap();
        (number, params)
    }

    fn run(&mut self, number: u64, params: &Params, owner: &Owner) -> RunId {
        let context = RunContext { host: "here".into(), ..RunContext::default() };
        let run = NewRun {
            sweep: Some(self.sweep),
            trial: Some(number),
            attempt: 1,
            replicate: 0,
            is_queued: false,
            experiment: "demo",
            name: None,
            params,
            seed: Some(7),
            context: &context,
            owner,
            cached_from: None,
            parent: None,
        };
        self.store.start_run(&run).unwrap()
    }

    /// A trial that ends so.
    pub(super) fn trial(&mut self, score: f64, status: Status) -> RunId {
        let (number, params) = self.ask();
        let owner = self.owner.clone();
        let run = self.run(number, &params, &owner);
        let outcome = match status {
            Status::Pruned => Outcome::Pruned { reason: format!("median: worse at {number}") },
            Status::Failed => Outcome::Failed { reason: format!("out of memory at step {number}") },
            _ => Outcome::Done,
        };
        let summaries: Vec<(String, Summary)> = self
            .metrics
            .iter()
            .enumerate()
            .map(|(at, name)| {
                (name.clone(), summary(if at == 0 { score } else { 100.0 * score * score }, 10))
            })
            .filter(|_| status != Status::Failed)
            .collect();
        let finished = Finished {
            summaries: &summaries,
            seconds: 0.5,
            loss: (status == Status::Done && score.is_finite()).then_some(-score),
            ..Finished::without_values(&outcome)
        };
        assert!(self.store.finish_run(run, 1, &owner, &finished).unwrap());
        self.store.tell(self.sweep, &[number]).unwrap();
        run
    }

    /// A trial at work, with some values.
    fn start(&mut self, owner: &Owner) -> RunId {
        let (number, params) = self.ask();
        let run = self.run(number, &params, owner);
        let mut batch = PointBatch::default();
        for step in 0..5 {
            let (metric, context) = ("auc".to_string(), String::new());
            batch.push(&MetricPoint { metric, context, step, value: 0.5, ts: 1 });
        }
        let summaries = [("auc".to_string(), summary(0.5, 5))];
        self.store.add_points((run, 1), owner, &batch, &summaries).unwrap();
        run
    }

    /// What the process that drives the sweep writes when it was paused.
    pub(super) fn paused(&mut self) {
        let detail = json!({ "command": { "do": "pause" }, "by": "ada@box", "from": 42 });
        self.store.add_event(self.sweep, "steered", &detail).unwrap();
    }

    /// A command, and its answer.
    pub(super) fn asked(&mut self, command: &serde_json::Value, answer: Option<(bool, &str)>) {
        let id = self.store.post_command(self.sweep, command).unwrap();
        if let Some((ok, text)) = answer {
            self.store.acknowledge(id, &json!({ "ok": ok, "text": text })).unwrap();
        }
    }
}

fn summary(score: f64, n: u64) -> Summary {
    Summary { score, n, mean: score, sd: f64::NAN, last: score, min: score, max: score }
}
