//! The ledger's file: every edit is found, every cut is survived.

use super::testing::{Lab, bundle, judged, version};
use super::{Event, Ledger, LedgerError, ModelName, Refusal, State, verify};
use crate::domain::Digest;
use crate::gate::Decision;
use std::collections::HashSet;
use std::fs;

/// Two champions, a rollback, a refresh: every kind of event.
fn history(lab: &Lab) -> Ledger {
    let mut ledger = lab.begin();
    lab.promote(&mut ledger, 1);
    lab.promote(&mut ledger, 2);
    ledger.set_alias("challenger", 2, "try").unwrap();
    ledger.rollback(None, "drift").unwrap();
    ledger.reopen(2, "after all").unwrap();
    ledger.refresh_holdout(&[7, 3, 3], "new rows").unwrap();
    ledger
}

#[test]
fn what_was_written_is_read() {
    let lab = Lab::new();
    let written = history(&lab);
    let read = lab.open();
    assert_eq!(read.entries(), written.entries());
    assert_eq!(read.registry(), written.registry());
    assert_eq!(read.head(), written.head());
    assert_eq!(read.torn(), None);
    assert_eq!(lab.lines().len(), read.entries().len());
    let report = verify(&lab.folder(), &lab.model, &[read.head()]).unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.entries, report.head), (read.entries().len(), Some(read.head())));
    let odd = read.registry().versions()[0].version.cross_validation["odd"];
    assert!(odd.is_infinite());
}

#[test]
fn a_ledger_that_shipped_is_read() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("penguins.jsonl"), include_str!("../../tests/fixtures/ledger.jsonl"))
        .unwrap();
    let model = ModelName::parse("penguins").unwrap();
    let ledger = Ledger::existing(dir.path(), &model, None).unwrap();
    let kinds: HashSet<_> =
        ledger.entries().iter().map(|entry| std::mem::discriminant(&entry.event)).collect();
    assert_eq!(kinds.len(), super::event::KINDS.len(), "an event of each kind");
}

#[test]
fn no_ledger_is_told_from_a_lost_one() {
    let lab = Lab::new();
    let open = |anchor| Ledger::open(&lab.folder(), &lab.model, anchor);
    assert!(open(None).unwrap().is_none());
    let head = history(&lab).head();
    assert!(open(Some(head)).unwrap().is_some());
    fs::remove_file(lab.file()).unwrap();
    let error = open(Some(head)).unwrap_err();
    assert!(matches!(error, LedgerError::Missing { .. }), "{error}");
    assert!(error.to_string().contains("git checkout"), "{error}");
    let error = Ledger::existing(&lab.folder(), &lab.model, None).unwrap_err();
    assert!(error.to_string().contains("derby champion begin penguins"), "{error}");
    // A writer that died before its first byte has begun nothing.
    fs::write(lab.file(), "").unwrap();
    assert!(open(None).unwrap().is_none());
    assert!(matches!(open(Some(head)), Err(LedgerError::Missing { .. })));
    lab.begin();
    assert!(matches!(open(Some(head)), Err(LedgerError::Cut { .. })));
}

#[test]
fn a_model_is_begun_once() {
    let lab = Lab::new();
    lab.begin();
    let error = Ledger::begin(&lab.folder(), &lab.model, "again").unwrap_err();
    assert!(matches!(error, LedgerError::Begun { entries: 1, .. }), "{error}");
    let attributes = fs::read_to_string(lab.folder().join(".gitattributes")).unwrap();
    assert_eq!(attributes, "* -text\n");
}

#[test]
fn every_changed_byte_is_found() {
    let lab = Lab::new();
    let ledger = history(&lab);
    let bytes = fs::read(lab.file()).unwrap();
    let anchors = [ledger.head()];
    // A prime stride meets every kind of place without the cost of all.
    for at in (0..bytes.len()).step_by(37).chain([bytes.len() - 2, bytes.len() - 1]) {
        let mut edited = bytes.clone();
        edited[at] ^= 1;
        lab.put(&edited);
        let report = verify(&lab.folder(), &lab.model, &anchors).unwrap();
        assert!(!report.is_sound(), "byte {at}");
        assert!(Ledger::open(&lab.folder(), &lab.model, Some(anchors[0])).is_err(), "byte {at}");
    }
}

#[test]
fn a_ledger_cut_anywhere_is_read_and_written_on() {
    let lab = Lab::new();
    let whole = history(&lab);
    let bytes = fs::read(lab.file()).unwrap();
    let ends: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
    // Every place in the last two lines, and some in the others.
    let close = ends[ends.len() - 3];
    let cuts = (1..close).step_by(53).chain(close..bytes.len());
    for (at, zeros) in cuts.map(|at| (at, at % 3)) {
        let cut: Vec<u8> = bytes[..at].iter().copied().chain(vec![0; zeros]).collect();
        lab.put(&cut);
        let lines = ends.iter().filter(|end| **end < at).count();
        let open_end = ends.contains(&at);
        let expected = lines + usize::from(open_end);
        let opened = Ledger::open(&lab.folder(), &lab.model, None).unwrap();
        let Some(mut ledger) = opened else {
            assert_eq!(expected, 0, "cut at {at}");
            assert_eq!(lab.begin().entries().len(), 1, "cut at {at}");
            continue;
        };
        assert_eq!(ledger.entries(), &whole.entries()[..expected], "cut at {at}");
        if expected < whole.entries().len() {
            let lost = Ledger::open(&lab.folder(), &lab.model, Some(whole.head()));
            assert!(matches!(lost, Err(LedgerError::Cut { .. })), "cut at {at}");
        }
        let torn = ledger.torn().map(|torn| (torn.line, torn.bytes as usize));
        let start = if lines == 0 { 0 } else { ends[lines - 1] + 1 };
        let rest = cut.len() - start;
        assert_eq!(torn, (rest > 0 && !open_end).then_some((lines + 1, rest)), "cut at {at}");
        if at % 16 != 0 && at + 1 < bytes.len() {
            continue; // each write waits for the disk
        }
        ledger.register(version(99)).unwrap();
        assert_eq!(ledger.torn(), None);
        assert_eq!(lab.open().entries(), ledger.entries(), "cut at {at}");
        assert_eq!(lab.open().entries().len(), expected + 1, "cut at {at}");
    }
}

#[test]
fn edits_by_hand_and_by_git_are_named_with_their_line() {
    let lab = Lab::new();
    history(&lab);
    let lines = lab.lines();
    let check = |edit: &dyn Fn(&mut Vec<String>), expected: &str| {
        let mut edited = lines.clone();
        edit(&mut edited);
        lab.write_lines(&edited);
        let text = Ledger::open(&lab.folder(), &lab.model, None).unwrap_err().to_string();
        assert!(text.contains(expected), "'{expected}' is not in: {text}");
        let problem = verify(&lab.folder(), &lab.model, &[]).unwrap().problem.unwrap();
        assert!(text.contains(&problem.to_string()));
    };
    check(&|l| l.swap(2, 3), "line 3: entry 3 stands where entry 2 should");
    check(&|l| drop(l.remove(0)), "first lines are missing");
    check(&|l| drop(l.remove(4)), "line 5: entry 5 stands where entry 4 should");
    check(&|l| l.insert(3, l[2].clone()), "line 4: entry 2 stands where entry 3 should");
    check(&|l| l[1] = l[1].replace("best of 20", "best of 200"), "line 2: it was edited");
    check(&|l| l.insert(5, "<<<<<<< HEAD".into()), "line 6: a merge conflict");
    check(&|l| l.insert(5, String::new()), "line 6: it is no JSON");
    check(&|l| l.push(l[0].clone()), "a second beginning");
    check(&|l| l[2] = l[2].replace("\"alpha\":0.05", "\"alpha\":NaN"), "near ");
    check(&|l| l.iter_mut().for_each(|line| line.push('\r')), "line 1: it ends with a carriage");
    check(&|l| l[3].truncate(40), "line 4: it is no JSON");
    check(&|l| l.push("note to self".into()), "it is no JSON near 'note to self'");
}

#[test]
fn branches_that_were_joined_are_told_from_one_history() {
    let lab = Lab::new();
    let mut ledger = history(&lab);
    let common = fs::read(lab.file()).unwrap();
    ledger.register(version(10)).unwrap();
    ledger.register(version(11)).unwrap();
    let ours = lab.lines();
    fs::write(lab.file(), &common).unwrap();
    let mut theirs = lab.open();
    theirs.register(version(12)).unwrap();
    theirs.register(version(13)).unwrap();
    let mut mixed = ours.clone();
    let last = mixed.len() - 1;
    mixed[last] = lab.lines()[last].clone();
    lab.write_lines(&mixed);
    let text = Ledger::open(&lab.folder(), &lab.model, None).unwrap_err().to_string();
    assert!(text.contains("follows another history"), "{text}");
}

#[test]
fn a_ledger_cannot_pass_for_another_models() {
    let lab = Lab::new();
    lab.begin();
    let other = ModelName::parse("cats").unwrap();
    fs::copy(lab.file(), lab.folder().join("cats.jsonl")).unwrap();
    let text = Ledger::open(&lab.folder(), &other, None).unwrap_err().to_string();
    assert!(text.contains("the ledger of 'penguins', not of 'cats'"), "{text}");
}

#[test]
fn the_second_of_two_writers_is_told() {
    let lab = Lab::new();
    let mut one = lab.begin();
    lab.promote(&mut one, 1);
    let version = lab.register(&mut one, 2);
    let gate = one.record_gate(judged(&one, 2, Decision::Promote)).unwrap();
    let mut other = lab.open();
    one.promote(&super::testing::promotion(version, gate)).unwrap();
    let before = lab.lines();
    let error = other.reject(version, "no").unwrap_err();
    assert!(matches!(error, LedgerError::HeadMoved { .. }), "{error}");
    assert!(error.to_string().contains("'champion' is version 2 by "), "{error}");
    assert_eq!(lab.lines(), before, "nothing was written");
    assert!(other.expect(one.head()).is_err());
    other.reload().unwrap();
    other.expect(one.head()).unwrap();
    assert_eq!(other.registry(), one.registry());
}

#[test]
fn a_refused_event_leaves_no_trace() {
    let lab = Lab::new();
    let mut ledger = history(&lab);
    let (before, head) = (lab.lines(), ledger.head());
    let good = Event::Version(Box::new(super::Version { number: 3, ..version(3) }));
    let error = ledger.append(vec![good.clone(), good], head).unwrap_err();
    assert!(matches!(error, LedgerError::Refused(Refusal::KnownBundle { version: 3, .. })));
    assert_eq!((lab.lines(), ledger.head()), (before, head));
    assert_eq!(ledger.registry().versions().len(), 2);
}

#[test]
fn bundles_are_kept_whole_and_checked() {
    let lab = Lab::new();
    let ledger = history(&lab);
    let kept = ledger.bundle_dir(bundle(1));
    assert_eq!(kept.file_name().unwrap().to_str().unwrap(), &bundle(1).hex()[..16]);
    assert_eq!(fs::read(kept.join("part/rows.bin")).unwrap(), [1; 32]);
    assert_eq!(ledger.keep_bundle(&lab.bundle_folder(1), bundle(1)).unwrap(), kept);
    let error = ledger.keep_bundle(&lab.bundle_folder(1), bundle(3)).unwrap_err();
    assert!(matches!(error, LedgerError::OtherBundle { .. }), "{error}");
    let link = lab.bundle_folder(4).join("link");
    std::os::unix::fs::symlink("/etc/passwd", link).unwrap();
    assert!(ledger.keep_bundle(&lab.bundle_folder(4), bundle(4)).is_err());
    let left: Vec<_> = fs::read_dir(kept.parent().unwrap())
        .unwrap()
        .map(|item| item.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    fs::remove_dir_all(kept).unwrap();
    let report = verify(&lab.folder(), &lab.model, &[]).unwrap();
    assert!(report.files[0].contains("alias 'champion'"), "{report:?}");
}

#[test]
fn retired_keys_are_those_that_were_written() {
    let lab = Lab::new();
    let mut ledger = history(&lab);
    assert_eq!(ledger.retired_keys().unwrap(), [3, 7]);
    assert_eq!(ledger.refresh_holdout(&[9, 7], "more").unwrap(), 2);
    assert_eq!(ledger.retired_keys().unwrap(), [3, 7, 9]);
    assert_eq!(ledger.registry().refreshes()[1].what.rows, 1);
    let error = ledger.refresh_holdout(&[9, 7], "more").unwrap_err();
    assert!(error.to_string().contains("no row of the holdout was used"), "{error}");
    let file = lab.folder().join("penguins/holdout-1.keys");
    fs::write(&file, 8u64.to_le_bytes()).unwrap();
    assert!(matches!(ledger.retired_keys(), Err(LedgerError::Keys { .. })));
    assert_eq!(verify(&lab.folder(), &lab.model, &[]).unwrap().files.len(), 1);
    fs::remove_file(&file).unwrap();
    assert!(matches!(ledger.retired_keys(), Err(LedgerError::Keys { .. })));
}

#[test]
fn a_report_of_a_broken_ledger_says_how_far_it_is_sound() {
    let lab = Lab::new();
    let ledger = history(&lab);
    let mut lines = lab.lines();
    lines[4] = lines[4].replace("best of 20", "worst of 20");
    lab.write_lines(&lines);
    let anchors = [ledger.entries()[2].hash, ledger.head(), Digest::of(b"never")];
    let report = verify(&lab.folder(), &lab.model, &anchors).unwrap();
    assert_eq!(report.problem.as_ref().map(|problem| problem.line), Some(5));
    assert_eq!((report.entries, report.head), (4, Some(ledger.entries()[3].hash)));
    assert_eq!(report.unknown_heads, anchors[1..]);
}

#[test]
fn states_are_words() {
    for state in State::ALL {
        assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{state}\""));
    }
}
