//! Several writers at once, and writers that die: threads, and processes of this very test program.

use super::testing::{Lab, judged, promotion, version};
use super::{Ledger, LedgerError, ModelName};
use crate::domain::Digest;
use crate::gate::Decision;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::thread;

const FOLDER: &str = "CHAMPION_TEST_FOLDER";
const VERSION: &str = "CHAMPION_TEST_VERSION";
const GATE: &str = "CHAMPION_TEST_GATE";
const HEAD: &str = "CHAMPION_TEST_HEAD";

/// What a child process does: it promotes one version, decided on a given head. Run by itself it does nothing.
#[test]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let number = |name: &str| std::env::var(name).unwrap().parse().unwrap();
    let head = Digest::parse(&std::env::var(HEAD).unwrap()).unwrap();
    let folder = Path::new(&folder);
    let model = ModelName::parse("penguins").unwrap();
    let mut ledger = Ledger::existing(folder, &model, Some(head)).unwrap();
    let promoted = ledger
        .expect(head)
        .and_then(|()| ledger.promote(&promotion(number(VERSION), number(GATE))).map(drop));
    let word = match promoted {
        Ok(()) => "won".to_string(),
        Err(error @ LedgerError::HeadMoved { .. }) => format!("told: {error}"),
        Err(error) => format!("wrong: {error}"),
    };
    std::fs::write(folder.join(format!("outcome-{}", number(VERSION))), word).unwrap();
}

fn start(lab: &Lab, version: u64, gate: u64, head: Digest, fault: Option<&str>) -> Child {
    let name = module_path!().split_once("::").unwrap().1.to_string() + "::child";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", &name])
        .env(FOLDER, lab.folder())
        .env(VERSION, version.to_string())
        .env(GATE, gate.to_string())
        .env(HEAD, head.hex())
        .env_remove("DERBY_FAULT");
    if let Some(fault) = fault {
        command.env("DERBY_FAULT", fault);
    }
    command.stdout(std::process::Stdio::null()).spawn().unwrap()
}

fn outcome(lab: &Lab, version: u64) -> Option<String> {
    std::fs::read_to_string(lab.folder().join(format!("outcome-{version}"))).ok()
}

#[test]
fn of_several_promotions_at_once_one_wins_and_the_others_are_told() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    let versions: Vec<u64> = (1..=4).map(|number| lab.register(&mut ledger, number)).collect();
    let gates: Vec<u64> = versions
        .iter()
        .map(|version| ledger.record_gate(judged(&ledger, *version, Decision::Promote)).unwrap())
        .collect();
    let children: Vec<Child> = versions
        .iter()
        .zip(&gates)
        .map(|(version, gate)| start(&lab, *version, *gate, ledger.head(), None))
        .collect();
    for mut child in children {
        assert!(child.wait().is_ok_and(|status| ExitStatus::success(&status)));
    }
    let outcomes: Vec<String> = versions.iter().map(|v| outcome(&lab, *v).unwrap()).collect();
    let won: Vec<usize> = (0..4).filter(|at| outcomes[*at] == "won").collect();
    assert_eq!(won.len(), 1, "{outcomes:?}");
    let told = outcomes.iter().filter(|word| word.starts_with("told: ")).count();
    assert_eq!(told, 3, "{outcomes:?}");
    let after = lab.open();
    assert_eq!(after.entries().len(), ledger.entries().len() + 1);
    let champion = after.registry().champion().unwrap().version.number;
    assert_eq!(champion, versions[won[0]]);
}

#[test]
fn a_writer_that_is_killed_leaves_a_sound_ledger() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    let version = lab.register(&mut ledger, 1);
    let gate = ledger.record_gate(judged(&ledger, 1, Decision::Promote)).unwrap();
    let mut child = start(&lab, version, gate, ledger.head(), Some("ledger_written:1"));
    assert!(!child.wait().unwrap().success());
    assert_eq!(outcome(&lab, version), None);
    // The kernel has the bytes of a killed process; a power loss would have cut them anywhere.
    let mut after = lab.open();
    assert!(after.contains(ledger.head()));
    if after.registry().champion().is_none() {
        after.promote(&promotion(version, gate)).unwrap();
    }
    lab.promote(&mut after, 2);
    assert_eq!(lab.open().registry().champion().unwrap().version.number, 2);
}

#[test]
fn threads_that_try_again_lose_nothing() {
    let lab = Lab::new();
    lab.begin();
    thread::scope(|scope| {
        for worker in 0..4 {
            let lab = &lab;
            scope.spawn(move || {
                let mut ledger = lab.open();
                for own in 0..5 {
                    while let Err(error) = ledger.register(version(worker * 5 + own)) {
                        assert!(matches!(error, LedgerError::HeadMoved { .. }), "{error}");
                        ledger.reload().unwrap();
                    }
                }
            });
        }
    });
    let ledger = lab.open();
    assert_eq!(ledger.registry().versions().len(), 20);
    assert_eq!(ledger.entries().len(), 21);
}

#[test]
fn of_several_beginnings_one_stands() {
    let lab = Lab::new();
    let begun = thread::scope(|scope| {
        let begin = || Ledger::begin(&lab.folder(), &lab.model, "first").is_ok();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(begin)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|ok| *ok).count()
    });
    assert_eq!((begun, lab.open().entries().len()), (1, 1));
}
