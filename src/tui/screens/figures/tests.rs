//! The figures over stores made by hand: what is read, what is brushed and found again, what is drawn.

mod pictures;

use super::*;
use crate::domain::{Goal, MetricPoint, Objective, Outcome, Params, Status, Summary, Value};
use crate::host;
use crate::space::Point;
use crate::store::{
    Expr, Finished, Mode, NewRun, NewSweep, NewTrial, Owner, Query, RunContext, Store,
};
use crate::tui::ask::Reader;
use crate::tui::catalog::Catalog;
use crate::tui::overlay::Outcome as Picked;
use crate::tui::theme::{Depth, Theme};

const SPACE: &str = "name = \"probe\"\n[objective]\nmetric = \"auc\"\ngoal = \"maximize\"\n[command]\n\
    run = [\"true\", \"{json}\"]\n[params]\nrate = { low = 0.001, high = 1.0, log = true }\n\
    depth = { low = 1, high = 9 }\nkernel = [\"rbf\", \"linear\"]\n[search]\nsampler = \"random\"\n[budget]\ntrials = 50\n";

/// A store with one sweep, and what reads it.
struct Stage {
    _folder: tempfile::TempDir,
    reader: Reader,
    sweep: SweepId,
    shared: Shared,
    figures: Figures,
    area: Rect,
}

/// Parameters, and the score or none for a run that failed.
type Trial = (Params, Option<f64>);

fn params(pairs: &[(&str, Value)]) -> Params {
    pairs.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect()
}

/// Runs over every kind of parameter, best around a rate of 0.03.
fn typical(n: u64) -> Vec<Trial> {
    let trial = |at: u64| {
        let rate = 10f64.powf(-3.0 + 3.0 * (at as f64 * 0.618).fract());
        let depth = 1 + (at * 5 % 9) as i64;
        let kernel = if at.is_multiple_of(3) { "linear" } else { "rbf" };
        let params = params(&[
            ("rate", Value::Float(rate)),
            ("depth", Value::Int(depth)),
            ("kernel", Value::Text(kernel.into())),
        ]);
        let score = 0.95 - 0.05 * (rate.log10() + 1.5).powi(2) - 0.002 * depth as f64;
        (params, (at % 17 != 5).then_some(score))
    };
    (0..n).map(trial).collect()
}

impl Stage {
    fn new(name: &str, text: &str, trials: &[Trial], size: (u16, u16)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".derby");
        let mut store = Store::open(&path, Mode::ReadWrite { create: true }).unwrap();
        let sweep = store.begin_sweep(&sweep(name, text)).unwrap().id;
        let owner = Owner::this_process();
        for (number, trial) in trials.iter().enumerate() {
            add(&mut store, (sweep, number as u64), trial, &owner);
        }
        drop(store);
        let store = Store::open(&path, Mode::ReadOnly).unwrap();
        let reader =
            Reader { store, ledgers: folder.path().join("no"), here: folder.path().into() };
        let shared = Shared {
            theme: Theme::default(),
            catalog: Catalog::load(&reader).unwrap(),
            marks: indexmap::IndexSet::new(),
            sweep: None,
            read_only: false,
            now_ms: host::now_ms(),
            here: folder.path().into(),
            store: path,
            body: Rect::default(),
        };
        let area = Rect::new(0, 0, size.0, size.1);
        let figures = Figures::default();
        let mut stage = Self { _folder: folder, reader, sweep, shared, figures, area };
        stage.settle();
        stage
    }

    fn settle(&mut self) {
        for _ in 0..3 {
            for ask in self.figures.needs(self.sweep, 10, self.area) {
                // Nothing writes here, so that nothing read is stale.
                if matches!(ask, Ask::Table { .. }) && self.figures.table.is_some() {
                    continue;
                }
                let answer = ask.answer(&self.reader);
                self.figures.receive(&ask, answer);
            }
        }
    }

    fn act(&mut self, actions: &[Action]) -> Vec<Effect> {
        let mut effects = Vec::new();
        for action in actions {
            effects.extend(self.figures.act(*action, self.area, &mut self.shared));
            self.settle();
        }
        effects
    }

    fn view(&mut self, view: View) {
        self.figures.turn_to(view);
        self.settle();
    }

    /// The pane as text; control characters would be seen as such.
    fn text(&self) -> String {
        let mut buf = Buffer::empty(self.area);
        self.figures.draw(&mut buf, self.area, true, &self.shared);
        let row = |y: u16| {
            let cells = (0..self.area.width).map(|x| buf[(x, y)].symbol());
            cells.collect::<String>().trim_end().to_string()
        };
        (0..self.area.height).map(row).collect::<Vec<_>>().join("\n")
    }

    fn table(&self) -> &Table {
        self.figures.table().unwrap()
    }

    /// The runs that the filter of the brush finds.
    fn found(&self) -> Vec<RunId> {
        let filter = self.figures.brushes.filter(self.table());
        let filter = Some(Expr::parse(&filter).unwrap());
        let mut runs = self.reader.store.run_ids(&Query { filter, ..Query::default() }).unwrap();
        runs.sort_unstable();
        runs
    }

    fn brushed(&self) -> Vec<RunId> {
        let table = self.table();
        let rows = self.figures.brushes.picked(table);
        let mut runs: Vec<RunId> = rows.into_iter().map(|row| table.rows[row].run).collect();
        runs.sort_unstable();
        runs
    }
}

fn sweep(name: &str, text: &str) -> NewSweep {
    NewSweep {
        name: name.into(),
        experiment: "exp".into(),
        model: "exp".into(),
        digest: "ab".repeat(32),
        file: "probe.toml".into(),
        text: text.into(),
        sampler: "random".into(),
        seed: 1,
        objectives: vec![Objective { metric: "auc".into(), goal: Goal::Maximize }],
        total: Some(50),
    }
}

/// In the space, whose dimensions stand by name; other parameters have no point.
fn point(params: &Params) -> Point {
    let number = |name: &str| params.get(name).and_then(Value::as_f64);
    let kernel = params.get("kernel").and_then(Value::as_str);
    let kernel = kernel.map(|word| f64::from(u8::from(word == "linear")));
    Point(vec![number("depth"), kernel, number("rate")])
}

fn add(store: &mut Store, (sweep, number): (SweepId, u64), trial: &Trial, owner: &Owner) {
    let (params, score) = trial;
    let new = NewTrial {
        number,
        point: point(params),
        params,
        config: params.digest(),
        pending: Vec::new(),
        same_as: None,
        made_by: None,
    };
    store.record_ask(sweep, &[new]).unwrap();
    let context = RunContext { host: "here".into(), ..RunContext::default() };
    let new = NewRun {
        sweep: Some(sweep),
        trial: Some(number),
        attempt: 1,
        replicate: 0,
        is_queued: false,
        experiment: "exp",
        name: None,
        params,
        seed: None,
        context: &context,
        owner,
        cached_from: None,
        parent: None,
    };
    let run = store.start_run(&new).unwrap();
    let Some(score) = *score else {
        let failed = Outcome::Failed { reason: "broke".into() };
        let finished = Finished { seconds: 1.0, ..Finished::without_values(&failed) };
        assert!(store.finish_run(run, 1, owner, &finished).unwrap());
        return;
    };
    let value = |metric: &str, value| MetricPoint {
        metric: metric.into(),
        context: String::new(),
        step: 0,
        value,
        ts: 5,
    };
    let summary = |score: f64| Summary {
        score,
        n: 1,
        mean: score,
        sd: f64::NAN,
        last: score,
        min: score,
        max: score,
    };
    let finished = Finished {
        points: &[value("auc", score), value("size", number as f64)],
        summaries: &[("auc".into(), summary(score)), ("size".into(), summary(number as f64))],
        seconds: 1.0 + number as f64,
        loss: score.is_finite().then_some(-score),
        ..Finished::without_values(&Outcome::Done)
    };
    assert!(store.finish_run(run, 1, owner, &finished).unwrap());
    store.tell(sweep, &[number]).unwrap();
}

#[test]
fn the_space_says_kinds_and_scales_and_the_best_come_first() {
    let stage = Stage::new("probe", SPACE, &typical(40), (80, 20));
    let table = stage.table();
    let column = |name: &str| &table.columns[table.find(name).unwrap()];
    assert!(column("rate").is_log && !column("depth").is_log && column("depth").is_whole);
    assert_eq!(column("kernel").words, ["rbf", "linear"]);
    assert!(column("rate").importance > column("depth").importance);
    let score = &table.columns[table.objective().unwrap()].values;
    assert!(score[..table.n_scored].windows(2).all(|pair| pair[0] >= pair[1]));
    let failed = table.rows[table.n_scored..].iter().all(|row| row.status == Status::Failed);
    assert!(failed && table.rows.len() == 40 && table.n_scored == 37);
    assert_eq!(table.pair(), table.find("rate").zip(table.find("depth")));
}

#[test]
fn a_brush_is_a_filter_that_finds_the_same_runs() {
    use Action::{BrushHigh, BrushLow, Down, Open, Right, Up};
    let mut stage = Stage::new("two words", SPACE, &typical(40), (80, 20));
    let check = |stage: &Stage, terms: &[&str]| {
        let filter = stage.figures.brushes.filter(stage.table());
        assert!(terms.iter().all(|term| filter.contains(term)), "{filter}");
        assert_eq!(stage.found(), stage.brushed(), "{filter}");
        assert!(!stage.brushed().is_empty(), "{filter}");
    };
    stage.act(&[Down, BrushLow, Up, Up, Up, BrushHigh]);
    check(&stage, &["sweep:\"two words\"", "status:done", "rate >= 0.0", "rate <= 0.0"]);
    let axes = stage.figures.shown_axes(stage.table());
    for name in ["depth", "kernel", "auc"] {
        let to = axes.iter().position(|at| stage.table().columns[*at].name == name).unwrap();
        while stage.figures.axis != to {
            stage.act(&[if stage.figures.axis < to { Right } else { Action::Left }]);
        }
        stage.act(&[Action::Bottom, BrushLow]);
        stage.act(&[Action::PageUp, Action::PageUp, Action::PageUp, BrushHigh]);
        assert_eq!(stage.found(), stage.brushed(), "{name}");
    }
    let [Effect::Jump(Jump::Runs(filter))] = &stage.act(&[Open])[..] else { panic!("no jump") };
    assert!(Expr::parse(filter).is_ok());
    stage.act(&[Action::Back]);
    assert!(stage.figures.brushes.is_empty());
}

#[test]
fn space_marks_the_best_of_the_brush_and_says_so() {
    let mut stage = Stage::new("probe", SPACE, &typical(40), (80, 20));
    assert!(matches!(stage.figures.enabled(Action::Mark), Enabled::No(_)));
    stage.act(&[Action::PageUp, Action::BrushHigh]);
    let said = stage.act(&[Action::Mark]);
    assert!(matches!(&said[..], [Effect::Say(_, text)] if text.contains("best 6 of")));
    let best = stage.figures.brushes.picked(stage.table())[0];
    assert_eq!(
        (stage.shared.marks.len(), stage.shared.marks[0]),
        (6, stage.table().rows[best].run)
    );
}

#[test]
fn dragging_along_an_axis_brushes_it_and_a_click_beside_all_axes_clears() {
    let mut stage = Stage::new("probe", SPACE, &typical(40), (80, 20));
    let click = |stage: &mut Stage, at: (u16, u16), again| {
        stage.figures.click(stage.area, at, again, &mut stage.shared);
    };
    click(&mut stage, (4, 5), false);
    assert!(stage.figures.brushes.is_empty() && stage.figures.axis == 0);
    stage.figures.drag((6, 9));
    stage.figures.drag((9, 12));
    assert_eq!(stage.found(), stage.brushed());
    let wide = stage.brushed().len();
    stage.figures.drag((9, 7));
    assert!(stage.brushed().len() < wide, "the end follows the pointer");
    stage.figures.drag((9, 60));
    assert!(stage.brushed().len() > wide, "beyond the axis is its end");
    let last = stage.area.width - 5;
    click(&mut stage, (last, 0), false);
    assert_eq!(stage.figures.axis, 3, "a name selects its axis, and nothing is cleared");
    assert!(!stage.figures.brushes.is_empty());
    stage.figures.drag((last, 9));
    assert_eq!(stage.figures.brushes.0.len(), 1, "a drag begins on the axis");
    click(&mut stage, (4, 5), true);
    assert!(stage.figures.brushes.is_empty(), "twice takes it off");
    click(&mut stage, (4, 5), false);
    stage.figures.drag((4, 9));
    click(&mut stage, (14, 9), false);
    assert!(stage.figures.brushes.is_empty(), "beside all axes");
}

#[test]
fn axes_keep_their_places_while_the_sweep_runs_and_chosen_ones_come_back() {
    let mut stage = Stage::new("probe", SPACE, &typical(40), (80, 20));
    let names = |stage: &Stage| -> Vec<String> {
        let table = stage.table();
        let axes = stage.figures.shown_axes(table);
        axes.iter().map(|at| table.columns[*at].name.clone()).collect()
    };
    let turned = |stage: &Stage, is_live| {
        let mut table = stage.table().clone();
        table.is_live = is_live;
        table.columns[..3].reverse();
        Answer::Table(Handle(std::sync::Arc::new(table)))
    };
    let ask = Ask::Table { sweep: stage.sweep, wave: 9 };
    let before = names(&stage);
    let next = turned(&stage, true);
    stage.figures.receive(&ask, Ok(next));
    assert_eq!(names(&stage), before, "importance has changed");
    let next = turned(&stage, true);
    stage.figures.release();
    stage.figures.receive(&ask, Ok(next));
    let next = turned(&stage, false);
    stage.figures.receive(&ask, Ok(next));
    assert_eq!(names(&stage)[0], before[2], "it has ended");

    stage.figures.axes.contour = (Some("kernel".into()), Some("depth".into()));
    let remembered = stage.figures.remember();
    let mut other = Figures::default();
    other.recall(&remembered);
    let next = turned(&stage, false);
    other.receive(&ask, Ok(next));
    assert_eq!(other.axes, stage.figures.axes);
    other.look_at(SweepId(77));
    assert_eq!(other.axes, Axes::default());
    let next = turned(&stage, false);
    other.receive(&ask, Ok(next));
    assert_eq!(other.axes, stage.figures.axes);
}

#[test]
fn a_contour_is_over_the_most_important_parameter_that_another_varies_with() {
    let stage = Stage::new("probe", SPACE, &typical(40), (80, 20));
    let mut table = stage.table().clone();
    let at = |name: &str| stage.table().find(name).unwrap();
    let only = |table: &mut Table, name: &str, keep: fn(usize) -> bool| {
        let column = table.find(name).unwrap();
        for row in (0..table.rows.len()).filter(|row| !keep(*row)) {
            table.columns[column].values[row] = f64::NAN;
        }
    };
    assert_eq!(table.pair(), Some((at("rate"), at("depth"))));
    // A parameter of another branch is never there together with the first.
    only(&mut table, "rate", |row| row < 20);
    only(&mut table, "depth", |row| row >= 20);
    assert_eq!(table.pair(), Some((at("rate"), at("kernel"))));
    only(&mut table, "rate", |_| false);
    only(&mut table, "depth", |_| false);
    assert_eq!(table.pair(), None);
}

#[test]
fn series_differ_by_their_signs_in_every_theme() {
    for (name, ascii) in [("mono", false), ("terminal", true), ("safe", false)] {
        let mut stage = Stage::new("probe", SPACE, &typical(40), (80, 20));
        stage.shared.theme = Theme::load(name, ascii, Depth::True).unwrap();
        for view in [View::Slice, View::Contour, View::Scatter, View::Pareto] {
            stage.view(view);
            stage.figures.axes.color = Some("kernel".into());
            let text = stage.text();
            let (plot, legend) = text.rsplit_once('\n').unwrap();
            let words: Vec<&str> = legend.split("  ").collect();
            let signs: Vec<&str> =
                words[..2].iter().map(|word| &word[..word.len().min(3)]).collect();
            assert_ne!(signs[0], signs[1], "{legend}");
            for word in &words[..2] {
                let sign = word.chars().next().unwrap();
                assert!(plot.contains(sign), "{name} {view:?}: '{sign}' of '{legend}' in\n{plot}");
            }
        }
    }
}

#[test]
fn the_crosshair_walks_by_rank_and_along_the_front() {
    let mut stage = Stage::new("probe", SPACE, &typical(40), (80, 20));
    stage.view(View::Slice);
    stage.act(&[Action::Down, Action::Down]);
    assert_eq!(stage.figures.picked, Some(stage.table().rows[1].run));
    assert!(stage.text().contains("rank 2 of 37"), "{}", stage.text());
    let [Effect::Jump(Jump::Run(run))] = stage.act(&[Action::Open])[..] else { panic!("no jump") };
    assert_eq!(run, stage.table().rows[1].run);
    stage.view(View::Pareto);
    stage.act(&[Action::Back, Action::Top]);
    let fastest = stage.figures.picked.unwrap();
    stage.act(&[Action::Right]);
    assert_ne!(stage.figures.picked, Some(fastest));
    assert!(stage.figures.title().1.starts_with("one objective: auc against seconds"));
}

#[test]
fn lists_choose_views_axes_and_colors() {
    let mut stage = Stage::new("probe", SPACE, &typical(40), (80, 20));
    let pick = |stage: &mut Stage, action, words: &str| {
        let [Effect::Overlay(crate::tui::overlay::Overlay::Choose(list))] =
            &stage.act(&[action])[..]
        else {
            panic!("no list")
        };
        let at = list.items.iter().position(|item| item.0 == words).unwrap();
        let settled = stage.figures.settled(list.purpose, Picked::Chosen(at), &mut stage.shared);
        assert!(settled.is_some());
        stage.settle();
    };
    let names = |stage: &Stage| -> Vec<String> {
        let table = stage.table();
        let axes = stage.figures.shown_axes(table);
        axes.iter().map(|at| table.columns[*at].name.clone()).collect()
    };
    let first = names(&stage);
    pick(&mut stage, Action::Columns, "seconds");
    assert_eq!(names(&stage)[1], "seconds");
    pick(&mut stage, Action::Columns, "seconds");
    assert_eq!(names(&stage), first, "the axis under the cursor is hidden");
    pick(&mut stage, Action::Open, "Scatter");
    pick(&mut stage, Action::Axis, "x: size");
    pick(&mut stage, Action::Columns, "color: kernel");
    assert!(stage.figures.title().1.starts_with("auc against size"));
    assert!(stage.text().contains("linear"), "{}", stage.text());
    assert!(stage.figures.settled("another", Picked::Left, &mut stage.shared).is_none());
}

#[test]
fn every_view_draws_at_every_size_whatever_the_runs_are() {
    let odd = |at: u64| {
        let rate = [f64::MIN_POSITIVE, 1e300, -1e300, 0.0, 1.0][at as usize % 5];
        let word = ["\u{1b}[31mred", "日本語の長い名前です", "עברית", "a\nb", ""][at as usize % 5];
        let score =
            [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, 0.5][at as usize % 6];
        let name = ["x", "日本\u{1b}[2J"][at as usize % 2];
        let pairs = [(name, Value::Float(rate)), ("word", Value::Text(word.into()))];
        (params(&pairs), Some(score))
    };
    let stores: [(&str, Vec<Trial>); 4] = [
        ("empty", Vec::new()),
        ("one", typical(1)),
        ("failed", vec![(params(&[("rate", Value::Float(0.1))]), None)]),
        ("h\u{1b}[31mostile", (0..40).map(odd).collect()),
    ];
    for (name, trials) in stores {
        let text = if trials.len() == 1 { SPACE } else { "no sweep file" };
        let mut stage = Stage::new(name, text, &trials, (80, 20));
        let sizes = [(1, 1), (5, 3), (12, 5), (40, 8), (78, 20), (98, 26), (198, 56)];
        for ascii in [false, true] {
            stage.shared.theme = Theme::load("terminal", ascii, Depth::Ansi).unwrap();
            for view in View::ALL {
                stage.view(view);
                for size in sizes {
                    stage.area = Rect::new(0, 0, size.0, size.1);
                    let walk = [Action::Down, Action::Right, Action::BrushLow, Action::ZoomIn];
                    stage.act(&walk);
                    let text = stage.text();
                    assert!(!text.contains('\u{1b}'), "{name} {view:?} {size:?}");
                    assert!(!ascii || text.is_ascii(), "{name} {view:?} {size:?}: {text}");
                    stage.figures.click(
                        stage.area,
                        (size.0 / 2, size.1 / 2),
                        false,
                        &mut stage.shared,
                    );
                }
                stage.figures.clear();
            }
        }
    }
}

#[test]
fn empty_states_say_what_and_how() {
    let mut stage = Stage::new("probe", SPACE, &[], (60, 12));
    assert!(stage.text().contains("no run has finished yet"), "{}", stage.text());
    assert!(stage.text().contains("derby sweep probe.toml"), "{}", stage.text());
    stage.view(View::Timeline);
    assert!(stage.text().contains("no run of this sweep has started"));
    let failed = [(params(&[("rate", Value::Float(0.1))]), Some(f64::NAN))];
    let stage = Stage::new("probe", SPACE, &failed, (60, 12));
    assert!(stage.text().contains("1 run finished without a finite auc"), "{}", stage.text());
}

#[test]
fn the_view_is_remembered() {
    let mut stage = Stage::new("probe", SPACE, &typical(5), (60, 12));
    stage.view(View::Pareto);
    let remembered = stage.figures.remember();
    let mut other = Figures::default();
    other.recall(&remembered);
    assert_eq!(other.view, View::Pareto);
    other.recall(&serde_json::json!({ "view": 7 }));
    assert_eq!(other.view, View::Pareto);
}
