//! Tests of sweep files, against two families and a few metrics of their own.

mod commands;
mod files;
mod fuzz;
mod gate;
mod problems;
mod pruners;
mod sweeps;
mod warm_start;

use super::*;
use crate::domain::Goal;
use crate::trainer::{ParamDefault, ParamKind, ParamSpec};

const POSITIVE: ParamKind = ParamKind::Float { low: 0.0, high: f64::INFINITY, open_low: true };

const fn spec(
    name: &'static str,
    kinds: &'static [ParamKind],
    optional: bool,
    default: ParamDefault,
) -> ParamSpec {
    ParamSpec { name, kinds, optional, default, about: "" }
}

const SVM: &[ParamSpec] = &[
    spec(
        "kernel",
        &[ParamKind::Word(&["rbf", "linear", "poly"])],
        false,
        ParamDefault::Word("rbf"),
    ),
    spec("C", &[POSITIVE], false, ParamDefault::Float(1.0)),
    spec("gamma", &[ParamKind::Word(&["scale"]), POSITIVE], false, ParamDefault::Word("scale")),
    spec("degree", &[ParamKind::Int { low: 1, high: 10 }], false, ParamDefault::Int(3)),
    spec("shrinking", &[ParamKind::Bool], false, ParamDefault::Bool(true)),
];

const FOREST: &[ParamSpec] = &[
    spec("n_estimators", &[ParamKind::Int { low: 1, high: 10_000 }], false, ParamDefault::Int(100)),
    spec("max_depth", &[ParamKind::Int { low: 1, high: 1_000 }], true, ParamDefault::None),
    spec(
        "max_features",
        &[
            ParamKind::Word(&["sqrt"]),
            ParamKind::Int { low: 1, high: 1_000_000 },
            ParamKind::Float { low: 0.0, high: 1.0, open_low: true },
        ],
        true,
        ParamDefault::Word("sqrt"),
    ),
];

fn known() -> Known {
    let family =
        |name, params, regression| FamilyInfo { name, params, classification: true, regression };
    Known {
        families: vec![family("svm", SVM, false), family("random_forest", FOREST, true)],
        metrics: vec![
            ("roc_auc", Goal::Maximize),
            ("accuracy", Goal::Maximize),
            ("log_loss", Goal::Minimize),
        ],
        samplers: crate::sampler::names().to_vec(),
    }
}

/// Checks a text as `sweeps/x.toml` (or the format's extension).
fn read_as(text: &str, format: Format, overrides: &Overrides) -> Result<Sweep, SpecError> {
    let file = match format {
        Format::Toml => "sweeps/x.toml",
        Format::Yaml => "sweeps/x.yaml",
        Format::Json => "sweeps/x.json",
    };
    parse(text, format, Path::new(file), overrides, &known())
}

fn read(text: &str) -> Result<Sweep, SpecError> {
    read_as(text, Format::Toml, &Overrides::default())
}

/// The sweep file of the tests.
const FULL: &str = r#"name = "breast-cancer"

[objective]
metric = "roc_auc"

[data]
path = "../assets/breast_cancer.csv"
target = "target"
positive = "1"
holdout = 0.2
folds = 5

[preprocess]
impute = "median"
scale = ["standard", "robust", "none"]

[models.svm]
kernel = ["rbf", "linear"]
C = { low = 1e-2, high = 1e3, log = true }
gamma = { low = 1e-4, high = 1.0, log = true, when = { kernel = "rbf" } }

[models.random_forest]
n_estimators = { low = 50, high = 400, step = 50 }
max_depth = { low = 2, high = 16 }

[search]
sampler = "tpe"
seed = 7
points = [{ model = "svm", kernel = "linear", C = 1, scale = "none" }]

[budget]
trials = 200
time = "10m"

[resources]
jobs = 2
"#;

/// The same in YAML.
const FULL_YAML: &str = r"
name: breast-cancer
objective: {metric: roc_auc}
models:
  random_forest:
    max_depth: {high: 16, low: 2}
    n_estimators: {low: 50, high: 400, step: 50}
  svm:
    C: {low: 1e-2, high: 1000, log: true}
    gamma: {low: 0.0001, high: 1, log: true, when: {kernel: [rbf]}}
    kernel: [rbf, linear]
preprocess:
  scale: [standard, robust, none]
  impute: median
search:
  seed: 7
  points:
    - {C: 1.0, model: svm, kernel: linear, scale: null}
  sampler: {kind: tpe}
data:
  target: target
  path: ../assets/breast_cancer.csv
  positive: 1
  holdout: {share: 0.2}
  folds: {k: 5}
";

/// The same in JSON.
const FULL_JSON: &str = r#"{
  "name": "breast-cancer",
  "objective": [{"metric": "roc_auc", "goal": "maximize"}],
  "data": {"path": "../assets/breast_cancer.csv", "target": "target", "positive": "1"},
  "preprocess": [{"impute": "median", "scale": ["standard", "robust", "none"]}],
  "models": {
    "svm": {
      "kernel": {"values": ["rbf", "linear"]},
      "C": {"low": 0.01, "high": 1E3, "log": true},
      "gamma": {"low": 1e-4, "high": 1, "log": true, "when": {"kernel": "rbf"}}
    },
    "random_forest": {
      "n_estimators": {"low": 50.0, "high": 400, "step": 50},
      "max_depth": {"low": 2, "high": 16}
    }
  },
  "search": {
    "seed": 7, "sampler": "tpe",
    "points": [{"model": "svm", "kernel": "linear", "C": 1, "scale": "none"}]
  }
}"#;
