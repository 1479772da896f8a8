//! Lists of numbers and rows hold to what SQL and whole records say, over random stores and queries.

use super::filter::agreement::{Made, expr, field, is_refused, made, store_of};
use super::filter::{Attribute, Expr, Field};
use super::testing::{new_sweep, one_trial};
use super::{Cell, Owner, Query, RunRow, Store};
use crate::domain::{RunId, RunRecord, Status, Value};
use proptest::prelude::*;

/// The order in SQL, by a look-up per run.
fn order_sql((field, descending): &(Field, bool)) -> String {
    let score = |name: &str| {
        format!(
            "(SELECT x.score FROM summary x JOIN metric m ON m.id = x.metric
              WHERE x.run = r.id AND m.name = '{name}')"
        )
    };
    let param = |name: &str| {
        format!(
            "(SELECT coalesce(x.number, x.text) FROM param x JOIN param_name n ON n.id = x.name
              WHERE x.run = r.id AND n.name = '{name}')"
        )
    };
    let value = match field {
        Field::Attribute(attribute) => attribute.sql().to_string(),
        Field::Metric(name) => score(name),
        Field::Param(name) => param(name),
        Field::Name(name) => format!("coalesce({}, {})", score(name), param(name)),
    };
    let direction = if *descending { "DESC" } else { "ASC" };
    format!("{value} IS NULL, {value} {direction}, ")
}

/// Every run of the store, bin and all, in that order.
fn by_sql(store: &Store, sort: &[(Field, bool)]) -> Vec<i64> {
    let terms: String = sort.iter().map(order_sql).collect();
    let (_, tables) = super::filter::sql::RUNS.split_once("FROM run").unwrap();
    let sql = format!("SELECT r.id FROM run{tables} ORDER BY {terms} r.id DESC");
    let mut statement = store.conn.prepare(&sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn any_field() -> impl Strategy<Value = Field> {
    let attributes: Vec<Attribute> = Attribute::words().filter_map(Attribute::parse).collect();
    prop_oneof![field(), prop::sample::select(attributes).prop_map(Field::Attribute)]
}

fn query() -> impl Strategy<Value = Query> {
    let refused = |expr: &Option<Expr>| !expr.as_ref().is_some_and(is_refused);
    (
        prop::option::of(expr()).prop_filter("refused", refused),
        prop::collection::vec((any_field(), any::<bool>()), 0..3),
        prop::option::of(0_usize..9),
        any::<(bool, bool)>(),
    )
        .prop_map(|(filter, sort, limit, (include_deleted, only_deleted))| Query {
            feasible_first: false,
            ranking: None,
            filter,
            sort,
            limit,
            include_deleted,
            only_deleted,
        })
}

/// A store of these runs, some of them in the bin.
fn with_bin(runs: &[Made]) -> Store {
    let mut store = store_of(runs);
    for run in store.runs(&Query::default()).unwrap() {
        if run.status != Status::Running && run.id.0 % 3 == 0 {
            store.remove(run.id).unwrap();
        }
    }
    store
}

fn cell_of(run: &RunRecord, field: &Field) -> Cell {
    let text = |text: &Option<String>| text.clone().map_or(Cell::Missing, Cell::Text);
    let score = |name: &str| {
        let score = run.metrics.get(name)?.score;
        Some(if score.is_nan() { Cell::Nan } else { Cell::Number(score) })
    };
    let param = |name: &str| run.params.get(name).cloned().map(Cell::from);
    match field {
        Field::Metric(name) => score(name).unwrap_or_default(),
        Field::Param(name) => param(name).unwrap_or_default(),
        Field::Name(name) => score(name).or_else(|| param(name)).unwrap_or_default(),
        Field::Attribute(Attribute::Id) => Cell::Int(run.id.0),
        Field::Attribute(Attribute::Note) => text(&run.note),
        Field::Attribute(Attribute::Schema) => text(&run.schema_hash),
        Field::Attribute(Attribute::Dirty) => {
            run.git.as_ref().map_or(Cell::Missing, |git| Cell::Bool(git.dirty))
        }
        Field::Attribute(Attribute::Seconds) => run.seconds.map_or(Cell::Missing, Cell::Number),
        Field::Attribute(Attribute::Status) => Cell::Text(run.status.word().into()),
        Field::Attribute(_) => panic!("no column of this test: {field:?}"),
    }
}

fn check_row(row: &RunRow, run: &RunRecord, columns: &[Field]) {
    assert_eq!(row.id, run.id);
    assert_eq!((&row.name, &row.experiment, &row.sweep), (&run.name, &run.experiment, &run.sweep));
    assert_eq!(row.sweep_id.is_some(), run.sweep.is_some());
    assert_eq!((row.trial, row.attempt), (run.trial, run.attempt));
    assert_eq!((row.replicate, row.status), (run.replicate, run.status));
    assert_eq!((&row.reason, row.started, row.ended), (&run.reason, run.started, run.ended));
    assert_eq!((row.seconds, row.deleted), (run.seconds, run.deleted));
    assert_eq!((row.has_note, row.cached), (run.note.is_some(), run.cached_from.is_some()));
    assert!(row.tags.iter().map(|(key, value)| (key, value)).eq(&run.tags));
    let cells: Vec<Cell> = columns.iter().map(|field| cell_of(run, field)).collect();
    assert_eq!(row.cells, cells);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lists_are_those_of_sql_and_memory(
        runs in prop::collection::vec(made(), 1..40),
        queries in prop::collection::vec(query(), 12),
    ) {
        let store = with_bin(&runs);
        let all = store.runs(&Query { include_deleted: true, ..Query::default() }).unwrap();
        for query in queries {
            let fits = |id: &i64| {
                let run = all.iter().find(|run| run.id.0 == *id).unwrap();
                let is_shown = match (query.only_deleted, query.include_deleted) {
                    (true, _) => run.deleted,
                    (false, included) => included || !run.deleted,
                };
                is_shown && query.filter.as_ref().is_none_or(|expr| expr.matches(run, crate::host::now_ms()))
            };
            let mut expect = by_sql(&store, &query.sort);
            expect.retain(fits);
            prop_assert_eq!(store.count(&query).unwrap() as usize, expect.len());
            let counts = store.status_counts(&query).unwrap();
            prop_assert_eq!(counts.iter().map(|(_, n)| n).sum::<u64>() as usize, expect.len());
            expect.truncate(query.limit.unwrap_or(usize::MAX));
            let found: Vec<i64> = store.run_ids(&query).unwrap().iter().map(|id| id.0).collect();
            prop_assert_eq!(&found, &expect, "{:?}", query);
            let records = store.runs(&query).unwrap();
            prop_assert!(records.iter().map(|run| run.id.0).eq(found));
        }
    }

    #[test]
    fn rows_are_those_of_the_records(
        runs in prop::collection::vec(made(), 1..8),
        mut columns in prop::collection::vec(field(), 0..4),
    ) {
        let store = with_bin(&runs);
        let own = [Attribute::Id, Attribute::Note, Attribute::Schema, Attribute::Dirty, Attribute::Seconds];
        columns.extend(own.map(Field::Attribute));
        columns.push(Field::Attribute(Attribute::Status));
        columns.push(Field::Metric("auc".into()));
        let query = Query { include_deleted: true, sort: vec![(Field::Param("x".into()), true)], ..Query::default() };
        let all = store.runs(&query).unwrap();
        let rows = store.rows(&store.run_ids(&query).unwrap(), &columns).unwrap();
        prop_assert_eq!(rows.len(), all.len());
        rows.iter().zip(&all).for_each(|(row, run)| check_row(row, run, &columns));
    }
}

#[test]
fn rows_keep_kinds_and_leave_out_what_is_not_there() {
    let mut store = Store::in_memory().unwrap();
    let sweep = store.begin_sweep(&new_sweep("s", "a")).unwrap().id;
    let owner = Owner::this_process();
    let run = one_trial(&mut store, sweep, 3, &owner);
    let columns = ["C", "model", "params.auc", "auc", "trial", "nothing"];
    let columns = columns.map(|name| match name {
        "nothing" => Field::Param(name.into()),
        name => Field::parse(name).unwrap(),
    });
    let rows = store.rows(&[RunId(99), run, RunId(-1), run], &columns).unwrap();
    assert_eq!(rows.len(), 2);
    let expect = [
        Cell::Number(3.0),
        Cell::Text("svm".into()),
        Cell::Missing,
        Cell::Number(0.3),
        Cell::Int(3),
        Cell::Missing,
    ];
    assert_eq!(rows[0].cells, expect);
    assert_eq!(Cell::from(Value::Int(1)), Cell::Int(1));
    assert_eq!(store.rows(&[run], &[]).unwrap()[0].cells, []);
}

#[test]
fn names_that_no_run_has_are_refused_by_lists() {
    let mut store = Store::in_memory().unwrap();
    let sweep = store.begin_sweep(&new_sweep("s", "a")).unwrap().id;
    let owner = Owner::this_process();
    one_trial(&mut store, sweep, 0, &owner);
    for limit in [None, Some(0), Some(5)] {
        let sort = vec![(Field::Metric("acu".into()), true)];
        let error = store.run_ids(&Query { sort, limit, ..Query::default() }).unwrap_err();
        assert!(error.to_string().contains("'acu'"), "{error}");
        let filter = Some(Expr::parse("metrics.acu > 1").unwrap());
        assert!(store.run_ids(&Query { filter, limit, ..Query::default() }).is_err());
    }
}

#[test]
fn changes_are_found_by_their_number() {
    let mut store = Store::in_memory().unwrap();
    let sweep = store.begin_sweep(&new_sweep("s", "a")).unwrap().id;
    let owner = Owner::this_process();
    let first = one_trial(&mut store, sweep, 0, &owner);
    let second = one_trial(&mut store, sweep, 1, &owner);
    let seen = store.change_seq().unwrap();
    assert_eq!(store.changed_runs(seen, 9).unwrap(), []);
    store.note(second, "x").unwrap();
    store.tag(first, "k", "v").unwrap();
    assert_eq!(store.changed_runs(seen, 9).unwrap(), [second, first]);
    assert_eq!(store.changed_runs(seen, 1).unwrap(), [second]);
    assert_eq!(store.changed_runs(0, 9).unwrap(), [second, first]);
}
