//! Runs put together by a column: how many, in which states, how well they did.

use super::columns::{self, Form};
use super::filter::sql::Known;
use super::filter::{Attribute, Field, Kind};
use super::ranking::{Judged, Yardstick};
use super::{Cell, Query, Store, StoreError, codec, ids, lease};
use crate::domain::{Goal, RunId, Status, SweepId};
use crate::host;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use std::collections::HashMap;

/// Runs that share a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The value; [`Cell::Missing`] for runs without one. Of replicates the trial's number.
    pub label: Cell,
    /// The runs, in the query's order.
    pub runs: Vec<RunId>,
    /// How many of them are in each state, in the order of [`Status::ALL`].
    pub counts: [u32; Status::ALL.len()],
    /// Of those that run, how many do so in name only.
    pub stale: u32,
    /// The sweep, of replicates.
    pub sweep: Option<SweepId>,
    /// The metric of the scores below; none if no run has one.
    pub metric: Option<String>,
    /// How many other metrics its runs are scored by: their runs are not among the scored ones.
    pub other_metrics: usize,
    /// How many have a score.
    pub scored: u64,
    /// The best score of a run that breaks no constraint and that run, the older one of equal ones.
    pub best: Option<(RunId, f64)>,
    /// Mean of the finite scores; NaN without any.
    pub mean: f64,
    /// Sample standard deviation (n − 1) of the finite scores; NaN for fewer than two.
    pub sd: f64,
}

/// By what the runs of a group are scored.
#[derive(Debug, Clone, Copy)]
pub enum Scores<'a> {
    /// Not at all.
    None,
    /// By one metric.
    Metric(&'a str, Goal),
    /// Each by what its own sweep optimizes. Scores of different metrics do not mix: the one that most runs of a group
    /// have counts.
    Own(&'a [Yardstick]),
}

impl Group {
    fn new((label, sweep): (Cell, Option<SweepId>)) -> Self {
        let counts = [0; Status::ALL.len()];
        Self {
            label,
            sweep,
            runs: Vec::new(),
            counts,
            stale: 0,
            metric: None,
            other_metrics: 0,
            scored: 0,
            best: None,
            mean: f64::NAN,
            sd: f64::NAN,
        }
    }
}

impl Store {
    /// The runs of a query in groups of equal values of `by`, in the order of each group's first run: sorted by a
    /// score, groups stand by their best. The attribute `replicate` puts together the runs of a trial, and a
    /// run without a trial is a group of its own. Numbers are equal whatever their kind, as in filters.
    ///
    /// # Errors
    /// As [`Store::runs`]; names of `by` and `score` that no run has are refused too.
    pub fn groups(
        &self,
        query: &Query,
        by: &Field,
        scores: Scores<'_>,
    ) -> Result<Vec<Group>, StoreError> {
        self.read_at_once(|conn| {
            let mut fields = vec![by.clone()];
            match scores {
                Scores::None => {}
                Scores::Metric(metric, _) => fields.push(Field::Metric(metric.into())),
                Scores::Own(of) => {
                    fields.extend(of.iter().map(|one| Field::Metric(one.metric.clone())));
                }
            }
            let known = Known::of(conn, &fields)?;
            // A sweep whose metric no run has reported yet is no mistake.
            let n_asked = if matches!(scores, Scores::Own(_)) { 1 } else { fields.len() };
            if let Some(unknown) =
                fields[..n_asked].iter().find(|field| known.check_field(field, &[]).is_err())
            {
                Known::load(conn)?.check_field(unknown, &[])?; // with the nearest names
            }
            let ordered = ids::run_ids(conn, query)?;
            let mut runs = ordered.clone();
            runs.sort_unstable_by(|a, b| b.cmp(a));
            let (labels, group_of) = match by {
                Field::Attribute(Attribute::Replicate) => by_trial(conn, &runs)?,
                _ => by_value(conn, &known, &runs, by)?,
            };
            let mut groups: Vec<Group> = labels.into_iter().map(Group::new).collect();
            let states = states(conn, &runs)?;
            for (place, status) in states.iter().enumerate() {
                groups[group_of[place] as usize].counts[*status as usize] += 1;
            }
            if states.contains(&Status::Running) {
                for lost in lease::lost_runs(conn, host::now_ms())? {
                    if let Ok(place) = runs.binary_search_by(|run| lost.cmp(run)) {
                        groups[group_of[place] as usize].stale += 1;
                    }
                }
            }
            let (aims, scored) = scores_of(conn, &known, &runs, scores)?;
            let mut tallies: Vec<Vec<Tally>> = vec![Vec::new(); groups.len()];
            // The oldest first, which is the best of equal ones.
            for (place, run) in runs.iter().enumerate().rev() {
                let Some((aim, score)) = scored.get(place).copied().flatten() else { continue };
                let of = &mut tallies[group_of[place] as usize];
                // What breaks a constraint is not the best, however good.
                let run = (states[place] != Status::Infeasible).then_some(RunId(*run));
                tally(of, aim).take(run, score, aims[aim].1);
            }
            for (group, tallies) in groups.iter_mut().zip(tallies) {
                group.take(tallies, &aims);
            }
            Ok(in_order(groups, &group_of, (&ordered, &runs)))
        })
    }
}

/// Mean and spread by Welford's recurrence (Technometrics 4, 1962).
#[derive(Debug, Clone, Copy, Default)]
struct Spread {
    n: f64,
    mean: f64,
    squares: f64,
}

impl Spread {
    fn push(&mut self, value: f64) {
        self.n += 1.0;
        let delta = value - self.mean;
        self.mean += delta / self.n;
        self.squares += delta * (value - self.mean);
    }

    fn mean_and_sd(self) -> (f64, f64) {
        let mean = if self.n > 0.0 { self.mean } else { f64::NAN };
        let sd = if self.n > 1.0 { (self.squares / (self.n - 1.0)).sqrt() } else { f64::NAN };
        (mean, sd)
    }
}

/// What is known of a group's scores by one metric.
#[derive(Debug, Clone)]
struct Tally {
    aim: usize,
    scored: u64,
    best: Option<(RunId, f64)>,
    spread: Spread,
}

impl Tally {
    /// Takes in a score; `run` is none where it cannot be the best.
    fn take(&mut self, run: Option<RunId>, score: f64, goal: Goal) {
        if score.is_nan() {
            return;
        }
        self.scored += 1;
        if let Some(run) = run
            && self.best.is_none_or(|(_, best)| goal.better(score, best))
        {
            self.best = Some((run, score));
        }
        if score.is_finite() {
            self.spread.push(score);
        }
    }
}

fn tally(of: &mut Vec<Tally>, aim: usize) -> &mut Tally {
    let at = of.iter().position(|tally| tally.aim == aim).unwrap_or_else(|| {
        of.push(Tally { aim, scored: 0, best: None, spread: Spread::default() });
        of.len() - 1
    });
    &mut of[at]
}

impl Group {
    /// The scores of the metric that most of its runs have; of several, the first.
    fn take(&mut self, mut tallies: Vec<Tally>, aims: &[(&str, Goal)]) {
        tallies.retain(|tally| tally.scored > 0);
        let most = tallies.iter().min_by_key(|tally| (std::cmp::Reverse(tally.scored), tally.aim));
        let Some(most) = most else { return };
        self.metric = Some(aims[most.aim].0.into());
        self.other_metrics = tallies.len() - 1;
        (self.scored, self.best) = (most.scored, most.best);
        (self.mean, self.sd) = most.spread.mean_and_sd();
    }
}

/// Each group's label, and the group of each run.
type Grouping = (Vec<Labelled>, Vec<u32>);

/// The label, and the sweep of replicates.
type Labelled = (Cell, Option<SweepId>);

/// No group yet.
const NONE: u32 = u32::MAX;

fn by_value(
    conn: &Connection,
    known: &Known,
    runs: &[i64],
    by: &Field,
) -> Result<Grouping, StoreError> {
    let is_param = !matches!(by, Field::Attribute(_));
    let is_flag = matches!(by, Field::Attribute(of) if of.kind() == Kind::Flag);
    let mut labels: Vec<Labelled> = Vec::new();
    let mut group_of = vec![NONE; runs.len()];
    let mut texts: HashMap<Box<[u8]>, u32> = HashMap::new();
    let mut words: HashMap<Box<[u8]>, u32> = HashMap::new();
    let mut numbers: HashMap<u64, u32> = HashMap::new();
    let mut result = Ok(());
    columns::for_each(conn, known, runs, (by, Form::Exact), &mut |place, value| {
        let label = || {
            let made = codec::exact_value(value).unwrap_or_else(|error| {
                result = Err(error);
                None
            });
            let label = match (value, made) {
                (ValueRef::Integer(value), _) if is_flag => Cell::Bool(value != 0),
                (_, made) => made.map_or(Cell::Missing, Cell::from),
            };
            push(&mut labels, (label, None))
        };
        group_of[place] = match value {
            ValueRef::Null => return,
            ValueRef::Real(value) => *numbers.entry((value + 0.0).to_bits()).or_insert_with(label),
            // As floats, which is how filters compare them; attributes never mix both.
            ValueRef::Integer(value) if is_param => {
                *numbers.entry((value as f64).to_bits()).or_insert_with(label)
            }
            ValueRef::Integer(value) => *numbers.entry(value as u64).or_insert_with(label),
            ValueRef::Text(text) => by_bytes(&mut texts, text, label),
            ValueRef::Blob(word) => by_bytes(&mut words, word, label),
        };
    })?;
    result?;
    if group_of.contains(&NONE) {
        let rest = push(&mut labels, (Cell::Missing, None));
        group_of.iter_mut().filter(|group| **group == NONE).for_each(|group| *group = rest);
    }
    Ok((labels, group_of))
}

fn by_bytes(known: &mut HashMap<Box<[u8]>, u32>, bytes: &[u8], add: impl FnOnce() -> u32) -> u32 {
    if let Some(number) = known.get(bytes) {
        return *number;
    }
    let number = add();
    known.insert(bytes.into(), number);
    number
}

fn push(labels: &mut Vec<Labelled>, label: Labelled) -> u32 {
    labels.push(label);
    labels.len() as u32 - 1
}

/// Runs of the same trial of the same sweep.
fn by_trial(conn: &Connection, runs: &[i64]) -> Result<Grouping, StoreError> {
    let mut trial_of = vec![None; runs.len()];
    columns::for_each_of(conn, runs, "r.trial, r.sweep", &mut |place, row| {
        let (trial, sweep): (Option<i64>, Option<i64>) = (row.get(1)?, row.get(2)?);
        trial_of[place] = sweep.zip(trial);
        Ok(())
    })?;
    let mut labels = Vec::new();
    let mut known: HashMap<(i64, i64), u32> = HashMap::new();
    let mut number = |trial: Option<(i64, i64)>| match trial {
        Some(key) => *known
            .entry(key)
            .or_insert_with(|| push(&mut labels, (Cell::Int(key.1), Some(SweepId(key.0))))),
        None => push(&mut labels, (Cell::Missing, None)),
    };
    let group_of = trial_of.into_iter().map(&mut number).collect();
    Ok((labels, group_of))
}

fn states(conn: &Connection, runs: &[i64]) -> Result<Vec<Status>, StoreError> {
    let mut states = vec![Status::Queued; runs.len()];
    columns::for_each_of(conn, runs, "r.status", &mut |place, row| {
        states[place] = codec::status(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?;
        Ok(())
    })?;
    Ok(states)
}

/// The metrics that runs are scored by, and of each run which one and its score.
type Scored<'a> = (Vec<(&'a str, Goal)>, Vec<Option<(usize, f64)>>);

fn scores_of<'a>(
    conn: &Connection,
    known: &Known,
    runs: &[i64],
    by: Scores<'a>,
) -> Result<Scored<'a>, StoreError> {
    match by {
        Scores::None => Ok((Vec::new(), Vec::new())),
        Scores::Metric(metric, goal) => {
            let mut scores = vec![None; runs.len()];
            let field = Field::Metric(metric.into());
            columns::for_each(conn, known, runs, (&field, Form::Sorting), &mut |place, value| {
                scores[place] = value.as_f64().ok().map(|score| (0, score));
            })?;
            Ok((vec![(metric, goal)], scores))
        }
        Scores::Own(yardsticks) => {
            let judged = Judged::of(conn, known, runs, yardsticks)?;
            let scores = judged.runs.iter().map(|run| run.map(|(aim, score, _)| (aim, score)));
            Ok((judged.aims.clone(), scores.collect()))
        }
    }
}

/// Hands every run, in the query's order, to its group, and puts groups in the order of their first run.
fn in_order(
    mut groups: Vec<Group>,
    group_of: &[u32],
    (ordered, runs): (&[i64], &[i64]),
) -> Vec<Group> {
    let places = columns::Places::new(runs);
    let mut first = Vec::with_capacity(groups.len());
    for run in ordered {
        let Some(place) = places.of(*run) else { continue };
        let group = &mut groups[group_of[place] as usize];
        if group.runs.is_empty() {
            first.push(group_of[place] as usize);
        }
        group.runs.push(RunId(*run));
    }
    let mut groups: Vec<Option<Group>> = groups.into_iter().map(Some).collect();
    first.into_iter().filter_map(|number| groups[number].take()).collect()
}
