//! The data screen, flown: keys in, text out.

use crate::domain::{Goal, Objective, Params, RunId, SweepId, Value};
use crate::store::{Mode, NewRun, NewSweep, NewTrial, Owner, RunContext, Store};
use crate::tui::effect::{Effect, Jump};
use crate::tui::keymap::presses;
use crate::tui::theme::Depth;
use crate::tui::{Options, Pilot};
use ratatui::layout::Rect;
use std::fmt::Write as _;
use std::path::Path;

/// A sweep file as the store keeps it.
const TEXT: &str = r#"name = "flowers"

[objective]
metric = "accuracy"

[data]
path = "flowers.csv"
target = "kind"
holdout = 0.2
folds = 3

[models.knn]
n_neighbors = [1, 3, 5]
"#;

/// 64 hex digits that differ by name.
fn blake(name: &str) -> String {
    crate::domain::Digest::of(name.as_bytes()).hex()
}

struct Project {
    folder: tempfile::TempDir,
    store: Store,
}

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mode = Mode::ReadWrite { create: true };
        let store = Store::open(&folder.path().join(".derby"), mode).unwrap();
        Self { folder, store }
    }

    fn sweep(&mut self, name: &str, text: &str) -> SweepId {
        let digest = blake(name);
        let new = NewSweep {
            name: name.into(),
            experiment: name.into(),
            model: name.into(),
            digest,
            file: format!("{name}.toml"),
            text: text.into(),
            sampler: "grid".into(),
            seed: 1,
            objectives: vec![Objective { metric: "accuracy".into(), goal: Goal::Maximize }],
            total: Some(3),
        };
        self.store.begin_sweep(&new).unwrap().id
    }

    /// Rows of two numbers, a text that is odd, and a class.
    fn data(&self, n: usize) {
        let mut text = String::from("width,height,\"co\u{1b}lor\",kind\n");
        for at in 0..n {
            let height = if at % 10 == 3 { String::new() } else { format!("{}", at % 17) };
            let color = ["red", "ペンギン", "b\u{202e}lue"][at % 3];
            let kind = if at % 4 == 0 { "iris" } else { "rose" };
            writeln!(text, "{}.5,{height},{color},{kind}", at * 7 % 50).unwrap();
        }
        std::fs::write(self.folder.path().join("flowers.csv"), text).unwrap();
    }

    /// A run of the sweep that saw data with that hash.
    fn run(&mut self, sweep: SweepId, hash: &str) -> RunId {
        let params: Params = [("n_neighbors".to_string(), Value::Int(3))].into_iter().collect();
        let trial = NewTrial {
            number: 0,
            point: crate::space::Point(vec![Some(3.0)]),
            params: &params,
            config: params.digest(),
            pending: Vec::new(),
            same_as: None,
            made_by: None,
        };
        self.store.record_ask(sweep, &[trial]).unwrap();
        let context = RunContext {
            user: "me".into(),
            host: "here".into(),
            git: None,
            argv: Vec::new(),
            env: [].into(),
            version: "0.1.0".into(),
            data_hash: Some(hash.repeat(32)),
            schema_hash: Some("5c".repeat(32)),
            rows: Some(77),
            source: Some("flowers.csv".into()),
            split: None,
        };
        let new = NewRun {
            sweep: Some(sweep),
            trial: Some(0),
            attempt: 1,
            replicate: 0,
            is_queued: false,
            experiment: "flowers",
            name: None,
            params: &params,
            seed: Some(1),
            context: &context,
            owner: &Owner::this_process(),
            cached_from: None,
            parent: None,
        };
        self.store.start_run(&new).unwrap()
    }

    fn fly(&self, jump: Option<Jump>, (width, height): (u16, u16)) -> Pilot {
        let here: &Path = self.folder.path();
        let options = Options {
            store: here.join(".derby"),
            ledgers: here.join("champions"),
            here: here.into(),
            screen: Some(crate::tui::ScreenId::Data),
            jump,
            theme: None,
            ascii: false,
            depth: Some(Depth::Ansi),
            read_only: false,
            mouse: true,
        };
        Pilot::start(&options, Rect::new(0, 0, width, height), false).unwrap()
    }
}

fn press(pilot: &mut Pilot, keys: &str) -> String {
    pilot.press(&presses(keys).unwrap());
    pilot.text()
}

#[track_caller]
fn has(text: &str, wanted: &[&str]) {
    for wanted in wanted {
        assert!(text.contains(wanted), "'{wanted}' is not in\n{text}");
    }
}

const SIZES: [(u16, u16); 4] = [(60, 16), (80, 24), (100, 30), (200, 60)];

#[test]
fn without_data_it_says_why() {
    let mut project = Project::new();
    for size in SIZES {
        has(&project.fly(None, size).text(), &["no sweep yet"]);
    }
    let text = "name = \"f\"\nfunction = \"branin\"\n[objective]\nmetric = \"value\"\ngoal = \"minimize\"\n";
    let sweep = project.sweep("f", text);
    has(&project.fly(Some(Jump::Data(sweep)), (100, 30)).text(), &["sweep f"]);
    // A file that is gone is said, with what a run saw.
    let sweep = project.sweep("flowers", TEXT);
    project.run(sweep, "ab");
    let text = project.fly(None, (100, 30)).text();
    has(
        &text,
        &["there is no file 'flowers.csv'", "saw b3:ababab, 77 rows", "v chooses another sweep"],
    );
}

#[test]
fn columns_are_profiled_narrowed_and_sorted() {
    let mut project = Project::new();
    project.data(80);
    let sweep = project.sweep("flowers", TEXT);
    for size in SIZES {
        let mut pilot = project.fly(Some(Jump::Data(sweep)), size);
        let text = pilot.text();
        has(&text, &["sweep flowers", "width", "height", "kind"]);
        for keys in
            ["jjk", "<tab>jjj", "<tab>j", "<tab>jG", "z", "z", "<tab>lls", "S", "G<enter>", "<esc>"]
        {
            let text = press(&mut pilot, keys);
            assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        }
    }
    let mut pilot = project.fly(None, (100, 30));
    let text = pilot.text();
    has(
        &text,
        &["80 rows × 4 columns", "kind (two classes)", "iris", "rose", "holdout", "16 (20 %)"],
    );
    has(&text, &["10 %", "Checks", "passed"]);
    has(&press(&mut pilot, "/hei<enter>"), &["1 of 4", "height"]);
    press(&mut pilot, "y");
    assert!(matches!(&pilot.effects[..], [Effect::Copy(text)] if text == "height"));
    has(&press(&mut pilot, "<enter>"), &["median", "8 (10 %)"]);
    has(&press(&mut pilot, "<esc><esc>lllls"), &["1/4", "DISTINCT▼"]);
    has(&press(&mut pilot, "S"), &["DISTINCT▲"]);
    project.sweep("other", TEXT);
    let mut pilot = project.fly(None, (100, 30));
    let text = press(&mut pilot, "v");
    has(&text, &["The data of which sweep?", "flowers.toml", "other.toml"]);
    has(&press(&mut pilot, "<down><enter>"), &["sweep flowers", "80 rows"]);
}

#[test]
fn data_that_has_changed_is_said_loudly() {
    let mut project = Project::new();
    project.data(80);
    let sweep = project.sweep("flowers", TEXT);
    let run = project.run(sweep, "ab");
    for size in SIZES {
        let text = project.fly(None, size).text();
        has(&text, &["THE DATA HAS CHANGED", &format!("run {run} saw b3:ababab")]);
    }
    let text = project.fly(None, (200, 60)).text();
    has(&text, &["of 77 rows", "columns or types have changed too", "scores do not compare"]);
}

#[test]
fn a_target_that_is_none_leaves_the_columns_readable() {
    let mut project = Project::new();
    project.data(40);
    project.sweep("flowers", &TEXT.replace("\"kind\"", "\"species\""));
    let text = project.fly(None, (100, 30)).text();
    has(&text, &["'species'", "width", "height"]);
}
