//! Roles of columns, tasks and row keys.

use super::source_tests::{Source, asset, file};
use super::*;
use crate::domain::Task;
use proptest::prelude::*;
use std::fmt::Write as _;

fn options(source: &Source, target: &str) -> DataOptions {
    DataOptions { source: source.options.clone(), target: target.into(), ..DataOptions::default() }
}

fn loaded(csv: &str, target: &str) -> Dataset {
    load(&options(&file("x.csv", csv), target)).unwrap()
}

fn refused(csv: &str, target: &str, change: impl Fn(&mut DataOptions), expect: &[&str]) {
    let source = file("x.csv", csv);
    let mut options = options(&source, target);
    change(&mut options);
    let text = load(&options).unwrap_err().to_string();
    assert!(expect.iter().all(|part| text.contains(part)), "{text}");
    assert!(text.contains("; mend: "), "{text}");
}

#[test]
fn tasks_of_the_shipped_data() {
    let check = |name: &str, target: &str, task: Task, classes: &[&str]| {
        let options =
            DataOptions { source: asset(name), target: target.into(), ..DataOptions::default() };
        let data = load(&options).unwrap();
        assert_eq!(data.labels.task(), task, "{name}");
        assert_eq!(data.classes, classes, "{name}");
    };
    check("iris.csv", "target", Task::Multiclass, &["0", "1", "2"]);
    check("breast_cancer.csv", "target", Task::Binary, &["0", "1"]);
    check(
        "digits.csv",
        "target",
        Task::Multiclass,
        &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    );
    check("diabetes.csv", "target", Task::Regression, &[]);
    check("penguins.csv", "species", Task::Multiclass, &["Adelie", "Chinstrap", "Gentoo"]);
}

#[test]
fn text_and_roles_are_no_features() {
    let options = DataOptions {
        source: asset("penguins_raw.csv"),
        target: "Species".into(),
        id: None,
        group: Some("Individual ID".into()),
        time: Some("Date Egg".into()),
        ignore: vec!["studyName".into()],
        ..DataOptions::default()
    };
    let data = load(&options).unwrap();
    let names: Vec<&str> =
        data.features.iter().map(|&idx| data.table.columns[idx].name.as_str()).collect();
    for absent in ["Individual ID", "Date Egg", "studyName", "Species"] {
        assert!(!names.contains(&absent), "{absent}");
    }
    assert_eq!(data.groups.unwrap().len(), 344);
    assert!(data.time.unwrap()[0] > 1e9);
}

const SMALL: &str = "x,y,w,t\n1,a,1,5\n2,b,0,6\n3,a,2,7\n4,b,1,8\n";

#[test]
fn bad_roles_are_refused() {
    let nothing = |_: &mut DataOptions| {};
    refused(
        SMALL,
        "Y2",
        nothing,
        &["target 'Y2'", "no such column in 'x.csv'", "did you mean 'y'?"],
    );
    refused(SMALL, "y", |o| o.ignore = vec!["q".into()], &["ignore 'q'"]);
    refused(SMALL, "y", |o| o.ignore = vec!["y".into()], &["target 'y'", "'ignore'"]);
    refused(SMALL, "y", |o| o.weights = Some("y".into()), &["target 'y'", "'weights'"]);
    refused(SMALL, "x", |o| o.weights = Some("y".into()), &["weights 'y'", "not numbers"]);
    refused(SMALL, "x", |o| o.time = Some("y".into()), &["time 'y'"]);
    refused(
        SMALL,
        "x",
        |o| o.id = Some("y".into()),
        &["id 'y'", "'a' identifies two rows", "line 2", "line 4"],
    );
    refused(SMALL, "y", |o| o.features = Some(vec!["z".into()]), &["features 'z'"]);
    refused(SMALL, "y", |o| o.features = Some(vec!["y".into()]), &["is the target"]);
    refused(
        SMALL,
        "y",
        |o| o.ignore = ["x", "w", "t"].map(Into::into).to_vec(),
        &["no feature is left", "'x' is ignored"],
    );
    refused(SMALL, "y", |o| o.positive = Some("c".into()), &["positive 'c'", "'a', 'b'"]);
    refused(
        "x,w,y\n1,-1,2\n2,3,4\n",
        "y",
        |o| o.weights = Some("w".into()),
        &["negative", "line 2"],
    );
    refused(
        "x,w,y\n1,0,2\n2,0,4\n",
        "y",
        |o| o.weights = Some("w".into()),
        &["every weight is '0'"],
    );
    refused("x,w,y\n1,,2\n2,0,4\n", "y", |o| o.group = Some("w".into()), &["group 'w'", "missing"]);
    refused("y\n1\n2\n", "y", nothing, &["the target is the only column"]);
}

#[test]
fn bad_targets_are_refused() {
    let nothing = |_: &mut DataOptions| {};
    refused("x,y\n1,a\n2,\n3,NA\n", "y", nothing, &["2 cells are missing", "x.csv, line 3"]);
    refused("x,y\n1,1\n2,nan\n3,2\n", "y", nothing, &["1 cell is missing", "line 3"]);
    refused("x,y\n1,1.5\n2,-inf\n3,2\n", "y", nothing, &["1 cell is infinite", "line 3"]);
    refused("x,y\n1,a\n2,a\n", "y", nothing, &["every row has the value 'a'"]);
    refused("x,y\n1,2.5\n2,2.5\n", "y", nothing, &["every row has the value '2.5'"]);
    refused("x,y\n1,a\n2,b\n3,c\n", "y", nothing, &["a value of its own"]);
    refused("x,y\n1,2020-01-01\n2,2020-01-02\n", "y", nothing, &["holds dates"]);
    refused(SMALL, "y", |o| o.task = Some(Task::Regression), &["'regression'"]);
    refused(SMALL, "y", |o| o.task = Some(Task::Multiclass), &["2 classes"]);
    let three = "x,y\n1,a\n2,b\n3,c\n4,c\n";
    refused(three, "y", |o| o.task = Some(Task::Binary), &["3 classes"]);
    let numbers = "x,y\n1,1.5\n2,2.5\n3,2\n";
    refused(numbers, "y", |o| o.positive = Some("2".into()), &["positive '2'", "regression"]);
}

#[test]
fn numbers_become_classes_where_asked_for() {
    let source = file("x.csv", "x,y\n1,10\n2,9.0\n3,10\n4,1.5\n");
    let mut options = options(&source, "y");
    assert_eq!(load(&options).unwrap().labels.task(), Task::Regression);
    options.task = Some(Task::Multiclass);
    options.positive = Some("10.0".into());
    let data = load(&options).unwrap();
    assert_eq!(data.classes, ["1.5", "9", "10"]);
    let expect = Labels::Classes { codes: vec![2, 1, 2, 0], n_classes: 3, positive: 2 };
    assert_eq!(data.labels, expect);
}

#[test]
fn the_last_class_is_positive() {
    let Labels::Classes { positive, .. } = loaded(SMALL, "y").labels else { panic!("classes") };
    assert_eq!(positive, 1);
}

fn csv_of(rows: &[(i32, usize, bool)]) -> String {
    let mut csv = String::from("n,word,y\n");
    for (n, word, y) in rows {
        writeln!(csv, "{n},{},{}", ["ant", "bee", "cat", ""][*word], i32::from(*y)).unwrap();
    }
    csv
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn row_keys_survive_reordering_and_new_rows(
        rows in prop::collection::vec((-50..50, 0usize..4, any::<bool>()), 2..30),
        turn in 0usize..30,
        extra in prop::collection::vec((-50..50, 0usize..4, any::<bool>()), 0..10),
    ) {
        // Both classes and a first word, so that every file loads with the same types.
        let mut rows = rows;
        rows.extend([(1, 0, true), (1, 0, false), (2, 1, true)]);
        let before = loaded(&csv_of(&rows), "y").row_keys;
        let mut turned = rows.clone();
        let turn = turn % turned.len();
        turned.rotate_left(turn);
        let mut expect = before.clone();
        expect.rotate_left(turn);
        turned.extend(extra);
        let after = loaded(&csv_of(&turned), "y").row_keys;
        prop_assert_eq!(&after[..expect.len()], &expect[..]);
        for i in 0..rows.len() {
            for j in 0..i {
                prop_assert_eq!(rows[i] == rows[j], before[i] == before[j]);
            }
        }
    }
}

#[test]
fn row_keys_do_not_depend_on_column_order_or_ignored_columns() {
    let one = loaded("x,y,z\n1,a,5\n2,b,6\n", "y").row_keys;
    assert_eq!(one, loaded("z,x,y\n5,1,a\n6,2,b\n", "y").row_keys);
    let source = file("x.csv", "x,y,z,q\n1,a,5,8\n2,b,6,9\n");
    let mut options = options(&source, "y");
    assert_ne!(one, load(&options).unwrap().row_keys);
    options.ignore = vec!["q".into()];
    assert_eq!(one, load(&options).unwrap().row_keys);
}

#[test]
fn an_id_keeps_its_key_when_a_text_joins_the_numbers() {
    let keys = |csv: &str| {
        let source = file("x.csv", csv);
        let mut options = options(&source, "y");
        options.id = Some("id".into());
        load(&options).unwrap().row_keys
    };
    let (numbers, texts) = (keys("id,x,y\n1,4,a\n2,5,b\n"), keys("id,x,y\n1,7,b\n2,5,b\nx3,5,a\n"));
    assert_eq!(numbers, texts[..2]);
}
