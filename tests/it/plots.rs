//! `derby plot`: every figure of what is recorded, and what is said where there is none.

use crate::program::{Place, asset, shows};

/// Two classes, one family with scores and one without, predictions of all runs kept.
const TWO: &str = r#"
name = "two"
[objective]
metric = "roc_auc"
[data]
path = "breast_cancer.csv"
target = "target"
[models.logistic]
C = [0.1, 1.0]
[models.naive_bayes]
var_smoothing = [1e-9, 1e-3]
[search]
sampler = "grid"
[resources]
jobs = 1
"#;

/// A number to predict, and none of the predictions kept.
const NUMBER: &str = r#"
name = "number"
[objective]
metric = "rmse"
[data]
path = "diabetes.csv"
target = "target"
keep_predictions = 1
[models.linear]
fit_intercept = [true, false]
[search]
sampler = "grid"
[resources]
jobs = 1
"#;

fn place() -> Place {
    let place = Place::new();
    for (name, text, data) in
        [("two", TWO, "breast_cancer.csv"), ("number", NUMBER, "diabetes.csv")]
    {
        place.write(data, &std::fs::read_to_string(asset(data)).unwrap());
        place.write(&format!("{name}.toml"), text);
        let ran = place.derby(&["sweep", &format!("{name}.toml"), "-q"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    place
}

/// Draws a figure and gives back its words.
fn words(place: &Place, args: &str) -> String {
    let line = format!("plot {args} -o figure.svg");
    let ran = place.derby(&line.split(' ').collect::<Vec<_>>());
    assert_eq!(ran.code, 0, "{args}: {}", ran.err);
    let svg = std::fs::read_to_string(place.path("figure.svg")).unwrap();
    let texts = svg.split("<text").skip(1).filter_map(|text| {
        let (_, rest) = text.split_once('>')?;
        Some(rest.split_once("</text>")?.0.trim().to_string())
    });
    texts.collect::<Vec<_>>().join(" | ")
}

#[test]
fn every_figure_says_what_it_is_of() {
    let place = place();
    let check = |args: &str, parts: &[&str]| {
        let words = words(&place, args);
        for part in parts {
            assert!(words.contains(part), "{args}: no '{part}' in {words}");
        }
    };
    check("history two", &["two: maximize roc_auc by grid", "best so far"]);
    check(
        "importance two",
        &["two: what mattered for roc_auc", "C (in 2 of 4)", "PED-ANOVA over 4 runs"],
    );
    check(
        "importance two --method shap --metric fit_seconds",
        &["two: what mattered for fit_seconds", "SHAP over 4 runs"],
    );
    check("parallel two", &["logistic.C", "model", "roc_auc"]);
    check("slice two --param logistic.C", &["logistic.C"]);
    check("contour two", &["logistic.C", "model"]);
    check("contour two --param C", &["logistic.C", "model"]);
    check("contour two --param model --param C", &["logistic.C", "model"]);
    check(
        "pareto two --metric fit_seconds",
        &["two: roc_auc against fit_seconds", "fit_seconds (minimize)"],
    );
    check("timeline two", &["two: 4 runs", "job 1"]);
    check("roc two", &["two: &apos;1&apos; of target", "run 1 logistic", "AUC 0.99"]);
    check("pr 1 2", &["runs 1, 2: &apos;1&apos; of target", "run 2 naive_bayes"]);
    check("calibration two --class 0", &["two: &apos;0&apos; of target", "ECE"]);
    check("confusion 2", &["run 2 naive_bayes: target out of fold"]);
    check("residuals number", &["number, run 5 linear: target out of fold", "RMSE"]);
}

#[test]
fn what_does_not_fit_is_said() {
    let place = place();
    let shown = |line: &str| place.shown(&format!("plot {line} -o x.svg"));
    shows!(shown("residuals two"), @"
    exit 2
    stderr
    error: 'residuals' does not fit binary classification, as 'two' is
    hint: derby plot confusion, roc, pr or calibration shows predicted classes
    ");
    shows!(shown("roc number"), @"
    exit 2
    stderr
    error: 'roc' does not fit regression, as 'number' is
    hint: derby plot residuals shows predicted numbers
    ");
    shows!(shown("confusion 1 2"), @"
    exit 2
    stderr
    error: 'confusion' shows one run, 2 are named
    ");
    shows!(shown("roc 1 5"), @"
    exit 2
    stderr
    error: run 5 predicts 'target' of other data
    hint: name runs of one data set
    ");
    shows!(shown("roc two --class 2"), @"
    exit 2
    stderr
    error: 'target' has no class '2'
    hint: it has 0, 1
    ");
    shows!(shown("slice two --param logistic.c"), @"
    exit 2
    stderr
    error: sweep 'two' has no parameter 'logistic.c'
    hint: did you mean 'logistic.C'?
    ");
    shows!(shown("pareto two"), @"
    exit 2
    stderr
    error: sweep 'two' has one objective, a front needs two
    hint: --metric fit_seconds [measured]
    ");
    shows!(shown("pareto two --metric fit_second"), @"
    exit 2
    stderr
    error: no run of sweep 'two' has a metric 'fit_second'
    hint: did you mean 'fit_seconds'?
    ");
    shows!(shown("history two --param C"), @"
    exit 2
    stderr
    error: --param is for parallel, slice, contour, not for history
    ");
    shows!(shown("history 1"), @"
    exit 2
    stderr
    error: history is of a sweep, and '1' is a run
    hint: derby plot history two -o …
    ");
    shows!(shown("history two number"), @"
    exit 2
    stderr
    error: more than one name is for curves, roc, pr, calibration, confusion, residuals, not for history
    ");
    shows!(shown("residuals 6"), @"
    exit 5
    stderr
    error: run 6: no predictions are kept
    hint: [data] keep_predictions says of how many of the best runs they are kept
    ");
    shows!(shown("gate two"), @"
    exit 5
    stderr
    error: no verdict on sweep 'two' is recorded
    hint: derby gate asks for one
    ");
    shows!(shown("pie two"), @"
    exit 2
    stderr
    error: invalid value 'pie' for '<KIND>'
      [possible values: history, importance, parallel, slice, contour, curves, pareto, timeline, roc, pr, calibration, confusion, residuals, gate]

    For more information, try '--help'.
    ");
    assert!(!place.path("x.svg").exists());
}

#[test]
fn figures_of_predictions_want_the_data_of_the_run() {
    let place = place();
    let data = std::fs::read_to_string(place.path("breast_cancer.csv")).unwrap();
    place.write("breast_cancer.csv", &data.replacen("17.99", "17.98", 1));
    shows!(place.shown("plot roc two -o x.svg"), @"
    exit 1
    stderr
    error: 'breast_cancer.csv' is not the data of run 3: b3:4c15d4 then, b3:0d8e5a now; mend: restore the file, or sweep again on the new data
    ");
}
