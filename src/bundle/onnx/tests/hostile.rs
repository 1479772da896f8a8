//! Cells at every end: of the calendar, of the numbers, of what was seen.

use super::*;

/// Rows that try everything: dates at the ends of the calendar, words that were never seen, no cells at all.
pub(super) fn hostile(n_classes: usize, rows: usize) -> Dataset {
    let mut rng = Rng::new(11);
    let mut numbers =
        |spread: f64| -> Vec<f64> { (0..rows).map(|_| rng.normal() * spread).collect() };
    let (mut a, b, mut when) = (numbers(3.0), numbers(1e3), numbers(2e10));
    let mut other = numbers(4e8);
    a.iter_mut().step_by(7).for_each(|cell| *cell = f64::NAN);
    when.iter_mut().step_by(5).for_each(|cell| *cell = f64::NAN);
    let ends = [-377_705_116_800.0, 253_402_300_799.9, 951_782_400.0, -0.25, -2_203_891_200.0, 0.0];
    let at = rows / 2;
    when[at..at + ends.len()].copy_from_slice(&ends);
    let beyond = [253_402_300_800.0, -377_705_116_800.1, f64::INFINITY, f64::NEG_INFINITY];
    other[rows - 4..].copy_from_slice(&beyond);
    a[rows - 6] = f64::INFINITY;
    let words =
        |levels: &[&str], by: usize| Values::Codes {
            codes: (0..rows as u32)
                .map(|row| {
                    if row % 11 == 3 {
                        MISSING
                    } else {
                        row * row / by as u32 % levels.len() as u32
                    }
                })
                .collect(),
            levels: levels.iter().map(ToString::to_string).collect(),
        };
    let column = |name: &str, kind, values| Column {
        name: name.into(),
        kind,
        values,
        null_spellings: vec![],
        date_style: None,
    };
    let codes: Vec<u32> = (0..rows)
        .map(|row| u32::from(b[row] > 0.0) + row as u32 % (n_classes as u32 - 1))
        .collect();
    let classes: Vec<String> = (0..n_classes).map(|class| format!("class {class} é,\"")).collect();
    let target = Values::Codes { codes: codes.clone(), levels: classes.clone() };
    let columns = vec![
        column("label", ColumnType::Number, Values::Numbers(a)),
        column("b \"x\"\n", ColumnType::Number, Values::Numbers(b)),
        column(
            "probabilities",
            ColumnType::Category,
            words(&["", "blue", "missing", "red", "Übel"], 5),
        ),
        column("when", ColumnType::Date, Values::Numbers(when)),
        column("c_1", ColumnType::Boolean, words(&["no", "yes"], 3)),
        column("other", ColumnType::Date, Values::Numbers(other)),
        column("target", ColumnType::Category, target),
        column("unused", ColumnType::Text, words(&["one"], 1)),
    ];
    let digest = Digest::of(b"");
    Dataset {
        table: Table { columns, n_rows: rows },
        features: (0..6).collect(),
        target: 6,
        labels: Labels::Classes { codes, n_classes, positive: 1 },
        classes,
        weights: None,
        groups: None,
        group_keys: None,
        time: None,
        row_keys: (0..rows as u64).collect(),
        provenance: Provenance {
            content: digest,
            schema: digest,
            rows: rows as u64,
            source: HOSTILE.into(),
        },
    }
}

#[test]
fn hostile_cells_agree_with_onnxruntime() {
    let folder = tempfile::tempdir().unwrap();
    let ds = hostile(3, 120);
    let fit_on: Vec<usize> = (0..50).collect();
    let test: Vec<usize> = (0..120).collect();
    for (number, choice) in
        ["plain", "standard", "min_max", "robust", "left_out"].into_iter().enumerate()
    {
        for model in [("logistic", json!({})), ("decision_tree", json!({})), ("dummy", json!({}))] {
            let (prep, fitted) = fit(&ds, &fit_on, &prep(choice), (model.0, &model.1));
            let name = format!("{number}-{choice}-{}", model.0);
            let members = [(1.0, prep, fitted)];
            Case { name: &name, ds: &ds, test: &test, members: &members, tolerance: 1e-9 }
                .write(folder.path());
        }
    }
    check(folder.path());
}

#[test]
fn rows_that_derby_refuses_have_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let ds = hostile(2, 120);
    let test: Vec<usize> = (0..120).collect();
    // Nothing is missing in the rows of the fit, nor in the table that derby looks at then.
    let mut whole = ds.clone();
    for column in &mut whole.table.columns {
        match &mut column.values {
            Values::Numbers(numbers) => {
                numbers
                    .iter_mut()
                    .filter(|x| !x.is_finite() || x.abs() > 2e11)
                    .for_each(|x| *x = 0.0);
            }
            Values::Codes { codes, .. } => {
                codes.iter_mut().filter(|code| **code == MISSING).for_each(|code| *code = 0);
            }
        }
    }
    for (choice, model) in [
        ("one_hot", ("logistic", json!({}))),
        ("ordinal", ("decision_tree", json!({}))),
        ("target", ("knn", json!({"n_neighbors": 3}))),
        ("one_hot", ("svm", json!({}))),
        ("ordinal", ("dummy", json!({}))),
        ("target", ("gradient_boosting", json!({"max_iter": 3, "min_samples_leaf": 3}))),
        ("target", ("svm", json!({"probability": true}))),
    ] {
        let (prep, fitted) = fit(&whole, &test, &prep(choice), (model.0, &model.1));
        let name = format!("{choice}-{}-{}", model.0, model.1.to_string().len());
        let members = [(1.0, prep, fitted)];
        let case = Case { name: &name, ds: &ds, test: &test, members: &members, tolerance: 1e-9 };
        let n_refused = case.expected().0.iter().filter(|label| label.is_empty()).count();
        assert!((20..100).contains(&n_refused), "{n_refused}");
        case.write(folder.path());
    }
    check(folder.path());
}
