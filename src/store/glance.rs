//! What a person sees at a glance: curves in a few cells, replicates that belong together, reasons that recur.

use super::{Store, StoreError, codec};
use crate::domain::{RunId, Status, SweepId};
use rusqlite::{OptionalExtension, params};
use std::collections::BTreeMap;

/// One series of a run, condensed.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The metric.
    pub metric: String,
    /// What it was measured on; empty for the run itself.
    pub context: String,
    /// How many values there are.
    pub n: u64,
    /// The first step and its value.
    pub first: (i64, f64),
    /// The last step and its value.
    pub last: (i64, f64),
    /// The smallest value with its step; none without any finite one.
    pub min: Option<(i64, f64)>,
    /// The largest value with its step.
    pub max: Option<(i64, f64)>,
    /// Means of the finite values of equal parts of the series, NaN where a part has none.
    pub cells: Vec<f64>,
}

/// Adds up the values of a curve as they come.
struct Condenser {
    curve: Curve,
    seen: u64,
    sum: f64,
    finite: u64,
    width: u64,
}

impl Condenser {
    fn new(metric: String, context: String, n: u64, width: u64) -> Self {
        let nothing = (0, f64::NAN);
        let curve = Curve {
            metric,
            context,
            n,
            first: nothing,
            last: nothing,
            min: None,
            max: None,
            cells: Vec::new(),
        };
        Self { curve, seen: 0, sum: 0.0, finite: 0, width: width.clamp(1, n.max(1)) }
    }

    fn push(&mut self, step: i64, value: f64) {
        if self.seen == 0 {
            self.curve.first = (step, value);
        }
        self.curve.last = (step, value);
        self.seen += 1;
        if value.is_finite() {
            self.sum += value;
            self.finite += 1;
            if self.curve.min.is_none_or(|(_, min)| value < min) {
                self.curve.min = Some((step, value));
            }
            if self.curve.max.is_none_or(|(_, max)| value > max) {
                self.curve.max = Some((step, value));
            }
        }
        let cell = self.curve.cells.len() as u64;
        if self.seen * self.width >= (cell + 1) * self.curve.n {
            let mean = if self.finite > 0 { self.sum / self.finite as f64 } else { f64::NAN };
            self.curve.cells.push(mean);
            (self.sum, self.finite) = (0.0, 0);
        }
    }
}

impl Store {
    /// Every series of a run in at most `cells` parts each, metric by metric.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn curves(&self, run: RunId, cells: u64) -> Result<Vec<Curve>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT m.name, p.context, count(*), p.metric FROM point p
                       JOIN metric m ON m.id = p.metric WHERE p.run = ?1
                       GROUP BY p.metric, p.context ORDER BY p.metric, p.context";
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query([run.0])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let n = row.get::<_, i64>(2)? as u64;
                let condenser = Condenser::new(row.get(0)?, row.get(1)?, n, cells);
                found.push((row.get::<_, i64>(3)?, condenser));
            }
            let sql = "SELECT step, value, special FROM point
                       WHERE run = ?1 AND metric = ?2 AND context = ?3 ORDER BY step, ts";
            let mut statement = conn.prepare_cached(sql)?;
            for (metric, condenser) in &mut found {
                let mut rows = statement.query(params![run.0, *metric, condenser.curve.context])?;
                while let Some(row) = rows.next()? {
                    condenser.push(row.get(0)?, codec::join_float(row.get(1)?, row.get(2)?));
                }
            }
            Ok(found.into_iter().map(|(_, condenser)| condenser.curve).collect())
        })
    }

    /// True if any trial has more than one replicate.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn has_replicates(&self) -> Result<bool, StoreError> {
        self.read(|conn| {
            let sql = "SELECT 1 FROM run WHERE replicate > 0 LIMIT 1";
            Ok(conn.prepare_cached(sql)?.exists([])?)
        })
    }

    /// The trial of each of these runs whose trial has more than one replicate; the others are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn replicated(
        &self,
        runs: &[RunId],
    ) -> Result<BTreeMap<RunId, (SweepId, u64)>, StoreError> {
        self.read(|conn| {
            let list = codec::to_json(&runs)?;
            let sql = "SELECT r.id, r.sweep, r.trial FROM run r
                       WHERE r.id IN (SELECT value FROM json_each(?1)) AND EXISTS (SELECT 1 FROM run n
                         WHERE n.sweep = r.sweep AND n.trial = r.trial AND n.replicate > 0)";
            let mut statement = conn.prepare_cached(sql)?;
            let rows = statement.query_map([list], |row| {
                let trial = row.get::<_, i64>(2)? as u64;
                Ok((RunId(row.get(0)?), (SweepId(row.get(1)?), trial)))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// How the runs of a sweep that brought no score ended: status, reason and how often, most frequent first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn reasons(&self, sweep: SweepId) -> Result<Vec<(Status, String, u64)>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT status, coalesce(reason, ''), count(*) AS n FROM run
                       WHERE sweep = ?1 AND status IN ('failed', 'pruned', 'killed', 'infeasible')
                         AND deleted IS NULL GROUP BY 1, 2 ORDER BY n DESC, min(id)";
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query([sweep.0])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let status = codec::status(&row.get::<_, String>(0)?)?;
                found.push((status, row.get(1)?, row.get::<_, i64>(2)? as u64));
            }
            Ok(found)
        })
    }

    /// The sweep that a run is of.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sweep_of(&self, run: RunId) -> Result<Option<SweepId>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT sweep FROM run WHERE id = ?1";
            let id: Option<Option<i64>> =
                conn.prepare_cached(sql)?.query_row([run.0], |row| row.get(0)).optional()?;
            Ok(id.flatten().map(SweepId))
        })
    }

    /// The run that a run is a part of, or a new attempt of.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn parent(&self, run: RunId) -> Result<Option<RunId>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT parent FROM run WHERE id = ?1";
            let mut statement = conn.prepare_cached(sql)?;
            let parent: Option<Option<i64>> =
                statement.query_row([run.0], |row| row.get(0)).optional()?;
            Ok(parent.flatten().map(RunId))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_condensed_into_equal_parts() {
        let check = |values: &[f64], width: u64, cells: &[f64]| {
            let mut condenser =
                Condenser::new(String::new(), String::new(), values.len() as u64, width);
            for (step, value) in values.iter().enumerate() {
                condenser.push(step as i64, *value);
            }
            let shown = |cells: &[f64]| format!("{cells:?}");
            assert_eq!(shown(&condenser.curve.cells), shown(cells), "{values:?}");
        };
        check(&[1.0, 2.0, 3.0], 40, &[1.0, 2.0, 3.0]);
        check(&[1.0, 2.0, 3.0, 4.0], 2, &[1.5, 3.5]);
        check(&[1.0, f64::NAN, f64::NAN, f64::NAN], 2, &[1.0, f64::NAN]);
        check(&[1.0, 2.0, 3.0, 4.0, 5.0], 2, &[2.0, 4.5]);
        check(&[], 3, &[]);
        check(&[7.0], 3, &[7.0]);
    }

    #[test]
    fn first_last_and_extremes_keep_their_steps() {
        let mut condenser = Condenser::new("loss".into(), String::new(), 4, 2);
        for (step, value) in [(0, 3.0), (5, f64::INFINITY), (6, 1.0), (9, 2.0)] {
            condenser.push(step, value);
        }
        let curve = condenser.curve;
        assert_eq!((curve.first, curve.last), ((0, 3.0), (9, 2.0)));
        assert_eq!((curve.min, curve.max), (Some((6, 1.0)), Some((0, 3.0))));
    }
}
