//! Keys in, text out: on an empty store, a usual one, and one that means harm.

use crate::domain::{
    Goal, MetricPoint, Objective, Outcome, Params, RunId, Summary, SweepId, Value,
};
use crate::space::Point;
use crate::store::{Finished, Mode, NewRun, NewSweep, NewTrial, Owner, RunContext, Store};
use crate::tui::app::Options;
use crate::tui::effect::Effect;
use crate::tui::keymap::presses;
use crate::tui::theme::Depth;
use crate::tui::{Pilot, ScreenId};
use ratatui::layout::Rect;
use std::path::Path;

const SIZES: [(u16, u16); 4] = [(60, 16), (80, 24), (100, 30), (200, 60)];

fn options(folder: &Path) -> Options {
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

fn context() -> RunContext {
    RunContext {
        user: "me".into(),
        host: "here".into(),
        git: None,
        argv: vec!["derby".into()],
        env: std::collections::BTreeMap::new(),
        version: "0.1.0".into(),
        data_hash: None,
        schema_hash: None,
        rows: None,
        source: None,
        split: None,
    }
}

/// A store to fill.
struct Shop {
    folder: tempfile::TempDir,
    store: Store,
    owner: Owner,
    context: RunContext,
}

impl Shop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store =
            Store::open(&folder.path().join(".derby"), Mode::ReadWrite { create: true }).unwrap();
        Self { folder, store, owner: Owner::this_process(), context: context() }
    }

    fn sweep(&mut self, name: &str, metric: &str, goal: Goal) -> SweepId {
        let new = NewSweep {
            name: name.into(),
            experiment: "exp".into(),
            model: "exp".into(),
            digest: format!("{:064x}", name.len()),
            file: format!("{name}.toml"),
            text: format!("name = \"{name}\""),
            sampler: "tpe".into(),
            seed: 7,
            objectives: vec![Objective { metric: metric.into(), goal }],
            total: Some(10),
        };
        self.store.begin_sweep(&new).unwrap().id
    }

    /// A run that has begun.
    fn start(
        &mut self,
        sweep: SweepId,
        trial: u64,
        params: &[(&str, Value)],
        name: Option<&str>,
    ) -> RunId {
        let params: Params = params.iter().map(|(k, v)| ((*k).to_string(), v.clone())).collect();
        let ask = NewTrial {
            number: trial,
            point: Point(Vec::new()),
            params: &params,
            config: params.digest(),
            pending: Vec::new(),
            same_as: None,
            made_by: None,
        };
        self.store.record_ask(sweep, &[ask]).unwrap();
        let new = NewRun {
            sweep: Some(sweep),
            trial: Some(trial),
            attempt: 1,
            replicate: 0,
            is_queued: false,
            experiment: "exp",
            name,
            params: &params,
            seed: Some(1),
            context: &self.context,
            owner: &self.owner,
            cached_from: None,
            parent: None,
        };
        self.store.start_run(&new).unwrap()
    }

    fn finish(&mut self, run: RunId, scores: &[(&str, f64)], outcome: &Outcome) {
        let of = |score: f64| Summary {
            score,
            n: 3,
            mean: score,
            sd: 0.1,
            last: score,
            min: score,
            max: score,
        };
        let summaries: Vec<(String, Summary)> =
            scores.iter().map(|(name, score)| ((*name).to_string(), of(*score))).collect();
        let mut points = Vec::new();
        for (name, score) in scores {
            for step in 0..5_i64 {
                points.push(MetricPoint {
                    metric: (*name).into(),
                    context: String::new(),
                    step,
                    value: score * (step as f64 + 1.0) / 5.0,
                    ts: step,
                });
            }
        }
        let finished = Finished {
            points: &points,
            summaries: &summaries,
            seconds: 1.5,
            loss: scores.first().map(|(name, score)| if *name == "loss" { *score } else { -score }),
            ..Finished::without_values(outcome)
        };
        assert!(self.store.finish_run(run, 1, &self.owner, &finished).unwrap());
    }

    fn pilot(&self, (width, height): (u16, u16), acts: bool) -> Pilot {
        let size = Rect::new(0, 0, width, height);
        Pilot::start(&options(self.folder.path()), size, acts).unwrap()
    }
}

/// Two sweeps of six runs: one to be large, one to be small.
fn typical() -> Shop {
    let mut shop = Shop::new();
    let auc = shop.sweep("first", "auc", Goal::Maximize);
    for trial in 0..6_u64 {
        let c = Value::Float(10_f64.powi(trial as i32 - 3));
        let kernel = Value::Text(if trial % 2 == 0 { "rbf" } else { "linear" }.into());
        let params = [("C", c), ("kernel", kernel), ("folds", Value::Int(5))];
        let run = shop.start(auc, trial, &params, None);
        if trial < 5 {
            shop.finish(run, &[("auc", 0.9 + trial as f64 / 100.0)], &Outcome::Done);
        }
    }
    let loss = shop.sweep("second", "loss", Goal::Minimize);
    for trial in 0..6_u64 {
        let params = [("depth", Value::Int(trial as i64))];
        let run = shop.start(loss, trial, &params, None);
        let outcome = match trial {
            5 => Outcome::Failed { reason: "it broke".into() },
            _ => Outcome::Done,
        };
        let scores = [("loss", 0.5 - trial as f64 / 100.0)];
        shop.finish(run, if trial == 5 { &[] } else { &scores }, &outcome);
    }
    shop
}

fn press(pilot: &mut Pilot, keys: &str) -> String {
    pilot.press(&presses(keys).unwrap());
    pilot.text()
}

/// The numbers of the runs in the table, from top to bottom.
fn listed(text: &str) -> Vec<i64> {
    let number = |line: &str| {
        let rest = line.split(['▢', '▣']).nth(1)?;
        rest.split_whitespace().nth(1)?.parse().ok()
    };
    text.lines().filter_map(number).collect()
}

#[test]
fn an_empty_store_says_how_to_begin() {
    let folder = tempfile::tempdir().unwrap();
    for (width, height) in SIZES {
        let size = Rect::new(0, 0, width, height);
        let mut pilot = Pilot::start(&options(folder.path()), size, false).unwrap();
        let text = pilot.text();
        assert!(text.contains("no runs yet — derby init DATA.csv writes a sweep"), "{text}");
        press(&mut pilot, "jjGgsSo<enter>ddFF");
        press(&mut pilot, "v");
        assert!(pilot.text().contains("the bin is empty"), "{}", pilot.text());
    }
    std::fs::create_dir(folder.path().join("sweeps")).unwrap();
    std::fs::write(folder.path().join("sweeps/mine.toml"), "").unwrap();
    let size = Rect::new(0, 0, 100, 30);
    let text = Pilot::start(&options(folder.path()), size, false).unwrap().text();
    assert!(text.contains("no runs yet — derby sweep sweeps/mine.toml"), "{text}");
}

#[test]
fn runs_are_listed_newest_first_and_sorted_best_first() {
    let shop = typical();
    let mut pilot = shop.pilot((200, 30), false);
    assert_eq!(listed(&pilot.text())[..3], [12, 11, 10]);
    // By a metric to be large, then turned around; what has none is last either way.
    let text = press(&mut pilot, "/sweep:first<enter>lls");
    assert_eq!(listed(&text), [5, 4, 3, 2, 1, 6], "{text}");
    assert!(text.contains("sorted by auc ▼"));
    let text = press(&mut pilot, "S");
    assert_eq!(listed(&text), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_metric_to_be_small_is_sorted_upwards() {
    let shop = typical();
    let mut pilot = shop.pilot((200, 30), false);
    let text = press(&mut pilot, "/<ctrl-u>sweep:second<enter>lls");
    assert_eq!(listed(&text), [11, 10, 9, 8, 7, 12], "{text}");
    assert!(text.contains("loss ▲"));
}

#[test]
fn only_what_differs_is_a_column_until_all_is_asked_for() {
    let shop = typical();
    let mut pilot = shop.pilot((200, 30), false);
    let text = press(&mut pilot, "/sweep:first<enter>");
    let header = text.lines().nth(2).unwrap();
    assert!(header.contains("kernel") && !header.contains("folds"), "{header}");
    let text = press(&mut pilot, "d");
    assert!(text.lines().nth(2).unwrap().contains("folds"), "{text}");
}

#[test]
fn a_filter_counts_while_it_is_typed_and_names_its_mistakes() {
    let shop = typical();
    let mut pilot = shop.pilot((100, 30), false);
    let text = press(&mut pilot, "/auc > 0.92");
    assert!(text.contains("[2/12]"), "{text}");
    let text = press(&mut pilot, " and (");
    assert!(text.contains("at 1"), "{text}");
    assert_eq!(listed(&text), [5, 4], "the last whole filter stays");
    let text = press(&mut pilot, "<esc>");
    assert!(text.contains("of 12"), "{text}");
    let text = press(&mut pilot, "/zzz<enter>");
    assert!(text.contains("0 of 12 match — Esc clears"), "{text}");
    let text = press(&mut pilot, "<esc>");
    assert_eq!(listed(&text).len(), 12);
    let text = press(&mut pilot, "/nothing = 3");
    assert!(text.contains("no run has a metric or parameter 'nothing'"), "{text}");
    assert_eq!(listed(&text).len(), 12, "the table stays while the mistake does");
}

#[test]
fn tab_completes_names_and_values() {
    let shop = typical();
    let mut pilot = shop.pilot((100, 30), false);
    let text = press(&mut pilot, "/ker");
    assert!(text.contains("kernel") && text.contains("parameter"), "{text}");
    let text = press(&mut pilot, "<tab> = ");
    assert!(text.contains("rbf") && text.contains("3 runs"), "{text}");
    let text = press(&mut pilot, "l<tab><enter>");
    assert!(text.contains("/ kernel = linear"), "{text}");
    assert_eq!(listed(&text), [6, 4, 2]);
}

#[test]
fn groups_open_and_close() {
    let shop = typical();
    let mut pilot = shop.pilot((140, 30), false);
    let text = press(&mut pilot, "bsweep<enter>");
    let row = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.contains(name)).unwrap_or_default().to_string();
        line.split_whitespace().map(str::to_string).collect::<Vec<_>>().join(" ")
    };
    assert!(row(&text, "▸  second").contains("second 6 loss 0.46 0.480 ± 0.016 ✓5 ✗1"), "{text}");
    assert!(row(&text, "▸  first").contains("first 6 auc 0.94 0.920 ± 0.016 ●1 ✓5"), "{text}");
    assert!(listed(&text).is_empty());
    let text = press(&mut pilot, "<enter>");
    assert_eq!(listed(&text), [12, 11, 10, 9, 8, 7], "{text}");
    let text = press(&mut pilot, "jjg<enter>bnone<enter>");
    assert_eq!(listed(&text).len(), 12);
}

#[test]
fn scores_of_mixed_metrics_are_sorted_each_by_itself_and_differences_together() {
    let shop = typical();
    let mut pilot = shop.pilot((200, 30), false);
    let header = |text: &str| text.lines().nth(2).unwrap().to_string();
    assert!(header(&pilot.text()).contains("RUN▼"), "the default order has its arrow");
    // The newer sweep's metric first, each the best first; runs without a score are last.
    let text = press(&mut pilot, "lls");
    assert!(header(&text).contains("SCORE▼"), "{text}");
    assert_eq!(listed(&text), [11, 10, 9, 8, 7, 5, 4, 3, 2, 1, 12, 6], "{text}");
    assert!(text.contains("2 metrics do not compare"), "{text}");
    let text = press(&mut pilot, "S");
    assert_eq!(listed(&text), [7, 8, 9, 10, 11, 1, 2, 3, 4, 5, 12, 6], "{text}");
    // Both sweeps' scores are 0, 0.01, … from their best: equal ones stay newest first.
    let text = press(&mut pilot, "ls");
    assert!(header(&text).contains("ΔBEST▼"), "{text}");
    assert_eq!(listed(&text)[..2], [11, 5], "{text}");
    assert_eq!(listed(&text)[8..], [7, 1, 12, 6], "{text}");
    // With one metric left its own column has the arrow, and the order goes on.
    let text = press(&mut pilot, "hs/sweep:second<enter>");
    assert!(header(&text).contains("loss▲"), "{text}");
    assert_eq!(listed(&text), [11, 10, 9, 8, 7, 12], "{text}");
    let text = press(&mut pilot, "<esc><esc>");
    assert!(header(&text).contains("SCORE▼"), "{text}");
}

#[test]
fn a_column_has_one_number_of_decimals() {
    let mut shop = Shop::new();
    let sweep = shop.sweep("first", "auc", Goal::Maximize);
    for (trial, score) in [0.993, 0.9918, 1.0, 1.0].into_iter().enumerate() {
        let run = shop.start(sweep, trial as u64, &[], None);
        shop.finish(run, &[("auc", score)], &Outcome::Done);
    }
    let text = shop.pilot((100, 30), false).text();
    for shown in ["0.9930", "0.9918", "1.0000", "-0.0070", "-0.0082", " 0.0000"] {
        assert!(text.contains(shown), "{shown}\n{text}");
    }
}

#[test]
fn runs_without_a_process_are_stale() {
    let mut shop = typical();
    let dead = Owner { pid: u32::MAX - 7, start: 1, ..Owner::this_process() };
    shop.owner = dead;
    let sweep = shop.sweep("first", "auc", Goal::Maximize);
    shop.start(sweep, 9, &[], None);
    let mut pilot = shop.pilot((160, 30), false);
    let text = pilot.text();
    assert!(text.contains("! 1 stale") && text.contains("● 1 running"), "{text}");
    assert_eq!(text.matches("! 1 stale").count(), 2, "header and status\n{text}");
    assert_eq!(listed(&press(&mut pilot, "/status:stale<enter>")), [13]);
    assert_eq!(listed(&press(&mut pilot, "<esc>/status:running and not status:stale<enter>")), [6]);
    let text = press(&mut pilot, "<esc>/status:");
    assert!(text.contains("stale") && text.contains("1 run"), "{text}");
}

#[test]
fn a_filter_with_a_mistake_stays_to_be_mended() {
    let shop = typical();
    let mut pilot = shop.pilot((100, 30), false);
    let text = press(&mut pilot, "/auc > 0.92 and (<enter>");
    assert!(text.contains(" / auc > 0.92 and (") && text.contains(" ! at "), "{text}");
    let text = press(&mut pilot, "<backspace><backspace><backspace><backspace><backspace><enter>");
    assert!(text.contains("/ auc > 0.92 ━"), "{text}");
    assert_eq!(listed(&text), [5, 4]);
    let text = press(&mut pilot, "/<ctrl-u>acu > 0.92<enter>");
    assert!(text.contains("did you mean 'auc'? (there are: auc, loss"), "{text}");
    assert!(!listed(&text).is_empty(), "what was found last stays");
    let text = press(&mut pilot, "<ctrl-u>sw<tab>fi");
    assert!(text.contains(" / sweep:fi") && text.contains("[0/12]"), "{text}");
    assert!(!listed(&text).is_empty(), "an unfinished name does not blank the table");
    let text = press(&mut pilot, "<enter>");
    assert!(text.contains("0 of 12 match"), "{text}");
}

#[test]
fn tags_go_to_all_marked_runs_and_all_changes_are_told() {
    let shop = typical();
    let mut pilot = shop.pilot((100, 30), true);
    let text = press(&mut pilot, "<space><space><space>je");
    assert!(text.contains("3 marked runs"), "{text}");
    let text = press(&mut pilot, "keep why=test<enter>");
    assert!(text.contains("3 runs: tag keep; 3 runs: tag why"), "{text}");
    assert_eq!(listed(&press(&mut pilot, "<esc>/tag:keep<enter>")), [12, 11, 10]);
    let text = press(&mut pilot, "<esc>u");
    assert!(!text.contains("marked"), "{text}");
    let text = press(&mut pilot, "ge<ctrl-u>mine<enter>");
    assert!(text.contains("is called 'mine'"), "{text}");
}

#[test]
fn a_hidden_column_leaves_the_cursor_where_it_was() {
    let shop = typical();
    let mut pilot = shop.pilot((80, 24), false);
    let on = |text: &str| {
        let columns = text.lines().position(|line| line.contains("━ Columns")).unwrap();
        text.lines().skip(columns).position(|line| line.contains("AGE")).unwrap()
    };
    let before = press(&mut pilot, "ojjjj");
    assert!(before.contains("COLUMN") && before.contains("against champion or best"), "{before}");
    assert!(before.contains("FROZEN") && before.contains("stays"), "{before}");
    let after = press(&mut pilot, "j<space>");
    assert_eq!(on(&before), on(&after), "{after}");
    let text = press(&mut pilot, "<esc>");
    let header = text.lines().nth(2).unwrap();
    assert!(!header.contains("TIME") && header.contains("AGE"), "{text}");
}

#[test]
fn parameters_that_most_runs_have_come_first() {
    let mut shop = Shop::new();
    let sweep = shop.sweep("first", "auc", Goal::Maximize);
    for trial in 0..4_u64 {
        let n = Value::Int(trial as i64);
        let rare = [("rare", n.clone()), ("often", n.clone())];
        let run = shop.start(sweep, trial, &rare[usize::from(trial > 1)..], None);
        shop.finish(run, &[("auc", 0.5)], &Outcome::Done);
    }
    let text = shop.pilot((200, 30), false).text();
    let header = text.lines().nth(2).unwrap();
    assert!(header.find("often").unwrap() < header.find("rare").unwrap(), "{header}");
}

#[test]
fn marked_runs_are_compared_and_the_marks_can_go() {
    let shop = typical();
    let mut pilot = shop.pilot((100, 30), false);
    let text = press(&mut pilot, "c");
    assert!(text.contains("mark two runs with Space, then c"), "{text}");
    let text = press(&mut pilot, "<esc><space><space>");
    assert!(text.contains("2 marked"), "{text}");
    assert_eq!(pilot.app().marks().iter().copied().collect::<Vec<_>>(), [RunId(12), RunId(11)]);
    press(&mut pilot, "c");
    assert_eq!(pilot.app().screen_id(), ScreenId::Compare);
    let text = press(&mut pilot, "1u");
    assert!(!text.contains("2 marked"));
    press(&mut pilot, "<enter>");
    assert_eq!(pilot.app().screen_id(), ScreenId::Run);
}

#[test]
fn the_bin_is_a_view_and_gives_back() {
    let shop = typical();
    let mut pilot = shop.pilot((100, 30), true);
    let text = press(&mut pilot, "D");
    assert!(text.contains("Into the bin"), "{text}");
    let text = press(&mut pilot, "y");
    assert_eq!(listed(&text).first(), Some(&11));
    let text = press(&mut pilot, "v");
    assert!(text.contains("━ Bin"), "{text}");
    assert_eq!(listed(&text), [12]);
    press(&mut pilot, "Dy");
    let text = press(&mut pilot, "v");
    assert_eq!(listed(&text).first(), Some(&12));
}

#[test]
fn name_tags_and_note_are_edited_in_a_form() {
    let shop = typical();
    let mut pilot = shop.pilot((100, 30), true);
    press(&mut pilot, "e<ctrl-u>mine<down>keep why=test<down>a note<enter>");
    let text = pilot.text();
    assert!(text.contains("12 mine") && text.contains("a note"), "{text}");
    assert!(text.contains("keep why=test"), "{text}");
    let text = press(&mut pilot, "e<down><ctrl-u>=x<enter>");
    assert!(text.contains("'=x' has no key"), "{text}");
}

#[test]
fn the_picker_shows_hides_orders_and_searches() {
    let shop = typical();
    let mut pilot = shop.pilot((280, 30), false);
    press(&mut pilot, "/sweep:first<enter>");
    let text = press(&mut pilot, "o/folds<enter>");
    assert!(text.contains("Columns / folds"), "{text}");
    press(&mut pilot, "<space><esc><esc>");
    let header = pilot.text().lines().nth(2).unwrap().to_string();
    assert!(header.contains("folds"), "{header}");
    // Moved to the left, past the one before it.
    press(&mut pilot, "o/folds<enter>hhhhhhhhh<esc><esc>");
    let header = pilot.text().lines().nth(2).unwrap().to_string();
    assert!(header.find("folds").unwrap() < header.find("RUN").unwrap(), "{header}");
}

#[test]
fn selection_stays_on_its_run_while_new_ones_come() {
    let mut shop = typical();
    let mut pilot = shop.pilot((100, 30), false);
    assert!(press(&mut pilot, "jj").contains("3/12"));
    let sweep = shop.sweep("first", "auc", Goal::Maximize);
    let run = shop.start(sweep, 6, &[("C", Value::Float(9.0))], None);
    pilot.settle();
    let text = pilot.text();
    assert!(text.contains("4/13") && listed(&text)[0] == run.0, "{text}");
    assert!(text.lines().any(|line| line.contains('▶') && line.contains(" 10 ")), "{text}");
}

#[test]
fn the_table_is_written_and_cells_are_copied() {
    let shop = typical();
    let mut pilot = shop.pilot((100, 30), false);
    press(&mut pilot, "/sweep:first<enter>wy");
    let saved = pilot.effects.iter().find_map(|effect| match effect {
        Effect::Save { path, bytes } => {
            Some((path.clone(), String::from_utf8_lossy(bytes).into_owned()))
        }
        _ => None,
    });
    let (path, csv) = saved.unwrap();
    assert!(path.ends_with("runs.csv"));
    assert!(csv.starts_with("run,status,name,auc,"), "{csv}");
    assert_eq!(csv.lines().count(), 7);
    let copied =
        pilot.effects.iter().any(|effect| matches!(effect, Effect::Copy(text) if text == "6"));
    assert!(copied, "{:?}", pilot.effects);
}

#[test]
fn the_preview_follows_the_cursor() {
    let shop = typical();
    let mut pilot = shop.pilot((100, 30), false);
    let text = press(&mut pilot, "/sweep:first<enter>G");
    assert!(text.contains("params, against best 5"), "{text}");
    assert!(text.contains("▼ C") && text.contains("= folds"), "{text}");
    assert!(text.contains("first #0"), "{text}");
}

#[test]
fn what_means_harm_is_shown_harmless() {
    let mut shop = Shop::new();
    let sweep = shop.sweep("ペンギン\u{202e}", "auc", Goal::Maximize);
    let names = ["\u{1b}[31mred\u{7}", "ペンギン e\u{301}e\u{301} שלום", "a\tb\nc"];
    for (trial, name) in names.into_iter().enumerate() {
        let params = [("a b\u{1b}[2J", Value::Text(name.into())), ("x", Value::Float(f64::NAN))];
        let run = shop.start(sweep, trial as u64, &params, Some(name));
        let score = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][trial];
        shop.finish(run, &[("auc", score), ("\u{1b}]0;t\u{7}", 1.0)], &Outcome::Done);
    }
    let many: Vec<(String, Value)> =
        (0..5_000).map(|n| (format!("p{n:04}"), Value::Int(n))).collect();
    let many: Vec<(&str, Value)> = many.iter().map(|(k, v)| (k.as_str(), v.clone())).collect();
    let run = shop.start(sweep, 3, &many, None);
    let metrics: Vec<String> = (0..500).map(|n| format!("m{n:03}")).collect();
    let metrics: Vec<(&str, f64)> = metrics.iter().map(|name| (name.as_str(), 0.5)).collect();
    shop.finish(run, &metrics, &Outcome::Done);
    for size in SIZES {
        let mut pilot = shop.pilot(size, false);
        let keys = [
            "",
            "d",
            "llllll",
            "s",
            "G",
            "o/p49<enter><space>",
            "<esc><esc>",
            "bx<enter>",
            "<enter>",
        ];
        for keys in keys {
            let text = press(&mut pilot, keys);
            let safe = |c: char| !c.is_control() || c == '\n';
            assert!(text.chars().all(safe), "{size:?} {keys}\n{text}");
            assert!(!text.contains('\u{202e}') && text.lines().count() == usize::from(size.1));
        }
    }
    let mut pilot = shop.pilot((100, 30), false);
    let text = pilot.text();
    assert!(text.contains("NaN") && text.contains(" inf") && text.contains("-inf"), "{text}");
    let text = press(&mut pilot, "o/m499<enter>");
    assert!(text.contains("m499") && text.contains("metric"), "{text}");
}

#[test]
fn the_mouse_sorts_selects_and_opens() {
    use crate::tui::event::Event;
    use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let shop = typical();
    let mut pilot = shop.pilot((100, 30), false);
    let click = |pilot: &mut Pilot, column, row| {
        let kind = MouseEventKind::Down(MouseButton::Left);
        let mouse = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
        pilot.event(Event::Mouse(mouse));
        pilot.text()
    };
    assert!(click(&mut pilot, 6, 5).contains("3/12"));
    assert_eq!(pilot.app().screen_id(), ScreenId::Runs);
    let text = click(&mut pilot, 3, 5);
    assert!(text.contains("1 marked"), "{text}");
    let text = click(&mut pilot, 7, 2);
    assert!(text.contains("sorted by id ▲"), "{text}");
    assert_eq!(listed(&text)[0], 1, "{text}");
    let text = click(&mut pilot, 7, 2);
    assert_eq!(listed(&text)[0], 12, "{text}");
    click(&mut pilot, 8, 4);
    click(&mut pilot, 8, 4);
    assert_eq!(pilot.app().screen_id(), ScreenId::Run);
}
