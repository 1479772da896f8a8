//! The rows that hang on a run: parameters, data, context, points, summaries, artifacts.

use super::run::RunContext;
use super::{Store, StoreError, codec};
use crate::domain::{
    Digest, DigestBuilder, MetricPoint, Params, PointBatch, RunId, SeriesPoint, Summary,
};
use rusqlite::{Statement, params};

/// The role of the data that a run was fitted and scored on.
pub(super) const DATA_ROLE: &str = "sweep";

impl Store {
    pub(super) fn write_params(&mut self, run: i64, given: &Params) -> Result<(), StoreError> {
        let sql = "INSERT INTO param (run, name, position, kind, number, text)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let mut insert = self.conn.prepare_cached(sql)?;
        for (position, (name, value)) in given.iter().enumerate() {
            let name = self.interned.param(&self.conn, name)?;
            let (kind, number, text) = codec::split_value(value);
            insert.execute(params![run, name, position as i64, kind, number, text])?;
        }
        Ok(())
    }

    pub(super) fn write_points(
        &mut self,
        run: RunId,
        points: &[MetricPoint],
    ) -> Result<(), StoreError> {
        // An exact duplicate collapses, so writing a batch twice is harmless.
        let sql = "INSERT OR IGNORE INTO point (run, metric, context, step, ts, value, special)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let mut insert = self.conn.prepare_cached(sql)?;
        for point in points {
            let metric = self.interned.metric(&self.conn, &point.metric)?;
            let (value, special) = codec::split_float(point.value);
            insert.execute(params![
                run.0,
                metric,
                point.context,
                point.step,
                point.ts,
                value,
                special
            ])?;
        }
        Ok(())
    }

    /// Values in the order of their key, so that each series is written from left to right.
    pub(super) fn write_batch(&mut self, run: RunId, batch: &PointBatch) -> Result<(), StoreError> {
        let mut order: Vec<&SeriesPoint> = batch.points.iter().collect();
        order.sort_by_key(|point| (point.series, point.step, point.ts));
        for points in order.chunk_by(|a, b| a.series == b.series) {
            let key = &batch.series[points[0].series as usize];
            let metric = self.interned.metric(&self.conn, &key.metric)?;
            let of = (run.0, metric, key.context.as_str());
            let whole = points.chunks_exact(ROWS_AT_ONCE);
            let rest = whole.remainder();
            let mut insert = self.conn.prepare_cached(&insert_points(ROWS_AT_ONCE))?;
            for points in whole {
                write_rows(&mut insert, of, points)?;
            }
            let mut insert = self.conn.prepare_cached(&insert_points(1))?;
            for point in rest {
                write_rows(&mut insert, of, std::slice::from_ref(point))?;
            }
        }
        Ok(())
    }

    pub(super) fn write_summaries(
        &mut self,
        run: RunId,
        summaries: &[(String, Summary)],
    ) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO summary
                   (run, metric, position, score, n, mean, sd, last, min, max)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let mut insert = self.conn.prepare_cached(sql)?;
        for (position, (name, summary)) in summaries.iter().enumerate() {
            let metric = self.interned.metric(&self.conn, name)?;
            codec::write_summary(&mut insert, (run.0, metric, position), summary)?;
        }
        Ok(())
    }

    pub(super) fn write_artifact(
        &self,
        run: RunId,
        path: &str,
        digest: &str,
        size: u64,
    ) -> Result<(), StoreError> {
        let sql =
            "INSERT OR REPLACE INTO artifact (run, path, digest, size) VALUES (?1, ?2, ?3, ?4)";
        self.conn.prepare_cached(sql)?.execute(params![run.0, path, digest, size as i64])?;
        Ok(())
    }

    /// Marks a run as changed.
    pub(super) fn touch_run(&self, run: RunId) -> Result<(), StoreError> {
        let change = self.next_change()?;
        let sql = "UPDATE run SET change_seq = ?2 WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute(params![run.0, change])?;
        Ok(())
    }

    pub(super) fn write_input(&mut self, run: i64, context: &RunContext) -> Result<(), StoreError> {
        let Some(digest) = &context.data_hash else { return Ok(()) };
        let schema = context.schema_hash.clone().unwrap_or_default();
        let source = context.source.clone().unwrap_or_default();
        let key = (digest.clone(), schema, source);
        let dataset = if let Some(&id) = self.interned.datasets.get(&key) {
            id
        } else {
            // The update changes nothing; it makes RETURNING answer for a row that is there already.
            let sql = "INSERT INTO dataset (digest, schema_digest, rows, source)
                       VALUES (?1, ?2, ?3, ?4)
                       ON CONFLICT DO UPDATE SET digest = excluded.digest RETURNING id";
            let rows = context.rows.unwrap_or(0) as i64;
            let row = params![key.0, key.1, rows, key.2];
            let id = self.conn.prepare_cached(sql)?.query_row(row, |row| row.get(0))?;
            self.interned.datasets.insert(key, id);
            id
        };
        let sql = "INSERT INTO run_input (run, dataset, role, split) VALUES (?1, ?2, ?3, ?4)";
        let row = params![run, dataset, DATA_ROLE, context.split];
        self.conn.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }

    /// The number of a context, which is written at its first use.
    pub(super) fn context_id(&mut self, context: &RunContext) -> Result<i64, StoreError> {
        if let Some((last, id)) = &self.interned.context
            && **last == *context
        {
            return Ok(*id);
        }
        let digest = context_digest(context);
        let git = context.git.as_ref();
        let diff = match git.and_then(|git| git.diff_text.as_ref()) {
            Some(text) => Some(self.objects.put(text.as_bytes())?),
            None => None,
        };
        let sql =
            "INSERT INTO context (digest, user, host, git_commit, git_branch, git_dirty, git_diff,
                   argv, env, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                   ON CONFLICT DO UPDATE SET digest = excluded.digest RETURNING id";
        let row = params![
            digest.as_bytes(),
            context.user,
            context.host,
            git.map(|git| &git.commit),
            git.and_then(|git| git.branch.as_ref()),
            git.map(|git| git.dirty),
            diff,
            codec::to_json(&context.argv)?,
            codec::to_json(&context.env)?,
            context.version,
        ];
        let id = self.conn.prepare_cached(sql)?.query_row(row, |row| row.get(0))?;
        self.interned.context = Some((Box::new(context.clone()), id));
        Ok(id)
    }
}

/// Points of one series as one statement: a statement costs more than a row.
const ROWS_AT_ONCE: usize = 50;

/// The statement that inserts so many points of one series.
fn insert_points(n: usize) -> String {
    let rows = vec!["(?, ?, ?, ?)"; n].join(", ");
    format!(
        "INSERT OR IGNORE INTO point (run, metric, context, step, ts, value, special)
         SELECT ?1, ?2, ?3, column1, column2, column3, column4 FROM (VALUES {rows})"
    )
}

fn write_rows(
    insert: &mut Statement<'_>,
    (run, metric, context): (i64, i64, &str),
    points: &[&SeriesPoint],
) -> Result<(), StoreError> {
    insert.raw_bind_parameter(1, run)?;
    insert.raw_bind_parameter(2, metric)?;
    insert.raw_bind_parameter(3, context)?;
    for (place, point) in points.iter().enumerate() {
        let at = 4 + 4 * place;
        let (value, special) = codec::split_float(point.value);
        insert.raw_bind_parameter(at, point.step)?;
        insert.raw_bind_parameter(at + 1, point.ts)?;
        insert.raw_bind_parameter(at + 2, value)?;
        insert.raw_bind_parameter(at + 3, special)?;
    }
    insert.raw_execute()?;
    Ok(())
}

fn context_digest(context: &RunContext) -> Digest {
    let mut digest = DigestBuilder::new("context");
    digest.text(&context.user).text(&context.host).text(&context.version);
    digest.int(context.argv.len() as i64);
    for arg in &context.argv {
        digest.text(arg);
    }
    for (name, value) in &context.env {
        digest.text(name).text(value);
    }
    if let Some(git) = &context.git {
        digest.text("git").text(&git.commit).text(git.branch.as_deref().unwrap_or(""));
        digest.int(i64::from(git.dirty)).text(git.diff_text.as_deref().unwrap_or(""));
    }
    digest.finish()
}
