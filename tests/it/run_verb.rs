//! Runs by hand: `derby run`, `log`, `logs`, `artifacts`, and what `show`, `runs` and `plot` make of commands.

use crate::program::{Place, Ran, json, shows};
use std::io::Read;
use std::process::{Child, Command, Stdio};

/// A script's loss over eight steps, on stdout as JSON.
const CURVE: &str =
    r#"for i in 1 2 3 4 5 6 7 8; do echo "{\"step\": $i, \"loss\": 0.$((9 - i))}"; done"#;

/// derby with its own path in BIN, for scripts that call it.
fn derby(place: &Place, args: &[&str]) -> Ran {
    let bin = assert_cmd::cargo::cargo_bin!("derby").to_string_lossy().into_owned();
    place.derby_with(args, &[("BIN", &bin), ("PATH", "/usr/bin:/bin")])
}

fn sh(place: &Place, options: &[&str], script: &str) -> Ran {
    let args: Vec<&str> = ["run"]
        .into_iter()
        .chain(options.iter().copied())
        .chain(["--", "sh", "-c", script])
        .collect();
    derby(place, &args)
}

#[test]
fn a_run_is_recorded_and_its_output_passes_through() {
    let place = Place::new();
    let script =
        "echo \"$DERBY_PARAM_LR {lr} {unknown}\"; echo careful >&2; echo '{\"loss\": 0.25}'";
    let ran = sh(
        &place,
        &[
            "-p",
            "lr=0.1",
            "-p",
            "opt=adam",
            "--name",
            "first",
            "--tag",
            "kind=smoke",
            "--note",
            "by hand",
        ],
        script,
    );
    assert_eq!(ran.out, "0.1 0.1 {unknown}\n{\"loss\": 0.25}\n");
    shows!(place.snapshot(&Ran { out: String::new(), ..ran }), @r"
    exit 0
    stderr
    careful
     run 1 first   done in [time]   loss 0.25   derby show 1
    ");
    let run = json(&place.derby(&["show", "first", "--json"]));
    assert_eq!(run["status"], "done");
    assert_eq!(run["params"], serde_json::json!({ "lr": 0.1, "opt": "adam" }));
    assert_eq!(run["metrics"]["loss"]["score"], 0.25);
    assert_eq!((&run["tags"]["kind"], &run["note"]), (&"smoke".into(), &"by hand".into()));
    assert_eq!((&run["exit_code"], &run["experiment"]), (&0.into(), &"default".into()));
    assert!(!place.path(".derby/runs").exists(), "nothing is left lying about");
}

#[test]
fn the_exit_code_is_the_command_s_own() {
    let place = Place::new();
    let check = |script: &str, code: i32, status: &str, reason: &str| {
        let ran = sh(&place, &[], script);
        assert_eq!(ran.code, code, "{script}: {}", ran.err);
        let runs = json(&place.derby(&["runs", "--json"]));
        assert_eq!(runs[0]["status"], status, "{script}");
        assert_eq!(runs[0]["reason"].as_str().unwrap_or_default(), reason, "{script}");
    };
    check("true", 0, "done", "");
    check("echo no >&2; exit 3", 3, "failed", "exit status 3: no");
    check("kill -SEGV $$", 139, "failed", "killed by SIGSEGV");
    let ran = sh(&place, &["--metrics", "exit_code"], "exit 4");
    assert_eq!(ran.code, 4);
    assert_eq!(json(&place.derby(&["runs", "--json"]))[0]["metrics"]["exit_code"]["score"], 4.0);
    let ran = sh(&place, &["--timeout", "50ms", "-q"], "exec sleep 60");
    assert_eq!((ran.code, ran.err.as_str()), (143, ""));
}

#[test]
fn what_cannot_be_run_is_said_and_not_recorded() {
    let place = Place::new();
    let code = |args: &[&str], code: i32, part: &str| {
        let ran = derby(&place, args);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
        assert!(ran.err.contains(part), "{args:?}: {}", ran.err);
    };
    code(&["run", "--", "no-such-program"], 127, "'no-such-program' is not in PATH");
    code(&["run"], 2, "<COMMAND>");
    code(&["run", "-p", "lr", "--", "true"], 2, "'-p lr' is not NAME=VALUE");
    code(&["run", "-p", "seed=1", "--", "echo", "{seed}"], 2, "both a parameter and derby's own");
    code(&["run", "--metrics", "csv", "--", "true"], 2, "'--metrics csv' is no source of metrics");
    code(&["run", "--metrics", "regex:(", "--", "true"], 2, "(");
    code(&["run", "--timeout", "soon", "--", "true"], 2, "'--timeout soon' must be a time");
    code(&["run", "--resume", "1"], 1, "no store");
    assert!(!place.has_store());
    code(&["run", "--tag", "=x", "--", "true"], 2, "'--tag =x' is no tag");
    code(&["log", "loss=1"], 2, "DERBY_METRICS is not set");
}

#[test]
fn scripts_log_metrics_one_call_at_a_time() {
    let place = Place::new();
    let script = "for i in 1 2 3; do \"$BIN\" log loss=0.$i step=$i; done; \
                  \"$BIN\" log acc=0.5 fold=0; \"$BIN\" log acc=0.7 fold=1; \"$BIN\" log oops || exit 7";
    let ran = sh(&place, &[], script);
    assert_eq!(ran.code, 7);
    assert!(ran.err.contains("'oops' is not NAME=VALUE"), "{}", ran.err);
    let run = json(&place.derby(&["show", "1", "--json"]));
    assert_eq!(run["metrics"]["loss"]["n"], 3);
    assert_eq!(run["metrics"]["loss"]["last"], 0.3);
    assert_eq!(run["metrics"]["acc"]["score"], 0.6);
}

#[test]
fn a_run_is_tried_again_from_its_checkpoint() {
    let place = Place::new();
    let script = "echo \"$DERBY_ATTEMPT {lr} $DERBY_SEED\"; test -e {checkpoint}/half && exit 0; \
                  touch {checkpoint}/half; exit 5";
    let ran =
        sh(&place, &["-p", "lr=0.5", "--seed", "9", "--tag", "a", "--experiment", "mine"], script);
    assert_eq!((ran.code, ran.out.as_str()), (5, "1 0.5 9\n"));
    let ran = derby(&place, &["run", "--resume", "1"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "2 0.5 9\n"), "{}", ran.err);
    let ran = derby(&place, &["run", "--resume", "2", "-p", "lr=0.25"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "3 0.25 9\n"), "{}", ran.err);
    let run = json(&place.derby(&["show", "2", "--json"]));
    assert_eq!((&run["attempt"], &run["experiment"]), (&2.into(), &"mine".into()));
    assert_eq!(run["tags"]["a"], "");
    let shown = place.shown("show 3");
    assert!(shown.contains(" experiment   mine   attempt 3, after run 2"), "{shown}");
}

#[test]
fn output_is_printed_again() {
    let place = Place::new();
    let script = "echo one; echo two >&2; printf '\\033[31mred\\377'; printf last";
    // derby passes the bytes on as they are, which is no text.
    let run = ["run", "-q", "--", "sh", "-c", script];
    let mut command = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("derby"));
    command.env_clear().current_dir(place.path(".")).args(run).assert().success();
    let bytes = |args: &[&str]| {
        let mut command = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("derby"));
        command.env_clear().current_dir(place.path(".")).arg("logs").arg("1").args(args);
        command.output().unwrap().stdout
    };
    assert_eq!(bytes(&["--stdout"]), b"one\n\x1b[31mred\xfflast");
    assert_eq!(bytes(&["--stderr"]), b"two\n");
    assert_eq!(bytes(&["--stdout", "-n", "1"]), b"\x1b[31mred\xfflast");
    assert_eq!(bytes(&["-f", "--stderr"]), b"two\n", "a run that is over is followed to its end");
    let timed = String::from_utf8_lossy(&bytes(&["--times", "--stderr"])).into_owned();
    assert!(timed.ends_with("  err  two\n") && timed.contains("0."), "{timed}");
    assert_eq!(sh(&place, &["-q"], "true").code, 0);
    shows!(place.shown("logs 2"), @r"
    exit 0
    stderr
     run 2 [name] printed nothing
    ");
}

#[test]
fn files_are_listed_printed_and_copied() {
    let place = Place::new();
    let script = "mkdir $DERBY_ARTIFACTS/plots; printf abc > $DERBY_ARTIFACTS/model.bin; \
                  echo x > $DERBY_ARTIFACTS/plots/a.txt";
    assert_eq!(sh(&place, &["-q"], script).code, 0);
    shows!(place.shown("artifacts 1"), @r"
    exit 0
     FILE         SIZE  DIGEST
     model.bin     3 B  b3:6437b3ac3846
     plots/a.txt   2 B  b3:44c77418e275
     next  derby artifacts 1 model.bin -o FILE
    ");
    assert_eq!(place.derby(&["artifacts", "1", "model.bin"]).out, "abc");
    let files = json(&place.derby(&["artifacts", "1", "--json"]));
    assert_eq!((&files[1]["path"], &files[1]["size"]), (&"plots/a.txt".into(), &2.into()));
    shows!(place.shown("artifacts 1 model.bi"), @r"
    exit 1
    stderr
    error: run 1 has no file 'model.bi'
    hint: did you mean 'model.bin'?
    ");
    shows!(place.shown("artifacts 1 -o out"), @r"
    exit 0
     wrote  2 files, 5 B, to out
    ");
    assert_eq!(std::fs::read_to_string(place.path("out/plots/a.txt")).unwrap(), "x\n");
    shows!(place.shown("artifacts 1 model.bin -o out/model.bin"), @r"
    exit 1
    stderr
    error: 'out/model.bin' exists already
    hint: --force replaces it
    ");
}

#[test]
fn curves_are_shown_and_drawn() {
    let place = Place::new();
    assert_eq!(sh(&place, &["-p", "lr=0.1", "-q", "--monitor", "false"], CURVE).code, 0);
    assert_eq!(sh(&place, &["-p", "lr=0.2", "-q", "--monitor", "false"], CURVE).code, 0);
    let shown = place.shown("show 1");
    let part = shown.split(" code ").next().unwrap();
    shows!(part, @r"
    exit 0
     run 1 [name] done
     exit         status 0
     experiment   default
     parameters   lr  0.1
     metrics      loss  0.1
     curves       loss  █▇▆▅▄▃▂▁  0.8 → 0.1  0.1 to 0.8   8 values
    ");
    assert!(shown.contains(" next  derby logs 1\n"), "{shown}");
    shows!(place.shown("plot curves 1 2 -o c.svg"), @r"
    exit 0
     wrote  c.svg
    ");
    let text = std::fs::read_to_string(place.path("c.svg")).unwrap();
    assert!(text.contains("runs 1, 2") && text.contains("loss"));
    shows!(place.shown("plot curves 1 --metric los -o c.svg"), @r"
    exit 2
    stderr
    error: no run here has a metric 'los'
    hint: did you mean 'loss'?
    ");
}

#[test]
fn replicates_are_one_row() {
    let place = Place::new();
    place.write(
        "twice.toml",
        r#"
name = "twice"
[objective]
metric = "loss"
goal = "minimize"
[command]
run = ["sh", "-c", "echo '{{\"loss\": '$(( $DERBY_PARAM_X * 10 + $DERBY_REPLICATE ))'}}'"]
[params]
x = [1, 2]
[search]
sampler = "grid"
replicates = 2
[resources]
jobs = 1
monitor = false
"#,
    );
    let ran = derby(&place, &["sweep", "twice.toml", "-q"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    shows!(place.shown("runs"), @r"
    exit 0
     RUN         LOSS  N  X TIME  AGE
       1  10.5 ± 0.71  2  1 [time]   0s
       3  20.5 ± 0.71  2  2 [time]   0s
     2 of 2
    ");
    let each = place.shown("runs --each");
    assert!(each.contains("REPLICATE") && each.contains("4 of 4"), "{each}");
    assert_eq!(json(&place.derby(&["runs", "--json"])).as_array().unwrap().len(), 4);
    let best = place.shown("best");
    assert!(best.contains("10.5 ± 0.71"), "{best}");
    assert_eq!(json(&place.derby(&["best", "--json"])).as_array().unwrap().len(), 2);
}

/// derby in the background, where its child has said that it is ready.
fn started(place: &Place, script: &str) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("derby"));
    command.env_clear().current_dir(place.path(".")).env("PATH", "/usr/bin:/bin");
    command.args(["run", "--", "sh", "-c", script]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut ready = [0; 6];
    child.stdout.as_mut().unwrap().read_exact(&mut ready).unwrap();
    assert_eq!(&ready, b"ready\n");
    child
}

#[test]
fn ctrl_c_ends_the_command_and_is_recorded() {
    let place = Place::new();
    let child =
        started(&place, "trap 'echo bye; exit 9' TERM; echo ready; while :; do sleep 0.05; done");
    let pid = i32::try_from(child.id()).unwrap();
    let signal = nix::sys::signal::Signal::SIGINT;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "bye\n");
    let run = json(&place.derby(&["show", "1", "--json"]));
    assert_eq!((&run["status"], &run["reason"]), (&"killed".into(), &"interrupted".into()));
    assert_eq!(run["exit_code"], 9);
    assert_eq!(place.derby(&["logs", "1", "--stdout"]).out, "ready\nbye\n");
}

#[test]
fn following_a_run_whose_process_is_gone_ends() {
    let place = crate::crash::Place::new();
    let mut store = crate::driving::open(place.path("").as_path());
    let (params, context) = (derby::domain::Params::default(), derby::store::RunContext::default());
    let lost = derby::store::NewRun {
        sweep: None,
        trial: None,
        attempt: 1,
        replicate: 0,
        is_queued: false,
        experiment: "by hand",
        name: Some("lost"),
        params: &params,
        seed: None,
        context: &context,
        owner: &crate::driving::dead_owner(),
        cached_from: None,
        parent: None,
    };
    store.start_run(&lost).unwrap();
    drop(store);
    let output = place.run(&["logs", "lost", "-f"]);
    let said = crate::crash::stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("lost its process"), "{said}");
}
