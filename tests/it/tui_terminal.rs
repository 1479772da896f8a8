//! The terminal UI on a terminal: taken, given back whatever happens, resized, flooded.

use crate::program::Place;
use crate::tty::Tty;
use std::time::Duration;

const SIZE: (u16, u16) = (100, 30);

fn shown(place: &Place, env: &[(&str, &str)]) -> Tty {
    let mut tty = Tty::start(place, &[], SIZE, env);
    tty.wait_for("[1 Runs]");
    tty
}

#[test]
fn derby_alone_opens_the_screens_and_q_leaves_them() {
    let place = Place::recorded();
    let mut tty = shown(&place, &[]);
    tty.wait_for("knn");
    tty.leaves();
}

#[test]
fn signals_end_it_and_give_the_terminal_back() {
    let place = Place::recorded();
    for (signal, code) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
        let tty = shown(&place, &[]);
        tty.signal(signal);
        let (status, tty) = tty.ends();
        assert_eq!(status.code(), Some(code), "{signal}");
        tty.assert_restored();
    }
    let mut tty = shown(&place, &[]);
    tty.send(b"\x03");
    let (status, tty) = tty.ends();
    assert_eq!(status.code(), Some(0));
    tty.assert_restored();
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_speaks() {
    let place = Place::recorded();
    let tty = Tty::start(&place, &[], SIZE, &[("DERBY_FAULT", "frame:2!")]);
    let (status, tty) = tty.ends();
    assert_eq!(status.code(), Some(101));
    tty.assert_restored();
    assert!(tty.text().contains("the fault point 'frame' was passed"), "{}", tty.text());
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_brings_it_back() {
    let place = Place::recorded();
    for way in ["key", "signal"] {
        let mut tty = shown(&place, &[]);
        if way == "key" {
            tty.send(b"\x1a");
        } else {
            tty.signal("TSTP");
        }
        while tty.state() != 'T' {
            tty.take_in(Duration::from_millis(20));
        }
        tty.wait_until("the shell's screen", |text| !text.contains("[1 Runs]"));
        tty.assert_restored();
        tty.signal("CONT");
        tty.wait_for("[1 Runs]");
        tty.send(b"q");
        assert_eq!(tty.ends().0.code(), Some(0), "{way}");
    }
}

#[test]
fn it_shrinks_to_nothing_and_comes_back() {
    let place = Place::recorded();
    let mut tty = shown(&place, &[]);
    tty.resize((40, 10));
    tty.wait_for("needs 60×16");
    for size in [(1, 1), (2, 1), (1, 40), (300, 2), (5, 5)] {
        tty.resize(size);
        tty.send(b"j");
    }
    tty.resize(SIZE);
    tty.wait_for("[1 Runs]");
    // A storm: every size on the way, none waited for.
    for step in 0..200u16 {
        tty.resize((30 + step % 90, 5 + step % 40));
    }
    tty.resize((120, 40));
    tty.wait_for("[1 Runs]");
    tty.send(b"q");
    assert_eq!(tty.ends().0.code(), Some(0));
}

#[test]
fn ten_thousand_keys_and_a_paste_do_no_harm() {
    let place = Place::recorded();
    let mut tty = shown(&place, &[]);
    for _ in 0..100 {
        tty.send(&b"jk".repeat(50));
        tty.take_in(Duration::from_millis(1));
    }
    tty.send(b"4");
    tty.wait_for("[4 Sweep]");
    // The same as pasted text is text, and no keys.
    tty.send(b"\x1b[200~");
    for piece in b"q".repeat(10_000).chunks(1_000) {
        tty.send(piece);
        tty.take_in(Duration::from_millis(1));
    }
    tty.send(b"\x1b[201~");
    tty.wait_for("pasted text");
    tty.send(b"q");
    assert_eq!(tty.ends().0.code(), Some(0));
}

#[test]
fn without_colors_the_selection_is_still_seen() {
    let place = Place::recorded();
    let mut tty = shown(&place, &[("NO_COLOR", "1")]);
    tty.wait_for("knn");
    tty.take_in(Duration::from_millis(200));
    let screen = tty.screen.screen();
    let cells = (0..30).flat_map(|y| (0..100).map(move |x| (y, x)));
    let cells: Vec<_> = cells.filter_map(|(y, x)| screen.cell(y, x)).collect();
    assert!(cells.iter().all(|cell| cell.fgcolor() == vt100::Color::Default), "no color at all");
    assert!(cells.iter().any(|cell| cell.inverse()), "a row is reversed");
    tty.send(b"q");
    tty.ends();
}

#[test]
fn where_no_screens_can_be_shown_it_prints_the_runs() {
    let place = Place::recorded();
    let ran = place.derby(&[]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("RUN") && !ran.out.contains('\u{1b}'), "{}", ran.out);
    let tty = Tty::start(&place, &[], SIZE, &[("TERM", "dumb")]);
    let (status, tty) = tty.ends();
    assert_eq!(status.code(), Some(0));
    assert!(tty.text().contains("RUN") && !tty.raw.contains(&0x1b), "{}", tty.text());
    let ran = place.derby(&["tui"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("no terminal") && ran.err.contains("derby tui --snapshot"),
        "{}",
        ran.err
    );
}
