//! The program, killed at exact places and interrupted by signals: whatever was recorded stays, and the
//! same command finishes what is missing.

use crate::driving::{assert_each_ran_once, assert_replays, outcomes, trials};
use derby::domain::Status;
use derby::spec::{self, Known, Overrides, Sweep};
use derby::store::{Mode, Query, Store};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A wait that takes this long has gone wrong.
const DEADLINE: Duration = Duration::from_mins(1);

/// The program in a folder and an environment of its own.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// One with the sweep file `sweep.toml`.
    pub(crate) fn with_sweep(text: &str) -> Self {
        let place = Self::new();
        fs::write(place.path("sweep.toml"), text).unwrap();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program that inherits nothing but the search path.
    pub(crate) fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("DERBY_STORE", self.path(".derby"))
            .env("TERM", "dumb")
            .env("COLUMNS", "100")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn derby(&self, args: &[&str]) -> Command {
        self.command(env!("CARGO_BIN_EXE_derby"), args)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.derby(args).output().unwrap()
    }

    /// Runs what must succeed; its stdout.
    pub(crate) fn succeed(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs until the fault point kills it.
    fn die(&self, jobs: &str, fault: &str) {
        let args = ["sweep", "sweep.toml", "--jobs", jobs];
        let output = self.derby(&args).env("DERBY_FAULT", fault).output().unwrap();
        assert_eq!(output.status.signal(), Some(9), "{fault}: {}", stderr(&output));
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(&self.path(".derby"), Mode::ReadOnly).unwrap()
    }

    fn spec(&self) -> Sweep {
        let file = self.path("sweep.toml");
        spec::load(&file, &Overrides::default(), &Known::built_in()).unwrap()
    }

    /// Starts the program and waits until it has finished `n` runs.
    pub(crate) fn start(&self, args: &[&str], n: u64) -> Child {
        let mut command = self.derby(args);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let query = Query { filter: "status = 'done'".parse().ok(), ..Query::default() };
        assert!(query.filter.is_some());
        wait_for(|| {
            // The file may be half made.
            let Ok(store) = Store::open(&self.path(".derby"), Mode::ReadOnly) else { return false };
            store.count(&query).is_ok_and(|found| found >= n)
        });
        child
    }
}

/// Waits for what another process brings about.
pub(crate) fn wait_for(mut what: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !what() {
        assert!(Instant::now() < end, "waited in vain");
        std::thread::yield_now();
    }
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub(crate) fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id() as i32), signal).unwrap();
}

const N_TRIALS: u64 = 16;

fn sphere(search: &str) -> String {
    format!(
        "name = \"crash\"\nfunction = \"sphere\"\n[search]\nseed = 3\n{search}\n\
         [budget]\ntrials = {N_TRIALS}\n\
         [params]\nx = {{ low = -1.0, high = 1.0 }}\nn = {{ low = 1, high = 9 }}\n"
    )
}

fn n_finished(store: &Store) -> u64 {
    trials(store).iter().filter(|trial| trial.status == Some(Status::Done)).count() as u64
}

/// Goes on after kills, and looks whether everything is there once.
fn finish(place: &Place) -> Store {
    let before = n_finished(&place.store());
    let text = place.succeed(&["sweep", "sweep.toml", "--jobs", "2", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["done"], N_TRIALS);
    let sound = place.succeed(&["store", "check"]);
    assert!(sound.contains("is sound"), "{sound}");
    let store = place.store();
    assert_each_ran_once(&store);
    assert_eq!(n_finished(&store), N_TRIALS);
    let record = trials(&store);
    assert!(record.iter().map(|trial| trial.number).eq(0..record.len() as u64));
    let asked = record.iter().filter(|trial| trial.same_as.is_none()).count() as u64;
    assert_eq!(asked, N_TRIALS, "trials beyond the budget were asked for");
    let again = store.runs(&Query::default()).unwrap();
    let killed = again.iter().filter(|run| run.status == Status::Killed).count() as u64;
    assert_eq!(again.len() as u64, N_TRIALS + killed, "{before} were done before");
    assert_replays(&store, &place.spec());
    store
}

fn undisturbed(search: &str) -> Vec<(u64, String, Option<u64>)> {
    let place = Place::with_sweep(&sphere(search));
    place.succeed(&["sweep", "sweep.toml", "--jobs", "1", "--quiet"]);
    outcomes(&place.store())
}

/// Kills at every point, and compares with a sweep that nothing disturbed where the trials do not depend
/// on the order in which they end.
fn kill_everywhere(search: &str, is_fixed: bool) {
    let expected = undisturbed(search);
    for point in ["asked", "claimed", "ended", "recorded"] {
        for count in [1, 6, N_TRIALS] {
            let place = Place::with_sweep(&sphere(search));
            place.die("2", &format!("{point}:{count}"));
            let store = place.store();
            let (n_asked, n_done) = (trials(&store).len() as u64, n_finished(&store));
            match point {
                "asked" => assert_eq!(n_asked, count),
                "claimed" => assert_eq!(store.count(&Query::default()).unwrap(), count),
                "ended" => assert_eq!(n_done, count - 1),
                _ => assert_eq!(n_done, count),
            }
            drop(store);
            let store = finish(&place);
            let n_told = trials(&store).iter().filter(|trial| trial.tell_seq.is_some()).count();
            // A reproducible sweep with lag 3 tells what the last trial may know, and no more.
            let expected_told = if search.contains("lag = 3") { N_TRIALS - 3 } else { N_TRIALS };
            assert_eq!(n_told as u64, expected_told, "{point}:{count}");
            if is_fixed {
                assert_eq!(outcomes(&store), expected, "{point}:{count}");
            }
        }
    }
}

#[test]
fn killed_anywhere_a_random_sweep_ends_as_if_nothing_had_happened() {
    kill_everywhere("sampler = \"random\"", true);
}

#[test]
fn killed_anywhere_a_tpe_sweep_loses_nothing() {
    kill_everywhere("sampler = \"tpe\"", false);
}

#[test]
fn killed_anywhere_a_reproducible_sweep_ends_as_if_nothing_had_happened() {
    kill_everywhere("sampler = \"tpe\"\nreproducible = true\nlag = 3", true);
}

#[test]
fn many_kills_in_a_row() {
    let search = "sampler = \"random\"";
    let place = Place::with_sweep(&sphere(search));
    let kills =
        ["claimed:2", "recorded:3", "asked:1", "ended:1", "claimed:1", "recorded:2", "asked:4"];
    for fault in kills {
        place.die("2", fault);
    }
    assert_eq!(outcomes(&finish(&place)), undisturbed(search));
    let events = place.store().events(trials_sweep(&place)).unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "resumed").count(), kills.len());
    assert_eq!(kinds.iter().filter(|kind| **kind == "stopped").count(), 1);
}

fn trials_sweep(place: &Place) -> derby::domain::SweepId {
    place.store().sweeps().unwrap()[0].id
}

#[test]
fn killed_between_a_repeated_configuration_and_its_tell() {
    let text = "name = \"crash\"\nfunction = \"noop\"\n[params]\na = [1, 2, 3]\nb = [1, 2]\n\
        [search]\nsampler = \"random\"\n[budget]\ntrials = 100\n";
    for count in [7, 8, 9, 10] {
        let place = Place::with_sweep(text);
        place.die("1", &format!("asked:{count}"));
        let has_twins = trials(&place.store()).iter().any(|trial| trial.same_as.is_some());
        assert!(has_twins, "nothing was repeated by trial {count}");
        place.succeed(&["sweep", "sweep.toml", "--jobs", "2", "--quiet"]);
        let store = place.store();
        assert_each_ran_once(&store);
        assert_replays(&store, &place.spec());
        assert!(trials(&store).iter().all(|trial| trial.tell_seq.is_some()), "one was never told");
    }
}

const ENDLESS: &str = "name = \"endless\"\nfunction = \"noop\"\n[budget]\ntrials = 100000000\n\
    [search]\nsampler = \"random\"\n[params]\nx = { low = 0.0, high = 1.0 }\n";

#[test]
fn ctrl_c_ends_with_130_and_the_same_command_goes_on() {
    let place = Place::with_sweep(ENDLESS);
    let child = place.start(&["sweep", "sweep.toml", "--jobs", "2"], 3);
    let second = place.run(&["sweep", "sweep.toml", "--trials", "5"]);
    assert_eq!(second.status.code(), Some(0), "its own budget ends it: {}", stderr(&second));
    let text = stderr(&second);
    assert!(text.contains("works along") && text.contains(&child.id().to_string()), "{text}");
    send(&child, Signal::SIGINT);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    let goes_on = "The same command goes on: derby sweep sweep.toml --jobs 2";
    assert!(said.contains("interrupted at") && said.contains(goes_on), "{said}");
    let store = place.store();
    assert_each_ran_once(&store);
    let done = n_finished(&store);
    assert_eq!(store.sweeps().unwrap()[0].total, Some(100_000_000), "the second one changed it");
    let more = (done + 4).to_string();
    let text = place.succeed(&["sweep", "sweep.toml", "--trials", &more, "--json"]);
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&report["stop"], &report["done"]), (&"trials".into(), &(done + 4).into()));
    assert_each_ran_once(&place.store());
}

#[test]
fn sigterm_ends_with_143() {
    let place = Place::with_sweep(ENDLESS);
    let child = place.start(&["sweep", "sweep.toml", "--jobs", "1", "--quiet"], 1);
    send(&child, Signal::SIGTERM);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143), "{}", stderr(&output));
    assert_each_ran_once(&place.store());
}

#[test]
fn the_second_ctrl_c_stops_long_fits() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/digits.csv");
    let place = Place::with_sweep(&format!(
        "name = \"long\"\n[objective]\nmetric = \"accuracy\"\n[data]\npath = \"{}\"\ntarget = \"target\"\n\
         [models.random_forest]\nn_estimators = {{ low = 20000, high = 30000 }}\n[budget]\ntrials = 3\n",
        data.display()
    ));
    let child = place.start(&["sweep", "sweep.toml", "--jobs", "1"], 0);
    wait_for(|| {
        let store = Store::open(&place.path(".derby"), Mode::ReadOnly);
        store.is_ok_and(|store| store.count(&Query::default()).is_ok_and(|runs| runs > 0))
    });
    send(&child, Signal::SIGINT);
    send(&child, Signal::SIGTERM);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143), "{}", stderr(&output));
    let runs = place.store().runs(&Query::default()).unwrap();
    let ends: Vec<(Status, Option<&str>)> =
        runs.iter().map(|run| (run.status, run.reason.as_deref())).collect();
    assert_eq!(ends, [(Status::Killed, Some("interrupted"))]);
}
