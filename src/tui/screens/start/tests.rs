//! The start screen by its keys.

use crate::space::Point;
use crate::spec;
use crate::store::{Mode, NewSweep, NewTrial, Owner, Store};
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
    check(&pilot, &["function branin", "unknown: nothing like it has run", "-5 … 10", "12 trials"]);
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
    check(&pilot, &["Start sweeps/a.toml", "'x' trials; mend: a whole number above 0"]);
    press(&mut pilot, "<backspace>20<tab><tab>soon<enter>");
    check(&pilot, &["'--time soon' must be a time"]);
    press(&mut pilot, "<backspace><backspace><backspace><backspace>10m<enter>");
    check(&pilot, &["Start valley?", "at most 10m", "--trials 20 --time 10m"]);
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

/// A sweep of the good file of which so many trials are over.
fn ran(folder: &Path, text: &str, over: u64) -> (Store, crate::domain::SweepId) {
    let known = spec::Known::built_in();
    let overrides = spec::Overrides::default();
    let file = Path::new("sweeps/a.toml");
    let plan = spec::parse(text, spec::Format::Toml, file, &overrides, &known).unwrap();
    let mut store = Store::open(&folder.join(".derby"), Mode::ReadWrite { create: true }).unwrap();
    let sweep = store
        .begin_sweep(&NewSweep {
            name: plan.name.clone(),
            experiment: "x".into(),
            model: "x".into(),
            digest: "5e".repeat(32),
            file: "sweeps/a.toml".into(),
            text: plan.text.clone(),
            sampler: plan.search.sampler.clone(),
            seed: 0,
            objectives: plan.objectives.clone(),
            total: plan.budget.trials,
        })
        .unwrap()
        .id;
    for number in 0..over {
        let point: Point = plan.space.from_unit(&[number as f64 / 100.0, 0.5]);
        let params = plan.space.params(&point);
        let (config, pending) = (params.digest(), Vec::new());
        let trial = NewTrial {
            number,
            point,
            params: &params,
            config,
            pending,
            same_as: None,
            made_by: None,
        };
        store.record_ask(sweep, &[trial]).unwrap();
    }
    store.tell(sweep, &(0..over).collect::<Vec<u64>>()).unwrap();
    (store, sweep)
}

#[test]
fn a_sweep_that_is_done_wants_more_trials() {
    let folder = project();
    ran(folder.path(), GOOD, 12);
    let mut pilot = pilot(folder.path(), (120, 30));
    check(&pilot, &["✓", "12/12 finished"]);
    press(&mut pilot, "<enter>");
    check(&pilot, &["is done, 12/12: more trials make it go on", "12 done; in all"]);
    press(&mut pilot, "<enter>");
    check(&pilot, &["'12' trials: 12 are done, so it would start and do nothing"]);
    press(&mut pilot, "<ctrl-u>20<enter>");
    check(&pilot, &["Start valley?", "It goes on at 12/12", "--trials 20"]);
    // No goes back to the form as it was.
    press(&mut pilot, "n");
    check(&pilot, &["is done, 12/12", "20"]);
    press(&mut pilot, "<down><ctrl-u>1000000<enter>");
    check(&pilot, &["'1000000' jobs; mend: a whole number from 1 to 65536"]);
    press(&mut pilot, "<ctrl-u>2<down><ctrl-u>99999999999h<enter>");
    check(&pilot, &["is longer than ten years"]);
    assert!(pilot.effects.is_empty());
}

#[test]
fn a_file_that_asks_for_more_than_it_ran_with_says_so() {
    let folder = project();
    ran(folder.path(), &GOOD.replace("= 12", "= 5"), 5);
    let pilot = pilot(folder.path(), (120, 30));
    check(&pilot, &["5/5 finished", "the file asks 12, it ran with 5: a start runs", "7 more"]);
}

#[test]
fn a_grid_has_as_many_trials_as_points() {
    let folder = project();
    let grid = GOOD.replace("random", "grid\"\ngrid_steps = \"2").replace("trials = 12", "");
    let grid = grid.replace("grid_steps = \"2\"", "grid_steps = 2");
    fs::write(folder.path().join("sweeps/a.toml"), &grid).unwrap();
    ran(folder.path(), &grid, 4);
    let mut pilot = pilot(folder.path(), (120, 30));
    check(&pilot, &["4/4 finished", "none, so all 4 of the grid"]);
    press(&mut pilot, "<enter>");
    check(&pilot, &["valley is done: all 4 of the grid were tried"]);
}

#[test]
fn a_sweep_that_runs_is_opened_and_not_started_again() {
    let folder = project();
    let (mut store, sweep) = ran(folder.path(), GOOD, 3);
    store.acquire_driver(sweep, &Owner::this_process(), 60_000).unwrap();
    let mut pilot = pilot(folder.path(), (120, 30));
    check(&pilot, &["●", "3/12 running", "its sweep", "work along"]);
    press(&mut pilot, "a<enter>");
    check(&pilot, &["It runs already: process", "would work along with it"]);
    press(&mut pilot, "n<esc><enter>");
    check(&pilot, &["valley runs already: process"]);
    assert_eq!(pilot.app().screen_id(), ScreenId::Sweep);
    assert!(pilot.effects.is_empty());
}
