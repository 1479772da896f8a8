//! Trials: what the sampler was asked and told, in which order, so that it can be replayed.

use super::{Store, StoreError, codec};
use crate::domain::{Digest, Params, RunId, Status, SweepId, TrialState};
use crate::host;
use crate::sampler::Chosen;
use crate::space::Point;
use rusqlite::{OptionalExtension, Row, params};

/// A trial that the sampler has just proposed.
#[derive(Debug, Clone)]
pub struct NewTrial<'a> {
    /// Its number in the sweep, from 0.
    pub number: u64,
    /// Where it is, in internal form.
    pub point: Point,
    /// The configuration.
    pub params: &'a Params,
    /// Identity of the configuration.
    pub config: Digest,
    /// Numbers of the trials that were at work when it was asked for.
    pub pending: Vec<u64>,
    /// The earlier trial with the same configuration, if there is one: it is then never executed.
    pub same_as: Option<u64>,
    /// Which part of the sampler proposed it, and why; `None` for a sampler without parts and a point by hand.
    pub made_by: Option<Chosen>,
}

/// A trial as recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialRow {
    /// Its number in the sweep.
    pub number: u64,
    /// Where it is, in internal form.
    pub point: Point,
    /// The configuration.
    pub params: Params,
    /// Duplicate where `same_as` is set, else told or pending.
    pub state: TrialState,
    /// The earlier trial with the same configuration.
    pub same_as: Option<u64>,
    /// Which part of the sampler proposed it, and why; `None` for a sampler without parts and a point by hand.
    pub made_by: Option<Chosen>,
    /// Position in the order of asks.
    pub ask_seq: u64,
    /// Position in the order of tells.
    pub tell_seq: Option<u64>,
    /// Numbers that were pending at the ask.
    pub pending: Vec<u64>,
    /// The objective turned so that smaller is better; a duplicate has that of its original.
    pub loss: Option<f64>,
    /// Spread of the replicates' scores.
    pub sd: Option<f64>,
    /// How far a pruned trial came: step and loss.
    pub pruned: Option<(i64, f64)>,
    /// Status of the last attempt; `None` before the first one, and for duplicates.
    pub status: Option<Status>,
    /// Number of the last attempt; 0 before the first one.
    pub attempts: u32,
    /// Run of the last attempt.
    pub run: Option<RunId>,
    /// True if that run took its result over from an equal one.
    pub is_cached: bool,
    /// To whom it was handed out, where somebody outside carries it out, or did.
    pub handed: Option<Handed>,
}

/// A trial that was handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// When, milliseconds since 1970 UTC.
    pub at: i64,
    /// Who asked for it, `user@host`, where that is known.
    pub to: Option<String>,
}

/// The values of one metric of one run on one context.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialSeries {
    /// The trial.
    pub trial: u64,
    /// Which of the trial's replicates, from 0.
    pub replicate: u32,
    /// What was measured on.
    pub context: String,
    /// Steps and values, ascending by step.
    pub values: Vec<(i64, f64)>,
}

/// A run as its sweep sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialRun {
    /// Its number.
    pub run: RunId,
    /// The trial.
    pub trial: u64,
    /// Which of the trial's replicates, from 0.
    pub replicate: u32,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// State.
    pub status: Status,
    /// Its score by the metric that was asked for; none where it has none, or NaN.
    pub score: Option<f64>,
}

impl TrialRow {
    /// True if the trial has neither a result nor a run that may still bring one: it must be executed
    /// (again) before the sweep is complete.
    pub fn is_missing(&self) -> bool {
        self.is_open() && self.handed.is_none()
    }

    /// True if somebody outside has it and has not told how it ended.
    pub fn is_handed_out(&self) -> bool {
        self.is_open() && self.handed.is_some()
    }

    fn is_open(&self) -> bool {
        self.state == TrialState::Pending && matches!(self.status, None | Some(Status::Killed))
    }
}

impl Store {
    /// Records asks, in the order given. Numbers ascend with the asks.
    ///
    /// # Errors
    /// When a number is not above all earlier ones, or the store cannot be written.
    pub fn record_ask(
        &mut self,
        sweep: SweepId,
        trials: &[NewTrial<'_>],
    ) -> Result<(), StoreError> {
        self.write(|store| {
            let (mut last, mut seq) = store.last_ask(sweep)?;
            let sql = "INSERT INTO trial (sweep, number, point, params, config, pending, same_as, arm,
                       ask_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
            let mut insert = store.conn.prepare_cached(sql)?;
            for trial in trials {
                let number = trial.number as i64;
                if number <= last {
                    return Err(StoreError::Invalid(format!(
                        "trial {number} was asked for after trial {last}; another process drives the \
                         sweep, or the sweep was not resumed from its record"
                    )));
                }
                (last, seq) = (number, seq + 1);
                insert.execute(params![
                    sweep.0,
                    number,
                    codec::to_json(&trial.point)?,
                    codec::to_json(trial.params)?,
                    trial.config.as_bytes(),
                    codec::to_json(&trial.pending)?,
                    trial.same_as.map(|number| number as i64),
                    trial.made_by.as_ref().map(arm_text),
                    seq,
                ])?;
            }
            Ok(())
        })
    }

    /// Records that the sampler was told of these trials, in that order. Those told before keep their place.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn tell(&mut self, sweep: SweepId, numbers: &[u64]) -> Result<(), StoreError> {
        if numbers.is_empty() {
            return Ok(());
        }
        self.write(|store| {
            let sql = "SELECT coalesce(max(tell_seq), -1) + 1 FROM trial
                       WHERE sweep = ?1 AND tell_seq IS NOT NULL";
            let mut next: i64 =
                store.conn.prepare_cached(sql)?.query_row([sweep.0], |row| row.get(0))?;
            let sql = "UPDATE trial SET tell_seq = ?3
                       WHERE sweep = ?1 AND number = ?2 AND tell_seq IS NULL";
            let mut statement = store.conn.prepare_cached(sql)?;
            for &number in numbers {
                next += statement.execute(params![sweep.0, number as i64, next])? as i64;
            }
            Ok(())
        })
    }

    /// Records that somebody outside, `user@host`, carries a trial out from now on; without one, that nobody does any more.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn hand_out(
        &mut self,
        sweep: SweepId,
        number: u64,
        to: Option<&str>,
    ) -> Result<(), StoreError> {
        self.write(|store| {
            let sql =
                "UPDATE trial SET handed = ?3, handed_to = ?4 WHERE sweep = ?1 AND number = ?2";
            let at = to.map(|_| host::now_ms());
            store.conn.prepare_cached(sql)?.execute(params![sweep.0, number as i64, at, to])?;
            Ok(())
        })
    }

    /// Takes back that the sampler was told of these trials: they run again, here. Their scores go.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn untell(&mut self, sweep: SweepId, numbers: &[u64]) -> Result<(), StoreError> {
        self.write(|store| {
            let sql = "UPDATE trial SET tell_seq = NULL, pruned_step = NULL, pruned_loss = NULL,
                         handed = NULL, handed_to = NULL
                       WHERE sweep = ?1 AND number = ?2";
            let mut untell = store.conn.prepare_cached(sql)?;
            let sql = "DELETE FROM trial_value WHERE sweep = ?1 AND trial = ?2";
            let mut forget = store.conn.prepare_cached(sql)?;
            for &number in numbers {
                untell.execute(params![sweep.0, number as i64])?;
                forget.execute(params![sweep.0, number as i64])?;
            }
            Ok(())
        })
    }

    /// Which part of the sampler proposed the trial of a run, and why; `None` for a sampler without parts, a point by
    /// hand and a run of its own.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn made_by(&self, run: RunId) -> Result<Option<Chosen>, StoreError> {
        self.read(|conn| {
            let sql =
                "SELECT t.arm FROM run r JOIN trial t ON t.sweep = r.sweep AND t.number = r.trial
                       WHERE r.id = ?1";
            let text: Option<Option<String>> =
                conn.prepare_cached(sql)?.query_row([run.0], |row| row.get(0)).optional()?;
            Ok(text.flatten().map(|text| arm_of(&text)))
        })
    }

    /// How many trials each part of the sampler proposed, most first; empty for a sampler without parts.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn arms(&self, sweep: SweepId) -> Result<Vec<(String, u64)>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT substr(arm, 1, instr(arm || ': ', ': ') - 1) AS name, count(*) AS n
                       FROM trial WHERE sweep = ?1 AND arm IS NOT NULL GROUP BY name ORDER BY n DESC, name";
            let mut statement = conn.prepare_cached(sql)?;
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64));
            let rows = statement.query_map([sweep.0], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Every run of the sweep's trials, by trial, replicate and attempt.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn trial_runs(&self, sweep: SweepId, metric: &str) -> Result<Vec<TrialRun>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT r.id, r.trial, r.replicate, r.attempt, r.status, s.score FROM run r
                LEFT JOIN metric m ON m.name = ?2
                LEFT JOIN summary s ON s.run = r.id AND s.metric = m.id
                WHERE r.sweep = ?1 AND r.trial IS NOT NULL ORDER BY r.trial, r.replicate, r.attempt";
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query(params![sweep.0, metric])?;
            let mut runs = Vec::new();
            while let Some(row) = rows.next()? {
                runs.push(TrialRun {
                    run: RunId(row.get(0)?),
                    trial: row.get::<_, i64>(1)? as u64,
                    replicate: row.get(2)?,
                    attempt: row.get(3)?,
                    status: codec::status(&row.get::<_, String>(4)?)?,
                    score: row.get(5)?,
                });
            }
            Ok(runs)
        })
    }

    /// The score of every trial, or of one, by a metric: the mean over its replicates that ended with a score, whether it
    /// keeps its sweep's constraints or not. A trial of which one of them has no such score is left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn trial_scores(
        &self,
        sweep: SweepId,
        metric: &str,
        trial: Option<u64>,
    ) -> Result<Vec<(u64, f64)>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT r.trial, avg(s.score) FROM run r JOIN metric m ON m.name = ?2
                LEFT JOIN summary s ON s.run = r.id AND s.metric = m.id
                WHERE r.sweep = ?1 AND r.trial IS NOT NULL AND r.status IN ('done', 'infeasible')
                  AND (?3 IS NULL OR r.trial = ?3)
                GROUP BY r.trial HAVING count(s.score) = count(*)";
            let mut statement = conn.prepare_cached(sql)?;
            let read = |row: &Row<'_>| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?));
            let rows =
                statement.query_map(params![sweep.0, metric, trial.map(|n| n as i64)], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Trials that ended and that the sampler was told of, repeated configurations left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn n_told(&self, sweep: SweepId) -> Result<u64, StoreError> {
        self.read(|conn| {
            let sql = "SELECT count(*) FROM trial
                       WHERE sweep = ?1 AND tell_seq IS NOT NULL AND same_as IS NULL";
            let n: i64 = conn.prepare_cached(sql)?.query_row([sweep.0], |row| row.get(0))?;
            Ok(n as u64)
        })
    }

    /// The values of a metric of every trial's last attempt, one entry a context.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn trial_series(
        &self,
        sweep: SweepId,
        metric: &str,
    ) -> Result<Vec<TrialSeries>, StoreError> {
        self.read(|conn| {
            let sql =
                "SELECT r.trial, r.replicate, p.context, p.step, p.value, p.special FROM run r
                JOIN metric m ON m.name = ?2 JOIN point p ON p.run = r.id AND p.metric = m.id
                WHERE r.sweep = ?1 AND r.trial IS NOT NULL AND NOT EXISTS (SELECT 1 FROM run n
                  WHERE n.sweep = r.sweep AND n.trial = r.trial AND n.replicate = r.replicate
                    AND n.attempt > r.attempt)
                ORDER BY r.trial, r.replicate, p.context, p.step, p.ts";
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query(params![sweep.0, metric])?;
            let mut found: Vec<TrialSeries> = Vec::new();
            while let Some(row) = rows.next()? {
                let (trial, replicate) = (row.get::<_, i64>(0)? as u64, row.get(1)?);
                let context = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
                let value = (row.get(3)?, codec::join_float(row.get(4)?, row.get(5)?));
                match found.last_mut() {
                    Some(last)
                        if (last.trial, last.replicate, &*last.context)
                            == (trial, replicate, context) =>
                    {
                        last.values.push(value);
                    }
                    _ => found.push(TrialSeries {
                        trial,
                        replicate,
                        context: context.into(),
                        values: vec![value],
                    }),
                }
            }
            Ok(found)
        })
    }

    /// Writes the score of a trial whose last run another process has recorded.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn score_trial(
        &mut self,
        sweep: SweepId,
        number: u64,
        score: (Option<f64>, Option<f64>),
        pruned: Option<(i64, f64)>,
    ) -> Result<(), StoreError> {
        self.write(|store| store.close_trial((sweep.0, number as i64), score, pruned))
    }

    /// Records that a trial breaks a constraint: of its runs that are done.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn mark_infeasible(
        &mut self,
        sweep: SweepId,
        trial: u64,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.write(|store| {
            let sql = "SELECT id FROM run WHERE sweep = ?1 AND trial = ?2 AND status = 'done'";
            let mut done = store.conn.prepare_cached(sql)?;
            let runs = done.query_map(params![sweep.0, trial as i64], |row| row.get(0))?;
            let runs: Vec<i64> = runs.collect::<Result<_, _>>()?;
            for run in runs {
                let change = store.next_change()?;
                let sql = "UPDATE run SET status = 'infeasible', reason = ?2, change_seq = ?3
                           WHERE id = ?1";
                store.conn.prepare_cached(sql)?.execute(params![run, reason, change])?;
            }
            Ok(())
        })
    }

    /// The sweep's trials by number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn trials(&self, sweep: SweepId) -> Result<Vec<TrialRow>, StoreError> {
        self.trials_of(sweep, None)
    }

    /// A trial of the sweep; `None` if there is none of that number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn trial(&self, sweep: SweepId, number: u64) -> Result<Option<TrialRow>, StoreError> {
        Ok(self.trials_of(sweep, Some(number))?.pop())
    }

    fn trials_of(&self, sweep: SweepId, number: Option<u64>) -> Result<Vec<TrialRow>, StoreError> {
        // A number that no trial can have.
        let number = number.map(|number| i64::try_from(number).unwrap_or(-1));
        self.read(|conn| {
            let sql = "SELECT t.*, v.loss, v.sd, r.id AS run, r.status, r.attempt,
                r.cached_from IS NOT NULL AS is_cached FROM trial t
                LEFT JOIN trial_value v ON v.sweep = t.sweep AND v.objective = 0
                  AND v.trial = coalesce(t.same_as, t.number)
                LEFT JOIN run r ON r.id = (SELECT id FROM run WHERE sweep = t.sweep AND trial = t.number
                  ORDER BY attempt DESC, id DESC LIMIT 1)
                WHERE t.sweep = ?1 AND t.number BETWEEN coalesce(?2, 0) AND coalesce(?2, 9223372036854775807)
                ORDER BY t.number";
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query(params![sweep.0, number])?;
            let mut trials = Vec::new();
            while let Some(row) = rows.next()? {
                trials.push(read(row)?);
            }
            Ok(trials)
        })
    }

    fn last_ask(&self, sweep: SweepId) -> Result<(i64, i64), StoreError> {
        let sql = "SELECT number, ask_seq FROM trial WHERE sweep = ?1 ORDER BY number DESC LIMIT 1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let found = statement.query_row([sweep.0], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(found.optional()?.unwrap_or((-1, -1)))
    }
}

/// The text of the column `arm`: the part's name, and after a colon the reason.
fn arm_text(made_by: &Chosen) -> String {
    format!("{}: {}", made_by.arm, made_by.why)
}

fn arm_of(text: &str) -> Chosen {
    let (arm, why) = text.split_once(": ").unwrap_or((text, ""));
    Chosen { arm: arm.into(), why: why.into() }
}

fn read(row: &Row<'_>) -> Result<TrialRow, StoreError> {
    let text = |name| row.get::<_, String>(name);
    let count = |name| row.get::<_, Option<i64>>(name).map(|value| value.map(|value| value as u64));
    let (same_as, tell_seq) = (count("same_as")?, count("tell_seq")?);
    let state = match (same_as, tell_seq) {
        (Some(_), _) => TrialState::Duplicate,
        (None, Some(_)) => TrialState::Told,
        (None, None) => TrialState::Pending,
    };
    let status: Option<String> = row.get("status")?;
    Ok(TrialRow {
        number: row.get::<_, i64>("number")? as u64,
        point: codec::json(&text("point")?, "a point")?,
        params: codec::json(&text("params")?, "the parameters of a trial")?,
        state,
        same_as,
        made_by: row.get::<_, Option<String>>("arm")?.map(|text| arm_of(&text)),
        ask_seq: row.get::<_, i64>("ask_seq")? as u64,
        tell_seq,
        pending: codec::json(&text("pending")?, "pending trials")?,
        loss: row.get("loss")?,
        sd: row.get("sd")?,
        pruned: row
            .get::<_, Option<i64>>("pruned_step")?
            .zip(row.get::<_, Option<f64>>("pruned_loss")?),
        status: status.as_deref().map(codec::status).transpose()?,
        attempts: row.get::<_, Option<u32>>("attempt")?.unwrap_or(0),
        run: row.get::<_, Option<i64>>("run")?.map(RunId),
        is_cached: row.get("is_cached")?,
        handed: row
            .get::<_, Option<i64>>("handed")?
            .map(|at| Ok::<_, rusqlite::Error>(Handed { at, to: row.get("handed_to")? }))
            .transpose()?,
    })
}
