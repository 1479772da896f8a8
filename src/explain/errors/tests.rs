//! Planted errors must be found, and chance must be told from them.

use super::*;
use crate::data::{Column, ColumnType, MISSING, Table, Values};
use crate::domain::{Labels, Prediction};
use crate::explain::ExplainError;
use crate::numeric::Rng;

fn numbers(name: &str, cells: Vec<f64>) -> Column {
    Column {
        name: name.into(),
        kind: ColumnType::Number,
        values: Values::Numbers(cells),
        null_spellings: vec![],
        date_style: None,
    }
}

fn words(name: &str, codes: Vec<u32>, levels: &[&str]) -> Column {
    let levels = levels.iter().map(|level| (*level).to_string()).collect();
    Column {
        name: name.into(),
        kind: ColumnType::Category,
        values: Values::Codes { codes, levels },
        null_spellings: vec![],
        date_style: None,
    }
}

/// 1000 rows: a number with missing cells, a number, a word of five.
fn table(seed: u64) -> Table {
    let mut rng = Rng::new(seed);
    let n = 1000;
    let age = (0..n).map(|_| if rng.unit() < 0.1 { f64::NAN } else { rng.uniform(20.0, 70.0) });
    let age = numbers("age", age.collect());
    let idle = numbers("idle", (0..n).map(|_| rng.normal()).collect());
    let city = (0..n).map(|_| if rng.unit() < 0.05 { MISSING } else { rng.below(5) as u32 });
    let city = words("city", city.collect(), &["a", "b", "c", "d", "e"]);
    Table { columns: vec![age, idle, city], n_rows: n }
}

/// Numbers that are off by noise, ten times as much where `bad`.
fn off(table: &Table, seed: u64, bad: impl Fn(f64, u32) -> bool) -> (Labels, Prediction) {
    let (Values::Numbers(age), Values::Codes { codes, .. }) =
        (&table.columns[0].values, &table.columns[2].values)
    else {
        unreachable!()
    };
    let mut rng = Rng::new(seed + 500);
    let truth: Vec<f64> = (0..table.n_rows).map(|_| rng.normal()).collect();
    let said = truth.iter().zip(age.iter().zip(codes)).map(|(truth, (&age, &city))| {
        truth + rng.normal() * if bad(age, city) { 3.0 } else { 1.0 }
    });
    let said = said.collect();
    (Labels::Values(truth), Prediction::Values(said))
}

fn find(table: &Table, (truth, prediction): &(Labels, Prediction)) -> Segments {
    let rows =
        Segmented { table, columns: &[0, 1, 2], truth, prediction, weights: None, metric: "rmse" };
    weakest_segments(&rows, &SegmentOptions::default()).unwrap()
}

#[test]
fn a_planted_segment_of_two_columns_stands_first() {
    let table = table(1);
    let got = find(&table, &off(&table, 1, |age, city| age > 50.0 && (city == 1 || city == 3)));
    let first = &got.segments[0];
    assert_eq!(first.conditions.len(), 2, "{first:?}");
    for condition in &first.conditions {
        match &condition.test {
            SegmentTest::Within(Some(low), None) => assert!((low - 50.0).abs() < 1.5, "{low}"),
            SegmentTest::OneOf { levels, or_missing } => {
                assert_eq!((&levels[..], or_missing), (&["b".to_string(), "d".into()][..], &false));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(first.p, 0.01);
    assert!(first.lower > got.score && first.lower < first.score && first.score < first.upper);
    assert!((2.5..3.5).contains(&first.score), "{first:?}");
    assert!(first.mean_loss > 2.0 * got.mean_loss && (first.share - 0.14).abs() < 0.05);
}

#[test]
fn missing_cells_and_a_range_are_segments_too() {
    let table = table(2);
    let missing = find(&table, &off(&table, 2, |age, _| age.is_nan()));
    assert_eq!(missing.segments[0].conditions[0].test, SegmentTest::Missing);
    assert_eq!(missing.segments[0].conditions[0].column, "age");
    let range = find(&table, &off(&table, 3, |age, _| age > 35.0 && age <= 45.0));
    let SegmentTest::Within(Some(low), Some(high)) = range.segments[0].conditions[0].test else {
        panic!("{:?}", range.segments[0])
    };
    assert!((low - 35.0).abs() < 1.5 && (high - 45.0).abs() < 1.5, "{low} {high}");
    let none = find(&table, &off(&table, 4, |_, city| city == MISSING));
    let or_missing = SegmentTest::Missing;
    assert_eq!(
        (&*none.segments[0].conditions[0].column, &none.segments[0].conditions[0].test),
        ("city", &or_missing)
    );
}

#[test]
fn where_nothing_is_planted_chance_explains_what_is_found() {
    let low = (0..20).filter(|&seed| {
        let table = table(seed);
        let got = find(&table, &off(&table, seed, |_, _| false));
        got.segments.first().is_some_and(|first| first.p <= 0.05)
    });
    let low = low.count();
    assert!(low <= 4, "{low} of 20");
}

#[test]
fn segments_are_not_the_same_rows_twice_and_repeat_to_the_bit() {
    let table = table(5);
    let rows = off(&table, 5, |age, _| age > 55.0);
    let got = find(&table, &rows);
    for (at, one) in got.segments.iter().enumerate() {
        assert!(one.share >= 0.05);
        for other in &got.segments[at + 1..] {
            let both = one.rows.iter().filter(|row| other.rows.contains(row)).count();
            assert!(2 * both <= one.rows.len() + other.rows.len() - both);
        }
    }
    assert_eq!(find(&table, &rows), got);
    let (truth, said) = &rows;
    let half: Vec<f64> = (0..1000).map(|row| if row % 2 == 0 { 2.0 } else { 0.0 }).collect();
    let weighted = Segmented {
        table: &table,
        columns: &[0, 1, 2],
        truth,
        prediction: said,
        weights: Some(&half),
        metric: "mae",
    };
    let got = weakest_segments(&weighted, &SegmentOptions::default()).unwrap();
    let all = row_losses(truth, said).unwrap().values;
    let even: f64 = all.iter().step_by(2).sum::<f64>() / 500.0;
    assert!((got.mean_loss - even).abs() < 1e-12);
    // The metric and the mean of the losses are the same thing here.
    assert!((got.segments[0].score - got.segments[0].mean_loss).abs() < 1e-12);
}

#[test]
fn classes_that_are_confused_are_counted() {
    let truth = Labels::Classes { codes: vec![0, 0, 1, 1, 2, 2, 2], n_classes: 4, positive: 1 };
    let said = Prediction::Classes {
        codes: vec![0, 1, 1, 1, 0, 0, 1],
        scores: None,
        probabilities: false,
        n_classes: 4,
    };
    let got = confusion(&truth, &said, None).unwrap();
    assert_eq!(got.counts[2], [2.0, 1.0, 0.0, 0.0]);
    assert_eq!(got.classes[2].taken_for, Some((0, 2.0)));
    assert_eq!((got.classes[0].recall, got.classes[1].precision), (0.5, 0.5));
    assert!(got.classes[3].recall.is_nan() && got.classes[1].taken_for.is_none());
    let weights = [0.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0];
    assert_eq!(confusion(&truth, &said, Some(&weights)).unwrap().counts[0][1], 3.0);
    let numbers = Prediction::Values(vec![0.0; 7]);
    assert!(matches!(confusion(&truth, &numbers, None), Err(ExplainError::Shape(_))));
    assert!(confusion(&truth, &said, Some(&weights[1..])).is_err());
}

#[test]
fn the_worst_rows_are_those_that_were_surest_of_the_wrong() {
    let truth = Labels::Classes { codes: vec![0, 1, 1], n_classes: 2, positive: 1 };
    let said = Prediction::from_probabilities(vec![0.9, 0.1, 0.8, 0.2, 1.0, 0.0], 2);
    let got = worst_rows(&truth, &said, 2).unwrap();
    let rows: Vec<_> = got.iter().map(|row| (row.row, row.predicted, row.confidence)).collect();
    assert_eq!(rows, [(2, 0.0, Some(1.0)), (1, 0.0, Some(0.8))]);
    assert!((got[1].loss + 0.2f64.ln()).abs() < 1e-15);
    assert_eq!(got[0].loss, -f64::EPSILON.ln());
    let truth = Labels::Values(vec![1.0, 2.0]);
    let said = Prediction::Values(vec![1.0, 5.0]);
    let got = worst_rows(&truth, &said, 9).unwrap();
    assert_eq!(got.len(), 1);
    assert_eq!((got[0].row, got[0].loss, got[0].truth), (1, 3.0, 2.0));
    let broken = Prediction::Values(vec![1.0, f64::INFINITY]);
    assert!(worst_rows(&truth, &broken, 9).unwrap_err().to_string().contains("row 1"));
}

#[test]
fn what_cannot_be_searched_is_refused() {
    let table = table(6);
    let (truth, said) = off(&table, 6, |_, _| false);
    let rows = Segmented {
        table: &table,
        columns: &[0],
        truth: &truth,
        prediction: &said,
        weights: None,
        metric: "rmse",
    };
    let told = |rows: &Segmented<'_>, options: SegmentOptions| {
        weakest_segments(rows, &options).unwrap_err().to_string()
    };
    let wide = SegmentOptions { min_share: 0.7, ..SegmentOptions::default() };
    assert!(told(&rows, wide).contains("'min_share' cannot be 0.7"));
    let usual = SegmentOptions::default();
    assert!(told(&Segmented { columns: &[7], ..rows }, usual).contains("column 7 of 3"));
    assert!(told(&Segmented { metric: "f1", ..rows }, usual).contains("'f1' is not defined"));
    // All rows alike: nothing is weaker than the rest.
    let Labels::Values(values) = &truth else { unreachable!() };
    let exact = Prediction::Values(values.clone());
    let got = weakest_segments(&Segmented { prediction: &exact, ..rows }, &usual).unwrap();
    assert!(got.segments.is_empty());
}
