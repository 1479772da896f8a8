//! The run screen, flown: keys in, text out.

use crate::domain::{
    Goal, MetricPoint, Objective, Outcome, Params, PointBatch, RunId, RunningSummary, Summary,
    SummaryKind, SweepId, Value,
};
use crate::store::{Finished, Mode, NewRun, NewSweep, NewTrial, Owner, RunContext, Store};
use crate::tui::effect::{Effect, Jump};
use crate::tui::keymap::presses;
use crate::tui::theme::Depth;
use crate::tui::{Options, Pilot};
use ratatui::layout::Rect;
use std::fmt::Write as _;
use std::path::PathBuf;

/// A project with a sweep.
struct Project {
    folder: tempfile::TempDir,
    store: Store,
    sweep: SweepId,
    owner: Owner,
    n: u64,
}

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".derby");
        let mut store = Store::open(&path, Mode::ReadWrite { create: true }).unwrap();
        let new = NewSweep {
            name: "fraud".into(),
            experiment: "fraud".into(),
            model: "fraud".into(),
            digest: "5e".repeat(32),
            file: "fraud.toml".into(),
            text: "name = \"fraud\"".into(),
            sampler: "tpe".into(),
            seed: 1,
            objectives: vec![Objective { metric: "val_auc".into(), goal: Goal::Maximize }],
            total: Some(9),
        };
        let sweep = store.begin_sweep(&new).unwrap().id;
        Self { folder, store, sweep, owner: Owner::this_process(), n: 0 }
    }

    /// A run at work.
    fn start(&mut self, params: &[(&str, Value)]) -> RunId {
        let params: Params =
            params.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect();
        let trial = NewTrial {
            number: self.n,
            point: crate::space::Point(vec![Some(self.n as f64)]),
            params: &params,
            config: params.digest(),
            pending: Vec::new(),
            same_as: None,
            made_by: None,
        };
        self.store.record_ask(self.sweep, &[trial]).unwrap();
        let context = RunContext {
            user: "mara".into(),
            host: "node17".into(),
            git: None,
            argv: vec!["derby".into(), "sweep".into(), "fraud.toml".into()],
            env: [("LANG".to_string(), "C".to_string())].into(),
            version: "0.1.0".into(),
            data_hash: Some("5e".repeat(32)),
            schema_hash: Some("5c".repeat(32)),
            rows: Some(569),
            source: Some("a.csv".into()),
            split: Some("51".repeat(32)),
        };
        let new = NewRun {
            sweep: Some(self.sweep),
            trial: Some(self.n),
            attempt: 1,
            replicate: 0,
            is_queued: false,
            experiment: "fraud",
            name: None,
            params: &params,
            seed: Some(7),
            context: &context,
            owner: &self.owner,
            cached_from: None,
            parent: None,
        };
        self.n += 1;
        self.store.start_run(&new).unwrap()
    }

    /// Points of a metric by step.
    fn log(&mut self, run: RunId, series: &[(&str, &str, &[f64])]) {
        let mut batch = PointBatch::default();
        let mut summaries = Vec::new();
        for (metric, context, values) in series {
            let mut sum = RunningSummary::default();
            for (step, value) in values.iter().enumerate() {
                let (step, value) = (step as i64, *value);
                sum.push(step, 1_000 + step, value);
                let (metric, context) = ((*metric).to_string(), (*context).to_string());
                batch.push(&MetricPoint { metric, context, step, value, ts: 1_000 + step });
            }
            summaries.push(((*metric).to_string(), sum.summary(SummaryKind::Last)));
        }
        assert!(self.store.add_points((run, 1), &self.owner, &batch, &summaries).unwrap());
    }

    fn finish(&mut self, run: RunId, outcome: &Outcome, scores: &[(&str, &[f64])]) {
        let mut points = Vec::new();
        let mut summaries = Vec::new();
        for (metric, folds) in scores {
            summaries.push(((*metric).to_string(), Summary::of_folds(folds)));
            for (fold, value) in folds.iter().enumerate() {
                let (metric, context) = ((*metric).to_string(), format!("fold={fold}"));
                points.push(MetricPoint { metric, context, step: 0, value: *value, ts: 0 });
            }
        }
        let finished = Finished {
            points: &points,
            summaries: &summaries,
            seconds: 12.0,
            loss: scores.first().map(|(_, folds)| -Summary::of_folds(folds).score),
            ..Finished::without_values(outcome)
        };
        assert!(self.store.finish_run(run, 1, &self.owner, &finished).unwrap());
    }

    fn output(&self, run: RunId, text: &str) {
        let folder = self.store.run_folder(run);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("output.log"), text).unwrap();
    }

    fn options(&self, jump: Option<Jump>) -> Options {
        let here: PathBuf = self.folder.path().into();
        Options {
            store: here.join(".derby"),
            ledgers: here.join("champions"),
            here,
            screen: Some(crate::tui::ScreenId::Run),
            jump,
            theme: None,
            ascii: false,
            depth: Some(Depth::Ansi),
            read_only: false,
            mouse: true,
        }
    }

    fn fly(&self, run: RunId, (width, height): (u16, u16)) -> Pilot {
        let size = Rect::new(0, 0, width, height);
        Pilot::start(&self.options(Some(Jump::Run(run))), size, false).unwrap()
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

fn rising(n: usize) -> Vec<f64> {
    (0..n).map(|step| 0.95 - 0.4 * (-(step as f64) * 0.1).exp()).collect()
}

const SIZES: [(u16, u16); 4] = [(60, 16), (80, 24), (100, 30), (200, 60)];

#[test]
fn without_a_run_it_says_how_to_choose_one() {
    let project = Project::new();
    for (width, height) in SIZES {
        let size = Rect::new(0, 0, width, height);
        let mut pilot = Pilot::start(&project.options(None), size, false).unwrap();
        has(&pilot.text(), &["no run chosen", "Enter on a run in 1 Runs"]);
        press(&mut pilot, "jklh<enter>/<esc>wyXPec<space>");
    }
    let pilot = project.fly(RunId(99), (100, 30));
    has(&pilot.text(), &["run 99 is not in this store any more"]);
}

#[test]
fn curves_share_a_crosshair_a_zoom_and_a_chart_by_part() {
    let mut project = Project::new();
    let run = project.start(&[("lr", Value::Float(0.1))]);
    let (train, val) = (rising(80), rising(80));
    let loss: Vec<f64> = val.iter().map(|value| 1.0 - value).collect();
    project.log(run, &[("loss", "", &loss), ("train_auc", "", &train), ("val_auc", "", &val)]);
    let mut pilot = project.fly(run, (100, 30));
    let text = pilot.text();
    has(
        &text,
        &["▶ auc", "loss", "train", "val", "● 1 ", "running", "x step · 1/2", "best 0.9499 @79"],
    );
    // The crosshair stands on both charts and starts at the newest value.
    let text = press(&mut pilot, "h");
    has(&text, &["79 train 0.9499", "moves the crosshair on every chart"]);
    assert!(text.matches("79 ").count() >= 2, "{text}");
    // A zoom around the crosshair asks for the window again.
    has(&press(&mut pilot, "+"), &["zoomed"]);
    let text = press(&mut pilot, "<esc>");
    assert!(!text.contains("79 train"), "{text}");
    has(&press(&mut pilot, "0"), &["x step · 1/2"]);
    has(&press(&mut pilot, "+"), &["zoomed to the tail"]);
    has(&press(&mut pilot, "mmx"), &["smooth 0.8", "x time"]);
    has(&press(&mut pilot, "L"), &["log · last"]);
    // One chart alone, then the next.
    let text = press(&mut pilot, "<enter>");
    assert!(!text.contains("  loss"), "{text}");
    has(&press(&mut pilot, "j"), &["▶ loss"]);
    // Narrowed, and back.
    has(&press(&mut pilot, "/au<enter>"), &["/au", "1 chart"]);
    assert!(!press(&mut pilot, "<esc>").contains("/au"));
}

#[test]
fn what_comes_is_shown() {
    let mut project = Project::new();
    let run = project.start(&[("lr", Value::Float(0.1))]);
    let mut pilot = project.fly(run, (100, 30));
    has(&pilot.text(), &["no metrics yet", "no output yet"]);
    project.log(run, &[("val_auc", "", &[0.5, 0.75])]);
    project.output(run, "10 o epoch 1\n20 e careful\n");
    pilot.settle();
    has(&pilot.text(), &["val_auc", "last 0.75"]);
    // The output is looked at every second; `r` does not wait.
    has(&press(&mut pilot, "r"), &["epoch 1", "! careful", "1 on stderr"]);
}

#[test]
fn parameters_stand_beside_the_best_of_the_sweep() {
    let mut project = Project::new();
    let best = project.start(&[
        ("lr", Value::Float(0.03)),
        ("depth", Value::Int(7)),
        ("kernel", Value::Text("rbf".into())),
    ]);
    project.finish(best, &Outcome::Done, &[("val_auc", &[0.9, 0.92, 0.94])]);
    let run = project.start(&[
        ("lr", Value::Float(0.0421)),
        ("depth", Value::Int(7)),
        ("kernel", Value::Text("linear".into())),
    ]);
    project.finish(
        run,
        &Outcome::Done,
        &[("val_auc", &[0.8, 0.82, 0.84]), ("fit_seconds", &[0.1, 0.1, 0.2])],
    );
    let mut pilot = project.fly(run, (100, 30));
    let text = pilot.text();
    has(
        &text,
        &[
            "best 1",
            "≠ lr",
            "= depth",
            "≠ kernel",
            "0.0421",
            "-0.1000 ✗",
            "not in 1",
            "2 of 3 differ",
            "mean 0.82 ± 0.02",
            "x fold",
        ],
    );
    let text = press(&mut pilot, "<tab>d");
    has(&text, &["only differing: 2 of 3", "param 1/"]);
    assert!(!text.contains("= depth"), "{text}");
    has(&press(&mut pilot, "d/ker<enter>"), &["1 of 3", "kernel"]);
    let said: Vec<String> = ["<esc>y", "<tab>y"]
        .into_iter()
        .filter_map(|keys| {
            press(&mut pilot, keys);
            match pilot.effects.pop() {
                Some(Effect::Copy(text)) => Some(text),
                _ => None,
            }
        })
        .collect();
    assert_eq!(said[0], "lr=0.0421");
    assert!(said[1].starts_with("val_auc=0.82"), "{said:?}");
    // 5.2 at the large size: all metrics at once, folds in words.
    let mut pilot = project.fly(run, (200, 60));
    has(&press(&mut pilot, "<tab><tab>"), &["val_auc by fold", "fold 2", "0.84"]);
}

#[test]
fn a_failed_run_says_why_and_what_it_said_last() {
    let mut project = Project::new();
    let run = project.start(&[]);
    project.output(run, "1 o hello\n2 e Traceback\n3 e ValueError: \u{1b}[31mno column 'x'\n");
    let reason = "exit status 1: ValueError: no column 'x'".to_string();
    project.finish(run, &Outcome::Failed { reason }, &[]);
    for (width, height) in SIZES {
        let pilot = project.fly(run, (width, height));
        let text = pilot.text();
        has(&text, &[" failed", "ValueError: no column 'x'", "Traceback"]);
        assert!(!text.contains(['\u{1b}', '\u{fffd}']) && !text.contains("[31m"), "{text}");
        // The reason and what it said stand there once each.
        assert_eq!(
            (text.matches("exit status 1").count(), text.matches("Traceback").count()),
            (1, 1)
        );
    }
    let mut pilot = project.fly(run, (100, 30));
    has(&pilot.text(), &["line 3/3"]);
    has(&press(&mut pilot, "X"), &["does nothing on Run"]);
    has(&press(&mut pilot, "f"), &["does nothing on Run"]);
    // The machine's samples have a pane of their own again.
    has(&press(&mut pilot, "v"), &["System", "no samples of the machine"]);
}

#[test]
fn charts_are_of_metrics_with_points_and_of_one_width() {
    let mut project = Project::new();
    let run = project.start(&[("seed", Value::Int(3))]);
    project.log(run, &[("val_auc", "", &[0.5, 0.9, 0.7])]);
    // A summary that has no points, as a merged store may have.
    let mut summary = RunningSummary::default();
    summary.push(0, 0, 0.8);
    summary.push(1, 0, 0.82);
    let summaries = [("accuracy".to_string(), summary.summary(SummaryKind::Last))];
    let batch = PointBatch::default();
    assert!(project.store.add_points((run, 1), &project.owner, &batch, &summaries).unwrap());
    let mut pilot = project.fly(run, (100, 30));
    let text = pilot.text();
    has(&text, &["1 chart", "run's seed", "last 0.7 · best 0.9 @1", "accuracy  "]);
    assert!(!text.contains("reading"), "{text}");
    // Smoothing leaves the values in the title as they are, and names its own.
    has(&press(&mut pilot, "mm"), &["last 0.7 · best 0.9 @1 · smoothed 0."]);
    // Values from before the recorded start: time runs from the first of them.
    has(&press(&mut pilot, "x"), &["x time", "time runs from the first value", "1.0ms"]);
    has(&press(&mut pilot, "x"), &["x clock (UTC)", "00:00:01.00"]);
    has(&press(&mut pilot, "<tab>w"), &["the chart of the Curves pane: Tab goes there"]);
}

#[test]
fn folds_have_a_bar_each() {
    let mut project = Project::new();
    let run = project.start(&[]);
    project.finish(run, &Outcome::Done, &[("val_auc", &[0.1, 0.9, 0.5, 0.3, 0.7])]);
    has(&project.fly(run, (100, 30)).text(), &["▁█▅▃▆ "]);
}

#[test]
fn a_log_is_searched_scrolled_and_followed() {
    let mut project = Project::new();
    let run = project.start(&[]);
    let mut lines = String::new();
    for at in 0..500 {
        let word = if at % 100 == 42 { "warn: ペンギン" } else { "step" };
        writeln!(lines, "{at} o {word} {at}").unwrap();
    }
    project.output(run, &format!("{lines}500 o {}\n", "x".repeat(5000)));
    let mut pilot = project.fly(run, (80, 24));
    let to_log = "<tab><tab>";
    let text = press(&mut pilot, to_log);
    has(&text, &["follow · 501 lines", "step 499", "xxx"]);
    has(&press(&mut pilot, "g"), &["step 0", "0.000"]);
    has(&press(&mut pilot, "/WARN<enter>"), &["hit 5 of 5", "ペンギン 442"]);
    has(&press(&mut pilot, "n"), &["hit 1 of 5", "ペンギン 42"]);
    has(&press(&mut pilot, "N"), &["hit 5 of 5"]);
    let text = press(&mut pilot, "<esc>");
    has(&text, &["step 499"]);
    assert!(!text.contains("hit "), "{text}");
    has(&press(&mut pilot, "kkk"), &["501 lines"]);
    assert!(!pilot.text().contains("follow ·"));
    has(&press(&mut pilot, "f"), &["follow · "]);
}

#[test]
fn hostile_values_and_names_are_harmless_at_every_size() {
    let mut project = Project::new();
    let many: Vec<(String, Value)> =
        (0..5_000).map(|at| (format!("p{at:04}"), Value::Float(f64::from(at)))).collect();
    let mut params: Vec<(&str, Value)> =
        many.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    params
        .push(("\u{1b}[2Jevil\u{202e}", Value::Text("\u{1b}]0;x\u{7}ペンギンe\u{301}".repeat(30))));
    params.push(("nan", Value::Float(f64::NAN)));
    let run = project.start(&params);
    let odd = [f64::NAN, f64::INFINITY, -1e308, 1e308, 0.0, f64::NEG_INFINITY, 1e-320];
    let all_nan = [f64::NAN; 5];
    project.log(
        run,
        &[("odd\u{1b}[31m", "", &odd), ("gone", "", &all_nan), ("ok", "fold=\u{1b}c", &[1.0, 2.0])],
    );
    let names: Vec<String> = (0..500).map(|at| format!("m{at}")).collect();
    let series: Vec<(&str, &str, &[f64])> =
        names.iter().map(|name| (name.as_str(), "", &[1.0, 2.0][..])).collect();
    project.log(run, &series);
    // The store takes no control characters in names; other writers may.
    project.store.rename(run, "ペンギンe\u{301}").unwrap();
    project.store.note(run, "line\nline \u{1b}c").unwrap();
    project.store.tag(run, "größe", "ペン").unwrap();
    project.output(run, "0 o \u{1b}[2J\u{202e}boo\n");
    for (width, height) in SIZES {
        let mut pilot = project.fly(run, (width, height));
        for keys in [
            "", "hhllL", "<tab>G", "<tab>j", "<tab>", "<tab>", "<tab>", "zG<tab>", "gz", "vv",
            "+++---0x", "x",
        ] {
            let text = press(&mut pilot, keys);
            assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{keys} {text}");
            assert_eq!(text.lines().count(), usize::from(height));
        }
        pilot.resize(1, 1);
        pilot.resize(width, height);
    }
}

#[test]
fn what_changes_something_asks_first_and_says_why_not() {
    let mut project = Project::new();
    let run = project.start(&[("lr", Value::Float(0.1))]);
    project.log(run, &[("val_auc", "", &[0.5, 0.75])]);
    let mut pilot = project.fly(run, (100, 30));
    has(&press(&mut pilot, "X"), &["no process drives its sweep"]);
    project.store.acquire_driver(project.sweep, &project.owner, 60_000).unwrap();
    project.log(run, &[("val_auc", "", &[0.5, 0.75])]);
    assert!(project.store.driver(project.sweep).unwrap().is_some());
    pilot.settle();
    has(&press(&mut pilot, "X"), &["End run 1?"]);
    press(&mut pilot, "y");
    let steer = pilot.effects.iter().any(|effect| {
        let text = format!("{effect:?}");
        text.contains("Steer") && text.contains("StopRun")
    });
    assert!(steer, "{:?}", pilot.effects);
    pilot.effects.clear();
    // The form: a tag without a key stays open; then name and tag are written.
    has(&press(&mut pilot, "e"), &["Run 1", "name", "tags", "note"]);
    press(&mut pilot, "<tab>by=mara, best<enter>");
    let written = format!("{:?}", pilot.effects);
    has(&written, &["Tag", "by", "mara", "best"]);
    // The files of a chart.
    pilot.effects.clear();
    press(&mut pilot, "w");
    let saved: Vec<String> = pilot
        .effects
        .iter()
        .flat_map(|effect| match effect {
            Effect::SaveAll { files, .. } => {
                assert!(files.iter().all(|(_, bytes)| bytes.len() > 20));
                files.iter().map(|(name, _)| name.clone()).collect()
            }
            _ => Vec::new(),
        })
        .collect();
    assert_eq!(saved, ["run-1-val_auc.svg", "run-1-val_auc.csv"]);
    press(&mut pilot, "<space>");
    assert_eq!(pilot.app().marks().len(), 1);
    has(&press(&mut pilot, "P"), &["only a run that is done"]);
}
