//! The sweep screen under the pilot: keys in, text out.

mod sample;

use crate::domain::{RunId, Status};
use crate::sweep::Doing;
use crate::sweep::steer::asker;
use crate::tui::ScreenId;
use crate::tui::app::Options;
use crate::tui::ask::Write;
use crate::tui::effect::Effect;
use crate::tui::event::Event;
use crate::tui::keymap::presses;
use crate::tui::pilot::Pilot;
use crate::tui::theme::Depth;
use ratatui::layout::Rect;
use sample::Project;
use std::path::Path;

const SIZES: [(u16, u16); 6] = [(60, 16), (80, 24), (100, 30), (120, 50), (160, 30), (200, 60)];

fn options(folder: &Path) -> Options {
    Options {
        store: folder.join(".derby"),
        ledgers: folder.join("champions"),
        here: folder.into(),
        screen: Some(ScreenId::Sweep),
        jump: None,
        theme: None,
        ascii: false,
        depth: Some(Depth::Ansi),
        read_only: false,
        mouse: true,
    }
}

fn pilot(project: &Project, width: u16, height: u16) -> Pilot {
    Pilot::start(&options(project.path()), Rect::new(0, 0, width, height), false).unwrap()
}

fn press(pilot: &mut Pilot, keys: &str) {
    pilot.press(&presses(keys).unwrap());
}

/// The commands that were posted.
fn steers(pilot: &Pilot) -> Vec<serde_json::Value> {
    let posted = pilot.effects.iter().filter_map(|effect| match effect {
        Effect::Write(Write::Steer { steer, .. }) => Some(serde_json::json!(steer)),
        _ => None,
    });
    posted.collect()
}

fn check(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "'{part}' is missing:\n{text}");
    }
}

#[test]
fn without_sweeps_it_says_what_to_do() {
    let project = Project::new();
    for (width, height) in SIZES {
        check(
            &pilot(&project, width, height).text(),
            &["no sweeps yet", "derby sweep sweeps/FILE.toml"],
        );
    }
}

#[test]
fn every_pane_draws_at_every_size() {
    for build in [Project::finished as fn() -> Project, Project::running, Project::hostile] {
        let project = build();
        for (width, height) in SIZES {
            let mut pilot = pilot(&project, width, height);
            for _ in 0..9 {
                let text = pilot.text();
                assert_eq!(text.lines().count(), usize::from(height));
                assert!(!text.contains('\u{1b}'), "{text}");
                press(&mut pilot, "jjGgv<tab>");
            }
            press(&mut pilot, "L<left><right>z");
            pilot.resize(width / 2, height / 2);
            pilot.resize(width, height);
            pilot.text();
        }
    }
}

#[test]
fn a_finished_sweep_tells_what_came_of_it() {
    let mut project = Project::finished();
    let mut pilot = pilot(&project, 100, 30);
    let text = pilot.text();
    check(&text, &["✓ demo", "finished", "maximize auc", "40/40", "✓ 36", "⊘ 2", "✗ 2"]);
    check(&text, &["auc 0.935 at #35", "PED-ANOVA · 36 trials", "shaky below 50", "lr "]);
    check(&text, &["[Top]"]);
    press(&mut pilot, "<tab>");
    check(&pilot.text(), &["active in all trials"]);
    press(&mut pilot, "j");
    check(&pilot.text(), &["momentum: active in", "of 36 trials"]);
    press(&mut pilot, "gv");
    check(&pilot.text(), &["fANOVA · 36 trials", "of the variance", "v SHAP"]);
    press(&mut pilot, "v");
    check(&pilot.text(), &["SHAP · 36 trials", "moves auc by", "is better", "v PED-ANOVA"]);
    press(&mut pilot, "v");
    check(&pilot.text(), &["PED-ANOVA · 36 trials"]);
    press(&mut pilot, "<tab><tab>");
    check(&pilot.text(), &["[Top]", "#35", "0.935"]);
    press(&mut pilot, "<space>");
    assert_eq!(pilot.app().marks().len(), 1);
    press(&mut pilot, "v");
    check(&pilot.text(), &["[Ends]", "2 × out of memory at step …", "2 × median: worse at …"]);
    press(&mut pilot, "p");
    check(&pilot.text(), &["every trial has ended"]);
    assert!(pilot.effects.is_empty());
    // More of the store is seen without a key.
    project.trial(0.99, Status::Done);
    press(&mut pilot, "r");
    check(&pilot.text(), &["auc 0.99 at #40"]);
}

#[test]
fn a_running_sweep_is_paused_and_goes_on() {
    let mut project = Project::running();
    let mut pilot = pilot(&project, 100, 30);
    let text = pilot.text();
    check(
        &text,
        &["● demo", "running", "40/60", "● 2", "[Now]", "drives it, 2 jobs", "5/10", "0.5"],
    );
    press(&mut pilot, "p");
    assert_eq!(steers(&pilot), [serde_json::json!({ "do": "pause" })]);
    project.paused();
    press(&mut pilot, "r");
    check(&pilot.text(), &["PAUSED", "paused: running trials finish"]);
    press(&mut pilot, "p");
    assert_eq!(steers(&pilot)[1], serde_json::json!({ "do": "resume" }));
}

#[test]
fn stopping_asks_first() {
    let project = Project::running();
    let mut pilot = pilot(&project, 100, 30);
    press(&mut pilot, "X");
    check(&pilot.text(), &["Stop demo?"]);
    press(&mut pilot, "n<esc>");
    assert!(steers(&pilot).is_empty());
    press(&mut pilot, "Xy");
    assert_eq!(steers(&pilot), [serde_json::json!({ "do": "stop" })]);
    // In the pane of runs it is the selected one.
    press(&mut pilot, "<tab><tab><tab>jX");
    check(&pilot.text(), &["Stop run 42 (trial #41)?"]);
    press(&mut pilot, "y");
    assert_eq!(steers(&pilot)[1], serde_json::json!({ "do": "stop-run", "run": 42 }));
}

#[test]
fn the_budget_form_sends_what_was_changed() {
    let project = Project::running();
    let mut pilot = pilot(&project, 100, 40);
    press(&mut pilot, "e");
    check(&pilot.text(), &["trials in all", "60", "time in all", "none", "jobs", "lr", "1e-3 … 1"]);
    press(&mut pilot, "<enter>");
    assert!(steers(&pilot).is_empty());
    press(&mut pilot, "e<ctrl-u>+20<down><ctrl-u>soon<enter>");
    check(&pilot.text(), &["soon"]);
    assert!(steers(&pilot).is_empty(), "one field is wrong, so nothing is asked");
    press(&mut pilot, "<esc>e<ctrl-u>+20<down><ctrl-u>1h<down><down><down><ctrl-u>0.01 0.1<enter>");
    let asked = steers(&pilot);
    assert_eq!(asked[0], serde_json::json!({ "do": "trials", "total": 80 }));
    assert_eq!(asked[1], serde_json::json!({ "do": "time", "seconds": 3600.0 }));
    assert_eq!(asked[2]["do"], "range");
    assert_eq!((asked[2]["low"].as_f64(), asked[2]["high"].as_f64()), (Some(0.01), Some(0.1)));
    assert_eq!(asked.len(), 3);
}

#[test]
fn a_point_by_hand_knows_the_space() {
    let project = Project::running();
    let mut pilot = pilot(&project, 100, 30);
    press(&mut pilot, "a");
    check(&pilot.text(), &["which opt?", "sgd", "adam", "momentum"]);
    press(&mut pilot, "<enter>");
    let text = pilot.text();
    check(&text, &["Try next: opt = sgd", "lr", "momentum", "nesterov"]);
    press(&mut pilot, "<down><ctrl-u>7<enter>");
    check(&pilot.text(), &["'lr' cannot be '7'"]);
    assert!(steers(&pilot).is_empty());
    press(&mut pilot, "<ctrl-u>0.5<enter>");
    let asked = &steers(&pilot)[0];
    assert_eq!(asked["do"], "try");
    assert_eq!(asked["params"]["lr"], 0.5);
    assert_eq!(asked["params"]["opt"], "sgd");
    // The other branch has no momentum.
    press(&mut pilot, "a<down><enter>");
    assert!(!pilot.text().contains("0.5 … 0.99"), "{}", pilot.text());
    press(&mut pilot, "<enter>");
    let asked = &steers(&pilot)[1];
    assert_eq!(asked["params"]["opt"], "adam");
    assert!(asked["params"].get("momentum").is_none());
}

#[test]
fn a_sweep_that_nobody_drives_can_go_on() {
    let project = Project::abandoned();
    let mut pilot = pilot(&project, 100, 30);
    check(&pilot.text(), &["! demo", "stale", "is gone"]);
    press(&mut pilot, "X");
    check(&pilot.text(), &["nobody drives this sweep"]);
    press(&mut pilot, "p");
    check(&pilot.text(), &["Go on with demo?", "derby sweep demo.toml"]);
    press(&mut pilot, "y");
    let launched = pilot.effects.iter().any(
        |effect| matches!(effect, Effect::Launch { args, .. } if *args == ["sweep", "demo.toml"]),
    );
    assert!(launched, "{:?}", pilot.effects);
}

#[test]
fn read_only_changes_nothing() {
    let project = Project::running();
    let options = Options { read_only: true, ..options(project.path()) };
    let mut pilot = Pilot::start(&options, Rect::new(0, 0, 100, 30), false).unwrap();
    press(&mut pilot, "pXyea<enter><enter>");
    assert!(steers(&pilot).is_empty());
}

#[test]
fn what_was_asked_is_shown_with_its_answer() {
    let mut project = Project::running();
    project.asked(
        &serde_json::json!({ "do": "jobs", "jobs": 4, "by": "ada@box" }),
        Some((true, "4 jobs")),
    );
    project.asked(&serde_json::json!({ "do": "trials", "total": 9, "by": "bob@box" }), None);
    let mut pilot = pilot(&project, 200, 60);
    check(
        &pilot.text(),
        &["jobs 4 → 4 jobs by ada@box", "trials 9 → waits for the sweep by bob@box"],
    );
    check(&pilot.text(), &["trials 9: waits for the sweep", "1 not taken yet"]);
    press(&mut pilot, "w");
    let saved: Vec<String> = pilot
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Save { path, bytes } => {
                assert!(!bytes.is_empty());
                Some(path.file_name().unwrap().to_string_lossy().into_owned())
            }
            _ => None,
        })
        .collect();
    assert_eq!(saved, ["demo-history.svg", "demo-trials.csv"]);
    press(&mut pilot, "y");
    assert!(
        matches!(pilot.effects.last(), Some(Effect::Copy(text)) if text == "derby sweep demo.toml")
    );
}

#[test]
fn sweeps_are_chosen_from_a_list() {
    let mut project = Project::finished();
    project.another("second");
    let mut pilot = pilot(&project, 100, 30);
    check(&pilot.text(), &["second", "no trial has ended yet"]);
    press(&mut pilot, "/demo<enter>");
    check(&pilot.text(), &["✓ demo", "auc 0.935 at #35"]);
    press(&mut pilot, "<tab><tab><tab>vvv");
    check(&pilot.text(), &["[Sweeps]", "second"]);
    press(&mut pilot, "g<enter>");
    check(&pilot.text(), &["no trial has ended yet"]);
}

#[test]
fn the_crosshair_goes_from_trial_to_trial() {
    let project = Project::finished();
    let mut pilot = pilot(&project, 100, 30);
    press(&mut pilot, "<left>");
    check(&pilot.text(), &["#35 0.935"]);
    press(&mut pilot, "<left>");
    check(&pilot.text(), &["#34 0.934"]);
    press(&mut pilot, "<esc>");
    check(&pilot.text(), &["auc 0.935 at #35"]);
}

#[test]
fn several_objectives_have_a_front() {
    let project = Project::two_objectives();
    let mut pilot = pilot(&project, 100, 40);
    check(&pilot.text(), &["maximize auc", "minimize size", "pareto front", "hypervolume"]);
    check(&pilot.text(), &["PED-ANOVA · auc"]);
    press(&mut pilot, "<tab><right>");
    check(&pilot.text(), &["PED-ANOVA · size"]);
    press(&mut pilot, "<right>");
    check(&pilot.text(), &["PED-ANOVA · auc"]);
}

#[test]
fn a_sweep_has_one_truth() {
    let check = |project: &Project, doing: Doing, over: u64, total: u64| {
        let reached = project.reached();
        assert_eq!((reached.doing, reached.over, reached.total), (doing, over, Some(total)));
    };
    let mut project = Project::finished();
    check(&project, Doing::Finished, 40, 40);
    // Neither the bin nor a run that a person ended takes a trial away.
    project.bin(RunId(1));
    check(&project, Doing::Finished, 40, 40);
    project.ended_by_hand();
    check(&project, Doing::Finished, 41, 41);
    check(&Project::failed(), Doing::Failed, 3, 3);
    check(&Project::running(), Doing::Running, 40, 60);
    check(&Project::abandoned(), Doing::Stale, 40, 60);
    assert_eq!(Project::abandoned().reached().stale, 1);
    let text = pilot(&Project::failed(), 100, 30).text();
    check_all_failed(&text);
}

fn check_all_failed(text: &str) {
    check(text, &["✗ demo", "all failed", "3/3", "✗ 3"]);
    assert!(!text.contains("100%"), "{text}");
}

#[test]
fn runs_at_which_nobody_works_are_stale() {
    let text = pilot(&Project::abandoned(), 100, 30).text();
    check(&text, &["! 1 stale"]);
    assert!(!text.contains("● 1"), "{text}");
}

#[test]
fn a_point_beyond_the_budget_raises_it() {
    let project = Project::full();
    let mut pilot = pilot(&project, 120, 40);
    press(&mut pilot, "a<enter>");
    check(&pilot.text(), &["all 42 trials are used up", "raise to 43"]);
    press(&mut pilot, "<enter>");
    let asked = steers(&pilot);
    assert_eq!(asked[0], serde_json::json!({ "do": "trials", "total": 43 }));
    assert_eq!(asked[1]["do"], "try");
    press(&mut pilot, "a<enter><right><enter>");
    assert_eq!(steers(&pilot).len(), 3, "only the point, which waits");
}

#[test]
fn an_answer_is_said_when_it_comes() {
    let mut project = Project::running();
    let by = asker();
    project.asked(&serde_json::json!({ "do": "jobs", "jobs": 4, "by": by }), None);
    let mut pilot = pilot(&project, 100, 30);
    project.answers(false, "no threads to have; mend: fewer");
    press(&mut pilot, "r");
    check(&pilot.text(), &["! jobs 4: refused: no threads to have; mend: fewer"]);
    // In a narrow pane the answer stands below, whole.
    press(&mut pilot, "<tab><tab><tab>vvv");
    check(&pilot.text(), &["[Asked]", "refused: no threads to", "mend: fewer"]);
}

#[test]
fn a_range_wider_than_the_file_is_warned_of_once() {
    let project = Project::running();
    let mut pilot = pilot(&project, 120, 40);
    press(&mut pilot, "e<down><down><down><down><ctrl-u>0.01 5<enter>");
    check(&pilot.text(), &["is wider than the file's 1e-3 … 1"]);
    assert!(steers(&pilot).is_empty());
    press(&mut pilot, "<enter>");
    assert_eq!(steers(&pilot).len(), 1);
    press(&mut pilot, "e<ctrl-u>1<enter>");
    check(&pilot.text(), &["40 are done"]);
    press(&mut pilot, "<ctrl-u>+20<down><down><ctrl-u>100000<enter>");
    check(&pilot.text(), &["from 1 to 65536"]);
}

#[test]
fn the_cursor_stays_on_its_run() {
    let mut project = Project::running();
    let mut pilot = pilot(&project, 100, 30);
    press(&mut pilot, "<tab><tab><tab>j");
    project.ends(RunId(41));
    press(&mut pilot, "rX");
    check(&pilot.text(), &["Stop run 42 (trial #41)?"]);
    project.ends(RunId(42));
    pilot.settle();
    press(&mut pilot, "y");
    check(&pilot.text(), &["run 42 has ended by itself"]);
    assert!(steers(&pilot).is_empty());
}

#[test]
fn names_of_panes_that_share_a_place_are_clicked() {
    let mut pilot = pilot(&Project::finished(), 100, 30);
    let text = pilot.text();
    let (y, line) = text.lines().enumerate().find(|(_, line)| line.contains("[Top]")).unwrap();
    let place = line.find("Asked").unwrap();
    let x = line[..place].chars().count();
    pilot.event(Event::Mouse(crossterm::event::MouseEvent {
        kind: crossterm::event::MouseEventKind::Down(crossterm::event::MouseButton::Left),
        column: x as u16,
        row: y as u16,
        modifiers: crossterm::event::KeyModifiers::NONE,
    }));
    check(&pilot.text(), &["[Asked]", "nobody has asked anything of it"]);
}

#[test]
fn the_chosen_sweep_is_chosen_on_every_screen() {
    let mut project = Project::finished();
    project.another("second");
    let mut pilot = pilot(&project, 100, 30);
    press(&mut pilot, "/demo<enter>6");
    check(&pilot.text(), &["demo"]);
    assert!(!pilot.text().contains("second"), "{}", pilot.text());
    press(&mut pilot, "4");
    check(&pilot.text(), &["✓ demo"]);
}
