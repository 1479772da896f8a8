//! Compiles a filter to SQL whose values are all bound, and checks its names against the store.

use super::super::StoreError;
use super::super::error::nearest;
use super::super::lease;
use super::{Attribute, Expr, Field, FilterError, Kind, Literal, Op, Pattern, STALE};
use crate::domain::Status;
use crate::host;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;

/// The columns of a run's own record, and the tables that every query on runs joins, behind SELECT.
pub(in crate::store) const RUNS: &str = "
    r.id, r.uuid, r.name, e.name AS experiment, s.name AS sweep, r.trial, r.attempt, r.status, r.reason,
    r.deleted, r.seed, r.context, r.cached_from, r.started, r.ended, r.seconds, r.cpu_seconds,
    r.replicate, r.exit_code, r.exit_signal,
    n.text AS note, d.digest AS data_hash, d.schema_digest AS schema_hash, d.rows AS rows, i.split AS split,
    c.git_commit, c.git_branch, c.git_dirty, c.git_diff, c.version, c.user, c.host
    FROM run r JOIN experiment e ON e.id = r.experiment JOIN context c ON c.id = r.context
    LEFT JOIN sweep s ON s.id = r.sweep LEFT JOIN note n ON n.run = r.id
    LEFT JOIN run_input i ON i.run = r.id AND i.role = 'sweep' LEFT JOIN dataset d ON d.id = i.dataset";

/// Alias and text of each of the joins in [`RUNS`], and the alias of the one that hangs on it.
const JOINS: [(&str, &str, &str); 6] = [
    ("e", " JOIN experiment e ON e.id = r.experiment", ""),
    ("c", " JOIN context c ON c.id = r.context", ""),
    ("s", " LEFT JOIN sweep s ON s.id = r.sweep", ""),
    ("n", " LEFT JOIN note n ON n.run = r.id", ""),
    ("i", " LEFT JOIN run_input i ON i.run = r.id AND i.role = 'sweep'", "d"),
    ("d", " LEFT JOIN dataset d ON d.id = i.dataset", ""),
];

/// Those joins of [`RUNS`] whose columns the SQL names. A join costs every run a look-up, and SQLite drops an
/// unused one by itself only outside of aggregates.
pub(in crate::store) fn joins(sql: &str) -> String {
    let names = |alias: &str| {
        sql.match_indices(alias).any(|(at, _)| {
            let before = sql[..at].chars().next_back();
            let is_start = before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '.');
            is_start && sql[at + alias.len()..].starts_with('.')
        })
    };
    let used = JOINS
        .iter()
        .filter(|(alias, _, hangs_on)| names(alias) || (!hangs_on.is_empty() && names(hangs_on)));
    used.map(|(_, join, _)| *join).collect()
}

/// The metrics and parameters that any run of the store has, with their numbers.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Metrics.
    pub metrics: BTreeMap<String, i64>,
    /// Parameters.
    pub params: BTreeMap<String, i64>,
    /// Runs at work in name only, where a filter asks for them.
    stale: Vec<i64>,
}

impl Known {
    pub(in crate::store) fn load(conn: &Connection) -> Result<Self, StoreError> {
        let load = |sql| -> Result<BTreeMap<String, i64>, StoreError> {
            let mut statement = conn.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        Ok(Self {
            metrics: load("SELECT name, id FROM metric")?,
            params: load("SELECT name, id FROM param_name")?,
            stale: Vec::new(),
        })
    }

    /// As [`Known::load`], with what a filter needs to know beside names.
    pub(in crate::store) fn for_filter(
        conn: &Connection,
        filter: Option<&Expr>,
    ) -> Result<Self, StoreError> {
        let mut known = Self::load(conn)?;
        if filter.is_some_and(Expr::asks_for_stale) {
            known.stale = lease::lost_runs(conn, host::now_ms())?;
        }
        Ok(known)
    }

    /// As [`Known::load`], but only the names of these fields: a store may have thousands of others.
    pub(in crate::store) fn of(conn: &Connection, fields: &[Field]) -> Result<Self, StoreError> {
        let mut known = Self::default();
        let mut metric = conn.prepare_cached("SELECT id FROM metric WHERE name = ?1")?;
        let mut param = conn.prepare_cached("SELECT id FROM param_name WHERE name = ?1")?;
        for field in fields {
            let (name, in_metrics, in_params) = match field {
                Field::Attribute(_) => continue,
                Field::Metric(name) => (name, true, false),
                Field::Param(name) => (name, false, true),
                Field::Name(name) => (name, true, true),
            };
            let of = |statement: &mut rusqlite::CachedStatement<'_>, into: &mut BTreeMap<_, _>| {
                let id = statement.query_row([name], |row| row.get(0)).optional()?;
                into.extend(id.map(|id| (name.clone(), id)));
                Ok::<(), StoreError>(())
            };
            if in_metrics {
                of(&mut metric, &mut known.metrics)?;
            }
            if in_params {
                of(&mut param, &mut known.params)?;
            }
        }
        Ok(known)
    }

    /// Checks every name of a filter.
    pub(in crate::store) fn check(&self, expr: &Expr) -> Result<(), FilterError> {
        let mut result = Ok(());
        expr.visit(&mut |field, values| {
            if result.is_ok() {
                result = self.check_field(field, values);
            }
        });
        result
    }

    /// Checks a field, and that a metric is compared with numbers only.
    pub(in crate::store) fn check_field(
        &self,
        field: &Field,
        values: &[Literal],
    ) -> Result<(), FilterError> {
        let (name, kind, in_metrics, in_params) = match field {
            Field::Attribute(_) => return Ok(()),
            Field::Metric(name) => (name, "metric", true, false),
            Field::Param(name) => (name, "parameter", false, true),
            Field::Name(name) => (name, "metric or parameter", true, true),
        };
        let is_metric = in_metrics && self.metrics.contains_key(name);
        let is_param = in_params && self.params.contains_key(name);
        if !is_metric && !is_param {
            let metrics = self.metrics.keys().filter(|_| in_metrics);
            let params = self.params.keys().filter(|_| in_params);
            let mut known: Vec<String> = metrics.chain(params).cloned().collect();
            known.dedup();
            let attributes = Attribute::words().filter(|_| in_metrics && in_params);
            let mut words: Vec<&str> = known.iter().map(String::as_str).collect();
            for word in attributes {
                words.push(word);
            }
            let near = nearest(name, words);
            return Err(FilterError::Unknown { name: name.clone(), kind, near, known });
        }
        let is_other = |value: &&Literal| !matches!(value, Literal::Number(_));
        match values.iter().find(is_other) {
            Some(value) if is_metric && !is_param => Err(FilterError::NotANumber {
                name: name.clone(),
                value: value.to_string().trim_matches('"').into(),
            }),
            _ => Ok(()),
        }
    }
}

/// SQL text and the values of its `?`, in order.
pub(in crate::store) struct Compiled<'a> {
    pub(in crate::store) text: String,
    pub(in crate::store) values: Vec<Sql>,
    known: &'a Known,
    now: i64,
}

impl<'a> Compiled<'a> {
    pub(in crate::store) fn new(known: &'a Known, now: i64) -> Self {
        Self { text: String::new(), values: Vec::new(), known, now }
    }

    fn push(&mut self, sql: &str) {
        self.text.push_str(sql);
    }

    fn bind(&mut self, sql: &str, value: impl Into<Sql>) {
        self.push(sql);
        self.values.push(value.into());
    }

    /// Appends a condition that is 0 or 1, never NULL.
    pub(in crate::store) fn condition(&mut self, expr: &Expr) {
        match expr {
            Expr::And(left, right) => self.joined(left, " AND ", right),
            Expr::Or(left, right) => self.joined(left, " OR ", right),
            Expr::Not(inner) => {
                self.push("(NOT ");
                self.condition(inner);
                self.push(")");
            }
            Expr::Word(word) => self.word(word),
            Expr::Text { field, pattern } => {
                self.on_text(field, &mut |sql, column| sql.pattern(column, pattern));
            }
            Expr::Tag { key, value } => {
                self.bind(
                    "EXISTS (SELECT 1 FROM tag x WHERE x.run = r.id AND x.key = ?",
                    key.clone(),
                );
                if let Some(pattern) = value {
                    self.push(" AND ");
                    self.pattern("x.value", pattern);
                }
                self.push(")");
            }
            Expr::Compare { field, op, value } => self.compare(field, *op, value),
            Expr::In { field, values } => {
                for (position, value) in values.iter().enumerate() {
                    self.push(if position == 0 { "(" } else { " OR " });
                    self.compare(field, Op::Eq, value);
                }
                self.push(")");
            }
            Expr::Contains { field, text } => {
                self.on_text(field, &mut |sql, column| sql.part(column, text));
            }
            Expr::Undefined(field) => self.undefined(field),
            Expr::Has(name) => {
                self.push("(");
                self.has("summary", "metric", self.known.metrics.get(name).copied());
                self.push(" OR ");
                self.has("param", "name", self.known.params.get(name).copied());
                self.push(")");
            }
        }
    }

    fn joined(&mut self, left: &Expr, sign: &str, right: &Expr) {
        self.push("(");
        self.condition(left);
        self.push(sign);
        self.condition(right);
        self.push(")");
    }

    /// The commonest filter of all, typed letter by letter: what few rows have is looked up once and not for
    /// each run.
    fn word(&mut self, word: &str) {
        let lower = word.to_ascii_lowercase();
        let states =
            Status::ALL.into_iter().map(Status::word).filter(|state| state.contains(&lower));
        let states: Vec<String> = states.map(|state| format!("'{state}'")).collect();
        self.push(&format!("(r.status IN ({}) OR ", states.join(", ")));
        self.part("r.name", word);
        self.push(" OR coalesce(r.sweep IN (SELECT x.id FROM sweep x WHERE ");
        self.part("x.name", word);
        self.push("), 0) OR r.id IN (SELECT x.run FROM note x WHERE ");
        self.part("x.text", word);
        self.push(") OR r.id IN (SELECT x.run FROM tag x WHERE ");
        self.part("x.key", word);
        self.push(" OR ");
        self.part("x.value", word);
        self.push(") OR ");
        let model = Field::Param("model".into());
        self.on_text(&model, &mut |sql, column| sql.part(column, word));
        self.push(")");
    }

    fn part(&mut self, column: &str, part: &str) {
        let sql = format!("coalesce(instr(lower({column}), ?) > 0, 0)");
        self.bind(&sql, part.to_ascii_lowercase());
    }

    fn pattern(&mut self, column: &str, pattern: &Pattern) {
        match pattern {
            Pattern::Part(part) => self.part(column, part),
            Pattern::Exact(whole) => {
                let sql = format!("coalesce(lower({column}) = ?, 0)");
                self.bind(&sql, whole.to_ascii_lowercase());
            }
            Pattern::Glob(glob) => {
                let sql = format!("coalesce({column} LIKE ? ESCAPE '\\', 0)");
                self.bind(&sql, like(glob));
            }
        }
    }

    /// Appends a condition on a text: an attribute's, or a parameter's where the run has no such metric.
    fn on_text(&mut self, field: &Field, write: &mut dyn FnMut(&mut Self, &str)) {
        match field {
            Field::Attribute(attribute) => write(self, attribute.sql()),
            Field::Metric(_) => self.push("0"),
            Field::Param(name) | Field::Name(name) => {
                let Some(&param) = self.known.params.get(name) else { return self.push("0") };
                self.push("(");
                if let (Field::Name(_), Some(&metric)) = (field, self.known.metrics.get(name)) {
                    self.push("NOT ");
                    self.has("summary", "metric", Some(metric));
                    self.push(" AND ");
                }
                let sql = "EXISTS (SELECT 1 FROM param x WHERE x.run = r.id AND x.kind = 'text' AND x.name = ?";
                self.bind(sql, param);
                self.push(" AND ");
                write(self, "x.text");
                self.push("))");
            }
        }
    }

    fn has(&mut self, table: &str, column: &str, id: Option<i64>) {
        match id {
            Some(id) => self.bind(
                &format!("EXISTS (SELECT 1 FROM {table} x WHERE x.run = r.id AND x.{column} = ?)"),
                id,
            ),
            None => self.push("0"),
        }
    }

    fn undefined(&mut self, field: &Field) {
        let ids = |known: &Known, name: &String| {
            (known.metrics.get(name).copied(), known.params.get(name).copied())
        };
        let (metric, param) = match field {
            Field::Attribute(attribute) => {
                return self.push(&format!("({} IS NULL)", attribute.sql()));
            }
            Field::Metric(name) => (ids(self.known, name).0, None),
            Field::Param(name) => (None, ids(self.known, name).1),
            Field::Name(name) => ids(self.known, name),
        };
        // Defined is: a metric that is a number, or no metric at all but a parameter.
        self.push("(NOT (");
        match metric {
            Some(id) => self.bind(
                "EXISTS (SELECT 1 FROM summary x WHERE x.run = r.id AND x.score IS NOT NULL AND x.metric = ?)",
                id,
            ),
            None => self.push("0"),
        }
        self.push(" OR (NOT ");
        self.has("summary", "metric", metric);
        self.push(" AND ");
        self.has("param", "name", param);
        self.push(")))");
    }

    fn compare(&mut self, field: &Field, op: Op, value: &Literal) {
        let (metric, param) = match field {
            Field::Attribute(attribute) => return self.compare_attribute(*attribute, op, value),
            Field::Metric(name) => (self.known.metrics.get(name).copied(), None),
            Field::Param(name) => (None, self.known.params.get(name).copied()),
            Field::Name(name) => {
                (self.known.metrics.get(name).copied(), self.known.params.get(name).copied())
            }
        };
        match (metric, param) {
            (None, None) => self.push("0"),
            (Some(metric), None) => self.compare_metric(metric, op, value),
            (None, Some(param)) => self.compare_param(param, op, value),
            (Some(metric), Some(param)) => {
                self.push("(CASE WHEN ");
                self.has("summary", "metric", Some(metric));
                self.push(" THEN ");
                self.compare_metric(metric, op, value);
                self.push(" ELSE ");
                self.compare_param(param, op, value);
                self.push(" END)");
            }
        }
    }

    fn compare_metric(&mut self, metric: i64, op: Op, value: &Literal) {
        // IN and not EXISTS, so that the index on (metric, score) may drive the query.
        match value {
            Literal::Number(number) => {
                self.bind("(r.id IN (SELECT x.run FROM summary x WHERE x.metric = ?", metric);
                self.bind(&format!(" AND x.score {} ?))", op.sign()), *number);
            }
            _ if op == Op::Ne => self.bind(
                "(r.id IN (SELECT x.run FROM summary x WHERE x.score IS NOT NULL AND x.metric = ?))",
                metric,
            ),
            _ => self.push("0"),
        }
    }

    fn compare_param(&mut self, param: i64, op: Op, value: &Literal) {
        self.bind("EXISTS (SELECT 1 FROM param x WHERE x.run = r.id AND x.name = ? AND ", param);
        let (kind, text) = match value {
            Literal::Number(number) => {
                match op {
                    Op::Ne => self.bind("(x.number IS NULL OR x.number <> ?))", *number),
                    _ => self.bind(&format!("x.number {} ?)", op.sign()), *number),
                }
                return;
            }
            Literal::Text(text) => ("text", text.clone()),
            Literal::Bool(flag) => ("bool", flag.to_string()),
            Literal::None => ("none", "none".into()),
            Literal::Ago(_) | Literal::Date(_) => ("date", String::new()), // no parameter is one
        };
        match op {
            Op::Ne => self.bind(&format!("NOT (x.kind = '{kind}' AND x.text = ?))"), text),
            Op::Eq => self.bind(&format!("x.kind = '{kind}' AND x.text = ?)"), text),
            _ if kind == "text" => {
                self.bind(&format!("x.kind = 'text' AND x.text {} ?)", op.sign()), text);
            }
            _ => self.push("0)"),
        }
    }

    /// Numbers of the store itself, so they are written out: a statement takes only so many bound values.
    fn stale(&mut self, op: Op) {
        let ids: Vec<String> = self.known.stale.iter().map(ToString::to_string).collect();
        let sign = if op == Op::Ne { "NOT IN" } else { "IN" };
        self.push(&format!("(r.id {sign} ({}))", ids.join(", ")));
    }

    fn compare_attribute(&mut self, attribute: Attribute, op: Op, value: &Literal) {
        if let (Attribute::Status, Literal::Text(text)) = (attribute, value)
            && text == STALE
        {
            return self.stale(op);
        }
        let column = attribute.sql();
        let sign = op.sign();
        match (attribute.kind(), value) {
            // Integers as floats, which is how they are compared in memory.
            (Kind::Number | Kind::Seconds, Literal::Number(number)) => {
                self.bind(&format!("coalesce(CAST({column} AS REAL) {sign} ?, 0)"), *number);
            }
            (Kind::Text | Kind::Prose | Kind::Status, Literal::Text(text)) => {
                self.bind(&format!("coalesce({column} {sign} ?, 0)"), text.clone());
            }
            (Kind::Hash, Literal::Text(text)) if matches!(op, Op::Eq | Op::Ne) => {
                let length = text.chars().count();
                self.bind(
                    &format!("coalesce(substr({column}, 1, {length}) {sign} ?, 0)"),
                    text.clone(),
                );
            }
            (Kind::Time, Literal::Date(at)) => {
                self.bind(&format!("coalesce({column} {sign} ?, 0)"), *at);
            }
            (Kind::Time, Literal::Ago(ms)) => {
                let at = self.now.saturating_sub(*ms);
                self.bind(&format!("coalesce({column} {sign} ?, 0)"), at);
            }
            (Kind::Flag, Literal::Bool(flag)) if matches!(op, Op::Eq | Op::Ne) => {
                self.bind(&format!("coalesce({column} {sign} ?, 0)"), i64::from(*flag));
            }
            (Kind::Hash | Kind::Flag, Literal::Text(_) | Literal::Bool(_)) => self.push("0"),
            _ if op == Op::Ne => self.push(&format!("({column} IS NOT NULL)")),
            _ => self.push("0"),
        }
    }
}

/// A glob as a pattern of LIKE, with `\` to escape.
fn like(glob: &str) -> String {
    let mut pattern = String::new();
    for c in glob.chars() {
        match c {
            '*' => pattern.push('%'),
            '?' => pattern.push('_'),
            '%' | '_' | '\\' => pattern.extend(['\\', c]),
            c => pattern.push(c),
        }
    }
    pattern
}
