//! `derby report`: forms, files, the comparison with an older report, and how it ends.

use crate::program::{Place, asset, json, shows};
use serde_json::Value;

fn sweep(place: &Place, args: &[&str]) {
    let ran = place.derby(&[&["sweep", "quick.toml", "-q"], args].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
}

/// The quick example alone.
fn place() -> Place {
    let place = Place::recorded();
    place.write("notes.txt", "none");
    place
}

#[test]
fn a_report_on_the_terminal() {
    shows!(place().shown("report quick"), @"
    exit 0
     quick

     Sweep quick
     maximize accuracy · 6 runs: 6 done · grid, seed 0 · 5 folds · [time]
     RUN   ACCURACY (5 FOLDS)   BALANCED_ACCURACY     PRECISION_MACRO TIME   PARAMETERS
       3      0.984 ± 0.02191    0.9833 ± 0.02282    0.9867 ± 0.01826 [time]   model=knn n_neighbors=15 weights=uniform
       5      0.976 ± 0.03578     0.975 ± 0.03727    0.9812 ± 0.02747 [time]   model=knn n_neighbors=5 weights=uniform
       1     0.9673 ± 0.01828    0.9664 ± 0.01915    0.9717 ± 0.01624 [time]   model=knn n_neighbors=1 weights=uniform
       2     0.9433 ± 0.02131     0.9423 ± 0.0217    0.9497 ± 0.01905 [time]   model=decision_tree max_depth=none
       4     0.9193 ± 0.03917    0.9173 ± 0.04039    0.9321 ± 0.03269 [time]   model=decision_tree max_depth=2
       6     0.6913 ± 0.01552          0.6667 ± 0   0.5123 ± 0.008795 [time]   model=decision_tree max_depth=1

     What mattered
     For accuracy by PED-ANOVA, from 6 runs
     PARAMETER         IMPORTANCE                       ACTIVE IN
     knn.n_neighbors         0.72   █████████████████   3 of 6 runs
     model                   0.28   ███████             all
     1 other parameter below 0.005

     Data: 3 warnings
     ? feature_correlation   petal_length_cm, petal_width_cm   'petal_length_cm' and 'petal_width_cm' have a rank correlation of 0.938 (limit 0.9)
     ? single_feature_leak   petal_length_cm                   'petal_length_cm' alone has a predictive power of 0.9 (limit 0.8)
     ? single_feature_leak   petal_width_cm                    'petal_width_cm' alone has a predictive power of 0.93 (limit 0.8)
     13 checks found nothing, 5 checks could not be made

     Notes
     importance: only 1 trial counts as the best; 50 or more trials in all make it steadier

     data iris.csv b3:bc06b4, 150 rows, 27 of them kept apart · derby 0.1.0 · [instant]
    ");
}

#[test]
fn a_report_of_a_run_of_a_sweep_without_a_result_and_of_a_function() {
    let place = place();
    shows!(place.shown("report broken"), @"
    exit 1
     broken

     Sweep broken
     minimize log_loss · 2 runs: 2 failed · grid, seed 0 · 5 folds · [time]
     RUNS   WHY THEY FAILED
        2   fold 0: 'log_loss' needs probabilities, which the model does not give; mend: a family with probabilities (svm: probability = true), or a metric of the predicted classes such as 'f1_macro'

     derby 0.1.0 · [instant]
    ");
    shows!(place.shown("report sphere"), @"
    exit 0
     sphere

     Sweep sphere
     minimize value · 4 runs: 4 done · random, seed 5 · one value a run · [time]
     RUN     VALUE TIME   PARAMETERS
      10   0.02526 [time]   x=0.1589 y=0.0002758
       8   0.03356 [time]   x=0.1752 y=0.05351
       7     0.494 [time]   x=-0.7028 y=0.002821
       9    0.7568 [time]   x=0.87 y=0.0003653

     What mattered
     For value by PED-ANOVA, from 4 runs
     PARAMETER   IMPORTANCE
     x                 0.55   █████████████
     y                 0.45   ███████████

     Notes
     importance: only 1 trial counts as the best; 50 or more trials in all make it steadier

     derby 0.1.0 · [instant]
    ");
    let run = place.derby(&["report", "4"]);
    assert!(run.code == 0 && run.out.starts_with(" quick, run 4\n"), "{}", run.out);
}

#[test]
fn every_form_is_written_or_none() {
    let place = place();
    let files = ["r.md", "r.html", "r.json", "r.xml", "metrics.txt", "r.txt"];
    let args: Vec<&str> = files.iter().flat_map(|file| ["-o", file]).collect();
    let ran = place.derby(&[&["report", "quick", "--title", "A | title"][..], &args].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let text = |file: &str| std::fs::read_to_string(place.path(file)).unwrap();
    let markdown = text("r.md");
    assert!(
        markdown.starts_with("<!-- derby-report:quick -->\n\n## A &#124; title\n"),
        "{}",
        &markdown[..80]
    );
    let html = text("r.html");
    assert_eq!(
        html.matches("<figure>").count(),
        7,
        "history, slice, contour, ROC, PR, calibration, confusion"
    );
    assert!(text("r.xml").contains("<testsuite") && text("metrics.txt").ends_with("# EOF\n"));
    let report: Value = serde_json::from_str(&text("r.json")).unwrap();
    assert_eq!(report["sweep"]["best"][0]["run"], report["run"]["run"]);
    assert_eq!(report["plots"].as_array().unwrap().len(), 7);
    assert_eq!(report["data_checks"].as_array().unwrap().len(), 21);
    let ran = place.derby(&["report", "quick", "-o", "new.json", "-o", "no/new.md"]);
    assert!(ran.code == 1 && !place.path("new.json").exists(), "{}", ran.err);
    let left = std::fs::read_dir(place.path(".")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{left:?}");
}

#[test]
fn what_cannot_be_written_or_read_is_said() {
    let place = place();
    shows!(place.shown("report quick -o report.pdf"), @"
    exit 2
    stderr
    error: 'report.pdf' does not say which format; mend: end the name with one of .txt, .md, .html, .json, .xml, .prom (metrics.txt is OpenMetrics too)
    ");
    shows!(place.shown("report quick -o no/report.md"), @"
    exit 1
    stderr
    error: cannot write 'no/report.md': there is no folder 'no'
    hint: mkdir -p 'no'
    ");
    shows!(place.shown("report nobody"), @"
    exit 1
    stderr
    error: no run and no sweep 'nobody'; `derby runs` lists them
    hint: derby sweeps lists the sweeps
    ");
    shows!(place.shown("report quick --baseline no.json"), @"
    exit 1
    stderr
    error: cannot read the baseline 'no.json': No such file or directory (os error 2)
    hint: derby report SWEEP -o FILE.json writes one
    ");
    shows!(place.shown("report quick --baseline notes.txt"), @"
    exit 1
    stderr
    error: 'notes.txt' is not a JSON report: expected ident at line 1 column 2; mend: give a file written by derby report -o FILE.json
    ");
    shows!(place.shown("report quick --fail-on accuracy"), @"
    exit 2
    stderr
    error: 'accuracy' is no limit: it has no comparison such as '>'; mend: write it as 'roc_auc drop > 0.01', 'rmse rise > 2%' or 'accuracy < 0.9'
    ");
    shows!(place.shown("report broken --baseline notes.txt"), @"
    exit 1
    stderr
    error: 'notes.txt' is not a JSON report: expected ident at line 1 column 2; mend: give a file written by derby report -o FILE.json
    ");
}

#[test]
fn a_baseline_shows_what_changed_and_a_limit_turns_it_red() {
    let place = place();
    assert_eq!(place.derby(&["report", "quick", "-o", "main.json"]).code, 0);
    sweep(&place, &["--set", "name=worse", "--set", "models.knn.n_neighbors=100"]);
    let against = |limit: &str| {
        place.derby(&["report", "worse", "--baseline", "main.json", "--fail-on", limit])
    };
    assert_eq!(against("accuracy drop > 50%").code, 0);
    let worse = against("log_loss rise > 1%");
    assert_eq!(worse.code, 4, "{}", worse.out);
    let lines: Vec<&str> = worse.out.lines().take(6).collect();
    shows!(lines.join("\n"), @"
    worse

    Limits: 1 of 1 broken
    ✗ log_loss rise > 1%   0.08809 became 2.042, +2219 %

    Against the baseline
    ");
    let alone = place.derby(&["report", "worse", "--fail-on", "accuracy < 0.99"]);
    assert_eq!(alone.code, 4, "{}", alone.out);
    let unbased = place.derby(&["report", "worse", "--fail-on", "accuracy drop > 0.1"]);
    assert!(unbased.code == 2 && unbased.err.contains("add --baseline"), "{}", unbased.err);
}

#[test]
fn a_runner_of_github_gets_annotations_summary_and_outputs() {
    let place = place();
    let (summary, output) = (place.path("summary.md"), place.path("output.txt"));
    let env = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
        ("GITHUB_OUTPUT", output.to_str().unwrap()),
    ];
    let ran = place.derby_with(&["report", "broken", "-o", "r.json"], &env);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.starts_with("::error file=broken.toml,title=sweep broken::no run is done\n"),
        "{}",
        ran.err
    );
    assert!(std::fs::read_to_string(&summary).unwrap().contains("## broken"));
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "exit_code=1\nbroken_limits=0\n");
}

#[test]
fn data_that_has_gone_is_a_note() {
    let place = place();
    place.write("iris.csv", &std::fs::read_to_string(asset("wine.csv")).unwrap());
    let ran = place.derby(&["report", "quick"]);
    assert!(ran.code == 0 && ran.out.contains("the data is not checked: "), "{}", ran.out);
}

#[test]
fn the_schema_is_printed_without_a_store() {
    let schema = json(&Place::new().derby(&["report", "--schema"]));
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}
