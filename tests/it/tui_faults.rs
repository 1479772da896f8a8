//! The terminal UI while something goes wrong around it: the terminal goes away or is slow, the store is locked or older,
//! a run's name is hostile.

use crate::program::Place;
use crate::tty::{Tty, end_of, spawn};
use rusqlite::Connection;
use std::io::{Read, Write};

const SIZE: (u16, u16) = (100, 30);

fn shown(place: &Place) -> Tty {
    let mut tty = Tty::start(place, &[], SIZE, &[]);
    tty.wait_for("knn");
    tty
}

fn store(place: &Place) -> Connection {
    Connection::open(place.path(".derby/derby.db")).unwrap()
}

#[test]
fn a_terminal_that_goes_away_without_a_signal_ends_it() {
    let place = Place::recorded();
    let (mut child, mut master) = spawn(&place, &[], SIZE, &[]);
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&seen).contains("knn") {
        let n = master.read(&mut buffer).unwrap();
        seen.extend(&buffer[..n]);
    }
    drop(master);
    assert_eq!(end_of(&mut child).code(), Some(129), "as after SIGHUP");
}

#[test]
fn a_terminal_that_takes_nothing_in_holds_no_sweep_up() {
    let place = Place::recorded();
    place.write("more.toml", &std::fs::read_to_string(place.path("sphere.toml")).unwrap());
    // Nobody reads what the screens write, until the sweep is through.
    let (mut child, master) = spawn(&place, &[], (200, 60), &[]);
    for _ in 0..200 {
        (&master).write_all(b"?\x1b1j2\x1b4").unwrap();
    }
    let ran = place.derby(&["sweep", "more.toml", "-q", "--set", "name=beside"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    (&master).write_all(b"\x03").unwrap();
    let mut reader = master.try_clone().unwrap();
    let drained = std::thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while reader.read(&mut buffer).is_ok_and(|n| n > 0) {}
    });
    end_of(&mut child);
    drop(master);
    drained.join().unwrap();
}

#[test]
fn a_locked_store_is_read_and_what_cannot_be_written_is_said() {
    let place = Place::recorded();
    let mut tty = shown(&place);
    let other = store(&place);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    tty.send(b"D");
    tty.wait_for("Into the bin");
    tty.send(b"y");
    tty.wait_for("is locked by another process");
    tty.send(b"j2");
    tty.wait_for("[2 Run]");
    other.execute_batch("ROLLBACK").unwrap();
    tty.send(b"\x1b1D");
    tty.wait_for("Into the bin");
    tty.send(b"y");
    tty.wait_for("moved to the bin");
    tty.leaves();
}

#[test]
fn an_older_store_is_read_as_soon_as_another_program_has_migrated_it() {
    let place = Place::recorded();
    let older = store(&place);
    older
        .execute_batch(
            "ALTER TABLE trial DROP COLUMN handed; ALTER TABLE trial DROP COLUMN handed_to; PRAGMA user_version = 3",
        )
        .unwrap();
    drop(older);
    let mut tty = Tty::start(&place, &[], SIZE, &[]);
    tty.wait_for("older than 4");
    assert_eq!(place.derby(&["tag", "1", "kept=yes"]).code, 0);
    tty.send(b"jr");
    tty.wait_until("the runs", |text| text.contains("knn") && !text.contains("older than 4"));
    tty.leaves();
}

#[test]
fn hostile_names_are_text_and_columns_stay_where_they_are() {
    let place = Place::recorded();
    let names = [
        "a\u{1b}[31m\u{1b}]0;evil\u{7}\u{9b}2Jz",
        "日本語の実験",
        "שלום עולם",
        "e\u{301}e\u{301}\u{200b}🏳️‍🌈",
    ];
    let writer = store(&place);
    for (at, name) in names.iter().enumerate() {
        let row = (name, at as i64 + 1);
        assert_eq!(writer.execute("UPDATE run SET name = ?1 WHERE id = ?2", row).unwrap(), 1);
    }
    drop(writer);
    let mut tty = Tty::start(&place, &["tui", "runs"], (100, 40), &[]);
    tty.wait_for("knn");
    tty.send(b"G");
    tty.wait_for("1 a");
    tty.send(b"k");
    tty.wait_for("日本語の実験");
    tty.send(b"k");
    tty.wait_for("שלום");
    tty.send(b"k");
    tty.wait_for("4 e");
    let raw = String::from_utf8_lossy(&tty.raw).into_owned();
    assert!(!raw.contains("\u{1b}]0;evil") && !raw.contains("\u{9b}2J"), "an escape came through");
    let frame: Vec<u16> = (0..40)
        .filter_map(|row| {
            (0..100).rev().find(|&column| {
                tty.screen
                    .screen()
                    .cell(row, column)
                    .is_some_and(|cell| "│┃".contains(cell.contents()) && cell.has_contents())
            })
        })
        .collect();
    assert!(
        frame.len() > 20 && frame.iter().all(|column| *column == 99),
        "{frame:?}\n{}",
        tty.text()
    );
    tty.leaves();
}
