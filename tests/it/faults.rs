//! A store that cannot be made, read or written, and data that changes: one clear error, the right exit
//! code, and everything that was recorded before is still there.

use crate::crash::{Place, send, stderr};
use crate::driving::{
    MIXED, Session, assert_each_ran_once, bowl, constant, dead_owner, fake, go, on_disk, open,
    spec_of,
};
use derby::domain::Status;
use derby::executor::fake::Script;
use derby::store::{Query, StoreError};
use derby::sweep::DriveError;
use nix::sys::signal::Signal;
use rusqlite::Connection;
use std::fs;
use std::path::Path;
use std::process::Output;
use std::sync::Mutex;
use std::time::Duration;

const TINY: &str = "name = \"tiny\"\nfunction = \"noop\"\n[budget]\ntrials = 5\n\
    [params]\nx = { low = 0.0, high = 1.0 }\n";

/// One line on stderr that begins with `error:` and has these words; no panic.
fn assert_error(output: &Output, exit: i32, words: &[&str]) {
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
fn a_store_that_cannot_be_made() {
    let place = Place::with_sweep(TINY);
    fs::write(place.path("file"), "no folder").unwrap();
    let sweep = ["sweep", "sweep.toml", "--quiet", "--store"];
    let at = |store: &str| place.run(&[&sweep[..], &[store]].concat());
    assert_error(&at("file/.derby"), 1, &["'file/.derby'"]);
    assert_error(&at("file"), 1, &["'file'"]);
    fs::create_dir_all(place.path("odd/derby.db")).unwrap();
    assert_error(&at("odd"), 1, &["'odd'"]);
    assert_eq!(fs::read_to_string(place.path("file")).unwrap(), "no folder");
    assert_error(&place.run(&["runs", "--store", "nowhere"]), 1, &["'nowhere'"]);
}

/// A place with five finished runs.
fn swept() -> Place {
    let place = Place::with_sweep(TINY);
    place.succeed(&["sweep", "sweep.toml", "--quiet"]);
    assert_eq!(place.store().count(&Query::default()).unwrap(), 5);
    place
}

#[test]
fn files_that_are_no_store_or_damaged() {
    let more = ["sweep", "sweep.toml", "--trials", "9", "--quiet"];
    let check = |damage: &dyn Fn(&mut Vec<u8>), words: &[&str]| {
        let place = swept();
        let file = place.path(".derby/derby.db");
        let mut bytes = fs::read(&file).unwrap();
        damage(&mut bytes);
        fs::write(&file, &bytes).unwrap();
        assert_error(&place.run(&more), 1, words);
        assert_error(&place.run(&["runs"]), 1, words);
        assert_eq!(fs::read(&file).unwrap(), bytes, "the file was touched");
    };
    check(&|bytes| bytes[..100].fill(b'x'), &[".derby'", "not a derby store", "--store"]);
    check(&|bytes| *bytes = b"just a text".to_vec(), &[".derby'", "not a derby store"]);
    // The schema's own page is in place, and every table behind it is not.
    check(&|bytes| bytes[4096..].fill(0x5a), &[".derby'", "is damaged", "backup"]);
}

#[test]
fn a_store_from_the_future_and_one_of_another_program() {
    let place = swept();
    let file = place.path(".derby/derby.db");
    let conn = Connection::open(&file).unwrap();
    conn.pragma_update(None, "user_version", 4711).unwrap();
    drop(conn);
    let more = ["sweep", "sweep.toml", "--trials", "9", "--quiet"];
    assert_error(&place.run(&more), 1, &["4711", "newer", "update derby"]);
    assert_error(&place.run(&["runs"]), 1, &["4711", "update derby"]);

    let place = Place::with_sweep(TINY);
    fs::create_dir(place.path(".derby")).unwrap();
    let conn = Connection::open(place.path(".derby/derby.db")).unwrap();
    conn.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    drop(conn);
    assert_error(&place.run(&["sweep", "sweep.toml"]), 1, &["another program"]);
}

#[test]
fn a_lock_that_another_process_holds() {
    let spec = spec_of(&format!("{MIXED}[budget]\ntrials = 9\n"));
    let (folder, mut store) = on_disk();
    store.set_busy_timeout(Duration::from_millis(5)).unwrap();
    let other = Connection::open(folder.path().join(".derby/derby.db")).unwrap();
    let held = Mutex::new(other);
    let lock = |sql: &str| held.lock().unwrap().execute_batch(sql).unwrap();
    lock("BEGIN IMMEDIATE");
    let session = Session::new(1).drive(&mut store, &spec, constant(1.0));
    assert_locked(&session.unwrap_err());
    lock("ROLLBACK");
    assert_eq!(store.sweeps().unwrap().len(), 0, "half a beginning");

    // In the middle: trial 4 ends and cannot be recorded.
    let held = std::sync::Arc::new(held);
    let taken = std::sync::Arc::clone(&held);
    let work = fake(move |assignment| {
        if assignment.trial == 4 {
            taken.lock().unwrap().execute_batch("BEGIN IMMEDIATE").unwrap();
        }
        Script::Value(bowl(&assignment.params))
    });
    let session = Session { owner: dead_owner(), ..Session::new(1) };
    assert_locked(&session.drive(&mut store, &spec, work).unwrap_err());
    let done = |status: Status| {
        let store = open(folder.path());
        store.runs(&Query::default()).unwrap().iter().filter(|run| run.status == status).count()
    };
    assert_eq!((done(Status::Done), done(Status::Running)), (4, 1));
    held.lock().unwrap().execute_batch("ROLLBACK").unwrap();
    let rest = constant(1.0);
    go(&mut store, &spec, &rest, 1);
    assert_eq!(rest.n_started(), 5);
    assert_each_ran_once(&store);
}

fn assert_locked(error: &DriveError) {
    let DriveError::Store(inner @ StoreError::Locked { .. }) = error else { panic!("{error}") };
    assert!(inner.is_temporary() && error.to_string().contains("locked by another process"));
}

#[test]
fn a_full_disk_keeps_what_was_recorded() {
    let with = |trials: u64| spec_of(&format!("{MIXED}[budget]\ntrials = {trials}\n"));
    let (folder, mut store) = on_disk();
    let file = folder.path().join(".derby/derby.db");
    let work = fake(|assignment| Script::Value(bowl(&assignment.params)));
    go(&mut store, &with(3), &work, 1);
    let pages: u32 = Connection::open(&file)
        .unwrap()
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    store.limit_pages(pages + 12).unwrap();
    let session = Session { owner: dead_owner(), ..Session::new(2) };
    let error = session.drive(&mut store, &with(5000), work).unwrap_err();
    let DriveError::Store(inner @ StoreError::Full(_)) = &error else { panic!("{error}") };
    assert!(inner.is_temporary() && error.to_string().contains("free some space"), "{error}");
    drop(store);

    let mut store = open(folder.path());
    let before = store.runs(&Query::default()).unwrap();
    let done = before.iter().filter(|run| run.status == Status::Done).count() as u64;
    assert!((4..5000).contains(&done), "{done}");
    assert!(before.iter().all(|run| run.status != Status::Done || !run.metrics.is_empty()));
    let rest = fake(|assignment| Script::Value(bowl(&assignment.params)));
    go(&mut store, &with(done + 5), &rest, 2);
    assert_eq!(rest.n_started(), 5);
    assert_each_ran_once(&store);
}

#[test]
fn a_write_that_the_system_refuses_in_the_middle() {
    let place = swept();
    // Files may grow to 4 MB (8 where a block has 1 kB); past that a write fails as it does at a quota.
    let script =
        "trap '' XFSZ; ulimit -f 8000; exec \"$0\" sweep sweep.toml --trials 1000000 --quiet";
    let program = env!("CARGO_BIN_EXE_derby");
    let output = place.command("sh", &["-c", script, program]).output().unwrap();
    assert_error(&output, 1, &[".derby'", "cannot"]);
    let runs = place.store().runs(&Query::default()).unwrap();
    let done = runs.iter().filter(|run| run.status == Status::Done).count();
    assert!(done > 5, "{done}");
    let more = (done + 3).to_string();
    place.succeed(&["sweep", "sweep.toml", "--trials", &more, "--quiet"]);
    assert_each_ran_once(&place.store());
    assert!(place.succeed(&["store", "check"]).contains("is sound"));
}

#[test]
fn data_that_changes_while_the_sweep_runs() {
    let place = Place::with_sweep(
        "name = \"iris\"\n[objective]\nmetric = \"accuracy\"\n[data]\npath = \"iris.csv\"\ntarget = \"target\"\n\
         [models.random_forest]\nn_estimators = { low = 5, high = 500 }\nmax_depth = { low = 1, high = 90 }\n\
         [budget]\ntrials = 100000\n",
    );
    let csv = place.path("iris.csv");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/iris.csv"), &csv).unwrap();
    let child = place.start(&["sweep", "sweep.toml", "--jobs", "2"], 1);
    let text = fs::read_to_string(&csv).unwrap();
    let last = text.lines().last().unwrap();
    fs::write(&csv, format!("{text}{last}\n")).unwrap();
    send(&child, Signal::SIGINT);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(said.contains("warning: '") && said.contains("changed while the sweep ran"), "{said}");
    let n_before = place.store().count(&Query::default()).unwrap();

    let said = place.run(&["sweep", "sweep.toml", "--trials", "2"]);
    assert_eq!(said.status.code(), Some(0), "{}", stderr(&said));
    assert!(!stderr(&said).contains("changed while"), "{}", stderr(&said));
    let store = place.store();
    let sweeps = store.sweeps().unwrap();
    let names: Vec<&str> = sweeps.iter().map(|sweep| sweep.name.as_str()).collect();
    assert_eq!(names, ["iris", "iris"], "other data is another sweep");
    let runs = store.runs(&Query::default()).unwrap();
    assert_eq!(runs.len() as u64, n_before + 2);
    let hashes: Vec<&str> = runs.iter().filter_map(|run| run.data_hash.as_deref()).collect();
    assert_eq!(hashes.len(), runs.len());
    assert!(hashes[..2].iter().all(|hash| *hash == hashes[0]), "newest first: the new data");
    assert!(hashes[2..].iter().all(|hash| *hash == hashes[2] && *hash != hashes[0]));
    assert_eq!(runs[0].rows, runs[2].rows.map(|rows| rows + 1));
}
