//! What lists, shows and compares runs.

use crate::program::{Place, json, shows};

/// The keys of a run in JSON, which scripts rely on.
const RUN_KEYS: [&str; 32] = [
    "id",
    "uuid",
    "name",
    "experiment",
    "sweep",
    "trial",
    "attempt",
    "replicate",
    "status",
    "reason",
    "exit_code",
    "exit_signal",
    "params",
    "metrics",
    "tags",
    "note",
    "data_hash",
    "schema_hash",
    "rows",
    "split",
    "seed",
    "git",
    "version",
    "user",
    "host",
    "argv",
    "cached_from",
    "started",
    "ended",
    "seconds",
    "cpu_seconds",
    "deleted",
];

fn keys(value: &serde_json::Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn runs_as_a_table() {
    let place = Place::recorded();
    shows!(place.shown("runs"), @r"
    exit 0
     RUN  SWEEP   STATUS    SCORE  METRIC    PARAMETERS TIME  AGE
      12  broken  failed           log_loss  model=svm C=10 [time]   0s
      11  broken  failed           log_loss  model=svm C=1 [time]   0s
      10  sphere  done    0.02526  value     x=0.1589 y=0.0002758 [time]   0s
       9  sphere  done     0.7568  value     x=0.87 y=0.0003653 [time]   0s
       8  sphere  done    0.03356  value     x=0.1752 y=0.05351 [time]   0s
       7  sphere  done      0.494  value     x=-0.7028 y=0.002821 [time]   0s
       6  quick   done     0.6913  accuracy  model=decision_tree max_depth=1 [time]   0s
       5  quick   done      0.976  accuracy  model=knn n_neighbors=5 weights=uniform [time]   0s
       4  quick   done     0.9193  accuracy  model=decision_tree max_depth=2 [time]   0s
       3  quick   done      0.984  accuracy  model=knn n_neighbors=15 weights=uniform [time]   0s
       2  quick   done     0.9433  accuracy  model=decision_tree max_depth=none [time]   0s
       1  quick   done     0.9673  accuracy  model=knn n_neighbors=1 weights=uniform [time]   0s
     12 of 12
    ");
    shows!(place.shown("runs sweep:quick"), @r"
    exit 0
     RUN  MODEL          ACCURACY  N_NEIGHBORS  WEIGHTS  MAX_DEPTH TIME  AGE
       3  knn               0.984           15  uniform [time]   0s
       5  knn               0.976            5  uniform [time]   0s
       1  knn              0.9673            1  uniform [time]   0s
       2  decision_tree    0.9433                             none [time]   0s
       4  decision_tree    0.9193                                2 [time]   0s
       6  decision_tree    0.6913                                1 [time]   0s
     6 of 6
    ");
    shows!(place.shown("runs sweep:quick --all-columns --top 2"), @r"
    exit 0
     RUN  MODEL  ACCURACY  N_NEIGHBORS  WEIGHTS TIME  AGE
       3  knn       0.984           15  uniform [time]   0s
       5  knn       0.976            5  uniform [time]   0s
     2 of 6
    ");
    shows!(place.shown("runs sweep:sphere"), @r"
    exit 0
     RUN    VALUE        X          Y TIME  AGE
      10  0.02526   0.1589  0.0002758 [time]   0s
       8  0.03356   0.1752    0.05351 [time]   0s
       7    0.494  -0.7028   0.002821 [time]   0s
       9   0.7568     0.87  0.0003653 [time]   0s
     4 of 4
    ");
}

#[test]
fn runs_filtered_sorted_and_cut() {
    let place = Place::recorded();
    shows!(place.shown("runs status:failed --columns model,C,reason"), @r"
    exit 0
     RUN  MODEL   C  REASON
      12  svm    10  fold 0: 'log_loss' needs probabilities, which the model does not give; mend: a fam…
      11  svm     1  fold 0: 'log_loss' needs probabilities, which the model does not give; mend: a fam…
     2 of 2
    ");
    shows!(place.shown("runs sweep:quick --sort -metrics.mcc --columns run,params.max_depth,mcc,f1_macro"), @r"
    exit 0
     RUN  PARAMS.MAX_DEPTH     MCC  F1_MACRO
       3                    0.9768    0.9841
       5                     0.966    0.9759
       1                    0.9527    0.9671
       2              none  0.9178    0.9427
       4                 2  0.8852    0.9173
       6                 1   0.628    0.5661
     6 of 6
    ");
    shows!(place.shown("runs accuracy > 0.9 and model = knn --sort n_neighbors"), @r"
    exit 0
     RUN  MODEL  ACCURACY  N_NEIGHBORS TIME  AGE
       1  knn      0.9673            1 [time]   0s
       5  knn       0.976            5 [time]   0s
       3  knn       0.984           15 [time]   0s
     3 of 3; equal in all rows: weights (--all-columns)
    ");
    shows!(place.shown("runs accuracy > 2"), @r"
    exit 0
     0 of 12 runs match 'accuracy > 2'
    ");
    shows!(place.shown("runs --columns name,status,sweep,tags,commit,rows --top 3"), @r"
    exit 0
     RUN  NAME STATUS  SWEEP   TAGS  COMMIT  ROWS
      12  [name] failed  broken                 150
      11  [name] failed  broken                 150
      10  [name] done    sphere
     3 of 12
    ");
}

#[test]
fn runs_for_programs() {
    let place = Place::recorded();
    let runs = json(&place.derby(&["runs", "--json"]));
    let runs = runs.as_array().unwrap();
    assert_eq!(runs.len(), 12, "machine formats list every run");
    for run in runs {
        assert_eq!(keys(run), RUN_KEYS);
    }
    let quick = json(&place.derby(&["runs", "sweep:quick", "--json", "--top", "1"]));
    assert_eq!(quick[0]["params"]["model"], "knn");
    assert!(quick[0]["metrics"]["accuracy"]["score"].is_f64(), "{}", quick[0]["metrics"]);
    let lines = place.derby(&["runs", "--jsonl"]).out;
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(&lines, runs);
    let text = place.derby(&["runs", "sweep:sphere", "--csv"]).out;
    let header = text.lines().next().unwrap();
    shows!(header, @r"id,uuid,name,experiment,sweep,trial,attempt,status,reason,params.x,params.y,metrics.value,note,data_hash,seed,version,user,host,started,ended,seconds");
    assert_eq!(text.lines().count(), 5);
    let text =
        place.derby(&["runs", "sweep:sphere", "--csv", "--columns", "run,params.x,value,data"]);
    let mut lines = text.out.lines();
    assert_eq!(lines.next(), Some("run,params.x,value,data"));
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let run =
            runs.iter().find(|run| cells[0].parse() == Ok(run["id"].as_u64().unwrap())).unwrap();
        assert_eq!(cells[1].parse::<f64>().unwrap(), run["params"]["x"].as_f64().unwrap());
        assert_eq!(
            cells[2].parse::<f64>().unwrap(),
            run["metrics"]["value"]["score"].as_f64().unwrap()
        );
    }
    let text = place.derby(&["runs", "sweep:quick", "--csv", "--columns", "data"]).out;
    assert_eq!(text.lines().nth(1), quick[0]["data_hash"].as_str());
}

#[test]
fn one_run_and_one_sweep() {
    let place = Place::recorded();
    shows!(place.shown("show 1"), @r"
    exit 0
     run 1 [name] done
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
    ");
    shows!(place.shown("show 12"), @r"
    exit 0
     run 12 [name] failed
     reason       fold 0: 'log_loss' needs probabilities, which the model does not give; mend: a family with probabilities (svm: probability = true), or a metric of the predicted classes such as 'f1_macro'
     sweep        broken   trial 1, attempt 1
     parameters   model  svm
                  C      10
     data         iris.csv   b3:bc06b4   150 rows   schema b3:9cacaa   split b3:42be8e
     code         seed 0   derby 0.1.0
     where        [user] on [host]
     command      derby sweep broken.toml -q
     when         [instant] (0s ago)   took [time]   CPU [time]
    ");
    shows!(place.shown("show sweep:quick"), @r"
    exit 0
     sweep quick   maximize accuracy   grid, seed 0
     runs         6 done
     file         quick.toml
     time [time]
     stopped      0s ago: all 6 configurations of the space were tried
     RUN  MODEL          ACCURACY  N_NEIGHBORS  WEIGHTS  MAX_DEPTH TIME  AGE
       3  knn               0.984           15  uniform [time]   0s
       5  knn               0.976            5  uniform [time]   0s
       1  knn              0.9673            1  uniform [time]   0s
       2  decision_tree    0.9433                             none [time]   0s
       4  decision_tree    0.9193                                2 [time]   0s
     next  derby show 3 · derby runs sweep:quick
    ");
    shows!(place.shown("show broken"), @r"
    exit 0
     sweep broken   minimize log_loss   grid, seed 0
     runs         2 failed
     failed       2 ×  fold 0: 'log_loss' needs probabilities, which the model does not give; mend: a family with probabilities (svm: probability = true), or a metric of the predicted classes such as 'f1_macro'
     file         broken.toml
     time [time]
     stopped      0s ago: all 2 configurations of the space were tried
     next  derby runs 'sweep:broken status:failed' --columns model,reason
    ");
    let run = json(&place.derby(&["show", "1", "--json"]));
    assert_eq!(keys(&run)[..32], RUN_KEYS);
    assert_eq!(keys(&run)[32..], ["env", "source", "made_by", "points"]);
    let sweep = json(&place.derby(&["show", "sweep:quick", "--json"]));
    assert_eq!(sweep["best"]["run"], json(&place.derby(&["best", "quick", "--json"]))[0]["id"]);
    let uuid = run["uuid"].as_str().unwrap();
    let name = run["name"].as_str().unwrap();
    for reference in [uuid, name, "#1"] {
        assert_eq!(json(&place.derby(&["show", reference, "--json"]))["id"], 1, "{reference}");
    }
}

#[test]
fn differences() {
    let place = Place::recorded();
    shows!(place.shown("diff 1 4"), @r"
    exit 0
                                 1              4  difference        p
     model                     knn  decision_tree
     n_neighbors                 1              ·
     weights               uniform              ·
     max_depth                   ·              2
     accuracy               0.9673         0.9193      -0.048     0.18
     balanced_accuracy      0.9664         0.9173      -0.049     0.18
     precision_macro        0.9717         0.9321       -0.04     0.19
     recall_macro           0.9664         0.9173      -0.049     0.18
     f1_macro               0.9671         0.9173       -0.05     0.18
     precision_weighted     0.9708         0.9309       -0.04     0.19
     recall_weighted        0.9673         0.9193      -0.048     0.18
     f1_weighted            0.9672         0.9178      -0.049     0.18
     mcc                    0.9527         0.8852      -0.067     0.18
     log_loss                1.177         0.8135       -0.36     0.51
     brier                 0.06533         0.1524      +0.087     0.18
     roc_auc                0.9749         0.9546       -0.02     0.28
     roc_auc_weighted        0.975         0.9542      -0.021     0.26
     average_precision       0.949         0.8909      -0.058      0.2
     fit_seconds [measured]
     predict_us [measured]
     model_bytes              3542            152       -3390  < 0.001
     data                b3:bc06b4              =
     split               b3:42be8e              =
     seed                        0              =
     derby                   0.1.0              =
     p: corrected resampled t-test on 5 folds; 0.05 or more shows no difference
    ");
    shows!(place.shown("diff 7 8 9"), @r"
    exit 0
                   7        8          9
     x       -0.7028   0.1752       0.87
     y      0.002821  0.05351  0.0003653
     value     0.494  0.03356     0.7568
     seed          5        =          =
     derby     0.1.0        =          =
    ");
    shows!(place.shown("diff 7 8 --all"), @r"
    exit 0
                   7        8  difference
     x       -0.7028   0.1752
     y      0.002821  0.05351
     value     0.494  0.03356       -0.46
     seed          5        =
     derby     0.1.0        =
    ");
    shows!(place.shown("diff 7 8 --csv"), @r"
    exit 0
    kind,name,7,8
    param,x,-0.7028427951626273,0.17521267967697507
    param,y,0.0028209086097610745,0.05351132112618715
    metric,value,0.49399595223739945,0.03356294460825619
    fact,data,·,·
    fact,split,·,·
    fact,seed,5,5
    fact,code,·,·
    fact,derby,0.1.0,0.1.0
    ");
    let value = json(&place.derby(&["diff", "1", "4", "--json"]));
    assert_eq!(keys(&value), ["runs", "params", "metrics", "facts"]);
    assert_eq!(value["metrics"]["accuracy"]["corrected_t"]["folds"], 5);
    assert_eq!(value["params"]["model"]["equal"], false);
}

#[test]
fn bests_and_sweeps() {
    let place = Place::recorded();
    shows!(place.shown("best quick"), @r"
    exit 0
     RUN  MODEL  ACCURACY  N_NEIGHBORS  WEIGHTS TIME  AGE
       3  knn       0.984           15  uniform [time]   0s
     best of quick   next  derby show 3
    ");
    shows!(place.shown("best sphere --top 3"), @r"
    exit 0
     RUN    VALUE        X          Y TIME  AGE
      10  0.02526   0.1589  0.0002758 [time]   0s
       8  0.03356   0.1752    0.05351 [time]   0s
       7    0.494  -0.7028   0.002821 [time]   0s
     best of sphere   next  derby show 10
    ");
    shows!(place.shown("best quick --metric mcc --top 2"), @r"
    exit 0
     RUN  MODEL     MCC  N_NEIGHBORS  WEIGHTS TIME  AGE
       3  knn    0.9768           15  uniform [time]   0s
       5  knn     0.966            5  uniform [time]   0s
     best of quick   next  derby show 3
    ");
    shows!(place.shown("best broken"), @r"
    exit 5
    stderr
    error: no run of sweep 'broken' has a score of 'log_loss'
    hint: derby runs sweep:broken shows what happened
    ");
    shows!(place.shown("sweeps"), @r"
    exit 0
     SWEEP   DONE  FAILED  RUNNING     BEST  RUN  METRIC    SAMPLER  AGE
     broken     0       2        0                log_loss  grid      0s
     sphere     4       0        0  0.02526   10  value     random    0s
     quick      6       0        0    0.984    3  accuracy  grid      0s
     next  derby show sweep:broken
    ");
    let sweeps = json(&place.derby(&["sweeps", "--json"]));
    assert_eq!(
        keys(&sweeps[0]),
        [
            "id",
            "uuid",
            "name",
            "experiment",
            "model",
            "digest",
            "file",
            "sampler",
            "seed",
            "objectives",
            "total",
            "created",
            "trials",
            "duplicates",
            "counts",
            "best"
        ]
    );
    let first = place.derby(&["best", "sphere", "--csv"]).out;
    assert_eq!(first.lines().count(), 2);
}

#[test]
fn figures() {
    let place = Place::recorded();
    shows!(place.shown("plot history quick -o history.svg"), @r"
    exit 0
     wrote  history.svg
    ");
    shows!(place.shown("plot history sphere -o history.png"), @r"
    exit 0
     wrote  history.png
    ");
    let svg = std::fs::read_to_string(place.path("history.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("accuracy"), "{}", &svg[..200.min(svg.len())]);
    let png = std::fs::read(place.path("history.png")).unwrap();
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
}

#[test]
fn tables_fit_every_width() {
    let place = Place::recorded();
    let tables = [
        "runs",
        "runs sweep:quick",
        "runs sweep:sphere --all-columns",
        "best quick --top 3",
        "sweeps",
        "models",
        "models svm",
        "diff 1 4",
        "diff 1 2 3 4",
        "data iris.csv",
        "show sweep:quick",
    ];
    for width in ["60", "80", "100", "200"] {
        for words in tables {
            let args: Vec<&str> = words.split(' ').collect();
            let ran = place.derby_with(&args, &[("COLUMNS", width)]);
            assert_eq!(ran.code, 0, "{words}: {}", ran.err);
            let lines = table(&ran.out, words);
            assert!(!lines.is_empty(), "{words}: no table in\n{}", ran.out);
            let widest = lines.iter().map(|line| line.chars().count()).max();
            assert!(widest <= width.parse().ok(), "{words} at {width}: {widest:?}\n{}", ran.out);
        }
    }
}

/// The lines of the table: from its head, which is in capitals, to the sentences below it.
fn table<'a>(text: &'a str, words: &str) -> Vec<&'a str> {
    let is_head = |line: &&str| words.starts_with("diff") || !line.contains(char::is_lowercase);
    let is_below = |line: &str| {
        let first = line.split_whitespace().next();
        line.is_empty()
            || matches!(first, Some("next" | "best" | "p:" | "equal"))
            || line.contains(" of ")
    };
    text.lines().skip_while(|line| !is_head(line)).take_while(|line| !is_below(line)).collect()
}

#[test]
fn color_is_for_terminals() {
    let place = Place::recorded();
    let escapes =
        |args: &[&str], env: &[(&str, &str)]| place.derby_with(args, env).out.contains('\u{1b}');
    let color = [("TERM", "xterm-256color")];
    assert!(!escapes(&["runs"], &color), "a pipe is no terminal");
    assert!(escapes(&["runs", "--color", "always"], &[]));
    assert!(
        escapes(&["--color", "always", "runs"], &[("NO_COLOR", "1")]),
        "a flag beats the environment"
    );
    assert!(!escapes(&["runs", "--color", "never"], &color));
    let ran = place.derby(&["runs", "--color", "always", "--json"]);
    assert!(!ran.out.contains('\u{1b}'), "programs get no colors");
    let ran = place.derby(&["show", "99", "--color", "always"]);
    assert!(ran.err.starts_with("\u{1b}["), "{:?}", ran.err);
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let place = Place::recorded();
    for verb in ["runs --jsonl", "runs", "data iris.csv --json", "completions bash", "runs --csv"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = std::process::Command::new(assert_cmd::cargo::cargo_bin!("derby"))
            .args(verb.split(' '))
            .current_dir(place.path(""))
            .stdout(writer)
            .stderr(std::process::Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{verb}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{verb}");
    }
}
