//! Sweeps of scripts that are killed, interrupted, shared, starved of disk or set back in time: nobody is left
//! running, nothing recorded is lost, and the same command finishes exactly what is missing.
#![cfg(target_os = "linux")]

use crate::commands::{
    Derby, assert_error, assert_nobody, assert_sound, runs, scripted, started, survivors, sweep,
    touch,
};
use crate::crash::{Place, stderr, wait_for};
use crate::driving::trials;
use derby::domain::Status;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Output;

/// Trial 0 has a grandchild in its group and one in a session of its own, and waits; the others end once those
/// are up. With `go` nobody waits, and whoever finds one of the old ones alive says so.
const FAMILY: &str = r#"if [ -e go ]; then
        for name in near far; do
            [ -e $name ] && grep -qz '^DERBY_RUN=' "/proc/$(cat $name)/environ" 2>/dev/null && echo $name >>strays
        done
    elif [ $DERBY_TRIAL = 0 ]; then
        sh -c 'echo $$ >near; exec sleep 1000' &
        setsid sh -c 'echo $$ >far; exec sleep 1000' &
        while [ ! -s near ] || [ ! -s far ]; do sleep 0.01; done
        touch up
        exec sleep 1000
    else
        while [ ! -e up ]; do sleep 0.01; done
    fi"#;

const N_TRIALS: u64 = 8;

fn n_done(place: &Place) -> u64 {
    let is_done = |status: Option<Status>| status == Some(Status::Done);
    trials(&place.store()).iter().filter(|trial| is_done(trial.status)).count() as u64
}

/// The same command with `go`: it starts what is missing and nothing else.
fn finish(place: &Place, n_trials: u64) {
    let (before, n_started) = (n_done(place), started(place).len());
    touch(place, "go");
    let report = sweep(place, &["--jobs", "2"]);
    assert_eq!(report["done"], n_trials);
    assert_eq!(started(place).len() - n_started, (n_trials - before) as usize);
    assert!(!place.path("strays").exists(), "an old process was alive when a new one started");
    assert_sound(place);
    assert_eq!(n_done(place), n_trials);
}

#[test]
fn killed_anywhere_no_process_survives_and_what_is_missing_is_finished() {
    // The point, how often it is passed, and how many trials are recorded as done and as running then.
    let points =
        [("asked", 6, 4, 1), ("claimed", 6, 4, 2), ("ended", 3, 2, 2), ("recorded", 3, 3, 1)];
    for (point, count, done, running) in points {
        let place = scripted(FAMILY, N_TRIALS, "");
        let mut command = place.derby(&["sweep", "sweep.toml", "--jobs", "2", "--quiet"]);
        let output = command.env("DERBY_FAULT", format!("{point}:{count}")).output().unwrap();
        assert_eq!(output.status.signal(), Some(9), "{point}: {}", stderr(&output));
        wait_for(|| survivors(&place).is_empty());
        let states: Vec<Status> = runs(&place.store()).iter().map(|run| run.status).collect();
        let n = |status: Status| states.iter().filter(|found| **found == status).count();
        assert_eq!((n(Status::Done), n(Status::Running)), (done, running), "{point}");
        finish(&place, N_TRIALS);
        let killed = runs(&place.store()).iter().filter(|run| run.status == Status::Killed).count();
        assert_eq!(killed, running, "{point}");
    }
}

/// The reaper of a derby process.
fn reaper_of(derby: &mut Derby) -> Pid {
    let pid = derby.child().id();
    let mut found = None;
    wait_for(|| {
        let name = format!("/proc/{pid}/task/{pid}/children");
        let children = fs::read_to_string(name).unwrap_or_default();
        let is_reaper = |pid: &&str| {
            fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "reaper\n")
        };
        found = children.split_whitespace().find(is_reaper).map(|pid| pid.parse().unwrap());
        found.is_some()
    });
    Pid::from_raw(found.unwrap())
}

#[test]
fn killed_with_its_reaper_the_next_start_ends_the_strays_first() {
    let place = scripted(FAMILY, N_TRIALS, "");
    let mut derby = Derby::sweep(&place, &["--jobs", "2", "--quiet"]);
    wait_for(|| place.path("up").exists());
    // The reaper first: nobody is left who could clean up.
    kill(reaper_of(&mut derby), Signal::SIGKILL).unwrap();
    derby.kill();
    // The child, its grandchild and the one in another session.
    wait_for(|| survivors(&place).len() == 3);
    finish(&place, N_TRIALS);
}

/// Waits until so many derby processes have started a script.
fn wait_for_owners(place: &Place, n: usize) {
    wait_for(|| {
        started(place).into_iter().map(|start| start.owner).collect::<BTreeSet<_>>().len() >= n
    });
}

/// The first two starts hold on until there are two owners.
const SHARED: &str =
    r#"while [ "$(cut -d' ' -f5 started | sort -u | wc -l)" -lt 2 ]; do sleep 0.01; done"#;

fn assert_ended(output: &Output, exit: i32) {
    assert_eq!(output.status.code(), Some(exit), "{}", stderr(output));
}

#[test]
fn two_processes_share_a_sweep() {
    let place = scripted(SHARED, N_TRIALS, "");
    let one = Derby::sweep(&place, &["--jobs", "1"]);
    let other = Derby::sweep(&place, &["--jobs", "1"]);
    assert_ended(&one.output(), 0);
    assert_ended(&other.output(), 0);
    assert_eq!(started(&place).len() as u64, N_TRIALS, "each trial once");
    assert_sound(&place);
    assert_eq!(n_done(&place), N_TRIALS);
}

/// As [`SHARED`], and then a trial of the process that is marked holds on for ever.
const HELD: &str = r#"while [ "$(cut -d' ' -f5 started | sort -u | wc -l)" -lt 2 ]; do sleep 0.01; done
    if [ -n "$HOLD" ]; then setsid sleep 1000 & touch held; exec sleep 1000; fi"#;

/// Kills one of two in the middle: the other one does everything.
fn kill_one_of_two(kills_driver: bool) {
    let place = scripted(HELD, N_TRIALS, "");
    let start = |holds: bool| {
        let mut command = place.derby(&["sweep", "sweep.toml", "--jobs", "1", "--quiet"]);
        Derby::start(command.envs(holds.then_some(("HOLD", "1"))))
    };
    let driver = start(kills_driver);
    wait_for_owners(&place, 1);
    let worker = start(!kills_driver);
    wait_for(|| place.path("held").exists());
    let (mut dead, rest) = if kills_driver { (driver, worker) } else { (worker, driver) };
    dead.kill();
    assert_ended(&rest.output(), 0);
    assert_eq!(
        started(&place).len() as u64,
        N_TRIALS + 1,
        "what the dead one had, and nothing else"
    );
    assert_sound(&place);
    assert_eq!(n_done(&place), N_TRIALS);
}

#[test]
fn a_killed_driver_leaves_everything_to_the_other() {
    kill_one_of_two(true);
}

#[test]
fn a_killed_worker_leaves_everything_to_the_driver() {
    kill_one_of_two(false);
}

const FUTURE: &str = "4102444800000";

/// A sweep with a clock that stands still.
fn sweep_at(place: &Place, now: Option<&str>, jobs: &str) -> Derby {
    let mut command = place.derby(&["sweep", "sweep.toml", "--quiet", "--jobs", jobs]);
    Derby::start(command.envs(now.map(|now| ("DERBY_NOW", now))))
}

#[test]
fn a_clock_that_jumps_keeps_nothing_waiting() {
    let limits = "budget.time = \"10m\"\nresources.timeout = \"10m\"\n";
    let sessions = [
        (Some("1000"), Some("1000")),
        (None, Some("1000")),
        (Some(FUTURE), None),
        (Some(FUTURE), Some("1000")),
        (Some("1000"), Some(FUTURE)),
    ];
    for (first, second) in sessions {
        let place = scripted(FAMILY, 4, limits);
        let mut derby = sweep_at(&place, first, "2");
        let is_there = || place.path(".derby/derby.db").exists() && n_runs(&place) >= 2;
        wait_for(|| place.path("up").exists() && is_there() && n_done(&place) == 3);
        derby.kill();
        wait_for(|| survivors(&place).is_empty());
        touch(&place, "go");
        assert_ended(&sweep_at(&place, second, "2").output(), 0);
        assert_eq!(started(&place).len(), 5, "{first:?} {second:?}");
        assert_sound(&place);
        for run in runs(&place.store()) {
            assert!(run.seconds.unwrap_or(0.0) >= 0.0, "{run:?}");
        }
        let sweep = place.store().sweeps().unwrap().remove(0);
        assert!(place.store().sweep_seconds(sweep.id).unwrap() >= 0.0);
        for verb in [&["runs"][..], &["sweeps"], &["show", "1"]] {
            let text = place.succeed(verb);
            assert!(!has_negative_time(&text), "{text}");
        }
    }
}

fn n_runs(place: &Place) -> usize {
    runs(&place.store()).len()
}

/// True for `-3 ms` and `-3d`.
fn has_negative_time(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_unit = |word: &&str| ["ms", "s", "m", "h", "d"].contains(word);
    words.iter().enumerate().any(|(at, word)| {
        let number = word.strip_prefix('-').map(|rest| rest.trim_end_matches(['m', 's', 'h', 'd']));
        let is_number = number.is_some_and(|number| number.parse::<f64>().is_ok());
        is_number && (word.ends_with(char::is_alphabetic) || words.get(at + 1).is_some_and(is_unit))
    })
}

/// Between processes whose clocks are years apart a lease means nothing: one may take the sweep from the other, which
/// says so. Nothing is counted twice, and the same command finishes.
#[test]
fn two_clocks_count_nothing_twice() {
    let script = SHARED.replace("while ", "while [ ! -e go ] && ");
    for (first, second) in [(None, FUTURE), (Some("1000"), FUTURE), (Some(FUTURE), "1000")] {
        let place = scripted(&script, N_TRIALS, "");
        let one = sweep_at(&place, first, "1");
        wait_for_owners(&place, 1);
        let mut command = place.derby(&["sweep", "sweep.toml", "--jobs", "1"]);
        let mut other = Derby::start(command.env("DERBY_NOW", second));
        if second != FUTURE {
            // It respects a lease of the future, and gets no work: its own offer is long over.
            other.hear("works along");
            touch(&place, "go");
        }
        for output in [one.output(), other.output()] {
            let taken = "another process took over sweep 'cmd'";
            let is_taken = output.status.code() == Some(75) && stderr(&output).contains(taken);
            assert!(is_taken || output.status.code() == Some(0), "{}", stderr(&output));
        }
        assert_eq!(sweep(&place, &["--jobs", "1"])["done"], N_TRIALS);
        assert_sound(&place);
        assert_eq!(n_done(&place), N_TRIALS);
    }
}

/// What derby says after the first signal. Two that come before it looks are one, as far as the kernel is concerned.
const FIRST: &str = "Ctrl-C again stops them";

/// Waits for `go`; says when SIGTERM comes. Its grandchildren say nothing.
const WAITS: &str = r"trap 'touch told; exit 1' TERM
    sleep 1000 & setsid sleep 1000 &
    touch up
    while [ ! -e go ]; do sleep 0.01; done";

#[test]
fn the_first_signal_lets_scripts_finish() {
    for (signal, exit) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 143)] {
        let place = scripted(WAITS, 50, "");
        let mut derby = Derby::sweep(&place, &["--jobs", "2"]);
        wait_for(|| started(&place).len() == 2 && place.path("up").exists());
        derby.signal(signal);
        derby.hear(FIRST);
        touch(&place, "go");
        let output = derby.output();
        assert_ended(&output, exit);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(
            said.contains("The same command goes on: derby sweep sweep.toml --jobs 2"),
            "{said}"
        );
        assert!(!place.path("told").exists(), "a script was stopped");
        assert!(runs(&place.store()).iter().all(|run| run.status == Status::Done));
        assert_sound(&place);
    }
}

#[test]
fn the_second_signal_stops_scripts_and_the_same_command_goes_on() {
    let place = scripted(WAITS, 4, "");
    let mut derby = Derby::sweep(&place, &["--jobs", "2"]);
    wait_for(|| started(&place).len() == 2 && place.path("up").exists());
    derby.signal(Signal::SIGINT);
    derby.hear(FIRST);
    derby.signal(Signal::SIGINT);
    assert_ended(&derby.output(), 130);
    assert!(place.path("told").exists(), "nobody got SIGTERM");
    assert_nobody(&place);
    let ends: Vec<_> =
        runs(&place.store()).into_iter().map(|run| (run.status, run.reason.unwrap())).collect();
    assert_eq!(ends, vec![(Status::Killed, "interrupted".to_string()); 2]);
    finish(&place, 4);
}

#[test]
fn the_third_signal_leaves_nobody_behind() {
    let script =
        "trap '' TERM; setsid sleep 1000 & touch up; while [ ! -e go ]; do sleep 0.01; done";
    let place = scripted(script, 2, "command.grace = \"1000s\"\n");
    let mut derby = Derby::sweep(&place, &["--jobs", "1"]);
    wait_for(|| place.path("up").exists());
    derby.signal(Signal::SIGINT);
    derby.hear(FIRST);
    derby.signal(Signal::SIGINT);
    derby.hear("stopping 1 at work");
    derby.signal(Signal::SIGINT);
    assert_ended(&derby.output(), 130);
    assert_nobody(&place);
    assert_eq!(runs(&place.store())[0].status, Status::Killed);
    finish(&place, 2);
}

#[test]
fn readers_that_are_gone_change_no_exit_code() {
    let place = scripted(WAITS, 50, "");
    let mut derby = Derby::sweep(&place, &["--jobs", "2"]);
    wait_for(|| started(&place).len() == 2 && place.path("up").exists());
    // Whatever it says from here on fails.
    drop((derby.child().stdout.take(), derby.child().stderr.take()));
    derby.signal(Signal::SIGTERM);
    touch(&place, "go");
    assert_eq!(derby.child().wait().unwrap().code(), Some(143));
    assert!(runs(&place.store()).iter().all(|run| run.status == Status::Done));
    assert_sound(&place);
}

#[test]
fn a_terminal_that_hangs_up_loses_nothing() {
    let place = scripted(WAITS, 50, "");
    // The shell waits for derby's exit code; derby itself has the signal's own effect.
    let program = env!("CARGO_BIN_EXE_derby");
    let shell = format!(
        "trap : HUP; '{program}' sweep sweep.toml --jobs 2; echo $? >code.new; mv code.new code\n"
    );
    fs::write(place.path("shell.sh"), shell).unwrap();
    let mut terminal =
        Derby::start(&mut place.command("script", &["-qc", "sh shell.sh", "/dev/null"]));
    wait_for(|| started(&place).len() == 2 && place.path("up").exists());
    terminal.kill();
    touch(&place, "go");
    wait_for(|| place.path("code").exists());
    assert_eq!(fs::read_to_string(place.path("code")).unwrap(), "143\n");
    assert!(runs(&place.store()).iter().all(|run| run.status == Status::Done));
    assert_sound(&place);
}

#[test]
fn a_pruned_run_keeps_its_curve() {
    let script = r#"if [ $DERBY_TRIAL = 1 ]; then
        setsid sleep 1000 & for loss in 1 2 50; do echo "{\"loss\": $loss}"; done; exec sleep 1000
    fi"#;
    let place = scripted(script, 3, "search.pruner = { kind = \"threshold\", upper = 10 }\n");
    let report = sweep(&place, &["--jobs", "2"]);
    assert_eq!((&report["done"], &report["pruned"]), (&2.into(), &1.into()));
    let store = place.store();
    let run = runs(&store).into_iter().find(|run| run.trial == Some(1)).unwrap();
    assert_eq!(run.status, Status::Pruned);
    let reason = run.reason.unwrap();
    assert!(reason.contains("threshold") && reason.contains("step 2"), "{reason}");
    let curve: Vec<_> =
        store.series(run.id, "loss").unwrap().iter().map(|at| (at.step, at.value)).collect();
    assert_eq!(curve, [(0, 1.0), (1, 2.0), (2, 50.0)]);
    assert_eq!(trials(&store)[1].pruned, Some((2, 50.0)));
    assert_sound(&place);
}

#[test]
fn a_driver_prunes_at_its_worker() {
    // The driver's own trial waits until the other one, which is worse than all before it, has been stopped.
    let script = r#"if [ $DERBY_TRIAL -lt 2 ]; then echo '{"loss": 1}'; exit 0; fi
        if [ -n "$WORKER" ]; then touch worse; echo '{"loss": 100}'; exec sleep 1000; fi
        touch up; while [ ! -e go ]; do sleep 0.01; done; echo '{"loss": 1}'; exit 0"#;
    let pruner = "search.pruner = { kind = \"median\", n_startup_trials = 1 }\n";
    let place = scripted(script, 2, pruner);
    sweep(&place, &["--jobs", "1"]);
    let driver = Derby::sweep(&place, &["--jobs", "1", "--trials", "4"]);
    wait_for(|| place.path("up").exists());
    let mut command =
        place.derby(&["sweep", "sweep.toml", "--jobs", "1", "--trials", "4", "--quiet"]);
    let worker = Derby::start(command.env("WORKER", "1"));
    wait_for(|| runs(&place.store()).iter().any(|run| run.status == Status::Pruned));
    touch(&place, "go");
    assert_ended(&driver.output(), 0);
    assert_ended(&worker.output(), 0);
    assert_sound(&place);
    let store = place.store();
    let run = runs(&store).into_iter().find(|run| run.status == Status::Pruned).unwrap();
    let reason = run.reason.unwrap();
    assert!(reason.contains("median") && reason.contains("step 0"), "{reason}");
    assert_eq!(store.series(run.id, "loss").unwrap().len(), 1);
    let trial = trials(&store).into_iter().find(|trial| Some(trial.number) == run.trial).unwrap();
    assert_eq!((trial.status, trial.pruned), (Some(Status::Pruned), Some((0, 100.0))));
}

#[test]
fn a_script_that_fills_its_disk_fails_alone() {
    let script = r#"if [ $DERBY_TRIAL = 1 ] && [ ! -e go ]; then
        trap '' XFSZ; ulimit -f 16; set -e; head -c 1000000 /dev/zero >"$DERBY_ARTIFACTS/big"
    fi"#;
    let place = scripted(script, 3, "");
    let report = sweep(&place, &["--jobs", "2"]);
    assert_eq!((&report["done"], &report["failed"]), (&2.into(), &1.into()));
    let store = place.store();
    let run = runs(&store).into_iter().find(|run| run.trial == Some(1)).unwrap();
    let reason = run.reason.unwrap();
    assert!(reason.starts_with("exit status 1: head: ") && reason.contains("large"), "{reason}");
    assert_sound(&place);
    touch(&place, "go");
    assert_eq!(sweep(&place, &["--retry-failed"])["done"], 3);
}

const SWEEP: &str = "sweep sweep.toml --jobs 2 --quiet";

/// Runs derby where no file may grow past so many kilobytes, as on a full disk.
fn with_limit(place: &Place, kilobytes: u32, words: &str) -> Output {
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" {words}", 2 * kilobytes);
    let program = env!("CARGO_BIN_EXE_derby");
    place.command("sh", &["-c", &script, program]).output().unwrap()
}

#[test]
fn output_that_does_not_fit_on_the_disk_is_said() {
    let script = "[ $DERBY_TRIAL != 1 ] || [ -e go ] || yes | head -c 4000000";
    let place = scripted(script, 3, "command.retries = { infrastructure = 1 }\n");
    let output = with_limit(&place, 1000, SWEEP);
    assert_ended(&output, 0);
    let store = place.store();
    let of = |trial: u64| {
        let mut all = runs(&store);
        all.retain(|run| run.trial == Some(trial));
        all.into_iter().map(|run| (run.status, run.reason.unwrap_or_default())).collect::<Vec<_>>()
    };
    let [(first, _), (last, reason)] = &of(1)[..] else { panic!("{:?}", of(1)) };
    assert_eq!((*first, *last), (Status::Killed, Status::Failed));
    assert!(reason.contains("File too large") && reason.contains("kept"), "{reason}");
    assert_eq!((of(0)[0].0, of(2)[0].0), (Status::Done, Status::Done));
    touch(&place, "go");
    assert_eq!(sweep(&place, &["--retry-failed"])["done"], 3);
    assert_nobody(&place);
    assert!(place.succeed(&["store", "check"]).contains("is sound"));
}

#[test]
fn a_full_disk_under_the_store_ends_everybody() {
    // Trial 0 ignores SIGTERM and would outlive the error; another one brings more values than fit.
    let script = r#"[ -e go ] || case $DERBY_TRIAL in
        0) trap '' TERM; setsid sleep 1000 & touch up; while :; do sleep 1000; done;;
        3) while [ ! -e up ]; do sleep 0.01; done
           awk 'BEGIN { for (i = 0; i < 400000; i++) print "{\"m\": " i "}" }';;
    esac"#;
    let place = scripted(script, 6, "command.grace = \"1000s\"\ncommand.log_limit = \"300kB\"\n");
    let output = with_limit(&place, 4000, SWEEP);
    assert_error(&output, 1, &[".derby'", "cannot"]);
    assert_nobody(&place);
    let done = n_done(&place);
    assert!(done >= 2, "{done}");
    finish(&place, 6);
}

#[test]
fn killed_while_it_cleans_up_the_next_one_does() {
    let place = scripted(FAMILY, 3, "");
    let mut derby = Derby::sweep(&place, &["--jobs", "2", "--quiet"]);
    wait_for(|| place.path("up").exists());
    kill(reaper_of(&mut derby), Signal::SIGKILL).unwrap();
    derby.kill();
    let mut command = place.derby(&["sweep", "sweep.toml", "--quiet"]);
    let output = command.env("DERBY_FAULT", "recovered:1").output().unwrap();
    assert_eq!(output.status.signal(), Some(9), "{}", stderr(&output));
    // The record does not tell of them any more.
    assert_nobody(&place);
    finish(&place, 3);
}

#[test]
fn a_run_by_hand_ends_with_a_full_disk() {
    let script = r#"trap '' TERM; setsid sleep 1000 &
        awk 'BEGIN { for (i = 0; i < 400000; i++) print "{\"m\": " i "}" }'; while :; do sleep 1000; done"#;
    let place = scripted(script, 1, "");
    let output = with_limit(&place, 4000, "run --quiet -- sh train.sh 1");
    assert_error(&output, 1, &[".derby'", "cannot"]);
    assert_nobody(&place);
}
