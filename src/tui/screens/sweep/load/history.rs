//! All trials of a sweep, reduced to what a chart can show: the worker does it, however many there are.

use super::super::load::plan;
use super::state::number;
use crate::domain::{Goal, Objective, Params, RunId, Status, SweepId};
use crate::numeric::{self, Losses, front, hypervolume};
use crate::store::{Field, RunRow, Store, StoreError, SweepRow, TrialRun};
use std::collections::{BTreeMap, BTreeSet};

/// Best runs that are shown.
const TOP: usize = 100;
/// Parameters that are shown of each.
const PARAMS: usize = 24;
/// Columns and rows of dots that a chart may tell apart.
const GRID: (usize, usize) = (240, 64);
/// The share of the worst scores that do not stretch the axis.
const WORST: f64 = 0.1;
/// With fewer scores all of them do.
const FEW: usize = 20;
/// Objectives whose front and hypervolume take no longer than sorting the trials.
const QUICK: usize = 3;

/// How a trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DotKind {
    /// With a score.
    Done,
    /// With a score, and against a constraint.
    Infeasible,
    /// Stopped by a rule.
    Pruned,
    /// Without one.
    Failed,
}

/// A trial in the chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dot {
    /// Its number.
    pub trial: u64,
    /// Its score; NaN where it has none.
    pub score: f64,
    /// How it ended.
    pub kind: DotKind,
    /// Its run.
    pub run: RunId,
}

/// What came of one objective.
#[derive(Debug, Clone, PartialEq)]
pub struct Aim {
    /// The metric and its direction.
    pub objective: Objective,
    /// The best trial: its number, its score, its run.
    pub best: Option<(u64, f64, RunId)>,
}

/// The trials of a sweep.
#[derive(Debug, Default)]
pub struct History {
    /// Trials as dots, those that would hide each other left out.
    pub dots: Vec<Dot>,
    /// The corners of the best score so far, by trial; what breaks a constraint is none of it.
    pub steps: Vec<(f64, f64)>,
    /// The scores that the axis goes over.
    pub range: Option<(f64, f64)>,
    /// Scores beyond that range.
    pub beyond: u64,
    /// The last trial that ended.
    pub last: u64,
    /// Trials that ended.
    pub ended: u64,
    /// Trials with a finite score that keep the constraints.
    pub scored: u64,
    /// Every objective with its best.
    pub aims: Vec<Aim>,
    /// Trials that no other is better than by all objectives, and the hypervolume that they dominate.
    pub front: Option<(usize, Option<f64>)>,
    /// The best runs, best first; cells are the objectives, then the parameters.
    pub top: Vec<RunRow>,
    /// The names of those parameters.
    pub params: Vec<String>,
    /// The configuration of the best run.
    pub best_params: Params,
}

/// A trial by one metric.
#[derive(Debug, Clone, Copy)]
struct Scored {
    trial: u64,
    run: RunId,
    kind: DotKind,
    score: f64,
}

pub(super) fn history(store: &Store, id: SweepId) -> Result<History, StoreError> {
    let sweep = store.sweep_by_id(id)?;
    let Some(first) = sweep.objectives.first() else { return Ok(History::default()) };
    let trials = scored(&store.trial_runs(id, &first.metric)?);
    let mut history = reduced(&trials, first.goal);
    let mut by_objective = vec![trials];
    for objective in &sweep.objectives[1..] {
        by_objective.push(scored(&store.trial_runs(id, &objective.metric)?));
    }
    for (objective, trials) in sweep.objectives.iter().zip(&by_objective) {
        let best = best(trials, objective.goal);
        history.aims.push(Aim { objective: objective.clone(), best });
    }
    history.front = pareto(&by_objective, &sweep.objectives);
    (history.top, history.params) = top(store, &sweep, &by_objective[0])?;
    if let Some(best) = history.top.first() {
        history.best_params = store.run_by_id(best.id)?.params;
    }
    Ok(history)
}

/// One entry a trial that has ended: the mean over its replicates, by the last attempt of each.
fn scored(runs: &[TrialRun]) -> Vec<Scored> {
    let mut found = Vec::new();
    for of_trial in runs.chunk_by(|a, b| a.trial == b.trial) {
        let replicates = of_trial.chunk_by(|a, b| a.replicate == b.replicate);
        let last: Vec<&TrialRun> = replicates.filter_map(|attempts| attempts.last()).collect();
        let kind = |status| match status {
            Status::Done => Some(DotKind::Done),
            Status::Pruned => Some(DotKind::Pruned),
            Status::Infeasible => Some(DotKind::Infeasible),
            Status::Failed => Some(DotKind::Failed),
            Status::Queued | Status::Running | Status::Killed => None,
        };
        let at_work = |run: &&TrialRun| matches!(run.status, Status::Queued | Status::Running);
        let kind = last.iter().filter_map(|run| kind(run.status)).max();
        // A replicate that was killed since another one failed is none that is missing.
        let is_missing =
            |kind| kind == DotKind::Done && last.iter().any(|run| run.status == Status::Killed);
        let Some(kind) = kind.filter(|kind| !last.iter().any(at_work) && !is_missing(*kind)) else {
            continue;
        };
        let scores: Vec<f64> = last.iter().map(|run| run.score.unwrap_or(f64::NAN)).collect();
        let score = if scores.len() == 1 { scores[0] } else { numeric::mean(&scores) };
        let Some(run) = last.first() else { continue };
        found.push(Scored { trial: run.trial, run: run.run, kind, score });
    }
    found
}

fn counts(trial: &Scored) -> bool {
    trial.kind == DotKind::Done && trial.score.is_finite()
}

fn best(trials: &[Scored], goal: Goal) -> Option<(u64, f64, RunId)> {
    let mut best: Option<&Scored> = None;
    for trial in trials.iter().filter(|trial| counts(trial)) {
        if best.is_none_or(|best| goal.better(trial.score, best.score)) {
            best = Some(trial);
        }
    }
    best.map(|best| (best.trial, best.score, best.run))
}

fn reduced(trials: &[Scored], goal: Goal) -> History {
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for trial in trials.iter().filter(|trial| counts(trial)) {
        let before = steps.last().map_or(f64::NAN, |last| last.1);
        if goal.better(trial.score, before) {
            if !before.is_nan() {
                steps.push((trial.trial as f64, before));
            }
            steps.push((trial.trial as f64, trial.score));
        }
    }
    let last = trials.last().map_or(0, |trial| trial.trial);
    steps.extend(steps.last().map(|end| (last as f64, end.1)));
    let scored = trials.iter().filter(|trial| counts(trial)).count() as u64;
    let range = range(trials, goal);
    let beyond =
        |trial: &&Scored| range.is_some_and(|(low, high)| trial.score < low || trial.score > high);
    History {
        beyond: trials.iter().filter(beyond).count() as u64,
        dots: dots(trials, range, last),
        steps,
        range,
        last,
        ended: trials.len() as u64,
        scored,
        ..History::default()
    }
}

/// From the best score to the worst, without the worst few if they would make the rest flat.
fn range(trials: &[Scored], goal: Goal) -> Option<(f64, f64)> {
    let finite = trials.iter().filter(|trial| trial.score.is_finite());
    let mut losses: Vec<f64> = finite.map(|trial| goal.loss(trial.score)).collect();
    losses.sort_by(f64::total_cmp);
    let (low, mut high) = (*losses.first()?, *losses.last()?);
    if losses.len() >= FEW {
        let most = losses[((losses.len() - 1) as f64 * (1.0 - WORST)) as usize];
        // Only what lies far out is cut off.
        if high - low > 2.0 * (most - low) && most > low {
            high = most;
        }
    }
    let (a, b) = match goal {
        Goal::Maximize => (-high, -low),
        Goal::Minimize => (low, high),
    };
    Some((a, b))
}

/// One dot for each place that a chart can tell apart; what stands out is kept.
fn dots(trials: &[Scored], range: Option<(f64, f64)>, last: u64) -> Vec<Dot> {
    let (low, high) = range.unwrap_or((0.0, 1.0));
    let share = |value: f64, low: f64, high: f64, n: usize| {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        (share.clamp(0.0, 1.0) * (n - 1) as f64).round() as usize
    };
    let mut taken = BTreeSet::new();
    let mut dots = Vec::new();
    for trial in trials {
        let x = share(trial.trial as f64, 0.0, last as f64, GRID.0);
        let y = if trial.score.is_finite() {
            share(trial.score, low, high, GRID.1)
        } else {
            usize::MAX
        };
        if taken.insert((trial.kind, x, y)) {
            let Scored { trial, run, kind, score } = *trial;
            dots.push(Dot { trial, score, kind, run });
        }
    }
    dots
}

/// How many trials are on the front, and its hypervolume up to the worst of each objective; none of more objectives than
/// can be counted while somebody looks.
fn pareto(trials: &[Vec<Scored>], objectives: &[Objective]) -> Option<(usize, Option<f64>)> {
    let m = objectives.len();
    if !(2..=QUICK).contains(&m) {
        return None;
    }
    let mut losses: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for (scored, objective) in trials.iter().zip(objectives) {
        for trial in scored.iter().filter(|trial| counts(trial)) {
            losses.entry(trial.trial).or_default().push(objective.goal.loss(trial.score));
        }
    }
    let rows = losses.into_values().filter(|row| row.len() == m).collect::<Vec<_>>().concat();
    let worst: Vec<f64> = (0..m)
        .map(|at| rows.iter().skip(at).step_by(m).copied().fold(f64::MIN, f64::max))
        .collect();
    let points = Losses::new(&rows, m);
    let volume = Some(hypervolume(points, &worst)).filter(|volume| *volume > 0.0);
    (!points.is_empty()).then(|| (front(points).len(), volume))
}

fn top(
    store: &Store,
    sweep: &SweepRow,
    trials: &[Scored],
) -> Result<(Vec<RunRow>, Vec<String>), StoreError> {
    let goal = sweep.objectives[0].goal;
    let mut ranked: Vec<&Scored> = trials.iter().filter(|trial| counts(trial)).collect();
    let before = |a: &&Scored, b: &&Scored| {
        goal.loss(a.score).total_cmp(&goal.loss(b.score)).then(a.trial.cmp(&b.trial))
    };
    if ranked.len() > TOP {
        ranked.select_nth_unstable_by(TOP, before);
        ranked.truncate(TOP);
    }
    ranked.sort_by(before);
    let ids: Vec<RunId> = ranked.iter().map(|trial| trial.run).collect();
    let mut params: Vec<String> = Vec::new();
    if let Ok(plan) = plan(sweep) {
        for dim in plan.space.dims().iter().filter(|dim| !dim.is_constant()) {
            if !params.contains(&dim.name) && params.len() < PARAMS {
                params.push(dim.name.clone());
            }
        }
    }
    let metrics = sweep.objectives.iter().map(|aim| Field::Metric(aim.metric.clone()));
    let columns: Vec<Field> =
        metrics.chain(params.iter().map(|name| Field::Param(name.clone()))).collect();
    let mut rows = store.rows(&ids, &columns)?;
    // A trial with replicates counts by their mean.
    for (row, trial) in rows.iter_mut().zip(&ranked) {
        if row.id == trial.run && number(row.cells.first()).is_some() {
            row.cells[0] = crate::store::Cell::Number(trial.score);
        }
    }
    Ok((rows, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(trial: u64, replicate: u32, status: Status, score: Option<f64>) -> TrialRun {
        TrialRun { run: RunId(trial as i64), trial, replicate, attempt: 1, status, score }
    }

    #[test]
    fn replicates_are_one_trial_and_running_ones_none() {
        let runs = [
            run(0, 0, Status::Done, Some(1.0)),
            run(0, 1, Status::Done, Some(3.0)),
            run(1, 0, Status::Failed, None),
            run(2, 0, Status::Running, Some(9.0)),
            run(3, 0, Status::Pruned, Some(0.5)),
        ];
        let found: Vec<(u64, DotKind)> = scored(&runs).iter().map(|t| (t.trial, t.kind)).collect();
        assert_eq!(found, [(0, DotKind::Done), (1, DotKind::Failed), (3, DotKind::Pruned)]);
        assert_eq!(scored(&runs)[0].score, 2.0);
    }

    #[test]
    fn the_best_so_far_is_a_staircase() {
        let runs: Vec<TrialRun> = [3.0, 5.0, f64::NAN, 4.0, 2.0, 2.5]
            .iter()
            .enumerate()
            .map(|(at, score)| run(at as u64, 0, Status::Done, Some(*score)))
            .collect();
        let history = reduced(&scored(&runs), Goal::Minimize);
        assert_eq!(history.steps, [(0.0, 3.0), (4.0, 3.0), (4.0, 2.0), (5.0, 2.0)]);
        assert_eq!((history.scored, history.range), (5, Some((2.0, 5.0))));
    }

    #[test]
    fn a_hundred_thousand_trials_are_some_thousand_dots() {
        let trials: Vec<Scored> = (0..100_000)
            .map(|at| Scored {
                trial: at,
                run: RunId(0),
                kind: DotKind::Done,
                score: if at == 7 { -1e9 } else { (at * 7919 % 1000) as f64 },
            })
            .collect();
        let history = reduced(&trials, Goal::Maximize);
        assert!(history.dots.len() <= GRID.0 * (GRID.1 + 1), "{}", history.dots.len());
        assert!(history.beyond as f64 / 100_000.0 < 0.2);
        assert!(history.range.unwrap().0 > -1.0, "an outlier does not stretch the axis");
    }

    #[test]
    fn a_front_of_two_objectives() {
        let aim = |metric: &str, goal| Objective { metric: metric.into(), goal };
        let of = |scores: &[f64]| -> Vec<Scored> {
            let one = |(at, score): (usize, &f64)| Scored {
                trial: at as u64,
                run: RunId(0),
                kind: DotKind::Done,
                score: *score,
            };
            scores.iter().enumerate().map(one).collect()
        };
        let trials = [of(&[1.0, 2.0, 3.0, 0.0, 3.0]), of(&[1.0, 2.0, 4.0, 5.0, 4.0])];
        let aims = [aim("a", Goal::Maximize), aim("b", Goal::Minimize)];
        // The worst is a = 0, b = 5; dominated: (3-0)(5-4) + (2-0)(4-2) + (1-0)(2-1). Of equal trials all count, as they do
        // for `derby best --front`.
        assert_eq!(pareto(&trials, &aims), Some((4, Some(8.0))));
        // A third one that all share but the worst of two.
        let three = [&trials[..], &[of(&[1.0, 1.0, 1.0, 0.0, 1.0])]].concat();
        let aims = [&aims[..], &[aim("c", Goal::Maximize)]].concat();
        assert_eq!(pareto(&three, &aims), Some((4, Some(8.0))));
        assert_eq!(pareto(&trials[..1], &aims[..1]), None);
    }
}
