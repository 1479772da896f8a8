//! Commands to the sweep: taken between two trials, recorded, answered, and then obeyed.

use super::{DriveError, Driver};
use crate::domain::{Params, RunId};
use crate::executor::Stop;
use crate::host;
use crate::sampler::{self, Sampler};
use crate::space::Space;
use crate::spec::{Budget, Sweep};
use crate::store::Command;
use crate::sweep::outlook::Outlook;
use crate::sweep::steer::{
    Answer, STEERED, Steer, Step, own_jobs, own_time, own_trials, point, with_range,
};
use crate::sweep::{Event, Observer, StopReason};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The sampler that walks a grid: after a change of a range it begins anew and leaves out what was tried.
pub(super) const GRID: &str = "grid";
/// What a command is answered that came while nobody drove the sweep and means nothing later.
const NOBODY: &str =
    "nobody drove the sweep when it was asked; mend: `derby sweep FILE` starts it, then ask again";

/// Time that runs while the sweep is not paused.
#[derive(Debug, Clone, Copy)]
pub(in crate::sweep) struct Stopwatch {
    before: Duration,
    /// None while it stands.
    since: Option<Instant>,
}

impl Stopwatch {
    pub(in crate::sweep) fn start() -> Self {
        Self { before: Duration::ZERO, since: Some(Instant::now()) }
    }

    pub(in crate::sweep) fn elapsed(&self) -> Duration {
        self.before + self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    pub(in crate::sweep) fn set_paused(&mut self, is_paused: bool) {
        self.before = self.elapsed();
        self.since = (!is_paused).then(Instant::now);
    }
}

/// The sweep's sampler, over a space that may have other ranges than the file's.
pub(super) fn sampler_over(
    spec: &Sweep,
    space: &Arc<Space>,
) -> Result<Box<dyn Sampler>, DriveError> {
    let options = sampler::SamplerOptions {
        grid_steps: spec.search.grid_steps,
        ..sampler::SamplerOptions::default()
    };
    let setup = sampler::Setup { n_objectives: spec.objectives.len(), ..setup_over(spec, space) };
    sampler::make(&spec.search.sampler, setup, &options)
        .ok_or_else(|| DriveError::Sampler(spec.search.sampler.clone()))
}

/// What says how much is still to be gained, where the budget asks for it.
pub(super) fn outlook_over(spec: &Sweep, budget: &Budget, space: &Arc<Space>) -> Option<Outlook> {
    budget.min_improvement?;
    Some(Outlook::new(setup_over(spec, space)))
}

fn setup_over(spec: &Sweep, space: &Arc<Space>) -> sampler::Setup {
    let (seed, budget) = (spec.search.seed, spec.budget.trials);
    sampler::Setup { space: Arc::clone(space), seed, budget, n_objectives: 1 }
}

/// What a command comes to.
enum Taken {
    /// Nothing: why not, with the mend.
    Refused(String),
    /// Nothing: it holds already.
    Holds(String),
    /// A change, and the answer.
    Change(Box<Step>, String),
}

impl Driver<'_> {
    /// Says what holds from earlier sessions, and takes what was asked while nobody drove the sweep.
    pub(super) fn begin_steering(&mut self, observer: &mut dyn Observer) -> Result<(), DriveError> {
        self.steering.is_paused = false;
        self.steering.stopped_by = None;
        self.steering.jobs = Some(self.pool.jobs());
        self.steering.trials = self.budget.trials;
        self.steering.time = self.budget.time.map(|time| time.as_secs_f64());
        let text = self.still_holds();
        if !text.is_empty() {
            self.tell_steered(&format!("as steered before: {text}"), observer);
        }
        self.heard = Some(self.store.data_version()?);
        self.take_open(true, observer)
    }

    /// What was steered before and holds again, in words.
    fn still_holds(&self) -> String {
        let mut parts = Vec::new();
        if self.budget.trials != self.spec.budget.trials {
            parts.push(Steer::Trials { total: self.budget.trials }.to_string());
        }
        if self.budget.time != self.spec.budget.time {
            parts.push(Steer::Time { seconds: self.steering.time }.to_string());
        }
        if self.pool.jobs() != self.options.jobs {
            parts.push(Steer::Jobs { jobs: self.pool.jobs() }.to_string());
        }
        for (id, &(low, high)) in &self.steering.ranges {
            parts.push(Steer::Range { parameter: id.clone(), low, high }.to_string());
        }
        let waiting = self.steering.by_hand.range(self.asker.n_asked()..).count();
        if waiting > 0 {
            parts.push(format!("points by hand that wait: {waiting}"));
        }
        parts.join(", ")
    }

    /// Takes commands, if the store has changed since the last look.
    pub(super) fn heed_commands(&mut self, observer: &mut dyn Observer) -> Result<(), DriveError> {
        let version = Some(self.store.data_version()?);
        if version == self.heard {
            return Ok(());
        }
        self.heard = version;
        self.take_open(false, observer)
    }

    fn take_open(&mut self, is_start: bool, observer: &mut dyn Observer) -> Result<(), DriveError> {
        for Command { id, command, .. } in self.store.open_commands(self.row.id)? {
            if command.get("stop").is_some() {
                continue; // a worker is meant
            }
            let by = command["by"].as_str().unwrap_or("somebody").to_string();
            let taken = match Steer::of(&command) {
                None => Taken::Refused(format!(
                    "'{command}' is no command that this derby knows; mend: the same version on both sides"
                )),
                Some(steer) if is_start && steer.needs_driver() => Taken::Refused(NOBODY.into()),
                Some(steer) => self.weigh(steer, &by),
            };
            match taken {
                Taken::Refused(text) => {
                    self.store.acknowledge(id, &Answer { ok: false, text }.json())?;
                }
                Taken::Holds(text) => {
                    self.store.acknowledge(id, &Answer { ok: true, text }.json())?;
                }
                Taken::Change(step, text) => self.take(id, step, text, observer)?,
            }
        }
        Ok(())
    }

    /// Records and answers a change as one, then makes it.
    fn take(
        &mut self,
        id: i64,
        step: Box<Step>,
        text: String,
        observer: &mut dyn Observer,
    ) -> Result<(), DriveError> {
        let by = step.by.clone();
        let shown = format!("{text} ({by})");
        let detail = json!(step);
        let answer = Answer { ok: true, text }.json();
        let (sweep, owner) = (self.row.id, &self.options.owner);
        let is_ours = self.store.batch(|store| {
            if !store.beat(owner)? {
                return Ok(false);
            }
            store.add_event(sweep, STEERED, &detail)?;
            if let Steer::Trials { total } = &step.command {
                store.set_total(sweep, *total)?;
            }
            store.acknowledge(id, &answer)?;
            Ok(true)
        })?;
        if !is_ours {
            return Err(DriveError::TakenOver(self.spec.name.clone()));
        }
        self.obey(*step)?;
        self.tell_steered(&shown, observer);
        Ok(())
    }

    fn tell_steered(&self, text: &str, observer: &mut dyn Observer) {
        let is_ranged = !self.steering.ranges.is_empty();
        self.tell_observer(observer, &Event::Steered { text, budget: &self.budget, is_ranged });
    }

    /// A step that holds from the next trial on.
    fn step(&self, command: Steer, by: &str, was: Json) -> Step {
        Step {
            command,
            by: by.into(),
            from: self.asker.n_asked(),
            was,
            own: Json::Null,
            point: None,
            ts: host::now_ms(),
        }
    }

    /// What a command would come to. Only threads are hired here, as there may be none to have.
    fn weigh(&mut self, steer: Steer, by: &str) -> Taken {
        if let Err(why) = steer.check(&self.spec.space, &self.steering) {
            return Taken::Refused(why);
        }
        let holds = |text: &str| Taken::Holds(text.into());
        let running = self.pool.n_running() + self.remote.n_handed();
        let (text, was) = match &steer {
            Steer::StopRun { run } => return self.weigh_stop_run(*run, by),
            Steer::Jobs { jobs } => return self.weigh_jobs(*jobs, by),
            Steer::Try { params } => return self.weigh_try(params, by),
            Steer::Range { parameter, low, high } => {
                return self.weigh_range(parameter, (*low, *high), by);
            }
            Steer::Trials { .. } | Steer::Time { .. } => return self.weigh_limit(steer, by),
            Steer::Pause if self.steering.is_paused => return holds("paused already"),
            Steer::Resume if !self.steering.is_paused => return holds("not paused"),
            Steer::Stop if self.steering.stopped_by.is_some() => return holds("stopping already"),
            Steer::Pause => {
                (format!("paused; {running} at work end, nothing new is started"), json!(false))
            }
            Steer::Resume => ("goes on".into(), json!(true)),
            Steer::Stop => {
                (format!("finishing {running} at work, then the sweep ends"), Json::Null)
            }
        };
        Taken::Change(Box::new(self.step(steer, by, was)), text)
    }

    fn weigh_limit(&self, steer: Steer, by: &str) -> Taken {
        let (limit, what, was, own) = match &steer {
            Steer::Trials { total } => {
                let (was, own) = (json!(self.budget.trials), own_trials(&self.spec.budget));
                (json!(total), "trials in all", was, own)
            }
            Steer::Time { seconds } => {
                let (was, own) = (json!(self.steering.time), own_time(&self.spec.budget));
                (json!(seconds), "seconds in all", was, own)
            }
            _ => return Taken::Refused("no limit".into()),
        };
        let text = match &limit {
            Json::Null => format!("no limit on {what}"),
            limit if limit.as_f64() == Some(1.0) => format!("1 {}", what.replacen("s ", " ", 1)),
            limit => format!("{} {what}", limit.as_f64().unwrap_or_default()),
        };
        if limit == was {
            return Taken::Holds(format!("{text} already"));
        }
        Taken::Change(Box::new(Step { own, ..self.step(steer, by, was) }), text)
    }

    fn weigh_try(&self, params: &Params, by: &str) -> Taken {
        let point = match point(&self.spec.space, &self.steering, params) {
            Ok(point) => point,
            Err(why) => return Taken::Refused(why),
        };
        match self.asker.trial_of(&point) {
            Some(trial) if trial < self.asker.n_asked() => {
                return Taken::Holds(format!("trial {trial} is this point already"));
            }
            Some(trial) => return Taken::Holds(format!("waits as trial {trial} already")),
            None => {}
        }
        let from = self.asker.next_by_hand();
        let is_full = self.uses_up_budget(self.open.len());
        let mend = if is_full { "; the trials of the budget are used up: add some" } else { "" };
        let params = self.spec.space.params(&point);
        let step = self.step(Steer::Try { params }, by, Json::Null);
        let text = format!("asked next, as trial {from}{mend}");
        Taken::Change(Box::new(Step { from, point: Some(point), ..step }), text)
    }

    fn weigh_range(&self, parameter: &str, (low, high): (f64, f64), by: &str) -> Taken {
        let ranges = &self.steering.ranges;
        match with_range(&self.spec.space, ranges, parameter, (low, high)) {
            Err(why) => Taken::Refused(why),
            Ok((id, was, _)) if was == (low, high) => {
                Taken::Holds(format!("'{id}' is from {low} to {high} already"))
            }
            Ok((id, was, _)) => {
                let from = self.asker.n_asked();
                let text = format!("'{id}' is from {low} to {high} from trial {from} on");
                let range = Steer::Range { parameter: id, low, high };
                Taken::Change(Box::new(self.step(range, by, json!([was.0, was.1]))), text)
            }
        }
    }

    fn weigh_stop_run(&self, run: RunId, by: &str) -> Taken {
        if self.steering.stopped.contains(&run) {
            return Taken::Holds(format!("run {run} was stopped already"));
        }
        let local = self.at_work.get(&run).map(|task| task.trial);
        let Some(trial) = local.or_else(|| self.remote.trial_of(run)) else {
            let text = format!(
                "run {run} is not at work in this sweep; mend: `derby runs 'sweep:{} status:running'` lists those that are",
                self.spec.name
            );
            return Taken::Refused(text);
        };
        let step = Step { from: trial, ..self.step(Steer::StopRun { run }, by, Json::Null) };
        Taken::Change(
            Box::new(step),
            format!("run {run} is stopped; trial {trial} is not tried again"),
        )
    }

    fn weigh_jobs(&mut self, jobs: usize, by: &str) -> Taken {
        let was = self.pool.jobs();
        if jobs == was {
            return Taken::Holds(format!("{jobs} at a time already"));
        }
        if jobs > self.plan.most_jobs {
            return Taken::Refused(format!(
                "'{jobs}' jobs, and GPUs for {}; mend: at most that many",
                self.plan.most_jobs
            ));
        }
        if let Err(error) = self.pool.resize(jobs) {
            return Taken::Refused(format!(
                "'{jobs}' jobs: no threads to have: {error}; mend: fewer"
            ));
        }
        let own = own_jobs(self.spec.resources.jobs);
        let step = Step { own, ..self.step(Steer::Jobs { jobs }, by, json!(was)) };
        Taken::Change(Box::new(step), format!("{jobs} at a time"))
    }

    /// Makes a recorded change.
    fn obey(&mut self, step: Step) -> Result<(), DriveError> {
        let is_cut_off = self.stop.as_ref().is_some_and(StopReason::is_cut_off);
        if !is_cut_off {
            // Whatever rule had ended it is looked at anew.
            self.stop = None;
        }
        match &step.command {
            Steer::Pause => self.watch.set_paused(true),
            Steer::Resume => self.watch.set_paused(false),
            Steer::Stop if !is_cut_off => self.stop = Some(StopReason::Asked(step.by.clone())),
            Steer::Stop | Steer::Jobs { .. } => {}
            Steer::StopRun { run } => {
                let reason = format!("stopped by {}", step.by);
                self.pool.stop(*run, &Stop::Killed(reason.clone()));
                self.remote.stop_one(self.store, self.row.id, *run, &reason)?;
            }
            Steer::Trials { total } => self.budget.trials = *total,
            Steer::Time { seconds } => {
                self.budget.time = seconds.and_then(|s| Duration::try_from_secs_f64(s).ok());
            }
            Steer::Try { .. } => {
                if let Some(point) = step.point.clone() {
                    self.asker.try_next(point);
                }
            }
            Steer::Range { parameter, low, high } => {
                let ranges = &self.steering.ranges;
                let changed = with_range(&self.spec.space, ranges, parameter, (*low, *high));
                if let Ok((_, _, space)) = changed {
                    let space = Arc::new(space);
                    let sampler = sampler_over(self.spec, &space)?;
                    let outlook = outlook_over(self.spec, &self.budget, &space);
                    self.asker.move_to(sampler, outlook, space, self.spec.search.sampler == GRID);
                }
            }
        }
        self.steering.apply(step);
        Ok(())
    }
}
