//! Every sweep file of the repository checks and runs.

use crate::program::{Place, repository, shows};
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
        "logreg.toml" => "json",
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
     ✓  sweeps/birdstrikes.toml   birdstrikes: maximize roc_auc, target 'Wildlife Size' of ../assets/birdstrikes.csv   tpe on an infinite space
     ✓  sweeps/branin.yaml   branin: minimize value, function branin   tpe on an infinite space
     ✓  sweeps/breast_cancer.toml   breast-cancer: maximize roc_auc, target 'target' of ../assets/breast_cancer.csv   tpe on an infinite space
     ✓  sweeps/compress.toml   compress: minimize kept, a command   grid on 9 configurations
        runs ./scripts/compress.sh ../assets/digits.csv 6 64
     ✓  sweeps/diabetes.toml   diabetes: minimize rmse, target 'target' of ../assets/diabetes.csv   random on an infinite space
     ✓  sweeps/digits.toml   digits: maximize f1_macro, target 'target' of ../assets/digits.csv   sobol on an infinite space
     ✓  sweeps/ensemble.toml   ensemble: maximize accuracy, a command, 2 runs of each configuration   tpe on an infinite space
        runs python3 scripts/ensemble.py .derby/runs/1/params.json 0
     ✓  sweeps/logreg.toml   logreg: minimize val_loss, a command   tpe on an infinite space
        runs python3 scripts/logreg.py --batch_size=32 --epochs=12 --l2=0.0003162277660168384 --lr=0.0316227766016838 --momentum=0.5
     ✓  sweeps/penguins.toml   penguins: minimize log_loss, target 'species' of ../assets/penguins.csv   tpe on an infinite space
     ✓  sweeps/quick.toml   quick: maximize accuracy, target 'target' of ../assets/iris.csv   grid on 17 configurations
     ✓  sweeps/weather.toml   weather: minimize mae, target 'temp' of ../assets/nyc_weather.csv   tpe on an infinite space
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
