//! Surveys, completions, groups and series against what whole records say.

use super::filter::agreement::{Made, made, store_of};
use super::filter::{Attribute, Field};
use super::testing::{new_run, new_sweep, one_trial, params};
use super::{Axis, Cell, Group, NameKind, NewRun, Owner, Query, Scores, Store, Varying};
use crate::domain::{Goal, PointBatch, RunId, RunRecord, SeriesKey, Status, Value};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn of_params(runs: &[RunRecord], name: &str) -> Option<Varying> {
    let values: Vec<&Value> = runs.iter().filter_map(|run| run.params.get(name)).collect();
    let first = values.first()?;
    Some(Varying {
        name: name.into(),
        kind: NameKind::Param,
        present: values.len() as u64,
        is_constant: values.iter().all(|value| value.same(first)),
        is_numeric: values.iter().any(|value| value.as_f64().is_some())
            && values.iter().all(|value| value.as_f64().is_some() || **value == Value::None),
    })
}

fn of_metrics(runs: &[RunRecord], name: &str) -> Option<Varying> {
    let scores = runs.iter().filter_map(|run| run.metrics.get(name));
    let scores: Vec<f64> = scores.map(|summary| summary.score).collect();
    let first = *scores.first()?;
    let same = |score: &f64| *score == first || score.is_nan() && first.is_nan();
    Some(Varying {
        name: name.into(),
        kind: NameKind::Metric,
        present: scores.len() as u64,
        is_constant: scores.iter().all(same),
        is_numeric: true,
    })
}

/// What a run is grouped by, as a text that is equal for equal values.
fn group_key(run: &RunRecord, by: &Field) -> String {
    match by {
        Field::Param(name) => match run.params.get(name) {
            None => "missing".into(),
            Some(value) => match value.as_f64() {
                Some(number) => format!("number {number}"),
                None => format!("{} {value}", value.kind()),
            },
        },
        Field::Metric(name) => match run.metrics.get(name).map(|summary| summary.score) {
            Some(score) if !score.is_nan() => format!("number {score}"),
            _ => "missing".into(),
        },
        Field::Attribute(Attribute::Sweep) => run.sweep.clone().unwrap_or_default(),
        Field::Attribute(Attribute::Seed) => format!("{:?}", run.seed),
        _ => run.status.word().into(),
    }
}

fn check_groups(groups: &[Group], runs: &[RunRecord], by: &Field) {
    let mut expect: Vec<(String, Vec<&RunRecord>)> = Vec::new();
    for run in runs {
        let key = group_key(run, by);
        match expect.iter_mut().find(|(other, _)| *other == key) {
            Some((_, members)) => members.push(run),
            None => expect.push((key, vec![run])),
        }
    }
    assert_eq!(groups.len(), expect.len(), "{by:?}");
    for (group, (_, members)) in groups.iter().zip(&expect) {
        assert!(group.runs.iter().eq(members.iter().map(|run| &run.id)), "{by:?}");
        let count = |status| members.iter().filter(|run| run.status == status).count() as u32;
        assert_eq!(group.counts, Status::ALL.map(count));
        let scores = members.iter().filter_map(|run| Some((run.id, run.metrics.get("auc")?.score)));
        let scores: Vec<(RunId, f64)> = scores.filter(|(_, score)| !score.is_nan()).collect();
        let best = scores.iter().map(|(_, score)| *score).fold(f64::NAN, f64::max);
        let first = scores.iter().filter(|(_, score)| *score == best).min_by_key(|(run, _)| *run);
        assert_eq!((group.best, group.scored), (first.copied(), scores.len() as u64));
        let finite = scores.iter().map(|(_, score)| *score).filter(|score| score.is_finite());
        let finite: Vec<f64> = finite.collect();
        let mean = finite.iter().sum::<f64>() / finite.len() as f64;
        assert!((mean - group.mean).abs() < 1e-9 || mean.is_nan() && group.mean.is_nan());
        assert_eq!(group.sd.is_nan(), finite.len() < 2);
    }
}

fn check_values(store: &Store, runs: &[RunRecord], field: &Field) {
    let text = |run: &RunRecord| match field {
        Field::Param(name) => run.params.get(name).map(Value::to_string),
        Field::Attribute(Attribute::Sweep) => run.sweep.clone(),
        Field::Attribute(Attribute::Cached) => Some(run.cached_from.is_some().to_string()),
        _ => run.seed.map(|seed| seed.to_string()),
    };
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    runs.iter().filter_map(text).for_each(|text| *counts.entry(text).or_default() += 1);
    for prefix in ["", "A", "1", "é"] {
        let fits = |text: &str| text.to_ascii_lowercase().starts_with(&prefix.to_ascii_lowercase());
        let mut expect: Vec<(String, u64)> =
            counts.clone().into_iter().filter(|(text, _)| fits(text)).collect();
        expect.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        expect.truncate(3);
        assert_eq!(store.values(field, prefix, 3).unwrap(), expect, "{field:?} '{prefix}'");
    }
}

fn sorted_by_auc() -> Query {
    Query { sort: vec![(Field::Metric("auc".into()), true)], ..Query::default() }
}

fn binned(runs: &[Made]) -> Store {
    let mut store = store_of(runs);
    for run in store.runs(&Query::default()).unwrap() {
        if run.status != Status::Running && run.id.0 % 4 == 0 {
            store.remove(run.id).unwrap();
        }
    }
    store
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn surveys_are_those_of_the_records(runs in prop::collection::vec(made(), 1..40), limit in 1_usize..40) {
        let store = binned(&runs);
        // The newest so many are a stretch of the table; those of a filter lie apart.
        let spread = Some("trial is undefined and id > 3".parse().unwrap());
        let queries = [
            Query::default(),
            Query { limit: Some(limit), ..Query::default() },
            Query { limit: Some(2), filter: spread, ..sorted_by_auc() },
        ];
        for query in queries {
            let of = store.runs(&query).unwrap();
            let mut expect: Vec<Varying> = ["x", "y", "model"].iter().filter_map(|name| of_params(&of, name)).collect();
            expect.extend(["x", "auc"].iter().filter_map(|name| of_metrics(&of, name)));
            let mut found = store.varying(&query).unwrap();
            let order = |varying: &Varying| (varying.kind, varying.name.clone());
            found.sort_by_key(order);
            expect.sort_by_key(order);
            prop_assert_eq!(found, expect);
        }
    }

    #[test]
    fn groups_and_values_are_those_of_the_records(runs in prop::collection::vec(made(), 1..30)) {
        let store = binned(&runs);
        let all = store.runs(&sorted_by_auc()).unwrap();
        let fields = [
            Field::Param("x".into()),
            Field::Param("model".into()),
            Field::Metric("auc".into()),
            Field::Attribute(Attribute::Sweep),
            Field::Attribute(Attribute::Seed),
            Field::Attribute(Attribute::Status),
        ];
        for by in fields {
            let groups = store.groups(&sorted_by_auc(), &by, Scores::Metric("auc", Goal::Maximize)).unwrap();
            check_groups(&groups, &all, &by);
        }
        for field in [Field::Param("x".into()), Field::Param("model".into())] {
            check_values(&store, &all, &field);
        }
        for attribute in [Attribute::Sweep, Attribute::Cached, Attribute::Seed] {
            check_values(&store, &all, &Field::Attribute(attribute));
        }
    }
}

#[test]
fn replicates_are_one_group_and_runs_by_hand_one_each() {
    let mut store = Store::in_memory().unwrap();
    let sweep = store.begin_sweep(&new_sweep("s", "a")).unwrap().id;
    let other = store.begin_sweep(&new_sweep("t", "b")).unwrap().id;
    let owner = Owner::this_process();
    let first = one_trial(&mut store, sweep, 7, &owner);
    let params = params(&[("C", Value::Int(1))]);
    let of = |sweep, replicate| NewRun { replicate, ..new_run((sweep, 7), &params, &owner) };
    let second = store.start_run(&of(sweep, 1)).unwrap();
    let elsewhere = store.start_run(&of(other, 0)).unwrap();
    let by_hand = |store: &mut Store| {
        store.start_run(&NewRun { sweep: None, trial: None, ..of(sweep, 0) }).unwrap()
    };
    let alone = [by_hand(&mut store), by_hand(&mut store)];
    let by = Field::Attribute(Attribute::Replicate);
    let groups = store.groups(&Query::default(), &by, Scores::None).unwrap();
    let shown: Vec<(Cell, Vec<RunId>)> =
        groups.into_iter().map(|group| (group.label, group.runs)).collect();
    let expect = [
        (Cell::Missing, vec![alone[1]]),
        (Cell::Missing, vec![alone[0]]),
        (Cell::Int(7), vec![elsewhere]),
        (Cell::Int(7), vec![second, first]),
    ];
    assert_eq!(shown, expect);
    let error =
        store.groups(&Query::default(), &by, Scores::Metric("acu", Goal::Maximize)).unwrap_err();
    assert!(error.to_string().contains("auc"), "{error}");
    let error =
        store.groups(&Query::default(), &Field::Param("c".into()), Scores::None).unwrap_err();
    assert!(error.to_string().contains("'c'"), "{error}");
}

#[test]
fn thousands_of_names_are_told_apart() {
    let mut store = Store::in_memory().unwrap();
    let sweep = store.begin_sweep(&new_sweep("s", "a")).unwrap().id;
    let owner = Owner::this_process();
    for number in 0..2 {
        let value = |place: i64| Value::Int(if place % 2 == 0 { place } else { number });
        let params = (0..5000).map(|place| (format!("layer{place}.width"), value(place))).collect();
        let trial = number as u64;
        let run = store.start_run(&new_run((sweep, trial), &params, &owner)).unwrap();
        let summaries: Vec<_> =
            (0..500).map(|place| (format!("m{place}"), super::testing::summary(0.5))).collect();
        let done = crate::domain::Outcome::Done;
        let finished =
            super::Finished { summaries: &summaries, ..super::Finished::without_values(&done) };
        assert!(store.finish_run(run, 1, &owner, &finished).unwrap());
    }
    let varying = store.varying(&Query::default()).unwrap();
    let (params, metrics) = varying.split_at(5000);
    assert!(params.iter().enumerate().all(|(place, of)| {
        of.name == format!("layer{place}.width") && of.is_constant == (place % 2 == 0)
    }));
    assert_eq!(metrics.len(), 500);
    assert!(metrics.iter().all(|of| of.present == 2 && of.is_constant));
    let columns = [Field::Param("layer4999.width".into()), Field::Metric("m499".into())];
    let rows = store.rows(&store.run_ids(&Query::default()).unwrap(), &columns).unwrap();
    assert_eq!(rows[0].cells, [Cell::Int(1), Cell::Number(0.5)]);
}

#[test]
fn tags_complete() {
    let mut store = Store::in_memory().unwrap();
    let sweep = store.begin_sweep(&new_sweep("s", "a")).unwrap().id;
    let owner = Owner::this_process();
    for (number, value) in [(0, "yes"), (1, "no"), (2, "yes")] {
        let run = one_trial(&mut store, sweep, number, &owner);
        store.tag(run, "keep", value).unwrap();
        store.tag(run, &format!("k{number}"), "").unwrap();
    }
    store.remove(store.run_ids(&Query::default()).unwrap()[1]).unwrap();
    let texts = |found: Vec<(String, u64)>| format!("{found:?}");
    assert_eq!(texts(store.tag_keys("K", 2).unwrap()), r#"[("keep", 2), ("k0", 1)]"#);
    assert_eq!(texts(store.tag_values("keep", "", 9).unwrap()), r#"[("yes", 2)]"#);
    assert_eq!(texts(store.tag_values("keep", "z", 9).unwrap()), "[]");
}

#[test]
fn series_come_as_columns_whole_or_from_a_place_on() {
    let mut store = Store::in_memory().unwrap();
    let sweep = store.begin_sweep(&new_sweep("s", "a")).unwrap().id;
    let owner = Owner::this_process();
    let params = params(&[]);
    let run = store.start_run(&new_run((sweep, 0), &params, &owner)).unwrap();
    let mut batch = PointBatch::default();
    let points = [
        ("loss", "", 0, 30, 1.5),
        ("loss", "", 1, 20, f64::NAN),
        ("loss", "", 1, 25, f64::NEG_INFINITY),
        ("loss", "", -2, 10, 2.0),
        ("loss", "fold=1", 0, 1, 0.0),
        ("auc", "fold=0", 0, 1, 0.5),
    ];
    for (metric, context, step, ts, value) in points {
        let series = batch.series(metric, context);
        batch.points.push(crate::domain::SeriesPoint { series, step, value, ts });
    }
    assert!(store.add_points((run, 1), &owner, &batch, &[]).unwrap());
    let keys = store.series_keys(run).unwrap();
    let shown: Vec<(&str, &str)> = keys.iter().map(|key| (&*key.metric, &*key.context)).collect();
    assert_eq!(shown, [("auc", "fold=0"), ("loss", ""), ("loss", "fold=1")]);
    let check = |axis: Axis, after: Option<(i64, i64)>, expect: &str| {
        let (series, last) = store.series_columns(run, &keys[1], axis, after).unwrap();
        assert_eq!(format!("{:?} {:?}", series.xs, series.values), expect);
        assert_eq!(last, Some((1, 25)));
    };
    check(Axis::Step, None, "[-2.0, 0.0, 1.0, 1.0] [2.0, 1.5, NaN, -inf]");
    check(Axis::Time, None, "[10.0, 20.0, 25.0, 30.0] [2.0, NaN, -inf, 1.5]");
    check(Axis::Step, Some((0, 30)), "[1.0, 1.0] [NaN, -inf]");
    check(Axis::Step, Some((1, 20)), "[1.0] [-inf]");
    check(Axis::Step, Some((1, 25)), "[] []");
    let unknown = SeriesKey { metric: "none".into(), context: String::new() };
    assert!(store.stamped_series(run, &unknown).unwrap().is_empty());
    let stamped = store.stamped_series(run, &keys[1]).unwrap();
    let (series, _) = store.series_columns(run, &keys[1], Axis::Step, None).unwrap();
    let of_stamped = |(step, _, value): &(i64, i64, f64)| (*step as f64, value.to_bits());
    let of_columns =
        series.xs.iter().copied().zip(series.values.iter().map(|value| value.to_bits()));
    assert!(stamped.iter().map(of_stamped).eq(of_columns) && stamped.len() > 1);
    let of = |metric: &str| store.series_of(run, metric).unwrap();
    let by_metric: Vec<_> = keys.chunk_by(|a, b| a.metric == b.metric).collect();
    assert!(by_metric.iter().all(|keys| of(&keys[0].metric) == **keys));
    assert!(of("no such metric").is_empty());
    let (series, last) = store.series_columns(run, &unknown, Axis::Step, None).unwrap();
    assert!(series.is_empty() && last.is_none());
    assert_eq!(store.series_keys(RunId(99)).unwrap(), []);
}

#[test]
fn another_connection_changes_the_version_of_the_data() {
    let (_folder, path, mut store) = super::testing::on_disk();
    let reader = Store::open(&path, super::Mode::ReadOnly).unwrap();
    let seen = reader.data_version().unwrap();
    assert_eq!(reader.data_version().unwrap(), seen);
    store.begin_sweep(&new_sweep("s", "a")).unwrap();
    // A list between the two must not hold the old state.
    reader.run_ids(&Query::default()).unwrap();
    assert_ne!(reader.data_version().unwrap(), seen);
}
