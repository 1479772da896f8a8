//! Sweep files without problems: what they become.

use super::*;
use crate::data::{ColumnType, Encoding, FoldKind, FoldOptions};
use crate::space::Size;
use std::path::PathBuf;
use std::time::Duration;

#[test]
fn a_whole_file() {
    let sweep = read(FULL).unwrap();
    assert_eq!(
        (sweep.name.as_str(), sweep.experiment.as_str(), sweep.model.as_str()),
        ("breast-cancer", "breast-cancer", "breast-cancer")
    );
    assert_eq!(sweep.objectives[0].goal, Goal::Maximize);
    let ids: Vec<&str> = sweep.space.dims().iter().map(|dim| dim.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "model",
            "svm.kernel",
            "svm.C",
            "svm.gamma",
            "random_forest.n_estimators",
            "random_forest.max_depth",
            "preprocess.impute",
            "preprocess.scale"
        ]
    );
    assert_eq!(
        sweep.space.params(&sweep.points[0]).to_string(),
        "model=svm kernel=linear C=1 impute=median scale=none"
    );
    let Work::Models(section) = &sweep.work else { panic!("models") };
    assert_eq!(section.data.source.path, PathBuf::from("sweeps/../assets/breast_cancer.csv"));
    assert_eq!(section.data.positive.as_deref(), Some("1"));
    assert_eq!((section.split.holdout, section.split.seed), (0.2, 0));
    assert_eq!(section.preprocess.len(), 1);
    assert_eq!(section.keep_predictions, 100);
    assert_eq!(sweep.search.seed, 7);
    assert_eq!(sweep.budget.trials, Some(200));
    assert_eq!(sweep.budget.time, Some(Duration::from_mins(10)));
    assert_eq!(sweep.resources.jobs, Some(2));
    let rows: Vec<String> = sweep.space.tree().into_iter().map(|row| row.values).collect();
    assert_eq!(rows[0], "svm · random_forest");
    assert_eq!(rows[7], "standard · robust · none");
}

#[test]
fn three_formats_one_sweep() {
    let toml = read(FULL).unwrap();
    for (text, format) in [(FULL_YAML, Format::Yaml), (FULL_JSON, Format::Json)] {
        let other = read_as(text, format, &Overrides::default()).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(other.space, toml.space, "{format:?}");
        assert_eq!(other.points, toml.points);
        assert_eq!(other.search, toml.search);
        assert_eq!(other.objectives, toml.objectives);
        assert_eq!(other.digest, toml.digest, "{format:?}");
    }
    let again = read(&toml.text).unwrap_or_else(|e| panic!("{e}\n{}", toml.text));
    assert_eq!((again.digest, &again.text), (toml.digest, &toml.text));
}

#[test]
fn the_digest_is_of_what_decides_the_search() {
    let digest = |from: &str, to: &str| {
        assert!(FULL.contains(from), "{from}");
        let text = FULL.replace(from, to);
        read(&text).unwrap_or_else(|error| panic!("{error}")).digest
    };
    let same = |from: &str, to: &str| assert_eq!(digest(from, to), digest("", ""), "{to}");
    let other = |from: &str, to: &str| assert_ne!(digest(from, to), digest("", ""), "{to}");
    same("trials = 200", "trials = 300");
    same("name = \"breast-cancer\"", "name = \"other\"");
    same("jobs = 2", "jobs = 4");
    same("low = 1e-2", "low = 0.01");
    same("high = 1e3", "high = 1_000");
    same(
        "impute = \"median\"\nscale = [\"standard\", \"robust\", \"none\"]",
        "scale = [\"standard\", \"robust\", \"none\"]\nimpute = \"median\"",
    );
    same("folds = 5", "folds = { k = 5, repeats = 1 }\nkeep_predictions = 3");
    other("seed = 7", "seed = 8");
    other("sampler = \"tpe\"", "sampler = \"random\"");
    other("sampler = \"tpe\"", "sampler = \"grid\"");
    other("high = 1e3", "high = 1e4");
    other("[\"rbf\", \"linear\"]", "[\"linear\", \"rbf\"]");
    other("holdout = 0.2", "holdout = 0.3");
    other("holdout = 0.2", "holdout = 0.2\nsplit_seed = 1");
    other("folds = 5", "folds = { k = 5, shuffle = false }");
    other("C = 1,", "C = 2,");
    other("metric = \"roc_auc\"", "metric = \"accuracy\"");
    other("metric = \"roc_auc\"", "metric = \"roc_auc\"\ngoal = \"minimize\"");
    other("impute = \"median\"", "impute = \"mean\"");
    other("positive = \"1\"", "positive = \"0\"");
}

#[test]
fn the_steps_of_a_grid_are_part_of_the_identity() {
    let digest = |line: &str| read(&FULL.replace("sampler = \"tpe\"", line)).unwrap().digest;
    let five = digest("sampler = \"grid\"");
    assert_eq!(five, digest("sampler = \"grid\"\ngrid_steps = 5"));
    let four = digest("sampler = \"grid\"\ngrid_steps = 4");
    assert_ne!(five, four);
    assert_eq!(four, digest("sampler = { kind = \"grid\", steps = 4 }"));
}

#[test]
fn reproducible_and_lag_are_part_of_the_identity() {
    let text = FULL.replace("time = \"10m\"\n", "");
    let digest = |lag: &str| read(&text.replace("seed = 7", &format!("seed = 7\n{lag}"))).unwrap();
    let plain = digest("");
    let eight = digest("reproducible = true");
    assert_ne!(plain.digest, eight.digest);
    assert_eq!(eight.search.lag, 8);
    assert_eq!(eight.digest, digest("reproducible = true\nlag = 8").digest);
    assert_ne!(eight.digest, digest("reproducible = true\nlag = 4").digest);
}

const SMALL: &str =
    "[objective]\nmetric = \"accuracy\"\n[data]\npath = \"d.csv\"\ntarget = \"y\"\n";

#[test]
fn defaults() {
    let sweep = read(&format!("{SMALL}[models.svm]\n")).unwrap();
    assert_eq!((sweep.name.as_str(), sweep.search.sampler.as_str()), ("x", "auto"));
    assert_eq!(sweep.budget, Budget { trials: Some(100), ..Budget::default() });
    assert_eq!(sweep.space.size(), Size::Finite(1));
    let params = sweep.space.params(&sweep.space.from_unit(&[0.5]));
    assert_eq!(params.to_string(), "model=svm");
    let budget = |more: &str| read(&format!("{SMALL}[models.svm]\n{more}")).unwrap().budget.trials;
    assert_eq!(budget("[budget]\ntime = \"5m\""), None);
    assert_eq!(budget("[budget]\npatience = 5"), None);
    assert_eq!(budget("[budget]\ntarget = 0.9"), Some(100));
    assert_eq!(budget("[search]\nsampler = \"grid\""), None);
}

#[test]
fn values_in_every_spelling() {
    let values = |line: &str| {
        let text = format!("{SMALL}[models.random_forest]\n{line}\n");
        let sweep = read(&text).unwrap_or_else(|error| panic!("{error}"));
        let rows = sweep.space.tree();
        format!("{}{}", rows[1].values, if rows[1].log { " log" } else { "" })
    };
    let check = |line: &str, expected: &str| assert_eq!(values(line), expected, "{line}");
    check("max_depth = \"none\"", "none");
    check("max_depth = [\"none\", 3, 5.0]", "none · 3 · 5");
    check("max_depth = { low = 2.0, high = 9 }", "2 … 9");
    check("max_depth = { value = 4 }", "4");
    check("max_depth = { values = [4, \"none\"] }", "4 · none");
    check("n_estimators = { low = 1, high = 1000, log = true }", "1 … 1000 log");
    check("max_features = { low = 1, high = 9 }", "1 … 9");
    check("max_features = { low = 0.1, high = 1.0, step = 0.1 }", "0.1 … 1 step 0.1");
    let kind = |line: &str| {
        let sweep = read(&format!("{SMALL}[models.random_forest]\n{line}\n")).unwrap();
        let dims = sweep.space.dims();
        (dims[1].value(0.0), sweep.digest)
    };
    let (one, count) = kind("max_features = 1");
    let (share, part) = kind("max_features = 1.0");
    assert_eq!((one, share), (crate::domain::Value::Int(1), crate::domain::Value::Float(1.0)));
    assert_ne!(count, part, "a count is no share");
}

#[test]
fn conditions_put_parents_first() {
    let text = "function = \"noop\"\n[params]\n\
        a = { low = 0, high = 1, when = { z = [\"x\", \"y\"], n = 2 } }\n\
        z = [\"x\", \"y\", \"w\"]\nn = { low = 1, high = 3 }\nx10 = 1\nx2 = [true, false]\n";
    let sweep = read(text).unwrap();
    let ids: Vec<&str> = sweep.space.dims().iter().map(|dim| dim.id.as_str()).collect();
    assert_eq!(ids, ["n", "x2", "x10", "z", "a"]);
    assert_eq!(sweep.space.size(), Size::Finite((9 - 2 + 2 * 2) * 2));
    assert_eq!(sweep.objectives[0].metric, "value");
    assert_eq!(sweep.objectives[0].goal, Goal::Minimize);
    let rows = sweep.space.tree();
    assert_eq!(rows[4].when.as_deref(), Some("z = x or y, n = 2"));
}

#[test]
fn data_options() {
    let text = r#"
        experiment = "e"
        model = "m"
        [[objective]]
        metric = "accuracy"
        [[objective]]
        metric = "log_loss"
        [data]
        path = "/abs/d.csv"
        format = "csv"
        delimiter = "tab"
        encoding = "latin-1"
        null_values = ["", "-"]
        types = { zip = "category", age = "number" }
        target = "y"
        task = "binary"
        ignore = "id"
        weights = "w"
        group = "g"
        holdout = { share = 0.1, exact = true }
        folds = { k = 3, kind = "group", repeats = 2 }
        split_seed = 4
        metrics = ["log_loss"]
        keep_predictions = 0
        [[preprocess]]
        name = "numeric"
        columns = ["a", "b"]
        scale = ["standard", "none"]
        [[preprocess]]
        impute = ["constant", "mode"]
        fill = { values = ["x", 0], when = { impute = "constant" } }
        indicator = [true, false]
        [models.svm]
        [resources]
        timeout = "1m"
        memory = "2GB"
        [search]
        points = [{ numeric.scale = "none", impute = "mode", indicator = true }]
    "#;
    let sweep = read(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((sweep.name.as_str(), &*sweep.experiment, &*sweep.model), ("x", "e", "m"));
    assert_eq!(sweep.objectives.len(), 2);
    let Work::Models(section) = &sweep.work else { panic!("models") };
    let source = &section.data.source;
    assert_eq!(source.path, PathBuf::from("/abs/d.csv"));
    assert_eq!((source.delimiter, source.encoding), (Some(b'\t'), Some(Encoding::Latin1)));
    assert_eq!(source.types["zip"], ColumnType::Category);
    assert_eq!(section.data.ignore, ["id"]);
    assert_eq!((section.split.holdout, section.split.exact, section.split.seed), (0.1, true, 4));
    let made = FoldOptions::Made { k: 3, kind: Some(FoldKind::Group), shuffle: true, repeats: 2 };
    assert_eq!(section.split.folds, made);
    assert_eq!(section.preprocess[0].prefix, "numeric.");
    assert_eq!(section.preprocess[1].columns, None);
    let ids: Vec<&str> = sweep.space.dims().iter().map(|dim| dim.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "model",
            "preprocess.numeric.scale",
            "preprocess.impute",
            "preprocess.fill",
            "preprocess.indicator"
        ]
    );
    assert_eq!(
        sweep.space.params(&sweep.points[0]).to_string(),
        "model=svm numeric.scale=none impute=mode indicator=true"
    );
    assert_eq!(sweep.space.size(), Size::Finite(2 * (2 + 1) * 2));
    assert_eq!(sweep.resources.memory_mb, Some(2000));
}

#[test]
fn flags_and_set_change_the_tree() {
    let overrides = Overrides {
        set: [
            ("search.seed", "3"),
            ("models.svm.C", "{ low = 1, high = 2 }"),
            ("models.svm.degree", "[2, 3]"),
            ("search.points", "[]"),
            ("data.target", "outcome"),
            ("search.sampler.kind", "random"),
        ]
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .to_vec(),
        trials: Some("5".into()),
        time: Some("5m".into()),
        ..Overrides::default()
    };
    let sweep = read_as(FULL, Format::Toml, &overrides).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((sweep.search.seed, sweep.search.sampler.as_str()), (3, "random"));
    assert_eq!((sweep.budget.trials, sweep.budget.time), (Some(5), Some(Duration::from_mins(5))));
    assert_eq!(sweep.space.tree()[2].values, "1 … 2");
    assert!(sweep.text.contains("target = \"outcome\""), "{}", sweep.text);
    assert_eq!(read(&sweep.text).unwrap().digest, sweep.digest);
    let blocks = "[[preprocess]]\nscale = \"none\"\n";
    let overrides = Overrides {
        set: vec![("preprocess.0.scale".into(), "robust".into())],
        ..Overrides::default()
    };
    let text = format!("{SMALL}[models.svm]\n{blocks}");
    let sweep = read_as(&text, Format::Toml, &overrides).unwrap();
    assert_eq!(sweep.space.tree()[1].values, "robust");
}
