//! Runs of the shell through every fault that a script may have.

use super::*;
use crate::domain::{MetricPoint, Params, PointBatch, RunId, Summary, Value};
use crate::executor::{Ears, Stop, TIMEOUT};
use crate::host;
use crate::spec::{ConfigTemplate, FileFormat, Invocation, Piece, Retries, Text};
use std::fs;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// A folder with a sweep and its store, and a command in it.
struct Bench {
    folder: TempDir,
    section: CommandSection,
    params: Params,
    gpu_slots: Option<GpuSlots>,
}

fn lit(text: &str) -> Text {
    Text(vec![Piece::Literal(text.into())])
}

fn par(name: &str) -> Text {
    Text(vec![Piece::Param(name.into())])
}

/// A command of the shell; `more` are its `$1` and on.
fn shell(script: &str, more: Vec<Text>) -> Bench {
    let start = ["sh", "-c", script, "script"].map(lit);
    let groups = start.into_iter().chain(more).map(|text| vec![text]).collect();
    let folder = tempfile::tempdir().unwrap();
    let section = CommandSection {
        data: None,
        run: Invocation::Args(groups),
        folder: folder.path().to_path_buf(),
        cwd: None,
        env: Vec::new(),
        copy: Vec::new(),
        templates: Vec::new(),
        metrics: vec![MetricSource::Jsonl],
        summaries: Vec::new(),
        grace: Duration::from_secs(20),
        silence: None,
        retries: Retries { failed: 0, infrastructure: 3 },
        log_limit: 1 << 20,
    };
    Bench { folder, section, params: Params::default(), gpu_slots: None }
}

fn assignment(trial: u64, attempt: u32, params: Params) -> Assignment {
    let run = RunId((trial * 10 + u64::from(attempt)) as i64);
    Assignment { run, trial, attempt, params, seed: 7, replicate: 0 }
}

impl Bench {
    fn work(&self) -> ProcessWork {
        ProcessWork::new(&self.section, self.work_setup()).unwrap()
    }

    fn work_setup(&self) -> ProcessSetup {
        ProcessSetup {
            handed: Vec::new(),
            objectives: vec!["loss".into()],
            store: self.store(),
            checkpoint_key: "key".into(),
            owner: format!("test-{}", self.folder.path().display()),
            cpus: 3,
            gpu_slots: self.gpu_slots.clone(),
            monitor: None,
        }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join(".derby")
    }

    fn run(&self) -> Execution {
        self.run_with(&Control::free())
    }

    fn run_with(&self, control: &Control) -> Execution {
        self.work().run(&assignment(0, 1, self.params.clone()), control)
    }

    /// What the script has written into its artifacts.
    fn artifact(execution: &Execution, name: &str) -> String {
        let kept = execution.artifacts.iter().find(|file| file.name == name);
        let kept = kept.unwrap_or_else(|| panic!("no '{name}' in {execution:?}"));
        String::from_utf8(fs::read(&kept.file).unwrap()).unwrap()
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The process whose id the script wrote into `pid` of its run's folder.
    fn left_behind(&self) -> u32 {
        let folder = run_folder(&self.store(), RunId(1));
        fs::read_to_string(folder.join("pid")).unwrap().trim().parse().unwrap()
    }
}

fn reason(execution: &Execution) -> &str {
    execution.outcome.reason().unwrap_or_else(|| panic!("no reason: {execution:?}"))
}

fn values(execution: &Execution, metric: &str) -> Vec<f64> {
    execution
        .points
        .iter()
        .filter(|point| point.metric == metric)
        .map(|point| point.value)
        .collect()
}

/// Listens, and stops a trial whose value is above a limit.
#[derive(Default)]
struct Listener {
    limit: Option<f64>,
    batches: Mutex<Vec<Heard>>,
}

type Heard = (PointBatch, Vec<(String, Summary)>);

impl Ears for Listener {
    fn hear(&self, _: &Assignment, batch: PointBatch, summaries: Vec<(String, Summary)>) {
        self.batches.lock().unwrap().push((batch, summaries));
    }

    fn judge(&self, _: &Assignment, _: &str, step: i64, value: f64) -> Option<String> {
        let limit = self.limit?;
        (value > limit).then(|| format!("above {limit} at step {step}"))
    }
}

fn heard_by(listener: &Arc<Listener>) -> Control {
    let ears = Arc::clone(listener) as Arc<dyn Ears>;
    Control::free().heard_by(&assignment(0, 1, Params::default()), ears)
}

#[test]
fn metrics_come_and_the_run_is_done() {
    let bench = shell(
        r#"echo '{"step": 4, "loss": 0.5, "acc": 1}'; echo words; echo '{"loss": 0.25}'"#,
        vec![],
    );
    let execution = bench.run();
    assert_eq!((&execution.outcome, execution.exit), (&Outcome::Done, Some(Exit::Code(0))));
    assert_eq!(values(&execution, "loss"), [0.5, 0.25]);
    assert_eq!(execution.summaries[0].0, "loss");
    assert_eq!(execution.score("acc"), Some(1.0));
    let log = Bench::artifact(&execution, "output.log");
    assert_eq!(log.lines().count(), 3);
    assert!(log.lines().nth(1).unwrap().ends_with(" o words"), "{log}");
}

#[test]
fn endings_have_their_reasons() {
    let check = |script: &str, expected: &str, exit: Exit, is_infrastructure: bool| {
        let execution = shell(script, vec![]).run();
        assert_eq!(reason(&execution), expected);
        assert_eq!((execution.exit, execution.is_infrastructure), (Some(exit), is_infrastructure));
    };
    check("echo out; echo bad >&2; exit 3", "exit status 3: bad", Exit::Code(3), false);
    check("exit 75", "exit status 75", Exit::Code(75), true);
    check("kill -SEGV $$", "killed by SIGSEGV", Exit::Signal(11), false);
    let outside = "killed by SIGKILL from outside (out of memory?)";
    check("kill -KILL $$", outside, Exit::Signal(9), true);
    check(r#"echo '{"loss": NaN}'"#, "loss is NaN", Exit::Code(0), false);
    check(":", "loss never came; metrics seen: none; no output", Exit::Code(0), false);
    let never = "loss never came; metrics seen: acc; 2 lines of output, the last: 'bye'";
    check(r#"echo '{"acc": 1}'; echo bye"#, never, Exit::Code(0), false);
    let half = r#"loss never came; metrics seen: none; 1 line of output: '{"loss": 3'"#;
    check(r#"printf '{"loss": 3'"#, half, Exit::Code(0), false);
}

#[test]
fn a_last_line_without_a_newline_counts() {
    let execution = shell(r#"printf '{"loss": 3}'; kill -9 $$"#, vec![]).run();
    assert_eq!(values(&execution, "loss"), [3.0]);
    assert!(reason(&execution).starts_with("killed by SIGKILL"));
}

#[test]
fn garbage_is_output_and_nothing_more() {
    let script = r#"printf '\000\001\377{"loss": 1}\n\000\n\n{"loss": 2}\n{"loss": \n'; head -c 300000 /dev/zero"#;
    let execution = shell(script, vec![]).run();
    assert_eq!((&execution.outcome, values(&execution, "loss")), (&Outcome::Done, vec![2.0]));
}

#[test]
fn one_that_ignores_the_signal_is_killed_after_its_grace() {
    let script = r#"trap '' TERM; echo '{"loss": 9}'; while :; do sleep 1000; done"#;
    let mut bench = shell(script, vec![]);
    bench.section.grace = Duration::from_millis(20);
    let listener = Arc::new(Listener { limit: Some(1.0), ..Listener::default() });
    let execution = bench.run_with(&heard_by(&listener));
    assert_eq!(execution.outcome, Outcome::Pruned { reason: "above 1 at step 0".into() });
    assert_eq!(execution.exit, Some(Exit::Signal(9)));
    let heard = listener.batches.lock().unwrap();
    assert_eq!(heard[0].0.points.len(), 1, "a pruned run keeps its curve");
}

#[test]
fn what_it_says_in_its_grace_is_heard() {
    let script = r#"trap 'echo "{\"loss\": 2}"; exit 0' TERM; echo '{"loss": 9}'; while :; do sleep 0.01; done"#;
    let listener = Arc::new(Listener { limit: Some(1.0), ..Listener::default() });
    let execution = shell(script, vec![]).run_with(&heard_by(&listener));
    assert_eq!(execution.outcome.reason(), Some("above 1 at step 0"));
    assert_eq!(execution.exit, Some(Exit::Code(0)));
    let (_, loss) = &execution.summaries[0];
    assert_eq!((loss.n, loss.last), (2, 2.0));
}

#[test]
fn a_trial_is_pruned_by_its_values_however_fast_it_ends() {
    let listener = Arc::new(Listener { limit: Some(1.0), ..Listener::default() });
    let execution = shell(r#"printf '{"loss": 9}'"#, vec![]).run_with(&heard_by(&listener));
    assert_eq!(execution.outcome.reason(), Some("above 1 at step 0"));
}

#[test]
fn limits_stop_it() {
    let script = r#"echo '{"loss": 1}'; exec sleep 1000"#;
    let late = Control::new(Some(Duration::from_millis(50)), Arc::default());
    let execution = shell(script, vec![]).run_with(&late);
    assert_eq!(execution.outcome, Outcome::Failed { reason: TIMEOUT.into() });
    let stopped = Control::free();
    stopped.stop(Stop::Killed("interrupted".into()));
    let execution = shell(script, vec![]).run_with(&stopped);
    assert_eq!(execution.outcome, Outcome::Killed { reason: "interrupted".into() });
    assert_eq!(execution.exit, None, "it was never started");
    let mut quiet = shell(script, vec![]);
    quiet.section.silence = Some(Duration::from_millis(100));
    assert_eq!(reason(&quiet.run()), "no output for 0.1s (silence)");
}

#[test]
fn a_grandchild_dies_with_it() {
    let check = |script: &str| {
        let bench = shell(script, vec![]);
        let execution = bench.run();
        assert_eq!(execution.outcome, Outcome::Done, "{script}");
        assert!(!host::pid_alive(bench.left_behind(), 0), "{script}");
    };
    // One holds the pipes, one holds nothing, one ignores the first signal.
    let end = r#"echo $! >"$DERBY_RUN_DIR/pid"; echo '{"loss": 1}'"#;
    check(&format!("sleep 1000 & {end}"));
    check(&format!("sleep 1000 >/dev/null 2>&1 & {end}"));
    check(&format!("(trap '' TERM; exec sleep 1000) & {end}"));
}

#[test]
fn one_that_closes_its_output_is_waited_for() {
    let script =
        r#"echo '{"loss": 1}'; exec >&- 2>&-; sleep 0.05; echo x >"$DERBY_ARTIFACTS/late"; exit 7"#;
    let bench = shell(script, vec![]);
    let execution = bench.run();
    assert_eq!(execution.exit, Some(Exit::Code(7)));
    assert_eq!(Bench::artifact(&execution, "late"), "x\n");
}

#[test]
fn values_arrive_as_they_are() {
    let hard = "a  b\n'c' \"d\" $HOME `x` \\ * 'ü' — é";
    let write = r#"printf %s "$DERBY_PARAM_TEXT" >"$DERBY_ARTIFACTS/env"; cp "$DERBY_PARAMS" "$DERBY_ARTIFACTS/json""#;
    let script = format!(r#"printf %s "$1" >"$DERBY_ARTIFACTS/arg"; {write}"#);
    let mut bench = shell(&script, vec![par("text"), par("gone")]);
    bench.params.set("text", Value::Text(hard.into()));
    let check = |bench: &Bench| {
        let execution = bench.run();
        assert_eq!(Bench::artifact(&execution, "arg"), hard);
        assert_eq!(Bench::artifact(&execution, "env"), hard);
        let json: Params = serde_json::from_str(&Bench::artifact(&execution, "json")).unwrap();
        assert_eq!(json, bench.params);
    };
    check(&bench);
    bench.section.run = Invocation::Shell(Text(vec![
        Piece::Literal("printf %s ".into()),
        Piece::Param("text".into()),
        Piece::Literal(format!(r#" >"$DERBY_ARTIFACTS/arg"; {write}"#)),
    ]));
    check(&bench);
    bench.params.set("text", Value::Text("a\0b".into()));
    assert!(reason(&bench.run()).contains("holds a NUL byte"));
}

#[test]
fn the_environment_tells_all() {
    let names = "DERBY_RUN DERBY_TRIAL DERBY_ATTEMPT DERBY_REPLICATE DERBY_SEED OMP_NUM_THREADS \
                 MKL_NUM_THREADS CUDA_VISIBLE_DEVICES PYTHONUNBUFFERED OWN";
    let script = format!(
        r#"for name in {names}; do eval "echo $name=\$$name"; done >"$DERBY_ARTIFACTS/env"
        [ -d "$DERBY_CHECKPOINT" ] && [ -d "$DERBY_RUN_DIR" ] && [ -d "$DERBY_STORE" ] && [ -n "$DERBY_OWNER" ]"#
    );
    let mut bench = shell(&script, vec![]);
    bench.section.env = vec![
        ("OWN".into(), par("lr")),
        ("MKL_NUM_THREADS".into(), lit("1")),
        ("X".into(), par("no")),
    ];
    bench.params.set("lr", Value::Float(1e-5));
    bench.gpu_slots = Some(GpuSlots::new(vec!["5".into(), "6".into()], 1.0).unwrap());
    let execution = bench.run();
    assert_eq!(execution.exit, Some(Exit::Code(0)));
    let expected = "DERBY_RUN=1\nDERBY_TRIAL=0\nDERBY_ATTEMPT=1\nDERBY_REPLICATE=0\nDERBY_SEED=7\n\
                    OMP_NUM_THREADS=3\nMKL_NUM_THREADS=1\nCUDA_VISIBLE_DEVICES=5\nPYTHONUNBUFFERED=1\nOWN=1e-5\n";
    assert_eq!(Bench::artifact(&execution, "env"), expected);
}

#[test]
fn a_run_waits_for_its_gpus_until_it_is_stopped() {
    let mut bench = shell("exit 0", vec![]);
    let slots = GpuSlots::new(vec!["0".into()], 1.0).unwrap();
    let taken = slots.take();
    bench.gpu_slots = Some(slots);
    let control = Control::new(Some(Duration::ZERO), Arc::default());
    assert_eq!(bench.run_with(&control).outcome.reason(), Some(TIMEOUT));
    drop(taken);
    assert_eq!(bench.run().exit, Some(Exit::Code(0)));
}

#[test]
fn templates_and_copies_lie_where_it_starts() {
    let script = r#"cat "$1" lib/a.txt >"$DERBY_ARTIFACTS/all"; echo changed >lib/a.txt; pwd >"$DERBY_ARTIFACTS/pwd""#;
    let mut bench = shell(script, vec![Text(vec![Piece::Template("conf/c.yaml".into())])]);
    bench.file("lib/a.txt", "source\n");
    bench.section.copy = vec!["lib".into()];
    let text = Text(vec![
        Piece::Literal("lr: ".into()),
        Piece::Param("lr".into()),
        Piece::Literal("\nb: { x: 1 }\n".into()),
    ]);
    bench.section.templates =
        vec![ConfigTemplate { name: "conf/c.yaml".into(), from: "c.yaml".into(), text }];
    bench.params.set("lr", Value::Float(0.5));
    let execution = bench.run();
    assert_eq!(Bench::artifact(&execution, "all"), "lr: 0.5\nb: { x: 1 }\nsource\n");
    let source = fs::read_to_string(bench.folder.path().join("lib/a.txt")).unwrap();
    assert_eq!(source, "source\n", "a run has a copy of its own");
    let own = fs::canonicalize(run_folder(&bench.store(), RunId(1))).unwrap();
    assert_eq!(Bench::artifact(&execution, "pwd").trim_end(), own.to_str().unwrap());
}

#[test]
fn files_that_grow_are_read_to_their_end() {
    let script = r#"printf 'step,loss\n1,0.5\n2,0.25' >log.csv; echo '{"acc": 1}' >>"$DERBY_METRICS"; echo '{"loss": 9}'"#;
    let mut bench = shell(script, vec![]);
    bench.section.cwd = Some(Text(vec![Piece::RunDir]));
    bench.section.metrics =
        vec![MetricSource::File { path: lit("log.csv"), format: FileFormat::Csv }];
    let execution = bench.run();
    assert_eq!(execution.outcome, Outcome::Done);
    assert_eq!(values(&execution, "loss"), [0.5, 0.25], "stdout is no source here");
    assert_eq!(values(&execution, "acc"), [1.0], "derby log always is");
}

#[test]
fn an_exit_status_can_be_the_metric() {
    let mut bench = shell(r#"echo '{"loss": 1}'; exit 3"#, vec![]);
    bench.section.metrics = vec![MetricSource::ExitCode, MetricSource::Jsonl];
    let execution = bench.run();
    assert_eq!((&execution.outcome, execution.score("exit_code")), (&Outcome::Done, Some(3.0)));
}

#[test]
fn a_checkpoint_is_the_same_for_the_next_attempt() {
    let script = r#"cat "$DERBY_CHECKPOINT/state" >>"$DERBY_ARTIFACTS/seen"; echo $DERBY_ATTEMPT >"$DERBY_CHECKPOINT/state"; exit 1"#;
    let bench = shell(script, vec![]);
    let work = bench.work();
    let run = |trial, attempt| {
        let execution = work.run(&assignment(trial, attempt, Params::default()), &Control::free());
        Bench::artifact(&execution, "seen")
    };
    assert_eq!((run(0, 1), run(0, 2), run(1, 1)), (String::new(), "1\n".into(), String::new()));
    drop(work);
    assert!(bench.store().join("checkpoints/key/0/state").exists());
}

#[test]
fn artifacts_are_listed_in_order() {
    let script = r#"cd "$DERBY_ARTIFACTS"; mkdir -p b/c; echo 1 >z; echo 2 >b/c/x; echo 3 >a"#;
    let execution = shell(script, vec![]).run();
    let names: Vec<&str> = execution.artifacts.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["a", "b/c/x", "z"]);
}

#[test]
fn runs_that_leave_nothing_leave_nothing() {
    let bench = shell("exit 0", vec![]);
    let work = bench.work();
    for trial in 0..3 {
        let assignment = assignment(trial, 1, Params::default());
        let execution = work.run(&assignment, &Control::free());
        clean_run_folder(&run_folder(&bench.store(), assignment.run), &execution.artifacts);
    }
    drop(work);
    assert_eq!(fs::read_dir(bench.store()).unwrap().count(), 0);
}

#[test]
fn many_values_are_handed_over_in_order_and_complete() {
    let script = r#"awk 'BEGIN { for (i = 0; i < 50000; i++) print "{\"loss\": " i "}" }'"#;
    let listener = Arc::new(Listener::default());
    let execution = shell(script, vec![]).run_with(&heard_by(&listener));
    assert_eq!(execution.outcome, Outcome::Done);
    assert!(execution.points.is_empty());
    let heard = listener.batches.lock().unwrap();
    let all = heard.iter().flat_map(|(batch, _)| batch.points.iter());
    assert!(all.enumerate().all(|(i, point)| (point.step, point.value) == (i as i64, i as f64)));
    let (_, summaries) = heard.last().unwrap();
    assert_eq!((summaries[0].1.n, summaries[0].1.last), (50_000, 49_999.0));
    assert!(heard.len() >= 10);
}

#[test]
fn both_streams_are_read_and_neither_starves() {
    let script =
        r#"(yes out | head -n 200000) & (yes err | head -n 200000) >&2; wait; echo '{"loss": 1}'"#;
    let mut bench = shell(script, vec![]);
    bench.section.log_limit = 1 << 30;
    let execution = bench.run();
    assert_eq!(execution.outcome, Outcome::Done);
    let log = Bench::artifact(&execution, "output.log");
    assert_eq!(log.lines().filter(|line| line.ends_with(" o out")).count(), 200_000);
    assert_eq!(log.lines().filter(|line| line.ends_with(" e err")).count(), 200_000);
}

#[test]
fn problems_are_said_before_the_first_trial() {
    let check = |change: &dyn Fn(&mut CommandSection), expected: &str| {
        let mut bench = shell("exit 0", vec![]);
        bench.file("train.py", "");
        change(&mut bench.section);
        let setup = bench.work_setup();
        let error = ProcessWork::new(&bench.section, setup).map(drop).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let run = |name: &str| Invocation::Args(vec![vec![lit(name)]]);
    check(&|section| section.run = run("no-such-program"), "'no-such-program' is not in PATH");
    check(&|section| section.run = run("./train.py"), "'./train.py' is not executable");
    check(&|section| section.cwd = Some(lit("nowhere")), "cwd: there is no folder '");
    check(&|section| section.copy = vec!["*.r".into()], "copy: '*.r' matches no file");
    check(
        &|section| {
            section.run = run("./train.py");
            section.cwd = Some(Text(vec![Piece::RunDir]));
        },
        "nothing copies it to",
    );
    check(&|section| section.metrics = vec![MetricSource::Regex("(".into())], "(");
    let text = Text(Vec::new());
    check(
        &|section| {
            let (name, from, text) = ("params.json".into(), "a".into(), text.clone());
            section.templates = vec![ConfigTemplate { name, from, text }];
        },
        "derby writes a file of that name",
    );
}

#[test]
fn a_program_that_changes_with_the_configuration_fails_its_run_only() {
    let mut bench = shell("", vec![]);
    bench.section.run = Invocation::Args(vec![vec![par("solver")]]);
    bench.params.set("solver", Value::Text("./gone".into()));
    let execution = bench.run();
    assert!(reason(&execution).contains("'./gone' does not exist"), "{execution:?}");
    assert!(!execution.is_infrastructure && execution.exit.is_none());
}

#[test]
fn the_machine_is_sampled_where_that_is_asked_for() {
    let bench = shell(r#"echo '{"loss": 1}'; sleep 0.3"#, vec![]);
    let setup = ProcessSetup { monitor: Some(Duration::from_millis(20)), ..bench.work_setup() };
    let work = ProcessWork::new(&bench.section, setup).unwrap();
    let execution = work.run(&assignment(0, 1, Params::default()), &Control::free());
    assert_eq!(execution.outcome, Outcome::Done);
    let samples: Vec<&MetricPoint> =
        execution.points.iter().filter(|point| point.metric == "system.memory_mb").collect();
    assert!(samples.len() > 1 && samples[1].step == 1 && samples[0].value > 0.0, "{samples:?}");
    assert_eq!(execution.summaries[0].0, "loss");
    assert!(execution.score("system.memory_mb").is_some_and(|mean| mean > 0.0));
}
