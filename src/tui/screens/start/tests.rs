//! The start screen by its keys.

use crate::tui::ScreenId;
use crate::tui::app::Options;
use crate::tui::ask::{Reply, VerbOutcome};
use crate::tui::effect::Effect;
use crate::tui::event::Event;
use crate::tui::keymap::presses;
use crate::tui::pilot::Pilot;
use crate::tui::theme::Depth;
use ratatui::layout::Rect;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const SIZES: [(u16, u16); 5] = [(60, 16), (80, 24), (100, 30), (160, 20), (200, 60)];

const GOOD: &str = r#"
name = "valley"
function = "branin"

[params]
x = { low = -5.0, high = 10.0 }
y = { low = 0.0, high = 15.0 }

[search]
sampler = "random"

[budget]
trials = 12
"#;

/// A folder with a good file, one with two problems, and files that are none.
fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let sweeps = folder.path().join("sweeps");
    fs::create_dir(&sweeps).unwrap();
    fs::write(sweeps.join("a.toml"), GOOD).unwrap();
    let bad = GOOD.replace("random", "rnd\\u001b[31m").replace("= 12", "= -1");
    fs::write(sweeps.join("b.toml"), bad).unwrap();
    fs::write(sweeps.join("notes.txt"), "no sweep").unwrap();
    fs::write(folder.path().join("Cargo.toml"), "[package]\nname = \"x\"\n").unwrap();
    fs::write(folder.path().join("ペンギン.toml"), GOOD.replace("valley", "ペンギン")).unwrap();
    folder
}

fn options(folder: &Path, read_only: bool) -> Options {
    Options {
        store: folder.join(".derby"),
        ledgers: folder.join("champions"),
        here: folder.into(),
        screen: Some(ScreenId::Start),
        jump: None,
        theme: None,
        ascii: false,
        depth: Some(Depth::Ansi),
        read_only,
        mouse: true,
    }
}

fn pilot(folder: &Path, size: (u16, u16)) -> Pilot {
    Pilot::start(&options(folder, false), Rect::new(0, 0, size.0, size.1), false).unwrap()
}

fn press(pilot: &mut Pilot, keys: &str) {
    pilot.press(&presses(keys).unwrap());
}

fn check(pilot: &Pilot, parts: &[&str]) {
    let text = pilot.text();
    assert!(!text.contains('\u{1b}'));
    for part in parts {
        assert!(text.contains(part), "'{part}' is missing:\n{text}");
    }
}

#[test]
fn an_empty_folder_says_how_to_begin() {
    let folder = tempfile::tempdir().unwrap();
    for size in SIZES {
        check(&pilot(folder.path(), size), &["no sweep files here", "derby init DATA.csv"]);
    }
    let mut pilot = pilot(folder.path(), (80, 24));
    press(&mut pilot, "jGk<enter>ay<tab>z");
    assert!(pilot.effects.is_empty() && !folder.path().join(".derby").exists());
}

#[test]
fn files_show_their_plan_or_all_their_problems() {
    let folder = project();
    let mut pilot = pilot(folder.path(), (100, 30));
    check(&pilot, &["3 files", "sweeps/a.toml", "never ran", "ペンギン.toml", "minimize value"]);
    check(&pilot, &["function branin", "unknown: nothing of it has run", "-5 … 10", "12 trials"]);
    assert!(!pilot.text().contains("Cargo.toml") && !pilot.text().contains("notes.txt"));
    press(&mut pilot, "j");
    check(&pilot, &["Problems", "2 problems in sweeps/b.toml", "10:", "13:", "trials"]);
    press(&mut pilot, "<enter>");
    check(&pilot, &["Problems of sweeps/b.toml"]);
    press(&mut pilot, "<esc>");
    for (width, height) in SIZES {
        pilot.resize(width, height);
        press(&mut pilot, "gjj<tab>jG<ctrl-u>k<tab>jGg<tab>zz");
        assert_eq!(pilot.text().lines().count(), usize::from(height));
        check(&pilot, &["7 Start"]);
    }
}

#[test]
fn a_sweep_starts_after_a_form_and_its_cost() {
    let folder = project();
    let mut pilot = pilot(folder.path(), (100, 30));
    press(&mut pilot, "<enter><backspace><backspace>x<enter>");
    check(&pilot, &["Start sweeps/a.toml", "'x' is no whole number above 0"]);
    press(&mut pilot, "<backspace>20<tab><tab>soon<enter>");
    check(&pilot, &["'--time soon' must be a time"]);
    press(&mut pilot, "<backspace><backspace><backspace><backspace>10m<enter>");
    check(&pilot, &["Start valley?", "at most 10m00s", "--trials 20 --time 10m"]);
    press(&mut pilot, "y");
    check(&pilot, &["started; log: .derby/launched.log"]);
    let Some(Effect::Launch { args, purpose }) = pilot.effects.last() else { panic!("nothing") };
    assert_eq!(args.join(" "), "sweep sweeps/a.toml --trials 20 --time 10m");
    let outcome = VerbOutcome {
        line: "derby sweep sweeps/a.toml".into(),
        code: Some(2),
        stdout: String::new(),
        stderr: "error: \u{1b}[31mno such sampler\n  mend: write one".into(),
    };
    let reply = Reply::Verb { screen: ScreenId::Start, purpose, outcome };
    pilot.event(Event::Reply(Box::new(reply)));
    check(&pilot, &["did not end well", "exit code 2", "no such sampler", "mend: write one"]);
}

#[test]
fn nothing_starts_where_nothing_may_be_changed() {
    let folder = project();
    let size = Rect::new(0, 0, 100, 30);
    let mut pilot = Pilot::start(&options(folder.path(), true), size, false).unwrap();
    press(&mut pilot, "<enter>");
    check(&pilot, &["--read-only"]);
    press(&mut pilot, "ay");
    check(&pilot, &["copied: derby sweep sweeps/a.toml"]);
    assert!(pilot.effects.iter().all(|effect| matches!(effect, Effect::Copy(_))));
}
