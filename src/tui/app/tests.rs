//! The machinery around the screens: keys, dialogs, themes, sizes.

use super::*;
use crate::tui::keymap::presses;
use crate::tui::pilot::Pilot;

fn options(folder: &std::path::Path) -> Options {
    Options {
        store: folder.join(".derby"),
        ledgers: folder.join("champions"),
        here: folder.into(),
        screen: None,
        jump: None,
        theme: None,
        ascii: false,
        depth: Some(Depth::Ansi),
        read_only: false,
        mouse: true,
    }
}

fn pilot(width: u16, height: u16) -> (tempfile::TempDir, Pilot) {
    let folder = tempfile::tempdir().unwrap();
    let pilot =
        Pilot::start(&options(folder.path()), Rect::new(0, 0, width, height), false).unwrap();
    (folder, pilot)
}

#[test]
fn keys_lead_to_screens_and_back() {
    let (_folder, mut pilot) = pilot(100, 30);
    pilot.press(&presses("4").unwrap());
    assert_eq!(pilot.app().screen_id(), ScreenId::Sweep);
    assert!(pilot.text().lines().next().unwrap().contains("[4 Sweep]"));
    pilot.press(&presses("<esc>").unwrap());
    assert_eq!(pilot.app().screen_id(), ScreenId::Runs);
    pilot.press(&presses(":theme mono<enter>").unwrap());
    assert!(pilot.text().contains("theme mono"));
    pilot.press(&presses("q").unwrap());
    assert!(pilot.has_quit);
}

#[test]
fn help_finds_a_key_by_what_it_does() {
    let (_folder, mut pilot) = pilot(100, 30);
    pilot.press(&presses("?shell").unwrap());
    let text = pilot.text();
    assert!(text.contains("ctrl-z") && !text.contains("the clipboard"), "{text}");
    pilot.press(&presses("<esc>").unwrap());
    assert!(!pilot.text().contains("Keys on"));
}

#[test]
fn a_small_window_says_what_it_needs_and_comes_back() {
    let (_folder, mut pilot) = pilot(100, 30);
    for (width, height) in [(59, 30), (100, 15), (10, 3), (1, 1), (0, 0)] {
        pilot.resize(width, height);
        pilot.press(&presses("j").unwrap());
        let text = pilot.text();
        assert!(width < 20 || text.contains("needs 60×16"), "{text}");
    }
    pilot.resize(60, 16);
    assert!(pilot.text().contains("[1 Runs]"));
}

#[test]
fn every_screen_draws_at_every_size() {
    let (_folder, mut pilot) = pilot(100, 30);
    for (width, height) in [(60, 16), (80, 24), (100, 30), (160, 50), (200, 60), (300, 20)] {
        pilot.resize(width, height);
        for key in 1..=7 {
            pilot.press(&presses(&format!("{key}z<tab>z")).unwrap());
            assert!(pilot.text().lines().count() == usize::from(height));
        }
    }
}

#[test]
fn what_is_pasted_is_no_command() {
    let (_folder, mut pilot) = pilot(100, 30);
    pilot.event(Event::Paste("q\nq\n".into()));
    assert!(!pilot.has_quit);
    pilot.press(&presses(":").unwrap());
    pilot.event(Event::Paste("the\nme".into()));
    assert!(pilot.text().contains(":the me"), "{}", pilot.text());
}
