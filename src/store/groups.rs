//! Runs put together by a column: how many, in which states, how well they did.

use super::columns::{self, Form};
use super::filter::sql::Known;
use super::filter::{Attribute, Field, Kind};
use super::{Cell, Query, Store, StoreError, codec, ids};
use crate::domain::{Goal, RunId, Status};
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
    /// How many have a score.
    pub scored: u64,
    /// The best score and the run that has it, the older one of equal ones.
    pub best: Option<(RunId, f64)>,
    /// Mean of the finite scores; NaN without any.
    pub mean: f64,
    /// Sample standard deviation (n − 1) of the finite scores; NaN for fewer than two.
    pub sd: f64,
}

impl Group {
    fn new(label: Cell) -> Self {
        let counts = [0; Status::ALL.len()];
        Self {
            label,
            runs: Vec::new(),
            counts,
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
        score: Option<(&str, Goal)>,
    ) -> Result<Vec<Group>, StoreError> {
        self.read_at_once(|conn| {
            let mut fields = vec![by.clone()];
            fields.extend(score.map(|(metric, _)| Field::Metric(metric.into())));
            let known = Known::of(conn, &fields)?;
            if let Some(unknown) =
                fields.iter().find(|field| known.check_field(field, &[]).is_err())
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
            let (states, scores) = facts(conn, &known, &runs, fields.get(1))?;
            let goal = score.map_or(Goal::Maximize, |(_, goal)| goal);
            let mut spreads = vec![Spread::default(); groups.len()];
            for (place, run) in runs.iter().enumerate().rev() {
                let number = group_of[place] as usize;
                groups[number].counts[states[place] as usize] += 1;
                let value = scores.get(place).copied().unwrap_or(f64::NAN);
                take_score(&mut groups[number], &mut spreads[number], (RunId(*run), value, goal));
            }
            for (group, spread) in groups.iter_mut().zip(&spreads) {
                (group.mean, group.sd) = spread.mean_and_sd();
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

fn take_score(group: &mut Group, spread: &mut Spread, (run, value, goal): (RunId, f64, Goal)) {
    if value.is_nan() {
        return;
    }
    group.scored += 1;
    if group.best.is_none_or(|(_, best)| goal.better(value, best)) {
        group.best = Some((run, value));
    }
    if value.is_finite() {
        spread.push(value);
    }
}

/// Each group's label, and the group of each run.
type Grouping = (Vec<Cell>, Vec<u32>);

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
    let mut labels: Vec<Cell> = Vec::new();
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
            push(&mut labels, label)
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
        let rest = push(&mut labels, Cell::Missing);
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

fn push(labels: &mut Vec<Cell>, label: Cell) -> u32 {
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
        Some(key) => *known.entry(key).or_insert_with(|| push(&mut labels, Cell::Int(key.1))),
        None => push(&mut labels, Cell::Missing),
    };
    let group_of = trial_of.into_iter().map(&mut number).collect();
    Ok((labels, group_of))
}

/// The state of each run, and the score where one is asked for.
fn facts(
    conn: &Connection,
    known: &Known,
    runs: &[i64],
    score: Option<&Field>,
) -> Result<(Vec<Status>, Vec<f64>), StoreError> {
    let mut states = vec![Status::Queued; runs.len()];
    columns::for_each_of(conn, runs, "r.status", &mut |place, row| {
        states[place] = codec::status(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?;
        Ok(())
    })?;
    let Some(score) = score else { return Ok((states, Vec::new())) };
    let mut scores = vec![f64::NAN; runs.len()];
    columns::for_each(conn, known, runs, (score, Form::Sorting), &mut |place, value| {
        scores[place] = value.as_f64().unwrap_or(f64::NAN);
    })?;
    Ok((states, scores))
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
