//! Few features, absent classes, trees of one leaf; and what cannot be written.

use super::hostile::hostile;
use super::*;

/// Points with `n_classes` known classes, of which the rows of the fit have the first `present`.
fn points(n_features: usize, present: u32, n_classes: usize) -> Dataset {
    let mut ds = hostile(n_classes, 90);
    let mut rng = Rng::new(4);
    let mut column = |number: usize| {
        let numbers = (0..90).map(|row| rng.normal() + f64::from(row % present)).collect();
        Column {
            name: format!("x{number}"),
            kind: ColumnType::Number,
            values: Values::Numbers(numbers),
            null_spellings: vec![],
            date_style: None,
        }
    };
    ds.table.columns = (0..n_features).map(&mut column).collect();
    ds.features = (0..n_features).collect();
    // Class codes leave a gap: the last class is there, one before it is not.
    let code =
        |row: u32| if row % present + 1 == present { n_classes as u32 - 1 } else { row % present };
    ds.labels = Labels::Classes { codes: (0..90).map(code).collect(), n_classes, positive: 1 };
    ds
}

#[test]
fn few_features_absent_classes_and_small_trees_agree_with_onnxruntime() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<usize> = (0..60).collect();
    let test: Vec<usize> = (0..90).collect();
    let mut n = 0;
    let mut write = |ds: &Dataset, model: (&str, serde_json::Value)| {
        let (prep, fitted) = fit(ds, &rows, &prep("standard"), (model.0, &model.1));
        let name = format!("{n}-{}", model.0);
        let members = [(1.0, prep, fitted)];
        Case { name: &name, ds, test: &test, members: &members, tolerance: 1e-9 }
            .write(folder.path());
        n += 1;
    };
    let small = [
        ("decision_tree", json!({"max_depth": 1})),
        ("decision_tree", json!({"min_samples_leaf": 60})),
        ("random_forest", json!({"n_estimators": 4, "min_samples_leaf": 25})),
        ("gradient_boosting", json!({"max_iter": 3, "min_samples_leaf": 60})),
    ];
    for (n_features, present, n_classes) in [(1, 2, 2), (1, 2, 3), (2, 3, 3), (2, 3, 4)] {
        let ds = points(n_features, present, n_classes);
        for model in classifiers().into_iter().chain(small.clone()) {
            write(&ds, model);
        }
    }
    for n_features in [1, 2] {
        let mut ds = points(n_features, 2, 2);
        let Values::Numbers(numbers) = &ds.table.columns[0].values else { unreachable!() };
        ds.labels = Labels::Values(numbers.iter().map(|x| x * x).collect());
        ds.classes = vec![];
        let flat = ("svr", json!({"epsilon": 1e6}));
        for model in regressors().into_iter().chain(small.clone()).chain([flat]) {
            write(&ds, model);
        }
    }
    check(folder.path());
}

#[test]
fn what_cannot_be_written_says_why() {
    let ds = points(2, 2, 2);
    let rows: Vec<usize> = (0..60).collect();
    let (prep, fitted) = fit(&ds, &rows, &prep("plain"), ("logistic", &json!({})));
    let member = OnnxMember { weight: 1.0, prep: &prep, form: fitted.form() };
    let all = columns(&ds.table);
    let made = |members: &[OnnxMember<'_>], columns: &[OnnxColumn], classes: &[String]| {
        let input =
            OnnxInput { name: "", classes, columns, null_values: &[], members, metadata: &[] };
        onnx_model(&input).map(|model| model.bytes)
    };
    let check = |made: Result<Vec<u8>, OnnxError>, expect: &str| {
        assert_eq!(made.unwrap_err().to_string(), expect);
    };
    let members = std::slice::from_ref(&member);
    assert_eq!(
        made(members, &all, &ds.classes).unwrap(),
        made(members, &all, &ds.classes).unwrap()
    );
    check(
        made(&[], &all, &ds.classes),
        "there is no model to write as ONNX; mend: give at least one member",
    );
    check(
        made(&[OnnxMember { weight: f64::NAN, ..member.clone() }], &all, &ds.classes),
        "member '0' has the weight 'NaN'; mend: finite weights above 0",
    );
    check(
        made(members, &all[..1], &ds.classes),
        "the preprocessing reads the column 'x1', which the schema lacks; mend: add it",
    );
    let words = [all[0].clone(), OnnxColumn { kind: ColumnType::Category, ..all[1].clone() }];
    check(
        made(members, &words, &ds.classes),
        "the schema has the column 'x1' as 'category', but it was prepared as numbers; mend: the schema of the training",
    );
    check(
        made(members, &all, &[]),
        "member '0': the model has '2' classes, '0' are named; mend: preprocessing, model and classes of the same fit",
    );
    let narrow = points(1, 2, 2);
    let (narrow, _) = fit(&narrow, &rows, &super::prep("plain"), ("dummy", &json!({})));
    check(
        made(&[OnnxMember { prep: &narrow, ..member.clone() }], &all, &ds.classes),
        "member '0': the model reads '2' features, '1' are prepared; mend: preprocessing, model and classes of the same fit",
    );
}
