//! Runs in the order of what each one's own sweep optimizes: sweeps of different metrics in one list.

use super::StoreError;
use super::columns::{self, Form};
use super::filter::Field;
use super::filter::sql::Known;
use super::order::{Key, key_of_float};
use crate::domain::{Goal, SweepId};
use rusqlite::Connection;
use std::collections::HashMap;

/// What the runs of a sweep are measured by.
#[derive(Debug, Clone, PartialEq)]
pub struct Yardstick {
    /// The sweep.
    pub sweep: SweepId,
    /// The metric that it optimizes first.
    pub metric: String,
    /// Its direction.
    pub goal: Goal,
    /// The score that runs are held against: the champion's, or the best; none if there is none.
    pub level: Option<f64>,
}

/// What of it runs are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The score. Scores of different metrics do not compare: each metric is a block of its own, in the order of the
    /// yardsticks.
    Score,
    /// How far the score is from the level, in the metric's direction.
    Difference,
}

/// An order by the objectives of sweeps. Runs without a yardstick or a score come last, newest first, as ties do.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// What.
    pub measure: Measure,
    /// The best first, else the worst.
    pub best_first: bool,
    /// A sweep's runs are measured by the first one for it.
    pub yardsticks: Vec<Yardstick>,
}

/// The scores of runs by their own sweeps' objectives.
pub(super) struct Judged<'a> {
    /// What is optimized: metrics with their directions, each once, in the order of the yardsticks.
    pub(super) aims: Vec<(&'a str, Goal)>,
    /// Of each run: its aim, its score (NaN without one), and the level.
    pub(super) runs: Vec<Option<(usize, f64, Option<f64>)>>,
}

impl<'a> Judged<'a> {
    /// Of `ids`, newest first.
    pub(super) fn of(
        conn: &Connection,
        known: &Known,
        ids: &[i64],
        yardsticks: &'a [Yardstick],
    ) -> Result<Self, StoreError> {
        let mut aims: Vec<(&str, Goal)> = Vec::new();
        let mut of_sweep: HashMap<i64, (usize, Option<f64>)> = HashMap::new();
        for one in yardsticks {
            let aim = (one.metric.as_str(), one.goal);
            let at = aims.iter().position(|known| *known == aim).unwrap_or_else(|| {
                aims.push(aim);
                aims.len() - 1
            });
            of_sweep.entry(one.sweep.0).or_insert((at, one.level));
        }
        let mut runs = vec![None; ids.len()];
        columns::for_each_of(conn, ids, "r.sweep", &mut |place, row| {
            let sweep: Option<i64> = row.get(1)?;
            let aim = sweep.and_then(|sweep| of_sweep.get(&sweep));
            runs[place] = aim.map(|(at, level)| (*at, f64::NAN, *level));
            Ok(())
        })?;
        for (at, (metric, _)) in aims.iter().enumerate() {
            let field = Field::Metric((*metric).into());
            columns::for_each(conn, known, ids, (&field, Form::Sorting), &mut |place, value| {
                if let (Some(judged), Ok(score)) = (&mut runs[place], value.as_f64())
                    && judged.0 == at
                {
                    judged.1 = score;
                }
            })?;
        }
        Ok(Self { aims, runs })
    }
}

impl Ranking {
    /// The keys that sort `ids`, which come newest first.
    pub(super) fn keys(
        &self,
        conn: &Connection,
        known: &Known,
        ids: &[i64],
    ) -> Result<Vec<Vec<Key>>, StoreError> {
        let judged = Judged::of(conn, known, ids, &self.yardsticks)?;
        let (mut blocks, mut keys) = (vec![None; ids.len()], vec![None; ids.len()]);
        for (place, run) in judged.runs.iter().enumerate() {
            let Some((aim, score, level)) = *run else { continue };
            let value = match self.measure {
                Measure::Score => score,
                Measure::Difference => score - level.unwrap_or(f64::NAN),
            };
            if value.is_nan() {
                continue;
            }
            let loss = match judged.aims[aim].1 {
                Goal::Maximize => -value,
                Goal::Minimize => value,
            };
            let key = key_of_float(loss);
            keys[place] = Some(if self.best_first { key } else { !key });
            blocks[place] = Some(aim as u64);
        }
        Ok(match self.measure {
            Measure::Score => vec![blocks, keys],
            Measure::Difference => vec![keys],
        })
    }
}
