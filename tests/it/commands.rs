//! Scripts as trials, the way people's scripts misbehave: every end has its reason, nothing is left running,
//! and what derby promises to a script arrives there.
#![cfg(target_os = "linux")]

use crate::crash::{Place, send, stderr, wait_for};
use crate::driving::assert_each_ran_once;
use derby::domain::{RunRecord, Status};
use derby::store::{Query, Store};
use nix::sys::signal::Signal;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Output, Stdio};

/// A place where `sh train.sh X` is swept; `more` goes into the sweep file, with dotted keys.
pub(crate) fn scripted(script: &str, trials: u64, more: &str) -> Place {
    let place = Place::with_sweep(&format!(
        "name = \"cmd\"\ncommand.run = [\"sh\", \"train.sh\", \"{{x}}\"]\n\
         objective = {{ metric = \"loss\", goal = \"minimize\" }}\n\
         params.x = {{ low = -1.0, high = 1.0 }}\n\
         search.sampler = \"random\"\nsearch.seed = 3\nbudget.trials = {trials}\n{more}"
    ));
    // Every script says that it has started, and ends with a loss if nothing ends it before.
    let text = format!(
        "echo \"$DERBY_TRIAL $DERBY_REPLICATE $DERBY_ATTEMPT $DERBY_SEED $DERBY_OWNER\" >>started\n\
         {script}\necho \"{{\\\"loss\\\": $1}}\"\n"
    );
    fs::write(place.path("train.sh"), text).unwrap();
    place
}

/// What a script has said of its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Started {
    pub(crate) trial: u64,
    pub(crate) replicate: u32,
    pub(crate) attempt: u32,
    pub(crate) seed: u64,
    pub(crate) owner: String,
}

/// The starts of all scripts, in their order.
pub(crate) fn started(place: &Place) -> Vec<Started> {
    let text = fs::read_to_string(place.path("started")).unwrap_or_default();
    let starts = text.lines().map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        Started {
            trial: words[0].parse().unwrap(),
            replicate: words[1].parse().unwrap(),
            attempt: words[2].parse().unwrap(),
            seed: words[3].parse().unwrap(),
            owner: words[4].into(),
        }
    });
    starts.collect()
}

/// The processes of the place's runs, whatever session they are in; zombies have no environment.
pub(crate) fn survivors(place: &Place) -> Vec<u32> {
    let store = format!("DERBY_STORE={}", place.path(".derby").display());
    let is_run = |pid: &u32| {
        let Ok(environ) = fs::read(format!("/proc/{pid}/environ")) else { return false };
        let mut entries = environ.split(|byte| *byte == 0);
        entries.clone().any(|entry| entry == store.as_bytes())
            && entries.any(|entry| entry.starts_with(b"DERBY_RUN_KEY="))
    };
    let pids = fs::read_dir("/proc").unwrap().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(is_run).collect()
}

/// Makes an empty file that scripts look for.
pub(crate) fn touch(place: &Place, name: &str) {
    fs::write(place.path(name), "").unwrap();
}

/// Every run, oldest first.
pub(crate) fn runs(store: &Store) -> Vec<RunRecord> {
    let mut runs = store.runs(&Query::default()).unwrap();
    runs.sort_by_key(|run| run.id);
    runs
}

/// A derby process at work; a test that fails does not leave it behind.
pub(crate) struct Derby(Option<Child>);

impl Derby {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(Some(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()))
    }

    /// A sweep at work.
    pub(crate) fn sweep(place: &Place, args: &[&str]) -> Self {
        Self::start(&mut place.derby(&[&["sweep", "sweep.toml"], args].concat()))
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        self.0.as_mut().unwrap()
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        send(self.child(), signal);
    }

    /// As nobody can prevent it.
    pub(crate) fn kill(&mut self) {
        self.child().kill().unwrap();
        self.child().wait().unwrap();
    }

    /// Waits until it has said this on stderr.
    pub(crate) fn hear(&mut self, words: &str) {
        let stream = self.child().stderr.as_mut().unwrap();
        let mut said = Vec::new();
        while !said.ends_with(words.as_bytes()) {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap_or_else(|_| {
                panic!("'{words}' is not in: {}", String::from_utf8_lossy(&said));
            });
            said.push(byte[0]);
        }
    }

    /// Waits for its end, and not for ever.
    pub(crate) fn output(mut self) -> Output {
        wait_for(|| self.child().try_wait().unwrap().is_some());
        self.0.take().unwrap().wait_with_output().unwrap()
    }
}

impl Drop for Derby {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // It may have ended.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Sweeps to the end; the report.
pub(crate) fn sweep(place: &Place, args: &[&str]) -> serde_json::Value {
    let all = [&["sweep", "sweep.toml", "--json"], args].concat();
    serde_json::from_str(&place.succeed(&all)).unwrap()
}

/// The store is sound and every trial in it has ended once.
pub(crate) fn assert_sound(place: &Place) {
    let said = place.succeed(&["store", "check"]);
    assert!(said.contains("is sound"), "{said}");
    assert_each_ran_once(&place.store());
    assert_nobody(place);
}

/// No process of the place's runs is left.
pub(crate) fn assert_nobody(place: &Place) {
    let left = survivors(place).into_iter();
    let name = |pid| fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let names: Vec<String> = left.map(name).collect();
    assert!(names.is_empty(), "left running: {names:?}");
}

fn artifact(store: &Store, run: &RunRecord, name: &str) -> String {
    let mut text = String::new();
    let file = store.open_artifact(run.id, name).unwrap();
    file.unwrap_or_else(|| panic!("no {name}")).read_to_string(&mut text).unwrap();
    text
}

/// One `error:` line with these words.
pub(crate) fn assert_error(output: &Output, exit: i32, words: &[&str]) {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(exit), "{text}");
    let errors: Vec<&str> = text.lines().filter(|line| line.starts_with("error:")).collect();
    assert_eq!(errors.len(), 1, "{text}");
    for word in words {
        assert!(errors[0].contains(word), "'{word}' is not in: {}", errors[0]);
    }
    assert!(!text.contains("panicked"), "{text}");
}

#[test]
fn every_way_to_end_has_its_reason() {
    let script = r#"case $DERBY_TRIAL in
        0) echo oops >&2; exit 3;;
        1) kill -SEGV $$;;
        2) printf '{"loss": 0.5'; exit 4;;
        3) printf '{"loss": 0.25}'; exit 0;;
        4) exec >&- 2>&-; echo late >"$DERBY_ARTIFACTS/late"; exit 5;;
        5) sleep 1000 & setsid sleep 1000 & echo '{"loss": 0.125}'; exit 0;;
        6) echo '{"loss": NaN}'; exit 0;;
        7) echo '{"acc": 1}'; echo bye; exit 0;;
        8) (sleep 1000; echo never) & kill -9 $$;;
        9) exit 75;;
    esac"#;
    let place = scripted(script, 11, "command.retries = { infrastructure = 1 }\n");
    let report = sweep(&place, &["--jobs", "2"]);
    assert_eq!((&report["done"], &report["failed"]), (&3.into(), &8.into()));
    assert_sound(&place);
    let store = place.store();
    let last = |trial: u64| runs(&store).into_iter().rfind(|run| run.trial == Some(trial)).unwrap();
    let check = |trial: u64, reason: Option<&str>, exit: (Option<i32>, Option<i32>)| {
        let run = last(trial);
        let found = (run.reason.as_deref(), (run.exit_code, run.exit_signal));
        assert_eq!(found, (reason, exit), "trial {trial}");
        let expected = if reason.is_none() { Status::Done } else { Status::Failed };
        assert_eq!(run.status, expected, "trial {trial}");
        run
    };
    check(0, Some("exit status 3: oops"), (Some(3), None));
    check(1, Some("killed by SIGSEGV"), (None, Some(11)));
    check(2, Some(r#"exit status 4: {"loss": 0.5"#), (Some(4), None));
    check(3, None, (Some(0), None));
    let late = check(4, Some("exit status 5"), (Some(5), None));
    assert_eq!(artifact(&store, &late, "late"), "late\n");
    check(5, None, (Some(0), None));
    check(6, Some("loss is NaN"), (Some(0), None));
    let never = "loss never came; metrics seen: acc; 2 lines of output, the last: 'bye'";
    check(7, Some(never), (Some(0), None));
    let killed = "killed by SIGKILL from outside (out of memory?)";
    assert_eq!(check(8, Some(killed), (None, Some(9))).attempt, 2);
    assert_eq!(check(9, Some("exit status 75"), (Some(75), None)).attempt, 2);
    check(10, None, (Some(0), None));
    let attempts = started(&place).iter().filter(|start| start.attempt > 1).count();
    assert_eq!(attempts, 2, "own failures are not tried again");
}

#[test]
fn limits_end_a_script_that_ignores_signals() {
    let script =
        r#"trap '' TERM; (setsid sleep 1000) & echo '{"loss": 1}'; while :; do sleep 1000; done"#;
    let limits = "command.grace = \"0.05s\"\nresources.timeout = \"0.3s\"\n";
    let place = scripted(script, 1, limits);
    let output = place.run(&["sweep", "sweep.toml", "--jobs", "1", "--quiet"]);
    assert_error(&output, 1, &["no score from 1 trial", "ran past its time limit"]);
    assert_sound(&place);
    let run = runs(&place.store()).remove(0);
    assert_eq!((run.status, run.exit_signal), (Status::Failed, Some(9)));
    assert_eq!(place.store().series(run.id, "loss").unwrap().len(), 1, "its curve is kept");

    let place = scripted("exec sleep 1000", 1, "command.silence = \"0.2s\"\n");
    let output = place.run(&["sweep", "sweep.toml", "--jobs", "1", "--quiet"]);
    assert_error(&output, 1, &["no output for 0.2s (silence)"]);
    assert_sound(&place);
}

#[test]
fn failures_are_tried_again_by_policy_and_on_demand() {
    let script = r"case $DERBY_TRIAL-$DERBY_ATTEMPT in
        1-1|1-2) exit 1;;
        2-*) [ -e mended ] || exit 2;;
        3-1) kill -9 $$;;
    esac";
    let place = scripted(script, 5, "command.retries = 2\n");
    let report = sweep(&place, &["--jobs", "2"]);
    assert_eq!((&report["done"], &report["failed"]), (&4.into(), &1.into()));
    let attempts = |trial: u64| {
        let of = |start: &Started| (start.trial == trial).then_some(start.attempt);
        started(&place).iter().filter_map(of).collect::<Vec<_>>()
    };
    let all: Vec<Vec<u32>> = (0..5).map(attempts).collect();
    assert_eq!(all, [vec![1], vec![1, 2, 3], vec![1, 2, 3], vec![1, 2], vec![1]]);
    let report = sweep(&place, &[]);
    assert_eq!(report["failed"], 1, "only on demand");
    touch(&place, "mended");
    let report = sweep(&place, &["--retry-failed"]);
    assert_eq!((&report["done"], &report["failed"]), (&5.into(), &0.into()));
    assert_eq!((attempts(2), started(&place).len()), (vec![1, 2, 3, 4], 11));
    assert_nobody(&place);
}

#[test]
fn a_metric_that_never_comes_is_named() {
    let place = scripted("echo '{\"acc\": 1, \"f1\": 2}'; echo epoch 1; exit 0", 3, "");
    let output = place.run(&["sweep", "sweep.toml", "--jobs", "1", "--quiet"]);
    let never = "loss never came; metrics seen: acc, f1; 2 lines of output, the last: 'epoch 1'";
    assert_error(&output, 1, &["no score from 3 trials", never]);
    let said = stderr(&output);
    let hint = "hint: derby runs 'sweep:cmd status:failed' --columns reason";
    assert!(said.contains(hint), "{said}");
    let listed = place.succeed(&["runs", "sweep:cmd status:failed", "--columns", "reason"]);
    assert!(listed.contains("loss never came"), "{listed}");
    assert_sound(&place);
}

#[test]
fn a_program_that_cannot_start_is_said_before_the_first_trial() {
    let check = |program: &str, mode: Option<u32>, text: &str, words: &[&str]| {
        let run = format!("command.run = [\"{program}\", \"{{x}}\"]\n");
        let place = Place::with_sweep(&format!(
            "name = \"cmd\"\n{run}objective = {{ metric = \"loss\", goal = \"minimize\" }}\n\
             params.x = {{ low = 0.0, high = 1.0 }}\nbudget.trials = 3\n"
        ));
        if let Some(mode) = mode {
            fs::write(place.path("train"), text).unwrap();
            fs::set_permissions(place.path("train"), fs::Permissions::from_mode(mode)).unwrap();
        }
        assert_error(&place.run(&["sweep", "sweep.toml"]), 2, words);
        assert!(!place.path(".derby").exists(), "a store was made");
        assert_error(&place.run(&["check", "sweep.toml"]), 2, words);
        assert!(!place.path(".derby").exists(), "a store was made");
    };
    check("no-such-program", None, "", &["'no-such-program' is not in PATH"]);
    check("./train", None, "", &["'./train' does not exist"]);
    check("./train", Some(0o644), "#!/bin/sh\n", &["'./train' is not executable", "chmod +x"]);
    let lost = "#!/no/such/python -u\n";
    check("./train", Some(0o755), lost, &["'./train'", "'/no/such/python' cannot be executed"]);
    let lost = "#!/usr/bin/env python9\n";
    check("./train", Some(0o755), lost, &["'python9' is not in PATH"]);
}

#[test]
fn replicates_have_seeds_of_their_own() {
    let place = scripted("set -- $(($DERBY_SEED - $DERBY_TRIAL))", 2, "search.replicates = 3\n");
    let report = sweep(&place, &["--jobs", "2"]);
    assert_eq!(report["done"], 2);
    let mut starts = started(&place);
    starts.sort_by_key(|start| (start.trial, start.replicate));
    let seeds: Vec<_> =
        starts.iter().map(|start| (start.trial, start.replicate, start.seed)).collect();
    assert_eq!(seeds, [(0, 0, 3), (0, 1, 4), (0, 2, 5), (1, 0, 3), (1, 1, 4), (1, 2, 5)]);
    let store = place.store();
    let trials = crate::driving::trials(&store);
    let scores: Vec<_> = trials.iter().map(|trial| (trial.loss, trial.sd)).collect();
    assert_eq!(scores, [(Some(4.0), Some(1.0)), (Some(3.0), Some(1.0))]);
}

#[test]
fn what_a_script_leaves_is_kept() {
    let script = r#"mkdir -p "$DERBY_ARTIFACTS/model"; echo weights >"$DERBY_ARTIFACTS/model/w.txt"
        echo out 1; echo err 1 >&2; printf '\000\377' >&2
        echo '{"loss": 1}'; printf half; exit 0"#;
    let place = scripted(script, 1, "");
    sweep(&place, &["--jobs", "1"]);
    assert_sound(&place);
    let store = place.store();
    let run = runs(&store).remove(0);
    let kept: Vec<String> =
        store.artifacts(run.id).unwrap().into_iter().map(|artifact| artifact.path).collect();
    assert_eq!(kept, ["model/w.txt", "output.log"]);
    assert_eq!(artifact(&store, &run, "model/w.txt"), "weights\n");
    let mut log = Vec::new();
    store.open_artifact(run.id, "output.log").unwrap().unwrap().read_to_end(&mut log).unwrap();
    let mut said: Vec<Vec<u8>> = log
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| line.splitn(2, |byte| *byte == b' ').nth(1).unwrap().to_vec())
        .collect();
    // The order of two pipes is nobody's promise.
    said.sort();
    let expected: [&[u8]; 5] =
        [b"E \x00\xff", b"O half", b"e err 1", b"o out 1", b"o {\"loss\": 1}"];
    let mut expected = expected.map(<[u8]>::to_vec);
    expected.sort();
    assert_eq!(said, expected);
    assert!(!place.path(".derby/runs").exists(), "folders are cleaned up");
}

#[test]
fn a_script_goes_on_from_its_checkpoint() {
    let script = r#"state="$DERBY_CHECKPOINT/epoch"; from=$(cat "$state" 2>/dev/null || echo 0)
        echo "$DERBY_TRIAL from $from" >>epochs
        for epoch in $(seq $((from + 1)) 6); do
            echo "{\"loss\": $epoch, \"step\": $epoch}"; echo $epoch >"$state"
            [ $DERBY_TRIAL-$epoch-$DERBY_ATTEMPT != 0-2-1 ] || kill -9 $$
            [ $DERBY_TRIAL-$epoch-$DERBY_ATTEMPT != 1-4-1 ] || kill -9 $PPID $$
        done; exit 0"#;
    let place = scripted(script, 2, "");
    let output = place.run(&["sweep", "sweep.toml", "--jobs", "1", "--quiet"]);
    assert_eq!(output.status.code(), None, "the script has killed derby");
    wait_for(|| survivors(&place).is_empty());
    let report = sweep(&place, &["--jobs", "1"]);
    assert_eq!(report["done"], 2);
    assert_sound(&place);
    let epochs = fs::read_to_string(place.path("epochs")).unwrap();
    assert_eq!(epochs, "0 from 0\n0 from 2\n1 from 0\n1 from 4\n");
}

#[test]
fn odd_values_arrive_as_they_are() {
    let odd = ["it's", "a  \"b\" $HOME `x` \\n *", "é\nü — '; rm -rf x", "--flag=1", "{lr} %s"];
    let list: Vec<String> = odd.iter().map(|text| serde_json::json!(text).to_string()).collect();
    let keep = r#"printf %s "$DERBY_PARAM_A_B_C" >"$DERBY_ARTIFACTS/env"; cp "$DERBY_PARAMS" "$DERBY_ARTIFACTS/json"; echo '{"loss": 1}'"#;
    let check = |run: &str| {
        let place = Place::with_sweep(&format!(
            "name = \"odd\"\n{run}\nobjective = {{ metric = \"loss\", goal = \"minimize\" }}\n\
             params.\"a.b-c\" = [{}]\nsearch.sampler = \"grid\"\n",
            list.join(", ")
        ));
        fs::write(
            place.path("keep.sh"),
            format!("printf %s \"$1\" >\"$DERBY_ARTIFACTS/arg\"; {keep}"),
        )
        .unwrap();
        let report = sweep(&place, &["--jobs", "2"]);
        assert_eq!(report["done"], odd.len(), "{report}");
        let store = place.store();
        let mut seen = Vec::new();
        for run in runs(&store) {
            let value = run.params.get("a.b-c").unwrap().to_string();
            assert_eq!(artifact(&store, &run, "arg"), value);
            assert_eq!(artifact(&store, &run, "env"), value);
            let json: serde_json::Value =
                serde_json::from_str(&artifact(&store, &run, "json")).unwrap();
            assert_eq!(json["a.b-c"], value.as_str());
            seen.push(value);
        }
        assert!(odd.iter().all(|value| seen.iter().any(|seen| seen == value)), "{seen:?}");
        assert_sound(&place);
    };
    check("command.run = [\"sh\", \"keep.sh\", \"{a.b-c}\"]");
    check("command.run = \"sh keep.sh {a.b-c}\"");
}

#[test]
fn templates_copies_and_folders() {
    let place = scripted(
        r#"cat conf/c.yaml lib/a.txt >"$DERBY_ARTIFACTS/all"; echo "$OWN" >>"$DERBY_ARTIFACTS/all"
        pwd >"$DERBY_ARTIFACTS/pwd"; echo changed >lib/a.txt"#,
        2,
        "command.copy = [\"lib\", \"train.sh\"]\ncommand.templates = { \"conf/c.yaml\" = \"c.yaml\" }\n\
         command.env = { OWN = \"x is {x}\" }\n",
    );
    fs::create_dir(place.path("lib")).unwrap();
    fs::write(place.path("lib/a.txt"), "source\n").unwrap();
    fs::write(place.path("c.yaml"), "x: {x}\nkeep: { y: 1 }\n").unwrap();
    sweep(&place, &["--jobs", "2"]);
    let store = place.store();
    for run in runs(&store) {
        let x = run.params.get("x").unwrap();
        let expected = format!("x: {x}\nkeep: {{ y: 1 }}\nsource\nx is {x}\n");
        assert_eq!(artifact(&store, &run, "all"), expected);
        let own = fs::canonicalize(place.path(".derby/runs").join(run.id.to_string())).unwrap();
        assert_eq!(artifact(&store, &run, "pwd").trim_end(), own.to_str().unwrap());
    }
    assert_eq!(fs::read_to_string(place.path("lib/a.txt")).unwrap(), "source\n");
    assert!(!place.path("started").exists(), "each starts in a folder of its own");
    assert_sound(&place);

    let place = scripted("pwd >\"$DERBY_ARTIFACTS/pwd\"", 1, "command.cwd = \"work\"\n");
    fs::create_dir(place.path("work")).unwrap();
    fs::rename(place.path("train.sh"), place.path("work/train.sh")).unwrap();
    sweep(&place, &["--jobs", "1"]);
    let store = place.store();
    let work = fs::canonicalize(place.path("work")).unwrap();
    let pwd = artifact(&store, &runs(&store)[0], "pwd");
    assert_eq!(pwd.trim_end(), work.to_str().unwrap());
}

#[test]
fn a_script_logs_from_inside() {
    let program = env!("CARGO_BIN_EXE_derby");
    let script = format!(
        "for step in 1 2 3; do '{program}' log loss=$1$step step=$step || exit 9; done; exit 0"
    );
    let place = scripted(&script, 2, "");
    sweep(&place, &["--jobs", "2"]);
    let store = place.store();
    for run in runs(&store) {
        let x = run.params.get("x").unwrap().to_string();
        let curve: Vec<_> =
            store.series(run.id, "loss").unwrap().iter().map(|at| (at.step, at.value)).collect();
        let value = |step: i64| format!("{x}{step}").parse::<f64>().unwrap();
        assert_eq!(curve, [(1, value(1)), (2, value(2)), (3, value(3))]);
    }
    assert_sound(&place);
}
