//! The terminal UI over a store that others delete, lock, damage, migrate and replace.

use crate::program::Place;
use crate::tty::Tty;
use std::fs;
use std::time::Duration;

const SIZE: (u16, u16) = (100, 30);

const SPHERE: &str = r#"
name = "sphere"
function = "sphere"
[params]
x = { low = -1.0, high = 1.0 }
[search]
sampler = "random"
[budget]
trials = 3
"#;

fn shown(place: &Place) -> Tty {
    let mut tty = Tty::start(place, &[], SIZE, &[]);
    tty.wait_for("[1 Runs]");
    tty
}

#[test]
fn without_a_store_it_says_how_to_begin_and_sees_the_first_one() {
    let place = Place::new();
    let mut tty = shown(&place);
    tty.wait_for("no runs yet");
    place.write("sphere.toml", SPHERE);
    assert_eq!(place.derby(&["sweep", "sphere.toml", "-q"]).code, 0);
    tty.wait_until("the first runs", |text| {
        !text.contains("no runs yet") && text.contains("sphere")
    });
    tty.leaves();
}

#[test]
fn a_store_that_is_deleted_or_replaced_is_noticed() {
    let place = Place::recorded();
    let mut tty = shown(&place);
    tty.wait_for("knn");
    fs::rename(place.path(".derby"), place.path("aside")).unwrap();
    tty.wait_for("The store is gone");
    tty.wait_for("was removed while it was open");
    fs::rename(place.path("aside"), place.path(".derby")).unwrap();
    tty.wait_until("the runs again", |text| !text.contains("is gone") && text.contains("knn"));
    // Deleted for good, and begun anew.
    fs::remove_dir_all(place.path(".derby")).unwrap();
    tty.wait_for("The store is gone");
    tty.send(b"4");
    tty.wait_for("The store is gone");
    place.write("sphere.toml", SPHERE);
    assert_eq!(place.derby(&["sweep", "sphere.toml", "-q"]).code, 0);
    tty.send(b"1");
    tty.wait_until("the new runs", |text| {
        !text.contains("is gone") && !text.contains("knn") && text.contains("sphere")
    });
    tty.leaves();
}

#[test]
fn a_damaged_store_is_a_screen_and_no_crash() {
    let place = Place::recorded();
    let mut tty = shown(&place);
    tty.wait_for("knn");
    let file = place.path(".derby/derby.db");
    let whole = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    fs::write(&file, b"this is not a database, and it is long enough to be read as one").unwrap();
    tty.wait_for("The store cannot be read");
    fs::remove_file(&file).unwrap();
    fs::write(&file, whole).unwrap();
    tty.wait_until("the runs again", |text| {
        !text.contains("cannot be read") && text.contains("knn")
    });
    tty.leaves();
}

#[test]
fn a_store_of_a_newer_derby_is_a_screen() {
    let place = Place::recorded();
    let file = place.path(".derby/derby.db");
    let mut bytes = fs::read(&file).unwrap();
    // PRAGMA user_version: four bytes at 60 of the header.
    bytes[60..64].copy_from_slice(&999u32.to_be_bytes());
    let mut tty = shown(&place);
    tty.wait_for("knn");
    fs::remove_file(&file).unwrap();
    fs::write(&file, bytes).unwrap();
    tty.wait_for("The store cannot be read");
    tty.leaves();
}

#[test]
fn a_sweep_that_is_killed_while_it_is_shown_is_seen_to_have_ended() {
    let place = Place::new();
    let file = r#"
name = "slow"
[objective]
metric = "loss"
goal = "minimize"
[command]
run = ["sh", "-c", "echo '{{\"loss\": 1.0}}'; exec sleep 600"]
metrics = "jsonl"
[params]
x = { low = 0.0, high = 1.0 }
[search]
sampler = "random"
[budget]
trials = 2
[resources]
jobs = 1
"#;
    place.write("slow.toml", file);
    let mut sweep = std::process::Command::new(assert_cmd::cargo::cargo_bin!("derby"));
    let mut sweep = sweep
        .current_dir(place.path(""))
        .args(["sweep", "slow.toml", "-q"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut tty = shown(&place);
    tty.send(b"4");
    tty.wait_for("slow");
    tty.wait_for("running");
    sweep.kill().unwrap();
    sweep.wait().unwrap();
    tty.send(b"r1r4r");
    tty.take_in(Duration::from_millis(500));
    tty.leaves();
}
