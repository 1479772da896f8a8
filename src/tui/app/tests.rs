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
    assert!(text.contains("Ctrl-Z") && !text.contains("the clipboard"), "{text}");
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

fn last_line(pilot: &Pilot) -> String {
    pilot.text().lines().last().unwrap_or_default().to_string()
}

#[test]
fn the_footer_lists_the_keys_of_what_is_open() {
    let (_folder, mut pilot) = pilot(80, 24);
    assert!(last_line(&pilot).contains("? keys  q quit"));
    for (keys, own) in [("?", "Esc closes  Up Down scroll"), (":", "Enter runs it  Esc closes")] {
        pilot.press(&presses(keys).unwrap());
        let line = last_line(&pilot);
        assert!(line.contains(own) && !line.contains("quit"), "{line}");
        pilot.press(&presses("<esc>").unwrap());
    }
}

#[test]
fn a_message_goes_with_the_next_key_or_after_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let at = |mono_ms| Now { wall_ms: 0, mono_ms };
    let size = Rect::new(0, 0, 80, 24);
    let mut app = App::new(&options(folder.path()), &Remembered::default(), size, at(0));
    let press = |app: &mut App, keys: &str| {
        for key in presses(keys).unwrap() {
            app.event(Event::Key(key), at(1_000));
        }
    };
    press(&mut app, "t");
    assert!(app.said.is_some());
    assert!(!app.tick(at(999 + SAID_MS)) && app.said.is_some());
    assert!(app.tick(at(1_000 + SAID_MS)) && app.said.is_none());
    press(&mut app, "t6");
    assert!(app.said.is_none());
    // An error stays until a key, and Esc leaves only the error.
    press(&mut app, ":run x<enter>");
    assert!(!app.tick(at(100 * SAID_MS)) && app.said.is_some());
    press(&mut app, "<esc>");
    assert!(app.said.is_none());
    assert_eq!(app.screen_id(), ScreenId::Data);
}

#[test]
fn a_key_that_does_nothing_says_what_it_is_for() {
    let (_folder, mut pilot) = pilot(80, 24);
    pilot.press(&presses("7R").unwrap());
    let text = pilot.text();
    let expect = "R (back to the champion before) does nothing on Start; ? lists what does";
    assert!(text.contains(expect), "{text}");
}

#[test]
fn help_moves_by_every_key_of_moving_and_searches_by_letters() {
    let (_folder, mut pilot) = pilot(80, 24);
    pilot.press(&presses("?").unwrap());
    let top = pilot.text();
    assert!(!top.contains("not on this screen"), "{top}");
    for (there, back) in [("<ctrl-d>", "<ctrl-u>"), ("<pagedown>", "<pageup>"), ("<end>", "<home>")]
    {
        pilot.press(&presses(there).unwrap());
        assert_ne!(pilot.text(), top, "{there}");
        pilot.press(&presses(back).unwrap());
        assert_eq!(pilot.text(), top, "{back}");
    }
    // Past the end there is nothing to come back from.
    pilot.press(&presses("<end><down><down><up>").unwrap());
    let near = pilot.text();
    pilot.press(&presses("<end><up>").unwrap());
    assert_eq!(pilot.text(), near);
    pilot.press(&presses("half").unwrap());
    let found = pilot.text();
    assert!(found.contains("Ctrl-D PgDn Ctrl-F  half a page down"), "{found}");
    pilot.press(&presses("zzz").unwrap());
    assert!(pilot.text().contains("no key does 'halfzzz'"));
    pilot.press(&presses("<esc>?brush").unwrap());
    assert!(pilot.text().contains("Elsewhere, not on this screen"), "{}", pilot.text());
}

#[test]
fn a_list_without_hits_says_so_in_one_frame() {
    let (_folder, mut pilot) = pilot(80, 24);
    pilot.press(&presses(":xyzzy").unwrap());
    let text = pilot.text();
    assert!(text.contains("nothing matches 'xyzzy'"), "{text}");
    assert_eq!(text.matches('┗').count(), 1, "{text}");
}

#[test]
fn a_click_beside_a_dialog_does_nothing_behind_it() {
    use crossterm::event::{MouseButton, MouseEvent};
    let (_folder, mut pilot) = pilot(100, 30);
    pilot.press(&presses(":").unwrap());
    let before = pilot.text();
    for (column, row) in [(1, 0), (20, 0), (1, 5), (98, 28)] {
        let kind = crossterm::event::MouseEventKind::Down(MouseButton::Left);
        let modifiers = crossterm::event::KeyModifiers::NONE;
        pilot.event(Event::Mouse(MouseEvent { kind, column, row, modifiers }));
        assert_eq!(pilot.text(), before);
    }
}

#[test]
fn read_only_is_said_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { read_only: true, ..options(folder.path()) };
    let pilot = Pilot::start(&options, Rect::new(0, 0, 100, 30), false).unwrap();
    for binding in crate::tui::keymap::TABLE.iter().filter(|binding| binding.writes) {
        match pilot.app().enabled(binding.action) {
            Enabled::Never => {}
            Enabled::No(why) => assert!(why.starts_with("read-only"), "{why}"),
            enabled => panic!("{} is {enabled:?}", binding.name),
        }
    }
}

#[test]
fn a_page_is_read_in_full_at_every_width() {
    use crate::tui::overlay::Page;
    let (_folder, mut pilot) = pilot(60, 16);
    let lines = vec![format!("  {}end", "word ".repeat(30)), "x".repeat(70)];
    let page = Page { title: "Page".into(), lines, scroll: 0 };
    pilot.show(Overlay::Page(page));
    let text = pilot.text();
    assert!(text.contains("end") && text.matches('x').count() == 70, "{text}");
    let lines = (0..40).map(|n| format!("line {n}.")).collect();
    pilot.show(Overlay::Page(Page { title: "Page".into(), lines, scroll: 0 }));
    pilot.press(&presses("G").unwrap());
    assert!(pilot.text().contains("line 39."));
    pilot.press(&presses("k").unwrap());
    assert!(!pilot.text().contains("line 39.") && pilot.text().contains("line 38."));
    pilot.press(&presses("<ctrl-u>g").unwrap());
    assert!(pilot.text().contains("line 0."));
}
