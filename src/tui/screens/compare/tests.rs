//! The comparison flown by keys: sizes, hostile runs, what is taken out, added, written.

use crate::domain::{
    Goal, MetricPoint, Objective, Outcome, Params, RunId, Status, Summary, SweepId, Value,
};
use crate::host::Git;
use crate::space::Point;
use crate::store::{Finished, Mode, NewRun, NewSweep, NewTrial, Owner, RunContext, Store};
use crate::tui::action::ScreenId;
use crate::tui::effect::{Effect, Jump};
use crate::tui::keymap::presses;
use crate::tui::theme::Depth;
use crate::tui::{Options, Pilot};
use ratatui::layout::Rect;
use tempfile::TempDir;

/// The sweep file of all runs.
const SWEEP: &str = r#"
name = "quick"
[objective]
metric = "roc_auc"
[data]
path = "a.csv"
target = "y"
[preprocess]
scale = ["standard", "robust"]
[models.svm]
C = { low = 0.1, high = 9.0 }
[models.logistic]
C = { low = 0.1, high = 9.0 }
[budget]
trials = 9
"#;

/// A project with a store.
struct Project {
    folder: TempDir,
    store: Store,
    sweep: SweepId,
    trials: u64,
}

/// A run to be made.
struct Make {
    model: String,
    params: Vec<(String, Value)>,
    /// Metrics by fold.
    folds: Vec<(&'static str, Vec<f64>)>,
    /// Points of a curve.
    curve: Vec<f64>,
    data: Option<&'static str>,
    commit: &'static str,
    status: Status,
}

impl Default for Make {
    fn default() -> Self {
        Self {
            model: "svm".into(),
            params: Vec::new(),
            folds: vec![("auc", vec![0.9, 0.91, 0.88, 0.93, 0.92])],
            curve: Vec::new(),
            data: Some("5e"),
            commit: "c0ffee",
            status: Status::Done,
        }
    }
}

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".derby");
        let mut store = Store::open(&path, Mode::ReadWrite { create: true }).unwrap();
        let sweep = NewSweep {
            name: "quick".into(),
            experiment: "exp".into(),
            model: "exp".into(),
            digest: "ab".repeat(32),
            file: "quick.toml".into(),
            text: SWEEP.into(),
            sampler: "random".into(),
            seed: 7,
            objectives: vec![Objective { metric: "auc".into(), goal: Goal::Maximize }],
            total: Some(10),
        };
        let sweep = store.begin_sweep(&sweep).unwrap().id;
        Self { folder, store, sweep, trials: 0 }
    }

    fn run(&mut self, make: &Make) -> RunId {
        let number = self.trials;
        self.trials += 1;
        let mut params: Params =
            [("model".to_string(), Value::Text(make.model.clone()))].into_iter().collect();
        for (name, value) in &make.params {
            params.set(name.clone(), value.clone());
        }
        let trial = NewTrial {
            number,
            point: Point(vec![Some(number as f64)]),
            params: &params,
            config: params.digest(),
            pending: Vec::new(),
            same_as: None,
            made_by: None,
        };
        self.store.record_ask(self.sweep, &[trial]).unwrap();
        let commit: String = make.commit.repeat(40).chars().take(40).collect();
        let context = RunContext {
            user: "me".into(),
            host: "here".into(),
            git: Some(Git { commit, branch: Some("main".into()), dirty: false, diff_text: None }),
            version: "0.1.0".into(),
            data_hash: make.data.map(|data| data.repeat(32)),
            schema_hash: make.data.map(|_| "5c".repeat(32)),
            rows: Some(569),
            split: make.data.map(|_| "51".repeat(32)),
            ..RunContext::default()
        };
        let owner = Owner::this_process();
        let new = NewRun {
            sweep: Some(self.sweep),
            trial: Some(number),
            attempt: 1,
            replicate: 0,
            is_queued: false,
            experiment: "exp",
            name: None,
            params: &params,
            seed: Some(7),
            context: &context,
            owner: &owner,
            cached_from: None,
            parent: None,
        };
        let id = self.store.start_run(&new).unwrap();
        let point = |metric: &str, context: String, step: usize, value: f64| MetricPoint {
            metric: metric.into(),
            context,
            step: step as i64,
            value,
            ts: 0,
        };
        let mut points = Vec::new();
        let mut summaries = Vec::new();
        for (metric, values) in &make.folds {
            let fold = |(at, value): (usize, &f64)| point(metric, format!("fold={at}"), 0, *value);
            points.extend(values.iter().enumerate().map(fold));
            summaries.push(((*metric).to_string(), Summary::of_folds(values)));
        }
        for (step, value) in make.curve.iter().enumerate() {
            points.push(point("loss", String::new(), step, *value));
        }
        if let Some(last) = make.curve.last() {
            summaries
                .push(("loss".into(), Summary { score: *last, ..Summary::of_folds(&make.curve) }));
        }
        let failed = Outcome::Failed { reason: "it broke".into() };
        let outcome = if make.status == Status::Failed { failed } else { Outcome::Done };
        if make.status != Status::Running {
            let finished = Finished {
                points: &points,
                summaries: &summaries,
                seconds: 1.5,
                ..Finished::without_values(&outcome)
            };
            assert!(self.store.finish_run(id, 1, &owner, &finished).unwrap());
        }
        id
    }

    fn fly(&self, runs: &[RunId], (width, height): (u16, u16)) -> Pilot {
        let options = Options {
            store: self.folder.path().join(".derby"),
            ledgers: self.folder.path().join("champions"),
            here: self.folder.path().into(),
            screen: Some(ScreenId::Compare),
            jump: (!runs.is_empty()).then(|| Jump::Compare(runs.to_vec())),
            theme: None,
            ascii: false,
            depth: Some(Depth::Ansi),
            read_only: false,
            mouse: true,
        };
        Pilot::start(&options, Rect::new(0, 0, width, height), false).unwrap()
    }

    /// Three runs: a reference, one that is worse, one of other data.
    fn typical() -> (Self, Vec<RunId>) {
        let mut project = Self::new();
        let lr = |value: f64| vec![("lr".to_string(), Value::Float(value))];
        let a = project.run(&Make { params: lr(0.1), ..Make::default() });
        let b = project.run(&Make {
            params: lr(0.2),
            folds: vec![("auc", vec![0.80, 0.81, 0.78, 0.829, 0.82])],
            commit: "beef",
            ..Make::default()
        });
        let c = project.run(&Make { data: Some("77"), model: "tree".into(), ..Make::default() });
        (project, vec![a, b, c])
    }
}

fn press(pilot: &mut Pilot, keys: &str) -> String {
    pilot.press(&presses(keys).unwrap());
    pilot.text()
}

#[test]
fn nothing_to_compare_says_what_to_do() {
    let project = Project::new();
    for size in [(80, 24), (100, 30), (200, 60)] {
        let mut pilot = project.fly(&[], size);
        let text = press(&mut pilot, "<tab>v d<enter>");
        assert!(text.contains("mark two runs with Space in 1 Runs, then c"), "{text}");
    }
}

#[test]
fn what_differs_and_whether_it_matters_is_said() {
    let (project, runs) = Project::typical();
    for (width, height) in [(100, 30), (200, 60)] {
        let pilot = project.fly(&runs, (width, height));
        let text = pilot.text();
        for part in
            ["data differs: C", "0.2≠", "▼ worse", "other data", "5 folds · vs A", "beefbee"]
        {
            assert!(text.contains(part), "{part} at {width}\n{text}");
        }
        // Nothing of the verdict is cut: it has two lines where it does not fit into one.
        for part in ["auc: B against A -0.1", ", worse", "95 % from -0.", " · 5 folds"] {
            assert!(text.contains(part), "{part} at {width}\n{text}");
        }
    }
    let mut pilot = project.fly(&runs[..2], (80, 24));
    let text = press(&mut pilot, "<tab>");
    assert!(text.contains("same data and folds ✓") && text.contains("▼ worse"), "{text}");
}

#[test]
fn every_run_has_its_line_at_any_width() {
    let (project, runs) = Project::typical();
    let mut pilot = project.fly(&runs, (60, 30));
    press(&mut pilot, "<tab>");
    for width in 60..100 {
        pilot.resize(width, 30);
        let text = pilot.text();
        for part in ["auc ↑", "0.9080 ", "0.8078 ", "other data"] {
            assert!(text.contains(part), "{part} at {width}\n{text}");
        }
    }
}

#[test]
fn columns_are_moved_taken_out_and_added() {
    let (project, runs) = Project::typical();
    let mut pilot = project.fly(&runs, (100, 30));
    // B is selected; Space makes it A, then what was A is better.
    let text = press(&mut pilot, " l");
    assert!(text.contains(&format!("A  ✓ {} svm", runs[1])) && text.contains("▲ better"), "{text}");
    let text = press(&mut pilot, "u");
    assert!(!text.contains("▲ better") && text.contains("is out"), "{text}");
    let text = press(&mut pilot, "a<up><enter>1<enter>");
    assert!(text.contains("▲ better"), "{text}");
    // The same run twice is one.
    let text = press(&mut pilot, "a<up><enter>1<enter>");
    assert!(text.contains("there already"), "{text}");
    let text = press(&mut pilot, "a<up><enter>no such run<enter>");
    assert!(text.contains("no such run"), "{text}");
    let text = press(&mut pilot, "<esc>uuu");
    assert!(text.contains("nothing to compare"), "{text}");
    let mut pilot = project.fly(&[runs[0], runs[0], runs[1]], (100, 30));
    assert!(!press(&mut pilot, "l").contains(" C "));
    press(&mut pilot, "<enter>");
    assert_eq!(pilot.app().screen_id(), ScreenId::Run);
}

#[test]
fn hostile_runs_are_harmless() {
    let mut project = Project::new();
    let wide = Make {
        model: "\u{1b}[31mペンギン\u{202e}e\u{301}".repeat(9),
        params: (0..5_000).map(|n| (format!("p{n}\u{7}"), Value::Int(n))).collect(),
        folds: vec![("auc", vec![f64::NAN, f64::INFINITY, 0.5]), ("only a", vec![1.0])],
        curve: vec![f64::NAN, f64::INFINITY, 1.0, f64::NEG_INFINITY, 0.0],
        ..Make::default()
    };
    let a = project.run(&wide);
    let b = project.run(&Make {
        folds: vec![("other", vec![f64::NEG_INFINITY; 3])],
        curve: vec![f64::NAN; 4],
        data: None,
        ..Make::default()
    });
    let c = project.run(&Make { status: Status::Failed, folds: Vec::new(), ..Make::default() });
    let d = project.run(&Make { status: Status::Running, folds: Vec::new(), ..Make::default() });
    let runs = [a, b, c, d, RunId(999)];
    for size in [(60, 16), (80, 24), (100, 30), (200, 60)] {
        let mut pilot = project.fly(&runs, size);
        let text = press(&mut pilot, "dGgllll");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
        assert!(text.contains("999 gone") && text.contains("(running)"), "{text}");
        for _ in 0..3 {
            for keys in ["jkGg", "vLmx+-0<esc>", "hhllzz", "<enter>3", "wy", "<tab>"] {
                press(&mut pilot, keys);
            }
        }
        let text = press(&mut pilot, "<tab><tab>vvvvvv");
        assert_eq!(text.lines().count(), usize::from(size.1));
    }
}

#[test]
fn a_run_that_goes_away_meanwhile_is_gone() {
    let (mut project, runs) = Project::typical();
    let mut pilot = project.fly(&runs, (100, 30));
    project.store.remove(runs[1]).unwrap();
    let text = press(&mut pilot, "jr");
    assert!(text.contains("(in the bin)"), "{text}");
}

#[test]
fn curves_have_a_crosshair_that_steps() {
    let mut project = Project::new();
    let curve = |top: f64| (0..20).map(|step| top - 1.0 / f64::from(step + 1)).collect();
    let a = project.run(&Make { curve: curve(1.0), ..Make::default() });
    let b = project.run(&Make { curve: curve(2.0), ..Make::default() });
    let mut pilot = project.fly(&[a, b], (100, 30));
    let text = press(&mut pilot, "<tab><tab>j");
    assert!(text.contains("loss curves") && text.contains("metric 2/2"), "{text}");
    let text = press(&mut pilot, "hh");
    assert!(text.contains("18 A 0.9474") && text.contains("1.947"), "{text}");
    let text = press(&mut pilot, "Lm");
    assert!(text.contains("y log") && text.contains("smooth 0.5"), "{text}");
    assert!(!press(&mut pilot, "<esc>").contains("18 A"));
    let text = press(&mut pilot, "v");
    assert!(text.contains("no predictions are kept") || text.contains("sweep"), "{text}");
    assert!(press(&mut pilot, "vvk").contains("fold"));
}

#[test]
fn views_without_anything_to_say_go() {
    let mut project = Project::new();
    let lone =
        |value: f64| Make { data: None, folds: vec![("value", vec![value])], ..Make::default() };
    let (a, b) = (project.run(&lone(1.0)), project.run(&lone(2.0)));
    let (c, d) = (project.run(&Make::default()), project.run(&Make::default()));
    let mut pilot = project.fly(&[c, d], (100, 30));
    let text = press(&mut pilot, "<tab><tab>vv");
    assert!(text.contains("precision and recall") && text.contains("v 3/6"), "{text}");
    // The chosen view means nothing for runs without data, and comes back with others.
    let text = press(&mut pilot, &format!("a<up><enter>{a}<enter>a<up><enter>{b}<enter>ggh"));
    assert!(text.contains("precision and recall"), "{text}");
    let mut pilot = project.fly(&[a, b], (100, 30));
    let text = press(&mut pilot, "<tab><tab>vvvvvvv");
    assert!(text.contains("v 2/2") && text.contains("code and data"), "{text}");
    assert!(!text.contains("precision and recall"), "{text}");
}

#[test]
fn scores_by_fold_are_dots_and_a_table_of_numbers() {
    let mut project = Project::new();
    let (a, b) = (project.run(&Make::default()), project.run(&Make::default()));
    let mut pilot = project.fly(&[a, b], (100, 30));
    let text = press(&mut pilot, "<tab><tab>");
    let of_view = text.split_once("auc by fold").unwrap().1;
    assert!(of_view.contains('•') && !of_view.contains('⠤'), "{text}");
    let text = press(&mut pilot, "vvv");
    assert!(text.contains("│▶0 ") || text.contains("┃▶0 "), "{text}");
    assert!(!text.contains("fold="), "{text}");
}

#[test]
fn parameters_of_two_models_are_two() {
    let mut project = Project::new();
    let with = |model: &str, c: f64| Make {
        model: model.into(),
        params: vec![("C".into(), Value::Float(c)), ("scale".into(), Value::Bool(true))],
        ..Make::default()
    };
    let a = project.run(&with("svm", 2.0));
    let b = project.run(&with("logistic", 3.0));
    let text = project.fly(&[a, b], (100, 30)).text();
    assert!(text.contains("C of svm") && text.contains("C of logistic"), "{text}");
    assert!(text.contains("1 parameter is equal, d shows: scale"), "{text}");
}

#[test]
fn what_is_written_is_what_is_shown() {
    let (project, runs) = Project::typical();
    let mut pilot = project.fly(&runs, (100, 30));
    press(&mut pilot, "wy");
    let mut files = Vec::new();
    for effect in &pilot.effects {
        match effect {
            Effect::SaveAll { files: all, note, .. } => {
                assert!(note.is_empty(), "{note}");
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                files.extend(all.iter().map(|(name, bytes)| (name.clone(), text(bytes))));
            }
            Effect::Copy(text) => files.push(("copied".into(), text.clone())),
            _ => {}
        }
    }
    let of = |name: &str| &files.iter().find(|file| file.0 == name).unwrap().1;
    assert_eq!(of("compare.md"), of("copied"));
    assert!(of("compare.md").contains("| auc ↑ | B | 0.8078 |"), "{}", of("compare.md"));
    let json: serde_json::Value = serde_json::from_str(of("compare.json")).unwrap();
    let score = &json["metrics"][0]["runs"][1];
    assert_eq!(
        (score["says"].as_str(), json["same_data_and_folds"].as_bool()),
        (Some("worse"), Some(false))
    );
    let folds = |at: usize| -> Vec<f64> {
        let of = json["metrics"][0]["runs"][at]["folds"].as_object().unwrap();
        of.values().map(|value| value.as_f64().unwrap()).collect()
    };
    let test = crate::compare::corrected_t(&folds(0), &folds(1), 5).unwrap();
    assert_eq!(score["p"].as_f64(), Some(test.p));
    assert!(of("compare.svg").starts_with("<svg"));
}
