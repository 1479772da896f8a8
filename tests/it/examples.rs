//! Every sweep file of the repository checks and runs.

use crate::program::{Place, Ran, repository, shows};
use std::io::Write;
use std::process::Command;

/// What makes a larger example quick enough for a test.
fn lighter(name: &str) -> &'static [&'static str] {
    match name {
        "weather.toml" | "birdstrikes.toml" => &["--trials", "1", "--set", "data.folds=2"],
        "ensemble.toml" => &["--trials", "1", "--set", "params.n_estimators=10"],
        _ => &["--trials", "3"],
    }
}

/// What an example needs of the machine that it lacks. Where everything has to be there, as in CI, that is
/// a failure, and elsewhere it is said.
fn lacks(name: &str) -> bool {
    let module = match name {
        "gated.toml" | "logreg.toml" => "json",
        "ensemble.toml" => "sklearn",
        _ => return false,
    };
    let output = Command::new("python3").args(["-c", &format!("import {module}")]).output();
    let has = output.is_ok_and(|output| output.status.success());
    if !has {
        let text = format!("{name} needs python3 with {module}; mend: pip install scikit-learn");
        assert!(std::env::var_os("DERBY_TEST_ALL").is_none(), "{text}");
        let _ = writeln!(std::io::stderr(), "left out: {text}");
    }
    !has
}

fn files() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(repository().join("sweeps"))
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn every_file_checks() {
    let place = Place::with_examples();
    let paths: Vec<String> = files().iter().map(|name| format!("sweeps/{name}")).collect();
    let args: Vec<&str> =
        std::iter::once("check").chain(paths.iter().map(String::as_str)).collect();
    shows!(place.snapshot(&place.derby(&args)), @"
    exit 0
     ✓  sweeps/birdstrikes.toml   birdstrikes: maximize roc_auc, target 'Wildlife Size' of ../assets/birdstrikes.csv   auto on an infinite space
     ✓  sweeps/branin.yaml   branin: minimize value, function branin   auto on an infinite space
     ✓  sweeps/breast_cancer.toml   breast-cancer: maximize roc_auc, target 'target' of ../assets/breast_cancer.csv   auto on an infinite space
     ✓  sweeps/compress.toml   compress: minimize kept, a command   grid on 9 configurations
        runs ./scripts/compress.sh ../assets/digits.csv 6 64
     ✓  sweeps/diabetes.toml   diabetes: minimize rmse, target 'target' of ../assets/diabetes.csv   random on an infinite space
     ✓  sweeps/digits.toml   digits: maximize f1_macro, target 'target' of ../assets/digits.csv   sobol on an infinite space
     ✓  sweeps/ensemble.toml   ensemble: maximize accuracy, a command, 2 runs of each configuration   auto on an infinite space
        runs python3 scripts/ensemble.py .derby/runs/1/params.json 0
     ✓  sweeps/gated.toml   gated: maximize roc_auc, a command for target 'target' of ../assets/breast_cancer.csv   auto on 84 configurations
        runs python3 scripts/gated.py
     ✓  sweeps/logreg.toml   logreg: minimize val_loss, a command   auto on an infinite space
        runs python3 scripts/logreg.py --batch_size=32 --epochs=12 --l2=0.0003162277660168384 --lr=0.0316227766016838 --momentum=0.5
     ✓  sweeps/penguins.toml   penguins: minimize log_loss, target 'species' of ../assets/penguins.csv   auto on an infinite space
     ✓  sweeps/quick.toml   quick: maximize accuracy, target 'target' of ../assets/iris.csv   grid on 17 configurations
     ✓  sweeps/weather.toml   weather: minimize mae, target 'temp' of ../assets/nyc_weather.csv   auto on an infinite space
    ");
    for format in [".toml", ".yaml"] {
        assert!(paths.iter().any(|path| path.ends_with(format)), "no example is {format}");
    }
}

#[test]
fn every_file_runs() {
    let place = Place::with_examples();
    let able: Vec<String> = files().into_iter().filter(|name| !lacks(name)).collect();
    for name in &able {
        let file = format!("sweeps/{name}");
        let mut args = vec!["sweep", &file, "--jobs", "2", "--json"];
        args.extend(lighter(name));
        let ran = place.derby(&args);
        assert_eq!(ran.code, 0, "{name}: {}{}", ran.out, ran.err);
        let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let trials: u64 = lighter(name)[1].parse().unwrap();
        let ended = report["done"].as_u64().unwrap() + report["pruned"].as_u64().unwrap();
        assert_eq!(ended, trials, "{name}: {report}");
        assert!(report["best"]["metrics"].is_object(), "{name}: {report}");
    }
    let ran = place.derby(&["sweeps", "--json"]);
    let sweeps: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(sweeps.as_array().unwrap().len(), able.len());
}

#[test]
fn the_same_command_again_has_nothing_to_do() {
    let place = Place::with_examples();
    shows!(place.shown("sweep sweeps/quick.toml --jobs 1"), @r"
    exit 0
     done in [time]   17 trials: 17 done, 0 failed   all 17 configurations of the space were tried
     best run 3  accuracy 0.984 ± 0.022   model=knn n_neighbors=15 weights=uniform
          run 9  accuracy 0.984 ± 0.022   model=knn n_neighbors=3 weights=distance
          run 13  accuracy 0.984 ± 0.022   model=knn n_neighbors=15 weights=distance
     next  derby show 3 · derby runs sweep:quick --top 10
    stderr
     quick   grid, seed 0   17 trials   1 job   maximize accuracy   data b3:bc06b4   holdout 27 rows kept apart
     note   the holdout has only 27 rows
    ");
    let before = place.derby(&["runs", "--json"]).out;
    shows!(place.shown("sweep sweeps/quick.toml --jobs 1"), @r"
    exit 0
     done in [time]   17 trials: 17 done, 0 failed   all 17 configurations of the space were tried
     best run 3  accuracy 0.984 ± 0.022   model=knn n_neighbors=15 weights=uniform
          run 9  accuracy 0.984 ± 0.022   model=knn n_neighbors=3 weights=distance
          run 13  accuracy 0.984 ± 0.022   model=knn n_neighbors=15 weights=distance
     next  derby show 3 · derby runs sweep:quick --top 10
    stderr
     quick   grid, seed 0   17 trials   1 job   maximize accuracy   data b3:bc06b4   holdout 27 rows kept apart
     note   the holdout has only 27 rows
     quick   nothing new to run: all 17 trials are recorded
    ");
    assert_eq!(place.derby(&["runs", "--json"]).out, before);
}

#[test]
fn a_script_comes_through_the_gate() {
    if lacks("gated.toml") {
        return;
    }
    let place = Place::with_examples();
    assert_eq!(place.derby(&["champion", "begin", "gated"]).code, 0);
    let args = ["sweep", "sweeps/gated.toml", "--trials", "3", "--jobs", "1", "--gate", "-q"];
    // Heads and sizes of the ledger and its bundles differ from run to run.
    let steady = |ran: &Ran| {
        let lines = place.snapshot(ran);
        let lines = lines.lines().filter(|line| !line.contains("bundle_bytes"));
        let lines = lines.map(|line| line.split("   ledger head").next().unwrap());
        lines.collect::<Vec<_>>().join("\n")
    };
    shows!(steady(&place.derby(&args)), @"
    exit 0
     gated   run 2   no champion yet
     ·  better on the holdout by roc_auc          no champion yet: nothing to compare with
     ✓  enough rows                               166 rows, 100 are needed
     ✓  finite predictions                        166 predictions
     ✓  roc_auc >= 0.9                            0.9895 where >= 0.9 is asked
     ✓  recall >= 0.8                             0.9531 where >= 0.8 is asked
     ·  no slice worse by more than 0.05          no champion's predictions to compare with
     ✓  the bundle reloads and predicts the same  every file as packed
     ✓  the data's checks                         no error, 21 warnings
     PROMOTE   nothing speaks against it
     gated   version 1 waits: derby champion approve gated/1 --why …
    ");
    let approved = place.derby(&["champion", "approve", "gated/1", "--why", "the first"]);
    assert_eq!(approved.code, 0, "{}", approved.err);
    shows!(steady(&place.derby(&["gate", "1"])), @"
    exit 4
     gated   run 1 against gated@champion (version 1, run 2)
     ✗  better on the holdout by roc_auc                         roc_auc 0.9629 against 0.9895: gain -0.02658 in [-0.04825, -0.01049] (each bound 97.5 %), 166 rows: proven worse
     ✓  enough rows                                              166 rows, 100 are needed
     ✓  finite predictions                                       166 predictions
     ✓  roc_auc >= 0.9                                           0.9629 where >= 0.9 is asked; the champion has 0.9895
     ✗  recall >= 0.8                                            0.7812 where >= 0.8 is asked; the champion has 0.9531
     ✓  mean_radius = below 11.78 not worse by more than 0.05    gain +0, 0 at the very most, on 42 rows
     ✓  mean_radius = 11.78 to 13.5 not worse by more than 0.05  gain -0.003472, 0.005208 at the very most, on 41 rows
     ?  mean_radius = 13.5 to 15.74 not worse by more than 0.05  gain -0.08908, -0.005747 at the very most, on 41 rows: more than is allowed, on too few rows to tell it from chance
     ✓  mean_radius = from 15.74 not worse by more than 0.05     gain -0.02439, 0.06245 at the very most, on 42 rows
     ✓  same data and split                                      b3:4c15d4 split b3:833a9d
     ✓  same target and columns                                  same target
     ✓  the bundle reloads and predicts the same                 every file as packed
     ✓  the data's checks                                        no error, 21 warnings
     REJECT   better on the holdout by roc_auc: roc_auc 0.9629 against 0.9895: gain -0.02658 in [-0.04825, -0.01049] (each bound 97.5 %), 166 rows: proven worse
        McNemar, exact                          0 rows only the challenger has right, 14 only the champion
        McNemar, mid-p                          0 rows only the challenger has right, 14 only the champion
        DeLong                                  ROC areas 0.9629 and 0.9895, difference -0.0266, standard error 0.0093
        Nadeau–Bengio corrected t               mean gain -0.0124 on 5 scores of 5 folds, one-sided p 0.8279; folds that chose the challenger flatter it
        Bayesian correlated t                   6 % likely better, 58 % worse; 36 % practically equal (within 0.01)
     next  derby show 1 · derby errors 1
    ");
}
