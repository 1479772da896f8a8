//! Bad input: the exit code, one error that names the value, the place and the mend, and nothing recorded.

use crate::program::{Place, shows};
use std::fmt::Write as _;

/// Parts of a sweep file that fits [`classes`]; a case changes one.
struct File<'a> {
    metric: &'a str,
    data: &'a str,
    models: &'a str,
    rest: &'a str,
}

impl Default for File<'_> {
    fn default() -> Self {
        Self {
            metric: "accuracy",
            data: "",
            models: "[models.knn]\nn_neighbors = [1, 3]",
            rest: "[search]\nsampler = \"random\"",
        }
    }
}

impl File<'_> {
    fn text(&self) -> String {
        let Self { metric, data, models, rest } = self;
        let data = match data {
            data if data.contains("target =") => (*data).to_string(),
            data => format!("target = \"y\"\n{data}"),
        };
        format!(
            "name = \"bad\"\n[objective]\nmetric = \"{metric}\"\n[data]\npath = \"d.csv\"\n{data}\n{models}\n{rest}\n[budget]\ntrials = 2\n"
        )
    }
}

/// Thirty rows of two numbers and the target that `cell` gives.
fn rows(cell: impl Fn(usize) -> String) -> String {
    let mut text = String::from("a,b,y\n");
    for row in 0..30 {
        let _ = writeln!(text, "{row},{},{}", row * 7 % 11, cell(row));
    }
    text
}

fn classes() -> String {
    rows(|row| if row % 2 == 0 { "p".into() } else { "q".into() })
}

fn numbers() -> String {
    rows(|row| format!("{}.5", row * 3))
}

/// Sweeps `file` over `data`, which must leave no store behind.
fn sweep(file: &File<'_>, data: &str, flags: &[&str]) -> String {
    let place = Place::new();
    place.write("d.csv", data);
    place.write("bad.toml", &file.text());
    let args: Vec<&str> = ["sweep", "bad.toml"].into_iter().chain(flags.iter().copied()).collect();
    let ran = place.derby(&args);
    assert!(!place.has_store(), "a store was made in spite of the error");
    assert_eq!(ran.out, "", "an error belongs to stderr");
    assert_eq!(ran.err.matches("error:").count(), 1, "{}", ran.err);
    place.snapshot(&ran)
}

fn of_data(data: &str) -> String {
    sweep(&File::default(), data, &[])
}

fn of_models(models: &str) -> String {
    sweep(&File { models, ..File::default() }, &classes(), &[])
}

fn of_flags(flags: &[&str]) -> String {
    sweep(&File::default(), &classes(), flags)
}

#[test]
fn files_that_are_not_there() {
    let place = Place::new();
    shows!(place.shown("sweep nope.toml"), @r"
    exit 2
    stderr
    error: there is no file 'nope.toml'; check the path
    ");
    shows!(place.shown("sweep nope.txt"), @r"
    exit 2
    stderr
    error: 'nope.txt' has no known extension; name it .toml, .yaml, .yml or .json
    ");
    place.write("s.toml", &File::default().text());
    shows!(place.shown("sweep s.toml"), @r"
    exit 1
    stderr
    error: there is no file 'd.csv'; mend: check the path, which a sweep file names from its own folder
    ");
    shows!(place.shown("data nope.csv"), @r"
    exit 1
    stderr
    error: there is no file 'nope.csv'; mend: check the path, which a sweep file names from its own folder
    ");
    shows!(place.shown("init nope.csv"), @r"
    exit 1
    stderr
    error: there is no file 'nope.csv'; mend: check the path, which a sweep file names from its own folder
    ");
    assert!(!place.has_store());
}

#[test]
fn files_that_are_no_table() {
    shows!(of_data(""), @r"
    exit 1
    stderr
    error: d.csv: the file is empty; mend: give a file with a header and rows
    ");
    shows!(of_data("a,b,y\n"), @r"
    exit 1
    stderr
    error: d.csv: there are no rows; mend: give a source with at least one row of data
    ");
    shows!(of_data("a,b,y\n1,2,p\n1,2\n"), @r"
    exit 1
    stderr
    error: d.csv, line 3: 2 cells where the header has 3; mend: put quotes around cells that hold ','
    ");
    shows!(of_data("a,a,y\n1,2,p\n1,3,q\n"), @r"
    exit 1
    stderr
    error: d.csv, line 1: two columns are called 'a'; mend: give every column a name of its own
    ");
    let semicolon = File { data: "delimiter = \";\"", ..File::default() };
    shows!(sweep(&semicolon, &classes(), &[]), @r"
    exit 1
    stderr
    error: d.csv, line 1: the delimiter ';' finds one column, called 'a,b,y'; mend: set delimiter to ',', or leave it out
    ");
}

#[test]
fn targets_that_cannot_be_learned() {
    let absent = File { data: "target = \"yy\"", ..File::default() };
    shows!(sweep(&absent, &classes(), &[]), @r"
    exit 1
    stderr
    error: target 'yy': no such column in 'd.csv'; mend: did you mean 'y'? columns there: 'a', 'b', 'y'
    ");
    shows!(of_data(&rows(|_| "p".into())), @r"
    exit 1
    stderr
    error: target 'y': every row has the value 'p', so nothing can be learned; mend: name another target
    ");
    shows!(of_data(&rows(|row| if row == 3 { "q".into() } else { "p".into() })), @r#"
    exit 1
    stderr
    error: class 'q' has 0 of the 24 search rows, fewer than '5' folds; mend: fewer folds, kind = "k", or merge or drop the class
    "#);
    let all = File { data: "holdout = 0", ..File::default() };
    shows!(sweep(&all, "a,b,y\n1,2,p\n2,3,q\n3,1,p\n4,1,q\n", &[]), @r"
    exit 1
    stderr
    error: '5' folds need at least 5 rows, the 4 search rows have 4; mend: fewer folds, a smaller holdout or more data
    ");
    let positive = File { data: "positive = \"z\"", ..File::default() };
    shows!(sweep(&positive, &classes(), &[]), @r"
    exit 1
    stderr
    error: positive 'z': is no class of the target; mend: name one of 'p', 'q'
    ");
}

#[test]
fn targets_of_a_regression() {
    let file = File { metric: "rmse", models: "[models.linear]", ..File::default() };
    let with =
        |cell: &str| rows(|row| if row == 4 { cell.into() } else { format!("{}.5", row * 3) });
    shows!(sweep(&file, &with("NaN"), &[]), @r#"
    exit 1
    stderr
    error: target 'y': 1 cell is missing, first at d.csv, line 6; mend: missing_target = "drop" in [data] leaves these rows out, or name another target
    "#);
    shows!(sweep(&file, &with("inf"), &[]), @r#"
    exit 1
    stderr
    error: target 'y': 1 cell is infinite, first at d.csv, line 6; mend: give these cells a finite number or remove the rows, or name another target
    "#);
    shows!(sweep(&file, &with("-1e999"), &[]), @r#"
    exit 1
    stderr
    error: target 'y': 1 cell is infinite, first at d.csv, line 6; mend: give these cells a finite number or remove the rows, or name another target
    "#);
    let text = File { data: "task = \"regression\"", ..file };
    shows!(sweep(&text, &classes(), &[]), @r"
    exit 1
    stderr
    error: target 'y': the column holds texts, which does not fit 'regression'; mend: remove 'task', or name another target
    ");
}

#[test]
fn metrics_and_families_that_do_not_fit_the_target() {
    let rmse = File { metric: "rmse", ..File::default() };
    shows!(sweep(&rmse, &classes(), &[]), @r"
    exit 2
    stderr
    error: metric 'rmse' does not fit binary classification; mend: one of accuracy, balanced_accuracy, precision, recall, f1, precision_macro, recall_macro, f1_macro, precision_weighted, recall_weighted, f1_weighted, mcc, log_loss, brier, roc_auc, average_precision, fit_seconds, predict_us, model_bytes
    ");
    shows!(of_data(&numbers()), @r"
    exit 2
    stderr
    error: metric 'accuracy' does not fit regression; mend: one of r2, rmse, mae, mape, median_absolute_error, max_error, fit_seconds, predict_us, model_bytes
    ");
    shows!(of_models("[models.linear]"), @r"
    exit 2
    stderr
    error: model 'linear' does not do binary classification; mend: take [models.linear] out, or one of dummy, logistic, naive_bayes, knn, svm, decision_tree, random_forest, gradient_boosting
    ");
    let logistic = File { metric: "rmse", models: "[models.logistic]", ..File::default() };
    shows!(sweep(&logistic, &numbers(), &[]), @r"
    exit 2
    stderr
    error: model 'logistic' does not do regression; mend: take [models.logistic] out, or one of dummy, linear, elastic_net, knn, svr, decision_tree, random_forest, gradient_boosting
    ");
}

#[test]
fn ranges_and_choices() {
    shows!(of_models("[models.knn]\nn_neighbors = { low = 9, high = 3 }"), @r"
    exit 2
    stderr
    error: 1 problem in bad.toml
      9:17  'low' (9) must be below 'high' (3)  [models.knn] n_neighbors
    ");
    shows!(of_models("[models.svm]\nC = { low = 0.0, high = 3.0, log = true }"), @r"
    exit 2
    stderr
    error: 1 problem in bad.toml
      9:7  'low' (0.0): 'C' must be a number above 0 and at most 1e12  [models.svm] C
    ");
    shows!(of_models("[models.svm]\ncoef0 = { low = -1.0, high = 3.0, log = true }"), @r"
    exit 2
    stderr
    error: 1 problem in bad.toml
      9:11  'low' (-1.0) must be above 0 with 'log'  [models.svm] coef0
    ");
    shows!(of_models("[models.knn]\nweights = []"), @r"
    exit 2
    stderr
    error: 1 problem in bad.toml
      9:11  'weights' has an empty list; give at least one value  [models.knn] weights
    ");
    shows!(of_models("[models.knn]\nweights = { value = [\"uniform\"] }"), @r"
    exit 2
    stderr
    error: 1 problem in bad.toml
      9:21  'weights' must be one of uniform, distance, not a list; a list as a value is not supported, a choice is written as 'values'  [models.knn] weights
    ");
}

#[test]
fn conditions() {
    shows!(of_models(
        "[models.svm]\nkernel = [\"rbf\", \"linear\"]\ngamma = { low = 0.1, high = 3.0, when = { kernl = \"rbf\" } }"
    ), @r"
    exit 2
    stderr
    error: 1 problem in bad.toml
      10:43  unknown parameter in [models.svm]: 'kernl'; did you mean 'kernel'?  [models.svm] gamma
    ");
    shows!(of_models("[models.svm]\ngamma = { low = 0.1, high = 3.0, when = { kernel = \"rbf\" } }"), @r"
    exit 2
    stderr
    error: 1 problem in bad.toml
      9:43  'when' names 'kernel', but [models.svm] has no other parameter; add it there  [models.svm] gamma
    ");
    shows!(of_models(
        "[models.svm]\nkernel = { values = [\"rbf\", \"linear\"], when = { shrink = \"a\" } }\nshrink = 1"
    ), @r"
    exit 2
    stderr
    error: 2 problems in bad.toml
      9:49  'when' names 'shrink', but [models.svm] has no other parameter; add it there  [models.svm] kernel
      10:1  unknown key 'shrink'; one of kernel, C, gamma, degree, coef0, class_weight, probability, tol, max_iter  [models.svm]
    ");
    shows!(of_models(
        "[models.svm]\nkernel = { values = [\"rbf\", \"linear\"], when = { class_weight = \"balanced\" } }\n\
         class_weight = { values = [\"balanced\", \"none\"], when = { kernel = \"rbf\" } }"
    ), @r"
    exit 2
    stderr
    error: 1 problem in bad.toml
      9:40  'when' goes in a circle: kernel → class_weight → kernel; cut it at one place  [models.svm] kernel
    ");
}

#[test]
fn names_that_are_not_known() {
    let sampler = File { rest: "[search]\nsampler = \"bayes\"", ..File::default() };
    shows!(sweep(&sampler, &classes(), &[]), @"
    exit 2
    stderr
    error: 1 problem in bad.toml
      11:11  unknown sampler 'bayes'; one of auto, cma-es, gp, grid, nsga-ii, nsga-iii, random, sobol, tpe  [search]
    ");
    let metric = File { metric: "acuracy", ..File::default() };
    shows!(sweep(&metric, &classes(), &[]), @r"
    exit 2
    stderr
    error: 1 problem in bad.toml
      3:10  unknown metric 'acuracy'; did you mean 'accuracy'? One of accuracy, balanced_accuracy, precision, recall, f1, precision_macro, recall_macro, f1_macro, precision_weighted, recall_weighted, f1_weighted, mcc, log_loss, brier, roc_auc, roc_auc_weighted, average_precision, r2, rmse, mae, mape, median_absolute_error, max_error, fit_seconds, predict_us, model_bytes  [objective]
    ");
    shows!(of_models("[models.svmm]"), @r"
    exit 2
    stderr
    error: 1 problem in bad.toml
      8:9  unknown family 'svmm'; did you mean 'svm'? One of dummy, linear, elastic_net, logistic, naive_bayes, knn, svm, svr, decision_tree, random_forest, gradient_boosting  [models]
    ");
    shows!(of_models("[models.knn]\nn_neighbours = 3"), @r"
    exit 2
    stderr
    error: 1 problem in bad.toml
      9:1  unknown key 'n_neighbours'; did you mean 'n_neighbors'?  [models.knn]
    ");
}

#[test]
fn flags() {
    shows!(of_flags(&["--trails", "3"]), @r"
    exit 2
    stderr
    error: unexpected argument '--trails' found

      tip: a similar argument exists: '--trials'

    Usage: derby sweep --trials <N> <FILE>

    For more information, try '--help'.
    ");
    shows!(of_flags(&["--set", "foo"]), @r"
    exit 2
    stderr
    error: '--set foo' is not KEY=VALUE; mend: for example --set search.seed=3
    ");
    shows!(of_flags(&["--set", "search.sede=3"]), @r"
    exit 2
    stderr
    error: 1 problem in bad.toml
      --set search.sede  unknown key 'sede'; did you mean 'seed'?  [search]
    ");
    shows!(of_flags(&["--time", "5x"]), @r#"
    exit 2
    stderr
    error: 1 problem in bad.toml
      --time  'time' must be a time above 0 like "90s", "10m" or "1h30m", not '5x'  [budget]
    "#);
    shows!(of_flags(&["--jobs", "0"]), @r"
    exit 2
    stderr
    error: 1 problem in bad.toml
      --jobs  'jobs' must be a whole number from 1 to 65536, not '0'  [resources]
    ");
    shows!(of_flags(&["--trials", "many"]), @r"
    exit 2
    stderr
    error: 1 problem in bad.toml
      --trials  'trials' must be a whole number of at least 1, not 'many'  [budget]
    ");
    shows!(of_flags(&["--memory", "lots"]), @r#"
    exit 2
    stderr
    error: 1 problem in bad.toml
      --memory  'memory' must be a size like "2GB" or a whole number of MB, not 'lots'  [resources]
    "#);
    shows!(of_flags(&["--color", "red"]), @r"
    exit 2
    stderr
    error: invalid value 'red' for '--color <WHEN>'
      [possible values: auto, always, never]

    For more information, try '--help'.
    ");
}

#[test]
fn a_score_that_no_trial_can_have_is_each_trials_reason() {
    let place = Place::new();
    place.write("d.csv", &classes());
    let file =
        File { metric: "log_loss", models: "[models.svm]\nC = [1.0, 2.0]", ..File::default() };
    place.write("bad.toml", &file.text());
    shows!(place.shown("sweep bad.toml --jobs 1"), @"
    exit 1
     done in [time]   2 trials: 0 done, 2 failed   all 2 trials of the budget are done
     failed 2 ×  fold 0: 'log_loss' needs probabilities, which the model does not give; mend: a family with probabilities (svm: probability = true), or a metric of the predicted classes such as 'f1_macro'
     next  derby runs 'sweep:bad status:failed'
    stderr
     bad   random, seed 0   2 trials   1 job   minimize log_loss   data b3:34ae8e   holdout 8 rows kept apart
     note   the holdout has only 8 rows
     #0 failed: fold 0: 'log_loss' needs probabilities, which the model does not give; mend: a family with probabilities (svm: probability = true), or a metric of the predicted classes such as 'f1_macro'   model=svm C=1
     #1 failed: fold 0: 'log_loss' needs probabilities, which the model does not give; mend: a family with probabilities (svm: probability = true), or a metric of the predicted classes such as 'f1_macro'   model=svm C=2
    error: no score from 2 trials: fold 0: 'log_loss' needs probabilities, which the model does not give; mend: a family with probabilities (svm: probability = true), or a metric of the predicted classes such as 'f1_macro'
    hint: derby runs 'sweep:bad status:failed' --columns model,reason
    ");
}

#[test]
fn verbs_without_a_store() {
    let place = Place::new();
    for verb in ["runs", "show 1", "diff 1 2", "best", "sweeps", "note 1 x", "rm 1", "store check"]
    {
        let ran = place.derby(&verb.split(' ').collect::<Vec<_>>());
        assert_eq!(ran.code, 1, "{verb}");
        assert!(ran.err.starts_with("error: no store at '"), "{verb}: {}", ran.err);
        assert!(!place.has_store(), "{verb}");
    }
    shows!(place.shown("runs"), @r"
    exit 1
    stderr
    error: no store at '[folder]/.derby': nothing has been recorded here
    hint: derby sweep FILE makes one (derby init DATA.csv writes a FILE); --store names another place
    ");
    shows!(place.shown("--store other/.derby runs"), @r"
    exit 1
    stderr
    error: no store at 'other/.derby': nothing has been recorded here
    hint: derby sweep FILE makes one (derby init DATA.csv writes a FILE); --store names another place
    ");
}

#[test]
fn references_filters_and_columns() {
    let place = Place::recorded();
    shows!(place.shown("show 99"), @r"
    exit 1
    stderr
    error: no run '99'; `derby runs` lists them
    ");
    shows!(place.shown("show sweep:quik"), @r"
    exit 1
    stderr
    error: no sweep 'quik'; did you mean 'quick'? `derby sweeps` lists them
    ");
    shows!(place.shown("best quik"), @r"
    exit 1
    stderr
    error: no sweep 'quik'; did you mean 'quick'? `derby sweeps` lists them
    ");
    shows!(place.shown("best quick --metric acuracy"), @r"
    exit 2
    stderr
    error: unknown metric 'acuracy'; did you mean 'accuracy'?
    hint: sweep 'quick' aims at accuracy; derby show RUN lists what else a run has
    ");
    let filter = |text: &str| place.snapshot(&place.derby(&["runs", text]));
    shows!(filter("accuracy >> 3"), @r"
    exit 2
    stderr
    error: the filter does not read: '>>' is no operator
      accuracy >> 3
               ^
    one of = != < <= > >= in contains is
    ");
    shows!(filter("accuracy > 0.3 and ("), @r"
    exit 2
    stderr
    error: the filter does not read: a condition is missing
      accuracy > 0.3 and (
                          ^
    for example auc > 0.9, tag:keep or svm
    ");
    shows!(filter("accuracy > high"), @r"
    exit 2
    stderr
    error: the metric 'accuracy' is a number and cannot be compared with 'high'; write a number
    ");
    shows!(filter("acuracy > 0.3"), @r"
    exit 2
    stderr
    error: no run has a metric or parameter 'acuracy'; did you mean 'accuracy'? (there are: accuracy, average_precision, balanced_accuracy, brier, f1_macro, f1_weighted, fit_seconds, log_loss, mcc, model_bytes, precision_macro, precision_weighted, …)
    ");
    shows!(filter("swep:quick"), @r"
    exit 2
    stderr
    error: the filter does not read: there is no key 'swep:'
      swep:quick
      ^
    did you mean 'sweep'? to compare a metric or parameter, write swep = value
    ");
}

#[test]
fn columns_families_and_figures() {
    let place = Place::recorded();
    shows!(place.shown("runs --sort acuracy"), @r"
    exit 2
    stderr
    error: no run has a metric or parameter 'acuracy'; did you mean 'accuracy'? (there are: accuracy, average_precision, balanced_accuracy, brier, f1_macro, f1_weighted, fit_seconds, log_loss, mcc, model_bytes, precision_macro, precision_weighted, …)
    ");
    shows!(place.shown("runs --columns model,reson"), @r"
    exit 2
    stderr
    error: no run has a metric or parameter 'reson'; did you mean 'reason'? (there are: accuracy, average_precision, balanced_accuracy, brier, f1_macro, f1_weighted, fit_seconds, log_loss, mcc, model_bytes, precision_macro, precision_weighted, …)
    ");
    shows!(place.shown("models logistik"), @r"
    exit 2
    stderr
    error: no model family 'logistik'; did you mean 'logistic'? There are dummy, linear, elastic_net, logistic, naive_bayes, knn, svm, svr, decision_tree, random_forest, gradient_boosting
    ");
    shows!(place.shown("models logistik --json"), @r"
    exit 2
    stderr
    error: no model family 'logistik'; did you mean 'logistic'? There are dummy, linear, elastic_net, logistic, naive_bayes, knn, svm, svr, decision_tree, random_forest, gradient_boosting
    ");
    shows!(place.shown("plot history quick -o x.gif"), @r"
    exit 2
    stderr
    error: 'x.gif' is neither .svg nor .png; mend: end the name with one of them
    ");
    shows!(place.shown("diff 1"), @r"
    exit 2
    stderr
    error: 2 values required by '<RUN> <RUN>...'; only 1 was provided

    Usage: derby diff [OPTIONS] <RUN> <RUN>...

    For more information, try '--help'.
    ");
}

#[test]
fn edits_that_cannot_be() {
    let place = Place::recorded();
    let edit = |args: &[&str]| place.snapshot(&place.derby(args));
    shows!(edit(&["rename", "1", ""]), @r"
    exit 1
    stderr
    error: '' cannot name a run; give at least a letter
    ");
    shows!(edit(&["rename", "1", "12"]), @r"
    exit 1
    stderr
    error: '12' cannot name a run: a number means the run of that number; add a letter
    ");
    assert_eq!(place.derby(&["rename", "2", "golden"]).code, 0);
    shows!(edit(&["rename", "1", "golden"]), @r"
    exit 1
    stderr
    error: 'golden' is the name of run 2 already; choose another
    ");
    shows!(edit(&["rename", "1", "sweep:quick"]), @r"
    exit 1
    stderr
    error: 'sweep:quick' cannot name a run: 'sweep:' stands before the name of a sweep; leave it out
    ");
    shows!(edit(&["rename", "1", "a\u{7}b"]), @r"
    exit 1
    stderr
    error: 'a\u{7}b' cannot name a run: it holds control characters; leave them out
    ");
    shows!(edit(&["tag", "1", "=x"]), @r"
    exit 2
    stderr
    error: '=x' is not a tag; mend: KEY or KEY=VALUE
    ");
    shows!(edit(&["rm", "1", "99"]), @r"
    exit 1
    stderr
    error: no run '99'; `derby runs` lists them
    ");
    shows!(edit(&["store", "merge", "nowhere"]), @r"
    exit 1
    stderr
    error: no store at 'nowhere'; run a sweep here first, or name one with --store
    ");
    shows!(edit(&["store", "backup", ".derby"]), @r"
    exit 1
    stderr
    error: '.derby' exists; name a folder that does not, so that no older backup is lost
    ");
    let ran = place.derby(&["runs", "--deleted", "--csv"]);
    assert_eq!(ran.out.lines().count(), 1, "the run before the misspelt one stays out of the bin");
}
