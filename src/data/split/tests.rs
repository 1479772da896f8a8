//! Tests of holdout and folds.

use super::super::{Column, ColumnType, Provenance, Table, Values};
use super::*;
use crate::domain::Labels;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn labels(codes: &[u32], n_classes: usize) -> Labels {
    Labels::Classes { codes: codes.to_vec(), n_classes, positive: 1 }
}

fn dataset(labels: Labels, keys: Vec<u64>) -> Dataset {
    let classes = match &labels {
        Labels::Classes { n_classes, .. } => (0..*n_classes).map(|c| format!("c{c}")).collect(),
        Labels::Values(_) => vec![],
    };
    let rows = keys.len();
    let target = Column {
        name: "target".into(),
        kind: ColumnType::Number,
        values: Values::Numbers(vec![0.0; rows]),
        null_spellings: vec![],
        date_style: None,
    };
    Dataset {
        table: Table { columns: vec![target], n_rows: rows },
        features: vec![],
        target: 0,
        labels,
        classes,
        weights: None,
        groups: None,
        group_keys: None,
        time: None,
        row_keys: keys,
        provenance: Provenance {
            content: Digest::of(b""),
            schema: Digest::of(b""),
            rows: rows as u64,
            source: "test".into(),
        },
    }
}

/// Rows with different keys and classes that take turns.
fn plain(n: usize, n_classes: usize) -> Dataset {
    let codes: Vec<u32> = (0..n).map(|row| (row % n_classes) as u32).collect();
    dataset(labels(&codes, n_classes), (0..n as u64).map(|key| key * 7919 + 13).collect())
}

fn made(k: usize, kind: Option<FoldKind>, shuffle: bool) -> SplitOptions {
    let folds = FoldOptions::Made { k, kind, shuffle, repeats: 1 };
    SplitOptions { holdout: 0.0, exact: false, folds, seed: 0 }
}

fn asset(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The rows of a CSV file, numbers only.
fn rows(path: &str) -> Vec<Vec<f64>> {
    let mut reader = csv::Reader::from_path(asset(path)).unwrap();
    let cells = |record: csv::StringRecord| record.iter().map(|c| c.parse().unwrap()).collect();
    reader.records().map(|record| cells(record.unwrap())).collect()
}

/// A data set of `assets/`, its target in the last column.
fn real(name: &str, classes: bool) -> Dataset {
    let rows = rows(&format!("assets/{name}.csv"));
    let key = |row: &Vec<f64>| {
        let mut digest = DigestBuilder::new("row");
        for &cell in row {
            digest.float(cell);
        }
        digest.finish().to_u64()
    };
    let target: Vec<f64> = rows.iter().map(|row| *row.last().unwrap()).collect();
    let codes: Vec<u32> = target.iter().map(|&code| code as u32).collect();
    let n_classes = codes.iter().max().unwrap() + 1;
    let labels = if classes { labels(&codes, n_classes as usize) } else { Labels::Values(target) };
    dataset(labels, rows.iter().map(key).collect())
}

/// The fold in which each row is tested, −1 for none.
fn tested(folds: &[FoldRows], n: usize) -> Vec<i64> {
    let mut out = vec![-1; n];
    for (idx, fold) in folds.iter().enumerate() {
        for &row in &fold.test {
            assert_eq!(out[row], -1, "row {row} is tested twice");
            out[row] = idx as i64;
        }
    }
    out
}

#[test]
fn unshuffled_folds_of_real_data_are_those_of_scikit_learn() {
    let check = |fixture: &str, data: &str, classes: bool| {
        let ds = real(data, classes);
        let expect: Vec<i64> = rows(&format!("tests/fixtures/folds/{fixture}.csv"))
            .iter()
            .map(|row| row[0] as i64)
            .collect();
        let split = split(&ds, &made(5, None, false)).unwrap();
        assert_eq!(tested(&split.folds, expect.len()), expect, "{fixture}");
        let path = asset(&format!("tests/fixtures/folds/{fixture}.csv"));
        let file = FoldOptions::File { path, shown: fixture.into() };
        let options = SplitOptions { folds: file, ..made(5, None, false) };
        assert_eq!(super::split(&ds, &options).unwrap().folds, split.folds, "{fixture}");
    };
    for fixture in ["logreg_bc", "rf_bc", "tree_bc"] {
        check(fixture, "breast_cancer", true);
    }
    for fixture in ["knn_digits", "logreg_digits", "svc_digits"] {
        check(fixture, "digits", true);
    }
    check("gnb_wine", "wine", true);
    check("enet_diabetes", "diabetes", false);
}

#[test]
fn unshuffled_folds_of_made_data_are_those_of_scikit_learn() {
    let fixture: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/fixtures/folds.json")).unwrap();
    let numbers = |json: &serde_json::Value| -> Vec<i64> {
        json.as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect()
    };
    for case in fixture["cases"].as_array().unwrap() {
        let n = case["n"].as_u64().unwrap() as usize;
        let mut ds = dataset(Labels::Values(vec![0.0; n]), (0..n as u64).collect());
        let kind = match case["kind"].as_str().unwrap() {
            "k" => FoldKind::Plain,
            "time" => {
                ds.time = Some((0..n).map(|row| row as f64).collect());
                FoldKind::Time
            }
            "group" => {
                ds.groups = Some(numbers(&case["groups"]).iter().map(|&g| g as u32).collect());
                FoldKind::Group
            }
            _ => {
                let codes: Vec<u32> = numbers(&case["y"]).iter().map(|&c| c as u32).collect();
                let n_classes = codes.iter().max().unwrap() + 1;
                ds = dataset(labels(&codes, n_classes as usize), (0..n as u64).collect());
                FoldKind::Stratified
            }
        };
        let k = case["k"].as_u64().unwrap() as usize;
        let split = split(&ds, &made(k, Some(kind), false)).unwrap();
        assert_eq!(tested(&split.folds, n), numbers(&case["folds"]), "{case}");
    }
}

#[test]
fn time_folds_train_on_the_past_and_never_part_equal_times() {
    let n = 40;
    let mut ds = dataset(Labels::Values(vec![0.0; n]), (0..n as u64).collect());
    let time: Vec<f64> = (0..n).map(|row| ((row * 17) % n / 3) as f64).collect();
    ds.time = Some(time.clone());
    let split = split(&ds, &SplitOptions { holdout: 0.2, ..made(3, None, true) }).unwrap();
    let range = |rows: &[usize]| {
        let times = rows.iter().map(|&row| time[row]);
        (times.clone().fold(f64::MAX, f64::min), times.fold(f64::MIN, f64::max))
    };
    assert!(range(&split.search).1 < range(&split.holdout).0);
    assert_eq!(split.holdout.len(), 7);
    assert_eq!(split.folds.len(), 3);
    for fold in &split.folds {
        assert!(range(&fold.train).1 < range(&fold.test).0, "{fold:?}");
    }
    assert!(split.notes[0].contains("latest 7 of 40 rows"), "{:?}", split.notes);
}

#[test]
fn repeats_have_their_own_shuffles_and_names() {
    let ds = plain(60, 2);
    let folds = FoldOptions::Made { k: 3, kind: None, shuffle: true, repeats: 2 };
    let split = split(&ds, &SplitOptions { folds, ..made(3, None, true) }).unwrap();
    let names: Vec<&str> = split.folds.iter().map(|fold| fold.name.as_str()).collect();
    assert_eq!(names, ["0.0", "0.1", "0.2", "1.0", "1.1", "1.2"]);
    assert_ne!(tested(&split.folds[..3], 60), tested(&split.folds[3..], 60));
    for fold in &split.folds {
        assert_eq!((fold.train.len(), fold.test.len()), (40, 20));
    }
}

#[test]
fn the_share_is_met_on_average_and_by_seed() {
    let ds = plain(5000, 2);
    let held = |seed| {
        split(&ds, &SplitOptions { holdout: 0.2, seed, ..made(5, None, true) }).unwrap().holdout
    };
    let (one, two) = (held(1), held(2));
    assert!(one.len().abs_diff(1000) < 120 && two.len().abs_diff(1000) < 120);
    assert_ne!(one, two);
}

#[test]
fn an_exact_holdout_meets_every_class_by_largest_remainder() {
    let codes: Vec<u32> = (0..103).map(|row| u32::from(row % 4 == 0)).collect();
    let ds = dataset(labels(&codes, 2), (0..103).map(|key: u64| key * 31 + 5).collect());
    let options = SplitOptions { holdout: 0.25, exact: true, ..made(4, None, true) };
    let split = split(&ds, &options).unwrap();
    let ones = split.holdout.iter().filter(|&&row| codes[row] == 1).count();
    // 26 of class 1 and 77 of class 0: shares 6.5 and 19.25, 26 in all.
    assert_eq!((split.holdout.len(), ones), (26, 7));
}

#[test]
fn groups_stay_on_one_side_everywhere() {
    let n = 200;
    let mut ds = plain(n, 2);
    let groups: Vec<u32> = (0..n).map(|row| (row * row % 37) as u32).collect();
    ds.group_keys = Some(groups.iter().map(|&g| u64::from(g) * 1_000_003).collect());
    ds.groups = Some(groups.clone());
    for kind in [None, Some(FoldKind::Stratified), Some(FoldKind::Plain)] {
        let split = split(&ds, &SplitOptions { holdout: 0.3, ..made(4, kind, true) }).unwrap();
        let set = |rows: &[usize]| rows.iter().map(|&r| groups[r]).collect::<BTreeSet<_>>();
        assert!(set(&split.search).is_disjoint(&set(&split.holdout)));
        for fold in &split.folds {
            assert!(set(&fold.train).is_disjoint(&set(&fold.test)));
        }
    }
}

#[test]
fn a_fold_column_serves_and_is_checked() {
    let mut ds = plain(12, 2);
    let column = |values: Vec<f64>| Column {
        name: "part".into(),
        kind: ColumnType::Number,
        values: Values::Numbers(values),
        null_spellings: vec![],
        date_style: None,
    };
    let options = SplitOptions { folds: FoldOptions::Column("part".into()), ..made(5, None, true) };
    assert!(error(&ds, &options).contains("'part' is not among the columns target"));
    ds.table.columns.push(column((0..12).map(|row| [10.0, 20.0, -1.0][row % 3]).collect()));
    let cut = split(&ds, &options).unwrap();
    assert_eq!(tested(&cut.folds, 12), [0, 1, -1].repeat(4));
    assert_eq!(cut.folds[0].train.len(), 8);
    ds.table.columns[1] = column(vec![1.0; 12]);
    assert!(error(&ds, &options).contains("fewer than 2"));
    ds.table.columns[1] = column(vec![f64::NAN; 12]);
    assert!(error(&ds, &options).contains("12 missing cells"));
    ds.groups = Some(vec![0; 12]);
    ds.table.columns[1] = column((0..12).map(|row| f64::from(row % 2)).collect());
    assert!(error(&ds, &options).contains("1 group has rows in more than one fold"));
    let target =
        SplitOptions { folds: FoldOptions::Column("target".into()), ..made(5, None, true) };
    assert!(error(&ds, &target).contains("is the target"));
}

#[test]
fn a_fold_file_is_checked_by_line_and_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.csv");
    let ds = plain(4, 2);
    let check = |text: &str, part: &str| {
        std::fs::write(&path, text).unwrap();
        let folds = FoldOptions::File { path: path.clone(), shown: "f.csv".into() };
        let text = error(&ds, &SplitOptions { folds, ..made(5, None, true) });
        assert!(text.contains(part), "{text}");
    };
    check("fold\n0\n1\n0\n", "'f.csv': 3 folds for 4 rows");
    check("fold\n0\n1\nx\n0\n", "'f.csv':4: 'x' is no whole number");
    check("part\n0\n1\n0\n1\n", "the header is 'part'");
    check("fold\n0\n0\n0\n-1\n", "fewer than 2");
    std::fs::remove_file(&path).unwrap();
    let folds = FoldOptions::File { path, shown: "f.csv".into() };
    let text = error(&ds, &SplitOptions { folds, ..made(5, None, true) });
    assert!(text.contains("'f.csv' cannot be read"), "{text}");
}

fn error(ds: &Dataset, options: &SplitOptions) -> String {
    split(ds, options).unwrap_err().to_string()
}

#[test]
fn what_cannot_be_cut_is_named() {
    let check = |ds: &Dataset, options: &SplitOptions, part: &str| {
        let text = error(ds, options);
        assert!(text.contains(part), "{text}");
    };
    let ds = plain(20, 2);
    let share = |holdout| SplitOptions { holdout, ..made(5, None, true) };
    check(&ds, &share(1.0), "'holdout' is '1'");
    check(&ds, &share(f64::NAN), "'holdout' is 'NaN'");
    check(&ds, &share(1e-9), "holds out none");
    check(&ds, &share(0.999_999), "leaves none");
    check(&ds, &made(1, None, true), "'folds' is '1'");
    check(
        &ds,
        &made(21, None, true),
        "'21' folds need at least 21 rows, the 20 search rows have 20",
    );
    check(&ds, &made(11, None, true), "class 'c0' has 10 of the 20 search rows");
    check(&ds, &made(5, Some(FoldKind::Group), true), "need a group column");
    check(&ds, &made(5, Some(FoldKind::Time), true), "need a time column");
    let repeats = |shuffle, kind| {
        let folds = FoldOptions::Made { k: 5, kind, shuffle, repeats: 3 };
        SplitOptions { folds, ..made(5, None, true) }
    };
    check(&ds, &repeats(false, None), "repeats = '3'");
    let equal = dataset(Labels::Values(vec![0.0; 10]), vec![1, 2, 3, 3, 3, 3, 3, 3, 3, 3]);
    check(&equal, &made(5, None, true), "5 distinct rows, the 10 search rows have 3");
    let sorted = dataset(labels(&[0, 0, 0, 0, 1, 1], 2), (0..6).collect());
    check(&sorted, &made(3, Some(FoldKind::Plain), false), "class 'c1' (2 search rows) has none");
    let mut grouped = plain(20, 2);
    grouped.groups = Some((0..20).map(|row| row % 3).collect());
    check(&grouped, &made(5, None, true), "5 groups, the 20 search rows have 3");
    check(&grouped, &made(3, Some(FoldKind::Plain), false), "cut through the groups");
    check(&grouped, &made(3, Some(FoldKind::Stratified), false), "cut through the groups");
    let mut timed = dataset(Labels::Values(vec![0.0; 9]), (0..9).collect());
    timed.time = Some(vec![1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0, 3.0]);
    check(&timed, &made(3, None, true), "4 different times, the 9 search rows have 3");
    timed.time = Some(vec![f64::NAN; 9]);
    check(&timed, &made(3, None, true), "9 of 9 rows have no time");
}

#[test]
fn groups_are_hashed_by_value_not_by_code() {
    let words = |levels: &[&str], codes: Vec<u32>| {
        group_keys(&Column {
            name: "g".into(),
            kind: ColumnType::Category,
            values: Values::Codes { codes, levels: levels.iter().map(|l| (*l).into()).collect() },
            null_spellings: vec![],
            date_style: None,
        })
    };
    let before = words(&["b", "c"], vec![0, 1]);
    let after = words(&["a", "b", "c"], vec![1, 2, 0]);
    assert_eq!(before, after[..2]);
    let numbers = group_keys(&Column {
        name: "g".into(),
        kind: ColumnType::Number,
        values: Values::Numbers(vec![1.0, f64::NAN, 0.0, -0.0]),
        null_spellings: vec![],
        date_style: None,
    });
    let mixed = words(&["1", "x"], vec![0, crate::data::MISSING]);
    assert_eq!(numbers[..2], mixed);
    assert_eq!(numbers[2], numbers[3]);
}

/// Membership by key, which is what must not depend on row order.
fn by_key(ds: &Dataset, split: &Split) -> (BTreeSet<u64>, Vec<BTreeSet<u64>>) {
    let keys = |rows: &[usize]| rows.iter().map(|&row| ds.row_keys[row]).collect();
    (keys(&split.holdout), split.folds.iter().map(|fold| keys(&fold.test)).collect())
}

fn rows_of(keys: &[u64]) -> Dataset {
    // The class is part of the content, so equal keys have equal classes.
    let codes: Vec<u32> = keys.iter().map(|key| (key % 3 == 0).into()).collect();
    dataset(labels(&codes, 2), keys.to_vec())
}

proptest! {
    #[test]
    fn holdout_survives_new_rows_and_another_order(
        keys in prop::collection::vec(0u64..400, 60..150),
        more in prop::collection::vec(0u64..400, 0..80),
        shift in 0usize..60,
        seed in any::<u64>(),
    ) {
        let options = SplitOptions { holdout: 0.3, seed, ..made(2, Some(FoldKind::Plain), true) };
        let ds = rows_of(&keys);
        let Ok(first) = split(&ds, &options) else { return Ok(()) };
        let mut turned = keys.clone();
        turned.rotate_left(shift);
        turned.reverse();
        let again = split(&rows_of(&turned), &options).unwrap();
        prop_assert_eq!(by_key(&ds, &first), by_key(&rows_of(&turned), &again));
        prop_assert_eq!(first.digest, again.digest);
        let all: Vec<u64> = keys.iter().chain(&more).copied().collect();
        let grown = split(&rows_of(&all), &options).unwrap();
        let held = by_key(&ds, &first).0;
        let held_then = by_key(&rows_of(&all), &grown).0;
        for key in &keys {
            prop_assert_eq!(held.contains(key), held_then.contains(key));
        }
    }

    #[test]
    fn an_exact_holdout_does_not_depend_on_row_order(
        keys in prop::collection::vec(0u64..200, 60..120), shift in 0usize..60,
    ) {
        let folds = made(2, Some(FoldKind::Plain), true);
        let options = SplitOptions { holdout: 0.3, exact: true, ..folds };
        let Ok(first) = split(&rows_of(&keys), &options) else { return Ok(()) };
        let mut turned = keys.clone();
        turned.rotate_left(shift);
        let again = split(&rows_of(&turned), &options).unwrap();
        prop_assert_eq!(first.digest, again.digest);
    }

    #[test]
    fn shuffled_folds_are_even_in_rows_and_classes(
        n in 30usize..200, k in 2usize..7, seed in any::<u64>(), n_classes in 2usize..4,
    ) {
        let ds = plain(n, n_classes);
        let split = split(&ds, &SplitOptions { seed, ..made(k, None, true) }).unwrap();
        let spread = |counts: Vec<usize>| counts.iter().max().unwrap() - counts.iter().min().unwrap();
        prop_assert!(spread(split.folds.iter().map(|fold| fold.test.len()).collect()) <= 1);
        for class in 0..n_classes {
            let of = |fold: &FoldRows| fold.test.iter().filter(|&&row| row % n_classes == class).count();
            prop_assert!(spread(split.folds.iter().map(of).collect()) <= 1);
        }
        let all: BTreeSet<usize> = split.folds.iter().flat_map(|fold| fold.test.clone()).collect();
        prop_assert_eq!(all.len(), n);
        for fold in &split.folds {
            prop_assert_eq!(fold.train.len() + fold.test.len(), n);
        }
    }

    #[test]
    fn equal_rows_stay_together(keys in prop::collection::vec(0u64..60, 60..200)) {
        let ds = rows_of(&keys);
        let Ok(split) = split(&ds, &SplitOptions { holdout: 0.2, ..made(3, None, true) }) else {
            return Ok(());
        };
        let (held, folds) = by_key(&ds, &split);
        let mut seen = held;
        for fold in folds {
            for key in fold {
                prop_assert!(seen.insert(key), "key {key} is on two sides");
            }
        }
    }
}

#[test]
fn the_digest_tells_options_apart() {
    let ds = plain(60, 2);
    let digest = |options: &SplitOptions| split(&ds, options).unwrap().digest;
    let base = made(3, None, true);
    let mut all = vec![digest(&base), digest(&made(4, None, true)), digest(&made(3, None, false))];
    all.push(digest(&made(3, Some(FoldKind::Plain), true)));
    all.push(digest(&SplitOptions { seed: 1, ..base.clone() }));
    all.push(digest(&SplitOptions { holdout: 0.2, ..base.clone() }));
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    assert_eq!(digest(&made(3, Some(FoldKind::Stratified), true)), digest(&base));
}
