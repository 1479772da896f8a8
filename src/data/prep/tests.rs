//! Tests of preprocessing against scikit-learn, and that nothing leaks from other rows.

use super::super::{MISSING, PrepBlock, Provenance};
use super::*;
use crate::domain::{Digest, Labels, Params, Value};
use serde_json::Value as Json;

fn numbers(name: &str, values: Vec<f64>) -> Column {
    Column {
        name: name.into(),
        kind: ColumnType::Number,
        values: Values::Numbers(values),
        null_spellings: vec![],
        date_style: None,
    }
}

/// A category from texts; the empty text is missing.
fn words(name: &str, cells: &[&str]) -> Column {
    let mut levels: Vec<String> =
        cells.iter().filter(|cell| !cell.is_empty()).map(|cell| (*cell).to_string()).collect();
    levels.sort();
    levels.dedup();
    let code = |cell: &&str| {
        levels.iter().position(|level| level == cell).map_or(MISSING, |code| code as u32)
    };
    let codes = cells.iter().map(code).collect();
    Column {
        name: name.into(),
        kind: ColumnType::Category,
        values: Values::Codes { codes, levels },
        null_spellings: vec![],
        date_style: None,
    }
}

fn of_kind(kind: ColumnType, column: Column) -> Column {
    Column { kind, ..column }
}

fn dataset(features: Vec<Column>, labels: Labels) -> Dataset {
    let rows = labels.len();
    let n_features = features.len();
    let mut columns = features;
    columns.push(numbers("target", vec![0.0; rows]));
    let classes = match &labels {
        Labels::Classes { n_classes, .. } => (0..*n_classes).map(|c| format!("c{c}")).collect(),
        Labels::Values(_) => vec![],
    };
    Dataset {
        table: Table { columns, n_rows: rows },
        features: (0..n_features).collect(),
        target: n_features,
        labels,
        classes,
        weights: None,
        groups: None,
        group_keys: None,
        time: None,
        row_keys: (0..rows as u64).collect(),
        provenance: Provenance {
            content: Digest::of(b""),
            schema: Digest::of(b""),
            rows: rows as u64,
            source: "test".into(),
        },
    }
}

fn regression(features: Vec<Column>) -> Dataset {
    let rows = features[0].len();
    dataset(features, Labels::Values((0..rows).map(|row| row as f64).collect()))
}

fn choice(settings: &[(&str, Value)]) -> PrepChoice {
    let settings = settings.iter().map(|(key, value)| ((*key).to_string(), value.clone()));
    PrepChoice { columns: None, settings: settings.collect() }
}

fn word(text: &str) -> Value {
    if text == "none" { Value::None } else { Value::Text(text.into()) }
}

fn fit(ds: &Dataset, rows: &[usize], choices: &[PrepChoice]) -> (Prep, Array2<f64>) {
    Prep::fit_transform(ds, rows, choices, 0).unwrap()
}

fn all(ds: &Dataset) -> Vec<usize> {
    (0..ds.labels.len()).collect()
}

fn column(matrix: &Array2<f64>, at: usize) -> Vec<f64> {
    matrix.column(at).to_vec()
}

fn names(prep: &Prep) -> Vec<&str> {
    prep.features().iter().map(|feature| feature.name.as_str()).collect()
}

fn fixture() -> Json {
    serde_json::from_str(include_str!("../../../tests/fixtures/prep.json")).unwrap()
}

fn matrix(json: &Json) -> Vec<Vec<f64>> {
    let cell = |cell: &Json| cell.as_f64().unwrap_or(f64::NAN);
    let row = |row: &Json| row.as_array().unwrap().iter().map(cell).collect();
    json.as_array().unwrap().iter().map(row).collect()
}

fn check_matrix(found: &Array2<f64>, expect: &[Vec<f64>], what: &str) {
    assert_eq!(found.nrows(), expect.len(), "{what}");
    for (row, cells) in found.rows().into_iter().zip(expect) {
        assert_eq!(row.len(), cells.len(), "{what}");
        for (a, b) in row.iter().zip(cells) {
            assert!((a - b).abs() <= 1e-10 * b.abs().max(1.0), "{what}: {a} {b}");
        }
    }
}

#[test]
fn numbers_are_imputed_and_scaled_as_scikit_learn_does() {
    let fixture = fixture();
    let cells = matrix(&fixture["numbers"]);
    let column = |at: usize| numbers(&format!("x{at}"), cells.iter().map(|row| row[at]).collect());
    let ds = regression((0..cells[0].len()).map(column).collect());
    let train: Vec<usize> = (0..fixture["n_train"].as_u64().unwrap() as usize).collect();
    for case in fixture["numeric"].as_array().unwrap() {
        let get = |key: &str| word(case[key].as_str().unwrap());
        let fill = ("fill", Value::Float(-1.5));
        let settings = choice(&[("impute", get("impute")), ("scale", get("scale")), fill]);
        let (prep, fitted) = fit(&ds, &train, &[settings]);
        let what = format!("{} {}", case["impute"], case["scale"]);
        let expect = matrix(&case["x"]);
        check_matrix(&fitted, &expect[..train.len()], &what);
        check_matrix(&prep.transform(&ds.table, &all(&ds)).unwrap(), &expect, &what);
    }
}

#[test]
fn categories_are_encoded_as_scikit_learn_does() {
    let fixture = fixture();
    let cells: Vec<&str> =
        fixture["words"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    let train: Vec<usize> = (0..fixture["n_train"].as_u64().unwrap() as usize).collect();
    let ds = regression(vec![words("tree", &cells)]);
    let (prep, _) = fit(&ds, &train, &[]);
    let levels = fixture["one_hot"]["names"].as_array().unwrap().iter();
    let expect: Vec<String> = levels.map(|n| format!("tree={}", n.as_str().unwrap())).collect();
    assert_eq!(names(&prep), expect);
    let found = prep.transform(&ds.table, &all(&ds)).unwrap();
    check_matrix(&found, &matrix(&fixture["one_hot"]["x"]), "one_hot");
    let (_, found) = fit(&ds, &train, &[choice(&[("encode", word("ordinal"))])]);
    check_matrix(&found, &matrix(&fixture["ordinal"]), "ordinal");
    for (kind, expect) in fixture["target"].as_object().unwrap() {
        let target: Vec<f64> =
            matrix(&Json::Array(vec![fixture["targets"][kind].clone()]))[0].clone();
        let n_classes = if kind == "binary" { 2 } else { 3 };
        let labels = if kind == "regression" {
            Labels::Values(target)
        } else {
            let codes = target.iter().map(|&code| code as u32).collect();
            Labels::Classes { codes, n_classes, positive: 1 }
        };
        let ds = dataset(vec![words("tree", &cells)], labels);
        let (prep, fitted) = fit(&ds, &train, &[choice(&[("encode", word("target"))])]);
        let found = prep.transform(&ds.table, &all(&ds)).unwrap();
        check_matrix(&found, &matrix(expect), kind);
        assert_eq!(fitted.dim(), (train.len(), found.ncols()));
        if kind == "multiclass" {
            assert_eq!(names(&prep), ["tree:c0", "tree:c1", "tree:c2"]);
        }
    }
}

/// Every setting that takes statistics, on a table whose test rows are ordinary or wild.
fn leak_case(wild: bool, settings: &PrepChoice) -> (Prep, Array2<f64>) {
    let n = 60;
    let is_test = |row: usize| row % 4 == 3;
    let number = |row: usize, slope: f64| match row {
        row if is_test(row) && wild => 1e9 * (row + 1) as f64,
        row if row % 7 == 2 => f64::NAN,
        row => (row as f64 * slope).sin(),
    };
    let tree = |row: usize| match row {
        row if is_test(row) && wild => "wild",
        row if row % 5 == 1 => "",
        row => ["ash", "elm", "fir"][row % 3],
    };
    let trees: Vec<&str> = (0..n).map(tree).collect();
    let target = (0..n).map(|row| if is_test(row) && wild { 1e9 } else { (row % 6) as f64 });
    let ds = dataset(
        vec![
            numbers("a", (0..n).map(|row| number(row, 0.7)).collect()),
            of_kind(ColumnType::Date, numbers("d", (0..n).map(|row| number(row, 1.3)).collect())),
            words("tree", &trees),
        ],
        Labels::Values(target.collect()),
    );
    let train: Vec<usize> = (0..n).filter(|&row| !is_test(row)).collect();
    fit(&ds, &train, std::slice::from_ref(settings))
}

#[test]
fn test_rows_change_neither_statistics_nor_the_training_matrix() {
    let mut seen = 0;
    for impute in ["mean", "median", "mode"] {
        for scale in ["standard", "min_max", "robust"] {
            for outliers in ["none", "iqr", "z"] {
                for encode in ["one_hot", "target"] {
                    for dates in ["parts", "number"] {
                        let settings = choice(&[
                            ("impute", word(impute)),
                            ("scale", word(scale)),
                            ("outliers", word(outliers)),
                            ("encode", word(encode)),
                            ("dates", word(dates)),
                            ("indicator", Value::Bool(true)),
                        ]);
                        let (tame, wild) =
                            (leak_case(false, &settings), leak_case(true, &settings));
                        assert_eq!(tame, wild, "{settings:?}");
                        seen += 1;
                    }
                }
            }
        }
    }
    assert_eq!(seen, 108);
}

#[test]
fn the_leak_test_would_notice_statistics_of_all_rows() {
    // The same table, fitted on all rows: every numeric statistic differs, so equality above means something.
    let settings = choice(&[("scale", word("standard"))]);
    let ds = |wild: f64| regression(vec![numbers("a", vec![1.0, 2.0, 4.0, wild])]);
    let (tame, wild) = (ds(3.0), ds(1e9));
    let on = |ds: &Dataset, rows: &[usize]| fit(ds, rows, std::slice::from_ref(&settings));
    assert_eq!(on(&tame, &[0, 1, 2]), on(&wild, &[0, 1, 2]));
    assert_ne!(on(&tame, &[0, 1, 2, 3]).0, on(&wild, &[0, 1, 2, 3]).0);
}

#[test]
fn target_encoding_of_training_rows_is_out_of_fold() {
    // Every level occurs once: an encoding that saw its own row would carry the target itself.
    let cells: Vec<String> = (0..40).map(|row| format!("id{row:02}")).collect();
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    let ds = regression(vec![words("id", &cells)]);
    let encode = || choice(&[("encode", word("target"))]);
    let (prep, fitted) = fit(&ds, &all(&ds), &[encode()]);
    // Only the means of five inner folds are left.
    let mut values = column(&fitted, 0);
    values.sort_by(f64::total_cmp);
    values.dedup();
    assert!(values.len() <= 5, "{values:?}");
    assert_ne!(prep.transform(&ds.table, &all(&ds)).unwrap(), fitted);
    let other = Prep::fit_transform(&ds, &all(&ds), &[encode()], 1).unwrap();
    assert_ne!(other.1, fitted);
    assert_eq!(other.0, prep);
}

#[test]
fn order_is_clip_then_impute_then_scale() {
    let ds = regression(vec![numbers("a", vec![1.0, 2.0, 3.0, 4.0, 100.0, f64::NAN])]);
    let settings = choice(&[("outliers", word("iqr")), ("impute", word("mean"))]);
    // Quartiles 2 and 4, so 100 becomes 7, and the mean of 1, 2, 3, 4, 7 stands in.
    let (prep, x) = fit(&ds, &all(&ds), &[settings]);
    assert_eq!(column(&x, 0), [1.0, 2.0, 3.0, 4.0, 7.0, 3.4]);
    let new = Table { columns: vec![numbers("a", vec![f64::NEG_INFINITY, 5.0])], n_rows: 2 };
    assert_eq!(column(&prep.transform(&new, &[0, 1]).unwrap(), 0), [-1.0, 5.0]);
}

#[test]
fn indicators_depend_on_the_table_not_on_the_fold() {
    let ds = regression(vec![numbers("a", vec![1.0, 2.0, f64::NAN]), numbers("b", vec![1.0; 3])]);
    let settings = choice(&[("indicator", Value::Bool(true))]);
    let (prep, x) = fit(&ds, &[0, 1], &[settings]);
    assert_eq!(names(&prep), ["a", "a:missing", "b"]);
    assert_eq!(column(&x, 1), [0.0, 0.0]);
    let later = prep.transform(&ds.table, &[2]).unwrap();
    assert_eq!(later.row(0).to_vec(), [1.5, 1.0, 1.0]);
}

#[test]
fn all_missing_cells_of_a_fold_are_filled() {
    let nan = f64::NAN;
    let boolean = of_kind(ColumnType::Boolean, words("ok", &["", "", "yes", "no"]));
    let date = of_kind(ColumnType::Date, numbers("d", vec![nan, nan, 0.0, nan]));
    let ds = || {
        regression(vec![
            numbers("a", vec![nan, nan, 1.0, 2.0]),
            words("tree", &["", "", "ash", "elm"]),
            boolean.clone(),
            date.clone(),
        ])
    };
    for scale in ["none", "standard", "min_max", "robust"] {
        for outliers in ["none", "iqr", "z"] {
            for encode in ["one_hot", "ordinal", "target"] {
                let settings = choice(&[
                    ("scale", word(scale)),
                    ("outliers", word(outliers)),
                    ("encode", word(encode)),
                    ("indicator", Value::Bool(true)),
                ]);
                let (prep, x) = fit(&ds(), &[0, 1], &[settings]);
                assert!(x.iter().all(|value| value.is_finite()), "{x}");
                assert_eq!(column(&x, 0), [0.0, 0.0]);
                let later = prep.transform(&ds().table, &[2, 3]).unwrap();
                assert!(later.iter().all(|value| value.is_finite()), "{later}");
            }
        }
    }
    let settings = choice(&[("impute", word("constant")), ("fill", Value::Int(7))]);
    let ds = regression(vec![numbers("a", vec![nan, nan, 1.0])]);
    assert_eq!(column(&fit(&ds, &[0, 1], &[settings]).1, 0), [7.0, 7.0]);
}

#[test]
fn missing_and_unknown_categories() {
    let ds = regression(vec![words("tree", &["ash", "elm", "elm", "", "fir"])]);
    let train = [0, 1, 2, 3];
    let check = |settings: &[(&str, &str)], expect: &[&str], rows: [&[f64]; 2]| {
        let settings: Vec<_> = settings.iter().map(|(key, value)| (*key, word(value))).collect();
        let (prep, _) = fit(&ds, &train, &[choice(&settings)]);
        assert_eq!(names(&prep), expect);
        let found = prep.transform(&ds.table, &[3, 4]).unwrap();
        assert_eq!(found.row(0).to_vec(), rows[0], "missing");
        assert_eq!(found.row(1).to_vec(), rows[1], "unknown to the training rows");
    };
    check(&[], &["tree=ash", "tree=elm"], [&[0.0, 1.0], &[0.0, 0.0]]);
    let constant = ("impute", "constant");
    let three = ["tree=ash", "tree=elm", "tree=missing"];
    check(&[constant], &three, [&[0.0, 0.0, 1.0], &[0.0, 0.0, 0.0]]);
    let three = ["tree=?", "tree=ash", "tree=elm"];
    check(&[constant, ("fill", "?")], &three, [&[1.0, 0.0, 0.0], &[0.0, 0.0, 0.0]]);
    let ordinal = ("encode", "ordinal");
    check(&[ordinal], &["tree"], [&[1.0], &[2.0]]);
    check(&[ordinal, constant], &["tree"], [&[3.0], &[2.0]]);
    let (prep, _) = fit(&ds, &train, &[choice(&[("encode", word("ordinal"))])]);
    let new = Table { columns: vec![words("tree", &["oak", "elm"])], n_rows: 2 };
    assert_eq!(column(&prep.transform(&new, &[0, 1]).unwrap(), 0), [-1.0, 1.0]);
}

#[test]
fn dates_become_parts_or_a_number() {
    let seconds = vec![0.0, 86_400.0 * 45.0 + 3600.0, f64::NAN];
    let date = of_kind(ColumnType::Date, numbers("d", seconds));
    let ds = regression(vec![date, numbers("a", vec![1.0; 3])]);
    let (prep, x) = fit(&ds, &[0, 1, 2], &[]);
    assert_eq!(names(&prep), ["d:year", "d:month", "d:day", "d:weekday", "d:hour", "a"]);
    assert_eq!(x.row(1).to_vec(), [1970.0, 2.0, 15.0, 6.0, 1.0, 1.0]);
    assert_eq!(x.row(2).to_vec(), [1970.0, 1.5, 8.0, 4.5, 0.5, 1.0]);
    let (_, x) = fit(&ds, &[0, 1], &[choice(&[("dates", word("number"))])]);
    assert_eq!(column(&x, 0), [0.0, 3_891_600.0]);
    let (prep, _) = fit(&ds, &[0, 1], &[choice(&[("dates", word("none"))])]);
    assert_eq!(names(&prep), ["a"]);
}

#[test]
fn blocks_apply_to_their_columns_and_the_rest() {
    let ds = regression(vec![numbers("a", vec![0.0, 4.0]), numbers("b", vec![0.0, 4.0])]);
    let blocks = [
        PrepBlock { prefix: String::new(), columns: None },
        PrepBlock { prefix: "b.".into(), columns: Some(vec!["b".into()]) },
    ];
    let mut params = Params::default();
    params.set("scale", word("min_max"));
    params.set("b.scale", word("standard"));
    params.set("logistic.C", Value::Float(1.0));
    let choices = choices(&blocks, &params);
    assert_eq!(choices[1].settings.len(), 1);
    let (_, x) = fit(&ds, &[0, 1], &choices);
    assert_eq!((column(&x, 0), column(&x, 1)), (vec![0.0, 1.0], vec![-1.0, 1.0]));
}

#[test]
fn saved_preprocessing_prepares_the_same_bits() {
    for encode in ["one_hot", "ordinal", "target"] {
        let (prep, _) =
            leak_case(false, &choice(&[("scale", word("standard")), ("encode", word(encode))]));
        let text = serde_json::to_string(&prep).unwrap();
        assert_eq!(serde_json::from_str::<Prep>(&text).unwrap(), prep, "{text}");
    }
}

#[test]
fn what_cannot_be_prepared_is_named() {
    let nan = f64::NAN;
    let check = |columns: Vec<Column>, choices: &[PrepChoice], part: &str| {
        let ds = regression(columns);
        let rows = all(&ds);
        let text = Prep::fit_transform(&ds, &rows, choices, 0).unwrap_err().to_string();
        assert!(text.contains(part), "{text}");
    };
    let one = |key: &str, value: Value| vec![choice(&[(key, value)])];
    let gap = || vec![numbers("a", vec![1.0, nan, nan])];
    check(gap(), &one("impute", Value::None), "column 'a' has 2 missing cells in 3 rows");
    check(gap(), &one("impute", word("avg")), "impute = 'avg' is not allowed; mend: one of mean");
    check(gap(), &one("indicator", Value::Int(1)), "true or false");
    check(gap(), &one("bins", Value::Int(1)), "bins = '1'");
    let fill = choice(&[("impute", word("constant")), ("fill", word("x"))]);
    check(gap(), &[fill], "fill = 'x' does not suit the number column 'a'");
    let infinite = vec![numbers("a", vec![1.0, f64::INFINITY, 2.0])];
    check(infinite, &[], "column 'a' has 1 infinite");
    let huge = vec![numbers("a", vec![1e308, -1e308, 1e308])];
    check(huge.clone(), &one("scale", word("standard")), "too large");
    check(huge, &one("outliers", word("z")), "too large");
    let text = of_kind(ColumnType::Text, words("t", &["a b", "c d"]));
    check(vec![text], &[], "'t' is free text");
    check(vec![words("t", &["a", "b"])], &one("encode", Value::None), "leaves no feature");
    let many: Vec<String> = (0..1001).map(|row| row.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    check(vec![words("id", &many)], &[], "'id' has 1001 levels");
    let named = |columns: &[&str]| PrepChoice {
        columns: Some(columns.iter().map(|c| (*c).into()).collect()),
        ..PrepChoice::default()
    };
    check(gap(), &[named(&["b"])], "'b', which is no feature; mend: one of a");
    check(gap(), &[named(&["a"]), named(&["a"])], "claim column 'a'");
    check(gap(), &[choice(&[]), choice(&[])], "claim all columns");
    let boolean = of_kind(ColumnType::Boolean, words("ok", &["yes", "no", ""]));
    let fill = choice(&[("impute", word("constant")), ("fill", word("maybe"))]);
    check(vec![boolean], &[fill], "fill = 'maybe' does not suit the boolean column 'ok'");
}

#[test]
fn new_data_is_checked() {
    let ds = regression(vec![numbers("a", vec![1.0, 2.0]), words("t", &["x", "y"])]);
    let none = choice(&[("impute", Value::None)]);
    let (prep, _) = fit(&ds, &[0, 1], &[none]);
    let check = |columns: Vec<Column>, part: &str| {
        let n_rows = columns[0].len();
        let text = prep.transform(&Table { columns, n_rows }, &[0]).unwrap_err().to_string();
        assert!(text.contains(part), "{text}");
    };
    let t = || words("t", &["x"]);
    check(vec![t()], "no column 'a'");
    check(vec![words("a", &["x"]), t()], "'a' holds words, the model was trained on numbers");
    check(vec![numbers("a", vec![1.0]), numbers("t", vec![1.0])], "trained on categories");
    check(vec![numbers("a", vec![f64::NAN]), t()], "'a' has 1 missing cells in 1 rows");
    check(vec![numbers("a", vec![f64::INFINITY]), t()], "'a' has 1 infinite");
    check(vec![numbers("a", vec![1.0]), words("t", &[""])], "'t' has 1 missing cells");
    let (prep, _) = fit(&ds, &[0, 1], &[]);
    let empty = vec![words("a", &[""]), numbers("t", vec![f64::NAN])];
    let x = prep.transform(&Table { columns: empty, n_rows: 1 }, &[0]).unwrap();
    assert_eq!(x.row(0).to_vec(), [1.5, 1.0, 0.0]);
}

#[test]
fn rows_of_many_blocks_stay_in_order() {
    let n = 1000;
    let ds = regression(vec![
        numbers("a", (0..n).map(f64::from).collect()),
        numbers("b", (0..n).map(|row| f64::from(row) * 2.0).collect()),
    ]);
    let rows: Vec<usize> = (0..n as usize).rev().step_by(3).collect();
    let (_, x) = fit(&ds, &rows, &[]);
    let expect: Vec<f64> = rows.iter().flat_map(|&row| [row as f64, row as f64 * 2.0]).collect();
    assert_eq!(x.iter().copied().collect::<Vec<f64>>(), expect);
}
