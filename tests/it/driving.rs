//! Driving sweeps from tests: a sweep file in a string, work from a closure, and what the store then holds.

use derby::domain::{Outcome, Params, Status};
use derby::executor::fake::{Fake, Script};
use derby::executor::{Assignment, Work};
use derby::host::Interrupts;
use derby::pruner::{Judge, TrialEnd};
use derby::sampler::{self, Pruned, SamplerOptions, Setup, Told};
use derby::space::Point;
use derby::spec::{self, Format, Known, Overrides, Sweep};
use derby::store::{Mode, Owner, RunContext, Store, TrialRow};
use derby::sweep::{
    DriveError, Event, Flags, Observer, Options, Plan, Progress, Report, Silent, drive,
};
use std::path::Path;
use std::sync::Arc;

/// A continuous space with every kind of parameter, one of them conditional.
pub(crate) const MIXED: &str = r#"
[params]
x = { low = -3.0, high = 3.0 }
n = { low = 1, high = 40 }
kind = ["plain", "bent"]
bend = { low = 1e-3, high = 1.0, log = true, when = { kind = "bent" } }
"#;

/// Six configurations.
pub(crate) const SIX: &str = "[params]\na = [1, 2, 3]\nb = [\"u\", \"v\"]\n";

/// A checked sweep of a test function; `rest` is everything after its name.
pub(crate) fn spec_of(rest: &str) -> Sweep {
    let text = format!("name = \"loop\"\nfunction = \"noop\"\n{rest}");
    let file = Path::new("loop.toml");
    spec::parse(&text, Format::Toml, file, &Overrides::default(), &Known::built_in())
        .unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// A place for work that needs none.
pub(crate) fn nowhere() -> derby::sweep::Place {
    derby::sweep::Place { store: "nowhere".into(), owner: "nobody".into(), jobs: 1, gpus: None }
}

/// Work that does what `script` says.
pub(crate) fn fake(script: impl Fn(&Assignment) -> Script + Send + Sync + 'static) -> Arc<Fake> {
    Arc::new(Fake::new(script))
}

/// Work that always has this value.
pub(crate) fn constant(value: f64) -> Arc<Fake> {
    fake(move |_| Script::Value(value))
}

/// A bowl over [`MIXED`].
pub(crate) fn bowl(params: &Params) -> f64 {
    let number = |name| params.get(name).and_then(derby::domain::Value::as_f64).unwrap_or(0.0);
    (number("x") - 1.0).powi(2) + (number("n") / 10.0 - 2.0).powi(2) + number("bend")
}

/// One session of a sweep.
pub(crate) struct Session {
    pub(crate) jobs: usize,
    pub(crate) owner: Owner,
    pub(crate) interrupts: Interrupts,
    pub(crate) retry_failed: bool,
    pub(crate) flags: Flags,
}

impl Session {
    pub(crate) fn new(jobs: usize) -> Self {
        Self {
            jobs,
            owner: Owner::this_process(),
            interrupts: Interrupts::none(),
            retry_failed: false,
            flags: Flags::default(),
        }
    }

    pub(crate) fn watched(
        self,
        store: &mut Store,
        spec: &Sweep,
        work: Arc<dyn Work>,
        observer: &mut dyn Observer,
    ) -> Result<Report, DriveError> {
        let plan = Plan::bare(work, spec.digest);
        self.planned(store, spec, &plan, observer)
    }

    pub(crate) fn planned(
        self,
        store: &mut Store,
        spec: &Sweep,
        plan: &Plan,
        observer: &mut dyn Observer,
    ) -> Result<Report, DriveError> {
        let options = Options {
            jobs: self.jobs,
            owner: self.owner,
            context: RunContext::default(),
            interrupts: self.interrupts,
            retry_failed: self.retry_failed,
            flags: self.flags,
        };
        drive(store, spec, plan, &options, observer)
    }

    pub(crate) fn drive(
        self,
        store: &mut Store,
        spec: &Sweep,
        work: Arc<dyn Work>,
    ) -> Result<Report, DriveError> {
        self.watched(store, spec, work, &mut Silent)
    }
}

/// A session with `jobs` workers that nothing disturbs.
pub(crate) fn go(store: &mut Store, spec: &Sweep, work: &Arc<Fake>, jobs: usize) -> Report {
    Session::new(jobs).drive(store, spec, Arc::clone(work) as Arc<dyn Work>).unwrap()
}

/// An owner on this machine whose process is gone: what a crash leaves behind.
pub(crate) fn dead_owner() -> Owner {
    Owner { pid: u32::MAX - 7, start: 1, ..Owner::this_process() }
}

/// A fresh store on disk; it goes with the folder.
pub(crate) fn on_disk() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    (folder, store)
}

/// The store in `.derby` of a folder, made where there is none.
pub(crate) fn open(folder: &Path) -> Store {
    Store::open(&folder.join(".derby"), Mode::ReadWrite { create: true }).unwrap()
}

/// The trials of the only sweep.
pub(crate) fn trials(store: &Store) -> Vec<TrialRow> {
    let sweeps = store.sweeps().unwrap();
    assert_eq!(sweeps.len(), 1, "one sweep");
    store.trials(sweeps[0].id).unwrap()
}

/// Number, parameters and loss of every trial: what must not depend on workers or crashes.
pub(crate) fn outcomes(store: &Store) -> Vec<(u64, String, Option<u64>)> {
    let bits = |loss: f64| loss.to_bits();
    trials(store)
        .iter()
        .map(|trial| (trial.number, trial.params.to_string(), trial.loss.map(bits)))
        .collect()
}

/// Every trial that is no duplicate has exactly one finished run and nothing is left running.
pub(crate) fn assert_each_ran_once(store: &Store) {
    let all = store.runs(&derby::store::Query::default()).unwrap();
    assert!(all.iter().all(|run| run.status.is_over()), "a run is still marked running");
    for trial in trials(store) {
        let ended = all.iter().filter(|run| run.trial == Some(trial.number));
        let ended = ended.filter(|run| run.status != Status::Killed).count();
        let expected = usize::from(trial.same_as.is_none());
        assert_eq!(ended, expected, "trial {} ended {ended} times", trial.number);
    }
}

/// Who knows from the record how trials got where they did, in a sweep with a pruner.
fn judge_of(store: &Store, spec: &Sweep) -> Option<Judge> {
    let (goal, metric) = (spec.objectives[0].goal, &spec.objectives[0].metric);
    let judge = Judge::new(spec.search.pruner.clone()?, goal, "");
    let series = store.trial_series(store.sweeps().unwrap()[0].id, metric).unwrap();
    for trial in trials(store).iter().filter(|trial| trial.same_as.is_none()) {
        let end = match trial.status {
            Some(Status::Done) => TrialEnd::Done,
            Some(Status::Pruned) => TrialEnd::Pruned,
            _ => TrialEnd::Failed,
        };
        let own = series.iter().filter(|series| series.trial == trial.number);
        let values = own.flat_map(|series| {
            series.values.iter().map(|&(step, value)| (series.context.clone(), step, value))
        });
        judge.restore(trial.number, &values.collect::<Vec<_>>(), end);
    }
    Some(judge)
}

/// Asks a fresh sampler what the record says was asked, telling it what had been told by then: the
/// history of every ask is the tells so far without what was pending.
pub(crate) fn assert_replays(store: &Store, spec: &Sweep) {
    let record = trials(store);
    let mut told: Vec<&TrialRow> = record.iter().filter(|trial| trial.tell_seq.is_some()).collect();
    told.sort_by_key(|trial| trial.tell_seq);
    let n_points = spec.points.len() as u64;
    let judge = judge_of(store, spec);
    for trial in record.iter().filter(|trial| trial.number >= n_points) {
        let n_told = trial.number as usize - trial.pending.len();
        let history = &told[..n_told];
        assert!(
            history.iter().all(|t| t.number < trial.number && !trial.pending.contains(&t.number)),
            "what trial {} knew is no beginning of the tells",
            trial.number
        );
        let setup = Setup {
            space: Arc::clone(&spec.space),
            seed: spec.search.seed,
            budget: spec.budget.trials,
            n_objectives: 1,
        };
        let options =
            SamplerOptions { grid_steps: spec.search.grid_steps, ..SamplerOptions::default() };
        let mut fresh = sampler::make(&spec.search.sampler, setup, &options).unwrap();
        let mut scored: Vec<(u64, f64)> = Vec::new();
        for past in history {
            let (number, point) = (past.number, past.point.clone());
            let arm = past.made_by.as_ref().map(|made_by| Arc::clone(&made_by.arm));
            let told = Told { sd: past.sd, arm, ..Told::new(number, point, past.loss) };
            let executed = past.same_as.unwrap_or(number);
            let Some((step, loss)) = record[executed as usize].pruned else {
                scored.extend(past.loss.filter(|_| executed == number).map(|loss| (number, loss)));
                fresh.tell(&told);
                continue;
            };
            // What it would have come to, by those that were told before it.
            let best = scored.iter().map(|&(_, loss)| loss).fold(f64::INFINITY, f64::min);
            match judge.as_ref().and_then(|judge| judge.forecast(executed, &scored)) {
                Some(loss) => fresh.tell(&Told { loss: Some(loss.max(best)), ..told }),
                None => fresh.tell_pruned(&told, Pruned { step, loss }),
            }
        }
        let pending: Vec<Point> =
            trial.pending.iter().map(|&number| record[number as usize].point.clone()).collect();
        let asked = fresh.ask(trial.number - n_points, &pending);
        assert_eq!(asked.as_ref(), Some(&trial.point), "trial {}", trial.number);
    }
}

/// Panics at the `at`-th finished trial.
pub(crate) struct Bomb {
    pub(crate) at: u64,
}

impl Observer for Bomb {
    fn event(&mut self, event: &Event<'_>, _: &Progress, _: usize) {
        if let Event::Finished { outcome: Outcome::Done, .. } = event {
            self.at -= 1;
            assert!(self.at > 0, "boom");
        }
    }
}
