//! `[command]`: what it becomes, and every problem of it.

use super::*;
use crate::domain::SummaryKind;
use crate::space::Size;
use std::fs;
use std::time::Duration;

const TRAIN: &str = r#"
[command]
run = ["python", "train.py", ["--lr", "{lr}"], "--momentum={momentum}", "{args}"]
[params]
lr = { low = 1e-4, high = 0.1, log = true }
opt = ["sgd", "adam"]
momentum = { low = 0.5, high = 0.99, when = { opt = "sgd" } }
[objective]
metric = "val_loss"
goal = "minimize"
"#;

fn command(text: &str) -> (Sweep, CommandSection) {
    let sweep = read(text).unwrap_or_else(|error| panic!("{error}"));
    let Work::Command(section) = &sweep.work else { panic!("command") };
    let section = (**section).clone();
    (sweep, section)
}

fn problems(text: &str) -> Vec<String> {
    match read(text) {
        Ok(_) => panic!("no problem in:\n{text}"),
        Err(SpecError::Problems { problems, .. }) => problems
            .iter()
            .map(|p| format!("{}:{} {} {}", p.line, p.column, p.text, p.place))
            .collect(),
        Err(other) => panic!("{other}"),
    }
}

/// Checks the only problem of `[command]` with this line and a sound `run`, unless the line has one.
fn with(line: &str, part: &str) {
    let run = if line.contains("run =") { "" } else { "run = [\"true\"]\n" };
    let text = format!(
        "[command]\n{run}{line}\n[params]\nlr = [1, 2]\nopt = [\"a\", \"b\"]\ng = {{ low = 0, high = 1, when = {{ opt = \"a\" }} }}\n\
         [objective]\nmetric = \"loss\"\ngoal = \"minimize\"\n"
    );
    let found = problems(&text);
    assert!(found.len() == 1 && found[0].contains(part), "{part}\n{found:#?}");
}

#[test]
fn a_command_with_its_defaults() {
    let (sweep, section) = command(TRAIN);
    let ids: Vec<&str> = sweep.space.dims().iter().map(|dim| dim.id.as_str()).collect();
    assert_eq!(ids, ["lr", "opt", "momentum"]);
    let Invocation::Args(groups) = &section.run else { panic!("args") };
    assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 2, 1, 1]);
    assert_eq!(section.folder, Path::new("sweeps"));
    assert_eq!(section.metrics, [MetricSource::Jsonl]);
    assert_eq!((section.grace, section.silence), (Duration::from_secs(10), None));
    assert_eq!(section.retries, Retries { failed: 0, infrastructure: 3 });
    assert_eq!(section.log_limit, 64_000_000);
    assert!(section.summaries.is_empty() && section.cwd.is_none() && section.copy.is_empty());
    assert_eq!(sweep.search.replicates, 1);
    assert_eq!(sweep.resources.monitor, Some(Duration::from_secs(10)));
    assert_eq!(sweep.budget.trials, Some(100));
    assert_eq!(read(&sweep.text).unwrap().digest, sweep.digest);
}

#[test]
fn every_key() {
    let text = r#"
[command]
run = "python train.py --lr {lr} | tee {run_dir}/x"
cwd = "{run_dir}"
env = { OMP_NUM_THREADS = 1, TOKEN = "{env:HOME}" }
copy = ["src/*.py", "conf"]
metrics = ["exit_code", { regex = 'loss (?<loss>\S+)' }, { file = "log.csv" }, { file = "m.txt", format = "jsonl" }]
grace = "30s"
silence = "10m"
retries = { failed = 1 }
log_limit = "1MiB"
[params]
lr = [1, 2]
[[objective]]
metric = "loss"
goal = "minimize"
summary = "best"
[[objective]]
metric = "accuracy"
summary = "mean"
[search]
replicates = 3
[resources]
cpus = 2
gpus = { devices = "0-1", per_run = 0.5 }
monitor = false
"#;
    let (sweep, section) = command(text);
    assert!(matches!(section.run, Invocation::Shell(_)));
    assert_eq!(section.env.len(), 2);
    assert_eq!(section.env[0].1, Text(vec![Piece::Literal("1".into())]));
    assert_eq!(section.copy, ["src/*.py", "conf"]);
    assert_eq!(section.metrics.len(), 4);
    assert!(matches!(section.metrics[2], MetricSource::File { format: FileFormat::Csv, .. }));
    assert_eq!(section.silence, Some(Duration::from_mins(10)));
    assert_eq!(section.retries, Retries { failed: 1, infrastructure: 3 });
    assert_eq!(section.log_limit, 1_048_576);
    let expected = [("loss", SummaryKind::Min), ("accuracy", SummaryKind::Mean)];
    assert_eq!(section.summaries, expected.map(|(name, kind)| (name.to_string(), kind)));
    assert_eq!((sweep.search.replicates, sweep.resources.cpus), (3, Some(2)));
    let devices = Some(vec!["0".to_string(), "1".to_string()]);
    assert_eq!(sweep.resources.gpus, Some(GpuRequest { per_run: 0.5, devices }));
    assert_eq!(sweep.resources.monitor, None);
}

#[test]
fn a_single_configuration() {
    let text = "[command]\nrun = [\"make\", \"bench\"]\nmetrics = \"exit_code\"\n";
    let (sweep, _) = command(text);
    assert_eq!(
        (sweep.objectives[0].metric.as_str(), sweep.objectives[0].goal),
        ("exit_code", Goal::Minimize)
    );
    assert_eq!((sweep.search.sampler.as_str(), sweep.space.size()), ("grid", Size::Finite(1)));
    assert_eq!(sweep.budget.trials, None);
    assert_eq!(crate::sampler::grid_len(&sweep.space, 5), 1);
    let found = problems(&format!("{text}[search]\nsampler = \"random\"\n"));
    assert!(found[0].contains("5:1 without [params] there is one configuration"), "{found:?}");
}

#[test]
fn the_digest_is_of_what_decides_the_result() {
    let digest = |line: &str| {
        let text = TRAIN.replace("[params]", &format!("{line}\n[params]"));
        command(&text).0.digest
    };
    let plain = digest("");
    for line in
        ["grace = \"1s\"", "retries = 2", "log_limit = \"1MB\"", "env = {}", "metrics = \"jsonl\""]
    {
        assert_eq!(digest(line), plain, "{line}");
    }
    let lines = [
        "cwd = \"{run_dir}\"",
        "copy = \"a\"",
        "env = { A = \"1\" }",
        "env = { A = \"2\" }",
        "env = { B = \"2\" }",
        "silence = \"1m\"",
        "metrics = \"exit_code\"",
        "metrics = { file = \"a.csv\" }",
        "metrics = { file = \"a.csv\", format = \"jsonl\" }",
        "metrics = { regex = 'a' }",
    ];
    let mut all: Vec<_> = lines.into_iter().map(digest).collect();
    all.push(plain);
    let more = [
        ("goal =", "summary = \"min\"\ngoal ="),
        ("train.py", "test.py"),
        ("\"{args}\"", "\"{args_json}\""),
        ("[\"--lr\", \"{lr}\"]", "\"--lr\", \"{lr}\""),
        ("[objective]", "[search]\nreplicates = 2\n[objective]"),
    ];
    all.extend(more.map(|(from, to)| command(&TRAIN.replace(from, to)).0.digest));
    for (idx, one) in all.iter().enumerate() {
        assert!(!all[..idx].contains(one), "number {idx}");
    }
    let same = TRAIN.replace("[objective]", "[search]\nreplicates = 1\n[objective]");
    assert_eq!(command(&same).0.digest, plain);
    let env = |env: &str| digest(&format!("env = {env}"));
    assert_eq!(env("{ A = \"1\", B = \"2\" }"), env("{ B = \"2\", A = \"1\" }"));
}

#[test]
fn runs_with_problems() {
    with("run = []", "2:7 'run' is empty; give the program and its arguments");
    with("run = \" \"", "'run' is empty");
    with("run = 3", "'run' must be a list of texts, or one text for the shell, not '3'");
    with("run = [\"a\", 3]", "2:13 an argument must be a text, not '3'; put it into quotes: \"3\"");
    with("run = [\"a\", \"--lr={lrr}\"]", "2:13 unknown placeholder '{lrr}'; did you mean '{lr}'?");
    with(
        "run = [\"a\", \"x {args}\"]",
        "{args} must be an argument of its own, and here it is part of 'x {args}'",
    );
    with("run = [\"a\", []]", "a group of arguments is empty");
    with("run = [\"a\", [[\"b\"]]]", "a group cannot hold a group");
    with("run = [\"\"]", "the program's name is empty");
    with(
        "run = [\"python train.py\"]",
        "'python train.py' is no program; write one text per argument",
    );
    with("run = [\"{g}\"]", "the program depends on 'g', which is not always active");
    with("run = \"a --g={g}\"", "'g' is not always active; write 'run' as a list");
    with(
        "run = [\"a\", \"{template:x}\"]",
        "there is no template 'x'; name its file as templates = { \"x\" = PATH }",
    );
    with("runn = 1", "unknown key 'runn'; did you mean 'run'?");
    let found = problems("[command]\ncwd = \"x\"\n[objective]\nmetric = \"accuracy\"\n");
    assert!(found.len() == 1 && found[0].starts_with("1:2 'run' is missing"), "{found:?}");
    let found = problems(&format!(
        "function = \"noop\"\n[data]\npath = \"d\"\ntarget = \"y\"\n[models.svm]\n{TRAIN}"
    ));
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn other_keys_with_problems() {
    with("cwd = 3", "'cwd' must be a text, not '3'");
    with("cwd = \"{g}\"", "'g' is not always active; take its 'when' away");
    with("cwd = \"{args}\"", "{args} is for 'run', and 'cwd' is one text");
    with("env = 3", "'env' must be a table like");
    with("env = { \"a b\" = \"\" }", "'a b' is no name of a variable");
    with("env = { DERBY_SEED = \"1\" }", "'DERBY_SEED' begins with DERBY_");
    with("env = { A = [1] }", "an argument must be a text, not a list");
    with("copy = 3", "'copy' must be a list of texts, not '3'");
    with("copy = \"\"", "'copy' names an empty path");
    with("metrics = \"json\"", "unknown source of metrics 'json'; did you mean 'jsonl'?");
    with("metrics = []", "'metrics' is empty");
    with("metrics = [\"jsonl\", \"jsonl\"]", "names a source twice");
    with("metrics = { regex = \"\" }", "'regex' must be a regular expression");
    with("metrics = {}", "neither 'regex' nor 'file' is here");
    with("metrics = { file = \"a.txt\" }", "the extension of 'a.txt' says no format");
    with("metrics = { file = \"a.csv\", regex = 'a' }", "'regex' and 'file' exclude each other");
    with(
        "metrics = { file = \"a.csv\", frmat = 1 }",
        "unknown key 'frmat'; did you mean 'format'?",
    );
    with("grace = 10", "'grace' must be a time above 0");
    with("retries = -1", "'retries' must be a whole number from 0 to 1000, or { failed = 1");
    with(
        "retries = { faild = 1 }",
        "unknown key 'faild'; did you mean 'failed'? [command] retries",
    );
    with(
        "log_limit = \"1B\"",
        "'log_limit' must be a size of at least 1KB like \"64MB\", not '1B'",
    );
    with("templates = 3", "'templates' must be a table like");
    with("templates = { \"../x\" = \"a\" }", "'../x' must be a path inside the run's folder");
    with("templates = { \"output.log\" = \"a\" }", "'output.log' is a file of derby's own");
    with("templates = { x = 3 }", "'x' must be the path of a config file, not '3'");
    with(
        "templates = { x = \"none.yaml\" }",
        "there is no file 'sweeps/none.yaml'; check the path",
    );
}

#[test]
fn parameters_with_problems() {
    let with = |params: &str, part: &str| {
        let found = problems(&format!(
            "[command]\nrun = [\"a\"]\n[params]\n{params}\n[objective]\nmetric = \"accuracy\"\n"
        ));
        assert!(found.len() == 1 && found[0].contains(part), "{part}\n{found:#?}");
    };
    with("\"a-b\" = 1\n\"a.b\" = 2", "5:1 'a-b' and 'a.b' are both DERBY_PARAM_A_B");
    with("\"a b\" = 1", "a parameter's name cannot be empty or hold spaces");
    with("a = \"\\u0000\"", "'a' has a value with a zero byte");
    with("a = { low = 2, high = 1 }", "'low' (2) must be below 'high' (1)");
}

#[test]
fn objectives_of_commands() {
    let with = |objective: &str, part: &str| {
        let found = problems(&format!("[command]\nrun = [\"a\"]\n{objective}\n"));
        assert!(found.len() == 1 && found[0].contains(part), "{part}\n{found:#?}");
    };
    with("", "[objective] is missing; say what to optimize, for example metric = \"val_loss\"");
    with(
        "[objective]\nmetric = \"val_loss\"",
        "4:10 'val_loss' has no known direction; add goal = \"minimize\", as the name suggests",
    );
    with("[objective]\nmetric = \"top1_acc\"", "add goal = \"maximize\", as the name suggests");
    with("[objective]\nmetric = \"x\"", "add goal = \"minimize\" or \"maximize\"");
    with("[objective]\nmetric = \"accuracy\"\nsummary = \"first\"", "unknown summary 'first'");
    with("[objective]\nmetric = \"exit_code\"", "only with metrics = \"exit_code\" in [command]");
    let models = "[objective]\nmetric = \"accuracy\"\nsummary = \"best\"\n[data]\npath = \"d\"\ntarget = \"y\"\n[models.svm]\n";
    let found = problems(models);
    assert!(found.len() == 1 && found[0].contains("3:1 'summary' is for [command]"), "{found:?}");
}

#[test]
fn resources_of_commands() {
    let with = |line: &str, part: &str| {
        let found = problems(&format!("{TRAIN}[resources]\n{line}\n"));
        assert!(found.len() == 1 && found[0].contains(part), "{part}\n{found:#?}");
    };
    with("cpus = 0", "'cpus' must be a whole number from 1");
    with(
        "gpus = 0",
        "'gpus' must be a number above 0, a whole one above 1; leave it out for none, not '0'",
    );
    with("gpus = 1.5", "not '1.5'");
    with("gpus = \"3-1\"", "'gpus' must be devices like \"0-3\"");
    with(
        "gpus = { devices = \"0\", per_run = 2 }",
        "'per_run' (2) is more than the 1 of 'devices'",
    );
    with("isolate = true", "'isolate' is for built-in models");
    with("memory = \"2GB\"", "'memory' is what a built-in model may plan for");
    with("monitor = true", "'monitor' must be a time above 0 like \"10s\", or false, not 'true'");
    let overrides =
        Overrides { gpus: Some("0-1".into()), cpus: Some("3".into()), ..Overrides::default() };
    let sweep = read_as(TRAIN, Format::Toml, &overrides).unwrap();
    assert_eq!(sweep.resources.cpus, Some(3));
    assert_eq!(sweep.resources.gpus.unwrap().devices.unwrap(), ["0", "1"]);
}

#[test]
fn templates_are_read_at_once_and_paths_of_a_base_hold() {
    let folder = tempfile::tempdir().unwrap();
    let shared = folder.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::write(shared.join("c.yaml"), "lr: {lr}\nother: {x}\n").unwrap();
    fs::write(shared.join("plain.yaml"), "lr: 1\n").unwrap();
    let base = "[command]\nrun = [\"a\", \"{template:c.yaml}\"]\ncwd = \"work\"\ncopy = [\"*.py\"]\n\
        templates = { \"c.yaml\" = \"c.yaml\" }\n[params]\nlr = [1, 2]\n[objective]\nmetric = \"accuracy\"\n";
    fs::write(shared.join("base.toml"), base).unwrap();
    let child = folder.path().join("child.toml");
    fs::write(&child, "extends = \"shared/base.toml\"\n").unwrap();
    let sweep = load(&child, &Overrides::default(), &known()).unwrap_or_else(|e| panic!("{e}"));
    let Work::Command(section) = &sweep.work else { panic!("command") };
    assert_eq!(section.cwd, Some(Text(vec![Piece::Literal("shared/work".into())])));
    assert_eq!(section.copy, ["shared/*.py"]);
    assert_eq!(section.templates[0].from, Path::new("shared/c.yaml"));
    assert_eq!(section.templates[0].text.0.len(), 3);
    fs::write(shared.join("c.yaml"), "lr: {lr}\n").unwrap();
    let again = load(&child, &Overrides::default(), &known()).unwrap();
    assert_ne!(again.digest, sweep.digest);
    let text =
        base.replace("\"c.yaml\" }", "\"plain.yaml\" }").replace("\"work\"", "\"{run_dir}\"");
    fs::write(shared.join("base.toml"), text).unwrap();
    let error = load(&child, &Overrides::default(), &known()).unwrap_err().to_string();
    assert!(error.contains("'shared/plain.yaml' has no placeholder like {lr}"), "{error}");
    assert_eq!(error.lines().count(), 2, "{error}");
}
