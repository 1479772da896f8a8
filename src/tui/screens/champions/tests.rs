//! The champions screen by its keys, over ledgers in a temporary folder.

use crate::champion::{Judged, Ledger, ModelName, Promotion, Question, RunRef, Use, Version};
use crate::domain::{Digest, Goal, Objective, Outcome, Params, RunId, Summary, Value};
use crate::gate::{
    Approval, Check, CheckStatus, Comparison, Decision, HoldoutUse, Opinion, Policy, Verdict,
};
use crate::space::Point;
use crate::store::{Finished, Mode, NewRun, NewSweep, NewTrial, Owner, RunContext, Store};
use crate::tui::ScreenId;
use crate::tui::app::Options;
use crate::tui::ask::{Reply, VerbOutcome};
use crate::tui::effect::{Effect, Jump};
use crate::tui::event::Event;
use crate::tui::keymap::presses;
use crate::tui::pilot::Pilot;
use crate::tui::theme::Depth;
use ratatui::layout::Rect;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

const SIZES: [(u16, u16); 5] = [(60, 16), (80, 24), (100, 30), (160, 20), (200, 60)];

/// A project with a sweep of `penguins` and the ledgers that a test writes.
struct Lab {
    dir: TempDir,
}

impl Lab {
    /// Four runs by `auc`; the last one is NaN and says hostile things.
    fn new() -> Self {
        let lab = Self { dir: tempfile::tempdir().unwrap() };
        let mut store =
            Store::open(&lab.dir.path().join(".derby"), Mode::ReadWrite { create: true }).unwrap();
        let owner = Owner::this_process();
        let sweep = store.begin_sweep(&new_sweep()).unwrap().id;
        for number in 0..4_u64 {
            let params = params(number);
            let trial = NewTrial {
                number,
                point: Point(vec![Some(number as f64)]),
                params: &params,
                config: params.digest(),
                pending: Vec::new(),
                same_as: None,
                made_by: None,
            };
            store.record_ask(sweep, &[trial]).unwrap();
            let run = store
                .start_run(&NewRun {
                    sweep: Some(sweep),
                    trial: Some(number),
                    attempt: 1,
                    replicate: 0,
                    is_queued: false,
                    experiment: "penguins",
                    name: None,
                    params: &params,
                    seed: None,
                    context: &context(),
                    owner: &owner,
                    cached_from: None,
                    parent: None,
                })
                .unwrap();
            let score = if number == 3 { f64::NAN } else { 0.9 + number as f64 / 100.0 };
            let finished = Finished {
                summaries: &[("auc".into(), summary(score))],
                loss: (!score.is_nan()).then_some(-score),
                ..Finished::without_values(&Outcome::Done)
            };
            assert!(store.finish_run(run, 1, &owner, &finished).unwrap());
            store.tell(sweep, &[number]).unwrap();
        }
        lab
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("champions")
    }

    fn file(&self) -> PathBuf {
        self.folder().join("penguins.jsonl")
    }

    fn store(&self) -> Store {
        let path = self.dir.path().join(".derby");
        Store::open(&path, Mode::ReadWrite { create: false }).unwrap()
    }

    fn begin(&self) -> Ledger {
        let model = ModelName::parse("penguins").unwrap();
        Ledger::begin(&self.folder(), &model, "first\u{1b}[31m").unwrap()
    }

    fn run(&self, number: i64) -> RunRef {
        let uuid = self.store().run_by_id(RunId(number)).unwrap().uuid;
        RunRef { uuid, number }
    }

    /// Registers the run as a version and keeps a bundle for it.
    fn register(&self, ledger: &mut Ledger, run: i64) -> u64 {
        let folder = self.dir.path().join(format!("bundle-{run}"));
        fs::create_dir_all(&folder).unwrap();
        let manifest = format!("{{\"digest\":\"{}\"}}", bundle(run).hex());
        fs::write(folder.join("bundle.json"), manifest).unwrap();
        ledger.keep_bundle(&folder, bundle(run)).unwrap();
        ledger
            .register(Version {
                bundle: bundle(run).hex(),
                kind: "model".into(),
                run: Some(self.run(run)),
                sweep: Some("penguins".into()),
                params: params(run as u64 - 1),
                cross_validation: [("auc".to_string(), 0.9), ("odd".into(), f64::NAN)].into(),
                holdout: [("auc".to_string(), 0.89)].into(),
                data_hash: Some("5e".repeat(32)),
                split: Some("51".repeat(32)),
                why: "best of 4".into(),
                ..Version::default()
            })
            .unwrap()
    }

    fn judge(&self, ledger: &mut Ledger, run: i64, decision: Decision) -> u64 {
        let judged = judged(ledger, self.run(run), decision);
        ledger.record_gate(judged).unwrap()
    }

    fn promote(&self, ledger: &mut Ledger, run: i64, approval: Approval) {
        let gate = self.judge(ledger, run, Decision::Promote);
        let version = self.register(ledger, run);
        let why = format!("run {run} is better");
        ledger.promote(&Promotion { version, gate, why, rule: None, approval }).unwrap();
    }

    fn pilot(&self, size: (u16, u16)) -> Pilot {
        let options = Options {
            store: self.dir.path().join(".derby"),
            ledgers: self.folder(),
            here: self.dir.path().into(),
            screen: Some(ScreenId::Champions),
            jump: None,
            theme: None,
            ascii: false,
            depth: Some(Depth::Ansi),
            read_only: false,
            mouse: true,
        };
        Pilot::start(&options, Rect::new(0, 0, size.0, size.1), false).unwrap()
    }
}

fn new_sweep() -> NewSweep {
    NewSweep {
        name: "penguins".into(),
        experiment: "penguins".into(),
        model: "penguins".into(),
        digest: "d1".repeat(32),
        file: "penguins.toml".into(),
        text: String::new(),
        sampler: "random".into(),
        seed: 1,
        objectives: vec![Objective { metric: "auc".into(), goal: Goal::Maximize }],
        total: Some(4),
    }
}

fn params(number: u64) -> Params {
    let word = if number == 3 { "\u{1b}[31m ペンギン" } else { "linear" };
    let values = [("C", Value::Float(number as f64)), ("kernel", Value::Text(word.into()))];
    values.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}

fn summary(score: f64) -> Summary {
    Summary { score, n: 1, mean: score, sd: f64::NAN, last: score, min: score, max: score }
}

fn context() -> RunContext {
    RunContext {
        user: "ann".into(),
        host: "lab".into(),
        git: None,
        argv: Vec::new(),
        env: [].into(),
        version: "0.1.0".into(),
        data_hash: Some("5e".repeat(32)),
        schema_hash: None,
        rows: Some(344),
        source: None,
        split: Some("51".repeat(32)),
    }
}

fn bundle(run: i64) -> Digest {
    Digest::of(format!("bundle {run}").as_bytes())
}

fn policy() -> Policy {
    Policy::new(Objective { metric: "auc".into(), goal: Goal::Maximize })
}

/// A verdict with a comparison, a check that holds and a second opinion.
fn judged(ledger: &Ledger, run: RunRef, decision: Decision) -> Judged {
    let registry = ledger.registry();
    let champion = registry.champion().map(|one| Digest::parse(&one.version.bundle).unwrap());
    let question = Question {
        challenger: bundle(run.number),
        champion,
        holdout: Some(Digest::of(b"rows")),
        policy: policy().digest(),
    };
    let Use::New { epoch, number } = registry.use_of(&question) else { panic!("asked before") };
    let status = match decision {
        Decision::Promote => CheckStatus::Pass,
        Decision::Hold => CheckStatus::Hold,
        Decision::Reject => CheckStatus::Fail,
    };
    let check = |id: &str, name: &str, status, detail: &str| Check {
        id: id.into(),
        name: name.into(),
        status,
        value: Some(0.004_2),
        threshold: Some(0.0),
        detail: detail.into(),
    };
    let verdict = Verdict {
        decision,
        reason: "as the test says".into(),
        checks: vec![
            check("gain", "better on the holdout by auc", status, "gain 0.0042"),
            check("require:recall", "recall >= 0.9", CheckStatus::Pass, "0.95 \u{1b}[2J is asked"),
        ],
        comparison: champion.map(|_| Comparison {
            metric: "auc".into(),
            goal: Goal::Maximize,
            challenger: 0.95,
            champion: 0.94,
            gain: 0.01,
            lower: -0.002,
            upper: 0.02,
            alpha: 0.025,
            standard_error: 0.005,
            draws: 10_000,
            rows: 69,
            method: "rows".into(),
            detectable: 0.013,
            rows_needed: Some(1_234),
        }),
        opinions: vec![Opinion {
            id: "delong".into(),
            name: "DeLong".into(),
            p: Some(0.0123),
            detail: "areas differ".into(),
        }],
        selection: None,
        holdout: Some(HoldoutUse {
            digest: Digest::of(b"rows").hex(),
            epoch,
            number,
            rows: 69,
            trained_on: 0,
            retired: 0,
        }),
    };
    let why = "CI".to_string();
    Judged { question, run: Some(run), policy: policy(), data_hash: None, verdict, why }
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

/// The verb that was started last.
fn verb(pilot: &Pilot) -> (&'static str, String) {
    let last = pilot.effects.iter().rev().find_map(|effect| match effect {
        Effect::Verb { args, purpose } => Some((*purpose, args.join(" "))),
        _ => None,
    });
    last.expect("a verb was started")
}

fn end(pilot: &mut Pilot, code: i32, stdout: &str, stderr: &str) {
    let (purpose, line) = verb(pilot);
    let outcome = VerbOutcome {
        line: format!("derby {line}"),
        code: Some(code),
        stdout: stdout.into(),
        stderr: stderr.into(),
    };
    let reply = Reply::Verb { screen: ScreenId::Champions, purpose, outcome };
    pilot.event(Event::Reply(Box::new(reply)));
}

#[test]
fn without_a_model_it_says_how_one_begins() {
    let lab = Lab::new();
    for size in SIZES {
        check(&lab.pilot(size), &["no model is registered yet", "derby champion begin penguins"]);
    }
    let mut pilot = lab.pilot((100, 30));
    press(&mut pilot, "P");
    check(&pilot, &["Begin the ledger of which model?", "the sweeps here are of penguins"]);
    press(&mut pilot, "/x<enter>");
    check(&pilot, &["model: 'penguins/x'", "Enter sends  Esc cancels"]);
    press(&mut pilot, "<backspace><backspace>-2<enter>");
    assert_eq!(verb(&pilot).1, "champion begin penguins-2");
}

#[test]
fn the_newest_sweep_is_the_one_to_begin_with() {
    let lab = Lab::new();
    let newer = NewSweep { name: "owls".into(), model: "owls".into(), ..new_sweep() };
    lab.store().begin_sweep(&NewSweep { digest: "d2".repeat(32), ..newer }).unwrap();
    let mut pilot = lab.pilot((100, 30));
    press(&mut pilot, "P<enter>");
    assert_eq!(verb(&pilot).1, "champion begin owls");
}

#[test]
fn the_gate_is_asked_after_its_cost_was_said() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    lab.promote(&mut ledger, 1, Approval::Automatic);
    let mut pilot = lab.pilot((100, 30));
    check(&pilot, &["penguins/1 (run 1)", "not asked yet", "use 1, alpha 0.025", "+0.02"]);
    press(&mut pilot, "P");
    let costs = ["Ask the gate about run 3 of penguins?", "use 1 of the holdout", "at alpha 0.025"];
    check(&pilot, &costs);
    // Frame and footer name the same keys, and only those.
    assert_eq!(pilot.text().matches("y yes  n no").count(), 2, "{}", pilot.text());
    assert!(!pilot.text().contains("q quit"));
    press(&mut pilot, "y");
    assert_eq!(verb(&pilot), ("gate", "gate 3 --json".into()));
    check(&pilot, &["asking the gate about run 3 of penguins … 0 s"]);
    press(&mut pilot, "P");
    check(&pilot, &["a verb is at work"]);
    let entry = lab.judge(&mut ledger, 3, Decision::Hold);
    end(&mut pilot, 3, r#"{"run":3,"decision":"hold","recorded":null}"#, "");
    check(&pilot, &["run 3: the gate says hold", "? HOLD", "about 1,234", "gain auc", "DeLong"]);
    press(&mut pilot, "P");
    let again = ["Ask the gate about run 3", &format!("(entry {entry}: hold)"), "costs nothing"];
    check(&pilot, &again);
    check(&pilot, &["If rules or rows have changed since, it is use 2"]);
}

#[test]
fn what_the_gate_promotes_is_promoted_with_a_reason() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    lab.promote(&mut ledger, 1, Approval::Automatic);
    lab.judge(&mut ledger, 2, Decision::Promote);
    let mut pilot = lab.pilot((100, 30));
    press(&mut pilot, "j");
    check(&pilot, &["✓ promote", "✓ PROMOTE", "proven by the rule"]);
    press(&mut pilot, "P<enter>");
    check(&pilot, &["why promote run 2 of penguins?", "a reason is needed", "Esc cancels"]);
    press(&mut pilot, "it's better<enter>");
    check(&pilot, &["Promote run 2 of penguins?", "in place of version 1 (run 1)"]);
    press(&mut pilot, "y");
    assert_eq!(verb(&pilot), ("ledger", "champion promote 2 --why it's better".into()));
    end(&mut pilot, 1, "", "error: the ledger has moved on\n hint\n");
    check(&pilot, &["It did not work", "exit code 1", "error: the ledger has moved on"]);
    press(&mut pilot, "<esc><esc>P<esc>");
    check(&pilot, &["Challengers"]);
}

#[test]
fn what_waits_is_loud_and_is_approved_or_turned_down() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    lab.promote(&mut ledger, 1, Approval::Automatic);
    lab.promote(&mut ledger, 3, Approval::Manual);
    let mut pilot = lab.pilot((100, 30));
    check(&pilot, &["! 1 waiting", "! v2 waits", "A approves, T turns down"]);
    press(&mut pilot, "Areviewed<enter>y");
    assert_eq!(verb(&pilot).1, "champion approve penguins/2 --why reviewed");
    end(&mut pilot, 0, " penguins   version 2 is champion\n", "");
    check(&pilot, &["version 2 is champion"]);
    press(&mut pilot, "<esc>Ttoo slow<enter>y");
    assert_eq!(verb(&pilot).1, "champion reject penguins/2 --why too slow");
    press(&mut pilot, "j");
    end(&mut pilot, 0, "", "");
    press(&mut pilot, "<esc>A");
    check(&pilot, &["select the version that waits first"]);
}

#[test]
fn a_rollback_asks_for_the_name_and_goes_to_the_selected_entry() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    for run in 1..=3 {
        lab.promote(&mut ledger, run, Approval::Automatic);
    }
    let mut pilot = lab.pilot((100, 30));
    press(&mut pilot, "Rdrift<enter>");
    check(&pilot, &["Roll penguins back?", "version 2 (run 2) comes back", "is retired"]);
    press(&mut pilot, "y<enter>");
    check(&pilot, &["Roll penguins back?", "'y' is not 'penguins'"]);
    press(&mut pilot, "<backspace>penguins<enter>");
    assert_eq!(verb(&pilot).1, "champion rollback penguins --to 2 --why drift");
    end(&mut pilot, 0, "", "");
    // The first promotion in the history: entry 3 of 10.
    press(&mut pilot, "<esc><tab><tab>Gkkk<enter>");
    check(&pilot, &["Entry 3", "\"kind\": \"promote\""]);
    press(&mut pilot, "<esc>R<backspace>back<enter>");
    check(&pilot, &["version 1 (run 1) comes back"]);
}

#[test]
fn what_is_said_of_another_champion_is_said_to_be_old() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    lab.promote(&mut ledger, 1, Approval::Automatic);
    lab.judge(&mut ledger, 3, Decision::Promote);
    lab.promote(&mut ledger, 2, Approval::Automatic);
    let mut pilot = lab.pilot((100, 30));
    check(&pilot, &["✓ promote old", "judged against version 1"]);
    press(&mut pilot, "P");
    check(&pilot, &["Ask the gate about run 3 of penguins?"]);
}

#[test]
fn a_check_says_its_rule_with_one_kind_of_signs() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    lab.judge(&mut ledger, 3, Decision::Promote);
    let pilot = lab.pilot((100, 30));
    check(&pilot, &["recall ≥ 0.9", "≥ 0", "2 pass", "no use yet"]);
    check(&pilot, &["no use of the holdout was"]);
    assert!(!pilot.text().contains(">="), "{}", pilot.text());
}

#[test]
fn a_click_on_a_scrollbar_scrolls_and_selects_nothing() {
    use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let lab = Lab::new();
    let mut ledger = lab.begin();
    for run in 1..=3 {
        lab.promote(&mut ledger, run, Approval::Automatic);
    }
    lab.judge(&mut ledger, 4, Decision::Reject);
    let mut pilot = lab.pilot((80, 16));
    press(&mut pilot, "<tab><tab>");
    check(&pilot, &["1/11", "gate: reject"]);
    assert!(!pilot.text().contains("begun"));
    let kind = MouseEventKind::Down(MouseButton::Left);
    let (column, row, modifiers) = (78, 12, KeyModifiers::NONE);
    pilot.event(Event::Mouse(MouseEvent { kind, column, row, modifiers }));
    check(&pilot, &["1/11", "begun"]);
    press(&mut pilot, "j");
    check(&pilot, &["2/11"]);
}

#[test]
fn a_ledger_that_changes_elsewhere_is_read_again() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    lab.promote(&mut ledger, 1, Approval::Automatic);
    let mut pilot = lab.pilot((100, 30));
    check(&pilot, &["penguins/1 (run 1)"]);
    lab.promote(&mut ledger, 2, Approval::Automatic);
    lab.store().set_anchor("penguins", ledger.head()).unwrap();
    pilot.settle();
    check(&pilot, &["penguins/2 (run 2)"]);
}

#[test]
fn a_broken_ledger_is_loud_and_names_the_mend() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    lab.promote(&mut ledger, 1, Approval::Automatic);
    lab.store().set_anchor("penguins", ledger.head()).unwrap();
    let whole = fs::read_to_string(lab.file()).unwrap();
    fs::write(lab.file(), whole.replace("run 1 is better", "run 1 is worse!")).unwrap();
    for size in SIZES {
        check(&lab.pilot(size), &["cannot be trusted", "edited", "git checkout", "verify"]);
    }
    let two: Vec<&str> = whole.lines().take(2).collect();
    let cut = format!("{}\n", two.join("\n"));
    fs::write(lab.file(), &cut).unwrap();
    check(&lab.pilot((100, 30)), &["it was cut", "2 entries"]);
    fs::remove_file(lab.file()).unwrap();
    check(&lab.pilot((100, 30)), &["is missing", "git checkout"]);
    fs::write(lab.file(), format!("{whole}{{\"seq\":4,\"prev\"")).unwrap();
    check(&lab.pilot((100, 30)), &["penguins/1", "line 5 of the ledger was cut off"]);
}

#[test]
fn another_screen_shows_a_run_that_is_none_of_the_best() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    lab.promote(&mut ledger, 1, Approval::Automatic);
    let mut pilot = lab.pilot((100, 30));
    let options = |jump| Options {
        store: lab.dir.path().join(".derby"),
        ledgers: lab.folder(),
        here: lab.dir.path().into(),
        screen: None,
        jump: Some(jump),
        theme: None,
        ascii: true,
        depth: None,
        read_only: true,
        mouse: false,
    };
    let size = Rect::new(0, 0, 100, 30);
    let mut jumped = Pilot::start(&options(Jump::Gate(RunId(4))), size, false).unwrap();
    check(&jumped, &["Gate: run 4"]);
    assert!(jumped.text().is_ascii() || jumped.text().contains('…'), "{}", jumped.text());
    press(&mut jumped, "P");
    check(&jumped, &["--read-only"]);
    let jumped = Pilot::start(&options(Jump::Champions("other".into())), size, false).unwrap();
    check(&jumped, &["penguins/1"]);
    press(&mut pilot, " y");
    check(&pilot, &["copied: derby gate 3"]);
    assert_eq!(pilot.app().marks().len(), 1);
    press(&mut pilot, "c");
    assert_eq!(pilot.app().screen_id(), ScreenId::Compare);
}

#[test]
fn it_draws_at_every_size_in_every_pane() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    lab.promote(&mut ledger, 1, Approval::Automatic);
    lab.judge(&mut ledger, 4, Decision::Reject);
    lab.promote(&mut ledger, 3, Approval::Manual);
    let mut pilot = lab.pilot((100, 30));
    for (width, height) in SIZES {
        pilot.resize(width, height);
        for _ in 0..4 {
            press(&mut pilot, "<tab>jjGk<ctrl-u><ctrl-d>zz");
            check(&pilot, &["5 Champions"]);
            assert_eq!(pilot.text().lines().count(), usize::from(height));
        }
    }
}
