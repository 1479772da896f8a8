//! The same sweep again: what goes on, what starts anew and says so, and what a check sees before.

use crate::program::Place;
use serde_json::Value;

const SWEEP: &str = r#"
name = "again"
[objective]
metric = "accuracy"
[data]
path = "rows.csv"
target = "y"
holdout = 0
folds = { column = "fold" }
[models.knn]
n_neighbors = [1, 3]
[search]
sampler = "grid"
"#;

/// Forty rows whose target follows `x`; the fold follows the target, so that a model may not see it.
fn rows(extra: &str) -> String {
    let row = |i: usize| format!("{},{},{}\n", i % 7, usize::from(i % 7 > 3), i % 4);
    let rows: String = (0..40).map(row).collect();
    format!("x,y,fold\n{rows}{extra}")
}

fn place() -> Place {
    let place = Place::new();
    place.write("rows.csv", &rows(""));
    place.write("again.toml", SWEEP);
    place
}

#[test]
fn a_sweep_whose_data_or_file_changed_says_that_it_is_a_new_one() {
    let place = place();
    let sweep = |args: &[&str]| place.derby(&[&["sweep", "again.toml"], args].concat());
    assert_eq!(sweep(&[]).code, 0);
    assert!(!sweep(&[]).err.contains("a new sweep"));
    place.write("rows.csv", &rows("6,1,0\n"));
    let changed = sweep(&[]).err;
    assert!(changed.contains("a new sweep, not the 'again' of"), "{changed}");
    assert!(changed.contains("the data changed, b3:"), "{changed}");
    let other = sweep(&["--set", "search.seed=3"]).err;
    assert!(other.contains("the sweep file changed"), "{other}");
    let sweeps: Value = serde_json::from_str(&place.derby(&["sweeps", "--json"]).out).unwrap();
    assert_eq!(sweeps.as_array().unwrap().len(), 3);
}

#[test]
fn the_fold_of_a_row_is_no_feature() {
    let place = place();
    assert_eq!(place.derby(&["sweep", "again.toml"]).code, 0);
    let with_fold = place.derby(&["best", "--json"]).out;
    let best: Value = serde_json::from_str(&with_fold).unwrap();
    // One feature (8 bytes) and one class (4 bytes) for each of the 30 training rows of a fold.
    assert_eq!(best[0]["metrics"]["model_bytes"]["last"], 30.0 * 12.0, "{with_fold}");
}

#[test]
fn a_check_looks_at_the_data_too() {
    let place = place();
    assert_eq!(place.derby(&["check", "again.toml"]).code, 0);
    place.write("bad.toml", &SWEEP.replace("\"y\"", "\"z\""));
    let bad = place.derby(&["check", "bad.toml"]);
    assert_eq!(bad.code, 2);
    assert!(bad.err.contains("bad.toml") && bad.err.contains("'z'"), "{}", bad.err);
    assert_eq!(place.derby(&["check", "bad.toml", "--no-data"]).code, 0);
}

#[test]
fn a_sweep_without_a_score_says_why_in_every_mode() {
    let place = place();
    place.write("all.toml", &SWEEP.replace("[1, 3]", "[1000]"));
    for mode in [&["--quiet"][..], &["--json"], &[]] {
        let ran = place.derby(&[&["sweep", "all.toml", "--set", "name=\"all\""], mode].concat());
        assert_eq!(ran.code, 1);
        assert!(ran.err.contains("error: no score from 1 trial"), "{mode:?} {}", ran.err);
    }
}
