//! Files of theirs as people write them.

use super::*;
use crate::spec::format::Format;
use crate::spec::render::shell_words;
use crate::spec::{Known, Overrides, RenderValues, SpecError, Sweep, Work, arguments, parse};

fn read(text: &str) -> Result<Sweep, SpecError> {
    parse(text, Format::Yaml, Path::new("s.yaml"), &Overrides::default(), &Known::built_in())
}

fn good(text: &str) -> Sweep {
    read(text).unwrap_or_else(|error| panic!("{error}"))
}

/// What is run in the middle of the space.
fn line(sweep: &Sweep) -> String {
    let Work::Command(section) = &sweep.work else { panic!("command") };
    let params = sweep.space.params(&sweep.space.from_unit(&[]));
    let at = Path::new("D");
    let values = RenderValues {
        params: &params,
        seed: 0,
        trial: 0,
        run: 1,
        run_dir: at,
        artifacts: at,
        checkpoint: at,
        json: Path::new("D/params.json"),
    };
    shell_words(&arguments(&section.run, &values))
}

fn ranges(parameters: &str) -> Vec<String> {
    let sweep = good(&format!(
        "method: random\nmetric: {{name: loss}}\nprogram: t.py\nparameters:\n{parameters}"
    ));
    let row = |row: crate::space::Row| {
        format!("{} {}{}", row.name, row.values, if row.log { " log" } else { "" })
    };
    sweep.space.tree().into_iter().map(row).collect()
}

/// The problems of a file, as `line text`.
fn problems(text: &str) -> Vec<String> {
    match read(text) {
        Err(SpecError::Problems { problems, .. }) => {
            problems.iter().map(|p| format!("{} {}", p.line, p.text)).collect()
        }
        other => panic!("{other:?}"),
    }
}

const BAYES: &str = "\
program: train.py
method: bayes
project: mnist
name: first
entity: team
metric:
  name: val/loss
  goal: minimize
  target: 0.05
parameters:
  learning_rate:
    distribution: log_uniform_values
    min: 0.0001
    max: 0.1
  batch_size:
    values: [32, 64, 128]
  epochs:
    value: 10
  optimizer:
    parameters:
      name: {values: [adam, sgd]}
      nesterov: {values: [true, false]}
  dropout: {min: 0.1, max: 0.5}
  layers: {min: 1, max: 4}
run_cap: 40
";

#[test]
fn a_file_of_the_usual_kind() {
    let sweep = good(BAYES);
    assert_eq!((&*sweep.name, &*sweep.experiment), ("first", "mnist"));
    assert_eq!(sweep.objectives[0].metric, "val/loss");
    assert_eq!((sweep.budget.trials, sweep.budget.target), (Some(40), Some(0.05)));
    assert_eq!(sweep.search.sampler, "auto");
    let names: Vec<&str> = sweep.space.dims().iter().map(|dim| dim.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "batch_size",
            "dropout",
            "epochs",
            "layers",
            "learning_rate",
            "optimizer.name",
            "optimizer.nesterov"
        ]
    );
    let shown = line(&sweep);
    assert!(
        shown.starts_with("/usr/bin/env python train.py --batch_size=64 --dropout=0.3"),
        "{shown}"
    );
    assert!(shown.contains("--optimizer.name=sgd"), "{shown}");
    let Work::Command(section) = &sweep.work else { panic!("command") };
    assert_eq!(section.env[0].0, "WANDB_MODE");
    let notes = sweep.notes.join("\n");
    for part in [
        "s.yaml:1  there is no 'train.py' beside this file",
        "s.yaml:2  method 'bayes' becomes the sampler auto",
        "s.yaml:5  'entity' has no meaning here and is left out",
        "wandb.log calls are not read",
        "true, false and null are passed as",
    ] {
        assert!(notes.contains(part), "{part}\n{notes}");
    }
    assert_eq!(
        parse(
            &sweep.text,
            Format::Toml,
            Path::new("s.toml"),
            &Overrides::default(),
            &Known::built_in()
        )
        .unwrap()
        .digest,
        sweep.digest
    );
}

#[test]
fn a_grid_goes_over_whole_ranges() {
    let text = "method: grid\nmetric: {name: acc, goal: maximize}\nprogram: t.py\nparameters:\n  \
        n: {min: 1, max: 12}\n  q: {distribution: q_uniform, min: 0, max: 1, q: 0.25}\n  o: {values: [a, b]}\n";
    let sweep = good(text);
    assert_eq!(crate::sampler::grid_len(&sweep.space, sweep.search.grid_steps), 12 * 5 * 2);
    assert_eq!(sweep.budget.trials, None);
    let continuous = text.replace("{min: 1, max: 12}", "{min: 1.0, max: 12}");
    assert_eq!(
        problems(&continuous),
        ["5 'n' is a continuous range, and a grid needs single values; give 'values'"]
    );
}

#[test]
fn distributions() {
    let check = |line: &str, expected: &str| {
        assert_eq!(ranges(&format!("  x: {line}\n")), [expected], "{line}");
    };
    check("{distribution: constant, value: 3}", "x 3");
    check("{distribution: categorical, values: [1, a]}", "x 1 · a");
    check("{distribution: int_uniform, min: 1, max: 9}", "x 1 … 9");
    check("{distribution: uniform, min: 0, max: 1}", "x 0 … 1");
    check("{distribution: q_uniform, min: 0, max: 10, q: 2}", "x 0 … 10 step 2");
    check("{distribution: log_uniform_values, min: 0.001, max: 1}", "x 1e-3 … 1 log");
    check("{distribution: inv_log_uniform_values, min: 0.001, max: 1}", "x 1e-3 … 1 log");
    check("{distribution: log_uniform, min: 0, max: 0}", "x 1");
    check("{distribution: q_log_uniform_values, min: 1, max: 64}", "x 1 … 64 log");
    check("{min: 3, max: 3}", "x 3");
    let sweep = good(
        "method: random\nmetric: {name: l}\nprogram: t\nparameters: {x: {distribution: inv_log_uniform, min: 0, max: 2}}\n",
    );
    let crate::space::Kind::Float { low, high, log, .. } = sweep.space.dims()[0].kind else {
        panic!()
    };
    assert_eq!((low, high, log), ((-2.0f64).exp(), 1.0, true));
}

#[test]
fn parameters_with_problems() {
    let check = |line: &str, part: &str| {
        let text = format!(
            "method: random\nmetric: {{name: loss}}\nprogram: t.py\nparameters:\n  x: {line}\n"
        );
        let found = problems(&text);
        assert!(
            found.len() == 1 && found[0].starts_with("5 ") && found[0].contains(part),
            "{part}\n{found:#?}"
        );
    };
    check("3", "'x' must be a table with 'value', 'values' or 'min' and 'max', not '3'");
    check("{min: 1}", "'x' needs 'value', 'values', or 'min' and 'max'");
    check("{min: 2, max: 1}", "'min' (2) must be below 'max' (1) of 'x'");
    check("{distribution: uniform, min: a, max: 1}", "'x' needs 'min', a number, not 'a'");
    check("{distribution: int_uniform, min: 0.5, max: 2}", "takes whole numbers");
    check(
        "{distribution: normal, mu: 1, sigma: 2}",
        "for example distribution: uniform, min: -5, max: 7",
    );
    check(
        "{distribution: beta, a: 1, b: 2}",
        "for example distribution: uniform, min: 0.0, max: 1.0",
    );
    check(
        "{distribution: log_normal, mu: 0, sigma: 1}",
        "distribution: log_uniform, min: -3, max: 3",
    );
    check(
        "{distribution: unifrm, min: 0, max: 1}",
        "unknown distribution 'unifrm'; did you mean 'uniform'?",
    );
    check(
        "{distribution: q_log_uniform_values, min: 8, max: 64, q: 8}",
        "a logarithmic range in steps of 8",
    );
    check(
        "{values: [[1, 2]]}",
        "'x' has a list as a value, which is not supported; write it as a text",
    );
    check("{values: [1], vals: 2}", "unknown key of a parameter 'vals'");
    check("{values: []}", "empty list");
}

#[test]
fn commands_with_macros() {
    let shown = |command: &str| {
        let text = format!(
            "method: random\nmetric: {{name: loss}}\nprogram: t.py\n{command}\nparameters: {{a: {{value: 1}}, b: {{value: true}}}}\n"
        );
        line(&good(&text))
    };
    let check = |command: &str, expected: &str| assert_eq!(shown(command), expected, "{command}");
    check("", "/usr/bin/env python t.py --a=1 --b=true");
    check(
        "command: [\"${env}\", python3, \"-m\", x, \"${args_no_boolean_flags}\"]",
        "/usr/bin/env python3 -m x --a=1 --b",
    );
    check(
        "command: [\"${interpreter}\", \"${program}\", \"${args_no_hyphens}\"]",
        "python t.py a=1 b=true",
    );
    check(
        "command: [x, --cfg, \"${args_json_file}\", \"${args_json}\", 3]",
        "x --cfg D/params.json '{\"a\":1,\"b\":true}' 3",
    );
    check("command: [x, \"${args_append_hydra}\"]", "x +a=1 +b=true");
    check("command: [x, \"{literal}=${envvar:DERBY_NO_SUCH_VARIABLE}\"]", "x '{literal}='");
}

#[test]
fn what_stops_a_run_early() {
    let translated = |early: &str| {
        let text = format!(
            "method: random\nmetric: {{name: loss}}\nprogram: t.py\nparameters: {{a: {{value: 1}}}}\nearly_terminate: {early}\n"
        );
        translate(&Format::Yaml.read(&text, 0).unwrap(), Path::new(""))
    };
    let check = |early: &str, expected: &[(&str, Kind)]| {
        let made = translated(early);
        assert!(made.problems.is_empty(), "{:?}", made.problems);
        let search = made.table["search"].node.table().unwrap();
        let pruner = search["pruner"].node.table().unwrap();
        assert_eq!(pruner["kind"].node.text(), Some("asha"));
        for (key, kind) in expected {
            assert_eq!(&pruner[*key].node.kind, kind, "{key}");
        }
        assert_eq!(pruner.len(), expected.len() + 1);
    };
    check("{type: hyperband, min_iter: 3}", &[("min_steps", Kind::Int(3)), ("eta", Kind::Int(3))]);
    check(
        "{type: hyperband, max_iter: 27, s: 2, eta: 3}",
        &[("min_steps", Kind::Int(3)), ("eta", Kind::Int(3)), ("max_steps", Kind::Int(27))],
    );
    for (early, part) in [
        ("{type: envelope}", "must have type: hyperband"),
        ("{type: hyperband}", "needs 'min_iter', or 'max_iter' with 's'"),
        ("{type: hyperband, max_iter: 27}", "'max_iter' needs 's'"),
    ] {
        assert!(translated(early).problems[0].1.contains(part), "{part}");
    }
}

#[test]
fn whole_files_with_problems() {
    let text = "method: grdi\nparamters: 1\nparameters: {a: {values: [1]}}\ncommand: [\"${prgram}\", \"${program}\"]\n";
    let found = problems(text);
    assert_eq!(found.len(), 5, "{found:#?}");
    for (line, part) in found.iter().zip([
        "1 'metric' is missing",
        "1 unknown method 'grdi'; did you mean 'grid'?",
        "2 unknown key 'paramters'; did you mean 'parameters'?",
        "4 'program' is missing",
        "4 unknown macro 'prgram'; did you mean 'program'?",
    ]) {
        assert!(line.starts_with(part), "{line}");
    }
}
