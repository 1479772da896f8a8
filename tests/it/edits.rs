//! What changes runs and whole stores: notes, tags, names, the bin, backup and merge.

use crate::program::{Place, json, shows};

#[test]
fn a_store_without_runs() {
    let place = Place::recorded();
    let all: Vec<String> = (1..=12).map(|run| run.to_string()).collect();
    let args: Vec<&str> = std::iter::once("rm").chain(all.iter().map(String::as_str)).collect();
    assert_eq!(place.derby(&args).code, 0);
    shows!(place.shown("runs"), @r"
    exit 0
     no runs but 12 runs in the bin   next  derby runs --deleted
    ");
    assert_eq!(place.derby(&["runs", "--json"]).out, "[]\n");
    assert_eq!(place.derby(&["runs", "--jsonl"]).out, "");
    shows!(place.shown("best quick"), @r"
    exit 5
    stderr
    error: no run of sweep 'quick' has a score of 'accuracy'
    hint: derby runs sweep:quick shows what happened
    ");
    shows!(place.shown("store gc --dry-run"), @r"
    exit 0
     would go   0 runs from the bin   0 objects   0 B
     kept   12 runs that went to the bin in the last 30 days; --all takes them too
    ");
    let gone = place.shown("store gc --all");
    shows!(gone.rsplit_once("   ").unwrap().0, @r"
    exit 0
     gone   12 runs from the bin   0 objects
    ");
    shows!(place.shown("runs"), @r"
    exit 0
     no runs yet   next  derby sweep FILE (derby init DATA.csv writes one)
    ");
    shows!(place.shown("sweeps"), @r"
    exit 0
     SWEEP   DONE  FAILED  RUNNING  BEST  RUN  METRIC    SAMPLER  AGE
     broken     0       0        0             log_loss  grid      0s
     sphere     0       0        0             value     random    0s
     quick      0       0        0             accuracy  grid      0s
     next  derby show sweep:broken
    ");
}

#[test]
fn notes_tags_names_and_the_bin() {
    let place = Place::recorded();
    let edit = |args: &[&str]| place.snapshot(&place.derby(args));
    shows!(edit(&["note", "1", "the one to keep"]), @r"
    exit 0
     run 1 [name] noted
    ");
    shows!(edit(&["tag", "1", "keep", "stage=test"]), @r"
    exit 0
     run 1 [name] tagged: keep stage=test
    ");
    shows!(edit(&["rename", "1", "winner"]), @r"
    exit 0
     run 1 [name] is now called winner
    ");
    shows!(place.shown("runs tag:keep --columns name,tags,note"), @r"
    exit 0
     RUN  NAME TAGS             NOTE
       1  winner  keep stage=test  the one to keep
     1 of 1
    ");
    let run = json(&place.derby(&["show", "winner", "--json"]));
    assert_eq!(
        (run["note"].as_str(), run["tags"]["stage"].as_str()),
        (Some("the one to keep"), Some("test"))
    );
    shows!(edit(&["tag", "winner", "keep", "--remove"]), @r"
    exit 0
     run 1 winner   tags taken off: keep
    ");
    shows!(edit(&["note", "winner", ""]), @r"
    exit 0
     run 1 winner   note taken away
    ");
    shows!(edit(&["rm", "1", "2"]), @r"
    exit 0
     in the bin: 1 winner, 2 [name] back: derby rm --restore 1 2   for good: derby store gc --all
    ");
    assert_eq!(json(&place.derby(&["runs", "--json"])).as_array().unwrap().len(), 10);
    shows!(place.shown("show 1"), @r"
    exit 0
     run 1 winner   done   in the bin
     sweep        quick   trial 0, attempt 1
     parameters   model        knn
                  n_neighbors  1
                  weights      uniform
     metrics      accuracy            0.9673 ± 0.018      folds 1  0.96  0.96  0.9583  0.9583
                  balanced_accuracy   0.9664 ± 0.019      folds 1  0.9583  0.9583  0.9524  0.963
                  precision_macro     0.9717 ± 0.016      folds 1  0.9667  0.9667  0.9667  0.9583
                  recall_macro        0.9664 ± 0.019      folds 1  0.9583  0.9583  0.9524  0.963
                  f1_macro            0.9671 ± 0.018      folds 1  0.9602  0.9602  0.9568  0.9582
                  precision_weighted  0.9708 ± 0.016      folds 1  0.964  0.964  0.9625  0.9635
                  recall_weighted     0.9673 ± 0.018      folds 1  0.96  0.96  0.9583  0.9583
                  f1_weighted         0.9672 ± 0.018      folds 1  0.9597  0.9597  0.9578  0.9585
                  mcc                 0.9527 ± 0.026      folds 1  0.942  0.942  0.9393  0.94
                  log_loss            1.177 ± 0.66        folds 2.22e-16  1.442  1.442  1.502  1.502
                  brier               0.06533 ± 0.037     folds 0  0.08  0.08  0.08333  0.08333
                  roc_auc             0.9749 ± 0.014      folds 1  0.9688  0.9688  0.9651  0.9717
                  roc_auc_weighted    0.975 ± 0.014       folds 1  0.9688  0.9688  0.9667  0.9706
                  average_precision   0.949 ± 0.029       folds 1  0.9383  0.9383  0.9329  0.9352
                  fit_seconds [measured]
                  predict_us [measured]
                  model_bytes         3542 ± 20           folds 3528  3528  3528  3564  3564
     files        predictions.f32 1.98 kB
     data         iris.csv   b3:bc06b4   150 rows   schema b3:9cacaa   split b3:42be8e
     code         seed 0   derby 0.1.0
     where        [user] on [host]
     command      derby sweep quick.toml -q
     when         [instant] (0s ago)   took [time]   CPU [time]
     tags         stage=test
    ");
    shows!(edit(&["rm", "--restore", "1", "2"]), @r"
    exit 0
     back from the bin: 1 winner, 2 [name]
    ");
    assert_eq!(json(&place.derby(&["runs", "--json"])).as_array().unwrap().len(), 12);
}

#[test]
fn the_bin_says_what_is_in_it() {
    let place = Place::recorded();
    assert_eq!(place.derby(&["rename", "1", "winner"]).code, 0);
    let edit = |args: &[&str]| place.snapshot(&place.derby(args));
    shows!(edit(&["rm", "--restore", "1"]), @r"
    exit 0
     not in the bin: 1 winner
    ");
    shows!(place.shown("runs --deleted"), @r"
    exit 0
     no runs in the bin
    ");
    shows!(edit(&["rm", "1"]), @r"
    exit 0
     in the bin: 1 winner   back: derby rm --restore 1   for good: derby store gc --all
    ");
    shows!(edit(&["rm", "1"]), @r"
    exit 0
     in the bin already: 1 winner
    ");
    shows!(place.shown("runs --deleted --columns name,model"), @r"
    exit 0
     RUN  NAME MODEL
       1  winner  knn
     1 of 1 in the bin
    ");
    shows!(place.shown("runs --deleted status:failed"), @r"
    exit 0
     0 of 1 run in the bin match 'status:failed'
    ");
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let place = Place::recorded();
    let evil = "e\u{1b}[31mvil\u{7}";
    let mut said = String::new();
    for args in [
        &["rename", "1", "winner"][..],
        &["rename", "1", evil],
        &["note", "1", evil],
        &["tag", "1", evil, &format!("k={evil}")],
        &["show", "1"],
        &["runs", "--columns", "name,note,tags"],
        &["diff", "1", "2", "--all"],
        &["rm", evil],
        &["rename", evil, "x"],
        &["tag", "1", "--remove", evil],
        &["tag", "1", &format!("={evil}")],
        &["tag", evil, "x"],
        &["note", evil, "x"],
        &["show", &format!("{evil}2")],
        &["runs", &format!("{evil} > 3")],
        &["best", evil],
    ] {
        let ran = place.derby(args);
        said += &ran.out;
        said += &ran.err;
    }
    assert!(!said.contains(['\u{1b}', '\u{7}']), "{said:?}");
    assert_eq!(
        json(&place.derby(&["show", "1", "--json"]))["name"],
        "winner",
        "the name was refused"
    );
    assert_eq!(
        json(&place.derby(&["show", "1", "--json"]))["note"],
        evil,
        "what is stored stays whole"
    );
}

#[test]
fn stores() {
    let place = Place::recorded();
    shows!(place.shown("store check"), @r"
    exit 0
     ✓  [folder]/.derby is sound
    ");
    assert_eq!(place.derby(&["store", "check", "--json"]).out, "[]\n");
    shows!(place.shown("store backup copy"), @r"
    exit 0
     wrote  copy
    ");
    shows!(place.shown("--store copy runs sweep:sphere --columns value"), @r"
    exit 0
     RUN    VALUE
      10  0.02526
       8  0.03356
       7    0.494
       9   0.7568
     4 of 4
    ");
    shows!(place.shown("--store other store merge copy"), @r"
    exit 0
     merged copy   12 runs new, 0 known already, 0 still at work there
    ");
    shows!(place.shown("--store other store merge copy"), @r"
    exit 0
     merged copy   0 runs new, 12 known already, 0 still at work there
    ");
    let here = json(&place.derby(&["runs", "--json"]));
    let there = json(&place.derby(&["--store", "other", "runs", "--json"]));
    let uuids = |runs: &serde_json::Value| -> std::collections::BTreeSet<String> {
        runs.as_array().unwrap().iter().map(|run| run["uuid"].to_string()).collect()
    };
    assert_eq!(uuids(&here), uuids(&there));
    let ran = place.derby_with(&["runs", "--json"], &[("DERBY_STORE", "copy")]);
    assert_eq!(uuids(&json(&ran)), uuids(&here));
}
